//! Divided credit as fixed-point numbers: what a journey is worth can be cut in parts and put together again exactly.
//!
//! A third of an outcome has no exact binary fraction, and sums of floating numbers depend on their order. A
//! [`Fixed`] is an integer count of 2⁻⁶⁴ parts, so sums are exact in any order, and whoever divides gives the
//! remainder to the last part: the parts of one outcome sum to one outcome, bit for bit.
//!
//! Example, one outcome over three touches: 6148914691236517205, …205 and …206 parts of 2⁻⁶⁴, together exactly 2⁶⁴.
//!
//! Cost: 16 bytes; a sum is two machine additions. The range is ±9.2·10¹⁸ units; beyond it sums wrap, which keeps
//! the laws of merging but makes the number meaningless.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// Number of fractional bits.
const BITS: u32 = 64;

/// Is a number of units with 64 fractional bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed(i128);

impl Fixed {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One unit.
    pub const ONE: Self = Self(1 << BITS);

    /// Makes a number of whole units; exact.
    #[must_use]
    pub const fn whole(units: i64) -> Self {
        Self((units as i128) << BITS)
    }

    /// Makes `numerator / denominator`, rounded down to a multiple of 2⁻⁶⁴. The quotient must stay below 2⁶³.
    ///
    /// # Panics
    /// Panics when the denominator is zero.
    #[must_use]
    pub const fn part(numerator: u64, denominator: u64) -> Self {
        Self((((numerator as u128) << BITS) / denominator as u128) as i128)
    }

    /// Converts a floating number, dropping what is finer than 2⁻⁶⁴; `None` for what is not finite or does not fit.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        // Scaling by a power of two is exact, so only the last bits below 2^-64 are lost.
        (number.abs() < 9.2e18).then_some(Self((number * SCALE) as i128))
    }

    /// Converts to the nearest floating number: where exactness ends and formulas begin.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / SCALE
    }

    /// Returns this share of an amount, rounded down; exact when the amount is a whole number of units.
    ///
    /// `self` must lie between 0 and 1. Because it is exact for whole amounts, the credit of ten journeys is ten
    /// times the credit of one, whether they are taken together or one by one.
    #[must_use]
    pub const fn of(self, amount: Self) -> Self {
        if self.0 == Self::ONE.0 {
            return amount;
        }
        let share = self.0 as u64;
        let units = amount.0 >> BITS;
        let fraction = amount.0 as u64;
        let low = (share as u128 * fraction as u128) >> BITS;
        Self(units.wrapping_mul(share as i128).wrapping_add(low as i128))
    }
}

/// 2⁶⁴ as a floating number.
const SCALE: f64 = 18_446_744_073_709_551_616.0;

impl Add for Fixed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Sub for Fixed {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl AddAssign for Fixed {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Fixed {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<i64> for Fixed {
    type Output = Self;

    fn mul(self, times: i64) -> Self {
        Self(self.0.wrapping_mul(i128::from(times)))
    }
}

impl Sum for Fixed {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_f64())
    }
}

impl Serialize for Fixed {
    /// Writes the count of 2⁻⁶⁴ parts as a decimal text: no format loses digits of a text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Fixed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_third_three_times_is_one_less_the_remainder() {
        let third = Fixed::part(1, 3);
        assert_eq!((third * 3).to_f64(), 1.0);
        assert_eq!(Fixed::ONE - third * 3, Fixed(1));
    }

    #[test]
    fn a_share_of_a_fraction_rounds_down() {
        let half = Fixed::part(1, 2);
        assert_eq!(half.of(half), Fixed::part(1, 4));
        assert_eq!(Fixed::ONE.of(Fixed::whole(-7)), Fixed::whole(-7));
        assert_eq!(half.of(Fixed::whole(-3)).to_f64(), -1.5);
        assert_eq!(half.of(Fixed(-1)), Fixed(-1));
    }

    #[test]
    fn only_finite_numbers_that_fit() {
        assert_eq!(Fixed::from_f64(0.25), Some(Fixed::part(1, 4)));
        for bad in [f64::NAN, f64::INFINITY, 1e19, -1e19] {
            assert_eq!(Fixed::from_f64(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_their_order(mut parts in prop::collection::vec((0..u64::MAX / 4, 1..u64::MAX), 0..40)) {
            let sum = |parts: &[(u64, u64)]| parts.iter().map(|(a, b)| Fixed::part(*a % *b, *b)).sum::<Fixed>();
            let forwards = sum(&parts);
            parts.reverse();
            prop_assert_eq!(forwards, sum(&parts));
            parts.sort_unstable();
            prop_assert_eq!(forwards, sum(&parts));
        }

        #[test]
        fn a_share_of_whole_amounts_is_linear(n in 1_u64..1_000, a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let share = Fixed::part(1, n);
            prop_assert_eq!(share.of(Fixed::whole(a)), share * a);
            prop_assert_eq!(share.of(Fixed::whole(a)) + share.of(Fixed::whole(b)), share.of(Fixed::whole(a + b)));
        }

        #[test]
        fn a_share_is_near_the_product(n in 2_u64..1_000, amount in -1e9_f64..1e9) {
            let amount = Fixed::from_f64(amount).expect("fits");
            let product = Fixed::part(1, n).of(amount).to_f64();
            prop_assert!((product - amount.to_f64() / n as f64).abs() <= 1e-6 * amount.to_f64().abs() / n as f64 + 1e-9);
        }

        #[test]
        fn survives_its_text(parts in any::<i64>(), shift in 1_u64..1_000) {
            let number = Fixed::whole(parts) + Fixed::part(1, shift);
            let text = serde_json::to_string(&number).expect("serialises");
            prop_assert_eq!(serde_json::from_str::<Fixed>(&text).expect("reads"), number);
        }
    }
}
