//! Before and after a change of the set of touchpoints (NET-11): outcomes and cost per week, with the interval of the
//! difference.
//!
//! Weeks are the units, because people of one week share its weather: Welch's t of the weekly numbers after less before. A
//! trend that was there already would look like an effect, so with [`TREND_FROM`] weeks on both sides the step is also
//! estimated beside a straight trend (segmented regression: `y = a + b·week + c·after`, Wagner et al. 2002), with Student's t.
//! Both are association: nothing is held back for comparison, and whatever else changed in those weeks is in them (E3).
//!
//! | weeks before | weeks after | difference | step beside the trend |
//! |---|---|---|---|
//! | 10, 12, 11, 9 | 15, 14, 16, 15 | +4.5 [+2.6; +6.4] | +4.9 |
//! | 10, 11, 12, 13 | 14, 15, 16, 17 | +4.0 [+1.8; +6.2] | 0: it rose anyway |
//! | 10 | 15 | +5, no interval | unknown |
//! | none | 15, 14 | unknown | unknown |
//! | 5, 5, 5 | 5, 5, 5 | 0, no interval | unknown |
//!
//! Cost: O(weeks).

use super::experiment::welch;
use crate::intervals::{Estimate, Interval, t_quantile};
use libm::sqrt;

/// From so many weeks on each side a trend can be told from a step.
pub const TREND_FROM: usize = 4;

/// Is what changed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Change {
    /// Mean per week before.
    pub before: f64,
    /// Mean per week after.
    pub after: f64,
    /// The difference, Welch.
    pub difference: Estimate,
    /// The step beside a straight trend; none with too few weeks.
    pub step: Option<Estimate>,
}

/// Compares weekly numbers, in the order of time; `None` when a side is empty. What is no number is left out.
#[must_use]
pub fn change(before: &[f64], after: &[f64]) -> Option<Change> {
    let sound = |weeks: &[f64]| -> Vec<f64> { weeks.iter().copied().filter(|week| week.is_finite()).collect() };
    let (before, after) = (sound(before), sound(after));
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let mean = |weeks: &[f64]| weeks.iter().sum::<f64>() / weeks.len() as f64;
    let spread = |weeks: &[f64]| weeks.iter().map(|week| (week - mean(weeks)) * (week - mean(weeks))).sum::<f64>();
    let value = mean(&after) - mean(&before);
    let difference = if before.len().min(after.len()) > 1 {
        welch(value, (spread(&after), after.len() as f64), (spread(&before), before.len() as f64))
    } else {
        Estimate { value, interval: None }
    };
    Some(Change { before: mean(&before), after: mean(&after), difference, step: step(&before, &after) })
}

/// Estimates c of `y = a + b·week + c·after`: trend and level are taken out within each side, so that c is the jump of the
/// level beside the common trend.
fn step(before: &[f64], after: &[f64]) -> Option<Estimate> {
    if before.len().min(after.len()) < TREND_FROM {
        return None;
    }
    let points: Vec<(f64, f64, f64)> = before
        .iter()
        .map(|y| (*y, 0.0))
        .chain(after.iter().map(|y| (*y, 1.0)))
        .enumerate()
        .map(|(week, (y, after))| (week as f64, after, y))
        .collect();
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (week, side, level) = (mean(|p| p.0), mean(|p| p.1), mean(|p| p.2));
    let sum = |of: &dyn Fn(f64, f64, f64) -> f64| points.iter().map(|p| of(p.0 - week, p.1 - side, p.2 - level)).sum::<f64>();
    let (tt, ts, ss) = (sum(&|t, _, _| t * t), sum(&|t, s, _| t * s), sum(&|_, s, _| s * s));
    let (ty, sy) = (sum(&|t, _, y| t * y), sum(&|_, s, y| s * y));
    let determinant = tt * ss - ts * ts;
    if determinant <= 0.0 {
        return None;
    }
    let (slope, jump) = ((ss * ty - ts * sy) / determinant, (tt * sy - ts * ty) / determinant);
    let left = sum(&|t, s, y| (y - slope * t - jump * s) * (y - slope * t - jump * s));
    let error = sqrt(left.max(0.0) / (n - 3.0) * tt / determinant);
    let half = t_quantile(0.975, n - 3.0) * error;
    let interval = (error > 0.0).then_some(Interval { low: jump - half, high: jump + half });
    Some(Estimate { value: jump, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn the_table_above() {
        let found = change(&[10.0, 12.0, 11.0, 9.0], &[15.0, 14.0, 16.0, 15.0]).expect("weeks");
        let interval = found.difference.interval.expect("varies");
        near(found.difference.value, 4.5, 1e-12);
        near(interval.low, 2.6, 0.15);
        near(interval.high, 6.4, 0.15);
        near(found.step.expect("enough weeks").value, 4.9, 1e-9);
    }

    #[test]
    fn a_trend_is_no_step() {
        let found = change(&[10.0, 11.0, 12.0, 13.0], &[14.0, 15.0, 16.0, 17.0]).expect("weeks");
        near(found.difference.value, 4.0, 1e-12);
        near(found.step.expect("enough weeks").value, 0.0, 1e-9);
    }

    #[test]
    fn few_or_equal_weeks() {
        let one = change(&[10.0], &[15.0]).expect("weeks");
        assert_eq!((one.difference, one.step), (Estimate { value: 5.0, interval: None }, None));
        assert_eq!(change(&[], &[1.0]), None);
        assert_eq!(change(&[f64::NAN], &[1.0]), None);
        let still = change(&[5.0; 4], &[5.0; 4]).expect("weeks");
        assert_eq!(still.difference, Estimate { value: 0.0, interval: None });
        near(still.step.expect("enough weeks").value, 0.0, 1e-12);
    }
}
