//! What comes from careless and from hostile clients: nothing of it may cost more than itself.
//!
//! Requests are made from a seed, so that a failure can be repeated. What is asserted of memory is what was read and
//! how much room was taken, not the size of the process, which depends on the machine.

mod scratch;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Frame;
use model::Instant;
use scratch::Scratch;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use testkit::Rng;
use touchline::features::capture::{SourceKind, SourceSettings, read_again, signals};
use touchline::features::{Site, router};
use tower::ServiceExt;

struct Stage {
    site: Site,
    router: Router,
    key: String,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let scratch = Scratch::new(Arc::new(|| Instant(1_700_000_000_000_000)));
        let site = scratch.site();
        let source =
            site.sources.add("backend", SourceKind::Server, SourceSettings::default(), Instant(0)).await.expect("is added");
        Self { router: router(&site), site, key: source.write_key.clone(), _scratch: scratch }
    }

    async fn send(&self, path: &str, headers: &[(&str, &[u8])], body: impl Into<Body>) -> (StatusCode, Value) {
        let mut request = Request::builder().method("POST").uri(path).header("x-write-key", &self.key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("is a request");
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("has a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Sends one event and checks that it is taken, whatever came before.
    #[track_caller]
    fn takes(&self, id: &str) -> impl Future<Output = ()> {
        let body = json!({ "batch": [{ "type": "track", "event": "Tried", "userId": "u", "messageId": id }] }).to_string();
        async move {
            let (status, answer) = self.send("/v1/batch", &[], body).await;
            assert_eq!((status, &answer["added"]), (StatusCode::OK, &json!(1)));
        }
    }
}

fn pick<'a, T>(lot: &mut Rng, from: &'a [T]) -> &'a T {
    &from[lot.below(from.len())]
}

/// Values that are wrong almost everywhere.
const WRONG: &[&str] = &[
    "null",
    "true",
    "7",
    "-0",
    "1e400",
    "1e-400",
    "99999999999999999999999999",
    "[]",
    "{}",
    "[[[[]]]]",
    r#""""#,
    r#""\u0000""#,
    r#""\ud800""#,
    "\"\u{202e}\"",
    "\"\u{200b}\"",
    r#"{"a":{"a":{"a":1}}}"#,
    r#"[{"id":1,"type":2}]"#,
    r#""2024-13-45T99:99:99Z""#,
];

