//! Copying a store while it is used, and looking whether it is as it was written.
//!
//! SQLite has no checksum over its pages: its own check sees torn structures, not a changed letter. So a store that
//! is closed gets a seal beside it, `NAME.seal`: the checksum of its bytes. Opening takes the seal away, before
//! anything can change. A store that was not closed, because the process was killed, has none; its write-ahead log
//! then has checksums of its own, which SQLite heeds and [`verify`] reads.

use crate::{State, StateError};
use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, Connection, Executor, Row};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Is how many faults are told of one store: more say nothing new.
const FAULTS_MAX: usize = 20;

impl State {
    /// Writes a copy of the whole store, as it is at one moment, to a new file, while others go on working.
    ///
    /// # Errors
    /// Fails when the file is there already or cannot be written.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StateError> {
        let path = path.to_str().ok_or_else(|| StateError::Open {
            place: path.display().to_string(),
            source: sqlx::Error::Configuration("the name is not UTF-8".into()),
        })?;
        sqlx::query("VACUUM INTO $1").bind(path.to_owned()).execute(self.reader()).await?;
        Ok(())
    }

    /// Looks whether the structure of an open store is sound. Returns what is not.
    ///
    /// # Errors
    /// Fails when the store cannot be read at all.
    pub async fn faults(&self) -> Result<Vec<String>, StateError> {
        let mut connection = self.reader().acquire().await?;
        Ok(structure(&mut connection).await?)
    }
}

/// Looks at a closed store: its seal, its write-ahead log, its structure. Returns what is not as it was written, each
/// with its file. Changes nothing of the store.
#[must_use]
pub async fn verify(path: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut damaged = |path: &Path, what: String| faults.push(Fault { path: path.to_owned(), what, is_damage: true });
    match seal_holds(path) {
        Ok(Some(true)) => {}
        Ok(Some(false)) => damaged(path, "its checksum is wrong: it is not as it was written".to_owned()),
        Ok(None) => {
            let what = "has no seal: the process that used it was killed; a changed letter cannot be seen then".to_owned();
            faults.push(Fault { path: path.to_owned(), what, is_damage: false });
        }
        Err(error) => damaged(path, format!("cannot be read: {error}")),
    }
    let wal = beside(path, "-wal");
    if let Some((what, is_damage)) = fs::read(&wal).ok().and_then(|log| crate::wal::fault(&log)) {
        faults.push(Fault { path: wal, what, is_damage });
    }
    let found = match look(path).await {
        Ok(found) => found,
        Err(error) => vec![format!("cannot be opened: {error}")],
    };
    faults.extend(found.into_iter().map(|what| Fault { path: path.to_owned(), what, is_damage: true }));
    faults
}

/// Is something about a file of the store that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it; quotes no value.
    pub what: String,
    /// Whether it is damaged; else it is only worth knowing.
    pub is_damage: bool,
}

/// Checks the structure of a closed store through a connection that only reads.
async fn look(path: &Path) -> Result<Vec<String>, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let options = AnyConnectOptions::from_str(&read_only_url(path))?;
    let mut connection = AnyConnection::connect_with(&options).await?;
    let found = structure(&mut connection).await;
    connection.close().await?;
    found
}

/// Returns the URL by which a store is opened without being changed. One that was closed has no log, and opening it
/// as immutable makes none.
pub(crate) fn read_only_url(path: &Path) -> String {
    let how = if beside(path, "-wal").exists() { "mode=ro" } else { "mode=ro&immutable=true" };
    format!("sqlite:{}?{how}", crate::percent_encoded(path))
}

async fn structure(connection: &mut AnyConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows = connection.fetch_all("PRAGMA integrity_check").await?;
    let says = |row: &AnyRow| row.try_get::<String, _>(0).unwrap_or_else(|_| "its check gives no answer".to_owned());
    let mut found: Vec<String> = rows.iter().map(says).filter(|says| says != "ok").take(FAULTS_MAX).collect();
    if !connection.fetch_all("PRAGMA foreign_key_check").await?.is_empty() {
        found.push("a row refers to one that is not there".to_owned());
    }
    Ok(found)
}

