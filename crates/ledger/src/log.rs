//! The Delta log: which files make up the table. Reading it, checkpoints and the form of its entries are the Delta
//! library's work; putting an entry on disk is ours, because an entry must be durable before anybody is told so.
//!
//! The library's own table state grows with every commit of a process, so none is kept: the list of files lives
//! here, and the table is opened afresh whenever a checkpoint is due.

use crate::columns::{BUCKET, BUCKETS, delta_schema};
use crate::disk::{Disk, LOG, POINTER, bucket_folder};
use crate::error::{LedgerError, Result, log};
use crate::seal;
use deltalake_core::kernel::transaction::CommitData;
use deltalake_core::kernel::{Action, Add, Remove, StructType, Transaction, new_metadata};
use deltalake_core::protocol::checkpoints::{cleanup_metadata, create_checkpoint};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use fail::fail_point;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// Is after how many commits the log gets a checkpoint, from which it can be read without the older entries.
const CHECKPOINT_EVERY: u64 = 100;

/// Is how long entries of the log are kept that a checkpoint sums up. A busy server commits every second or two, and replaced
/// data files are removed at once, so that older versions cannot be read anyway.
const LOG_KEPT: &str = "interval 2 hours";

/// Is the name under which Delta keeps our position, beside those that other programs may note.
const POSITION: &str = "journal";

/// Is one file of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileInfo {
    /// The partition: the top four bits of its persons.
    pub bucket: u8,
    /// The path below the folder of the ledger, with `/`.
    pub path: String,
    /// How many rows it holds.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Is why files are exchanged; outside readers see it in the table's history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// New rows.
    Append,
    /// The same rows in other files.
    Compact,
    /// Fewer rows, or less in them.
    Erase,
}

/// Is the log of one table, as of its version.
#[derive(Clone)]
pub(crate) struct Log {
    disk: Disk,
    /// The last entry.
    pub(crate) version: u64,
    /// The files that make up the table, by path.
    pub(crate) files: Vec<FileInfo>,
    /// How far the one who appends has come, in his own count; it changes with the very entries that name the files.
    pub(crate) position: Option<u64>,
}

impl Log {
    /// Reads the log; makes the table when there is none yet.
    pub(crate) fn open(disk: &Disk) -> Result<Self> {
        let mut this = Self { disk: disk.clone(), version: 0, files: Vec::new(), position: None };
        if is_absent(disk)? {
            if let Some((name, _)) = disk.data_files()?.into_iter().find(|(name, _)| name.ends_with(".parquet")) {
                return Err(disk.incomplete(format!("there is {name} and no log")));
            }
            this.publish(0, &create_entry(&disk.dir)?)?;
        }
        this.reload()?;
        Ok(this)
    }

    /// Reads the log of a folder as it is: its version and the files that make up the table. The error is in words.
    pub(crate) fn look(dir: &Path) -> Result<(u64, Vec<FileInfo>), String> {
        let mut this = Self { disk: Disk::at(dir), version: 0, files: Vec::new(), position: None };
        this.reload().map_err(|error| error.to_string())?;
        Ok((this.version, this.files))
    }

    /// Reads the log again from the disk.
    pub(crate) fn reload(&mut self) -> Result<()> {
        let dir = self.disk.dir.clone();
        let (table, position) = wait(&dir, move |dir| async move {
            let table = load(&dir).await?;
            let position = table.snapshot()?.transaction_version(table.log_store().as_ref(), POSITION).await?;
            Ok((table, position))
        })?;
        let state = table.snapshot().map_err(log(&self.disk.dir))?;
        let view = |file: deltalake_core::kernel::LogicalFileView| FileInfo {
            bucket: bucket_in(&file.path()),
            path: file.path().into_owned(),
            rows: file.num_records().unwrap_or(0) as u64,
            bytes: file.size().unsigned_abs(),
        };
        self.files = state.log_data().iter().map(view).collect();
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        self.version = state.version();
        self.position = position.map(i64::cast_unsigned);
        Ok(())
    }

    /// Writes through another disk from now on: one that fails, in tests.
    #[cfg(test)]
    pub(crate) fn use_disk(&mut self, disk: Disk) {
        self.disk = disk;
    }

