//! Uncertainty: intervals, tests and quantiles for everything the product says.
//!
//! All intervals are 95 %, two-sided. Pure functions of counts; zero denominators give `None`, never 0 or NaN.
//!
//! | what | function | source |
//! |---|---|---|
//! | a share | [`wilson`] | Wilson 1927, score interval |
//! | a difference of shares | [`newcombe`], [`difference`] | Newcombe 1998, method 10 (hybrid score) |
//! | a trend in shares | [`cochran_armitage`] | Cochran 1954, Armitage 1955 |
//! | many tests at once | [`benjamini_hochberg`] | Benjamini and Hochberg 1995 |
//! | anything computed from groups of people | [`jackknife`] | delete-a-group jackknife, Kott 2001 |
//!
//! Example: 30 of 200 people bought → 15.0 % [10.7; 20.6]; with 0 of 200 → 0.0 % [0.0; 1.9], not "0 ± 0".
//! Every function takes constant time or one pass over its slice; none allocates more than its result.

use libm::{erfc, exp, fabs, lgamma, log, sqrt};
use model::{Evidence, Figure, Unit};

/// The 97.5 % quantile of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Holds the limits of a 95 % interval, `low <= high`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

impl Interval {
    /// Makes an interval from two limits in any order.
    #[must_use]
    pub fn between(a: f64, b: f64) -> Self {
        Self { low: a.min(b), high: a.max(b) }
    }

    /// Limits both ends to a range, such as 0 to 1 for a share.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// Tells whether the interval crosses a decision line, so that nothing can be decided yet.
    #[must_use]
    pub fn crosses(self, line: f64) -> bool {
        self.low < line && line < self.high
    }

    /// Multiplies both limits, as for a share of a known amount.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self::between(self.low * factor, self.high * factor)
    }
}

/// Is a value with its interval, where there is one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The 95 % interval; none where it cannot be computed.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Makes the figure that reports show.
    #[must_use]
    pub fn figure(self, n: u64, evidence: Evidence, unit: Unit, method: &str) -> Figure {
        Figure {
            value: Some(self.value),
            low: self.interval.map(|interval| interval.low),
            high: self.interval.map(|interval| interval.high),
            n,
            evidence,
            unit,
            method: if self.interval.is_some() { method.to_owned() } else { String::new() },
        }
    }
}

/// Is the result of a significance test.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Significance {
    /// The standardised statistic.
    pub z: f64,
    /// The probability of one at least as extreme if there were no effect.
    pub p: f64,
}

/// Computes the share `successes / n` with its Wilson interval; `None` when `n` is zero.
#[must_use]
pub fn proportion(successes: u64, n: u64) -> Option<Estimate> {
    let interval = wilson(successes, n)?;
    Some(Estimate { value: successes as f64 / n as f64, interval: Some(interval) })
}

/// Computes the Wilson score interval of `successes` of `n`; `None` when `n` is zero.
#[must_use]
pub fn wilson(successes: u64, n: u64) -> Option<Interval> {
    (n > 0).then(|| wilson_of(successes as f64 / n as f64, n as f64))
}

/// Computes the Wilson score interval of a share seen in `n > 0` units; both may be fractional (weights, credit).
///
/// `(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`, exact at 0 and 1.
#[must_use]
pub fn wilson_of(share: f64, n: f64) -> Interval {
    let p = share.clamp(0.0, 1.0);
    let z2 = Z95 * Z95;
    let centre = p + z2 / (2.0 * n);
    let half = Z95 * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    let scale = 1.0 + z2 / n;
    // At the ends the formula is exact in numbers, but not quite in floating numbers.
    let low = if p == 0.0 { 0.0 } else { (centre - half) / scale };
    let high = if p == 1.0 { 1.0 } else { (centre + half) / scale };
    Interval { low, high }.within(0.0, 1.0)
}

