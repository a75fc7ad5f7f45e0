//! Importance against performance (M17): where to concentrate.
//!
//! Importance is stated (asked, 1 to 5, from [`STATED_FROM`] answers on) or derived: Spearman's ρ of a touchpoint's satisfaction with
//! the overall loyalty of the same people, from [`DERIVED_FROM`] answers on. Each has a grid of its own: where they disagree, people say
//! one thing and do another. The cross-hairs are the means over touchpoints, or targets. A point estimate near
//! the cross-hairs says little, so [`RESAMPLES`] draws of both estimates (normal, by their standard errors, the cross-hairs
//! drawn along) give each quadrant's probability; below [`SURE`] a touchpoint is undecided (Martilla and James 1977 for the
//! grid).
//!
//! | importance | performance | quadrant, means 3.70 and 3.75 |
//! |---|---|---|
//! | 4.6 | 3.1 | concentrate here |
//! | 4.2 | 4.4 | keep up |
//! | 3.1 | 3.0 | low priority |
//! | 2.9 | 4.5 | possible overkill |
//! | 3.7 ± .5 | 3.75 ± .5 | undecided |
//!
//! Cost: O(draws · touchpoints); ρ from an 11 × 11 table, constant.

use super::scores::Answers;
use crate::intervals::{Estimate, Interval, Z95, normal_quantile, proportion};
use crate::landmarks::mix;
use libm::{atanh, sqrt, tanh};
use model::{Scale, Score};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// So many pairs of answers make a derived importance.
pub const DERIVED_FROM: u64 = 100;
/// So many answers make a stated importance.
pub const STATED_FROM: u64 = 30;
/// How often estimates are drawn again.
pub const RESAMPLES: u32 = 1_000;
/// A quadrant needs this probability.
pub const SURE: f64 = 0.8;

/// Is a field of the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    /// Important and poor.
    Concentrate,
    /// Important and good.
    KeepUp,
    /// Neither.
    LowPriority,
    /// Good where it matters little.
    Overkill,
}

/// Is a touchpoint to be placed: an estimate and its standard error each.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Importance.
    pub importance: (f64, f64),
    /// Performance.
    pub performance: (f64, f64),
}

/// Is where a touchpoint lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Placement {
    /// The field of the point estimate.
    pub quadrant: Quadrant,
    /// The share of draws in that field.
    pub probability: f64,
}

impl Placement {
    /// Returns the quadrant if it is sure enough.
    #[must_use]
    pub fn decided(&self) -> Option<Quadrant> {
        (self.probability >= SURE).then_some(self.quadrant)
    }
}

/// Returns the field of a point by its cross-hairs; on a line counts as above it.
#[must_use]
pub fn quadrant(importance: f64, performance: f64, cross: (f64, f64)) -> Quadrant {
    match (importance >= cross.0, performance >= cross.1) {
        (true, false) => Quadrant::Concentrate,
        (true, true) => Quadrant::KeepUp,
        (false, false) => Quadrant::LowPriority,
        (false, true) => Quadrant::Overkill,
    }
}

/// Places touchpoints; cross-hairs are the means unless targets are given. The same points give the same answer every time.
#[must_use]
pub fn place(points: &[Point], targets: Option<(f64, f64)>) -> Vec<Placement> {
    if points.is_empty() {
        return Vec::new();
    }
    let values: Vec<(f64, f64)> = points.iter().map(|point| (point.importance.0, point.performance.0)).collect();
    let quadrants = fields(&values, targets);
    let mut agree = vec![0_u32; points.len()];
    let mut chance = Chance(0x5eed);
    for _ in 0..RESAMPLES {
        let draw = |(value, error): (f64, f64), chance: &mut Chance| value + error.max(0.0) * chance.normal();
        let drawn: Vec<(f64, f64)> =
            points.iter().map(|point| (draw(point.importance, &mut chance), draw(point.performance, &mut chance))).collect();
        for ((agree, now), then) in agree.iter_mut().zip(fields(&drawn, targets)).zip(&quadrants) {
            *agree += u32::from(now == *then);
        }
    }
    let placed = quadrants.into_iter().zip(agree);
    placed.map(|(quadrant, agree)| Placement { quadrant, probability: f64::from(agree) / f64::from(RESAMPLES) }).collect()
}

