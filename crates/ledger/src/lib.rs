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
//! * One opener writes, any number read.
//!
//! Inside: `columns` says what is stored, `disk` what is durable, `log` which files count; `append`, `compact`
//! and `scan` do the work, the latter two by the same `merge`.

mod append;
mod columns;
mod compact;
mod disk;
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
#[cfg(test)]
mod tests;
mod verify;
mod window;
mod write;

pub use append::Appended;
pub use compact::Compacted;
pub use error::{LedgerError, Result};
pub use log::FileInfo;
pub use resolve::{Resolve, alone};
pub use verify::{Finding, Verified, verify};

use analysis::sequence::Fold;
use columns::BUCKETS;
use disk::{Disk, remove_if_there};
use known::Known;
use log::{Change, Log};
use model::{ActorId, Instant, Interaction, SignalId};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Is an open ledger.
pub struct Ledger {
    disk: Disk,
    log: Log,
    /// Which ids are stored; read from the files when the first append needs it.
    known: Option<Known>,
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
        Ok(Self { disk, log, known: None, lock })
    }

    /// Stores the rows whose ids are not stored yet, durably and all at once.
    ///
    /// Each row is written under the person to whom it belongs today. Of rows with the same id the first counts.
    ///
    /// # Errors
    /// When the disk refuses or somebody else may write. Then none of the rows are stored, or, where only the last
    /// fsync failed, all of them: either way the same batch may come again.
    pub fn append(&mut self, batch: Vec<Interaction>, people: &dyn Resolve) -> Result<Appended> {
        self.writing(|this| this.store(&batch, people))
    }

    /// Makes one sorted file out of the files of each bucket, and moves rows to whom they belong today.
    ///
    /// Afterwards nobody that `people` calls unsettled is so any more. Buckets with one file and no row to move are
    /// left alone. Memory stays bounded; for a while the disk holds both.
    ///
    /// # Errors
    /// When the disk refuses or somebody else may write; the table is as it was then.
    pub fn compact(&mut self, people: &dyn Resolve) -> Result<Compacted> {
        self.writing(|this| this.rewrite(people))
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
        scan::scan(&self.disk.dir, &self.log.files, people, threads, make)
    }

    /// Returns all rows of some raw identities, in full, by time and then as in the files' order.
    ///
    /// # Errors
    /// When a file cannot be read, or holds what this version does not know.
    pub fn interactions(&self, actors: &HashSet<ActorId>) -> Result<Vec<Interaction>> {
        look::interactions(&self.disk.dir, &self.log.files, actors)
    }

    /// Hands every row to `each`, in full, in no particular order; a few thousand are in memory at a time.
    ///
    /// # Errors
    /// When a file cannot be read, or holds what this version does not know.
    pub fn every(&self, each: impl FnMut(Interaction)) -> Result<()> {
        look::every(&self.disk.dir, &self.log.files, each)
    }

    /// Returns the moments of the first and the last row; `None` while there is none.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn window(&self) -> Result<Option<(Instant, Instant)>> {
        window::window(&self.disk.dir, &self.log.files)
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
        self.log.files.iter().map(|file| file.rows).sum()
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

    /// Does something that changes the table. After a failure the truth is read from the disk again, because the
    /// step that failed may or may not have got there, and what is no part of the table is removed.
    fn writing<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.lock.is_none() {
            return Err(LedgerError::Busy { dir: self.disk.dir.clone() });
        }
        let outcome = change(self);
        if outcome.is_err() {
            self.known = None;
            // The first failure is the one to tell. Should the log be out of reach as well, then the next change
            // finds its version taken, and the next opening sweeps.
            let _ = self.log.reload().and_then(|()| self.disk.sweep(self.log.version, &self.log.paths()));
        }
        outcome
    }

    fn store(&mut self, batch: &[Interaction], people: &dyn Resolve) -> Result<Appended> {
        let known = match self.known.take() {
            Some(known) => known,
            None => append::load_known(&self.disk.dir, &self.log.files)?,
        };
        let known = self.known.insert(known);
        let places = append::fresh(batch, known, &self.disk.dir, &self.log.files)?;
        let row = |place: &u32| &batch[*place as usize];
        if !places.is_empty() {
            let person = |row: &Interaction| people.person_of(row.actor, row.at).0;
            let rows = places.iter().map(|place| (row(place), person(row(place)))).collect();
            let files = append::write(&self.disk, self.log.version + 1, rows)?;
            self.log.commit(Change::Append, files, &[])?;
            known.insert(places.iter().map(|place| row(place).id));
        }
        let added = places.len() as u64;
        Ok(Appended { added, duplicates: batch.len() as u64 - added })
    }

    fn rewrite(&mut self, people: &dyn Resolve) -> Result<Compacted> {
        let plan = compact::prepare(&self.disk, self.log.version + 1, &self.log.files, people)?;
        let outcome = Compacted { replaced: plan.remove.len() as u64, written: plan.add.len() as u64, moved: plan.moved };
        if !plan.remove.is_empty() || !plan.add.is_empty() {
            self.log.commit(Change::Compact, plan.add, &plan.remove)?;
            for file in &plan.remove {
                // The table no longer names the file; if it cannot be removed now, the next opening sweeps it.
                let _ = remove_if_there(&self.disk.dir.join(&file.path));
            }
        }
        Ok(outcome)
    }
}
