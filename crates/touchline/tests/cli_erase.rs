//! `touchline erase`, and what else a person may ask: `export person`, `consent`, `restrict`.

mod common;

use common::{refuses, touchline, works};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes a directory with two people, who are known by the column `mail`.
fn shop(folder: &Path) {
    works(folder, &["init", "--data", "shop", "--template", "shop"]);
    fs::write(
        folder.join("orders.csv"),
        "id,mail,day\n1,ada@example.org,2026-01-05\n2,bob@example.org,2026-01-06\n3,ada@example.org,2026-01-07\n",
    )
    .expect("writes");
    let mapping = "source = \"till\"\nid = [\"id\"]\nform = \"purchase\"\ndirection = \"inbound\"\n\
                   [person]\nidentities = [{ namespace = \"email\", column = \"mail\" }]\n\
                   [time]\ncolumn = \"day\"\n[signal]\nevent = \"receipt\"\nchannel = \"shop\"\n";
    fs::write(folder.join("orders.toml"), mapping).expect("writes");
    import(folder);
}

fn import(folder: &Path) -> Value {
    let args = ["import", "orders.csv", "--mapping", "orders.toml", "--data", "shop", "--format", "json"];
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

fn asked(folder: &Path, args: &[&str]) -> Value {
    let args = [args, &["--data", "shop", "--format", "json"]].concat();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

const ADA: &str = "email:ada@example.org";

#[test]
fn erasing_asks_for_a_yes_and_leaves_a_receipt() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    shop(folder);
    refuses(folder, &["erase", "--data", "shop"], &["required"]);
    refuses(folder, &["erase", "ada", "--data", "shop", "--yes"], &["namespace", "email:ada@example.org"]);
    refuses(folder, &["erase", "email:eve@example.org", "--data", "shop", "--yes"], &["Nobody is known"]);
    refuses(folder, &["erase", ADA, "--data", "shop"], &["Nothing was erased", "--yes"]);
    assert_eq!(asked(folder, &["erase", ADA, "--dry-run"]), json!({ "identities": 1, "interactions": 2 }));
    let receipt = asked(folder, &["erase", ADA, "--yes"]);
    assert_eq!((&receipt["removed"]["interactions"], &receipt["removed"]["identities"]), (&json!(2), &json!(1)));
    assert_eq!(asked(folder, &["erase", "--receipts"]), json!([receipt]));
    fs::write(folder.join("receipt.json"), receipt.to_string()).expect("writes");
    works(folder, &["erase", "--verify", "receipt.json", "--data", "shop"]);
    fs::write(folder.join("forged.json"), receipt.to_string().replace("\"interactions\":2", "\"interactions\":3"))
        .expect("writes");
    refuses(folder, &["erase", "--verify", "forged.json", "--data", "shop"], &["not written here"]);
    // The same file once more: who was erased stays erased.
    assert_eq!(import(folder)["added"], json!(0));
    assert_eq!(works(folder, &["export", "interactions", "--data", "shop"]).lines().count(), 1);
}

#[test]
fn a_person_reads_what_we_hold() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    shop(folder);
    let dossier: Value = serde_json::from_str(&works(folder, &["export", "person", ADA, "--data", "shop"])).expect("is JSON");
    assert_eq!(dossier["identities"][0]["value"], json!("ada@example.org"));
    assert_eq!(dossier["interactions"].as_array().map(Vec::len), Some(2));
    assert!(!dossier.to_string().contains("bob"));
    refuses(folder, &["export", "person", "email:eve@example.org", "--data", "shop"], &["Nobody is known"]);
}

#[test]
fn consent_is_given_and_taken_back() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    shop(folder);
    assert_eq!(asked(folder, &["consent", ADA]), json!({}));
    assert_eq!(asked(folder, &["consent", ADA, "--give", "contact", "--proof", "paper"]), json!({ "contact": true }));
    let both = asked(folder, &["consent", ADA, "--withdraw", "contact", "--give", "measure"]);
    assert_eq!(both, json!({ "contact": false, "measure": true }));
    refuses(folder, &["consent", ADA, "--give", "sell", "--data", "shop"], &["sell", "measure"]);
    refuses(folder, &["consent", ADA, "--give", "contact", "--withdraw", "contact", "--data", "shop"], &["at once"]);
}

#[test]
fn who_is_restricted_counts_in_no_analysis() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    shop(folder);
    let people = || {
        let reports = asked(folder, &["analyze", "map"]);
        reports[0]["totals"]["people"].clone()
    };
    assert_eq!(people(), json!(2));
    assert_eq!(asked(folder, &["restrict", ADA, "--note", "disputes"]), json!({ "identities": 1 }));
    assert_eq!(people(), json!(1));
    asked(folder, &["restrict", ADA, "--lift"]);
    assert_eq!(people(), json!(2));
}

/// The points at which an erasure may break off.
const POINTS: [&str; 8] = [
    "erase::noted",
    "erase::listed",
    "erase::written",
    "ledger::commit",
    "ledger::committed",
    "erase::cleared",
    "erase::forgotten",
    "erase::scrubbed",
];

#[test]
fn an_erasure_that_broke_off_is_ended_at_the_next_start() {
    for point in POINTS {
        let folder = tempfile::tempdir().expect("folder");
        let folder = folder.path();
        shop(folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
        command.current_dir(folder).env("TOUCHLINE_FAILPOINTS", format!("{point}=return"));
        let ended = command.args(["erase", ADA, "--data", "shop", "--yes"]).output().expect("runs");
        assert!(!ended.status.success() && ended.status.code().is_none(), "{point} does not end the process: {ended:?}");
        // Any command that opens the directory ends the erasure first.
        let left = works(folder, &["export", "interactions", "--personal", "--data", "shop"]);
        assert!(left.lines().count() == 1 && left.contains("bob@example.org"), "{point}: {left}");
        let receipts = asked(folder, &["erase", "--receipts"]);
        assert_eq!(receipts.as_array().map(Vec::len), Some(1), "{point}: {receipts}");
        assert_eq!(receipts[0]["removed"]["interactions"], json!(2), "{point}: {receipts}");
        let said = touchline(folder, &["erase", ADA, "--data", "shop", "--yes"]);
        assert!(said.err.contains("Nobody is known"), "{point}: {said:?}");
        assert_eq!(import(folder)["added"], json!(0), "{point}");
    }
}
