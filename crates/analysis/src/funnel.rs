//! Funnels: how many people get how far along a line of steps.
//!
//! A step is any of some touchpoints, channels, forms, outcomes or stages. Nobody is counted twice: a person reaches step
//! k when, somewhere in their sequence, there is a run of rows that fits steps 1 to k:
//!
//! * **ordered**: one after the other, with anything between;
//! * **strict**: one directly after the other, as touches of the map (rows bound to no touchpoint do not count as between);
//! * **any order**: k different steps, in whatever order.
//!
//! With a window, the whole run must fit into it. An exclusion between two steps ends the runs under way. A row is
//! used for one step only. Of all runs that end at a row the one that began last is kept: whatever it can still reach in
//! time, no earlier one can do better. So one pass in O(rows × steps) is exact, without trying every beginning.
//!
//! With an attribute **held constant** only rows with the same value of it make a run: all steps on one channel, or from one
//! signal. A **breakdown** counts people by channel: that of their first touch, of their last touch, of every touch (a person
//! then counts once on each channel), or of the row at which they first came to a given step.
//!
//! Source: the definition is ours; the ordered one without exclusion is what event-analytics tools call a funnel.
//!
//! | person | rows (day) | steps ads → page → till, ordered | within 7 days | strict |
//! |---|---|---|---|---|
//! | 1 | ads 0, page 1, till 2 | 3 | 3 | 3 |
//! | 2 | ads 0, page 1, till 20 | 3 | 2 | 3 |
//! | 3 | ads 0, mail 1, page 2 | 2 | 2 | 1 |
//! | 4 | page 0, ads 1 | 1 | 1 | 1 |
//! | 5 | till 0 | 0 | 0 | 0 |
//!
//! State: a count per step and set of segments, and the seconds each completing person took (4 bytes each).

use crate::intervals::{Estimate, proportion};
use crate::meaning::{Bits, Meaning, NOWHERE};
use crate::reading::Reading;
use crate::sequence::{Fold, Rows};
use model::time::SECOND;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Is one thing that makes a row fit a step; positions are those of the map's lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A touchpoint.
    Touchpoint(u16),
    /// Any touchpoint of a channel.
    Channel(usize),
    /// A form of interaction.
    Form(u8),
    /// An outcome.
    Outcome(usize),
    /// A row after which the person is in a stage.
    Stage(u8),
}

/// Is a step: a row fits when any of the marks does.
pub type Step = Vec<Mark>;

/// Is how steps must follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// One after the other, with anything between.
    #[default]
    Ordered,
    /// One directly after the other.
    Strict,
    /// In whatever order.
    Any,
}

/// Is the question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Funnel {
    /// The steps.
    pub steps: Vec<Step>,
    /// How they must follow each other.
    pub order: Order,
    /// All of them within so many microseconds.
    pub window: Option<i64>,
    /// What must not happen between two steps; empty: nothing.
    pub exclude: Step,
    /// What must be the same in all steps.
    pub hold: Option<Hold>,
    /// By the channel of which row people are counted beside the whole.
    pub breakdown: Option<Breakdown>,
}

/// Is what all steps of a run must have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// The channel of the touchpoint.
    Channel,
    /// The signal: the same source, campaign and place.
    Signal,
}

/// Is the row whose channel a person is counted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breakdown {
    /// The first touch.
    First,
    /// The last touch.
    Last,
    /// Every touch: once on each channel.
    All,
    /// The row at which they first came to this step, from 0.
    Step(usize),
}

/// Stands for "no channel" in a breakdown: people without a touch, or who did not come to the step.
pub const NO_CHANNEL: usize = usize::MAX;

/// Counts how far people get.
#[derive(Debug)]
pub struct FunnelFold {
    meaning: Arc<Meaning>,
    funnel: Arc<Funnel>,
    /// By the set of segments: at k, people whose furthest step is the k-th; at 0, people who reached none.
    furthest: BTreeMap<u64, Vec<u64>>,
    /// The seconds from the first to the last step, of everybody who came to the end.
    seconds: Vec<u32>,
    /// As `furthest`, of everybody by channel.
    parts: BTreeMap<usize, Vec<u64>>,
    reading: Reading,
    run: Run,
    values: Vec<u64>,
}

