//! Marks: 16 bytes of chance, written as 32 hexadecimal digits. They name what nobody has numbered yet: a form that is sent twice, a
//! message on its way, a visitor.

use crate::failure::{Failure, Result};
use std::fmt::Write;

/// Writes bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Draws a mark.
///
/// # Errors
/// Fails when the system gives no random bytes.
pub fn draw() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    Ok(hex(&bytes))
}

/// Tells whether a text is a mark.
#[must_use]
pub fn is_mark(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_a_mark() {
        let mark = draw().expect("chance");
        assert!(is_mark(&mark) && mark != draw().expect("chance"));
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        for other in ["", "0123", &mark[1..], &format!("{mark}0"), &mark.replace(|_| true, "g")] {
            assert!(!is_mark(other), "{other}");
        }
    }
}
