//! A designed journey as an automaton: from every point of it, which steps may come next.
//!
//! A flow is an expression over steps; what is left of it after a step is its derivative (Brzozowski 1964, with
//! interleaving for parallel parts). Expressions are kept once each, so that a point of the journey is a number, and the
//! automaton is built as far as anybody goes.

use model::journey::{Flow, Journey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most points that a design may have. Six branches side by side with four steps each have 15,625.
pub(super) const POINTS_MAX: usize = 20_000;

/// Is a point of a journey: what is still to come.
pub type Point = u32;

/// Is what is still to come, with parts by number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rest {
    /// Nothing.
    End,
    /// A step, by position.
    Step(u16),
    /// One after the other.
    Then(Point, Point),
    /// One of them.
    Either(Vec<Point>),
    /// Both, in any order.
    Both(Point, Point),
    /// Once or more often.
    Again(Point),
}

/// Is a step that may come next, and the point after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Next {
    /// The step, by its position in [`Journey::steps`].
    pub step: u16,
    /// The point after it.
    pub to: Point,
}

/// Is a compiled design.
#[derive(Clone, Debug)]
pub struct Design {
    rests: Vec<Rest>,
    known: BTreeMap<Rest, Point>,
    next: Vec<Vec<Next>>,
    may_end: Vec<bool>,
    /// Where everybody begins.
    pub start: Point,
    /// How many steps the shortest way through has.
    pub shortest: u32,
    /// How many steps each point is from the end, at least.
    to_end: Vec<u32>,
}

/// Says that a design has too many ways through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the journey has more than {POINTS_MAX} points: too much goes on side by side")]
pub struct TooWide;

impl Design {
    /// Compiles a sound journey.
    ///
    /// # Errors
    /// Fails when there are too many points.
    pub fn new(journey: &Journey) -> Result<Self, TooWide> {
        let mut design = Self {
            rests: Vec::new(),
            known: BTreeMap::new(),
            next: Vec::new(),
            may_end: Vec::new(),
            start: 0,
            shortest: 0,
            to_end: Vec::new(),
        };
        let mut steps = 0;
        design.start = design.flow(&journey.flow, &mut steps);
        design.explore()?;
        design.measure();
        design.shortest = design.to_end[design.start as usize];
        Ok(design)
    }

    /// Returns the steps that may come next.
    #[must_use]
    pub fn next(&self, point: Point) -> &[Next] {
        &self.next[point as usize]
    }

    /// Tells whether the journey may end here.
    #[must_use]
    pub fn may_end(&self, point: Point) -> bool {
        self.may_end[point as usize]
    }

    /// Returns how many steps are at least to come.
    #[must_use]
    pub fn to_end(&self, point: Point) -> u32 {
        self.to_end[point as usize]
    }

