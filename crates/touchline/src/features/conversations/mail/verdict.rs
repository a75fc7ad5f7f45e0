//! Whether a mail is from whom it says, as the server that took it for us has found (RFC 8601): SPF, DKIM and DMARC are
//! checked where the mail enters, because only there it is known which machine brought it. Pure.
//!
//! Anybody can write such a header. Only what bears the name of our own server is read, and of several only what stands
//! topmost: what stands below came with the mail.

use mail_parser::Message;
use serde::Serialize;

/// The words of a result; anything else is `none`.
const WORDS: [&str; 8] = ["pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror", "none"];

/// Is what our own server has found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(super) struct Verdict {
    pub(super) spf: &'static str,
    pub(super) dkim: &'static str,
    pub(super) dmarc: &'static str,
    /// Whether the sender is who they say.
    pub(super) is_verified: bool,
}

/// Reads what the server of this name has found about a mail of this sender; `None` where it has said nothing.
pub(super) fn verdict(message: &Message<'_>, server: &str, from: &str) -> Option<Verdict> {
    if server.is_empty() {
        return None;
    }
    let told = message.headers_raw().find_map(|(name, value)| {
        let is_one = name.eq_ignore_ascii_case("Authentication-Results");
        let (by, results) = value.split_once(';')?;
        // A version may stand behind the name.
        let by = by.split_whitespace().next().unwrap_or_default();
        (is_one && by.eq_ignore_ascii_case(server)).then_some(results)
    })?;
    let domain = from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
    let mut verdict = Verdict { spf: "none", dkim: "none", dmarc: "none", is_verified: false };
    let mut is_aligned = false;
    for result in without_comments(told).split(';') {
        let mut words = result.split_whitespace();
        let Some((method, said)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let said = said.to_lowercase();
        let said = WORDS.into_iter().find(|word| *word == said).unwrap_or("none");
        match method.to_lowercase().split('/').next().unwrap_or_default() {
            "spf" => verdict.spf = said,
            "dmarc" => verdict.dmarc = said,
            "dkim" => {
                let signer = words.find_map(|word| word.strip_prefix("header.d=")).unwrap_or_default().to_lowercase();
                let is_theirs = !signer.is_empty() && (domain == signer || domain.ends_with(&format!(".{signer}")));
                is_aligned |= said == "pass" && is_theirs;
                // Of several signatures one that holds is enough.
                if verdict.dkim != "pass" {
                    verdict.dkim = said;
                }
            }
            _ => {}
        }
    }
    // What the owner of the domain says of itself comes first; without a word of theirs, their own signature is enough.
    verdict.is_verified = match verdict.dmarc {
        "pass" => true,
        "none" => is_aligned,
        _ => false,
    };
    Some(verdict)
}

/// Takes out what stands in brackets.
fn without_comments(text: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0_u32);
    for sign in text.chars() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            sign if depth == 0 => out.push(sign),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    fn of(headers: &str) -> Option<Verdict> {
        let raw = format!("{headers}From: ann@example.org\r\n\r\nx");
        verdict(&MessageParser::default().parse(raw.as_bytes()).expect("is a mail"), "mx.example.net", "ann@example.org")
    }

    #[test]
    fn only_our_own_server_is_believed_and_only_its_topmost_word() {
        let ours =
            "Authentication-Results: mx.example.net 1; spf=fail; dkim=fail (bad; signature) header.d=example.org; dmarc=fail\r\n";
        let forged = "Authentication-Results: mx.example.net; dmarc=pass\r\n";
        let said = of(&format!("{ours}{forged}")).expect("has one");
        assert_eq!((said.spf, said.dkim, said.dmarc, said.is_verified), ("fail", "fail", "fail", false));
        assert_eq!(of("Authentication-Results: evil.example.org; dmarc=pass\r\n"), None);
        assert_eq!(of("Authentication-Results: mx.example.net.evil.example.org; dmarc=pass\r\n"), None);
        assert_eq!(of(""), None);
        let folded = "Authentication-Results: MX.example.net;\r\n\tdkim=pass\r\n\theader.d=example.org\r\n";
        assert!(of(folded).expect("has one").is_verified, "their own signature, and no word on DMARC");
    }

    #[test]
    fn a_signature_of_somebody_else_proves_nothing() {
        for (signer, is_verified) in
            [("example.org", true), ("evil.example.net", false), ("ample.org", false), ("org.evil", false)]
        {
            let said = of(&format!("Authentication-Results: mx.example.net; dkim=pass header.d={signer}\r\n")).expect("has one");
            assert_eq!((said.dkim, said.is_verified), ("pass", is_verified), "{signer}");
        }
        let said = of("Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=evil.example.net; dmarc=maybe\r\n")
            .expect("has one");
        assert_eq!((said.spf, said.dmarc, said.is_verified), ("pass", "none", false), "SPF speaks of the envelope alone");
    }
}
