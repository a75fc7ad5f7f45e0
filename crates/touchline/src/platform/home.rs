//! The data directory: one organisation, one folder, one process at a time.
//!
//! ```text
//! DATA/format         the version of this layout, so that an older program does not spoil a newer directory
//! DATA/lock           held by the process that works here
//! DATA/state.sqlite   the state store
//! DATA/seal.key       the key of secrets in it, where there are any: see `seal_key`
//! DATA/journal/       what is acknowledged and not in the two stores yet
//! DATA/ledger/        the ledger, a Delta table that other programs may read at any time
//! ```

use crate::failure::{Failure, Result};
use crate::platform::clock::Clock;
use ledger::{Ledger, LedgerError};
use state::{State, StateError};
use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::runtime::{Builder, Handle, Runtime};

/// The version of the layout that this program writes and reads.
const FORMAT: u32 = 1;

/// Is the file that makes a folder a data directory.
pub const FORMAT_FILE: &str = "format";
/// Is the file of the state store.
pub const STATE_FILE: &str = "state.sqlite";
/// Is the folder of the ledger.
pub const LEDGER_FOLDER: &str = "ledger";
/// Is the folder of what arrived and is not in the stores yet.
pub const JOURNAL_FOLDER: &str = "journal";

/// Is an open data directory. Only one process can hold it. To be dropped from ordinary threads, not from tasks.
pub struct Home {
    stores: Stores,
    runtime: Runtime,
    /// Keeps the lock until the end.
    _lock: File,
}

/// Is both stores of an open data directory, for whoever works beside others in the same process. Clones share them.
///
/// The ledger may be read by many and is written by one at a time.
#[derive(Clone)]
pub struct Stores {
    /// The folder.
    pub dir: PathBuf,
    /// The state store.
    pub state: State,
    /// The time.
    pub clock: Clock,
    ledger: Arc<RwLock<Ledger>>,
    runtime: Handle,
}

impl Stores {
    /// Returns the ledger, to be read.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        // A panic in the middle of a change leaves the ledger as its log has it: every change ends with the log.
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the ledger, to be written.
    pub fn ledger_mut(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.ledger.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where tasks run.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> model::Instant {
        (self.clock)()
    }

    /// Waits for something asynchronous. To be called from threads that may block, never from tasks.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Home {
    /// Makes a data directory in an empty or new folder, and opens it.
    ///
    /// # Errors
    /// Fails when the folder holds anything already, or cannot be written.
    pub fn create(dir: &Path, clock: Clock) -> Result<Self> {
        Self::made_in(dir, |lock| Self::locked(dir, lock, clock, |path, runtime| runtime.block_on(State::create(path))))
    }

    /// Makes a data directory in an empty or new folder from files that `fill` puts there, and opens it.
    ///
    /// # Errors
    /// Fails when the folder holds anything already, cannot be written, or is no data directory then.
    pub fn fill(dir: &Path, clock: Clock, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        Self::made_in(dir, |lock| {
            fill(dir)?;
            Self::locked(dir, lock, clock, |path, runtime| runtime.block_on(State::open(path)))
        })
    }

    /// Makes a data directory where nothing is, as a whole or not at all.
    fn made_in(dir: &Path, make: impl FnOnce(File) -> Result<Self>) -> Result<Self> {
        make_folder(dir).map_err(|error| unmade(dir, &error))?;
        // Twice: before the lock, so that a folder of somebody else's is left as it is, and under it, so that of two
        // who make a directory in one folder at the same time the second one learns of the first.
        check_free(dir)?;
        let lock = lock(dir)?;
        check_free(dir)?;
        // The second handle keeps the lock while a failed attempt is cleared away.
        let held = lock.try_clone().map_err(|error| unmade(dir, &error))?;
        let made = make(held).and_then(|home| {
            // Last, so that a folder in which this failed half-way is never taken for a data directory.
            write_durably(&dir.join(FORMAT_FILE), &format_text()).map_err(|error| unmade(dir, &error))?;
            Ok(home)
        });
        if made.is_err() {
            clear(dir);
        }
        made
    }

    /// Opens a data directory.
    ///
    /// # Errors
    /// Fails when it is none, was made by a newer version, or is held by another process.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self> {
        read_format(dir)?;
        let lock = lock(dir)?;
        super::operate::clear_stage(dir);
        Self::locked(dir, lock, clock, |path, runtime| runtime.block_on(State::open(path)))
    }

