//! Who was drawn into which arm of an experiment: the few rows that say so, without reading the many that do not. Row groups
//! whose statistics say that no arm is in them are passed over, and of the others only five columns are decoded.

use crate::error::{Result, file};
use crate::log::FileInfo;
use crate::read::whole_rows;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType as TimeType};
use model::{ActorId, Instant, SignalId};
use parquet::arrow::ProjectionMask;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use std::path::Path;

/// The columns that are read, in the order of the file.
const COLUMNS: [&str; 5] = ["actor", "at", "signal", "arm", "campaign"];

/// Is a row that names an arm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InArm {
    /// The raw identity.
    pub actor: ActorId,
    /// When it happened.
    pub at: Instant,
    /// By what it is recognised.
    pub signal: SignalId,
    /// The arm.
    pub arm: String,
    /// The campaign.
    pub campaign: Option<String>,
}

/// Hands every row of some files that names an arm to `each`, in no particular order.
pub(crate) fn arms(dir: &Path, files: &[FileInfo], mut each: impl FnMut(InArm)) -> Result<()> {
    for info in files {
        let path = dir.join(&info.path);
        let builder = whole_rows(&path)?;
        let groups = builder.metadata().row_groups();
        let named: Vec<usize> = (0..groups.len()).filter(|group| may_name_arms(&groups[*group])).collect();
        if named.is_empty() {
            continue;
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        for batch in builder.with_projection(mask).with_row_groups(named).build().map_err(file(&path))? {
            let batch = batch.map_err(|error| file(&path)(ParquetError::from(error)))?;
            let [actor, at, signal, arm, campaign] = std::array::from_fn(|place| batch.column(place));
            let (actor, at) = (actor.as_primitive::<Int64Type>(), at.as_primitive::<TimeType>());
            let (signal, arm) = (signal.as_primitive::<Int32Type>(), arm.as_string::<i32>());
            let campaign = campaign.as_string::<i32>();
            for row in (0..batch.num_rows()).filter(|row| arm.is_valid(*row)) {
                each(InArm {
                    actor: ActorId(actor.value(row).cast_unsigned()),
                    at: Instant(at.value(row)),
                    signal: SignalId(signal.value(row).cast_unsigned()),
                    arm: arm.value(row).to_owned(),
                    campaign: campaign.is_valid(row).then(|| campaign.value(row).to_owned()),
                });
            }
        }
    }
    Ok(())
}

/// Tells whether a row group holds an arm, as far as its statistics know.
fn may_name_arms(group: &RowGroupMetaData) -> bool {
    let column = group.columns().iter().find(|column| column.column_path().string() == "arm");
    let empty = column.and_then(|column| column.statistics()?.null_count_opt());
    empty.is_none_or(|empty| empty < group.num_rows().unsigned_abs())
}
