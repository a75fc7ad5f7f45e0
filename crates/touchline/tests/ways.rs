//! What visitors, readers and other programs do, and what the ledger has of it.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::{Currency, Direction, Flags, Form, Instant, Interaction, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use touchline::features::account::Accounts;
use touchline::features::capture::{SourceKind, SourceSettings, signals};
use touchline::features::{Site, router};
use tower::ServiceExt;

const NOW: Instant = Instant(1_764_000_000_000_000);
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Is a server on a temporary directory, whose clock stands still.
struct Stage {
    site: Site,
    router: Router,
    _scratch: Scratch,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl Stage {
    async fn new() -> Self {
        let scratch = Scratch::new(Arc::new(|| NOW));
        let site = scratch.site();
        Self { router: router(&site), site, _scratch: scratch }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "t.example.org").header("user-agent", BROWSER);
        for (name, value) in headers {
            if *name == "user-agent" {
                request.headers_mut().expect("is sound").remove("user-agent");
            }
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).expect("is a request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("has a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks as somebody of the staff, and returns what is answered.
    async fn staff(&self, method: &str, path: &str, body: Value) -> Answer {
        let accounts = Accounts::new(self.site.stores.state.clone(), self.site.stores.clock.clone());
        let token = json!({ "token": accounts.invite_owner().await.expect("invites").secret() }).to_string();
        let json = ("content-type", "application/json");
        let signed_in = self.ask("POST", "/api/session", &[json], token).await;
        let cookie = signed_in.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        self.ask(method, path, &[json, ("cookie", &cookie)], body.to_string()).await
    }

    /// Registers a source and returns its key.
    async fn key(&self, settings: SourceSettings) -> String {
        self.site.sources.add("site", SourceKind::Site, settings, NOW).await.expect("is new").write_key.clone()
    }

    /// Returns what the ledger has, with the signal of each.
    async fn rows(&self) -> Vec<(Interaction, Signature)> {
        self.site.capture.settle().await.expect("settles");
        let known = signals(&self.site.stores.state).await.expect("reads");
        let mut rows = Vec::new();
        let ledger = self.site.stores.ledger();
        ledger.every(|row| rows.push((row.clone(), known[row.signal.0 as usize].clone()))).expect("reads");
        rows.sort_by_key(|(row, _)| (row.at, row.id));
        rows
    }
}

fn props(row: &Interaction) -> Value {
    serde_json::from_str(row.props.as_deref().unwrap_or("{}")).expect("JSON")
}

#[tokio::test]
async fn a_scan_is_recorded_and_leads_to_the_target_only() {
    let stage = Stage::new().await;
    let tag = json!({ "code": "Box-1", "target": "https://shop.example.org/care?x=1", "channel": "packaging", "place": "box",
                      "campaign": "spring", "touchpoint": "parcel", "utm": true });
    let made = stage.staff("POST", "/api/capture/tags", tag.clone()).await;
    assert_eq!((made.status, &made.json()["code"]), (StatusCode::CREATED, &json!("box-1")));
    assert_eq!(stage.staff("POST", "/api/capture/tags", tag).await.status, StatusCode::BAD_REQUEST, "no code is used twice");
    let target = "https://shop.example.org/care?x=1&utm_source=tag&utm_medium=packaging&utm_campaign=spring&utm_content=box-1";
    for path in ["/q/box-1", "/q/BOX-1", "/q/box-1?target=https://evil.example&url=//evil.example"] {
        let scan = stage.ask("GET", path, &[], "").await;
        assert_eq!((scan.status, scan.header("location"), scan.header("cache-control")), (StatusCode::FOUND, target, "no-store"));
        assert_eq!(scan.header("set-cookie"), "", "nobody is followed where nobody has allowed it");
    }
    let head = stage.ask("HEAD", "/q/box-1", &[], "").await;
    assert_eq!((head.status, head.header("location")), (StatusCode::FOUND, target));
    let rows = stage.rows().await;
    assert_eq!(rows.len(), 3, "a question for the head is no scan");
    let (row, signal) = &rows[0];
    assert_eq!((row.form, row.direction, row.at), (Form::Brochure, Direction::Inbound, NOW));
    assert_eq!(signal.to_string(), "tags · scan · packaging · box · spring · parcel");
    assert!(row.flags.has(Flags::EPHEMERAL) && !row.flags.has(Flags::BOT));
    assert_eq!(props(row)["tag"], "box-1");
}

#[tokio::test]
async fn previews_are_marked_as_machines() {
    let stage = Stage::new().await;
    stage.staff("POST", "/api/capture/tags", json!({ "code": "a", "target": "https://example.org/" })).await;
    let preview = "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)";
    for headers in [[("user-agent", preview)], [("sec-purpose", "prefetch;prerender")]] {
        assert_eq!(stage.ask("GET", "/q/a", &headers, "").await.status, StatusCode::FOUND);
    }
    let rows = stage.rows().await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|(row, _)| row.flags.has(Flags::BOT)), "{rows:?}");
}

