//! A design sheet tried on paper (WAY-22, M21): what we believe and why, and what would follow for the stages of the map.

use super::stakes::worth;
use analysis::report::MapReport;
use analysis::simulation::{Simulated, Step, Trial, Unsaid, simulate};
use model::TouchpointMap;
use model::rules::Trigger;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a design sheet. Texts are the organisation's own; numbers are what the trial is made of.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DesignSheet)]
pub struct Sheet {
    /// The idea, in a line.
    pub idea: String,
    /// The problem it solves.
    pub problem: String,
    /// What we believe.
    pub believe: String,
    /// Because of what.
    pub because: String,
    /// The stage in which it should help people on, by id.
    pub stage: String,
    /// The segment it is for, by id; none: everybody.
    pub segment: Option<String>,
    /// The share of the stage's people whom it reaches.
    pub reach: f64,
    /// By how much it should raise their chance of going on: 0.05 is five points.
    pub effect: f64,
    /// Half the width of the interval of that: what we would not be surprised by.
    pub doubt: f64,
    /// What it costs over such a period, in minor units.
    pub cost: f64,
    /// How it will be measured.
    pub measure: String,
    /// Until when it is tried, such as `2026-12-31`.
    pub until: Option<String>,
}

/// Is how long a text of a sheet may be, in characters.
pub(super) const SHEET_TEXT_MAX: usize = 1_000;

impl Sheet {
    /// Returns its texts, to be measured.
    pub(super) fn texts(&self) -> [&str; 5] {
        [&self.idea, &self.problem, &self.believe, &self.because, &self.measure]
    }
}

/// Is what a sheet comes to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SheetTrial)]
pub struct Tried {
    /// What would follow.
    pub result: Simulated,
    /// The stages from one to the next, as observed.
    pub chain: Vec<Link>,
    /// What one further outcome leaves, in minor units.
    pub worth: f64,
    /// The stage in which people are when they have the outcome.
    pub outcome_stage: String,
}

/// Is one step from stage to stage.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TrialLink)]
pub struct Link {
    /// From this stage.
    pub stage: String,
    /// People in it, and those who went on.
    pub observed: Step,
    /// The chance of going on with the new touchpoint.
    pub with: f64,
}

/// Tries a sheet against a report of everybody or of its segment.
///
/// # Errors
/// Says why nothing can be said.
pub fn try_sheet(map: &TouchpointMap, report: &MapReport, sheet: &Sheet) -> Result<Tried, Unsaid> {
    let last = map.stages.len() - 1;
    // Nobody goes on from the last stage.
    let steps: Vec<Step> = report.stages[..last]
        .iter()
        .map(|stage| {
            let people = stage.progression.n;
            let moved = (stage.progression.value.unwrap_or(0.0) * people as f64).round() as u64;
            Step { people, moved: moved.min(people) }
        })
        .collect();
    let at = map.stages.iter().position(|stage| stage.id == sheet.stage).filter(|at| *at < last).ok_or(Unsaid::Stage)?;
    let outcome = outcome_stage(map);
    let worth = worth(&map.settings, report);
    let trial = Trial {
        start: report.stages[0].reached as f64,
        steps: steps.clone(),
        at,
        outcome: outcome.saturating_sub(1),
        reach: sheet.reach,
        effect: sheet.effect,
        doubt: sheet.doubt,
        cost: sheet.cost,
        worth,
    };
    let result = simulate(&trial)?;
    let chain = steps.into_iter().enumerate().map(|(step, observed)| {
        let chance = observed.moved as f64 / observed.people as f64;
        let with = if step == at { (chance + sheet.reach * sheet.effect).clamp(0.0, 1.0) } else { chance };
        Link { stage: map.stages[step].id.clone(), observed, with }
    });
    Ok(Tried { result, chain: chain.collect(), worth, outcome_stage: map.stages[outcome].id.clone() })
}

/// The first stage that the target outcome opens; the last one where none is opened by it.
fn outcome_stage(map: &TouchpointMap) -> usize {
    let target = map.target().map(|at| map.outcomes[at].id.as_str());
    let opens = |trigger: &Trigger| matches!(trigger, Trigger::Outcome { outcome, .. } if Some(outcome.as_str()) == target);
    map.stages.iter().position(|stage| stage.entry.iter().any(opens)).filter(|at| *at > 0).unwrap_or(map.stages.len() - 1)
}
