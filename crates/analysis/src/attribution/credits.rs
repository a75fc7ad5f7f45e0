//! Attribution inside one pass over the ledger: sums that every journey adds to, and shares at the end.
//!
//! [`RuleCredits`] keeps, per touchpoint, the outcomes and value of the first, last, last non-direct and linear
//! rules, and the transitions of a Markov chain of order 1. All sums are integers or fixed point, so
//! `merge(run(a), run(b)) == run(a ++ b)` bit for bit, and a group of people can be taken out again by subtracting.
//!
//! | journey | first | last | linear | transitions |
//! |---|---|---|---|---|
//! | ads → outcome 35 | ads 1 | ads 1 | ads 1 | start→ads→outcome |
//! | ads > mail → outcome 35 | ads 1 | mail 1 | ads ½, mail ½ | start→ads→mail→outcome |
//! | mail > mail → outcome 20 | mail 1 | mail 1 | mail 1 | start→mail→outcome |
//! | ads → nothing | | | | start→ads→nothing |
//! | (no touch) → outcome 9 | | | | counted as untouched |
//!
//! Cost: O(length) per journey without allocation. Memory is 80 bytes per touchpoint and `8·(n+1)·(n+2)` bytes of transitions
//! for n touchpoints: 0.1 MB for 100, 8 MB for 1,000.

use super::markov::{Flows, Markov};
use super::rules::last_non_direct;
use super::{Credit, Ends};
use crate::fixed::Fixed;
use crate::intervals::{Estimate, Interval, jackknife, wilson_of};
use serde::{Deserialize, Serialize};

/// Is a whole number of outcomes and their value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Outcomes.
    pub conversions: u64,
    /// Value, in minor units.
    pub value: i64,
}

impl Counted {
    fn add(&mut self, other: Self) {
        self.conversions = self.conversions.wrapping_add(other.conversions);
        self.value = self.value.wrapping_add(other.value);
    }

    fn subtract(&mut self, other: Self) {
        self.conversions = self.conversions.wrapping_sub(other.conversions);
        self.value = self.value.wrapping_sub(other.value);
    }
}

/// Holds the sums of all rules that a single pass can keep.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RuleCredits {
    direct: Vec<bool>,
    first: Vec<Counted>,
    last: Vec<Counted>,
    last_non_direct: Vec<Counted>,
    linear: Vec<Credit>,
    /// Row: touchpoint or start. Column: touchpoint, outcome, nothing.
    transitions: Vec<u64>,
    untouched: Counted,
}

impl RuleCredits {
    /// Starts with nothing, for `direct.len()` touchpoints (below 65,535), each direct or not.
    #[must_use]
    pub fn new(direct: &[bool]) -> Self {
        let n = direct.len();
        Self {
            direct: direct.to_vec(),
            first: vec![Counted::default(); n],
            last: vec![Counted::default(); n],
            last_non_direct: vec![Counted::default(); n],
            linear: vec![Credit::default(); n],
            transitions: vec![0; (n + 1) * (n + 2)],
            untouched: Counted::default(),
        }
    }

    /// Adds one journey: its touches in order, and the value of its outcome if it had one.
    ///
    /// # Panics
    /// Panics when a touch is not below the number of touchpoints.
    pub fn take_journey(&mut self, path: &[u16], converted: Option<i64>) {
        match converted {
            Some(value) => self.take(path, Counted { conversions: 1, value }, 0),
            None => self.take(path, Counted::default(), 1),
        }
    }

    /// Adds journeys with the same path: their outcomes with value, and how many ended without.
    ///
    /// # Panics
    /// Panics when a touch is not below the number of touchpoints.
    pub fn take(&mut self, path: &[u16], outcomes: Counted, nulls: u64) {
        let (Some(first), Some(last)) = (path.first(), path.last()) else {
            self.untouched.add(outcomes);
            return;
        };
        if outcomes.conversions > 0 {
            self.first[usize::from(*first)].add(outcomes);
            self.last[usize::from(*last)].add(outcomes);
            self.last_non_direct[usize::from(path[last_non_direct(path, &self.direct)])].add(outcomes);
            self.share_equally(path, outcomes);
        }
        self.walk(path, outcomes.conversions, nulls);
    }

