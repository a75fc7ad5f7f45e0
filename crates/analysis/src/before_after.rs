//! What a change of a touchpoint went with: the same figures before it and after it (NET-11), over stretches of equal
//! length, counted in one pass for many changes.
//!
//! | | before | after |
//! |---|---|---|
//! | people who met it | 200 | 180 |
//! | of them with the target outcome afterwards, in the same stretch | 30 | 45 |
//! | conversion | 15 % | 25 % |
//!
//! Difference +10.0 points, Newcombe [+2.0; +18.1]. Without people left out at random this is an association (E3): what
//! else changed at the same time is in it too. Cost: O(rows × changes).

use crate::experience::waits::{Wait, waits};
use crate::intervals::newcombe;
use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, NO_COST, Rows, unpack_score};
use model::time::DAY;
use model::{Evidence, Figure, Form, Unit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The longest stretch on each side: longer ones compare seasons.
pub const SPAN_DAYS_MAX: i64 = 56;
/// The shortest: below it weekdays are compared.
pub const SPAN_DAYS_MIN: i64 = 7;

/// Is one change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The touchpoint, by position.
    pub touchpoint: u16,
    /// When it was changed.
    pub at: i64,
    /// How long each side is.
    pub span: i64,
    /// The number of contacts per period that should not be exceeded, where the change was a cap.
    pub cap: u32,
}

/// Finds how long both sides can be: whole weeks, of what the data hold; `None` where it is too early, or nothing was before.
#[must_use]
pub fn span(window: (i64, i64), at: i64) -> Option<i64> {
    let days = ((at - window.0).min(window.1 - at) / DAY).min(SPAN_DAYS_MAX);
    let weeks = days / 7 * 7;
    (weeks >= SPAN_DAYS_MIN).then_some(weeks * DAY)
}

/// Counts one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Side {
    /// Known people who met it.
    pub people: u64,
    /// Of them, those with the target outcome afterwards, on the same side.
    pub converted: u64,
    /// Interactions.
    pub interactions: u64,
    /// Complaints and unsubscriptions at it.
    pub complaints: u64,
    /// Satisfied answers at it.
    pub satisfied: u64,
    /// Answers at it.
    pub answers: u64,
    /// Requests at it that were answered, or are older than the target.
    pub requests: u64,
    /// Of them, those answered in time.
    pub in_time: u64,
    /// Of them, those answered at all.
    pub replied: u64,
    /// What its interactions cost, as recorded, in minor units.
    pub cost: i64,
    /// Weeks in which somebody met it.
    pub periods: u64,
    /// Of them, those beyond the cap.
    pub beyond: u64,
}

impl Side {
    fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.converted += other.converted;
        self.interactions += other.interactions;
        self.complaints += other.complaints;
        self.satisfied += other.satisfied;
        self.answers += other.answers;
        self.requests += other.requests;
        self.in_time += other.in_time;
        self.replied += other.replied;
        self.cost += other.cost;
        self.periods += other.periods;
        self.beyond += other.beyond;
    }
}

/// Reads everybody once for all changes.
#[derive(Debug)]
pub struct BeforeAfterFold {
    meaning: Arc<Meaning>,
    changes: Arc<Vec<Changed>>,
    /// Before and after, one entry per change.
    pub sides: Vec<[Side; 2]>,
    scratch: Reading,
    waits: Vec<Wait>,
}

impl BeforeAfterFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, changes: Arc<Vec<Changed>>) -> Self {
        let sides = vec![[Side::default(); 2]; changes.len()];
        Self { meaning, changes, sides, scratch: Reading::default(), waits: Vec::new() }
    }
}

impl Fold for BeforeAfterFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.scratch.read(&meaning, rows, person);
            waits(&meaning, rows, &self.scratch, &mut self.waits);
            for (change, sides) in self.changes.iter().zip(&mut self.sides) {
                for wait in self.waits.iter().filter(|wait| wait.touchpoint == change.touchpoint) {
                    asked(&meaning, wait, change, sides);
                }
                sides[0].add(&side(&meaning, rows, &self.scratch, change, change.at - change.span));
                sides[1].add(&side(&meaning, rows, &self.scratch, change, change.at));
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.sides.iter_mut().zip(&other.sides) {
            mine[0].add(&theirs[0]);
            mine[1].add(&theirs[1]);
        }
    }
}

