//! What touchpoints do to people: experiments, time to convert, before and after, following up, and what becomes of people after a
//! bad contact.

use super::analysis::{Sense, position, scan};
use super::asking::{Asking, OfSegment};
use super::experience::Settings;
use super::given;
use super::zone::calendar;
use crate::failure::{Failure, Result as Done};
use crate::features::map::Maps;
use crate::features::people::resolution;
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Problem, Refusal};
use ::analysis::effect::after_contact::{self, AfterContact, Contacts, Went, churn_of};
use ::analysis::effect::before_after::{Change, change};
use ::analysis::effect::experiment::{Arm, RATIO_LIMIT, lift, means, sample_ratio};
use ::analysis::effect::follow_up::{self, FollowUp};
use ::analysis::effect::peeking::always_valid;
use ::analysis::effect::time_to::TimeTo;
use ::analysis::effect::trial::{Draws, Trial};
use ::analysis::effect::weeks::{Week, Weeks};
use ::analysis::experience::fold::{ExperienceFold, Question};
use ::analysis::experience::report::{CurvePoint, Stretch, points};
use ::analysis::intervals::{Estimate, proportion};
use ::analysis::over_use::{Prices, nets, saturation};
use ::analysis::progression::StageLift;
use ::analysis::survival::Times;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::Resolve;
use model::time::{DAY, WEEK};
use model::{Evidence, Figure, Instant, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A horizon longer than this is no horizon.
const DAYS_MAX: u32 = 3_650;
/// More weeks on a side are another company.
const WEEKS_MAX: u32 = 520;
/// More people are not drawn into experiments here: their draws are held in memory.
const DRAWS_MAX: usize = 4_000_000;
/// More arms are no experiment, but a column that means something else.
const ARMS_MAX: usize = 500;
/// The names by which an arm is known to get nothing.
const CONTROLS: [&str; 6] = ["control", "holdout", "hold-out", "hold_out", "none", "0"];

/// Returns the routes of this file.
pub(super) fn routes(asking: Asking) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(experiments))
        .routes(routes!(time_to_convert))
        .routes(routes!(before_after))
        .routes(routes!(follow_up_retention))
        .routes(routes!(churn))
        .with_state(asking)
}

/// Refuses a number of days that is none.
fn days_of(days: u32, what: &str) -> Result<i64, Refusal> {
    if (1..=DAYS_MAX).contains(&days) {
        return Ok(i64::from(days) * DAY);
    }
    Err(Refusal::malformed(format!("{what} of {days} days is none"), format!("Ask for 1 to {DAYS_MAX} days")))
}

fn figure(estimate: Option<Estimate>, n: u64, evidence: Evidence, unit: Unit, method: &str) -> Figure {
    estimate.map_or_else(|| Figure { n, ..Figure::unknown(unit) }, |estimate| estimate.figure(n, evidence, unit, method))
}

/// Is what to ask of experiments.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfExperiments {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
    /// So many days after the draw count; 30 unless said.
    #[serde(default)]
    horizon_days: Option<u32>,
    /// The arm that others are compared with; unless said, one called `control` or `holdout`, or else the first by name.
    #[serde(default)]
    control: Option<String>,
}

/// Is one experiment.
#[derive(Serialize, Deserialize, ToSchema)]
struct Experiment {
    /// Its name: what stands before the last `:` of the arm, or the campaign, or the touchpoint.
    name: String,
    /// The arms, the control first.
    arms: Vec<ArmFigures>,
    /// Whether the control was named as one, or is only the first by name.
    control_is_named: bool,
    /// The chance of arms as unequal as these if people were drawn evenly; none with one arm.
    ratio_p: Option<f64>,
    /// Whether the sizes fit an even draw. If not, something selected people, and no comparison is given.
    ratio_fits: bool,
    /// People who were in more than one arm; they count in the first.
    crossed: u64,
    /// Where arms are numbers of contacts: the response, and up to which number contacts pay (M9).
    frequency: Option<FrequencyArms>,
}