/// Is the runs of one person that are under way: for each step the latest beginning of a run that has reached it.
#[derive(Debug, Default)]
struct Run {
    began: Vec<Option<i64>>,
    /// When each step was last seen, for steps in any order.
    seen: Vec<Option<i64>>,
    /// For each step the first position at which it was reached.
    arrived: Vec<Option<usize>>,
}

/// Is how far one person got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Reached {
    steps: usize,
    /// Microseconds from the first to the last step of the quickest complete run.
    took: Option<i64>,
}

impl FunnelFold {
    /// Makes a fold that has read nothing.
    #[must_use]
    pub fn new(meaning: Arc<Meaning>, funnel: Arc<Funnel>) -> Self {
        let steps = funnel.steps.len();
        let run = Run { began: vec![None; steps], seen: vec![None; steps], arrived: vec![None; steps] };
        Self {
            meaning,
            funnel,
            furthest: BTreeMap::new(),
            seconds: Vec::new(),
            parts: BTreeMap::new(),
            reading: Reading::default(),
            run,
            values: Vec::new(),
        }
    }

    /// Sums up everybody by channel, with [`NO_CHANNEL`] last; empty when no breakdown was asked for.
    #[must_use]
    pub fn parts(&self) -> Vec<(usize, Vec<StepFigures>)> {
        self.parts.iter().map(|(channel, furthest)| (*channel, figures(furthest))).collect()
    }

    /// Sums up for one segment, by position, or for everybody.
    #[must_use]
    pub fn finish(&self, segment: Option<usize>) -> Vec<StepFigures> {
        let mut furthest = vec![0; self.funnel.steps.len() + 1];
        let of_segment = |set: &u64| segment.is_none_or(|segment| set >> segment & 1 == 1);
        for (_, counts) in self.furthest.iter().filter(|(set, _)| of_segment(set)) {
            crate::tally::add(&mut furthest, counts);
        }
        figures(&furthest)
    }

    /// Returns how many people were read at all, of one segment or everybody.
    #[must_use]
    pub fn people(&self, segment: Option<usize>) -> u64 {
        let of_segment = |set: &u64| segment.is_none_or(|segment| set >> segment & 1 == 1);
        self.furthest.iter().filter(|(set, _)| of_segment(set)).flat_map(|(_, counts)| counts).sum()
    }

    /// Returns within how many seconds so large a share of those who came to the end did so; `None` when nobody did.
    #[must_use]
    pub fn seconds_within(&self, share: f64) -> Option<u32> {
        let mut sorted = self.seconds.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        // The smallest time by which at least the share had come.
        let rank = libm::ceil(share.clamp(0.0, 1.0) * sorted.len() as f64) as usize;
        sorted.get(rank.saturating_sub(1).min(last)).copied()
    }
}

/// Turns counts of people by their furthest step into people who reached each step.
fn figures(furthest: &[u64]) -> Vec<StepFigures> {
    let reached: Vec<u64> = (1..furthest.len()).map(|step| furthest[step..].iter().sum()).collect();
    let figures = |step: usize| StepFigures {
        people: reached[step],
        of_first: proportion(reached[step], reached[0]),
        of_previous: proportion(reached[step], reached[step.saturating_sub(1)]),
    };
    (0..reached.len()).map(figures).collect()
}

/// Is what is known of one step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StepFigures {
    /// People who reached it.
    pub people: u64,
    /// Their share of those who reached the first step.
    pub of_first: Option<Estimate>,
    /// Their share of those who reached the step before.
    pub of_previous: Option<Estimate>,
}

impl Fold for FunnelFold {
    fn take(&mut self, rows: &Rows) {
        let (meaning, funnel) = (Arc::clone(&self.meaning), Arc::clone(&self.funnel));
        for person in rows.people() {
            if !self.reading.read_known(&meaning, rows, person) {
                continue;
            }
            let reached = self.furthest_run(&funnel, &meaning, rows);
            self.break_down(&funnel, &meaning, reached.steps);
            let counts = self.furthest.entry(self.reading.segments).or_insert_with(|| vec![0; funnel.steps.len() + 1]);
            counts[reached.steps] += 1;
            // Longer than a century counts as a century.
            self.seconds.extend(reached.took.map(|took| u32::try_from(took / SECOND).unwrap_or(u32::MAX)));
        }
    }

