//! Rows, columns and cells of the map: coverage (M1), distribution against importance (M2), channels (M3).

use super::costs::Spent;
use crate::conversion::share;
use crate::coverage::{CellCounts, coverage};
use crate::distribution::{StageMove, distances, moves};
use crate::map_fold::Group;
use crate::report::{CellFigures, ChannelFigures, Distribution, Gap, Move, SegmentFigures, StageFigures, TouchpointFigures};
use model::map::{Segment, TouchpointMap};
use model::{Class, Evidence, Life, Touchpoint, VerdictKind};

/// Tells whether a touchpoint counts as designed for a segment and stage.
fn planned(touchpoint: &Touchpoint, segment: &str, stage: &str) -> bool {
    let in_cell = |cell: &model::map::Cell| cell.stage == stage && cell.segment.as_deref().is_none_or(|named| named == segment);
    is_live(touchpoint) && touchpoint.cells.iter().any(in_cell)
}

fn is_live(touchpoint: &Touchpoint) -> bool {
    touchpoint.life == Life::Live && touchpoint.class == Class::Customer
}

/// Splits an amount evenly over the stages in which the map plans a touchpoint.
fn as_planned(map: &TouchpointMap, at: usize) -> Vec<f64> {
    let planned = |stage: &model::Stage| map.touchpoints[at].cells.iter().any(|cell| cell.stage == stage.id);
    let count = map.stages.iter().filter(|stage| planned(stage)).count().max(1) as f64;
    map.stages.iter().map(|stage| if planned(stage) { 1.0 / count } else { 0.0 }).collect()
}

/// Splits an amount over the stages in which people met a touchpoint; as planned where nobody did.
fn as_met(map: &TouchpointMap, group: &Group, at: usize) -> Vec<f64> {
    let stages = map.stages.len();
    let cells = &group.tally.cells[at * stages..(at + 1) * stages];
    let met: u64 = cells.iter().map(|cell| cell.interactions).sum();
    match met {
        0 => as_planned(map, at),
        met => cells.iter().map(|cell| cell.interactions as f64 / met as f64).collect(),
    }
}

/// Sums an amount of every touchpoint over the stages.
fn by_stage(map: &TouchpointMap, amount: impl Fn(usize) -> f64, split: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
    let mut sums = vec![0.0; map.stages.len()];
    for at in (0..map.touchpoints.len()).filter(|at| amount(*at) > 0.0) {
        for (sum, part) in sums.iter_mut().zip(split(at)) {
            *sum += amount(at) * part;
        }
    }
    sums
}

fn shares(sums: Vec<f64>) -> Vec<f64> {
    let total: f64 = sums.iter().sum();
    sums.into_iter().map(|sum| if total > 0.0 { sum / total } else { 0.0 }).collect()
}

/// Returns the cost of each stage, in minor units.
pub(super) fn cost_by_stage(map: &TouchpointMap, group: &Group, spent: &[Spent]) -> Vec<i64> {
    let sums = by_stage(map, |at| spent[at].total as f64, |at| as_met(map, group, at));
    sums.into_iter().map(|sum| sum.round() as i64).collect()
}

/// The columns of the map (M2, MAP-15).
pub(super) fn stages(map: &TouchpointMap, group: &Group, spent: &[Spent], cost: &[i64]) -> Vec<StageFigures> {
    let met = |at: usize| as_met(map, group, at);
    let cost = shares(cost.iter().map(|cost| *cost as f64).collect());
    let hours = shares(by_stage(map, |at| spent[at].hours, met));
    let live = |at: usize| f64::from(u8::from(is_live(&map.touchpoints[at])));
    let touchpoints = shares(by_stage(map, live, |at| as_planned(map, at)));
    let interactions = shares(by_stage(map, |at| group.tally.touchpoints[at].interactions as f64, met));
    let tally = &group.tally;
    let figures = map.stages.iter().enumerate().map(|(at, stage)| StageFigures {
        stage: stage.id.clone(),
        importance: stage.weight,
        cost_share: cost[at],
        interaction_share: interactions[at],
        touchpoint_share: touchpoints[at],
        staff_share: hours[at],
        gap: stage.weight - cost[at],
        reached: tally.reached[at],
        progression: share(tally.moved_on[at], tally.reached[at], Evidence::E3),
    });
    figures.collect()
}

