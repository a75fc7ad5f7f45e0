//! From a row to what it says: the mapping applied, cell by cell.

use super::amount::{self, Billionths};
use super::draft::{Draft, Rare, Signatures};
use super::mapping::{Amount, CurrencyField, Mapping, Name, Spread};
use super::moment::{self, RollingYear, TimeFormat};
use super::page::{LINE, REASON};
use super::plan::{Binder, Place, Reason, Scope, Test, Text};
use super::read::SIGNS;
use crate::failure::Failure;
use crate::features::capture::{Claim, Known};
use crate::{fail, tell};
use jiff::tz::TimeZone;
use model::map::nearest;
use model::time::{DAY, SECOND, WEEK};
use model::{Currency, Direction, Form, Identity, Instant, Link, Scale, Score};
use std::borrow::Cow;

/// One row is at most so many touches: more is a column that holds something else.
const TOUCHES: u32 = 10_000;

/// Is a mapping bound to a file, ready to read rows.
#[derive(Debug)]
pub(super) struct RowPlan {
    source: String,
    skip: Vec<Vec<Test>>,
    links: Vec<LinkPlan>,
    id: Vec<Place>,
    group: Option<Vec<Place>>,
    delimiter: Option<char>,
    names: Vec<NamePlan>,
    time: TimePlan,
    signal: [Option<Text>; 5],
    form: Option<Text>,
    direction: Option<Text>,
    value: Option<AmountPlan>,
    cost: Option<AmountPlan>,
    score: Option<(Scale, Place)>,
    touches: Option<(Place, Spread)>,
    reply_to: Vec<Place>,
    /// Offer, arm, campaign, conversation.
    tags: [Option<Text>; 4],
    props: Vec<Place>,
    text: Option<Place>,
    traits: Vec<(String, Place)>,
    outcomes: Vec<OutcomePlan>,
    /// The columns that make up the content of a row.
    content: Vec<usize>,
}

#[derive(Debug)]
struct NamePlan {
    place: Place,
    namespace: String,
    lowercase: bool,
    nobody: Vec<String>,
}

#[derive(Debug)]
struct LinkPlan {
    kind: Link,
    one: NamePlan,
    other: NamePlan,
    when: Vec<Test>,
    only: bool,
}

#[derive(Debug)]
struct AmountPlan {
    factors: Vec<Place>,
    constant: Billionths,
    decimal: char,
    thousands: Option<char>,
    currency: Result<Currency, Text>,
}

#[derive(Debug)]
struct OutcomePlan {
    when: Vec<Test>,
    event: Text,
    form: Option<Text>,
    direction: Option<Text>,
    channel: Option<Text>,
    value: Option<AmountPlan>,
}

#[derive(Debug)]
enum TimePlan {
    Constant(Instant),
    Text { places: Vec<Place>, format: TimeFormat, zone: TimeZone },
    Parts { year: Option<Text>, month: Text, day: Option<Text>, hour: Option<Text>, minute: Option<Text>, zone: TimeZone },
}

/// Is what changes from row to row.
#[derive(Debug)]
pub(super) struct Running {
    /// The signatures met so far.
    pub(super) signatures: Signatures,
    year: RollingYear,
}

impl Running {
    pub(super) fn new(mapping: &Mapping) -> Self {
        let first_year = mapping.time.parts.as_ref().and_then(|parts| parts.first_year).unwrap_or_default();
        Self { signatures: Signatures::default(), year: RollingYear::new(first_year) }
    }
}

/// Is what one row says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Interactions.
    pub(super) drafts: Vec<Draft>,
    /// Facts about names.
    pub(super) facts: Vec<Claim>,
    /// Traits of the person.
    pub(super) traits: Vec<Known>,
}

