//! Rows that were refused, kept in a file that can be mended and imported with the same mapping.
//!
//! Tables become CSV with the columns `_line` and `_reason` in front, in UTF-8 with a byte order mark (which is
//! stronger than an `encoding` in the mapping); documents become JSON Lines with two keys more. A file that
//! exists is never written over: somebody may be mending it. What a spreadsheet would take for a formula gets an apostrophe
//! in front, which the reader of such a file takes away again.

use super::page::{Broken, Header, LINE, REASON, Row};
use super::plan::Reason;
use crate::failure::Failure;
use crate::platform::cells::guarded_unless_number;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes rejects, from the first one on.
#[derive(Debug)]
pub(super) struct Rejects {
    /// The imported file; `None` in a dry run.
    input: Option<PathBuf>,
    fallback: Option<PathBuf>,
    delimiter: u8,
    open: Option<(Arc<Header>, Output)>,
    /// The files written so far.
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug)]
enum Output {
    Table(Box<csv::Writer<File>>),
    Documents(BufWriter<File>),
}

impl Rejects {
    /// Prepares to write beside `input`, or into `fallback` where that folder cannot be written.
    pub(super) fn new(input: Option<&Path>, fallback: Option<&Path>, delimiter: Option<char>) -> Self {
        Self {
            input: input.map(Path::to_owned),
            fallback: fallback.map(Path::to_owned),
            delimiter: delimiter.and_then(|sign| u8::try_from(sign).ok()).unwrap_or(b','),
            open: None,
            files: Vec::new(),
        }
    }

    /// Keeps a row that the mapping refused.
    pub(super) fn row(&mut self, header: &Arc<Header>, row: Row<'_>, reason: &Reason) -> Result<(), Failure> {
        if self.input.is_none() {
            return Ok(());
        }
        if let Some(document) = row.document() {
            let mut marked: Map<String, Value> = serde_json::from_str(document).unwrap_or_default();
            marked.insert(LINE.to_owned(), row.line().into());
            marked.insert(REASON.to_owned(), reason.says.as_ref().into());
            return self.document(header, &Value::Object(marked));
        }
        let line = row.line().to_string();
        let cells = kept_columns(header).map(|column| guarded_unless_number(row.verbatim(column)));
        self.table(header, [line.as_str().into(), reason.says.as_ref().into()].into_iter().chain(cells))
    }

    /// Keeps a row that could not be read.
    pub(super) fn broken(&mut self, header: &Arc<Header>, broken: &Broken) -> Result<(), Failure> {
        if self.input.is_none() {
            return Ok(());
        }
        if header.documents {
            let marked = serde_json::json!({ LINE: broken.line, REASON: broken.reason.says, "_text": broken.cells.concat() });
            return self.document(header, &marked);
        }
        let line = broken.line.to_string();
        let marks = [header.position(LINE), header.position(REASON)];
        let cells = broken
            .cells
            .iter()
            .enumerate()
            .filter(|(column, _)| !marks.contains(&Some(*column)))
            .map(|(_, cell)| guarded_unless_number(cell));
        self.table(header, [line.as_str().into(), broken.reason.says.as_ref().into()].into_iter().chain(cells))
    }

    /// Makes everything written last.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let result = match &mut self.open {
            Some((_, Output::Table(table))) => table.flush(),
            Some((_, Output::Documents(file))) => file.flush(),
            None => Ok(()),
        };
        result.map_err(|error| self.cannot_write(&error))
    }

    fn document(&mut self, header: &Arc<Header>, document: &Value) -> Result<(), Failure> {
        self.open_for(header)?;
        let result = match &mut self.open {
            Some((_, Output::Documents(file))) => writeln!(file, "{document}"),
            _ => Ok(()),
        };
        result.map_err(|error| self.cannot_write(&error))
    }

    fn table<'a>(&mut self, header: &Arc<Header>, cells: impl Iterator<Item = Cow<'a, str>>) -> Result<(), Failure> {
        self.open_for(header)?;
        let result = match &mut self.open {
            Some((_, Output::Table(table))) => table.write_record(cells.map(|cell| cell.into_owned())),
            _ => Ok(()),
        };
        result.map_err(|error| self.cannot_write(&error))
    }

    /// Opens the next file when there is none, or when the columns have changed from one member to the next.
    fn open_for(&mut self, header: &Arc<Header>) -> Result<(), Failure> {
        if self.open.as_ref().is_some_and(|(open, _)| open.columns == header.columns) {
            return Ok(());
        }
        self.finish()?;
        let ending = if header.documents { "jsonl" } else { "csv" };
        let (path, mut file) = self.create(ending)?;
        self.files.push(path);
        let output = if header.documents {
            Output::Documents(BufWriter::new(file))
        } else {
            let begun = file.write_all(b"\xef\xbb\xbf").map_err(|error| self.cannot_write(&error));
            let mut table = csv::WriterBuilder::new().delimiter(self.delimiter).flexible(true).from_writer(file);
            let names = kept_columns(header).map(|column| guarded_unless_number(&header.columns[column]).into_owned());
            let names = [LINE.to_owned(), REASON.to_owned()].into_iter().chain(names);
            begun.and(table.write_record(names).map_err(|error| self.cannot_write(&error)))?;
            Output::Table(Box::new(table))
        };
        self.open = Some((Arc::clone(header), output));
        Ok(())
    }

    fn create(&self, ending: &str) -> Result<(PathBuf, File), Failure> {
        let Some(input) = &self.input else {
            return Err(Failure::new("A dry run keeps no rejects"));
        };
        let name = input.file_name().unwrap_or(input.as_os_str()).to_string_lossy();
        let beside = input.parent().map(Path::to_owned);
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for folder in [beside, self.fallback.clone()].into_iter().flatten() {
            for number in 1..1000 {
                let count = if number == 1 { String::new() } else { format!("-{number}") };
                let path = folder.join(format!("{name}.rejected{count}.{ending}"));
                match owned().open(&path) {
                    Ok(file) => return Ok((path, file)),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        last = error;
                        break;
                    }
                }
            }
        }
        Err(self.cannot_write(&last))
    }

    fn cannot_write(&self, error: &dyn std::error::Error) -> Failure {
        Failure::new("Cannot write the rejected rows, so that they would be lost")
            .because(error)
            .hint("Make room or the folder writable and import again: what is there already is not added twice")
    }
}

/// Says how a file of rejects is made: new, and for nobody else to read, because whole rows are personal.
fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns the columns of the file itself, without those that an earlier file of rejects added.
fn kept_columns(header: &Header) -> impl Iterator<Item = usize> {
    header.columns.iter().enumerate().filter(|(_, name)| *name != LINE && *name != REASON).map(|(column, _)| column)
}
