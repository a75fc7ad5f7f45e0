//! Gamma–Gamma: what a customer's purchases are worth on average, for those of whom few were seen (Fader, Hardie and Lee 2005;
//! Fader and Hardie 2013).
//!
//! Values of one person's purchases are gamma with shape p about a mean of their own; the means are inverse-gamma over people
//! (q, v). The mean expected of a customer with x repeat purchases of mean value m is `p·(v + x·m)/(p·x + q − 1)`: with few
//! purchases near the mean of all, with many near their own. Buying rate and value are taken as independent; [`independence`]
//! says how well that holds.
//!
//! | p 6.249, q 3.745, v 15.448 | x | mean seen | mean expected |
//! |---|---|---|---|
//! | never bought again | 0 | – | 35.17 |
//! | once | 1 | 10 | 17.69 |
//! | once | 1 | 100 | 80.23 |
//! | often | 20 | 100 | 98.61 |
//! | often | 20 | 10 | 10.55 |
//!
//! Cost: as BG/NBD.

use super::search::minimise;
use libm::{exp, lgamma, log};

const LOG_MAX: f64 = 14.0;
/// Fewer repeat buyers say nothing of a distribution over people.
const BUYERS_MIN: usize = 30;

/// Is what a customer spent: repeat purchases and their mean value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spent {
    /// Repeat purchases.
    pub x: u32,
    /// Their mean value, above zero.
    pub mean: f64,
}

/// Holds the three parameters; v in the unit of the values.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GammaGamma {
    /// Shape within a person.
    pub p: f64,
    /// Shape over people.
    pub q: f64,
    /// Scale over people.
    pub v: f64,
}

impl GammaGamma {
    /// Finds the parameters of the highest likelihood, and its logarithm; `None` with too few repeat buyers, or where values do
    /// not vary.
    #[must_use]
    pub fn fit(spent: &[Spent]) -> Option<(Self, f64)> {
        let sound: Vec<Spent> = spent.iter().copied().filter(|one| one.x > 0 && one.mean > 0.0 && one.mean.is_finite()).collect();
        if sound.len() < BUYERS_MIN {
            return None;
        }
        let mean = sound.iter().map(|one| one.mean).sum::<f64>() / sound.len() as f64;
        let of = |place: &[f64]| Self { p: exp(place[0]), q: exp(place[1]), v: exp(place[2]) * mean };
        let (place, height) = minimise(&[1.0, 1.0, 0.0], 0.5, |place| {
            if place.iter().any(|log| log.abs() > LOG_MAX) { f64::INFINITY } else { -of(place).log_likelihood(&sound) }
        });
        height.is_finite().then(|| (of(&place), -height))
    }

    /// Returns the logarithm of the likelihood of mean values.
    #[must_use]
    pub fn log_likelihood(&self, spent: &[Spent]) -> f64 {
        let Self { p, q, v } = *self;
        let of_one = |one: &Spent| {
            let px = p * f64::from(one.x);
            let beta = lgamma(px + q) - lgamma(px) - lgamma(q);
            beta + q * log(v) + (px - 1.0) * log(one.mean) + px * log(f64::from(one.x))
                - (px + q) * log(v + one.mean * f64::from(one.x))
        };
        spent.iter().map(of_one).sum()
    }

    /// Returns the mean value expected of a customer's purchases; `None` where it is infinite (q ≤ 1 and nothing bought again).
    #[must_use]
    pub fn expected(&self, spent: Spent) -> Option<f64> {
        let x = f64::from(spent.x);
        let below = self.p * x + self.q - 1.0;
        (below > 0.0).then(|| self.p * (self.v + x * spent.mean) / below)
    }
}

/// Returns the correlation of how often and for how much; near 0 the model may be used. `None` when nothing varies.
#[must_use]
pub fn independence(spent: &[Spent]) -> Option<f64> {
    let n = spent.len() as f64;
    let mean = |of: fn(&Spent) -> f64| spent.iter().map(of).sum::<f64>() / n;
    let (often, much) = (mean(|one| f64::from(one.x)), mean(|one| one.mean));
    let sum = |of: &dyn Fn(f64, f64) -> f64| spent.iter().map(|one| of(f64::from(one.x) - often, one.mean - much)).sum::<f64>();
    let scale = libm::sqrt(sum(&|x, _| x * x) * sum(&|_, y| y * y));
    (scale > 0.0).then(|| sum(&|x, y| x * y) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bgnbd::tests::gamma;
    use crate::experience::importance::Chance;

    const CDNOW: GammaGamma = GammaGamma { p: 6.2488, q: 3.744_59, v: 15.447_75 };

    #[test]
    fn few_purchases_are_drawn_to_the_mean_of_all() {
        let expected = |x, mean| CDNOW.expected(Spent { x, mean }).expect("finite");
        for (found, value) in [
            (expected(0, 0.0), 35.17),
            (expected(1, 10.0), 17.69),
            (expected(1, 100.0), 80.23),
            (expected(20, 100.0), 98.61),
            (expected(20, 10.0), 10.55),
        ] {
            assert!((found - value).abs() < 0.1, "{found} is not {value}");
        }
        assert_eq!(GammaGamma { q: 0.9, ..CDNOW }.expected(Spent { x: 0, mean: 0.0 }), None);
    }

    #[test]
    fn finds_what_was_planted() {
        let mut chance = Chance(3);
        let spent: Vec<Spent> = (0..4_000)
            .map(|at| {
                let x = 1 + at % 6;
                let scale = gamma(&mut chance, CDNOW.q) / CDNOW.v;
                let sum: f64 = (0..x).map(|_| gamma(&mut chance, CDNOW.p) / scale).sum();
                Spent { x, mean: sum / f64::from(x) }
            })
            .collect();
        let (found, height) = GammaGamma::fit(&spent).expect("enough");
        assert!(height >= CDNOW.log_likelihood(&spent));
        assert!((found.p / CDNOW.p - 1.0).abs() < 0.15 && (found.q / CDNOW.q - 1.0).abs() < 0.15, "{found:?}");
        let mean = |model: &GammaGamma| model.p * model.v / (model.q - 1.0);
        assert!((mean(&found) / mean(&CDNOW) - 1.0).abs() < 0.05);
        assert!(independence(&spent).expect("varies").abs() < 0.1);
    }

    #[test]
    fn too_little_is_told() {
        assert_eq!(GammaGamma::fit(&[]), None);
        let free = vec![Spent { x: 2, mean: 0.0 }; 100];
        assert_eq!((GammaGamma::fit(&free), independence(&free)), (None, None));
        if let Some((found, height)) = GammaGamma::fit(&vec![Spent { x: 2, mean: 5.0 }; 100]) {
            assert!(height.is_finite() && found.p.is_finite());
        }
    }
}
