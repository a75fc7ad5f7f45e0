//! Runs the built binary as a server on the directory `a`, and talks to it.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Is a running server; it is ended when the test is over.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    pub(crate) link: Option<String>,
}

impl Server {
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        Self::start_with(folder, args, "").expect("says where it is")
    }

    /// Starts one with failpoints set; `None` when one of them was reached before the server was ready.
    pub(crate) fn start_with(folder: &Path, args: &[&str], failpoints: &str) -> Option<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_touchline"))
            .current_dir(folder)
            .env("TOUCHLINE_FAILPOINTS", failpoints)
            .args(["serve", "--data", "a", "--bind", "127.0.0.1:0", "--format", "json"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("has output")).read_line(&mut line).expect("reads");
        if line.is_empty() && !failpoints.is_empty() {
            child.wait().expect("ends");
            return None;
        }
        let said: serde_json::Value = serde_json::from_str(&line).expect("is JSON");
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Some(Self { child, address: text(&said["address"]).expect("has an address"), link: text(&said["link"]) })
    }

    /// Sends a request and returns the whole answer.
    pub(crate) fn ask(&self, request: &str) -> String {
        self.try_ask(request).expect("answers")
    }

    /// Sends a request to a server that may have ended.
    pub(crate) fn try_ask(&self, request: &str) -> std::io::Result<String> {
        let host = self.address.strip_prefix("http://").expect("is plain");
        let mut stream = TcpStream::connect(host)?;
        let request = request.replacen('\n', &format!("\nHost: {host}\nConnection: close\n"), 1).replace('\n', "\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    pub(crate) fn sign_in(&self) -> String {
        let (_, token) = self.link.as_deref().expect("has a link").split_once("/#token=").expect("has a token");
        let body = format!("{{\"token\":\"{token}\"}}");
        let length = body.len();
        self.ask(&format!("POST /api/session HTTP/1.1\nContent-Type: application/json\nContent-Length: {length}\n\n{body}"))
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("is killed");
        self.child.wait().expect("ends");
    }

    /// Tells whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("asks").is_some()
    }

    /// Waits until the process ends by itself; tells whether it says that all was well.
    pub(crate) fn ends_well(&mut self) -> bool {
        self.child.wait().expect("ends").success()
    }

    pub(crate) fn stop(mut self) -> bool {
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
