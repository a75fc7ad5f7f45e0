//! Looking after sources: their keys, their settings, and what to paste into a client. For owner and admins alone.

use super::snippets::{clients, snippet};
use super::store::{OLD_KEYS_MAX, SOURCES_MAX, Source, SourceKind, SourceSettings, Sources, is_name};
use crate::fail;
use crate::features::account::Keeper;
use crate::platform::clock::Clock;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::map::nearest;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

type Room = (Sources, Clock);

/// Returns the routes of this part of the room.
pub(in crate::features::capture) fn routes(sources: Sources, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, retire))
        .routes(routes!(set))
        .routes(routes!(rotate, retire_old_keys))
        .routes(routes!(paste))
        .with_state((sources, clock))
}

/// Is a source that is to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSource {
    /// Its name, for ever.
    name: String,
    /// Where its clients run.
    kind: SourceKind,
    /// How careful we are with it.
    #[serde(default)]
    settings: SourceSettings,
}

/// Is a source with all its keys.
#[derive(Serialize, Deserialize, ToSchema)]
struct KeptSource {
    #[serde(flatten)]
    source: Source,
    /// Keys that were replaced and still work.
    old_keys: Vec<String>,
}

/// Is a text to be pasted into a client.
#[derive(Serialize, Deserialize, ToSchema)]
struct Snippet {
    /// The client.
    client: String,
    /// What to paste.
    text: String,
}

/// Is where clients reach this server.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Place {
    /// Such as `https://map.example.org`.
    url: String,
}

/// Lists the sources.
#[utoipa::path(get, path = "/api/capture/sources", tag = "capture", responses(
    (status = 200, body = Vec<Source>),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn list(_: Keeper, State((sources, _)): State<Room>) -> Json<Vec<Arc<Source>>> {
    Json(sources.all())
}

/// Makes a source, with a key for its clients.
#[utoipa::path(post, path = "/api/capture/sources", tag = "capture", request_body = NewSource, responses(
    (status = 201, body = KeptSource),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "The name is taken, or there are too many.", body = Problem),
))]
async fn add(
    _: Keeper,
    State((sources, clock)): State<Room>,
    Body(new): Body<NewSource>,
) -> Result<(StatusCode, Json<KeptSource>), Refusal> {
    if !is_name(&new.name) {
        return Err(Refusal::told(fail!(source_name, "A source needs a name of 1 to 100 letters", "Such as `site` or `till-2`")));
    }
    if sources.is_taken(&new.name).await? {
        return Err(Refusal::because_of(
            StatusCode::CONFLICT,
            fail!(source_taken, "There is or was a source `{name}`", "Choose another name", name = &new.name),
        ));
    }
    if sources.all().len() >= SOURCES_MAX {
        return Err(Refusal::because_of(
            StatusCode::CONFLICT,
            fail!(sources_many, "There are {limit} sources", "Retire one that sends nothing any more", limit = SOURCES_MAX),
        ));
    }
    check(&new.settings)?;
    let source = sources.add(&new.name, new.kind, new.settings, clock()).await?;
    Ok((StatusCode::CREATED, kept(&sources, &source).await?))
}

/// Shows a source with its keys.
#[utoipa::path(get, path = "/api/capture/sources/{id}", tag = "capture", params(("id" = String, Path, description = "The name.")), responses(
    (status = 200, body = KeptSource),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn show(_: Keeper, State((sources, _)): State<Room>, Path(name): Path<String>) -> Result<Json<KeptSource>, Refusal> {
    kept(&sources, &found(&sources, &name)?).await
}

/// Changes the settings of a source, for what arrives from now on.
#[utoipa::path(put, path = "/api/capture/sources/{id}/settings", tag = "capture", request_body = SourceSettings,
    params(("id" = String, Path, description = "The name.")), responses(
    (status = 200, body = KeptSource),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn set(
    _: Keeper,
    State((sources, _)): State<Room>,
    Path(name): Path<String>,
    Body(settings): Body<serde_json::Value>,
) -> Result<Json<KeptSource>, Refusal> {
    found(&sources, &name)?;
    // Settings hold no secret, so the words of the parser may be passed on: they name the key that is wrong.
    let settings: SourceSettings = serde_json::from_value(settings).map_err(|error| {
        Refusal::told(fail!(
            source_settings,
            "These settings cannot be used: {detail}",
            "Read docs/capture.md for them",
            detail = error.to_string()
        ))
    })?;
    check(&settings)?;
    sources.set(&name, &settings).await?;
    kept(&sources, &found(&sources, &name)?).await
}

/// Gives a source a new key; those before work on until they are retired.
#[utoipa::path(post, path = "/api/capture/sources/{id}/keys", tag = "capture", params(("id" = String, Path, description = "The name.")), responses(
    (status = 200, body = KeptSource),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, description = "Too many replaced keys still work.", body = Problem),
))]
async fn rotate(_: Keeper, State((sources, clock)): State<Room>, Path(name): Path<String>) -> Result<Json<KeptSource>, Refusal> {
    found(&sources, &name)?;
    if sources.old_keys(&name).await?.len() >= OLD_KEYS_MAX {
        let many = fail!(
            source_keys,
            "{limit} replaced keys of `{name}` still work",
            "Retire them first, when no client uses them any more",
            limit = OLD_KEYS_MAX,
            name = &name
        );
        return Err(Refusal::because_of(StatusCode::CONFLICT, many));
    }
    sources.rotate(&name, clock()).await?;
    kept(&sources, &found(&sources, &name)?).await
}

