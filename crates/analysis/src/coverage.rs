//! Coverage (M1): in which stages a segment meets a live touchpoint at all.
//!
//! `cov = Σ 1[n ≥ k] / m` over the m stages, with n live touchpoints in the cell; weighted by importance,
//! `wcov = Σ w·1[n ≥ 1]`. A cell is two-way when business and customer can each reach the other there, and observed
//! when a person of the segment really met something. The definitions are the product's own.
//!
//! | stage | weight | touchpoints | covered | two-way |
//! |---|---|---|---|---|
//! | awareness | .30 | 2 out | yes | no way in |
//! | knowledge | .30 | 1 two-way | yes | yes |
//! | trial | .20 | none | gap | gap |
//! | satisfaction | .10 | 1 in | yes | no way out |
//! | loyalty | .10 | 1 out, 1 in | yes | yes |
//!
//! gives coverage 4/5, weighted .80, two-way 2/5; the first gap is trial. Cost: O(m log m), no state.

use crate::report::Missing;

/// Is what one segment finds in one stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CellCounts {
    /// Live touchpoints.
    pub live: u32,
    /// Those by which the customer can reach the business; two-way ones count here and as ways out.
    pub ways_in: u32,
    /// Those by which the business can reach the customer.
    pub ways_out: u32,
    /// Interactions of the segment's people in this stage.
    pub interactions: u64,
}

/// Is the coverage of one segment.
#[derive(Clone, PartialEq, Debug)]
pub struct Coverage {
    /// Stages with enough live touchpoints.
    pub covered: usize,
    /// The same, as a share of all stages.
    pub share: f64,
    /// Importance of the stages with at least one live touchpoint.
    pub weighted: f64,
    /// Share of stages with an interaction.
    pub observed: f64,
    /// Share of stages with a way in each direction.
    pub two_way: f64,
    /// Empty stages, then one-sided ones, most important first.
    pub gaps: Vec<CellGap>,
}

/// Is a stage that lacks something.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CellGap {
    /// Position of the stage.
    pub stage: usize,
    /// What it lacks.
    pub missing: Missing,
    /// Importance of the stage times people of the segment.
    pub weight: f64,
}

/// Computes the coverage of a segment: one cell and one weight per stage, and the number of its people.
///
/// A stage is covered by `at_least` live touchpoints (usually 1). `None` when there are no stages.
#[must_use]
pub fn coverage(cells: &[CellCounts], weights: &[f64], people: u64, at_least: u32) -> Option<Coverage> {
    let stages = (!cells.is_empty()).then_some(cells.len() as f64)?;
    let count = |holds: fn(&CellCounts) -> bool| cells.iter().filter(|cell| holds(cell)).count() as f64;
    let covered = cells.iter().filter(|cell| cell.live >= at_least).count();
    Some(Coverage {
        covered,
        share: covered as f64 / stages,
        weighted: cells.iter().zip(weights).filter(|(cell, _)| cell.live > 0).map(|(_, weight)| weight).sum(),
        observed: count(|cell| cell.interactions > 0) / stages,
        two_way: count(|cell| cell.ways_in > 0 && cell.ways_out > 0) / stages,
        gaps: gaps(cells, weights, people),
    })
}

fn gaps(cells: &[CellCounts], weights: &[f64], people: u64) -> Vec<CellGap> {
    let mut gaps: Vec<CellGap> = cells
        .iter()
        .zip(weights)
        .enumerate()
        .filter_map(|(stage, (cell, weight))| {
            let missing = missing(cell)?;
            Some(CellGap { stage, missing, weight: weight * people as f64 })
        })
        .collect();
    // A stable sort: equally important stages stay in the order of the life cycle.
    gaps.sort_by(|one, other| {
        let graver = (one.missing != Missing::Touchpoint).cmp(&(other.missing != Missing::Touchpoint));
        graver.then(other.weight.total_cmp(&one.weight))
    });
    gaps
}

fn missing(cell: &CellCounts) -> Option<Missing> {
    match (cell.live, cell.ways_in, cell.ways_out) {
        (0, ..) => Some(Missing::Touchpoint),
        (_, 0, _) => Some(Missing::WayIn),
        (_, _, 0) => Some(Missing::WayOut),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [f64; 7] = [0.10, 0.10, 0.20, 0.25, 0.15, 0.15, 0.05];

    /// Makes cells with so many two-way touchpoints each.
    fn two_way(live: &[u32]) -> Vec<CellCounts> {
        live.iter().map(|n| CellCounts { live: *n, ways_in: *n, ways_out: *n, interactions: u64::from(*n) }).collect()
    }

    #[test]
    fn m1_coverage() {
        let a = coverage(&two_way(&[2, 1, 3, 2, 1, 0, 0]), &WEIGHTS, 100, 1).expect("stages");
        let b = coverage(&two_way(&[1, 0, 1, 1, 1, 1, 0]), &WEIGHTS, 100, 1).expect("stages");
        assert_eq!((a.share, b.share), (5.0 / 7.0, 5.0 / 7.0));
        assert!((a.weighted - 0.80).abs() < 1e-12 && (b.weighted - 0.85).abs() < 1e-12);
        assert_eq!(a.covered + b.covered, 10);
        assert_eq!((a.gaps[0].stage, b.gaps[0].stage), (5, 1));
        assert!((a.gaps[0].weight - 15.0).abs() < 1e-12);
    }

    #[test]
    fn the_table_above() {
        let cell = |live, ways_in, ways_out| CellCounts { live, ways_in, ways_out, interactions: 0 };
        let cells = [cell(2, 0, 2), cell(1, 1, 1), cell(0, 0, 0), cell(1, 1, 0), cell(2, 1, 1)];
        let found = coverage(&cells, &[0.3, 0.3, 0.2, 0.1, 0.1], 1, 1).expect("stages");
        assert_eq!((found.share, found.two_way, found.observed), (0.8, 0.4, 0.0));
        let gaps: Vec<_> = found.gaps.iter().map(|gap| (gap.stage, gap.missing)).collect();
        assert_eq!(gaps, [(2, Missing::Touchpoint), (0, Missing::WayIn), (3, Missing::WayOut)]);
    }

    #[test]
    fn more_may_be_asked_for() {
        let found = coverage(&two_way(&[2, 1]), &[0.5, 0.5], 1, 2).expect("stages");
        assert_eq!((found.share, found.weighted), (0.5, 1.0));
        assert_eq!(coverage(&[], &[], 1, 1), None);
    }
}
