//! The folder of files that wait to be imported, and of refused rows: `DATA/imports/ID`. It has limits, and nobody else may
//! read what is in it.

use crate::fail;
use crate::failure::{Failure, Result};
use crate::platform::http::Refusal;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::StreamExt;
use model::Instant;
use model::time::DAY;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::{Semaphore, mpsc};

/// A larger file is for the command line, on the machine itself: a browser that is closed would begin it anew.
pub(super) const FILE_BYTES_MAX: u64 = 2 << 30;
/// All files that wait: each takes room on the disk.
pub(super) const SHELF_BYTES_MAX: u64 = 8 << 30;
/// So many files may wait to be imported.
pub(super) const WAITING_MAX: i64 = 20;
/// So many files may be on their way up at a time.
const SENDING_MAX: usize = 2;
/// A piece of a file must come within this time: whoever stops sending holds no place.
const PIECE_TIME_MAX: Duration = Duration::from_secs(60);
/// Refused rows, and files that nobody imported, are kept so long.
const KEPT_DAYS: i64 = 7;
/// The letters of a name of a file.
const NAME_MAX: usize = 120;
/// Pieces of a file on their way to the disk.
const PIECES: usize = 8;
/// Bytes of a piece that is sent down.
const PIECE: usize = 1 << 16;
/// Is the folder in the data directory.
const FOLDER: &str = "imports";
/// What stands in the names of files of refused rows.
const REJECTED: &str = ".rejected";

/// Looks after the folder.
#[derive(Clone)]
pub(super) struct Shelf {
    folder: PathBuf,
    sending: Arc<Semaphore>,
}

/// Deletes what is kept of imports: all of it, or, where a time is given, what is older than a week then.
///
/// # Errors
/// Fails when the disk does.
pub(in crate::features::capture) fn drop_kept(dir: &Path, now: Option<Instant>) -> Result<()> {
    let unkept = |error: io::Error| Failure::new("Cannot delete files that were brought in").because(&error);
    let entries = match fs::read_dir(dir.join(FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(unkept)?,
    };
    for entry in entries {
        let entry = entry.map_err(unkept)?;
        let since = entry.metadata().and_then(|about| about.modified()).map_err(unkept)?;
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        // A folder from a future that the clock has left is not old.
        if now.is_none_or(|now| i128::from(now.0) - since as i128 > i128::from(KEPT_DAYS * DAY)) {
            fs::remove_dir_all(entry.path()).map_err(unkept)?;
        }
    }
    Ok(())
}

impl Shelf {
    pub(super) fn new(dir: &Path) -> Self {
        Self { folder: dir.join(FOLDER), sending: Arc::new(Semaphore::new(SENDING_MAX)) }
    }

    /// Keeps a file that comes; returns its length.
    pub(super) async fn keep(&self, id: &str, name: &str, body: Body) -> Result<u64, Refusal> {
        let Ok(_place) = self.sending.try_acquire() else {
            return Err(Refusal::because_of(
                StatusCode::SERVICE_UNAVAILABLE,
                fail!(upload_crowded, "Other files are being sent up", "Wait until they are there"),
            ));
        };
        let kept = self.write(id, name, body).await;
        if kept.is_err() {
            self.drop_all(id);
        }
        kept
    }

    async fn write(&self, id: &str, name: &str, body: Body) -> Result<u64, Refusal> {
        let (pieces, mut coming) = mpsc::channel::<Bytes>(PIECES);
        let path = self.path(id, name);
        let writing = tokio::task::spawn_blocking(move || -> io::Result<()> {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            let mut file = private().open(&path)?;
            while let Some(piece) = coming.blocking_recv() {
                file.write_all(&piece)?;
            }
            file.sync_all()
        });
        let mut body = body.into_data_stream();
        let mut sent = 0_u64;
        let ended = loop {
            match tokio::time::timeout(PIECE_TIME_MAX, body.next()).await {
                Ok(None) => break Ok(()),
                Ok(Some(Ok(piece))) => {
                    sent += piece.len() as u64;
                    // Whoever writes has stopped, and says below why.
                    if pieces.send(piece).await.is_err() {
                        break Ok(());
                    }
                }
                Ok(Some(Err(_))) | Err(_) => {
                    break Err(Refusal::told(fail!(upload_broken, "The file did not come whole", "Send it again")));
                }
            }
            if sent > FILE_BYTES_MAX {
                break Err(Refusal::told(fail!(
                    file_too_long,
                    "The file is longer than {size} GiB",
                    "Import it on the machine of the server: touchline import FILE --mapping MAPPING",
                    size = FILE_BYTES_MAX >> 30
                )));
            }
        };
        drop(pieces);
        let written = writing.await.map_err(|error| Failure::new("Keeping the file broke off").because(&error))?;
        written.map_err(|error| Failure::new("Cannot keep the file").because(&error))?;
        ended?;
        if sent == 0 {
            return Err(Refusal::told(fail!(upload_empty, "The file is empty", "Export it again")));
        }
        Ok(sent)
    }

    /// Returns where a file is kept. Ids come from our own rows, and are hexadecimal.
    pub(super) fn path(&self, id: &str, name: &str) -> PathBuf {
        self.folder.join(id).join(name)
    }

    /// Returns the files of refused rows, in the order in which they were written.
    pub(super) fn rejects(&self, id: &str) -> Vec<PathBuf> {
        let is_rejects = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(REJECTED));
        let entries = fs::read_dir(self.folder.join(id)).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_rejects).collect();
        found.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
        found
    }

    /// Deletes the refused rows of an earlier attempt.
    pub(super) fn drop_rejects(&self, id: &str) {
        self.rejects(id).iter().for_each(|path| self.drop_file(path));
    }

    /// Deletes a file. One that is not there any more is not missed.
    pub(super) fn drop_file(&self, path: &Path) {
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("a file that was imported cannot be deleted: {error}");
        }
    }

    /// Deletes everything that is kept of an import.
    pub(super) fn drop_all(&self, id: &str) {
        if let Err(error) = fs::remove_dir_all(self.folder.join(id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("what is kept of an import cannot be deleted: {error}");
        }
    }
}

