//! Questions about what people do one after the other: funnels, retention, flows. A question names things by the map's ids;
//! the folds of `analysis` answer it in one pass over the ledger.

use super::analysis::{Sense, scan};
use super::lived::period_of;
use super::narrow::Narrow;
use crate::failure::{Failure, Result};
use crate::platform::home::Stores;
use analysis::flows::{FlowFold, LayerNode};
use analysis::funnel::{Breakdown, Funnel, FunnelFold, Hold, Mark, NO_CHANNEL, Order, Step, StepFigures};
use analysis::intervals::Estimate;
use analysis::intervals::proportion;
use analysis::meaning::{Meaning, Only};
use analysis::retention::{Cell, Retention, RetentionFold};
use model::map::nearest;
use model::time::DAY;
use model::{Evidence, Figure, Form, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Is how many steps a funnel may have: more than anybody can look at.
const STEPS_MAX: usize = 50;

/// Is how steps of a funnel must follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum StepOrder {
    /// One after the other, with anything between.
    #[default]
    Ordered,
    /// One directly after the other.
    Strict,
    /// In whatever order.
    Any,
}

/// Asks how many people get how far along steps.
///
/// A step is what `touchpoint:ID`, `channel:ID`, `form:NAME`, `outcome:ID` or `stage:ID` names, or the id of a touchpoint
/// alone; several joined by `|` mean any of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelQuestion {
    /// The steps.
    pub steps: Vec<String>,
    /// How they must follow each other.
    #[serde(default)]
    pub order: StepOrder,
    /// All of them within so many days; none: whenever.
    #[serde(default)]
    pub within_days: Option<u32>,
    /// What must not happen between two steps, written like a step.
    #[serde(default)]
    pub without: Option<String>,
    /// What must be the same in all steps.
    #[serde(default)]
    pub same: Option<SameIn>,
    /// Counts people by the channel of one of their touches as well: `first`, `last`, `all`, or `step:2` for the row at which
    /// they came to the second step.
    #[serde(default)]
    pub by: Option<String>,
    /// Only people of this segment, by id.
    #[serde(default)]
    pub segment: Option<String>,
    /// Only these rows.
    #[serde(default)]
    pub only: Narrow,
}

/// Is what all steps of a funnel must have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum SameIn {
    /// The channel.
    Channel,
    /// The signal: source, campaign and place.
    Signal,
}

/// Tells how many people get how far.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FunnelAnswer {
    /// People who did anything at all.
    pub people: u64,
    /// The steps, in order.
    pub steps: Vec<FunnelStep>,
    /// The hours within which half of those who came to the end did so, from first to last step.
    pub hours_half: Option<f64>,
    /// The hours within which nine of ten did.
    pub hours_nine_of_ten: Option<f64>,
    /// The hours within which a tenth, a quarter, half, three quarters and nine tenths did; empty when nobody came to the end.
    pub hours: Vec<HoursWithin>,
    /// The same people by channel, as asked for; `channel` is empty for those without.
    pub by_channel: Vec<FunnelPart>,
}

/// Is a share of people and the hours within which they came to the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoursWithin {
    /// The share of those who came to the end.
    pub share: f64,
    /// The hours from first to last step.
    pub hours: f64,
}

/// Is the people of one channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FunnelPart {
    /// The channel, by id.
    pub channel: Option<String>,
    /// The steps, in order.
    pub steps: Vec<FunnelStep>,
}

/// Is one step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FunnelStep {
    /// As it was asked for.
    pub step: String,
    /// People who reached it.
    pub people: u64,
    /// Their share of those who reached the first step.
    pub of_first: Figure,
    /// Their share of those who reached the step before.
    pub of_previous: Figure,
}

