//! Asking whether somebody may be reached, and saying what became of it.
//!
//! The states of a message: `reserved` under a lease, `sending` from the moment at which nobody can take it back, `sent`,
//! `released` when it failed or bounced, `ghost` for a hold-out. Reserved ones count while their lease lasts, sending and
//! sent ones always. A worker whose lease has ended cannot begin to send ([`Policy::begin`]), so a place that was given to
//! somebody else is never used twice.

use super::facts::{Facts, Zones};
use super::hours::in_zone;
use super::rules::{Full, Seen, WINDOW_MAX};
use super::settings::decided;
use super::words::Said;
use super::{Action, Channel, Class, Policy, Settings, StoredRule, failed};
use crate::failure::{Failure, Result};
use jiff::tz::TimeZone;
use model::time::{DAY, SECOND};
use model::{ActorId, Instant};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;

/// How long a worker may take from its reservation to the beginning of the sending.
const LEASE: i64 = 60 * SECOND;
/// A key names a message to a person; nobody needs longer ones.
const KEY_MAX: usize = 200;

/// Asks to reach somebody.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Names this message to this person, for ever: the same key is never sent twice.
    pub key: String,
    /// Whom: one of their identities.
    #[serde(with = "as_hex")]
    pub actor: ActorId,
    /// On which path.
    pub channel: Channel,
    /// What for.
    pub class: Class,
    /// What rules may name, such as `newsletter`.
    #[serde(default)]
    pub tag: String,
    /// The segments of the person now.
    #[serde(default)]
    pub segments: Vec<String>,
    /// What the sender expects it to be worth: of several that wait, the highest goes first.
    #[serde(default)]
    pub worth: f64,
    /// After this moment it is of no use; none: it does not wait at all.
    #[serde(default)]
    pub deadline: Option<Instant>,
    /// A hold-out of its own: how many people of 1,000, chosen by this name.
    #[serde(default)]
    pub holdout: Option<(String, u16)>,
}

/// Is leave to send one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// The message.
    pub key: String,
    lease: String,
}

/// Is why somebody is not reached, now or at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Why {
    /// `no_consent`, `said_no`, `suppressed`, `restricted`, `quiet_hours`, `frequency_cap`, `wish`, `hold_out`,
    /// `open_conversation`, `replaced`, `deadline` or `busy`.
    pub code: String,
    /// The rule that stops it.
    pub rule: Option<i64>,
    /// The message that has taken its place.
    pub competing: Option<String>,
    /// When there is room again.
    pub until: Option<i64>,
}

/// Is the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Send it.
    Go(Ticket),
    /// Not now. It waits and is asked for again, or somebody holds it.
    Later(Why),
    /// Not at all.
    No(Why),
    /// It was sent before, or was being sent when its worker died.
    Already,
}

/// Is a message that was not sent, for the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skip {
    /// The message.
    pub key: String,
    /// To whom.
    pub actor: ActorId,
    /// On which path.
    pub channel: Channel,
    /// What for.
    pub class: Class,
    /// Its tag.
    pub tag: String,
    /// When it was decided.
    pub at: Instant,
    /// Why.
    pub why: Why,
}

impl Why {
    pub(super) fn new(code: &str) -> Self {
        Self { code: code.to_owned(), rule: None, competing: None, until: None }
    }
}

