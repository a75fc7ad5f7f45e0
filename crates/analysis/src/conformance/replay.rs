//! Journeys as lived against journeys as designed, by token replay: the figure that process-mining tools show beside an alignment.
//!
//! The design becomes a Petri net: a token lies where the journey stands, meeting a touchpoint moves it on. A token that a meeting
//! needs and that is not there is *missing*; one that lies about at the end is *remaining*. `fitness = ½ (1 − missing / consumed)
//! + ½ (1 − remaining / produced)`, over all journeys together. After Rozinat and van der Aalst (2008). Touchpoints outside
//! the design move nothing, and neither lateness nor an outcome that did not happen is seen: that is what [`super::align`] is for.
//!
//! | designed | lived | produced | consumed | missing | remaining | fitness |
//! |---|---|---|---|---|---|---|
//! | a, b and c in any order, d | a b c d | 6 | 6 | 0 | 0 | 1 |
//! | | a c b d | 6 | 6 | 0 | 0 | 1 |
//! | | a b d | 5 | 5 | 1 | 1 | .80 |
//! | | a b X c d | 6 | 6 | 0 | 0 | 1 |
//! | | nothing | 1 | 1 | 1 | 1 | 0 |
//!
//! Cost: O(length × steps); where an optional or repeated part has to be passed silently first, times the markings it leads to, of
//! which at most [`MARKINGS_MAX`] are looked at.

use super::{Met, Plan};
use model::journey::Flow;
use std::collections::{BTreeSet, VecDeque};

/// The most markings that are looked at to pass silently what may be left out; beyond it a token counts as missing.
const MARKINGS_MAX: usize = 512;
/// Where everybody begins.
const START: usize = 0;
/// Where everybody should end.
const END: usize = 1;

/// Counts tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Tokens {
    /// Laid down, the one at the start included.
    pub produced: u32,
    /// Taken up, the one at the end included.
    pub consumed: u32,
    /// Taken up without having been there.
    pub missing: u32,
    /// Still there at the end.
    pub remaining: u32,
}

/// Is how many tokens lie at each place.
type Marking = Vec<u16>;

#[derive(Clone, Debug)]
struct Transition {
    /// The step, by position; none: it passes silently.
    step: Option<u16>,
    takes: Vec<usize>,
    gives: Vec<usize>,
}

impl Transition {
    fn lacks(&self, marking: &Marking) -> u32 {
        self.takes.iter().filter(|place| marking[**place] == 0).count() as u32
    }

    fn fire(&self, marking: &mut Marking, tokens: &mut Tokens) {
        for place in &self.takes {
            tokens.missing += u32::from(marking[*place] == 0);
            marking[*place] = marking[*place].saturating_sub(1);
        }
        for place in &self.gives {
            marking[*place] = marking[*place].saturating_add(1);
        }
        tokens.consumed += self.takes.len() as u32;
        tokens.produced += self.gives.len() as u32;
    }
}

/// Is a design as a Petri net.
#[derive(Clone, Debug)]
pub(super) struct Net {
    transitions: Vec<Transition>,
    places: usize,
}

impl Net {
    /// Builds the net of a sound flow.
    pub(super) fn new(flow: &Flow) -> Self {
        let mut net = Self { transitions: Vec::new(), places: 2 };
        net.add(flow, vec![START], vec![END], &mut 0);
        net
    }

    /// Lays a trace over the net.
    pub(super) fn replay(&self, plan: &Plan, trace: &[Met]) -> Tokens {
        let mut marking = vec![0; self.places];
        marking[START] = 1;
        let mut tokens = Tokens { produced: 1, ..Tokens::default() };
        for met in trace {
            let fits = |transition: &&Transition| transition.step.is_some_and(|step| plan.is_met_at(step, met.touchpoint));
            let meant: Vec<&Transition> = self.transitions.iter().filter(fits).collect();
            self.pass(&mut marking, &mut tokens, |marking| meant.iter().any(|one| one.lacks(marking) == 0));
            if let Some(one) = meant.iter().min_by_key(|one| one.lacks(&marking)) {
                one.fire(&mut marking, &mut tokens);
            }
        }
        self.pass(&mut marking, &mut tokens, |marking| marking[END] > 0);
        Transition { step: None, takes: vec![END], gives: Vec::new() }.fire(&mut marking, &mut tokens);
        tokens.remaining = marking.iter().map(|count| u32::from(*count)).sum();
        tokens
    }

