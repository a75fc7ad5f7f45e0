//! Stage progression (M6), counted by landmarks.
//!
//! Comparing everybody who was ever touched with everybody who was not would reward a touchpoint for meeting people
//! who stay long: whoever stays longer is touched more and moves on later. So of each stay in a stage one active
//! week is chosen by lot (a hash, the same on every run): a week in which the person did something. Being sent something is
//! no act, or whoever is only sent things would be compared with people who come by themselves.
//!
//! Within the week the same care is needed on a smaller scale: whoever moves on on Monday had no time to be touched on Friday.
//! So a touched person is compared with those who at that moment were still there and not touched yet. The week is cut into
//! days. A person is **at risk** on a day from their first act of the week until they move on, looked at at one moment of the day,
//! chosen by lot; they are **touched** on the day of their first touch (or of that act, when the touch came first). Both are watched for the
//! horizon from that moment on; people whose horizon passes the end of the data are left out. This is a sequence of small trials
//! (Hernán and others 2008): touched of a day against those at risk on the day whom the touchpoint has not met up to then.
//!
//! | person, Monday to Friday | at risk | touched by ads | compared with |
//! |---|---|---|---|
//! | 1: page Mon, ads Wed, moves on Fri | Mon–Thu | Wed | 2 and 3 |
//! | 2: page Mon, moves on Thu | Mon–Wed | never | – |
//! | 3: page Tue | Tue–Sun | never | – |
//! | 4: page Mon, moves on Tue | Mon | never: had no time | nobody on Wed |
//! | 5: page Mon, ads Fri | Mon–Sun | Fri; until then it stands beside 2 and 3 | 3 |
//!
//! Comparing by whole weeks would count person 4 as untouched and moved. State: counts by day. Cost: O(7 + touches) per stay.

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::{Episode, Reading};
use crate::sequence::Rows;
use model::time::{DAY, WEEK};
use model::{Direction, Instant};
use std::ops::Range;

/// Is how many days a week is cut into.
pub const DAYS: usize = 7;

/// Counts people, and those of them who moved on within the horizon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// People.
    pub people: u32,
    /// Those of them who moved on.
    pub moved: u32,
}

impl Seen {
    fn count(&mut self, moved: bool) {
        self.people += 1;
        self.moved += u32::from(moved);
    }
}

/// Holds landmarks of one group of people by week, day, stage and touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Landmarks {
    /// How many weeks the data span.
    pub weeks: usize,
    /// People at risk: (stage × weeks + week) × [`DAYS`] + day.
    pub at_risk: Vec<Seen>,
    /// People touched for the first time in the week, in the touchpoint's primary stage: (touchpoint × weeks + week) × [`DAYS`] + day.
    pub touched: Vec<Seen>,
    /// People at risk whom the touchpoint has met already: they are compared with nobody.
    pub met: Vec<Seen>,
}

/// Is one stay, as far as it is compared.
struct Stay {
    stage: usize,
    week: usize,
    /// When the week begins.
    monday: i64,
    /// The first act of the week.
    first_act: i64,
    /// When the person left the stage.
    until: i64,
    /// When the person moved on, if so.
    moved: Option<i64>,
    lot: u64,
}

impl Stay {
    /// The moment of a day at which the person is looked at; none when not at risk then.
    fn moment(&self, day: usize, end: i64) -> Option<i64> {
        let at = self.monday + day as i64 * DAY + (self.lot % DAY as u64) as i64;
        (self.first_act <= at && at < self.until && at <= end).then_some(at)
    }

    fn moved_by(&self, at: i64) -> bool {
        self.moved.is_some_and(|moved| moved <= at)
    }
}