    /// Returns the paths of the files that make up the table.
    pub(crate) fn paths(&self) -> HashSet<&str> {
        self.files.iter().map(|file| file.path.as_str()).collect()
    }

    /// Takes files in and out of the table, and notes a position where there is one, as one durable step.
    pub(crate) fn commit(
        &mut self,
        change: Change,
        add: Vec<FileInfo>,
        remove: &[FileInfo],
        position: Option<u64>,
    ) -> Result<()> {
        let version = self.version + 1;
        let now = now_ms();
        let actions = remove.iter().map(|file| Action::Remove(remove_action(file, now, change)));
        let actions = actions.chain(add.iter().map(|file| Action::Add(add_action(file, now, change))));
        let noted = position.map(|position| Action::Txn(Transaction::new(POSITION, position.cast_signed())));
        let actions = actions.chain(noted).collect();
        fail_point!("ledger::commit", |_| std::process::abort());
        self.publish(version, &entry(&self.disk.dir, actions, operation(change))?)?;
        fail_point!("ledger::committed", |_| std::process::abort());
        self.version = version;
        self.position = position.or(self.position);
        let gone: HashSet<&str> = remove.iter().map(|file| file.path.as_str()).collect();
        self.files.retain(|file| !gone.contains(file.path.as_str()));
        self.files.extend(add);
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        if (version + 1).is_multiple_of(CHECKPOINT_EVERY) {
            // The rows are safe already and a checkpoint only shortens the next opening, so failing to write
            // one is no reason to report a failed commit; the next is due a hundred commits later.
            let _ = self.checkpoint();
        }
        Ok(())
    }

    /// Sums the log up in a checkpoint, and forgets entries older than [`LOG_KEPT`].
    fn checkpoint(&self) -> Result<()> {
        seal::unseal_pointer(&self.disk)?;
        let dir = self.disk.dir.clone();
        wait(&dir, move |dir| async move {
            let table = load(&dir).await?;
            create_checkpoint(&table, None).await?;
            Ok(table)
        })?;
        // Only a durable checkpoint may outlive the entries it replaces.
        self.disk.sync_checkpoints()?;
        wait(&dir, move |dir| async move {
            let table = load(&dir).await?;
            cleanup_metadata(&table, None).await?;
            Ok(table)
        })?;
        let mut paths = self.disk.checkpoints()?;
        paths.push(self.disk.dir.join(LOG).join(POINTER));
        seal::seal_checkpoints(&self.disk, &paths)
    }

    /// Puts an entry on disk under its number.
    fn publish(&self, version: u64, bytes: &[u8]) -> Result<()> {
        let path = self.disk.dir.join(LOG).join(format!("{version:020}.json"));
        if self.disk.publish(&path, bytes)? {
            return Ok(());
        }
        Err(LedgerError::Conflict { dir: self.disk.dir.clone(), version })
    }
}

