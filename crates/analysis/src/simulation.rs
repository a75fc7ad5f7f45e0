//! A new or changed touchpoint, tried on paper (M21).
//!
//! People go from stage to stage with the observed chances π. A touchpoint in stage s that reaches the share r of its
//! people and raises their chance by δ makes `π_s' = π_s + r·δ` (never above 1). The chances are drawn from what was
//! observed (beta), δ from its expected interval (normal), 2,000 times; the figures are medians with the middle 95 %.
//! Whether the new touchpoint pays does not hang on draws alone: the break-even δ is where the margin of the further
//! outcomes equals its cost, `δ* = C / (v · r · ∂outcomes/∂π_s)`.
//!
//! | stage | π | with r = .40, δ = .05 in the third |
//! |---|---|---|
//! | aware → knows | .40 | .40 |
//! | knows → considers | .50 | .50 |
//! | considers → buys | .30 | .32 |
//!
//! Of 1,000 aware 60 buy before, 64 with it. Cost: draws × stages.

use crate::chance::{Chance, quantile};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how often chances are drawn.
pub const DRAWS: usize = 2_000;

/// Is one step of the chain: of so many people in the stage so many went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// People who were in the stage.
    pub people: u64,
    /// Those who went on.
    pub moved: u64,
}

/// Is what is tried.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// People in the first stage.
    pub start: f64,
    /// The steps, in the order of the stages.
    pub steps: Vec<Step>,
    /// The step that the touchpoint helps with, by position.
    pub at: usize,
    /// The step that leads to the outcome that is counted, by position.
    pub outcome: usize,
    /// The share of the stage's people whom it reaches.
    pub reach: f64,
    /// By how much it is expected to raise their chance.
    pub effect: f64,
    /// Half the width of the interval of that expectation; 0: it is certain.
    pub doubt: f64,
    /// What it costs.
    pub cost: f64,
    /// What one further outcome leaves.
    pub worth: f64,
}

/// Is a number with the middle 95 % of its draws.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Band {
    /// At the observed chances and the expected effect.
    pub value: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// Is what the trial says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TrialResult)]
pub struct Simulated {
    /// Outcomes without it.
    pub before: Band,
    /// Outcomes with it.
    pub after: Band,
    /// The difference.
    pub gain: Band,
    /// People at the end of the chain without it.
    pub end_before: f64,
    /// People at the end of the chain with it.
    pub end_after: f64,
    /// What it leaves: worth of the gain less its cost.
    pub net: Band,
    /// The share of draws in which it pays.
    pub pays: f64,
    /// The effect at which it pays for itself; none: no effect would be enough, or nothing has a worth.
    pub break_even: Option<f64>,
}

/// Is why nothing can be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsaid {
    /// A number is none, or out of its range.
    #[error("reach must be between 0 and 1; effect, doubt, cost and worth must be numbers")]
    Numbers,
    /// The stage is not in the chain.
    #[error("the stage has no step after it: nobody can move on from it")]
    Stage,
    /// Nobody was in a stage, so its chance is unknown.
    #[error("nobody was in one of the stages, so the chance of moving on is unknown")]
    Nobody,
}

/// Tries a touchpoint on paper.
///
/// # Errors
/// Says why nothing can be said.
pub fn simulate(trial: &Trial) -> Result<Simulated, Unsaid> {
    check(trial)?;
    let observed: Vec<f64> = trial.steps.iter().map(|step| step.moved as f64 / step.people as f64).collect();
    let raised = |chances: &[f64], effect: f64| (chances[trial.at] + trial.reach * effect).clamp(0.0, 1.0);
    let reach = |chances: &[f64], last: usize| trial.start * chances[..=last].iter().product::<f64>();
    let with = |chances: &[f64], effect: f64| {
        let mut chances = chances.to_vec();
        chances[trial.at] = raised(&chances, effect);
        chances
    };
    let point = with(&observed, trial.effect);
    let end = trial.steps.len() - 1;
    let (mut before, mut after, mut gain, mut net) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut chance = Chance::new(21);
    for _ in 0..DRAWS {
        let drawn: Vec<f64> = trial.steps.iter().map(|step| chance.share(step.moved, step.people - step.moved)).collect();
        let effect = trial.effect + chance.normal() * trial.doubt / crate::intervals::Z95;
        let (one, other) = (reach(&drawn, trial.outcome), reach(&with(&drawn, effect), trial.outcome));
        before.push(one);
        after.push(other);
        gain.push(other - one);
        net.push((other - one) * trial.worth - trial.cost);
    }
    let pays = net.iter().filter(|net| **net > 0.0).count() as f64 / DRAWS as f64;
    let (was, is) = (reach(&observed, trial.outcome), reach(&point, trial.outcome));
    Ok(Simulated {
        before: band(was, &mut before),
        after: band(is, &mut after),
        gain: band(is - was, &mut gain),
        end_before: reach(&observed, end),
        end_after: reach(&point, end),
        net: band((is - was) * trial.worth - trial.cost, &mut net),
        pays,
        break_even: break_even(trial, &observed),
    })
}

