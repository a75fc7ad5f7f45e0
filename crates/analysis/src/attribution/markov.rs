//! Removal effects of absorbing Markov chains of order 1 to 3, exactly rather than by simulation.
//!
//! States are runs of up to `order` touches; a journey shorter than that is one state. A journey enters the chain,
//! walks, and leaves it with an outcome or without. The removal effect of a touchpoint is the part of all outcomes
//! that is lost when every way into a state containing it leads to no outcome:
//! `RE(c) = 1 − P(outcome without c) / P(outcome)`; credit is in proportion to it. For value, each state's chance of
//! an outcome is replaced by the mean value with which journeys leave there. Source: Anderl, Becker, von Wangenheim
//! and Schumann 2016.
//!
//! * Order 1: one LU factorisation gives all effects, `RE(c) = N[s,c]·h(c) / (N[c,c]·P)` with the fundamental matrix
//!   `N = (I − Q)⁻¹` and `h = N·r` (Kemeny and Snell 1960). O(n³) once for n touchpoints.
//! * Orders 2 and 3 have many states and few ways between them, so the whole probability is pushed through the
//!   chain at once, step by step, until less than 10⁻¹⁵ of it still travels: what still travels bounds the error. A chain
//!   that keeps journeys for very long is solved by LU instead. O(touchpoints · steps · ways).
//!
//! Staying in the same state changes neither P nor any effect, so such steps are dropped. P equals the observed
//! share of journeys with an outcome whatever the order.
//!
//! Example (order 1): ads 2 outcomes and 1 without, mail 1, ads > mail 1. P = 0.8; without mail 0.4, so RE = 0.50;
//! without ads 0.2, so RE = 0.75; of 4 outcomes ads is given 2.4 and mail 1.6.

use super::{Ends, JourneyCounts};
use foldhash::HashMap;
use nalgebra::{DMatrix, DVector};

/// Is how many touches back the chain remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Order {
    /// The last touch.
    #[default]
    One = 1,
    /// The last two touches.
    Two = 2,
    /// The last three touches.
    Three = 3,
}

/// Holds what removing each touchpoint does to outcomes and value.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Markov {
    /// Number of states of the chain.
    pub states: usize,
    /// Probability that a journey has an outcome.
    pub converts: f64,
    /// Mean value of a journey, in the unit of the journeys.
    pub worth: f64,
    /// Part of outcomes lost without each touchpoint, 0 to 1.
    pub removal: Vec<f64>,
    /// Part of value lost without each touchpoint.
    pub removal_value: Vec<f64>,
    /// Probability that was left in the chain: the most by which `converts` can be wrong. Below 10⁻¹² unless the
    /// chain is both very large and nearly closed in itself.
    pub unsettled: f64,
}

impl Markov {
    /// Returns each touchpoint's share of outcomes: removal effects, normalised; all zero when there are none.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        normalised(&self.removal)
    }

    /// Returns each touchpoint's share of value.
    #[must_use]
    pub fn shares_value(&self) -> Vec<f64> {
        normalised(&self.removal_value)
    }
}

fn normalised(effects: &[f64]) -> Vec<f64> {
    let sum: f64 = effects.iter().sum();
    effects.iter().map(|effect| if sum == 0.0 { 0.0 } else { effect / sum }).collect()
}

/// Computes the removal effects of `touchpoints` touchpoints (indexes 0 up to it, below 65,535) over all journeys.
#[must_use]
pub fn removal(journeys: &JourneyCounts, touchpoints: usize, order: Order) -> Markov {
    Chain::new(&Flows::of(journeys, order)).removal(touchpoints)
}

/// Is a state: the last touches, filled up with [`NOBODY`].
pub(super) type Gram = [u16; 3];

/// Is no touchpoint.
const NOBODY: u16 = u16::MAX;

