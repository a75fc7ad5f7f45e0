//! Files that come and go by messenger: fetched after the message, sent as the channel takes them, and never lost without a word.

use super::super::{NOON, Stage};
use super::{Platform, hub, standard, states};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::time::SECOND;
use serde_json::{Value, json};

impl Stage {
    /// Adds a file to a conversation, as the composer does.
    async fn added(&self, conversation: &str, name: &str, bytes: &[u8]) -> String {
        let request = Request::post(format!("/api/conversations/{conversation}/files")).header("host", "here");
        let request = request.header("cookie", &self.cookie).header("x-file-name", name);
        let (status, text) = self.send(request.body(Body::from(bytes.to_vec())).expect("a request")).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
        serde_json::from_str::<Value>(&text).expect("JSON")["id"].as_str().expect("an id").to_owned()
    }

    async fn answer_with(&self, conversation: &str, client_id: &str, text: &str, files: &[&String]) -> (StatusCode, Value) {
        let say = json!({ "client_id": client_id, "text": text, "files": files, "anyway": true });
        self.staff("POST", &format!("/api/conversations/{conversation}/messages"), Some(say)).await
    }

    async fn fetches(&self) {
        self.site.talk.fetch_files().await.expect("fetches");
    }

    /// Returns the names of the files that came, and the bytes of the first.
    async fn came(&self, conversation: &str) -> (Vec<String>, String) {
        let shown = self.shown(conversation).await;
        let messages = shown["messages"].as_array().expect("a list").iter().filter(|message| message["kind"] == "in");
        let files: Vec<Value> = messages.flat_map(|message| message["files"].as_array().cloned().unwrap_or_default()).collect();
        let names = files.iter().map(|file| file["name"].as_str().expect("a name").to_owned()).collect();
        let Some(first) = files.first().and_then(|file| file["id"].as_str()) else { return (names, String::new()) };
        let request = Request::get(format!("/api/conversations/{conversation}/files/{first}")).header("cookie", &self.cookie);
        (names, self.send(request.header("host", "here").body(Body::empty()).expect("a request")).await.1)
    }

    /// Returns what is said to be missing: the name, and why.
    async fn missing(&self, conversation: &str) -> Vec<(String, String)> {
        let shown = self.shown(conversation).await;
        let notes = shown["messages"].as_array().expect("a list").iter().filter(|message| message["kind"] == "note");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        notes.map(|note| (text(&note["text"]), text(&note["meta"]["missing"]))).collect()
    }
}

fn telegram(id: i64, more: Value) -> String {
    let mut message = json!({ "message_id": id, "date": 1, "chat": { "id": 4711, "type": "private" },
        "from": { "id": 4711, "first_name": "Ann" } });
    message.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({ "update_id": id, "message": message }).to_string()
}

