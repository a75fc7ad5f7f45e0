//! Every number carries its evidence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how well a figure is founded. The order is the order of strength.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
pub enum Evidence {
    /// Nothing known.
    E0,
    /// Declared by staff.
    E1,
    /// Opinion: survey, role-play.
    E2,
    /// Observed: association.
    E3,
    /// Experiment: randomised.
    E4,
}

/// Is what a figure's number means, so that it can be shown in the reader's language.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Between 0 and 1.
    Share,
    /// A difference of two shares.
    Points,
    /// Minor units of the map's currency.
    Money,
    /// A plain number of things.
    Count,
    /// A quotient without a unit.
    Ratio,
}

/// Is a number as the product shows it: with its base, its interval and its class.
///
/// `value` is `None` where the denominator is zero: a rate of nothing is unknown, not 0 %.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// The number, or nothing.
    pub value: Option<f64>,
    /// Lower limit of the 95 % interval.
    pub low: Option<f64>,
    /// Upper limit of the 95 % interval.
    pub high: Option<f64>,
    /// How many people, answers or units stand behind it.
    pub n: u64,
    /// How well it is founded.
    pub evidence: Evidence,
    /// What the number means.
    pub unit: Unit,
    /// How the interval was made: `wilson`, `newcombe`, `jackknife`, or empty where there is none.
    pub method: String,
}

impl Figure {
    /// Says that nothing is known.
    #[must_use]
    pub fn unknown(unit: Unit) -> Self {
        Self { value: None, low: None, high: None, n: 0, evidence: Evidence::E0, unit, method: String::new() }
    }

    /// Makes a figure that is counted, not estimated: no interval.
    #[must_use]
    pub fn exact(value: f64, n: u64, unit: Unit) -> Self {
        Self { value: Some(value), low: None, high: None, n, evidence: Evidence::E3, unit, method: String::new() }
    }
}
