//! What happened: every way in which interactions reach the ledger.
//!
//! Whatever the way, there is one door: [`Intake`]. [`import`] brings files to it.

pub mod import;
mod intake;
mod signals;

pub use intake::{Claim, Intake, Known, Taken};
pub use signals::signals;