/// Up to so many states, the closed form of order 1 is cheaper than walking once per touchpoint.
const CLOSED_STATES: usize = 512;
/// After so many steps a walk is given up in favour of LU.
const STEPS: usize = 10_000;
/// Up to so many states LU is affordable (32 MB, seconds).
const SOLVED_STATES: usize = 2_000;
/// When less than this still travels, a walk is over.
const ARRIVED: f64 = 1e-15;

/// Counts journeys into, between and out of states.
#[derive(Default)]
pub(super) struct Flows {
    pub(super) states: Vec<Gram>,
    pub(super) starts: Vec<u64>,
    /// Sorted by the state they lead from.
    pub(super) steps: Vec<((u32, u32), u64)>,
    pub(super) ends: Vec<Ends>,
}

impl Flows {
    /// Adds a state and returns its number.
    pub(super) fn state(&mut self, gram: Gram, starts: u64, ends: Ends) -> u32 {
        self.states.push(gram);
        self.starts.push(starts);
        self.ends.push(ends);
        (self.states.len() - 1) as u32
    }

    /// Returns the state of a single touchpoint.
    pub(super) fn single(touchpoint: u16) -> Gram {
        [touchpoint, NOBODY, NOBODY]
    }

    /// Counts journeys in any order; states are numbered by their touches, so the result does not depend on it.
    pub(super) fn of(journeys: &JourneyCounts, order: Order) -> Self {
        let mut flows = Self::default();
        let mut numbers: HashMap<Gram, u32> = HashMap::default();
        // A state and the next touch determine the next state: one look-up per touch.
        let mut ways: HashMap<(u32, u16), (u32, u64)> = HashMap::default();
        for (path, ends) in journeys.iter().filter(|(path, _)| !path.is_empty()) {
            let weight = ends.conversions + ends.nulls;
            let length = (order as usize).min(path.len());
            let mut number = |touches: &[u16]| {
                let mut gram = [NOBODY; 3];
                gram[..touches.len()].copy_from_slice(touches);
                *numbers.entry(gram).or_insert_with(|| flows.state(gram, 0, Ends::default()))
            };
            let first = number(&path[..length]);
            let mut at = first;
            for (touch, end) in path[length..].iter().zip(length + 1..) {
                let (next, count) = ways.entry((at, *touch)).or_insert_with(|| (number(&path[end - length..end]), 0));
                *count += weight;
                at = *next;
            }
            flows.starts[first as usize] += weight;
            flows.ends[at as usize].add(*ends);
        }
        // Staying is no step.
        let steps = ways.into_iter().map(|((from, _), (to, weight))| ((from, to), weight));
        flows.steps = steps.filter(|((from, to), _)| from != to).collect();
        flows.in_order()
    }

    /// Renumbers states by their touches and sorts the steps.
    fn in_order(mut self) -> Self {
        let mut order: Vec<usize> = (0..self.states.len()).collect();
        order.sort_unstable_by_key(|state| self.states[*state]);
        let mut rank = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            rank[*old] = new as u32;
        }
        for ((from, to), _) in &mut self.steps {
            (*from, *to) = (rank[*from as usize], rank[*to as usize]);
        }
        self.steps.sort_unstable();
        Self {
            states: order.iter().map(|old| self.states[*old]).collect(),
            starts: order.iter().map(|old| self.starts[*old]).collect(),
            ends: order.iter().map(|old| self.ends[*old]).collect(),
            steps: self.steps,
        }
    }
}

/// Holds the same as probabilities; the ways out of state `i` are `ways[offsets[i]..offsets[i + 1]]`.
struct Chain {
    states: Vec<Gram>,
    starts: Vec<f64>,
    offsets: Vec<usize>,
    ways: Vec<(u32, f64)>,
    converts: Vec<f64>,
    worth: Vec<f64>,
}

/// Is where everybody arrived.
#[derive(Clone, Copy)]
struct Arrived {
    converts: f64,
    worth: f64,
    travelling: f64,
}

