//! Time of day as the person has it: quiet hours, and the calendar windows of caps. Pure, and safe where clocks change.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit, Zoned};
use model::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is when nobody is disturbed, in minutes of the person's day: from the evening to the morning, usually.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuietHours)]
pub struct Quiet {
    /// The first quiet minute of the day, 0 to 1,439.
    pub from: u16,
    /// The first minute that is not quiet any more. The same as `from`: never quiet.
    pub to: u16,
}

impl Quiet {
    /// Is the usual: from nine in the evening to eight in the morning.
    pub const USUAL: Self = Self { from: 21 * 60, to: 8 * 60 };

    /// Tells whether both are minutes of a day.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        self.from < 24 * 60 && self.to < 24 * 60
    }

    /// Returns the moment from which somebody in a zone may be disturbed: `at` itself where that is not quiet.
    #[must_use]
    pub fn next_open(self, at: Instant, zone: &TimeZone) -> Instant {
        let Some(local) = in_zone(at, zone) else { return at };
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let is_quiet = match self.from.cmp(&self.to) {
            std::cmp::Ordering::Equal => false,
            std::cmp::Ordering::Less => (self.from..self.to).contains(&minute),
            std::cmp::Ordering::Greater => minute >= self.from || minute < self.to,
        };
        if !is_quiet {
            return at;
        }
        let ends_today = minute < self.to;
        let date = if ends_today { Some(local.date()) } else { local.date().tomorrow().ok() };
        let time = Time::new((self.to / 60) as i8, (self.to % 60) as i8, 0, 0).ok();
        let opens = date.zip(time).and_then(|(date, time)| date.to_datetime(time).to_zoned(zone.clone()).ok());
        // An hour that the clocks skip begins when they have skipped it; never earlier than now.
        opens.map_or(at, |opens| Instant(opens.timestamp().as_microsecond()).max(at))
    }
}

/// Returns a moment as it is in a zone.
#[must_use]
pub fn in_zone(at: Instant, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_microsecond(at.0).ok()?.to_zoned(zone.clone()))
}

/// Is a stretch of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stretch {
    Day,
    Week,
    Month,
}

/// Returns when the present stretch began and the next one begins, where the person is. Weeks begin on Monday.
pub(super) fn stretch(at: Instant, zone: &TimeZone, stretch: Stretch) -> Option<(Instant, Instant)> {
    let day = in_zone(at, zone)?.start_of_day().ok()?;
    let start = match stretch {
        Stretch::Day => day,
        Stretch::Week => {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(back.days()).ok()?.start_of_day().ok()?
        }
        Stretch::Month => day.first_of_month().ok()?.start_of_day().ok()?,
    };
    let span = match stretch {
        Stretch::Day => 1.day(),
        Stretch::Week => 1.week(),
        Stretch::Month => 1.month(),
    };
    let next = start.checked_add(span).ok()?.start_of_day().ok()?;
    let micros = |zoned: &Zoned| zoned.round(Unit::Second).ok().map(|zoned| Instant(zoned.timestamp().as_microsecond()));
    Some((micros(&start)?, micros(&next)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant(text.parse::<Timestamp>().expect("a time").as_microsecond())
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    #[track_caller]
    fn opens(quiet: Quiet, name: &str, now: &str, expected: &str) {
        assert_eq!(quiet.next_open(at(now), &zone(name)), at(expected), "{now} in {name}");
    }

    #[test]
    fn quiet_hours_are_those_of_the_person() {
        let night = Quiet::USUAL;
        opens(night, "Europe/Paris", "2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z");
        opens(night, "Europe/Paris", "2026-11-25T20:30:00Z", "2026-11-26T07:00:00Z");
        opens(night, "Asia/Vladivostok", "2026-11-25T12:00:00Z", "2026-11-25T22:00:00Z");
        opens(night, "America/New_York", "2026-11-25T12:30:00Z", "2026-11-25T13:00:00Z");
        let noon = Quiet { from: 720, to: 780 };
        opens(noon, "UTC", "2026-11-25T12:59:59Z", "2026-11-25T13:00:00Z");
        opens(Quiet { from: 60, to: 60 }, "UTC", "2026-11-25T01:00:00Z", "2026-11-25T01:00:00Z");
    }

    #[test]
    fn clocks_that_change_move_the_morning_along() {
        // Paris: on 2026-03-29 two o'clock does not exist, on 2026-10-25 it comes twice.
        opens(Quiet::USUAL, "Europe/Paris", "2026-03-28T22:00:00Z", "2026-03-29T06:00:00Z");
        opens(Quiet::USUAL, "Europe/Paris", "2026-10-24T22:00:00Z", "2026-10-25T07:00:00Z");
        let ends_in_the_gap = Quiet { from: 21 * 60, to: 150 };
        opens(ends_in_the_gap, "Europe/Paris", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_day_of_the_calendar_has_23_to_25_hours() {
        let hours = |text: &str| {
            let (start, next) = stretch(at(text), &zone("Europe/Paris"), Stretch::Day).expect("is a day");
            (next.0 - start.0) / 3_600_000_000
        };
        assert_eq!((hours("2026-03-29T12:00:00Z"), hours("2026-10-25T12:00:00Z"), hours("2026-11-25T12:00:00Z")), (23, 25, 24));
        let week = stretch(at("2026-11-25T12:00:00Z"), &zone("UTC"), Stretch::Week).expect("is a week");
        assert_eq!(week, (at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z")));
        let month = stretch(at("2026-12-31T23:30:00Z"), &zone("Europe/Paris"), Stretch::Month).expect("is a month");
        assert_eq!(month, (at("2026-12-31T23:00:00Z"), at("2027-01-31T23:00:00Z")));
    }
}
