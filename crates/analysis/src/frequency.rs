//! Frequency response (M9): what the first, second, third … contact of a period still brought.
//!
//! People who respond early get fewer contacts, and people who are contacted often differ from those who are not,
//! so the plain rate by number of contacts is biased. Counted is therefore, for each further contact, the chance
//! of a response among people who have not responded in this period before (a discrete hazard); the plain counts
//! by exact number are kept beside it.
//!
//! A **period** is a person's own: it begins with a contact and lasts as long as the map says, less half a day, so that what is sent
//! every week at about the same hour begins a new one each time. A response belongs to the contact before it until the period ends,
//! and for at least a day after the contact. Periods that are not over when the data end are left out.
//!
//! | person, period of a week | contacts | counted |
//! |---|---|---|
//! | 1: mail Sat and Sun, buys Mon | 1, 2 | responded to the second; by calendar weeks the answer would be lost |
//! | 2: mail Mon, buys Sunday night | 1 | no response: more than six and a half days |
//! | 3: mail Mon, Mon | 1, 1 | two periods of one contact |
//! | 4: mail Mon, Thu, Sun; buys Monday morning | 1, 2, 3 | responded to the third: within a day |
//! | 5: mail on the last day of the data | – | not over |
//!
//! Of pop-ups it is counted beside that how often the first and the third showing to a person was closed within two seconds
//! (R4): a showing is an outbound view, a closing an inbound close, and a showing is closed once.

use crate::meaning::{Meaning, NOWHERE};
use crate::over_use::Exposure;
use crate::reading::Reading;
use crate::sequence::Rows;
use model::time::{DAY, SECOND};
use model::{Direction, Form};

/// The highest number of contacts told apart; whoever got more counts here.
pub const MOST: usize = 16;

/// Holds the frequency response of every touchpoint, for one group of people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frequency {
    /// touchpoint × [`MOST`] + contacts − 1.
    pub steps: Vec<Exposure>,
    /// By touchpoint.
    pub totals: Vec<Total>,
    /// By touchpoint: how showings were closed.
    pub closings: Vec<Closings>,
}

/// Counts how a pop-up was closed, each pair as (closed at once, shown).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Closings {
    /// At the first showing to a person.
    pub first: (u64, u64),
    /// At the third.
    pub third: (u64, u64),
    /// Closings at all; without any, none are recorded and nothing can be said.
    pub closed: u64,
}

/// Closed sooner than this, nobody has read it (R4): two seconds.
const AT_ONCE: i64 = 2 * SECOND;

/// Is the showings of one pop-up to one person.
#[derive(Clone, Copy, Default, Debug)]
struct Shown {
    times: u32,
    /// When the last one began; none once it is closed.
    open_since: Option<i64>,
}

/// Is what is counted per touchpoint, whatever the frequency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Total {
    /// Contacts.
    pub contacts: u64,
    /// People contacted.
    pub people: u64,
    /// Responses.
    pub responses: u64,
    /// What the responses were worth, in minor units.
    pub value: i64,
}

/// Remembers one person's open periods.
#[derive(Default, Debug)]
pub(crate) struct Open {
    periods: Vec<Period>,
    used: Vec<u16>,
    shown: Vec<Shown>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Period {
    /// Until when responses count, unless a contact comes late.
    until: i64,
    last: i64,
    contacts: usize,
    responded: bool,
    /// Whether it is over before the data end; otherwise nothing of it is counted.
    whole: bool,
}

/// A contact has so long to show what it does, also at the end of a period.
const LEAST_TIME: i64 = DAY;

impl Period {
    fn is_open(&self, at: i64) -> bool {
        self.whole && at <= self.until.max(self.last.saturating_add(LEAST_TIME))
    }
}

impl Frequency {
    /// Makes an empty response of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let touchpoints = meaning.touchpoints.len();
        Self {
            steps: vec![Exposure::default(); touchpoints * MOST],
            totals: vec![Total::default(); touchpoints],
            closings: vec![Closings::default(); touchpoints],
        }
    }

    /// Returns the steps of one touchpoint.
    #[must_use]
    pub fn of(&self, touchpoint: usize) -> &[Exposure] {
        &self.steps[touchpoint * MOST..(touchpoint + 1) * MOST]
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, open: &mut Open) {
        open.periods.resize(meaning.touchpoints.len(), Period::default());
        open.shown.resize(meaning.touchpoints.len(), Shown::default());
        for (position, row) in reading.rows.iter().copied().enumerate() {
            let touchpoint = reading.touchpoint[position];
            let at = rows.at[row];
            if rows.form[row] == Form::Unsubscribe as u8 || rows.form[row] == Form::Complaint as u8 {
                self.harm(rows.form[row], touchpoint, at, open);
            } else if reading.outcomes[position] & meaning.target != 0 {
                self.response(rows.value[row], at, open);
            } else if touchpoint != NOWHERE
                && meaning.touchpoints[touchpoint as usize].pushed
                && rows.direction[row] == Direction::Outbound as u8
            {
                self.contact(meaning, touchpoint, at, open);
                if rows.form[row] == Form::View as u8 {
                    self.shown(touchpoint, at, open);
                }
            } else if touchpoint != NOWHERE && rows.form[row] == Form::Close as u8 {
                self.closed(touchpoint, at, open);
            }
        }
        for touchpoint in std::mem::take(&mut open.used) {
            self.close(touchpoint, open);
            open.periods[touchpoint as usize] = Period::default();
            open.shown[touchpoint as usize] = Shown::default();
            self.totals[touchpoint as usize].people += 1;
        }
    }

