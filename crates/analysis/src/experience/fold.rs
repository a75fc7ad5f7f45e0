//! The fold behind the experience report: answers, waits, reviews and how journeys were felt, in one pass.
//!
//! A journey is here a run of interactions without a silence longer than the map's `journey_gap_days`, purchases included,
//! because people are asked after them. Feelings are counted in whole 180ths, so that sums are exact. Overall is a person's
//! last answer to "would you recommend us".

use super::drivers::Products;
use super::loyalty::{Given, Loyalty, Seen, answers_of, overall};
use super::scores::Answers;
use super::waits::{Wait, waits};
use crate::experience::answers::step_of;
use crate::hours::{Calendar, SLOTS, month_of};
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use crate::survival::Times;
use crate::tally::add;
use model::{Form, Scale, Score};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Feelings are counted in parts of this size: every answer of every scale is a whole number of them.
pub const FEELING_PARTS: i64 = 180;
/// Means of journeys are counted in millionths of those.
pub const MEAN_PARTS: i64 = 1_000_000;

/// Says what is asked of everybody.
#[derive(Clone, Debug)]
pub struct Question {
    /// Only people of this segment, by position.
    pub segment: Option<usize>,
    /// Per touchpoint, whether waiting there counts in working hours.
    pub working_hours: Vec<bool>,
    /// Local time and opening hours.
    pub calendar: Calendar,
    /// The touchpoints whose meeting is tried as a driver; at most eight, two more drivers are added.
    pub drivers: Vec<u16>,
}

/// Is what was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Experience {
    /// Known people.
    pub people: u64,
    /// Answers by touchpoint ([`NOWHERE`]: none), scale and month of [`month_of`].
    pub scores: BTreeMap<(u16, Scale, i32), Answers>,
    /// People who met a touchpoint.
    pub met: Vec<u64>,
    /// People who answered a question there.
    pub answered: Vec<u64>,
    /// How long people waited for answers at a touchpoint, in seconds.
    pub waits: Vec<Times>,
    /// Requests by the hour of the local week.
    pub demand: Vec<u64>,
    /// Reviews by touchpoint.
    pub reviews: BTreeMap<u16, Reviews>,
    /// How journeys were felt.
    pub felt: Felt,
    /// Answers at touchpoints beside the overall one.
    pub loyalty: Loyalty,
    /// Drivers of the overall answer: those of the question, then "waited in vain", then "complained".
    pub drivers: Products,
}

/// Sums reviews, on the scale from 1 to 5 in tenths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reviews {
    /// Reviews with a rating.
    pub n: u64,
    /// Sum of tenths.
    pub sum: i64,
    /// Sum of their squares.
    pub squares: i64,
    /// Those that got a reply within the window.
    pub replied: u64,
}

/// Sums how journeys were felt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Felt {
    /// Journeys with an answer.
    pub journeys: u64,
    /// Sum of peak + end, in [`FEELING_PARTS`].
    pub peak_end: i64,
    /// Sum of its squares.
    pub squares: i128,
    /// Sum of means, in [`MEAN_PARTS`] of [`FEELING_PARTS`].
    pub mean: i128,
}

/// Is the fold.
#[derive(Debug)]
pub struct ExperienceFold {
    meaning: Arc<Meaning>,
    question: Arc<Question>,
    /// What was read so far.
    pub read: Experience,
    reading: Reading,
    waits: Vec<Wait>,
    answers: Vec<Given>,
    journey: Vec<i64>,
    marks: Seen,
}

