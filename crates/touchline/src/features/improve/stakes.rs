//! What a verdict is worth: the money at stake as long as nothing is done, and what its action is expected to bring.
//! Pure functions of a report.

use analysis::report::{MapReport, TouchpointFigures};
use model::map::Settings;
use model::{Evidence, Figure, Unit, VerdictKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is what an action promises, and what is therefore compared when it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// Money no longer spent or lost, over a window as long as the one the verdict stood on.
    Saves,
    /// More outcomes, over such a window.
    Outcomes,
    /// Interactions are heard of.
    Heard,
    /// The share of satisfied people.
    Satisfaction,
    /// The share of requests answered in time.
    InTime,
    /// The share of requests answered at all.
    Answered,
    /// So many more people, so that something can be said.
    People,
}

/// Is what an action is expected to bring.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What kind of thing.
    pub promise: Promise,
    /// How much, with its interval where there is one.
    pub figure: Figure,
}

/// Estimates what a verdict costs as long as nothing is done, in minor units over the window.
///
/// Wasted: the amount above the average price of an effect (M11). Over-used: what the contacts beyond the saturation
/// point lost (M9: minus the net of each further contact, times those who got it). Under-used: the outcomes to be
/// gained (M10) at the margin of a mean outcome. Others: nothing that could be priced.
#[must_use]
pub fn at_stake(settings: &Settings, report: &MapReport, figures: &TouchpointFigures) -> f64 {
    match figures.verdict.kind {
        VerdictKind::Wasted => figures.waste.amount,
        VerdictKind::OverUsed => lost_beyond(figures),
        VerdictKind::UnderUsed => figures.under_use.potential.value.unwrap_or(0.0) * worth(settings, report),
        _ => 0.0,
    }
}

/// What a mean outcome leaves, in minor units.
pub(super) fn worth(settings: &Settings, report: &MapReport) -> f64 {
    let totals = &report.totals;
    let mean = if totals.outcomes > 0 && totals.value > 0 {
        totals.value as f64 / totals.outcomes as f64
    } else {
        settings.outcome_value as f64
    };
    mean * settings.margin
}

fn lost_beyond(figures: &TouchpointFigures) -> f64 {
    let Some(over_use) = &figures.over_use else { return 0.0 };
    let saturation = over_use.saturation.unwrap_or(u32::MAX);
    let beyond = over_use.curve.iter().filter(|step| step.contacts > saturation);
    beyond.map(|step| step.at_risk as f64 * (-step.net).max(0.0)).sum()
}

/// Tells what the action of a verdict is expected to bring; `None` where nothing is to be done.
#[must_use]
pub fn expectation(settings: &Settings, figures: &TouchpointFigures) -> Option<Expectation> {
    let verdict = &figures.verdict;
    let (promise, figure) = match verdict.kind {
        VerdictKind::Wasted => (Promise::Saves, saved(figures)),
        // What a window that nobody reads loses has no price.
        VerdictKind::OverUsed if verdict.rule.ends_with("R4") => {
            (Promise::Saves, Figure { evidence: verdict.evidence, ..Figure::unknown(Unit::Money) })
        }
        VerdictKind::OverUsed => {
            let lost = lost_beyond(figures);
            let n = figures.over_use.as_ref().map_or(0, |over_use| over_use.beyond.n);
            (Promise::Saves, Figure { n, evidence: verdict.evidence, ..Figure::exact(lost, n, Unit::Money) })
        }
        VerdictKind::UnderUsed => (Promise::Outcomes, figures.under_use.potential.clone()),
        VerdictKind::Dark => (Promise::Heard, Figure { evidence: Evidence::E1, ..Figure::unknown(Unit::Count) }),
        VerdictKind::NeedsCare => {
            let target = verdict.reason.numbers.get("target").copied().unwrap_or(settings.satisfaction_target);
            let promise = match verdict.rule.as_str() {
                "M24.8/M14" => Promise::Answered,
                "M24.8/M15" => Promise::InTime,
                _ => Promise::Satisfaction,
            };
            (promise, Figure { evidence: Evidence::E1, ..Figure::exact(target, 0, Unit::Share) })
        }
        VerdictKind::InsufficientData => {
            let needed = *verdict.action.numbers.get("needed")?;
            (Promise::People, Figure { evidence: Evidence::E1, ..Figure::exact(needed, 0, Unit::Count) })
        }
        VerdictKind::None | VerdictKind::Effective | VerdictKind::Neutral => return None,
    };
    Some(Expectation { promise, figure })
}

/// The waste with limits: those of the effect share, turned into money at the price that the cost share implies.
fn saved(figures: &TouchpointFigures) -> Figure {
    let waste = &figures.waste;
    let per_share = if waste.cost_share > 0.0 { figures.cost as f64 / waste.cost_share } else { 0.0 };
    let of = |share: f64| ((waste.cost_share - share) * per_share).max(0.0);
    let effect = &waste.effect_share;
    Figure {
        value: Some(waste.amount),
        // More effect means less waste: the limits change places.
        low: effect.high.map(of),
        high: effect.low.map(of),
        unit: Unit::Money,
        ..effect.clone()
    }
}
