//! Response time (M15): how soon those who ask are answered, with those who still wait.
//!
//! Of each request the time x to the first real answer counts (an automatic acknowledgement is none). With the target τ its
//! score is `min(1, τ/x)`; of an unanswered request x is its age now, and one younger than τ is left out: it may still be
//! answered in time. `SLA` is the share with x ≤ τ, overdue and unanswered being misses. Median and 90th percentile by Kaplan
//! and Meier ([`crate::survival`]), unanswered requests censored: leaving them out would make a channel that never answers look
//! quick.
//!
//! | answered after, τ = 60 min | score | in time |
//! |---|---|---|
//! | 20 min | 1 | yes |
//! | 45 min | 1 | yes |
//! | 90 min | .667 | no |
//! | 240 min | .25 | no |
//! | not for 600 min | .10 | no |
//!
//! together .603, SLA 40 %, median 90 min, 90th percentile not reached.
//!
//! State: [`Times`] in whole steps of [`step_of`], so that there are few distinct ones. Cost: O(k) for k distinct times.

use crate::intervals::{Estimate, Interval, Z95, proportion};
use crate::survival::{Quantile, Times};
use libm::sqrt;
use model::time::SECOND;

/// Is how a channel answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Response {
    /// Requests that count: answered, or older than the target.
    pub judged: u64,
    /// Requests that nobody has answered, those younger than the target included.
    pub unanswered: u64,
    /// Mean score, 0 to 1, normal interval.
    pub score: Option<Estimate>,
    /// Share answered in time, Wilson.
    pub in_time: Option<Estimate>,
    /// Median time in seconds.
    pub median: Quantile,
    /// The time in seconds within which nine of ten are answered.
    pub p90: Quantile,
}

/// Rounds a stretch of time in microseconds up to whole steps, in seconds: a second within the first hour, a minute within the
/// first week, an hour after that. So a target that is a whole step is judged exactly.
#[must_use]
pub fn step_of(microseconds: i64) -> i64 {
    let seconds = microseconds.max(0).saturating_add(SECOND - 1) / SECOND;
    let step = match seconds {
        0..=3_600 => 1,
        3_601..=604_800 => 60,
        _ => 3_600,
    };
    seconds.saturating_add(step - 1) / step * step
}

/// Judges answers by a target in seconds.
#[must_use]
pub fn response(times: &Times, target: i64) -> Response {
    let (mut judged, mut in_time, mut unanswered) = (0_u64, 0_u64, 0_u64);
    let (mut sum, mut squares) = (0.0, 0.0);
    for (time, seen) in times.iter() {
        unanswered += seen.lost;
        let overdue = if time > target { seen.lost } else { 0 };
        let counted = seen.happened + overdue;
        let score = if time <= target { 1.0 } else { target.max(0) as f64 / time as f64 };
        judged += counted;
        in_time += if time <= target { seen.happened } else { 0 };
        sum += score * counted as f64;
        squares += score * score * counted as f64;
    }
    let curve = times.curve();
    Response {
        judged,
        unanswered,
        score: (judged > 0).then(|| mean(sum, squares, judged as f64)),
        in_time: proportion(in_time, judged),
        median: curve.quantile(0.5),
        p90: curve.quantile(0.9),
    }
}

fn mean(sum: f64, squares: f64, n: f64) -> Estimate {
    let value = sum / n;
    let spread = (squares - n * value * value).max(0.0);
    let interval = (n > 1.0 && spread > 0.0).then(|| {
        let half = Z95 * sqrt(spread / (n - 1.0) / n);
        Interval { low: value - half, high: value + half }.within(0.0, 1.0)
    });
    Estimate { value, interval }
}

/// Returns the target that a channel of this kind has unless the organisation sets its own, in seconds, and whether only
/// working hours count.
#[must_use]
pub fn usual_target(channel: &str) -> (i64, bool) {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 3_600;
    let has = |words: &[&str]| words.iter().any(|word| channel.contains(word));
    if has(&["chat"]) {
        (2 * MINUTE, false)
    } else if has(&["phone", "telephone", "call", "sms"]) {
        (30, false)
    } else if has(&["messenger", "social", "whatsapp", "telegram"]) {
        (HOUR, false)
    } else if has(&["review"]) {
        (48 * HOUR, false)
    } else if has(&["post", "letter"]) {
        (5 * 24 * HOUR, false)
    } else {
        (4 * HOUR, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(all: &[(i64, bool)]) -> Times {
        let mut times = Times::default();
        for (time, answered) in all {
            if *answered { times.happened(*time) } else { times.lost(*time) }
        }
        times
    }

    #[test]
    fn m15_response_time() {
        let minutes = [(20, true), (45, true), (90, true), (240, true), (600, false)];
        let found = response(&times(&minutes.map(|(time, answered)| (time * 60, answered))), 3_600);
        assert!((found.score.expect("some").value - 0.603).abs() < 5e-4, "{found:?}");
        assert!((found.in_time.expect("some").value - 0.4).abs() < 1e-12);
        assert_eq!((found.median.time, found.p90.time, found.judged, found.unanswered), (Some(90 * 60), None, 5, 1));
    }

    #[test]
    fn young_requests_may_still_be_answered_in_time() {
        let found = response(&times(&[(30, true), (59, false), (60, false)]), 60);
        assert_eq!((found.judged, found.unanswered), (1, 2));
        assert_eq!(found.in_time.map(|share| share.value), Some(1.0));
        assert_eq!(found.score.expect("one").interval, None);
    }

    #[test]
    fn nobody_asked_nothing_known() {
        let found = response(&Times::default(), 60);
        assert_eq!((found.score, found.in_time, found.median), (None, None, Quantile::default()));
        // A target of nothing is missed by all, and is no division by nothing.
        let none = response(&times(&[(5, true), (0, true)]), 0);
        assert_eq!(none.score.map(|score| score.value), Some(0.5));
    }

    #[test]
    fn steps_grow_with_time() {
        for (microseconds, seconds) in [
            (-1, 0),
            (0, 0),
            (1, 1),
            (SECOND, 1),
            (3_600 * SECOND, 3_600),
            (3_600 * SECOND + 1, 3_660),
            (i64::MAX, i64::MAX / SECOND),
        ] {
            let found = step_of(microseconds);
            assert!(found >= seconds && found - seconds <= 3_600, "{microseconds}: {found}");
        }
        assert_eq!(step_of(3_600 * SECOND + 1), 3_660);
        assert_eq!(step_of(604_801 * SECOND), 169 * 3_600);
    }

    #[test]
    fn usual_targets() {
        for (channel, expected) in
            [("chat", 120), ("telephone", 30), ("messenger", 3_600), ("e-mail", 14_400), ("review-sites", 172_800)]
        {
            assert_eq!(usual_target(channel).0, expected, "{channel}");
        }
    }

    proptest! {
        #[test]
        fn scores_are_shares(all in prop::collection::vec((0_i64..5_000, prop::bool::ANY), 0..80), target in 0_i64..4_000) {
            let found = response(&times(&all), target);
            let plain: Vec<f64> = all.iter().filter(|(x, answered)| *answered || *x > target)
                .map(|(x, _)| if *x <= target { 1.0 } else { target as f64 / *x as f64 }).collect();
            prop_assert_eq!(found.judged, plain.len() as u64);
            if let Some(score) = found.score {
                prop_assert!((score.value - plain.iter().sum::<f64>() / plain.len() as f64).abs() < 1e-9);
                let interval = score.interval.unwrap_or(Interval { low: score.value, high: score.value });
                prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
            }
        }
    }
}
