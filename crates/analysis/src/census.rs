//! Counting signals: how often each was met, by how many people, first and last when. The plainest of folds; what the
//! signals are grouped by is the asker's business, so one fold serves the list of unmapped signals, the channels, and the
//! preview of a changed rule.
//!
//! A person counts once in each group in which they were met; who is nobody known counts in no group, and machines are
//! left out, exactly as on the map. Cost: one step per row, and a word of memory per group and thread.
//!
//! | rows (person: signal) | group of signals a and b | group of signal c |
//! |---|---|---|
//! | ada: a, a, b | 3 interactions, 1 person | – |
//! | bob: b, c | 1 interaction, 1 person | 1 interaction, 1 person |
//! | nobody: c | – | 1 interaction |
//! | a machine: c | – | – |
//! | together | 4 interactions, 2 people | 2 interactions, 1 person |

use crate::sequence::{Fold, Rows};
use model::Flags;
use std::sync::Arc;

/// Stands for "in no group".
pub const NO_GROUP: u32 = u32::MAX;

/// Holds what is known of a group of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// Interactions, machines left out.
    pub interactions: u64,
    /// Known people among those who had them.
    pub people: u64,
    /// The first, UTC microseconds.
    pub first_at: i64,
    /// The last.
    pub last_at: i64,
}

impl Default for Count {
    fn default() -> Self {
        Self { interactions: 0, people: 0, first_at: i64::MAX, last_at: i64::MIN }
    }
}

/// Counts groups of signals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Census {
    /// For each signal by its number: the group, or [`NO_GROUP`].
    group_of: Arc<[u32]>,
    counts: Vec<Count>,
    /// For each group: the person who was counted in it last, by their place among those read so far.
    seen_by: Vec<u64>,
    read: u64,
    /// People who have restricted the use of what is known of them, in order.
    left_out: Arc<[u64]>,
}

impl Census {
    /// Makes a census that has read nothing. `group_of` gives the group of each signal, below `groups`, or [`NO_GROUP`].
    #[must_use]
    pub fn new(group_of: Arc<[u32]>, groups: usize) -> Self {
        Self { group_of, counts: vec![Count::default(); groups], seen_by: vec![0; groups], read: 0, left_out: Arc::default() }
    }

    /// Counts nothing of these people; their numbers are in order.
    #[must_use]
    pub fn without(self, left_out: Arc<[u64]>) -> Self {
        debug_assert!(left_out.is_sorted(), "they are looked for by halving");
        Self { left_out, ..self }
    }

    /// Returns the counts, by group.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }
}

impl Fold for Census {
    fn take(&mut self, rows: &Rows) {
        for person in rows.people() {
            self.read += 1;
            if self.left_out.binary_search(&rows.person[person.start]).is_ok() {
                continue;
            }
            let known = !Flags(rows.flags[person.start]).has(Flags::EPHEMERAL);
            for row in person {
                let group = self.group_of.get(rows.signal[row] as usize).copied().unwrap_or(NO_GROUP) as usize;
                let Some(count) = self.counts.get_mut(group) else { continue };
                if Flags(rows.flags[row]).has(Flags::BOT) {
                    continue;
                }
                count.interactions += 1;
                count.first_at = count.first_at.min(rows.at[row]);
                count.last_at = count.last_at.max(rows.at[row]);
                if known && self.seen_by[group] != self.read {
                    self.seen_by[group] = self.read;
                    count.people += 1;
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.interactions += theirs.interactions;
            mine.people += theirs.people;
            mine.first_at = mine.first_at.min(theirs.first_at);
            mine.last_at = mine.last_at.max(theirs.last_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const GROUPS: [u32; 4] = [0, 0, 1, NO_GROUP];

    /// Lays out rows of (person, time, signal, flags).
    fn laid(mut rows: Vec<(u64, i64, u32, u32)>) -> Rows {
        rows.sort_unstable();
        let mut laid = Rows::default();
        for (person, at, signal, flags) in rows {
            laid.person.push(person);
            laid.at.push(at);
            laid.signal.push(signal);
            laid.form.push(0);
            laid.direction.push(0);
            laid.value.push(0);
            laid.cost.push(0);
            laid.score.push(0);
            laid.flags.push(flags);
        }
        laid
    }

    fn run(rows: Vec<(u64, i64, u32, u32)>) -> Census {
        let mut census = Census::new(GROUPS.into(), 2);
        census.take(&laid(rows));
        census
    }

    #[test]
    fn the_example_of_the_file() {
        let (nobody, machine) = (Flags::EPHEMERAL.0, Flags::BOT.0);
        let rows =
            vec![(1, 1, 0, 0), (1, 2, 0, 0), (1, 3, 1, 0), (2, 4, 1, 0), (2, 5, 2, 0), (3, 6, 2, nobody), (4, 7, 2, machine)];
        let expected = [
            Count { interactions: 4, people: 2, first_at: 1, last_at: 4 },
            Count { interactions: 2, people: 1, first_at: 5, last_at: 6 },
        ];
        assert_eq!(run(rows).counts(), expected);
        assert_eq!(run(vec![(1, 1, 3, 0), (1, 1, 99, 0)]).counts(), [Count::default(); 2]);
    }

    #[test]
    fn who_is_left_out_counts_nowhere() {
        let rows = vec![(1, 1, 0, 0), (2, 2, 0, 0), (2, 3, 2, 0), (3, 4, 0, 0)];
        let mut census = Census::new(GROUPS.into(), 2).without([2].into());
        census.take(&laid(rows));
        assert_eq!(census.counts(), [Count { interactions: 2, people: 2, first_at: 1, last_at: 4 }, Count::default()]);
    }

    proptest! {
        /// The law, and a plain count beside it.
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..20_u64, 0..50_i64, 0..5_u32, 0..3_u32), 0..200), parts in 1..5_u64) {
            let part = |keep: u64| rows.iter().copied().filter(|row| row.0 % parts == keep).collect::<Vec<_>>();
            let whole = run(rows.clone());
            let mut merged = Census::new(GROUPS.into(), 2);
            (0..parts).rev().for_each(|keep| merged.merge(run(part(keep))));
            prop_assert_eq!(merged.counts(), whole.counts());
            // The first row says whether a person is known, as a person's rows all do.
            let first = |person: u64| rows.iter().filter(|row| row.0 == person).min().map_or(0, |row| row.3);
            for group in 0..2_u32 {
                let in_group = |row: &&(u64, i64, u32, u32)| GROUPS.get(row.2 as usize) == Some(&group) && row.3 & Flags::BOT.0 == 0;
                let people: BTreeSet<u64> = rows.iter().filter(in_group).map(|row| row.0).filter(|person| first(*person) & Flags::EPHEMERAL.0 == 0).collect();
                let count = whole.counts()[group as usize];
                prop_assert_eq!((count.interactions, count.people), (rows.iter().filter(in_group).count() as u64, people.len() as u64));
            }
        }
    }
}
