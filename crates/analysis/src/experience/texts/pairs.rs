//! Word pairs that complaints at one place have and other texts have not: what the fixed themes did not think of.
//!
//! A pair is two words that follow each other, the words that every text has left out, negations kept. With y of n complaints at the
//! place that hold it, y′ of n′ other texts, and a prior of [`PRIOR`] texts in which the pair is as frequent as it is altogether
//! (a = [`PRIOR`] · (y + y′)/(n + n′)),
//!
//! `δ = ln((y + a)/(n + 10 − y − a)) − ln((y′ + a)/(n′ + 10 − y′ − a))`, variance about `1/(y + a) + 1/(y′ + a)`
//!
//! (Monroe, Colaresi and Quinn 2008, "Fightin' Words"). The prior keeps a pair that was written twice from looking like a law.
//! Shown are those that at least [`PEOPLE_MIN`] different people wrote in complaints there, so that a name or a number that one person
//! wrote is never shown, and that stand when at most a tenth of those shown may be chance (Benjamini and Hochberg).
//!
//! | pair | in 40 complaints here | in 160 other texts | δ | 95 % |
//! |---|---|---|---|---|
//! | never came | 12 | 2 | 3.05 | 1.74 to 4.36 |
//! | bad smell | 6 | 6 | 1.33 | 0.25 to 2.40 |
//! | came today | 6 | 24 | 0 | −0.81 to 0.81 |
//! | lost again | 3 | 0 | – | three people are too few |
//! | very nice | 0 | 60 | – | nobody complains so |
//!
//! State: counts per pair, and the smallest numbers of people, so that merging is exact. Cost: O(words) per text, O(p log p) to finish.

use super::words::Sentence;
use super::{Language, Lexicon, Role};
use crate::intervals::{Estimate, Interval, Z95, normal_cdf};
use crate::verdicts::stands;
use libm::{log, sqrt};
use std::collections::{BTreeMap, BTreeSet};

/// The prior weighs as much as so many texts.
pub const PRIOR: f64 = 10.0;
/// A pair is shown when so many people wrote it.
pub const PEOPLE_MIN: usize = 5;
/// So many pairs of a text count: a longer one repeats itself.
const PER_TEXT_MAX: usize = 80;
/// So many are shown of a place.
const SHOWN_MAX: usize = 12;
/// Shorter words say nothing, negations aside.
const LETTERS_MIN: usize = 3;

/// Counts one pair at one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PairCount {
    /// Complaints that hold it.
    pub negative: u64,
    /// Other texts that hold it.
    pub other: u64,
    /// Who complained so: the smallest numbers, at most [`PEOPLE_MIN`].
    people: BTreeSet<u64>,
}

/// Counts the pairs of one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pairs(BTreeMap<String, PairCount>);

/// Is a pair that complaints at a place have more often than other texts.
#[derive(Clone, PartialEq, Debug)]
pub struct Telling {
    /// The two words.
    pub words: String,
    /// Complaints here that hold it.
    pub negative: u64,
    /// Other texts that hold it.
    pub other: u64,
    /// The logarithm of the ratio of odds.
    pub log_odds: Estimate,
}

impl Pairs {
    /// Counts one text.
    pub(super) fn take(&mut self, found: BTreeSet<String>, is_negative: bool, person: u64) {
        for pair in found {
            let count = self.0.entry(pair).or_default();
            if is_negative {
                count.negative += 1;
                count.people.insert(person);
                while count.people.len() > PEOPLE_MIN {
                    count.people.pop_last();
                }
            } else {
                count.other += 1;
            }
        }
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, other: &Self) {
        for (pair, theirs) in &other.0 {
            let mine = self.0.entry(pair.clone()).or_default();
            mine.negative += theirs.negative;
            mine.other += theirs.other;
            mine.people.extend(&theirs.people);
            while mine.people.len() > PEOPLE_MIN {
                mine.people.pop_last();
            }
        }
    }