/// Is one arm.
#[derive(Serialize, Deserialize, ToSchema)]
struct ArmFigures {
    /// Its name.
    arm: String,
    /// People drawn into it and watched for the whole horizon.
    people: u64,
    /// Share with the target outcome.
    converted: Figure,
    /// Against the control; none for the control itself, and where the ratio does not fit.
    against_control: Option<Comparison>,
}

/// Is a comparison of an arm with the control.
#[derive(Serialize, Deserialize, ToSchema)]
struct Comparison {
    /// Difference of shares, for one look planned beforehand.
    difference: Figure,
    /// The same for looking whenever one likes: wider, and true at every look.
    always: Figure,
    /// Difference as a part of the control's share.
    relative: Figure,
    /// Outcomes that would not have been.
    incremental: Figure,
    /// The two-sided p of one look.
    p: Option<f64>,
    /// Difference of value per person, minor units.
    value: Figure,
    /// The same with what people bought before taken out (CUPED).
    value_adjusted: Figure,
    /// The share of the spread of values that the past explains.
    explained: f64,
}

/// Is the response of arms that are numbers of contacts.
#[derive(Serialize, Deserialize, ToSchema)]
struct FrequencyArms {
    /// Contacts, and the share with the outcome.
    response: Vec<ResponseAt>,
    /// The largest number up to which each further contact pays; 0: not even the first.
    saturation: u32,
}

/// Is the response of people with a number of contacts.
#[derive(Serialize, Deserialize, ToSchema)]
struct ResponseAt {
    /// Contacts.
    contacts: u32,
    /// Share with the outcome.
    share: f64,
}

/// Lists the experiments that interactions name arms of, with their effects (M4). Evidence E4, if the arms were drawn at random.
#[utoipa::path(get, path = "/api/measure/experiments", tag = "measure", params(OfExperiments), responses(
    (status = 200, body = Vec<Experiment>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn experiments(State(asking): State<Asking>, Asked(of): Asked<OfExperiments>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let horizon = days_of(of.horizon_days.unwrap_or(30), "A horizon")?;
    let key = format!("experiments {horizon} {:?} {:?}", of.segment, of.control);
    asking.answer(key, move |stores| read_experiments(stores, &of, horizon)).await
}

/// Is the names of arms, and who is in which.
#[derive(Default)]
struct Drawn {
    places: HashMap<(String, String), u32>,
    /// Experiment and arm by place.
    names: Vec<(String, String)>,
    /// The first draw of a person in an experiment.
    draws: Draws,
    /// People in more than one arm, by experiment.
    crossed: BTreeMap<String, u64>,
}

impl Drawn {
    fn read(stores: &Stores, sense: &Sense) -> Done<Self> {
        let people = stores.block_on(resolution(&stores.state))?;
        let (mut drawn, mut rows) = (Self::default(), 0_usize);
        let read = stores.ledger().arms(|row| {
            rows += 1;
            if rows > DRAWS_MAX {
                return;
            }
            let bound = || sense.signals.get(row.signal.0 as usize).and_then(|signal| sense.map.bind(signal));
            let place = || bound().map_or_else(|| "unnamed".to_owned(), |at| sense.map.touchpoints[at].id.clone());
            let (experiment, arm) = match row.arm.rsplit_once(':') {
                Some((experiment, arm)) => (experiment.to_owned(), arm.to_owned()),
                None => (row.campaign.clone().unwrap_or_else(place), row.arm.clone()),
            };
            drawn.note(people.person_of(row.actor, row.at).0, experiment, arm, row.at.0);
        });
        read.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?;
        if rows > DRAWS_MAX {
            return Err(Failure::new(format!("More than {DRAWS_MAX} interactions name an arm"))
                .hint("Name the arm when people are drawn, not with every interaction"));
        }
        Ok(drawn)
    }

    fn note(&mut self, person: u64, experiment: String, arm: String, at: i64) {
        let key = (experiment, arm);
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None if self.names.len() >= ARMS_MAX => return,
            None => {
                let place = self.names.len() as u32;
                self.names.push(key.clone());
                self.places.insert(key.clone(), place);
                place
            }
        };
        let own = self.draws.entry(person).or_default();
        let same = own.iter_mut().find(|(other, _)| self.names[*other as usize].0 == key.0);
        match same {
            None => own.push((place, at)),
            Some(first) => {
                if first.0 != place {
                    *self.crossed.entry(key.0).or_default() += 1;
                }
                // Rows come in no particular order: the earliest draw counts, and of equal ones the arm that comes first by name.
                if (at, &self.names[place as usize].1) < (first.1, &self.names[first.0 as usize].1) {
                    *first = (place, at);
                }
            }
        }
    }
}

