//! Conversations, told through the routes that widget, staff and customers use.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::Instant;
use model::time::SECOND;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::account::Accounts;
use touchline::features::capture::{Source, SourceKind, SourceSettings};
use touchline::features::{Site, router};
use touchline::platform::clock::Clock;
use tower::ServiceExt;

const NOON: i64 = 1_764_072_000 * SECOND; // 2025-11-25T12:00:00Z, a Tuesday

struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    key: String,
    now: Arc<AtomicI64>,
    scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(NOON));
        let hand = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Instant(hand.load(Ordering::SeqCst)));
        let scratch = Scratch::new(clock);
        let site = scratch.site();
        let source: Arc<Source> =
            site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(NOON)).await.expect("adds");
        let router = router(&site);
        let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
        let token = accounts.invite_owner().await.expect("invites").secret().to_owned();
        let mut stage = Self { site, router, cookie: String::new(), key: source.write_key.clone(), now, scratch };
        let request = Request::post("/api/session").header("host", "here").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(json!({ "token": token }).to_string())).expect("a request");
        let answer = stage.router.clone().oneshot(request).await.expect("answers");
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
        stage.cookie = cookie.split(';').next().expect("has a value").to_owned();
        stage
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("has a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Asks as staff.
    async fn staff(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "here").header("cookie", &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = request.body(body.map_or(Body::empty(), |body| Body::from(body.to_string()))).expect("a request");
        let (status, text) = self.send(request).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Asks as the widget does.
    async fn widget(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(format!("/w/{path}")).header("host", "here").header("origin", "https://shop.example.org");
        let (status, text) = self.send(request.body(Body::from(body.to_string())).expect("a request")).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn session(&self) -> String {
        let (status, told) = self.widget("session", json!({ "key": self.key })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told["token"].as_str().expect("a token").to_owned()
    }

    async fn say(&self, token: &str, id: &str, text: &str) -> i64 {
        let (status, told) = self.widget("say", json!({ "token": token, "id": id, "text": text })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told["seq"].as_i64().expect("a place")
    }

    async fn heard(&self, token: &str, after: i64) -> Value {
        self.widget("poll", json!({ "token": token, "after": after })).await.1
    }

    async fn list(&self, view: &str) -> Vec<Value> {
        let (_, told) = self.staff("GET", &format!("/api/conversations?view={view}"), None).await;
        told["conversations"].as_array().expect("a list").clone()
    }
}

fn texts(heard: &Value) -> Vec<&str> {
    heard["messages"].as_array().expect("a list").iter().filter_map(|message| message["text"].as_str()).collect()
}

#[tokio::test]
async fn a_visitor_asks_and_is_answered() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    assert!(stage.list("open").await.is_empty(), "a session alone is no conversation");
    let seq = stage.say(&token, "m1", "Where is my order?").await;
    assert_eq!(stage.say(&token, "m1", "Where is my order?").await, seq, "sent twice it is one");
    let [conversation] = stage.list("open").await.try_into().expect("one conversation");
    assert_eq!((&conversation["channel"], &conversation["preview"]), (&json!("chat"), &json!("Where is my order?")));
    assert_eq!(conversation["due_at"], json!(NOON + 120 * SECOND));
    let id = conversation["id"].as_str().expect("an id").to_owned();
    stage.pass(30);
    let say = json!({ "client_id": "a1", "text": "It comes tomorrow.", "after": seq });
    let (status, _) = stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say.clone())).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await;
    assert_eq!(status, StatusCode::OK, "sent twice it is one");
    let heard = stage.heard(&token, 0).await;
    assert_eq!(texts(&heard), ["Where is my order?", "It comes tomorrow."]);
    assert!(texts(&stage.heard(&token, heard["seq"].as_i64().expect("a place")).await).is_empty());
    let (_, summary) = stage.staff("GET", "/api/conversations/summary", None).await;
    assert_eq!(summary["requests"], json!([{ "channel": "chat", "requests": 1, "answered": 1, "open": 1 }]));
}

#[tokio::test]
async fn notes_stay_inside() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.say(&token, "m1", "Hello").await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    let note = json!({ "client_id": "n1", "text": "A difficult customer", "note": true });
    assert_eq!(stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(note)).await.0, StatusCode::CREATED);
    assert_eq!(texts(&stage.heard(&token, 0).await), ["Hello"]);
    let (_, shown) = stage.staff("GET", &format!("/api/conversations/{id}"), None).await;
    assert!(shown["messages"].as_array().expect("a list").iter().any(|message| message["text"] == "A difficult customer"));
}

