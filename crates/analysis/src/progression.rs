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
//!
//! On the map the strata are the days of each week ([`crate::landmarks`]); the untouched of one week's days are largely the same
//! people, the smaller set taken to lie within the larger: effective size `1 / Σ_week Σ_day Σ_day' w·w' / max(n, n')`.

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
    progression_by(weeks, 1)
}

/// Computes the lift over strata of which `together` that follow each other may have the same untouched people, as the days of one
/// week have: of two such strata the smaller is taken to lie within the larger. Nobody is counted as touched twice.
#[must_use]
pub fn progression_by(strata: &[Stratum], together: usize) -> Option<StageLift> {
    let compares = |stratum: &&Stratum| stratum.touched > 0 && stratum.untouched > 0;
    let sum = |count: fn(&Stratum) -> u64| strata.iter().filter(compares).map(count).sum::<u64>();
    let touched_people = sum(|stratum| stratum.touched);
    let touched = proportion(sum(|stratum| stratum.touched_moved), touched_people)?;
    let groups = || strata.chunks(together.max(1));
    let baseline = standardised(groups(), touched_people as f64);
    let most = |group: &[Stratum]| group.iter().filter(compares).map(|stratum| stratum.untouched).max().unwrap_or(0);
    Some(StageLift {
        touched,
        baseline,
        lift: difference(touched, baseline)?,
        touched_people,
        untouched_people: groups().map(most).sum(),
        left_out: strata.iter().map(|stratum| stratum.touched).sum::<u64>() - touched_people,
    })
}

/// Weighs each stratum's untouched rate by its touched people.
fn standardised<'a>(groups: impl Iterator<Item = &'a [Stratum]>, touched: f64) -> Estimate {
    let (mut rate, mut spread) = (0.0, 0.0);
    for group in groups {
        let comparable = || group.iter().filter(|stratum| stratum.touched > 0 && stratum.untouched > 0);
        let weight = |stratum: &Stratum| stratum.touched as f64 / touched;
        rate += comparable().map(|one| weight(one) * one.untouched_moved as f64 / one.untouched as f64).sum::<f64>();
        // The means of a set and of a part of it vary together as the mean of the larger does.
        let with =
            |one: &Stratum| comparable().map(|other| weight(other) / one.untouched.max(other.untouched) as f64).sum::<f64>();
        spread += comparable().map(|one| weight(one) * with(one)).sum::<f64>();
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

    #[test]
    fn days_of_one_week_are_no_more_people_than_the_week() {
        let day = week(5, 20, 20, 100);
        let (one, seven) = (progression_by(&[week(35, 140, 20, 100)], 7), progression_by(&[day; 7], 7));
        let (one, seven) = (one.expect("compares"), seven.expect("compares"));
        assert_eq!(seven.untouched_people, 100);
        let width = |lift: &StageLift| lift.baseline.interval.map(|limits| limits.high - limits.low).expect("there is one");
        assert!((width(&one) - width(&seven)).abs() < 1e-9, "{one:?} {seven:?}");
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
