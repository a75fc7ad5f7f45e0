//! Conversations, told through the routes that widget, staff and customers use.

mod imap;
mod nasty;
mod scratch;
mod tried;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::Instant;
use model::time::SECOND;
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::capture::{Source, SourceKind, SourceSettings};
use touchline::features::{Site, router};
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
        let (scratch, now) = Scratch::at(NOON);
        let site = scratch.site();
        let source: Arc<Source> =
            site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(NOON)).await.expect("adds");
        let router = router(&site);
        let cookie = scratch::owner(&site, &router).await;
        Self { key: source.write_key.clone(), site, router, cookie, now, scratch }
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
        assert_eq!(count("came_in"), count("went_out") + count("open") + count("with_bot") + count("snoozed"), "{summary}");
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
    let other = if token.ends_with('A') { 'E' } else { 'A' };
    for forged in ["", "x", &token[1..], "AAAA.AAAA", &format!("{}{other}", &token[..token.len() - 1])] {
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
async fn a_form_is_answered_by_mail_as_its_page_promises() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let form = json!({ "key": stage.key, "id": "0123456789abcdef", "email": "ann@example.org", "text": "Do you ship to Malta?" });
    assert_eq!(stage.widget("form", form).await.0, StatusCode::CREATED);
    let [conversation] = stage.list("open").await.try_into().expect("one conversation");
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().expect("an id"));
    let reply = json!({ "client_id": "r1", "text": "We do.", "after": conversation["seq"] });
    let (status, said) = stage.staff("POST", &path, Some(reply)).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    let letters = stage.letters().await;
    let letter = letters.iter().find(|letter| letter["recipient"] == "ann@example.org").expect("a letter");
    assert!(letter["text"].as_str().expect("text").contains("We do."), "{letter}");
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
        settings.save(&self.site.stores).await.expect("saves");
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
async fn every_nasty_mail_is_seen_with_all_its_bytes_and_the_next_one_comes() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let us = ["help@shop.example.org".to_owned()];
    let all = nasty::all();
    let mut sent = Vec::new();
    for (number, one) in all.iter().enumerate() {
        // Each from somebody else, so that none is taken for a part of another's conversation.
        let envelope = format!("nasty{number}@example.org");
        let raw = String::from_utf8(one.raw.clone())
            .map_or_else(|_| one.raw.clone(), |text| text.replacen("ann@example.org", &envelope, 1).into_bytes());
        for _ in 0..2 {
            let taken = stage.site.talk.mail_arrives(&raw, &envelope, &us).await;
            taken.unwrap_or_else(|failure| panic!("{}: {failure}", one.name));
        }
        sent.push((one.name, raw));
        stage.mail(&format!("good{number}@example.org"), &format!("good{number}@x"), "Subject: Good\r\n", "Good").await;
    }
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT conversation, seq FROM message WHERE kind = 'in'")
        .fetch_all(stage.site.stores.state.reader())
        .await
        .expect("reads");
    let mut kept = std::collections::HashSet::new();
    for (conversation, seq) in &rows {
        kept.insert(stage.site.talk.raw_mail(conversation, *seq).await.expect("reads").expect("is kept"));
    }
    for (name, raw) in &sent {
        assert!(kept.contains(raw), "{name}: not all of it is there");
    }
    let seen: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM conversation")
        .fetch_one(stage.site.stores.state.reader())
        .await
        .expect("counts");
    let all = 2 * i64::try_from(all.len()).expect("few");
    assert_eq!((seen, rows.len() as i64), (all, all), "each is a conversation that somebody sees, and came twice for nothing");
}

impl Stage {
    /// Lets a server of the test on this machine be reached.
    fn may_reach(&self, port: u16) {
        let place = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        self.site.talk.goes_out_by(touchline::platform::outbound::Outbound::with(&[place]));
    }

    async fn add_file(&self, id: &str, name: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let request =
            Request::post(format!("/api/conversations/{id}/files")).header("host", "here").header("cookie", &self.cookie);
        let request = request.header("x-file-name", name).header(header::CONTENT_TYPE, "application/octet-stream");
        let (status, text) = self.send(request.body(Body::from(bytes)).expect("a request")).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn file(&self, path: &str) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        let request = Request::get(path).header("host", "here").header("cookie", &self.cookie).body(Body::empty());
        let response = self.router.clone().oneshot(request.expect("a request")).await.expect("answers");
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, axum::body::to_bytes(response.into_body(), 1 << 25).await.expect("has a body").to_vec())
    }

    async fn messages(&self, id: &str) -> Vec<Value> {
        let (_, shown) = self.staff("GET", &format!("/api/conversations/{id}"), None).await;
        shown["messages"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn files_come_in_a_mail_and_go_out_in_one_and_are_only_ever_stored() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let mixed = "Subject: Photo\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
    let parts = "--b\r\nContent-Type: text/plain\r\n\r\nSee here\r\n--b\r\nContent-Type: text/html; name=\"../cat.png\"\r\n\
                 Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD54KCk8L3NjcmlwdD4=\r\n--b--";
    stage.mail("ann@example.org", "1@x", mixed, parts).await;
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    let messages = stage.messages(&id).await;
    let file = &messages.iter().find(|message| message["kind"] == "in").expect("a mail")["files"][0];
    assert_eq!(
        (&file["name"], &file["kind"], &file["size"]),
        (&json!("cat.png"), &json!("application/octet-stream"), &json!(20)),
        "what it is, its bytes say"
    );
    let path = format!("/api/conversations/{id}/files/{}", file["id"].as_str().expect("an id"));
    let (status, headers, bytes) = stage.file(&path).await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::OK, &b"<script>x()</script>"[..]));
    let told = |name: &str| headers[name].to_str().expect("text").to_owned();
    assert_eq!(told("content-type"), "application/octet-stream");
    assert_eq!(told("x-content-type-options"), "nosniff");
    assert_eq!(told("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(told("content-disposition"), "attachment; filename=\"cat.png\"; filename*=UTF-8''cat.png");
    // Of another conversation it is not.
    assert_eq!(stage.file(&path.replace(&id, "another")).await.0, StatusCode::NOT_FOUND);
    let request = Request::get(&path).header("host", "here").body(Body::empty()).expect("a request");
    assert_eq!(stage.send(request).await.0, StatusCode::UNAUTHORIZED);

    let (status, added) = stage.add_file(&id, "%D1%81%D1%87%D1%91%D1%82.pdf", b"%PDF-1.4 marker-of-a-file".to_vec()).await;
    assert_eq!((status, &added["name"], &added["kind"]), (StatusCode::CREATED, &json!("счёт.pdf"), &json!("application/pdf")));
    for (bytes, why) in [(vec![], "nothing"), (vec![0; (10 << 20) + 1], "too much")] {
        assert_eq!(stage.add_file(&id, "x", bytes).await.0, StatusCode::BAD_REQUEST, "{why}");
    }
    let path = format!("/api/conversations/{id}/files/{}", added["id"].as_str().expect("an id"));
    assert_eq!(stage.file(&path).await.0, StatusCode::NOT_FOUND, "no message names it yet");
    let say = json!({ "client_id": "a1", "text": "The bill.", "files": [added["id"]], "after": 99 });
    let messages_path = format!("/api/conversations/{id}/messages");
    assert_eq!(stage.staff("POST", &messages_path, Some(say.clone())).await.0, StatusCode::CREATED);
    assert_eq!(stage.staff("POST", &messages_path, Some(say)).await.0, StatusCode::OK, "sent twice it is one");
    let stolen = json!({ "client_id": "a2", "text": "Again.", "files": [added["id"]], "after": 99 });
    assert_eq!(stage.staff("POST", &messages_path, Some(stolen)).await.0, StatusCode::BAD_REQUEST, "it is of a message already");
    assert_eq!(stage.file(&path).await.2, b"%PDF-1.4 marker-of-a-file");
    // The letter has it too, as a sink sees it.
    let (port, sunk) = sink().await;
    stage.may_reach(port);
    let mut settings = stage.site.talk.inbox.settings().await.expect("reads");
    (settings.mail.server, settings.mail.security) = (format!("127.0.0.1:{port}"), "plain".to_owned());
    settings.save(&stage.site.stores).await.expect("saves");
    stage.site.talk.send_letters().await.expect("sends");
    let sent = sunk.lock().expect("not poisoned").clone();
    let reply = sent.iter().find(|mail| mail.contains("multipart/mixed")).expect("an answer with a file");
    assert!(reply.contains("application/pdf") && reply.contains("JVBERi0xLjQgbWFya2VyLW9mLWEtZmlsZQ=="), "{reply}");
    for place in walk(stage.scratch.dir()) {
        let bytes = std::fs::read(&place).expect("reads");
        assert!(!bytes.windows(16).any(|part| part == b"marker-of-a-file"), "{}", place.display());
    }
    // It goes with its person.
    stage.site.capture.settle().await.expect("settles");
    let capture = stage.site.capture.clone();
    let erase = move || {
        let who = model::Identity::new("email", "ann@example.org").expect("a name");
        touchline::features::capture::Rights::new(capture).erase(&who).expect("erases").expect("is known")
    };
    tokio::task::spawn_blocking(erase).await.expect("ends");
    assert_eq!(stage.file(&path).await.0, StatusCode::NOT_FOUND);
    stage.site.talk.inbox.look_after().await.expect("looks");
    let left: i64 = sqlx::query_scalar("SELECT (SELECT COUNT(*) FROM message_file) + (SELECT COUNT(*) FROM mail_received)")
        .fetch_one(stage.site.stores.state.reader())
        .await
        .expect("counts");
    assert_eq!(left, 0);
}

/// Starts a server that takes every mail and keeps it.
async fn sink() -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let (port, sunk) = (listener.local_addr().expect("has one").port(), Arc::<std::sync::Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&sunk);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                stream.write_all(b"220 sink\r\n").await?;
                let (mut line, mut mail) = (String::new(), None::<String>);
                while stream.read_line(&mut line).await? > 0 {
                    let answer: &[u8] = match &mut mail {
                        Some(text) if line == ".\r\n" => {
                            kept.lock().expect("not poisoned").push(std::mem::take(text));
                            mail = None;
                            b"250 taken\r\n"
                        }
                        Some(text) => {
                            text.push_str(&line);
                            b""
                        }
                        None if line.starts_with("DATA") => {
                            mail = Some(String::new());
                            b"354 go on\r\n"
                        }
                        None if line.starts_with("QUIT") => b"221 bye\r\n",
                        None => b"250 yes\r\n",
                    };
                    stream.write_all(answer).await?;
                    line.clear();
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    (port, sunk)
}

