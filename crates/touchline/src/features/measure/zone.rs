//! The organisation's clock: which offset from UTC holds when, in the zone of its map.

use super::analysis::Sense;
use ::analysis::hours::{Calendar, Week};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::time::SECOND;
use model::{Instant, TouchpointMap};

/// A zone changes its offset twice a year; so many changes last for a thousand years.
const OFFSETS_MAX: usize = 2_000;

/// Makes the calendar of the organisation for the time of the data.
pub(super) fn calendar(sense: &Sense, open: Week) -> Calendar {
    calendar_of(&sense.map, sense.meaning.window, open)
}

/// Makes the calendar of a map for a stretch of time.
pub(super) fn calendar_of(map: &TouchpointMap, window: (Instant, Instant), open: Week) -> Calendar {
    Calendar::new(offsets(&map.time_zone, window), open)
}

/// Returns from when on which offset from UTC holds in a zone; none in a zone that nobody knows, which is UTC then.
fn offsets(zone: &str, window: (Instant, Instant)) -> Vec<(i64, i64)> {
    let Ok(zone) = TimeZone::get(zone) else { return Vec::new() };
    let Ok(begins) = Timestamp::from_microsecond(window.0.0) else { return Vec::new() };
    let micros = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * SECOND;
    let first = (i64::MIN, micros(zone.to_offset(begins)));
    let later = zone.following(begins).take_while(|change| change.timestamp().as_microsecond() <= window.1.0);
    std::iter::once(first)
        .chain(later.take(OFFSETS_MAX).map(|change| (change.timestamp().as_microsecond(), micros(change.offset()))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_changes_its_offset() {
        // 2026: Paris is an hour ahead of UTC, from 29 March to 25 October two.
        let day = |text: &str| Instant(text.parse::<Timestamp>().expect("a time").as_microsecond());
        let found = offsets("Europe/Paris", (day("2026-01-01T00:00:00Z"), day("2026-12-31T00:00:00Z")));
        let hours: Vec<i64> = found.iter().map(|(_, offset)| offset / SECOND / 3_600).collect();
        assert_eq!(hours, [1, 2, 1]);
        assert_eq!(found[1].0, day("2026-03-29T01:00:00Z").0);
        assert!(offsets("Nowhere/Land", (Instant(0), Instant(1))).is_empty());
    }
}
