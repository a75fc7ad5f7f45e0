//! Who the people are whose rows in the ledger may bear another number: what scans and compactions need, and no more.

use super::People;
use super::graph::owner;
use super::store::anybody_unsettled;
use crate::failure::Result;
use crate::platform::id_map::{IdMap, IdSet};
use ledger::Resolve;
use model::{ActorId, Instant, PersonId};
use state::State;

/// Is a picture of the people who are unsettled at one moment. It stays as it is while a scan or compaction runs.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    pub(super) unsettled: IdSet<PersonId>,
    /// The identities of these people; everybody else is a person alone.
    pub(super) people: IdMap<ActorId, PersonId>,
    /// The shared devices with which these people were seen, and when with whom.
    pub(super) shared: IdMap<ActorId, Vec<(i64, PersonId)>>,
    /// The number of this picture: whoever became unsettled later is not in it.
    pub(super) number: i64,
}

impl Resolve for Resolution {
    fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        self.unsettled.contains(&written)
    }

    fn person_of(&self, actor: ActorId, at: Instant) -> PersonId {
        if let Some(person) = self.people.get(&actor) {
            return *person;
        }
        let seen = self.shared.get(&actor);
        seen.and_then(|seen| owner(seen, at, |person| person)).unwrap_or_else(|| actor.into())
    }
}

/// Returns what a scan of the ledger needs. Reads the facts only where somebody is unsettled.
///
/// # Errors
/// Fails when the state store does.
pub async fn resolution(state: &State) -> Result<Resolution> {
    if anybody_unsettled(state).await? { Ok(People::load(state).await?.resolution()) } else { Ok(Resolution::default()) }
}
