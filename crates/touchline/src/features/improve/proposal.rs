//! What a budget could be divided over today: each touchpoint with customers that costs money, with what spending on it
//! brings as far as that is known.
//!
//! Where weekly spend has varied enough the response is fitted ([`analysis::mix`]); otherwise it is an assumption that passes
//! through today's spend and today's outcomes, and levels off as spending mostly does (an elasticity near 0.4 today). An
//! assumption is evidence E1, and never moves a touchpoint by more than a fifth: nobody should bet on one point (M22).

use analysis::budget::{Item, Response};
use analysis::chance::Chance;
use analysis::report::{MapReport, TouchpointFigures, Window};
use model::{Class, Evidence, Figure, Life, TouchpointMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how many possible responses are drawn for each touchpoint: regret is told to a few per cent.
const DRAWS: usize = 40;
/// The share of what endless spending would bring that today's spend is assumed to reach: in the middle, least, most.
const REACHED: (f64, f64, f64) = (0.8, 0.5, 0.95);
/// An assumption moves a touchpoint by no more than this share of today's spend.
const LEASH: f64 = 0.2;

/// Is how a response is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseBasis)]
pub enum Basis {
    /// It passes through today's spend and outcomes; how it levels off is assumed.
    Assumed,
    /// It was fitted to weekly spend and outcomes.
    Fitted,
}

/// Is what could be divided, and over what.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BudgetProposal)]
pub struct Proposal {
    /// What is spent today, in minor units over the window.
    pub budget: f64,
    /// The data it stands on.
    pub window: Window,
    /// What one outcome leaves, in minor units.
    pub worth: f64,
    /// The touchpoints, the dearest first.
    pub items: Vec<Proposed>,
}

/// Is one touchpoint that can be given money.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BudgetProposed)]
pub struct Proposed {
    /// The item, as a budget takes it: amounts in minor units over the window, results in outcomes.
    pub item: Item,
    /// How its response is known.
    pub basis: Basis,
    /// How well that is founded.
    pub evidence: Evidence,
    /// The outcomes credited to it today, as a share of all.
    pub effect: Figure,
    /// Whether a purpose of its own justifies what it costs: then it is not cut.
    pub kept_for_purpose: bool,
    /// What building it costs, written off over the window: not a matter of this budget.
    pub build: f64,
}

/// Proposes what to divide a budget over.
#[must_use]
pub fn proposal(map: &TouchpointMap, report: &MapReport, worth: f64) -> Proposal {
    let credited: f64 = report.touchpoints.iter().map(|figures| figures.attribution.outcomes).sum();
    let mut items: Vec<Proposed> = map
        .touchpoints
        .iter()
        .zip(&report.touchpoints)
        .filter(|(touchpoint, _)| touchpoint.life == Life::Live && touchpoint.class == Class::Customer)
        .enumerate()
        .filter_map(|(at, (touchpoint, figures))| proposed(touchpoint, figures, report, credited, at as u64))
        .collect();
    items.sort_by(|one, other| other.item.today.total_cmp(&one.item.today));
    Proposal { budget: items.iter().map(|proposed| proposed.item.today).sum(), window: report.window, worth, items }
}

fn proposed(
    touchpoint: &model::Touchpoint,
    figures: &TouchpointFigures,
    report: &MapReport,
    credited: f64,
    seed: u64,
) -> Option<Proposed> {
    let months = (report.window.to - report.window.from) as f64 / (30.44 * model::time::DAY as f64);
    let cost = &touchpoint.cost;
    let build = if cost.build_months > 0 { cost.build as f64 / f64::from(cost.build_months) * months } else { 0.0 };
    // What is built is built: only what keeping it up costs can be moved.
    let today = (figures.cost as f64 - build).max(0.0);
    let outcomes = figures.attribution.outcomes;
    if today < 1.0 || outcomes <= 0.0 {
        return None;
    }
    let through =
        |outcomes: f64, reached: f64| Response::Exponential { top: outcomes / reached, rate: -(-reached).ln_1p() / today };
    let effect = &figures.attribution.linear;
    let doubt = match (effect.low, effect.high) {
        (Some(low), Some(high)) => (high - low) / (2.0 * analysis::intervals::Z95) * credited,
        // Without an interval nothing is known of the doubt: half of what was credited.
        _ => outcomes / 2.0,
    };
    let mut chance = Chance::new(0x0b1d_6e70 ^ seed);
    let draws = std::iter::repeat_with(|| {
        let drawn = (outcomes + chance.normal() * doubt).max(outcomes * 0.01);
        through(drawn, REACHED.1 + (REACHED.2 - REACHED.1) * chance.unit())
    });
    let draws = draws.take(DRAWS).collect();
    let kept_for_purpose = touchpoint.purpose.is_some();
    Some(Proposed {
        item: Item {
            id: touchpoint.id.clone(),
            response: through(outcomes, REACHED.0),
            today,
            floor: if kept_for_purpose { today } else { today * (1.0 - LEASH) },
            ceiling: Some(today * (1.0 + LEASH)),
            package: None,
            draws,
        },
        basis: Basis::Assumed,
        evidence: Evidence::E1,
        effect: effect.clone(),
        kept_for_purpose,
        build,
    })
}
