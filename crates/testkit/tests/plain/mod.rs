//! Plain, slow estimators of the map's verdicts, written from the definitions (M6, M7, M9–M12, M24) and sharing no
//! code with the engine. They tell whether a sample company really contains what it claims to contain.
//!
//! Where a definition leaves room, the simplest reading is taken; the planted truths are clear enough for any of them.

use model::map::TouchpointMap;
use model::rules::Trigger;
use model::time::DAY;
use model::{Class, Direction, Form, Life, Score, VerdictKind};
use std::collections::HashMap;
use testkit::{Company, Rng};

/// Is one interaction of a known person, as the map reads it.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) at: i64,
    pub(crate) touchpoint: Option<usize>,
    pub(crate) form: Form,
    pub(crate) direction: Direction,
    pub(crate) outcome: bool,
    pub(crate) value: i64,
    pub(crate) cost: Option<i64>,
    pub(crate) score: Option<Score>,
    /// The stage in which it leaves the person.
    pub(crate) stage: usize,
}

/// Is a company, read with its map.
pub(crate) struct Reading {
    pub(crate) map: TouchpointMap,
    pub(crate) people: Vec<Vec<Event>>,
    pub(crate) anonymous: usize,
    pub(crate) unmapped: usize,
    pub(crate) end: i64,
}

/// Reads everything that arrives.
pub(crate) fn read(company: &Company, people: u32) -> Reading {
    let map = company.map();
    let mut touchpoints = HashMap::new();
    let target = map.outcomes[map.target().expect("a target")].clone();
    let mut reading = Reading { people: Vec::new(), anonymous: 0, unmapped: 0, end: 0, map };
    for k in 0..people {
        let mut events = Vec::new();
        for arrival in company.person(k) {
            reading.end = reading.end.max(arrival.at.0);
            let touchpoint =
                *touchpoints.entry(arrival.signature.clone()).or_insert_with(|| reading.map.bind(&arrival.signature));
            reading.unmapped += usize::from(touchpoint.is_none());
            if arrival.identities.is_empty() {
                reading.anonymous += 1;
                continue;
            }
            events.push(Event {
                at: arrival.at.0,
                touchpoint,
                form: arrival.form,
                direction: arrival.direction,
                outcome: target.rule.forms.contains(&arrival.form) && reading.map.counts(&target, &arrival.signature),
                value: arrival.value.unwrap_or(0),
                cost: arrival.cost,
                score: arrival.score,
                stage: 0,
            });
        }
        stage_all(&reading.map, &mut events);
        reading.people.push(events);
    }
    reading
}

/// Walks a person through the stages: the furthest whose trigger has fired.
fn stage_all(map: &TouchpointMap, events: &mut [Event]) {
    let (mut stage, mut outcomes, mut outcome_at) = (0, 0, i64::MAX);
    for event in events {
        outcomes += u32::from(event.outcome);
        if event.outcome {
            outcome_at = outcome_at.min(event.at);
        }
        let fires = |trigger: &Trigger| match trigger {
            Trigger::Contact {} => true,
            Trigger::Forms { forms } => forms.contains(&event.form),
            Trigger::Touchpoints { touchpoints } => {
                event.touchpoint.is_some_and(|touchpoint| touchpoints.contains(&map.touchpoints[touchpoint].id))
            }
            Trigger::Outcome { at_least, .. } => outcomes >= *at_least,
            Trigger::Score { scale, at_least } => {
                event.score.is_some_and(|score| score.scale == *scale && score.answer >= *at_least)
            }
            Trigger::QuietAfter { days, .. } => outcome_at.saturating_add(i64::from(*days) * DAY) <= event.at,
        };
        let reached = map.stages.iter().rposition(|stage| stage.entry.iter().any(fires)).unwrap_or(0);
        stage = stage.max(reached);
        event.stage = stage;
    }
}

/// Is a touchpoint with the numbers that decide its verdict.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    pub(crate) id: String,
    pub(crate) people: usize,
    pub(crate) contacts: usize,
    pub(crate) cost: f64,
    pub(crate) cost_share: f64,
    pub(crate) effect: f64,
    pub(crate) effect_share: f64,
    pub(crate) effect_share_high: f64,
    pub(crate) touched: (u64, u64),
    pub(crate) baseline: (u64, u64),
    pub(crate) lift: Option<(f64, f64, f64)>,
    pub(crate) reach: f64,
    pub(crate) satisfied: (u64, u64),
    pub(crate) saturation: Option<u32>,
    pub(crate) nets: Vec<f64>,
    pub(crate) beyond: f64,
    pub(crate) complaints: f64,
    pub(crate) verdict: VerdictKind,
}

