//! What somebody without an account sees by a link: the map, and its figures where the link shows them.

use super::reports::Reports;
use crate::features::map::Maps;
use crate::platform::http::{Path, Problem, Refusal};
use analysis::report::MapReport;
use axum::Json;
use axum::extract::State;
use model::TouchpointMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the route of links; it is open to everybody who has one.
pub fn open(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(shared)).with_state(reports)
}

/// Is what a link shows.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = MapShared)]
struct Shared {
    /// When the link ends, in microseconds.
    expires_at: i64,
    /// The map, without names of people.
    map: TouchpointMap,
    /// What its touchpoints do; none where the link shows the design alone.
    report: Option<MapReport>,
}

/// Shows a map to whoever has a link to it. No person is named, and none is counted alone.
#[utoipa::path(get, operation_id = "map_shared", path = "/api/share/{token}", tag = "measure", params(
    ("token" = String, Path, description = "The secret of the link."),
), responses(
    (status = 200, body = Shared),
    (status = 404, description = "The link is unknown, taken away or over.", body = Problem),
))]
async fn shared(State(reports): State<Reports>, Path(token): Path<String>) -> Result<Json<Shared>, Refusal> {
    let stores = reports.stores();
    let opened = Maps::new(stores.state.clone()).opened(&token, (stores.clock)()).await?;
    let gone = || Refusal::not_found("The link opens nothing", "It may be over: ask whoever sent it for a new one");
    let opened = opened.ok_or_else(gone)?;
    let mut report = None;
    if opened.share.figures
        && let Some(latest) = reports.latest().await?
    {
        let mut whole = MapReport::clone(&*latest.report(None)?);
        // A signal may be rare enough to stand for one person.
        whole.unmapped.clear();
        report = Some(whole);
    }
    Ok(Json(Shared { expires_at: opened.share.expires_at, map: opened.map, report }))
}
