//! What the house writes to its own members: watched numbers that cross their limit, and reports. Nobody's consent is asked for
//! it, no customer is touched by it, and it goes once.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::time::{DAY, SECOND};
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use touchline::features::account::Accounts;
use touchline::features::capture::Delivery;
use touchline::features::conversations::Talk;
use touchline::features::map::{Maps, apply_json};
use touchline::features::measure::Reports;
use touchline::features::{Site, router};
use touchline::platform::outbound::Outbound;
use tower::ServiceExt;

/// Is noon of a Monday in the autumn of 2026, UTC.
const NOW: i64 = 20_780 * DAY + DAY / 2;

struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    hand: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let (scratch, hand) = Scratch::at(NOW);
        let site = scratch.site();
        let map = apply_json(include_str!("../src/features/map/sample.json")).expect("is sound");
        Maps::new(site.stores.state.clone()).save(&map, "", Instant(0)).await.expect("saves");
        let mut stage = Self { router: router(&site), site, cookie: String::new(), hand, _scratch: scratch };
        stage.sign_in().await;
        stage
    }

    async fn sign_in(&mut self) {
        let accounts = Accounts::new(self.site.stores.state.clone(), self.site.stores.clock.clone());
        let token = accounts.invite_owner().await.expect("invites").secret().to_owned();
        let (status, cookie, _) = self.send("POST", "/api/session", Some(json!({ "token": token }))).await;
        assert_eq!(status, StatusCode::OK);
        self.cookie = cookie;
    }

    /// Turns the clock so far that sessions have ended, and signs in again.
    async fn turn(&mut self, to: i64) {
        self.hand.store(to, Ordering::SeqCst);
        self.sign_in().await;
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "here:7777").header("cookie", &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).expect("is a request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let cookie = parts.headers.get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.expect("has a body");
        (parts.status, cookie, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn ask(&self, path: &str) -> Value {
        let (status, _, body) = self.send("GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Gives the owner an address and a language.
    async fn with_address(&self, language: &str) {
        let profile = json!({ "name": "Olga", "email": "olga@example.org" });
        assert_eq!(self.send("PUT", "/api/account", Some(profile)).await.0, StatusCode::NO_CONTENT);
        let own = json!({ "language": language });
        assert_eq!(self.send("PUT", "/api/account/language", Some(own)).await.0, StatusCode::NO_CONTENT);
    }

    /// Takes a visit of somebody.
    async fn visit(&self, nick: &str) {
        let signature = Signature { source: "site".into(), event: "visit".into(), ..Signature::default() };
        let identities = Identity::new("nick", nick).into_iter().collect();
        let at = Instant(NOW - DAY);
        let arrival = Arrival { identities, ..Arrival::new(nick.into(), signature, at, Form::Visit, Direction::Inbound) };
        self.site.capture.take(Delivery { arrivals: vec![arrival], ..Delivery::default() }).await.expect("is taken");
    }

    /// Looks at the watched numbers as it is done every ten minutes, and sends.
    async fn look(&self) {
        self.hand.fetch_add(600 * SECOND, Ordering::SeqCst);
        self.site.reports.note_turns().await.expect("looks");
        self.site.talk.send_staff_letters().await.expect("sends");
    }

    /// Returns the letters to members: subject, text and state, the oldest first.
    async fn letters(&self) -> Vec<(String, String, String)> {
        let shown = self.ask("/api/conversations/mail").await;
        let text = |letter: &Value, name: &str| letter[name].as_str().unwrap_or_default().to_owned();
        let of_staff = shown["letters"].as_array().expect("are letters").iter().filter(|letter| letter["class"] == "staff");
        let mut letters: Vec<_> =
            of_staff.map(|letter| (text(letter, "subject"), text(letter, "text"), text(letter, "state"))).collect();
        letters.reverse();
        letters
    }

    /// Forgets all that is in memory, as a restart does.
    fn begin_again(&mut self) {
        let site = &mut self.site;
        site.talk = Talk::new(&site.stores, &site.capture, &site.sources, site.talk.door.policy().clone());
        site.reports = Reports::new(site.stores.clone(), site.capture.clone(), site.talk.clone());
        self.router = router(&self.site);
    }

    async fn interactions(&self) -> Value {
        self.ask("/api/measure/map").await["totals"]["interactions"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_is_written_about_once_and_so_is_the_way_back() {
    let stage = Stage::new().await;
    let watch = json!({ "number": "people", "side": "above", "than": 1.0, "mail": true });
    let (status, _, refused) = stage.send("POST", "/api/measure/alerts", Some(watch.clone())).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "an account without an address: {refused}");
    assert_eq!(stage.ask("/api/measure/letters").await, json!({ "is_sent": false, "has_address": false, "readers": [] }));
    stage.with_address("fr").await;
    let (status, _, made) = stage.send("POST", "/api/measure/alerts", Some(watch)).await;
    assert_eq!((status, &made["about"]["mail"]), (StatusCode::CREATED, &json!(true)), "{made}");
    stage.look().await;
    assert!(stage.letters().await.is_empty(), "it is where it is wanted");

    stage.visit("ada").await;
    stage.visit("bob").await;
    for _ in 0..3 {
        stage.look().await;
    }
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1, "one for the crossing, however often one looks: {letters:?}");
    let (subject, text, state) = &letters[0];
    assert_eq!((subject.as_str(), state.as_str()), ("Personnes\u{a0}: 2, au-dessus de 1", "caught"));
    assert!(text.starts_with("Bonjour Olga,") && text.contains("/measure?tab=watch"), "{text}");
    assert_eq!(stage.interactions().await, 2, "a letter to staff is no interaction");

    let nick = |name: &str| Identity::new("nick", name).expect("not blank");
    let claim = (nick("ada"), nick("bob"), model::Link::Renamed, Instant(NOW));
    stage.site.capture.take(Delivery { claims: vec![claim], ..Delivery::default() }).await.expect("is taken");
    for _ in 0..2 {
        stage.look().await;
    }
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1].0, "Personnes\u{a0}: 1, de retour dans la limite de 1");

    let off = format!("/api/measure/alerts/{}/mail", made["id"]);
    assert_eq!(stage.send("PUT", &off, Some(json!({ "mail": false }))).await.0, StatusCode::NO_CONTENT);
    stage.visit("eve").await;
    stage.look().await;
    assert_eq!(stage.letters().await.len(), 2, "not told any more");
    assert_eq!(stage.ask("/api/measure/alerts").await[0]["stand"], "sure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_the_crossing_and_the_sending_neither_doubles_nor_loses_the_letter() {
    let mut stage = Stage::new().await;
    stage.with_address("en").await;
    let watch = json!({ "number": "people", "side": "above", "than": 0.0, "mail": true });
    stage.send("POST", "/api/measure/alerts", Some(watch)).await;
    stage.visit("ada").await;
    stage.site.reports.note_turns().await.expect("looks");
    stage.begin_again();
    // As a crash leaves a letter that was on its way.
    let mut transaction = stage.site.stores.state.begin().await.expect("begins");
    let sending = "UPDATE staff_letter SET state = 'sending'";
    assert_eq!(sqlx::query(sending).execute(&mut *transaction).await.expect("updates").rows_affected(), 1);
    transaction.commit().await.expect("commits");
    stage.look().await;
    stage.look().await;
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].0, "People: 1, above 0");
}

/// Takes one mail as a server does, and returns it with the addresses it was sent under.
async fn take_one(listener: TcpListener) -> (Vec<String>, String) {
    let (line, _) = listener.accept().await.expect("comes");
    let (read, mut write) = line.into_split();
    let mut read = BufReader::new(read);
    write.write_all(b"220 here\r\n").await.expect("says");
    let (mut orders, mut mail, mut is_mail, mut said) = (Vec::new(), String::new(), false, String::new());
    loop {
        said.clear();
        if read.read_line(&mut said).await.expect("reads") == 0 {
            return (orders, mail);
        }
        if is_mail && said != ".\r\n" {
            mail.push_str(&said);
            continue;
        }
        let answer = match said.split_whitespace().next().unwrap_or_default() {
            "DATA" => {
                is_mail = true;
                "354 go on\r\n"
            }
            "." => {
                is_mail = false;
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            order => {
                if order != "EHLO" {
                    orders.push(said.trim().to_owned());
                }
                "250 well\r\n"
            }
        };
        write.write_all(answer.as_bytes()).await.expect("says");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_by_the_server_of_the_house_as_text_and_html_and_its_bounce_is_nobodys_conversation() {
    let stage = Stage::new().await;
    stage.with_address("ru").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = listener.local_addr().expect("has an address");
    stage.site.talk.goes_out_by(Outbound::with(&[address]));
    let mut settings = stage.site.talk.inbox.settings().await.expect("reads");
    settings.mail.address = "help@shop.example.org".to_owned();
    (settings.mail.server, settings.mail.security) = (address.to_string(), "plain".to_owned());
    settings.save(&stage.site.stores).await.expect("saves");
    assert_eq!(stage.ask("/api/measure/letters").await["is_sent"], true);
    let taken = tokio::spawn(take_one(listener));
    let watch = json!({ "number": "people", "side": "above", "than": 0.0, "mail": true });
    stage.send("POST", "/api/measure/alerts", Some(watch)).await;
    stage.visit("ada").await;
    stage.look().await;
    let (orders, mail) = taken.await.expect("ends");
    assert_eq!(orders[1], "RCPT TO:<olga@example.org>", "{orders:?}");
    let sender = orders[0].trim_start_matches("MAIL FROM:<").trim_end_matches('>').to_owned();
    for part in ["multipart/alternative", "text/plain", "text/html", "Auto-Submitted: auto-generated"] {
        assert!(mail.contains(part), "{part} is missing: {mail}");
    }
    assert!(!mail.contains("List-Unsubscribe"), "it is no letter to customers");
    assert_eq!(stage.letters().await[0].2, "sent");

    let bounce = format!(
        "From: mailer-daemon@mx.example.org\r\nTo: {sender}\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nNo such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; olga@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
    );
    stage.site.talk.mail_arrives(bounce.as_bytes(), "", &[sender]).await.expect("is taken");
    assert_eq!(stage.letters().await[0].2, "bounced");
    assert_eq!(stage.ask("/api/conversations").await["conversations"], json!([]), "no conversation comes of it");
    assert_eq!(stage.interactions().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_goes_at_its_hour_once_and_tells_what_has_changed_since() {
    let mut stage = Stage::new().await;
    stage.with_address("en").await;
    stage.visit("ada").await;
    let owner = stage.ask("/api/measure/letters").await["readers"][0]["account"].clone();
    let plan = json!({
        "name": "Every Monday", "parts": ["touchpoints", "channels", "attribution", "cost", "trends"], "period": "month",
        "every": "week", "day": 1, "hour": 18, "readers": [owner], "form": "csv",
    });
    for (field, wrong) in [
        ("hour", json!(24)),
        ("day", json!(8)),
        ("parts", json!([])),
        ("name", json!(" ")),
        ("readers", json!([77])),
        ("segment", json!("nobody")),
    ] {
        let mut plan = plan.clone();
        plan[field] = wrong;
        assert_eq!(stage.send("POST", "/api/measure/reports", Some(plan)).await.0, StatusCode::BAD_REQUEST, "{field}");
    }
    let (status, _, made) = stage.send("POST", "/api/measure/reports", Some(plan)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let next = made["next_at"].as_i64().expect("has a moment");
    assert!(next > NOW && next - NOW <= 7 * DAY);
    assert_eq!(stage.site.reports.send_reports().await.expect("looks"), 0, "not yet");

    stage.turn(next).await;
    // Two that look at the same moment, as before and after a restart.
    let old = stage.site.reports.clone();
    stage.begin_again();
    let (one, other) = tokio::join!(old.send_reports(), stage.site.reports.send_reports());
    assert_eq!(one.expect("looks") + other.expect("looks"), 1);
    stage.site.talk.send_staff_letters().await.expect("sends");
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    let (subject, text, _) = &letters[0];
    assert!(subject.starts_with("Every Monday: "), "{subject}");
    for part in ["People: 1 (n = 1, evidence E3)", "Conversion: 0% (95% interval 0% to ", "This is the first letter"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let shown = stage.ask("/api/conversations/mail").await["letters"][0].clone();
    assert!(
        shown["files"][0].as_str().is_some_and(|name| name.starts_with("Every-Monday-") && name.ends_with(".csv")),
        "{shown}"
    );
    let listed = stage.ask("/api/measure/reports").await[0].clone();
    assert_eq!((&listed["last_at"], &listed["last_to"]), (&json!(next), &json!(1)));

    // The server slept through two of them: one goes when it wakes.
    stage.turn(next + 15 * DAY).await;
    stage.visit("bob").await;
    assert_eq!(stage.site.reports.send_reports().await.expect("looks"), 1);
    assert_eq!(stage.site.reports.send_reports().await.expect("looks"), 0);
    stage.site.talk.send_staff_letters().await.expect("sends");
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(letters[1].1.contains("People: 2 (n = 2, evidence E3); last time 1"), "{}", letters[1].1);

    let path = format!("/api/measure/reports/{}", made["id"]);
    let rest = json!({ "is_paused": true });
    assert_eq!(stage.send("PUT", &format!("{path}/pause"), Some(rest)).await.0, StatusCode::NO_CONTENT);
    stage.turn(next + 60 * DAY).await;
    assert_eq!(stage.site.reports.send_reports().await.expect("looks"), 0, "it rests");
    assert_eq!(stage.send("GET", &format!("{path}/file?form=html&language=fr"), None).await.0, StatusCode::OK);
    assert_eq!(stage.send("DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.send("DELETE", &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(stage.interactions().await, 2, "reports are no interactions");
}