impl FunnelQuestion {
    /// Finds what the question names in a map.
    ///
    /// # Errors
    /// Says what the map has not, or what is no question.
    pub(super) fn read(&self, map: &TouchpointMap) -> Result<(Funnel, Only)> {
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
            return Err(Failure::new(format!("A funnel has 1 to {STEPS_MAX} steps, not {}", self.steps.len()))
                .hint("Name steps such as `touchpoint:newsletter` or `form:purchase`"));
        }
        let order = match self.order {
            StepOrder::Ordered => Order::Ordered,
            StepOrder::Strict => Order::Strict,
            StepOrder::Any => Order::Any,
        };
        let funnel = Funnel {
            steps: self.steps.iter().map(|step| parse(step, map)).collect::<Result<_>>()?,
            order,
            window: self.within_days.map(|days| i64::from(days) * DAY),
            exclude: optional(self.without.as_deref(), map)?,
            hold: self.same.map(|same| match same {
                SameIn::Channel => Hold::Channel,
                SameIn::Signal => Hold::Signal,
            }),
            breakdown: self.by.as_deref().map(|by| breakdown(by, self.steps.len())).transpose()?,
        };
        Ok((funnel, self.only.read(map, self.segment.as_deref())?))
    }
}

fn breakdown(by: &str, steps: usize) -> Result<Breakdown> {
    let step = |text: &str| text.parse().ok().filter(|step| (1..=steps).contains(step)).map(|step| Breakdown::Step(step - 1));
    let known = match by {
        "first" => Some(Breakdown::First),
        "last" => Some(Breakdown::Last),
        "all" => Some(Breakdown::All),
        _ => by.strip_prefix("step:").and_then(step),
    };
    known.ok_or_else(|| {
        Failure::new(format!("`{by}` is no row to count people by"))
            .hint(format!("Write first, last, all, or step:1 to step:{steps}"))
    })
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn funnel(stores: &Stores, question: &FunnelQuestion) -> Result<Option<FunnelAnswer>> {
    let Some(Sense { map, meaning, .. }) = Sense::read(stores)? else {
        return Ok(None);
    };
    let (funnel, only) = question.read(&map)?;
    let (funnel, meaning) = (Arc::new(funnel), narrowed(meaning, only));
    let fold = scan(stores, || FunnelFold::new(Arc::clone(&meaning), Arc::clone(&funnel)))?;
    let step = |(step, figures): (&String, &StepFigures)| FunnelStep {
        step: step.clone(),
        people: figures.people,
        of_first: share(figures.of_first, figures.people),
        of_previous: share(figures.of_previous, figures.people),
    };
    let steps = |figures: &[StepFigures]| question.steps.iter().zip(figures).map(step).collect();
    let hours = |share| fold.seconds_within(share).map(|seconds| f64::from(seconds) / 3_600.0);
    let within = |share: &f64| Some(HoursWithin { share: *share, hours: hours(*share)? });
    let part = |(channel, figures): &(usize, Vec<StepFigures>)| FunnelPart {
        channel: (*channel != NO_CHANNEL).then(|| map.channels[*channel].id.clone()),
        steps: steps(figures),
    };
    Ok(Some(FunnelAnswer {
        people: fold.people(None),
        steps: steps(&fold.finish(None)),
        hours_half: hours(0.5),
        hours_nine_of_ten: hours(0.9),
        hours: [0.1, 0.25, 0.5, 0.75, 0.9].iter().filter_map(within).collect(),
        by_channel: fold.parts().iter().map(part).collect(),
    }))
}

/// Narrows what a question is about.
pub(super) fn narrowed(meaning: Arc<Meaning>, only: Only) -> Arc<Meaning> {
    if only.is_everything() { meaning } else { Arc::new(Arc::unwrap_or_clone(meaning).about(only)) }
}

pub(super) fn share(estimate: Option<Estimate>, n: u64) -> Figure {
    estimate.map_or_else(|| Figure::unknown(Unit::Share), |estimate| estimate.figure(n, Evidence::E3, Unit::Share, "wilson"))
}

/// Asks who comes back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionQuestion {
    /// What begins a person's time, written like a step of a funnel; none: their first interaction.
    #[serde(default)]
    pub begin: Option<String>,
    /// What shows that they are still there; none: any interaction.
    #[serde(default)]
    pub active: Option<String>,
    /// The length of a period, in days.
    pub period_days: u32,
    /// Only people of this segment, by id.
    #[serde(default)]
    pub segment: Option<String>,
    /// Only these rows.
    #[serde(default)]
    pub only: Narrow,
}

