//! Writes changes down as lines: what was done to what. The browser makes sentences of them in the reader's language.

use super::tree::{Change, place};
use model::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Says what happened to a thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MapDid)]
pub enum Did {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// A field of it has another value.
    Changed,
    /// It stands in one more cell.
    Placed,
    /// It left a cell.
    Unplaced,
    /// The order of its list is another one.
    Ordered,
}

/// Is one line of a difference.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MapLine)]
pub struct Line {
    /// What happened.
    pub did: Did,
    /// The list, such as `touchpoints`; `map` for the map itself.
    pub part: String,
    /// The thing, by id; empty for the map itself and for orders.
    pub id: String,
    /// Its name, as it is after the change.
    pub name: Text,
    /// The field, such as `details.owner`; empty where the thing as a whole is meant.
    #[serde(default)]
    pub field: String,
    /// What stood there; for a cell, the cell.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub before: Value,
    /// What stands there now.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub after: Value,
}

/// Writes down what leads from one map to another.
#[must_use]
pub fn lines(before: &Value, after: &Value, changes: &[Change]) -> Vec<Line> {
    changes.iter().map(|change| line(before, after, change)).collect()
}

fn line(before: &Value, after: &Value, change: &Change) -> Line {
    let cloned = |map: &Value, path: &[String]| place(map, path).cloned().unwrap_or(Value::Null);
    match change {
        Change::Insert { list, key, value, .. } => match list.as_slice() {
            [part] => Line { after: brief(part, value), ..about(part, key_name(part, key, value), value, Did::Added) },
            [part, id, ..] => {
                let thing = cloned(after, &[part.clone(), id.clone()]);
                Line { after: value.clone(), ..about(part, id.clone(), &thing, Did::Placed) }
            }
            [] => unnamed(Did::Added),
        },
        Change::Remove { list, key } => match list.as_slice() {
            [part] => {
                let thing = cloned(before, &[part.clone(), key.clone()]);
                Line { before: brief(part, &thing), ..about(part, key_name(part, key, &thing), &thing, Did::Removed) }
            }
            [part, id, ..] => {
                let thing = cloned(after, &[part.clone(), id.clone()]);
                let cell = serde_json::from_str(key).unwrap_or(Value::Null);
                Line { before: cell, ..about(part, id.clone(), &thing, Did::Unplaced) }
            }
            [] => unnamed(Did::Removed),
        },
        Change::Set { path, .. } => {
            let (part, id, field) = match path.as_slice() {
                [part, id, field @ ..]
                    if !field.is_empty() && place(after, std::slice::from_ref(part)).is_some_and(Value::is_array) =>
                {
                    (part.clone(), id.clone(), field.join("."))
                }
                _ => ("map".to_owned(), String::new(), path.join(".")),
            };
            let thing = if id.is_empty() { after.clone() } else { cloned(after, &[part.clone(), id.clone()]) };
            Line { field, before: cloned(before, path), after: cloned(after, path), ..about(&part, id, &thing, Did::Changed) }
        }
        Change::Order { list, .. } => Line { part: list.join("."), ..unnamed(Did::Ordered) },
    }
}

/// A rule has no id: the touchpoint that it binds stands in its place.
fn key_name(part: &str, key: &str, value: &Value) -> String {
    if part != "rules" {
        return key.to_owned();
    }
    value.get("touchpoint").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Of a thing as a whole the name is enough; a rule is shown in full.
fn brief(part: &str, value: &Value) -> Value {
    if part == "rules" { value.clone() } else { Value::Null }
}

fn about(part: &str, id: String, thing: &Value, did: Did) -> Line {
    let name = thing.get("name").or_else(|| thing.get("text"));
    let name = name.and_then(|name| serde_json::from_value(name.clone()).ok()).unwrap_or_else(|| Text::from(id.as_str()));
    Line { did, part: part.to_owned(), id, name, field: String::new(), before: Value::Null, after: Value::Null }
}

fn unnamed(did: Did) -> Line {
    about("map", String::new(), &Value::Null, did)
}

/// Says in a few English words what a version changed: for the command line, where no browser makes sentences.
#[must_use]
pub fn note(lines: &[Line]) -> String {
    let Some(first) = lines.first() else { return "no change".to_owned() };
    let name = if first.name.en.is_empty() { &first.part } else { &first.name.en };
    let did = match first.did {
        Did::Added => "added",
        Did::Removed => "removed",
        Did::Changed => "changed",
        Did::Placed => "placed",
        Did::Unplaced => "took out of a cell:",
        Did::Ordered => "ordered",
    };
    let field = if first.field.is_empty() { String::new() } else { format!(": {}", first.field) };
    let more = if lines.len() > 1 { format!(" and {} more", lines.len() - 1) } else { String::new() };
    format!("{did} {name}{field}{more}")
}
