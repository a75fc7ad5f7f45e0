//! An append-only log of byte records: what [`Journal::append`] has returned for is on the disk.
//!
//! It knows nothing of what the records mean. One owner appends groups of records; a group is one write and one
//! fsync. Records are numbered from 1 without gaps and are read back in that order, after a crash too.
//!
//! * Segments are files `NNNNNNNNNN.log` of bounded size, dropped from the front when their records are no longer
//!   needed. The header of a segment says how long the one before it is: whatever stands behind that length was
//!   never acknowledged and is not read.
//! * After a write or fsync that failed, nothing of the group is acknowledged and the segment is given up for good: a
//!   second fsync may report success for what the first one lost. The next group begins a new segment; as long as
//!   that fails too, every append says why, and the next one tries again.
//! * A frame that cannot be read at the end of the last segment is what a crash leaves of a group that nobody was told
//!   of. Anywhere else it is damage, and reading stops with the file and the place.

mod read;
mod segment;
#[cfg(test)]
mod tests;

pub use read::{End, check, read};

use fail::fail_point;
use segment::{Frame, HEAD, Head, file_name};
use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Is from which size on a new segment is begun. A segment is read into memory as a whole when the journal is opened.
const SEGMENT_MAX: u64 = 64 << 20;

/// Is how long a record may be: more than any request may bring.
pub const RECORD_MAX: usize = 64 << 20;

/// Is how much of a buffer is kept between groups; a rare large group gives its memory back.
const BUFFER_KEPT: usize = 4 << 20;

/// Makes a file or folder durable. Tests put one in that fails.
pub type Sync = Arc<dyn Fn(&Path, &File) -> io::Result<()> + Send + std::marker::Sync>;

/// Returns how files are made durable by the operating system.
#[must_use]
pub fn durable() -> Sync {
    Arc::new(|_, file| file.sync_data())
}

/// Is why a journal cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Disk {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record that was acknowledged cannot be read.
    #[error("the journal file {} is damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Somebody else appends to it.
    #[error("the journal in {} is already open", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A record is longer than [`RECORD_MAX`].
    #[error("a record of {bytes} bytes is longer than a journal takes")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

type Result<T, E = JournalError> = std::result::Result<T, E>;

/// Is a journal that is open for appending.
pub struct Journal {
    dir: PathBuf,
    sync: Sync,
    /// Segments that are complete, oldest first, each with the number of its last record.
    closed: VecDeque<(PathBuf, u64)>,
    /// The segment that is written to; none until the next group, after a failure and at the beginning.
    current: Option<Current>,
    /// The number of the next segment.
    segment: u64,
    /// The number of the next record.
    next: u64,
    /// How long the last segment before the next is, for its header.
    previous: u64,
    buffer: Vec<u8>,
    /// Keeps others from appending.
    _lock: File,
}

/// Is the segment that is written to.
struct Current {
    path: PathBuf,
    file: File,
    /// How much of it is durable.
    length: u64,
    /// The number of its next group.
    group: u32,
}

