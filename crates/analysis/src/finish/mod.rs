//! From counts to figures: what a map fold has read becomes the report that people see.
//!
//! Everything before this is integers that merge exactly; here floating point begins.

mod costs;
mod frequency;
mod segments;
mod touchpoints;

use crate::conversion::share;
use crate::map_fold::{Group, MapFold};
use crate::report::{MapReport, Note, Totals, Unmapped, Window};
use model::map::TouchpointMap;
use model::{Evidence, Signature};

/// Makes the report of everybody, or of one segment by its position, from a fold over the whole ledger.
///
/// `map` and `signals` are those the fold's meaning was compiled from.
#[must_use]
pub fn report(map: &TouchpointMap, signals: &[Signature], fold: &MapFold, segment: Option<usize>) -> MapReport {
    let window = fold.meaning().window;
    let everybody = fold.sum(None);
    let group = if segment.is_some() { fold.sum(segment) } else { everybody.clone() };
    let by_segment: Vec<Group> = (0..map.segments.len()).map(|segment| fold.sum(Some(segment))).collect();
    let spent = costs::of_group(map, window, &group, &everybody);
    let cost_by_stage = segments::cost_by_stage(map, &group, &spent);
    let touchpoints = touchpoints::figures(map, fold.meaning(), &group, &spent);
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

fn totals(fold: &MapFold, group: &Group, cost: i64, whole: bool) -> Totals {
    let tally = &group.tally;
    Totals {
        people: tally.people,
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
    notes
}
