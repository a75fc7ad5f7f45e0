//! The touchpoint map: what the organisation designed, and how facts are read as it.
//!
//! The same document is the native file (`map export --format json`), the value in the state store, and the
//! answer of the interface. Unknown fields are refused, so that a misspelt one is not silently lost.

use crate::channels::{CLICK_IDS, ChannelRule, channel_of};
use crate::money::Currency;
use crate::rules::{OutcomeRule, SegmentRule, Trigger};
use crate::signal::{SignalMatch, Signature};
use crate::text::Text;
use crate::words::{Audience, Class, Direction, Kind, Life};
use serde::{Deserialize, Serialize};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The version written into map files.
pub const FORMAT: &str = "touchline-map/1";

/// Is the whole map.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TouchpointMap {
    /// Always [`FORMAT`].
    pub format: String,
    /// The organisation.
    pub name: Text,
    /// The template it came from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The currency of every amount in the map.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The IANA zone in which times are shown.
    pub time_zone: String,
    /// Thresholds and policies of the analyses.
    #[serde(default)]
    pub settings: Settings,
    /// The columns, in order: 2 to 12.
    pub stages: Vec<Stage>,
    /// The rows.
    pub segments: Vec<Segment>,
    /// The channels.
    pub channels: Vec<Channel>,
    /// The counted results.
    pub outcomes: Vec<Outcome>,
    /// Why all this, independent of tools.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// The nodes.
    pub touchpoints: Vec<Touchpoint>,
    /// How signals become touchpoints: first match wins.
    #[serde(default)]
    pub rules: Vec<MapRule>,
    /// How hints of a channel become channels, before the defaults ([`crate::channels`]): first match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channel_rules: Vec<ChannelRule>,
}

/// More rules would make every reading slow, and nobody could keep them in mind.
pub const RULES_MAX: usize = 5_000;

/// Is one column: a step of the life cycle.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The id, such as `loyalty`.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// The importance; the weights of all stages sum to 1.
    pub weight: f64,
    /// The ways in.
    pub entry: Vec<Trigger>,
    /// After so many days without an interaction the person falls back to the first stage. None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapse_days: Option<u32>,
}

/// Is one row: a rule-defined group of people.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The id.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// Who belongs to it.
    pub rule: SegmentRule,
    /// What they want.
    #[serde(default)]
    pub needs: Vec<Text>,
}

/// Is a path on which information goes to the customer and back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The id, such as `e-mail`.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// The group: `personal written site social advertising third_party retail product internal`.
    pub group: String,
    /// Where it stands in its life.
    #[serde(default = "live")]
    pub life: Life,
}

fn live() -> Life {
    Life::Live
}

/// Is a counted result.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The id, such as `purchase`.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// Which interactions count.
    pub rule: OutcomeRule,
    /// Whether this is the target action of the organisation: exactly one is.
    #[serde(default)]
    pub target: bool,
}

/// Is a reason for the whole undertaking. It names no tool.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The id.
    pub id: String,
    /// The type of objective.
    pub kind: ObjectiveKind,
    /// What is to be reached.
    pub text: Text,
    /// By which number it is seen; none: by none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Measured>,
}

/// Is by which number an objective is seen, and where that shall be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ObjectiveAim)]
pub struct Measured {
    /// The number, of thirty days.
    pub measure: ObjectiveMeasure,
    /// Where it shall be, in its own unit: money in minor units, shares from 0 to 1.
    pub target: f64,
    /// Since when it is pursued, UTC microseconds; none: since the data begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Of which touchpoint, by id; none: of everything together. Touchpoints have people, interactions, satisfaction,
    /// recommendation and cost of their own. Where it has left the map the number is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touchpoint: Option<String>,
}

/// Names a number that an objective can be seen by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveMeasure {
    /// Known people.
    People,
    /// Their interactions.
    Interactions,
    /// Times the target outcome happened.
    Outcomes,
    /// What those were worth.
    Value,
    /// The share of people who had one.
    Conversion,
    /// The share of answers that say "satisfied" (M7).
    Satisfaction,
    /// The share of promoters less that of detractors (M7): the net promoter score, from −1 to 1.
    Recommendation,
    /// What touchpoints cost: recorded, and declared in the map.
    Cost,
    /// What one target outcome cost (M8).
    CostPerOutcome,
    /// The share of the people of the thirty days before who came again by themselves.
    Retention,
}

