//! What one request brings, as a wire format has read it, and what became of it.
//!
//! A wire format turns foreign bytes into a [`Delivery`] and knows nothing of storage; [`super::Capture`] stores a
//! delivery and knows nothing of formats. One bad event never refuses its batch: it is one [`Refused`] among the rest.

use super::{Caller, Claim, Known, Source};
use model::{Arrival, Instant};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Is everything that one request brings, from one source.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Delivery {
    /// The name of the source that sent it.
    pub source: String,
    /// The name of the wire format it came in, by which what was refused is read again after it was mended
    /// (see [`super::read_again`]).
    pub format: &'static str,
    /// What happened.
    pub arrivals: Vec<Arrival>,
    /// Which identities are one person.
    pub claims: Vec<Claim>,
    /// What is known of identities.
    pub traits: Vec<Known>,
    /// How far the source is to be believed in the traits; see [`super::SourceSettings`].
    pub trait_weight: u8,
    /// What a server tells of the customer behind an arrival, by its place among the arrivals. It lives as long as the
    /// request does.
    pub customers: HashMap<usize, Caller>,
    /// What could not be read; it goes to quarantine, where it can be mended and replayed.
    pub refused: Vec<Refused>,
}

/// Is one event that could not be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Its place in the request, from 0.
    pub position: usize,
    /// Why.
    pub reason: Reason,
    /// The event by itself, with what its batch said of it merged in: all that its format needs to read it again.
    pub raw: Vec<u8>,
}

/// Is why one event was refused: a code for programs, a sentence for people that quotes no value of the event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RefusalReason)]
pub struct Reason {
    /// Such as `no_identity` or `event_too_large`.
    pub code: String,
    /// What is wrong, where, and what to do, in English.
    pub says: String,
    /// The names in that sentence, in its order: fields or columns. With the code and the numbers it can be said in another language.
    #[serde(default)]
    pub names: Vec<String>,
    /// The numbers in it, in its order.
    #[serde(default)]
    pub numbers: Vec<String>,
}

impl Reason {
    /// Makes a reason. What stands in backticks are names.
    #[must_use]
    pub fn new(code: &str, says: impl Into<String>) -> Self {
        let says = says.into();
        let pieces = || says.split('`').enumerate();
        let names = pieces().filter(|(at, _)| at % 2 == 1).map(|(_, name)| name.to_owned()).collect();
        let numbers = pieces().filter(|(at, _)| at % 2 == 0).flat_map(|(_, text)| numbers_in(text)).collect();
        Self { code: code.to_owned(), says, names, numbers }
    }
}

/// Lists the whole numbers of a text; what is part of a word, such as the 8 of `UTF-8` or `1.8e308`, is none.
fn numbers_in(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|sign: char| sign.is_whitespace() || ",;:()".contains(sign));
    let plain = words.map(|word| word.trim_end_matches('.'));
    plain.filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
}

/// Reads one event that was refused before: in the same format, from the same source, received then. What is read twice
/// must be the same twice, made-up message ids included, or a replay that broke off would count it twice.
pub type ReadAgain = fn(&Source, &[u8], Instant) -> Delivery;

/// Says what became of a delivery, once it is durable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// Interactions that are new.
    pub added: u64,
    /// Interactions that were there already, or twice in the delivery, or are erased.
    pub duplicates: u64,
    /// Events that went to quarantine.
    pub refused: u64,
}

/// Is why a whole delivery was not taken; it may come again.
#[derive(Debug)]
pub enum NotTaken {
    /// More is waiting than can be made durable in good time.
    Busy {
        /// When it is worth while to come again, in seconds, from the measured time in the queue.
        retry_after_s: u64,
        /// Whether it was let in and waited in vain: the disk is slow. Else there was no room to wait, because too much
        /// is sent.
        has_waited: bool,
    },
    /// The stores failed, for example because the disk is full.
    Failed(crate::failure::Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_the_names_and_numbers_of_its_sentence() {
        fn check(says: &str, names: &[&str], numbers: &[&str]) {
            let reason = Reason::new("code", says);
            assert_eq!((reason.says.as_str(), &*reason.names, &*reason.numbers), (says, &*owned(names), &*owned(numbers)));
        }
        fn owned(texts: &[&str]) -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        }
        check("`sum 2` is no whole number from 0 to 10", &["sum 2"], &["0", "10"]);
        check("`day` and `hour` is empty: the time is needed", &["day", "hour"], &[]);
        check("This is no JSON from line 3, column 18 on", &[], &["3", "18"]);
        check("It holds a number beyond 1.8e308, in UTF-8; at most 64.", &[], &["64"]);
        check("An unclosed `name", &["name"], &[]);
        check("", &[], &[]);
    }
}
