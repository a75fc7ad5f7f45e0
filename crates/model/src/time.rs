//! Instants are UTC microseconds. Zones belong to the border, clocks to the application.

use serde::{Deserialize, Serialize};

/// Is a moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// One second, in microseconds.
pub const SECOND: i64 = 1_000_000;
/// One day of 24 hours, in microseconds.
pub const DAY: i64 = 86_400 * SECOND;
/// One week, in microseconds.
pub const WEEK: i64 = 7 * DAY;

impl Instant {
    /// Returns the number of the week, counted from Monday 1969-12-29; weeks start on Monday, UTC.
    #[must_use]
    pub fn week(self) -> i64 {
        (self.0 + 3 * DAY).div_euclid(WEEK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_start_on_monday() {
        let monday = Instant(4 * DAY); // 1970-01-05
        assert_eq!(monday.week(), 1);
        assert_eq!(Instant(monday.0 - 1).week(), 0);
        assert_eq!(Instant(monday.0 + WEEK - 1).week(), 1);
    }
}