impl RowPlan {
    /// Binds a mapping to the columns of a file.
    pub(super) fn bind(mapping: &Mapping, binder: &Binder<'_>) -> Result<Self, Failure> {
        let zone = zone(mapping.time.zone.as_deref())?;
        let signal = &mapping.signal;
        let signal = [&signal.event, &signal.channel, &signal.place, &signal.campaign, &signal.touchpoint];
        let tags = [&mapping.offer, &mapping.arm, &mapping.campaign, &mapping.conversation];
        let optional = |field: &Option<_>| binder.optional(field.as_ref());
        let plan = Self {
            source: mapping.source.clone(),
            skip: mapping.skip.iter().map(|skip| binder.conditions(&skip.when)).collect::<Result<_, _>>()?,
            links: mapping.link.iter().map(|link| bind_link(link, binder)).collect::<Result<_, _>>()?,
            id: binder.places(&mapping.id)?,
            group: mapping.group.as_ref().map(|group| binder.places(&group.columns)).transpose()?,
            delimiter: mapping.file.delimiter,
            names: mapping.person.identities.iter().map(|name| bind_name(name, binder)).collect::<Result<_, _>>()?,
            time: bind_time(mapping, binder, zone)?,
            signal: each(signal, optional)?,
            form: optional(&mapping.form)?,
            direction: optional(&mapping.direction)?,
            value: mapping.value.as_ref().map(|amount| bind_amount(amount, binder)).transpose()?,
            cost: mapping.cost.as_ref().map(|amount| bind_amount(amount, binder)).transpose()?,
            score: mapping.score.as_ref().map(|score| Ok((score.scale, binder.place(&score.column)?))).transpose()?,
            touches: mapping.touches.as_ref().map(|touches| Ok((binder.place(&touches.column)?, touches.spread))).transpose()?,
            reply_to: binder.places(&mapping.reply_to)?,
            tags: each(tags, optional)?,
            props: binder.places(&mapping.props)?,
            text: mapping.text.as_ref().map(|column| binder.place(column)).transpose()?,
            traits: mapping
                .traits
                .iter()
                .map(|(name, column)| Ok((name.clone(), binder.place(column)?)))
                .collect::<Result<_, Failure>>()?,
            outcomes: mapping.outcome.iter().map(|outcome| bind_outcome(outcome, binder)).collect::<Result<_, _>>()?,
            content: binder
                .header
                .columns
                .iter()
                .enumerate()
                .filter(|(_, name)| *name != LINE && *name != REASON && *name != super::page::FILE)
                .map(|(column, _)| column)
                .collect(),
        };
        plan.check_words()?;
        Ok(plan)
    }

    /// Checks every form and direction that the mapping itself writes.
    fn check_words(&self) -> Result<(), Failure> {
        let forms = self.form.iter().chain(self.outcomes.iter().filter_map(|outcome| outcome.form.as_ref()));
        forms.flat_map(Text::written).try_for_each(check_form)?;
        let directions = self.direction.iter().chain(self.outcomes.iter().filter_map(|outcome| outcome.direction.as_ref()));
        directions.flat_map(Text::written).try_for_each(check_direction)?;
        Ok(())
    }

    /// Finds the rule by which a row is left out.
    pub(super) fn skipped(&self, scope: Scope<'_>) -> Option<usize> {
        self.skip.iter().position(|tests| tests.iter().all(|test| test.holds(scope)))
    }

