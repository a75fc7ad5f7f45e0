//! Attribution on the ledger: which touchpoint or channel led to outcomes, by every model on the same journeys, with the policy
//! stated in question and answer, intervals over people, what it cost, and how far the models disagree (M5).

use super::analysis::{Sense, scan};
use super::narrow::Narrow;
use super::sequences::{narrowed, share};
use crate::failure::{Failure, Result};
use crate::platform::home::Stores;
use analysis::attribution::hazard;
use analysis::attribution::study::{Answer, BLOCKS, DRAWS, JourneyFold, Model, Policy, Unit, hazard_answer, study};
use analysis::intervals::Estimate;
use analysis::meaning::{Meaning, Only};
use analysis::report::MapReport;
use model::map::nearest;
use model::time::DAY;
use model::{Evidence, Figure, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The half-life of time decay where none is given, in days.
const HALF_LIFE_DAYS: u32 = 7;
/// Looking back further than this is looking at everything.
const DAYS_MAX: u32 = 3_650;

/// Is what a touch of a journey is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum TouchUnit {
    /// A touchpoint.
    #[default]
    Touchpoint,
    /// A channel.
    Channel,
}

/// Asks which touchpoints or channels led to outcomes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributionQuestion {
    /// Models by name; none: all that one pass answers, which is all but `additive_hazard`.
    #[serde(default)]
    pub models: Vec<String>,
    /// What a touch is.
    #[serde(default)]
    pub unit: TouchUnit,
    /// A journey ends after so many days without a touch; none: as the map says.
    #[serde(default)]
    pub gap_days: Option<u32>,
    /// Touches further back than so many days before the outcome have no part in it; none: the whole journey has.
    #[serde(default)]
    pub lookback_days: Option<u32>,
    /// The half-life of time decay, in days; none: 7.
    #[serde(default)]
    pub half_life_days: Option<u32>,
    /// Only people of this segment, by id.
    #[serde(default)]
    pub segment: Option<String>,
    /// Only these rows.
    #[serde(default)]
    pub only: Narrow,
}

/// Tells who led to outcomes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttributionAnswer {
    /// How journeys were cut: it moves results more than the model does.
    pub policy: JourneyPolicy,
    /// People with at least one touch.
    pub people: u64,
    /// Journeys.
    pub journeys: u64,
    /// Outcomes that touches led to: what the credits of every model sum to.
    pub outcomes: u64,
    /// What they were worth, in minor units.
    pub value: f64,
    /// Outcomes that no touch led to.
    pub untouched: u64,
    /// Models that have no answer, with the reason.
    pub without_answer: Vec<WithoutAnswer>,
    /// Touchpoints or channels in the order of the map.
    pub units: Vec<UnitCredits>,
}

/// Is the policy of journeys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct JourneyPolicy {
    /// What a touch is.
    pub unit: TouchUnit,
    /// A journey ends after so many days without a touch.
    pub gap_days: u32,
    /// Touches older than so many days before the outcome have no part in it.
    pub lookback_days: Option<u32>,
    /// The half-life of time decay, in days.
    pub half_life_days: u32,
    /// Into how many blocks people are dealt for the intervals.
    pub blocks: u64,
    /// How many times the blocks are drawn.
    pub draws: u64,
}

/// Is a model without an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WithoutAnswer {
    /// The model.
    pub model: String,
    /// Why: `no_outcomes` or `too_many_touchpoints`.
    pub why: String,
}

/// Is what one touchpoint or channel is credited with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnitCredits {
    /// The touchpoint or channel, by id.
    pub id: String,
    /// What each model says.
    pub credits: Vec<ModelCredit>,
    /// The lowest and the highest share over the models: as far as they disagree (M5).
    pub disagreement: Option<Disagreement>,
    /// What it cost in the window, in minor units; none where the question is about part of the window.
    pub cost: Option<i64>,
    /// The share of outcomes that it closed that were somebody's first.
    pub new_to_file: Figure,
    /// The share of people whose first touch it was who had an outcome.
    pub first_impression: Figure,
}

