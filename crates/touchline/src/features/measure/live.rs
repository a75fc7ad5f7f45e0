//! News for open pages: the version of what reports stand on, whenever it changes. A page that hears of it asks again.

use super::reports::Reports;
use crate::platform::http::{Problem, Refusal, Stopping};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time;

/// How often the stores are looked at; looking is reading three numbers.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A page is let go after so long, and comes again by itself: so a session that has ended ends here too.
const LASTS_MAX: Duration = Duration::from_secs(600);
/// So many pages may listen at once.
const LISTENERS_MAX: usize = 200;

/// Is what the route needs.
#[derive(Clone)]
pub(super) struct Live {
    reports: Reports,
    places: Arc<Semaphore>,
}

impl Live {
    pub(super) fn new(reports: Reports) -> Self {
        Self { reports, places: Arc::new(Semaphore::new(LISTENERS_MAX)) }
    }
}

/// Tells, as server-sent events named `analysis`, the version of what reports stand on: at once, and when it changes.
#[utoipa::path(get, path = "/api/live", tag = "measure", responses(
    (status = 200, body = serde_json::Value, content_type = "text/event-stream"),
    (status = 401, body = Problem),
    (status = 503, description = "Too many pages listen.", body = Problem),
))]
pub(super) async fn live(State(live): State<Live>, stopping: Stopping) -> Result<Response, Refusal> {
    let place = Arc::clone(&live.places).try_acquire_owned();
    let place = place.map_err(|_| Refusal::unavailable("Too many pages listen", "Close some, or ask for the report itself"))?;
    let listener =
        Listener { reports: live.reports, stopping, told: None, until: time::Instant::now() + LASTS_MAX, _place: place };
    let news = stream::unfold(listener, async |mut listener| {
        let version = listener.news().await?;
        Some((Ok::<_, Infallible>(Event::default().event("analysis").data(version)), listener))
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::default()).into_response())
}

/// Is one page that listens.
struct Listener {
    reports: Reports,
    stopping: Stopping,
    /// The version that it was told last.
    told: Option<String>,
    until: time::Instant,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Waits for a version that was not told yet; `None` when it is time to go.
    async fn news(&mut self) -> Option<String> {
        loop {
            let version = self.reports.basis().to_string();
            if self.told.as_ref() != Some(&version) {
                self.told = Some(version.clone());
                return Some(version);
            }
            tokio::select! {
                () = time::sleep(LOOK_EVERY) => {}
                () = time::sleep_until(self.until) => return None,
                () = self.stopping.begun() => return None,
            }
        }
    }
}
