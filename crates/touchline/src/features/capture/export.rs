//! Every interaction of the ledger with its numbers turned back into words, for programs and for checking.
//!
//! The ledger itself is an open table; what it does not hold are the texts of signals and identities. What names
//! somebody is left out unless it is asked for.

use super::signals;
use crate::failure::{Failure, Result};
use crate::features::people::People;
use crate::platform::home::Home;
use crate::platform::id_map::IdMap;
use model::{Currency, Direction, Flags, Form, Identity, Instant, Interaction, PersonId, Signature};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// Is one interaction as a program reads it.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// The id in the ledger.
    pub id: String,
    /// By what it is recognised.
    #[serde(flatten)]
    pub signal: Signature,
    /// What happened.
    pub form: Form,
    /// Who spoke to whom.
    pub direction: Direction,
    /// When it happened, after the clock rule; all times as ISO 8601.
    pub at: String,
    /// When it was received.
    pub received: String,
    /// When the client says it sent it.
    pub sent: Option<String>,
    /// When the client says it happened.
    pub original: Option<String>,
    /// What it was worth, in the currency's main unit.
    pub value: Option<String>,
    /// What it cost.
    pub cost: Option<String>,
    /// The currency of both.
    pub currency: Option<Currency>,
    /// The offer or coupon.
    pub offer: Option<String>,
    /// The arm of an experiment.
    pub arm: Option<String>,
    /// The campaign, finer than that of the signal.
    pub campaign_detail: Option<String>,
    /// The conversation.
    pub conversation: Option<String>,
    /// The raw identity, as the ledger numbers it.
    pub actor: String,
    /// The person as of now.
    pub person: String,
    /// The namespaces of all names of that person; none for the anonymous.
    pub known_by: BTreeSet<String>,
    /// The marks.
    pub flags: Vec<&'static str>,
    /// The name itself. Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Everything else the source sent. Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub props: Option<Box<RawValue>>,
}

/// Hands every interaction to `each`, in no particular order. `personal` adds names and properties.
///
/// # Errors
/// Fails when the stores do, or when `each` does.
pub fn export(home: &Home, personal: bool, mut each: impl FnMut(&Exported) -> Result<()>) -> Result<()> {
    let (people, identities, signals) = home.block_on(async {
        let state = home.state();
        Result::Ok((People::load(state).await?, People::identities(state).await?, signals(state).await?))
    })?;
    let mut known_by: IdMap<PersonId, BTreeSet<String>> = IdMap::default();
    for (actor, identity) in &identities {
        known_by.entry(people.person_of(*actor)).or_default().insert(identity.namespace.clone());
    }
    let mut told = Ok(());
    let every = home.ledger().every(|row| {
        if told.is_ok() {
            let person = people.person_of(row.actor);
            let known_by = known_by.get(&person).cloned().unwrap_or_default();
            let signal = signals.get(row.signal.0 as usize).cloned().unwrap_or_default();
            let name = identities.get(&row.actor).filter(|_| personal);
            told = each(&exported(row, signal, person, known_by, name, personal));
        }
    });
    every.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?;
    told
}

/// Writes one interaction of a person in words, with everything the source sent.
pub(super) fn in_words(row: Interaction, signals: &[Signature], person: PersonId) -> Exported {
    let signal = signals.get(row.signal.0 as usize).cloned().unwrap_or_default();
    exported(row, signal, person, BTreeSet::new(), None, true)
}

fn exported(
    row: Interaction,
    signal: Signature,
    person: PersonId,
    known_by: BTreeSet<String>,
    name: Option<&Identity>,
    personal: bool,
) -> Exported {
    let money = |minor: Option<i64>| minor.map(|minor| written(minor, row.currency));
    Exported {
        id: row.id.to_string(),
        signal,
        form: row.form,
        direction: row.direction,
        at: iso(row.at),
        received: iso(row.received),
        sent: row.sent.map(iso),
        original: row.original.map(iso),
        value: money(row.value),
        cost: money(row.cost),
        currency: row.currency,
        offer: row.offer,
        arm: row.arm,
        campaign_detail: row.campaign,
        conversation: row.conversation,
        actor: row.actor.to_string(),
        person: person.to_string(),
        known_by,
        flags: named(row.flags),
        name: name.map(|identity| format!("{}:{}", identity.namespace, identity.value)),
        props: row.props.filter(|_| personal).and_then(|props| RawValue::from_string(props).ok()),
    }
}

/// Writes an amount exactly. Without a currency it has two decimals, as most have.
fn written(minor: i64, currency: Option<Currency>) -> String {
    let digits = currency.map_or(2, |currency| currency.digits());
    let unit = 10_u64.pow(digits);
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    match digits {
        0 => format!("{sign}{minor}"),
        digits => format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = digits as usize),
    }
}

fn iso(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| at.0.to_string(), |stamp| stamp.to_string())
}

fn named(flags: Flags) -> Vec<&'static str> {
    let all = [
        (Flags::BOT, "bot"),
        (Flags::EPHEMERAL, "ephemeral"),
        (Flags::CONSENT, "consent"),
        (Flags::BACKFILL, "backfill"),
        (Flags::VISITOR, "day_visitor"),
        (Flags::TEXT, "text"),
    ];
    all.into_iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_exactly() {
        let yen = Currency::parse("JPY").ok();
        for (minor, currency, expected) in [
            (4250, Some(Currency::EUR), "42.50"),
            (-5, None, "-0.05"),
            (42, yen, "42"),
            (i64::MIN, None, "-92233720368547758.08"),
        ] {
            assert_eq!(written(minor, currency), expected);
        }
    }
}
