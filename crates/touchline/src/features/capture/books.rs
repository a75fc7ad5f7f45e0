//! Bringing batches into both stores: names and facts into the state store, then interactions into the ledger.
//!
//! State goes first, so that every number in the ledger can be resolved; a crash in between leaves some names in the
//! dictionaries that no row uses, and the next attempt finds them there. The ledger refuses what it holds already, so
//! a batch may be offered again after any failure.

use super::batch::Batch;
use super::intake::Taken;
use crate::failure::{Failure, Result};
use crate::features::people::{Acquaintance, FactKey, People, SharedPeople, anybody_unsettled, fact_key, note_traits};
use crate::platform::home::Stores;
use crate::platform::id_map::IdMap;
use fail::fail_point;
use ledger::{Erased, Eraser, LedgerError, Resolve};
use model::{ActorId, Identity, IdentityFact, Interaction};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// From so many unsettled people on a compaction is worth while. Fewer cost a scan next to nothing.
const UNSETTLED_MIN: usize = 1_000;
/// And from this part of all identities on: with one in a hundred unsettled a scan of 10 million rows takes 0.8 s instead
/// of 0.5 (docs/people.md), while a compaction writes all of them anew. So on a large site one comes after many joins,
/// not after every thousand.
const UNSETTLED_PART: usize = 100;

/// Is both stores, with who is who in memory. Clones share it; one at a time may store.
#[derive(Clone)]
pub(super) struct Books {
    pub(super) stores: Stores,
    people: SharedPeople,
    /// Held while the ledger's files are merged: two would merge the same ones.
    merging: Arc<Mutex<()>>,
    /// Whoever changes the stores shares it; whoever takes something out of them has it alone.
    gate: Arc<RwLock<()>>,
}

/// Is what the state store must learn before the interactions of some batches can be written; each thing once.
#[derive(Default)]
struct News<'b> {
    met: IdMap<ActorId, &'b Identity>,
    facts: IdMap<FactKey, &'b IdentityFact>,
}

impl Books {
    /// Keeps these stores; who is who is read when it is first needed.
    pub(super) fn open(stores: Stores) -> Self {
        Self { people: SharedPeople::of(&stores), stores, merging: Arc::default(), gate: Arc::default() }
    }

    /// Holds off everybody who changes the stores, until what it returns is dropped.
    pub(super) fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps erasures off as long as it is held. Not to be asked for twice at a time.
    pub(super) fn share(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads again who is who.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) fn reload(&self) -> Result<()> {
        self.people.reload(&self.stores)
    }

    /// Takes rows out of the ledger for good. To be called by who [holds](Books::hold) everybody else off.
    ///
    /// # Errors
    /// Fails when the ledger does; the same may then be asked again.
    pub(super) fn erase(&self, eraser: &dyn Eraser) -> Result<Erased> {
        let erase = || {
            let drafting = self.stores.ledger_mut().drafting()?;
            let draft = drafting.erase(eraser)?;
            let erased = draft.erased();
            fail_point!("erase::written", |_| std::process::abort());
            self.stores.ledger_mut().commit(draft)?;
            Ok(erased)
        };
        erase().map_err(|error: LedgerError| Failure::new("Cannot take rows out of the ledger").because(&error))
    }

    /// Returns a function that tells who somebody is now.
    pub(super) fn person_of(&self) -> ledger::PersonOf {
        // The people alone: whoever keeps the function must not keep the stores open by it.
        let people = self.people.clone();
        Arc::new(move |actor, at| Resolve::person_of(&*people.read(), actor, at))
    }

    /// Returns who is who.
    pub(super) fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read()
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.merging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns who is who, to be shared with whoever asks and decides.
    pub(super) fn shared_people(&self) -> SharedPeople {
        self.people.clone()
    }

    /// Stores batches. When this returns, all of it is durable. With a position, they are the frozen rows of the
    /// ledger's tail, and the ledger notes the position with the same entry of its log that names the rows.
    ///
    /// # Errors
    /// Fails when state store or ledger do; the same may then be offered again.
    pub(super) fn store(&self, batches: &[Batch], position: Option<u64>) -> Result<Taken> {
        self.store_shared(&self.share(), batches, position)
    }

    /// Stores as [`Books::store`] does, for whoever keeps erasures off already.
    ///
    /// # Errors
    /// As [`Books::store`].
    pub(super) fn store_shared(&self, _: &RwLockReadGuard<'_, ()>, batches: &[Batch], position: Option<u64>) -> Result<Taken> {
        let noted = self.note(batches);
        if noted.is_err() {
            // What memory has learnt may not have been stored.
            self.reload()?;
        }
        noted?;
        fail_point!("capture::noted", |_| std::process::abort());
        let rows: Vec<&Interaction> = batches.iter().flat_map(|batch| batch.rows.iter().chain(&batch.suspects)).collect();
        loop {
            match self.append(&rows, position) {
                // Somebody else has appended meanwhile; the same rows are looked at once more.
                Err(LedgerError::Overtaken { .. }) => {}
                appended => return appended.map_err(|error| Failure::new("Cannot write to the ledger").because(&error)),
            }
        }
    }

