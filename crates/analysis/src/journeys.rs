//! Journeys: a person's touches cut where an outcome happens or a long silence begins, and what each touch is credited.
//!
//! Policy "gap": a journey is a run of touches with no silence longer than the map's `journey_gap_days`. It ends with
//! the target outcome (converted), with the silence or with the data (not converted). The outcome's own interaction is
//! not a touch; where nothing came before it, its own touchpoint gets the credit. People unknown have no journeys.

use crate::attribution::RuleCredits;
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::Rows;

/// How many groups of people are kept apart, so that leaving out one at a time shows the uncertainty (jackknife).
pub const GROUPS: usize = 32;

/// Above this many touchpoints the groups are not kept apart: their tables would not fit in memory.
const GROUPS_UP_TO: usize = 256;

/// Holds the credits of the journeys of one group of people.
#[derive(Clone, PartialEq, Debug)]
pub struct Journeys {
    /// By group of people; all in the first where there are too many touchpoints.
    pub groups: Vec<Option<Box<RuleCredits>>>,
    /// Known people whose first target outcome is credited to the channel: last touch that is not direct (M3).
    pub converted_by_channel: Vec<u64>,
}

impl Journeys {
    /// Makes empty journeys of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let groups = if meaning.touchpoints.len() > GROUPS_UP_TO { 1 } else { GROUPS };
        Self { groups: vec![None; groups], converted_by_channel: vec![0; meaning.channels] }
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, path: &mut Vec<u16>) {
        let group = group(reading.person) % self.groups.len();
        let credits = self.groups[group].get_or_insert_with(|| Box::new(credits(meaning)));
        let mut last_touch = i64::MIN;
        let mut converted = false;
        path.clear();
        for (position, row) in reading.rows.iter().copied().enumerate() {
            let at = rows.at[row];
            if !path.is_empty() && at - last_touch > meaning.journey_gap {
                credits.take_journey(path, None);
                path.clear();
            }
            if reading.outcomes[position] & meaning.target != 0 {
                let own = reading.touchpoint[position];
                if path.is_empty() && own != NOWHERE && meaning.touchpoints[own as usize].with_customers {
                    path.push(own);
                }
                credits.take_journey(path, Some(rows.value[row]));
                if !path.is_empty() && !std::mem::replace(&mut converted, true) {
                    self.converted_by_channel[channel(meaning, path)] += 1;
                }
                path.clear();
            } else if reading.is_touch(meaning, position) {
                path.push(reading.touchpoint[position]);
                last_touch = at;
            }
        }
        if !path.is_empty() {
            credits.take_journey(path, None);
        }
    }

    /// Adds other journeys of the same map.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.groups.iter_mut().zip(&other.groups) {
            match (mine, theirs) {
                (Some(mine), Some(theirs)) => mine.merge(theirs),
                (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
                (_, None) => {}
            }
        }
        crate::tally::add(&mut self.converted_by_channel, &other.converted_by_channel);
    }
}

/// Makes empty credits for the touchpoints of a map.
#[must_use]
pub fn credits(meaning: &Meaning) -> RuleCredits {
    let direct: Vec<bool> = meaning.touchpoints.iter().map(|place| place.direct).collect();
    RuleCredits::new(&direct)
}

/// Puts a person in a group. The bits follow those that choose the ledger's bucket, so that neighbours in a file share
/// a group and its tables stay in the processor's cache.
fn group(person: u64) -> usize {
    (person >> 55) as usize % GROUPS
}

/// Returns the channel of the last touch that is not direct, or of the last touch.
fn channel(meaning: &Meaning, path: &[u16]) -> usize {
    let place = |touchpoint: &u16| meaning.touchpoints[*touchpoint as usize];
    let telling = path.iter().rev().map(place).find(|place| !place.direct);
    telling.or_else(|| path.last().map(place)).map_or(0, |place| place.channel)
}
