//! `GET /q/CODE`: records a scan and leads on.

use super::Tag;
use super::page::nowhere;
use crate::features::capture::ways::{Ways, caller, draw_id};
use crate::features::capture::{Caller, Delivery, SignalPolicy, Source, SourceKind};
use crate::platform::token;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::{Arrival, Identity, Instant};
use std::time::Duration;

/// So long somebody waits for the record at most; it goes on without them.
const PATIENCE: Duration = Duration::from_millis(800);

/// The cookie by which a second scan is known to be of the same device, where the source allows that.
const COOKIE: &str = "touchline_tag";
/// Browsers keep it 13 months, as regulators of several countries advise.
const COOKIE_S: u32 = 34_128_000;

/// Returns the route that everybody reaches.
pub(in crate::features::capture) fn routes() -> Router<Ways> {
    Router::new().route("/q/{code}", get(scan))
}

async fn scan(State(ways): State<Ways>, Path(code): Path<String>, request: Request) -> Response {
    let tag = match ways.tags().find(&code).await {
        Ok(Some(tag)) if tag.retired_at.is_some() => return nowhere(StatusCode::GONE, request.headers()),
        Ok(Some(tag)) => tag,
        Ok(None) => return nowhere(StatusCode::NOT_FOUND, request.headers()),
        Err(failure) => {
            tracing::error!(%failure, "a tag could not be looked up");
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response();
        }
    };
    // Whoever asks for the head only wants to know where it leads.
    if request.method() == Method::HEAD {
        return lead_on(&tag, None, ways.https);
    }
    let source = ways.source_named(&tag.source, SourceKind::Site);
    let caller = caller(&request);
    let visitor = if may_be_known(&source, &caller) { visitor(request.headers()) } else { None };
    let delivery = delivery(&tag, &source, visitor.as_deref(), ways.now());
    let capture = ways.capture.clone();
    let record = tokio::spawn(async move { capture.take_from(delivery, &source, &caller).await });
    match tokio::time::timeout(PATIENCE, record).await {
        Ok(Ok(Ok(_))) | Err(_) => {}
        Ok(Ok(Err(error))) => tracing::warn!(?error, "a scan was led on without being recorded"),
        Ok(Err(error)) => tracing::error!(%error, "recording a scan broke off"),
    }
    lead_on(&tag, visitor.as_deref(), ways.https)
}

/// Makes what one scan says.
fn delivery(tag: &Tag, source: &Source, visitor: Option<&str>, at: Instant) -> Delivery {
    let mut arrival = Arrival::new(draw_id(), tag.signature(), at, tag.form, tag.direction());
    arrival.source.clone_from(&source.name);
    arrival.identities = visitor.and_then(|visitor| Identity::new("anonymous", visitor)).into_iter().collect();
    arrival.props = Some(serde_json::json!({ "tag": tag.code }).to_string());
    Delivery { source: source.name.clone(), format: "tag", arrivals: vec![arrival], ..Delivery::default() }
}

/// Tells whether a device may be known again: a cookie that the policy would not let count is not set at all.
fn may_be_known(source: &Source, caller: &Caller) -> bool {
    let settings = &source.settings;
    let is_free = |wish: bool, policy: SignalPolicy| !wish || policy == SignalPolicy::Ignore;
    !settings.cookieless && is_free(caller.gpc, settings.gpc) && is_free(caller.dnt, settings.dnt) && !caller.prefetch
}

/// Returns the visitor that the browser names, or a new one.
fn visitor(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let known = pairs.find(|(name, value)| *name == COOKIE && token::is_possible(value)).map(|(_, value)| value.to_owned());
    known.or_else(|| token::Token::draw().ok().map(|drawn| drawn.secret().to_owned()))
}

/// Leads on to the registered target. Nobody may remember the answer: each scan has to come here.
fn lead_on(tag: &Tag, visitor: Option<&str>, https: bool) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    // A target is an address that was parsed, so it is a header too.
    if let Ok(target) = HeaderValue::from_str(&tag.destination()) {
        headers.insert(header::LOCATION, target);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let secure = if https { "; Secure" } else { "" };
    let cookie = |visitor| format!("{COOKIE}={visitor}; Path=/q/; Max-Age={COOKIE_S}; HttpOnly; SameSite=Lax{secure}");
    let cookie = visitor.map(cookie);
    if let Some(Ok(cookie)) = cookie.map(|cookie| HeaderValue::from_str(&cookie)) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
