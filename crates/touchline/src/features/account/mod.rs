//! Who may come in: the one-time link, sessions, roles.
//!
//! There is no password and no default account. A one-time link, printed where the server runs, becomes a session;
//! links and sessions are kept as hashes only. Every other room is behind [`closed`].

mod http;
mod store;

pub use http::{Cookie, Keeper, closed, routes, same_origin};
pub use store::{Accounts, Who};
