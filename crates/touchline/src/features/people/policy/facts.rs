//! What stands in the store of people who are to be reached, read once for as many as are asked about together.

use super::rules::Seen;
use super::words::{Said, said};
use super::{Ask, Channel, Class, failed};
use crate::failure::Result;
use crate::features::people::traits::{Trait, counting, stored_traits};
use model::{ActorId, Instant};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, Transaction};
use std::collections::{HashMap, HashSet};

/// How many messages of one person are looked at; whoever gets more in three months has other troubles.
const SEEN_MAX: usize = 10_000;
/// The general word on contact, beside those per class and channel.
const GENERAL: &str = "SELECT actor, given, at FROM consent WHERE purpose = 'contact' AND actor IN";
/// Traits by which the zone of a person is known.
const ZONE_TRAITS: [&str; 3] = ["timezone", "time_zone", "zone"];

/// Is what decides on people beside the rules, by identity. It goes along with what is reserved in its transaction.
#[derive(Default)]
pub(super) struct Facts {
    suppressed: HashMap<i64, Vec<(String, String)>>,
    restricted: HashSet<i64>,
    held: HashSet<i64>,
    said: HashMap<i64, Vec<Said>>,
    general: HashMap<i64, Vec<(Instant, bool)>>,
    sent: HashMap<i64, Vec<Sent>>,
}

/// Is one message that was sent, is being sent, or has a place.
struct Sent {
    seen: Seen,
    /// Until when it counts; `None`: for ever.
    lease_end: Option<Instant>,
}

impl Facts {
    /// Reads what is needed for a decision.
    pub(super) async fn read(transaction: &mut Transaction, actors: &[i64]) -> Result<Self> {
        let mut facts = Self::default();
        let head = "SELECT actor, channel, reason FROM contact_suppression WHERE actor IN";
        for row in state::select_in(transaction, head, actors).await.map_err(failed)? {
            facts.suppressed.entry(row.get("actor")).or_default().push((row.get("channel"), row.get("reason")));
        }
        let restricted = state::select_in(transaction, "SELECT actor FROM restriction WHERE actor IN", actors).await;
        facts.restricted = restricted.map_err(failed)?.iter().map(|row| row.get("actor")).collect();
        let held = state::select_in(transaction, "SELECT actor FROM contact_hold WHERE actor IN", actors).await;
        facts.held = held.map_err(failed)?.iter().map(|row| row.get("actor")).collect();
        for said in said(transaction, actors).await? {
            facts.said.entry(said.actor).or_default().push(said);
        }
        for row in state::select_in(transaction, GENERAL, actors).await.map_err(failed)? {
            let word = (Instant(row.get("at")), row.get::<i64, _>("given") == 0);
            facts.general.entry(row.get("actor")).or_default().push(word);
        }
        let head = "SELECT actor, send_key, channel, class, tag, segments, state, at, lease_end FROM contact_send \
                    WHERE counts = 1 AND actor IN";
        for row in state::select_in(transaction, head, actors).await.map_err(failed)? {
            if let Some(sent) = sent(&row) {
                facts.sent.entry(row.get("actor")).or_default().push(sent);
            }
        }
        Ok(facts)
    }

    /// Returns why an address must not be written to on a channel. Of an address that bounces, one's own other addresses know
    /// nothing: it stands for itself alone.
    pub(super) fn suppressed(&self, actor: ActorId, channel: Channel) -> Option<&str> {
        let mut of_it = self.suppressed.get(&actor.0.cast_signed())?.iter();
        of_it.find(|(on, _)| on == channel.name()).map(|(_, reason)| reason.as_str())
    }

    /// Tells whether a person has restricted the use of their data.
    pub(super) fn is_restricted(&self, actors: &[i64]) -> bool {
        actors.iter().any(|actor| self.restricted.contains(actor))
    }

    /// Tells whether a conversation of theirs is open.
    pub(super) fn is_held(&self, actors: &[i64]) -> bool {
        actors.iter().any(|actor| self.held.contains(actor))
    }

