//! Brand experience share (M18), reputation (M19) and avoided cost (M20): three small sums over entered or counted numbers.
//!
//! * **M18** `BEP(b, t) = clout(t) × share of the asked who recall brand b at touchpoint t`; our share is `Σ BEP of ours / Σ
//!   BEP of all`. Clout (0–100) is the mean of three own questions (informs, attracts, decides); the closed rule of others is
//!   not imitated.
//! * **M19** Bayesian mean `(C·m + Σ r)/(C + n)` with C = 10 imagined reviews at the category's mean m: few reviews tell
//!   little.
//! * **M20** `deflected × cost per assisted contact + studies replaced`. Sessions of unknown people count at the no-return rate
//!   of the known.
//!
//! | clout | ours recalled | rival recalled | our points | rival's points |
//! |---|---|---|---|---|
//! | 80 | .30 | .40 | 24 | 32 |
//! | 60 | .50 | .20 | 30 | 12 |
//! | 40 | .20 | .30 | 8 | 12 |
//! | sum | | | 62 | 56 |
//! | share | | | .525 | .475 |
//!
//! Cost: one pass over what was entered.

use crate::intervals::{Estimate, Interval, Z95, proportion};
use libm::sqrt;

/// How many reviews at the category's mean stand before the first real one.
pub const PRIOR_REVIEWS: f64 = 10.0;

/// Computes each brand's experience points: `recalled[b][t]` is the share that recalls brand b at touchpoint t, 0 where
/// missing.
#[must_use]
pub fn experience_points(clout: &[f64], recalled: &[Vec<f64>]) -> Vec<f64> {
    let point = |clout: &f64, share: &f64| clout.max(0.0) * share.clamp(0.0, 1.0);
    recalled.iter().map(|shares| clout.iter().zip(shares).map(|(clout, share)| point(clout, share)).sum()).collect()
}

/// Computes the first brand's share of all points; `None` when there are none.
#[must_use]
pub fn experience_share(points: &[f64]) -> Option<f64> {
    let all: f64 = points.iter().sum();
    (all > 0.0 && all.is_finite()).then(|| points[0] / all)
}

/// Computes the Bayesian mean of `n` reviews with this sum and sum of squares, beside a category mean; `None` where no number
/// comes out.
///
/// The interval is normal, by the spread of the reviews seen and the whole weight; none for fewer than two reviews.
#[must_use]
pub fn reputation(category_mean: f64, n: u64, sum: f64, squares: f64) -> Option<Estimate> {
    let size = n as f64;
    let value = (PRIOR_REVIEWS * category_mean + sum) / (PRIOR_REVIEWS + size);
    if !value.is_finite() {
        return None;
    }
    let interval = (n > 1).then(|| {
        let variance = ((squares - sum * sum / size) / (size - 1.0)).max(0.0);
        let half = Z95 * sqrt(variance * size) / (PRIOR_REVIEWS + size);
        Interval { low: value - half, high: value + half }
    });
    Some(Estimate { value, interval })
}

/// Counts what solved itself in communities, bots and answers to frequent questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Deflected {
    /// Sessions of known people, marked solved.
    pub known: u64,
    /// Those of them with no new contact within 72 hours.
    pub known_stayed_away: u64,
    /// Sessions of unknown people, marked solved.
    pub unknown: u64,
}

/// Computes what deflected sessions would have cost; money in minor units, `studies` what replaced studies would have cost.
///
/// `None` when unknown people's sessions cannot be judged because no known person's was seen.
#[must_use]
pub fn avoided_cost(sessions: Deflected, per_contact: f64, studies: f64) -> Option<Estimate> {
    let Deflected { known, known_stayed_away, unknown } = sessions;
    if known == 0 && unknown > 0 {
        return None;
    }
    let rate = proportion(known_stayed_away.min(known), known);
    let cost = |rate: f64| (known_stayed_away.min(known) as f64 + unknown as f64 * rate) * per_contact + studies;
    let value = cost(rate.map_or(0.0, |rate| rate.value));
    let limits = rate.filter(|_| unknown > 0).and_then(|rate| rate.interval);
    Some(Estimate { value, interval: limits.map(|rate| Interval::between(cost(rate.low), cost(rate.high))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m18_brand_experience_share() {
        let points = experience_points(&[80.0, 60.0, 40.0], &[vec![0.3, 0.5, 0.2], vec![0.4, 0.2, 0.3]]);
        assert!((points[0] - 62.0).abs() < 1e-9 && (points[1] - 56.0).abs() < 1e-9);
        assert!((experience_share(&points).expect("points") - 0.525).abs() < 5e-4);
        assert_eq!(experience_share(&[]), None);
        assert_eq!(experience_share(&[0.0, 0.0]), None);
    }

    #[test]
    fn m19_reputation() {
        let few = reputation(3.9, 4, 20.0, 100.0).expect("a number");
        assert!((few.value - 4.21).abs() < 5e-3, "{few:?}");
        let many = reputation(3.9, 200, 900.0, 4_100.0).expect("a number");
        assert!((many.value - 4.47).abs() < 5e-3 && many.value > few.value, "{many:?}");
        assert_eq!(reputation(3.9, 0, 0.0, 0.0), Some(Estimate { value: 3.9, interval: None }));
        assert_eq!(reputation(f64::NAN, 1, 1.0, 1.0), None);
    }

    #[test]
    fn m20_avoided_cost() {
        let sessions = Deflected { known: 500, known_stayed_away: 420, unknown: 0 };
        assert_eq!(avoided_cost(sessions, 450.0, 0.0), Some(Estimate { value: 189_000.0, interval: None }));
        let with_unknown = avoided_cost(Deflected { unknown: 100, ..sessions }, 450.0, 1_000.0).expect("known people came");
        assert!((with_unknown.value - (504.0 * 450.0 + 1_000.0)).abs() < 1e-6 && with_unknown.interval.is_some());
        assert_eq!(avoided_cost(Deflected { unknown: 5, ..Deflected::default() }, 450.0, 0.0), None);
        assert_eq!(avoided_cost(Deflected::default(), 450.0, 0.0).map(|cost| cost.value), Some(0.0));
    }
}
