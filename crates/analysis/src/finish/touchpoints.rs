//! One touchpoint after the other: all its figures, and then its verdict.
//!
//! Some figures compare touchpoints (median effect of a stage, shares of cost), so they are made in rounds: what stands by
//! itself, what looks at the neighbours, the verdict.

use super::costs::Spent;
use super::{Stated, frequency};
use crate::attribution::{Credit, RuleCredits, ShareEstimates, estimate};
use crate::conversion::share;
use crate::cost::{cost_per_outcome, return_on_cost};
use crate::experience::importance::{Pairs, Placement, grid, stated};
use crate::intervals::{Estimate, median};
use crate::journeys::credits;
use crate::landmarks::{DAYS, Landmarks};
use crate::map_fold::Group;
use crate::meaning::Meaning;
use crate::missing::{Checks, is_dark, opportunity};
use crate::progression::{Stratum, progression_by};
use crate::replies::Answered;
use crate::report::{Answering, Attribution, Completeness, Mattering, OverUse, Progression, TouchpointFigures, UnderUse, Waste};
use crate::under_use::{Chance, Limits, under_use};
use crate::verdicts::{
    ANSWERED_LEAST, Findings, IN_TIME_LEAST, Unheard, discoveries, p_below, p_share_below, p_unsatisfied, stands, surest, verdict,
};
use crate::waste::{is_wasted, wasted};
use model::map::TouchpointMap;
use model::time::DAY;
use model::{Class, Evidence, Figure, Life, Touchpoint, Unit};
use std::collections::BTreeMap;

/// Silence of so many days makes a touchpoint's data stale (M12).
const FRESH_DAYS: i64 = 30;

/// Counts the people a touchpoint could meet and those it does: of its primary stage and of the segments it is planned for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crowd {
    /// People of the stage and segments.
    pub eligible: u64,
    /// Those of them who met it in this stage.
    pub touched: u64,
}

/// Looks at one group of people.
struct Look<'a> {
    map: &'a TouchpointMap,
    meaning: &'a Meaning,
    group: &'a Group,
    everybody: &'a Group,
    spent: &'a [Spent],
    crowds: &'a [Crowd],
    shares: Option<ShareEstimates>,
    linear: Vec<Credit>,
    /// Outcomes with a touch before them: what the shares are shares of.
    credited: u64,
}

/// Makes the figures of every touchpoint, in the map's order.
pub(super) fn figures(
    map: &TouchpointMap,
    meaning: &Meaning,
    (group, everybody): (&Group, &Group),
    (spent, crowds): (&[Spent], &[Crowd]),
    stated: &Stated,
) -> Vec<TouchpointFigures> {
    let empty = || credits(meaning);
    let groups = group.journeys.groups.iter().map(|credits| credits.as_deref().cloned().unwrap_or_else(empty));
    let groups: Vec<RuleCredits> = groups.collect();
    let mut all = empty();
    groups.iter().for_each(|group| all.merge(group));
    let (shares, credited) = (estimate(&groups), all.credited().conversions);
    let look = Look { map, meaning, group, everybody, spent, crowds, shares, linear: all.linear().to_vec(), credited };

    let count = map.touchpoints.len();
    let progressions: Vec<Progression> = (0..count).map(|at| look.progression(at)).collect();
    let unknown = Figure::unknown(Unit::Points);
    let lifts: Vec<&Figure> =
        progressions.iter().map(|found| if look.is_above_floor(found) { &found.lift } else { &unknown }).collect();
    let discovered = discoveries(&lifts);
    let wastes = look.wastes();
    let mut over_uses = look.over_uses();
    let unsatisfied = look.unsatisfied();
    let answerings: Vec<Option<Answering>> = (0..count).map(|at| look.answering(at)).collect();
    let unheard = look.unheard(&answerings);
    let matterings = look.matterings(stated);
    let sure = surest(&matterings.iter().map(|found| found.as_ref().map(|found| found.probability)).collect::<Vec<_>>());
    let costs_per_outcome: Vec<Figure> = (0..count).map(|at| look.cost_per_outcome(at)).collect();
    (0..count)
        .map(|at| {
            let under_use = look.under_use(at, &progressions);
            let apart = Apart {
                discovered: discovered[at],
                unsatisfied: unsatisfied[at],
                unheard: unheard[at],
                answering: answerings[at].clone(),
                mattering: matterings[at].as_ref().filter(|_| sure[at]),
                progression: &progressions[at],
                waste: &wastes[at],
                under_use,
                over_use: over_uses[at].take(),
            };
            look.finish(at, apart, costs_per_outcome[at].clone())
        })
        .collect()
}

