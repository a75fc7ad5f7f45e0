//! The fold behind experiments: people drawn into arms, and what they did after they were drawn.
//!
//! The draw is told from outside (the ledger keeps the arm with each interaction): who, into which arm of which experiment,
//! first when. Counted is the target outcome between the draw and the horizon after it; people watched for less are left out,
//! as many from each arm as there were. What they were worth in an equally long time before is kept beside it, so that habits
//! can be taken out.
//!
//! | drawn | outcome | horizon 30 days, data until day 100 | counts as |
//! |---|---|---|---|
//! | day 10 | day 20 | | converted |
//! | day 10 | day 50 | | not converted |
//! | day 10 | day 5, 50.00 | | not converted, 50.00 before |
//! | day 80 | day 81 | | left out |
//! | never | day 20 | | not counted |
//!
//! State: [`Arm`]. Cost: O(rows of those drawn).

use super::experiment::Arm;
use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use std::collections::HashMap;
use std::sync::Arc;

/// Tells into which arm a person was drawn, and when: (place of the arm, moment), one per experiment.
pub type Draws = HashMap<u64, Vec<(u32, i64)>>;

/// Is the fold.
#[derive(Debug)]
pub struct Trial {
    meaning: Arc<Meaning>,
    draws: Arc<Draws>,
    segment: Option<usize>,
    horizon: i64,
    /// By the place of the arm.
    pub arms: Vec<Arm>,
    reading: Reading,
}

impl Trial {
    /// Makes a fold that has read nothing, for so many arms.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, draws: Arc<Draws>, arms: usize, segment: Option<usize>, horizon: i64) -> Self {
        Self { meaning, draws, segment, horizon, arms: vec![Arm::default(); arms], reading: Reading::default() }
    }

    fn person(&mut self, rows: &Rows) {
        let Some(draws) = self.draws.get(&self.reading.person) else { return };
        for (place, drawn) in draws {
            let (begins, ends) = (drawn.saturating_sub(self.horizon), drawn.saturating_add(self.horizon));
            let Some(arm) = self.arms.get_mut(*place as usize).filter(|_| ends <= self.meaning.window.1.0) else { continue };
            let (mut converted, mut value, mut before) = (false, 0_i64, 0_i64);
            for (position, row) in self.reading.rows.iter().copied().enumerate() {
                let at = rows.at[row];
                if self.reading.outcomes[position] & self.meaning.target == 0 || at < begins || at > ends {
                    continue;
                }
                if at < *drawn {
                    before = before.saturating_add(rows.value[row]);
                } else {
                    converted = true;
                    value = value.saturating_add(rows.value[row]);
                }
            }
            arm.take(converted, value, before);
        }
    }
}

impl Fold for Trial {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            let who = rows.person[person.start];
            if meaning.leaves_out(who) || !self.draws.contains_key(&who) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            if self.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1) {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.arms.iter_mut().zip(&other.arms).for_each(|(mine, theirs)| mine.merge(theirs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;
    use model::time::DAY;
    use proptest::prelude::*;

    fn run(rows: &[Row], draws: &[(u64, u32, i64)], keep: impl Fn(u64) -> bool) -> Trial {
        let (meaning, laid) = example::rows(rows, 100);
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let mut known = Draws::new();
        draws.iter().for_each(|(person, place, day)| known.entry(*person << 54).or_default().push((*place, day * DAY)));
        let mut fold = Trial::new(Arc::new(meaning), Arc::new(known), 2, None, 30 * DAY);
        fold.take(&part);
        fold
    }

    #[track_caller]
    fn check(drawn: i64, bought: i64, expected: (u64, u64, i128)) {
        let fold = run(&[Row::new(1 << 54, bought, "till", Form::Purchase)], &[(1, 0, drawn)], |_| true);
        let arm = fold.arms[0];
        assert_eq!((arm.people, arm.converted, arm.before), expected);
    }

    #[test]
    fn the_table_above() {
        check(10, 20, (1, 1, 0));
        check(10, 50, (1, 0, 0));
        check(10, 5, (1, 0, 5_000));
        check(80, 81, (0, 0, 0));
        assert_eq!(run(&[Row::new(1 << 54, 20, "till", Form::Purchase)], &[], |_| true).arms, [Arm::default(); 2]);
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(
            rows in prop::collection::vec((0..30_u64, 0..100_i64), 0..150),
            draws in prop::collection::vec((0..30_u64, 0..3_u32, 0..100_i64), 0..40),
            parts in 1..8_u64,
        ) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day)| Row::new(person << 54, day, "till", Form::Purchase)).collect();
            let whole = run(&rows, &draws, |_| true);
            let mut merged = run(&rows, &draws, |_| false);
            (0..parts).for_each(|part| merged.merge(run(&rows, &draws, |person| crate::landmarks::mix(person) % parts == part)));
            prop_assert_eq!(merged.arms, whole.arms);
        }
    }
}
