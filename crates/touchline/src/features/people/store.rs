//! The tables `actor`, `identity_fact`, `relocation` and `trait`, and what is kept of them in memory.

use super::{Components, Resolution};
use crate::failure::{Failure, Result};
use crate::platform::id_map::{IdMap, IdSet};
use model::{ActorId, Identity, IdentityFact, Instant, Link, PersonId};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::HashMap;

/// How many identities and facts are remembered as stored already. The memory for them is bounded; beyond it they
/// are forgotten together and asked of the state store again.
const REMEMBERED_MAX: usize = 1 << 20;

/// Is an identity with the number by which the ledger knows it.
pub type Acquaintance = (ActorId, Identity);

/// Is what makes two facts the same: the time does not.
pub type FactKey = (ActorId, ActorId, u64);

/// Returns what makes a fact the same as another.
#[must_use]
pub const fn fact_key(fact: &IdentityFact) -> FactKey {
    (fact.one, fact.other, fact.link as u64)
}

/// Is one thing known of an identity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trait {
    /// Of whom.
    pub actor: ActorId,
    /// What.
    pub key: String,
    /// Which.
    pub value: String,
    /// Since when it is known; the latest wins.
    pub at: Instant,
}

/// To be asked of identities in the ledger: to whom a row belongs that is written now.
impl ledger::Resolve for People {
    fn has_unsettled(&self) -> bool {
        !self.relocated.is_empty()
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        self.relocated.contains(&written) || self.relocated.iter().any(|ceased| self.person_of(ActorId(ceased.0)) == written)
    }

    fn person_of(&self, actor: ActorId, _: Instant) -> PersonId {
        self.components.person_of(actor)
    }
}

/// Knows who is who: every identity fact in memory, and what is stored already.
///
/// What [`People::meet`] and [`People::learn`] take in belongs to the transaction they were given. Where that is
/// not committed, drop this value and load it again.
#[derive(Debug)]
pub struct People {
    components: Components,
    relocated: IdSet<PersonId>,
    /// Identities that are stored, each with a second hash of its text.
    met: IdMap<ActorId, u32>,
    /// Facts that are stored.
    learnt: IdSet<FactKey>,
}

