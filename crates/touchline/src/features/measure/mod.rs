//! What each touchpoint does: the analyses over ledger and map.

mod analysis;
mod http;
mod live;
mod reports;
mod signals;

pub use analysis::Analysis;
pub use http::routes;
pub use reports::{Latest, Reports};
pub use signals::{ChannelCount, Dark, Move, MovedSignal, Preview, UnmappedSignal, Whereabouts};
