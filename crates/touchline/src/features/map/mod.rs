//! The touchpoint map as designed: stored in versions, applied from files, exported to files.
//!
//! Three forms: the native JSON document (everything, lossless), a CSV table (one row per touchpoint and cell, for a
//! spreadsheet), and a Mermaid diagram (to be looked at).

mod change;
mod channels;
mod csv;
mod desk;
pub mod edit;
mod grid;
mod http;
mod ideas;
mod json;
mod start;
mod mermaid;
mod shares;
mod store;
mod suggest;
mod versions;

pub use change::Change;
pub use channels::{ChannelCase, apply as apply_channel_rules, cases as channel_cases, export as export_channel_rules};
pub use csv::{apply as apply_csv, export as export_csv};
pub use grid::{Column, Grid, Placed, Row, grid};
pub use http::{Saved, no_map, refused, routes};
pub use json::{apply as apply_json, export as export_json};
pub use mermaid::export as export_mermaid;
pub use shares::{Opened, Share};
pub use start::start_routes;
pub use store::{Maps, Version, check};
pub use suggest::{Suggester, Suggestion};
pub use versions::{Author, Entry, Outcome, Steps, Variant};
