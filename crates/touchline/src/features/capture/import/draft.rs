//! An interaction under way: compact, so that hundreds of thousands of open invoices fit in memory.
//!
//! Signatures are kept once and named by number; amounts are exact until the interaction is finished.

use super::amount::{self, Billionths};
use super::plan::Reason;
use crate::tell;
use model::{Arrival, Currency, Direction, Flags, Form, Identity, Instant, Score, Signature};
use std::collections::HashMap;

/// A signature names a kind of signal. More kinds than this in one file is a column that names single things.
const SIGNATURES: usize = 100_000;

/// Holds each different signature once.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    numbers: HashMap<String, u32>,
    list: Vec<(Signature, u64)>,
    key: String,
}

impl Signatures {
    /// Finds the number of a signature; `fields` are event, channel, place, campaign and touchpoint.
    pub(super) fn number(&mut self, source: &str, fields: [&str; 5]) -> Result<u32, Reason> {
        self.key.clear();
        for field in fields {
            self.key.push_str(field);
            self.key.push('\u{1f}');
        }
        if let Some(number) = self.numbers.get(&self.key) {
            return Ok(*number);
        }
        if self.list.len() >= SIGNATURES {
            return Err(tell!(
                too_many_signals,
                "more than {limit} different signals: keep columns that name single things in `props`",
                limit = SIGNATURES
            ));
        }
        let number = self.list.len() as u32;
        let [event, channel, place, campaign, touchpoint] = fields.map(str::to_owned);
        self.list.push((Signature { source: source.to_owned(), event, channel, place, campaign, touchpoint }, 0));
        self.numbers.insert(self.key.clone(), number);
        Ok(number)
    }

    /// Returns a signature by its number, counting one interaction for it.
    fn count(&mut self, number: u32) -> Signature {
        let (signature, count) = &mut self.list[number as usize];
        *count += 1;
        signature.clone()
    }

    /// Returns the fields of a signature without counting.
    pub(super) fn get(&self, number: u32) -> &Signature {
        &self.list[number as usize].0
    }

    /// Returns every signature with the number of its interactions, most frequent first.
    pub(super) fn counted(self) -> Vec<(Signature, u64)> {
        let mut list: Vec<_> = self.list.into_iter().filter(|(_, count)| *count > 0).collect();
        list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        list
    }
}

/// Is an interaction whose numbers are not final.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The message id.
    pub(super) key: Box<[u8]>,
    /// The names: number of the namespace in the mapping, and the text.
    pub(super) names: Box<[(u16, Box<str>)]>,
    /// The number of the signature.
    pub(super) signature: u32,
    /// When.
    pub(super) at: Instant,
    /// What happened.
    pub(super) form: Form,
    /// Who spoke to whom.
    pub(super) direction: Direction,
    /// What it was worth.
    pub(super) value: Option<Billionths>,
    /// What it cost.
    pub(super) cost: Option<Billionths>,
    /// The currency of both.
    pub(super) currency: Option<Currency>,
    /// An answer on a scale.
    pub(super) score: Option<Score>,
    /// What only some files have.
    pub(super) rare: Option<Box<Rare>>,
}

/// Is what only some files have.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Rare {
    pub(super) reply_to: Option<Box<[u8]>>,
    pub(super) offer: Option<String>,
    pub(super) arm: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) props: Option<String>,
    pub(super) text: Option<String>,
}

impl Draft {
    /// Takes in another row of the same interaction.
    pub(super) fn absorb(&mut self, other: Self) -> Result<(), Reason> {
        if self.currency.is_some() && other.currency.is_some() && self.currency != other.currency {
            return Err(tell!(group_currencies_differ, "the rows of one group have different currencies"));
        }
        self.value = add(self.value, other.value)?;
        self.cost = add(self.cost, other.cost)?;
        self.currency = self.currency.or(other.currency);
        self.at = self.at.min(other.at);
        self.score = self.score.or(other.score);
        if self.names.is_empty() {
            self.names = other.names;
        }
        self.rare = self.rare.take().or(other.rare);
        Ok(())
    }

    /// Finishes the interaction: amounts are rounded to minor units here and nowhere else.
    pub(super) fn finish(self, source: &str, namespaces: &[String], signatures: &mut Signatures) -> Result<Arrival, Reason> {
        let minor = |amount: Option<Billionths>| match (amount, self.currency) {
            (Some(amount), Some(currency)) => {
                let too_large = || tell!(worth_too_large, "the amount is too large");
                amount::minor(amount, currency).map(Some).ok_or_else(too_large)
            }
            _ => Ok(None),
        };
        let rare = self.rare.map(|rare| *rare).unwrap_or_default();
        Ok(Arrival {
            source: source.to_owned(),
            message_id: self.key.into_vec(),
            identities: self
                .names
                .iter()
                .filter_map(|(space, name)| Identity::new(&namespaces[usize::from(*space)], name))
                .collect(),
            signature: signatures.count(self.signature),
            at: self.at,
            received: None,
            sent: None,
            original: None,
            form: self.form,
            direction: self.direction,
            value: minor(self.value)?,
            cost: minor(self.cost)?,
            currency: self.currency,
            score: self.score,
            reply_to: rare.reply_to.map(<[u8]>::into_vec),
            offer: rare.offer,
            arm: rare.arm,
            campaign: rare.campaign,
            conversation: rare.conversation,
            flags: Flags::default(),
            props: rare.props,
            text: rare.text,
        })
    }
}

fn add(one: Option<Billionths>, other: Option<Billionths>) -> Result<Option<Billionths>, Reason> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let too_large = || tell!(group_sum_too_large, "the sum of the group is too large");
            one.checked_add(other).map(Some).ok_or_else(too_large)
        }
        (one, other) => Ok(one.or(other)),
    }
}
