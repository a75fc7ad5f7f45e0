//! Time to convert: how long after the first contact, and after the first contact with each touchpoint, people reach the target
//! outcome.
//!
//! By Kaplan and Meier ([`crate::survival`]), in whole days rounded up; who has not converted by the end of the data is still
//! waiting, not lost, which a plain mean over converters forgets. A touchpoint that is met after the outcome does not begin a
//! wait. Later on in life is not slower: touchpoints are met in different stages, so their curves are told, not ranked (E3).
//!
//! | first contact | outcome | end of data | counts as |
//! |---|---|---|---|
//! | day 3 | day 10 | day 100 | 7 days |
//! | day 3 | day 3, an hour later | day 100 | 1 day |
//! | day 3 | – | day 100 | more than 97 days |
//! | the outcome itself | – | day 100 | 0 days |
//! | never | – | day 100 | not counted |
//!
//! State: [`Times`]. Cost: O(rows).

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use crate::survival::Times;
use model::time::DAY;
use std::sync::Arc;

/// Is the fold.
#[derive(Debug)]
pub struct TimeTo {
    meaning: Arc<Meaning>,
    segment: Option<usize>,
    /// From the first contact.
    pub all: Times,
    /// From the first contact with each touchpoint.
    pub touchpoints: Vec<Times>,
    /// Who was seen last at each touchpoint.
    seen: Vec<Option<u64>>,
    reading: Reading,
}

impl TimeTo {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, segment: Option<usize>) -> Self {
        let touchpoints = vec![Times::default(); meaning.touchpoints.len()];
        let seen = vec![None; touchpoints.len()];
        Self { meaning, segment, all: Times::default(), touchpoints, seen, reading: Reading::default() }
    }

    fn person(&mut self, rows: &Rows) {
        let reading = &self.reading;
        let at = |position: usize| rows.at[reading.rows[position]];
        let outcome = (0..reading.rows.len()).find(|position| reading.outcomes[*position] & self.meaning.target != 0);
        let ends = self.meaning.window.1.0;
        let note = |times: &mut Times, from: i64| match outcome {
            Some(position) => times.happened(days(at(position) - from)),
            None => times.lost((ends - from).max(0) / DAY),
        };
        note(&mut self.all, at(0));
        for (position, touchpoint) in reading.touchpoint[..outcome.unwrap_or(reading.rows.len())].iter().enumerate() {
            let is_new =
                *touchpoint != NOWHERE && self.seen[*touchpoint as usize].replace(reading.person) != Some(reading.person);
            if is_new {
                note(&mut self.touchpoints[*touchpoint as usize], at(position));
            }
        }
    }
}

/// Returns whole days, rounded up.
const fn days(microseconds: i64) -> i64 {
    (microseconds + DAY - 1) / DAY
}

impl Fold for TimeTo {
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

    fn merge(&mut self, other: Self) {
        self.all.merge(&other.all);
        self.touchpoints.iter_mut().zip(&other.touchpoints).for_each(|(mine, theirs)| mine.merge(theirs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;
    use proptest::prelude::*;

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> TimeTo {
        let (meaning, laid) = example::rows(rows, 100);
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let mut fold = TimeTo::new(Arc::new(meaning), None);
        fold.take(&part);
        fold
    }

    #[track_caller]
    fn check(rows: &[(i64, i64, Form)], expected: (i64, bool)) {
        let rows: Vec<Row> = rows
            .iter()
            .map(|(day, hour, form)| Row { at: day * DAY + hour * DAY / 24, ..Row::new(1 << 54, 0, "page", *form) })
            .collect();
        let (time, seen) = run(&rows, |_| true).all.iter().next().expect("one person");
        assert_eq!((time, seen.happened == 1), expected);
    }

    #[test]
    fn the_table_above() {
        check(&[(3, 0, Form::Visit), (10, 0, Form::Purchase)], (7, true));
        check(&[(3, 0, Form::Visit), (3, 1, Form::Purchase)], (1, true));
        check(&[(3, 0, Form::Visit)], (97, false));
        check(&[(3, 0, Form::Purchase), (4, 0, Form::Purchase)], (0, true));
        assert_eq!(run(&[], |_| true).all.watched(), 0);
    }

    #[test]
    fn a_touchpoint_met_afterwards_does_not_wait() {
        let rows =
            [Row::new(1, 1, "page", Form::Visit), Row::new(1, 5, "till", Form::Purchase), Row::new(1, 9, "mail", Form::Message)];
        let fold = run(&rows, |_| true);
        let watched: Vec<u64> = fold.touchpoints.iter().map(Times::watched).collect();
        assert_eq!(watched, [0, 0, 1, 0]);
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..30_u64, 0..100_i64, 0..4_usize, prop::bool::ANY), 0..150), parts in 1..8_u64) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, place, bought)| {
                Row::new(person << 54, day, example::TOUCHPOINTS[place], if bought { Form::Purchase } else { Form::Visit })
            }).collect();
            let whole = run(&rows, |_| true);
            let mut merged = run(&rows, |_| false);
            (0..parts).for_each(|part| merged.merge(run(&rows, |person| crate::landmarks::mix(person) % parts == part)));
            prop_assert_eq!((merged.all, merged.touchpoints), (whole.all, whole.touchpoints));
        }
    }
}
