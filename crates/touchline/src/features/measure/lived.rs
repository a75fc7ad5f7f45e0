//! Questions about lived journeys: the exact paths and journeys of people, who is new and who falls silent, week by week, and
//! what comes next. The folds of `analysis` answer each in one pass over the ledger.

use super::analysis::{Sense, scan};
use super::attribution::policy_of;
use super::narrow::Narrow;
use super::sequences::{narrowed, share};
use crate::failure::{Failure, Result};
use crate::platform::home::Stores;
use analysis::attribution::JourneyCounts;
use analysis::attribution::study::JourneyFold;
use analysis::intervals::proportion;
use analysis::lifecycle::LifecycleFold;
use analysis::next_step::{END, NextStep, OUTCOME};
use analysis::paths::PathFold;
use analysis::sessions::{MINUTE, SessionFold};
use analysis::trend::TrendFold;
use model::time::DAY;
use model::{Figure, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Longer paths are walked by hardly anybody twice.
const LENGTH_MAX: usize = 8;
/// A period is at most so long, in days: ten years are more than any ledger of ours has seen.
const PERIOD_MAX_DAYS: u32 = 3_650;
/// So many paths are listed at most; the others are one honest number.
const LISTED_MAX: usize = 500;
/// A session ends after so many minutes without an interaction, where nothing else is asked for.
const PAUSE_MINUTES: u32 = 30;
/// Journeys of one block in so many judge the prediction, the others teach it.
const JUDGES: usize = 5;

/// Is what a question about lived journeys is about.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LivedAsked {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    pub segment: Option<String>,
    /// From this day on, such as 2026-01-31, in the organisation's time zone.
    #[serde(default)]
    pub from: Option<String>,
    /// Up to and with this day.
    #[serde(default)]
    pub to: Option<String>,
    /// Only what happened to people while in this stage, by id.
    #[serde(default)]
    pub stage: Option<String>,
    /// Only touchpoints of this channel, by id, and the target outcome.
    #[serde(default)]
    pub channel: Option<String>,
    /// How many are listed by name: touchpoints of a layer, paths, likely next steps.
    #[serde(default)]
    pub most: Option<usize>,
    /// The length of paths, in touches.
    #[serde(default)]
    pub length: Option<usize>,
    /// The length of a period, in days.
    #[serde(default)]
    pub period_days: Option<u32>,
    /// A session ends after so many minutes without an interaction; none: 30.
    #[serde(default)]
    pub pause_minutes: Option<u32>,
}

impl LivedAsked {
    /// Returns which rows it is about.
    pub(super) fn narrow(&self) -> Narrow {
        Narrow { from: self.from.clone(), to: self.to.clone(), stage: self.stage.clone(), channel: self.channel.clone() }
    }

    /// Finds what it names in a map.
    ///
    /// # Errors
    /// Says what the map has not, or what is no question.
    pub(super) fn check(&self, map: &TouchpointMap) -> Result<()> {
        self.narrow().read(map, self.segment.as_deref())?;
        if self.length.is_some_and(|length| !(1..=LENGTH_MAX).contains(&length)) {
            return Err(Failure::new(format!("A path has 1 to {LENGTH_MAX} touches")).hint("Ask for paths of 3"));
        }
        period_of(self.period_days.unwrap_or(30)).map(drop)
    }

    pub(super) fn sense(&self, stores: &Stores) -> Result<Option<Sense>> {
        let Some(mut sense) = Sense::read(stores)? else { return Ok(None) };
        let only = self.narrow().read(&sense.map, self.segment.as_deref())?;
        sense.meaning = narrowed(sense.meaning, only);
        Ok(Some(sense))
    }
}

/// Returns how long a period of so many days is.
///
/// # Errors
/// Says what is no period.
pub(super) fn period_of(days: u32) -> Result<i64> {
    if !(1..=PERIOD_MAX_DAYS).contains(&days) {
        return Err(Failure::new(format!("A period has 1 to {PERIOD_MAX_DAYS} days")).hint("Ask for periods of 7 or 30 days"));
    }
    Ok(i64::from(days) * DAY)
}