/// Is the type of an objective.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// Raise revenue.
    Revenue,
    /// Cut cost.
    Cost,
    /// A long-term relationship.
    Relationship,
}

/// Is one place in the grid.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The segment, by id; none: every segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The stage, by id.
    pub stage: String,
}

/// Is what a touchpoint costs. All amounts are minor units of the map's currency.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cost {
    /// Once, to build it.
    pub build: i64,
    /// The months over which building is written off.
    pub build_months: u32,
    /// Per month, to keep it.
    pub running_per_month: i64,
    /// Per interaction that carries no cost of its own.
    pub per_contact: i64,
    /// Working hours per month.
    pub staff_hours_per_month: f64,
    /// What a working hour costs.
    pub staff_hour: i64,
}

/// Is a purpose that justifies a cost without a measured effect (M11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It builds the brand.
    Brand,
    /// The law asks for it.
    Legal,
    /// Customers are owed it.
    ServiceDuty,
}

/// Is one kind of moment in which a person and the organisation meet, in one channel, for one purpose.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Touchpoint {
    /// The id: lower-case words joined by hyphens.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// The entry of the catalogue it came from, such as `18` or `X1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// The nature of the contact.
    pub kind: Kind,
    /// A second nature, where one is not enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_kind: Option<Kind>,
    /// Who takes part.
    #[serde(default = "with_customers")]
    pub class: Class,
    /// Who speaks to whom.
    pub direction: Direction,
    /// The channel, by id.
    pub channel: String,
    /// The places in the grid; the same node may sit in many.
    pub cells: Vec<Cell>,
    /// The stage that it is meant to move people on from, by id.
    pub primary_stage: String,
    /// The touchpoint it is a part of, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Where it stands in its life.
    #[serde(default = "live")]
    pub life: Life,
    /// Whom it is meant for.
    #[serde(default)]
    pub audience: Vec<Audience>,
    /// Whether interactions must arrive from it; if they do not, it is dark.
    #[serde(default = "yes")]
    pub emits: bool,
    /// Whether a visit here says nothing of where the person came from (last non-direct attribution skips it).
    #[serde(default)]
    pub direct: bool,
    /// What it costs.
    #[serde(default)]
    pub cost: Cost,
    /// A purpose that justifies cost without measured effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The outcome it should lead to, by id; none: the target of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_outcome: Option<String>,
    /// The share of satisfied people it should reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction_target: Option<f64>,
    /// The seven detail fields of the card.
    #[serde(default)]
    pub details: Details,
    /// Fields of the organisation's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

fn with_customers() -> Class {
    Class::Customer
}

fn yes() -> bool {
    true
}

/// Holds the detail fields of a touchpoint (MAP-23 to MAP-27). An empty one is shown as an invitation.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Details {
    /// What it tells the customer.
    pub message: Option<Text>,
    /// Supporting processes.
    pub processes: Vec<String>,
    /// People supporting them.
    pub people: Vec<String>,
    /// The person or department answerable for it.
    pub owner: Option<String>,
    /// Persons whom the customer meets.
    pub contacts: Vec<String>,
    /// The fields that it produces.
    pub data: Vec<String>,
    /// What the customer should feel and get.
    pub optimal_experience: Option<Text>,
    /// Where it happens: the environment of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The element of the brand that shows there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_element: Option<String>,
    /// The platform or system behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What the customer takes hold of: the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The sense that it speaks to, where it is a sensory one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sense: Option<Sense>,
    /// What people told of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stories: Vec<Story>,
    /// What belongs to it: files, places, devices, templates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
}

/// Is a sense that a touchpoint speaks to (MAP-13).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TouchpointSense)]
pub enum Sense {
    /// Hearing.
    Sound,
    /// Seeing.
    Sight,
    /// Smelling.
    Smell,
    /// Touching.
    Touch,
    /// Tasting.
    Taste,
}

/// Is how a story feels, as whoever wrote it down chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// A good one.
    Positive,
    /// Neither.
    Neutral,
    /// A bad one.
    Negative,
}

