//! The mapping, bound to the columns of one file: names are looked up once, words are checked once.
//!
//! What is left for every row is reading cells. A reason why a row is refused names columns, never their content:
//! the content may be personal, and stands in the file of rejects.

use super::lookup::Table;
use super::mapping::{ColumnField, Condition, Field, Mapping};
use super::page::{FILE, Header, LINE, Row};
use super::read::{Wants, unknown_column};
use crate::failure::Failure;
pub(super) use crate::features::capture::Reason;
use crate::tell;
use std::borrow::Cow;
use std::collections::HashMap;

/// Is a row with everything that a column may refer to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The row.
    pub(super) row: Row<'a>,
    /// The file or member it stands in.
    pub(super) member: &'a str,
    /// The further tables.
    pub(super) tables: &'a [Table],
}

/// Is where a named column is found.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The name in the mapping.
    pub(super) name: String,
    found: Found,
}

#[derive(Clone, Copy, Debug)]
enum Found {
    Cell(usize),
    Line,
    Member,
    Lookup { table: usize, key: usize, take: usize },
}

impl Place {
    /// Returns the column of the row itself, where it is one.
    pub(super) const fn column(&self) -> Option<usize> {
        match self.found {
            Found::Cell(column) => Some(column),
            _ => None,
        }
    }

    /// Reads the text there.
    pub(super) fn read<'a>(&self, scope: Scope<'a>) -> Cow<'a, str> {
        match self.found {
            Found::Cell(column) => Cow::Borrowed(scope.row.cell(column)),
            Found::Line => Cow::Owned(scope.row.line().to_string()),
            Found::Member => Cow::Borrowed(scope.member),
            Found::Lookup { table, key, take } => Cow::Borrowed(scope.tables[table].value(scope.row.cell(key), take)),
        }
    }
}

/// Finds columns by name in one file.
pub(super) struct Binder<'a> {
    pub(super) header: &'a Header,
    pub(super) tables: &'a [Table],
}

impl Binder<'_> {
    /// Finds a column; the failure names the nearest.
    pub(super) fn place(&self, name: &str) -> Result<Place, Failure> {
        let found = match self.header.position(name) {
            Some(column) => Found::Cell(column),
            None if name == LINE => Found::Line,
            None if name == FILE => Found::Member,
            None => self.looked_up(name)?.ok_or_else(|| unknown_column(name, &self.header.member, &self.known()))?,
        };
        Ok(Place { name: name.to_owned(), found })
    }

    /// Finds several columns.
    pub(super) fn places(&self, names: &[String]) -> Result<Vec<Place>, Failure> {
        names.iter().map(|name| self.place(name)).collect()
    }

    fn looked_up(&self, name: &str) -> Result<Option<Found>, Failure> {
        for (table, lookup) in self.tables.iter().enumerate() {
            let Some(column) = name.strip_prefix(&lookup.name).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            if let Some(take) = lookup.take.iter().position(|taken| taken == column) {
                let key = self
                    .header
                    .position(&lookup.column)
                    .ok_or_else(|| unknown_column(&lookup.column, &self.header.member, &self.header.columns))?;
                return Ok(Some(Found::Lookup { table, key, take }));
            }
        }
        Ok(None)
    }

    fn known(&self) -> Vec<String> {
        let looked_up =
            self.tables.iter().flat_map(|table| table.take.iter().map(move |column| format!("{}.{column}", table.name)));
        self.header.columns.iter().cloned().chain(looked_up).collect()
    }

    /// Binds a field.
    pub(super) fn text(&self, field: &Field) -> Result<Text, Failure> {
        Ok(match field {
            Field::Constant(text) => Text::Constant(text.clone()),
            Field::Column(column) => Text::Column(Box::new(self.column(column)?)),
        })
    }

    /// Binds a field that may be missing.
    pub(super) fn optional(&self, field: Option<&Field>) -> Result<Option<Text>, Failure> {
        field.map(|field| self.text(field)).transpose()
    }

    fn column(&self, field: &ColumnField) -> Result<ColumnText, Failure> {
        let mut starts: Vec<(String, String)> = field.starts_with.iter().map(|(a, b)| (a.clone(), b.clone())).collect();
        starts.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        Ok(ColumnText {
            place: self.place(&field.column)?,
            map: field.map.iter().map(|(a, b)| (a.clone(), b.clone())).collect(),
            starts,
            other: field.other.clone(),
            empty: field.empty.clone(),
        })
    }

    /// Binds conditions that must all hold.
    pub(super) fn conditions(&self, conditions: &[Condition]) -> Result<Vec<Test>, Failure> {
        conditions
            .iter()
            .map(|condition| Ok(Test { place: self.place(&condition.column)?, condition: condition.clone() }))
            .collect()
    }
}

/// Is a bound field.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// The same for every row.
    Constant(String),
    /// From a column.
    Column(Box<ColumnText>),
}

/// Is a bound field that comes from a column.
#[derive(Clone, Debug)]
pub(super) struct ColumnText {
    place: Place,
    map: HashMap<String, String>,
    starts: Vec<(String, String)>,
    other: Option<String>,
    empty: Option<String>,
}

