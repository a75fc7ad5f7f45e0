//! `touchline source`, as a person uses it: with and without a server beside it.

mod common;
mod server;

use common::{refuses, works};
use serde_json::Value;
use server::Server;
use std::path::Path;

fn json(folder: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--data", "a", "--format", "json"]).collect();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

/// Walks through the life of a source.
fn check_life(folder: &Path, name: &str, address: &str) {
    let made = json(folder, &["source", "add", name, "--kind", "server"]);
    assert_eq!((&made["name"], &made["kind"]), (&name.into(), &"server".into()));
    let shown = works(folder, &["source", "show", name, "--data", "a"]);
    assert!(shown.contains(made["write_key"].as_str().expect("has a key")), "{shown}");
    let set = json(folder, &["source", "set", name, "ip=truncated", "retention_days=30", "origins=https://a.example.org"]);
    assert_eq!((&set["settings"]["ip"], &set["settings"]["retention_days"]), (&"truncated".into(), &30.into()));
    let set = json(folder, &["source", "set", name, "retention_days=", "gpc=drop"]);
    assert_eq!((&set["settings"]["retention_days"], &set["settings"]["gpc"]), (&Value::Null, &"drop".into()));
    assert_eq!(set["settings"]["ip"], "truncated", "what is not named stays");
    let set = json(folder, &["source", "set", name, "trait_weight=20", "currency=chf"]);
    assert_eq!((&set["settings"]["trait_weight"], &set["settings"]["currency"]), (&20.into(), &"CHF".into()));
    refuses(folder, &["source", "set", name, "trait_weight=101", "--data", "a"], &["at most 100"]);
    refuses(folder, &["source", "set", name, "currency=euros", "--data", "a"], &["euros", "three letters"]);
    let rotated = json(folder, &["source", "rotate", name]);
    assert_ne!(rotated["write_key"], made["write_key"]);
    assert_eq!(rotated["old_keys"], serde_json::json!([made["write_key"]]));
    let snippet = works(folder, &["source", "snippet", name, "--client", "segment-node", "--data", "a"]);
    assert!(snippet.contains(rotated["write_key"].as_str().expect("has a key")) && snippet.contains(address), "{snippet}");
    assert_eq!(json(folder, &["source", "retire", name, "--old-keys"])["old_keys"], serde_json::json!([]));
    let names =
        |list: &Value| list.as_array().expect("is a list").iter().map(|source| source["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&json(folder, &["source", "list"])), ["site".into(), Value::from(name)]);
    works(folder, &["source", "retire", name, "--data", "a"]);
    assert_eq!(names(&json(folder, &["source", "list"])), ["site"]);
    refuses(folder, &["source", "add", name, "--data", "a"], &["There is or was a source", "another name"]);
    refuses(folder, &["source", "show", "sitee", "--data", "a"], &["no source `sitee`", "Did you mean `site`?"]);
    refuses(folder, &["source", "set", "site", "ipp=none", "--data", "a"], &["unknown field `ipp`", "retention_days"]);
    refuses(folder, &["source", "set", "site", "origins=a.example", "--data", "a"], &["no origin", "https://"]);
    refuses(folder, &["source", "set", "site", "ip", "--data", "a"], &["`ip` is no setting", "KEY=VALUE"]);
    refuses(folder, &["source", "snippet", "site", "--client", "segment-nod", "--data", "a"], &["Did you mean `segment-node`?"]);
}

#[test]
fn sources_are_kept_while_no_server_runs() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    check_life(folder.path(), "till", "127.0.0.1:7777");
}

#[test]
fn sources_are_kept_through_the_console_of_a_server() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let server = Server::start(folder.path(), &[]);
    check_life(folder.path(), "till", &server.address);
    assert!(server.stop());
    assert!(!folder.path().join("a/console/socket").exists());
    assert_eq!(json(folder.path(), &["source", "list"]).as_array().map(Vec::len), Some(1));
}
