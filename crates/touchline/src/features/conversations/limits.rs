//! How often strangers may do something, counted in memory.

use model::Instant;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So many addresses and conversations are counted at once.
const COUNTED_MAX: usize = 100_000;

/// Counts what strangers do, in memory.
#[derive(Default)]
pub(in crate::features) struct Limits {
    counted: Mutex<HashMap<String, (i64, u32)>>,
    used: Mutex<HashMap<String, i64>>,
}

impl Limits {
    /// Tells whether one more is within the limit of a window.
    pub(in crate::features) fn allows(&self, who: String, window: i64, most: u32, now: Instant) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= COUNTED_MAX {
            counted.clear();
        }
        let number = now.0.div_euclid(window);
        let entry = counted.entry(who).or_insert((number, 0));
        if entry.0 != number {
            *entry = (number, 0);
        }
        entry.1 += 1;
        entry.1 <= most
    }

    /// Tells whether an id of a signed identity comes for the first time.
    pub(super) fn is_first(&self, id: &str, until: i64, now: Instant) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now.0);
        used.len() < COUNTED_MAX && used.insert(id.to_owned(), until).is_none()
    }
}
