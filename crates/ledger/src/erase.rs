//! Taking rows out for good, or a part of their properties: the one exception to "rows are never rewritten".
//!
//! A Delta table only forgets files, so the files that hold such rows are written anew without them, the table is
//! moved over in one commit, and the old files are removed at once. The log names files and counts rows; nothing in
//! it or its checkpoints is of a person. Memory does not grow with the ledger.

use crate::columns::{index, interaction_id, unknown};
use crate::draft::Scratch;
use crate::error::{Result, disk as disk_error, file};
use crate::log::FileInfo;
use crate::read::whole_rows;
use crate::share::{machine_threads, share};
use crate::write::RunWriter;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use deltalake_core::arrow::compute::filter_record_batch;
use model::{ActorId, Flags, Instant, InteractionId, SignalId};
use parquet::arrow::ProjectionMask;
use parquet::errors::ParquetError;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Is how many rows of a file are in memory at a time.
const PART: usize = 8_192;
/// The columns of a [`Glance`].
const GLANCED: [&str; 6] = ["id", "actor", "at", "received", "signal", "flags"];

/// Is what of a row decides whether it stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance {
    /// Which row.
    pub id: InteractionId,
    /// The raw identity.
    pub actor: ActorId,
    /// When it happened.
    pub at: Instant,
    /// When it was received.
    pub received: Instant,
    /// By what it is recognised.
    pub signal: SignalId,
    /// Its marks.
    pub flags: Flags,
}

/// Is what becomes of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It stays as it is.
    Stays,
    /// It stays, with other properties.
    Changes,
    /// It goes.
    Goes,
}

/// Decides what becomes of rows. It is asked more than once about the same row, and answers the same.
pub trait Eraser: Sync {
    /// Decides about a row.
    fn fate(&self, row: &Glance) -> Fate;

    /// Returns what is left of the properties of a row that [`Fate::Changes`].
    fn props(&self, props: &str) -> Option<String> {
        Some(props.to_owned())
    }
}

/// Is what an erasure did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Erased {
    /// Rows that are gone.
    pub rows: u64,
    /// Rows whose properties were changed.
    pub changed: u64,
    /// Files that were replaced, and removed from the disk.
    pub files: u64,
}

/// Is what an erasure is about to exchange.
pub(crate) struct Plan {
    pub(crate) add: Vec<FileInfo>,
    pub(crate) remove: Vec<FileInfo>,
    pub(crate) erased: Erased,
}

/// Returns the rows that are wanted, in no particular order.
pub(crate) fn found(dir: &Path, files: &[FileInfo], wanted: &(dyn Fn(&Glance) -> bool + Sync)) -> Result<Vec<Glance>> {
    let look = |found: &mut Vec<Glance>, info: &FileInfo| {
        glances(&dir.join(&info.path), &mut |row| {
            if wanted(row) {
                found.push(*row);
            }
            true
        })
    };
    Ok(share(files, machine_threads(), Vec::new, look)?.concat())
}

/// Writes the files of an erasure; the table does not know them before they are committed.
pub(crate) fn prepare(scratch: &Scratch, files: &[FileInfo], eraser: &dyn Eraser) -> Result<Plan> {
    let empty = || Plan { add: Vec::new(), remove: Vec::new(), erased: Erased::default() };
    let rewrite = |plan: &mut Plan, info: &FileInfo| {
        let path = scratch.disk.dir.join(&info.path);
        let mut is_concerned = false;
        glances(&path, &mut |row| {
            is_concerned = eraser.fate(row) != Fate::Stays;
            !is_concerned
        })?;
        if is_concerned {
            plan.add.extend(rewritten(scratch, info, eraser, &mut plan.erased)?);
            plan.remove.push(info.clone());
            plan.erased.files += 1;
        }
        Ok(())
    };
    let parts = share(files, machine_threads(), empty, rewrite)?;
    Ok(parts.into_iter().fold(empty(), |mut all, part| {
        all.add.extend(part.add);
        all.remove.extend(part.remove);
        all.erased.rows += part.erased.rows;
        all.erased.changed += part.erased.changed;
        all.erased.files += part.erased.files;
        all
    }))
}

