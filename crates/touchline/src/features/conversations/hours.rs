//! Business hours, and when an answer is due by them. Pure.
//!
//! A day may have several blocks; days of the calendar may be closed. Time counts only while somebody is there.

use crate::features::people::policy::in_zone;
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use model::Instant;
use model::time::{DAY, SECOND};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So far ahead an answer may be due; whoever is closed for longer owes none sooner.
const DAYS_MAX: usize = 60;

/// Is one block of hours in every week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpenBlock)]
pub struct Block {
    /// 0 is Monday, 6 Sunday.
    pub weekday: u8,
    /// The first minute of the day.
    pub from: u16,
    /// The minute after the last one, at most 1,440.
    pub to: u16,
}

/// Is when somebody is there to answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BusinessHours)]
pub struct Hours {
    /// The zone of the organisation, such as `Europe/Paris`.
    pub zone: String,
    /// The blocks of the week, in any order; none: always.
    pub blocks: Vec<Block>,
    /// Days on which nobody is there, as `2026-12-25`.
    pub closed: Vec<String>,
}

impl Default for Hours {
    fn default() -> Self {
        let blocks = (0..5).map(|weekday| Block { weekday, from: 9 * 60, to: 18 * 60 }).collect();
        Self { zone: "UTC".to_owned(), blocks, closed: Vec::new() }
    }
}

impl Hours {
    /// Says what is wrong with the hours.
    ///
    /// # Errors
    /// Returns a sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if TimeZone::get(&self.zone).is_err() {
            return Err("There is no such time zone: write it as Europe/Paris");
        }
        if self.blocks.len() > 70
            || self.blocks.iter().any(|block| block.weekday > 6 || block.from >= block.to || block.to > 1_440)
        {
            return Err("A block is within one day, from 0 to 1,440 minutes, and a week has at most 70 of them");
        }
        if self.closed.len() > 1_000 || self.closed.iter().any(|day| day.parse::<Date>().is_err()) {
            return Err("A closed day is written as 2026-12-25");
        }
        Ok(())
    }

    /// Tells whether somebody is there.
    #[must_use]
    pub fn is_open(&self, at: Instant) -> bool {
        self.blocks.is_empty() || self.stretches(at, 1).iter().any(|(from, to)| (from.0..to.0).contains(&at.0))
    }

    /// Returns when so many seconds of presence have passed since a moment.
    #[must_use]
    pub fn due(&self, since: Instant, seconds: i64) -> Instant {
        let mut left = seconds.max(0) * SECOND;
        if self.blocks.is_empty() {
            return Instant(since.0 + left);
        }
        for (from, to) in self.stretches(since, DAYS_MAX) {
            let start = from.max(since);
            if start >= to {
                continue;
            }
            if to.0 - start.0 >= left {
                return Instant(start.0 + left);
            }
            left -= to.0 - start.0;
        }
        Instant(since.0 + DAYS_MAX as i64 * DAY)
    }

    /// Returns the open stretches from the day of a moment on, by time, as they are in days that clocks change too.
    fn stretches(&self, at: Instant, days: usize) -> Vec<(Instant, Instant)> {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let Some(first) = in_zone(at, &zone).map(|local| local.date()) else { return Vec::new() };
        let moment = |date: Date, minute: u16| {
            let (date, minute) = if minute == 1_440 { (date.tomorrow().ok()?, 0) } else { (date, minute) };
            let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
            let zoned = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
            Some(Instant(zoned.timestamp().as_microsecond()))
        };
        let mut stretches = Vec::new();
        for day in 0..days {
            let Ok(date) = first.checked_add((day as i64).days()) else { break };
            if self.closed.iter().any(|closed| closed.parse::<Date>().is_ok_and(|closed| closed == date)) {
                continue;
            }
            let weekday = u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
            for block in self.blocks.iter().filter(|block| block.weekday == weekday) {
                stretches.extend(moment(date, block.from).zip(moment(date, block.to)));
            }
        }
        stretches.sort_unstable();
        stretches
    }
}

