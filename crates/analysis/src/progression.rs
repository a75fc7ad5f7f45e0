//! Stage progression (M6): whether those whom a touchpoint met move on more often than those whom it did not.
//!
//! `PR = P(next stage within the horizon | in the stage and touched)`, compared with people of the same stage in the
//! same weeks who were not touched. Weeks differ (season, campaigns), so the baseline is standardised: each week's untouched
//! rate counts by that week's touched people, `p₀ = Σ wₖ·p₀ₖ` with `wₖ = n₁ₖ/n₁` over weeks with both groups. Its Wilson
//! interval uses the effective size `1 / Σ(wₖ²/n₀ₖ)` (Kish 1965), and the difference is Newcombe's. It is association
//! (E3) unless people were drawn at random.
//!
//! | week | touched | moved on | untouched | moved on |
//! |---|---|---|---|---|
//! | 1 | 40 | 14 | 100 | 20 |
//! | 2 | 60 | 21 | 100 | 25 |
//! | 3 | 60 | 21 | 120 | 30 |
//! | 4 | 40 | 14 | 120 | 24 |
//! | 5 | 40 | 14 | 120 | 31 |
//!
//! gives .350 against a standardised .235. Cost: O(weeks).

use crate::intervals::{Estimate, Interval, difference, proportion, wilson_of};

/// Holds the people of one stage in one week; people whose horizon is not over are in neither group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stratum {
    /// People whom the touchpoint met.
    pub touched: u64,
    /// Those of them who moved on.
    pub touched_moved: u64,
    /// People whom it did not meet.
    pub untouched: u64,
    /// Those of them who moved on.
    pub untouched_moved: u64,
}

/// Is what a touchpoint does to progression.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StageLift {
    /// Rate of the touched, over weeks that can be compared.
    pub touched: Estimate,
    /// Standardised rate of the untouched.
    pub baseline: Estimate,
    /// The difference.
    pub lift: Estimate,
    /// Touched people in comparable weeks.
    pub touched_people: u64,
    /// Untouched people in comparable weeks.
    pub untouched_people: u64,
    /// Touched people of weeks in which everybody was touched: left out.
    pub left_out: u64,
}

/// Computes the lift over weeks; `None` when no week has both groups.
#[must_use]
pub fn progression(weeks: &[Stratum]) -> Option<StageLift> {
    let comparable = || weeks.iter().filter(|week| week.touched > 0 && week.untouched > 0);
    let sum = |count: fn(&Stratum) -> u64| comparable().map(count).sum::<u64>();
    let touched_people = sum(|week| week.touched);
    let touched = proportion(sum(|week| week.touched_moved), touched_people)?;
    let baseline = standardised(comparable(), touched_people as f64);
    Some(StageLift {
        touched,
        baseline,
        lift: difference(touched, baseline)?,
        touched_people,
        untouched_people: sum(|week| week.untouched),
        left_out: weeks.iter().map(|week| week.touched).sum::<u64>() - touched_people,
    })
}

/// Weighs each week's untouched rate by its touched people.
fn standardised<'a>(weeks: impl Iterator<Item = &'a Stratum>, touched: f64) -> Estimate {
    let (mut rate, mut spread) = (0.0, 0.0);
    for week in weeks {
        let (weight, n) = (week.touched as f64 / touched, week.untouched as f64);
        rate += weight * week.untouched_moved as f64 / n;
        spread += weight * weight / n;
    }
    let Interval { low, high } = wilson_of(rate, 1.0 / spread);
    // Summing weights can leave a rate of "all" or "none" a hair outside its own limits.
    Estimate { value: rate, interval: Some(Interval { low: low.min(rate), high: high.max(rate) }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn week(touched_moved: u64, touched: u64, untouched_moved: u64, untouched: u64) -> Stratum {
        Stratum { touched, touched_moved, untouched, untouched_moved }
    }

    #[test]
    fn m6_progression() {
        let found = progression(&[week(84, 240, 130, 560)]).expect("both groups have people");
        let check = |estimate: Estimate, value: f64, low: f64, high: f64| {
            let interval = estimate.interval.expect("there is one");
            for (found, expected) in [(estimate.value, value), (interval.low, low), (interval.high, high)] {
                assert!((found - expected).abs() < 5.1e-4, "{found} is not {expected}");
            }
        };
        check(found.touched, 0.350, 0.292, 0.412);
        assert!((found.baseline.value - 0.232).abs() < 5e-4);
        check(found.lift, 0.118, 0.050, 0.188);
        assert_eq!((found.touched_people, found.untouched_people, found.left_out), (240, 560, 0));
    }

    #[test]
    fn the_table_above() {
        let weeks =
            [week(14, 40, 20, 100), week(21, 60, 25, 100), week(21, 60, 30, 120), week(14, 40, 24, 120), week(14, 40, 31, 120)];
        let found = progression(&weeks).expect("both groups have people");
        assert!((found.touched.value - 0.350).abs() < 1e-12);
        assert!((found.baseline.value - 0.2347).abs() < 5e-4, "{found:?}");
    }

    #[test]
    fn a_season_is_not_an_effect() {
        // In the strong week most are touched; rates are equal within each week, and so is the standardised one.
        let found = progression(&[week(80, 160, 20, 40), week(4, 40, 16, 160)]).expect("both groups have people");
        assert!(found.lift.value.abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_week_without_comparison_is_left_out() {
        let found = progression(&[week(5, 10, 2, 10), week(9, 9, 0, 0), week(0, 0, 5, 5)]).expect("one week compares");
        assert_eq!((found.touched_people, found.untouched_people, found.left_out), (10, 10, 9));
        assert_eq!(progression(&[week(9, 9, 0, 0)]), None);
        assert_eq!(progression(&[]), None);
    }

    proptest! {
        #[test]
        fn one_week_is_a_plain_difference(a in 0_u64..50, b in 0_u64..50, n in 50_u64..500, m in 50_u64..500) {
            let found = progression(&[week(a, n, b, m)]).expect("both groups have people").lift;
            let plain = crate::intervals::newcombe(a, n, b, m).expect("both groups have people");
            prop_assert!((found.value - plain.value).abs() < 1e-12);
            let (found, plain) = (found.interval.expect("one"), plain.interval.expect("one"));
            prop_assert!((found.low - plain.low).abs() < 1e-9 && (found.high - plain.high).abs() < 1e-9);
        }

        #[test]
        fn the_lift_lies_in_its_interval(weeks in prop::collection::vec((0_u64..20, 20_u64..60, 0_u64..20, 20_u64..60), 1..12)) {
            let weeks: Vec<Stratum> = weeks.into_iter().map(|(a, n, b, m)| week(a, n, b, m)).collect();
            let found = progression(&weeks).expect("both groups have people").lift;
            let interval = found.interval.expect("there is one");
            prop_assert!(interval.low <= found.value && found.value <= interval.high);
        }
    }
}
