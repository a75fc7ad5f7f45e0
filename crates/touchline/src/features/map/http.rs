//! The current map.

use super::Maps;
use crate::platform::http::{Problem, Refusal};
use axum::Json;
use axum::extract::State;
use model::TouchpointMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this room.
pub fn routes(maps: Maps) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(current)).with_state(maps)
}

/// Tells what the organisation designed.
#[utoipa::path(get, path = "/api/map", tag = "map", responses(
    (status = 200, body = TouchpointMap),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn current(State(maps): State<Maps>) -> Result<Json<TouchpointMap>, Refusal> {
    let version = maps.current().await?;
    let version = version.ok_or_else(|| Refusal::not_found("There is no map yet", "Apply one: touchline map apply FILE"))?;
    Ok(Json(version.map))
}
