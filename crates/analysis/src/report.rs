//! What a map analysis says, as data: the document that the command line prints and the browser draws.
//!
//! Amounts of money are minor units of the map's currency. Ids are those of the map. Times are UTC microseconds.

use crate::experience::importance::Quadrant;
use model::{Figure, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is the whole analysis of a map over a ledger, for everybody or for one segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapReport {
    /// The segment it speaks of, by id; none: everybody.
    pub segment: Option<String>,
    /// The time it speaks of.
    pub window: Window,
    /// The whole.
    pub totals: Totals,
    /// One entry per stage, in the map's order (M2).
    pub stages: Vec<StageFigures>,
    /// Distribution of effort against importance (M2).
    pub distribution: Distribution,
    /// One entry per segment of the map, whatever `segment` is.
    pub segments: Vec<SegmentFigures>,
    /// The touchpoints in their places: who met whom where.
    pub cells: Vec<CellFigures>,
    /// Requests and conversion per channel (M3).
    pub channels: Vec<ChannelFigures>,
    /// One entry per touchpoint, in the map's order.
    pub touchpoints: Vec<TouchpointFigures>,
    /// Signals bound to no touchpoint (M12), most interactions first.
    pub unmapped: Vec<Unmapped>,
    /// What could not be computed, and why.
    pub notes: Vec<Note>,
}

/// Is a stretch of time with something in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// The first interaction.
    pub from: i64,
    /// The last interaction.
    pub to: i64,
}

/// Is the whole ledger in a line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Known people.
    pub people: u64,
    /// Day visitors: nobody known, each told from others for one day. One person on five days is five of them.
    pub day_visitors: u64,
    /// Interactions, bots left out.
    pub interactions: u64,
    /// Interactions that are bound to no touchpoint.
    pub unmapped: u64,
    /// Interactions of machines.
    pub bots: u64,
    /// Times the target outcome happened.
    pub outcomes: u64,
    /// What the target outcomes were worth.
    pub value: i64,
    /// What all touchpoints cost in the window.
    pub cost: i64,
    /// Interactions with a known person, as a share of all.
    pub identified: Figure,
    /// People with the target outcome, as a share of all people.
    pub conversion: Figure,
}

/// Is one column of the map (M2, MAP-15).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StageFigures {
    /// The stage.
    pub stage: String,
    /// Its importance weight.
    pub importance: f64,
    /// Its share of cost.
    pub cost_share: f64,
    /// Its share of interactions.
    pub interaction_share: f64,
    /// Its share of live touchpoints.
    pub touchpoint_share: f64,
    /// Its share of staff hours.
    pub staff_share: f64,
    /// Importance minus cost share: positive means under-served.
    pub gap: f64,
    /// People who were ever in this stage.
    pub reached: u64,
    /// People who went on from it, of those who were in it.
    pub progression: Figure,
}

/// Is the distance of effort from importance (M2), by cost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Distribution {
    /// The share of effort that would have to move.
    pub tvd: f64,
    /// The mean number of stages it would have to travel.
    pub emd: f64,
    /// Positive: effort should move to later stages.
    pub shift: f64,
    /// Whether the limits (20 % in all, or 10 points in one stage) are passed.
    pub alert: bool,
    /// What is spent in the window: the amount that the moves are parts of.
    pub budget: i64,
    /// What to move.
    pub moves: Vec<Move>,
}

/// Is one recommended move of effort.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Move {
    /// The over-served stage.
    pub from: String,
    /// The under-served stage.
    pub to: String,
    /// How much.
    pub amount: i64,
    /// Touchpoints of the over-served stage to take it from.
    pub take_from: Vec<String>,
    /// Touchpoints of the under-served stage to give it to.
    pub give_to: Vec<String>,
}

/// Is one row of the map (M1).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SegmentFigures {
    /// The segment.
    pub segment: String,
    /// Its people.
    pub people: u64,
    /// Its people who were ever in each stage, in the map's order.
    pub reached: Vec<u64>,
    /// The share of stages with a live touchpoint.
    pub coverage: f64,
    /// The same, weighted by importance.
    pub coverage_weighted: f64,
    /// The share of stages in which a person of the segment really met a touchpoint.
    pub coverage_observed: f64,
    /// The share of stages with a way in each direction.
    pub coverage_two_way: f64,
    /// The empty stages, most important first.
    pub gaps: Vec<Gap>,
}