/// Hands every row of a file to `each`, in its order, as long as it returns `true`.
fn glances(path: &Path, each: &mut dyn FnMut(&Glance) -> bool) -> Result<()> {
    let builder = whole_rows(path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), GLANCED);
    for batch in builder.with_projection(mask).with_batch_size(PART).build().map_err(file(path))? {
        let batch = batch.map_err(|error| file(path)(ParquetError::from(error)))?;
        if !glance_at(&batch, path, each)? {
            break;
        }
    }
    Ok(())
}

/// Hands the rows of a batch to `each`; tells whether it wants more.
fn glance_at(batch: &RecordBatch, path: &Path, each: &mut dyn FnMut(&Glance) -> bool) -> Result<bool> {
    // By name: a batch has all columns or only those of a glance.
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| unknown(path, format!("no column `{name}`")));
    let (id, actor) = (column("id")?.as_binary::<i32>(), column("actor")?.as_primitive::<Int64Type>());
    let at = column("at")?.as_primitive::<TimestampMicrosecondType>();
    let received = column("received")?.as_primitive::<TimestampMicrosecondType>();
    let (signal, flags) = (column("signal")?.as_primitive::<Int32Type>(), column("flags")?.as_primitive::<Int32Type>());
    for row in 0..batch.num_rows() {
        let glance = Glance {
            id: interaction_id(id.value(row)).map_err(|what| unknown(path, what))?,
            actor: ActorId(actor.value(row).cast_unsigned()),
            at: Instant(at.value(row)),
            received: Instant(received.value(row)),
            signal: SignalId(signal.value(row).cast_unsigned()),
            flags: Flags(flags.value(row).cast_unsigned()),
        };
        if !each(&glance) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the rows of a file that stay into another; `None` when none is left.
fn rewritten(scratch: &Scratch, info: &FileInfo, eraser: &dyn Eraser, erased: &mut Erased) -> Result<Option<FileInfo>> {
    let old = scratch.disk.dir.join(&info.path);
    let name = scratch.name(info.bucket);
    let path = scratch.disk.dir.join(&name);
    let mut writer = RunWriter::create(&scratch.disk, path.clone())?;
    for batch in whole_rows(&old)?.with_batch_size(PART).build().map_err(file(&old))? {
        let batch = batch.map_err(|error| file(&old)(ParquetError::from(error)))?;
        let mut fates = Vec::with_capacity(batch.num_rows());
        glance_at(&batch, &old, &mut |row| {
            fates.push(eraser.fate(row));
            true
        })?;
        erased.rows += fates.iter().filter(|fate| **fate == Fate::Goes).count() as u64;
        erased.changed += fates.iter().filter(|fate| **fate == Fate::Changes).count() as u64;
        let left = left(batch, &fates, eraser).map_err(|error| file(&path)(ParquetError::from(error)))?;
        if left.num_rows() > 0 {
            writer.push(&left)?;
        }
    }
    let written = writer.finish_durably(info.bucket, name)?;
    if written.rows > 0 {
        return Ok(Some(written));
    }
    let empty = scratch.disk.dir.join(&written.path);
    fs::remove_file(&empty).map_err(disk_error("remove", &empty))?;
    Ok(None)
}

/// Returns what is left of a batch.
fn left(batch: RecordBatch, fates: &[Fate], eraser: &dyn Eraser) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut columns = batch.columns().to_vec();
    if fates.contains(&Fate::Changes) {
        let place = index("props");
        let changed = |(props, fate): (Option<&str>, &Fate)| match fate {
            Fate::Changes => props.and_then(|props| eraser.props(props)),
            _ => props.map(ToOwned::to_owned),
        };
        let props: StringArray = columns[place].as_string::<i32>().iter().zip(fates).map(changed).collect();
        columns[place] = Arc::new(props) as ArrayRef;
    }
    let batch = RecordBatch::try_new(batch.schema(), columns)?;
    let stays: BooleanArray = fates.iter().map(|fate| Some(*fate != Fate::Goes)).collect();
    filter_record_batch(&batch, &stays)
}
