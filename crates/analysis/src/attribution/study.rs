//! Attribution on the ledger: journeys cut by a stated policy, every model on the same journeys, intervals over people.
//!
//! The **policy** moves results more than the model does, so it is part of the question and of the answer: what a touch is (a
//! touchpoint or its channel), after how long a silence a journey ends, how far back a touch may lie before its outcome, and the
//! half-life of time decay. A journey ends with the target outcome, with the silence, or with the data; after an outcome a new
//! one begins. An outcome that no touch led to is credited to the touchpoint where it happened; without one it is *untouched*.
//!
//! **Intervals** come from a Poisson bootstrap over people: people are dealt by lot into [`BLOCKS`] blocks that the fold keeps
//! apart, each of [`DRAWS`] draws weighs every block by a Poisson number of mean 1, and every model is computed anew. The same
//! data give the same draws. State is the distinct paths of each block, so any order of merging gives the same bits.
//!
//! | person | rows | journeys (gap 30 days, all ads, mail, till are touchpoints) |
//! |---|---|---|
//! | 1 | ads 0, mail 1, bought 2 | ads > mail, outcome |
//! | 2 | ads 0, ads 40 | ads; ads, both without outcome |
//! | 3 | bought 0 at the till | till, outcome |
//! | 4 | ads 0, bought 1, mail 2 | ads, outcome; mail without |
//! | 5 | ads 0, bought 60, looking back 30 days | ads without; till, outcome |

use super::games;
use super::hazard::{Hazard, HazardSums};
use super::markov::{Flows, Markov, Order};
use super::orders::{self, Drawn};
use super::{Counted, Credit, Ends, JourneyCounts, Rule, time_decay};
use crate::fixed::Fixed;
use crate::intervals::{Estimate, Interval, Z95, proportion, t_quantile, wilson_of};
use crate::landmarks::mix;
use crate::meaning::{Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use libm::sqrt;
use std::collections::HashMap;
use std::sync::Arc;

/// How many blocks people are dealt into. Not more: 63 degrees of freedom make intervals 1.9 % wider than endless ones would,
/// while every block keeps distinct paths of its own, so that twice the blocks take nearly twice the memory and time.
pub const BLOCKS: usize = 64;

/// How many times the blocks are drawn.
pub const DRAWS: usize = 200;

/// A journey keeps so many touches, the last ones: a machine that was not recognised must not fill the memory.
pub const TOUCHES_MAX: usize = 512;

/// Chains with more ways out of all states, times touchpoints, are drawn only [`FEW_DRAWS`] times; it would take seconds.
const REDRAWN_WAYS: usize = 20_000;
/// Chains with more than so many are not drawn again at all: there is no interval.
const NEVER_REDRAWN_WAYS: usize = 200_000;
/// The fewest draws that make an interval: its length is then right to about a tenth.
const FEW_DRAWS: usize = 50;

/// Is how journeys are cut and what a touch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Whether touches of one channel are the same touch.
    pub by_channel: bool,
    /// A journey ends after so many microseconds without a touch.
    pub gap: i64,
    /// Touches further back than so many microseconds before the outcome have no part in it.
    pub lookback: Option<i64>,
    /// The half-life of time decay, in microseconds.
    pub half_life: i64,
}

/// Cuts everybody's rows into journeys and counts them by path.
#[derive(Debug)]
pub struct JourneyFold {
    meaning: Arc<Meaning>,
    policy: Policy,
    direct: Vec<bool>,
    blocks: Vec<Block>,
    /// With an estimate of hazards, the sums of one step are taken in place of all else.
    hazard: Option<(Arc<Hazard>, HazardSums)>,
    reading: Reading,
    touches: Vec<(u16, i64)>,
    path: Vec<u16>,
    times: Vec<i64>,
    shares: Vec<Fixed>,
}

/// Is what one block of people did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// People with at least one touch.
    pub people: u64,
    /// Journeys by path.
    pub journeys: JourneyCounts,
    /// Outcomes that nothing led to.
    pub untouched: Counted,
    /// Credits by time decay, which needs times that paths have not.
    pub decay: Vec<Credit>,
    /// By unit: what is known of people and outcomes beside the paths.
    pub units: Vec<Unit>,
}

/// Is what is known of one touchpoint or channel beside the paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unit {
    /// People whose first touch it was.
    pub met_first: u64,
    /// Those of them who had an outcome at all.
    pub met_first_converted: u64,
    /// Outcomes with it as the last touch that is not direct.
    pub closed: u64,
    /// Those of them that were the person's first outcome.
    pub closed_new: u64,
}

