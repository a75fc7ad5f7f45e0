//! Journeys grouped by their path: the state from which every rule and every Markov order is computed.
//!
//! | path | outcomes | value | without |
//! |---|---|---|---|
//! | ads | 2 | 70 | 1 |
//! | mail | 1 | 35 | 0 |
//! | ads > mail | 1 | 30 | 0 |
//! | mail > mail | 0 | 0 | 4 |
//! | shop > ads > shop | 1 | 99 | 2 |
//!
//! Cost: O(length) per journey; memory grows with distinct paths, not with journeys (a million journeys over ten
//! touchpoints have about 150,000 distinct paths). Merging adds; the order of merging does not matter.

use crate::fixed::Fixed;
use foldhash::HashMap;
use serde::{Deserialize, Serialize};

/// Is how journeys with the same path ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ends {
    /// Outcomes.
    pub conversions: u64,
    /// Value of the outcomes; read only where there are outcomes.
    pub value: Fixed,
    /// Journeys that ended without an outcome.
    pub nulls: u64,
}

impl Ends {
    pub(super) fn add(&mut self, other: Self) {
        self.conversions += other.conversions;
        self.value += other.value;
        self.nulls += other.nulls;
    }
}

/// Counts journeys by path; a path is a run of touchpoint indexes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Vec<u16>, Ends)>", into = "Vec<(Vec<u16>, Ends)>")]
pub struct JourneyCounts {
    paths: HashMap<Box<[u16]>, Ends>,
}

impl JourneyCounts {
    /// Makes the journeys of a test: paths, each with how many ended well, each worth seven, and how many did not.
    #[cfg(test)]
    pub(crate) fn of<P: AsRef<[u16]>>(rows: &[(P, u64, u64)]) -> Self {
        let mut journeys = Self::default();
        for (path, conversions, nulls) in rows {
            journeys.take(
                path.as_ref(),
                Ends { conversions: *conversions, value: Fixed::whole(*conversions as i64 * 7), nulls: *nulls },
            );
        }
        journeys
    }

    /// Adds journeys with one path.
    pub fn take(&mut self, path: &[u16], ends: Ends) {
        match self.paths.get_mut(path) {
            Some(known) => known.add(ends),
            None => {
                self.paths.insert(path.into(), ends);
            }
        }
    }

    /// Adds the journeys of others.
    pub fn merge(&mut self, other: Self) {
        for (path, ends) in other.paths {
            self.paths.entry(path).or_default().add(ends);
        }
    }

    /// Returns the number of distinct paths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Tells whether there are no journeys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns the paths in no particular order: for sums, which do not depend on it.
    pub fn iter(&self) -> impl Iterator<Item = (&[u16], &Ends)> {
        self.paths.iter().map(|(path, ends)| (&**path, ends))
    }

    /// Returns the paths in their own order: for whatever numbers things as it meets them.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&[u16], &Ends)> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_unstable_by_key(|(path, _)| *path);
        sorted
    }

    /// Returns the sums over all paths.
    #[must_use]
    pub fn totals(&self) -> Ends {
        self.paths.values().fold(Ends::default(), |mut sum, ends| {
            sum.add(*ends);
            sum
        })
    }
}

impl From<Vec<(Vec<u16>, Ends)>> for JourneyCounts {
    fn from(rows: Vec<(Vec<u16>, Ends)>) -> Self {
        let mut journeys = Self::default();
        for (path, ends) in rows {
            journeys.take(&path, ends);
        }
        journeys
    }
}

impl From<JourneyCounts> for Vec<(Vec<u16>, Ends)> {
    fn from(journeys: JourneyCounts) -> Self {
        journeys.sorted().into_iter().map(|(path, ends)| (path.to_vec(), *ends)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ends() -> impl Strategy<Value = Ends> {
        (0_u64..9, -99_i64..999, 0_u64..9).prop_map(|(conversions, value, nulls)| Ends {
            conversions,
            value: Fixed::whole(value),
            nulls,
        })
    }

    proptest! {
        #[test]
        fn merging_parts_equals_one_whole(
            rows in prop::collection::vec((prop::collection::vec(0_u16..4, 0..5), ends()), 0..60), cut in 0_usize..60,
        ) {
            let cut = cut.min(rows.len());
            let whole = JourneyCounts::from(rows.clone());
            let (one, other) = (JourneyCounts::from(rows[..cut].to_vec()), JourneyCounts::from(rows[cut..].to_vec()));
            let (mut forwards, mut backwards) = (one.clone(), other.clone());
            forwards.merge(other);
            backwards.merge(one);
            prop_assert_eq!(&forwards, &whole);
            prop_assert_eq!(&backwards, &whole);
            let text = serde_json::to_string(&whole).expect("serialises");
            prop_assert_eq!(serde_json::from_str::<JourneyCounts>(&text).expect("reads"), whole);
        }
    }

    #[test]
    fn same_path_same_row() {
        let mut journeys = JourneyCounts::default();
        journeys.take(&[1, 2], Ends { conversions: 1, value: Fixed::whole(3), nulls: 0 });
        journeys.take(&[1, 2], Ends { conversions: 0, value: Fixed::ZERO, nulls: 4 });
        assert_eq!(journeys.sorted(), [(&[1, 2][..], &Ends { conversions: 1, value: Fixed::whole(3), nulls: 4 })]);
    }
}
