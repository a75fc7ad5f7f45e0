//! What the experience of customers comes to: the document that the command line prints and the browser draws.
//!
//! Everything before this is whole numbers that merge exactly; here floating point begins. Times are seconds.

use super::answers::response;
use super::brand::reputation;
use super::consistency::experience;
use super::fold::{Experience, FEELING_PARTS, MEAN_PARTS};
use super::importance::{DERIVED_FROM, Pairs, Quadrant, STATED_FROM, grid, stated};
use super::scores::{Answers, Effort};
use crate::hours::{Calendar, month_text};
use crate::intervals::{Estimate, Interval, Z95, proportion};
use crate::meaning::NOWHERE;
use crate::report::Note;
use crate::survival::{Curve, Quantile};
use libm::sqrt;
use model::map::TouchpointMap;
use model::{Evidence, Figure, Scale, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// So many steps show the shape of a curve.
const STEPS_SHOWN: usize = 60;

/// Is what customers say, how long they wait, and what matters to them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExperienceReport {
    /// The segment it speaks of, by id; none: everybody.
    pub segment: Option<String>,
    /// Known people.
    pub people: u64,
    /// Scores (M7): first of everything together, then per touchpoint; one entry per scale.
    pub scores: Vec<ScoreFigures>,
    /// How journeys were felt (M7).
    pub journeys: JourneysFelt,
    /// How long people wait for answers (M15), per touchpoint where something is asked.
    pub answers: Vec<AnswerFigures>,
    /// When people ask (M14).
    pub demand: Demand,
    /// How alike channels are felt to be (M13).
    pub consistency: Consistency,
    /// Importance and performance (M17).
    pub importance: Vec<Importance>,
    /// What goes with the overall answer.
    pub drivers: Option<KeyDrivers>,
    /// Reviews (M19).
    pub reputation: Vec<Reputation>,
    /// What could not be computed, and why.
    pub notes: Vec<Note>,
}

/// Is how people answered on one scale at one touchpoint, or everywhere.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScoreFigures {
    /// The touchpoint, by id; none: all together.
    pub touchpoint: Option<String>,
    /// The scale of the question.
    pub scale: Scale,
    /// How often each answer was given, from the lowest.
    pub histogram: Vec<u64>,
    /// Share of the satisfied: CSAT on 1–5, the top boxes on other scales.
    pub satisfied: Figure,
    /// NPS as points between −1 and 1; on its own scale alone.
    pub nps: Option<Figure>,
    /// Effort in three conventions; on its own scale alone.
    pub effort: Option<EffortFigures>,
    /// Mean answer.
    pub mean: Figure,
    /// Share of those who met the touchpoint that answered something there; unknown for all together.
    pub response_rate: Figure,
    /// The same share or points by month, oldest first.
    pub months: Vec<MonthFigure>,
    /// The last three months with answers against the three before.
    pub change: Option<Figure>,
}

/// Is the effort score in the three conventions in use; they differ.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EffortFigures {
    /// Mean answer, 1 to 7.
    pub mean: Figure,
    /// Share of 5 to 7.
    pub top_three: Figure,
    /// Share of 6 and 7 less share of 1 to 3.
    pub net: Figure,
}

/// Is a figure of one month.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MonthFigure {
    /// The month, UTC, such as `2026-05`.
    pub month: String,
    /// NPS where the scale is its own, the share of the satisfied otherwise.
    pub figure: Figure,
}

/// Is how journeys are remembered and how they were on the whole, −1 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct JourneysFelt {
    /// Mean of the strongest and the last moment.
    pub peak_end: Figure,
    /// Mean of all moments.
    pub mean: Figure,
}

/// Is a stretch of time with its limits, in seconds; no upper limit: it was not reached.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    /// The time; none: not reached.
    pub seconds: Option<i64>,
    /// Lower limit of the 95 % interval.
    pub low: Option<i64>,
    /// Upper limit.
    pub high: Option<i64>,
}

impl From<Quantile> for Stretch {
    fn from(quantile: Quantile) -> Self {
        Self { seconds: quantile.time, low: quantile.low, high: quantile.high }
    }
}

/// Is a point of a curve of what has happened by when.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CurvePoint {
    /// The time, in the unit of the curve.
    pub time: i64,
    /// Share to whom it has happened.
    pub share: f64,
    /// Lower limit.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
    /// How many were still waiting just before.
    pub waiting: u64,
}

