//! Over-use (M9): from which number of contacts on a further one costs more than it brings.
//!
//! With the response R(f), unsubscription u(f) and complaint k(f) of a person contacted f times in a period,
//! `net(f) = [R(f) − R(f−1)]·gain − cost − [u(f) − u(f−1)]·L_u − [k(f) − k(f−1)]·L_k`, and the saturation point f* is the
//! largest f up to which every net is above zero.
//!
//! Raw response by number of contacts misleads: whoever responds is contacted no more (censoring) and the keen are
//! contacted more. So R is built from hazards, `R(f) = 1 − Π(1 − hⱼ)` with `hⱼ` the share of those who got contact j without
//! having responded that respond before the next (Kaplan and Meier 1958, in contacts instead of time). u and k are built
//! alike from events per contact. Numbers of contacts that fewer than `floor` people reached are pooled into the tail.
//!
//! | contacts | R | further response | net, gain 1 and cost .015 |
//! |---|---|---|---|
//! | 1 | .10 | .10 | +.085 |
//! | 2 | .17 | .07 | +.055 |
//! | 3 | .19 | .02 | +.005 ← saturation |
//! | 4 | .20 | .01 | −.005 |
//! | 5 | .205 | .005 | −.010 |
//!
//! Rules: R1 a tenth of the people or more lie beyond f*. R2 harm rises with f (one-sided Cochran–Armitage, p < .05)
//! and the last contact does not pay. R3 complaints reach .10 % of contacts (warn) or .30 % (stop, the limit of
//! mailbox providers). R4 for pop-ups, [`quick_close`]. Cost: O(F) for F numbers of contacts.

use crate::intervals::{Estimate, Interval, Significance, cochran_armitage, newcombe, proportion};

/// Holds what happened to those who got their f-th contact in a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exposure {
    /// Person-periods that got this contact.
    pub contacts: u64,
    /// Person-periods that got this contact and no further one.
    pub exactly: u64,
    /// Responders among those.
    pub responders: u64,
    /// Person-periods that got this contact without having responded before.
    pub at_risk: u64,
    /// Of those, the ones that responded before the next contact.
    pub responded: u64,
    /// Unsubscriptions after this contact and before the next.
    pub unsubscribed: u64,
    /// Complaints after this contact and before the next.
    pub complained: u64,
}

impl Exposure {
    /// Adds what happened to others.
    pub fn add(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.exactly += other.exactly;
        self.responders += other.responders;
        self.at_risk += other.at_risk;
        self.responded += other.responded;
        self.unsubscribed += other.unsubscribed;
        self.complained += other.complained;
    }
}

/// Holds what things are worth, all in minor units.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Prices {
    /// What a response leaves: value of an outcome times margin.
    pub gain: f64,
    /// What one contact costs.
    pub contact: f64,
    /// What an unsubscription loses (L_u).
    pub unsubscribe: f64,
    /// What a complaint loses (L_k).
    pub complaint: f64,
}

/// Is one step of the frequency response.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// The first number of contacts it stands for.
    pub from: u32,
    /// The last one; above `from` only for the pooled tail.
    pub to: u32,
    /// Everything counted.
    pub counts: Exposure,
    /// Share of those at risk that responded, with Wilson interval; none when nobody was at risk.
    pub hazard: Option<Estimate>,
    /// Response expected of a person contacted so often, R(f).
    pub response: f64,
    /// Unsubscriptions per contact.
    pub unsubscribe: f64,
    /// Complaints per contact.
    pub complaint: f64,
    /// What this further contact brings, in minor units, with the interval that the hazard's limits give.
    pub net: Estimate,
}

