//! The merge of sorted runs into one sorted stream, and the order of rows that all of it rests on.
//!
//! Both the scan and the compaction are this merge, with other runs and another sink. It hands over whole stretches
//! of rows, so where only one run knows a person, which is the common case, rows are copied in bulk.

use crate::error::Result;
use analysis::sequence::Rows;
use std::cmp::Ordering;
use std::ops::Range;

/// Is a sorted stream of rows of which a part is in memory.
pub(crate) trait Run {
    /// Returns the part in memory.
    fn rows(&self) -> &Rows;

    /// Replaces the part in memory by the next one; an empty part is the end.
    fn refill(&mut self) -> Result<()>;

    /// Orders a row of this run against one of another.
    fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        compare(self.rows(), row, other.rows(), other_row)
    }
}

/// Is what takes the merged rows.
pub(crate) trait Sink<R> {
    /// Takes the next rows of the stream: a stretch of one run's part in memory.
    fn take(&mut self, runs: &[R], run: usize, stretch: Range<usize>) -> Result<()>;

    /// Learns that a run is about to replace its part in memory.
    fn before_refill(&mut self, _runs: &[R]) -> Result<()> {
        Ok(())
    }
}

/// Orders two rows by [`Rows::key`], without building the keys when the first columns decide.
pub(crate) fn compare(one: &Rows, row: usize, other: &Rows, other_row: usize) -> Ordering {
    let person = one.person[row].cmp(&other.person[other_row]);
    let time = || one.at[row].cmp(&other.at[other_row]);
    person.then_with(time).then_with(|| one.key(row).cmp(&other.key(other_row)))
}

/// Merges runs until all are at their end. Keeps nothing but their parts in memory.
pub(crate) fn merge<R: Run>(mut runs: Vec<R>, sink: &mut impl Sink<R>) -> Result<()> {
    let mut heads = vec![0; runs.len()];
    for run in &mut runs {
        run.refill()?;
    }
    let mut at = 0;
    while at < runs.len() {
        at += usize::from(!drop_if_empty(&mut runs, &mut heads, at));
    }
    while let Some((first, second)) = two_lowest(&runs, &heads) {
        let end = match second {
            None => runs[first].rows().len(),
            Some(second) => precede(&runs[first], heads[first], &runs[second], heads[second]),
        };
        sink.take(&runs, first, heads[first]..end)?;
        heads[first] = end;
        if end == runs[first].rows().len() {
            sink.before_refill(&runs)?;
            runs[first].refill()?;
            heads[first] = 0;
            drop_if_empty(&mut runs, &mut heads, first);
        }
    }
    Ok(())
}

/// Forgets a run that is at its end.
fn drop_if_empty<R: Run>(runs: &mut Vec<R>, heads: &mut Vec<usize>, run: usize) -> bool {
    let is_empty = runs[run].rows().is_empty();
    if is_empty {
        runs.swap_remove(run);
        heads.swap_remove(run);
    }
    is_empty
}

/// Finds the run whose next row comes first, and the one that comes after it.
fn two_lowest<R: Run>(runs: &[R], heads: &[usize]) -> Option<(usize, Option<usize>)> {
    if runs.is_empty() {
        return None;
    }
    let (mut first, mut second) = (0, None);
    for run in 1..runs.len() {
        if runs[run].compare(heads[run], &runs[first], heads[first]).is_lt() {
            second = Some(first);
            first = run;
        } else if second.is_none_or(|second: usize| runs[run].compare(heads[run], &runs[second], heads[second]).is_lt()) {
            second = Some(run);
        }
    }
    Some((first, second))
}

/// Finds the end of the rows of `run` that come before the next row of `other`; there is at least one.
fn precede<R: Run>(run: &R, head: usize, other: &R, other_head: usize) -> usize {
    let (rows, bound) = (run.rows(), other.rows().person[other_head]);
    if rows.person[head] < bound {
        return head + gallop(&rows.person[head..], bound);
    }
    let more = (head + 1..rows.len()).take_while(|row| run.compare(*row, other, other_head).is_le());
    head + 1 + more.count()
}

/// Counts the persons below a bound in steps that double: quick for a few, and still quick for many.
fn gallop(persons: &[u64], bound: u64) -> usize {
    let mut step = 1;
    while step < persons.len() && persons[step] < bound {
        step *= 2;
    }
    let from = step / 2;
    let to = step.min(persons.len());
    from + persons[from..to].partition_point(|person| *person < bound)
}

/// Returns the places of rows in their order.
pub(crate) fn sorted_places(rows: &Rows) -> Vec<u32> {
    let mut places: Vec<u32> = (0..rows.len() as u32).collect();
    places.sort_unstable_by(|one, other| compare(rows, *one as usize, rows, *other as usize));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Is a run over rows in memory that are handed out a few at a time.
    struct Parts {
        all: Rows,
        part: Rows,
        next: usize,
        size: usize,
    }

    impl Run for Parts {
        fn rows(&self) -> &Rows {
            &self.part
        }

        fn refill(&mut self) -> Result<()> {
            let end = (self.next + self.size).min(self.all.len());
            self.part.clear();
            self.part.extend(&self.all, self.next, end);
            self.next = end;
            Ok(())
        }
    }

    impl Sink<Parts> for Rows {
        fn take(&mut self, runs: &[Parts], run: usize, stretch: Range<usize>) -> Result<()> {
            assert!(!stretch.is_empty(), "every step moves on");
            self.extend(&runs[run].part, stretch.start, stretch.end);
            Ok(())
        }
    }

    fn rows(pairs: &[(u64, i64)]) -> Rows {
        let n = pairs.len();
        Rows {
            person: pairs.iter().map(|pair| pair.0).collect(),
            at: pairs.iter().map(|pair| pair.1).collect(),
            signal: vec![0; n],
            form: vec![0; n],
            direction: vec![0; n],
            value: vec![0; n],
            cost: vec![0; n],
            score: vec![0; n],
            flags: vec![0; n],
        }
    }

    proptest! {
        #[test]
        fn merged_is_sorted(runs in prop::collection::vec(prop::collection::vec((0_u64..6, 0_i64..6), 0..30), 0..6), size in 1_usize..9) {
            let mut all: Vec<_> = runs.concat();
            all.sort_unstable();
            let part = |mut run: Vec<_>| { run.sort_unstable(); Parts { all: rows(&run), part: Rows::default(), next: 0, size } };
            let mut merged = Rows::default();
            merge(runs.into_iter().map(part).collect(), &mut merged).expect("nothing can fail");
            prop_assert_eq!(merged, rows(&all));
        }

        #[test]
        fn galloping_counts(mut persons in prop::collection::vec(0_u64..50, 1..60), bound in 0_u64..60) {
            persons.sort_unstable();
            let plain = persons.iter().filter(|person| **person < bound).count();
            prop_assert_eq!(gallop(&persons, bound), plain);
        }
    }
}
