//! Journeys as lived against journeys as designed (M16): alignment; and beside it token replay, in [`Tokens`].
//!
//! The cheapest way to make a lived trace a run of the design, where meeting a step as designed costs nothing, and each
//! deviation costs: a designed step not met 1, a touchpoint met that was not designed 1, two neighbours in the wrong order
//! 1, another channel ½, later than designed ½, met without its outcome ½. `fitness = 1 − cost / (length of the trace +
//! length of the shortest designed run)`. The search is Dijkstra's over (place in the trace, point of the design), so the
//! cost is the least there is. After Adriansyah (2014), with the weights of the product's own.
//!
//! | designed | lived | deviations | cost | fitness |
//! |---|---|---|---|---|
//! | A B C D E | A B C D E | | 0 | 1 |
//! | A B C D E | A B D E | C missing | 1 | .889 |
//! | A B C D E | A C B X E | B C swapped, X ad hoc, D missing | 3 | .70 |
//!
//! Cost: O(length × points × log) for a trace, with points as many as the design has; memory the same.

mod design;
mod fold;
mod replay;
mod report;

pub use design::{Design, Next, Point, TooWide};
pub use fold::{ConformanceFold, Question};
pub use replay::Tokens;
pub use report::{Conformance, DeviationFigures, report};

use model::journey::{Journey, Step};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The longest trace that is aligned; what comes after is left out, and counted as cut.
pub const TRACE_MAX: usize = 64;

/// Is one interaction of a lived journey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Met {
    /// The touchpoint, by number.
    pub touchpoint: u16,
    /// When, in microseconds.
    pub at: i64,
    /// The outcomes at it and until the next one, as bits.
    pub outcomes: u16,
}

/// Is a kind of deviation. The order is that of their weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeviationKind)]
pub enum Kind {
    /// Designed, not met.
    Missing,
    /// Met, not designed.
    AdHoc,
    /// Met before the step that should come before it.
    OutOfOrder,
    /// Met on another channel than designed.
    WrongChannel,
    /// Met later than designed.
    Late,
    /// Met, but its outcome did not happen.
    Failed,
}

/// Is one deviation: a kind, and where. The number is a step's position, and of [`Kind::AdHoc`] a touchpoint's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Deviation {
    /// What happened.
    pub kind: Kind,
    /// At which step, or which touchpoint.
    pub at: u16,
}

/// Is how a trace fits: costs are in halves, so that they stay whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alignment {
    /// Twice the cost.
    pub halves: u32,
    /// What deviates.
    pub deviations: Vec<Deviation>,
    /// The steps that were met, by position.
    pub met: Vec<u16>,
}

/// Is what alignment needs to know of a step.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    touchpoint: u16,
    instead: Vec<u16>,
    within: Option<i64>,
    outcome: Option<u16>,
}

/// Is a design ready to be compared.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The automaton.
    pub design: Design,
    net: replay::Net,
    steps: Vec<Wanted>,
    /// Whether two neighbours in the wrong order cost one, not two.
    swaps: bool,
}

const HOUR: i64 = 3_600_000_000;

impl Plan {
    /// Compiles a sound journey; `number` tells the number of a touchpoint, `outcome` the bit of an outcome.
    ///
    /// # Errors
    /// Fails when there are too many ways through.
    pub fn new(
        journey: &Journey,
        number: impl Fn(&str) -> Option<u16>,
        outcome: impl Fn(&str) -> Option<u16>,
    ) -> Result<Self, TooWide> {
        let wanted = |step: &&Step| Wanted {
            // A touchpoint that has left the map is never met.
            touchpoint: number(&step.touchpoint).unwrap_or(u16::MAX),
            instead: step.instead.iter().filter_map(|id| number(id)).collect(),
            within: step.within_hours.map(|hours| i64::from(hours) * HOUR),
            outcome: step.outcome.as_deref().and_then(&outcome),
        };
        let steps = journey.steps().iter().map(wanted).collect();
        Ok(Self { design: Design::new(journey)?, net: replay::Net::new(&journey.flow), steps, swaps: true })
    }

