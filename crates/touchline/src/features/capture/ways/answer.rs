//! What programs are answered that send to us: what was taken, and for each row that was not, why.

use crate::failure::Failure;
use crate::features::capture::{NotTaken, Reason, Receipt, Refused};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a row that was refused, as its sender is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Told {
    /// Its place in the body, from 0.
    pub position: usize,
    /// Why, for programs.
    pub code: String,
    /// Why, for people; it names columns, never their content.
    pub says: String,
}

impl Told {
    /// Tells of a refused row.
    pub(super) fn of(refused: &Refused) -> Self {
        Self { position: refused.position, code: refused.reason.code.clone(), says: refused.reason.says.clone() }
    }
}

/// Says what was taken; it is durable.
pub(super) fn taken(receipt: &Receipt, refused: Vec<Told>) -> Response {
    let body = serde_json::json!({ "added": receipt.added, "duplicates": receipt.duplicates, "refused": refused });
    (StatusCode::OK, Json(body)).into_response()
}

/// Says that nothing of a request could be read.
pub(super) fn refused(status: StatusCode, reason: Reason) -> Response {
    (status, Json(reason)).into_response()
}

/// Says that nothing was taken, and when to come again.
pub(super) fn not_taken(error: NotTaken) -> Response {
    match error {
        NotTaken::Busy { retry_after_s } => busy(retry_after_s, "More is waiting than can be stored in good time"),
        NotTaken::Failed(failure) => failed(failure),
    }
}

/// Tells the log what went wrong inside, and the client to come again.
pub(super) fn failed(failure: Failure) -> Response {
    tracing::error!(what = failure.what, because = failure.because.join("; "), "nothing was taken");
    busy(5, "The server cannot store anything just now")
}

fn busy(retry_after_s: u64, says: &str) -> Response {
    let reason = Json(Reason::new("not_taken", format!("{says}: send the same again in {retry_after_s} s")));
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, retry_after_s.to_string())], reason).into_response()
}
