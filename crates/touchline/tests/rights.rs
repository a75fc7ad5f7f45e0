//! Who may do what: every route of the OpenAPI document is asked as every role, by a stranger, and with a wrong token.
//! What comes out is kept in `tests/rights.txt`, so that a right changes only on purpose; some rules hold for all.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use model::Instant;
use scratch::Scratch;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use touchline::features::account::{Accounts, NewMember, Role, Who, only_asks};
use touchline::features::{document, router};
use touchline::platform::clock::Clock;
use tower::ServiceExt;

/// What a stranger may ask: to come in, to go, how the server is, and for a map that was shared, by its secret.
const OPEN: [&str; 7] = [
    "POST /api/session",
    "GET /api/session",
    "DELETE /api/session",
    "POST /api/session/password",
    "GET /api/share/{token}",
    "GET /healthz",
    "GET /readyz",
];

/// What those who only look may change: their own account, and what only computes.
const FOR_VIEWERS: [&str; 2] = ["/api/account", "/api/session"];

async fn status(router: &Router, method: &str, path: &str, header: Option<(&str, &str)>) -> StatusCode {
    // A number where a number is wanted, and a name otherwise: nothing is called so.
    let path: String = path.replace("{id}", "4711").replace("{seq}", "1").replace(['{', '}'], "");
    let mut request = Request::builder().method(method).uri(path).header("host", "here:7777");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::empty()).expect("is a request");
    router.clone().oneshot(request).await.expect("answers").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_right() {
    let clock: Clock = Arc::new(|| Instant(1_700_000_000_000_000));
    let scratch = Scratch::new(clock);
    let site = scratch.site();
    let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
    let router = router(&site);
    let mut sessions: Vec<(&str, String)> = Vec::new();
    let owner = accounts.invite_owner().await.expect("invites");
    let (session, owner) = accounts.sign_in(owner.secret()).await.expect("works").expect("is in");
    sessions.push(("owner", format!("touchline={}", session.secret())));
    for role in Role::ALL.into_iter().skip(1) {
        sessions.push((role.name(), session_of(&accounts, &owner, role).await));
    }
    let document: Value = serde_json::to_value(document(&site)).expect("serialises");
    let mut rights = String::from("# Who may ask what; written by tests/rights.rs with UPDATE_SNAPSHOTS=1.\n");
    let mut holes: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("has paths") {
        for method in methods.as_object().expect("has methods").keys() {
            let method = method.to_uppercase();
            let route = format!("{method} {path}");
            // Without a peer nobody is on this machine; and a stream has no end.
            if path == "/metrics" {
                continue;
            }
            let stranger = status(&router, &method, path, None).await;
            if !OPEN.contains(&route.as_str()) {
                for (what, header) in [
                    ("a stranger", None),
                    ("a wrong session", Some(("cookie", "touchline=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))),
                    ("a wrong token", Some(("authorization", "Bearer tl_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))),
                    ("another kind of proof", Some(("authorization", "Basic b3duZXI6b3duZXI="))),
                ] {
                    let got = status(&router, &method, path, header).await;
                    if got != StatusCode::UNAUTHORIZED {
                        holes.push(format!("{route}: {what} gets {got}"));
                    }
                }
            } else if stranger == StatusCode::FORBIDDEN {
                holes.push(format!("{route}: a stranger gets {stranger}"));
            }
            if path == "/api/session" && method == "DELETE" {
                continue; // It would end the sessions that the other questions need.
            }
            let mut allowed = Vec::new();
            for (role, cookie) in &sessions {
                if *role == "owner" && (path == "/api/account/sessions" || path == "/api/account/password") && method == "DELETE"
                {
                    allowed.push(*role);
                    continue;
                }
                let got = status(&router, &method, path, Some(("cookie", cookie))).await;
                if got.is_server_error() && got != StatusCode::SERVICE_UNAVAILABLE {
                    holes.push(format!("{route}: {role} gets {got}"));
                }
                if got != StatusCode::FORBIDDEN {
                    allowed.push(*role);
                }
            }
            let verb: Method = method.parse().expect("is a method");
            let is_own = FOR_VIEWERS.iter().any(|start| path.starts_with(start));
            if !only_asks(&verb, path) && !is_own && allowed.contains(&"viewer") {
                holes.push(format!("{route}: whoever may only look can change something"));
            }
            for greater in ["owner", "admin"] {
                if !allowed.contains(&greater) {
                    holes.push(format!("{route}: {greater} may not"));
                }
            }
            writeln!(rights, "{route}: {}", allowed.join(" ")).expect("writes");
        }
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rights.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &rights).expect("writes");
    }
    let kept = std::fs::read_to_string(&path).expect("tests/rights.txt is committed");
    assert!(kept == rights, "tests/rights.txt is not current: look at what changed, run with UPDATE_SNAPSHOTS=1, commit it");
}

async fn session_of(accounts: &Accounts, owner: &Who, role: Role) -> String {
    let new = NewMember { name: role.name().to_owned(), email: format!("{}@example.org", role.name()), role };
    let (_, link) = accounts.invite(owner, &new).await.expect("works").expect("invites");
    let (session, _) = accounts.sign_in(link.secret()).await.expect("works").expect("is in");
    format!("touchline={}", session.secret())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_change_nothing_whatever_the_route() {
    let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
    let site = scratch.site();
    let router = router(&site);
    let document: Value = serde_json::to_value(document(&site)).expect("serialises");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("has paths") {
        for method in methods.as_object().expect("has methods").keys().filter(|method| *method != "get") {
            for header in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
                let got = status(&router, &method.to_uppercase(), path, Some(header)).await;
                assert_eq!(got, StatusCode::FORBIDDEN, "{method} {path} {header:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 50, "{asked}");
}
