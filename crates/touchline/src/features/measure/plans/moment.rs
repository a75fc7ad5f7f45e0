//! When a report goes next, by the organisation's clock.

use super::{Every, ReportPlan};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Instant;

/// Within so many days the next one comes, whatever the month.
const DAYS_MAX: usize = 40;

/// Returns the first moment after `now` at which a plan is due. An hour that the clock leaves out in spring is the one after it.
pub(super) fn next_after(plan: &ReportPlan, zone: &TimeZone, now: Instant) -> Option<Instant> {
    let today = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone.clone()).date();
    let hour = i8::try_from(plan.hour).ok()?;
    let mut day = today;
    for _ in 0..DAYS_MAX {
        if is_day_of(plan, day) {
            let at = day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
            if at > now.0 {
                return Some(Instant(at));
            }
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn is_day_of(plan: &ReportPlan, day: Date) -> bool {
    let wanted = i8::try_from(plan.day).unwrap_or(1);
    match plan.every {
        Every::Week => day.weekday().to_monday_one_offset() == wanted,
        // Where a month has no such day, its last one.
        Every::Month => day.day() == wanted.min(day.days_in_month()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(every: Every, day: u8, hour: u8, zone: &str, now: &str) -> String {
        let plan = ReportPlan { every, day, hour, ..ReportPlan::example() };
        let now = Instant(now.parse::<Timestamp>().expect("a time").as_microsecond());
        let next = next_after(&plan, &TimeZone::get(zone).expect("a zone"), now).expect("there is one");
        Timestamp::from_microsecond(next.0).expect("a time").to_string()
    }

    #[test]
    fn weeks_and_months_go_by_the_clock_of_the_organisation() {
        // 2026-11-26 is a Thursday; Paris is an hour ahead of UTC in winter, two in summer.
        assert_eq!(next(Every::Week, 1, 8, "Europe/Paris", "2026-11-26T12:00:00Z"), "2026-11-30T07:00:00Z");
        assert_eq!(next(Every::Week, 4, 8, "Europe/Paris", "2026-11-26T06:59:00Z"), "2026-11-26T07:00:00Z");
        assert_eq!(next(Every::Week, 4, 8, "Europe/Paris", "2026-11-26T07:00:00Z"), "2026-12-03T07:00:00Z", "never twice");
        assert_eq!(next(Every::Month, 31, 8, "Europe/Paris", "2026-11-26T12:00:00Z"), "2026-11-30T07:00:00Z");
        assert_eq!(next(Every::Month, 1, 8, "Europe/Paris", "2026-06-26T12:00:00Z"), "2026-07-01T06:00:00Z");
        assert_eq!(next(Every::Week, 7, 2, "Europe/Paris", "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z", "left out in spring");
        assert_eq!(next(Every::Week, 5, 0, "Asia/Tokyo", "2026-11-26T12:00:00Z"), "2026-11-26T15:00:00Z", "already Friday there");
    }
}
