//! How careful we are with people who meet us: the policy of each source, applied before anything is stored; and what
//! they may ask of us afterwards.
//!
//! [`Caller`] is what a request tells of its sender, `policy` decides, `visitor` and `salts` know somebody for a day,
//! `bots` recognises machines, `spoken` knows what people agreed to. [`Privacy`] holds what all of it needs. [`Guard`]
//! stands before the stores whatever the way. [`Rights`] answers people, with `erase` and `retention`; `keep` does the
//! daily work.

mod bots;
mod caller;
mod erase;
mod gpc;
mod guard;
mod http;
mod keep;
mod policy;
mod props;
mod retention;
mod rights;
mod salts;
mod spoken;
mod visitor;

pub use caller::Caller;
pub(super) use erase::Erasing;
pub use gpc::well_known;
pub(super) use guard::Guard;
pub(super) use http::routes;
pub(super) use keep::Keeping;
pub use retention::Retained;
pub use rights::{AlsoHeld, Dossier, Extent, HeldAnswer, Rights};
pub(super) use spoken::Spoken;

use super::books::Books;
use super::{Delivery, Source, Sources};
use crate::failure::Result;
use crate::features::people::Consents;
use model::Identity;
use policy::Circumstances;
use salts::Salts;

/// Applies the policies of sources. Clones share what it knows.
#[derive(Clone)]
pub(super) struct Privacy {
    books: Books,
    guard: Guard,
    spoken: Spoken,
    salts: Salts,
}

impl Privacy {
    /// Brings together what policies need.
    pub(super) fn new(books: Books, guard: Guard, spoken: Spoken) -> Self {
        let salts = Salts::new(books.stores.state.clone());
        Self { books, guard, spoken, salts }
    }

    /// Applies the policy of a source to what a caller brings: what is left may be stored. What somebody says on
    /// consent counts from then on.
    ///
    /// # Errors
    /// Fails when the state store does; then nothing may be stored.
    pub(super) async fn admit(&self, delivery: Delivery, source: &Source, caller: &Caller) -> Result<Delivery> {
        let now = self.books.stores.now();
        let salts = self.salts.at(now).await?;
        let mut words = spoken::words_in(&delivery.arrivals);
        words.retain(|word| !self.guard.covers(word.actor, word.at));
        self.spoken.note(&words).await?;
        let consents = |identity: &Identity| self.consents(identity);
        Ok(policy::apply(delivery, &Circumstances { source, caller, salts: &salts, now, consents: &consents }))
    }

    /// Returns what the person behind an identity has agreed to.
    fn consents(&self, identity: &Identity) -> Consents {
        if self.spoken.is_empty() {
            return Consents::default();
        }
        let people = self.books.people();
        let actors = people.identities_of(people.person_of(identity.actor()));
        self.spoken.of(&actors)
    }

    /// Returns what the daily work needs.
    pub(super) fn keeping(&self, sources: Sources, settle: impl Fn() -> Result<()> + Send + 'static) -> Keeping {
        let (books, guard, salts) = (self.books.clone(), self.guard.clone(), self.salts.clone());
        Keeping { books, guard, salts, sources, settle: Box::new(settle) }
    }
}