impl Block {
    fn new(units: usize) -> Self {
        Self {
            people: 0,
            journeys: JourneyCounts::default(),
            untouched: Counted::default(),
            decay: vec![Credit::default(); units],
            units: vec![Unit::default(); units],
        }
    }

    fn merge(&mut self, other: Self) {
        self.people += other.people;
        self.journeys.merge(other.journeys);
        self.untouched.conversions += other.untouched.conversions;
        self.untouched.value += other.untouched.value;
        self.decay.iter_mut().zip(other.decay).for_each(|(mine, theirs)| *mine += theirs);
        for (mine, theirs) in self.units.iter_mut().zip(other.units) {
            mine.met_first += theirs.met_first;
            mine.met_first_converted += theirs.met_first_converted;
            mine.closed += theirs.closed;
            mine.closed_new += theirs.closed_new;
        }
    }
}

impl JourneyFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, policy: Policy) -> Self {
        let direct: Vec<bool> = if policy.by_channel {
            // A channel says nothing of where people came from when none of its touchpoints does.
            let of = |channel: usize| meaning.touchpoints.iter().filter(move |place| place.channel == channel);
            (0..meaning.channels).map(|channel| of(channel).count() > 0 && of(channel).all(|place| place.direct)).collect()
        } else {
            meaning.touchpoints.iter().map(|place| place.direct).collect()
        };
        let blocks = vec![Block::new(direct.len()); BLOCKS];
        Self {
            meaning,
            policy,
            direct,
            blocks,
            hazard: None,
            reading: Reading::default(),
            touches: Vec::new(),
            path: Vec::new(),
            times: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Makes a fold that takes the sums of one step in the estimation of hazards, and nothing else.
    #[must_use]
    pub fn for_hazard(meaning: Arc<Meaning>, policy: Policy, hazard: Arc<Hazard>) -> Self {
        let mut fold = Self::new(meaning, policy);
        let sums = HazardSums::new(fold.units());
        fold.hazard = Some((hazard, sums));
        fold
    }

    /// Returns the sums of that step.
    #[must_use]
    pub fn hazard_sums(self) -> Option<HazardSums> {
        self.hazard.map(|(_, sums)| sums)
    }

    /// Returns how many touchpoints or channels there are.
    #[must_use]
    pub fn units(&self) -> usize {
        self.direct.len()
    }

    /// Returns the blocks.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Sums all blocks.
    #[must_use]
    pub fn whole(&self) -> Block {
        let mut whole = Block::new(self.units());
        self.blocks.iter().cloned().for_each(|block| whole.merge(block));
        whole
    }

    fn unit(&self, touchpoint: u16) -> u16 {
        if self.policy.by_channel { self.meaning.touchpoints[touchpoint as usize].channel as u16 } else { touchpoint }
    }

    /// Cuts the rows of the person that was just read.
    fn count(&mut self, rows: &Rows) {
        let block = mix(self.reading.person) as usize % BLOCKS;
        self.touches.clear();
        let (mut first_met, mut outcomes) = (None, 0_u64);
        for position in 0..self.reading.rows.len() {
            let row = self.reading.rows[position];
            let at = rows.at[row];
            if self.touches.last().is_some_and(|(_, last)| at.saturating_sub(*last) > self.policy.gap) {
                self.end(block, None, false, at);
            }
            let own = self.reading.touchpoint[position];
            let is_own = own != NOWHERE && self.meaning.touchpoints[own as usize].with_customers;
            if self.reading.outcomes[position] & self.meaning.target != 0 {
                self.look_back(block, at);
                if self.touches.is_empty() && is_own {
                    self.touches.push((self.unit(own), at));
                }
                first_met = first_met.or(self.touches.first().map(|(unit, _)| *unit));
                self.end(block, Some(rows.value[row]), outcomes == 0, at);
                outcomes += 1;
            } else if is_own {
                if self.touches.len() == TOUCHES_MAX {
                    self.touches.remove(0);
                }
                let unit = self.unit(own);
                self.touches.push((unit, at));
                first_met = first_met.or(Some(unit));
            }
        }
        if !self.touches.is_empty() {
            self.end(block, None, false, self.meaning.window.1.0);
        }
        if let Some(unit) = first_met {
            let block = &mut self.blocks[block];
            block.people += 1;
            block.units[usize::from(unit)].met_first += 1;
            block.units[usize::from(unit)].met_first_converted += u64::from(outcomes > 0);
        }
    }

    /// Parts the touches that are too old for an outcome from the others: they led to nothing.
    fn look_back(&mut self, block: usize, at: i64) {
        let Some(lookback) = self.policy.lookback else { return };
        let old = self.touches.iter().take_while(|(_, touch)| at.saturating_sub(*touch) > lookback).count();
        if old > 0 {
            let recent = self.touches.split_off(old);
            self.end(block, None, false, at);
            self.touches = recent;
        }
    }

    /// Counts the journey that has come to its end, and begins anew.
    fn end(&mut self, block: usize, outcome: Option<i64>, is_first: bool, at: i64) {
        if let Some((hazard, sums)) = &mut self.hazard {
            let last = self.touches.last().map_or(at, |(_, last)| *last);
            let until = if outcome.is_some() { at } else { at.min(last.saturating_add(self.policy.gap)) };
            if !self.touches.is_empty() {
                sums.take(hazard, &self.touches, until, outcome.is_some());
            }
            self.touches.clear();
            return;
        }
        let block = &mut self.blocks[block];
        self.path.clear();
        self.path.extend(self.touches.iter().map(|(unit, _)| *unit));
        match outcome {
            None => block.journeys.take(&self.path, Ends { conversions: 0, value: Fixed::ZERO, nulls: 1 }),
            Some(value) if self.path.is_empty() => {
                block.untouched.conversions += 1;
                block.untouched.value += value;
            }
            Some(value) => {
                block.journeys.take(&self.path, Ends { conversions: 1, value: Fixed::whole(value), nulls: 0 });
                self.times.clear();
                self.times.extend(self.touches.iter().map(|(_, at)| *at));
                time_decay(&self.times, self.policy.half_life.max(1), &mut self.shares);
                let mut left = Credit { conversions: Fixed::ONE, value: Fixed::whole(value) };
                let whole = left;
                let last = self.path.len() - 1;
                for (unit, share) in self.path.iter().zip(&self.shares).take(last) {
                    let part = Credit { conversions: *share, value: share.of(whole.value) };
                    block.decay[usize::from(*unit)] += part;
                    left -= part;
                }
                block.decay[usize::from(self.path[last])] += left;
                let closing = usize::from(self.path[super::rules::last_non_direct(&self.path, &self.direct)]);
                block.units[closing].closed += 1;
                block.units[closing].closed_new += u64::from(is_first);
            }
        }
        self.touches.clear();
    }
}

impl Fold for JourneyFold {
    fn take(&mut self, rows: &Rows) {
        let meaning = Arc::clone(&self.meaning);
        for person in rows.people() {
            if self.reading.read_known(&meaning, rows, person) {
                self.count(rows);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.blocks.iter_mut().zip(other.blocks).for_each(|(mine, theirs)| mine.merge(theirs));
        if let (Some((_, mine)), Some((_, theirs))) = (&mut self.hazard, &other.hazard) {
            mine.merge(theirs);
        }
    }
}

/// Is a way to split outcomes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Model {
    /// A rule by position.
    Rule(Rule),
    /// Half as much for each half-life before the last touch.
    TimeDecay,
    /// Removal effect.
    Markov(Order),
    /// The game of the cumulative rate.
    CumulativeRate,
    /// The game of exact sets.
    ExactSet,
    /// The Markov game.
    MarkovGame,
    /// By pairs.
    ShaoLi,
    /// Additive hazard: many passes over the ledger, so only where it is asked for by name ([`hazard_answer`]).
    Hazard,
}

impl Model {
    /// Every model that one pass answers, in the order of presentation.
    pub const ALL: [Self; 15] = [
        Self::Rule(Rule::First),
        Self::Rule(Rule::Last),
        Self::Rule(Rule::LastNonDirect),
        Self::Rule(Rule::Linear),
        Self::Rule(Rule::Position),
        Self::Rule(Rule::StepDecay),
        Self::TimeDecay,
        Self::Markov(Order::One),
        Self::Markov(Order::Two),
        Self::Markov(Order::Three),
        Self::Rule(Rule::ShapleySum),
        Self::CumulativeRate,
        Self::ExactSet,
        Self::MarkovGame,
        Self::ShaoLi,
    ];