    /// Returns their last word on a class and channel, and of two at the same time the no.
    pub(super) fn said(&self, actors: &[i64], class: Class, channel: Channel) -> Option<&Said> {
        let of_them = actors.iter().filter_map(|actor| self.said.get(actor)).flatten();
        of_them.filter(|said| (said.word.class, said.word.channel) == (class, channel)).max_by_key(|said| said.counts())
    }

    /// Returns their last general word on contact, and of two at the same time the no.
    pub(super) fn general(&self, actors: &[i64]) -> Option<(bool, Instant)> {
        let words = actors.iter().filter_map(|actor| self.general.get(actor)).flatten();
        words.max().map(|(at, refused)| (!refused, *at))
    }

    /// Returns what counts for them since a moment: sent, being sent, and reserved as long as the lease lasts.
    pub(super) fn counted(&self, actors: &[i64], but: &str, since: Instant, now: Instant) -> Vec<Seen> {
        let of_them = actors.iter().filter_map(|actor| self.sent.get(actor)).flatten().take(SEEN_MAX);
        let counts = |sent: &&Sent| {
            sent.seen.at >= since && sent.seen.key != but && sent.lease_end.is_none_or(|lease_end| lease_end > now)
        };
        of_them.filter(counts).map(|sent| sent.seen.clone()).collect()
    }

    /// Notes a place that was given in the same transaction.
    pub(super) fn reserved(&mut self, ask: &Ask, now: Instant, lease_end: Option<Instant>) {
        if ask.class.counts() {
            let of_it = self.sent.entry(ask.actor.0.cast_signed()).or_default();
            of_it.retain(|sent| sent.seen.key != ask.key);
            of_it.push(Sent { seen: ask.seen(now), lease_end });
        }
    }
}

impl Ask {
    /// Is the message as rules see it, sent at a moment.
    pub(super) fn seen(&self, at: Instant) -> Seen {
        Seen {
            key: self.key.clone(),
            channel: self.channel,
            class: self.class,
            tag: self.tag.clone(),
            segments: self.segments.clone(),
            at,
        }
    }
}

fn sent(row: &AnyRow) -> Option<Sent> {
    let lease_end = match row.get::<String, _>("state").as_str() {
        "sent" | "sending" | "ghost" => None,
        "reserved" => Some(Instant(row.get("lease_end"))),
        _ => return None,
    };
    let seen = Seen {
        key: row.get("send_key"),
        channel: Channel::parse(&row.get::<String, _>("channel"))?,
        class: Class::parse(&row.get::<String, _>("class"))?,
        tag: row.get("tag"),
        segments: serde_json::from_str(&row.get::<String, _>("segments")).unwrap_or_default(),
        at: Instant(row.get("at")),
    };
    Some(Sent { seen, lease_end })
}

/// Is what is known of the zones of people.
pub(super) struct Zones(HashMap<i64, Vec<Trait>>);

impl Zones {
    /// Reads what is known of some identities.
    pub(super) async fn read(state: &State, actors: &[i64]) -> Result<Self> {
        let ids: Vec<ActorId> = actors.iter().map(|actor| ActorId(actor.cast_unsigned())).collect();
        let mut zones: HashMap<i64, Vec<Trait>> = HashMap::new();
        for known in stored_traits(state, &ids).await? {
            if ZONE_TRAITS.contains(&known.key.as_str()) {
                zones.entry(known.actor.0.cast_signed()).or_default().push(known);
            }
        }
        Ok(Self(zones))
    }

    /// Returns the name of a person's zone.
    pub(super) fn of(&self, actors: &[i64]) -> Option<String> {
        let known = counting(actors.iter().filter_map(|actor| self.0.get(actor)).flatten().cloned());
        ZONE_TRAITS.iter().find_map(|key| known.iter().find(|known| known.key == *key)).map(|known| known.value.clone())
    }
}
