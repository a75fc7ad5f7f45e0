//! How people and programs come in, and what keeps others out: told through the routes.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::account::Accounts;
use touchline::features::{Site, router};
use touchline::platform::clock::Clock;
use tower::ServiceExt;

const MINUTE: i64 = 60_000_000;

/// Is a server whose clock the test turns.
struct Stage {
    site: Site,
    router: Router,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

struct Answer {
    status: StatusCode,
    cookie: Option<String>,
    body: Value,
}

impl Stage {
    fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let hand = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Instant(hand.load(Ordering::Relaxed)));
        let scratch = Scratch::new(clock);
        let site = scratch.site();
        Self { router: router(&site), site, now, _scratch: scratch }
    }

    async fn ask(&self, method: &str, path: &str, header: Option<(&str, &str)>, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "here:7777");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body).expect("is a request");
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let (parts, body) = response.into_parts();
        let cookie = parts.headers.get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("has a body");
        Answer { status: parts.status, cookie, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn by_cookie(&self, method: &str, path: &str, cookie: &str, body: Option<Value>) -> Answer {
        self.ask(method, path, Some(("cookie", cookie)), body).await
    }

    async fn by_token(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.ask(method, path, Some(("authorization", &format!("Bearer {token}"))), body).await
    }

    async fn open_link(&self, token: &str) -> String {
        let answer = self.ask("POST", "/api/session", None, Some(json!({ "token": token }))).await;
        answer.cookie.expect("is signed in")
    }

    async fn owner(&self) -> String {
        let accounts = Accounts::new(self.site.stores.state.clone(), self.site.stores.clock.clone());
        self.open_link(accounts.invite_owner().await.expect("invites").secret()).await
    }

    /// Invites somebody who then sets a password.
    async fn member(&self, owner: &str, email: &str, role: &str) -> (i64, String) {
        let new = json!({ "name": "Ada", "email": email, "role": role });
        let made = self.by_cookie("POST", "/api/account/members", owner, Some(new)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let cookie = self.open_link(made.body["token"].as_str().expect("is a link")).await;
        let set = self.by_cookie("PUT", "/api/account/password", &cookie, Some(json!({ "new": "a long walk home" }))).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.body);
        (made.body["id"].as_i64().expect("is a number"), cookie)
    }

    async fn sign_in(&self, email: &str, password: &str, code: &str, old: Option<&str>) -> Answer {
        let body = json!({ "email": email, "password": password, "code": code });
        self.ask("POST", "/api/session/password", old.map(|old| ("cookie", old)), Some(body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_invited_signs_in_with_a_password() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let (_, invited) = stage.member(&owner, "ada@example.org", "analyst").await;
    let signed_in = stage.sign_in(" Ada@Example.org", "a long walk home", "", None).await;
    assert_eq!((signed_in.status, &signed_in.body["role"]), (StatusCode::OK, &json!("analyst")));
    let cookie = signed_in.cookie.expect("has a session");
    assert_ne!(cookie, invited);
    let sessions = stage.by_cookie("GET", "/api/account/sessions", &cookie, None).await;
    assert_eq!(sessions.body.as_array().map(Vec::len), Some(2));
    let ended = stage.by_cookie("DELETE", "/api/account/sessions", &cookie, None).await;
    assert_eq!(ended.body, json!(1));
    assert_eq!(stage.by_cookie("GET", "/api/session", &invited, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stage.by_cookie("GET", "/api/session", &cookie, None).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_and_wrong_passwords_get_the_same_answer() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    stage.member(&owner, "ada@example.org", "viewer").await;
    let wrong = stage.sign_in("ada@example.org", "a long walk back", "", None).await;
    let nobody = stage.sign_in("bob@example.org", "a long walk home", "", None).await;
    let empty = stage.sign_in("", "", "", None).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!((nobody.status, &nobody.body), (wrong.status, &wrong.body));
    assert_eq!((empty.status, &empty.body), (wrong.status, &wrong.body), "the owner has no address and no password");
    assert!(wrong.cookie.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_are_counted_before_they_are_compared() {
    let stage = Arc::new(Stage::new());
    let owner = stage.owner().await;
    stage.member(&owner, "ada@example.org", "viewer").await;
    let guesses: Vec<_> = (0..40)
        .map(|guess| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { stage.sign_in("ada@example.org", &format!("a guess no {guess}"), "", None).await.status })
        })
        .collect();
    let mut compared = 0;
    for guess in guesses {
        match guess.await.expect("ends") {
            StatusCode::UNAUTHORIZED => compared += 1,
            status => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
        }
    }
    assert_eq!(compared, 10, "as many as one after the other");
    let right = stage.sign_in("ada@example.org", "a long walk home", "", None).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "also the right one waits, and so tells nothing");
    stage.now.fetch_add(16 * MINUTE, Ordering::Relaxed);
    assert_eq!(stage.sign_in("ada@example.org", "a long walk home", "", None).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_never_the_one_that_somebody_brought() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let (_, before) = stage.member(&owner, "ada@example.org", "viewer").await;
    let planted = format!("touchline={}", "x".repeat(43));
    let signed_in = stage.sign_in("ada@example.org", "a long walk home", "", Some(&planted)).await;
    assert_ne!(signed_in.cookie.as_deref(), Some(planted.as_str()));
    assert_eq!(stage.by_cookie("GET", "/api/session", &planted, None).await.status, StatusCode::UNAUTHORIZED);
    let again = stage.sign_in("ada@example.org", "a long walk home", "", Some(&before)).await;
    assert_eq!(again.status, StatusCode::OK);
    let old = stage.by_cookie("GET", "/api/session", &before, None).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED, "the session of before has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_once_it_is_set_up() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let (_, cookie) = stage.member(&owner, "ada@example.org", "viewer").await;
    let draft = stage.by_cookie("POST", "/api/account/code", &cookie, None).await;
    assert!(draft.body["address"].as_str().expect("is an address").starts_with("otpauth://totp/Touchline:ada"));
    assert!(draft.body["picture"].as_str().expect("is a picture").contains("<svg"));
    let wrong = stage.by_cookie("PUT", "/api/account/code", &cookie, Some(json!({ "code": "12345" }))).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.sign_in("ada@example.org", "a long walk home", "", None).await.status, StatusCode::OK, "a draft is no code");
    let code = |at: i64| code_of(draft.body["secret"].as_str().expect("is a secret"), at);
    let first = code(stage.now.load(Ordering::Relaxed));
    let on = stage.by_cookie("PUT", "/api/account/code", &cookie, Some(json!({ "code": first }))).await;
    assert_eq!(on.body["codes"].as_array().map(Vec::len), Some(10), "{}", on.body);
    for refused in ["", "000000", first.as_str()] {
        let answer = stage.sign_in("ada@example.org", "a long walk home", refused, None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{refused}: missing, wrong, or used");
    }
    stage.now.fetch_add(MINUTE, Ordering::Relaxed);
    let next = code(stage.now.load(Ordering::Relaxed));
    assert_eq!(stage.sign_in("ada@example.org", "a long walk home", &next, None).await.status, StatusCode::OK);
    let recovery = on.body["codes"][0].as_str().expect("is a code").to_uppercase();
    assert_eq!(stage.sign_in("ada@example.org", "a long walk home", &recovery, None).await.status, StatusCode::OK);
    assert_eq!(stage.sign_in("ada@example.org", "a long walk home", &recovery, None).await.status, StatusCode::UNAUTHORIZED);
    let off = stage.by_cookie("POST", "/api/account/code/off", &cookie, Some(json!({ "password": "wrong" }))).await;
    assert_eq!(off.status, StatusCode::BAD_REQUEST);
}

/// Computes a code as an authenticator does, by a way of its own.
fn code_of(secret: &str, at: i64) -> String {
    use ring::hmac;
    let bits: String = secret
        .chars()
        .map(|sign| format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(sign).expect("is base 32")))
        .collect();
    let key: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("are bits")).collect();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &(at / 30_000_000).to_be_bytes());
    let start = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[start..start + 4].try_into().expect("are four")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_rises_above_themselves_and_an_owner_stays() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let (admin_id, admin) = stage.member(&owner, "ada@example.org", "admin").await;
    let (viewer_id, viewer) = stage.member(&owner, "bob@example.org", "viewer").await;
    let role = |role: &str| Some(json!({ "role": role }));
    let path = |id: i64| format!("/api/account/members/{id}");
    assert_eq!(stage.by_cookie("PUT", &path(admin_id), &admin, role("owner")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.by_cookie("PUT", &path(1), &admin, role("viewer")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.by_cookie("POST", &format!("{}/reset", path(1)), &admin, None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.by_cookie("PUT", &path(viewer_id), &viewer, role("admin")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.by_cookie("DELETE", &path(1), &owner, None).await.status, StatusCode::CONFLICT, "the last owner");
    assert_eq!(stage.by_cookie("PUT", &path(1), &owner, role("admin")).await.status, StatusCode::CONFLICT);
    assert_eq!(stage.by_cookie("DELETE", &path(99), &owner, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.by_cookie("DELETE", &path(viewer_id), &admin, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.by_cookie("GET", "/api/session", &viewer, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stage.sign_in("bob@example.org", "a long walk home", "", None).await.status, StatusCode::UNAUTHORIZED);
    let log = stage.by_cookie("GET", "/api/account/log", &owner, None).await.body;
    let actions: Vec<&str> = log.as_array().expect("is a list").iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["member.removed", "password.set", "member.invited", "password.set", "member.invited"]);
    assert_eq!((&log[0]["name"], &log[0]["about"]), (&json!("Ada"), &json!(viewer_id.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_scopes_say_and_no_more() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let (admin_id, admin) = stage.member(&owner, "ada@example.org", "admin").await;
    let new = |role: &str, scopes: &[&str]| Some(json!({ "name": "till", "role": role, "scopes": scopes, "days": 30 }));
    let above = stage.by_cookie("POST", "/api/account/tokens", &admin, new("owner", &["read"])).await;
    assert_eq!(above.status, StatusCode::FORBIDDEN);
    for bad in [new("admin", &[]), new("admin", &["everything"])] {
        assert_eq!(stage.by_cookie("POST", "/api/account/tokens", &admin, bad).await.status, StatusCode::BAD_REQUEST);
    }
    let made = stage.by_cookie("POST", "/api/account/tokens", &admin, new("admin", &["read:capture", "write:capture"])).await;
    let token = made.body["token"].as_str().expect("is shown once").to_owned();
    assert!(token.starts_with("tl_"));
    assert_eq!(stage.by_token("GET", "/api/capture/sources", &token, None).await.status, StatusCode::OK);
    assert_eq!(stage.by_token("POST", "/api/capture/retention", &token, None).await.status, StatusCode::OK);
    for (method, path) in [("GET", "/api/map"), ("GET", "/api/account/members"), ("PUT", "/api/organisation")] {
        assert_eq!(stage.by_token(method, path, &token, None).await.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    for wrong in ["", "tl_", &"x".repeat(46), &format!("tl_{}", "x".repeat(43)), token.trim_start_matches("tl_")] {
        assert_eq!(stage.by_token("GET", "/api/capture/tags", wrong, None).await.status, StatusCode::UNAUTHORIZED);
    }
    let listed = stage.by_cookie("GET", "/api/account/tokens", &admin, None).await.body;
    assert!(!listed.to_string().contains(&token), "the secret is not told again");
    let demoted = json!({ "role": "viewer" });
    stage.by_cookie("PUT", &format!("/api/account/members/{admin_id}"), &owner, Some(demoted)).await;
    let lost = stage.by_token("GET", "/api/capture/tags", &token, None).await.status;
    assert_eq!(lost, StatusCode::UNAUTHORIZED, "a token has no more rights than its maker has now");
    let log = stage.by_cookie("GET", "/api/account/log", &owner, None).await.body;
    assert!(
        log.as_array()
            .expect("is a list")
            .iter()
            .any(|entry| entry["action"] == "POST /api/capture/retention" && entry["name"] == "token till")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_time_or_when_it_is_taken_back() {
    let stage = Stage::new();
    let owner = stage.owner().await;
    let new = json!({ "name": "till", "role": "viewer", "scopes": ["read"], "days": 1 });
    let one = stage.by_cookie("POST", "/api/account/tokens", &owner, Some(new.clone())).await.body;
    let other = stage.by_cookie("POST", "/api/account/tokens", &owner, Some(new)).await.body;
    let token = |made: &Value| made["token"].as_str().expect("is shown once").to_owned();
    let gone = stage.by_cookie("DELETE", &format!("/api/account/tokens/{}", one["id"]), &owner, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.by_token("GET", "/api/capture/tags", &token(&one), None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stage.by_token("GET", "/api/capture/tags", &token(&other), None).await.status, StatusCode::OK);
    stage.now.fetch_add(24 * 60 * MINUTE, Ordering::Relaxed);
    assert_eq!(stage.by_token("GET", "/api/capture/tags", &token(&other), None).await.status, StatusCode::UNAUTHORIZED);
}
