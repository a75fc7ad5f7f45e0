//! What each channel's spending brings, from weekly spend and weekly outcomes: carry-over and saturation, fitted together.
//!
//! `y_t = Σ γ_c·z_ct + Σ β_i·s(λ_i·a_it) + noise`, with the carried-over spend `a_it = Σ_l α^l x_{t−l} / Σ_l α^l` (geometric,
//! summing to one, so that steady spending is worth itself) and s one of `1 − e^−u` and `(1 − e^−u)/(1 + e^−u)`. Given α
//! and λ the rest is least squares with β ≥ 0, so only two numbers per channel are searched (variable projection, Golub
//! and Pereyra 1973), by the simplex of Nelder and Mead from a fixed grid of starts: the same data give the same answer.
//! Intervals come from refitting to the fit with its residuals dealt out anew (bootstrap, 60 times, same seed).
//!
//! | week | spend | outcomes | with α = 0, λ = 1 |
//! |---|---|---|---|
//! | 1 | 0 | 2 | 2 + 3·0 |
//! | 2 | 1 | 3.9 | 2 + 3·.632 |
//! | 3 | 2 | 4.6 | 2 + 3·.865 |
//! | 4 | 4 | 4.9 | 2 + 3·.982 |
//! | 5 | 0 | 2 | 2 + 3·0 |
//!
//! An association, not an experiment (E3): what else happened in the weeks of high spend is in it, unless it is one of the
//! controls z. Cost: some 10,000 fits of a small least-squares problem; memory: the design matrix.

use crate::budget::Response;
use crate::chance::{Chance, quantile};
use libm::{exp, expm1, tanh};
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// How many weeks spending is carried over at most.
const LAGS: usize = 8;
/// How often the fit is repeated with residuals dealt out anew.
const DRAWS: usize = 60;
/// So many weeks are needed for each number that is fitted.
const WEEKS_PER_NUMBER: usize = 4;
/// The most that is carried over from one week to the next.
const CARRY_MAX: f64 = 0.95;

/// Is how a response levels off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `1 − e^−u`.
    Exponential,
    /// `(1 − e^−u)/(1 + e^−u)`.
    Logistic,
}

/// Is a number with its interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Fitted {
    /// The fit.
    pub value: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// Is one channel as fitted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Channel {
    /// α: the part of a week's effect that is carried to the next.
    pub carry: Fitted,
    /// What endless weekly spending would bring per week, β.
    pub top: Fitted,
    /// How fast it levels off, per unit of weekly spend.
    pub rate: Fitted,
    /// Its part of all outcomes.
    pub share: Fitted,
    /// What steady weekly spending brings per week.
    pub response: Response,
    /// Other responses that the data leave possible.
    pub draws: Vec<Response>,
}

/// Is the whole fit.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Mix {
    /// One entry per channel.
    pub channels: Vec<Channel>,
    /// The spread of what is not explained.
    pub sigma: f64,
    /// The part of the variance that is explained.
    pub r2: f64,
    /// Weeks.
    pub weeks: usize,
}

/// Is why nothing can be fitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// The columns do not have one number per week, or one that is no number.
    #[error("every column needs one number per week, and spending is never negative")]
    Columns,
    /// There are too few weeks.
    #[error("{weeks} weeks are too few: {needed} are needed for so many channels")]
    Weeks {
        /// How many there are.
        weeks: usize,
        /// How many would be enough.
        needed: usize,
    },
    /// A channel's spending hardly changes, so its effect cannot be told from the rest.
    #[error("the spending of channel {0} hardly changes from week to week: its effect cannot be told from the rest")]
    Steady(usize),
}

