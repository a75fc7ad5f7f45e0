//! Why: what an organisation thinks through before it draws its map. Its surroundings, objectives that name no tool,
//! whom it meets and what they need, and which touchpoints it wants, or does not want, because of what.
//!
//! The order is the method: who begins with tools ends with tools that serve nobody. The room `map` makes the first
//! map of what is told here.

mod http;
mod proposals;
mod setup;
mod store;
mod tools;

pub use http::{Goals, routes};
pub use proposals::{Proposal, about as stages_of_objective, proposals};
pub use setup::{Aim, Answer, Ecosystem, Group, Setup};
pub use store::Kept;
