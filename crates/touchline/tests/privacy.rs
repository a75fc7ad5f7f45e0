//! What people can rely on. Erasure, down to the bytes: marks are put wherever something of a person can be, the person
//! is erased, and every file of the data directory is searched; what is sent again stays erased, what comes later
//! starts afresh. Export, consent, retention, and the policies of sources through the routes of clients.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use model::{Arrival, Direction, Flags, Form, Identity, Instant, Link, Signature};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::capture::{Delivery, Intake, IpPolicy, Refused, SignalPolicy, SourceKind, SourceSettings};
use touchline::features::{Site, console, router};
use touchline::platform::home::Home;
use touchline::platform::http::Peer;
use tower::ServiceExt;

/// Begins every mark; nothing else in a directory holds it.
const MARK: &str = "zq7marke";

/// Is an open data directory whose clock the test turns.
struct House {
    clock: Arc<AtomicI64>,
    dir: PathBuf,
    /// Before the home: its threads work with what the home holds.
    site: Option<Site>,
    home: Option<Home>,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let dir = folder.path().join("data");
        let clock = Arc::new(AtomicI64::new(1_000));
        let now = Arc::clone(&clock);
        let home = Home::create(&dir, Arc::new(move || Instant(now.load(Ordering::Relaxed)))).expect("is made");
        let mut house = Self { clock, dir, site: None, home: Some(home), _folder: Some(folder) };
        house.site = Some(house.open());
        house
    }

    fn open(&self) -> Site {
        Site::open(self.home().stores(), false).expect("opens")
    }

    fn home(&self) -> &Home {
        self.home.as_ref().expect("is open")
    }

    fn site(&self) -> &Site {
        self.site.as_ref().expect("is open")
    }

    fn at(&self, time: i64) {
        self.clock.store(time, Ordering::Relaxed);
    }

    /// Returns how many interactions are new.
    fn take(&self, delivery: Delivery) -> u64 {
        self.home().block_on(self.site().capture.take(delivery)).expect("is taken").added
    }

    fn settle(&self) {
        self.home().block_on(self.site().capture.settle()).expect("settles");
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let routes: Router = console(self.site());
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).expect("is a request");
        self.home().block_on(async {
            let Ok(answer) = routes.oneshot(request).await;
            let status = answer.status().as_u16();
            let bytes = to_bytes(answer.into_body(), 1 << 24).await.expect("is read");
            (status, serde_json::from_slice(&bytes).unwrap_or_default())
        })
    }

    #[track_caller]
    fn told(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn interactions(&self) -> u64 {
        self.home().ledger().count()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.site.take();
        self.home.take();
    }
}

fn mark(what: &str) -> String {
    format!("{MARK}-{what}")
}

fn name(namespace: &str, value: &str) -> Identity {
    Identity::new(namespace, value).expect("is not blank")
}

fn arrival(message: &str, identities: Vec<Identity>, at: i64) -> Arrival {
    let signature = Signature { source: "site".into(), event: "message".into(), ..Signature::default() };
    Arrival { identities, ..Arrival::new(message.as_bytes().to_vec(), signature, Instant(at), Form::Message, Direction::Inbound) }
}

/// Makes everything that is known of one person: two identities joined by a claim, traits, texts, properties.
fn everything(at: i64, part: std::ops::Range<u32>) -> Delivery {
    let (email, device) = (name("email", &mark("mail@example.org")), name("device", &mark("device")));
    let arrivals = part.map(|n| Arrival {
        props: Some(json!({ "note": mark("property") }).to_string()),
        text: Some(format!("{} {n}", mark("text"))),
        conversation: Some(mark("conversation")),
        campaign: Some(mark("campaign")),
        ..arrival(&format!("{}-{n}", mark("message")), vec![if n % 2 == 0 { email.clone() } else { device.clone() }], at)
    });
    Delivery {
        source: "site".into(),
        arrivals: arrivals.collect(),
        claims: vec![(email.clone(), device, Link::Renamed, Instant(at))],
        traits: vec![(email, "name".into(), mark("trait"), Instant(at))],
        ..Delivery::default()
    }
}

fn bystander(message: &str, at: i64) -> Delivery {
    let arrivals = vec![Arrival { text: Some("hello".into()), ..arrival(message, vec![name("email", "bob@example.org")], at) }];
    Delivery { source: "site".into(), arrivals, ..Delivery::default() }
}