/// Returns the points of a curve, thinned to what can be seen.
#[must_use]
pub fn points(curve: &Curve) -> Vec<CurvePoint> {
    let point = |step: crate::survival::Step| CurvePoint {
        time: step.time,
        share: 1.0 - step.survival,
        low: step.interval.map(|interval| 1.0 - interval.high),
        high: step.interval.map(|interval| 1.0 - interval.low),
        waiting: step.waiting,
    };
    curve.thinned(STEPS_SHOWN).into_iter().map(point).collect()
}

/// Is how long people wait at a touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerFigures {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Its channel, by id.
    pub channel: String,
    /// The target, in seconds.
    pub target: i64,
    /// Whether only opening hours count.
    pub working_hours: bool,
    /// Requests.
    pub requests: u64,
    /// Requests without an answer so far.
    pub unanswered: u64,
    /// Mean of min(1, target/time), 0 to 1.
    pub score: Figure,
    /// Share answered in time.
    pub in_time: Figure,
    /// Half are answered by then.
    pub median: Stretch,
    /// Nine of ten are answered by then.
    pub p90: Stretch,
    /// The share answered by time, in seconds.
    pub curve: Vec<CurvePoint>,
    /// Whether no answer at all was recorded: then either nobody answers, or answers are not recorded, and no figure is given.
    pub no_answers_recorded: bool,
}

/// Is when people ask.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Demand {
    /// Requests by the hour of the local week, Monday midnight first.
    pub by_hour: Vec<u64>,
    /// Share of requests within opening hours.
    pub in_hours: Figure,
}

/// Is how alike channels are felt to be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// Share of the satisfied by channel, by id.
    pub channels: Vec<ChannelSatisfaction>,
    /// 1 − deviation/0.5 over channels with enough answers.
    pub experience: Figure,
}

/// Is how satisfied people are on a channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelSatisfaction {
    /// The channel, by id.
    pub channel: String,
    /// Share of the satisfied.
    pub satisfied: Figure,
}

/// Is a touchpoint between importance and performance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Importance {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Derived importance: how its satisfaction goes with the overall answer (Spearman's ρ); unknown below a hundred pairs.
    pub importance: Figure,
    /// Share of the satisfied.
    pub performance: Figure,
    /// The quadrant of the point; none where importance is unknown.
    pub quadrant: Option<Quadrant>,
    /// The probability that it is that one; below .8 nothing is decided.
    pub probability: Option<f64>,
    /// Whether it is sure enough.
    pub decided: bool,
    /// How many more pairs are needed for an importance.
    pub needed: u64,
    /// Stated importance: the mean of what people say, 1 to 5.
    pub stated: Figure,
    /// The quadrant by stated importance; none where too few were asked.
    pub stated_quadrant: Option<Quadrant>,
    /// The probability that it is that one.
    pub stated_probability: Option<f64>,
    /// Whether it is sure enough.
    pub stated_decided: bool,
    /// How many more answers are needed for a stated importance.
    pub stated_needed: u64,
}

/// Is what goes with the overall answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyDrivers {
    /// Share of the spread of the overall answer that all explain together.
    pub explained: Figure,
    /// The drivers, strongest first.
    pub drivers: Vec<KeyDriver>,
}

/// Is one driver.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyDriver {
    /// A touchpoint that was met, by id; or `waited_in_vain`, or `complained`.
    pub what: String,
    /// Its part of what is explained; the parts sum to the whole.
    pub part: f64,
    /// Whether people with it answer higher.
    pub rises: bool,
}

/// Is what reviews say of a touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reputation {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Mean of the stars, drawn to the mean of all reviews while there are few.
    pub stars: Figure,
    /// Share of reviews with a reply.
    pub replied: Figure,
}

/// Says by what touchpoints are judged.
#[derive(Clone, Debug)]
pub struct Yardsticks {
    /// Per touchpoint the target in seconds and whether only opening hours count.
    pub targets: Vec<(i64, bool)>,
    /// Local time and opening hours.
    pub calendar: Calendar,
    /// The touchpoints tried as drivers, as the fold was asked.
    pub drivers: Vec<u16>,
    /// The mean of the category's reviews on 1 to 5; none: the mean of all reviews seen.
    pub category_mean: Option<f64>,
    /// Per touchpoint, by its position in the map, how often people said that it is of importance 1 to 5.
    pub stated: BTreeMap<u16, [u64; 5]>,
}