fn read_experiments(stores: &Stores, of: &OfExperiments, horizon: i64) -> Done<Option<Vec<Experiment>>> {
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let segment = of.segment.as_deref().map(|id| position(&sense.map, id)).transpose()?;
    let drawn = Drawn::read(stores, &sense)?;
    let (arms, draws) = (drawn.names.len(), Arc::new(drawn.draws));
    let trial = scan(stores, || Trial::new(Arc::clone(&sense.meaning), Arc::clone(&draws), arms, segment, horizon))?;
    let mut experiments: BTreeMap<String, Vec<(String, Arm)>> = BTreeMap::new();
    for ((experiment, arm), counts) in drawn.names.into_iter().zip(trial.arms) {
        experiments.entry(experiment).or_default().push((arm, counts));
    }
    let crossed = |name: &String| drawn.crossed.get(name).copied().unwrap_or(0);
    Ok(Some(
        experiments
            .into_iter()
            .map(|(name, arms)| experiment(&sense.map, crossed(&name), name, arms, of.control.as_deref()))
            .collect(),
    ))
}

fn experiment(
    map: &TouchpointMap,
    crossed: u64,
    name: String,
    mut arms: Vec<(String, Arm)>,
    control: Option<&str>,
) -> Experiment {
    arms.sort_by(|one, other| one.0.cmp(&other.0));
    let named = |arm: &str| control.map_or_else(|| CONTROLS.contains(&arm.to_lowercase().as_str()), |control| arm == control);
    let first = arms.iter().position(|(arm, _)| named(arm));
    let control_is_named = first.is_some();
    let own = arms.remove(first.unwrap_or(0));
    arms.insert(0, own);
    let people: Vec<u64> = arms.iter().map(|(_, arm)| arm.people).collect();
    let ratio_p = sample_ratio(&people, &vec![1.0; people.len()]).map(|(_, p)| p);
    let ratio_fits = ratio_p.is_none_or(|p| p >= RATIO_LIMIT);
    let compared = |at: usize| (at > 0 && ratio_fits).then(|| comparison(&arms[at].1, &arms[0].1));
    let figures = arms.iter().enumerate().map(|(at, (arm, counts))| ArmFigures {
        arm: arm.clone(),
        people: counts.people,
        converted: figure(proportion(counts.converted, counts.people), counts.people, Evidence::E4, Unit::Share, "wilson"),
        against_control: compared(at),
    });
    Experiment { frequency: frequency(map, &arms), arms: figures.collect(), name, control_is_named, ratio_p, ratio_fits, crossed }
}

fn comparison(treated: &Arm, control: &Arm) -> Comparison {
    let n = treated.people.min(control.people);
    let (found, values) = (lift(treated, control), means(treated, control));
    let told = |estimate: Option<Estimate>, unit, method: &str| figure(estimate, n, Evidence::E4, unit, method);
    Comparison {
        difference: told(found.map(|lift| lift.difference), Unit::Points, "newcombe"),
        always: told(always_valid(treated, control), Unit::Points, "always valid"),
        relative: told(found.and_then(|lift| lift.relative), Unit::Ratio, "log ratio"),
        incremental: told(found.map(|lift| lift.incremental), Unit::Count, "newcombe"),
        p: found.and_then(|lift| lift.test).map(|test| test.p),
        value: told(values.map(|values| values.plain), Unit::Money, "welch"),
        value_adjusted: told(values.and_then(|values| values.adjusted), Unit::Money, "welch"),
        explained: values.map_or(0.0, |values| values.explained),
    }
}

