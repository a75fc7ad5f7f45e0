//! What became of a window: how many saw it, closed it, did what it offers, and whether it is shown too often.

use analysis::intervals::proportion;
use analysis::over_use::quick_close;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Closed sooner than this, nobody has read it (M9, R4).
const QUICK_MS: i64 = 2_000;

/// Is one time that a window was shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Showing {
    /// The how manieth time to this person.
    pub(super) nth: i64,
    pub(super) closed_after_ms: Option<i64>,
    pub(super) has_acted: bool,
}

/// Is what became of a window. Shares are parts of one, with limits of 95 % (Wilson; Newcombe for the rise).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PopupResults {
    /// How often it was shown.
    pub shown: u64,
    /// To how many people: the first showing to each.
    pub people: u64,
    /// How often it was closed.
    pub closed: u64,
    /// How often it was closed within two seconds.
    pub closed_at_once: u64,
    /// How often its button was pressed.
    pub acted: u64,
    /// The share of showings in which the button was pressed.
    pub share: Option<f64>,
    /// The lower limit of the share.
    pub low: Option<f64>,
    /// The upper limit of the share.
    pub high: Option<f64>,
    /// By how much more often it is closed at once at the third showing than at the first.
    pub rise: Option<f64>,
    /// How many third showings that rests on.
    pub third: u64,
    /// Whether it is over-used: the rise is 20 points or more, and not by chance alone (M9, R4).
    pub is_over_used: bool,
}

/// Counts what became of a window.
pub(super) fn results(showings: &[Showing]) -> PopupResults {
    let count = |wanted: &dyn Fn(&Showing) -> bool| showings.iter().filter(|one| wanted(one)).count() as u64;
    let is_quick = |one: &Showing| one.closed_after_ms.is_some_and(|after| after < QUICK_MS);
    let at = |nth: i64| (count(&|one| one.nth == nth && is_quick(one)), count(&|one| one.nth == nth));
    let (shown, acted) = (showings.len() as u64, count(&|one| one.has_acted));
    let share = proportion(acted, shown);
    let rise = quick_close(at(1), at(3));
    PopupResults {
        shown,
        people: count(&|one| one.nth == 1),
        closed: count(&|one| one.closed_after_ms.is_some()),
        closed_at_once: count(&is_quick),
        acted,
        share: share.map(|share| share.value),
        low: share.and_then(|share| share.interval).map(|interval| interval.low),
        high: share.and_then(|share| share.interval).map(|interval| interval.high),
        rise: rise.as_ref().map(|(rise, _)| rise.value),
        third: at(3).1,
        is_over_used: rise.is_some_and(|(rise, fires)| fires && rise.interval.is_some_and(|interval| interval.low > 0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn showing(nth: i64, closed_after_ms: Option<i64>, has_acted: bool) -> Showing {
        Showing { nth, closed_after_ms, has_acted }
    }

    #[test]
    fn what_became_of_a_window_is_counted() {
        assert_eq!(results(&[]), PopupResults::default());
        let found = results(&[showing(1, Some(1_999), false), showing(1, Some(2_000), false), showing(2, None, true)]);
        let counts = (found.shown, found.people, found.closed, found.closed_at_once, found.acted);
        assert_eq!(counts, (3, 2, 2, 1, 1));
        assert!((found.share.expect("was shown") - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((found.rise, found.is_over_used), (None, false));
    }

    #[test]
    fn who_closes_it_at_once_the_third_time_has_had_enough() {
        let times =
            |nth, quick: i64, all: i64| (0..all).map(move |n| showing(nth, Some(if n < quick { 100 } else { 9_000 }), false));
        let fires = |first: i64, third: i64, all: i64| {
            results(&times(1, first, all).chain(times(3, third, all)).collect::<Vec<_>>()).is_over_used
        };
        assert!(fires(20, 60, 100));
        assert!(!fires(20, 38, 100), "eighteen points");
        assert!(!fires(1, 2, 4), "a rise of 25 points among four is chance");
    }
}
