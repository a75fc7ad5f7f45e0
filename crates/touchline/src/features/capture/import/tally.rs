//! What is counted on the way through a file, and the summary that a person or a program reads at the end.

use super::draft::Signatures;
use super::plan::Reason;
use crate::tell;
use crate::telling::Filling;
use model::{Arrival, Currency, Identity, Signature};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

/// So many single refusals are told with their lines; all are in the file of rejects.
const EXAMPLES: usize = 10;

/// Is what became of a file. Its JSON is stable.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Summary {
    /// Whether the file was read to its end.
    pub complete: bool,
    /// Rows read, those refused and left out included.
    pub rows: u64,
    /// Rows left out by a rule of the mapping.
    pub skipped: Vec<SkippedRows>,
    /// Rows left out because an equal row came before.
    pub duplicate_rows: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Why rows were refused, most frequent first.
    pub reasons: Vec<Refused>,
    /// The first refused rows: line and reason.
    pub examples: Vec<(u64, String)>,
    /// The files with the refused rows.
    pub rejects: Vec<String>,
    /// Interactions that the rows tell of.
    pub interactions: u64,
    /// Interactions that were new.
    pub added: u64,
    /// Interactions that were there already.
    pub already_there: u64,
    /// Interactions of nobody known.
    pub anonymous: u64,
    /// Different strongest identities.
    pub identities: u64,
    /// Interactions that answer another.
    pub replies: u64,
    /// Facts about names.
    pub links: u64,
    /// The first moment, RFC 3339.
    pub first: Option<String>,
    /// The last moment, RFC 3339.
    pub last: Option<String>,
    /// The worth of all interactions, by currency.
    pub values: Vec<ValueSum>,
    /// The signals with their number of interactions, most frequent first.
    pub signals: Vec<(Signature, u64)>,
    /// Remarks for the person who imports.
    pub notes: Vec<Reason>,
    /// How long it took.
    pub seconds: f64,
}

impl Summary {
    /// Names currencies other than the map's: reports add amounts up as they are, and call the sum the map's currency.
    #[must_use]
    pub fn foreign_currencies(&self, of_the_map: Currency) -> Vec<Reason> {
        let foreign = self.values.iter().map(|value| value.currency).filter(|currency| *currency != of_the_map);
        let note = |currency: Currency| {
            tell!(
                currency_foreign,
                "amounts are in {currency}, the map counts in {map}: set its `currency`, or convert the file, before reading money",
                currency = currency.to_string(),
                map = of_the_map.to_string()
            )
        };
        foreign.map(note).collect()
    }
}

/// Is a rule of the mapping and how many rows it left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SkippedRows {
    /// Why, in the words of the mapping.
    pub because: String,
    /// How many rows.
    pub rows: u64,
}

/// Is a reason and how many rows were refused for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Refused {
    /// Why, in English; it names columns, never their content.
    pub reason: Cow<'static, str>,
    /// Which sentence that is, for whoever says it in another language …
    pub code: Cow<'static, str>,
    /// … and the values in it.
    pub values: BTreeMap<Cow<'static, str>, Filling>,
    /// How many rows.
    pub rows: u64,
    /// The first line.
    pub first_line: u64,
}

/// Is a sum of money.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ValueSum {
    /// The currency.
    pub currency: Currency,
    /// The sum, in minor units.
    pub minor: i64,
    /// The interactions that have a value.
    pub interactions: u64,
}

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) skipped: Vec<u64>,
    pub(super) duplicate_rows: u64,
    rejected: u64,
    reasons: HashMap<Reason, (u64, u64)>,
    examples: Vec<(u64, String)>,
    interactions: u64,
    anonymous: u64,
    actors: HashSet<u64>,
    replies: u64,
    pub(super) links: u64,
    span: Option<(i64, i64)>,
    values: BTreeMap<Currency, (i64, u64)>,
}

impl Tally {
    /// Starts with so many rules by which rows are left out.
    pub(super) fn new(skips: usize) -> Self {
        Self { skipped: vec![0; skips], ..Self::default() }
    }

    /// Counts a refused row.
    pub(super) fn refuse(&mut self, line: u64, reason: &Reason) {
        self.rejected += 1;
        match self.reasons.get_mut(reason) {
            Some((rows, _)) => *rows += 1,
            None => {
                self.reasons.insert(reason.clone(), (1, line));
            }
        }
        if self.examples.len() < EXAMPLES {
            self.examples.push((line, reason.to_string()));
        }
    }

    /// Counts an interaction.
    pub(super) fn interaction(&mut self, arrival: &Arrival) {
        self.interactions += 1;
        match arrival.identities.first().map(Identity::actor) {
            Some(actor) => {
                self.actors.insert(actor.0);
            }
            None => self.anonymous += 1,
        }
        self.replies += u64::from(arrival.reply_to.is_some());
        let (first, last) = self.span.unwrap_or((arrival.at.0, arrival.at.0));
        self.span = Some((first.min(arrival.at.0), last.max(arrival.at.0)));
        if let (Some(value), Some(currency)) = (arrival.value, arrival.currency) {
            let (sum, count) = self.values.entry(currency).or_default();
            *sum = sum.saturating_add(value);
            *count += 1;
        }
    }

    /// Makes the summary. What the reader and the sink know is added by the caller.
    pub(super) fn summary(self, skips: &[String], signatures: Signatures) -> Summary {
        let time = |micros: i64| jiff::Timestamp::from_microsecond(micros).map(|at| at.to_string()).ok();
        let refused = |(reason, (rows, first_line)): (Reason, _)| {
            let Reason { code, says, values } = reason;
            Refused { reason: says, code, values, rows, first_line }
        };
        let mut reasons: Vec<Refused> = self.reasons.into_iter().map(refused).collect();
        reasons.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.reason.cmp(&b.reason)));
        let skipped = skips.iter().zip(self.skipped).map(|(because, rows)| SkippedRows { because: because.clone(), rows });
        let values = self.values.into_iter().map(|(currency, (minor, interactions))| ValueSum { currency, minor, interactions });
        Summary {
            complete: true,
            rows: self.rows,
            skipped: skipped.collect(),
            duplicate_rows: self.duplicate_rows,
            rejected: self.rejected,
            reasons,
            examples: self.examples,
            interactions: self.interactions,
            anonymous: self.anonymous,
            identities: self.actors.len() as u64,
            replies: self.replies,
            links: self.links,
            first: self.span.and_then(|(first, _)| time(first)),
            last: self.span.and_then(|(_, last)| time(last)),
            values: values.collect(),
            signals: signatures.counted(),
            ..Summary::default()
        }
    }
}