    /// Returns how many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rests.len()
    }

    fn keep(&mut self, rest: Rest) -> Point {
        if let Some(point) = self.known.get(&rest) {
            return *point;
        }
        let point = self.rests.len() as Point;
        self.rests.push(rest.clone());
        self.known.insert(rest, point);
        point
    }

    fn flow(&mut self, flow: &Flow, steps: &mut u16) -> Point {
        match flow {
            Flow::Step(_) => {
                *steps += 1;
                self.keep(Rest::Step(*steps - 1))
            }
            Flow::Sequence(of) => {
                let parts: Vec<Point> = of.iter().map(|part| self.flow(part, steps)).collect();
                parts
                    .into_iter()
                    .rev()
                    .fold(None, |rest, part| Some(rest.map_or(part, |rest| self.then(part, rest))))
                    .unwrap_or_else(|| self.keep(Rest::End))
            }
            Flow::Choice(of) => {
                let parts = of.iter().map(|part| self.flow(part, steps)).collect();
                self.either(parts)
            }
            Flow::Parallel(of) => {
                let parts: Vec<Point> = of.iter().map(|part| self.flow(part, steps)).collect();
                let end = self.keep(Rest::End);
                parts.into_iter().fold(end, |all, part| self.both(all, part))
            }
            Flow::Optional(of) => {
                let (part, end) = (self.flow(of, steps), self.keep(Rest::End));
                self.either(vec![part, end])
            }
            Flow::Loop(of) => {
                let part = self.flow(of, steps);
                self.keep(Rest::Again(part))
            }
        }
    }

    fn then(&mut self, one: Point, other: Point) -> Point {
        let end = self.keep(Rest::End);
        if one == end {
            return other;
        }
        if other == end {
            return one;
        }
        // (a b) c and a (b c) are the same point.
        if let Rest::Then(first, rest) = self.rests[one as usize].clone() {
            let rest = self.then(rest, other);
            return self.keep(Rest::Then(first, rest));
        }
        self.keep(Rest::Then(one, other))
    }

    fn either(&mut self, parts: Vec<Point>) -> Point {
        let mut all = BTreeSet::new();
        for part in parts {
            match &self.rests[part as usize] {
                Rest::Either(of) => all.extend(of.iter().copied()),
                _ => {
                    all.insert(part);
                }
            }
        }
        let all: Vec<Point> = all.into_iter().collect();
        if all.len() == 1 { all[0] } else { self.keep(Rest::Either(all)) }
    }

    fn both(&mut self, one: Point, other: Point) -> Point {
        let end = self.keep(Rest::End);
        if one == end {
            return other;
        }
        if other == end {
            return one;
        }
        self.keep(Rest::Both(one.min(other), one.max(other)))
    }

    fn ends(&self, point: Point) -> bool {
        match &self.rests[point as usize] {
            Rest::End => true,
            Rest::Step(_) => false,
            Rest::Then(one, other) | Rest::Both(one, other) => self.ends(*one) && self.ends(*other),
            Rest::Either(of) => of.iter().any(|part| self.ends(*part)),
            Rest::Again(of) => self.ends(*of),
        }
    }

    fn derive(&mut self, point: Point) -> Vec<Next> {
        match self.rests[point as usize].clone() {
            Rest::End => Vec::new(),
            Rest::Step(step) => vec![Next { step, to: self.keep(Rest::End) }],
            Rest::Then(one, other) => {
                let mut found: Vec<Next> =
                    self.derive(one).into_iter().map(|next| Next { to: self.then(next.to, other), ..next }).collect();
                if self.ends(one) {
                    found.extend(self.derive(other));
                }
                found
            }
            Rest::Either(of) => of.into_iter().flat_map(|part| self.derive(part)).collect(),
            Rest::Both(one, other) => {
                let first: Vec<Next> =
                    self.derive(one).into_iter().map(|next| Next { to: self.both(next.to, other), ..next }).collect();
                let second = self.derive(other).into_iter().map(|next| Next { to: self.both(one, next.to), ..next });
                second.chain(first).collect()
            }
            Rest::Again(of) => {
                let end = self.keep(Rest::End);
                let more = self.either(vec![point, end]);
                self.derive(of).into_iter().map(|next| Next { to: self.then(next.to, more), ..next }).collect()
            }
        }
    }

    /// Finds the steps after every point that can be come to.
    fn explore(&mut self) -> Result<(), TooWide> {
        let mut found: BTreeMap<Point, Vec<Next>> = BTreeMap::new();
        let mut open = VecDeque::from([self.start]);
        while let Some(point) = open.pop_front() {
            if found.contains_key(&point) {
                continue;
            }
            let mut next = self.derive(point);
            next.sort_unstable();
            next.dedup();
            if self.rests.len() > POINTS_MAX {
                return Err(TooWide);
            }
            open.extend(next.iter().map(|next| next.to));
            found.insert(point, next);
        }
        self.next = (0..self.rests.len() as Point).map(|point| found.remove(&point).unwrap_or_default()).collect();
        self.may_end = (0..self.rests.len() as Point).map(|point| self.ends(point)).collect();
        Ok(())
    }

    /// Finds how far each point is from the end.
    fn measure(&mut self) {
        self.to_end = self.may_end.iter().map(|ends| if *ends { 0 } else { u32::MAX }).collect();
        // As many rounds as the longest shortest way has steps.
        loop {
            let mut changed = false;
            for point in 0..self.next.len() {
                let nearest = self.next[point].iter().map(|next| self.to_end[next.to as usize].saturating_add(1)).min();
                if let Some(nearest) = nearest.filter(|nearest| *nearest < self.to_end[point]) {
                    self.to_end[point] = nearest;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use model::Text;
    use model::journey::Step;

    pub(in crate::conformance) fn step(touchpoint: &str) -> Flow {
        Flow::Step(Step { touchpoint: touchpoint.into(), ..Step::default() })
    }

    pub(in crate::conformance) fn sequence(letters: &str) -> Flow {
        Flow::Sequence(letters.chars().map(|letter| step(&letter.to_string())).collect())
    }

    pub(in crate::conformance) fn journey(flow: Flow) -> Journey {
        Journey { id: "a".into(), name: Text::from("A"), segment: None, goal: String::new(), ignores_others: false, flow }
    }

    /// Lists every way through of at most so many steps, as words of letters.
    fn words(flow: Flow, longest: usize) -> BTreeSet<String> {
        let journey = journey(flow);
        let names: Vec<String> = journey.steps().iter().map(|step| step.touchpoint.clone()).collect();
        let design = Design::new(&journey).expect("is narrow");
        let mut found = BTreeSet::new();
        let mut open = vec![(design.start, String::new())];
        while let Some((point, word)) = open.pop() {
            if design.may_end(point) {
                found.insert(word.clone());
            }
            if word.len() < longest {
                open.extend(design.next(point).iter().map(|next| (next.to, word.clone() + &names[next.step as usize])));
            }
        }
        found
    }

    #[track_caller]
    fn check(flow: Flow, longest: usize, expected: &[&str]) {
        assert_eq!(words(flow, longest), expected.iter().map(|word| (*word).to_owned()).collect());
    }

    #[test]
    fn every_block_has_its_ways() {
        let block = |flow: Flow| Flow::Sequence(vec![step("a"), flow, step("z")]);
        check(sequence("abc"), 5, &["abc"]);
        check(block(Flow::Choice(vec![sequence("bc"), step("d")])), 5, &["abcz", "adz"]);
        check(block(Flow::Optional(Box::new(step("b")))), 5, &["abz", "az"]);
        check(block(Flow::Loop(Box::new(step("b")))), 5, &["abz", "abbz", "abbbz"]);
        check(Flow::Parallel(vec![sequence("ab"), step("c")]), 5, &["abc", "acb", "cab"]);
        let parallel = Flow::Parallel(vec![step("b"), Flow::Optional(Box::new(step("c"))), step("d")]);
        check(parallel, 5, &["bd", "db", "bcd", "bdc", "cbd", "cdb", "dbc", "dcb"]);
        check(Flow::Loop(Box::new(Flow::Optional(Box::new(step("a"))))), 2, &["", "a", "aa"]);
    }

    #[test]
    fn the_shortest_way_is_known() {
        let shortest = |flow| Design::new(&journey(flow)).expect("is narrow").shortest;
        assert_eq!(shortest(sequence("abcde")), 5);
        assert_eq!(shortest(Flow::Sequence(vec![step("a"), Flow::Optional(Box::new(sequence("bc")))])), 1);
        assert_eq!(shortest(Flow::Choice(vec![sequence("abc"), sequence("de")])), 2);
        assert_eq!(shortest(Flow::Parallel(vec![sequence("ab"), Flow::Loop(Box::new(step("c")))])), 3);
    }

    #[test]
    fn what_is_too_wide_is_refused() {
        let long = || sequence("abcdefgh");
        assert!(Design::new(&journey(Flow::Parallel((0..6).map(|_| long()).collect()))).is_err());
        assert!(Design::new(&journey(Flow::Parallel((0..4).map(|_| sequence("abcd")).collect()))).is_ok());
    }
}
