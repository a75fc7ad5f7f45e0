//! One person's rows, read once: for each row its touchpoint, outcomes and stage; for the person the stages over
//! time and the segments. Every fold then looks at this, so identical populations give identical counts.
//!
//! The stage of a row is the stage after it: the furthest whose way in has been opened, this row included.

use crate::meaning::{Bits, Meaning, NOWHERE, Profile};
use crate::sequence::Rows;
use model::{Flags, Form};
use std::ops::Range;

/// Holds the reading of one person; the buffers are used again for the next.
#[derive(Default, Debug)]
pub struct Reading {
    /// The person.
    pub person: u64,
    /// Whether the actor is nobody known: counts as an interaction, never as a person.
    pub ephemeral: bool,
    /// Whether it is somebody known for a day: told from others, and again another one the next day.
    pub visitor: bool,
    /// The rows that count, machines left out, by their number in [`Rows`].
    pub rows: Vec<usize>,
    /// For each of `rows`: the touchpoint, or [`NOWHERE`].
    pub touchpoint: Vec<u16>,
    /// For each of `rows`: the outcomes it is.
    pub outcomes: Vec<Bits>,
    /// For each of `rows`: the stage after it.
    pub stage: Vec<u8>,
    /// The stages over time.
    pub episodes: Vec<Episode>,
    /// The segments, as bits.
    pub segments: u64,
    /// Rows of machines.
    pub bots: u64,
    counts: Vec<u32>,
    quiet: Vec<Option<i64>>,
}

/// Is one stay in one stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Episode {
    /// The stage.
    pub stage: u8,
    /// When it began.
    pub from: i64,
    /// The first of [`Reading::rows`] in it; it ends where the next begins.
    pub first: usize,
}

impl Reading {
    /// Reads the rows of one person.
    pub fn read(&mut self, meaning: &Meaning, rows: &Rows, person: Range<usize>) {
        self.reset(meaning, rows, &person);
        let mut last_at = i64::MIN;
        for row in person {
            if Flags(rows.flags[row]).has(Flags::BOT) {
                self.bots += 1;
                continue;
            }
            let at = rows.at[row];
            self.pass_time(meaning, last_at, at);
            self.row(meaning, rows, row);
            last_at = at;
        }
        if self.rows.is_empty() {
            return;
        }
        self.pass_time(meaning, last_at, meaning.window.1.0);
        let touched = |touchpoint: usize| self.touchpoint.contains(&(touchpoint as u16));
        let interactions = self.rows.len() as u32;
        let met = |places: Option<&[u16]>, since: i64| {
            let all = self.rows.iter().zip(&self.touchpoint);
            let counted = all.filter(|(row, at)| rows.at[**row] >= since && places.is_none_or(|places| places.contains(at)));
            counted.count() as u32
        };
        let targets = self.rows.iter().zip(&self.outcomes).filter(|(_, outcomes)| **outcomes & meaning.target != 0);
        let profile = Profile {
            person: self.person,
            interactions,
            last_at,
            outcomes: &self.counts,
            touched: &touched,
            met: &met,
            stage: self.episodes.last().map_or(0, |now| usize::from(now.stage)),
            worth: targets.fold(0_i64, |sum, (row, _)| sum.saturating_add(rows.value[*row])),
        };
        self.segments = meaning.segments_of(&profile);
    }

    /// Reads somebody for a question about people: tells whether they count as one. Unknown actors, machines and people who
    /// are left out do not.
    pub fn read_known(&mut self, meaning: &Meaning, rows: &Rows, person: Range<usize>) -> bool {
        if meaning.leaves_out(rows.person[person.start]) {
            return false;
        }
        self.read(meaning, rows, person);
        if self.ephemeral {
            return false;
        }
        if meaning.only().segment.is_some_and(|segment| self.segments >> segment & 1 == 0) {
            return false;
        }
        if !meaning.only().is_everything() {
            self.keep(meaning, rows);
        }
        !self.rows.is_empty()
    }