/// Holds the figures of one touchpoint that needed the others.
struct Apart<'a> {
    discovered: bool,
    unsatisfied: bool,
    unheard: Unheard,
    answering: Option<Answering>,
    mattering: Option<&'a Mattering>,
    progression: &'a Progression,
    waste: &'a Waste,
    under_use: UnderUse,
    over_use: Option<OverUse>,
}

impl Look<'_> {
    fn finish(&self, at: usize, apart: Apart, cost_per_outcome: Figure) -> TouchpointFigures {
        let (touchpoint, met) = (&self.map.touchpoints[at], self.group.tally.touchpoints[at]);
        let satisfaction = self.satisfaction(at);
        let completeness = self.completeness(at);
        let findings = Findings {
            touchpoint,
            people: met.people,
            interactions: met.interactions,
            days: (self.meaning.window.1.0 - self.meaning.window.0.0) as f64 / DAY as f64,
            satisfaction: &satisfaction,
            progression: apart.progression,
            discovered: apart.discovered,
            unsatisfied: apart.unsatisfied,
            answering: apart.answering.as_ref(),
            unheard: apart.unheard,
            mattering: apart.mattering,
            over_use: apart.over_use.as_ref(),
            under_use: &apart.under_use,
            waste: apart.waste,
            completeness: &completeness,
        };
        let verdict = verdict(&self.map.settings, &findings);
        TouchpointFigures {
            touchpoint: touchpoint.id.clone(),
            people: met.people,
            interactions: met.interactions,
            last_at: (met.interactions > 0).then_some(met.last_at),
            conversion: share(met.converted, met.people, Evidence::E3),
            cost: self.spent[at].total,
            attribution: self.attribution(at),
            cost_per_outcome,
            roi: self.roi(at),
            satisfaction,
            answering: apart.answering,
            mattering: apart.mattering.cloned(),
            progression: apart.progression.clone(),
            over_use: apart.over_use,
            under_use: apart.under_use,
            waste: apart.waste.clone(),
            completeness,
            verdict,
        }
    }

    /// Stage progression from the primary stage, day by day of each week (M6).
    fn progression(&self, at: usize) -> Progression {
        let Landmarks { weeks, at_risk, touched, met } = &self.group.landmarks;
        let (own, stage) = (at * weeks * DAYS, self.meaning.touchpoints[at].primary_stage * weeks * DAYS);
        let strata: Vec<Stratum> = (0..weeks * DAYS)
            .map(|day| {
                let (touched, met, all) = (touched[own + day], met[own + day], at_risk[stage + day]);
                Stratum {
                    touched: touched.people.into(),
                    touched_moved: touched.moved.into(),
                    untouched: (all.people - met.people).into(),
                    untouched_moved: (all.moved - met.moved).into(),
                }
            })
            .collect();
        let unknown = |unit| Figure::unknown(unit);
        match progression_by(&strata, DAYS) {
            None => Progression { touched: unknown(Unit::Share), baseline: unknown(Unit::Share), lift: unknown(Unit::Points) },
            Some(found) => Progression {
                touched: found.touched.figure(found.touched_people, Evidence::E3, Unit::Share, "wilson"),
                baseline: found.baseline.figure(found.untouched_people, Evidence::E3, Unit::Share, "wilson"),
                lift: found.lift.figure(found.touched_people, Evidence::E3, Unit::Points, "newcombe"),
            },
        }
    }

    fn attribution(&self, at: usize) -> Attribution {
        let n = self.credited;
        let figure = |estimates: &dyn Fn(&ShareEstimates) -> Estimate| match &self.shares {
            None => Figure::unknown(Unit::Share),
            Some(shares) => {
                let found = estimates(shares);
                found.figure(n, Evidence::E3, Unit::Share, if found.interval.is_some() { "jackknife" } else { "" })
            }
        };
        Attribution {
            first: figure(&|shares| shares.first[at]),
            last: figure(&|shares| shares.last[at]),
            last_non_direct: figure(&|shares| shares.last_non_direct[at]),
            linear: figure(&|shares| shares.linear[at]),
            markov: figure(&|shares| shares.markov[at]),
            outcomes: self.linear[at].conversions.to_f64(),
            value: self.linear[at].value.to_f64(),
            disagreement: self.shares.as_ref().map_or(0.0, |shares| shares.disagreement[at]),
        }
    }

    fn cost_per_outcome(&self, at: usize) -> Figure {
        let people = self.group.tally.touchpoints[at].people;
        let found = cost_per_outcome(self.spent[at].total as f64, self.linear[at].conversions.to_f64(), people);
        money(found, people, Unit::Money)
    }

    fn roi(&self, at: usize) -> Figure {
        let people = self.group.tally.touchpoints[at].people;
        let Credit { conversions, value } = self.linear[at];
        let found = return_on_cost(self.spent[at].total as f64, value.to_f64(), conversions.to_f64(), people);
        money(found, people, Unit::Ratio)
    }

    fn satisfaction(&self, at: usize) -> Figure {
        let met = self.group.tally.touchpoints[at];
        share(met.satisfied, met.answers, Evidence::E2)
    }

    /// Tells at which touchpoints satisfaction below the target stands among all that are asked about.
    fn unsatisfied(&self) -> Vec<bool> {
        let p = |(at, touchpoint): (usize, &Touchpoint)| {
            let asked = self.satisfaction(at);
            let judged = is_judged(touchpoint) && asked.n >= self.map.settings.floor;
            if judged { p_unsatisfied(&self.map.settings, touchpoint, &asked) } else { None }
        };
        stands(&self.map.touchpoints.iter().enumerate().map(p).collect::<Vec<_>>())
    }

    /// Places the touchpoints by what they mean to customers, derived and stated, and by how satisfied these are. Where both ways are
    /// sure and disagree, nothing is said: the page of Experience shows both.
    fn matterings(&self, stated_counts: &Stated) -> Vec<Option<Mattering>> {
        let touchpoints = self.map.touchpoints.iter().enumerate();
        let asked = |(at, touchpoint): (usize, &Touchpoint)| {
            let met = self.group.tally.touchpoints[at];
            (is_judged(touchpoint) && met.answers >= self.map.settings.floor).then_some((at as u16, (met.satisfied, met.answers)))
        };
        let satisfied: BTreeMap<u16, (u64, u64)> = touchpoints.filter_map(asked).collect();
        let derived = |at: u16| self.group.loyalty.derived(at);
        let said = |at: u16| stated_counts.get(&at).and_then(stated);
        let (by_deed, by_word) = (grid(&satisfied, derived), grid(&satisfied, said));
        let deeds = |at: u16| self.group.loyalty.pairs(at).map_or(0, Pairs::n);
        let words = |at: u16| stated_counts.get(&at).map_or(0, |counts| counts.iter().sum());
        let place = |at: u16| {
            let (deed, word) = (by_deed.get(&at), by_word.get(&at));
            let sure = |placement: &&Placement| placement.decided().is_some();
            let told = |placement: &Placement, importance: Option<Estimate>, (n, unit, method): (u64, Unit, &str), is_stated| {
                Some(Mattering {
                    quadrant: placement.quadrant,
                    probability: placement.probability,
                    stated: is_stated,
                    importance: importance?.figure(n, Evidence::E2, unit, method),
                    performance: self.satisfaction(usize::from(at)),
                })
            };
            match (deed.filter(sure), word.filter(sure)) {
                (Some(deed), Some(word)) if deed.quadrant != word.quadrant => None,
                (Some(deed), _) => told(deed, derived(at), (deeds(at), Unit::Ratio, "fisher"), false),
                (None, Some(word)) => told(word, said(at), (words(at), Unit::Ratio, "t"), true),
                (None, None) => None,
            }
        };
        (0..self.map.touchpoints.len()).map(|at| place(at as u16)).collect()
    }

    /// Sums up how those who ask are answered.
    fn answering(&self, at: usize) -> Option<Answering> {
        let Answered { requests, response, answered, decided, in_hours, access } =
            self.group.replies.of(&self.meaning.service, at)?;
        let figure = |found: Option<Estimate>, n: u64, method: &str| {
            found.map_or_else(|| Figure::unknown(Unit::Share), |found| found.figure(n, Evidence::E3, Unit::Share, method))
        };
        let (target, working_hours) = self.meaning.service.targets[at];
        Some(Answering {
            target,
            working_hours,
            requests,
            unanswered: response.unanswered,
            in_time: figure(response.in_time, response.judged, "wilson"),
            median: response.median.time,
            answered: figure(answered, decided, "wilson"),
            in_hours: figure(in_hours, requests, "wilson"),
            access: figure(access, requests, "geometric"),
        })
    }

    /// Tells where too few are answered, and where too few are answered in time, among all touchpoints at which people ask. A family
    /// of its own: whoever is asked about satisfaction is not harder to believe because others wait.
    fn unheard(&self, answerings: &[Option<Answering>]) -> Vec<Unheard> {
        let p = |(at, found): (usize, &Option<Answering>)| {
            let found = found.as_ref().filter(|_| is_judged(&self.map.touchpoints[at]));
            let below = |share: &Figure, line: f64| {
                share.value.filter(|_| share.n >= self.map.settings.floor).and_then(|value| p_share_below(value, share.n, line))
            };
            [
                found.and_then(|found| below(&found.answered, ANSWERED_LEAST)),
                found.and_then(|found| below(&found.in_time, IN_TIME_LEAST)),
            ]
        };
        let stands = stands(&answerings.iter().enumerate().flat_map(p).collect::<Vec<_>>());
        stands.chunks(2).map(|both| Unheard { ignored: both[0], late: both[1] }).collect()
    }

    /// Judges the frequency of everything that is pushed (M9); a rule fires only if it stands among those of all touchpoints.
    fn over_uses(&self) -> Vec<Option<OverUse>> {
        let (mut found, mut chances): (Vec<Option<OverUse>>, Vec<Option<f64>>) = (Vec::new(), Vec::new());
        for at in 0..self.map.touchpoints.len() {
            let pushed = self.meaning.touchpoints[at].pushed && self.group.frequency.totals[at].contacts > 0;
            let judged = pushed.then(|| frequency::over_use(&self.map.settings, self.group, at, &self.spent[at]));
            let is_judged = is_judged(&self.map.touchpoints[at]);
            chances.extend(judged.as_ref().filter(|_| is_judged).map_or([None; 3], |(_, chances)| *chances));
            found.push(judged.map(|(found, _)| found));
        }
        let stands = stands(&chances);
        for (found, stands) in found.iter_mut().zip(stands.chunks(frequency::RULES.len())) {
            let kept = |rule: &String| frequency::RULES.iter().zip(stands).any(|(name, stands)| *stands && name == rule);
            found.iter_mut().for_each(|found| found.rules.retain(kept));
        }
        self.closed_at_once(&mut found);
        found
    }

    /// Adds R4 where it fires: a family of its own, because pop-ups are few among what is pushed.
    fn closed_at_once(&self, found: &mut [Option<OverUse>]) {
        let p = |(at, found): (usize, &Option<OverUse>)| {
            let judged = found.as_ref().filter(|_| is_judged(&self.map.touchpoints[at]));
            judged.and_then(|found| frequency::p_closed_at_once(&self.map.settings, found))
        };
        let stands = stands(&found.iter().enumerate().map(p).collect::<Vec<_>>());
        for (found, stands) in found.iter_mut().zip(stands) {
            if let Some(found) = found.as_mut().filter(|found| stands && frequency::is_closed_at_once(found)) {
                found.rules.push("R4".to_owned());
            }
        }
    }

    /// Under-use against the other touchpoints of the same primary stage (M10).
    fn under_use(&self, at: usize, progressions: &[Progression]) -> UnderUse {
        let settings = &self.map.settings;
        let neighbours: Vec<usize> = self.neighbours(at).filter(|other| self.is_above_floor(&progressions[*other])).collect();
        let others: Vec<f64> = neighbours.iter().filter_map(|other| progressions[*other].lift.value).collect();
        let prices: Vec<f64> =
            neighbours.iter().filter_map(|other| self.price_of_a_step(*other, &progressions[*other])).collect();
        let Crowd { eligible, touched } = self.crowds[at];
        let lift = &progressions[at].lift;
        let enough = self.is_above_floor(&progressions[at]);
        let effect = lift
            .value
            .zip(lift.low.zip(lift.high))
            .filter(|_| enough)
            .map(|(value, (low, high))| Estimate { value, interval: Some(crate::intervals::Interval { low, high }) });
        let found = under_use(
            &Chance {
                eligible,
                touched,
                effect,
                others: &others,
                low_quartile: None,
                marginal_cost: self.price_of_a_step(at, &progressions[at]),
                median_cost: median(&prices),
            },
            Limits { reach_low: settings.reach_low, reach_target: settings.reach_target },
        );
        let outcomes = |potential: Estimate| potential.figure(lift.n, Evidence::E3, Unit::Count, "newcombe");
        UnderUse {
            eligible,
            reach: share(touched, eligible, Evidence::E3),
            stage_median: found.stage_median,
            potential: found.potential.map_or_else(|| Figure::unknown(Unit::Count), outcomes),
            fires: found.fires,
        }
    }

    /// Tells whether enough people were compared to speak of an effect.
    fn is_above_floor(&self, found: &Progression) -> bool {
        found.touched.n.min(found.baseline.n) >= self.map.settings.floor
    }

    /// What it costs to move one more person on: spent per person over the effect on a person; none without an effect.
    fn price_of_a_step(&self, at: usize, found: &Progression) -> Option<f64> {
        let spent = self.spent[at].total as f64 / self.group.tally.touchpoints[at].people.max(1) as f64;
        found.lift.value.filter(|lift| *lift > 0.0).map(|lift| spent / lift)
    }

    /// The other live touchpoints with customers that are meant for the same stage.
    fn neighbours(&self, at: usize) -> impl Iterator<Item = usize> {
        let stage = self.meaning.touchpoints[at].primary_stage;
        (0..self.map.touchpoints.len()).filter(move |other| {
            *other != at && self.meaning.touchpoints[*other].primary_stage == stage && is_judged(&self.map.touchpoints[*other])
        })
    }

    /// Cost shares against effect shares of all touchpoints (M11).
    fn wastes(&self) -> Vec<Waste> {
        let costs: Vec<f64> = self.spent.iter().map(|spent| spent.total as f64).collect();
        let effects: Vec<f64> = self.linear.iter().map(|credit| credit.conversions.to_f64().max(0.0)).collect();
        let found = wasted(&costs, &effects);
        let share = |at: usize| self.shares.as_ref().map(|shares| shares.linear[at]);
        // Whatever costs something could be wasted; what costs nothing cannot, and is no test.
        let p = |at: usize| {
            let cost_share = found.as_ref()?.touchpoints[at].cost_share;
            let asked = cost_share > 0.0 && is_judged(&self.map.touchpoints[at]);
            asked.then(|| share(at)).flatten().and_then(|effect| p_below(effect, cost_share))
        };
        let stands = stands(&(0..costs.len()).map(p).collect::<Vec<_>>());
        (0..costs.len())
            .map(|at| {
                let effect_share = self.attribution(at).linear;
                let Some(found) = found.as_ref().map(|found| found.touchpoints[at]) else {
                    return Waste { cost_share: 0.0, effect_share, ratio: None, amount: 0.0, fires: false };
                };
                let fires = stands[at] && share(at).is_some_and(|share| is_wasted(found.cost_share, share));
                Waste { cost_share: found.cost_share, effect_share, ratio: found.ratio, amount: found.amount, fires }
            })
            .collect()
    }

    /// The six checks (M12).
    fn completeness(&self, at: usize) -> Completeness {
        let (touchpoint, met) = (&self.map.touchpoints[at], self.group.tally.touchpoints[at]);
        let identified_share = share(met.identified, met.interactions, Evidence::E3);
        let desired = |outcome: &&model::Outcome| match &touchpoint.desired_outcome {
            Some(id) => outcome.id == *id,
            None => outcome.target,
        };
        let checks = Checks {
            emits: met.interactions > 0,
            identified: identified_share.value.is_some_and(|share| share >= self.map.settings.identified_target),
            feedback: met.answers > 0,
            cost: self.spent[at].total > 0,
            outcome: self.map.outcomes.iter().find(desired).is_some_and(|outcome| !outcome.rule.forms.is_empty()),
            fresh: met.interactions > 0 && self.meaning.window.1.0 - met.last_at <= FRESH_DAYS * DAY,
        };
        let importance = self.map.stages[self.meaning.touchpoints[at].primary_stage].weight;
        Completeness {
            emits: checks.emits,
            identified: checks.identified,
            feedback: checks.feedback,
            cost: checks.cost,
            outcome: checks.outcome,
            fresh: checks.fresh,
            share: checks.completeness(),
            identified_share,
            opportunity: opportunity(met.identified, met.interactions, importance),
            dark: is_dark(is_judged(touchpoint), touchpoint.emits, self.everybody.tally.touchpoints[at].interactions),
        }
    }
}

fn is_judged(touchpoint: &Touchpoint) -> bool {
    touchpoint.life == Life::Live && touchpoint.class == Class::Customer
}

fn money(found: Option<Estimate>, people: u64, unit: Unit) -> Figure {
    found.map_or_else(
        || Figure::unknown(unit),
        |found| found.figure(people, Evidence::E3, unit, if found.interval.is_some() { "wilson" } else { "" }),
    )
}