    /// Computes the identity of the content of a row: a hash over all its cells, or over its document.
    pub(super) fn content(&self, scope: Scope<'_>) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        match scope.row.document() {
            Some(document) => {
                hasher.update(document.as_bytes());
            }
            None => {
                for column in &self.content {
                    let cell = scope.row.verbatim(*column);
                    hasher.update(&(cell.len() as u32).to_le_bytes());
                    hasher.update(cell.as_bytes());
                }
            }
        }
        let mut head = [0; 16];
        head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        head
    }

    /// Returns the group of a row, whatever else is wrong with it; `None` where there are none or its cells are empty.
    pub(super) fn group(&self, scope: Scope<'_>) -> Option<Box<[u8]>> {
        joined(self.group.as_ref()?, scope)
    }

    /// Lists the groups of which a row is lost when one with these cells is refused: its own, wherever in it a cell is
    /// missing or too many, and, where a quotation that was not closed swallowed lines, theirs. Empty when that cannot
    /// be said. Some may be no groups at all.
    pub(super) fn groups_of(&self, cells: &[&str], width: usize) -> Vec<Box<[u8]>> {
        let columns: Option<Vec<usize>> = self.group.iter().flatten().map(Place::column).collect();
        let Some(columns) = columns else {
            return Vec::new();
        };
        if !cells.iter().any(|cell| cell.contains('\n')) {
            return shifted(&columns, cells, width);
        }
        let signs = SIGNS.into_iter().map(char::from).chain(self.delimiter);
        let keys = signs.flat_map(|sign| {
            let text = cells.join(&*sign.encode_utf8(&mut [0; 4]));
            let lines = text.lines().map(|line| shifted(&columns, &line.split(sign).collect::<Vec<_>>(), width));
            lines.flatten().collect::<Vec<_>>()
        });
        keys.collect()
    }

    /// Reads what a row says. `content` is the hash of the row and its number among equal rows, where it is needed.
    pub(super) fn read(&self, scope: Scope<'_>, content: Option<([u8; 16], u32)>, running: &mut Running) -> Result<Said, Reason> {
        let at = self.time.read(scope, &mut running.year)?;
        let mut said = Said::default();
        if self.links(scope, at, &mut said) {
            return Ok(said);
        }
        let names = self.names(scope);
        if let Some(strongest) =
            names.first().and_then(|(space, name)| Identity::new(&self.names[usize::from(*space)].namespace, name))
        {
            for (name, place) in &self.traits {
                let text = place.read(scope);
                if !text.is_empty() {
                    said.traits.push((strongest.clone(), name.clone(), text.into_owned(), at));
                }
            }
        }
        let (value, value_currency) = read_amount(self.value.as_ref(), scope)?;
        let (cost, cost_currency) = read_amount(self.cost.as_ref(), scope)?;
        if value_currency.is_some() && cost_currency.is_some() && value_currency != cost_currency {
            return Err(tell!(currencies_differ, "value and cost have different currencies"));
        }
        let first = Draft {
            key: self.key(scope, content)?,
            names,
            signature: self.signature(scope, running)?,
            at,
            form: read_word(self.form.as_ref(), scope, no_form, Form::parse, Form::Other)?,
            direction: read_word(self.direction.as_ref(), scope, no_direction, Direction::parse, Direction::Inbound)?,
            value,
            cost,
            currency: value_currency.or(cost_currency),
            score: self.score(scope)?,
            rare: self.rare(scope)?,
        };
        let last = self.touches(scope, &first, &mut said.drafts)?;
        self.outcomes(scope, &first, last, &mut said.drafts, running)?;
        if self.touches.is_none() {
            said.drafts.insert(0, first);
        }
        Ok(said)
    }

    /// Adds the facts about names; tells whether the row says nothing else.
    fn links(&self, scope: Scope<'_>, at: Instant, said: &mut Said) -> bool {
        let mut only = false;
        for link in self.links.iter().filter(|link| link.when.iter().all(|test| test.holds(scope))) {
            only |= link.only;
            let names =
                [&link.one, &link.other].map(|name| name.read(scope).and_then(|text| Identity::new(&name.namespace, &text)));
            if let [Some(one), Some(other)] = names
                && one != other
            {
                said.facts.push((one, other, link.kind, at));
            }
        }
        only
    }

    fn names(&self, scope: Scope<'_>) -> Box<[(u16, Box<str>)]> {
        let names = self.names.iter().enumerate();
        names.filter_map(|(number, name)| Some((number as u16, name.read(scope)?.into_owned().into_boxed_str()))).collect()
    }

    /// Makes the message id: of the group, of the id columns, or of the content and its number among equal rows.
    fn key(&self, scope: Scope<'_>, content: Option<([u8; 16], u32)>) -> Result<Box<[u8]>, Reason> {
        let places = self.group.as_ref().unwrap_or(&self.id);
        if !places.is_empty() {
            return joined(places, scope).ok_or_else(|| {
                let columns = names_of(places);
                let named = quoted(&columns, ", ");
                tell!(id_empty, "{named} is empty, so that the interaction has no id", columns = columns)
            });
        }
        let (hash, copy) = content.unwrap_or_default();
        Ok([hash.as_slice(), &copy.to_le_bytes()].concat().into_boxed_slice())
    }

    fn signature(&self, scope: Scope<'_>, running: &mut Running) -> Result<u32, Reason> {
        let mut fields: [Cow<'_, str>; 5] = Default::default();
        for (field, text) in fields.iter_mut().zip(&self.signal) {
            if let Some(text) = text {
                *field = text.read(scope)?;
            }
        }
        running.signatures.number(&self.source, [&fields[0], &fields[1], &fields[2], &fields[3], &fields[4]])
    }

    fn score(&self, scope: Scope<'_>) -> Result<Option<Score>, Reason> {
        let Some((scale, place)) = &self.score else {
            return Ok(None);
        };
        let text = place.read(scope);
        if text.is_empty() {
            return Ok(None);
        }
        let (low, high) = scale.range();
        let wrong = || {
            let (column, low, high) = (&place.name, low, high);
            tell!(
                score_out_of_range,
                "`{column}` is no whole number from {low} to {high}",
                column = column,
                low = low,
                high = high
            )
        };
        let answer = amount::parse(&text, '.', None).filter(|number| number % amount::ONE == 0).ok_or_else(wrong)? / amount::ONE;
        let answer = i16::try_from(answer).map_err(|_| wrong())?;
        Score::new(*scale, answer).map(Some).ok_or_else(wrong)
    }

    fn rare(&self, scope: Scope<'_>) -> Result<Option<Box<Rare>>, Reason> {
        let [offer, arm, campaign, conversation] = each(self.tags.each_ref(), |text| {
            let text = text.as_ref().map(|text| text.read(scope)).transpose()?;
            Ok::<_, Reason>(text.filter(|text| !text.is_empty()).map(Cow::into_owned))
        })?;
        let reply_to = if self.reply_to.is_empty() { None } else { joined(&self.reply_to, scope) };
        let text = self.text.as_ref().map(|place| place.read(scope).into_owned()).filter(|text| !text.is_empty());
        let rare = Rare { reply_to, offer, arm, campaign, conversation, props: self.props(scope), text };
        Ok((rare != Rare::default()).then(|| Box::new(rare)))
    }

    fn props(&self, scope: Scope<'_>) -> Option<String> {
        let mut props = serde_json::Map::new();
        for place in &self.props {
            let text = place.read(scope);
            if !text.is_empty() {
                props.insert(place.name.clone(), serde_json::Value::String(text.into_owned()));
            }
        }
        (!props.is_empty()).then(|| serde_json::Value::Object(props).to_string())
    }

    /// Makes the touches of a row that is many; returns the time of the last.
    fn touches(&self, scope: Scope<'_>, first: &Draft, drafts: &mut Vec<Draft>) -> Result<Instant, Reason> {
        let Some((place, spread)) = &self.touches else {
            return Ok(first.at);
        };
        let text = place.read(scope);
        let count = amount::parse(&text, '.', None).filter(|count| count % amount::ONE == 0).map(|count| count / amount::ONE);
        let column = &place.name;
        let count = count.ok_or_else(|| tell!(count_unreadable, "`{column}` is no whole number", column = column))?;
        if count < 0 {
            return Err(tell!(count_negative, "`{column}` is negative: a count cannot be", column = column));
        }
        let count = u32::try_from(count).ok().filter(|count| *count <= TOUCHES);
        let too_large = || tell!(count_too_large, "`{column}` is larger than {limit}", column = column, limit = TOUCHES);
        let count = count.ok_or_else(too_large)?;
        let span = spread.micros();
        let mut last = first.at;
        for number in 0..count {
            last = Instant(first.at.0 + span * i64::from(number) / i64::from(count));
            drafts.push(Draft { key: sub_key(&first.key, '#', number + 1), at: last, ..first.clone() });
        }
        Ok(last)
    }

    fn outcomes(
        &self,
        scope: Scope<'_>,
        row: &Draft,
        last: Instant,
        drafts: &mut Vec<Draft>,
        running: &mut Running,
    ) -> Result<(), Reason> {
        for (number, outcome) in self.outcomes.iter().enumerate() {
            if !outcome.when.iter().all(|test| test.holds(scope)) {
                continue;
            }
            let event = outcome.event.read(scope)?;
            let own = running.signatures.get(row.signature).clone();
            let channel = match &outcome.channel {
                Some(channel) => channel.read(scope)?,
                None => Cow::Borrowed(own.channel.as_str()),
            };
            let (value, currency) = read_amount(outcome.value.as_ref(), scope)?;
            drafts.push(Draft {
                key: sub_key(&row.key, '!', number as u32 + 1),
                names: row.names.clone(),
                signature: running.signatures.number(&own.source, [&event, &channel, &own.place, &own.campaign, ""])?,
                at: Instant(last.0 + SECOND),
                form: read_word(outcome.form.as_ref(), scope, no_form, Form::parse, Form::Purchase)?,
                direction: read_word(outcome.direction.as_ref(), scope, no_direction, Direction::parse, Direction::Inbound)?,
                value,
                cost: None,
                currency,
                score: None,
                rare: row.rare.clone(),
            });
        }
        Ok(())
    }
}