/// Fits outcomes to spending. `controls` are what else moves outcomes, week by week; a constant is added.
///
/// # Errors
/// Says why nothing can be fitted.
pub fn fit(outcomes: &[f64], spending: &[Vec<f64>], controls: &[Vec<f64>], shape: Shape) -> Result<Mix, Unfit> {
    check(outcomes, spending, controls)?;
    let weeks = outcomes.len();
    // Every channel is fitted in units of its highest week, so that one grid of starts serves all.
    let unit: Vec<f64> = spending.iter().map(|weekly| weekly.iter().copied().fold(0.0, f64::max)).collect();
    let scaled: Vec<Vec<f64>> =
        spending.iter().zip(&unit).map(|(weekly, unit)| weekly.iter().map(|spend| spend / unit).collect()).collect();
    let problem = Problem { spending: &scaled, controls, shape };
    let best = problem.search(outcomes);
    let (columns, weights, rss) = problem.project(&best, outcomes);
    let fitted = &columns * &weights;
    let residuals: Vec<f64> = outcomes.iter().zip(fitted.iter()).map(|(y, fit)| y - fit).collect();
    let mean_residual = residuals.iter().sum::<f64>() / weeks as f64;
    let first = controls.len() + 1;
    let total: f64 = outcomes.iter().sum();
    let share = |columns: &DMatrix<f64>, weights: &DVector<f64>, at: usize| {
        let part: f64 = columns.column(first + at).iter().map(|value| value * weights[first + at]).sum();
        if total == 0.0 { 0.0 } else { part / total }
    };

    let mut chance = Chance::new(60);
    let mut drawn: Vec<[Vec<f64>; 4]> = vec![Default::default(); spending.len()];
    let mut responses: Vec<Vec<Response>> = vec![Vec::new(); spending.len()];
    for _ in 0..DRAWS {
        let again: Vec<f64> = fitted.iter().map(|fit| fit + residuals[chance.below(weeks)] - mean_residual).collect();
        let found = problem.simplex(&best, &again, 200, 0.4);
        let (columns, weights, _) = problem.project(&found, &again);
        for (at, drawn) in drawn.iter_mut().enumerate() {
            let (carry, rate, top) = (carry_of(found[2 * at]), exp(found[2 * at + 1]) / unit[at], weights[first + at]);
            drawn[0].push(carry);
            drawn[1].push(top);
            drawn[2].push(rate);
            drawn[3].push(share(&columns, &weights, at));
            responses[at].push(response(shape, top, rate));
        }
    }
    let numbers = first + 3 * spending.len();
    let mean = total / weeks as f64;
    let all: f64 = outcomes.iter().map(|y| (y - mean) * (y - mean)).sum();
    let channels = drawn.into_iter().zip(responses).enumerate().map(|(at, ([carry, top, rate, part], draws))| {
        let (rate_value, top_value) = (exp(best[2 * at + 1]) / unit[at], weights[first + at]);
        Channel {
            carry: limits(carry_of(best[2 * at]), carry),
            top: limits(top_value, top),
            rate: limits(rate_value, rate),
            share: limits(share(&columns, &weights, at), part),
            response: response(shape, top_value, rate_value),
            draws,
        }
    });
    Ok(Mix {
        channels: channels.collect(),
        sigma: libm::sqrt(rss / weeks.saturating_sub(numbers).max(1) as f64),
        r2: if all > 0.0 { 1.0 - rss / all } else { 0.0 },
        weeks,
    })
}

fn check(outcomes: &[f64], spending: &[Vec<f64>], controls: &[Vec<f64>]) -> Result<(), Unfit> {
    let weeks = outcomes.len();
    let sound = |column: &[f64]| column.len() == weeks && column.iter().all(|number| number.is_finite());
    let paid = |column: &Vec<f64>| sound(column) && column.iter().all(|number| *number >= 0.0);
    if !sound(outcomes) || !spending.iter().all(paid) || !controls.iter().all(|column| sound(column)) || spending.is_empty() {
        return Err(Unfit::Columns);
    }
    let needed = WEEKS_PER_NUMBER * (3 * spending.len() + controls.len() + 1);
    if weeks < needed {
        return Err(Unfit::Weeks { weeks, needed });
    }
    for (at, weekly) in spending.iter().enumerate() {
        let mean = weekly.iter().sum::<f64>() / weeks as f64;
        let spread = weekly.iter().map(|spend| (spend - mean) * (spend - mean)).sum::<f64>() / weeks as f64;
        if spread <= 0.01 * mean * mean || mean == 0.0 {
            return Err(Unfit::Steady(at));
        }
    }
    Ok(())
}