/// Makes the report.
#[must_use]
pub fn report(map: &TouchpointMap, read: &Experience, by: &Yardsticks, segment: Option<usize>) -> ExperienceReport {
    let mut notes = Vec::new();
    let mut note = |holds: bool, key: &str| {
        if holds {
            notes.push(Note { key: key.to_owned(), about: None });
        }
    };
    let asked = read.waits.iter().any(|waits| waits.watched() > 0);
    note(read.scores.is_empty(), "no_answers_to_questions");
    note(!asked, "nobody_asked");
    note(!read.scores.keys().any(|(_, scale, _)| *scale == Scale::Nps), "no_overall_answer");
    ExperienceReport {
        segment: segment.map(|at| map.segments[at].id.clone()),
        people: read.people,
        scores: scores(map, read),
        journeys: felt(read),
        answers: answers(map, read, by),
        demand: demand(read, &by.calendar),
        consistency: consistency(map, read),
        importance: importance(map, read, by),
        drivers: key_drivers(map, read, by),
        reputation: reviews(map, read, by),
        notes,
    }
}

fn figure(estimate: Option<Estimate>, n: u64, unit: Unit, method: &str) -> Figure {
    estimate.map_or_else(|| Figure { n, ..Figure::unknown(unit) }, |estimate| estimate.figure(n, Evidence::E2, unit, method))
}

/// Sums answers over months, by touchpoint and scale; with `None` over touchpoints too.
fn by_place(read: &Experience) -> BTreeMap<(Option<u16>, Scale), BTreeMap<i32, Answers>> {
    let mut places: BTreeMap<(Option<u16>, Scale), BTreeMap<i32, Answers>> = BTreeMap::new();
    for ((touchpoint, scale, month), answers) in &read.scores {
        let own = (*touchpoint != NOWHERE).then_some(Some(*touchpoint));
        for place in std::iter::once(None).chain(own) {
            let months = places.entry((place, *scale)).or_default();
            months.entry(*month).or_insert_with(|| Answers::new(*scale)).merge(answers);
        }
    }
    places
}

fn sum<'a>(scale: Scale, answers: impl IntoIterator<Item = &'a Answers>) -> Answers {
    answers.into_iter().fold(Answers::new(scale), |mut sum, one| {
        sum.merge(one);
        sum
    })
}

/// Returns what a scale is usually summed up by.
fn headline(answers: &Answers) -> Figure {
    match answers.scale() {
        Scale::Nps => figure(answers.nps(), answers.n(), Unit::Points, "normal"),
        _ => figure(answers.satisfied(), answers.n(), Unit::Share, "wilson"),
    }
}

fn headline_estimate(answers: &Answers) -> Option<Estimate> {
    if answers.scale() == Scale::Nps { answers.nps() } else { answers.satisfied() }
}

fn scores(map: &TouchpointMap, read: &Experience) -> Vec<ScoreFigures> {
    let scored = |((touchpoint, scale), months): ((Option<u16>, Scale), BTreeMap<i32, Answers>)| {
        let all = sum(scale, months.values());
        let n = all.n();
        let effort = |convention, unit, method| figure(all.effort(convention), n, unit, method);
        let rate = touchpoint.and_then(|at| proportion(read.answered[at as usize], read.met[at as usize]));
        let met = touchpoint.map_or(0, |at| read.met[at as usize]);
        ScoreFigures {
            touchpoint: touchpoint.map(|at| map.touchpoints[at as usize].id.clone()),
            scale,
            histogram: all.histogram().to_vec(),
            satisfied: figure(all.satisfied(), n, Unit::Share, "wilson"),
            nps: (scale == Scale::Nps).then(|| figure(all.nps(), n, Unit::Points, "normal")),
            effort: (scale == Scale::Seven).then(|| EffortFigures {
                mean: effort(Effort::Mean, Unit::Ratio, "t"),
                top_three: effort(Effort::TopThree, Unit::Share, "wilson"),
                net: effort(Effort::Net, Unit::Points, "normal"),
            }),
            mean: figure(all.mean(), n, Unit::Ratio, "t"),
            response_rate: figure(rate, met, Unit::Share, "wilson"),
            change: change(scale, &months),
            months: months
                .iter()
                .map(|(month, answers)| MonthFigure { month: month_text(*month), figure: headline(answers) })
                .collect(),
        }
    };
    by_place(read).into_iter().map(scored).collect()
}

/// Compares the last three months with answers with the three before.
fn change(scale: Scale, months: &BTreeMap<i32, Answers>) -> Option<Figure> {
    let part = |skip: usize| sum(scale, months.values().rev().skip(skip).take(3));
    let (now, before) = (part(0), part(3));
    let difference = crate::intervals::difference(headline_estimate(&now)?, headline_estimate(&before)?)?;
    Some(difference.figure(now.n().min(before.n()), Evidence::E2, Unit::Points, "newcombe"))
}

