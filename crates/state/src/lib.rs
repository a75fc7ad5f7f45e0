//! The state store: connection, migrations, transactions. Each room writes its own SQL inside it.
//!
//! Invariants: this is the only crate that knows which database it is. Columns are BIGINT, DOUBLE PRECISION, TEXT
//! and BLOB only, times are BIGINT microseconds, JSON is TEXT, placeholders are `$1`, so that the same statements
//! run on SQLite today and on Postgres when it comes. SQLite has exactly one connection that writes, whose
//! transactions take the write lock when they begin: two writers wait for each other instead of failing half-way.
//!
//! A migration is a file `migrations/NNNN_ROOM_what.sql`: one timeline for all rooms, and the room in the name is
//! the only one that may name its tables.

mod bulk;
mod check;
mod wal;

pub use bulk::{delete_in, insert, read_in, select_in};
pub use check::{Fault, verify};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions as _, Connection};
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Is a running transaction; dropped without [`Transaction::commit`] it leaves everything as it was.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    changes: Arc<AtomicU64>,
}

impl Transaction {
    /// Makes everything that was done in it durable, and visible to readers.
    ///
    /// # Errors
    /// Returns what the database says; then nothing was done.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        let committed = self.inner.commit().await;
        // Afterwards, so that whoever reads the new number finds what was committed; and after a failure too, because
        // what the database could not confirm may be there all the same.
        self.changes.fetch_add(1, Ordering::Release);
        committed
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}

/// Connections that only read; SQLite in WAL mode lets them read while one other writes.
const READERS: u32 = 4;

