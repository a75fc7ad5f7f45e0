//! The touchpoint map as designed: stored in versions, applied from files, exported to files.

mod http;
mod store;

pub use http::routes;
pub use store::{Maps, Version};
