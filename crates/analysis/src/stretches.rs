//! What people said, what it cost and who came back, in one stretch of days after the other.
//!
//! Beside [`crate::trend`], which counts known people only: costs and answers of people unknown count here too, as in the report of
//! the map (M7, M8). **Back** is who came by themselves in a stretch and had done so in the one before: what is sent to people brings
//! nobody back.
//!
//! | person | rows, stretches of ten days | came in stretch 0, 1, 2 | |
//! |---|---|---|---|
//! | 1 | page day 1, page day 12 | yes, yes, no | back in stretch 1, not in 2 |
//! | 2 | page day 3, mail day 14 | yes, no, no | not back: the mail was sent to them |
//! | unknown | ads day 2, cost 25 | | costs, and is nobody who comes back |
//!
//! Source: plain counting. State: a few numbers for each stretch and touchpoint; O(rows).

use crate::conversion::share;
use crate::cost::cost_per_outcome;
use crate::experience::scores::net_share;
use crate::finish::costs;
use crate::meaning::Meaning;
use crate::reading::Reading;
use crate::sequence::{Fold, NO_COST, Rows, unpack_score};
use model::map::TouchpointMap;
use model::{Direction, Evidence, Figure, Scale, Unit};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts by stretch.
#[derive(Debug)]
pub struct StretchFold {
    meaning: Arc<Meaning>,
    length: i64,
    origin: i64,
    stretches: BTreeMap<i64, Stretch>,
    reading: Reading,
}

/// Is one stretch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stretch {
    /// Everything that was said.
    all: Heard,
    /// By touchpoint.
    touchpoints: Vec<Place>,
    /// Known people whom the question is about, and all known people.
    people: u64,
    everybody: u64,
    /// Target outcomes, and those of somebody unknown among them.
    outcomes: u64,
    outcomes_unknown: u64,
    /// Known people who came by themselves in the stretch before, and those of them who came again.
    before: u64,
    back: u64,
}

/// Is one touchpoint in one stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Place {
    heard: Heard,
    /// Interactions of those whom the question is about, and of everybody.
    own: u64,
    everybody: u64,
    /// Of the own ones: what was recorded as their cost, and how many carry none.
    cost: i64,
    without_cost: u64,
}

/// Is what was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Heard {
    answers: u64,
    satisfied: u64,
    /// Answers on the scale of recommendation, those of promoters, and those of detractors.
    recommending: u64,
    promoters: u64,
    detractors: u64,
}

