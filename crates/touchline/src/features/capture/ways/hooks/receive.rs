//! `POST /v1/hook/NAME`: checks the signature, reads the body, stores what it says.

use super::totals::follow;
use super::{Hook, Scheme};
use crate::features::capture::ways::Ways;
use crate::features::capture::wire::answer::{Outcome, not_taken, taken};
use crate::features::capture::{Caller, Delivery, NotTaken, Reason, SourceKind};
use crate::tell;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};

/// The largest body: an order of a thousand lines has half of it.
const BODY_BYTES_MAX: usize = 2 << 20;

/// Returns the route that senders reach.
pub(in crate::features::capture) fn routes() -> Router<Ways> {
    Router::new().route("/v1/hook/{name}", post(receive)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn receive(
    State(ways): State<Ways>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Ok(body) = body else {
        let says = tell!(body_too_large, "The body is larger than {limit} bytes, or broke off", limit = BODY_BYTES_MAX);
        return no(StatusCode::PAYLOAD_TOO_LARGE, says);
    };
    let hook = match ways.hooks().find(&name).await {
        Ok(Some(hook)) => hook,
        Ok(None) => {
            let reason = tell!(hook_unknown, "There is no such hook: see `touchline hook list`");
            return no(StatusCode::NOT_FOUND, reason);
        }
        Err(failure) => return not_taken(NotTaken::Failed(failure)),
    };
    if hook.scheme == Scheme::WooCommerce && is_greeting(&headers, &body) {
        return taken(&Outcome::default());
    }
    let parts = match read(&hook, &headers, &body, &ways) {
        Ok(parts) => parts,
        Err((status, reason)) => return no(status, reason),
    };
    let mut delivery = Delivery::default();
    for (mut part, changed) in parts {
        if let Some(changed) = changed
            && let Err(failure) = follow(&ways.state, &mut part, &changed).await
        {
            return not_taken(NotTaken::Failed(failure));
        }
        join(&mut delivery, part);
    }
    let refused = Outcome::told(&delivery.refused);
    let source = ways.source_named(&delivery.source, SourceKind::Server);
    match ways.capture.take_from(delivery, &source, &Caller::default()).await {
        Ok(receipt) => taken(&Outcome { receipt, refused }),
        Err(error) => not_taken(error),
    }
}

/// Is what a part has read, and the property by which it follows the totals of orders.
type ReadPart = (Delivery, Option<String>);

fn read(hook: &Hook, headers: &HeaderMap, body: &[u8], ways: &Ways) -> Result<Vec<ReadPart>, (StatusCode, Reason)> {
    let id = hook.scheme.check(&hook.secret, headers, body, ways.now()).map_err(|why| (StatusCode::UNAUTHORIZED, why))?;
    // Where no id is signed, one in a header could be changed by whoever repeats the body: then the body is its own id.
    let id = if id.is_empty() { blake3::hash(body).to_hex().to_string() } else { id };
    let parts = hook.bodies().map_err(|failure| {
        tracing::error!(hook = hook.name, what = failure.what, "a stored mapping does not bind");
        (StatusCode::INTERNAL_SERVER_ERROR, tell!(mapping_unsound, "The mapping of the hook does not work: set it again"))
    })?;
    let body = serde_json::from_slice(body)
        .map_err(|_| (StatusCode::BAD_REQUEST, tell!(body_unreadable, "The body is no JSON, or too deep")))?;
    Ok(parts.into_iter().zip(&hook.parts).map(|(part, told)| (part.read(&body, &id), told.changed.clone())).collect())
}

fn join(whole: &mut Delivery, part: Delivery) {
    (whole.source, whole.format) = (part.source, part.format);
    whole.arrivals.extend(part.arrivals);
    whole.claims.extend(part.claims);
    whole.traits.extend(part.traits);
    whole.refused.extend(part.refused);
}

/// Answers a sender of whom nothing was taken.
fn no(status: StatusCode, reason: Reason) -> Response {
    (status, Json(reason)).into_response()
}

/// Recognises what WooCommerce sends unsigned when a webhook is saved: `webhook_id=7`. Refused, it would not be saved.
fn is_greeting(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
    let number = body.strip_prefix(b"webhook_id=");
    is_form && number.is_some_and(|number| !number.is_empty() && number.len() <= 20 && number.iter().all(u8::is_ascii_digit))
}
