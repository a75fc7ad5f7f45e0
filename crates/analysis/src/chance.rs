//! Chance that can be repeated: draws for intervals that have no formula. The same seed gives the same draws everywhere.
//!
//! SplitMix64 (Steele, Lea and Flood 2014) for bits, the polar method for normal draws, Marsaglia and Tsang (2000) for
//! gamma draws, of which beta draws are made. Nothing here is for secrets.

use libm::{log, pow, sqrt};

/// Draws numbers.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
    spare: Option<f64>,
}

impl Chance {
    /// Begins at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed, spare: None }
    }

    /// Draws 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Draws a number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a position below a count, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }

    /// Draws from the standard normal distribution.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = sqrt(-2.0 * log(square) / square);
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Draws from the gamma distribution of a shape above 0 and scale 1.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // Never 0, or the power below is nought for ever.
            let unit = 1.0 - self.unit();
            return self.gamma(shape + 1.0) * pow(unit, 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * log(v) {
                return d * v;
            }
        }
    }

    /// Draws a share that so many successes and failures make likely: beta with a uniform prior.
    pub fn share(&mut self, successes: u64, failures: u64) -> f64 {
        let (a, b) = (self.gamma(successes as f64 + 1.0), self.gamma(failures as f64 + 1.0));
        a / (a + b)
    }
}

/// Returns a quantile of numbers, linear between neighbours; `None` where there are none. Sorts them.
#[must_use]
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (low, part) = (place as usize, place - (place as usize) as f64);
    let high = (low + 1).min(last);
    Some(values[low] + (values[high] - values[low]) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(draws: impl FnMut() -> f64, mean: f64, variance: f64) {
        let all: Vec<f64> = std::iter::repeat_with(draws).take(40_000).collect();
        let n = all.len() as f64;
        let found = all.iter().sum::<f64>() / n;
        let spread = all.iter().map(|draw| (draw - found) * (draw - found)).sum::<f64>() / (n - 1.0);
        // Four standard errors of the mean; the variance to a tenth.
        assert!((found - mean).abs() < 4.0 * (variance / n).sqrt(), "{found} is not {mean}");
        assert!((spread - variance).abs() < 0.1 * variance, "{spread} is not {variance}");
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let mut chance = Chance::new(1);
        check(|| chance.unit(), 0.5, 1.0 / 12.0);
        check(|| chance.normal(), 0.0, 1.0);
        check(|| chance.gamma(0.5), 0.5, 0.5);
        check(|| chance.gamma(7.0), 7.0, 7.0);
        let (a, b) = (31.0, 71.0);
        check(|| chance.share(30, 70), a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&mut [0.0, 10.0], 0.25), Some(2.5));
        assert_eq!(quantile(&mut [4.0], 0.9), Some(4.0));
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