impl Landmarks {
    /// Makes empty landmarks of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let weeks = (meaning.window.1.week() - meaning.window.0.week() + 1).max(1) as usize;
        let (stages, touchpoints) = (meaning.stages, meaning.touchpoints.len());
        let none = |count: usize| vec![Seen::default(); count * weeks * DAYS];
        Self { weeks, at_risk: none(stages), touched: none(touchpoints), met: none(touchpoints) }
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading) {
        for (number, (stay, positions)) in reading.stays().enumerate() {
            if !positions.is_empty() {
                let next = reading.episodes.get(number + 1);
                self.stay(meaning, rows, reading, (number, stay, next), positions);
            }
        }
    }

    fn stay(
        &mut self,
        meaning: &Meaning,
        rows: &Rows,
        reading: &Reading,
        (number, stay, next): (usize, Episode, Option<&Episode>),
        positions: Range<usize>,
    ) {
        let at = |position: usize| rows.at[reading.rows[position]];
        let acts = |position: usize| rows.direction[reading.rows[position]] != Direction::Outbound as u8;
        let lot = mix_of(reading.person, number);
        let Some(Range { start, end }) = chosen_week(positions, |position| week(at(position)), acts, lot) else { return };
        let Some(first_act) = (start..end).find(|position| acts(*position)).map(at) else { return };
        let number_of_week = week(at(start));
        let Ok(week) = usize::try_from(number_of_week - meaning.window.0.week()) else { return };
        if week >= self.weeks {
            return;
        }
        let stay = Stay {
            stage: stay.stage as usize,
            week,
            monday: number_of_week * WEEK - 3 * DAY,
            first_act,
            until: next.map_or(i64::MAX, |next| next.from),
            moved: next.filter(|next| next.stage > stay.stage).map(|next| next.from),
            lot: mix(lot),
        };
        let last = meaning.window.1.0.saturating_sub(meaning.horizon);
        for day in 0..DAYS {
            if let Some(moment) = stay.moment(day, last) {
                let place = (stay.stage * self.weeks + week) * DAYS + day;
                self.at_risk[place].count(stay.moved_by(moment.saturating_add(meaning.horizon)));
            }
        }
        for position in start..end {
            let touchpoint = reading.touchpoint[position];
            let again = reading.touchpoint[start..position].contains(&touchpoint);
            if touchpoint != NOWHERE && !again && meaning.touchpoints[touchpoint as usize].primary_stage == stay.stage {
                self.touch(touchpoint as usize, at(position).max(first_act), &stay, (meaning.horizon, last));
            }
        }
    }

    /// Counts the first touch of a week; from then on the person is nobody's comparison for this touchpoint.
    fn touch(&mut self, touchpoint: usize, at: i64, stay: &Stay, (horizon, last): (i64, i64)) {
        if at > last {
            return;
        }
        let begin = (touchpoint * self.weeks + stay.week) * DAYS;
        let day = ((at - stay.monday).div_euclid(DAY) as usize).min(DAYS - 1);
        self.touched[begin + day].count(stay.moved_by(at.saturating_add(horizon)));
        for day in day..DAYS {
            if let Some(moment) = stay.moment(day, last).filter(|moment| *moment >= at) {
                self.met[begin + day].count(stay.moved_by(moment.saturating_add(horizon)));
            }
        }
    }

    /// Adds other landmarks of the same map and window.
    pub fn merge(&mut self, other: &Self) {
        let add = |mine: &mut [Seen], theirs: &[Seen]| {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.people += theirs.people;
                mine.moved += theirs.moved;
            }
        };
        add(&mut self.at_risk, &other.at_risk);
        add(&mut self.touched, &other.touched);
        add(&mut self.met, &other.met);
    }
}

fn week(at: i64) -> i64 {
    Instant(at).week()
}

