//! What stands before the journal and the stores, whatever way something comes: what was erased is not taken again,
//! and what somebody wrote is sealed before it touches a disk.

use super::props::Props;
use crate::failure::Result;
use crate::features::capture::{Claim, Known};
use crate::features::people::{TextKeys, Tombstones, open, seal};
use model::{ActorId, Arrival, Flags, Identity, Instant, Interaction, InteractionId};
use serde_json::{Value, json};
use state::State;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Knows what was erased, and the keys of texts. Clones share both.
#[derive(Clone)]
pub(in crate::features::capture) struct Guard {
    state: State,
    keys: TextKeys,
    erased: Arc<RwLock<Erased>>,
}

struct Erased {
    tombstones: Tombstones,
    /// Is another one whenever tombstones were raised.
    generation: u64,
}

/// Is a moment in which nobody raises a tombstone: what was sifted before is on its way to where an erasure looks.
/// Not to be held while waiting for something.
pub(in crate::features::capture) struct Admission<'g> {
    _held: RwLockReadGuard<'g, Erased>,
}

/// Is the generation of tombstones with which something was sifted, and how many interactions were taken out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::features::capture) struct Sifted {
    generation: u64,
    pub(in crate::features::capture) erased: u64,
}

impl Guard {
    /// Reads what was erased.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::capture) async fn load(state: State) -> Result<Self> {
        let erased = Erased { tombstones: Tombstones::load(&state).await?, generation: 0 };
        Ok(Self { keys: TextKeys::new(state.clone()), state, erased: Arc::new(RwLock::new(erased)) })
    }

    /// Returns the moment for what was sifted; `None` where tombstones were raised since, so that it must be sifted anew.
    pub(in crate::features::capture) fn admission(&self, sifted: Sifted) -> Option<Admission<'_>> {
        Some(self.erased()).filter(|erased| erased.generation == sifted.generation).map(|held| Admission { _held: held })
    }

    /// Takes out of what arrives whatever was erased.
    pub(in crate::features::capture) fn sift(
        &self,
        arrivals: &mut Vec<Arrival>,
        claims: &mut Vec<Claim>,
        traits: &mut Vec<Known>,
    ) -> Sifted {
        let erased = self.erased();
        let (tombstones, generation) = (&erased.tombstones, erased.generation);
        if tombstones.is_empty() {
            return Sifted { generation, erased: 0 };
        }
        let before = arrivals.len();
        let covers = |identity: &Identity, at: Instant| tombstones.covers(identity.actor(), at);
        arrivals.retain(|arrival| {
            let is_erased = arrival.identities.iter().any(|identity| covers(identity, arrival.at));
            !is_erased && !tombstones.covers_interaction(arrival.id())
        });
        claims.retain(|(one, other, _, at)| !covers(one, *at) && !covers(other, *at));
        traits.retain(|(identity, _, _, at)| !covers(identity, *at));
        Sifted { generation, erased: (before - arrivals.len()) as u64 }
    }

    /// Tells whether something of an identity at a time was erased.
    pub(super) fn covers(&self, actor: ActorId, at: Instant) -> bool {
        self.erased().tombstones.covers(actor, at)
    }

    fn erased(&self) -> RwLockReadGuard<'_, Erased> {
        self.erased.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals the free texts of arrivals with the keys of their actors; they become the property `text`.
    ///
    /// # Errors
    /// Fails when the state store does; the texts are then still in the clear, and may not be stored.
    pub(in crate::features::capture) async fn seal(&self, arrivals: &mut [Arrival]) -> Result<()> {
        let mut actors: Vec<ActorId> =
            arrivals.iter().filter(|arrival| arrival.text.is_some()).map(|arrival| arrival.actor().0).collect();
        if actors.is_empty() {
            return Ok(());
        }
        actors.sort_unstable();
        actors.dedup();
        let keys = self.keys.of(&actors).await?;
        for arrival in arrivals {
            let Some(text) = arrival.text.take() else { continue };
            let (actor, _) = arrival.actor();
            let sealed = seal(&keys[&actor], arrival.id(), &text)?;
            let mut props = Props::new(arrival.props.take());
            props.put("text", json!({ "sealed": sealed }));
            arrival.props = props.finish();
            arrival.flags = arrival.flags.with(Flags::TEXT);
        }
        Ok(())
    }

    /// Opens the free texts of some interactions, as far as their keys are there.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::capture) async fn texts(&self, rows: &[Interaction]) -> Result<HashMap<InteractionId, String>> {
        let sealed: Vec<(&Interaction, String)> = rows.iter().filter_map(|row| Some((row, sealed_in(row)?))).collect();
        let mut actors: Vec<ActorId> = sealed.iter().map(|(row, _)| row.actor).collect();
        actors.sort_unstable();
        actors.dedup();
        let keys = self.keys.known(&actors).await?;
        let opened = |(row, sealed): (&Interaction, String)| Some((row.id, open(keys.get(&row.actor)?, row.id, &sealed)?));
        Ok(sealed.into_iter().filter_map(opened).collect())
    }

    /// Returns the keys of texts.
    pub(in crate::features::capture) const fn keys(&self) -> &TextKeys {
        &self.keys
    }

    /// Reads again what was erased, and forgets keys: an erasure has changed both.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn reload(&self) -> Result<()> {
        let tombstones = Tombstones::load(&self.state).await?;
        let mut erased = self.erased.write().unwrap_or_else(PoisonError::into_inner);
        *erased = Erased { tombstones, generation: erased.generation + 1 };
        self.keys.let_go();
        Ok(())
    }
}

