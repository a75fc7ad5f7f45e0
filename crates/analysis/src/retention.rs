//! Retention: of those who began, how many came back after one period, two, three …
//!
//! A person begins with their first row that fits (any row, or a mark such as an outcome), and belongs to the cohort of
//! that moment: periods are counted from the start of the window. They are **active at age k** when a row that fits falls
//! into the k-th period after their own beginning, so that everybody's periods are equally long. Whoever has not lived
//! through the whole of period k by the end of the window is left out of it (censored), not counted as gone: a young
//! cohort would look disloyal for being young.
//!
//! Source: the classic cohort table of life insurance; ages from a person's own beginning rather than from calendar dates.
//!
//! | person | rows (day), periods of 7 days, window 21 days | active at age 0, 1 | old enough for age 0, 1, 2 |
//! |---|---|---|---|
//! | 1 | 0, 8 | yes, yes | yes, yes, yes |
//! | 2 | 0 | yes, no | yes, yes, yes |
//! | 3 | 3, 11 | yes, yes | yes, yes, no |
//! | 4 | 10 | yes, – | yes, no, no |
//! | 5 | 18 | (too young) | no, no, no |
//!
//! So at age 1 two of three came back: 66.7 % [20.8; 93.9]. State: two counts per cohort and age. One pass, O(rows).

use crate::funnel::Step;
use crate::intervals::{Estimate, proportion};
use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Is how many ages are kept; older ones say little and cost a column each.
pub const AGES_MAX: usize = 104;

/// Is the question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retention {
    /// What begins a person's time with us; empty: anything.
    pub begin: Step,
    /// What shows that they are still there; empty: anything.
    pub active: Step,
    /// The length of a period, in microseconds; at least 1.
    pub period: i64,
}

/// Counts who came back.
#[derive(Debug)]
pub struct RetentionFold {
    meaning: Arc<Meaning>,
    retention: Arc<Retention>,
    /// By set of segments and cohort: for each age, people old enough and people active.
    cohorts: BTreeMap<(u64, i64), Vec<Cell>>,
    reading: Reading,
}

/// Is one cohort at one age.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cell {
    /// People who have lived through the period.
    pub old_enough: u64,
    /// Those of them who were active in it.
    pub active: u64,
}

impl Cell {
    /// Returns the share of those old enough who were active.
    #[must_use]
    pub fn share(self) -> Option<Estimate> {
        proportion(self.active, self.old_enough)
    }
}

impl RetentionFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, retention: Arc<Retention>) -> Self {
        Self { meaning, retention, cohorts: BTreeMap::new(), reading: Reading::default() }
    }

    /// Returns the cohorts of one segment, by position, or of everybody: number of the period they began in, and ages.
    #[must_use]
    pub fn cohorts(&self, segment: Option<usize>) -> BTreeMap<i64, Vec<Cell>> {
        let mut sums: BTreeMap<i64, Vec<Cell>> = BTreeMap::new();
        let of_segment = |set: u64| segment.is_none_or(|segment| set >> segment & 1 == 1);
        for ((_, cohort), cells) in self.cohorts.iter().filter(|((set, _), _)| of_segment(*set)) {
            add(sums.entry(*cohort).or_default(), cells);
        }
        sums
    }

    /// Sums all cohorts of one segment or of everybody.
    #[must_use]
    pub fn all(&self, segment: Option<usize>) -> Vec<Cell> {
        let mut sum = Vec::new();
        self.cohorts(segment).values().for_each(|cells| add(&mut sum, cells));
        sum
    }

    /// Counts the person that was just read.
    fn count(&mut self, rows: &Rows) {
        let (start, end) = (self.meaning.window.0.0, self.meaning.window.1.0);
        let reading = &self.reading;
        let fits = |step: &Step, position: usize| {
            step.is_empty() || step.iter().any(|mark| mark.fits(&self.meaning, rows, reading, position))
        };
        let Some(first) = (0..reading.rows.len()).find(|position| fits(&self.retention.begin, *position)) else { return };
        let began = rows.at[reading.rows[first]];
        let period = self.retention.period;
        // Period k is over when k + 1 periods have passed.
        let ages = usize::try_from((end - began).div_euclid(period)).unwrap_or(0).min(AGES_MAX);
        let cohort = (began - start).div_euclid(period);
        let cells = self.cohorts.entry((reading.segments, cohort)).or_default();
        if cells.len() < ages {
            cells.resize(ages, Cell::default());
        }
        cells.iter_mut().take(ages).for_each(|cell| cell.old_enough += 1);
        let mut counted = None;
        for position in first..reading.rows.len() {
            // To have begun is to be active at age 0.
            if position == first || fits(&self.retention.active, position) {
                let age = usize::try_from((rows.at[reading.rows[position]] - began).div_euclid(period)).unwrap_or(usize::MAX);
                if age < ages && counted != Some(age) {
                    cells[age].active += 1;
                    counted = Some(age);
                }
            }
        }
    }
}

