//! Where interactions come from: sites, servers, tills. A source vouches for its message ids, has a key by which its
//! clients are known, and settings that say how careful we are with what it sends.

mod http;
mod snippets;
mod store;

pub(super) use http::routes;
pub use store::{IpPolicy, SignalPolicy, Source, SourceKind, SourceSettings, Sources, Withdrawn};
