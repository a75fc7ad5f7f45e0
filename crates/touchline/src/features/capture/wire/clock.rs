//! The clock rule: when something happened, given what the client's clock says and when we received it.
//!
//! Four stamps may be known: when the client says it happened (`original`), when the client says it sent it (`sent`),
//! when we received it, and what follows from those. The raw ones are kept with the interaction. A client's clock is
//! corrected by how far `sent` lies from the receipt, but only where that is a wrong clock and not a late message:
//! two clients known to us (rudder-sdk-node, posthog-node) do not refresh `sent` when they try again.

use super::super::SourceKind;
use super::super::import::iso;
use model::Instant;
use model::time::{DAY, SECOND};

/// A clock that is further off than a day is not off but unset: nothing is computed from it.
const SKEW_MAX: i64 = DAY;
/// A server that sent so long ago by its own clock is trying again; its clock is not behind.
const RETRYING_MAX: i64 = 600 * SECOND;

/// Is what is known of the time of one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamps {
    /// When we received it.
    pub(crate) received: Instant,
    /// When the client says it sent it.
    pub(crate) sent: Option<Instant>,
    /// When the client says it happened.
    pub(crate) original: Option<Instant>,
}

impl Stamps {
    /// Returns when it happened; never after it was received, for nobody reports what has not happened yet.
    pub(crate) fn happened(self, kind: SourceKind) -> Instant {
        let Some(original) = self.original else {
            return self.received;
        };
        let behind = self.sent.map_or(0, |sent| self.received.0.saturating_sub(sent.0));
        let at = match kind {
            _ if behind.abs() >= SKEW_MAX && kind == SourceKind::Site => self.received,
            _ if behind.abs() >= SKEW_MAX => original,
            SourceKind::Server if (0..=RETRYING_MAX).contains(&behind) => original,
            _ => Instant(original.0.saturating_add(behind)),
        };
        at.min(self.received)
    }
}

/// Reads a time as clients write it: ISO 8601 of any kind, or a count of seconds, milliseconds or microseconds.
///
/// A time without a zone is UTC. `None` for a time that does not exist or lies outside 1900 to 2199.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    if let Some(at) = usual(text.as_bytes()) {
        return Some(at);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return count(text.parse().ok()?);
    }
    iso(text)
}

/// Reads a count since 1970; its size tells its unit: in seconds it would be 1973 at the earliest, or 5138 and later.
fn count(count: i64) -> Option<Instant> {
    const LARGEST: i64 = 7_258_118_400 * SECOND; // the year 2200
    let micros = match count.abs() {
        0..100_000_000_000 => count.checked_mul(SECOND)?,
        100_000_000_000..100_000_000_000_000 => count.checked_mul(1_000)?,
        _ => count,
    };
    (-2_208_988_800 * SECOND..LARGEST).contains(&micros).then_some(Instant(micros))
}

