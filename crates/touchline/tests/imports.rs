//! What somebody does who brings a file in through the browser, and what the ledger has of it.

mod scratch;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::{Identity, Instant};
use scratch::Scratch;
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use touchline::features::account::Accounts;
use touchline::features::{Site, router};
use tower::ServiceExt;

const NOW: Instant = Instant(1_764_000_000_000_000);
const ORDERS: &str = "Bestellung;Datum time;E-Mail;total;Bemerkung\n\
    A-1;03.02.2025;ada@example.org;1.250,50;\n\
    A-2;04.02.2025;eve@example.org;12,00;\n\
    A-3;31.02.2025;bob@example.org;2,00;=1+1\n\
    A-4;05.02.2025;ada@example.org;8,90;\n";

/// Is a server on a temporary directory, whose clock stands still, and the owner's session.
struct Stage {
    site: Site,
    router: Router,
    cookie: String,
    _scratch: Scratch,
}

impl Stage {
    async fn new() -> Self {
        let scratch = Scratch::new(Arc::new(|| NOW));
        let site = scratch.site();
        let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
        let owner = accounts.invite_owner().await.expect("invites");
        let (session, _) = accounts.sign_in(owner.secret()).await.expect("works").expect("is in");
        let cookie = format!("touchline={}", session.secret());
        Self { router: router(&site), site, cookie, _scratch: scratch }
    }

