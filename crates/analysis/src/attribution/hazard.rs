//! Additive hazard: each touch raises the chance of an outcome for a while, and the outcome is shared by what each touch still
//! contributed at that moment (Zhang, Wei and Ren 2014).
//!
//! A journey observed up to T has at each moment the hazard `λ(t) = Σ b·w·e^(−w(t − tᵢ))` over its touches before t; each
//! touchpoint has a strength b (outcomes that a touch brings in the long run) and a pace w (per day). Estimated by EM:
//!
//! * share of touch i in an outcome at T: `pᵢ = b·w·e^(−w(T − tᵢ)) / λ(T)`;
//! * `b = Σpᵢ / Σ(1 − e^(−w(T − tᵢ)))` over all touches of the touchpoint, of journeys without outcome too;
//! * `w = Σpᵢ / Σ(pᵢ(T − tᵢ) + b(T − tᵢ)e^(−w(T − tᵢ)))`, kept only where the likelihood rises with it.
//!
//! So the log-likelihood never falls (a test). One pass over journeys gives the sums of one step; they are fixed point, so parts of
//! people merge to the same bits. A journey without outcome is observed until the silence that ends it, or the data.
//!
//! | journey | touches (day) | outcome | shares at equal b, w = 1 |
//! |---|---|---|---|
//! | 1 | ads 0, mail 1 | day 2 | ads e⁻² ÷ (e⁻² + e⁻¹) = .27, mail .73 |
//! | 2 | ads 0 | day 1 | ads 1 |
//! | 3 | ads 0 | none in 30 days | none; lowers b of ads |

use crate::fixed::Fixed;
use libm::{exp, log};
use model::time::DAY;

/// The pace to begin with and its limits, per day: from a year's memory to a few minutes'.
const PACE: f64 = 0.2;
const PACE_MIN: f64 = 1.0 / 365.0;
const PACE_MAX: f64 = 200.0;
/// A touch at the very moment of the outcome counts as so many days before it.
const SOONEST: f64 = 1.0 / 1_440.0;
/// Steps after which estimation stops, and the gain of likelihood per outcome below which it does.
pub const STEPS_MAX: usize = 40;
const GAIN: f64 = 1e-7;

/// Is strength and pace of each touchpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct Hazard {
    strength: Vec<f64>,
    pace: Vec<f64>,
}

/// Holds the sums of one step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HazardSums {
    units: Vec<UnitSums>,
    likelihood: Fixed,
    outcomes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct UnitSums {
    shares: Fixed,
    exposure: Fixed,
    aged: Fixed,
    fading: Fixed,
}

impl Hazard {
    /// Makes the estimate to begin with.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self { strength: vec![0.1; units], pace: vec![PACE; units] }
    }

    fn step(&self, sums: &HazardSums, with_pace: bool) -> Self {
        let mut next = self.clone();
        for (at, sums) in sums.units.iter().enumerate() {
            let shares = sums.shares.to_f64();
            let exposure = sums.exposure.to_f64();
            next.strength[at] = if exposure > 0.0 { shares / exposure } else { 0.0 };
            let aged = sums.aged.to_f64() + next.strength[at] * sums.fading.to_f64();
            if with_pace && shares > 0.0 && aged > 0.0 {
                next.pace[at] = (shares / aged).clamp(PACE_MIN, PACE_MAX);
            }
        }
        next
    }
}

impl HazardSums {
    /// Begins with nothing.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self { units: vec![UnitSums::default(); units], likelihood: Fixed::ZERO, outcomes: 0 }
    }

    /// Adds one journey: its touches in order with times, until when it was observed, and whether it ended in an outcome.
    pub fn take(&mut self, hazard: &Hazard, touches: &[(u16, i64)], until: i64, converted: bool) {
        let fixed = |number: f64| Fixed::from_f64(number).unwrap_or_default();
        let passed = |at: i64| (until.saturating_sub(at) as f64 / DAY as f64).max(SOONEST);
        let part = |unit: u16, days: f64| {
            let (b, w) = (hazard.strength[usize::from(unit)], hazard.pace[usize::from(unit)]);
            b * w * exp(-w * days)
        };
        let mut exposed = 0.0;
        for (unit, at) in touches {
            let (w, days) = (hazard.pace[usize::from(*unit)], passed(*at));
            let sums = &mut self.units[usize::from(*unit)];
            sums.exposure += fixed(1.0 - exp(-w * days));
            sums.fading += fixed(days * exp(-w * days));
            exposed += hazard.strength[usize::from(*unit)] * (1.0 - exp(-w * days));
        }
        self.likelihood -= fixed(exposed);
        if !converted {
            return;
        }
        let whole: f64 = touches.iter().map(|(unit, at)| part(*unit, passed(*at))).sum();
        self.outcomes += 1;
        // What has faded away entirely is shared equally: somebody led to the outcome, and nothing tells who.
        let is_lost = whole <= 1e-300;
        self.likelihood += fixed(log(whole.max(1e-300)));
        for (unit, at) in touches {
            let share = if is_lost { 1.0 / touches.len() as f64 } else { part(*unit, passed(*at)) / whole };
            let sums = &mut self.units[usize::from(*unit)];
            sums.shares += fixed(share);
            sums.aged += fixed(share * passed(*at));
        }
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.units.iter_mut().zip(&other.units) {
            mine.shares += theirs.shares;
            mine.exposure += theirs.exposure;
            mine.aged += theirs.aged;
            mine.fading += theirs.fading;
        }
        self.likelihood += other.likelihood;
        self.outcomes += other.outcomes;
    }

    /// Returns the outcomes credited to each touchpoint.
    #[must_use]
    pub fn credits(&self) -> Vec<f64> {
        self.units.iter().map(|sums| sums.shares.to_f64()).collect()
    }

    /// Returns the log-likelihood of the estimate that the sums were taken with.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.likelihood.to_f64()
    }
}

