//! Plain counts: who met what, in which stage, in which channel, and how far people came.

use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{NO_COST, Rows, unpack_score};
use model::Form;

/// Holds the counts of one group of people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Known people.
    pub people: u64,
    /// Day visitors: nobody known, each told from others for a day.
    pub day_visitors: u64,
    /// Interactions.
    pub interactions: u64,
    /// Interactions of known people.
    pub identified: u64,
    /// Interactions bound to no touchpoint.
    pub unmapped: u64,
    /// Times the target outcome happened.
    pub outcomes: u64,
    /// Times it happened to somebody unknown, who has no journey.
    pub outcomes_unknown: u64,
    /// What the target outcomes were worth, in minor units.
    pub value: i64,
    /// Known people with the target outcome.
    pub converted: u64,
    /// By touchpoint.
    pub touchpoints: Vec<Met>,
    /// By touchpoint and stage: touchpoint × stages + stage.
    pub cells: Vec<Crowd>,
    /// Known people who were ever in each stage.
    pub reached: Vec<u64>,
    /// Those of them who were in a later stage afterwards.
    pub moved_on: Vec<u64>,
    /// By channel.
    pub channels: Vec<ChannelTally>,
}

/// Is how a touchpoint was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Met {
    /// Known people.
    pub people: u64,
    /// Interactions.
    pub interactions: u64,
    /// Interactions of known people.
    pub identified: u64,
    /// Known people with the target outcome at or after their first interaction here.
    pub converted: u64,
    /// Interactions that carry no cost of their own.
    pub without_cost: u64,
    /// Recorded cost, in minor units.
    pub cost: i64,
    /// The last interaction, UTC microseconds; the smallest number if never.
    pub last_at: i64,
    /// Answers on any scale.
    pub answers: u64,
    /// Answers that say "satisfied".
    pub satisfied: u64,
}

/// Counts people and interactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Crowd {
    /// Known people.
    pub people: u64,
    /// Interactions.
    pub interactions: u64,
}

/// Is how a channel was used (M3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChannelTally {
    /// Interactions.
    pub interactions: u64,
    /// Customer-to-business interactions that open a conversation or form.
    pub requests: u64,
    /// Known people who came by it.
    pub people: u64,
}

impl Default for Met {
    fn default() -> Self {
        Self {
            people: 0,
            interactions: 0,
            identified: 0,
            converted: 0,
            without_cost: 0,
            cost: 0,
            last_at: i64::MIN,
            answers: 0,
            satisfied: 0,
        }
    }
}

/// Remembers, for one person at a time, what has been counted already: a mark is the number of the person.
#[derive(Default, Debug)]
pub(crate) struct Marks {
    now: u32,
    cells: Vec<u32>,
    touchpoints: Vec<u32>,
    channels: Vec<u32>,
    firsts: Vec<(u16, usize)>,
}

impl Marks {
    fn next(&mut self, meaning: &Meaning) {
        if self.cells.is_empty() || self.now == u32::MAX {
            self.now = 0;
            self.cells = vec![0; meaning.touchpoints.len() * meaning.stages];
            self.touchpoints = vec![0; meaning.touchpoints.len()];
            self.channels = vec![0; meaning.channels];
        }
        self.now += 1;
        self.firsts.clear();
    }
}

/// Marks a place and tells whether this is the first time for this person.
fn first(mark: &mut u32, now: u32) -> bool {
    std::mem::replace(mark, now) != now
}

impl Tally {
    /// Makes an empty tally of the right size.
    #[must_use]
    pub fn new(meaning: &Meaning) -> Self {
        let touchpoints = meaning.touchpoints.len();
        Self {
            touchpoints: vec![Met::default(); touchpoints],
            cells: vec![Crowd::default(); touchpoints * meaning.stages],
            reached: vec![0; meaning.stages],
            moved_on: vec![0; meaning.stages],
            channels: vec![ChannelTally::default(); meaning.channels],
            ..Self::default()
        }
    }

