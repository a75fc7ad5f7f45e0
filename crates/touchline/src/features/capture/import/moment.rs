//! Times of day and dates, as files write them, to instants.
//!
//! Three ways in: one text with a format, parts that stand apart, and no year at all where the rows are in
//! order of date. Times that name no zone are read in the zone of the mapping.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use model::Instant;

/// Years outside this range are taken for a mistake.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// Is how a text tells a time.
#[derive(Clone, Debug)]
pub(super) enum TimeFormat {
    /// ISO 8601, with or without time of day and offset; a space may stand for the `T`.
    Iso,
    /// A count since 1970, of which so many microseconds make one.
    Epoch(i64),
    /// A pattern of `strptime`.
    Pattern(String),
}

impl TimeFormat {
    /// Reads the name of a format; `None` when it is none.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "iso" => Self::Iso,
            "epoch_s" => Self::Epoch(1_000_000),
            "epoch_ms" => Self::Epoch(1_000),
            "epoch_us" => Self::Epoch(1),
            pattern if pattern.contains('%') => Self::Pattern(pattern.to_owned()),
            _ => return None,
        })
    }

    /// Reads a time; `None` for one that does not exist or is not written so.
    pub(super) fn read(&self, text: &str, zone: &TimeZone) -> Option<Instant> {
        match self {
            Self::Iso => iso(text, zone),
            Self::Epoch(unit) => epoch(text, *unit),
            Self::Pattern(pattern) => by_pattern(pattern, text, zone),
        }
    }
}

/// Reads ISO 8601; a time that names no zone is UTC.
pub(in super::super) fn iso_utc(text: &str) -> Option<Instant> {
    iso(text, &TimeZone::UTC)
}

fn iso(text: &str, zone: &TimeZone) -> Option<Instant> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let pieces = PARSER.parse_pieces(text).ok()?;
    let local = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or_default());
    match pieces.to_numeric_offset() {
        Some(offset) => plausible(local, offset.to_timestamp(local).ok()?),
        None => at_zone(local, zone),
    }
}

/// Reads a count since 1970; a fraction of seconds is kept to the microsecond.
fn epoch(text: &str, unit: i64) -> Option<Instant> {
    let micros = match text.parse::<i64>() {
        Ok(count) => count.checked_mul(unit)?,
        Err(_) => {
            let exact = super::amount::parse(text, '.', None)?;
            i64::try_from(exact.checked_mul(i128::from(unit))? / super::amount::ONE).ok()?
        }
    };
    let stamp = jiff::Timestamp::from_microsecond(micros).ok()?;
    plausible(TimeZone::UTC.to_datetime(stamp), stamp)
}

fn by_pattern(pattern: &str, text: &str, zone: &TimeZone) -> Option<Instant> {
    let broken = BrokenDownTime::parse(pattern, text).ok()?;
    let date = broken.to_date().ok()?;
    let local = DateTime::from_parts(date, broken.to_time().unwrap_or_default());
    match broken.offset() {
        Some(offset) => plausible(local, offset.to_timestamp(local).ok()?),
        None => at_zone(local, zone),
    }
}

/// Reads a local time in a zone. In the gap of a change of clocks it is the later hour, in the overlap the earlier.
fn at_zone(local: DateTime, zone: &TimeZone) -> Option<Instant> {
    let stamp = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    plausible(local, stamp)
}

fn plausible(local: DateTime, stamp: jiff::Timestamp) -> Option<Instant> {
    YEARS.contains(&local.year()).then(|| Instant(stamp.as_microsecond()))
}

/// Makes an instant of parts; `None` for a date that does not exist.
pub(super) fn from_parts(date: (i16, i8, i8), hour: i8, minute: i8, zone: &TimeZone) -> Option<Instant> {
    let date = Date::new(date.0, date.1, date.2).ok()?;
    let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
    at_zone(DateTime::from_parts(date, time), zone)
}

/// The beginnings of month names: English, French, Russian; enough letters to tell them apart.
const MONTHS: [&[&str]; 12] = [
    &["jan", "янв"],
    &["feb", "fév", "fev", "фев"],
    &["mar", "мар"],
    &["apr", "avr", "апр"],
    &["may", "mai", "май", "мая"],
    &["jun", "juin", "июн"],
    &["jul", "juil", "июл"],
    &["aug", "aoû", "aou", "авг"],
    &["sep", "сен"],
    &["oct", "окт"],
    &["nov", "ноя"],
    &["dec", "déc", "дек"],
];

