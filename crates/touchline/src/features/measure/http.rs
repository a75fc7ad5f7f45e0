//! The figures of the map, for everybody or for one segment, and what the signals behind it say.

use super::live::{self, Live};
use super::lived_http;
use super::reports::{Latest, Reports};
use super::signals::{self, ChannelCount, Dark, Preview, UnmappedSignal};
use super::trend::{TrendWeek, trend};
use crate::failure::{Failure, Result as Done};
use crate::features::map::{Change, Maps, no_map, refused};
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use analysis::report::{MapReport, TouchpointFigures};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::map::nearest;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this room.
pub fn routes(reports: Reports) -> OpenApiRouter {
    let live = OpenApiRouter::new().routes(routes!(live::live)).with_state(Live::new(reports.clone()));
    let asking = super::asking::Asking::new(reports.clone());
    let instruments = super::experience::routes(asking.clone());
    let instruments = instruments.merge(super::effect::routes(asking.clone())).merge(super::base::routes(asking));
    OpenApiRouter::new()
        .routes(routes!(map))
        .routes(routes!(touchpoint))
        .routes(routes!(weeks))
        .routes(routes!(unmapped))
        .routes(routes!(dark))
        .routes(routes!(channels))
        .routes(routes!(preview))
        .with_state(reports.clone())
        .merge(super::alerts::routes(reports.clone()))
        .merge(super::annotations::routes(reports.clone()))
        .merge(super::objectives::routes(reports.clone()))
        .merge(super::plans::routes(reports.clone()))
        .merge(lived_http::routes(reports))
        .merge(live)
        .merge(instruments)
}

/// Is whom a report speaks of.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    pub(super) segment: Option<String>,
}

/// Tells what every touchpoint does, with its verdict.
#[utoipa::path(get, path = "/api/measure/map", tag = "measure", params(About), responses(
    (status = 200, body = MapReport),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn map(State(reports): State<Reports>, Asked(about): Asked<About>) -> Result<Response, Refusal> {
    let report = latest(&reports, &about).await?.report(about.segment.as_deref())?;
    Ok(Json(&*report).into_response())
}

/// Tells what one touchpoint does.
#[utoipa::path(get, path = "/api/measure/touchpoints/{id}", tag = "measure", params(
    ("id" = String, Path, description = "The touchpoint, by id."), About,
), responses(
    (status = 200, body = TouchpointFigures),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such touchpoint or segment, or no map yet.", body = Problem),
))]
async fn touchpoint(
    State(reports): State<Reports>,
    Path(id): Path<String>,
    Asked(about): Asked<About>,
) -> Result<Response, Refusal> {
    let report = latest(&reports, &about).await?.report(about.segment.as_deref())?;
    let figures = report.touchpoints.iter().find(|figures| figures.touchpoint == id);
    let figures = figures.ok_or_else(|| {
        let known = report.touchpoints.iter().map(|figures| figures.touchpoint.as_str());
        unknown("touchpoint", &id, known)
    })?;
    Ok(Json(figures).into_response())
}

/// Tells what happened at one touchpoint week by week, half a year back.
#[utoipa::path(get, operation_id = "touchpoint_weeks", path = "/api/measure/touchpoints/{id}/weeks", tag = "measure", params(
    ("id" = String, Path, description = "The touchpoint, by id."),
), responses(
    (status = 200, body = Vec<TrendWeek>),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn weeks(State(reports): State<Reports>, Path(id): Path<String>) -> Result<Json<Vec<TrendWeek>>, Refusal> {
    Ok(Json(aside(&reports, move |stores| trend(stores, &id)).await?.ok_or_else(no_map)?))
}

/// Lists the signals that no rule binds, the most frequent first, each with the touchpoint that it may belong to (M12).
#[utoipa::path(get, path = "/api/measure/unmapped", tag = "measure", responses(
    (status = 200, body = Vec<UnmappedSignal>),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn unmapped(State(reports): State<Reports>) -> Result<Json<Vec<UnmappedSignal>>, Refusal> {
    Ok(Json(aside(&reports, signals::unmapped).await?.ok_or_else(no_map)?))
}

/// Lists the touchpoints that should be heard of and are silent (M12), each with unmapped signals that may be its own.
#[utoipa::path(get, path = "/api/measure/dark", tag = "measure", responses(
    (status = 200, body = Vec<Dark>),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn dark(State(reports): State<Reports>) -> Result<Json<Vec<Dark>>, Refusal> {
    Ok(Json(aside(&reports, signals::dark).await?.ok_or_else(no_map)?))
}

/// Counts what came on each channel, web and offline alike, the most frequent first.
#[utoipa::path(get, path = "/api/measure/channels", tag = "measure", responses(
    (status = 200, body = Vec<ChannelCount>),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn channels(State(reports): State<Reports>) -> Result<Json<Vec<ChannelCount>>, Refusal> {
    Ok(Json(aside(&reports, signals::channels).await?.ok_or_else(no_map)?))
}

/// Tells what changed rules would move from where to where, and changes nothing.
#[utoipa::path(post, path = "/api/map/rules/preview", tag = "map", request_body = Change, responses(
    (status = 200, body = Preview),
    (status = 400, description = "The map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn preview(State(reports): State<Reports>, Body(change): Body<Change>) -> Result<Json<Preview>, Refusal> {
    // Beforehand, because what is wrong with a change is for whoever sent it, and what is wrong with a store is not.
    change.apply(&current_map(&reports).await?).map_err(refused)?;
    let preview = aside(&reports, move |stores| signals::preview(stores, &change)).await?;
    Ok(Json(preview.ok_or_else(no_map)?))
}

pub(super) async fn current_map(reports: &Reports) -> Result<model::TouchpointMap, Refusal> {
    Ok(Maps::new(reports.stores().state.clone()).current().await?.ok_or_else(no_map)?.map)
}

/// Reads the ledger on a thread that may block.
pub(super) async fn aside<T: Send + 'static>(
    reports: &Reports,
    read: impl FnOnce(&Stores) -> Done<T> + Send + 'static,
) -> Result<T, Refusal> {
    reports.settle().await;
    let stores = reports.stores().clone();
    let read = tokio::task::spawn_blocking(move || read(&stores)).await;
    Ok(read.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))??)
}

pub(super) async fn latest(reports: &Reports, about: &About) -> Result<Latest, Refusal> {
    let latest = reports.latest().await?.ok_or_else(no_map)?;
    if let Some(segment) = &about.segment {
        let known = || latest.map().segments.iter().map(|known| known.id.as_str());
        if !known().any(|known| known == segment) {
            return Err(unknown("segment", segment, known()));
        }
    }
    Ok(latest)
}

fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let hint = match nearest(id, known) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Read /api/map for those that exist".to_owned(),
    };
    Refusal::not_found(format!("There is no {what} `{id}`"), hint)
}
