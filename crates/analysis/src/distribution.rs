//! Distribution against importance (M2): whether effort goes to the stages that matter.
//!
//! With shares p of effort and weights w of importance over ordered stages, `gap = w − p`. The total variation
//! distance `TVD = ½Σ|gap|` is the share of effort that would have to move; the earth mover's distance
//! `EMD = Σ|P − W|` of cumulative shares is the mean number of stages it would have to travel; `shift = Σ s·gap`
//! is positive when effort should move to later stages. Both distances are textbook (Rubner, Tomasi and Guibas 2000).
//!
//! | stage | weight | spent | share | gap | move |
//! |---|---|---|---|---|---|
//! | awareness | .20 | 50 | .50 | −.30 | gives 30 |
//! | knowledge | .20 | 20 | .20 | 0 | |
//! | trial | .20 | 20 | .20 | 0 | |
//! | satisfaction | .20 | 10 | .10 | +.10 | takes 10 |
//! | loyalty | .20 | 0 | 0 | +.20 | takes 20 |
//!
//! gives TVD .30, EMD 1.1, shift +1.1. Moves are greedy: the most over-served stage gives to the most under-served
//! one; at most 2·m moves. Cost: O(m²) for m stages.

/// Is how far effort is from importance.
#[derive(Clone, PartialEq, Debug)]
pub struct Distances {
    /// Share of effort in each stage.
    pub shares: Vec<f64>,
    /// Importance minus share; positive: under-served.
    pub gaps: Vec<f64>,
    /// Share of effort that would have to move.
    pub tvd: f64,
    /// Mean number of stages it would have to travel.
    pub emd: f64,
    /// Positive: effort should move to later stages.
    pub shift: f64,
    /// Whether [`TVD_LIMIT`] or [`GAP_LIMIT`] is reached.
    pub alert: bool,
}

/// At this share of misplaced effort the alert is raised.
pub const TVD_LIMIT: f64 = 0.20;
/// At this gap of a single stage the alert is raised.
pub const GAP_LIMIT: f64 = 0.10;
/// Allows a limit to be reached in spite of binary fractions: .25 − .15 is a hair below .10.
const HAIR: f64 = 1e-9;

/// Compares effort by stage (money, interactions, hours, touchpoints: whole units, none negative) with importance weights that
/// sum to one. `None` when there is no effort at all.
#[must_use]
pub fn distances(effort: &[i64], weights: &[f64]) -> Option<Distances> {
    let total: i64 = effort.iter().sum();
    if total <= 0 {
        return None;
    }
    let shares: Vec<f64> = effort.iter().map(|part| *part as f64 / total as f64).collect();
    let gaps: Vec<f64> = weights.iter().zip(&shares).map(|(weight, share)| weight - share).collect();
    let tvd = gaps.iter().map(|gap| gap.abs()).sum::<f64>() / 2.0;
    let mut behind = 0.0;
    let emd = gaps
        .iter()
        .map(|gap| {
            behind += gap;
            f64::abs(behind)
        })
        .sum();
    let shift = gaps.iter().enumerate().map(|(stage, gap)| stage as f64 * gap).sum();
    let alert = tvd >= TVD_LIMIT - HAIR || gaps.iter().any(|gap| gap.abs() >= GAP_LIMIT - HAIR);
    Some(Distances { shares, gaps, tvd, emd, shift, alert })
}

/// Is an amount to be moved from one stage to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StageMove {
    /// Position of the over-served stage.
    pub from: usize,
    /// Position of the under-served stage.
    pub to: usize,
    /// How much, in the unit of the effort.
    pub amount: i64,
}

/// Pairs the most over-served with the most under-served stage until effort equals importance.
///
/// Of equally served stages the earlier one comes first. Amounts are whole units and together bring every stage to
/// its target exactly; the targets sum to the total (largest remainders).
#[must_use]
pub fn moves(effort: &[i64], weights: &[f64]) -> Vec<StageMove> {
    let mut gaps: Vec<i64> =
        targets(effort.iter().sum(), weights).iter().zip(effort).map(|(target, part)| target - part).collect();
    let mut moves = Vec::new();
    loop {
        let by_gap = |(one, a): &(usize, &i64), (other, b): &(usize, &i64)| a.cmp(b).then(other.cmp(one));
        let over = gaps.iter().enumerate().min_by(|one, other| one.1.cmp(other.1).then(one.0.cmp(&other.0)));
        let under = gaps.iter().enumerate().max_by(by_gap);
        let (Some((from, over)), Some((to, under))) = (over, under) else { return moves };
        if *over >= 0 || *under <= 0 {
            return moves;
        }
        let amount = (-over).min(*under);
        moves.push(StageMove { from, to, amount });
        gaps[from] += amount;
        gaps[to] -= amount;
    }
}

