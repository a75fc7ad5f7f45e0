//! What the signals behind the map say: which are bound to no touchpoint, which touchpoints are silent, on which channels
//! people came, and what a changed rule would move. Each is one census over the ledger.

use super::analysis::{left_out, scan};
use crate::failure::Result;
use crate::features::capture;
use crate::features::map::{Change, Maps, Suggester, Suggestion};
use crate::platform::home::Stores;
use ::analysis::census::{Census, Count, NO_GROUP};
use ::analysis::missing::is_dark;
use model::channels::channels as known_channels;
use model::{Class, Life, Signature, Text, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use utoipa::ToSchema;

/// So many unmapped signals are listed; whoever has more needs a rule with `*`, not a longer list.
const UNMAPPED_MAX: usize = 500;
/// So many signals that would move are listed one by one; the sums count all.
const MOVED_MAX: usize = 500;
/// So many unmapped signals are shown beside a silent touchpoint.
const CANDIDATES_MAX: usize = 5;

/// Is a signal that no rule binds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnmappedSignal {
    /// The number of the signature in the state store.
    pub id: u32,
    /// By what it is recognised.
    pub signal: Signature,
    /// The channel that its hint means.
    pub channel: String,
    /// Interactions with it.
    pub interactions: u64,
    /// Known people who had them.
    pub people: u64,
    /// The first, UTC microseconds.
    pub first_at: i64,
    /// The last.
    pub last_at: i64,
    /// The touchpoint that it may belong to, if any is alike.
    pub suggestion: Option<Suggestion>,
}

/// Is a touchpoint that is live, should be heard of, and is silent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Dark {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Its name.
    pub name: Text,
    /// How many rules bind signals to it; with none it cannot be heard of unless a source names it.
    pub rules: usize,
    /// Unmapped signals that may be its own.
    pub candidates: Vec<Signature>,
}

/// Counts what came on one channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelCount {
    /// The channel, by id.
    pub channel: String,
    /// Its name, where the map or the defaults know one.
    pub name: Option<Text>,
    /// Kinds of signals on it.
    pub signals: usize,
    /// Interactions, machines left out.
    pub interactions: u64,
    /// Known people.
    pub people: u64,
    /// The first interaction, UTC microseconds.
    pub first_at: i64,
    /// The last.
    pub last_at: i64,
}

/// Is what a change of rules would move.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// From where to where, most interactions first.
    pub moves: Vec<Move>,
    /// The signals that would move, most interactions first; of very many only the first.
    pub signals: Vec<MovedSignal>,
}

/// Sums what would move between two places.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PlaceMove)]
pub struct Move {
    /// Where it is now.
    pub from: Whereabouts,
    /// Where it would be.
    pub to: Whereabouts,
    /// Kinds of signals.
    pub signals: usize,
    /// Interactions.
    pub interactions: u64,
    /// Known people who had them.
    pub people: u64,
}

/// Is what a signal means.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
pub struct Whereabouts {
    /// The touchpoint, by id; none: it is unmapped.
    pub touchpoint: Option<String>,
    /// The channel; empty: nothing is said of one.
    pub channel: String,
}

/// Is a signal that would move.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MovedSignal {
    /// By what it is recognised.
    pub signal: Signature,
    /// Where it is now.
    pub from: Whereabouts,
    /// Where it would be.
    pub to: Whereabouts,
    /// Interactions with it.
    pub interactions: u64,
}

/// Holds the map and every signal of one moment.
struct Sight {
    map: TouchpointMap,
    signals: Vec<Signature>,
}

impl Sight {
    /// Reads them; `None` while there is no map.
    fn take(stores: &Stores) -> Result<Option<Self>> {
        stores.block_on(async {
            let current = Maps::new(stores.state.clone()).current().await?;
            let Some(version) = current else { return Ok(None) };
            Ok(Some(Self { map: version.map, signals: capture::signals(&stores.state).await? }))
        })
    }

    /// Counts signals by a key; those without one are left out.
    fn count<K: Eq + Hash>(&self, stores: &Stores, key: impl Fn(&Signature) -> Option<K>) -> Result<Vec<(K, usize, Count)>> {
        let mut numbers: HashMap<K, u32> = HashMap::new();
        let group = |signature| {
            let next = numbers.len() as u32;
            key(signature).map_or(NO_GROUP, |key| *numbers.entry(key).or_insert(next))
        };
        let group_of: Arc<[u32]> = self.signals.iter().map(group).collect();
        let groups = numbers.len();
        let mut signals = vec![0; groups];
        group_of.iter().filter(|group| **group != NO_GROUP).for_each(|group| signals[*group as usize] += 1);
        let left_out: Arc<[u64]> = stores.block_on(left_out(&stores.state))?.into();
        let census = scan(stores, || Census::new(Arc::clone(&group_of), groups).without(Arc::clone(&left_out)))?;
        let counted = numbers.into_iter().map(|(key, group)| (key, signals[group as usize], census.counts()[group as usize]));
        Ok(counted.filter(|(.., count)| count.interactions > 0).collect())
    }

    fn unmapped(&self, stores: &Stores) -> Result<Vec<UnmappedSignal>> {
        let unbound: HashMap<&Signature, u32> =
            self.signals.iter().zip(0..).filter(|(signal, _)| self.map.bind(signal).is_none()).collect();
        let mut counted = self.count(stores, |signature| unbound.get(signature).copied())?;
        counted.sort_unstable_by_key(|(id, _, count)| (Reverse(count.interactions), *id));
        let suggester = Suggester::new(&self.map);
        let signal = |(id, _, count): (u32, usize, Count)| {
            let signal = self.signals[id as usize].clone();
            UnmappedSignal {
                id,
                channel: self.map.channel_of(&signal).to_owned(),
                suggestion: suggester.suggest(&signal),
                signal,
                interactions: count.interactions,
                people: count.people,
                first_at: count.first_at,
                last_at: count.last_at,
            }
        };
        Ok(counted.into_iter().take(UNMAPPED_MAX).map(signal).collect())
    }
}

