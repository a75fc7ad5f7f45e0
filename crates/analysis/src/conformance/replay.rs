//! Journeys as lived, replayed on the design as a Petri net: the second opinion beside alignment (M16).
//!
//! Tokens move through the net as the trace says. Where a step was met whose place has no token, one is made up (**missing**); tokens that
//! are left at the end are **remaining**. With p tokens produced and c consumed, `fitness = ½(1 − m/c) + ½(1 − r/p)`
//! (Rozinat and van der Aalst 2008). Choices, interleaving and loops need transitions that nobody sees; the shortest way
//! through them that lets the next step happen is taken. What the design does not name is passed over: that is why alignment, which
//! counts it, says more.
//!
//! | designed A > B > C > D, lived | p | c | m | r | fitness |
//! |---|---|---|---|---|---|
//! | A B D | 4 | 4 | 1 | 1 | .75 |
//! | A C B D | 5 | 5 | 1 | 1 | .80 |
//! | B D | 3 | 3 | 2 | 2 | .333 |
//! | A A B C D | 6 | 6 | 1 | 1 | .833 |
//! | A B C | 4 | 4 | 1 | 1 | .75 |
//!
//! Sums over journeys are whole numbers, so parts merge bit for bit. Cost: O(length × transitions); a search through unseen
//! transitions is given up after [`MARKINGS_MAX`] markings, and tokens are made up instead.

use super::Met;
use model::journey::Flow;
use std::collections::{BTreeSet, VecDeque};

/// So many markings are tried for one step of a trace.
const MARKINGS_MAX: usize = 2_000;

/// Is a transition: takes one token from each place it comes from, puts one into each it leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Transition {
    /// The touchpoints by which it is seen; none: nobody sees it.
    seen_by: Vec<u16>,
    from: Vec<usize>,
    to: Vec<usize>,
}

/// Is a design as a net that begins with one token in place 0 and ends with one in place 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Net {
    places: usize,
    transitions: Vec<Transition>,
}

/// Counts tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tokens {
    /// Put into places, the first one included.
    pub produced: u64,
    /// Taken from places, the last one included.
    pub consumed: u64,
    /// Made up, because there was none to take.
    pub missing: u64,
    /// Left over.
    pub remaining: u64,
}

impl Tokens {
    /// Adds those of other journeys.
    pub fn add(&mut self, other: &Self) {
        self.produced += other.produced;
        self.consumed += other.consumed;
        self.missing += other.missing;
        self.remaining += other.remaining;
    }

    /// Returns the fitness; none where nothing was replayed.
    #[must_use]
    pub fn fitness(&self) -> Option<f64> {
        let part = |bad: u64, all: u64| 1.0 - bad as f64 / all as f64;
        (self.produced > 0 && self.consumed > 0)
            .then(|| 0.5 * part(self.missing, self.consumed) + 0.5 * part(self.remaining, self.produced))
    }
}

impl Net {
    /// Makes the net of a design; `number` knows the touchpoints of the map.
    #[must_use]
    pub fn of(flow: &Flow, number: &impl Fn(&str) -> Option<u16>) -> Self {
        let mut net = Self { places: 2, transitions: Vec::new() };
        net.part(flow, 0, 1, number);
        net
    }

    fn place(&mut self) -> usize {
        self.places += 1;
        self.places - 1
    }

    fn unseen(&mut self, from: Vec<usize>, to: Vec<usize>) {
        self.transitions.push(Transition { seen_by: Vec::new(), from, to });
    }

