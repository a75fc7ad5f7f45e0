//! How far the objectives are: of each that names a number, where it is, where it was at the start, where it shall be, and the way
//! between, from the ledger.
//!
//! A number is that of thirty days, so that a busy Monday moves it little. *Now* are the thirty days up to the present moment, *the
//! start* those in which the objective was taken up, or the first ones of the data. Stretches are counted back from now, so the first one of
//! the data may be shorter than thirty days and is left out where there are others.
//!
//! People, interactions, outcomes, value and conversion are of known people (the trend); satisfaction, recommendation, cost and cost per
//! outcome count everybody, as the report does; who comes back is of known people.

use super::analysis::scan;
use super::http::{About, aside, latest};
use super::lived::LivedAsked;
use super::reports::Reports;
use super::sequences::share;
use crate::failure::Result as Done;
use crate::features::goals::stages_of_objective;
use crate::features::map::no_map;
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Problem, Refusal};
use analysis::intervals::proportion;
use analysis::stretches::StretchFold;
use analysis::trend::TrendFold;
use axum::Json;
use axum::extract::State;
use model::map::{Measured, ObjectiveMeasure};
use model::time::DAY;
use model::{Figure, Instant, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long the stretches are whose numbers are compared.
const STRETCH: i64 = 30 * DAY;
/// So many of them are shown.
const SHOWN: i64 = 12;

pub(super) fn routes(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(objectives)).with_state(reports)
}

/// Is how far an objective is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct ObjectiveProgress {
    /// The objective, by id.
    objective: String,
    /// By which number it is seen, and where that shall be; none: by none yet, and nothing else is told.
    aim: Option<Measured>,
    /// The number of the last thirty days.
    now: Option<Figure>,
    /// The number at the start.
    start: Option<Figure>,
    /// When the thirty days of the start began, UTC microseconds.
    start_at: Option<i64>,
    /// The part of the way from the start to the target that is behind; below 0 it went the other way. None: it cannot be told.
    progress: Option<f64>,
    /// Stretch by stretch, the oldest first.
    path: Vec<ObjectiveStretch>,
    /// The touchpoints that serve it, by id: those whose main stage is one that such an objective is about.
    touchpoints: Vec<String>,
}

/// Is the number of one stretch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
struct ObjectiveStretch {
    /// When it began, UTC microseconds.
    from: i64,
    /// Its number.
    figure: Figure,
}

