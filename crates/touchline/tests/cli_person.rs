//! `touchline person`, as a person uses it: without a server, and beside one.

mod common;
mod server;

use common::{refuses, works};
use serde_json::{Value, json};
use server::Server;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn asked(folder: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--data", "a", "--format", "json"]).collect();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

/// Runs a command that is told something on standard input.
fn told(folder: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.current_dir(folder).args(args).args(["--data", "a"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().expect("runs");
    running.stdin.take().expect("is open").write_all(input.as_bytes()).expect("writes");
    let output = running.wait_with_output().expect("ends");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("speaks UTF-8")
}

/// Makes a directory in which Ada called, with a note, came to a shop and wrote; and somebody has the same address.
fn shop(folder: &Path) {
    works(folder, &["init", "--data", "a", "--template", "shop"]);
    told(folder, &["record", "call", "--who", "phone:555", "--at", "2025-11-24 09:00", "--note", "-"], "wants green tea");
    let met = |form: &str, at: &str, who: &[&str]| {
        let who = who.iter().flat_map(|who| ["--who", who]);
        works(folder, &["record", form, "--data", "a", "--at", at].into_iter().chain(who).collect::<Vec<_>>());
    };
    met("visit", "2025-11-25 09:00", &["user:7", "phone:555"]);
    met("letter", "2025-11-26 09:00", &["user:7"]);
    met("visit", "2025-11-26 10:00", &["user:7", "email:ada@example.org"]);
    met("visit", "2025-11-26 11:00", &["user:8", "email:ada@example.org"]);
}

/// Returns the number of the only person with a value.
fn person(folder: &Path, value: &str) -> String {
    let found = asked(folder, &["person", "find", value]);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    found[0]["person"].as_str().expect("has a number").to_owned()
}

/// Returns what happened with somebody, the latest first.
fn forms(folder: &Path, value: &str) -> Vec<String> {
    let shown = asked(folder, &["person", "show", &person(folder, value)]);
    let met = shown["timeline"]["interactions"].as_array().expect("is a list");
    met.iter().map(|met| met["form"].as_str().expect("is a word").to_owned()).collect()
}

fn check(folder: &Path) {
    let number = person(folder, "7");
    assert_eq!(number, person(folder, "555"), "one person over both channels");
    let shown = works(folder, &["person", "show", &number, "--data", "a"]);
    for part in ["user:7", "phone:555", "call", "letter", "wants green tea"] {
        assert!(shown.contains(part), "`{part}` is not in: {shown}");
    }
    let page = asked(folder, &["person", "show", &number, "--limit", "1"]);
    let timeline = &page["timeline"];
    let next = timeline["next"].as_str().expect("there is more");
    let rest = asked(folder, &["person", "show", &number, "--after", next]);
    let count = |timeline: &Value| timeline["interactions"].as_array().map_or(0, Vec::len);
    assert_eq!(count(timeline) + count(&rest["timeline"]), timeline["count"].as_u64().expect("is a number") as usize);
    let before = asked(folder, &["person", "show", &number, "--as-known", "2020-01-01"]);
    assert_eq!((before["identities"].as_array().map(Vec::len), &before["timeline"]), (Some(1), &Value::Null));

    let why = works(folder, &["person", "explain", "phone:555", "user:7", "--data", "a"]);
    assert!(why.starts_with("They are one person:") && why.contains("seen together"), "{why}");
    assert!(told(folder, &["person", "explain", "-"], "user:7\nuser:8\n").starts_with("They are two people."));

    // One address, two accounts: nobody is joined silently; somebody decides, and takes it back.
    assert_eq!(asked(folder, &["person", "review"])["count"], 1);
    assert!(works(folder, &["person", "review", "--data", "a"]).contains("both hold a name of which a person has one"));
    let merged = asked(folder, &["person", "merge", "user:7", "user:8"])["decision"].as_i64().expect("was decided");
    assert_eq!(person(folder, "7"), person(folder, "8"));
    assert_eq!(works(folder, &["person", "merge", "user:7", "user:8", "--data", "a"]).trim(), "They are one person already.");
    assert!(works(folder, &["person", "undo", &merged.to_string(), "--data", "a"]).starts_with("Decided."));
    assert_ne!(person(folder, "7"), person(folder, "8"));
    refuses(folder, &["person", "undo", &merged.to_string(), "--data", "a"], &["no decision"]);

    let whole = forms(folder, "7");
    let split = asked(folder, &["person", "split", "user:7", "phone:555"])["decision"].as_i64().expect("was decided");
    assert_ne!(person(folder, "7"), person(folder, "555"));
    assert_eq!(forms(folder, "555"), ["call"], "the call is of nobody else");
    works(folder, &["person", "undo", &split.to_string(), "--data", "a"]);
    assert_eq!(forms(folder, "7"), whole, "everything is as before");

    let nobody = asked(folder, &["person", "nobody", "email:ada@example.org"])["decision"].as_i64().expect("was decided");
    works(folder, &["person", "undo", &nobody.to_string(), "--data", "a"]);
    let large = asked(folder, &["person", "large", "user:7"])["decision"].as_i64().expect("was decided");
    works(folder, &["person", "undo", &large.to_string(), "--data", "a"]);
    let decisions = works(folder, &["person", "decisions", "--data", "a"]);
    for line in ["merge user:7 user:8", "split user:7 phone:555", "nobody email:ada@example.org", "large user:7", "undo 1"] {
        assert!(decisions.contains(line), "`{line}` is not in: {decisions}");
    }
}

#[test]
fn people_are_shown_explained_and_decided_while_no_server_runs() {
    let folder = tempfile::tempdir().expect("folder");
    shop(folder.path());
    check(folder.path());
}

#[test]
fn people_are_shown_explained_and_decided_beside_a_server() {
    let folder = tempfile::tempdir().expect("folder");
    shop(folder.path());
    let server = Server::start(folder.path(), &[]);
    check(folder.path());
    assert!(server.stop());
}

#[test]
fn what_is_no_person_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "shop"]);
    assert_eq!(works(folder, &["person", "find", "nobody@example.org", "--data", "a"]).trim(), "Nobody is known by that.");
    refuses(folder, &["person", "show", "ada", "--data", "a"], &["Nobody is known by that", "email:ada@example.org"]);
    refuses(folder, &["person", "explain", "ada", "user:7", "--data", "a"], &["NAMESPACE:VALUE"]);
    refuses(folder, &["person", "merge", "user:7", "--data", "a"], &["Two identities"]);
    refuses(folder, &["person", "show", "0000000000000001", "--as-known", "soon", "--data", "a"], &["no date", "2026-05-31"]);
    assert_eq!(asked(folder, &["person", "decisions"]), json!([]));
}
