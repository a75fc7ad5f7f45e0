//! Stage progression (M6), counted by landmarks.
//!
//! Comparing everybody who was ever touched with everybody who was not would reward a touchpoint for meeting people
//! who stay long: whoever stays longer is touched more and moves on later. So of each stay in a stage one active
//! week is chosen by lot (a hash, the same on every run): a week in which the person did something. Being sent something is
//! no act, or whoever is only sent things would be compared with people who come by themselves. The person counts as touched by what they met in that week,
//! and as moved on if a later stage is reached within the horizon after the week's first interaction. People whose
//! horizon passes the end of the data are left out. Touched people are compared with people of the same stage who
//! were active in the same calendar week.

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::{Episode, Reading};
use crate::sequence::Rows;
use crate::tally::add;
use model::{Direction, Instant};
use std::ops::Range;

/// Holds landmarks of one group of people by week, stage and touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Landmarks {
    /// How many weeks the data span.
    pub weeks: usize,
    /// People in a stage: stage × weeks + week.
    pub people: Vec<u64>,
    /// Those of them who moved on.
    pub moved: Vec<u64>,
    /// People touched in the touchpoint's primary stage: touchpoint × weeks + week.
    pub touched: Vec<u64>,
    /// Those of them who moved on.
    pub touched_moved: Vec<u64>,
}

impl Landmarks {
    /// Makes empty landmarks of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let weeks = (meaning.window.1.week() - meaning.window.0.week() + 1).max(1) as usize;
        let (stages, touchpoints) = (meaning.stages, meaning.touchpoints.len());
        Self {
            weeks,
            people: vec![0; stages * weeks],
            moved: vec![0; stages * weeks],
            touched: vec![0; touchpoints * weeks],
            touched_moved: vec![0; touchpoints * weeks],
        }
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading) {
        for (number, (stay, positions)) in reading.stays().enumerate() {
            if !positions.is_empty() {
                let next = reading.episodes.get(number + 1);
                self.stay(meaning, rows, reading, (number, stay, next), positions);
            }
        }
    }

    fn stay(
        &mut self,
        meaning: &Meaning,
        rows: &Rows,
        reading: &Reading,
        (number, stay, next): (usize, Episode, Option<&Episode>),
        positions: Range<usize>,
    ) {
        let at = |position: usize| rows.at[reading.rows[position]];
        let acts = |position: usize| rows.direction[reading.rows[position]] != Direction::Outbound as u8;
        let week_of = |position: usize| week(at(position));
        let Some(Range { start, end }) = chosen_week(positions, week_of, acts, mix_of(reading.person, number)) else { return };
        let from = at(start);
        if from.saturating_add(meaning.horizon) > meaning.window.1.0 {
            return;
        }
        let moved =
            u64::from(next.is_some_and(|next| next.stage > stay.stage && next.from <= from.saturating_add(meaning.horizon)));
        let Ok(week) = usize::try_from(week(from) - meaning.window.0.week()) else { return };
        if week >= self.weeks {
            return;
        }
        let place = stay.stage as usize * self.weeks + week;
        self.people[place] += 1;
        self.moved[place] += moved;
        for position in start..end {
            let touchpoint = reading.touchpoint[position];
            let again = reading.touchpoint[start..position].contains(&touchpoint);
            if touchpoint == NOWHERE || again || meaning.touchpoints[touchpoint as usize].primary_stage != stay.stage as usize {
                continue;
            }
            let place = touchpoint as usize * self.weeks + week;
            self.touched[place] += 1;
            self.touched_moved[place] += moved;
        }
    }

    /// Adds other landmarks of the same map and window.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.people, &other.people);
        add(&mut self.moved, &other.moved);
        add(&mut self.touched, &other.touched);
        add(&mut self.touched_moved, &other.touched_moved);
    }
}

fn week(at: i64) -> i64 {
    Instant(at).week()
}

/// Draws a number for a person's stay, the same on every run.
fn mix_of(person: u64, number: usize) -> u64 {
    mix(person ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Chooses one of the weeks in which the person did something, by lot, and returns all rows of that week.
fn chosen_week(
    positions: Range<usize>,
    week: impl Fn(usize) -> i64,
    acts: impl Fn(usize) -> bool,
    lot: u64,
) -> Option<Range<usize>> {
    // The first act of each week stands for the week.
    let weeks = || {
        let mut last = None;
        positions.clone().filter(|position| acts(*position)).map(&week).filter(move |week| last.replace(*week) != Some(*week))
    };
    let chosen = weeks().nth((lot % weeks().count().max(1) as u64) as usize)?;
    let start = positions.clone().find(|position| week(*position) == chosen)?;
    let end = (start..positions.end).find(|position| week(*position) != chosen).unwrap_or(positions.end);
    Some(start..end)
}

/// Mixes the bits of a number (the finaliser of splitmix64, public domain).
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;

    /// Counts landmarks for rows of (person, day, touchpoint, form): (people, moved) of stage 0, (touched, moved) of ads.
    fn check(rows: &[(u64, i64, &str, Form)], last_day: i64, expected: [(u64, u64); 2]) {
        let rows: Vec<Row> =
            rows.iter().map(|(person, day, touchpoint, form)| Row::new(*person, *day, touchpoint, *form)).collect();
        let (meaning, rows) = example::rows(&rows, last_day);
        let (mut landmarks, mut reading) = (Landmarks::new(&meaning), Reading::default());
        for person in rows.people() {
            reading.read(&meaning, &rows, person);
            landmarks.take(&meaning, &rows, &reading);
        }
        let weeks = landmarks.weeks;
        let sum = |counts: &[u64]| counts[..weeks].iter().sum::<u64>();
        assert_eq!(
            [(sum(&landmarks.people), sum(&landmarks.moved)), (sum(&landmarks.touched), sum(&landmarks.touched_moved))],
            expected
        );
    }

    #[test]
    fn moving_on_within_the_horizon_counts() {
        let moves = [(1, 0, "ads", Form::View), (1, 0, "till", Form::Other), (1, 10, "page", Form::Visit)];
        check(&moves, 100, [(1, 1), (1, 1)]);
        let late = [(1, 0, "ads", Form::View), (1, 0, "till", Form::Other), (1, 31, "page", Form::Visit)];
        check(&late, 100, [(1, 0), (1, 0)]);
    }

    #[test]
    fn an_open_horizon_is_left_out() {
        check(&[(1, 0, "ads", Form::View), (1, 0, "till", Form::Other), (1, 10, "page", Form::Visit)], 29, [(0, 0), (0, 0)]);
    }

    #[test]
    fn two_touches_in_a_week_are_one_person() {
        check(&[(1, 0, "ads", Form::View), (1, 1, "ads", Form::View), (1, 1, "till", Form::Other)], 100, [(1, 0), (1, 0)]);
    }

    #[test]
    fn whoever_is_only_sent_things_is_not_compared() {
        check(&[(1, 0, "ads", Form::View), (1, 10, "page", Form::Visit)], 100, [(0, 0), (0, 0)]);
    }

    #[test]
    fn one_week_of_a_stay_is_chosen_evenly() {
        let mut picked = [0_u32; 3];
        for person in 0..3_000 {
            let range = chosen_week(0..6, |position| (position / 2) as i64, |_| true, mix_of(person, 0)).expect("a week");
            assert_eq!(range.len(), 2);
            picked[range.start / 2] += 1;
        }
        assert!(picked.iter().all(|count| (900..1_100).contains(count)), "{picked:?}");
    }
}
