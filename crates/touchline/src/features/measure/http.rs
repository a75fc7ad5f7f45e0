//! The figures of the map, for everybody or for one segment.

use crate::failure::{Failure, Result};
use crate::features::map::Maps;
use crate::platform::http::{Asked, Problem, Refusal};
use analysis::report::{MapReport, TouchpointFigures};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use model::map::nearest;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is a report on its way.
pub type Reporting<'a> = Pin<Box<dyn Future<Output = Result<Arc<MapReport>>> + Send + 'a>>;

/// Has the analysis of the current map ready, or makes it.
pub trait MapReports: Send + Sync {
    /// Returns the report of everybody, or of one segment that the map knows.
    fn report(&self, segment: Option<String>) -> Reporting<'_>;
}

/// Stands where no analysis is at hand, and says so.
pub struct NoReports;

impl MapReports for NoReports {
    fn report(&self, _: Option<String>) -> Reporting<'_> {
        Box::pin(async { Err(Failure::new("No analysis is at hand")) })
    }
}

type Rooms = (Arc<dyn MapReports>, Maps);

/// Returns the routes of this room.
pub fn routes(reports: Arc<dyn MapReports>, maps: Maps) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(map)).routes(routes!(touchpoint)).with_state((reports, maps))
}

/// Is whom a report speaks of.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct About {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Tells what every touchpoint does, with its verdict.
#[utoipa::path(get, path = "/api/measure/map", tag = "measure", params(About), responses(
    (status = 200, body = MapReport),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment.", body = Problem),
))]
async fn map(State(rooms): State<Rooms>, Asked(about): Asked<About>) -> Result<Response, Refusal> {
    let report = report(&rooms, about).await?;
    Ok(Json(&*report).into_response())
}

/// Tells what one touchpoint does.
#[utoipa::path(get, path = "/api/measure/touchpoints/{id}", tag = "measure", params(
    ("id" = String, Path, description = "The touchpoint, by id."), About,
), responses(
    (status = 200, body = TouchpointFigures),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such touchpoint or segment.", body = Problem),
))]
async fn touchpoint(State(rooms): State<Rooms>, Path(id): Path<String>, Asked(about): Asked<About>) -> Result<Response, Refusal> {
    let report = report(&rooms, about).await?;
    let figures = report.touchpoints.iter().find(|figures| figures.touchpoint == id);
    let figures = figures.ok_or_else(|| {
        let known = report.touchpoints.iter().map(|figures| figures.touchpoint.as_str());
        unknown("touchpoint", &id, known)
    })?;
    Ok(Json(figures).into_response())
}

async fn report((reports, maps): &Rooms, about: About) -> Result<Arc<MapReport>, Refusal> {
    if let Some(segment) = &about.segment {
        let map = maps.current().await?;
        let mut known = map.iter().flat_map(|version| &version.map.segments).map(|known| known.id.as_str());
        if !known.any(|known| known == segment) {
            let known = map.iter().flat_map(|version| &version.map.segments).map(|known| known.id.as_str());
            return Err(unknown("segment", segment, known));
        }
    }
    Ok(reports.report(about.segment).await?)
}

fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let hint = match nearest(id, known) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Read /api/map for those that exist".to_owned(),
    };
    Refusal::not_found(format!("There is no {what} `{id}`"), hint)
}
