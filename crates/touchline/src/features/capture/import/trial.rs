//! The first rows of a file, each with what a mapping makes of it: interactions, nothing, or a refusal with its reason.
//!
//! Unlike the samples of a dry run, this is told row by row, so that whoever mends a mapping sees cause and effect.

use super::Sample;
use super::lookup::Table;
use super::mapping::{FileShape, Mapping};
use super::page::{LINE, Page, REASON, Row, Stop};
use super::plan::{Binder, Reason, Scope};
use super::read::{Wants, read};
use super::row::{RowPlan, Running};
use super::source;
use crate::fail;
use crate::failure::Failure;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use utoipa::ToSchema;

/// So many rows are shown from the beginning …
const SHOWN: usize = 8;
/// … and so many refused ones from behind them.
const REFUSED: usize = 5;
/// Letters of a cell that are shown.
const LETTERS: usize = 80;

/// Is the beginning of a file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Glance {
    /// The columns that the file has.
    pub columns: Vec<String>,
    /// The first rows; of each as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// Is a row and what becomes of it.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct TriedRow {
    /// The line at which it begins.
    pub line: u64,
    /// What stands in it; a long text is cut.
    pub cells: Vec<String>,
    /// The interactions that it tells of; names are masked. Of a row of a group, what it would be alone.
    pub becomes: Vec<Sample>,
    /// Why it is refused.
    pub refused: Option<Reason>,
    /// The rule by which it is left out.
    pub skipped: Option<String>,
}

/// Looks at the beginning of a file, without a mapping.
///
/// # Errors
/// Refuses a file that cannot be read.
pub fn glance(file: &Path) -> Result<Glance, Failure> {
    let page = first_page(file, &FileShape::default())?;
    let shown = shown_columns(&page);
    let rows = page.rows().take(SHOWN).map(|row| cells(row, &shown)).collect();
    Ok(Glance { columns: names(&page, &shown), rows })
}

/// Tells what becomes of the first rows by a mapping, with the columns of the file.
///
/// # Errors
/// Refuses a file that cannot be read, and a mapping that does not fit it.
pub fn first_rows(file: &Path, mapping: &Mapping) -> Result<(Vec<String>, Vec<TriedRow>), Failure> {
    let page = first_page(file, &mapping.file)?;
    let shown = shown_columns(&page);
    let tables: Vec<Table> = Vec::new();
    let plan = RowPlan::bind(mapping, &Binder { header: &page.header, tables: &tables })?;
    let mut trying = Trying { mapping, plan, tables, running: Running::new(mapping) };
    let mut rows: Vec<TriedRow> = page
        .broken
        .iter()
        .take(REFUSED)
        .map(|broken| TriedRow {
            line: broken.line,
            cells: broken.cells.iter().map(|cell| cut(cell)).collect(),
            becomes: Vec::new(),
            refused: Some(broken.reason.clone()),
            skipped: None,
        })
        .collect();
    let mut refused = 0;
    for (number, row) in page.rows().enumerate() {
        let tried = trying.row(&page, row, &shown);
        let is_first = number < SHOWN;
        refused += usize::from(!is_first && tried.refused.is_some());
        if is_first || (tried.refused.is_some() && refused <= REFUSED) {
            rows.push(tried);
        }
    }
    rows.sort_by_key(|row| row.line);
    Ok((names(&page, &shown), rows))
}

/// Is a mapping bound to a file.
struct Trying<'a> {
    mapping: &'a Mapping,
    plan: RowPlan,
    tables: Vec<Table>,
    running: Running,
}

impl Trying<'_> {
    fn row(&mut self, page: &Page, row: Row<'_>, shown: &[usize]) -> TriedRow {
        let mut tried =
            TriedRow { line: row.line(), cells: cells(row, shown), becomes: Vec::new(), refused: None, skipped: None };
        let scope = Scope { row, member: &page.header.member, tables: &self.tables };
        if let Some(rule) = self.plan.skipped(scope) {
            tried.skipped = Some(self.mapping.skip[rule].because.clone());
            return tried;
        }
        match becomes(self.mapping, &self.plan, &mut self.running, scope) {
            Ok(becomes) => tried.becomes = becomes,
            Err(reason) => tried.refused = Some(reason),
        }
        tried
    }
}