/// Ends the keys of a source that were replaced.
#[utoipa::path(delete, path = "/api/capture/sources/{id}/keys", tag = "capture", params(("id" = String, Path, description = "The name.")), responses(
    (status = 200, body = KeptSource),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn retire_old_keys(
    _: Keeper,
    State((sources, _)): State<Room>,
    Path(name): Path<String>,
) -> Result<Json<KeptSource>, Refusal> {
    let source = found(&sources, &name)?;
    sources.retire_old_keys(&name).await?;
    kept(&sources, &source).await
}

/// Ends a source: its keys work no more, what it sent stays.
#[utoipa::path(delete, path = "/api/capture/sources/{id}", tag = "capture", params(("id" = String, Path, description = "The name.")), responses(
    (status = 204),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn retire(_: Keeper, State((sources, clock)): State<Room>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    found(&sources, &name)?;
    sources.retire(&name, clock()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns what to paste into a client so that it sends to this source.
#[utoipa::path(get, path = "/api/capture/sources/{id}/snippets/{client}", tag = "capture", params(
    ("id" = String, Path, description = "The name."),
    ("client" = String, Path, description = "Such as `segment-node`."),
    Place,
), responses(
    (status = 200, body = Snippet),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn paste(
    _: Keeper,
    State((sources, _)): State<Room>,
    Path((name, client)): Path<(String, String)>,
    Asked(place): Asked<Place>,
) -> Result<Json<Snippet>, Refusal> {
    let source = found(&sources, &name)?;
    let Some(text) = snippet(&client, place.url.trim_end_matches('/'), &source) else {
        let hint = match nearest(&client, clients()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("The clients are: {}", clients().collect::<Vec<_>>().join(", ")),
        };
        return Err(Refusal::not_found(format!("There is no client `{client}`"), hint));
    };
    Ok(Json(Snippet { client, text }))
}

fn found(sources: &Sources, name: &str) -> Result<Arc<Source>, Refusal> {
    sources.named(name).ok_or_else(|| {
        let all = sources.all();
        let hint = match nearest(name, all.iter().map(|source| source.name.as_str())) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "List the sources to see those that exist".to_owned(),
        };
        Refusal::not_found(format!("There is no source `{name}`"), hint)
    })
}

async fn kept(sources: &Sources, source: &Arc<Source>) -> Result<Json<KeptSource>, Refusal> {
    let old_keys = sources.old_keys(&source.name).await?;
    Ok(Json(KeptSource { source: Source::clone(source), old_keys }))
}

/// Weights are few, so that people can keep them in mind.
const TRAIT_WEIGHT_MAX: u8 = 100;

/// Refuses settings that cannot be meant.
fn check(settings: &SourceSettings) -> Result<(), Refusal> {
    for origin in &settings.origins {
        let is_origin = url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !is_origin {
            return Err(Refusal::told(fail!(
                source_origin,
                "`{origin}` is no origin of a web site",
                "Write scheme and host alone, such as `https://shop.example.org`",
                origin = origin
            )));
        }
    }
    let days = [settings.retention_days, settings.text_days, settings.visitor_days, settings.machine_days];
    if days.contains(&Some(0)) {
        return Err(Refusal::told(fail!(
            source_days,
            "Nothing can be kept for 0 days",
            "Write 1 or more, or leave it out to keep it for ever"
        )));
    }
    if settings.trait_weight > TRAIT_WEIGHT_MAX {
        return Err(Refusal::told(fail!(
            source_weight,
            "A weight is at most {limit}",
            "Write 0, or more for what is believed first",
            limit = i64::from(TRAIT_WEIGHT_MAX)
        )));
    }
    Ok(())
}
