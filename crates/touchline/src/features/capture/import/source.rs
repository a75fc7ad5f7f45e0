//! Opening a file: what it is by its first bytes (never by its name), unpacked, member by member.
//!
//! Plain files, gzip and zip archives all end as streams of bytes with a name, each with the kind that was
//! found in it. A damaged archive gives what can be read before the damage.

use super::mapping::{FileShape, Kind};
use super::page::Stop;
use crate::failure::Failure;
use crate::features::capture::Reason;
use crate::{fail, tell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// So much of the beginning decides what a file is.
const SAMPLE: u64 = 256 * 1024;
/// A companion file (the links of a chat log) may be so large.
const COMPANION: u64 = 64 * 1024 * 1024;

/// An archive may have so many members.
const MEMBERS: usize = 100_000;

/// Is one stream to be read.
pub(super) struct Member<'a> {
    /// The name of the file, or of the member in its archive.
    pub(super) name: String,
    /// What it is, by its content.
    pub(super) kind: Kind,
    /// Its bytes, unpacked.
    pub(super) stream: Box<dyn BufRead + 'a>,
    /// The first bytes, which are also still in the stream.
    pub(super) sample: Vec<u8>,
    /// The file itself when it is not packed, for kinds that are read from their end.
    pub(super) file: Option<File>,
    /// The file of reply links beside a chat log.
    pub(super) companion: Option<Vec<u8>>,
}

/// Opens a file and visits every stream in it; returns remarks for the person who imports.
///
/// `meter` counts the bytes taken from the disk.
pub(super) fn visit(
    path: &Path,
    shape: &FileShape,
    meter: &AtomicU64,
    visitor: &mut dyn FnMut(Member<'_>) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let mut file = open(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut magic = [0; 4];
    let read = read_up_to(&mut file, &mut magic).map_err(|error| cannot_read(path, &error))?;
    let again = || open(path);
    match &magic[..read] {
        [] => Err(empty(&name).into()),
        [0x1f, 0x8b, ..] => {
            let inner = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
            let unpacked = flate2::read::MultiGzDecoder::new(BufReader::new(Metered { inner: again()?, meter }));
            let companion = companion_on_disk(path);
            one(inner, Box::new(unpacked), None, companion, shape, visitor)
        }
        [b'P', b'K', 3, 4] => members(&name, Metered { inner: again()?, meter }, shape, visitor),
        [b'P', b'K', ..] => {
            Err(fail!(archive_empty, "`{file}` is an empty or split zip archive", "Pack it again in one piece", file = name)
                .into())
        }
        _ => {
            let companion = companion_on_disk(path);
            one(name, Box::new(Metered { inner: again()?, meter }), Some(again()?), companion, shape, visitor)
        }
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err(fail!(
            file_is_folder,
            "`{file}` is a folder",
            "Import the files in it one by one, or pack them into a zip",
            file = path.display().to_string()
        )),
        _ => Ok(file),
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let (file, detail) = (path.display().to_string(), error.to_string());
    let failure = fail!(file_unreadable, "Cannot read `{file}`", file = file, detail = detail).because(error);
    match error.kind() {
        io::ErrorKind::NotFound => failure.hint("Check the name; a path is taken from the folder you are in"),
        io::ErrorKind::PermissionDenied => failure.hint("Give yourself the right to read it"),
        _ => failure,
    }
}

fn empty(name: &str) -> Failure {
    fail!(file_empty, "`{file}` is empty", "Export it again; nothing was imported", file = name)
}

/// Visits a single stream.
fn one(
    name: String,
    mut stream: Box<dyn Read + '_>,
    file: Option<File>,
    companion: Option<Vec<u8>>,
    shape: &FileShape,
    visitor: &mut dyn FnMut(Member<'_>) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let (sample, damage) = take_sample(&mut stream);
    if sample.is_empty() {
        return Err(damage.map_or_else(|| empty(&name).into(), |error| Stop::Damaged(error.to_string())));
    }
    let kind = sniff(&sample, &name)?;
    let notes = notes_on_kind(&name, kind, shape.format);
    let stream = Box::new(BufReader::with_capacity(1 << 16, Cursor::new(sample.clone()).chain(Broken(damage)).chain(stream)));
    visitor(Member { name, kind, stream, sample, file, companion })?;
    Ok(notes)
}

/// Visits the members of a zip archive that are asked for, in the order of their names.
fn members(
    name: &str,
    archive: Metered<'_, File>,
    shape: &FileShape,
    visitor: &mut dyn FnMut(Member<'_>) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let mut archive = zip::ZipArchive::new(BufReader::new(archive)).map_err(|error| {
        fail!(
            archive_unreadable,
            "`{file}` is a zip archive that cannot be read",
            "It may be cut off: fetch it again",
            file = name
        )
        .because(&error)
    })?;
    refuse_crowds(archive.len(), name)?;
    let mut chosen = chosen_members(&mut archive, name, shape)?;
    chosen.sort();
    let mut notes = Vec::new();
    for (member_name, index, kind) in chosen {
        let companion = companion_name(&member_name).and_then(|other| {
            let mut bytes = Vec::new();
            archive.by_name(&other).ok()?.take(COMPANION).read_to_end(&mut bytes).ok()?;
            Some(bytes)
        });
        let stream = archive.by_index(index).map_err(|error| Stop::Damaged(error.to_string()))?;
        let mut stream: Box<dyn Read + '_> = Box::new(stream);
        let (sample, damage) = take_sample(&mut stream);
        let kind = if sample.is_empty() { kind } else { sniff(&sample, &member_name)? };
        notes.extend(notes_on_kind(&member_name, kind, None));
        let stream = Box::new(BufReader::with_capacity(1 << 16, Cursor::new(sample.clone()).chain(Broken(damage)).chain(stream)));
        visitor(Member { name: member_name, kind, stream, sample, file: None, companion })?;
    }
    Ok(notes)
}

/// Refuses an archive of so many members that looking at each would take for ever.
fn refuse_crowds(members: usize, name: &str) -> Result<(), Failure> {
    if members <= MEMBERS {
        return Ok(());
    }
    Err(fail!(
        archive_crowded,
        "`{file}` holds {members} members; {limit} are the most that are read",
        "Pack them into several archives, or join them into one file",
        file = name,
        members = members,
        limit = MEMBERS
    ))
}

/// Chooses the members: by the pattern of the mapping, by its format, and never by extension.
fn chosen_members<R: Read + io::Seek>(
    archive: &mut zip::ZipArchive<R>,
    name: &str,
    shape: &FileShape,
) -> Result<Vec<(String, usize, Kind)>, Stop> {
    let mut chosen = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| {
            fail!(
                member_unreadable,
                "A member of `{file}` cannot be unpacked",
                "Unpack it yourself and import the file",
                file = name
            )
            .because(&error)
        })?;
        let path = member.name().map(|path| path.to_string()).unwrap_or_default();
        if path == "xl/workbook.xml" {
            return Err(fail!(
                file_is_workbook,
                "`{file}` is an Excel workbook",
                "Save the sheet as CSV and import that",
                file = name
            )
            .into());
        }
        let last = path.rsplit('/').next().unwrap_or_default();
        let wanted = shape.members.as_deref().is_none_or(|pattern| matches(pattern, &path) || matches(pattern, last));
        if member.is_dir() || last.starts_with('.') || path.starts_with("__MACOSX") || path.ends_with(LINKS) || !wanted {
            continue;
        }
        let mut head: Box<dyn Read + '_> = Box::new(&mut member);
        let (sample, _) = take_sample(&mut head);
        if let Ok(kind) = sniff(&sample, &path)
            && !sample.is_empty()
            && shape.format.is_none_or(|format| format == kind)
        {
            chosen.push((path, index, kind));
        }
    }
    match chosen.first() {
        None => Err(fail!(
            archive_without_members,
            "`{file}` holds no member to read",
            "Check `members` and `format` under [file] in the mapping",
            file = name
        )
        .into()),
        Some((_, _, kind)) if chosen.iter().any(|(_, _, other)| other != kind) => Err(fail!(
            archive_mixed,
            "`{file}` holds members of several kinds",
            "Choose with `members` or `format` under [file] in the mapping",
            file = name
        )
        .into()),
        Some(_) => Ok(chosen),
    }
}

