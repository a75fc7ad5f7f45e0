//! Reports follow what happens: what arrives, what is joined, what is changed in the map, and what comes late is in the
//! next answer; and however many ask at once, one analysis answers them.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::time::DAY;
use model::{Arrival, Direction, Form, Identity, Instant, Link, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline::features::account::Accounts;
use touchline::features::capture::{Delivery, SourceKind, SourceSettings, signals};
use touchline::features::map::{Maps, apply_json};
use touchline::features::{Site, router};
use touchline::platform::clock::Clock;
use tower::ServiceExt;

/// Is noon of a day in the autumn of 2026.
const NOW: i64 = 20_780 * DAY + DAY / 2;

/// Is a server whose owner has signed in, with the map of a corner shop.
struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let clock: Clock = Arc::new(|| Instant(NOW));
        let scratch = Scratch::new(clock);
        let site = scratch.site();
        let map = apply_json(include_str!("../src/features/map/sample.json")).expect("is sound");
        Maps::new(site.stores.state.clone()).save(&map, "", Instant(0)).await.expect("saves");
        let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
        let token = accounts.invite_owner().await.expect("invites").secret().to_owned();
        let mut stage = Self { router: router(&site), site, cookie: String::new(), scratch };
        let (status, cookie, _) = stage.send("POST", "/api/session", &[], Some(json!({ "token": token }))).await;
        assert_eq!(status, StatusCode::OK);
        stage.cookie = cookie;
        stage
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (StatusCode, String, Value) {
        let mut request = Request::builder().method(method).uri(path).header("host", "here:7777").header("cookie", &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).expect("is a request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let cookie = parts.headers.get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.expect("has a body");
        (parts.status, cookie, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    #[track_caller]
    fn ask(&self, path: &str) -> impl Future<Output = Value> {
        let path = path.to_owned();
        async move {
            let (status, _, body) = self.send("GET", &path, &[], None).await;
            assert_eq!(status, StatusCode::OK, "{path}: {body}");
            body
        }
    }

    async fn tell(&self, path: &str, body: Value) -> Value {
        let (status, _, answer) = self.send("POST", path, &[], Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Takes visits by the door that every way in uses: (message, nick, event, days ago).
    async fn take(&self, visits: &[(&str, &str, &str, i64)]) {
        let arrival = |(message, nick, event, days): &(&str, &str, &str, i64)| {
            let signature = Signature { source: "site".into(), event: (*event).into(), ..Signature::default() };
            let at = Instant(NOW - days * DAY);
            let identities = Identity::new("nick", nick).into_iter().collect();
            Arrival { identities, ..Arrival::new(message.as_bytes().to_vec(), signature, at, Form::Visit, Direction::Inbound) }
        };
        self.deliver(Delivery { arrivals: visits.iter().map(arrival).collect(), ..Delivery::default() }).await;
    }

    async fn deliver(&self, delivery: Delivery) {
        self.site.capture.take(delivery).await.expect("is taken");
    }

    async fn totals(&self) -> (u64, u64, u64) {
        let totals = self.ask("/api/measure/map").await["totals"].take();
        let number = |name: &str| totals[name].as_u64().expect("is a number");
        (number("people"), number("interactions"), number("unmapped"))
    }

    async fn interactions_of(&self, touchpoint: &str) -> u64 {
        let figures = self.ask(&format!("/api/measure/touchpoints/{touchpoint}")).await;
        figures["interactions"].as_u64().expect("is a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_answer_knows_what_arrived_was_joined_and_was_changed() {
    let stage = Stage::new().await;
    assert_eq!(stage.totals().await, (0, 0, 0));
    stage.take(&[("1", "ada", "counter visit", 3), ("2", "lovelace", "counter visit", 2)]).await;
    assert_eq!(stage.totals().await, (2, 2, 2), "what arrived is there, and unmapped");

    let nick = |name: &str| Identity::new("nick", name).expect("not blank");
    let claim = (nick("ada"), nick("lovelace"), Link::Renamed, Instant(NOW));
    stage.deliver(Delivery { claims: vec![claim], ..Delivery::default() }).await;
    assert_eq!(stage.totals().await, (1, 2, 2), "who was joined is one person, yesterday too");

    assert_eq!(stage.interactions_of("counter").await, 0);
    let rule = json!({ "rules": [{ "touchpoint": "counter", "signal": { "event": "counter*" } }], "note": "bind" });
    stage.tell("/api/map/rules", rule).await;
    assert_eq!(stage.totals().await, (1, 2, 0), "a changed rule changes the past");
    assert_eq!(stage.interactions_of("counter").await, 2);

    stage.take(&[("late", "ada", "counter visit", 400)]).await;
    let report = stage.ask("/api/measure/map").await;
    assert_eq!(report["window"]["from"], json!(NOW - 400 * DAY), "a late event opens what it touches");
    assert_eq!(stage.interactions_of("counter").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_are_answered_by_one_analysis() {
    let stage = Stage::new().await;
    stage.take(&[("1", "ada", "visit", 3)]).await;
    let reports = &stage.site.reports;
    let asked = futures_util::future::join_all((0..20).map(|_| reports.latest())).await;
    let reports: Vec<_> =
        asked.into_iter().map(|latest| latest.expect("reads").expect("has a map").report(None).expect("is made")).collect();
    assert!(reports.iter().all(|report| Arc::ptr_eq(report, &reports[0])));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_none_can_be_made_the_last_good_report_comes_with_its_age() {
    let stage = Stage::new().await;
    stage.take(&[("1", "ada", "visit", 3)]).await;
    assert_eq!(stage.totals().await, (1, 1, 1));
    let ledger = stage.scratch.dir().join("data/ledger");
    let files = stage.site.stores.ledger().files();
    assert!(!files.is_empty(), "a question brings what is acknowledged into files");
    for file in files {
        std::fs::remove_file(ledger.join(&file.path)).expect("removes");
    }
    stage.take(&[("2", "bob", "visit", 3)]).await;
    let report = stage.ask("/api/measure/map").await;
    assert_eq!(report["totals"]["interactions"], 1);
    let old = json!({ "key": "report_is_old", "about": "0" });
    assert!(report["notes"].as_array().expect("is a list").contains(&old), "{}", report["notes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_endless_places_is_folded_and_the_report_says_so() {
    let stage = Stage::new().await;
    let page = |number: i64| {
        let place = format!("shop.example/blog/post-{}", number % 997);
        let signature = Signature { source: "site".into(), event: "page".into(), place, ..Signature::default() };
        Arrival::new(number.to_string().into_bytes(), signature, Instant(NOW), Form::Visit, Direction::Inbound)
    };
    for batch in 0..4 {
        let arrivals = (batch * 500..(batch + 1) * 500).map(page).collect();
        stage.deliver(Delivery { arrivals, ..Delivery::default() }).await;
    }
    let known = signals(&stage.site.stores.state).await.expect("reads");
    assert!(known.len() <= 501, "{}", known.len());
    let report = stage.ask("/api/measure/map").await;
    assert_eq!(report["totals"]["interactions"], 2_000, "nothing is lost");
    assert!(report["notes"].to_string().contains("signals_are_folded"), "{}", report["notes"]);
    let unmapped = stage.ask("/api/measure/unmapped").await;
    assert_eq!(unmapped[0]["signal"]["place"], "shop.example/blog/*");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_what_a_rule_would_move_and_moves_nothing() {
    let stage = Stage::new().await;
    let visits = [("1", "ada", "newsletter read", 3), ("2", "ada", "newsletter read", 2), ("3", "bob", "newsletter read", 2)];
    stage.take(&visits).await;
    stage.take(&[("4", "bob", "shop seen", 1)]).await;
    let unmapped = stage.ask("/api/measure/unmapped").await;
    assert_eq!(unmapped[0]["signal"]["event"], "newsletter read");
    assert_eq!((&unmapped[0]["interactions"], &unmapped[0]["people"]), (&json!(3), &json!(2)));
    assert_eq!((&unmapped[0]["first_at"], &unmapped[0]["last_at"]), (&json!(NOW - 3 * DAY), &json!(NOW - 2 * DAY)));
    assert_eq!(unmapped[0]["suggestion"], json!({ "touchpoint": "newsletter", "because": ["newsletter"] }));
    let dark = stage.ask("/api/measure/dark").await;
    let of = |id: &str| dark.as_array().expect("is a list").iter().find(|dark| dark["touchpoint"] == id).cloned();
    assert_eq!(of("newsletter").expect("is silent")["candidates"][0]["event"], "newsletter read");
    assert_eq!(of("premises"), None, "what is only planned need not be heard of");

    let change = json!({ "rules": [{ "touchpoint": "newsletter", "signal": { "event": "newsletter*" } }] });
    let preview = stage.tell("/api/map/rules/preview", change.clone()).await;
    let moved = json!({ "from": { "touchpoint": null, "channel": "" }, "to": { "touchpoint": "newsletter", "channel": "" },
        "signals": 1, "interactions": 3, "people": 2 });
    assert_eq!(preview["moves"], json!([moved]));
    assert_eq!(stage.interactions_of("newsletter").await, 0, "a preview changes nothing");
    stage.tell("/api/map/rules", change).await;
    assert_eq!(stage.interactions_of("newsletter").await, 3);
    assert_eq!(stage.ask("/api/measure/unmapped").await.as_array().map(Vec::len), Some(1));

    let wrong = json!({ "rules": [{ "touchpoint": "newsleter", "signal": { "event": "x" } }] });
    for path in ["/api/map/rules", "/api/map/rules/preview"] {
        let (status, _, problem) = stage.send("POST", path, &[], Some(wrong.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert!(problem["because"].to_string().contains("did you mean `newsletter`"), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_of_the_web_and_of_the_street_stand_in_one_list() {
    let stage = Stage::new().await;
    let source =
        stage.site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(NOW)).await.expect("is made");
    let page = |id: &str, referrer: &str, search: &str| {
        json!({ "type": "page", "anonymousId": "a-1", "messageId": id, "properties": {
            "url": format!("https://shop.example/tea{search}"), "referrer": referrer, "path": "/tea" } })
    };
    let batch = json!({ "batch": [
        page("1", "https://www.google.com/", "?gclid=secret"),
        page("2", "https://www.google.com/", ""),
        page("3", "", ""),
        page("4", "https://shop.example/", ""),
    ] });
    let key = format!("Basic {}", STANDARD.encode(format!("{}:", source.write_key)));
    // Without the agent of a browser they would be taken for machines.
    let headers = [
        ("authorization", key.as_str()),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ];
    let (status, _, answer) = stage.send("POST", "/v1/batch", &headers, Some(batch)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let signature = Signature { source: "pbx".into(), event: "call".into(), channel: "telephone".into(), ..Signature::default() };
    let call = Arrival::new(b"5".to_vec(), signature, Instant(NOW), Form::Call, Direction::Inbound);
    stage.deliver(Delivery { arrivals: vec![call], ..Delivery::default() }).await;

    let counted = |channels: &Value| -> Vec<(String, u64)> {
        let channels = channels.as_array().expect("is a list");
        let count = |channel: &Value| {
            (channel["channel"].as_str().unwrap_or("").to_owned(), channel["interactions"].as_u64().unwrap_or(0))
        };
        channels.iter().map(count).collect()
    };
    let expect = |list: &[(&str, u64)]| -> Vec<(String, u64)> { list.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect() };
    let channels = stage.ask("/api/measure/channels").await;
    assert_eq!(counted(&channels), expect(&[("direct", 1), ("organic-search", 1), ("paid-search", 1), ("phone", 1)]));
    assert!(!stage.ask("/api/measure/unmapped").await.to_string().contains("secret"));

    let own = json!({ "channel_rules": [{ "channel": "search", "when": { "site": "search" } }] });
    stage.tell("/api/map/rules", own).await;
    let channels = stage.ask("/api/measure/channels").await;
    assert_eq!(counted(&channels), expect(&[("search", 2), ("direct", 1), ("phone", 1)]), "a changed rule changes the past");
    let rule = json!({ "rules": [{ "touchpoint": "newsletter", "signal": { "channel": "search" } }] });
    stage.tell("/api/map/rules", rule).await;
    assert_eq!(stage.interactions_of("newsletter").await, 2, "and touchpoints are bound by what a hint means");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_hear_of_a_change() {
    use axum::body::HttpBody;
    let stage = Stage::new().await;
    let request = Request::builder().uri("/api/live").header("host", "here:7777").header("cookie", &stage.cookie);
    let response = stage.router.clone().oneshot(request.body(Body::empty()).expect("is a request")).await.expect("answers");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = Box::pin(response.into_body());
    let mut next = async || {
        let frame = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await.expect("goes on").expect("is whole");
        String::from_utf8(frame.into_data().expect("is data").to_vec()).expect("is text")
    };
    let first = next().await;
    assert!(first.starts_with("event: analysis\ndata: "), "{first}");
    stage.take(&[("1", "ada", "visit", 3)]).await;
    assert_ne!(next().await, first, "a version is told once, and another when something has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_number_is_told_when_it_goes_beyond_its_limit_and_when_it_comes_back() {
    let stage = Stage::new().await;
    let watch = async |alert: Value| stage.send("POST", "/api/measure/alerts", &[], Some(alert)).await;
    let (status, _, made) = watch(json!({ "number": "people", "side": "above", "than": 1.0 })).await;
    assert_eq!((status, &made["stand"]), (StatusCode::CREATED, &json!("calm")), "{made}");
    for wrong in [
        json!({ "number": "roi", "side": "above", "than": 1.0 }),
        json!({ "number": "unmapped", "touchpoint": "counter", "side": "above", "than": 1.0 }),
        json!({ "number": "people", "touchpoint": "nowhere", "side": "above", "than": 1.0 }),
        json!({ "number": "people", "segment": "nobody", "side": "above", "than": 1.0 }),
        json!({ "number": "in_time", "side": "below", "than": 0.5 }),
        json!({ "number": "people", "theme": "price", "side": "above", "than": 1.0 }),
        json!({ "number": "complaints", "touchpoint": "nowhere", "side": "above", "than": 0.1 }),
        json!({ "number": "luck", "side": "above", "than": 1.0 }),
    ] {
        assert_eq!(watch(wrong.clone()).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(stage.site.reports.note_turns().await.expect("looks"), 0, "nothing has turned");
    stage.take(&[("1", "ada", "visit", 3), ("2", "bob", "visit", 2)]).await;
    let stand = async || stage.ask("/api/measure/alerts").await[0]["stand"].clone();
    assert_eq!(stand().await, "sure", "asked, it is told at once");
    assert_eq!(stage.site.reports.note_turns().await.expect("looks"), 1);
    assert_eq!(stage.site.reports.note_turns().await.expect("looks"), 0, "once");
    let nick = |name: &str| Identity::new("nick", name).expect("not blank");
    let claim = (nick("ada"), nick("bob"), Link::Renamed, Instant(NOW));
    stage.deliver(Delivery { claims: vec![claim], ..Delivery::default() }).await;
    assert_eq!(stand().await, "calm", "who was two is one person");
    let address = format!("/api/measure/alerts/{}", made["id"]);
    assert_eq!(stage.send("DELETE", &address, &[], None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.send("DELETE", &address, &[], None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remark_is_kept_by_its_day_until_it_is_taken_away() {
    let stage = Stage::new().await;
    let remark = |day: i64, text: &str| json!({ "day": day, "text": text });
    for (day, text) in [(NOW, "The shop was closed"), (NOW - DAY, " A campaign began ")] {
        let (status, _, made) = stage.send("POST", "/api/measure/annotations", &[], Some(remark(day, text))).await;
        assert_eq!((status, &made["text"]), (StatusCode::CREATED, &json!(text.trim())));
    }
    let (status, ..) = stage.send("POST", "/api/measure/annotations", &[], Some(remark(NOW, "  "))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let all = stage.ask("/api/measure/annotations").await;
    assert_eq!(all[0]["text"], "The shop was closed", "the latest first: {all}");
    assert_eq!(stage.send("DELETE", "/api/measure/annotations/1", &[], None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.ask("/api/measure/annotations").await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objective_that_names_a_number_is_seen_from_its_start_to_its_target() {
    let stage = Stage::new().await;
    let edit = async |part: &str, id: &str, field: Value, value: Value| {
        let base = stage.ask("/api/map/desk?variant=as_is").await["version"].clone();
        let edit = json!({ "do": "change", "part": part, "id": id, "field": field, "value": value });
        stage.send("PATCH", "/api/map", &[], Some(json!({ "variant": "as_is", "base": base, "edits": [edit] }))).await
    };
    let mut map = apply_json(include_str!("../src/features/map/sample.json")).expect("is sound");
    let objective = "more".to_owned();
    let text = "More people come".into();
    map.objectives.push(model::map::Objective {
        id: objective.clone(),
        kind: model::map::ObjectiveKind::Revenue,
        text,
        aim: None,
    });
    Maps::new(stage.site.stores.state.clone()).save(&map, "", Instant(1)).await.expect("saves");
    let first = stage.ask("/api/measure/objectives").await[0].clone();
    assert_eq!((&first["aim"], &first["now"]), (&Value::Null, &Value::Null), "no number is named yet");
    // Two people a hundred days ago, four of late; six are wanted.
    let old: &[(&str, &str, &str, i64)] = &[("1", "ada", "visit", 85), ("2", "bob", "visit", 84), ("0", "eve", "visit", 118)];
    stage.take(old).await;
    stage.take(&[("3", "ada", "visit", 3), ("4", "bob", "visit", 2), ("5", "cyd", "visit", 2), ("6", "dan", "visit", 1)]).await;
    let aim = json!({ "measure": "people", "target": 6.0, "since": NOW - 80 * DAY });
    let (status, _, told) = edit("objectives", &objective, json!(["aim"]), aim).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let seen = stage.ask("/api/measure/objectives").await[0].clone();
    assert_eq!((&seen["start"]["value"], &seen["now"]["value"]), (&json!(2.0), &json!(4.0)), "{seen}");
    assert_eq!(seen["progress"], json!(0.5));
    assert_eq!(seen["path"].as_array().map(Vec::len), Some(3), "the first stretch of the data is not whole: {seen}");
    assert_eq!(edit("objectives", &objective, json!(["aim", "measure"]), json!("luck")).await.0, StatusCode::BAD_REQUEST);

    // Ada comes in the thirty days before too, and so she is the one who came back of one. Touchpoints have numbers of their own.
    let name = async |aim: Value| {
        let (status, _, told) = edit("objectives", &objective, json!(["aim"]), aim).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        stage.ask("/api/measure/objectives").await[0].clone()
    };
    stage.take(&[("7", "ada", "visit", 40)]).await;
    let seen = name(json!({ "measure": "retention", "target": 0.5 })).await;
    assert_eq!(
        (&seen["now"]["value"], &seen["now"]["n"], &seen["now"]["unit"]),
        (&json!(1.0), &json!(1), &json!("share")),
        "{seen}"
    );
    assert!(seen["now"]["low"].is_number(), "a share has its interval: {seen}");
    let seen = name(json!({ "measure": "cost", "target": 0.0 })).await;
    assert_eq!((&seen["now"]["value"].is_number(), &seen["now"]["unit"]), (&true, &json!("money")), "{seen}");
    let seen = name(json!({ "measure": "satisfaction", "target": 0.9 })).await;
    assert_eq!((&seen["now"]["value"], &seen["progress"]), (&Value::Null, &Value::Null), "nobody was asked: {seen}");
    let of_one = json!({ "measure": "interactions", "target": 9.0, "touchpoint": "nowhere" });
    assert_eq!(name(of_one).await["now"]["value"], Value::Null, "the map has no such touchpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_and_assets_are_fields_of_the_map_and_a_link_runs_nothing() {
    let stage = Stage::new().await;
    let change = async |field: &str, value: Value| {
        let base = stage.ask("/api/map/desk?variant=as_is").await["version"].clone();
        let edit = json!({ "do": "change", "part": "touchpoints", "id": "counter", "field": ["details", field], "value": value });
        stage.send("PATCH", "/api/map", &[], Some(json!({ "variant": "as_is", "base": base, "edits": [edit] }))).await.0
    };
    let stage_id = stage.ask("/api/map").await["stages"][0]["id"].clone();
    let story = |text: &str, at: &Value| json!([{ "text": text, "sentiment": "positive", "stage": at }]);
    assert_eq!(change("stories", story("They knew my name", &stage_id)).await, StatusCode::OK);
    assert_eq!(change("stories", story("", &stage_id)).await, StatusCode::BAD_REQUEST);
    assert_eq!(change("stories", story("Nice", &json!("nowhere"))).await, StatusCode::BAD_REQUEST);
    for (link, expected) in [
        ("https://example.org/sign.pdf", StatusCode::OK),
        ("javascript:alert(1)", StatusCode::BAD_REQUEST),
        ("data:text/html,x", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(change("assets", json!([{ "name": "The sign", "link": link }])).await, expected, "{link}");
    }
    assert_eq!(change("sense", json!("smell")).await, StatusCode::OK);
    assert_eq!(change("sense", json!("humour")).await, StatusCode::BAD_REQUEST);
    let map = stage.ask("/api/map").await;
    let counter = map["touchpoints"].as_array().and_then(|all| all.iter().find(|one| one["id"] == "counter")).expect("is there");
    assert_eq!(counter["details"]["stories"][0]["text"], "They knew my name");
    assert_eq!(counter["details"]["assets"][0]["link"], "https://example.org/sign.pdf");
}
