//! RFM: recency, frequency and money, each from 1 (worst) to 5 (best) by fifths of the customers (Hughes 1994).
//!
//! A customer's score is the fifth in which the middle of those who are equal to them lies, so that equals have equal scores
//! whatever the order they came in. Nine groups with names follow from recency and frequency alone.
//!
//! | customer | days ago | purchases | spent | R F M | group |
//! |---|---|---|---|---|---|
//! | A | 3 | 9 | 900 | 5 5 5 | champions |
//! | B | 10 | 4 | 100 | 4 3 3 | promising |
//! | C | 40 | 1 | 30 | 3 2 1 | about to sleep |
//! | D | 90 | 6 | 700 | 2 4 4 | at risk |
//! | E | 200 | 1 | 50 | 1 2 2 | lost |
//!
//! Cost: O(n log n).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is what is scored of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bought {
    /// Days since the last purchase.
    pub days_ago: u32,
    /// Purchases.
    pub purchases: u32,
    /// What they were worth, minor units.
    pub spent: i64,
}

/// Is the three scores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rfm {
    /// Recency: 5 is the most recent fifth.
    pub recency: u8,
    /// Frequency.
    pub frequency: u8,
    /// Money.
    pub money: u8,
}

/// Is a group with a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RfmGroup {
    /// Bought just now, and often.
    Champions,
    /// Buy regularly.
    Loyal,
    /// Recent, and not only once.
    Promising,
    /// Bought for the first time just now.
    New,
    /// Neither recent nor often, but not lost.
    NeedAttention,
    /// Rare buyers on their way out.
    AboutToSleep,
    /// Bought often, and not for long.
    AtRisk,
    /// The best once, and gone.
    CannotLose,
    /// Rare, and long ago.
    Lost,
}

impl Rfm {
    /// Returns the group, by recency and frequency.
    #[must_use]
    pub const fn group(self) -> RfmGroup {
        match (self.recency, self.frequency) {
            (5, 4..) | (4, 5) => RfmGroup::Champions,
            (4, 4) | (3, 4..) => RfmGroup::Loyal,
            (5, 1) | (4, 1) => RfmGroup::New,
            (4 | 5, _) => RfmGroup::Promising,
            (3, 3) => RfmGroup::NeedAttention,
            (3, _) => RfmGroup::AboutToSleep,
            (1, 5..) => RfmGroup::CannotLose,
            (1 | 2, 3..) => RfmGroup::AtRisk,
            _ => RfmGroup::Lost,
        }
    }
}

/// Scores customers, in their order.
#[must_use]
pub fn score(customers: &[Bought]) -> Vec<Rfm> {
    let recency = fifths(customers.iter().map(|one| -i64::from(one.days_ago)).collect());
    let frequency = fifths(customers.iter().map(|one| i64::from(one.purchases)).collect());
    let money = fifths(customers.iter().map(|one| one.spent).collect());
    let scores = recency.into_iter().zip(frequency).zip(money);
    scores.map(|((recency, frequency), money)| Rfm { recency, frequency, money }).collect()
}

/// Returns for each value the fifth, 1 to 5, in which the middle of its equals lies.
fn fifths(values: Vec<i64>) -> Vec<u8> {
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let n = values.len() as f64;
    let fifth = |value: &i64| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        // Middle of the equals, as a share of all; the best of all is in the last fifth.
        let middle = (below + up_to) as f64 / 2.0 / n;
        1 + ((middle * 5.0) as u8).min(4)
    };
    values.iter().map(fifth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bought(days_ago: u32, purchases: u32, spent: i64) -> Bought {
        Bought { days_ago, purchases, spent }
    }

    #[test]
    fn five_customers() {
        let scores = score(&[bought(3, 9, 900), bought(10, 4, 100), bought(40, 1, 30), bought(90, 6, 700), bought(200, 1, 50)]);
        let numbers: Vec<_> = scores.iter().map(|one| (one.recency, one.frequency, one.money)).collect();
        // The two who bought once are equal: their middle lies at a fifth of all, the second fifth's begin.
        assert_eq!(numbers, [(5, 5, 5), (4, 3, 3), (3, 2, 1), (2, 4, 4), (1, 2, 2)]);
        let groups: Vec<_> = scores.iter().map(|one| one.group()).collect();
        assert_eq!(groups, [RfmGroup::Champions, RfmGroup::Promising, RfmGroup::AboutToSleep, RfmGroup::AtRisk, RfmGroup::Lost]);
    }

    #[test]
    fn one_or_equal_customers_are_in_the_middle() {
        assert!(score(&[]).is_empty());
        assert_eq!(score(&[bought(5, 1, -20)]), [Rfm { recency: 3, frequency: 3, money: 3 }]);
        assert!(score(&[bought(5, 1, 0); 9]).iter().all(|one| *one == Rfm { recency: 3, frequency: 3, money: 3 }));
    }

    proptest! {
        /// Equals have equal scores, more is never scored lower, and the order of people does not matter.
        #[test]
        fn scores_keep_the_order(spent in prop::collection::vec(-50_i64..50, 1..80)) {
            let customers: Vec<Bought> = spent.iter().map(|spent| bought(1, 1, *spent)).collect();
            let scores = score(&customers);
            for (one, a) in customers.iter().zip(&scores) {
                for (other, b) in customers.iter().zip(&scores) {
                    prop_assert!(one.spent > other.spent || a.money <= b.money);
                }
            }
            let mut reversed: Vec<Bought> = customers.clone();
            reversed.reverse();
            let mut backwards = score(&reversed);
            backwards.reverse();
            prop_assert_eq!(backwards, scores);
        }
    }
}
