//! What the statistics that every file carries tell of the whole ledger: no row is decoded.

use crate::error::{Result, disk, file};
use crate::log::FileInfo;
use model::{Instant, SignalId};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::Path;

/// Returns the first and the last moment of some files; `None` where there are no rows.
pub(crate) fn window(dir: &Path, files: &[FileInfo]) -> Result<Option<(Instant, Instant)>> {
    let span = span(dir, files, "at", |statistics| match statistics {
        Statistics::Int64(at) => Some((*at.min_opt()?, *at.max_opt()?)),
        _ => None,
    })?;
    Ok(span.map(|(first, last)| (Instant(first), Instant(last))))
}

/// Returns the highest number of a signal in some files; `None` where there are no rows.
pub(crate) fn highest_signal(dir: &Path, files: &[FileInfo]) -> Result<Option<SignalId>> {
    let span = span(dir, files, "signal", |statistics| match statistics {
        Statistics::Int32(signal) => Some((*signal.min_opt()?, *signal.max_opt()?)),
        _ => None,
    })?;
    Ok(span.map(|(_, highest)| SignalId(highest.cast_unsigned())))
}

/// Returns the least and the greatest value of a column over all files.
fn span<T: Ord>(
    dir: &Path,
    files: &[FileInfo],
    column: &str,
    read: impl Fn(&Statistics) -> Option<(T, T)>,
) -> Result<Option<(T, T)>> {
    let mut span: Option<(T, T)> = None;
    for info in files {
        let path = dir.join(&info.path);
        let reader = SerializedFileReader::new(File::open(&path).map_err(disk("open", &path))?).map_err(file(&path))?;
        let columns = reader.metadata().row_groups().iter().flat_map(parquet::file::metadata::RowGroupMetaData::columns);
        for chunk in columns.filter(|chunk| chunk.column_path().string() == column) {
            if let Some((least, greatest)) = chunk.statistics().and_then(&read) {
                span = Some(match span.take() {
                    Some((from, to)) => (from.min(least), to.max(greatest)),
                    None => (least, greatest),
                });
            }
        }
    }
    Ok(span)
}
