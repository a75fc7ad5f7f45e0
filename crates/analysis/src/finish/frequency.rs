//! Over-use of one touchpoint (M9): prices from the map, the response from the fold, the rules that fire.

use super::costs::Spent;
use crate::frequency::MOST;
use crate::map_fold::Group;
use crate::over_use::{COMPLAINT_WARN, ComplaintLevel, Frequency, Prices, Step, over_use as judge};
use crate::report::{FrequencyStep, OverUse};
use model::map::Settings;
use model::{Evidence, Figure, Unit};

/// Judges how often the people of a group are contacted by a touchpoint.
pub(super) fn over_use(settings: &Settings, group: &Group, at: usize, spent: &Spent) -> OverUse {
    let found = judge(group.frequency.of(at), prices(settings, group, at, spent), settings.floor);
    let people: u64 = group.frequency.of(at).iter().map(|step| step.exactly).sum();
    let contacts = group.frequency.totals[at].contacts;
    let figure = |estimate: Option<crate::intervals::Estimate>, n| {
        estimate.map_or_else(|| Figure::unknown(Unit::Share), |found| found.figure(n, Evidence::E3, Unit::Share, "wilson"))
    };
    OverUse {
        curve: found.steps.iter().map(step).collect(),
        saturation: found.saturation,
        beyond: figure(found.beyond, people),
        complaints: figure(found.complaints, contacts),
        trend_z: found.trend.map(|trend| trend.z),
        trend_p: found.trend.map(|trend| trend.p),
        net_last: found.net_last,
        rules: rules(&found),
    }
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

/// Names the rules that fire, where their limits are not crossed by an interval.
///
/// R1 needs a first contact that pays: a touchpoint that never does is a question of waste, not of frequency. The limit
/// at which mailbox providers stop a sender counts as it is seen; the warning below it must be certain.
fn rules(found: &Frequency) -> Vec<String> {
    let certain_complaints = found.complaints.and_then(|share| share.interval).is_some_and(|limits| limits.low >= COMPLAINT_WARN);
    let stands = |rule: &&str| match *rule {
        "R1" => found.certain && found.saturation.is_some_and(|point| point > 0),
        "R3" => found.complaint_level == ComplaintLevel::Stop || certain_complaints,
        _ => true,
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