/// Tells which paths people walk, and how whole journeys go.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PathAnswer {
    /// People with at least one touch.
    pub people: u64,
    /// The length of the paths, in touches.
    pub length: usize,
    /// The paths that most people walk. A person may walk several.
    pub paths: Vec<WalkedPath>,
    /// Paths that are not listed.
    pub other_paths: u64,
    /// Journeys, cut at outcomes and long silences.
    pub journeys: u64,
    /// The most frequent whole journeys (variants).
    pub variants: Vec<JourneyVariant>,
    /// Journeys of variants that are not listed: with them the variants sum to all journeys.
    pub other_journeys: u64,
    /// Variants that are not listed.
    pub other_variants: u64,
}

/// Is a path.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WalkedPath {
    /// Touchpoints, one directly after the other.
    pub touchpoints: Vec<String>,
    /// People who walked it.
    pub people: u64,
    /// Their share of all people with a touch.
    pub share: Figure,
    /// The share of them who had the target outcome at its end or later.
    pub conversion: Figure,
}

/// Is a whole journey.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct JourneyVariant {
    /// Touchpoints, in order.
    pub touchpoints: Vec<String>,
    /// Journeys that went exactly so.
    pub journeys: u64,
    /// Their share of all journeys.
    pub share: Figure,
    /// The share of them that ended in the target outcome.
    pub conversion: Figure,
}