/// Returns every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("lists").map(|entry| entry.expect("is there").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Finds a text in every file: as UTF-8, UTF-16 of both kinds, and base64 at each of its three offsets; and in the
/// decoded rows of every Parquet file, the checkpoints of the log included.
fn found(dir: &Path, text: &str) -> Vec<String> {
    let units = || text.encode_utf16();
    let mut needles = vec![text.as_bytes().to_vec()];
    needles.push(units().flat_map(u16::to_le_bytes).collect());
    needles.push(units().flat_map(u16::to_be_bytes).collect());
    for offset in 0..3 {
        let padded = [vec![0; offset], text.as_bytes().to_vec()].concat();
        // The letters at both ends depend on what stands beside; those between do not.
        let letters = STANDARD_NO_PAD.encode(padded);
        needles.push(letters.as_bytes()[(offset * 8).div_ceil(6)..letters.len() - 1].to_vec());
    }
    let mut places = Vec::new();
    // A socket of the console is no file.
    for path in files(dir).into_iter().filter(|path| path.is_file()) {
        let bytes = fs::read(&path).expect("reads");
        for needle in &needles {
            if bytes.windows(needle.len()).any(|part| part == needle) {
                places.push(format!("{} as bytes", path.display()));
            }
        }
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let reader = SerializedFileReader::new(File::open(&path).expect("opens")).expect("is Parquet");
            if reader.get_row_iter(None).expect("has rows").any(|row| row.expect("reads").to_string().contains(text)) {
                places.push(format!("{} as rows", path.display()));
            }
        }
    }
    places
}

fn ada() -> Value {
    json!({ "namespace": "email", "value": mark("mail@example.org") })
}

#[test]
fn what_is_erased_is_in_no_file_and_stays_erased() {
    let house = House::new();
    assert_eq!(house.take(everything(500, 0..40)), 40);
    assert_eq!(house.take(bystander("b1", 500)), 1);
    let refused = Refused {
        position: 0,
        reason: touchline::tell!(unreadable, "no time", field = "at"),
        raw: mark("mail@example.org").into_bytes(),
    };
    house.take(Delivery { source: "site".into(), format: "segment", refused: vec![refused], ..Delivery::default() });
    house.settle();
    house.told("POST", "/api/people/consent", &json!({ "who": ada(), "said": { "measure": true }, "proof": mark("proof") }));
    house.told("POST", "/api/people/restrict", &json!({ "who": ada(), "restricted": true, "note": mark("note") }));
    // These are acknowledged and in the journal, when the erasure begins.
    assert_eq!(house.take(everything(600, 40..50)), 10);
    assert_eq!(house.take(bystander("b2", 600)), 1);
    for what in ["mail@example.org", "device", "trait", "property", "conversation", "campaign", "proof", "note"] {
        assert!(!found(&house.dir, &mark(what)).is_empty(), "the search finds {what} as long as it is there");
    }
    assert_eq!(found(&house.dir, &mark("text")), Vec::<String>::new(), "a text is in the clear nowhere");

    house.at(2_000);
    let extent = house.told("POST", "/api/people/erase/extent", &ada());
    assert_eq!(extent, json!({ "identities": 2, "interactions": 51 }));
    let receipt = house.told("POST", "/api/people/erase", &ada());
    let removed = &receipt["removed"];
    assert_eq!((&removed["interactions"], &removed["identities"]), (&json!(51), &json!(2)), "{receipt}");
    for what in ["facts", "traits", "text_keys", "quarantined", "files"] {
        assert!(removed[what].as_u64() > Some(0), "{what}: {receipt}");
    }
    assert_eq!(found(&house.dir, MARK), Vec::<String>::new());
    assert_eq!(house.interactions(), 2, "who stood by has lost nothing");
    assert_eq!(house.ask("POST", "/api/people/erase", &ada()).0, 404);

    // The client sends all of it again, also without dates, and a file with the same is imported.
    house.at(3_000);
    assert_eq!(house.take(everything(500, 0..40)) + house.take(everything(600, 40..50)), 0);
    let undated = Delivery { claims: Vec::new(), traits: Vec::new(), ..everything(3_000, 0..50) };
    assert_eq!(house.take(undated), 0);
    let Delivery { arrivals, claims, traits, .. } = everything(500, 0..50);
    let mut intake = Intake::new(house.home().stores()).expect("opens").marked(Flags::BACKFILL);
    assert_eq!(intake.take(arrivals, claims, traits).expect("takes").added, 0);
    house.settle();
    assert_eq!((found(&house.dir, MARK), house.interactions()), (Vec::new(), 2));

    // What the person does later starts afresh.
    let later = Delivery {
        arrivals: vec![arrival("later", vec![name("email", &mark("mail@example.org"))], 4_000)],
        ..Delivery::default()
    };
    house.at(4_000);
    assert_eq!(house.take(later), 1);
    let dossier = house.told("POST", "/api/people/export", &ada());
    assert_eq!(dossier["interactions"].as_array().map(Vec::len), Some(1), "{dossier}");
    assert_eq!(dossier["identities"].as_array().map(Vec::len), Some(1), "the device is somebody else's until somebody says so");
    for table in ["facts", "traits", "consents", "restrictions"] {
        assert_eq!(dossier[table], json!([]), "{table}");
    }

    let verified = |receipt: &Value| house.told("POST", "/api/people/erasures/verify", receipt)["ours"].clone();
    assert_eq!(verified(&receipt), json!(true));
    let mut forged = receipt.clone();
    forged["removed"]["interactions"] = json!(50);
    assert_eq!(verified(&forged), json!(false));
    assert_eq!(house.told("GET", "/api/people/erasures", &json!(null)), json!([receipt]));
}