impl ExperienceFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, question: Arc<Question>) -> Self {
        let touchpoints = meaning.touchpoints.len();
        let read = Experience {
            people: 0,
            scores: BTreeMap::new(),
            met: vec![0; touchpoints],
            answered: vec![0; touchpoints],
            waits: vec![Times::default(); touchpoints],
            demand: vec![0; SLOTS],
            reviews: BTreeMap::new(),
            felt: Felt::default(),
            loyalty: Loyalty::default(),
            drivers: Products::new(question.drivers.len() + 2),
        };
        Self {
            meaning,
            question,
            read,
            reading: Reading::default(),
            waits: Vec::new(),
            answers: Vec::new(),
            journey: Vec::new(),
            marks: Seen::default(),
        }
    }

    fn person(&mut self, rows: &Rows) {
        self.collect_answers(rows);
        if self.reading.ephemeral {
            return;
        }
        self.read.people += 1;
        self.count_people();
        waits(&self.meaning, rows, &self.reading, &mut self.waits);
        self.count_waits();
        self.count_felt(rows);
        self.relate(rows);
    }

    /// Collects and counts what the person answered. Also of people who are not known: an answer is an answer.
    fn collect_answers(&mut self, rows: &Rows) {
        answers_of(rows, &self.reading, &mut self.answers);
        for Given { position, touchpoint, score } in self.answers.iter().copied() {
            let key = (touchpoint, score.scale, month_of(rows.at[self.reading.rows[position]]));
            self.read.scores.entry(key).or_insert_with(|| Answers::new(score.scale)).add(score, 1);
        }
        self.count_reviews(rows);
    }

    /// Counts reviews from the last row to the first, so that each knows whether a reply follows.
    fn count_reviews(&mut self, rows: &Rows) {
        self.marks.renew(self.meaning.touchpoints.len());
        let mut until = self.reading.rows.len();
        for given in self.answers.iter().rev() {
            // Rows between this answer and the one after it, read once.
            for position in given.position + 1..until {
                let touchpoint = self.reading.touchpoint[position];
                if touchpoint != NOWHERE && rows.form[self.reading.rows[position]] == Form::Reply as u8 {
                    self.marks.first(touchpoint);
                }
            }
            until = given.position;
            let is_review = rows.form[self.reading.rows[given.position]] == Form::Review as u8 && given.touchpoint != NOWHERE;
            if is_review && let Some(tenths) = stars(given.score) {
                let reviews = self.read.reviews.entry(given.touchpoint).or_default();
                reviews.n += 1;
                reviews.sum += tenths;
                reviews.squares += tenths * tenths;
                reviews.replied += u64::from(self.marks.has(given.touchpoint));
            }
        }
    }

    fn count_people(&mut self) {
        let touchpoints = self.meaning.touchpoints.len();
        self.marks.renew(touchpoints);
        for touchpoint in self.reading.touchpoint.iter().filter(|touchpoint| **touchpoint != NOWHERE) {
            self.read.met[*touchpoint as usize] += u64::from(self.marks.first(*touchpoint));
        }
        self.marks.renew(touchpoints);
        for given in self.answers.iter().filter(|given| given.touchpoint != NOWHERE) {
            self.read.answered[given.touchpoint as usize] += u64::from(self.marks.first(given.touchpoint));
        }
    }

    fn count_waits(&mut self) {
        let calendar = &self.question.calendar;
        for wait in &self.waits {
            self.read.demand[calendar.slot(wait.at)] += 1;
            let place = wait.touchpoint as usize;
            let until = wait.answered.unwrap_or(self.meaning.window.1.0);
            let in_hours = self.question.working_hours.get(place).copied().unwrap_or(false);
            let length = if in_hours { calendar.worked(wait.at, until) } else { until.saturating_sub(wait.at) };
            let times = &mut self.read.waits[place];
            if wait.answered.is_some() { times.happened(step_of(length)) } else { times.lost(step_of(length)) }
        }
    }

    fn count_felt(&mut self, rows: &Rows) {
        let mut answers = self.answers.iter().peekable();
        let mut last_at = i64::MIN;
        self.journey.clear();
        for (position, row) in self.reading.rows.iter().copied().enumerate() {
            if rows.at[row].saturating_sub(last_at) > self.meaning.journey_gap {
                self.read.felt.close(&mut self.journey);
            }
            last_at = rows.at[row];
            if let Some(given) = answers.next_if(|given| given.position == position) {
                self.journey.push(feeling_parts(given.score));
            }
        }
        self.read.felt.close(&mut self.journey);
    }

    /// Relates the overall answer to the answers at touchpoints, and to what happened before it.
    fn relate(&mut self, rows: &Rows) {
        self.read.loyalty.take(&self.answers, self.meaning.touchpoints.len(), &mut self.marks);
        let Some(overall) = overall(&self.answers) else { return };
        let before = &self.reading.touchpoint[..overall.position];
        let asked_at = rows.at[self.reading.rows[overall.position]];
        let in_vain = |wait: &Wait| wait.position < overall.position && wait.answered.is_none_or(|at| at > asked_at);
        let complained = |position: usize| rows.form[self.reading.rows[position]] == Form::Complaint as u8;
        let mut flags: Vec<i32> = self.question.drivers.iter().map(|driver| i32::from(before.contains(driver))).collect();
        flags.push(i32::from(self.waits.iter().any(in_vain)));
        flags.push(i32::from((0..overall.position).any(complained)));
        self.read.drivers.add(&flags, i32::from(overall.score.answer));
    }
}

