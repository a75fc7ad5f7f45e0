//! What people have agreed to, per purpose: the table `consent`.
//!
//! Every word is an interaction in the ledger; here stands the last one of each identity. For a person the last word
//! over all identities counts, and where two have the same time, the no: the answer does not depend on the order in
//! which the words came.

use crate::failure::{Failure, Result};
use model::{ActorId, Instant};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is what somebody may agree to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentPurpose)]
pub enum Purpose {
    /// That we count what they do.
    Measure,
    /// That we adapt what they see.
    Personalise,
    /// That we write or call.
    Contact,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Measure, Self::Personalise, Self::Contact];

    /// Returns the name used in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Personalise => "personalise",
            Self::Contact => "contact",
        }
    }

    /// Finds a purpose by its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// Is the state of all purposes: yes, no, or nothing said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Consents {
    /// For [`Purpose::Measure`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<bool>,
    /// For [`Purpose::Personalise`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalise: Option<bool>,
    /// For [`Purpose::Contact`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<bool>,
}

impl Consents {
    /// Joins what was said under two names where nobody knows which is later: a no wins over a yes.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let strict = |one: Option<bool>, two: Option<bool>| one.zip(two).map(|(one, two)| one && two).or(one).or(two);
        Self {
            measure: strict(self.measure, other.measure),
            personalise: strict(self.personalise, other.personalise),
            contact: strict(self.contact, other.contact),
        }
    }

    /// Returns the state of one purpose.
    #[must_use]
    pub const fn of(&self, purpose: Purpose) -> Option<bool> {
        match purpose {
            Purpose::Measure => self.measure,
            Purpose::Personalise => self.personalise,
            Purpose::Contact => self.contact,
        }
    }

    /// Sets the state of one purpose.
    pub const fn set(&mut self, purpose: Purpose, given: bool) {
        match purpose {
            Purpose::Measure => self.measure = Some(given),
            Purpose::Personalise => self.personalise = Some(given),
            Purpose::Contact => self.contact = Some(given),
        }
    }

    /// Returns the states as they go along with an interaction.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        serde_json::to_value(self).expect("three truth values are JSON")
    }
}

/// Is one word of somebody on one purpose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// Of whom.
    pub actor: ActorId,
    /// What for.
    pub purpose: Purpose,
    /// Yes or no.
    pub given: bool,
    /// When it was said.
    pub at: Instant,
    /// Which text was shown, on which channel, who wrote it down: what shows that it was said. Nothing personal.
    pub proof: String,
}

/// Stores words; of each identity and purpose the last one stays, and of two at the same time the no.
///
/// # Errors
/// Fails when the state store does.
pub async fn note_words(transaction: &mut Transaction, words: &[Word]) -> Result<()> {
    let head = "INSERT INTO consent (actor, purpose, given, at, proof)";
    let tail = "ON CONFLICT (actor, purpose) DO UPDATE SET given = excluded.given, at = excluded.at, proof = excluded.proof \
                WHERE excluded.at > consent.at OR (excluded.at = consent.at AND excluded.given < consent.given)";
    // One by one: a statement must not change the same row twice, and there are few.
    for word in words {
        state::insert(transaction, head, 5, tail, std::slice::from_ref(word), |statement, word| {
            let statement = statement.bind(word.actor.0.cast_signed()).bind(word.purpose.name()).bind(i64::from(word.given));
            statement.bind(word.at.0).bind(word.proof.clone())
        })
        .await
        .map_err(failed)?;
    }
    Ok(())
}

/// Returns the last words of all identities.
///
/// # Errors
/// Fails when the state store does.
pub async fn words(state: &State) -> Result<Vec<Word>> {
    let sql = "SELECT actor, purpose, given, at, proof FROM consent ORDER BY actor, purpose";
    let rows = sqlx::query(sql).fetch_all(state.reader()).await.map_err(failed)?;
    Ok(rows.iter().filter_map(word).collect())
}

/// Returns the last words of some identities.
///
/// # Errors
/// Fails when the state store does.
pub async fn words_of(state: &State, actors: &[ActorId]) -> Result<Vec<Word>> {
    let ids = super::calling::ids(actors);
    let head = "SELECT actor, purpose, given, at, proof FROM consent WHERE actor IN";
    let rows = state::read_in(state.reader(), head, &ids).await.map_err(failed)?;
    Ok(rows.iter().filter_map(word).collect())
}

/// Reads a word; `None` for a purpose that this version does not know.
fn word(row: &sqlx::any::AnyRow) -> Option<Word> {
    Some(Word {
        actor: super::calling::actor(row, "actor"),
        purpose: Purpose::parse(&row.get::<String, _>("purpose"))?,
        given: row.get::<i64, _>("given") != 0,
        at: Instant(row.get("at")),
        proof: row.get("proof"),
    })
}

/// Sums up words of one person: per purpose the last one, and of two at the same time the no.
#[must_use]
pub fn summed_up<'w>(words: impl IntoIterator<Item = &'w Word>) -> Consents {
    let mut last: BTreeMap<Purpose, (Instant, Reverse<bool>)> = BTreeMap::new();
    for word in words {
        let said = (word.at, Reverse(word.given));
        let entry = last.entry(word.purpose).or_insert(said);
        *entry = (*entry).max(said);
    }
    let mut consents = Consents::default();
    last.into_iter().for_each(|(purpose, (_, Reverse(given)))| consents.set(purpose, given));
    consents
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after consents").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word(actor: u64, given: bool, at: i64) -> Word {
        Word { actor: ActorId(actor), purpose: Purpose::Contact, given, at: Instant(at), proof: format!("form {at}") }
    }

    #[test]
    fn the_last_word_counts_and_a_no_at_the_same_time() {
        let check = |words: &[Word], expected| assert_eq!(summed_up(words).contact, expected, "{words:?}");
        check(&[], None);
        check(&[word(1, true, 5), word(2, false, 3)], Some(true));
        check(&[word(1, true, 5), word(2, false, 5)], Some(false));
        check(&[word(2, false, 5), word(1, true, 5), word(1, true, 6)], Some(true));
    }

    #[test]
    fn a_no_is_stricter_than_a_yes_and_both_than_nothing() {
        let of = |contact| Consents { contact, ..Consents::default() };
        for (one, other, expected) in [
            (None, None, None),
            (Some(true), None, Some(true)),
            (None, Some(false), Some(false)),
            (Some(true), Some(false), Some(false)),
            (Some(true), Some(true), Some(true)),
        ] {
            assert_eq!(of(one).strictest(of(other)), of(expected));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn any_order_and_repetition_gives_the_same_state(told in prop::collection::vec((0_u64..3, any::<bool>(), 0_i64..4), 0..12)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
            runtime.block_on(async {
                let mut stored = Vec::new();
                let mut backwards = told.clone();
                backwards.reverse();
                backwards.extend(told.clone());
                for order in [&told, &backwards] {
                    let dir = tempfile::tempdir().expect("folder");
                    let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
                    let mut transaction = state.begin().await.expect("begins");
                    let order: Vec<_> = order.iter().map(|(actor, given, at)| word(*actor, *given, *at)).collect();
                    note_words(&mut transaction, &order).await.expect("notes");
                    transaction.commit().await.expect("commits");
                    stored.push(words(&state).await.expect("reads"));
                }
                assert_eq!(stored[0], stored[1]);
            });
        }
    }
}
