//! What belongs to a message and is handed out by itself: files, the HTML of a mail, a mail as it came.

use super::Talk;
use super::agents::{Agent, absent};
use super::files::{FILE_MAX, MessageFile};
use super::teams::InSight;
use crate::platform::http::{Path, Problem, Refusal};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(add_file)).layer(DefaultBodyLimit::max(FILE_MAX)))
        .routes(routes!(file))
        .routes(routes!(message_html))
        .routes(routes!(raw_mail))
}

/// Adds a file, to be named by a message within a day. Its name stands in the header `x-file-name`, percent-encoded.
#[utoipa::path(post, path = "/api/conversations/{id}/files", tag = "conversations",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(
        ("id" = String, Path, description = "The conversation."),
        ("x-file-name" = Option<String>, Header, description = "The name of the file, percent-encoded UTF-8."),
    ),
    responses(
        (status = 201, body = MessageFile), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem),
    ),
)]
async fn add_file(
    _: Agent,
    InSight(id): InSight,
    State(talk): State<Talk>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<MessageFile>), Refusal> {
    let too_large =
        || Refusal::malformed("A file has 1 byte to 10 MB", "Share a larger one in another way, and send its address");
    let body = body.map_err(|_| too_large())?;
    let owner = talk.inbox.owner(&id).await?.ok_or_else(absent)?;
    let name = headers.get("x-file-name").and_then(|name| name.to_str().ok()).unwrap_or_default();
    let added = talk.inbox.add_file(&id, owner, &percent_decoded(name), &body).await.map_err(Refusal::told)?;
    let added = added.ok_or_else(|| Refusal::unavailable("Many files wait to be sent just now", "Add it again in a minute"))?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Reads a name that stands percent-encoded in a header.
fn percent_decoded(text: &str) -> String {
    let pair = format!("name={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, name)| name.into_owned()).unwrap_or_default()
}

/// Hands out a file, as bytes to be stored, whatever it is.
#[utoipa::path(get, path = "/api/conversations/{id}/files/{file}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("file" = String, Path, description = "The file.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn file(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, file)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let opened = talk.file(&id, &file).await?;
    let opened =
        opened.ok_or_else(|| Refusal::not_found("There is no such file", "Show the conversation to see which there are"))?;
    Ok(opened.into_answer())
}

/// Tells the HTML of a mail, cleaned. To be shown in a frame without scripts and without an origin.
#[utoipa::path(get, path = "/api/conversations/{id}/messages/{seq}/html", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("seq" = String, Path, description = "The place of the message.")),
    responses((status = 200, body = String), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
async fn message_html(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, seq)): Path<(String, String)>,
) -> Result<Json<String>, Refusal> {
    let html = match seq.parse() {
        Ok(seq) => talk.inbox.html(&id, seq).await?,
        Err(_) => None,
    };
    html.map(Json).ok_or_else(|| Refusal::not_found("There is no HTML here", "Show the text of the message"))
}

/// Tells a mail as it came, to be looked at with another program.
#[utoipa::path(get, path = "/api/conversations/{id}/messages/{seq}/raw", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("seq" = String, Path, description = "The place of the message.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn raw_mail(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, seq)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let raw = match seq.parse() {
        Ok(seq) => talk.raw_mail(&id, seq).await?,
        Err(_) => None,
    };
    let raw = raw.ok_or_else(|| Refusal::not_found("No mail came here", "Show the text of the message"))?;
    // As a file of bytes: a browser must not take it for a page.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mail.eml\""),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, raw).into_response())
}
