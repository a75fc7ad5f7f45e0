//! Attribution by games: touchpoints are players, a set of them is worth the outcomes that come about with it alone, and each
//! is credited with what it adds, averaged over all orders of joining (Shapley 1953). The games differ in what a set S is worth:
//!
//! | game | worth of S | source |
//! |---|---|---|
//! | sum | outcomes of journeys whose touchpoints all lie in S ([`super::Rule::ShapleySum`]) | Zhao, Mahboobi, Bagheri 2018 |
//! | cumulative rate | their share of outcomes: outcomes ÷ journeys with touchpoints inside S | same data, as a rate |
//! | exact set | for each set that some journey has: share of outcomes of journeys with exactly that set | as common packages do |
//! | Markov | chance of an outcome in the chain of order 1 when all others lead to nothing | Anderl et al. 2016, as a game |
//!
//! and, by pairs instead of sets, [`shao_li`] (Shao and Li 2011): `p(y|i) + 1/(2(N−1)) Σⱼ (p(y|i,j) − p(y|i) − p(y|j))`.
//!
//! Worths of the rate games may fall when somebody joins, so credits may be negative; they are shown as they are. Games are exact
//! up to [`EXACT_UP_TO`] touchpoints (2ⁿ sets; the Markov game up to [`MARKOV_UP_TO`]); above, orders of joining are drawn by lot and the
//! error is stated ([`super::orders`]). Only the sum game needs neither: it is exact for any number. Cost: O(n·2ⁿ) beside the worths;
//! the Markov game solves n×n for each set.
//!
//! Example: ads 2 outcomes and 1 without, mail 1, ads > mail 1. Sum game: ads 2.5, mail 1.5.

use super::orders::{self, Drawn, PLAYERS_MAX};
use super::{Ends, JourneyCounts};
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeMap;

/// Games of up to so many touchpoints are exact; the table of 2ⁿ worths is 2 MB then.
pub const EXACT_UP_TO: usize = 18;

/// Up to so many touchpoints the Markov game is solved: a linear system for each of 2ⁿ sets.
pub const MARKOV_UP_TO: usize = 14;

/// Counts journeys by the set of their touchpoints, as bits; there are at most [`PLAYERS_MAX`] touchpoints.
pub(super) fn by_set(journeys: &JourneyCounts) -> BTreeMap<u128, Ends> {
    let mut sets: BTreeMap<u128, Ends> = BTreeMap::new();
    for (path, ends) in journeys.iter().filter(|(path, _)| !path.is_empty()) {
        let set = path.iter().fold(0_u128, |set, touch| set | 1 << touch);
        sets.entry(set).or_default().add(*ends);
    }
    sets
}

/// Returns what each player adds to a game given by the worth of each set; `None` for too many players.
#[must_use]
pub fn shapley(players: usize, worth: &[f64]) -> Option<Vec<f64>> {
    if players > EXACT_UP_TO || worth.len() != 1 << players {
        return None;
    }
    // Chance that exactly this set has joined before the player: s! (n − s − 1)! / n!
    let mut chance = vec![0.0; players.max(1)];
    let mut binomial = 1.0;
    for (s, chance) in chance.iter_mut().enumerate().take(players) {
        *chance = 1.0 / (players as f64 * binomial);
        binomial = binomial * (players - 1 - s) as f64 / (s + 1) as f64;
    }
    let mut added = vec![0.0; players];
    for set in 0..1_usize << players {
        let joined = set.count_ones() as usize;
        for (player, added) in added.iter_mut().enumerate().filter(|(player, _)| set >> player & 1 == 0) {
            *added += chance[joined] * (worth[set | 1 << player] - worth[set]);
        }
    }
    Some(added)
}

/// Computes the game of the cumulative rate; `None` for too many touchpoints.
#[must_use]
pub fn cumulative_rate(journeys: &JourneyCounts, touchpoints: usize) -> Option<Vec<f64>> {
    if touchpoints > EXACT_UP_TO {
        return None;
    }
    let mut inside = vec![(0.0, 0.0); 1 << touchpoints];
    for (set, ends) in by_set(journeys) {
        inside[set as usize] = (ends.conversions as f64, (ends.conversions + ends.nulls) as f64);
    }
    // Sums over all subsets, one player after the other.
    for player in 0..touchpoints {
        for set in (0..1 << touchpoints).filter(|set| set >> player & 1 == 1) {
            let below = inside[set ^ 1 << player];
            inside[set].0 += below.0;
            inside[set].1 += below.1;
        }
    }
    let worth: Vec<f64> = inside.iter().map(|(with, all)| if *all == 0.0 { 0.0 } else { with / all }).collect();
    shapley(touchpoints, &worth)
}