/// Takes the seal of a store away, durably. To be called before anything of the store can change.
pub(crate) fn unseal(path: &Path) -> io::Result<()> {
    match fs::remove_file(seal(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(path),
    }
}

/// Seals a store that is closed. One whose log was not settled, because somebody else has it open, gets no seal.
pub(crate) fn put_seal(path: &Path) -> io::Result<()> {
    if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let draft = beside(path, ".seal.draft");
    fs::write(&draft, sum(path)?)?;
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, seal(path))?;
    sync_folder(path)
}

/// Tells whether a store is as it was sealed; `None` when it has no seal.
fn seal_holds(path: &Path) -> io::Result<Option<bool>> {
    match fs::read_to_string(seal(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(false)),
        Err(error) => Err(error),
        Ok(sealed) => Ok(Some(sealed == sum(path)?)),
    }
}

fn sum(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn seal(path: &Path) -> PathBuf {
    beside(path, ".seal")
}

/// Returns the path of a file whose name begins with the store's.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn filled(path: &Path) -> State {
        let state = State::create(path).await.expect("is made");
        for number in 0..50 {
            let mut transaction = state.begin().await.expect("begins");
            sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2)")
                .bind(format!("key {number}"))
                .bind("some value that is long enough to be hit ".repeat(20))
                .execute(&mut *transaction)
                .await
                .expect("inserts");
            transaction.commit().await.expect("commits");
        }
        state
    }

    #[tokio::test]
    async fn a_closed_store_tells_of_every_flipped_bit() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("state.sqlite");
        filled(&path).await.close().await;
        assert_eq!(verify(&path).await, vec![]);
        let bytes = fs::read(&path).expect("reads");
        for bit in (0..bytes.len() * 8).step_by(bytes.len() * 8 / 40) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, flipped).expect("writes");
            assert!(verify(&path).await.iter().any(|fault| fault.is_damage && fault.path == path), "bit {bit}");
        }
        fs::write(&path, bytes).expect("writes back");
        State::open(&path).await.expect("opens").close().await;
        assert_eq!(verify(&path).await, vec![], "sealed anew");
    }

    #[tokio::test]
    async fn a_store_that_was_not_closed_has_no_seal_and_a_checked_log() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("state.sqlite");
        let state = filled(&path).await;
        let copy = dir.path().join("copy.sqlite");
        let wal = dir.path().join("copy.sqlite-wal");
        fs::copy(&path, &copy).expect("copies");
        fs::copy(dir.path().join("state.sqlite-wal"), &wal).expect("copies");
        let found = verify(&copy).await;
        assert!(found.iter().all(|fault| !fault.is_damage) && found[0].what.contains("no seal"), "{found:?}");
        let bytes = fs::read(&wal).expect("reads");
        for bit in (0..bytes.len() * 8).step_by(bytes.len() * 8 / 40) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&wal, flipped).expect("writes");
            assert!(verify(&copy).await.iter().any(|fault| fault.path == wal), "bit {bit}");
        }
        drop(state);
    }

    #[tokio::test]
    async fn a_copy_holds_what_was_stored() {
        let dir = tempfile::tempdir().expect("folder");
        let state = filled(&dir.path().join("state.sqlite")).await;
        let copy = dir.path().join("copy.sqlite");
        state.copy_to(&copy).await.expect("copies");
        assert!(state.copy_to(&copy).await.is_err(), "a file that is there is left alone");
        let looked = State::look(&copy).await.expect("opens");
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM meta").fetch_one(looked.reader()).await.expect("counts");
        assert_eq!(rows, 50);
        assert_eq!(looked.faults().await.expect("looks"), Vec::<String>::new());
    }
}
