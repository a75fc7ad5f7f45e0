//! What facts mean: the map, compiled to small lookup tables that are applied while reading.
//!
//! Nothing of this is stored with a row. A changed rule, outcome, stage or segment therefore changes every report
//! at once, also of the past, and can be undone.

use crate::replies::Service;
use crate::sequence::unpack_score;
use foldhash::HashMap;
use model::map::{Segment, TouchpointMap};
use model::rules::{SegmentRule, Trigger};
use model::time::DAY;
use model::{Class, Direction, Instant, Life, Scale, Signature};
use std::collections::BTreeSet;

/// Stands for "bound to no touchpoint".
pub const NOWHERE: u16 = u16::MAX;

/// Is a set of outcomes or stages: bit i stands for the i-th of the map.
pub type Bits = u16;

/// Number of forms a row may name; larger numbers come from a newer version and mean nothing here.
const FORMS: usize = 32;

/// Holds the compiled map. Positions are those of the map's lists.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The first and the last moment of the data.
    pub window: (Instant, Instant),
    /// How many stages there are.
    pub stages: usize,
    /// How many channels there are.
    pub channels: usize,
    /// What is known of each touchpoint.
    pub touchpoints: Vec<Place>,
    /// The target outcome, as a bit.
    pub target: Bits,
    /// A journey ends after so many microseconds without a touch.
    pub journey_gap: i64,
    /// Moving on counts within so many microseconds (M6).
    pub horizon: i64,
    /// Length of a frequency period in microseconds; `i64::MAX`: everything is one period (M9).
    pub period: i64,
    /// By what waiting for an answer is judged (M14, M15).
    pub service: Service,
    signal_touchpoint: Vec<u16>,
    signal_outcomes: Vec<Bits>,
    form_outcomes: [Bits; FORMS],
    contact_stages: Bits,
    form_stages: [Bits; FORMS],
    score_stages: Vec<(Scale, i16, Bits)>,
    /// Ways into a stage by a number of outcomes: (outcome, at least, stages).
    pub(crate) outcome_stages: Vec<(usize, u32, Bits)>,
    /// Ways into a stage by a quiet time after an outcome.
    pub(crate) quiet: Vec<Quiet>,
    /// After so many microseconds of silence a person of this stage falls back to the first.
    pub(crate) lapse: Vec<i64>,
    segments: Vec<Condition>,
    traits: HashMap<u64, u64>,
    /// People who count in no analysis.
    left_out: BTreeSet<u64>,
    only: Only,
}

/// Is which rows a question about sequences is about. Stages and segments follow from everything that a person did all the
/// same: somebody who bought last year is a buyer also in a question about this week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Only {
    /// Not before this moment, UTC microseconds.
    pub from: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
    /// Rows after which the person is in this stage.
    pub stage: Option<u8>,
    /// Rows of touchpoints of this channel, by position; the target outcome stays.
    pub channel: Option<usize>,
    /// People of this segment, by position.
    pub segment: Option<usize>,
}

impl Only {
    /// Tells whether it asks for nothing less than everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// Is what folds need to know of a touchpoint.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The channel, by position.
    pub channel: usize,
    /// The stage it is meant to move people on from, by position.
    pub primary_stage: usize,
    /// Whether it counts as a touch: it is with customers.
    pub with_customers: bool,
    /// Whether the business pushes it, so that there can be too much of it (M9).
    pub pushed: bool,
    /// Whether it says nothing of where a person came from (last non-direct attribution skips it).
    pub direct: bool,
    stages: Bits,
}

/// Is "so many microseconds after the outcome, without complaint".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    pub outcome: usize,
    pub after: i64,
    pub stage: u8,
}