/// Returns the share of outcomes among journeys of exactly this set.
pub(super) fn rate(sets: &BTreeMap<u128, Ends>, set: u128) -> f64 {
    let met = sets.get(&set).filter(|ends| ends.conversions > 0);
    met.map_or(0.0, |ends| ends.conversions as f64 / (ends.conversions + ends.nulls) as f64)
}

/// Computes the exact-set game: outcomes credited to each touchpoint, which sum to all outcomes. Sets of more than
/// [`EXACT_UP_TO`] touchpoints are drawn, with their error; `None` for more touchpoints than sets have bits.
#[must_use]
pub fn exact_set(journeys: &JourneyCounts, touchpoints: usize) -> Option<Drawn> {
    if touchpoints > PLAYERS_MAX {
        return None;
    }
    let sets = by_set(journeys);
    let (mut credits, mut variance) = (vec![0.0; touchpoints], vec![0.0; touchpoints]);
    // A set without outcomes has nothing to hand out.
    for (set, ends) in sets.iter().filter(|(_, ends)| ends.conversions > 0) {
        let members: Vec<usize> = (0..touchpoints).filter(|player| set >> player & 1 == 1).collect();
        let added = if members.len() > EXACT_UP_TO { orders::exact_set(&sets, *set)? } else { of_subsets(&sets, &members)? };
        let journeys = (ends.conversions + ends.nulls) as f64;
        for ((player, added), error) in members.iter().zip(&added.added).zip(&added.error) {
            credits[*player] += added * journeys;
            variance[*player] += error * error * journeys * journeys;
        }
    }
    Some(Drawn { added: credits, error: variance.into_iter().map(libm::sqrt).collect() })
}

/// Computes the game of one set from all its subsets.
fn of_subsets(sets: &BTreeMap<u128, Ends>, members: &[usize]) -> Option<Drawn> {
    let subset = |choice: usize| {
        members.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1).fold(0_u128, |set, (_, player)| set | 1 << player)
    };
    let worth: Vec<f64> = (0..1_usize << members.len()).map(|choice| rate(sets, subset(choice))).collect();
    let added = shapley(members.len(), &worth)?;
    Some(Drawn { error: vec![0.0; added.len()], added })
}

/// Is the chain of order 1, of which sets of touchpoints may be left open.
pub(super) struct Chain {
    n: usize,
    /// From a touchpoint or the start (n) to a touchpoint or an outcome (n).
    ways: Vec<f64>,
    out: Vec<f64>,
}

impl Chain {
    pub(super) fn of(journeys: &JourneyCounts, n: usize) -> Self {
        let mut chain = Self { n, ways: vec![0.0; (n + 1) * (n + 1)], out: vec![0.0; n + 1] };
        for (path, ends) in journeys.iter() {
            let weight = (ends.conversions + ends.nulls) as f64;
            let mut here = n;
            for touch in path.iter().map(|touch| usize::from(*touch)) {
                if touch != here {
                    chain.ways[here * (n + 1) + touch] += weight;
                    chain.out[here] += weight;
                    here = touch;
                }
            }
            if here != n {
                chain.ways[here * (n + 1) + n] += ends.conversions as f64;
                chain.out[here] += weight;
            }
        }
        chain
    }

    fn chance(&self, from: usize, to: usize) -> f64 {
        if self.out[from] == 0.0 { 0.0 } else { self.ways[from * (self.n + 1) + to] / self.out[from] }
    }

    /// Returns the chance of an outcome when all but these touchpoints lead to nothing; `None` where it cannot be solved.
    pub(super) fn worth(&self, members: &[usize]) -> Option<f64> {
        let m = members.len();
        if m == 0 {
            return Some(0.0);
        }
        let stays =
            DMatrix::from_fn(m, m, |row, column| f64::from(u8::from(row == column)) - self.chance(members[row], members[column]));
        let ends = DVector::from_fn(m, |row, _| self.chance(members[row], self.n));
        let from = stays.lu().solve(&ends)?;
        Some(members.iter().zip(from.iter()).map(|(player, converts)| self.chance(self.n, *player) * converts).sum())
    }
}

/// Computes the Markov game of order 1; `None` for too many touchpoints.
#[must_use]
pub fn markov_game(journeys: &JourneyCounts, touchpoints: usize) -> Option<Vec<f64>> {
    if touchpoints > MARKOV_UP_TO {
        return None;
    }
    let chain = Chain::of(journeys, touchpoints);
    let members = |set: usize| (0..touchpoints).filter(|player| set >> player & 1 == 1).collect::<Vec<_>>();
    let worth: Option<Vec<f64>> = (0..1_usize << touchpoints).map(|set| chain.worth(&members(set))).collect();
    shapley(touchpoints, &worth?)
}

