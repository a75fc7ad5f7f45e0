//! What other people's clients send and get back, told through the routes.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use touchline::features::capture::{SourceKind, SourceSettings};
use touchline::features::{Site, router};
use tower::ServiceExt;

/// Is a server with a source of each kind.
struct Stage {
    site: Site,
    router: Router,
    server_key: String,
    site_key: String,
    _scratch: Scratch,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Stage {
    async fn new() -> Self {
        let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
        let site = scratch.site();
        let add = async |name: &str, kind, settings| {
            site.sources.add(name, kind, settings, Instant(0)).await.expect("is added").write_key.clone()
        };
        let server_key = add("backend", SourceKind::Server, SourceSettings::default()).await;
        let settings = SourceSettings { origins: vec!["https://shop.example.org".into()], ..SourceSettings::default() };
        let site_key = add("shop", SourceKind::Site, settings).await;
        Self { router: router(&site), site, server_key, site_key, _scratch: scratch }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(path), |all, (name, value)| all.header(*name, *value));
        let request = request.body(body.into()).expect("is a request");
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("has a body");
        Answer { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Sends with the key of the backend, as the clients of Segment do.
    async fn send(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask("POST", path, &[("authorization", &basic(&self.server_key))], body).await
    }
}

/// Is headers and a body.
type Coat<'a> = (Vec<(&'a str, &'a str)>, Vec<u8>);

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

fn event(id: &str) -> Value {
    json!({ "type": "track", "event": "Tried", "userId": "u", "messageId": id })
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("packs");
    encoder.finish().expect("packs")
}

#[track_caller]
fn took(answer: &Answer, added: u64, duplicates: u64, refused: u64) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let counts = ["added", "duplicates", "refused"].map(|name| answer.body[name].as_u64());
    assert_eq!(counts, [Some(added), Some(duplicates), Some(refused)], "{}", answer.body);
}

#[tokio::test]
async fn a_batch_comes_once_and_a_bad_event_refuses_nobody() {
    let stage = Stage::new().await;
    let batch = json!({ "batch": [event("1"), event("2"), { "type": "track", "event": "nobody" }, event("1")] }).to_string();
    let first = stage.send("/v1/batch", batch.clone()).await;
    took(&first, 2, 1, 1);
    assert_eq!(first.body["success"], true);
    assert_eq!((&first.body["reasons"][0]["index"], &first.body["reasons"][0]["code"]), (&json!(2), &json!("no_user_anon_id")));
    took(&stage.send("/v1/batch", batch).await, 0, 3, 1);
    assert_eq!(stage.site.stores.ledger().count(), 2);
}

#[tokio::test]
async fn every_path_and_every_place_for_a_key() {
    let stage = Stage::new().await;
    let key = stage.server_key.clone();
    let bare = format!("Basic {}", STANDARD.encode(&key));
    let pair = format!("id:{key}");
    let mut number = 0;
    let mut body = |extra: Value| {
        number += 1;
        let mut body = event(&number.to_string());
        body.as_object_mut().expect("object").extend(extra.as_object().expect("object").clone());
        body.to_string()
    };
    let asked = format!("/v1/t?writeKey={key}");
    let jitsu = format!("/api/s/track?writekey={key}");
    for (path, headers, extra) in [
        ("/v1/track", vec![("authorization", basic(&key))], json!({})),
        ("/v1/t", vec![("authorization", bare)], json!({})),
        ("/v1/t", vec![], json!({ "writeKey": key })),
        (asked.as_str(), vec![], json!({})),
        (jitsu.as_str(), vec![], json!({})),
        ("/api/s/s2s/track", vec![("x-write-key", pair)], json!({ "writeKey": "***" })),
        ("/v1/track", vec![("authorization", format!("Bearer {key}"))], json!({})),
        ("/v1/track", vec![("authorization", "Bearer token-of-another".to_owned())], json!({ "writeKey": key })),
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        took(&stage.ask("POST", path, &headers, body(extra)).await, 1, 0, 0);
    }
    for (path, headers) in
        [("/v1/t", vec![]), ("/v1/batch", vec![("authorization", "Basic ???")]), ("/cloudevents", vec![("x-write-key", "guess")])]
    {
        let answer = stage.ask("POST", path, &headers, body(json!({}))).await;
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::UNAUTHORIZED, &json!("unknown_key")), "{path}");
    }
}

