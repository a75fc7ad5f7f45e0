//! The wire formats of other people's clients: only the address in a client changes.
//!
//! A request goes one way, whatever its format: [`request`] receives it within limits, a key names the source, the
//! format turns bytes into a [`Delivery`] (a pure function, no storage), [`Capture`] makes it durable, and [`answer`]
//! tells what became of it. A [`Format`] is what differs; each lives in a file of its own, with its routes and a
//! table of what each event becomes.
//!
//! * [`cors`]: what browsers on other sites need
//! * [`clock`]: when something happened, given clocks that are wrong
//! * [`json`]: reading JSON without trusting it
//! * [`forms`]: what kind of interaction an event is, from its name
//! * [`limits`]: every limit, with its reason

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod clock;
mod cloudevents;
mod cors;
pub(crate) mod forms;
mod jitsu;
pub(crate) mod json;
pub(crate) mod limits;
mod mixpanel;
mod openpanel;
mod pixel;
mod plausible;
mod posthog;
pub(crate) mod properties;
pub(crate) mod request;
mod rudderstack;
mod segment;
mod snowplow;
#[cfg(test)]
pub(crate) mod testing;
mod told;
mod umami;

use super::{Capture, Delivery, ReadAgain, Reason, Refused, Source, Sources};
use crate::platform::clock::Clock;
use answer::Outcome;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::Instant;
use request::{Incoming, Room};
use std::sync::Arc;

/// Is what every route that collects needs.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) capture: Capture,
    pub(crate) sources: Sources,
    pub(crate) clock: Clock,
    room: Room,
}

/// Is one wire format: what differs between one family of clients and the next.
pub(crate) struct Format {
    /// Its name. What goes to quarantine bears it, to be read again by the same format.
    pub(crate) name: &'static str,
    /// Finds keys that stand in the body or wherever else only this format knows, likeliest first. It is asked only
    /// when headers and address have no known key.
    pub(crate) keys: fn(&Incoming) -> Vec<String>,
    /// Reads a request. Fails only where nothing of it can be read; what is wrong with one event is its own matter.
    pub(crate) read: fn(&Incoming, &Scene<'_>) -> Result<Delivery, Reason>,
    /// Reads again what was refused and has been mended: [`again`] with this format.
    pub(crate) again: ReadAgain,
    /// Answers a request that was taken.
    pub(crate) answer: fn(&Outcome) -> Response,
}

/// Is what a format is told beside the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// Whose client sent it.
    pub(crate) source: &'a Source,
    /// When it came.
    pub(crate) received: Instant,
}

/// Every format.
static FORMATS: &[&Format] = &[
    &segment::FORMAT,
    &cloudevents::FORMAT,
    &posthog::FORMAT,
    &snowplow::FORMAT,
    &plausible::FORMAT,
    &umami::FORMAT,
    &openpanel::FORMAT,
    &mixpanel::FORMAT,
    &super::ways::TRACKER,
];

/// Returns the routes that clients on other sites and servers send to.
pub fn collectors(capture: Capture, sources: Sources, clock: Clock) -> Router {
    let door = Door { capture, sources, clock, room: Room::default() };
    let routes = [
        segment::routes(),
        rudderstack::routes(),
        jitsu::routes(),
        pixel::routes(),
        cloudevents::routes(),
        posthog::routes(),
        snowplow::routes(),
        plausible::routes(),
        umami::routes(),
        // And OpenPanel's, which are the same.
        mixpanel::routes(),
        super::ways::collecting(),
    ];
    routes.into_iter().fold(Router::new(), Router::merge).layer(middleware::from_fn(cors::across_sites)).with_state(door)
}

/// Lists the names of the wire formats.
pub fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name)
}

/// Finds the reader of a wire format by the name that its deliveries bear.
#[must_use]
pub(super) fn read_again(format: &str) -> Option<ReadAgain> {
    FORMATS.iter().find(|known| known.name == format).map(|format| format.again)
}

/// Reads an event in a format that refused it before; what is still unreadable is refused as one piece.
pub(crate) fn again(format: &'static Format, source: &Source, raw: &[u8], received: Instant) -> Delivery {
    let incoming = Incoming::again(raw);
    let read = (format.read)(&incoming, &Scene { source, received });
    signed(read.unwrap_or_else(|reason| whole(&incoming, reason)), format, source)
}

/// Returns what answers `POST` in a format.
pub(crate) fn way(format: &'static Format) -> MethodRouter<Door> {
    way_of(format, MethodFilter::POST)
}

/// Returns what answers some methods in a format. The question that browsers ask before is answered by [`cors`], but
/// only on routes that know its method.
pub(crate) fn way_of(format: &'static Format, methods: MethodFilter) -> MethodRouter<Door> {
    let take = async move |State(door): State<Door>, request: Request| collect(door, format, request).await;
    on(methods, take).options(async || StatusCode::NO_CONTENT)
}

/// Takes one request, from its bytes to its answer.
pub(crate) async fn collect(door: Door, format: &'static Format, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The place in the room is given back when the answer is known, for until then the delivery is in memory.
    let (incoming, _place) = match Incoming::receive(parts, body, &door.room).await {
        Ok(received) => received,
        Err(why) => return answer::unreceived(why),
    };
    let Some(source) = door.source(format, &incoming) else {
        return answer::unknown_key();
    };
    if !is_welcome(&source, &incoming) {
        return answer::foreign_origin();
    }
    let read = (format.read)(&incoming, &Scene { source: &source, received: (door.clock)() });
    let unreadable = read.as_ref().err().cloned();
    let delivery = signed(read.unwrap_or_else(|reason| whole(&incoming, reason)), format, &source);
    let refused = Outcome::told(&delivery.refused);
    match (door.capture.take_from(delivery, &source, &incoming.caller).await, unreadable) {
        (Err(why), _) => answer::not_taken(why),
        (Ok(_), Some(reason)) => answer::unreadable(&reason),
        (Ok(receipt), None) => (format.answer)(&Outcome { receipt, refused }),
    }
}

impl Door {
    /// Finds the source of a request by the first key that belongs to one.
    fn source(&self, format: &Format, incoming: &Incoming) -> Option<Arc<Source>> {
        let known = |keys: Vec<String>| keys.iter().find_map(|key| self.sources.of_key(key));
        known(incoming.keys()).or_else(|| known((format.keys)(incoming)))
    }
}

/// Tells whether the site whose page sends, if any, is one that the source takes from.
fn is_welcome(source: &Source, incoming: &Incoming) -> bool {
    let origins = &source.settings.origins;
    let Some(origin) = incoming.header("origin").filter(|_| !origins.is_empty()) else {
        return true;
    };
    origins.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

/// Makes a delivery of a body that nobody can read: it goes to quarantine as one piece. An empty one is nothing.
fn whole(incoming: &Incoming, reason: Reason) -> Delivery {
    let refused = Refused { position: 0, reason, raw: incoming.body.to_vec() };
    Delivery { refused: if incoming.body.is_empty() { Vec::new() } else { vec![refused] }, ..Delivery::default() }
}

/// Writes on a delivery where it comes from.
fn signed(delivery: Delivery, format: &'static Format, source: &Source) -> Delivery {
    Delivery { source: source.name.clone(), format: format.name, ..delivery }
}
