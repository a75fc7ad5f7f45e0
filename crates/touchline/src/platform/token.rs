//! Secrets for one-time links and sessions: 256 bits of chance, kept only as a hash.

use crate::failure::{Failure, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Is how many letters a secret has: 32 bytes in base64 without padding.
const LETTERS: usize = 43;

/// Is a secret in the hand of its owner. It is printed once and never stored.
pub struct Token(String);

impl Token {
    /// Draws a new secret.
    ///
    /// # Errors
    /// Fails where the system gives no random bytes.
    pub fn draw() -> Result<Self> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Returns the secret itself, for its owner.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Returns what is stored in its place.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// Tells whether a text can be a secret at all; what cannot be one is not worth a look into the state store.
#[must_use]
pub const fn is_possible(secret: &str) -> bool {
    secret.len() == LETTERS
}

/// Returns what is stored in place of a secret.
///
/// A plain hash is enough because the secret is drawn, not chosen: there is nothing to guess from a dictionary.
#[must_use]
pub fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (Token::draw().expect("draws"), Token::draw().expect("draws"));
        assert!(is_possible(one.secret()));
        assert!(!is_possible("") && !is_possible(&"x".repeat(44)));
        assert_ne!(one.secret(), other.secret());
        assert_eq!(one.hash(), hash(one.secret()));
        assert!(!one.hash().contains(one.secret()));
    }
}
