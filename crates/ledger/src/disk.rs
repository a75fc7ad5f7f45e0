//! The folder of the ledger: who may write, what reaches the disk and when, and the clearing up after a crash.
//!
//! `object_store`, which the Delta library writes through, never calls fsync. So files are made durable here: a file
//! is complete on disk before anything names it, and the folder is synced once it has the name.

use crate::columns::{BUCKET, BUCKETS};
use crate::error::{LedgerError, Result, disk};
use crate::seal::SEALS;
use crate::write::chance;
use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Is the folder of the log.
pub(crate) const LOG: &str = "_delta_log";
/// Is the file in it that says which checkpoint is the last.
pub(crate) const POINTER: &str = "_last_checkpoint";
/// Is the folder of what a compaction sets aside; the leading dot hides it from readers of the table.
const SPILL: &str = ".spill";

/// Makes a file or folder durable. Tests put one in that fails.
pub(crate) type Sync = Arc<dyn Fn(&Path, &File) -> io::Result<()> + Send + std::marker::Sync>;

/// Is the folder of a ledger.
#[derive(Clone)]
pub(crate) struct Disk {
    /// The folder.
    pub(crate) dir: PathBuf,
    pub(crate) sync: Sync,
}

impl Disk {
    /// Takes a folder, and makes it with all its sub-folders if it is not there.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let this = Self::at(dir);
        let folders = (0..BUCKETS).map(bucket_folder).chain([LOG.to_owned()]);
        for folder in folders.map(|name| dir.join(name)) {
            fs::create_dir_all(&folder).map_err(disk("create the folder", &folder))?;
        }
        // Always: an opening before this one may have made the folders and not have lived to sync them.
        this.sync_folder(dir)?;
        dir.parent().map_or(Ok(()), |parent| this.sync_folder(parent))?;
        Ok(this)
    }

    /// Takes a folder as it is, to be looked at.
    pub(crate) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), sync: Arc::new(|_, file| file.sync_all()) }
    }

    /// Takes the right to write, which ends with the returned file; `None` when somebody else has it.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        let path = self.dir.join(".lock");
        let file = File::options().create(true).append(true).open(&path).map_err(disk("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(disk("lock", &path)(source)),
        }
    }

    /// Makes a finished file durable.
    pub(crate) fn sync_file(&self, path: &Path, file: &File) -> Result<()> {
        (self.sync)(path, file).map_err(disk("sync", path))
    }

    /// Makes the names in a folder durable.
    pub(crate) fn sync_folder(&self, path: &Path) -> Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let folder = File::open(path).map_err(disk("open the folder", path))?;
        self.sync_file(path, &folder)
    }

    /// Writes a file that appears under its name complete and durable, or not at all.
    ///
    /// Returns `false` and changes nothing when the name is taken.
    pub(crate) fn publish(&self, path: &Path, bytes: &[u8]) -> Result<bool> {
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft).map_err(disk("create", &draft))?;
        file.write_all(bytes).map_err(disk("write", &draft))?;
        self.sync_file(&draft, &file)?;
        // A hard link, unlike a renaming, fails when the name is taken.
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(disk("remove", &draft))?;
        match linked {
            Ok(()) => path.parent().map_or(Ok(()), |folder| self.sync_folder(folder)).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(disk("create", path)(error)),
        }
    }

    /// Names a folder for what a compaction sets aside; another one every time.
    pub(crate) fn spill(&self) -> PathBuf {
        self.dir.join(SPILL).join(chance())
    }

    /// Removes what an interrupted write left behind: files in the buckets that the log does not name, drafts of
    /// log entries, and what a compaction set aside. Only for the holder of the lock.
    ///
    /// Removes nothing when files and log do not belong together: a crash leaves files of the version after the last
    /// one, and none that is newer; and it never loses a file that the log names.
    pub(crate) fn sweep(&self, version: u64, named: &HashSet<&str>) -> Result<()> {
        let mut missing = named.clone();
        let mut left = Vec::new();
        for (name, path) in self.data_files()? {
            if missing.remove(name.as_str()) {
                continue;
            }
            match version_in(&name) {
                Some(newer) if newer > version + 1 => return Err(self.incomplete(format!("{name} is newer than the log"))),
                Some(_) => left.push(path),
                None if name.contains('#') => left.push(path),
                None => {} // Not ours.
            }
        }
        if let Some(name) = missing.into_iter().min() {
            return Err(self.incomplete(format!("{name} is in the log and not in the folder")));
        }
        for path in left {
            fs::remove_file(&path).map_err(disk("remove", &path))?;
        }
        for path in entries(&self.dir.join(LOG))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(".draft") || name.contains('#') {
                fs::remove_file(&path).map_err(disk("remove", &path))?;
            }
        }
        self.clear_spill()
    }

    /// Removes what a compaction set aside.
    fn clear_spill(&self) -> Result<()> {
        let folder = self.dir.join(SPILL);
        if folder.is_dir() { fs::remove_dir_all(&folder).map_err(disk("remove", &folder)) } else { Ok(()) }
    }

    /// Lists the files in the buckets: the path below the ledger as the log writes it, and where it is.
    pub(crate) fn data_files(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for bucket in (0..BUCKETS).map(bucket_folder) {
            let name = |path: &Path| format!("{bucket}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            found.extend(entries(&self.dir.join(&bucket))?.into_iter().map(|path| (name(&path), path)));
        }
        Ok(found)
    }

    /// Lists the files, anywhere below the ledger, whose path begins so.
    pub(crate) fn files_like(&self, stem: &str) -> Result<Vec<PathBuf>> {
        let stem = self.dir.join(stem);
        let like = |path: &PathBuf| path.as_os_str().as_encoded_bytes().starts_with(stem.as_os_str().as_encoded_bytes());
        Ok(stem.parent().map_or(Ok(Vec::new()), entries)?.into_iter().filter(like).collect())
    }

    /// Tells that files and log do not belong together.
    pub(crate) fn incomplete(&self, what: String) -> LedgerError {
        LedgerError::Incomplete { dir: self.dir.clone(), what }
    }

    /// Removes a checkpoint of the log that a loss of power cut short; the log entries say the same, only slower.
    pub(crate) fn drop_torn_checkpoints(&self) -> Result<()> {
        let mut torn = Vec::new();
        for path in self.checkpoints()? {
            if !ends_with(&path, b"PAR1").map_err(disk("read", &path))? {
                torn.push(path);
            }
        }
        if torn.is_empty() && !self.points_nowhere()? {
            return Ok(());
        }
        // The pointer first, and durably: a pointer to a checkpoint that is gone would keep the log from being read.
        remove_if_there(&self.dir.join(LOG).join(POINTER))?;
        self.sync_folder(&self.dir.join(LOG))?;
        torn.iter().try_for_each(|path| remove_if_there(path))
    }

    /// Tells whether the log points to a checkpoint that is gone, while its entries are there from the first one on.
    fn points_nowhere(&self) -> Result<bool> {
        let log = self.dir.join(LOG);
        let pointer = log.join(POINTER);
        let text = match fs::read(&pointer) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            read => read.map_err(disk("read", &pointer))?,
        };
        let version = serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|pointer| pointer["version"].as_u64());
        let is_there = version.is_some_and(|version| log.join(format!("{version:020}.checkpoint.parquet")).exists());
        Ok(!is_there && log.join(format!("{:020}.json", 0)).exists())
    }

    /// Makes the checkpoints of the log durable.
    pub(crate) fn sync_checkpoints(&self) -> Result<()> {
        let folder = self.dir.join(LOG);
        let pointer = folder.join(POINTER);
        for path in self.checkpoints()?.into_iter().chain([pointer]) {
            let file = File::open(&path).map_err(disk("open", &path))?;
            self.sync_file(&path, &file)?;
        }
        self.sync_folder(&folder)
    }

    /// Lists the files of the log and the checksums of its checkpoints, below the folder of the ledger.
    pub(crate) fn log_files(&self) -> Result<Vec<PathBuf>> {
        let seals = self.dir.join(SEALS);
        let mut paths = entries(&self.dir.join(LOG))?;
        if seals.is_dir() {
            paths.extend(entries(&seals)?);
        }
        let below = |path: PathBuf| path.strip_prefix(&self.dir).map(Path::to_owned).unwrap_or(path);
        Ok(paths.into_iter().map(below).filter(|path| path.extension().is_none_or(|kind| kind != "draft")).collect())
    }

    /// Lists the checkpoints of the log.
    pub(crate) fn checkpoints(&self) -> Result<Vec<PathBuf>> {
        let is_checkpoint = |path: &PathBuf| path.to_string_lossy().ends_with(".checkpoint.parquet");
        Ok(entries(&self.dir.join(LOG))?.into_iter().filter(is_checkpoint).collect())
    }
}