/// Matches a name against a pattern whose only special sign is `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name
            .strip_prefix(head)
            .is_some_and(|tail| tail.char_indices().map(|(at, _)| at).chain([tail.len()]).any(|at| matches(rest, &tail[at..]))),
    }
}

/// How the file of reply links beside a chat log ends.
const LINKS: &str = ".annotation.txt";

fn companion_name(name: &str) -> Option<String> {
    let stem = [".raw.txt", ".txt", ".log"].into_iter().find_map(|end| name.strip_suffix(end))?;
    Some(format!("{stem}{LINKS}"))
}

fn companion_on_disk(path: &Path) -> Option<Vec<u8>> {
    let name = path.file_name()?.to_str()?;
    let other: PathBuf = path.with_file_name(companion_name(name.strip_suffix(".gz").unwrap_or(name))?);
    let mut bytes = Vec::new();
    File::open(other).ok()?.take(COMPANION).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Tells what a file is by its first bytes.
fn sniff(sample: &[u8], name: &str) -> Result<Kind, Failure> {
    if sample.starts_with(b"PAR1") {
        return Ok(Kind::Parquet);
    }
    if let Some((_, what, kind)) = FOREIGN.iter().find(|(magic, ..)| sample.starts_with(magic)) {
        let (file, what, kind) = (name, *what, *kind);
        return Err(fail!(
            file_foreign,
            "`{file}` is {what}, whatever its name says",
            "Export the data as CSV, JSON Lines, Parquet or XES",
            file = file,
            kind = kind
        ));
    }
    let text = super::encoding::peek(sample);
    let Some(text) = text else {
        return Err(fail!(
            file_binary,
            "`{file}` holds binary data of a kind that is not known",
            "Export the data as CSV, JSON Lines, Parquet or XES",
            file = name
        ));
    };
    let start = text.trim_start();
    if start.starts_with('[') && start[1..].trim_start().starts_with(['{', '[']) {
        return Err(fail!(
            file_is_array,
            "`{file}` is one JSON array",
            "Write one object a line: `jq -c '.[]' FILE > FILE.jsonl`",
            file = name
        ));
    }
    Ok(if start.starts_with('{') {
        Kind::Jsonl
    } else if start.starts_with("<?xml") || start.starts_with("<log") {
        if !start.contains("<log") {
            return Err(fail!(
                file_is_xml,
                "`{file}` is XML, but no XES event log",
                "Export the data as XES, CSV or JSON Lines",
                file = name
            ));
        }
        Kind::Xes
    } else if start.starts_with("<!DOCTYPE") || start.starts_with("<html") || start.starts_with("<!doctype") {
        return Err(fail!(
            file_is_page,
            "`{file}` is a web page",
            "A download may have needed a login: fetch the file again",
            file = name
        ));
    } else if super::read::looks_like_chat(start) {
        Kind::Chat
    } else {
        Kind::Csv
    })
}

/// The first bytes of files that are often taken for data, what they are, and the name of their kind in any language.
const FOREIGN: [(&[u8], &str, &str); 7] = [
    (b"%PDF", "a PDF document", "PDF"),
    (b"\x89PNG", "a picture", "PNG"),
    (b"\xff\xd8\xff", "a picture", "JPEG"),
    (b"SQLite format 3", "an SQLite database", "SQLite"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "XLS, DOC"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "7-Zip"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", "Zstandard"),
];

/// Remarks where the content is not what the name or the mapping says.
fn notes_on_kind(name: &str, kind: Kind, told: Option<Kind>) -> Vec<Reason> {
    let extension = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let by_name = match extension.as_str() {
        "csv" | "tsv" | "tab" => Some(Kind::Csv),
        "jsonl" | "ndjson" | "json" => Some(Kind::Jsonl),
        "parquet" => Some(Kind::Parquet),
        "xes" => Some(Kind::Xes),
        _ => None,
    };
    let is = kind;
    let mut notes = Vec::new();
    if by_name.is_some_and(|said| said != kind) {
        notes.push(tell!(
            file_not_as_named,
            "`{file}` is not what its name says: it is {is}, and was read as that",
            file = name,
            kind = kind.name()
        ));
    }
    if told.is_some_and(|told| told != kind) {
        notes.push(tell!(
            file_not_as_mapped,
            "`{file}` is not what the mapping says: it is {is}, and was read as that",
            file = name,
            kind = kind.name()
        ));
    }
    notes
}

/// Reads the beginning; an error in it is handed back, to be met again after the sample.
fn take_sample(stream: &mut Box<dyn Read + '_>) -> (Vec<u8>, Option<io::Error>) {
    let mut sample = Vec::new();
    let damage = stream.take(SAMPLE).read_to_end(&mut sample).err();
    (sample, damage)
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Fails once if there is an error to fail with, and is otherwise an empty stream.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts the bytes that pass.
struct Metered<'a, R> {
    inner: R,
    meter: &'a AtomicU64,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}

impl<R: io::Seek> io::Seek for Metered<'_, R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &[u8], expected: Result<Kind, &str>) {
        match (sniff(content, "data.csv"), expected) {
            (Ok(kind), Ok(expected)) => assert_eq!(kind, expected),
            (Err(failure), Err(part)) => assert!(failure.to_string().contains(part), "{failure}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn content_decides() {
        check(b"a,b\n1,2\n", Ok(Kind::Csv));
        check(b"PAR1....", Ok(Kind::Parquet));
        check(b"  {\"a\":1}\n", Ok(Kind::Jsonl));
        check(b"<?xml version=\"1.0\"?><log/>", Ok(Kind::Xes));
        check(b"[10:00] <ann> hello\n=== ann is now known as bob\n", Ok(Kind::Chat));
        check(b"\xff\xfea\0,\0b\0\n\0", Ok(Kind::Csv));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        check(b"%PDF-1.7", Err("a PDF document"));
        check(b"[{\"a\":1}]", Err("one JSON array"));
        check(b"<html><body>", Err("a web page"));
        check(b"<?xml version=\"1.0\"?><rss/>", Err("no XES"));
        check(b"\x00\x01\x02\x03\x00\xff\xfe\x80", Err("binary data"));
    }

    #[test]
    fn crowds_are_refused() {
        assert!(refuse_crowds(MEMBERS, "a.zip").is_ok());
        let failure = refuse_crowds(MEMBERS + 1, "a.zip").expect_err("refused").to_string();
        assert!(failure.contains("`a.zip` holds 100001 members"), "{failure}");
    }

    #[test]
    fn patterns_choose_members() {
        assert!(matches("*.raw.txt", "a/b.raw.txt"));
        assert!(!matches("*.csv", "a.csv.txt"));
        assert!(matches("2024-*-sales.csv", "2024-01-sales.csv"));
    }
}
