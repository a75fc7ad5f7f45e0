//! Small tables of text (CSV): columns found by their names in three languages, faults told by their line, cells written so that no
//! spreadsheet takes them for a formula. Pure.

use crate::failure::{Failure, Result};
use crate::features::capture::import::decoded;
use crate::platform::cells::guarded;
use csv::{ReaderBuilder, WriterBuilder};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use model::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows of one file. More is brought in several.
const ROWS_MAX: usize = 10_000;
/// So many faults are told one by one; more of them have one cause.
const FAULTS_SHOWN: usize = 100;

/// Is a column, with the names that stand for it, in small letters.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) also: &'static [&'static str],
    pub(super) is_needed: bool,
}

/// Is a row, cell by cell in the order of the columns that were asked for.
pub(super) struct Row {
    pub(super) line: u64,
    cells: Vec<String>,
}

impl Row {
    /// Returns a cell without the blanks around it; empty where the file has no such column.
    pub(super) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map(|cell| cell.trim()).unwrap_or_default()
    }
}

/// Is something wrong in a line of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedbackFileFault)]
pub struct Fault {
    /// The line, from 1 on.
    pub line: u64,
    /// The column; empty: the whole line.
    pub column: String,
    /// What is wrong, as a word: `stars`, `date`, `empty`, `too_long`, `state`, `link`, `torn`.
    pub what: String,
    /// What stands there.
    pub found: String,
}

impl Fault {
    pub(super) fn new(line: u64, column: &str, what: &str, found: &str) -> Self {
        // A cell may be a whole book.
        Self { line, column: column.to_owned(), what: what.to_owned(), found: found.chars().take(80).collect() }
    }
}

/// Is what a file comes to: before it is taken, and after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedbackFileReport)]
pub struct FileReport {
    /// Rows that can be read.
    pub good: u64,
    /// Rows that cannot.
    pub wrong: u64,
    /// Of the good ones, those that were here before; they change nothing.
    pub known: u64,
    /// Whether the good ones are kept; else this is a look ahead.
    pub applied: bool,
    /// What is wrong, by lines: the first hundred.
    pub faults: Vec<Fault>,
    /// The first rows as they are understood.
    pub sample: Vec<Vec<String>>,
}

impl FileReport {
    pub(super) fn of(good: usize, faults: Vec<Fault>, sample: Vec<Vec<String>>) -> Self {
        let mut lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
        lines.dedup();
        let faults = faults.into_iter().take(FAULTS_SHOWN).collect();
        Self { good: good as u64, wrong: lines.len() as u64, known: 0, applied: false, faults, sample }
    }
}

/// Reads a file: the rows that stand, and the lines that are torn.
///
/// # Errors
/// Says so when it has no rows, too many, or lacks a column.
pub(super) fn read(file: &[u8], columns: &[Column]) -> Result<(Vec<Row>, Vec<Fault>)> {
    // The reader counts lines by one of the two signs of a line's end.
    let text = decoded(file).replace("\r\n", "\n");
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: char| first.matches(sign).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|sign| count(*sign)).filter(|sign| count(*sign) > 0).unwrap_or(',');
    let mut reader = ReaderBuilder::new().delimiter(delimiter as u8).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Failure::new("The file cannot be read as a table").because(&error);
    let names: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(|name| name.trim().to_lowercase()).collect();
    let place = |column: &Column| names.iter().position(|name| name == column.name || column.also.contains(&name.as_str()));
    let places: Vec<Option<usize>> = columns.iter().map(place).collect();
    if let Some((column, _)) = columns.iter().zip(&places).find(|(column, place)| column.is_needed && place.is_none()) {
        let all: Vec<&str> = columns.iter().map(|column| column.name).collect();
        return Err(Failure::new(format!("The file has no column `{}`", column.name))
            .hint(format!("Name the columns in the first line: {}", all.join(", "))));
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        if rows.len() + faults.len() >= ROWS_MAX {
            return Err(Failure::new(format!("The file has more than {ROWS_MAX} rows")).hint("Bring it in several files"));
        }
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells = places.iter().map(|place| place.and_then(|at| record.get(at)).unwrap_or_default().to_owned());
                rows.push(Row { line, cells: cells.collect() });
            }
            Err(error) => faults.push(Fault::new(error.position().map_or(0, csv::Position::line), "", "torn", "")),
        }
    }
    if rows.is_empty() && faults.is_empty() {
        return Err(Failure::new("The file has no rows").hint("The first line names the columns; the others are the rows"));
    }
    Ok((rows, faults))
}