    /// Counts neighbours in the wrong order as one missing and one ad hoc, as alignments elsewhere do.
    #[must_use]
    pub fn without_swaps(self) -> Self {
        Self { swaps: false, ..self }
    }

    /// Tells whether any step is meant to be met at a touchpoint.
    #[must_use]
    pub fn names(&self, touchpoint: u16) -> bool {
        (0..self.steps.len() as u16).any(|step| self.is_met_at(step, touchpoint))
    }

    /// Tells whether the journey may begin at a touchpoint.
    #[must_use]
    pub fn begins_at(&self, touchpoint: u16) -> bool {
        let first = self.design.next(self.design.start);
        first.iter().any(|next| self.is_met_at(next.step, touchpoint))
    }

    /// Tells whether a step is met at a touchpoint, on whichever channel.
    fn is_met_at(&self, step: u16, touchpoint: u16) -> bool {
        let step = &self.steps[step as usize];
        step.touchpoint == touchpoint || step.instead.contains(&touchpoint)
    }

    /// Lays a trace of at most [`TRACE_MAX`] interactions over the design, token by token.
    #[must_use]
    pub fn replay(&self, trace: &[Met]) -> Tokens {
        self.net.replay(self, &trace[..trace.len().min(TRACE_MAX)])
    }

    /// Returns what it costs, in halves, to take an interaction for a step, and with which deviations; none: it is another.
    fn meets(&self, step: u16, trace: &[Met], at: usize, before: Option<usize>) -> Option<(u32, [Option<Kind>; 3])> {
        let (wanted, met) = (&self.steps[step as usize], trace[at]);
        let exact = met.touchpoint == wanted.touchpoint;
        if !exact && !wanted.instead.contains(&met.touchpoint) {
            return None;
        }
        let late = wanted.within.zip(before).is_some_and(|(within, before)| met.at - trace[before].at > within);
        let failed = wanted.outcome.is_some_and(|bits| met.outcomes & bits == 0);
        let found = [(!exact).then_some(Kind::WrongChannel), late.then_some(Kind::Late), failed.then_some(Kind::Failed)];
        Some((found.iter().flatten().count() as u32, found))
    }
}

/// Is a place of the search: how much of the trace is behind, where in the design, and which interaction was the last step.
type Place = (u16, Point, u16);

/// Stands for "no step was met yet".
const NONE: u16 = u16::MAX;

/// Is a move of the search.
#[derive(Clone, Copy, Debug)]
enum Move {
    Met { step: u16, how: [Option<Kind>; 3] },
    Skipped { step: u16 },
    AdHoc { touchpoint: u16 },
    Swapped { first: u16, second: u16 },
}

/// Aligns a trace of at most [`TRACE_MAX`] interactions with a plan.
#[must_use]
pub fn align(plan: &Plan, trace: &[Met]) -> Alignment {
    let trace = &trace[..trace.len().min(TRACE_MAX)];
    let start: Place = (0, plan.design.start, NONE);
    let mut best: BTreeMap<Place, (u32, Option<(Place, Move)>)> = BTreeMap::from([(start, (0, None))]);
    let mut open = BinaryHeap::from([Reverse((0_u32, start))]);
    while let Some(Reverse((cost, place))) = open.pop() {
        if best.get(&place).is_some_and(|(known, _)| *known < cost) {
            continue;
        }
        let (at, point, last) = place;
        if at as usize == trace.len() && plan.design.may_end(point) {
            return told(&best, place, cost);
        }
        moves(plan, trace, place, |halves, to, step| {
            let cost = cost + halves;
            if best.get(&to).is_none_or(|(known, _)| cost < *known) {
                best.insert(to, (cost, Some((place, step))));
                open.push(Reverse((cost, to)));
            }
        });
        let _ = last;
    }
    // Every design has an end, and skipping leads to it.
    Alignment { halves: 0, deviations: Vec::new(), met: Vec::new() }
}

