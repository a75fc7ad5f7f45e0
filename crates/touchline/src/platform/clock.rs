//! Time is passed in, never taken: a test turns its own clock.

use model::Instant;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Returns the clock of this machine.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the clock of the platform")]
pub fn system() -> Clock {
    Arc::new(|| match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)),
        // A clock that stands before 1970 is wrong, but not a reason to stop.
        Err(_) => Instant(0),
    })
}
