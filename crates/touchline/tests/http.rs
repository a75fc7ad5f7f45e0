//! What the server lets in and what it refuses, told through its routes.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline::features::account::Accounts;
use touchline::features::map::{Maps, apply_json};
use touchline::features::{Site, document, router};
use touchline::platform::clock::Clock;
use tower::ServiceExt;

/// Is a server on a temporary directory.
struct Stage {
    site: Site,
    router: Router,
    _scratch: Scratch,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Stage {
    async fn new() -> Self {
        let clock: Clock = Arc::new(|| Instant(1_700_000_000_000_000));
        let scratch = Scratch::new(clock);
        let site = scratch.site();
        Self { router: router(&site), site, _scratch: scratch }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "here:7777");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).expect("is a request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("has a body");
        Answer { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn link(&self) -> String {
        let accounts = Accounts::new(self.site.stores.state.clone(), self.site.stores.clock.clone());
        accounts.invite_owner().await.expect("invites").secret().to_owned()
    }

    /// Signs in and returns the cookie as a browser sends it back.
    async fn cookie(&self) -> String {
        let answer = self.ask("POST", "/api/session", &[], Some(json!({ "token": self.link().await }))).await;
        assert_eq!(answer.status, StatusCode::OK);
        let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().expect("has a value").to_owned()
    }
}

/// Returns every route of the document: method and path, with some value for each parameter.
fn routes(stage: &Stage) -> Vec<(String, String)> {
    let document = serde_json::to_value(document(&stage.site)).expect("serialises");
    let paths = document["paths"].as_object().expect("has paths");
    let routes = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .expect("has methods")
            .keys()
            .map(move |method| (method.to_uppercase(), path.replace("{id}", "x").replace("{client}", "x")))
    });
    routes.collect()
}

