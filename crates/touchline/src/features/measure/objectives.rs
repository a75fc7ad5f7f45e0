//! How far the objectives are: of each that names a number, where it is, where it was at the start, where it shall be, and the way
//! between, from the ledger.
//!
//! A number is that of thirty days, so that a busy Monday moves it little. *Now* are the thirty days up to the present moment, *the
//! start* those in which the objective was taken up, or the first ones of the data. Stretches are counted back from now, so the first one of
//! the data may be shorter than thirty days and is left out where there are others.

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
use analysis::trend::{TrendFold, Week};
use axum::Json;
use axum::extract::State;
use model::map::{Measured, ObjectiveMeasure};
use model::time::DAY;
use model::{Figure, Instant, Unit};
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
    let read = move |stores: &Stores| -> Done<Option<Option<TrendFold>>> {
        if !is_measured {
            return Ok(Some(None));
        }
        let Some(sense) = asked.sense(stores)? else { return Ok(None) };
        let meaning = sense.meaning;
        // The stretch that ends now is the one before the origin.
        scan(stores, || TrendFold::every(Arc::clone(&meaning), STRETCH, now.0.saturating_add(1))).map(|fold| Some(Some(fold)))
    };
    let fold = aside(&reports, read).await?.ok_or_else(no_map)?;
    let progress = |objective: &model::map::Objective| {
        let stages = stages_of_objective(objective.kind);
        let serves = map.touchpoints.iter().filter(|one| stages.contains(&one.primary_stage.as_str()));
        let touchpoints = serves.map(|one| one.id.clone()).collect();
        let (Some(aim), Some(fold)) = (&objective.aim, &fold) else {
            return unmeasured(&objective.id, touchpoints);
        };
        measured(&objective.id, aim, fold, now, touchpoints)
    };
    Ok(Json(map.objectives.iter().map(progress).collect()))
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

fn measured(id: &str, aim: &Measured, fold: &TrendFold, now: Instant, touchpoints: Vec<String>) -> ObjectiveProgress {
    let origin = now.0.saturating_add(1);
    let number_of = |at: i64| at.saturating_sub(origin).div_euclid(STRETCH);
    let from_of = |number: i64| origin.saturating_add(number.saturating_mul(STRETCH));
    let figure = |number: i64| figure_of(aim.measure, fold.stretch(number));
    let first = fold.weeks().map(|(from, _)| number_of(from)).min().unwrap_or(-1).min(-1);
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

fn figure_of(measure: ObjectiveMeasure, stretch: Option<&Week>) -> Figure {
    let empty = Week::default();
    let seen = stretch.unwrap_or(&empty);
    let exact = |value: f64, unit| Figure::exact(value, seen.all.people, unit);
    match measure {
        ObjectiveMeasure::People => exact(seen.all.people as f64, Unit::Count),
        ObjectiveMeasure::Interactions => exact(seen.all.interactions as f64, Unit::Count),
        ObjectiveMeasure::Outcomes => exact(seen.outcomes as f64, Unit::Count),
        ObjectiveMeasure::Value => exact(seen.value as f64, Unit::Money),
        ObjectiveMeasure::Conversion => share(proportion(seen.converted, seen.all.people), seen.all.people),
    }
}
