//! Looking after refused events. For owner and admins alone: events hold personal data.

use super::store::{Count, Held, Place, Quarantine, Replayed, Which};
use crate::features::account::Keeper;
use crate::features::capture::{Capture, NotTaken, Sources};
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

type Room = (Quarantine, Capture, Sources);

/// Returns the routes of this part of the room.
pub(in crate::features::capture) fn routes(capture: &Capture, sources: &Sources) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, discard_all))
        .routes(routes!(replay_all))
        .routes(routes!(show, mend, discard))
        .routes(routes!(replay))
        .with_state((capture.quarantine().clone(), capture.clone(), sources.clone()))
}

/// Is which events are meant.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct About {
    /// Those of one source; none: of all.
    #[serde(default)]
    source: String,
    /// Those refused for one reason, by its code; none: for any.
    #[serde(default)]
    code: String,
    /// Those received before this moment, in microseconds since 1970: the next page.
    before: Option<i64>,
    /// With `before`: also those received at that moment that come behind this number.
    after: Option<String>,
}

impl About {
    fn which(&self) -> Which {
        Which { source: self.source.clone(), code: self.code.clone() }
    }

    fn place(&self) -> Place {
        self.before.map_or(Place::START, |before| Place::of(before, self.after.as_deref()))
    }
}

/// Is a page of refused events.
#[derive(Serialize, Deserialize, ToSchema)]
struct Page {
    /// How many there are, per source and reason.
    counts: Vec<Count>,
    /// The newest that were asked for.
    events: Vec<Held>,
}

/// Is an event in full.
#[derive(Serialize, Deserialize, ToSchema)]
struct Shown {
    #[serde(flatten)]
    held: Held,
    /// The event as it came; none when it is not text.
    text: Option<String>,
    /// The event as it came, in base64, when it is not text.
    base64: Option<String>,
}

/// Is an event as it should have come.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Mended {
    /// The event, in the same format as it came.
    text: String,
}

/// Is what came of replaying many.
#[derive(Serialize, Deserialize, ToSchema)]
struct ReplayedAll {
    /// Events that are in the ledger now.
    taken: u64,
    /// Events that were refused again, and stay.
    refused: u64,
}

/// Lists refused events, newest first.
#[utoipa::path(get, path = "/api/capture/quarantine", tag = "capture", params(About), responses(
    (status = 200, body = Page),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn list(_: Keeper, State((quarantine, ..)): State<Room>, Asked(about): Asked<About>) -> Result<Json<Page>, Refusal> {
    let events = quarantine.list(&about.which(), &about.place()).await?;
    Ok(Json(Page { counts: quarantine.counts().await?, events }))
}

/// Discards every event that is meant.
#[utoipa::path(delete, path = "/api/capture/quarantine", tag = "capture", params(About), responses(
    (status = 200, description = "How many are gone.", body = u64, content_type = "application/json"),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn discard_all(_: Keeper, State((quarantine, ..)): State<Room>, Asked(about): Asked<About>) -> Result<Json<u64>, Refusal> {
    Ok(Json(quarantine.discard_all(&about.which()).await?))
}

/// Replays every event that is meant, oldest last; those refused again stay.
#[utoipa::path(post, path = "/api/capture/quarantine/replay", tag = "capture", params(About), responses(
    (status = 200, body = ReplayedAll),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 503, description = "More is waiting than can be stored just now.", body = Problem),
))]
async fn replay_all(
    _: Keeper,
    State((quarantine, capture, sources)): State<Room>,
    Asked(about): Asked<About>,
) -> Result<Json<ReplayedAll>, Refusal> {
    let mut outcome = ReplayedAll { taken: 0, refused: 0 };
    let mut place = about.place();
    loop {
        let page = quarantine.list(&about.which(), &place).await?;
        let Some(last) = page.last() else { return Ok(Json(outcome)) };
        place = Place::of(last.received, Some(&last.id));
        for held in &page {
            let Some((held, body)) = quarantine.find(&held.id).await? else { continue };
            match quarantine.replay(&held, &body, (&capture, &sources)).await.map_err(not_taken)? {
                Replayed::Taken { .. } => outcome.taken += 1,
                Replayed::Refused { .. } => outcome.refused += 1,
            }
        }
    }
}

/// Shows a refused event in full.
#[utoipa::path(get, path = "/api/capture/quarantine/{id}", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 200, body = Shown),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn show(_: Keeper, State((quarantine, ..)): State<Room>, Path(id): Path<String>) -> Result<Json<Shown>, Refusal> {
    let (held, body) = found(&quarantine, &id).await?;
    let (text, base64) = match String::from_utf8(body) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    };
    Ok(Json(Shown { held, text, base64 }))
}

/// Puts a mended event in the place of a refused one; replaying it is a step of its own.
#[utoipa::path(put, path = "/api/capture/quarantine/{id}", tag = "capture", request_body = Mended,
    params(("id" = String, Path, description = "Its number.")), responses(
    (status = 204),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn mend(
    _: Keeper,
    State((quarantine, ..)): State<Room>,
    Path(id): Path<String>,
    Body(mended): Body<Mended>,
) -> Result<StatusCode, Refusal> {
    let (held, _) = found(&quarantine, &id).await?;
    if mended.text.len() > super::store::BODY_MAX {
        let what = format!("The event is longer than {} bytes", super::store::BODY_MAX);
        return Err(Refusal::malformed(what, "Leave out what is not needed"));
    }
    quarantine.mend(&held, mended.text.as_bytes()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replays one event: it is read again by the format it came in, and counts as received when it came.
#[utoipa::path(post, path = "/api/capture/quarantine/{id}/replay", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 200, body = Replayed),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 503, description = "More is waiting than can be stored just now.", body = Problem),
))]
async fn replay(
    _: Keeper,
    State((quarantine, capture, sources)): State<Room>,
    Path(id): Path<String>,
) -> Result<Json<Replayed>, Refusal> {
    let (held, body) = found(&quarantine, &id).await?;
    Ok(Json(quarantine.replay(&held, &body, (&capture, &sources)).await.map_err(not_taken)?))
}

/// Discards one event.
#[utoipa::path(delete, path = "/api/capture/quarantine/{id}", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 204),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn discard(_: Keeper, State((quarantine, ..)): State<Room>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let (held, _) = found(&quarantine, &id).await?;
    quarantine.discard(&held).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(quarantine: &Quarantine, id: &str) -> Result<(Held, Vec<u8>), Refusal> {
    let found = quarantine.find(id).await?;
    found.ok_or_else(|| {
        Refusal::not_found("There is no such event in quarantine", "It was replayed, discarded, or made room for newer ones")
    })
}

fn not_taken(why: NotTaken) -> Refusal {
    match why {
        NotTaken::Busy { retry_after_s, .. } => Refusal::unavailable(
            "More is waiting than can be stored just now",
            format!("Try again in {retry_after_s} seconds; nothing was lost"),
        ),
        NotTaken::Failed(failure) => failure.into(),
    }
}
