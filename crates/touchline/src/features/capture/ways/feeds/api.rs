//! Feeds and publications, for whoever looks after them.

use super::{Feed, NewFeed, NewPublication, Publication};
use crate::features::account::Keeper;
use crate::features::capture::ways::Ways;
use crate::features::capture::ways::tags::given_away;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::capture) fn routes() -> OpenApiRouter<Ways> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(set))
        .routes(routes!(publications, publish))
        .routes(routes!(withdraw))
}

/// Lists the feeds, with the number of their subscribers as programs tell it.
#[utoipa::path(get, path = "/api/capture/feeds", tag = "capture", responses(
    (status = 200, body = Vec<Feed>),
    (status = 401, body = Problem),
))]
async fn list(State(ways): State<Ways>) -> Result<Json<Vec<Feed>>, Refusal> {
    Ok(Json(ways.feeds().all(ways.now()).await?))
}

/// Sets a feed, new or changed.
#[utoipa::path(put, path = "/api/capture/feeds/{name}", tag = "capture", params(
    ("name" = String, Path, description = "The name of the feed, which stands in its address."),
), request_body = NewFeed, responses(
    (status = 204, description = "The feed is as it shall be."),
    (status = 400, description = "The feed is not sound.", body = Problem),
    (status = 401, body = Problem),
))]
async fn set(
    _: Keeper,
    State(ways): State<Ways>,
    Path(name): Path<String>,
    Body(new): Body<NewFeed>,
) -> Result<StatusCode, Refusal> {
    let feed = new.checked(&name).map_err(Refusal::told)?;
    ways.feeds().set(&feed, ways.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the publications of a feed as it shows them, the newest first.
#[utoipa::path(get, path = "/api/capture/feeds/{name}/publications", tag = "capture", params(
    ("name" = String, Path, description = "The name of the feed."),
), responses(
    (status = 200, body = Vec<Publication>),
    (status = 401, body = Problem),
))]
async fn publications(State(ways): State<Ways>, Path(name): Path<String>) -> Result<Json<Vec<Publication>>, Refusal> {
    Ok(Json(ways.feeds().publications(&name, ways.now()).await?))
}

/// Publishes in a feed.
#[utoipa::path(post, path = "/api/capture/feeds/{name}/publications", tag = "capture", params(
    ("name" = String, Path, description = "The name of the feed."),
), request_body = NewPublication, responses(
    (status = 201, body = Publication),
    (status = 400, description = "The publication is not sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such feed.", body = Problem),
))]
async fn publish(
    _: Keeper,
    State(ways): State<Ways>,
    Path(name): Path<String>,
    Body(new): Body<NewPublication>,
) -> Result<Response, Refusal> {
    let now = ways.now();
    let feed = ways.feeds().find(&name, now).await?;
    let feed = feed.ok_or_else(|| Refusal::not_found("There is no such feed", "`touchline feed list` shows those there are"))?;
    let (publication, tag) = new.checked(&feed, now).map_err(Refusal::told)?;
    if ways.tags().find(&tag.code).await?.is_some() {
        return Err(Refusal::told(given_away(&tag)));
    }
    ways.feeds().publish(&publication, &tag, now).await?;
    Ok((StatusCode::CREATED, Json(publication)).into_response())
}

/// Takes a publication out of its feed; its link still leads on.
#[utoipa::path(delete, path = "/api/capture/publications/{code}", tag = "capture", params(
    ("code" = String, Path, description = "The code of the publication."),
), responses(
    (status = 204, description = "The publication is not in the feed any more."),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such publication in a feed.", body = Problem),
))]
async fn withdraw(_: Keeper, State(ways): State<Ways>, Path(code): Path<String>) -> Result<StatusCode, Refusal> {
    if ways.feeds().withdraw(&code, ways.now()).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::not_found("There is no such publication in a feed", "`touchline feed list` shows those there are"))
}