#[tokio::test]
async fn an_answer_to_what_is_old_is_refused() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let first = stage.say(&token, "m1", "I want the blue one").await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    stage.say(&token, "m2", "No, the red one").await;
    let path = format!("/api/conversations/{id}/messages");
    let stale = json!({ "client_id": "a1", "text": "The blue one is yours", "after": first });
    assert_eq!(stage.staff("POST", &path, Some(stale.clone())).await.0, StatusCode::CONFLICT);
    let mut anyway = stale;
    anyway["anyway"] = json!(true);
    assert_eq!(stage.staff("POST", &path, Some(anyway)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn what_came_in_went_out_or_is_there() {
    let stage = Stage::new().await;
    let mut tokens = Vec::new();
    for number in 0..6 {
        let token = stage.session().await;
        stage.say(&token, "m", &format!("Question {number}")).await;
        tokens.push(token);
    }
    let ids: Vec<String> = stage.list("open").await.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    let set = async |place: usize, change: Value| {
        let (status, told) = stage.staff("POST", &format!("/api/conversations/{}/state", ids[place]), Some(change)).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let (_, summary) = stage.staff("GET", "/api/conversations/summary", None).await;
        let count = |name: &str| summary["counts"][name].as_i64().expect("a count");
        assert_eq!(count("came_in"), count("went_out") + count("open") + count("snoozed"), "{summary}");
    };
    let tomorrow = json!({ "snooze": NOON + 86_400 * SECOND });
    for (place, change) in [
        (0, json!("resolve")),
        (0, json!("resolve")),
        (1, tomorrow.clone()),
        (1, json!("resolve")),
        (0, json!("open")),
        (2, json!("resolve")),
        (2, tomorrow.clone()),
        (3, tomorrow),
        (3, json!("open")),
        (4, json!("take")),
        (4, json!({ "labels": ["delivery"] })),
    ] {
        set(place, change).await;
    }
    // A customer who writes again opens what was resolved.
    for token in &tokens {
        stage.say(token, "again", "One more thing").await;
    }
    set(5, json!("resolve")).await;
    let (_, summary) = stage.staff("GET", "/api/conversations/summary", None).await;
    assert_eq!((&summary["counts"]["open"], &summary["counts"]["snoozed"]), (&json!(5), &json!(0)));
    assert_eq!(stage.list("mine").await.len(), 1);
    let (_, labelled) = stage.staff("GET", "/api/conversations?label=delivery", None).await;
    assert_eq!(labelled["conversations"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn what_sleeps_wakes_by_itself() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.say(&token, "m", "Call me on Friday").await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    let snooze = json!({ "snooze": NOON + 3_600 * SECOND });
    stage.staff("POST", &format!("/api/conversations/{id}/state"), Some(snooze)).await;
    stage.site.talk.inbox.look_after().await.expect("looks");
    assert_eq!((stage.list("open").await.len(), stage.list("snoozed").await.len()), (0, 1));
    stage.pass(3_600);
    stage.site.talk.inbox.look_after().await.expect("looks");
    assert_eq!((stage.list("open").await.len(), stage.list("snoozed").await.len()), (1, 0));
}

#[tokio::test]
async fn tokens_that_are_not_ours_open_nothing_and_are_answered_alike() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.say(&token, "m", "Secret").await;
    let mut answers = Vec::new();
    for forged in ["", "x", &token[1..], "AAAA.AAAA", &format!("{}A", &token[..token.len() - 1])] {
        for (path, body) in [("poll", json!({ "token": forged })), ("say", json!({ "token": forged, "id": "i", "text": "t" }))] {
            answers.push(stage.widget(path, body).await);
        }
    }
    answers.push(stage.widget("session", json!({ "key": "no such key" })).await);
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == StatusCode::UNAUTHORIZED), "{answers:?}");
    for page in ["/p/preferences/x", "/p/preferences/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/p/unsubscribe/x"] {
        let request = Request::get(page).body(Body::empty()).expect("a request");
        let (status, text) = stage.send(request).await;
        assert_eq!((status, text.contains("This link does not work")), (StatusCode::NOT_FOUND, true), "{page}");
    }
}

#[tokio::test]
async fn each_message_is_an_interaction_with_its_answer_and_nothing_is_in_the_clear() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let seq = stage.say(&token, "m1", "marker-of-a-question").await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    stage.pass(30);
    let say = json!({ "client_id": "a1", "text": "marker-of-an-answer", "after": seq });
    stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await;
    stage.site.capture.settle().await.expect("settles");
    let person = stage.list("open").await[0]["customer"]["person"].as_str().expect("a person").to_owned();
    let (_, timeline) = stage.staff("GET", &format!("/api/people/{person}/timeline"), None).await;
    let met: Vec<(&str, &str, &str)> = timeline["interactions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let text = |value: &'_ Value| -> &'_ str { value.as_str().unwrap_or_default().to_owned().leak() };
            (text(&one["form"]), text(&one["direction"]), text(&one["signal"]["touchpoint"]))
        })
        .collect();
    assert_eq!(met, [("reply", "outbound", "help-chat"), ("message", "inbound", "help-chat")]);
    for place in walk(stage.scratch.dir()) {
        let bytes = std::fs::read(&place).expect("reads");
        for marker in ["marker-of-a-question", "marker-of-an-answer"] {
            assert!(!bytes.windows(marker.len()).any(|part| part == marker.as_bytes()), "{marker} is in {}", place.display());
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("lists") {
        let path = entry.expect("lists").path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn a_conversation_goes_with_its_person() {
    let stage = Stage::new().await;
    let form =
        json!({ "key": stage.key, "id": "0123456789abcdef", "name": "Ann", "email": "Ann@example.org", "text": "Please call" });
    assert_eq!(stage.widget("form", form).await.0, StatusCode::CREATED);
    stage.site.capture.settle().await.expect("settles");
    let [conversation] = stage.list("open").await.try_into().expect("one conversation");
    assert_eq!((&conversation["channel"], &conversation["customer"]["address"]), (&json!("form"), &json!("ann@example.org")));
    let capture = stage.site.capture.clone();
    let erase = move || {
        let who = model::Identity::new("email", "ann@example.org").expect("a name");
        touchline::features::capture::Rights::new(capture).erase(&who).expect("erases").expect("is known")
    };
    tokio::task::spawn_blocking(erase).await.expect("ends");
    assert!(stage.list("open").await.is_empty(), "what cannot be read is not shown");
    stage.site.talk.inbox.look_after().await.expect("looks");
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM conversation) + (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM participant)",
    )
    .fetch_one(stage.site.stores.state.reader())
    .await
    .expect("counts");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_choice_holds_from_now_on_and_looking_at_it_changes_nothing() {
    use touchline::features::people::policy::{Channel, Class, PreferenceToken};
    let stage = Stage::new().await;
    let form = json!({ "key": stage.key, "id": "0123456789abcdef", "email": "ann@example.org", "text": "Hello" });
    stage.widget("form", form).await;
    stage.site.capture.settle().await.expect("settles");
    let policy = stage.site.talk.door.policy().clone();
    let ann = model::Identity::new("email", "ann@example.org").expect("a name").actor();
    let token = PreferenceToken::write(&policy.secret("contact").await.expect("a secret"), "preferences", ann);
    for page in ["preferences", "unsubscribe"] {
        let request =
            Request::get(format!("/p/{page}/{token}")).header("accept-language", "fr").body(Body::empty()).expect("a request");
        let (status, text) = stage.send(request).await;
        assert_eq!((status, text.contains("lang=\"fr\"")), (StatusCode::OK, true), "{text}");
    }
    assert!(policy.words_of(ann).await.expect("reads").is_empty());
    let body = "marketing.email=on&marketing.every=7&do=save";
    let request = Request::post(format!("/p/preferences/{token}")).body(Body::from(body)).expect("a request");
    assert_eq!(stage.send(request).await.0, StatusCode::OK);
    let words = policy.words_of(ann).await.expect("reads");
    let given: Vec<_> = words.iter().filter(|word| word.given).map(|word| (word.class, word.channel, word.every_days)).collect();
    assert_eq!(given, [(Class::Marketing, Channel::Email, 7)]);
    stage.pass(1);
    // As a mail program does it: no cookie, no redirect.
    let request = Request::post(format!("/p/unsubscribe/{token}")).body(Body::from("List-Unsubscribe=One-Click"));
    assert_eq!(stage.send(request.expect("a request")).await.0, StatusCode::OK);
    assert!(!policy.words_of(ann).await.expect("reads").iter().any(|word| word.given && word.channel == Channel::Email));
}
