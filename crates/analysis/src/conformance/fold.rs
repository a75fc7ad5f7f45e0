//! The lived journeys of everybody, aligned and counted: counts only, so that parts merge to the whole bit for bit.
//!
//! A lived journey begins when a person meets a touchpoint at which the design may begin. It ends with a silence longer
//! than the map's journey gap, when it has met a step at which the design may end and nothing designed can follow, when it
//! would begin anew, or with the data. Meeting the same touchpoint again at once is one meeting.

use super::{Alignment, Deviation, Met, Plan, TRACE_MAX, Tokens, align};
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows, unpack_score};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Is what is asked: which design, of whom.
#[derive(Debug)]
pub struct Question {
    /// The design.
    pub plan: Plan,
    /// The segment, by position; none: everybody.
    pub segment: Option<usize>,
    /// Whether touchpoints that the design does not name are left out.
    pub ignores_others: bool,
}

/// Counts lived journeys with something in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Journeys.
    pub journeys: u64,
    /// Satisfied answers in them.
    pub satisfied: u64,
    /// Answers in them.
    pub answers: u64,
    /// Journeys in which the target outcome happened.
    pub converted: u64,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.journeys += other.journeys;
        self.satisfied += other.satisfied;
        self.answers += other.answers;
        self.converted += other.converted;
    }
}

/// Reads lived journeys and keeps counts.
#[derive(Debug)]
pub struct ConformanceFold {
    meaning: Arc<Meaning>,
    question: Arc<Question>,
    /// All journeys.
    pub all: Count,
    /// Journeys without a deviation.
    pub clean: Count,
    /// People who began one.
    pub people: u64,
    /// Journeys by (cost in halves, length of the trace).
    pub fits: BTreeMap<(u32, u32), u64>,
    /// Journeys by what token replay counts of each.
    pub tokens: BTreeMap<Tokens, u64>,
    /// Journeys by deviation, each once however often it deviates there.
    pub deviations: BTreeMap<Deviation, Count>,
    /// Times that each deviation happened.
    pub times: BTreeMap<Deviation, u64>,
    /// Journeys in which each step was met.
    pub met: Vec<u64>,
    /// Interactions at touchpoints of the design, and all interactions with customers, of the people asked about.
    pub explained: (u64, u64),
    /// Journeys that were longer than what is aligned.
    pub cut: u64,
    scratch: Reading,
}

impl ConformanceFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, question: Arc<Question>) -> Self {
        let met = vec![0; question.plan.steps.len()];
        Self {
            meaning,
            question,
            all: Count::default(),
            clean: Count::default(),
            people: 0,
            fits: BTreeMap::new(),
            tokens: BTreeMap::new(),
            deviations: BTreeMap::new(),
            times: BTreeMap::new(),
            met,
            explained: (0, 0),
            cut: 0,
            scratch: Reading::default(),
        }
    }

    /// Returns what is asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    fn person(&mut self, rows: &Rows) {
        let (meaning, question) = (Arc::clone(&self.meaning), Arc::clone(&self.question));
        let reading = std::mem::take(&mut self.scratch);
        let wanted = question.segment.is_none_or(|segment| reading.segments >> segment & 1 == 1);
        if wanted && !reading.ephemeral && !reading.rows.is_empty() {
            let mut lived = Lived::default();
            let mut began = false;
            for (position, row) in reading.rows.iter().enumerate() {
                let touchpoint = reading.touchpoint[position];
                if touchpoint == NOWHERE || !meaning.touchpoints[touchpoint as usize].with_customers {
                    lived.note(reading.outcomes[position], rows.score[*row]);
                    continue;
                }
                let named = question.plan.names(touchpoint);
                self.explained.0 += u64::from(named);
                self.explained.1 += 1;
                let at = rows.at[*row];
                let begins = question.plan.begins_at(touchpoint);
                if lived.is_over(&meaning, at) || (begins && lived.has_left_the_start(&question.plan)) {
                    self.keep(&mut lived, &meaning);
                }
                if lived.trace.is_empty() && !begins {
                    continue;
                }
                began = true;
                if named || !question.ignores_others {
                    lived.meet(touchpoint, at);
                }
                lived.last_at = at;
                lived.note(reading.outcomes[position], rows.score[*row]);
            }
            self.keep(&mut lived, &meaning);
            self.people += u64::from(began);
        }
        self.scratch = reading;
    }

    /// Aligns a lived journey that is over and counts it.
    fn keep(&mut self, lived: &mut Lived, meaning: &Meaning) {
        let lived = std::mem::take(lived);
        if lived.trace.is_empty() {
            return;
        }
        let Alignment { halves, deviations, met } = align(&self.question.plan, &lived.trace);
        let count = Count {
            journeys: 1,
            satisfied: lived.satisfied,
            answers: lived.answers,
            converted: u64::from(lived.outcomes & meaning.target != 0),
        };
        self.all.add(&count);
        if deviations.is_empty() {
            self.clean.add(&count);
        }
        self.cut += u64::from(lived.is_cut);
        *self.fits.entry((halves, lived.trace.len() as u32)).or_default() += 1;
        *self.tokens.entry(self.question.plan.replay(&lived.trace)).or_default() += 1;
        met.iter().collect::<std::collections::BTreeSet<_>>().into_iter().for_each(|step| self.met[*step as usize] += 1);
        let mut seen = std::collections::BTreeSet::new();
        for deviation in deviations {
            *self.times.entry(deviation).or_default() += 1;
            if seen.insert(deviation) {
                self.deviations.entry(deviation).or_default().add(&count);
            }
        }
    }
}