    /// Forgets the rows that the question is not about.
    fn keep(&mut self, meaning: &Meaning, rows: &Rows) {
        let only = meaning.only();
        let channel = |touchpoint: u16| meaning.touchpoints.get(touchpoint as usize).map(|place| place.channel);
        let mut kept = 0;
        for position in 0..self.rows.len() {
            let at = rows.at[self.rows[position]];
            let wanted = only.from.is_none_or(|from| at >= from)
                && only.until.is_none_or(|until| at < until)
                && only.stage.is_none_or(|stage| self.stage[position] == stage)
                && (only.channel.is_none_or(|wanted| channel(self.touchpoint[position]) == Some(wanted))
                    || self.outcomes[position] & meaning.target != 0);
            if wanted {
                self.rows[kept] = self.rows[position];
                self.touchpoint[kept] = self.touchpoint[position];
                self.outcomes[kept] = self.outcomes[position];
                self.stage[kept] = self.stage[position];
                kept += 1;
            }
        }
        self.rows.truncate(kept);
        self.touchpoint.truncate(kept);
        self.outcomes.truncate(kept);
        self.stage.truncate(kept);
        // Stays name rows by position, and those have moved.
        self.episodes.clear();
    }

    fn reset(&mut self, meaning: &Meaning, rows: &Rows, person: &Range<usize>) {
        self.person = rows.person[person.start];
        self.ephemeral = Flags(rows.flags[person.start]).has(Flags::EPHEMERAL);
        self.visitor = Flags(rows.flags[person.start]).has(Flags::VISITOR);
        self.rows.clear();
        self.touchpoint.clear();
        self.outcomes.clear();
        self.stage.clear();
        self.episodes.clear();
        self.segments = 0;
        self.bots = 0;
        self.counts.clear();
        self.counts.resize(16, 0);
        self.quiet.clear();
        self.quiet.resize(meaning.quiet.len(), None);
    }

    fn row(&mut self, meaning: &Meaning, rows: &Rows, row: usize) {
        let (at, form) = (rows.at[row], rows.form[row]);
        let touchpoint = meaning.touchpoint_of(rows.signal[row]);
        let outcomes = meaning.outcomes_of(rows.signal[row], form);
        let mut opened = meaning.stages_of(touchpoint, form, rows.score[row]);
        if outcomes != 0 {
            opened |= self.count(meaning, outcomes, at);
        }
        if form == Form::Complaint as u8 {
            self.quiet.fill(None);
        }
        let reached = if opened == 0 { 0 } else { (Bits::BITS - 1 - opened.leading_zeros()) as u8 };
        match self.episodes.last() {
            Some(now) if now.stage >= reached => {}
            _ => self.episodes.push(Episode { stage: reached, from: at, first: self.rows.len() }),
        }
        self.rows.push(row);
        self.touchpoint.push(touchpoint);
        self.outcomes.push(outcomes);
        self.stage.push(self.episodes.last().map_or(0, |now| now.stage));
    }

    /// Counts outcomes and returns the stages that the new counts open.
    fn count(&mut self, meaning: &Meaning, outcomes: Bits, at: i64) -> Bits {
        let mut left = outcomes;
        while left != 0 {
            self.counts[left.trailing_zeros() as usize] += 1;
            left &= left - 1;
        }
        for (waiting, quiet) in self.quiet.iter_mut().zip(&meaning.quiet) {
            if outcomes & (1 << quiet.outcome) != 0 && waiting.is_none() {
                *waiting = Some(at.saturating_add(quiet.after));
            }
        }
        let opened = meaning
            .outcome_stages
            .iter()
            .filter(|(outcome, at_least, _)| outcomes & (1 << outcome) != 0 && self.counts[*outcome] >= *at_least);
        opened.fold(0, |stages, (_, _, bits)| stages | bits)
    }

