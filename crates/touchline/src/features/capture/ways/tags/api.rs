//! The tags, for whoever looks after them.

use super::{NewTag, Tag, given_away, svg};
use crate::features::account::Keeper;
use crate::features::capture::ways::{Ways, origin};
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::capture) fn routes() -> OpenApiRouter<Ways> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, retire)).routes(routes!(picture))
}

/// Lists every tag, the newest first; retired ones are among them.
#[utoipa::path(get, path = "/api/capture/tags", tag = "capture", responses(
    (status = 200, body = Vec<Tag>),
    (status = 401, body = Problem),
))]
async fn list(State(ways): State<Ways>) -> Result<Json<Vec<Tag>>, Refusal> {
    Ok(Json(ways.tags().all().await?))
}

/// Registers a tag.
#[utoipa::path(post, path = "/api/capture/tags", tag = "capture", request_body = NewTag, responses(
    (status = 201, body = Tag),
    (status = 400, description = "The tag is not sound, or its code was given away before.", body = Problem),
    (status = 401, body = Problem),
))]
async fn add(_: Keeper, State(ways): State<Ways>, Body(new): Body<NewTag>) -> Result<Response, Refusal> {
    let tag = new.checked(ways.now()).map_err(Refusal::told)?;
    if ways.tags().find(&tag.code).await?.is_some() {
        return Err(Refusal::told(given_away(&tag)));
    }
    ways.tags().add(&tag).await?;
    Ok((StatusCode::CREATED, Json(tag)).into_response())
}

/// Shows a tag; capitals make no difference.
#[utoipa::path(get, path = "/api/capture/tags/{code}", tag = "capture", params(
    ("code" = String, Path, description = "The code of the tag."),
), responses(
    (status = 200, body = Tag),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such tag.", body = Problem),
))]
async fn show(State(ways): State<Ways>, Path(code): Path<String>) -> Result<Json<Tag>, Refusal> {
    Ok(Json(ways.tags().find(&code).await?.ok_or_else(unknown)?))
}

/// Retires a tag: it leads nowhere from now on.
#[utoipa::path(delete, path = "/api/capture/tags/{code}", tag = "capture", params(
    ("code" = String, Path, description = "The code of the tag."),
), responses(
    (status = 204, description = "The tag is retired."),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such tag in use.", body = Problem),
))]
async fn retire(_: Keeper, State(ways): State<Ways>, Path(code): Path<String>) -> Result<StatusCode, Refusal> {
    if ways.tags().retire(&code, ways.now()).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// Draws the QR code of a tag, with the address by which this request came.
#[utoipa::path(get, path = "/api/capture/tags/{code}/qr.svg", tag = "capture", params(
    ("code" = String, Path, description = "The code of the tag."),
), responses(
    (status = 200, body = String, content_type = "image/svg+xml"),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such tag.", body = Problem),
))]
async fn picture(State(ways): State<Ways>, Path(code): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let tag = ways.tags().find(&code).await?.ok_or_else(unknown)?;
    let drawn = svg(&format!("{}/q/{}", origin(&headers, ways.https), tag.code)).map_err(Refusal::told)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response())
}

fn unknown() -> Refusal {
    Refusal::not_found("There is no such code in use", "`touchline tag list` shows those there are")
}