/// Is what somebody told of a touchpoint, written down by hand (WAY-19).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TouchpointStory)]
pub struct Story {
    /// What was told.
    pub text: String,
    /// How it feels.
    pub sentiment: Sentiment,
    /// The stage in which it happened, by id; none: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// Is what belongs to a touchpoint (MAP-4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TouchpointAsset)]
pub struct Asset {
    /// Its name.
    pub name: String,
    /// Where it is found: an address of the web; none: only named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A card shows so many stories, and so many things that belong to it.
const STORIES_MAX: usize = 50;
const ASSETS_MAX: usize = 50;
/// A story is a paragraph or two, a name or an address a line.
const STORY_MAX: usize = 2_000;
const ADDRESS_MAX: usize = 500;

/// Binds signals to a touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapRule {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// The signals.
    pub signal: SignalMatch,
}

/// Holds thresholds and policies; each default is the one of the metric's definition.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days without a touch after which a journey has ended without outcome (journey policy "gap").
    pub journey_gap_days: u32,
    /// Days within which a person must move on to count as moved on (M6).
    pub horizon_days: u32,
    /// Length of a frequency period in days (M9); 0: the whole window is one period.
    pub over_use_period_days: u32,
    /// The part of an outcome's value that is left after its own cost (M9).
    pub margin: f64,
    /// What an unsubscription costs, in minor units (M9).
    pub loss_unsubscribe: i64,
    /// What a complaint costs, in minor units (M9).
    pub loss_complaint: i64,
    /// What an outcome is worth where interactions carry no value, in minor units (M9).
    pub outcome_value: i64,
    /// The share of people an under-used touchpoint should reach (M10).
    pub reach_target: f64,
    /// At or below this reach a touchpoint may be under-used (M10).
    pub reach_low: f64,
    /// The share of interactions that should be identified (M12).
    pub identified_target: f64,
    /// The share of satisfied people a touchpoint should reach where it names none itself (M24.8).
    pub satisfaction_target: f64,
    /// The smallest group of which anything is said.
    pub floor: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            journey_gap_days: 30,
            horizon_days: 30,
            over_use_period_days: 7,
            margin: 0.3,
            loss_unsubscribe: 300,
            loss_complaint: 1_000,
            outcome_value: 0,
            reach_target: 0.3,
            reach_low: 0.2,
            identified_target: 0.5,
            satisfaction_target: 0.6,
            floor: 30,
        }
    }
}