#[test]
fn an_export_holds_everything_and_opens_texts() {
    let house = House::new();
    house.take(everything(500, 0..3));
    house.told("POST", "/api/people/consent", &json!({ "who": ada(), "said": { "contact": false }, "proof": "by telephone" }));
    let dossier = house.told("POST", "/api/people/export", &ada());
    let text = dossier.to_string();
    for what in ["mail@example.org", "device", "trait", "property", "conversation", "campaign", "text 0", "text 1", "text 2"] {
        assert!(text.contains(&mark(what)), "{what}: {text}");
    }
    assert!(text.contains("by telephone") && text.contains("\"contact\""), "{text}");
    assert_eq!(dossier["interactions"].as_array().map(Vec::len), Some(4), "three messages and the word on consent");
    assert_eq!(house.ask("POST", "/api/people/export", &json!({ "namespace": "email", "value": "nobody@example.org" })).0, 404);
}

#[test]
fn a_word_on_consent_is_an_interaction_and_counts_for_all_names() {
    let house = House::new();
    house.take(everything(500, 0..2));
    let before = house.interactions();
    let device = json!({ "namespace": "device", "value": mark("device") });
    let say = |who: &Value, said: Value| house.told("POST", "/api/people/consent", &json!({ "who": who, "said": said }));
    assert_eq!(say(&ada(), json!({ "measure": true, "contact": true })), json!({ "measure": true, "contact": true }));
    house.settle();
    house.at(2_000);
    assert_eq!(say(&device, json!({ "measure": false })), json!({ "measure": false, "contact": true }));
    assert_eq!(say(&ada(), json!({})), json!({ "measure": false, "contact": true }));
    assert_eq!(house.interactions() - before, 2);
    assert_eq!(house.ask("POST", "/api/people/consent", &json!({ "who": ada(), "said": { "sell": true } })).0, 400);
}

/// Posts one Segment event from a browser, as its client would, and returns what the ledger has of the source.
fn post(house: &House, key: &str, headers: &[(&str, &str)], event: &Value) -> u16 {
    let routes = router(house.site());
    let mut request = Request::builder().method("POST").uri("/v1/batch").header("content-type", "text/plain");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({ "writeKey": key, "batch": [event] }).to_string();
    let mut request = request.body(Body::from(body)).expect("is a request");
    request.extensions_mut().insert(Peer([203, 0, 113, 77].into()));
    house.home().block_on(async { routes.oneshot(request).await.map(|answer| answer.status().as_u16()) }).expect("answers")
}

fn page(user: &str, message: &str) -> Value {
    json!({
        "type": "page", "userId": user, "messageId": message,
        "properties": { "url": "https://shop.example/a" }, "context": { "ip": "203.0.113.77" },
    })
}

/// Returns every interaction: its marks and properties.
fn rows(house: &House) -> Vec<(Flags, String)> {
    house.settle();
    let mut rows = Vec::new();
    house.home().ledger().every(|row| rows.push((row.received, row.flags, row.props.unwrap_or_default()))).expect("reads");
    rows.sort_by_key(|row| row.0);
    rows.into_iter().map(|(_, flags, props)| (flags, props)).collect()
}

const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