/// Is an empty or one-sided cell.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// The stage.
    pub stage: String,
    /// What is missing.
    pub missing: Missing,
    /// Importance of the stage times people of the segment.
    pub weight: f64,
}

/// Is what a cell lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No live touchpoint at all.
    Touchpoint,
    /// No way for the customer to reach us.
    WayIn,
    /// No way for us to reach the customer.
    WayOut,
}

/// Is one touchpoint in one cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CellFigures {
    /// The segment.
    pub segment: String,
    /// The stage people were in when they met it.
    pub stage: String,
    /// The touchpoint.
    pub touchpoint: String,
    /// Whether the map places it there (planned), or people only met it there (observed).
    pub planned: bool,
    /// People of the segment who met it in this stage.
    pub people: u64,
    /// Their interactions with it in this stage.
    pub interactions: u64,
}

/// Is one channel (M3).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelFigures {
    /// The channel.
    pub channel: String,
    /// Interactions.
    pub interactions: u64,
    /// Requests: customer-to-business interactions that open a conversation or fill a form.
    pub requests: u64,
    /// People who came by it.
    pub people: u64,
    /// People whose first target outcome is credited to it (last non-direct).
    pub converted: u64,
    /// Converted of those who came.
    pub conversion: Figure,
}

/// Is one touchpoint with all its numbers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TouchpointFigures {
    /// The touchpoint.
    pub touchpoint: String,
    /// People who met it.
    pub people: u64,
    /// Interactions.
    pub interactions: u64,
    /// The last interaction; none: never.
    pub last_at: Option<i64>,
    /// People with the target outcome, of those who met it.
    pub conversion: Figure,
    /// What it cost in the window: declared and recorded.
    pub cost: i64,
    /// Attribution (M5).
    pub attribution: Attribution,
    /// Cost per outcome (M8), by linear attribution.
    pub cost_per_outcome: Figure,
    /// Return on cost (M8), by linear attribution.
    pub roi: Figure,
    /// The share of satisfied answers (M7), where there are answers.
    pub satisfaction: Figure,
    /// How those who ask there are answered (M14, M15); none where nobody asks, or no answer was ever recorded.
    #[serde(default)]
    pub answering: Option<Answering>,
    /// What it means to customers beside how satisfied they are (M17); none where that is not known surely enough.
    #[serde(default)]
    pub mattering: Option<Mattering>,
    /// Stage progression (M6), from its primary stage.
    pub progression: Progression,
    /// Over-use (M9); none where the business does not push it.
    pub over_use: Option<OverUse>,
    /// Under-use (M10).
    pub under_use: UnderUse,
    /// Wasted effort (M11).
    pub waste: Waste,
    /// Missing data (M12).
    pub completeness: Completeness,
    /// The one word (M24).
    pub verdict: Verdict,
}

/// Is where a touchpoint lies by importance and performance (M17).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Mattering {
    /// The field.
    pub quadrant: Quadrant,
    /// How surely it lies there.
    pub probability: f64,
    /// Whether importance is what people said of it; otherwise how their answers there go with their loyalty.
    pub stated: bool,
    /// Importance: from 1 to 5 if stated, otherwise Spearman's ρ.
    pub importance: Figure,
    /// Satisfaction (M7).
    pub performance: Figure,
}

/// Is how those who ask at a touchpoint are answered (M14, M15).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Answering {
    /// The target, in seconds.
    pub target: i64,
    /// Whether only opening hours count.
    pub working_hours: bool,
    /// Requests.
    pub requests: u64,
    /// Requests without an answer so far.
    pub unanswered: u64,
    /// Share answered within the target; of requests that are older than it or answered.
    pub in_time: Figure,
    /// Half are answered within so many seconds; none: not reached.
    pub median: Option<i64>,
    /// Share answered at all; of requests that are answered, or older than a week.
    pub answered: Figure,
    /// Share of requests that come in opening hours.
    pub in_hours: Figure,
    /// Accessibility (M14) over the two parts that are counted.
    pub access: Figure,
}

/// Is a touchpoint's share of the outcomes, by model (M5).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attribution {
    /// All to the first touch.
    pub first: Figure,
    /// All to the last touch.
    pub last: Figure,
    /// All to the last touch that is not direct.
    pub last_non_direct: Figure,
    /// Equal parts to every touch.
    pub linear: Figure,
    /// Removal effect in a Markov chain of order 1.
    pub markov: Figure,
    /// Outcomes by the linear model.
    pub outcomes: f64,
    /// Value by the linear model.
    pub value: f64,
    /// Highest share minus lowest share over the models.
    pub disagreement: f64,
}

