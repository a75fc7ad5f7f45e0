//! Faults that messengers had: a full chat dropped what came, one hanging server delayed the others, and their like.

use super::super::{NOON, Stage};
use super::{Platform, last_said, said, standard, states};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::time::SECOND;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

impl Stage {
    /// Takes a signed message of a channel of the generic kind.
    async fn hear(&self, channel: &(String, String), message: &str, from: &str, text: &str) {
        let body = json!({ "id": message, "from": { "id": from }, "text": text }).to_string();
        let at = self.now.load(std::sync::atomic::Ordering::SeqCst) / SECOND;
        assert_eq!(self.post(&channel.0, &standard(&channel.1, message, at, &body), body.clone()).await.0, StatusCode::OK);
    }

    /// Takes a short message.
    async fn hear_sms(&self, channel: &(String, String), from: &str, text: &str) {
        let proof = [("content-type", "application/json".to_owned()), ("x-touchline-token", channel.1.clone())];
        let body = json!({ "from": from, "text": text, "id": format!("{from} {text}") }).to_string();
        assert_eq!(self.post(&channel.0, &proof, body).await.0, StatusCode::OK);
    }

    /// Lets a conversation be as long as one can be.
    async fn fill(&self, conversation: &str) {
        let mut transaction = self.site.stores.state.begin().await.expect("begins");
        sqlx::query("UPDATE conversation SET seq = 20000 WHERE id = $1")
            .bind(conversation.to_owned())
            .execute(&mut *transaction)
            .await
            .expect("fills it");
        transaction.commit().await.expect("commits");
    }
}

/// Is a server that takes connections and never answers. It is there as long as this is.
async fn hanging() -> (TcpListener, Arc<Mutex<Vec<TcpStream>>>) {
    (TcpListener::bind("127.0.0.1:0").await.expect("listens"), Arc::default())
}

fn hang(listener: TcpListener, held: &Arc<Mutex<Vec<TcpStream>>>) {
    let held = Arc::clone(held);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            held.lock().expect("whole").push(stream);
        }
    });
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_chat_that_is_full_goes_on_in_another_conversation() {
    let stage = Stage::new().await;
    let channel = stage.channel(json!({ "kind": "webhook", "name": "W", "is_on": true })).await;
    stage.hear(&channel, "m1", "u1", "The first").await;
    let (full, one) = stage.only("open").await;
    stage.fill(&full).await;
    stage.hear(&channel, "m2", "u1", "One too many").await;
    let (next, other) = stage.only("open").await;
    assert_ne!(next, full);
    assert_eq!(one["customer"]["person"], other["customer"]["person"]);
    assert_eq!(said(&stage.shown(&next).await), ["One too many"]);
    assert_eq!(stage.only("resolved").await.0, full, "what is full is done with");
    // What comes a second time is where it was, and the chat stays in its new place.
    stage.hear(&channel, "m1", "u1", "The first").await;
    stage.hear(&channel, "m2", "u1", "One too many").await;
    stage.hear(&channel, "m3", "u1", "And more").await;
    assert_eq!(said(&stage.shown(&next).await), ["One too many", "And more"]);
    let edit = json!({ "type": "edit", "id": "m2", "thread": "u1", "text": "One more" }).to_string();
    stage.post(&channel.0, &standard(&channel.1, "e1", NOON / SECOND, &edit), edit.clone()).await;
    assert_eq!(said(&stage.shown(&next).await), ["One more", "And more"]);
    assert_eq!(stage.list("all").await.len(), 2);
    // Its answer goes out from there.
    let answered = stage.answer(&next, "a1", "Well").await;
    assert_eq!(answered.0, StatusCode::CREATED, "{}", answered.1);
}