impl Text {
    /// Reads the text of a row.
    pub(super) fn read<'a>(&'a self, scope: Scope<'a>) -> Result<Cow<'a, str>, Reason> {
        match self {
            Self::Constant(text) => Ok(Cow::Borrowed(text)),
            Self::Column(column) => column.read(scope),
        }
    }

    /// Returns the column behind it, for messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Constant(text) => text,
            Self::Column(column) => &column.place.name,
        }
    }

    /// Returns every text that the mapping itself writes, to be checked before the first row.
    pub(super) fn written(&self) -> impl Iterator<Item = &str> {
        let (constant, column) = match self {
            Self::Constant(text) => (Some(text), None),
            Self::Column(column) => (None, Some(column)),
        };
        let from_column = column.into_iter().flat_map(|column| {
            column.map.values().chain(column.starts.iter().map(|(_, text)| text)).chain(&column.other).chain(&column.empty)
        });
        constant.into_iter().chain(from_column).map(String::as_str)
    }
}

impl ColumnText {
    fn read<'a>(&'a self, scope: Scope<'a>) -> Result<Cow<'a, str>, Reason> {
        let text = self.place.read(scope);
        if text.is_empty() {
            return Ok(self.empty.as_deref().map_or(text, Cow::Borrowed));
        }
        if let Some(meaning) = self.map.get(text.as_ref()) {
            return Ok(Cow::Borrowed(meaning));
        }
        if let Some((_, meaning)) = self.starts.iter().find(|(start, _)| text.starts_with(start.as_str())) {
            return Ok(Cow::Borrowed(meaning));
        }
        match &self.other {
            Some(other) => Ok(Cow::Borrowed(other)),
            None if self.map.is_empty() && self.starts.is_empty() => Ok(text),
            None => {
                Err(tell!(value_not_listed, "`{column}` holds a value that the mapping does not list", column = &self.place.name))
            }
        }
    }
}

/// Is a bound condition.
#[derive(Clone, Debug)]
pub(super) struct Test {
    place: Place,
    condition: Condition,
}

impl Test {
    /// Tells whether it holds for a row.
    pub(super) fn holds(&self, scope: Scope<'_>) -> bool {
        let text = self.place.read(scope);
        let number = || text.parse::<f64>().ok();
        let condition = &self.condition;
        condition.equals.as_ref().is_none_or(|other| text == *other)
            && condition.one_of.as_ref().is_none_or(|list| list.iter().any(|other| text == *other))
            && condition.none_of.as_ref().is_none_or(|list| list.iter().all(|other| text != *other))
            && condition.empty.is_none_or(|empty| text.is_empty() == empty)
            && condition.starts_with.as_ref().is_none_or(|start| text.starts_with(start.as_str()))
            && condition.less_than.is_none_or(|limit| number().is_some_and(|number| number < limit))
            && condition.more_than.is_none_or(|limit| number().is_some_and(|number| number > limit))
    }
}

/// Tells what a mapping wants of a file.
pub(super) fn wants(mapping: &Mapping) -> Wants {
    let mut names: Vec<&str> = Vec::new();
    names.extend(
        mapping.id.iter().chain(&mapping.reply_to).chain(&mapping.props).chain(mapping.traits.values()).map(String::as_str),
    );
    names.extend(mapping.text.as_deref());
    names.extend(mapping.person.identities.iter().map(|name| name.column.as_str()));
    for link in &mapping.link {
        names.extend([link.one.column.as_str(), link.other.column.as_str()]);
    }
    names.extend(mapping.time.column.iter().chain(&mapping.time.columns).map(String::as_str));
    names.extend(mapping.score.iter().map(|score| score.column.as_str()));
    names.extend(mapping.touches.iter().map(|touches| touches.column.as_str()));
    names.extend(mapping.group.iter().flat_map(|group| &group.columns).map(String::as_str));
    for amount in
        [&mapping.value, &mapping.cost].into_iter().chain(mapping.outcome.iter().map(|outcome| &outcome.value)).flatten()
    {
        names.extend(amount.column.iter().chain(&amount.product).map(String::as_str));
        if let super::mapping::CurrencyField::Column(Field::Column(field)) = &amount.currency {
            names.push(&field.column);
        }
    }
    for field in mapping.fields() {
        if let Field::Column(column) = field {
            names.push(&column.column);
        }
    }
    names.extend(mapping.conditions().map(|condition| condition.column.as_str()));
    names.extend(mapping.lookup.values().map(|lookup| lookup.column.as_str()));
    let in_lookup = |name: &str| {
        mapping.lookup.iter().any(|(table, lookup)| {
            name.strip_prefix(table.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|c| lookup.take.iter().any(|t| t == c))
        })
    };
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        if name != LINE && name != FILE && !in_lookup(name) && !columns.iter().any(|known| known == name) {
            columns.push(name.to_owned());
        }
    }
    Wants { columns, everything: mapping.needs_content() }
}