/// Is how a touchpoint moves people on (M6).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Progression {
    /// People of the stage who met it and moved on.
    pub touched: Figure,
    /// People of the stage in the same weeks who did not meet it and moved on.
    pub baseline: Figure,
    /// The difference.
    pub lift: Figure,
}

/// Is the frequency response of a touchpoint that the business pushes (M9).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OverUse {
    /// The response by number of contacts in a period.
    pub curve: Vec<FrequencyStep>,
    /// The largest number of contacts that still pays; none where it cannot be told.
    pub saturation: Option<u32>,
    /// The part of person-periods beyond the saturation point.
    pub beyond: Figure,
    /// Complaints of people contacted.
    pub complaints: Figure,
    /// z of the trend of complaints and unsubscriptions with frequency (Cochran–Armitage).
    pub trend_z: Option<f64>,
    /// One-sided p of that trend.
    pub trend_p: Option<f64>,
    /// What the last contact of the highest frequency brings, its costs and harm taken off, in minor units.
    pub net_last: Option<f64>,
    /// How pop-ups are closed at once; none where no closing is recorded.
    #[serde(default)]
    pub quick_close: Option<QuickClose>,
    /// The rules that fired: `R1` … `R4`.
    pub rules: Vec<String>,
}

/// Is how much more often a pop-up is closed within two seconds the third time than the first (M9, R4).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuickClose {
    /// Closed at once of first showings to a person.
    pub first: Figure,
    /// Closed at once of third showings.
    pub third: Figure,
    /// The difference.
    pub rise: Figure,
}

/// Is one step of a frequency response.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FrequencyStep {
    /// Contacts in the period.
    pub contacts: u32,
    /// Whether it stands for so many contacts or more: the tail.
    pub open: bool,
    /// Person-periods with exactly so many.
    pub exactly: u64,
    /// Responders among them.
    pub responders: u64,
    /// Person-periods that got the n-th contact without having responded before.
    pub at_risk: u64,
    /// Of those, the responders before the next contact.
    pub hazard: Figure,
    /// Response expected of a person contacted so often: one minus the product of (1 − hazard).
    pub response: f64,
    /// Unsubscriptions after this contact, per contact.
    pub unsubscribe: f64,
    /// Complaints after this contact, per contact.
    pub complaint: f64,
    /// What this further contact brings, in minor units.
    pub net: f64,
}

/// Is the chance of a touchpoint that works but reaches few (M10).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnderUse {
    /// People of its stage and segments.
    pub eligible: u64,
    /// Those of them who met it.
    pub reach: Figure,
    /// The median effect of the stage's other touchpoints.
    pub stage_median: Option<f64>,
    /// Outcomes to be gained at the target reach.
    pub potential: Figure,
    /// Whether all conditions hold.
    pub fires: bool,
}

/// Is cost against effect (M11).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Waste {
    /// Its share of the cost of all touchpoints.
    pub cost_share: f64,
    /// Its share of the effect of all touchpoints.
    pub effect_share: Figure,
    /// Cost share over effect share.
    pub ratio: Option<f64>,
    /// The amount spent above the average price of an effect.
    pub amount: f64,
    /// Whether all conditions hold, a declared purpose aside.
    pub fires: bool,
}

/// Is what is known and not known of a touchpoint (M12).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Completeness {
    /// Interactions arrive in the window.
    pub emits: bool,
    /// Enough of them have a known person.
    pub identified: bool,
    /// There are answers from customers.
    pub feedback: bool,
    /// A cost is recorded.
    pub cost: bool,
    /// The desired outcome can be checked by machine.
    pub outcome: bool,
    /// Something happened in the last 30 days.
    pub fresh: bool,
    /// Passed of six.
    pub share: f64,
    /// Identified of all interactions.
    pub identified_share: Figure,
    /// Interactions that could be identified but are not, weighted by the stage's importance.
    pub opportunity: f64,
    /// Live, expected to emit, silent.
    pub dark: bool,
}

/// Is a signal that no rule binds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unmapped {
    /// The signature, for people.
    pub signal: String,
    /// The number of the signature in the state store.
    pub id: u32,
    /// Interactions with it.
    pub interactions: u64,
}

/// Is something that could not be computed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// The key of the sentence.
    pub key: String,
    /// The touchpoint or segment it concerns, if any.
    pub about: Option<String>,
}
