//! Satisfaction (M7): NPS, CSAT, and CES in its three conventions, from raw answers.
//!
//! * **NPS** (0–10, "would you recommend us"): `p − d`, p the share of 9 and 10, d of 0 to 6; variance of one answer
//!   `p + d − (p − d)²`, normal interval. Where fewer than 30 answered, or all said the same, that interval is too narrow (of
//!   width nothing in the end), and the adjusted one takes its place: ¾ of an answer more for promoters and detractors, 1½ for
//!   passives (Bonett and Price 2012; Rocks 2016).
//! * **CSAT** (1–5): share of 4 and 5, Wilson.
//! * **CES 2.0** (1–7, "made it easy") has three conventions in use, which differ: the mean (Student's t), the share of 5 to 7
//!   (Wilson), and the share of 6 and 7 less the share of 1 to 3 (as NPS). The raw answers are kept, and each is shown with its
//!   name.
//!
//! | answers | figure |
//! |---|---|
//! | 200 of 9–10, 133 of 7–8, 67 of 0–6 | NPS +33.3 points ± 7.3 |
//! | 164 of 200 said 4 or 5 | CSAT 82 % [76.1; 86.7] |
//! | seven times 10 | NPS +100, interval [+33; +100] |
//! | CES 7, 7, 6, 5, 2 | mean 5.4, share of 5–7 80 %, net +40 |
//! | none | unknown |
//!
//! State: a histogram of answers, which merges by adding. Cost: constant.

use crate::intervals::{Estimate, Interval, Z95, proportion, t_quantile};
use libm::sqrt;
use model::{Scale, Score};

/// More answers than the longest scale has.
const ANSWERS: usize = 11;
/// From so many answers on the normal interval of a net share is good enough.
const NORMAL_FROM: u64 = 30;

/// Counts the answers on one scale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answers {
    scale: Scale,
    counts: [u64; ANSWERS],
}

/// Is one of the three ways to read an effort question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// The mean of the answers.
    Mean,
    /// The share of 5 to 7.
    TopThree,
    /// The share of 6 and 7, less the share of 1 to 3.
    Net,
}

impl Answers {
    /// Counts nothing yet.
    #[must_use]
    pub const fn new(scale: Scale) -> Self {
        Self { scale, counts: [0; ANSWERS] }
    }

    /// Returns the scale.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        self.scale
    }

    /// Counts answers; those on another scale are not counted.
    pub fn add(&mut self, score: Score, times: u64) {
        if score.scale == self.scale
            && let Some(count) = usize::try_from(score.answer).ok().and_then(|answer| self.counts.get_mut(answer))
        {
            *count += times;
        }
    }

    /// Adds the answers that others counted on the same scale.
    pub fn merge(&mut self, other: &Self) {
        crate::tally::add(&mut self.counts, &other.counts);
    }

    /// Returns how many answered.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns how often each answer was given, from the lowest to the highest of the scale.
    #[must_use]
    pub fn histogram(&self) -> &[u64] {
        let (low, high) = self.scale.range();
        &self.counts[low as usize..=high as usize]
    }

    /// Counts the answers between two, both inclusive.
    #[must_use]
    pub fn between(&self, low: usize, high: usize) -> u64 {
        self.counts[low.min(ANSWERS)..(high + 1).min(ANSWERS)].iter().sum()
    }

    /// Computes the mean answer; `None` without answers.
    #[must_use]
    pub fn mean(&self) -> Option<Estimate> {
        let n = self.n();
        let moment = |power: i32| {
            let terms = self.counts.iter().enumerate().map(|(answer, count)| (answer as f64).powi(power) * *count as f64);
            terms.sum::<f64>()
        };
        (n > 0).then(|| {
            let mean = moment(1) / n as f64;
            let squares = (moment(2) - mean * mean * n as f64).max(0.0);
            let (low, high) = self.scale.range();
            let half = |n: f64| t_quantile(0.975, n - 1.0) * sqrt(squares / (n - 1.0) / n);
            let interval = (n > 1 && squares > 0.0).then(|| {
                let half = half(n as f64);
                Interval { low: mean - half, high: mean + half }.within(f64::from(low), f64::from(high))
            });
            Estimate { value: mean, interval }
        })
    }

    /// Computes the share that says "satisfied" on this scale: CSAT on 1–5, the top boxes on others.
    #[must_use]
    pub fn satisfied(&self) -> Option<Estimate> {
        let answers = self.counts.iter().zip(0..).filter_map(|(count, answer)| Some((Score::new(self.scale, answer)?, count)));
        proportion(answers.filter(|(score, _)| score.is_satisfied()).map(|(_, count)| *count).sum(), self.n())
    }

    /// Computes the NPS as a difference of shares, −1 to 1; `None` on another scale or without answers.
    #[must_use]
    pub fn nps(&self) -> Option<Estimate> {
        (self.scale == Scale::Nps).then(|| net_share(self.between(9, 10), self.between(0, 6), self.n()))?
    }

    /// Computes the effort score in one of its conventions; `None` on another scale or without answers.
    #[must_use]
    pub fn effort(&self, convention: Effort) -> Option<Estimate> {
        if self.scale != Scale::Seven {
            return None;
        }
        match convention {
            Effort::Mean => self.mean(),
            Effort::TopThree => proportion(self.between(5, 7), self.n()),
            Effort::Net => net_share(self.between(6, 7), self.between(1, 3), self.n()),
        }
    }
}