    /// Adds 1/n of the outcomes to every touch; the last touch takes the remainder.
    fn share_equally(&mut self, path: &[u16], outcomes: Counted) {
        let Some((last, before)) = path.split_last() else { return };
        let share = RECIPROCALS.get(path.len()).copied().unwrap_or_else(|| Fixed::part(1, path.len() as u64));
        let part = Credit { conversions: share * outcomes.conversions as i64, value: share * outcomes.value };
        for touch in before {
            self.linear[usize::from(*touch)] += part;
        }
        let times = before.len() as i64;
        let mut rest = Credit { conversions: Fixed::whole(outcomes.conversions as i64), value: Fixed::whole(outcomes.value) };
        rest -= Credit { conversions: part.conversions * times, value: part.value * times };
        self.linear[usize::from(*last)] += rest;
    }

    /// Adds the steps from start to end; staying at a touchpoint is no step.
    fn walk(&mut self, path: &[u16], conversions: u64, nulls: u64) {
        let n = self.direct.len();
        let width = n + 2;
        let weight = conversions + nulls;
        let mut at = n;
        for touch in path {
            let next = usize::from(*touch);
            if next != at {
                self.transitions[at * width + next] += weight;
                at = next;
            }
        }
        self.transitions[at * width + n] += conversions;
        self.transitions[at * width + n + 1] += nulls;
    }

    /// Adds the journeys of others, counted for the same touchpoints.
    pub fn merge(&mut self, other: &Self) {
        self.combine(other, Counted::add, |mine, theirs| *mine += theirs, u64::wrapping_add);
    }

    /// Takes journeys out that were counted before.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, Counted::subtract, |mine, theirs| *mine -= theirs, u64::wrapping_sub);
    }

    fn combine(
        &mut self,
        other: &Self,
        counted: impl Fn(&mut Counted, Counted),
        credited: impl Fn(&mut Credit, Credit),
        summed: impl Fn(u64, u64) -> u64,
    ) {
        debug_assert_eq!(self.direct, other.direct, "counted for the same touchpoints");
        for (mine, theirs) in
            [(&mut self.first, &other.first), (&mut self.last, &other.last), (&mut self.last_non_direct, &other.last_non_direct)]
        {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| counted(mine, *theirs));
        }
        self.linear.iter_mut().zip(&other.linear).for_each(|(mine, theirs)| credited(mine, *theirs));
        for (mine, theirs) in self.transitions.iter_mut().zip(&other.transitions) {
            *mine = summed(*mine, *theirs);
        }
        counted(&mut self.untouched, other.untouched);
    }

    /// Returns outcomes and value by first touch, one entry per touchpoint.
    #[must_use]
    pub fn first(&self) -> &[Counted] {
        &self.first
    }

    /// Returns outcomes and value by last touch.
    #[must_use]
    pub fn last(&self) -> &[Counted] {
        &self.last
    }

    /// Returns outcomes and value by the last touch that is not direct.
    #[must_use]
    pub fn last_non_direct(&self) -> &[Counted] {
        &self.last_non_direct
    }

    /// Returns outcomes and value in equal parts.
    #[must_use]
    pub fn linear(&self) -> &[Credit] {
        &self.linear
    }

    /// Returns outcomes that no touch led to; no rule credits them.
    #[must_use]
    pub fn untouched(&self) -> Counted {
        self.untouched
    }

    /// Returns outcomes and value of journeys with touches: what the credits of every rule sum to.
    #[must_use]
    pub fn credited(&self) -> Counted {
        self.last.iter().fold(Counted::default(), |mut sum, one| {
            sum.add(*one);
            sum
        })
    }

    /// Computes the removal effects of the Markov chain of order 1.
    #[must_use]
    pub fn markov(&self) -> Markov {
        let n = self.direct.len();
        let width = n + 2;
        let rows: Vec<&[u64]> = self.transitions.chunks_exact(width).collect();
        let met: Vec<usize> = (0..n).filter(|touchpoint| rows[*touchpoint].iter().any(|weight| *weight > 0)).collect();
        let mut flows = Flows::default();
        for touchpoint in &met {
            let row = rows[*touchpoint];
            let ends = Ends { conversions: row[n], value: Fixed::whole(self.last[*touchpoint].value), nulls: row[n + 1] };
            flows.state(Flows::single(*touchpoint as u16), rows[n][*touchpoint], ends);
        }
        for (i, from) in met.iter().enumerate() {
            let ways = met.iter().enumerate().map(|(j, to)| ((i as u32, j as u32), rows[*from][*to]));
            flows.steps.extend(ways.filter(|(_, weight)| *weight > 0));
        }
        Markov::from_flows(&flows, n)
    }

    /// Computes every model's shares of outcomes; `None` when no journey with touches had an outcome.
    #[must_use]
    pub fn shares(&self) -> Option<Shares> {
        let total = self.credited().conversions;
        if total == 0 {
            return None;
        }
        let part = |credits: &[Counted]| credits.iter().map(|one| one.conversions as f64 / total as f64).collect();
        Some(Shares {
            first: part(&self.first),
            last: part(&self.last),
            last_non_direct: part(&self.last_non_direct),
            linear: self.linear.iter().map(|one| one.conversions.to_f64() / total as f64).collect(),
            markov: self.markov().shares(),
        })
    }
}

