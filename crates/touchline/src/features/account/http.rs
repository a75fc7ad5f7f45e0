//! Signing in and out, and the two doors in front of the other rooms.

use super::members::{Attempt, Credentials, Origin};
use super::{Accounts, Organisation, Who, audit, scopes};
use crate::platform::http::{Body, Peer, Problem, Refusal};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is how a session travels: a cookie that scripts cannot read and other sites cannot send.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    https: bool,
}

impl Cookie {
    /// Makes cookies for a site that browsers reach by HTTPS, or not.
    #[must_use]
    pub const fn new(https: bool) -> Self {
        Self { https }
    }

    /// Browsers take `__Host-` only over HTTPS, where it binds the cookie to this very host.
    const fn name(self) -> &'static str {
        if self.https { "__Host-touchline" } else { "touchline" }
    }

    fn header(self, secret: &str, max_age: Option<u32>) -> Option<HeaderValue> {
        let name = self.name();
        let secure = if self.https { "; Secure" } else { "" };
        let max_age = max_age.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        HeaderValue::from_str(&format!("{name}={secret}; HttpOnly; SameSite=Strict; Path=/{secure}{max_age}")).ok()
    }

    fn read(self, headers: &HeaderMap) -> Option<&str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name()).then_some(value))
    }
}

/// Is what a browser sends to sign in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The secret of the one-time link.
    token: String,
}

/// Returns the routes of this room; they alone are open to everybody.
pub fn routes(accounts: Accounts, cookie: Cookie) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_in, who, sign_out))
        .routes(routes!(sign_in_by_password))
        .with_state((accounts, cookie))
}

/// Signs in with the secret of a one-time link.
#[utoipa::path(post, path = "/api/session", tag = "account", request_body = SignIn, responses(
    (status = 200, description = "Signed in; the session is in the cookie.", body = Who),
    (status = 400, description = "The body cannot be read.", body = Problem),
    (status = 401, description = "The link is unknown, used or older than an hour.", body = Problem),
))]
async fn sign_in(
    State((accounts, cookie)): State<(Accounts, Cookie)>,
    headers: HeaderMap,
    Body(request): Body<SignIn>,
) -> Result<Response, Refusal> {
    let Some((session, who)) = accounts.sign_in_from(&request.token, browser(&headers)).await? else {
        return Err(Refusal::stale_link());
    };
    if let Some(old) = cookie.read(&headers) {
        accounts.sign_out(old).await?;
    }
    Ok(signed_in(cookie, session.secret(), who))
}

/// Signs in with an address, a password and, where one is set up, a code.
#[utoipa::path(post, path = "/api/session/password", tag = "account", request_body = Credentials, responses(
    (status = 200, description = "Signed in; the session is in the cookie.", body = Who),
    (status = 400, description = "The body cannot be read.", body = Problem),
    (status = 401, description = "The address, the password or the code is not right.", body = Problem),
    (status = 429, description = "There were too many attempts.", body = Problem),
))]
async fn sign_in_by_password(
    State((accounts, cookie)): State<(Accounts, Cookie)>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(given): Body<Credentials>,
) -> Result<Response, Refusal> {
    // A proxy on this machine stands for everybody: counted together they would lock each other out.
    let address = peer.map(|Extension(Peer(address))| address).filter(|address| !address.is_loopback());
    let from = Origin {
        browser: browser(&headers),
        session: cookie.read(&headers),
        address: address.map(|address| address.to_string()),
    };
    match accounts.sign_in_by_password(&given, &from).await? {
        Attempt::In(session, who) => Ok(signed_in(cookie, session.secret(), who)),
        Attempt::Proved | Attempt::Refused => Err(Refusal::not_you()),
        Attempt::TooMany => Err(Refusal::too_many_attempts()),
    }
}

fn browser(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|browser| browser.to_str().ok()).unwrap_or_default()
}

fn signed_in(cookie: Cookie, secret: &str, who: Who) -> Response {
    let mut response = Json(who).into_response();
    if let Some(value) = cookie.header(secret, Some(30 * 86_400)) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Is who is signed in, and how the pages of the organisation are dressed: every page asks for both, so they are one answer.
#[derive(Serialize, Deserialize, ToSchema)]
struct SignedIn {
    /// Who it is.
    #[serde(flatten)]
    who: Who,
    /// What the organisation wishes its pages to be like.
    organisation: Organisation,
}

/// Tells who is signed in, and how the pages of the organisation are dressed.
#[utoipa::path(get, path = "/api/session", tag = "account", responses(
    (status = 200, body = SignedIn),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
async fn who(State((accounts, cookie)): State<(Accounts, Cookie)>, headers: HeaderMap) -> Result<Json<SignedIn>, Refusal> {
    let who = match cookie.read(&headers) {
        Some(secret) => accounts.who(secret).await?,
        None => None,
    };
    let who = who.ok_or_else(Refusal::unauthenticated)?;
    Ok(Json(SignedIn { who, organisation: accounts.organisation().await? }))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "account", responses((status = 204, description = "Nobody is signed in now.")))]
