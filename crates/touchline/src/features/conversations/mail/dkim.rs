//! Signing mail (RFC 6376): headers and body in the relaxed form, once with RSA, which every receiver knows, and once with
//! Ed25519 (RFC 8463). Pure.
//!
//! The keys are drawn with the installation, so there is nothing to set up but two records in the domain's zone.

use super::rsa;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

/// The headers that are signed, where they are there. `from` twice: whoever adds another one breaks the signature.
const SIGNED: [&str; 11] = [
    "from",
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
/// A line of a signature.
const LINE: usize = 72;

/// Is both keys.
pub(in crate::features::conversations) struct Keys {
    ed25519: Ed25519KeyPair,
    rsa: RsaKeyPair,
}

/// Is one record of a zone: the name below the domain, and the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) text: String,
}

impl Keys {
    /// Reads the keys: a seed, and the RSA key as it was drawn.
    pub(super) fn read(seed: &[u8; 32], rsa: &[u8]) -> Option<Self> {
        Some(Self { ed25519: Ed25519KeyPair::from_seed_unchecked(seed).ok()?, rsa: RsaKeyPair::from_der(rsa).ok()? })
    }

    /// Returns the records by which receivers check signatures.
    pub(super) fn records(&self, selector: &str) -> [Record; 2] {
        let selector = if selector.is_empty() { "SELECTOR" } else { selector };
        let record = |selector: &str, kind: &str, public: &[u8]| Record {
            name: format!("{selector}._domainkey"),
            text: format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)),
        };
        [
            record(&rsa_selector(selector), "rsa", &rsa::public_record(self.rsa.public().as_ref())),
            record(selector, "ed25519", self.ed25519.public_key().as_ref()),
        ]
    }

    /// Returns the headers that sign a mail, with their line ends; to be put before everything else.
    pub(super) fn signatures(&self, domain: &str, selector: &str, mail: &[u8], seconds: i64) -> Option<String> {
        let text = std::str::from_utf8(mail).ok()?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let headers = unfolded(head);
        let present: Vec<&str> = SIGNED.into_iter().filter(|name| headers.iter().any(|(known, _)| known == name)).collect();
        let hash = STANDARD.encode(digest(relaxed_body(body).as_bytes()));
        let mut signed = String::new();
        for (place, name) in present.iter().enumerate() {
            // Where a header stands twice, the last one is meant; where it is named once more than it stands, nothing.
            if present[..place].contains(name) {
                continue;
            }
            let (_, value) = headers.iter().rev().find(|(known, _)| known == name)?;
            signed.push_str(&format!("{name}:{value}\r\n"));
        }
        let header = |kind: &str, selector: &str, sign: &dyn Fn(&[u8]) -> Option<Vec<u8>>| {
            let unsigned = format!(
                "v=1; a={kind}-sha256; c=relaxed/relaxed; d={domain}; s={selector}; t={seconds}; h={}; bh={hash}; b=",
                present.join(":")
            );
            let signature = STANDARD.encode(sign(format!("{signed}dkim-signature:{unsigned}").as_bytes())?);
            // Receivers take the signature out before they check, with the line breaks in it.
            let lines: Vec<&str> =
                (0..signature.len()).step_by(LINE).map(|at| &signature[at..signature.len().min(at + LINE)]).collect();
            Some(format!("DKIM-Signature: {unsigned}{}\r\n", lines.join("\r\n\t")))
        };
        let rsa = header("rsa", &rsa_selector(selector), &|bytes| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
            Some(signature)
        })?;
        let ed25519 = header("ed25519", selector, &|bytes| Some(self.ed25519.sign(&digest(bytes)).as_ref().to_vec()))?;
        Some(rsa + &ed25519)
    }
}

/// Names the record of the RSA key: each kind has one of its own.
fn rsa_selector(selector: &str) -> String {
    format!("{selector}-rsa")
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
    use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    #[test]
    fn bodies_are_relaxed_as_the_standard_says() {
        // RFC 6376, 3.4.4 and 3.4.5.
        assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed_body("\r\n\r\n"), "");
        assert_eq!(unfolded("A: X\r\nB : Y\t\r\n\tZ  "), [("a".to_owned(), "X".to_owned()), ("b".to_owned(), "Y Z".to_owned())]);
    }

    #[test]
    fn both_signatures_cover_headers_and_body() {
        // The seed of RFC 8463, appendix A.2.
        let seed: [u8; 32] =
            STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").expect("is base64").try_into().expect("32 bytes");
        let keys = Keys::read(&seed, &rsa::draw().expect("draws")).expect("reads");
        let [rsa, ed25519] = keys.records("t");
        assert_eq!(ed25519.text, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        assert_eq!((rsa.name.as_str(), ed25519.name.as_str()), ("t-rsa._domainkey", "t._domainkey"));
        let mail = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n";
        let sign = |mail: &[u8]| keys.signatures("example.org", "t", mail, 1).expect("signs");
        let ours = sign(mail);
        assert!(ours.matches("h=from:from:to:subject;").count() == 2 && ours.ends_with("\r\n"), "{ours}");
        assert_eq!(ours, sign(b"From: a@example.org\r\nTo: b@example.org\r\nSubject:  x \r\n\r\nHello \r\n\r\n"), "relaxed");
        for other in [
            &b"From: c@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n"[..],
            &b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHullo\r\n"[..],
        ] {
            assert_ne!(ours, sign(other));
        }
        // Checked as a receiver does it, by hand.
        for (header, is_rsa) in ours.split("DKIM-Signature: ").skip(1).zip([true, false]) {
            let (unsigned, signature) = header.rsplit_once("b=").expect("is signed");
            let signature = STANDARD.decode(signature.replace(['\r', '\n', '\t'], "")).expect("is base64");
            let said = format!("from:a@example.org\r\nto:b@example.org\r\nsubject:x\r\ndkim-signature:{unsigned}b=");
            if is_rsa {
                // The key itself is what is left of the record's text without what says its kind.
                let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, keys.rsa.public().as_ref());
                key.verify(said.as_bytes(), &signature).expect("is ours");
            } else {
                let key = UnparsedPublicKey::new(&ED25519, keys.ed25519.public_key().as_ref());
                key.verify(&digest(said.as_bytes()), &signature).expect("is ours");
            }
        }
    }
}
