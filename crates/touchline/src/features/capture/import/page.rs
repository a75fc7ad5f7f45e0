//! What every reader hands on: pages of rows whose cells are text, in one buffer, with their line numbers.
//!
//! One form for all kinds of files keeps everything behind the readers simple; pages are bounded, so memory is too.

use super::plan::Reason;
use crate::failure::Failure;
use std::sync::Arc;

/// The name of the column that holds the line of a row in its first file.
pub(super) const LINE: &str = "_line";
/// The name of the column that holds the member of an archive, or the file.
pub(super) const FILE: &str = "_file";
/// The name of the column that says why a row was refused.
pub(super) const REASON: &str = "_reason";

/// A page is handed on when it has so many rows …
const ROWS: usize = 4096;
/// … or so many bytes, of whatever it holds.
const BYTES: usize = 1 << 20;

/// Is what is known of a file, or of a member of an archive, before its first row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// The name of the file or member.
    pub(super) member: String,
    /// The columns, in order.
    pub(super) columns: Vec<String>,
    /// Whether rows are documents of which only the wanted columns are cells; they then carry their raw text.
    pub(super) documents: bool,
}

impl Header {
    /// Finds a column by its name.
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }
}

/// Is a row that the reader itself could not make sense of.
#[derive(Debug)]
pub(super) struct Broken {
    /// Where it stands.
    pub(super) line: u64,
    /// What is wrong; never the content.
    pub(super) reason: Reason,
    /// The cells as far as they were found.
    pub(super) cells: Vec<String>,
}

/// Is a bounded run of rows.
#[derive(Debug)]
pub(super) struct Page {
    /// What the rows have in common.
    pub(super) header: Arc<Header>,
    /// The bytes of the file on disk consumed so far, for progress.
    pub(super) consumed: u64,
    /// Rows that could not be read.
    pub(super) broken: Vec<Broken>,
    text: String,
    ends: Vec<usize>,
    lines: Vec<u64>,
    raw: Vec<String>,
    /// The bytes held beside `text` and `ends`.
    beside: usize,
}

impl Page {
    /// Makes an empty page.
    pub(super) fn new(header: Arc<Header>) -> Self {
        Self {
            header,
            consumed: 0,
            broken: Vec::new(),
            text: String::new(),
            ends: Vec::new(),
            lines: Vec::new(),
            raw: Vec::new(),
            beside: 0,
        }
    }

    /// Returns the number of good rows.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns one row.
    pub(super) fn row(&self, index: usize) -> Row<'_> {
        Row { page: self, index }
    }

    /// Returns all rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// Adds the next cell of the row under way.
    pub(super) fn cell(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// Ends the row under way, which has as many cells as the header has columns.
    pub(super) fn end_row(&mut self, line: u64, raw: Option<String>) {
        self.lines.push(line);
        self.beside += raw.as_ref().map_or(0, String::len);
        self.raw.extend(raw);
        debug_assert_eq!(self.ends.len(), self.lines.len() * self.header.columns.len(), "every row fills the header");
        debug_assert!(self.raw.is_empty() || self.raw.len() == self.lines.len(), "documents always carry their text");
    }

    /// Adds a row that could not be read.
    fn add_broken(&mut self, broken: Broken) {
        self.beside += broken.cells.iter().map(|cell| cell.len() + size_of::<String>()).sum::<usize>();
        self.broken.push(broken);
    }

    fn is_full(&self) -> bool {
        // Cells may be empty and many.
        let bytes = self.text.len() + self.ends.len() * size_of::<usize>() + self.beside;
        self.lines.len() + self.broken.len() >= ROWS || bytes >= BYTES
    }
}

/// Is one row of a page.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    page: &'a Page,
    index: usize,
}

