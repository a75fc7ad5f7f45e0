//! The sample company: a map of a template, and people who live through it.
//!
//! Person `k` depends on the seed and on `k` alone, so any number of people can be made in any order, on any number
//! of threads, and the first thousand of a million are the same as a thousand.

mod cast;
mod life;
mod script;

use crate::rng::Rng;
use cast::{Cast, Part};
use model::catalogue::template;
use model::time::{DAY, WEEK};
use model::{Arrival, Instant, TouchpointMap, VerdictKind};
use script::{SCRIPTS, Script};

/// The number of weeks that a company is watched.
pub const WEEKS: i64 = 26;
/// The number of people for whom the costs of the templates are meant.
const PEOPLE: u32 = 20_000;
/// The moment at which watching ends unless it is moved: 2026-10-31T00:00:00Z.
pub const END: Instant = Instant(20_757 * DAY);

/// Says which truths are planted; each can be switched off alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Truths {
    /// One mailing reaches people up to six times a week, and only the first three pay.
    pub over_used: bool,
    /// One touchpoint works well and reaches few.
    pub under_used: bool,
    /// One advertisement costs much and moves little.
    pub wasted: bool,
    /// One touchpoint is live and never heard of.
    pub dark: bool,
    /// Two places name different contact data.
    pub contact_data: bool,
    /// Every sixth purchase lacks a step that the designed journey has.
    pub deviation: bool,
    /// One channel answers after days.
    pub slow: bool,
    /// One pop-up is closed at once by whoever sees it for the third time.
    pub closed_at_once: bool,
}

impl Truths {
    /// Plants all of them.
    #[must_use]
    pub const fn planted() -> Self {
        Self {
            over_used: true,
            under_used: true,
            wasted: true,
            dark: true,
            contact_data: true,
            deviation: true,
            slow: true,
            closed_at_once: true,
        }
    }

    /// Plants none: nothing in the company asks for a change.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            over_used: false,
            under_used: false,
            wasted: false,
            dark: false,
            contact_data: false,
            deviation: false,
            slow: false,
            closed_at_once: false,
        }
    }
}

/// Is an invented company: a map, and the interactions of its people.
pub struct Company {
    script: &'static Script,
    template: TouchpointMap,
    cast: Cast,
    seed: u64,
    people: u32,
    truths: Truths,
    end: Instant,
    own_weeks: bool,
    inert: bool,
    poor: bool,
}

