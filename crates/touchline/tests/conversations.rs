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

impl Stage {
    /// Sets up a mailbox whose mail is caught.
    async fn mailbox(&self) {
        let mut settings = self.site.talk.inbox.settings().await.expect("reads");
        settings.mail.address = "help@shop.example.org".to_owned();
        settings.mail.acknowledge = true;
        settings.save(&self.site.stores.state).await.expect("saves");
    }

    async fn mail(&self, from: &str, id: &str, headers: &str, body: &str) {
        let raw = format!("From: {from}\r\nTo: help@shop.example.org\r\nMessage-ID: <{id}>\r\n{headers}\r\n{body}\r\n");
        self.site.talk.mail_arrives(raw.as_bytes(), from, &["help@shop.example.org".to_owned()]).await.expect("is taken");
    }

    async fn letters(&self) -> Vec<Value> {
        self.site.talk.send_letters().await.expect("sends");
        let (_, told) = self.staff("GET", "/api/conversations/mail", None).await;
        told["letters"].as_array().expect("a list").clone()
    }

    async fn marks(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT mark FROM letter WHERE tag = 'reply' ORDER BY at")
            .fetch_all(self.site.stores.state.reader())
            .await
            .expect("reads")
    }
}

#[tokio::test]
async fn a_mail_is_answered_and_the_answer_to_it_finds_its_conversation() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    stage.mail("ann@example.org", "1@example.org", "Subject: Broken glass\r\n", "It is broken.").await;
    stage.mail("ann@example.org", "1@example.org", "Subject: Broken glass\r\n", "It is broken.").await;
    // Before anybody answers she writes again, to her own mail.
    stage
        .mail("ann@example.org", "2@example.org", "Subject: Re: Broken glass\r\nIn-Reply-To: <1@example.org>\r\n", "Both.")
        .await;
    let [conversation] = stage.list("open").await.try_into().expect("one conversation");
    let id = conversation["id"].as_str().expect("an id").to_owned();
    let say = json!({ "client_id": "a1", "text": "Two new ones are on their way.", "after": 99 });
    assert_eq!(stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await.0, StatusCode::CREATED);
    let letters = stage.letters().await;
    let reply = letters.iter().find(|letter| letter["id"].as_str().is_some_and(|id| id.starts_with("reply:"))).expect("a reply");
    assert_eq!((&reply["state"], &reply["recipient"]), (&json!("caught"), &json!("ann@example.org")));
    assert_eq!(reply["subject"], json!("Re: Broken glass [#1]"));
    let mark = stage.marks().await.remove(0);
    let answer = format!("Subject: Thanks\r\nIn-Reply-To: <{mark}@shop.example.org>\r\n");
    stage.mail("ann@example.org", "3@example.org", &answer, "Thank you!").await;
    // A stranger who has the mark joins flagged; one who guesses the number begins anew.
    stage.mail("eve@example.org", "4@example.org", &answer, "Me too!").await;
    stage.mail("eve@example.org", "5@example.org", "Subject: [#1] Hello\r\n", "And now?").await;
    let (_, shown) = stage.staff("GET", &format!("/api/conversations/{id}"), None).await;
    let said = |shown: &Value| -> Vec<String> {
        let all = shown["messages"].as_array().expect("a list").iter().filter(|message| message["kind"] == "in");
        all.map(|message| message["text"].as_str().expect("text").trim().to_owned()).collect()
    };
    assert_eq!(said(&shown)[..4], ["It is broken.", "Both.", "Thank you!", "Me too!"]);
    let flagged: Vec<bool> =
        shown["participants"].as_array().expect("a list").iter().map(|one| one["flagged"].as_bool().expect("a truth")).collect();
    assert_eq!(flagged, [false, true]);
}

#[tokio::test]
async fn machines_are_never_answered_and_people_once_a_week() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let acks = async |stage: &Stage| {
        // Not by the route: the session ends while a week passes.
        stage.site.talk.send_letters().await.expect("sends");
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM letter").fetch_all(stage.site.stores.state.reader()).await.expect("reads");
        ids.iter().filter(|id| id.starts_with("ack:")).count()
    };
    stage.mail("vacation@example.org", "v1@x", "Subject: Away\r\nAuto-Submitted: auto-replied\r\n", "I am away.").await;
    stage.mail("news@example.org", "n1@x", "Subject: News\r\nList-Id: <news>\r\n", "News.").await;
    assert_eq!(acks(&stage).await, 0);
    for number in 0..5 {
        stage.mail("ann@example.org", &format!("a{number}@x"), "Subject: Hello\r\n", "Hello?").await;
    }
    assert_eq!(acks(&stage).await, 1, "two machines that answer each other would never end");
    stage.pass(8 * 86_400);
    stage.mail("ann@example.org", "later@x", "Subject: Hello\r\n", "Hello again").await;
    assert_eq!(acks(&stage).await, 2);
}