/// Computes the weights of Shao and Li, by pairs; touchpoints that were never met weigh nothing.
#[must_use]
pub fn shao_li(journeys: &JourneyCounts, touchpoints: usize) -> Vec<f64> {
    let n = touchpoints;
    let mut pairs = vec![(0_u64, 0_u64); n * n]; // (outcomes, journeys); one touchpoint alone on the diagonal.
    let mut seen: Vec<usize> = Vec::new();
    for (path, ends) in journeys.iter() {
        seen.clear();
        seen.extend(path.iter().map(|touch| usize::from(*touch)));
        seen.sort_unstable();
        seen.dedup();
        for one in &seen {
            for other in &seen {
                let pair = &mut pairs[one * n + other];
                pair.0 += ends.conversions;
                pair.1 += ends.conversions + ends.nulls;
            }
        }
    }
    let rate = |one: usize, other: usize| {
        let (outcomes, all) = pairs[one * n + other];
        (all > 0).then(|| outcomes as f64 / all as f64)
    };
    let met: Vec<usize> = (0..n).filter(|one| pairs[one * n + one].1 > 0).collect();
    let weight = |one: usize| {
        let Some(alone) = rate(one, one) else { return 0.0 };
        let others = met.iter().filter(|other| **other != one);
        let joint: f64 = others.filter_map(|other| Some(rate(one, *other)? - alone - rate(*other, *other)?)).sum();
        alone + if met.len() > 1 { joint / (2.0 * (met.len() - 1) as f64) } else { 0.0 }
    };
    (0..n).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tries every order of joining.
    fn by_orders(players: usize, worth: &[f64]) -> Vec<f64> {
        fn visit(left: &mut Vec<usize>, set: usize, worth: &[f64], added: &mut [f64], orders: &mut f64) {
            if left.is_empty() {
                *orders += 1.0;
            }
            for at in 0..left.len() {
                let player = left.remove(at);
                let before = *orders;
                visit(left, set | 1 << player, worth, added, orders);
                added[player] += (*orders - before) * (worth[set | 1 << player] - worth[set]);
                left.insert(at, player);
            }
        }
        let (mut added, mut orders) = (vec![0.0; players], 0.0);
        visit(&mut (0..players).collect(), 0, worth, &mut added, &mut orders);
        added.iter().map(|added| added / orders).collect()
    }

    #[test]
    fn too_many_players_have_no_answer() {
        let many = JourneyCounts::of(&[((0..40).collect::<Vec<u16>>(), 1, 0)]);
        assert_eq!((cumulative_rate(&many, 40), markov_game(&many, 40)), (None, None));
        assert_eq!(exact_set(&many, 129), None);
        assert!(shao_li(&many, 40).iter().all(|weight| weight.is_finite()));
    }

    #[test]
    fn nothing_is_worth_nothing() {
        for rows in [vec![], vec![(vec![0, 1], 0, 4)], vec![(vec![], 3, 1)]] {
            let none = JourneyCounts::of(&rows);
            assert_eq!(cumulative_rate(&none, 2), Some(vec![0.0; 2]));
            assert_eq!(exact_set(&none, 2).map(|drawn| drawn.added), Some(vec![0.0; 2]));
            assert_eq!(markov_game(&none, 2), Some(vec![0.0; 2]));
            assert_eq!(shao_li(&none, 2), vec![0.0; 2]);
        }
        assert_eq!(shapley(0, &[0.0]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn the_fast_sum_is_the_mean_over_all_orders(worth in prop::collection::vec(-5.0..5.0_f64, 16)) {
            let fast = shapley(4, &worth).expect("few players");
            for (one, other) in fast.iter().zip(by_orders(4, &worth)) {
                prop_assert!((one - other).abs() < 1e-12);
            }
            prop_assert!((fast.iter().sum::<f64>() - (worth[15] - worth[0])).abs() < 1e-12, "everything is handed out");
        }

        #[test]
        fn games_hand_out_what_there_is(
            rows in prop::collection::vec((prop::collection::vec(0_u16..4, 1..6), 0_u64..4, 0_u64..4), 1..20),
        ) {
            let journeys = JourneyCounts::of(&rows);
            let totals = journeys.totals();
            let all = (totals.conversions + totals.nulls) as f64;
            prop_assume!(all > 0.0);
            let rate = totals.conversions as f64 / all;
            for game in [cumulative_rate(&journeys, 4), markov_game(&journeys, 4)] {
                prop_assert!((game.expect("few").iter().sum::<f64>() - rate).abs() < 1e-9);
            }
            let exact: f64 = exact_set(&journeys, 4).expect("few").added.iter().sum();
            prop_assert!((exact - totals.conversions as f64).abs() < 1e-9);
            // More touchpoints for the Markov game never lose an outcome.
            prop_assert!(markov_game(&journeys, 4).expect("few").iter().all(|added| *added > -1e-12));
        }
    }
}