impl Journal {
    /// Opens the journal in a folder, and makes the folder when there is none. Hands the records with a number above
    /// `after` to `each`, in order.
    ///
    /// # Errors
    /// When the folder cannot be used, somebody else has it open, a record that was acknowledged cannot be read, or
    /// `each` fails.
    pub fn open<E>(dir: &Path, sync: Sync, after: u64, each: impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<Self, E>
    where
        E: From<JournalError>,
    {
        make_private(dir).map_err(disk("create the folder", dir))?;
        let lock = lock(dir)?;
        let end = read(dir, after, each)?;
        for path in &end.torn {
            fs::remove_file(path).map_err(disk("remove", path))?;
        }
        let this = Self {
            dir: dir.to_owned(),
            sync,
            closed: end.segments.into(),
            current: None,
            segment: end.segment + 1,
            next: end.last + 1,
            previous: end.length,
            buffer: Vec::new(),
            _lock: lock,
        };
        this.sync_folder(dir)?;
        dir.parent().map_or(Ok(()), |parent| this.sync_folder(parent))?;
        Ok(this)
    }

    /// Appends a group of records and makes them durable. Returns the number of the last one.
    ///
    /// # Errors
    /// When the disk refuses. None of the group counts as stored then, though it may be read back after a crash.
    pub fn append(&mut self, records: &[&[u8]]) -> Result<u64> {
        if let Some(long) = records.iter().find(|record| record.len() > RECORD_MAX) {
            return Err(JournalError::TooLong { bytes: long.len() });
        }
        if records.is_empty() {
            return Ok(self.last());
        }
        if self.current.as_ref().is_some_and(|current| current.length >= SEGMENT_MAX) {
            self.close_segment();
        }
        let mut current = match self.current.take() {
            Some(current) => current,
            None => self.begin_segment()?,
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        for (place, record) in records.iter().enumerate() {
            Frame { group: current.group, follow: (records.len() - 1 - place) as u32, body: record }.write(&mut buffer);
        }
        let written = self.write(&mut current, &buffer);
        let bytes = buffer.len() as u64;
        if buffer.capacity() <= BUFFER_KEPT {
            self.buffer = buffer;
        }
        if let Err(error) = written {
            // What is behind the good length may be there or not: the next header says where to stop.
            self.give_up(&current);
            return Err(error);
        }
        current.length += bytes;
        current.group += 1;
        self.current = Some(current);
        self.next += records.len() as u64;
        Ok(self.next - 1)
    }

    fn write(&self, current: &mut Current, bytes: &[u8]) -> Result<()> {
        let mut write = || -> io::Result<()> {
            fail_point!("journal::write", failpoint);
            current.file.write_all(bytes)
        };
        write().map_err(disk("write to", &current.path))?;
        let sync = || -> io::Result<()> {
            fail_point!("journal::sync", failpoint);
            (self.sync)(&current.path, &current.file)
        };
        sync().map_err(disk("sync", &current.path))
    }

    /// Begins a new segment with the next group, so that [`Journal::drop_through`] can drop everything before it.
    pub fn close_segment(&mut self) {
        if let Some(current) = self.current.take() {
            self.give_up(&current);
        }
    }

    /// Removes the segments whose records all have this number or a lower one.
    ///
    /// # Errors
    /// When a file cannot be removed; it is tried again with the next call.
    pub fn drop_through(&mut self, record: u64) -> Result<()> {
        if self.next == record + 1 {
            self.close_segment();
        }
        let mut dropped = false;
        while let Some((path, last)) = self.closed.front()
            && *last <= record
        {
            fail_point!("journal::drop", |_| std::process::abort());
            match fs::remove_file(path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(JournalError::Disk { what: "remove", path: path.clone(), source });
                }
                _ => {}
            }
            self.closed.pop_front();
            dropped = true;
        }
        if dropped { self.sync_folder(&self.dir) } else { Ok(()) }
    }

    /// Returns the number of the last record; 0 when there never was one.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.next - 1
    }

    /// Lets the next record have at least this number, where records before it were dropped with their files.
    pub fn continue_after(&mut self, record: u64) {
        if self.closed.is_empty() && self.current.is_none() {
            self.next = self.next.max(record + 1);
        }
    }

    /// Leaves a segment behind.
    fn give_up(&mut self, current: &Current) {
        self.previous = current.length;
        self.closed.push_back((current.path.clone(), self.next - 1));
    }

    fn begin_segment(&mut self) -> Result<Current> {
        let path = self.dir.join(file_name(self.segment));
        let head = Head { first: self.next, previous: self.previous };
        let begin = || -> io::Result<File> {
            fail_point!("journal::rotate", |_| std::process::abort());
            // Where an attempt before this one failed, its file is there: nothing was ever acknowledged in it.
            let mut options = File::options();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path)?;
            file.write_all(&head.bytes())?;
            (self.sync)(&path, &file)?;
            Ok(file)
        };
        let file = begin().map_err(disk("begin", &path))?;
        self.sync_folder(&self.dir)?;
        self.segment += 1;
        Ok(Current { path, file, length: HEAD as u64, group: 1 })
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let folder = File::open(path).map_err(disk("open the folder", path))?;
        (self.sync)(path, &folder).map_err(disk("sync", path))
    }
}

/// Is what a failpoint in this module does: an error where it says `return(error)`, else the end of the process.
fn failpoint(action: Option<String>) -> io::Result<()> {
    match action.as_deref() {
        Some("error") => Err(io::Error::other("a failpoint")),
        _ => std::process::abort(),
    }
}

/// Makes a folder that only its owner may enter: what is in a record is not for everybody.
fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir)
}

/// Takes the right to append, which ends with the returned file.
fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = File::options().create(true).append(true).open(&path).map_err(disk("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(disk("lock", &path)(source)),
    }
}

/// Adds the place to an error of the operating system.
fn disk<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> JournalError + 'a {
    move |source| JournalError::Disk { what, path: path.to_owned(), source }
}
