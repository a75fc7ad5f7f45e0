//! Whether the server lives, whether it can work and why not, and its numbers. Living and working is told to everybody
//! and names no place on the machine; numbers are for this machine, or for whoever has the token.

use super::{Peer, Problem, Refusal};
use crate::platform::metrics;
use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, extract::Request};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is one thing that the server needs to work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Such as `state` or `disk`.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// In words, and what to do where it is not.
    pub says: String,
}

impl Check {
    /// Makes a check from what is right or what is wrong.
    #[must_use]
    pub fn of(name: &str, outcome: Result<impl Into<String>, impl Into<String>>) -> Self {
        let ok = outcome.is_ok();
        Self { name: name.to_owned(), ok, says: outcome.map_or_else(Into::into, Into::into) }
    }
}

/// Says whether the server can work, and why not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether everything is as it should be.
    pub ready: bool,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
}

/// Is a look at the installation on its way.
pub type Looking<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Knows how the installation is.
pub trait Vitals: Send + Sync {
    /// Looks at everything that the server needs.
    fn checks(&self) -> Looking<Vec<Check>>;

    /// Puts the numbers that are not counted as they happen into the metrics.
    fn gauge(&self) -> Looking<()>;
}

/// Is who tells of the installation, and whom the numbers are told beside this machine.
#[derive(Clone)]
pub struct Health {
    /// Looks.
    pub vitals: Arc<dyn Vitals>,
    /// The token with which another machine may ask for numbers.
    pub token: Option<Arc<str>>,
}

/// Returns `/healthz`, `/readyz` and `/metrics`.
pub fn health(health: Health) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(numbers)).with_state(health)
}

/// Tells that the server is alive.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "alive\n"
}

/// Tells whether the server can do its work, and where not, why.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn readyz(Shared(health): Shared<Health>) -> Response {
    let checks = health.vitals.checks().await;
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks })).into_response()
}

/// Tells the numbers of the server, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 403, description = "Asked from another machine without the token.", body = Problem),
))]
async fn numbers(Shared(health): Shared<Health>, peer: Option<Extension<Peer>>, request: Request) -> Result<Response, Refusal> {
    let peer = peer.map(|Extension(peer)| peer);
    if !may_read(peer, request.headers(), health.token.as_deref()) {
        return Err(Refusal::numbers_are_ours());
    }
    health.vitals.gauge().await;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics::render()).into_response())
}

/// This machine may, unless it is a proxy that passes somebody else's request on; so may whoever has the token.
fn may_read(peer: Option<Peer>, headers: &HeaderMap, token: Option<&str>) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if let (Some(given), Some(token)) = (given, token) {
        return given.as_bytes().ct_eq(token.as_bytes()).into();
    }
    let is_passed_on = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    peer.is_some_and(|Peer(address)| address.to_canonical().is_loopback()) && !is_passed_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[track_caller]
    fn check(peer: Option<&str>, headers: &[(&'static str, &str)], expected: bool) {
        let peer = peer.map(|address| Peer(address.parse::<IpAddr>().expect("is an address")));
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value"))).collect();
        assert_eq!(may_read(peer, &headers, Some("a long secret of ours")), expected, "{peer:?} {headers:?}");
    }

    #[test]
    fn numbers_are_for_this_machine_or_for_the_token() {
        check(Some("127.0.0.1"), &[], true);
        check(Some("::ffff:127.0.0.1"), &[], true);
        check(Some("203.0.113.7"), &[], false);
        check(None, &[], false);
        check(Some("127.0.0.1"), &[("x-forwarded-for", "203.0.113.7")], false);
        check(Some("203.0.113.7"), &[("authorization", "Bearer a long secret of ours")], true);
        check(Some("203.0.113.7"), &[("authorization", "Bearer a long secret of theirs")], false);
        check(Some("127.0.0.1"), &[("authorization", "Bearer wrong")], false);
    }
}
