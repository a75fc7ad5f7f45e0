//! Under-use (M10): a touchpoint that works better than its neighbours but reaches few.
//!
//! Under-used when all hold: the lower limit of its effect is above the median effect of the stage's other
//! touchpoints; it reaches at most 20 % of those it could (or the lowest quarter of reaches); and a further outcome costs no more
//! than the stage's median cost per outcome, as far as costs are known. `potential = (target·eligible − touched)·effect`, with
//! both limits of the effect. That the effect holds for those not yet touched is an assumption: an experiment tells.
//!
//! | touchpoint | eligible | touched | effect | stage median | potential | under-used |
//! |---|---|---|---|---|---|---|
//! | demo call | 1,200 | 60 | .12 [.05; .20] | .03 | +36 [15; 60] | yes |
//! | webinar | 1,200 | 60 | .12 [.02; .20] | .03 | +36 [6; 60] | no, effect not sure enough |
//! | newsletter | 1,200 | 600 | .12 [.05; .20] | .03 | 0 | no, reaches half |
//! | fair | 1,200 | 60 | .12 [.05; .20] | unknown | +36 [15; 60] | no, nothing to compare with |
//! | letter | 0 | 0 | unknown | .03 | unknown | no |
//!
//! Cost: O(n log n) for n other touchpoints.

use crate::intervals::{Estimate, median, proportion};

/// Holds what is known of a touchpoint and its stage.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Chance<'a> {
    /// People of its stage and segments.
    pub eligible: u64,
    /// Those of them whom it met.
    pub touched: u64,
    /// Its effect on a person (M4 or M6), with interval.
    pub effect: Option<Estimate>,
    /// The effects of the stage's other touchpoints.
    pub others: &'a [f64],
    /// The lowest quarter of reaches, where the map knows one; reach at or below it counts as low too.
    pub low_quartile: Option<f64>,
    /// What one further outcome would cost here.
    pub marginal_cost: Option<f64>,
    /// The stage's median cost per outcome.
    pub median_cost: Option<f64>,
}

/// Holds the limits of the rule.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// At or below this reach a touchpoint may be under-used.
    pub reach_low: f64,
    /// The reach it should have.
    pub reach_target: f64,
}

/// Is what the rule finds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unused {
    /// Touched of eligible, with Wilson interval; none without eligible people.
    pub reach: Option<Estimate>,
    /// Median effect of the others.
    pub stage_median: Option<f64>,
    /// Outcomes to be gained at the target reach; none without an effect, 0 at or above the target.
    pub potential: Option<Estimate>,
    /// Whether the effect is surely above the median.
    pub works_better: bool,
    /// Whether the reach is low.
    pub reaches_few: bool,
    /// Whether a further outcome is known to cost more than usual.
    pub costs_more: bool,
    /// Whether the touchpoint is under-used.
    pub fires: bool,
}

/// Judges a touchpoint.
#[must_use]
pub fn under_use(chance: &Chance<'_>, limits: Limits) -> Unused {
    let reach = proportion(chance.touched, chance.eligible);
    let stage_median = median(chance.others);
    let lower_limit = chance.effect.and_then(|effect| effect.interval).map(|interval| interval.low);
    let works_better = matches!((lower_limit, stage_median), (Some(low), Some(median)) if low > median);
    let low = limits.reach_low.max(chance.low_quartile.unwrap_or(0.0));
    let reaches_few = reach.is_some_and(|reach| reach.value <= low);
    let costs_more = matches!((chance.marginal_cost, chance.median_cost), (Some(here), Some(usual)) if here > usual);
    Unused {
        reach,
        stage_median,
        potential: potential(chance, limits.reach_target),
        works_better,
        reaches_few,
        costs_more,
        fires: works_better && reaches_few && !costs_more,
    }
}

fn potential(chance: &Chance<'_>, target: f64) -> Option<Estimate> {
    let effect = chance.effect.filter(|_| chance.eligible > 0)?;
    let more = (target * chance.eligible as f64 - chance.touched as f64).max(0.0);
    Some(Estimate { value: more * effect.value, interval: effect.interval.map(|interval| interval.times(more)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intervals::Interval;

    const LIMITS: Limits = Limits { reach_low: 0.2, reach_target: 0.3 };

    fn effect(low: f64) -> Option<Estimate> {
        Some(Estimate { value: 0.12, interval: Some(Interval { low, high: 0.20 }) })
    }

    fn demo_call() -> Chance<'static> {
        Chance {
            eligible: 1_200,
            touched: 60,
            effect: effect(0.05),
            others: &[0.01, 0.03, 0.08],
            low_quartile: None,
            marginal_cost: None,
            median_cost: None,
        }
    }

    #[test]
    fn m10_under_use() {
        let found = under_use(&demo_call(), LIMITS);
        assert_eq!((found.reach.map(|reach| reach.value), found.stage_median), (Some(0.05), Some(0.03)));
        let potential = found.potential.expect("there is an effect");
        let interval = potential.interval.expect("the effect has one");
        for (found, expected) in [(potential.value, 36.0), (interval.low, 15.0), (interval.high, 60.0)] {
            assert!((found - expected).abs() < 1e-9, "{potential:?}");
        }
        assert!(found.fires);
    }

    fn check(change: impl Fn(&mut Chance<'static>), fires: bool) {
        let mut chance = demo_call();
        change(&mut chance);
        assert_eq!(under_use(&chance, LIMITS).fires, fires, "{chance:?}");
    }

    #[test]
    fn every_condition_counts() {
        check(|chance| chance.effect = effect(0.02), false);
        check(|chance| chance.touched = 600, false);
        check(|chance| (chance.touched, chance.low_quartile) = (600, Some(0.5)), true);
        check(|chance| chance.others = &[], false);
        check(|chance| chance.effect = None, false);
        check(|chance| (chance.eligible, chance.touched) = (0, 0), false);
        check(|chance| (chance.marginal_cost, chance.median_cost) = (Some(30.0), Some(20.0)), false);
        check(|chance| (chance.marginal_cost, chance.median_cost) = (Some(20.0), Some(20.0)), true);
    }

    #[test]
    fn beyond_the_target_nothing_is_to_be_gained() {
        let found = under_use(&Chance { touched: 600, ..demo_call() }, LIMITS);
        assert_eq!(found.potential.map(|potential| potential.value), Some(0.0));
        assert_eq!(under_use(&Chance { eligible: 0, touched: 0, ..demo_call() }, LIMITS).potential, None);
    }
}