/// Reads arms that are numbers of contacts as a response by frequency: no bias to take out, because chance decided who gets how many.
fn frequency(map: &TouchpointMap, arms: &[(String, Arm)]) -> Option<FrequencyArms> {
    let mut response: BTreeMap<u32, f64> = BTreeMap::new();
    for (name, arm) in arms {
        let contacts = if CONTROLS.contains(&name.as_str()) { 0 } else { name.parse().ok()? };
        response.insert(contacts, proportion(arm.converted, arm.people)?.value);
    }
    // Nets are of single further contacts, so every number up to the last must have its arm.
    let is_gapless = response.keys().copied().eq(0..response.len() as u32);
    if response.len() < 3 || !is_gapless {
        return None;
    }
    let value: i64 = arms.iter().map(|(_, arm)| i64::try_from(arm.value).unwrap_or(i64::MAX)).fold(0, i64::saturating_add);
    let converted: u64 = arms.iter().map(|(_, arm)| arm.converted).sum();
    let worth = if value > 0 { value as f64 / converted.max(1) as f64 } else { map.settings.outcome_value as f64 };
    let prices = Prices { gain: worth * map.settings.margin, ..Prices::default() };
    let shares: Vec<f64> = response.values().copied().collect();
    Some(FrequencyArms {
        saturation: saturation(nets(&shares, &[], &[], prices)) as u32,
        response: response.into_iter().map(|(contacts, share)| ResponseAt { contacts, share }).collect(),
    })
}

/// Is how long people take to convert, in days.
#[derive(Serialize, Deserialize, ToSchema)]
struct TimeToConvert {
    /// From the first contact.
    all: Waiting,
    /// From the first contact with each touchpoint.
    touchpoints: Vec<Waiting>,
}

/// Is one survival curve, in days.
#[derive(Serialize, Deserialize, ToSchema)]
struct Waiting {
    /// The touchpoint, by id; none: any.
    touchpoint: Option<String>,
    /// People.
    people: u64,
    /// Those who converted so far.
    converted: u64,
    /// A quarter have by then; `seconds` holds days here.
    quarter: Stretch,
    /// Half have by then.
    half: Stretch,
    /// Share converted within 30 days.
    within_30: Figure,
    /// The share converted by day.
    curve: Vec<CurvePoint>,
}

fn waiting(touchpoint: Option<String>, times: &Times) -> Waiting {
    let curve = times.curve();
    let known = times.watched() > 0;
    Waiting {
        touchpoint,
        people: times.watched(),
        converted: times.events(),
        quarter: curve.quantile(0.25).into(),
        half: curve.quantile(0.5).into(),
        within_30: figure(known.then(|| curve.by(30)), times.watched(), Evidence::E3, Unit::Share, "log-log"),
        curve: points(&curve),
    }
}

/// Tells how long people take from first contact to the target outcome, those included who have not come there yet (Kaplan and Meier).
#[utoipa::path(get, path = "/api/measure/time-to-convert", tag = "measure", params(OfSegment), responses(
    (status = 200, body = TimeToConvert),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn time_to_convert(State(asking): State<Asking>, Asked(of): Asked<OfSegment>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let key = format!("time-to {:?}", of.segment);
    let read = move |stores: &Stores| {
        let Some(sense) = Sense::read(stores)? else { return Ok(None) };
        let segment = of.segment.as_deref().map(|id| position(&sense.map, id)).transpose()?;
        let fold = scan(stores, || TimeTo::new(Arc::clone(&sense.meaning), segment))?;
        let met = sense.map.touchpoints.iter().zip(&fold.touchpoints).filter(|(_, times)| times.watched() > 0);
        let touchpoints = met.map(|(touchpoint, times)| waiting(Some(touchpoint.id.clone()), times)).collect();
        Ok(Some(TimeToConvert { all: waiting(None, &fold.all), touchpoints }))
    };
    asking.answer(key, read).await
}

