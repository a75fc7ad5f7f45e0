//! How soon and whether at all people who ask at a touchpoint are answered (M14, M15), for the map's verdicts.
//!
//! The waits are those of [`crate::experience::waits`], so the map and the experience report count the same; here they are kept
//! beside the other figures of the map. Three counts per touchpoint: how long each request waited, how many came while somebody
//! was there, and how many answers were given at the very touchpoint. Without any of the last nothing is said: then nobody
//! answers, or answers are not recorded, and the two cannot be told apart.
//!
//! * *in time* (M15): share answered within the target τ of the touchpoint; a request younger than τ is left out.
//! * *answered* (M14, the part "success"): share answered at all; lost is what nobody has answered for [`LOST_AFTER`].
//! * *in hours* (M14, the part "availability"): share of requests that fall into opening hours.
//!
//! Accessibility of the touchpoint is those two parts joined as [`crate::experience::access`] does; what no machine can count
//! (choice, findability, usability) is entered for the whole organisation and stays there.
//!
//! | request, τ = 60 min | in time | answered |
//! |---|---|---|
//! | after 20 min | yes | yes |
//! | after 240 min | no | yes |
//! | not for 30 min | left out | left out |
//! | not for 600 min | no | left out |
//! | not for 8 days | no | no |
//!
//! together 1 of 4 in time, 2 of 3 answered. Cost: O(rows · places where somebody waits at once), as the waits.

use crate::experience::access::{Parts, accessibility};
use crate::experience::answers::{Response, response, step_of, usual_target};
use crate::experience::waits::{Wait, waits};
use crate::hours::Calendar;
use crate::intervals::{Estimate, proportion};
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::Rows;
use crate::survival::Times;
use crate::tally::add;
use model::map::TouchpointMap;
use model::time::SECOND;
use model::{Direction, Form};

/// A request that nobody has answered for so many seconds is lost: a week.
pub const LOST_AFTER: i64 = 7 * 24 * 3_600;
/// The same where only opening hours count: a working week.
pub const LOST_AFTER_WORKED: i64 = 40 * 3_600;

/// Says by what waiting is judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Per touchpoint the target in seconds and whether only opening hours count.
    pub targets: Vec<(i64, bool)>,
    /// Local time and opening hours.
    pub calendar: Calendar,
}

impl Service {
    /// The usual targets of the channels, and office hours in UTC: until the organisation says otherwise.
    #[must_use]
    pub fn usual(map: &TouchpointMap) -> Self {
        let targets = map.touchpoints.iter().map(|touchpoint| usual_target(&touchpoint.channel)).collect();
        Self { targets, calendar: Calendar::new(Vec::new(), Calendar::OFFICE) }
    }

    /// Returns how long somebody waited, or waits until `end`, in seconds of [`step_of`].
    #[must_use]
    pub fn length(&self, wait: &Wait, end: i64) -> i64 {
        let until = wait.answered.unwrap_or(end);
        let in_hours = self.targets.get(wait.touchpoint as usize).is_some_and(|(_, in_hours)| *in_hours);
        step_of(if in_hours { self.calendar.worked(wait.at, until) } else { until.saturating_sub(wait.at) })
    }
}

/// Holds how people who asked were answered, by touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Replies {
    /// How long they waited, in seconds of [`step_of`].
    pub waits: Vec<Times>,
    /// Requests that came in opening hours.
    pub in_hours: Vec<u64>,
    /// Answers given at the touchpoint itself.
    pub given: Vec<u64>,
}

/// Is what the counts of one touchpoint come to.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered {
    /// Requests, the young ones included.
    pub requests: u64,
    /// Time and score by the target.
    pub response: Response,
    /// The share answered at all, and of how many.
    pub answered: Option<Estimate>,
    /// Requests answered or lost.
    pub decided: u64,
    /// The share that came in opening hours.
    pub in_hours: Option<Estimate>,
    /// Accessibility over the two counted parts.
    pub access: Option<Estimate>,
}

