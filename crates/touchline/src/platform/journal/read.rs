//! Reading a journal from its first record to its last, and telling what a crash leaves from damage.

use super::segment::{Frame, HEAD, Head, number_in};
use super::{JournalError, disk};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Is where a journal ends.
#[derive(Debug, Default)]
pub struct End {
    /// The number of the last record; 0 when there is none.
    pub last: u64,
    /// The segments, oldest first, each with the number of its last record.
    pub(super) segments: Vec<(PathBuf, u64)>,
    /// Segments that a crash has cut off before they had a header; there is nothing in them.
    pub(super) torn: Vec<PathBuf>,
    /// The number of the last segment.
    pub(super) segment: u64,
    /// How much of the last segment counts.
    pub(super) length: u64,
}

/// Hands the records with a number above `after` to `each`, in order. May be used beside the one who appends, who
/// must not drop segments meanwhile.
///
/// # Errors
/// When a file cannot be read, a record that was acknowledged is damaged or missing, or `each` fails.
pub fn read<E: From<JournalError>>(dir: &Path, after: u64, mut each: impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<End, E> {
    let (segments, torn) = segments(dir)?;
    let mut end = End { torn, ..End::default() };
    for (place, (number, path, head)) in segments.iter().enumerate() {
        if place > 0 && head.first != end.last + 1 {
            return Err(damaged(path, 8, "records before it are missing").into());
        }
        end.last = head.first - 1;
        end.segment = *number;
        let promised = segments.get(place + 1).map(|(.., next)| next.previous);
        let bytes = fs::read(path).map_err(disk("read", path))?;
        end.length = records(path, &bytes, promised, |body| {
            end.last += 1;
            if end.last > after { each(end.last, body) } else { Ok(()) }
        })?;
        end.segments.push((path.clone(), end.last));
    }
    Ok(end)
}

/// Reads every record of a journal that nobody appends to. Returns what a crash has left: the file, and what of it is no
/// record.
///
/// # Errors
/// When a file cannot be read, or a record that was acknowledged is damaged or missing.
pub fn check(dir: &Path) -> Result<Vec<(PathBuf, String)>, JournalError> {
    let end = read(dir, 0, |_, _| Ok::<_, JournalError>(()))?;
    let torn = "has no header: the process was killed as it began, or it is damaged";
    let mut left: Vec<(PathBuf, String)> = end.torn.iter().map(|path| (path.clone(), torn.to_owned())).collect();
    if let Some((path, _)) = end.segments.last() {
        let rest = fs::metadata(path).map_err(disk("read", path))?.len().saturating_sub(end.length);
        if rest > 0 {
            let what = format!(
                "ends in {rest} bytes that are no record: the process was killed before it had answered, or they are damaged"
            );
            left.push((path.clone(), what));
        }
    }
    Ok(left)
}

/// Hands every record of one segment to `each`. Returns how much of the segment counts: `promised`, where the next
/// segment says so.
fn records<E: From<JournalError>>(
    path: &Path,
    bytes: &[u8],
    promised: Option<u64>,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let limit = match promised {
        Some(promised) => usize::try_from(promised).unwrap_or(usize::MAX),
        None => bytes.len(),
    };
    let Some(bytes) = bytes.get(..limit) else {
        return Err(damaged(path, bytes.len(), "it is shorter than the next segment says").into());
    };
    let (mut at, mut group) = (HEAD, 1);
    while at < bytes.len() {
        let Some(frame) = Frame::read(&bytes[at..]).filter(|frame| frame.group == group) else {
            // A crash may tear the last group. A whole frame of a later one proves that this one was durable.
            if promised.is_some() || Frame::find(&bytes[at + 1..], group + 1).is_some() {
                return Err(damaged(path, at, "a record cannot be read").into());
            }
            break;
        };
        each(frame.body)?;
        group += u32::from(frame.follow == 0);
        at += frame.length();
    }
    Ok(at as u64)
}

/// Is a segment: its number, its file, its header.
type Segment = (u64, PathBuf, Head);

/// Lists the segments in the order in which they were written; beside them those that a crash has cut off before they
/// had a header, which is durable before the first record is written.
fn segments(dir: &Path) -> Result<(Vec<Segment>, Vec<PathBuf>), JournalError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        entries => entries.map_err(disk("list the folder", dir))?,
    };
    let (mut found, mut torn) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(disk("list the folder", dir))?.path();
        let Some(number) = number_in(&path) else { continue };
        let mut start = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(HEAD as u64 + 1).read_to_end(&mut start));
        read.map_err(disk("read", &path))?;
        match Head::read(&start) {
            Some(head) => found.push((number, path, head)),
            None if start.len() <= HEAD => torn.push(path),
            None => return Err(damaged(&path, 0, "it does not begin with a header")),
        }
    }
    found.sort_unstable_by_key(|(number, ..)| *number);
    Ok((found, torn))
}

fn damaged(path: &Path, offset: usize, what: &'static str) -> JournalError {
    JournalError::Damaged { path: path.to_owned(), offset: offset as u64, what }
}
