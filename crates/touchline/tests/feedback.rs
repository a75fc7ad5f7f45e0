//! Surveys of several questions and surveys that ask by themselves; reviews and mentions from files.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::time::{DAY, SECOND};
use model::{Arrival, Direction, Form, Identity, Instant, Link, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::Site;
use touchline::features::capture::Delivery;
use touchline::features::feedback::{Choice, NewMention, NewSurvey, Question, SurveyKind, SurveyMoment, SurveyTrigger, stated};
use tower::ServiceExt;

const NOON: i64 = 1_764_072_000 * SECOND;

struct Stage {
    site: Site,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    fn new() -> Self {
        let (scratch, now) = Scratch::at(NOON);
        Self { site: scratch.site(), now, _scratch: scratch }
    }

    fn pass(&self, time: i64) {
        self.now.fetch_add(time, Ordering::SeqCst);
    }

    /// Lets a user, whose address is known, do something now.
    async fn does(&self, user: &str, form: Form) {
        let at = Instant(self.now.load(Ordering::SeqCst));
        let name = |namespace, text: String| Identity::new(namespace, &text).expect("a name");
        let (known, address) = (name("user", user.to_owned()), name("email", format!("{user}@example.org")));
        let signature = Signature { source: "till".to_owned(), event: "x".to_owned(), ..Signature::default() };
        let mut arrival = Arrival::new(format!("{user}{}", at.0).into_bytes(), signature, at, form, Direction::Inbound);
        arrival.identities = vec![known.clone()];
        let claims = vec![(known, address, Link::Together, at)];
        let delivery =
            Delivery { source: "till".to_owned(), format: "test", arrivals: vec![arrival], claims, ..Delivery::default() };
        self.site.capture.take(delivery).await.expect("is taken");
        self.site.capture.settle().await.expect("settles");
    }

    async fn survey(&self, after: SurveyMoment, days: u16) -> i64 {
        let id = self.site.feedback.make(&NewSurvey::one("After", SurveyKind::Nps, "")).await.expect("makes");
        assert!(self.site.feedback.trigger(id, Some(SurveyTrigger { after, days })).await.expect("sets"));
        id
    }

    async fn asked(&self) -> usize {
        self.site.feedback.ask_due().await.expect("asks")
    }

    async fn invited(&self, survey: i64) -> u64 {
        let surveys = self.site.feedback.surveys().await.expect("reads");
        surveys.iter().find(|one| one.id == survey).expect("is there").results.invited
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_beside_answers_are_read_and_nothing_of_it_is_kept() {
    let stage = Stage::new();
    let survey = NewSurvey::one("How was it", SurveyKind::Nps, "parcel");
    let id = stage.site.feedback.make(&survey).await.expect("makes");
    let said = ["Terrible delivery, very late", "Livraison rapide, merci", "Курьер хамил", "", "It came on Monday"];
    for (place, words) in said.iter().enumerate() {
        let who = Identity::new("email", &format!("p{place}@example.org")).expect("a name");
        assert!(stage.site.feedback.take(id, &who, 5, words).await.expect("takes"));
    }
    let shown = stage.site.feedback.texts().await.expect("reads");
    assert_eq!((shown.answers, shown.reviews, shown.messages, shown.is_cut), (4, 0, 0, false), "an empty field is no text");
    let parcel = shown.report.places.iter().find(|place| place.touchpoint.as_deref() == Some("parcel")).expect("is there");
    assert_eq!((parcel.texts, parcel.told.value, parcel.negative.value), (4, Some(0.75), Some(2.0 / 3.0)));
    let delivery = &parcel.themes[0];
    assert_eq!((delivery.theme.name(), delivery.complaints, delivery.praise), ("delivery", 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_bought_is_asked_once_when_the_days_have_passed() {
    let stage = Stage::new();
    stage.does("early", Form::Purchase).await;
    stage.pass(4 * DAY);
    let id = stage.survey(SurveyMoment::Purchase, 3).await;
    stage.does("ann", Form::Purchase).await;
    stage.does("bob", Form::Visit).await;
    stage.pass(3 * DAY - 1);
    assert_eq!(stage.asked().await, 0, "not yet; and who bought long before is left in peace");
    stage.pass(3_600 * SECOND);
    assert_eq!((stage.asked().await, stage.invited(id).await), (1, 1));
    stage.pass(DAY);
    assert_eq!(stage.asked().await, 0, "nothing new");
    stage.does("ann", Form::Purchase).await;
    stage.pass(4 * DAY);
    stage.asked().await;
    assert_eq!(stage.invited(id).await, 1, "she was asked by this survey before");
    assert!(stage.site.feedback.trigger(id, None).await.expect("sets"));
    stage.does("carl", Form::Purchase).await;
    stage.pass(4 * DAY);
    assert_eq!(stage.asked().await, 0, "it asks nobody by itself any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_survey_asks_nobody_and_a_year_is_the_longest() {
    let stage = Stage::new();
    let id = stage.survey(SurveyMoment::Delivery, 0).await;
    stage.pass(SECOND);
    stage.does("ann", Form::Delivery).await;
    stage.pass(DAY);
    assert!(stage.site.feedback.close(id, true).await.expect("closes"));
    assert_eq!(stage.asked().await, 0);
    let far = SurveyTrigger { after: SurveyMoment::Purchase, days: 366 };
    assert!(!stage.site.feedback.trigger(id, None).await.expect("answers"), "there is no open one");
    assert!(stage.site.feedback.trigger(id, Some(far)).await.is_err());
    assert!(stage.site.feedback.close(id, false).await.expect("opens"));
    assert_eq!(stage.asked().await, 1, "what happened meanwhile");
}

/// Is a site with its routes, and somebody who has signed in.
struct Desk {
    site: Site,
    router: Router,
    cookie: String,
    scratch: Scratch,
}

impl Desk {
    async fn new() -> Self {
        let (scratch, _) = Scratch::at(NOON);
        let site = scratch.site();
        let router = touchline::features::router(&site);
        let cookie = scratch::owner(&site, &router).await;
        Self { site, router, cookie, scratch }
    }

    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> (StatusCode, String) {
        let answer = self.router.clone().oneshot(request.body(body.into()).expect("a request")).await.expect("answers");
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 10_000_000).await.expect("a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn staff(&self, method: &str, path: &str, kind: &str, body: String) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).header("cookie", &self.cookie).header("host", "here");
        self.send(request.header("content-type", kind), body).await
    }

    async fn shown(&self) -> Value {
        let (status, body) = self.staff("GET", "/api/feedback", "application/json", String::new()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    async fn answers(&self, link: &str, body: &str) -> String {
        self.send(Request::post(link).header("accept-language", "fr"), body.to_owned()).await.1
    }
}

fn everything() -> NewSurvey {
    let mut survey = NewSurvey::one("All of it", SurveyKind::Nps, "desk");
    let option = |words: &str, touchpoint: &str| Choice { words: words.into(), touchpoint: touchpoint.into() };
    let kinds =
        [SurveyKind::Choice, SurveyKind::Text, SurveyKind::Importance, SurveyKind::Recall, SurveyKind::Recall, SurveyKind::Rater];
    survey.questions.extend(kinds.map(Question::of));
    survey.questions[1] = Question {
        words: "What did you buy?".into(),
        options: vec![option("Tea", ""), option("A pot", "")],
        many: true,
        ..survey.questions[1].clone()
    };
    survey.questions[2].optional = true;
    survey.questions[3].touchpoint = "shop".into();
    survey.questions[4].options = vec![option("The poster", "poster"), option("The radio", "radio")];
    survey.questions[5].options = vec![option("The poster", "poster")];
    survey.questions[5].brand = "Rival".into();
    survey.questions[6].touchpoint = "shop".into();
    survey
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_of_many_questions_is_answered_whole_or_says_what_is_missing() {
    let desk = Desk::new().await;
    let id = desk.site.feedback.make(&everything()).await.expect("makes");
    let link = desk.shown().await["surveys"][0]["link"].as_str().expect("a link").to_owned();
    let half = "id=00112233445566778899aabbccddeeff&q1=9&q2=0&q2=1&q3=%3Cb%3Ekept&q7.0=7&q7.1=6";
    let page = desk.answers(&link, half).await;
    assert!(page.contains("href=\"#q4\"") && page.contains("href=\"#q7\"") && !page.contains("href=\"#q1\""), "{page}");
    assert!(page.contains("&lt;b&gt;kept</textarea>") && page.contains("name=\"q7.1\" value=\"6\" checked"), "{page}");
    assert!(page.contains("00112233445566778899aabbccddeeff") && page.contains("Question 4"), "{page}");
    assert_eq!(desk.shown().await["surveys"][0]["results"]["n"], 0, "half an answer is none yet");
    let whole = format!("{half}&q4=5&q5=0&q6=none&q7.2=7&q7.3=7&q7.4=7&words=all+in+all");
    for _ in 0..2 {
        assert!(desk.answers(&link, &whole).await.contains("Merci"));
    }
    let other = "id=10112233445566778899aabbccddeeff&q1=3&q2=1&q4=4&q5=none&q6=0&q7.0=1&q7.1=1&q7.2=1&q7.3=1&q7.4=2";
    assert!(desk.answers(&link, other).await.contains("Merci"));
    desk.site.capture.settle().await.expect("settles");
    let shown = desk.shown().await;
    let results = &shown["surveys"][0]["results"];
    let told: Vec<(i64, u64, u64)> = results["questions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (one["question"].as_i64().expect("a number"), one["n"].as_u64().expect("n"), one["left_out"].as_u64().expect("n"))
        })
        .collect();
    assert_eq!(told, [(1, 2, 0), (2, 2, 0), (3, 1, 1), (4, 2, 0), (5, 2, 0), (6, 2, 0), (7, 2, 0)]);
    assert_eq!(results["questions"][1]["parts"][1]["n"], 2, "both bought a pot");
    assert_eq!(results["questions"][6]["parts"][0]["n"], 2);
    // Each question that was answered is an interaction: 7 and 6, the second one without words of its own.
    let (importance, recalled) = stated(&desk.site.stores.state).await.expect("reads");
    assert_eq!(importance.get("shop"), Some(&[0, 0, 0, 1, 1]));
    let told: Vec<_> = recalled.iter().map(|one| (one.brand.as_str(), one.touchpoint.as_str(), one.asked, one.saw)).collect();
    assert_eq!(told, [("", "poster", 2, 1), ("", "radio", 2, 0), ("Rival", "poster", 2, 1)]);
    let person = shown["answers"].as_array().expect("a list").iter().find(|one| one["words"] == "all in all").expect("is there");
    let path = format!("/api/people/{}/timeline", person["person"].as_str().expect("a person"));
    let (_, timeline) = desk.staff("GET", &path, "application/json", String::new()).await;
    let timeline: Value = serde_json::from_str(&timeline).expect("JSON");
    assert_eq!(timeline["interactions"].as_array().expect("a list").len(), 7, "{timeline}");
    // A question that is taken away is asked no more, and keeps its answers.
    let mut less = everything();
    less.questions = shown["surveys"][0]["questions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| serde_json::from_value(one.clone()).expect("a question"))
        .collect();
    less.questions.remove(6);
    less.questions.swap(0, 2);
    assert!(desk.site.feedback.change(id, &less).await.expect("changes"));
    let page = desk.send(Request::get(&link), "").await.1;
    assert!(!page.contains("q7.0") && page.find("q3").expect("is there") < page.find("q1").expect("is there"), "{page}");
    assert_eq!(desk.shown().await["surveys"][0]["results"]["questions"][6]["question"], 7, "what was answered stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_can_be_looked_at_before_it_is_kept() {
    let desk = Desk::new().await;
    let survey = serde_json::to_string(&everything()).expect("JSON");
    let form = |survey: &str| {
        url::form_urlencoded::Serializer::new(String::new()).append_pair("survey", survey).append_pair("language", "ru").finish()
    };
    let kind = "application/x-www-form-urlencoded";
    let (status, page) = desk.staff("POST", "/api/feedback/surveys/preview", kind, form(&survey)).await;
    assert!(status == StatusCode::OK && page.contains("lang=\"ru\"") && page.contains("What did you buy?"), "{page}");
    assert!(!page.contains("method=\"post\""), "its form goes nowhere");
    assert_eq!(desk.staff("POST", "/api/feedback/surveys/preview", kind, form("{}")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(desk.shown().await["surveys"], json!([]), "nothing is kept");
    let id = desk.site.feedback.make(&everything()).await.expect("makes");
    let (status, code) = desk.staff("GET", &format!("/api/feedback/surveys/{id}/code"), "application/json", String::new()).await;
    assert!(status == StatusCode::OK && code.contains("<svg"), "{code}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_come_from_a_file_once_and_go_into_one_that_is_read_again() {
    let desk = Desk::new().await;
    let file = "rating;text;author;product;date;state\n5;=HYPERLINK(1);Zoë;Pot;2026-01-02;published\n0;none;Ann;Pot;;\n4;Good;Bob;Pot;;\n4;Good;Bob;Pot;;\n";
    let bring = async |apply: bool, file: &str| {
        let path = format!("/api/feedback/reviews/file?apply={apply}");
        let (status, body) = desk.staff("POST", &path, "text/csv", file.to_owned()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str::<Value>(&body).expect("JSON")
    };
    let look = bring(false, file).await;
    assert_eq!((&look["good"], &look["known"], &look["wrong"]), (&json!(3), &json!(1), &json!(1)), "{look}");
    assert_eq!((&look["faults"][0]["line"], &look["faults"][0]["what"]), (&json!(3), &json!("stars")));
    assert_eq!(desk.shown().await["reviews"], json!([]), "a look takes nothing");
    bring(true, file).await;
    let again = bring(true, file).await;
    assert_eq!((&again["known"], desk.shown().await["reviews"].as_array().expect("a list").len()), (&json!(3), 2));
    let (_, out) = desk.staff("GET", "/api/feedback/reviews/file", "application/json", String::new()).await;
    assert!(out.contains(",'=HYPERLINK(1),") && !out.contains(",=HYPERLINK"), "{out}");
    let back = bring(true, &out).await;
    assert_eq!((&back["good"], &back["known"], &back["wrong"]), (&json!(2), &json!(2), &json!(0)), "{back}");
    let (status, told) = desk.staff("POST", "/api/feedback/reviews/file", "text/csv", "words\nx\n".to_owned()).await;
    assert!(status == StatusCode::BAD_REQUEST && told.contains("stars"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn search_engines_are_told_of_published_reviews_alone() {
    let desk = Desk::new().await;
    let take = async |id: u32, stars: i16, is_published| {
        let id = format!("{id:032x}");
        desk.site.feedback.take_review(&id, "Pot", stars, "Ann <b>", "Words", is_published).await.expect("takes");
    };
    take(1, 5, true).await;
    take(2, 4, true).await;
    take(3, 1, false).await;
    let page = desk.send(Request::get("/p/reviews?product=Pot"), "").await.1;
    let value = |property: &str| {
        let mark = format!("itemprop=\"{property}\">");
        page.split(&mark)
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .unwrap_or_else(|| panic!("no {property} in {page}"))
            .to_owned()
    };
    assert_eq!((value("ratingValue"), value("reviewCount"), value("name")), ("4.5".into(), "2".into(), "Pot".into()));
    assert_eq!(page.matches("itemtype=\"https://schema.org/Review\"").count(), 2);
    assert_eq!(page.matches("itemtype=\"https://schema.org/AggregateRating\"").count(), 1);
    assert!(
        page.contains("itemprop=\"bestRating\" content=\"5\"")
            && page.contains("itemprop=\"datePublished\"")
            && !page.contains("<b>"),
        "{page}"
    );
    let none = desk.send(Request::get("/p/reviews?product=Cup"), "").await.1;
    assert!(!none.contains("AggregateRating"), "no rating of nothing: {none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_noted_once_by_hand_or_from_a_file() {
    let desk = Desk::new().await;
    let new = NewMention {
        source: "The Paper".into(),
        link: "https://example.org/tea".into(),
        words: "marker-of-words".into(),
        stars: Some(4),
        ..NewMention::default()
    };
    let note = async |new: &NewMention| {
        let body = serde_json::to_string(new).expect("JSON");
        desk.staff("POST", "/api/feedback/mentions", "application/json", body).await
    };
    assert_eq!(note(&new).await, (StatusCode::OK, "{\"fresh\":true}".to_owned()));
    assert_eq!(note(&new).await, (StatusCode::OK, "{\"fresh\":false}".to_owned()));
    assert_eq!(note(&NewMention { link: "javascript:alert(1)".into(), ..new.clone() }).await.0, StatusCode::BAD_REQUEST);
    let file = "source,url,text,rating,touchpoint\nBlog,https://example.org/b,Nice,5,shop\n,https://example.org/c,x,,\n";
    for known in [0, 1] {
        let (_, body) = desk.staff("POST", "/api/feedback/mentions/file?apply=true", "text/csv", file.to_owned()).await;
        let told: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((&told["good"], &told["known"], &told["wrong"]), (&json!(1), &json!(known), &json!(1)), "{told}");
    }
    desk.site.capture.settle().await.expect("settles");
    let shown = desk.shown().await;
    let mentions = shown["mentions"].as_array().expect("a list");
    let told: Vec<_> =
        mentions.iter().map(|one| (one["source"].as_str(), one["stars"].as_i64(), one["touchpoint"].as_str())).collect();
    assert!(
        told.contains(&(Some("Blog"), Some(5), Some("shop"))) && told.contains(&(Some("The Paper"), Some(4), Some("review"))),
        "{told:?}"
    );
    let kept = std::fs::read_dir(desk.scratch.dir().join("data")).expect("lists").flatten();
    for file in kept.filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).expect("reads");
        assert!(!bytes.windows(15).any(|part| part == b"marker-of-words"), "{}", file.path().display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_inside_our_network_is_never_read() {
    let desk = Desk::new().await;
    for address in ["http://example.org/feed", "https://127.0.0.1/feed", "https://localhost/feed", "file:///etc/passwd"] {
        let body = json!({ "address": address, "source": "Paper" }).to_string();
        let (status, told) = desk.staff("POST", "/api/feedback/mentions/feeds", "application/json", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{address}: {told}");
    }
}
