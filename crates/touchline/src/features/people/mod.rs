//! Who is behind an identity: identity facts, what staff decided, traits, resolution.
//!
//! The ledger keeps raw identities and the person as it was known when a row was written. Who they are today is
//! computed from the *set* of identity facts and decisions ([`graph`]), so it does not depend on the order in which they
//! came. Whoever loses or gains rows by a change is remembered as unsettled until the ledger is compacted; a scan asks
//! again about their rows meanwhile ([`Resolution`]).

mod agreement;
mod consent;
mod decision;
mod graph;
mod http;
mod resolution;
mod store;

pub use agreement::known_actors;
pub use consent::{Consents, Purpose};
pub use decision::{Decision, Verb};
pub use graph::{Graph, IDS_MAX, Obstacle, Step, Waiting};
pub use http::routes;
pub use resolution::{Resolution, resolution};
pub(in crate::features) use store::note_traits;
pub use store::{Acquaintance, FactKey, People, SharedPeople, Trait, collision, fact_key, find, texts};
