//! One person's half year with the company, week by week.
//!
//! A week has two halves. From Monday to Wednesday people meet touchpoints, by chance and by stage; from Thursday on
//! they act: the more touchpoints helped, the likelier they buy or move on. So a cause always precedes its effect,
//! within the calendar week in which frequency is judged. Mailings go out from Thursday to Saturday, and what they
//! sell is bought before the next one leaves.

use super::script::{
    ADVOCACY, CONSIDERATION, LOYALTY, MAILING_COMPLAINT, MAILING_RESPONSE, MAILING_UNSUBSCRIBE, MAILINGS_A_WEEK, SATISFACTION,
    SELECTION,
};
use super::{Company, Part, WEEKS};
use crate::rng::Rng;
use model::time::{DAY, SECOND, WEEK};
use model::{Arrival, Currency, Direction, Form, Identity, Instant, Scale, Score, Signature};

/// The chance per week to be never seen again.
const LEAVING: f64 = 0.035;
/// The share of people who let the company write to them.
const SUBSCRIBED: f64 = 0.7;
/// The share of weeks in which subscribers get the mailing.
const MAILING_WEEKS: f64 = 0.45;
/// The share of contacts seen a second time under no name, where names are optional.
const ANONYMOUS: f64 = 0.12;
/// The share of purchases followed by a second one within two days, because something was forgotten.
const FORGOTTEN: f64 = 0.03;
/// The share of satisfied people at every touchpoint that asks.
const SATISFIED: f64 = 0.84;
/// The same at a survey whose customers are not.
const UNSATISFIED: f64 = 0.4;
/// The share of pop-ups that are closed at once, the first time, the second, and from the third on.
const CLOSED_AT_ONCE: [f64; 3] = [0.1, 0.25, 0.5];
/// The share of purchases that lack a step while the deviation is planted.
const DEVIATING: f64 = 1.0 / 6.0;
/// The weeks after a purchase until a person without complaint counts as satisfied (14 days, as the templates say).
const QUIET_WEEKS: i64 = 3;

/// Lives the life of person `k` and returns what arrived until watching ended, in the order of time.
pub(super) fn live(company: &Company, k: u32) -> Vec<Arrival> {
    let mut arrivals = live_on(company, k, WEEKS);
    arrivals.retain(|arrival| arrival.at < company.end);
    arrivals
}

/// Lives the life of person `k` for so many weeks and returns all that arrived, in the order of time. Longer lives begin
/// as shorter ones do.
pub(super) fn live_on(company: &Company, k: u32, weeks: i64) -> Vec<Arrival> {
    let mut life = Life::new(company, k);
    let first = (life.chance.unit() * (WEEKS - 1) as f64) as i64;
    for week in first..weeks {
        if week > first && life.chance.chance(LEAVING) {
            break;
        }
        life.week(week, week == first);
    }
    life.arrivals.sort_by_key(|arrival| arrival.at);
    life.arrivals
}

/// Is a person on the way.
struct Life<'a> {
    company: &'a Company,
    k: u32,
    /// How long after Monday the person's own week begins.
    late: i64,
    chance: Rng,
    arrivals: Vec<Arrival>,
    /// Where the person stands, as the map would say.
    stage: usize,
    /// The week in which a buyer counts as satisfied.
    content_from: i64,
    /// Whether the company knows the person's name.
    known: bool,
    /// Whether mailings go out to the person.
    subscribed: bool,
    purchases: u32,
    /// The windows seen so far.
    windows: usize,
    /// What decides about closing windows: a stream of its own.
    fingers: Rng,
    /// The messages made so far.
    messages: u32,
    device: Identity,
    email: Identity,
    customer: Identity,
}

