//! Touchline, the application: table of contents.
//!
//! Plumbing first ([`cli`], [`platform`]), then the rooms in the order of the product's own loop ([`features`]).
//! A room may use the rooms listed above it; `tests/house.rs` checks that, and who owns which table.

pub mod cli;
pub mod failure;
pub mod features;
pub mod platform;
pub mod telling;
