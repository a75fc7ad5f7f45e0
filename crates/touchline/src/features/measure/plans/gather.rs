//! What a report says, before anybody writes it: figures of the period and of the map, and what the last one said.

use super::{Part, ReportPlan};
use crate::failure::{Failure, Result};
use crate::features::measure::attribution::{self, AttributionAnswer, AttributionQuestion};
use crate::features::measure::lived::{self, LivedAsked, PeriodTotals, WeekFigures};
use crate::features::measure::reports::Reports;
use analysis::report::{MapReport, TouchpointFigures};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Instant, TouchpointMap, VerdictKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many verdicts a letter names.
const NAMED: usize = 3;

/// Is what a report says.
pub(super) struct Gathered {
    pub(super) map: TouchpointMap,
    pub(super) report: Arc<MapReport>,
    /// The first and the last day; none: everything.
    pub(super) days: Option<(Date, Date)>,
    pub(super) totals: PeriodTotals,
    pub(super) attribution: Option<AttributionAnswer>,
    pub(super) weeks: Vec<WeekFigures>,
}

/// Is what a letter said, kept for the next one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) people: u64,
    pub(super) interactions: u64,
    pub(super) outcomes: u64,
    pub(super) value: i64,
    pub(super) conversion: Option<f64>,
    pub(super) verdicts: BTreeMap<String, VerdictKind>,
}

/// Reads what a plan asks for; `None` while there is no map.
pub(super) async fn gather(reports: &Reports, plan: &ReportPlan, now: Instant) -> Result<Option<Gathered>> {
    let Some(latest) = reports.latest().await? else { return Ok(None) };
    let (map, report) = (latest.map().clone(), latest.report(plan.segment.as_deref())?);
    let days = plan.period.days().and_then(|days| days_before(now, days, &map.time_zone));
    let asked = LivedAsked {
        segment: plan.segment.clone(),
        from: days.map(|(from, _)| from.to_string()),
        to: days.map(|(_, to)| to.to_string()),
        ..LivedAsked::default()
    };
    let wants = |part| plan.parts.contains(&part);
    let (wants_weeks, wants_credit) = (wants(Part::Trends), wants(Part::Attribution));
    let (stores, whole) = (reports.stores().clone(), Arc::clone(&report));
    let read = move || -> Result<_> {
        let totals = lived::totals(&stores, &asked)?;
        let weeks = if wants_weeks { lived::trends(&stores, &asked)?.map(|answer| answer.weeks) } else { None };
        let question =
            AttributionQuestion { segment: asked.segment.clone(), only: asked.narrow(), ..AttributionQuestion::default() };
        let credit = if wants_credit { attribution::attribution(&stores, &question, &whole)? } else { None };
        Ok((totals, weeks, credit))
    };
    let read = tokio::task::spawn_blocking(read).await;
    let (totals, weeks, attribution) = read.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))??;
    let Some(totals) = totals else { return Ok(None) };
    Ok(Some(Gathered { map, report, days, totals, attribution, weeks: weeks.unwrap_or_default() }))
}

/// Returns the first and the last of so many whole days that end with yesterday.
fn days_before(now: Instant, days: i64, zone: &str) -> Option<(Date, Date)> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let today = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone).date();
    let back = |days: i64| today.checked_sub(jiff::Span::new().days(days)).ok();
    Some((back(days)?, back(1)?))
}

impl Gathered {
    /// Returns what is kept of it for the next one.
    pub(super) fn told(&self) -> Told {
        let verdicts = self.report.touchpoints.iter().map(|one| (one.touchpoint.clone(), one.verdict.kind)).collect();
        let PeriodTotals { people, interactions, outcomes, value, conversion, .. } = &self.totals;
        Told {
            people: *people,
            interactions: *interactions,
            outcomes: *outcomes,
            value: *value,
            conversion: conversion.as_ref().and_then(|figure| figure.value),
            verdicts,
        }
    }

    /// Returns the verdicts whose change is most worth while: by money at stake, then by precedence and people.
    pub(super) fn most_worth(&self) -> Vec<&TouchpointFigures> {
        let margin = self.map.settings.margin;
        let mut asking: Vec<(f64, &TouchpointFigures)> = self
            .report
            .touchpoints
            .iter()
            .filter(|one| one.verdict.kind.asks_for_change())
            .map(|one| (at_stake(one, &self.report, margin), one))
            .collect();
        asking.sort_by(|(one_stake, one), (other_stake, other)| {
            other_stake
                .total_cmp(one_stake)
                .then_with(|| one.verdict.kind.cmp(&other.verdict.kind))
                .then_with(|| other.people.cmp(&one.people))
        });
        asking.into_iter().take(NAMED).map(|(_, one)| one).collect()
    }

    /// Returns the touchpoints whose verdict is another one than the last letter said: what it was, what it is.
    pub(super) fn turned(&self, before: &Told) -> Vec<(&str, VerdictKind, VerdictKind)> {
        let turned =
            |one: &'_ TouchpointFigures| before.verdicts.get(&one.touchpoint).copied().filter(|was| *was != one.verdict.kind);
        self.report.touchpoints.iter().filter_map(|one| Some((one.touchpoint.as_str(), turned(one)?, one.verdict.kind))).collect()
    }
}

/// Estimates what a verdict costs as long as nothing is done, in minor units over the window: money wasted (M11), lost by contacts
/// beyond the saturation point (M9), or to be gained (M10). Others have no price.
fn at_stake(one: &TouchpointFigures, report: &MapReport, margin: f64) -> f64 {
    let stake = match one.verdict.kind {
        VerdictKind::Wasted => one.waste.amount,
        VerdictKind::OverUsed => one.over_use.as_ref().map_or(0.0, |over| {
            let saturation = over.saturation.unwrap_or(u32::MAX);
            let beyond = over.curve.iter().filter(|step| step.contacts > saturation);
            beyond.map(|step| step.at_risk as f64 * (-step.net).max(0.0)).sum()
        }),
        VerdictKind::UnderUsed if report.totals.outcomes > 0 => {
            let worth = report.totals.value as f64 / report.totals.outcomes as f64;
            one.under_use.potential.value.unwrap_or(0.0) * worth * margin
        }
        _ => 0.0,
    };
    if stake.is_finite() { stake } else { 0.0 }
}
