//! What happened in each week: people who did something, those of them with the target outcome, outcomes, value and recorded
//! cost. What [`super::before_after`] compares.
//!
//! Weeks start on Monday, UTC; the first and the last may be cut by the data and are marked by whoever compares.
//!
//! | week | active | with outcome | outcomes | value | recorded cost |
//! |---|---|---|---|---|---|
//! | 1 | 2 | 1 | 2 | 100.00 | .25 |
//! | 2 | 1 | 0 | 0 | 0 | 0 |
//! | nobody known | 0 | 0 | 1 | 50.00 | 0 |
//! | only sent something | 0 | 0 | 0 | 0 | .25 |
//! | nothing | 0 | 0 | 0 | 0 | 0 |
//!
//! State: six sums per week. Cost: O(rows).

use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, NO_COST, Rows};
use model::{Direction, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Is one week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Week {
    /// Known people who did something of their own.
    pub active: u64,
    /// Known people with the target outcome.
    pub converted: u64,
    /// Target outcomes.
    pub outcomes: u64,
    /// What they were worth, minor units.
    pub value: i64,
    /// Recorded cost, minor units.
    pub cost: i64,
    /// Interactions.
    pub interactions: u64,
}

/// Is the fold.
#[derive(Debug)]
pub struct Weeks {
    meaning: Arc<Meaning>,
    segment: Option<usize>,
    /// By the number of the week, see [`Instant::week`].
    pub weeks: BTreeMap<i64, Week>,
    reading: Reading,
}

impl Weeks {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, segment: Option<usize>) -> Self {
        Self { meaning, segment, weeks: BTreeMap::new(), reading: Reading::default() }
    }

    fn person(&mut self, rows: &Rows) {
        let known = !self.reading.ephemeral;
        let (mut active_in, mut converted_in) = (None, None);
        for (position, row) in self.reading.rows.iter().copied().enumerate() {
            let number = Instant(rows.at[row]).week();
            let week = self.weeks.entry(number).or_default();
            week.interactions += 1;
            if rows.cost[row] != NO_COST {
                week.cost = week.cost.saturating_add(rows.cost[row]);
            }
            if self.reading.outcomes[position] & self.meaning.target != 0 {
                week.outcomes += 1;
                week.value = week.value.saturating_add(rows.value[row]);
                week.converted += u64::from(known && converted_in.replace(number) != Some(number));
            }
            let acts = known && rows.direction[row] != Direction::Outbound as u8;
            week.active += u64::from(acts && active_in.replace(number) != Some(number));
        }
    }
}

impl Fold for Weeks {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            if self.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1) {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (number, theirs) in other.weeks {
            let mine = self.weeks.entry(number).or_default();
            mine.active += theirs.active;
            mine.converted += theirs.converted;
            mine.outcomes += theirs.outcomes;
            mine.value += theirs.value;
            mine.cost += theirs.cost;
            mine.interactions += theirs.interactions;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::{Flags, Form};
    use proptest::prelude::*;

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> BTreeMap<i64, Week> {
        let (meaning, laid) = example::rows(rows, 120);
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let mut fold = Weeks::new(Arc::new(meaning), None);
        fold.take(&part);
        fold.weeks
    }

    // Day 4 is Monday 1970-01-05.
    #[test]
    fn people_count_once_a_week() {
        let rows = [
            Row::new(1 << 54, 4, "till", Form::Purchase),
            Row::new(1 << 54, 5, "till", Form::Purchase),
            Row::new(1 << 54, 11, "page", Form::Visit),
            Row::new(2 << 54, 6, "page", Form::Visit),
            Row::new(3 << 54, 8, "mail", Form::Message),
            Row { flags: Flags::EPHEMERAL.0, ..Row::new(4 << 54, 12, "till", Form::Purchase) },
        ];
        let weeks = run(&rows, |_| true);
        // Two rows carry a cost, as the example lays them: days 8 and 1 of each week.
        assert_eq!(weeks[&1], Week { active: 2, converted: 1, outcomes: 2, value: 10_000, cost: 25, interactions: 4 });
        assert_eq!(weeks[&2], Week { active: 1, converted: 0, outcomes: 1, value: 5_000, cost: 0, interactions: 2 });
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..30_u64, 0..120_i64, 0..4_usize, prop::bool::ANY), 0..150), parts in 1..8_u64) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, place, bought)| {
                Row::new(person << 54, day, example::TOUCHPOINTS[place], if bought { Form::Purchase } else { Form::Visit })
            }).collect();
            let (meaning, _) = example::rows(&[], 120);
            let mut merged = Weeks::new(Arc::new(meaning.clone()), None);
            for part in 0..parts {
                let weeks = run(&rows, |person| crate::landmarks::mix(person) % parts == part);
                merged.merge(Weeks { weeks, ..Weeks::new(Arc::new(meaning.clone()), None) });
            }
            prop_assert_eq!(merged.weeks, run(&rows, |_| true));
        }
    }
}