/// Holds 1/n for short journeys, so that the common ones cost no division.
const RECIPROCALS: [Fixed; 257] = {
    let mut table = [Fixed::ZERO; 257];
    let mut n = 1;
    while n < table.len() {
        table[n] = Fixed::part(1, n as u64);
        n += 1;
    }
    table
};

/// Holds the share of outcomes of each touchpoint by each model; every list sums to one.
#[derive(Clone, PartialEq, Debug)]
pub struct Shares {
    /// All to the first touch.
    pub first: Vec<f64>,
    /// All to the last touch.
    pub last: Vec<f64>,
    /// All to the last touch that is not direct.
    pub last_non_direct: Vec<f64>,
    /// Equal parts to every touch.
    pub linear: Vec<f64>,
    /// Removal effect, order 1.
    pub markov: Vec<f64>,
}

impl Shares {
    /// Returns the highest minus the lowest share that the models give a touchpoint.
    #[must_use]
    pub fn disagreement(&self, touchpoint: usize) -> f64 {
        let shares = self.models().map(|model| model[touchpoint]);
        shares.iter().fold(f64::MIN, |a, b| a.max(*b)) - shares.iter().fold(f64::MAX, |a, b| a.min(*b))
    }

    fn models(&self) -> [&Vec<f64>; 5] {
        [&self.first, &self.last, &self.last_non_direct, &self.linear, &self.markov]
    }
}

/// Holds the shares with their intervals, touchpoint by touchpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct ShareEstimates {
    /// All to the first touch.
    pub first: Vec<Estimate>,
    /// All to the last touch.
    pub last: Vec<Estimate>,
    /// All to the last touch that is not direct.
    pub last_non_direct: Vec<Estimate>,
    /// Equal parts to every touch.
    pub linear: Vec<Estimate>,
    /// Removal effect, order 1.
    pub markov: Vec<Estimate>,
    /// Highest minus lowest share over the models.
    pub disagreement: Vec<f64>,
}

