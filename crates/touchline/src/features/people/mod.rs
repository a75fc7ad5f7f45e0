//! Who is behind an identity: identity facts, traits, resolution.
//!
//! The ledger keeps raw identities and the person as it was known when a row was written. Who they are today is
//! computed from the *set* of identity facts, so it does not depend on the order in which the facts came. When a
//! fact joins people whose rows were written apart, the one that ceases is remembered as relocated until the ledger
//! is compacted; a scan brings the rows together meanwhile.

mod agreement;
mod consent;
mod identity;
mod resolution;
mod store;

pub use agreement::known_actors;
pub use consent::{Consents, Purpose};
pub use identity::Components;
pub use resolution::{Resolution, resolution};
pub(in crate::features) use store::note_traits;
pub use store::{Acquaintance, FactKey, People, Trait, collision, fact_key};