/// Is which change to look at.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfChange {
    /// The day of the change, such as 2026-05-31.
    #[serde(default)]
    on: Option<String>,
    /// Or the version of the map that began with it; without either, the current version.
    #[serde(default)]
    version: Option<i64>,
    /// So many weeks on each side at most; 12 unless said.
    #[serde(default)]
    weeks: Option<u32>,
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Is what changed (NET-11). Weeks that the data or the change cut are left out.
#[derive(Serialize, Deserialize, ToSchema)]
struct BeforeAfter {
    /// The moment of the change, UTC microseconds.
    at: i64,
    /// Weeks before it.
    weeks_before: usize,
    /// Weeks after it.
    weeks_after: usize,
    /// Target outcomes per week.
    outcomes: Compared,
    /// Share of active people with the outcome, weeks taken together.
    conversion_before: Figure,
    /// The same afterwards.
    conversion_after: Figure,
    /// The difference; people who were active on both sides count on both.
    conversion: Figure,
    /// Value per week, minor units.
    value: Compared,
    /// Recorded cost per week, minor units.
    cost: Compared,
    /// Recorded cost per outcome before, weeks taken together; none without outcomes.
    cost_per_outcome_before: Option<f64>,
    /// The same afterwards.
    cost_per_outcome_after: Option<f64>,
}

/// Is a comparison of weekly numbers.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = WeeksCompared)]
struct Compared {
    /// Mean per week before.
    before: Option<f64>,
    /// Mean per week after.
    after: Option<f64>,
    /// The difference.
    difference: Figure,
    /// The step beside a straight trend; unknown with fewer than four weeks on a side.
    step: Figure,
}

/// Compares the weeks before and after a change of the set of touchpoints (NET-11). Association: whatever else changed is in it.
#[utoipa::path(get, path = "/api/measure/before-after", tag = "measure", params(OfChange), responses(
    (status = 200, body = BeforeAfter),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment or version, or no map yet.", body = Problem),
))]
async fn before_after(State(asking): State<Asking>, Asked(of): Asked<OfChange>) -> Result<Response, Refusal> {
    let map = asking.map(of.segment.as_deref()).await?;
    let weeks = of.weeks.unwrap_or(12);
    if !(1..=WEEKS_MAX).contains(&weeks) {
        return Err(Refusal::malformed(format!("{weeks} weeks cannot be compared"), format!("Ask for 1 to {WEEKS_MAX}")));
    }
    let at = match &of.on {
        Some(day) => midnight(day, &map.time_zone)
            .ok_or_else(|| Refusal::malformed(format!("`{day}` is no day"), "Write it as 2026-05-31"))?,
        None => version_at(&asking, of.version).await?,
    };
    let segment = of.segment.clone();
    let key = format!("before-after {} {weeks} {segment:?}", at.0);
    asking.answer(key, move |stores| read_before_after(stores, at, i64::from(weeks), segment.as_deref())).await
}

fn midnight(day: &str, zone: &str) -> Option<Instant> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let begins: Timestamp = day.parse::<Date>().ok()?.to_zoned(zone).ok()?.timestamp();
    Some(Instant(begins.as_microsecond()))
}

async fn version_at(asking: &Asking, version: Option<i64>) -> Result<Instant, Refusal> {
    let versions = Maps::new(asking.stores().state.clone()).history().await?;
    let found = versions.into_iter().find(|known| version.is_none_or(|version| known.id == version));
    found
        .map(|version| version.created_at)
        .ok_or_else(|| Refusal::not_found("There is no such version of the map", "Read /api/map for the current one"))
}

