//! Time to something that has not happened to everybody yet: Kaplan–Meier.
//!
//! `S(t) = Π (1 − dᵢ/nᵢ)` over the times tᵢ ≤ t at which dᵢ of the nᵢ still waiting had it happen (Kaplan and Meier
//! 1958). Standard error by Greenwood, `S·√Σ d/(n(n−d))`; interval of S by log(−log S), so that it stays within 0 and 1;
//! interval of a quantile by inverting those (Brookmeyer and Crowley 1982). Whoever still waits is censored: counted while
//! watched. Of equal times, what happened counts before who was lost from sight.
//!
//! | time | waiting | happened | lost | S |
//! |---|---|---|---|---|
//! | 20 min | 5 | 1 | 0 | .80 |
//! | 45 min | 4 | 1 | 0 | .60 |
//! | 90 min | 3 | 1 | 0 | .40 ← median |
//! | 240 min | 2 | 1 | 0 | .20 |
//! | 600 min | 1 | 0 | 1 | .20, P90 not reached |
//!
//! State: counts per distinct time, which merge by adding. Cost: O(log k) per time, O(k) to finish for k distinct times.

use crate::intervals::{Estimate, Interval, Z95};
use libm::{exp, log, sqrt};
use std::collections::BTreeMap;

/// Counts, per time, to how many it happened and how many were lost from sight.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Times(BTreeMap<i64, Seen>);

/// Is what was seen at one time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// To so many it happened.
    pub happened: u64,
    /// So many were watched no longer, and it had not happened.
    pub lost: u64,
}

impl Times {
    /// Notes that it happened after a time.
    pub fn happened(&mut self, after: i64) {
        self.0.entry(after.max(0)).or_default().happened += 1;
    }

    /// Notes that it had not happened when watching ended.
    pub fn lost(&mut self, after: i64) {
        self.0.entry(after.max(0)).or_default().lost += 1;
    }

    /// Adds what others saw.
    pub fn merge(&mut self, other: &Self) {
        for (time, seen) in &other.0 {
            let mine = self.0.entry(*time).or_default();
            mine.happened += seen.happened;
            mine.lost += seen.lost;
        }
    }

    /// Returns each distinct time with what was seen at it.
    pub fn iter(&self) -> impl Iterator<Item = (i64, Seen)> + '_ {
        self.0.iter().map(|(time, seen)| (*time, *seen))
    }

    /// Returns how many were watched.
    #[must_use]
    pub fn watched(&self) -> u64 {
        self.0.values().map(|seen| seen.happened + seen.lost).sum()
    }

    /// Returns to how many it happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.0.values().map(|seen| seen.happened).sum()
    }

    /// Computes the curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        let mut waiting = self.watched();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut steps = Vec::with_capacity(self.0.len());
        for (time, seen) in &self.0 {
            let (n, d) = (waiting as f64, seen.happened as f64);
            survival *= 1.0 - d / n;
            greenwood += d / (n * (n - d));
            let is_inside = survival > 0.0 && survival < 1.0;
            steps.push(Step {
                time: *time,
                waiting,
                seen: *seen,
                survival,
                error: (survival > 0.0).then(|| survival * sqrt(greenwood)),
                interval: is_inside.then(|| log_log(survival, greenwood)),
            });
            waiting -= seen.happened + seen.lost;
        }
        Curve { steps }
    }
}

/// Is a survival curve.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curve {
    /// One step per distinct time, in order.
    pub steps: Vec<Step>,
}

/// Is one step of a survival curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// The time.
    pub time: i64,
    /// How many were still waiting just before it.
    pub waiting: u64,
    /// What was seen at it.
    pub seen: Seen,
    /// The share to whom it has not happened after it.
    pub survival: f64,
    /// Greenwood's standard error; none once nobody is left.
    pub error: Option<f64>,
    /// The 95 % interval; none where S is 1 or 0.
    pub interval: Option<Interval>,
}