/// Places touchpoints, by position: those whose importance is known, and of whose people some were satisfied of all who were asked.
/// One alone is not placed: the cross-hairs would be its own.
pub(crate) fn grid(
    satisfied: &BTreeMap<u16, (u64, u64)>,
    importance: impl Fn(u16) -> Option<Estimate>,
) -> BTreeMap<u16, Placement> {
    let error = |estimate: Estimate| estimate.interval.map_or(0.0, |interval| (interval.high - interval.low) / (2.0 * Z95));
    let point = |(touchpoint, (good, n)): (&u16, &(u64, u64))| {
        let (importance, performance) = (importance(*touchpoint)?, proportion(*good, *n)?);
        let point =
            Point { importance: (importance.value, error(importance)), performance: (performance.value, error(performance)) };
        Some((*touchpoint, point))
    };
    let (touchpoints, points): (Vec<u16>, Vec<Point>) = satisfied.iter().filter_map(point).unzip();
    if points.len() < 2 {
        return BTreeMap::new();
    }
    touchpoints.into_iter().zip(place(&points, None)).collect()
}

/// Returns stated importance, the mean of the answers 1 to 5 by how often each was given; none from fewer than [`STATED_FROM`].
pub(crate) fn stated(counts: &[u64; 5]) -> Option<Estimate> {
    let mut answers = Answers::new(Scale::Five);
    for (answer, count) in (1..).zip(counts) {
        if let Some(score) = Score::new(Scale::Five, answer) {
            answers.add(score, *count);
        }
    }
    (answers.n() >= STATED_FROM).then(|| answers.mean())?
}

fn fields(values: &[(f64, f64)], targets: Option<(f64, f64)>) -> Vec<Quadrant> {
    let n = values.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| values.iter().map(of).sum::<f64>() / n;
    let cross = targets.unwrap_or_else(|| (mean(|value| value.0), mean(|value| value.1)));
    values.iter().map(|(importance, performance)| quadrant(*importance, *performance, cross)).collect()
}

/// Draws numbers, the same on every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Draws between 0 and 1, both excluded.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((mix(self.0) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Draws from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }
}

/// Counts pairs of answers: row and column are positions on two scales of up to eleven answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pairs([[u64; 11]; 11]);

impl Pairs {
    /// Counts one pair; what is off the table is not counted.
    pub fn add(&mut self, one: usize, other: usize) {
        if let Some(count) = self.0.get_mut(one).and_then(|row| row.get_mut(other)) {
            *count += 1;
        }
    }

    /// Adds the pairs that others counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            crate::tally::add(mine, theirs);
        }
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Computes Spearman's ρ with mean ranks for ties; interval by Fisher's z with Bonett and Wright's error (2000). `None` for
    /// fewer than four pairs, or when one side never varies.
    #[must_use]
    pub fn spearman(&self) -> Option<Estimate> {
        let n = self.n() as f64;
        if n < 4.0 {
            return None;
        }
        let rows = self.0.map(|row| row.iter().sum());
        let mut columns = [0; 11];
        self.0.iter().for_each(|row| crate::tally::add(&mut columns, row));
        let (row_ranks, column_ranks) = (mean_ranks(&rows), mean_ranks(&columns));
        let middle = (n + 1.0) / 2.0;
        let spread = |counts: &[u64; 11], ranks: &[f64; 11]| {
            counts.iter().zip(ranks).map(|(count, rank)| *count as f64 * (rank - middle) * (rank - middle)).sum::<f64>()
        };
        let mut together = 0.0;
        for (row, rank) in self.0.iter().zip(&row_ranks) {
            for (count, other) in row.iter().zip(&column_ranks) {
                together += *count as f64 * (rank - middle) * (other - middle);
            }
        }
        let scale = sqrt(spread(&rows, &row_ranks) * spread(&columns, &column_ranks));
        (scale > 0.0).then(|| {
            let rho = (together / scale).clamp(-1.0, 1.0);
            let error = sqrt((1.0 + rho * rho / 2.0) / (n - 3.0));
            let limit = |sign: f64| tanh(atanh(rho.clamp(-0.999_999, 0.999_999)) + sign * Z95 * error);
            let interval = Interval { low: limit(-1.0).min(rho), high: limit(1.0).max(rho) };
            Estimate { value: rho, interval: Some(interval) }
        })
    }
}