fn read_before_after(stores: &Stores, at: Instant, weeks: i64, segment: Option<&str>) -> Done<Option<BeforeAfter>> {
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let segment = segment.map(|id| position(&sense.map, id)).transpose()?;
    let fold = scan(stores, || Weeks::new(Arc::clone(&sense.meaning), segment))?;
    let (first, last) = (sense.meaning.window.0.week(), sense.meaning.window.1.week());
    // Whole weeks alone: neither the data's first and last nor the one in which the change falls.
    let begins = Instant(at.0 + WEEK - 1).week();
    let side = |from: i64, to: i64| -> Vec<Week> {
        (from.max(first + 1)..to.min(last)).map(|week| fold.weeks.get(&week).copied().unwrap_or_default()).collect()
    };
    let (before, after) = (side(at.week() - weeks, at.week()), side(begins, begins + weeks));
    Ok(Some(compare_weeks(at, &before, &after)))
}

fn compare_weeks(at: Instant, before: &[Week], after: &[Week]) -> BeforeAfter {
    let n = (before.len() + after.len()) as u64;
    let compared = |of: fn(&Week) -> f64, unit: Unit| {
        let numbers = |weeks: &[Week]| weeks.iter().map(of).collect::<Vec<f64>>();
        let found: Option<Change> = change(&numbers(before), &numbers(after));
        Compared {
            before: found.map(|found| found.before),
            after: found.map(|found| found.after),
            difference: figure(found.map(|found| found.difference), n, Evidence::E3, unit, "welch"),
            step: figure(found.and_then(|found| found.step), n, Evidence::E3, unit, "segmented regression"),
        }
    };
    let sum = |weeks: &[Week], of: fn(&Week) -> u64| weeks.iter().map(of).sum::<u64>();
    let share = |weeks: &[Week]| (sum(weeks, |week| week.converted.min(week.active)), sum(weeks, |week| week.active));
    let ((x, active_before), (y, active_after)) = (share(before), share(after));
    let difference = ::analysis::intervals::newcombe(y, active_after, x, active_before);
    let per_outcome = |weeks: &[Week]| {
        let outcomes = sum(weeks, |week| week.outcomes);
        (outcomes > 0).then(|| weeks.iter().map(|week| week.cost as f64).sum::<f64>() / outcomes as f64)
    };
    BeforeAfter {
        at: at.0,
        weeks_before: before.len(),
        weeks_after: after.len(),
        outcomes: compared(|week| week.outcomes as f64, Unit::Count),
        conversion_before: figure(proportion(x, active_before), active_before, Evidence::E3, Unit::Share, "wilson"),
        conversion_after: figure(proportion(y, active_after), active_after, Evidence::E3, Unit::Share, "wilson"),
        conversion: figure(difference, active_before.min(active_after), Evidence::E3, Unit::Points, "newcombe"),
        value: compared(|week| week.value as f64, Unit::Money),
        cost: compared(|week| week.cost as f64, Unit::Money),
        cost_per_outcome_before: per_outcome(before),
        cost_per_outcome_after: per_outcome(after),
    }
}

/// Is whom a touchpoint follows up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfFollowUp {
    /// The touchpoint that follows up, by id.
    touchpoint: String,
    /// It has so many days after the purchase; 14 unless said.
    #[serde(default)]
    within_days: Option<u32>,
    /// Who does something again up to so many days after the purchase is retained; 90 unless said.
    #[serde(default)]
    horizon_days: Option<u32>,
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Is a comparison of two groups of people.
#[derive(Serialize, Deserialize, ToSchema)]
struct Groups {
    /// Those it is about.
    with: Figure,
    /// The others of the same weeks, weighed by the weeks of those it is about.
    without: Figure,
    /// The difference.
    difference: Figure,
}

fn groups(found: Option<StageLift>) -> Groups {
    let told = |estimate: Option<Estimate>, n: u64, unit, method: &str| figure(estimate, n, Evidence::E3, unit, method);
    let (with, without) = found.map_or((0, 0), |lift| (lift.touched_people, lift.untouched_people));
    Groups {
        with: told(found.map(|lift| lift.touched), with, Unit::Share, "wilson"),
        without: told(found.map(|lift| lift.baseline), without, Unit::Share, "wilson"),
        difference: told(found.map(|lift| lift.lift), with.min(without), Unit::Points, "newcombe"),
    }
}