    /// Returns the name used in interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.name(),
            Self::TimeDecay => "time_decay",
            Self::Markov(Order::One) => "markov_1",
            Self::Markov(Order::Two) => "markov_2",
            Self::Markov(Order::Three) => "markov_3",
            Self::CumulativeRate => "shapley_cumulative_rate",
            Self::ExactSet => "shapley_exact_set",
            Self::MarkovGame => "shapley_markov",
            Self::ShaoLi => "shao_li",
            Self::Hazard => "additive_hazard",
        }
    }
}

/// Is what one model says; lists have one entry per touchpoint or channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The model.
    pub model: Model,
    /// Shares of outcomes, which sum to one; `None` where the model has no answer.
    pub shares: Option<Vec<Estimate>>,
    /// Value credited, in minor units, where the model speaks of value.
    pub value: Option<Vec<f64>>,
    /// Whether orders of joining were drawn by lot: intervals then tell the error of that alone, not that of people.
    pub is_drawn: bool,
}

/// Computes models over the journeys of a fold. Nothing converted: no model has an answer.
#[must_use]
pub fn study(fold: &JourneyFold, models: &[Model]) -> Vec<Answer> {
    Study::new(fold).answers(models)
}

/// Makes the answer of the additive hazard of the outcomes that it credits; there is no interval.
#[must_use]
pub fn hazard_answer(sums: &HazardSums) -> Answer {
    let shares = normalised(&sums.credits());
    let plain = |shares: Vec<f64>| shares.into_iter().map(|value| Estimate { value, interval: None }).collect();
    Answer { model: Model::Hazard, shares: shares.map(plain), value: None, is_drawn: false }
}

