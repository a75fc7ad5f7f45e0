//! The roll of people: whom we know, since when, until when, how often and for how much. The plainest list of people that a
//! ledger can give; it is what a page of people is read from.
//!
//! Machines are left out, and so is who is nobody known, exactly as on the map. Of very many people those met last are kept,
//! up to a bound that the asker sets; all are counted. Cost: one step per row, and 40 bytes per person kept.
//!
//! | rows (person: time, worth) | interactions | first | last | worth |
//! |---|---|---|---|---|
//! | ada: 1, –; 4, 20; a machine: 9 | 2 | 1 | 4 | 20 |
//! | nobody: 2 | – | – | – | – |

use crate::sequence::{Fold, Rows};
use model::Flags;
use std::cmp::Reverse;

/// Is one person on the roll.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The person, by number.
    pub person: u64,
    /// How often we met.
    pub interactions: u64,
    /// When first, UTC microseconds.
    pub first_at: i64,
    /// When last.
    pub last_at: i64,
    /// What it was worth in all, in minor units.
    pub value: i64,
}

/// Keeps the roll.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roll {
    entries: Vec<Entry>,
    people: u64,
    kept_max: usize,
}

impl Roll {
    /// Makes a roll that has read nothing, and keeps so many people.
    #[must_use]
    pub const fn new(kept_max: usize) -> Self {
        Self { entries: Vec::new(), people: 0, kept_max }
    }

    /// Returns how many people there are, those not kept included, and those kept, who was met last first.
    #[must_use]
    pub fn finish(mut self) -> (u64, Vec<Entry>) {
        self.entries.sort_unstable_by_key(latest_first);
        self.entries.truncate(self.kept_max);
        (self.people, self.entries)
    }

    /// Lets go of those beyond the bound, now and then. Which ones follows from the people alone, never from the order in
    /// which they came.
    fn trim(&mut self) {
        if self.entries.len() > self.kept_max.saturating_mul(2) {
            self.entries.select_nth_unstable_by_key(self.kept_max, latest_first);
            self.entries.truncate(self.kept_max);
        }
    }
}

fn latest_first(entry: &Entry) -> (Reverse<i64>, u64) {
    (Reverse(entry.last_at), entry.person)
}

impl Fold for Roll {
    fn take(&mut self, rows: &Rows) {
        for range in rows.people() {
            if Flags(rows.flags[range.start]).has(Flags::EPHEMERAL) {
                continue;
            }
            let mut entry =
                Entry { person: rows.person[range.start], interactions: 0, first_at: i64::MAX, last_at: i64::MIN, value: 0 };
            for row in range.filter(|row| !Flags(rows.flags[*row]).has(Flags::BOT)) {
                entry.interactions += 1;
                entry.first_at = entry.first_at.min(rows.at[row]);
                entry.last_at = entry.last_at.max(rows.at[row]);
                entry.value = entry.value.saturating_add(rows.value[row]);
            }
            if entry.interactions > 0 {
                self.people += 1;
                self.entries.push(entry);
            }
        }
        self.trim();
    }

    fn merge(&mut self, other: Self) {
        self.people += other.people;
        self.entries.extend(other.entries);
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::NO_COST;
    use proptest::prelude::*;

    /// Lays out rows of (person, time, worth, flags).
    fn laid(mut rows: Vec<(u64, i64, i64, u32)>) -> Rows {
        rows.sort_unstable();
        let mut laid = Rows::default();
        for (person, at, value, flags) in rows {
            laid.person.push(person);
            laid.at.push(at);
            laid.value.push(value);
            laid.flags.push(flags);
            laid.signal.push(0);
            laid.form.push(0);
            laid.direction.push(0);
            laid.cost.push(NO_COST);
            laid.score.push(0);
        }
        laid
    }

    fn roll(kept_max: usize, parts: &[Rows]) -> (u64, Vec<Entry>) {
        let one = |rows: &Rows| {
            let mut roll = Roll::new(kept_max);
            roll.take(rows);
            roll
        };
        let mut all = Roll::new(kept_max);
        parts.iter().for_each(|rows| all.merge(one(rows)));
        all.finish()
    }

    #[test]
    fn people_are_counted_and_machines_and_strangers_are_not() {
        let bot = Flags::BOT.0;
        let stranger = Flags::EPHEMERAL.0;
        let rows = laid(vec![(1, 1, 0, 0), (1, 4, 20, 0), (1, 9, 0, bot), (2, 2, 0, stranger), (3, 8, 0, bot), (4, 7, -5, 0)]);
        let (people, entries) = roll(10, &[rows]);
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.person, entry.interactions, entry.first_at, entry.last_at, entry.value)).collect();
        assert_eq!((people, told), (2, vec![(4, 1, 7, 7, -5), (1, 2, 1, 4, 20)]));
    }

    proptest! {
        #[test]
        fn parts_give_what_the_whole_gives(
            rows in prop::collection::vec((0_u64..40, 0_i64..9, 0_i64..5, 0_u32..3), 0..120), kept in 1_usize..9, cut in 0_u64..40,
        ) {
            let whole = roll(kept, &[laid(rows.clone())]);
            let (low, high): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.0 < cut);
            prop_assert_eq!(&roll(kept, &[laid(low.clone()), laid(high.clone())]), &whole);
            prop_assert_eq!(&roll(kept, &[laid(high), laid(low)]), &whole);
        }
    }
}
