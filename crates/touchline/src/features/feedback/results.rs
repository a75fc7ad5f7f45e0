//! What the answers to a survey say (M7), with their interval and the share that stayed silent. Pure.

use super::SurveyKind;
use analysis::intervals::wilson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Below so many answers a figure says nothing.
const FLOOR: u64 = 30;
/// The normal quantile of a 95 % interval.
const Z: f64 = 1.959_964;

/// Is what the answers say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SurveyResults)]
pub struct Results {
    /// How many answered.
    pub n: u64,
    /// How often each answer was given, from the lowest on.
    pub answers: Vec<u64>,
    /// The figure: NPS from -100 to 100, otherwise the share of satisfied; none without answers.
    pub value: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The mean of the answers as given.
    pub mean: Option<f64>,
    /// How many more answers are needed before the figure says something.
    pub needed: u64,
    /// How many were asked one by one.
    pub invited: u64,
    /// How many of them answered.
    pub responded: u64,
    /// The share of them that answered.
    pub response_rate: Option<f64>,
}

/// Sums up answers.
#[must_use]
pub fn results(kind: SurveyKind, scores: &[i16], invited: u64, responded: u64) -> Results {
    let (lowest, highest) = kind.scale().range();
    let mut answers = vec![0_u64; usize::try_from(highest - lowest + 1).unwrap_or(1)];
    for score in scores {
        if let Some(count) = score.checked_sub(lowest).and_then(|place| answers.get_mut(usize::try_from(place).ok()?)) {
            *count += 1;
        }
    }
    let n: u64 = answers.iter().sum();
    let of = |wanted: &dyn Fn(i16) -> bool| -> u64 {
        answers.iter().zip(lowest..).filter(|(_, score)| wanted(*score)).map(|(count, _)| count).sum()
    };
    let mean = (n > 0)
        .then(|| answers.iter().zip(lowest..).map(|(count, score)| *count as f64 * f64::from(score)).sum::<f64>() / n as f64);
    let (value, low, high) = match kind {
        _ if n == 0 => (None, None, None),
        SurveyKind::Nps => {
            let (p, d) = (of(&|score| score >= 9) as f64 / n as f64, of(&|score| score <= 6) as f64 / n as f64);
            let half = 100.0 * Z * ((p + d - (p - d).powi(2)).max(0.0) / n as f64).sqrt();
            let nps = 100.0 * (p - d);
            (Some(nps), Some((nps - half).max(-100.0)), Some((nps + half).min(100.0)))
        }
        _ => {
            let satisfied = of(&|score| model::Score::new(kind.scale(), score).is_some_and(model::Score::is_satisfied));
            let limits = wilson(satisfied, n);
            (Some(satisfied as f64 / n as f64), limits.map(|limits| limits.low), limits.map(|limits| limits.high))
        }
    };
    let response_rate = (invited > 0).then(|| responded as f64 / invited as f64);
    Results { n, answers, value, low, high, mean, needed: FLOOR.saturating_sub(n), invited, responded, response_rate }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, expected: f64, within: f64) {
        let found = found.expect("is known");
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    #[test]
    fn nps_is_that_of_the_standard_case() {
        // M7: n 400, half of them promoters, a sixth detractors.
        let scores: Vec<i16> = (0..400)
            .map(|i| {
                if i < 200 {
                    10
                } else if i < 267 {
                    3
                } else {
                    8
                }
            })
            .collect();
        let told = results(SurveyKind::Nps, &scores, 0, 0);
        near(told.value, 33.3, 0.1);
        near(told.high.zip(told.low).map(|(high, low)| (high - low) / 2.0), 7.3, 0.1);
    }

    #[test]
    fn csat_is_that_of_the_standard_case() {
        let scores: Vec<i16> = (0..200).map(|i| if i < 164 { 5 } else { 2 }).collect();
        let told = results(SurveyKind::Csat, &scores, 500, 200);
        near(told.value, 0.82, 1e-9);
        near(told.low, 0.761, 0.0006);
        near(told.high, 0.867, 0.0006);
        near(told.response_rate, 0.4, 1e-9);
        assert_eq!((told.needed, told.answers), (0, vec![0, 36, 0, 0, 164]));
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        for kind in [SurveyKind::Nps, SurveyKind::Csat, SurveyKind::Ces, SurveyKind::Rating] {
            let told = results(kind, &[], 0, 0);
            assert_eq!((told.value, told.mean, told.response_rate, told.needed), (None, None, None, FLOOR));
            let strange = results(kind, &[i16::MIN, -1, 99, i16::MAX], 0, 0);
            assert_eq!(strange.n, 0, "what is not on the scale does not count");
        }
    }
}
