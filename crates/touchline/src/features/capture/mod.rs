//! What happened: every way in which interactions reach the ledger.
pub mod import;
