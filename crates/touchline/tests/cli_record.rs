//! `touchline record`, as a person uses it.

mod common;

use common::{refuses, works};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn an_entry_reaches_the_ledger_once_and_can_be_corrected() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    works(at, &["init", "--data", "shop", "--template", "shop"]);
    let meeting = [
        "record",
        "meeting",
        "--data",
        "shop",
        "--who",
        "email:ann@example.org",
        "--who",
        "customer:42",
        "--id",
        "m1",
        "--at",
        "2025-11-24 10:30",
        "--outcome",
        "signed",
        "--value",
        "1200 EUR",
        "--place",
        "fair",
    ];
    assert!(works(at, &meeting).starts_with("Recorded as `m1`"));
    assert!(works(at, &meeting).contains("recorded before"));
    works(at, &["record", "correction", "--data", "shop", "--corrects", "m1", "--value", "-200 EUR"]);
    let exported = works(at, &["export", "interactions", "--data", "shop", "--format", "json"]);
    let rows: Vec<serde_json::Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 3, "{exported}");
    let signed = rows.iter().find(|row| row["event"] == "signed").expect("the outcome");
    assert_eq!((&signed["form"], &signed["source"]), (&"purchase".into(), &"by-hand".into()));
    assert_eq!(signed["known_by"], serde_json::json!(["customer", "email"]));
    refuses(at, &["record", "call", "--data", "shop", "--who", "ann"], &["email:ann@example.org"]);
    refuses(at, &["record", "call", "--data", "shop", "--at", "2125-01-01T00:00:00Z"], &["lies in the future"]);
}

#[test]
fn a_note_is_read_from_standard_input_and_never_kept_in_the_clear() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "shop", "--template", "shop"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.current_dir(folder.path()).args(["record", "call", "--data", "shop", "--who", "phone:1", "--note", "-"]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("runs");
    running.stdin.take().expect("is open").write_all(b"the-secret-note").expect("writes");
    assert!(running.wait_with_output().expect("ends").status.success());
    let exported = works(folder.path(), &["export", "interactions", "--data", "shop", "--format", "json", "--personal"]);
    assert!(exported.contains("\"call\"") && !exported.contains("the-secret-note"), "{exported}");
}

#[test]
fn an_entry_at_a_touchpoint_that_the_map_lacks_is_kept_and_told() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    works(at, &["init", "--data", "a", "--template", "shop"]);
    let map = works(at, &["map", "export", "--data", "a", "--format", "json"]);
    let map: serde_json::Value = serde_json::from_str(&map).expect("is JSON");
    let known = map["touchpoints"][0]["id"].as_str().expect("has an id").to_owned();
    let said = |touchpoint: &str| works(at, &["record", "call", "--data", "a", "--who", "user:1", "--touchpoint", touchpoint]);
    assert!(!said(&known).contains("The map has no"), "{known} is known");
    let told = said(&format!("{known}x"));
    assert!(told.starts_with("Recorded") && told.contains(&format!("Did you mean `{known}`?")), "{told}");
}