/// Is a quantile of a survival curve: the first time by which so many have had it happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quantile {
    /// The time; none when it was not reached.
    pub time: Option<i64>,
    /// Lower limit; none when not even that was reached.
    pub low: Option<i64>,
    /// Upper limit; none: open.
    pub high: Option<i64>,
}

impl Curve {
    /// Returns the first time by which it has happened to a share of all.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Quantile {
        let left = 1.0 - share;
        // A hair of tolerance: 1 − .9 is not .1 in floating numbers.
        let first = |below: &dyn Fn(&Step) -> Option<f64>| {
            let reached = |step: &&Step| step.seen.happened > 0 && below(step).is_some_and(|s| s <= left + 1e-12);
            self.steps.iter().find(reached).map(|step| step.time)
        };
        let limit = |step: &Step, of: fn(Interval) -> f64| match step.interval {
            Some(interval) => Some(of(interval)),
            None => (step.survival == 0.0).then_some(0.0),
        };
        Quantile {
            time: first(&|step| Some(step.survival)),
            low: first(&|step| limit(step, |interval| interval.low)),
            high: first(&|step| limit(step, |interval| interval.high)),
        }
    }

    /// Returns the share to whom it has happened by a time, with its interval.
    #[must_use]
    pub fn by(&self, time: i64) -> Estimate {
        let step = self.steps.iter().rfind(|step| step.time <= time);
        let value = step.map_or(0.0, |step| 1.0 - step.survival);
        let interval = step.and_then(|step| step.interval);
        Estimate { value, interval: interval.map(|survival| Interval { low: 1.0 - survival.high, high: 1.0 - survival.low }) }
    }

    /// Returns at most so many steps that show the shape, evenly over the fall of the curve, the last included.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Vec<Step> {
        if self.steps.len() <= most {
            return self.steps.clone();
        }
        let lowest = self.steps.last().map_or(1.0, |step| step.survival);
        let height = (1.0 - lowest) / most.max(1) as f64;
        let mut kept: Vec<Step> = Vec::with_capacity(most + 2);
        for step in &self.steps {
            if kept.last().is_none_or(|last| last.survival - step.survival >= height) {
                kept.push(*step);
            }
        }
        if let Some(last) = self.steps.last()
            && kept.last() != Some(last)
        {
            kept.push(*last);
        }
        kept
    }
}