    fn part(&mut self, flow: &Flow, from: usize, to: usize, number: &impl Fn(&str) -> Option<u16>) {
        match flow {
            Flow::Step(step) => {
                let all = std::iter::once(&step.touchpoint).chain(&step.instead);
                // A step that the map has not can never be met.
                let seen_by: Vec<u16> = all.filter_map(|id| number(id)).collect();
                let seen_by = if seen_by.is_empty() { vec![u16::MAX] } else { seen_by };
                self.transitions.push(Transition { seen_by, from: vec![from], to: vec![to] });
            }
            Flow::Sequence(parts) => {
                let mut here = from;
                for (at, part) in parts.iter().enumerate() {
                    let next = if at + 1 == parts.len() { to } else { self.place() };
                    self.part(part, here, next, number);
                    here = next;
                }
            }
            Flow::Choice(parts) => parts.iter().for_each(|part| self.part(part, from, to, number)),
            Flow::Parallel(parts) => {
                let ends: Vec<(usize, usize)> = parts.iter().map(|_| (self.place(), self.place())).collect();
                self.unseen(vec![from], ends.iter().map(|(begin, _)| *begin).collect());
                self.unseen(ends.iter().map(|(_, end)| *end).collect(), vec![to]);
                parts.iter().zip(&ends).for_each(|(part, (begin, end))| self.part(part, *begin, *end, number));
            }
            Flow::Optional(part) => {
                self.part(part, from, to, number);
                self.unseen(vec![from], vec![to]);
            }
            Flow::Loop(part) => {
                let (begin, end) = (self.place(), self.place());
                self.unseen(vec![from], vec![begin]);
                self.part(part, begin, end, number);
                self.unseen(vec![end], vec![begin]);
                self.unseen(vec![end], vec![to]);
            }
        }
    }

    /// Replays one trace.
    #[must_use]
    pub fn replay(&self, trace: &[Met]) -> Tokens {
        let mut marking = vec![0_u8; self.places];
        marking[0] = 1;
        let mut tokens = Tokens { produced: 1, ..Tokens::default() };
        for met in trace {
            let named = |transition: &&Transition| transition.seen_by.contains(&met.touchpoint);
            let Some(first) = self.transitions.iter().find(named) else { continue };
            let ready = |marking: &[u8]| self.transitions.iter().filter(named).find(|transition| enabled(transition, marking));
            let way = self.search(&marking, |marking| ready(marking).is_some()).unwrap_or_default();
            way.iter().for_each(|unseen| fire(&self.transitions[*unseen], &mut marking, &mut tokens));
            let next = ready(&marking).unwrap_or(first);
            fire(next, &mut marking, &mut tokens);
        }
        let way = self.search(&marking, |marking| marking[1] > 0).unwrap_or_default();
        way.iter().for_each(|unseen| fire(&self.transitions[*unseen], &mut marking, &mut tokens));
        tokens.consumed += 1;
        if marking[1] == 0 {
            tokens.missing += 1
        } else {
            marking[1] -= 1
        }
        tokens.remaining = marking.iter().map(|tokens| u64::from(*tokens)).sum();
        tokens
    }

    /// Finds the shortest way through unseen transitions to a marking that will do.
    fn search(&self, from: &[u8], will_do: impl Fn(&[u8]) -> bool) -> Option<Vec<usize>> {
        let mut tried: BTreeSet<Vec<u8>> = BTreeSet::from([from.to_vec()]);
        let mut open = VecDeque::from([(from.to_vec(), Vec::new())]);
        while let Some((marking, way)) = open.pop_front() {
            if will_do(&marking) {
                return Some(way);
            }
            let unseen = self.transitions.iter().enumerate().filter(|(_, transition)| transition.seen_by.is_empty());
            for (at, transition) in unseen.filter(|(_, transition)| enabled(transition, &marking)) {
                let mut next = marking.clone();
                fire(transition, &mut next, &mut Tokens::default());
                if tried.len() < MARKINGS_MAX && tried.insert(next.clone()) {
                    open.push_back((next, way.iter().copied().chain([at]).collect()));
                }
            }
        }
        None
    }
}

fn enabled(transition: &Transition, marking: &[u8]) -> bool {
    transition.from.iter().all(|place| marking[*place] > 0)
}