/// Tells who comes back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionAnswer {
    /// The length of a period, in days.
    pub period_days: u32,
    /// Everybody: at each age in periods, from 0.
    pub all: Vec<RetentionCell>,
    /// People by the period in which they began, from 0 at the start of the data.
    pub cohorts: Vec<Cohort>,
}

/// Is the people who began in one period.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Cohort {
    /// The number of the period.
    pub period: i64,
    /// At each age, from 0.
    pub ages: Vec<RetentionCell>,
}

/// Is one age.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionCell {
    /// People who have lived through it.
    pub old_enough: u64,
    /// Those who were active in it.
    pub active: u64,
    /// Their share.
    pub share: Figure,
}

impl RetentionQuestion {
    /// Finds what the question names in a map.
    ///
    /// # Errors
    /// Says what the map has not, or what is no question.
    pub(super) fn read(&self, map: &TouchpointMap) -> Result<(Retention, Only)> {
        let retention = Retention {
            begin: optional(self.begin.as_deref(), map)?,
            active: optional(self.active.as_deref(), map)?,
            period: period_of(self.period_days)?,
        };
        Ok((retention, self.only.read(map, self.segment.as_deref())?))
    }
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn retention(stores: &Stores, question: &RetentionQuestion) -> Result<Option<RetentionAnswer>> {
    let Some(Sense { map, meaning, .. }) = Sense::read(stores)? else {
        return Ok(None);
    };
    let (retention, only) = question.read(&map)?;
    let (retention, meaning) = (Arc::new(retention), narrowed(meaning, only));
    let fold = scan(stores, || RetentionFold::new(Arc::clone(&meaning), Arc::clone(&retention)))?;
    let cells = |cells: &[Cell]| cells.iter().map(cell).collect();
    let cohort = |(period, ages): (&i64, &Vec<Cell>)| Cohort { period: *period, ages: cells(ages) };
    Ok(Some(RetentionAnswer {
        period_days: question.period_days,
        all: cells(&fold.all(None)),
        cohorts: fold.cohorts(None).iter().map(cohort).collect(),
    }))
}

fn cell(cell: &Cell) -> RetentionCell {
    RetentionCell { old_enough: cell.old_enough, active: cell.active, share: share(cell.share(), cell.old_enough) }
}

/// Tells where people go next.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowAnswer {
    /// People with at least one touch; every layer sums to them.
    pub people: u64,
    /// How effective the network is: the share of journeys through it that end in the target outcome (NET-2).
    pub effectiveness: Figure,
    /// Steps of journeys from touchpoint to touchpoint, the most frequent first. Journeys begin at `(start)` and end at
    /// `(outcome)` or `(end)`.
    pub network: Vec<Edge>,
    /// Where people stand after their first touch, second touch …
    pub layers: Vec<FlowLayer>,
}

/// Is one step of journeys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How many journeys went there.
    pub journeys: u64,
    /// The mean hours between the two touches.
    pub mean_hours: Option<f64>,
}

/// Is one layer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowLayer {
    /// People by touchpoint, `(other)` or `(end)`.
    pub nodes: Vec<FlowNode>,
    /// People who go from a node of this layer to one of the next.
    pub links: Vec<FlowLink>,
}

/// Is one node of a layer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowNode {
    /// Its name.
    pub node: String,
    /// How many people.
    pub people: u64,
}

/// Is one link between layers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowLink {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How many people.
    pub people: u64,
}