/// Reads a row as interactions, or says why it is refused.
fn becomes(mapping: &Mapping, plan: &RowPlan, running: &mut Running, scope: Scope<'_>) -> Result<Vec<Sample>, Reason> {
    let content = mapping.needs_content().then(|| (plan.content(scope), 0));
    let said = plan.read(scope, content, running)?;
    let namespaces: Vec<String> = mapping.person.identities.iter().map(|name| name.namespace.clone()).collect();
    let signatures = &mut running.signatures;
    let finished = said.drafts.into_iter().map(|draft| draft.finish(&mapping.source, &namespaces, signatures));
    finished.map(|arrival| Ok(Sample::of(&arrival?))).collect()
}

/// Reads the first page of a file.
fn first_page(file: &Path, shape: &FileShape) -> Result<Page, Failure> {
    let mut found: Option<Page> = None;
    let wants = Wants { columns: Vec::new(), everything: true };
    let result = source::visit(file, shape, &AtomicU64::new(0), &mut |member| {
        let sent = read(member, shape, &wants, &|| 0, &mut |page: Page| {
            found.get_or_insert(page);
            Err(Stop::Enough)
        });
        sent.map(|_| ())
    });
    match (result, found) {
        (Err(Stop::Refused(failure)), _) => Err(failure),
        (_, Some(page)) => Ok(page),
        (_, None) => Err(fail!(
            file_no_rows,
            "`{file}` holds no rows to look at",
            "Export it again",
            file = file.file_name().unwrap_or_default().to_string_lossy().into_owned()
        )),
    }
}

/// Finds the columns of the file itself, without those that an earlier file of rejects added.
fn shown_columns(page: &Page) -> Vec<usize> {
    let columns = page.header.columns.iter().enumerate();
    columns.filter(|(_, name)| *name != LINE && *name != REASON).map(|(column, _)| column).collect()
}

fn names(page: &Page, shown: &[usize]) -> Vec<String> {
    shown.iter().map(|column| page.header.columns[*column].clone()).collect()
}

fn cells(row: Row<'_>, shown: &[usize]) -> Vec<String> {
    shown.iter().map(|column| cut(row.cell(*column))).collect()
}

fn cut(cell: &str) -> String {
    match cell.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(text: &str, mapping: &str) -> (Vec<String>, Vec<TriedRow>) {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("orders.csv");
        std::fs::write(&file, text).expect("writes");
        first_rows(&file, &Mapping::parse(mapping, "m.toml").expect("valid")).expect("fits")
    }

    const MAPPING: &str = "source = \"till\"\nform = \"purchase\"\n[time]\ncolumn = \"day\"\nformat = \"%d.%m.%Y\"\n\
        [person]\nidentities = [{ namespace = \"email\", column = \"mail\" }]\n\
        [value]\ncolumn = \"sum\"\ndecimal = \",\"\nthousands = \".\"\ncurrency = \"EUR\"\n\
        [[skip]]\nbecause = \"a test\"\nwhen = [{ column = \"mail\", equals = \"test@example.org\" }]\n";

    #[test]
    fn each_row_says_what_becomes_of_it() {
        let text = "day;mail;sum\n03.02.2026;ada@example.org;1.250,50\n31.02.2026;eve@example.org;1,00\n04.02.2026;test@example.org;2,00\n1;2\n";
        let (columns, rows) = tried(text, MAPPING);
        assert_eq!(columns, ["day", "mail", "sum"]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
        let sample = &rows[0].becomes[0];
        assert_eq!((sample.value.as_deref(), sample.who.join(" ")), (Some("1250.50 EUR"), "email:ad…".to_owned()));
        let told = rows[1].refused.as_ref().expect("is refused");
        assert_eq!((&*told.code, told.stored_values().as_str()), ("time_unreadable", r#"{"columns":["day"]}"#), "{rows:?}");
        assert!(!told.says.contains("31.02"), "{told:?}");
        assert_eq!(rows[2].skipped.as_deref(), Some("a test"));
        let told = rows[3].refused.as_ref().expect("is refused");
        assert_eq!((&*told.code, told.stored_values().as_str()), ("cells_miscounted", r#"{"cells":2,"header":3}"#));
    }

    #[test]
    fn a_refused_row_far_below_is_shown_too() {
        let good = "03.02.2026;ada@example.org;1,00\n".repeat(50);
        let (_, rows) = tried(&format!("day;mail;sum\n{good}never;ada@example.org;1,00\n"), MAPPING);
        assert_eq!(rows.len(), SHOWN + 1);
        assert_eq!(rows.last().map(|row| (row.line, row.refused.is_some())), Some((52, true)));
    }
}