fn felt(read: &Experience) -> JourneysFelt {
    let felt = &read.felt;
    let n = felt.journeys as f64;
    let parts = 2.0 * FEELING_PARTS as f64;
    let value = felt.peak_end as f64 / n / parts;
    let spread = (felt.squares as f64 / (parts * parts) - value * value * n).max(0.0);
    let half = Z95 * sqrt(spread / (n - 1.0) / n);
    let interval =
        (felt.journeys > 1 && spread > 0.0).then(|| Interval { low: value - half, high: value + half }.within(-1.0, 1.0));
    let known = |estimate: Estimate| (felt.journeys > 0).then_some(estimate);
    let mean = felt.mean as f64 / n / (MEAN_PARTS * FEELING_PARTS) as f64;
    JourneysFelt {
        peak_end: figure(known(Estimate { value, interval }), felt.journeys, Unit::Ratio, "normal"),
        mean: figure(known(Estimate { value: mean, interval: None }), felt.journeys, Unit::Ratio, ""),
    }
}

fn answers(map: &TouchpointMap, read: &Experience, by: &Yardsticks) -> Vec<AnswerFigures> {
    let told = |(at, times): (usize, &crate::survival::Times)| {
        let (target, working_hours) = by.targets[at];
        let found = response(times, target);
        let recorded = times.events() > 0;
        let measured = |estimate: Option<Estimate>, unit, method: &str| {
            let estimate = estimate.filter(|_| recorded);
            estimate.map_or_else(
                || Figure { n: found.judged, ..Figure::unknown(unit) },
                |one| one.figure(found.judged, Evidence::E3, unit, method),
            )
        };
        AnswerFigures {
            touchpoint: map.touchpoints[at].id.clone(),
            channel: map.touchpoints[at].channel.clone(),
            target,
            working_hours,
            requests: times.watched(),
            unanswered: found.unanswered,
            score: measured(found.score, Unit::Ratio, "normal"),
            in_time: measured(found.in_time, Unit::Share, "wilson"),
            median: found.median.into(),
            p90: found.p90.into(),
            curve: if recorded { points(&times.curve()) } else { Vec::new() },
            no_answers_recorded: !recorded,
        }
    };
    read.waits.iter().enumerate().filter(|(_, times)| times.watched() > 0).map(told).collect()
}

fn demand(read: &Experience, calendar: &Calendar) -> Demand {
    let requests: u64 = read.demand.iter().sum();
    let open = calendar.open_parts();
    let within: f64 = read.demand.iter().zip(open).map(|(count, part)| *count as f64 * part).sum();
    Demand {
        by_hour: read.demand.clone(),
        in_hours: proportion(within.round() as u64, requests)
            .map_or_else(|| Figure::unknown(Unit::Share), |share| share.figure(requests, Evidence::E3, Unit::Share, "wilson")),
    }
}

/// Counts the satisfied and all answers per touchpoint, over all scales.
fn satisfied(read: &Experience) -> BTreeMap<u16, (u64, u64)> {
    let mut counts: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    for ((touchpoint, ..), answers) in read.scores.iter().filter(|((touchpoint, ..), _)| *touchpoint != NOWHERE) {
        let share = answers.satisfied().map_or(0.0, |share| share.value);
        let count = counts.entry(*touchpoint).or_default();
        count.0 += (share * answers.n() as f64).round() as u64;
        count.1 += answers.n();
    }
    counts
}

fn consistency(map: &TouchpointMap, read: &Experience) -> Consistency {
    let mut channels: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (touchpoint, (good, all)) in satisfied(read) {
        let count = channels.entry(map.touchpoints[touchpoint as usize].channel.as_str()).or_default();
        *count = (count.0 + good, count.1 + all);
    }
    let floor = map.settings.floor;
    let enough: Vec<f64> = channels.values().filter(|(_, n)| *n >= floor).map(|(good, n)| *good as f64 / *n as f64).collect();
    let n = channels.values().map(|(_, n)| n).sum();
    Consistency {
        experience: figure(experience(&enough).map(|value| Estimate { value, interval: None }), n, Unit::Ratio, ""),
        channels: channels
            .into_iter()
            .map(|(id, (good, n))| ChannelSatisfaction {
                channel: id.to_owned(),
                satisfied: figure(proportion(good, n), n, Unit::Share, "wilson"),
            })
            .collect(),
    }
}

