//! What a person said at touchpoints beside what the same person says overall (M17, derived importance).
//!
//! Overall is a person's last answer to "would you recommend us"; beside it stands the last answer at each touchpoint. A touchpoint
//! whose answers go with loyalty matters ([`Pairs::spearman`]), whatever people say of it.
//!
//! | touchpoint | answer | overall | pair |
//! |---|---|---|---|
//! | hotline, 3 May | 2 of 5 | | no: answered again later |
//! | hotline, 9 May | 4 of 5 | 9 | (hotline, 4, 9) |
//! | parcel | 5 of 5 | 9 | (parcel, 5, 9) |
//! | nowhere | 1 of 5 | 9 | no |
//! | shop | 3 of 5 | never asked | no |
//!
//! Cost: O(rows) per person, O(1) memory per touchpoint and scale.

use super::importance::{DERIVED_FROM, Pairs};
use crate::intervals::Estimate;
use crate::meaning::NOWHERE;
use crate::reading::Reading;
use crate::sequence::{Rows, unpack_score};
use model::{Scale, Score};
use std::collections::BTreeMap;

/// Is an answer of the person who is being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    /// Its place among the person's interactions.
    pub position: usize,
    /// Where it was given, or [`NOWHERE`].
    pub touchpoint: u16,
    /// What was answered.
    pub score: Score,
}

/// Collects what the person answered, in the order of time.
pub(crate) fn answers_of(rows: &Rows, reading: &Reading, found: &mut Vec<Given>) {
    found.clear();
    let scored = reading.rows.iter().enumerate().filter_map(|(position, row)| Some((position, unpack_score(rows.score[*row])?)));
    found.extend(scored.map(|(position, score)| Given { position, touchpoint: reading.touchpoint[position], score }));
}

/// Returns the last answer to "would you recommend us".
pub(crate) fn overall(answers: &[Given]) -> Option<Given> {
    answers.iter().rfind(|given| given.score.scale == Scale::Nps).copied()
}

/// Remembers which touchpoints were met in one pass over a person, without forgetting one by one.
#[derive(Default, Debug)]
pub(crate) struct Seen {
    now: u32,
    places: Vec<u32>,
}

impl Seen {
    /// Forgets all.
    pub(crate) fn renew(&mut self, places: usize) {
        if self.now == u32::MAX || self.places.len() != places {
            self.places = vec![0; places];
            self.now = 0;
        }
        self.now += 1;
    }

    /// Marks a place and tells whether it was not marked yet.
    pub(crate) fn first(&mut self, place: u16) -> bool {
        std::mem::replace(&mut self.places[place as usize], self.now) != self.now
    }

    /// Tells whether a place is marked.
    pub(crate) fn has(&self, place: u16) -> bool {
        self.places[place as usize] == self.now
    }
}

/// Holds pairs of (last answer at a touchpoint, overall answer), by touchpoint and the scale of the former.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loyalty(BTreeMap<(u16, Scale), Pairs>);

impl Loyalty {
    /// Counts one known person of a map with so many touchpoints.
    pub(crate) fn take(&mut self, answers: &[Given], touchpoints: usize, seen: &mut Seen) {
        let Some(overall) = overall(answers) else { return };
        seen.renew(touchpoints);
        let others = answers.iter().rev().filter(|given| given.position != overall.position);
        for given in others.filter(|given| given.touchpoint != NOWHERE) {
            // From the last to the first: the first one met of a touchpoint is its last.
            if seen.first(given.touchpoint) {
                let from = given.score.scale.range().0;
                let pairs = self.0.entry((given.touchpoint, given.score.scale)).or_default();
                pairs.add((given.score.answer - from) as usize, overall.score.answer as usize);
            }
        }
    }

    /// Adds what others counted.
    pub fn merge(&mut self, other: &Self) {
        for (key, theirs) in &other.0 {
            self.0.entry(*key).or_default().merge(theirs);
        }
    }

    /// Returns the pairs of a touchpoint; where it was judged on several scales, the one with the most pairs speaks for it.
    #[must_use]
    pub fn pairs(&self, touchpoint: u16) -> Option<&Pairs> {
        let scales = self.0.iter().filter(|((at, _), _)| *at == touchpoint).map(|(_, pairs)| pairs);
        // Of equals the first scale: `max_by_key` would take the last.
        scales.rev().max_by_key(|pairs| pairs.n())
    }

    /// Returns the derived importance of a touchpoint; none from fewer than [`DERIVED_FROM`] pairs.
    #[must_use]
    pub fn derived(&self, touchpoint: u16) -> Option<Estimate> {
        self.pairs(touchpoint).filter(|pairs| pairs.n() >= DERIVED_FROM)?.spearman()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(position: usize, touchpoint: u16, scale: Scale, answer: i16) -> Given {
        Given { position, touchpoint, score: Score::new(scale, answer).expect("on the scale") }
    }

    #[test]
    fn the_last_answer_at_each_touchpoint_is_paired_with_the_overall_one() {
        let (hotline, parcel) = (0, 1);
        let answers = [
            given(0, hotline, Scale::Five, 2),
            given(3, hotline, Scale::Five, 4),
            given(4, parcel, Scale::Five, 5),
            given(5, NOWHERE, Scale::Five, 1),
            given(6, parcel, Scale::Nps, 9),
        ];
        let mut loyalty = Loyalty::default();
        loyalty.take(&answers, 3, &mut Seen::default());
        let mut expected = Pairs::default();
        expected.add(3, 9);
        assert_eq!(loyalty.pairs(hotline), Some(&expected));
        assert_eq!((loyalty.pairs(parcel).map(Pairs::n), loyalty.pairs(2)), (Some(1), None));
        assert_eq!(loyalty.derived(hotline), None);
        // Nobody asked for an overall answer: nothing to pair with.
        let before = loyalty.clone();
        loyalty.take(&answers[..4], 3, &mut Seen::default());
        assert_eq!(loyalty, before);
    }

    #[test]
    fn a_touchpoint_matters_from_a_hundred_pairs_on() {
        let mut loyalty = Loyalty::default();
        let mut seen = Seen::default();
        for person in 0..100 {
            assert_eq!(loyalty.derived(0), None);
            let answer = 1 + person % 5;
            loyalty.take(&[given(0, 0, Scale::Five, answer), given(1, NOWHERE, Scale::Nps, 2 * answer)], 1, &mut seen);
        }
        assert!(loyalty.derived(0).expect("a hundred").value > 0.999);
        loyalty.take(&[given(0, 0, Scale::Ten, 3), given(1, NOWHERE, Scale::Nps, 3)], 1, &mut seen);
        assert_eq!(loyalty.pairs(0).map(Pairs::n), Some(100));
    }
}
