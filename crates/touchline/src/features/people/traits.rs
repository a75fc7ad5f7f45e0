//! What is known of people: keys and values of their identities.

use super::People;
use super::store::failed;
use crate::failure::Result;
use crate::platform::id_map::{IdMap, IdSet};
use model::{ActorId, Instant, PersonId};
use sqlx::Row;
use state::{State, Transaction};
use std::collections::{BTreeMap, HashMap};

/// Is one thing known of an identity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trait {
    /// Of whom.
    pub actor: ActorId,
    /// What.
    pub key: String,
    /// Which.
    pub value: String,
    /// Since when it is known.
    pub at: Instant,
    /// How far its source is to be believed. The greatest weight wins; of several, the latest.
    pub weight: i64,
}

impl People {
    /// Returns the people for whom the value of a trait that counts, over all their identities, is this one.
    ///
    /// What counts is what [`Trait`] says; of two values of the same weight and time the greater one in the order of
    /// letters, so that the answer does not depend on the order in which they were stored.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn with_trait(&self, state: &State, key: &str, value: &str) -> Result<IdSet<PersonId>> {
        let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as("SELECT actor, value, at, weight FROM trait WHERE key = $1")
            .bind(key.to_owned())
            .fetch_all(state.reader())
            .await
            .map_err(failed)?;
        let mut last: IdMap<PersonId, (i64, i64, &str)> = IdMap::default();
        for (actor, value, at, weight) in &rows {
            let person = self.person_of(ActorId(actor.cast_unsigned()));
            let entry = last.entry(person).or_insert((*weight, *at, value));
            *entry = (*entry).max((*weight, *at, value));
        }
        Ok(last.into_iter().filter(|(_, (_, _, last))| *last == value).map(|(person, _)| person).collect())
    }
}

/// Returns what is known of a person with these identities: per key the value that counts.
pub(super) async fn traits_of(state: &State, identities: &[ActorId]) -> Result<Vec<Trait>> {
    Ok(counting(stored_traits(state, identities).await?))
}

/// Returns per key the value that counts, of all that is known of a person.
pub(super) fn counting(stored: impl IntoIterator<Item = Trait>) -> Vec<Trait> {
    let mut last: BTreeMap<String, Trait> = BTreeMap::new();
    for known in stored {
        let entry = last.entry(known.key.clone()).or_insert_with(|| known.clone());
        if counts(&known) > counts(entry) {
            *entry = known;
        }
    }
    last.into_values().collect()
}

/// Returns the traits that count of a person with these identities, as keys and values.
///
/// # Errors
/// Fails when the state store does.
pub async fn traits_that_count(state: &State, identities: &[ActorId]) -> Result<Vec<(String, String)>> {
    Ok(traits_of(state, identities).await?.into_iter().map(|known| (known.key, known.value)).collect())
}

/// Returns what is known of each of some identities, as keys and values; of two of a person that differ, the one that counts
/// comes last.
pub(super) async fn traits_in(state: &State, actors: &[ActorId]) -> Result<IdMap<ActorId, Vec<(String, String)>>> {
    let mut stored = stored_traits(state, actors).await?;
    stored.sort_by(|one, other| counts(one).cmp(&counts(other)));
    let mut traits: IdMap<ActorId, Vec<(String, String)>> = IdMap::default();
    for known in stored {
        traits.entry(known.actor).or_default().push((known.key, known.value));
    }
    Ok(traits)
}

/// Returns everything that is known of some identities.
pub(super) async fn stored_traits(state: &State, actors: &[ActorId]) -> Result<Vec<Trait>> {
    let ids = super::calling::ids(actors);
    let head = "SELECT actor, key, value, at, weight FROM trait WHERE actor IN";
    let rows = state::read_in(state.reader(), head, &ids).await.map_err(failed)?;
    let known = |row: &sqlx::any::AnyRow| Trait {
        actor: super::calling::actor(row, "actor"),
        key: row.get("key"),
        value: row.get("value"),
        at: Instant(row.get("at")),
        weight: row.get("weight"),
    };
    Ok(rows.iter().map(known).collect())
}

/// Is what decides between two values of a trait.
fn counts(known: &Trait) -> (i64, Instant, &str) {
    (known.weight, known.at, &known.value)
}

/// Stores traits; for each identity and key the value that counts stays.
///
/// # Errors
/// Fails when the state store does.
pub(in crate::features) async fn note_traits(transaction: &mut Transaction, traits: &[Trait]) -> Result<()> {
    // One row per key: a statement must not change the same row twice.
    let mut last: HashMap<(ActorId, &str), &Trait> = HashMap::new();
    for known in traits {
        let entry = last.entry((known.actor, known.key.as_str())).or_insert(known);
        if counts(known) > counts(entry) {
            *entry = known;
        }
    }
    let rows: Vec<&Trait> = last.into_values().collect();
    let head = "INSERT INTO trait (actor, key, value, at, weight)";
    let tail = "ON CONFLICT (actor, key) DO UPDATE SET value = excluded.value, at = excluded.at, weight = excluded.weight \
                WHERE excluded.weight > trait.weight OR (excluded.weight = trait.weight AND (excluded.at > trait.at \
                OR (excluded.at = trait.at AND excluded.value > trait.value)))";
    state::insert(transaction, head, 5, tail, &rows, |statement, known| {
        let statement = statement.bind(known.actor.0.cast_signed()).bind(known.key.clone());
        statement.bind(known.value.clone()).bind(known.at.0).bind(known.weight)
    })
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells whether a trait is known of anybody at all.
///
/// # Errors
/// Fails when the state store does.
pub async fn anybody_with_trait(state: &State, key: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM trait WHERE key = $1 LIMIT 1";
    Ok(sqlx::query(sql).bind(key.to_owned()).fetch_optional(state.reader()).await.map_err(failed)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::people::store::tests::{nick, state, tell};

    #[tokio::test]
    async fn the_latest_trait_of_any_identity_counts() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["a", "b", "c"], &[("a", "b")]).await;
        let told = [("a", "gold", 3), ("b", "silver", 7), ("a", "bronze", 1), ("c", "gold", 1)];
        for order in [told, [told[3], told[2], told[1], told[0]]] {
            for known in order {
                let (name, value, at) = known;
                let known = Trait { actor: nick(name).0, key: "tier".into(), value: value.into(), at: Instant(at), weight: 0 };
                let mut transaction = state.begin().await.expect("begins");
                note_traits(&mut transaction, &[known.clone(), known]).await.expect("notes");
                transaction.commit().await.expect("commits");
            }
            let with = async |value| people.with_trait(&state, "tier", value).await.expect("reads");
            assert_eq!(with("silver").await, IdSet::from_iter([people.person_of(nick("b").0)]));
            assert_eq!(with("gold").await, IdSet::from_iter([people.person_of(nick("c").0)]));
            assert!(with("bronze").await.is_empty());
        }
    }
}
