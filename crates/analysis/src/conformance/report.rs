//! From counts to what is said of a designed journey: how well it is lived, where it is left, and what that goes with.

use super::fold::{ConformanceFold, Count};
use super::{Deviation, Kind, Tokens, fitness};
use crate::conversion::share;
use crate::intervals::Z95;
use model::journey::Journey;
use model::{Evidence, Figure, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is a designed journey compared with the lived ones (M16).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conformance {
    /// The journey, by id.
    pub journey: String,
    /// Lived journeys that began where the design begins.
    pub journeys: u64,
    /// People who lived them.
    pub people: u64,
    /// Mean fitness: 1 where every lived journey is as designed.
    pub fitness: Figure,
    /// Fitness by token replay, as process-mining tools state it: of all lived journeys together, blind to lateness, channels,
    /// outcomes and touchpoints outside the design.
    pub token_fitness: Figure,
    /// The share of lived journeys without a deviation.
    pub conforming: Figure,
    /// The share of satisfied answers in journeys without a deviation.
    pub satisfaction_conforming: Figure,
    /// The share with the target outcome, of journeys without a deviation.
    pub conversion_conforming: Figure,
    /// The share of designed steps that anybody ever met.
    pub design_use: Figure,
    /// The share of interactions with customers that are at touchpoints of the design.
    pub explained: Figure,
    /// Per step, in the order of writing: the share of lived journeys that met it.
    pub steps: Vec<StepFigures>,
    /// What deviates, the most cost first.
    pub deviations: Vec<DeviationFigures>,
    /// Lived journeys longer than what is compared: only their beginning counts.
    pub cut: u64,
}

/// Is one step of the design as lived.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JourneyStepFigures)]
pub struct StepFigures {
    /// The touchpoint.
    pub touchpoint: String,
    /// The share of lived journeys that met it as a step.
    pub met: Figure,
}

/// Is one deviation over all lived journeys.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviationFigures {
    /// What happened.
    pub kind: Kind,
    /// The touchpoint: of the step, or the one that was not designed.
    pub touchpoint: String,
    /// The step, by its position in the order of writing; none for what was not designed.
    pub step: Option<u16>,
    /// Times it happened.
    pub times: u64,
    /// Its part of the cost of all deviations.
    pub cost_share: f64,
    /// The same summed up to this line of the list (Pareto).
    pub cost_share_so_far: f64,
    /// The share of lived journeys in which it happened.
    pub journeys: Figure,
    /// The share of satisfied answers in those.
    pub satisfaction: Figure,
    /// The share with the target outcome, of those.
    pub conversion: Figure,
}

/// Says what the counts mean.
#[must_use]
pub fn report(map: &TouchpointMap, journey: &Journey, fold: &ConformanceFold) -> Conformance {
    let steps = journey.steps();
    let shortest = fold.question().plan.design.shortest;
    let name = |deviation: &Deviation| match deviation.kind {
        Kind::AdHoc => map.touchpoints.get(deviation.at as usize).map_or_else(String::new, |touchpoint| touchpoint.id.clone()),
        _ => steps.get(deviation.at as usize).map_or_else(String::new, |step| step.touchpoint.clone()),
    };
    let journeys = fold.all.journeys;
    let cost = |deviation: &Deviation, times: u64| times as f64 * weight(deviation.kind);
    let total: f64 = fold.times.iter().map(|(deviation, times)| cost(deviation, *times)).sum();
    let mut deviations: Vec<DeviationFigures> = fold
        .deviations
        .iter()
        .map(|(deviation, count)| {
            let times = fold.times.get(deviation).copied().unwrap_or(0);
            DeviationFigures {
                kind: deviation.kind,
                touchpoint: name(deviation),
                step: (deviation.kind != Kind::AdHoc).then_some(deviation.at),
                times,
                cost_share: if total > 0.0 { cost(deviation, times) / total } else { 0.0 },
                cost_share_so_far: 0.0,
                journeys: share(count.journeys, journeys, Evidence::E3),
                satisfaction: satisfaction(count),
                conversion: share(count.converted, count.journeys, Evidence::E3),
            }
        })
        .collect();
    // Equal costs in the order of their kinds, which is fixed.
    deviations.sort_by(|one, other| other.cost_share.total_cmp(&one.cost_share));
    let mut so_far = 0.0;
    for deviation in &mut deviations {
        so_far += deviation.cost_share;
        deviation.cost_share_so_far = f64::min(so_far, 1.0);
    }
    let used = fold.met.iter().filter(|met| **met > 0).count() as u64;
    Conformance {
        journey: journey.id.clone(),
        journeys,
        people: fold.people,
        fitness: mean_fitness(fold, shortest),
        token_fitness: token_fitness(&fold.tokens),
        conforming: share(fold.clean.journeys, journeys, Evidence::E3),
        satisfaction_conforming: satisfaction(&fold.clean),
        conversion_conforming: share(fold.clean.converted, fold.clean.journeys, Evidence::E3),
        design_use: Figure { low: None, high: None, method: String::new(), ..share(used, fold.met.len() as u64, Evidence::E3) },
        explained: share(fold.explained.0, fold.explained.1, Evidence::E3),
        steps: steps
            .iter()
            .zip(&fold.met)
            .map(|(step, met)| StepFigures { touchpoint: step.touchpoint.clone(), met: share(*met, journeys, Evidence::E3) })
            .collect(),
        deviations,
        cut: fold.cut,
    }
}