impl Chain {
    fn new(flows: &Flows) -> Self {
        let n = flows.states.len();
        let mut out: Vec<u64> = flows.ends.iter().map(|ends| ends.conversions + ends.nulls).collect();
        let mut offsets = vec![0; n + 1];
        for ((from, _), weight) in &flows.steps {
            out[*from as usize] += weight;
            offsets[*from as usize + 1] += 1;
        }
        for i in 0..n {
            offsets[i + 1] += offsets[i];
        }
        let part = |weight: f64, of: u64| if of == 0 { 0.0 } else { weight / of as f64 };
        let journeys: u64 = flows.starts.iter().sum();
        let each = |weight: &dyn Fn(usize) -> f64| (0..n).map(|i| part(weight(i), out[i])).collect();
        Self {
            states: flows.states.clone(),
            starts: flows.starts.iter().map(|starts| part(*starts as f64, journeys)).collect(),
            ways: flows.steps.iter().map(|((from, to), weight)| (*to, part(*weight as f64, out[*from as usize]))).collect(),
            converts: each(&|i| flows.ends[i].conversions as f64),
            worth: each(&|i| flows.ends[i].value.to_f64()),
            offsets,
        }
    }

    fn removal(&self, touchpoints: usize) -> Markov {
        let single = self.states.iter().all(|gram| gram[1] == NOBODY);
        let closed = if single && self.states.len() <= CLOSED_STATES { self.closed_form(touchpoints) } else { None };
        closed.unwrap_or_else(|| self.one_by_one(touchpoints))
    }

    /// Computes all effects of order 1 from one factorisation; `None` when it fails.
    fn closed_form(&self, touchpoints: usize) -> Option<Markov> {
        let n = self.states.len();
        let inverse = self.matrix(&vec![true; n]).lu().try_inverse()?;
        let reached = inverse.tr_mul(&DVector::from_column_slice(&self.starts));
        let convert_from = &inverse * DVector::from_column_slice(&self.converts);
        let worth_from = &inverse * DVector::from_column_slice(&self.worth);
        let converts = dot(&self.starts, convert_from.as_slice());
        let worth = dot(&self.starts, worth_from.as_slice());
        let mut found = Markov { states: n, converts, worth, ..Markov::none(touchpoints) };
        for (i, gram) in self.states.iter().enumerate() {
            let visited = reached[i] / inverse[(i, i)];
            found.removal[usize::from(gram[0])] = part_of(visited * convert_from[i], converts).max(0.0);
            found.removal_value[usize::from(gram[0])] = part_of(visited * worth_from[i], worth);
        }
        Some(found)
    }

    /// Computes each effect by walking the chain without the touchpoint.
    fn one_by_one(&self, touchpoints: usize) -> Markov {
        let whole = self.walk(None);
        let mut found =
            Markov { states: self.states.len(), converts: whole.converts, worth: whole.worth, ..Markov::none(touchpoints) };
        found.unsettled = whole.travelling;
        let mut met: Vec<u16> = self.states.iter().flatten().copied().filter(|touch| *touch != NOBODY).collect();
        met.sort_unstable();
        met.dedup();
        for touchpoint in met {
            let rest = self.walk(Some(touchpoint));
            found.removal[usize::from(touchpoint)] = part_of(whole.converts - rest.converts, whole.converts).max(0.0);
            found.removal_value[usize::from(touchpoint)] = part_of(whole.worth - rest.worth, whole.worth);
            found.unsettled = found.unsettled.max(rest.travelling);
        }
        found
    }

