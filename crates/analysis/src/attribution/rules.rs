//! Rules that split an outcome over the touches of its journey by their position alone.
//!
//! | rule | share of touch i of n | example a > b > b > c |
//! |---|---|---|
//! | first | all to i = 1 | 1, 0, 0, 0 |
//! | last | all to i = n | 0, 0, 0, 1 |
//! | last non-direct | all to the last that is not direct, else to the last | 0, 0, 1, 0 if c is direct |
//! | linear | 1/n each, repeats earn again | ¼, ¼, ¼, ¼ |
//! | position | 0.4, 0.4 and 0.2/(n−2) between; halves for n = 2 | 0.4, 0.1, 0.1, 0.4 |
//! | step decay | 2^−(n−i), normalised | 1/15, 2/15, 4/15, 8/15 |
//! | Shapley, sum game | 1/d at the first touch of each of d distinct touchpoints | ⅓, ⅓, 0, ⅓ |
//!
//! and [`time_decay`], 2^−(age ÷ half-life), for journeys whose times are known. Sources: the definitions that
//! analytics products share; the sum game is Zhao, Mahboobi and Bagheri 2018, whose closed form this is.
//!
//! Shares sum to exactly 1: each is rounded down, and the last takes the remainder (below n·2⁻⁶⁴).
//! Cost: O(n) per distinct path (O(n²) for Shapley on paths with many distinct touchpoints), no memory but the shares.

use super::{Credit, Ends, JourneyCounts};
use crate::fixed::Fixed;

/// Is a way to split an outcome by the order of touches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// All to the last touch that is not direct.
    LastNonDirect,
    /// Equal parts.
    Linear,
    /// 40 % to the first, 40 % to the last, the rest between.
    Position,
    /// Each step back is worth half.
    StepDecay,
    /// Equal parts to each distinct touchpoint: the Shapley value of the sum game.
    ShapleySum,
}

impl Rule {
    /// Every rule, in the order of presentation.
    pub const ALL: [Self; 7] =
        [Self::First, Self::Last, Self::LastNonDirect, Self::Linear, Self::Position, Self::StepDecay, Self::ShapleySum];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::Position => "position",
            Self::StepDecay => "step_decay",
            Self::ShapleySum => "shapley_sum",
        }
    }

    /// Writes the share of each touch of a path; they sum to one, or to nothing for an empty path.
    ///
    /// `direct` says of each touchpoint whether it is direct; only [`Rule::LastNonDirect`] reads it.
    pub fn shares(self, path: &[u16], direct: &[bool], shares: &mut Vec<Fixed>) {
        shares.clear();
        shares.resize(path.len(), Fixed::ZERO);
        let n = path.len();
        if n == 0 {
            return;
        }
        match self {
            Self::First => shares[0] = Fixed::ONE,
            Self::Last => shares[n - 1] = Fixed::ONE,
            Self::LastNonDirect => shares[last_non_direct(path, direct)] = Fixed::ONE,
            Self::Linear => shares.fill(Fixed::part(1, n as u64)),
            Self::Position => position(shares),
            Self::StepDecay => decay(shares, |i| (n - 1 - i) as f64),
            Self::ShapleySum => distinct(path, shares),
        }
        give_remainder_to_last(shares);
    }

    /// Splits the outcomes of all journeys; one credit per touchpoint, `direct.len()` of them.
    ///
    /// Journeys without touches credit nobody.
    ///
    /// # Panics
    /// Panics when a path names a touchpoint beyond `direct`.
    #[must_use]
    pub fn credits(self, journeys: &JourneyCounts, direct: &[bool]) -> Vec<Credit> {
        let mut credits = vec![Credit::default(); direct.len()];
        let mut shares = Vec::new();
        for (path, ends) in journeys.iter().filter(|(_, ends)| ends.conversions > 0) {
            self.shares(path, direct, &mut shares);
            give(path, &shares, ends, &mut credits);
        }
        credits
    }
}

/// Writes the shares of touches by their age: half as much for each half-life before the last touch.
///
/// `times` are sorted; any unit will do, as long as `half_life` (positive) has the same. The instant of the outcome
/// does not matter, it cancels in the normalisation. A touch older than about 1,070 half-lives earns nothing.
pub fn time_decay(times: &[i64], half_life: i64, shares: &mut Vec<Fixed>) {
    shares.clear();
    shares.resize(times.len(), Fixed::ZERO);
    if let Some(last) = times.last() {
        decay(shares, |i| last.saturating_sub(times[i]) as f64 / half_life as f64);
        give_remainder_to_last(shares);
    }
}

/// Returns the position of the last touch that is not direct, or of the last touch when all are. `path` has touches.
pub(super) fn last_non_direct(path: &[u16], direct: &[bool]) -> usize {
    path.iter().rposition(|touch| !direct[usize::from(*touch)]).unwrap_or(path.len() - 1)
}

/// Adds the shares of one path's outcomes and value; the last touch takes what rounding left over.
fn give(path: &[u16], shares: &[Fixed], ends: &Ends, credits: &mut [Credit]) {
    let Some((last, before)) = path.split_last() else { return };
    let mut left = Credit { conversions: Fixed::whole(ends.conversions as i64), value: ends.value };
    let whole = left;
    for (touch, share) in before.iter().zip(shares) {
        let part = Credit { conversions: share.of(whole.conversions), value: share.of(whole.value) };
        credits[usize::from(*touch)] += part;
        left -= part;
    }
    credits[usize::from(*last)] += left;
}

fn position(shares: &mut [Fixed]) {
    const TWO_FIFTHS: Fixed = Fixed::part(2, 5);
    match shares.len() {
        1 => shares[0] = Fixed::ONE,
        2 => shares[0] = Fixed::part(1, 2),
        n => {
            shares.fill(Fixed::part(1, 5 * (n - 2) as u64));
            shares[0] = TWO_FIFTHS;
        }
    }
}

