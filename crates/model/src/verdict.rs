//! What the map finally says of a touchpoint (M24).

use crate::evidence::{Evidence, Figure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is the one word for a touchpoint. The order is the order of precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// Planned, paused or retired: nothing to judge.
    None,
    /// Live and expected to be heard of, yet silent.
    Dark,
    /// Not enough data for any rule.
    InsufficientData,
    /// Contacts go beyond the saturation point.
    OverUsed,
    /// Its share of cost is far above its share of effect.
    Wasted,
    /// Effective, but reaching few.
    UnderUsed,
    /// Works, and better than its neighbours.
    Effective,
    /// People are not satisfied with it.
    NeedsCare,
    /// Nothing stands out.
    Neutral,
}

impl VerdictKind {
    /// Tells whether the verdict asks for a change of effort.
    #[must_use]
    pub const fn asks_for_change(self) -> bool {
        matches!(self, Self::Dark | Self::OverUsed | Self::Wasted | Self::UnderUsed | Self::NeedsCare)
    }

    /// Returns the name as in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dark => "dark",
            Self::InsufficientData => "insufficient_data",
            Self::OverUsed => "over_used",
            Self::Wasted => "wasted",
            Self::UnderUsed => "under_used",
            Self::Effective => "effective",
            Self::NeedsCare => "needs_care",
            Self::Neutral => "neutral",
        }
    }
}

/// Is a sentence to be said in the reader's language: a key of the catalogue and the numbers in it.
///
/// The keys are listed with their sentences in `docs/improve.md`; the web application and the command line
/// each have a catalogue for them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The key, such as `over_used.r1`.
    pub key: String,
    /// The figures that the sentence names. Money is in minor units.
    pub numbers: BTreeMap<String, f64>,
}

impl Reason {
    /// Makes a reason from a key and its numbers.
    #[must_use]
    pub fn new(key: &str, numbers: &[(&str, f64)]) -> Self {
        Self { key: key.to_owned(), numbers: numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect() }
    }
}

/// Is what to do about a verdict: a kind, and the numbers of its sentence.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// The key of the sentence, such as `cap_frequency`.
    pub key: String,
    /// The figures that the sentence names.
    pub numbers: BTreeMap<String, f64>,
}

/// Is a verdict with everything needed to check it again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The word.
    pub kind: VerdictKind,
    /// The rule that fired, such as `M24.4/M9.R1`.
    pub rule: String,
    /// Why, with numbers.
    pub reason: Reason,
    /// How well the deciding figure is founded.
    pub evidence: Evidence,
    /// The deciding figure, with its n and interval.
    pub figure: Figure,
    /// What to do.
    pub action: Action,
}
