//! What readers of documents share: rows without fixed columns, of which only wanted ones become cells.

use super::{Wants, unknown_column};
use crate::failure::Failure;
use crate::features::capture::Reason;
use crate::features::capture::import::page::{FILE, Header, LINE, REASON};
use crate::tell;
use model::map::nearest;
use serde_json::{Map, Value};

/// Makes the header from what is wanted and what the beginning of the file shows.
///
/// A wanted column that nobody has seen is refused when another one looks like it, and is otherwise read as
/// empty: it may come later. The remarks say so.
pub(super) fn header(member: &str, seen: Vec<String>, wants: &Wants) -> Result<(Header, Vec<Reason>), Failure> {
    let mut notes = Vec::new();
    for column in &wants.columns {
        // A parameter is looked for inside the value before it.
        if seen.iter().any(|seen| seen == column.split('?').next().unwrap_or_default()) {
            continue;
        }
        if nearest(column, seen.iter().map(String::as_str)).is_some() {
            return Err(unknown_column(column, member, &seen));
        }
        notes.push(tell!(
            column_unseen,
            "the beginning of `{file}` shows no `{column}`; where it is missing it is read as empty",
            column = column,
            file = member
        ));
    }
    let columns = if wants.columns.is_empty() { seen } else { wants.columns.clone() };
    Ok((Header { member: member.to_owned(), columns, documents: true }, notes))
}

/// Takes away what a file of rejects adds to a document; returns the line it had in its first file.
pub(super) fn without_marks(document: &mut Map<String, Value>) -> Option<u64> {
    document.remove(REASON);
    document.remove(FILE);
    document.remove(LINE).and_then(|line| line.as_u64())
}

/// Adds the paths of all simple values in a document: `a.b` for a value inside `a`.
pub(super) fn paths(document: &Map<String, Value>, prefix: &str, seen: &mut Vec<String>) {
    for (key, value) in document {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) => paths(inner, &path, seen),
            _ if seen.contains(&path) => {}
            _ => seen.push(path),
        }
    }
}

/// Writes the value at a path as text: a key that holds the dots itself comes first; in a list a number counts, and a
/// name finds the pair `{key, value}` or `{name, value}` of that name. `path?name` is a parameter of the address there.
pub(in super::super) fn write(document: &Map<String, Value>, path: &str, text: &mut String) {
    match find(document, path) {
        None => {
            if let Some((path, name)) = path.rsplit_once('?')
                && let Some(Value::String(address)) = find(document, path)
            {
                text.push_str(&parameter(address, name).unwrap_or_default());
            }
        }
        Some(Value::Null) => {}
        Some(Value::String(value)) => text.push_str(value),
        Some(value) => text.push_str(&value.to_string()),
    }
}

fn find<'a>(document: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = document.get(path) {
        return Some(value);
    }
    let (head, rest) = path.split_once('.')?;
    inside(document.get(head)?, rest)
}

fn inside<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    match value {
        Value::Object(inner) => find(inner, path),
        Value::Array(items) => {
            let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
            let item = match head.parse::<usize>() {
                Ok(number) => items.get(number)?,
                Err(_) => named(items, head)?,
            };
            rest.map_or(Some(item), |rest| inside(item, rest))
        }
        _ => None,
    }
}

/// Finds the value of the pair of a name, as shops write lists of further fields.
fn named<'a>(items: &'a [Value], name: &str) -> Option<&'a Value> {
    let is_named = |item: &&Value| ["key", "name"].iter().any(|field| item.get(field).and_then(Value::as_str) == Some(name));
    items.iter().find(is_named)?.get("value")
}

/// Returns a parameter of an address, whole or only its path and query.
fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let text = r#"{"a":{"b":1.5,"c":null},"x.y":"dotted","items":[{"p":"first"},"second"],"ok":true,
                       "meta":[{"id":1,"key":"from","value":"ad"},{"name":"note","value":{"deep":7}},3],
                       "landing":"/offer?utm_campaign=spring%20sun&x#part"}"#;
        let document: Map<String, Value> = serde_json::from_str(text).expect("an object");
        let mut found = String::new();
        write(&document, path, &mut found);
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn paths_reach_inside() {
        check("a.b", "1.5");
        check("a.c", "");
        check("x.y", "dotted");
        check("items.0.p", "first");
        check("items.1", "second");
        check("ok", "true");
        check("nowhere.at.all", "");
        check("meta.from", "ad");
        check("meta.note.deep", "7");
        check("meta.gone", "");
        check("landing?utm_campaign", "spring sun");
        check("landing?x", "");
        check("landing?gone", "");
        check("a.b?x", "");
    }
}