async fn sign_out(State((accounts, cookie)): State<(Accounts, Cookie)>, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(secret) = cookie.read(&headers) {
        accounts.sign_out(secret).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(value) = cookie.header("", Some(0)) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Goes with a request that a session has let in: its secret, so that the session can be told from others.
#[derive(Clone)]
pub struct Present(pub Arc<str>);

/// Paths that are written to all the time and tell nothing about who changed what.
const NOT_NOTED: [&str; 3] = ["/presence", "/api/capture/interactions", "/typing"];

/// Is the door in front of every closed route: lets in whoever has a session, or a program with a token that may do
/// this, and tells the routes who it is. What has been changed is noted.
///
/// # Errors
/// Refuses with 401 whoever has none, and with 403 what the token may not do.
pub async fn closed(
    State((accounts, cookie)): State<(Accounts, Cookie)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let path = request.uri().path();
    let who = if let Some(bearer) = request.headers().get(header::AUTHORIZATION) {
        let bearer = bearer.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let (who, scopes) = accounts.who_bears(bearer).await?.ok_or_else(Refusal::unauthenticated)?;
        if !scopes::allow(&scopes, request.method(), path) {
            return Err(Refusal::out_of_scope());
        }
        who
    } else {
        let secret = cookie.read(request.headers()).ok_or_else(Refusal::unauthenticated)?;
        let who = accounts.who(secret).await?.ok_or_else(Refusal::unauthenticated)?;
        let present = Present(secret.into());
        request.extensions_mut().insert(present);
        who
    };
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    // This room notes its own changes where it makes them.
    let is_own = route.starts_with("/api/account") || route.starts_with("/api/organisation");
    let is_quiet = is_own || NOT_NOTED.iter().any(|end| route.ends_with(end));
    let noted = (!is_quiet && !scopes::only_asks(request.method(), &route)).then(|| format!("{} {route}", request.method()));
    request.extensions_mut().insert(who.clone());
    let response = next.run(request).await;
    if let Some(action) = noted.filter(|_| response.status().is_success()) {
        // It has been done already: that it cannot be noted must not make it look undone.
        if let Err(failure) = audit::note_after(&accounts.state, &who, &action, (accounts.clock)()).await {
            tracing::error!("a change could not be noted in the log: {failure}");
        }
    }
    Ok(response)
}

/// Is the door in front of everything that changes something: lets in only what our own pages send.
///
/// Browsers always send `Sec-Fetch-Site` or, the older ones, `Origin`. Programs that are no browsers send neither;
/// they hold no cookies of ours that somebody could abuse.
///
/// # Errors
/// Refuses with 403 what another site sends.
pub async fn same_origin(request: Request, next: Next) -> Result<Response, Refusal> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if safe || is_same_origin(request.headers()) { Ok(next.run(request).await) } else { Err(Refusal::cross_site()) }
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_origin(headers: &[(&'static str, &'static str)], expected: bool) {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().expect("name"), HeaderValue::from_static(value))).collect();
        assert_eq!(is_same_origin(&headers), expected, "{headers:?}");
    }

    #[test]
    fn other_sites_are_told_apart() {
        check_origin(&[("sec-fetch-site", "same-origin")], true);
        check_origin(&[("sec-fetch-site", "same-site")], false);
        check_origin(&[("sec-fetch-site", "cross-site"), ("origin", "http://here:1"), ("host", "here:1")], false);
        check_origin(&[("sec-fetch-site", "none")], false);
        check_origin(&[("origin", "http://here:1"), ("host", "here:1")], true);
        check_origin(&[("origin", "http://here:2"), ("host", "here:1")], false);
        check_origin(&[("origin", "null"), ("host", "here:1")], false);
        check_origin(&[], true);
    }

    #[test]
    fn cookies_are_bound_to_the_host_where_they_can_be() {
        let plain = Cookie::new(false).header("s", None).expect("text");
        assert_eq!(plain, "touchline=s; HttpOnly; SameSite=Strict; Path=/");
        let https = Cookie::new(true).header("s", Some(9)).expect("text");
        assert_eq!(https, "__Host-touchline=s; HttpOnly; SameSite=Strict; Path=/; Secure; Max-Age=9");
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; touchline=secret; b=2"));
        assert_eq!(Cookie::new(false).read(&headers), Some("secret"));
        assert_eq!(Cookie::new(true).read(&headers), None);
    }
}
