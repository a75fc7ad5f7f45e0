//! What each touchpoint cost in the window: recorded costs, and what the map declares.

use crate::map_fold::Group;
use model::map::{Cost, TouchpointMap};
use model::time::DAY;
use model::{Instant, Life, Touchpoint};

/// The mean length of a month in the Gregorian calendar, in days.
const MONTH_DAYS: f64 = 30.436_875;

/// Is the cost of one touchpoint, in minor units.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Spent {
    /// Everything.
    pub total: i64,
    /// What one more contact costs: recorded or declared per contact.
    pub per_contact: f64,
    /// Working hours in the window.
    pub hours: f64,
}

/// Costs of all touchpoints for one group of people.
///
/// What does not depend on contacts (running, staff, building) is shared out by interactions: a segment with a third of
/// the interactions bears a third.
pub(super) fn of_group(map: &TouchpointMap, window: (Instant, Instant), group: &Group, everybody: &Group) -> Vec<Spent> {
    let months = months(window.1.0 - window.0.0);
    let touchpoints = map.touchpoints.iter().enumerate();
    touchpoints
        .map(|(at, touchpoint)| {
            let months = months_in_use(touchpoint, months);
            let (met, all) = (&group.tally.touchpoints[at], &everybody.tally.touchpoints[at]);
            let share = match all.interactions {
                0 if everybody.tally.people == 0 => 1.0,
                0 => group.tally.people as f64 / everybody.tally.people as f64,
                all => met.interactions as f64 / all as f64,
            };
            let variable = variable(touchpoint, met.cost, met.without_cost);
            let hours = touchpoint.cost.staff_hours_per_month * months * share;
            Spent {
                total: (variable + fixed(&touchpoint.cost, months) * share).round() as i64,
                per_contact: if met.interactions == 0 { 0.0 } else { variable / met.interactions as f64 },
                hours,
            }
        })
        .collect()
}

/// Tells how many months so many microseconds are.
pub(crate) fn months(length: i64) -> f64 {
    (length as f64 / (DAY as f64 * MONTH_DAYS)).max(0.0)
}

/// Computes what a touchpoint cost in so many months: what its contacts cost (`recorded`, and those that carry no cost of their
/// own), and this share of what is spent whether people come or not.
pub(crate) fn spent_on(touchpoint: &Touchpoint, months: f64, (recorded, without_cost): (i64, u64), share: f64) -> f64 {
    variable(touchpoint, recorded, without_cost) + fixed(&touchpoint.cost, months_in_use(touchpoint, months)) * share
}

fn variable(touchpoint: &Touchpoint, recorded: i64, without_cost: u64) -> f64 {
    recorded as f64 + touchpoint.cost.per_contact as f64 * without_cost as f64
}

/// What is not in use keeps what was recorded of it, and costs nothing else.
fn months_in_use(touchpoint: &Touchpoint, months: f64) -> f64 {
    if matches!(touchpoint.life, Life::Planned | Life::Retired) { 0.0 } else { months }
}

/// What is spent whether people come or not.
fn fixed(cost: &Cost, months: f64) -> f64 {
    let staff = cost.staff_hours_per_month * cost.staff_hour as f64;
    let written_off = match cost.build_months {
        0 => 0.0,
        all => cost.build as f64 * (months / f64::from(all)).min(1.0),
    };
    (cost.running_per_month as f64 + staff) * months + written_off
}
