//! Secrets for one-time links and sessions: 256 bits of chance, kept only as a hash.

use crate::failure::{Failure, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
        assert_eq!(one.secret().len(), 43);
        assert_ne!(one.secret(), other.secret());
        assert_eq!(one.hash(), hash(one.secret()));
        assert!(!one.hash().contains(one.secret()));
    }
}