impl NamePlan {
    /// Reads the name; `None` for nobody.
    fn read<'a>(&self, scope: Scope<'a>) -> Option<Cow<'a, str>> {
        let text = self.place.read(scope);
        if text.is_empty() || self.nobody.iter().any(|nobody| text == *nobody) {
            return None;
        }
        Some(if self.lowercase { Cow::Owned(text.to_lowercase()) } else { text })
    }
}

impl Spread {
    /// Returns its length.
    const fn micros(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Hour => DAY / 24,
            Self::Day => DAY,
            Self::Week => WEEK,
        }
    }
}

impl TimePlan {
    fn read(&self, scope: Scope<'_>, year: &mut RollingYear) -> Result<Instant, Reason> {
        match self {
            Self::Constant(at) => Ok(*at),
            Self::Text { places, format, zone } => {
                let text = match places.as_slice() {
                    [place] => place.read(scope),
                    places => Cow::Owned(places.iter().map(|place| place.read(scope)).collect::<Vec<_>>().join(" ")),
                };
                format.read(text.trim(), zone).ok_or_else(|| {
                    let columns = names_of(places);
                    let named = quoted(&columns, " and ");
                    if text.trim().is_empty() {
                        tell!(time_empty, "{named} is empty: the time is needed", columns = columns)
                    } else {
                        tell!(
                            time_unreadable,
                            "{named} is no time that exists and is written as the mapping says",
                            columns = columns
                        )
                    }
                })
            }
            Self::Parts { year: told, month, day, hour, minute, zone } => {
                let part = |text: &Option<Text>, otherwise: i16| -> Result<i16, Reason> {
                    let Some(text) = text else {
                        return Ok(otherwise);
                    };
                    let column = text.name();
                    text.read(scope)?.parse().map_err(|_| {
                        tell!(date_part_unreadable, "`{column}` is no whole number that a date can have", column = column)
                    })
                };
                let small =
                    |text: &Option<Text>, otherwise: i16| part(text, otherwise).map(|number| i8::try_from(number).unwrap_or(-1));
                let no_month = || tell!(month_unreadable, "`{column}` is no month", column = month.name());
                let month_number = moment::month(&month.read(scope)?).ok_or_else(no_month)?;
                let year = if told.is_some() { part(told, 0)? } else { year.next(month_number) };
                moment::from_parts((year, month_number, small(day, 1)?), small(hour, 0)?, small(minute, 0)?, zone)
                    .ok_or_else(|| tell!(date_impossible, "year, month and day make no date that exists"))
            }
        }
    }
}

