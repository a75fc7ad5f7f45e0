//! The event store: sorted Parquet files in an open Delta table. Append, compact, scan.
//!
//! Invariant: this is the only crate that knows Parquet and Delta Lake, and it knows no rooms. It stores facts
//! exactly as given, each id once, for ever; what rows mean is decided by whoever reads them.
//!
//! * One folder is one table, partitioned into 16 buckets by the top bits of the person; every file is sorted by
//!   person, then time, then the facts, so that a scan is a merge of sorted runs.
//! * An append is one commit. When it returns, the rows are on disk; when it fails, the table is as it was.
//! * Who a person is may change later. The files then still say the old one, until a compaction rewrites them; scans
//!   are given a [`Resolve`], and read the rows under the right one.
//! * One opener writes, any number read. Files are written beside the readers, as a [`Draft`]; the commit that brings
//!   them into the table is short.
//! * The [`Tail`] is rows that somebody else keeps safe until they are in files: readers see them already.
//!
//! * Rows stay as they are, with one exception: what is of a person can be erased, and then no byte of it is left.
//!
//! Inside: `columns` says what is stored, `disk` what is durable, `log` which files count; `append`, `compact`
//! and `scan` do the work, the latter two by the same `merge`.

mod append;
mod arms;
mod columns;
mod compact;
mod disk;
mod draft;
mod erase;
mod error;
mod known;
mod log;
mod look;
mod merge;
mod read;
mod resolve;
mod scan;
mod seal;
mod share;
mod tail;
#[cfg(test)]
mod tests;
mod verify;
mod window;
mod write;

pub use append::Appended;
pub use arms::InArm;
pub use compact::Compacted;
pub use draft::{Draft, Drafting};
pub use erase::{Erased, Eraser, Fate, Glance};
pub use error::{LedgerError, Result};
pub use known::{Register, Standing};
pub use log::FileInfo;
pub use resolve::{Resolve, alone};
pub use seal::letters_of as checksum_in;
pub use tail::{PersonOf, Tail};
pub use verify::{Finding, Verified, verify};

use analysis::sequence::Fold;
use columns::BUCKETS;
use disk::{Disk, remove_if_there};
use fail::fail_point;
use log::{Change, Log};
use model::{ActorId, Instant, Interaction, InteractionId, SignalId};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Is an open ledger.
pub struct Ledger {
    disk: Disk,
    log: Log,
    /// Which ids are stored; read from the files when the first append needs it.
    register: Option<Register>,
    tail: Tail,
    /// The log on disk may say something else, because a change failed and the log could not be read again.
    is_stale: bool,
    /// The right to write, as long as it is held.
    lock: Option<File>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({}, version {})", self.disk.dir.display(), self.version())
    }
}

impl Ledger {
    /// Opens the ledger in a folder, and makes it when there is none.
    ///
    /// The first opener may write, and clears up what a crash left behind. Whoever opens it while the first is
    /// there can read: the table as of the opening.
    ///
    /// # Errors
    /// When the folder cannot be read or made, its log is damaged, or log and data files do not belong together
    /// ([`LedgerError::Incomplete`]); no data file is touched then.
    pub fn open(dir: &Path) -> Result<Self> {
        let disk = Disk::open(dir)?;
        let lock = disk.lock()?;
        if lock.is_some() {
            disk.drop_torn_checkpoints()?;
        }
        let log = Log::open(&disk)?;
        if lock.is_some() {
            disk.sweep(log.version, &log.paths())?;
        }
        Ok(Self { disk, log, register: None, tail: Tail::default(), is_stale: false, lock })
    }

    /// Stores the rows whose ids are not stored yet, durably and all at once.
    ///
    /// Each row is written under the person to whom it belongs today. Of rows with the same id the first counts.
    ///
    /// # Errors
    /// When the disk refuses or somebody else may write. Then none of the rows are stored, or, where only the last
    /// fsync failed, all of them: either way the same batch may come again.
    pub fn append(&mut self, batch: Vec<Interaction>, people: &dyn Resolve) -> Result<Appended> {
        let rows: Vec<&Interaction> = batch.iter().collect();
        let draft = self.drafting()?.append(&rows, people)?;
        let appended = draft.appended();
        self.commit(draft)?;
        Ok(appended)
    }

    /// Makes one sorted file out of the files of each bucket, and moves rows to whom they belong today.
    ///
    /// Afterwards nobody that `people` calls unsettled is so any more. Buckets with one file and no row to move are
    /// left alone. Memory stays bounded; for a while the disk holds both.
    ///
    /// # Errors
    /// When the disk refuses or somebody else may write; the table is as it was then.
    pub fn compact(&mut self, people: &dyn Resolve) -> Result<Compacted> {
        let draft = self.drafting()?.compact(people)?;
        let compacted = draft.compacted();
        self.commit(draft)?;
        Ok(compacted)
    }

