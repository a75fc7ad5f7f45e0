//! The mapping: a small TOML document that says what the columns of a file mean.
//!
//! Closed, declarative forms only; there is no expression language. What a mapping yields are facts (who, when,
//! through what signal, worth how much); which touchpoint a signal belongs to is said later by the rules of the
//! map. `docs/capture.md` explains every key with an example. Unknown keys are refused, naming the nearest one.

use crate::fail;
use crate::failure::Failure;
use model::map::nearest;
use model::{Currency, Link, Scale};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Is the whole mapping document.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The source that vouches for the ids: the same file set always under the same name.
    pub source: String,
    /// The columns whose texts together make the message id. Empty: the content of the row is its id.
    #[serde(default)]
    pub id: Vec<String>,
    /// What to do with rows that are equal in every column.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// The columns, of the same make as `id`, that name the message answered.
    #[serde(default)]
    pub reply_to: Vec<String>,
    /// Columns kept as properties of the interaction. Never put personal free text here.
    #[serde(default)]
    pub props: Vec<String>,
    /// The column with what somebody wrote or said. It is kept sealed, for as long as the person is.
    #[serde(default)]
    pub text: Option<String>,
    /// Traits of the person: name of the trait → column.
    #[serde(default)]
    pub traits: BTreeMap<String, String>,
    /// What happened; see [`model::Form`].
    #[serde(default)]
    pub form: Option<Field>,
    /// Who spoke to whom; see [`model::Direction`].
    #[serde(default)]
    pub direction: Option<Field>,
    /// The offer or coupon.
    #[serde(default)]
    pub offer: Option<Field>,
    /// The arm of an experiment.
    #[serde(default)]
    pub arm: Option<Field>,
    /// The campaign of the single interaction, finer than the tag in the signature.
    #[serde(default)]
    pub campaign: Option<Field>,
    /// The conversation.
    #[serde(default)]
    pub conversation: Option<Field>,
    /// How the file is written; detected where nothing is said.
    #[serde(default)]
    pub file: FileShape,
    /// Further tables, whose columns become `name.column`.
    #[serde(default)]
    pub lookup: BTreeMap<String, Lookup>,
    /// Who.
    #[serde(default)]
    pub person: Person,
    /// Rows, or parts of rows, that say that two names are one person.
    #[serde(default)]
    pub link: Vec<LinkRule>,
    /// When.
    pub time: Time,
    /// By what the interaction is recognised.
    #[serde(default)]
    pub signal: Signal,
    /// What it was worth.
    #[serde(default)]
    pub value: Option<Amount>,
    /// What it cost us; of every single touch when one row is many touches.
    #[serde(default)]
    pub cost: Option<Amount>,
    /// An answer on a scale.
    #[serde(default)]
    pub score: Option<ScoreColumn>,
    /// One row is many touches.
    #[serde(default)]
    pub touches: Option<Touches>,
    /// Many rows are one interaction.
    #[serde(default)]
    pub group: Option<Group>,
    /// Further interactions that a row tells of, after its touches.
    #[serde(default)]
    pub outcome: Vec<OutcomeRow>,
    /// Rows to leave out.
    #[serde(default)]
    pub skip: Vec<Skip>,
}

/// Is what to do with rows that are equal in every column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Two equal rows are two interactions, as in a till that sold the same thing twice.
    #[default]
    Keep,
    /// Two equal rows are one row, written twice by mistake.
    Drop,
}

/// Is the way a file can be written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text with a sign between the columns: CSV, TSV and their like.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// An event log of IEEE 1849.
    Xes,
    /// A chat log: `[HH:MM] <nick> text`, renames as `=== a is now known as b`.
    Chat,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "delimited text (CSV)",
            Self::Jsonl => "JSON Lines",
            Self::Parquet => "Parquet",
            Self::Xes => "an XES event log",
            Self::Chat => "a chat log",
        })
    }
}

impl Kind {
    /// Returns the name of the kind in any language.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Jsonl => "JSON Lines",
            Self::Parquet => "Parquet",
            Self::Xes => "XES",
            Self::Chat => "IRC",
        }
    }
}

