//! What comes next in a journey: the chance of each next touch, judged on journeys that the model has not seen.
//!
//! The model remembers the last `order` touches of a journey and blends their counts with those of shorter memories
//! (Witten and Bell 1991): `p(x | h) = (c(h,x) + t(h)·p(x | shorter h)) / (c(h) + t(h))`, where t(h) is the number of different
//! things that followed h; below everything lies an even chance. What follows may be a touchpoint, the outcome, or the end.
//!
//! People are split by lot: four fifths teach, one fifth judges. Reported are the log-loss (mean −ln p of what really came
//! next; lower is better), beside that of knowing only how frequent each touchpoint is (order 0), and how often what came
//! was among the three most likely. The order with the lowest held-out log-loss is the one to use.
//!
//! | journeys | after ads |
//! |---|---|
//! | ads > page → outcome, ads > page → nothing, ads → nothing | page 2 of 3, end 1 of 3 before blending |
//!
//! Cost: O(distinct paths × length × orders).

use crate::attribution::JourneyCounts;
use std::collections::{BTreeMap, HashMap};

/// Is the largest memory that is tried.
pub const ORDER_MAX: usize = 3;

/// Stands for the outcome among next touches.
pub const OUTCOME: u16 = u16::MAX - 1;
/// Stands for the end without outcome.
pub const END: u16 = u16::MAX;

/// Holds how often what followed what.
#[derive(Debug, Default)]
pub struct NextStep {
    followers: HashMap<Box<[u16]>, BTreeMap<u16, u64>>,
    kinds: f64,
}

/// Is how well one memory predicts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Judged {
    /// How many touches it remembers.
    pub order: usize,
    /// Steps that it was judged on.
    pub steps: u64,
    /// Mean −ln of the chance it gave to what came.
    pub log_loss: f64,
    /// How often what came was among its three most likely.
    pub top_three: f64,
}

/// Calls with (touches before, what came, how often) for every step of all journeys, in a fixed order.
fn each_step(journeys: &JourneyCounts, mut visit: impl FnMut(&[u16], u16, u64)) {
    for (path, ends) in journeys.sorted() {
        for (at, touch) in path.iter().enumerate() {
            visit(&path[..at], *touch, ends.conversions + ends.nulls);
        }
        if !path.is_empty() {
            visit(path, OUTCOME, ends.conversions);
            visit(path, END, ends.nulls);
        }
    }
}

impl NextStep {
    /// Learns from journeys over `units` touchpoints.
    #[must_use]
    pub fn learn(journeys: &JourneyCounts, units: usize) -> Self {
        let mut model = Self { followers: HashMap::new(), kinds: (units + 2) as f64 };
        each_step(journeys, |before, next, times| {
            if times > 0 {
                for memory in 0..=ORDER_MAX.min(before.len()) {
                    let context = &before[before.len() - memory..];
                    *model.followers.entry(context.into()).or_default().entry(next).or_default() += times;
                }
            }
        });
        model
    }

    /// Returns the chance that `next` follows these touches, by a memory of `order`.
    #[must_use]
    pub fn chance(&self, before: &[u16], next: u16, order: usize) -> f64 {
        let mut chance = 1.0 / self.kinds;
        for memory in 0..=order.min(before.len()) {
            let Some(known) = self.followers.get(&before[before.len() - memory..]) else { break };
            let all: u64 = known.values().sum();
            let kinds = known.len() as f64;
            chance = (known.get(&next).copied().unwrap_or(0) as f64 + kinds * chance) / (all as f64 + kinds);
        }
        chance
    }

    /// Returns what is most likely to follow, the likeliest first.
    #[must_use]
    pub fn likely(&self, before: &[u16], order: usize, most: usize) -> Vec<(u16, f64)> {
        let Some(known) = self.followers.get(&[][..]) else { return Vec::new() };
        let mut likely: Vec<(u16, f64)> = known.keys().map(|next| (*next, self.chance(before, *next, order))).collect();
        likely.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        likely.truncate(most);
        likely
    }

    /// Judges each memory on journeys of other people; empty where there are none.
    #[must_use]
    pub fn judge(&self, journeys: &JourneyCounts) -> Vec<Judged> {
        let mut judged = Vec::new();
        for order in 0..=ORDER_MAX {
            let (mut steps, mut loss, mut hits) = (0_u64, 0.0, 0_u64);
            let mut likely: HashMap<Box<[u16]>, Vec<u16>> = HashMap::new();
            each_step(journeys, |before, next, times| {
                if times == 0 {
                    return;
                }
                let context = &before[before.len().saturating_sub(order)..];
                steps += times;
                loss -= times as f64 * libm::log(self.chance(context, next, order));
                let top = likely
                    .entry(context.into())
                    .or_insert_with(|| self.likely(context, order, 3).into_iter().map(|(next, _)| next).collect());
                hits += if top.contains(&next) { times } else { 0 };
            });
            if steps > 0 {
                judged.push(Judged { order, steps, log_loss: loss / steps as f64, top_three: hits as f64 / steps as f64 });
            }
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_documentation() {
        let model = NextStep::learn(&JourneyCounts::of(&[(vec![0, 1], 1, 1), (vec![0], 0, 1)]), 2);
        // Order 0: seven steps (ads 3, page 2, outcome 1, end 2 of 8), blended with a quarter each.
        let even = |count: f64| (count + 4.0 * 0.25) / (8.0 + 4.0);
        assert!((model.chance(&[], 1, 0) - even(2.0)).abs() < 1e-15);
        assert!((model.chance(&[0], 1, 1) - (2.0 + 2.0 * even(2.0)) / (3.0 + 2.0)).abs() < 1e-15);
        assert_eq!(model.likely(&[0], 1, 1)[0].0, 1);
    }

    #[test]
    fn nothing_teaches_nothing() {
        let model = NextStep::learn(&JourneyCounts::default(), 0);
        assert!((model.chance(&[3], 1, 2) - 0.5).abs() < 1e-15);
        assert!(model.judge(&JourneyCounts::default()).is_empty() && model.likely(&[], 1, 3).is_empty());
    }

    proptest! {
        #[test]
        fn chances_sum_to_one(
            rows in prop::collection::vec((prop::collection::vec(0_u16..4, 1..6), 0_u64..4, 0_u64..4), 1..20),
            before in prop::collection::vec(0_u16..4, 0..4), order in 0..4_usize,
        ) {
            let model = NextStep::learn(&JourneyCounts::of(&rows), 4);
            let all: f64 = (0..4).chain([OUTCOME, END]).map(|next| model.chance(&before, next, order)).sum();
            prop_assert!((all - 1.0).abs() < 1e-12, "{}", all);
            for judged in model.judge(&JourneyCounts::of(&rows)) {
                prop_assert!(judged.log_loss.is_finite() && judged.log_loss >= 0.0 && judged.top_three <= 1.0);
            }
        }

        #[test]
        fn memory_pays_where_journeys_have_one(times in 50_u64..500) {
            // After 0 comes 1, after 2 comes 3: knowing the last touch tells everything but the end.
            let rows = JourneyCounts::of(&[(vec![0, 1], times, 0), (vec![2, 3], 0, times)]);
            let judged = NextStep::learn(&rows, 4).judge(&rows);
            prop_assert!(judged[1].log_loss < 0.5 * judged[0].log_loss);
        }
    }
}
