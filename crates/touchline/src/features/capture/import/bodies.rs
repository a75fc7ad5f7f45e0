//! JSON bodies that arrive one at a time, read by the same mapping as files.
//!
//! A body is one row or a list of rows; a path names the list. Columns are paths inside a row, as in a JSON Lines file;
//! `_body.PATH` reaches into the whole body from each of its rows, `_above.PATH` into what holds the list. What only a
//! file can have (further tables, rows that make one interaction, dates without a year) is refused beforehand.

use super::draft::Draft;
use super::mapping::{Duplicates, Mapping};
use super::page::{Header, Page};
use super::plan::{Binder, Scope, wants};
use super::read::documents;
use super::row::{RowPlan, Running};
use crate::failure::Failure;
use crate::features::capture::{Delivery, Reason, Refused, Source};
use crate::{fail, tell};
use model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name that deliveries of bodies bear.
pub(in crate::features::capture) const FORMAT: &str = "body";

/// A body holds so many rows at most: more is a file.
const ROWS_MAX: usize = 1_000;
/// How a column that is looked for in the whole body begins.
const BODY: &str = "_body.";
/// How a column that is looked for in what holds the list begins.
const ABOVE: &str = "_above.";

/// Is a mapping ready to read bodies.
#[derive(Debug)]
pub struct Bodies {
    mapping: Mapping,
    text: String,
    rows: Vec<String>,
    namespaces: Vec<String>,
    header: Arc<Header>,
    plan: RowPlan,
}

/// Is a row as the mapping sees it, with all that is needed to read it again.
#[derive(Serialize, Deserialize)]
struct Row {
    mapping: String,
    message: String,
    position: usize,
    cells: BTreeMap<String, String>,
}

/// Is one row with what stands around it.
#[derive(Clone, Copy)]
struct Found<'a> {
    row: &'a Value,
    above: &'a Value,
}

impl Bodies {
    /// Binds a mapping to bodies whose rows stand at a path such as `data.items`; an empty path is the body itself.
    /// `name` is the mapping's, for messages.
    ///
    /// # Errors
    /// Refuses a mapping that needs a file, or contradicts itself.
    pub fn new(text: &str, name: &str, rows: &str) -> Result<Self, Failure> {
        let mapping = Mapping::parse(text, name)?;
        let needs_file = [
            (!mapping.lookup.is_empty(), "[lookup]"),
            (mapping.group.is_some(), "[group]"),
            (mapping.duplicates == Duplicates::Drop, "`duplicates`"),
            (mapping.time.parts.as_ref().is_some_and(|parts| parts.first_year.is_some()), "`first_year`"),
        ];
        if let Some((_, what)) = needs_file.into_iter().find(|(needs, _)| *needs) {
            return Err(fail!(
                mapping_for_files,
                "{part} is for files: a body stands alone",
                "Take it out of the mapping",
                part = what
            ));
        }
        let header = Header { member: "the body".to_owned(), columns: wants(&mapping).columns, documents: true };
        let plan = RowPlan::bind(&mapping, &Binder { header: &header, tables: &[] })?;
        Ok(Self {
            text: text.to_owned(),
            rows: rows.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect(),
            namespaces: mapping.person.identities.iter().map(|name| name.namespace.clone()).collect(),
            header: Arc::new(header),
            plan,
            mapping,
        })
    }

