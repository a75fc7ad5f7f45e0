//! Erasing a person (Art. 17 GDPR): everything of every identity of theirs, in every store, down to the last byte.
//!
//! 1. The erasure is noted, tombstones are raised and the keys of texts dropped, in one transaction. From then on no
//!    text can be read, and nothing that happened until now is taken any more.
//! 2. What is in the journal is brought into the stores, and nothing more is, until the end.
//! 3. The ids of the interactions become tombstones too, then the ledger's files are written anew without them.
//! 4. The state store forgets the identities, and is written anew.
//! 5. A receipt says what was removed.
//!
//! A crash between any two steps leaves the note of the first; at the next start the erasure is taken up again. Each
//! step may be done twice.

use super::guard::Guard;
use crate::failure::{Failure, Result};
use crate::features::capture::Quarantine;
use crate::features::capture::books::Books;
use crate::features::capture::import::drop_kept_files;
use crate::features::people::{ErasureReceipt, Removed, Tombstones, Unfinished, drop_text_keys, forget, personal_data};
use crate::platform::id_map::IdSet;
use crate::platform::token::Token;
use fail::fail_point;
use ledger::{Eraser, Fate, Glance, LedgerError};
use model::{ActorId, Identity, Instant, InteractionId, PersonId};
use state::StateError;
use std::collections::HashSet;

/// Is what an erasure works with.
pub(in crate::features::capture) struct Erasing<'a> {
    pub(in crate::features::capture) books: &'a Books,
    pub(in crate::features::capture) guard: &'a Guard,
    /// Brings into the stores what is in the journal.
    pub(in crate::features::capture) settle: Box<dyn Fn() -> Result<()> + 'a>,
}

/// Takes out the rows of a person: of all identities that are theirs alone, and what they did on devices of several.
pub(super) struct OfPerson<'a> {
    actors: IdSet<ActorId>,
    person: PersonId,
    shared: IdSet<ActorId>,
    books: &'a Books,
}

impl<'a> OfPerson<'a> {
    pub(super) fn new(actors: &[ActorId], books: &'a Books) -> Self {
        let people = books.people();
        let person = actors.first().map_or(PersonId(0), |actor| people.person_of(*actor));
        let shared = people.shared_devices_of(person).into_iter().collect();
        Self { actors: actors.iter().copied().collect(), person, shared, books }
    }

    /// Returns the identities under which rows of the person may be.
    pub(super) fn possible(&self) -> HashSet<ActorId> {
        self.actors.union(&self.shared).copied().collect()
    }

    /// Tells whether something under an identity, at a time, is the person's.
    pub(super) fn is_theirs(&self, actor: ActorId, at: Instant) -> bool {
        let on_shared = || self.shared.contains(&actor) && self.books.people().person_at(actor, at) == self.person;
        self.actors.contains(&actor) || on_shared()
    }
}

impl Eraser for OfPerson<'_> {
    fn fate(&self, row: &Glance) -> Fate {
        if self.is_theirs(row.actor, row.at) { Fate::Goes } else { Fate::Stays }
    }
}

