//! Functions of mathematical physics that the kernels need beyond `libm`: the incomplete gamma function, Gauss's
//! hypergeometric series, and the tail of χ².
//!
//! | what | function | source |
//! |---|---|---|
//! | Q(a, x) = Γ(a, x)/Γ(a) | [`upper_gamma`] | series and continued fraction, Abramowitz and Stegun 6.5.29 and 6.5.31 |
//! | tail of χ² | [`chi_square_tail`] | Q(k/2, x/2) |
//! | ₂F₁(a, b; c; z) | [`hypergeometric`] | the defining series, for −1 < z < 1 |
//!
//! Example: χ² = 3.841 with one degree of freedom has a tail of .0500; ₂F₁(1, 1; 2; ½) = 2 ln 2 = 1.386.
//! Cost: as many terms as the wanted digits need, at most [`TERMS_MAX`].

use libm::{exp, fabs, lgamma, log};

/// No series goes on for longer: at |z| = .999 forty thousand terms give full accuracy.
const TERMS_MAX: u32 = 40_000;

/// Returns the regularised upper incomplete gamma function Q(a, x) for `a > 0`; 1 for `x <= 0`.
#[must_use]
pub fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 || a <= 0.0 {
        return 1.0;
    }
    let front = exp(a * log(x) - x - lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..TERMS_MAX {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let guard = |value: f64| if fabs(value) < 1e-300 { 1e-300 } else { value };
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / guard(b));
    let mut fraction = d;
    for i in 1..TERMS_MAX {
        let n = f64::from(i);
        let step = -n * (n - a);
        b += 2.0;
        d = 1.0 / guard(step * d + b);
        c = guard(b + step / c);
        fraction *= c * d;
        if fabs(c * d - 1.0) < 1e-16 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

/// Returns the chance that χ² with so many degrees of freedom exceeds `x`.
#[must_use]
pub fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    upper_gamma(0.5 * freedom, 0.5 * x)
}

/// Returns Gauss's hypergeometric function ₂F₁(a, b; c; z) for |z| < 1 and `c > 0`.
#[must_use]
pub fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 0..TERMS_MAX {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if fabs(term) <= fabs(sum) * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!(fabs(found - expected) <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn gamma_golden() {
        // Q(1, x) = e⁻ˣ, Q(½, x) = erfc(√x), Q(2, x) = (1 + x)·e⁻ˣ.
        for x in [0.01, 0.5, 1.0, 2.0, 5.0, 30.0] {
            near(upper_gamma(1.0, x), exp(-x), 1e-14);
            near(upper_gamma(0.5, x), libm::erfc(libm::sqrt(x)), 1e-14);
            near(upper_gamma(2.0, x), (1.0 + x) * exp(-x), 1e-14);
        }
        assert_eq!(upper_gamma(1.0, 0.0), 1.0);
        near(chi_square_tail(3.841_458_820_694_124, 1.0), 0.05, 1e-12);
        near(chi_square_tail(5.991_464_547_107_979, 2.0), 0.05, 1e-12);
    }

    #[test]
    fn hypergeometric_golden() {
        near(hypergeometric(1.0, 1.0, 2.0, 0.5), 2.0 * log(2.0), 1e-14);
        near(hypergeometric(1.0, 1.0, 2.0, -0.9), log(1.9) / 0.9, 1e-13);
        // (1 − z)⁻ᵃ, whatever b = c is.
        near(hypergeometric(0.3, 2.7, 2.7, 0.99), libm::pow(0.01, -0.3), 1e-10);
        assert_eq!(hypergeometric(3.0, 4.0, 5.0, 0.0), 1.0);
    }
}