    /// Counts one person.
    pub(crate) fn take(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, marks: &mut Marks) {
        marks.next(meaning);
        let known = u64::from(!reading.ephemeral);
        self.people += known;
        self.day_visitors += u64::from(reading.visitor);
        self.interactions += reading.rows.len() as u64;
        self.identified += known * reading.rows.len() as u64;
        let mut last_outcome = None;
        for position in 0..reading.rows.len() {
            if reading.outcomes[position] & meaning.target != 0 {
                self.outcomes += 1;
                self.outcomes_unknown += 1 - known;
                self.value += rows.value[reading.rows[position]];
                last_outcome = Some(position);
            }
            if reading.touchpoint[position] == NOWHERE {
                self.unmapped += 1;
            } else {
                self.row(meaning, rows, reading, position, marks);
            }
        }
        if reading.ephemeral {
            return;
        }
        if let Some(last) = last_outcome {
            self.converted += 1;
            for (touchpoint, _) in marks.firsts.iter().filter(|(_, first)| *first <= last) {
                self.touchpoints[*touchpoint as usize].converted += 1;
            }
        }
        self.progress(reading);
    }

    fn row(&mut self, meaning: &Meaning, rows: &Rows, reading: &Reading, position: usize, marks: &mut Marks) {
        let row = reading.rows[position];
        let touchpoint = reading.touchpoint[position] as usize;
        let known = u64::from(!reading.ephemeral);
        let met = &mut self.touchpoints[touchpoint];
        met.interactions += 1;
        met.identified += known;
        met.last_at = met.last_at.max(rows.at[row]);
        if rows.cost[row] == NO_COST {
            met.without_cost += 1;
        } else {
            met.cost += rows.cost[row];
        }
        if let Some(score) = unpack_score(rows.score[row]) {
            met.answers += 1;
            met.satisfied += u64::from(score.is_satisfied());
        }
        if known == 1 && first(&mut marks.touchpoints[touchpoint], marks.now) {
            met.people += 1;
            marks.firsts.push((touchpoint as u16, position));
        }
        let cell = touchpoint * meaning.stages + reading.stage[position] as usize;
        self.cells[cell].interactions += 1;
        if known == 1 && first(&mut marks.cells[cell], marks.now) {
            self.cells[cell].people += 1;
        }
        let channel = meaning.touchpoints[touchpoint].channel;
        let counts = &mut self.channels[channel];
        counts.interactions += 1;
        counts.requests += u64::from(is_request(rows, row));
        counts.people += u64::from(known == 1 && first(&mut marks.channels[channel], marks.now));
    }

    fn progress(&mut self, reading: &Reading) {
        let mut furthest_later = None;
        let mut counted: u32 = 0;
        let mut moved: u32 = 0;
        for episode in reading.episodes.iter().rev() {
            let bit = 1_u32 << episode.stage;
            counted |= bit;
            if furthest_later.is_some_and(|later| later > episode.stage) {
                moved |= bit;
            }
            furthest_later = furthest_later.max(Some(episode.stage));
        }
        for stage in 0..self.reached.len() {
            self.reached[stage] += u64::from(counted >> stage & 1);
            self.moved_on[stage] += u64::from(moved >> stage & 1);
        }
    }

    /// Adds another tally of the same map.
    pub fn merge(&mut self, other: &Self) {
        self.people += other.people;
        self.day_visitors += other.day_visitors;
        self.interactions += other.interactions;
        self.identified += other.identified;
        self.unmapped += other.unmapped;
        self.outcomes += other.outcomes;
        self.outcomes_unknown += other.outcomes_unknown;
        self.value += other.value;
        self.converted += other.converted;
        for (mine, theirs) in self.touchpoints.iter_mut().zip(&other.touchpoints) {
            mine.people += theirs.people;
            mine.interactions += theirs.interactions;
            mine.identified += theirs.identified;
            mine.converted += theirs.converted;
            mine.without_cost += theirs.without_cost;
            mine.cost += theirs.cost;
            mine.last_at = mine.last_at.max(theirs.last_at);
            mine.answers += theirs.answers;
            mine.satisfied += theirs.satisfied;
        }
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            mine.people += theirs.people;
            mine.interactions += theirs.interactions;
        }
        add(&mut self.reached, &other.reached);
        add(&mut self.moved_on, &other.moved_on);
        for (mine, theirs) in self.channels.iter_mut().zip(&other.channels) {
            mine.interactions += theirs.interactions;
            mine.requests += theirs.requests;
            mine.people += theirs.people;
        }
    }
}

/// Adds counts place by place.
pub(crate) fn add(mine: &mut [u64], theirs: &[u64]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

fn is_request(rows: &Rows, row: usize) -> bool {
    let inbound = model::Direction::from_number(rows.direction[row]).is_some_and(model::Direction::reaches_business);
    inbound && Form::from_number(rows.form[row]).is_some_and(Form::is_request)
}
