//! To whom rows belong, where that has changed since they were written.
//!
//! A file says the person of the moment of writing. Whoever reads brings a [`Resolve`], which knows for which people
//! that is no longer sure; only their rows are asked again, by identity and time. So joining, splitting and undoing
//! cost a scan in proportion to the people concerned, and no file is rewritten for it before the next compaction.

use model::{ActorId, Instant, PersonId};

/// Says to whom rows belong today.
///
/// The answers must not change while one scan or compaction runs, and keep one law: a row written under an unsettled
/// person belongs to that person or to one who is unsettled as well. So all rows of a person are found together.
pub trait Resolve: Sync {
    /// Tells whether anybody is unsettled; where nobody is, nothing else is asked.
    fn has_unsettled(&self) -> bool;

    /// Tells whether some rows written under this person may be another's, or another's rows this person's.
    fn is_unsettled(&self, written: PersonId) -> bool;

    /// Returns to whom what an identity did at a moment belongs.
    fn person_of(&self, actor: ActorId, at: Instant) -> PersonId;
}

/// A function from identities to people stands for a time in which nothing changes.
impl<F: Fn(ActorId, Instant) -> PersonId + Sync> Resolve for F {
    fn has_unsettled(&self) -> bool {
        false
    }

    fn is_unsettled(&self, _: PersonId) -> bool {
        false
    }

    fn person_of(&self, actor: ActorId, at: Instant) -> PersonId {
        self(actor, at)
    }
}

/// Says that every identity is a person of its own.
#[must_use]
pub fn alone(actor: ActorId, _: Instant) -> PersonId {
    actor.into()
}
