//! Lifecycle: how many people are new, stay, come back after an absence, or fall silent, period by period.
//!
//! In each period of fixed length from the start of the data a person is **new** (active for the first time), **returning**
//! (active here and in the period before), **resurrected** (active again after at least one period without) or **dormant**
//! (active in the period before and not here). New + returning + resurrected are the active people of the period; returning +
//! dormant are the active people of the period before. Whoever stays silent is dormant once, in the first silent period.
//!
//! | person | active in periods | 0 | 1 | 2 | 3 |
//! |---|---|---|---|---|---|
//! | 1 | 0, 1 | new | returning | dormant | |
//! | 2 | 0, 2 | new | dormant | resurrected | dormant |
//! | 3 | 1 | | new | dormant | |
//! | 4 | 3 | | | | new |
//! | 5 | none | | | | |
//!
//! Source: "growth accounting", as product analytics tools name it. State: four counts for each period; O(rows).

use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts people by period.
#[derive(Debug)]
pub struct LifecycleFold {
    meaning: Arc<Meaning>,
    period: i64,
    periods: BTreeMap<i64, Lives>,
    reading: Reading,
}

/// Is the people of one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lives {
    /// Active for the first time.
    pub new: u64,
    /// Active here and in the period before.
    pub returning: u64,
    /// Active again after an absence.
    pub resurrected: u64,
    /// Active in the period before and not here.
    pub dormant: u64,
}

impl LifecycleFold {
    /// Makes a fold that has read nothing, for periods of so many microseconds.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, period: i64) -> Self {
        Self { meaning, period: period.max(1), periods: BTreeMap::new(), reading: Reading::default() }
    }

    /// Returns the periods in which anything is known, by number from the start of the data.
    #[must_use]
    pub const fn periods(&self) -> &BTreeMap<i64, Lives> {
        &self.periods
    }

    /// Returns the period in which the data end: it may not be over.
    #[must_use]
    pub fn last(&self) -> i64 {
        (self.meaning.window.1.0 - self.meaning.window.0.0).div_euclid(self.period)
    }

    fn count(&mut self, rows: &Rows) {
        let (start, last) = (self.meaning.window.0.0, self.last());
        let mut before: Option<i64> = None;
        for row in &self.reading.rows {
            let now = (rows.at[*row] - start).div_euclid(self.period);
            if before == Some(now) {
                continue;
            }
            let lives = self.periods.entry(now).or_default();
            match before {
                None => lives.new += 1,
                Some(before) if before + 1 == now => lives.returning += 1,
                Some(_) => lives.resurrected += 1,
            }
            if let Some(before) = before.filter(|before| before + 1 < now) {
                self.periods.entry(before + 1).or_default().dormant += 1;
            }
            before = Some(now);
        }
        if let Some(before) = before.filter(|before| *before < last) {
            self.periods.entry(before + 1).or_default().dormant += 1;
        }
    }
}

impl Fold for LifecycleFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (period, theirs) in other.periods {
            let mine = self.periods.entry(period).or_default();
            mine.new += theirs.new;
            mine.returning += theirs.returning;
            mine.resurrected += theirs.resurrected;
            mine.dormant += theirs.dormant;
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
    use std::collections::BTreeSet;

    fn run(people: &[(u64, i64)], last_day: i64) -> LifecycleFold {
        let rows: Vec<Row> = people.iter().map(|(person, day)| Row::new(*person, *day, "page", Form::Visit)).collect();
        let (meaning, rows) = example::rows(&rows, last_day);
        let mut fold = LifecycleFold::new(Arc::new(meaning), 7 * DAY);
        fold.take(&rows);
        fold
    }

    #[test]
    fn the_example_of_the_documentation() {
        let fold = run(&[(1, 0), (1, 7), (2, 1), (2, 15), (3, 8), (4, 22)], 27);
        let lives = |new, returning, resurrected, dormant| Lives { new, returning, resurrected, dormant };
        let expected = [lives(2, 0, 0, 0), lives(1, 1, 0, 1), lives(0, 0, 1, 2), lives(1, 0, 0, 1)];
        assert_eq!(fold.periods().values().copied().collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn periods_add_up_and_parts_merge(touches in prop::collection::btree_set((0..12_u64, 0..90_i64), 0..80), parts in 1..8_u64) {
            let all: Vec<(u64, i64)> = touches.into_iter().collect();
            let whole = run(&all, 91);
            let active = |period: i64| all.iter().filter(|(_, day)| day / 7 == period).map(|(person, _)| person).collect::<BTreeSet<_>>();
            for period in 0..=13 {
                let lives = whole.periods().get(&period).copied().unwrap_or_default();
                prop_assert_eq!(lives.new + lives.returning + lives.resurrected, active(period).len() as u64);
                if period > 0 {
                    prop_assert_eq!(lives.returning + lives.dormant, active(period - 1).len() as u64);
                }
            }
            let part = |part: u64| all.iter().copied().filter(|(person, _)| person % parts == part).collect::<Vec<_>>();
            let mut merged = run(&part(0), 91);
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at), 91)));
            prop_assert_eq!(&merged.periods, &whole.periods);
        }
    }
}