    /// Opens what is in a folder whose lock is held.
    fn locked(
        dir: &Path,
        lock: File,
        clock: Clock,
        state: impl FnOnce(&Path, &Runtime) -> Result<State, StateError>,
    ) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::new("Cannot start the threads of the server").because(&error))?;
        let state = state(&dir.join(STATE_FILE), &runtime).map_err(|error| unopened(dir, &error))?;
        let ledger = Ledger::open(&dir.join(LEDGER_FOLDER)).map_err(|error| unreadable(dir, &error));
        let ledger = ledger.and_then(|ledger| {
            runtime.block_on(check_pair(dir, &state, &ledger))?;
            Ok(ledger)
        });
        let ledger = ledger.inspect_err(|_| runtime.block_on(state.close()))?;
        let stores = Stores {
            dir: dir.to_owned(),
            state,
            clock,
            ledger: Arc::new(RwLock::new(ledger)),
            runtime: runtime.handle().clone(),
        };
        Ok(Self { stores, runtime, _lock: lock })
    }

    /// Returns both stores, to be shared with whoever works beside.
    #[must_use]
    pub fn stores(&self) -> Stores {
        self.stores.clone()
    }

    /// Returns the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.stores.dir
    }

    /// Returns the state store.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.stores.state
    }

    /// Returns the ledger, to be read.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.stores.ledger()
    }

    /// Returns the ledger, to be written.
    pub fn ledger_mut(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.stores.ledger_mut()
    }

    /// Returns the clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.stores.clock
    }

    /// Waits for something asynchronous. To be called from ordinary threads only.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Drop for Home {
    /// Settles the state store, so that the folder can be copied as plain files.
    fn drop(&mut self) {
        self.runtime.block_on(self.stores.state.close());
    }
}