/// Counts one request on the side on which it was asked.
fn asked(meaning: &Meaning, wait: &Wait, change: &Changed, sides: &mut [Side; 2]) {
    if wait.at < change.at - change.span || wait.at >= change.at + change.span {
        return;
    }
    let side = &mut sides[usize::from(wait.at >= change.at)];
    let target = meaning.service.targets.get(wait.touchpoint as usize).map_or(0, |(target, _)| *target);
    let (length, answered) = (meaning.service.length(wait, meaning.window.1.0), wait.answered.is_some());
    side.requests += u64::from(answered || length > target);
    side.in_time += u64::from(answered && length <= target);
    side.replied += u64::from(answered);
}

/// Counts one person on one side.
fn side(meaning: &Meaning, rows: &Rows, reading: &Reading, change: &Changed, from: i64) -> Side {
    let mut side = Side::default();
    let (mut met, mut converted, mut week, mut in_week) = (false, false, i64::MIN, 0_u32);
    for (position, row) in reading.rows.iter().enumerate() {
        let at = rows.at[*row];
        if at < from || at >= from + change.span {
            continue;
        }
        converted |= met && reading.outcomes[position] & meaning.target != 0;
        if reading.touchpoint[position] != change.touchpoint {
            continue;
        }
        met = true;
        converted |= reading.outcomes[position] & meaning.target != 0;
        side.interactions += 1;
        side.complaints += u64::from([Form::Complaint as u8, Form::Unsubscribe as u8].contains(&rows.form[*row]));
        if let Some(score) = unpack_score(rows.score[*row]) {
            side.answers += 1;
            side.satisfied += u64::from(score.is_satisfied());
        }
        if rows.cost[*row] != NO_COST {
            side.cost += rows.cost[*row];
        }
        let this = (at - from) / (7 * DAY);
        if this != week {
            (week, in_week) = (this, 0);
            side.periods += 1;
        }
        in_week += 1;
        // Once per week: when it goes beyond.
        side.beyond += u64::from(in_week == change.cap.saturating_add(1));
    }
    if met && !reading.ephemeral {
        side.people = 1;
        side.converted = u64::from(converted);
    }
    side
}

/// Is one figure before and after.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Compared {
    /// What: `people`, `interactions`, `conversion`, `satisfaction`, `in_time`, `answered`, `complaints`, `beyond_cap`, `cost`.
    pub measure: String,
    /// Before.
    pub before: Figure,
    /// After.
    pub after: Figure,
    /// After less before.
    pub difference: Figure,
}

/// Compares both sides.
#[must_use]
pub fn compared(sides: &[Side; 2]) -> Vec<Compared> {
    let [one, other] = sides;
    let mut found = vec![
        shares("conversion", (one.converted, one.people), (other.converted, other.people), Evidence::E3),
        counts("people", one.people as f64, other.people as f64, Unit::Count),
        counts("interactions", one.interactions as f64, other.interactions as f64, Unit::Count),
        shares("complaints", (one.complaints, one.interactions), (other.complaints, other.interactions), Evidence::E3),
    ];
    if one.answers + other.answers > 0 {
        found.push(shares("satisfaction", (one.satisfied, one.answers), (other.satisfied, other.answers), Evidence::E2));
    }
    if one.requests + other.requests > 0 {
        found.push(shares("in_time", (one.in_time, one.requests), (other.in_time, other.requests), Evidence::E3));
        found.push(shares("answered", (one.replied, one.requests), (other.replied, other.requests), Evidence::E3));
    }
    if one.beyond + other.beyond > 0 {
        found.push(shares("beyond_cap", (one.beyond, one.periods), (other.beyond, other.periods), Evidence::E3));
    }
    if one.cost != 0 || other.cost != 0 {
        found.push(counts("cost", one.cost as f64, other.cost as f64, Unit::Money));
    }
    found
}

fn shares(measure: &str, one: (u64, u64), other: (u64, u64), evidence: Evidence) -> Compared {
    let figure = |(part, all)| crate::conversion::share(part, all, evidence);
    let difference = newcombe(other.0.min(other.1), other.1, one.0.min(one.1), one.1);
    Compared {
        measure: measure.to_owned(),
        before: figure(one),
        after: figure(other),
        difference: difference.map_or_else(
            || Figure::unknown(Unit::Points),
            |found| found.figure(one.1.min(other.1), evidence, Unit::Points, "newcombe"),
        ),
    }
}

