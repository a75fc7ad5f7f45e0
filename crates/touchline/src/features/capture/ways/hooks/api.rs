//! The hooks, for whoever looks after them.

use super::{Hook, Part, Scheme, Trial, WantedHook, try_out};
use crate::features::account::Keeper;
use crate::features::capture::ways::Ways;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::capture) fn routes() -> OpenApiRouter<Ways> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, set, remove)).routes(routes!(attempt))
}

/// Is a hook as it is shown. The secret is told once, when it is drawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownHook {
    /// Its name.
    pub name: String,
    /// Where its sender sends to, on this server.
    pub path: String,
    /// How its sender signs.
    pub scheme: Scheme,
    /// What its bodies mean.
    pub parts: Vec<Part>,
    /// The secret, where it was drawn just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Is a body to be tried, and by what. Without parts, those of the hook are used.
#[derive(Clone, PartialEq, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Attempt {
    /// The body, as the sender sends it.
    #[schema(value_type = Object)]
    body: serde_json::Value,
    /// Parts to be tried in place of those of the hook.
    #[serde(default)]
    parts: Vec<Part>,
}

/// Lists the hooks.
#[utoipa::path(get, path = "/api/capture/hooks", tag = "capture", responses(
    (status = 200, body = Vec<ShownHook>),
    (status = 401, body = Problem),
))]
async fn list(_: Keeper, State(ways): State<Ways>) -> Result<Json<Vec<ShownHook>>, Refusal> {
    let hooks = ways.hooks().all().await?;
    Ok(Json(hooks.into_iter().map(|hook| shown(hook, None)).collect()))
}

/// Shows a hook.
#[utoipa::path(get, path = "/api/capture/hooks/{name}", tag = "capture", params(
    ("name" = String, Path, description = "The name of the hook."),
), responses(
    (status = 200, body = ShownHook),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such hook.", body = Problem),
))]
async fn show(_: Keeper, State(ways): State<Ways>, Path(name): Path<String>) -> Result<Json<ShownHook>, Refusal> {
    let hook = ways.hooks().find(&name).await?;
    Ok(Json(shown(hook.ok_or_else(unknown)?, None)))
}

/// Sets a hook, new or changed.
#[utoipa::path(put, path = "/api/capture/hooks/{name}", tag = "capture", params(
    ("name" = String, Path, description = "The name of the hook, which stands in its address."),
), request_body = WantedHook, responses(
    (status = 200, body = ShownHook),
    (status = 400, description = "A mapping or the secret is not sound.", body = Problem),
    (status = 401, body = Problem),
))]
async fn set(
    _: Keeper,
    State(ways): State<Ways>,
    Path(name): Path<String>,
    Body(wanted): Body<WantedHook>,
) -> Result<Json<ShownHook>, Refusal> {
    let before = ways.hooks().find(&name).await?;
    let (hook, drawn) = wanted.hook(&name, before, ways.now()).map_err(Refusal::told)?;
    ways.hooks().set(&hook).await?;
    Ok(Json(shown(hook, drawn)))
}

/// Takes a hook away; what it sent stays.
#[utoipa::path(delete, path = "/api/capture/hooks/{name}", tag = "capture", params(
    ("name" = String, Path, description = "The name of the hook."),
), responses(
    (status = 204, description = "The hook is gone."),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such hook.", body = Problem),
))]
async fn remove(_: Keeper, State(ways): State<Ways>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    if ways.hooks().remove(&name).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// Says what would become of a body, and stores nothing.
#[utoipa::path(post, path = "/api/capture/hooks/{name}/try", tag = "capture", params(
    ("name" = String, Path, description = "The name of the hook."),
), request_body = Attempt, responses(
    (status = 200, body = Trial),
    (status = 400, description = "A mapping is not sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such hook.", body = Problem),
))]
async fn attempt(
    State(ways): State<Ways>,
    Path(name): Path<String>,
    Body(attempt): Body<Attempt>,
) -> Result<Json<Trial>, Refusal> {
    let parts = match attempt.parts {
        parts if !parts.is_empty() => parts,
        _ => ways.hooks().find(&name).await?.ok_or_else(unknown)?.parts,
    };
    let body = attempt.body.to_string();
    Ok(Json(try_out(&parts, body.as_bytes()).map_err(Refusal::told)?))
}

fn shown(hook: Hook, secret: Option<String>) -> ShownHook {
    let path = format!("/v1/hook/{}", hook.name);
    ShownHook { name: hook.name, path, scheme: hook.scheme, parts: hook.parts, secret }
}

fn unknown() -> Refusal {
    Refusal::not_found("There is no such hook", "`touchline hook list` shows those there are")
}