/// Is something wrong in a map: where, what, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct MapProblem {
    /// The place in the document, such as `touchpoints.newsletter.channel`.
    pub place: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl TouchpointMap {
    /// Finds everything that is wrong with the map as a whole. An empty list means that it is sound.
    ///
    /// Every problem is reported, not only the first, so that one pass mends a file.
    #[must_use]
    pub fn problems(&self) -> Vec<MapProblem> {
        let mut found = Problems(Vec::new());
        found.check(self.format == FORMAT, "format", || format!("is `{}`; this version reads `{FORMAT}`", self.format));
        found.check((2..=12).contains(&self.stages.len()), "stages", || {
            format!("{} stages; a map has 2 to 12", self.stages.len())
        });
        let sum: f64 = self.stages.iter().map(|stage| stage.weight).sum();
        found.check((sum - 1.0).abs() < 1e-6, "stages", || format!("the weights sum to {sum:.3}; they must sum to 1"));
        found.check(self.outcomes.iter().filter(|outcome| outcome.target).count() == 1, "outcomes", || {
            "exactly one outcome must have `target = true`".to_owned()
        });
        found.check(self.segments.len() <= 60, "segments", || "more than 60 segments".to_owned());
        found.check(self.outcomes.len() <= 16, "outcomes", || "more than 16 outcomes".to_owned());
        found.check(self.touchpoints.len() <= 4_000, "touchpoints", || "more than 4,000 touchpoints".to_owned());

        let stages = found.unique("stages", self.stages.iter().map(|stage| stage.id.as_str()));
        let segments = found.unique("segments", self.segments.iter().map(|segment| segment.id.as_str()));
        let channels = found.unique("channels", self.channels.iter().map(|channel| channel.id.as_str()));
        let outcomes = found.unique("outcomes", self.outcomes.iter().map(|outcome| outcome.id.as_str()));
        let touchpoints = found.unique("touchpoints", self.touchpoints.iter().map(|touchpoint| touchpoint.id.as_str()));

        for touchpoint in &self.touchpoints {
            let place = |field: &str| format!("touchpoints.{}.{field}", touchpoint.id);
            found.known("channel", &channels, &touchpoint.channel, &place("channel"));
            found.known("stage", &stages, &touchpoint.primary_stage, &place("primary_stage"));
            for cell in &touchpoint.cells {
                found.known("stage", &stages, &cell.stage, &place("cells"));
                if let Some(segment) = &cell.segment {
                    found.known("segment", &segments, segment, &place("cells"));
                }
            }
            if let Some(parent) = &touchpoint.parent {
                found.known("touchpoint", &touchpoints, parent, &place("parent"));
                found.check(parent != &touchpoint.id, &place("parent"), || "a touchpoint is not a part of itself".to_owned());
            }
            if let Some(outcome) = &touchpoint.desired_outcome {
                found.known("outcome", &outcomes, outcome, &place("desired_outcome"));
            }
            check_details(&touchpoint.details, &place("details"), &stages, &mut found);
        }
        for rule in &self.rules {
            found.known("touchpoint", &touchpoints, &rule.touchpoint, "rules");
            found.check(!rule.signal.fields().is_empty(), "rules", || {
                format!("the rule for `{}` has no condition and would take every signal", rule.touchpoint)
            });
        }
        found.check(self.rules.len() <= RULES_MAX, "rules", || format!("more than {RULES_MAX} rules"));
        found.check(self.channel_rules.len() <= RULES_MAX, "channel_rules", || format!("more than {RULES_MAX} rules"));
        for (at, rule) in self.channel_rules.iter().enumerate() {
            let place = format!("channel_rules.{at}");
            found.check(!rule.channel.trim().is_empty(), &place, || "names no channel".to_owned());
            found.check(!rule.when.is_empty(), &place, || {
                format!("the rule for `{}` has no condition and would take every signal", rule.channel)
            });
            for click in &rule.when.click {
                found.known("mark of a click", &CLICK_IDS.into_iter().collect(), click, &place);
            }
        }
        for stage in &self.stages {
            let place = format!("stages.{}.entry", stage.id);
            found.check(stage.weight >= 0.0 && stage.weight.is_finite(), &place, || "the weight is negative".to_owned());
            for trigger in &stage.entry {
                match trigger {
                    Trigger::Outcome { outcome, .. } | Trigger::QuietAfter { outcome, .. } => {
                        found.known("outcome", &outcomes, outcome, &place);
                    }
                    Trigger::Touchpoints { touchpoints: named } => {
                        for id in named {
                            found.known("touchpoint", &touchpoints, id, &place);
                        }
                    }
                    Trigger::Contact {} | Trigger::Forms { .. } | Trigger::Score { .. } => {}
                }
            }
        }
        let names = Names { outcomes, touchpoints, stages, channels };
        for segment in &self.segments {
            check_segment(&segment.rule, &format!("segments.{}.rule", segment.id), &names, &mut found);
        }
        found.0
    }

    /// Returns the position of a touchpoint.
    #[must_use]
    pub fn touchpoint(&self, id: &str) -> Option<usize> {
        self.touchpoints.iter().position(|touchpoint| touchpoint.id == id)
    }

    /// Binds a signature to a touchpoint, by position: by the first rule that fits, else to the one that the source names
    /// itself.
    #[must_use]
    pub fn bind(&self, signature: &Signature) -> Option<usize> {
        let channel = LazyCell::new(|| self.channel_of(signature));
        let by_rule = self.rules.iter().find(|rule| rule.signal.fits(signature, &|| *channel));
        self.touchpoint(by_rule.map_or(&signature.touchpoint, |rule| &rule.touchpoint))
    }

    /// Tells whether a signature is one that an outcome counts.
    #[must_use]
    pub fn counts(&self, outcome: &Outcome, signature: &Signature) -> bool {
        outcome.rule.signal.fits(signature, &|| self.channel_of(signature))
    }

    /// Returns the channel on which a signature came; empty where nothing is said of it.
    #[must_use]
    pub fn channel_of<'a>(&'a self, signature: &'a Signature) -> &'a str {
        channel_of(&self.channel_rules, signature)
    }

    /// Returns the position of a stage.
    #[must_use]
    pub fn stage(&self, id: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.id == id)
    }

    /// Returns the position of the target outcome.
    #[must_use]
    pub fn target(&self) -> Option<usize> {
        self.outcomes.iter().position(|outcome| outcome.target)
    }
}

