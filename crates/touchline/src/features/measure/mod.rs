//! What each touchpoint does: the analyses over ledger and map.

mod analysis;
mod http;
mod reports;

pub use analysis::Analysis;
pub use http::{MapReports, NoReports, Reporting, routes};
pub use reports::Reports;
