//! What becomes of people after a bad contact (CHN-4, WAY-13): do more of them stay away than of those whose contact went well?
//!
//! A contact is a request, a complaint, or an answer to a question. It is bad as a complaint, as an answer that is not
//! satisfied, as a request without an answer, or answered after the target. Of each person one contact is chosen by lot,
//! whatever it was (a hash, the same on every run), because people with many contacts have more of both kinds and stay longer
//! anyway. Churned is who does nothing of their own within the horizon after it (after the answer, had they to wait for one in
//! time); who is watched for less is left out. Compared are people of the same week ([`crate::progression`]). Association (E3):
//! whoever is about to go may also be harder to please.
//!
//! | contact chosen | acted again within 60 days | counts as |
//! |---|---|---|
//! | complaint on day 10 | no | bad, churned |
//! | asked on day 10, answered in time | bought on day 30 | good, stayed |
//! | asked on day 10, never answered | wrote again on day 12 | bad, stayed |
//! | two of five stars on day 10 | no | bad, churned |
//! | anything in the last 60 days | – | left out |
//!
//! State: counts per week and kind. Cost: O(rows).

use crate::experience::waits::{Wait, waits};
use crate::hours::Calendar;
use crate::landmarks::mix;
use crate::meaning::Meaning;
use crate::progression::{StageLift, Stratum, progression};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows, unpack_score};
use model::time::SECOND;
use model::{Direction, Form, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Is how a contact went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// Nothing bad is known of it.
    Well,
    /// A complaint.
    Complaint,
    /// An answer that is not satisfied.
    Dissatisfied,
    /// A request that nobody answered.
    Unanswered,
    /// A request answered after the target.
    Late,
}

/// Says what is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Only people of this segment, by position.
    pub segment: Option<usize>,
    /// Who does nothing of their own for so many microseconds has churned.
    pub horizon: i64,
    /// Per touchpoint the target of an answer in seconds and whether only opening hours count.
    pub targets: Vec<(i64, bool)>,
    /// Local time and opening hours.
    pub calendar: Calendar,
    /// Touchpoints where no answer was ever recorded: nothing asked there counts as unanswered.
    pub deaf: Vec<bool>,
}

/// Counts people and those who churned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Churn {
    /// People.
    pub people: u64,
    /// Those who stayed away.
    pub churned: u64,
}

/// Is what was read: by week and how the contact went.
pub type Contacts = BTreeMap<(i64, Went), Churn>;

/// Is the fold.
#[derive(Debug)]
pub struct AfterContact {
    meaning: Arc<Meaning>,
    question: Arc<Question>,
    /// What was read so far.
    pub read: Contacts,
    reading: Reading,
    waits: Vec<Wait>,
    contacts: Vec<(usize, i64, Went)>,
}

impl AfterContact {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, question: Arc<Question>) -> Self {
        Self { meaning, question, read: Contacts::new(), reading: Reading::default(), waits: Vec::new(), contacts: Vec::new() }
    }

    fn person(&mut self, rows: &Rows) {
        self.collect(rows);
        if self.contacts.is_empty() {
            return;
        }
        let lot = mix(self.reading.person ^ 0xc0_47ac) as usize % self.contacts.len();
        let (position, from, went) = self.contacts[lot];
        let ends = from.saturating_add(self.question.horizon);
        if ends > self.meaning.window.1.0 {
            return;
        }
        let acts = |row: usize| rows.direction[row] != Direction::Outbound as u8;
        let later = self.reading.rows[position + 1..].iter().copied().filter(|row| acts(*row));
        let stayed = later.map(|row| rows.at[row]).any(|at| at > from && at <= ends);
        let churn = self.read.entry((Instant(rows.at[self.reading.rows[position]]).week(), went)).or_default();
        churn.people += 1;
        churn.churned += u64::from(!stayed);
    }

    /// Collects the person's contacts as (row, from when on they can stay away, how it went).
    fn collect(&mut self, rows: &Rows) {
        self.contacts.clear();
        waits(&self.meaning, rows, &self.reading, &mut self.waits);
        for wait in &self.waits {
            let place = wait.touchpoint as usize;
            if rows.form[self.reading.rows[wait.position]] == Form::Complaint as u8 {
                continue;
            }
            let (target, in_hours) = self.question.targets[place];
            let calendar = &self.question.calendar;
            let length = |until: i64| if in_hours { calendar.worked(wait.at, until) } else { until - wait.at };
            let is_late = |until: i64| length(until) / SECOND > target;
            let (from, went) = match wait.answered {
                Some(at) if is_late(at) => (at, Went::Late),
                Some(at) => (at, Went::Well),
                None if self.question.deaf[place] => (wait.at, Went::Well),
                None => (wait.at, Went::Unanswered),
            };
            self.contacts.push((wait.position, from, went));
        }
        for (position, row) in self.reading.rows.iter().copied().enumerate() {
            if rows.form[row] == Form::Complaint as u8 {
                self.contacts.push((position, rows.at[row], Went::Complaint));
            } else if let Some(score) = unpack_score(rows.score[row]) {
                let went = if score.is_satisfied() { Went::Well } else { Went::Dissatisfied };
                self.contacts.push((position, rows.at[row], went));
            }
        }
        self.contacts.sort_unstable();
    }
}

