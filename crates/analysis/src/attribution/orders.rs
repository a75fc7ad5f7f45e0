//! Shapley values where there are too many players for all sets: the mean over orders of joining drawn by lot, with its error.
//!
//! Each draw is an order and its reverse, whose errors partly cancel (antithetic pairs; Castro, Gómez and Tejada 2009 for the
//! method). All that an order adds sums to the worth of everybody exactly, so credits always sum to what there is. The error stated is that
//! of the drawing alone: how much the answer would move with other draws. The same journeys give the same draws.
//!
//! | order of ads, mail, shop | worth on the way (nobody, first, second, all) | ads | mail | shop |
//! |---|---|---|---|---|
//! | ads, mail, shop | 0, .2, .3, .4 | .2 | .1 | .1 |
//! | shop, mail, ads (its reverse) | 0, .1, .1, .4 | .3 | 0 | .1 |
//! | mail, shop, ads | 0, .1, .1, .4 | .3 | .1 | 0 |
//! | ads, shop, mail (its reverse) | 0, .2, .3, .4 | .2 | .1 | .1 |
//! | mean | | .25 | .075 | .075 |
//!
//! Cost per order: O(Σ size of distinct sets) for games of sets, n systems of up to n equations for the Markov game.

use super::games::{Chain, by_set};
use super::{Ends, JourneyCounts};
use crate::chance::Chance;
use libm::sqrt;
use std::collections::BTreeMap;

/// Sets are bits of `u128`: more touchpoints than that have no answer.
pub const PLAYERS_MAX: usize = 128;
/// Pairs of orders that are drawn.
const PAIRS: usize = 1_000;
/// Systems of equations that are solved for the Markov game, at most; at least [`PAIRS_LEAST`] pairs are drawn.
const SYSTEMS: usize = 20_000;
const PAIRS_LEAST: usize = 50;
const SEED: u64 = 0x5ba9_1e50;

/// Is what each player adds, and the error of drawing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Drawn {
    /// What each player adds, on average over the orders drawn.
    pub added: Vec<f64>,
    /// The standard error of that.
    pub error: Vec<f64>,
}

/// Draws pairs of orders; `worths` gives the worth of nobody, of the first, of the first two and so on along an order.
fn draw(players: usize, pairs: usize, mut worths: impl FnMut(&[usize]) -> Option<Vec<f64>>) -> Option<Drawn> {
    let mut chance = Chance::new(SEED);
    let (mut sum, mut squares) = (vec![0.0; players], vec![0.0; players]);
    let mut order: Vec<usize> = (0..players).collect();
    let mut pair = vec![0.0; players];
    for _ in 0..pairs {
        for at in (1..players).rev() {
            order.swap(at, chance.below(at + 1));
        }
        pair.fill(0.0);
        for _ in 0..2 {
            let worths = worths(&order)?;
            for (player, step) in order.iter().zip(worths.windows(2)) {
                pair[*player] += (step[1] - step[0]) / 2.0;
            }
            order.reverse();
        }
        for ((sum, squares), added) in sum.iter_mut().zip(&mut squares).zip(&pair) {
            *sum += added;
            *squares += added * added;
        }
    }
    let n = pairs as f64;
    let added: Vec<f64> = sum.iter().map(|sum| sum / n).collect();
    let error =
        squares.iter().zip(&added).map(|(squares, mean)| sqrt((squares / n - mean * mean).max(0.0) / (n - 1.0))).collect();
    Some(Drawn { added, error })
}

/// Draws the game of the cumulative rate; `None` for more touchpoints than sets have bits.
#[must_use]
pub fn cumulative_rate(journeys: &JourneyCounts, touchpoints: usize) -> Option<Drawn> {
    inside(journeys, touchpoints, |with, all| if all == 0.0 { 0.0 } else { with / all })
}

/// Draws a game whose worth follows from the outcomes, and all journeys, with touchpoints inside a set.
fn inside(journeys: &JourneyCounts, touchpoints: usize, worth: impl Fn(f64, f64) -> f64) -> Option<Drawn> {
    if touchpoints > PLAYERS_MAX {
        return None;
    }
    let sets: Vec<(Vec<u8>, Ends)> = by_set(journeys).into_iter().map(|(set, ends)| (members(set), ends)).collect();
    let mut place = vec![0; touchpoints];
    draw(touchpoints, PAIRS, |order| {
        order.iter().enumerate().for_each(|(at, player)| place[*player] = at);
        // A journey is inside from the moment at which the last of its touchpoints joins.
        let mut joins = vec![(0.0, 0.0); order.len()];
        for (set, ends) in &sets {
            let last = set.iter().map(|player| place[usize::from(*player)]).max()?;
            joins[last].0 += ends.conversions as f64;
            joins[last].1 += (ends.conversions + ends.nulls) as f64;
        }
        let mut sum = (0.0, 0.0);
        let along = joins.iter().map(|(with, all)| {
            sum = (sum.0 + with, sum.1 + all);
            worth(sum.0, sum.1)
        });
        Some(std::iter::once(0.0).chain(along).collect())
    })
}

