//! What a person does to a map, one step at a time. A step knows its consequences, so that the map stays sound: a stage that
//! is given up hands its touchpoints and its weight on, a touchpoint that is removed takes its rules along.

use crate::failure::{Failure, Result};
use model::TouchpointMap;
use model::map::{Cell, Channel, MapRule, Segment, Stage, Touchpoint, nearest};
use model::rules::Trigger;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is a list of the map whose elements have ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MapPart)]
pub enum Part {
    /// The columns.
    Stages,
    /// The rows.
    Segments,
    /// The channels.
    Channels,
    /// The counted results.
    Outcomes,
    /// The objectives.
    Objectives,
    /// The nodes.
    Touchpoints,
}

/// Is one step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = MapEdit)]
pub enum Edit {
    /// Adds a touchpoint.
    AddTouchpoint {
        /// The whole of it; its id must be new.
        touchpoint: Box<Touchpoint>,
    },
    /// Removes a touchpoint with its rules; its parts become parts of what it was a part of.
    RemoveTouchpoint {
        /// The touchpoint.
        id: String,
    },
    /// Puts a touchpoint into one more cell.
    Place {
        /// The touchpoint.
        touchpoint: String,
        /// The cell.
        cell: Cell,
    },
    /// Takes a touchpoint out of a cell. Out of its last one it stands beside the grid.
    Unplace {
        /// The touchpoint.
        touchpoint: String,
        /// The cell.
        cell: Cell,
    },
    /// Moves a touchpoint from cell to cell.
    Move {
        /// The touchpoint.
        touchpoint: String,
        /// The cell that it leaves.
        from: Cell,
        /// The cell that it comes to.
        to: Cell,
    },
    /// Gives a field of an element another value.
    Change {
        /// The list.
        part: Part,
        /// The element.
        id: String,
        /// The way to the field, such as `["details", "owner"]`.
        field: Vec<String>,
        /// The value, as the document has it; null: none.
        #[schema(value_type = Object)]
        value: Value,
    },
    /// Adds a row, with the touchpoints of another one where `like` names it.
    AddSegment {
        /// The whole of it; its id must be new.
        segment: Segment,
        /// The segment whose cells it gets too.
        #[serde(default)]
        like: Option<String>,
    },
    /// Removes a row; touchpoints leave its cells.
    RemoveSegment {
        /// The segment.
        id: String,
    },
    /// Adds a column. The weights of the others give way in proportion.
    AddStage {
        /// The whole of it; its id must be new.
        stage: Stage,
        /// The stage before which it stands; none: at the end.
        #[serde(default)]
        before: Option<String>,
    },
    /// Removes a column; its touchpoints and its weight go to another one.
    RemoveStage {
        /// The stage.
        id: String,
        /// The stage that takes over.
        into: String,
    },
    /// Weighs every stage; the weights sum to 1.
    Weigh {
        /// The weight of each stage, by id.
        weights: BTreeMap<String, f64>,
    },
    /// Adds a channel.
    AddChannel {
        /// The whole of it; its id must be new.
        channel: Channel,
    },
    /// Removes a channel on which no touchpoint stands.
    RemoveChannel {
        /// The channel.
        id: String,
    },
    /// Brings a list into another order.
    Order {
        /// The list.
        part: Part,
        /// Every id, in order.
        ids: Vec<String>,
    },
    /// Replaces the rules that bind signals to touchpoints.
    Rules {
        /// All of them: the first that fits counts.
        rules: Vec<MapRule>,
    },
    /// Gives a field of the map itself another value, such as `["settings", "margin"]` or `["outcomes"]`.
    ChangeMap {
        /// The way to the field.
        field: Vec<String>,
        /// The value, as the document has it.
        #[schema(value_type = Object)]
        value: Value,
    },
}

/// A path of a field has no more steps.
const DEPTH_MAX: usize = 4;