/// Is how many of the waiting will be answered too late if nothing changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BreachForecast)]
pub struct Forecast {
    /// How many wait for an answer.
    pub waiting: u64,
    /// How many of them are late already.
    pub late: u64,
    /// How many more will be, at the present pace.
    pub will_be_late: u64,
    /// The pace: seconds between two answers of the last week; none: too few answers to say.
    pub pace_s: Option<f64>,
    /// How many answers the pace is taken from.
    pub answers: u64,
}

/// A pace from fewer answers says nothing.
const ANSWERS_MIN: u64 = 10;

/// Forecasts from when answers are due, in the order in which they will be given, and the pace at which they are given.
#[must_use]
pub(super) fn forecast(due: &[Instant], now: Instant, answers: u64, present_seconds: f64) -> Forecast {
    let mut due = due.to_vec();
    due.sort_unstable();
    let late = due.iter().filter(|due| **due < now).count() as u64;
    let pace_s = (answers >= ANSWERS_MIN).then(|| present_seconds / answers as f64);
    let will_be_late = pace_s.map_or(0, |pace| {
        let answered_at = |place: usize| now.0 as f64 + (place as f64 + 1.0) * pace * SECOND as f64;
        due.iter().enumerate().filter(|(place, due)| **due >= now && answered_at(*place) > due.0 as f64).count() as u64
    });
    Forecast { waiting: due.len() as u64, late, will_be_late, pace_s, answers }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant(text.parse::<jiff::Timestamp>().expect("a time").as_microsecond())
    }

    fn paris() -> Hours {
        Hours { zone: "Europe/Paris".to_owned(), closed: vec!["2026-12-25".to_owned()], ..Hours::default() }
    }

    #[track_caller]
    fn due(hours: &Hours, since: &str, seconds: i64, expected: &str) {
        assert_eq!(hours.due(at(since), seconds), at(expected), "{seconds} s from {since}");
    }

    #[test]
    fn time_counts_only_while_somebody_is_there() {
        let hours = paris();
        due(&hours, "2026-11-25T10:00:00Z", 4 * 3_600, "2026-11-25T14:00:00Z");
        // Four hours from Wednesday, four in the afternoon in Paris: two today, two tomorrow morning.
        due(&hours, "2026-11-25T15:00:00Z", 4 * 3_600, "2026-11-26T10:00:00Z");
        // From Friday night to Monday.
        due(&hours, "2026-11-27T20:00:00Z", 60, "2026-11-30T08:01:00Z");
        // Christmas is closed, and a Friday.
        due(&hours, "2026-12-24T16:30:00Z", 3_600, "2026-12-28T08:30:00Z");
        due(&Hours { blocks: Vec::new(), ..paris() }, "2026-11-28T03:00:00Z", 120, "2026-11-28T03:02:00Z");
    }

    #[test]
    fn a_day_may_have_several_blocks() {
        let blocks = vec![Block { weekday: 2, from: 780, to: 1_440 }, Block { weekday: 2, from: 540, to: 720 }];
        let hours = Hours { zone: "UTC".to_owned(), blocks, closed: Vec::new() };
        assert!(hours.is_open(at("2026-11-25T11:59:59Z")) && !hours.is_open(at("2026-11-25T12:30:00Z")));
        assert!(hours.is_open(at("2026-11-25T23:59:59Z")));
        due(&hours, "2026-11-25T11:30:00Z", 3_600, "2026-11-25T13:30:00Z");
    }

    #[test]
    fn a_week_in_which_clocks_change_has_its_hours_all_the_same() {
        // Monday after the change of 2026-03-29: nine in Paris is seven in Greenwich.
        due(&paris(), "2026-03-27T16:00:00Z", 2 * 3_600, "2026-03-30T08:00:00Z");
    }

    #[test]
    fn a_forecast_counts_who_comes_too_late_in_the_queue() {
        let minute = 60 * SECOND;
        let now = Instant(1_000 * minute);
        let due: Vec<Instant> = [-5, 1, 3, 100].iter().map(|minutes| Instant(now.0 + minutes * minute)).collect();
        let told = forecast(&due, now, 60, 60.0 * 120.0);
        assert_eq!((told.waiting, told.late, told.will_be_late, told.pace_s), (4, 1, 2, Some(120.0)));
        let silent = forecast(&due, now, 3, 60.0);
        assert_eq!((silent.late, silent.will_be_late, silent.pace_s), (1, 0, None));
    }
}