#[tokio::test]
async fn a_visitor_sends_a_file_and_gets_one_and_never_what_colleagues_keep() {
    let stage = Stage::new().await;
    let (token, stranger) = (stage.session().await, stage.session().await);
    let add = async |token: &str, bytes: &[u8]| {
        let head = json!({ "token": token, "name": "C:\\me\\photo.png" }).to_string();
        let body = [head.as_bytes(), b"\n", bytes].concat();
        let (status, text) = stage.send(Request::post("/w/file").body(Body::from(body)).expect("a request")).await;
        (status, serde_json::from_str::<Value>(&text).unwrap_or(Value::Null))
    };
    let (status, added) = add(&token, b"\x89PNG\r\n\x1a\nrest").await;
    assert_eq!((status, &added["name"], &added["kind"]), (StatusCode::CREATED, &json!("photo.png"), &json!("image/png")));
    assert_eq!(add("AAAA.AAAA", b"x").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(add(&token, b"").await.0, StatusCode::BAD_REQUEST);
    let foreign = json!({ "token": stranger, "id": "m0", "text": "", "files": [added["id"]] });
    assert_eq!(stage.widget("say", foreign).await.0, StatusCode::CONFLICT, "another's file cannot be named");
    let say = json!({ "token": token, "id": "m1", "text": "", "files": [added["id"]] });
    for _ in 0..2 {
        assert_eq!(stage.widget("say", say.clone()).await.0, StatusCode::OK);
    }
    let heard = stage.heard(&token, 0).await;
    assert_eq!((heard["messages"].as_array().map(Vec::len), &heard["messages"][0]["files"][0]), (Some(1), &added));
    let fetch = async |token: &str, file: &Value| {
        let body = json!({ "token": token, "file": file }).to_string();
        stage.send(Request::post("/w/fetch").body(Body::from(body)).expect("a request")).await.0
    };
    assert_eq!(fetch(&token, &added["id"]).await, StatusCode::OK);
    assert_eq!(fetch(&stranger, &added["id"]).await, StatusCode::UNAUTHORIZED);
    let id = stage.list("open").await[0]["id"].as_str().expect("an id").to_owned();
    for (client_id, note, status) in [("n1", true, StatusCode::UNAUTHORIZED), ("a1", false, StatusCode::OK)] {
        let (_, file) = stage.add_file(&id, "x.txt", b"for you or for us".to_vec()).await;
        let say = json!({ "client_id": client_id, "text": "", "note": note, "files": [file["id"]], "after": 99 });
        assert_eq!(stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await.0, StatusCode::CREATED);
        assert_eq!(fetch(&token, &file["id"]).await, status, "a note: {note}");
    }
    // What no message names is thrown away.
    stage.add_file(&id, "y.txt", b"never sent".to_vec()).await;
    stage.pass(2 * 86_400);
    stage.site.talk.inbox.look_after().await.expect("looks");
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM message_file WHERE seq = 0")
        .fetch_one(stage.site.stores.state.reader())
        .await
        .expect("counts");
    assert_eq!(left, 0);
}

impl Stage {
    /// Sets up a mailbox that is fetched from a server of the test.
    async fn box_to_fetch(&self) -> imap::Shared {
        let (port, mailbox) = imap::serve().await;
        self.may_reach(port);
        let mut settings = self.site.talk.inbox.settings().await.expect("reads");
        settings.mail.address = "help@shop.example.org".to_owned();
        settings.mail.imap_server = format!("127.0.0.1:{port}");
        settings.mail.imap_security = "plain".to_owned();
        (settings.mail.imap_user, settings.mail.imap_password) = ("help".to_owned(), "secret".to_owned());
        settings.save(&self.site.stores).await.expect("saves");
        mailbox
    }

    async fn fetch(&self) -> Result<bool, touchline::failure::Failure> {
        self.site.talk.fetch_new(std::time::Duration::ZERO).await
    }

    async fn subjects(&self) -> Vec<String> {
        let mut subjects: Vec<String> =
            self.list("all").await.iter().map(|one| one["subject"].as_str().expect("text").to_owned()).collect();
        subjects.sort();
        subjects
    }
}

/// A mail of somebody of its own.
fn mail_number(number: i64) -> Vec<u8> {
    format!(
        "Return-Path: <p{number}@example.org>\r\nFrom: p{number}@example.org\r\nTo: help@shop.example.org\r\n\
         Message-ID: <{number}@example.org>\r\nSubject: Mail {number}\r\n\r\nHello\r\n"
    )
    .into_bytes()
}

fn put(mailbox: &imap::Shared, mails: impl IntoIterator<Item = (i64, Vec<u8>)>) {
    mailbox.lock().expect("not poisoned").mails.extend(mails);
}

#[tokio::test]
async fn mail_is_fetched_once_whatever_becomes_of_its_numbers() {
    let stage = Stage::new().await;
    assert!(!stage.fetch().await.expect("there is nothing to do"));
    let mailbox = stage.box_to_fetch().await;
    put(&mailbox, (1..=3).map(|number| (number, mail_number(number))));
    assert!(stage.fetch().await.expect("fetches"));
    assert_eq!(stage.subjects().await, ["Mail 1", "Mail 2", "Mail 3"]);
    // What is known is not fetched again, and a number that says less than the last one is none.
    let bodies = || mailbox.lock().expect("not poisoned").orders.iter().filter(|order| order.contains("BODY")).count();
    assert!(stage.fetch().await.expect("fetches") && bodies() == 3);
    put(&mailbox, [(7, mail_number(4))]);
    stage.fetch().await.expect("fetches");
    assert_eq!((bodies(), stage.subjects().await.len()), (4, 4));
    // The server numbers anew: everything comes again, and is known by its id.
    {
        let mut mailbox = mailbox.lock().expect("not poisoned");
        mailbox.uid_validity = 2;
        let mails = std::mem::take(&mut mailbox.mails);
        mailbox.mails = mails.into_values().enumerate().map(|(number, mail)| (number as i64 + 100, mail)).collect();
        mailbox.mails.insert(200, mail_number(5));
    }
    stage.fetch().await.expect("fetches");
    assert_eq!(stage.subjects().await, ["Mail 1", "Mail 2", "Mail 3", "Mail 4", "Mail 5"]);
    // Nothing was changed in it, and the password is told to nobody.
    let orders = mailbox.lock().expect("not poisoned").orders.join("\n");
    assert!(!orders.contains("STORE") && !orders.contains("SELECT") && orders.contains("EXAMINE \"INBOX\""), "{orders}");
    let (_, told) = stage.staff("GET", "/api/conversations/settings", None).await;
    assert_eq!(told["mail"]["imap_password"], "");
    let saved = stage.staff("PUT", "/api/conversations/settings", Some(told.clone())).await.0;
    assert_eq!((saved, stage.fetch().await.is_ok()), (StatusCode::NO_CONTENT, true), "an empty password stays what it was");
    let mut elsewhere = told;
    elsewhere["mail"]["imap_server"] = json!("127.0.0.1:1");
    stage.staff("PUT", "/api/conversations/settings", Some(elsewhere)).await;
    let kept = stage.site.talk.inbox.settings().await.expect("reads").mail.imap_password;
    assert_eq!(kept, "", "a password goes to the server it was given for");
}

#[tokio::test]
async fn no_mail_and_no_server_stops_the_next_mail() {
    let stage = Stage::new().await;
    let mailbox = stage.box_to_fetch().await;
    let large = [b"From: big@example.org\r\nSubject: Big\r\n\r\n".to_vec(), vec![b'a'; 26 << 20]].concat();
    put(
        &mailbox,
        [(1, mail_number(1)), (2, vec![0xff; 100]), (3, mail_number(3)), (4, large), (5, Vec::new()), (6, mail_number(6))],
    );
    {
        let mut mailbox = mailbox.lock().expect("not poisoned");
        mailbox.breaks_over.insert(1, 2);
        mailbox.breaks_over.insert(3, u32::MAX);
    }
    let mut failures = 0;
    for _ in 0..10 {
        failures += u32::from(stage.fetch().await.is_err());
    }
    assert_eq!(failures, 2 + 4, "the first one came at the third try, the third one is passed over");
    let subjects = stage.subjects().await;
    assert!(
        ["Mail 1", "Mail 6", "Big", "A mail that could not be fetched"].iter().all(|one| subjects.contains(&(*one).to_owned()))
    );
    assert_eq!(subjects.len(), 6, "each of the six is seen: {subjects:?}");
    put(&mailbox, [(10, mail_number(10)), (11, mail_number(11))]);
    mailbox.lock().expect("not poisoned").refuses = Some(10);
    for _ in 0..5 {
        let _ = stage.fetch().await;
    }
    assert!(stage.subjects().await.contains(&"Mail 11".to_owned()), "what the server does not give is passed over too");
    // Trouble is told, and gone when it is gone.
    let trouble = async || stage.staff("GET", "/api/conversations/mail", None).await.1["fetching"]["trouble"].clone();
    mailbox.lock().expect("not poisoned").refuses_password = true;
    assert!(stage.fetch().await.is_err());
    assert!(trouble().await.as_str().expect("text").contains("who are you?"));
    {
        let mut mailbox = mailbox.lock().expect("not poisoned");
        (mailbox.refuses_password, mailbox.floods) = (false, true);
    }
    assert!(stage.fetch().await.is_err());
    assert!(trouble().await.as_str().expect("text").contains("without an end"));
    mailbox.lock().expect("not poisoned").floods = false;
    assert!(stage.fetch().await.is_ok());
    assert_eq!(trouble().await, "");
}

#[tokio::test]
async fn a_mail_that_comes_while_we_wait_is_there_at_once() {
    let stage = Stage::new().await;
    let mailbox = stage.box_to_fetch().await;
    let fetching = tokio::spawn(stage.site.talk.clone().fetch_mail());
    for number in 1..=3 {
        put(&mailbox, [(number, mail_number(number))]);
        let seen = async {
            while stage.subjects().await.len() < number as usize {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), seen).await.expect("comes soon");
    }
    assert_eq!(mailbox.lock().expect("not poisoned").connections, 1, "one line waits for all of them");
    fetching.abort();
}

#[tokio::test]
async fn no_server_inside_is_reached_that_nobody_named() {
    let stage = Stage::new().await;
    stage.site.talk.goes_out_by(touchline::platform::outbound::Outbound::default());
    let mailbox = stage.box_to_fetch().await;
    assert!(stage.fetch().await.is_err());
    let mut settings = stage.site.talk.inbox.settings().await.expect("reads");
    (settings.mail.server, settings.mail.security) = (settings.mail.imap_server.clone(), "plain".to_owned());
    settings.mail.acknowledge = true;
    settings.save(&stage.site.stores).await.expect("saves");
    stage.mail("ann@example.org", "1@x", "Subject: Hello\r\n", "Hello").await;
    stage.site.talk.send_letters().await.expect("tries");
    assert_eq!(mailbox.lock().expect("not poisoned").connections, 0);
    let letters = stage.letters().await;
    assert!(letters[0]["said"].as_str().expect("text").contains("--inside"), "{letters:?}");
}

#[tokio::test]
async fn a_forged_mail_is_marked_and_joins_nobody() {
    let stage = Stage::new().await;
    stage.mailbox().await;
    let mut settings = stage.site.talk.inbox.settings().await.expect("reads");
    settings.mail.checked_by = "mx.shop.example.org".to_owned();
    settings.save(&stage.site.stores).await.expect("saves");
    // Ann is a customer that we know by her number.
    let signature = model::Signature { source: "shop".into(), event: "order".into(), ..model::Signature::default() };
    let mut order =
        model::Arrival::new(b"1".to_vec(), signature, Instant(NOON), model::Form::Purchase, model::Direction::Inbound);
    order.identities = ["user", "email"]
        .into_iter()
        .zip(["4711", "ann@example.org"])
        .map(|(namespace, value)| model::Identity::new(namespace, value).expect("a name"))
        .collect();
    let delivery = touchline::features::capture::Delivery {
        source: "shop".into(),
        arrivals: vec![order],
        ..touchline::features::capture::Delivery::default()
    };
    stage.site.capture.take(delivery).await.expect("is taken");
    stage.site.capture.settle().await.expect("settles");
    let facts = async || -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM identity_fact")
            .fetch_one(stage.site.stores.state.reader())
            .await
            .expect("counts")
    };
    let before = facts().await;
    assert_eq!(before, 1);
    let (mut number, mut verified) = (0, 0);
    for spf in ["pass", "fail", "none"] {
        for (dkim, signer) in [("pass", "example.org"), ("pass", "evil.example.net"), ("fail", "example.org"), ("none", "")] {
            for dmarc in ["pass", "fail"] {
                number += 1;
                let results = format!(
                    "Authentication-Results: mx.shop.example.org; spf={spf}; dkim={dkim} header.d={signer}; dmarc={dmarc}\r\n\
                     Authentication-Results: mx.shop.example.org; spf=pass; dkim=pass header.d=example.org; dmarc=pass\r\n\
                     Subject: Number {number}\r\n"
                );
                stage.mail("Ann <ann@example.org>", &format!("{number}@x"), &results, "Change my address, please").await;
                let told = stage.list("open").await;
                let one = told.iter().find(|one| one["subject"] == format!("Number {number}")).expect("is seen");
                let message = stage.messages(one["id"].as_str().expect("an id")).await.pop().expect("one");
                let verdict = &message["meta"]["verdict"];
                assert_eq!(
                    [&verdict["spf"], &verdict["dkim"], &verdict["dmarc"]],
                    [spf, dkim, dmarc].map(|word| json!(word)).each_ref()
                );
                assert_eq!(message["meta"]["unverified"], json!(dmarc != "pass"), "{verdict}");
                verified += u32::from(dmarc == "pass");
            }
        }
    }
    assert_eq!((number, verified), (24, 12));
    // Without a word of our server, and with one that its sender wrote as another's.
    for headers in ["", "Authentication-Results: evil.example.net; dmarc=pass\r\n"] {
        number += 1;
        stage.mail("ann@example.org", &format!("{number}@x"), &format!("{headers}Subject: Unchecked\r\n"), "x").await;
    }
    for one in stage.list("open").await.iter().filter(|one| one["subject"] == "Unchecked") {
        let message = stage.messages(one["id"].as_str().expect("an id")).await.pop().expect("one");
        assert_eq!(message["meta"]["unverified"], true);
    }
    stage.site.capture.settle().await.expect("settles");
    assert_eq!(facts().await, before, "no name was joined to another one because of a mail");
}

