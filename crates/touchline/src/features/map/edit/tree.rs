//! Compares maps place by place, and applies a difference to another map.
//!
//! A map is seen as a tree. Lists whose elements have a key (touchpoints by id; cells and rules by what they say) are
//! compared element by element, so that two people who add to one list do not meet; every other list is one value. One
//! law holds, tested on random edits: `apply(a, diff(a, b)) == b`. So the inverse of a change is the difference the other
//! way round, and a merge is a difference applied to a newer map, refused where both changed the same place.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Is the way to a place: names of fields, and keys of elements.
pub type Path = Vec<String>;

/// Is one change of one place.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// A field has another value; none: it is gone.
    Set {
        /// The field.
        path: Path,
        /// Its value.
        value: Option<Value>,
    },
    /// A list has one element more.
    Insert {
        /// The list.
        list: Path,
        /// The key of the element.
        key: String,
        /// The key of the element before it; none: it is the first.
        after: Option<String>,
        /// The element.
        value: Value,
    },
    /// A list has one element less.
    Remove {
        /// The list.
        list: Path,
        /// The key of the element.
        key: String,
    },
    /// The elements of a list have another order.
    Order {
        /// The list.
        list: Path,
        /// The keys, in order.
        keys: Vec<String>,
    },
}

/// Is a place that two people changed differently, with both values: nobody's work is dropped silently.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MapClash)]
pub struct Clash {
    /// The place, such as `touchpoints.newsletter.name`.
    pub place: String,
    /// What stood there when the edit began.
    #[schema(value_type = Object)]
    pub base: Value,
    /// What the other has made of it.
    #[schema(value_type = Object)]
    pub theirs: Value,
    /// What this edit wants.
    #[schema(value_type = Object)]
    pub mine: Value,
}

/// Is how the elements of a list are told apart.
#[derive(Clone, Copy)]
enum By {
    Id,
    Content,
}

const BY_ID: [&str; 6] = ["stages", "segments", "channels", "outcomes", "objectives", "touchpoints"];

fn list_at(path: &[String]) -> Option<By> {
    match path {
        [part] if BY_ID.contains(&part.as_str()) => Some(By::Id),
        [part] if part == "rules" => Some(By::Content),
        [part, _, field] if part == "touchpoints" && field == "cells" => Some(By::Content),
        _ => None,
    }
}

fn key_of(by: By, element: &Value) -> String {
    match by {
        By::Id => element.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
        By::Content => element.to_string(),
    }
}

/// Returns what has to be changed in `a` to make it `b`.
#[must_use]
pub fn diff(a: &Value, b: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), a, b, &mut found);
    found
}

fn compare(path: &mut Path, a: &Value, b: &Value, found: &mut Vec<Change>) {
    if a == b {
        return;
    }
    match (a, b, list_at(path)) {
        (Value::Object(a), Value::Object(b), _) => {
            for (name, old) in a {
                path.push(name.clone());
                match b.get(name) {
                    Some(new) => compare(path, old, new, found),
                    None => found.push(Change::Set { path: path.clone(), value: None }),
                }
                path.pop();
            }
            for (name, new) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                path.push(name.clone());
                found.push(Change::Set { path: path.clone(), value: Some(new.clone()) });
                path.pop();
            }
        }
        (Value::Array(a), Value::Array(b), Some(by)) if is_unique(by, a) && is_unique(by, b) => {
            compare_lists(path, by, a, b, found);
        }
        _ => found.push(Change::Set { path: path.clone(), value: Some(b.clone()) }),
    }
}

fn compare_lists(path: &mut Path, by: By, a: &[Value], b: &[Value], found: &mut Vec<Change>) {
    let keys = |list: &[Value]| list.iter().map(|element| key_of(by, element)).collect::<Vec<_>>();
    let (a_keys, b_keys) = (keys(a), keys(b));
    let (a_set, b_set): (HashSet<&String>, HashSet<&String>) = (a_keys.iter().collect(), b_keys.iter().collect());
    for key in a_keys.iter().filter(|key| !b_set.contains(key)) {
        found.push(Change::Remove { list: path.clone(), key: key.clone() });
    }
    for (at, (key, new)) in b_keys.iter().zip(b).enumerate() {
        if !a_set.contains(key) {
            let after = at.checked_sub(1).map(|before| b_keys[before].clone());
            found.push(Change::Insert { list: path.clone(), key: key.clone(), after, value: new.clone() });
        } else if let Some(old) = a_keys.iter().position(|known| known == key).map(|at| &a[at]) {
            path.push(key.clone());
            compare(path, old, new, found);
            path.pop();
        }
    }
    let left = a_keys.iter().filter(|key| b_set.contains(key));
    let right = b_keys.iter().filter(|key| a_set.contains(key));
    if !left.eq(right) {
        found.push(Change::Order { list: path.clone(), keys: b_keys });
    }
}

fn is_unique(by: By, list: &[Value]) -> bool {
    let keys: HashSet<String> = list.iter().map(|element| key_of(by, element)).collect();
    keys.len() == list.len()
}