async fn telegram_channel(stage: &Stage, platform: &Platform) -> (String, [(&'static str, String); 1]) {
    let setup =
        json!({ "kind": "telegram", "name": "T", "is_on": true, "server": platform.url(), "token": "1:abc", "secret": "s3cret" });
    let (id, _) = stage.channel(setup).await;
    (id, [("x-telegram-bot-api-secret-token", "s3cret".to_owned())])
}

#[tokio::test]
async fn a_photo_of_telegram_is_fetched_after_its_message_and_once() {
    let stage = Stage::new().await;
    let platform = Platform::new(&stage).await;
    let (id, proof) = telegram_channel(&stage, &platform).await;
    let sizes = json!([{ "file_id": "small", "file_size": 10 }, { "file_id": "big", "file_size": 20 }]);
    let photo = telegram(7, json!({ "photo": sizes, "caption": "the box" }));
    assert_eq!(stage.post(&id, &proof, photo.clone()).await.0, StatusCode::OK);
    let (conversation, one) = stage.only("open").await;
    assert_eq!(one["preview"], json!("[photo] the box"), "it is heard before anything is fetched");
    // The first server is busy, the second try finds it.
    platform.answers(502, json!({}));
    stage.fetches().await;
    stage.fetches().await;
    assert_eq!(platform.heard().len(), 1, "it waits before it tries again");
    stage.pass(60);
    platform.answers(200, json!({ "ok": true, "result": { "file_path": "photos/file_1.jpg" } }));
    platform.answers(200, json!("bytes of a photo"));
    stage.fetches().await;
    stage.post(&id, &proof, photo).await;
    stage.pass(60);
    stage.fetches().await;
    let heard = platform.heard();
    assert_eq!(heard[1].2, json!({ "file_id": "big" }));
    assert_eq!(heard[2].0, "GET /file/bot1:abc/photos/file_1.jpg HTTP/1.1");
    assert_eq!(heard.len(), 3, "what was fetched is not fetched again");
    assert_eq!(stage.came(&conversation).await, (vec!["photo.jpg".to_owned()], "\"bytes of a photo\"".to_owned()));
    assert!(stage.missing(&conversation).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_fetched_is_said_and_stops_nothing() {
    let stage = Stage::new().await;
    let platform = Platform::new(&stage).await;
    let (id, proof) = telegram_channel(&stage, &platform).await;
    let document = |number: i64, name: &str, size: i64| {
        telegram(number, json!({ "document": { "file_id": format!("f{number}"), "file_name": name, "file_size": size } }))
    };
    stage.post(&id, &proof, document(1, "huge.iso", 50 * 1024 * 1024)).await;
    stage.post(&id, &proof, document(2, "gone.pdf", 10)).await;
    stage.post(&id, &proof, document(3, "odd.pdf", 10)).await;
    stage.post(&id, &proof, document(4, "lying.pdf", 10)).await;
    stage.post(&id, &proof, telegram(5, json!({ "text": "Did you get them?" }))).await;
    let (conversation, one) = stage.only("open").await;
    assert_eq!(one["preview"], json!("Did you get them?"));
    platform.answers(400, json!({ "ok": false, "description": "Bad Request: file is too big" }));
    stage.fetch_one().await;
    // A path that would lead elsewhere on the server is not followed.
    platform.answers(200, json!({ "ok": true, "result": { "file_path": "../../bot1:abc/getMe" } }));
    stage.fetch_one().await;
    platform.answers(200, json!({ "ok": true, "result": { "file_path": "d/f4" } }));
    platform.answers(200, json!("x".repeat(10 * 1024 * 1024 + 1)));
    stage.fetch_one().await;
    let mut missing = stage.missing(&conversation).await;
    missing.sort();
    let expected = [("gone.pdf", "gone"), ("huge.iso", "large"), ("lying.pdf", "large"), ("odd.pdf", "gone")];
    assert_eq!(missing, expected.map(|(name, why)| (name.to_owned(), why.to_owned())));
    assert!(stage.came(&conversation).await.0.is_empty());
    assert_eq!(platform.heard().len(), 4, "one of them was too large by its own word, and nobody was asked");
}

impl Stage {
    /// Fetches, with what stands for its answers: each file is fetched in the order in which it came.
    async fn fetch_one(&self) {
        // One at a time, so that the answers of the platform belong to the file they are for.
        let sql = "UPDATE messenger_file SET next_at = 0 WHERE id = (SELECT id FROM messenger_file WHERE is_done = 0 ORDER BY seq LIMIT 1)";
        let later = "UPDATE messenger_file SET next_at = 9000000000000000000 WHERE is_done = 0";
        let mut transaction = self.site.stores.state.begin().await.expect("begins");
        sqlx::query(later).execute(&mut *transaction).await.expect("waits");
        sqlx::query(sql).execute(&mut *transaction).await.expect("is due");
        transaction.commit().await.expect("commits");
        self.fetches().await;
    }
}

#[tokio::test]
async fn an_answer_with_a_file_goes_to_telegram_as_one_message() {
    let stage = Stage::new().await;
    let platform = Platform::new(&stage).await;
    let (id, proof) = telegram_channel(&stage, &platform).await;
    stage.post(&id, &proof, telegram(1, json!({ "text": "The bill, please" }))).await;
    let (conversation, _) = stage.only("open").await;
    let bill = stage.added(&conversation, "bill.pdf", b"%PDF-1.4 a bill").await;
    let other = stage.added(&conversation, "b.txt", b"b").await;
    for (text, files, says) in
        [("Here", vec![&bill, &other], "takes 1 file(s)"), (&"x".repeat(1_025), vec![&bill], "1024 letters")]
    {
        let (status, told) = stage.answer_with(&conversation, "a0", text, &files).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(told["what"].as_str().expect("a sentence").contains(says), "{told}");
    }
    assert_eq!(stage.answer_with(&conversation, "a1", "Here it is", &[&bill]).await.0, StatusCode::CREATED);
    platform.answers(200, json!({ "ok": true, "result": { "message_id": 9 } }));
    stage.sends().await;
    let (first, head, body) = platform.heard().pop().expect("is sent");
    assert_eq!(first, "POST /bot1:abc/sendDocument HTTP/1.1");
    assert!(head.to_lowercase().contains("content-type: multipart/form-data; boundary=touchline-"), "{head}");
    let body = body.as_str().expect("a form");
    for part in [
        "name=\"chat_id\"\r\n\r\n4711\r\n",
        "name=\"caption\"\r\n\r\nHere it is\r\n",
        "name=\"document\"; filename=\"bill.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 a bill\r\n",
    ] {
        assert!(body.contains(part), "{part} is not in {body}");
    }
    assert_eq!(states(&stage.shown(&conversation).await), ["sent"]);
}

#[tokio::test]
async fn an_own_system_gives_and_gets_files_by_content_and_by_address() {
    let stage = Stage::new().await;
    let platform = Platform::new(&stage).await;
    let setup = json!({ "kind": "webhook", "name": "W", "is_on": true, "send_to": platform.url() + "/hook" });
    let (id, secret) = stage.channel(setup).await;
    let attachments = json!([
        { "name": "note.txt", "content": STANDARD.encode("a note") },
        { "name": "plan.pdf", "url": platform.url() + "/files/plan.pdf" },
        { "name": "secret", "url": "http://169.254.169.254/latest/meta-data" },
        { "name": "broken", "content": "no base64!" },
        { "name": "nothing" },
    ]);
    let body = json!({ "type": "message", "from": { "id": "u1" }, "text": "", "attachments": attachments }).to_string();
    let signed = standard(&secret, "m1", NOON / SECOND, &body);
    for _ in 0..2 {
        assert_eq!(stage.post(&id, &signed, body.clone()).await.0, StatusCode::OK);
    }
    platform.answers(200, json!("a plan"));
    stage.fetches().await;
    let (conversation, one) = stage.only("open").await;
    assert_eq!(one["preview"], json!("[file]"));
    assert_eq!(stage.came(&conversation).await, (vec!["note.txt".to_owned(), "plan.pdf".to_owned()], "a note".to_owned()));
    let mut missing = stage.missing(&conversation).await;
    missing.sort();
    let expected = [("broken", "gone"), ("nothing", "gone"), ("secret", "refused")];
    assert_eq!(missing, expected.map(|(name, why)| (name.to_owned(), why.to_owned())), "each once, however often it was sent");
    assert_eq!(platform.heard().len(), 1, "nothing inside was reached");
    let files = [stage.added(&conversation, "a.txt", b"one").await, stage.added(&conversation, "b.txt", b"two").await];
    assert_eq!(stage.answer_with(&conversation, "a1", "", &[&files[0], &files[1]]).await.0, StatusCode::CREATED);
    stage.sends().await;
    let (_, _, sent) = platform.heard().pop().expect("is sent");
    let kind = "application/octet-stream";
    let expected = json!([
        { "name": "a.txt", "type": kind, "size": 3, "content": STANDARD.encode("one") },
        { "name": "b.txt", "type": kind, "size": 3, "content": STANDARD.encode("two") },
    ]);
    assert_eq!(sent["attachments"], expected);
}

#[tokio::test]
async fn whatsapp_gives_by_number_and_address_and_gets_by_upload() {
    let stage = Stage::new().await;
    let platform = Platform::new(&stage).await;
    let setup = json!({ "kind": "whatsapp", "name": "WA", "is_on": true, "server": platform.url(), "sender": "555", "token": "t0k",
        "app_secret": "app" });
    let (id, _) = stage.channel(setup).await;
    let said = |number: &str, message: Value| {
        let mut message = message;
        message["from"] = json!("33612345678");
        message["id"] = json!(number);
        json!({ "entry": [{ "changes": [{ "field": "messages", "value": { "metadata": { "phone_number_id": "555" },
            "messages": [message] } }] }] })
        .to_string()
    };
    let image =
        said("wamid.1", json!({ "type": "image", "image": { "id": "9001", "mime_type": "image/jpeg", "caption": "see" } }));
    let stolen = said("wamid.2", json!({ "type": "document", "document": { "id": "9002", "filename": "x.pdf" } }));
    for body in [&image, &stolen] {
        assert_eq!(stage.post(&id, &hub("app", body), body.clone()).await.0, StatusCode::OK);
    }
    platform.answers(200, json!({ "url": platform.url() + "/media/9001" }));
    platform.answers(200, json!("a picture"));
    stage.fetch_one().await;
    // A token goes to the platform alone, whatever address is given.
    platform.answers(200, json!({ "url": "https://elsewhere.example/media/9002" }));
    stage.fetch_one().await;
    let (conversation, _) = stage.only("open").await;
    assert_eq!(stage.came(&conversation).await, (vec!["image.jpg".to_owned()], "\"a picture\"".to_owned()));
    assert_eq!(stage.missing(&conversation).await, [("x.pdf".to_owned(), "gone".to_owned())]);
    let heard = platform.heard();
    assert_eq!((heard.len(), heard[0].0.as_str()), (3, "GET /v23.0/9001 HTTP/1.1"));
    assert!(heard[1].1.to_lowercase().contains("authorization: bearer t0k"), "{}", heard[1].1);

    let text = stage.added(&conversation, "a.txt", b"plain").await;
    let (status, told) = stage.answer_with(&conversation, "a0", "", &[&text]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(told["what"].as_str().expect("a sentence").contains("PDF documents only"), "{told}");
    let bill = stage.added(&conversation, "bill.pdf", b"%PDF-1.4 a bill").await;
    assert_eq!(stage.answer_with(&conversation, "a1", "Your bill", &[&bill]).await.0, StatusCode::CREATED);
    platform.answers(503, json!({}));
    stage.sends().await;
    assert_eq!(states(&stage.shown(&conversation).await), ["queued"], "nobody has got anything, so it is tried again");
    stage.pass(60);
    platform.answers(200, json!({ "id": "77" }));
    platform.answers(200, json!({ "messages": [{ "id": "wamid.9" }] }));
    stage.sends().await;
    let heard = platform.heard();
    assert_eq!(heard[heard.len() - 2].0, "POST /v23.0/555/media HTTP/1.1");
    let (first, _, body) = heard.last().expect("is sent");
    assert_eq!(first, "POST /v23.0/555/messages HTTP/1.1");
    assert_eq!(
        (&body["type"], &body["document"]),
        (&json!("document"), &json!({ "id": "77", "filename": "bill.pdf", "caption": "Your bill" }))
    );
    assert_eq!(states(&stage.shown(&conversation).await), ["sent"]);
}

#[tokio::test]
async fn messenger_takes_a_file_alone_and_instagram_none() {
    for (kind, is_taken) in [("facebook", true), ("instagram", false)] {
        let stage = Stage::new().await;
        let platform = Platform::new(&stage).await;
        let setup = json!({ "kind": kind, "name": "M", "is_on": true, "server": platform.url(), "sender": "555", "token": "t0k", "app_secret": "app" });
        let (id, _) = stage.channel(setup).await;
        let url = platform.url() + "/cdn/report.pdf?sig=1";
        let body = json!({ "entry": [{ "id": "555", "messaging": [{ "sender": { "id": "88" }, "message": { "mid": "m1",
            "attachments": [{ "type": "file", "payload": { "url": url } }, { "type": "fallback", "payload": { "url": "https://x.example" } }] } }] }] });
        let body = body.to_string();
        assert_eq!(stage.post(&id, &hub("app", &body), body.clone()).await.0, StatusCode::OK);
        platform.answers(200, json!("a report"));
        stage.fetches().await;
        let (conversation, _) = stage.only("open").await;
        assert_eq!(stage.came(&conversation).await.0, ["report.pdf"], "{kind}");
        assert!(!platform.heard()[0].1.contains("t0k"), "an address of anybody gets no token");
        let file = stage.added(&conversation, "a.txt", b"plain").await;
        let (status, told) = stage.answer_with(&conversation, "a0", "With a text", &[&file]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        let (status, told) = stage.answer_with(&conversation, "a1", "", &[&file]).await;
        assert_eq!(status, if is_taken { StatusCode::CREATED } else { StatusCode::BAD_REQUEST }, "{kind}: {told}");
        if is_taken {
            platform.answers(200, json!({ "message_id": "mid.1" }));
            stage.sends().await;
            let (first, _, body) = platform.heard().pop().expect("is sent");
            assert_eq!(first, "POST /v23.0/555/messages HTTP/1.1");
            let body = body.as_str().expect("a form").to_owned();
            assert!(
                body.contains("{\"id\":\"88\"}") && body.contains("filename=\"a.txt\"") && body.contains("\"type\":\"file\""),
                "{body}"
            );
            assert_eq!(states(&stage.shown(&conversation).await), ["sent"]);
        }
    }
}