fn response(shape: Shape, top: f64, rate: f64) -> Response {
    let (top, rate) = (top.max(0.0), rate.max(f64::MIN_POSITIVE));
    match shape {
        Shape::Exponential => Response::Exponential { top, rate },
        Shape::Logistic => Response::Logistic { top, rate },
    }
}

fn limits(value: f64, mut draws: Vec<f64>) -> Fitted {
    // The bootstrap's middle 95 %, stretched to hold the fit itself.
    let low = quantile(&mut draws, 0.025).unwrap_or(value).min(value);
    let high = quantile(&mut draws, 0.975).unwrap_or(value).max(value);
    Fitted { value, low, high }
}

/// Any number becomes a carry-over between 0 and its maximum.
fn carry_of(free: f64) -> f64 {
    CARRY_MAX / (1.0 + exp(-free))
}

/// Is spending and controls, against any outcomes.
struct Problem<'a> {
    spending: &'a [Vec<f64>],
    controls: &'a [Vec<f64>],
    shape: Shape,
}

impl Problem<'_> {
    /// Finds carry-overs and rates: two free numbers per channel.
    fn search(&self, outcomes: &[f64]) -> Vec<f64> {
        let starts = [-2.0, 0.0, 1.5].into_iter().flat_map(|carry| [0.0, 1.4].into_iter().map(move |rate| (carry, rate)));
        let tried = starts.map(|(carry, rate)| {
            let start: Vec<f64> = self.spending.iter().flat_map(|_| [carry, rate]).collect();
            self.simplex(&start, outcomes, 600, 1.0)
        });
        let tried: Vec<Vec<f64>> = tried.collect();
        let best = tried.iter().min_by(|one, other| self.miss(one, outcomes).total_cmp(&self.miss(other, outcomes)));
        // Once more around the best: the simplex may have become flat.
        self.simplex(best.expect("there are starts"), outcomes, 600, 0.3)
    }

    fn miss(&self, free: &[f64], outcomes: &[f64]) -> f64 {
        // Rates far outside of what the data can tell are held back softly.
        let far: f64 = free.iter().map(|number| (number.abs() - 6.0).max(0.0)).sum();
        self.project(free, outcomes).2 * (1.0 + far)
    }

    fn columns(&self, free: &[f64]) -> DMatrix<f64> {
        let weeks = self.spending[0].len();
        let mut columns = DMatrix::from_element(weeks, 1 + self.controls.len() + self.spending.len(), 1.0);
        for (at, control) in self.controls.iter().enumerate() {
            columns.column_mut(1 + at).copy_from_slice(control);
        }
        for (at, weekly) in self.spending.iter().enumerate() {
            let (carry, rate) = (carry_of(free[2 * at]), exp(free[2 * at + 1].clamp(-12.0, 12.0)));
            let carried = carried_over(weekly, carry);
            let column = carried.iter().map(|spend| match self.shape {
                Shape::Exponential => -expm1(-rate * spend),
                Shape::Logistic => tanh(rate * spend / 2.0),
            });
            columns.column_mut(1 + self.controls.len() + at).iter_mut().zip(column).for_each(|(cell, value)| *cell = value);
        }
        columns
    }

    /// Least squares with channels that never hurt: the columns, their weights, and the sum of squares that is left.
    fn project(&self, free: &[f64], outcomes: &[f64]) -> (DMatrix<f64>, DVector<f64>, f64) {
        let columns = self.columns(free);
        let y = DVector::from_column_slice(outcomes);
        let (gram, moment) = (columns.transpose() * &columns, columns.transpose() * &y);
        let count = columns.ncols();
        let first = 1 + self.controls.len();
        let mut used: Vec<usize> = (0..count).collect();
        let mut weights = DVector::zeros(count);
        while !used.is_empty() {
            let part = DMatrix::from_fn(used.len(), used.len(), |row, column| {
                // A hair on the diagonal: equal columns share their weight instead of failing.
                gram[(used[row], used[column])] * if row == column { 1.0 + 1e-10 } else { 1.0 }
            });
            let right = DVector::from_fn(used.len(), |row, _| moment[used[row]]);
            let Some(solved) = part.cholesky().map(|factor| factor.solve(&right)) else { break };
            let worst = (0..used.len())
                .filter(|at| used[*at] >= first && solved[*at] < 0.0)
                .min_by(|one, other| solved[*one].total_cmp(&solved[*other]));
            match worst {
                Some(at) => {
                    used.remove(at);
                }
                None => {
                    used.iter().zip(solved.iter()).for_each(|(at, weight)| weights[*at] = *weight);
                    break;
                }
            }
        }
        let rss = (y - &columns * &weights).norm_squared();
        (columns, weights, rss)
    }

    /// The simplex of Nelder and Mead with its usual numbers.
    fn simplex(&self, start: &[f64], outcomes: &[f64], rounds: usize, size: f64) -> Vec<f64> {
        let n = start.len();
        let value = |point: &[f64]| self.miss(point, outcomes);
        let mut corners: Vec<(f64, Vec<f64>)> = (0..=n)
            .map(|corner| {
                let mut point = start.to_vec();
                if corner > 0 {
                    point[corner - 1] += size;
                }
                (value(&point), point)
            })
            .collect();
        for _ in 0..rounds {
            corners.sort_by(|one, other| one.0.total_cmp(&other.0));
            if corners[n].0 - corners[0].0 <= 1e-10 * corners[0].0.abs() + 1e-14 {
                break;
            }
            let middle: Vec<f64> =
                (0..n).map(|at| corners[..n].iter().map(|corner| corner.1[at]).sum::<f64>() / n as f64).collect();
            let along =
                |factor: f64| -> Vec<f64> { (0..n).map(|at| middle[at] + factor * (corners[n].1[at] - middle[at])).collect() };
            let mirrored = along(-1.0);
            let at_mirrored = value(&mirrored);
            let next = if at_mirrored < corners[0].0 {
                let further = along(-2.0);
                let at_further = value(&further);
                if at_further < at_mirrored { (at_further, further) } else { (at_mirrored, mirrored) }
            } else if at_mirrored < corners[n - 1].0 {
                (at_mirrored, mirrored)
            } else {
                let nearer = along(if at_mirrored < corners[n].0 { -0.5 } else { 0.5 });
                (value(&nearer), nearer)
            };
            if next.0 < corners[n].0 {
                corners[n] = next;
            } else {
                let best = corners[0].1.clone();
                for corner in &mut corners[1..] {
                    corner.1.iter_mut().zip(&best).for_each(|(number, best)| *number = best + 0.5 * (*number - best));
                    corner.0 = value(&corner.1);
                }
            }
        }
        corners.sort_by(|one, other| one.0.total_cmp(&other.0));
        corners.swap_remove(0).1
    }
}