#[tokio::test]
async fn what_bounces_is_not_written_to_again_and_only_our_mark_is_believed() {
    use touchline::features::people::policy::Channel;
    let stage = Stage::new().await;
    stage.mailbox().await;
    stage.mail("gone@example.org", "1@x", "Subject: Hello\r\n", "Hello").await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    let say = json!({ "client_id": "a1", "text": "Here we are.", "after": 99 });
    stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await;
    stage.letters().await;
    let gone = model::Identity::new("email", "gone@example.org").expect("a name").actor();
    let policy = stage.site.talk.door.policy().clone();
    let bounce = |mark: &str| {
        format!(
            "From: mailer-daemon@mx.example.org\r\nTo: help@shop.example.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nStatus: 5.1.1\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{mark}@shop.example.org>\r\n--b--\r\n"
        )
    };
    let us = ["help@shop.example.org".to_owned()];
    stage.site.talk.mail_arrives(bounce(&"0".repeat(32)).as_bytes(), "", &us).await.expect("is taken");
    assert!(policy.suppressions_of(gone).await.expect("reads").is_empty(), "anybody can write a report");
    let mark = stage.marks().await.remove(0);
    stage.site.talk.mail_arrives(bounce(&mark).as_bytes(), "", &us).await.expect("is taken");
    let suppressed = policy.suppressions_of(gone).await.expect("reads");
    assert_eq!(
        suppressed.iter().map(|one| (one.channel, one.reason.as_str())).collect::<Vec<_>>(),
        [(Channel::Email, "bounced")]
    );
    let say = json!({ "client_id": "a2", "text": "Are you there?", "after": 99 });
    stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await;
    let letters = stage.letters().await;
    assert!(letters.iter().any(|letter| letter["state"] == "stopped" && letter["said"] == "suppressed"), "{letters:?}");
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_seen_with_all_its_bytes() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let raw = [&b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n"[..], &[0, 255, 1]].concat();
    stage.site.talk.mail_arrives(&raw, "a@example.org", &["help@shop.example.org".to_owned()]).await.expect("is taken");
    stage.site.talk.mail_arrives(&[0xff; 40], "", &["help@shop.example.org".to_owned()]).await.expect("is taken");
    assert_eq!(stage.list("open").await.len(), 2);
    let id = stage.list("open").await.iter().find(|one| one["customer"]["address"] == "a@example.org").expect("is there")["id"]
        .clone();
    let kept = stage.site.talk.raw_mail(id.as_str().expect("an id"), 2).await.expect("reads").expect("is kept");
    assert_eq!(kept, raw);
}

#[tokio::test]
async fn mail_comes_in_over_a_line_and_nothing_is_relayed_or_smuggled() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = Stage::new().await;
    stage.mailbox().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let receiving = tokio::spawn(touchline::features::conversations::receive_mail(listener, stage.site.talk.clone()));
    let mut line = tokio::net::TcpStream::connect(address).await.expect("connects");
    // After `smuggled` a careless server would see a second mail.
    let talk = "EHLO x\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<someone@elsewhere.example.org>\r\nRCPT TO:<help@shop.example.org>\r\nDATA\r\n\
                From: ann@example.org\r\nTo: help@shop.example.org\r\nSubject: Hi\r\n\r\n..dot\r\nsmuggled\n.\nMAIL FROM:<evil@example.org>\r\n.\r\nQUIT\r\n";
    line.write_all(talk.as_bytes()).await.expect("writes");
    let mut answers = String::new();
    line.read_to_string(&mut answers).await.expect("reads");
    let codes: Vec<&str> = answers.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "250", "250", "550", "250", "354", "250", "221"], "{answers}");
    let [conversation] = stage.list("open").await.try_into().expect("one mail");
    let id = conversation["id"].as_str().expect("an id");
    let (_, shown) = stage.staff("GET", &format!("/api/conversations/{id}"), None).await;
    let text =
        shown["messages"].as_array().expect("a list").iter().find(|message| message["kind"] == "in").expect("a mail")["text"]
            .clone();
    assert!(text.as_str().expect("text").contains(".dot") && text.as_str().expect("text").contains("MAIL FROM:<evil"), "{text}");
    receiving.abort();
}

