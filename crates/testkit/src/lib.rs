//! The rehearsal stage: an invented company with planted truths.
//!
//! Real data never say what is true; an invented company does. [`Company`] plays the customers of one of the
//! templates, week by week, from a seed, with known faults in its touchpoints. Tests ask whether the analysis
//! names exactly those faults, the demonstration shows them, and benches need more rows than anybody could share.

pub mod company;
pub mod rng;

pub use company::{Company, Truths};
pub use rng::Rng;
