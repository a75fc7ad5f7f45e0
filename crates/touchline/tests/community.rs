//! Questions that customers ask and answer in public, told through the pages and routes that they and staff use.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::time::{DAY, SECOND};
use model::{Identity, Instant};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::account::Who;
use touchline::features::conversations::Reader;
use touchline::features::{Site, router};
use tower::ServiceExt;

const NOON: i64 = 1_764_072_000 * SECOND;

struct Stage {
    site: Site,
    router: Router,
    owner: String,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let stage = Self::shut().await;
        let open = json!({ "is_open": true });
        assert_eq!(stage.staff("PUT", "/api/conversations/community", Some(open)).await.0, StatusCode::NO_CONTENT);
        stage
    }

    /// Makes a house without a community.
    async fn shut() -> Self {
        let (scratch, now) = Scratch::at(NOON);
        let site = scratch.site();
        let router = router(&site);
        let owner = scratch::owner(&site, &router).await;
        Self { site, router, owner, now, _scratch: scratch }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let answer = self.router.clone().oneshot(request).await.expect("answers");
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 22).await.expect("has a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn staff(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "here").header("cookie", &self.owner);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (status, text) = self.send(request.body(body).expect("a request")).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn page(&self, path: &str) -> (StatusCode, String) {
        self.send(Request::get(path).header("host", "here").body(Body::empty()).expect("a request")).await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header("host", "here").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Takes part: asks for the link, reads the letter, and says a name. Returns the page of one's own.
    async fn member(&self, name: &str) -> String {
        let address = format!("{name}@example.org");
        assert_eq!(self.form("/community/join", &[("email", &address)]).await.0, StatusCode::OK);
        let home = self.link(&address).await.expect("a letter");
        assert_eq!(self.form(&home, &[("do", "name"), ("name", name)]).await.0, StatusCode::OK);
        home
    }

    /// Returns the link in the last letter to an address.
    async fn link(&self, address: &str) -> Option<String> {
        self.site.talk.send_letters().await.expect("sends");
        let (_, told) = self.staff("GET", "/api/conversations/mail", None).await;
        let letter = told["letters"].as_array().expect("a list").iter().find(|letter| letter["recipient"] == address)?.clone();
        let text = letter["text"].as_str().expect("a text");
        let line = text.lines().find(|line| line.contains("/p/community/")).expect("a link");
        Some(line.trim().strip_prefix("http://localhost").expect("is ours").to_owned())
    }

    async fn ask(&self, home: &str, number: &str, title: &str) -> (StatusCode, String) {
        self.form(home, &[("do", "ask"), ("id", number), ("title", title), ("text", "It blinks three times.")]).await
    }

    async fn shown(&self) -> Vec<Value> {
        self.staff("GET", "/api/conversations/community", None).await.1["questions"].as_array().expect("a list").clone()
    }

    async fn change(&self, what: &str, id: &str, change: Value) -> StatusCode {
        self.staff("POST", &format!("/api/conversations/community/{what}/{id}"), Some(change)).await.0
    }

    /// Returns what the ledger knows of somebody: event, touchpoint, text; the earliest first.
    async fn told_of(&self, name: &str) -> Vec<(String, String, String)> {
        self.site.talk.keep_community().await.expect("keeps");
        self.site.capture.settle().await.expect("settles");
        let who = Identity::new("email", &format!("{name}@example.org")).expect("a name");
        let person = self.site.capture.people().read().person_of(who.actor()).to_string();
        let (_, timeline) = self.staff("GET", &format!("/api/people/{person}/timeline"), None).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = timeline["interactions"].as_array().cloned().unwrap_or_default();
        let told = |one: &Value| (text(&one["signal"]["event"]), text(&one["signal"]["touchpoint"]), text(&one["text"]));
        all.iter().rev().map(told).filter(|(event, ..)| event != "letter").collect()
    }
}

fn number(number: u8) -> String {
    format!("{number:032x}")
}

