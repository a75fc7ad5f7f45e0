//! Consistency (M13): whether all touchpoints look, say and feel like one organisation.
//!
//! (a) **Brand**: criteria with weights, rated 0 to 4 by two people or more; a touchpoint's share is `Σ v·r / (4·Σ v)` over the
//! criteria that apply; the whole is the mean weighted by contacts, and beside it minimum and range, because a mean hides one
//! bad shop. How far raters agree is Krippendorff's α for interval data (2004): below [`AGREEMENT_ENOUGH`] the ratings say more
//! of the raters than of the touchpoints. (b) **Facts**: of all pairs of surfaces that state the same datum, the share that
//! agree. (c) **Experience**: `1 − sd(satisfaction by channel)/0.5`.
//!
//! | touchpoint | logo 2 | palette 2 | style 1 | tone 2 | message 2 | prices 3 | share |
//! |---|---|---|---|---|---|---|---|
//! | web | 4 | 4 | 4 | 3 | 3 | 4 | .917 |
//! | mail | 4 | 3 | 3 | 3 | 3 | 4 | .854 |
//! | shop | 3 | 2 | 2 | 4 | 3 | 0 | .542 |
//! | leaflet | 4 | – | – | – | – | – | 1, one criterion applies |
//! | window | – | – | – | – | – | – | unknown |
//!
//! With 5,000, 3,000 and 2,000 contacts: .823, minimum .542, range .375. Cost: O(ratings); α O(units · raters).

use crate::intervals::{Estimate, proportion};
use libm::sqrt;

/// The best rating.
pub const RATING_MAX: f64 = 4.0;
/// From this α on raters agree enough (Krippendorff's limit for tentative conclusions).
pub const AGREEMENT_ENOUGH: f64 = 0.667;

/// Computes a touchpoint's share of the best rating: pairs of weight and rating, criteria that do not apply left out by the
/// caller.
///
/// `None` when nothing was rated.
#[must_use]
pub fn brand_share(ratings: &[(f64, f64)]) -> Option<f64> {
    let sound = || ratings.iter().filter(|(weight, rating)| *weight > 0.0 && weight.is_finite() && rating.is_finite());
    let weights: f64 = sound().map(|(weight, _)| weight).sum();
    let points: f64 = sound().map(|(weight, rating)| weight * rating.clamp(0.0, RATING_MAX)).sum();
    (weights > 0.0).then(|| points / (RATING_MAX * weights))
}

/// Is the brand's consistency over touchpoints.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Overall {
    /// The mean, weighted by contacts.
    pub mean: f64,
    /// The worst touchpoint.
    pub minimum: f64,
    /// The best less the worst.
    pub range: f64,
}

/// Joins touchpoints, each (share, contacts); without any contacts all weigh the same. `None` without touchpoints.
#[must_use]
pub fn overall(touchpoints: &[(f64, u64)]) -> Option<Overall> {
    let minimum = touchpoints.iter().map(|(share, _)| *share).reduce(f64::min)?;
    let maximum = touchpoints.iter().map(|(share, _)| *share).reduce(f64::max)?;
    let contacts: u64 = touchpoints.iter().map(|(_, contacts)| *contacts).sum();
    let weight = |own: u64| if contacts == 0 { 1.0 / touchpoints.len() as f64 } else { own as f64 / contacts as f64 };
    let mean = touchpoints.iter().map(|(share, own)| share * weight(*own)).sum();
    Some(Overall { mean, minimum, range: maximum - minimum })
}

/// Computes the share of agreeing pairs among surfaces that state the same datum.
///
/// Each inner slice is one datum (a telephone number, opening hours) as the surfaces state it, spaces at the ends ignored.
/// `None` without a pair.
#[must_use]
pub fn facts<T: AsRef<str>>(stated: &[Vec<T>]) -> Option<Estimate> {
    let (mut agreeing, mut pairs) = (0, 0);
    for datum in stated {
        for (at, one) in datum.iter().enumerate() {
            for other in &datum[at + 1..] {
                pairs += 1;
                agreeing += u64::from(one.as_ref().trim() == other.as_ref().trim());
            }
        }
    }
    proportion(agreeing, pairs)
}

/// Computes how alike channels are felt to be, from the share of satisfied people in each; `None` for fewer than two channels.
#[must_use]
pub fn experience(satisfied: &[f64]) -> Option<f64> {
    if satisfied.len() < 2 {
        return None;
    }
    let n = satisfied.len() as f64;
    let mean = satisfied.iter().sum::<f64>() / n;
    // The channels are all there are, not a sample of them: the population's deviation.
    let deviation = sqrt(satisfied.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / n);
    Some(1.0 - deviation / 0.5)
}