impl<'a> Row<'a> {
    /// Returns the text of a cell, without the space around it.
    pub(super) fn cell(self, column: usize) -> &'a str {
        self.verbatim(column).trim()
    }

    /// Returns the text of a cell as it stands.
    pub(super) fn verbatim(self, column: usize) -> &'a str {
        let at = self.index * self.page.header.columns.len() + column;
        let start = if at == 0 { 0 } else { self.page.ends[at - 1] };
        &self.page.text[start..self.page.ends[at]]
    }

    /// Returns the line at which the row begins in its file.
    pub(super) fn line(self) -> u64 {
        self.page.lines[self.index]
    }

    /// Returns the document of which the row was made, if it was.
    pub(super) fn document(self) -> Option<&'a str> {
        self.page.raw.get(self.index).map(String::as_str)
    }
}

/// Is why reading stopped before the end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file is damaged from here on; what came before counts.
    Damaged(String),
    /// Nothing can be made of the file.
    Refused(Failure),
    /// Whoever takes the pages has enough.
    Enough,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

/// Takes rows from a reader and hands on pages.
pub(super) struct Out<'a> {
    page: Page,
    consumed: &'a dyn Fn() -> u64,
    send: &'a mut dyn FnMut(Page) -> Result<(), Stop>,
}

impl<'a> Out<'a> {
    /// Starts with the header of a file or member.
    pub(super) fn new(header: Header, consumed: &'a dyn Fn() -> u64, send: &'a mut dyn FnMut(Page) -> Result<(), Stop>) -> Self {
        Self { page: Page::new(Arc::new(header)), consumed, send }
    }

    /// Adds the next cell of the row under way.
    pub(super) fn cell(&mut self, text: &str) {
        self.page.cell(|buffer| buffer.push_str(text));
    }

    /// Ends the row under way.
    pub(super) fn end_row(&mut self, line: u64, raw: Option<String>) -> Result<(), Stop> {
        self.page.end_row(line, raw);
        self.flush_when_full()
    }

    /// Reports a row that makes no sense.
    pub(super) fn broken(&mut self, line: u64, reason: Reason, cells: Vec<String>) -> Result<(), Stop> {
        self.page.add_broken(Broken { line, reason, cells });
        self.flush_when_full()
    }

    /// Hands on what is left, whatever the reason for the end. Every reader calls it exactly once.
    pub(super) fn finish(mut self, result: Result<(), Stop>) -> Result<(), Stop> {
        let flushed = if matches!(result, Err(Stop::Enough)) { Ok(()) } else { self.flush() };
        result.and(flushed)
    }

    fn flush_when_full(&mut self) -> Result<(), Stop> {
        if self.page.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let mut next = Page::new(Arc::clone(&self.page.header));
        std::mem::swap(&mut next, &mut self.page);
        next.consumed = (self.consumed)();
        (self.send)(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tell;

    /// Checks how many rows a page takes before it is full.
    fn check(columns: usize, mut add: impl FnMut(&mut Page), expected: usize) {
        let columns = (0..columns).map(|number| number.to_string()).collect();
        let mut page = Page::new(Arc::new(Header { member: String::new(), columns, documents: false }));
        let mut rows = 0;
        while !page.is_full() {
            add(&mut page);
            rows += 1;
        }
        assert_eq!(rows, expected);
    }

    #[test]
    fn pages_are_bounded_by_all_they_hold() {
        let filled = |page: &mut Page, text: &str, raw: Option<String>| {
            for _ in 0..page.header.columns.len() {
                page.cell(|cell| cell.push_str(text));
            }
            page.end_row(1, raw);
        };
        check(1, |page| filled(page, "", None), ROWS);
        check(1, |page| filled(page, &"x".repeat(BYTES / 4), None), 4);
        check(1, |page| filled(page, "", Some("x".repeat(BYTES / 4))), 4);
        check(BYTES / 16, |page| filled(page, "", None), 2);
        let broken = || Broken { line: 1, reason: tell!(line_no_object, ""), cells: vec!["x".repeat(BYTES / 4)] };
        check(1, |page| page.add_broken(broken()), 4);
    }
}