/// Is why the state store failed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database cannot be opened.
    #[error("cannot open the state store {place}")]
    Open {
        /// Where it is; a URL is shown without its password.
        place: String,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// There is no database, or an empty file in its place.
    #[error("the state store {place} is missing or empty")]
    Missing {
        /// Where it should be.
        place: String,
    },
    /// The database was written by a newer version.
    #[error("the state store has migration {migration}, which this version does not know")]
    Newer {
        /// The number of the unknown migration.
        migration: i64,
    },
    /// The tables cannot be brought up to date.
    #[error("cannot bring the state store up to date")]
    Migrate(#[source] Box<sqlx::migrate::MigrateError>),
    /// The log of the database cannot be emptied.
    #[error("the log of the state store cannot be emptied while somebody reads it")]
    Held,
    /// A statement failed.
    #[error("the state store failed")]
    Statement(#[from] sqlx::Error),
}

/// Is the open store. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct State {
    writer: AnyPool,
    readers: AnyPool,
    begin: &'static str,
    /// The file that gets a seal when it is closed; see [`check`].
    file: Option<Arc<PathBuf>>,
    changes: Arc<AtomicU64>,
}

impl State {
    /// Makes a SQLite file at `path`, which only its owner may read and write, and opens it.
    ///
    /// # Errors
    /// Returns [`StateError::Open`] when the file is there already or cannot be made.
    pub async fn create(path: &Path) -> Result<Self, StateError> {
        let mut options = File::options();
        options.write(true).create_new(true);
        // SQLite gives the files of its log the same rights.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unmade = |error: std::io::Error| StateError::Open { place: path.display().to_string(), source: error.into() };
        options.open(path).map_err(unmade)?;
        Self::connect(path).await
    }

    /// Opens the SQLite file at `path` and brings its tables up to date. Never makes one: where it is gone, an empty
    /// store in its place would hide the loss.
    ///
    /// # Errors
    /// Returns [`StateError`] when the file is missing, cannot be opened or was written by a newer version.
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        match std::fs::metadata(path) {
            Ok(file) if file.len() > 0 => Self::connect(path).await,
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::Open { place: path.display().to_string(), source: error.into() })
            }
            _ => Err(StateError::Missing { place: path.display().to_string() }),
        }
    }

    /// Connects to a SQLite file that is there; an empty one becomes a new store.
    async fn connect(path: &Path) -> Result<Self, StateError> {
        sqlx::any::install_default_drivers();
        let place = path.display().to_string();
        let opened = |source| StateError::Open { place: place.clone(), source };
        check::unseal(path).map_err(|error| opened(error.into()))?;
        let url = format!("sqlite:{}?mode=rw", percent_encoded(path));
        // A statement counts as slow for the driver when whoever reads its rows takes time over each: that says nothing.
        let options = AnyConnectOptions::from_str(&url).map_err(opened)?.disable_statement_logging();
        // A first connection by itself: a pool would try a hopeless file again and again before it says so.
        let mut first = AnyConnection::connect_with(&options).await.map_err(opened)?;
        prepare(&mut first).await.map_err(opened)?;
        migrate(&mut first).await?;
        first.close().await?;
        let writer = pool(1).connect_with(options.clone()).await.map_err(opened)?;
        let readers = pool(READERS).connect_with(options).await.map_err(opened)?;
        // IMMEDIATE: a deferred transaction that reads first may find, when it writes, that somebody else was faster.
        Ok(Self { writer, readers, begin: "BEGIN IMMEDIATE", file: Some(Arc::new(path.to_owned())), changes: Arc::default() })
    }

    /// Opens the SQLite file at `path` to be looked at: whatever would change it fails.
    ///
    /// # Errors
    /// Returns [`StateError`] when the file cannot be opened.
    pub async fn look(path: &Path) -> Result<Self, StateError> {
        sqlx::any::install_default_drivers();
        let opened = |source| StateError::Open { place: path.display().to_string(), source };
        let options = AnyConnectOptions::from_str(&check::read_only_url(path)).map_err(opened)?;
        // A first connection by itself: a pool would try a hopeless file again and again before it says so.
        AnyConnection::connect_with(&options).await.map_err(opened)?.close().await?;
        let pool = AnyPoolOptions::new().max_connections(1).connect_with(options).await.map_err(opened)?;
        Ok(Self { writer: pool.clone(), readers: pool, begin: "BEGIN", file: None, changes: Arc::default() })
    }

    /// Begins a transaction that may write. There is one at a time; the next one waits.
    ///
    /// # Errors
    /// Returns [`StateError::Statement`] when the write lock cannot be had in time.
    pub async fn begin(&self) -> Result<Transaction, StateError> {
        Ok(Transaction { inner: self.writer.begin_with(self.begin).await?, changes: Arc::clone(&self.changes) })
    }

    /// Returns how many transactions were committed since this store was opened: another number means that something may
    /// have changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Returns the connections for single statements that read.
    #[must_use]
    pub const fn reader(&self) -> &AnyPool {
        &self.readers
    }

    /// Moves everything from the write-ahead log into the database, and empties the log: what was deleted is then in
    /// neither. To be called outside transactions.
    ///
    /// # Errors
    /// Returns [`StateError::Held`] when somebody reads for too long, and the log keeps what it holds.
    pub async fn empty_log(&self) -> Result<(), StateError> {
        let (held, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await?;
        if held == 0 { Ok(()) } else { Err(StateError::Held) }
    }

    /// Writes the database anew, so that nothing that was ever deleted is in it or its log. Takes the time and the
    /// space of a copy.
    ///
    /// # Errors
    /// Returns [`StateError`] when the disk refuses or somebody reads for too long; nothing is lost then.
    pub async fn scrub(&self) -> Result<(), StateError> {
        sqlx::query("VACUUM").execute(&self.writer).await?;
        self.empty_log().await
    }

    /// Settles what is still in the write-ahead log, closes every connection, and seals the file: what changes in it
    /// from then on, without being opened, is damage.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        if let Some(file) = &self.file {
            // Without a seal nothing is lost but the power to see a changed letter.
            let _ = check::put_seal(file);
        }
    }
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        // Where the disk is full SQLite ends the transaction by itself, and the driver believes for ever that there is one.
        .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
}

/// Sets what SQLite keeps per connection. FULL: a transaction that was reported as done survives a power cut.
/// Secure delete: what is deleted is written over, since it may be of a person.
async fn prepare(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let pragmas = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                   PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";
    sqlx::raw_sql(pragmas).execute(connection).await?;
    Ok(())
}

/// Brings the tables up to date: each migration in a transaction of its own, so that one that breaks off has not happened
/// and the next opening goes on with it.
async fn migrate(connection: &mut AnyConnection) -> Result<(), StateError> {
    use sqlx::migrate::{Migrate, MigrateError};
    let told = |error| match error {
        MigrateError::VersionMissing(migration) => StateError::Newer { migration },
        error => StateError::Migrate(Box::new(error)),
    };
    let all = sqlx::migrate!();
    connection.ensure_migrations_table(MIGRATIONS).await.map_err(told)?;
    let applied = connection.list_applied_migrations(MIGRATIONS).await.map_err(told)?;
    let is_pending = |version: i64| applied.iter().all(|applied| applied.version != version);
    for migration in all.iter().filter(|migration| is_pending(migration.version)) {
        all.run_to(migration.version, &mut *connection).await.map_err(told)?;
        fail::fail_point!("state::migrated", |_| std::process::abort());
    }
    // Says where something was applied that is not known here, or is known otherwise.
    all.run(connection).await.map_err(told)
}