    fn merge(&mut self, other: Self) {
        for (set, theirs) in other.furthest {
            let mine = self.furthest.entry(set).or_insert_with(|| vec![0; theirs.len()]);
            crate::tally::add(mine, &theirs);
        }
        self.seconds.extend(other.seconds);
        for (channel, theirs) in other.parts {
            let mine = self.parts.entry(channel).or_insert_with(|| vec![0; theirs.len()]);
            crate::tally::add(mine, &theirs);
        }
    }
}

impl FunnelFold {
    /// Finds how far the person got, for that value of what is held constant with which they got furthest.
    fn furthest_run(&mut self, funnel: &Funnel, meaning: &Meaning, rows: &Rows) -> Reached {
        let Some(hold) = funnel.hold else {
            return self.run.reached(funnel, meaning, rows, &self.reading, None);
        };
        self.values.clear();
        self.values.extend((0..self.reading.rows.len()).map(|position| hold.value(meaning, rows, &self.reading, position)));
        self.values.sort_unstable();
        self.values.dedup();
        let mut best = (Reached { steps: 0, took: None }, vec![None; funnel.steps.len()]);
        for value in &self.values {
            let reached = self.run.reached(funnel, meaning, rows, &self.reading, Some((hold, *value)));
            let is_quicker =
                reached.steps == best.0.steps && reached.took.is_some_and(|took| best.0.took.is_none_or(|best| took < best));
            if reached.steps > best.0.steps || is_quicker {
                best = (reached, self.run.arrived.clone());
            }
        }
        self.run.arrived = best.1;
        best.0
    }

    fn break_down(&mut self, funnel: &Funnel, meaning: &Meaning, steps: usize) {
        let Some(breakdown) = funnel.breakdown else { return };
        let channel = |position: usize| {
            meaning.touchpoints.get(self.reading.touchpoint[position] as usize).map_or(NO_CHANNEL, |place| place.channel)
        };
        let touches = || (0..self.reading.rows.len()).map(channel).filter(|channel| *channel != NO_CHANNEL);
        let mut channels: Vec<usize> = match breakdown {
            Breakdown::First => touches().next().into_iter().collect(),
            Breakdown::Last => touches().next_back().into_iter().collect(),
            Breakdown::All => touches().collect(),
            Breakdown::Step(step) => self.run.arrived.get(step).copied().flatten().map(channel).into_iter().collect(),
        };
        if channels.is_empty() {
            channels.push(NO_CHANNEL);
        }
        channels.sort_unstable();
        channels.dedup();
        for channel in channels {
            self.parts.entry(channel).or_insert_with(|| vec![0; funnel.steps.len() + 1])[steps] += 1;
        }
    }
}

impl Hold {
    fn value(self, meaning: &Meaning, rows: &Rows, reading: &Reading, position: usize) -> u64 {
        match self {
            Self::Channel => {
                let place = meaning.touchpoints.get(reading.touchpoint[position] as usize);
                place.map_or(u64::MAX, |place| place.channel as u64)
            }
            Self::Signal => u64::from(rows.signal[reading.rows[position]]),
        }
    }
}

impl Run {
    fn reached(
        &mut self,
        funnel: &Funnel,
        meaning: &Meaning,
        rows: &Rows,
        reading: &Reading,
        held: Option<(Hold, u64)>,
    ) -> Reached {
        self.began.fill(None);
        self.seen.fill(None);
        self.arrived.fill(None);
        let mut reached = Reached { steps: 0, took: None };
        for (position, row) in reading.rows.iter().copied().enumerate() {
            let at = rows.at[row];
            let marked = |step: &Step| step.iter().any(|mark| mark.fits(meaning, rows, reading, position));
            let is_held = held.is_none_or(|(hold, value)| hold.value(meaning, rows, reading, position) == value);
            let fits = |step: &Step| is_held && marked(step);
            if marked(&funnel.exclude) {
                self.began.fill(None);
                self.seen.fill(None);
            }
            match funnel.order {
                Order::Any => self.any_order(funnel, at, fits),
                Order::Strict if reading.touchpoint[position] == NOWHERE => continue,
                order => self.in_order(funnel, order, at, fits),
            }
            let steps = self.complete(funnel.order);
            (reached.steps..steps).for_each(|step| self.arrived[step] = Some(position));
            reached.steps = reached.steps.max(steps);
            if steps == funnel.steps.len() {
                let took = self.took(funnel.order, at);
                reached.took = Some(reached.took.map_or(took, |quickest| quickest.min(took)));
            }
        }
        reached
    }