/// Holds the journeys, numbered by the units that were met: games count sets of those only.
struct Study<'a> {
    fold: &'a JourneyFold,
    met: Vec<u16>,
    blocks: Vec<JourneyCounts>,
    whole: JourneyCounts,
    totals: Ends,
    draws: Vec<[u8; BLOCKS]>,
}

impl<'a> Study<'a> {
    fn new(fold: &'a JourneyFold) -> Self {
        let mut met: Vec<u16> =
            fold.blocks.iter().flat_map(|block| block.journeys.iter()).flat_map(|(path, _)| path).copied().collect();
        met.sort_unstable();
        met.dedup();
        let number = |unit: &u16| met.binary_search(unit).unwrap_or_default() as u16;
        let renamed = |journeys: &JourneyCounts| {
            let mut renamed = JourneyCounts::default();
            journeys.iter().for_each(|(path, ends)| renamed.take(&path.iter().map(number).collect::<Vec<_>>(), *ends));
            renamed
        };
        let blocks: Vec<JourneyCounts> = fold.blocks.iter().map(|block| renamed(&block.journeys)).collect();
        let mut whole = JourneyCounts::default();
        blocks.iter().cloned().for_each(|block| whole.merge(block));
        let totals = whole.totals();
        Self { fold, met, blocks, whole, totals, draws: draws() }
    }

    fn answers(&self, models: &[Model]) -> Vec<Answer> {
        models.iter().map(|model| self.answer(*model)).collect()
    }

    fn answer(&self, model: Model) -> Answer {
        if self.totals.conversions == 0 {
            return Answer { model, shares: None, value: None, is_drawn: false };
        }
        match model {
            Model::Rule(rule) => {
                let direct: Vec<bool> = self.met.iter().map(|unit| self.fold.direct[usize::from(*unit)]).collect();
                self.additive(model, self.blocks.iter().map(|journeys| rule.credits(journeys, &direct)).collect())
            }
            Model::TimeDecay => {
                let pick = |decay: &[Credit]| self.met.iter().map(|unit| decay[usize::from(*unit)]).collect();
                self.additive(model, self.fold.blocks.iter().map(|block| pick(&block.decay)).collect())
            }
            Model::Markov(order) => self.markov(order),
            Model::CumulativeRate if self.met.len() > games::EXACT_UP_TO => {
                self.drawn(model, orders::cumulative_rate(&sets(&self.whole), self.met.len()))
            }
            Model::CumulativeRate => {
                self.by_sets(model, |journeys, n| games::cumulative_rate(journeys, n).and_then(|added| normalised(&added)))
            }
            Model::ShaoLi => self.by_sets(model, |journeys, n| normalised(&games::shao_li(journeys, n))),
            Model::ExactSet => self.drawn(model, games::exact_set(&self.whole, self.met.len())),
            Model::MarkovGame if self.met.len() > games::MARKOV_UP_TO => {
                self.drawn(model, orders::markov_game(&self.whole, self.met.len()))
            }
            Model::MarkovGame => self.plain(model, games::markov_game(&self.whole, self.met.len())),
            Model::Hazard => Answer { model, shares: None, value: None, is_drawn: false },
        }
    }