impl Felt {
    /// Counts a journey's moments, if there were any, and forgets them.
    fn close(&mut self, moments: &mut Vec<i64>) {
        let Some(end) = moments.last().copied() else { return };
        let stronger = |peak: i64, moment: i64| {
            let is_stronger = moment.abs() > peak.abs() || (moment.abs() == peak.abs() && moment < peak);
            if is_stronger { moment } else { peak }
        };
        let both = moments.iter().copied().reduce(stronger).unwrap_or(end) + end;
        self.journeys += 1;
        self.peak_end += both;
        self.squares += i128::from(both) * i128::from(both);
        self.mean += i128::from(moments.iter().sum::<i64>() * MEAN_PARTS / moments.len() as i64);
        moments.clear();
    }

    fn merge(&mut self, other: &Self) {
        self.journeys += other.journeys;
        self.peak_end += other.peak_end;
        self.squares += other.squares;
        self.mean += other.mean;
    }
}

impl Experience {
    fn merge(&mut self, other: &Self) {
        self.people += other.people;
        for (key, theirs) in &other.scores {
            self.scores.entry(*key).or_insert_with(|| Answers::new(key.1)).merge(theirs);
        }
        add(&mut self.met, &other.met);
        add(&mut self.answered, &other.answered);
        self.waits.iter_mut().zip(&other.waits).for_each(|(mine, theirs)| mine.merge(theirs));
        add(&mut self.demand, &other.demand);
        for (key, theirs) in &other.reviews {
            let mine = self.reviews.entry(*key).or_default();
            mine.n += theirs.n;
            mine.sum += theirs.sum;
            mine.squares += theirs.squares;
            mine.replied += theirs.replied;
        }
        self.felt.merge(&other.felt);
        self.loyalty.merge(&other.loyalty);
        self.drivers.merge(&other.drivers);
    }
}

impl Fold for ExperienceFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.reading.read(&meaning, rows, person);
            let wanted = self.question.segment.is_none_or(|segment| self.reading.segments >> segment & 1 == 1);
            if wanted && !self.reading.rows.is_empty() {
                self.person(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.read.merge(&other.read);
    }
}

/// Returns the answer between −180 (worst) and +180 (best).
fn feeling_parts(score: Score) -> i64 {
    let (low, high) = score.scale.range();
    2 * FEELING_PARTS * i64::from(score.answer - low) / i64::from(high - low) - FEELING_PARTS
}

