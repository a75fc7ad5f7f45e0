//! `touchline backup`, `restore`, `verify` and `compact`, as a person uses them: with and without a server beside them.

mod common;
mod server;

use common::{refuses, touchline, works};
use serde_json::Value;
use server::Server;
use std::fs;
use std::path::Path;

fn json(folder: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

/// Makes a company in `a`, and tells how many interactions it has.
fn company(folder: &Path) -> u64 {
    let made = json(folder, &["demo", "--people", "200", "--data", "a", "--no-serve"]);
    made["interactions"].as_u64().expect("is a number")
}

#[test]
fn what_was_backed_up_is_restored() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    let interactions = company(folder);
    let done = json(folder, &["backup", "--data", "a", "--to", "b"]);
    assert_eq!(done["interactions"], interactions);
    assert!(
        fs::read_dir(folder).expect("lists").all(|entry| !entry.expect("lists").file_name().to_string_lossy().ends_with("draft"))
    );
    assert!(!folder.join("a/.backup").exists(), "no second names stay");
    assert_eq!(json(folder, &["restore", "b", "--data", "c"])["interactions"], interactions);
    let map = |data| works(folder, &["analyze", "map", "--data", data, "--format", "json"]);
    assert_eq!(map("a"), map("c"), "every figure is the same");
    for data in ["a", "c"] {
        let report = json(folder, &["verify", "--data", data]);
        assert_eq!(
            (&report["is_sound"], &report["interactions"], &report["findings"]),
            (&true.into(), &interactions.into(), &Value::Array(vec![]))
        );
    }
    refuses(folder, &["backup", "--data", "a", "--to", "b"], &["there already"]);
    refuses(folder, &["backup", "--data", "a", "--to", "a/b"], &["inside the data directory"]);
    refuses(folder, &["restore", "b", "--data", "c"], &["already"]);
    refuses(folder, &["restore", "a", "--data", "d"], &["is no backup"]);
}

#[test]
fn a_server_backs_up_verifies_and_compacts_itself() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    let interactions = company(folder);
    let server = Server::start(folder, &[]);
    assert_eq!(json(folder, &["backup", "--data", "a", "--to", "b"])["interactions"], interactions);
    let report = json(folder, &["verify", "--data", "a"]);
    assert_eq!((&report["is_sound"], &report["interactions"]), (&true.into(), &interactions.into()));
    let compacted = json(folder, &["compact", "--data", "a"]);
    assert!(compacted["files"].as_u64() <= compacted["files_before"].as_u64(), "{compacted}");
    refuses(folder, &["backup", "--data", "a", "--to", "b"], &["there already"]);
    assert!(server.stop());
    assert_eq!(json(folder, &["verify", "--data", "a"])["interactions"], interactions);
    assert_eq!(json(folder, &["restore", "b", "--data", "c"])["interactions"], interactions);
}

#[test]
fn a_damaged_backup_restores_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    company(folder);
    works(folder, &["backup", "--data", "a", "--to", "b"]);
    let state = folder.join("b/data/state.sqlite");
    let mut bytes = fs::read(&state).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&state, bytes).expect("writes");
    refuses(folder, &["restore", "b", "--data", "c"], &["state.sqlite has another checksum", "another backup"]);
    assert!(!folder.join("c").exists());
}

#[test]
fn damage_is_named_and_the_exit_code_tells() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    company(folder);
    let server = Server::start(folder, &[]);
    let file = fs::read_dir(folder.join("a/ledger/bucket=3")).expect("lists").next().expect("has one").expect("lists").path();
    let mut bytes = fs::read(&file).expect("reads");
    bytes[100] ^= 4;
    fs::write(&file, bytes).expect("writes");
    let check = || {
        let said = touchline(folder, &["verify", "--data", "a"]);
        assert!(!said.ok && said.out.contains("DAMAGED") && said.out.contains("bucket=3"), "{said:?}");
        assert!(said.err.contains("restore the last backup"), "{said:?}");
    };
    check();
    refuses(folder, &["backup", "--data", "a", "--to", "b"], &["is damaged", "touchline verify"]);
    assert!(fs::read_dir(folder).expect("lists").count() == 1, "nothing is left of the backup");
    assert!(server.stop());
    check();
    refuses(folder, &["verify", "--data", "gone"], &["no data directory"]);
}