/// Is the table in which the library notes what was applied.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Writes a path as it stands in a URL: everything but the plainest letters as `%XX`.
fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write;
    path.as_os_str().as_encoded_bytes().iter().fold(String::new(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
        url
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn made(dir: &tempfile::TempDir) -> State {
        State::create(&dir.path().join("state.sqlite")).await.expect("is made")
    }

    async fn meta(state: &State) -> Vec<(String, String)> {
        sqlx::query_as("SELECT key, value FROM meta ORDER BY key").fetch_all(state.reader()).await.expect("reads")
    }

    async fn put(state: &State, key: &str, commit: bool) {
        let mut transaction = state.begin().await.expect("begins");
        sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2)")
            .bind(key.to_owned())
            .bind("x")
            .execute(&mut *transaction)
            .await
            .expect("inserts");
        if commit {
            transaction.commit().await.expect("commits");
        }
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_opening_again() {
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        put(&state, "kept", true).await;
        assert_eq!(state.changes(), 1);
        put(&state, "dropped", false).await;
        assert_eq!(state.changes(), 1, "what was not committed changed nothing");
        state.close().await;
        let state = State::open(&dir.path().join("state.sqlite")).await.expect("opens");
        assert_eq!(meta(&state).await, [("kept".to_owned(), "x".to_owned())]);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_stops_no_other() {
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        let mut transaction = state.begin().await.expect("begins");
        // As SQLite does where the disk is full.
        sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.expect("ends");
        drop(transaction);
        put(&state, "kept", true).await;
        assert_eq!(meta(&state).await.len(), 1);
    }

    #[tokio::test]
    async fn a_store_that_is_gone_or_empty_is_not_made_anew() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("state.sqlite");
        let check = async || {
            let error = State::open(&path).await.expect_err("is refused");
            assert!(matches!(error, StateError::Missing { .. }), "{error:?}");
        };
        check().await;
        assert!(!path.exists());
        std::fs::write(&path, "").expect("writes");
        check().await;
    }

    #[tokio::test]
    async fn a_store_that_is_there_is_not_made_again() {
        let dir = tempfile::tempdir().expect("folder");
        put(&made(&dir).await, "kept", true).await;
        let error = State::create(&dir.path().join("state.sqlite")).await.expect_err("is refused");
        assert!(matches!(error, StateError::Open { .. }), "{error:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_a_store() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        put(&state, "kept", true).await;
        for name in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
            let mode = std::fs::metadata(dir.path().join(name)).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[tokio::test]
    async fn strange_file_names_are_opened_as_they_are() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("50% größer? #1 état.sqlite");
        State::create(&path).await.expect("is made").close().await;
        State::open(&path).await.expect("opens").close().await;
        assert!(path.exists());
    }

    #[tokio::test]
    async fn the_writer_is_durable_and_checks_references() {
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        for (sql, expected) in [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1)] {
            let found: i64 = sqlx::query_scalar(sql).fetch_one(&state.writer).await.expect("asks");
            assert_eq!(found, expected, "{sql}");
        }
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&state.writer).await.expect("asks");
        assert_eq!(mode, "wal");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn writers_wait_for_each_other() {
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        let tasks: Vec<_> = (0..20)
            .map(|i| {
                let state = state.clone();
                tokio::spawn(async move { put(&state, &format!("{i:02}"), true).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no writer fails");
        }
        assert_eq!(meta(&state).await.len(), 20);
    }

    #[tokio::test]
    async fn a_store_of_a_newer_version_is_refused() {
        let dir = tempfile::tempdir().expect("folder");
        let state = made(&dir).await;
        let mut transaction = state.begin().await.expect("begins");
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (999999, 'future', 1, $1, 0)",
        )
        .bind(vec![0_u8])
        .execute(&mut *transaction)
        .await
        .expect("inserts");
        transaction.commit().await.expect("commits");
        state.close().await;
        let error = State::open(&dir.path().join("state.sqlite")).await.expect_err("is refused");
        assert!(matches!(error, StateError::Newer { migration: 999_999 }), "{error:?}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused() {
        let dir = tempfile::tempdir().expect("folder");
        std::fs::write(dir.path().join("state.sqlite"), "this is a letter, not a database, and it is long enough")
            .expect("writes");
        let error = State::open(&dir.path().join("state.sqlite")).await.expect_err("is refused");
        assert!(error.to_string().contains("state.sqlite"), "{error}");
    }
}
