//! Passwords: Argon2id, with the parameters that OWASP names first for 19 MiB of memory.

use crate::failure::{Failure, Result};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::sync::LazyLock;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Shorter ones are guessed.
pub(super) const LETTERS_MIN: usize = 10;
/// Longer ones only cost time.
pub(super) const LETTERS_MAX: usize = 256;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const HASH: usize = 32;
const SALT: usize = 16;

/// Two at a time: each needs 19 MiB and a processor for a moment, and strangers may ask for it.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// Is compared with where there is no such account, so that the answer takes as long as with one.
static NOBODYS: LazyLock<String> = LazyLock::new(|| write(&[0; SALT], &[1; HASH]));

/// Says what is wrong with a password that somebody chose, or nothing.
#[must_use]
pub(super) fn weakness(password: &str, email: &str) -> Option<&'static str> {
    let letters = password.chars().count();
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let own = email.split('@').next().unwrap_or_default();
    if letters < LETTERS_MIN {
        Some("It is shorter than 10 characters")
    } else if password.len() > LETTERS_MAX {
        Some("It is longer than 256 bytes")
    } else if distinct.len() < 5 {
        Some("It has fewer than 5 different letters")
    } else if own.len() >= 4 && password.to_lowercase().contains(&own.to_lowercase()) {
        Some("It holds your own e-mail address")
    } else {
        None
    }
}

/// Returns what is stored in place of a password.
///
/// # Errors
/// Fails where the system gives no random bytes.
pub(super) async fn hash(password: String) -> Result<String> {
    let mut salt = [0_u8; SALT];
    getrandom::fill(&mut salt).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    let hash = aside(password, salt).await?;
    Ok(write(&salt, &hash))
}

/// Tells whether a password is the one that was stored; without one it takes as long and says no.
///
/// # Errors
/// Fails where the work cannot be done.
pub(super) async fn is_right(password: String, stored: Option<&str>) -> Result<bool> {
    let is_there = stored.is_some_and(|stored| !stored.is_empty());
    let stored = if is_there { stored.unwrap_or_default() } else { NOBODYS.as_str() };
    let Some((salt, expected)) = read(stored) else {
        return Err(Failure::new("A stored password cannot be read"));
    };
    // A longer one cannot have been stored; it is cut so that nobody makes us hash megabytes.
    let fits = password.len() <= LETTERS_MAX;
    let hash = aside(if fits { password } else { String::new() }, salt).await?;
    Ok(bool::from(hash.ct_eq(&expected)) && is_there && fits)
}

async fn aside(password: String, salt: [u8; SALT]) -> Result<[u8; HASH]> {
    let _turn = AT_WORK.acquire().await.map_err(|error| Failure::new("Passwords cannot be checked").because(&error))?;
    let work = move || -> std::result::Result<[u8; HASH], argon2::Error> {
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, 1, Some(HASH))?);
        let mut hash = [0; HASH];
        argon.hash_password_into(password.as_bytes(), &salt, &mut hash)?;
        Ok(hash)
    };
    let done = tokio::task::spawn_blocking(work).await;
    let failed = |why: &dyn std::fmt::Display| Failure::new(format!("Passwords cannot be checked: {why}"));
    done.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// Writes a hash as the world writes them, so that other programs could read it.
fn write(salt: &[u8; SALT], hash: &[u8; HASH]) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}")
}

fn read(stored: &str) -> Option<([u8; SALT], [u8; HASH])> {
    let mut parts = stored.rsplit('$');
    let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
    let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
    Some((salt, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_one_is_told_from_others() {
        let stored = hash("a long walk home".into()).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(!stored.contains("walk"));
        assert!(is_right("a long walk home".into(), Some(&stored)).await.expect("works"));
        for wrong in ["", "a long walk homf", &"a long walk home".repeat(40)] {
            assert!(!is_right(wrong.into(), Some(&stored)).await.expect("works"));
        }
        assert_ne!(stored, hash("a long walk home".into()).await.expect("hashes"), "each has a salt of its own");
    }

    #[tokio::test]
    async fn where_there_is_none_nothing_is_right() {
        for none in [None, Some("")] {
            assert!(!is_right(String::new(), none).await.expect("works"));
        }
    }

    #[test]
    fn weak_ones_are_refused_with_a_reason() {
        for weak in ["short", "aaaaaaaaaaaa", "ada.l-ada.l-1234", &"longer than anybody types ".repeat(20)] {
            assert!(weakness(weak, "ada.l@example.org").is_some(), "{weak}");
        }
        assert_eq!(weakness("a long walk home", "ada.l@example.org"), None);
        assert_eq!(weakness("длинная дорога", "ada.l@example.org"), None);
    }
}
