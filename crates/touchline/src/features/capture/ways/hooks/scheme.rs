//! How a body proves from whom it is: the three ways of signing that are understood.
//!
//! All are HMAC-SHA256 with a shared secret and are compared in constant time. Only the first says when it was sent, so
//! only there an old body is refused; with all of them a repeated body adds nothing, because its id is known.

use crate::failure::{Failure, Result};
use crate::features::capture::Reason;
use crate::platform::token::Token;
use crate::tell;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::Instant;
use model::time::SECOND;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;

/// Clocks may differ by so much; the number of the Standard Webhooks specification.
const TOLERANCE: i64 = 300 * SECOND;
/// The beginning of a secret in the Standard Webhooks specification; base64 follows.
const PREFIX: &str = "whsec_";
/// A sender signs with the old and the new secret while it changes them; more than a few is no change of secrets.
const SIGNATURES_MAX: usize = 10;
/// An id is a word, not a text.
const ID_MAX: usize = 256;

/// Is a way of signing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` over `id.timestamp.body`.
    #[default]
    Standard,
    /// Shopify: `X-Shopify-Hmac-Sha256` over the body.
    Shopify,
    /// WooCommerce: `X-WC-Webhook-Signature` over the body.
    #[value(name = "woocommerce")]
    #[serde(rename = "woocommerce")]
    WooCommerce,
}

impl Scheme {
    /// Returns the name in state store and interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
        }
    }

    /// Finds a way by its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Standard, Self::Shopify, Self::WooCommerce].into_iter().find(|scheme| scheme.name() == name)
    }

    /// Draws a secret as the sender wants it written.
    ///
    /// # Errors
    /// Fails where the system gives no random bytes.
    pub fn draw_secret(self) -> Result<String> {
        let drawn = Token::draw()?.secret().to_owned();
        Ok(match self {
            Self::Standard => format!("{PREFIX}{}", STANDARD.encode(drawn)),
            Self::Shopify | Self::WooCommerce => drawn,
        })
    }

    /// Checks a secret that the sender has drawn.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check_secret(self, secret: &str) -> Result<()> {
        let key = self.key(secret).ok_or_else(|| {
            Failure::new("The secret is not written as Standard Webhooks do").hint("It begins with `whsec_`; base64 follows")
        })?;
        if key.len() < 16 {
            return Err(Failure::new("The secret is too short: at least 16 bytes").hint("Leave it out, and one is drawn"));
        }
        Ok(())
    }

    fn key(self, secret: &str) -> Option<Vec<u8>> {
        match self {
            Self::Standard => STANDARD.decode(secret.strip_prefix(PREFIX)?).ok(),
            Self::Shopify | Self::WooCommerce => Some(secret.as_bytes().to_vec()),
        }
    }

    /// Checks a body; returns the sender's id of the message, which is empty where the body itself has to say who it is.
    ///
    /// # Errors
    /// Says what is missing or wrong; a wrong signature and a wrong secret are told alike.
    pub fn check(self, secret: &str, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<String, Reason> {
        let header = |name: &'static str| {
            let text = headers.get(name).and_then(|text| text.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
            text.ok_or_else(|| tell!(signature_missing, "The header `{header}` is missing", header = name))
        };
        let key = self.key(secret).unwrap_or_default();
        // Any length of key will do for an HMAC.
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| wrong())?;
        match self {
            Self::Standard => {
                let (id, sent) = (header("webhook-id")?, header("webhook-timestamp")?);
                if id.len() > ID_MAX {
                    return Err(tell!(id_too_long, "`webhook-id` has more than {limit} bytes", limit = ID_MAX));
                }
                check_time(sent, now)?;
                for part in [id.as_bytes(), b".", sent.as_bytes(), b".", body] {
                    mac.update(part);
                }
                let signatures = header("webhook-signature")?.split_ascii_whitespace().take(SIGNATURES_MAX);
                let mut offered = signatures.filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
                offered.any(|offered| mac.clone().verify_slice(&offered).is_ok()).then(|| id.to_owned()).ok_or_else(wrong)
            }
            Self::Shopify => check_body(mac, header("x-shopify-hmac-sha256")?, body),
            Self::WooCommerce => check_body(mac, header("x-wc-webhook-signature")?, body),
        }
    }
}

