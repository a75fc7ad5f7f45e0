//! What arrived last, for whoever looks whether anything does: the last few interactions and refusals, without any text that
//! somebody wrote and without names. Memory only, and bounded; what it forgets is in the ledger or in quarantine.

use super::{Capture, Delivery};
use crate::features::account::Who;
use crate::platform::http::{Problem, Refusal, Stopping};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use model::{Direction, Flags, Form, Instant, Signature};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many are remembered: more than a screen shows, and enough to come back to after a break of the line.
const REMEMBERED_MAX: usize = 500;
/// Of one delivery so many are shown: a batch of thousands must not push everything else out, nor cost time to tell of.
const OF_DELIVERY_MAX: usize = 5;
/// Of what comes faster than anybody reads, a page is told this often.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// A page is let go after so long, and comes again by itself: so a session that has ended ends here too.
const LASTS_MAX: Duration = Duration::from_secs(600);
/// So many pages may listen at once.
const LISTENERS_MAX: usize = 100;

/// Is something that arrived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Arrived {
    /// Its place among all that arrived since the server started.
    number: u64,
    /// When it came, in microseconds since 1970.
    received: i64,
    /// The source that sent it.
    source: String,
    /// The wire format it came in.
    format: String,
    /// What happened; none: it was refused.
    form: Option<Form>,
    /// Who spoke to whom.
    direction: Option<Direction>,
    /// By what it is recognised.
    signal: Option<Signature>,
    /// The kinds of names it came with, such as `email`.
    names: Vec<String>,
    /// A number that finds the person; none: nobody known.
    person: Option<String>,
    /// What it was worth, in minor units.
    value: Option<i64>,
    /// The currency of that.
    currency: Option<String>,
    /// Whether a machine sent it.
    is_bot: bool,
    /// Why it was refused: a code, and a sentence that quotes nothing of it.
    refused: Option<super::Reason>,
    /// How many more came with it that are not shown one by one.
    more: usize,
}

impl Arrived {
    /// Says what all of a delivery have in common.
    fn of(delivery: &Delivery, received: Instant) -> Self {
        Self {
            number: 0,
            received: received.0,
            source: delivery.source.clone(),
            format: delivery.format.to_owned(),
            form: None,
            direction: None,
            signal: None,
            names: Vec::new(),
            person: None,
            value: None,
            currency: None,
            is_bot: false,
            refused: None,
            more: 0,
        }
    }
}

/// Says with the first one how many more came.
fn with_more(mut told: Vec<Arrived>, more: usize) -> Vec<Arrived> {
    if let Some(first) = told.first_mut() {
        first.more = more;
    }
    told
}

/// Remembers what arrived. Clones share it.
#[derive(Clone)]
pub(super) struct Recent {
    remembered: Arc<Mutex<Remembered>>,
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct Remembered {
    last: u64,
    arrived: VecDeque<Arrived>,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { remembered: Arc::default(), news: watch::channel(0).0 }
    }

    /// Notes of a delivery what is worth telling, before it is taken apart.
    pub(super) fn glimpse(delivery: &Delivery, received: Instant) -> Vec<Arrived> {
        let shown = delivery.arrivals.len().saturating_sub(OF_DELIVERY_MAX);
        let taken = delivery.arrivals[shown..].iter().map(|arrival| {
            let is_nobody = arrival.flags.has(Flags::EPHEMERAL);
            let names = arrival.identities.iter().filter(|_| !is_nobody);
            Arrived {
                form: Some(arrival.form),
                direction: Some(arrival.direction),
                signal: Some(arrival.signature.clone()),
                person: names.clone().next().map(|name| name.actor().to_string()),
                names: names.map(|name| name.namespace.clone()).collect(),
                value: arrival.value,
                currency: arrival.currency.map(|currency| currency.code().to_owned()),
                is_bot: arrival.flags.has(Flags::BOT),
                ..Arrived::of(delivery, received)
            }
        });
        with_more(taken.collect(), shown)
    }

    /// Notes which events of a delivery were refused.
    pub(super) fn refusals(delivery: &Delivery, received: Instant) -> Vec<Arrived> {
        let shown = delivery.refused.len().saturating_sub(OF_DELIVERY_MAX);
        let refused = delivery.refused[shown..].iter();
        let refused = refused.map(|event| Arrived { refused: Some(event.reason.clone()), ..Arrived::of(delivery, received) });
        with_more(refused.collect(), shown)
    }

    /// Remembers what has become durable.
    pub(super) fn tell(&self, arrived: Vec<Arrived>) {
        if arrived.is_empty() {
            return;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        for mut one in arrived {
            remembered.last += 1;
            one.number = remembered.last;
            remembered.arrived.push_back(one);
        }
        let beyond = remembered.arrived.len().saturating_sub(REMEMBERED_MAX);
        remembered.arrived.drain(..beyond);
        let last = remembered.last;
        drop(remembered);
        self.news.send_replace(last);
    }

    /// Returns what came after a number, as far as it is remembered.
    fn after(&self, number: u64) -> Vec<Arrived> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        // A number of before the server started anew is none of ours.
        let number = if number > remembered.last { 0 } else { number };
        remembered.arrived.iter().filter(|one| one.number > number).cloned().collect()
    }
}