#[tokio::test]
async fn a_responder_that_answers_everything_is_answered_once() {
    // The worst kind: it answers to every address it is given, and does not say what it is.
    let stage = Stage::new().await;
    stage.mailbox().await;
    let (port, sunk) = sink().await;
    stage.may_reach(port);
    let mut settings = stage.site.talk.inbox.settings().await.expect("reads");
    (settings.mail.server, settings.mail.security) = (format!("127.0.0.1:{port}"), "plain".to_owned());
    settings.save(&stage.site.stores).await.expect("saves");
    stage.mail("away@example.org", "first@x", "Subject: Question\r\n", "Are you there?").await;
    let mut answered = 0;
    for round in 0..60 {
        stage.site.talk.send_letters().await.expect("sends");
        let sent = sunk.lock().expect("not poisoned").clone();
        for mail in &sent[answered..] {
            let header = |name: &str| mail.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
            let to = header("Reply-To:");
            let to = to.rsplit_once('<').map_or(to.as_str(), |(_, to)| to.trim_end_matches('>'));
            let answer = format!(
                "From: away@example.org\r\nTo: {to}\r\nMessage-ID: <{round}.{answered}@away>\r\nSubject: Re: {}\r\n\
                 In-Reply-To: {}\r\n\r\nI am away.\r\n",
                header("Subject:"),
                header("Message-ID:")
            );
            stage.site.talk.mail_arrives(answer.as_bytes(), "away@example.org", &[to.to_owned()]).await.expect("is taken");
            answered += 1;
            // And a second responder that begins a new thread each time.
            let fresh = format!("fresh{round}@x");
            stage.mail("away@example.org", &fresh, &format!("Subject: Away {round}\r\n"), "I am away.").await;
        }
        stage.pass(10);
    }
    assert_eq!(sunk.lock().expect("not poisoned").len(), 1, "one automatic answer in a week, to whatever comes");
}

/// Reports as servers of several makers write them, made for the purpose: who, the status that is noted, and whether the address
/// is closed. What is only late, or arrived after all, is no bounce.
const REPORTS: [(&str, &str, bool, &str); 10] = [
    (
        "postfix",
        "5.1.1",
        true,
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nOriginal-Recipient: rfc822;gone@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.example.org\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown",
    ),
    (
        "exim",
        "5.0.0",
        true,
        "Reporting-MTA: dns; mx.example.org\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822;gone@example.org\r\nStatus: 5.0.0",
    ),
    (
        "exchange",
        "5.7.1",
        true,
        "Reporting-MTA: dns;EX01.example.org\r\nReceived-From-MTA: dns;x\r\n\r\nOriginal-Recipient: rfc822;gone@example.org\r\nFinal-Recipient: rfc822;gone@example.org\r\nAction: failed\r\nStatus: 5.7.1\r\nX-Display-Name: Gone",
    ),
    (
        "large provider",
        "5.4.1",
        true,
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: failed\r\nStatus: 5.4.1\r\nLast-Attempt-Date: Tue, 25 Nov 2025 12:00:00 -0800 (PST)",
    ),
    (
        "full mailbox",
        "5.2.2",
        false,
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: failed\r\nStatus: 5.2.2",
    ),
    (
        "greylisted",
        "",
        false,
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: delayed\r\nStatus: 4.7.1\r\nWill-Retry-Until: Wed, 26 Nov 2025",
    ),
    (
        "comment behind the status",
        "5.1.1",
        true,
        "\r\nFinal-Recipient: RFC822; Gone@Example.ORG\r\nStatus: 5.1.1 (bad destination mailbox address)",
    ),
    (
        "no empty line between",
        "5.1.1",
        true,
        "Reporting-MTA: dns; x\r\nFinal-Recipient: rfc822; <gone@example.org>\r\nStatus: 5.1.1",
    ),
    ("no status", "", false, "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: failed"),
    (
        "delivered after all",
        "",
        false,
        "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: delivered\r\nStatus: 2.0.0",
    ),
];