#[tokio::test]
async fn every_route_but_signing_in_refuses_strangers() {
    let stage = Stage::new().await;
    let mut routes = routes(&stage);
    assert!(routes.len() >= 8, "{routes:?}");
    routes.extend(["/api/openapi.json", "/api/nothing", "/api/map/"].map(|path| ("GET".to_owned(), path.to_owned())));
    for (method, path) in routes {
        // A shared map is for strangers, who have its secret: `tests/rights.rs` knows it.
        if ["/healthz", "/readyz", "/metrics", "/api/share/{token}"].contains(&path.as_str())
            || (path.starts_with("/api/session") && method != "GET")
        {
            continue;
        }
        for headers in [&[][..], &[("cookie", "touchline=guess")][..]] {
            let answer = stage.ask(&method, &path, headers, None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.body["what"], "Nobody is signed in", "{method} {path}");
            assert!(answer.body["hint"].is_string() && answer.body["because"].is_array());
        }
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_in_the_shape_of_every_refusal() {
    let stage = Stage::new().await;
    let cookie = stage.cookie().await;
    for path in ["/api/improve/tasks/9223372036854775808", "/api/improve/tasks/x/effect"] {
        let answer = stage.ask("GET", path, &[("cookie", &cookie)], None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.body["what"].is_string() && answer.body["hint"].is_string(), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_route_that_reads_something_tells_that_it_may_refuse() {
    let document = serde_json::to_value(document(&Stage::new().await.site)).expect("serialises");
    for (path, item) in document["paths"].as_object().expect("has paths") {
        for (method, operation) in item.as_object().expect("has methods") {
            let reads =
                operation["requestBody"].is_object() || operation["parameters"].as_array().is_some_and(|all| !all.is_empty());
            let answers = &operation["responses"];
            assert!(!reads || answers["400"].is_object(), "{method} {path} does not tell of 400");
            assert!(answers["401"].is_null() || answers["403"].is_object(), "{method} {path} does not tell of 403");
        }
    }
}

#[tokio::test]
async fn whoever_has_the_link_comes_in_once() {
    let stage = Stage::new().await;
    let link = stage.link().await;
    let first = stage.ask("POST", "/api/session", &[], Some(json!({ "token": link }))).await;
    assert_eq!((first.status, &first.body["role"]), (StatusCode::OK, &json!("owner")));
    let cookie = first.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.contains("HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let second = stage.ask("POST", "/api/session", &[], Some(json!({ "token": link }))).await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED);
    assert!(second.body["hint"].as_str().expect("hints").contains("--link"));
    let cookie = cookie.split(';').next().expect("has a value");
    let who = stage.ask("GET", "/api/session", &[("cookie", cookie)], None).await;
    assert_eq!((who.status, &who.body["name"]), (StatusCode::OK, &json!("Owner")));
    assert_eq!(who.body["organisation"]["wording"], "customer", "the dress of the pages comes along");
    let out = stage.ask("DELETE", "/api/session", &[("cookie", cookie)], None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let who = stage.ask("GET", "/api/session", &[("cookie", cookie)], None).await;
    assert_eq!(who.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let stage = Stage::new().await;
    let token = json!({ "token": stage.link().await });
    for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://elsewhere.example")]] {
        let answer = stage.ask("POST", "/api/session", &headers, Some(token.clone())).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let own = stage.ask("POST", "/api/session", &[("origin", "http://here:7777")], Some(token)).await;
    assert_eq!(own.status, StatusCode::OK, "the link was not used up by the attempts");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_words() {
    let stage = Stage::new().await;
    let cookie = stage.cookie().await;
    let headers = [("cookie", cookie.as_str())];
    let body = stage.ask("POST", "/api/session", &[], Some(json!({ "tokn": "secret" }))).await;
    assert_eq!(body.status, StatusCode::BAD_REQUEST);
    assert!(!body.body.to_string().contains("secret"));
    let query = stage.ask("GET", "/api/measure/map?segmnt=all", &headers, None).await;
    assert_eq!((query.status, query.body["hint"].is_string()), (StatusCode::BAD_REQUEST, true));
    let route = stage.ask("GET", "/api/nothing", &headers, None).await;
    assert_eq!((route.status, &route.body["what"]), (StatusCode::NOT_FOUND, &json!("There is no such route")));
}

#[tokio::test]
async fn the_map_is_what_was_saved() {
    let stage = Stage::new().await;
    let cookie = stage.cookie().await;
    let headers = [("cookie", cookie.as_str())];
    for path in ["/api/map", "/api/measure/map", "/api/measure/unmapped", "/api/measure/dark", "/api/measure/channels"] {
        let answer = stage.ask("GET", path, &headers, None).await;
        assert_eq!((answer.status, &answer.body["what"]), (StatusCode::NOT_FOUND, &json!("There is no map yet")), "{path}");
    }
    let text = include_str!("../src/features/map/sample.json");
    let map = apply_json(text).expect("is sound");
    Maps::new(stage.site.stores.state.clone()).save(&map, "", Instant(0)).await.expect("saves");
    let answer = stage.ask("GET", "/api/map", &headers, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(serde_json::from_value::<model::TouchpointMap>(answer.body).expect("is a map"), map);
    let segment = stage.ask("GET", "/api/measure/map?segment=regulr", &headers, None).await;
    assert_eq!((segment.status, &segment.body["hint"]), (StatusCode::NOT_FOUND, &json!("Did you mean `regular`?")));
    let empty = stage.ask("GET", "/api/measure/map?segment=regular", &headers, None).await;
    assert_eq!((empty.status, &empty.body["totals"]["interactions"]), (StatusCode::OK, &json!(0)));
}

#[tokio::test]
async fn every_answer_bears_the_headers() {
    let stage = Stage::new().await;
    for path in ["/", "/map/newsletter", "/api/map", "/healthz", "/assets/gone.js"] {
        let answer = stage.ask("GET", path, &[], None).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("style-src-elem 'self'; style-src-attr 'unsafe-inline'")
        );
        assert!(policy.contains("require-trusted-types-for 'script'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), stage.site.https);
        if path.starts_with("/api/") {
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        }
    }
}

#[tokio::test]
async fn health_is_open() {
    let stage = Stage::new().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(stage.ask("GET", path, &[], None).await.status, StatusCode::OK, "{path}");
    }
}