/// Is a segment's rule with names replaced by positions.
#[derive(Clone, Debug)]
enum Condition {
    Everybody,
    Trait(u64),
    Outcomes {
        outcome: usize,
        min: u32,
        max: u32,
    },
    Interactions {
        min: u32,
        max: u32,
    },
    LastSeen {
        min: i64,
        max: i64,
    },
    Touched(usize),
    /// At one of these touchpoints, or anywhere, so often, not before so long ago.
    Met {
        places: Option<Vec<u16>>,
        min: u32,
        max: u32,
        within: i64,
    },
    Stage(usize),
    Worth {
        min: i64,
        max: i64,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// Is what a segment's rule may ask of a person.
pub(crate) struct Profile<'a> {
    pub person: u64,
    pub interactions: u32,
    pub last_at: i64,
    pub outcomes: &'a [u32],
    pub touched: &'a dyn Fn(usize) -> bool,
    /// Counts what happened at some touchpoints, or anywhere, from a moment on.
    pub met: &'a dyn Fn(Option<&[u16]>, i64) -> u32,
    /// The stage at the end of the window.
    pub stage: usize,
    /// What the target outcomes were worth.
    pub worth: i64,
}

impl Meaning {
    /// Compiles a sound map ([`TouchpointMap::problems`] is empty) for the signals of a ledger.
    ///
    /// `signals` are in the order of their numbers. `traits` gives, for each person, the traits known of them.
    #[must_use]
    pub fn new(map: &TouchpointMap, signals: &[Signature], traits: &[(u64, String, String)], window: (Instant, Instant)) -> Self {
        let mut wanted = Vec::new();
        let segments = map.segments.iter().map(|segment: &Segment| condition(&segment.rule, map, &mut wanted)).collect();
        let settings = &map.settings;
        let mut meaning = Self {
            window,
            stages: map.stages.len(),
            channels: map.channels.len(),
            touchpoints: map.touchpoints.iter().map(|touchpoint| place(touchpoint, map)).collect(),
            target: map.target().map_or(0, |at| 1 << at),
            journey_gap: microseconds(settings.journey_gap_days),
            horizon: microseconds(settings.horizon_days),
            period: period(settings.over_use_period_days),
            service: Service::usual(map),
            signal_touchpoint: signals.iter().map(|signature| map.bind(signature).map_or(NOWHERE, |at| at as u16)).collect(),
            signal_outcomes: signals.iter().map(|signature| outcomes_of(map, signature)).collect(),
            form_outcomes: [0; FORMS],
            contact_stages: 0,
            form_stages: [0; FORMS],
            score_stages: Vec::new(),
            outcome_stages: Vec::new(),
            quiet: Vec::new(),
            lapse: map.stages.iter().map(|stage| stage.lapse_days.map_or(i64::MAX, microseconds)).collect(),
            segments,
            traits: traits_wanted(&wanted, traits),
            left_out: BTreeSet::new(),
            only: Only::default(),
        };
        for (at, outcome) in map.outcomes.iter().enumerate() {
            for form in &outcome.rule.forms {
                meaning.form_outcomes[*form as usize] |= 1 << at;
            }
        }
        for (stage, definition) in map.stages.iter().enumerate() {
            for trigger in &definition.entry {
                meaning.add_trigger(stage, trigger, map);
            }
        }
        meaning
    }