impl Erasing<'_> {
    /// Erases the person behind an identity; `None` when nobody is known by it.
    ///
    /// # Errors
    /// Fails when a store does. What has begun is taken up again at the next start, or when it is asked for again.
    pub(in crate::features::capture) fn person(&self, identity: &Identity) -> Result<Option<ErasureReceipt>> {
        // Who they are may stand in the journal.
        (self.settle)()?;
        let Some(actors) = self.known(identity)? else { return Ok(None) };
        let stores = &self.books.stores;
        let erasure = Token::draw()?.hash()[..32].to_owned();
        let mut unfinished = Unfinished { erasure, erased_at: stores.now(), actors, removed: Removed::default() };
        stores.block_on(async {
            let tombstones = Tombstones::load(&stores.state).await?;
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            tombstones.raise(&mut transaction, &unfinished.actors, unfinished.erased_at).await?;
            unfinished.removed.text_keys = drop_text_keys(&mut transaction, &unfinished.actors).await?;
            unfinished.note(&mut transaction).await?;
            transaction.commit().await.map_err(|error| failed(error.into()))
        })?;
        fail_point!("erase::noted", |_| std::process::abort());
        self.finish(unfinished).map(Some)
    }

    /// Takes up every erasure that broke off.
    ///
    /// # Errors
    /// As [`Erasing::person`].
    pub(in crate::features::capture) fn take_up(&self) -> Result<()> {
        for unfinished in self.books.stores.block_on(Unfinished::all(&self.books.stores.state))? {
            tracing::warn!(erasure = unfinished.erasure, "an erasure broke off and is taken up again");
            self.finish(unfinished)?;
        }
        Ok(())
    }

    /// Returns every identity of the person; `None` for a stranger.
    pub(super) fn known(&self, identity: &Identity) -> Result<Option<Vec<ActorId>>> {
        let stores = &self.books.stores;
        let actors = {
            let people = self.books.people();
            people.identities_of(people.person_of(identity.actor()))
        };
        let known = stores.block_on(personal_data(&stores.state, &actors))?;
        Ok((!known.identities.is_empty()).then_some(actors))
    }

    fn finish(&self, mut unfinished: Unfinished) -> Result<ErasureReceipt> {
        let stores = &self.books.stores;
        stores.block_on(self.guard.reload())?;
        (self.settle)()?;
        let held = self.books.hold();
        self.clear_ledger(&mut unfinished)?;
        stores.block_on(async {
            let names = personal_data(&stores.state, &unfinished.actors).await?.identities;
            let names: Vec<String> = names.into_iter().map(|name| name.value).collect();
            unfinished.removed.quarantined += Quarantine::new(stores.clone()).forget(&names).await?;
            Result::Ok(())
        })?;
        // Nobody can say who is in a file that waits to be imported, or in refused rows.
        drop_kept_files(&stores.dir, None)?;
        stores.block_on(async {
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            forget(&mut transaction, &unfinished.actors, &mut unfinished.removed).await?;
            unfinished.note(&mut transaction).await?;
            transaction.commit().await.map_err(|error| failed(error.into()))
        })?;
        fail_point!("erase::forgotten", |_| std::process::abort());
        self.books.reload()?;
        stores.block_on(stores.state.scrub()).map_err(failed)?;
        fail_point!("erase::scrubbed", |_| std::process::abort());
        drop(held);
        // The journal forgets what is flushed when it is asked the next time: then nothing of before is in it.
        (self.settle)()?;
        let Unfinished { erasure, erased_at, removed, .. } = &unfinished;
        stores.block_on(async {
            let receipt = ErasureReceipt::write(&stores.state, erasure, *erased_at, stores.now(), *removed).await?;
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            receipt.keep(&mut transaction).await?;
            unfinished.finish(&mut transaction).await?;
            transaction.commit().await.map_err(|error| failed(error.into()))?;
            stores.state.empty_log().await.map_err(failed)?;
            Ok(receipt)
        })
    }

    /// Takes the interactions out of the ledger, after their ids are noted.
    fn clear_ledger(&self, unfinished: &mut Unfinished) -> Result<()> {
        let stores = &self.books.stores;
        let eraser = OfPerson::new(&unfinished.actors, self.books);
        let concerned = stores.ledger().glances(&|row| eraser.fate(row) != Fate::Stays).map_err(unerased)?;
        let concerned: Vec<InteractionId> = concerned.iter().map(|row| row.id).collect();
        stores.block_on(async {
            let tombstones = Tombstones::load(&stores.state).await?;
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            tombstones.note(&mut transaction, &concerned).await?;
            // A second attempt finds fewer or none.
            unfinished.removed.interactions = unfinished.removed.interactions.max(concerned.len() as u64);
            unfinished.note(&mut transaction).await?;
            transaction.commit().await.map_err(|error| failed(error.into()))?;
            self.guard.reload().await
        })?;
        fail_point!("erase::listed", |_| std::process::abort());
        unfinished.removed.files += self.books.erase(&eraser)?.files;
        fail_point!("erase::cleared", |_| std::process::abort());
        Ok(())
    }
}

fn unerased(error: LedgerError) -> Failure {
    Failure::new("Cannot erase rows of the ledger").because(&error)
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot erase").because(&error).hint("It is taken up again at the next start")
}
