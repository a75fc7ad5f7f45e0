//! Windows over a page as staff reach them.

use super::{NewPopup, Popup, Popups};
use crate::failure::Result;
use crate::features::account::Who;
use crate::platform::http::{Body, Problem, Refusal};
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub fn routes(popups: Popups) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(popups_shown, make_popup)).routes(routes!(change_popup, remove_popup)).with_state(popups)
}

/// Is proof that whoever asks may decide what every visitor sees: the owner, admins and analysts may.
struct Author;

impl<S: Send + Sync> FromRequestParts<S> for Author {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.keeps_house() || who.role == "analyst" { Ok(Self) } else { Err(Refusal::not_allowed()) }
    }
}

/// Is every window over a page.
#[derive(Serialize, Deserialize, ToSchema)]
struct PopupsShown {
    /// The windows with what became of them.
    popups: Vec<Popup>,
}

/// Is the number of a new window.
#[derive(Serialize, Deserialize, ToSchema)]
struct PopupMade {
    /// Its number.
    id: i64,
}

/// Is a window as it should be from now on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PopupChange {
    /// What it says, and when.
    settings: NewPopup,
    /// Whether it is shown to anybody.
    is_on: bool,
}

/// Lists the windows over pages, with what became of them.
#[utoipa::path(get, path = "/api/outreach/popups", tag = "outreach", responses(
    (status = 200, body = PopupsShown), (status = 401, body = Problem),
))]
async fn popups_shown(State(popups): State<Popups>) -> Result<Json<PopupsShown>, Refusal> {
    Ok(Json(PopupsShown { popups: popups.all().await? }))
}

/// Makes a window. Nobody sees it before it is switched on.
#[utoipa::path(post, path = "/api/outreach/popups", tag = "outreach", request_body = NewPopup, responses(
    (status = 201, body = PopupMade), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn make_popup(
    _: Author,
    State(popups): State<Popups>,
    Body(new): Body<NewPopup>,
) -> Result<(StatusCode, Json<PopupMade>), Refusal> {
    let id = popups.make(&new).await.map_err(Refusal::told)?;
    Ok((StatusCode::CREATED, Json(PopupMade { id })))
}

fn no_popup() -> Refusal {
    Refusal::not_found("There is no such window", "List them with GET /api/outreach/popups")
}

/// Changes a window, or switches it on or off.
#[utoipa::path(put, path = "/api/outreach/popups/{id}", tag = "outreach", request_body = PopupChange,
    params(("id" = String, Path, description = "The number of the window.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
async fn change_popup(
    _: Author,
    State(popups): State<Popups>,
    Path(id): Path<String>,
    Body(change): Body<PopupChange>,
) -> Result<StatusCode, Refusal> {
    let id = id.parse().map_err(|_| no_popup())?;
    let done = popups.change(id, &change.settings, change.is_on).await.map_err(Refusal::told)?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_popup()) }
}

/// Takes a window away. What the ledger knows of it stays.
#[utoipa::path(delete, path = "/api/outreach/popups/{id}", tag = "outreach",
    params(("id" = String, Path, description = "The number of the window.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn remove_popup(_: Author, State(popups): State<Popups>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let done = popups.remove(id.parse().map_err(|_| no_popup())?).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_popup()) }
}