/// Computes the difference `a/n − b/m` with Newcombe's hybrid score interval; `None` when a group is empty.
#[must_use]
pub fn newcombe(a: u64, n: u64, b: u64, m: u64) -> Option<Estimate> {
    difference(proportion(a, n)?, proportion(b, m)?)
}

/// Computes the difference of two independent estimates from their own intervals; `None` when one has none.
///
/// `d − √((p₁−l₁)² + (u₂−p₂)²)` to `d + √((u₁−p₁)² + (p₂−l₂)²)`: with Wilson limits this is Newcombe's interval.
#[must_use]
pub fn difference(one: Estimate, other: Estimate) -> Option<Estimate> {
    let (first, second) = (one.interval?, other.interval?);
    let value = one.value - other.value;
    let below = libm::hypot(one.value - first.low, second.high - other.value);
    let above = libm::hypot(first.high - one.value, other.value - second.low);
    Some(Estimate { value, interval: Some(Interval { low: value - below, high: value + above }) })
}

/// Tests whether two shares differ: pooled z, two-sided p; `None` when a group is empty or nothing varies.
#[must_use]
pub fn two_shares(a: u64, n: u64, b: u64, m: u64) -> Option<Significance> {
    let (n, m) = ((n > 0).then_some(n as f64)?, (m > 0).then_some(m as f64)?);
    let pooled = (a + b) as f64 / (n + m);
    let error = sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m));
    let z = (error > 0.0).then(|| (a as f64 / n - b as f64 / m) / error)?;
    Some(Significance { z, p: erfc(fabs(z) / std::f64::consts::SQRT_2) })
}

/// Tests whether shares rise with a score: Cochran–Armitage z and one-sided p.
///
/// `T = Σ tᵢ(xᵢ − nᵢp)`, `Var = p(1−p)(Σ nᵢtᵢ² − (Σ nᵢtᵢ)²/N)`. Slices are read to the shortest of the three.
/// `None` when fewer than two groups have units, or when nothing varies.
#[must_use]
pub fn cochran_armitage(successes: &[u64], n: &[u64], scores: &[f64]) -> Option<Significance> {
    let groups = || successes.iter().zip(n).zip(scores).map(|((x, n), t)| (*x as f64, *n as f64, *t));
    let total: f64 = groups().map(|(_, n, _)| n).sum();
    let p = groups().map(|(x, _, _)| x).sum::<f64>() / total;
    let mean = groups().map(|(_, n, t)| n * t).sum::<f64>() / total;
    // Scores are centred first: the difference of two large sums would lose digits.
    let trend: f64 = groups().map(|(x, n, t)| (t - mean) * (x - n * p)).sum();
    let variance = p * (1.0 - p) * groups().map(|(_, n, t)| n * (t - mean) * (t - mean)).sum::<f64>();
    (variance > 0.0).then(|| {
        let z = trend / sqrt(variance);
        Significance { z, p: normal_cdf(-z) }
    })
}

/// Tells which of many tests pass when at most a share `q` of those passed may be false (Benjamini–Hochberg).
///
/// The k smallest p-values pass, k the largest rank with `p₍ₖ₎ ≤ q·k/m`. O(m log m).
#[must_use]
pub fn benjamini_hochberg(p: &[f64], q: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let m = p.len() as f64;
    // A hair of tolerance: 0.1 · 3 / 5 is not 0.06 in floating numbers.
    let passes = |(rank, p): &(usize, &f64)| **p <= q * (*rank + 1) as f64 / m + 1e-15;
    let limit = sorted.iter().enumerate().rfind(passes).map(|(_, p)| *p);
    p.iter().map(|p| limit.is_some_and(|limit| *p <= limit)).collect()
}

/// Says about how many units each group needs to see a difference `delta` from a share `p`: 16·p(1−p)/δ².
///
/// Lehr's rule: 80 % power at 5 % significance. `None` when `delta` is zero.
#[must_use]
pub fn sample_size(p: f64, delta: f64) -> Option<u64> {
    let n = 16.0 * p * (1.0 - p) / (delta * delta);
    n.is_finite().then(|| libm::ceil(n - 1e-6) as u64)
}

