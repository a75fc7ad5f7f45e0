//! What each touchpoint does: the analyses over ledger and map.

mod analysis;
mod asking;
mod base;
mod effect;
mod experience;
mod given;
mod http;
mod live;
mod reports;
mod sequences;
mod share;
mod signals;
mod trend;
mod zone;

pub use analysis::{Analysis, Sense, scan};
pub use http::routes;
pub use reports::{Latest, Reports};
pub use sequences::{
    Cohort, Edge, FlowAnswer, FlowLayer, FlowLink, FlowNode, FunnelAnswer, FunnelQuestion, FunnelStep, RetentionAnswer,
    RetentionCell, RetentionQuestion, StepOrder,
};
pub use share::open;
pub use signals::{ChannelCount, Dark, Move, MovedSignal, Preview, UnmappedSignal, Whereabouts};
pub use trend::TrendWeek;