/// Reads a month: a number or a name.
pub(super) fn month(text: &str) -> Option<i8> {
    if let Ok(number) = text.trim().parse::<i8>() {
        return (1..=12).contains(&number).then_some(number);
    }
    let name = text.trim().to_lowercase();
    let position = MONTHS.iter().position(|starts| starts.iter().any(|start| name.starts_with(start)))?;
    i8::try_from(position + 1).ok()
}

/// Tells the year of rows that are in order of date and name only the month: back in the months is a new year.
#[derive(Clone, Copy, Debug)]
pub(super) struct RollingYear {
    year: i16,
    month: i8,
}

impl RollingYear {
    pub(super) fn new(first_year: i16) -> Self {
        Self { year: first_year, month: 0 }
    }

    pub(super) fn next(&mut self, month: i8) -> i16 {
        if month < self.month {
            self.year = self.year.saturating_add(1);
        }
        self.month = month;
        self.year
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks what a text means, told as RFC 3339 in UTC.
    fn check(format: &str, zone: &str, text: &str, expected: Option<&str>) {
        let zone = TimeZone::get(zone).expect("a zone");
        let found = TimeFormat::parse(format).expect("a format").read(text, &zone);
        let found = found.map(|at| jiff::Timestamp::from_microsecond(at.0).expect("in range").to_string());
        assert_eq!(found.as_deref(), expected, "{format} {text}");
    }

    #[test]
    fn iso_in_its_many_coats() {
        check("iso", "UTC", "2017-01-01 11:53:26", Some("2017-01-01T11:53:26Z"));
        check("iso", "UTC", "2017-01-01T11:53:26.5", Some("2017-01-01T11:53:26.5Z"));
        check("iso", "UTC", "2017-01-01", Some("2017-01-01T00:00:00Z"));
        check("iso", "UTC", "2017-01-01T11:53:26+02:00", Some("2017-01-01T09:53:26Z"));
        check("iso", "Europe/Paris", "2017-07-01 12:00", Some("2017-07-01T10:00:00Z"));
        check("iso", "Europe/Paris", "2017-07-01T12:00Z", Some("2017-07-01T12:00:00Z"));
    }

    #[test]
    fn patterns_and_counts() {
        check("%d.%m.%Y %H:%M", "UTC", "31.12.2020 23:59", Some("2020-12-31T23:59:00Z"));
        check("%m/%d/%Y", "America/New_York", "1/2/2020", Some("2020-01-02T05:00:00Z"));
        check("%d/%b/%Y:%H:%M:%S %z", "UTC", "10/Oct/2000:13:55:36 -0700", Some("2000-10-10T20:55:36Z"));
        check("epoch_s", "UTC", "1600000000", Some("2020-09-13T12:26:40Z"));
        check("epoch_s", "UTC", "1600000000.5", Some("2020-09-13T12:26:40.5Z"));
        check("epoch_ms", "UTC", "1600000000000", Some("2020-09-13T12:26:40Z"));
        check("epoch_us", "UTC", "1600000000000000", Some("2020-09-13T12:26:40Z"));
    }

    #[test]
    fn impossible_dates() {
        check("iso", "UTC", "2015-02-30", None);
        check("iso", "UTC", "0001-01-01", None);
        check("iso", "UTC", "yesterday", None);
        check("%d.%m.%Y", "UTC", "31.11.2020", None);
        check("epoch_s", "UTC", "99999999999999999", None);
        assert_eq!(from_parts((2019, 2, 29), 0, 0, &TimeZone::UTC), None);
        assert!(TimeFormat::parse("dd.mm.yyyy").is_none());
    }

    #[test]
    fn months_have_names() {
        for (text, expected) in
            [("may", Some(5)), ("Juillet", Some(7)), ("июня", Some(6)), ("12", Some(12)), ("13", None), ("", None)]
        {
            assert_eq!(month(text), expected, "{text}");
        }
    }

    #[test]
    fn a_new_year_begins_when_the_month_goes_back() {
        let mut year = RollingYear::new(2008);
        let years: Vec<i16> = [5, 5, 12, 1, 3, 3, 2].into_iter().map(|month| year.next(month)).collect();
        assert_eq!(years, [2008, 2008, 2008, 2009, 2009, 2009, 2010]);
    }

    proptest! {
        #[test]
        fn every_second_survives(seconds in -2_000_000_000_i64..7_000_000_000) {
            let text = jiff::Timestamp::from_second(seconds).expect("in range").to_string();
            prop_assert_eq!(TimeFormat::Iso.read(&text, &TimeZone::UTC), Some(Instant(seconds * 1_000_000)));
        }
    }
}