/// Computes the spread of a statistic from its values with one group of people left out at a time.
///
/// `se² = (G−1)/G · Σ (θ₍g₎ − mean)²`, interval `θ ± t(0.975, G−1)·se`. Groups must be random parts of the people
/// of about equal size. `None` for fewer than two groups.
#[must_use]
pub fn jackknife(whole: f64, left_out: &[f64]) -> Option<Jackknife> {
    let groups = left_out.len();
    if groups < 2 {
        return None;
    }
    let mean = left_out.iter().sum::<f64>() / groups as f64;
    let squares: f64 = left_out.iter().map(|one| (one - mean) * (one - mean)).sum();
    let error = sqrt(squares * (groups - 1) as f64 / groups as f64);
    let half = t_quantile(0.975, (groups - 1) as f64) * error;
    Some(Jackknife { error, interval: Interval { low: whole - half, high: whole + half } })
}

/// Is what [`jackknife`] finds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Jackknife {
    /// Standard error.
    pub error: f64,
    /// 95 % interval.
    pub interval: Interval,
}

/// Returns the median; `None` for an empty slice. O(n log n).
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Returns the probability that a standard normal number is at most `x`; accurate in both tails.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// Returns the number below which a standard normal number lies with probability `p`; infinite at 0 and 1.
///
/// Starts from Abramowitz and Stegun 26.2.23 (within 4.5·10⁻⁴) and takes three steps of Halley's method.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let t = sqrt(-2.0 * log(p));
    let start = (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308))) - t;
    (0..3).fold(start, |x, _| {
        let density = exp(-0.5 * x * x) / sqrt(std::f64::consts::TAU);
        let step = (normal_cdf(x) - p) / density;
        x - step / (1.0 + 0.5 * x * step)
    })
}

/// Returns the quantile of Student's t with `freedom > 0` degrees of freedom, by bisection of [`t_cdf`].
#[must_use]
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    if p < 0.5 {
        return -t_quantile(1.0 - p, freedom);
    }
    let mut low = 0.0;
    let mut high = 1.0;
    while t_cdf(high, freedom) < p && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if t_cdf(middle, freedom) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Returns the probability that Student's t with `freedom > 0` degrees of freedom is at most `t`.
