//! Over-use of one touchpoint (M9): prices from the map, the response from the fold, the rules that fire.

use super::costs::Spent;
use crate::frequency::Closings;
use crate::frequency::MOST;
use crate::intervals::Estimate;
use crate::intervals::{Z95, normal_cdf, proportion};
use crate::map_fold::Group;
use crate::over_use::{BEYOND_LIMIT, CLOSE_LIMIT, COMPLAINT_WARN, Frequency, Prices, Step, over_use as judge, quick_close};
use crate::report::{FrequencyStep, OverUse, QuickClose};
use crate::verdicts::{p_below, p_share_below};
use model::map::Settings;
use model::{Evidence, Figure, Unit};

/// The rules in the order of precedence, each a hypothesis of its own.
pub(super) const RULES: [&str; 3] = ["R1", "R2", "R3"];

/// Judges how often the people of a group are contacted by a touchpoint. Beside it the chance of each rule's evidence, were the
/// truth on the line: what fires must stand among all touchpoints, too.
pub(super) fn over_use(settings: &Settings, group: &Group, at: usize, spent: &Spent) -> (OverUse, [Option<f64>; 3]) {
    let prices = prices(settings, group, at, spent);
    let found = judge(group.frequency.of(at), prices, settings.floor);
    let people: u64 = group.frequency.of(at).iter().map(|step| step.exactly).sum();
    let contacts: u64 = group.frequency.of(at).iter().map(|step| step.contacts).sum();
    let figure = |estimate: Option<Estimate>, n| {
        estimate.map_or_else(|| Figure::unknown(Unit::Share), |found| found.figure(n, Evidence::E3, Unit::Share, "wilson"))
    };
    let use_ = OverUse {
        curve: found.steps.iter().map(step).collect(),
        saturation: found.saturation,
        beyond: figure(found.beyond, people),
        complaints: figure(found.complaints, contacts),
        trend_z: found.trend.map(|trend| trend.z),
        trend_p: found.trend.map(|trend| trend.p),
        net_last: found.net_last,
        quick_close: closing(&group.frequency.closings[at]),
        rules: rules(&found, prices.gain),
    };
    (use_, chances(&found, prices.gain, (people, contacts), settings.floor))
}

/// Compares the third showing with the first, where closings are recorded.
fn closing(closings: &Closings) -> Option<QuickClose> {
    let Closings { first, third, closed } = *closings;
    let (rise, _) = quick_close(first, third).filter(|_| closed > 0)?;
    let share = |(quick, shown): (u64, u64)| {
        proportion(quick, shown)
            .map_or_else(|| Figure::unknown(Unit::Share), |one| one.figure(shown, Evidence::E3, Unit::Share, "wilson"))
    };
    let rise = rise.figure(first.1.min(third.1), Evidence::E3, Unit::Points, "newcombe");
    Some(QuickClose { first: share(first), third: share(third), rise })
}

/// Returns the chance of so large a rise of quick closing (R4), were it on the line; `None` below the floor.
pub(super) fn p_closed_at_once(settings: &Settings, found: &OverUse) -> Option<f64> {
    let rise = &found.quick_close.as_ref().filter(|found| found.rise.n >= settings.floor)?.rise;
    let error = (rise.value? - rise.low?) / Z95;
    let above = rise.value? - CLOSE_LIMIT;
    (error > 0.0).then(|| normal_cdf(-above / error))
}

/// Tells whether the whole interval of the rise lies above the line.
pub(super) fn is_closed_at_once(found: &OverUse) -> bool {
    found.quick_close.as_ref().and_then(|found| found.rise.low).is_some_and(|low| low >= CLOSE_LIMIT)
}

/// The chance of each rule's evidence, were the truth on the line; of a rule with two conditions the larger. `None` where a rule
/// cannot be asked.
fn chances(found: &Frequency, gain: f64, (people, contacts): (u64, u64), floor: u64) -> [Option<f64>; 3] {
    let above = |share: Option<Estimate>, n, line: f64| p_share_below(1.0 - share?.value, n, 1.0 - line);
    let loses = |step: Option<&Step>| p_below(step?.net, 0.0);
    let both = |one: Option<f64>, other: Option<f64>| Some(one?.max(other?));
    let enough = people >= floor;
    let further = found.saturation.filter(|point| enough && *point > 0);
    let first_beyond = further.and_then(|point| found.steps.iter().find(|step| step.from > point));
    [
        both(above(found.beyond, people, BEYOND_LIMIT), loses(first_beyond)),
        both(found.trend.filter(|_| enough && gain > 0.0).map(|trend| trend.p), loses(found.steps.last())),
        above(found.complaints.filter(|_| contacts >= floor), contacts, COMPLAINT_WARN),
    ]
}

/// What things are worth: the mean value of the responses seen, or of all outcomes, or what the map declares.
fn prices(settings: &Settings, group: &Group, at: usize, spent: &Spent) -> Prices {
    let (total, tally) = (&group.frequency.totals[at], &group.tally);
    let mean = |value: i64, count: u64| (count > 0 && value > 0).then(|| value as f64 / count as f64);
    let outcome = mean(total.value, total.responses).or_else(|| mean(tally.value, tally.outcomes));
    Prices {
        gain: outcome.unwrap_or(settings.outcome_value as f64) * settings.margin,
        contact: spent.per_contact,
        unsubscribe: settings.loss_unsubscribe as f64,
        complaint: settings.loss_complaint as f64,
    }
}

/// Names the rules that fire; a rule whose limit lies inside an interval does not.
///
/// R1 needs a first contact that pays: a touchpoint that never does is a question of waste, not of frequency. R2 needs to know
/// what a response is worth, or every contact would seem to lose.
fn rules(found: &Frequency, gain: f64) -> Vec<String> {
    let above =
        |share: Option<Estimate>, limit: f64| share.and_then(|share| share.interval).is_some_and(|limits| limits.low >= limit);
    let loses = |step: &Step| step.net.interval.is_some_and(|net| net.high <= 0.0);
    let stands = |rule: &&str| match *rule {
        "R1" => found.certain && found.saturation.is_some_and(|point| point > 0) && above(found.beyond, BEYOND_LIMIT),
        "R2" => gain > 0.0 && found.steps.last().is_some_and(loses),
        _ => above(found.complaints, COMPLAINT_WARN),
    };
    found.rules().into_iter().filter(stands).map(str::to_owned).collect()
}

fn step(step: &Step) -> FrequencyStep {
    let n = step.counts.at_risk;
    FrequencyStep {
        contacts: step.from,
        open: step.to > step.from || step.to as usize >= MOST,
        exactly: step.counts.exactly,
        responders: step.counts.responders,
        at_risk: n,
        hazard: step
            .hazard
            .map_or_else(|| Figure::unknown(Unit::Share), |hazard| hazard.figure(n, Evidence::E3, Unit::Share, "wilson")),
        response: step.response,
        unsubscribe: step.unsubscribe,
        complaint: step.complaint,
        net: step.net.value,
    }
}