/// Applies changes to a map. What is there already is not done twice, and what is gone is left alone: the map that comes of
/// it is to be checked.
pub fn apply(map: &mut Value, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Set { path, value } => set(map, path, value.as_ref()),
            Change::Insert { list, key, after, value } => {
                if let Some((by, elements)) = elements(map, list)
                    && !elements.iter().any(|element| key_of(by, element) == *key)
                {
                    let before = after.as_ref().and_then(|after| elements.iter().position(|e| key_of(by, e) == *after));
                    let at = match (after, before) {
                        (None, _) => 0,
                        (_, Some(before)) => before + 1,
                        (Some(_), None) => elements.len(),
                    };
                    elements.insert(at, value.clone());
                }
            }
            Change::Remove { list, key } => {
                if let Some((by, elements)) = elements(map, list) {
                    elements.retain(|element| key_of(by, element) != *key);
                }
            }
            Change::Order { list, keys } => {
                if let Some((by, elements)) = elements(map, list) {
                    order(by, elements, keys);
                }
            }
        }
    }
}

/// Brings elements into an order; those that the order does not name stay behind the one they stand behind.
fn order(by: By, elements: &mut [Value], keys: &[String]) {
    let mut rank = 0;
    let mut ranked: Vec<(usize, Value)> = Vec::with_capacity(elements.len());
    for element in elements.iter() {
        let key = key_of(by, element);
        rank = keys.iter().position(|known| *known == key).unwrap_or(rank);
        ranked.push((rank, element.clone()));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    for (slot, (_, element)) in elements.iter_mut().zip(ranked) {
        *slot = element;
    }
}

fn elements<'a>(map: &'a mut Value, list: &[String]) -> Option<(By, &'a mut Vec<Value>)> {
    let by = list_at(list)?;
    let at = place_mut(map, list)?;
    if at.is_null() {
        *at = Value::Array(Vec::new());
    }
    at.as_array_mut().map(|elements| (by, elements))
}

fn set(map: &mut Value, path: &[String], value: Option<&Value>) {
    let Some((last, way)) = path.split_last() else { return };
    let Some(parent) = place_mut(map, way) else { return };
    if parent.is_null() {
        *parent = Value::Object(Map::new());
    }
    match (parent, value) {
        (Value::Object(fields), Some(value)) => {
            fields.insert(last.clone(), value.clone());
        }
        (Value::Object(fields), None) => {
            fields.remove(last);
        }
        _ => {}
    }
}

/// Walks to a place; a field that is not there yet is made, an element of a list is not.
fn place_mut<'a>(map: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    let mut at = map;
    for (depth, step) in path.iter().enumerate() {
        at = match at {
            Value::Array(elements) => {
                let by = list_at(&path[..depth])?;
                elements.iter_mut().find(|element| key_of(by, element) == *step)?
            }
            Value::Object(fields) => fields.entry(step.clone()).or_insert(Value::Null),
            Value::Null => {
                *at = Value::Object(Map::new());
                at.as_object_mut()?.entry(step.clone()).or_insert(Value::Null)
            }
            _ => return None,
        };
    }
    Some(at)
}

/// Reads a place; none where there is nothing.
#[must_use]
pub fn place<'a>(map: &'a Value, path: &[String]) -> Option<&'a Value> {
    let mut at = map;
    for (depth, step) in path.iter().enumerate() {
        at = match at {
            Value::Array(elements) => {
                let by = list_at(&path[..depth])?;
                elements.iter().find(|element| key_of(by, element) == *step)?
            }
            Value::Object(fields) => fields.get(step)?,
            _ => return None,
        };
    }
    Some(at)
}

/// Finds the places that two differences of one base change differently.
#[must_use]
pub fn clashes(base: &Value, mine: &[Change], theirs: &[Change]) -> Vec<Clash> {
    let mut places: Vec<Path> = Vec::new();
    for change in mine {
        let address = address(change);
        let meets = |other: &&Change| {
            let there = self::address(other);
            *other != change && (there.starts_with(&address) || address.starts_with(&there))
        };
        if theirs.iter().any(|other| meets(&other)) && !places.contains(&address) {
            places.push(address);
        }
    }
    if places.is_empty() {
        return Vec::new();
    }
    let with = |changes: &[Change]| {
        let mut map = base.clone();
        apply(&mut map, changes);
        map
    };
    let (my_map, their_map) = (with(mine), with(theirs));
    let read = |map: &Value, path: &Path| place(map, path).cloned().unwrap_or(Value::Null);
    let clash = |path: Path| Clash {
        base: read(base, &path),
        theirs: read(&their_map, &path),
        mine: read(&my_map, &path),
        place: path.join("."),
    };
    places.into_iter().map(clash).collect()
}

/// Is the place that a change claims. The weights of all stages are one place, because they have to sum to 1.
fn address(change: &Change) -> Path {
    let inside = |list: &Path, last: &str| [list.as_slice(), &[last.to_owned()]].concat();
    match change {
        Change::Set { path, .. } => match path.as_slice() {
            [part, _, field] if part == "stages" && field == "weight" => vec![part.clone(), WEIGHTS.to_owned()],
            _ => path.clone(),
        },
        Change::Insert { list, key, .. } | Change::Remove { list, key } => inside(list, key),
        Change::Order { list, .. } => inside(list, ORDER),
    }
}

/// Are names of places that no id can have.
const WEIGHTS: &str = "*weights";
const ORDER: &str = "*order";
