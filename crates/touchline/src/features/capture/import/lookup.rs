//! Further tables that a mapping joins by a key: small ones, held in memory.

use super::mapping::{FileShape, Lookup};
use super::page::{Page, Stop};
use super::read::{Wants, read, unknown_column};
use super::source;
use crate::failure::Failure;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicU64;

/// A further table has at most so many rows; a larger one is joined before the import.
const ROWS: usize = 1_000_000;

/// Is a further table: key → the columns taken over.
#[derive(Debug)]
pub(super) struct Table {
    /// The name by which the mapping calls it.
    pub(super) name: String,
    /// The column of the imported file that holds the key.
    pub(super) column: String,
    /// The columns taken over, in the order of the values.
    pub(super) take: Vec<String>,
    rows: HashMap<String, Vec<String>>,
}

impl Table {
    /// Returns one value; empty where the key is unknown.
    pub(super) fn value(&self, key: &str, take: usize) -> &str {
        self.rows.get(key).map_or("", |row| &row[take])
    }

    /// Loads a table from beside the imported file or beside the mapping, or from folders there.
    ///
    /// A row that cannot be read and a second row with the same key are refused: which of two rows is meant, nobody knows.
    pub(super) fn load(name: &str, lookup: &Lookup, beside: &[&Path]) -> Result<Self, Failure> {
        let path = find(name, &lookup.file, beside)?;
        let mut wanted = vec![lookup.key.clone()];
        wanted.extend(lookup.take.iter().filter(|column| **column != lookup.key).cloned());
        let wants = Wants { columns: wanted, everything: false };
        let (name, column, take) = (name.to_owned(), lookup.column.clone(), lookup.take.clone());
        let mut table = Self { name, column, take, rows: HashMap::new() };
        let meter = AtomicU64::new(0);
        let result = source::visit(&path, &FileShape::default(), &meter, &mut |member| {
            read(member, &FileShape::default(), &wants, &|| 0, &mut |page| Ok(table.page(&page, lookup)?)).map(|_| ())
        });
        match result {
            Ok(_) => Ok(table),
            Err(Stop::Refused(failure)) => Err(failure),
            Err(Stop::Damaged(what)) => {
                Err(Failure::new(format!("`{}` is damaged: {what}", path.display())).hint("Fetch it again"))
            }
            Err(Stop::Enough) => Err(too_large(&lookup.file)),
        }
    }

    /// Takes in a page.
    fn page(&mut self, page: &Page, lookup: &Lookup) -> Result<(), Failure> {
        let refused = |line: u64, reason: &str| {
            Failure::new(format!("Line {line} of `{}`: {reason}", lookup.file)).hint("Mend it and import again")
        };
        if let Some(broken) = page.broken.first() {
            return Err(refused(broken.line, &broken.reason.says));
        }
        let place = |column: &String| {
            page.header.position(column).ok_or_else(|| unknown_column(column, &page.header.member, &page.header.columns))
        };
        let key = place(&lookup.key)?;
        let take = lookup.take.iter().map(place).collect::<Result<Vec<usize>, Failure>>()?;
        for row in page.rows() {
            let values = take.iter().map(|column| row.cell(*column).to_owned()).collect();
            if self.rows.insert(row.cell(key).to_owned(), values).is_some() {
                return Err(refused(row.line(), &format!("another row has the same `{}`", lookup.key)));
            }
        }
        if self.rows.len() > ROWS { Err(too_large(&lookup.file)) } else { Ok(()) }
    }
}

fn too_large(file: &str) -> Failure {
    Failure::new(format!("`{file}` has more than {ROWS} rows, too many for a lookup")).hint("Join the tables before the import")
}

/// Finds the file. A mapping may come from elsewhere, and must not reach files that nobody put beside it.
fn find(name: &str, file: &str, beside: &[&Path]) -> Result<PathBuf, Failure> {
    let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(Failure::new(format!("`{file}`, which [lookup.{name}] of the mapping names, leads elsewhere"))
            .hint("Put it beside the imported file or the mapping, and name it from there, without `..`"));
    }
    beside.iter().map(|folder| folder.join(file)).find(|path| path.is_file()).ok_or_else(|| {
        Failure::new(format!("Cannot find `{file}`, which [lookup.{name}] of the mapping names"))
            .hint("Put it into the folder of the imported file")
    })
}