/// Is how the file is written. Everything has a default that is detected.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileShape {
    /// The kind of file; in a zip archive it also chooses the members.
    pub format: Option<Kind>,
    /// The sign between columns.
    pub delimiter: Option<char>,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, `windows-1251`, or any label of the WHATWG list.
    pub encoding: Option<String>,
    /// Whether the first row names the columns (the default). Otherwise they are called `c1`, `c2` …
    pub header: Option<bool>,
    /// Which members of a zip archive to read: a name with `*` for any run of characters.
    pub members: Option<String>,
}

/// Is a further table, small enough for memory, joined by a key.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The file, looked for beside the imported file, then beside the mapping.
    pub file: String,
    /// The column of the imported file.
    pub column: String,
    /// The column of the further table that holds the same.
    pub key: String,
    /// The columns to take over.
    pub take: Vec<String>,
}

/// Is who took part.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// The names, strongest first. A row in which all are empty is anonymous.
    pub identities: Vec<Name>,
}

/// Is one name of a person.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// The kind of name, such as `customer` or `email`.
    pub namespace: String,
    /// The column that holds it.
    pub column: String,
    /// Whether capitals make no difference, as in e-mail addresses.
    #[serde(default)]
    pub lowercase: bool,
    /// Values that name nobody, such as `0` or `guest`.
    #[serde(default)]
    pub nobody: Vec<String>,
}

/// Is a statement that two names are one person.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// Why they are one.
    #[serde(default)]
    pub kind: LinkKind,
    /// The one name.
    pub one: Name,
    /// The other name.
    pub other: Name,
    /// In which rows; all conditions hold. Empty: in every row.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Whether such a row says nothing else, so that no interaction comes of it.
    #[serde(default)]
    pub only: bool,
}

/// Is why two names are one person, as written in a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The source gave both together.
    #[default]
    Together,
    /// The one became the other.
    Renamed,
}

impl From<LinkKind> for Link {
    fn from(kind: LinkKind) -> Self {
        match kind {
            LinkKind::Together => Self::Together,
            LinkKind::Renamed => Self::Renamed,
        }
    }
}

/// Is when it happened: exactly one of `column`, `columns`, `constant` and `parts`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Time {
    /// The column.
    pub column: Option<String>,
    /// Columns that are read as one text, joined by a space: a date and a time of day.
    pub columns: Vec<String>,
    /// One time for every row.
    pub constant: Option<String>,
    /// Year, month and day apart.
    pub parts: Option<Parts>,
    /// `iso` (the default), `epoch_s`, `epoch_ms`, `epoch_us`, or a pattern such as `%d.%m.%Y %H:%M`.
    pub format: Option<String>,
    /// The IANA zone of times that name none. The default is UTC.
    pub zone: Option<String>,
}

/// Is a date whose parts stand apart.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// The year. Leave it out and give `first_year` when the rows are in order of date and name no year.
    #[serde(default)]
    pub year: Option<Field>,
    /// The year of the first row; each time the month goes back, a new year has begun.
    #[serde(default)]
    pub first_year: Option<i16>,
    /// The month: a number, or a name in English, French or Russian.
    pub month: Field,
    /// The day. The default is the first.
    #[serde(default)]
    pub day: Option<Field>,
    /// The hour. The default is midnight.
    #[serde(default)]
    pub hour: Option<Field>,
    /// The minute.
    #[serde(default)]
    pub minute: Option<Field>,
}

/// Is the signature, field by field.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signal {
    /// The name of the event.
    pub event: Option<Field>,
    /// The channel.
    pub channel: Option<Field>,
    /// The place.
    pub place: Option<Field>,
    /// The campaign tag.
    pub campaign: Option<Field>,
    /// The touchpoint, where the file names it itself.
    pub touchpoint: Option<Field>,
}

/// Is a text that is constant, or a column, or a column through a table of values.
#[derive(Clone, PartialEq, Debug)]
pub enum Field {
    /// The same for every row: `form = "purchase"`.
    Constant(String),
    /// From a column: `channel = { column = "contact", map = { cellular = "mobile" }, other = "phone" }`.
    Column(ColumnField),
}

/// Is a text from a column.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnField {
    /// The column.
    pub column: String,
    /// What stands in the file → what it means.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// How the text begins → what it means; asked after `map`, the longest beginning first.
    #[serde(default)]
    pub starts_with: BTreeMap<String, String>,
    /// What everything else means. Without it, a value that neither table lists is refused.
    #[serde(default)]
    pub other: Option<String>,
    /// What an empty cell means. The default is the empty text.
    #[serde(default)]
    pub empty: Option<String>,
}