/// Estimates, given a way to take the sums of all journeys; returns the sums of the best estimate.
///
/// # Errors
/// Fails where taking the sums does.
pub fn estimate<E>(units: usize, mut pass: impl FnMut(&Hazard) -> Result<HazardSums, E>) -> Result<HazardSums, E> {
    let mut hazard = Hazard::new(units);
    let mut sums = pass(&hazard)?;
    for _ in 0..STEPS_MAX {
        let mut next = hazard.step(&sums, true);
        let mut gained = pass(&next)?;
        if gained.log_likelihood() < sums.log_likelihood() {
            // A step of strengths alone is one of plain EM, which never loses.
            next = hazard.step(&sums, false);
            gained = pass(&next)?;
        }
        let gain = gained.log_likelihood() - sums.log_likelihood();
        if gain < 0.0 {
            break;
        }
        (hazard, sums) = (next, gained);
        if gain <= GAIN * (sums.outcomes.max(1) as f64) {
            break;
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    type Journey = (Vec<(u16, i64)>, i64, bool);

    fn sums(hazard: &Hazard, journeys: &[Journey]) -> HazardSums {
        let mut sums = HazardSums::new(3);
        journeys.iter().for_each(|(touches, until, converted)| sums.take(hazard, touches, *until, *converted));
        sums
    }

    #[test]
    fn the_example_of_the_documentation() {
        let hazard = Hazard { strength: vec![0.5; 3], pace: vec![1.0; 3] };
        let one = sums(&hazard, &[(vec![(0, 0), (1, DAY)], 2 * DAY, true)]).credits();
        let expected = exp(-2.0) / (exp(-2.0) + exp(-1.0));
        assert!((one[0] - expected).abs() < 1e-12 && (one[0] + one[1] - 1.0).abs() < 1e-12, "{one:?}");
    }

    #[test]
    fn who_leads_to_outcomes_is_found() {
        // Both were always there; only after touchpoint 1 do outcomes come soon.
        let mut journeys: Vec<Journey> = Vec::new();
        for n in 0..200 {
            journeys.push((vec![(0, 0), (1, 10 * DAY)], 10 * DAY + DAY / 4, true));
            journeys.push((vec![(0, n * DAY / 100)], 40 * DAY, false));
        }
        let found = estimate(3, |hazard| Ok::<_, Infallible>(sums(hazard, &journeys))).expect("cannot fail").credits();
        assert!(found[1] > 190.0, "{found:?}");
    }

    proptest! {
        #[test]
        fn the_likelihood_never_falls_and_parts_merge(
            journeys in prop::collection::vec((prop::collection::vec((0_u16..3, 0_i64..40 * 24), 1..5), 0_i64..20 * 24, any::<bool>()), 1..40),
            parts in 1..8_usize,
        ) {
            let hour = DAY / 24;
            let journeys: Vec<Journey> = journeys
                .into_iter()
                .map(|(mut touches, after, converted)| {
                    touches.sort_by_key(|(_, at)| *at);
                    let last = touches.last().map_or(0, |(_, at)| *at);
                    (touches.into_iter().map(|(unit, at)| (unit, at * hour)).collect(), (last + after) * hour, converted)
                })
                .collect();
            let mut seen = Vec::new();
            let found = estimate(3, |hazard| {
                let sums = sums(hazard, &journeys);
                seen.push(sums.log_likelihood());
                Ok::<_, Infallible>(sums)
            }).expect("cannot fail");
            prop_assert!(found.log_likelihood() >= seen[0] && seen.iter().all(|one| one.is_finite()));
            let outcomes = journeys.iter().filter(|(_, _, converted)| *converted).count() as f64;
            prop_assert!((found.credits().iter().sum::<f64>() - outcomes).abs() < 1e-9);

            let hazard = Hazard::new(3);
            let mut merged = HazardSums::new(3);
            for part in (0..parts).rev() {
                merged.merge(&sums(&hazard, &journeys.iter().skip(part).step_by(parts).cloned().collect::<Vec<_>>()));
            }
            prop_assert_eq!(merged, sums(&hazard, &journeys));
        }
    }
}
