//! Signatures under what comes in and goes out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::Instant;
use model::time::SECOND;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A signature is believed for so long: what is older was kept by somebody.
const FRESH: i64 = 300 * SECOND;

/// A key has so many bytes at least.
const KEY_MIN: usize = 16;

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

/// Tells whether two secrets are the same, in the same time whatever is in them. An empty one is no secret.
pub(super) fn is_same(secret: &str, told: &str) -> bool {
    !secret.is_empty() && bool::from(secret.as_bytes().ct_eq(told.as_bytes()))
}

/// Tells whether a body is signed as `sha256=` and hexadecimal digits.
pub(super) fn is_signed_in_hex(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(digits) = signature.strip_prefix("sha256=").filter(|digits| digits.len() == 64) else { return false };
    let bytes: Option<Vec<u8>> =
        (0..32).map(|place| u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()).collect();
    let (Some(bytes), Some(mac)) = (bytes, mac(secret.as_bytes(), &[body])) else { return false };
    !secret.is_empty() && mac.verify_slice(&bytes).is_ok()
}

/// Returns the key of a secret as Standard Webhooks writes it: `whsec_` and base64; any other text is a key as it stands.
fn key(secret: &str) -> Vec<u8> {
    let told = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    told.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// Tells whether a secret is long enough to sign with: what is shorter can be guessed, and an empty key is everybody's.
pub(in crate::features::conversations) fn is_key(secret: &str) -> bool {
    key(secret).len() >= KEY_MIN
}

/// Signs a message by Standard Webhooks: its id, its moment in seconds, and its body.
pub(super) fn standard(secret: &str, id: &str, seconds: i64, body: &[u8]) -> String {
    let seconds = seconds.to_string();
    let mac = mac(&key(secret), &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
    mac.map_or_else(String::new, |mac| format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Returns the headers of a signed JSON message.
pub(in crate::features::conversations) fn headers(secret: &str, id: &str, seconds: i64, body: &[u8]) -> Vec<(String, String)> {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", standard(secret, id, seconds, body)),
    ];
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Tells whether a message is signed so, within the last minutes. Several signatures, of old and new secrets, may stand there.
pub(super) fn is_standard(secret: &str, id: &str, moment: &str, signatures: &str, body: &[u8], now: Instant) -> bool {
    let Ok(seconds) = moment.parse::<i64>() else { return false };
    let gap = seconds.checked_mul(SECOND).and_then(|at| now.0.checked_sub(at));
    let is_fresh = gap.is_some_and(|gap| gap.unsigned_abs() <= FRESH.unsigned_abs());
    let ours = standard(secret, id, seconds, body);
    is_fresh && !key(secret).is_empty() && signatures.split(' ').any(|one| is_same(&ours, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_beyond_all_time_is_none() {
        for moment in ["-9223372036854", "9223372036854", "9223372036854775807", "now"] {
            assert!(!is_standard("secret", "id", moment, "v1,x", b"{}", Instant(1_795_687_200_000_000)), "{moment}");
        }
    }

    #[test]
    fn the_example_of_standard_webhooks_is_signed_as_there() {
        // The example of the specification.
        let (secret, id) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek");
        let body = br#"{"test": 2432232314}"#;
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(standard(secret, id, 1_614_265_330, body), signature);
        let now = Instant(1_614_265_330 * SECOND);
        let check = |id: &str, moment: &str, signatures: &str, body: &[u8], now: Instant| {
            is_standard(secret, id, moment, signatures, body, now)
        };
        assert!(check(id, "1614265330", signature, body, now));
        assert!(check(id, "1614265330", &format!("v1,AAAA {signature}"), body, now));
        assert!(!check("msg_other", "1614265330", signature, body, now));
        assert!(!check(id, "1614265331", signature, body, now));
        assert!(!check(id, "1614265330", signature, b"{}", now));
        assert!(!check(id, "1614265330", "", body, now));
        assert!(!check(id, "now", signature, body, now));
        assert!(!check(id, &i64::MAX.to_string(), signature, body, now));
        assert!(!check(id, "1614265330", signature, body, Instant(now.0 + FRESH + SECOND)));
        for empty in ["", "whsec_"] {
            assert!(!is_standard(empty, id, "1614265330", &standard(empty, id, 1_614_265_330, body), body, now), "{empty}");
            assert!(!is_key(empty), "{empty}");
        }
        assert!(is_key(secret) && !is_key("whsec_AAAA") && !is_key("short") && is_key("whsec_no base64 at all"));
    }

    #[test]
    fn hexadecimal_signatures_are_of_the_secret_and_the_body() {
        // HMAC-SHA-256 of RFC 4231, test case 2.
        let good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert!(is_signed_in_hex("Jefe", body, good));
        for (secret, body, signature) in [
            ("Jeff", &body[..], good),
            ("Jefe", &body[1..], good),
            ("Jefe", &body[..], &good[..70]),
            ("Jefe", &body[..], &good[7..]),
            ("Jefe", &body[..], ""),
            ("Jefe", &body[..], "sha256=zzdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ("Jefe", &body[..], "sha256=ééééééééééééééééééééééééééééééééé"),
            ("", &body[..], good),
        ] {
            assert!(!is_signed_in_hex(secret, body, signature), "{signature}");
        }
    }
}
