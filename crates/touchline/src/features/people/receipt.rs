//! The receipt of an erasure: what was removed, by count, and when, with a seal that shows that we wrote it.
//!
//! It names nobody, so it may be kept for ever and shown to anybody. The seal is a keyed hash (HMAC-SHA-256) under a
//! secret of this installation: only here can it be verified.

use super::secret;
use crate::failure::{Failure, Result};
use crate::platform::mark::hex;
use hmac::{Hmac, KeyInit, Mac};
use model::Instant;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use state::{State, StateError, Transaction};
use utoipa::ToSchema;

/// Is what was removed, by count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Raw identities and their texts.
    pub identities: u64,
    /// Statements that identities belong together, and what was decided about them.
    pub facts: u64,
    /// Things known of identities.
    pub traits: u64,
    /// Words on consent, and restrictions.
    pub consents: u64,
    /// Keys of free texts: the texts can be read nowhere any more.
    pub text_keys: u64,
    /// Refused events in quarantine.
    pub quarantined: u64,
    /// Interactions.
    pub interactions: u64,
    /// Files of the ledger that were written anew without them.
    pub files: u64,
}

/// Is a receipt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureReceipt {
    /// Its number.
    pub erasure: String,
    /// What happened until then is erased, in microseconds since 1970 (UTC).
    pub erased_at: i64,
    /// When the last byte was gone.
    pub done_at: i64,
    /// What was removed.
    pub removed: Removed,
    /// The seal over all of the above.
    pub seal: String,
}

impl ErasureReceipt {
    /// Writes a receipt and seals it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn write(state: &State, erasure: &str, erased_at: Instant, done_at: Instant, removed: Removed) -> Result<Self> {
        let unsealed =
            Self { erasure: erasure.to_owned(), erased_at: erased_at.0, done_at: done_at.0, removed, seal: String::new() };
        let seal = hex(&unsealed.mac(state).await?.finalize().into_bytes());
        Ok(Self { seal, ..unsealed })
    }

    /// Tells whether this installation wrote a receipt, and nobody changed it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn is_ours(&self, state: &State) -> Result<bool> {
        let Some(seal) = unhex(&self.seal) else { return Ok(false) };
        Ok(self.mac(state).await?.verify_slice(&seal).is_ok())
    }

    async fn mac(&self, state: &State) -> Result<Hmac<Sha256>> {
        let key = secret::of(state, "receipts").await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key may have any length");
        let unsealed = Self { seal: String::new(), ..self.clone() };
        mac.update(&serde_json::to_vec(&unsealed).map_err(|error| Failure::new("Cannot write a receipt").because(&error))?);
        Ok(mac)
    }

    /// Keeps a receipt.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn keep(&self, transaction: &mut Transaction) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|error| Failure::new("Cannot write a receipt").because(&error))?;
        sqlx::query("INSERT INTO erasure_receipt (id, erased_at, receipt) VALUES ($1, $2, $3)")
            .bind(self.erasure.clone())
            .bind(self.erased_at)
            .bind(text)
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Lists the receipts, the oldest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(state: &State) -> Result<Vec<Self>> {
        let texts: Vec<String> = sqlx::query_scalar("SELECT receipt FROM erasure_receipt ORDER BY erased_at, id")
            .fetch_all(state.reader())
            .await
            .map_err(failed)?;
        texts
            .iter()
            .map(|text| serde_json::from_str(text).map_err(|error| Failure::new("A receipt is damaged").because(&error)))
            .collect()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if text.len().is_multiple_of(2) { digits.collect() } else { None }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after receipts").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_we_wrote_is_ours() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let removed = Removed { interactions: 7, ..Removed::default() };
        let receipt = ErasureReceipt::write(&state, "e1", Instant(5), Instant(6), removed).await.expect("writes");
        assert!(receipt.is_ours(&state).await.expect("verifies"));
        let changed = ErasureReceipt { removed: Removed { interactions: 8, ..removed }, ..receipt.clone() };
        for other in [
            changed,
            ErasureReceipt { seal: "zz".into(), ..receipt.clone() },
            ErasureReceipt { seal: String::new(), ..receipt.clone() },
        ] {
            assert!(!other.is_ours(&state).await.expect("verifies"));
        }
        let mut transaction = state.begin().await.expect("begins");
        receipt.keep(&mut transaction).await.expect("keeps");
        transaction.commit().await.expect("commits");
        assert_eq!(ErasureReceipt::all(&state).await.expect("reads"), [receipt]);
    }
}