    fn append(&self, rows: &[&Interaction], position: Option<u64>) -> ledger::Result<Taken> {
        let drafting = self.stores.ledger_mut().drafting()?;
        let draft = drafting.append(rows, &*self.people())?;
        fail_point!("capture::written", |_| std::process::abort());
        let appended = draft.appended();
        let mut ledger = self.stores.ledger_mut();
        match position {
            Some(position) => ledger.flush(draft, position)?,
            None => ledger.commit(draft)?,
        }
        Ok(Taken { added: appended.added, duplicates: appended.duplicates })
    }

    /// Stores who and what is new in one transaction; where nothing is, the state store is not touched.
    fn note(&self, batches: &[Batch]) -> Result<()> {
        let news = self.news(batches);
        let traits: Vec<_> = batches.iter().flat_map(|batch| &batch.traits).cloned().collect();
        if news.met.is_empty() && news.facts.is_empty() && traits.is_empty() {
            return Ok(());
        }
        let met: Vec<Acquaintance> = news.met.into_iter().map(|(actor, identity)| (actor, identity.clone())).collect();
        let facts: Vec<IdentityFact> = news.facts.into_values().cloned().collect();
        let now = self.stores.now();
        let (mut transaction, mut people) = self.people.change(&self.stores)?;
        self.stores.block_on(async {
            let fresh = people.meet(&mut transaction, &met).await?;
            people.learn(&mut transaction, &facts, &fresh, now).await?;
            note_traits(&mut transaction, &traits).await?;
            fail_point!("capture::noting", |_| std::process::abort());
            let committed = transaction.commit().await;
            committed.map_err(|error| Failure::new("Cannot store who and what arrived").because(&error))
        })
    }

    fn news<'b>(&self, batches: &'b [Batch]) -> News<'b> {
        let people = self.people();
        let mut news = News::default();
        for batch in batches {
            for (actor, identity) in &batch.met {
                // Another text with the same number was told of when it was met.
                if matches!(people.has_met(*actor, identity), Ok(false)) {
                    news.met.entry(*actor).or_insert(identity);
                }
            }
            for fact in batch.facts.iter().filter(|fact| !people.has_learnt(fact)) {
                // Of the same fact the earliest counts, so that the order within a batch does not matter.
                let noted = news.facts.entry(fact_key(fact)).or_insert(fact);
                if (fact.at, fact.said) < (noted.at, noted.said) {
                    *noted = fact;
                }
            }
        }
        news
    }

    /// Keeps the ledger quick to read: merges small files, and settles people where many are unsettled. Works beside
    /// those who read and append; one at a time may do it.
    ///
    /// # Errors
    /// Fails when the ledger or the state store do; nothing is lost then, and reading stays right.
    pub(super) fn tidy(&self) -> Result<()> {
        if self.many_are_unsettled()? {
            return self.settle_people();
        }
        let _alone = self.alone();
        while self.stores.ledger().needs_tidying() {
            let _shared = self.share();
            let drafting = self.stores.ledger_mut().drafting().map_err(uncompacted)?;
            let draft = drafting.tidy().map_err(uncompacted)?;
            fail_point!("capture::tidied", |_| std::process::abort());
            self.stores.ledger_mut().commit(draft).map_err(uncompacted)?;
        }
        Ok(())
    }

    fn many_are_unsettled(&self) -> Result<bool> {
        // Where nobody is, it need not be known who is who.
        if !self.stores.block_on(anybody_unsettled(&self.stores.state))? {
            return Ok(false);
        }
        self.people.know()?;
        let people = self.people();
        Ok(people.unsettled_count() >= UNSETTLED_MIN.max(people.met_count() / UNSETTLED_PART))
    }

    /// Compacts the ledger where it has many files or many people are unsettled.
    ///
    /// # Errors
    /// As [`Books::tidy`].
    pub(super) fn finish(&self) -> Result<()> {
        let is_due = self.stores.ledger().needs_compaction() || self.many_are_unsettled()?;
        if is_due { self.settle_people() } else { Ok(()) }
    }

    /// Compacts the ledger, and then forgets who was unsettled: its rows bear the new numbers. In this order, because
    /// moving what has moved already changes nothing; and who is unsettled is asked before which files there are,
    /// because files that come later bear the new numbers already.
    pub(super) fn settle_people(&self) -> Result<()> {
        self.people.know()?;
        let _alone = self.alone();
        let _shared = self.share();
        let resolution = self.people().resolution();
        let drafting = self.stores.ledger_mut().drafting().map_err(uncompacted)?;
        let draft = drafting.compact(&resolution).map_err(uncompacted)?;
        fail_point!("capture::compacted", |_| std::process::abort());
        self.stores.ledger_mut().commit(draft).map_err(uncompacted)?;
        let (transaction, mut people) = self.people.change(&self.stores)?;
        self.stores.block_on(people.settled(transaction, &resolution))
    }
}

fn uncompacted(error: LedgerError) -> Failure {
    Failure::new("Cannot compact the ledger").because(&error)
}