/// Lets a transition happen; tokens that are not there are made up.
fn fire(transition: &Transition, marking: &mut [u8], tokens: &mut Tokens) {
    for place in &transition.from {
        tokens.consumed += 1;
        if marking[*place] == 0 { tokens.missing += 1 } else { marking[*place] -= 1 }
    }
    for place in &transition.to {
        tokens.produced += 1;
        marking[*place] = marking[*place].saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::journey::Step;
    use proptest::prelude::*;

    const NAMES: [&str; 5] = ["A", "B", "C", "D", "X"];

    fn number(id: &str) -> Option<u16> {
        NAMES.iter().position(|name| *name == id).map(|at| at as u16)
    }

    fn step(id: &str) -> Flow {
        Flow::Step(Step { touchpoint: id.into(), ..Step::default() })
    }

    fn sequence(ids: &str) -> Flow {
        Flow::Sequence(ids.chars().map(|id| step(&id.to_string())).collect())
    }

    fn replay(flow: &Flow, lived: &str) -> Tokens {
        let met = |id: char| Met { touchpoint: number(&id.to_string()).expect("known"), at: 0, outcomes: 0 };
        Net::of(flow, &number).replay(&lived.chars().map(met).collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(flow: &Flow, lived: &str, fitness: f64) {
        let found = replay(flow, lived);
        assert!((found.fitness().expect("replayed") - fitness).abs() < 1e-12, "{lived}: {found:?}");
    }

    #[test]
    fn m16_token_replay() {
        let design = sequence("ABCD");
        for (lived, fitness) in
            [("ABD", 0.75), ("ACBD", 0.8), ("BD", 1.0 / 3.0), ("AABCD", 5.0 / 6.0), ("ABC", 0.75), ("ABCD", 1.0)]
        {
            check(&design, lived, fitness);
        }
        // Of the five deviating journeys together, as the log's fitness.
        let mut all = Tokens::default();
        ["ABD", "ACBD", "BD", "AABCD", "ABC"].iter().for_each(|lived| all.add(&replay(&design, lived)));
        assert_eq!((all.missing, all.remaining, all.produced, all.consumed), (6, 6, 22, 22));
    }

    #[test]
    fn blocks_are_replayed_through_what_nobody_sees() {
        let block = Flow::Sequence(vec![step("A"), Flow::Parallel(vec![step("B"), step("C")]), step("D")]);
        check(&block, "ABCD", 1.0);
        check(&block, "ACBD", 1.0);
        // C is missing: D has no token, and those before C and after B are left.
        let found = replay(&block, "ABD");
        assert_eq!((found.missing, found.remaining), (1, 2), "{found:?}");
        check(&Flow::Choice(vec![sequence("AB"), sequence("CD")]), "CD", 1.0);
        check(&Flow::Sequence(vec![step("A"), Flow::Optional(Box::new(step("B"))), step("C")]), "AC", 1.0);
        check(&Flow::Sequence(vec![step("A"), Flow::Loop(Box::new(step("B"))), step("C")]), "ABBBC", 1.0);
    }

    #[test]
    fn what_is_not_designed_is_passed_over() {
        check(&sequence("AB"), "AXB", 1.0);
        let unknown = Flow::Sequence(vec![step("A"), step("nowhere")]);
        assert!(replay(&unknown, "A").fitness().is_some_and(|fitness| fitness < 1.0));
        assert_eq!(Tokens::default().fitness(), None);
    }

    proptest! {
        #[test]
        fn tokens_are_never_lost(lived in "[ABCDX]{0,12}") {
            let block = Flow::Sequence(vec![
                step("A"),
                Flow::Optional(Box::new(Flow::Parallel(vec![step("B"), Flow::Loop(Box::new(step("C")))]))),
                step("D"),
            ]);
            let found = replay(&block, &lived);
            prop_assert_eq!(found.produced + found.missing, found.consumed + found.remaining);
            let fitness = found.fitness().expect("there is a first token");
            prop_assert!((0.0..=1.0).contains(&fitness));
        }
    }
}
