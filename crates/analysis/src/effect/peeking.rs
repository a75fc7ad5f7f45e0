//! Always-valid intervals: an experiment may be looked at every day, and stopped on any of them.
//!
//! A 95 % interval holds for one look, planned beforehand. Looked at daily, it excludes a true zero far more often than once in
//! twenty. The mixture sequential ratio test (Robbins 1970; Johari et al. 2017) pays for all looks at once: with `V = p₁q₁/n₁ +
//! p₀q₀/n₀` and effects expected to be of the size τ, the interval is `Δ ± √(2V(V+τ²)/τ² · (ln 20 + ½ ln((V+τ²)/V)))`, and the
//! chance that it ever leaves the truth out is at most 5 % in large samples. It is wider: the price of impatience.
//!
//! | people per arm, 12 % against 9 % | planned for one look | at every look |
//! |---|---|---|
//! | 200 | [−3.1; +9.1] | [−8.0; +14.0] |
//! | 1,000 | [+0.3; +5.7] | [−1.5; +7.5] |
//! | 5,000 | [+1.8; +4.2] | [+0.9; +5.1] |
//! | nobody | unknown | unknown |
//! | nobody with the outcome | about 0 | about 0 |
//!
//! Cost: constant.

use super::experiment::Arm;
use crate::intervals::{Estimate, Interval};
use libm::{log, sqrt};

/// The size of effect at which the interval is at its narrowest, as a difference of shares; chosen before anything was seen.
pub const EXPECTED_EFFECT: f64 = 0.03;
/// From so many people in each arm the normal approximation behind it is good.
pub const PEOPLE_MIN: u64 = 30;

/// Computes the difference of shares with its always-valid interval; `None` when an arm is too small.
#[must_use]
pub fn always_valid(treated: &Arm, control: &Arm) -> Option<Estimate> {
    if treated.people.min(control.people) < PEOPLE_MIN {
        return None;
    }
    let part = |arm: &Arm| {
        // One outcome more and one person without: a share of 0 or 1 seen so far is no proof that nothing varies.
        let (x, n) = (arm.converted as f64 + 1.0, arm.people as f64 + 2.0);
        x / n * (1.0 - x / n) / n
    };
    let share = |arm: &Arm| arm.converted as f64 / arm.people as f64;
    let (variance, squared) = (part(treated) + part(control), EXPECTED_EFFECT * EXPECTED_EFFECT);
    let both = variance + squared;
    let half = sqrt(2.0 * variance * both / squared * (log(20.0) + 0.5 * log(both / variance)));
    let value = share(treated) - share(control);
    Some(Estimate { value, interval: Some(Interval { low: value - half, high: value + half }.within(-1.0, 1.0)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::experiment::lift;
    use crate::experience::importance::Chance;

    fn arm(people: u64, converted: u64) -> Arm {
        Arm { people, converted, ..Arm::default() }
    }

    #[test]
    fn it_is_wider_than_one_look_and_narrows() {
        let width = |n: u64| {
            let (treated, control) = (arm(n, n * 12 / 100), arm(n, n * 9 / 100));
            let always = always_valid(&treated, &control).and_then(|found| found.interval).expect("people");
            let once = lift(&treated, &control).and_then(|found| found.difference.interval).expect("people");
            assert!(always.low < once.low && once.high < always.high);
            always.high - always.low
        };
        assert!(width(200) > width(1_000) && width(1_000) > width(5_000));
        assert_eq!(always_valid(&arm(29, 3), &arm(500, 3)), None);
        assert!(always_valid(&arm(100, 0), &arm(100, 100)).is_some());
    }

    /// Looks at experiments without effect a hundred times each: how often did some look exclude zero?
    #[test]
    fn looking_every_day_errs_no_more_than_promised() {
        let (mut always, mut naive) = (0, 0);
        const EXPERIMENTS: u32 = 400;
        for seed in 0..EXPERIMENTS {
            let mut chance = Chance(u64::from(seed) << 32);
            let (mut treated, mut control) = (Arm::default(), Arm::default());
            let (mut erred, mut naively) = (false, false);
            for _ in 0..100 {
                for _ in 0..40 {
                    treated.take(chance.uniform() < 0.1, 0, 0);
                    control.take(chance.uniform() < 0.1, 0, 0);
                }
                let excludes =
                    |found: Option<Estimate>| found.and_then(|found| found.interval).is_some_and(|i| i.low > 0.0 || i.high < 0.0);
                erred |= excludes(always_valid(&treated, &control));
                naively |= excludes(lift(&treated, &control).map(|found| found.difference));
            }
            always += u32::from(erred);
            naive += u32::from(naively);
        }
        assert!(always * 20 <= EXPERIMENTS, "{always} of {EXPERIMENTS}");
        assert!(naive * 5 > EXPERIMENTS, "the plain interval is not that bad: {naive} of {EXPERIMENTS}");
    }
}
