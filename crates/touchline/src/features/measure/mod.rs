//! What each touchpoint does: the analyses over ledger and map.

mod alert_letters;
mod alerts;
mod analysis;
mod annotations;
mod asking;
mod base;
mod effect;
mod experience;
mod given;
mod letters;
mod attribution;
mod http;
mod live;
mod lived;
mod lived_http;
mod narrow;
mod objectives;
mod plans;
mod reports;
mod sequences;
mod share;
mod signals;
mod trend;
mod zone;

pub use analysis::{Analysis, Sense, scan};
pub use attribution::{
    AttributionAnswer, AttributionQuestion, Disagreement, JourneyPolicy, ModelCredit, TouchUnit, UnitCredits, WithoutAnswer,
};
pub use http::routes;
pub use lived::{
    AfterTouchpoint, JourneyVariant, JudgedMemory, LifecycleAnswer, LifecyclePeriod, LikelyNext, LivedAsked, NextStepAnswer,
    PathAnswer, SessionAnswer, SessionEntry, TrendAnswer, WalkedPath, WeekFigures,
};
pub use narrow::Narrow;
pub use reports::{Latest, Reports};
pub use sequences::{
    Cohort, Edge, FlowAnswer, FlowLayer, FlowLink, FlowNode, FunnelAnswer, FunnelPart, FunnelQuestion, FunnelStep, HoursWithin,
    RetentionAnswer, RetentionCell, RetentionQuestion, SameIn, StepOrder,
};
pub use share::open;
pub use signals::{ChannelCount, Dark, Move, MovedSignal, Preview, UnmappedSignal, Whereabouts};
pub use trend::TrendWeek;