/// Compares how many buyers stay who were followed up with how many stay who were not (M23). Association; held back at random it is an experiment.
#[utoipa::path(get, path = "/api/measure/follow-up", tag = "measure", params(OfFollowUp), responses(
    (status = 200, body = Groups),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such touchpoint or segment, or no map yet.", body = Problem),
))]
async fn follow_up_retention(State(asking): State<Asking>, Asked(of): Asked<OfFollowUp>) -> Result<Response, Refusal> {
    let map = asking.map(of.segment.as_deref()).await?;
    let touchpoint = Asking::touchpoint(&map, &of.touchpoint)?;
    let within = days_of(of.within_days.unwrap_or(14), "A time to follow up")?;
    let horizon = days_of(of.horizon_days.unwrap_or(90), "A horizon")?;
    if horizon <= within {
        return Err(Refusal::malformed("The horizon ends before following up does", "Ask for a longer horizon"));
    }
    let key = format!("follow-up {touchpoint} {within} {horizon} {:?}", of.segment);
    let read = move |stores: &Stores| {
        let Some(sense) = Sense::read(stores)? else { return Ok(None) };
        let segment = of.segment.as_deref().map(|id| position(&sense.map, id)).transpose()?;
        let question = Arc::new(follow_up::Question { segment, touchpoint, within, horizon });
        let fold = scan(stores, || FollowUp::new(Arc::clone(&sense.meaning), Arc::clone(&question)))?;
        Ok(Some(groups(fold.retention())))
    };
    asking.answer(key, read).await
}

/// Is after what people may stay away.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfChurn {
    /// Who does nothing for so many days has churned; 60 unless said.
    #[serde(default)]
    horizon_days: Option<u32>,
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Is what becomes of people after a contact.
#[derive(Serialize, Deserialize, ToSchema)]
struct ChurnAfterContact {
    /// After any bad contact (CHN-4).
    any: Groups,
    /// After a request that was late or never answered (WAY-13).
    waiting: Groups,
    /// After each kind of bad contact.
    kinds: Vec<AfterKind>,
    /// Requests that are open now and overdue, by touchpoint: the alert of WAY-13.
    overdue: Vec<Overdue>,
}

/// Is what becomes of people after one kind of bad contact.
#[derive(Serialize, Deserialize, ToSchema)]
struct AfterKind {
    /// How it went.
    went: Went,
    /// They against those whose contact went well.
    groups: Groups,
}

/// Is how many requests are overdue at a touchpoint.
#[derive(Serialize, Deserialize, ToSchema)]
struct Overdue {
    /// The touchpoint, by id.
    touchpoint: String,
    /// Open requests older than the target.
    requests: u64,
}

/// Compares how many stay away after a bad contact with how many do after a good one (CHN-4, WAY-13), and counts what is overdue.
#[utoipa::path(get, path = "/api/measure/churn", tag = "measure", params(OfChurn), responses(
    (status = 200, body = ChurnAfterContact),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn churn(State(asking): State<Asking>, Asked(of): Asked<OfChurn>) -> Result<Response, Refusal> {
    asking.map(of.segment.as_deref()).await?;
    let horizon = days_of(of.horizon_days.unwrap_or(60), "A horizon")?;
    let key = format!("churn {horizon} {:?}", of.segment);
    asking.answer(key, move |stores| read_churn(stores, horizon, of.segment.as_deref())).await
}