impl<'de> Deserialize<'de> for Field {
    /// Reads a plain value as a constant and a table as a column; each form keeps its own clear error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;
        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table such as { column = \"name\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Field, E> {
                Ok(Field::Constant(text.to_owned()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Field, E> {
                Ok(Field::Constant(number.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field, A::Error> {
                ColumnField::deserialize(MapAccessDeserializer::new(map)).map(Field::Column)
            }
        }
        deserializer.deserialize_any(FieldVisitor)
    }
}

/// Is an amount of money: exactly one of `column`, `product` and `constant`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The column.
    #[serde(default)]
    pub column: Option<String>,
    /// Two columns to be multiplied, such as quantity and price.
    #[serde(default)]
    pub product: Vec<String>,
    /// The same for every row.
    #[serde(default)]
    pub constant: Option<String>,
    /// The decimal sign. The default is the point.
    #[serde(default)]
    pub decimal: Option<char>,
    /// The sign between thousands. The default is none.
    #[serde(default)]
    pub thousands: Option<char>,
    /// Whether the amount takes away, as in a list of refunds whose amounts are above zero.
    #[serde(default)]
    pub negate: bool,
    /// The currency.
    pub currency: CurrencyField,
}

/// Is a currency: a code for the whole file, or a column.
#[derive(Clone, PartialEq, Debug)]
pub enum CurrencyField {
    /// One for all.
    Constant(Currency),
    /// As the row says.
    Column(Field),
}

impl<'de> Deserialize<'de> for CurrencyField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Field::deserialize(deserializer)? {
            Field::Constant(code) => Currency::parse(&code).map(Self::Constant).map_err(D::Error::custom),
            field @ Field::Column(_) => Ok(Self::Column(field)),
        }
    }
}

/// Is an answer on a scale. An empty cell is no answer.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreColumn {
    /// The scale.
    pub scale: Scale,
    /// The column.
    pub column: String,
}

/// Says that one row is many touches.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touches {
    /// The column with their number.
    pub column: String,
    /// Over what length of time, beginning at the time of the row, they are spread evenly.
    #[serde(default)]
    pub spread: Spread,
}

/// Is a length of time over which touches are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// All at the time of the row.
    #[default]
    None,
    /// One hour.
    Hour,
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
}

/// Says that many rows are one interaction: the lines of an invoice.
///
/// Values and costs are added; the time is the earliest; a text is that of the first row that has one.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The columns that are equal in all rows of one interaction.
    pub columns: Vec<String>,
    /// Whether those rows follow each other, so that one group at a time is held in memory.
    #[serde(default)]
    pub sorted: bool,
}

/// Is a further interaction that a row tells of, one second after its last touch.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRow {
    /// In which rows; all conditions hold.
    pub when: Vec<Condition>,
    /// The name of the event.
    pub event: Field,
    /// What happened. The default is a purchase.
    #[serde(default)]
    pub form: Option<Field>,
    /// Who spoke to whom. The default is inbound.
    #[serde(default)]
    pub direction: Option<Field>,
    /// The channel. The default is the row's own.
    #[serde(default)]
    pub channel: Option<Field>,
    /// What it was worth.
    #[serde(default)]
    pub value: Option<Amount>,
}

/// Is a set of rows to leave out.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Why; shown with their number.
    pub because: String,
    /// All conditions hold.
    pub when: Vec<Condition>,
}

/// Is one test of one column. Exactly one test is given.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// The text is this.
    pub equals: Option<String>,
    /// The text is one of these.
    pub one_of: Option<Vec<String>>,
    /// The text is none of these.
    pub none_of: Option<Vec<String>>,
    /// The cell is empty, or is not.
    pub empty: Option<bool>,
    /// The text begins so.
    pub starts_with: Option<String>,
    /// The number is smaller. A text that is no number is never smaller.
    pub less_than: Option<f64>,
    /// The number is larger.
    pub more_than: Option<f64>,
}

