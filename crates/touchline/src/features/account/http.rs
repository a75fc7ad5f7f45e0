//! Signing in and out, and the two doors in front of the other rooms.

use super::{Accounts, Who};
use crate::platform::http::{Body, Problem, Refusal};
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
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
    OpenApiRouter::new().routes(routes!(sign_in, who, sign_out)).with_state((accounts, cookie))
}

/// Signs in with the secret of a one-time link.
#[utoipa::path(post, path = "/api/session", tag = "account", request_body = SignIn, responses(
    (status = 200, description = "Signed in; the session is in the cookie.", body = Who),
    (status = 400, description = "The body cannot be read.", body = Problem),
    (status = 401, description = "The link is unknown, used or older than an hour.", body = Problem),
))]
async fn sign_in(State((accounts, cookie)): State<(Accounts, Cookie)>, Body(request): Body<SignIn>) -> Result<Response, Refusal> {
    let Some((session, who)) = accounts.sign_in(&request.token).await? else {
        return Err(Refusal::stale_link());
    };
    let mut response = Json(who).into_response();
    if let Some(value) = cookie.header(session.secret(), Some(30 * 86_400)) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "account", responses(
    (status = 200, body = Who),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
async fn who(State((accounts, cookie)): State<(Accounts, Cookie)>, headers: HeaderMap) -> Result<Json<Who>, Refusal> {
    let who = match cookie.read(&headers) {
        Some(secret) => accounts.who(secret).await?,
        None => None,
    };
    who.map(Json).ok_or_else(Refusal::unauthenticated)
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

/// Is proof that whoever asks may look after the installation: the owner and admins may. To be taken as an argument
/// by routes behind [`closed`].
#[derive(Clone, Debug)]
pub struct Keeper(pub Who);

impl<S: Send + Sync> FromRequestParts<S> for Keeper {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.keeps_house() { Ok(Self(who.clone())) } else { Err(Refusal::not_allowed()) }
    }
}

/// Is the door in front of every closed route: lets in whoever has a session, and tells the routes who it is.
///
/// # Errors
/// Refuses with 401 whoever has none.
pub async fn closed(
    State((accounts, cookie)): State<(Accounts, Cookie)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let secret = cookie.read(request.headers()).ok_or_else(Refusal::unauthenticated)?;
    let who = accounts.who(secret).await?.ok_or_else(Refusal::unauthenticated)?;
    request.extensions_mut().insert(who);
    Ok(next.run(request).await)
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
    use axum::http::Request;

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

    #[tokio::test]
    async fn only_owner_and_admins_keep_house() {
        for (role, expected) in [("owner", true), ("admin", true), ("analyst", false), ("agent", false), ("viewer", false)] {
            let who = Who { account: 2, name: "Ada".to_owned(), role: role.to_owned() };
            let mut parts = Request::new(()).into_parts().0;
            parts.extensions.insert(who);
            assert_eq!(Keeper::from_request_parts(&mut parts, &()).await.is_ok(), expected, "{role}");
        }
        let mut parts = Request::new(()).into_parts().0;
        let stranger = Keeper::from_request_parts(&mut parts, &()).await.expect_err("is refused");
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; touchline=secret; b=2"));
        assert_eq!(Cookie::new(false).read(&headers), Some("secret"));
        assert_eq!(Cookie::new(true).read(&headers), None);
    }
}