impl<'a> Life<'a> {
    fn new(company: &'a Company, k: u32) -> Self {
        let mut chance = Rng::new(company.seed, u64::from(k));
        let name = |namespace: &str, value: String| Identity { namespace: namespace.to_owned(), value };
        Self {
            company,
            k,
            // A stream of its own: a week that begins later is the same week.
            late: if company.own_weeks {
                (Rng::new(company.seed ^ WEEK as u64, u64::from(k)).unit() * WEEK as f64) as i64
            } else {
                0
            },
            subscribed: chance.chance(SUBSCRIBED),
            chance,
            arrivals: Vec::with_capacity(32),
            stage: 0,
            content_from: i64::MAX,
            known: false,
            purchases: 0,
            windows: 0,
            fingers: Rng::new(company.seed ^ SECOND as u64, u64::from(k)),
            messages: 0,
            device: name("device", format!("d-{k}")),
            email: name("email", format!("person-{k}@people.example")),
            customer: name("customer", format!("c-{k}")),
        }
    }

    /// Lives through one week.
    fn week(&mut self, week: i64, first: bool) {
        let monday = self.company.first_monday() + week * WEEK + self.late;
        if self.stage == SELECTION && week >= self.content_from {
            self.stage = SATISFACTION;
        }
        let mut help = self.meet(monday);
        if first && self.arrivals.is_empty() {
            help += self.arrive(monday);
        }
        let script = self.company.script;
        let buys = script.buying[self.stage] + if self.stage >= CONSIDERATION { help } else { 0.0 };
        let bought = match self.mailings_of_week() {
            0 => self.chance.chance(buys).then(|| self.moment(monday, 3.4, 6.9)),
            mailings => self.mailings(monday, mailings, buys),
        };
        match bought {
            Some(at) => self.buy(week, at),
            None if self.chance.chance(script.moving[self.stage] + self.moving_help(help)) => self.move_on(monday),
            None => {}
        }
    }

    /// Meets touchpoints from Monday to Wednesday; returns how much they help.
    fn meet(&mut self, monday: i64) -> f64 {
        let cast = &self.company.cast;
        let mut help = 0.0;
        for &number in &cast.met[self.stage] {
            let part = &cast.parts[number];
            if !self.chance.chance(part.rates[self.stage]) || (part.known && !self.known && part.direction == Direction::Outbound)
            {
                continue;
            }
            let at = self.moment(monday, 0.3, 2.9);
            help += part.effects[self.stage];
            self.contact(part, at);
        }
        help
    }

    /// Comes to the company for the first time, by one of the touchpoints of the first stage; returns how much it helps.
    fn arrive(&mut self, monday: i64) -> f64 {
        let cast = &self.company.cast;
        let part = &cast.parts[cast.met[0][self.chance.below(cast.met[0].len())]];
        let at = self.moment(monday, 0.3, 2.9);
        self.contact(part, at);
        part.effects[0]
    }

    /// Returns what help is worth where people move on without buying.
    fn moving_help(&self, help: f64) -> f64 {
        match self.stage {
            0 | 1 | LOYALTY => help,
            _ => 0.0,
        }
    }

    /// Moves on to the next stage (from satisfaction: to advocacy) by meeting a touchpoint that leads there.
    fn move_on(&mut self, monday: i64) {
        let next = if self.stage == SATISFACTION { ADVOCACY } else { self.stage + 1 };
        let cast = &self.company.cast;
        let openers = &cast.openers[next.min(ADVOCACY)];
        if openers.is_empty() {
            return;
        }
        let at = self.moment(monday, 3.4, 6.9);
        let part = &cast.parts[openers[self.chance.below(openers.len())]];
        self.contact(part, at);
    }

    /// Buys, and is cared for afterwards; now and then something was forgotten and is bought within two days.
    fn buy(&mut self, week: i64, at: i64) {
        self.purchase(week, at);
        if self.chance.chance(FORGOTTEN) {
            let again = at + self.days(1.1, 1.7);
            self.purchase(week, again);
        }
    }

    fn purchase(&mut self, week: i64, at: i64) {
        let company = self.company;
        let value = company.script.value * self.chance.between(0.4, 1.6);
        let mut arrival = self.arrival(&company.cast.purchase, Form::Purchase, Direction::Inbound, at);
        let linking = !self.known || self.chance.chance(0.3);
        arrival.identities = if linking { self.every_name() } else { vec![self.customer.clone()] };
        arrival.value = Some(value as i64);
        arrival.currency = Some(Currency::EUR);
        self.arrivals.push(arrival);
        self.known = true;
        self.purchases += 1;
        self.stage = self.stage.max(if self.purchases == 1 { SELECTION } else { LOYALTY });
        if self.purchases == 1 {
            self.content_from = week + QUIET_WEEKS;
        }
        let deviates = company.truths.deviation && self.chance.chance(DEVIATING);
        for (number, care) in &company.cast.aftercare {
            let part = &company.cast.parts[*number];
            let skipped = deviates && part.id == company.script.skipped;
            if !skipped && (self.purchases == 1 || !care.first_only) {
                self.contact(part, at + (care.days * DAY as f64) as i64);
            }
        }
    }

