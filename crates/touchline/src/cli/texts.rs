//! `touchline analyze texts --file …`: judges the texts of a file, of which nothing is stored.

use crate::failure::{Failure, Result};
use analysis::experience::texts::report::{Said, TextFold, report};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;

/// So many texts are read; a larger file is for the import.
const TEXTS_MAX: usize = 1_000_000;
/// A longer line is no text.
const LINE_MAX: u64 = 1 << 20;

/// Reads a file, a text per line or the column of a CSV file, and tells what the texts say.
pub(super) fn of_file(file: &Path, column: Option<&str>) -> Result<Value> {
    let unread = |error: &dyn std::error::Error| Failure::new(format!("Cannot read {}", file.display())).because(error);
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(stdin()),
        _ => Box::new(File::open(file).map_err(|error| unread(&error))?),
    };
    let mut fold = TextFold::new(0);
    // Whoever wrote a line is nobody known: each is somebody else.
    let mut person = 0;
    let mut take = |text: &str| {
        fold.take(Said { touchpoint: "", person, at: 0, text });
        person += 1;
    };
    if let Some(column) = column {
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(source));
        let head = rows.headers().map_err(|error| unread(&error))?;
        let at = head.iter().position(|name| name == column).ok_or_else(|| {
            let known = head.iter().collect::<Vec<_>>().join(", ");
            Failure::new(format!("There is no column `{column}`")).hint(format!("The columns are: {known}"))
        })?;
        for row in rows.records().take(TEXTS_MAX) {
            let row = row.map_err(|error| unread(&error))?;
            row.get(at).filter(|text| !text.trim().is_empty()).into_iter().for_each(&mut take);
        }
    } else {
        let mut lines = BufReader::new(source);
        let mut line = Vec::new();
        for _ in 0..TEXTS_MAX {
            line.clear();
            let read = lines.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).map_err(|error| unread(&error))?;
            if read == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                take(&text);
            }
        }
    }
    serde_json::to_value(report(&fold)).map_err(|error| Failure::new("Cannot write the report").because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_texts() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("texts");
        std::fs::write(&path, "Great staff\n\nTerrible delivery\nLe personnel est impoli\n").expect("writes");
        let told = |answer: &Value| answer["places"][0]["told"]["n"].as_u64();
        let lines = of_file(&path, None).expect("reads");
        assert_eq!((told(&lines), lines["places"][0]["negative"]["value"].as_f64()), (Some(3), Some(2.0 / 3.0)));
        std::fs::write(&path, "id,text\n1,\"Great, really\"\n2,\n").expect("writes");
        assert_eq!(told(&of_file(&path, Some("text")).expect("reads")), Some(1));
        let failure = of_file(&path, Some("words")).expect_err("no such column");
        assert!(failure.to_string().contains("words"), "{failure}");
        assert!(of_file(&folder.path().join("nowhere"), None).is_err());
    }
}
