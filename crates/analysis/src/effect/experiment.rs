//! Experiments (M4): what chance assigned, chance can prove.
//!
//! People are drawn into arms and counted by the arm they were drawn into, whatever they then met (intention to treat). `Δ = p₁
//! − p₀` with Newcombe's interval, relative lift `Δ/p₀` with the interval of a log ratio, `x₁ − n₁·p₀` incremental outcomes.
//! Means (value per person) by Welch's t. CUPED (Deng et al. 2013) takes out of the value what was known before: `y − θ(x −
//! x̄)`, θ the slope within arms; same expectation, less spread. First of all the sample ratio: if the arms' sizes do not fit
//! how people were drawn (χ², p < [`RATIO_LIMIT`]), something selected people and nothing below is true.
//!
//! | arm | people | outcomes | rate |
//! |---|---|---|---|
//! | treated | 1,000 | 120 | 12.0 % |
//! | control | 1,000 | 90 | 9.0 % |
//! | Δ | | | +3.0 points [+0.31; +5.70] |
//! | relative | | | +33.3 % |
//! | z, p | | | 2.188, .0287 |
//!
//! State: six whole numbers per arm, which merge by adding. Cost: constant.

use crate::intervals::{Estimate, Interval, Significance, Z95, newcombe, t_quantile, two_shares};
use crate::special::chi_square_tail;
use libm::{exp, log, sqrt};

/// Below this p the arms' sizes do not fit the draw: a strict limit, because it is looked at for every experiment.
pub const RATIO_LIMIT: f64 = 0.001;

/// Sums the people of one arm; values in minor units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Arm {
    /// People drawn into it.
    pub people: u64,
    /// Those with the outcome afterwards.
    pub converted: u64,
    /// Sum of their value afterwards.
    pub value: i128,
    /// Sum of its squares.
    pub squares: i128,
    /// Sum of their value in the equally long time before.
    pub before: i128,
    /// Sum of its squares.
    pub before_squares: i128,
    /// Sum of the products of both.
    pub products: i128,
}

impl Arm {
    /// Counts one person.
    pub fn take(&mut self, converted: bool, value: i64, before: i64) {
        let (value, before) = (i128::from(value), i128::from(before));
        self.people += 1;
        self.converted += u64::from(converted);
        self.value += value;
        self.squares += value * value;
        self.before += before;
        self.before_squares += before * before;
        self.products += value * before;
    }

    /// Adds the people that others counted.
    pub fn merge(&mut self, other: &Self) {
        self.people += other.people;
        self.converted += other.converted;
        self.value += other.value;
        self.squares += other.squares;
        self.before += other.before;
        self.before_squares += other.before_squares;
        self.products += other.products;
    }

    fn n(&self) -> f64 {
        self.people as f64
    }

    /// Returns n times the centred sum of two variables, given their product and sums: exact, then divided.
    fn centred(&self, product: i128, one: i128, other: i128) -> f64 {
        (product as f64) - (one as f64) * (other as f64) / self.n()
    }

    fn spread(&self) -> f64 {
        self.centred(self.squares, self.value, self.value).max(0.0)
    }

    fn before_spread(&self) -> f64 {
        self.centred(self.before_squares, self.before, self.before).max(0.0)
    }

    fn together(&self) -> f64 {
        self.centred(self.products, self.value, self.before)
    }
}

/// Is the effect on the share of people with the outcome.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lift {
    /// The difference of shares.
    pub difference: Estimate,
    /// The difference as a part of the control's share; none when nobody of the control had the outcome.
    pub relative: Option<Estimate>,
    /// Outcomes that the treated would not have had.
    pub incremental: Estimate,
    /// The two-sided test.
    pub test: Option<Significance>,
}

/// Compares shares; `None` when an arm is empty.
#[must_use]
pub fn lift(treated: &Arm, control: &Arm) -> Option<Lift> {
    let (x, n, y, m) = (treated.converted, treated.people, control.converted, control.people);
    let difference = newcombe(x, n, y, m)?;
    let times = |share: f64| share * n as f64;
    Some(Lift {
        difference,
        relative: ratio(x, n, y, m),
        incremental: Estimate {
            value: times(difference.value),
            interval: difference.interval.map(|limits| limits.times(n as f64)),
        },
        test: two_shares(x, n, y, m),
    })
}

/// Computes the relative lift with the interval of the log ratio (Katz 1978).
fn ratio(x: u64, n: u64, y: u64, m: u64) -> Option<Estimate> {
    if y == 0 {
        return None;
    }
    let (p, q) = (x as f64 / n as f64, y as f64 / m as f64);
    let interval = (x > 0).then(|| {
        let error = sqrt((1.0 - p) / x as f64 + (1.0 - q) / y as f64);
        let limit = |sign: f64| exp(log(p / q) + sign * Z95 * error) - 1.0;
        Interval { low: limit(-1.0), high: limit(1.0) }
    });
    Some(Estimate { value: p / q - 1.0, interval })
}