    /// Tells how many mailings the person gets this week.
    fn mailings_of_week(&mut self) -> usize {
        let here = self.company.cast.parts[self.company.cast.mailing].rates[self.stage] > 0.0;
        if !here || !self.known || !self.subscribed || !self.chance.chance(MAILING_WEEKS) {
            return 0;
        }
        if self.company.truths.over_used { 1 + self.chance.weighted(&MAILINGS_A_WEEK) } else { 1 }
    }

    /// Gets mailings from Thursday to Saturday, two a day; returns when something was bought.
    ///
    /// Whoever would have bought anyway does so after the first.
    fn mailings(&mut self, monday: i64, mailings: usize, anyway: f64) -> Option<i64> {
        let mut bought = None;
        for (nth, response) in MAILING_RESPONSE.iter().enumerate().take(mailings) {
            let at = monday + self.days(3.0, 3.06) + (nth as i64) * DAY / 2 + DAY * 3 / 8;
            self.contact(&self.company.cast.parts[self.company.cast.mailing], at);
            let response = if self.company.inert { 0.0 } else { *response };
            let tempted = response + if nth == 0 { anyway } else { 0.0 };
            if bought.is_none() && self.chance.chance(tempted) {
                bought = Some(at + self.days(0.03, 0.35));
            }
            self.object(nth, at);
        }
        bought
    }

    /// Complains about a mailing, or wants no more of them, now and then.
    fn object(&mut self, nth: usize, at: i64) {
        let mailing = &self.company.cast.parts[self.company.cast.mailing];
        let soon = at + self.days(0.01, 0.1);
        if let Some(signature) = &mailing.complaint
            && self.company.truths.over_used
            && self.chance.chance(MAILING_COMPLAINT[nth])
        {
            self.by_mail(signature, Form::Complaint, soon);
        }
        if let Some(signature) = &mailing.unsubscribe
            && self.chance.chance(MAILING_UNSUBSCRIBE[nth])
        {
            self.by_mail(signature, Form::Unsubscribe, soon);
            self.subscribed = false;
        }
    }

    fn by_mail(&mut self, signature: &Signature, form: Form, at: i64) {
        let mut arrival = self.arrival(signature, form, Direction::Inbound, at);
        arrival.identities = vec![self.email.clone()];
        self.arrivals.push(arrival);
    }

    /// Meets a touchpoint, with everything that belongs to it: a score, an answer, a stage reached.
    fn contact(&mut self, part: &Part, at: i64) {
        let place = self.chance.below(part.contact.len());
        let mut arrival = self.arrival(&part.contact[place], part.form, part.direction, at);
        arrival.identities = self.names(part);
        if let Some(cost) = part.cost {
            arrival.cost = Some((cost as f64 * self.chance.between(0.8, 1.2)).round() as i64);
            arrival.currency = Some(Currency::EUR);
        }
        arrival.score = self.score(part);
        if arrival.score.is_some_and(|score| score.scale == Scale::Nps && score.is_satisfied()) {
            self.stage = ADVOCACY;
        }
        if part.anonymous && self.stage <= CONSIDERATION && self.chance.chance(ANONYMOUS) {
            let later = at + self.days(0.01, 0.2);
            let mut unseen = self.arrival(&part.contact[place], part.form, part.direction, later);
            unseen.cost = arrival.cost;
            unseen.currency = arrival.currency;
            self.arrivals.push(unseen);
        }
        if !part.close.is_empty() {
            self.close(part, place, &arrival);
        }
        if let Some(reply) = &part.reply {
            self.answer(part, reply, &arrival);
        }
        self.arrivals.push(arrival);
        if let Some(stage) = part.opens {
            self.stage = self.stage.max(stage);
        }
    }

