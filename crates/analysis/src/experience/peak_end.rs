//! Peak–end (M7): what people remember of a journey is its strongest moment and its last (Kahneman 1993).
//!
//! With feelings between −1 and +1, `peak–end = (peak + last)/2`, the peak being the one furthest from 0; where joy and
//! annoyance are equally far, the annoyance. The mean stands beside it, because it hides one bad moment.
//!
//! | moments | peak | last | peak–end | mean |
//! |---|---|---|---|---|
//! | +1, −1, +.8, +.2, 0 | −1 | 0 | −.5 | +.2 |
//! | +.5 | +.5 | +.5 | +.5 | +.5 |
//! | 0, 0, +1 | +1 | +1 | +1 | +.333 |
//! | −.5, +.5 | −.5 | +.5 | 0 | 0 |
//! | none | – | – | unknown | unknown |
//!
//! Cost: O(n), no memory.

use model::Score;

/// Is how a journey was felt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Felt {
    /// The strongest moment.
    pub peak: f64,
    /// The last moment.
    pub end: f64,
    /// The mean of both.
    pub peak_end: f64,
    /// The mean of all moments.
    pub mean: f64,
}

/// Puts an answer on the common scale from −1 (worst) to +1 (best).
#[must_use]
pub fn feeling(score: Score) -> f64 {
    let (low, high) = score.scale.range();
    2.0 * f64::from(score.answer - low) / f64::from(high - low) - 1.0
}

/// Computes how the moments of a journey are remembered; `None` without any. What is no number is left out.
#[must_use]
pub fn peak_end(moments: &[f64]) -> Option<Felt> {
    let moments = || moments.iter().copied().filter(|moment| moment.is_finite());
    let end = moments().next_back()?;
    let stronger = |peak: f64, moment: f64| {
        let is_stronger = moment.abs() > peak.abs() || (moment.abs() == peak.abs() && moment < peak);
        if is_stronger { moment } else { peak }
    };
    let peak = moments().reduce(stronger)?;
    let mean = moments().sum::<f64>() / moments().count() as f64;
    Some(Felt { peak, end, peak_end: (peak + end) / 2.0, mean })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Scale;

    #[track_caller]
    fn check(moments: &[f64], peak: f64, end: f64, mean: f64) {
        let felt = peak_end(moments).expect("moments");
        assert_eq!((felt.peak, felt.end, felt.peak_end), (peak, end, (peak + end) / 2.0));
        assert!((felt.mean - mean).abs() < 1e-12);
    }

    #[test]
    fn m7_peak_end() {
        check(&[1.0, -1.0, 0.8, 0.2, 0.0], -1.0, 0.0, 0.2);
        check(&[0.5], 0.5, 0.5, 0.5);
        check(&[0.0, 0.0, 1.0], 1.0, 1.0, 1.0 / 3.0);
        check(&[-0.5, 0.5], -0.5, 0.5, 0.0);
        assert_eq!(peak_end(&[]), None);
        assert_eq!(peak_end(&[f64::NAN]), None);
    }

    #[test]
    fn answers_share_a_scale() {
        for (scale, answer, expected) in
            [(Scale::Nps, 0, -1.0), (Scale::Nps, 10, 1.0), (Scale::Five, 3, 0.0), (Scale::Seven, 7, 1.0), (Scale::YesNo, 0, -1.0)]
        {
            assert_eq!(feeling(Score::new(scale, answer).expect("on the scale")), expected);
        }
    }
}