/// Tells where people go next, with the `most` largest touchpoints of each layer by name; `None` while there is no map.
/// To be called from threads that may block.
pub(super) fn flows(stores: &Stores, most: usize, narrow: &Narrow, segment: Option<&str>) -> Result<Option<FlowAnswer>> {
    let Some(Sense { map, meaning, .. }) = Sense::read(stores)? else {
        return Ok(None);
    };
    let meaning = narrowed(meaning, narrow.read(&map, segment)?);
    let fold = scan(stores, || FlowFold::new(Arc::clone(&meaning)))?;
    let shown = |node: LayerNode| match node {
        LayerNode::Touchpoint(at) => map.touchpoints[at].id.clone(),
        LayerNode::Other => "(other)".to_owned(),
        LayerNode::Ended => "(end)".to_owned(),
    };
    let layer = |layer: &analysis::flows::Layer| FlowLayer {
        nodes: layer.nodes.0.iter().map(|(node, people)| FlowNode { node: shown(*node), people: *people }).collect(),
        links: layer
            .links
            .0
            .iter()
            .map(|((from, to), people)| FlowLink { from: shown(*from), to: shown(*to), people: *people })
            .collect(),
    };
    let layers = fold.layers(most).iter().map(layer).collect();
    let nodes = 0..fold.start();
    let (with, without) = nodes.fold((0, 0), |(with, without), node| {
        (with + fold.journeys(node, fold.outcome()), without + fold.journeys(node, fold.end()))
    });
    let effectiveness = share(proportion(with, with + without), with + without);
    Ok(Some(FlowAnswer { people: fold.people(), effectiveness, network: network(&map, &meaning, &fold), layers }))
}

fn network(map: &TouchpointMap, meaning: &Meaning, fold: &FlowFold) -> Vec<Edge> {
    let name = |node: usize| match map.touchpoints.get(node) {
        Some(touchpoint) => touchpoint.id.clone(),
        None if node == fold.start() => "(start)".to_owned(),
        None if node == fold.outcome() => "(outcome)".to_owned(),
        None => "(end)".to_owned(),
    };
    let nodes = meaning.touchpoints.len() + 3;
    let pairs = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    let mut edges: Vec<Edge> = pairs
        .filter(|(from, to)| fold.journeys(*from, *to) > 0)
        .map(|(from, to)| Edge {
            from: name(from),
            to: name(to),
            journeys: fold.journeys(from, to),
            mean_hours: fold.mean_seconds(from, to).filter(|_| from < fold.start() && to < fold.start()).map(|s| s / 3_600.0),
        })
        .collect();
    edges.sort_by(|one, other| {
        other.journeys.cmp(&one.journeys).then_with(|| (&one.from, &one.to).cmp(&(&other.from, &other.to)))
    });
    edges
}

/// Reads a step that may be left out.
fn optional(text: Option<&str>, map: &TouchpointMap) -> Result<Step> {
    text.map(|text| parse(text, map)).transpose().map(Option::unwrap_or_default)
}

/// Reads a step.
fn parse(text: &str, map: &TouchpointMap) -> Result<Step> {
    text.split('|').map(|word| mark(word.trim(), map)).collect()
}

fn mark(word: &str, map: &TouchpointMap) -> Result<Mark> {
    fn place<'a>(kind: &str, id: &str, known: impl Iterator<Item = &'a str> + Clone) -> Result<usize> {
        known.clone().position(|known| known == id).ok_or_else(|| {
            let hint = nearest(id, known.clone())
                .map_or_else(|| known.clone().collect::<Vec<_>>().join(", "), |near| format!("did you mean `{near}`?"));
            Failure::new(format!("The map has no {kind} `{id}`")).hint(hint)
        })
    }
    let (kind, id) = word.split_once(':').unwrap_or(("touchpoint", word));
    match kind {
        "touchpoint" => Ok(Mark::Touchpoint(place(kind, id, map.touchpoints.iter().map(|known| known.id.as_str()))? as u16)),
        "channel" => Ok(Mark::Channel(place(kind, id, map.channels.iter().map(|known| known.id.as_str()))?)),
        "outcome" => Ok(Mark::Outcome(place(kind, id, map.outcomes.iter().map(|known| known.id.as_str()))?)),
        "stage" => Ok(Mark::Stage(place(kind, id, map.stages.iter().map(|known| known.id.as_str()))? as u8)),
        "form" => {
            let at = place(kind, id, Form::ALL.iter().map(|form| form.name()))?;
            Ok(Mark::Form(Form::ALL[at] as u8))
        }
        _ => Err(Failure::new(format!("`{kind}` is no kind of step"))
            .hint("Write touchpoint:ID, channel:ID, form:NAME, outcome:ID or stage:ID")),
    }
}