impl People {
    /// Reads every identity fact.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(state: &State) -> Result<Self> {
        let facts: Vec<(i64, i64, i64, i64)> =
            sqlx::query_as("SELECT one, other, link, at FROM identity_fact").fetch_all(state.reader()).await.map_err(failed)?;
        let components = Components::of(facts.into_iter().filter_map(fact));
        let relocated: Vec<i64> =
            sqlx::query_scalar("SELECT person FROM relocation").fetch_all(state.reader()).await.map_err(failed)?;
        let relocated = relocated.into_iter().map(|person| PersonId(person.cast_unsigned())).collect();
        Ok(Self { components, relocated, met: IdMap::default(), learnt: IdSet::default() })
    }

    /// Returns the person to whom an identity belongs.
    #[must_use]
    pub fn person_of(&self, actor: ActorId) -> PersonId {
        self.components.person_of(actor)
    }

    /// Returns every identity that was met.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn identities(state: &State) -> Result<IdMap<ActorId, Identity>> {
        let rows = sqlx::query("SELECT id, namespace, value FROM actor").fetch_all(state.reader()).await.map_err(failed)?;
        Ok(rows.iter().map(acquaintance).collect())
    }

    /// Returns the people whose rows may bear another number, as they are now.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        let mut resolution = Resolution::default();
        for ceased in &self.relocated {
            let person = self.person_of(ActorId(ceased.0));
            resolution.unsettled.insert(*ceased);
            if resolution.unsettled.insert(person) {
                let identities = self.components.identities_of(person);
                resolution.people.extend(identities.into_iter().map(|actor| (actor, person)));
            }
        }
        resolution
    }

    /// Returns how many people have rows that may bear another number.
    #[must_use]
    pub fn unsettled_count(&self) -> usize {
        self.relocated.len()
    }

    /// Returns every identity of a person.
    #[must_use]
    pub fn identities_of(&self, person: PersonId) -> Vec<ActorId> {
        self.components.identities_of(person)
    }

    /// Tells whether an identity is remembered as stored.
    ///
    /// # Errors
    /// Fails when another text has the same number.
    pub fn has_met(&self, actor: ActorId, identity: &Identity) -> Result<bool> {
        match self.met.get(&actor) {
            None => Ok(false),
            Some(check) if *check == second_hash(identity) => Ok(true),
            Some(_) => Err(collision(actor, identity)),
        }
    }

    /// Tells whether a fact is remembered as stored.
    #[must_use]
    pub fn has_learnt(&self, fact: &IdentityFact) -> bool {
        self.learnt.contains(&fact_key(fact))
    }

    /// Stores the text of identities that are not stored yet. Returns those that were new.
    ///
    /// # Errors
    /// Fails when two texts have the same number, or when the state store does.
    pub async fn meet(&mut self, transaction: &mut Transaction, met: &[Acquaintance]) -> Result<IdSet<ActorId>> {
        if self.met.len() + met.len() > REMEMBERED_MAX {
            self.met.clear();
        }
        let ids: Vec<i64> = met.iter().map(|(actor, _)| actor.0.cast_signed()).collect();
        let stored = state::select_in(transaction, "SELECT id, namespace, value FROM actor WHERE id IN", &ids);
        let stored: IdMap<ActorId, Identity> = stored.await.map_err(failed)?.iter().map(acquaintance).collect();
        let mut fresh: IdMap<ActorId, &Identity> = IdMap::default();
        for (actor, identity) in met {
            let known = stored.get(actor).or(fresh.get(actor).copied());
            if known.is_some_and(|known| known != identity) {
                return Err(collision(*actor, identity));
            }
            if known.is_none() {
                fresh.insert(*actor, identity);
            }
            self.met.insert(*actor, second_hash(identity));
        }
        let rows: Vec<(ActorId, &Identity)> = fresh.iter().map(|(actor, identity)| (*actor, *identity)).collect();
        let head = "INSERT INTO actor (id, namespace, value)";
        state::insert(transaction, head, 3, "", &rows, |statement, (actor, identity)| {
            statement.bind(actor.0.cast_signed()).bind(identity.namespace.clone()).bind(identity.value.clone())
        })
        .await
        .map_err(failed)?;
        Ok(fresh.into_keys().collect())
    }

    /// Stores facts and joins people accordingly.
    ///
    /// Whoever ceases is noted as relocated, unless they are one of `fresh`: identities that [`People::meet`] has
    /// just seen for the first time, under whose number no row can have been written.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn learn(&mut self, transaction: &mut Transaction, facts: &[IdentityFact], fresh: &IdSet<ActorId>) -> Result<()> {
        if self.learnt.len() + facts.len() > REMEMBERED_MAX {
            self.learnt.clear();
        }
        let mut ceased = Vec::new();
        for fact in facts {
            self.learnt.insert(fact_key(fact));
            let gone = self.components.join(fact);
            ceased.extend(gone.filter(|person| !fresh.contains(&ActorId(person.0)) && self.relocated.insert(*person)));
        }
        let head = "INSERT INTO identity_fact (one, other, link, at)";
        state::insert(transaction, head, 4, "ON CONFLICT (one, other, link) DO NOTHING", facts, |statement, fact| {
            let (one, other) = (fact.one.0.cast_signed(), fact.other.0.cast_signed());
            statement.bind(one).bind(other).bind(fact.link as i64).bind(fact.at.0)
        })
        .await
        .map_err(failed)?;
        let head = "INSERT INTO relocation (person)";
        state::insert(transaction, head, 1, "ON CONFLICT (person) DO NOTHING", &ceased, |statement, person| {
            statement.bind(person.0.cast_signed())
        })
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// Forgets who was unsettled: the ledger has been compacted with this [`People::resolution`].
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn settled(&mut self, state: &State, _by: &Resolution) -> Result<()> {
        let mut transaction = state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM relocation").execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.relocated.clear();
        Ok(())
    }

    /// Returns the people for whom the latest value of a trait, over all their identities, is this one.
    ///
    /// Of two values with the same time the greater one in the order of letters counts, so that the answer does not
    /// depend on the order in which they were stored.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn with_trait(&self, state: &State, key: &str, value: &str) -> Result<IdSet<PersonId>> {
        let rows: Vec<(i64, String, i64)> = sqlx::query_as("SELECT actor, value, at FROM trait WHERE key = $1")
            .bind(key.to_owned())
            .fetch_all(state.reader())
            .await
            .map_err(failed)?;
        let mut latest: IdMap<PersonId, (i64, &str)> = IdMap::default();
        for (actor, value, at) in &rows {
            let person = self.person_of(ActorId(actor.cast_unsigned()));
            let entry = latest.entry(person).or_insert((*at, value));
            *entry = (*entry).max((*at, value));
        }
        Ok(latest.into_iter().filter(|(_, (_, latest))| *latest == value).map(|(person, _)| person).collect())
    }
}

