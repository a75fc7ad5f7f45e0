//! Looking whether a ledger is as it was written: every byte against its checksum, every file against the log, every
//! id against all others. It changes nothing, needs no right to write, and goes on after what it finds.

use crate::columns::{index, interaction_id, rows_of};
use crate::disk::{Disk, LOG, POINTER};
use crate::log::{FileInfo, Log};
use crate::merge::compare;
use crate::read::{ids, whole_rows};
use crate::seal::{checkpoint_is_whole, entry_is_whole, is_as_named};
use analysis::sequence::Rows;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use model::{ActorId, Flags, SignalId};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Is how many ids are in memory at a time while doubles are looked for: 16 bytes each.
const IDS_AT_ONCE: u64 = 8_000_000;

/// Is something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// Whether something is damaged; else it is only worth knowing.
    pub is_damage: bool,
}

/// Is what a look at a ledger found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// The version of the table.
    pub version: u64,
    /// Files of the table that were looked at.
    pub files: u64,
    /// Rows in those that are whole.
    pub rows: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Rows whose actor the caller does not know, without counting those of nobody in particular.
    pub strangers: u64,
    /// The highest number of a signal in the rows.
    pub highest_signal: Option<SignalId>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

impl Verified {
    fn damage(&mut self, path: &Path, what: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), what: what.into(), is_damage: true });
    }

    fn note(&mut self, path: &Path, what: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), what: what.into(), is_damage: false });
    }
}

/// Verifies the ledger in a folder. `is_known` tells whether the text of an actor is known; `progress` is told how
/// many bytes of how many were read.
///
/// A file that a compaction has replaced meanwhile is passed over. What cannot be read is a finding, never an error.
#[must_use]
pub fn verify(dir: &Path, is_known: &dyn Fn(ActorId) -> bool, progress: &mut dyn FnMut(u64, u64)) -> Verified {
    let mut found = Verified::default();
    let log_is_whole = verify_log(dir, &mut found);
    let files = match if log_is_whole { Log::look(dir) } else { Err("its entries are damaged".to_owned()) } {
        Ok((version, files)) => {
            found.version = version;
            files
        }
        Err(what) => {
            found.damage(&dir.join(LOG), format!("{what}: which files count is not known, so all that are there were looked at"));
            all_files(dir)
        }
    };
    let total = files.iter().map(|file| file.bytes).sum();
    let mut whole = Vec::new();
    for file in files {
        let path = dir.join(&file.path);
        if !path.exists() && replaced_meanwhile(dir, &file) {
            continue;
        }
        found.files += 1;
        if verify_file(&path, &file, log_is_whole, is_known, &mut found) {
            found.rows += file.rows;
            whole.push(file.clone());
        }
        found.bytes += file.bytes;
        progress(found.bytes, total);
    }
    find_doubles(dir, &whole, &mut found);
    // Read from the same files a moment ago; where a compaction replaced them, the next look tells.
    found.highest_signal = crate::window::highest_signal(dir, &whole).ok().flatten();
    found
}

/// Looks at the entries of the log, its checkpoints and the pointer; tells whether all are whole.
fn verify_log(dir: &Path, found: &mut Verified) -> bool {
    let folder = dir.join(LOG);
    let before = found.findings.iter().filter(|finding| finding.is_damage).count();
    let mut names: Vec<PathBuf> = match fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
        Err(error) => {
            found.damage(&folder, format!("cannot be listed: {error}"));
            return false;
        }
    };
    names.sort();
    let (mut versions, mut has_checksums) = (Vec::new(), false);
    for path in &names {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(version) = name.strip_suffix(".json").and_then(|stem| stem.parse::<u64>().ok()) {
            versions.push(version);
            match fs::read(path) {
                Ok(entry) => match entry_is_whole(&entry) {
                    Some(true) => has_checksums = true,
                    // Versions that make checksums never stop doing so.
                    None if !has_checksums => found.note(path, "no checksum is recorded: an older version wrote it"),
                    Some(false) | None => found.damage(path, "its checksum is wrong: it is not as it was written"),
                },
                // A checkpoint has just taken its place.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => found.damage(path, format!("cannot be read: {error}")),
            }
        } else if name.ends_with(".checkpoint.parquet") || name == POINTER {
            match checkpoint_is_whole(dir, path) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => found.damage(path, "its checksum is wrong: it is not as it was written"),
                Ok(None) => found.note(path, "has no checksum: the process ended just after it was written"),
                Err(error) => found.damage(path, error.to_string()),
            }
        }
    }
    for pair in versions.windows(2) {
        if pair[1] != pair[0] + 1 {
            found.damage(&folder, format!("the entries between {} and {} are missing", pair[0], pair[1]));
        }
    }
    let has_checkpoint = names.iter().any(|path| path.to_string_lossy().ends_with(".checkpoint.parquet"));
    if versions.first().is_none_or(|first| *first != 0 && !has_checkpoint) {
        found.damage(&folder, "the first entries are missing, and there is no checkpoint that sums them up");
    }
    found.findings.iter().filter(|finding| finding.is_damage).count() == before
}

