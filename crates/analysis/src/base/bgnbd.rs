//! BG/NBD: how often customers buy, and whether they are still customers (Fader, Hardie and Lee 2005).
//!
//! While a customer, a person buys at a rate λ of their own (gamma with r, α over people); after each purchase they leave with
//! a chance p of their own (beta with a, b). Nobody says goodbye, so whether a person is still there is a probability:
//! `P(alive) = 1/(1 + [x>0]·a/(b+x−1)·((α+T)/(α+tₓ))^{r+x})`. Who bought once only cannot have left by this model (P = 1): told
//! in words where shown.
//!
//! Example, the published parameters of a seller of records (r .2426, α 4.4135, a .7929, b 2.4258, weeks) at T = 38.86:
//!
//! | x | last | P(alive) | expected purchases in 39 weeks |
//! |---|---|---|---|
//! | 2 | 30.43 | .727 | 1.226 |
//! | 0 | 0 | 1 by definition | .195 |
//! | 2 | 38.86 | .817 | 1.378 |
//! | 20 | 5 | below .001 | below .001 |
//! | nobody | – | unknown | 1.195 of a new customer |
//!
//! Cost: a few hundred evaluations of a sum over distinct histories; constant per customer afterwards.

use super::history::{History, Shared};
use super::search::minimise;
use crate::special::hypergeometric;
use libm::{exp, lgamma, log, log1p};

/// Fewer repeat buyers say nothing of a distribution over people.
pub const REPEATERS_MIN: f64 = 30.0;
/// Parameters run no further than e to this power, where nothing changes any more; see [`BgNbd::is_at_edge`].
const LOG_MAX: f64 = 12.0;

/// Where a + b is larger, people leave so much alike that the limit of the formula differs by less than the data can tell.
const ALIKE_FROM: f64 = 500.0;

/// Holds the four parameters; α in the unit of the times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BgNbd {
    /// Shape of the buying rates.
    pub r: f64,
    /// Scale of the buying rates.
    pub alpha: f64,
    /// Leaving, against.
    pub a: f64,
    /// Leaving, for staying.
    pub b: f64,
}

impl BgNbd {
    /// Finds the parameters of the highest likelihood, and its logarithm. `None` where there are too few repeat buyers.
    #[must_use]
    pub fn fit(groups: &[(History, f64)]) -> Option<(Self, f64)> {
        let repeaters: f64 = groups.iter().filter(|(history, _)| history.x > 0).map(|(_, count)| count).sum();
        let longest = groups.iter().map(|(history, _)| history.watched).fold(0.0, f64::max);
        if repeaters < REPEATERS_MIN || longest <= 0.0 {
            return None;
        }
        let start = [0.0, log(longest / 10.0), 0.0, 0.0];
        let of = |place: &[f64]| Self { r: exp(place[0]), alpha: exp(place[1]), a: exp(place[2]), b: exp(place[3]) };
        let (place, height) = minimise(&start, 0.5, |place| {
            if place.iter().any(|log| log.abs() > LOG_MAX) { f64::INFINITY } else { -of(place).log_likelihood(groups) }
        });
        height.is_finite().then(|| (of(&place), -height))
    }

    /// Tells whether a parameter ran to the end of where it may be: people differ less than the model allows for, or too few have
    /// left to tell. Chances are then about right for all together and say little of a single person.
    #[must_use]
    pub fn is_at_edge(&self) -> bool {
        [self.r, self.alpha, self.a, self.b].into_iter().any(|parameter| log(parameter).abs() > LOG_MAX - 1.0)
    }

    /// Returns the logarithm of the likelihood.
    #[must_use]
    pub fn log_likelihood(&self, groups: &[(History, f64)]) -> f64 {
        let mut shared = Shared::default();
        groups.iter().map(|(history, count)| count * (shared.of(history.x, |x| self.shared(x)) + self.of_one(history))).sum()
    }

    /// Returns the part of the logarithm that depends on x alone.
    fn shared(&self, x: f64) -> f64 {
        let Self { r, alpha, a, b } = *self;
        lgamma(r + x) - lgamma(r) + r * log(alpha) + lgamma(a + b) + lgamma(b + x) - lgamma(b) - lgamma(a + b + x)
    }