    /// Finds the pairs of complaints here against all other texts: `all` counts every place, this one too; `negative` is how many
    /// complaints there are here, `texts` how many texts there are at all.
    #[must_use]
    pub fn telling(&self, all: &Self, negative: u64, texts: u64) -> Vec<Telling> {
        let enough = self.0.iter().filter(|(_, count)| count.people.len() >= PEOPLE_MIN);
        let judged: Vec<(Telling, f64)> = enough
            .map(|(words, count)| {
                let altogether = all.0.get(words).map_or(count.negative, |all| all.negative + all.other);
                let other = altogether.saturating_sub(count.negative);
                let (log_odds, error) = log_odds((count.negative, negative), (other, texts.saturating_sub(negative)));
                let limits = Interval { low: log_odds - Z95 * error, high: log_odds + Z95 * error };
                let log_odds = Estimate { value: log_odds, interval: Some(limits) };
                let p = 1.0 - normal_cdf(log_odds.value / error);
                (Telling { words: words.clone(), negative: count.negative, other, log_odds }, p)
            })
            .collect();
        let stands = stands(&judged.iter().map(|(_, p)| Some(*p)).collect::<Vec<_>>());
        let is_more = |one: &Telling| one.log_odds.interval.is_some_and(|interval| interval.low > 0.0);
        let mut found: Vec<(Telling, f64)> =
            judged.into_iter().zip(stands).filter(|((one, _), stands)| *stands && is_more(one)).map(|(one, _)| one).collect();
        found.sort_by(|one, other| one.1.total_cmp(&other.1).then_with(|| one.0.words.cmp(&other.0.words)));
        found.into_iter().take(SHOWN_MAX).map(|(one, _)| one).collect()
    }
}

/// Returns the logarithm of the ratio of odds and its standard error; each pair is (texts with it, texts).
fn log_odds(here: (u64, u64), elsewhere: (u64, u64)) -> (f64, f64) {
    let (y, n, others, of) = (here.0 as f64, here.1 as f64, elsewhere.0 as f64, elsewhere.1 as f64);
    let prior = PRIOR * (y + others) / (n + of).max(1.0);
    let odds = |with: f64, all: f64| log((with + prior) / (all + PRIOR - with - prior).max(f64::MIN_POSITIVE));
    (odds(y, n) - odds(others, of), sqrt(1.0 / (y + prior) + 1.0 / (others + prior)))
}

/// Finds the pairs of a text, each once.
pub(super) fn pairs_of(language: Language, sentences: &[Sentence]) -> BTreeSet<String> {
    let lists = Lexicon::of(language);
    let mut found = BTreeSet::new();
    for sentence in sentences {
        let telling = sentence.tokens.iter().enumerate().filter(|(at, token)| {
            let is_not = matches!(lists.at(&sentence.tokens[*at..]), Some((Role::Not, _)));
            let is_word = token.word.chars().all(char::is_alphabetic) && token.word.chars().count() >= LETTERS_MIN;
            is_not || is_word && !lists.is_common(&token.word)
        });
        let words: Vec<&str> = telling.map(|(_, token)| token.word.as_str()).collect();
        for pair in words.windows(2).filter(|pair| pair[0] != pair[1]) {
            if found.len() < PER_TEXT_MAX {
                found.insert(pair.join(" "));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn counted(negative: u64, other: u64) -> Pairs {
        let mut pairs = Pairs::default();
        let pair = || BTreeSet::from(["a pair".to_owned()]);
        (0..negative).for_each(|person| pairs.take(pair(), true, person));
        (0..other).for_each(|person| pairs.take(pair(), false, person));
        pairs
    }

    #[test]
    fn the_table_above() {
        let check = |negative, other, expected: Option<(f64, f64)>| {
            let found = counted(negative, 0).telling(&counted(negative, other), 40, 200);
            match expected {
                None => assert!(found.is_empty(), "{found:?}"),
                Some((value, low)) => {
                    let log_odds = found[0].log_odds;
                    assert!((log_odds.value - value).abs() < 5e-3, "{log_odds:?}");
                    assert!((log_odds.interval.expect("has limits").low - low).abs() < 5e-3, "{log_odds:?}");
                }
            }
        };
        check(12, 2, Some((3.05, 1.74)));
        check(6, 6, Some((1.33, 0.25)));
        check(6, 24, None);
        check(3, 0, None);
        check(0, 60, None);
    }

    #[test]
    fn one_person_who_writes_often_is_one() {
        let mut pairs = Pairs::default();
        (0..50).for_each(|_| pairs.take(BTreeSet::from(["anna petrova".to_owned()]), true, 7));
        assert!(pairs.telling(&pairs, 50, 500).is_empty());
    }

    #[test]
    fn pairs_pass_over_what_every_text_has() {
        let found = pairs_of(Language::En, &sentences("The parcel never came. It was the parcel of my life, 12 times"));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["life times", "never came", "parcel life", "parcel never"]);
    }
}
