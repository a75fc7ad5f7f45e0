//! What every fold reads: rows of whole people, column by column, and the trait that all folds share.
//!
//! The ledger hands out [`Rows`]; nothing here knows where they are stored. Rows of one person stand together,
//! never split over two calls, sorted by time and then by the facts themselves, so that the order of equal times
//! does not depend on how files were written.

use model::Interaction;

/// Holds rows of whole people, column by column; all columns have the same length.
///
/// Sorted by (person, at, signal, form, direction, value, cost, score, flags).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// The person to whom the raw identity belongs today.
    pub person: Vec<u64>,
    /// When it happened, UTC microseconds.
    pub at: Vec<i64>,
    /// The number of the signature.
    pub signal: Vec<u32>,
    /// The number of the [`model::Form`].
    pub form: Vec<u8>,
    /// The number of the [`model::Direction`].
    pub direction: Vec<u8>,
    /// What it was worth, in minor units; 0 where nothing is said.
    pub value: Vec<i64>,
    /// What it cost, in minor units; [`NO_COST`] where nothing is said.
    pub cost: Vec<i64>,
    /// The answer on its scale, see [`pack_score`]; 0 where there is none.
    pub score: Vec<u16>,
    /// The bits of [`model::Flags`].
    pub flags: Vec<u32>,
}

/// Stands for "no cost was recorded", which is not a cost of nothing.
pub const NO_COST: i64 = i64::MIN;

impl Rows {
    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.person.len()
    }

    /// Tells whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.person.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        self.person.truncate(rows);
        self.at.truncate(rows);
        self.signal.truncate(rows);
        self.form.truncate(rows);
        self.direction.truncate(rows);
        self.value.truncate(rows);
        self.cost.truncate(rows);
        self.score.truncate(rows);
        self.flags.truncate(rows);
    }

    /// Appends an interaction under the number of the person it belongs to.
    pub fn push(&mut self, person: u64, row: &Interaction) {
        self.person.push(person);
        self.at.push(row.at.0);
        self.signal.push(row.signal.0);
        self.form.push(row.form as u8);
        self.direction.push(row.direction as u8);
        self.value.push(row.value.unwrap_or(0));
        self.cost.push(row.cost.unwrap_or(NO_COST));
        self.score.push(pack_score(row.score));
        self.flags.push(row.flags.0);
    }

    /// Returns the rows in the order of [`Rows::key`], which is that of the ledger.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut places: Vec<usize> = (0..self.len()).collect();
        places.sort_unstable_by_key(|place| self.key(*place));
        let mut sorted = Self::default();
        places.into_iter().for_each(|place| sorted.extend(self, place, place + 1));
        sorted
    }

    /// Appends rows `from..to` of another set.
    pub fn extend(&mut self, other: &Self, from: usize, to: usize) {
        self.person.extend_from_slice(&other.person[from..to]);
        self.at.extend_from_slice(&other.at[from..to]);
        self.signal.extend_from_slice(&other.signal[from..to]);
        self.form.extend_from_slice(&other.form[from..to]);
        self.direction.extend_from_slice(&other.direction[from..to]);
        self.value.extend_from_slice(&other.value[from..to]);
        self.cost.extend_from_slice(&other.cost[from..to]);
        self.score.extend_from_slice(&other.score[from..to]);
        self.flags.extend_from_slice(&other.flags[from..to]);
    }

    /// Returns what rows are sorted by.
    #[must_use]
    pub fn key(&self, row: usize) -> (u64, i64, u32, u8, u8, i64, i64, u16, u32) {
        (
            self.person[row],
            self.at[row],
            self.signal[row],
            self.form[row],
            self.direction[row],
            self.value[row],
            self.cost[row],
            self.score[row],
            self.flags[row],
        )
    }

    /// Returns the ranges of rows that belong to one person each.
    pub fn people(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut start = 0;
        std::iter::from_fn(move || {
            let person = *self.person.get(start)?;
            let length = self.person[start..].iter().position(|other| *other != person);
            let range = start..length.map_or(self.len(), |length| start + length);
            start = range.end;
            Some(range)
        })
    }
}

/// Is a question asked of every person's sequence: takes rows, merges with its like, and is finished by its owner.
///
/// The law: for any split of the people into parts, merging the parts' folds in any order equals one fold over
/// all of them, bit for bit.
pub trait Fold: Send {
    /// Reads rows of whole people.
    fn take(&mut self, rows: &Rows);
    /// Adds what another fold of the same question has read.
    fn merge(&mut self, other: Self);
}

/// Two questions asked in one pass.
impl<One: Fold, Other: Fold> Fold for (One, Other) {
    fn take(&mut self, rows: &Rows) {
        self.0.take(rows);
        self.1.take(rows);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}

/// Packs an answer and its scale into one number; 0 means "no answer".
#[must_use]
pub fn pack_score(score: Option<model::Score>) -> u16 {
    score.map_or(0, |score| (score.scale as u16 + 1) << 8 | (score.answer as u16 & 0xff))
}

/// Unpacks what [`pack_score`] packed.
#[must_use]
pub fn unpack_score(packed: u16) -> Option<model::Score> {
    let scale = model::Scale::from_number((packed >> 8).checked_sub(1)? as u8)?;
    model::Score::new(scale, (packed & 0xff) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Scale, Score};

    #[test]
    fn scores_survive_packing() {
        for (scale, answer) in [(Scale::Nps, 0), (Scale::Nps, 10), (Scale::Five, 1), (Scale::YesNo, 0), (Scale::YesNo, 1)] {
            let score = Score::new(scale, answer);
            assert_eq!(unpack_score(pack_score(score)), score);
        }
        assert_eq!(unpack_score(0), None);
    }

    #[test]
    fn people_are_runs_of_rows() {
        let rows = Rows { person: vec![1, 1, 4, 9, 9, 9], ..Rows::default() };
        assert_eq!(rows.people().collect::<Vec<_>>(), [0..2, 2..3, 3..6]);
        assert_eq!(Rows::default().people().count(), 0);
    }
}