impl Mapping {
    /// Reads a mapping from its text; `name` is the file, for the message.
    ///
    /// # Errors
    /// Refuses what is not such a document, with line, column and the nearest known key, and what contradicts itself.
    pub fn parse(text: &str, name: &str) -> Result<Self, Failure> {
        let mapping: Self = toml::from_str(text).map_err(|error| unreadable(&error, text, name))?;
        match mapping.contradiction(name) {
            Some(failure) => Err(failure),
            None => Ok(mapping),
        }
    }

    /// Reads a mapping from a file.
    ///
    /// # Errors
    /// Refuses a file that cannot be read, and what [`Mapping::parse`] refuses.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(format!("Cannot read the mapping `{}`", path.display()))
                .because(&error)
                .hint("`touchline import FILE --suggest` proposes a mapping")
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Finds what the document says twice or not at all.
    fn contradiction(&self, name: &str) -> Option<Failure> {
        let times =
            [self.time.column.is_some(), !self.time.columns.is_empty(), self.time.constant.is_some(), self.time.parts.is_some()];
        if one_of(&times) {
            return Some(fail!(time_choice, "`{name}`: [time] needs exactly one of `column`, `columns`, `constant` and `parts`"));
        }
        if let Some(parts) = &self.time.parts
            && parts.year.is_some() == parts.first_year.is_some()
        {
            return Some(fail!(year_choice, "`{name}`: [time.parts] needs either `year` or `first_year`"));
        }
        let amounts = [("value", &self.value), ("cost", &self.cost)];
        let amounts = amounts.into_iter().chain(self.outcome.iter().map(|outcome| ("outcome.value", &outcome.value)));
        for (table, amount) in amounts.filter_map(|(table, amount)| amount.as_ref().map(|amount| (table, amount))) {
            if one_of(&[amount.column.is_some(), !amount.product.is_empty(), amount.constant.is_some()]) {
                return Some(fail!(
                    amount_choice,
                    "`{name}`: [{table}] needs exactly one of `column`, `product` and `constant`",
                    table = table
                ));
            }
        }
        if self.group.is_some() && (self.touches.is_some() || !self.outcome.is_empty()) {
            return Some(fail!(group_alone, "`{name}`: [group] cannot stand together with [touches] or [[outcome]]"));
        }
        self.conditions().find(|condition| condition.tests() != 1).map(|condition| {
            fail!(
                condition_tests,
                "`{name}`: the condition on column `{column}` needs exactly one test, such as `equals` or `empty`",
                column = &condition.column
            )
        })
    }

    /// Tells whether the content of whole rows matters: as their id, or to find equal rows.
    pub(super) fn needs_content(&self) -> bool {
        self.duplicates == Duplicates::Drop || (self.id.is_empty() && self.group.is_none())
    }

    /// Returns every field of the document, wherever it stands.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        let signal = &self.signal;
        let own = [&self.form, &self.direction, &self.offer, &self.arm, &self.campaign, &self.conversation];
        let signature = [&signal.event, &signal.channel, &signal.place, &signal.campaign, &signal.touchpoint];
        let parts = self.time.parts.iter().flat_map(|parts| {
            [Some(&parts.month), parts.year.as_ref(), parts.day.as_ref(), parts.hour.as_ref(), parts.minute.as_ref()]
                .into_iter()
                .flatten()
        });
        let outcomes = self.outcome.iter().flat_map(|outcome| {
            [Some(&outcome.event), outcome.form.as_ref(), outcome.direction.as_ref(), outcome.channel.as_ref()]
                .into_iter()
                .flatten()
        });
        own.into_iter().chain(signature).filter_map(Option::as_ref).chain(parts).chain(outcomes)
    }

    /// Returns every condition of the document.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let skips = self.skip.iter().flat_map(|skip| &skip.when);
        let links = self.link.iter().flat_map(|link| &link.when);
        skips.chain(links).chain(self.outcome.iter().flat_map(|outcome| &outcome.when))
    }
}

impl Condition {
    /// Counts the tests that are given.
    fn tests(&self) -> usize {
        usize::from(self.equals.is_some())
            + usize::from(self.one_of.is_some())
            + usize::from(self.none_of.is_some())
            + usize::from(self.empty.is_some())
            + usize::from(self.starts_with.is_some())
            + usize::from(self.less_than.is_some())
            + usize::from(self.more_than.is_some())
    }
}