/// Lists what lies in the buckets, for when the log cannot tell.
fn all_files(dir: &Path) -> Vec<FileInfo> {
    let listed = Disk::at(dir).data_files().unwrap_or_default();
    let parquet = listed.into_iter().filter(|(name, _)| name.ends_with(".parquet"));
    parquet
        .map(|(path, place)| FileInfo {
            bucket: crate::log::bucket_in(&path),
            path,
            rows: 0,
            bytes: fs::metadata(place).map_or(0, |data| data.len()),
        })
        .collect()
}

/// Tells whether the log no longer names a file: a compaction was faster.
fn replaced_meanwhile(dir: &Path, file: &FileInfo) -> bool {
    Log::look(dir).is_ok_and(|(_, files)| files.iter().all(|other| other.path != file.path))
}

/// Looks at one data file; tells whether it can be read. `is_counted`: the log says how many rows it has.
fn verify_file(path: &Path, file: &FileInfo, is_counted: bool, is_known: &dyn Fn(ActorId) -> bool, found: &mut Verified) -> bool {
    match fs::metadata(path) {
        Ok(data) if data.len() == file.bytes => {}
        Ok(data) => {
            found.damage(path, format!("has {} bytes where the log says {}", data.len(), file.bytes));
            return false;
        }
        Err(error) => {
            found.damage(path, format!("is in the log and cannot be found: {error}"));
            return false;
        }
    }
    match is_as_named(path) {
        Ok(Some(true)) => {}
        Ok(Some(false)) => {
            found.damage(path, "its checksum is wrong: it is not as it was written");
            return false;
        }
        Ok(None) => found.note(path, "has no checksum in its name: an older version wrote it; the next compaction gives it one"),
        Err(error) => {
            found.damage(path, format!("cannot be read: {error}"));
            return false;
        }
    }
    // The Parquet library may panic over what is damaged and has no checksum.
    let read = catch_unwind(AssertUnwindSafe(|| read_rows(path, is_known)));
    match read.unwrap_or_else(|_| Err("it is no sound Parquet file".to_owned())) {
        Err(what) => {
            found.damage(path, what);
            false
        }
        Ok((rows, _)) if is_counted && rows != file.rows => {
            found.damage(path, format!("has {rows} rows where the log says {}", file.rows));
            false
        }
        Ok((_, strangers)) => {
            found.strangers += strangers;
            true
        }
    }
}

/// Decodes every column of a file and checks the order of its rows. Returns how many rows there are, and how many of
/// them are of actors that nobody knows.
fn read_rows(path: &Path, is_known: &dyn Fn(ActorId) -> bool) -> Result<(u64, u64), String> {
    let reader = whole_rows(path).map_err(|error| error.to_string())?.build().map_err(|error| error.to_string())?;
    let (mut count, mut strangers) = (0, 0);
    let mut last: Option<Rows> = None;
    for batch in reader {
        let batch = batch.map_err(|error| format!("cannot be decoded: {error}"))?;
        if batch.num_rows() == 0 {
            continue;
        }
        let rows = rows_of(&batch);
        let ascends = |one: &Rows, row, other: &Rows, next| compare(one, row, other, next) != Ordering::Greater;
        let joins = last.as_ref().is_none_or(|last| ascends(last, 0, &rows, 0));
        if !joins || !(1..rows.len()).all(|row| ascends(&rows, row - 1, &rows, row)) {
            return Err("its rows are not in order".to_owned());
        }
        let id = batch.column(index("id")).as_binary::<i32>();
        if let Some(odd) = (0..id.len()).find_map(|row| interaction_id(id.value(row)).err()) {
            return Err(format!("holds {odd}"));
        }
        let actors = batch.column(index("actor")).as_primitive::<Int64Type>().values();
        let is_stranger =
            |(actor, flags): (&i64, &u32)| !Flags(*flags).has(Flags::EPHEMERAL) && !is_known(ActorId(actor.cast_unsigned()));
        strangers += actors.iter().zip(&rows.flags).filter(|pair| is_stranger(*pair)).count() as u64;
        count += batch.num_rows() as u64;
        let mut end = Rows::default();
        end.extend(&rows, rows.len() - 1, rows.len());
        last = Some(end);
    }
    Ok((count, strangers))
}