#[tokio::test]
async fn a_server_that_hangs_delays_its_own_channel_alone() {
    let stage = Stage::new().await;
    let (slow, held) = hanging().await;
    let quick = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let places = [slow.local_addr().expect("is bound"), quick.local_addr().expect("is bound")];
    stage.site.talk.goes_out_by(touchline::platform::outbound::Outbound::with(&places));
    hang(slow, &held);
    let platform = Platform::listening(quick);
    let setup = json!({ "kind": "sms", "name": "Slow", "is_on": true, "send_to": format!("http://{}/sms", places[0]) });
    let slow = stage.channel(setup).await;
    let setup = json!({ "kind": "webhook", "name": "Quick", "is_on": true, "send_to": platform.url() + "/hook" });
    let quick = stage.channel(setup).await;
    for number in 10..30 {
        stage.hear_sms(&slow, &format!("+336123456{number}"), "Hello").await;
    }
    let waiting: Vec<String> = stage.list("open").await.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(waiting.len(), 20);
    for conversation in &waiting {
        assert_eq!(stage.answer(conversation, "a1", "Good day").await.0, StatusCode::CREATED);
    }
    let keeping = tokio::spawn(stage.site.talk.clone().keep());
    until(|| !held.lock().expect("whole").is_empty()).await;
    // While the first server hangs, somebody else is answered.
    stage.hear(&quick, "m1", "u1", "Hello").await;
    let list = stage.list("open").await;
    let other = list.iter().find(|one| one["channel"] == "messenger").expect("is there")["id"].as_str().expect("an id");
    assert_eq!(stage.answer(other, "a1", "Good day").await.0, StatusCode::CREATED);
    until(|| !platform.heard().is_empty()).await;
    for conversation in &waiting {
        assert_eq!(states(&stage.shown(conversation).await), ["queued"], "the first server has not been given up yet");
    }
    keeping.abort();
}

#[tokio::test]
async fn two_systems_that_number_alike_share_nobody() {
    let stage = Stage::new().await;
    let [shop] = Platform::several(&stage).await;
    let one = stage.channel(json!({ "kind": "webhook", "name": "Shop", "is_on": true })).await;
    let other = stage.channel(json!({ "kind": "webhook", "name": "Club", "is_on": true })).await;
    stage.hear(&one, "m1", "7", "From the shop").await;
    stage.hear(&other, "m1", "7", "From the club").await;
    let list = stage.list("open").await;
    assert_eq!(list.len(), 2);
    assert_ne!(list[0]["customer"]["person"], list[1]["customer"]["person"]);
    // Their own server is asked by the number that it knows.
    stage.bot(&["messenger"], &(shop.url() + "/orders")).await;
    shop.answers(200, json!({ "text": "On its way" }));
    stage.hear(&one, "m2", "8", "where is my order 4711?").await;
    let (_, _, asked) = shop.heard().pop().expect("is asked");
    assert_eq!(asked["who"], json!({ "namespace": "webhook", "value": "8" }));
}

#[tokio::test]
async fn a_number_is_one_person_however_the_provider_writes_it() {
    let stage = Stage::new().await;
    let channel = stage.channel(json!({ "kind": "sms", "name": "SMS", "is_on": true, "sender": "+33700000000" })).await;
    for (place, from) in ["+33612345678", "33612345678", "0033 6 12 34 56 78"].into_iter().enumerate() {
        stage.hear_sms(&channel, from, &format!("Message {place}")).await;
    }
    let (conversation, one) = stage.only("open").await;
    assert_eq!(one["customer"]["address"], json!("+33612345678"));
    assert_eq!(said(&stage.shown(&conversation).await).len(), 3);
}

