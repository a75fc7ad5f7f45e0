//! Further tables that a mapping joins by a key: small ones, held in memory.

use super::mapping::{FileShape, Lookup};
use super::page::Stop;
use super::read::{Wants, read};
use super::source;
use crate::failure::Failure;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
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

    /// Loads a table from beside the imported file or beside the mapping.
    pub(super) fn load(name: &str, lookup: &Lookup, beside: &[&Path]) -> Result<Self, Failure> {
        let path = find(&lookup.file, beside)
            .ok_or_else(|| {
                Failure::new(format!("Cannot find `{}`, which [lookup.{name}] of the mapping names", lookup.file))
                    .hint("Put it into the folder of the imported file")
            })?;
        let mut wanted = vec![lookup.key.clone()];
        wanted.extend(lookup.take.iter().filter(|column| **column != lookup.key).cloned());
        let wants = Wants { columns: wanted, everything: false };
        let mut rows = HashMap::new();
        let meter = AtomicU64::new(0);
        let result = source::visit(&path, &FileShape::default(), &meter, &mut |member| {
            read(member, &FileShape::default(), &wants, &|| 0, &mut |page| {
                let place = |column: &String| {
                    page.header.position(column).ok_or_else(|| super::read::unknown_column(column, &page.header.member, &page.header.columns))
                };
                let key = place(&lookup.key)?;
                let take = lookup.take.iter().map(place).collect::<Result<Vec<usize>, Failure>>()?;
                for row in page.rows() {
                    let values = take.iter().map(|column| row.cell(*column).to_owned()).collect();
                    rows.insert(row.cell(key).to_owned(), values);
                }
                if rows.len() > ROWS {
                    return Err(too_large(&lookup.file).into());
                }
                Ok(())
            })
            .map(|_| ())
        });
        match result {
            Ok(_) => Ok(Self { name: name.to_owned(), column: lookup.column.clone(), take: lookup.take.clone(), rows }),
            Err(Stop::Refused(failure)) => Err(failure),
            Err(Stop::Damaged(what)) => Err(Failure::new(format!("`{}` is damaged: {what}", path.display())).hint("Fetch it again")),
            Err(Stop::Enough) => Err(too_large(&lookup.file)),
        }
    }
}

fn too_large(file: &str) -> Failure {
    Failure::new(format!("`{file}` has more than {ROWS} rows, too many for a lookup")).hint("Join the tables before the import")
}

fn find(file: &str, beside: &[&Path]) -> Option<PathBuf> {
    beside.iter().map(|folder| folder.join(file)).find(|path| path.is_file())
}
