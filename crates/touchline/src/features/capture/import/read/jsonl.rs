//! JSON Lines: one object a line, values inside objects by paths such as `customer.id`.

use super::{Wants, damaged, documents, next_line};
use crate::features::capture::Reason;
use crate::features::capture::import::encoding::{self, Utf8};
use crate::features::capture::import::mapping::FileShape;
use crate::features::capture::import::page::{Out, Page, Stop};
use crate::features::capture::import::source::Member;
use crate::tell;
use serde_json::{Map, Value};
use std::io::BufReader;

/// A line larger than this is no line of a log.
const LINE_BYTES: u64 = 16 << 20;

pub(super) fn read(
    member: Member<'_>,
    shape: &FileShape,
    wants: &Wants,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let encoding = encoding::choose(shape.encoding.as_deref(), &member.sample)?;
    let (header, notes) = documents::header(&member.name, seen(&encoding.decode(&member.sample).0), wants)?;
    let columns = header.columns.clone();
    let mut lines = BufReader::new(Utf8::new(member.stream, encoding).map_err(|error| damaged(&error))?);
    let mut out = Out::new(header, consumed, send);
    let result = (|| {
        let (mut number, mut line) = (1, Vec::new());
        while next_line(&mut lines, &mut line, LINE_BYTES, number)? {
            if !line.trim_ascii().is_empty() {
                object(&line, number, &columns, &mut out)?;
            }
            number += 1;
        }
        Ok(())
    })();
    out.finish(result).map(|()| notes)
}

/// Hands on one line.
fn object(line: &[u8], number: u64, columns: &[String], out: &mut Out<'_>) -> Result<(), Stop> {
    match serde_json::from_slice::<Map<String, Value>>(line) {
        Ok(mut document) => {
            let number = documents::without_marks(&mut document).unwrap_or(number);
            let mut text = String::new();
            for column in columns {
                text.clear();
                documents::write(&document, column, &mut text);
                out.cell(&text);
            }
            out.end_row(number, Some(Value::Object(document).to_string()))
        }
        Err(_) => {
            let reason = tell!(line_no_object, "the line is not a JSON object");
            out.broken(number, reason, vec![String::from_utf8_lossy(line.trim_ascii()).into_owned()])
        }
    }
}

/// Lists the paths that the beginning of the file shows.
fn seen(beginning: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for line in beginning.lines().take(1000) {
        if let Ok(mut document) = serde_json::from_str::<Map<String, Value>>(line) {
            documents::without_marks(&mut document);
            documents::paths(&document, "", &mut seen);
        }
    }
    seen
}
