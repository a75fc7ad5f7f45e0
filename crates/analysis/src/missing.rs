//! Missing data (M12): what we do not know of a touchpoint, and what it would be worth to know it.
//!
//! Six checks, `completeness = passed / 6`. `id_rate = identified / all` interactions. `opportunity = N·(1 − id_rate)·w`:
//! contacts that could be identified, weighted by the importance of the stage. Dark: live, expected to be heard of, silent.
//! The definitions are the product's own.
//!
//! | touchpoint | interactions | identified | weight | opportunity | completeness |
//! |---|---|---|---|---|---|
//! | shop | 600 | 150 | .20 | 90 | 4/6 |
//! | site | 1,000 | 900 | .20 | 20 | 6/6 |
//! | till | 400 | 400 | .25 | 0 | 5/6 |
//! | poster | 0 | 0 | .10 | 0 | 0/6, dark |
//! | fair | 80 | 0 | .10 | 8 | 3/6 |
//!
//! Cost: constant.

use crate::intervals::{Estimate, proportion};

/// Holds the six checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checks {
    /// Interactions arrive in the window.
    pub emits: bool,
    /// Enough of them have a known person.
    pub identified: bool,
    /// A source of feedback is linked.
    pub feedback: bool,
    /// A cost is recorded.
    pub cost: bool,
    /// The desired outcome can be checked by machine.
    pub outcome: bool,
    /// Something happened in the last 30 days.
    pub fresh: bool,
}

impl Checks {
    /// Returns the share of checks passed.
    #[must_use]
    pub fn completeness(self) -> f64 {
        let all = [self.emits, self.identified, self.feedback, self.cost, self.outcome, self.fresh];
        all.iter().filter(|passed| **passed).count() as f64 / all.len() as f64
    }
}

/// Computes the share of identified interactions with its Wilson interval; `None` when there are no interactions.
#[must_use]
pub fn identified_share(identified: u64, interactions: u64) -> Option<Estimate> {
    proportion(identified, interactions)
}

/// Computes how many contacts could be identified but are not, weighted by the stage's importance.
#[must_use]
pub fn opportunity(identified: u64, interactions: u64, importance: f64) -> f64 {
    interactions.saturating_sub(identified) as f64 * importance
}

/// Tells whether a touchpoint is dark.
#[must_use]
pub fn is_dark(live: bool, expected_to_emit: bool, interactions: u64) -> bool {
    live && expected_to_emit && interactions == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m12_missing_data() {
        assert_eq!(identified_share(150, 600).map(|share| share.value), Some(0.25));
        assert!((opportunity(150, 600, 0.20) - 90.0).abs() < 1e-12);
        let checks = Checks { emits: true, cost: true, outcome: true, fresh: true, ..Checks::default() };
        assert!((checks.completeness() - 0.667).abs() < 5e-4);
    }

    #[test]
    fn silence_is_dark_only_where_sound_is_expected() {
        assert!(is_dark(true, true, 0));
        assert!(!is_dark(true, true, 1) && !is_dark(false, true, 0) && !is_dark(true, false, 0));
    }

    #[test]
    fn nothing_seen_nothing_known() {
        assert_eq!(identified_share(0, 0), None);
        assert_eq!(opportunity(0, 0, 0.1), 0.0);
        assert_eq!(Checks::default().completeness(), 0.0);
    }
}