#[tokio::test]
async fn reports_of_every_maker_are_understood_by_mark_wherever_it_stands() {
    use touchline::features::people::policy::Channel;
    let stage = Stage::new().await;
    stage.mailbox().await;
    let policy = stage.site.talk.door.policy().clone();
    let mut number = 0;
    let complaints = [
        ("abuse", "Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\nOriginal-Rcpt-To: <gone@example.org>"),
        ("fraud", "Feedback-Type: fraud"),
    ];
    let reports = REPORTS.map(|(maker, status, closes, text)| (maker, status, closes, "delivery-status", text));
    let complaints = complaints.map(|(maker, text)| (maker, "complaint", true, "feedback-report", text));
    for (maker, status, closes, kind, text) in reports.into_iter().chain(complaints) {
        // The mark stands in the address, in the id of the mail that is quoted, or in the whole mail that is sent back.
        for place in ["address", "headers", "mail"] {
            number += 1;
            let who = format!("gone{number}@example.org");
            stage.mail(&who, &format!("{number}@x"), &format!("Subject: Hello {number}\r\n"), "Hello").await;
            let list = stage.list("open").await;
            let id = list.iter().find(|one| one["customer"]["address"] == who).expect("is there")["id"]
                .as_str()
                .expect("an id")
                .to_owned();
            let say = json!({ "client_id": "a1", "text": "Here we are.", "after": 99 });
            stage.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await;
            stage.letters().await;
            let mark: String = sqlx::query_scalar("SELECT mark FROM letter WHERE id LIKE 'reply:%' AND conversation = $1")
                .bind(id.clone())
                .fetch_one(stage.site.stores.state.reader())
                .await
                .expect("reads");
            let (to, quoted) = match place {
                "address" => (format!("help+{mark}@shop.example.org"), String::new()),
                "headers" => (
                    "help@shop.example.org".to_owned(),
                    format!("--b\r\nContent-Type: text/rfc822-headers\r\n\r\nmessage-id: <{mark}@shop.example.org>\r\n"),
                ),
                _ => (
                    "help@shop.example.org".to_owned(),
                    format!(
                        "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{mark}@shop.example.org>\r\nSubject: x\r\n\r\nx\r\n"
                    ),
                ),
            };
            let raw = format!(
                "From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\nMessage-ID: <r{number}@mx>\r\nContent-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n\
                 --b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n{text}\r\n{quoted}--b--\r\n"
            );
            stage.site.talk.mail_arrives(raw.as_bytes(), "", &[to]).await.expect("is taken");
            let gone = model::Identity::new("email", &who).expect("a name").actor();
            let closed = policy.suppressions_of(gone).await.expect("reads");
            assert_eq!(closed.iter().any(|one| one.channel == Channel::Email), closes, "{maker}, {place}");
            let said: String = sqlx::query_scalar("SELECT said FROM letter WHERE mark = $1")
                .bind(mark)
                .fetch_one(stage.site.stores.state.reader())
                .await
                .expect("reads");
            assert_eq!(said, status, "{maker}, {place}");
        }
    }
    assert_eq!(number, 36);
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
    let mut survey = NewSurvey::one("After", SurveyKind::Nps, "survey");
    survey.questions[0].words = "<b>Well?</b>".into();
    let id = stage.site.feedback.make(&survey).await.expect("makes");
    let (_, shown) = stage.staff("GET", "/api/feedback", None).await;
    let link = shown["surveys"][0]["link"].as_str().expect("a link").to_owned();
    let get = async |path: &str| stage.send(Request::get(path).body(Body::empty()).expect("a request")).await;
    let (status, page) = get(&link).await;
    assert!(status == StatusCode::OK && page.contains("&lt;b&gt;Well?") && !page.contains("<script"), "{page}");
    let post =
        async |path: &str, body: &'static str| stage.send(Request::post(path).body(Body::from(body)).expect("a request")).await;
    let body = "id=00112233445566778899aabbccddeeff&q1=9&words=marker-of-words";
    for _ in 0..2 {
        assert!(post(&link, body).await.1.contains("Thank you"), "sent twice it is one");
    }
    assert!(post(&link, "id=0&q1=11").await.1.contains("choose a number"), "eleven is on no scale");
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
    let choice = text.rsplit("http://localhost").next().expect("a link").trim();
    assert!(choice.starts_with("/p/preferences/") && get(choice).await.0 == StatusCode::OK, "{text}");
    assert!(post(&own, "q1=3").await.1.contains("Thank you"));
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

mod messengers {
    //! Messengers, told by payloads written to the public formats, against servers that stand in for the platforms.

    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    mod faults;
    mod files;
    mod voice;

    type Heard = Arc<Mutex<Vec<(String, String, String)>>>;

    /// Is a platform that keeps what it is sent (first line, headers, body) and answers what it is told to.
    struct Platform {
        place: String,
        heard: Heard,
        answers: Arc<Mutex<Vec<(u16, Value)>>>,
    }

    impl Platform {
        async fn new(stage: &Stage) -> Self {
            let [platform] = Self::several(stage).await;
            platform
        }

        /// Makes all that a stage needs: which places inside may be reached is said once.
        async fn several<const COUNT: usize>(stage: &Stage) -> [Self; COUNT] {
            let mut listeners = Vec::new();
            for _ in 0..COUNT {
                listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("listens"));
            }
            let places: Vec<_> = listeners.iter().map(|listener| listener.local_addr().expect("is bound")).collect();
            stage.site.talk.goes_out_by(touchline::platform::outbound::Outbound::with(&places));
            let platforms: Vec<Self> = listeners.into_iter().map(Self::listening).collect();
            platforms.try_into().unwrap_or_else(|_| unreachable!("as many as listeners"))
        }

        fn listening(listener: TcpListener) -> Self {
            let place = listener.local_addr().expect("is bound").to_string();
            let platform = Self { place, heard: Heard::default(), answers: Arc::default() };
            let (heard, answers) = (Arc::clone(&platform.heard), Arc::clone(&platform.answers));
            tokio::spawn(async move {
                loop {
                    let (mut stream, _) = listener.accept().await.expect("accepts");
                    let mut bytes = Vec::new();
                    let mut chunk = [0; 8_192];
                    let (head, body) = loop {
                        let read = stream.read(&mut chunk).await.expect("reads");
                        bytes.extend_from_slice(&chunk[..read]);
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                        let length =
                            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                        if body.len() >= length.unwrap_or(0) || read == 0 {
                            break (head.to_owned(), body.to_owned());
                        }
                    };
                    let first = head.lines().next().unwrap_or_default().to_owned();
                    heard.lock().expect("whole").push((first, head, body));
                    let (status, body) = {
                        let mut answers = answers.lock().expect("whole");
                        if answers.is_empty() { (200, json!({})) } else { answers.remove(0) }
                    };
                    let body = body.to_string();
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
            platform
        }

        fn url(&self) -> String {
            format!("http://{}", self.place)
        }

        fn answers(&self, status: u16, body: Value) {
            self.answers.lock().expect("whole").push((status, body));
        }

        fn heard(&self) -> Vec<(String, String, Value)> {
            let heard = self.heard.lock().expect("whole").clone();
            heard
                .into_iter()
                .map(|(first, head, body)| (first, head, serde_json::from_str(&body).unwrap_or(json!(body))))
                .collect()
        }
    }

    impl Stage {
        async fn channel(&self, setup: Value) -> (String, String) {
            let (status, told) = self.staff("POST", "/api/conversations/channels", Some(setup)).await;
            assert_eq!(status, StatusCode::CREATED, "{told}");
            (told["id"].as_str().expect("an id").to_owned(), told["secret"].as_str().unwrap_or_default().to_owned())
        }

        async fn post(&self, id: &str, headers: &[(&str, String)], body: String) -> (StatusCode, Value) {
            let mut request = Request::post(format!("/m/{id}")).header("host", "here");
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let (status, text) = self.send(request.body(Body::from(body)).expect("a request")).await;
            (status, serde_json::from_str(&text).unwrap_or(json!(text)))
        }

        async fn only(&self, view: &str) -> (String, Value) {
            let [one] = self.list(view).await.try_into().expect("one conversation");
            (one["id"].as_str().expect("an id").to_owned(), one)
        }

        async fn shown(&self, id: &str) -> Value {
            self.staff("GET", &format!("/api/conversations/{id}"), None).await.1
        }

        async fn answer(&self, id: &str, client_id: &str, text: &str) -> (StatusCode, Value) {
            let say = json!({ "client_id": client_id, "text": text, "anyway": true });
            self.staff("POST", &format!("/api/conversations/{id}/messages"), Some(say)).await
        }

        async fn sends(&self) {
            self.site.talk.send_parcels().await.expect("sends");
        }
    }

    fn standard(secret: &str, id: &str, at: i64, body: &str) -> Vec<(&'static str, String)> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        vec![("webhook-id", id.to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
    }

    fn hub(secret: &str, body: &str) -> Vec<(&'static str, String)> {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        vec![("x-hub-signature-256", format!("sha256={digits}"))]
    }

    fn states(shown: &Value) -> Vec<&str> {
        let all = shown["messages"].as_array().expect("a list").iter().filter(|message| message["kind"] == "out");
        all.map(|message| message["state"].as_str().expect("a state")).collect()
    }

    fn said(shown: &Value) -> Vec<&str> {
        let all = shown["messages"].as_array().expect("a list").iter().filter(|message| message["kind"] != "event");
        all.map(|message| message["text"].as_str().expect("a text")).collect()
    }

    #[tokio::test]
    async fn a_signed_pair_brings_messages_in_and_takes_answers_until_they_arrive() {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        let setup = json!({ "kind": "webhook", "name": "Our app", "is_on": true, "send_to": platform.url() + "/hook" });
        let (id, secret) = stage.channel(setup).await;
        let event = json!({ "type": "message", "thread": "chat-17", "text": "Is it open today?",
            "from": { "id": "u1", "name": "Ann", "email": "Ann@Example.org" } });
        let body = event.to_string();
        let signed = standard(&secret, "m1", NOON / SECOND, &body);
        for (status, headers, body) in [
            (StatusCode::UNAUTHORIZED, vec![], body.clone()),
            (StatusCode::UNAUTHORIZED, signed.clone(), body.replace("open", "shut")),
            (StatusCode::UNAUTHORIZED, standard(&secret, "m1", NOON / SECOND - 400, &body), body.clone()),
            (StatusCode::OK, signed.clone(), body.clone()),
            (StatusCode::OK, signed, body),
        ] {
            assert_eq!(stage.post(&id, &headers, body).await.0, status);
        }
        assert_eq!(stage.post("nobody", &[], String::new()).await.0, StatusCode::UNAUTHORIZED);
        let (conversation, one) = stage.only("open").await;
        assert_eq!((&one["channel"], &one["customer"]["name"]), (&json!("messenger"), &json!("Ann")));
        // The other side vouches for the address: both names are one person.
        stage.site.capture.settle().await.expect("settles");
        let email = model::Identity::new("email", "ann@example.org").expect("a name").actor();
        let webhook = model::Identity::new("webhook", &format!("{id}:u1")).expect("a name").actor();
        let people = stage.site.capture.people();
        assert_eq!(people.read().person_of(email), people.read().person_of(webhook));

        assert_eq!(stage.answer(&conversation, "a1", "Until six.").await.0, StatusCode::CREATED);
        platform.answers(503, json!({}));
        stage.sends().await;
        assert_eq!(states(&stage.shown(&conversation).await), ["queued"]);
        stage.sends().await;
        assert_eq!(platform.heard().len(), 1, "it waits before it tries again");
        stage.pass(60);
        platform.answers(500, json!({}));
        stage.sends().await;
        stage.pass(60);
        stage.sends().await;
        stage.sends().await;
        let heard = platform.heard();
        assert_eq!(heard.len(), 3, "it is sent until it was taken, and not after");
        let (first, head, body) = &heard[2];
        assert_eq!(first, "POST /hook HTTP/1.1");
        let name = format!("{conversation}:{}", stage.shown(&conversation).await["conversation"]["seq"]);
        assert_eq!((&body["id"], &body["thread"], &body["text"]), (&json!(name), &json!("chat-17"), &json!("Until six.")));
        assert!(heard.iter().all(|(_, _, other)| other["id"] == body["id"]), "by the same id each time");
        let expected = standard(&secret, &name, stage.now.load(Ordering::SeqCst) / SECOND, &stage_body(&platform, 2));
        assert!(head.to_lowercase().contains(&format!("webhook-signature: {}", expected[2].1).to_lowercase()), "{head}");
        assert_eq!(states(&stage.shown(&conversation).await), ["sent"]);
        let receipt = json!({ "type": "read", "id": name }).to_string();
        let signed = standard(&secret, "r1", stage.now.load(Ordering::SeqCst) / SECOND, &receipt);
        assert_eq!(stage.post(&id, &signed, receipt).await.0, StatusCode::OK);
        assert_eq!(states(&stage.shown(&conversation).await), ["read"]);
    }

    fn stage_body(platform: &Platform, place: usize) -> String {
        platform.heard.lock().expect("whole")[place].2.clone()
    }

    fn update(update_id: i64, message_id: i64, text: &str) -> Value {
        json!({ "update_id": update_id, "message": { "message_id": message_id, "date": 1_764_072_000,
            "chat": { "id": 4711, "type": "private", "first_name": "Ann" },
            "from": { "id": 4711, "is_bot": false, "first_name": "Ann", "last_name": "Lee", "username": "annlee", "language_code": "fr" },
            "text": text } })
    }

    #[tokio::test]
    async fn telegram_is_heard_once_edited_answered_and_greets() {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        let token = "123456:ABC-def_7";
        let setup = json!({ "kind": "telegram", "name": "Telegram", "is_on": true, "server": platform.url(), "token": token });
        let (id, shown_secret) = stage.channel(setup).await;
        assert_eq!(shown_secret, "", "Telegram is told its secret by us");
        platform.answers(200, json!({ "ok": true, "result": true }));
        let (_, tried) = stage.staff("POST", &format!("/api/conversations/channels/{id}/try"), None).await;
        assert_eq!(tried, json!({ "works": true, "said": "" }));
        let (first, _, body) = platform.heard().remove(0);
        assert_eq!(first, format!("POST /bot{token}/setWebhook HTTP/1.1"));
        assert_eq!(body["url"], json!(format!("http://localhost/m/{id}")));
        let secret = body["secret_token"].as_str().expect("a secret").to_owned();
        let proof = [("x-telegram-bot-api-secret-token", secret)];
        let wrong = [("x-telegram-bot-api-secret-token", "x".repeat(64))];
        assert_eq!(stage.post(&id, &wrong, update(1, 1, "Bonjour").to_string()).await.0, StatusCode::UNAUTHORIZED);

        assert_eq!(stage.post(&id, &proof, update(1, 10, "/start").to_string()).await.0, StatusCode::OK);
        assert!(stage.list("open").await.is_empty(), "who has only opened the chat waits for nobody");
        let (conversation, _) = stage.only("resolved").await;
        assert!(said(&stage.shown(&conversation).await)[1].starts_with("Bonjour !"), "in the language of their program");
        for _ in 0..3 {
            assert_eq!(stage.post(&id, &proof, update(2, 11, "Où est mon colis ?").to_string()).await.0, StatusCode::OK);
        }
        let mut edited = update(3, 11, "Où est mon colis 4711 ?");
        edited["edited_message"] = edited["message"].take();
        edited["edited_message"]["edit_date"] = json!(1_764_072_060);
        assert_eq!(stage.post(&id, &proof, edited.to_string()).await.0, StatusCode::OK);
        let mut late = update(4, 11, "Où est mon");
        late["edited_message"] = late["message"].take();
        late["edited_message"]["edit_date"] = json!(1_764_072_030);
        assert_eq!(stage.post(&id, &proof, late.to_string()).await.0, StatusCode::OK);
        let photo = json!({ "update_id": 5, "message": { "message_id": 12, "date": 1, "chat": { "id": 4711, "type": "private" },
            "from": { "id": 4711, "first_name": "Ann" }, "photo": [{ "file_id": "x" }], "caption": "le carton" } });
        stage.post(&id, &proof, photo.to_string()).await;
        let group = json!({ "update_id": 6, "message": { "message_id": 1, "date": 1, "chat": { "id": -5, "type": "group" },
            "from": { "id": 4711, "first_name": "Ann" }, "text": "not for us" } });
        assert_eq!(stage.post(&id, &proof, group.to_string()).await.0, StatusCode::OK);
        let (same, one) = stage.only("open").await;
        assert_eq!((same.as_str(), &one["channel"]), (conversation.as_str(), &json!("telegram")));
        let shown = stage.shown(&conversation).await;
        assert_eq!(said(&shown)[2..], ["Où est mon colis 4711 ?", "[photo] le carton"]);
        assert_eq!(shown["reach"]["capability"]["text_max"], json!(4096));

        let (status, told) = stage.answer(&conversation, "a0", &"x".repeat(4_097)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        stage.answer(&conversation, "a1", "Demain.").await;
        // The greeting waits before the answer: the order stays.
        platform.answers(200, json!({ "ok": true, "result": { "message_id": 98 } }));
        platform.answers(429, json!({ "ok": false, "description": "Too Many Requests", "parameters": { "retry_after": 30 } }));
        stage.sends().await;
        stage.pass(31);
        platform.answers(200, json!({ "ok": true, "result": { "message_id": 99 } }));
        stage.sends().await;
        let heard = platform.heard();
        let (first, _, body) = heard.last().expect("sent");
        assert_eq!(first, &format!("POST /bot{token}/sendMessage HTTP/1.1"));
        assert_eq!(body, &json!({ "chat_id": 4711, "text": "Demain." }));
        assert_eq!(states(&stage.shown(&conversation).await), ["sent", "sent"]);

        // What may have been taken is not sent again; who has shut us out is not written to.
        stage.answer(&conversation, "a2", "Encore une chose.").await;
        platform.answers(502, json!({}));
        stage.sends().await;
        stage.pass(3_600);
        stage.sends().await;
        stage.answer(&conversation, "a3", "Et une autre.").await;
        platform.answers(403, json!({ "ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user" }));
        stage.sends().await;
        assert_eq!(platform.heard().len(), heard.len() + 2);
        assert_eq!(states(&stage.shown(&conversation).await)[2..], ["failed", "failed"]);
        let who = model::Identity::new("telegram", "4711").expect("a name").actor();
        assert_eq!(stage.site.talk.door.policy().suppressions_of(who).await.expect("reads")[0].reason, "said_stop");
    }

    #[tokio::test]
    async fn what_was_under_way_when_the_server_died_is_sent_again_only_where_it_is_known_again() {
        use touchline::features::people::policy::{Answer, Ask, Channel, Class};
        for (kind, is_sent_again) in [("webhook", true), ("sms", false)] {
            let stage = Stage::new().await;
            let platform = Platform::new(&stage).await;
            let setup =
                json!({ "kind": kind, "name": "C", "is_on": true, "send_to": platform.url() + "/out", "sender": "+33700000000" });
            let (id, secret) = stage.channel(setup).await;
            let (body, headers, who, way) = if is_sent_again {
                let body = json!({ "from": { "id": "u1" }, "text": "Hello" }).to_string();
                (body.clone(), standard(&secret, "m1", NOON / SECOND, &body), ("webhook", format!("{id}:u1")), Channel::Messenger)
            } else {
                let proof = vec![("content-type", "application/json".to_owned()), ("x-touchline-token", secret)];
                let body = json!({ "from": "+33612345678", "text": "Hello", "id": "s1" }).to_string();
                (body, proof, ("phone", "+33612345678".to_owned()), Channel::Sms)
            };
            assert_eq!(stage.post(&id, &headers, body).await.0, StatusCode::OK);
            let (conversation, _) = stage.only("open").await;
            stage.answer(&conversation, "a1", "Good day").await;
            let seq = stage.shown(&conversation).await["conversation"]["seq"].clone();
            // As far as it came: leave was given, the sending had begun, and nobody knows how it went on.
            let policy = stage.site.talk.door.policy();
            let ask = Ask {
                key: format!("parcel:{conversation}:{seq}"),
                actor: model::Identity::new(who.0, &who.1).expect("a name").actor(),
                channel: way,
                class: Class::Service,
                tag: "reply".to_owned(),
                segments: Vec::new(),
                worth: 1.0,
                deadline: None,
                holdout: None,
            };
            let Answer::Go(ticket) = policy.ask(&ask).await.expect("asks") else { panic!("nothing stands in the way") };
            assert!(policy.begin(&ticket).await.expect("begins"));
            stage.sends().await;
            stage.sends().await;
            assert_eq!(platform.heard().len(), usize::from(is_sent_again), "{kind}");
            let shown = stage.shown(&conversation).await;
            assert_eq!(states(&shown), ["sent"], "{kind}");
            assert_eq!(shown.to_string().contains("perhaps sent"), !is_sent_again, "{kind}: staff are told");
        }
    }

    #[tokio::test]
    async fn stop_and_help_are_obeyed_in_three_languages() {
        for (stop, start, help) in [("STOP", "start", "HELP"), ("Arrêt", "REPRENDRE", "aide"), ("Стоп", "СТАРТ", "ПОМОЩЬ")]
        {
            let stage = Stage::new().await;
            let platform = Platform::new(&stage).await;
            let setup = json!({ "kind": "sms", "name": "SMS", "is_on": true, "send_to": platform.url() + "/sms", "sender": "+33700000000",
                "token": "k-1", "token_header": "X-Api-Key", "fields": { "to": "To", "from": "From", "text": "Body", "id": "Sid" } });
            let (id, secret) = stage.channel(setup).await;
            let hear = async |sid: &str, text: &str| {
                stage.pass(10);
                let body: String = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs([("From", "+33 6 12 34 56 78"), ("Body", text), ("Sid", sid)])
                    .finish();
                let basic = format!("Basic {}", STANDARD.encode(format!("any:{secret}")));
                let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
                assert_eq!(stage.post(&id, std::slice::from_ref(&form), body.clone()).await.0, StatusCode::UNAUTHORIZED);
                assert_eq!(stage.post(&id, &[form, ("authorization", basic)], body).await.0, StatusCode::OK);
            };
            let who = model::Identity::new("phone", "+33612345678").expect("a name").actor();
            let policy = stage.site.talk.door.policy();
            hear("1", stop).await;
            hear("1", stop).await;
            assert!(stage.list("open").await.is_empty(), "{stop} is nothing to answer by hand");
            let words = policy.words_of(who).await.expect("reads");
            assert_eq!(words.len(), 2);
            assert!(words.iter().all(|word| !word.given && word.channel.name() == "sms"), "{words:?}");
            assert_eq!(policy.suppressions_of(who).await.expect("reads").len(), 1);
            stage.sends().await;
            let (_, head, body) = platform.heard().remove(0);
            assert!(head.to_lowercase().contains("x-api-key: k-1"), "{head}");
            let form: std::collections::HashMap<_, _> =
                url::form_urlencoded::parse(body.as_str().expect("a form").as_bytes()).into_owned().collect();
            assert_eq!((form["To"].as_str(), form["From"].as_str()), ("+33612345678", "+33700000000"));
            assert!(form["Body"].starts_with("Touchline"), "one last word says that it is done: {}", form["Body"]);
            let (conversation, _) = stage.only("resolved").await;
            assert_eq!(
                stage.answer(&conversation, "a1", "One more offer").await.0,
                StatusCode::BAD_REQUEST,
                "after {stop} nothing goes out"
            );
            hear("2", help).await;
            assert_eq!(policy.suppressions_of(who).await.expect("reads").len(), 1, "to ask for help lets nothing in again");
            // Whoever asks is answered, also after STOP.
            hear("3", "Is my parcel there?").await;
            let waits = stage.only("open").await.1["waiting_since"].clone();
            assert!(waits.is_i64(), "{waits}");
            hear("5", help).await;
            assert_eq!(stage.only("open").await.1["waiting_since"], waits, "whoever waited for a person waits on");
            assert_eq!(stage.answer(&conversation, "a2", "Yes").await.0, StatusCode::CREATED);
            hear("4", start).await;
            assert!(policy.suppressions_of(who).await.expect("reads").is_empty());
            assert!(policy.words_of(who).await.expect("reads").iter().all(|word| word.given));
            stage.sends().await;
            assert_eq!(states(&stage.shown(&conversation).await), ["sent"; 5]);

            // As if the first time had broken off before anything was done.
            hear("6", stop).await;
            policy.release(who, touchline::features::people::policy::Channel::Sms).await.expect("releases");
            let mut transaction = stage.site.stores.state.begin().await.expect("begins");
            let last = "DELETE FROM message WHERE seq = (SELECT MAX(seq) FROM message WHERE client_id LIKE 'word:%')";
            sqlx::query(last).execute(&mut *transaction).await.expect("deletes");
            transaction.commit().await.expect("commits");
            hear("6", stop).await;
            assert_eq!(policy.suppressions_of(who).await.expect("reads").len(), 1, "it is done the second time");
        }
    }

    fn whatsapp(value: Value) -> String {
        let mut value = value;
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": "15550001111", "phone_number_id": "1065403522" });
        json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "102290129340398", "changes": [{ "value": value, "field": "messages" }] }] })
        .to_string()
    }

    #[tokio::test]
    async fn whatsapp_is_verified_heard_and_answered_within_its_day() {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        let setup = json!({ "kind": "whatsapp", "name": "WhatsApp", "is_on": true, "server": platform.url(), "sender": "1065403522",
            "token": "EAAtoken", "app_secret": "app-secret",
            "templates": [{ "name": "order_news", "language": "en_US", "text": "There is news of your order." }] });
        let (id, verify) = stage.channel(setup).await;
        let ask = async |token: &str| {
            let path = format!("/m/{id}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
            stage.send(Request::get(path).header("host", "here").body(Body::empty()).expect("a request")).await
        };
        assert_eq!(ask(&verify).await, (StatusCode::OK, "1158201444".to_owned()));
        assert_eq!(ask("guessed").await.0, StatusCode::UNAUTHORIZED);
        let message = whatsapp(json!({
            "contacts": [{ "profile": { "name": "Kerry" }, "wa_id": "16315551234" }],
            "messages": [{ "from": "16315551234", "id": "wamid.A", "timestamp": "1764072000", "type": "text", "text": { "body": "Hi!" } }] }));
        assert_eq!(stage.post(&id, &hub("other", &message), message.clone()).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(stage.post(&id, &hub("app-secret", &message), message.clone()).await.0, StatusCode::OK);
        assert_eq!(stage.post(&id, &hub("app-secret", &message), message.clone()).await.0, StatusCode::OK);
        let other = message.replace("1065403522", "999").replace("wamid.A", "wamid.B");
        assert_eq!(stage.post(&id, &hub("app-secret", &other), other).await.0, StatusCode::OK);
        let (conversation, one) = stage.only("open").await;
        assert_eq!((&one["channel"], &one["customer"]["address"]), (&json!("whatsapp"), &json!("+16315551234")));
        assert_eq!(said(&stage.shown(&conversation).await), ["Hi!"], "once, and not that of another number");

        stage.answer(&conversation, "a1", "Hello").await;
        platform.answers(200, json!({ "messaging_product": "whatsapp", "contacts": [], "messages": [{ "id": "wamid.OUT" }] }));
        stage.sends().await;
        let (first, head, body) = platform.heard().remove(0);
        assert_eq!(first, "POST /v23.0/1065403522/messages HTTP/1.1");
        assert!(head.contains("authorization: Bearer EAAtoken"), "{head}");
        assert_eq!(
            body,
            json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": "16315551234", "type": "text",
            "text": { "preview_url": false, "body": "Hello" } })
        );
        for (status, expected) in [("delivered", "delivered"), ("read", "read"), ("delivered", "read")] {
            let receipt = whatsapp(json!({ "statuses": [{ "id": "wamid.OUT", "status": status, "timestamp": "1764072001",
                "recipient_id": "16315551234" }] }));
            assert_eq!(stage.post(&id, &hub("app-secret", &receipt), receipt).await.0, StatusCode::OK);
            assert_eq!(states(&stage.shown(&conversation).await), [expected]);
        }

        // A day later only what was approved beforehand may go out.
        for _ in 0..3 {
            // Staff who look now and then stay signed in.
            stage.pass(8 * 3_600 + 1);
            stage.list("open").await;
        }
        let (status, told) = stage.answer(&conversation, "a2", "Still there?").await;
        assert_eq!((status, told["hint"].as_str()), (StatusCode::BAD_REQUEST, Some("Send one of the templates")), "{told}");
        let say = json!({ "client_id": "a3", "text": "anything", "template": "order_news en_US", "anyway": true });
        let (status, _) = stage.staff("POST", &format!("/api/conversations/{conversation}/messages"), Some(say)).await;
        assert_eq!(status, StatusCode::CREATED);
        platform.answers(400, json!({ "error": { "message": "(#131056) Pair rate limit hit", "code": 131_056 } }));
        stage.sends().await;
        stage.pass(60);
        platform.answers(200, json!({ "messages": [{ "id": "wamid.T" }] }));
        stage.sends().await;
        let (_, _, body) = platform.heard().pop().expect("sent");
        assert_eq!(body["template"], json!({ "name": "order_news", "language": { "code": "en_US" } }));
        let shown = stage.shown(&conversation).await;
        assert_eq!((said(&shown)[2], states(&shown)[1]), ("There is news of your order.", "sent"), "staff see what was sent");

        // What nobody has seen takes nobody's place.
        let places = async || {
            let sql = "SELECT state FROM contact_send WHERE send_key LIKE 'parcel:%' ORDER BY at";
            let places = sqlx::query_scalar(sql).fetch_all(stage.site.stores.state.reader()).await;
            places.expect("reads") as Vec<String>
        };
        assert_eq!(places().await, ["sent", "sent"]);
        let receipt = whatsapp(json!({ "statuses": [{ "id": "wamid.T", "status": "failed", "timestamp": "1764160000",
            "recipient_id": "16315551234", "errors": [{ "code": 131_053, "title": "Media upload error" }] }] }));
        assert_eq!(stage.post(&id, &hub("app-secret", &receipt), receipt).await.0, StatusCode::OK);
        let shown = stage.shown(&conversation).await;
        assert_eq!(states(&shown), ["read", "failed"]);
        assert_eq!(places().await, ["sent", "released"]);
    }

    #[tokio::test]
    async fn what_waits_for_a_server_that_is_down_keeps_nobody_else_waiting() {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        let mut transaction = stage.site.stores.state.begin().await.expect("begins");
        for number in 0..250_i64 {
            sqlx::query(
                "INSERT INTO parcel (id, channel, actor, conversation, seq, state, attempts, next_at, at, said, their_id) \
                 VALUES ($1, 'down', 1, $1, 2, 'queued', 3, $2, $3, 'the server is not reached', '')",
            )
            .bind(format!("stuck-{number}"))
            .bind(NOON + 3_600 * SECOND)
            .bind(NOON - number)
            .execute(&mut *transaction)
            .await
            .expect("queues");
        }
        transaction.commit().await.expect("commits");
        let setup = json!({ "kind": "webhook", "name": "W", "is_on": true, "send_to": platform.url() + "/hook" });
        let (id, secret) = stage.channel(setup).await;
        let body = json!({ "from": { "id": "u1" }, "text": "Hello" }).to_string();
        assert_eq!(stage.post(&id, &standard(&secret, "m1", NOON / SECOND, &body), body.clone()).await.0, StatusCode::OK);
        let (conversation, _) = stage.only("open").await;
        stage.answer(&conversation, "a1", "Good day").await;
        stage.sends().await;
        assert_eq!(platform.heard().len(), 1);
        assert_eq!(states(&stage.shown(&conversation).await), ["sent"]);
    }

    #[tokio::test]
    async fn pages_and_instagram_are_heard_without_their_echoes() {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        for (kind, object, most) in [("facebook", "page", 2_000), ("instagram", "instagram", 1_000)] {
            let setup = json!({ "kind": kind, "name": kind, "is_on": true, "server": platform.url(), "sender": "777",
                "token": "EAAtoken", "app_secret": "s" });
            let (id, _) = stage.channel(setup).await;
            let post = async |messaging: Value| {
                let mut messaging = messaging;
                for event in messaging.as_array_mut().expect("a list") {
                    event["sender"] = event["sender"].as_object().map_or(json!({ "id": "55" }), |sender| json!(sender));
                    event["recipient"] = json!({ "id": "777" });
                    event["timestamp"] = json!(1_764_072_000_000_i64);
                }
                let body = json!({ "object": object, "entry": [{ "id": "777", "time": 1, "messaging": messaging }] }).to_string();
                assert_eq!(stage.post(&id, &hub("s", &body), body.clone()).await.0, StatusCode::OK);
            };
            post(json!([{ "message": { "mid": "m1", "text": "Hello" } }, { "message": { "mid": "m1", "text": "Hello" } },
                { "sender": { "id": "777" }, "message": { "mid": "e1", "text": "from us", "is_echo": true } },
                { "postback": { "mid": "p1", "title": "Opening hours", "payload": "HOURS" } },
                { "message": { "mid": "m2", "attachments": [{ "type": "image", "payload": { "url": "http://169.254.169.254/" } }] } }]))
            .await;
            post(json!([{ "message_edit": { "mid": "m1", "text": "Hello!", "num_edit": 1 } }])).await;
            let all = stage.staff("GET", &format!("/api/conversations?channel={kind}"), None).await.1;
            let conversation = all["conversations"][0]["id"].as_str().expect("an id").to_owned();
            assert_eq!(said(&stage.shown(&conversation).await), ["Hello!", "Opening hours", "[image]"]);
            assert_eq!(stage.answer(&conversation, "a0", &"x".repeat(most + 1)).await.0, StatusCode::BAD_REQUEST);
            stage.answer(&conversation, "a1", "Good day").await;
            platform.answers(200, json!({ "recipient_id": "55", "message_id": "mid.1" }));
            stage.sends().await;
            let (first, _, body) = platform.heard().pop().expect("sent");
            assert_eq!(first, "POST /v23.0/777/messages HTTP/1.1");
            assert_eq!((&body["recipient"]["id"], &body["message"]["text"]), (&json!("55"), &json!("Good day")));
            post(json!([{ "delivery": { "mids": ["mid.1"], "watermark": 1 } }])).await;
            assert_eq!(states(&stage.shown(&conversation).await), ["delivered"]);
        }
    }

    #[tokio::test]
    async fn secrets_go_in_and_never_come_out_and_only_keepers_set_up() {
        let stage = Stage::new().await;
        let [platform, elsewhere] = Platform::several(&stage).await;
        let secrets = ["123456:SECRETtoken", "SECRETproof", "SECRETapp"];
        let setup = json!({ "kind": "telegram", "name": "T", "is_on": true, "server": platform.url(), "token": secrets[0],
            "secret": secrets[1], "app_secret": secrets[2] });
        let (id, _) = stage.channel(setup.clone()).await;
        let path = format!("/api/conversations/channels/{id}");
        let (_, told) = stage.staff("GET", "/api/conversations/channels", None).await;
        assert_eq!((&told[0]["has_token"], &told[0]["setup"]["token"]), (&json!(true), &json!("")));
        assert!(!told.to_string().contains("SECRET"), "{told}");
        // A change without secrets keeps them; to another server they do not go along.
        let mut change = setup.clone();
        for name in ["token", "secret", "app_secret"] {
            change[name] = json!("");
        }
        change["name"] = json!("Renamed");
        assert_eq!(stage.staff("PUT", &path, Some(change.clone())).await.0, StatusCode::NO_CONTENT);
        platform.answers(401, json!({ "ok": false, "description": "Unauthorized" }));
        let (_, tried) = stage.staff("POST", &format!("{path}/try"), None).await;
        assert_eq!(tried["works"], json!(false));
        assert_eq!(platform.heard()[0].2["secret_token"], json!(secrets[1]));
        assert!(!stage.staff("GET", "/api/conversations/channels", None).await.1.to_string().contains("SECRET"));
        change["server"] = json!(elsewhere.url());
        assert_eq!(stage.staff("PUT", &path, Some(change)).await.0, StatusCode::BAD_REQUEST);
        for url in
            ["http://169.254.169.254/", "https://[::ffff:a9fe:a9fe]/", "https://127.1/", "https://a@shop.example/", "gopher://x/"]
        {
            for (place, kind) in [("server", "telegram"), ("send_to", "sms"), ("send_to", "webhook")] {
                let mut bad = setup.clone();
                bad["kind"] = json!(kind);
                bad[place] = json!(url);
                assert_eq!(
                    stage.staff("POST", "/api/conversations/channels", Some(bad)).await.0,
                    StatusCode::BAD_REQUEST,
                    "{url}"
                );
            }
        }
        assert_eq!(stage.staff("DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
        assert_eq!(stage.staff("DELETE", &path, None).await.0, StatusCode::NOT_FOUND);
        assert!(elsewhere.heard().is_empty());
    }

    #[tokio::test]
    async fn a_chat_goes_with_its_person() {
        let stage = Stage::new().await;
        let (id, secret) = stage.channel(json!({ "kind": "webhook", "name": "W", "is_on": true })).await;
        let body = json!({ "from": { "id": "u-gone" }, "text": "private words" }).to_string();
        assert_eq!(stage.post(&id, &standard(&secret, "m1", NOON / SECOND, &body), body.clone()).await.0, StatusCode::OK);
        let (conversation, _) = stage.only("open").await;
        stage.answer(&conversation, "a1", "Well").await;
        stage.site.capture.settle().await.expect("settles");
        let capture = stage.site.capture.clone();
        let erase = move || {
            let who = model::Identity::new("webhook", &format!("{id}:u-gone")).expect("a name");
            touchline::features::capture::Rights::new(capture).erase(&who).expect("erases").expect("is known")
        };
        tokio::task::spawn_blocking(erase).await.expect("ends");
        stage.site.talk.inbox.look_after().await.expect("sweeps");
        assert!(stage.site.talk.thread(&conversation).await.expect("reads").is_none(), "where answers went is gone too");
        assert!(stage.list("all").await.is_empty());
    }

    impl Stage {
        async fn article(&self, is_published: bool, texts: &[(&str, &str, &str, &str)]) -> String {
            let texts: Vec<Value> = texts
                .iter()
                .map(|(language, title, body, spoken)| json!({ "language": language, "title": title, "body": body, "spoken": spoken }))
                .collect();
            let new = json!({ "is_published": is_published, "texts": texts });
            let (status, told) = self.staff("POST", "/api/conversations/articles", Some(new)).await;
            assert_eq!(status, StatusCode::CREATED, "{told}");
            told["id"].as_str().expect("an id").to_owned()
        }

        async fn help(&self, path: &str, language: &str) -> (StatusCode, String) {
            let request = Request::get(path).header("host", "here").header("accept-language", language);
            self.send(request.body(Body::empty()).expect("a request")).await
        }

        async fn uses(&self, id: &str) -> Value {
            let (_, all) = self.staff("GET", "/api/conversations/articles", None).await;
            all.as_array().expect("a list").iter().find(|one| one["id"] == id).expect("is there")["uses"].clone()
        }
    }

    #[tokio::test]
    async fn articles_are_found_suggested_read_and_counted_and_drafts_are_not_shown() {
        let stage = Stage::new().await;
        let hours = stage
            .article(
                true,
                &[
                    ("en", "Opening hours <b>", "Monday to Saturday.\n\n- nine\n- six", "We are open from nine to six."),
                    ("fr", "Horaires", "Du lundi au samedi.", "Nous sommes ouverts de neuf à six heures."),
                ],
            )
            .await;
        let draft = stage.article(false, &[("en", "Secret sale", "Everything is half price next week.", "")]).await;
        let (_, found) = stage.staff("GET", "/api/conversations/found?q=when%20are%20you%20open", None).await;
        assert_eq!((&found[0]["article"], &found[0]["short"]), (&json!(hours), &json!("We are open from nine to six.")));
        let (_, found) = stage.staff("GET", "/api/conversations/found?q=half%20price%20sale", None).await;
        assert_eq!(found[0]["article"], json!(draft), "staff find drafts");

        let token = stage.session().await;
        stage.say(&token, "m1", "Quels sont vos horaires le samedi ?").await;
        let (conversation, _) = stage.only("open").await;
        let (_, hits) = stage.staff("GET", &format!("/api/conversations/{conversation}/articles"), None).await;
        assert_eq!((&hits[0]["article"], &hits[0]["language"]), (&json!(hours), &json!("fr")));
        stage.say(&token, "m2", "the secret sale at half price").await;
        let (_, hits) = stage.staff("GET", &format!("/api/conversations/{conversation}/articles"), None).await;
        assert!(
            hits.as_array().expect("a list").iter().all(|hit| hit["article"] != json!(draft)),
            "a draft is suggested to nobody"
        );

        let (_, list) = stage.help("/help", "fr").await;
        assert!(list.contains("Horaires") && !list.contains("Secret sale"), "{list}");
        let (status, page) = stage.help(&format!("/help/{hours}"), "en").await;
        assert!(
            status == StatusCode::OK && page.contains("Opening hours &lt;b&gt;") && page.contains("<ul><li>nine</li>"),
            "{page}"
        );
        let (status, of_draft) = stage.help(&format!("/help/{draft}"), "en").await;
        let (other, of_nothing) = stage.help("/help/nothing", "en").await;
        assert_eq!((status, &of_draft), (other, &of_nothing), "a draft answers as nothing does");
        assert!(stage.help("/help?q=sale", "en").await.1.contains("Nothing is written"), "nobody finds a draft");
        let marker = stage.help("/help?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "en").await.1;
        assert!(!marker.contains("<script"), "{marker}");
        let rate =
            Request::post(format!("/help/{hours}")).header("host", "here").body(Body::from("helped=yes")).expect("a request");
        assert_eq!(stage.send(rate).await.0, StatusCode::OK);
        stage.staff("POST", &format!("/api/conversations/articles/{hours}/inserted"), None).await;
        assert_eq!(stage.uses(&hours).await, json!({ "helped": 1, "inserted": 1, "read": 1 }));

        let change =
            json!({ "is_published": false, "texts": [{ "language": "en", "title": "Hours", "body": "None", "spoken": "" }] });
        assert_eq!(
            stage.staff("PUT", &format!("/api/conversations/articles/{hours}"), Some(change)).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(stage.help(&format!("/help/{hours}"), "en").await.0, StatusCode::NOT_FOUND);
        let twice = json!({ "texts": [{ "language": "en", "title": "a", "body": "b" }, { "language": "en", "title": "a", "body": "b" }] });
        assert_eq!(stage.staff("POST", "/api/conversations/articles", Some(twice)).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(stage.staff("DELETE", &format!("/api/conversations/articles/{hours}"), None).await.0, StatusCode::NO_CONTENT);
        assert_eq!(stage.staff("DELETE", &format!("/api/conversations/articles/{hours}"), None).await.0, StatusCode::NOT_FOUND);
    }

    impl Stage {
        /// Switches the bot on, with changes to its usual steps.
        async fn bot(&self, channels: &[&str], order: &str) -> String {
            let (_, mut settings) = self.staff("GET", "/api/conversations/bot", None).await;
            settings["is_on"] = json!(true);
            settings["channels"] = json!(channels);
            settings["order"]["url"] = json!(order);
            let (status, told) = self.staff("PUT", "/api/conversations/bot", Some(settings)).await;
            assert_eq!(status, StatusCode::OK, "{told}");
            told["secret"].as_str().unwrap_or_default().to_owned()
        }

        async fn press(&self, token: &str, id: &str, button: &str) {
            let say = json!({ "token": token, "id": id, "text": button, "button": format!("bot:{button}") });
            assert_eq!(self.widget("say", say).await.0, StatusCode::OK);
        }

        async fn figures(&self) -> Value {
            self.staff("GET", "/api/conversations/bot/figures", None).await.1
        }
    }

    fn buttons(heard: &Value) -> Vec<&str> {
        let last = heard["messages"].as_array().expect("a list").last().expect("a message");
        last["buttons"]
            .as_array()
            .map(|all| all.iter().map(|one| one["id"].as_str().expect("an id")).collect())
            .unwrap_or_default()
    }

    fn last_said(heard: &Value) -> String {
        texts(heard).last().copied().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn the_bot_answers_from_what_is_known_and_what_helped_needs_nobody() {
        let stage = Stage::new().await;
        stage.bot(&["chat"], "").await;
        let article =
            stage.article(true, &[("en", "Opening hours", "Monday to Saturday.", "We are open from nine to six.")]).await;
        let token = stage.session().await;
        stage.say(&token, "m1", "Hello there").await;
        let heard = stage.heard(&token, 0).await;
        assert_eq!(last_said(&heard), "Hello! What is it about?");
        assert_eq!(buttons(&heard), ["bot:question", "bot:order", "bot:person"]);
        let (conversation, one) = stage.only("bot").await;
        assert_eq!(one["due_at"], Value::Null, "while the bot answers nobody is late");
        for view in ["open", "unassigned"] {
            assert!(stage.list(view).await.is_empty(), "whom the bot looks after nobody has to answer");
        }
        let (_, summary) = stage.staff("GET", "/api/conversations/summary", None).await;
        assert_eq!((&summary["counts"]["open"], &summary["counts"]["with_bot"]), (&json!(0), &json!(1)));
        stage.press(&token, "m2", "question").await;
        stage.say(&token, "m3", "What are your opening hours?").await;
        let heard = stage.heard(&token, 0).await;
        assert!(
            last_said(&heard).starts_with(&format!("We are open from nine to six.\nRead more: http://localhost/help/{article}")),
            "{heard}"
        );
        assert_eq!(stage.figures().await["containment"]["value"], Value::Null, "a talk that goes on is no success yet");
        stage.press(&token, "m4", "done").await;
        assert!(stage.list("open").await.is_empty(), "what helped needs nobody");
        let figures = stage.figures().await;
        assert_eq!(
            (&figures["done"], &figures["containment"]["value"], &figures["containment"]["n"]),
            (&json!(1), &json!(1.0), &json!(1))
        );
        assert_eq!(stage.uses(&article).await, json!({ "told": 1 }));
        // Whoever writes again begins again; whoever says nothing more is let go after an hour.
        stage.pass(60);
        stage.say(&token, "m5", "open on saturday?").await;
        assert_eq!(stage.figures().await["going_on"], json!(1));
        stage.pass(3_601);
        stage.site.talk.bot_lets_go().await.expect("lets go");
        let figures = stage.figures().await;
        assert_eq!((&figures["left"], &figures["resolution"]["value"]), (&json!(1), &json!(0.5)));
        assert!(stage.list("open").await.is_empty());
        let shown = stage.shown(&conversation).await;
        let by_bot = shown["messages"].as_array().expect("a list").iter().filter(|one| one["kind"] == "out");
        assert!(by_bot.clone().count() >= 5 && by_bot.clone().all(|one| one["account"].is_null() && one["author"] == "Bot"));
        // A machine's word is no answer of a person, in counts as in the ledger.
        let (_, summary) = stage.staff("GET", "/api/conversations/summary", None).await;
        assert_eq!(summary["requests"][0]["answered"], json!(0));
    }

    #[tokio::test]
    async fn a_person_is_reached_from_everywhere_with_everything_that_was_said() {
        for way in ["words", "button", "misses"] {
            let stage = Stage::new().await;
            stage.bot(&["chat"], "").await;
            let token = stage.session().await;
            stage.say(&token, "m1", "Bonjour").await;
            stage.pass(600);
            match way {
                "words" => {
                    stage.say(&token, "m2", "Une personne, s’il vous plaît").await;
                }
                "button" => stage.press(&token, "m2", "person").await,
                _ => {
                    stage.say(&token, "m2", "zxcv").await;
                    assert!(last_said(&stage.heard(&token, 0).await).starts_with("Je n’ai pas compris"));
                    stage.say(&token, "m3", "qwer").await;
                }
            }
            assert!(last_said(&stage.heard(&token, 0).await).contains("prend la suite"), "{way}");
            let (conversation, one) = stage.only("open").await;
            let now = stage.now.load(Ordering::SeqCst);
            assert_eq!(
                (&one["waiting_since"], &one["due_at"]),
                (&json!(now), &json!(now + 120 * SECOND)),
                "{way}: they wait since now"
            );
            let shown = stage.shown(&conversation).await;
            let last = shown["messages"].as_array().expect("a list").last().expect("an event");
            assert_eq!(last["meta"]["what"], json!("handed_over"));
            // From here on the bot is silent, until this is done.
            let count = said(&shown).len();
            stage.say(&token, "m9", "Hello?").await;
            assert_eq!(said(&stage.shown(&conversation).await).len(), count + 1);
            assert_eq!(stage.figures().await["hand_over"]["value"], json!(1.0));
        }
    }

    #[tokio::test]
    async fn orders_are_looked_up_at_a_server_that_can_check_who_asks() {
        let stage = Stage::new().await;
        let [shop, platform] = Platform::several(&stage).await;
        let secret = stage.bot(&["telegram"], &(shop.url() + "/orders")).await;
        let (_, settings) = stage.staff("GET", "/api/conversations/bot", None).await;
        assert_eq!(settings["order"]["secret"], json!(""));
        let setup =
            json!({ "kind": "telegram", "name": "T", "is_on": true, "server": platform.url(), "token": "1:a", "secret": "s" });
        let (id, _) = stage.channel(setup).await;
        let hear = async |number: i64, text: &str| {
            let proof = [("x-telegram-bot-api-secret-token", "s".to_owned())];
            assert_eq!(stage.post(&id, &proof, update(number, number, text).to_string()).await.0, StatusCode::OK);
            platform.answers(200, json!({ "ok": true, "result": { "message_id": 1_000 + number } }));
            stage.sends().await;
            platform.heard().pop().expect("an answer").2
        };
        let greeted = hear(1, "/start").await;
        assert_eq!(
            greeted["text"],
            json!("Bonjour ! De quoi s’agit-il ?"),
            "the bot greets, and in the language of their program"
        );
        let keyboard = greeted["reply_markup"]["inline_keyboard"].as_array().expect("buttons").clone();
        assert_eq!((keyboard.len(), &keyboard[1][0]["callback_data"]), (3, &json!("bot:order")));
        let pressed = json!({ "update_id": 2, "callback_query": { "id": "cb1", "data": "bot:order",
            "from": { "id": 4711, "is_bot": false, "first_name": "Ann", "language_code": "fr" },
            "message": { "message_id": 1001, "date": 1, "chat": { "id": 4711, "type": "private" }, "reply_markup": greeted["reply_markup"] } } });
        let proof = [("x-telegram-bot-api-secret-token", "s".to_owned())];
        let (_, thanks) = stage.post(&id, &proof, pressed.to_string()).await;
        assert_eq!(thanks, json!({ "method": "answerCallbackQuery", "callback_query_id": "cb1" }));
        platform.answers(200, json!({ "ok": true, "result": { "message_id": 1_002 } }));
        stage.sends().await;
        assert!(platform.heard().pop().expect("an answer").2["text"].as_str().expect("a text").starts_with("Quel est le numéro"));
        shop.answers(404, json!({}));
        assert!(hear(3, "c’est 9999").await["text"].as_str().expect("a text").starts_with("Je ne trouve pas"));
        shop.answers(200, json!({ "text": { "en": "On its way", "fr": "En route" } }));
        assert_eq!(hear(4, "pardon, AB-4711").await["text"], json!("En route"));
        let (_, head, body) = shop.heard().pop().expect("asked");
        assert_eq!(
            (&body["order"], &body["who"]["namespace"], &body["language"]),
            (&json!("AB-4711"), &json!("telegram"), &json!("fr"))
        );
        let now = stage.now.load(Ordering::SeqCst) / SECOND;
        let expected = standard(&secret, body["id"].as_str().expect("an id"), now, &stage_body(&shop, 1));
        assert!(head.to_lowercase().contains(&expected[2].1.to_lowercase()), "{head}");
        // A shop that fails is no dead end.
        shop.answers(500, json!({}));
        hear(5, "où est ma commande 4712 ?").await;
        let (_, one) = stage.only("open").await;
        assert!(one["waiting_since"].is_i64(), "a person goes on");
        let (_, mut bad) = stage.staff("GET", "/api/conversations/bot", None).await;
        bad["order"]["url"] = json!("http://169.254.169.254/");
        assert_eq!(stage.staff("PUT", "/api/conversations/bot", Some(bad)).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_the_state_store_holds_no_password_of_another_server() {
    let stage = Stage::new().await;
    let state = stage.site.stores.state.clone();
    // As an earlier version has left them.
    let settings = json!({ "mail": { "address": "help@shop.example", "server": "smtp.example.org:587", "user": "u",
        "password": "marker-smtp", "imap_server": "imap.example.org:993", "imap_password": "marker-imap" } });
    let channel = json!({ "kind": "telegram", "name": "T", "token": "marker-bot", "secret": "marker-hook-of-ours" });
    let mut transaction = state.begin().await.expect("begins");
    sqlx::query("INSERT INTO inbox_setting (id, setting) VALUES (1, $1)")
        .bind(settings.to_string())
        .execute(&mut *transaction)
        .await
        .expect("writes");
    sqlx::query(
        "INSERT INTO messenger_channel (id, kind, name, setting, is_on, created_at, heard_at, sent_at, trouble) \
         VALUES ('c1', 'telegram', 'T', $1, 0, 0, NULL, NULL, '')",
    )
    .bind(channel.to_string())
    .execute(&mut *transaction)
    .await
    .expect("writes");
    transaction.commit().await.expect("commits");
    stage.site.talk.lock_secrets().await.expect("seals");
    let mail = stage.site.talk.inbox.settings().await.expect("reads").mail;
    assert_eq!((mail.password.as_str(), mail.imap_password.as_str()), ("marker-smtp", "marker-imap"), "we can use them");
    // A change that says no password keeps it, sealed.
    let (status, told) = stage.staff("GET", "/api/conversations/settings", None).await;
    assert!(status == StatusCode::OK && !told.to_string().contains("marker"), "{told}");
    let (status, told) = stage.staff("PUT", "/api/conversations/settings", Some(told)).await;
    assert!(status.is_success(), "{told}");
    assert_eq!(stage.site.talk.inbox.settings().await.expect("reads").mail.password, "marker-smtp");
    let (_, told) = stage.staff("GET", "/api/conversations/channels", None).await;
    assert_eq!(told[0]["has_token"], true, "{told}");
    state.close().await;
    let folder = stage.scratch.dir().join("data");
    let mut looked = 0;
    for file in std::fs::read_dir(&folder).expect("lists").flatten().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).expect("reads");
        looked += usize::from(file.file_name() == "state.sqlite" && bytes.len() > 10_000);
        assert!(!bytes.windows(7).any(|part| part == b"marker-"), "{}", file.path().display());
    }
    assert_eq!(looked, 1, "the file was there to be looked at");
    // Without the key of the folder the store opens nothing.
    let key = std::fs::read(folder.join("seal.key")).expect("is there");
    let store = std::fs::read(folder.join("state.sqlite")).expect("reads");
    assert!(key.len() == 32 && !store.windows(32).any(|part| part == key), "the key is not in what it seals");
}