#[must_use]
pub fn t_cdf(t: f64, freedom: f64) -> f64 {
    let square = t * t;
    // From the side that is small: near the middle, 1 − ν/(ν + t²) would keep half of its digits.
    if square < freedom {
        let half = 0.5 * incomplete_beta(0.5, 0.5 * freedom, square / (freedom + square));
        return if t > 0.0 { 0.5 + half } else { 0.5 - half };
    }
    let tail = 0.5 * incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + square));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// Returns the regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x)) / a;
    let guard = |value: f64| if fabs(value) < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / guard(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..1_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            fraction *= c * d;
        }
        if fabs(fraction - before) < 1e-16 * fabs(fraction) {
            break;
        }
    }
    front * fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!(fabs(value - expected) <= tolerance, "{value} is not within {tolerance} of {expected}");
    }

    #[test]
    fn wilson_golden() {
        for (x, n, low, high) in [
            (0, 10, 0.0, 0.277_532_799_862_889_2),
            (1, 10, 0.017_876_213_095_072_896, 0.404_150_026_795_238_5),
            (10, 10, 0.722_467_200_137_110_7, 1.0),
            (50, 100, 0.403_831_530_365_995_6, 0.596_168_469_634_004_4),
            (3, 1_000, 0.001_020_783_881_138_618_6, 0.008_783_014_053_503_173),
            (81, 263, 0.255_288_519_878_274_2, 0.366_209_576_982_800_04),
        ] {
            let interval = wilson(x, n).expect("n is positive");
            near(interval.low, low, 1e-14);
            near(interval.high, high, 1e-14);
        }
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn newcombe_golden() {
        for (a, n, b, m, low, high) in [
            (56, 70, 48, 80, 0.052_431_472_402_364_98, 0.333_872_654_036_906),
            (9, 10, 3, 10, 0.170_522_723_934_502_3, 0.809_017_973_535_488_1),
            (0, 20, 0, 10, -0.277_532_799_862_889_2, 0.161_125_158_052_819_38),
        ] {
            let interval = newcombe(a, n, b, m).and_then(|estimate| estimate.interval).expect("both groups have units");
            near(interval.low, low, 1e-14);
            near(interval.high, high, 1e-14);
        }
        assert_eq!(newcombe(0, 0, 1, 2), None);
    }

    #[test]
    fn pooled_z_golden() {
        let test = two_shares(56, 70, 48, 80).expect("varies");
        near(test.z, 2.650_171_951_258_533_6, 1e-13);
        near(test.p, 0.008_045_081_368_196_56, 1e-13);
        assert_eq!(two_shares(0, 20, 0, 10), None);
    }

    #[test]
    fn m4_lift() {
        let lift = newcombe(120, 1_000, 90, 1_000).expect("both groups have units");
        let interval = lift.interval.expect("there is one");
        near(lift.value, 0.03, 1e-12);
        near(interval.low, 0.0031, 5e-5);
        near(interval.high, 0.0570, 5e-5);
        let test = two_shares(120, 1_000, 90, 1_000).expect("varies");
        near(test.z, 2.188, 5e-4);
        near(test.p, 0.0287, 5e-5);
    }

    #[test]
    fn m9_c_unsubscriptions_rise() {
        let test = cochran_armitage(&[2, 3, 6, 11], &[1_000; 4], &[1.0, 2.0, 3.0, 4.0]).expect("varies");
        near(test.z, 2.868, 5e-4);
        near(test.p, 0.0021, 5e-5);
    }

    #[test]
    fn nothing_varies_nothing_tested() {
        assert_eq!(cochran_armitage(&[], &[], &[]), None);
        assert_eq!(cochran_armitage(&[0, 0], &[10, 10], &[1.0, 2.0]), None);
        assert_eq!(cochran_armitage(&[1, 2], &[10, 10], &[1.0, 1.0]), None);
        assert_eq!(cochran_armitage(&[1], &[10], &[1.0]), None);
    }

    #[test]
    fn common_ground_many_touchpoints() {
        assert_eq!(benjamini_hochberg(&[0.001, 0.012, 0.030, 0.041, 0.20], 0.10), [true, true, true, true, false]);
        // A large p is carried by a larger one that passes.
        assert_eq!(benjamini_hochberg(&[0.06, 0.06], 0.10), [true, true]);
        assert_eq!(benjamini_hochberg(&[0.5, 0.001], 0.10), [false, true]);
        assert!(benjamini_hochberg(&[], 0.10).is_empty());
    }

    #[test]
    fn common_ground_sample_size() {
        assert_eq!(sample_size(0.10, 0.03), Some(1_600));
        assert_eq!(sample_size(0.10, 0.0), None);
    }

    #[test]
    fn normal_golden() {
        near(normal_cdf(Z95), 0.975, 1e-15);
        near(normal_cdf(-8.0), 6.220_960_574_271_78e-16, 1e-28);
        for (p, x) in [(0.5, 0.0), (0.975, Z95), (0.9, 1.281_551_565_544_600_5), (1e-10, -6.361_340_902_404_056)] {
            near(normal_quantile(p), x, 1e-12);
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn t_golden() {
        // Tables of Student's t; one degree of freedom is tan(π(p − ½)), two have a closed form too.
        near(t_quantile(0.975, 1.0), libm::tan(std::f64::consts::PI * 0.475), 1e-9);
        near(t_quantile(0.975, 2.0), 4.302_652_729_696_142, 1e-9);
        near(t_quantile(0.975, 19.0), 2.093_024_054_408_263, 1e-9);
        near(t_quantile(0.025, 19.0), -2.093_024_054_408_263, 1e-9);
        // Many degrees: Abramowitz and Stegun 26.7.5.
        let (z, v) = (Z95, 1e4);
        let expansion = z + (z.powi(3) + z) / (4.0 * v) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v);
        near(t_quantile(0.975, v), expansion, 1e-9);
        // Near the middle no digits are lost: one degree of freedom is ½ + arctan(t)/π.
        for t in [1e-9, 1e-6, 1e-3, 0.999, 1.001] {
            near(t_cdf(t, 1.0), 0.5 + libm::atan(t) / std::f64::consts::PI, 1e-15);
        }
    }

    #[test]
    fn jackknife_of_a_mean_is_its_standard_error() {
        // Leaving one of the numbers out of their mean gives back the usual s/√n.
        let numbers = [2.0, 4.0, 4.0, 5.0, 9.0];
        let sum: f64 = numbers.iter().sum();
        let left_out = numbers.map(|x| (sum - x) / 4.0);
        let found = jackknife(sum / 5.0, &left_out).expect("five groups");
        let variance = numbers.iter().map(|x| (x - sum / 5.0) * (x - sum / 5.0)).sum::<f64>() / 4.0;
        near(found.error, sqrt(variance / 5.0), 1e-14);
        near(found.interval.high - sum / 5.0, t_quantile(0.975, 4.0) * found.error, 1e-12);
        assert_eq!(jackknife(1.0, &[1.0]), None);
    }

    #[test]
    fn median_of_few() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }

    proptest! {
        #[test]
        fn wilson_holds_its_share(n in 1_u64..100_000, part in 0.0..=1.0_f64) {
            let x = (n as f64 * part) as u64;
            let (share, interval) = (x as f64 / n as f64, wilson(x, n).expect("n is positive"));
            prop_assert!(0.0 <= interval.low && interval.low <= share && share <= interval.high && interval.high <= 1.0);
            // Its limits solve the score equation (p − l)² = z²·l(1−l)/n.
            for limit in [interval.low, interval.high] {
                let left = (share - limit) * (share - limit);
                let right = Z95 * Z95 * limit * (1.0 - limit) / n as f64;
                prop_assert!(fabs(left - right) < 1e-12, "{} {}", left, right);
            }
        }

        #[test]
        fn newcombe_is_antisymmetric(a in 0_u64..50, b in 0_u64..50, n in 50_u64..500, m in 50_u64..500) {
            let one = newcombe(a, n, b, m).and_then(|estimate| estimate.interval).expect("units");
            let other = newcombe(b, m, a, n).and_then(|estimate| estimate.interval).expect("units");
            prop_assert!(fabs(one.low + other.high) < 1e-12 && fabs(one.high + other.low) < 1e-12);
            prop_assert!(one.low >= -1.0 && one.high <= 1.0);
        }

        #[test]
        fn quantiles_undo_probabilities(p in 0.0001..0.9999_f64, freedom in 1.0..200.0_f64) {
            prop_assert!(fabs(normal_cdf(normal_quantile(p)) - p) < 1e-12);
            prop_assert!(fabs(t_cdf(t_quantile(p, freedom), freedom) - p) < 1e-11);
        }

        #[test]
        fn trend_does_not_care_for_the_scale_of_scores(x in prop::collection::vec(1_u64..50, 2..6), shift in -5.0..5.0_f64) {
            let n = vec![100; x.len()];
            let scores: Vec<f64> = (0..x.len()).map(|i| i as f64).collect();
            let moved: Vec<f64> = scores.iter().map(|t| 3.0 * t + shift).collect();
            let (one, other) = (cochran_armitage(&x, &n, &scores), cochran_armitage(&x, &n, &moved));
            prop_assert!(fabs(one.expect("varies").z - other.expect("varies").z) < 1e-9);
        }
    }
}
