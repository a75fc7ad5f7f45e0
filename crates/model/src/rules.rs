//! The closed sets of conditions that give facts their meaning: outcomes, stages, segments.
//!
//! Conditions are data, not code: there is no expression language, so a map from a stranger can be read safely.

use crate::interaction::Scale;
use crate::signal::SignalMatch;
use crate::words::Form;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Says which interactions count as an outcome: one of the forms, and a signature that fits.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// The forms that count.
    pub forms: Vec<Form>,
    /// The signatures that count; empty fields match any.
    #[serde(default)]
    pub signal: SignalMatch,
}

/// Is one way into a stage. A stage is entered when any of its triggers has fired.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Any interaction at all.
    Contact {},
    /// An interaction of one of these forms.
    Forms {
        /// The forms.
        forms: Vec<Form>,
    },
    /// An interaction at one of these touchpoints.
    Touchpoints {
        /// The touchpoints, by id.
        touchpoints: Vec<String>,
    },
    /// An outcome that has happened at least this many times.
    Outcome {
        /// The outcome, by id.
        outcome: String,
        /// How many times.
        at_least: u32,
    },
    /// An answer at or above this one on this scale.
    Score {
        /// The scale of the question.
        scale: Scale,
        /// The lowest answer that counts.
        at_least: i16,
    },
    /// Still with us this many days after an outcome, with no complaint since.
    QuietAfter {
        /// The outcome, by id.
        outcome: String,
        /// The days without complaint.
        days: u32,
    },
}

/// Says who belongs to a segment. Evaluated on everything the person did up to the end of the window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SegmentRule {
    /// Everybody.
    Everybody {},
    /// A trait has this value.
    Trait {
        /// The name of the trait.
        key: String,
        /// The value it must have.
        is: String,
    },
    /// An outcome has happened between `min` and `max` times (both inclusive; no `max`: or more).
    Outcomes {
        /// The outcome, by id.
        outcome: String,
        /// At least so often.
        min: u32,
        /// At most so often.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// The number of interactions lies between `min` and `max`.
    Interactions {
        /// At least so many.
        min: u32,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// The last interaction lies between `min` and `max` days before the end of the window.
    LastSeen {
        /// At least so many days ago.
        min: u32,
        /// At most so many days ago.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Has met this touchpoint.
    Touched {
        /// The touchpoint, by id.
        touchpoint: String,
    },
    /// Has been met so often and so lately: at a touchpoint, through a channel, or (with neither) anywhere.
    Met {
        /// The touchpoint, by id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        touchpoint: Option<String>,
        /// The channel of the touchpoint, by id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// At least so often.
        min: u32,
        /// At most so often.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
        /// In so many days before the end of the window; without it, ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
    /// Is in this stage at the end of the window.
    Stage {
        /// The stage, by id.
        stage: String,
    },
    /// What their target outcomes were worth lies between `min` and `max`, in minor units of the map's currency.
    Worth {
        /// At least so much.
        min: i64,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// All of these hold.
    All {
        /// The conditions.
        #[schema(no_recursion)]
        of: Vec<SegmentRule>,
    },
    /// At least one of these holds.
    Any {
        /// The conditions.
        #[schema(no_recursion)]
        of: Vec<SegmentRule>,
    },
    /// This does not hold.
    Not {
        /// The condition.
        #[schema(no_recursion)]
        of: Box<SegmentRule>,
    },
}
