//! `touchline serve`, as a person uses it.

mod common;
mod server;

use common::{refuses, touchline, works};
use server::Server;

#[test]
fn the_link_signs_in_and_a_signal_stops() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let server = Server::start(folder.path(), &[]);
    assert!(server.ask("GET /api/map HTTP/1.1\n\n").starts_with("HTTP/1.1 401"));
    assert!(server.sign_in().starts_with("HTTP/1.1 200"));
    assert!(server.sign_in().starts_with("HTTP/1.1 401"), "the link works once");
    refuses(folder.path(), &["map", "show", "--data", "a"], &["in use by another process", "Stop that process"]);
    assert!(server.stop(), "a signal is an ordinary end");
    works(folder.path(), &["map", "show", "--data", "a"]);
    let again = Server::start(folder.path(), &[]);
    assert_eq!(again.link, None, "somebody is signed in");
    assert!(again.stop());
    let again = Server::start(folder.path(), &["--link"]);
    assert!(again.sign_in().starts_with("HTTP/1.1 200"));
    assert!(again.stop());
}

#[test]
fn a_proxy_address_is_used_in_links() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let server = Server::start(folder.path(), &["--url", "https://map.example.org/"]);
    assert!(server.link.as_deref().expect("has a link").starts_with("https://map.example.org/#token="));
    assert!(server.stop());
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    refuses(folder.path(), &["serve", "--data", "gone"], &["no data directory", "touchline init"]);
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    refuses(folder.path(), &["serve", "--data", "a", "--url", "map.example.org"], &["no address", "https://"]);
    refuses(folder.path(), &["serve", "--data", "a", "--bind", "here"], &["--bind"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("has one").to_string();
    let said = touchline(folder.path(), &["serve", "--data", "a", "--bind", &address]);
    assert!(!said.ok && said.err.contains("Cannot listen") && said.err.contains("--bind"), "{said:?}");
}

#[test]
fn an_empty_folder_becomes_a_data_directory() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("a")).expect("makes a folder");
    let server = Server::start(folder.path(), &[]);
    assert!(server.sign_in().starts_with("HTTP/1.1 200"));
    refuses(folder.path(), &["map", "unmapped", "--data", "a"], &["There is no map yet", "touchline map apply"]);
    assert!(server.stop());
    refuses(folder.path(), &["map", "show", "--data", "a"], &["There is no map"]);
}

#[test]
fn rules_are_changed_beside_a_running_server() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let server = Server::start(folder.path(), &[]);
    let bind = ["map", "bind", "lunch-mail", "--data", "a", "--event", "Lunch mail read", "--format", "json"];
    let done: serde_json::Value = serde_json::from_str(&works(folder.path(), &bind)).expect("is JSON");
    assert_eq!(done["version"], 2);
    assert!(server.stop());
    let map: serde_json::Value = serde_json::from_str(&works(folder.path(), &["map", "export", "--data", "a"])).expect("is JSON");
    assert_eq!(map["rules"][0]["signal"]["event"], "Lunch mail read");
}