/// Splits a total by weights into whole units; what rounding leaves goes to the largest remainders.
fn targets(total: i64, weights: &[f64]) -> Vec<i64> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|weight| total as f64 * weight / sum).collect();
    let mut targets: Vec<i64> = exact.iter().map(|part| libm::floor(part + HAIR) as i64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| (exact[*b] - targets[*b] as f64).total_cmp(&(exact[*a] - targets[*a] as f64)));
    let left = total - targets.iter().sum::<i64>();
    for stage in order.into_iter().take(left.max(0) as usize) {
        targets[stage] += 1;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEIGHTS: [f64; 7] = [0.10, 0.10, 0.20, 0.25, 0.15, 0.15, 0.05];
    const SPENT: [i64; 7] = [35_000, 15_000, 20_000, 15_000, 5_000, 5_000, 5_000];

    #[test]
    fn m2_distribution() {
        let found = distances(&SPENT, &WEIGHTS).expect("something is spent");
        for (gap, expected) in found.gaps.iter().zip([-0.25, -0.05, 0.0, 0.10, 0.10, 0.10, 0.0]) {
            assert!((gap - expected).abs() < 1e-12);
        }
        for (value, expected) in [(found.tvd, 0.30), (found.emd, 1.15), (found.shift, 1.15)] {
            assert!((value - expected).abs() < 1e-12);
        }
        assert!(found.alert);
    }

    #[test]
    fn m2_moves() {
        let step = |from, to, amount| StageMove { from, to, amount };
        assert_eq!(moves(&SPENT, &WEIGHTS), [step(0, 3, 10_000), step(0, 4, 10_000), step(0, 5, 5_000), step(1, 5, 5_000)]);
    }

    #[test]
    fn m2_counts() {
        let found = distances(&[6, 3, 5, 3, 1, 1, 1], &WEIGHTS).expect("there are touchpoints");
        assert!((found.tvd - 0.30).abs() < 1e-12);
    }

    #[test]
    fn the_table_above() {
        let found = distances(&[50, 20, 20, 10, 0], &[0.2; 5]).expect("something is spent");
        assert!((found.tvd - 0.30).abs() < 1e-12 && (found.emd - 1.1).abs() < 1e-12 && (found.shift - 1.1).abs() < 1e-12);
    }

    #[test]
    fn one_gap_at_the_limit_alerts() {
        assert!(distances(&[15, 85], &[0.25, 0.75]).expect("effort").alert);
        assert!(!distances(&[16, 84], &[0.25, 0.75]).expect("effort").alert);
    }

    #[test]
    fn nothing_spent_nothing_said() {
        assert_eq!(distances(&[0, 0], &[0.5, 0.5]), None);
        assert!(moves(&[0, 0], &[0.5, 0.5]).is_empty());
        assert!(moves(&[], &[]).is_empty());
    }

    proptest! {
        #[test]
        fn moves_reach_the_targets(parts in prop::collection::vec((0_i64..1_000_000, 0.01..1.0_f64), 2..12)) {
            let effort: Vec<i64> = parts.iter().map(|part| part.0).collect();
            let sum: f64 = parts.iter().map(|part| part.1).sum();
            let weights: Vec<f64> = parts.iter().map(|part| part.1 / sum).collect();
            let total: i64 = effort.iter().sum();
            let found = moves(&effort, &weights);
            let mut after = effort.clone();
            for step in &found {
                prop_assert!(step.amount > 0);
                after[step.from] -= step.amount;
                after[step.to] += step.amount;
            }
            prop_assert_eq!(after.iter().sum::<i64>(), total);
            for (after, weight) in after.iter().zip(&weights) {
                prop_assert!((*after as f64 - weight * total as f64).abs() <= 1.0);
            }
            prop_assert!(found.len() < 2 * effort.len());
            if let Some(distances) = distances(&effort, &weights) {
                let moved: i64 = found.iter().map(|step| step.amount).sum();
                prop_assert!((moved as f64 - distances.tvd * total as f64).abs() <= effort.len() as f64);
                prop_assert!((0.0..=1.0).contains(&distances.tvd) && distances.emd + 1e-9 >= distances.tvd);
                prop_assert!(distances.emd + 1e-9 >= distances.shift.abs());
            }
        }
    }
}
