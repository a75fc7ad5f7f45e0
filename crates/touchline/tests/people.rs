//! Who is who, as staff see and decide it through the routes.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline::features::account::Accounts;
use touchline::features::capture::{Caller, Delivery, SourceKind, SourceSettings};
use touchline::features::{Site, console, router};
use tower::ServiceExt;

const START: i64 = 1_790_000_000_000_000;
const MINUTE: i64 = 60_000_000;

/// Is an open data directory with its routes.
struct Stage {
    site: Site,
    routes: Router,
    _scratch: Scratch,
}

impl Stage {
    fn new() -> Self {
        let scratch = Scratch::new(Arc::new(|| Instant(START + 10_000 * MINUTE)));
        let site = scratch.site();
        Self { routes: console(&site), site, _scratch: scratch }
    }

    /// Lets interactions arrive: each with its identities, so many minutes after the start.
    async fn arrive(&self, all: &[(&str, &[&str], i64)]) {
        let arrival = |(event, names, minute): &(&str, &[&str], i64)| {
            let signature = Signature { source: "shop".into(), event: (*event).into(), ..Signature::default() };
            let at = Instant(START + minute * MINUTE);
            Arrival {
                identities: names.iter().map(|name| identity(name)).collect(),
                ..Arrival::new(event.as_bytes().to_vec(), signature, at, Form::View, Direction::Inbound)
            }
        };
        let delivery = Delivery { source: "shop".into(), arrivals: all.iter().map(arrival).collect(), ..Delivery::default() };
        self.site.capture.take(delivery).await.expect("is taken");
        self.site.capture.settle().await.expect("settles");
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.routes.clone().oneshot(request.body(body).expect("is a request")).await.expect("answers");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("has a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Returns the number of the person with an identity.
    async fn person(&self, name: &str) -> String {
        let value = name.split_once(':').expect("has a namespace").1;
        let found = self.post("/api/people/find", json!({ "value": value })).await;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        found[0]["person"].as_str().expect("has a number").to_owned()
    }

    /// Returns what happened with somebody, the latest first.
    async fn events(&self, name: &str) -> Vec<String> {
        let person = self.person(name).await;
        let timeline = self.get(&format!("/api/people/{person}/timeline")).await;
        let met = timeline["interactions"].as_array().expect("is a list");
        met.iter().map(|met| met["signal"]["event"].as_str().expect("is a text").to_owned()).collect()
    }
}

fn identity(name: &str) -> Identity {
    let (namespace, value) = name.split_once(':').expect("has a namespace");
    Identity::new(namespace, value).expect("is not blank")
}

fn pair(one: &str, other: &str) -> Value {
    let name = |name: &str| {
        let identity = identity(name);
        json!({ "namespace": identity.namespace, "value": identity.value })
    };
    json!({ "one": name(one), "other": name(other) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_whatever_somebody_calls_them() {
    let stage = Stage::new();
    stage.arrive(&[("login", &["user:7", "device:d1"], 5), ("login", &["user:8"], 6)]).await;
    let ada = (identity("user:7"), "name".to_owned(), "Ada Example".to_owned(), Instant(START));
    let delivery = Delivery { source: "shop".into(), traits: vec![ada], ..Delivery::default() };
    stage.site.capture.take(delivery).await.expect("is taken");
    stage.site.capture.settle().await.expect("settles");
    let person = stage.person("user:7").await;
    for (meant, people) in [("7", 1), ("user:7", 1), ("d1", 1), ("Ada Example", 1), (" ada example ", 1), ("user:9", 0), ("%", 0)]
    {
        let found = stage.post("/api/people/find", json!({ "value": meant })).await;
        assert_eq!(found.as_array().map(Vec::len), Some(people), "{meant}: {found}");
        assert!(people == 0 || found[0]["person"] == person.as_str(), "{meant}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_explained_and_told_over_all_channels() {
    let stage = Stage::new();
    stage.arrive(&[("visit", &["device:d1"], 0), ("login", &["user:7", "device:d1"], 5)]).await;
    stage.arrive(&[("call", &["phone:555"], 9), ("order", &["user:7", "phone:555"], 12)]).await;
    let person = stage.person("user:7").await;
    assert_eq!(person, stage.person("phone:555").await);
    let shown = stage.get(&format!("/api/people/{person}")).await;
    assert_eq!(shown["identities"].as_array().map(Vec::len), Some(3));
    assert_eq!(stage.events("device:d1").await, ["order", "call", "login", "visit"]);
    let why = stage.post("/api/people/explain", pair("device:d1", "phone:555")).await;
    let through: Vec<_> = why["chain"].as_array().expect("is a list").iter().map(|step| step["to"]["value"].clone()).collect();
    assert_eq!((&why["is_one"], through), (&json!(true), vec![json!("7"), json!("555")]));
    let page = stage.get(&format!("/api/people/{person}/timeline?limit=3")).await;
    assert_eq!(page["count"], 4);
    let next = page["next"].as_str().expect("there is more");
    let last = stage.get(&format!("/api/people/{person}/timeline?limit=3&after={next}")).await;
    assert_eq!((last["interactions"].as_array().map(Vec::len), &last["next"]), (Some(1), &Value::Null));
    let before = stage.get(&format!("/api/people/{person}?as_known={START}")).await;
    assert_eq!(before["identities"].as_array().map(Vec::len), Some(1), "nothing was recorded by then");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_device_is_told_apart_by_time() {
    let stage = Stage::new();
    stage.arrive(&[("ada before", &["device:pc"], 0), ("ada login", &["user:ada", "device:pc"], 10)]).await;
    stage.arrive(&[("bob login", &["user:bob", "device:pc"], 300), ("bob after", &["device:pc"], 310)]).await;
    stage.arrive(&[("nobody", &["device:pc"], 2_000)]).await;
    assert_eq!(stage.events("user:ada").await, ["ada login", "ada before"]);
    assert_eq!(stage.events("user:bob").await, ["bob after", "bob login"]);
    assert_eq!(stage.events("device:pc").await, ["nobody"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_counts_at_once_and_can_be_undone() {
    let stage = Stage::new();
    // Two accounts with one address: not joined silently.
    stage
        .arrive(&[("first", &["user:1", "email:ada@example.org"], 0), ("second", &["user:2", "email:ada@example.org"], 60)])
        .await;
    assert_eq!(stage.events("user:1").await, ["first"]);
    let review = stage.get("/api/people/review").await;
    assert_eq!((&review["count"], &review["waiting"][0]["why"]), (&json!(1), &json!("exclude")));
    let merged = stage.post("/api/people/merge", pair("user:1", "user:2")).await;
    assert_eq!(stage.events("user:2").await, ["second", "first"]);
    assert_eq!(stage.get("/api/people/review").await["count"], 0);
    assert_eq!(stage.post("/api/people/merge", pair("user:1", "user:2")).await["decision"], Value::Null);
    stage.post("/api/people/undo", json!({ "decision": merged["decision"] })).await;
    assert_eq!(stage.events("user:2").await, ["second"]);
    let (status, _) = stage.ask("POST", "/api/people/undo", Some(json!({ "decision": merged["decision"] }))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let split = stage.post("/api/people/split", pair("user:1", "email:ada@example.org")).await;
    assert_eq!(stage.post("/api/people/explain", pair("user:1", "email:ada@example.org")).await["is_one"], false);
    // The address is free for the second account now.
    assert_eq!(stage.person("email:ada@example.org").await, stage.person("user:2").await);
    let decisions = stage.get("/api/people/decisions").await;
    assert_eq!(decisions.as_array().map(Vec::len), Some(3));
    assert_eq!((&decisions[2]["what"], &decisions[2]["decision"]), (&json!("split"), &split["decision"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_person_or_no_identity_is_refused() {
    let stage = Stage::new();
    for (method, path, body) in [
        ("GET", "/api/people/ada", None),
        ("GET", "/api/people/0000000000000001/timeline?after=x", None),
        ("POST", "/api/people/split", Some(pair("user:1", "user:1"))),
        ("POST", "/api/people/nobody", Some(json!({ "namespace": "user", "value": " " }))),
    ] {
        let (status, answer) = stage.ask(method, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
    }
}

/// Asks as somebody who has signed in, with a role of ours.
async fn status_as(stage: &Stage, role: &str, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
    let stores = &stage.site.stores;
    let accounts = Accounts::new(stores.state.clone(), stores.clock.clone());
    let link = accounts.invite_owner().await.expect("invites");
    let (session, who) = accounts.sign_in(link.secret()).await.expect("works").expect("signs in");
    let mut transaction = stores.state.begin().await.expect("begins");
    sqlx::query("UPDATE account SET role = $1 WHERE id = $2")
        .bind(role.to_owned())
        .bind(who.account)
        .execute(&mut *transaction)
        .await
        .expect("changes");
    transaction.commit().await.expect("commits");
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.header("cookie", format!("touchline={}", session.secret()));
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = router(&stage.site).oneshot(request.body(body).expect("is a request")).await.expect("answers");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("has a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_only_look_decide_nothing_and_read_no_texts() {
    let stage = Stage::new();
    let said = Arrival {
        identities: vec![identity("user:7")],
        text: Some("I am ill".to_owned()),
        ..Arrival::new(b"1".to_vec(), Signature::default(), Instant(START), Form::Message, Direction::Inbound)
    };
    let delivery = Delivery { source: "shop".into(), arrivals: vec![said], ..Delivery::default() };
    stage.site.capture.take(delivery).await.expect("is taken");
    stage.site.capture.settle().await.expect("settles");
    let timeline = format!("/api/people/{}/timeline", stage.person("user:7").await);
    let one = json!({ "namespace": "user", "value": "7" });
    for (role, may) in [("viewer", false), ("analyst", false), ("agent", true), ("admin", true), ("owner", true)] {
        for (path, body) in [
            ("/api/people/merge", pair("user:7", "user:8")),
            ("/api/people/split", pair("user:7", "user:8")),
            ("/api/people/nobody", one.clone()),
            ("/api/people/large", one.clone()),
            ("/api/people/undo", json!({ "decision": 0 })),
        ] {
            let (status, answer) = status_as(&stage, role, "POST", path, Some(&body)).await;
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{role} {path}: {status} {answer}");
        }
        let (status, answer) = status_as(&stage, role, "GET", &timeline, None).await;
        assert_eq!(status, StatusCode::OK, "{role}");
        let met = &answer["interactions"][0];
        let text = if may { json!("I am ill") } else { Value::Null };
        assert_eq!((&met["text"], &met["is_sealed"]), (&text, &json!(!may)), "{role}");
        assert_eq!(met["props"], json!({}), "what is sealed says nothing to anybody");
    }
}

/// Of two values of one trait the one of the source that is believed more counts, however late the other comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_believed_more_has_the_last_word() {
    let stage = Stage::new();
    let sources = &stage.site.sources;
    let source = async |name: &str, trait_weight: u8| {
        let settings = SourceSettings { trait_weight, ..SourceSettings::default() };
        sources.add(name, SourceKind::Server, settings, Instant(START)).await.expect("is made")
    };
    let (office, site) = (source("office", 50).await, source("site", 0).await);
    for (source, value, minute) in [(&office, "gold", 0), (&site, "tin", 5), (&site, "lead", 9)] {
        let known = (identity("user:7"), "tier".to_owned(), value.to_owned(), Instant(START + minute * MINUTE));
        let arrival = Arrival {
            identities: vec![identity("user:7")],
            ..Arrival::new(value.as_bytes().to_vec(), Signature::default(), Instant(START), Form::View, Direction::Inbound)
        };
        let delivery =
            Delivery { source: source.name.clone(), arrivals: vec![arrival], traits: vec![known], ..Delivery::default() };
        stage.site.capture.take_from(delivery, source, &Caller::default()).await.expect("is taken");
    }
    stage.site.capture.settle().await.expect("settles");
    let shown = stage.get(&format!("/api/people/{}", stage.person("user:7").await)).await;
    assert_eq!(shown["traits"], json!([{ "key": "tier", "value": "gold", "at": START }]));
}