    /// Returns the names under which the person is met; asking or buying makes all names known.
    fn names(&mut self, part: &Part) -> Vec<Identity> {
        let introduced = !self.known && (part.known || part.opens == Some(CONSIDERATION));
        self.known |= introduced;
        if introduced || (self.known && !part.known && self.chance.chance(0.2)) {
            return self.every_name();
        }
        let named = self.known && (part.known || self.chance.chance(0.4));
        vec![match named {
            true if part.mail => self.email.clone(),
            true => self.customer.clone(),
            false => self.device.clone(),
        }]
    }

    fn every_name(&self) -> Vec<Identity> {
        vec![self.customer.clone(), self.email.clone(), self.device.clone()]
    }

    /// Returns the answer to a question, where the form asks one: satisfaction before loyalty, recommendation from there on.
    fn score(&mut self, part: &Part) -> Option<Score> {
        let form = part.form;
        let asks = match form {
            Form::SurveyAnswer | Form::Review => true,
            Form::Conversation => self.stage >= SATISFACTION && self.chance.chance(0.4),
            _ => false,
        };
        if !asks {
            return None;
        }
        let poor = self.company.unsatisfied() == Some(part.id.as_str());
        let satisfied = self.chance.chance(if poor { UNSATISFIED } else { SATISFIED });
        let step = self.chance.below(2) as i16;
        if form == Form::SurveyAnswer && self.stage >= LOYALTY {
            Score::new(Scale::Nps, if satisfied { 9 + step } else { 6 + step })
        } else {
            Score::new(Scale::Five, if satisfied { 4 + step } else { 2 + step })
        }
    }

    /// Answers a customer: within hours, or within days where the channel is slow.
    fn answer(&mut self, part: &Part, signature: &Signature, question: &Arrival) {
        let slow = self.company.truths.slow && part.id == self.company.script.slow;
        if self.chance.chance(if slow { 0.12 } else { 0.03 }) {
            return;
        }
        let (soonest, latest) = part.answered_within;
        let days = if slow { self.days(2.0, 6.0) } else { self.days(soonest, latest) };
        let mut reply = self.arrival(signature, Form::Reply, Direction::Outbound, question.at.0 + days);
        reply.identities.clone_from(&question.identities);
        reply.reply_to = Some(question.message_id.clone());
        self.arrivals.push(reply);
    }

    /// Closes a pop-up, now and then at once: the oftener, the more often it was seen, while that truth is planted.
    fn close(&mut self, part: &Part, place: usize, shown: &Arrival) {
        self.windows += 1;
        let seen = if self.company.truths.closed_at_once { self.windows.min(CLOSED_AT_ONCE.len()) } else { 1 };
        let seconds = match self.fingers.unit() {
            chance if chance < CLOSED_AT_ONCE[seen - 1] => self.fingers.between(0.4, 1.9),
            chance if chance < 0.8 => self.fingers.between(2.5, 20.0),
            _ => return,
        };
        let signature = part.close.get(place).unwrap_or(&part.close[0]).clone();
        let at = Instant(shown.at.0 + (seconds * SECOND as f64) as i64);
        // Numbered by themselves, so that the rest of the life is the same with and without.
        let message_id = format!("{}-close-{}", self.k, self.windows).into_bytes();
        let mut closed = Arrival::new(message_id, signature, at, Form::Close, Direction::Inbound);
        closed.identities.clone_from(&shown.identities);
        self.arrivals.push(closed);
    }

    /// Makes an arrival without names, numbered within the person.
    fn arrival(&mut self, signature: &Signature, form: Form, direction: Direction, at: i64) -> Arrival {
        self.messages += 1;
        let message_id = format!("{}-{}", self.k, self.messages).into_bytes();
        Arrival::new(message_id, signature.clone(), Instant(at), form, direction)
    }

    fn moment(&mut self, monday: i64, from: f64, to: f64) -> i64 {
        monday + self.days(from, to)
    }

    fn days(&mut self, from: f64, to: f64) -> i64 {
        (self.chance.between(from, to) * DAY as f64) as i64
    }
}