fn whereabouts(map: &TouchpointMap, signature: &Signature) -> Whereabouts {
    let touchpoint = map.bind(signature).map(|at| map.touchpoints[at].id.clone());
    Whereabouts { touchpoint, channel: map.channel_of(signature).to_owned() }
}

/// Lists the signals that no rule binds, the most frequent first.
///
/// # Errors
/// Fails when state or ledger cannot be read; `None` while there is no map.
pub(super) fn unmapped(stores: &Stores) -> Result<Option<Vec<UnmappedSignal>>> {
    let Some(sight) = Sight::take(stores)? else { return Ok(None) };
    sight.unmapped(stores).map(Some)
}

/// Lists the touchpoints that should be heard of and are silent, in the map's order.
///
/// # Errors
/// Fails when state or ledger cannot be read; `None` while there is no map.
pub(super) fn dark(stores: &Stores) -> Result<Option<Vec<Dark>>> {
    let Some(sight) = Sight::take(stores)? else { return Ok(None) };
    let heard: HashMap<usize, u64> = sight
        .count(stores, |signature| sight.map.bind(signature))?
        .into_iter()
        .map(|(at, _, count)| (at, count.interactions))
        .collect();
    let unmapped = sight.unmapped(stores)?;
    let is_silent = |at: usize, touchpoint: &model::Touchpoint| {
        let is_judged = touchpoint.life == Life::Live && touchpoint.class == Class::Customer;
        is_dark(is_judged, touchpoint.emits, heard.get(&at).copied().unwrap_or(0))
    };
    let silent = sight.map.touchpoints.iter().enumerate().filter(|(at, touchpoint)| is_silent(*at, touchpoint));
    let dark = silent.map(|(_, touchpoint)| {
        let its_own =
            |signal: &&UnmappedSignal| signal.suggestion.as_ref().is_some_and(|found| found.touchpoint == touchpoint.id);
        Dark {
            touchpoint: touchpoint.id.clone(),
            name: touchpoint.name.clone(),
            rules: sight.map.rules.iter().filter(|rule| rule.touchpoint == touchpoint.id).count(),
            candidates: unmapped.iter().filter(its_own).take(CANDIDATES_MAX).map(|signal| signal.signal.clone()).collect(),
        }
    });
    Ok(Some(dark.collect()))
}

/// Counts what came on each channel, the most frequent first. Signals that say nothing of a channel are left out.
///
/// # Errors
/// Fails when state or ledger cannot be read; `None` while there is no map.
pub(super) fn channels(stores: &Stores) -> Result<Option<Vec<ChannelCount>>> {
    let Some(sight) = Sight::take(stores)? else { return Ok(None) };
    let map = &sight.map;
    let counted =
        sight.count(stores, |signature| Some(map.channel_of(signature).to_owned()).filter(|channel| !channel.is_empty()))?;
    let named = |id: &str| {
        let own = map.channels.iter().find(|channel| channel.id == id).map(|channel| channel.name.clone());
        own.or_else(|| known_channels().iter().find(|channel| channel.id == id).map(|channel| channel.name.clone()))
    };
    let mut channels: Vec<ChannelCount> = counted
        .into_iter()
        .map(|(channel, signals, count)| ChannelCount {
            name: named(&channel),
            channel,
            signals,
            interactions: count.interactions,
            people: count.people,
            first_at: count.first_at,
            last_at: count.last_at,
        })
        .collect();
    channels.sort_by(|one, other| other.interactions.cmp(&one.interactions).then_with(|| one.channel.cmp(&other.channel)));
    Ok(Some(channels))
}

/// Tells what a change of rules would move, and changes nothing.
///
/// # Errors
/// Fails when the map would not be sound, or when state or ledger cannot be read; `None` while there is no map.
pub(super) fn preview(stores: &Stores, change: &Change) -> Result<Option<Preview>> {
    let Some(sight) = Sight::take(stores)? else { return Ok(None) };
    let after = change.apply(&sight.map)?;
    let moved: HashMap<&Signature, (Whereabouts, Whereabouts)> = sight
        .signals
        .iter()
        .map(|signature| (signature, (whereabouts(&sight.map, signature), whereabouts(&after, signature))))
        .filter(|(_, (from, to))| from != to)
        .collect();
    let mut moves: Vec<Move> = sight
        .count(stores, |signature| moved.get(signature).cloned())?
        .into_iter()
        .map(|((from, to), signals, count)| Move { from, to, signals, interactions: count.interactions, people: count.people })
        .collect();
    moves.sort_by(|one, other| {
        other.interactions.cmp(&one.interactions).then_with(|| (&one.from, &one.to).cmp(&(&other.from, &other.to)))
    });
    let one_by_one = sight.count(stores, |signature| moved.contains_key(signature).then(|| signature.clone()))?;
    let mut signals: Vec<MovedSignal> = one_by_one
        .into_iter()
        .map(|(signal, _, count)| {
            let (from, to) = moved[&signal].clone();
            MovedSignal { signal, from, to, interactions: count.interactions }
        })
        .collect();
    signals.sort_by(|one, other| other.interactions.cmp(&one.interactions).then_with(|| one.signal.cmp(&other.signal)));
    signals.truncate(MOVED_MAX);
    Ok(Some(Preview { moves, signals }))
}
