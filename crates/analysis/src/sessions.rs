//! Sessions: runs of a person's interactions without a longer pause, cut while reading, so that another pause is another question
//! and nothing has to be computed anew.
//!
//! A session ends when nothing happened for longer than the pause (30 minutes where nothing else is said). It lasts from its first
//! to its last interaction; one interaction alone is a *single*. It converts when a target outcome happens in it.
//!
//! | person | minutes of interactions | sessions (pause 30) |
//! |---|---|---|
//! | 1 | 0, 5, 20 | one of 20 minutes |
//! | 2 | 0, 31 | two singles |
//! | 3 | 0, 30, 60 | one of 60 minutes |
//! | 4 | 0 (bought) | one single, converted |
//! | 5 | none | none |
//!
//! Source: web analytics. State: a few numbers for each touchpoint and a count for each whole minute up to a day; O(rows).

use crate::intervals::{Estimate, proportion};
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::time::SECOND;
use std::sync::Arc;

/// Is one minute in microseconds.
pub const MINUTE: i64 = 60 * SECOND;

/// Sessions of a day and longer are counted as a day.
const MINUTES_MAX: usize = 24 * 60;

/// Counts sessions.
#[derive(Debug)]
pub struct SessionFold {
    meaning: Arc<Meaning>,
    pause: i64,
    people: u64,
    all: Sessions,
    by_entry: Vec<Sessions>,
    minutes: Vec<u64>,
    reading: Reading,
}

/// Is a number of sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sessions {
    /// Sessions.
    pub sessions: u64,
    /// Those of a single interaction.
    pub singles: u64,
    /// Those with a target outcome.
    pub converted: u64,
    /// Interactions in them.
    pub interactions: u64,
}

impl Sessions {
    fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.singles += other.singles;
        self.converted += other.converted;
        self.interactions += other.interactions;
    }

    /// Returns the share of sessions with a target outcome.
    #[must_use]
    pub fn conversion(&self) -> Option<Estimate> {
        proportion(self.converted, self.sessions)
    }

    /// Returns the share of sessions of a single interaction.
    #[must_use]
    pub fn single_share(&self) -> Option<Estimate> {
        proportion(self.singles, self.sessions)
    }
}

impl SessionFold {
    /// Makes a fold that has read nothing; a pause longer than so many microseconds ends a session.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, pause: i64) -> Self {
        let by_entry = vec![Sessions::default(); meaning.touchpoints.len()];
        let minutes = vec![0; MINUTES_MAX + 1];
        Self { meaning, pause, people: 0, all: Sessions::default(), by_entry, minutes, reading: Reading::default() }
    }

    /// Returns how many people had a session.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// Returns all sessions.
    #[must_use]
    pub const fn all(&self) -> &Sessions {
        &self.all
    }

    /// Returns sessions by the touchpoint of their first interaction that is bound to one.
    #[must_use]
    pub fn by_entry(&self) -> &[Sessions] {
        &self.by_entry
    }

    /// Returns the whole minutes within which so large a share of sessions ended; `None` where there are none.
    #[must_use]
    pub fn minutes_within(&self, share: f64) -> Option<u64> {
        let wanted = libm::ceil(share.clamp(0.0, 1.0) * self.all.sessions as f64).max(1.0) as u64;
        let mut seen = 0;
        let found = self.minutes.iter().position(|sessions| {
            seen += sessions;
            seen >= wanted
        });
        found.map(|minutes| minutes as u64)
    }

    fn count(&mut self, rows: &Rows) {
        self.people += 1;
        let at = |position: usize| rows.at[self.reading.rows[position]];
        let mut first = 0;
        for position in 1..=self.reading.rows.len() {
            let goes_on = position < self.reading.rows.len() && at(position) - at(position - 1) <= self.pause;
            if goes_on {
                continue;
            }
            let inside = first..position;
            let is_outcome = |position: usize| self.reading.outcomes[position] & self.meaning.target != 0;
            let session = Sessions {
                sessions: 1,
                singles: u64::from(inside.len() == 1),
                converted: u64::from(inside.clone().any(is_outcome)),
                interactions: inside.len() as u64,
            };
            let minutes = usize::try_from((at(position - 1) - at(first)) / MINUTE).unwrap_or(MINUTES_MAX);
            self.minutes[minutes.min(MINUTES_MAX)] += 1;
            self.all.add(session);
            let entry = inside.map(|position| self.reading.touchpoint[position]).find(|entry| *entry != NOWHERE);
            if let Some(entry) = entry {
                self.by_entry[usize::from(entry)].add(session);
            }
            first = position;
        }
    }
}

impl Fold for SessionFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.people += other.people;
        self.all.add(other.all);
        self.by_entry.iter_mut().zip(other.by_entry).for_each(|(mine, theirs)| mine.add(theirs));
        crate::tally::add(&mut self.minutes, &other.minutes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;
    use proptest::prelude::*;

    fn run(rows: &[(u64, i64)]) -> SessionFold {
        let form = |person: u64| if person == 4 { Form::Purchase } else { Form::Visit };
        let row = |(person, minute): &(u64, i64)| Row { at: minute * MINUTE, ..Row::new(*person, 0, "page", form(*person)) };
        let (meaning, rows) = example::rows(&rows.iter().map(row).collect::<Vec<_>>(), 100);
        let mut fold = SessionFold::new(Arc::new(meaning), 30 * MINUTE);
        fold.take(&rows);
        fold
    }

    #[test]
    fn the_example_of_the_documentation() {
        let fold = run(&[(1, 0), (1, 5), (1, 20), (2, 0), (2, 31), (3, 0), (3, 30), (3, 60), (4, 0)]);
        assert_eq!(*fold.all(), Sessions { sessions: 5, singles: 3, converted: 1, interactions: 9 });
        assert_eq!((fold.people(), fold.by_entry()[2].sessions), (4, 5));
        assert_eq!((fold.minutes_within(0.5), fold.minutes_within(0.8), fold.minutes_within(1.0)), (Some(0), Some(20), Some(60)));
        assert_eq!(run(&[]).minutes_within(0.5), None);
    }

    proptest! {
        #[test]
        fn interactions_add_up_and_parts_merge(rows in prop::collection::vec((0..9_u64, 0..900_i64), 0..80), parts in 1..8_u64) {
            let whole = run(&rows);
            prop_assert_eq!(whole.all().interactions, rows.len() as u64);
            prop_assert_eq!(whole.minutes.iter().sum::<u64>(), whole.all().sessions);
            let part = |part: u64| rows.iter().copied().filter(|(person, _)| person % parts == part).collect::<Vec<_>>();
            let mut merged = run(&part(0));
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at))));
            prop_assert_eq!((merged.people, merged.all, &merged.by_entry, &merged.minutes), (whole.people, whole.all, &whole.by_entry, &whole.minutes));
        }
    }
}