/// Is what one model says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ModelCredit {
    /// The model.
    pub model: String,
    /// Its share of outcomes.
    pub share: Figure,
    /// Outcomes.
    pub outcomes: f64,
    /// Value, in minor units, where the model speaks of value.
    pub value: Option<f64>,
    /// Cost of one outcome, in minor units.
    pub cost_per_outcome: Option<f64>,
    /// (value − cost) / cost.
    pub roi: Option<f64>,
}

/// Is how far models disagree.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Disagreement {
    /// The lowest share, and the model that gives it.
    pub low: f64,
    /// That model.
    pub low_model: String,
    /// The highest share.
    pub high: f64,
    /// The model that gives it.
    pub high_model: String,
}

impl AttributionQuestion {
    /// Finds what the question names.
    ///
    /// # Errors
    /// Says what the map has not, or what is no question.
    pub(super) fn read(&self, map: &TouchpointMap) -> Result<(Vec<Model>, JourneyPolicy, Only)> {
        let all = || Model::ALL.into_iter().chain([Model::Hazard]);
        let known = || all().map(Model::name);
        let model = |name: &String| {
            all().find(|model| model.name() == name).ok_or_else(|| {
                let hint = nearest(name, known()).map_or_else(
                    || format!("The models are: {}", known().collect::<Vec<_>>().join(", ")),
                    |near| format!("Did you mean `{near}`?"),
                );
                Failure::new(format!("There is no model `{name}`")).hint(hint)
            })
        };
        let models = self.models.iter().map(model).collect::<Result<Vec<_>>>()?;
        for (what, days) in [("gap", self.gap_days), ("lookback", self.lookback_days), ("half-life", self.half_life_days)] {
            if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
                return Err(Failure::new(format!("A {what} has 1 to {DAYS_MAX} days")).hint("Ask for 7, 30 or 90 days"));
            }
        }
        let policy = JourneyPolicy {
            unit: self.unit,
            gap_days: self.gap_days.unwrap_or(map.settings.journey_gap_days),
            lookback_days: self.lookback_days,
            half_life_days: self.half_life_days.unwrap_or(HALF_LIFE_DAYS),
            blocks: BLOCKS as u64,
            draws: DRAWS as u64,
        };
        let models = if models.is_empty() { Model::ALL.to_vec() } else { models };
        Ok((models, policy, self.only.read(map, self.segment.as_deref())?))
    }

    /// Tells whether it is about everything that a segment did, as the reports of the map are: costs are known for that.
    fn is_whole(&self) -> bool {
        self.only == Narrow::default()
    }
}

/// Returns the policy by which the map cuts journeys.
pub(super) fn policy_of(map: &TouchpointMap) -> Policy {
    Policy {
        by_channel: false,
        gap: i64::from(map.settings.journey_gap_days).saturating_mul(DAY),
        lookback: None,
        half_life: i64::from(HALF_LIFE_DAYS) * DAY,
    }
}

/// Answers it; `None` while there is no map. `report` is of the same people and tells what things cost. To be called from
/// threads that may block.
pub(super) fn attribution(
    stores: &Stores,
    question: &AttributionQuestion,
    report: &MapReport,
) -> Result<Option<AttributionAnswer>> {
    let Some(Sense { map, meaning, .. }) = Sense::read(stores)? else { return Ok(None) };
    let (models, policy, only) = question.read(&map)?;
    let meaning = narrowed(meaning, only);
    let cut = Policy {
        by_channel: policy.unit == TouchUnit::Channel,
        gap: i64::from(policy.gap_days).saturating_mul(DAY),
        lookback: policy.lookback_days.map(|days| i64::from(days) * DAY),
        half_life: i64::from(policy.half_life_days) * DAY,
    };
    let fold = scan(stores, || JourneyFold::new(Arc::clone(&meaning), cut))?;
    let whole = fold.whole();
    let totals = whole.journeys.totals();
    let mut answers = study(&fold, &models);
    for answer in answers.iter_mut().filter(|answer| answer.model == Model::Hazard && totals.conversions > 0) {
        let sums = hazard::estimate(fold.units(), |hazard| {
            let hazard = Arc::new(hazard.clone());
            let step = scan(stores, || JourneyFold::for_hazard(Arc::clone(&meaning), cut, Arc::clone(&hazard)))?;
            step.hazard_sums().ok_or_else(|| Failure::new("The estimation of hazards broke off"))
        })?;
        *answer = hazard_answer(&sums);
    }
    let why = if totals.conversions == 0 { "no_outcomes" } else { "too_many_touchpoints" };
    let costs = question.is_whole().then(|| costs(&map, &meaning, report, policy.unit));
    let unit = |at: usize| {
        let cost = costs.as_ref().and_then(|costs| costs.get(at).copied());
        credits(&id(&map, policy.unit, at), at, &answers, totals.conversions, cost, &whole.units[at])
    };
    Ok(Some(AttributionAnswer {
        people: whole.people,
        journeys: totals.conversions + totals.nulls,
        outcomes: totals.conversions,
        value: totals.value.to_f64(),
        untouched: whole.untouched.conversions,
        without_answer: answers
            .iter()
            .filter(|answer| answer.shares.is_none())
            .map(|answer| WithoutAnswer { model: answer.model.name().to_owned(), why: why.to_owned() })
            .collect(),
        units: (0..fold.units()).map(unit).collect(),
        policy,
    }))
}