#[tokio::test]
async fn a_device_is_known_again_where_its_source_allows_it() {
    let stage = Stage::new().await;
    stage.key(SourceSettings::default()).await;
    stage.staff("POST", "/api/capture/tags", json!({ "code": "a", "target": "https://example.org/", "source": "site" })).await;
    let first = stage.ask("GET", "/q/a", &[], "").await;
    let cookie = first.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    assert!(first.header("set-cookie").contains("Path=/q/; ") && first.header("set-cookie").contains("HttpOnly; SameSite=Lax"));
    stage.ask("GET", "/q/a", &[("cookie", &cookie)], "").await;
    stage.ask("GET", "/q/a", &[], "").await;
    let wish = stage.ask("GET", "/q/a", &[("sec-gpc", "1"), ("cookie", &cookie)], "").await;
    assert_eq!(wish.header("set-cookie"), "");
    let actors: Vec<_> = stage.rows().await.into_iter().map(|(row, _)| (row.actor, row.flags.has(Flags::EPHEMERAL))).collect();
    let known: Vec<_> = actors.iter().filter(|(_, ephemeral)| !ephemeral).map(|(actor, _)| *actor).collect();
    assert_eq!(known.len(), 3);
    assert_eq!(known.iter().collect::<std::collections::HashSet<_>>().len(), 2, "the first two are one device");
}

#[tokio::test]
async fn a_code_that_leads_nowhere_says_so_kindly() {
    let stage = Stage::new().await;
    stage.staff("POST", "/api/capture/tags", json!({ "code": "old", "target": "https://example.org/" })).await;
    assert_eq!(stage.staff("DELETE", "/api/capture/tags/old", json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.staff("DELETE", "/api/capture/tags/old", json!({})).await.status, StatusCode::NOT_FOUND);
    for (path, status) in
        [("/q/old", StatusCode::GONE), ("/q/none", StatusCode::NOT_FOUND), ("/q/%3Cscript%3E", StatusCode::NOT_FOUND)]
    {
        let answer = stage.ask("GET", path, &[("accept-language", "fr")], "").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains("<h1>Ce code ne mène nulle part</h1>") && !answer.text().contains("script"));
        assert_eq!(answer.header("location"), "");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    }
    assert!(stage.rows().await.is_empty());
}

