//! Which interactions are stored already: exact, for ever, and small.
//!
//! An id is a uniform hash, so 48 of its bits are a good fingerprint: 16 choose a shard, 32 are kept, sorted, in
//! it. That is about 5 bytes a row. A fingerprint that was never seen proves that a row is new. One that was seen
//! only makes it suspect: then the full ids decide, those of the last appends from memory, older ones from the files.

use model::InteractionId;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

/// Is a hasher for what is a hash already: takes the lowest bits as they are.
#[derive(Default)]
pub(crate) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

/// Is a set of ids.
pub(crate) type Ids = HashSet<InteractionId, BuildHasherDefault<Ready>>;

/// Is how many ids of the last appends are kept in full, twice over: they are the ones that clients send again.
pub(crate) const RECENT: usize = 500_000;

/// Is how many ids are taken in before those who ask get their turn.
const STEP: usize = 4096;

/// Is the register of all stored ids, for whoever asks beside readers and writers. Clones share it.
#[derive(Clone)]
pub struct Register(Arc<RwLock<Known>>);

impl Register {
    pub(crate) fn new(known: Known) -> Self {
        Self(Arc::new(RwLock::new(known)))
    }

    /// Tells of ids, in their order, what can be said without looking into the files.
    pub fn standings(&self, ids: impl Iterator<Item = InteractionId>, mut tell: impl FnMut(Standing)) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ids.for_each(|id| tell(known.standing(id)));
    }

    /// Returns how many times ids were taken in.
    pub(crate) fn inserts(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).inserts
    }

    /// Takes in the ids of rows that are now durable.
    pub(crate) fn insert(&self, ids: &[InteractionId]) {
        for step in ids.chunks(STEP) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).insert(step.iter().copied());
        }
    }
}

/// Is the fingerprints of all stored ids.
pub(crate) struct Known {
    shards: Vec<Vec<u32>>,
    recent: Ids,
    earlier: Ids,
    inserts: u64,
}

/// Is what can be said of an id without looking into the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Certainly not stored.
    New,
    /// Certainly stored.
    Stored,
    /// Perhaps stored: the files must tell.
    Suspect,
}

impl Known {
    /// Knows nothing yet.
    pub(crate) fn new() -> Self {
        Self { shards: vec![Vec::new(); 1 << 16], recent: Ids::default(), earlier: Ids::default(), inserts: 0 }
    }

    /// Takes in the id of a stored row; [`Known::settle`] must follow before questions are asked.
    pub(crate) fn load(&mut self, id: InteractionId) {
        let (shard, print) = fingerprint(id);
        self.shards[shard].push(print);
    }

    /// Puts what was loaded in order.
    pub(crate) fn settle(&mut self) {
        for shard in &mut self.shards {
            shard.sort_unstable();
            shard.dedup();
            shard.shrink_to_fit();
        }
    }

    /// Tells what is known of an id.
    pub(crate) fn standing(&self, id: InteractionId) -> Standing {
        let (shard, print) = fingerprint(id);
        if self.shards[shard].binary_search(&print).is_err() {
            Standing::New
        } else if self.recent.contains(&id) || self.earlier.contains(&id) {
            Standing::Stored
        } else {
            Standing::Suspect
        }
    }

    /// Takes in the ids of rows that are now durable.
    pub(crate) fn insert(&mut self, ids: impl Iterator<Item = InteractionId>) {
        self.inserts += 1;
        for id in ids {
            let (shard, print) = fingerprint(id);
            let shard = &mut self.shards[shard];
            if let Err(place) = shard.binary_search(&print) {
                if shard.len() == shard.capacity() {
                    // An eighth more, not twice as much: there are 65,536 of these.
                    shard.reserve_exact(shard.len() / 8 + 4);
                }
                shard.insert(place, print);
            }
            self.remember(id);
        }
    }

    /// Keeps an id in full for a while.
    pub(crate) fn remember(&mut self, id: InteractionId) {
        if self.recent.len() >= RECENT {
            std::mem::swap(&mut self.recent, &mut self.earlier);
            self.recent.clear();
        }
        self.recent.insert(id);
    }
}

/// Returns the shard and the rest of an id's fingerprint.
fn fingerprint(id: InteractionId) -> (usize, u32) {
    ((id.0 >> 112) as usize, (id.0 >> 80) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{New, Stored, Suspect};

    fn id(top: u128, rest: u128) -> InteractionId {
        InteractionId(top << 80 | rest)
    }

    #[test]
    fn a_fingerprint_never_seen_is_new() {
        let mut known = Known::new();
        assert_eq!(known.standing(id(1, 1)), New);
        known.insert([id(1, 1), id(7 << 32, 1)].into_iter());
        assert_eq!([id(2, 1), id(7 << 32 | 1, 1)].map(|id| known.standing(id)), [New, New]);
    }

    #[test]
    fn the_same_fingerprint_is_not_the_same_id() {
        let mut known = Known::new();
        known.insert([id(1, 1)].into_iter());
        assert_eq!(known.standing(id(1, 1)), Stored);
        assert_eq!(known.standing(id(1, 2)), Suspect);
    }

    #[test]
    fn what_was_loaded_is_suspect_in_any_order() {
        let mut known = Known::new();
        for top in [9, 3, 5, 3] {
            known.load(id(top, 0));
        }
        known.settle();
        assert_eq!([3, 5, 9, 4].map(|top| known.standing(id(top, 0))), [Suspect, Suspect, Suspect, New]);
    }

    #[test]
    fn old_ids_become_suspect_but_never_new() {
        let mut known = Known::new();
        known.insert((0..2 * RECENT as u128 + 2).map(|n| id(n, n)));
        assert_eq!(known.standing(id(0, 0)), Suspect);
        assert_eq!(known.standing(id(RECENT as u128 + 1, RECENT as u128 + 1)), Stored);
    }
}
