//! Keeps the kinds of signals few. Whoever has the public key of a site can send any address, and a site that puts a
//! title or a search text into its paths does so without meaning harm; each would be a kind of signal of its own, for ever.
//!
//! So a source has room for so many places under one parent, and so many events, campaigns and channels. What comes when
//! the room is full is folded: a place becomes `parent/*`, anything else `*`. What is known stays as it is, and a map rule
//! for `shop.example/blog/*` binds the folded and the others alike.

use model::Signature;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// So many different steps stand under one place: pages of a folder, hosts of a source, shops, telephone numbers.
const CHILDREN_MAX: usize = 500;
/// So many events, campaigns or channels a source may name, each.
const WORDS_MAX: usize = 2_000;
/// So many kinds of signals a source may have; then all that differs in place, channel or campaign is one.
const KINDS_MAX: usize = 50_000;
/// What stands for everything that is folded.
const FOLDED: &str = "*";

/// Is the room that each source has.
#[derive(Default, Debug)]
pub(super) struct Guard(HashMap<String, Room>);

/// Is what a source has named so far.
#[derive(Default, Debug)]
struct Room {
    places: HashSet<String>,
    children: HashMap<String, usize>,
    events: HashSet<String>,
    campaigns: HashSet<String>,
    channels: HashSet<String>,
    touchpoints: HashSet<String>,
    kinds: usize,
}

impl Guard {
    /// Knows the signatures that are stored.
    pub(super) fn new<'s>(known: impl Iterator<Item = &'s Signature>) -> Self {
        let mut guard = Self::default();
        known.for_each(|signature| guard.learn(signature));
        guard
    }

    /// Learns a signature that is stored now, and was not before.
    pub(super) fn learn(&mut self, signature: &Signature) {
        self.0.entry(signature.source.clone()).or_default().learn(signature);
    }

    /// Returns the signature under which a new kind of signal is kept: as it is while there is room, or folded.
    pub(super) fn fold<'s>(&self, signature: &'s Signature) -> Cow<'s, Signature> {
        self.0.get(&signature.source).map_or(Cow::Borrowed(signature), |room| room.fold(signature))
    }

    /// Tells whether some source has no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.0.values().any(Room::is_full)
    }
}

/// Tells whether some source has so many kinds of signals that further ones are folded.
#[must_use]
pub fn is_crowded(signals: &[Signature]) -> bool {
    signals.len() >= CHILDREN_MAX && Guard::new(signals.iter()).is_full()
}

impl Room {
    fn is_full(&self) -> bool {
        let words = [&self.events, &self.campaigns, &self.channels, &self.touchpoints];
        self.kinds >= KINDS_MAX
            || words.into_iter().any(|known| known.len() >= WORDS_MAX)
            || self.children.values().any(|children| *children >= CHILDREN_MAX)
    }

    fn learn(&mut self, signature: &Signature) {
        self.kinds += 1;
        self.learn_place(&signature.place);
        let words = [
            (&mut self.events, &signature.event),
            (&mut self.campaigns, &signature.campaign),
            (&mut self.channels, &signature.channel),
            (&mut self.touchpoints, &signature.touchpoint),
        ];
        for (known, word) in words {
            if !known.contains(word) {
                known.insert(word.clone());
            }
        }
    }

    /// Learns a place and those above it.
    fn learn_place(&mut self, place: &str) {
        if place.is_empty() || !self.places.insert(place.to_owned()) {
            return;
        }
        let parent = parent(place);
        *self.children.entry(parent.to_owned()).or_default() += 1;
        self.learn_place(parent);
    }

