//! What every page and route shares: refusals, headers, embedded files, health, serving and stopping.

pub mod anywhere;
mod assets;
mod headers;
mod health;
mod input;
mod lines;
mod measured;
mod peer;
mod refusal;
mod serve;

pub use assets::page;
pub use headers::secured;
pub use health::{Check, Health, Looking, Readiness, Vitals, health};
pub use input::{Asked, Body, Path};
pub use lines::lines;
pub use measured::measured;
pub use peer::Peer;
pub use refusal::{FAILED, Problem, Refusal, reveal};
pub use serve::{Bounds, Stopping, serve, stop_signal};