/// Writes rows as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe in front, which
/// [`unguarded`](crate::platform::cells::unguarded) takes away again.
pub(super) fn write(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let unwritten = |error: csv::Error| Failure::new("The table cannot be written").because(&error);
    writer.write_record(columns).map_err(unwritten)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell).into_owned())).map_err(unwritten)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new("The table cannot be written").because(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a day or a time: ISO 8601, or day.month.year, or day/month/year where the day tells itself. UTC where no zone is named.
pub(super) fn moment(text: &str) -> Option<Instant> {
    let at = |local: DateTime| local.to_zoned(TimeZone::UTC).ok().map(|zoned| Instant(zoned.timestamp().as_microsecond()));
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Instant(time.as_microsecond()));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return at(local);
    }
    let parts: Vec<i16> = text.split(['.', '/']).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [day, month, year] = parts[..] else { return None };
    // 03/04/2026 is March to some and April to others: only points mean day first for everybody.
    let is_plain = text.contains('.') || day > 12;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if is_plain && (1900..2200).contains(&year) { at(date.to_datetime(jiff::civil::Time::midnight())) } else { None }
}

/// Writes a time as [`moment`] reads it.
pub(super) fn written(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::cells::unguarded;

    const COLUMNS: [Column; 2] = [
        Column { name: "words", also: &["avis", "отзыв"], is_needed: true },
        Column { name: "stars", also: &[], is_needed: false },
    ];

    #[test]
    fn columns_are_found_by_name_in_any_order_and_alphabet() {
        for file in [
            "stars,words\n5,\"Good, very\"\n".as_bytes(),
            "Stars;AVIS\n5;Good, very\n".as_bytes(),
            b"\xef\xbb\xbfstars\twords\r\n5\tGood, very\r\n",
        ] {
            let (rows, faults) = read(file, &COLUMNS).expect("is read");
            assert_eq!((rows.len(), faults.len(), rows[0].line), (1, 0, 2));
            assert_eq!((rows[0].cell(0), rows[0].cell(1), rows[0].cell(9)), ("Good, very", "5", ""));
        }
        let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode("отзыв;stars\nОчень хороший магазин, спасибо;5\n");
        assert_eq!(read(&cyrillic, &COLUMNS).expect("is read").0[0].cell(0), "Очень хороший магазин, спасибо");
    }

    #[test]
    fn what_is_no_table_is_told_and_a_torn_line_tears_no_other() {
        for file in ["", "words,stars\n", "other,stars\nx,5\n"] {
            assert!(read(file.as_bytes(), &COLUMNS).is_err(), "{file}");
        }
        let (rows, faults) = read(b"words,stars\na,5\nb,5,too,many\nc,4\n", &COLUMNS).expect("is read");
        assert_eq!(rows.iter().map(|row| row.cell(0)).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!((faults[0].line, faults[0].what.as_str()), (3, "torn"));
    }

    #[test]
    fn no_cell_is_a_formula_and_what_is_written_is_read_again() {
        let cells = ["=1+1", "+7", "-3", "@x", "\tx", "plain", "'quoted", "a,b\"c\nd"];
        let text = write(&["words", "stars"], cells.iter().map(|cell| vec![(*cell).to_owned(), "1".to_owned()])).expect("writes");
        assert!(!text.lines().any(|line| line.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{text}");
        let (rows, _) = read(text.as_bytes(), &COLUMNS).expect("is read");
        for (row, cell) in rows.iter().zip(cells) {
            assert_eq!(unguarded(&row.cells[0]), cell);
        }
    }

    #[test]
    fn days_are_read_and_what_has_two_meanings_is_not() {
        let at = |text| moment(text).map(|at| written(at.0));
        assert_eq!(at("2026-03-04").as_deref(), Some("2026-03-04T00:00:00Z"));
        assert_eq!(at("2026-03-04T10:00:00+02:00").as_deref(), Some("2026-03-04T08:00:00Z"));
        assert_eq!(at("31.12.2025").as_deref(), Some("2025-12-31T00:00:00Z"));
        assert_eq!(at("31/12/2025").as_deref(), Some("2025-12-31T00:00:00Z"));
        for text in ["03/04/2026", "31.02.2026", "", "soon", "1.2.3.4", "1.1.99999"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