/// Carries spending over: each week's is spread over it and those that follow, and sums to itself.
#[must_use]
pub fn carried_over(weekly: &[f64], carry: f64) -> Vec<f64> {
    let weights: Vec<f64> = (0..LAGS).scan(1.0, |weight, _| Some(std::mem::replace(weight, *weight * carry))).collect();
    let sum: f64 = weights.iter().sum();
    (0..weekly.len())
        .map(|week| weights.iter().take(week + 1).enumerate().map(|(lag, weight)| weight * weekly[week - lag]).sum::<f64>() / sum)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is 179 weeks of two channels with known numbers, as a published example has them.
    struct World {
        outcomes: Vec<f64>,
        spending: Vec<Vec<f64>>,
        controls: Vec<Vec<f64>>,
        shares: [f64; 2],
    }

    fn world(seed: u64, sigma: f64) -> World {
        let mut chance = Chance::new(seed);
        let weeks = 179;
        let often = |chance: &mut Chance, share: f64| -> Vec<f64> {
            (0..weeks).map(|_| if chance.unit() < share { chance.unit() } else { 0.0 }).collect()
        };
        let spending = vec![often(&mut chance, 0.9), often(&mut chance, 0.3)];
        let event: Vec<f64> = (0..weeks).map(|week| f64::from(u8::from(week % 52 == 7))).collect();
        let trend: Vec<f64> = (0..weeks).map(|week| week as f64 / weeks as f64).collect();
        let of = |weekly: &[f64], carry: f64, rate: f64, top: f64| -> Vec<f64> {
            carried_over(weekly, carry).iter().map(|spend| top * tanh(rate * spend / 2.0)).collect()
        };
        let parts = [of(&spending[0], 0.4, 4.0, 3.0), of(&spending[1], 0.2, 3.0, 2.0)];
        let outcomes: Vec<f64> = (0..weeks)
            .map(|week| 2.0 + trend[week] + 1.5 * event[week] + parts[0][week] + parts[1][week] + sigma * chance.normal())
            .collect();
        let total: f64 = outcomes.iter().sum();
        let shares = [parts[0].iter().sum::<f64>() / total, parts[1].iter().sum::<f64>() / total];
        World { outcomes, spending, controls: vec![event, trend], shares }
    }

    #[test]
    fn known_numbers_are_found() {
        let World { outcomes, spending, controls, shares } = world(109, 0.25);
        let found = fit(&outcomes, &spending, &controls, Shape::Logistic).expect("is fit");
        for (at, (carry, top)) in [(0.4, 3.0), (0.2, 2.0)].into_iter().enumerate() {
            let channel = &found.channels[at];
            assert!((channel.top.value - top).abs() < 0.2 * top, "{channel:?}");
            assert!((channel.carry.value - carry).abs() < 0.15, "{channel:?}");
            assert!((channel.share.value - shares[at]).abs() < 0.03, "{channel:?} {shares:?}");
            assert!(channel.top.low <= channel.top.value && channel.top.value <= channel.top.high);
        }
        assert!((found.sigma - 0.25).abs() < 0.03 && found.r2 > 0.5, "{found:?}");
        let again = fit(&outcomes, &spending, &controls, Shape::Logistic).expect("is fit");
        assert_eq!(found, again, "the same data give the same answer");
    }

    #[test]
    fn without_noise_nothing_is_left() {
        let World { outcomes, spending, controls, .. } = world(3, 0.0);
        let found = fit(&outcomes, &spending, &controls, Shape::Logistic).expect("is fit");
        assert!(found.sigma < 1e-3 && found.r2 > 0.999_9, "{found:?}");
        assert!((found.channels[0].rate.value * spending[0].iter().copied().fold(0.0, f64::max) - 4.0).abs() < 0.2);
    }

    #[test]
    fn spending_is_carried_over_and_sums_to_itself() {
        let carried = carried_over(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.5);
        assert!((carried.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((carried[1] / carried[0] - 0.5).abs() < 1e-12 && carried[8] == 0.0);
        assert_eq!(carried_over(&[2.0, 2.0], 0.0), [2.0, 2.0]);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let weeks = |count: usize| (0..count).map(|week| (week % 5) as f64).collect::<Vec<_>>();
        let fit = |y: &[f64], x: &[Vec<f64>]| fit(y, x, &[], Shape::Exponential);
        assert_eq!(fit(&weeks(9), &[weeks(9)]), Err(Unfit::Weeks { weeks: 9, needed: 16 }));
        assert_eq!(fit(&weeks(50), &[weeks(49)]), Err(Unfit::Columns));
        assert_eq!(fit(&weeks(50), &[vec![3.0; 50]]), Err(Unfit::Steady(0)));
        assert_eq!(fit(&weeks(50), &[vec![0.0; 50]]), Err(Unfit::Steady(0)));
        assert_eq!(fit(&weeks(50), &[]), Err(Unfit::Columns));
        assert!(fit(&vec![0.0; 50], &[weeks(50)]).expect("is fit").channels[0].top.value.abs() < 1e-9, "no outcomes, no effect");
        assert!(fit(&weeks(50), &[weeks(50), weeks(50)]).is_ok(), "equal channels share, and do not fail");
    }
}