#[tokio::test]
async fn a_tag_can_be_drawn() {
    let stage = Stage::new().await;
    stage.staff("POST", "/api/capture/tags", json!({ "code": "a", "target": "https://example.org/" })).await;
    let drawn = stage.staff("GET", "/api/capture/tags/a/qr.svg", json!({})).await;
    assert_eq!((drawn.status, drawn.header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert!(drawn.text().contains("<svg"));
    assert_eq!(stage.staff("GET", "/api/capture/tags/b/qr.svg", json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pixel_is_a_picture_whatever_it_is_asked() {
    let stage = Stage::new().await;
    let key = stage.key(SourceSettings::default()).await;
    let path = format!("/px/{key}.gif?c=spring&t=newsletter&m=n1-7&r=customer:42");
    for _ in 0..2 {
        let seen = stage.ask("GET", &path, &[], "").await;
        assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, "image/gif"));
        assert!(seen.body.starts_with(b"GIF89a") && seen.header("cache-control").contains("no-store"));
    }
    let unknown = stage.ask("GET", "/px/guess.gif", &[], "").await;
    assert_eq!((unknown.status, unknown.header("content-type")), (StatusCode::NOT_FOUND, "image/gif"));
    let rows = stage.rows().await;
    let [(row, signal)] = rows.as_slice() else { panic!("one showing of one mail: {rows:?}") };
    assert_eq!((row.form, row.direction), (Form::View, Direction::Outbound));
    assert_eq!(signal.to_string(), "site · open · email · spring · newsletter");
}

#[tokio::test]
async fn the_tracker_sends_and_the_ledger_has_it_once() {
    let stage = Stage::new().await;
    let key = stage.key(SourceSettings::default()).await;
    let at = NOW.0 / 1_000 - 2_000;
    let event = |id: &str, name: &str, form: &str| json!({ "id": id, "at": at, "name": name, "form": form, "url": "https://shop.example.org/offers" });
    let batch = json!({ "key": key, "sent": at, "visitor": "v1", "events": [
        event("e1", "page", "visit"), event("e2", "buy", "click"), { "id": "e3" }, event("e1", "page", "visit"),
    ]});
    for expected in [2, 2] {
        let answer = stage
            .ask(
                "POST",
                "/t",
                &[("content-type", "text/plain;charset=UTF-8"), ("origin", "https://shop.example.org")],
                batch.to_string(),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["reasons"][0]["index"], 2);
        assert!(["*", "https://shop.example.org"].contains(&answer.header("access-control-allow-origin")));
        assert_eq!(stage.rows().await.len(), expected);
    }
    let good = json!({ "key": key, "sent": at, "events": [event("e9", "page", "visit")] });
    assert_eq!(stage.ask("POST", "/t", &[], good.to_string()).await.status, StatusCode::NO_CONTENT);
    let odd = json!({ "key": key, "events": 7 }).to_string();
    for (body, status) in [("{", 401), ("{\"key\":\"guess\",\"events\":[]}", 401), (odd.as_str(), 400)] {
        assert_eq!(stage.ask("POST", "/t", &[], body.to_owned()).await.status.as_u16(), status, "{body}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_for_privacy_is_nobody_or_nothing() {
    let stage = Stage::new().await;
    let settings = SourceSettings { dnt: touchline::features::capture::SignalPolicy::Drop, ..SourceSettings::default() };
    let key = stage.key(settings).await;
    let event =
        |id: &str| json!({ "id": id, "at": NOW.0 / 1_000, "name": "page", "form": "visit", "url": "https://shop.example.org/" });
    let batch = |id: &str| json!({ "key": key, "visitor": "v1", "user": "42", "events": [event(id)] }).to_string();
    stage.ask("POST", "/t", &[("sec-gpc", "1")], batch("a")).await;
    stage.ask("POST", "/t", &[("dnt", "1")], batch("b")).await;
    let rows = stage.rows().await;
    let [(row, _)] = rows.as_slice() else { panic!("one is dropped: {rows:?}") };
    assert!(row.flags.has(Flags::EPHEMERAL));
    let names: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM actor WHERE value IN ('v1', '42')")
        .fetch_one(stage.site.stores.state.reader())
        .await
        .expect("counts");
    assert_eq!(names, 0);
}

/// Signs a body as Standard Webhooks do.
fn signed(secret: &str, id: &str, body: &str) -> Vec<(&'static str, String)> {
    let sent = (NOW.0 / 1_000_000).to_string();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("standard")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key");
    mac.update(format!("{id}.{sent}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    vec![("webhook-id", id.to_owned()), ("webhook-timestamp", sent), ("webhook-signature", signature)]
}

async fn send(stage: &Stage, hook: &str, headers: &[(&'static str, String)], body: &str) -> Answer {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    stage.ask("POST", &format!("/v1/hook/{hook}"), &headers, body.to_owned()).await
}

#[tokio::test]
async fn a_signed_body_is_read_by_its_mapping_once() {
    let stage = Stage::new().await;
    let mapping = "source = \"telephone\"\nform = \"call\"\ntext = \"note\"\n[person]\nidentities = [{ namespace = \"phone\", column = \"from\" }]\n\
                   [time]\ncolumn = \"at\"\n[signal]\nevent = \"call\"\nplace = { column = \"line\" }\n";
    let hook = json!({ "parts": [{ "rows": "data.calls", "mapping": mapping }] });
    let made = stage.staff("PUT", "/api/capture/hooks/calls", hook.clone()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    assert_eq!(made.json()["path"], "/v1/hook/calls");
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    assert!(stage.staff("PUT", "/api/capture/hooks/calls", hook).await.json()["secret"].is_null(), "it is told once and stays");
    let body = json!({ "data": { "calls": [
        { "from": "+33 1 23 45", "at": "2025-11-24T10:00:00Z", "line": "orders", "note": "asks for red ones" },
        { "from": "+33 1 23 45", "at": "soon", "line": "orders" },
        { "at": "2025-11-24T11:00:00Z", "line": "orders" },
    ]}})
    .to_string();
    for (added, duplicates) in [(2, 0), (0, 2)] {
        let answer = send(&stage, "calls", &signed(&secret, "m1", &body), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let told = answer.json();
        assert_eq!((&told["added"], &told["duplicates"]), (&json!(added), &json!(duplicates)));
        assert_eq!((&told["reasons"][0]["index"], &told["reasons"][0]["code"]), (&json!(1), &json!("time_unreadable")));
    }
    let rows = stage.rows().await;
    assert_eq!(rows.iter().map(|(row, _)| row.form).collect::<Vec<_>>(), [Form::Call, Form::Call]);
    assert_eq!(rows[0].1.to_string(), "telephone · call · orders");
    assert!(rows[1].0.flags.has(Flags::EPHEMERAL), "nobody was named");
    let mut forged = signed(&secret, "m2", &body);
    forged[0].1 = "m3".to_owned();
    for (hook, headers, status) in
        [("calls", forged, 401), ("calls", Vec::new(), 401), ("gone", signed(&secret, "m4", &body), 404)]
    {
        assert_eq!(send(&stage, hook, &headers, &body).await.status.as_u16(), status);
    }
    assert_eq!(send(&stage, "calls", &signed(&secret, "m5", "{"), "{").await.status, StatusCode::BAD_REQUEST);
    let tried =
        stage.staff("POST", "/api/capture/hooks/calls/try", json!({ "body": { "data": { "calls": [{ "at": "x" }] } } })).await;
    assert_eq!((&tried.json()["interactions"], &tried.json()["refused"][0]["position"]), (&json!(0), &json!(0)));
    let bad = json!({ "parts": [{ "mapping": "source = \"x\"\n[tme]\n" }] });
    let refused = stage.staff("PUT", "/api/capture/hooks/calls", bad).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("Did you mean `time`?"), "{}", refused.text());
    assert_eq!(stage.rows().await.len(), 2);
}

#[tokio::test]
async fn the_secret_of_a_hook_is_sealed_and_without_its_key_nobody_comes_in() {
    let stage = Stage::new().await;
    let mapping = "source = \"telephone\"\nform = \"call\"\n[time]\ncolumn = \"at\"\n[signal]\nevent = \"call\"\n";
    let hook = json!({ "parts": [{ "mapping": mapping }] });
    let made = stage.staff("PUT", "/api/capture/hooks/calls", hook).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let state = stage.site.stores.state.clone();
    let kept = async || -> String {
        sqlx::query_scalar("SELECT secret FROM hook WHERE name = 'calls'").fetch_one(state.reader()).await.expect("reads")
    };
    let body = json!([{ "at": "2025-11-24T10:00:00Z" }]).to_string();
    let sent = async |id: &str| send(&stage, "calls", &signed(&secret, id, &body), &body).await.status;
    assert!(!kept().await.contains(&secret[6..]), "sealed");
    assert_eq!(sent("m1").await, StatusCode::OK);
    // As an earlier version has left it: sealed at the next start.
    let mut transaction = state.begin().await.expect("begins");
    sqlx::query("UPDATE hook SET secret = $1").bind(secret.clone()).execute(&mut *transaction).await.expect("writes");
    transaction.commit().await.expect("commits");
    stage.site.lock_secrets().await.expect("seals");
    assert!(!kept().await.contains(&secret[6..]), "sealed again");
    assert_eq!(sent("m2").await, StatusCode::OK);
    // Without the key neither the right secret nor an empty one lets anybody in.
    std::fs::remove_file(stage.site.stores.dir.join("seal.key")).expect("is there");
    assert!(sent("m3").await.is_server_error());
    let empty = format!("whsec_{}", STANDARD.encode(""));
    assert!(send(&stage, "calls", &signed(&empty, "m4", &body), &body).await.status.is_server_error());
    assert_eq!(stage.rows().await.len(), 2, "of the two bodies that were let in");
}

/// Signs a body as a shop does.
fn signed_by_shop(header: &'static str, secret: &str, body: &str) -> Vec<(&'static str, String)> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(body.as_bytes());
    vec![(header, STANDARD.encode(mac.finalize().into_bytes()))]
}

/// Returns the worth of what the ledger has, per form.
async fn worth(stage: &Stage, form: Form) -> Vec<(Option<i64>, Option<Currency>)> {
    let rows = stage.rows().await.into_iter().filter(|(row, _)| row.form == form);
    rows.map(|(row, _)| (row.value, row.currency)).collect()
}

#[tokio::test]
async fn an_order_of_shopify_counts_once_and_its_refund_takes_away() {
    let stage = Stage::new().await;
    let made = stage.staff("PUT", "/api/capture/hooks/web-shop", json!({ "ready": "shopify" })).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let mut order: Value = serde_json::from_str(include_str!("fixtures/shopify_order.json")).expect("JSON");
    let send_order = async |order: &Value| {
        let body = order.to_string();
        send(&stage, "web-shop", &signed_by_shop("x-shopify-hmac-sha256", &secret, &body), &body).await
    };
    let first = send_order(&order).await;
    assert_eq!((first.status, &first.json()["added"]), (StatusCode::OK, &json!(1)), "{}", first.text());
    order["note"] = json!("changed");
    assert_eq!(send_order(&order).await.json()["duplicates"], 1, "an update of the same order is the same purchase");
    (order["total_price"], order["updated_at"]) = (json!("40.95"), json!("2025-11-24T11:30:00+01:00"));
    for added in [1, 0] {
        assert_eq!(send_order(&order).await.json()["added"], added, "a changed total adds the difference, once");
    }
    order["financial_status"] = json!("partially_refunded");
    order["refunds"] = json!([{ "id": 7, "created_at": "2025-11-24T12:00:00+01:00", "transactions": [
        { "id": 71, "kind": "refund", "status": "success", "amount": "10.05", "currency": "EUR", "created_at": "2025-11-24T12:00:00+01:00" },
        { "id": 72, "kind": "refund", "status": "failure", "amount": "99.00", "currency": "EUR", "created_at": "2025-11-24T12:00:00+01:00" },
    ]}]);
    for added in [1, 0] {
        assert_eq!(send_order(&order).await.json()["added"], added);
    }
    let euros = |minor| (Some(minor), Some(Currency::EUR));
    let mut paid = worth(&stage, Form::Purchase).await;
    paid.sort();
    assert_eq!(paid, [euros(500), euros(3_595)]);
    assert_eq!(worth(&stage, Form::Cancellation).await, [euros(-1_005)]);
    let rows = stage.rows().await;
    let (order_row, signal) = rows.iter().find(|(_, signal)| signal.event == "order").expect("the order");
    let (refund, _) = rows.iter().find(|(row, _)| row.form == Form::Cancellation).expect("the refund");
    assert_eq!(refund.reply_to, Some(order_row.id));
    assert_eq!(refund.actor, order_row.actor);
    assert_eq!(signal.to_string(), "web-shop · order · newsletter · web · spring sale");
    assert_eq!(order_row.offer.as_deref(), Some("SPRING10"));
    let names: Vec<String> = sqlx::query_scalar("SELECT namespace FROM actor ORDER BY namespace")
        .fetch_all(stage.site.stores.state.reader())
        .await
        .expect("reads");
    assert_eq!(names, ["customer", "email"]);
}

#[tokio::test]
async fn an_order_of_shopify_that_was_never_paid_takes_itself_back() {
    let stage = Stage::new().await;
    let made = stage.staff("PUT", "/api/capture/hooks/web-shop", json!({ "ready": "shopify" })).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let mut order: Value = serde_json::from_str(include_str!("fixtures/shopify_order.json")).expect("JSON");
    (order["cancelled_at"], order["financial_status"]) = (json!("2025-11-24T13:00:00+01:00"), json!("voided"));
    let body = order.to_string();
    send(&stage, "web-shop", &signed_by_shop("x-shopify-hmac-sha256", &secret, &body), &body).await;
    let sum: i64 = stage.rows().await.iter().filter_map(|(row, _)| row.value).sum();
    assert_eq!((sum, stage.rows().await.len()), (0, 2));
}

#[tokio::test]
async fn an_order_of_woocommerce_is_read_with_its_own_attribution() {
    let stage = Stage::new().await;
    let made = stage.staff("PUT", "/api/capture/hooks/woo", json!({ "ready": "woocommerce" })).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let greeting =
        stage.ask("POST", "/v1/hook/woo", &[("content-type", "application/x-www-form-urlencoded")], "webhook_id=3").await;
    assert_eq!(greeting.status, StatusCode::OK);
    let mut order: Value = serde_json::from_str(include_str!("fixtures/woocommerce_order.json")).expect("JSON");
    let send_order = async |order: &Value| {
        let body = order.to_string();
        send(&stage, "woo", &signed_by_shop("x-wc-webhook-signature", &secret, &body), &body).await
    };
    order["status"] = json!("pending");
    assert_eq!(send_order(&order).await.json()["added"], 0, "it is not placed yet");
    order["status"] = json!("processing");
    assert_eq!(send_order(&order).await.json()["added"], 1);
    order["status"] = json!("completed");
    order["refunds"] = json!([{ "id": 726, "reason": "", "total": "-9.35" }]);
    assert_eq!(send_order(&order).await.json()["added"], 1);
    assert_eq!(send_order(&order).await.json()["added"], 0);
    let euros = |minor| (Some(minor), Some(Currency::EUR));
    assert_eq!(worth(&stage, Form::Purchase).await, [euros(2_935)]);
    assert_eq!(worth(&stage, Form::Cancellation).await, [euros(-935)]);
    let rows = stage.rows().await;
    let (_, signal) = rows.iter().find(|(row, _)| row.form == Form::Purchase).expect("the order");
    assert_eq!(signal.to_string(), "woo · order · email · checkout · spring sale");
}

#[tokio::test]
async fn orders_in_the_plain_form_come_alone_or_in_a_list() {
    let stage = Stage::new().await;
    let made = stage.staff("PUT", "/api/capture/hooks/till", json!({ "ready": "orders" })).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let order = |id: &str| {
        json!({ "order": id, "at": "2025-11-24T10:00:00Z", "email": "Ann@Example.org", "total": "12.345", "currency": "TND",
                                   "refunds": [{ "id": "r1", "at": "2025-11-24T11:00:00Z", "amount": "2.5" }] })
    };
    for (message, body, added) in [("m1", order("1001"), 2), ("m2", json!([order("1001"), order("1002")]), 2)] {
        let body = body.to_string();
        let answer = send(&stage, "till", &signed(&secret, message, &body), &body).await;
        assert_eq!(answer.json()["added"], added, "{}", answer.text());
    }
    let dinars = Currency::parse("TND").expect("a currency");
    assert_eq!(worth(&stage, Form::Purchase).await, [(Some(12_345), Some(dinars)); 2]);
    assert_eq!(worth(&stage, Form::Cancellation).await, [(Some(-2_500), Some(dinars)); 2]);
}

#[tokio::test]
async fn what_no_machine_reports_is_entered_by_hand() {
    let stage = Stage::new().await;
    let entry = json!({ "what": "call", "id": "e1", "at": "2025-11-24T10:00:00+01:00", "touchpoint": "phone-line", "duration_s": 240,
                        "who": [{ "namespace": "email", "value": "ann@example.org" }, { "namespace": "customer", "value": "42" }],
                        "note": "wants it blue", "outcome": "signed", "value": { "amount": "120.00", "currency": "EUR" } });
    let first = stage.staff("POST", "/api/capture/interactions", entry.clone()).await;
    assert_eq!((first.status, &first.json()["added"]), (StatusCode::CREATED, &json!(true)), "{}", first.text());
    let again = stage.staff("POST", "/api/capture/interactions", entry).await;
    assert_eq!((again.status, &again.json()["added"]), (StatusCode::OK, &json!(false)));
    let correction = json!({ "what": "correction", "corrects": "e1", "value": { "amount": "-20", "currency": "EUR" } });
    assert_eq!(stage.staff("POST", "/api/capture/interactions", correction).await.status, StatusCode::CREATED);
    let rows = stage.rows().await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].1.to_string(), "by-hand · call · phone · phone-line");
    assert_eq!(rows.iter().filter_map(|(row, _)| row.value).sum::<i64>(), 10_000);
    assert_eq!(rows[2].0.reply_to, Some(rows[0].0.id));
    let (ledger, note) = (format!("{rows:?}"), "wants it blue");
    assert!(!ledger.contains(note), "what was said never stands in the ledger in the clear");
    let odd = stage.staff("POST", "/api/capture/interactions", json!({ "what": "call", "at": "soon" })).await;
    assert_eq!((odd.status, odd.json()["what"].as_str()), (StatusCode::BAD_REQUEST, Some("`at` is no time")));
    assert_eq!(odd.json()["telling"], json!({ "code": "hand_time", "says": "`at` is no time", "values": {} }));
    let stranger =
        stage.ask("POST", "/api/capture/interactions", &[("content-type", "application/json")], "{\"what\":\"call\"}").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_feed_is_read_and_its_readers_are_counted() {
    let stage = Stage::new().await;
    let feed = json!({ "title": "News & more", "link": "https://example.org/news", "touchpoint": "feed" });
    assert_eq!(stage.staff("PUT", "/api/capture/feeds/news", feed).await.status, StatusCode::NO_CONTENT);
    let publish = async |body: Value| stage.staff("POST", "/api/capture/feeds/news/publications", body).await;
    let now = publish(json!({ "title": "A < B", "link": "https://example.org/a", "code": "a1" })).await;
    assert_eq!(now.status, StatusCode::CREATED, "{}", now.text());
    publish(json!({ "title": "Later", "link": "https://example.org/b", "published_at": "2030-01-01T00:00:00Z" })).await;
    assert_eq!(publish(json!({ "title": "Bad", "link": "javascript:alert(1)" })).await.status, StatusCode::BAD_REQUEST);
    let reader = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)";
    let first = stage.ask("GET", "/feed/news.xml", &[("user-agent", reader)], "").await;
    assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, "application/rss+xml; charset=utf-8"));
    assert!(first.text().contains("<title>A &lt; B</title>") && !first.text().contains("Later"), "{}", first.text());
    assert!(first.text().contains("<link>http://t.example.org/q/a1</link>"));
    let again = stage.ask("GET", "/feed/news.xml", &[("if-none-match", first.header("etag"))], "").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(stage.ask("GET", "/feed/none.xml", &[], "").await.status, StatusCode::NOT_FOUND);
    let opened = stage.ask("GET", "/q/a1", &[], "").await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::FOUND, "https://example.org/a"));
    // Fetches are counted beside their answers.
    let mut rows = stage.rows().await;
    for _ in 0..500 {
        let told = stage.staff("GET", "/api/capture/feeds", json!({})).await.json();
        if rows.len() == 3 && told[0]["subscribers"] == 42 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        rows = stage.rows().await;
    }
    let mut told: Vec<String> =
        rows.iter().map(|(row, signal)| format!("{} {signal} {}", row.form, props(row)["reader"])).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "click feeds · read · rss · news · feed null",
            "view feeds · feed · rss · news · feed \"Feedly\"",
            "view feeds · feed · rss · news · feed \"Mozilla\"",
        ]
    );
    assert!(rows.iter().all(|(row, _)| row.flags.has(Flags::EPHEMERAL)));
    assert_eq!(stage.staff("GET", "/api/capture/feeds", json!({})).await.json()[0]["subscribers"], 42);
    assert_eq!(stage.staff("DELETE", "/api/capture/publications/a1", json!({})).await.status, StatusCode::NO_CONTENT);
    let empty = stage.ask("GET", "/feed/news.xml", &[("if-none-match", first.header("etag"))], "").await;
    assert_eq!(empty.status, StatusCode::OK, "a withdrawal is news");
    assert!(!empty.text().contains("<item>"));
}

#[tokio::test]
async fn hostile_texts_are_texts_and_hostile_bodies_are_refused() {
    let stage = Stage::new().await;
    let made = stage.staff("PUT", "/api/capture/hooks/till", json!({ "ready": "orders" })).await;
    let secret = made.json()["secret"].as_str().expect("was drawn").to_owned();
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let odd = r"\u0000\u202e\u200b</script>'; DROP TABLE tag; --\ud83d\ude00";
    let fields =
        ["order", "email", "customer", "total", "currency", "coupon", "channel", "campaign", "place", "touchpoint", "at"];
    let texts = fields.map(|field| {
        let order = json!({ "order": "1", "at": "2025-11-24T10:00:00Z", "total": "1", "currency": "EUR", field: "ODD" });
        order.to_string().replace("ODD", odd)
    });
    let bodies =
        [&*deep, "[]", "{}", "null", "7", "\"x\"", "", r#"{"order":1e400}"#, r#"{"order":"\ud800"}"#, r#"{"order":{"a":[{}]}}"#];
    for (number, body) in bodies.into_iter().map(str::to_owned).chain(texts).enumerate() {
        let answer = send(&stage, "till", &signed(&secret, &format!("m{number}"), &body), &body).await;
        assert!(answer.status.is_success() || answer.status == StatusCode::BAD_REQUEST, "{number}: {}", answer.text());
    }
    let key = stage.key(SourceSettings::default()).await;
    for query in ["e=%00%ff%fe", "r=%F0%9F%98%80&&&=&=x", &"c=x&".repeat(5_000), "p=<script>&t=%E2%80%AE"] {
        assert_eq!(
            stage.ask("GET", &format!("/px/{key}.gif?{}", query.replace(['<', '>'], "%3C")), &[], "").await.status,
            StatusCode::OK
        );
    }
    let words = json!({ "code": "odd", "target": "https://example.org/", "channel": "<b>\u{202e}", "place": "'; --" });
    assert_eq!(stage.staff("POST", "/api/capture/tags", words).await.status, StatusCode::CREATED);
    for bad in [json!({ "target": "https://example.org/", "place": "a\nb" }), json!({ "target": "" }), json!({ "traget": "x" })] {
        assert_eq!(stage.staff("POST", "/api/capture/tags", bad.clone()).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(stage.ask("GET", "/q/odd", &[], "").await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn routes_of_others_are_not_shadowed() {
    let stage = Stage::new().await;
    for (path, status) in [("/healthz", StatusCode::OK), ("/", StatusCode::OK), ("/t.js?k=guess", StatusCode::NOT_FOUND)] {
        assert_eq!(stage.ask("GET", path, &[(header::ACCEPT.as_str(), "*/*")], "").await.status, status, "{path}");
    }
}
