//! Hooks: addresses to which other programs send signed bodies, read by a mapping in the language of imports.
//!
//! A hook is made of a way of signing, a secret, and parts: each part says where in a body its rows stand and what their
//! columns mean. [`ready`] holds the parts for order bodies of well-known shops. A repeated body adds nothing; a changed total of
//! an order adds the difference ([`totals`]).

mod api;
mod ready;
mod receive;
mod scheme;
mod store;
mod totals;
mod trial;

pub use api::ShownHook;
pub(in crate::features::capture) use api::routes;
pub use ready::Ready;
pub(in crate::features::capture) use receive::routes as public;
pub use scheme::Scheme;
pub use store::{Hook, Hooks, Part, WantedHook};
pub use trial::{Trial, try_out};