fn names(map: &TouchpointMap, path: &[u16]) -> Vec<String> {
    path.iter().map(|at| map.touchpoints[usize::from(*at)].id.clone()).collect()
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn paths(stores: &Stores, asked: &LivedAsked) -> Result<Option<PathAnswer>> {
    let Some(Sense { map, meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    let length = asked.length.unwrap_or(3);
    let most = asked.most.unwrap_or(20).min(LISTED_MAX);
    let (fold, journeys) =
        scan(stores, || (PathFold::new(Arc::clone(&meaning), length), JourneyFold::new(Arc::clone(&meaning), policy_of(&map))))?;
    let people = fold.people();
    let sorted = fold.sorted();
    let path = |(path, walked): &(&[u16], analysis::paths::Walked)| WalkedPath {
        touchpoints: names(&map, path),
        people: walked.people,
        share: share(proportion(walked.people, people), people),
        conversion: share(proportion(walked.converted, walked.people), walked.people),
    };
    let paths = sorted.iter().take(most).map(path).collect();
    let whole = journeys.whole().journeys;
    let mut variants: Vec<(&[u16], u64, u64)> =
        whole.sorted().into_iter().map(|(path, ends)| (path, ends.conversions, ends.conversions + ends.nulls)).collect();
    variants.sort_by_key(|(_, _, all)| std::cmp::Reverse(*all));
    let journeys: u64 = variants.iter().map(|(_, _, all)| all).sum();
    let listed: u64 = variants.iter().take(most).map(|(_, _, all)| all).sum();
    let variant = |(path, with, all): &(&[u16], u64, u64)| JourneyVariant {
        touchpoints: names(&map, path),
        journeys: *all,
        share: share(proportion(*all, journeys), journeys),
        conversion: share(proportion(*with, *all), *all),
    };
    Ok(Some(PathAnswer {
        people,
        length,
        paths,
        other_paths: sorted.len().saturating_sub(most) as u64,
        journeys,
        variants: variants.iter().take(most).map(variant).collect(),
        other_journeys: journeys - listed,
        other_variants: variants.len().saturating_sub(most) as u64,
    }))
}

/// Tells who is new, stays, comes back or falls silent, period by period.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LifecycleAnswer {
    /// The length of a period, in days.
    pub period_days: u32,
    /// The periods, from the start of the data.
    pub periods: Vec<LifecyclePeriod>,
}

/// Is one period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LifecyclePeriod {
    /// When it began, UTC microseconds.
    pub from: i64,
    /// Whether it was over when the data ended.
    pub is_over: bool,
    /// People active for the first time.
    pub new: u64,
    /// People active here and in the period before.
    pub returning: u64,
    /// People active again after an absence.
    pub resurrected: u64,
    /// People active in the period before and not here.
    pub dormant: u64,
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn lifecycle(stores: &Stores, asked: &LivedAsked) -> Result<Option<LifecycleAnswer>> {
    let Some(Sense { meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    let period_days = asked.period_days.unwrap_or(30);
    let length = period_of(period_days)?;
    let fold = scan(stores, || LifecycleFold::new(Arc::clone(&meaning), length))?;
    let last = fold.last();
    let period = |(number, lives): (&i64, &analysis::lifecycle::Lives)| LifecyclePeriod {
        from: meaning.window.0.0.saturating_add(number.saturating_mul(length)),
        is_over: *number < last,
        new: lives.new,
        returning: lives.returning,
        resurrected: lives.resurrected,
        dormant: lives.dormant,
    };
    Ok(Some(LifecycleAnswer { period_days, periods: fold.periods().iter().map(period).collect() }))
}

/// Tells how things go, week by week.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrendAnswer {
    /// The weeks in which anything happened, Mondays first, UTC.
    pub weeks: Vec<WeekFigures>,
    /// The last moment of the data, UTC microseconds: the week that holds it may not be over.
    pub until: i64,
}

/// Is one week.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WeekFigures {
    /// When it began, UTC microseconds.
    pub from: i64,
    /// Interactions of known people.
    pub interactions: u64,
    /// Known people.
    pub people: u64,
    /// Target outcomes.
    pub outcomes: u64,
    /// What they were worth, in minor units.
    pub value: i64,
    /// The share of the people of this week who had one.
    pub conversion: Figure,
    /// Interactions by touchpoint, in the order of the map.
    pub by_touchpoint: Vec<u64>,
}

/// Is everything of a period together: known people, each counted once.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct PeriodTotals {
    pub(super) people: u64,
    pub(super) interactions: u64,
    pub(super) outcomes: u64,
    pub(super) value: i64,
    pub(super) conversion: Option<Figure>,
    /// Interactions and people by touchpoint, in the order of the map.
    pub(super) touchpoints: Vec<(u64, u64)>,
}

/// Counts a period as one; `None` while there is no map. To be called from threads that may block.
pub(super) fn totals(stores: &Stores, asked: &LivedAsked) -> Result<Option<PeriodTotals>> {
    let Some(Sense { meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    // Beginning before all that is counted, and long enough for all of it.
    let fold = scan(stores, || TrendFold::every(Arc::clone(&meaning), i64::MAX, i64::MIN / 4))?;
    let Some(whole) = fold.stretch(0) else { return Ok(Some(PeriodTotals::default())) };
    Ok(Some(PeriodTotals {
        people: whole.all.people,
        interactions: whole.all.interactions,
        outcomes: whole.outcomes,
        value: whole.value,
        conversion: Some(share(proportion(whole.converted, whole.all.people), whole.all.people)),
        touchpoints: whole.touchpoints.iter().map(|seen| (seen.interactions, seen.people)).collect(),
    }))
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn trends(stores: &Stores, asked: &LivedAsked) -> Result<Option<TrendAnswer>> {
    let Some(Sense { meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    let fold = scan(stores, || TrendFold::new(Arc::clone(&meaning)))?;
    let week = |(from, week): (i64, &analysis::trend::Week)| WeekFigures {
        from,
        interactions: week.all.interactions,
        people: week.all.people,
        outcomes: week.outcomes,
        value: week.value,
        conversion: share(proportion(week.converted, week.all.people), week.all.people),
        by_touchpoint: week.touchpoints.iter().map(|seen| seen.interactions).collect(),
    };
    Ok(Some(TrendAnswer { weeks: fold.weeks().map(week).collect(), until: meaning.window.1.0 }))
}

/// Tells how people's interactions come in sessions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionAnswer {
    /// A session ends after so many minutes without an interaction.
    pub pause_minutes: u32,
    /// People with a session.
    pub people: u64,
    /// Sessions.
    pub sessions: u64,
    /// Interactions in them.
    pub interactions: u64,
    /// The share of a single interaction.
    pub single: Figure,
    /// The share with a target outcome.
    pub conversion: Figure,
    /// The whole minutes within which half of them ended; none where there are none.
    pub minutes_half: Option<u64>,
    /// The whole minutes within which nine of ten ended.
    pub minutes_nine_of_ten: Option<u64>,
    /// By the touchpoint that they began with, in the order of the map; those never begun with are left out.
    pub by_entry: Vec<SessionEntry>,
}

/// Is the sessions that began with a touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionEntry {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Sessions.
    pub sessions: u64,
    /// The share of a single interaction.
    pub single: Figure,
    /// The share with a target outcome.
    pub conversion: Figure,
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn sessions(stores: &Stores, asked: &LivedAsked) -> Result<Option<SessionAnswer>> {
    let Some(Sense { map, meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    let pause_minutes = asked.pause_minutes.unwrap_or(PAUSE_MINUTES);
    let fold = scan(stores, || SessionFold::new(Arc::clone(&meaning), i64::from(pause_minutes) * MINUTE))?;
    let all = fold.all();
    let entries = map.touchpoints.iter().zip(fold.by_entry()).filter(|(_, entry)| entry.sessions > 0);
    let by_entry = entries.map(|(touchpoint, entry)| SessionEntry {
        touchpoint: touchpoint.id.clone(),
        sessions: entry.sessions,
        single: share(entry.single_share(), entry.sessions),
        conversion: share(entry.conversion(), entry.sessions),
    });
    Ok(Some(SessionAnswer {
        pause_minutes,
        people: fold.people(),
        sessions: all.sessions,
        interactions: all.interactions,
        single: share(all.single_share(), all.sessions),
        conversion: share(all.conversion(), all.sessions),
        minutes_half: fold.minutes_within(0.5),
        minutes_nine_of_ten: fold.minutes_within(0.9),
        by_entry: by_entry.collect(),
    }))
}

/// Tells what comes next in a journey, and how well that can be known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextStepAnswer {
    /// Journeys that taught, of four fifths of people.
    pub journeys: u64,
    /// Each memory, judged on the other fifth; the lowest log-loss is the best. Order 0 knows only what is frequent.
    pub judged: Vec<JudgedMemory>,
    /// The memory that predicts best; none where nothing could be judged.
    pub best: Option<usize>,
    /// After each touchpoint, as the last of a journey so far: what is likeliest to come next.
    pub next: Vec<AfterTouchpoint>,
}

/// Is how well one memory predicts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct JudgedMemory {
    /// How many touches it remembers.
    pub order: usize,
    /// Steps that it was judged on.
    pub steps: u64,
    /// Mean negative logarithm of the chance it gave to what came; lower is better.
    pub log_loss: f64,
    /// How often what came was among its three likeliest.
    pub top_three: f64,
}

/// Is what comes after a touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AfterTouchpoint {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// What comes next: touchpoints, `(outcome)` or `(end)`.
    pub likely: Vec<LikelyNext>,
}

/// Is something that may come next.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LikelyNext {
    /// What.
    pub next: String,
    /// Its chance, 0 to 1.
    pub chance: f64,
}

/// Answers it; `None` while there is no map. To be called from threads that may block.
pub(super) fn next_step(stores: &Stores, asked: &LivedAsked) -> Result<Option<NextStepAnswer>> {
    let Some(Sense { map, meaning, .. }) = asked.sense(stores)? else { return Ok(None) };
    let fold = scan(stores, || JourneyFold::new(Arc::clone(&meaning), policy_of(&map)))?;
    let (mut teaching, mut judging) = (JourneyCounts::default(), JourneyCounts::default());
    for (number, block) in fold.blocks().iter().enumerate() {
        let part = if number % JUDGES == 0 { &mut judging } else { &mut teaching };
        part.merge(block.journeys.clone());
    }
    let totals = teaching.totals();
    let model = NextStep::learn(&teaching, map.touchpoints.len());
    let judged: Vec<JudgedMemory> = model
        .judge(&judging)
        .into_iter()
        .map(|judged| JudgedMemory {
            order: judged.order,
            steps: judged.steps,
            log_loss: judged.log_loss,
            top_three: judged.top_three,
        })
        .collect();
    let best = judged.iter().min_by(|one, other| one.log_loss.total_cmp(&other.log_loss)).map(|judged| judged.order);
    let name = |next: u16| match next {
        OUTCOME => "(outcome)".to_owned(),
        END => "(end)".to_owned(),
        at => map.touchpoints[usize::from(at)].id.clone(),
    };
    let met = |at: u16| teaching.iter().any(|(path, _)| path.contains(&at));
    let after = |at: u16| AfterTouchpoint {
        touchpoint: map.touchpoints[usize::from(at)].id.clone(),
        likely: model
            .likely(&[at], best.unwrap_or(1), asked.most.unwrap_or(5))
            .into_iter()
            .map(|(next, chance)| LikelyNext { next: name(next), chance })
            .collect(),
    };
    let next = (0..map.touchpoints.len() as u16).filter(|at| met(*at)).map(after).collect();
    Ok(Some(NextStepAnswer { journeys: totals.conversions + totals.nulls, judged, best, next }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_no_calendar_holds_is_refused() {
        assert_eq!(period_of(30).expect("a period"), 30 * DAY);
        for days in [0, PERIOD_MAX_DAYS + 1, 2_147_483_648] {
            assert!(period_of(days).is_err(), "{days}");
        }
    }
}
