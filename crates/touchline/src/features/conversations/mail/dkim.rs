//! Signing mail (RFC 6376) with Ed25519 (RFC 8463): headers and body in the relaxed form. Pure.
//!
//! The key is drawn with the installation, so there is nothing to set up but the record in the domain's zone. Receivers that
//! know RSA alone ignore such a signature; whoever needs one of that kind lets the sending server sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The headers that are signed, where they are there.
const SIGNED: [&str; 10] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Returns the text of the record `SELECTOR._domainkey.DOMAIN`.
pub(super) fn record(seed: &[u8; 32]) -> String {
    let public = pair(seed).map(|pair| STANDARD.encode(pair.public_key().as_ref())).unwrap_or_default();
    format!("v=DKIM1; k=ed25519; p={public}")
}

/// Returns the header that signs a mail, with its line end; to be put before everything else.
pub(super) fn signature(seed: &[u8; 32], domain: &str, selector: &str, mail: &[u8], seconds: i64) -> Option<String> {
    let text = std::str::from_utf8(mail).ok()?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let headers = unfolded(head);
    let present: Vec<&str> = SIGNED.into_iter().filter(|name| headers.iter().any(|(known, _)| known == name)).collect();
    let hash = STANDARD.encode(digest(relaxed_body(body).as_bytes()));
    let unsigned = format!(
        "v=1; a=ed25519-sha256; c=relaxed/relaxed; d={domain}; s={selector}; t={seconds}; h={}; bh={hash}; b=",
        present.join(":")
    );
    let mut signed = String::new();
    for name in &present {
        // Where a header stands twice, the last one is meant.
        let (_, value) = headers.iter().rev().find(|(known, _)| known == name)?;
        signed.push_str(&format!("{name}:{value}\r\n"));
    }
    signed.push_str(&format!("dkim-signature:{unsigned}"));
    let signature = STANDARD.encode(pair(seed)?.sign(&digest(signed.as_bytes())).as_ref());
    Some(format!("DKIM-Signature: {unsigned}{signature}\r\n"))
}

fn pair(seed: &[u8; 32]) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed).ok()
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}

/// Reads headers into small names and relaxed values.
fn unfolded(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_lowercase(), value.to_owned()));
        }
    }
    headers.into_iter().map(|(name, value)| (name, words(&value).trim().to_owned())).collect()
}

/// Makes one space of every run of them.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            ' ' | '\t' if out.ends_with(' ') => {}
            ' ' | '\t' => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}

fn relaxed_body(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.split("\r\n") {
        out.push_str(words(line).trim_end_matches(' '));
        out.push_str("\r\n");
    }
    while out.ends_with("\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    if out == "\r\n" { String::new() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_relaxed_as_the_standard_says() {
        // RFC 6376, 3.4.4 and 3.4.5.
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body("\r\n\r\n"), "");
        assert_eq!(unfolded("A: X\r\nB : Y\t\r\n\tZ  "), [("a".to_owned(), "X".to_owned()), ("b".to_owned(), "Y Z".to_owned())]);
    }

    #[test]
    fn the_public_key_is_the_one_of_the_standard() {
        // RFC 8463, appendix A.2.
        let secret = STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").expect("is base64");
        let seed: [u8; 32] = secret.try_into().expect("32 bytes");
        assert_eq!(record(&seed), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    #[test]
    fn a_signature_covers_headers_and_body() {
        let mail = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n";
        let sign = |mail: &[u8]| signature(&[7; 32], "example.org", "t", mail, 1).expect("signs");
        let ours = sign(mail);
        assert!(ours.contains("h=from:to:subject;") && ours.ends_with("\r\n"), "{ours}");
        assert_eq!(ours, sign(b"From: a@example.org\r\nTo: b@example.org\r\nSubject:  x \r\n\r\nHello \r\n\r\n"), "relaxed");
        for other in [
            &b"From: c@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n"[..],
            &b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHullo\r\n"[..],
        ] {
            assert_ne!(ours, sign(other));
        }
    }
}