/// Is the effect on the mean value per person, in minor units.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MeanEffect {
    /// The difference of means, Welch.
    pub plain: Estimate,
    /// The same with what was known before taken out; none when nothing was.
    pub adjusted: Option<Estimate>,
    /// The share of the spread that the past explains.
    pub explained: f64,
}

/// Compares values per person; `None` when an arm has fewer than two people.
#[must_use]
pub fn means(treated: &Arm, control: &Arm) -> Option<MeanEffect> {
    if treated.people < 2 || control.people < 2 {
        return None;
    }
    let value = treated.value as f64 / treated.n() - control.value as f64 / control.n();
    let plain = welch(value, (treated.spread(), treated.n()), (control.spread(), control.n()));
    let before = treated.before_spread() + control.before_spread();
    let together = treated.together() + control.together();
    let spread = treated.spread() + control.spread();
    if before <= 0.0 || spread <= 0.0 {
        return Some(MeanEffect { plain, adjusted: None, explained: 0.0 });
    }
    let slope = together / before;
    let left = |arm: &Arm| (arm.spread() - 2.0 * slope * arm.together() + slope * slope * arm.before_spread()).max(0.0);
    let shift = treated.before as f64 / treated.n() - control.before as f64 / control.n();
    let adjusted = welch(value - slope * shift, (left(treated), treated.n()), (left(control), control.n()));
    Some(MeanEffect { plain, adjusted: Some(adjusted), explained: (together * together / before / spread).clamp(0.0, 1.0) })
}

/// Gives a difference of means Welch's interval, from sums of squares about the mean and sizes.
pub(crate) fn welch(value: f64, (first, n): (f64, f64), (second, m): (f64, f64)) -> Estimate {
    let (a, b) = (first / (n - 1.0) / n, second / (m - 1.0) / m);
    let interval = (a + b > 0.0).then(|| {
        let freedom = (a + b) * (a + b) / (a * a / (n - 1.0) + b * b / (m - 1.0));
        let half = t_quantile(0.975, freedom) * sqrt(a + b);
        Interval { low: value - half, high: value + half }
    });
    Estimate { value, interval }
}

