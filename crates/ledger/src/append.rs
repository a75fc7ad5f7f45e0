//! Taking in rows: drop what is stored already, sort the rest, write one file per touched bucket, then commit.

use crate::columns::{bucket_of, encode, key};
use crate::disk::version_in;
use crate::draft::Scratch;
use crate::error::{Result, file};
use crate::known::{Ids, Known, RECENT, Register, Standing};
use crate::log::FileInfo;
use crate::read::ids;
use crate::share::{machine_threads, share};
use crate::write::RunWriter;
use model::{Instant, Interaction, InteractionId};
use parquet::errors::ParquetError;
use std::path::Path;

/// Is how many rows are put into columns at once: they stay near the processor for as many passes as there are columns.
const BATCH: usize = 4_096;

/// Is what an append did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Appended {
    /// Rows that are now stored.
    pub added: u64,
    /// Rows left out, because their id was stored before or comes twice in the batch.
    pub duplicates: u64,
}

/// Returns the places of the rows to store: of every id that is not stored yet, the first row in the batch.
pub(crate) fn fresh(batch: &[&Interaction], known: &Register, dir: &Path, files: &[FileInfo]) -> Result<Vec<u32>> {
    // In the order of ids the shards of `known` are visited one after the other. The ids are copied, because rows lie
    // far apart in memory.
    let mut ids: Vec<(InteractionId, u32)> = batch.iter().zip(0..).map(|(row, place)| (row.id, place)).collect();
    ids.sort_unstable();
    ids.dedup_by_key(|(id, _)| *id);
    let mut standings = Vec::with_capacity(ids.len());
    known.standings(ids.iter().map(|(id, _)| *id), |standing| standings.push(standing));
    let mut suspects = Ids::default();
    let mut standings = standings.into_iter();
    ids.retain(|(id, _)| {
        let standing = standings.next();
        if standing == Some(Standing::Suspect) {
            suspects.insert(*id);
        }
        standing != Some(Standing::Stored)
    });
    if !suspects.is_empty() {
        let stored = stored_among(&suspects, dir, files)?;
        ids.retain(|(id, _)| !stored.contains(id));
    }
    Ok(ids.into_iter().map(|(_, place)| place).collect())
}

/// Finds those of some ids that are really stored, by looking at all ids in the files.
fn stored_among(suspects: &Ids, dir: &Path, files: &[FileInfo]) -> Result<Ids> {
    let look = |found: &mut Ids, info: &FileInfo| {
        ids(&dir.join(&info.path), |id| {
            if suspects.contains(&id) {
                found.insert(id);
            }
        })
    };
    let found = share(files, machine_threads(), Ids::default, look)?;
    Ok(found.into_iter().flatten().collect())
}

/// Reads the ids of all stored rows. Those of the newest files are kept in full, as clients may send them again.
pub(crate) fn load_known(dir: &Path, files: &[FileInfo]) -> Result<Known> {
    let mut known = Known::new();
    let mut files: Vec<&FileInfo> = files.iter().collect();
    files.sort_by_key(|info| std::cmp::Reverse(version_in(&info.path)));
    let mut left = RECENT as u64;
    for info in files {
        let is_recent = info.rows <= left;
        left = if is_recent { left - info.rows } else { 0 };
        ids(&dir.join(&info.path), |id| {
            known.load(id);
            if is_recent {
                known.remember(id);
            }
        })?;
    }
    known.settle();
    Ok(known)
}

/// Writes rows into one durable file per touched bucket.
pub(crate) fn write(scratch: &Scratch, rows: Vec<(&Interaction, u64)>) -> Result<Vec<FileInfo>> {
    // What usually decides lies together; the rows are looked at only where it does not.
    let mut keys: Vec<(u64, Instant, u32)> =
        rows.iter().zip(0..).map(|((row, person), place)| (*person, row.at, place)).collect();
    let row = |place: u32| rows[place as usize].0;
    keys.sort_unstable_by(|one, other| {
        (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| key(row(one.2)).cmp(&key(row(other.2))))
    });
    let rows: Vec<(&Interaction, u64)> = keys.iter().map(|(person, _, place)| (row(*place), *person)).collect();
    let buckets: Vec<_> = rows.chunk_by(|one, other| bucket_of(one.1) == bucket_of(other.1)).collect();
    let write_one = |files: &mut Vec<FileInfo>, rows: &&[(&Interaction, u64)]| {
        files.push(write_bucket(scratch, rows)?);
        Ok(())
    };
    Ok(share(&buckets, machine_threads(), Vec::new, write_one)?.concat())
}

/// Writes the file of one bucket.
fn write_bucket(scratch: &Scratch, rows: &[(&Interaction, u64)]) -> Result<FileInfo> {
    let bucket = bucket_of(rows[0].1);
    let name = scratch.name(bucket);
    let path = scratch.disk.dir.join(&name);
    let mut writer = RunWriter::create(&scratch.disk, path.clone())?;
    for part in rows.chunks(BATCH) {
        let batch = encode(part).map_err(|error| file(&path)(ParquetError::from(error)))?;
        writer.push(&batch)?;
    }
    writer.finish_durably(bucket, name)
}