/// Is what a segment's rule may name.
struct Names<'a> {
    outcomes: BTreeSet<&'a str>,
    touchpoints: BTreeSet<&'a str>,
    stages: BTreeSet<&'a str>,
    channels: BTreeSet<&'a str>,
}

fn check_segment(rule: &SegmentRule, place: &str, names: &Names<'_>, found: &mut Problems) {
    match rule {
        SegmentRule::Outcomes { outcome, .. } => found.known("outcome", &names.outcomes, outcome, place),
        SegmentRule::Touched { touchpoint } => found.known("touchpoint", &names.touchpoints, touchpoint, place),
        SegmentRule::Met { touchpoint, channel, .. } => {
            touchpoint.iter().for_each(|id| found.known("touchpoint", &names.touchpoints, id, place));
            channel.iter().for_each(|id| found.known("channel", &names.channels, id, place));
        }
        SegmentRule::Stage { stage } => found.known("stage", &names.stages, stage, place),
        SegmentRule::All { of } | SegmentRule::Any { of } => {
            for part in of {
                check_segment(part, place, names, found);
            }
        }
        SegmentRule::Not { of } => check_segment(of, place, names, found),
        SegmentRule::Everybody {}
        | SegmentRule::Trait { .. }
        | SegmentRule::Interactions { .. }
        | SegmentRule::LastSeen { .. }
        | SegmentRule::Worth { .. } => {}
    }
}

fn check_details(details: &Details, place: &str, stages: &BTreeSet<&str>, found: &mut Problems) {
    found.check(details.stories.len() <= STORIES_MAX, place, || format!("more than {STORIES_MAX} stories"));
    for story in &details.stories {
        let length = story.text.chars().count();
        found.check((1..=STORY_MAX).contains(&length), place, || format!("a story has 1 to {STORY_MAX} characters"));
        if let Some(stage) = &story.stage {
            found.known("stage", stages, stage, place);
        }
    }
    found.check(details.assets.len() <= ASSETS_MAX, place, || format!("more than {ASSETS_MAX} assets"));
    for asset in &details.assets {
        let is_line =
            |text: &str| !text.trim().is_empty() && text.chars().count() <= ADDRESS_MAX && !text.chars().any(char::is_control);
        found.check(is_line(&asset.name), place, || format!("the name of an asset is a line of up to {ADDRESS_MAX} characters"));
        if let Some(link) = &asset.link {
            // Nothing that a browser would run.
            let is_web = link.starts_with("https://") || link.starts_with("http://");
            found.check(is_web && is_line(link), place, || "the link of an asset begins with https:// or http://".to_owned());
        }
    }
}

/// Collects problems.
struct Problems(Vec<MapProblem>);

impl Problems {
    fn check(&mut self, holds: bool, place: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(MapProblem { place: place.to_owned(), what: what() });
        }
    }

    fn unique<'a>(&mut self, place: &str, ids: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        for id in ids {
            self.check(!id.is_empty(), place, || "an id is empty".to_owned());
            self.check(seen.insert(id), place, || format!("the id `{id}` occurs twice"));
        }
        seen
    }

    fn known(&mut self, what: &str, ids: &BTreeSet<&str>, id: &str, place: &str) {
        self.check(ids.contains(id), place, || match nearest(id, ids.iter().copied()) {
            Some(near) => format!("no {what} `{id}`; did you mean `{near}`?"),
            None => format!("no {what} `{id}`"),
        });
    }
}

/// Finds the candidate nearest to a misspelt word: at most a third of its letters may differ.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count().max(3);
    candidates
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(apart, _)| *apart * 3 <= letters + 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Counts the letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_helps_with_slips_only() {
        let ids = ["customer_id", "invoice", "time"];
        assert_eq!(nearest("custmer_id", ids.into_iter()), Some("customer_id"));
        assert_eq!(nearest("Invoice", ids.into_iter()), Some("invoice"));
        assert_eq!(nearest("zzz", ids.into_iter()), None);
    }
}
