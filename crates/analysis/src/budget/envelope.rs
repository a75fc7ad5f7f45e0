//! The smallest concave function above a response on a range: what makes a hard problem an easy one that bounds it.

use super::{Item, PACKAGES_MAX};

/// Is a range of spend for one item with the concave envelope of its response there.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Any amount from `low` to `high`: a straight line from `low` to `bend`, then the response itself.
    Any { low: f64, high: f64, bend: f64 },
    /// Whole packages: the corners of the hull over the points, by spend; packages from `first` to `last`.
    Packages { package: f64, first: u32, last: u32, hull: Vec<(f64, f64)> },
}

/// Is where a piece lies at a price: the least and the most spend that are best, with the envelope's value at both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Piece {
    /// Makes the piece of an item's whole range.
    pub(super) fn whole(item: &Item, budget: f64) -> Self {
        let high = item.ceiling.unwrap_or(budget).min(budget).max(item.floor);
        match item.step(high - item.floor) {
            None => Self::any(item, item.floor, high),
            Some(package) => {
                // A little more than nothing, so that 3 × 0.1 fits into 0.3.
                let count = ((high - item.floor) / package * (1.0 + 1e-12)).floor().min(PACKAGES_MAX);
                Self::packages(item, package, 0, count as u32)
            }
        }
    }

    pub(super) fn any(item: &Item, low: f64, high: f64) -> Self {
        let turn = item.inflection();
        if low >= turn || high <= low {
            return Self::Any { low, high, bend: low };
        }
        // The line from `low` touches the response where its slope is the response's.
        let base = item.value(low);
        let is_above = |x: f64| item.marginal(x) * (x - low) > item.value(x) - base;
        if high <= turn || is_above(high) {
            return Self::Any { low, high, bend: high };
        }
        let (mut before, mut after) = (turn.max(low), high);
        for _ in 0..200 {
            let middle = before + (after - before) / 2.0;
            if middle <= before || middle >= after {
                break;
            }
            if is_above(middle) { before = middle } else { after = middle }
        }
        Self::Any { low, high, bend: after }
    }

    pub(super) fn packages(item: &Item, package: f64, first: u32, last: u32) -> Self {
        let mut hull: Vec<(f64, f64)> = Vec::new();
        for count in first..=last {
            let x = item.floor + f64::from(count) * package;
            let point = (x, item.value(x));
            while hull.len() >= 2 && is_below(hull[hull.len() - 2], hull[hull.len() - 1], point) {
                hull.pop();
            }
            hull.push(point);
        }
        Self::Packages { package, first, last, hull }
    }

    /// Returns where the envelope less `price` times the spend is greatest.
    pub(super) fn stand(&self, item: &Item, price: f64) -> Stand {
        match self {
            Self::Any { low, high, bend } => {
                let line = if bend > low { (item.value(*bend) - item.value(*low)) / (bend - low) } else { f64::INFINITY };
                if line < price {
                    Stand { least: *low, most: *low }
                } else {
                    let beyond = item.spend_at(price, *bend, *high);
                    Stand { least: if line <= price { *low } else { beyond }, most: beyond }
                }
            }
            Self::Packages { hull, .. } => {
                let slope = |at: usize| (hull[at].1 - hull[at - 1].1) / (hull[at].0 - hull[at - 1].0);
                let above = |steep: &dyn Fn(f64) -> bool| (1..hull.len()).take_while(|at| steep(slope(*at))).count();
                Stand { least: hull[above(&|slope| slope > price)].0, most: hull[above(&|slope| slope >= price)].0 }
            }
        }
    }

    /// Returns the envelope at a spend.
    pub(super) fn value(&self, item: &Item, x: f64) -> f64 {
        match self {
            Self::Any { low, bend, .. } if x < *bend && bend > low => {
                let (from, to) = (item.value(*low), item.value(*bend));
                from + (to - from) * (x - low) / (bend - low)
            }
            Self::Any { .. } => item.value(x),
            Self::Packages { hull, .. } => {
                let after = hull.partition_point(|corner| corner.0 < x).min(hull.len() - 1);
                let (to, from) = (hull[after], hull[after.saturating_sub(1)]);
                if to.0 <= from.0 || x >= to.0 { to.1 } else { from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0) }
            }
        }
    }

    /// Returns the largest spend up to `x` that can really be spent.
    pub(super) fn allowed(&self, item: &Item, x: f64) -> f64 {
        match self {
            Self::Any { low, high, .. } => x.clamp(*low, *high),
            Self::Packages { package, first, last, .. } => {
                item.floor + f64::from(count_below(item, *package, x).clamp(*first, *last)) * package
            }
        }
    }

    /// Cuts the range in two at a spend; `None` where one side would be empty.
    pub(super) fn cut(&self, item: &Item, x: f64) -> Option<(Self, Self)> {
        match self {
            Self::Any { low, high, .. } => {
                let both = || (Self::any(item, *low, x), Self::any(item, x, *high));
                (x > *low && x < *high).then(both)
            }
            Self::Packages { package, first, last, .. } => {
                let at = count_below(item, *package, x).clamp(*first, *last);
                let both = || (Self::packages(item, *package, *first, at), Self::packages(item, *package, at + 1, *last));
                (at < *last).then(both)
            }
        }
    }
}

/// Returns how many whole packages fit below a spend.
fn count_below(item: &Item, package: f64, x: f64) -> u32 {
    ((x - item.floor) / package * (1.0 + 1e-12)).floor().clamp(0.0, PACKAGES_MAX) as u32
}

/// Tells whether the middle one of three points by spend lies on or below the line through the others.
fn is_below(one: (f64, f64), middle: (f64, f64), other: (f64, f64)) -> bool {
    (middle.1 - one.1) * (other.0 - one.0) <= (other.1 - one.1) * (middle.0 - one.0)
}