/// Is the judgement of a touchpoint's frequency.
#[derive(Clone, PartialEq, Debug)]
pub struct Frequency {
    /// The response by number of contacts.
    pub steps: Vec<Step>,
    /// Whether people got different numbers of contacts; if not, nothing can be told before an experiment.
    pub varied: bool,
    /// The saturation point f*; 0 when not even the first contact pays; none when it cannot be told.
    pub saturation: Option<u32>,
    /// Whether the first contact beyond f* surely does not pay: its net lies below zero with its interval.
    pub certain: bool,
    /// Share of person-periods with more contacts than f*, with Wilson interval.
    pub beyond: Option<Estimate>,
    /// Complaints per contact, with Wilson interval.
    pub complaints: Option<Estimate>,
    /// Trend of complaints and unsubscriptions per contact with the number of contacts, one-sided.
    pub trend: Option<Significance>,
    /// Net of the highest step.
    pub net_last: Option<f64>,
    /// Rule R1: many lie beyond f*.
    pub many_beyond: bool,
    /// Rule R2: harm rises and the last contact does not pay.
    pub harm_rises: bool,
    /// Rule R3: complaints.
    pub complaint_level: ComplaintLevel,
}

/// Is how bad complaints are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum ComplaintLevel {
    /// Below .10 %, or too few contacts to tell.
    #[default]
    Low,
    /// At least .10 %.
    Warn,
    /// At least .30 %: stop sending.
    Stop,
}

impl Frequency {
    /// Returns the names of the rules that fire.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static str> {
        let fired = [("R1", self.many_beyond), ("R2", self.harm_rises), ("R3", self.complaint_level > ComplaintLevel::Low)];
        fired.iter().filter(|(_, fires)| *fires).map(|(name, _)| *name).collect()
    }
}

/// From this share of people beyond the saturation point R1 fires.
pub const BEYOND_LIMIT: f64 = 0.10;
/// Below this p the trend of R2 holds.
pub const TREND_LIMIT: f64 = 0.05;
/// From this share of complaints R3 warns.
pub const COMPLAINT_WARN: f64 = 0.001;
/// From this share of complaints R3 says stop.
pub const COMPLAINT_STOP: f64 = 0.003;
/// From this rise of quick closing R4 fires.
pub const CLOSE_LIMIT: f64 = 0.20;

/// Judges a frequency response: `exposures[i]` tells of contact i + 1. Groups below `floor` people decide nothing.
#[must_use]
pub fn over_use(exposures: &[Exposure], prices: Prices, floor: u64) -> Frequency {
    let steps = steps(exposures, prices, floor);
    let people: u64 = exposures.iter().map(|one| one.exactly).sum();
    let varied = exposures.iter().filter(|one| one.exactly > 0).count() > 1;
    let enough = varied && steps.first().is_some_and(|step| step.counts.at_risk >= floor);
    let paying = saturation(steps.iter().map(|step| step.net.value));
    let point = enough.then(|| if paying == 0 { 0 } else { steps[paying - 1].to });
    let beyond = point.and_then(|point| {
        let beyond = exposures.iter().skip(point as usize).map(|one| one.exactly).sum();
        proportion(beyond, people)
    });
    let sum = |count: fn(&Exposure) -> u64| exposures.iter().map(count).sum::<u64>();
    let (contacts, complained) = (sum(|one| one.contacts), sum(|one| one.complained));
    let complaints = proportion(complained.min(contacts), contacts);
    let trend = harm_trend(exposures);
    let net_last = steps.last().map(|step| step.net.value);
    Frequency {
        varied,
        saturation: point,
        certain: enough && steps.get(paying).and_then(|step| step.net.interval).is_some_and(|net| net.high < 0.0),
        many_beyond: people >= floor && beyond.is_some_and(|share| share.value >= BEYOND_LIMIT),
        harm_rises: enough && trend.is_some_and(|trend| trend.p < TREND_LIMIT) && net_last.is_some_and(|net| net <= 0.0),
        complaint_level: complaints
            .filter(|_| contacts >= floor)
            .map_or(ComplaintLevel::Low, |share| complaint_level(share.value)),
        steps,
        beyond,
        complaints,
        trend,
        net_last,
    }
}

/// Computes the net of each contact from tables that start at no contact; shorter tables of harm count as no harm.
#[must_use]
pub fn nets(response: &[f64], unsubscribe: &[f64], complaint: &[f64], prices: Prices) -> Vec<f64> {
    let rise = |table: &[f64], f: usize| table.get(f).zip(table.get(f - 1)).map_or(0.0, |(here, before)| here - before);
    (1..response.len())
        .map(|f| {
            let harm = rise(unsubscribe, f) * prices.unsubscribe + rise(complaint, f) * prices.complaint;
            rise(response, f) * prices.gain - prices.contact - harm
        })
        .collect()
}