/// Draws the exact-set game for sets that have too many touchpoints for all their subsets.
pub(super) fn exact_set(sets: &BTreeMap<u128, Ends>, set: u128) -> Option<Drawn> {
    let members = members(set);
    draw(members.len(), PAIRS, |order| {
        let mut joined = 0_u128;
        let along = order.iter().map(|player| {
            joined |= 1 << members[*player];
            super::games::rate(sets, joined)
        });
        Some(std::iter::once(0.0).chain(along).collect())
    })
}

/// Draws the Markov game of order 1; `None` where the chain cannot be solved.
#[must_use]
pub fn markov_game(journeys: &JourneyCounts, touchpoints: usize) -> Option<Drawn> {
    if touchpoints > PLAYERS_MAX {
        return None;
    }
    let chain = Chain::of(journeys, touchpoints);
    let pairs = (SYSTEMS / (2 * touchpoints.max(1))).clamp(PAIRS_LEAST, PAIRS);
    draw(touchpoints, pairs, |order| (0..=order.len()).map(|joined| chain.worth(&order[..joined])).collect())
}

fn members(set: u128) -> Vec<u8> {
    (0..128_u8).filter(|player| set >> player & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{Rule, games};
    use proptest::prelude::*;

    #[track_caller]
    fn near(drawn: &Drawn, exact: &[f64]) {
        for ((drawn, error), exact) in drawn.added.iter().zip(&drawn.error).zip(exact) {
            assert!((drawn - exact).abs() <= 5.0 * error + 1e-9, "{drawn} ± {error} is not {exact}");
        }
    }

    #[test]
    fn the_table_above() {
        let worth = |set: &[usize]| match set.len() {
            0 => 0.0,
            3 => 0.4,
            1 if set[0] == 0 => 0.2,
            2 if set.contains(&0) => 0.3,
            _ => 0.1,
        };
        let drawn = draw(3, 4_000, |order| Some((0..=3).map(|joined| worth(&order[..joined])).collect())).expect("few");
        // All six orders: ads .2, .2, .2, .3, .2, .3 and so on.
        near(&drawn, &[0.7 / 3.0, 0.25 / 3.0, 0.25 / 3.0]);
        assert!(drawn.error.iter().all(|error| *error < 0.002), "{drawn:?}");
    }

    #[test]
    fn forty_touchpoints_of_the_sum_game_have_a_closed_form() {
        // Worths add up, so the closed form is exact for any number of players: a part for each of a journey's touchpoints.
        let mut chance = Chance::new(3);
        let rows: Vec<(Vec<u16>, u64, u64)> = (0..400)
            .map(|_| ((0..1 + chance.below(6)).map(|_| chance.below(40) as u16).collect(), chance.below(5) as u64, 3))
            .collect();
        let journeys = JourneyCounts::of(&rows);
        let drawn = inside(&journeys, 40, |with, _| with).expect("few enough");
        let exact: Vec<f64> =
            Rule::ShapleySum.credits(&journeys, &[false; 40]).iter().map(|one| one.conversions.to_f64()).collect();
        near(&drawn, &exact);
        let total = journeys.totals().conversions as f64;
        assert!((drawn.added.iter().sum::<f64>() - total).abs() < 1e-6);
    }

    #[test]
    fn a_journey_of_twenty_touchpoints_is_drawn_and_handed_out() {
        let all: Vec<u16> = (0..20).collect();
        let journeys = JourneyCounts::of(&[(all, 3, 1), (vec![0], 2, 2), (vec![5, 6], 1, 0)]);
        let credits = games::exact_set(&journeys, 20).expect("drawn");
        assert!((credits.added.iter().sum::<f64>() - 6.0).abs() < 1e-9, "{credits:?}");
        assert!(credits.error.iter().any(|error| *error > 0.0), "{credits:?}");
        let too_many = super::super::JourneyCounts::default();
        assert_eq!(cumulative_rate(&too_many, 129), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn drawn_games_are_near_the_exact_ones(
            rows in prop::collection::vec((prop::collection::vec(0_u16..6, 1..6), 0_u64..4, 1_u64..4), 4..20),
        ) {
            let journeys = JourneyCounts::of(&rows);
            near(&cumulative_rate(&journeys, 6).expect("few"), &games::cumulative_rate(&journeys, 6).expect("few"));
            near(&markov_game(&journeys, 6).expect("few"), &games::markov_game(&journeys, 6).expect("few"));
        }
    }
}
