//! Voices: an Alexa skill and a plain question, answered from the articles.

use super::super::{NOON, Stage};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::time::SECOND;
use serde_json::{Value, json};

impl Stage {
    /// Draws the address, and lets a gateway of our own ask there in Alexa's format.
    async fn voice(&self) -> String {
        let (_, mut settings) = self.staff("GET", "/api/conversations/settings", None).await;
        settings["unsigned_voices"] = json!(true);
        let (status, told) = self.staff("PUT", "/api/conversations/settings", Some(settings)).await;
        assert!(status.is_success(), "{told}");
        let (status, told) = self.staff("POST", "/api/conversations/voice", None).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let address = told["address"].as_str().expect("an address");
        address.strip_prefix("http://localhost").expect("is ours").to_owned()
    }

    async fn ask(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("host", "here").body(Body::from(body.to_string())).expect("a request");
        let (status, text) = self.send(request).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Returns what the ledger knows of the person with a name: event, direction, touchpoint, text; the latest first.
    async fn told_of(&self, namespace: &str, value: &str) -> Vec<(String, String, String, String)> {
        self.site.capture.settle().await.expect("settles");
        let who = model::Identity::new(namespace, value).expect("a name");
        let person = self.site.capture.people().read().person_of(who.actor()).to_string();
        let (_, timeline) = self.staff("GET", &format!("/api/people/{person}/timeline"), None).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = timeline["interactions"].as_array().cloned().unwrap_or_default();
        all.iter()
            .map(|one| {
                let signal = &one["signal"];
                (text(&signal["event"]), text(&one["direction"]), text(&signal["touchpoint"]), text(&one["text"]))
            })
            .collect()
    }
}

fn alexa(id: &str, at: i64, locale: &str, request: Value) -> Value {
    let moment = jiff::Timestamp::from_second(at / SECOND).expect("a moment").to_string();
    let mut request = request;
    request["requestId"] = json!(id);
    request["timestamp"] = json!(moment);
    request["locale"] = json!(locale);
    json!({ "version": "1.0", "session": { "new": false, "sessionId": "s", "user": { "userId": "amzn1.ask.account.ANN" } },
        "context": { "System": { "user": { "userId": "amzn1.ask.account.ANN" } } }, "request": request })
}

fn query(words: &str) -> Value {
    json!({ "type": "IntentRequest", "dialogState": "STARTED", "intent": { "name": "QuestionIntent", "confirmationStatus": "NONE",
        "slots": { "query": { "name": "query", "value": words, "confirmationStatus": "NONE" } } } })
}

const HOURS: [(&str, &str, &str, &str); 3] = [
    ("en", "Opening hours", "Monday to Saturday.", "We are open from nine to six."),
    ("fr", "Horaires d’ouverture", "Du lundi au samedi.", "Nous sommes ouverts de neuf à dix-huit heures."),
    ("ru", "Часы работы магазина", "С понедельника по субботу.", "Мы работаем с девяти до шести."),
];

#[tokio::test]
async fn a_skill_is_answered_from_the_articles_and_the_ledger_knows() {
    let stage = Stage::new().await;
    let article = stage.article(true, &HOURS).await;
    stage.article(false, &[("en", "Secret plans", "Not yet.", "Nothing to say about secret plans.")]).await;
    let path = stage.voice().await;
    let (_, begun) = stage.ask(&path, &alexa("r0", NOON, "en-US", json!({ "type": "LaunchRequest" }))).await;
    assert_eq!(begun["response"]["shouldEndSession"], json!(false));
    assert_eq!(begun["response"]["reprompt"]["outputSpeech"], begun["response"]["outputSpeech"]);
    for (id, locale, words, expected) in [
        ("r1", "en-US", "your opening hours", "We are open from nine to six. What else"),
        ("r2", "fr-FR", "les horaires d’ouverture", "Nous sommes ouverts de neuf à dix-huit heures. Que"),
        ("r3", "ru-RU", "часы работы", "Мы работаем с девяти до шести. Что"),
        ("r4", "en-US", "the secret plans", "I do not know that."),
    ] {
        let (status, told) = stage.ask(&path, &alexa(id, NOON, locale, query(words))).await;
        assert_eq!((status, &told["version"]), (StatusCode::OK, &json!("1.0")));
        let speech = &told["response"]["outputSpeech"];
        assert!(speech["text"].as_str().expect("a text").starts_with(expected), "{told}");
        assert_eq!((&speech["type"], &told["response"]["shouldEndSession"]), (&json!("PlainText"), &json!(false)));
    }
    // What Alexa sends a second time is one question.
    stage.ask(&path, &alexa("r1", NOON, "en-US", query("your opening hours"))).await;
    let (_, over) =
        stage.ask(&path, &alexa("r5", NOON, "en-US", json!({ "type": "SessionEndedRequest", "reason": "USER_INITIATED" }))).await;
    assert_eq!(over["response"], json!({}));
    let stop = json!({ "type": "IntentRequest", "intent": { "name": "AMAZON.StopIntent" } });
    assert_eq!(stage.ask(&path, &alexa("r6", NOON, "en-US", stop)).await.1["response"]["shouldEndSession"], json!(true));
    assert_eq!(stage.uses(&article).await["told"], json!(4));
    let told = stage.told_of("alexa", "amzn1.ask.account.ANN").await;
    assert_eq!(told.len(), 8, "four questions and their answers: {told:?}");
    assert!(told.iter().all(|(_, _, touchpoint, _)| touchpoint == "voice-assistant"), "{told:?}");
    let has = |event: &str, direction: &str, text: &str| {
        told.iter().any(|one| (one.0.as_str(), one.1.as_str()) == (event, direction) && one.3.starts_with(text))
    };
    assert!(has("question", "inbound", "the secret plans") && has("bot_reply", "outbound", "I do not know that."), "{told:?}");
}

#[tokio::test]
async fn a_plain_question_is_answered_and_only_at_the_address_as_it_is_now() {
    let stage = Stage::new().await;
    stage.article(true, &HOURS).await;
    assert_eq!(stage.staff("GET", "/api/conversations/voice", None).await.1["address"], Value::Null, "nothing is open by itself");
    let asked = |id: &str| json!({ "id": id, "question": "What are your opening hours?", "language": "en", "user": "u1" });
    assert_eq!(stage.ask("/voice/0123456789abcdef0123456789abcdef", &asked("q0")).await.0, StatusCode::NOT_FOUND);
    let path = stage.voice().await;
    let (status, told) = stage.ask(&path, &asked("q1")).await;
    let expected = json!({ "text": "We are open from nine to six.", "answered": true, "language": "en" });
    assert_eq!((status, told), (StatusCode::OK, expected));
    // Who says nothing of themselves is answered too.
    let (status, told) =
        stage.ask(&path, &json!({ "id": "q2", "question": "Quels sont vos horaires ?", "language": "fr" })).await;
    assert_eq!((status, &told["answered"]), (StatusCode::OK, &json!(true)));
    assert_eq!(stage.told_of("voice", "u1").await.len(), 2);
    let (_, shown) = stage.staff("GET", "/api/conversations/voice", None).await;
    assert_eq!(shown["asked_at"], json!(NOON));
    for wrong in [json!({}), json!([]), json!({ "question": "x" }), alexa("", NOON, "en-US", query("x"))] {
        assert_eq!(stage.ask(&path, &wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let anew = stage.voice().await;
    assert_ne!(anew, path);
    assert_eq!(stage.ask(&path, &asked("q3")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(stage.ask(&anew, &asked("q3")).await.0, StatusCode::OK);
    assert_eq!(stage.staff("DELETE", "/api/conversations/voice", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.ask(&anew, &asked("q4")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_kept_and_what_floods_is_refused() {
    let stage = Stage::new().await;
    let path = stage.voice().await;
    for (gap, expected) in [
        (-151, StatusCode::BAD_REQUEST),
        (151, StatusCode::BAD_REQUEST),
        (-150, StatusCode::OK),
        (150, StatusCode::OK),
        (-100_000_000, StatusCode::BAD_REQUEST),
    ] {
        let request = alexa("r", NOON + gap * SECOND, "en-US", json!({ "type": "LaunchRequest" }));
        assert_eq!(stage.ask(&path, &request).await.0, expected, "{gap}");
    }
    let mut request = alexa("r", NOON, "en-US", json!({ "type": "LaunchRequest" }));
    request["request"]["timestamp"] = Value::Null;
    assert_eq!(stage.ask(&path, &request).await.0, StatusCode::BAD_REQUEST);
    let begin = json!({ "id": "q", "question": "" });
    let mut answered = 0;
    while stage.ask(&path, &begin).await.0 == StatusCode::OK {
        answered += 1;
        assert!(answered <= 600, "nothing is refused");
    }
    assert_eq!(stage.ask(&path, &begin).await.0, StatusCode::TOO_MANY_REQUESTS);
    stage.pass(60);
    assert_eq!(stage.ask(&path, &begin).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_alexa_has_not_signed_is_refused_unless_a_gateway_is_meant() {
    let stage = Stage::new().await;
    stage.article(true, &HOURS).await;
    let path = stage.voice().await;
    let (_, mut settings) = stage.staff("GET", "/api/conversations/settings", None).await;
    settings["unsigned_voices"] = json!(false);
    assert!(stage.staff("PUT", "/api/conversations/settings", Some(settings)).await.0.is_success());
    let asked = alexa("r1", NOON, "en-US", query("your opening hours")).to_string();
    for (chain, signature) in [
        ("", ""),
        ("https://127.0.0.1/echo.api/cert.pem", "AAAA"),
        ("https://s3.amazonaws.com.evil.example/echo.api/cert.pem", "AAAA"),
    ] {
        let request = Request::post(&path).header("host", "here");
        let request = request.header("SignatureCertChainUrl", chain).header("Signature-256", signature);
        let (status, told) = stage.send(request.body(Body::from(asked.clone())).expect("a request")).await;
        assert!(status == StatusCode::BAD_REQUEST && told.contains("not signed"), "{chain}: {status} {told}");
    }
    let plain = json!({ "id": "1", "question": "your opening hours" });
    assert_eq!(stage.ask(&path, &plain).await.0, StatusCode::OK, "a plain question has no signature to show");
    assert!(stage.told_of("alexa", "amzn1.ask.account.ANN").await.is_empty(), "nothing was told under a name made up");
}