    /// Judges waiting by the organisation's own targets and hours.
    #[must_use]
    pub fn serving(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// Leaves people out of everything: they have restricted the use of what is known of them.
    #[must_use]
    pub fn leaving_out(mut self, people: impl IntoIterator<Item = u64>) -> Self {
        self.left_out.extend(people);
        self
    }

    /// Tells whether a person is left out.
    #[must_use]
    pub fn leaves_out(&self, person: u64) -> bool {
        !self.left_out.is_empty() && self.left_out.contains(&person)
    }

    fn add_trigger(&mut self, stage: usize, trigger: &Trigger, map: &TouchpointMap) {
        let bit: Bits = 1 << stage;
        let outcome = |id: &str| map.outcomes.iter().position(|outcome| outcome.id == id);
        match trigger {
            Trigger::Contact {} => self.contact_stages |= bit,
            Trigger::Forms { forms } => forms.iter().for_each(|form| self.form_stages[*form as usize] |= bit),
            Trigger::Touchpoints { touchpoints } => {
                for at in touchpoints.iter().filter_map(|id| map.touchpoint(id)) {
                    self.touchpoints[at].stages |= bit;
                }
            }
            Trigger::Outcome { outcome: id, at_least } => {
                self.outcome_stages.extend(outcome(id).map(|at| (at, *at_least, bit)));
            }
            Trigger::Score { scale, at_least } => self.score_stages.push((*scale, *at_least, bit)),
            Trigger::QuietAfter { outcome: id, days } => {
                let quiet = |outcome| Quiet { outcome, after: microseconds(*days), stage: stage as u8 };
                self.quiet.extend(outcome(id).map(quiet));
            }
        }
    }

    /// Narrows questions about sequences to some rows.
    #[must_use]
    pub const fn about(mut self, only: Only) -> Self {
        self.only = only;
        self
    }

    /// Returns the rows that questions about sequences are about.
    #[must_use]
    pub const fn only(&self) -> &Only {
        &self.only
    }

    /// Returns the touchpoint a signal is bound to, or [`NOWHERE`].
    #[must_use]
    pub fn touchpoint_of(&self, signal: u32) -> u16 {
        self.signal_touchpoint.get(signal as usize).copied().unwrap_or(NOWHERE)
    }

    /// Returns the outcomes that a row is.
    #[must_use]
    pub fn outcomes_of(&self, signal: u32, form: u8) -> Bits {
        let by_signal = self.signal_outcomes.get(signal as usize).copied().unwrap_or(0);
        by_signal & self.form_outcomes.get(form as usize).copied().unwrap_or(0)
    }

    /// Returns the stages that a row opens by itself, counts of outcomes aside.
    #[must_use]
    pub(crate) fn stages_of(&self, touchpoint: u16, form: u8, score: u16) -> Bits {
        let mut stages = self.contact_stages | self.form_stages.get(form as usize).copied().unwrap_or(0);
        if let Some(place) = self.touchpoints.get(touchpoint as usize) {
            stages |= place.stages;
        }
        if score != 0
            && let Some(score) = unpack_score(score)
        {
            for (scale, at_least, bits) in &self.score_stages {
                if *scale == score.scale && score.answer >= *at_least {
                    stages |= bits;
                }
            }
        }
        stages
    }

    /// Returns the segments a person belongs to, bit i for the i-th.
    #[must_use]
    pub(crate) fn segments_of(&self, profile: &Profile) -> u64 {
        let traits = self.traits.get(&profile.person).copied().unwrap_or(0);
        let ends = self.window.1.0;
        self.segments.iter().enumerate().filter(|(_, rule)| holds(rule, profile, traits, ends)).map(|(at, _)| 1 << at).sum()
    }
}

/// Returns how long a frequency period lasts: half a day less than is said, so that what comes every week begins a new one
/// each time; without an end when nothing is said.
fn period(days: u32) -> i64 {
    if days == 0 { i64::MAX } else { microseconds(days).saturating_sub(DAY / 2) }
}

/// Turns days into microseconds; so many that they do not fit mean "never".
fn microseconds(days: u32) -> i64 {
    i64::from(days).saturating_mul(DAY)
}

fn place(touchpoint: &model::Touchpoint, map: &TouchpointMap) -> Place {
    let with_customers = touchpoint.class == Class::Customer && touchpoint.life != Life::Planned;
    Place {
        channel: map.channels.iter().position(|channel| channel.id == touchpoint.channel).unwrap_or(0),
        primary_stage: map.stage(&touchpoint.primary_stage).unwrap_or(0),
        with_customers,
        pushed: with_customers && touchpoint.direction == Direction::Outbound,
        direct: touchpoint.direct,
        stages: 0,
    }
}

fn outcomes_of(map: &TouchpointMap, signature: &Signature) -> Bits {
    let fitting = map.outcomes.iter().enumerate().filter(|(_, outcome)| map.counts(outcome, signature));
    fitting.map(|(at, _)| 1 << at).sum()
}

fn condition(rule: &SegmentRule, map: &TouchpointMap, wanted: &mut Vec<(String, String)>) -> Condition {
    let unlimited = u32::MAX;
    let days = microseconds;
    match rule {
        SegmentRule::Everybody {} => Condition::Everybody,
        SegmentRule::Trait { key, is } => {
            let pair = (key.clone(), is.clone());
            let at = wanted.iter().position(|known| *known == pair).unwrap_or_else(|| {
                wanted.push(pair);
                wanted.len() - 1
            });
            Condition::Trait(1_u64.checked_shl(at as u32).unwrap_or(0))
        }
        SegmentRule::Outcomes { outcome, min, max } => Condition::Outcomes {
            outcome: map.outcomes.iter().position(|known| known.id == *outcome).unwrap_or(usize::MAX),
            min: *min,
            max: max.unwrap_or(unlimited),
        },
        SegmentRule::Interactions { min, max } => Condition::Interactions { min: *min, max: max.unwrap_or(unlimited) },
        SegmentRule::LastSeen { min, max } => Condition::LastSeen { min: days(*min), max: max.map_or(i64::MAX, days) },
        SegmentRule::Touched { touchpoint } => Condition::Touched(map.touchpoint(touchpoint).unwrap_or(usize::MAX)),
        SegmentRule::Met { touchpoint, channel, min, max, within_days } => Condition::Met {
            places: places(map, touchpoint.as_deref(), channel.as_deref()),
            min: *min,
            max: max.unwrap_or(unlimited),
            within: within_days.map_or(i64::MAX, days),
        },
        SegmentRule::Stage { stage } => Condition::Stage(map.stage(stage).unwrap_or(usize::MAX)),
        SegmentRule::Worth { min, max } => Condition::Worth { min: *min, max: max.unwrap_or(i64::MAX) },
        SegmentRule::All { of } => Condition::All(of.iter().map(|part| condition(part, map, wanted)).collect()),
        SegmentRule::Any { of } => Condition::Any(of.iter().map(|part| condition(part, map, wanted)).collect()),
        SegmentRule::Not { of } => Condition::Not(Box::new(condition(of, map, wanted))),
    }
}

/// Finds the touchpoints that a rule is about; `None`: anywhere, also where no touchpoint is.
fn places(map: &TouchpointMap, touchpoint: Option<&str>, channel: Option<&str>) -> Option<Vec<u16>> {
    (touchpoint.is_some() || channel.is_some()).then(|| {
        let fits = |known: &model::Touchpoint| {
            touchpoint.is_none_or(|id| known.id == id) && channel.is_none_or(|id| known.channel == id)
        };
        map.touchpoints.iter().zip(0_u16..).filter(|(known, _)| fits(known)).map(|(_, at)| at).collect()
    })
}

/// Keeps of all traits the ones that some segment asks for, as bits per person.
fn traits_wanted(wanted: &[(String, String)], traits: &[(u64, String, String)]) -> HashMap<u64, u64> {
    let mut known: HashMap<u64, u64> = HashMap::default();
    for (person, key, value) in traits {
        if let Some(at) = wanted.iter().position(|(wanted_key, is)| wanted_key == key && is == value) {
            *known.entry(*person).or_default() |= 1_u64.checked_shl(at as u32).unwrap_or(0);
        }
    }
    known
}

fn holds(condition: &Condition, profile: &Profile, traits: u64, ends: i64) -> bool {
    match condition {
        Condition::Everybody => true,
        Condition::Trait(bit) => traits & bit != 0,
        Condition::Outcomes { outcome, min, max } => {
            let count = profile.outcomes.get(*outcome).copied().unwrap_or(0);
            (*min..=*max).contains(&count)
        }
        Condition::Interactions { min, max } => (*min..=*max).contains(&profile.interactions),
        Condition::LastSeen { min, max } => (*min..=*max).contains(&(ends - profile.last_at)),
        Condition::Touched(touchpoint) => (profile.touched)(*touchpoint),
        Condition::Met { places, min, max, within } => {
            (*min..=*max).contains(&(profile.met)(places.as_deref(), ends.saturating_sub(*within)))
        }
        Condition::Stage(stage) => profile.stage == *stage,
        Condition::Worth { min, max } => (*min..=*max).contains(&profile.worth),
        Condition::All(parts) => parts.iter().all(|part| holds(part, profile, traits, ends)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, profile, traits, ends)),
        Condition::Not(part) => !holds(part, profile, traits, ends),
    }
}
