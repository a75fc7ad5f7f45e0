//! Closed teams: what they look after is, to everybody else, as if it did not exist. The routes are those of the OpenAPI document, so
//! that a new one is asked too.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::{Identity, Instant};
use scratch::Scratch;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use touchline::features::account::{Accounts, NewMember, Role, Who};
use touchline::features::conversations::{Author, Incoming, Reader, Wanted};
use touchline::features::people::policy::Class;
use touchline::features::{Site, document, router};
use tower::ServiceExt;

const NOON: i64 = 1_764_072_000_000_000;
/// What stands in the conversation that must not be seen.
const MARKER: &str = "marker-of-the-closed";
const UNKNOWN: &str = "0123456789abcdef0123456789abcdef";

struct Stage {
    site: Site,
    router: Router,
    owner: String,
    inside: (Who, String),
    outside: (Who, String),
    team: i64,
    _scratch: Scratch,
}

impl Stage {
    /// Makes a house with a closed team of one agent, and another agent beside it.
    async fn new() -> Self {
        let (scratch, _) = Scratch::at(NOON);
        let site = scratch.site();
        let router = router(&site);
        let owner = scratch::owner(&site, &router).await;
        let mut settings = site.talk.inbox.settings().await.expect("reads");
        settings.mail.address = "help@shop.example".to_owned();
        settings.save(&site.stores).await.expect("saves");
        let inside = agent(&site, "Ines").await;
        let outside = agent(&site, "Otto").await;
        let mut stage = Self { site, router, owner, inside, outside, team: 0, _scratch: scratch };
        let team = json!({ "name": "Claims", "is_closed": true, "members": [stage.inside.0.account] });
        let (status, told) = stage.ask(&stage.owner, "POST", "/api/conversations/teams", Some(team)).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
        stage.team = told["id"].as_i64().expect("a number");
        stage
    }

    async fn raw(&self, cookie: &str, method: &str, path: &str, body: &[u8]) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).header("host", "here").header("cookie", cookie);
        let request =
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_vec())).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("answers");
        let status = answer.status();
        if answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return (status, "a stream, which has no end".to_owned());
        }
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 24).await.expect("has a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn ask(&self, cookie: &str, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let body = body.map_or_else(String::new, |body| body.to_string());
        let (status, text) = self.raw(cookie, method, path, body.as_bytes()).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Lets somebody write; returns the conversation.
    async fn written(&self, name: &str, text: &str, channel: &str) -> String {
        let id = blake3::hash(name.as_bytes()).to_hex()[..32].to_owned();
        let incoming = Incoming {
            conversation: id.clone(),
            client_id: format!("{name} {text}"),
            channel: channel.to_owned(),
            identity: Identity::new("email", &format!("{name}@example.org")).expect("a name"),
            name: name.to_owned(),
            address: format!("{name}@example.org"),
            subject: format!("{text} subject"),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            at: Instant(NOON),
            place: "test".to_owned(),
            meta: json!({}),
            thread_key: String::new(),
        };
        self.site.talk.inbox.incoming(&incoming).await.expect("is taken");
        id
    }

    async fn set(&self, cookie: &str, id: &str, change: Value) -> (StatusCode, Value) {
        self.ask(cookie, "POST", &format!("/api/conversations/{id}/state"), Some(change)).await
    }

    /// Lets somebody write, and gives it to the closed team.
    async fn closed(&self, name: &str) -> String {
        let id = self.written(name, MARKER, "form").await;
        let (status, told) = self.set(&self.owner, &id, json!({ "team": "Claims" })).await;
        assert_eq!((status, &told["team"]), (StatusCode::OK, &json!("Claims")));
        id
    }

    /// Lets somebody write a review, which is the closed team's; returns its id.
    async fn closed_review(&self) -> String {
        let id = blake3::hash(b"review").to_hex()[..32].to_owned();
        self.site.feedback.take_review(&id, "Pot", 1, "Ann", MARKER, None).await.expect("is taken");
        let (_, told) = self.ask(&self.owner, "GET", "/api/conversations?channel=review", None).await;
        let conversation = told["conversations"][0]["id"].as_str().expect("an id");
        assert_eq!(self.set(&self.owner, conversation, json!({ "team": "Claims" })).await.0, StatusCode::OK);
        id
    }

    async fn listed(&self, cookie: &str, view: &str) -> BTreeSet<String> {
        let (_, told) = self.ask(cookie, "GET", &format!("/api/conversations?view={view}"), None).await;
        let all = told["conversations"].as_array().expect("a list").iter();
        all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }
}

async fn agent(site: &Site, name: &str) -> (Who, String) {
    let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
    let new = NewMember { name: name.to_owned(), email: format!("{name}@example.org"), role: Role::Agent };
    let (_, link) = accounts.invite(&Who::at_the_console(), &new).await.expect("works").expect("invites");
    let (session, who) = accounts.sign_in(link.secret()).await.expect("works").expect("is in");
    (who, format!("touchline={}", session.secret()))
}