fn satisfaction(count: &Count) -> Figure {
    share(count.satisfied, count.answers, Evidence::E2)
}

const fn weight(kind: Kind) -> f64 {
    match kind {
        Kind::Missing | Kind::AdHoc | Kind::OutOfOrder => 1.0,
        Kind::WrongChannel | Kind::Late | Kind::Failed => 0.5,
    }
}

/// The mean over lived journeys, with the interval of a mean; kept within 0 and 1.
fn mean_fitness(fold: &ConformanceFold, shortest: u32) -> Figure {
    let n: u64 = fold.fits.values().sum();
    if n == 0 {
        return Figure::unknown(Unit::Share);
    }
    let each = || fold.fits.iter().map(|((halves, length), journeys)| (fitness(*halves, *length, shortest), *journeys as f64));
    let mean = each().map(|(fit, weight)| fit * weight).sum::<f64>() / n as f64;
    let spread = each().map(|(fit, weight)| (fit - mean) * (fit - mean) * weight).sum::<f64>();
    let error = (n > 1).then(|| libm::sqrt(spread / (n - 1) as f64 / n as f64));
    Figure {
        value: Some(mean),
        low: error.map(|error| (mean - Z95 * error).max(0.0)),
        high: error.map(|error| (mean + Z95 * error).min(1.0)),
        n,
        evidence: Evidence::E3,
        unit: Unit::Share,
        method: if error.is_some() { "mean" } else { "" }.to_owned(),
    }
}

