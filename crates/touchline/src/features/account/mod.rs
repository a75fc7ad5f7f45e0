//! Who may come in: links, passwords, codes, sessions, roles, tokens; and what they have done.
//!
//! There is no default account. A one-time link, printed where the server runs, becomes the owner's session; the owner
//! invites others by such links. Links, sessions, tokens, passwords and codes are kept as hashes only. Every other room
//! is behind [`closed`], and each of its routes asks for the proof of a right: [`Keeper`], [`Editor`], [`Answerer`],
//! [`Worker`], [`SignedIn`].

mod addressee;
mod api;
mod attempts;
mod audit;
mod http;
mod keys;
mod members;
mod organisation;
mod password;
mod role;
mod scopes;
mod store;
mod totp;

pub use addressee::Addressee;
pub use api::closed_routes;
pub use http::{Cookie, Present, closed, routes, same_origin};
pub use keys::{ApiToken, NewToken, Session};
pub use members::{Attempt, Credentials, Member, NewMember, Obstacle, Origin};
pub use organisation::{Organisation, Wording};
pub use role::{Answerer, Editor, Keeper, Role, SignedIn, Worker};
pub use scopes::only_asks;
pub use store::{Accounts, Who};
