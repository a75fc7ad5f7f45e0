//! Events that were refused: kept as they came, durably, before the client is answered, so that whoever looks after the
//! installation can mend and replay them. A replayed event keeps the time at which it was received, and counts once
//! however often it is replayed.
//!
//! What is refused is foreign and may hold anything, personal data too: it is kept in the state store alone, is never
//! logged, and goes when a person is erased ([`Quarantine::forget`]). It is bounded by age, and by number and size per
//! source, so that a source that sends rubbish drops its own and nobody else's.

mod http;
mod store;

pub(super) use http::routes;
pub use store::Quarantine;
