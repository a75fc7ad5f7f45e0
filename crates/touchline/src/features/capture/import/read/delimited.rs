//! CSV, TSV and their like: any sign between columns, quotes, any encoding, with or without a header.

use super::damaged;
use super::fuse::Fuse;
use crate::failure::Failure;
use crate::features::capture::Reason;
use crate::features::capture::import::encoding::{self, Utf8};
use crate::features::capture::import::mapping::FileShape;
use crate::features::capture::import::page::{Header, LINE, Out, Page, REASON, Stop};
use crate::features::capture::import::source::Member;
use crate::platform::cells::unguarded;
use crate::{fail, tell};
use csv::{ByteRecord, ReaderBuilder};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::Read;

/// The signs that are tried, in order of preference.
pub(in crate::features::capture::import) const SIGNS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A row larger than this is a quotation mark that nobody closed.
const ROW_BYTES: usize = 1 << 20;

pub(super) fn read(
    member: Member<'_>,
    shape: &FileShape,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let encoding = encoding::choose(shape.encoding.as_deref(), &member.sample)?;
    let beginning = encoding.decode(&member.sample).0;
    let sign = sign(shape, &beginning, &member.name)?;
    let text = Utf8::new(member.stream, encoding).map_err(|error| damaged(&error))?;
    let left = Cell::new(ROW_BYTES);
    let mut rows = reader(sign, Fuse::new(text, &left));
    let mut record = ByteRecord::new();
    if !next(&mut rows, &mut record, &left)? {
        return Err(
            fail!(file_no_rows, "`{file}` holds no rows", "Export it again; nothing was imported", file = &member.name).into()
        );
    }
    // A file of rejects always names its columns, whatever the mapping says of the file it came from.
    let named = shape.header.unwrap_or(true) || record.get(0) == Some(LINE.as_bytes());
    let columns = if named { names(&record) } else { (1..=record.len()).map(|n| format!("c{n}")).collect() };
    let is_rejects = columns.first().is_some_and(|name| name == LINE) && columns.get(1).is_some_and(|name| name == REASON);
    let columns = if is_rejects { columns.iter().map(|name| unguarded(name).to_owned()).collect() } else { columns };
    let header = Header { member: member.name.clone(), columns, documents: false };
    let mut table = Table { line_column: header.position(LINE), width: header.columns.len(), is_rejects, malformed: 0 };
    let mut out = Out::new(header, consumed, send);
    let result = (|| {
        if !named {
            table.row(&record, &mut out)?;
        }
        while next(&mut rows, &mut record, &left)? {
            table.row(&record, &mut out)?;
        }
        Ok(())
    })();
    let mut notes = Vec::new();
    if encoding != encoding_rs::UTF_8 {
        let (file, encoding) = (&member.name, encoding.name());
        notes.push(tell!(file_encoded, "`{file}` is written in {encoding}", file = file, encoding = encoding));
    }
    if table.malformed > 0 {
        notes.push(tell!(
            letters_lost,
            "`{file}`: {cells} cells are not valid {encoding}; unreadable letters became U+FFFD. If accents look wrong, set `encoding` under [file]",
            file = &member.name,
            cells = table.malformed,
            encoding = encoding.name()
        ));
    }
    out.finish(result).map(|()| notes)
}

fn reader<R: Read>(sign: u8, text: R) -> csv::Reader<R> {
    ReaderBuilder::new().delimiter(sign).flexible(true).has_headers(false).buffer_capacity(1 << 16).from_reader(text)
}

/// Reads the next row, which may take [`ROW_BYTES`] of the stream.
fn next<R: Read>(rows: &mut csv::Reader<R>, record: &mut ByteRecord, left: &Cell<usize>) -> Result<bool, Stop> {
    left.set(ROW_BYTES);
    rows.read_byte_record(record).map_err(|error| {
        if left.get() > 0 {
            return damaged(&error);
        }
        let line = record.position().map_or(0, csv::Position::line);
        Stop::Damaged(format!("the row that begins in line {line} is larger than 1 MiB; a quotation mark in it is not closed"))
    })
}

/// Is what is needed to hand on records as rows.
struct Table {
    line_column: Option<usize>,
    width: usize,
    /// Whether it was written by us: what looks like a formula has a sign in front then.
    is_rejects: bool,
    malformed: u64,
}