impl Findings {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            people: 0,
            contacts: 0,
            cost: 0.0,
            cost_share: 0.0,
            effect: 0.0,
            effect_share: 0.0,
            effect_share_high: 0.0,
            touched: (0, 0),
            baseline: (0, 0),
            lift: None,
            reach: 0.0,
            satisfied: (0, 0),
            saturation: None,
            nets: Vec::new(),
            beyond: 0.0,
            complaints: 0.0,
            verdict: VerdictKind::None,
        }
    }
}

/// Computes everything and ends with one verdict per touchpoint.
pub(crate) fn judge(reading: &Reading) -> Vec<Findings> {
    let mut findings: Vec<Findings> = reading.map.touchpoints.iter().map(|touchpoint| Findings::new(&touchpoint.id)).collect();
    count(reading, &mut findings);
    attribute(reading, &mut findings);
    progress(reading, &mut findings);
    for (number, touchpoint) in reading.map.touchpoints.iter().enumerate() {
        if touchpoint.direction == Direction::Outbound && touchpoint.emits {
            respond(reading, number, &mut findings[number]);
        }
    }
    for number in 0..findings.len() {
        findings[number].verdict = verdict(reading, &findings, number);
    }
    findings
}

fn count(reading: &Reading, findings: &mut [Findings]) {
    let mut without_cost = vec![0_usize; findings.len()];
    for events in &reading.people {
        let mut met = vec![false; findings.len()];
        for event in events {
            let Some(number) = event.touchpoint else { continue };
            met[number] = true;
            findings[number].contacts += 1;
            match event.cost {
                Some(cost) => findings[number].cost += cost as f64,
                None => without_cost[number] += 1,
            }
            if let Some(score) = event.score {
                findings[number].satisfied.0 += u64::from(score.is_satisfied());
                findings[number].satisfied.1 += 1;
            }
        }
        for (number, met) in met.into_iter().enumerate() {
            findings[number].people += usize::from(met);
        }
    }
    let months = testkit::company::WEEKS as f64 * 7.0 / 30.44;
    for (number, touchpoint) in reading.map.touchpoints.iter().enumerate() {
        let cost = &touchpoint.cost;
        let build = if cost.build_months > 0 { cost.build as f64 / f64::from(cost.build_months) } else { 0.0 };
        let monthly = cost.running_per_month as f64 + build + cost.staff_hours_per_month * cost.staff_hour as f64;
        findings[number].cost += monthly * months + (cost.per_contact as f64) * without_cost[number] as f64;
    }
    let total: f64 = findings.iter().map(|finding| finding.cost).sum();
    findings.iter_mut().for_each(|finding| finding.cost_share = finding.cost / total);
}

/// M5, linear: every touch of a journey (gaps of at most 30 days) gets an equal part of the outcome that ends it.
fn attribute(reading: &Reading, findings: &mut [Findings]) {
    let gap = i64::from(reading.map.settings.journey_gap_days) * DAY;
    for events in &reading.people {
        let (mut journey, mut last) = (Vec::new(), i64::MIN);
        for event in events {
            if last != i64::MIN && event.at - last > gap {
                journey.clear();
            }
            last = event.at;
            if event.outcome {
                for number in &journey {
                    findings[*number as usize].effect += 1.0 / journey.len() as f64;
                }
                journey.clear();
            } else if let Some(number) = event.touchpoint {
                journey.push(number as u32);
            }
        }
    }
    let total: f64 = findings.iter().map(|finding| finding.effect).sum();
    for finding in findings {
        let share = finding.effect / total;
        finding.effect_share = share;
        finding.effect_share_high = share + 2.5 * (share * (1.0 - share) / total).sqrt();
    }
}

