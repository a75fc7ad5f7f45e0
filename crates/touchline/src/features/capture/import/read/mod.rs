//! The readers, one file per kind of file. Each turns a stream into pages of text cells, in bounded memory.

mod chat;
mod delimited;
pub(super) mod documents;
mod fuse;
mod jsonl;
mod parquet;
mod xes;

use super::mapping::{FileShape, Kind};
use super::page::{Page, Stop};
use super::source::Member;
use crate::fail;
use crate::failure::Failure;
use crate::features::capture::Reason;
use model::map::nearest;
use std::io::{BufRead, Read};

pub(super) use chat::looks_like as looks_like_chat;
pub(super) use delimited::SIGNS;

/// Is what somebody wants of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    /// The columns that are needed by name. Empty: only what the file itself tells of.
    pub(super) columns: Vec<String>,
    /// Whether the other columns are needed too, because the content of the row is its identity.
    pub(super) everything: bool,
}

/// Reads one member to its end; returns remarks.
pub(super) fn read(
    member: Member<'_>,
    shape: &FileShape,
    wants: &Wants,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    match member.kind {
        Kind::Csv => delimited::read(member, shape, consumed, send),
        Kind::Jsonl => jsonl::read(member, shape, wants, consumed, send),
        Kind::Parquet => parquet::read(member, wants, consumed, send),
        Kind::Xes => xes::read(member, wants, consumed, send),
        Kind::Chat => chat::read(member, shape, consumed, send),
    }
}

/// Says that a column is not there, and which one was meant.
pub(super) fn unknown_column(column: &str, member: &str, columns: &[String]) -> Failure {
    match nearest(column, columns.iter().map(String::as_str)) {
        Some(near) => fail!(
            column_misspelt,
            "`{file}` has no column `{column}`",
            "Did you mean `{near}`?",
            column = column,
            file = member,
            near = near
        ),
        None => {
            let listed: Vec<String> = columns.iter().take(40).cloned().collect();
            fail!(
                column_unknown,
                "`{file}` has no column `{column}`",
                "Its columns are: {columns}",
                column = column,
                file = member,
                columns = listed
            )
        }
    }
}

/// Reads the next line, of at most so many bytes; tells whether there is one.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>, most: u64, number: u64) -> Result<bool, Stop> {
    line.clear();
    let read = lines.take(most).read_until(b'\n', line).map_err(|error| damaged(&error))?;
    if read as u64 == most {
        return Err(Stop::Damaged(format!("line {number} is longer than {} MiB", most >> 20)));
    }
    Ok(read > 0)
}

/// Says why a stream cannot be read further.
fn damaged(error: &dyn std::error::Error) -> Stop {
    Stop::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{BufReader, Cursor, repeat};

    /// Checks that a record without an end is met with an error after a good row, and not with all memory.
    fn check_endless(kind: Kind, good: &str, begun: &str, expected: &str) {
        let bytes = format!("{good}{begun}").into_bytes();
        let member = Member {
            name: "2024-01-01.txt".to_owned(),
            kind,
            sample: bytes.clone(),
            stream: Box::new(BufReader::new(Cursor::new(bytes).chain(repeat(b'x')))),
            file: None,
            companion: None,
        };
        let mut rows = 0;
        let result = read(member, &FileShape::default(), &Wants::default(), &|| 0, &mut |page| {
            rows += page.len();
            Ok(())
        });
        assert!(matches!(&result, Err(Stop::Damaged(what)) if what.contains(expected)), "{result:?}");
        assert_eq!(rows, 1, "what stands before counts");
    }

    #[test]
    fn endless_records_end_the_file() {
        check_endless(Kind::Csv, "a,b\n1,2\n", "3,\"", "the row that begins in line 3 is larger than 1 MiB");
        check_endless(Kind::Jsonl, "{\"a\":1}\n", "{\"a\":\"", "line 2 is longer than 16 MiB");
        check_endless(Kind::Chat, "[10:00] <ann> hello\n", "[10:01] <ann> ", "line 2 is longer than 1 MiB");
        let event = "<event><string key=\"a\" value=\"1\"/></event>";
        check_endless(Kind::Xes, &format!("<log><trace>{event}"), "<event><string key=\"", "larger than any");
    }

    /// Reads a text as a table; returns its cells, row by row.
    fn cells(text: &str, delimiter: char) -> Vec<Vec<String>> {
        let shape = FileShape { delimiter: Some(delimiter), ..FileShape::default() };
        let bytes = text.as_bytes().to_vec();
        let member = Member {
            name: "table.csv".to_owned(),
            kind: Kind::Csv,
            sample: bytes.clone(),
            stream: Box::new(Cursor::new(bytes)),
            file: None,
            companion: None,
        };
        let mut found = Vec::new();
        let result = read(member, &shape, &Wants::default(), &|| 0, &mut |page| {
            assert!(page.broken.is_empty(), "{:?}", page.broken);
            for row in page.rows() {
                found.push((0..page.header.columns.len()).map(|column| row.verbatim(column).to_owned()).collect());
            }
            Ok(())
        });
        assert!(result.is_ok(), "{result:?}");
        found
    }

    proptest! {
        /// Whatever stands in the cells, quotes, signs and line breaks included, is read as it was written.
        #[test]
        fn tables_survive(
            rows in prop::collection::vec(prop::collection::vec("[a-zé0-9 ,;|\t\"\n']{0,8}", 3), 0..40),
            delimiter in prop::sample::select(vec![',', ';', '\t', '|', '^']),
        ) {
            let mut table = csv::WriterBuilder::new().delimiter(delimiter as u8).from_writer(Vec::new());
            table.write_record(["one", "two", "three"]).expect("writes");
            for row in &rows {
                table.write_record(row).expect("writes");
            }
            let text = String::from_utf8(table.into_inner().expect("writes")).expect("is UTF-8");
            prop_assert_eq!(cells(&text, delimiter), rows);
        }
    }
}