/// Tells how far each objective is.
#[utoipa::path(get, operation_id = "objective_progress", path = "/api/measure/objectives", tag = "measure", params(About), responses(
    (status = 200, body = Vec<ObjectiveProgress>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn objectives(State(reports): State<Reports>, Asked(about): Asked<About>) -> Result<Json<Vec<ObjectiveProgress>>, Refusal> {
    let map = latest(&reports, &about).await?.map().clone();
    let now = reports.stores().now();
    let is_measured = map.objectives.iter().any(|objective| objective.aim.is_some());
    let asked = LivedAsked { segment: about.segment, ..LivedAsked::default() };
    let read = move |stores: &Stores| -> Done<Option<Option<Counted>>> {
        if !is_measured {
            return Ok(Some(None));
        }
        let Some(sense) = asked.sense(stores)? else { return Ok(None) };
        let meaning = sense.meaning;
        // The stretch that ends now is the one before the origin.
        let origin = now.0.saturating_add(1);
        let trend = scan(stores, || TrendFold::every(Arc::clone(&meaning), STRETCH, origin))?;
        let more = scan(stores, || StretchFold::new(Arc::clone(&meaning), STRETCH, origin))?;
        Ok(Some(Some(Counted { map: sense.map, trend, more })))
    };
    let counted = aside(&reports, read).await?.ok_or_else(no_map)?;
    let progress = |objective: &model::map::Objective| {
        let stages = stages_of_objective(objective.kind);
        let serves = map.touchpoints.iter().filter(|one| stages.contains(&one.primary_stage.as_str()));
        let touchpoints = serves.map(|one| one.id.clone()).collect();
        let (Some(aim), Some(counted)) = (&objective.aim, &counted) else {
            return unmeasured(&objective.id, touchpoints);
        };
        measured(&objective.id, aim, counted, now, touchpoints)
    };
    Ok(Json(map.objectives.iter().map(progress).collect()))
}

/// Is what was counted, stretch by stretch, and the map by which it was.
struct Counted {
    map: TouchpointMap,
    trend: TrendFold,
    more: StretchFold,
}

fn unmeasured(id: &str, touchpoints: Vec<String>) -> ObjectiveProgress {
    ObjectiveProgress {
        objective: id.to_owned(),
        aim: None,
        now: None,
        start: None,
        start_at: None,
        progress: None,
        path: Vec::new(),
        touchpoints,
    }
}

fn measured(id: &str, aim: &Measured, counted: &Counted, now: Instant, touchpoints: Vec<String>) -> ObjectiveProgress {
    let origin = now.0.saturating_add(1);
    let number_of = |at: i64| at.saturating_sub(origin).div_euclid(STRETCH);
    let from_of = |number: i64| origin.saturating_add(number.saturating_mul(STRETCH));
    let figure = |number: i64| counted.figure(aim, number);
    let first = counted.trend.weeks().map(|(from, _)| number_of(from)).min().unwrap_or(-1).min(-1);
    // The first stretch is seldom whole.
    let first_whole = if first < -1 { first + 1 } else { first };
    let begun = aim.since.map_or(first_whole, number_of).clamp(first_whole, -1);
    let (at_start, at_present) = (figure(begun), figure(-1));
    let progress = match (at_start.value, at_present.value) {
        (Some(was), Some(is)) if (aim.target - was).abs() > f64::EPSILON => {
            Some((is - was) / (aim.target - was)).filter(|part| part.is_finite())
        }
        _ => None,
    };
    let shown = (first_whole.max(-SHOWN)..=-1).map(|number| ObjectiveStretch { from: from_of(number), figure: figure(number) });
    ObjectiveProgress {
        objective: id.to_owned(),
        aim: Some(aim.clone()),
        now: Some(at_present),
        start: Some(at_start),
        start_at: Some(from_of(begun)),
        progress,
        path: shown.collect(),
        touchpoints,
    }
}

impl Counted {
    /// Returns the number of one stretch; unknown where it is that of a touchpoint that the map has no more, or of which there is none.
    fn figure(&self, aim: &Measured, number: i64) -> Figure {
        use ObjectiveMeasure as M;
        let unit = unit_of(aim.measure);
        let Some(id) = &aim.touchpoint else { return self.of_all(aim.measure, number) };
        let Some(at) = self.map.touchpoint(id) else { return Figure::unknown(unit) };
        let seen = self.trend.stretch(number).and_then(|seen| seen.touchpoints.get(at)).copied().unwrap_or_default();
        match aim.measure {
            M::People => Figure::exact(seen.people as f64, seen.people, unit),
            M::Interactions => Figure::exact(seen.interactions as f64, seen.people, unit),
            M::Satisfaction => self.more.satisfaction(number, Some(at)),
            M::Recommendation => self.more.recommendation(number, Some(at)),
            M::Cost => self.more.cost(&self.map, number, Some(at)),
            M::Outcomes | M::Value | M::Conversion | M::CostPerOutcome | M::Retention => Figure::unknown(unit),
        }
    }

    fn of_all(&self, measure: ObjectiveMeasure, number: i64) -> Figure {
        use ObjectiveMeasure as M;
        let seen = self.trend.stretch(number).cloned().unwrap_or_default();
        let exact = |value: f64| Figure::exact(value, seen.all.people, unit_of(measure));
        match measure {
            M::People => exact(seen.all.people as f64),
            M::Interactions => exact(seen.all.interactions as f64),
            M::Outcomes => exact(seen.outcomes as f64),
            M::Value => exact(seen.value as f64),
            M::Conversion => share(proportion(seen.converted, seen.all.people), seen.all.people),
            M::Satisfaction => self.more.satisfaction(number, None),
            M::Recommendation => self.more.recommendation(number, None),
            M::Cost => self.more.cost(&self.map, number, None),
            M::CostPerOutcome => self.more.cost_per_outcome(&self.map, number),
            M::Retention => self.more.retention(number),
        }
    }
}

const fn unit_of(measure: ObjectiveMeasure) -> Unit {
    use ObjectiveMeasure as M;
    match measure {
        M::People | M::Interactions | M::Outcomes => Unit::Count,
        M::Value | M::Cost | M::CostPerOutcome => Unit::Money,
        M::Conversion | M::Satisfaction | M::Retention => Unit::Share,
        M::Recommendation => Unit::Points,
    }
}
