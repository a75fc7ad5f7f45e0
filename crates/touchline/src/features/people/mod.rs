//! Who is behind an identity: identity facts, what staff decided, traits, resolution.
//!
//! The ledger keeps raw identities and the person as it was known when a row was written. Who they are today is
//! computed from the *set* of identity facts and decisions ([`graph`]), so it does not depend on the order in which they
//! came. Whoever loses or gains rows by a change is remembered as unsettled until the ledger is compacted; a scan asks
//! again about their rows meanwhile ([`Resolution`]).

mod agreement;
mod calling;
mod consent;
mod decision;
mod dossier;
mod forget;
mod graph;
mod http;
mod attendant;
pub mod policy;
mod resolution;
mod receipt;
mod restriction;
mod sealed;
mod secret;
mod shared;
mod store;
mod text;
mod tombstones;
mod traits;

pub use agreement::known_actors;
pub use attendant::{Attendant, attends};
pub use calling::{Called, KnownName, called, seek, texts};
pub use consent::{Consents, Purpose, Word, note_words, summed_up, words, words_of};
pub use decision::{Decision, Verb};
pub use dossier::{
    HeldDecision, HeldFact, HeldName, HeldRestriction, HeldSighting, HeldTrait, HeldWord, PersonalData, personal_data,
};
pub use forget::{OF_PEOPLE, Unfinished, anything_unfinished, drop_text_keys, forget};
pub use graph::{Graph, IDS_MAX, Obstacle, Step, Waiting};
pub(in crate::features) use http::number;
pub use http::routes;
pub use receipt::{ErasureReceipt, Removed};
pub use resolution::{Resolution, resolution};
pub use restriction::{anybody_restricted, lift, restrict, restricted, restricted_among};
pub use sealed::{is_bare, open_secret, seal_secret};
pub use shared::SharedPeople;
pub use store::{Acquaintance, FactKey, People, anybody_unsettled, collision, fact_key, find};
pub use text::{TextKey, TextKeys, open, open_bytes, seal, seal_bytes};
pub use tombstones::Tombstones;
pub(in crate::features) use traits::note_traits;
pub use traits::{Trait, anybody_with_trait, traits_that_count};