fn counts(measure: &str, one: f64, other: f64, unit: Unit) -> Compared {
    let figure = |value: f64| Figure::exact(value, value.abs() as u64, unit);
    Compared {
        measure: measure.to_owned(),
        before: figure(one),
        after: figure(other),
        difference: Figure::exact(other - one, 0, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use proptest::prelude::*;

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> BeforeAfterFold {
        let (meaning, rows) = example::rows(rows, 120);
        let page = TOUCHPOINTS.iter().position(|known| *known == "page").expect("is known") as u16;
        let changes = vec![Changed { touchpoint: page, at: 60 * DAY, span: 28 * DAY, cap: 1 }];
        let mut fold = BeforeAfterFold::new(Arc::new(meaning), Arc::new(changes));
        let mut part = Rows::default();
        rows.people().filter(|range| keep(rows.person[range.start])).for_each(|range| part.extend(&rows, range.start, range.end));
        fold.take(&part);
        fold
    }

    #[test]
    fn five_rows() {
        let rows = [
            Row::new(1, 40, "page", Form::Visit),
            Row::new(1, 70, "page", Form::Visit),
            Row::new(1, 75, "till", Form::Purchase),
            Row::new(2, 61, "page", Form::Complaint),
            Row::new(2, 62, "page", Form::Visit),
            Row::new(3, 20, "page", Form::Visit),
        ];
        let [before, after] = run(&rows, |_| true).sides[0];
        assert_eq!((before.people, before.converted, before.interactions), (1, 0, 1), "day 20 is too long ago");
        assert_eq!((after.people, after.converted, after.complaints), (2, 1, 1));
        assert_eq!((after.periods, after.beyond), (2, 1), "two contacts in a week are beyond a cap of one");
        let found = compared(&[before, after]);
        assert_eq!(found[0].difference.value, Some(0.5));
    }

    #[test]
    fn answers_are_compared_too() {
        // `page` is a two-way touchpoint; its rows come in, so replies are told by hand.
        let rows = [
            Row::new(1, 40, "page", Form::Message),
            Row::new(2, 70, "page", Form::Message),
            Row { at: 70 * DAY + 600_000_000, ..Row::new(2, 70, "page", Form::Reply) },
        ];
        let (mut meaning, mut rows) = example::rows(&rows, 120);
        meaning.service.targets = vec![(3_600, false); 4];
        for (direction, form) in rows.direction.iter_mut().zip(&rows.form) {
            *direction = if *form == Form::Reply as u8 { model::Direction::Outbound } else { model::Direction::Inbound } as u8;
        }
        let changes = vec![Changed { touchpoint: 2, at: 60 * DAY, span: 28 * DAY, cap: 1 }];
        let mut fold = BeforeAfterFold::new(Arc::new(meaning), Arc::new(changes));
        fold.take(&rows);
        let [before, after] = fold.sides[0];
        assert_eq!((before.requests, before.in_time, before.replied), (1, 0, 0));
        assert_eq!((after.requests, after.in_time, after.replied), (1, 1, 1));
    }

    #[test]
    fn both_sides_are_as_long_as_the_data_allow() {
        assert_eq!(span((0, 100 * DAY), 60 * DAY), Some(35 * DAY));
        assert_eq!(span((0, 300 * DAY), 150 * DAY), Some(56 * DAY));
        assert_eq!(span((0, 100 * DAY), 97 * DAY), None, "it is too early");
        assert_eq!(span((0, 100 * DAY), -5 * DAY), None);
    }

    #[test]
    fn the_table_above() {
        let side = |people, converted| Side { people, converted, ..Side::default() };
        let found = &compared(&[side(200, 30), side(180, 45)])[0];
        assert_eq!(found.difference.value, Some(0.1));
        let (low, high) = found.difference.low.zip(found.difference.high).expect("has limits");
        assert!((low - 0.020).abs() < 1e-3 && (high - 0.181).abs() < 1e-3, "{low} {high}");
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..20_u64, 0..120_i64, 0..4_usize), 0..150), parts in 1..6_u64) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, at)| Row::new(person, day, TOUCHPOINTS[at], Form::Visit)).collect();
            let whole = run(&rows, |_| true);
            let mut pieces = (0..parts).rev().map(|part| run(&rows, |person| person % parts == part));
            let mut merged = pieces.next().expect("there is one part");
            pieces.for_each(|piece| merged.merge(piece));
            prop_assert_eq!(whole.sides, merged.sides);
        }
    }
}