impl Edit {
    /// Does it. The map that comes of it is to be checked as a whole, after the last step.
    ///
    /// # Errors
    /// Fails when it speaks of something that is not there, or gives a field a value that it cannot have.
    pub fn apply(&self, map: &mut TouchpointMap) -> Result<()> {
        match self {
            Self::AddTouchpoint { touchpoint } => add(&mut map.touchpoints, Touchpoint::clone(touchpoint)),
            Self::RemoveTouchpoint { id } => remove_touchpoint(map, id),
            Self::Place { touchpoint, cell } => {
                find(&mut map.touchpoints, touchpoint).map(|touchpoint| settle(touchpoint, cell.clone()))
            }
            Self::Unplace { touchpoint, cell } => find(&mut map.touchpoints, touchpoint).map(|touchpoint| {
                touchpoint.cells.retain(|known| known != cell);
                follow(touchpoint);
            }),
            Self::Move { touchpoint, from, to } => find(&mut map.touchpoints, touchpoint).map(|touchpoint| {
                let leads = touchpoint.primary_stage == from.stage;
                touchpoint.cells.retain(|known| known != from);
                settle(touchpoint, to.clone());
                if leads && !touchpoint.cells.iter().any(|cell| cell.stage == from.stage) {
                    touchpoint.primary_stage.clone_from(&to.stage);
                }
            }),
            Self::Change { part, id, field, value } => change(map, *part, id, field, value),
            Self::AddSegment { segment, like } => {
                if let Some(like) = like {
                    find(&mut map.segments, like)?;
                    for touchpoint in &mut map.touchpoints {
                        let twins = touchpoint.cells.iter().filter(|cell| cell.segment.as_ref() == Some(like));
                        let twins = twins.map(|cell| Cell { segment: Some(segment.id.clone()), stage: cell.stage.clone() });
                        let twins: Vec<Cell> = twins.collect();
                        touchpoint.cells.extend(twins);
                    }
                }
                add(&mut map.segments, segment.clone())
            }
            Self::RemoveSegment { id } => {
                find(&mut map.segments, id)?;
                map.segments.retain(|segment| segment.id != *id);
                for touchpoint in &mut map.touchpoints {
                    touchpoint.cells.retain(|cell| cell.segment.as_ref() != Some(id));
                    follow(touchpoint);
                }
                Ok(())
            }
            Self::AddStage { stage, before } => add_stage(map, stage, before.as_deref()),
            Self::RemoveStage { id, into } => remove_stage(map, id, into),
            Self::Weigh { weights } => {
                for (id, weight) in weights {
                    find(&mut map.stages, id)?.weight = *weight;
                }
                Ok(())
            }
            Self::AddChannel { channel } => add(&mut map.channels, channel.clone()),
            Self::RemoveChannel { id } => {
                find(&mut map.channels, id)?;
                map.channels.retain(|channel| channel.id != *id);
                Ok(())
            }
            Self::Order { part, ids } => {
                match part {
                    Part::Stages => order(&mut map.stages, ids),
                    Part::Segments => order(&mut map.segments, ids),
                    Part::Channels => order(&mut map.channels, ids),
                    Part::Outcomes => order(&mut map.outcomes, ids),
                    Part::Objectives => order(&mut map.objectives, ids),
                    Part::Touchpoints => order(&mut map.touchpoints, ids),
                }
                Ok(())
            }
            Self::Rules { rules } => {
                map.rules.clone_from(rules);
                Ok(())
            }
            Self::ChangeMap { field, value } => with_field(map, field, value),
        }
    }
}

/// Is an element with an id.
trait Named: Serialize + DeserializeOwned {
    fn id(&self) -> &str;
}

macro_rules! named {
    ($($name:path),+) => {
        $(impl Named for $name {
            fn id(&self) -> &str {
                &self.id
            }
        })+
    };
}

named!(Stage, Segment, Channel, model::map::Outcome, model::map::Objective, Touchpoint);

fn add<T: Named>(list: &mut Vec<T>, element: T) -> Result<()> {
    if list.iter().any(|known| known.id() == element.id()) {
        return Err(Failure::new(format!("There is `{}` already", element.id())).hint("Give it another id"));
    }
    list.push(element);
    Ok(())
}

fn find<'a, T: Named>(list: &'a mut [T], id: &str) -> Result<&'a mut T> {
    match list.iter().position(|known| known.id() == id) {
        Some(at) => Ok(&mut list[at]),
        None => {
            let near = nearest(id, list.iter().map(Named::id)).map(str::to_owned);
            let failure = Failure::new(format!("The map has no `{id}`"));
            Err(match near {
                Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                None => failure.hint("Somebody may have removed it: look at the history"),
            })
        }
    }
}

fn order<T: Named>(list: &mut [T], ids: &[String]) {
    let last = ids.len();
    list.sort_by_key(|element| ids.iter().position(|id| id == element.id()).unwrap_or(last));
}

/// Puts a touchpoint into a cell; the first one is also its primary stage.
fn settle(touchpoint: &mut Touchpoint, cell: Cell) {
    if touchpoint.cells.contains(&cell) {
        return;
    }
    if touchpoint.cells.is_empty() {
        touchpoint.primary_stage.clone_from(&cell.stage);
    }
    touchpoint.cells.push(cell);
}

/// Lets the primary stage follow the cells that are left; without any it stays.
fn follow(touchpoint: &mut Touchpoint) {
    if touchpoint.cells.iter().any(|cell| cell.stage == touchpoint.primary_stage) {
        return;
    }
    if let Some(cell) = touchpoint.cells.first() {
        touchpoint.primary_stage.clone_from(&cell.stage);
    }
}

