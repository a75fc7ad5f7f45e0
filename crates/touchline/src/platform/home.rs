//! The data directory: one organisation, one folder, one process at a time.
//!
//! ```text
//! DATA/format         the version of this layout, so that an older program does not spoil a newer directory
//! DATA/lock           held by the process that works here
//! DATA/state.sqlite   the state store
//! DATA/ledger/        the ledger, a Delta table that other programs may read at any time
//! ```

use crate::failure::{Failure, Result};
use crate::platform::clock::Clock;
use ledger::Ledger;
use state::{State, StateError};
use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};

/// The version of the layout that this program writes and reads.
const FORMAT: u32 = 1;

/// Is an open data directory. Only one process can hold it. To be dropped from ordinary threads, not from tasks.
pub struct Home {
    dir: PathBuf,
    state: State,
    ledger: Ledger,
    clock: Clock,
    runtime: Runtime,
    /// Keeps the lock until the end.
    _lock: File,
}

impl Home {
    /// Makes a data directory in an empty or new folder, and opens it.
    ///
    /// # Errors
    /// Fails when the folder holds anything already, or cannot be written.
    pub fn create(dir: &Path, clock: Clock) -> Result<Self> {
        let unmade = |error| Failure::new(format!("Cannot make the data directory {}", dir.display())).because(&error);
        fs::create_dir_all(dir).map_err(unmade)?;
        if dir.join("format").exists() {
            return Err(Failure::new(format!("{} is a Touchline data directory already", dir.display()))
                .hint("Use it with the other commands, or name another folder"));
        }
        if fs::read_dir(dir).map_err(unmade)?.next().is_some() {
            return Err(Failure::new(format!("The folder {} is not empty", dir.display()))
                .hint("Name a folder that is empty or does not exist yet"));
        }
        let home = Self::unlocked(dir, clock)?;
        // Last, so that a folder in which this failed half-way is never taken for a data directory.
        write_durably(&dir.join("format"), &format!("{FORMAT}\n")).map_err(unmade)?;
        Ok(home)
    }

    /// Opens a data directory.
    ///
    /// # Errors
    /// Fails when it is none, was made by a newer version, or is held by another process.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self> {
        check_format(dir)?;
        Self::unlocked(dir, clock)
    }

    fn unlocked(dir: &Path, clock: Clock) -> Result<Self> {
        let lock = lock(dir)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::new("Cannot start the threads of the server").because(&error))?;
        let state = runtime.block_on(State::open(&dir.join("state.sqlite"))).map_err(|error| unopened(dir, &error))?;
        let ledger = Ledger::open(&dir.join("ledger"))
            .map_err(|error| Failure::new(format!("Cannot open the ledger in {}", dir.display())).because(&error))?;
        Ok(Self { dir: dir.to_owned(), state, ledger, clock, runtime, _lock: lock })
    }

    /// Returns the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the state store.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Returns the ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the ledger, to be written.
    pub const fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Returns the clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for something asynchronous. To be called from ordinary threads only.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Drop for Home {
    /// Settles the state store, so that the folder can be copied as plain files.
    fn drop(&mut self) {
        self.runtime.block_on(self.state.close());
    }
}

fn check_format(dir: &Path) -> Result<()> {
    let init = || format!("Make one with: touchline init --data {}", dir.display());
    if !dir.exists() {
        return Err(Failure::new(format!("There is no data directory {}", dir.display())).hint(init()));
    }
    let path = dir.join("format");
    let written = match fs::read_to_string(&path) {
        Ok(written) => written,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::new(format!("{} is not a Touchline data directory: it has no file `format`", dir.display()))
                .hint(init()));
        }
        Err(error) => return Err(Failure::new(format!("Cannot read {}", path.display())).because(&error)),
    };
    match written.trim().parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(newer) if newer > FORMAT => Err(Failure::new(format!(
            "{} was made by a newer Touchline (format {newer}, this one reads {FORMAT})",
            dir.display()
        ))
        .hint("Upgrade this program; nothing was changed")),
        _ => Err(Failure::new(format!("{} does not hold a version that Touchline ever wrote", path.display()))
            .hint("Restore the directory from a backup")),
    }
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let unlockable = |error| Failure::new(format!("Cannot lock {}", path.display())).because(&error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unlockable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(format!("The data directory {} is in use by another process", dir.display()))
                .hint("Stop that process first (a running `touchline serve`, say), or name another directory with --data"))
        }
        Err(TryLockError::Error(error)) => Err(unlockable(error)),
    }
}

fn unopened(dir: &Path, error: &StateError) -> Failure {
    let what = Failure::new(format!("Cannot open the state store in {}", dir.display())).because(error);
    match error {
        StateError::Newer { .. } => what.hint("It was written by a newer Touchline: upgrade this program; nothing was changed"),
        _ => what,
    }
}

/// Writes a small file so that it is there after a power cut.
fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::system;

    #[track_caller]
    fn check_refused(result: Result<Home>, what: &str, hint: &str) {
        let failure = result.err().expect("is refused");
        assert!(failure.what.contains(what), "{failure}");
        assert!(failure.hint.as_deref().unwrap_or_default().contains(hint), "{failure}");
    }

    #[test]
    fn a_directory_is_made_once_and_opened_again() {
        let folder = tempfile::tempdir().expect("folder");
        let dir = folder.path().join("new/data");
        drop(Home::create(&dir, system()).expect("is made"));
        assert_eq!(fs::read_to_string(dir.join("format")).expect("reads"), "1\n");
        drop(Home::open(&dir, system()).expect("opens"));
        check_refused(Home::create(&dir, system()), "already", "another folder");
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("folder");
        let first = Home::create(folder.path(), system()).expect("is made");
        check_refused(Home::open(folder.path(), system()), "in use by another process", "Stop that process");
        drop(first);
        drop(Home::open(folder.path(), system()).expect("opens when the first has gone"));
    }

    #[test]
    fn other_folders_are_left_alone() {
        let folder = tempfile::tempdir().expect("folder");
        check_refused(Home::open(&folder.path().join("gone"), system()), "no data directory", "touchline init");
        fs::write(folder.path().join("letter.txt"), "dear").expect("writes");
        check_refused(Home::open(folder.path(), system()), "not a Touchline data directory", "touchline init");
        check_refused(Home::create(folder.path(), system()), "not empty", "empty");
        assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 1);
    }

    #[test]
    fn newer_and_broken_formats_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        for (written, what, hint) in [("2\n", "format 2, this one reads 1", "Upgrade"), ("x", "ever wrote", "backup")] {
            fs::write(folder.path().join("format"), written).expect("writes");
            check_refused(Home::open(folder.path(), system()), what, hint);
        }
    }
}
