//! A data directory for tests of routes, which run as tasks, while a [`Home`] lives on ordinary threads.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use model::Instant;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use touchline::features::Site;
use touchline::features::account::Accounts;
use touchline::platform::clock::Clock;
use touchline::platform::home::Home;

/// Is an open data directory that goes away at the end.
pub(crate) struct Scratch {
    home: Option<Home>,
    dir: tempfile::TempDir,
}

impl Scratch {
    /// Makes one whose clock is turned by the test.
    pub(crate) fn new(clock: Clock) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("data");
        let home = thread::spawn(move || Home::create(&path, clock).expect("is made")).join().expect("ends");
        Self { home: Some(home), dir }
    }

    /// Makes one whose clock stands where the hand does.
    #[allow(dead_code, reason = "not every test turns a clock")]
    pub(crate) fn at(now: i64) -> (Self, Arc<AtomicI64>) {
        let hand = Arc::new(AtomicI64::new(now));
        let shown = Arc::clone(&hand);
        (Self::new(Arc::new(move || Instant(shown.load(Ordering::SeqCst)))), hand)
    }

    /// Returns what the routes need.
    pub(crate) fn site(&self) -> Site {
        let stores = self.home.as_ref().expect("is open").stores();
        let open = move || Site::open(stores, false).expect("opens");
        thread::spawn(open).join().expect("ends")
    }

    /// Returns the folder above the data directory.
    #[allow(dead_code, reason = "not every test looks at the files")]
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }
}

impl Drop for Scratch {
    /// Leaves the open stores to the end of the process: closing them would wait for connections that are given back
    /// by tasks of the test's own runtime, which stands still while this runs.
    fn drop(&mut self) {
        std::mem::forget(self.home.take());
    }
}

/// Signs the owner in and returns the cookie of the session.
#[allow(dead_code, reason = "not every test signs in")]
pub(crate) async fn owner(site: &Site, router: &Router) -> String {
    let accounts = Accounts::new(site.stores.state.clone(), site.stores.clock.clone());
    let token = accounts.invite_owner().await.expect("invites").secret().to_owned();
    let request = Request::post("/api/session").header(header::HOST, "here").header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(json!({ "token": token }).to_string())).expect("a request");
    let answer = tower::ServiceExt::oneshot(router.clone(), request).await.expect("answers");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("has a value").to_owned()
}
