//! A queue with a lane for each who sends: bounded, and fair to those who send little.
//!
//! Items are taken by deficit round robin: in every round each lane may give up to a quantum of weight, so somebody who
//! floods the queue waits behind himself and not before others. What is admitted is bounded in the same spirit: when
//! the queue is full, there is a reserve of the same size for lanes that hold less than their share.

use std::collections::{HashMap, VecDeque};

/// Is how much of a lane goes through in one round.
const QUANTUM: usize = 64 << 10;

/// Is a queue with lanes.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: HashMap<String, Lane<T>>,
    /// The lanes that hold something, in the order of their turns.
    turns: VecDeque<String>,
    weight: usize,
    limit: usize,
}

#[derive(Debug)]
struct Lane<T> {
    items: VecDeque<(usize, T)>,
    weight: usize,
    /// What is left of the quanta of past rounds.
    credit: usize,
}

impl<T> Lanes<T> {
    /// Makes an empty queue that admits items up to a weight, and as much again for those who hold little.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new(), weight: 0, limit }
    }

    /// Returns the weight of everything that waits.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.weight
    }

    /// Tells whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Puts an item at the end of its lane.
    ///
    /// # Errors
    /// Gives the item back where the queue is too full for this lane.
    pub fn push(&mut self, lane: &str, weight: usize, item: T) -> Result<(), T> {
        if !self.admits(lane, weight) {
            return Err(item);
        }
        self.weight += weight;
        match self.lanes.get_mut(lane) {
            Some(lane) => lane.push(weight, item),
            None => {
                let mut fresh = Lane { items: VecDeque::new(), weight: 0, credit: 0 };
                fresh.push(weight, item);
                self.lanes.insert(lane.to_owned(), fresh);
                self.turns.push_back(lane.to_owned());
            }
        }
        Ok(())
    }

    /// An empty queue admits anything, or an item above the limit could never pass.
    fn admits(&self, lane: &str, weight: usize) -> bool {
        let total = self.weight + weight;
        let own = self.lanes.get(lane).map_or(0, |lane| lane.weight) + weight;
        let others = self.lanes.len() + usize::from(!self.lanes.contains_key(lane));
        self.weight == 0 || total <= self.limit || (total <= 2 * self.limit && own <= self.limit / others)
    }

    /// Takes items by turns up to a weight; one item at least, where there is one.
    pub fn take(&mut self, weight: usize) -> Vec<T> {
        let mut taken = Vec::new();
        let mut left = weight;
        while let Some(name) = self.turns.pop_front() {
            let lane = self.lanes.get_mut(&name).expect("whoever has a turn has a lane");
            lane.credit += QUANTUM;
            let mut is_full = false;
            while let Some((weight, _)) = lane.items.front()
                && *weight <= lane.credit
            {
                if *weight > left && !taken.is_empty() {
                    is_full = true;
                    break;
                }
                let (weight, item) = lane.items.pop_front().expect("was there on the line above");
                lane.credit -= weight;
                lane.weight -= weight;
                self.weight -= weight;
                left = left.saturating_sub(weight);
                taken.push(item);
            }
            if lane.items.is_empty() {
                self.lanes.remove(&name);
            } else if is_full {
                // Its turn goes on next time, with the credit it has.
                lane.credit -= lane.credit.min(QUANTUM);
                self.turns.push_front(name);
                break;
            } else {
                self.turns.push_back(name);
            }
        }
        taken
    }
}

impl<T> Lane<T> {
    fn push(&mut self, weight: usize, item: T) {
        self.weight += weight;
        self.items.push_back((weight, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KB: usize = 1 << 10;

    fn filled(limit: usize, lanes: &[(&'static str, usize, usize)]) -> Lanes<&'static str> {
        let mut queue = Lanes::new(limit);
        for (lane, items, weight) in lanes {
            for _ in 0..*items {
                queue.push(lane, *weight, *lane).expect("is admitted");
            }
        }
        queue
    }

    fn count(taken: &[&str], lane: &str) -> usize {
        taken.iter().filter(|item| **item == lane).count()
    }

    #[test]
    fn one_lane_keeps_its_order_and_the_weight_is_bounded() {
        let mut queue = Lanes::new(10);
        assert!((1..=4).all(|n| queue.push("a", 3, n).is_ok() == (n < 4)));
        assert_eq!((queue.take(6), queue.weight()), (vec![1, 2], 3));
        assert_eq!((queue.take(6), queue.take(6)), (vec![3], vec![]));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_flood_does_not_starve_others() {
        let mut queue = filled(2000 * KB, &[("flood", 1000, KB), ("little", 100, KB)]);
        let taken = queue.take(256 * KB);
        assert_eq!(count(&taken, "little"), 100, "{}", taken.len());
    }

    #[test]
    fn small_and_large_items_share_by_weight() {
        let mut queue = filled(4000 * KB, &[("large", 10, 200 * KB), ("small", 2000, KB)]);
        let taken = queue.take(1200 * KB);
        let (large, small) = (200 * count(&taken, "large"), count(&taken, "small"));
        assert!(large.abs_diff(small) <= 200, "{large} kB against {small} kB");
    }

    #[test]
    fn when_it_is_full_who_holds_little_is_still_admitted() {
        let mut queue = filled(100, &[("flood", 100, 1)]);
        assert!(queue.push("flood", 1, "flood").is_err());
        assert!((0..50).all(|_| queue.push("b", 1, "b").is_ok()));
        assert!(queue.push("b", 1, "b").is_err());
        assert!((0..33).all(|_| queue.push("c", 1, "c").is_ok()));
        assert!(queue.weight() <= 200);
    }

    #[test]
    fn an_item_above_every_limit_passes_an_empty_queue() {
        let mut queue = Lanes::new(10);
        queue.push("a", 10 * QUANTUM, ()).expect("is admitted");
        assert!(queue.push("a", 1, ()).is_err());
        assert_eq!(queue.take(1).len(), 1);
    }
}