fn id(map: &TouchpointMap, unit: TouchUnit, at: usize) -> String {
    match unit {
        TouchUnit::Touchpoint => map.touchpoints[at].id.clone(),
        TouchUnit::Channel => map.channels[at].id.clone(),
    }
}

/// Sums what each touchpoint or channel cost.
fn costs(map: &TouchpointMap, meaning: &Meaning, report: &MapReport, unit: TouchUnit) -> Vec<i64> {
    let cost = |id: &str| report.touchpoints.iter().find(|known| known.touchpoint == id).map_or(0, |known| known.cost);
    let by_touchpoint: Vec<i64> = map.touchpoints.iter().map(|touchpoint| cost(&touchpoint.id)).collect();
    match unit {
        TouchUnit::Touchpoint => by_touchpoint,
        TouchUnit::Channel => {
            let mut by_channel = vec![0; map.channels.len()];
            for (place, cost) in meaning.touchpoints.iter().zip(by_touchpoint) {
                by_channel[place.channel] += cost;
            }
            by_channel
        }
    }
}

fn credits(id: &str, at: usize, answers: &[Answer], outcomes: u64, cost: Option<i64>, unit: &Unit) -> UnitCredits {
    let credits: Vec<ModelCredit> =
        answers.iter().filter_map(|answer| Some(credit(answer, *answer.shares.as_ref()?.get(at)?, at, outcomes, cost))).collect();
    let by_share = |one: &&ModelCredit, other: &&ModelCredit| one.share.value.partial_cmp(&other.share.value);
    let lowest = credits.iter().min_by(|one, other| by_share(one, other).unwrap_or(std::cmp::Ordering::Equal));
    let highest = credits.iter().max_by(|one, other| by_share(one, other).unwrap_or(std::cmp::Ordering::Equal));
    let disagreement = lowest.zip(highest).and_then(|(low, high)| {
        Some(Disagreement {
            low: low.share.value?,
            low_model: low.model.clone(),
            high: high.share.value?,
            high_model: high.model.clone(),
        })
    });
    UnitCredits {
        id: id.to_owned(),
        disagreement,
        credits,
        cost,
        new_to_file: share(unit.new_to_file(), unit.closed),
        first_impression: share(unit.first_impression(), unit.met_first),
    }
}

/// Names where an interval comes from.
fn method(answer: &Answer) -> &'static str {
    if answer.is_drawn { "drawn_orders" } else { "poisson_bootstrap" }
}

fn credit(answer: &Answer, estimate: Estimate, at: usize, outcomes: u64, cost: Option<i64>) -> ModelCredit {
    let credited = estimate.value * outcomes as f64;
    let value = answer.value.as_ref().map(|value| value[at]);
    let cost = cost.filter(|cost| *cost > 0).map(|cost| cost as f64);
    ModelCredit {
        model: answer.model.name().to_owned(),
        share: estimate.figure(outcomes, Evidence::E3, model::Unit::Share, method(answer)),
        outcomes: credited,
        value,
        cost_per_outcome: cost.filter(|_| credited > 1e-9).map(|cost| cost / credited),
        roi: cost.zip(value).map(|(cost, value)| (value - cost) / cost),
    }
}
