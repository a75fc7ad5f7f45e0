//! The time that the ledger spans, read from the statistics that every file carries: no row is decoded.

use crate::error::{Result, disk, file};
use crate::log::FileInfo;
use model::Instant;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::Path;

/// Returns the first and the last moment of some files; `None` where there are no rows.
pub(crate) fn window(dir: &Path, files: &[FileInfo]) -> Result<Option<(Instant, Instant)>> {
    let mut window: Option<(Instant, Instant)> = None;
    for info in files {
        let path = dir.join(&info.path);
        let reader = SerializedFileReader::new(File::open(&path).map_err(disk("open", &path))?).map_err(file(&path))?;
        let columns = reader.metadata().row_groups().iter().flat_map(parquet::file::metadata::RowGroupMetaData::columns);
        for column in columns.filter(|column| column.column_path().string() == "at") {
            if let Some(Statistics::Int64(at)) = column.statistics()
                && let (Some(first), Some(last)) = (at.min_opt(), at.max_opt())
            {
                let (from, to) = window.unwrap_or((Instant(*first), Instant(*last)));
                window = Some((from.min(Instant(*first)), to.max(Instant(*last))));
            }
        }
    }
    Ok(window)
}
