//! Surveys of several questions and surveys that ask by themselves; reviews and mentions from files.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::time::{DAY, SECOND};
use model::{Arrival, Direction, Form, Identity, Instant, Link, Scale, Score, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::Site;
use touchline::features::capture::{Delivery, SourceKind, SourceSettings};
use touchline::features::conversations::Author;
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

    /// Asks as a page of the site does.
    async fn page(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, text) = self.send(Request::post(format!("/w/{path}")).header("host", "here"), body.to_string()).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Begins a chat as a visitor.
    async fn chat(&self, visitor: &str) -> String {
        let source = self.site.sources.add("site", SourceKind::Site, SourceSettings::default(), Instant(NOON)).await;
        let key = source.expect("adds").write_key.clone();
        let (_, told) = self.page("session", json!({ "key": key, "visitor": visitor })).await;
        told["token"].as_str().expect("a token").to_owned()
    }

    async fn comments(&self) -> Value {
        let (status, body) = self.staff("GET", "/api/feedback/comments", "application/json", String::new()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    async fn does(&self, method: &str, path: &str, body: Value) -> StatusCode {
        self.staff(method, path, "application/json", body.to_string()).await.0
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

/// Writes a review on the public page, as a browser does.
async fn write_review(desk: &Desk, id: u32, stars: u8, words: &str) {
    let form = format!("id={id:032x}&stars={stars}&product=Pot&name=Ann&words={words}");
    let page = Request::post("/p/review").header("content-type", "application/x-www-form-urlencoded");
    let (status, page) = desk.send(page, form).await;
    assert!(status == StatusCode::OK && page.contains("Thank you"), "{page}");
}

/// Lists the reviews in the inbox, whatever their state; what came in is what went out and what is open, each time.
async fn reviews_in_inbox(desk: &Desk) -> Vec<Value> {
    let (status, told) = desk.staff("GET", "/api/conversations?view=all&channel=review", "application/json", String::new()).await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let count = |name: &str| told["counts"][name].as_i64().expect("a count");
    assert_eq!((status, count("came_in")), (StatusCode::OK, count("went_out") + count("open")), "{told}");
    told["conversations"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_a_conversation_and_there_is_one_answer_to_it() {
    let desk = Desk::new().await;
    write_review(&desk, 1, 2, "It+drips").await;
    write_review(&desk, 1, 2, "It+drips").await;
    let [one] = reviews_in_inbox(&desk).await.try_into().expect("one, however often it was sent");
    let told = [&one["stars"], &one["subject"], &one["preview"], &one["customer"]["name"], &one["status"]];
    assert_eq!(told, [&json!(2), &json!("Pot"), &json!("It drips"), &json!("Ann"), &json!("open")]);
    assert_eq!(one["due_at"], json!(NOON + 48 * 3_600 * SECOND), "two days, as the settings say");
    let said = json!({ "client_id": "r1", "text": "We send a new one", "after": 2 });
    let place = format!("/api/conversations/{}/messages", one["id"].as_str().expect("an id"));
    assert_eq!(desk.does("POST", &place, said).await, StatusCode::CREATED);
    desk.site.feedback.keep_reviews().await.expect("keeps");
    desk.site.feedback.keep_reviews().await.expect("keeps");
    assert_eq!(desk.shown().await["reviews"][0]["reply"], "We send a new one");
    desk.site.capture.settle().await.expect("settles");
    let ann = Identity::new("anonymous", &format!("review-{:032x}", 1)).expect("a name").actor();
    let met = desk.site.stores.ledger().interactions(&[ann].into()).expect("reads");
    let of = |form, direction| met.iter().find(|one| one.form == form && one.direction == direction).expect("is told");
    let (said, answered) = (of(Form::Review, Direction::Inbound), of(Form::Reply, Direction::Outbound));
    assert_eq!((met.len(), answered.reply_to), (2, Some(said.id)), "told once, by the inbox, and our answer is to it");
    assert_eq!(said.score, Score::new(Scale::Five, 2));
    let texts = desk.site.feedback.texts().await.expect("reads");
    assert_eq!((texts.reviews, texts.messages), (1, 0), "its words are read once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_review_in_public_becomes_of_its_conversation() {
    let desk = Desk::new().await;
    write_review(&desk, 1, 1, "Insults").await;
    let path = format!("/api/feedback/reviews/{:032x}", 1);
    let status = async || reviews_in_inbox(&desk).await[0]["status"].clone();
    assert_eq!(desk.does("POST", &path, json!("reject")).await, StatusCode::NO_CONTENT);
    assert_eq!(status().await, "resolved", "nobody is to answer what nobody sees");
    assert_eq!(desk.does("POST", &path, json!("publish")).await, StatusCode::NO_CONTENT);
    let [one] = reviews_in_inbox(&desk).await.try_into().expect("one");
    assert_eq!((&one["status"], &one["waiting_since"]), (&json!("open"), &json!(NOON)), "and put back it waits again");
    assert_eq!(desk.does("POST", &path, json!({ "reply": "Thank you" })).await, StatusCode::NO_CONTENT);
    let [one] = reviews_in_inbox(&desk).await.try_into().expect("one");
    let told = [&one["status"], &one["preview"], &one["answered_last"]];
    assert_eq!(told, [&json!("resolved"), &json!("Thank you"), &json!(true)]);
    // What is taken back in public is not put there again by the inbox.
    assert_eq!(desk.does("POST", &path, json!({ "reply": "" })).await, StatusCode::NO_CONTENT);
    desk.site.feedback.keep_reviews().await.expect("keeps");
    assert_eq!(desk.shown().await["reviews"][0]["reply"], "");
    assert_eq!(desk.does("POST", "/api/feedback/reviews/none", json!("publish")).await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_the_inbox_gets_what_still_waits_for_an_answer() {
    let desk = Desk::new().await;
    let file = "id;stars;words;date;state;reply\nnew;3;Dripped;2025-11-20;published;\nold;3;Dripped;2025-10-01;published;\n\
                done;3;Dripped;2025-11-20;published;Thanks\naway;3;Dripped;2025-11-20;rejected;\nsometime;3;Dripped;;published;\n\
                ahead;3;Dripped;2026-02-01;published;\n";
    for _ in 0..2 {
        let report = desk.site.feedback.bring_reviews(file.as_bytes(), false, true).await.expect("is taken");
        assert_eq!((report.good, report.wrong), (6, 0));
    }
    let [one] = reviews_in_inbox(&desk).await.try_into().expect("one");
    let shown = desk.shown().await;
    let in_inbox: Vec<_> = shown["reviews"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["conversation"] != "")
        .map(|one| &one["id"])
        .collect();
    assert_eq!((in_inbox, &one["status"]), (vec![&json!("new")], &json!("open")));
}

#[tokio::test(flavor = "multi_thread")]
async fn search_engines_are_told_of_published_reviews_alone() {
    let desk = Desk::new().await;
    let take = async |id: u32, stars: i16, is_published| {
        let id = format!("{id:032x}");
        let by = Author { account: 1, name: "Sam".to_owned() };
        let published = if is_published { Some((&by, "")) } else { None };
        desk.site.feedback.take_review(&id, "Pot", stars, "Ann <b>", "Words", published).await.expect("takes");
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

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_asks_one_question_after_another_and_the_first_counts_without_the_rest() {
    const VISITOR: &str = "0123456789abcdef0123456789abcdef";
    let (a, b) = (format!("{:032x}", 1), format!("{:032x}", 2));
    let desk = Desk::new().await;
    let survey = NewSurvey { name: "After a conversation".into(), ..everything() };
    desk.site.feedback.make(&survey).await.expect("makes");
    let token = desk.chat(VISITOR).await;
    let (status, asked) = desk.page("survey/questions", json!({ "token": token, "language": "fr" })).await;
    let asked = asked["questions"].as_array().expect("a list");
    assert_eq!((status, asked.len()), (StatusCode::OK, 8), "seven questions, and room for words");
    assert_eq!((&asked[1]["many"], &asked[4]["options"][2]["label"]), (&json!(true), &json!("Aucun de ceux-ci")));
    assert_eq!(desk.page("survey/questions", json!({ "token": "forged" })).await.0, StatusCode::UNAUTHORIZED);
    let give = async |id: &str, question: i64, fields: Value| {
        desk.page("survey", json!({ "token": token, "id": id, "question": question, "fields": fields })).await.0
    };
    assert_eq!(give(&b, 3, json!([])).await, StatusCode::OK, "the first thing left out");
    assert_eq!(desk.shown().await["surveys"][0]["results"]["n"], 0, "is nothing said yet");
    assert_eq!(give(&a, 1, json!([["q1", "9"]])).await, StatusCode::OK);
    assert_eq!(desk.shown().await["surveys"][0]["results"]["questions"][0]["n"], 1, "it counts although nothing else came");
    assert_eq!(give(&a, 1, json!([["q1", "2"]])).await, StatusCode::OK, "what was said stands");
    assert_eq!(give(&a, 2, json!([["q2", "0"], ["q2", "1"]])).await, StatusCode::OK);
    assert_eq!(give(&a, 3, json!([])).await, StatusCode::OK);
    assert_eq!(give(&a, 0, json!([["words", "all in all"]])).await, StatusCode::OK);
    for (question, fields) in [
        (4, json!([])),
        (7, json!([["q7.0", "7"]])),
        (4, json!([["q4", "9"]])),
        (9, json!([["q9", "1"]])),
        (0, json!([["words", " "]])),
    ] {
        assert_eq!(give(&a, question, fields.clone()).await, StatusCode::BAD_REQUEST, "{question} {fields}");
    }
    assert_eq!(give("short", 4, json!([["q4", "5"]])).await, StatusCode::BAD_REQUEST);
    let stranger = desk.page("survey", json!({ "token": "forged", "id": a, "question": 4, "fields": [["q4", "5"]] })).await;
    assert_eq!(stranger.0, StatusCode::UNAUTHORIZED);
    desk.site.capture.settle().await.expect("settles");
    let shown = desk.shown().await;
    assert_eq!(shown["surveys"][0]["results"]["n"], 1);
    let answer = &shown["answers"][0];
    assert_eq!(
        (&answer["words"], &answer["channel"], &answer["given"][0]["value"]),
        (&json!("all in all"), &json!("widget"), &json!(9))
    );
    let path = format!("/api/people/{}/timeline", answer["person"].as_str().expect("a person"));
    let (_, timeline) = desk.staff("GET", &path, "application/json", String::new()).await;
    let timeline: Value = serde_json::from_str(&timeline).expect("JSON");
    assert_eq!(timeline["interactions"].as_array().expect("a list").len(), 3, "a score, a choice, words: {timeline}");
    // Whoever asks what we hold of them gets the words of it, not only the score.
    let whom = json!({ "namespace": "anonymous", "value": VISITOR }).to_string();
    let (_, dossier) = desk.staff("POST", "/api/people/export", "application/json", whom).await;
    let dossier: Value = serde_json::from_str(&dossier).expect("JSON");
    let told: Vec<_> =
        dossier["answers"].as_array().expect("a list").iter().map(|one| (&one["question"], &one["said"])).collect();
    let usual = json!("How likely are you to recommend us to a friend?");
    let (bought, silent) = (json!("What did you buy?"), json!("What would you like to tell us?"));
    let said = [json!(["9"]), json!(["Tea", "A pot"]), json!(["(left out)"]), json!(["all in all"])];
    let none = json!("");
    assert_eq!(told, [(&usual, &said[0]), (&bought, &said[1]), (&silent, &said[2]), (&none, &said[3])]);
}

const BLOG: &str = "https://shop.example.org/blog/tea";

/// Makes a block of comments; returns its token.
async fn block(desk: &Desk, levels: Value, in_inbox: bool) -> String {
    let new = json!({ "name": "Blog", "touchpoint": "blog", "levels": levels, "in_inbox": in_inbox, "is_on": true });
    assert_eq!(desk.does("POST", "/api/feedback/comments/blocks", new).await, StatusCode::CREATED);
    desk.comments().await["blocks"][0]["token"].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_waits_is_published_answered_and_taken_back() {
    let desk = Desk::new().await;
    let token = block(&desk, json!(["anonymous", "named"]), false).await;
    let under = async || desk.page("comments", json!({ "block": token, "page": BLOG })).await.1;
    let write = async |id: u8, level: &str, more: Value| {
        let mut new = json!({ "block": token, "page": format!("{BLOG}?from=mail#top"), "id": format!("{id:032x}"), "level": level,
            "words": "<script>alert(1)</script> nice" });
        more.as_object().expect("fields").iter().for_each(|(name, value)| new[name] = value.clone());
        desk.page("comments/new", new).await.0
    };
    assert_eq!(under().await, json!({ "levels": ["anonymous", "named"], "comments": [] }));
    assert_eq!(write(1, "named", json!({ "name": "Ann", "link": "javascript:alert(1)" })).await, StatusCode::OK);
    assert_eq!(write(1, "named", json!({ "name": "Ann" })).await, StatusCode::OK, "the same again is one");
    assert_eq!(write(2, "anonymous", json!({ "name": "not shown" })).await, StatusCode::OK);
    assert_eq!(
        write(3, "anonymous", json!({ "website": "https://spam.example" })).await,
        StatusCode::OK,
        "machines are thanked too"
    );
    for (level, more) in [
        ("named", json!({})),
        ("verified", json!({ "name": "Ann", "email": "ann@example.org" })),
        ("anonymous", json!({ "words": " " })),
        ("anonymous", json!({ "page": "javascript:alert(1)" })),
        ("anonymous", json!({ "id": "short" })),
    ] {
        assert_eq!(write(4, level, more.clone()).await, StatusCode::BAD_REQUEST, "{level} {more}");
    }
    assert_eq!(desk.page("comments", json!({ "block": "none", "page": BLOG })).await.0, StatusCode::NOT_FOUND);
    let queue = desk.comments().await;
    let told: Vec<_> =
        queue["comments"].as_array().expect("a list").iter().map(|one| (one["name"].as_str(), one["link"].as_str())).collect();
    assert_eq!(told.len(), 2, "{queue}");
    assert!(told.contains(&(Some("Ann"), Some(""))) && told.contains(&(Some(""), Some(""))), "{told:?}");
    let path = format!("/api/feedback/comments/{:032x}", 1);
    assert_eq!(under().await["comments"], json!([]), "nobody sees it yet");
    assert_eq!(desk.does("POST", &path, json!("publish")).await, StatusCode::NO_CONTENT);
    assert_eq!(desk.does("POST", &path, json!({ "reply": "Thank you" })).await, StatusCode::NO_CONTENT);
    let shown = under().await;
    assert_eq!((&shown["comments"][0]["name"], &shown["comments"][0]["reply"]), (&json!("Ann"), &json!("Thank you")));
    let page = desk.send(Request::get(format!("/p/comments/{token}?page={BLOG}")), "").await.1;
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
    // Refused with a reason, and put back: nothing is lost by a wrong click.
    assert_eq!(desk.does("POST", &path, json!({ "refuse": " " })).await, StatusCode::BAD_REQUEST);
    assert_eq!(desk.does("POST", &path, json!({ "refuse": "Off the subject" })).await, StatusCode::NO_CONTENT);
    assert_eq!(under().await["comments"], json!([]));
    assert_eq!(desk.does("POST", &path, json!("wait")).await, StatusCode::NO_CONTENT);
    let back = desk.comments().await["comments"].as_array().expect("a list").iter().find(|one| one["name"] == "Ann").cloned();
    let back = back.expect("is there");
    assert_eq!((&back["state"], &back["reason"], &back["reply"]), (&json!("pending"), &json!(""), &json!("Thank you")));
    assert_eq!(desk.does("POST", "/api/feedback/comments/none", json!("publish")).await, StatusCode::NOT_FOUND);
    desk.site.capture.settle().await.expect("settles");
    let ann = Identity::new("anonymous", &format!("comment-{:032x}", 1)).expect("a name").actor();
    let met = desk.site.stores.ledger().interactions(&[ann].into()).expect("reads");
    let of = |form, direction| met.iter().find(|one| one.form == form && one.direction == direction).expect("is told");
    let (said, answered) = (of(Form::Comment, Direction::Inbound), of(Form::Reply, Direction::Outbound));
    assert_eq!((met.len(), answered.reply_to), (2, Some(said.id)), "our answer is to it");
}

impl Desk {
    /// Writes a comment with an address of mail, in French.
    async fn commented(&self, token: &str, id: u8, address: &str, words: &str) {
        let new = json!({ "block": token, "page": BLOG, "id": format!("{id:032x}"), "level": "verified", "name": "Ann", "email": address,
            "words": words, "lang": "fr" });
        assert_eq!(self.page("comments/new", new).await, (StatusCode::OK, json!({ "taken": true })));
    }

    async fn letters(&self) -> Vec<Value> {
        let (_, told) = self.staff("GET", "/api/conversations/mail", "application/json", String::new()).await;
        serde_json::from_str::<Value>(&told).expect("JSON")["letters"].as_array().expect("a list").clone()
    }

    /// Follows the link of the only letter to an address.
    async fn confirm(&self, address: &str) {
        let letters = self.letters().await;
        let [letter] =
            letters.iter().filter(|one| one["recipient"] == address).collect::<Vec<_>>().try_into().expect("one letter");
        let text = letter["text"].as_str().expect("a text");
        let link = text.lines().find_map(|line| line.find("/p/comment/").map(|at| line[at..].to_owned())).expect("a link");
        assert_eq!(self.send(Request::post(&link), "").await.0, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_to_its_writer_in_their_language_if_it_is_wished() {
    let desk = Desk::new().await;
    let token = block(&desk, json!(["verified", "anonymous"]), true).await;
    for (id, address) in [(1, "ann@example.org"), (2, "bob@example.org")] {
        desk.commented(&token, id, address, "Achetez mes lampes").await;
        desk.confirm(address).await;
    }
    let nameless = json!({ "block": token, "page": BLOG, "id": format!("{:032x}", 3), "level": "anonymous", "words": "Achetez" });
    assert_eq!(desk.page("comments/new", nameless).await.0, StatusCode::OK);
    let before = desk.letters().await.len();
    let path = |id: u8| format!("/api/feedback/comments/{id:032x}");
    let other = json!({ "refuse_and_tell": { "why": "other" } });
    assert_eq!(desk.does("POST", &path(1), other).await, StatusCode::BAD_REQUEST, "another reason has words");
    let told = json!({ "refuse_and_tell": { "why": "advertising", "words": "Écrivez-nous plutôt." } });
    for _ in 0..2 {
        assert_eq!(desk.does("POST", &path(1), told.clone()).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(desk.does("POST", &path(2), json!({ "refuse": "Off the subject" })).await, StatusCode::NO_CONTENT);
    assert_eq!(desk.does("POST", &path(3), told).await, StatusCode::NO_CONTENT, "who left no address is told nothing");
    let letters = desk.letters().await;
    let new: Vec<&Value> =
        letters.iter().filter(|one| one["id"].as_str().is_some_and(|id| id.starts_with("comment-refused"))).collect();
    assert_eq!((new.len(), letters.len()), (1, before + 1), "one letter, however often, and to nobody who shall not be told");
    assert_eq!((&new[0]["recipient"], &new[0]["class"]), (&json!("ann@example.org"), &json!("service")));
    let text = new[0]["text"].as_str().expect("a text");
    let says = ["Nous ne publions pas", "shop.example.org/blog/tea", "publicité", "Écrivez-nous plutôt."];
    assert!(says.iter().all(|part| text.contains(part)) && !text.contains("publish"), "{text}");
    let shown = desk.comments().await;
    let mut standing: Vec<_> =
        shown["comments"].as_array().expect("a list").iter().map(|one| (&one["why"], &one["is_reachable"])).collect();
    standing.sort_by_key(|(why, is)| (why.to_string(), is.to_string()));
    let (why, yes, no) = (json!("advertising"), json!(true), json!(false));
    assert_eq!(standing, [(&why, &no), (&why, &yes), (&Value::Null, &yes)]);
    // What nobody shall see is done with in the inbox too.
    let (_, open) = desk.staff("GET", "/api/conversations?channel=comment", "application/json", String::new()).await;
    assert!(open.contains("\"conversations\":[]"), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_confirmed_yet_is_told_and_erased_with_its_person() {
    let desk = Desk::new().await;
    let token = block(&desk, json!(["verified"]), false).await;
    desk.commented(&token, 1, "eve@example.org", "marker-of-the-unproved").await;
    let whom = json!({ "namespace": "email", "value": "eve@example.org" }).to_string();
    let (status, dossier) = desk.staff("POST", "/api/people/export", "application/json", whom).await;
    let dossier: Value = serde_json::from_str(&dossier).expect("JSON");
    assert_eq!((status, &dossier["answers"][0]["said"]), (StatusCode::OK, &json!(["marker-of-the-unproved"])), "{dossier}");
    assert_eq!(dossier["identities"][0]["value"], "eve@example.org");
    assert_eq!(dossier["interactions"], json!([]), "nothing has happened yet");
    let eve = Identity::new("email", "eve@example.org").expect("a name");
    let capture = desk.site.capture.clone();
    let erase = move || touchline::features::capture::Rights::new(capture).erase(&eve).expect("erases").expect("is known");
    std::thread::spawn(erase).join().expect("ends");
    desk.site.feedback.sweep().await.expect("sweeps");
    desk.site.talk.inbox.look_after().await.expect("sweeps");
    let left: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM page_comment").fetch_one(desk.site.stores.state.reader()).await.expect("reads");
    assert_eq!((left, desk.letters().await.len()), (0, 0), "neither the comment nor the letter that asked");
    let mut looked = 0;
    for file in files(desk.scratch.dir()) {
        let bytes = std::fs::read(&file).expect("reads");
        for text in ["eve@example.org", "marker-of-the-unproved"] {
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{text} in {}", file.display());
        }
        looked += bytes.len();
    }
    assert!(looked > 100_000, "{looked} bytes were looked at");
}

/// Lists every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let below = std::fs::read_dir(folder).expect("lists").flatten().map(|entry| entry.path());
    below.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_confirms_by_mail_is_verified_and_erased_with_everything() {
    let desk = Desk::new().await;
    let token = block(&desk, json!(["verified"]), true).await;
    let id = format!("{:032x}", 7);
    let new = json!({ "block": token, "page": BLOG, "id": id, "level": "verified", "name": "Ann", "email": "Ann@Example.org",
        "words": "marker-of-comment", "tell": true });
    assert_eq!(desk.page("comments/new", new.clone()).await, (StatusCode::OK, json!({ "taken": true })));
    assert_eq!(desk.page("comments/new", new).await.0, StatusCode::OK);
    assert_eq!(desk.comments().await["comments"], json!([]), "nobody has confirmed it");
    let (_, letters) = desk.staff("GET", "/api/conversations/mail", "application/json", String::new()).await;
    let letters: Value = serde_json::from_str(&letters).expect("JSON");
    assert_eq!(letters["letters"].as_array().map(Vec::len), Some(1), "one letter: {letters}");
    let text = letters["letters"][0]["text"].as_str().expect("a text");
    let link = text.lines().find_map(|line| line.find("/p/comment/").map(|at| line[at..].to_owned())).expect("a link");
    let look = desk.send(Request::get(&link), "").await.1;
    assert!(look.contains("marker-of-comment") && desk.comments().await["comments"] == json!([]), "to look confirms nothing");
    let other = if link.ends_with('0') { '1' } else { '0' };
    assert_eq!(desk.send(Request::post(format!("{}{other}", &link[..link.len() - 1])), "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(desk.send(Request::post(&link), "").await.0, StatusCode::OK);
    assert_eq!(desk.send(Request::post(&link), "").await.0, StatusCode::OK, "twice is once");
    let shown = desk.comments().await["comments"][0].clone();
    assert_eq!((&shown["level"], &shown["state"]), (&json!("verified"), &json!("pending")));
    // It is a conversation too; what an agent answers there stands under the page.
    let conversation = shown["conversation"].as_str().expect("an id");
    let (_, inbox) = desk.staff("GET", &format!("/api/conversations/{conversation}"), "application/json", String::new()).await;
    assert!(inbox.contains("marker-of-comment") && inbox.contains("\"comment\""), "{inbox}");
    let said = json!({ "client_id": "r1", "text": "So it is", "after": 2, "anyway": true });
    let (status, told) =
        desk.staff("POST", &format!("/api/conversations/{conversation}/messages"), "application/json", said.to_string()).await;
    assert!(status.is_success(), "{status} {told}");
    desk.site.feedback.keep_comments().await.expect("keeps");
    assert_eq!(desk.comments().await["comments"][0]["reply"], "So it is");
    let (_, letters) = desk.staff("GET", "/api/conversations/mail", "application/json", String::new()).await;
    assert!(letters.contains("So it is"), "she wished to hear of it: {letters}");
    desk.site.capture.settle().await.expect("settles");
    let ann = Identity::new("email", "ann@example.org").expect("a name");
    let met = desk.site.stores.ledger().interactions(&[ann.actor()].into()).expect("reads");
    assert_eq!(met.iter().filter(|one| one.form == Form::Comment).count(), 1, "told once, by the inbox");
    let whom = json!({ "namespace": "email", "value": "ann@example.org" }).to_string();
    let (_, dossier) = desk.staff("POST", "/api/people/export", "application/json", whom).await;
    let dossier: Value = serde_json::from_str(&dossier).expect("JSON");
    assert_eq!(dossier["answers"][0]["said"], json!(["marker-of-comment"]), "{dossier}");
    let kept = std::fs::read_dir(desk.scratch.dir().join("data")).expect("lists").flatten();
    for file in kept.filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).expect("reads");
        assert!(!bytes.windows(17).any(|part| part == b"marker-of-comment"), "{}", file.path().display());
    }
    let capture = desk.site.capture.clone();
    let erase = move || touchline::features::capture::Rights::new(capture).erase(&ann).expect("erases").expect("is known");
    std::thread::spawn(erase).join().expect("ends");
    desk.site.feedback.sweep().await.expect("sweeps");
    assert_eq!(desk.comments().await["comments"], json!([]), "gone with her");
}