/// Stores traits; for each identity and key the latest value by time stays.
///
/// # Errors
/// Fails when the state store does.
pub(in crate::features) async fn note_traits(transaction: &mut Transaction, traits: &[Trait]) -> Result<()> {
    // One row per key: a statement must not change the same row twice.
    let mut latest: HashMap<(ActorId, &str), &Trait> = HashMap::new();
    for known in traits {
        let entry = latest.entry((known.actor, known.key.as_str())).or_insert(known);
        if (known.at, &known.value) > (entry.at, &entry.value) {
            *entry = known;
        }
    }
    let rows: Vec<&Trait> = latest.into_values().collect();
    let head = "INSERT INTO trait (actor, key, value, at)";
    let tail = "ON CONFLICT (actor, key) DO UPDATE SET value = excluded.value, at = excluded.at \
                WHERE excluded.at > trait.at OR (excluded.at = trait.at AND excluded.value > trait.value)";
    state::insert(transaction, head, 4, tail, &rows, |statement, known| {
        let actor = known.actor.0.cast_signed();
        statement.bind(actor).bind(known.key.clone()).bind(known.value.clone()).bind(known.at.0)
    })
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells whether anybody's rows may bear another number.
pub(super) async fn anybody_unsettled(state: &State) -> Result<bool> {
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM relocation").fetch_one(state.reader()).await.map_err(failed)?;
    Ok(waiting > 0)
}

fn fact((one, other, link, at): (i64, i64, i64, i64)) -> Option<IdentityFact> {
    let link = match link {
        0 => Link::Manual,
        1 => Link::Together,
        _ => Link::Renamed,
    };
    IdentityFact::new(ActorId(one.cast_unsigned()), ActorId(other.cast_unsigned()), link, Instant(at))
}

fn acquaintance(row: &sqlx::any::AnyRow) -> Acquaintance {
    let identity = Identity { namespace: row.get("namespace"), value: row.get("value") };
    (ActorId(row.get::<i64, _>("id").cast_unsigned()), identity)
}

/// Hashes the text in another way than [`ActorId::of`] does, to notice two texts with one number.
fn second_hash(identity: &Identity) -> u32 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    hasher.finish() as u32
}