fn id_of(one: &Value) -> String {
    one["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn somebody_asks_others_answer_and_staff_look_at_both() {
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    let (status, page) = stage.form(&ann, &[("do", "look"), ("title", "Why does the lamp blink?")]).await;
    assert!(status == StatusCode::OK && page.contains(">Ask</button>"), "{page}");
    for _ in 0..2 {
        let (_, page) = stage.ask(&ann, &number(1), "Why does the lamp blink?").await;
        assert!(page.contains("It appears when somebody has looked at it"), "{page}");
    }
    let [question] = stage.shown().await.try_into().expect("sent twice it is one");
    assert_eq!((&question["state"], &question["name"]), (&json!("waiting"), &json!("ann")));
    let id = id_of(&question);
    let (public, own) = (format!("/community/q/{id}"), format!("{ann}/q/{id}"));
    assert_eq!(
        stage.page(&public).await,
        stage.page("/community/q/nothing").await,
        "what waits is answered as what is not there"
    );
    assert!(stage.page(&own).await.1.contains("Why does the lamp blink?"), "whoever asked sees it");
    assert!(!stage.page("/community").await.1.contains("Why does"));

    assert_eq!(stage.change("questions", &id, json!("publish")).await, StatusCode::OK);
    assert!(stage.page("/community").await.1.contains("Why does the lamp blink?"));
    let bob = stage.member("bob").await;
    let second = number(2);
    let answer = [("do", "answer"), ("id", second.as_str()), ("text", "Turn the <b>screw</b>.")];
    let at = format!("{bob}/q/{id}");
    assert!(stage.form(&at, &answer).await.1.contains("It appears when"));
    assert!(!stage.page(&public).await.1.contains("screw"));
    let reply = id_of(&stage.shown().await[0]["answers"][0]);
    assert_eq!(stage.change("answers", &reply, json!("publish")).await, StatusCode::NO_CONTENT);
    let (_, page) = stage.page(&public).await;
    assert!(page.contains("Turn the &lt;b&gt;screw&lt;/b&gt;.") && !page.contains("<b>screw"), "{page}");

    // Whoever asked is written to, and says that this is the answer; nobody else can.
    assert!(stage.link("ann@example.org").await.expect("a letter").ends_with(&format!("/q/{id}")));
    let accept = [("do", "accept"), ("target", reply.as_str())];
    stage.form(&at, &accept).await;
    assert_eq!(stage.shown().await[0]["accepted"], json!(""));
    stage.form(&own, &accept).await;
    assert_eq!(stage.shown().await[0]["accepted"], json!(reply));

    stage.now.fetch_add(60 * SECOND, Ordering::SeqCst);
    // The company answers too, once however often it is sent; and a draft is made of what is right.
    let ours = json!({ "answer": { "client_id": "c1", "text": "We send you a new one." } });
    for _ in 0..2 {
        assert_eq!(stage.change("questions", &id, ours.clone()).await, StatusCode::OK);
    }
    let shown = stage.shown().await;
    assert_eq!(shown[0]["answers"].as_array().expect("a list").len(), 2);
    assert!(stage.page(&public).await.1.contains("our answer"));
    assert_eq!(stage.change("questions", &id, json!("article")).await, StatusCode::OK);
    let (_, articles) = stage.staff("GET", "/api/conversations/articles", None).await;
    assert_eq!(
        (&articles[0]["is_published"], &articles[0]["texts"][0]["body"]),
        (&json!(false), &json!("Turn the <b>screw</b>."))
    );

    let touchpoint = "community".to_owned();
    let told = |event: &str, text: &str| (event.to_owned(), touchpoint.clone(), text.to_owned());
    let asked = "Why does the lamp blink?\nIt blinks three times.";
    assert_eq!(stage.told_of("ann").await, [told("question", asked), told("reply", "We send you a new one.")]);
    assert_eq!(stage.told_of("bob").await, [told("answer", "Turn the <b>screw</b>.")]);
    let (_, figures) = stage.staff("GET", "/api/conversations/community/figures", None).await;
    assert_eq!((&figures["questions"], &figures["answered"], &figures["by_members"]), (&json!(1), &json!(1), &json!(1)));
}

#[tokio::test]
async fn what_is_refused_is_seen_by_its_writer_with_the_reason_and_by_nobody_else() {
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    stage.ask(&ann, &number(1), "Buy cheap lamps").await;
    let id = id_of(&stage.shown().await[0]);
    assert_eq!(stage.change("questions", &id, json!({ "refuse": "" })).await, StatusCode::BAD_REQUEST);
    assert_eq!(stage.change("questions", &id, json!({ "refuse": "This is advertising." })).await, StatusCode::OK);
    assert!(stage.page(&ann).await.1.contains("This is advertising."));
    assert_eq!(stage.page(&format!("/community/q/{id}")).await.0, StatusCode::NOT_FOUND);
    let bob = stage.member("bob").await;
    assert_eq!(
        stage.form(&format!("{bob}/q/{id}"), &[("do", "answer"), ("id", &number(2)), ("text", "No")]).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_decided_so_appears_at_once() {
    let stage = Stage::new().await;
    let at_once = json!({ "is_open": true, "appears_at_once": true });
    stage.staff("PUT", "/api/conversations/community", Some(at_once)).await;
    let ann = stage.member("ann").await;
    assert!(stage.ask(&ann, &number(1), "Is it waterproof?").await.1.contains("Everybody can see it now"));
    assert!(stage.page("/community").await.1.contains("Is it waterproof?"));
}

#[tokio::test]
async fn before_asking_what_answers_is_shown_and_that_it_did_is_counted() {
    let stage = Stage::new().await;
    let text = json!({ "language": "en", "title": "Opening hours of the shop", "body": "From nine to six.", "spoken": "" });
    let (_, kept) =
        stage.staff("POST", "/api/conversations/articles", Some(json!({ "is_published": true, "texts": [text] }))).await;
    let article = id_of(&kept);
    let (ann, bob) = (stage.member("ann").await, stage.member("bob").await);
    let (_, page) = stage.form(&ann, &[("do", "look"), ("title", "What are your opening hours?")]).await;
    assert!(page.contains("That answers it") && page.contains("Ask all the same") && page.contains(&article), "{page}");
    let solved = [("do", "solved"), ("kind", "article"), ("target", article.as_str())];
    for member in [&ann, &ann, &bob] {
        assert!(stage.form(member, &solved).await.1.contains("Good to hear!"));
    }
    let public = format!("/community/q/{article}");
    let seventh = number(7);
    let unknown = [("kind", "article"), ("id", seventh.as_str())];
    for _ in 0..2 {
        assert_eq!(stage.form(&public, &unknown).await.0, StatusCode::OK);
    }
    assert!(stage.page("/community?q=opening%20hours").await.1.contains("Opening hours of the shop"));
    let count = async || {
        let (status, figures) = stage.staff("GET", "/api/conversations/community/figures", None).await;
        assert_eq!(status, StatusCode::OK, "{figures}");
        ["known", "known_stayed_away", "pending", "unknown"].map(|name| figures[name].as_i64().expect("a count"))
    };
    assert_eq!(count().await, [0, 0, 2, 1], "once a day each, and nobody knows yet who stays away");
    let (_, articles) = stage.staff("GET", "/api/conversations/articles", None).await;
    assert_eq!(articles[0]["uses"]["helped"], json!(3));
    // One of them writes to us all the same, within three days.
    let incoming = touchline::features::conversations::Incoming {
        conversation: number(9),
        client_id: "m1".to_owned(),
        channel: "form".to_owned(),
        identity: Identity::new("email", "bob@example.org").expect("a name"),
        name: "bob".to_owned(),
        address: "bob@example.org".to_owned(),
        subject: String::new(),
        text: "And on Sundays?".to_owned(),
        html: String::new(),
        at: Instant(NOON + DAY),
        place: "test".to_owned(),
        meta: json!({}),
        thread_key: String::new(),
    };
    stage.site.talk.inbox.incoming(&incoming).await.expect("is taken");
    // A session that nobody uses ends after half a day.
    for _ in 0..10 {
        stage.now.fetch_add(10 * 3_600 * SECOND, Ordering::SeqCst);
        count().await;
    }
    assert_eq!(count().await, [2, 1, 0, 1]);
}

#[tokio::test]
async fn links_that_are_not_ours_and_a_community_that_is_shut_are_answered_alike() {
    let shut = Stage::shut().await;
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    let mut answers = Vec::new();
    for stage in [&shut, &stage] {
        for path in ["/p/community/x", &format!("{ann}A"), "/p/community/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/p/community/x/q/y"]
        {
            answers.push(stage.page(path).await);
            answers.push(stage.form(path, &[("do", "ask"), ("id", &number(1)), ("title", "t")]).await);
        }
    }
    for path in ["/community", "/community/join", "/community/q/x"] {
        answers.push(shut.page(path).await);
    }
    answers.push(shut.form("/community/join", &[("email", "ann@example.org")]).await);
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == StatusCode::NOT_FOUND), "{answers:?}");
    // To ask for a link tells nobody who takes part.
    let asked = async |address: &str| stage.form("/community/join", &[("email", address)]).await;
    let known = asked("ann@example.org").await;
    for address in ["nobody@example.org", "no address", ""] {
        assert_eq!(asked(address).await, known);
    }
}

#[tokio::test]
async fn a_link_that_is_not_used_for_thirty_days_ends_and_the_next_one_is_another() {
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    let works = async |home: &str| stage.page(home).await.0 == StatusCode::OK;
    for _ in 0..3 {
        stage.now.fetch_add(29 * DAY, Ordering::SeqCst);
        assert!(works(&ann).await, "it was used within thirty days");
    }
    stage.now.fetch_add(30 * DAY + SECOND, Ordering::SeqCst);
    assert!(!works(&ann).await);
    let answer = stage.form(&ann, &[("do", "ask"), ("id", &number(1)), ("title", "Does it blink?")]).await;
    let asked = sqlx::query_scalar("SELECT COUNT(*) FROM community_question").fetch_one(stage.site.stores.state.reader());
    assert_eq!((answer.0, asked.await.expect("counts")), (StatusCode::NOT_FOUND, 0_i64));
    // The house goes on knowing her: whoever reads what is sent to the address gets a link, and the old one stays dead.
    assert_eq!(stage.form("/community/join", &[("email", "ann@example.org")]).await.0, StatusCode::OK);
    // The session of the staff has ended meanwhile too: the letter is read at the console.
    let letters = stage.site.talk.inbox.letters(Reader::of(&Who::at_the_console())).await.expect("reads");
    let line = letters[0].text.lines().find(|line| line.contains("/p/community/")).expect("a link");
    let again = line.trim().strip_prefix("http://localhost").expect("is ours").to_owned();
    assert!(again != ann && works(&again).await && !works(&ann).await);
}

#[tokio::test]
async fn a_link_from_before_they_ended_counts_from_the_day_they_do() {
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    let mut transaction = stage.site.stores.state.begin().await.expect("begins");
    sqlx::query("UPDATE community_member SET used_at = 0").execute(&mut *transaction).await.expect("changes");
    transaction.commit().await.expect("commits");
    stage.now.fetch_add(100 * DAY, Ordering::SeqCst);
    stage.site.talk.keep_community().await.expect("keeps");
    stage.now.fetch_add(29 * DAY, Ordering::SeqCst);
    assert_eq!(stage.page(&ann).await.0, StatusCode::OK);
}

#[tokio::test]
async fn machines_and_floods_are_not_taken() {
    let stage = Stage::new().await;
    let ann = stage.member("ann").await;
    let first = number(1);
    let bait = [("do", "ask"), ("id", first.as_str()), ("title", "Spam"), ("text", ""), ("website", "http://x.example")];
    assert!(stage.form(&ann, &bait).await.1.contains("It appears when"), "a machine is thanked like everybody");
    assert!(stage.shown().await.is_empty());
    assert_eq!(stage.form("/community/join", &[("email", "eve@example.org"), ("website", "x")]).await.0, StatusCode::OK);
    assert_eq!(stage.link("eve@example.org").await, None);
    for (title, text) in [("", ""), (&"x".repeat(201), ""), ("t", &"x".repeat(5_001))] {
        let (_, page) = stage.form(&ann, &[("do", "ask"), ("id", &number(2)), ("title", title), ("text", text)]).await;
        assert!(page.contains("Something is missing, or too long"), "{page}");
    }
    let mut refused = 0;
    for place in 0..30 {
        refused += usize::from(stage.ask(&ann, &number(10 + place), "Again?").await.0 == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!((refused, stage.shown().await.len()), (10, 20));
    // To look at a page changes nothing, and a name is not to be had with markup.
    let eve = stage.member("mallory").await;
    stage.form(&eve, &[("do", "name"), ("name", "<img src=x>")]).await;
    stage.form(&eve, &[("do", "ask"), ("id", &number(99)), ("title", "<script>alert(1)</script>"), ("text", "")]).await;
    let id = stage.shown().await.iter().find(|one| one["name"] == "<img src=x>").map(id_of).expect("is there");
    stage.change("questions", &id, json!("publish")).await;
    let (_, page) = stage.page(&format!("/community/q/{id}")).await;
    assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
}

#[tokio::test]
async fn what_somebody_wrote_goes_with_them() {
    let stage = Stage::new().await;
    let (ann, bob) = (stage.member("ann").await, stage.member("bob").await);
    stage.ask(&ann, &number(1), "A question of Ann").await;
    stage.ask(&bob, &number(2), "A question of Bob").await;
    for question in stage.shown().await {
        stage.change("questions", &id_of(&question), json!("publish")).await;
    }
    let of_bob = stage.shown().await.iter().find(|one| one["name"] == "bob").map(id_of).expect("is there");
    stage.form(&format!("{ann}/q/{of_bob}"), &[("do", "answer"), ("id", &number(3)), ("text", "An answer of Ann")]).await;
    stage.form(&ann, &[("do", "solved"), ("kind", "question"), ("target", &of_bob)]).await;
    stage.site.talk.keep_community().await.expect("keeps");
    stage.site.capture.settle().await.expect("settles");
    let capture = stage.site.capture.clone();
    let erase = move || {
        let who = Identity::new("email", "ann@example.org").expect("a name");
        touchline::features::capture::Rights::new(capture).erase(&who).expect("erases").expect("is known")
    };
    tokio::task::spawn_blocking(erase).await.expect("ends");
    let (_, page) = stage.page("/community").await;
    assert!(page.contains("A question of Bob") && !page.contains("of Ann"), "what cannot be read is not shown: {page}");
    assert_eq!(stage.page(&ann).await.0, StatusCode::NOT_FOUND);
    stage.site.talk.keep_community().await.expect("keeps");
    let ann = Identity::new("email", "ann@example.org").expect("a name").actor().0.cast_signed();
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM community_member WHERE actor = $1) + (SELECT COUNT(*) FROM community_question WHERE actor = $1) \
         + (SELECT COUNT(*) FROM community_answer WHERE actor = $1) + (SELECT COUNT(*) FROM community_solved WHERE actor = $1)",
    )
    .bind(ann)
    .fetch_one(stage.site.stores.state.reader())
    .await
    .expect("counts");
    assert_eq!((left, stage.shown().await.len()), (0, 1));
}