/// Distance of effort from importance (M2), by cost, with moves that name candidates by their verdicts.
pub(super) fn distribution(map: &TouchpointMap, cost: &[i64], touchpoints: &[TouchpointFigures]) -> Distribution {
    let weights: Vec<f64> = map.stages.iter().map(|stage| stage.weight).collect();
    let budget = cost.iter().sum();
    let Some(found) = distances(cost, &weights) else {
        return Distribution { tvd: 0.0, emd: 0.0, shift: 0.0, alert: false, budget, moves: Vec::new() };
    };
    let candidates = |stage: usize, kinds: &[VerdictKind]| {
        let figures = map.touchpoints.iter().zip(touchpoints);
        let fitting = figures.filter(|(touchpoint, figures)| {
            touchpoint.primary_stage == map.stages[stage].id && kinds.contains(&figures.verdict.kind)
        });
        fitting.map(|(touchpoint, _)| touchpoint.id.clone()).collect()
    };
    let to_move = |StageMove { from, to, amount }| Move {
        from: map.stages[from].id.clone(),
        to: map.stages[to].id.clone(),
        amount,
        take_from: candidates(from, &[VerdictKind::Wasted, VerdictKind::OverUsed]),
        give_to: candidates(to, &[VerdictKind::UnderUsed]),
    };
    Distribution {
        tvd: found.tvd,
        emd: found.emd,
        shift: found.shift,
        alert: found.alert,
        budget,
        moves: moves(cost, &weights).into_iter().map(to_move).collect(),
    }
}

/// One row of the map (M1).
pub(super) fn segment(map: &TouchpointMap, segment: &Segment, group: &Group) -> SegmentFigures {
    let weights: Vec<f64> = map.stages.iter().map(|stage| stage.weight).collect();
    let cells: Vec<CellCounts> = (0..map.stages.len()).map(|stage| cell_counts(map, segment, stage, group)).collect();
    let people = group.tally.people;
    let found = coverage(&cells, &weights, people, 1);
    let gap = |gap: &crate::coverage::CellGap| Gap {
        stage: map.stages[gap.stage].id.clone(),
        missing: gap.missing,
        weight: gap.weight,
    };
    SegmentFigures {
        segment: segment.id.clone(),
        people,
        reached: group.tally.reached.clone(),
        coverage: found.as_ref().map_or(0.0, |found| found.share),
        coverage_weighted: found.as_ref().map_or(0.0, |found| found.weighted),
        coverage_observed: found.as_ref().map_or(0.0, |found| found.observed),
        coverage_two_way: found.as_ref().map_or(0.0, |found| found.two_way),
        gaps: found.iter().flat_map(|found| &found.gaps).map(gap).collect(),
    }
}

fn cell_counts(map: &TouchpointMap, segment: &Segment, stage: usize, group: &Group) -> CellCounts {
    let mut counts = CellCounts::default();
    for (at, touchpoint) in map.touchpoints.iter().enumerate() {
        counts.interactions += group.tally.cells[at * map.stages.len() + stage].interactions;
        if planned(touchpoint, &segment.id, &map.stages[stage].id) {
            counts.live += 1;
            counts.ways_in += u32::from(touchpoint.direction.reaches_business());
            counts.ways_out += u32::from(touchpoint.direction.reaches_customer());
        }
    }
    counts
}

/// Everything that was met where, and everything planned, cell by cell.
pub(super) fn cells(map: &TouchpointMap, by_segment: &[Group]) -> Vec<CellFigures> {
    let stages = map.stages.len();
    let mut cells = Vec::new();
    for (segment, group) in map.segments.iter().zip(by_segment) {
        for (stage_at, stage) in map.stages.iter().enumerate() {
            for (at, touchpoint) in map.touchpoints.iter().enumerate() {
                let crowd = group.tally.cells[at * stages + stage_at];
                let planned = planned(touchpoint, &segment.id, &stage.id);
                if planned || crowd.interactions > 0 {
                    cells.push(CellFigures {
                        segment: segment.id.clone(),
                        stage: stage.id.clone(),
                        touchpoint: touchpoint.id.clone(),
                        planned,
                        people: crowd.people,
                        interactions: crowd.interactions,
                    });
                }
            }
        }
    }
    cells
}

/// Requests and conversion per channel (M3).
pub(super) fn channels(map: &TouchpointMap, group: &Group) -> Vec<ChannelFigures> {
    let tallies = group.tally.channels.iter().zip(&group.journeys.converted_by_channel);
    let figures = map.channels.iter().zip(tallies).map(|(channel, (tally, converted))| ChannelFigures {
        channel: channel.id.clone(),
        interactions: tally.interactions,
        requests: tally.requests,
        people: tally.people,
        converted: *converted,
        conversion: share(*converted, tally.people, Evidence::E3),
    });
    figures.filter(|channel| channel.interactions > 0).collect()
}
