//! What clients are told. Most of them look at the status alone: 2xx means "forget it", 429 and 503 mean "later", and
//! any other 4xx makes them drop the whole batch. So a bad event is told in the body of a 200, and nothing but an
//! unreadable body or an unknown key is answered with 4xx.

use super::super::{NotTaken, Reason, Receipt};
use super::limits::{BODY_BYTES_MAX, REASONS_TOLD_MAX};
use super::request::Unreceived;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Is what became of a request that was taken.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    /// The counts.
    pub(crate) receipt: Receipt,
    /// The first of the refused events: place in the request, and why.
    pub(crate) refused: Vec<(usize, Reason)>,
}

#[derive(Serialize)]
struct Taken<'a> {
    success: bool,
    added: u64,
    duplicates: u64,
    refused: u64,
    #[serde(skip_serializing_if = "<[Told]>::is_empty")]
    reasons: &'a [Told<'a>],
}

#[derive(Serialize)]
struct Told<'a> {
    index: usize,
    code: &'a str,
    says: &'a str,
}

#[derive(Serialize)]
struct No<'a> {
    success: bool,
    code: &'a str,
    message: &'a str,
}

impl Outcome {
    /// Returns the reasons that an answer has room for.
    pub(crate) fn told(refused: &[super::super::Refused]) -> Vec<(usize, Reason)> {
        refused.iter().take(REASONS_TOLD_MAX).map(|refused| (refused.position, refused.reason.clone())).collect()
    }
}

/// Answers as the Segment protocol does, and tells the rest beside it.
pub(crate) fn taken(outcome: &Outcome) -> Response {
    let reasons: Vec<Told> =
        outcome.refused.iter().map(|(index, reason)| Told { index: *index, code: &reason.code, says: &reason.says }).collect();
    let Receipt { added, duplicates, refused } = outcome.receipt;
    unkept(Json(Taken { success: true, added, duplicates, refused, reasons: &reasons }).into_response())
}

/// Answers that nothing of the body can be read. Its bytes are in quarantine.
pub(crate) fn unreadable(reason: &Reason) -> Response {
    no(StatusCode::BAD_REQUEST, &reason.code, &reason.says)
}

/// Answers that nobody has the key, in the same words whether it is missing, wrong or retired.
pub(crate) fn unknown_key() -> Response {
    let says = "No source has this key. Take the key from `touchline source list` and send it as your client does: \
                as the user of basic authentication, as `writeKey` or as `X-Write-Key`";
    no(StatusCode::UNAUTHORIZED, "unknown_key", says)
}

/// Answers that a source takes nothing from the site whose page sends.
pub(crate) fn foreign_origin() -> Response {
    let says = "The source of this key takes nothing from this site. Add the site to the origins of the source";
    no(StatusCode::FORBIDDEN, "foreign_origin", says)
}

/// Answers a request that did not arrive.
pub(crate) fn unreceived(why: Unreceived) -> Response {
    let too_large = format!("The body is larger than {BODY_BYTES_MAX} bytes, as it came or unpacked. Send smaller batches");
    let (status, code, says) = match why {
        Unreceived::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", too_large.as_str()),
        Unreceived::UnknownPacking => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_encoding", "Send the body plain, or with gzip or deflate")
        }
        Unreceived::Broken => (StatusCode::BAD_REQUEST, "broken_body", "The body broke off, or is not packed as it says"),
        Unreceived::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow", "The body took too long to arrive"),
        Unreceived::Crowded => return later(StatusCode::SERVICE_UNAVAILABLE, 1, "Too many bodies are being read"),
    };
    let mut response = no(status, code, says);
    // The rest of the body is not read, so that nothing else can follow on this connection.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Answers that nothing was taken and that it may come again.
pub(crate) fn not_taken(why: NotTaken) -> Response {
    /// The disk or the state store is in trouble: soon enough to notice when it has recovered.
    const AFTER_FAILURE_S: u64 = 10;
    match why {
        NotTaken::Busy { retry_after_s, has_waited: false } => {
            later(StatusCode::TOO_MANY_REQUESTS, retry_after_s.max(1), "More is waiting than can be stored in good time")
        }
        NotTaken::Busy { retry_after_s, has_waited: true } => {
            later(StatusCode::SERVICE_UNAVAILABLE, retry_after_s.max(1), "Storing takes longer than anybody waits for an answer")
        }
        NotTaken::Failed(failure) => {
            tracing::error!(what = failure.what, because = failure.because.join("; "), "a delivery was not stored");
            later(StatusCode::SERVICE_UNAVAILABLE, AFTER_FAILURE_S, "The server cannot store anything just now")
        }
    }
}

fn later(status: StatusCode, retry_after_s: u64, says: &str) -> Response {
    let mut response = no(status, "later", says);
    // `X-RateLimit-Reset` would say the same, but clients disagree on whether it is a count or a date.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    response
}

fn no(status: StatusCode, code: &str, message: &str) -> Response {
    unkept((status, Json(No { success: false, code, message })).into_response())
}

/// Marks an answer as one that nobody keeps.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
