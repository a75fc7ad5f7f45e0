//! Rows that are safe elsewhere and not in the files yet. Every reading of the ledger sees them as one more sorted run.
//!
//! Whoever keeps them safe (a journal, say) pushes them here, freezes them before they are written to files, and lets
//! the frozen ones go with the very commit that names those files. So a reader sees each row once, whenever he looks.

use crate::columns::{BUCKETS, bucket_of};
use crate::merge::sorted_places;
use crate::resolve::alone;
use analysis::sequence::Rows;
use model::{ActorId, Instant, Interaction, PersonId};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Tells to whom a raw identity belongs now.
pub type PersonOf = Arc<dyn Fn(ActorId, Instant) -> PersonId + Send + Sync>;

/// Is the rows of a ledger that are not in its files yet. Clones share them. Their ids must be new to the ledger.
#[derive(Clone, Default)]
pub struct Tail(Arc<RwLock<Parts>>);

#[derive(Default)]
struct Parts {
    growing: Vec<Arc<Vec<Interaction>>>,
    frozen: Vec<Arc<Vec<Interaction>>>,
    person_of: Option<PersonOf>,
}

impl Tail {
    /// Says how to find the person of a row. Until then everybody is a person of their own.
    pub fn resolve_by(&self, person_of: PersonOf) {
        self.write().person_of = Some(person_of);
    }

    /// Adds rows: readers see them from now on.
    pub fn push(&self, rows: Arc<Vec<Interaction>>) {
        if !rows.is_empty() {
            self.write().growing.push(rows);
        }
    }

    /// Marks all rows as being written to files.
    pub fn freeze(&self) {
        let mut parts = self.write();
        let growing = std::mem::take(&mut parts.growing);
        parts.frozen.extend(growing);
    }

    /// Returns how many rows there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.parts().iter().map(|rows| rows.len() as u64).sum()
    }

    /// Lets the frozen rows go: the files have them now.
    pub(crate) fn let_go(&self) {
        let frozen = std::mem::take(&mut self.write().frozen);
        // Giving the memory back takes a while, and nobody need wait for it.
        drop(frozen);
    }

    /// Returns the rows, sorted, by bucket.
    pub(crate) fn runs(&self) -> Vec<TailRun> {
        let (parts, person_of) = (self.parts(), self.read().person_of.clone());
        let person_of = person_of.unwrap_or_else(|| Arc::new(alone));
        let mut runs = vec![TailRun::default(); usize::from(BUCKETS)];
        for row in parts.iter().flat_map(|rows| rows.iter()) {
            let person = person_of(row.actor, row.at).0;
            runs[usize::from(bucket_of(person))].push(row, person);
        }
        runs.into_iter().map(TailRun::sorted).collect()
    }

    /// Returns the rows of some raw identities.
    pub(crate) fn interactions(&self, actors: &HashSet<ActorId>) -> Vec<Interaction> {
        let parts = self.parts();
        parts.iter().flat_map(|rows| rows.iter()).filter(|row| actors.contains(&row.actor)).cloned().collect()
    }

    /// Hands every row to `each`.
    pub(crate) fn every(&self, each: impl FnMut(&Interaction)) {
        self.parts().iter().flat_map(|rows| rows.iter()).for_each(each);
    }

    /// Returns the moments of the first and the last row.
    pub(crate) fn window(&self) -> Option<(Instant, Instant)> {
        let parts = self.parts();
        let times = || parts.iter().flat_map(|rows| rows.iter()).map(|row| row.at);
        Some((times().min()?, times().max()?))
    }

    /// Returns all rows as they are now. No lock is held afterwards.
    fn parts(&self) -> Vec<Arc<Vec<Interaction>>> {
        let parts = self.read();
        parts.frozen.iter().chain(&parts.growing).cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Parts> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Parts> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is rows in memory, with the raw identity of each.
#[derive(Clone, Default)]
pub(crate) struct TailRun {
    pub(crate) rows: Rows,
    pub(crate) actors: Vec<u64>,
}

impl TailRun {
    fn push(&mut self, row: &Interaction, person: u64) {
        self.actors.push(row.actor.0);
        self.rows.push(person, row);
    }

    fn sorted(self) -> Self {
        let mut sorted = Self::default();
        for place in sorted_places(&self.rows) {
            let place = place as usize;
            sorted.rows.extend(&self.rows, place, place + 1);
            sorted.actors.push(self.actors[place]);
        }
        sorted
    }
}