/// Counts the contacts that pay, from the first on and without a break.
#[must_use]
pub fn saturation(nets: impl IntoIterator<Item = f64>) -> usize {
    nets.into_iter().take_while(|net| *net > 0.0).count()
}

/// Compares how often a pop-up is closed within two seconds at its third and first showing (R4).
///
/// Each pair is (closed quickly, shown). Fires from a rise of 20 points on; `None` when one was never shown.
#[must_use]
pub fn quick_close(first: (u64, u64), third: (u64, u64)) -> Option<(Estimate, bool)> {
    let rise = newcombe(third.0, third.1, first.0, first.1)?;
    Some((rise, rise.value >= CLOSE_LIMIT - 1e-9))
}

fn steps(exposures: &[Exposure], prices: Prices, floor: u64) -> Vec<Step> {
    let pooled = pool(exposures, floor);
    let per_contact = |events: u64, counts: &Exposure| (events as f64 / counts.contacts.max(1) as f64).min(1.0);
    let hazards: Vec<_> = pooled.iter().map(|(_, _, counts)| proportion(counts.responded, counts.at_risk)).collect();
    let response = cumulative(hazards.iter().map(|hazard| hazard.map_or(0.0, |hazard| hazard.value)));
    let unsubscribe = cumulative(pooled.iter().map(|(_, _, counts)| per_contact(counts.unsubscribed, counts)));
    let complaint = cumulative(pooled.iter().map(|(_, _, counts)| per_contact(counts.complained, counts)));
    let nets = nets(&response, &unsubscribe, &complaint, prices);
    pooled
        .iter()
        .enumerate()
        .map(|(i, (from, to, counts))| {
            // A limit of the hazard instead of the hazard itself moves the net by so much.
            let at = |hazard: &Estimate, limit: f64| nets[i] + (limit - hazard.value) * (1.0 - response[i]) * prices.gain;
            let limits = |hazard: &Estimate| {
                hazard.interval.map(|limits| Interval::between(at(hazard, limits.low), at(hazard, limits.high)))
            };
            Step {
                from: *from,
                to: *to,
                counts: *counts,
                hazard: hazards[i],
                response: response[i + 1],
                unsubscribe: per_contact(counts.unsubscribed, counts),
                complaint: per_contact(counts.complained, counts),
                net: Estimate { value: nets[i], interval: hazards[i].as_ref().and_then(limits) },
            }
        })
        .collect()
}

/// Merges steps at the end into the one before, until at least `floor` are at risk in the last.
fn pool(exposures: &[Exposure], floor: u64) -> Vec<(u32, u32, Exposure)> {
    let reached = exposures.iter().rposition(|one| one.contacts > 0).map_or(0, |last| last + 1);
    let mut pooled: Vec<(u32, u32, Exposure)> =
        exposures[..reached].iter().zip(1..).map(|(counts, contacts)| (contacts, contacts, *counts)).collect();
    // Fewer and fewer reach a number of contacts, so the first thin step begins the tail.
    let tail = pooled.iter().position(|(_, _, counts)| counts.at_risk < floor).unwrap_or(pooled.len());
    while pooled.len() > tail + 1 {
        merge_last(&mut pooled);
    }
    if pooled.len() > 1 && pooled.last().is_some_and(|(_, _, counts)| counts.at_risk < floor) {
        merge_last(&mut pooled);
    }
    pooled
}

fn merge_last(pooled: &mut Vec<(u32, u32, Exposure)>) {
    if let Some((_, to, counts)) = pooled.pop()
        && let Some((_, end, before)) = pooled.last_mut()
    {
        before.add(&counts);
        *end = to;
    }
}

/// Turns chances per step into the chance of having happened up to each, starting with 0: `1 − Π(1 − h)`.
fn cumulative(chances: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut not_yet = 1.0;
    let mut table = vec![0.0];
    for chance in chances {
        not_yet *= 1.0 - chance;
        table.push(1.0 - not_yet);
    }
    table
}