/// Tests whether the arms' sizes fit the weights by which people were drawn: χ² and p.
///
/// `None` for fewer than two arms, or where a weight is not above zero.
#[must_use]
pub fn sample_ratio(people: &[u64], weights: &[f64]) -> Option<(f64, f64)> {
    let total: u64 = people.iter().sum();
    let sum: f64 = weights.iter().sum();
    if people.len() < 2
        || people.len() != weights.len()
        || total == 0
        || !weights.iter().all(|weight| *weight > 0.0)
        || !sum.is_finite()
    {
        return None;
    }
    let term = |(count, weight): (&u64, &f64)| {
        let expected = total as f64 * weight / sum;
        (*count as f64 - expected) * (*count as f64 - expected) / expected
    };
    let statistic: f64 = people.iter().zip(weights).map(term).sum();
    Some((statistic, chi_square_tail(statistic, (people.len() - 1) as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arm(people: u64, converted: u64) -> Arm {
        Arm { people, converted, ..Arm::default() }
    }

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn m4_lift() {
        let found = lift(&arm(1_000, 120), &arm(1_000, 90)).expect("people");
        let interval = found.difference.interval.expect("one");
        near(found.difference.value, 0.03, 1e-12);
        near(interval.low, 0.0031, 5e-5);
        near(interval.high, 0.0570, 5e-5);
        near(found.relative.expect("some").value, 1.0 / 3.0, 1e-12);
        near(found.incremental.value, 30.0, 1e-9);
        let test = found.test.expect("varies");
        near(test.z, 2.188, 5e-4);
        near(test.p, 0.0287, 5e-5);
    }

    #[test]
    fn differences_golden() {
        for (x, n, y, m, relative, incremental) in [(56, 70, 48, 80, 1.0 / 3.0, 14.0), (9, 10, 3, 10, 2.0, 6.0)] {
            let found = lift(&arm(n, x), &arm(m, y)).expect("people");
            near(found.relative.expect("some").value, relative, 1e-12);
            near(found.incremental.value, incremental, 1e-9);
        }
        let none = lift(&arm(20, 0), &arm(10, 0)).expect("people");
        assert_eq!((none.relative, none.test, none.incremental.value), (None, None, 0.0));
    }

    #[test]
    fn m23_retention() {
        let found = lift(&arm(900, 720), &arm(900, 660)).expect("people").difference;
        let interval = found.interval.expect("one");
        near(found.value, 0.067, 5e-4);
        near(interval.low, 0.028, 5e-4);
        // .10549, which the definition gives as 10.6 points, one digit too many rounded.
        near(interval.high, 0.1055, 5e-5);
    }

    #[test]
    fn sample_ratio_golden() {
        // 520 against 480 of an even draw: χ² = 1.6, p = .2059; 600 against 400 is no accident.
        let (statistic, p) = sample_ratio(&[520, 480], &[1.0, 1.0]).expect("two arms");
        near(statistic, 1.6, 1e-12);
        near(p, 0.205_903_210_732_068, 1e-9);
        assert!(sample_ratio(&[600, 400], &[0.5, 0.5]).expect("two arms").1 < RATIO_LIMIT);
        near(sample_ratio(&[900, 100], &[9.0, 1.0]).expect("two arms").1, 1.0, 1e-12);
        for (people, weights) in [(&[5][..], &[1.0][..]), (&[0, 0], &[1.0, 1.0]), (&[1, 2], &[1.0, 0.0]), (&[1, 2], &[1.0])] {
            assert_eq!(sample_ratio(people, weights), None);
        }
    }

    #[test]
    fn the_past_takes_spread_away() {
        let (mut treated, mut control) = (Arm::default(), Arm::default());
        for at in 0..200_i64 {
            let habit = (at % 20) * 100;
            treated.take(true, habit + 50 + at % 3, habit);
            control.take(true, habit + at % 3, habit);
        }
        let found = means(&treated, &control).expect("people");
        let width = |estimate: Estimate| estimate.interval.map(|interval| interval.high - interval.low).expect("one");
        near(found.plain.value, 50.0, 1e-9);
        let adjusted = found.adjusted.expect("the past is known");
        near(adjusted.value, 50.0, 1e-6);
        assert!(width(adjusted) < 0.01 * width(found.plain) && found.explained > 0.99);
    }

    #[test]
    fn bad_arms_are_unknown() {
        assert_eq!(lift(&arm(0, 0), &arm(10, 1)), None);
        assert_eq!(means(&arm(1, 1), &arm(10, 1)), None);
        let mut same = Arm::default();
        (0..5).for_each(|_| same.take(true, -700, 3));
        let found = means(&same, &same).expect("people");
        assert_eq!((found.plain.value, found.plain.interval, found.adjusted), (0.0, None, None));
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(people in prop::collection::vec((prop::bool::ANY, -9_999_i64..9_999, -9_999_i64..9_999), 0..60), cut in 0_usize..60) {
            let run = |part: &[(bool, i64, i64)]| {
                let mut arm = Arm::default();
                part.iter().for_each(|(converted, value, before)| arm.take(*converted, *value, *before));
                arm
            };
            let cut = cut.min(people.len());
            let mut merged = run(&people[cut..]);
            merged.merge(&run(&people[..cut]));
            prop_assert_eq!(merged, run(&people));
        }

        /// CUPED as it is defined, value by value.
        #[test]
        fn equals_the_plain_definition(one in prop::collection::vec((0_i64..500, 0_i64..500), 3..30), other in prop::collection::vec((0_i64..500, 0_i64..500), 3..30)) {
            let run = |part: &[(i64, i64)]| {
                let mut arm = Arm::default();
                part.iter().for_each(|(value, before)| arm.take(true, *value, *before));
                arm
            };
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let columns = |part: &[(i64, i64)]| -> (Vec<f64>, Vec<f64>) { part.iter().map(|(y, x)| (*y as f64, *x as f64)).unzip() };
            let ((y1, x1), (y0, x0)) = (columns(&one), columns(&other));
            let cross = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| (p - mean(a)) * (q - mean(b))).sum::<f64>();
            let spread = cross(&x1, &x1) + cross(&x0, &x0);
            let found = means(&run(&one), &run(&other)).expect("people");
            prop_assert!((found.plain.value - (mean(&y1) - mean(&y0))).abs() < 1e-8);
            if spread > 1.0 && let Some(adjusted) = found.adjusted {
                let slope = (cross(&x1, &y1) + cross(&x0, &y0)) / spread;
                let adjust = |y: &[f64], x: &[f64]| mean(&y.iter().zip(x).map(|(y, x)| y - slope * x).collect::<Vec<_>>());
                prop_assert!((adjusted.value - (adjust(&y1, &x1) - adjust(&y0, &x0))).abs() < 1e-6);
            }
        }
    }
}