impl Policy {
    /// Asks to reach somebody. Whoever may go has the place from now on, and calls [`Policy::begin`] before it sends.
    ///
    /// # Errors
    /// Fails when the question cannot be one, or the state store fails.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer> {
        let mut answers = self.answers(std::slice::from_ref(ask), true).await?;
        answers.pop().ok_or_else(|| Failure::new("A question has no answer"))
    }

    /// Asks for many at once, one after the other, as [`Policy::ask`] does for one: all of it is durable when this returns.
    ///
    /// # Errors
    /// As [`Policy::ask`]; nothing is reserved then.
    pub async fn ask_all(&self, asks: &[Ask]) -> Result<Vec<Answer>> {
        self.answers(asks, true).await
    }

    /// Tells what the answers would be, each for itself, and changes nothing.
    ///
    /// # Errors
    /// As [`Policy::ask`].
    pub async fn would(&self, asks: &[Ask]) -> Result<Vec<Answer>> {
        self.answers(asks, false).await
    }

    async fn answers(&self, asks: &[Ask], is_meant: bool) -> Result<Vec<Answer>> {
        asks.iter().try_for_each(check)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        // Who is who is looked up by the one who may write, so that two who ask at the same time count alike.
        let people: Vec<(u64, Vec<i64>)> = asks.iter().map(|ask| self.actors_of(ask.actor)).collect();
        // What bypasses asks for no hour, and for nobody's word: only whether the address is one.
        let needed = |(ask, (_, actors)): (&Ask, &(u64, Vec<i64>))| match ask.class.bypasses() {
            true => vec![ask.actor.0.cast_signed()],
            false => actors.clone(),
        };
        let mut actors: Vec<i64> = asks.iter().zip(&people).flat_map(needed).collect();
        actors.sort_unstable();
        actors.dedup();
        let zones = Zones::read(&self.state, &actors).await?;
        let decided = decided(&mut transaction).await?;
        let mut facts = Facts::read(&mut transaction, &actors).await?;
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, (person, actors)) in asks.iter().zip(&people) {
            let zone = zones.of(actors).and_then(|name| TimeZone::get(&name).ok());
            let one = One { ask, person: *person, actors, zone };
            answers.push(self.answer(&mut transaction, &one, &decided, &mut facts, is_meant).await?);
        }
        // Dropped without a commit, whatever was written is gone.
        if is_meant {
            transaction.commit().await.map_err(failed)?;
        }
        Ok(answers)
    }

    /// Gives back what a process reserved that is no more: whoever opens the stores is alone with them, so nobody holds it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn let_go_of_the_dead(&self) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE contact_send SET state = 'released' WHERE state = 'reserved'")
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Says that the sending begins: from here on the place is used. `false` when the lease has ended meanwhile; then
    /// nothing must be sent, and it is asked for again.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn begin(&self, ticket: &Ticket) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let begun = self.begin_in(&mut transaction, ticket).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(begun)
    }

    /// As [`Policy::begin`], within a transaction of whoever sends.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn begin_in(&self, transaction: &mut Transaction, ticket: &Ticket) -> Result<bool> {
        let now = self.now();
        let begun = sqlx::query(
            "UPDATE contact_send SET state = 'sending', at = $1 WHERE send_key = $2 AND lease = $3 AND state = 'reserved' \
             AND lease_end > $1",
        )
        .bind(now.0)
        .bind(ticket.key.clone())
        .bind(ticket.lease.clone())
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        Ok(begun.rows_affected() == 1)
    }

    /// Says within a transaction of whoever sends whether it was sent, or not after all.
    ///
    /// # Errors
    /// Fails when the state store does; the place stays used then.
    pub async fn ended_in(transaction: &mut Transaction, ticket: &Ticket, is_sent: bool) -> Result<()> {
        let state = if is_sent { "sent" } else { "released" };
        end(transaction, &ticket.key, Some(&ticket.lease), state).await
    }

    /// Says that it was sent.
    ///
    /// # Errors
    /// Fails when the state store does; the place stays used then.
    pub async fn sent(&self, ticket: &Ticket) -> Result<()> {
        self.ended(&ticket.key, Some(&ticket.lease), "sent").await
    }

    /// Counts what was sent to a person under keys that begin alike: since a moment, and ever.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sent_under(&self, start: &str, actor: ActorId, since: Instant) -> Result<(u64, u64)> {
        let (_, actors) = self.actors_of(actor);
        let head = "SELECT send_key, at, state FROM contact_send WHERE actor IN";
        let rows = state::read_in(self.state.reader(), head, &actors).await.map_err(failed)?;
        let is_sent = |row: &&AnyRow| ["sent", "sending"].contains(&row.get::<String, _>("state").as_str());
        let sent = rows.iter().filter(|row| row.get::<String, _>("send_key").starts_with(start)).filter(is_sent);
        let times: Vec<i64> = sent.map(|row| row.get("at")).collect();
        Ok((times.iter().filter(|at| **at > since.0).count() as u64, times.len() as u64))
    }

    /// Says that it was not sent after all: the place is free again.
    ///
    /// # Errors
    /// Fails when the state store does; the place stays used then.
    pub async fn unsent(&self, ticket: &Ticket) -> Result<()> {
        self.ended(&ticket.key, Some(&ticket.lease), "released").await
    }

    /// Says that a message came back: nobody saw it, so its place is free again.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn came_back(&self, key: &str) -> Result<()> {
        self.ended(key, None, "released").await
    }

    async fn ended(&self, key: &str, lease: Option<&str>, state: &'static str) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        end(&mut transaction, key, lease, state).await?;
        transaction.commit().await.map_err(failed)
    }

    /// Returns what waits and may be asked for again: of each person one at a time, the one worth most, so that nothing goes
    /// out in a burst. What is past its deadline is skipped.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn due(&self, most: usize) -> Result<Vec<Ask>> {
        let now = self.now();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let late = sqlx::query("SELECT ask FROM contact_waiting WHERE deadline < $1 ORDER BY deadline LIMIT 1000")
            .bind(now.0)
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed)?;
        for row in &late {
            let Ok(ask) = serde_json::from_str::<Ask>(&row.get::<String, _>("ask")) else { continue };
            let stopped_by =
                sqlx::query("SELECT send_key FROM contact_send WHERE actor = $1 AND counts = 1 ORDER BY at DESC LIMIT 1")
                    .bind(ask.actor.0.cast_signed())
                    .fetch_optional(&mut *transaction)
                    .await
                    .map_err(failed)?;
            let why = Why { competing: stopped_by.map(|row| row.get("send_key")), ..Why::new("deadline") };
            skip(&mut transaction, &ask, &why, now).await?;
        }
        let rows = sqlx::query(
            "SELECT ask FROM contact_waiting WHERE until <= $1 AND deadline >= $1 ORDER BY worth DESC, until, send_key LIMIT 10000",
        )
        .bind(now.0)
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let mut seen = std::collections::HashSet::new();
        let people = self.people.read();
        let asks = rows.iter().filter_map(|row| serde_json::from_str::<Ask>(&row.get::<String, _>("ask")).ok());
        Ok(asks.filter(|ask| seen.insert(people.person_of(ask.actor))).take(most).collect())
    }

    /// Returns what was not sent and is not told to the ledger yet.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn untold(&self, most: usize) -> Result<Vec<Skip>> {
        let sql = "SELECT send_key, actor, channel, class, tag, at, why, rule, competing FROM contact_skip WHERE told = 0 \
                   ORDER BY at, send_key LIMIT $1";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = sqlx::query(sql).bind(most).fetch_all(self.state.reader()).await.map_err(failed)?;
        Ok(rows.iter().filter_map(skipped).collect())
    }

    /// Notes that the ledger knows of some that were not sent.
    ///
    /// # Errors
    /// Fails when the state store does; they are told again then, which changes nothing.
    pub async fn told(&self, skips: &[Skip]) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        for skip in skips {
            sqlx::query("UPDATE contact_skip SET told = 1 WHERE send_key = $1 AND at = $2")
                .bind(skip.key.clone())
                .bind(skip.at.0)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Returns what the person behind an identity was not sent lately, and why, the latest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn skips_of(&self, actor: ActorId) -> Result<Vec<Skip>> {
        let (_, actors) = self.actors_of(actor);
        let head = "SELECT send_key, actor, channel, class, tag, at, why, rule, competing FROM contact_skip WHERE actor IN";
        let rows = state::read_in(self.state.reader(), head, &actors).await.map_err(failed)?;
        let mut skips: Vec<Skip> = rows.iter().filter_map(skipped).collect();
        skips.sort_by_key(|skip| std::cmp::Reverse(skip.at));
        skips.truncate(100);
        Ok(skips)
    }

    /// Counts what the person behind an identity got since a moment, and what is counted for them as a hold-out.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn count_since(&self, actor: ActorId, since: Instant) -> Result<usize> {
        let (_, actors) = self.actors_of(actor);
        let mut transaction = self.state.begin().await.map_err(failed)?;
        Ok(Facts::read(&mut transaction, &actors).await?.counted(&actors, "", since, self.now()).len())
    }

    /// Answers, and notes the answer where it is meant.
    async fn answer(
        &self,
        transaction: &mut Transaction,
        one: &One<'_>,
        (settings, rules): &(Settings, Vec<StoredRule>),
        facts: &mut Facts,
        is_meant: bool,
    ) -> Result<Answer> {
        let ask = one.ask;
        let now = self.now();
        let standing = sqlx::query("SELECT state, lease_end FROM contact_send WHERE send_key = $1")
            .bind(ask.key.clone())
            .fetch_optional(&mut **transaction)
            .await
            .map_err(failed)?;
        if let Some(row) = &standing {
            let (state, lease_end): (String, i64) = (row.get("state"), row.get("lease_end"));
            match state.as_str() {
                "sent" | "sending" => return Ok(Answer::Already),
                "ghost" => return Ok(Answer::No(Why::new("hold_out"))),
                "reserved" if lease_end > now.0 => {
                    return Ok(Answer::Later(Why { until: Some(lease_end), ..Why::new("busy") }));
                }
                _ => {}
            }
        }
        let zone = one.zone.clone().or_else(|| TimeZone::get(&settings.zone).ok()).unwrap_or(TimeZone::UTC);
        let stop = Stop { ask, settings, rules, zone: &zone, now, actors: one.actors, facts };
        let outcome = match stop.forbidden() {
            Some(why) => Err(Verdict::Never(why)),
            None if ask.class.bypasses() => Ok(()),
            None => stop.timely(),
        };
        match outcome {
            Ok(()) => {
                let is_held_out = !ask.class.bypasses() && held_out(one.person, ask, settings);
                if !is_meant {
                    let ticket = Ticket { key: ask.key.clone(), lease: String::new() };
                    return Ok(if is_held_out { Answer::No(Why::new("hold_out")) } else { Answer::Go(ticket) });
                }
                let state = if is_held_out { "ghost" } else { "reserved" };
                let ticket = reserve(transaction, ask, state, now).await?;
                facts.reserved(ask, now, (!is_held_out).then_some(Instant(now.0 + LEASE)));
                clear_waiting(transaction, &ask.key).await?;
                if is_held_out {
                    let why = Why::new("hold_out");
                    skip(transaction, ask, &why, now).await?;
                    return Ok(Answer::No(why));
                }
                Ok(Answer::Go(ticket))
            }
            Err(Verdict::Wait { why, until, replaces }) => {
                let deadline = ask.deadline.filter(|deadline| *deadline >= until);
                match deadline {
                    Some(deadline) => {
                        if is_meant {
                            wait(transaction, ask, until, deadline, replaces, one.actors, now).await?;
                        }
                        Ok(Answer::Later(why))
                    }
                    None => self.refused(transaction, ask, why, is_meant, now).await,
                }
            }
            Err(Verdict::Never(why)) => self.refused(transaction, ask, why, is_meant, now).await,
        }
    }

    async fn refused(&self, transaction: &mut Transaction, ask: &Ask, why: Why, is_meant: bool, now: Instant) -> Result<Answer> {
        if is_meant {
            skip(transaction, ask, &why, now).await?;
        }
        Ok(Answer::No(why))
    }
}