fn moves(plan: &Plan, trace: &[Met], (at, point, last): Place, mut go: impl FnMut(u32, Place, Move)) {
    let here = at as usize;
    let before = (last != NONE).then_some(last as usize);
    for next in plan.design.next(point) {
        go(2, (at, next.to, last), Move::Skipped { step: next.step });
        if here >= trace.len() {
            continue;
        }
        if let Some((halves, how)) = plan.meets(next.step, trace, here, before) {
            go(halves, (at + 1, next.to, at), Move::Met { step: next.step, how });
        }
        // The step after it was met first, then it.
        if plan.swaps && here + 1 < trace.len() && plan.meets(next.step, trace, here + 1, None).is_some() {
            for second in plan.design.next(next.to) {
                if plan.meets(second.step, trace, here, None).is_some() {
                    go(2, (at + 2, second.to, at + 1), Move::Swapped { first: next.step, second: second.step });
                }
            }
        }
    }
    if here < trace.len() {
        go(2, (at + 1, point, last), Move::AdHoc { touchpoint: trace[here].touchpoint });
    }
}

/// Is how cheaply each place is reached, and by which step from where.
type Reached = BTreeMap<Place, (u32, Option<(Place, Move)>)>;

/// Walks back from the end and tells what happened on the way.
fn told(best: &Reached, end: Place, halves: u32) -> Alignment {
    let (mut deviations, mut met) = (Vec::new(), Vec::new());
    let mut place = end;
    while let Some((_, Some((from, step)))) = best.get(&place) {
        match *step {
            Move::Met { step, how } => {
                met.push(step);
                deviations.extend(how.into_iter().flatten().map(|kind| Deviation { kind, at: step }));
            }
            Move::Skipped { step } => deviations.push(Deviation { kind: Kind::Missing, at: step }),
            Move::AdHoc { touchpoint } => deviations.push(Deviation { kind: Kind::AdHoc, at: touchpoint }),
            Move::Swapped { first, second } => {
                met.extend([first, second]);
                deviations.push(Deviation { kind: Kind::OutOfOrder, at: second });
            }
        }
        place = *from;
    }
    deviations.reverse();
    met.sort_unstable();
    Alignment { halves, deviations, met }
}

/// Returns the fitness of a trace: 1 where nothing deviates.
#[must_use]
pub fn fitness(halves: u32, length: u32, shortest: u32) -> f64 {
    if length + shortest == 0 {
        return 1.0;
    }
    1.0 - f64::from(halves) / 2.0 / f64::from(length + shortest)
}

#[cfg(test)]
mod tests {
    use super::design::tests::{journey, sequence, step};
    use super::*;
    use model::journey::Flow;
    use proptest::prelude::*;

    fn letter(id: &str) -> Option<u16> {
        id.bytes().next().map(u16::from)
    }

    fn plan(flow: Flow) -> Plan {
        Plan::new(&journey(flow), letter, |_| Some(1)).expect("is narrow")
    }

    fn trace(letters: &str) -> Vec<Met> {
        letters
            .bytes()
            .enumerate()
            .map(|(at, letter)| Met { touchpoint: u16::from(letter), at: at as i64 * HOUR, outcomes: 1 })
            .collect()
    }

    #[track_caller]
    fn check(plan: &Plan, lived: &str, expected: f64, deviations: &[(Kind, u16)]) {
        let found = align(plan, &trace(lived));
        let value = fitness(found.halves, lived.len() as u32, plan.design.shortest);
        assert!((value - expected).abs() < 1e-6, "{lived}: {value} is not {expected}: {found:?}");
        let mut told: Vec<_> = found.deviations.iter().map(|found| (found.kind, found.at)).collect();
        told.sort_unstable();
        assert_eq!(told, deviations, "{lived}");
    }

    /// The worked numbers of M16.
    #[test]
    fn m16_alignments() {
        let plan = plan(sequence("ABCDE"));
        check(&plan, "ABCDE", 1.0, &[]);
        check(&plan, "ACBXE", 0.70, &[(Kind::Missing, 3), (Kind::AdHoc, u16::from(b'X')), (Kind::OutOfOrder, 2)]);
        check(&plan, "ABDE", 1.0 - 1.0 / 9.0, &[(Kind::Missing, 2)]);
        check(
            &plan,
            "",
            0.0,
            &[(Kind::Missing, 0), (Kind::Missing, 1), (Kind::Missing, 2), (Kind::Missing, 3), (Kind::Missing, 4)],
        );
    }

