//! Secrets that belong to servers of others, at rest: passwords of mailboxes, tokens of messengers, secrets of webhooks. They stand in the
//! state store sealed with the key of the data directory ([`crate::platform::seal_key`]), each bound to its place.

use super::text::{open, seal};
use crate::failure::Result;
use crate::platform::seal_key::{known_key, seal_key};
use model::InteractionId;
use std::path::Path;

/// Comes before what is sealed. No secret begins so: a line break and the like are refused in all of them.
const SEALED: char = '\u{1}';

/// Seals a secret for its place; an empty one stays empty.
///
/// # Errors
/// Fails when there is no key and none can be drawn.
pub fn seal_secret(dir: &Path, place: &str, secret: &str) -> Result<String> {
    if secret.is_empty() { Ok(String::new()) } else { Ok(format!("{SEALED}{}", seal(&seal_key(dir)?, id_of(place), secret)?)) }
}

/// Opens a secret; what stands there as it is stays so. `None` where it cannot be opened, which is told of: whoever has it must
/// enter it again.
///
/// # Errors
/// Fails when the key cannot be read.
pub fn open_secret(dir: &Path, place: &str, text: &str) -> Result<Option<String>> {
    let Some(sealed) = text.strip_prefix(SEALED) else { return Ok(Some(text.to_owned())) };
    let opened = known_key(dir)?.and_then(|key| open(&key, id_of(place), sealed));
    if opened.is_none() {
        tracing::warn!("the secret `{place}` cannot be opened with the key of this data directory: enter it again");
    }
    Ok(opened)
}

/// Tells whether a secret stands there as it is.
#[must_use]
pub fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(SEALED)
}

/// Is the number of a place. The first to seal were conversations, so all of them are numbered as theirs.
fn id_of(place: &str) -> InteractionId {
    InteractionId::of("conversations", format!("secret:{place}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_at_its_place_with_its_key_alone() {
        let dir = tempfile::tempdir().expect("folder");
        let sealed = seal_secret(dir.path(), "hook shop", "whsec_1").expect("seals");
        assert!(!sealed.contains("whsec") && !is_bare(&sealed) && is_bare("whsec_1") && !is_bare(""));
        assert_eq!(open_secret(dir.path(), "hook shop", &sealed).expect("reads"), Some("whsec_1".to_owned()));
        assert_eq!(open_secret(dir.path(), "hook school", &sealed).expect("reads"), None);
        assert_eq!(open_secret(dir.path(), "hook shop", "whsec_1").expect("reads"), Some("whsec_1".to_owned()));
        let other = tempfile::tempdir().expect("folder");
        assert_eq!(open_secret(other.path(), "hook shop", &sealed).expect("reads"), None);
    }
}
