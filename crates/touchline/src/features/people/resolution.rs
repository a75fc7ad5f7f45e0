//! Who the people are whose rows in the ledger may bear another number: what scans and compactions need, and no more.

use super::People;
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
}

impl Resolve for Resolution {
    fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        self.unsettled.contains(&written)
    }

    fn person_of(&self, actor: ActorId, _: Instant) -> PersonId {
        self.people.get(&actor).copied().unwrap_or_else(|| actor.into())
    }
}

/// Returns what a scan of the ledger needs. Reads the facts only where somebody is unsettled.
///
/// # Errors
/// Fails when the state store does.
pub async fn resolution(state: &State) -> Result<Resolution> {
    if super::store::anybody_unsettled(state).await? {
        Ok(People::load(state).await?.resolution())
    } else {
        Ok(Resolution::default())
    }
}
