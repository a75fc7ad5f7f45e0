//! The three numbers of a customer that the models of buying need, and how many customers share them.
//!
//! Of a customer first seen buying at time 0 and watched for T: x purchases after the first (days with a purchase, so that two
//! bills of a day are one), the last at tₓ. Likelihoods are sums over customers, so equal ones are counted, not repeated.
//!
//! | bought on days | watched until | x | tₓ | T |
//! |---|---|---|---|---|
//! | 0 | 50 | 0 | 0 | 50 |
//! | 0, 10 | 50 | 1 | 10 | 50 |
//! | 0, 10, 10, 40 | 50 | 2 | 40 | 50 |
//! | 30, 31 | 50 | 1 | 1 | 20 |
//! | never | 50 | no customer | | |
//!
//! Cost: O(purchases).

use std::collections::BTreeMap;

/// Is what the models know of one customer; times in any one unit.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct History {
    /// Purchases after the first.
    pub x: u32,
    /// When the last of them happened, since the first purchase; 0 if there is none.
    pub last: f64,
    /// How long the customer has been watched since the first purchase.
    pub watched: f64,
}

impl History {
    /// Reads the days of purchases, in order of time, of a customer watched until a day; `None` without purchases.
    #[must_use]
    pub fn of_days(days: impl IntoIterator<Item = i64>, until: i64) -> Option<Self> {
        let mut days = days.into_iter();
        let first = days.next()?;
        let (mut x, mut last) = (0, first);
        for day in days {
            x += u32::from(day != last);
            last = day.max(last);
        }
        Some(Self { x, last: (last - first) as f64, watched: (until.max(last) - first) as f64 })
    }

    /// Tells whether the numbers can be those of a customer.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.last.is_finite()
            && self.watched.is_finite()
            && 0.0 <= self.last
            && self.last <= self.watched
            && (self.x > 0 || self.last == 0.0)
    }
}

/// Remembers the part of a likelihood that depends on x alone, as long as x stays the same: groups come ordered by x.
#[derive(Default, Debug)]
pub(super) struct Shared(Option<(u32, f64)>);

impl Shared {
    /// Returns the part for an x.
    pub(super) fn of(&mut self, x: u32, part: impl FnOnce(f64) -> f64) -> f64 {
        match self.0 {
            Some((known, part)) if known == x => part,
            _ => self.0.insert((x, part(f64::from(x)))).1,
        }
    }
}

/// So many distinct histories keep a fit quick, and are enough for four parameters.
const GROUPS_MAX: usize = 4_000;

/// Counts equal histories, with times rounded to as many days as make them few enough: a day or two of many weeks change nothing that
/// four parameters could tell.
#[must_use]
pub fn grouped_for_fit(histories: &[History]) -> Vec<(History, f64)> {
    let rounded = |step: f64| {
        let round = |time: f64| (time / step).round() * step;
        grouped(histories.iter().map(|one| History { x: one.x, last: round(one.last), watched: round(one.watched) }))
    };
    let mut groups = grouped(histories.iter().copied());
    for step in [2.0, 4.0, 7.0, 14.0, 28.0] {
        if groups.len() <= GROUPS_MAX {
            break;
        }
        groups = rounded(step);
    }
    groups
}

/// Counts equal histories; those that cannot be are left out.
#[must_use]
pub fn grouped(histories: impl IntoIterator<Item = History>) -> Vec<(History, f64)> {
    let mut groups: BTreeMap<(u32, u64, u64), u64> = BTreeMap::new();
    for history in histories.into_iter().filter(History::is_sound) {
        // Of numbers that are not negative the bits are in the order of the numbers.
        *groups.entry((history.x, history.last.to_bits(), history.watched.to_bits())).or_default() += 1;
    }
    let history =
        |(x, last, watched): (u32, u64, u64)| History { x, last: f64::from_bits(last), watched: f64::from_bits(watched) };
    groups.into_iter().map(|(key, count)| (history(key), count as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: &[i64], expected: Option<(u32, f64, f64)>) {
        let found = History::of_days(days.iter().copied(), 50).map(|history| (history.x, history.last, history.watched));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_table_above() {
        check(&[0], Some((0, 0.0, 50.0)));
        check(&[0, 10], Some((1, 10.0, 50.0)));
        check(&[0, 10, 10, 40], Some((2, 40.0, 50.0)));
        check(&[30, 31], Some((1, 1.0, 20.0)));
        check(&[], None);
        check(&[60], Some((0, 0.0, 0.0)));
    }

    #[test]
    fn many_are_rounded_and_none_is_lost() {
        let history = |at: u32| History { x: 1 + at % 3, last: f64::from(at % 97), watched: f64::from(97 + at % 89) };
        let many: Vec<History> = (0..20_000).map(history).collect();
        let groups = grouped_for_fit(&many);
        assert!(groups.len() <= GROUPS_MAX, "{}", groups.len());
        assert!((groups.iter().map(|(_, count)| count).sum::<f64>() - 20_000.0).abs() < 1e-9);
        assert_eq!(grouped_for_fit(&many[..5]), grouped(many[..5].iter().copied()));
    }

    #[test]
    fn equal_ones_are_counted() {
        let one = History { x: 1, last: 2.0, watched: 5.0 };
        let impossible = History { x: 1, last: 9.0, watched: 5.0 };
        assert_eq!(grouped([one, impossible, one, History { last: f64::NAN, ..one }]), [(one, 2.0)]);
    }
}
