//! Amounts, read exactly: decimal digits become an integer of billionths, so that products and sums of lines
//! do not depend on binary fractions or on order. Rounding to minor units happens once, per interaction.

use model::Currency;

/// Is an amount in billionths of the major unit.
pub(in super::super) type Billionths = i128;

/// The digits kept behind the decimal sign.
const DIGITS: u32 = 9;
/// One major unit.
pub(super) const ONE: Billionths = 1_000_000_000;
/// Larger amounts than this many major units are taken for a mistake; sums of 10^9 of them still fit.
const LARGEST: Billionths = 1_000_000_000_000 * ONE;

/// Reads an amount such as `1.234,50 €`, `(12.50)`, `-3`, `2.5e3`.
///
/// Digits past the ninth decimal are rounded half away from zero. `None` for what is not a number.
pub(in super::super) fn parse(text: &str, decimal: char, thousands: Option<char>) -> Option<Billionths> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || "€$£¥₽".contains(c));
    let (text, in_brackets) = match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (text, negative) = match text.strip_prefix('-').or_else(|| text.strip_prefix('\u{2212}')) {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || "€$£¥₽".contains(c));
    let (text, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok().filter(|e| e.abs() <= 15)?),
        None => (text, 0),
    };
    let amount = digits(text, decimal, thousands, exponent)?;
    (amount <= LARGEST).then_some(if negative || in_brackets { -amount } else { amount })
}

/// Reads digits around at most one decimal sign, moved by `exponent` places.
fn digits(text: &str, decimal: char, thousands: Option<char>, exponent: i32) -> Option<Billionths> {
    let (mut whole, mut places, mut seen_sign, mut seen_digit) = (0_i128, DIGITS as i32 + exponent, false, false);
    let mut round_up = None;
    for c in text.chars().map(|c| if matches!(c, '\u{a0}' | '\u{202f}') { ' ' } else { c }) {
        if let Some(digit) = c.to_digit(10) {
            seen_digit = true;
            if seen_sign && places <= 0 {
                round_up.get_or_insert(digit >= 5 && places == 0);
            } else {
                whole = whole.checked_mul(10)?.checked_add(i128::from(digit))?;
            }
            places -= i32::from(seen_sign);
        } else if c == decimal && !seen_sign {
            seen_sign = true;
        } else if Some(c) != thousands || seen_sign {
            return None;
        }
    }
    if !seen_digit {
        return None;
    }
    let scaled = match u32::try_from(places) {
        Ok(places) => whole.checked_mul(10_i128.checked_pow(places)?)?,
        Err(_) if seen_sign => whole,
        Err(_) => whole.checked_div(10_i128.checked_pow(places.unsigned_abs())?)?,
    };
    Some(scaled + i128::from(round_up.unwrap_or(false)))
}

/// Multiplies two amounts, rounding half away from zero in the last place.
pub(super) fn product(a: Billionths, b: Billionths) -> Option<Billionths> {
    a.checked_mul(b).map(|exact| divide_half_away(exact, ONE)).filter(|product| product.abs() <= LARGEST)
}

/// Converts to minor units of a currency, rounding half away from zero.
pub(in super::super) fn minor(amount: Billionths, currency: Currency) -> Option<i64> {
    let unit = 10_i128.pow(DIGITS - currency.digits());
    i64::try_from(divide_half_away(amount, unit)).ok()
}

/// Reads an amount with a decimal point into minor units of a currency; `None` for what is no amount.
pub(in crate::features::capture) fn minor_units(text: &str, currency: Currency) -> Option<i64> {
    minor(parse(text, '.', None)?, currency)
}

fn divide_half_away(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a / b, a % b);
    if rest.abs() * 2 >= b { quotient + a.signum() } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, decimal: char, thousands: Option<char>, expected: Option<f64>) {
        let found = parse(text, decimal, thousands);
        assert_eq!(found, expected.map(|e| (e * 1e9).round() as i128), "{text}");
    }

    #[test]
    fn amounts_as_people_write_them() {
        check("12.5", '.', None, Some(12.5));
        check("1.234,50 €", ',', Some('.'), Some(1234.5));
        check("1 234,5", ',', Some(' '), Some(1234.5));
        check("1\u{202f}234,5", ',', Some(' '), Some(1234.5));
        check("-£3", '.', None, Some(-3.0));
        check("(12.50)", '.', None, Some(-12.5));
        check("2.5e3", '.', None, Some(2500.0));
        check("25e-1", '.', None, Some(2.5));
        check(".5", '.', None, Some(0.5));
        check("3.0000000000000004", '.', None, Some(3.0));
        check("0.1234567895", '.', None, Some(0.123_456_790));
        check("0.12345678949", '.', None, Some(0.123_456_789));
    }

    #[test]
    fn what_is_no_amount() {
        for bad in ["", "-", "abc", "1,234.5", "1.2.3", "12 apples", "1e99", "99999999999999999"] {
            check(bad, '.', None, None);
        }
    }

    #[test]
    fn minor_units_round_once_and_away_from_zero() {
        let half = parse("0.005", '.', None).expect("a number");
        assert_eq!(minor(half, Currency::EUR), Some(1));
        assert_eq!(minor(-half, Currency::EUR), Some(-1));
        assert_eq!(minor(3 * half, Currency::EUR), Some(2));
        assert_eq!(product(12 * ONE, parse("6.95", '.', None).expect("a number")), parse("83.4", '.', None));
    }

    proptest! {
        #[test]
        fn cents_survive(cents in -1_000_000_000_i64..1_000_000_000) {
            let text = format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
            prop_assert_eq!(parse(&text, '.', None).and_then(|amount| minor(amount, Currency::EUR)), Some(cents));
        }
    }
}
