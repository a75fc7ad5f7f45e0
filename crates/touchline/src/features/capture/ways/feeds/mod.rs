//! Feeds of publications (RSS 2.0): what the organisation publishes, for people who read it in a program of their own.
//!
//! Every fetch is counted as a view by nobody known, and opening an item goes through its tag (`/q/CODE`), so that it is
//! counted too. A program that fetches for many often says for how many: that is kept beside, and never added to counts.

mod api;
mod fetch;
mod reader;
mod rss;
mod store;

pub(in crate::features::capture) use api::routes;
pub(in crate::features::capture) use fetch::routes as public;
pub use store::{Feed, Feeds, NewFeed, NewPublication, Publication};