/// M6: of one random active week per person and stage, who met the touchpoint and who moved on within the horizon.
fn progress(reading: &Reading, findings: &mut [Findings]) {
    let map = &reading.map;
    let of_stage: Vec<Vec<usize>> = map
        .stages
        .iter()
        .map(|stage| (0..findings.len()).filter(|number| map.touchpoints[*number].primary_stage == stage.id).collect())
        .collect();
    let mut chance = Rng::new(99, 0);
    for (stage, touchpoints) in of_stage.iter().enumerate() {
        let mut ever = 0_u64;
        let mut reached = vec![0_u64; findings.len()];
        for events in &reading.people {
            let here: Vec<&Event> = events.iter().filter(|event| event.stage == stage).collect();
            if here.is_empty() {
                continue;
            }
            ever += 1;
            for number in touchpoints {
                reached[*number] += u64::from(here.iter().any(|event| event.touchpoint == Some(*number)));
            }
            landmark(reading, events, &here, touchpoints, &mut chance, findings);
        }
        for number in touchpoints {
            let finding = &mut findings[*number];
            finding.reach = rate(reached[*number], ever);
            finding.lift = newcombe(finding.touched, finding.baseline);
        }
    }
}

/// Takes one week of a person in a stage, and counts the person to those who met each touchpoint in it, or did not.
fn landmark(
    reading: &Reading,
    events: &[Event],
    here: &[&Event],
    touchpoints: &[usize],
    chance: &mut Rng,
    findings: &mut [Findings],
) {
    let horizon = i64::from(reading.map.settings.horizon_days) * DAY;
    let week_of = |event: &Event| model::Instant(event.at).week();
    let mut weeks: Vec<i64> = here.iter().map(|event| week_of(event)).collect();
    weeks.dedup();
    let week = weeks[chance.below(weeks.len())];
    let of_week: Vec<&Event> = here.iter().copied().filter(|event| week_of(event) == week).collect();
    let start = of_week[0].at;
    if start + horizon > reading.end {
        return;
    }
    let moved = events.iter().any(|event| event.stage > here[0].stage && event.at >= start && event.at <= start + horizon);
    for number in touchpoints {
        let met = of_week.iter().any(|event| event.touchpoint == Some(*number) && !event.outcome);
        let group = if met { &mut findings[*number].touched } else { &mut findings[*number].baseline };
        group.0 += u64::from(moved);
        group.1 += 1;
    }
}

/// The highest number of contacts in a week that is told apart.
const MOST: usize = 8;

/// Is what happened after the n-th contact of a calendar week, for n from 1.
#[derive(Default)]
struct Frequency {
    sent: [u64; MOST],
    at_risk: [u64; MOST],
    bought: [u64; MOST],
    refused: [u64; MOST],
    complained: [u64; MOST],
    /// The highest number of contacts in a week, person by person.
    most: Vec<u32>,
}

/// Counts what happened after each contact of a week, before the next one.
fn frequency(reading: &Reading, number: usize) -> Frequency {
    let mut counted = Frequency::default();
    for events in &reading.people {
        let (mut week, mut nth, mut responded, mut most) = (i64::MIN, 0, false, 0);
        for event in events {
            let now = model::Instant(event.at).week();
            if now != week {
                (week, nth, responded) = (now, 0, false);
            }
            if event.touchpoint == Some(number) && event.direction == Direction::Outbound {
                nth = (nth + 1).min(MOST);
                most = most.max(nth);
                counted.sent[nth - 1] += 1;
                counted.at_risk[nth - 1] += u64::from(!responded);
            } else if nth > 0 && event.outcome && !responded {
                counted.bought[nth - 1] += 1;
                responded = true;
            } else if nth > 0 && event.touchpoint == Some(number) {
                counted.refused[nth - 1] += u64::from(event.form == Form::Unsubscribe);
                counted.complained[nth - 1] += u64::from(event.form == Form::Complaint);
            }
        }
        if most > 0 {
            counted.most.push(most as u32);
        }
    }
    counted
}

fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// M9: what each further contact in a calendar week brings, and how many people get more than pay.
fn respond(reading: &Reading, number: usize, finding: &mut Findings) {
    let settings = &reading.map.settings;
    let counted = frequency(reading, number);
    let outcomes = || reading.people.iter().flatten().filter(|event| event.outcome);
    let mean = outcomes().map(|event| event.value).sum::<i64>() as f64 / outcomes().count() as f64;
    // The dearest reading of "cost per contact": everything that the touchpoint costs.
    let recorded = reading.map.touchpoints[number].cost.per_contact as f64;
    let cost = recorded.max(finding.cost / finding.contacts.max(1) as f64);
    let (mut unconverted, mut before) = (1.0, (0.0, 0.0));
    for f in (0..MOST).take_while(|f| counted.at_risk[*f] >= 30) {
        let hazard = rate(counted.bought[f], counted.at_risk[f]);
        let now = (rate(counted.refused[f], counted.sent[f]), rate(counted.complained[f], counted.sent[f]));
        let harm = (now.0 - before.0) * settings.loss_unsubscribe as f64 + (now.1 - before.1) * settings.loss_complaint as f64;
        finding.nets.push(unconverted * hazard * settings.margin * mean - cost - harm);
        unconverted *= 1.0 - hazard;
        before = now;
    }
    let saturation = finding.nets.iter().take_while(|net| **net > 0.0).count() as u32;
    let beyond = counted.most.iter().filter(|most| **most > saturation).count();
    finding.saturation = Some(saturation);
    finding.beyond = rate(beyond as u64, counted.most.len() as u64);
    finding.complaints = rate(counted.complained.iter().sum(), counted.sent.iter().sum());
}

/// M24, in its order of precedence.
fn verdict(reading: &Reading, findings: &[Findings], number: usize) -> VerdictKind {
    let touchpoint = &reading.map.touchpoints[number];
    let finding = &findings[number];
    let settings = &reading.map.settings;
    if touchpoint.life != Life::Live || touchpoint.class != Class::Customer || !touchpoint.emits {
        return VerdictKind::None;
    }
    if finding.contacts == 0 {
        return VerdictKind::Dark;
    }
    if finding.people < 300 {
        return VerdictKind::InsufficientData;
    }
    if finding.saturation.is_some() && (finding.beyond >= 0.10 || finding.complaints >= 0.001) {
        return VerdictKind::OverUsed;
    }
    let ratio = finding.cost_share / finding.effect_share.max(1e-9);
    let apart = finding.cost_share - finding.effect_share;
    if ratio >= 1.5 && apart >= 0.05 && finding.effect_share_high < finding.cost_share && touchpoint.purpose.is_none() {
        return VerdictKind::Wasted;
    }
    let others = |of: &dyn Fn(&Findings) -> Option<f64>| {
        let same = |other: &usize| *other != number && reading.map.touchpoints[*other].primary_stage == touchpoint.primary_stage;
        median((0..findings.len()).filter(same).filter_map(|other| of(&findings[other])).collect())
    };
    let others_lift = others(&|finding| finding.lift.filter(|_| finding.touched.1 >= 30).map(|lift| lift.0));
    let others_cost = others(&|finding| (finding.effect > 0.0).then(|| finding.cost / finding.effect));
    if let (Some((lift, low, _)), Some(usual), Some(usual_cost)) = (finding.lift, others_lift, others_cost) {
        let cost = finding.cost / finding.contacts as f64 / lift.max(1e-9);
        if low > usual && finding.reach <= settings.reach_low && cost <= usual_cost {
            return VerdictKind::UnderUsed;
        }
        if low > 0.0 && low > usual {
            return VerdictKind::Effective;
        }
    }
    if finding.satisfied.1 >= 30 {
        let target = touchpoint.satisfaction_target.unwrap_or(settings.satisfaction_target);
        if wilson(finding.satisfied).0 < target {
            return VerdictKind::NeedsCare;
        }
    }
    VerdictKind::Neutral
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[half]),
        _ => Some((values[half - 1] + values[half]) / 2.0),
    }
}

/// Wilson's interval of a proportion, 95 %.
fn wilson((hits, n): (u64, u64)) -> (f64, f64) {
    let (z, n) = (1.959_964, n as f64);
    let p = hits as f64 / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    (middle - half, middle + half)
}

/// Newcombe's hybrid interval of a difference: difference, lower and upper limit.
fn newcombe(a: (u64, u64), b: (u64, u64)) -> Option<(f64, f64, f64)> {
    if a.1 == 0 || b.1 == 0 {
        return None;
    }
    let (p, q) = (a.0 as f64 / a.1 as f64, b.0 as f64 / b.1 as f64);
    let (wa, wb) = (wilson(a), wilson(b));
    let low = p - q - ((p - wa.0).powi(2) + (wb.1 - q).powi(2)).sqrt();
    let high = p - q + ((wa.1 - p).powi(2) + (q - wb.0).powi(2)).sqrt();
    Some((p - q, low, high))
}
