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
