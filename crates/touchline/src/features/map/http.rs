//! The current map, and changes of its rules.

use super::{Author, Change, Maps};
use crate::failure::Failure;
use crate::features::account::Keeper;
use crate::platform::clock::Clock;
use crate::platform::http::{Body, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use model::TouchpointMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this room.
pub fn routes(maps: Maps, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(current))
        .routes(routes!(change))
        .with_state((maps.clone(), clock.clone()))
        .merge(super::desk::routes(maps.clone(), clock.clone()))
        .merge(super::ideas::routes(maps.clone(), clock.clone()))
        .merge(super::shares::routes(maps, clock))
}

/// Tells what the organisation designed.
#[utoipa::path(get, path = "/api/map", tag = "map", responses(
    (status = 200, body = TouchpointMap),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn current(State((maps, _)): State<(Maps, Clock)>) -> Result<Json<TouchpointMap>, Refusal> {
    Ok(Json(maps.current().await?.ok_or_else(no_map)?.map))
}

/// Says that a version is current.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Saved {
    /// The number of the version.
    pub version: i64,
}

/// Changes the rules: every report of the past is read by them at once. Earlier versions of the map stay.
#[utoipa::path(post, path = "/api/map/rules", tag = "map", request_body = Change, responses(
    (status = 200, body = Saved),
    (status = 400, description = "The map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn change(
    State((maps, clock)): State<(Maps, Clock)>,
    Keeper(who): Keeper,
    Body(change): Body<Change>,
) -> Result<Json<Saved>, Refusal> {
    let map = maps.current().await?.ok_or_else(no_map)?.map;
    let changed = change.apply(&map).map_err(refused)?;
    Ok(Json(Saved { version: maps.replace(&changed, &change.note, &Author::from(&who), clock()).await? }))
}

/// Says that there is no map.
#[must_use]
pub fn no_map() -> Refusal {
    Refusal::not_found("There is no map yet", "Make one in First steps, or apply a file: touchline map apply FILE")
}

/// Says to a client what is wrong with a map that it sent: every problem at once.
#[must_use]
pub fn refused(failure: Failure) -> Refusal {
    let mut refusal = Refusal::malformed(failure.what, failure.hint.unwrap_or_default());
    refusal.problem.because = failure.because;
    refusal
}
