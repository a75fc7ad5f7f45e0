//! What somebody wrote, sealed with a key of their own: the table `text_key`.
//!
//! The ledger holds the sealed text; the key is here alone. Where the key is dropped, the text cannot be read any more,
//! wherever copies of the ledger are. A key belongs to a raw identity, so nothing has to be sealed anew when people
//! are joined or parted.

use crate::failure::{Failure, Result};
use crate::platform::id_map::IdMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use model::{ActorId, InteractionId};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::sync::{Arc, PoisonError, RwLock};

/// Is the length of the number used once that comes before the sealed bytes.
const NONCE: usize = 24;

/// How many keys are kept in memory; beyond it they are forgotten together and read again.
const HELD_MAX: usize = 1 << 16;

/// Is the key of one identity.
pub type TextKey = [u8; 32];

/// Knows the keys. Clones share what they hold.
#[derive(Clone)]
pub struct TextKeys {
    state: State,
    held: Arc<RwLock<IdMap<ActorId, TextKey>>>,
}

impl TextKeys {
    /// Opens the keys of a state store.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { state, held: Arc::default() }
    }

    /// Returns the keys of some identities, with new ones for those that have none; they are durable then.
    ///
    /// # Errors
    /// Fails when the state store does, or where the system gives no random bytes.
    pub async fn of(&self, actors: &[ActorId]) -> Result<IdMap<ActorId, TextKey>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone_of(actors);
        if held.len() == actors.len() {
            return Ok(held);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let mut keys = stored(&mut transaction, actors).await?;
        let mut fresh = Vec::new();
        for actor in actors {
            if !keys.contains_key(actor) {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
                keys.insert(*actor, key);
                fresh.push((*actor, key));
            }
        }
        state::insert(&mut transaction, "INSERT INTO text_key (actor, key)", 2, "", &fresh, |statement, (actor, key)| {
            statement.bind(actor.0.cast_signed()).bind(key.to_vec())
        })
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() + keys.len() > HELD_MAX {
            held.clear();
        }
        held.extend(keys.iter().map(|(actor, key)| (*actor, *key)));
        Ok(keys)
    }

    /// Returns the keys of some identities, as far as they have one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn known(&self, actors: &[ActorId]) -> Result<IdMap<ActorId, TextKey>> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        stored(&mut transaction, actors).await
    }

    /// Forgets what is held in memory: keys were dropped.
    pub fn let_go(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Takes some entries out of a map.
trait CloneOf {
    fn clone_of(&self, actors: &[ActorId]) -> Self;
}

impl CloneOf for IdMap<ActorId, TextKey> {
    fn clone_of(&self, actors: &[ActorId]) -> Self {
        actors.iter().filter_map(|actor| self.get(actor).map(|key| (*actor, *key))).collect()
    }
}

async fn stored(transaction: &mut Transaction, actors: &[ActorId]) -> Result<IdMap<ActorId, TextKey>> {
    let ids: Vec<i64> = actors.iter().map(|actor| actor.0.cast_signed()).collect();
    let rows = state::select_in(transaction, "SELECT actor, key FROM text_key WHERE actor IN", &ids).await.map_err(failed)?;
    let key = |row: &sqlx::any::AnyRow| {
        let key = TextKey::try_from(row.get::<Vec<u8>, _>("key")).ok()?;
        Some((ActorId(row.get::<i64, _>("actor").cast_unsigned()), key))
    };
    Ok(rows.iter().filter_map(key).collect())
}

/// Seals a text of one interaction. The number used once is drawn by chance: with 192 bits none comes twice.
///
/// # Errors
/// Fails where the system gives no random bytes.
pub fn seal(key: &TextKey, id: InteractionId, text: &str) -> Result<String> {
    seal_bytes(key, id, text.as_bytes()).map(|sealed| STANDARD.encode(sealed))
}

/// Seals bytes, as [`seal`] does a text.
///
/// # Errors
/// Fails where the system gives no random bytes.
pub fn seal_bytes(key: &TextKey, id: InteractionId, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    // The id goes in, so that a sealed text opens only where it was sealed.
    let payload = Payload { msg: bytes, aad: &id.0.to_be_bytes() };
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| Failure::new("A text is too long to be sealed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what was sealed; `None` where the key is another one or the text was changed.
#[must_use]
pub fn open(key: &TextKey, id: InteractionId, sealed: &str) -> Option<String> {
    String::from_utf8(open_bytes(key, id, &STANDARD.decode(sealed).ok()?)?).ok()
}

/// Opens bytes that were sealed; `None` where the key is another one or they were changed.
#[must_use]
pub fn open_bytes(key: &TextKey, id: InteractionId, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let nonce = <[u8; NONCE]>::try_from(nonce).ok()?;
    let payload = Payload { msg: sealed, aad: &id.0.to_be_bytes() };
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(nonce), payload).ok()
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the keys of texts").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_the_place_open_a_text() {
        let (key, id) = ([7; 32], InteractionId(9));
        for text in ["", "bonjour, это я", &"long ".repeat(10_000)] {
            let sealed = seal(&key, id, text).expect("seals");
            assert!(text.is_empty() || !sealed.contains(text));
            assert_eq!(open(&key, id, &sealed).as_deref(), Some(text));
            assert_eq!(open(&[8; 32], id, &sealed), None);
            assert_eq!(open(&key, InteractionId(10), &sealed), None);
            assert_ne!(seal(&key, id, text).expect("seals"), sealed, "the same text never looks the same");
        }
        for damaged in ["", "AAAA", "not base64!"] {
            assert_eq!(open(&key, id, damaged), None);
        }
    }

    #[tokio::test]
    async fn a_key_is_drawn_once() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let keys = TextKeys::new(state.clone());
        let first = keys.of(&[ActorId(1), ActorId(2)]).await.expect("draws");
        assert_ne!(first[&ActorId(1)], first[&ActorId(2)]);
        let again = TextKeys::new(state.clone()).of(&[ActorId(2), ActorId(3)]).await.expect("reads");
        assert_eq!(again[&ActorId(2)], first[&ActorId(2)]);
        assert_eq!(keys.known(&[ActorId(1), ActorId(9)]).await.expect("reads").len(), 1);
    }
}