#[test]
fn a_source_keeps_what_its_policy_lets_in() {
    let house = House::new();
    let add = |name: &str, settings: SourceSettings| {
        let sources = &house.site().sources;
        house.home().block_on(sources.add(name, SourceKind::Site, settings, Instant(1_000))).expect("adds").write_key.clone()
    };
    let key = add("shop", SourceSettings { dnt: SignalPolicy::Drop, ip: IpPolicy::Truncated, ..SourceSettings::default() });
    let mut step = 0;
    let mut send = |headers: &[(&str, &str)], event: Value| {
        step += 1;
        house.at(1_000 + step);
        assert_eq!(post(&house, &key, headers, &event), 200);
    };
    send(&[BROWSER], page("ada", "1"));
    send(&[BROWSER, ("sec-gpc", "1")], page("ada", "2"));
    send(&[BROWSER, ("sec-gpc", "1")], page("ada", "3"));
    send(&[BROWSER, ("dnt", "1")], page("ada", "4"));
    send(&[("user-agent", "curl/8")], page("ada", "5"));
    let rows = rows(&house);
    let marks: Vec<Flags> = rows.iter().map(|row| row.0).collect();
    let visitor = Flags::EPHEMERAL.with(Flags::VISITOR);
    assert_eq!(marks, [Flags::default(), visitor, visitor, Flags::BOT], "dropped: the one with DNT");
    assert!(rows.iter().all(|row| !row.1.contains("203.0.113.77")), "{rows:?}");
    assert!(rows[0].1.contains("203.0.113.0") && !rows[1].1.contains("203.0.113"), "{rows:?}");
    assert!(rows[3].1.contains(r#""bot":"tool""#), "{rows:?}");
    let visitors: i64 = house
        .home()
        .block_on(
            sqlx::query_scalar("SELECT COUNT(*) FROM actor WHERE namespace = 'day-visitor'")
                .fetch_one(house.home().state().reader()),
        )
        .expect("counts");
    assert_eq!(visitors, 0, "a day visitor is nobody's name");
    assert_eq!(found(&house.dir, "203.0.113.77"), Vec::<String>::new());
}

#[test]
fn who_takes_consent_back_is_a_visitor_from_then_on() {
    let house = House::new();
    let sources = &house.site().sources;
    let source = house.home().block_on(sources.add("shop", SourceKind::Site, SourceSettings::default(), Instant(1_000)));
    let key = source.expect("adds").write_key.clone();
    let mut step = 0;
    let mut send = |event: Value| {
        step += 1;
        house.at(1_000 + step);
        assert_eq!(post(&house, &key, &[BROWSER], &event), 200);
    };
    let word = |message: &str, measure: bool| json!({ "type": "track", "event": "consent", "userId": "ada", "messageId": message, "properties": { "measure": measure } });
    send(page("ada", "1"));
    send(word("2", true));
    send(page("ada", "3"));
    send(word("4", false));
    send(page("ada", "5"));
    send(word("6", true));
    send(page("ada", "7"));
    let marks: Vec<(bool, bool)> =
        rows(&house).iter().map(|row| (row.0.has(Flags::CONSENT), row.0.has(Flags::VISITOR))).collect();
    let expected = [(false, false), (true, false), (true, false), (false, false), (false, true), (true, false), (true, false)];
    assert_eq!(marks, expected);
}

#[test]
fn what_is_too_old_is_taken_out_with_its_keys() {
    let house = House::new();
    let settings = SourceSettings { text_days: Some(10), visitor_days: Some(20), ..SourceSettings::default() };
    let sources = &house.site().sources;
    house.home().block_on(sources.add("site", SourceKind::Site, settings, Instant(1_000))).expect("adds");
    let day = 86_400_000_000;
    house.at(100 * day);
    let unknown = |message: &str, at: i64| Delivery {
        arrivals: vec![Arrival { text: Some("who am I".into()), ..arrival(message, Vec::new(), at) }],
        ..Delivery::default()
    };
    house.take(unknown("old", 70 * day));
    house.take(unknown("new", 95 * day));
    house.take(bystander("b1", 85 * day));
    house.take(bystander("b2", 95 * day));
    let retain = || house.told("POST", "/api/capture/retention", &json!(null));
    house.at(100 * day + 1);
    assert_eq!(retain(), json!({ "interactions": 1, "texts": 1, "text_keys": 1 }));
    assert_eq!(house.interactions(), 3);
    house.at(100 * day + 2);
    assert_eq!(retain(), json!({ "interactions": 0, "texts": 0, "text_keys": 0 }), "there is nothing left to do");
    let bob = json!({ "namespace": "email", "value": "bob@example.org" });
    let texts = || {
        let dossier = house.told("POST", "/api/people/export", &bob);
        dossier["interactions"].as_array().expect("a list").iter().filter(|row| row["text"].is_string()).count()
    };
    assert_eq!(texts(), 1);
    house.at(200 * day);
    assert_eq!(retain(), json!({ "interactions": 1, "texts": 1, "text_keys": 2 }));
    assert_eq!((texts(), house.interactions()), (0, 2));
}
