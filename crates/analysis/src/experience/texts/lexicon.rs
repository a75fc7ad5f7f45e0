//! The words of a language: what they weigh, what they turn round, and what they are about.
//!
//! Read once from the lists beside this file, which are our own. A word matches as it is, or by the longest stem with a star that it
//! begins with; what a stem may leave over is limited, so that `bon*` is not `bonnet de nuit`. Words that belong together are looked
//! up before single ones.

use super::words::Token;
use super::{Language, Theme};
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// So many letters may follow a stem.
const ENDING_MAX: usize = 7;
/// A stem has at least so many letters.
const STEM_MIN: usize = 3;

/// Is what a word does in a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// It weighs so much, in hundredths; below nought: it complains.
    Weight(i32),
    /// It turns round what follows.
    Not,
    /// It makes what follows stronger.
    More,
    /// It makes what follows weaker.
    Less,
    /// What follows counts more than what went before.
    But,
    /// What follows counts less.
    Though,
}

/// Holds the lists of one language.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: HashMap<&'static str, Role>,
    stems: HashMap<&'static str, Role>,
    phrases: HashMap<&'static str, Vec<(Vec<&'static str>, Role)>>,
    themes: HashMap<&'static str, u16>,
    theme_stems: HashMap<&'static str, u16>,
    theme_phrases: Vec<(Vec<&'static str>, u16)>,
    common: HashSet<&'static str>,
}

impl Lexicon {
    /// Returns the lists of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        static LISTS: [OnceLock<Lexicon>; 3] = [const { OnceLock::new() }; 3];
        let (at, text) = match language {
            Language::En => (0, include_str!("en.txt")),
            Language::Fr => (1, include_str!("fr.txt")),
            Language::Ru => (2, include_str!("ru.txt")),
        };
        LISTS[at].get_or_init(|| Self::read(text))
    }

    fn read(text: &'static str) -> Self {
        let mut lists = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((what, words)) = line.split_once(':') else { continue };
            let role = match what {
                "not" => Some(Role::Not),
                "more" => Some(Role::More),
                "less" => Some(Role::Less),
                "but" => Some(Role::But),
                "though" => Some(Role::Though),
                _ => what.parse().ok().map(Role::Weight),
            };
            for word in words.split_whitespace() {
                match (role, Theme::named(what)) {
                    (Some(role), _) => lists.add(word, role),
                    (None, Some(theme)) => lists.add_theme(word, theme.bit()),
                    (None, None) => {
                        lists.common.insert(word);
                    }
                }
            }
        }
        lists.phrases.values_mut().for_each(|phrases| phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len())));
        lists
    }

    fn add(&mut self, word: &'static str, role: Role) {
        if word.contains('_') {
            let words: Vec<&str> = word.split('_').collect();
            self.phrases.entry(words[0].trim_end_matches('*')).or_default().push((words, role));
        } else if let Some(stem) = word.strip_suffix('*') {
            self.stems.insert(stem, role);
        } else {
            self.words.insert(word, role);
        }
    }

    fn add_theme(&mut self, word: &'static str, theme: u16) {
        if word.contains('_') {
            self.theme_phrases.push((word.split('_').collect(), theme));
        } else if let Some(stem) = word.strip_suffix('*') {
            *self.theme_stems.entry(stem).or_default() |= theme;
        } else {
            *self.themes.entry(word).or_default() |= theme;
        }
    }

    /// Tells what stands at the beginning of some tokens, and over how many of them.
    pub(super) fn at(&self, tokens: &[Token]) -> Option<(Role, usize)> {
        let word = tokens.first()?.word.as_str();
        let beginning = self.phrases.get(word).into_iter().chain(starts(word).filter_map(|(stem, _)| self.phrases.get(stem)));
        for (phrase, role) in beginning.flatten() {
            if begins_with(tokens, phrase) {
                return Some((*role, phrase.len()));
            }
        }
        let stem = || starts(word).find_map(|(stem, left)| self.stems.get(stem).filter(|_| left <= ENDING_MAX));
        self.words.get(word).or_else(stem).map(|role| (*role, 1))
    }

    /// Returns what a sentence is about, as bits.
    pub(super) fn themes(&self, tokens: &[Token]) -> u16 {
        let of_word = |token: &Token| {
            let word = token.word.as_str();
            let stem = || starts(word).find_map(|(stem, left)| self.theme_stems.get(stem).filter(|_| left <= ENDING_MAX));
            self.themes.get(word).or_else(stem).copied().unwrap_or(0)
        };
        let words = tokens.iter().map(of_word).fold(0, |all, theme| all | theme);
        let phrases =
            self.theme_phrases.iter().filter(|(phrase, _)| (0..tokens.len()).any(|at| begins_with(&tokens[at..], phrase)));
        phrases.fold(words, |all, (_, theme)| all | theme)
    }

    #[cfg(test)]
    fn has_only_common(&self) -> bool {
        self.words.is_empty() && self.stems.is_empty() && self.phrases.is_empty()
    }

    /// Tells whether a word is one of those that every text has.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.contains(word)
    }
}

/// Returns what a word may begin with, the longest first, each with how many letters it leaves over.
fn starts(word: &str) -> impl Iterator<Item = (&str, usize)> {
    let cuts: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let letters = cuts.len() - 1;
    (STEM_MIN..=letters).rev().map(move |most| (&word[..cuts[most]], letters - most))
}

fn begins_with(tokens: &[Token], phrase: &[&str]) -> bool {
    let matches = |(token, wanted): (&Token, &&str)| match wanted.strip_suffix('*') {
        Some(stem) => token.word.starts_with(stem),
        None => token.word == *wanted,
    };
    tokens.len() >= phrase.len() && tokens.iter().zip(phrase).all(matches)
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    #[test]
    fn every_list_is_read_whole() {
        for language in Language::ALL {
            let lists = Lexicon::of(language);
            let words = lists.words.len() + lists.stems.len() + lists.phrases.len();
            assert!(words > 250, "{language:?}: {words}");
            assert!(lists.common.len() > 40, "{language:?}");
            let all = lists.themes.values().chain(lists.theme_stems.values()).fold(0, |all, bits| all | bits);
            assert_eq!(all, Theme::ALL.iter().fold(0, |all, theme| all | theme.bit()), "{language:?} lacks a theme");
        }
    }

    #[test]
    fn no_word_weighs_two_things() {
        for (language, text) in [
            (Language::En, include_str!("en.txt")),
            (Language::Fr, include_str!("fr.txt")),
            (Language::Ru, include_str!("ru.txt")),
        ] {
            let mut seen: HashMap<&str, &str> = HashMap::new();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (what, words) = line.split_once(':').expect("a list has a name");
                let is_known = what == "common" || Theme::named(what).is_some() || !Lexicon::read(line).has_only_common();
                assert!(is_known, "{what} is no list");
                if what.parse::<i32>().is_ok() {
                    for word in words.split_whitespace() {
                        let before = seen.insert(word, what);
                        assert!(before.is_none_or(|before| before == what), "{language:?}: {word} weighs {before:?} and {what}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_match_counts() {
        let at = |text: &str| Lexicon::of(Language::En).at(&sentences(text)[0].tokens);
        assert_eq!(at("disappointing"), Some((Role::Weight(-200), 1)));
        assert_eq!(at("no problem at all"), Some((Role::Weight(200), 2)));
        assert_eq!(at("no chance"), Some((Role::Not, 1)));
        assert_eq!(at("table"), None);
    }
}