/// Computes shares over all groups of people, with delete-a-group jackknife intervals within 0 to 1.
///
/// `groups` are the journeys of random parts of the people, some ten to thirty of about equal size. `None` when there
/// are no outcomes. There are no intervals when one group alone has all outcomes.
#[must_use]
pub fn estimate(groups: &[RuleCredits]) -> Option<ShareEstimates> {
    let mut whole = groups.first()?.clone();
    for group in &groups[1..] {
        whole.merge(group);
    }
    let shares = whole.shares()?;
    let outcomes = whole.credited().conversions as f64;
    let left_out: Option<Vec<Shares>> = groups.iter().map(|group| without(&whole, group).shares()).collect();
    let left_out = left_out.unwrap_or_default();
    let estimates = |model: fn(&Shares) -> &Vec<f64>| -> Vec<Estimate> {
        let estimate = |(i, share): (usize, &f64)| {
            let others: Vec<f64> = left_out.iter().map(|shares| model(shares)[i]).collect();
            Estimate { value: *share, interval: interval(*share, &others, outcomes) }
        };
        model(&shares).iter().enumerate().map(estimate).collect()
    };
    Some(ShareEstimates {
        first: estimates(|shares| &shares.first),
        last: estimates(|shares| &shares.last),
        last_non_direct: estimates(|shares| &shares.last_non_direct),
        linear: estimates(|shares| &shares.linear),
        markov: estimates(|shares| &shares.markov),
        disagreement: (0..shares.first.len()).map(|i| shares.disagreement(i)).collect(),
    })
}

fn without(whole: &RuleCredits, group: &RuleCredits) -> RuleCredits {
    let mut rest = whole.clone();
    rest.subtract(group);
    rest
}

/// Returns the jackknife interval, or that of Wilson where no group differs: nothing seen is not nothing possible.
fn interval(share: f64, left_out: &[f64], outcomes: f64) -> Option<Interval> {
    let found = jackknife(share, left_out)?;
    Some(if found.error > 0.0 { found.interval.within(0.0, 1.0) } else { wilson_of(share, outcomes) })
}

#[cfg(test)]
mod tests {
    use super::super::{JourneyCounts, Order, Rule, removal};
    use super::*;
    use proptest::prelude::*;

    const DIRECT: [bool; 4] = [false, false, true, false];

    type Journey = (Vec<u16>, Option<i64>);

    fn run(journeys: &[Journey]) -> RuleCredits {
        let mut credits = RuleCredits::new(&DIRECT);
        for (path, converted) in journeys {
            credits.take_journey(path, *converted);
        }
        credits
    }

    /// Counts the same journeys by path: the plain version.
    fn grouped(journeys: &[Journey]) -> JourneyCounts {
        let mut counts = JourneyCounts::default();
        for (path, converted) in journeys {
            let value = Fixed::whole(converted.unwrap_or(0));
            let conversions = u64::from(converted.is_some());
            counts.take(path, Ends { conversions, value, nulls: 1 - conversions });
        }
        counts
    }

    fn journeys() -> impl Strategy<Value = Vec<Journey>> {
        prop::collection::vec((prop::collection::vec(0_u16..4, 0..9), prop::option::of(-500_i64..5_000)), 0..60)
    }