    /// Returns the table as of now, to write files beside those who read it. Bring them in with [`Ledger::commit`].
    ///
    /// # Errors
    /// When somebody else may write, or the ids of the stored rows cannot be read.
    pub fn drafting(&mut self) -> Result<Drafting> {
        self.check_writable()?;
        let (disk, files) = (self.disk.clone(), self.log.files.clone());
        Ok(Drafting { disk, version: self.log.version, files, register: self.register()? })
    }

    /// Brings files into the table, durably and all at once.
    ///
    /// # Errors
    /// When the disk refuses, or the table has changed since the draft was begun: other rows were appended, or a file
    /// to be replaced is gone ([`LedgerError::Overtaken`]). The table is as it was then or, where only the last fsync
    /// failed, as it should be.
    pub fn commit(&mut self, draft: Draft) -> Result<()> {
        if draft.is_empty() {
            return Ok(());
        }
        let erased = if draft.change == Change::Erase { draft.remove.clone() } else { Vec::new() };
        self.commit_at(draft, None)?;
        self.make_sure_gone(&erased)
    }

    /// Brings the frozen rows of the tail into the table, and notes how far whoever keeps them safe has come; nothing
    /// is between the two.
    ///
    /// # Errors
    /// As [`Ledger::commit`]; the tail is as it was then.
    pub fn flush(&mut self, draft: Draft, position: u64) -> Result<()> {
        self.commit_at(draft, Some(position))?;
        self.tail.let_go();
        Ok(())
    }

    /// Returns how far the last [`Ledger::flush`] had come.
    #[must_use]
    pub const fn position(&self) -> Option<u64> {
        self.log.position
    }

