//! Maps whose keys are hashes already, so that they need no second hashing.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Is a map from ids that are uniform hashes.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Is a set of ids that are uniform hashes.
pub type IdSet<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// Passes 64-bit ids through. Other keys are mixed plainly: right, though not fast.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = self.0.rotate_left(32) ^ id;
    }

    fn write_u128(&mut self, id: u128) {
        self.write_u64(id as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