#[tokio::test]
async fn bodies_in_every_coat() {
    let stage = Stage::new().await;
    let batch = |id: &str| json!({ "batch": [event(id)] }).to_string();
    let auth = basic(&stage.server_key);
    let form = |text: &str| url::form_urlencoded::Serializer::new(String::new()).append_pair("data", text).finish();
    let bodies: Vec<Coat> = vec![
        (vec![("content-type", "text/plain")], batch("1").into_bytes()),
        (
            vec![("content-type", "application/x-www-form-urlencoded"), ("content-encoding", "gzip")],
            packed(batch("2").as_bytes()),
        ),
        (vec![], packed(batch("3").as_bytes())),
        (vec![], form(&batch("4")).into_bytes()),
        (vec![], form(&STANDARD.encode(batch("5"))).into_bytes()),
        (vec![("content-encoding", "gzip")], batch("6").into_bytes()),
        (vec![], [b"\xef\xbb\xbf".to_vec(), batch("7").into_bytes()].concat()),
        (vec![], json!([event("8")]).to_string().into_bytes()),
    ];
    for (mut headers, body) in bodies {
        headers.push(("authorization", &auth));
        took(&stage.ask("POST", "/v1/batch", &headers, body).await, 1, 0, 0);
    }
    let brotli = stage.ask("POST", "/v1/batch", &[("authorization", &auth), ("content-encoding", "br")], batch("9")).await;
    assert_eq!(brotli.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn browsers_may_ask_send_and_read() {
    let stage = Stage::new().await;
    let asked = [
        ("origin", "https://shop.example.org"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "anonymousid,authorization,sentat"),
    ];
    let answer = stage.ask("OPTIONS", "/v1/page", &asked, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    for (name, expected) in [
        ("access-control-allow-origin", "https://shop.example.org"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "anonymousid,authorization,sentat"),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(answer.headers[name], expected);
    }
    let auth = basic(&stage.site_key);
    let send = async |origin: &str| {
        let headers = [("authorization", auth.as_str()), ("origin", origin)];
        stage.ask("POST", "/v1/t", &headers, json!({ "userId": "u", "event": "x", "messageId": origin }).to_string()).await
    };
    let welcome = send("https://shop.example.org").await;
    took(&welcome, 1, 0, 0);
    assert_eq!(welcome.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example.org");
    let foreign = send("https://elsewhere.example").await;
    assert_eq!((foreign.status, &foreign.body["code"]), (StatusCode::FORBIDDEN, &json!("foreign_origin")));
    // Our own pages keep their rules: nothing there is for other sites.
    let own = stage.ask("GET", "/api/map", &[("origin", "https://shop.example.org")], Body::empty()).await;
    assert!(!own.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn settings_are_answered_without_telling_which_keys_exist() {
    let stage = Stage::new().await;
    for key in [stage.site_key.as_str(), "guess"] {
        let answer = stage.ask("GET", &format!("/v1/projects/{key}/settings"), &[], Body::empty()).await;
        assert_eq!((answer.status, &answer.body["integrations"]["Segment.io"]["apiKey"]), (StatusCode::OK, &json!(key)));
    }
    let path = format!("/sourceConfig/?p=npm&v=3&writeKey={}", stage.site_key);
    let answer = stage.ask("GET", &path, &[("authorization", &basic(&stage.site_key))], Body::empty()).await;
    assert_eq!((&answer.body["source"]["enabled"], &answer.body["source"]["writeKey"]), (&json!(true), &json!(stage.site_key)));
}

#[tokio::test]
async fn events_of_the_cloud_in_three_modes() {
    let stage = Stage::new().await;
    let key = stage.server_key.as_str();
    let structured = |id: &str| json!({ "specversion": "1.0", "id": id, "source": "/crm", "type": "call.ended", "form": "call" });
    let batch = json!([structured("1"), structured("2"), {}]).to_string();
    let send = async |method: &str, headers: &[(&str, &str)], body: String| {
        let headers = [headers, &[("x-write-key", key)]].concat();
        stage.ask(method, "/cloudevents", &headers, body).await
    };
    took(&send("POST", &[("content-type", "application/cloudevents-batch+json")], batch).await, 2, 0, 1);
    took(&send("PUT", &[("content-type", "application/cloudevents+json")], structured("3").to_string()).await, 1, 0, 0);
    let binary =
        [("ce-specversion", "1.0"), ("ce-id", "3"), ("ce-source", "/crm"), ("ce-type", "call.ended"), ("ce-form", "call")];
    took(&send("POST", &binary, String::new()).await, 0, 1, 0);
}