/// Computes the share of one answer less the share of its opposite, `−1` to 1; `None` without answers.
#[must_use]
pub fn net_share(for_it: u64, against: u64, n: u64) -> Option<Estimate> {
    if n == 0 {
        return None;
    }
    let net = |p: f64, d: f64, n: f64| (p - d, sqrt(((p + d) - (p - d) * (p - d)).max(0.0) / n));
    let size = n as f64;
    let (value, error) = net(for_it as f64 / size, against as f64 / size, size);
    let (centre, error) = if n >= NORMAL_FROM && error > 0.0 {
        (value, error)
    } else {
        let size = size + 3.0;
        net((for_it as f64 + 0.75) / size, (against as f64 + 0.75) / size, size)
    };
    let limits = Interval { low: centre - Z95 * error, high: centre + Z95 * error }.within(-1.0, 1.0);
    // The adjusted interval is centred elsewhere; what was seen must lie in it.
    Some(Estimate { value, interval: Some(Interval { low: limits.low.min(value), high: limits.high.max(value) }) })
}

/// Computes the change between two scores from their own standard errors: trends need the interval of a difference.
#[must_use]
pub fn change(now: Estimate, before: Estimate) -> Option<Estimate> {
    crate::intervals::difference(now, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answers(scale: Scale, histogram: &[u64]) -> Answers {
        let mut answers = Answers::new(scale);
        for (answer, count) in (scale.range().0..).zip(histogram) {
            answers.add(Score::new(scale, answer).expect("on the scale"), *count);
        }
        answers
    }

    fn check(found: Option<Estimate>, value: f64, limits: Option<(f64, f64)>, tolerance: f64) {
        let found = found.expect("there are answers");
        assert!((found.value - value).abs() <= tolerance, "{found:?} is not {value}");
        let interval = found.interval.map(|interval| (interval.low, interval.high));
        assert_eq!(interval.is_some(), limits.is_some(), "{found:?}");
        if let (Some(found), Some(expected)) = (interval, limits) {
            assert!((found.0 - expected.0).abs() <= tolerance && (found.1 - expected.1).abs() <= tolerance, "{found:?}");
        }
    }

    #[test]
    fn nps_golden() {
        let first = answers(Scale::Nps, &[0, 0, 1, 0, 2, 3, 4, 10, 20, 30, 30]);
        check(first.nps(), 0.50, Some((0.368_521_618_913_551_2, 0.631_478_381_086_487_3)), 1e-12);
    }

    #[test]
    fn few_or_equal_answers_have_the_adjusted_interval() {
        let torn = answers(Scale::Nps, &[5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]).nps().and_then(|nps| nps.interval).expect("one");
        assert!((torn.low + torn.high).abs() < 1e-12 && torn.high < 0.62, "{torn:?}");
        let all = answers(Scale::Nps, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).nps().expect("answers");
        let interval = all.interval.expect("one");
        assert_eq!((all.value, interval.high), (1.0, 1.0));
        assert!((0.30..0.40).contains(&interval.low), "{interval:?}");
    }

    #[test]
    fn m7_nps_and_csat() {
        // n 400, p a half, d a sixth: 400/6 answers are not whole, so the share is taken as it is.
        let (p, d, n) = (0.5, 1.0 / 6.0, 400.0_f64);
        let half = Z95 * sqrt((p + d - (p - d) * (p - d)) / n);
        assert!((half - 0.073).abs() < 5e-4, "{half}");
        let close = net_share(200, 67, 400).and_then(|nps| nps.interval).expect("answers");
        assert!(((close.high - close.low) / 2.0 - 0.073).abs() < 5e-4);
        check(answers(Scale::Five, &[10, 6, 20, 100, 64]).satisfied(), 0.82, Some((0.761, 0.867)), 5e-4);
    }

    #[test]
    fn effort_has_three_conventions() {
        let asked = answers(Scale::Seven, &[0, 1, 0, 0, 1, 1, 2]);
        check(asked.effort(Effort::Mean), 5.4, Some((2.825, 7.0)), 5e-3);
        check(asked.effort(Effort::TopThree), 0.8, Some((0.376, 0.964)), 5e-4);
        assert!((asked.effort(Effort::Net).expect("answers").value - 0.4).abs() < 1e-12);
        assert_eq!(answers(Scale::Five, &[1]).effort(Effort::Net), None);
    }

    #[test]
    fn nothing_asked_nothing_known() {
        for scale in [Scale::Nps, Scale::Five, Scale::Seven, Scale::Ten, Scale::YesNo] {
            let none = Answers::new(scale);
            assert_eq!((none.nps(), none.satisfied(), none.mean(), none.effort(Effort::Net)), (None, None, None, None));
        }
        let one = answers(Scale::Five, &[0, 0, 0, 0, 1]);
        check(one.mean(), 5.0, None, 0.0);
    }

    #[test]
    fn another_scale_is_not_counted() {
        let mut five = Answers::new(Scale::Five);
        five.add(Score::new(Scale::Nps, 10).expect("on the scale"), 3);
        assert_eq!(five.n(), 0);
    }

    proptest! {
        #[test]
        fn every_figure_lies_in_its_interval(histogram in prop::collection::vec(0_u64..60, 11)) {
            let nps = answers(Scale::Nps, &histogram);
            let seven = answers(Scale::Seven, &histogram[..7]);
            let figures = [nps.nps(), nps.satisfied(), nps.mean(), seven.effort(Effort::Mean), seven.effort(Effort::Net)];
            for figure in figures.into_iter().flatten() {
                if let Some(interval) = figure.interval {
                    prop_assert!(interval.low <= figure.value && figure.value <= interval.high, "{:?}", figure);
                }
            }
        }

        #[test]
        fn parts_merge_to_the_whole(one in prop::collection::vec(0_u64..60, 11), other in prop::collection::vec(0_u64..60, 11)) {
            let sum: Vec<u64> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
            let mut merged = answers(Scale::Nps, &one);
            merged.merge(&answers(Scale::Nps, &other));
            prop_assert_eq!(merged, answers(Scale::Nps, &sum));
        }
    }
}