    /// Pushes the whole probability from the start through the chain, avoiding the states of one touchpoint.
    fn walk(&self, without: Option<u16>) -> Arrived {
        let open: Vec<bool> = self.states.iter().map(|gram| without.is_none_or(|gone| !gram.contains(&gone))).collect();
        let mut here: Vec<f64> = self.starts.iter().zip(&open).map(|(starts, open)| if *open { *starts } else { 0.0 }).collect();
        let mut next = vec![0.0; here.len()];
        let mut sum = Arrived { converts: 0.0, worth: 0.0, travelling: 1.0 };
        for _ in 0..STEPS {
            sum.converts += dot(&here, &self.converts);
            sum.worth += dot(&here, &self.worth);
            next.fill(0.0);
            for (i, mass) in here.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
                for (to, chance) in &self.ways[self.offsets[i]..self.offsets[i + 1]] {
                    if open[*to as usize] {
                        next[*to as usize] += mass * chance;
                    }
                }
            }
            std::mem::swap(&mut here, &mut next);
            sum.travelling = here.iter().sum();
            if sum.travelling < ARRIVED {
                return sum;
            }
        }
        self.solve(&open).unwrap_or(sum)
    }

    /// Finds where everybody arrives by LU; `None` when there are too many states.
    fn solve(&self, open: &[bool]) -> Option<Arrived> {
        if self.states.len() > SOLVED_STATES {
            return None;
        }
        let starts = DVector::from_fn(open.len(), |i, _| if open[i] { self.starts[i] } else { 0.0 });
        let reached = self.matrix(open).transpose().lu().solve(&starts)?;
        let reached = reached.as_slice();
        Some(Arrived { converts: dot(reached, &self.converts), worth: dot(reached, &self.worth), travelling: 0.0 })
    }

    /// Makes `I − Q` over the open states; closed ones lead nowhere.
    fn matrix(&self, open: &[bool]) -> DMatrix<f64> {
        let n = self.states.len();
        let mut matrix = DMatrix::identity(n, n);
        for i in (0..n).filter(|i| open[*i]) {
            for (to, chance) in &self.ways[self.offsets[i]..self.offsets[i + 1]] {
                if open[*to as usize] {
                    matrix[(i, *to as usize)] -= chance;
                }
            }
        }
        matrix
    }
}

impl Markov {
    /// Makes the answer for no journeys.
    fn none(touchpoints: usize) -> Self {
        Self { removal: vec![0.0; touchpoints], removal_value: vec![0.0; touchpoints], ..Self::default() }
    }

