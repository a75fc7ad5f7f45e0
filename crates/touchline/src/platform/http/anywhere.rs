//! Answers that pages of any site may read: chat, pop-ups, surveys and comments stand on pages of the organisation, whatever their
//! address. No cookie is ever looked at, so nobody's rights are lent to a page.

use super::Refusal;
use crate::failure::{Failure, Result};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Answers with a document.
pub fn open(status: StatusCode, body: &Value) -> Response {
    readable((status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Lets pages of any site read an answer.
pub fn readable(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Answers with what came of it, or with why nothing did.
pub fn told(outcome: Result<Response>) -> Response {
    outcome.unwrap_or_else(|failure: Failure| readable(Refusal::from(failure).into_response()))
}

/// Answers what is no question of ours.
pub fn unreadable() -> Response {
    open(StatusCode::BAD_REQUEST, &json!({ "what": "This cannot be read" }))
}

/// Answers whoever asks for too much at once; again after so many seconds.
pub fn busy(after: &'static str) -> Response {
    ([(header::RETRY_AFTER, after)], open(StatusCode::TOO_MANY_REQUESTS, &json!({ "what": "That is a lot at once" })))
        .into_response()
}
