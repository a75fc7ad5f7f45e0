//! What more spending brings: the shapes of a response to spend.

use libm::{exp, expm1, log, pow, tanh};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how the yearly (or monthly …) result of one touchpoint grows with what is spent on it.
///
/// All shapes start at 0, never fall, and level off. Spend and result are in any unit, the same for all items.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SpendResponse)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Response {
    /// `top · (1 − e^(−rate·x))`: the first unit brings most (M22).
    Exponential {
        /// What endless spending would bring.
        top: f64,
        /// How fast it levels off, per unit of spend.
        rate: f64,
    },
    /// `top · x^slope / (x^slope + half^slope)`: with a slope above 1 little spending brings next to nothing (an S).
    Hill {
        /// What endless spending would bring.
        top: f64,
        /// Steepness: at most 1 is concave, above 1 an S.
        slope: f64,
        /// The spend that brings half of `top`.
        half: f64,
    },
    /// `top · (1 − e^(−rate·x)) / (1 + e^(−rate·x))`: levels off a little later than the exponential.
    Logistic {
        /// What endless spending would bring.
        top: f64,
        /// How fast it levels off, per unit of spend.
        rate: f64,
    },
}

impl Response {
    /// Says what is wrong with the numbers, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let (top, others) = match *self {
            Self::Exponential { top, rate } | Self::Logistic { top, rate } => (top, [rate, 1.0]),
            Self::Hill { top, slope, half } => (top, [slope, half]),
        };
        if !top.is_finite() || top < 0.0 {
            return Some("`top` must be a number of at least 0");
        }
        let positive = |number: &f64| number.is_finite() && *number > 0.0;
        (!others.iter().all(positive)).then_some("`rate`, `slope` and `half` must be numbers above 0")
    }

    /// Returns what a spend brings.
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        match *self {
            Self::Exponential { top, rate } => -top * expm1(-rate * x),
            Self::Logistic { top, rate } => top * tanh(rate * x / 2.0),
            Self::Hill { .. } if x <= 0.0 => 0.0,
            // Divided by x^slope, so that large spends do not overflow.
            Self::Hill { top, slope, half } => top / (1.0 + pow(half / x, slope)),
        }
    }

    /// Returns what the next unit of spend brings, per unit.
    #[must_use]
    pub fn marginal(&self, x: f64) -> f64 {
        match *self {
            Self::Exponential { top, rate } => top * rate * exp(-rate * x),
            Self::Logistic { top, rate } => {
                let reached = tanh(rate * x / 2.0);
                top * rate / 2.0 * (1.0 - reached * reached)
            }
            Self::Hill { top, slope, half } if x <= 0.0 => {
                if slope > 1.0 {
                    0.0
                } else if slope < 1.0 {
                    f64::INFINITY
                } else {
                    top / half
                }
            }
            Self::Hill { top, slope, half } => {
                let ratio = pow(half / x, slope);
                top * slope * ratio / (x * (1.0 + ratio) * (1.0 + ratio))
            }
        }
    }

    /// Returns the spend up to which returns increase; 0 where they never do.
    #[must_use]
    pub fn inflection(&self) -> f64 {
        match *self {
            Self::Hill { slope, half, .. } if slope > 1.0 => half * pow((slope - 1.0) / (slope + 1.0), 1.0 / slope),
            _ => 0.0,
        }
    }

    /// Returns the spend within `low..=high`, beyond the inflection, at which the next unit brings `price`.
    pub(super) fn spend_at(&self, price: f64, low: f64, high: f64) -> f64 {
        if self.marginal(low) <= price {
            return low;
        }
        if self.marginal(high) >= price {
            return high;
        }
        if let Self::Exponential { top, rate } = *self {
            return (log(top * rate / price) / rate).clamp(low, high);
        }
        // The marginal falls from `low` to `high`: halve until floating numbers end.
        let (mut low, mut high) = (low, high);
        for _ in 0..200 {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if self.marginal(middle) > price { low = middle } else { high = middle }
        }
        low + (high - low) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_response() -> impl Strategy<Value = Response> {
        let hill = (0.1..100.0, 0.3..5.0, 0.1..100.0).prop_map(|(top, slope, half)| Response::Hill { top, slope, half });
        let exponential = (0.1..100.0, 0.001..2.0).prop_map(|(top, rate)| Response::Exponential { top, rate });
        let logistic = (0.1..100.0, 0.001..2.0).prop_map(|(top, rate)| Response::Logistic { top, rate });
        prop_oneof![hill, exponential, logistic]
    }

    proptest! {
        #[test]
        fn the_marginal_is_the_slope(response in any_response(), x in 0.1_f64..150.0) {
            let step = x * 1e-6;
            let slope = (response.value(x + step) - response.value(x - step)) / (2.0 * step);
            prop_assert!((response.marginal(x) - slope).abs() <= 1e-5 * (1.0 + slope), "{} {slope}", response.marginal(x));
        }

        #[test]
        fn returns_increase_up_to_the_inflection_and_fall_beyond(response in any_response(), x in 0.01_f64..1.0) {
            let turn = response.inflection();
            if turn > 0.0 {
                prop_assert!(response.marginal(turn * x * 0.99) <= response.marginal(turn) * (1.0 + 1e-9));
            }
            prop_assert!(response.marginal(turn + 1.0 / x) <= response.marginal(turn + 0.5 / x) * (1.0 + 1e-9));
        }
    }

    #[test]
    fn half_of_the_top_at_the_half() {
        let hill = Response::Hill { top: 10.0, slope: 3.0, half: 7.0 };
        assert!((hill.value(7.0) - 5.0).abs() < 1e-12);
        assert!((hill.inflection() - 7.0 * (0.5_f64).powf(1.0 / 3.0)).abs() < 1e-12);
        assert!(hill.value(1e300).is_finite() && hill.marginal(1e300).is_finite());
    }
}
