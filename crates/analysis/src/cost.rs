//! Cost per outcome and return on cost (M8).
//!
//! `CPO = C / O`, with the interval made by inverting the Wilson limits of the rate at which people have the
//! outcome: `C / (n·high)` to `C / (n·low)`. `ROI = (V − C) / C`, its interval by the same limits at the mean value per outcome
//! seen. Outcomes and value come from an attribution model and may be fractional.
//!
//! | touchpoint | cost | people | outcomes | cost per outcome | value | ROI |
//! |---|---|---|---|---|---|---|
//! | newsletter | 600 | 200 | 30 | 20.00 [14.56; 28.00] | 1,050 | +.75 |
//! | fair | 9,000 | 90 | 9 | 1,000 [558; 1,869] | 9,000 | 0 |
//! | leaflet | 500 | 400 | 0 | unknown, at least 131 | 0 | −1 |
//! | review page | 0 | 80 | 8 | 0 | 400 | unknown |
//! | radio | 700 | 0 | 0 | unknown | 0 | −1 |
//!
//! Cost: constant.

use crate::intervals::{Estimate, Interval, wilson_of};

/// Computes what one outcome costs; `None` when there is none.
///
/// The upper limit is there only when the lower limit of the rate is above zero, so always when there are outcomes.
/// Without people to relate the outcomes to there is no interval.
#[must_use]
pub fn cost_per_outcome(cost: f64, outcomes: f64, people: u64) -> Option<Estimate> {
    if outcomes <= 0.0 {
        return None;
    }
    let interval = rate(outcomes, people).map(|rate| {
        let per = |share: f64| cost / (people as f64 * share);
        Interval::between(per(rate.low), per(rate.high))
    });
    Some(Estimate { value: cost / outcomes, interval })
}

/// Computes how much an outcome costs at least, when none was seen among `people` yet; `None` without people.
#[must_use]
pub fn cost_at_least(cost: f64, people: u64) -> Option<f64> {
    (people > 0).then(|| cost / (people as f64 * wilson_of(0.0, people as f64).high))
}

/// Computes the return on a cost; `None` when nothing was spent.
///
/// The interval takes the mean value per outcome as known and follows the Wilson limits of the rate.
#[must_use]
pub fn return_on_cost(cost: f64, value: f64, outcomes: f64, people: u64) -> Option<Estimate> {
    if cost <= 0.0 {
        return None;
    }
    let back = |value: f64| (value - cost) / cost;
    let interval = rate(outcomes, people).map(|rate| {
        let worth = |share: f64| back(value / outcomes * people as f64 * share);
        Interval::between(worth(rate.low), worth(rate.high))
    });
    Some(Estimate { value: back(value), interval })
}

/// Returns the limits of the rate of outcomes per person; `None` unless outcomes are fewer than people and above zero.
fn rate(outcomes: f64, people: u64) -> Option<Interval> {
    let share = outcomes / people as f64;
    (share > 0.0 && share <= 1.0).then(|| wilson_of(share, people as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn m8_cost_per_outcome() {
        let found = cost_per_outcome(600.0, 30.0, 200).expect("there are outcomes");
        let interval = found.interval.expect("there are people");
        near(found.value, 20.0, 1e-12);
        near(interval.low, 14.56, 5e-3);
        near(interval.high, 28.00, 5e-3);
    }

    #[test]
    fn m8_return() {
        let found = return_on_cost(600.0, 30.0 * 35.0, 30.0, 200).expect("something was spent");
        near(found.value, 0.75, 1e-12);
        let interval = found.interval.expect("there are people");
        // The return is the value of an outcome over its price, less one.
        near(interval.low, 35.0 / 28.00 - 1.0, 1e-3);
        near(interval.high, 35.0 / 14.56 - 1.0, 1e-3);
    }

    #[test]
    fn the_table_above() {
        let fair = cost_per_outcome(9_000.0, 9.0, 90).and_then(|found| found.interval).expect("outcomes");
        near(fair.low, 557.9, 0.05);
        near(fair.high, 1_868.9, 0.05);
        assert_eq!(cost_per_outcome(500.0, 0.0, 400), None);
        near(cost_at_least(500.0, 400).expect("people"), 131.4, 0.1);
        assert_eq!(return_on_cost(0.0, 400.0, 8.0, 80), None);
        assert_eq!(return_on_cost(700.0, 0.0, 0.0, 0), Some(Estimate { value: -1.0, interval: None }));
        assert_eq!(cost_at_least(700.0, 0), None);
    }

    #[test]
    fn more_outcomes_than_people_have_no_interval() {
        let found = cost_per_outcome(100.0, 50.0, 20).expect("there are outcomes");
        assert_eq!(found, Estimate { value: 2.0, interval: None });
    }
}
