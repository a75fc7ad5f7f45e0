//! Money is minor units with a currency; sums are integers, so they do not depend on the order of adding.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Is an ISO 4217 code such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Tells why a text is not a currency.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a currency code: write three letters of ISO 4217, such as EUR")]
pub struct NotACurrency(pub String);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Parses a three-letter code, in any case.
    ///
    /// # Errors
    /// Returns [`NotACurrency`] when the text is not three ASCII letters.
    pub fn parse(text: &str) -> Result<Self, NotACurrency> {
        let bytes = text.trim().as_bytes();
        match <[u8; 3]>::try_from(bytes) {
            Ok(code) if code.iter().all(u8::is_ascii_alphabetic) => Ok(Self(code.map(|b| b.to_ascii_uppercase()))),
            _ => Err(NotACurrency(text.to_owned())),
        }
    }

    /// Returns the code, such as `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        // Letters only, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the number of digits after the decimal sign (ISO 4217 minor unit).
    #[must_use]
    pub fn digits(&self) -> u32 {
        match &self.0 {
            b"JPY" | b"KRW" | b"CLP" | b"ISK" | b"VND" | b"XAF" | b"XOF" | b"XPF" | b"PYG" | b"UGX" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// Converts an amount in major units to minor units, rounding half away from zero.
    ///
    /// Returns `None` for what is not finite or does not fit.
    #[must_use]
    pub fn minor(&self, major: f64) -> Option<i64> {
        let minor = (major * f64::from(10_u32.pow(self.digits()))).round();
        (minor.is_finite() && minor.abs() < 9.0e18).then_some(minor as i64)
    }

    /// Converts minor units to major units, for display and formulas.
    #[must_use]
    pub fn major(&self, minor: i64) -> f64 {
        minor as f64 / f64::from(10_u32.pow(self.digits()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_the_currency() {
        assert_eq!(Currency::EUR.minor(12.345), Some(1235));
        assert_eq!(Currency::parse("jpy").ok().and_then(|yen| yen.minor(12.0)), Some(12));
        assert_eq!(Currency::EUR.minor(f64::NAN), None);
        assert_eq!(Currency::EUR.minor(-0.005), Some(-1));
    }

    #[test]
    fn only_three_letters() {
        for bad in ["", "EU", "EURO", "E1R", "€"] {
            assert!(Currency::parse(bad).is_err(), "{bad}");
        }
    }
}