    fn fold<'s>(&self, signature: &'s Signature) -> Cow<'s, Signature> {
        let has_room =
            |known: &HashSet<String>, word: &String| word.is_empty() || known.contains(word) || known.len() < WORDS_MAX;
        let place = self.fold_place(&signature.place);
        let is_full = self.kinds >= KINDS_MAX;
        let keep = |known: &HashSet<String>, word: &String, narrows: bool| has_room(known, word) && !(is_full && narrows);
        let whole = [
            keep(&self.events, &signature.event, false),
            keep(&self.touchpoints, &signature.touchpoint, false),
            keep(&self.campaigns, &signature.campaign, true),
            keep(&self.channels, &signature.channel, true),
            matches!(place, Cow::Borrowed(_)) && !is_full,
        ];
        if whole == [true; 5] {
            return Cow::Borrowed(signature);
        }
        let [event, touchpoint, campaign, channel, _] = whole;
        let word = |keeps: bool, word: &str| if keeps || word.is_empty() { word } else { FOLDED }.to_owned();
        Cow::Owned(Signature {
            source: signature.source.clone(),
            event: word(event, &signature.event),
            channel: word(channel, &signature.channel),
            place: if is_full { word(false, &signature.place) } else { place.into_owned() },
            campaign: word(campaign, &signature.campaign),
            touchpoint: word(touchpoint, &signature.touchpoint),
        })
    }

    /// Returns the place, or the nearest that there is room for.
    fn fold_place<'p>(&self, place: &'p str) -> Cow<'p, str> {
        if place.is_empty() || self.places.contains(place) {
            return Cow::Borrowed(place);
        }
        let above = parent(place);
        let folded = self.fold_place(above);
        let has_room = self.children.get(above).is_none_or(|children| *children < CHILDREN_MAX);
        match folded {
            Cow::Borrowed(_) if has_room => Cow::Borrowed(place),
            Cow::Borrowed("") => Cow::Owned(FOLDED.to_owned()),
            Cow::Borrowed(above) => Cow::Owned(format!("{above}/{FOLDED}")),
            // What stands above is folded already.
            folded @ Cow::Owned(_) => folded,
        }
    }
}

/// Returns what stands above a place: nothing above a host, a shop, or a telephone number.
fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: &str) -> Signature {
        Signature { source: "site".into(), event: "page".into(), place: place.into(), ..Signature::default() }
    }

    /// Keeps a signature as the dictionary does.
    fn keep(guard: &mut Guard, signature: &Signature) -> Signature {
        let kept = guard.fold(signature).into_owned();
        guard.learn(&kept);
        kept
    }

    #[track_caller]
    fn check(guard: &mut Guard, place: &str, expected: &str) {
        assert_eq!(keep(guard, &at(place)).place, expected);
    }

    #[test]
    fn places_fold_under_their_parent() {
        let mut guard = Guard::default();
        for page in 0..CHILDREN_MAX {
            assert!(!guard.is_full());
            check(&mut guard, &format!("a.example/blog/{page}"), &format!("a.example/blog/{page}"));
        }
        assert!(guard.is_full());
        check(&mut guard, "a.example/blog/one-more", "a.example/blog/*");
        check(&mut guard, "a.example/blog/one-more/deeper", "a.example/blog/*");
        check(&mut guard, "a.example/blog/7", "a.example/blog/7");
        check(&mut guard, "a.example/tea", "a.example/tea");
    }

    #[test]
    fn hosts_and_words_fold_to_a_star() {
        let mut guard = Guard::default();
        for host in 0..CHILDREN_MAX {
            keep(&mut guard, &at(&format!("h{host}.example/")));
        }
        check(&mut guard, "evil.example/", "*");
        check(&mut guard, "evil.example/a/b", "*");
        check(&mut guard, "h3.example/a/b", "h3.example/a/b");
        for event in 0..WORDS_MAX {
            keep(&mut guard, &Signature { event: event.to_string(), ..at("") });
        }
        assert_eq!(keep(&mut guard, &Signature { event: "one more".into(), ..at("") }).event, "*");
        assert_eq!(keep(&mut guard, &Signature { event: "7".into(), ..at("") }).event, "7");
        let other = Signature { source: "other".into(), event: "one more".into(), ..Signature::default() };
        assert_eq!(keep(&mut guard, &other), other, "another source has room of its own");
    }

    #[test]
    fn a_source_with_too_many_kinds_is_told_by_its_events_alone() {
        let mut guard = Guard::default();
        for kind in 0..KINDS_MAX {
            let (campaign, channel) = ((kind % 1_000).to_string(), (kind / 1_000).to_string());
            keep(&mut guard, &Signature { campaign, channel, ..at("a.example/") });
        }
        let wild = Signature { campaign: "999".into(), channel: "1999".into(), ..at("a.example/x") };
        let expected = Signature { campaign: "*".into(), channel: "*".into(), ..at("*") };
        assert_eq!(keep(&mut guard, &wild), expected);
    }
}