/// Reads `2024-05-01T12:34:56.789Z` and its like at a fraction of the cost of the general reader, for this is the
/// hot path: three of them in each event. `None` for everything unusual, valid or not.
fn usual(text: &[u8]) -> Option<Instant> {
    let number = |from: usize, to: usize| {
        text.get(from..to)?
            .iter()
            .try_fold(0_i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let sign = |at: usize, sign: u8| text.get(at).copied() == Some(sign);
    let is_shaped = sign(4, b'-') && sign(7, b'-') && sign(10, b'T') && sign(13, b':') && sign(16, b':');
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_plausible = (1900..=2199).contains(&year) && (1..=12).contains(&month) && (1..=28).contains(&day);
    if !is_shaped || !is_plausible || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = match text.get(19)? {
        b'.' => {
            let digits = text[20..].iter().take_while(|digit| digit.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            // To microseconds; what is finer is cut.
            let kept = digits.min(6);
            (number(20, 20 + kept)? * 10_i64.pow(6 - u32::try_from(kept).ok()?), 20 + digits)
        }
        _ => (0, 19),
    };
    let offset = match (text.get(zone)?, text.len() - zone) {
        (b'Z', 1) => 0,
        (sign @ (b'+' | b'-'), 6) if text[zone + 3] == b':' => {
            let (hours, minutes) = (number(zone + 1, zone + 3)?, number(zone + 4, zone + 6)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Instant(seconds * SECOND + fraction))
}

/// Counts days since 1970-01-01 in the Gregorian calendar: a year that begins in March has its odd day at its end.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3600;

    /// Checks when something happened; all times in seconds before the receipt.
    #[track_caller]
    fn check(kind: SourceKind, original: Option<i64>, sent: Option<i64>, expected: i64) {
        let received = 1_700_000_000;
        let ago = |seconds: i64| Instant((received - seconds) * SECOND);
        let stamps = Stamps { received: ago(0), sent: sent.map(ago), original: original.map(ago) };
        assert_eq!(stamps.happened(kind), ago(expected), "{kind:?} original {original:?} sent {sent:?}");
    }

    #[test]
    fn a_table_of_cases() {
        use SourceKind::{Server, Site};
        for kind in [Site, Server] {
            // Nothing is known: it happened when it came.
            check(kind, None, None, 0);
            check(kind, None, Some(5), 0);
            // Nothing to correct by: the client is believed, but not in the future.
            check(kind, Some(60), None, 60);
            check(kind, Some(-60), None, 0);
            // A clock an hour ahead.
            check(kind, Some(-HOUR + 10), Some(-HOUR), 10);
            // A clock an hour behind.
            check(kind, Some(HOUR + 10), Some(HOUR), 10);
            // Queued on the device for two days, with a right clock.
            check(kind, Some(48 * HOUR), Some(0), 48 * HOUR);
            // It says it happened after it was sent.
            check(kind, Some(-30), Some(0), 0);
        }
        // A clock that was never set.
        check(Site, Some(20_000 * 24 * HOUR), Some(20_000 * 24 * HOUR - 5), 0);
        check(Server, Some(400 * 24 * HOUR), Some(399 * 24 * HOUR), 400 * 24 * HOUR);
        check(Server, Some(-400 * 24 * HOUR), Some(-399 * 24 * HOUR), 0);
        // Sent again after five minutes with the stamp of the first attempt: a server's clock is right.
        check(Server, Some(310), Some(300), 310);
        // A browser refreshes its stamp, so its clock is behind.
        check(Site, Some(310), Some(300), 10);
        // At the edges.
        check(Server, Some(610), Some(600), 610);
        check(Server, Some(611), Some(601), 10);
        check(Site, Some(24 * HOUR), Some(24 * HOUR - 1), 1);
        check(Site, Some(24 * HOUR), Some(24 * HOUR), 0);
    }

    #[test]
    fn forged_stamps_do_not_overflow() {
        for extreme in [i64::MIN, i64::MAX] {
            let stamps = Stamps { received: Instant(0), sent: Some(Instant(extreme)), original: Some(Instant(extreme)) };
            assert!(stamps.happened(SourceKind::Site) <= Instant(0));
            assert!(stamps.happened(SourceKind::Server) <= Instant(0));
        }
    }

    #[track_caller]
    fn reads(text: &str, expected: Option<&str>) {
        let found = instant(text).map(|at| jiff::Timestamp::from_microsecond(at.0).expect("in range").to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn times_as_clients_write_them() {
        reads("2024-05-01T12:34:56.789Z", Some("2024-05-01T12:34:56.789Z"));
        reads("2024-05-01T12:34:56.123456+00:00", Some("2024-05-01T12:34:56.123456Z"));
        reads("2024-05-01T12:34:56.123456789Z", Some("2024-05-01T12:34:56.123456Z"));
        reads("2024-05-01T12:34:56+02:00", Some("2024-05-01T10:34:56Z"));
        reads("2024-05-01T12:34:56-0230", Some("2024-05-01T15:04:56Z"));
        reads("2024-05-01 12:34:56", Some("2024-05-01T12:34:56Z"));
        reads("2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00Z"));
        reads("2024-12-31T23:59:60Z", Some("2024-12-31T23:59:59Z"));
        reads("1714566896", Some("2024-05-01T12:34:56Z"));
        reads("1714566896789", Some("2024-05-01T12:34:56.789Z"));
        reads("1714566896789123", Some("2024-05-01T12:34:56.789123Z"));
        for wrong in ["", "yesterday", "2023-02-29T00:00:00Z", "2024-05-01T25:00:00Z", "0001-01-01T00:00:00Z"] {
            reads(wrong, None);
        }
        for wrong in ["99999999999999999999", "9223372036854775807", "2024-05-01T12:34:56.Z", "2024-05-01T12:34:56+99:00"] {
            reads(wrong, None);
        }
    }

    proptest! {
        #[test]
        fn the_quick_reader_agrees_with_the_general_one(micros in -2_000_000_000_000_000_i64..7_000_000_000_000_000) {
            let text = jiff::Timestamp::from_microsecond(micros).expect("in range").to_string();
            prop_assert_eq!(iso(&text), Some(Instant(micros)));
            prop_assert_eq!(instant(&text), Some(Instant(micros)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = instant(&text);
        }
    }
}