fn add(sum: &mut Vec<Cell>, cells: &[Cell]) {
    if sum.len() < cells.len() {
        sum.resize(cells.len(), Cell::default());
    }
    for (mine, theirs) in sum.iter_mut().zip(cells) {
        mine.old_enough += theirs.old_enough;
        mine.active += theirs.active;
    }
}

impl Fold for RetentionFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, theirs) in other.cohorts {
            add(self.cohorts.entry(key).or_default(), &theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use crate::funnel::Mark;
    use model::Form;
    use model::time::DAY;
    use proptest::prelude::*;

    fn weekly() -> Retention {
        Retention { begin: Vec::new(), active: Vec::new(), period: 7 * DAY }
    }

    fn run(people: &[&[i64]], retention: Retention, last_day: i64) -> RetentionFold {
        let row = |(person, days): (usize, &&[i64])| {
            days.iter().map(move |day| Row::new(person as u64 + 1, *day, "page", Form::Visit)).collect::<Vec<_>>()
        };
        let rows: Vec<Row> = people.iter().enumerate().flat_map(row).collect();
        let (meaning, rows) = example::rows(&rows, last_day);
        let mut fold = RetentionFold::new(Arc::new(meaning), Arc::new(retention));
        fold.take(&rows);
        fold
    }

    fn pairs(cells: &[Cell]) -> Vec<(u64, u64)> {
        cells.iter().map(|cell| (cell.active, cell.old_enough)).collect()
    }

    #[test]
    fn the_example_of_the_documentation() {
        let fold = run(&[&[0, 8], &[0], &[3, 11], &[10], &[18]], weekly(), 21);
        assert_eq!(pairs(&fold.all(None)), [(4, 4), (2, 3), (0, 2)]);
        let share = fold.all(None)[1].share().expect("somebody is old enough");
        let interval = share.interval.expect("has one");
        assert!((interval.low - 0.208).abs() < 5e-4 && (interval.high - 0.939).abs() < 5e-4, "{interval:?}");
        let cohorts = fold.cohorts(None);
        assert_eq!(cohorts.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(pairs(&cohorts[&1]), [(1, 1)]);
    }

    #[test]
    fn coming_twice_in_a_period_counts_once() {
        assert_eq!(pairs(&run(&[&[0, 1, 2, 8, 9]], weekly(), 21).all(None)), [(1, 1), (1, 1), (0, 1)]);
    }

    #[test]
    fn a_beginning_can_be_something_special() {
        let bought = Retention { begin: vec![Mark::Form(Form::Purchase as u8)], ..weekly() };
        assert_eq!(run(&[&[0, 8]], bought, 21).all(None), []);
    }

    #[test]
    fn nobody_gives_nothing() {
        assert_eq!(run(&[], weekly(), 0).all(None), []);
        assert_eq!(Cell::default().share(), None);
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole_and_nobody_is_lost(
            people in prop::collection::vec(prop::collection::btree_set(0_i64..90, 1..8), 0..30),
            parts in 1_usize..8,
        ) {
            let days: Vec<Vec<i64>> = people.iter().map(|days| days.iter().copied().collect()).collect();
            let all: Vec<&[i64]> = days.iter().map(Vec::as_slice).collect();
            let whole = run(&all, weekly(), 91);
            let part = |part: usize| all.iter().enumerate().filter(|(at, _)| at % parts == part).map(|(_, days)| *days).collect::<Vec<_>>();
            let mut merged = run(&part(0), weekly(), 91);
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at), weekly(), 91)));
            prop_assert_eq!(merged.cohorts(None), whole.cohorts(None));
            // The plain version of age 0: everybody who has been here for a whole period was active in it.
            let old = days.iter().filter(|days| 91 - days[0] >= 7).count() as u64;
            prop_assert_eq!(whole.all(None).first().map_or((0, 0), |cell| (cell.active, cell.old_enough)), (old, old));
            for cell in whole.all(None) {
                prop_assert!(cell.active <= cell.old_enough);
            }
        }
    }
}
