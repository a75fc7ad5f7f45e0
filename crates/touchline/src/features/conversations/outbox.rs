//! What is decided about conversations, and how our own letters stand.

use super::settings::InboxSettings;
use super::teams::Reader;
use super::{ShownLetter, Talk};
use crate::features::account::{Keeper, Who};
use crate::platform::http::{Body, Problem, Refusal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(inbox_settings, change_inbox_settings)).routes(routes!(letters))
}

/// Tells what is decided about conversations; passwords are not told.
#[utoipa::path(get, path = "/api/conversations/settings", tag = "conversations", responses(
    (status = 200, body = InboxSettings), (status = 401, body = Problem),
))]
async fn inbox_settings(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<InboxSettings>, Refusal> {
    Ok(Json(talk.inbox.settings().await?.told(who.keeps_house())))
}

/// Decides about conversations anew. An empty password stays what it was.
#[utoipa::path(put, path = "/api/conversations/settings", tag = "conversations", request_body = InboxSettings, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn change_inbox_settings(
    _: Keeper,
    State(talk): State<Talk>,
    Body(settings): Body<InboxSettings>,
) -> Result<StatusCode, Refusal> {
    settings.save(&talk.inbox.stores).await.map_err(Refusal::told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Is the last letters, and how ours are signed.
#[derive(Serialize, Deserialize, ToSchema)]
struct Outbox {
    /// The letters, the latest first.
    letters: Vec<ShownLetter>,
    /// Whether they are caught here, because no server is named that sends them.
    is_caught: bool,
    /// The records of the domain's zone by which receivers check our signatures.
    dkim_records: Vec<DkimRecord>,
    /// How fetching mail from a mailbox stands; none: none is fetched.
    fetching: Option<Fetching>,
}

/// Is one record of a zone.
#[derive(Serialize, Deserialize, ToSchema)]
struct DkimRecord {
    /// Its name below the domain.
    name: String,
    /// Its text.
    text: String,
}

/// Is how fetching mail stands.
#[derive(Serialize, Deserialize, ToSchema)]
struct Fetching {
    /// When the mailbox was last read whole, in microseconds since 1970.
    looked_at: i64,
    /// What is in the way; empty: nothing.
    trouble: String,
}

/// Lists the last letters: sent, waiting, stopped with the reason, or caught where no server sends.
#[utoipa::path(get, path = "/api/conversations/mail", tag = "conversations", responses(
    (status = 200, body = Outbox), (status = 401, body = Problem),
))]
async fn letters(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<Outbox>, Refusal> {
    let is_caught = talk.inbox.settings().await?.mail.server.is_empty();
    let fetching = talk.fetching().await?.map(|(looked_at, trouble)| Fetching { looked_at, trouble });
    let dkim_records = talk.dkim_records().await?.into_iter().map(|(name, text)| DkimRecord { name, text }).collect();
    Ok(Json(Outbox { letters: talk.inbox.letters(Reader::of(&who)).await?, is_caught, dkim_records, fetching }))
}
