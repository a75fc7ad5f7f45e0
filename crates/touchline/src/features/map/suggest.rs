//! Where an unbound signal may belong: the touchpoint whose words are most like its own.
//!
//! Words of a touchpoint are those of its id, its names, its channel and its entry of the catalogue; words of a signal
//! those of its event, place and campaign. A word shared by few touchpoints says more than one that many have
//! (`ln(1 + touchpoints / touchpoints with it)`), and a rule that binds the same event of the same source says most. The same
//! channel speaks for a touchpoint, and is never enough; a touchpoint of another channel must share two words. It is a proposal
//! for a person to look at, never a binding.

use model::catalogue::entry;
use model::channels::UNASSIGNED;
use model::{Signature, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// What a rule for the same event of the same source counts, in words.
const SAME_EVENT: f64 = 3.0;
/// What standing on the same channel counts.
const SAME_CHANNEL: f64 = 1.0;
/// With less in common nothing is proposed: a word that every third touchpoint has proves nothing.
const ENOUGH: f64 = 1.2;
/// So many words must be shared with a touchpoint of another channel: a message by phone is none in a chat.
const WORDS_ELSEWHERE: usize = 2;
/// Words of fewer letters are articles and abbreviations.
const LETTERS_MIN: usize = 3;

/// Is a touchpoint that a signal may belong to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// The words that signal and touchpoint share; empty where a rule for the same event speaks for it.
    pub because: Vec<String>,
}

/// Proposes touchpoints for signals.
pub struct Suggester<'a> {
    map: &'a TouchpointMap,
    words: Vec<BTreeSet<String>>,
    /// How many touchpoints have a word.
    having: HashMap<String, usize>,
}

impl<'a> Suggester<'a> {
    /// Reads the words of a map.
    #[must_use]
    pub fn new(map: &'a TouchpointMap) -> Self {
        let words: Vec<BTreeSet<String>> = map.touchpoints.iter().map(words_of).collect();
        let mut having = HashMap::new();
        for word in words.iter().flatten() {
            *having.entry(word.clone()).or_default() += 1;
        }
        Self { map, words, having }
    }

    /// Proposes a touchpoint for a signal; `None` where nothing is alike enough.
    #[must_use]
    pub fn suggest(&self, signature: &Signature) -> Option<Suggestion> {
        let channel = self.map.channel_of(signature);
        let mut words = BTreeSet::new();
        for text in [&signature.event, &signature.place, &signature.campaign, &signature.touchpoint] {
            add_words(&mut words, text);
        }
        let is_elsewhere =
            |of_it: &str| ![channel, of_it].iter().any(|one| one.is_empty() || *one == UNASSIGNED) && of_it != channel;
        let same = |pattern: &str, text: &str| !pattern.is_empty() && pattern == text;
        let alike = self
            .map
            .rules
            .iter()
            .filter(|rule| same(&rule.signal.source, &signature.source) && same(&rule.signal.event, &signature.event));
        let by_rule: BTreeSet<&str> = alike.map(|rule| rule.touchpoint.as_str()).collect();
        let scored = self.words.iter().zip(&self.map.touchpoints).map(|(known, touchpoint)| {
            let shared: Vec<String> = words.intersection(known).cloned().collect();
            let weigh = |word: &String| (1.0 + self.words.len() as f64 / self.having[word] as f64).ln();
            let is_chance = is_elsewhere(&touchpoint.channel) && shared.len() < WORDS_ELSEWHERE;
            let by_words: f64 = if is_chance { 0.0 } else { shared.iter().map(weigh).sum() };
            let by_rule = f64::from(by_rule.contains(touchpoint.id.as_str())) * SAME_EVENT;
            let by_channel = f64::from(touchpoint.channel == channel) * SAME_CHANNEL;
            (by_words + by_rule + by_channel, touchpoint, shared)
        });
        let (score, touchpoint, because) = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        (score >= ENOUGH).then(|| Suggestion { touchpoint: touchpoint.id.clone(), because })
    }
}

fn words_of(touchpoint: &model::Touchpoint) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let known = touchpoint.catalogue.as_deref().and_then(entry).map(|entry| &entry.name);
    for name in std::iter::once(&touchpoint.name).chain(known) {
        for text in [Some(&name.en), name.fr.as_ref(), name.ru.as_ref()].into_iter().flatten() {
            add_words(&mut words, text);
        }
    }
    add_words(&mut words, &touchpoint.id);
    add_words(&mut words, &touchpoint.channel);
    words
}

/// Adds the words of a text in small letters; one and many are one word.
fn add_words(words: &mut BTreeSet<String>, text: &str) {
    let text = text.to_lowercase().replace("e-mail", "email").replace("e_mail", "email");
    for word in text.split(|sign: char| !sign.is_alphanumeric()) {
        let word = word.strip_suffix('s').filter(|stem| !stem.ends_with('s')).unwrap_or(word);
        if word.chars().count() >= LETTERS_MIN && word.chars().any(char::is_alphabetic) {
            words.insert(word.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalogue::template;

    #[track_caller]
    fn check(event: &str, place: &str, channel: &str, expected: Option<&str>) {
        let map = template("online-shop").expect("is there");
        let text = str::to_owned;
        let signature = Signature {
            source: text("new"),
            event: text(event),
            place: text(place),
            channel: text(channel),
            ..Signature::default()
        };
        let found = Suggester::new(&map).suggest(&signature).map(|suggestion| suggestion.touchpoint);
        assert_eq!(found.as_deref(), expected, "{signature}");
    }

    #[test]
    fn words_lead_to_touchpoints() {
        check("Newsletter opened", "", "crm / email", Some("newsletter"));
        check("Checkout Started", "shop.example/checkout", "", Some("checkout"));
        check("survey_sent", "after purchase", "", Some("survey"));
        check("", "shop.example/blog/tea", "", Some("blog-post"));
        check("zzz", "qqq", "", None);
        check("message", "", "phone", None);
        check("bot_reply", "", "e-mail", None);
        check("message", "", "social", Some("social-message"));
    }

    #[test]
    fn the_same_event_of_the_same_source_says_most() {
        let map = template("online-shop").expect("is there");
        let signature = Signature {
            source: "site".into(),
            event: "form_sent".into(),
            place: "shop.example/newsletter".into(),
            ..Signature::default()
        };
        let found = Suggester::new(&map).suggest(&signature).expect("is suggested");
        assert_eq!(found.touchpoint, "contact-form");
    }
}