    /// Finishes a model whose credits are sums over journeys.
    fn additive(&self, model: Model, credits: Vec<Vec<Credit>>) -> Answer {
        let n = self.met.len();
        let sum = |weight: &dyn Fn(usize) -> i64| {
            let mut sums = vec![Credit::default(); n];
            for (block, credits) in credits.iter().enumerate().filter(|(block, _)| weight(*block) > 0) {
                let weight = weight(block);
                for (sum, credit) in sums.iter_mut().zip(credits) {
                    *sum += Credit { conversions: credit.conversions * weight, value: credit.value * weight };
                }
            }
            sums
        };
        let shares = |sums: &[Credit]| normalised(&sums.iter().map(|credit| credit.conversions.to_f64()).collect::<Vec<_>>());
        let whole = sum(&|_| 1);
        let drawn: Vec<Vec<f64>> = self.draws.iter().filter_map(|draw| shares(&sum(&|block| i64::from(draw[block])))).collect();
        let value = whole.iter().map(|credit| credit.value.to_f64()).collect();
        self.finished(model, shares(&whole), &drawn, Some(value))
    }

    fn markov(&self, order: Order) -> Answer {
        let n = self.met.len();
        let chain = Redrawn::new(&self.whole, &self.blocks, order);
        let whole = Markov::from_flows(&chain.whole, n);
        let redraws = match chain.whole.steps.len().saturating_mul(n) {
            ways if ways > NEVER_REDRAWN_WAYS => 0,
            ways if ways > REDRAWN_WAYS => FEW_DRAWS,
            _ => DRAWS,
        };
        let drawn = self.draws.iter().take(redraws);
        let drawn: Vec<Vec<f64>> =
            drawn.filter_map(|draw| normalised(&Markov::from_flows(&chain.drawn(draw), n).removal)).collect();
        let total = self.totals.value.to_f64();
        let value = whole.shares_value().iter().map(|share| share * total).collect();
        self.finished(Model::Markov(order), normalised(&whole.removal), &drawn, Some(value))
    }

    /// Finishes a model that asks only which touchpoints a journey has.
    fn by_sets(&self, model: Model, compute: impl Fn(&JourneyCounts, usize) -> Option<Vec<f64>>) -> Answer {
        let reduced: Vec<JourneyCounts> = self.blocks.iter().map(sets).collect();
        let whole = compute(&sets(&self.whole), self.met.len());
        let is_small = reduced.iter().map(JourneyCounts::len).sum::<usize>() <= 20_000 && self.met.len() <= 13;
        let redraws = if whole.is_some() && is_small { &self.draws[..] } else { &[][..] };
        let drawn: Vec<Vec<f64>> = redraws
            .iter()
            .filter_map(|draw| {
                let mut weighed = JourneyCounts::default();
                for (journeys, weight) in reduced.iter().zip(draw).filter(|(_, weight)| **weight > 0) {
                    let weight = u64::from(*weight);
                    journeys.iter().for_each(|(path, ends)| {
                        let ends =
                            Ends { conversions: ends.conversions * weight, value: Fixed::ZERO, nulls: ends.nulls * weight };
                        weighed.take(path, ends);
                    });
                }
                compute(&weighed, self.met.len())
            })
            .collect();
        self.finished(model, whole, &drawn, None)
    }

    fn plain(&self, model: Model, added: Option<Vec<f64>>) -> Answer {
        self.finished(model, added.and_then(|added| normalised(&added)), &[], None)
    }

    /// Finishes a game of which orders were drawn; the interval is that of the drawing alone, and is none where nothing was drawn.
    fn drawn(&self, model: Model, drawn: Option<Drawn>) -> Answer {
        let Some(drawn) = drawn else { return Answer { model, shares: None, value: None, is_drawn: false } };
        let total: f64 = drawn.added.iter().sum();
        let mut answer = self.plain(model, Some(drawn.added));
        answer.is_drawn = drawn.error.iter().any(|error| *error > 0.0);
        for (error, unit) in drawn.error.iter().zip(&self.met).filter(|_| answer.is_drawn) {
            if let Some(share) = answer.shares.as_mut().and_then(|shares| shares.get_mut(usize::from(*unit))) {
                let half = Z95 * error / total;
                share.interval = Some(Interval { low: share.value - half, high: share.value + half });
            }
        }
        answer
    }