/// Draws a number for a person's stay, the same on every run.
fn mix_of(person: u64, number: usize) -> u64 {
    mix(person ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Chooses one of the weeks in which the person did something, by lot, and returns all rows of that week.
fn chosen_week(
    positions: Range<usize>,
    week: impl Fn(usize) -> i64,
    acts: impl Fn(usize) -> bool,
    lot: u64,
) -> Option<Range<usize>> {
    // The first act of each week stands for the week.
    let weeks = || {
        let mut last = None;
        positions.clone().filter(|position| acts(*position)).map(&week).filter(move |week| last.replace(*week) != Some(*week))
    };
    let chosen = weeks().nth((lot % weeks().count().max(1) as u64) as usize)?;
    let start = positions.clone().find(|position| week(*position) == chosen)?;
    let end = (start..positions.end).find(|position| week(*position) != chosen).unwrap_or(positions.end);
    Some(start..end)
}

/// Mixes the bits of a number (the finaliser of splitmix64, public domain).
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::Form;

    /// Counts landmarks for rows of (person, day, touchpoint, form): of stage 0 (people at risk on the most crowded day, of ads touched, moved).
    fn count(rows: &[(u64, i64, &str, Form)], last_day: i64) -> Landmarks {
        let rows: Vec<Row> =
            rows.iter().map(|(person, day, touchpoint, form)| Row::new(*person, *day, touchpoint, *form)).collect();
        let (meaning, rows) = example::rows(&rows, last_day);
        let (mut landmarks, mut reading) = (Landmarks::new(&meaning), Reading::default());
        for person in rows.people() {
            reading.read(&meaning, &rows, person);
            landmarks.take(&meaning, &rows, &reading);
        }
        landmarks
    }

    /// Sums (people, moved) of ads, which is the first touchpoint.
    fn touched(landmarks: &Landmarks) -> (u32, u32) {
        let of_ads = &landmarks.touched[..landmarks.weeks * DAYS];
        of_ads.iter().fold((0, 0), |sum, seen| (sum.0 + seen.people, sum.1 + seen.moved))
    }

    /// People at risk in stage 0 on a day, as (people, moved).
    fn at_risk(landmarks: &Landmarks, day: i64) -> (u32, u32) {
        // Day 0 is a Thursday.
        let seen = landmarks.at_risk[(day + 3) as usize];
        (seen.people, seen.moved)
    }

    #[test]
    fn moving_on_within_the_horizon_counts() {
        let moves = [(1, 4, "ads", Form::View), (1, 4, "till", Form::Other), (1, 14, "page", Form::Visit)];
        let found = count(&moves, 100);
        assert_eq!((touched(&found), at_risk(&found, 5)), ((1, 1), (1, 1)));
        let late = [(1, 4, "ads", Form::View), (1, 4, "till", Form::Other), (1, 45, "page", Form::Visit)];
        let found = count(&late, 100);
        assert_eq!((touched(&found), at_risk(&found, 5)), ((1, 0), (1, 0)));
    }

    #[test]
    fn an_open_horizon_is_left_out() {
        let rows = [(1, 4, "ads", Form::View), (1, 4, "till", Form::Other), (1, 14, "page", Form::Visit)];
        let found = count(&rows, 33);
        assert_eq!((touched(&found), at_risk(&found, 5)), ((0, 0), (0, 0)));
    }

    #[test]
    fn two_touches_in_a_week_are_one_person() {
        let found = count(&[(1, 4, "ads", Form::View), (1, 5, "ads", Form::View), (1, 5, "till", Form::Other)], 100);
        assert_eq!(touched(&found), (1, 0));
    }

    #[test]
    fn whoever_is_only_sent_things_is_not_compared() {
        let found = count(&[(1, 4, "ads", Form::View), (1, 14, "page", Form::Visit)], 100);
        assert_eq!((touched(&found), at_risk(&found, 5)), ((0, 0), (0, 0)));
    }

    #[test]
    fn whoever_has_gone_or_been_met_is_nobodys_comparison() {
        // Person 1 acts on Monday and moves on during Wednesday; person 2 acts on Monday and meets ads on Thursday.
        let rows =
            [(1, 4, "till", Form::Other), (1, 6, "page", Form::Visit), (2, 4, "till", Form::Other), (2, 7, "ads", Form::View)];
        let found = count(&rows, 100);
        assert_eq!([5, 6, 7].map(|day| at_risk(&found, day).0), [2, 1, 1], "person 1 is there until Wednesday begins");
        let met: Vec<u32> = found.met[7..14].iter().map(|seen| seen.people).collect();
        assert_eq!(met, [0, 0, 0, 1, 1, 1, 1], "person 2 is compared with nobody from Thursday on");
    }

    #[test]
    fn one_week_of_a_stay_is_chosen_evenly() {
        let mut picked = [0_u32; 3];
        for person in 0..3_000 {
            let range = chosen_week(0..6, |position| (position / 2) as i64, |_| true, mix_of(person, 0)).expect("a week");
            assert_eq!(range.len(), 2);
            picked[range.start / 2] += 1;
        }
        assert!(picked.iter().all(|count| (900..1_100).contains(count)), "{picked:?}");
    }
}