    async fn raw(&self, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).header("host", "here:7777").header("cookie", &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.into()).expect("is a request");
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("has a body").to_vec())
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, body) = self.raw(method, path, body.to_string()).await;
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn send(&self, name: &str, text: &str) -> String {
        let (status, body) = self.raw("POST", &format!("/api/capture/imports?name={name}"), text.to_owned()).await;
        assert_eq!(status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&body));
        let file: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&file["stage"], &file["bytes"]), (&json!("waiting"), &json!(text.len())));
        file["id"].as_str().expect("has an id").to_owned()
    }

    /// Imports, and waits for the end.
    async fn run(&self, id: &str, mapping: Value) -> Value {
        let (status, begun) = self.ask("POST", &format!("/api/capture/imports/{id}/run"), mapping).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
        for _ in 0..500 {
            let (_, file) = self.ask("GET", &format!("/api/capture/imports/{id}"), Value::Null).await;
            if file["stage"] != "running" {
                return file;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the import does not end");
    }

    fn kept_files(&self) -> usize {
        let folders = fs::read_dir(self.site.stores.dir.join("imports")).into_iter().flatten().flatten();
        folders.filter_map(|folder| fs::read_dir(folder.path()).ok()).map(|files| files.flatten().count()).sum()
    }
}

/// Mends what the proposal could not know: the day comes before the month.
fn document(proposal: &Value) -> Value {
    let mut document = proposal["document"].clone();
    document["time"] = json!({ "column": "Datum time", "format": "%d.%m.%Y" });
    document["id"] = json!(["Bestellung"]);
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_proposed_tried_imported_once_and_its_refused_row_mended() {
    let stage = Stage::new().await;
    let id = stage.send("../orders.csv", ORDERS).await;
    let (status, proposal) = stage.ask("GET", &format!("/api/capture/imports/{id}/proposal"), Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{proposal}");
    assert_eq!(proposal["columns"], json!(["Bestellung", "Datum time", "E-Mail", "total", "Bemerkung"]));
    assert_eq!(proposal["rows"][0][3], "1.250,50");
    assert_eq!(proposal["document"]["person"]["identities"][0]["column"], "E-Mail");
    assert_eq!(proposal["document"]["value"]["decimal"], ",", "a decimal comma is seen: {proposal}");

    let mapping = json!({ "document": document(&proposal) });
    let (status, trial) = stage.ask("POST", &format!("/api/capture/imports/{id}/try"), mapping.clone()).await;
    assert_eq!(status, StatusCode::OK, "{trial}");
    assert_eq!(trial["rows"][0]["becomes"][0]["value"], "1250.50 EUR");
    assert_eq!((&trial["rows"][2]["line"], trial["rows"][2]["refused"]["says"].is_string()), (&json!(4), true));
    assert_eq!((&trial["summary"]["interactions"], &trial["summary"]["rejected"]), (&json!(3), &json!(1)));
    assert_eq!(trial["whole"], true);
    assert_eq!(stage.site.stores.ledger().count(), 0, "a trial stores nothing");
    let text = json!({ "mapping": trial["mapping"] });
    let (_, again) = stage.ask("POST", &format!("/api/capture/imports/{id}/try"), text).await;
    assert_eq!(again["document"], trial["document"], "text and form are one mapping");

    let done = stage.run(&id, mapping.clone()).await;
    assert_eq!((&done["stage"], &done["summary"]["added"]), (&json!("done"), &json!(3)), "{done}");
    assert_eq!(stage.site.stores.ledger().count(), 3);
    assert_eq!(stage.kept_files(), 1, "the file is gone, the refused row stays");
    let (status, rejects) = stage.raw("GET", &format!("/api/capture/imports/{id}/rejects/1"), Body::empty()).await;
    let rejects = String::from_utf8(rejects).expect("text");
    assert_eq!(status, StatusCode::OK);
    assert!(rejects.contains("'=1+1") && !rejects.contains("ada@"), "no formula, and the refused row alone: {rejects}");
    let (status, _) = stage.ask("POST", &format!("/api/capture/imports/{id}/run"), mapping.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT, "what is imported is done");

    let twice = stage.send("orders.csv", ORDERS).await;
    let done = stage.run(&twice, mapping.clone()).await;
    assert_eq!((&done["summary"]["added"], &done["summary"]["already_there"]), (&json!(0), &json!(3)));
    let mended = stage.send("orders.csv.rejected.csv", &rejects.replace("31.02", "28.02")).await;
    let done = stage.run(&mended, mapping).await;
    assert_eq!((&done["name"], &done["summary"]["added"]), (&json!("orders.csv-mended.csv"), &json!(1)), "{done}");
    assert_eq!(stage.site.stores.ledger().count(), 4);
    let (_, list) = stage.ask("GET", "/api/capture/imports", Value::Null).await;
    assert_eq!(list.as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_stays_erased_and_no_file_keeps_them() {
    let stage = Stage::new().await;
    let id = stage.send("orders.csv", ORDERS).await;
    let (_, proposal) = stage.ask("GET", &format!("/api/capture/imports/{id}/proposal"), Value::Null).await;
    let mapping = json!({ "document": document(&proposal) });
    stage.run(&id, mapping.clone()).await;
    let waiting = stage.send("orders.csv", ORDERS).await;
    assert_eq!(stage.kept_files(), 2);
    let ada = json!({ "namespace": "email", "value": "ada@example.org" });
    let (status, receipt) = stage.ask("POST", "/api/people/erase", ada).await;
    assert!(status.is_success(), "{status} {receipt}");
    assert_eq!(stage.site.stores.ledger().count(), 1);
    assert_eq!(stage.kept_files(), 0);
    let (_, file) = stage.ask("GET", &format!("/api/capture/imports/{waiting}"), Value::Null).await;
    assert_eq!(file["stage"], "discarded");
    let (status, _) = stage.ask("GET", &format!("/api/capture/imports/{waiting}/proposal"), Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let again = stage.send("orders.csv", ORDERS).await;
    let done = stage.run(&again, mapping).await;
    assert_eq!(done["summary"]["added"], 0, "{done}");
    let actors: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM actor WHERE id = $1")
        .bind(Identity::new("email", "ada@example.org").expect("a name").actor().0.cast_signed())
        .fetch_one(stage.site.stores.state.reader())
        .await
        .expect("counts");
    assert_eq!(actors, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_words() {
    let mut stage = Stage::new().await;
    let (status, body) = stage.raw("POST", "/api/capture/imports?name=a.csv", Body::empty()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&body).contains("empty"));
    assert_eq!(stage.kept_files(), 0);
    let id = stage.send("orders.csv", ORDERS).await;
    for (mapping, expected, code) in [
        (
            json!({ "mapping": "source = \"t\"\n[time]\ncolumn = \"Datum tim\"\n" }),
            "Did you mean `Datum time`?",
            "column_misspelt",
        ),
        (json!({ "mapping": "source = \"t\"\n[time\n" }), "not a mapping", "mapping_unreadable"),
        (json!({ "mapping": "source = \"t\"\n[tme]\n" }), "Did you mean `time`?", "mapping_key_misspelt"),
        (json!({ "mapping": "source = \"t\"\n" }), "not a mapping", "mapping_key_missing"),
        (json!({ "mapping": "source = \"t\"\n[time]\n" }), "exactly one", "time_choice"),
        (json!({ "mapping": "x", "document": {} }), "either", "mapping_one_way"),
        (
            json!({ "document": { "source": "t", "time": { "constant": "2025-01-01" }, "lookup": { "a": { "file": "/etc/passwd", "column": "b", "key": "c", "take": ["d"] } } } }),
            "[lookup]",
            "mapping_lookup",
        ),
    ] {
        let (status, told) = stage.ask("POST", &format!("/api/capture/imports/{id}/try"), mapping).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        assert!(told.to_string().contains(expected), "{expected} in {told}");
        assert_eq!(told["telling"]["code"], code, "{told}");
    }
    let (status, _) = stage.ask("GET", "/api/capture/imports/..%2F..%2Fstate", Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for number in ["0", "1", "..%2Forders.csv", "-1"] {
        let (status, _) = stage.ask("GET", &format!("/api/capture/imports/{id}/rejects/{number}"), Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{number}");
    }
    let (status, _) = stage.ask("DELETE", &format!("/api/capture/imports/{id}"), Value::Null).await;
    assert_eq!((status, stage.kept_files()), (StatusCode::NO_CONTENT, 0));
    stage.cookie = String::new();
    let (status, _) = stage.raw("POST", "/api/capture/imports?name=a.csv", ORDERS).await;
    assert_eq!((status, stage.kept_files()), (StatusCode::UNAUTHORIZED, 0));
}