    /// Returns the rows that are not in files yet, for whoever keeps them safe.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail.clone()
    }

    /// Returns what is known of the ids in the files. The first time it reads all of them.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn register(&mut self) -> Result<Register> {
        if let Some(register) = &self.register {
            return Ok(register.clone());
        }
        let register = Register::new(append::load_known(&self.disk.dir, &self.log.files)?);
        Ok(self.register.insert(register).clone())
    }

    /// Tells whether there are so many files of one size that [`Drafting::tidy`] is worth its while.
    #[must_use]
    pub fn needs_tidying(&self) -> bool {
        !compact::crowded(&self.log.files).is_empty()
    }

    /// Takes rows out for good, or a part of their properties, and removes the files that held them from the disk.
    ///
    /// # Errors
    /// When the disk refuses or somebody else may write: then the table is as it was, or, where only the removal of the
    /// old files failed, as it should be. Either way the same erasure may come again.
    pub fn erase(&mut self, eraser: &dyn Eraser) -> Result<Erased> {
        let draft = self.drafting()?.erase(eraser)?;
        let erased = draft.erased();
        self.commit(draft)?;
        Ok(erased)
    }

    /// Returns the rows that are wanted, as far as they are in files, in no particular order.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn glances(&self, wanted: &(dyn Fn(&Glance) -> bool + Sync)) -> Result<Vec<Glance>> {
        erase::found(&self.disk.dir, &self.log.files, wanted)
    }

    /// Tells whether some bucket has so many files that reading suffers.
    #[must_use]
    pub fn needs_compaction(&self) -> bool {
        let files = |bucket| self.log.files.iter().filter(|file| file.bucket == bucket).count();
        (0..BUCKETS).any(|bucket| files(bucket) > compact::FILES_ENOUGH)
    }

    /// Runs a fold over all rows, on so many threads.
    ///
    /// The fold gets rows of whole people, sorted by [`analysis::sequence::Rows::key`], about 64 k at a time, and
    /// all rows of a person in one call. The rows of people who are unsettled are read into memory. `make` makes an
    /// empty fold and is called a few times.
    ///
    /// # Errors
    /// When a file cannot be read, or was replaced by another writer since this ledger was opened.
    pub fn scan<F: Fold>(&self, people: &dyn Resolve, threads: usize, make: impl Fn() -> F + Sync) -> Result<F> {
        scan::scan(&self.disk.dir, &self.log.files, &self.tail, people, threads, make)
    }

    /// Returns all rows of some raw identities, in full, by time and then as in the files' order.
    ///
    /// # Errors
    /// When a file cannot be read, or holds what this version does not know.
    pub fn interactions(&self, actors: &HashSet<ActorId>) -> Result<Vec<Interaction>> {
        let mut found = look::interactions(&self.disk.dir, &self.log.files, actors)?;
        found.extend(self.tail.interactions(actors));
        found.sort_unstable_by_key(|row| (row.at, row.id));
        Ok(found)
    }

    /// Hands every row to `each`, in full, in no particular order; a few thousand are in memory at a time.
    ///
    /// # Errors
    /// When a file cannot be read, or holds what this version does not know.
    pub fn every(&self, mut each: impl FnMut(Interaction)) -> Result<()> {
        look::every(&self.disk.dir, &self.log.files, &mut each)?;
        self.tail.every(|row| each(row.clone()));
        Ok(())
    }

    /// Hands every row that names an arm of an experiment to `each`, in no particular order. Where there are none, next to
    /// nothing is read.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn arms(&self, mut each: impl FnMut(InArm)) -> Result<()> {
        arms::arms(&self.disk.dir, &self.log.files, &mut each)?;
        self.tail.every(|row| {
            if let Some(arm) = &row.arm {
                let (arm, campaign) = (arm.clone(), row.campaign.clone());
                each(InArm { actor: row.actor, at: row.at, signal: row.signal, arm, campaign });
            }
        });
        Ok(())
    }

    /// Hands the id of every row to `each`, in no particular order.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn ids(&self, mut each: impl FnMut(InteractionId)) -> Result<()> {
        self.log.files.iter().try_for_each(|file| read::ids(&self.disk.dir.join(&file.path), &mut each))?;
        self.tail.every(|row| each(row.id));
        Ok(())
    }

    /// Returns the moments of the first and the last row; `None` while there is none.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn window(&self) -> Result<Option<(Instant, Instant)>> {
        let windows = [window::window(&self.disk.dir, &self.log.files)?, self.tail.window()];
        Ok(windows.into_iter().flatten().reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))))
    }

    /// Returns the highest number of a signal in the rows; `None` while there is no row. Read from the statistics of
    /// the files, which compare numbers as signed: exact below 2³¹.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn highest_signal(&self) -> Result<Option<SignalId>> {
        window::highest_signal(&self.disk.dir, &self.log.files)
    }

    /// Returns how many rows are stored.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.log.files.iter().map(|file| file.rows).sum::<u64>() + self.tail.count()
    }

    /// Returns the files that make up the table, by path.
    #[must_use]
    pub fn files(&self) -> Vec<FileInfo> {
        self.log.files.clone()
    }

    /// Lists, below the folder of the ledger, every file that makes up the table as it is now: the data files, the log,
    /// its checkpoints and their checksums. Copied while nobody writes, they are the table.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn paths(&self) -> Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> = self.log.files.iter().map(|file| PathBuf::from(&file.path)).collect();
        paths.extend(self.disk.log_files()?);
        Ok(paths)
    }

    /// Returns the version of the Delta table: 0 when it is made, one more with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.log.version
    }

    fn check_writable(&mut self) -> Result<()> {
        if self.lock.is_none() {
            return Err(LedgerError::Busy { dir: self.disk.dir.clone() });
        }
        if self.is_stale { self.read_again() } else { Ok(()) }
    }

    fn commit_at(&mut self, mut draft: Draft, position: Option<u64>) -> Result<()> {
        self.check_writable()?;
        self.check_current(&draft)?;
        // From here on the log may name the files, whatever happens.
        draft.keep();
        let add = draft.add.clone();
        if let Err(error) = self.log.commit(draft.change, add, &draft.remove, position) {
            // The step that failed may or may not have got there: the truth is on the disk. The first failure is the
            // one to tell; should the log be out of reach as well, the next change reads it before anything else.
            self.is_stale = true;
            if self.read_again().is_ok() {
                self.remove_unnamed(draft.add.iter().chain(&draft.remove));
            }
            return Err(error);
        }
        if let Some(register) = &self.register {
            register.insert(&draft.ids);
        }
        fail_point!("ledger::replaced", |_| std::process::abort());
        self.remove_unnamed(draft.remove.iter());
        Ok(())
    }

    /// Removes those of some files that the table does not name.
    fn remove_unnamed<'f>(&self, files: impl Iterator<Item = &'f FileInfo>) {
        let named = self.log.paths();
        for file in files.filter(|file| !named.contains(file.path.as_str())) {
            // If it cannot be removed now, the next opening sweeps it.
            let _ = remove_if_there(&self.disk.dir.join(&file.path));
        }
    }

    /// Makes sure that the files of an erasure are off the disk, also after a power cut.
    fn make_sure_gone(&self, files: &[FileInfo]) -> Result<()> {
        for file in files {
            remove_if_there(&self.disk.dir.join(&file.path))?;
        }
        let mut folders: Vec<u8> = files.iter().map(|file| file.bucket).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().try_for_each(|bucket| self.disk.sync_folder(&self.disk.dir.join(disk::bucket_folder(bucket))))
    }

    /// Refuses a draft that does not fit the table any more.
    fn check_current(&self, draft: &Draft) -> Result<()> {
        let inserts = self.register.as_ref().map_or(0, Register::inserts);
        let is_fresh = draft.ids.is_empty() || draft.inserts == inserts;
        let paths = self.log.paths();
        if is_fresh && draft.remove.iter().all(|file| paths.contains(file.path.as_str())) {
            return Ok(());
        }
        Err(LedgerError::Overtaken { dir: self.disk.dir.clone() })
    }

    /// Reads the log from the disk, and the ids of files that it names and we have not seen.
    fn read_again(&mut self) -> Result<()> {
        let mut log = self.log.clone();
        log.reload()?;
        if let Some(register) = &self.register {
            let mut ids = Vec::new();
            let seen = self.log.paths();
            for file in log.files.iter().filter(|file| !seen.contains(file.path.as_str())) {
                read::ids(&self.disk.dir.join(&file.path), |id| ids.push(id))?;
            }
            register.insert(&ids);
        }
        self.log = log;
        self.is_stale = false;
        Ok(())
    }
}