/// Says why a text is no mapping, with the line, and the key that may be meant.
fn unreadable(error: &toml::de::Error, text: &str, name: &str) -> Failure {
    let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
    let message = error.message();
    let key = |start: &str| message.strip_prefix(start)?.split('`').nth(1);
    let hint = "`touchline import FILE --suggest` proposes a mapping; docs/capture.md explains every key";
    let failure = match (key("unknown field "), key("missing field "), nearest_key(message)) {
        (Some(key), _, Some(near)) => fail!(
            mapping_key_misspelt,
            "`{name}` is not a mapping",
            "Did you mean `{near}`?",
            line = line,
            key = key,
            near = near
        ),
        (Some(key), ..) => fail!(mapping_key_unknown, "`{name}` is not a mapping", "{hint}", line = line, key = key),
        (_, Some(key), _) => fail!(mapping_key_missing, "`{name}` is not a mapping", "{hint}", key = key),
        _ => fail!(mapping_unreadable, "`{name}` is not a mapping", "{hint}", line = line, detail = message),
    };
    failure.because(&Located(error.to_string()))
}

/// Carries the TOML reader's own text, which shows the line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Located(String);

/// Tells whether it is *not* exactly one that is given.
fn one_of(given: &[bool]) -> bool {
    given.iter().filter(|given| **given).count() != 1
}

/// Finds the key that was meant in a message such as "unknown field `a`, expected one of `b`, `c`".
fn nearest_key(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    nearest(unknown, quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a mapping is refused with a message that holds every one of the texts.
    fn refuses(text: &str, expected: &[&str]) {
        let failure = Mapping::parse(text, "m.toml").expect_err("is refused").to_string();
        for part in expected {
            assert!(failure.contains(part), "`{part}` in: {failure}");
        }
    }

    #[test]
    fn a_small_mapping_is_enough() {
        let mapping = Mapping::parse("source = \"till\"\n[time]\ncolumn = \"at\"\n", "m.toml").expect("valid");
        assert_eq!(mapping.time.column.as_deref(), Some("at"));
        assert_eq!(mapping.duplicates, Duplicates::Keep);
    }

    #[test]
    fn fields_are_constants_or_columns() {
        let text = "source = \"t\"\nform = \"call\"\ndirection = { column = \"d\", map = { in = \"inbound\" } }\n[time]\ncolumn = \"at\"\n";
        let mapping = Mapping::parse(text, "m.toml").expect("valid");
        assert_eq!(mapping.form, Some(Field::Constant("call".to_owned())));
        assert!(matches!(mapping.direction, Some(Field::Column(field)) if field.column == "d"));
    }

    #[test]
    fn misspelt_keys_name_the_nearest() {
        refuses(
            "source = \"t\"\ndirektion = \"inbound\"\n[time]\ncolumn = \"at\"\n",
            &["direktion", "Did you mean `direction`?"],
        );
        refuses("source = \"t\"\n[time]\ncolunm = \"at\"\n", &["line 3", "Did you mean `column`?"]);
        refuses("source = \"t\"\nform = { colum = \"x\" }\n[time]\ncolumn = \"at\"\n", &["Did you mean `column`?"]);
    }

    #[test]
    fn contradictions_are_refused() {
        refuses("source = \"t\"\n[time]\n", &["exactly one of `column`"]);
        refuses("source = \"t\"\n[time]\ncolumn = \"a\"\nconstant = \"2020-01-01\"\n", &["exactly one"]);
        refuses("source = \"t\"\n[time.parts]\nmonth = { column = \"m\" }\n", &["`year` or `first_year`"]);
        refuses("source = \"t\"\n[time]\ncolumn = \"a\"\n[value]\ncurrency = \"EUR\"\n", &["[value] needs exactly one"]);
        refuses("source = \"t\"\n[time]\ncolumn = \"a\"\n[value]\ncolumn = \"v\"\ncurrency = \"EURO\"\n", &["not a currency"]);
        refuses(
            "source = \"t\"\n[time]\ncolumn = \"a\"\n[group]\ncolumns = [\"i\"]\n[touches]\ncolumn = \"n\"\n",
            &["cannot stand together"],
        );
        refuses(
            "source = \"t\"\n[time]\ncolumn = \"a\"\n[[skip]]\nbecause = \"x\"\nwhen = [{ column = \"k\" }]\n",
            &["exactly one test"],
        );
    }
}