    fn contact(&mut self, meaning: &Meaning, touchpoint: u16, at: i64, open: &mut Open) {
        let place = touchpoint as usize;
        let now = open.periods[place];
        if now.contacts == 0 {
            open.used.push(touchpoint);
        }
        if now.contacts == 0 || at > now.until {
            if now.contacts > 0 {
                self.close(touchpoint, open);
            }
            let until = at.saturating_add(meaning.period);
            let whole = meaning.period == i64::MAX || until <= meaning.window.1.0;
            open.periods[place] = Period { until, whole, ..Period::default() };
        }
        let now = &mut open.periods[place];
        now.last = at;
        now.contacts += 1;
        self.totals[place].contacts += 1;
        // Beyond the last step nothing is told apart: the tail counts each person-period once.
        if now.whole && now.contacts <= MOST {
            let step = &mut self.steps[place * MOST + now.contacts - 1];
            step.contacts += 1;
            step.at_risk += u64::from(!now.responded);
        }
    }

    /// Counts a showing.
    fn shown(&mut self, touchpoint: u16, at: i64, open: &mut Open) {
        let (shown, closings) = (&mut open.shown[touchpoint as usize], &mut self.closings[touchpoint as usize]);
        *shown = Shown { times: shown.times.saturating_add(1), open_since: Some(at) };
        match shown.times {
            1 => closings.first.1 += 1,
            3 => closings.third.1 += 1,
            _ => {}
        }
    }

    /// Counts a closing of the last showing, if that is still open.
    fn closed(&mut self, touchpoint: u16, at: i64, open: &mut Open) {
        let (shown, closings) = (&mut open.shown[touchpoint as usize], &mut self.closings[touchpoint as usize]);
        let Some(since) = shown.open_since.take() else { return };
        closings.closed += 1;
        let at_once = u64::from(at - since < AT_ONCE);
        match shown.times {
            1 => closings.first.0 += at_once,
            3 => closings.third.0 += at_once,
            _ => {}
        }
    }

    fn response(&mut self, value: i64, at: i64, open: &mut Open) {
        for touchpoint in &open.used {
            let place = *touchpoint as usize;
            let now = &mut open.periods[place];
            if now.responded || !now.is_open(at) {
                continue;
            }
            now.responded = true;
            self.steps[place * MOST + now.contacts.min(MOST) - 1].responded += 1;
            self.totals[place].responses += 1;
            self.totals[place].value += value;
        }
    }

    /// Books an unsubscription or complaint on the contact before it. A complaint counts against the touchpoint that it
    /// names; an unsubscription that names none counts against every touchpoint that contacted the person in this period.
    fn harm(&mut self, form: u8, touchpoint: u16, at: i64, open: &Open) {
        let own = touchpoint != NOWHERE && open.periods[touchpoint as usize].contacts > 0;
        if !own && form == Form::Complaint as u8 {
            return;
        }
        for place in open.used.iter().copied().filter(|used| !own || *used == touchpoint).map(usize::from) {
            let now = open.periods[place];
            if !now.whole || !own && !now.is_open(at) {
                continue;
            }
            let step = &mut self.steps[place * MOST + now.contacts.min(MOST) - 1];
            if form == Form::Unsubscribe as u8 {
                step.unsubscribed += 1;
            } else {
                step.complained += 1;
            }
        }
    }

    fn close(&mut self, touchpoint: u16, open: &Open) {
        let now = open.periods[touchpoint as usize];
        if !now.whole {
            return;
        }
        let step = &mut self.steps[touchpoint as usize * MOST + now.contacts.min(MOST) - 1];
        step.exactly += 1;
        step.responders += u64::from(now.responded);
    }

