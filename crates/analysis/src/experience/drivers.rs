//! Key drivers: how much of what explains satisfaction belongs to each of several things that go together.
//!
//! Plain correlations count shared explanation twice. The Shapley value of R² (Lindeman, Merenda and Gold 1980) shares it out:
//! a driver's part is what it adds to R², averaged over all orders in which drivers can be added. The parts sum to R² and are
//! never negative but for rounding. All 2ᵖ regressions come from one matrix of cross-products, which merges by adding. Drivers
//! that others make up entirely (singular) add nothing where those came first. Association, not cause (E3).
//!
//! | drivers | R² alone | part |
//! |---|---|---|
//! | waiting, r = −.5, alone | .25 | .25 |
//! | waiting and price, independent, r = −.5 and .3 | .25, .09 | .25, .09 |
//! | waiting twice, the same numbers | .25, .25 | .125, .125 |
//! | something that never varies | 0 | 0 |
//! | nobody answered | – | unknown |
//!
//! Cost: O(p²) per person; O(2ᵖ·p³) to finish, [`DRIVERS_MAX`] drivers at most.

use serde::{Deserialize, Serialize};

/// Two to the power of this many regressions are solved in some ten milliseconds.
pub const DRIVERS_MAX: usize = 10;
/// A pivot below this share of the variable's own spread means that others make it up.
const SINGULAR: f64 = 1e-10;

/// Sums cross-products of drivers and the answer; whole numbers, so that sums are exact in any order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Products {
    /// Number of drivers.
    drivers: usize,
    /// People.
    n: u64,
    /// Sums of each variable, the answer last.
    sums: Vec<i64>,
    /// Sums of products, row by row.
    products: Vec<i64>,
}

/// Is the part of each driver.
#[derive(Clone, PartialEq, Debug)]
pub struct Drivers {
    /// People.
    pub n: u64,
    /// The share of the answer's spread that all drivers explain together.
    pub r_squared: f64,
    /// Each driver's part of it, in their order; they sum to it.
    pub parts: Vec<f64>,
    /// Whether the answer rises with the driver, alone.
    pub rises: Vec<bool>,
}

impl Products {
    /// Sums nothing yet.
    #[must_use]
    pub fn new(drivers: usize) -> Self {
        let size = drivers + 1;
        Self { drivers, n: 0, sums: vec![0; size], products: vec![0; size * size] }
    }

    /// Adds one person: the drivers as small whole numbers, and the answer. What has another number of drivers is left out.
    pub fn add(&mut self, drivers: &[i32], answer: i32) {
        if drivers.len() != self.drivers {
            return;
        }
        let value = |at: usize| i64::from(drivers.get(at).copied().unwrap_or(answer));
        let size = self.drivers + 1;
        self.n += 1;
        for row in 0..size {
            self.sums[row] = self.sums[row].saturating_add(value(row));
            for column in 0..size {
                let place = &mut self.products[row * size + column];
                *place = place.saturating_add(value(row) * value(column));
            }
        }
    }

    /// Adds what others summed over the same drivers.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        let add = |mine: &mut [i64], theirs: &[i64]| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
        };
        add(&mut self.sums, &other.sums);
        add(&mut self.products, &other.products);
    }

    /// Returns the number of people.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Returns the cross-products about the means.
    fn centred(&self) -> Vec<f64> {
        let size = self.drivers + 1;
        let n = self.n.max(1) as f64;
        (0..size * size)
            .map(|place| {
                let (row, column) = (place / size, place % size);
                self.products[place] as f64 - self.sums[row] as f64 * self.sums[column] as f64 / n
            })
            .collect()
    }

    /// Shares out R²; `None` when fewer people than drivers and two answered, when the answer never varies, or with too many
    /// drivers.
    #[must_use]
    pub fn drivers(&self) -> Option<Drivers> {
        let p = self.drivers;
        if p == 0 || p > DRIVERS_MAX || self.n < p as u64 + 2 {
            return None;
        }
        let matrix = self.centred();
        let size = p + 1;
        let spread = matrix[p * size + p];
        if spread <= 0.0 {
            return None;
        }
        let explained: Vec<f64> = (0..1_usize << p).map(|set| (explained(&matrix, size, set) / spread).clamp(0.0, 1.0)).collect();
        let weights: Vec<f64> = (0..p).map(|others| weight(others, p)).collect();
        let part = |driver: usize| {
            let without = (0..1_usize << p).filter(|set| set >> driver & 1 == 0);
            let gains = without.map(|set| weights[set.count_ones() as usize] * (explained[set | 1 << driver] - explained[set]));
            gains.sum()
        };
        Some(Drivers {
            n: self.n,
            r_squared: explained[(1 << p) - 1],
            parts: (0..p).map(part).collect(),
            rises: (0..p).map(|driver| matrix[driver * size + p] > 0.0).collect(),
        })
    }
}

/// Returns k!(p−1−k)!/p!: how often exactly k others come before.
fn weight(others: usize, p: usize) -> f64 {
    let factorial = |n: usize| (1..=n).map(|n| n as f64).product::<f64>();
    factorial(others) * factorial(p - 1 - others) / factorial(p)
}