/// Fills shares with 2^−age, normalised; ages are counted from the last touch, so the largest weight is 1.
fn decay(shares: &mut [Fixed], age: impl Fn(usize) -> f64) {
    let weight = |i| libm::exp2(-age(i));
    let sum: f64 = (0..shares.len()).map(weight).sum();
    for (i, share) in shares.iter_mut().enumerate() {
        *share = Fixed::from_f64(weight(i) / sum).unwrap_or_default();
    }
}

/// Fills shares with 1/d at the first touch of each of d distinct touchpoints.
fn distinct(path: &[u16], shares: &mut [Fixed]) {
    let mut seen: Vec<u16> = Vec::with_capacity(8);
    let mut firsts = Vec::with_capacity(8);
    for (i, touch) in path.iter().enumerate() {
        if !seen.contains(touch) {
            seen.push(*touch);
            firsts.push(i);
        }
    }
    for i in &firsts {
        shares[*i] = Fixed::part(1, firsts.len() as u64);
    }
}

fn give_remainder_to_last(shares: &mut [Fixed]) {
    if let Some((last, before)) = shares.split_last_mut() {
        *last = Fixed::ONE - before.iter().copied().sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(rule: Rule, path: &[u16], expected: &[f64]) {
        let mut shares = Vec::new();
        rule.shares(path, &[false, false, true], &mut shares);
        assert_eq!(shares.len(), expected.len());
        for (share, expected) in shares.iter().zip(expected) {
            assert!((share.to_f64() - expected).abs() < 1e-15, "{rule:?}: {shares:?}");
        }
    }

    #[test]
    fn the_table_above() {
        let path = [0, 1, 1, 2];
        check(Rule::First, &path, &[1.0, 0.0, 0.0, 0.0]);
        check(Rule::Last, &path, &[0.0, 0.0, 0.0, 1.0]);
        check(Rule::LastNonDirect, &path, &[0.0, 0.0, 1.0, 0.0]);
        check(Rule::Linear, &path, &[0.25; 4]);
        check(Rule::Position, &path, &[0.4, 0.1, 0.1, 0.4]);
        check(Rule::StepDecay, &path, &[1.0 / 15.0, 2.0 / 15.0, 4.0 / 15.0, 8.0 / 15.0]);
        check(Rule::ShapleySum, &path, &[1.0 / 3.0, 1.0 / 3.0, 0.0, 1.0 / 3.0]);
    }

    #[test]
    fn short_paths() {
        for rule in Rule::ALL {
            check(rule, &[], &[]);
            check(rule, &[1], &[1.0]);
        }
        check(Rule::Position, &[0, 1], &[0.5, 0.5]);
        check(Rule::LastNonDirect, &[2, 2], &[0.0, 1.0]);
        check(Rule::ShapleySum, &[1, 1], &[1.0, 0.0]);
    }

    #[test]
    fn half_of_the_credit_per_half_life() {
        let mut shares = Vec::new();
        time_decay(&[0, 7, 14], 7, &mut shares);
        let found: Vec<f64> = shares.iter().map(|share| share.to_f64() * 7.0).collect();
        for (found, expected) in found.iter().zip([1.0, 2.0, 4.0]) {
            assert!((found - expected).abs() < 1e-14);
        }
        time_decay(&[i64::MIN, 0], 1, &mut shares);
        assert_eq!(shares, [Fixed::ZERO, Fixed::ONE]);
        time_decay(&[], 1, &mut shares);
        assert!(shares.is_empty());
    }

    proptest! {
        #[test]
        fn shares_sum_to_exactly_one(path in prop::collection::vec(0_u16..6, 1..120), direct in prop::collection::vec(any::<bool>(), 6)) {
            let mut shares = Vec::new();
            for rule in Rule::ALL {
                rule.shares(&path, &direct, &mut shares);
                prop_assert_eq!(shares.iter().copied().sum::<Fixed>(), Fixed::ONE);
                prop_assert!(shares.iter().all(|share| *share >= Fixed::ZERO), "{:?}", rule);
            }
        }

        #[test]
        fn the_instant_of_the_outcome_does_not_matter(
            mut times in prop::collection::vec(0_i64..1_000_000, 1..40), later in 0_i64..1_000_000, half_life in 1_i64..500_000,
        ) {
            times.sort_unstable();
            let (mut one, mut other) = (Vec::new(), Vec::new());
            time_decay(&times, half_life, &mut one);
            let moved: Vec<i64> = times.iter().map(|time| time - later).collect();
            time_decay(&moved, half_life, &mut other);
            prop_assert_eq!(one.iter().copied().sum::<Fixed>(), Fixed::ONE);
            prop_assert_eq!(one, other);
        }

        #[test]
        fn credit_sums_to_the_outcomes(
            paths in prop::collection::vec((prop::collection::vec(0_u16..5, 1..20), 0_u64..50, 0.0..1e6_f64), 0..20),
        ) {
            let mut journeys = JourneyCounts::default();
            for (path, conversions, value) in paths {
                let value = if conversions > 0 { Fixed::from_f64(value).expect("fits") } else { Fixed::ZERO };
                journeys.take(&path, Ends { conversions, value, nulls: 0 });
            }
            for rule in Rule::ALL {
                let mut sum = Credit::default();
                for credit in rule.credits(&journeys, &[false, false, true, false, false]) {
                    sum += credit;
                }
                prop_assert_eq!(sum.conversions, Fixed::whole(journeys.totals().conversions as i64));
                prop_assert_eq!(sum.value, journeys.totals().value);
            }
        }
    }
}