fn harm_trend(exposures: &[Exposure]) -> Option<Significance> {
    let harm: Vec<u64> = exposures.iter().map(|one| (one.unsubscribed + one.complained).min(one.contacts)).collect();
    let contacts: Vec<u64> = exposures.iter().map(|one| one.contacts).collect();
    let scores: Vec<f64> = (1..=exposures.len()).map(|f| f as f64).collect();
    cochran_armitage(&harm, &contacts, &scores)
}

fn complaint_level(share: f64) -> ComplaintLevel {
    match share {
        share if share >= COMPLAINT_STOP => ComplaintLevel::Stop,
        share if share >= COMPLAINT_WARN => ComplaintLevel::Warn,
        _ => ComplaintLevel::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RESPONSE: [f64; 6] = [0.0, 0.10, 0.17, 0.19, 0.20, 0.205];

    fn check_nets(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn m9_a_no_harm() {
        let found = nets(&RESPONSE, &[], &[], Prices { gain: 1.0, contact: 0.015, ..Prices::default() });
        check_nets(&found, &[0.085, 0.055, 0.005, -0.005, -0.010]);
        assert_eq!(saturation(found), 3);
    }

    #[test]
    fn m9_b_unsubscriptions_cost() {
        let prices = Prices { gain: 1.0, contact: 0.004, unsubscribe: 3.0, complaint: 0.0 };
        let found = nets(&RESPONSE, &[0.0, 0.002, 0.003, 0.006, 0.011, 0.018], &[], prices);
        check_nets(&found, &[0.090, 0.063, 0.007, -0.009, -0.020]);
        assert_eq!(saturation(found), 3);
    }

    #[test]
    fn m9_c_harm_rises() {
        let exposures = [2, 3, 6, 11].map(|unsubscribed| Exposure { contacts: 1_000, unsubscribed, ..Exposure::default() });
        let trend = harm_trend(&exposures).expect("varies");
        assert!((trend.z - 2.868).abs() < 5e-4 && (trend.p - 0.0021).abs() < 5e-5, "{trend:?}");
    }

    /// Makes exposures in which nobody drops out but by responding: `stay[i]` people get exactly i + 1 contacts.
    fn cohort(stay: &[u64], hazards: &[f64]) -> Vec<Exposure> {
        let mut open = 1.0;
        (0..stay.len())
            .map(|i| {
                let contacts: u64 = stay[i..].iter().sum();
                let at_risk = (contacts as f64 * open).round() as u64;
                open *= 1.0 - hazards[i];
                let responded = (at_risk as f64 * hazards[i]).round() as u64;
                Exposure { contacts, exactly: stay[i], responders: responded, at_risk, responded, ..Exposure::default() }
            })
            .collect()
    }

    const PRICES: Prices = Prices { gain: 100.0, contact: 1.5, unsubscribe: 300.0, complaint: 1_000.0 };

    #[test]
    fn hazards_give_the_saturation_point() {
        let found = over_use(&cohort(&[4_000, 3_000, 2_000, 1_000], &[0.10, 0.05, 0.005, 0.001]), PRICES, 30);
        assert_eq!((found.saturation, found.certain, found.varied), (Some(2), true, true));
        assert_eq!(found.beyond.map(|share| share.value), Some(0.3));
        assert!(found.many_beyond && !found.harm_rises);
        assert_eq!(found.rules(), ["R1"]);
        assert!((found.steps[1].response - (1.0 - 0.9 * 0.95)).abs() < 1e-3);
    }

    #[test]
    fn all_contacts_pay_nobody_is_beyond() {
        let found = over_use(&cohort(&[400, 300, 200], &[0.10, 0.08, 0.06]), PRICES, 30);
        assert_eq!((found.saturation, found.beyond.map(|share| share.value)), (Some(3), Some(0.0)));
        assert!(found.rules().is_empty());
    }

    #[test]
    fn not_even_the_first_pays() {
        let found = over_use(&cohort(&[4_000, 3_000], &[0.001, 0.001]), PRICES, 30);
        assert_eq!((found.saturation, found.beyond.map(|share| share.value)), (Some(0), Some(1.0)));
    }

    #[test]
    fn thin_steps_are_pooled_into_the_tail() {
        let found = over_use(&cohort(&[1_000, 300, 20, 9, 5], &[0.1, 0.1, 0.0, 0.0, 0.0]), PRICES, 30);
        let ranges: Vec<_> = found.steps.iter().map(|step| (step.from, step.to)).collect();
        // 27 at risk at the third contact, 33 contacts with those after it: one step of three numbers.
        assert_eq!(ranges, [(1, 1), (2, 2), (3, 5)]);
        let few = over_use(&cohort(&[1_000, 300, 9], &[0.1, 0.1, 0.0]), PRICES, 30);
        assert_eq!(few.steps.iter().map(|step| (step.from, step.to)).collect::<Vec<_>>(), [(1, 1), (2, 3)]);
    }

    #[test]
    fn too_few_people_say_nothing() {
        let found = over_use(&cohort(&[10, 9], &[0.1, 0.0]), PRICES, 30);
        assert_eq!((found.saturation, found.beyond), (None, None));
        assert!(found.rules().is_empty());
        let nobody = over_use(&[], PRICES, 30);
        assert_eq!((nobody.saturation, nobody.net_last, nobody.complaints), (None, None, None));
    }

    #[test]
    fn the_same_for_everybody_is_not_measurable() {
        let found = over_use(&cohort(&[0, 0, 500], &[0.1, 0.05, 0.01]), PRICES, 30);
        assert_eq!((found.varied, found.saturation), (false, None));
    }

    #[test]
    fn complaints_warn_and_stop() {
        let check = |complained, expected| {
            let exposures = [Exposure { contacts: 10_000, complained, ..Exposure::default() }];
            assert_eq!(over_use(&exposures, PRICES, 30).complaint_level, expected);
        };
        check(9, ComplaintLevel::Low);
        check(10, ComplaintLevel::Warn);
        check(30, ComplaintLevel::Stop);
    }

    #[test]
    fn harm_fires_only_where_the_last_contact_does_not_pay() {
        let mut exposures = cohort(&[1_000; 4], &[0.2, 0.1, 0.05, 0.0]);
        for (one, unsubscribed) in exposures.iter_mut().zip([2, 3, 6, 15]) {
            one.unsubscribed = unsubscribed;
        }
        assert!(over_use(&exposures, PRICES, 30).harm_rises);
        let free = Prices { contact: -10.0, unsubscribe: 0.0, ..PRICES };
        assert!(!over_use(&exposures, free, 30).harm_rises);
    }

    #[test]
    fn m9_r4_quick_closing() {
        let (rise, fires) = quick_close((20, 100), (40, 100)).expect("shown");
        assert!((rise.value - 0.20).abs() < 1e-12 && fires);
        assert!(!quick_close((20, 100), (39, 100)).expect("shown").1);
        assert_eq!(quick_close((0, 0), (1, 1)), None);
    }

    proptest! {
        #[test]
        fn pooling_loses_nobody(stay in prop::collection::vec(0_u64..200, 1..12), hazard in 0.0..0.5_f64) {
            let exposures = cohort(&stay, &vec![hazard; stay.len()]);
            let found = over_use(&exposures, PRICES, 30);
            let sum = |count: fn(&Exposure) -> u64| exposures.iter().map(count).sum::<u64>();
            prop_assert_eq!(found.steps.iter().map(|step| step.counts.exactly).sum::<u64>(), sum(|one| one.exactly));
            prop_assert_eq!(found.steps.iter().map(|step| step.counts.at_risk).sum::<u64>(), sum(|one| one.at_risk));
            for pair in found.steps.windows(2) {
                prop_assert_eq!(pair[0].to + 1, pair[1].from);
                prop_assert!(pair[0].response <= pair[1].response);
                prop_assert!(pair[0].counts.at_risk >= 30);
            }
            for step in &found.steps {
                if let Some(interval) = step.net.interval {
                    prop_assert!(interval.low <= step.net.value + 1e-9 && step.net.value <= interval.high + 1e-9);
                }
            }
        }
    }
}