/// Returns the sum of squares of the answer that a set of drivers explains, by elimination; what is made up by earlier ones is
/// passed over.
fn explained(matrix: &[f64], size: usize, set: usize) -> f64 {
    let chosen: Vec<usize> = (0..size - 1).filter(|driver| set >> driver & 1 == 1).chain([size - 1]).collect();
    let k = chosen.len();
    let mut work: Vec<f64> = chosen.iter().flat_map(|row| chosen.iter().map(move |column| matrix[row * size + column])).collect();
    let mut sum = 0.0;
    for pivot in 0..k - 1 {
        let own = matrix[chosen[pivot] * size + chosen[pivot]];
        let value = work[pivot * k + pivot];
        if own <= 0.0 || value <= own * SINGULAR {
            continue;
        }
        sum += work[pivot * k + k - 1] * work[pivot * k + k - 1] / value;
        for row in pivot + 1..k {
            let factor = work[row * k + pivot] / value;
            for column in pivot + 1..k {
                work[row * k + column] -= factor * work[pivot * k + column];
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn products(rows: &[(Vec<i32>, i32)]) -> Products {
        let mut products = Products::new(rows.first().map_or(1, |row| row.0.len()));
        rows.iter().for_each(|(drivers, answer)| products.add(drivers, *answer));
        products
    }

    #[test]
    fn independent_drivers_keep_what_they_explain() {
        // A full factorial: x and y are independent, the answer is 3x + y.
        let rows: Vec<(Vec<i32>, i32)> =
            [(-1, -1), (-1, 1), (1, -1), (1, 1)].into_iter().map(|(x, y)| (vec![x, y], 3 * x + y)).collect();
        let found = products(&rows).drivers().expect("varies");
        assert!((found.r_squared - 1.0).abs() < 1e-12);
        assert!((found.parts[0] - 0.9).abs() < 1e-12 && (found.parts[1] - 0.1).abs() < 1e-12, "{found:?}");
        assert_eq!(found.rises, [true, true]);
    }

    #[test]
    fn the_same_driver_twice_shares() {
        let rows: Vec<(Vec<i32>, i32)> = (0..20).map(|at| (vec![at % 5, at % 5, 7], at % 5 + at % 3)).collect();
        let found = products(&rows).drivers().expect("varies");
        assert!((found.parts[0] - found.parts[1]).abs() < 1e-9 && found.parts[0] > 0.0);
        assert_eq!(found.parts[2], 0.0);
    }

    #[test]
    fn bad_inputs_are_unknown() {
        assert_eq!(Products::new(2).drivers(), None);
        assert_eq!(products(&[(vec![1], 1)]).drivers(), None);
        let still: Vec<(Vec<i32>, i32)> = (0..10).map(|at| (vec![at], 4)).collect();
        assert_eq!(products(&still).drivers(), None);
        let mut wrong = Products::new(2);
        wrong.add(&[1], 1);
        assert_eq!(wrong.n(), 0);
        assert_eq!(Products::new(DRIVERS_MAX + 1).drivers(), None);
    }

    proptest! {
        /// The parts sum to R² and none is negative; and they do not depend on how people were split.
        #[test]
        fn parts_sum_to_the_whole(rows in prop::collection::vec((prop::collection::vec(0_i32..5, 3), 0_i32..11), 6..60), cut in 0_usize..60) {
            let whole = products(&rows);
            let cut = cut.min(rows.len());
            let mut merged = Products::new(3);
            merged.merge(&products(&rows[cut..]));
            if cut > 0 {
                merged.merge(&products(&rows[..cut]));
            }
            if cut < rows.len() {
                prop_assert_eq!(&merged, &whole);
            }
            if let Some(found) = whole.drivers() {
                prop_assert!((found.parts.iter().sum::<f64>() - found.r_squared).abs() < 1e-9);
                prop_assert!(found.parts.iter().all(|part| *part > -1e-9), "{:?}", found);
            }
        }

        /// R² of all drivers is that of the normal equations solved the plain way.
        #[test]
        fn equals_the_normal_equations(rows in prop::collection::vec((prop::collection::vec(0_i32..9, 2), 0_i32..11), 8..40)) {
            let found = products(&rows).drivers();
            let n = rows.len() as f64;
            let column = |at: usize| -> Vec<f64> { rows.iter().map(|row| f64::from(row.0.get(at).copied().unwrap_or(row.1))).collect() };
            let centred = |values: Vec<f64>| -> Vec<f64> {
                let mean = values.iter().sum::<f64>() / n;
                values.into_iter().map(|value| value - mean).collect()
            };
            let (x, z, y) = (centred(column(0)), centred(column(1)), centred(column(2)));
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let det = dot(&x, &x) * dot(&z, &z) - dot(&x, &z) * dot(&x, &z);
            if det > 1e-6 && dot(&y, &y) > 0.0 {
                let b = (dot(&z, &z) * dot(&x, &y) - dot(&x, &z) * dot(&z, &y)) / det;
                let c = (dot(&x, &x) * dot(&z, &y) - dot(&x, &z) * dot(&x, &y)) / det;
                let plain = (b * dot(&x, &y) + c * dot(&z, &y)) / dot(&y, &y);
                prop_assert!((found.expect("varies").r_squared - plain).abs() < 1e-9);
            }
        }
    }
}
