//! Accessibility of contact (M14): how well the ways to reach us suit those who want to.
//!
//! `A = choice^.25 · findability^.25 · availability^.20 · usable^.10 · success^.20`: geometric, so that one part of nothing
//! makes everything nothing. Parts that nobody has measured are left out, the weights of the others grow in proportion, and the
//! result says which were missing. The interval follows the parts' own intervals in the logarithm.
//!
//! | choice | findability | availability | usable | success | A |
//! |---|---|---|---|---|---|
//! | .80 | .75 | .60 | .90 | .95 | .778 |
//! | 1 | 1 | 1 | 1 | 1 | 1 |
//! | .80 | .75 | 0 | .90 | .95 | 0 |
//! | .80 | – | .60 | – | .95 | .772, two parts unknown |
//! | – | – | – | – | – | unknown |
//!
//! Cost: constant.

use crate::intervals::{Estimate, Interval, proportion};
use libm::{exp, log, sqrt};

/// The weights of the five parts.
pub const WEIGHTS: [f64; 5] = [0.25, 0.25, 0.20, 0.10, 0.20];

/// Holds the five parts, each a share; `None` where nobody measured it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Parts {
    /// The preference share of the channels on offer.
    pub choice: Option<Estimate>,
    /// The share of contact data that were found, right, within two clicks.
    pub findability: Option<Estimate>,
    /// The share of requests that fall into staffed hours.
    pub availability: Option<Estimate>,
    /// The share of automatic accessibility checks passed on contact surfaces.
    pub usable: Option<Estimate>,
    /// The share of attempts that were neither missed nor abandoned nor bounced.
    pub success: Option<Estimate>,
}

impl Parts {
    /// Returns the parts in the order of [`WEIGHTS`].
    #[must_use]
    pub fn all(&self) -> [Option<Estimate>; 5] {
        [self.choice, self.findability, self.availability, self.usable, self.success]
    }
}

/// Joins the parts; `None` when none is known. Shares outside 0 and 1 count as the nearest of the two.
#[must_use]
pub fn accessibility(parts: &Parts) -> Option<Estimate> {
    let known = || {
        let weighted = parts.all().into_iter().zip(WEIGHTS);
        weighted.filter_map(|(part, weight)| Some((part.filter(|part| part.value.is_finite())?, weight)))
    };
    let total: f64 = known().map(|(_, weight)| weight).sum();
    if total <= 0.0 {
        return None;
    }
    let power = |share: f64, weight: f64| weight / total * log(share.clamp(0.0, 1.0));
    let sum: f64 = known().map(|(part, weight)| power(part.value, weight)).sum();
    let mut interval = None;
    if sum.is_finite() {
        let (mut below, mut above) = (0.0, 0.0);
        for (part, weight) in known() {
            let Interval { low, high } = part.interval.unwrap_or(Interval { low: part.value, high: part.value });
            let distance = |limit: f64| power(limit.max(1e-9), weight) - power(part.value, weight);
            below += distance(low) * distance(low);
            above += distance(high) * distance(high);
        }
        let has_any = known().any(|(part, _)| part.interval.is_some());
        interval = has_any.then(|| Interval { low: exp(sum - sqrt(below)), high: exp(sum + sqrt(above)).min(1.0) });
    }
    Some(Estimate { value: exp(sum), interval })
}

/// Computes the preference share of the channels on offer: each pair is (share of people who prefer it, whether it is offered).
///
/// `None` when nobody prefers anything. Negative preferences count as none.
#[must_use]
pub fn choice(preferences: &[(f64, bool)]) -> Option<f64> {
    let sum = |only_offered: bool| {
        let counted = preferences.iter().filter(|(_, offered)| *offered || !only_offered);
        counted.map(|(share, _)| share.max(0.0)).filter(|share| share.is_finite()).sum::<f64>()
    };
    let all = sum(false);
    (all > 0.0).then(|| sum(true) / all)
}

/// Computes the share of attempts that reached us; `None` without attempts.
#[must_use]
pub fn success(attempts: u64, missed: u64, abandoned: u64, bounced: u64) -> Option<Estimate> {
    let failed = missed.saturating_add(abandoned).saturating_add(bounced).min(attempts);
    proportion(attempts - failed, attempts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(value: f64) -> Option<Estimate> {
        Some(Estimate { value, interval: None })
    }

    fn parts(values: [Option<f64>; 5]) -> Parts {
        let [choice, findability, availability, usable, success] = values.map(|value| value.and_then(plain));
        Parts { choice, findability, availability, usable, success }
    }

    #[test]
    fn m14_accessibility() {
        let found = accessibility(&parts([0.80, 0.75, 0.60, 0.90, 0.95].map(Some))).expect("parts");
        assert!((found.value - 0.778).abs() < 5e-4, "{found:?}");
        let share = choice(&[(0.3, true), (0.3, true), (0.2, true), (0.2, false)]).expect("somebody prefers something");
        assert!((share - 0.80).abs() < 1e-12);
        let within = proportion(620, 1_000).expect("requests");
        assert!((within.value - 0.62).abs() < 1e-12);
    }

    #[test]
    fn the_table_above() {
        let value = |values: [Option<f64>; 5]| accessibility(&parts(values)).map(|found| found.value);
        assert_eq!(value([Some(1.0); 5]), Some(1.0));
        assert_eq!(value([Some(0.8), Some(0.75), Some(0.0), Some(0.9), Some(0.95)]), Some(0.0));
        assert_eq!(value([None; 5]), None);
        let some = value([Some(0.8), None, Some(0.6), None, Some(0.95)]).expect("parts");
        assert!((some - 0.772).abs() < 1e-3, "{some}");
    }

    #[test]
    fn bad_input_is_no_number() {
        assert_eq!(choice(&[]), None);
        assert_eq!(choice(&[(-1.0, true)]), None);
        assert_eq!(success(0, 1, 1, 1), None);
        assert_eq!(success(2, 5, 5, u64::MAX).map(|share| share.value), Some(0.0));
        assert_eq!(accessibility(&parts([Some(f64::NAN), None, None, None, None])), None);
    }

    proptest! {
        #[test]
        fn lies_between_its_parts(n in prop::collection::vec((1_u64..50, 50_u64..200), 5)) {
            let shares: Vec<_> = n.iter().map(|(x, n)| proportion(*x, *n)).collect();
            let parts = Parts { choice: shares[0], findability: shares[1], availability: shares[2], usable: shares[3], success: shares[4] };
            let found = accessibility(&parts).expect("parts");
            let values = || shares.iter().flatten().map(|share| share.value);
            let interval = found.interval.expect("parts have one");
            prop_assert!(values().fold(1.0, f64::min) - 1e-12 <= found.value && found.value <= values().fold(0.0, f64::max) + 1e-12);
            prop_assert!(interval.low <= found.value && found.value <= interval.high);
        }
    }
}