impl StretchFold {
    /// Makes a fold that counts by stretches of such a length, of which one begins at `origin` and has the number 0.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, length: i64, origin: i64) -> Self {
        Self { meaning, length: length.max(1), origin, stretches: BTreeMap::new(), reading: Reading::default() }
    }

    fn number(&self, at: i64) -> i64 {
        at.saturating_sub(self.origin).div_euclid(self.length)
    }

    /// Returns the share of answers that say "satisfied", at a touchpoint or anywhere.
    #[must_use]
    pub fn satisfaction(&self, number: i64, touchpoint: Option<usize>) -> Figure {
        let heard = self.heard(number, touchpoint);
        share(heard.satisfied, heard.answers, Evidence::E2)
    }

    /// Returns the share of promoters less that of detractors.
    #[must_use]
    pub fn recommendation(&self, number: i64, touchpoint: Option<usize>) -> Figure {
        let heard = self.heard(number, touchpoint);
        let found = net_share(heard.promoters, heard.detractors, heard.recommending);
        found.map_or_else(
            || Figure::unknown(Unit::Points),
            |found| found.figure(heard.recommending, Evidence::E2, Unit::Points, "normal"),
        )
    }

    /// Returns what a touchpoint, or all of them, cost; `map` is the one that the meaning was compiled from.
    #[must_use]
    pub fn cost(&self, map: &TouchpointMap, number: i64, touchpoint: Option<usize>) -> Figure {
        let (cost, contacts) = self.spent(map, number, touchpoint);
        Figure::exact(cost.round(), contacts, Unit::Money)
    }

    /// Returns what one target outcome cost.
    #[must_use]
    pub fn cost_per_outcome(&self, map: &TouchpointMap, number: i64) -> Figure {
        let (cost, _) = self.spent(map, number, None);
        let seen = self.stretches.get(&number);
        // Each outcome of somebody unknown is of one person at least.
        let people = seen.map_or(0, |seen| seen.people + seen.outcomes_unknown);
        let found = cost_per_outcome(cost, seen.map_or(0, |seen| seen.outcomes) as f64, people);
        found.map_or_else(|| Figure::unknown(Unit::Money), |found| found.figure(people, Evidence::E3, Unit::Money, "wilson"))
    }

    /// Returns the share of those who came in the stretch before who came again.
    #[must_use]
    pub fn retention(&self, number: i64) -> Figure {
        let (back, before) = self.stretches.get(&number).map_or((0, 0), |seen| (seen.back, seen.before));
        share(back, before, Evidence::E3)
    }

    fn heard(&self, number: i64, touchpoint: Option<usize>) -> Heard {
        let Some(seen) = self.stretches.get(&number) else { return Heard::default() };
        match touchpoint {
            None => seen.all,
            Some(at) => seen.touchpoints.get(at).map(|place| place.heard).unwrap_or_default(),
        }
    }

    /// What was spent, and on how many contacts. What does not depend on contacts is shared out by interactions, as in the report.
    fn spent(&self, map: &TouchpointMap, number: i64, touchpoint: Option<usize>) -> (f64, u64) {
        let stretch = self.stretches.get(&number);
        let of_people = match stretch.map_or(0, |seen| seen.everybody) {
            0 => 1.0,
            all => stretch.map_or(0, |seen| seen.people) as f64 / all as f64,
        };
        let months = costs::months(self.length);
        let (mut cost, mut contacts) = (0.0, 0);
        for (at, known) in map.touchpoints.iter().enumerate().filter(|(at, _)| touchpoint.is_none_or(|wanted| wanted == *at)) {
            let seen = stretch.and_then(|seen| seen.touchpoints.get(at)).copied().unwrap_or_default();
            let share = match seen.everybody {
                0 => of_people,
                all => seen.own as f64 / all as f64,
            };
            cost += costs::spent_on(known, months, (seen.cost, seen.without_cost), share);
            contacts += seen.own;
        }
        (cost, contacts)
    }

    fn count(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        let is_asked_about = meaning.only().segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1);
        let is_known = !self.reading.ephemeral;
        let (mut seen_in, mut came_in) = (None, None);
        for position in 0..self.reading.rows.len() {
            let row = self.reading.rows[position];
            let number = self.number(rows.at[row]);
            let stretch = self.stretches.entry(number).or_default();
            stretch.touchpoints.resize(meaning.touchpoints.len(), Place::default());
            if let Some(place) = stretch.touchpoints.get_mut(self.reading.touchpoint[position] as usize) {
                place.everybody += 1;
                if is_asked_about {
                    place.count(rows, row);
                }
            }
            let is_new = is_known && seen_in.replace(number) != Some(number);
            stretch.everybody += u64::from(is_new);
            if !is_asked_about {
                continue;
            }
            stretch.people += u64::from(is_new);
            stretch.all.count(rows, row);
            if self.reading.outcomes[position] & meaning.target != 0 {
                stretch.outcomes += 1;
                stretch.outcomes_unknown += u64::from(!is_known);
            }
            if is_known && rows.direction[row] != Direction::Outbound as u8 && came_in != Some(number) {
                stretch.back += u64::from(came_in == Some(number - 1));
                came_in = Some(number);
                self.stretches.entry(number + 1).or_default().before += 1;
            }
        }
    }
}

impl Place {
    fn count(&mut self, rows: &Rows, row: usize) {
        self.own += 1;
        match rows.cost[row] {
            NO_COST => self.without_cost += 1,
            cost => self.cost = self.cost.saturating_add(cost),
        }
        self.heard.count(rows, row);
    }

    fn add(&mut self, other: &Self) {
        self.heard.add(other.heard);
        self.own += other.own;
        self.everybody += other.everybody;
        self.cost = self.cost.saturating_add(other.cost);
        self.without_cost += other.without_cost;
    }
}

impl Heard {
    fn count(&mut self, rows: &Rows, row: usize) {
        let Some(score) = unpack_score(rows.score[row]) else { return };
        self.answers += 1;
        self.satisfied += u64::from(score.is_satisfied());
        if score.scale == Scale::Nps {
            self.recommending += 1;
            self.promoters += u64::from(score.answer >= 9);
            self.detractors += u64::from(score.answer <= 6);
        }
    }

    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.satisfied += other.satisfied;
        self.recommending += other.recommending;
        self.promoters += other.promoters;
        self.detractors += other.detractors;
    }
}

