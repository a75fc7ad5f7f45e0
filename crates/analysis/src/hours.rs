//! Opening hours and local time, without a time zone database: the caller says when which offset from UTC begins.
//!
//! Waiting through a night when nobody is meant to be there is not waiting, so targets may be told in working hours. Both ends
//! are put on the local clock and the open stretches between them are summed.
//!
//! | from, Monday to Friday 9 to 17 | to | worked |
//! |---|---|---|
//! | Friday 16:00 | Monday 10:00 | 2 h |
//! | Monday 10:00 | Monday 10:30 | 30 min |
//! | Saturday 12:00 | Sunday 12:00 | 0 |
//! | Monday 9:00 | next Monday 9:00 | 40 h |
//! | later | earlier | 0 |
//!
//! Cost: at most two weeks of days per question.

use model::time::{DAY, SECOND, WEEK};

/// Microseconds of a minute.
const MINUTE: i64 = 60 * SECOND;
/// Hours of a week.
pub const SLOTS: usize = 168;
/// Minutes of a day.
const DAY_MINUTES: u16 = 1_440;

/// Is when an organisation answers: per day of the week, Monday first, from and to in minutes of the local day; `None`: closed.
pub type Week = [Option<(u16, u16)>; 7];

/// Knows local time and opening hours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// From when on which offset from UTC holds, in microseconds, in order.
    offsets: Vec<(i64, i64)>,
    open: Week,
}

impl Calendar {
    /// Monday to Friday, nine to five.
    pub const OFFICE: Week =
        [Some((540, 1_020)), Some((540, 1_020)), Some((540, 1_020)), Some((540, 1_020)), Some((540, 1_020)), None, None];

    /// Makes a calendar; hours that end before they begin count as closed.
    #[must_use]
    pub fn new(mut offsets: Vec<(i64, i64)>, open: Week) -> Self {
        offsets.sort_unstable();
        let open = open.map(|hours| hours.map(|(from, to)| (from, to.min(DAY_MINUTES))).filter(|(from, to)| from < to));
        Self { offsets, open }
    }

    /// Returns the time on the local clock.
    #[must_use]
    pub fn local(&self, at: i64) -> i64 {
        let known = self.offsets.partition_point(|(from, _)| *from <= at);
        let offset = self.offsets.get(known.saturating_sub(1)).map_or(0, |(_, offset)| *offset);
        at.saturating_add(offset)
    }

    /// Returns the hour of the local week, Monday's first is 0.
    #[must_use]
    pub fn slot(&self, at: i64) -> usize {
        let (day, within) = day_of(self.local(at));
        day * 24 + (within / (60 * MINUTE)) as usize
    }

    /// Returns for each hour of the week which part of it is open.
    #[must_use]
    pub fn open_parts(&self) -> [f64; SLOTS] {
        std::array::from_fn(|slot| {
            let hour = (slot % 24) as u16 * 60;
            let minutes = self.open[slot / 24].map_or(0, |(from, to)| to.min(hour + 60).saturating_sub(from.max(hour)));
            f64::from(minutes) / 60.0
        })
    }

    /// Sums the open time between two moments.
    #[must_use]
    pub fn worked(&self, from: i64, to: i64) -> i64 {
        let (mut from, to) = (self.local(from), self.local(to));
        if from >= to {
            return 0;
        }
        let of_week: i64 = self.open.iter().flatten().map(|(from, to)| i64::from(to - from) * MINUTE).sum();
        let weeks = (to - from) / WEEK;
        from += weeks * WEEK;
        let mut sum = weeks.saturating_mul(of_week);
        while from < to {
            let (day, within) = day_of(from);
            let midnight = from - within;
            if let Some((opens, closes)) = self.open[day] {
                let begins = from.max(midnight + i64::from(opens) * MINUTE);
                let ends = to.min(midnight + i64::from(closes) * MINUTE);
                sum += (ends - begins).max(0);
            }
            from = midnight + DAY;
        }
        sum
    }
}

/// Returns the day of the week of a local time, Monday 0, and how much of the day has passed.
fn day_of(local: i64) -> (usize, i64) {
    // 1970-01-01 was a Thursday.
    ((local.div_euclid(DAY) + 3).rem_euclid(7) as usize, local.rem_euclid(DAY))
}

/// Returns the year and month of a moment, UTC, as year × 12 + month − 1 (days to civil dates, Howard Hinnant's public domain
/// algorithm).
#[must_use]
pub fn month_of(at: i64) -> i32 {
    let days = at.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12;
    let year = year + era * 400 + i64::from(shifted >= 10);
    i32::try_from(year * 12 + month).unwrap_or(if at < 0 { i32::MIN } else { i32::MAX })
}

/// Writes a month of [`month_of`] as `2026-05`.
#[must_use]
pub fn month_text(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 60 * MINUTE;
    /// Monday 1970-01-05.
    const MONDAY: i64 = 4 * DAY;

    #[test]
    fn the_table_above() {
        let office = Calendar::new(Vec::new(), Calendar::OFFICE);
        let check = |from: i64, to: i64, minutes: i64| assert_eq!(office.worked(from, to), minutes * MINUTE);
        check(MONDAY + 4 * DAY + 16 * HOUR, MONDAY + WEEK + 10 * HOUR, 120);
        check(MONDAY + 10 * HOUR, MONDAY + 10 * HOUR + 30 * MINUTE, 30);
        check(MONDAY + 5 * DAY + 12 * HOUR, MONDAY + 6 * DAY + 12 * HOUR, 0);
        check(MONDAY + 9 * HOUR, MONDAY + WEEK + 9 * HOUR, 40 * 60);
        check(MONDAY + DAY, MONDAY, 0);
    }

    #[test]
    fn offsets_hold_from_when_they_begin() {
        let summer = Calendar::new(vec![(i64::MIN, HOUR), (MONDAY, 2 * HOUR)], Calendar::OFFICE);
        assert_eq!(summer.slot(MONDAY - HOUR), 0);
        assert_eq!(summer.slot(MONDAY), 2);
        assert_eq!(summer.open_parts().iter().sum::<f64>(), 40.0);
        let closed = Calendar::new(Vec::new(), [Some((1_020, 540)); 7]);
        assert_eq!(closed.worked(0, 99 * WEEK), 0);
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (day, text) in [
            (0, "1970-01"),
            (58, "1970-02"),
            (59, "1970-03"),
            (11_016, "2000-02"),
            (11_017, "2000-03"),
            (20_757, "2026-10"),
            (-1, "1969-12"),
        ] {
            assert_eq!(month_text(month_of(day * DAY)), text, "{day}");
        }
    }

    proptest! {
        /// Open minutes, counted one by one.
        #[test]
        fn equals_counting_minutes(from in 0_i64..20_000, length in 0_i64..20_000) {
            let office = Calendar::new(Vec::new(), Calendar::OFFICE);
            let plain = (from..from + length).filter(|minute| {
                let (day, within) = day_of(minute * MINUTE);
                office.open[day].is_some_and(|(opens, closes)| (i64::from(opens)..i64::from(closes)).contains(&(within / MINUTE)))
            }).count() as i64;
            prop_assert_eq!(office.worked(from * MINUTE, (from + length) * MINUTE), plain * MINUTE);
        }
    }
}