    /// Returns the rest of it.
    fn of_one(&self, history: &History) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let x = f64::from(history.x);
        let stays = -(r + x) * log(alpha + history.watched);
        if history.x == 0 {
            return stays;
        }
        let left = log(a) - log(b + x - 1.0) - (r + x) * log(alpha + history.last);
        let (more, less) = if stays > left { (stays, left) } else { (left, stays) };
        more + log1p(exp(less - more))
    }

    /// Returns the odds that the customer has left.
    fn odds_of_leaving(&self, history: &History) -> f64 {
        if history.x == 0 {
            return 0.0;
        }
        let x = f64::from(history.x);
        let waiting = (self.alpha + history.watched) / (self.alpha + history.last);
        exp(log(self.a / (self.b + x - 1.0)) + (self.r + x) * log(waiting))
    }

    /// Returns the probability that the customer is still one.
    #[must_use]
    pub fn alive(&self, history: &History) -> f64 {
        1.0 / (1.0 + self.odds_of_leaving(history))
    }

    /// Returns how many purchases are expected of the customer within a further time.
    #[must_use]
    pub fn expected(&self, history: &History, time: f64) -> f64 {
        let x = f64::from(history.x);
        self.purchases(x, history.watched, time) / (1.0 + self.odds_of_leaving(history))
    }

    /// Returns how many further purchases are expected of a new customer within a time.
    #[must_use]
    pub fn expected_of_new(&self, time: f64) -> f64 {
        self.purchases(0.0, 0.0, time)
    }

    /// `(a+b+x−1)/(a−1)·(1 − ((α+T)/(α+T+t))^{r+x}·₂F₁(r+x, b+x; a+b+x−1; t/(α+T+t)))`, with Euler's transformation of ₂F₁,
    /// whose terms stay small.
    fn purchases(&self, x: f64, watched: f64, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        let Self { r, alpha, b, .. } = *self;
        if self.a + b > ALIKE_FROM {
            // All leave with nearly the same chance p after each purchase; the series would lose every digit.
            let p = self.a / (self.a + b + x);
            let stay = exp((r + x) * log((alpha + watched) / (alpha + watched + p * time)));
            return (1.0 - stay) / p;
        }
        // At a = 1 the formula is 0/0; its limit is what stands beside it.
        let a = if (self.a - 1.0).abs() < 1e-6 { 1.0 + 1e-6 } else { self.a };
        let whole = alpha + watched + time;
        let c = a + b + x - 1.0;
        let bent = exp((a - 1.0) * log((alpha + watched) / whole)) * hypergeometric(a + b - 1.0 - r, a - 1.0, c, time / whole);
        (c / (a - 1.0) * (1.0 - bent)).max(0.0)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::history::grouped;
    use crate::experience::importance::Chance;

    pub(crate) const CDNOW: BgNbd = BgNbd { r: 0.242_592_91, alpha: 4.413_531_73, a: 0.792_885_99, b: 2.425_752_93 };
    pub(crate) const SEEN: History = History { x: 2, last: 30.43, watched: 38.86 };

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn expectations_stay_right_where_all_leave_alike() {
        let history = History { x: 1, last: 40.0, watched: 100.0 };
        let of = |whole: f64| BgNbd { r: 3.0, alpha: 370.0, a: whole / 12.0, b: whole * 11.0 / 12.0 }.expected(&history, 90.0);
        // The formula and its limit meet, and nothing breaks beyond.
        near(of(ALIKE_FROM - 1.0), of(ALIKE_FROM + 1.0), 1e-3);
        near(of(ALIKE_FROM + 1.0), of(1e6), 1e-2);
        let all: Vec<f64> = [1e3, 1e5, 1e7, 1e9].map(of).to_vec();
        assert!(all.iter().all(|one| *one > 0.5 && *one < 1.0), "{all:?}");
    }

    #[test]
    fn golden_of_one_customer() {
        near(CDNOW.alive(&SEEN), 0.726_609_16, 1e-7);
        near(CDNOW.expected(&SEEN, 39.0), 1.225_910_49, 1e-6);
        near(CDNOW.expected_of_new(39.0), 1.195_016_29, 1e-6);
        assert_eq!(CDNOW.alive(&History { x: 0, last: 0.0, watched: 38.86 }), 1.0);
        assert!(CDNOW.alive(&History { x: 20, last: 5.0, watched: 38.86 }) < 1e-3);
        assert_eq!(CDNOW.expected(&SEEN, -1.0), 0.0);
    }

    #[test]
    fn euler_changes_nothing() {
        // The formula as published, where its series is not long.
        let (x, time) = (2.0, 39.0);
        let whole = CDNOW.alpha + SEEN.watched + time;
        let c = CDNOW.a + CDNOW.b + x - 1.0;
        let plain = c / (CDNOW.a - 1.0)
            * (1.0
                - libm::pow((CDNOW.alpha + SEEN.watched) / whole, CDNOW.r + x)
                    * hypergeometric(CDNOW.r + x, CDNOW.b + x, c, time / whole));
        near(CDNOW.purchases(x, SEEN.watched, time), plain, 1e-9);
        // Across a = 1 nothing jumps.
        let at = |a: f64| BgNbd { a, ..CDNOW }.expected_of_new(39.0);
        near(at(1.0), (at(0.9999) + at(1.0001)) / 2.0, 1e-4);
    }

    /// Draws from a gamma distribution of this shape, scale 1 (Marsaglia and Tsang 2000).
    pub(crate) fn gamma(chance: &mut Chance, shape: f64) -> f64 {
        if shape < 1.0 {
            return gamma(chance, shape + 1.0) * libm::pow(chance.uniform(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = chance.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && log(chance.uniform()) < 0.5 * x * x + d - d * v + d * log(v) {
                return d * v;
            }
        }
    }

    /// Invents customers who behave as the model says.
    pub(crate) fn customers(model: &BgNbd, count: usize, watched: f64) -> Vec<History> {
        let mut chance = Chance(7);
        (0..count)
            .map(|_| {
                let rate = gamma(&mut chance, model.r) / model.alpha;
                let (a, b) = (gamma(&mut chance, model.a), gamma(&mut chance, model.b));
                let leaves = a / (a + b);
                let (mut x, mut last) = (0, 0.0);
                loop {
                    let next = last - log(chance.uniform()) / rate;
                    if next > watched || !next.is_finite() {
                        break;
                    }
                    (x, last) = (x + 1, (next * 7.0).ceil() / 7.0);
                    if chance.uniform() < leaves {
                        break;
                    }
                }
                History { x, last: last.min(watched), watched }
            })
            .collect()
    }

    #[test]
    fn finds_what_was_planted() {
        let truth = BgNbd { r: 0.6, alpha: 6.0, a: 0.8, b: 2.5 };
        let groups = grouped(customers(&truth, 6_000, 52.0));
        let (found, height) = BgNbd::fit(&groups).expect("enough repeat buyers");
        assert!(height >= truth.log_likelihood(&groups) - 1e-6);
        // Mean rate and mean chance of leaving are well determined; the single parameters less so.
        near(found.r / found.alpha, 0.1, 0.012);
        near(found.a / (found.a + found.b), 0.8 / 3.3, 0.04);
    }

    #[test]
    fn too_little_is_told() {
        assert_eq!(BgNbd::fit(&[]), None);
        assert_eq!(BgNbd::fit(&[(History { x: 0, last: 0.0, watched: 9.0 }, 500.0)]), None);
        assert_eq!(BgNbd::fit(&[(SEEN, 29.0)]), None);
        assert_eq!(BgNbd::fit(&[(History { x: 1, last: 0.0, watched: 0.0 }, 100.0)]), None);
        // All alike: whatever comes out, it is numbers or nothing.
        if let Some((found, height)) = BgNbd::fit(&[(SEEN, 500.0)]) {
            assert!(height.is_finite() && found.alive(&SEEN).is_finite());
        }
    }
}