/// Is a request: its path, its headers, its body.
type Asked = (&'static str, Vec<(&'static str, &'static [u8])>, Vec<u8>);

/// Makes a request that is probably malformed.
fn malformed(lot: &mut Rng) -> Asked {
    let paths = [
        "/v1/batch",
        "/v1/b",
        "/v1/track",
        "/v1/t",
        "/v1/p",
        "/v1/identify",
        "/v1/group",
        "/v1/alias",
        "/v1/screen",
        "/v1/import",
        "/beacon/v1/batch",
        "/api/s/track",
        "/api/s/s2s/event",
        "/cloudevents",
        "/batch/",
        "/e/",
        "/com.snowplowanalytics.snowplow/tp2",
        "/api/event",
        "/api/send",
        "/track",
        "/engage",
    ];
    let keys = [
        "type",
        "event",
        "userId",
        "anonymousId",
        "messageId",
        "timestamp",
        "originalTimestamp",
        "sentAt",
        "properties",
        "traits",
        "context",
        "groupId",
        "previousId",
        "batch",
        "writeKey",
        "specversion",
        "id",
        "source",
        "subject",
        "time",
        "data",
        "data_base64",
        "revenue",
    ];
    let event = |lot: &mut Rng| {
        let members: Vec<String> = (0..lot.below(12)).map(|_| format!("\"{}\":{}", pick(lot, &keys), pick(lot, WRONG))).collect();
        format!(r#"{{"type":"track","event":"Order Completed","userId":"u",{}}}"#, members.join(","))
    };
    let mut body = match lot.below(5) {
        0 => event(lot),
        1 => format!("[{}]", event(lot)),
        2 => format!(r#"{{"batch":{},"sentAt":{}}}"#, pick(lot, WRONG), pick(lot, WRONG)),
        _ => {
            let events: Vec<String> = (0..lot.below(4)).map(|_| event(lot)).collect();
            format!(r#"{{"batch":[{}],"context":{},"sentAt":{}}}"#, events.join(","), pick(lot, WRONG), pick(lot, WRONG))
        }
    }
    .into_bytes();
    match lot.below(6) {
        0 => body.truncate(lot.below(body.len() + 1)),
        1 => (0..1 + lot.below(8)).for_each(|_| {
            let at = lot.below(body.len());
            body[at] = lot.below(256) as u8;
        }),
        2 => body.splice(0..0, b"data=".iter().copied()).for_each(drop),
        3 => {
            let part = body.clone();
            body.extend(&part[lot.below(part.len())..]);
        }
        _ => {}
    }
    let mut headers: Vec<(&'static str, &'static [u8])> = Vec::new();
    let some: [(&'static str, &'static [u8]); 9] = [
        ("content-encoding", b"gzip"),
        ("content-encoding", b"deflate"),
        ("content-encoding", b"zstd"),
        ("content-encoding", b"\xff"),
        ("content-type", b"application/cloudevents-batch+json"),
        ("content-type", b"application/cloudevents+xml"),
        ("ce-specversion", b"1.0"),
        ("ce-subject", b"%ff\xff\""),
        ("x-forwarded-for", b"no, address"),
    ];
    for _ in 0..lot.below(3) {
        headers.push(*pick(lot, &some));
    }
    if lot.below(8) == 0 {
        body = packed(&body);
    }
    (paths[lot.below(paths.len())], headers, body)
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("packs");
    encoder.finish().expect("packs")
}

/// So many malformed requests are sent.
const REQUESTS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_cost_nobody_else() {
    let stage = Stage::new().await;
    let mut lot = Rng::new(20_251_125, 0);
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..REQUESTS {
        let (path, headers, body) = malformed(&mut lot);
        let (status, answer) = stage.send(path, &headers, body).await;
        assert!(!status.is_server_error(), "request {number} to {path}: {status} {answer}");
        *statuses.entry(status.as_u16()).or_insert(0) += 1;
    }
    assert!(
        [200, 400, 415].into_iter().all(|status| statuses[&status] > REQUESTS / 20),
        "the lots are not as meant: {statuses:?}"
    );
    stage.takes("after").await;
}

/// Is a body of zeros without an end that is announced, counting what was asked of it.
struct Endless {
    frame: Bytes,
    left: usize,
    read: Arc<AtomicUsize>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(self.frame.len());
        self.read.fetch_add(self.frame.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }
}

#[tokio::test]
async fn large_bodies_are_not_read_to_their_end() {
    let stage = Stage::new().await;
    let (limit, frame) = (4 * 1024 * 1024, 64 * 1024);
    for path in ["/v1/batch", "/v1/t", "/beacon/v1/batch", "/api/s/track", "/cloudevents"] {
        let read = Arc::new(AtomicUsize::new(0));
        let body = Endless { frame: vec![b' '; frame].into(), left: 100 << 20, read: Arc::clone(&read) };
        let (status, answer) = stage.send(path, &[], Body::new(body)).await;
        assert_eq!((status, &answer["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")), "{path}");
        assert!(read.load(Ordering::Relaxed) <= limit + frame, "{path} read on: {read:?}");
        // One that says so is not read at all.
        let (status, _) = stage.send(path, &[("content-length", b"104857600")], Body::empty()).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let stage = Stage::new().await;
    let bomb = packed(&vec![b' '; 100 << 20]);
    assert!(bomb.len() < 120_000, "it is no bomb: {}", bomb.len());
    let (status, answer) = stage.send("/v1/batch", &[("content-encoding", b"gzip")], bomb.clone()).await;
    assert_eq!((status, &answer["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")));
    let (status, _) = stage.send("/v1/batch", &[], bomb).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    stage.takes("after").await;
}

#[tokio::test]
async fn deep_wide_and_long_events_are_refused_alone() {
    let stage = Stage::new().await;
    let event = |id: &str, properties: &str| {
        format!(r#"{{"type":"track","event":"x","userId":"u","messageId":"{id}","properties":{properties}}}"#)
    };
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let keys: Vec<String> = (0..300_000).map(|number| format!("\"{number}\":1")).collect();
    let wide = format!("{{{}}}", keys.join(","));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let batch = [event("1", "{}"), event("2", &format!("{{\"a\":{deep}}}")), event("3", &long), event("4", "{}")].join(",");
    let (status, answer) = stage.send("/v1/batch", &[], format!(r#"{{"batch":[{batch}]}}"#)).await;
    assert_eq!((status, &answer["added"], &answer["refused"]), (StatusCode::OK, &json!(2), &json!(2)));
    let codes: Vec<&Value> = answer["reasons"].as_array().expect("is a list").iter().map(|reason| &reason["code"]).collect();
    assert_eq!(codes, ["too_deep", "event_too_large"]);
    let (status, answer) = stage.send("/v1/t", &[], event("5", &wide)).await;
    assert_eq!((status, &answer["reasons"][0]["code"]), (StatusCode::OK, &json!("event_too_large")));
    // Deeper than any parser's stack, and never closed.
    let (status, _) = stage.send("/v1/batch", &[], "[".repeat(1 << 20)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = stage.send("/v1/batch", &[], r#"{"batch":"#.repeat(100_000)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// Returns a name as lists show it: one line, and nothing in it that cannot be seen.
fn visible(plain: &str) -> String {
    let is_hidden = |sign: char| matches!(sign, '\u{200b}' | '\u{202e}' | '\u{feff}');
    let words = plain.split(|sign: char| sign.is_whitespace() || sign.is_control() || is_hidden(sign));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_survive_in_every_field() {
    let stage = Stage::new().await;
    // As JSON, and what is expected of it: half a pair is no text; everything else comes back.
    let texts = [
        (r#"nul \u0000 here"#, "nul \0 here"),
        (r#"half \ud83d pair"#, "half \u{fffd} pair"),
        ("right \u{202e}to left", "right \u{202e}to left"),
        ("zero\u{200b}width\u{feff}", "zero\u{200b}width\u{feff}"),
        (r#"\ud83d\ude00 four bytes"#, "😀 four bytes"),
        ("e\u{301} and é", "e\u{301} and é"),
        (r#"quote \" slash \\ line \n"#, "quote \" slash \\ line \n"),
    ];
    for (number, (json_text, plain)) in texts.iter().enumerate() {
        let body = format!(
            r#"{{"type":"track","event":"{json_text}","userId":"{json_text}","anonymousId":"{json_text}","messageId":"{json_text}",
                "context":{{"locale":"{json_text}","page":{{"url":"https://shop.example.org/{json_text}","title":"{json_text}"}},"groupId":"{json_text}"}},
                "properties":{{"a":"{json_text}","{json_text}":1,"coupon":"{json_text}","conversation_id":"{json_text}","touchpoint":"{json_text}"}}}}"#
        );
        let (status, answer) = stage.send("/v1/t", &[], body.clone()).await;
        assert_eq!((status, &answer["added"]), (StatusCode::OK, &json!(1)), "{plain:?}: {answer}");
        let identify = format!(r#"{{"type":"identify","userId":"{number}","traits":{{"{json_text}":"{json_text}"}}}}"#);
        assert_eq!(stage.send("/v1/i", &[], identify).await.0, StatusCode::OK);
        stage.site.capture.settle().await.expect("settles");
        let event = signals(&stage.site.stores.state).await.expect("reads").pop().expect("is stored").event;
        assert_eq!(event, visible(plain), "{plain:?}");
        // In the properties it comes back as it was.
        let source = stage.site.sources.of_key(&stage.key).expect("is known");
        let delivery = read_again("segment").expect("is a format")(&source, body.as_bytes(), Instant(0));
        let props: Value = serde_json::from_str(delivery.arrivals[0].props.as_deref().expect("has some")).expect("is JSON");
        assert_eq!((&props["properties"]["a"], &props["properties"][*plain]), (&json!(plain), &json!(1)), "{props}");
    }
}