    /// Returns the source that the mapping names.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.mapping.source
    }

    /// Reads a body. Where the mapping makes no id, `message` and the place of the row do.
    #[must_use]
    pub fn read(&self, body: &Value, message: &str) -> Delivery {
        let source = self.mapping.source.clone();
        let mut delivery = Delivery { source, format: FORMAT, ..Delivery::default() };
        let (mut found, mut left) = (Vec::new(), 0);
        collect(body, body, &self.rows, &mut found, &mut left);
        let mut running = Running::new(&self.mapping);
        for (position, row) in found.into_iter().enumerate() {
            let row = Row { mapping: self.text.clone(), message: message.to_owned(), position, cells: self.cells(body, row) };
            self.take(row, &mut running, &mut delivery);
        }
        if left > 0 {
            let reason = tell!(
                too_many_rows,
                "{rows} rows beyond the {limit}th were not read: send them apart",
                rows = left,
                limit = ROWS_MAX
            );
            delivery.refused.push(Refused { position: ROWS_MAX, reason, raw: Vec::new() });
        }
        delivery
    }

    /// Copies what the mapping wants of a row, from wherever it stands. A row that is no object has nothing of its own.
    fn cells(&self, body: &Value, found: Found<'_>) -> BTreeMap<String, String> {
        let nothing = Map::new();
        let cell = |column: &String| {
            let (value, path) = match (column.strip_prefix(BODY), column.strip_prefix(ABOVE)) {
                (Some(path), _) => (body, path),
                (_, Some(path)) => (found.above, path),
                _ => (found.row, column.as_str()),
            };
            let mut text = String::new();
            documents::write(value.as_object().unwrap_or(&nothing), path, &mut text);
            // No database keeps it in a text.
            text.retain(|sign| sign != '\0');
            (!text.is_empty()).then(|| (column.clone(), text))
        };
        self.header.columns.iter().filter_map(cell).collect()
    }

    /// Reads a row; where it is refused, it goes where it can be mended.
    fn take(&self, row: Row, running: &mut Running, delivery: &mut Delivery) {
        if let Err(reason) = self.try_take(&row, running, delivery) {
            // Texts and numbers alone always become JSON.
            let raw = serde_json::to_vec(&row).unwrap_or_default();
            delivery.refused.push(Refused { position: row.position, reason, raw });
        }
    }

    fn try_take(&self, row: &Row, running: &mut Running, delivery: &mut Delivery) -> Result<(), Reason> {
        let mut page = Page::new(Arc::clone(&self.header));
        for column in &self.header.columns {
            page.cell(|cell| cell.push_str(row.cells.get(column).map_or("", String::as_str)));
        }
        page.end_row(row.position as u64, None);
        let scope = Scope { row: page.row(0), member: "", tables: &[] };
        if self.plan.skipped(scope).is_some() {
            return Ok(());
        }
        let said = self.plan.read(scope, Some((hash(&row.message, row.position), 0)), running)?;
        let finish = |draft: Draft| draft.finish(&self.mapping.source, &self.namespaces, &mut running.signatures);
        let arrivals = said.drafts.into_iter().map(finish).collect::<Result<Vec<_>, _>>()?;
        delivery.arrivals.extend(arrivals);
        delivery.claims.extend(said.facts);
        delivery.traits.extend(said.traits);
        Ok(())
    }
}

/// Reads a row again that was refused and then mended: its cells, or its mapping, or both.
pub(in crate::features::capture) fn read_again(source: &Source, raw: &[u8], _: Instant) -> Delivery {
    let mut delivery = Delivery { source: source.name.clone(), format: FORMAT, ..Delivery::default() };
    let read =
        serde_json::from_slice::<Row>(raw).map_err(|_| tell!(row_unreadable, "it is no row with its mapping")).and_then(|row| {
            let bodies = Bodies::new(&row.mapping, "the mapping", "").map_err(|failure| why(&failure))?;
            let mut running = Running::new(&bodies.mapping);
            bodies.try_take(&row, &mut running, &mut delivery)
        });
    if let Err(reason) = read {
        delivery.refused.push(Refused { position: 0, reason, raw: raw.to_vec() });
    }
    delivery
}

/// Says why a mapping cannot read a row.
fn why(failure: &Failure) -> Reason {
    let says = failure.to_string().into();
    match &failure.telling {
        Some(telling) => Reason { says, ..Reason::clone(telling) },
        None => tell!(row_unreadable, "{failure}"),
    }
}

/// Walks down the path; lists on the way are entered, so that rows of several lists follow each other.
fn collect<'a>(value: &'a Value, above: &'a Value, path: &[String], found: &mut Vec<Found<'a>>, left: &mut usize) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, above, path, found, left)),
        (Value::Null, _) => {}
        (row, []) if found.len() < ROWS_MAX => found.push(Found { row, above }),
        (_, []) => *left += 1,
        (Value::Object(fields), [step, rest @ ..]) => {
            if let Some(inner) = fields.get(step) {
                collect(inner, value, rest, found, left);
            }
        }
        _ => {}
    }
}