/// Returns the sealed text of an interaction.
fn sealed_in(row: &Interaction) -> Option<String> {
    if !row.flags.has(Flags::TEXT) {
        return None;
    }
    let props: Value = serde_json::from_str(row.props.as_deref()?).ok()?;
    props["text"]["sealed"].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Direction, Form, Link, Signature};

    fn name(value: &str) -> Identity {
        Identity::new("email", value).expect("is not blank")
    }

    fn arrival(message: &str, who: Option<&str>, at: i64) -> Arrival {
        Arrival {
            identities: who.map(name).into_iter().collect(),
            text: Some(format!("I am {message}")),
            ..Arrival::new(message.as_bytes().to_vec(), Signature::default(), Instant(at), Form::Message, Direction::Inbound)
        }
    }

    async fn guard(dir: &tempfile::TempDir) -> Guard {
        Guard::load(State::create(&dir.path().join("state.sqlite")).await.expect("opens")).await.expect("loads")
    }

    #[tokio::test]
    async fn texts_are_sealed_under_the_key_of_their_actor() {
        let dir = tempfile::tempdir().expect("folder");
        let guard = guard(&dir).await;
        let mut arrivals =
            [arrival("1", Some("ada@example.org"), 1), arrival("2", None, 1), arrival("3", Some("ada@example.org"), 1)];
        arrivals[2].text = None;
        guard.seal(&mut arrivals).await.expect("seals");
        assert!(arrivals.iter().all(|arrival| arrival.text.is_none()));
        assert_eq!(arrivals[2].props, None);
        for arrival in &arrivals[..2] {
            let props = arrival.props.as_deref().expect("has properties");
            assert!(!props.contains("I am"));
            let read: serde_json::Value = serde_json::from_str(props).expect("is JSON");
            let (actor, id) = (arrival.actor().0, arrival.id());
            let keys = guard.keys().known(&[actor]).await.expect("reads");
            let text = open(&keys[&actor], id, read["text"]["sealed"].as_str().expect("is sealed"));
            assert_eq!(text, Some(format!("I am {}", String::from_utf8_lossy(&arrival.message_id))));
        }
    }

    #[tokio::test]
    async fn what_was_erased_is_sifted_out() {
        let dir = tempfile::tempdir().expect("folder");
        let guard = guard(&dir).await;
        let (ada, eve) = (name("ada@example.org"), name("eve@example.org"));
        let all = || {
            let arrivals = vec![
                arrival("old", Some("ada@example.org"), 50),
                arrival("new", Some("ada@example.org"), 51),
                arrival("other", Some("eve@example.org"), 1),
                arrival("known", None, 99),
            ];
            let claim = |at| (eve.clone(), ada.clone(), Link::Renamed, Instant(at));
            let known = |who: &Identity, at| (who.clone(), "plan".to_owned(), "gold".to_owned(), Instant(at));
            (arrivals, vec![claim(50), claim(51)], vec![known(&ada, 50), known(&ada, 60), known(&eve, 1)])
        };
        let sifted = || {
            let (mut arrivals, mut claims, mut traits) = all();
            let dropped = guard.sift(&mut arrivals, &mut claims, &mut traits).erased;
            let left: Vec<_> = arrivals.iter().map(|arrival| String::from_utf8_lossy(&arrival.message_id).into_owned()).collect();
            (dropped, left.join(" "), claims.len(), traits.len())
        };
        assert_eq!(sifted(), (0, "old new other known".to_owned(), 2, 3));
        let mut transaction = guard.state.begin().await.expect("begins");
        let none = guard.erased().tombstones.clone();
        let sifted_before = guard.sift(&mut Vec::new(), &mut Vec::new(), &mut Vec::new());
        assert!(guard.admission(sifted_before).is_some());
        none.raise(&mut transaction, &[ada.actor()], Instant(50)).await.expect("raises");
        none.note(&mut transaction, &[arrival("known", None, 0).id()]).await.expect("notes");
        transaction.commit().await.expect("commits");
        guard.reload().await.expect("reads");
        assert!(guard.admission(sifted_before).is_none(), "what was sifted before must be sifted again");
        assert_eq!(sifted(), (2, "new other".to_owned(), 1, 2));
    }
}
