//! How a command reaches the routes of a data directory: in its own process where nobody holds the directory, through
//! the console of the server that holds it otherwise. So every such command works in both cases, and does the same.

use super::Data;
use crate::failure::{Failure, Result};
use crate::features::{Site, console as routes};
use crate::platform::clock::system;
use crate::platform::console;
use crate::platform::home::{Home, Stores};
use crate::platform::http::Problem;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, header};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::future::poll_fn;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::pin;
use tower::ServiceExt;

/// Is an answer's largest part that is read at once, so that a broken server cannot fill the memory: lines of long
/// work are short, and lists are pages.
const ANSWER_MAX: u64 = 64 << 20;

/// Is a data directory within reach.
pub(super) enum Reach {
    /// Nobody held it: we do now.
    Here {
        /// Holds the lock.
        home: Home,
        /// The routes.
        routes: Router,
    },
    /// A server holds it, and answers at the console of this directory.
    There(PathBuf),
}

impl Data {
    /// Reaches the data directory.
    ///
    /// # Errors
    /// Fails when it is none, or is held by a process without a console.
    pub(super) fn reach(&self) -> Result<Reach> {
        self.reach_by(Site::open)
    }

    /// Reaches it for an analysis, which seldom needs to know who is who.
    ///
    /// # Errors
    /// As [`Data::reach`].
    pub(super) fn reach_to_read(&self) -> Result<Reach> {
        self.reach_by(Site::open_to_read)
    }

    fn reach_by(&self, open: fn(Stores, bool) -> Result<Site>) -> Result<Reach> {
        if console::connect(&self.dir).is_some() {
            return Ok(Reach::There(self.dir.clone()));
        }
        let home = Home::open(&self.dir, system())?;
        let site = open(home.stores(), false)?;
        Ok(Reach::Here { home, routes: routes(&site) })
    }
}

impl Reach {
    /// Asks a route and returns its answer.
    ///
    /// # Errors
    /// Says what the route says.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.follow(method, path, body, &mut |_, _| {})
    }

    /// Asks a route for long work, with a bar on standard error where that is a terminal.
    ///
    /// # Errors
    /// Says what the route says.
    pub(super) fn wait(&self, what: &str, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let style = ProgressStyle::with_template("{msg} {bar:30} {percent} %  {eta} left");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        let answer = self.follow(method, path, body, &mut |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        // Lines may end anywhere without a sign of it; only the last one has the result.
        answer?.get_mut("result").map(Value::take).ok_or_else(broken)
    }

    fn follow(&self, method: &str, path: &str, body: Option<&Value>, progress: &mut dyn FnMut(u64, u64)) -> Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut reading = Reading { text: Vec::new(), progress };
        let status = match self {
            Self::Here { home, routes } => here(home, routes, method, path, body, &mut reading)?,
            Self::There(dir) => {
                let stream =
                    console::connect(dir).ok_or_else(|| Failure::new("The server has just stopped").hint("Try again"))?;
                there(stream, method, path, &body, &mut reading).map_err(|error| broken().because(&error))?
            }
        };
        reading.end(status)
    }
}

fn broken() -> Failure {
    Failure::new("The server did not finish its answer").hint("Read the server's log, which says why")
}

/// Asks the routes in this process.
fn here(home: &Home, routes: &Router, method: &str, path: &str, body: String, reading: &mut Reading<'_>) -> Result<u16> {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    let request =
        request.body(Body::from(body)).map_err(|error| Failure::new(format!("Cannot ask for {path}")).because(&error))?;
    home.block_on(async {
        let Ok(response) = routes.clone().oneshot(request).await;
        let status = response.status().as_u16();
        let mut body = pin!(response.into_body());
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.map_err(|error| broken().because(&error))?;
            if let Ok(bytes) = frame.into_data() {
                reading.take(&bytes);
            }
        }
        Ok(status)
    })
}

/// Asks a server through its socket. HTTP 1.0, for its answers end with the connection and are not cut into pieces.
fn there(stream: UnixStream, method: &str, path: &str, body: &str, reading: &mut Reading<'_>) -> std::io::Result<u16> {
    let mut writing = &stream;
    write!(
        writing,
        "{method} {path} HTTP/1.0\r\nHost: console\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = BufReader::new(stream.take(ANSWER_MAX));
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("that is no answer of ours"))?;
    while line.trim_end() != "" {
        line.clear();
        answer.read_line(&mut line)?;
    }
    let mut part = Vec::new();
    while answer.read_until(b'\n', &mut part)? > 0 {
        reading.take(&part);
        part.clear();
    }
    Ok(status)
}

/// Collects an answer; lines that only tell how far it is are passed on at once.
struct Reading<'a> {
    text: Vec<u8>,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Reading<'_> {
    fn take(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Option<Value> = serde_json::from_slice(&self.text[..end]).ok();
            let Some((done, of)) = line.and_then(|line| Some((line["done"].as_u64()?, line["of"].as_u64()?))) else { return };
            (self.progress)(done, of);
            self.text.drain(..=end);
        }
    }

    /// Returns what the answer says at its end.
    fn end(self, status: u16) -> Result<Value> {
        let value = match self.text.as_slice() {
            [] => Value::Null,
            text => serde_json::from_slice(text).map_err(|error| broken().because(&error))?,
        };
        let problem = if status >= 400 { Some(value.clone()) } else { value.get("problem").cloned() };
        if let Some(problem) = problem {
            let problem: Problem = serde_json::from_value(problem).map_err(|error| broken().because(&error))?;
            return Err(Failure { what: problem.what, because: problem.because, hint: problem.hint, telling: problem.telling });
        }
        Ok(value)
    }
}

/// Writes a text as one part of a path or query.
pub(super) fn part(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
