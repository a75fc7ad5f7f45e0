//! A small source of repeatable chance.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps a number, any 64-bit seed is good.
//! It is part of what the sample company *is*: changing it changes every planted number, so it is our own.

/// Draws repeatable numbers from a seed.
#[derive(Clone, Debug)]
pub struct Rng(u64);

/// The increment of SplitMix64: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// Starts the stream number `stream` of a seed; streams are independent of each other.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(GAMMA)).wrapping_add(stream.wrapping_mul(GAMMA))))
    }

    /// Draws 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// Draws a number from 0 (inclusive) to 1 (exclusive).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a number from `low` (inclusive) to `high` (exclusive).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Is true with probability `share`.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Draws a whole number below `count`, which must not be 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The bias of this product is below 2^-50 for the counts used here.
        ((self.unit() * count as f64) as usize).min(count - 1)
    }

    /// Draws the position of one of the weights, with probability proportional to it; they must not all be 0.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (position, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return position;
            }
        }
        weights.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_are_those_of_the_paper() {
        // The reference implementation, seeded with 1234567.
        let mut rng = Rng(1_234_567);
        assert_eq!(
            [rng.bits(), rng.bits(), rng.bits()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn chance_keeps_its_promise() {
        let mut rng = Rng::new(7, 0);
        let hits = (0..100_000).filter(|_| rng.chance(0.3)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
    }

    #[test]
    fn streams_differ_and_repeat() {
        assert_eq!(Rng::new(7, 3).bits(), Rng::new(7, 3).bits());
        assert_ne!(Rng::new(7, 3).bits(), Rng::new(7, 4).bits());
        assert_ne!(Rng::new(7, 3).bits(), Rng::new(8, 3).bits());
    }

    #[test]
    fn weights_are_followed() {
        let mut rng = Rng::new(1, 1);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[rng.weighted(&[1.0, 0.0, 3.0])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
    }
}