    /// What a process-mining tool says of the journey web, e-mail, call, buy, which counts no swaps.
    #[test]
    fn alignments_of_another_tool() {
        let plan = plan(sequence("wecb")).without_swaps();
        for (lived, expected) in [("web", 6.0 / 7.0), ("wceb", 0.75), ("eb", 2.0 / 3.0), ("wwecb", 8.0 / 9.0), ("wec", 6.0 / 7.0)]
        {
            let found = align(&plan, &trace(lived));
            let value = fitness(found.halves, lived.len() as u32, plan.design.shortest);
            assert!((value - expected).abs() < 1e-9, "{lived}: {value} is not {expected}");
        }
    }

    #[test]
    fn blocks_are_no_deviations() {
        let block = |flow: Flow| plan(Flow::Sequence(vec![step("a"), flow, step("z")]));
        let choice = block(Flow::Choice(vec![step("b"), step("c")]));
        check(&choice, "acz", 1.0, &[]);
        check(&choice, "az", 1.0 - 1.0 / 5.0, &[(Kind::Missing, 1)]);
        let parallel = block(Flow::Parallel(vec![step("b"), step("c")]));
        check(&parallel, "abcz", 1.0, &[]);
        check(&parallel, "acbz", 1.0, &[]);
        check(&block(Flow::Loop(Box::new(step("b")))), "abbbbz", 1.0, &[]);
        check(&block(Flow::Optional(Box::new(step("b")))), "az", 1.0, &[]);
    }

    #[test]
    fn half_deviations() {
        let mut flow = sequence("abc");
        let Flow::Sequence(parts) = &mut flow else { unreachable!("is a sequence") };
        let Flow::Step(second) = &mut parts[1] else { unreachable!("is a step") };
        second.instead = vec!["x".into()];
        second.within_hours = Some(1);
        second.outcome = Some("any".into());
        let plan = plan(flow);
        check(&plan, "abc", 1.0, &[]);
        check(&plan, "axc", 1.0 - 0.5 / 6.0, &[(Kind::WrongChannel, 1)]);
        let mut lived = trace("axc");
        (lived[1].at, lived[1].outcomes) = (9 * HOUR, 0);
        let found = align(&plan, &lived);
        assert_eq!(found.halves, 3, "{found:?}");
    }

    /// The plain slow way, for sequences: edit distance with deletions, insertions and swaps of neighbours.
    fn distance(design: &[u8], lived: &[u8]) -> u32 {
        let (n, m) = (design.len(), lived.len());
        let mut table = vec![vec![0_u32; m + 1]; n + 1];
        for i in 0..=n {
            for j in 0..=m {
                let mut least = if i == 0 && j == 0 { 0 } else { u32::MAX };
                if i > 0 {
                    least = least.min(table[i - 1][j] + 1);
                }
                if j > 0 {
                    least = least.min(table[i][j - 1] + 1);
                }
                if i > 0 && j > 0 && design[i - 1] == lived[j - 1] {
                    least = least.min(table[i - 1][j - 1]);
                }
                if i > 1 && j > 1 && design[i - 1] == lived[j - 2] && design[i - 2] == lived[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                table[i][j] = least;
            }
        }
        table[n][m]
    }

    proptest! {
        #[test]
        fn sequences_cost_their_edit_distance(design in "[a-d]{1,7}", lived in "[a-e]{0,9}") {
            let found = align(&plan(sequence(&design)), &trace(&lived));
            prop_assert_eq!(found.halves, 2 * distance(design.as_bytes(), lived.as_bytes()));
            let cost: u32 = found.deviations.len() as u32 * 2;
            prop_assert_eq!(cost, found.halves, "every deviation is told: {:?}", found);
        }
    }
}