#[tokio::test]
async fn everybody_is_shown_titles_page_by_page_and_nobody_takes_all_at_once() {
    let stage = Stage::new().await;
    for number in 0..23 {
        stage.pass(1);
        let title = format!("Question {number:02}");
        let spoken = if number % 2 == 0 { "In short." } else { "" };
        stage
            .article(true, &[("en", &title, "Begins so. marker-of-the-whole", spoken), ("fr", "Titre", "Texte", "En bref.")])
            .await;
    }
    stage.article(false, &[("en", "A draft", "Not yet.", "")]).await;
    let (_, first) = stage.help("/help", "en").await;
    assert_eq!(first.matches("<li>").count(), 20);
    assert!(first.contains("Question 22") && !first.contains("Question 02") && !first.contains("A draft"), "{first}");
    assert!(first.contains("In short.") && first.contains("Begins so.") && first.contains("/help?page=1"), "{first}");
    let (_, second) = stage.help("/help?page=1", "en").await;
    assert_eq!(second.matches("<li>").count(), 3);
    assert!(second.contains("Question 02") && second.contains("/help?page=0") && !second.contains("page=2"), "{second}");
    let (_, french) = stage.help("/help", "fr").await;
    assert_eq!(french.matches("Titre").count(), 20);
    let (_, russian) = stage.help("/help", "ru").await;
    assert!(russian.contains("Question 22"), "what is not there in a language is shown in another");
    assert_eq!(stage.help("/help?page=70000", "en").await.0, StatusCode::BAD_REQUEST);
    let mut answered = 0;
    while stage.help("/help", "fr").await.0 == StatusCode::OK {
        answered += 1;
        assert!(answered <= 120, "nobody is sent away");
    }
    let (status, told) = stage.help("/help?q=Question", "fr").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(told.contains("Revenez dans une minute"), "{told}");
    stage.pass(60);
    assert_eq!(stage.help("/help", "fr").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_that_anybody_knows_is_none() {
    let stage = Stage::new().await;
    for secret in ["whsec_", "whsec_AAAA", "short"] {
        let setup = json!({ "kind": "webhook", "name": "W", "is_on": true, "secret": secret });
        let (status, told) = stage.staff("POST", "/api/conversations/channels", Some(setup)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{secret}: {told}");
        let (_, mut bot) = stage.staff("GET", "/api/conversations/bot", None).await;
        bot["order"] = json!({ "url": "https://shop.example.org/orders", "secret": secret });
        assert_eq!(stage.staff("PUT", "/api/conversations/bot", Some(bot)).await.0, StatusCode::BAD_REQUEST, "{secret}");
    }
}

#[tokio::test]
async fn a_server_that_thinks_long_about_an_order_holds_nobody() {
    let stage = Stage::new().await;
    let (shop, held) = hanging().await;
    let place = shop.local_addr().expect("is bound");
    stage.site.talk.goes_out_by(touchline::platform::outbound::Outbound::with(&[place]));
    hang(shop, &held);
    stage.bot(&["chat"], &format!("http://{place}/orders")).await;
    let token = stage.session().await;
    stage.say(&token, "m1", "where is my order 4711?").await;
    assert_eq!(held.lock().expect("whole").len(), 1, "was asked");
    let heard = stage.heard(&token, 0).await;
    assert!(last_said(&heard).contains("will go on"), "{heard}");
    assert!(stage.only("open").await.1["waiting_since"].is_i64(), "a person goes on");
}

#[tokio::test]
async fn addresses_and_servers_are_told_to_those_alone_who_can_change_them() {
    let stage = Stage::new().await;
    stage.bot(&["chat"], "https://shop.example.org/orders?key=marker").await;
    let (_, mut settings) = stage.staff("GET", "/api/conversations/settings", None).await;
    for (name, value) in [("server", "smtp.marker.example:587"), ("user", "marker"), ("imap_server", "imap.marker.example:993")] {
        settings["mail"][name] = json!(value);
    }
    assert_eq!(stage.staff("PUT", "/api/conversations/settings", Some(settings)).await.0, StatusCode::NO_CONTENT);
    for (role, is_told) in [("admin", true), ("analyst", false), ("agent", false), ("viewer", false)] {
        let new = json!({ "name": role, "email": format!("{role}@example.org"), "role": role });
        let (status, made) = stage.staff("POST", "/api/account/members", Some(new)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let request = Request::post("/api/session").header("host", "here").header("content-type", "application/json");
        let request = request.body(Body::from(json!({ "token": made["token"] }).to_string())).expect("a request");
        let answer = stage.router.clone().oneshot(request).await.expect("answers");
        let cookie = answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a value").to_owned();
        for path in ["/api/conversations/bot", "/api/conversations/settings"] {
            let request = Request::get(path).header("host", "here").header("cookie", &cookie);
            let (status, told) = stage.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(told.contains("marker"), is_told, "{role} is told by {path}: {told}");
        }
    }
}