    /// Passes silently what may be left out, as little as leads to what is wanted; nothing, where that cannot be reached.
    fn pass(&self, marking: &mut Marking, tokens: &mut Tokens, wanted: impl Fn(&Marking) -> bool) {
        let mut seen = BTreeSet::from([marking.clone()]);
        let mut open = VecDeque::from([(marking.clone(), *tokens)]);
        while let Some((here, counted)) = open.pop_front() {
            if wanted(&here) {
                (*marking, *tokens) = (here, counted);
                return;
            }
            for silent in self.transitions.iter().filter(|one| one.step.is_none() && one.lacks(&here) == 0) {
                let (mut next, mut counted) = (here.clone(), counted);
                silent.fire(&mut next, &mut counted);
                if seen.len() < MARKINGS_MAX && seen.insert(next.clone()) {
                    open.push_back((next, counted));
                }
            }
        }
    }

    fn places(&mut self, count: usize) -> Vec<usize> {
        self.places += count;
        (self.places - count..self.places).collect()
    }

    fn silent(&mut self, takes: &[usize], gives: &[usize]) {
        self.transitions.push(Transition { step: None, takes: takes.to_vec(), gives: gives.to_vec() });
    }

    fn add(&mut self, flow: &Flow, takes: Vec<usize>, gives: Vec<usize>, steps: &mut u16) {
        match flow {
            Flow::Step(_) => {
                self.transitions.push(Transition { step: Some(*steps), takes, gives });
                *steps += 1;
            }
            Flow::Sequence(of) => {
                let mut here = takes;
                for (at, part) in of.iter().enumerate() {
                    let after = match of.get(at + 1) {
                        Some(next) => self.places(width(part, last).max(width(next, first))),
                        None => gives.clone(),
                    };
                    self.add(part, here, after.clone(), steps);
                    here = after;
                }
                if of.is_empty() {
                    self.silent(&here, &gives);
                }
            }
            Flow::Choice(of) => of.iter().for_each(|part| self.add(part, takes.clone(), gives.clone(), steps)),
            Flow::Optional(of) => {
                self.silent(&takes, &gives);
                self.add(of, takes, gives, steps);
            }
            // Places of its own: from inside a loop no other branch of a choice around it may be taken.
            Flow::Loop(of) => {
                let (begin, end) = (self.places(1), self.places(1));
                self.silent(&takes, &begin);
                self.silent(&end, &begin);
                self.silent(&end, &gives);
                self.add(of, begin, end, steps);
            }
            Flow::Parallel(of) => {
                let begin = self.split(of, takes, first, |net, takes, each| net.silent(takes, each));
                let end = self.split(of, gives, last, |net, gives, each| net.silent(each, gives));
                for ((part, takes), gives) in of.iter().zip(begin).zip(end) {
                    self.add(part, takes, gives, steps);
                }
            }
        }
    }

    /// Deals places out to the branches of a parallel block; where their number does not fit, through a silent transition.
    fn split(
        &mut self,
        of: &[Flow],
        places: Vec<usize>,
        end: fn(&[Flow]) -> Option<&Flow>,
        join: impl Fn(&mut Self, &[usize], &[usize]),
    ) -> Vec<Vec<usize>> {
        let widths: Vec<usize> = of.iter().map(|part| width(part, end)).collect();
        let all: usize = widths.iter().sum();
        let own = if all == places.len() {
            places
        } else {
            let own = self.places(all);
            join(self, &places, &own);
            own
        };
        let mut own = own.into_iter();
        widths.into_iter().map(|width| own.by_ref().take(width).collect()).collect()
    }
}

/// Returns how many places a part wants at its beginning or end, so that parallel branches need no silent transition.
fn width(flow: &Flow, end: fn(&[Flow]) -> Option<&Flow>) -> usize {
    match flow {
        Flow::Step(_) | Flow::Choice(_) | Flow::Optional(_) | Flow::Loop(_) => 1,
        Flow::Sequence(of) => end(of).map_or(1, |part| width(part, end)),
        Flow::Parallel(of) => of.iter().map(|part| width(part, end)).sum::<usize>().max(1),
    }
}

fn first(of: &[Flow]) -> Option<&Flow> {
    of.first()
}

fn last(of: &[Flow]) -> Option<&Flow> {
    of.last()
}

#[cfg(test)]
mod tests {
    use super::super::design::tests::{journey, sequence, step};
    use super::super::{align, fitness};
    use super::*;
    use proptest::prelude::*;

    fn replay(flow: &Flow, lived: &str) -> Tokens {
        let plan = Plan::new(&journey(flow.clone()), |id| id.bytes().next().map(u16::from), |_| Some(1)).expect("is narrow");
        plan.replay(&trace(lived))
    }