fn remove_touchpoint(map: &mut TouchpointMap, id: &str) -> Result<()> {
    let parent = find(&mut map.touchpoints, id)?.parent.clone();
    map.touchpoints.retain(|touchpoint| touchpoint.id != id);
    for touchpoint in &mut map.touchpoints {
        if touchpoint.parent.as_deref() == Some(id) {
            touchpoint.parent.clone_from(&parent);
        }
    }
    map.rules.retain(|rule| rule.touchpoint != id);
    for stage in &mut map.stages {
        stage.entry.retain_mut(|trigger| match trigger {
            Trigger::Touchpoints { touchpoints } => {
                touchpoints.retain(|known| known != id);
                !touchpoints.is_empty()
            }
            _ => true,
        });
    }
    Ok(())
}

fn add_stage(map: &mut TouchpointMap, stage: &Stage, before: Option<&str>) -> Result<()> {
    if !(0.0..1.0).contains(&stage.weight) {
        return Err(Failure::new("A new stage weighs from 0 to below 1").hint("The others share what is left"));
    }
    if let Some(before) = before {
        find(&mut map.stages, before)?;
    }
    for known in &mut map.stages {
        known.weight *= 1.0 - stage.weight;
    }
    add(&mut map.stages, stage.clone())?;
    if let Some(at) = before.and_then(|before| map.stages.iter().position(|known| known.id == before)) {
        map.stages[at..].rotate_right(1);
    }
    Ok(())
}

fn remove_stage(map: &mut TouchpointMap, id: &str, into: &str) -> Result<()> {
    let weight = find(&mut map.stages, id)?.weight;
    if id == into {
        return Err(Failure::new("A stage cannot take over from itself").hint("Name another one"));
    }
    find(&mut map.stages, into)?.weight += weight;
    map.stages.retain(|stage| stage.id != id);
    for touchpoint in &mut map.touchpoints {
        let mut kept: Vec<Cell> = Vec::with_capacity(touchpoint.cells.len());
        for mut cell in touchpoint.cells.drain(..) {
            if cell.stage == id {
                into.clone_into(&mut cell.stage);
            }
            if !kept.contains(&cell) {
                kept.push(cell);
            }
        }
        touchpoint.cells = kept;
        if touchpoint.primary_stage == id {
            into.clone_into(&mut touchpoint.primary_stage);
        }
    }
    Ok(())
}

fn change(map: &mut TouchpointMap, part: Part, id: &str, field: &[String], value: &Value) -> Result<()> {
    if field.len() == 1 && field[0] == "id" {
        return Err(Failure::new("An id stays as it is").hint("Change the name: figures and rules hang on the id"));
    }
    match part {
        Part::Stages => with_field(find(&mut map.stages, id)?, field, value),
        Part::Segments => with_field(find(&mut map.segments, id)?, field, value),
        Part::Channels => with_field(find(&mut map.channels, id)?, field, value),
        Part::Outcomes => with_field(find(&mut map.outcomes, id)?, field, value),
        Part::Objectives => with_field(find(&mut map.objectives, id)?, field, value),
        Part::Touchpoints => with_field(find(&mut map.touchpoints, id)?, field, value),
    }
}

/// Gives a field another value by way of the document, so that what is possible is what the document allows.
fn with_field<T: Serialize + DeserializeOwned>(target: &mut T, field: &[String], value: &Value) -> Result<()> {
    if field.is_empty() || field.len() > DEPTH_MAX {
        return Err(Failure::new("The edit names no field").hint(format!("A way of 1 to {DEPTH_MAX} names leads to one")));
    }
    let failed = |error: serde_json::Error| Failure::new(format!("`{}` cannot have that value", field.join("."))).because(&error);
    let mut document = serde_json::to_value(&*target).map_err(failed)?;
    let mut at = &mut document;
    for (depth, step) in field.iter().enumerate() {
        if at.is_null() {
            *at = Value::Object(serde_json::Map::new());
        }
        let Some(fields) = at.as_object_mut() else {
            let way = field[..depth].join(".");
            return Err(Failure::new(format!("`{way}` has no fields of its own")).hint("See /api/openapi.json for its form"));
        };
        if depth + 1 == field.len() && value.is_null() {
            fields.remove(step);
            break;
        }
        at = fields.entry(step.clone()).or_insert(Value::Null);
        if depth + 1 == field.len() {
            *at = value.clone();
        }
    }
    *target = serde_json::from_value(document).map_err(failed)?;
    Ok(())
}
