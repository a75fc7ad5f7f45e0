//! Trying settings of mail: each step that can go wrong is told by itself, and nothing is sent or fetched.

use super::{Stage, imap, mail_number, put, sink};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use touchline::platform::outbound::Outbound;

impl Stage {
    fn may_reach_all(&self, ports: &[u16]) {
        let places: Vec<_> = ports.iter().map(|port| std::net::SocketAddr::from(([127, 0, 0, 1], *port))).collect();
        self.site.talk.goes_out_by(Outbound::with(&places));
    }

    /// Tries settings; returns the two steps.
    async fn tried(&self, mail: &Value) -> (String, String) {
        let (status, told) = self.staff("POST", "/api/conversations/settings/mail/try", Some(mail.clone())).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let step = |name: &str| told[name]["step"].as_str().expect("a step").to_owned();
        (step("incoming"), step("outgoing"))
    }
}

/// Starts a mail server that answers each order by its first word, and everything else with a yes.
async fn answering(greeting: &'static str, word: &'static str, answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("has one").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
                let mut line = String::new();
                while stream.read_line(&mut line).await? > 0 {
                    let told = if line.starts_with(word) { answer } else { "250 yes" };
                    stream.write_all(format!("{told}\r\n").as_bytes()).await?;
                    line.clear();
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    port
}

async fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.expect("binds").local_addr().expect("has one").port()
}

#[tokio::test]
async fn each_step_that_goes_wrong_is_told_by_itself_and_nothing_is_sent() {
    let stage = Stage::new().await;
    let (imap, mailbox) = imap::serve().await;
    let (smtp, sunk) = sink().await;
    let no_user = answering("220 here", "AUTH", "535 5.7.8 who are you?").await;
    let no_tls = answering("220 here", "STARTTLS", "502 5.5.1 not here").await;
    let no_sender = answering("220 here", "MAIL", "553 5.7.1 not yours").await;
    let no_mail = answering("HTTP/1.1 400 Bad Request", "", "").await;
    let absent = free().await;
    stage.may_reach_all(&[imap, smtp, no_user, no_tls, no_sender, no_mail, absent]);
    put(&mailbox, [(1, mail_number(1))]);
    let at = |port: u16| json!(format!("127.0.0.1:{port}"));
    let good = json!({ "address": "help@shop.example.org", "imap_server": at(imap), "imap_security": "plain", "imap_user": "help",
        "imap_password": "secret", "server": at(smtp), "security": "plain", "user": "help", "password": "p" });
    let with = |changes: &[(&str, Value)]| {
        let mut mail = good.clone();
        for (name, value) in changes {
            mail[*name] = value.clone();
        }
        mail
    };
    let check = async |changes: &[(&str, Value)], expected: (&str, &str)| {
        let (incoming, outgoing) = stage.tried(&with(changes)).await;
        assert_eq!((incoming.as_str(), outgoing.as_str()), expected, "{changes:?}");
    };
    check(&[], ("works", "works")).await;
    check(&[("imap_server", json!("")), ("server", json!(""))], ("unset", "unset")).await;
    check(&[("imap_server", json!("imap.example.org")), ("server", json!(":587"))], ("name", "name")).await;
    check(&[("imap_server", json!("127.0.0.1:1")), ("server", json!("10.0.0.1:25"))], ("inside", "inside")).await;
    check(&[("imap_server", at(absent)), ("server", at(absent))], ("reach", "reach")).await;
    check(&[("imap_security", json!("tls")), ("security", json!("tls"))], ("encryption", "encryption")).await;
    check(&[("security", json!("starttls")), ("server", at(no_tls))], ("works", "encryption")).await;
    check(&[("imap_server", at(no_mail)), ("server", at(no_mail))], ("greeting", "greeting")).await;
    check(&[("imap_password", json!("wrong")), ("server", at(no_user))], ("password", "password")).await;
    check(&[("imap_folder", json!("Missing")), ("server", at(no_sender))], ("folder", "sender")).await;
    let (_, told) = stage.staff("POST", "/api/conversations/settings/mail/try", Some(with(&[("server", at(no_user))]))).await;
    assert_eq!(told["outgoing"]["said"], json!("535 5.7.8 who are you?"), "what the server said is told too");
    assert!(sunk.lock().expect("not poisoned").is_empty(), "nothing is sent");
    let orders = mailbox.lock().expect("not poisoned").orders.join("\n");
    assert!(orders.contains("EXAMINE") && !orders.contains("FETCH"), "{orders}");
    assert!(stage.list("all").await.is_empty());
    let (_, kept) = stage.staff("GET", "/api/conversations/settings", None).await;
    assert_eq!(kept["mail"]["address"], json!(""), "nothing is kept");
    let bad = with(&[("imap_user", json!("help\r\nx LOGOUT"))]);
    assert_eq!(stage.staff("POST", "/api/conversations/settings/mail/try", Some(bad)).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_that_is_kept_goes_to_its_own_server_alone() {
    let stage = Stage::new().await;
    let ((imap, _), (other, _)) = (imap::serve().await, imap::serve().await);
    stage.may_reach_all(&[imap, other]);
    let (_, mut settings) = stage.staff("GET", "/api/conversations/settings", None).await;
    settings["mail"] = json!({ "address": "help@shop.example.org", "imap_server": format!("127.0.0.1:{imap}"), "imap_security": "plain",
        "imap_user": "help", "imap_password": "secret" });
    assert_eq!(stage.staff("PUT", "/api/conversations/settings", Some(settings)).await.0, StatusCode::NO_CONTENT);
    let (_, told) = stage.staff("GET", "/api/conversations/settings", None).await;
    assert_eq!(told["mail"]["imap_password"], json!(""));
    assert_eq!(stage.tried(&told["mail"]).await.0, "works");
    let mut elsewhere = told["mail"].clone();
    elsewhere["imap_server"] = json!(format!("127.0.0.1:{other}"));
    assert_eq!(stage.tried(&elsewhere).await.0, "password");
}
