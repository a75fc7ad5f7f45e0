//! Trends: interactions, people, outcomes and value week by week, for every touchpoint and altogether.
//!
//! Weeks begin on Mondays, UTC. A person counts once in each week, and once in each week of each touchpoint. Outcomes are the
//! target outcome, in the week in which it happened; value is what they were worth. Unknown actors are not counted.
//!
//! | person | rows | week 1 | week 2 |
//! |---|---|---|---|
//! | 1 | ads Mon, ads Tue of week 1 | 2 interactions, 1 person | |
//! | 2 | ads week 1, till week 2 (bought 50) | 1, 1 | 1, 1; 1 outcome worth 50 |
//!
//! Source: plain counting. State: a few numbers for each week and touchpoint; O(rows).

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::time::DAY;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Is the length of a week in microseconds.
const WEEK: i64 = 7 * DAY;

/// Counts by week.
#[derive(Debug)]
pub struct TrendFold {
    meaning: Arc<Meaning>,
    /// How long a stretch is, and when one of them began.
    length: i64,
    origin: i64,
    weeks: BTreeMap<i64, Week>,
    reading: Reading,
    counted: Vec<Option<i64>>,
}

/// Is one week.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Week {
    /// All rows and people.
    pub all: Seen,
    /// By touchpoint.
    pub touchpoints: Vec<Seen>,
    /// Target outcomes.
    pub outcomes: u64,
    /// People who had one.
    pub converted: u64,
    /// What they were worth, in minor units.
    pub value: i64,
}

/// Is how often and by how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// Interactions.
    pub interactions: u64,
    /// People.
    pub people: u64,
}

impl TrendFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>) -> Self {
        // The first of January 1970 was a Thursday.
        Self::every(meaning, WEEK, -3 * DAY)
    }

    /// Makes one that counts by stretches of another length, of which one begins at `origin`. A person counts once in each.
    #[must_use]
    pub fn every(meaning: Arc<Meaning>, length: i64, origin: i64) -> Self {
        let counted = vec![None; meaning.touchpoints.len() + 2];
        Self { meaning, length: length.max(1), origin, weeks: BTreeMap::new(), reading: Reading::default(), counted }
    }

    /// Returns the weeks, or other stretches, in which anything happened, by the moment they began (UTC microseconds).
    pub fn weeks(&self) -> impl Iterator<Item = (i64, &Week)> {
        self.weeks.iter().map(|(week, counts)| (week.saturating_mul(self.length).saturating_add(self.origin), counts))
    }

    /// Returns one stretch by its number: 0 begins at the origin.
    #[must_use]
    pub fn stretch(&self, number: i64) -> Option<&Week> {
        self.weeks.get(&number)
    }

    fn count(&mut self, rows: &Rows) {
        self.counted.fill(None);
        let touchpoints = self.meaning.touchpoints.len();
        for position in 0..self.reading.rows.len() {
            let row = self.reading.rows[position];
            let number = rows.at[row].saturating_sub(self.origin).div_euclid(self.length);
            let week = self.weeks.entry(number).or_default();
            week.touchpoints.resize(touchpoints, Seen::default());
            let mut is_new = |place: usize| u64::from(self.counted[place].replace(number) != Some(number));
            week.all.interactions += 1;
            week.all.people += is_new(touchpoints);
            let own = self.reading.touchpoint[position];
            if own != NOWHERE {
                let seen = &mut week.touchpoints[own as usize];
                seen.interactions += 1;
                seen.people += is_new(own as usize);
            }
            if self.reading.outcomes[position] & self.meaning.target != 0 {
                week.outcomes += 1;
                week.converted += is_new(touchpoints + 1);
                week.value += rows.value[row];
            }
        }
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.interactions += other.interactions;
        self.people += other.people;
    }
}

impl Fold for TrendFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (number, theirs) in other.weeks {
            let mine = self.weeks.entry(number).or_default();
            mine.all.add(theirs.all);
            mine.touchpoints.resize(theirs.touchpoints.len(), Seen::default());
            mine.touchpoints.iter_mut().zip(&theirs.touchpoints).for_each(|(mine, theirs)| mine.add(*theirs));
            mine.outcomes += theirs.outcomes;
            mine.converted += theirs.converted;
            mine.value += theirs.value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use model::Form;
    use proptest::prelude::*;

    fn form(touchpoint: &str) -> Form {
        if touchpoint == "till" { Form::Purchase } else { Form::View }
    }

    fn run(rows: &[(u64, i64, usize)]) -> TrendFold {
        let row = |(person, day, at): &(u64, i64, usize)| Row::new(*person, *day, TOUCHPOINTS[*at], form(TOUCHPOINTS[*at]));
        let (meaning, rows) = example::rows(&rows.iter().map(row).collect::<Vec<_>>(), 100);
        let mut fold = TrendFold::new(Arc::new(meaning));
        fold.take(&rows);
        fold
    }

    #[test]
    fn the_example_of_the_documentation() {
        // Day 4 after the epoch is a Monday.
        let fold = run(&[(1, 4, 0), (1, 5, 0), (2, 6, 0), (2, 11, 3)]);
        let weeks: Vec<_> = fold.weeks().collect();
        assert_eq!(weeks.iter().map(|(at, _)| at / DAY).collect::<Vec<_>>(), [4, 11]);
        assert_eq!((weeks[0].1.touchpoints[0].interactions, weeks[0].1.touchpoints[0].people, weeks[0].1.outcomes), (3, 2, 0));
        assert_eq!((weeks[1].1.all.people, weeks[1].1.outcomes, weeks[1].1.converted, weeks[1].1.value), (1, 1, 1, 5_000));
    }

    #[test]
    fn one_stretch_for_all_counts_everybody_once() {
        let rows = [(1, 4, 0), (1, 11, 0), (2, 30, 0), (2, 31, 3)];
        let row = |(person, day, at): &(u64, i64, usize)| Row::new(*person, *day, TOUCHPOINTS[*at], form(TOUCHPOINTS[*at]));
        let (meaning, rows) = example::rows(&rows.iter().map(row).collect::<Vec<_>>(), 100);
        let mut fold = TrendFold::every(Arc::new(meaning), i64::MAX, 0);
        fold.take(&rows);
        let whole = fold.stretch(0).expect("is there");
        assert_eq!((whole.all.interactions, whole.all.people, whole.converted), (4, 2, 1));
        assert_eq!(fold.weeks().count(), 1);
    }

    proptest! {
        #[test]
        fn weeks_add_up_and_parts_merge(rows in prop::collection::vec((0..9_u64, 0..100_i64, 0..4_usize), 0..80), parts in 1..8_u64) {
            let whole = run(&rows);
            prop_assert_eq!(whole.weeks().map(|(_, week)| week.all.interactions).sum::<u64>(), rows.len() as u64);
            for (_, week) in whole.weeks() {
                prop_assert_eq!(week.touchpoints.iter().map(|seen| seen.interactions).sum::<u64>(), week.all.interactions);
                prop_assert!(week.converted <= week.outcomes && week.all.people <= week.all.interactions);
            }
            let part = |part: u64| rows.iter().copied().filter(|(person, _, _)| person % parts == part).collect::<Vec<_>>();
            let mut merged = run(&part(0));
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at))));
            prop_assert_eq!(&merged.weeks, &whole.weeks);
        }
    }
}