/// Tells whether the log is empty. A folder that cannot be read is a failure, for what is in it is not known.
fn is_absent(disk: &Disk) -> Result<bool> {
    let folder = disk.dir.join(LOG);
    let is_entry = |name: &str| name.ends_with(".json") || name.ends_with(".checkpoint.parquet") || name == POINTER;
    let look = || -> io::Result<bool> {
        for entry in fs::read_dir(&folder)? {
            if is_entry(&entry?.file_name().to_string_lossy()) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    look().map_err(crate::error::disk("list the folder", &folder))
}

/// Makes the first entry of a table.
fn create_entry(dir: &Path) -> Result<Vec<u8>> {
    let make = || -> Result<(_, _), DeltaTableError> {
        let schema = StructType::try_new(delta_schema())?;
        let configuration =
            [("delta.checkpointInterval", CHECKPOINT_EVERY.to_string()), ("delta.logRetentionDuration", LOG_KEPT.to_owned())];
        let metadata = new_metadata(&schema, [BUCKET], configuration)?;
        // The oldest protocol does all we need, so every reader can follow.
        let protocol = serde_json::json!({ "minReaderVersion": 1, "minWriterVersion": 2 });
        Ok((metadata, serde_json::from_value(protocol)?))
    };
    let (metadata, protocol): (_, deltalake_core::kernel::Protocol) = make().map_err(log(dir))?;
    let operation = DeltaOperation::Create {
        mode: SaveMode::ErrorIfExists,
        location: location(dir)?,
        protocol: protocol.clone(),
        metadata: metadata.clone(),
    };
    entry(dir, vec![Action::Protocol(protocol), Action::Metadata(metadata)], operation)
}

/// Writes out an entry.
fn entry(dir: &Path, actions: Vec<Action>, operation: DeltaOperation) -> Result<Vec<u8>> {
    let blank = HashMap::from([(seal::KEY.to_owned(), seal::BLANK.into())]);
    let data = CommitData::new(actions, operation, blank, Vec::new());
    Ok(seal::seal_entry(data.get_bytes().map_err(log(dir))?.to_vec()))
}

/// Names a change in Delta's words.
fn operation(change: Change) -> DeltaOperation {
    match change {
        Change::Append => {
            DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(vec![BUCKET.to_owned()]), predicate: None }
        }
        Change::Compact => DeltaOperation::Optimize { predicate: None, target_size: 0 },
        Change::Erase => DeltaOperation::Delete { predicate: None },
    }
}

/// Says that a file belongs to the table.
fn add_action(file: &FileInfo, now: i64, change: Change) -> Add {
    Add {
        path: file.path.clone(),
        partition_values: partition(file),
        size: file.bytes.cast_signed(),
        modification_time: now,
        data_change: change != Change::Compact,
        stats: Some(serde_json::json!({ "numRecords": file.rows }).to_string()),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}

/// Says that a file no longer belongs to the table; its rows do, unless they were erased.
fn remove_action(file: &FileInfo, now: i64, change: Change) -> Remove {
    Remove {
        path: file.path.clone(),
        data_change: change != Change::Compact,
        deletion_timestamp: Some(now),
        extended_file_metadata: Some(true),
        partition_values: Some(partition(file)),
        size: Some(file.bytes.cast_signed()),
        ..Remove::default()
    }
}

/// Returns the partition of a file.
fn partition(file: &FileInfo) -> HashMap<String, Option<String>> {
    HashMap::from([(BUCKET.to_owned(), Some(file.bucket.to_string()))])
}

/// Reads the bucket from a path that this crate made.
pub(crate) fn bucket_in(path: &str) -> u8 {
    (0..BUCKETS).find(|bucket| path.starts_with(&format!("{}/", bucket_folder(*bucket)))).unwrap_or(0)
}

/// Returns a folder as the Delta library wants it.
fn location(dir: &Path) -> Result<Url> {
    let failure = |_| DeltaTableError::Generic("the path of the folder cannot be written as a URL".to_owned());
    let absolute = std::path::absolute(dir).map_err(crate::error::disk("find", dir))?;
    Url::from_directory_path(absolute).map_err(failure).map_err(log(dir))
}

/// Opens the table at its last version.
async fn load(dir: &Path) -> Result<DeltaTable, DeltaTableError> {
    let url = location(dir).map_err(|error| DeltaTableError::Generic(error.to_string()))?;
    DeltaTableBuilder::from_url(url)?.load().await
}

/// Runs something asynchronous to its end on a thread of its own, so that callers need not know whether they are
/// inside a runtime themselves. It is needed once per opening and once per hundred commits.
fn wait<T, F>(dir: &Path, job: impl FnOnce(PathBuf) -> F + Send) -> Result<T>
where
    T: Send,
    F: Future<Output = Result<T, DeltaTableError>>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(job(dir.to_owned()))
    };
    let outcome = std::thread::scope(|scope| scope.spawn(run).join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(log(dir))
}

/// Returns the time for the log, which dates its entries in milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "Delta dates its entries itself; no result of ours depends on it")]
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_cannot_be_listed_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        assert!(is_absent(&disk).expect("lists"));
        fs::remove_dir(dir.path().join(LOG)).expect("removes");
        assert!(matches!(is_absent(&disk), Err(LedgerError::Disk { .. })));
    }
}