fn zone(name: Option<&str>) -> Result<TimeZone, Failure> {
    let Some(name) = name else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|error| {
        fail!(zone_unknown, "`{zone}` is not a known time zone", "Use an IANA name such as Europe/Paris", zone = name)
            .because(&error)
    })
}

fn bind_time(mapping: &Mapping, binder: &Binder<'_>, zone: TimeZone) -> Result<TimePlan, Failure> {
    let time = &mapping.time;
    let name = time.format.as_deref().unwrap_or("iso");
    let format = TimeFormat::parse(name).ok_or_else(|| {
        fail!(
            time_format,
            "`{text}` is not a format of times",
            "Use iso, epoch_s, epoch_ms, epoch_us or a pattern such as %d.%m.%Y %H:%M",
            text = name
        )
    })?;
    if let Some(constant) = &time.constant {
        let at = format.read(constant, &zone);
        return at.map(TimePlan::Constant).ok_or_else(|| {
            fail!(time_constant, "The time `{text}` in the mapping does not exist or is written otherwise", text = constant)
        });
    }
    if let Some(parts) = &time.parts {
        if parts.first_year.is_some() && binder.header.position(REASON).is_some() {
            return Err(fail!(
                rejects_without_year,
                "Rows of a file of rejects do not tell the year, because they no longer follow each other",
                "Mend them in the whole file and import that again: what is there already is not added twice"
            ));
        }
        return Ok(TimePlan::Parts {
            year: binder.optional(parts.year.as_ref())?,
            month: binder.text(&parts.month)?,
            day: binder.optional(parts.day.as_ref())?,
            hour: binder.optional(parts.hour.as_ref())?,
            minute: binder.optional(parts.minute.as_ref())?,
            zone,
        });
    }
    let columns: Vec<String> = time.column.iter().chain(&time.columns).cloned().collect();
    Ok(TimePlan::Text { places: binder.places(&columns)?, format, zone })
}

