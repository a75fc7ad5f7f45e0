//! Conversion (M3): of those who came, the share who did what we hoped for.
//!
//! `CR = people with the target action / people who came`, with the Wilson interval. Which action belongs to which
//! channel is for attribution to say (default: last non-direct). Requests are plain counts.
//!
//! | channel | came | acted | conversion |
//! |---|---|---|---|
//! | shop | 200 | 30 | 15.0 % [10.7; 20.6] |
//! | e-mail | 1,000 | 100 | 10.0 % [8.3; 12.0] |
//! | telephone | 20 | 5 | 25.0 % [11.2; 46.9] |
//! | chat | 50 | 0 | 0.0 % [0.0; 7.1] |
//! | fair | 0 | 0 | unknown, not 0 % |
//!
//! Cost: constant.

use crate::intervals::proportion;
use model::{Evidence, Figure, Unit};

/// Makes the figure of a share with its Wilson interval; unknown when nobody came.
#[must_use]
pub fn share(acted: u64, came: u64, evidence: Evidence) -> Figure {
    proportion(acted, came).map_or(Figure::unknown(Unit::Share), |found| found.figure(came, evidence, Unit::Share, "wilson"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(acted: u64, came: u64, value: f64, low: f64, high: f64) {
        let figure = share(acted, came, Evidence::E3);
        for (found, expected) in [(figure.value, value), (figure.low, low), (figure.high, high)] {
            assert!((found.expect("known") - expected).abs() < 5e-4, "{figure:?}");
        }
        assert_eq!((figure.n, figure.method.as_str()), (came, "wilson"));
    }

    #[test]
    fn m3_conversion() {
        check(30, 200, 0.150, 0.107, 0.206);
    }

    #[test]
    fn the_table_above() {
        check(100, 1_000, 0.100, 0.083, 0.120);
        check(5, 20, 0.250, 0.112, 0.469);
        check(0, 50, 0.0, 0.0, 0.071);
        assert_eq!(share(0, 0, Evidence::E3), Figure::unknown(Unit::Share));
    }

    #[test]
    fn m7_satisfied() {
        check(164, 200, 0.82, 0.761, 0.867);
    }
}