/// Returns the mean rank of each answer's people, given how many gave it.
fn mean_ranks(counts: &[u64; 11]) -> [f64; 11] {
    let mut before = 0.0;
    counts.map(|count| {
        let rank = before + (count as f64 + 1.0) / 2.0;
        before += count as f64;
        rank
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(importance: f64, performance: f64) -> Point {
        Point { importance: (importance, 0.0), performance: (performance, 0.0) }
    }

    #[test]
    fn m17_quadrants() {
        let points = [exact(4.6, 3.1), exact(4.2, 4.4), exact(3.1, 3.0), exact(2.9, 4.5)];
        let placed = place(&points, None);
        let quadrants: Vec<_> = placed.iter().map(|placement| placement.quadrant).collect();
        assert_eq!(quadrants, [Quadrant::Concentrate, Quadrant::KeepUp, Quadrant::LowPriority, Quadrant::Overkill]);
        assert!(placed.iter().all(|placement| placement.probability == 1.0 && placement.decided().is_some()));
    }

    #[test]
    fn near_the_cross_hairs_is_undecided() {
        let vague = Point { importance: (3.7, 0.5), performance: (3.75, 0.5) };
        let placed = place(&[exact(4.6, 3.1), vague, exact(2.8, 4.4)], Some((3.7, 3.75)));
        assert_eq!(placed[1].decided(), None);
        assert!((0.15..0.40).contains(&placed[1].probability), "{placed:?}");
        assert_eq!(placed, place(&[exact(4.6, 3.1), vague, exact(2.8, 4.4)], Some((3.7, 3.75))));
        assert!(place(&[], None).is_empty());
    }

    #[test]
    fn ranks_that_agree_are_one() {
        let mut pairs = Pairs::default();
        (0..5).for_each(|at| pairs.add(at, 2 * at));
        let rho = pairs.spearman().expect("varies");
        assert!((rho.value - 1.0).abs() < 1e-12);
        pairs.add(99, 0);
        assert_eq!(pairs.n(), 5);
        let mut still = Pairs::default();
        (0..50).for_each(|at| still.add(3, at % 11));
        assert_eq!(still.spearman(), None);
        assert_eq!(Pairs::default().spearman(), None);
    }

    proptest! {
        /// Spearman as it is defined: Pearson's correlation of the mean ranks, pair by pair.
        #[test]
        fn equals_the_plain_definition(pairs in prop::collection::vec((0_usize..11, 0_usize..11), 4..60)) {
            let mut table = Pairs::default();
            pairs.iter().for_each(|(one, other)| table.add(*one, *other));
            let rank = |values: Vec<usize>| -> Vec<f64> {
                let below = |value: usize| values.iter().filter(|other| **other < value).count() as f64;
                let same = |value: usize| values.iter().filter(|other| **other == value).count() as f64;
                values.iter().map(|value| below(*value) + (same(*value) + 1.0) / 2.0).collect()
            };
            let (x, y) = (rank(pairs.iter().map(|pair| pair.0).collect()), rank(pairs.iter().map(|pair| pair.1).collect()));
            let mean = (pairs.len() as f64 + 1.0) / 2.0;
            let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
            let scale = sqrt(product(&x, &x) * product(&y, &y));
            match table.spearman() {
                Some(rho) => prop_assert!((rho.value - product(&x, &y) / scale).abs() < 1e-9),
                None => prop_assert!(scale < 1e-9),
            }
        }
    }
}