    /// Lets time pass without a row: quiet times end, and long silence loses the stage.
    fn pass_time(&mut self, meaning: &Meaning, from: i64, to: i64) {
        let Some(now) = self.episodes.last().copied() else { return };
        let lapses_at = from.saturating_add(meaning.lapse[now.stage as usize]);
        while let Some((due, at)) = self.next_due(to) {
            self.quiet[at] = None;
            let stage = meaning.quiet[at].stage;
            if due < lapses_at && self.episodes.last().is_some_and(|now| now.stage < stage) {
                self.episodes.push(Episode { stage, from: due, first: self.rows.len() });
            }
        }
        let now = self.episodes.last().copied().unwrap_or(now);
        let lapses_at = from.saturating_add(meaning.lapse[now.stage as usize]);
        if now.stage > 0 && lapses_at < to {
            self.episodes.push(Episode { stage: 0, from: lapses_at, first: self.rows.len() });
        }
    }

    /// Finds the quiet time that ends first, up to a moment.
    fn next_due(&self, to: i64) -> Option<(i64, usize)> {
        let waiting = self.quiet.iter().enumerate().filter_map(|(at, due)| Some(((*due)?, at)));
        waiting.filter(|(due, _)| *due <= to).min()
    }

    /// Returns each stay with its rows, as positions in [`Reading::rows`].
    pub fn stays(&self) -> impl Iterator<Item = (Episode, Range<usize>)> + '_ {
        self.episodes.iter().enumerate().map(|(at, episode)| {
            let end = self.episodes.get(at + 1).map_or(self.rows.len(), |next| next.first);
            (*episode, episode.first..end)
        })
    }

    /// Tells whether a row is a touch of a journey: a touchpoint with customers, and not the target outcome itself.
    #[must_use]
    pub fn is_touch(&self, meaning: &Meaning, position: usize) -> bool {
        let touchpoint = self.touchpoint[position];
        touchpoint != NOWHERE
            && meaning.touchpoints[touchpoint as usize].with_customers
            && self.outcomes[position] & meaning.target == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row};
    use crate::meaning::Only;
    use model::time::DAY;

    /// Reads rows of (day, touchpoint, form) and returns the stays as (stage, day).
    fn check(rows: &[(i64, &str, Form)], last_day: i64, expected: &[(u8, i64)]) {
        let rows: Vec<Row> = rows.iter().map(|(day, touchpoint, form)| Row::new(1, *day, touchpoint, *form)).collect();
        let (meaning, rows) = example::rows(&rows, last_day);
        let mut reading = Reading::default();
        let person = 0..rows.len();
        reading.read(&meaning, &rows, person);
        let stays: Vec<_> = reading.episodes.iter().map(|episode| (episode.stage, episode.from / DAY)).collect();
        assert_eq!(stays, expected);
    }

    #[test]
    fn stages_open_by_form_outcome_and_repetition() {
        check(&[(0, "ads", Form::View), (1, "page", Form::Visit), (2, "till", Form::Purchase)], 3, &[(0, 0), (1, 1), (2, 2)]);
        check(&[(0, "till", Form::Purchase), (1, "till", Form::Purchase)], 2, &[(2, 0), (4, 1)]);
    }

    #[test]
    fn quiet_time_after_a_purchase_is_satisfaction() {
        check(&[(0, "till", Form::Purchase)], 20, &[(2, 0), (3, 14)]);
        check(&[(0, "till", Form::Purchase)], 13, &[(2, 0)]);
    }

    #[test]
    fn a_complaint_ends_the_quiet() {
        check(&[(0, "till", Form::Purchase), (3, "till", Form::Complaint)], 30, &[(2, 0)]);
    }

    #[test]
    fn long_silence_falls_back_and_a_row_brings_back() {
        check(&[(0, "page", Form::Visit), (200, "ads", Form::View)], 201, &[(1, 0), (0, 90)]);
        check(&[(0, "page", Form::Visit), (200, "page", Form::Visit)], 201, &[(1, 0), (0, 90), (1, 200)]);
    }

    #[test]
    fn machines_are_counted_apart() {
        let (meaning, mut rows) = example::rows(&[Row::new(1, 0, "page", Form::Visit), Row::new(1, 1, "page", Form::Visit)], 2);
        rows.flags[0] = Flags::BOT.0;
        let mut reading = Reading::default();
        reading.read(&meaning, &rows, 0..2);
        assert_eq!((reading.bots, reading.rows.as_slice()), (1, &[1][..]));
    }

    #[test]
    fn who_counts_as_somebody() {
        let (meaning, mut rows) =
            example::rows(&(1..5).map(|person| Row::new(person, 0, "page", Form::Visit)).collect::<Vec<_>>(), 2);
        let meaning = meaning.leaving_out([2]);
        rows.flags[2] = Flags::EPHEMERAL.0;
        rows.flags[3] = Flags::BOT.0;
        let mut reading = Reading::default();
        let counted: Vec<bool> = (0..4).map(|at| reading.read_known(&meaning, &rows, at..at + 1)).collect();
        assert_eq!(counted, [true, false, false, false]);
    }

    /// Tells whether somebody with a purchase, a visit and an advertisement fits a rule on day 10.
    fn fits(rule: &str) -> bool {
        let rows =
            [Row::new(1, 0, "till", Form::Purchase), Row::new(1, 5, "page", Form::Visit), Row::new(1, 9, "ads", Form::View)];
        let mut map = example::map();
        map.segments[0].rule = serde_json::from_str(rule).expect("a rule");
        assert_eq!(map.problems(), [], "{rule}");
        let (meaning, rows) = example::compiled(&map, &rows, 10);
        let mut reading = Reading::default();
        reading.read(&meaning, &rows, 0..3);
        reading.segments & 1 == 1
    }

    #[test]
    fn segments_ask_for_behaviour() {
        for (rule, expected) in [
            (r#"{"met":{"channel":"web","min":3}}"#, true),
            (r#"{"met":{"channel":"web","min":3,"within_days":5}}"#, false),
            (r#"{"met":{"channel":"web","min":2,"max":2,"within_days":5}}"#, true),
            (r#"{"met":{"touchpoint":"till","min":1}}"#, true),
            (r#"{"met":{"touchpoint":"till","min":1,"within_days":9}}"#, false),
            (r#"{"met":{"touchpoint":"mail","min":0,"max":0}}"#, true),
            (r#"{"met":{"min":4}}"#, false),
            (r#"{"stage":{"stage":"buys"}}"#, true),
            (r#"{"stage":{"stage":"knows"}}"#, false),
            (r#"{"worth":{"min":5000}}"#, true),
            (r#"{"worth":{"min":0,"max":4999}}"#, false),
            (r#"{"all":{"of":[{"stage":{"stage":"buys"}},{"not":{"of":{"worth":{"min":5001}}}}]}}"#, true),
        ] {
            assert_eq!(fits(rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_narrow_question_sees_some_rows_and_the_whole_person() {
        let rows =
            [Row::new(1, 0, "till", Form::Purchase), Row::new(1, 5, "page", Form::Visit), Row::new(1, 9, "ads", Form::View)];
        let (meaning, rows) = example::rows(&rows, 10);
        let whole = {
            let mut reading = Reading::default();
            assert!(reading.read_known(&meaning, &rows, 0..3));
            reading.segments
        };
        let mut reading = Reading::default();
        let only = |only: Only| meaning.clone().about(only);
        assert!(reading.read_known(&only(Only { from: Some(DAY), until: Some(9 * DAY), ..Only::default() }), &rows, 0..3));
        assert_eq!((reading.touchpoint.as_slice(), reading.stage.as_slice(), reading.segments), (&[2][..], &[2][..], whole));
        assert!(!reading.read_known(&only(Only { stage: Some(0), ..Only::default() }), &rows, 0..3));
        assert!(!reading.read_known(&only(Only { until: Some(0), ..Only::default() }), &rows, 0..3));
    }
}