fn read_churn(stores: &Stores, horizon: i64, segment: Option<&str>) -> Done<Option<ChurnAfterContact>> {
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let segment = segment.map(|id| position(&sense.map, id)).transpose()?;
    let settings = Settings::of(&stores.block_on(given::latest(&stores.state))?);
    let (targets, calendar) = (settings.targets(&sense.map), calendar(&sense, settings.week));
    let asked = Question {
        segment,
        working_hours: targets.iter().map(|(_, in_hours)| *in_hours).collect(),
        calendar: calendar.clone(),
        drivers: Vec::new(),
    };
    let asked = Arc::new(asked);
    let waits = scan(stores, || ExperienceFold::new(Arc::clone(&sense.meaning), Arc::clone(&asked)))?.read.waits;
    let deaf = waits.iter().map(|times| times.events() == 0).collect();
    let late =
        |times: &Times, target: i64| times.iter().filter(|(time, _)| *time > target).map(|(_, seen)| seen.lost).sum::<u64>();
    let overdue =
        sense.map.touchpoints.iter().zip(waits.iter().zip(&targets)).map(|(touchpoint, (times, (target, _)))| Overdue {
            touchpoint: touchpoint.id.clone(),
            requests: late(times, *target),
        });
    let overdue = overdue.filter(|one| one.requests > 0).collect();
    let question = Arc::new(after_contact::Question { segment, horizon, targets, calendar, deaf });
    let contacts: Contacts = scan(stores, || AfterContact::new(Arc::clone(&sense.meaning), Arc::clone(&question)))?.read;
    let bad = [Went::Complaint, Went::Dissatisfied, Went::Unanswered, Went::Late];
    Ok(Some(ChurnAfterContact {
        any: groups(churn_of(&contacts, &bad)),
        waiting: groups(churn_of(&contacts, &[Went::Unanswered, Went::Late])),
        kinds: bad.into_iter().map(|went| AfterKind { went, groups: groups(churn_of(&contacts, &[went])) }).collect(),
        overdue,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uneven_draw_is_told_and_not_compared() {
        let map: TouchpointMap = model::catalogue::template("shop").expect("a template");
        let arm = |people, converted| Arm { people, converted, ..Arm::default() };
        let fair =
            experiment(&map, 0, "mail".into(), vec![("b".into(), arm(1_000, 120)), ("control".into(), arm(1_000, 90))], None);
        assert!(fair.control_is_named && fair.ratio_fits && fair.arms[0].arm == "control");
        let found = fair.arms[1].against_control.as_ref().expect("compared");
        assert!((found.difference.value.expect("a number") - 0.03).abs() < 1e-12 && found.difference.evidence == Evidence::E4);
        let unfair = experiment(&map, 0, "mail".into(), vec![("b".into(), arm(1_500, 120)), ("a".into(), arm(1_000, 90))], None);
        assert!(!unfair.control_is_named && !unfair.ratio_fits && unfair.arms[1].against_control.is_none());
        let alone = experiment(&map, 0, "mail".into(), vec![("b".into(), arm(0, 0))], None);
        assert_eq!((alone.ratio_p, alone.arms[0].converted.value), (None, None));
    }

    #[test]
    fn arms_that_are_numbers_are_a_response() {
        let map: TouchpointMap = model::catalogue::template("shop").expect("a template");
        let arm = |converted: u64| Arm { people: 1_000, converted, value: i128::from(converted) * 1_000, ..Arm::default() };
        let arms = [("0", 50), ("1", 100), ("2", 120), ("3", 115)].map(|(name, converted)| (name.to_owned(), arm(converted)));
        assert_eq!(frequency(&map, &arms).map(|found| found.saturation), Some(2));
        assert!(frequency(&map, &arms[1..]).is_none(), "without an arm of none there is no first step");
    }

    #[test]
    fn days_are_those_of_the_organisation() {
        assert_eq!(midnight("2026-05-31", "Europe/Paris").map(|at| at.0 % DAY / (3_600 * 1_000_000)), Some(22));
        assert_eq!(midnight("31.5.2026", "Europe/Paris"), None);
    }

    #[test]
    fn no_weeks_are_unknown() {
        let found = compare_weeks(Instant(0), &[], &[]);
        assert_eq!((found.outcomes.before, found.conversion.value, found.cost_per_outcome_after), (None, None, None));
    }
}
