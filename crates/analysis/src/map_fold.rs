//! The fold behind the map: reads every person once and lets all instruments look at the same reading.
//!
//! State is kept per set of segments that a person belongs to, so one pass gives the report of everybody and of every
//! segment: a segment is the sum of the sets that contain it.

use crate::experience::loyalty::{Given, Loyalty, Seen, answers_of};
use crate::experience::waits::Wait;
use crate::frequency::{Frequency, Open};
use crate::journeys::Journeys;
use crate::landmarks::Landmarks;
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::replies::Replies;
use crate::sequence::{Fold, Rows};
use crate::tally::{Marks, Tally};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More signals than the dictionary of signals takes.
const SIGNALS_MAX: usize = 1_000_000;

/// Is the state of a map analysis: compact, mergeable, exact.
#[derive(Debug)]
pub struct MapFold {
    meaning: Arc<Meaning>,
    /// By the set of segments, as bits.
    pub groups: BTreeMap<u64, Group>,
    /// Interactions by signal, of signals bound to no touchpoint.
    pub unmapped: Vec<u64>,
    /// Interactions of machines.
    pub bots: u64,
    scratch: Scratch,
}

/// Holds what all instruments know of the people of one set of segments.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Counts (M1–M3, M8, M10–M12).
    pub tally: Tally,
    /// Stage progression (M6).
    pub landmarks: Landmarks,
    /// Frequency response (M9).
    pub frequency: Frequency,
    /// Attribution (M5).
    pub journeys: Journeys,
    /// How those who ask are answered (M14, M15).
    pub replies: Replies,
    /// What matters to loyalty (M17).
    pub loyalty: Loyalty,
}

/// Is memory used again for every person; no part of the state.
#[derive(Default, Debug)]
struct Scratch {
    reading: Reading,
    marks: Marks,
    open: Open,
    path: Vec<u16>,
    waits: Vec<Wait>,
    answers: Vec<Given>,
    seen: Seen,
}

impl Group {
    /// Makes an empty group of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        Self {
            tally: Tally::new(meaning),
            landmarks: Landmarks::new(meaning),
            frequency: Frequency::new(meaning),
            journeys: Journeys::new(meaning),
            replies: Replies::new(meaning),
            loyalty: Loyalty::default(),
        }
    }

    /// Adds another group of the same map.
    pub fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.landmarks.merge(&other.landmarks);
        self.frequency.merge(&other.frequency);
        self.journeys.merge(&other.journeys);
        self.replies.merge(&other.replies);
        self.loyalty.merge(&other.loyalty);
    }

    fn take(&mut self, meaning: &Meaning, rows: &Rows, scratch: &mut Scratch) {
        let Scratch { reading, marks, open, path, waits, answers, seen } = scratch;
        self.tally.take(meaning, rows, reading, marks);
        if !reading.ephemeral {
            self.landmarks.take(meaning, rows, reading);
            self.frequency.take(meaning, rows, reading, open);
            self.journeys.take(meaning, rows, reading, path);
            self.replies.take(meaning, rows, reading, waits);
            answers_of(rows, reading, answers);
            self.loyalty.take(answers, meaning.touchpoints.len(), seen);
        }
    }
}

impl MapFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>) -> Self {
        Self { meaning, groups: BTreeMap::new(), unmapped: Vec::new(), bots: 0, scratch: Scratch::default() }
    }

    /// Returns what the facts mean.
    #[must_use]
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// Sums the groups of one segment, or of everybody.
    #[must_use]
    pub fn sum(&self, segment: Option<usize>) -> Group {
        let mut sum = Group::new(&self.meaning);
        let of_segment = |set: &u64| segment.is_none_or(|segment| set >> segment & 1 == 1);
        for (_, group) in self.groups.iter().filter(|(set, _)| of_segment(set)) {
            sum.merge(group);
        }
        sum
    }

    fn count_unmapped(&mut self, rows: &Rows) {
        let reading = &self.scratch.reading;
        for (row, touchpoint) in reading.rows.iter().zip(&reading.touchpoint) {
            if *touchpoint == NOWHERE {
                // A number that no dictionary can hold must not ask for memory; it is counted in the last place.
                let signal = (rows.signal[*row] as usize).min(SIGNALS_MAX);
                if self.unmapped.len() <= signal {
                    self.unmapped.resize(signal + 1, 0);
                }
                self.unmapped[signal] += 1;
            }
        }
    }
}