    /// Lets a row prolong the runs under way, the longest first, so that it is not used for two steps.
    fn in_order(&mut self, funnel: &Funnel, order: Order, at: i64, fits: impl Fn(&Step) -> bool) {
        for step in (0..funnel.steps.len()).rev() {
            let before = if step == 0 { Some(at) } else { self.began[step - 1] };
            let in_time = before.filter(|began| funnel.window.is_none_or(|window| at - began <= window));
            let prolonged = in_time.filter(|_| fits(&funnel.steps[step]));
            match order {
                // What does not go on directly has ended.
                Order::Strict => self.began[step] = prolonged,
                _ => self.began[step] = self.began[step].max(prolonged),
            }
        }
    }

    /// Notes when steps were seen, and forgets those that the window has left behind. A row counts for one step: the
    /// one that was not seen for longest.
    fn any_order(&mut self, funnel: &Funnel, at: i64, fits: impl Fn(&Step) -> bool) {
        if let Some(window) = funnel.window {
            for seen in &mut self.seen {
                *seen = seen.filter(|seen| at - *seen <= window);
            }
        }
        let fitting = (0..funnel.steps.len()).filter(|step| fits(&funnel.steps[*step]));
        if let Some(step) = fitting.min_by_key(|step| self.seen[*step]) {
            self.seen[step] = Some(at);
        }
    }

    /// Returns how many steps are complete now.
    fn complete(&self, order: Order) -> usize {
        match order {
            Order::Any => self.seen.iter().flatten().count(),
            _ => self.began.iter().rposition(Option::is_some).map_or(0, |last| last + 1),
        }
    }

    fn took(&self, order: Order, at: i64) -> i64 {
        let began = match order {
            Order::Any => self.seen.iter().flatten().copied().min(),
            _ => self.began.last().copied().flatten(),
        };
        began.map_or(0, |began| at - began)
    }
}

