//! A data directory for tests of routes, which run as tasks, while a [`Home`] lives on ordinary threads.

use std::thread;
use touchline::features::Site;
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
