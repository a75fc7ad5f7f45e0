//! The readers, one file per kind of file. Each turns a stream into pages of text cells, in bounded memory.

mod chat;
mod delimited;
mod documents;
mod jsonl;
mod parquet;
mod xes;

use super::mapping::{FileShape, Kind};
use super::page::{Page, Stop};
use super::source::Member;
use crate::failure::Failure;
use model::map::nearest;

pub(super) use chat::looks_like as looks_like_chat;

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
) -> Result<Vec<String>, Stop> {
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
    let failure = Failure::new(format!("`{member}` has no column `{column}`"));
    match nearest(column, columns.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("Did you mean `{near}`?")),
        None => {
            let listed: Vec<&str> = columns.iter().take(40).map(String::as_str).collect();
            failure.hint(format!("Its columns are: {}", listed.join(", ")))
        }
    }
}

/// Says why a stream cannot be read further.
fn damaged(error: &dyn std::error::Error) -> Stop {
    Stop::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

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
