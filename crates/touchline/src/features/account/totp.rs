//! One-time codes from an authenticator (RFC 6238: HMAC-SHA-1, six digits, thirty seconds), and recovery codes.

use crate::failure::{Failure, Result};
use model::Instant;
use model::time::SECOND;
use qrcode::render::svg;
use ring::hmac;
use subtle::ConstantTimeEq;

const SECRET: usize = 20;
const STEP: i64 = 30 * SECOND;
/// Clocks of telephones go wrong by a little: one step before and after counts too.
const SLACK: i64 = 1;
/// So many recovery codes there are.
const RECOVERY_CODES: usize = 10;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Draws a secret, written as authenticators read it.
///
/// # Errors
/// Fails where the system gives no random bytes.
pub(super) fn draw() -> Result<String> {
    Ok(base32(&random::<SECRET>()?))
}

/// Draws the codes for the day on which the telephone is gone.
///
/// # Errors
/// Fails where the system gives no random bytes.
pub(super) fn recovery_codes() -> Result<Vec<String>> {
    let one = || -> Result<String> {
        let text = base32(&random::<10>()?).to_lowercase();
        Ok(format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..16]))
    };
    (0..RECOVERY_CODES).map(|_| one()).collect()
}

/// Returns a recovery code as it is hashed: people leave out strokes and write capitals.
#[must_use]
pub(super) fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_lowercase()).take(64).collect()
}

/// Returns the step in which a code is right, if it is later than the last one used: a code works once.
#[must_use]
pub(super) fn step_of(secret: &str, code: &str, now: Instant, last: i64) -> Option<i64> {
    let key = unbase32(secret)?;
    let digits: String = code.chars().filter(char::is_ascii_digit).take(7).collect();
    let present = now.0.div_euclid(STEP);
    let mut found = None;
    for step in present - SLACK..=present + SLACK {
        // All are compared, so that the time tells nothing.
        let is_right = bool::from(code_at(&key, step, 6).as_bytes().ct_eq(digits.as_bytes()));
        if is_right && step > last {
            found = Some(step);
        }
    }
    found
}

/// Returns the address that an authenticator reads, and a picture of it.
#[must_use]
pub(super) fn address(secret: &str, who: &str) -> (String, String) {
    let who: String = url::form_urlencoded::byte_serialize(who.as_bytes()).collect();
    let address = format!("otpauth://totp/Touchline:{who}?secret={secret}&issuer=Touchline");
    let picture = qrcode::QrCode::new(&address);
    let picture = picture.map(|code| code.render::<svg::Color<'_>>().min_dimensions(180, 180).build()).unwrap_or_default();
    (address, picture)
}

fn code_at(key: &[u8], step: i64, digits: u32) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let number = tag[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:0width$}", number % 10_u32.pow(digits), width = digits as usize)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    Ok(bytes)
}

/// Writes bytes in base 32; their number of bits is one that needs no padding.
fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for sign in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == sign)?;
        held = (held << 5 | u32::try_from(value).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test values of RFC 6238, appendix B, with SHA-1.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(b"12345678901234567890", seconds / 30, 8), code);
        }
    }

    #[test]
    fn a_code_works_once_and_soon() {
        let secret = base32(b"12345678901234567890");
        let now = Instant(1_111_111_111 * SECOND);
        let step = step_of(&secret, "050471", now, 0).expect("is right");
        assert_eq!(step_of(&secret, "050 471", now, step - 1), Some(step), "spaces are forgiven");
        assert_eq!(step_of(&secret, "050471", now, step), None, "used");
        assert_eq!(step_of(&secret, "050471", Instant(now.0 + 2 * STEP), 0), None, "too late");
        for wrong in ["", "050472", "0504710", "05047"] {
            assert_eq!(step_of(&secret, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_come_back_as_they_were() {
        let secret = draw().expect("draws");
        assert_eq!((secret.len(), base32(&unbase32(&secret).expect("reads"))), (32, secret));
        assert_eq!(base32(b"foobar1234"), "MZXW6YTBOIYTEMZU");
        let codes = recovery_codes().expect("draws");
        assert_eq!((codes.len(), codes[0].len()), (10, 19));
        assert_eq!(plain(&codes[0].to_uppercase()), plain(&codes[0]));
    }
}
