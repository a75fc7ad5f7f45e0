//! From counts to figures: what a map fold has read becomes the report that people see.
//!
//! Everything before this is integers that merge exactly; here floating point begins.

pub(crate) mod costs;
mod frequency;
mod segments;
mod touchpoints;

use self::touchpoints::Crowd;
use crate::conversion::share;
use crate::map_fold::{Group, MapFold};
use crate::report::{MapReport, Note, Totals, Unmapped, Window};
use model::map::TouchpointMap;
use model::{Evidence, Signature};
use std::collections::BTreeMap;

/// Holds how often each answer from 1 to 5 was given to "how important is it", by the position of the touchpoint.
pub type Stated = BTreeMap<u16, [u64; 5]>;

/// Makes the report of everybody, or of one segment by its position, from a fold over the whole ledger.
///
/// `map` and `signals` are those the fold's meaning was compiled from; `stated` is what people said of importance.
#[must_use]
pub fn report(map: &TouchpointMap, signals: &[Signature], fold: &MapFold, segment: Option<usize>, stated: &Stated) -> MapReport {
    let window = fold.meaning().window;
    let everybody = fold.sum(None);
    let group = if segment.is_some() { fold.sum(segment) } else { everybody.clone() };
    let by_segment: Vec<Group> = (0..map.segments.len()).map(|segment| fold.sum(Some(segment))).collect();
    let spent = costs::of_group(map, window, &group, &everybody);
    let cost_by_stage = segments::cost_by_stage(map, &group, &spent);
    let crowds = crowds(map, fold, segment);
    let touchpoints = touchpoints::figures(map, fold.meaning(), (&group, &everybody), (&spent, &crowds), stated);
    MapReport {
        segment: segment.map(|at| map.segments[at].id.clone()),
        window: Window { from: window.0.0, to: window.1.0 },
        totals: totals(fold, &group, spent.iter().map(|spent| spent.total).sum(), segment.is_none()),
        stages: segments::stages(map, &group, &spent, &cost_by_stage),
        distribution: segments::distribution(map, &cost_by_stage, &touchpoints),
        segments: map.segments.iter().zip(&by_segment).map(|(segment, group)| segments::segment(map, segment, group)).collect(),
        cells: segments::cells(map, &by_segment),
        channels: segments::channels(map, &group),
        touchpoints,
        unmapped: unmapped(signals, fold),
        notes: notes(&group),
    }
}

/// Counts, for every touchpoint, whom it could meet and whom it does (M10): people of its primary stage who belong to a
/// segment that the map plans it for, and to the segment of the report.
fn crowds(map: &TouchpointMap, fold: &MapFold, segment: Option<usize>) -> Vec<Crowd> {
    let position = |id: &String| map.segments.iter().position(|segment| segment.id == *id);
    let planned_for = |touchpoint: &model::Touchpoint| {
        let sets = touchpoint.cells.iter().map(|cell| cell.segment.as_ref().and_then(position).map_or(u64::MAX, |at| 1 << at));
        sets.reduce(|all, set| all | set).unwrap_or(u64::MAX)
    };
    let (stages, places) = (fold.meaning().stages, &fold.meaning().touchpoints);
    let in_report = |set: u64| segment.is_none_or(|segment| set >> segment & 1 == 1);
    let mut crowds = vec![Crowd::default(); map.touchpoints.len()];
    for (at, crowd) in crowds.iter_mut().enumerate() {
        let (wanted, stage) = (planned_for(&map.touchpoints[at]), places[at].primary_stage);
        let here = |set: u64| in_report(set) && (wanted == u64::MAX || set & wanted != 0);
        for (_, group) in fold.groups.iter().filter(|(set, _)| here(**set)) {
            crowd.eligible += group.tally.reached[stage];
            crowd.touched += group.tally.cells[at * stages + stage].people;
        }
    }
    crowds
}

fn totals(fold: &MapFold, group: &Group, cost: i64, whole: bool) -> Totals {
    let tally = &group.tally;
    Totals {
        people: tally.people,
        day_visitors: tally.day_visitors,
        interactions: tally.interactions,
        unmapped: tally.unmapped,
        bots: if whole { fold.bots } else { 0 },
        outcomes: tally.outcomes,
        value: tally.value,
        cost,
        identified: share(tally.identified, tally.interactions, Evidence::E3),
        conversion: share(tally.converted, tally.people, Evidence::E3),
    }
}

/// Lists signals that no rule binds, the most frequent first.
fn unmapped(signals: &[Signature], fold: &MapFold) -> Vec<Unmapped> {
    let counted = fold.unmapped.iter().enumerate().filter(|(_, interactions)| **interactions > 0);
    let mut found: Vec<Unmapped> = counted
        .map(|(id, interactions)| Unmapped {
            signal: signals.get(id).map(ToString::to_string).unwrap_or_default(),
            id: id as u32,
            interactions: *interactions,
        })
        .collect();
    found.sort_by(|a, b| b.interactions.cmp(&a.interactions).then(a.id.cmp(&b.id)));
    found
}

fn notes(group: &Group) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |holds: bool, key: &str| {
        if holds {
            notes.push(Note { key: key.to_owned(), about: None });
        }
    };
    note(group.tally.interactions == 0, "no_interactions");
    note(group.tally.outcomes == 0, "no_outcomes");
    note(group.tally.outcomes_unknown > 0, "outcomes_of_unknown_people");
    note(group.tally.day_visitors > 0, "day_visitors");
    notes
}