/// Returns S to the powers e^(±1.96·se/|S·ln S|).
fn log_log(survival: f64, greenwood: f64) -> Interval {
    let spread = Z95 * sqrt(greenwood) / -log(survival);
    let power = |sign: f64| exp(log(survival) * exp(sign * spread));
    Interval::between(power(1.0), power(-1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(all: &[(i64, bool)]) -> Times {
        let mut times = Times::default();
        for (time, happened) in all {
            if *happened { times.happened(*time) } else { times.lost(*time) }
        }
        times
    }

    /// Computes S after a time as it is defined, person by person.
    fn plain(all: &[(i64, bool)], until: i64) -> f64 {
        let mut moments: Vec<i64> = all.iter().filter(|(time, happened)| *happened && *time <= until).map(|(t, _)| *t).collect();
        moments.sort_unstable();
        moments.dedup();
        moments.iter().fold(1.0, |survival, moment| {
            let waiting = all.iter().filter(|(time, _)| time >= moment).count() as f64;
            let happened = all.iter().filter(|(time, happened)| *happened && time == moment).count() as f64;
            survival * (1.0 - happened / waiting)
        })
    }

    #[test]
    fn golden() {
        let t = [1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10];
        let e = [1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1];
        let all: Vec<(i64, bool)> = t.into_iter().zip(e).map(|(time, event)| (time, event == 1)).collect();
        let curve = times(&all).curve();
        let expected = [
            (1, 15, 0.933_333_333_333_333_3, 0.064_406_118_871_953_06, 0.612_641_243_774_871_7, 0.990_332_236_650_016_9),
            (2, 14, 0.866_666_666_666_666_7, 0.087_770_745_147_251_11, 0.563_912_005_708_951_5, 0.964_884_495_916_471_5),
            (3, 12, 0.722_222_222_222_222_3, 0.118_504_050_042_786_37, 0.417_175_169_928_056_6, 0.885_916_808_241_818_1),
            (4, 9, 0.641_975_308_641_975_4, 0.129_691_669_783_887_7, 0.338_606_033_556_818_1, 0.834_109_557_694_869_2),
            (5, 8, 0.561_728_395_061_728_4, 0.136_060_205_604_680_63, 0.268_849_723_346_809_2, 0.776_300_095_935_445_4),
            (6, 6, 0.468_106_995_884_773_7, 0.141_985_766_133_755_3, 0.189_916_307_138_877_64, 0.706_914_677_860_229_5),
            (7, 5, 0.468_106_995_884_773_7, 0.141_985_766_133_755_3, 0.189_916_307_138_877_64, 0.706_914_677_860_229_5),
            (8, 4, 0.351_080_246_913_580_3, 0.147_008_235_262_200_9, 0.100_992_968_131_700_39, 0.620_089_027_383_153_3),
            (9, 2, 0.351_080_246_913_580_3, 0.147_008_235_262_200_9, 0.100_992_968_131_700_39, 0.620_089_027_383_153_3),
        ];
        for (step, (time, waiting, survival, error, low, high)) in curve.steps.iter().zip(expected) {
            assert_eq!((step.time, step.waiting), (time, waiting));
            let interval = step.interval.expect("inside");
            for (found, expected) in [
                (step.survival, survival),
                (step.error.expect("somebody waits"), error),
                (interval.low, low),
                (interval.high, high),
            ] {
                assert!((found - expected).abs() < 1e-12, "{found} is not {expected} at {time}");
            }
        }
        let last = curve.steps.last().expect("ten steps");
        assert_eq!((last.survival, last.error, last.interval), (0.0, None, None));
    }

    #[test]
    fn m15_median_and_p90() {
        let curve = times(&[(20, true), (45, true), (90, true), (240, true), (600, false)]).curve();
        assert_eq!(curve.quantile(0.5).time, Some(90));
        assert_eq!(curve.quantile(0.9).time, None);
        assert!((curve.by(90).value - 0.6).abs() < 1e-12);
        assert_eq!(curve.by(10), Estimate { value: 0.0, interval: None });
    }

    #[test]
    fn bad_inputs_have_a_curve() {
        assert_eq!(Times::default().curve(), Curve::default());
        assert_eq!(Curve::default().quantile(0.5), Quantile::default());
        let alone = times(&[(-5, true)]).curve();
        assert_eq!((alone.steps[0].time, alone.steps[0].survival), (0, 0.0));
        assert_eq!(alone.quantile(0.5), Quantile { time: Some(0), low: Some(0), high: Some(0) });
        assert_eq!(times(&[(3, false), (3, false)]).curve().quantile(0.1).time, None);
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends() {
        let all: Vec<(i64, bool)> = (0..500).map(|time| (time, time % 3 != 0)).collect();
        let curve = times(&all).curve();
        let thin = curve.thinned(40);
        assert!(thin.len() <= 42 && thin.first() == curve.steps.first() && thin.last() == curve.steps.last());
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(all in prop::collection::vec((0_i64..40, prop::bool::ANY), 0..200), cut in 0_usize..200) {
            let cut = cut.min(all.len());
            let mut merged = times(&all[cut..]);
            merged.merge(&times(&all[..cut]));
            prop_assert_eq!(merged, times(&all));
        }

        #[test]
        fn equals_the_plain_definition(all in prop::collection::vec((0_i64..30, prop::bool::ANY), 1..100)) {
            for step in times(&all).curve().steps {
                prop_assert!((step.survival - plain(&all, step.time)).abs() < 1e-12);
                if let Some(interval) = step.interval {
                    prop_assert!(interval.low <= step.survival && step.survival <= interval.high);
                }
            }
        }
    }
}