/// Is why it does not go.
enum Verdict {
    Never(Why),
    Wait { why: Why, until: Instant, replaces: bool },
}

/// Is one question with whom it is about.
struct One<'a> {
    ask: &'a Ask,
    person: u64,
    /// Every identity of the person.
    actors: &'a [i64],
    /// The person's own zone.
    zone: Option<TimeZone>,
}

/// Is one question beside everything that may stop it.
struct Stop<'a> {
    ask: &'a Ask,
    settings: &'a Settings,
    rules: &'a [StoredRule],
    zone: &'a TimeZone,
    now: Instant,
    actors: &'a [i64],
    facts: &'a Facts,
}

impl Stop<'_> {
    /// Finds what forbids it whatever the hour.
    fn forbidden(&self) -> Option<Why> {
        let Ask { channel, class, .. } = *self.ask;
        let suppressed = self.facts.suppressed(self.ask.actor, channel);
        if suppressed.is_some_and(|reason| !class.bypasses() || reason == "bounced") {
            return Some(Why::new("suppressed"));
        }
        if class.bypasses() {
            return None;
        }
        if self.facts.is_restricted(self.actors) {
            return Some(Why::new("restricted"));
        }
        let is_refused = match (self.facts.said(self.actors, class, channel), self.facts.general(self.actors)) {
            // The later of the two counts, and the no where they have the same time.
            (Some(Said { word, at, .. }), general) => !word.given || general.is_some_and(|(given, when)| !given && when >= *at),
            (None, Some((given, _))) => !given,
            // Whoever opens a page has come to us: nobody reaches out to them elsewhere, so leave is not asked beforehand.
            (None, None) if channel == Channel::Popup => false,
            (None, None) => return self.settings.ask_first.contains(&class).then(|| Why::new("no_consent")),
        };
        is_refused.then(|| Why::new("said_no"))
    }

    /// Finds what asks it to wait, or says that it may go.
    fn timely(&self) -> Result<(), Verdict> {
        if self.ask.deadline.is_some_and(|deadline| deadline < self.now) {
            return Err(Verdict::Never(Why::new("deadline")));
        }
        if self.settings.hold_while_open && self.ask.class == Class::Marketing && self.facts.is_held(self.actors) {
            // Nobody knows when a conversation ends: it is looked at again in an hour.
            let until = Instant(self.now.0 + DAY / 24);
            let why = Why { until: Some(until.0), ..Why::new("open_conversation") };
            return Err(Verdict::Wait { why, until, replaces: false });
        }
        let since = Instant(self.now.0 - WINDOW_MAX);
        let seen = self.facts.counted(self.actors, &self.ask.key, since, self.now);
        let wanted = self.ask.seen(self.now);
        let mut full: Vec<Full> = self.rules.iter().filter_map(|rule| rule.full(&wanted, &seen, self.zone)).collect();
        full.extend(self.wish(&seen));
        // The strictest wins: whoever drops, then whoever keeps it waiting longest.
        full.sort_by_key(|full| (full.action != Action::Drop, std::cmp::Reverse(full.until)));
        let quiet = |at| match self.ask.channel {
            // A window over a page disturbs nobody who sleeps.
            Channel::Popup | Channel::Chat | Channel::Post => at,
            _ => self.settings.quiet.next_open(at, self.zone),
        };
        if let Some(Full { rule, action, until, competing }) = full.into_iter().next() {
            let until = quiet(until);
            let code = if rule == WISH { "wish" } else { "frequency_cap" };
            let rule = (rule != WISH).then_some(rule);
            let why = Why { code: code.to_owned(), rule, competing, until: Some(until.0) };
            return Err(match action {
                Action::Drop => Verdict::Never(why),
                Action::Defer | Action::Replace => Verdict::Wait { why, until, replaces: action == Action::Replace },
            });
        }
        let open = quiet(self.now);
        if open > self.now {
            let why = Why { until: Some(open.0), ..Why::new("quiet_hours") };
            return Err(Verdict::Wait { why, until: open, replaces: false });
        }
        debug_assert!(in_zone(self.now, self.zone).is_some());
        Ok(())
    }

    /// Tells whether the person's own wish, "at most once in so many days", is used up.
    fn wish(&self, seen: &[Seen]) -> Option<Full> {
        let Ask { channel, class, .. } = *self.ask;
        let days = i64::from(self.facts.said(self.actors, class, channel)?.word.every_days);
        let same = seen.iter().filter(|seen| (seen.class, seen.channel) == (class, channel));
        let latest = same.max_by_key(|seen| seen.at).filter(|seen| days > 0 && seen.at.0 > self.now.0 - days * DAY)?;
        let until = Instant(latest.at.0 + days * DAY);
        Some(Full { rule: WISH, action: Action::Defer, until, competing: Some(latest.key.clone()) })
    }
}