    /// Adds another response of the same map.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            mine.add(theirs);
        }
        for (mine, theirs) in self.totals.iter_mut().zip(&other.totals) {
            mine.contacts += theirs.contacts;
            mine.people += theirs.people;
            mine.responses += theirs.responses;
            mine.value += theirs.value;
        }
        for (mine, theirs) in self.closings.iter_mut().zip(&other.closings) {
            mine.first = (mine.first.0 + theirs.first.0, mine.first.1 + theirs.first.1);
            mine.third = (mine.third.0 + theirs.third.0, mine.third.1 + theirs.third.1);
            mine.closed += theirs.closed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};

    /// Runs rows of (day, touchpoint, form) of one person; returns (exactly, at risk, responded) of mail's first steps.
    fn check(rows: &[(i64, &str, Form)], expected: &[(u64, u64, u64)]) -> Frequency {
        let rows: Vec<Row> = rows.iter().map(|(day, touchpoint, form)| Row::new(1, *day, touchpoint, *form)).collect();
        let (meaning, rows) = example::rows(&rows, 100);
        let (mut frequency, mut reading) = (Frequency::new(&meaning), Reading::default());
        for person in rows.people() {
            reading.read(&meaning, &rows, person);
            frequency.take(&meaning, &rows, &reading, &mut Open::default());
        }
        let steps: Vec<_> = frequency.of(1).iter().map(|step| (step.exactly, step.at_risk, step.responded)).collect();
        assert_eq!(&steps[..expected.len()], expected);
        frequency
    }

    // Day 4 is Monday 1970-01-05.
    #[test]
    fn a_response_belongs_to_the_contact_before_it() {
        let rows =
            [(4, "mail", Form::Message), (5, "mail", Form::Message), (6, "till", Form::Purchase), (7, "mail", Form::Message)];
        let frequency = check(&rows, &[(0, 1, 0), (0, 1, 1), (1, 0, 0)]);
        assert_eq!((frequency.totals[1].contacts, frequency.totals[1].value), (3, 5_000));
    }

    #[test]
    fn a_new_week_starts_anew() {
        check(&[(4, "mail", Form::Message), (11, "mail", Form::Message), (12, "till", Form::Purchase)], &[(2, 2, 1), (0, 0, 0)]);
    }

    #[test]
    fn a_period_is_a_persons_own() {
        // Day 10 is a Sunday: what is bought on Monday is an answer all the same.
        check(&[(10, "mail", Form::Message), (11, "till", Form::Purchase)], &[(1, 1, 1)]);
        check(&[(9, "mail", Form::Message), (11, "mail", Form::Message), (12, "till", Form::Purchase)], &[(0, 1, 0), (1, 1, 1)]);
        // A week later is too late, and so is an answer to what was sent before the period that is under way.
        check(&[(4, "mail", Form::Message), (11, "till", Form::Purchase)], &[(1, 1, 0)]);
        // The last contact of a period has a day.
        let late = [(4, "mail", Form::Message), (10, "mail", Form::Message), (11, "till", Form::Purchase)];
        check(&late, &[(0, 1, 0), (1, 1, 1)]);
    }

    #[test]
    fn a_period_that_is_not_over_is_left_out() {
        let frequency = check(&[(95, "mail", Form::Message), (96, "till", Form::Purchase)], &[(0, 0, 0)]);
        assert_eq!((frequency.totals[1].contacts, frequency.totals[1].responses), (1, 0));
    }

    #[test]
    fn harm_is_booked_on_the_contact_before_it() {
        let rows = [(4, "mail", Form::Message), (5, "mail", Form::Message), (30, "mail", Form::Unsubscribe)];
        assert_eq!(check(&rows, &[(0, 1, 0), (1, 1, 0)]).of(1)[1].unsubscribed, 1);
    }

    #[test]
    fn closings_belong_to_the_showing_before_them() {
        let mut rows = Vec::new();
        // Shown three times: closed after a second, not at all, after five seconds; a second closing is none.
        for (day, closed) in [(4, vec![1]), (5, vec![]), (6, vec![5, 6])] {
            rows.push(Row::new(1, day, "mail", Form::View));
            rows.extend(
                closed.into_iter().map(|after| Row { at: day * DAY + after * SECOND, ..Row::new(1, day, "mail", Form::Close) }),
            );
        }
        rows.push(Row::new(2, 4, "mail", Form::View));
        let (meaning, mut rows) = example::rows(&rows, 100);
        for (direction, form) in rows.direction.iter_mut().zip(&rows.form) {
            *direction = if *form == Form::Close as u8 { Direction::Inbound } else { Direction::Outbound } as u8;
        }
        let (mut frequency, mut reading, mut open) = (Frequency::new(&meaning), Reading::default(), Open::default());
        for person in rows.people() {
            reading.read(&meaning, &rows, person);
            frequency.take(&meaning, &rows, &reading, &mut open);
        }
        assert_eq!(frequency.closings[1], Closings { first: (1, 2), third: (0, 1), closed: 2 });
    }

    #[test]
    fn more_than_the_most_stay_in_the_tail() {
        let mut rows: Vec<_> = (0..40).map(|_| (4, "mail", Form::Message)).collect();
        rows.push((5, "till", Form::Purchase));
        let frequency = check(&rows, &[(0, 1, 0)]);
        let tail = frequency.of(1)[MOST - 1];
        assert_eq!((tail.exactly, tail.at_risk, tail.responded, tail.contacts), (1, 1, 1, 1));
    }
}
