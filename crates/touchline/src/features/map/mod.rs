//! The touchpoint map as designed: stored in versions, applied from files, exported to files.
//!
//! Three forms: the native JSON document (everything, lossless), a CSV table (one row per touchpoint and cell, for a
//! spreadsheet), and a Mermaid diagram (to be looked at).

mod csv;
mod grid;
mod http;
mod json;
mod mermaid;
mod store;

pub use csv::{apply as apply_csv, export as export_csv};
pub use grid::{Grid, grid};
pub use http::routes;
pub use json::{apply as apply_json, export as export_json};
pub use mermaid::export as export_mermaid;
pub use store::{Maps, Version, check};