#[tokio::test]
async fn a_survey_is_answered_by_link_once_and_joins_the_ledger() {
    use touchline::features::feedback::{NewSurvey, SurveyKind};
    let stage = Stage::new().await;
    stage.mailbox().await;
    let survey =
        NewSurvey { name: "After".into(), kind: SurveyKind::Nps, question: "<b>Well?</b>".into(), touchpoint: "survey".into() };
    let id = stage.site.feedback.make(&survey).await.expect("makes");
    let (_, shown) = stage.staff("GET", "/api/feedback", None).await;
    let link = shown["surveys"][0]["link"].as_str().expect("a link").to_owned();
    let get = async |path: &str| stage.send(Request::get(path).body(Body::empty()).expect("a request")).await;
    let (status, page) = get(&link).await;
    assert!(status == StatusCode::OK && page.contains("&lt;b&gt;Well?") && !page.contains("<script"), "{page}");
    let post =
        async |path: &str, body: &'static str| stage.send(Request::post(path).body(Body::from(body)).expect("a request")).await;
    let body = "id=00112233445566778899aabbccddeeff&score=9&words=marker-of-words";
    for _ in 0..2 {
        assert!(post(&link, body).await.1.contains("Thank you"), "sent twice it is one");
    }
    assert!(post(&link, "id=0&score=11").await.1.contains("choose a number"), "eleven is on no scale");
    assert_eq!(get("/p/survey/AAAA").await.0, StatusCode::NOT_FOUND);
    // Asked by mail: the letter is stopped by nobody, the answer counts as a response, and a second one changes nothing.
    let invitation = json!({ "addresses": ["ann@example.org", "bob@example.org"] });
    assert_eq!(stage.staff("POST", &format!("/api/feedback/surveys/{id}/invitations"), Some(invitation)).await.0, StatusCode::OK);
    let letters = stage.letters().await;
    let text = letters.iter().find(|letter| letter["recipient"] == "ann@example.org").expect("a letter")["text"]
        .as_str()
        .expect("text")
        .to_owned();
    let own = text.split("http://localhost").nth(1).expect("a link").split_whitespace().next().expect("a link").to_owned();
    assert!(post(&own, "score=3").await.1.contains("Thank you"));
    assert!(get(&own).await.1.contains("Thank you"), "it was answered");
    stage.site.capture.settle().await.expect("settles");
    let (_, shown) = stage.staff("GET", "/api/feedback", None).await;
    let results = &shown["surveys"][0]["results"];
    assert_eq!((&results["n"], &results["invited"], &results["responded"]), (&json!(2), &json!(2), &json!(1)));
    let person = shown["answers"][0]["person"].as_str().expect("a person").to_owned();
    let (_, timeline) = stage.staff("GET", &format!("/api/people/{person}/timeline"), None).await;
    assert_eq!(timeline["interactions"][0]["form"], "survey_answer", "{timeline}");
    for place in walk(stage.scratch.dir()) {
        let bytes = std::fs::read(&place).expect("reads");
        assert!(!bytes.windows(15).any(|part| part == b"marker-of-words"), "{}", place.display());
    }
}

#[tokio::test]
async fn a_review_waits_is_published_and_answered() {
    let stage = Stage::new().await;
    let body = "id=00112233445566778899aabbccddeeff&stars=2&name=%3Cb%3EAnn&words=Too+loud%3Cscript%3E&product=Kettle&website=";
    let send = async |body: &'static str| stage.send(Request::post("/p/review").body(Body::from(body)).expect("a request")).await;
    assert!(send(body).await.1.contains("Thank you"));
    assert!(
        send("id=00112233445566778899aabbccddeef0&stars=5&name=Bot&words=Buy&website=http://x").await.1.contains("Thank you")
    );
    let page = async || stage.send(Request::get("/p/reviews?product=Kettle").body(Body::empty()).expect("a request")).await.1;
    assert!(!page().await.contains("Too loud"), "nobody has looked at it");
    let (_, shown) = stage.staff("GET", "/api/feedback", None).await;
    let [review] = shown["reviews"].as_array().expect("a list").as_slice() else { panic!("the machine's is not there: {shown}") };
    let path = format!("/api/feedback/reviews/{}", review["id"].as_str().expect("an id"));
    assert_eq!(stage.staff("POST", &path, Some(json!("publish"))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.staff("POST", &path, Some(json!({ "reply": "We are sorry." }))).await.0, StatusCode::NO_CONTENT);
    let page = page().await;
    assert!(page.contains("Too loud&lt;script&gt;") && page.contains("We are sorry.") && !page.contains("<script>"), "{page}");
}