impl Fold for AfterContact {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            let wanted = self.question.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1);
            if wanted && !self.reading.ephemeral && !self.reading.rows.is_empty() {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, theirs) in other.read {
            let mine = self.read.entry(key).or_default();
            mine.people += theirs.people;
            mine.churned += theirs.churned;
        }
    }
}

/// Compares those whose contact went in some of the ways with those whose contact went well; `None` where no week has both.
#[must_use]
pub fn churn_of(contacts: &Contacts, ways: &[Went]) -> Option<StageLift> {
    let mut weeks: BTreeMap<i64, Stratum> = BTreeMap::new();
    for ((week, went), churn) in contacts {
        let stratum = weeks.entry(*week).or_default();
        if ways.contains(went) {
            stratum.touched += churn.people;
            stratum.touched_moved += churn.churned;
        } else if *went == Went::Well {
            stratum.untouched += churn.people;
            stratum.untouched_moved += churn.churned;
        }
    }
    progression(&weeks.into_values().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use crate::sequence::pack_score;
    use model::time::DAY;
    use model::{Scale, Score};
    use proptest::prelude::*;

    fn question() -> Arc<Question> {
        let calendar = Calendar::new(Vec::new(), Calendar::OFFICE);
        Arc::new(Question { segment: None, horizon: 60 * DAY, targets: vec![(86_400, false); 4], calendar, deaf: vec![false; 4] })
    }

    fn run(rows: &[Row], keep: impl Fn(u64) -> bool) -> Contacts {
        let (meaning, mut laid) = example::rows(rows, 120);
        for row in 0..laid.len() {
            let form = laid.form[row];
            laid.score[row] = if form == Form::Review as u8 { pack_score(Score::new(Scale::Five, 2)) } else { 0 };
            if form == Form::Reply as u8 {
                laid.direction[row] = Direction::Outbound as u8;
            }
        }
        let mut part = Rows::default();
        laid.people().filter(|range| keep(laid.person[range.start])).for_each(|range| part.extend(&laid, range.start, range.end));
        let mut fold = AfterContact::new(Arc::new(meaning), question());
        fold.take(&part);
        fold.read
    }

    #[track_caller]
    fn check(rows: &[(i64, Form)], expected: Option<(Went, u64)>) {
        let rows: Vec<Row> = rows.iter().map(|(day, form)| Row::new(1 << 54, *day, "page", *form)).collect();
        let found = run(&rows, |_| true).into_iter().map(|((_, went), churn)| (went, churn.churned)).next();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_table_above() {
        check(&[(10, Form::Complaint)], Some((Went::Complaint, 1)));
        check(&[(10, Form::Message), (11, Form::Reply), (30, Form::Purchase)], Some((Went::Well, 0)));
        check(&[(10, Form::Message), (12, Form::Visit)], Some((Went::Unanswered, 0)));
        check(&[(10, Form::Message), (14, Form::Reply)], Some((Went::Late, 1)));
        check(&[(10, Form::Review)], Some((Went::Dissatisfied, 1)));
        check(&[(70, Form::Complaint)], None);
        check(&[(10, Form::Visit)], None);
    }

    #[test]
    fn nobody_to_compare_with_is_unknown() {
        assert_eq!(churn_of(&Contacts::new(), &[Went::Complaint]), None);
        let mut contacts = Contacts::new();
        contacts.insert((3, Went::Complaint), Churn { people: 5, churned: 5 });
        assert_eq!(churn_of(&contacts, &[Went::Complaint]), None);
        contacts.insert((3, Went::Well), Churn { people: 10, churned: 2 });
        let lift = churn_of(&contacts, &[Went::Complaint]).expect("both kinds").lift;
        assert!((lift.value - 0.8).abs() < 1e-12);
    }

    fn row() -> impl Strategy<Value = Row> {
        let forms = prop::sample::select(vec![Form::Message, Form::Reply, Form::Review, Form::Purchase, Form::Complaint]);
        (0..30_u64, 0..120_i64, 0..4_u32, forms)
            .prop_map(|(person, day, signal, form)| Row { signal, ..Row::new(person << 54, day, "page", form) })
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec(row(), 0..200), parts in 1..8_u64) {
            let whole = run(&rows, |_| true);
            let (meaning, _) = example::rows(&[], 120);
            let mut merged = AfterContact::new(Arc::new(meaning), question());
            for part in 0..parts {
                let (meaning, _) = example::rows(&[], 120);
                let mut piece = AfterContact::new(Arc::new(meaning), question());
                piece.read = run(&rows, |person| mix(person) % parts == part);
                merged.merge(piece);
            }
            prop_assert_eq!(merged.read, whole);
        }
    }
}