impl Company {
    /// Founds the company of a template, with 20,000 people and every truth planted.
    ///
    /// # Panics
    /// When there is no such template.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let script = SCRIPTS.iter().find(|script| script.template == name).expect("the name of a template");
        let template = template(name).expect("every script has its template");
        let truths = Truths::planted();
        let cast = Cast::new(&template, script, truths);
        Self { script, template, cast, seed: 1, people: PEOPLE, truths, end: END, own_weeks: false, inert: false, poor: false }
    }

    /// Sets where chance starts from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the number of people; each has about twenty interactions.
    #[must_use]
    pub fn people(self, people: u32) -> Self {
        Self { people, ..self }
    }

    /// Chooses the planted truths.
    #[must_use]
    pub fn truths(self, truths: Truths) -> Self {
        Self { truths, ..self }.recast()
    }

    /// Gives each person a week of their own, which begins at any moment of the calendar's: nothing that happens in the
    /// company keeps to Mondays.
    #[must_use]
    pub fn own_weeks(self) -> Self {
        Self { own_weeks: true, ..self }
    }

    /// Lets no touchpoint help anybody: whoever buys or moves on would have done so without. The truth of every effect is
    /// nought then.
    #[must_use]
    pub fn inert(self) -> Self {
        Self { inert: true, ..self }.recast()
    }

    /// Lets fewer than half of the people be satisfied at the survey.
    #[must_use]
    pub fn poor(self) -> Self {
        Self { poor: true, ..self }
    }

    fn recast(self) -> Self {
        let mut cast = Cast::new(&self.template, self.script, self.truths);
        if self.inert {
            cast.parts.iter_mut().for_each(|part| part.effects = [0.0; script::STAGES]);
        }
        Self { cast, ..self }
    }

    /// Sets the moment at which watching ends; it begins [`WEEKS`] weeks before.
    #[must_use]
    pub fn end(self, end: Instant) -> Self {
        Self { end, ..self }
    }

    /// Returns the map: the template, with running costs for this number of people and the planted faults.
    #[must_use]
    pub fn map(&self) -> TouchpointMap {
        let mut map = self.template.clone();
        for touchpoint in &mut map.touchpoints {
            if self.truths.wasted && touchpoint.id == self.script.wasted {
                touchpoint.cost.running_per_month = self.script.wasted_per_month;
            }
            let scale = f64::from(self.people) / f64::from(PEOPLE);
            let cost = &mut touchpoint.cost;
            cost.build = (cost.build as f64 * scale).round() as i64;
            cost.running_per_month = (cost.running_per_month as f64 * scale).round() as i64;
            cost.staff_hours_per_month *= scale;
            if touchpoint.id == self.script.contact_data {
                let elsewhere = if self.truths.contact_data { "+33 1 99 00 12 43" } else { "+33 1 99 00 12 34" };
                touchpoint.custom.insert("telephone on the site".to_owned(), "+33 1 99 00 12 34".to_owned());
                touchpoint.custom.insert("telephone on the map listing".to_owned(), elsewhere.to_owned());
            }
        }
        map
    }

    /// Returns everything that arrives from or about person `k`, in the order of time.
    #[must_use]
    pub fn person(&self, k: u32) -> Vec<Arrival> {
        life::live(self, k)
    }

    /// Returns everything that arrives, person after person.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + '_ {
        (0..self.people).flat_map(|k| self.person(k))
    }

    /// Returns what arrives in the `nth` week after watching has ended (0 is the first), from everybody, in the order of
    /// time: the lives of [`Company::person`] go on.
    #[must_use]
    pub fn week_after(&self, nth: u32) -> Vec<Arrival> {
        let begins = self.end.0 + i64::from(nth) * WEEK;
        let within = |arrival: &Arrival| (begins..begins + WEEK).contains(&arrival.at.0);
        // Weeks begin on Mondays, so a week after the end touches two of them.
        let weeks = WEEKS + i64::from(nth) + 2;
        let lives = (0..self.people).flat_map(|k| life::live_on(self, k, weeks));
        let mut arrivals: Vec<Arrival> = lives.filter(within).collect();
        arrivals.sort_by(|one, other| (one.at, &one.message_id).cmp(&(other.at, &other.message_id)));
        arrivals
    }

    /// Returns the traits of person `k` as pairs of name and value.
    #[must_use]
    pub fn traits(&self, k: u32) -> Vec<(String, String)> {
        let roles = self.script.roles;
        if roles.is_empty() {
            return Vec::new();
        }
        // A stream of its own, so that traits do not disturb the interactions.
        let mut chance = Rng::new(!self.seed, u64::from(k));
        vec![("role".to_owned(), roles[chance.below(roles.len())].to_owned())]
    }

    /// Returns the verdicts that a right analysis reaches: the touchpoint and the word, in the order of the words.
    #[must_use]
    pub fn planted(&self) -> Vec<(String, VerdictKind)> {
        let script = self.script;
        [
            (self.truths.dark, script.dark, VerdictKind::Dark),
            (self.truths.over_used, script.mailing, VerdictKind::OverUsed),
            (self.truths.wasted, script.wasted, VerdictKind::Wasted),
            (self.truths.under_used, script.under_used, VerdictKind::UnderUsed),
        ]
        .into_iter()
        .filter(|(planted, ..)| *planted)
        .map(|(_, id, kind)| (id.to_owned(), kind))
        .collect()
    }

    /// Returns the touchpoint whose customers are not satisfied, while that is so.
    #[must_use]
    pub fn unsatisfied(&self) -> Option<&str> {
        self.poor.then_some(self.script.survey)
    }

    /// Returns the touchpoints that help far more than usual in the stage they are meant for.
    #[must_use]
    pub fn helpful(&self) -> Vec<&str> {
        let effects = self.script.effects.iter().filter(|(_, effect)| !self.inert && *effect > 0.0);
        effects.map(|(id, _)| *id).collect()
    }

    /// Returns the mailing, which many get and few need.
    #[must_use]
    pub fn mailing(&self) -> &str {
        self.script.mailing
    }

    /// Returns the touchpoint whose answers come late, while that truth is planted.
    #[must_use]
    pub fn slow(&self) -> Option<&str> {
        self.truths.slow.then_some(self.script.slow)
    }

    /// Returns the pop-up that is closed at once when it comes too often, while that truth is planted.
    #[must_use]
    pub fn closed_at_once(&self) -> Option<&str> {
        (self.truths.closed_at_once && !self.script.popup.is_empty()).then_some(self.script.popup)
    }

    /// Returns the step that every sixth purchase lacks, while that truth is planted.
    #[must_use]
    pub fn skipped(&self) -> Option<&str> {
        self.truths.deviation.then_some(self.script.skipped)
    }

    /// Returns the Monday on which watching begins.
    fn first_monday(&self) -> i64 {
        (self.end.week() - WEEKS + 1) * WEEK - 3 * DAY
    }
}