/// Stands for the person's own wish, which is no rule of ours.
const WISH: i64 = -1;

fn check(ask: &Ask) -> Result<()> {
    let is_word = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
    if ask.key.is_empty() || !is_word(&ask.key, KEY_MAX) || !is_word(&ask.tag, 100) {
        return Err(Failure::new("A message has a key of 1 to 200 bytes and a tag of at most 100"));
    }
    if ask.segments.len() > 100 || !ask.worth.is_finite() {
        return Err(Failure::new("A message names at most 100 segments, and a worth that is a number"));
    }
    Ok(())
}

/// Tells whether somebody is left out, by lot that falls the same way every time.
fn held_out(person: u64, ask: &Ask, settings: &Settings) -> bool {
    let falls = |salt: &str, permille: u16| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(salt.as_bytes()).update(&[0]).update(&person.to_be_bytes());
        let number = u64::from_be_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("eight bytes"));
        number % 1_000 < u64::from(permille)
    };
    falls(&settings.holdout_salt, settings.holdout_permille)
        || ask.holdout.as_ref().is_some_and(|(salt, permille)| falls(salt, *permille))
}

async fn end(transaction: &mut Transaction, key: &str, lease: Option<&str>, state: &'static str) -> Result<()> {
    sqlx::query("UPDATE contact_send SET state = $1 WHERE send_key = $2 AND (lease = $3 OR $4 = 1) AND state <> 'ghost'")
        .bind(state)
        .bind(key.to_owned())
        .bind(lease.unwrap_or_default().to_owned())
        .bind(i64::from(lease.is_none()))
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn reserve(transaction: &mut Transaction, ask: &Ask, state: &'static str, now: Instant) -> Result<Ticket> {
    let lease = crate::platform::token::Token::draw()?.hash()[..16].to_owned();
    let segments = serde_json::to_string(&ask.segments).unwrap_or_default();
    sqlx::query(
        "INSERT INTO contact_send (send_key, actor, channel, class, tag, segments, state, counts, at, lease, lease_end) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (send_key) DO UPDATE SET state = excluded.state, \
         at = excluded.at, lease = excluded.lease, lease_end = excluded.lease_end, segments = excluded.segments",
    )
    .bind(ask.key.clone())
    .bind(ask.actor.0.cast_signed())
    .bind(ask.channel.name())
    .bind(ask.class.name())
    .bind(ask.tag.clone())
    .bind(segments)
    .bind(state)
    .bind(i64::from(ask.class.counts()))
    .bind(now.0)
    .bind(lease.clone())
    .bind(now.0 + LEASE)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(Ticket { key: ask.key.clone(), lease })
}

/// Lets a message wait. Where it replaces, what waits already with its tag is skipped.
async fn wait(
    transaction: &mut Transaction,
    ask: &Ask,
    until: Instant,
    deadline: Instant,
    replaces: bool,
    actors: &[i64],
    now: Instant,
) -> Result<()> {
    if replaces {
        let head = "SELECT ask FROM contact_waiting WHERE actor IN";
        for row in state::select_in(transaction, head, actors).await.map_err(failed)? {
            let Ok(other) = serde_json::from_str::<Ask>(&row.get::<String, _>("ask")) else { continue };
            if other.tag == ask.tag && other.key != ask.key {
                let why = Why { competing: Some(ask.key.clone()), ..Why::new("replaced") };
                skip(transaction, &other, &why, now).await?;
            }
        }
    }
    let text = serde_json::to_string(ask).map_err(|error| Failure::new("Cannot let a message wait").because(&error))?;
    sqlx::query(
        "INSERT INTO contact_waiting (send_key, actor, until, deadline, worth, tag, ask) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (send_key) DO UPDATE SET until = excluded.until, deadline = excluded.deadline, worth = excluded.worth, \
         ask = excluded.ask",
    )
    .bind(ask.key.clone())
    .bind(ask.actor.0.cast_signed())
    .bind(until.0)
    .bind(deadline.0)
    .bind(ask.worth)
    .bind(ask.tag.clone())
    .bind(text)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn clear_waiting(transaction: &mut Transaction, key: &str) -> Result<()> {
    let sql = "DELETE FROM contact_waiting WHERE send_key = $1";
    sqlx::query(sql).bind(key.to_owned()).execute(&mut **transaction).await.map_err(failed)?;
    Ok(())
}

/// Notes that a message is not sent, and why; it waits no longer.
async fn skip(transaction: &mut Transaction, ask: &Ask, why: &Why, now: Instant) -> Result<()> {
    clear_waiting(transaction, &ask.key).await?;
    sqlx::query(
        "INSERT INTO contact_skip (send_key, actor, channel, class, tag, at, why, rule, competing, told) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (send_key) DO UPDATE SET at = excluded.at, \
         why = excluded.why, rule = excluded.rule, competing = excluded.competing, told = 0",
    )
    .bind(ask.key.clone())
    .bind(ask.actor.0.cast_signed())
    .bind(ask.channel.name())
    .bind(ask.class.name())
    .bind(ask.tag.clone())
    .bind(now.0)
    .bind(why.code.clone())
    .bind(why.rule)
    .bind(why.competing.clone())
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

fn skipped(row: &AnyRow) -> Option<Skip> {
    Some(Skip {
        key: row.get("send_key"),
        actor: ActorId(row.get::<i64, _>("actor").cast_unsigned()),
        channel: Channel::parse(&row.get::<String, _>("channel"))?,
        class: Class::parse(&row.get::<String, _>("class"))?,
        tag: row.get("tag"),
        at: Instant(row.get("at")),
        why: Why { code: row.get("why"), rule: row.get("rule"), competing: row.get("competing"), until: None },
    })
}

/// Writes an actor as the ledger numbers it.
mod as_hex {
    use model::ActorId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(actor: &ActorId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&actor.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ActorId, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map(ActorId).map_err(|_| D::Error::custom("not the number of an identity"))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
