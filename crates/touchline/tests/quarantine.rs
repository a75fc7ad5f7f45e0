//! What becomes of refused events: kept as they came, mended, replayed once, told through the routes.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::capture::{Caller, Delivery, Refused, SourceKind, SourceSettings};
use touchline::features::{Site, console, router};
use tower::ServiceExt;

const DAY: i64 = 86_400_000_000;
const START: i64 = 1_700_000_000_000_000;

/// Is a server on a temporary directory, whose clock is turned by the test.
struct Stage {
    site: Site,
    key: String,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    async fn new(settings: SourceSettings) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let hand = Arc::clone(&now);
        let scratch = Scratch::new(Arc::new(move || Instant(hand.load(Ordering::Relaxed))));
        let site = scratch.site();
        let source = site.sources.add("site", SourceKind::Site, settings, Instant(START)).await.expect("is made");
        Self { key: source.write_key.clone(), site, now, _scratch: scratch }
    }

    async fn ask(&self, routes: Router, request: Request<Body>) -> (StatusCode, Value) {
        let response = routes.oneshot(request).await.expect("answers");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.expect("has a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Sends a batch as a client does.
    async fn send(&self, headers: &[(&str, &str)], batch: &Value) -> StatusCode {
        let body = json!({ "writeKey": self.key, "batch": batch });
        let mut request = Request::post("/v1/batch").header("user-agent", "Mozilla/5.0 (X11) Firefox/140.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(router(&self.site), request.body(Body::from(body.to_string())).expect("is a request")).await.0
    }

    /// Asks as whoever looks after the installation does.
    async fn keep(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(format!("/api/capture/quarantine{path}"));
        let request = request.header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.ask(console(&self.site), request.body(body).expect("is a request")).await
    }

    async fn held(&self) -> Vec<Value> {
        self.keep("GET", "", None).await.1["events"].as_array().expect("is a list").clone()
    }

    async fn rows(&self) -> Vec<model::Interaction> {
        self.site.capture.settle().await.expect("settles");
        let stores = self.site.stores.clone();
        let read = move || {
            let ids: Vec<i64> = stores.block_on(async {
                sqlx::query_scalar("SELECT id FROM actor").fetch_all(stores.state.reader()).await.expect("reads")
            });
            let actors = ids.into_iter().map(|id| model::ActorId(id.cast_unsigned())).collect();
            stores.ledger().interactions(&actors).expect("reads")
        };
        std::thread::spawn(read).join().expect("ends")
    }
}

fn good(id: &str) -> Value {
    json!({ "type": "track", "event": "open", "userId": "ada", "messageId": id })
}

#[tokio::test]
async fn a_refused_event_is_mended_and_replayed_once_as_received_then() {
    let stage = Stage::new(SourceSettings::default()).await;
    let bad = json!({ "type": "track", "event": "open", "messageId": "2" });
    assert_eq!(stage.send(&[], &json!([good("1"), bad])).await, StatusCode::OK);
    assert_eq!(stage.send(&[], &json!([good("1"), bad])).await, StatusCode::OK, "the same again is kept once");
    let held = stage.held().await;
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!((&held[0]["reason"]["code"], &held[0]["received"]), (&json!("no_user_anon_id"), &json!(START)));
    let id = held[0]["id"].as_str().expect("has a number");
    stage.now.fetch_add(5 * DAY, Ordering::Relaxed);
    let (_, again) = stage.keep("POST", &format!("/{id}/replay"), None).await;
    assert_eq!((&again["outcome"], &again["reason"]["code"]), (&json!("refused"), &json!("no_user_anon_id")));
    let (_, shown) = stage.keep("GET", &format!("/{id}"), None).await;
    let mended = shown["text"].as_str().expect("is text").replace("\"track\"", "\"track\",\"userId\":\"ada\"");
    assert_eq!(stage.keep("PUT", &format!("/{id}"), Some(json!({ "text": mended }))).await.0, StatusCode::NO_CONTENT);
    let (_, taken) = stage.keep("POST", &format!("/{id}/replay"), None).await;
    assert_eq!(taken, json!({ "outcome": "taken", "added": 1, "duplicates": 0 }));
    assert_eq!(stage.keep("POST", &format!("/{id}/replay"), None).await.0, StatusCode::NOT_FOUND, "it has left");
    let rows = stage.rows().await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.received == Instant(START)), "{rows:?}");
    // The client sends the mended event itself, late.
    stage.send(&[], &json!([{ "type": "track", "event": "open", "userId": "ada", "messageId": "2" }])).await;
    assert_eq!(stage.rows().await.len(), 2, "it counts once");
}