/// Refuses what was sent too long ago, or will be.
fn check_time(sent: &str, now: Instant) -> Result<(), Reason> {
    let sent = sent.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(SECOND));
    let sent =
        sent.ok_or_else(|| tell!(timestamp_unreadable, "`{header}` is no number of seconds", header = "webhook-timestamp"))?;
    let away = now.0.saturating_sub(sent).saturating_abs();
    if away <= TOLERANCE {
        return Ok(());
    }
    Err(tell!(
        timestamp_out_of_tolerance,
        "`{header}` is more than five minutes away from our clock: sign anew for every attempt",
        header = "webhook-timestamp"
    ))
}

fn check_body(mut mac: Hmac<Sha256>, signature: &str, body: &[u8]) -> Result<String, Reason> {
    mac.update(body);
    let offered = STANDARD.decode(signature).map_err(|_| wrong())?;
    mac.verify_slice(&offered).map(|()| String::new()).map_err(|_| wrong())
}

fn wrong() -> Reason {
    tell!(signature_wrong, "The signature does not fit: compare the secret, and sign the body as it is sent, byte by byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's own test suite.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn now() -> Instant {
        Instant(1_614_265_330 * SECOND)
    }

    #[track_caller]
    fn check(headers: &[(&'static str, &str)], body: &[u8], now: Instant, expected: Result<&str, &str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        let found = Scheme::Standard.check(SECRET, &map, body, now).map_err(|reason| reason.code.into_owned());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    fn signed(signature: &str) -> [(&'static str, &str); 3] {
        [("webhook-id", ID), ("webhook-timestamp", SENT), ("webhook-signature", signature)]
    }

    #[test]
    fn the_published_example_fits() {
        check(&signed(SIGNATURE), BODY, now(), Ok(ID));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let others = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,xyz v1,!";
        check(&signed(&format!("{others} {SIGNATURE}")), BODY, now(), Ok(ID));
        check(&signed(others), BODY, now(), Err("signature_wrong"));
        check(&signed(&format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX))), BODY, now(), Err("signature_wrong"));
    }

    #[test]
    fn another_body_id_or_time_does_not_fit() {
        check(&signed(SIGNATURE), br#"{"test": 2432232315}"#, now(), Err("signature_wrong"));
        let other_id = [("webhook-id", "msg_other"), ("webhook-timestamp", SENT), ("webhook-signature", SIGNATURE)];
        check(&other_id, BODY, now(), Err("signature_wrong"));
        let other_time = [("webhook-id", ID), ("webhook-timestamp", "1614265331"), ("webhook-signature", SIGNATURE)];
        check(&other_time, BODY, now(), Err("signature_wrong"));
    }

    #[test]
    fn what_is_missing_or_old_is_told() {
        check(&signed(SIGNATURE)[..2], BODY, now(), Err("signature_missing"));
        check(&[], BODY, now(), Err("signature_missing"));
        for moved in [301, -301] {
            check(&signed(SIGNATURE), BODY, Instant(now().0 + moved * SECOND), Err("timestamp_out_of_tolerance"));
        }
        check(&signed(SIGNATURE), BODY, Instant(now().0 + 300 * SECOND), Ok(ID));
        for odd in ["soon", "9223372036854775807", "-9223372036854775808"] {
            let headers = [("webhook-id", ID), ("webhook-timestamp", odd), ("webhook-signature", SIGNATURE)];
            check(&headers, BODY, now(), Err("timestamp_unreadable"));
        }
    }

    #[test]
    fn shops_sign_the_body_alone() {
        for (scheme, name) in [(Scheme::Shopify, "x-shopify-hmac-sha256"), (Scheme::WooCommerce, "x-wc-webhook-signature")] {
            let secret = scheme.draw_secret().expect("draws");
            scheme.check_secret(&secret).expect("is sound");
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
            mac.update(BODY);
            let mut headers = HeaderMap::new();
            headers.insert(name, STANDARD.encode(mac.finalize().into_bytes()).parse().expect("a header"));
            assert_eq!(scheme.check(&secret, &headers, BODY, now()), Ok(String::new()));
            assert_eq!(scheme.check(&secret, &headers, b"{}", now()).expect_err("refused").code, "signature_wrong");
            assert_eq!(scheme.check(&secret, &HeaderMap::new(), BODY, now()).expect_err("refused").code, "signature_missing");
        }
    }

    #[test]
    fn secrets_are_long_and_well_written() {
        let drawn = Scheme::Standard.draw_secret().expect("draws");
        Scheme::Standard.check_secret(&drawn).expect("is sound");
        for bad in ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_%"] {
            assert!(Scheme::Standard.check_secret(bad).is_err(), "{bad}");
        }
        assert!(Scheme::Shopify.check_secret("short").is_err());
    }
}
