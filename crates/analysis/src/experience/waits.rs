//! Who asked something, where, and when they were answered.
//!
//! A request is an inbound message, form, call, conversation, comment or complaint; a complaint about what the business sends
//! (a mark as spam) asks for nothing. Its answer is the first outbound reply, message, call or conversation at the same
//! touchpoint, or else a reply on the same channel. One answer answers everything asked there before; asking again while
//! waiting is the same wait. An automatic acknowledgement must not be recorded as a reply.
//!
//! | day | what | wait |
//! |---|---|---|
//! | 1 | writes to us | begins |
//! | 2 | writes again | the same |
//! | 3 | newsletter | goes on |
//! | 4 | our reply | ended after 3 days |
//! | 9 | writes to us | begins, and is open |
//!
//! Cost: O(rows · places where somebody waits at once).

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::Rows;
use model::{Direction, Form};

/// Is one wait of one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The row of the request, as a position in [`Reading::rows`].
    pub position: usize,
    /// Where it was asked.
    pub touchpoint: u16,
    /// When.
    pub at: i64,
    /// When it was answered, if it was.
    pub answered: Option<i64>,
}

/// Finds the waits of one person, in the order of time.
pub fn waits(meaning: &Meaning, rows: &Rows, reading: &Reading, found: &mut Vec<Wait>) {
    found.clear();
    let mut open: Vec<usize> = Vec::new();
    for (position, row) in reading.rows.iter().copied().enumerate() {
        let touchpoint = reading.touchpoint[position];
        if touchpoint == NOWHERE {
            continue;
        }
        let Some(form) = Form::from_number(rows.form[row]) else { continue };
        let pushed = meaning.touchpoints[touchpoint as usize].pushed;
        match Direction::from_number(rows.direction[row]) {
            Some(Direction::Inbound)
                if form.is_request()
                    && !(pushed && form == Form::Complaint)
                    && open.iter().all(|wait| found[*wait].touchpoint != touchpoint) =>
            {
                open.push(found.len());
                found.push(Wait { position, touchpoint, at: rows.at[row], answered: None });
            }
            Some(Direction::Outbound) if answers(form) => {
                let here = |found: &[Wait], wait: usize| found[wait].touchpoint == touchpoint;
                let channel = |touchpoint: u16| meaning.touchpoints[touchpoint as usize].channel;
                let has_any = open.iter().any(|wait| here(found, *wait));
                open.retain(|wait| {
                    let same_channel = form == Form::Reply && channel(found[*wait].touchpoint) == channel(touchpoint);
                    let is_answer = if has_any { here(found, *wait) } else { same_channel };
                    if is_answer {
                        found[*wait].answered = Some(rows.at[row]);
                    }
                    !is_answer
                });
            }
            _ => {}
        }
    }
}

/// Tells whether something in this form can be an answer.
const fn answers(form: Form) -> bool {
    matches!(form, Form::Reply | Form::Message | Form::Call | Form::Conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use model::time::DAY;

    /// Reads rows of (day, touchpoint, form, outbound) and returns the waits as (day, answered on day).
    fn check(rows: &[(i64, &str, Form, bool)], expected: &[(i64, Option<i64>)]) {
        let laid: Vec<Row> = rows.iter().map(|(day, touchpoint, form, _)| Row::new(1, *day, touchpoint, *form)).collect();
        let (meaning, mut laid) = example::rows(&laid, 60);
        for (direction, (.., outbound)) in laid.direction.iter_mut().zip(rows) {
            *direction = if *outbound { Direction::Outbound } else { Direction::Inbound } as u8;
        }
        let (mut reading, mut found) = (Reading::default(), Vec::new());
        let person = 0..laid.len();
        reading.read(&meaning, &laid, person);
        waits(&meaning, &laid, &reading, &mut found);
        let days: Vec<_> = found.iter().map(|wait| (wait.at / DAY, wait.answered.map(|at| at / DAY))).collect();
        assert_eq!(days, expected);
    }

    #[test]
    fn the_table_above() {
        let rows = [
            (1, "page", Form::Message, false),
            (2, "page", Form::Message, false),
            (3, "mail", Form::Message, true),
            (4, "page", Form::Reply, true),
            (9, "page", Form::Message, false),
        ];
        check(&rows, &[(1, Some(4)), (9, None)]);
    }

    #[test]
    fn a_reply_elsewhere_on_the_channel_answers_too() {
        check(&[(1, "page", Form::Submission, false), (2, "till", Form::Reply, true)], &[(1, Some(2))]);
        // But where somebody waits at the very place, the reply is for them alone.
        let two = [(1, "page", Form::Message, false), (2, "till", Form::Message, false), (3, "till", Form::Reply, true)];
        check(&two, &[(1, None), (2, Some(3))]);
    }

    #[test]
    fn a_mark_as_spam_asks_for_nothing() {
        check(&[(1, "mail", Form::Complaint, false), (2, "page", Form::Complaint, false)], &[(2, None)]);
        check(&[(1, "page", Form::Reply, true), (2, "page", Form::Visit, false)], &[]);
    }
}
