//! What came of an improvement: the same figures before and after it, and whether it kept its promise.

use super::stakes::{Expectation, Promise};
use super::tasks::Task;
use analysis::before_after::{Compared, Side, compared};
use analysis::intervals::Z95;
use model::{Evidence, Figure, Unit, Verdict, VerdictKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is whether a promise was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It brought what it promised, or more.
    Yes,
    /// It brought something, and less than it promised.
    Partly,
    /// It brought nothing, or the opposite.
    No,
    /// The interval leaves it open.
    Unclear,
    /// Nothing was promised that could be compared.
    NothingPromised,
}

/// Is what came of an improvement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ImprovementEffect)]
pub struct Effect {
    /// What was expected.
    pub expected: Option<Expectation>,
    /// What was measured, in the unit of the promise and for a stretch as long as the one it spoke of.
    pub measured: Option<Figure>,
    /// Whether the promise was kept.
    pub kept: Kept,
    /// How many days each side is; none: it is too early, or the improvement is not done.
    pub days: Option<i64>,
    /// How many more days of data are needed before anything can be said; 0: enough.
    pub days_missing: i64,
    /// The figures before and after.
    pub figures: Vec<Compared>,
    /// The verdict then.
    pub verdict_then: Option<Verdict>,
    /// The verdict today.
    pub verdict_now: Option<Verdict>,
}

/// Compares both sides with the promise. `days` is the length of a side, `window_days` what the promise spoke of.
#[must_use]
pub fn effect(task: &Task, sides: &[Side; 2], days: i64, window_days: f64, now: Option<&Verdict>) -> Effect {
    let figures = compared(sides);
    let scale = window_days / days as f64;
    let found = task.expected.as_ref().map(|expected| measured(expected, sides, &figures, scale, now));
    let (measured, kept) = found.unwrap_or((None, Kept::NothingPromised));
    Effect {
        expected: task.expected.clone(),
        measured,
        kept,
        days: Some(days),
        days_missing: 0,
        figures,
        verdict_then: task.verdict.clone(),
        verdict_now: now.cloned(),
    }
}

fn measured(
    expected: &Expectation,
    sides: &[Side; 2],
    figures: &[Compared],
    scale: f64,
    now: Option<&Verdict>,
) -> (Option<Figure>, Kept) {
    let [before, after] = sides;
    let of = |measure: &str| figures.iter().find(|compared| compared.measure == measure);
    let promised = expected.figure.value.unwrap_or(0.0);
    match expected.promise {
        Promise::Heard => {
            let heard = Figure::exact(after.interactions as f64, after.interactions, Unit::Count);
            (Some(heard), if after.interactions > 0 { Kept::Yes } else { Kept::No })
        }
        Promise::Satisfaction | Promise::InTime | Promise::Answered => {
            let measure = match expected.promise {
                Promise::InTime => "in_time",
                Promise::Answered => "answered",
                _ => "satisfaction",
            };
            let Some(found) = of(measure).map(|compared| compared.after.clone()) else { return (None, Kept::Unclear) };
            let kept = match (found.low, found.high) {
                (Some(low), _) if low >= promised => Kept::Yes,
                (_, Some(high)) if high < promised => Kept::No,
                _ => Kept::Unclear,
            };
            (Some(found), kept)
        }
        Promise::Outcomes => {
            let (one, other) = (before.converted as f64, after.converted as f64);
            // Counts of rare things vary like their own size.
            let error = Z95 * (one + other).sqrt();
            let figure = |value: f64| value * scale;
            let found = Figure {
                value: Some(figure(other - one)),
                low: Some(figure(other - one - error)),
                high: Some(figure(other - one + error)),
                n: after.people,
                evidence: Evidence::E3,
                unit: Unit::Count,
                method: "poisson".to_owned(),
            };
            let kept = against(&found, promised);
            (Some(found), kept)
        }
        Promise::Saves => {
            if before.beyond > 0 {
                // Money lost on contacts beyond the cap falls as their share falls.
                let share = |side: &Side| side.beyond as f64 / side.periods.max(1) as f64;
                let gone = 1.0 - share(after) / share(before);
                let found = Figure { evidence: Evidence::E3, ..Figure::exact(promised * gone, after.periods, Unit::Money) };
                let kept = against(&found, promised * 0.9);
                return (Some(found), kept);
            }
            if before.cost == 0 && after.cost == 0 {
                return (None, Kept::Unclear);
            }
            let found = Figure::exact((before.cost - after.cost) as f64 * scale, after.interactions, Unit::Money);
            let kept = against(&found, promised * 0.9);
            (Some(found), kept)
        }
        Promise::People => {
            let kept = match now.map(|verdict| verdict.kind) {
                Some(VerdictKind::InsufficientData) | None => Kept::No,
                Some(_) => Kept::Yes,
            };
            (Some(Figure::exact(after.people as f64, after.people, Unit::Count)), kept)
        }
    }
}

fn against(found: &Figure, promised: f64) -> Kept {
    let value = found.value.unwrap_or(0.0);
    if value >= promised {
        Kept::Yes
    } else if found.low.unwrap_or(value) > 0.0 {
        Kept::Partly
    } else if found.high.unwrap_or(value) <= 0.0 {
        Kept::No
    } else {
        Kept::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(promise: Promise, promised: f64, sides: [Side; 2], expected: Kept) {
        let expectation = Expectation { promise, figure: Figure::exact(promised, 0, Unit::Count) };
        let figures = compared(&sides);
        assert_eq!(measured(&expectation, &sides, &figures, 1.0, None).1, expected);
    }

    #[test]
    fn promises_are_compared_with_what_came() {
        let converted = |converted| Side { people: 1_000, converted, ..Side::default() };
        check(Promise::Outcomes, 36.0, [converted(100), converted(140)], Kept::Yes);
        check(Promise::Outcomes, 90.0, [converted(100), converted(140)], Kept::Partly);
        check(Promise::Outcomes, 36.0, [converted(100), converted(105)], Kept::Unclear);
        check(Promise::Outcomes, 36.0, [converted(100), converted(40)], Kept::No);
        let cost = |cost| Side { cost, interactions: 9, ..Side::default() };
        check(Promise::Saves, 1_000.0, [cost(5_000), cost(4_050)], Kept::Yes);
        check(Promise::Saves, 1_000.0, [cost(5_000), cost(4_500)], Kept::Partly);
        check(Promise::Saves, 1_000.0, [cost(5_000), cost(6_000)], Kept::No);
        let beyond = |beyond| Side { periods: 100, beyond, ..Side::default() };
        check(Promise::Saves, 1_000.0, [beyond(40), beyond(0)], Kept::Yes);
        check(Promise::Saves, 1_000.0, [beyond(40), beyond(20)], Kept::Partly);
        let satisfied = |satisfied| Side { answers: 200, satisfied, ..Side::default() };
        check(Promise::Satisfaction, 0.6, [satisfied(80), satisfied(160)], Kept::Yes);
        check(Promise::Satisfaction, 0.6, [satisfied(80), satisfied(82)], Kept::No);
        let answered = |in_time, replied| Side { in_time, replied, requests: 200, ..Side::default() };
        check(Promise::InTime, 0.5, [answered(20, 180), answered(150, 180)], Kept::Yes);
        check(Promise::InTime, 0.5, [answered(20, 180), answered(40, 180)], Kept::No);
        check(Promise::Answered, 0.8, [answered(20, 100), answered(20, 190)], Kept::Yes);
        check(Promise::Heard, 0.0, [Side::default(), Side::default()], Kept::No);
    }
}