/// Looks for ids that are stored twice: a part of all ids at a time, so that memory stays bounded.
fn find_doubles(dir: &Path, files: &[FileInfo], found: &mut Verified) {
    let parts = u128::from(found.rows.div_ceil(IDS_AT_ONCE).max(1));
    for part in 0..parts {
        let mut all: Vec<(u128, u32)> = Vec::new();
        for (file, place) in files.iter().zip(0_u32..) {
            // A file that cannot be read any more was seen as whole a moment ago: a compaction has replaced it.
            let _ = ids(&dir.join(&file.path), |id| {
                if ((id.0 >> 96) * parts) >> 32 == part {
                    all.push((id.0, place));
                }
            });
        }
        all.sort_unstable();
        let mut told = HashSet::new();
        for pair in all.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            if told.insert((pair[0].1, pair[1].1)) {
                let other = &files[pair[0].1 as usize].path;
                let path = dir.join(&files[pair[1].1 as usize].path);
                found.damage(&path, format!("holds an id that {other} holds too"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use model::{Direction, Form, Instant, Interaction, InteractionId, PersonId};

    fn row(n: u64) -> Interaction {
        Interaction {
            id: InteractionId::of("test", &n.to_le_bytes()),
            actor: ActorId(n % 7),
            at: Instant(n as i64),
            received: Instant(n as i64),
            sent: None,
            original: None,
            signal: SignalId(0),
            form: Form::View,
            direction: Direction::Inbound,
            value: None,
            cost: None,
            currency: None,
            score: None,
            reply_to: None,
            offer: None,
            arm: None,
            campaign: None,
            conversation: None,
            flags: Flags::default(),
            props: None,
        }
    }

    /// Makes a ledger with so many commits of three rows.
    fn filled(dir: &Path, commits: u64) {
        let mut ledger = Ledger::open(dir).expect("opens");
        for commit in 0..commits {
            let rows = (commit * 3..commit * 3 + 3).map(row).collect();
            ledger.append(rows, &|actor: ActorId, _: Instant| PersonId(actor.0 << 60)).expect("appends");
        }
    }

    fn look(dir: &Path) -> Verified {
        verify(dir, &|actor| actor != ActorId(3), &mut |done, total| assert!(done <= total))
    }

    #[test]
    fn a_sound_ledger_has_no_findings() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path(), 101);
        let found = look(dir.path());
        assert_eq!((found.rows, found.version, found.findings), (303, 101, vec![]), "a checkpoint included");
        assert_eq!(found.strangers, (0..303).filter(|n| n % 7 == 3).count() as u64);
    }

    #[test]
    fn every_kind_of_file_tells_of_a_flipped_bit() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path(), 100);
        let paths = Ledger::open(dir.path()).expect("opens").paths().expect("lists");
        let is_chosen = |path: &&PathBuf| {
            let path = path.to_string_lossy();
            path.contains("bucket=3") || path.ends_with("7.json") || path.contains("checkpoint")
        };
        let chosen: Vec<&PathBuf> = paths.iter().filter(is_chosen).step_by(7).collect();
        for path in chosen.iter().map(|path| dir.path().join(path)) {
            let bytes = fs::read(&path).expect("reads");
            for bit in (0..bytes.len() * 8).step_by(bytes.len() * 8 / 6) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, flipped).expect("writes");
                let found = look(dir.path());
                let seen = |finding: &Finding| finding.is_damage && finding.path.file_name() == path.file_name();
                assert!(found.findings.iter().any(seen), "bit {bit} of {}: {:?}", path.display(), found.findings);
            }
            fs::write(&path, bytes).expect("writes back");
        }
        assert_eq!(look(dir.path()).findings, vec![]);
    }

    #[test]
    fn what_is_missing_or_twice_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path(), 4);
        let file = Ledger::open(dir.path()).expect("opens").files().pop().expect("has one");
        let path = dir.path().join(&file.path);
        let bytes = fs::read(&path).expect("reads");
        fs::remove_file(&path).expect("removes");
        assert!(look(dir.path()).findings.iter().any(|finding| finding.path == path && finding.what.contains("cannot be found")));
        fs::write(&path, bytes).expect("writes back");
        let entry = dir.path().join(LOG).join(format!("{:020}.json", 2));
        let text = fs::read(&entry).expect("reads");
        fs::remove_file(&entry).expect("removes");
        assert!(look(dir.path()).findings.iter().any(|finding| finding.what.contains("between 1 and 3")));
        fs::write(&entry, text).expect("writes back");
        let mut found = Verified { rows: 2, ..Verified::default() };
        find_doubles(dir.path(), &[file.clone(), file], &mut found);
        assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    }
}