impl Fold for StretchFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            self.count(rows);
        }
    }

    fn merge(&mut self, other: Self) {
        for (number, theirs) in other.stretches {
            let mine = self.stretches.entry(number).or_default();
            mine.all.add(theirs.all);
            let places = mine.touchpoints.len().max(theirs.touchpoints.len());
            mine.touchpoints.resize(places, Place::default());
            mine.touchpoints.iter_mut().zip(&theirs.touchpoints).for_each(|(mine, theirs)| mine.add(theirs));
            mine.people += theirs.people;
            mine.everybody += theirs.everybody;
            mine.outcomes += theirs.outcomes;
            mine.outcomes_unknown += theirs.outcomes_unknown;
            mine.before += theirs.before;
            mine.back += theirs.back;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use model::time::DAY;
    use model::{Flags, Form};
    use proptest::prelude::*;

    const TEN: i64 = 10 * DAY;

    fn run(rows: &[Row]) -> StretchFold {
        let (meaning, rows) = example::rows(rows, 100);
        let mut fold = StretchFold::new(Arc::new(meaning), TEN, 0);
        fold.take(&rows);
        fold
    }

    fn row(person: u64, day: i64, touchpoint: &str) -> Row {
        Row::new(person, day, touchpoint, if touchpoint == "till" { Form::Purchase } else { Form::View })
    }

    #[test]
    fn who_came_before_comes_back_and_a_mail_brings_nobody_back() {
        let unknown = Row { flags: Flags::EPHEMERAL.0, ..row(3, 2, "ads") };
        let fold = run(&[row(1, 1, "page"), row(1, 12, "page"), row(2, 3, "page"), row(2, 14, "mail"), unknown]);
        assert_eq!((fold.retention(1).value, fold.retention(1).n), (Some(0.5), 2));
        assert_eq!(fold.retention(0).value, None, "nobody came before");
        assert_eq!(fold.retention(2).value, Some(0.0));
    }

    #[test]
    fn costs_are_those_of_the_report() {
        // Contacts cost 10 each where nothing is recorded; the example records 25 on each seventh day from day 1 on.
        let map = example::map();
        let fold = run(&[row(1, 3, "page"), row(1, 4, "ads"), row(2, 8, "page"), row(2, 9, "till")]);
        assert_eq!(fold.cost(&map, 0, None).value, Some(10.0 + 10.0 + 25.0 + 10.0));
        assert_eq!(fold.cost(&map, 0, map.touchpoint("page")).value, Some(35.0));
        let per = fold.cost_per_outcome(&map, 0);
        assert_eq!((per.value, per.n), (Some(55.0), 2));
        assert_eq!(fold.cost_per_outcome(&map, 5).value, None, "nothing happened");
        assert_eq!(fold.cost(&map, 5, None).value, Some(0.0));
    }

    #[test]
    fn what_is_declared_for_a_month_is_spent_in_every_stretch() {
        let mut map = example::map();
        map.touchpoints[0].cost.running_per_month = 30_437;
        let (meaning, rows) = example::compiled(&map, &[row(1, 3, "page")], 100);
        let mut fold = StretchFold::new(Arc::new(meaning), TEN, 0);
        fold.take(&rows);
        assert_eq!(fold.cost(&map, 0, map.touchpoint("ads")).value, Some(10_000.0));
    }

    #[test]
    fn a_segment_bears_its_part() {
        let mut map = example::map();
        map.touchpoints[0].cost.running_per_month = 30_437;
        // Person 2 buys, so half of the people are buyers; nobody sees an advertisement, and the page is seen by one of each.
        let rows = [row(1, 3, "page"), row(2, 4, "page"), row(2, 5, "till")];
        let (meaning, rows) = example::compiled(&map, &rows, 100);
        let only = crate::meaning::Only { segment: Some(1), ..crate::meaning::Only::default() };
        let mut fold = StretchFold::new(Arc::new(meaning.about(only)), TEN, 0);
        fold.take(&rows);
        assert_eq!(fold.cost(&map, 0, map.touchpoint("ads")).value, Some(5_000.0));
        assert_eq!(fold.cost(&map, 0, map.touchpoint("page")).value, Some(10.0));
        assert!(fold.cost_per_outcome(&map, 0).value.is_some_and(|value| (value - 5_020.0).abs() < 0.1));
    }

    #[test]
    fn answers_are_counted_where_they_were_given() {
        // The example answers 4 of 5 on each seventh day from day 2 on.
        let fold = run(&[row(1, 2, "page"), row(2, 2, "mail"), row(3, 9, "page")]);
        assert_eq!((fold.satisfaction(0, None).value, fold.satisfaction(0, None).n), (Some(1.0), 3));
        assert_eq!(fold.satisfaction(0, Some(2)).n, 2);
        assert_eq!(fold.recommendation(0, None).value, None, "nobody was asked that");
        let mut heard = Heard::default();
        let scored = |answer: i16| Rows {
            score: vec![crate::sequence::pack_score(model::Score::new(Scale::Nps, answer))],
            ..Rows::default()
        };
        [10, 9, 7, 3].iter().for_each(|answer| heard.count(&scored(*answer), 0));
        assert_eq!((heard.recommending, heard.promoters, heard.detractors), (4, 2, 1));
    }

    proptest! {
        #[test]
        fn parts_merge(rows in prop::collection::vec((0..9_u64, 0..100_i64, 0..4_usize), 0..80), parts in 1..8_u64) {
            let rows: Vec<Row> = rows.iter().map(|(person, day, at)| row(*person, *day, TOUCHPOINTS[*at])).collect();
            let whole = run(&rows);
            for stretch in whole.stretches.values() {
                prop_assert!(stretch.back <= stretch.before && stretch.all.satisfied <= stretch.all.answers);
            }
            let part = |part: u64| rows.iter().filter(|row| row.person % parts == part).cloned().collect::<Vec<_>>();
            let mut merged = run(&part(0));
            (1..parts).rev().for_each(|at| merged.merge(run(&part(at))));
            prop_assert_eq!(&merged.stretches, &whole.stretches);
        }
    }
}