fn bind_name(name: &Name, binder: &Binder<'_>) -> Result<NamePlan, Failure> {
    let place = binder.place(&name.column)?;
    Ok(NamePlan { place, namespace: name.namespace.clone(), lowercase: name.lowercase, nobody: name.nobody.clone() })
}

fn bind_link(link: &super::mapping::LinkRule, binder: &Binder<'_>) -> Result<LinkPlan, Failure> {
    Ok(LinkPlan {
        kind: link.kind.into(),
        one: bind_name(&link.one, binder)?,
        other: bind_name(&link.other, binder)?,
        when: binder.conditions(&link.when)?,
        only: link.only,
    })
}

fn bind_outcome(outcome: &super::mapping::OutcomeRow, binder: &Binder<'_>) -> Result<OutcomePlan, Failure> {
    Ok(OutcomePlan {
        when: binder.conditions(&outcome.when)?,
        event: binder.text(&outcome.event)?,
        form: binder.optional(outcome.form.as_ref())?,
        direction: binder.optional(outcome.direction.as_ref())?,
        channel: binder.optional(outcome.channel.as_ref())?,
        value: outcome.value.as_ref().map(|amount| bind_amount(amount, binder)).transpose()?,
    })
}

fn bind_amount(amount: &Amount, binder: &Binder<'_>) -> Result<AmountPlan, Failure> {
    let decimal = amount.decimal.unwrap_or('.');
    let sign = if amount.negate { -1 } else { 1 };
    let constant = match &amount.constant {
        None => amount::ONE,
        Some(text) => amount::parse(text, decimal, amount.thousands)
            .ok_or_else(|| fail!(constant_no_amount, "`{text}` in the mapping is not an amount", text = text))?,
    };
    let currency = match &amount.currency {
        CurrencyField::Constant(currency) => Ok(*currency),
        CurrencyField::Column(field) => Err(binder.text(field)?),
    };
    let columns: Vec<String> = amount.column.iter().chain(&amount.product).cloned().collect();
    Ok(AmountPlan {
        factors: binder.places(&columns)?,
        constant: sign * constant,
        decimal,
        thousands: amount.thousands,
        currency,
    })
}

/// Reads an amount and its currency; nothing where a cell is empty.
fn read_amount(plan: Option<&AmountPlan>, scope: Scope<'_>) -> Result<(Option<Billionths>, Option<Currency>), Reason> {
    let Some(plan) = plan else {
        return Ok((None, None));
    };
    let mut result = plan.constant;
    for place in &plan.factors {
        let text = place.read(scope);
        if text.is_empty() {
            return Ok((None, None));
        }
        let column = &place.name;
        let factor = amount::parse(&text, plan.decimal, plan.thousands);
        let factor = factor.ok_or_else(|| tell!(amount_unreadable, "`{column}` is not an amount", column = column))?;
        let too_large = || tell!(amount_too_large, "`{column}` is too large an amount", column = column);
        result = amount::product(result, factor).ok_or_else(too_large)?;
    }
    let currency = match &plan.currency {
        Ok(currency) => *currency,
        Err(text) => Currency::parse(&text.read(scope)?)
            .map_err(|_| tell!(currency_unknown, "`{column}` is not a currency", column = text.name()))?,
    };
    Ok((Some(result), Some(currency)))
}

/// Reads one of a closed set of words.
fn read_word<T>(
    text: Option<&Text>,
    scope: Scope<'_>,
    unknown: fn(&str) -> Reason,
    parse: fn(&str) -> Option<T>,
    otherwise: T,
) -> Result<T, Reason> {
    match text {
        None => Ok(otherwise),
        Some(text) => parse(&text.read(scope)?).ok_or_else(|| unknown(text.name())),
    }
}

fn no_form(column: &str) -> Reason {
    tell!(form_unknown, "`{column}` holds a word that is no form", column = column)
}

