//! Improvements over HTTP: verdicts are kept when they change, with what had changed; a verdict becomes a task with a
//! promise; a task goes its way; a budget is divided.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::signal::SignalMatch;
use model::time::{DAY, SECOND};
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::capture::Delivery;
use touchline::features::map::{Maps, apply_json};
use touchline::features::{Site, router};
use tower::ServiceExt;

/// Is noon of a day in the autumn of 2026.
const NOW: i64 = 20_780 * DAY + DAY / 2;

const HOUR: i64 = 3_600 * SECOND;

/// Is a server whose owner has signed in, with the map of a corner shop, and a clock that is turned by hand.
struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let (scratch, now) = Scratch::at(NOW);
        let site = scratch.site();
        let map = apply_json(include_str!("../src/features/map/sample.json")).expect("is sound");
        Maps::new(site.stores.state.clone()).save(&map, "", Instant(0)).await.expect("saves");
        let router = router(&site);
        let cookie = scratch::owner(&site, &router).await;
        Self { router, site, cookie, now, _scratch: scratch }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "here:7777").header("cookie", &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).expect("is a request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.expect("has a body");
        (parts.status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    #[track_caller]
    fn expect(&self, method: &str, path: &str, body: Option<Value>, expected: u16) -> impl Future<Output = Value> {
        let (method, path) = (method.to_owned(), path.to_owned());
        async move {
            let (status, answer) = self.send(&method, &path, body).await;
            assert_eq!(status.as_u16(), expected, "{method} {path}: {answer}");
            answer
        }
    }

    /// Lets a touchpoint of the sample map be met by so many people, today.
    async fn met(&self, event: &str, people: std::ops::Range<u32>) {
        let arrival = |person: u32| {
            let signature = Signature { source: "till".into(), event: event.into(), ..Signature::default() };
            let identities = Identity::new("nick", &format!("p{person}")).into_iter().collect();
            let message = format!("{event} {person}").into_bytes();
            let at = Instant(self.now.load(Ordering::Relaxed) - HOUR);
            Arrival { identities, ..Arrival::new(message, signature, at, Form::Visit, Direction::Inbound) }
        };
        let delivery = Delivery { arrivals: people.map(arrival).collect(), ..Delivery::default() };
        self.site.capture.take(delivery).await.expect("is taken");
    }

    fn pass(&self, time: i64) {
        self.now.fetch_add(time, Ordering::Relaxed);
    }

    async fn kind_of(&self, touchpoint: &str) -> String {
        let list = self.expect("GET", "/api/improve/verdicts", None, 200).await;
        let all = list["verdicts"].as_array().expect("a list");
        let one = all.iter().find(|judged| judged["touchpoint"] == touchpoint).expect("is judged");
        one["verdict"]["kind"].as_str().expect("a word").to_owned()
    }

    async fn change_map(&self, change: impl FnOnce(&mut model::TouchpointMap)) {
        let maps = Maps::new(self.site.stores.state.clone());
        let mut map = maps.current().await.expect("reads").expect("is there").map;
        change(&mut map);
        maps.save(&map, "", Instant(self.now.load(Ordering::Relaxed))).await.expect("saves");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_told_with_its_cause() {
    let stage = Stage::new().await;
    assert_eq!(stage.kind_of("counter").await, "dark");
    assert_eq!(stage.expect("GET", "/api/improve/changes", None, 200).await, json!([]), "the first look is no change");

    stage.pass(2 * HOUR);
    stage.met("counter visit", 0..5).await;
    stage
        .change_map(|map| {
            map.rules.push(model::map::MapRule {
                touchpoint: "counter".into(),
                signal: SignalMatch { event: "counter visit".into(), ..SignalMatch::default() },
            });
        })
        .await;
    assert_eq!(stage.kind_of("counter").await, "insufficient_data");
    let changes = stage.expect("GET", "/api/improve/changes", None, 200).await;
    let change = &changes[0];
    assert_eq!((change["touchpoint"].as_str(), change["map_version"].as_i64()), (Some("counter"), Some(2)), "{changes}");
    assert_eq!((&change["before"]["kind"], &change["after"]["kind"]), (&json!("dark"), &json!("insufficient_data")));
    assert_eq!(change["causes"], json!(["data", "rules"]));
    assert_eq!(change["after"]["reason"]["numbers"]["n"], json!(5.0));

    // A threshold alone: the same data, another verdict.
    stage.pass(2 * HOUR);
    stage
        .change_map(|map| {
            let counter = map.touchpoint("counter").expect("is there");
            map.touchpoints[counter].life = model::Life::Paused;
        })
        .await;
    assert_eq!(stage.kind_of("counter").await, "none");
    let changes = stage.expect("GET", "/api/improve/changes?touchpoint=counter", None, 200).await;
    assert_eq!(changes.as_array().map(Vec::len), Some(2), "{changes}");
    assert_eq!(changes[0]["causes"], json!(["touchpoint"]));
    assert_eq!(stage.expect("GET", "/api/improve/changes?touchpoint=other", None, 200).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_becomes_a_task_and_goes_its_way() {
    let stage = Stage::new().await;
    let task = stage.expect("POST", "/api/improve/tasks", Some(json!({ "touchpoint": "counter" })), 201).await;
    assert_eq!(task["title"], "Connect its source, or bind its signals to it.");
    assert_eq!(
        (&task["verdict"]["kind"], &task["status"], &task["expected"]["promise"]),
        (&json!("dark"), &json!("open"), &json!("heard"))
    );
    let list = stage.expect("GET", "/api/improve/verdicts", None, 200).await;
    let counter = list["verdicts"].as_array().expect("a list").iter().find(|judged| judged["touchpoint"] == "counter");
    assert_eq!(counter.expect("is judged")["task"], task["id"], "the list knows that somebody is to do it");

    let path = format!("/api/improve/tasks/{}", task["id"]);
    let change = json!({ "status": "doing", "owner": "Service", "due": "2026-12-01" });
    let doing = stage.expect("PATCH", &path, Some(change), 200).await;
    assert_eq!((doing["started_at"].as_i64(), doing["owner"].as_str()), (Some(NOW), Some("Service")));
    stage.pass(3 * HOUR);
    let done = stage.expect("PATCH", &path, Some(json!({ "status": "done" })), 200).await;
    assert_eq!((done["started_at"].as_i64(), done["done_at"].as_i64()), (Some(NOW), Some(NOW + 3 * HOUR)));
    let again = stage.expect("PATCH", &path, Some(json!({ "status": "doing", "due": "" })), 200).await;
    assert_eq!((again["done_at"].is_null(), again["due"].is_null()), (true, true), "{again}");
    assert_eq!(stage.expect("GET", &path, None, 200).await, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_task_is_refused() {
    let stage = Stage::new().await;
    for (body, status, says) in [
        (json!({}), 400, "title"),
        (json!({ "touchpoint": "countr" }), 404, "countr"),
        (json!({ "title": "x".repeat(301) }), 400, "300"),
        (json!({ "title": "x", "due": "soon" }), 400, "2026-12-01"),
        (json!({ "title": "x", "strange": 1 }), 400, "cannot be read"),
    ] {
        let answer = stage.expect("POST", "/api/improve/tasks", Some(body), status).await;
        assert!(answer.to_string().contains(says), "{answer}");
    }
    stage.expect("PATCH", "/api/improve/tasks/7", Some(json!({ "status": "done" })), 404).await;
    assert_eq!(stage.expect("GET", "/api/improve/tasks", None, 200).await, json!([]));
    stage.expect("POST", "/api/improve/tasks", Some(json!({ "title": "Move money to retention" })), 201).await;
    assert_eq!(stage.expect("GET", "/api/improve/tasks", None, 200).await[0]["place"], json!(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_divided() {
    let stage = Stage::new().await;
    let item = |id: &str, top: f64, rate: f64, today: f64| json!({ "id": id, "today": today, "response": { "exponential": { "top": top, "rate": rate } } });
    let items = json!([item("ads", 100.0, 0.001, 1_000.0), item("mail", 60.0, 0.002, 1_000.0)]);
    let found = stage.expect("POST", "/api/improve/allocate", Some(json!({ "budget": 2000, "items": items })), 200).await;
    let value = found["value"].as_f64().expect("a number");
    assert!((value - 117.982_936).abs() < 1e-5 && found["certified"] == json!(true), "{found}");
    assert_eq!((&found["moves"][0]["from"], &found["moves"][0]["to"]), (&json!("mail"), &json!("ads")));
    let floors =
        json!({ "budget": 1, "items": [{ "id": "a", "floor": 2, "response": { "exponential": { "top": 1, "rate": 1 } } }] });
    let refused = stage.expect("POST", "/api/improve/allocate", Some(floors), 400).await;
    assert!(refused["what"].as_str().expect("says").contains("floors"), "{refused}");
    stage.expect("POST", "/api/improve/allocate", Some(json!({ "items": items })), 400).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_is_designed_compared_and_carried() {
    let stage = Stage::new().await;
    let touchpoints = stage.expect("GET", "/api/map", None, 200).await["touchpoints"].clone();
    let first = touchpoints[0]["id"].as_str().expect("an id").to_owned();
    let journey =
        |id: &str| json!({ "id": "visit", "name": "A visit", "flow": { "sequence": [{ "step": { "touchpoint": id } }] } });
    let refused = stage.expect("PUT", "/api/improve/journeys/visit", Some(journey("ghost")), 400).await;
    assert!(refused["because"][0].as_str().expect("says").contains("ghost"), "{refused}");

    let kept = stage.expect("PUT", "/api/improve/journeys/visit", Some(journey(&first)), 200).await;
    assert_eq!(kept["version"], 1);
    let mut other = journey(&first);
    other["goal"] = json!("Bread");
    stage.expect("PUT", "/api/improve/journeys/visit", Some(other.clone()), 409).await;
    assert_eq!(stage.expect("PUT", "/api/improve/journeys/visit?based_on=1", Some(other), 200).await["version"], 2);
    let said = stage.expect("GET", "/api/improve/journeys/visit/conformance", None, 200).await;
    assert_eq!((&said["journeys"], &said["fitness"]["value"]), (&json!(0), &Value::Null), "{said}");
    let said = stage.expect("POST", "/api/improve/conformance", Some(journey(&first)), 200).await;
    assert_eq!(said["steps"].as_array().map(Vec::len), Some(1));

    for format in ["json", "csv", "mermaid", "cjml", "xes"] {
        let (status, _) = stage.send("GET", &format!("/api/improve/journeys/visit/file?format={format}"), None).await;
        assert_eq!(status, StatusCode::OK, "{format}");
    }
    let text = format!("journey\n title Bought\n section S\n {first}: 4: Me\n Smoke: 2: Me\n");
    let draft = stage.expect("POST", "/api/improve/journeys/file", Some(json!({ "format": "mermaid", "text": text })), 200).await;
    assert_eq!((&draft["journey"]["id"], &draft["unknown"][0]["name"]), (&json!("bought"), &json!("Smoke")));

    stage.expect("DELETE", "/api/improve/journeys/visit?based_on=2", None, 204).await;
    assert_eq!(stage.expect("GET", "/api/improve/journeys", None, 200).await, json!([]));
    assert_eq!(stage.expect("PUT", "/api/improve/journeys/visit", Some(journey(&first)), 200).await["version"], 4, "undo");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_yet_is_said_so() {
    let stage = Stage::new().await;
    let sheet = json!({ "idea": "Tasting", "stage": "awareness", "reach": 0.4, "effect": 0.05, "doubt": 0.02, "cost": 1000 });
    let stages = stage.expect("GET", "/api/map", None, 200).await["stages"].clone();
    let mut sheet = sheet;
    sheet["stage"] = stages[0]["id"].clone();
    let refused = stage.expect("POST", "/api/improve/trial", Some(sheet), 400).await;
    assert!(refused["what"].as_str().expect("says").contains("nobody was in one of the stages"), "{refused}");
    let proposal = stage.expect("GET", "/api/improve/budget", None, 200).await;
    assert_eq!(proposal["items"], json!([]), "nothing is spent yet");
    let task = stage.expect("POST", "/api/improve/tasks", Some(json!({ "touchpoint": "counter" })), 201).await;
    let effect = stage.expect("GET", &format!("/api/improve/tasks/{}/effect", task["id"]), None, 200).await;
    assert_eq!((&effect["kept"], &effect["days"]), (&json!("unclear"), &Value::Null));
}
