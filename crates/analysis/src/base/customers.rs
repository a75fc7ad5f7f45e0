//! The fold behind the customer base: what is known of each person who has bought, in 96 bytes.
//!
//! A purchase is the target outcome. Days are UTC; purchases of one day are one for the models of buying ([`super::history`]),
//! and all count for the sum spent.
//!
//! | day | what happened | x | last | spent | sent last |
//! |---|---|---|---|---|---|
//! | 3 | bought for 50.00 | 0 | 0 | 50.00 | – |
//! | 3 | bought for 20.00 | 0 | 0 | 70.00 | – |
//! | 10 | newsletter | 0 | 0 | 70.00 | day 10 |
//! | 13 | bought for 30.00 | 1 | 10 | 100.00 | day 10 |
//! | 14 | wrote to us | 1 | 10 | 100.00 | day 10 |
//!
//! State: a list, ordered by person when finished, so that it does not depend on how people were split. Cost: O(rows).

use super::history::History;
use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::Direction;
use model::time::DAY;
use std::sync::Arc;

/// More people who have bought are not kept one by one: half a gigabyte is enough. Beyond it nothing more is taken, and the
/// result says so.
pub const CUSTOMERS_MAX: usize = 5_000_000;

/// Is one person who has bought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Customer {
    /// The person.
    pub person: u64,
    /// The segments, as bits.
    pub segments: u64,
    /// The stage at the end of the data.
    pub stage: u8,
    /// The day of the first purchase.
    pub first_day: i64,
    /// The day of the last.
    pub last_day: i64,
    /// Days with a purchase after the first.
    pub repeats: u32,
    /// Purchases.
    pub purchases: u32,
    /// What they were worth, minor units.
    pub spent: i64,
    /// What those after the first day were worth.
    pub spent_again: i64,
    /// When we last sent or said something to them.
    pub sent_at: Option<i64>,
    /// When they last did something of their own.
    pub acted_at: i64,
}

impl Customer {
    /// Returns what models of buying need, in days, watched until a day.
    #[must_use]
    pub fn history(&self, until: i64) -> History {
        History {
            x: self.repeats,
            last: (self.last_day - self.first_day) as f64,
            watched: (until.max(self.last_day) - self.first_day) as f64,
        }
    }
}

/// Is the fold.
#[derive(Debug)]
pub struct Customers {
    meaning: Arc<Meaning>,
    segment: Option<usize>,
    people: Vec<Customer>,
    /// People who have bought and were not kept, because there were too many.
    pub left_over: u64,
    reading: Reading,
}

impl Customers {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, segment: Option<usize>) -> Self {
        Self { meaning, segment, people: Vec::new(), left_over: 0, reading: Reading::default() }
    }

    /// Returns everybody, ordered by person.
    #[must_use]
    pub fn finish(mut self) -> Vec<Customer> {
        self.people.sort_unstable_by_key(|customer| customer.person);
        self.people
    }

    fn person(&mut self, rows: &Rows) {
        let reading = &self.reading;
        let mut customer: Option<Customer> = None;
        let (mut sent_at, mut acted_at) = (None, i64::MIN);
        for (position, row) in reading.rows.iter().copied().enumerate() {
            let at = rows.at[row];
            if rows.direction[row] == Direction::Outbound as u8 {
                sent_at = Some(at)
            } else {
                acted_at = at
            }
            if reading.outcomes[position] & self.meaning.target == 0 {
                continue;
            }
            let (day, value) = (at.div_euclid(DAY), rows.value[row]);
            let known = customer.get_or_insert(Customer {
                person: reading.person,
                segments: reading.segments,
                stage: reading.episodes.last().map_or(0, |episode| episode.stage),
                first_day: day,
                last_day: day,
                repeats: 0,
                purchases: 0,
                spent: 0,
                spent_again: 0,
                sent_at: None,
                acted_at: 0,
            });
            known.repeats += u32::from(day != known.last_day);
            known.last_day = day;
            known.purchases += 1;
            known.spent = known.spent.saturating_add(value);
            if day != known.first_day {
                known.spent_again = known.spent_again.saturating_add(value);
            }
        }
        let Some(known) = customer else { return };
        if self.people.len() < CUSTOMERS_MAX {
            // Whoever only ever was sent things has bought through us, which is an act of the day of the purchase.
            let acted_at = if acted_at == i64::MIN { known.last_day * DAY } else { acted_at };
            self.people.push(Customer { sent_at, acted_at, ..known });
        } else {
            self.left_over += 1;
        }
    }
}

impl Fold for Customers {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            let wanted = self.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1);
            if wanted && !self.reading.ephemeral && !self.reading.rows.is_empty() {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.left_over += other.left_over;
        self.people.append(&mut other.people);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;
    use proptest::prelude::*;

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> Customers {
        let (meaning, laid) = example::rows(rows, 120);
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let mut fold = Customers::new(Arc::new(meaning), None);
        fold.take(&part);
        fold
    }

    #[test]
    fn the_table_above() {
        let bought = |day, value| Row { value, ..Row::new(1 << 54, day, "till", Form::Purchase) };
        let rows = [
            bought(3, 5_000),
            bought(3, 2_000),
            Row::new(1 << 54, 10, "mail", Form::Message),
            bought(13, 3_000),
            Row::new(1 << 54, 14, "page", Form::Message),
            Row::new(2 << 54, 14, "page", Form::Message),
        ];
        let found = run(&rows, |_| true).finish();
        let [customer] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((customer.repeats, customer.purchases, customer.spent, customer.spent_again), (1, 3, 10_000, 3_000));
        assert_eq!((customer.sent_at, customer.acted_at), (Some(10 * DAY), 14 * DAY));
        assert_eq!(customer.history(120), History { x: 1, last: 10.0, watched: 117.0 });
        assert!(customer.history(0).is_sound());
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..30_u64, 0..100_i64, 0..4_usize, prop::bool::ANY), 0..150), parts in 1..8_u64) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, place, bought)| {
                Row::new(person << 54, day, example::TOUCHPOINTS[place], if bought { Form::Purchase } else { Form::Visit })
            }).collect();
            let mut merged = run(&rows, |_| false);
            (0..parts).for_each(|part| merged.merge(run(&rows, |person| crate::landmarks::mix(person) % parts == part)));
            prop_assert_eq!(merged.finish(), run(&rows, |_| true).finish());
        }
    }
}