/// Makes the content of a row that has no id of its own: the message and its place in it.
fn hash(message: &str, position: usize) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(position as u64).to_le_bytes());
    hasher.update(message.as_bytes());
    let mut head = [0; 16];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::capture::{SourceKind, SourceSettings};
    use serde_json::json;

    fn bodies(rows: &str, more: &str) -> Bodies {
        let text = format!("source = \"t\"\nform = \"purchase\"\n{more}\n[time]\ncolumn = \"at\"\nformat = \"epoch_s\"\n");
        Bodies::new(&text, "m.toml", rows).expect("binds")
    }

    /// Checks which message ids come out of a body, and which positions are refused.
    #[track_caller]
    fn check(rows: &str, body: &Value, ids: &[&str], refused: &[usize]) {
        let delivery = bodies(rows, "id = [\"id\"]").read(body, "m1");
        let found: Vec<&str> =
            delivery.arrivals.iter().map(|arrival| std::str::from_utf8(&arrival.message_id).expect("text")).collect();
        assert_eq!(found, ids, "{body}");
        assert_eq!(delivery.refused.iter().map(|refused| refused.position).collect::<Vec<_>>(), refused, "{body}");
    }

    #[test]
    fn rows_are_found_wherever_they_stand() {
        let row = |id: &str| json!({ "id": id, "at": 1 });
        check("", &row("a"), &["a"], &[]);
        check("", &json!([row("a"), row("b")]), &["a", "b"], &[]);
        check("data.items", &json!({ "data": { "items": [row("a"), row("b")] } }), &["a", "b"], &[]);
        check("all.items", &json!({ "all": [{ "items": [row("a")] }, { "items": row("b") }, {}] }), &["a", "b"], &[]);
        check("items", &json!({ "items": null }), &[], &[]);
        check("items", &json!("text"), &[], &[]);
        check("", &json!([]), &[], &[]);
    }

    #[test]
    fn a_bad_row_refuses_itself_alone() {
        let body = json!([{ "id": "a", "at": 1 }, 7, { "id": "b", "at": "soon" }, { "at": 1 }, { "id": "c", "at": 2 }]);
        check("", &body, &["a", "c"], &[1, 2, 3]);
    }

    #[test]
    fn a_refused_row_can_be_mended_and_read_again() {
        let more = "id = [\"_body.order\", \"id\"]";
        let body = json!({ "order": 5, "lines": [{ "id": "x", "at": "soon" }] });
        let refused = bodies("lines", more).read(&body, "m1").refused.remove(0);
        let source = Source {
            name: "t".to_owned(),
            kind: SourceKind::Server,
            write_key: String::new(),
            settings: SourceSettings::default(),
        };
        let again = read_again(&source, &refused.raw, Instant(0));
        assert_eq!((again.arrivals.len(), again.refused.len()), (0, 1), "nothing was mended");
        let mended = String::from_utf8(refused.raw).expect("JSON").replace("soon", "7");
        let again = read_again(&source, mended.as_bytes(), Instant(0));
        assert_eq!(again.arrivals[0].message_id, "5\u{1f}x".as_bytes());
        assert_eq!(read_again(&source, b"{}", Instant(0)).refused.len(), 1);
    }

    #[test]
    fn more_rows_than_a_body_may_hold_are_told() {
        let body = Value::Array((0..=ROWS_MAX).map(|id| json!({ "id": id, "at": 1 })).collect());
        let delivery = bodies("", "id = [\"id\"]").read(&body, "m1");
        assert_eq!((delivery.arrivals.len(), delivery.refused.len()), (ROWS_MAX, 1));
        assert_eq!(delivery.refused[0].reason.code, "too_many_rows");
    }

    #[test]
    fn rows_see_what_stands_around_them() {
        let more = "id = [\"_body.order\", \"_above.no\", \"id\"]";
        let body = json!({ "order": 5, "parts": [{ "no": 1, "lines": [{ "id": "x", "at": 1 }] }] });
        let delivery = bodies("parts.lines", more).read(&body, "m1");
        assert_eq!(delivery.arrivals[0].message_id, "5\u{1f}1\u{1f}x".as_bytes());
    }

    #[test]
    fn without_an_id_of_its_own_a_row_is_known_by_message_and_place() {
        let ids = |message| -> Vec<Vec<u8>> {
            let delivery = bodies("", "").read(&json!([{ "at": 1 }, { "at": 1 }]), message);
            delivery.arrivals.into_iter().map(|arrival| arrival.message_id).collect()
        };
        let (first, again, other) = (ids("m1"), ids("m1"), ids("m2"));
        assert_eq!(first, again);
        assert!(first[0] != first[1] && first[0] != other[0]);
    }

    #[test]
    fn what_needs_a_file_is_refused() {
        for more in [
            "duplicates = \"drop\"",
            "[group]\ncolumns = [\"a\"]",
            "[lookup.x]\nfile = \"f\"\ncolumn = \"a\"\nkey = \"k\"\ntake = []",
        ] {
            let (top, tables) = if more.starts_with('[') { ("", more) } else { (more, "") };
            let text = format!("source = \"t\"\n{top}\n[time]\ncolumn = \"at\"\n{tables}\n");
            let refused = Bodies::new(&text, "m.toml", "").expect_err("needs a file");
            assert!(refused.what.contains("is for files"), "{refused}");
        }
    }
}