    /// Computes the effects of counted flows.
    pub(super) fn from_flows(flows: &Flows, touchpoints: usize) -> Self {
        Chain::new(flows).removal(touchpoints)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn part_of(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDERS: [Order; 3] = [Order::One, Order::Two, Order::Three];

    fn journeys(rows: &[(&[u16], u64, u64)]) -> JourneyCounts {
        JourneyCounts::of(rows)
    }

    /// Removes by brute force: a touchpoint's states lead nowhere, and the chain is solved anew.
    fn brute_force(journeys: &JourneyCounts, touchpoints: usize, order: Order) -> Markov {
        let chain = Chain::new(&Flows::of(journeys, order));
        let arrive = |gone: Option<u16>| {
            let open: Vec<bool> = chain.states.iter().map(|gram| gone.is_none_or(|gone| !gram.contains(&gone))).collect();
            chain.solve(&open).expect("few states")
        };
        let whole = arrive(None);
        let rest: Vec<Arrived> = (0..touchpoints as u16).map(|gone| arrive(Some(gone))).collect();
        Markov {
            states: chain.states.len(),
            converts: whole.converts,
            worth: whole.worth,
            removal: rest.iter().map(|rest| part_of(whole.converts - rest.converts, whole.converts)).collect(),
            removal_value: rest.iter().map(|rest| part_of(whole.worth - rest.worth, whole.worth)).collect(),
            unsettled: 0.0,
        }
    }

    fn near(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
        }
    }

    #[test]
    fn m5_ads_and_mail() {
        let found = removal(&journeys(&[(&[0], 2, 1), (&[1], 1, 0), (&[0, 1], 1, 0)]), 2, Order::One);
        near(&[found.converts], &[0.8], 1e-15);
        near(&found.removal, &[0.75, 0.50], 1e-15);
        near(&found.shares(), &[0.60, 0.40], 1e-15);
    }

    #[test]
    fn nobody_converts_nobody_is_credited() {
        for order in ORDERS {
            for rows in [&[][..], &[(&[0, 1][..], 0, 5)]] {
                let found = removal(&journeys(rows), 2, order);
                assert_eq!(
                    (found.removal.clone(), found.shares(), found.shares_value()),
                    (vec![0.0; 2], vec![0.0; 2], vec![0.0; 2])
                );
            }
        }
    }

    #[test]
    fn without_nulls_everybody_converts() {
        for order in ORDERS {
            let found = removal(&journeys(&[(&[0, 1, 2], 3, 0), (&[2], 1, 0)]), 3, order);
            near(&[found.converts, found.worth], &[1.0, 7.0], 1e-14);
            near(&[found.removal[2]], &[1.0], 1e-14);
        }
    }

    #[test]
    fn a_nearly_closed_circle_is_solved() {
        // Two touchpoints that pass everybody to each other 20,000 times before one journey ends in an outcome.
        let round: Vec<u16> = (0..40_000).map(|i| i % 2).collect();
        for order in ORDERS {
            let found = removal(&journeys(&[(&round, 1, 0), (&[0], 0, 1)]), 2, order);
            near(&[found.converts, found.unsettled], &[0.5, 0.0], 1e-9);
            near(&found.removal, &[1.0, 1.0], 1e-9);
        }
    }

    #[test]
    fn many_touchpoints_walk_as_exactly_as_few() {
        // More states than the closed form takes: a line of 600 touchpoints, each of which loses one journey.
        let line: Vec<u16> = (0..600).collect();
        let rows: Vec<(&[u16], u64, u64)> = (1..=600).map(|n| (&line[..n], u64::from(n == 600), u64::from(n < 600))).collect();
        let found = removal(&journeys(&rows), 600, Order::One);
        near(&[found.converts], &[1.0 / 600.0], 1e-15);
        near(&found.removal, &vec![1.0; 600], 1e-12);
    }

    proptest! {
        #[test]
        fn effects_equal_brute_force(
            rows in prop::collection::vec((prop::collection::vec(0_u16..5, 1..9), 0_u64..4, 0_u64..4), 1..25),
        ) {
            let rows: Vec<(&[u16], u64, u64)> = rows.iter().map(|(path, u, w)| (&path[..], *u, *w)).collect();
            let journeys = journeys(&rows);
            let totals = journeys.totals();
            let all = totals.conversions + totals.nulls;
            for order in ORDERS {
                let (found, expected) = (removal(&journeys, 5, order), brute_force(&journeys, 5, order));
                near(&found.removal, &expected.removal, 1e-11);
                near(&found.removal_value, &expected.removal_value, 1e-11);
                prop_assert_eq!(found.states, expected.states);
                // The chain's probability is the observed share, whatever the order.
                near(&[found.converts], &[part_of(totals.conversions as f64, all as f64)], 1e-12);
                near(&[found.worth], &[part_of(totals.value.to_f64(), all as f64)], 1e-11);
            }
        }

        #[test]
        fn the_order_of_journeys_changes_no_bit(
            rows in prop::collection::vec((prop::collection::vec(0_u16..5, 1..9), 0_u64..4, 0_u64..4), 1..25),
        ) {
            let mut rows: Vec<(&[u16], u64, u64)> = rows.iter().map(|(path, u, w)| (&path[..], *u, *w)).collect();
            let forwards = journeys(&rows);
            rows.reverse();
            let backwards = journeys(&rows);
            for order in ORDERS {
                prop_assert_eq!(removal(&forwards, 5, order), removal(&backwards, 5, order));
            }
        }

        #[test]
        fn staying_changes_nothing(path in prop::collection::vec(0_u16..4, 1..9), twice in 0_usize..9, nulls in 1_u64..4) {
            let mut stays = path.clone();
            let twice = twice % path.len();
            stays.insert(twice, path[twice]);
            let one = removal(&journeys(&[(&path, 2, 0), (&[0, 1], 1, nulls)]), 4, Order::One);
            let other = removal(&journeys(&[(&stays, 2, 0), (&[0, 1], 1, nulls)]), 4, Order::One);
            near(&one.removal, &other.removal, 1e-12);
        }
    }
}
