//! Attribution (M5): how an outcome is split over the touches that led to it.
//!
//! A journey is an ordered run of touches, each a touchpoint's index, that ends with outcomes or without. Two ways
//! in, one meaning:
//!
//! * [`RuleCredits`] is fed journey by journey inside a pass over the ledger and keeps only sums: first, last, last
//!   non-direct, linear, and the transitions for a Markov chain of order 1. [`estimate`] turns the sums of several
//!   groups of people into shares with jackknife intervals.
//! * [`JourneyCounts`] groups journeys by their path and answers everything else: all [`Rule`]s, and [`removal`]
//!   effects of Markov chains of order 1 to 3.
//!
//! Sums are integers or [`Fixed`], so parts of the people can be added in any order with the same result, bit for
//! bit, and the credit of a journey sums to exactly its outcomes and its value. Everything here is association
//! (evidence class E3): it says who was there, not who caused it; only experiments do.
//!
//! Example, four paths with ads and mail, where each row is a path, its outcomes, and its journeys without outcome:
//!
//! | path | outcomes | without |
//! |---|---|---|
//! | ads | 2 | 1 |
//! | mail | 1 | 0 |
//! | ads > mail | 1 | 0 |
//!
//! first 3 : 1, last 2 : 2, linear 2.5 : 1.5, Markov 2.4 : 1.6, Shapley (sum game) 2.5 : 1.5.

mod credits;
pub mod games;
pub mod hazard;
mod markov;
pub mod orders;
mod paths;
mod rules;
pub mod study;

pub use credits::{Counted, RuleCredits, ShareEstimates, Shares, estimate};
pub use markov::{Markov, Order, removal};
pub use paths::{Ends, JourneyCounts};
pub use rules::{Rule, time_decay};

use crate::fixed::Fixed;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, SubAssign};

/// Is what a touchpoint is credited with by one rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Credit {
    /// Outcomes.
    pub conversions: Fixed,
    /// Value of the outcomes, in minor units or in whatever unit the journeys were given.
    pub value: Fixed,
}

impl AddAssign for Credit {
    fn add_assign(&mut self, other: Self) {
        self.conversions += other.conversions;
        self.value += other.value;
    }
}

impl SubAssign for Credit {
    fn sub_assign(&mut self, other: Self) {
        self.conversions -= other.conversions;
        self.value -= other.value;
    }
}

#[cfg(test)]
mod golden;
