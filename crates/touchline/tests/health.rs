//! What the server says of itself: readiness with reasons, and numbers without people.

mod scratch;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline::features::capture::{SourceKind, SourceSettings};
use touchline::features::{Site, router};
use touchline::platform::http::Peer;
use touchline::platform::metrics;
use tower::ServiceExt;

async fn ask(site: &Site, request: Request<Body>) -> (StatusCode, String) {
    let response = router(site).oneshot(request).await.expect("answers");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("has a body");
    (status, String::from_utf8(bytes.to_vec()).expect("is text"))
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("is a request")
}

fn from_here(mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
    request
}

#[tokio::test]
async fn readiness_has_its_reasons() {
    let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
    let site = scratch.site();
    let (status, text) = ask(&site, get("/readyz")).await;
    let ready: Value = serde_json::from_str(&text).expect("is JSON");
    assert_eq!((status, &ready["ready"]), (StatusCode::OK, &json!(true)), "{text}");
    let names: Vec<&str> =
        ready["checks"].as_array().expect("is a list").iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names, ["state", "ledger", "journal", "flush", "disk"]);
    // A state store that cannot be written.
    let mut transaction = site.stores.state.begin().await.expect("begins");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'secret'); END";
    sqlx::query(refuse).execute(&mut *transaction).await.expect("runs");
    transaction.commit().await.expect("commits");
    let (status, text) = ask(&site, get("/readyz")).await;
    let ready: Value = serde_json::from_str(&text).expect("is JSON");
    assert_eq!((status, &ready["checks"][0]["ok"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)));
    assert!(!text.contains("secret") && !text.contains(&scratch.dir().display().to_string()), "{text}");
}

#[tokio::test]
async fn numbers_are_counted_and_name_nobody() {
    metrics::start();
    let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
    let site = scratch.site();
    let source = site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(0)).await.expect("is made");
    let good = json!({ "type": "track", "event": "open", "userId": "ada@example.org", "messageId": "1" });
    let body = json!({ "writeKey": source.write_key, "batch": [good, good, { "type": "track", "userId": "ada@example.org" }] });
    let (status, _) = ask(&site, Request::post("/v1/batch").body(Body::from(body.to_string())).expect("is a request")).await;
    assert_eq!(status, StatusCode::OK);
    ask(&site, get("/map/ada@example.org")).await;
    let (status, text) = ask(&site, from_here(get("/metrics"))).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "touchline_capture_deliveries_total{source=\"site\",outcome=\"taken\"} 1",
        "touchline_capture_events_total{source=\"site\",outcome=\"added\"} 1",
        "touchline_capture_events_total{source=\"site\",outcome=\"duplicate\"} 1",
        "touchline_capture_events_total{source=\"site\",outcome=\"refused\"} 1",
        "touchline_http_requests_total{method=\"POST\",route=\"/v1/batch\",status=\"200\"} 1",
        "route=\"page\"",
        "touchline_http_request_seconds_bucket",
        "touchline_quarantine_events{source=\"site\"} 1",
        "touchline_disk_free_bytes",
        "touchline_ready 1",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("ada") && !text.contains(&source.write_key), "{text}");
}

#[tokio::test]
async fn numbers_are_for_this_machine_or_the_token() {
    let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
    let mut site = scratch.site();
    site.metrics_token = Some("0123456789abcdef".into());
    assert_eq!(ask(&site, get("/metrics")).await.0, StatusCode::FORBIDDEN);
    let mut passed_on = from_here(get("/metrics"));
    passed_on.headers_mut().insert("x-forwarded-for", "203.0.113.7".parse().expect("is text"));
    assert_eq!(ask(&site, passed_on).await.0, StatusCode::FORBIDDEN);
    let mut known = get("/metrics");
    known.headers_mut().insert("authorization", "Bearer 0123456789abcdef".parse().expect("is text"));
    assert_eq!(ask(&site, known).await.0, StatusCode::OK);
}