fn importance(map: &TouchpointMap, read: &Experience, by: &Yardsticks) -> Vec<Importance> {
    let satisfied = satisfied(read);
    let derived = |touchpoint: u16| read.loyalty.derived(touchpoint);
    let said = |touchpoint: u16| by.stated.get(&touchpoint).and_then(stated);
    let (by_pairs, by_word) = (grid(&satisfied, derived), grid(&satisfied, said));
    let told = |touchpoint: &u16| {
        let found = read.loyalty.pairs(*touchpoint).map_or(0, Pairs::n);
        let asked = by.stated.get(touchpoint).map_or(0, |counts| counts.iter().sum());
        let (good, n) = satisfied.get(touchpoint).copied().unwrap_or_default();
        let (placement, other) = (by_pairs.get(touchpoint), by_word.get(touchpoint));
        Importance {
            touchpoint: map.touchpoints[*touchpoint as usize].id.clone(),
            importance: figure(derived(*touchpoint), found, Unit::Ratio, "fisher"),
            performance: figure(proportion(good, n), n, Unit::Share, "wilson"),
            quadrant: placement.map(|placement| placement.quadrant),
            probability: placement.map(|placement| placement.probability),
            decided: placement.is_some_and(|placement| placement.decided().is_some()),
            needed: DERIVED_FROM.saturating_sub(found),
            stated: figure(said(*touchpoint), asked, Unit::Ratio, "t"),
            stated_quadrant: other.map(|placement| placement.quadrant),
            stated_probability: other.map(|placement| placement.probability),
            stated_decided: other.is_some_and(|placement| placement.decided().is_some()),
            stated_needed: STATED_FROM.saturating_sub(asked),
        }
    };
    let known = |touchpoint: &&u16| usize::from(**touchpoint) < map.touchpoints.len();
    let all: BTreeSet<&u16> = satisfied.keys().chain(by.stated.keys()).filter(known).collect();
    all.into_iter().map(told).collect()
}

fn key_drivers(map: &TouchpointMap, read: &Experience, by: &Yardsticks) -> Option<KeyDrivers> {
    let found = read.drivers.drivers().filter(|found| found.n >= DERIVED_FROM)?;
    let names = by.drivers.iter().map(|at| map.touchpoints[*at as usize].id.clone());
    let names = names.chain(["waited_in_vain", "complained"].map(str::to_owned));
    let told = names.zip(found.parts.iter().zip(&found.rises));
    let mut drivers: Vec<KeyDriver> =
        told.map(|(what, (part, rises))| KeyDriver { what, part: part.max(0.0), rises: *rises }).collect();
    drivers.sort_by(|one, other| other.part.total_cmp(&one.part).then_with(|| one.what.cmp(&other.what)));
    let explained = Estimate { value: found.r_squared, interval: r_squared_limits(found.r_squared, found.n, found.parts.len()) };
    Some(KeyDrivers { explained: explained.figure(found.n, Evidence::E3, Unit::Share, "delta"), drivers })
}

/// Returns the limits of R² by its large-sample error, `4R²(1−R²)²/n` (Olkin and Finn 1995).
fn r_squared_limits(r_squared: f64, n: u64, drivers: usize) -> Option<Interval> {
    let left = n as f64 - drivers as f64 - 1.0;
    let error = sqrt(4.0 * r_squared * (1.0 - r_squared) * (1.0 - r_squared) / left);
    (left > 0.0 && error > 0.0).then(|| Interval { low: r_squared - Z95 * error, high: r_squared + Z95 * error }.within(0.0, 1.0))
}

fn reviews(map: &TouchpointMap, read: &Experience, by: &Yardsticks) -> Vec<Reputation> {
    let (n, tenths) = read.reviews.values().fold((0, 0), |(n, tenths), one| (n + one.n, tenths + one.sum));
    if n == 0 {
        return Vec::new();
    }
    let mean = by.category_mean.unwrap_or(tenths as f64 / 10.0 / n as f64);
    let told = |(touchpoint, one): (&u16, &super::fold::Reviews)| Reputation {
        touchpoint: map.touchpoints[*touchpoint as usize].id.clone(),
        stars: figure(reputation(mean, one.n, one.sum as f64 / 10.0, one.squares as f64 / 100.0), one.n, Unit::Ratio, "normal"),
        replied: figure(proportion(one.replied, one.n), one.n, Unit::Share, "wilson"),
    };
    read.reviews.iter().map(told).collect()
}
