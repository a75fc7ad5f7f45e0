//! Counting week by week: how often the signals of one touchpoint were met, and by how many people. A trend is nothing more.
//!
//! Weeks are seven days counted back from the end of the window, so that the last one is whole. A person counts once in each
//! week; who is nobody known counts as interaction alone; machines and people who restricted the use of what is known of them
//! are left out, exactly as in [`crate::census`].

use crate::sequence::{Fold, Rows};
use model::Flags;
use std::sync::Arc;

/// The length of a week in microseconds.
pub const WEEK: i64 = 7 * 86_400_000_000;

/// Holds what happened in one week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Week {
    /// Interactions.
    pub interactions: u64,
    /// Known people who had them.
    pub people: u64,
}

/// Counts weeks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weeks {
    /// For each signal by its number: whether it counts.
    counted: Arc<[bool]>,
    /// When the first week begins.
    from: i64,
    weeks: Vec<Week>,
    /// For each week: the person who was counted in it last, by their place among those read so far.
    seen_by: Vec<u64>,
    read: u64,
    left_out: Arc<[u64]>,
}

impl Weeks {
    /// Makes a count of so many weeks that end at a moment; `left_out` are people's numbers in order.
    #[must_use]
    pub fn new(counted: Arc<[bool]>, until: i64, weeks: usize, left_out: Arc<[u64]>) -> Self {
        debug_assert!(left_out.is_sorted(), "they are looked for by halving");
        let length = WEEK.saturating_mul(i64::try_from(weeks).unwrap_or(i64::MAX));
        let from = until.saturating_sub(length);
        Self { counted, from, weeks: vec![Week::default(); weeks], seen_by: vec![0; weeks], read: 0, left_out }
    }

    /// Returns when the first week begins, and the weeks.
    #[must_use]
    pub fn weeks(&self) -> (i64, &[Week]) {
        (self.from, &self.weeks)
    }
}

impl Fold for Weeks {
    fn take(&mut self, rows: &Rows) {
        for person in rows.people() {
            self.read += 1;
            if self.left_out.binary_search(&rows.person[person.start]).is_ok() {
                continue;
            }
            let known = !Flags(rows.flags[person.start]).has(Flags::EPHEMERAL);
            for row in person {
                let counts = self.counted.get(rows.signal[row] as usize).copied().unwrap_or(false);
                if !counts || rows.at[row] < self.from || Flags(rows.flags[row]).has(Flags::BOT) {
                    continue;
                }
                let at = usize::try_from((rows.at[row] - self.from) / WEEK).unwrap_or(usize::MAX);
                let Some(week) = self.weeks.get_mut(at) else { continue };
                week.interactions += 1;
                if known && self.seen_by[at] != self.read {
                    self.seen_by[at] = self.read;
                    week.people += 1;
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.weeks.iter_mut().zip(other.weeks) {
            mine.interactions += theirs.interactions;
            mine.people += theirs.people;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(rows: &[(u64, i64, u32, u32)]) -> Rows {
        let mut laid = Rows::default();
        for (person, at, signal, flags) in rows {
            laid.person.push(*person);
            laid.at.push(*at);
            laid.signal.push(*signal);
            laid.form.push(0);
            laid.direction.push(0);
            laid.value.push(0);
            laid.cost.push(0);
            laid.score.push(0);
            laid.flags.push(*flags);
        }
        laid
    }

    fn weeks() -> Weeks {
        Weeks::new([true, false].into(), 3 * WEEK, 2, [9].into())
    }

    #[test]
    fn people_count_once_a_week_and_machines_never() {
        let rows = [
            (1, WEEK, 0, 0),
            (1, WEEK + 5, 0, 0),
            (1, 2 * WEEK, 0, 0),
            (2, WEEK - 1, 0, 0),
            (2, WEEK + 1, 1, 0),
            (2, 2 * WEEK + 1, 0, Flags::BOT.0),
            (3, 2 * WEEK + 1, 0, Flags::EPHEMERAL.0),
            (4, 3 * WEEK, 0, 0),
            (9, WEEK, 0, 0),
        ];
        let mut fold = weeks();
        fold.take(&laid(&rows));
        let week = |interactions, people| Week { interactions, people };
        assert_eq!(fold.weeks(), (WEEK, &[week(2, 1), week(2, 1)][..]));
    }

    #[test]
    fn parts_come_to_the_same_as_the_whole() {
        let rows: Vec<(u64, i64, u32, u32)> =
            (0..60_u64).map(|n| (n / 3, WEEK + i64::try_from(n).unwrap_or(0) * WEEK / 20, u32::from(n % 5 == 0), 0)).collect();
        let run = |rows: &[(u64, i64, u32, u32)]| {
            let mut fold = weeks();
            fold.take(&laid(rows));
            fold
        };
        for cut in (0..=60).step_by(3) {
            let mut parts = run(&rows[..cut]);
            parts.merge(run(&rows[cut..]));
            assert_eq!(parts.weeks(), run(&rows).weeks(), "cut at {cut}");
        }
    }
}
