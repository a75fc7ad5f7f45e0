//! Paths: the exact runs of touchpoints that people walk, and how many people walk each.
//!
//! A path of length n is n touches one directly after the other, as touches of the map (rows bound to no touchpoint do not
//! count as between). A person counts once for each path that occurs anywhere in their sequence. So the people of the path
//! A > B > C are exactly those who reach the end of the strict funnel A, B, C ([`crate::funnel`]): both stand on the same rows.
//!
//! | person | touches | paths of length 2 |
//! |---|---|---|
//! | 1 | ads, page, till | ads > page, page > till |
//! | 2 | ads, page, ads, page | ads > page, page > ads |
//! | 3 | page | none |
//! | 4 | page, page | page > page |
//! | 5 | nothing bound | none |
//!
//! Source: the definition is ours (n-grams of touches, in people). State: one entry for each distinct path; O(rows).

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use foldhash::{HashMap, HashSet};
use std::sync::Arc;

/// Counts people by path.
#[derive(Debug)]
pub struct PathFold {
    meaning: Arc<Meaning>,
    length: usize,
    people: u64,
    paths: HashMap<Box<[u16]>, Walked>,
    reading: Reading,
}

/// Is who walked a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Walked {
    /// People.
    pub people: u64,
    /// Those of them who had the target outcome at its end or later.
    pub converted: u64,
}

impl PathFold {
    /// Makes a fold that has read nothing, for paths of `length` touches.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, length: usize) -> Self {
        Self { meaning, length: length.max(1), people: 0, paths: HashMap::default(), reading: Reading::default() }
    }

    /// Returns how many people have at least one touch.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// Returns the paths with most people first; equal ones in the order of their touchpoints.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&[u16], Walked)> {
        let mut sorted: Vec<(&[u16], Walked)> = self.paths.iter().map(|(path, walked)| (&**path, *walked)).collect();
        sorted.sort_unstable_by(|one, other| other.1.people.cmp(&one.1.people).then_with(|| one.0.cmp(other.0)));
        sorted
    }

    fn count(&mut self) {
        let (mut touches, mut places) = (Vec::new(), Vec::new());
        let mut last_outcome = None;
        for (position, touchpoint) in self.reading.touchpoint.iter().enumerate() {
            if *touchpoint != NOWHERE {
                touches.push(*touchpoint);
                places.push(position);
            }
            if self.reading.outcomes[position] & self.meaning.target != 0 {
                last_outcome = Some(position);
            }
        }
        self.people += u64::from(!touches.is_empty());
        let mut seen = HashSet::default();
        for (run, ends) in touches.windows(self.length).zip(places.iter().skip(self.length - 1)) {
            if !seen.insert(run) {
                continue;
            }
            if !self.paths.contains_key(run) {
                self.paths.insert(run.into(), Walked::default());
            }
            if let Some(walked) = self.paths.get_mut(run) {
                walked.people += 1;
                walked.converted += u64::from(last_outcome.is_some_and(|last| last >= *ends));
            }
        }
    }
}

impl Fold for PathFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count();
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.people += other.people;
        for (path, theirs) in other.paths {
            let mine = self.paths.entry(path).or_default();
            mine.people += theirs.people;
            mine.converted += theirs.converted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use crate::funnel::{Funnel, FunnelFold, Mark, Order};
    use model::Form;
    use proptest::prelude::*;

    fn run(rows: &[Row], length: usize) -> PathFold {
        let (meaning, rows) = example::rows(rows, 200);
        let mut fold = PathFold::new(Arc::new(meaning), length);
        fold.take(&rows);
        fold
    }

    #[test]
    fn the_example_of_the_documentation() {
        let people: [&[&str]; 4] = [&["ads", "page", "till"], &["ads", "page", "ads", "page"], &["page"], &["page", "page"]];
        let row = |person: usize, day: usize, name: &str| Row::new(person as u64, day as i64, name, Form::Visit);
        let rows: Vec<Row> = people
            .iter()
            .enumerate()
            .flat_map(|(person, names)| names.iter().enumerate().map(move |(day, name)| row(person, day, name)))
            .collect();
        let fold = run(&rows, 2);
        let found: Vec<(Vec<u16>, u64)> = fold.sorted().iter().map(|(path, walked)| (path.to_vec(), walked.people)).collect();
        assert_eq!(found, [(vec![0, 2], 2), (vec![2, 0], 1), (vec![2, 2], 1), (vec![2, 3], 1)]);
        assert_eq!(fold.people(), 4);
    }

    proptest! {
        /// Two instruments, one truth.
        #[test]
        fn a_path_is_the_strict_funnel_of_its_touchpoints(
            touches in prop::collection::vec((0..8_u64, 0..60_i64, 0..4_usize), 0..80),
            path in prop::collection::vec(0..4_u16, 3),
            parts in 1..8_u64,
        ) {
            let rows: Vec<Row> =
                touches.iter().map(|(person, day, at)| Row::new(*person, *day, TOUCHPOINTS[*at], Form::Visit)).collect();
            let whole = run(&rows, 3);
            let steps = path.iter().map(|at| vec![Mark::Touchpoint(*at)]).collect();
            let funnel = Funnel { steps, order: Order::Strict, ..Funnel::default() };
            let (meaning, laid) = example::rows(&rows, 200);
            let mut strict = FunnelFold::new(Arc::new(meaning), Arc::new(funnel));
            strict.take(&laid);
            let walked = whole.paths.get(path.as_slice()).map_or(0, |walked| walked.people);
            prop_assert_eq!(walked, strict.finish(None)[2].people);

            let part = |part: u64| rows.iter().filter(|row| row.person % parts == part).cloned().collect::<Vec<_>>();
            let mut merged = run(&part(0), 3);
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at), 3)));
            prop_assert_eq!((merged.people, &merged.paths), (whole.people, &whole.paths));
        }
    }
}