impl Fold for MapFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.scratch.reading.read(&meaning, rows, person);
            self.bots += self.scratch.reading.bots;
            if self.scratch.reading.rows.is_empty() {
                continue;
            }
            self.count_unmapped(rows);
            let group = self.groups.entry(self.scratch.reading.segments).or_insert_with(|| Group::new(&meaning));
            group.take(&meaning, rows, &mut self.scratch);
        }
    }

    fn merge(&mut self, other: Self) {
        for (set, theirs) in other.groups {
            match self.groups.get_mut(&set) {
                Some(mine) => mine.merge(&theirs),
                None => {
                    self.groups.insert(set, theirs);
                }
            }
        }
        if self.unmapped.len() < other.unmapped.len() {
            self.unmapped.resize(other.unmapped.len(), 0);
        }
        crate::tally::add(&mut self.unmapped, &other.unmapped);
        self.bots += other.bots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::{Flags, Form};
    use proptest::prelude::*;

    fn row() -> impl Strategy<Value = Row> {
        let forms = prop::sample::select(vec![Form::View, Form::Visit, Form::Purchase, Form::Complaint, Form::Unsubscribe]);
        (0..40_u64, 0..120_i64, 0..5_u32, forms, prop::bool::weighted(0.05)).prop_map(|(person, day, signal, form, bot)| Row {
            person: person << 54,
            at: day * model::time::DAY,
            signal,
            form,
            value: if form == Form::Purchase { 1_234 } else { 0 },
            flags: if bot { Flags::BOT.0 } else { 0 },
        })
    }

    fn run(meaning: &Arc<Meaning>, rows: &Rows, keep: impl Fn(u64) -> bool) -> MapFold {
        let mut part = Rows::default();
        rows.people().filter(|range| keep(rows.person[range.start])).for_each(|range| part.extend(rows, range.start, range.end));
        let mut fold = MapFold::new(Arc::clone(meaning));
        fold.take(&part);
        fold
    }

    proptest! {
        /// The law: any split of the people, merged in any order, is one run over all of them, bit for bit.
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec(row(), 0..300), parts in 1..8_u64, backwards: bool) {
            let (meaning, rows) = example::rows(&rows, 120);
            let meaning = Arc::new(meaning);
            let whole = run(&meaning, &rows, |_| true);
            let mut pieces: Vec<_> = (0..parts)
                .map(|part| run(&meaning, &rows, |person| crate::landmarks::mix(person) % parts == part))
                .collect();
            if backwards {
                pieces.reverse();
            }
            let mut merged = MapFold::new(Arc::clone(&meaning));
            pieces.into_iter().for_each(|piece| merged.merge(piece));
            prop_assert_eq!(&merged.groups, &whole.groups);
            prop_assert_eq!(merged.bots, whole.bots);
            prop_assert_eq!(&merged.unmapped, &whole.unmapped);
        }

        /// Who is left out counts nowhere: the report is that of a ledger without them.
        #[test]
        fn who_is_left_out_counts_nowhere(rows in prop::collection::vec(row(), 0..300), left_out in prop::collection::btree_set(0..40_u64, 0..20)) {
            let (meaning, rows) = example::rows(&rows, 120);
            let left_out: Vec<u64> = left_out.into_iter().map(|person| person << 54).collect();
            let without = run(&Arc::new(meaning.clone()), &rows, |person| !left_out.contains(&person));
            let meaning = Arc::new(meaning.leaving_out(left_out));
            let told = run(&meaning, &rows, |_| true);
            prop_assert_eq!(&told.groups, &without.groups);
            prop_assert_eq!((told.bots, &told.unmapped), (without.bots, &without.unmapped));
        }

        /// Every interaction is counted once, whatever looks at it.
        #[test]
        fn interactions_add_up(rows in prop::collection::vec(row(), 0..300)) {
            let (meaning, rows) = example::rows(&rows, 120);
            let fold = run(&Arc::new(meaning), &rows, |_| true);
            let all = fold.sum(None).tally;
            let met: u64 = all.touchpoints.iter().map(|met| met.interactions).sum();
            prop_assert_eq!(met + all.unmapped, all.interactions);
            prop_assert_eq!(all.cells.iter().map(|cell| cell.interactions).sum::<u64>(), met);
            prop_assert_eq!(all.interactions + fold.bots, rows.len() as u64);
            prop_assert_eq!(all.unmapped, fold.unmapped.iter().sum::<u64>());
            let by_segment: u64 = (0..2).map(|segment| fold.sum(Some(segment)).tally.people).sum();
            prop_assert_eq!(by_segment, all.people);
        }
    }

    #[test]
    fn a_day_visitor_is_no_person() {
        let visitor = |person: u64, day| Row {
            flags: Flags::EPHEMERAL.with(Flags::VISITOR).0,
            ..Row::new(person << 54, day, "page", Form::Visit)
        };
        let unknown = Row { flags: Flags::EPHEMERAL.0, ..Row::new(9_u64 << 54, 1, "till", Form::Purchase) };
        let rows = [visitor(1, 1), visitor(1, 1), visitor(2, 2), unknown, Row::new(5_u64 << 54, 1, "page", Form::Visit)];
        let (meaning, rows) = example::rows(&rows, 120);
        let tally = run(&Arc::new(meaning), &rows, |_| true).sum(None).tally;
        assert_eq!((tally.people, tally.day_visitors, tally.interactions), (1, 2, 5));
    }
}
