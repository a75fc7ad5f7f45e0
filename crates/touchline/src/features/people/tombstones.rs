//! Who was erased, so that it stays erased: the tables `tombstone` and `erased_interaction`.
//!
//! Clients send again, files are imported again, backups are restored. What an erased person did until then is not
//! taken again; what they do later starts afresh, as somebody new. Nothing here names anybody: there are keyed hashes
//! of identities and of interactions, and the key is in no other installation.

use super::secret;
use crate::failure::{Failure, Result};
use model::{ActorId, Instant, InteractionId};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::{HashMap, HashSet};

/// Is a keyed hash.
type Mark = [u8; 16];

/// Is every tombstone, in memory: about 40 bytes for an identity and as many for an interaction.
#[derive(Clone, Default)]
pub struct Tombstones {
    key: [u8; 32],
    actors: HashMap<Mark, Instant>,
    interactions: HashSet<Mark>,
}

impl Tombstones {
    /// Reads all of them.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(state: &State) -> Result<Self> {
        let key = secret::of(state, "tombstones").await?;
        let rows = sqlx::query("SELECT actor, erased_at FROM tombstone").fetch_all(state.reader()).await.map_err(failed)?;
        let actor = |row: &sqlx::any::AnyRow| Some((mark(row, "actor")?, Instant(row.get("erased_at"))));
        let actors = rows.iter().filter_map(actor).collect();
        let rows = sqlx::query("SELECT id FROM erased_interaction").fetch_all(state.reader()).await.map_err(failed)?;
        let interactions = rows.iter().filter_map(|row| mark(row, "id")).collect();
        Ok(Self { key, actors, interactions })
    }

    /// Tells whether nobody was ever erased, so that nothing has to be looked up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty() && self.interactions.is_empty()
    }

    /// Tells whether something of an identity at a time was erased.
    #[must_use]
    pub fn covers(&self, actor: ActorId, at: Instant) -> bool {
        self.actors.get(&self.mark_of(&actor.0.to_be_bytes())).is_some_and(|erased_at| at <= *erased_at)
    }

    /// Tells whether an interaction was erased, whatever its date.
    #[must_use]
    pub fn covers_interaction(&self, id: InteractionId) -> bool {
        self.interactions.contains(&self.mark_of(&id.0.to_be_bytes()))
    }

    /// Raises the tombstones of identities. Here they count once the transaction is committed: load them again then.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn raise(&self, transaction: &mut Transaction, actors: &[ActorId], erased_at: Instant) -> Result<()> {
        let head = "INSERT INTO tombstone (actor, erased_at)";
        let tail =
            "ON CONFLICT (actor) DO UPDATE SET erased_at = excluded.erased_at WHERE excluded.erased_at > tombstone.erased_at";
        state::insert(transaction, head, 2, tail, actors, |statement, actor| {
            statement.bind(self.mark_of(&actor.0.to_be_bytes()).to_vec()).bind(erased_at.0)
        })
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// Notes which interactions are about to be erased.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn note(&self, transaction: &mut Transaction, ids: &[InteractionId]) -> Result<()> {
        let head = "INSERT INTO erased_interaction (id)";
        state::insert(transaction, head, 1, "ON CONFLICT (id) DO NOTHING", ids, |statement, id| {
            statement.bind(self.mark_of(&id.0.to_be_bytes()).to_vec())
        })
        .await
        .map_err(failed)?;
        Ok(())
    }

    fn mark_of(&self, bytes: &[u8]) -> Mark {
        let mut mark = [0; 16];
        mark.copy_from_slice(&blake3::keyed_hash(&self.key, bytes).as_bytes()[..16]);
        mark
    }
}

fn mark(row: &sqlx::any::AnyRow, column: &str) -> Option<Mark> {
    Mark::try_from(row.get::<Vec<u8>, _>(column)).ok()
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after tombstones").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn until_then_it_is_erased_and_later_it_is_somebody_new() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let none = Tombstones::load(&state).await.expect("loads");
        assert!(none.is_empty() && !none.covers(ActorId(1), Instant(0)));
        let mut transaction = state.begin().await.expect("begins");
        none.raise(&mut transaction, &[ActorId(1)], Instant(50)).await.expect("raises");
        none.raise(&mut transaction, &[ActorId(1)], Instant(20)).await.expect("raises");
        none.note(&mut transaction, &[InteractionId(7), InteractionId(7)]).await.expect("notes");
        transaction.commit().await.expect("commits");
        let all = Tombstones::load(&state).await.expect("loads");
        assert!(all.covers(ActorId(1), Instant(50)) && !all.covers(ActorId(1), Instant(51)));
        assert!(!all.covers(ActorId(2), Instant(0)));
        assert!(all.covers_interaction(InteractionId(7)) && !all.covers_interaction(InteractionId(8)));
        // The hash of an address alone finds nobody.
        let stored: Vec<u8> = sqlx::query_scalar("SELECT actor FROM tombstone").fetch_one(state.reader()).await.expect("reads");
        assert!(!stored.windows(8).any(|part| part == 1_u64.to_be_bytes()));
    }
}
