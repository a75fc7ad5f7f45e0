//! Pareto/NBD: as [`super::bgnbd`], but people may leave at any time, not only after a purchase (Schmittlein, Morrison and
//! Colombo 1987).
//!
//! Rates of buying are gamma (r, α) over people, rates of leaving gamma (s, β). Likelihood in the two-branch form of Fader and
//! Hardie (2005): with m = max(α, β), `A₀ = F(tₓ)/(m+tₓ)^{r+s+x} − F(T)/(m+T)^{r+s+x}`, F(t) = ₂F₁(r+s+x, s+1 | r+x; r+s+x+1;
//! |α−β|/(m+t)). Here even who bought once may have left, which is what people expect.
//!
//! Example, published parameters (r .5533, α 10.578, s .6062, β 11.668, weeks) at T = 38.86:
//!
//! | x | last | P(alive) |
//! |---|---|---|
//! | 2 | 30.43 | .851 |
//! | 0 | 0 | .353 |
//! | 2 | 38.86 | 1 |
//! | 20 | 5 | below .001 |
//! | nobody | – | unknown |
//!
//! Cost: as BG/NBD, with a short series per distinct pair of x and a time.

use super::bgnbd::REPEATERS_MIN;
use super::history::{History, Shared};
use super::search::minimise;
use crate::special::hypergeometric;
use libm::{exp, lgamma, log, log1p};
use std::collections::BTreeMap;

const LOG_MAX: f64 = 12.0;

/// Holds the four parameters; α and β in the unit of the times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ParetoNbd {
    /// Shape of the buying rates.
    pub r: f64,
    /// Scale of the buying rates.
    pub alpha: f64,
    /// Shape of the leaving rates.
    pub s: f64,
    /// Scale of the leaving rates.
    pub beta: f64,
}

impl ParetoNbd {
    /// Finds the parameters of the highest likelihood, and its logarithm; `None` where there are too few repeat buyers.
    #[must_use]
    pub fn fit(groups: &[(History, f64)]) -> Option<(Self, f64)> {
        let repeaters: f64 = groups.iter().filter(|(history, _)| history.x > 0).map(|(_, count)| count).sum();
        let longest = groups.iter().map(|(history, _)| history.watched).fold(0.0, f64::max);
        if repeaters < REPEATERS_MIN || longest <= 0.0 {
            return None;
        }
        let scale = log(longest / 4.0);
        let pairs = Pairs::new(groups);
        let of = |place: &[f64]| Self { r: exp(place[0]), alpha: exp(place[1]), s: exp(place[2]), beta: exp(place[3]) };
        let (place, height) = minimise(&[-0.5, scale, -0.5, scale], 0.5, |place| {
            if place.iter().any(|log| log.abs() > LOG_MAX) { f64::INFINITY } else { -of(place).height(&pairs) }
        });
        height.is_finite().then(|| (of(&place), -height))
    }

    /// Tells whether a parameter ran to the end of where it may be: people differ less than the model allows for, or too few have
    /// left to tell. Chances are then about right for all together and say little of a single person.
    #[must_use]
    pub fn is_at_edge(&self) -> bool {
        [self.r, self.alpha, self.s, self.beta].into_iter().any(|parameter| log(parameter).abs() > LOG_MAX - 1.0)
    }

    /// Returns the logarithm of the likelihood.
    #[must_use]
    pub fn log_likelihood(&self, groups: &[(History, f64)]) -> f64 {
        self.height(&Pairs::new(groups))
    }

    fn height(&self, pairs: &Pairs) -> f64 {
        let terms: Vec<f64> = pairs.distinct.iter().map(|(x, time)| self.term(*x, *time)).collect();
        let mut shared = Shared::default();
        let part = |&(history, count, early, late): &(History, f64, usize, usize)| {
            count * (shared.of(history.x, |x| self.shared(x)) + either(self.ways(&history, terms[early], terms[late])))
        };
        pairs.groups.iter().map(part).sum()
    }

    /// Returns the part of the logarithm that depends on x alone.
    fn shared(&self, x: f64) -> f64 {
        lgamma(self.r + x) - lgamma(self.r) + self.r * log(self.alpha) + self.s * log(self.beta)
    }

    /// Returns the logarithm of F(t)/(m+t)^{r+s+x}.
    fn term(&self, x: u32, time: f64) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        let x = f64::from(x);
        let whole = r + s + x;
        let (most, apart, second) = if alpha >= beta { (alpha, alpha - beta, s + 1.0) } else { (beta, beta - alpha, r + x) };
        let z = apart / (most + time);
        // Euler's transformation: (1−z)^{c−a−b}·₂F₁(1, c−b; c; z), whose terms fall like zⁿ.
        let series = hypergeometric(1.0, whole + 1.0 - second, whole + 1.0, z);
        log(series) + (1.0 - second) * log1p(-z) - whole * log(most + time)
    }

    /// Returns the logarithms of the two ways in which a history comes about, but for what they share: still a customer, or
    /// left. `early` and `late` are the terms of the last purchase and of the end.
    fn ways(&self, history: &History, early: f64, late: f64) -> (f64, f64) {
        let Self { r, alpha, s, beta } = *self;
        let x = f64::from(history.x);
        let stays = -(r + x) * log(alpha + history.watched) - s * log(beta + history.watched);
        let left = log(s / (r + s + x)) + early + log1p(-exp((late - early).min(0.0)));
        (stays, left)
    }

    /// Returns the probability that the customer is still one.
    #[must_use]
    pub fn alive(&self, history: &History) -> f64 {
        let terms = [history.last, history.watched].map(|time| self.term(history.x, time));
        let (stays, left) = self.ways(history, terms[0], terms[1]);
        1.0 / (1.0 + exp(left - stays))
    }

    /// Returns how many purchases are expected of the customer within a further time.
    #[must_use]
    pub fn expected(&self, history: &History, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        let Self { r, alpha, beta, .. } = *self;
        // At s = 1 the formula is 0/0; its limit is what stands beside it.
        let s = if (self.s - 1.0).abs() < 1e-6 { 1.0 + 1e-6 } else { self.s };
        let (x, b) = (f64::from(history.x), beta + history.watched);
        let rate = (r + x) * b / ((alpha + history.watched) * (s - 1.0));
        (self.alive(history) * rate * (1.0 - libm::pow(b / (b + time), s - 1.0))).max(0.0)
    }
}