/// Is what the routes need.
#[derive(Clone)]
struct Window {
    recent: Recent,
    places: Arc<Semaphore>,
}

/// Returns the routes.
pub fn routes(capture: &Capture) -> OpenApiRouter {
    let window = Window { recent: capture.recent().clone(), places: Arc::new(Semaphore::new(LISTENERS_MAX)) };
    OpenApiRouter::new().routes(routes!(recent)).routes(routes!(live)).with_state(window)
}

/// Lists what arrived last, the earliest first.
#[utoipa::path(get, path = "/api/capture/recent", tag = "capture", responses(
    (status = 200, body = Vec<Arrived>),
    (status = 401, body = Problem),
))]
async fn recent(State(window): State<Window>, _: Extension<Who>) -> Json<Vec<Arrived>> {
    Json(window.recent.after(0))
}

/// Tells, as server-sent events named `arrived`, what arrives: lists of what `GET /api/capture/recent` describes. The id of
/// an event is the number of the last one in it; who comes back with it misses nothing that is still remembered.
#[utoipa::path(get, path = "/api/capture/live", tag = "capture", responses(
    (status = 200, body = serde_json::Value, content_type = "text/event-stream"),
    (status = 401, body = Problem),
    (status = 503, description = "Too many pages listen.", body = Problem),
))]
async fn live(State(window): State<Window>, headers: HeaderMap, stopping: Stopping) -> Result<Response, Refusal> {
    let place = Arc::clone(&window.places).try_acquire_owned();
    let place = place.map_err(|_| Refusal::unavailable("Too many pages listen", "Close some"))?;
    let told = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    let news = window.recent.news.subscribe();
    let listener =
        Listener { recent: window.recent, news, told, stopping, until: time::Instant::now() + LASTS_MAX, _place: place };
    let events = stream::unfold(listener, async |mut listener| {
        let arrived = listener.next().await?;
        let data = serde_json::to_string(&arrived).unwrap_or_else(|_| "[]".to_owned());
        Some((Ok::<_, Infallible>(Event::default().event("arrived").id(listener.told.to_string()).data(data)), listener))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Is one page that listens.
struct Listener {
    recent: Recent,
    news: watch::Receiver<u64>,
    told: u64,
    stopping: Stopping,
    until: time::Instant,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Waits for something that was not told yet; `None` when it is time to go.
    async fn next(&mut self) -> Option<Vec<Arrived>> {
        loop {
            self.news.borrow_and_update();
            let arrived = self.recent.after(self.told);
            if let Some(last) = arrived.last() {
                self.told = last.number;
                return Some(arrived);
            }
            tokio::select! {
                changed = self.news.changed() => changed.ok()?,
                () = time::sleep_until(self.until) => return None,
                () = self.stopping.begun() => return None,
            }
            time::sleep(TELL_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Refused;
    use super::*;
    use crate::tell;
    use model::{Arrival, Identity};

    fn delivery(arrivals: usize, refused: usize) -> Delivery {
        let arrival = |number: usize| Arrival {
            identities: vec![Identity::new("email", "ada@example.org").expect("not blank")],
            text: Some("between us".to_owned()),
            ..Arrival::new(number.to_be_bytes().to_vec(), Signature::default(), Instant(1), Form::Visit, Direction::Inbound)
        };
        let event = |position| Refused {
            position,
            reason: tell!(no_event, "It has no event", fields = ["event"]),
            raw: b"secret".to_vec(),
        };
        Delivery {
            source: "site".to_owned(),
            format: "segment",
            arrivals: (0..arrivals).map(arrival).collect(),
            refused: (0..refused).map(event).collect(),
            ..Delivery::default()
        }
    }

    fn glimpse(arrivals: usize, refused: usize) -> Vec<Arrived> {
        let delivery = delivery(arrivals, refused);
        [Recent::glimpse(&delivery, Instant(7)), Recent::refusals(&delivery, Instant(7))].concat()
    }

    #[test]
    fn a_glimpse_is_short_and_holds_nothing_personal() {
        for (arrivals, refused, shown, more) in [(0, 0, 0, 0), (1, 0, 1, 0), (5, 1, 6, 0), (900, 7, 10, 897)] {
            let told = glimpse(arrivals, refused);
            assert_eq!((told.len(), told.iter().map(|one| one.more).sum::<usize>()), (shown, more));
            let written = serde_json::to_string(&told).expect("is JSON");
            for personal in ["ada@", "between us", "secret"] {
                assert!(!written.contains(personal), "{written}");
            }
        }
    }

    #[test]
    fn who_comes_back_misses_nothing_that_is_remembered() {
        let recent = Recent::new();
        recent.tell(glimpse(3, 0));
        assert_eq!(recent.after(0).iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3]);
        recent.tell(glimpse(2, 0));
        assert_eq!(recent.after(3).iter().map(|one| one.number).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(recent.after(5), []);
        assert_eq!(recent.after(99).len(), 5, "a number of an earlier server");
        (0..REMEMBERED_MAX).for_each(|_| recent.tell(glimpse(1, 0)));
        assert_eq!(recent.after(0).len(), REMEMBERED_MAX);
    }
}