/// Says that two texts have the same number. The texts are personal and stay out of it.
#[must_use]
pub fn collision(actor: ActorId, identity: &Identity) -> Failure {
    Failure::new(format!("Two identities have the same number {actor}; one is in the namespace `{}`", identity.namespace))
        .hint("Give this one another namespace in the mapping or the source that sends it")
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after people").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::super::resolution;
    use super::*;
    use ledger::Resolve;

    async fn state() -> (State, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("folder");
        (State::create(&dir.path().join("state.sqlite")).await.expect("opens"), dir)
    }

    fn nick(value: &str) -> Acquaintance {
        let identity = Identity::new("nick", value).expect("not blank");
        (identity.actor(), identity)
    }

    fn together(one: &str, other: &str) -> IdentityFact {
        IdentityFact::new(nick(one).0, nick(other).0, Link::Together, Instant(5)).expect("differ")
    }

    /// Meets and learns in one transaction, as capture does.
    async fn tell(state: &State, people: &mut People, met: &[&str], facts: &[(&str, &str)]) {
        let met: Vec<_> = met.iter().map(|name| nick(name)).collect();
        let facts: Vec<_> = facts.iter().map(|(one, other)| together(one, other)).collect();
        let mut transaction = state.begin().await.expect("begins");
        let fresh = people.meet(&mut transaction, &met).await.expect("meets");
        people.learn(&mut transaction, &facts, &fresh).await.expect("learns");
        transaction.commit().await.expect("commits");
    }

    #[tokio::test]
    async fn what_was_learnt_is_known_after_loading_again() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["ada", "countess"], &[("ada", "countess"), ("ada", "countess")]).await;
        tell(&state, &mut people, &["ada"], &[("ada", "countess")]).await;
        let again = People::load(&state).await.expect("loads");
        assert_eq!(again.person_of(nick("ada").0), again.person_of(nick("countess").0));
        assert_eq!(again.person_of(nick("ada").0).0, nick("ada").0.0.min(nick("countess").0.0));
        assert!(people.has_met(nick("ada").0, &nick("ada").1).expect("no collision"));
        assert!(people.has_learnt(&together("countess", "ada")));
    }

    #[tokio::test]
    async fn only_people_who_may_have_rows_are_relocated() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        // Both new in the same transaction: no row can bear either number.
        tell(&state, &mut people, &["a", "b"], &[("a", "b")]).await;
        assert_eq!(people.unsettled_count(), 0);
        // Known for a while, then joined: rows of the one who ceased must be found.
        tell(&state, &mut people, &["c", "d"], &[]).await;
        tell(&state, &mut people, &[], &[("c", "d")]).await;
        let (smaller, larger) = (nick("c").0.min(nick("d").0), nick("c").0.max(nick("d").0));
        for found in [people.resolution(), resolution(&state).await.expect("reads")] {
            assert_eq!(found.unsettled, IdSet::from_iter([PersonId(larger.0), PersonId(smaller.0)]));
            assert_eq!(found.person_of(larger, Instant(0)), PersonId(smaller.0));
        }
    }

    #[tokio::test]
    async fn relocation_follows_to_the_end_and_is_settled_by_compaction() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        let mut names = ["a", "b", "c", "d"];
        names.sort_by_key(|name| nick(name).0);
        let [first, second, third, fourth] = names;
        tell(&state, &mut people, &names, &[]).await;
        for fact in [(fourth, third), (third, second), (second, first)] {
            tell(&state, &mut people, &[], &[fact]).await;
        }
        let person = |name| PersonId(nick(name).0.0);
        let found = people.resolution();
        for found in [&found, &People::load(&state).await.expect("loads").resolution()] {
            assert_eq!(found.unsettled, names.map(person).into_iter().collect());
            assert!(names.iter().all(|name| found.person_of(nick(name).0, Instant(0)) == person(first)));
        }
        people.settled(&state, &found).await.expect("settles");
        assert_eq!(people.unsettled_count(), 0);
        assert!(!resolution(&state).await.expect("reads").has_unsettled());
    }

    #[tokio::test]
    async fn two_texts_with_one_number_are_noticed() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["ada"], &[]).await;
        let impostor = (nick("ada").0, nick("eve").1);
        assert!(people.has_met(impostor.0, &impostor.1).is_err());
        let mut people = People::load(&state).await.expect("loads");
        let mut transaction = state.begin().await.expect("begins");
        let failure = people.meet(&mut transaction, &[impostor]).await.expect_err("is noticed");
        assert!(!failure.to_string().contains("eve"), "a name is personal: {failure}");
    }

    #[tokio::test]
    async fn the_latest_trait_of_any_identity_counts() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["a", "b", "c"], &[("a", "b")]).await;
        let told = [("a", "gold", 3), ("b", "silver", 7), ("a", "bronze", 1), ("c", "gold", 1)];
        for order in [told, [told[3], told[2], told[1], told[0]]] {
            for known in order {
                let (name, value, at) = known;
                let known = Trait { actor: nick(name).0, key: "tier".into(), value: value.into(), at: Instant(at) };
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
