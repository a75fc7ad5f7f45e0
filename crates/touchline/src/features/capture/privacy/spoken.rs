//! What people have agreed to, at hand for every request; and the interactions by which they say it.
//!
//! An interaction with the event `consent` and the property `measure`, `personalise` or `contact`, true or false, is
//! such a word. It is stored as it came, whatever the policy: it is the proof.

use crate::failure::{Failure, Result};
use crate::features::people::{Consents, Purpose, Word, note_words, summed_up, words};
use crate::platform::id_map::IdMap;
use model::{ActorId, Arrival};
use serde_json::Value;
use state::{State, StateError};
use std::sync::{Arc, PoisonError, RwLock};

/// The name of the event.
pub(super) const EVENT: &str = "consent";

/// Is the last words of everybody, in memory. Clones share them.
#[derive(Clone)]
pub(in crate::features::capture) struct Spoken {
    state: State,
    words: Arc<RwLock<IdMap<ActorId, Vec<Word>>>>,
}

impl Spoken {
    /// Reads all words.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::capture) async fn load(state: State) -> Result<Self> {
        let this = Self { state, words: Arc::default() };
        this.reload().await?;
        Ok(this)
    }

    /// Reads all words again: an erasure has taken some away.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn reload(&self) -> Result<()> {
        let mut fresh: IdMap<ActorId, Vec<Word>> = IdMap::default();
        for word in words(&self.state).await? {
            fresh.entry(word.actor).or_default().push(word);
        }
        *self.words.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Tells whether nobody has said anything.
    pub(super) fn is_empty(&self) -> bool {
        self.words.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Sums up what was said under some names of one person.
    pub(super) fn of(&self, actors: &[ActorId]) -> Consents {
        let all = self.words.read().unwrap_or_else(PoisonError::into_inner);
        summed_up(actors.iter().filter_map(|actor| all.get(actor)).flatten())
    }

    /// Stores words; they count from then on.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::capture) async fn note(&self, fresh: &[Word]) -> Result<()> {
        if fresh.is_empty() {
            return Ok(());
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        note_words(&mut transaction, fresh).await?;
        transaction.commit().await.map_err(|error| failed(error.into()))?;
        let mut all = self.words.write().unwrap_or_else(PoisonError::into_inner);
        for word in fresh {
            let said = all.entry(word.actor).or_default();
            match said.iter_mut().find(|earlier| earlier.purpose == word.purpose) {
                None => said.push(word.clone()),
                Some(earlier) if (word.at, !word.given) > (earlier.at, !earlier.given) => *earlier = word.clone(),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Reads the words in arrivals. Of somebody unnamed they mean nothing.
pub(super) fn words_in(arrivals: &[Arrival]) -> Vec<Word> {
    let mut found = Vec::new();
    for arrival in arrivals.iter().filter(|arrival| arrival.signature.event == EVENT) {
        let Some(identity) = arrival.identities.first() else { continue };
        let props: Value = arrival.props.as_deref().and_then(|props| serde_json::from_str(props).ok()).unwrap_or_default();
        for purpose in Purpose::ALL {
            // Some formats put what was sent into an object of its own.
            let said = [&props, &props["properties"]].into_iter().find_map(|props| props[purpose.name()].as_bool());
            found.extend(said.map(|given| Word {
                actor: identity.actor(),
                purpose,
                given,
                at: arrival.at,
                proof: format!("{} {}", arrival.source, arrival.id()),
            }));
        }
    }
    found
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot note what somebody agreed to").because(&error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Direction, Form, Identity, Instant, Signature};

    fn arrival(event: &str, props: &str, at: i64) -> Arrival {
        let signature = Signature { source: "site".into(), event: event.into(), ..Signature::default() };
        Arrival {
            identities: Identity::new("user", "ada").into_iter().collect(),
            props: Some(props.into()),
            ..Arrival::new(b"1".to_vec(), signature, Instant(at), Form::Other, Direction::Inbound)
        }
    }

    #[test]
    fn words_are_read_from_consent_alone() {
        let check = |event, props, expected: &[(Purpose, bool)]| {
            let words = words_in(&[arrival(event, props, 5)]);
            assert_eq!(words.iter().map(|word| (word.purpose, word.given)).collect::<Vec<_>>(), expected, "{event} {props}");
        };
        check(
            "consent",
            r#"{"measure":true,"contact":false,"other":true}"#,
            &[(Purpose::Measure, true), (Purpose::Contact, false)],
        );
        check("consent", r#"{"properties":{"personalise":true}}"#, &[(Purpose::Personalise, true)]);
        check("consent", r#"{"measure":"yes"}"#, &[]);
        check("page", r#"{"measure":true}"#, &[]);
        check("consent", "no object", &[]);
        let nobody = Arrival { identities: Vec::new(), ..arrival("consent", r#"{"measure":true}"#, 5) };
        assert!(words_in(&[nobody]).is_empty());
    }

    #[tokio::test]
    async fn the_last_word_counts_at_once_and_after_opening_again() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let spoken = Spoken::load(state.clone()).await.expect("loads");
        let actor = Identity::new("user", "ada").expect("is not blank").actor();
        for (props, at, expected) in [
            (r#"{"measure":true}"#, 5, true),
            (r#"{"measure":false}"#, 9, false),
            (r#"{"measure":true}"#, 7, false),
            (r#"{"measure":true}"#, 9, false),
            (r#"{"measure":true}"#, 10, true),
        ] {
            spoken.note(&words_in(&[arrival("consent", props, at)])).await.expect("notes");
            let again = Spoken::load(state.clone()).await.expect("loads");
            assert_eq!([spoken.of(&[actor]).measure, again.of(&[actor]).measure], [Some(expected); 2], "{props} {at}");
        }
    }
}