/// Returns a rating on the scale from 1 to 5, in tenths; `None` for answers that are no ratings.
fn stars(score: Score) -> Option<i64> {
    match score.scale {
        Scale::Five => Some(i64::from(score.answer) * 10),
        Scale::Ten => Some(i64::from(score.answer) * 5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use crate::experience::peak_end::{feeling, peak_end};
    use crate::sequence::pack_score;
    use proptest::prelude::*;

    fn question(drivers: Vec<u16>) -> Arc<Question> {
        let calendar = Calendar::new(Vec::new(), Calendar::OFFICE);
        Arc::new(Question { segment: None, working_hours: vec![false, false, true, false], calendar, drivers })
    }

    /// Lays rows of (person, day, signal, form, answer) out; an answer of 0 is none, others are on the scale of eleven or five.
    fn laid(rows: &[(u64, i64, u32, Form, i16)]) -> (Arc<Meaning>, Rows) {
        let plain: Vec<Row> = rows
            .iter()
            .map(|(person, day, signal, form, answer)| Row {
                // The answer travels in the value, which lies beside its row after sorting.
                value: i64::from(*answer),
                signal: *signal,
                ..Row::new(*person << 54, *day, "page", *form)
            })
            .collect();
        let (meaning, mut rows) = example::rows(&plain, 120);
        for row in 0..rows.len() {
            let answer = rows.value[row] as i16;
            let score = if answer > 10 { Score::new(Scale::Five, answer - 10) } else { Score::new(Scale::Nps, answer) };
            rows.score[row] = if answer == 0 { 0 } else { pack_score(score) };
        }
        (Arc::new(meaning), rows)
    }

    fn run(meaning: &Arc<Meaning>, rows: &Rows, keep: impl Fn(u64) -> bool) -> Experience {
        let mut part = Rows::default();
        rows.people().filter(|range| keep(rows.person[range.start])).for_each(|range| part.extend(rows, range.start, range.end));
        let mut fold = ExperienceFold::new(Arc::clone(meaning), question(vec![0, 2]));
        fold.take(&part);
        fold.read
    }

    #[test]
    fn one_person_told_in_full() {
        let (meaning, rows) = laid(&[
            (1, 4, 2, Form::Message, 0),
            (1, 5, 2, Form::SurveyAnswer, 12),
            (1, 6, 3, Form::SurveyAnswer, 9),
            (1, 90, 2, Form::Review, 15),
        ]);
        let read = run(&meaning, &rows, |_| true);
        assert_eq!((read.people, read.met[2], read.answered[2], read.answered[3]), (1, 1, 1, 1));
        assert_eq!(read.scores.len(), 3);
        // Asked on Monday the 5th, and never answered: an open wait in working hours.
        assert_eq!((read.waits[2].watched(), read.waits[2].events(), read.demand[0]), (1, 0, 1));
        // Two of five is −.5, nine of ten +.8: the peak and the end are +.8; long after that, five of five.
        assert_eq!((read.felt.journeys, read.felt.peak_end), (2, 2 * 144 + 2 * 180));
        assert_eq!(read.loyalty.pairs(2).expect("both answers").n(), 1);
        assert_eq!(read.drivers.n(), 1);
        assert_eq!((read.reviews[&2].n, read.reviews[&2].sum), (1, 50));
    }

    #[test]
    fn feelings_are_those_of_the_definition() {
        for (scale, answer) in [(Scale::Nps, 7), (Scale::Five, 2), (Scale::Seven, 6), (Scale::Ten, 3), (Scale::YesNo, 1)] {
            let score = Score::new(scale, answer).expect("on the scale");
            assert!((feeling_parts(score) as f64 / FEELING_PARTS as f64 - feeling(score)).abs() < 1e-12);
        }
        let answers = [2_i16, 5, 1, 4].map(|answer| Score::new(Scale::Five, answer).expect("on the scale"));
        let mut felt = Felt::default();
        felt.close(&mut answers.map(feeling_parts).to_vec());
        let plain = peak_end(&answers.map(feeling)).expect("moments");
        assert!((felt.peak_end as f64 / 2.0 / FEELING_PARTS as f64 - plain.peak_end).abs() < 1e-12);
        assert!((felt.mean as f64 / (MEAN_PARTS * FEELING_PARTS) as f64 - plain.mean).abs() < 1e-6);
    }

    fn row() -> impl Strategy<Value = (u64, i64, u32, Form, i16)> {
        let forms = prop::sample::select(vec![
            Form::Message,
            Form::Reply,
            Form::SurveyAnswer,
            Form::Review,
            Form::Purchase,
            Form::Complaint,
        ]);
        (0..30_u64, 0..120_i64, 0..5_u32, forms, 0..16_i16)
    }

    proptest! {
        /// The law: any split of the people, merged, is one run over all of them, bit for bit.
        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec(row(), 0..200), parts in 1..8_u64) {
            let (meaning, rows) = laid(&rows);
            let whole = run(&meaning, &rows, |_| true);
            let mut merged = run(&meaning, &rows, |_| false);
            for part in 0..parts {
                merged.merge(&run(&meaning, &rows, |person| crate::landmarks::mix(person) % parts == part));
            }
            prop_assert_eq!(merged, whole);
        }
    }
}
