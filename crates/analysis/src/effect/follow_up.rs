//! Following up (M23): do more of those whom we came back to after a purchase stay?
//!
//! Of each buyer one purchase (target outcome) is chosen by lot. Followed up is whom the touchpoint met within the time allowed
//! after it; retained is who did something of their own between then and the horizon. Both groups are watched from the same
//! moment on, so that nobody is rewarded for having lived long enough to be met. Compared are purchases of the same week.
//! Without a hold-out this is association (E3); with one use an experiment.
//!
//! | purchase on day 10, 14 days to follow up, 90 to stay | counts as |
//! |---|---|
//! | followed up on day 12, wrote on day 60 | followed up, retained |
//! | followed up on day 12, nothing after day 24 | followed up, lost |
//! | not followed up, bought on day 70 | not followed up, retained |
//! | followed up on day 40 | not followed up |
//! | purchase less than 90 days before the end | left out |
//!
//! State: counts per week. Cost: O(rows).

use crate::landmarks::mix;
use crate::meaning::Meaning;
use crate::progression::{StageLift, Stratum, progression};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::{Direction, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Says what is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Only people of this segment, by position.
    pub segment: Option<usize>,
    /// The touchpoint that follows up.
    pub touchpoint: u16,
    /// It has so many microseconds.
    pub within: i64,
    /// Who is seen again up to so many microseconds after the purchase is retained.
    pub horizon: i64,
}

/// Is the fold.
#[derive(Debug)]
pub struct FollowUp {
    meaning: Arc<Meaning>,
    question: Arc<Question>,
    /// Purchases by week; "touched" is followed up, "moved" is retained.
    pub weeks: BTreeMap<i64, Stratum>,
    reading: Reading,
}

impl FollowUp {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, question: Arc<Question>) -> Self {
        Self { meaning, question, weeks: BTreeMap::new(), reading: Reading::default() }
    }

    fn person(&mut self, rows: &Rows) {
        let reading = &self.reading;
        let at = |position: usize| rows.at[reading.rows[position]];
        let last = self.meaning.window.1.0;
        let is_purchase = |position: &usize| {
            reading.outcomes[*position] & self.meaning.target != 0 && at(*position).saturating_add(self.question.horizon) <= last
        };
        let purchases: Vec<usize> = (0..reading.rows.len()).filter(is_purchase).collect();
        if purchases.is_empty() {
            return;
        }
        let chosen = purchases[mix(reading.person ^ 0xf0_110e) as usize % purchases.len()];
        let (ready, ends) = (at(chosen).saturating_add(self.question.within), at(chosen).saturating_add(self.question.horizon));
        let after = chosen + 1..reading.rows.len();
        let followed =
            after.clone().any(|position| reading.touchpoint[position] == self.question.touchpoint && at(position) <= ready);
        let acts = |position: usize| rows.direction[reading.rows[position]] != Direction::Outbound as u8;
        let retained = after.filter(|position| acts(*position)).any(|position| at(position) > ready && at(position) <= ends);
        let week = self.weeks.entry(Instant(at(chosen)).week()).or_default();
        if followed {
            week.touched += 1;
            week.touched_moved += u64::from(retained);
        } else {
            week.untouched += 1;
            week.untouched_moved += u64::from(retained);
        }
    }

    /// Compares; `None` where no week has both.
    #[must_use]
    pub fn retention(&self) -> Option<StageLift> {
        progression(&self.weeks.values().copied().collect::<Vec<_>>())
    }
}

impl Fold for FollowUp {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            let wanted = self.question.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1);
            if wanted && !self.reading.ephemeral && !self.reading.rows.is_empty() {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (week, theirs) in other.weeks {
            let mine = self.weeks.entry(week).or_default();
            mine.touched += theirs.touched;
            mine.touched_moved += theirs.touched_moved;
            mine.untouched += theirs.untouched;
            mine.untouched_moved += theirs.untouched_moved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;
    use model::time::DAY;
    use proptest::prelude::*;

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> FollowUp {
        let (meaning, laid) = example::rows(rows, 120);
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let question = Question { segment: None, touchpoint: 1, within: 14 * DAY, horizon: 90 * DAY };
        let mut fold = FollowUp::new(Arc::new(meaning), Arc::new(question));
        fold.take(&part);
        fold
    }

    /// Reads rows of one person and returns (followed up, retained); `None` when left out.
    #[track_caller]
    fn check(rows: &[(i64, &str, Form)], expected: Option<(bool, bool)>) {
        let rows: Vec<Row> = rows.iter().map(|(day, place, form)| Row::new(1 << 54, *day, place, *form)).collect();
        let week = run(&rows, |_| true).weeks.into_values().next();
        let found = week.map(|week| (week.touched == 1, week.touched_moved + week.untouched_moved == 1));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_table_above() {
        let bought = (10, "till", Form::Purchase);
        check(&[bought, (12, "mail", Form::Message), (60, "page", Form::Visit)], Some((true, true)));
        check(&[bought, (12, "mail", Form::Message), (20, "page", Form::Visit)], Some((true, false)));
        check(&[bought, (70, "page", Form::Visit)], Some((false, true)));
        check(&[bought, (40, "mail", Form::Message)], Some((false, false)));
        check(&[(40, "till", Form::Purchase)], None);
        check(&[(10, "page", Form::Visit)], None);
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..30_u64, 0..120_i64, 0..4_usize, prop::bool::ANY), 0..150), parts in 1..8_u64) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, place, bought)| {
                Row::new(person << 54, day, example::TOUCHPOINTS[place], if bought { Form::Purchase } else { Form::Visit })
            }).collect();
            let whole = run(&rows, |_| true);
            let mut merged = run(&rows, |_| false);
            (0..parts).for_each(|part| merged.merge(run(&rows, |person| mix(person) % parts == part)));
            prop_assert_eq!(merged.weeks, whole.weeks);
        }
    }
}
