//! Designed journeys: kept in versions, compared with the lived ones (M16), carried in and out of files.

mod formats;
mod http;
mod store;
mod xml;

pub use formats::{Draft, FileFormat, export, import};
pub use http::compare;
pub(super) use http::{Room, routes};
pub use store::{Journeys, Kept};