/// Sends a file down piece by piece.
pub(super) fn body_of(path: PathBuf) -> Body {
    let (pieces, mut coming) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    tokio::task::spawn_blocking(move || {
        let reading = File::open(path).and_then(|mut file| {
            loop {
                let mut piece = vec![0; PIECE];
                let read = file.read(&mut piece)?;
                piece.truncate(read);
                // Whoever fetches may have gone away.
                if read == 0 || pieces.blocking_send(Ok(piece.into())).is_err() {
                    return Ok(());
                }
            }
        });
        if let Err(error) = reading {
            let _ = pieces.blocking_send(Err(error));
        }
    });
    // Whoever packs the answer asks once more after its end.
    Body::from_stream(futures_util::stream::poll_fn(move |context| coming.poll_recv(context)))
}

/// Makes a name of a file harmless: it becomes the name of a file of ours.
pub(super) fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |sign: char| if sign.is_alphanumeric() || "._- ".contains(sign) { sign } else { '_' };
    let name: String = last.chars().map(kept).take(NAME_MAX).collect();
    let name = name.trim_matches(['.', ' ']).replace(REJECTED, "-mended");
    if name.is_empty() { "file.csv".to_owned() } else { name }
}

/// Says how a file is kept: new, and for nobody else to read.
fn private() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_harmless() {
        for (name, expected) in [
            ("orders.csv", "orders.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\shop\\Bestellungen 2026.csv", "Bestellungen 2026.csv"),
            ("заказы.csv", "заказы.csv"),
            ("a\u{0}b?.csv", "a_b_.csv"),
            ("...", "file.csv"),
            ("", "file.csv"),
            ("orders.csv.rejected.csv", "orders.csv-mended.csv"),
        ] {
            assert_eq!(file_name(name), expected, "{name:?}");
        }
    }

    #[tokio::test]
    async fn a_file_has_an_end_however_often_it_is_asked_for() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("a");
        fs::write(&path, "abc").expect("writes");
        let mut pieces = body_of(path).into_data_stream();
        assert_eq!(pieces.next().await.expect("has one").expect("reads"), "abc");
        for _ in 0..3 {
            assert!(pieces.next().await.is_none());
        }
    }

    #[test]
    fn what_is_kept_goes_when_it_is_old_or_all_at_once() {
        let dir = tempfile::tempdir().expect("folder");
        drop_kept(dir.path(), None).expect("nothing is there");
        let shelf = Shelf::new(dir.path());
        for (id, days) in [("old", 8), ("new", 1)] {
            fs::create_dir_all(shelf.folder.join(id)).expect("makes");
            fs::write(shelf.path(id, "a.csv.rejected.csv"), "x").expect("writes");
            let at = UNIX_EPOCH + Duration::from_secs((100 - days) * 24 * 3600);
            File::open(shelf.folder.join(id)).expect("opens").set_modified(at).expect("sets");
        }
        drop_kept(dir.path(), Some(Instant(100 * DAY))).expect("deletes");
        assert_eq!((shelf.rejects("old").len(), shelf.rejects("new").len()), (0, 1));
        drop_kept(dir.path(), None).expect("deletes");
        assert_eq!(shelf.rejects("new").len(), 0);
    }
}