/// Makes a folder that only its owner may enter, for it will hold personal data, and makes its name durable. One
/// that is there keeps its rights.
fn make_folder(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let absent: Vec<&Path> = dir.ancestors().filter(named).take_while(|path| !path.exists()).collect();
    if let Some((own, above)) = absent.split_first() {
        above.first().map_or(Ok(()), fs::create_dir_all)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(own)?;
    }
    for path in absent {
        let parent = path.parent().filter(named).unwrap_or_else(|| Path::new("."));
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Refuses a folder that holds anything but a lock, which an attempt that failed leaves behind.
fn check_free(dir: &Path) -> Result<()> {
    if dir.join("format").exists() {
        return Err(Failure::new(format!("{} is a Touchline data directory already", dir.display()))
            .hint("Use it with the other commands, or name another folder"));
    }
    for entry in fs::read_dir(dir).map_err(|error| unmade(dir, &error))? {
        if entry.map_err(|error| unmade(dir, &error))?.file_name() != "lock" {
            return Err(Failure::new(format!("The folder {} is not empty", dir.display()))
                .hint("Name a folder that is empty or does not exist yet"));
        }
    }
    Ok(())
}

/// Takes away what a failed attempt has left in a folder that was empty, so that the next one finds it empty. Only
/// for the holder of the lock; the file of the lock stays, or two could hold a lock of that name.
fn clear(dir: &Path) {
    // What cannot be removed will be named by the next attempt.
    let _ = fs::remove_dir_all(dir.join("ledger"));
    for file in ["format", "state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
        let _ = fs::remove_file(dir.join(file));
    }
}

/// Refuses a state store that is older than the ledger. What a row refers to is stored before the row, so a signal
/// without its text shows that the two were not restored together. The table is only counted here.
async fn check_pair(dir: &Path, state: &State, ledger: &Ledger) -> Result<()> {
    let Some(highest) = ledger.highest_signal().map_err(|error| unreadable(dir, &error))? else {
        return Ok(());
    };
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM signal")
        .fetch_one(state.reader())
        .await
        .map_err(|error| unopened(dir, &error.into()))?;
    if i64::from(highest.0) < known {
        return Ok(());
    }
    Err(Failure::new(format!("The state store in {} is older than the ledger", dir.display()))
        .hint("Restore both from the same backup; no row was changed"))
}

/// Returns what this program writes into the file of the format, to the letter.
#[must_use]
pub fn format_text() -> String {
    format!("{FORMAT}\n")
}

/// Tells whether a folder is a data directory that this program reads.
///
/// # Errors
/// Says why it is not.
pub fn read_format(dir: &Path) -> Result<()> {
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

/// Keeps everybody else out of a data directory, without opening it, as long as the file is held.
///
/// # Errors
/// Fails when it is none, or is held by another process.
pub fn hold(dir: &Path) -> Result<File> {
    if !dir.join(FORMAT_FILE).exists() {
        read_format(dir)?;
    }
    lock(dir)
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

fn unmade(dir: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("Cannot make the data directory {}", dir.display())).because(error)
}

fn unreadable(dir: &Path, error: &LedgerError) -> Failure {
    Failure::new(format!("Cannot open the ledger in {}", dir.display())).because(error)
}

fn unopened(dir: &Path, error: &StateError) -> Failure {
    let what = Failure::new(format!("Cannot open the state store in {}", dir.display())).because(error);
    match error {
        StateError::Newer { .. } => what.hint("It was written by a newer Touchline: upgrade this program; nothing was changed"),
        StateError::Missing { .. } => what.hint("Restore the whole data directory from a backup; nothing was changed"),
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
    fn a_failed_attempt_leaves_the_folder_empty() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("state.sqlite"), "no database").expect("writes");
        let held = lock(folder.path()).expect("locks");
        clear(folder.path());
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("lists").map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left, ["lock"]);
        drop(held);
        drop(Home::create(folder.path(), system()).expect("is made"));
    }

    #[test]
    fn who_comes_second_spoils_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let first = lock(folder.path()).expect("locks");
        check_refused(Home::create(folder.path(), system()), "in use by another process", "Stop that process");
        fs::write(folder.path().join("state.sqlite"), "of the first").expect("writes");
        check_refused(Home::create(folder.path(), system()), "not empty", "empty");
        assert_eq!(fs::read_to_string(folder.path().join("state.sqlite")).expect("reads"), "of the first");
        drop(first);
    }

    #[test]
    fn of_many_who_make_a_directory_one_does() {
        let folder = tempfile::tempdir().expect("folder");
        let dir = folder.path().join("data");
        let made: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| usize::from(Home::create(&dir, system()).is_ok()))).collect();
            tries.into_iter().map(|one| one.join().expect("ends")).sum()
        });
        assert_eq!(made, 1);
        drop(Home::open(&dir, system()).expect("is whole"));
    }

    #[test]
    fn a_new_directory_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let dir = folder.path().join("new/data");
        drop(Home::create(&dir, system()).expect("is made"));
        for (path, expected) in [(dir.clone(), 0o700), (dir.join("state.sqlite"), 0o600)] {
            let mode = fs::metadata(&path).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, expected, "{}", path.display());
        }
    }

    #[test]
    fn a_lost_state_store_is_not_replaced_by_an_empty_one() {
        let folder = tempfile::tempdir().expect("folder");
        drop(Home::create(folder.path(), system()).expect("is made"));
        fs::remove_file(folder.path().join("state.sqlite")).expect("removes");
        check_refused(Home::open(folder.path(), system()), "Cannot open the state store", "backup");
        assert!(!folder.path().join("state.sqlite").exists());
    }

    #[test]
    fn a_state_store_older_than_the_ledger_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::create(folder.path(), system()).expect("is made");
        let row = |signal| model::Interaction {
            id: model::InteractionId(u128::from(signal)),
            actor: model::ActorId(1),
            at: model::Instant(1),
            received: model::Instant(1),
            sent: None,
            original: None,
            signal: model::SignalId(signal),
            form: model::Form::View,
            direction: model::Direction::Inbound,
            value: None,
            cost: None,
            currency: None,
            score: None,
            reply_to: None,
            offer: None,
            arm: None,
            campaign: None,
            conversation: None,
            flags: model::Flags::default(),
            props: None,
        };
        let signal =
            "INSERT INTO signal (id, source, event, channel, place, campaign, touchpoint) VALUES (0, 's', '', '', '', '', '')";
        home.block_on(async {
            let mut transaction = home.state().begin().await.expect("begins");
            sqlx::query(signal).execute(&mut *transaction).await.expect("inserts");
            transaction.commit().await.expect("commits");
        });
        home.ledger_mut().append(vec![row(0)], &ledger::alone).expect("appends");
        drop(home);
        let home = Home::open(folder.path(), system()).expect("opens while they match");
        home.ledger_mut().append(vec![row(1)], &ledger::alone).expect("appends");
        drop(home);
        check_refused(Home::open(folder.path(), system()), "older than the ledger", "same backup");
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