    fn trace(lived: &str) -> Vec<Met> {
        lived.bytes().map(|letter| Met { touchpoint: u16::from(letter), at: 0, outcomes: 1 }).collect()
    }

    fn tokens(produced: u32, consumed: u32, missing: u32, remaining: u32) -> Tokens {
        Tokens { produced, consumed, missing, remaining }
    }

    fn both_then(middle: Flow) -> Flow {
        Flow::Sequence(vec![step("a"), middle, step("d")])
    }

    /// The worked number of M16, which is that of the encyclopaedia's article on conformance checking, and the table above.
    #[test]
    fn m16_token_replay() {
        let flow = both_then(Flow::Parallel(vec![step("b"), step("c")]));
        assert_eq!(replay(&flow, "abd"), tokens(5, 5, 1, 1));
        assert_eq!(replay(&flow, "abcd"), tokens(6, 6, 0, 0));
        assert_eq!(replay(&flow, "acbd"), tokens(6, 6, 0, 0));
        assert_eq!(replay(&flow, "abXcd"), tokens(6, 6, 0, 0));
        assert_eq!(replay(&flow, ""), tokens(1, 1, 1, 1));
        let found = super::super::report::token_fitness(&[(replay(&flow, "abd"), 1)].into());
        assert!((found.value.expect("has a value") - 0.80).abs() < 1e-12);
    }

    #[test]
    fn passes_silently_what_may_be_left_out_or_repeated() {
        let optional = both_then(Flow::Optional(Box::new(step("b"))));
        for lived in ["ad", "abd"] {
            assert_eq!((replay(&optional, lived).missing, replay(&optional, lived).remaining), (0, 0), "{lived}");
        }
        let again = both_then(Flow::Loop(Box::new(step("b"))));
        assert_eq!((replay(&again, "abbbd").missing, replay(&again, "abbbd").remaining), (0, 0));
        assert!(replay(&again, "ad").missing > 0);
        // After a loop inside a choice the other branch is no longer open.
        let chosen = both_then(Flow::Choice(vec![Flow::Loop(Box::new(step("b"))), step("c")]));
        assert_eq!((replay(&chosen, "abbd").missing, replay(&chosen, "acd").missing), (0, 0));
        assert!(replay(&chosen, "abcd").missing > 0);
    }

    #[test]
    fn steps_of_a_sequence_pass_one_token_on() {
        assert_eq!(replay(&sequence("abc"), "abc"), tokens(4, 4, 0, 0));
        assert_eq!(replay(&sequence("abc"), "ac"), tokens(3, 3, 1, 1));
    }

    fn flows() -> impl Strategy<Value = Flow> {
        let leaf = (0..5_usize).prop_map(|at| step(["a", "b", "c", "d", "e"][at]));
        leaf.prop_recursive(3, 10, 3, |inner| {
            let some = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                some.clone().prop_map(Flow::Sequence),
                some.clone().prop_map(Flow::Choice),
                prop::collection::vec(inner.clone(), 1..3).prop_map(Flow::Parallel),
                inner.clone().prop_map(|flow| Flow::Optional(Box::new(flow))),
                inner.prop_map(|flow| Flow::Loop(Box::new(flow))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Tokens are neither made nor lost, and the figure stays within 0 and 1.
        #[test]
        fn tokens_balance(flow in flows(), lived in "[a-f]{0,8}") {
            let found = replay(&flow, &lived);
            prop_assert_eq!(found.produced + found.missing, found.consumed + found.remaining);
            prop_assert!(found.missing <= found.consumed && found.remaining <= found.produced);
        }

        /// Where every touchpoint stands once in the design, both ways agree on which journeys fit.
        #[test]
        fn fits_as_an_alignment_does(lived in "[a-e]{0,6}", shape in 0..4_usize) {
            let middle = || vec![step("b"), step("c")];
            let flow = match shape {
                0 => both_then(Flow::Parallel(middle())),
                1 => both_then(Flow::Choice(middle())),
                2 => both_then(Flow::Optional(Box::new(Flow::Sequence(middle())))),
                _ => both_then(Flow::Loop(Box::new(Flow::Sequence(middle())))),
            };
            let plan = Plan::new(&journey(flow.clone()), |id| id.bytes().next().map(u16::from), |_| Some(1)).expect("is narrow");
            let inside: Vec<Met> = trace(&lived).into_iter().filter(|met| plan.names(met.touchpoint)).collect();
            let aligned = fitness(align(&plan, &inside).halves, inside.len() as u32, plan.design.shortest);
            let found = plan.replay(&inside);
            prop_assert_eq!(aligned >= 1.0, found.missing == 0 && found.remaining == 0, "{:?}", found);
        }
    }
}