/// What may stand in a request to a conversation: of each route, one is what it wants.
fn bodies() -> Vec<Vec<u8>> {
    let said = json!({ "client_id": "c", "text": "Hello", "anyway": true });
    let note = json!({ "client_id": "n", "text": "Between us", "note": true });
    let all = [
        json!({}),
        said,
        note,
        json!({ "typing": true }),
        json!({ "labels": ["x"] }),
        json!("take"),
        json!("resolve"),
        json!({ "team": "" }),
    ];
    [Vec::new(), b"bytes of a file".to_vec()].into_iter().chain(all.iter().map(|body| body.to_string().into_bytes())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_answers_what_is_hidden_as_what_is_not_there() {
    let stage = Stage::new().await;
    let hidden = stage.closed("ann").await;
    let routes: Value = serde_json::to_value(document(&stage.site)).expect("serialises");
    let mut asked = 0;
    for (path, methods) in routes["paths"].as_object().expect("has paths") {
        if !path.starts_with("/api/conversations/{id}") {
            continue;
        }
        for method in methods.as_object().expect("has methods").keys().map(|method| method.to_uppercase()) {
            let place = |id: &str| path.replace("{id}", id).replace("{seq}", "2").replace(['{', '}'], "");
            let mut differs = false;
            for body in bodies() {
                let outside = stage.raw(&stage.outside.1, &method, &place(&hidden), &body).await;
                let nowhere = stage.raw(&stage.outside.1, &method, &place(UNKNOWN), &body).await;
                assert_eq!(outside, nowhere, "{method} {path} tells whoever is not of the team that there is something");
                assert_eq!(outside.0, StatusCode::NOT_FOUND, "{method} {path}");
                // What those of the team are told is something else, or this would show nothing.
                let inside = stage.raw(&stage.inside.1, &method, &place(&hidden), &body).await;
                differs |= inside != nowhere;
                asked += 1;
            }
            assert!(differs, "{method} {path} tells those of the team nothing either");
            // Whatever they did, it is theirs again for the next question.
            assert_eq!(stage.set(&stage.owner, &hidden, json!({ "team": "Claims" })).await.0, StatusCode::OK);
        }
    }
    assert!(asked >= 90, "{asked}");
    let said = stage.ask(&stage.owner, "GET", &format!("/api/conversations/{hidden}"), None).await.1;
    assert!(!said.to_string().contains("Otto"), "whoever is not of the team has left something behind: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_and_no_timeline_names_what_is_hidden() {
    let stage = Stage::new().await;
    let hidden = stage.closed("ann").await;
    let letter = json!({ "client_id": "c", "text": format!("{MARKER} answered"), "anyway": true });
    let path = format!("/api/conversations/{hidden}/messages");
    assert_eq!(stage.ask(&stage.inside.1, "POST", &path, Some(letter)).await.0, StatusCode::CREATED);
    let review = stage.closed_review().await;
    let told = |id: &str, about: &str| Wanted {
        id: id.to_owned(),
        who: Identity::new("email", "bob@example.org").expect("a name"),
        address: "bob@example.org".to_owned(),
        class: Class::Service,
        tag: "comment".to_owned(),
        subject: id.to_owned(),
        text: format!("marker {id}"),
        about: about.to_owned(),
    };
    for letter in [told("letter-of-the-closed", &hidden), told("letter-of-all", "")] {
        stage.site.talk.queue_letter(&letter).await.expect("queues");
    }
    stage.site.talk.send_letters().await.expect("sends");
    stage.site.capture.settle().await.expect("settles");
    let person = stage.site.capture.people().read().person_of(Identity::new("email", "ann@example.org").expect("a name").actor());
    let routes: Value = serde_json::to_value(document(&stage.site)).expect("serialises");
    let plain = routes["paths"]
        .as_object()
        .expect("has paths")
        .iter()
        .filter(|(path, methods)| !path.contains('{') && methods.get("get").is_some() && *path != "/metrics");
    let mut paths: Vec<String> = plain.map(|(path, _)| path.clone()).collect();
    for view in ["mine", "unassigned", "snoozed", "resolved", "all", "bot"] {
        paths.push(format!("/api/conversations?view={view}"));
    }
    paths.push(format!("/api/conversations?view=all&q={MARKER}"));
    paths.push(format!("/api/people/{person}/timeline"));
    let told = |text: &str| text.contains(&hidden) || text.contains(MARKER) || text.contains(&review);
    let mut told_inside = BTreeSet::new();
    for path in paths {
        let (_, text) = stage.raw(&stage.outside.1, "GET", &path, b"").await;
        assert!(!told(&text), "{path}: {text}");
        if told(&stage.raw(&stage.inside.1, "GET", &path, b"").await.1) {
            told_inside.insert(path);
        }
    }
    let timeline = format!("/api/people/{person}/timeline");
    let letters = async |cookie: &str| stage.raw(cookie, "GET", "/api/conversations/mail", b"").await.1;
    let (inside, outside) = (letters(&stage.inside.1).await, letters(&stage.outside.1).await);
    assert!(inside.contains("letter-of-the-closed") && !outside.contains("letter-of-the-closed"), "{outside}");
    assert!(outside.contains("letter-of-all"), "{outside}");
    for path in [
        "/api/feedback",
        "/api/feedback/reviews/file",
        "/api/conversations",
        "/api/conversations/mail",
        "/api/feedback/texts/examples",
        timeline.as_str(),
    ] {
        assert!(told_inside.contains(path), "{path} tells those of the team nothing: {told_inside:?}");
    }
    let (_, timeline) = stage.ask(&stage.outside.1, "GET", &timeline, None).await;
    assert_eq!((&timeline["count"], &timeline["interactions"]), (&json!(0), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_of_a_closed_team_cannot_be_moderated_from_outside() {
    let stage = Stage::new().await;
    let id = stage.closed_review().await;
    for change in [json!("publish"), json!("reject"), json!({ "reply": "Hello" })] {
        let body = change.to_string();
        let place = |id: &str| format!("/api/feedback/reviews/{id}");
        let outside = stage.raw(&stage.outside.1, "POST", &place(&id), body.as_bytes()).await;
        assert_eq!(outside, stage.raw(&stage.outside.1, "POST", &place(UNKNOWN), body.as_bytes()).await);
        assert_eq!(outside.0, StatusCode::NOT_FOUND);
        let inside = stage.raw(&stage.inside.1, "POST", &place(&id), body.as_bytes()).await;
        assert_eq!(inside.0, StatusCode::NO_CONTENT, "{}", inside.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_went_out_or_is_there_whoever_counts() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(stage.written(&format!("c{number}"), "Hello", "form").await);
    }
    let counted = async |cookie: &str| {
        let (_, list) = stage.ask(cookie, "GET", "/api/conversations?view=all", None).await;
        let (_, summary) = stage.ask(cookie, "GET", "/api/conversations/summary", None).await;
        assert_eq!(list["counts"], summary["counts"]);
        let count = |name: &str| list["counts"][name].as_i64().expect("a count");
        assert_eq!(count("came_in"), count("went_out") + count("open") + count("with_bot") + count("snoozed"), "{list}");
        let requests: i64 =
            summary["requests"].as_array().expect("a list").iter().map(|one| one["requests"].as_i64().expect("a count")).sum();
        let seen = list["conversations"].as_array().expect("a list").len();
        assert_eq!(requests, seen as i64, "counted is what is seen, and nothing else");
        assert!(summary["forecast"]["waiting"].as_i64().expect("a count") <= seen as i64, "{summary}");
        seen
    };
    for (place, change) in [
        (0, json!({ "team": "Claims" })),
        (0, json!("resolve")),
        (0, json!("open")),
        (1, json!("resolve")),
        (1, json!({ "team": "Claims" })),
        (2, json!({ "snooze": NOON + 86_400_000_000 })),
        (2, json!({ "team": "Claims" })),
        (3, json!("take")),
        (1, json!({ "team": "" })),
    ] {
        assert_eq!(stage.set(&stage.owner, &ids[place], change).await.0, StatusCode::OK);
        let (all, inside, outside) =
            (counted(&stage.owner).await, counted(&stage.inside.1).await, counted(&stage.outside.1).await);
        assert_eq!((all, inside), (6, 6));
        assert!(outside < 6, "{outside}");
    }
    assert_eq!(counted(&stage.outside.1).await, 4);
    // A review is there like any other, whatever is decided of it.
    let review = stage.closed_review().await;
    let path = format!("/api/feedback/reviews/{review}");
    for change in [json!("publish"), json!({ "reply": "We are sorry" }), json!("reject"), json!({ "reply": "We are" })] {
        assert_eq!(stage.ask(&stage.inside.1, "POST", &path, Some(change)).await.0, StatusCode::NO_CONTENT);
        let (all, inside, outside) =
            (counted(&stage.owner).await, counted(&stage.inside.1).await, counted(&stage.outside.1).await);
        assert_eq!((all, inside, outside), (7, 7, 4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn news_name_nothing_hidden_and_say_when_something_has_left() {
    let stage = Stage::new().await;
    let inbox = &stage.site.talk.inbox;
    let (outside, inside) = (Reader::of(&stage.outside.0), Reader::of(&stage.inside.0));
    let hidden = stage.written("ann", "Hello", "form").await;
    let before = inbox.last_event().await.expect("reads");
    stage.set(&stage.owner, &hidden, json!({ "team": "Claims" })).await;
    let heard = inbox.events(before, 100, outside).await.expect("reads");
    assert!(heard.events.is_empty() && heard.has_left && heard.through > before, "{heard:?}");
    stage.written("ann", "And more", "form").await;
    let other = stage.written("bob", "Good day", "form").await;
    let later = inbox.events(heard.through, 100, outside).await.expect("reads");
    assert!(
        !later.has_left && later.events.iter().all(|event| event.conversation == other) && !later.events.is_empty(),
        "{later:?}"
    );
    assert_eq!(later.through, inbox.last_event().await.expect("reads"));
    let own = inbox.events(before, 100, inside).await.expect("reads");
    assert!(own.events.iter().any(|event| event.conversation == hidden) && !own.has_left, "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_given_to_those_who_see_it() {
    let stage = Stage::new().await;
    let id = stage.written("ann", "Hello", "form").await;
    let (inside, outside) = (stage.inside.0.account, stage.outside.0.account);
    assert_eq!(stage.set(&stage.outside.1, &id, json!("take")).await.0, StatusCode::OK);
    assert_eq!(stage.set(&stage.outside.1, &id, json!({ "team": "Nobody" })).await.0, StatusCode::BAD_REQUEST);
    // Whoever hands it over to a team that is not theirs has seen it for the last time, and does not look after it any more.
    assert_eq!(stage.set(&stage.outside.1, &id, json!({ "team": "Claims" })).await.0, StatusCode::OK);
    assert_eq!(stage.set(&stage.outside.1, &id, json!({ "team": "" })).await.0, StatusCode::NOT_FOUND);
    let (_, shown) = stage.ask(&stage.inside.1, "GET", &format!("/api/conversations/{id}"), None).await;
    assert_eq!((&shown["conversation"]["assignee"], &shown["conversation"]["team"]), (&Value::Null, &json!("Claims")));
    let assign = |account: i64| json!({ "assign": { "account": account } });
    assert_eq!(stage.set(&stage.inside.1, &id, assign(outside)).await.0, StatusCode::BAD_REQUEST);
    let (status, told) = stage.set(&stage.inside.1, &id, assign(inside)).await;
    assert_eq!((status, &told["assigned_name"]), (StatusCode::OK, &json!("Ines")));
    let (_, colleagues) = stage.ask(&stage.inside.1, "GET", &format!("/api/conversations/{id}/colleagues"), None).await;
    let names: Vec<&str> = colleagues.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"Ines") && !names.contains(&"Otto"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_keeps_what_is_its_own_under_every_name() {
    let stage = Stage::new().await;
    let id = stage.closed("ann").await;
    let path = format!("/api/conversations/teams/{}", stage.team);
    assert_eq!(stage.ask(&stage.owner, "DELETE", &path, None).await.0, StatusCode::CONFLICT, "everybody would see it");
    let renamed = json!({ "name": "Damage", "is_closed": true, "members": [stage.inside.0.account], "channels": ["phone"] });
    assert_eq!(stage.ask(&stage.owner, "PUT", &path, Some(renamed.clone())).await.0, StatusCode::NO_CONTENT);
    assert!(stage.listed(&stage.inside.1, "open").await.contains(&id));
    assert!(!stage.listed(&stage.outside.1, "open").await.contains(&id));
    // What begins on its channel never lies open.
    let call = stage.written("bob", MARKER, "phone").await;
    assert!(!stage.listed(&stage.outside.1, "all").await.contains(&call));
    assert!(stage.listed(&stage.inside.1, "all").await.contains(&call));
    // A second team of the same name is none; and agents set up no teams, nor are told who is in them.
    assert_eq!(stage.ask(&stage.owner, "POST", "/api/conversations/teams", Some(renamed.clone())).await.0, StatusCode::CONFLICT);
    assert_eq!(stage.ask(&stage.inside.1, "POST", "/api/conversations/teams", Some(renamed)).await.0, StatusCode::FORBIDDEN);
    let (_, teams) = stage.ask(&stage.outside.1, "GET", "/api/conversations/teams", None).await;
    assert_eq!((&teams[0]["is_mine"], &teams[0]["members"]), (&json!(false), &json!([])));
    let open = json!({ "name": "Damage", "members": [] });
    assert_eq!(stage.ask(&stage.owner, "PUT", &path, Some(open)).await.0, StatusCode::NO_CONTENT);
    assert!(stage.listed(&stage.outside.1, "open").await.contains(&id), "an open team hides nothing");
    assert_eq!(stage.ask(&stage.owner, "DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    // A machine reads on, whoever may see it.
    let bot = Author { account: 0, name: "Bot".to_owned() };
    assert!(stage.site.talk.inbox.label(&id, &bot, &["seen".to_owned()]).await.expect("labels"));
}