/// Returns the name of a bucket's folder, as Delta and Hive write partitions.
pub(crate) fn bucket_folder(bucket: u8) -> String {
    format!("{BUCKET}={bucket}")
}

/// Reads the version that brought a file in from its name (see [`crate::write::file_name`]); `None` when it is not ours.
pub(crate) fn version_in(name: &str) -> Option<u64> {
    let stem = name.rsplit('/').next()?.strip_suffix(".parquet")?;
    stem.split('-').next()?.parse().ok()
}

/// Removes a file; one that is not there is removed already.
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Lists the files of a folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing = || -> io::Result<Vec<PathBuf>> {
        let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
        Ok(paths.into_iter().filter(|path| path.is_file()).collect())
    };
    listing().map_err(disk("list the folder", folder))
}

/// Tells whether a file ends with these bytes.
fn ends_with(path: &Path, end: &[u8; 4]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() < end.len() as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-(end.len() as i64)))?;
    let mut found = [0; 4];
    file.read_exact(&mut found)?;
    Ok(&found == end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        let path = dir.path().join("one.json");
        assert!(disk.publish(&path, b"first").expect("publishes"));
        assert!(!disk.publish(&path, b"second").expect("notices"));
        assert_eq!(fs::read(&path).expect("reads"), b"first");
        assert!(!path.with_extension("draft").exists());
    }

    #[test]
    fn only_one_may_write() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        let first = disk.lock().expect("locks");
        assert!(first.is_some());
        assert!(disk.lock().expect("asks").is_none());
        drop(first);
        assert!(disk.lock().expect("asks again").is_some());
    }

    #[test]
    fn a_checkpoint_cut_short_is_dropped_and_a_whole_one_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        let log = dir.path().join(LOG);
        fs::write(log.join("00.checkpoint.parquet"), b"PAR1 and more PAR1").expect("writes");
        fs::write(log.join("01.checkpoint.parquet"), b"PAR1 and").expect("writes");
        fs::write(log.join("02.checkpoint.parquet"), b"").expect("writes");
        fs::write(log.join(POINTER), b"{}").expect("writes");
        disk.drop_torn_checkpoints().expect("drops");
        assert_eq!(disk.checkpoints().expect("lists"), [log.join("00.checkpoint.parquet")]);
        assert!(!log.join(POINTER).exists());
    }

    #[track_caller]
    fn check_pointer(text: &str, files: &[&str], stays: bool) {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        let log = dir.path().join(LOG);
        fs::write(log.join(POINTER), text).expect("writes");
        for name in files {
            fs::write(log.join(name), b"PAR1 PAR1").expect("writes");
        }
        disk.drop_torn_checkpoints().expect("looks");
        assert_eq!(log.join(POINTER).exists(), stays, "{text} {files:?}");
    }

    #[test]
    fn a_pointer_to_a_checkpoint_that_is_gone_is_dropped() {
        let (entry, checkpoint) = ("00000000000000000000.json", "00000000000000000099.checkpoint.parquet");
        check_pointer("{\"version\":99,\"size\":3}", &[entry, checkpoint], true);
        check_pointer("{\"version\":99,\"size\":3}", &[entry], false);
        check_pointer("{\"vers", &[entry, checkpoint], false);
        check_pointer("{\"version\":99,\"size\":3}", &["00000000000000000007.json"], true);
    }

    #[test]
    fn the_version_is_read_from_a_name() {
        let check = |name: &str, expected| assert_eq!(version_in(name), expected, "{name}");
        check("bucket=3/00000000000000000012.parquet", Some(12));
        check("bucket=3/00000000000000000012-00ab.parquet", Some(12));
        check("bucket=3/part-00012.parquet", None);
        check("bucket=3/12.csv", None);
    }
}