impl Fold for ConformanceFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if meaning.leaves_out(rows.person[person.start]) {
                continue;
            }
            self.scratch.read(&meaning, rows, person);
            self.person(rows);
        }
    }

    fn merge(&mut self, other: Self) {
        self.all.add(&other.all);
        self.clean.add(&other.clean);
        self.people += other.people;
        self.cut += other.cut;
        self.explained.0 += other.explained.0;
        self.explained.1 += other.explained.1;
        for (fit, journeys) in other.fits {
            *self.fits.entry(fit).or_default() += journeys;
        }
        for (tokens, journeys) in other.tokens {
            *self.tokens.entry(tokens).or_default() += journeys;
        }
        for (deviation, count) in other.deviations {
            self.deviations.entry(deviation).or_default().add(&count);
        }
        for (deviation, times) in other.times {
            *self.times.entry(deviation).or_default() += times;
        }
        self.met.iter_mut().zip(other.met).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// Is a lived journey under way.
#[derive(Default)]
struct Lived {
    trace: Vec<Met>,
    last_at: i64,
    outcomes: u16,
    satisfied: u64,
    answers: u64,
    is_cut: bool,
}

impl Lived {
    fn is_over(&self, meaning: &Meaning, at: i64) -> bool {
        !self.trace.is_empty() && at.saturating_sub(self.last_at) > meaning.journey_gap
    }

    /// Tells whether something else than the first touchpoint was met: then meeting that one again begins a new journey.
    fn has_left_the_start(&self, plan: &Plan) -> bool {
        self.trace.iter().any(|met| plan.names(met.touchpoint) && !plan.begins_at(met.touchpoint))
    }

    fn meet(&mut self, touchpoint: u16, at: i64) {
        if self.trace.last().is_some_and(|last| last.touchpoint == touchpoint) {
            return;
        }
        if self.trace.len() == TRACE_MAX {
            self.is_cut = true;
            return;
        }
        self.trace.push(Met { touchpoint, at, outcomes: 0 });
    }

    /// Notes what came of it: outcomes and answers count to the journey, outcomes also to the last meeting.
    fn note(&mut self, outcomes: u16, score: u16) {
        let Some(last) = self.trace.last_mut() else { return };
        last.outcomes |= outcomes;
        self.outcomes |= outcomes;
        if let Some(score) = unpack_score(score) {
            self.answers += 1;
            self.satisfied += u64::from(score.is_satisfied());
        }
    }
}
