//! What each touchpoint does: the analyses over ledger and map.

mod http;

pub use http::{MapReports, NoReports, Reporting, routes};