    /// Puts shares and intervals in the places of all units.
    fn finished(&self, model: Model, shares: Option<Vec<f64>>, drawn: &[Vec<f64>], value: Option<Vec<f64>>) -> Answer {
        let units = self.fold.units();
        let nothing = if drawn.is_empty() { None } else { Some(wilson_of(0.0, self.totals.conversions as f64)) };
        let shares = shares.map(|shares| {
            let mut placed = vec![Estimate { value: 0.0, interval: nothing }; units];
            for (at, share) in shares.iter().enumerate() {
                let draws: Vec<f64> = drawn.iter().map(|draw| draw[at]).collect();
                let interval = self.interval(*share, &draws);
                placed[usize::from(self.met[at])] = Estimate { value: *share, interval };
            }
            placed
        });
        let value = value.filter(|_| shares.is_some()).map(|value| {
            let mut placed = vec![0.0; units];
            value.iter().enumerate().for_each(|(at, value)| placed[usize::from(self.met[at])] = *value);
            placed
        });
        Answer { model, shares, value, is_drawn: false }
    }

    /// Makes an interval of the spread of draws; that of Wilson where nothing varies, as nothing seen is not nothing possible.
    fn interval(&self, share: f64, drawn: &[f64]) -> Option<Interval> {
        if drawn.len() < FEW_DRAWS / 2 {
            return None;
        }
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let spread = sqrt(drawn.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / (drawn.len() - 1) as f64);
        if spread <= 1e-12 {
            return Some(wilson_of(share, self.totals.conversions as f64));
        }
        let half = t_quantile(0.975, (BLOCKS - 1) as f64) * spread;
        // Games may credit less than nothing; other shares lie between 0 and 1.
        let floor = if share < 0.0 { f64::MIN } else { 0.0 };
        Some(Interval { low: share - half, high: share + half }.within(floor, 1.0))
    }
}

/// Counts journeys by the set of their touches.
fn sets(journeys: &JourneyCounts) -> JourneyCounts {
    let mut reduced = JourneyCounts::default();
    let mut set = Vec::new();
    for (path, ends) in journeys.iter() {
        set.clear();
        set.extend_from_slice(path);
        set.sort_unstable();
        set.dedup();
        reduced.take(&set, *ends);
    }
    reduced
}

/// Returns parts of their sum; `None` where that is not positive.
fn normalised(parts: &[f64]) -> Option<Vec<f64>> {
    let sum: f64 = parts.iter().sum();
    (sum > 1e-12 && sum.is_finite()).then(|| parts.iter().map(|part| part / sum).collect())
}

/// Makes the weights of all draws: Poisson numbers of mean 1, by lot but always the same.
fn draws() -> Vec<[u8; BLOCKS]> {
    let weight = |draw: usize, block: usize| {
        let lot = mix(((draw * BLOCKS + block) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) as f64 / u64::MAX as f64;
        let (mut weight, mut chance) = (0_u8, libm::exp(-1.0));
        let mut sum = chance;
        while lot > sum && weight < 12 {
            weight += 1;
            chance /= f64::from(weight);
            sum += chance;
        }
        weight
    };
    (0..DRAWS).map(|draw| std::array::from_fn(|block| weight(draw, block))).collect()
}

/// Holds the flows of a chain block by block, under common numbers, so that a draw is a sum.
struct Redrawn {
    whole: Flows,
    starts: Vec<Vec<(usize, u64)>>,
    steps: Vec<Vec<(usize, u64)>>,
    ends: Vec<Vec<(usize, Ends)>>,
}

impl Redrawn {
    fn new(whole: &JourneyCounts, blocks: &[JourneyCounts], order: Order) -> Self {
        let whole = Flows::of(whole, order);
        let number: HashMap<_, usize> = whole.states.iter().enumerate().map(|(at, gram)| (*gram, at)).collect();
        let place: HashMap<(u32, u32), usize> = whole.steps.iter().enumerate().map(|(at, (way, _))| (*way, at)).collect();
        let mut redrawn = Self { starts: Vec::new(), steps: Vec::new(), ends: Vec::new(), whole };
        for journeys in blocks {
            let flows = Flows::of(journeys, order);
            let known: Vec<usize> = flows.states.iter().map(|gram| number[gram]).collect();
            redrawn.starts.push(known.iter().copied().zip(flows.starts.iter().copied()).collect());
            redrawn.ends.push(known.iter().copied().zip(flows.ends.iter().copied()).collect());
            let way = |(from, to): (u32, u32)| place[&(known[from as usize] as u32, known[to as usize] as u32)];
            redrawn.steps.push(flows.steps.iter().map(|(ends, weight)| (way(*ends), *weight)).collect());
        }
        redrawn
    }

    fn drawn(&self, draw: &[u8; BLOCKS]) -> Flows {
        let states = self.whole.states.len();
        let mut flows = Flows {
            states: self.whole.states.clone(),
            starts: vec![0; states],
            steps: self.whole.steps.iter().map(|(way, _)| (*way, 0)).collect(),
            ends: vec![Ends::default(); states],
        };
        for (block, weight) in draw.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let weight = u64::from(*weight);
            self.starts[block].iter().for_each(|(state, starts)| flows.starts[*state] += starts * weight);
            self.steps[block].iter().for_each(|(way, steps)| flows.steps[*way].1 += steps * weight);
            for (state, ends) in &self.ends[block] {
                let end = &mut flows.ends[*state];
                end.conversions += ends.conversions * weight;
                end.value += ends.value * weight as i64;
                end.nulls += ends.nulls * weight;
            }
        }
        flows
    }
}

