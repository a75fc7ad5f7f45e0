//! Ways in beside the formats of foreign clients: our own script and pixel, codes in print, signed bodies of other
//! programs, entries by hand, feeds. Each becomes a [`super::Delivery`] and goes through the one door.
//!
//! What the public reaches is in [`public`], outside the doors of our pages; what the staff reaches in [`routes`].

mod by_hand;
mod feeds;
mod hooks;
mod pixel;
mod tags;
mod tracker;

pub use by_hand::{Entered, Entry, HandSignal, Money, What, Who};
pub use feeds::{Feed, Feeds, NewFeed, NewPublication, Publication};
pub use hooks::{Hook, Hooks, Part, Ready, Scheme, ShownHook, Trial, WantedHook, try_out};
pub use tags::{NewTag, Tag, Tags, svg};
pub(super) use tracker::{FORMAT as TRACKER, collecting};

use super::{Caller, Capture, Source, SourceKind, SourceSettings, Sources};
use crate::failure::Result;
use crate::platform::clock::Clock;
use crate::platform::http::Peer;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use model::Instant;
use state::State;
use std::path::Path;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Is what every way needs. Clones share it.
#[derive(Clone)]
pub struct Ways {
    /// The state store.
    pub state: State,
    /// The data directory.
    pub dir: Arc<Path>,
    /// The time.
    pub clock: Clock,
    /// The door for everything that arrives.
    pub capture: Capture,
    /// Where it comes from.
    pub sources: Sources,
    /// Whether the browser reaches us by HTTPS.
    pub https: bool,
}

/// Returns the routes that everybody reaches: visitors, readers, other programs.
pub fn public(ways: Ways) -> Router {
    Router::new()
        .merge(tracker::routes())
        .merge(pixel::routes())
        .merge(tags::public())
        .merge(hooks::public())
        .merge(feeds::public())
        .with_state(ways)
}

/// Returns the routes of the staff, to be put behind the door.
pub(super) fn routes(ways: Ways) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(tags::routes())
        .merge(hooks::routes())
        .merge(by_hand::routes())
        .merge(feeds::routes())
        .with_state(ways)
}

impl Ways {
    /// Seals the secrets of hooks that an earlier version has left as they were.
    ///
    /// # Errors
    /// Fails when the state store does, or no key can be drawn.
    pub async fn lock_secrets(&self) -> Result<()> {
        self.hooks().lock_secrets().await
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }

    fn tags(&self) -> Tags {
        Tags::new(self.state.clone())
    }

    fn hooks(&self) -> Hooks {
        Hooks::new(self.state.clone(), Arc::clone(&self.dir))
    }

    fn feeds(&self) -> Feeds {
        Feeds::new(self.state.clone())
    }

    /// Finds a source by its name. One that nobody registered has the usual settings; and where strangers call, whose
    /// wishes nobody has thought of yet, they are known for a day at most.
    fn source_named(&self, name: &str, kind: SourceKind) -> Arc<Source> {
        let known = self.sources.all().into_iter().find(|source| source.name == name);
        known.unwrap_or_else(|| {
            let settings = SourceSettings { cookieless: kind == SourceKind::Site, ..SourceSettings::default() };
            Arc::new(Source { name: name.to_owned(), kind, write_key: String::new(), settings })
        })
    }
}

/// Returns who calls.
fn caller(request: &Request) -> Caller {
    let peer = request.extensions().get::<Peer>();
    Caller::of(request.headers(), peer.map(|Peer(address)| *address))
}

/// Returns the address by which a request reached us, without a slash at its end.
fn origin(headers: &HeaderMap, https: bool) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    format!("{}://{}", if https { "https" } else { "http" }, host.unwrap_or("localhost"))
}

/// Tells whether a text can stand in an address as a host.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// Draws the id of a message that has none.
fn draw_id() -> Vec<u8> {
    let mut id = [0_u8; 16];
    // Without chance there is no id that nobody else has: better no such interaction than two that are one.
    getrandom::fill(&mut id).expect("the system gives random bytes, as it did when the server started");
    id.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        let check = |host: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            assert_eq!(origin(&headers, true), expected);
        };
        check("t.example.org:8443", "https://t.example.org:8443");
        check("[::1]:80", "https://[::1]:80");
        check("a\"><script>", "https://localhost");
        check("a/b", "https://localhost");
    }
}
