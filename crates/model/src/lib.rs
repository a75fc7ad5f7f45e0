//! The vocabulary of Touchline.
//!
//! A value of one of these types is already valid: text from outside is parsed at the border and trusted
//! inside. Nothing here knows a database, HTTP, a clock or a random source, so every other crate may use it.
//!
//! * [`ids`]: who and what, as types that cannot be mixed up
//! * [`interaction`]: one fact in the ledger, and [`Arrival`], the same fact on its way in
//! * [`signal`]: the signature by which an interaction is recognised
//! * [`channels`]: what a signal's hint of a channel means
//! * [`map`]: the touchpoint map: stages, segments, touchpoints, rules, outcomes, objectives
//! * [`rules`]: the closed sets of conditions that give facts their meaning
//! * [`evidence`]: every number with its n, interval and class
//! * [`verdict`]: what the map finally says of a touchpoint
//! * [`catalogue`]: the touchpoints and templates that an organisation can start from

pub mod catalogue;
pub mod channels;
pub mod evidence;
pub mod identity;
pub mod ids;
pub mod interaction;
pub mod journey;
pub mod map;
pub mod money;
pub mod rules;
pub mod signal;
pub mod text;
pub mod time;
pub mod verdict;
pub mod words;

pub use evidence::{Evidence, Figure, Unit};
pub use identity::{Identity, IdentityFact, Link, Named, Namespace, Trust};
pub use ids::{ActorId, InteractionId, PersonId, SignalId};
pub use interaction::{Arrival, Flags, Interaction, Scale, Score};
pub use journey::Journey;
pub use map::{Outcome, Segment, Stage, Touchpoint, TouchpointMap};
pub use money::Currency;
pub use signal::Signature;
pub use text::Text;
pub use time::Instant;
pub use verdict::{Action, Reason, Verdict, VerdictKind};
pub use words::{Audience, Class, Direction, Form, Kind, Life};