impl Unit {
    /// Returns the share of people met here first who had an outcome (first-impression conversion).
    #[must_use]
    pub fn first_impression(&self) -> Option<Estimate> {
        proportion(self.met_first_converted, self.met_first)
    }

    /// Returns the share of outcomes closed here that were somebody's first (new-to-file rate).
    #[must_use]
    pub fn new_to_file(&self) -> Option<Estimate> {
        proportion(self.closed_new, self.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use model::Form;
    use model::time::DAY;
    use proptest::prelude::*;

    const POLICY: Policy = Policy { by_channel: false, gap: 30 * DAY, lookback: None, half_life: 7 * DAY };

    fn form(touchpoint: &str) -> Form {
        if touchpoint == "till" { Form::Purchase } else { Form::View }
    }

    fn run(rows: &[Row], policy: Policy) -> JourneyFold {
        let (meaning, rows) = example::rows(rows, 400);
        let mut fold = JourneyFold::new(Arc::new(meaning), policy);
        fold.take(&rows);
        fold
    }

    fn rows(people: &[&[(&str, i64)]]) -> Vec<Row> {
        let of = |(person, touches): (usize, &&[(&str, i64)])| {
            touches.iter().map(move |(name, day)| Row::new(person as u64, *day, name, form(name))).collect::<Vec<_>>()
        };
        people.iter().enumerate().flat_map(of).collect()
    }

    fn paths(fold: &JourneyFold) -> Vec<(Vec<u16>, u64, u64)> {
        let whole = fold.whole().journeys;
        whole.sorted().into_iter().map(|(path, ends)| (path.to_vec(), ends.conversions, ends.nulls)).collect()
    }

    #[test]
    fn the_example_of_the_documentation() {
        let (ads, mail, till) = (0, 1, 3);
        /// Is what somebody met and on which day, the window, and the paths that come of it.
        type Case = (&'static [(&'static str, i64)], Option<i64>, Vec<(Vec<u16>, u64, u64)>);
        let cases: [Case; 5] = [
            (&[("ads", 0), ("mail", 1), ("till", 2)], None, vec![(vec![ads, mail], 1, 0)]),
            (&[("ads", 0), ("ads", 40)], None, vec![(vec![ads], 0, 2)]),
            (&[("till", 0)], None, vec![(vec![till], 1, 0)]),
            (&[("ads", 0), ("till", 1), ("mail", 2)], None, vec![(vec![ads], 1, 0), (vec![mail], 0, 1)]),
            (&[("ads", 0), ("till", 60)], Some(30 * DAY), vec![(vec![ads], 0, 1), (vec![till], 1, 0)]),
        ];
        for (person, lookback, expected) in cases {
            let mut policy = Policy { lookback, ..POLICY };
            if lookback.is_some() {
                policy.gap = 90 * DAY;
            }
            assert_eq!(paths(&run(&rows(&[person]), policy)), expected, "{person:?}");
        }
    }