fn check(trial: &Trial) -> Result<(), Unsaid> {
    let numbers = [trial.start, trial.effect, trial.doubt, trial.cost, trial.worth];
    if !numbers.iter().all(|number| number.is_finite()) || !(0.0..=1.0).contains(&trial.reach) || trial.doubt < 0.0 {
        return Err(Unsaid::Numbers);
    }
    if trial.at >= trial.steps.len() || trial.outcome >= trial.steps.len() {
        return Err(Unsaid::Stage);
    }
    if trial.steps.iter().any(|step| step.people == 0 || step.moved > step.people) {
        return Err(Unsaid::Nobody);
    }
    Ok(())
}

/// The effect whose further outcomes are worth the cost; a chance cannot rise above 1.
fn break_even(trial: &Trial, observed: &[f64]) -> Option<f64> {
    if trial.at > trial.outcome {
        return None;
    }
    let others: f64 = (0..=trial.outcome).filter(|at| *at != trial.at).map(|at| observed[at]).product();
    let per_effect = trial.start * others * trial.reach * trial.worth;
    let effect = trial.cost / per_effect;
    (per_effect > 0.0 && observed[trial.at] + trial.reach * effect <= 1.0).then_some(effect)
}

fn band(value: f64, draws: &mut [f64]) -> Band {
    Band { value, low: quantile(draws, 0.025).unwrap_or(value), high: quantile(draws, 0.975).unwrap_or(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Trial {
        let steps = [400, 500, 300, 700, 500, 300].map(|moved| Step { people: 1_000, moved });
        Trial {
            start: 1_000.0,
            steps: steps.to_vec(),
            at: 2,
            outcome: 2,
            reach: 0.40,
            effect: 0.05,
            doubt: 0.02,
            cost: 100.0,
            worth: 50.0,
        }
    }

    /// The worked numbers of M21.
    #[test]
    fn m21_point() {
        let found = simulate(&trial()).expect("is said");
        for (value, expected) in
            [(found.before.value, 60.0), (found.after.value, 64.0), (found.end_before, 6.30), (found.end_after, 6.72)]
        {
            assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
        }
        assert!(found.gain.low < 4.0 && found.gain.high > 4.0 && found.gain.low > 0.0, "{found:?}");
        assert!((found.net.value - 100.0).abs() < 1e-9 && found.pays > 0.9);
    }

    #[test]
    fn at_the_break_even_nothing_is_left() {
        let effect = simulate(&trial()).expect("is said").break_even.expect("is reached");
        let found = simulate(&Trial { effect, ..trial() }).expect("is said");
        assert!(found.net.value.abs() < 1e-9, "{found:?}");
        assert!((0.4..0.6).contains(&found.pays), "half of the draws pay: {}", found.pays);
        assert_eq!(simulate(&Trial { cost: 1e9, ..trial() }).expect("is said").break_even, None);
        assert_eq!(simulate(&Trial { worth: 0.0, ..trial() }).expect("is said").break_even, None);
        assert_eq!(simulate(&Trial { at: 4, ..trial() }).expect("is said").break_even, None, "it comes after the outcome");
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        // The observed chances are themselves drawn around a truth; the interval of the gain should hold the true gain.
        let mut chance = Chance::new(5);
        let (truth, held) = ([0.4, 0.5, 0.3], 400);
        let true_gain = 1_000.0 * 0.4 * 0.5 * 0.4 * 0.05;
        let hits = (0..held).filter(|_| {
            let steps = truth.map(|p| Step { people: 300, moved: (0..300).filter(|_| chance.unit() < p).count() as u64 });
            let trial = Trial { steps: steps.to_vec(), doubt: 0.0, ..trial() };
            let gain = simulate(&trial).expect("is said").gain;
            gain.low <= true_gain && true_gain <= gain.high
        });
        let share = hits.count() as f64 / f64::from(held);
        assert!((0.92..=0.98).contains(&share), "{share}");
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert_eq!(simulate(&Trial { reach: 1.1, ..trial() }), Err(Unsaid::Numbers));
        assert_eq!(simulate(&Trial { effect: f64::NAN, ..trial() }), Err(Unsaid::Numbers));
        assert_eq!(simulate(&Trial { at: 6, ..trial() }), Err(Unsaid::Stage));
        assert_eq!(simulate(&Trial { steps: vec![Step { people: 0, moved: 0 }; 6], ..trial() }), Err(Unsaid::Nobody));
        let full = simulate(&Trial { effect: 9.0, ..trial() }).expect("is said");
        assert!(full.after.value <= 200.0, "nobody buys twice: {full:?}");
    }
}
