//! Windows over a page, told through the routes that pages and staff use.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::time::{DAY, SECOND};
use model::{Form, Identity, Instant};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::capture::{SourceKind, SourceSettings};
use touchline::features::people::policy::{Channel, Class, ContactWord};
use touchline::features::{Site, router};
use tower::ServiceExt;

const NOON: i64 = 1_764_072_000 * SECOND;
const ANN: &str = "0123456789abcdef0123456789abcdef";

struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    key: String,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let (scratch, now) = Scratch::at(NOON);
        let site = scratch.site();
        let source = site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(NOON)).await.expect("adds");
        let router = router(&site);
        let cookie = scratch::owner(&site, &router).await;
        Self { router, cookie, key: source.write_key.clone(), site, now, _scratch: scratch }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("has a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn staff(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "here").header("cookie", &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let (status, text) = self.send(request.body(Body::from(body.to_string())).expect("a request")).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Asks as the page of a visitor does.
    async fn page(&self, path: &str, visitor: &str, wanted: Value) -> (StatusCode, Value) {
        let mut body = wanted;
        body["key"] = json!(self.key);
        body["visitor"] = json!(visitor);
        let request =
            Request::post(format!("/w/{path}")).header("host", "here").header("user-agent", "Mozilla/5.0 Firefox/140.0");
        let (status, text) = self.send(request.body(Body::from(body.to_string())).expect("a request")).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Makes a window and switches it on.
    async fn window(&self, change: impl FnOnce(&mut Value)) -> i64 {
        let mut settings = json!({ "name": "spring", "title": "Spring is here", "button": "Look", "link": "/seeds",
            "trigger": { "when": "time", "seconds": 5 }, "pages": ["/cart"], "times": 1, "days": 30, "touchpoint": "pop-up" });
        change(&mut settings);
        let (status, made) = self.staff("POST", "/api/outreach/popups", settings.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["id"].as_i64().expect("a number");
        let on = json!({ "settings": settings, "is_on": true });
        assert_eq!(self.staff("PUT", &format!("/api/outreach/popups/{id}"), on).await.0, StatusCode::NO_CONTENT);
        id
    }

    /// Signs who a visitor is, as the server of the site does.
    async fn signed(&self, user: &str, jti: &str) -> String {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        use hmac::{Hmac, KeyInit, Mac};
        let (status, told) = self.staff("POST", "/api/conversations/signing", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let until = self.now.load(Ordering::SeqCst) / SECOND + 300;
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "sub": user, "aud": "touchline", "exp": until, "jti": jti });
        let text = format!("{}.{}", part(json!({ "alg": "HS256" })), part(claims));
        let secret = told["secret"].as_str().expect("a secret");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    async fn offered(&self, visitor: &str, path: &str) -> usize {
        let (status, told) = self.page("popups", visitor, json!({ "path": path })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told["popups"].as_array().expect("a list").len()
    }

    async fn may(&self, id: i64, visitor: &str, show: u8) -> bool {
        let (status, told) = self.page("popups/show", visitor, json!({ "id": id, "show": number(show) })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told["show"].as_bool().expect("yes or no")
    }
}

fn number(of: u8) -> String {
    format!("{of:032x}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_opens_where_and_as_often_as_it_is_meant_to_and_the_ledger_knows() {
    let stage = Stage::new().await;
    let id = stage.window(|settings| settings["days"] = json!(1)).await;
    assert_eq!((stage.offered(ANN, "/cart/pay").await, stage.offered(ANN, "/").await), (1, 0));
    assert!(stage.may(id, ANN, 1).await);
    assert!(stage.may(id, ANN, 1).await, "the same showing is answered the same");
    assert!(!stage.may(id, ANN, 2).await, "once a day");
    assert_eq!(stage.offered(ANN, "/cart").await, 0);
    for _ in 0..2 {
        let end = json!({ "show": number(1), "after_ms": 1_200, "acted": false });
        assert_eq!(stage.page("popups/end", ANN, end).await.0, StatusCode::OK);
    }
    stage.now.fetch_add(DAY + 1, Ordering::SeqCst);
    assert!(stage.may(id, ANN, 3).await, "the day after");
    let end = json!({ "show": number(3), "after_ms": 9_000, "acted": true });
    assert_eq!(stage.page("popups/end", ANN, end).await.0, StatusCode::OK);
    let results = &stage.site.popups.all().await.expect("reads")[0].results;
    let counts = (results.shown, results.people, results.closed, results.closed_at_once, results.acted);
    assert_eq!(counts, (2, 1, 1, 1, 1), "{results:?}");
    let ann = Identity::new("anonymous", ANN).expect("a name").actor();
    let forms: Vec<Form> =
        stage.site.stores.ledger().interactions(&[ann].into()).expect("reads").iter().map(|one| one.form).collect();
    let count = |form| forms.iter().filter(|one| **one == form).count();
    assert_eq!((forms.len(), count(Form::View), count(Form::Close), count(Form::Click)), (4, 2, 1, 1), "{forms:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_no_is_left_in_peace_and_a_stranger_is_not_counted_as_anybody() {
    let stage = Stage::new().await;
    let id = stage.window(|_| ()).await;
    let ann = Identity::new("anonymous", ANN).expect("a name").actor();
    let word = ContactWord { class: Class::Marketing, channel: Channel::Popup, given: false, every_days: 0 };
    stage.site.talk.door.policy().note(ann, &[word], Instant(NOON), "said so").await.expect("notes");
    assert!(!stage.may(id, ANN, 1).await, "she said no");
    assert!(stage.may(id, "", 2).await && stage.may(id, "", 3).await, "the page of a stranger keeps count itself");
    let (_, shown) = stage.staff("GET", "/api/outreach/popups", Value::Null).await;
    assert_eq!(shown["popups"][0]["results"]["shown"], json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_or_wrong_shows_nothing() {
    let stage = Stage::new().await;
    let bad =
        json!({ "name": "x", "title": "x", "link": "javascript:alert(1)", "trigger": { "when": "exit" }, "times": 1, "days": 1 });
    let (status, said) = stage.staff("POST", "/api/outreach/popups", bad).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
    let loader = async || {
        let request = Request::get(format!("/w/loader.js?k={}", stage.key)).header("host", "here").body(Body::empty());
        stage.send(request.expect("a request")).await.1
    };
    let before = loader().await;
    let id = stage.window(|settings| settings["pages"] = json!([])).await;
    assert_ne!(before, loader().await, "the loader asks for windows where there are some");
    assert_eq!(stage.offered(ANN, "/").await, 1);
    assert_eq!(stage.staff("DELETE", &format!("/api/outreach/popups/{id}"), Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(before, loader().await);
    assert_eq!(stage.offered(ANN, "/").await, 0);
    assert!(!stage.may(id, ANN, 1).await);
    let (status, _) = stage.page("popups/end", ANN, json!({ "show": number(9), "after_ms": 1 })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let nobody = json!({ "key": "none", "path": "/" }).to_string();
    let request = Request::post("/w/popups").header("host", "here").body(Body::from(nobody)).expect("a request");
    assert_eq!(stage.send(request).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_for_a_segment_opens_for_its_people_alone_and_names_it_to_nobody() {
    let stage = Stage::new().await;
    let map = serde_json::from_str(include_str!("../src/features/map/sample.json")).expect("is a map");
    touchline::features::map::Maps::new(stage.site.stores.state.clone()).save(&map, "", Instant(NOON)).await.expect("saves");
    let wrong =
        json!({ "name": "x", "title": "x", "trigger": { "when": "exit" }, "times": 1, "days": 1, "segments": ["none such"] });
    let (status, told) = stage.staff("POST", "/api/outreach/popups", wrong).await;
    assert!(status == StatusCode::BAD_REQUEST && told.to_string().contains("none such"), "{told}");
    let id = stage.window(|settings| settings["segments"] = json!(["regular"])).await;
    // Ada has bought twice, Bob once.
    for (user, times) in [("ada", 2), ("bob", 1)] {
        for nth in 0..times {
            let who = Identity::new("user", user).expect("a name");
            let signature = model::Signature { source: "till".into(), event: "sale".into(), ..model::Signature::default() };
            let message = format!("{user}{nth}").into_bytes();
            let at = Instant(NOON - DAY);
            let mut arrival = model::Arrival::new(message, signature, at, Form::Purchase, model::Direction::Inbound);
            arrival.identities = vec![who];
            stage.site.talk.door.deliver(vec![arrival]).await.expect("delivers");
        }
    }
    stage.site.capture.settle().await.expect("settles");
    let asks = async |identity: String| {
        let (status, told) = stage.page("popups", ANN, json!({ "path": "/cart", "identity": identity })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told
    };
    assert_eq!(stage.offered(ANN, "/cart").await, 0, "a number proves nothing");
    assert!(!stage.may(id, ANN, 1).await, "nor does knowing the window's");
    let ada = asks(stage.signed("ada", "1").await).await;
    assert_eq!(ada["popups"].as_array().map(Vec::len), Some(1), "{ada}");
    assert!(!ada.to_string().contains("regular") && !ada.to_string().contains("segment"), "the page learns no segment: {ada}");
    let bob = asks(stage.signed("bob", "2").await).await;
    assert_eq!((bob["popups"].as_array().map(Vec::len), bob["pass"].is_string()), (Some(0), true), "known, and not meant");
    let token = stage.signed("ada", "3").await;
    let other = if token.ends_with('A') { 'E' } else { 'A' };
    let forged = format!("{}{other}", &token[..token.len() - 1]);
    assert_eq!(asks(forged).await["pass"], Value::Null);
    assert_eq!(asks(token.clone()).await["popups"].as_array().map(Vec::len), Some(1));
    assert_eq!(asks(token).await["pass"], Value::Null, "good once");
    let show = async |pass: &Value, show: u8| {
        let (_, told) = stage.page("popups/show", ANN, json!({ "id": id, "show": number(show), "pass": pass })).await;
        told["show"].as_bool().expect("yes or no")
    };
    assert!(!show(&bob["pass"], 2).await);
    assert!(show(&ada["pass"], 3).await, "her pass holds for the page");
    let end = json!({ "show": number(3), "after_ms": 900, "acted": false, "pass": ada["pass"] });
    assert_eq!(stage.page("popups/end", ANN, end).await.0, StatusCode::OK);
    let other = asks(stage.signed("ada", "4").await).await;
    let elsewhere = json!({ "id": id, "show": number(5), "pass": other["pass"] });
    let (_, told) = stage.page("popups/show", "fedcba9876543210fedcba9876543210", elsewhere).await;
    assert_eq!(told["show"], false, "once in thirty days, on her telephone too");
    let results = &stage.site.popups.all().await.expect("reads")[0].results;
    assert_eq!((results.shown, results.closed_at_once), (1, 1), "{results:?}");
}