    #[test]
    fn m5_on_the_ledger() {
        let fold = run(
            &rows(&[
                &[("ads", 0), ("till", 1)],
                &[("ads", 0), ("till", 1)],
                &[("mail", 0), ("till", 1)],
                &[("ads", 0), ("mail", 1), ("till", 2)],
                &[("ads", 0)],
            ]),
            POLICY,
        );
        for answer in study(&fold, &Model::ALL) {
            let shares: Vec<f64> = answer.shares.expect("somebody bought").iter().map(|share| share.value).collect();
            let expected = match answer.model {
                Model::Rule(Rule::First) => 0.75,
                Model::Rule(Rule::Last | Rule::LastNonDirect) => 0.5,
                Model::Rule(Rule::Linear | Rule::ShapleySum | Rule::Position) => 0.625,
                Model::Markov(Order::One) => 0.6,
                _ => shares[0],
            };
            assert!((shares[0] - expected).abs() < 1e-12, "{:?} {shares:?}", answer.model);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        let whole = fold.whole();
        assert_eq!((whole.units[0].met_first, whole.units[0].met_first_converted), (4, 3));
        assert_eq!((whole.units[1].closed, whole.units[1].closed_new), (2, 2));
    }

    #[test]
    fn one_person_one_touch_nobody_and_no_outcome_are_answered() {
        for person in [&[][..], &[("ads", 0)], &[("till", 0)], &[("ads", 0), ("ads", 0), ("till", 0)]] {
            for answer in study(&run(&rows(&[person]), POLICY), &Model::ALL) {
                for share in answer.shares.into_iter().flatten() {
                    assert!(share.value.is_finite() && share.interval.is_none_or(|i| i.low <= i.high), "{person:?}");
                }
            }
        }
    }

    #[test]
    fn draws_have_mean_and_variance_one() {
        let weights: Vec<f64> = draws().iter().flatten().map(|weight| f64::from(*weight)).collect();
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let variance = weights.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / weights.len() as f64;
        assert!((mean - 1.0).abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn the_hazard_credits_every_outcome_once() {
        let people: [&[(&str, i64)]; 4] =
            [&[("ads", 0), ("mail", 9), ("till", 10)], &[("ads", 0)], &[("mail", 3), ("till", 4)], &[("till", 2)]];
        let (meaning, rows) = example::rows(&rows(&people), 400);
        let meaning = Arc::new(meaning);
        let sums = super::super::hazard::estimate(4, |hazard| {
            let mut fold = JourneyFold::for_hazard(Arc::clone(&meaning), POLICY, Arc::new(hazard.clone()));
            fold.take(&rows);
            fold.hazard_sums().ok_or("no sums")
        });
        let answer = hazard_answer(&sums.expect("has sums"));
        let shares: Vec<f64> = answer.shares.expect("somebody bought").iter().map(|share| share.value).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9 && shares[1] > shares[0], "{shares:?}");
    }

    proptest! {
        #[test]
        fn one_two_and_seven_parts_give_the_same_bits_and_credits_sum(
            touches in prop::collection::vec((0..40_u64, 0..300_i64, 0..4_usize, -500_i64..900), 0..120),
            lookback in prop::option::of(1..60_i64),
            by_channel: bool,
        ) {
            let policy = Policy { lookback: lookback.map(|days| days * DAY), by_channel, ..POLICY };
            let rows: Vec<Row> = touches
                .iter()
                .map(|(person, day, at, value)| Row {
                    value: if *at == 3 { *value } else { 0 },
                    ..Row::new(*person, *day, TOUCHPOINTS[*at], form(TOUCHPOINTS[*at]))
                })
                .collect();
            let whole = run(&rows, policy);
            let answers = study(&whole, &Model::ALL);
            for parts in [2, 7] {
                let part = |part: u64| rows.iter().filter(|row| row.person % parts == part).cloned().collect::<Vec<_>>();
                let mut merged = run(&part(0), policy);
                (1..parts).rev().for_each(|at| merged.merge(run(&part(at), policy)));
                prop_assert_eq!(&merged.blocks, &whole.blocks);
                prop_assert_eq!(&study(&merged, &Model::ALL), &answers);
            }
            let totals = whole.whole().journeys.totals();
            for answer in answers {
                let Some(shares) = answer.shares else { continue };
                prop_assert!((shares.iter().map(|share| share.value).sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", answer.model);
                if let (Some(value), Model::Rule(_) | Model::TimeDecay) = (answer.value, answer.model) {
                    prop_assert!((value.iter().sum::<f64>() - totals.value.to_f64()).abs() < 1e-6);
                }
            }
        }

        #[test]
        fn the_time_of_the_outcome_cancels(gap in 0..29_i64) {
            let at = |day: i64| {
                let fold = run(&rows(&[&[("ads", 0), ("mail", 4), ("till", 4 + day)]]), POLICY);
                fold.whole().decay
            };
            prop_assert_eq!(at(gap), at(0));
        }
    }
}