impl Table {
    fn row(&mut self, record: &ByteRecord, out: &mut Out<'_>) -> Result<(), Stop> {
        // The columns `_line` and `_reason` of a file of rejects may be cut from its mended rows or be in them.
        let line = self
            .line_column
            .and_then(|column| std::str::from_utf8(record.get(column)?).ok()?.trim().parse().ok())
            .or(record.position().map(csv::Position::line))
            .unwrap_or(0);
        if record.len() != self.width {
            let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            let plural = if record.len() == 1 { "" } else { "s" };
            let (found, wanted) = (record.len(), self.width);
            let reason = tell!(
                cells_miscounted,
                "the row has {cells} cell{plural}, the header has {header}",
                cells = found,
                header = wanted
            );
            return out.broken(line, reason, cells);
        }
        for cell in record {
            match std::str::from_utf8(cell) {
                Ok(text) if self.is_rejects => out.cell(unguarded(text)),
                Ok(text) => out.cell(text),
                Err(_) => {
                    self.malformed += 1;
                    out.cell(&String::from_utf8_lossy(cell));
                }
            }
        }
        out.end_row(line, None)
    }
}

/// Names the columns: blank names become `c1`, `c2` …, repeated ones get a number.
fn names(record: &ByteRecord) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(record.len());
    for (index, cell) in record.iter().enumerate() {
        let text = String::from_utf8_lossy(cell).trim().to_owned();
        let plain = if text.is_empty() { format!("c{}", index + 1) } else { text };
        let mut name = plain.clone();
        let mut copy = 2;
        while !seen.insert(name.clone()) {
            name = format!("{plain}_{copy}");
            copy += 1;
        }
        names.push(name);
    }
    names
}

/// Decides on the sign between columns, and refuses one that is plainly wrong.
fn sign(shape: &FileShape, beginning: &str, member: &str) -> Result<u8, Failure> {
    let found = detect_sign(beginning);
    let Some(told) = shape.delimiter else {
        return Ok(found.unwrap_or(b','));
    };
    let Ok(told_byte) = u8::try_from(told) else {
        return Err(fail!(
            delimiter_no_ascii,
            "`{told}` cannot separate columns",
            "Use one ASCII sign, such as `;`",
            told = told
        ));
    };
    let first = beginning.lines().next().unwrap_or_default();
    match found {
        Some(found) if found != told_byte && !first.contains(told) => Err(fail!(
            delimiter_absent,
            "The first row of `{file}` does not contain the delimiter {told}",
            "It looks separated by {found}: set `delimiter` under [file], or leave it out",
            file = member,
            told = format!("{told:?}"),
            found = format!("{:?}", char::from(found))
        )),
        _ => Ok(told_byte),
    }
}

/// Finds the sign that cuts most rows into the same number of cells, at least two.
fn detect_sign(beginning: &str) -> Option<u8> {
    let widths = |sign: u8| -> Vec<usize> {
        let mut widths: Vec<usize> =
            reader(sign, beginning.as_bytes()).byte_records().take(50).flatten().map(|row| row.len()).collect();
        if widths.len() > 2 {
            widths.pop(); // may be cut off by the end of the sample
        }
        widths
    };
    SIGNS
        .into_iter()
        .filter_map(|sign| {
            let widths = widths(sign);
            let first = *widths.first().filter(|width| **width > 1)?;
            let same = widths.iter().filter(|width| **width == first).count();
            Some((same * 100 / widths.len(), first, sign))
        })
        .max_by_key(|(same, width, sign)| (*same, *width, std::cmp::Reverse(SIGNS.iter().position(|s| s == sign))))
        .map(|(_, _, sign)| sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<char>) {
        assert_eq!(detect_sign(text).map(char::from), expected, "{text:?}");
    }

    #[test]
    fn the_sign_is_found() {
        check("a,b,c\n1,2,3\n4,5,6\n", Some(','));
        check("a;b\n1,5;2,5\n3,5;4,5\n", Some(';'));
        check("a\tb\n1, x\t2\n", Some('\t'));
        check("a|b\n1|2\n", Some('|'));
        check("\"x;y;z\",b\n\"1;2;3\",2\n", Some(','));
        check("alone\n1\n2\n", None);
    }

    #[test]
    fn a_wrong_sign_is_refused_with_the_right_one() {
        let shape = FileShape { delimiter: Some(','), ..FileShape::default() };
        let failure = sign(&shape, "a;b\n1;2\n", "x.csv").expect_err("refused").to_string();
        assert!(failure.contains("x.csv") && failure.contains("';'"), "{failure}");
        let rare = FileShape { delimiter: Some('^'), ..FileShape::default() };
        assert_eq!(sign(&rare, "a^b\n1^2\n", "x.csv").ok(), Some(b'^'));
    }

    #[test]
    fn headers_get_names() {
        let record = ByteRecord::from(vec!["", " a ", "a", "a_2"]);
        assert_eq!(names(&record), ["c1", "a", "a_2", "a_2_2"]);
    }
}