impl Replies {
    /// Makes counts of nothing.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let touchpoints = meaning.touchpoints.len();
        Self { waits: vec![Times::default(); touchpoints], in_hours: vec![0; touchpoints], given: vec![0; touchpoints] }
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, found: &mut Vec<Wait>) {
        waits(meaning, rows, reading, found);
        if found.is_empty() {
            return;
        }
        for wait in found.iter() {
            let place = wait.touchpoint as usize;
            let length = meaning.service.length(wait, meaning.window.1.0);
            let times = &mut self.waits[place];
            if wait.answered.is_some() {
                times.happened(length)
            } else {
                times.lost(length)
            }
            self.in_hours[place] += u64::from(meaning.service.calendar.worked(wait.at, wait.at.saturating_add(SECOND)) > 0);
        }
        for (row, touchpoint) in reading.rows.iter().zip(&reading.touchpoint).filter(|(_, touchpoint)| **touchpoint != NOWHERE) {
            let is_answer = rows.form[*row] == Form::Reply as u8 && rows.direction[*row] == Direction::Outbound as u8;
            self.given[*touchpoint as usize] += u64::from(is_answer);
        }
    }

    /// Adds other counts of the same map.
    pub fn merge(&mut self, other: &Self) {
        self.waits.iter_mut().zip(&other.waits).for_each(|(mine, theirs)| mine.merge(theirs));
        add(&mut self.in_hours, &other.in_hours);
        add(&mut self.given, &other.given);
    }

    /// Sums up one touchpoint; `None` where nobody asks, or no answer was ever recorded.
    #[must_use]
    pub fn of(&self, service: &Service, at: usize) -> Option<Answered> {
        let (times, requests) = (self.waits.get(at)?, self.waits.get(at)?.watched());
        let (target, in_hours) = *service.targets.get(at)?;
        if requests == 0 || self.given[at] == 0 {
            return None;
        }
        let lost_after = if in_hours { LOST_AFTER_WORKED } else { LOST_AFTER };
        let lost: u64 = times.iter().filter(|(time, _)| *time > lost_after.max(target)).map(|(_, seen)| seen.lost).sum();
        let decided = times.events() + lost;
        let (answered, in_hours) = (proportion(times.events(), decided), proportion(self.in_hours[at], requests));
        let parts = Parts { availability: in_hours, success: answered, ..Parts::default() };
        Some(Answered { requests, response: response(times, target), answered, decided, in_hours, access: accessibility(&parts) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::time::DAY;

    const MINUTE: i64 = 60 * SECOND;

    /// Runs requests at `page`, one person each: (minutes until the reply, or none; minutes until the data end).
    fn run(requests: &[(Option<i64>, i64)]) -> (Service, Replies) {
        let mut rows = Vec::new();
        for (person, (answered, age)) in requests.iter().enumerate() {
            let asked = 60 * DAY - age * MINUTE;
            let row = |at: i64, form| Row { at, ..Row::new((person as u64 + 1) << 54, 0, "page", form) };
            rows.push(row(asked, Form::Message));
            rows.extend(answered.map(|after| row(asked + after * MINUTE, Form::Reply)));
        }
        let (mut meaning, mut laid) = example::rows(&rows, 60);
        for (direction, form) in laid.direction.iter_mut().zip(&laid.form) {
            *direction = if *form == Form::Reply as u8 { Direction::Outbound } else { Direction::Inbound } as u8;
        }
        meaning.service.targets = vec![(3_600, false); 4];
        let (mut replies, mut reading, mut found) = (Replies::new(&meaning), Reading::default(), Vec::new());
        for person in laid.people() {
            reading.read(&meaning, &laid, person);
            replies.take(&meaning, &laid, &reading, &mut found);
        }
        (meaning.service, replies)
    }

    #[test]
    fn the_table_above() {
        let requests = [(Some(20), 300), (Some(240), 300), (None, 30), (None, 600), (None, 8 * 24 * 60)];
        let (service, replies) = run(&requests);
        let found = replies.of(&service, 2).expect("somebody asked and was answered");
        assert_eq!((found.requests, found.response.judged, found.decided), (5, 4, 3));
        let value = |share: Option<Estimate>| share.expect("known").value;
        assert!((value(found.response.in_time) - 0.25).abs() < 1e-12);
        assert!((value(found.answered) - 2.0 / 3.0).abs() < 1e-12);
        // A is the weighted geometric mean of the two parts, which weigh the same.
        let expected = (value(found.answered) * value(found.in_hours)).sqrt();
        assert!((value(found.access) - expected).abs() < 1e-12);
    }

    #[test]
    fn where_no_answer_is_recorded_nothing_is_said() {
        let (service, replies) = run(&[(None, 9_000), (None, 20_000)]);
        assert_eq!(replies.of(&service, 2), None);
        assert_eq!(replies.of(&service, 0), None, "nobody asks there");
        assert_eq!(replies.of(&service, 99), None);
    }
}