/// One half of the tokens that were there when needed, and one half of those that were taken up; the interval by linearising both
/// ratios over lived journeys.
pub(super) fn token_fitness(tokens: &BTreeMap<Tokens, u64>) -> Figure {
    let n: u64 = tokens.values().sum();
    let sum = |of: fn(&Tokens) -> u32| tokens.iter().map(|(one, journeys)| f64::from(of(one)) * *journeys as f64).sum::<f64>();
    let (produced, consumed) = (sum(|one| one.produced), sum(|one| one.consumed));
    if n == 0 || produced <= 0.0 || consumed <= 0.0 {
        return Figure::unknown(Unit::Share);
    }
    let (missing, remaining) = (sum(|one| one.missing) / consumed, sum(|one| one.remaining) / produced);
    let value = 1.0 - (missing + remaining) / 2.0;
    let spread = tokens.iter().map(|(one, journeys)| {
        let off = (f64::from(one.missing) - missing * f64::from(one.consumed)) / consumed
            + (f64::from(one.remaining) - remaining * f64::from(one.produced)) / produced;
        off * off / 4.0 * *journeys as f64
    });
    let error = (n > 1).then(|| libm::sqrt(spread.sum::<f64>() * n as f64 / (n - 1) as f64));
    Figure {
        value: Some(value),
        low: error.map(|error| (value - Z95 * error).max(0.0)),
        high: error.map(|error| (value + Z95 * error).min(1.0)),
        n,
        evidence: Evidence::E3,
        unit: Unit::Share,
        method: if error.is_some() { "linearised" } else { "" }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::design::tests::{journey, step};
    use crate::conformance::{Plan, Question};
    use crate::example::{self, Row, TOUCHPOINTS};
    use crate::sequence::{Fold, Rows};
    use model::Form;
    use model::journey::Flow;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// First the advertisement, then the page, then the till; mail is not designed.
    fn designed() -> Journey {
        journey(Flow::Sequence(vec![step("ads"), step("page"), step("till")]))
    }

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool, ignores_others: bool) -> ConformanceFold {
        let (meaning, rows) = example::rows(rows, 200);
        let number = |id: &str| TOUCHPOINTS.iter().position(|known| *known == id).map(|at| at as u16);
        let plan = Plan::new(&designed(), number, |_| None).expect("is narrow");
        let question = Arc::new(Question { plan, segment: None, ignores_others });
        let mut fold = ConformanceFold::new(Arc::new(meaning), question);
        let mut part = Rows::default();
        rows.people().filter(|range| keep(rows.person[range.start])).for_each(|range| part.extend(&rows, range.start, range.end));
        fold.take(&part);
        fold
    }

    #[test]
    fn five_rows() {
        let rows = [
            Row::new(1, 0, "ads", Form::View),
            Row::new(1, 1, "page", Form::Visit),
            Row::new(1, 3, "till", Form::Purchase),
            Row::new(2, 0, "ads", Form::View),
            Row::new(2, 2, "till", Form::Purchase),
        ];
        let found = report(&example::map(), &designed(), &run(&rows, |_| true, false));
        assert_eq!((found.journeys, found.people), (2, 2));
        assert_eq!(found.fitness.value, Some((1.0 + 0.8) / 2.0));
        assert_eq!(found.conforming.value, Some(0.5));
        let missing = &found.deviations[0];
        assert_eq!((missing.kind, missing.touchpoint.as_str(), missing.step), (Kind::Missing, "page", Some(1)));
        assert_eq!((missing.cost_share_so_far, missing.conversion.value), (1.0, Some(1.0)));
        assert_eq!(found.steps[1].met.value, Some(0.5));
    }

    #[test]
    fn a_journey_ends_with_silence_and_begins_anew() {
        let of = |days: &[(i64, &str)]| {
            days.iter().map(|(day, touchpoint)| Row::new(1, *day, touchpoint, Form::Visit)).collect::<Vec<_>>()
        };
        let count = |rows: &[Row]| run(rows, |_| true, false).all.journeys;
        assert_eq!(count(&of(&[(0, "page"), (1, "till")])), 0, "it never began");
        assert_eq!(count(&of(&[(0, "ads"), (1, "page"), (2, "ads"), (3, "page")])), 2);
        assert_eq!(count(&of(&[(0, "ads"), (1, "ads"), (2, "ads"), (3, "page")])), 1, "the same again is one meeting");
        assert_eq!(count(&of(&[(0, "ads"), (40, "page"), (41, "ads")])), 2, "the silence ended the first");
    }

    #[test]
    fn what_is_not_designed_counts_or_not() {
        let rows = [Row::new(1, 0, "ads", Form::View), Row::new(1, 1, "mail", Form::View), Row::new(1, 2, "page", Form::Visit)];
        assert!(run(&rows, |_| true, false).deviations.keys().any(|deviation| deviation.kind == Kind::AdHoc));
        assert!(!run(&rows, |_| true, true).deviations.keys().any(|deviation| deviation.kind == Kind::AdHoc));
    }

    #[test]
    fn nothing_lived_nothing_said() {
        let found = report(&example::map(), &designed(), &run(&[], |_| true, false));
        assert_eq!((found.journeys, found.fitness.value, found.conforming.value), (0, None, None));
        assert_eq!(found.design_use.value, Some(0.0));
    }

    proptest! {
        /// The law: any split of the people merges to one run over all of them.
        #[test]
        fn parts_merge_to_the_whole(
            rows in prop::collection::vec((0..30_u64, 0..150_i64, 0..4_usize), 0..200), parts in 1..8_u64
        ) {
            let rows: Vec<Row> = rows.into_iter().map(|(person, day, at)| Row::new(person, day, TOUCHPOINTS[at], Form::Visit)).collect();
            let whole = run(&rows, |_| true, false);
            let mut pieces = (0..parts).rev().map(|part| run(&rows, |person| person % parts == part, false));
            let mut merged = pieces.next().expect("there is one part");
            pieces.for_each(|piece| merged.merge(piece));
            let kept = |fold: &ConformanceFold| format!("{:?}", (fold.all, fold.clean, fold.people, &fold.fits, &fold.deviations, &fold.times, &fold.met, fold.explained, fold.cut));
            prop_assert_eq!(kept(&whole), kept(&merged));
        }
    }
}
