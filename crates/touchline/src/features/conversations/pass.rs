//! What a page holds after the site has said who its visitor is: the site's own word is good once, this as long as a visit.

use super::Talk;
use crate::failure::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::time::SECOND;
use model::{Identity, Instant};

/// A page stands open for so long at most before it has to be loaded anew to know its visitor.
const LASTS: i64 = 4 * 3_600 * SECOND;
/// What the secret is drawn for.
const USE: &str = "visitor pass";

/// Writes a pass for somebody whom the site has named.
pub(in crate::features) async fn pass_for(talk: &Talk, who: &Identity, name: &str) -> Result<String> {
    Ok(written(&talk.inbox.policy.secret(USE).await?, who, name, talk.inbox.now()))
}

/// Returns whose a pass is, and what they are called; `None` for one that we did not write, or that is over.
pub(in crate::features) async fn holder(talk: &Talk, pass: &str) -> Result<Option<(Identity, String)>> {
    if pass.is_empty() {
        return Ok(None);
    }
    Ok(read(&talk.inbox.policy.secret(USE).await?, pass, talk.inbox.now()))
}

fn written(secret: &[u8; 32], who: &Identity, name: &str, now: Instant) -> String {
    let name: String = name.chars().filter(|sign| !sign.is_control()).collect();
    let text = format!("{}\n{}\n{name}\n{}", now.0 + LASTS, who.namespace, who.value);
    let mac = blake3::keyed_hash(secret, text.as_bytes());
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(mac.as_bytes()))
}

fn read(secret: &[u8; 32], pass: &str, now: Instant) -> Option<(Identity, String)> {
    let (text, mac) = pass.split_once('.')?;
    let (text, mac) = (URL_SAFE_NO_PAD.decode(text).ok()?, URL_SAFE_NO_PAD.decode(mac).ok()?);
    let told = blake3::Hash::from_bytes(mac.try_into().ok()?);
    // Comparing hashes of this type takes the same time whatever is in them.
    if blake3::keyed_hash(secret, &text) != told {
        return None;
    }
    let text = String::from_utf8(text).ok()?;
    let mut lines = text.splitn(4, '\n');
    let (until, namespace, name, value) = (lines.next()?.parse::<i64>().ok()?, lines.next()?, lines.next()?, lines.next()?);
    if now.0 >= until {
        return None;
    }
    Some((Identity::new(namespace, value)?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_names_one_person_for_a_while() {
        let who = Identity::new("user", "u1").expect("a name");
        let (secret, now) = ([3; 32], Instant(1_000));
        let pass = written(&secret, &who, "Ann\nB", now);
        assert_eq!(read(&secret, &pass, now), Some((who, "AnnB".to_owned())));
        assert_eq!(read(&secret, &pass, Instant(now.0 + LASTS)), None, "over");
        assert_eq!(read(&[4; 32], &pass, now), None, "another's");
        for forged in ["", ".", "a.b", &pass[1..], &pass.replacen('.', "A.", 1)] {
            assert_eq!(read(&secret, forged, now), None, "{forged}");
        }
    }
}