/// Computes Krippendorff's α for interval data: one slice of ratings per unit rated, in any order of raters.
///
/// `α = 1 − D_observed/D_expected` over units rated at least twice. `None` when nothing can be paired or nothing varies.
#[must_use]
pub fn agreement(units: &[Vec<f64>]) -> Option<f64> {
    let paired: Vec<&Vec<f64>> = units.iter().filter(|unit| unit.len() > 1).collect();
    let all: Vec<f64> = paired.iter().flat_map(|unit| unit.iter().copied()).collect();
    let n = all.len() as f64;
    let squares = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        // Σ over ordered pairs of (a − b)² is 2·m·Σ(a − mean)².
        2.0 * values.len() as f64 * values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
    };
    if all.len() < 2 {
        return None;
    }
    let observed: f64 = paired.iter().map(|unit| squares(unit) / (unit.len() - 1) as f64).sum::<f64>() / n;
    let expected = squares(&all) / (n * (n - 1.0));
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEIGHTS: [f64; 6] = [2.0, 2.0, 1.0, 2.0, 2.0, 3.0];

    fn share(ratings: [f64; 6]) -> f64 {
        let pairs: Vec<_> = WEIGHTS.into_iter().zip(ratings).collect();
        brand_share(&pairs).expect("ratings")
    }

    #[test]
    fn m13_a_brand() {
        let shares =
            [share([4.0, 4.0, 4.0, 3.0, 3.0, 4.0]), share([4.0, 3.0, 3.0, 3.0, 3.0, 4.0]), share([3.0, 2.0, 2.0, 4.0, 3.0, 0.0])];
        for (found, expected) in shares.iter().zip([0.917, 0.854, 0.542]) {
            assert!((found - expected).abs() < 5e-4, "{found} is not {expected}");
        }
        let whole = overall(&[(shares[0], 5_000), (shares[1], 3_000), (shares[2], 2_000)]).expect("touchpoints");
        assert!((whole.mean - 0.823).abs() < 5e-4 && (whole.minimum - 0.542).abs() < 5e-4 && (whole.range - 0.375).abs() < 5e-4);
        assert_eq!(brand_share(&[]), None);
        assert_eq!(brand_share(&[(0.0, 4.0)]), None);
        assert_eq!(overall(&[]), None);
        assert_eq!(overall(&[(0.5, 0), (1.0, 0)]).map(|whole| whole.mean), Some(0.75));
    }

    #[test]
    fn m13_c_experience() {
        let found = experience(&[0.90, 0.85, 0.60]).expect("three channels");
        assert!((found - 0.738).abs() < 5e-4, "{found}");
        assert_eq!(experience(&[0.9]), None);
    }

    #[test]
    fn facts_agree_in_pairs() {
        let telephone = vec!["+33 1 99 00 12 34", " +33 1 99 00 12 34 ", "+33 1 99 00 12 43"];
        let found = facts(&[telephone, vec!["Mo-Fr"]]).expect("pairs");
        assert!((found.value - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(facts::<&str>(&[]), None);
    }

    #[test]
    fn agreement_of_raters() {
        assert_eq!(agreement(&[vec![1.0, 1.0], vec![4.0, 4.0]]), Some(1.0));
        assert_eq!(agreement(&[vec![2.0, 2.0], vec![2.0, 2.0]]), None);
        assert_eq!(agreement(&[vec![2.0]]), None);
        // Two raters who contradict each other agree less than chance.
        assert!(agreement(&[vec![0.0, 4.0], vec![4.0, 0.0]]).expect("varies") < 0.0);
    }

    proptest! {
        /// α as it is defined: every ordered pair within a unit, every ordered pair at all.
        #[test]
        fn agreement_equals_its_definition(units in prop::collection::vec(prop::collection::vec(0_u8..5, 2..4), 2..8)) {
            let units: Vec<Vec<f64>> = units.into_iter().map(|unit| unit.into_iter().map(f64::from).collect()).collect();
            let pairs = |values: &[f64]| {
                let mut sum = 0.0;
                for (i, a) in values.iter().enumerate() {
                    sum += values.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, b)| (a - b) * (a - b)).sum::<f64>();
                }
                sum
            };
            let all: Vec<f64> = units.concat();
            let n = all.len() as f64;
            let observed: f64 = units.iter().map(|unit| pairs(unit) / (unit.len() as f64 - 1.0)).sum::<f64>() / n;
            let expected = pairs(&all) / (n * (n - 1.0));
            match agreement(&units) {
                Some(found) => prop_assert!((found - (1.0 - observed / expected)).abs() < 1e-9),
                None => prop_assert!(expected == 0.0),
            }
        }
    }
}