#[tokio::test]
async fn many_are_counted_replayed_and_discarded_together() {
    let stage = Stage::new(SourceSettings::default()).await;
    let nobody = |n: usize| json!({ "type": "track", "event": "open", "messageId": n.to_string() });
    let nothing = |n: usize| json!({ "type": "track", "userId": "ada", "messageId": n.to_string() });
    let batch: Vec<Value> = (0..250).map(nobody).chain((250..260).map(nothing)).collect();
    stage.send(&[], &json!(batch)).await;
    let (_, page) = stage.keep("GET", "?code=no_event", None).await;
    assert_eq!(page["events"].as_array().map(Vec::len), Some(10));
    let counts = json!([
        { "source": "site", "code": "no_event", "held": 10, "dropped": 0 },
        { "source": "site", "code": "no_user_anon_id", "held": 250, "dropped": 0 },
    ]);
    assert_eq!(page["counts"], counts);
    let (_, all) = stage.keep("POST", "/replay?source=site", None).await;
    assert_eq!(all, json!({ "taken": 0, "refused": 260 }), "as bad as before, each tried once");
    assert_eq!(stage.keep("DELETE", "?code=no_user_anon_id", None).await, (StatusCode::OK, json!(250)));
    assert_eq!(stage.held().await.len(), 10);
    let id = stage.held().await[0]["id"].as_str().expect("has a number").to_owned();
    assert_eq!(stage.keep("DELETE", &format!("/{id}"), None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.held().await.len(), 9);
    assert_eq!(stage.keep("GET", "/0123456789abcdef", None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_grows_too_old_or_too_much_is_dropped_and_counted() {
    let stage = Stage::new(SourceSettings::default()).await;
    let bad = |from: usize| {
        (from..from + 2_000).map(|n| json!({ "type": "track", "event": "x", "messageId": n.to_string() })).collect()
    };
    for part in 0..6 {
        let batch: Vec<Value> = bad(part * 2_000);
        stage.send(&[], &json!(batch)).await;
        stage.now.fetch_add(1, Ordering::Relaxed);
    }
    let count = |page: Value, what: &str| page["counts"][0][what].as_i64().expect("is a number");
    let page = stage.keep("GET", "", None).await.1;
    assert!(count(page.clone(), "held") <= 10_000 && count(page.clone(), "held") + count(page, "dropped") == 12_000);
    stage.now.fetch_add(31 * DAY, Ordering::Relaxed);
    stage.send(&[], &json!([{ "type": "track", "event": "new" }])).await;
    let page = stage.keep("GET", "", None).await.1;
    assert_eq!((count(page.clone(), "held"), count(page, "dropped")), (1, 12_000));
}

#[tokio::test]
async fn nothing_is_kept_of_whom_the_source_must_not_know() {
    use touchline::features::capture::SignalPolicy;
    let careful = SourceSettings { gpc: SignalPolicy::Drop, dnt: SignalPolicy::Cookieless, ..SourceSettings::default() };
    let stage = Stage::new(careful).await;
    stage.send(&[("sec-gpc", "1")], &json!([{ "type": "track", "event": "x" }])).await;
    assert_eq!(stage.held().await.len(), 0);
    stage.send(&[("dnt", "1")], &json!([{ "type": "track", "userId": "ada", "messageId": "7" }])).await;
    let held = stage.held().await;
    let id = held[0]["id"].as_str().expect("has a number");
    let text = json!({ "type": "track", "event": "open", "userId": "ada", "messageId": "7" }).to_string();
    stage.keep("PUT", &format!("/{id}"), Some(json!({ "text": text }))).await;
    let (_, taken) = stage.keep("POST", &format!("/{id}/replay"), None).await;
    assert_eq!(taken["added"], 1);
    assert!(stage.rows().await.is_empty(), "it counts, and its person stays unknown");
}

#[tokio::test]
async fn a_person_who_is_erased_leaves_the_quarantine() {
    let stage = Stage::new(SourceSettings::default()).await;
    let batch = json!([{ "type": "track", "userId": "Zoë@example.org" }, { "type": "track", "userId": "eve@example.org" }]);
    stage.send(&[], &batch).await;
    let raw = br#"{"userId":"Zo\u00EB@example.org"}"#.to_vec();
    let refused = vec![Refused { position: 0, reason: touchline::tell!(cut, "x"), raw }];
    let mut delivery = Delivery { source: "site".into(), format: "segment", refused, ..Delivery::default() };
    assert_eq!(stage.site.capture.quarantine().keep(&mut delivery, &Caller::default()).await.expect("keeps"), 1);
    let held = stage.site.capture.quarantine().holding(&["eve@example.org".to_owned()]).await.expect("finds");
    assert!(held.len() == 1 && held[0].contains("eve@example.org"), "{held:?}");
    let gone = stage.site.capture.quarantine().forget(&["zoë@example.org".to_owned(), " ".to_owned()]).await.expect("forgets");
    assert_eq!((gone, stage.held().await.len()), (2, 1));
    assert_eq!(stage.site.capture.quarantine().forget(&[String::new()]).await.expect("forgets"), 0);
}
