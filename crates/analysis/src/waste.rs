//! Wasted effort (M11): a share of cost far above the share of effect.
//!
//! With cost shares c and effect shares e: `ratio = c/e`; `waste = max(0, C − λ·E)` with the mean price of an effect
//! `λ = ΣC/ΣE`; `W = ½Σ|c − e|` is the misplaced share of the budget. Wasted when the ratio reaches 1.5, cost exceeds effect by
//! 5 points, and even the upper limit of the effect stays below the cost. A declared purpose (brand, legal, service) is weighed
//! by whoever gives the verdict. The definitions are the product's own.
//!
//! | touchpoint | cost | effect | cost share | effect share | ratio | waste |
//! |---|---|---|---|---|---|---|
//! | fair | 5,000 | 20 | .50 | .10 | 5.0 | 4,000 |
//! | advertising | 3,000 | 60 | .30 | .30 | 1.0 | 0 |
//! | newsletter | 1,500 | 90 | .15 | .45 | .333 | 0 |
//! | chat | 500 | 30 | .05 | .15 | .333 | 0 |
//! | total | 10,000 | 200 | λ = 50 | | W = .40 | 4,000 |
//!
//! Cost: O(n).

use crate::intervals::Estimate;

/// Is the whole comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Wasted {
    /// Mean price of an effect, λ.
    pub price: f64,
    /// Misplaced share of the budget, W.
    pub misplaced: f64,
    /// One entry per touchpoint.
    pub touchpoints: Vec<WastedEffort>,
}

/// Is one touchpoint's cost against its effect.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WastedEffort {
    /// Share of cost.
    pub cost_share: f64,
    /// Share of effect.
    pub effect_share: f64,
    /// Cost share over effect share; none without effect.
    pub ratio: Option<f64>,
    /// Amount spent above the mean price of its effect.
    pub amount: f64,
}

/// From this ratio of cost share to effect share effort may be wasted.
pub const RATIO_LIMIT: f64 = 1.5;
/// From this excess of cost share over effect share effort may be wasted.
pub const EXCESS_LIMIT: f64 = 0.05;

/// Compares costs (or hours) with effects, none negative, one of each per touchpoint; `None` when either sums to nothing.
#[must_use]
pub fn wasted(costs: &[f64], effects: &[f64]) -> Option<Wasted> {
    let (cost, effect): (f64, f64) = (costs.iter().sum(), effects.iter().sum());
    if cost <= 0.0 || effect <= 0.0 {
        return None;
    }
    let price = cost / effect;
    let touchpoints: Vec<WastedEffort> = costs
        .iter()
        .zip(effects)
        .map(|(spent, gained)| {
            let (cost_share, effect_share) = (spent / cost, gained / effect);
            let ratio = (effect_share > 0.0).then(|| cost_share / effect_share);
            WastedEffort { cost_share, effect_share, ratio, amount: (spent - price * gained).max(0.0) }
        })
        .collect();
    let misplaced = touchpoints.iter().map(|one| (one.cost_share - one.effect_share).abs()).sum::<f64>() / 2.0;
    Some(Wasted { price, misplaced, touchpoints })
}

/// Tells whether effort is wasted, given the effect share with its interval; never without an interval.
#[must_use]
pub fn is_wasted(cost_share: f64, effect_share: Estimate) -> bool {
    const HAIR: f64 = 1e-9;
    // Multiplied out, so that effort without any effect counts as wasted too.
    let far_above =
        cost_share >= RATIO_LIMIT * effect_share.value - HAIR && cost_share - effect_share.value >= EXCESS_LIMIT - HAIR;
    far_above && effect_share.interval.is_some_and(|interval| interval.high < cost_share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intervals::Interval;
    use proptest::prelude::*;

    #[test]
    fn m11_wasted_effort() {
        let found = wasted(&[5_000.0, 3_000.0, 1_500.0, 500.0], &[20.0, 60.0, 90.0, 30.0]).expect("cost and effect");
        assert!((found.price - 50.0).abs() < 1e-12 && (found.misplaced - 0.40).abs() < 1e-12);
        for (one, (ratio, amount)) in found.touchpoints.iter().zip([(5.0, 4_000.0), (1.0, 0.0), (0.333, 0.0), (0.333, 0.0)]) {
            assert!((one.ratio.expect("has effect") - ratio).abs() < 5e-4 && (one.amount - amount).abs() < 1e-9, "{one:?}");
        }
    }

    fn check(cost_share: f64, effect_share: f64, high: f64, expected: bool) {
        let interval = Some(Interval { low: 0.0, high });
        assert_eq!(is_wasted(cost_share, Estimate { value: effect_share, interval }), expected);
    }

    #[test]
    fn every_condition_counts() {
        check(0.50, 0.10, 0.20, true);
        check(0.50, 0.10, 0.60, false);
        check(0.50, 0.40, 0.45, false);
        check(0.04, 0.01, 0.02, false);
        check(0.15, 0.10, 0.12, true);
        check(0.10, 0.0, 0.01, true);
        assert!(!is_wasted(0.5, Estimate { value: 0.1, interval: None }));
    }

    #[test]
    fn without_effect_there_is_no_ratio() {
        let found = wasted(&[10.0, 10.0], &[0.0, 5.0]).expect("cost and effect");
        assert_eq!((found.touchpoints[0].ratio, found.touchpoints[0].amount), (None, 10.0));
        assert_eq!(wasted(&[0.0], &[1.0]), None);
        assert_eq!(wasted(&[1.0], &[0.0]), None);
    }

    proptest! {
        #[test]
        fn what_is_wasted_is_what_is_misplaced(parts in prop::collection::vec((0.0..1e6_f64, 0.0..1e3_f64), 1..30)) {
            let costs: Vec<f64> = parts.iter().map(|part| part.0).collect();
            let effects: Vec<f64> = parts.iter().map(|part| part.1).collect();
            if let Some(found) = wasted(&costs, &effects) {
                let amount: f64 = found.touchpoints.iter().map(|one| one.amount).sum();
                let total: f64 = costs.iter().sum();
                prop_assert!((amount - found.misplaced * total).abs() <= 1e-9 * total);
            }
        }
    }
}