    #[test]
    fn m5_ads_and_mail() {
        let credits =
            run(&[(vec![0], Some(35)), (vec![0], Some(35)), (vec![1], Some(35)), (vec![0, 1], Some(35)), (vec![0], None)]);
        let shares = credits.shares().expect("there are outcomes");
        assert_eq!(shares.first, [0.75, 0.25, 0.0, 0.0]);
        assert_eq!(shares.last, [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(shares.linear, [0.625, 0.375, 0.0, 0.0]);
        assert!((shares.markov[0] - 0.6).abs() < 1e-15 && (shares.markov[1] - 0.4).abs() < 1e-15);
        assert!((shares.disagreement(0) - 0.25).abs() < 1e-15);
        assert_eq!(credits.credited(), Counted { conversions: 4, value: 140 });
    }

    #[test]
    fn untouched_outcomes_are_counted_and_credited_to_nobody() {
        let credits = run(&[(vec![], Some(9)), (vec![], None)]);
        assert_eq!(credits.untouched(), Counted { conversions: 1, value: 9 });
        assert_eq!((credits.shares(), estimate(&[credits])), (None, None));
    }

    #[test]
    fn long_journeys_are_shared_like_short_ones() {
        let path: Vec<u16> = (0..1_000).map(|i| i % 4).collect();
        let credits = run(&[(path, Some(1))]);
        assert_eq!(credits.linear().iter().map(|one| one.conversions).sum::<Fixed>(), Fixed::ONE);
        assert!((credits.linear()[0].conversions.to_f64() - 0.25).abs() < 1e-15);
    }

    #[test]
    fn intervals_hold_the_share() {
        let groups: Vec<RuleCredits> = (0..10)
            .map(|g| run(&[(vec![0], Some(1)), (vec![(g % 2) as u16], Some(1)), (vec![1, 0], None), (vec![3, 1], Some(2))]))
            .collect();
        let found = estimate(&groups).expect("there are outcomes");
        for estimates in [&found.first, &found.last, &found.linear, &found.markov] {
            let interval = estimates[0].interval.expect("ten groups");
            assert!(interval.low < estimates[0].value && estimates[0].value < interval.high, "{estimates:?}");
        }
        // Nobody met touchpoint 2 before an outcome, in 30 outcomes: that is not "surely never".
        let unseen = found.linear[2].interval.expect("ten groups");
        assert!(unseen.low == 0.0 && unseen.high > 0.05, "{unseen:?}");
        // One group has all outcomes: without it there is no share to compare with.
        let alone = estimate(&[run(&[(vec![0], Some(1))]), run(&[(vec![0], None)])]).expect("there are outcomes");
        assert_eq!(alone.first[0], Estimate { value: 1.0, interval: None });
    }

    proptest! {
        #[test]
        fn merging_parts_equals_one_run(journeys in journeys(), cut in 0_usize..60) {
            let (one, other) = journeys.split_at(cut.min(journeys.len()));
            let (mut forwards, mut backwards, whole) = (run(one), run(other), run(&journeys));
            forwards.merge(&run(other));
            backwards.merge(&run(one));
            prop_assert_eq!(&forwards, &whole);
            prop_assert_eq!(&backwards, &whole);
            forwards.subtract(&run(one));
            prop_assert_eq!(&forwards, &run(other));
            let text = serde_json::to_string(&whole).expect("serialises");
            prop_assert_eq!(serde_json::from_str::<RuleCredits>(&text).expect("reads"), whole);
        }

        #[test]
        fn equals_the_rules_on_grouped_journeys(journeys in journeys()) {
            let (credits, counts) = (run(&journeys), grouped(&journeys));
            let whole = |counted: &[Counted]| -> Vec<Credit> {
                let credit = |one: &Counted| Credit {
                    conversions: Fixed::whole(one.conversions as i64),
                    value: Fixed::whole(one.value),
                };
                counted.iter().map(credit).collect()
            };
            prop_assert_eq!(whole(credits.first()), Rule::First.credits(&counts, &DIRECT));
            prop_assert_eq!(whole(credits.last()), Rule::Last.credits(&counts, &DIRECT));
            prop_assert_eq!(whole(credits.last_non_direct()), Rule::LastNonDirect.credits(&counts, &DIRECT));
            prop_assert_eq!(credits.linear(), &Rule::Linear.credits(&counts, &DIRECT)[..]);
            let (one, other) = (credits.markov(), removal(&counts, 4, Order::One));
            for (one, other) in one.removal.iter().zip(&other.removal).chain(one.removal_value.iter().zip(&other.removal_value)) {
                prop_assert!((one - other).abs() < 1e-9, "{} {}", one, other);
            }
        }

        #[test]
        fn shares_sum_to_one(journeys in journeys()) {
            if let Some(shares) = run(&journeys).shares() {
                for model in shares.models() {
                    prop_assert!((model.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", shares);
                }
            }
        }
    }
}