fn no_direction(column: &str) -> Reason {
    tell!(direction_unknown, "`{column}` holds a word that is no direction", column = column)
}

fn names_of(places: &[Place]) -> Vec<String> {
    places.iter().map(|place| place.name.clone()).collect()
}

fn quoted(names: &[String], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

fn check_form(word: &str) -> Result<(), Failure> {
    if Form::parse(word).is_some() {
        return Ok(());
    }
    let all = || Form::ALL.iter().map(|form| form.name());
    let known: Vec<String> = all().map(str::to_owned).collect();
    Err(match nearest(word, all()) {
        Some(near) => {
            fail!(form_misspelt, "`{word}` in the mapping is not a form", "Did you mean `{near}`?", word = word, near = near)
        }
        None => fail!(form_no_word, "`{word}` in the mapping is not a form", "Use one of: {known}", word = word, known = known),
    })
}

fn check_direction(word: &str) -> Result<(), Failure> {
    if Direction::parse(word).is_some() {
        return Ok(());
    }
    let all = || Direction::ALL.iter().map(|direction| direction.name());
    let known: Vec<String> = all().map(str::to_owned).collect();
    Err(match nearest(word, all()) {
        Some(near) => fail!(
            direction_misspelt,
            "`{word}` in the mapping is not a direction",
            "Did you mean `{near}`?",
            word = word,
            near = near
        ),
        None => fail!(
            direction_no_word,
            "`{word}` in the mapping is not a direction",
            "Use one of: {known}",
            word = word,
            known = known
        ),
    })
}

/// Joins the texts of columns into an id; `None` when all are empty.
fn joined(places: &[Place], scope: Scope<'_>) -> Option<Box<[u8]>> {
    let texts: Vec<Cow<'_, str>> = places.iter().map(|place| place.read(scope)).collect();
    join(&texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
}

/// Lists the keys in a row that may have too few or too many cells, whichever of them are missing or too many.
fn shifted(columns: &[usize], cells: &[&str], width: usize) -> Vec<Box<[u8]>> {
    let shift = cells.len() as isize - width as isize;
    let moved = |column: usize, fault: usize| if column < fault { Some(column) } else { column.checked_add_signed(shift) };
    let faults = columns.iter().map(|column| column + 1).chain([0]);
    let keys = faults.filter_map(|fault| {
        let found = columns.iter().map(|column| cells.get(moved(*column, fault)?).map(|cell| cell.trim_matches([' ', '"'])));
        join(&found.collect::<Option<Vec<&str>>>()?)
    });
    keys.collect()
}

fn join(texts: &[&str]) -> Option<Box<[u8]>> {
    texts.iter().any(|text| !text.is_empty()).then(|| texts.join("\u{1f}").into_bytes().into_boxed_slice())
}

/// Makes the id of a part of what a row says.
fn sub_key(key: &[u8], mark: char, number: u32) -> Box<[u8]> {
    [key, format!("{mark}{number}").as_bytes()].concat().into_boxed_slice()
}

/// Applies a function that may fail to each item of an array.
fn each<T, U, E, const N: usize>(items: [T; N], f: impl FnMut(T) -> Result<U, E>) -> Result<[U; N], E> {
    let results: Vec<U> = items.into_iter().map(f).collect::<Result<_, E>>()?;
    Ok(results.try_into().unwrap_or_else(|_| unreachable!("as many results as items")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which groups a row of three columns may belong to.
    fn check(columns: &[usize], cells: &[&str], expected: &[&str]) {
        let found = shifted(columns, cells, 3);
        let mut found: Vec<&str> = found.iter().map(|key| std::str::from_utf8(key).expect("text")).collect();
        found.dedup();
        assert_eq!(found, expected, "{cells:?}");
    }

    #[test]
    fn a_row_of_another_width_has_its_group_before_or_behind_the_fault() {
        check(&[0], &["a", "b", "c"], &["a"]);
        check(&[0], &["a", "b", "c", "d"], &["a", "b"]);
        check(&[2], &["a", "b", "c", "d"], &["c", "d"]);
        check(&[2], &["a", "b"], &["b"]);
        check(&[0, 2], &["a", "b", "c", "d"], &["a\u{1f}d", "a\u{1f}c", "b\u{1f}d"]);
        check(&[1], &["Total"], &[]);
        check(&[0], &["\"a", "b", "c"], &["a"]);
    }
}