impl Mark {
    pub(crate) fn fits(self, meaning: &Meaning, rows: &Rows, reading: &Reading, position: usize) -> bool {
        let touchpoint = reading.touchpoint[position];
        match self {
            Self::Touchpoint(wanted) => touchpoint == wanted,
            Self::Channel(wanted) => meaning.touchpoints.get(touchpoint as usize).is_some_and(|place| place.channel == wanted),
            Self::Form(wanted) => rows.form[reading.rows[position]] == wanted,
            Self::Outcome(wanted) => reading.outcomes[position] & Bits::from(1_u8).checked_shl(wanted as u32).unwrap_or(0) != 0,
            Self::Stage(wanted) => reading.stage[position] == wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Row, TOUCHPOINTS};
    use model::Form;
    use model::time::DAY;
    use proptest::prelude::*;

    fn form(touchpoint: &str) -> Form {
        if touchpoint == "till" { Form::Purchase } else { Form::View }
    }

    fn funnel(steps: &[&str], order: Order, days: Option<i64>) -> Funnel {
        let step = |name: &&str| {
            let marks = name.split('|').map(|name| TOUCHPOINTS.iter().position(|known| *known == name).expect("known"));
            marks.map(|at| Mark::Touchpoint(at as u16)).collect()
        };
        Funnel { steps: steps.iter().map(step).collect(), order, window: days.map(|days| days * DAY), ..Funnel::default() }
    }

    fn run(rows: &[Row], funnel: Funnel) -> FunnelFold {
        let (meaning, rows) = example::rows(rows, 100);
        let mut fold = FunnelFold::new(Arc::new(meaning), Arc::new(funnel));
        fold.take(&rows);
        fold
    }

    /// Counts people by step for sequences written as `ads 0, page 1`.
    #[track_caller]
    fn check(people: &[&str], funnel: Funnel, expected: &[u64]) {
        let mut rows = Vec::new();
        for (person, text) in people.iter().enumerate() {
            for row in text.split(", ") {
                let (touchpoint, day) = row.split_once(' ').expect("a touchpoint and a day");
                rows.push(Row::new(person as u64 + 1, day.parse().expect("a day"), touchpoint, form(touchpoint)));
            }
        }
        let reached: Vec<u64> = run(&rows, funnel).finish(None).iter().map(|step| step.people).collect();
        assert_eq!(reached, expected);
    }

    const FIVE: [&str; 5] =
        ["ads 0, page 1, till 2", "ads 0, page 1, till 20", "ads 0, mail 1, page 2", "page 0, ads 1", "till 0"];
    const LINE: [&str; 3] = ["ads", "page", "till"];

    #[test]
    fn the_example_of_the_documentation() {
        check(&FIVE, funnel(&LINE, Order::Ordered, None), &[4, 3, 2]);
        check(&FIVE, funnel(&LINE, Order::Ordered, Some(7)), &[4, 3, 1]);
        check(&FIVE, funnel(&LINE, Order::Strict, None), &[4, 2, 2]);
        check(&FIVE, funnel(&LINE, Order::Any, None), &[5, 4, 2]);
    }

    #[test]
    fn a_later_beginning_may_be_the_one_in_time() {
        check(&["ads 0, ads 9, page 10, till 11"], funnel(&LINE, Order::Ordered, Some(3)), &[1, 1, 1]);
    }

    #[test]
    fn a_row_is_used_for_one_step() {
        check(&["page 0"], funnel(&["page", "page"], Order::Ordered, None), &[1, 0]);
        check(&["page 0, page 1"], funnel(&["page", "page"], Order::Ordered, None), &[1, 1]);
        check(&["page 0"], funnel(&["page", "page|ads"], Order::Any, None), &[1, 0]);
    }

    #[test]
    fn what_is_held_constant_must_be_the_same() {
        // Every touchpoint has a signal of its own, and all are on one channel.
        let same = |hold| Funnel { hold: Some(hold), ..funnel(&["ads|page", "ads|page"], Order::Ordered, None) };
        check(&["ads 0, page 1", "ads 0, page 1, ads 2", "ads 0, ads 1"], same(Hold::Signal), &[3, 2]);
        check(&["ads 0, page 1", "ads 0, page 1, ads 2", "ads 0, ads 1"], same(Hold::Channel), &[3, 3]);
        check(&["ads 0, page 1, ads 2"], Funnel { order: Order::Strict, ..same(Hold::Signal) }, &[1, 0]);
    }

    #[test]
    fn a_breakdown_counts_everybody_by_channel() {
        let rows: Vec<Row> =
            [(1, "ads", 0), (1, "page", 1), (2, "ads", 0)].map(|(who, name, day)| Row::new(who, day, name, form(name))).into();
        for (breakdown, expected) in [
            (Breakdown::First, vec![(0, vec![2, 1])]),
            (Breakdown::All, vec![(0, vec![2, 1])]),
            (Breakdown::Step(1), vec![(0, vec![1, 1]), (NO_CHANNEL, vec![1, 0])]),
        ] {
            let fold = run(&rows, Funnel { breakdown: Some(breakdown), ..funnel(&["ads", "page"], Order::Ordered, None) });
            let parts: Vec<(usize, Vec<u64>)> =
                fold.parts().iter().map(|(channel, steps)| (*channel, steps.iter().map(|step| step.people).collect())).collect();
            assert_eq!(parts, expected, "{breakdown:?}");
        }
    }

    #[test]
    fn an_exclusion_ends_what_is_under_way() {
        let mut without = funnel(&LINE, Order::Ordered, None);
        without.exclude = vec![Mark::Touchpoint(1)];
        check(&["ads 0, mail 1, page 2, till 3", "ads 0, page 1, till 2, mail 3"], without, &[2, 1, 1]);
    }

    #[test]
    fn the_time_to_the_end_is_that_of_the_quickest_run() {
        let rows = [("ads", 0), ("page", 4), ("ads", 6), ("page", 7), ("till", 8)];
        let rows: Vec<Row> = rows.iter().map(|(touchpoint, day)| Row::new(1, *day, touchpoint, form(touchpoint))).collect();
        let fold = run(&rows, funnel(&LINE, Order::Ordered, None));
        assert_eq!(fold.seconds_within(0.5), Some(2 * 86_400));
        assert_eq!(run(&[], funnel(&LINE, Order::Ordered, None)).seconds_within(0.5), None);
    }

    #[test]
    fn shares_carry_intervals() {
        let rows: Vec<Row> = (0..200)
            .flat_map(|person| {
                let page = Row::new(person, 0, "page", Form::View);
                let till = (person < 30).then(|| Row::new(person, 1, "till", Form::Purchase));
                [Some(page), till].into_iter().flatten()
            })
            .collect();
        let figures = run(&rows, funnel(&["page", "till"], Order::Ordered, None)).finish(None);
        let share = figures[1].of_first.expect("somebody came");
        let interval = share.interval.expect("has one");
        assert!(
            (share.value - 0.15).abs() < 1e-12 && (interval.low - 0.107).abs() < 5e-4 && (interval.high - 0.206).abs() < 5e-4
        );
    }

    fn sequences() -> impl Strategy<Value = Vec<Row>> {
        let touchpoint = prop::sample::select(TOUCHPOINTS.to_vec());
        prop::collection::vec((0..6_u64, 0..30_i64, touchpoint), 0..60)
            .prop_map(|rows| rows.into_iter().map(|(person, day, name)| Row::new(person << 54, day, name, form(name))).collect())
    }

    /// Is the plain, slow, obviously right version: tries every choice of rows for the steps.
    fn slowly(rows: &[(i64, u16)], funnel: &Funnel, step: usize, from: usize, began: Option<i64>) -> usize {
        if step == funnel.steps.len() {
            return step;
        }
        let mut best = step;
        for (place, (at, touchpoint)) in rows.iter().enumerate().skip(from) {
            if funnel.order == Order::Strict && step > 0 && place != from {
                break;
            }
            let in_time = began.is_none_or(|began| funnel.window.is_none_or(|window| at - began <= window));
            if in_time && funnel.steps[step].contains(&Mark::Touchpoint(*touchpoint)) {
                best = best.max(slowly(rows, funnel, step + 1, place + 1, began.or(Some(*at))));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_trying_everything_finds(
            rows in sequences(),
            steps in prop::collection::vec(prop::sample::select(vec!["ads", "mail", "page", "ads|page", "till"]), 1..5),
            strict in any::<bool>(),
            days in prop::option::of(0_i64..20),
        ) {
            let order = if strict { Order::Strict } else { Order::Ordered };
            let funnel = funnel(&steps, order, days);
            let (meaning, laid) = example::rows(&rows, 100);
            let mut expected = vec![0_u64; steps.len()];
            for person in laid.people() {
                let own: Vec<(i64, u16)> = person.map(|row| (laid.at[row], meaning.touchpoint_of(laid.signal[row]))).collect();
                let reached = slowly(&own, &funnel, 0, 0, None);
                expected.iter_mut().take(reached).for_each(|people| *people += 1);
            }
            let found: Vec<u64> = run(&rows, funnel).finish(None).iter().map(|step| step.people).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn parts_merge_to_the_whole(rows in sequences(), parts in 1_u64..8, order in prop::sample::select(vec![Order::Ordered, Order::Strict, Order::Any])) {
            let (meaning, laid) = example::rows(&rows, 100);
            let (meaning, funnel) = (Arc::new(meaning), Arc::new(funnel(&["ads|mail", "page", "till"], order, Some(9))));
            let new = || FunnelFold::new(Arc::clone(&meaning), Arc::clone(&funnel));
            let mut whole = new();
            whole.take(&laid);
            let mut merged = new();
            for part in (0..parts).rev() {
                let mut fold = new();
                for person in laid.people().filter(|person| (laid.person[person.start] >> 54) % parts == part) {
                    let mut own = Rows::default();
                    own.extend(&laid, person.start, person.end);
                    fold.take(&own);
                }
                merged.merge(fold);
            }
            merged.seconds.sort_unstable();
            whole.seconds.sort_unstable();
            prop_assert_eq!((&whole.furthest, &whole.seconds), (&merged.furthest, &merged.seconds));
            let figures = whole.finish(None);
            prop_assert!(figures.windows(2).all(|pair| pair[0].people >= pair[1].people), "a funnel never widens");
        }
    }
}