/// Returns the logarithm of the sum of two chances.
fn either((one, other): (f64, f64)) -> f64 {
    let (more, less) = if one > other { (one, other) } else { (other, one) };
    more + log1p(exp(less - more))
}

/// Knows which histories need the same series: thousands of histories share hundreds of pairs of x and a time.
struct Pairs {
    distinct: Vec<(u32, f64)>,
    /// A history, how many share it, and where the pairs of its last purchase and of its end are.
    groups: Vec<(History, f64, usize, usize)>,
}

impl Pairs {
    fn new(groups: &[(History, f64)]) -> Self {
        let (mut distinct, mut places) = (Vec::new(), BTreeMap::new());
        let mut place = |x: u32, time: f64| {
            *places.entry((x, time.to_bits())).or_insert_with(|| {
                distinct.push((x, time));
                distinct.len() - 1
            })
        };
        let located = |&(history, count): &(History, f64)| {
            (history, count, place(history.x, history.last), place(history.x, history.watched))
        };
        let groups = groups.iter().map(located).collect();
        Self { distinct, groups }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::bgnbd::tests::{CDNOW, SEEN, customers};
    use crate::base::history::grouped;

    pub(crate) const CDNOW_PARETO: ParetoNbd = ParetoNbd { r: 0.553_275_6, alpha: 10.577_613, s: 0.606_214, beta: 11.667_91 };

    /// Integrates the chance of a history over the moment of leaving, with rates drawn out: the plain, slow way.
    fn plain_likelihood(model: &ParetoNbd, history: &History) -> f64 {
        let ParetoNbd { r, alpha, s, beta } = *model;
        let x = f64::from(history.x);
        // ∫ over τ from tₓ to T of Γ(r+x)/Γ(r)·α^r/(α+τ)^{r+x}·s·β^s/(β+τ)^{s+1}, and the rest of the time as a customer.
        let front = exp(lgamma(r + x) - lgamma(r) + r * log(alpha) + s * log(beta));
        let density = |t: f64| s * exp(-(r + x) * log(alpha + t) - (s + 1.0) * log(beta + t));
        const STEPS: usize = 20_000;
        let width = (history.watched - history.last) / STEPS as f64;
        let integral: f64 = (0..STEPS).map(|at| density(history.last + (at as f64 + 0.5) * width) * width).sum();
        front * (integral + exp(-(r + x) * log(alpha + history.watched) - s * log(beta + history.watched)))
    }

    #[test]
    fn equals_the_integral() {
        for history in [SEEN, History { x: 0, last: 0.0, watched: 38.86 }, History { x: 9, last: 12.0, watched: 38.86 }] {
            for model in
                [CDNOW_PARETO, ParetoNbd { alpha: 20.0, ..CDNOW_PARETO }, ParetoNbd { r: 2.0, alpha: 7.0, s: 1.4, beta: 7.0 }]
            {
                let plain = log(plain_likelihood(&model, &history));
                assert!(
                    (model.log_likelihood(&[(history, 1.0)]) - plain).abs() < 1e-6,
                    "{history:?} {model:?}: {} is not {plain}",
                    model.log_likelihood(&[(history, 1.0)])
                );
            }
        }
    }

    #[test]
    fn p_alive_orders_people_as_it_should() {
        let alive = |x, last| CDNOW_PARETO.alive(&History { x, last, watched: 38.86 });
        assert!((alive(2, 38.86) - 1.0).abs() < 1e-12);
        assert!(alive(2, 30.0) > alive(2, 10.0) && alive(0, 0.0) < 0.6 && alive(20, 5.0) < 1e-3);
        assert!((CDNOW_PARETO.alive(&SEEN) - CDNOW.alive(&SEEN)).abs() < 0.2);
        assert!(CDNOW_PARETO.expected(&SEEN, 39.0) > 0.5 && CDNOW_PARETO.expected(&SEEN, 0.0) == 0.0);
    }

    #[test]
    fn fits_what_people_did_better_than_a_guess() {
        let groups = grouped(customers(&CDNOW, 2_000, 39.0));
        let (found, height) = ParetoNbd::fit(&groups).expect("enough repeat buyers");
        assert!(height > CDNOW_PARETO.log_likelihood(&groups));
        assert!(found.alive(&SEEN).is_finite());
        assert_eq!(ParetoNbd::fit(&[]), None);
    }
}
