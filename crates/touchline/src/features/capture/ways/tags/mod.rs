//! Tags: codes on posters, parcels, shelves and cards, as QR code, NFC chip or short address.
//!
//! `GET /q/CODE` records a scan and leads on to the registered target, and nowhere else: nothing in the request has a
//! say in where. Whoever scans is led on even when nothing can be recorded; a poster must never fail a customer.

mod api;
mod page;
mod picture;
mod scan;
mod store;

pub(in crate::features::capture) use api::routes;
pub use picture::svg;
pub(in crate::features::capture) use scan::routes as public;
pub use store::{NewTag, Tag, Tags};
pub(in crate::features::capture::ways) use store::{checked_target, given_away, insert};
