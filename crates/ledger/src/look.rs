//! Looking at single rows in full: the evidence behind a number, or everything we know of one person.

use crate::columns::decode;
use crate::error::{Result, file};
use crate::log::FileInfo;
use crate::read::{hashes, whole_rows};
use crate::share::{machine_threads, share};
use model::{ActorId, Interaction};
use parquet::arrow::arrow_reader::RowSelection;
use parquet::errors::ParquetError;
use std::collections::HashSet;
use std::path::Path;

/// Returns the rows of some raw identities, by time.
///
/// One column is read of every file, the others only where it says so.
pub(crate) fn interactions(dir: &Path, files: &[FileInfo], actors: &HashSet<ActorId>) -> Result<Vec<Interaction>> {
    let look = |found: &mut Vec<Interaction>, info: &FileInfo| look_into(&dir.join(&info.path), info.rows, actors, found);
    let mut found = share(files, machine_threads(), Vec::new, look)?.concat();
    found.sort_unstable_by_key(|row| (row.at, row.id));
    Ok(found)
}

/// Hands every row of some files to `each`, in full, file by file.
pub(crate) fn every(dir: &Path, files: &[FileInfo], mut each: impl FnMut(Interaction)) -> Result<()> {
    for info in files {
        let path = dir.join(&info.path);
        for batch in whole_rows(&path)?.build().map_err(file(&path))? {
            decode(&batch.map_err(|error| file(&path)(ParquetError::from(error)))?, &path)?.into_iter().for_each(&mut each);
        }
    }
    Ok(())
}

/// Collects the rows of one file.
fn look_into(path: &Path, rows: u64, actors: &HashSet<ActorId>, found: &mut Vec<Interaction>) -> Result<()> {
    let mut places = Vec::new();
    let mut row = 0;
    hashes(path, "actor", |values| {
        for actor in values {
            if actors.contains(&ActorId(actor.cast_unsigned())) {
                places.push(row..row + 1);
            }
            row += 1;
        }
    })?;
    if places.is_empty() {
        return Ok(());
    }
    let selection = RowSelection::from_consecutive_ranges(places.into_iter(), rows as usize);
    for batch in whole_rows(path)?.with_row_selection(selection).build().map_err(file(path))? {
        found.extend(decode(&batch.map_err(|error| file(path)(ParquetError::from(error)))?, path)?);
    }
    Ok(())
}
