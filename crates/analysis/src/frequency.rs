//! Frequency response (M9): what the first, second, third … contact of a period still brought.
//!
//! People who respond early get fewer contacts, and people who are contacted often differ from those who are not,
//! so the plain rate by number of contacts is biased. Counted is therefore, for each further contact, the chance
//! of a response among people who have not responded in this period before (a discrete hazard); the plain counts
//! by exact number are kept beside it.

use crate::meaning::{Meaning, NOWHERE};
use crate::over_use::Exposure;
use crate::reading::Reading;
use crate::sequence::Rows;
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
}

#[derive(Clone, Copy, Default, Debug)]
struct Period {
    number: i64,
    contacts: usize,
    responded: bool,
}

impl Frequency {
    /// Makes an empty response of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let touchpoints = meaning.touchpoints.len();
        Self { steps: vec![Exposure::default(); touchpoints * MOST], totals: vec![Total::default(); touchpoints] }
    }

    /// Returns the steps of one touchpoint.
    #[must_use]
    pub fn of(&self, touchpoint: usize) -> &[Exposure] {
        &self.steps[touchpoint * MOST..(touchpoint + 1) * MOST]
    }

    /// Counts one known person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, open: &mut Open) {
        open.periods.resize(meaning.touchpoints.len(), Period::default());
        for (position, row) in reading.rows.iter().copied().enumerate() {
            let touchpoint = reading.touchpoint[position];
            let period = meaning.period(rows.at[row]);
            if rows.form[row] == Form::Unsubscribe as u8 || rows.form[row] == Form::Complaint as u8 {
                self.harm(rows.form[row], touchpoint, period, open);
            } else if reading.outcomes[position] & meaning.target != 0 {
                self.response(rows.value[row], period, open);
            } else if touchpoint != NOWHERE
                && meaning.touchpoints[touchpoint as usize].pushed
                && rows.direction[row] == Direction::Outbound as u8
            {
                self.contact(touchpoint, period, open);
            }
        }
        for touchpoint in std::mem::take(&mut open.used) {
            self.close(touchpoint, open);
            open.periods[touchpoint as usize] = Period::default();
            self.totals[touchpoint as usize].people += 1;
        }
    }

    fn contact(&mut self, touchpoint: u16, period: i64, open: &mut Open) {
        let place = touchpoint as usize;
        let now = open.periods[place];
        if now.contacts == 0 {
            open.used.push(touchpoint);
        } else if now.number != period {
            self.close(touchpoint, open);
            open.periods[place] = Period::default();
        }
        let now = &mut open.periods[place];
        now.number = period;
        now.contacts += 1;
        self.totals[place].contacts += 1;
        // Beyond the last step nothing is told apart: the tail counts each person-period once.
        if now.contacts <= MOST {
            let step = &mut self.steps[place * MOST + now.contacts - 1];
            step.contacts += 1;
            step.at_risk += u64::from(!now.responded);
        }
    }

    fn response(&mut self, value: i64, period: i64, open: &mut Open) {
        for touchpoint in &open.used {
            let place = *touchpoint as usize;
            let now = &mut open.periods[place];
            if now.number != period || now.responded {
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
    fn harm(&mut self, form: u8, touchpoint: u16, period: i64, open: &Open) {
        let own = touchpoint != NOWHERE && open.periods[touchpoint as usize].contacts > 0;
        if !own && form == Form::Complaint as u8 {
            return;
        }
        for place in open.used.iter().copied().filter(|used| !own || *used == touchpoint).map(usize::from) {
            let now = open.periods[place];
            if !own && now.number != period {
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
        check(&[(10, "mail", Form::Message), (11, "till", Form::Purchase)], &[(1, 1, 0)]);
    }

    #[test]
    fn harm_is_booked_on_the_contact_before_it() {
        let rows = [(4, "mail", Form::Message), (5, "mail", Form::Message), (30, "mail", Form::Unsubscribe)];
        assert_eq!(check(&rows, &[(0, 1, 0), (1, 1, 0)]).of(1)[1].unsubscribed, 1);
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
