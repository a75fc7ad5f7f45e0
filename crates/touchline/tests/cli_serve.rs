//! `touchline serve`, as a person uses it.

mod common;

use common::{refuses, touchline, works};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Is a running server; it is ended when the test is over.
struct Server {
    child: Child,
    address: String,
    link: Option<String>,
}

impl Server {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_touchline"))
            .current_dir(folder)
            .args(["serve", "--data", "a", "--bind", "127.0.0.1:0", "--format", "json"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("has output")).read_line(&mut line).expect("reads");
        let said: serde_json::Value = serde_json::from_str(&line).expect("is JSON");
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Self { child, address: text(&said["address"]).expect("has an address"), link: text(&said["link"]) }
    }

    /// Sends a request and returns the whole answer.
    fn ask(&self, request: &str) -> String {
        let host = self.address.strip_prefix("http://").expect("is plain");
        let mut stream = TcpStream::connect(host).expect("connects");
        let request = request.replacen('\n', &format!("\nHost: {host}\nConnection: close\n"), 1).replace('\n', "\r\n");
        stream.write_all(request.as_bytes()).expect("asks");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        answer
    }

    fn sign_in(&self) -> String {
        let (_, token) = self.link.as_deref().expect("has a link").split_once("/#token=").expect("has a token");
        let body = format!("{{\"token\":\"{token}\"}}");
        let length = body.len();
        self.ask(&format!("POST /api/session HTTP/1.1\nContent-Type: application/json\nContent-Length: {length}\n\n{body}"))
    }

    fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("runs").success());
        self.child.wait().expect("ends").success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
