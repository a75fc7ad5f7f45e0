//! The tables of this room, and what is kept of them in memory.

use super::Resolution;
use super::decision::{self, Decision, Verb};
use super::graph::{Graph, IDS_MAX, Step, Waiting, visit_of};
use crate::failure::{Failure, Result};
use crate::platform::id_map::{IdMap, IdSet};
use futures_util::TryStreamExt as _;
use model::{ActorId, Identity, IdentityFact, Instant, Link, Named, Namespace, PersonId, Trust};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

/// How many identities and facts are remembered as stored already. The memory for them is bounded; beyond it they
/// are forgotten together and asked of the state store again.
const REMEMBERED_MAX: usize = 1 << 20;

/// Is an identity with the number by which the ledger knows it.
pub type Acquaintance = (ActorId, Identity);

/// Is what makes two facts the same: the time does not, but for devices the visit does.
pub type FactKey = (ActorId, ActorId, u64, i64);

/// Returns what makes a fact the same as another.
#[must_use]
pub fn fact_key(fact: &IdentityFact) -> FactKey {
    let visit = if sighted(fact).is_some() { visit_of(fact.at.0) } else { 0 };
    (fact.one.actor, fact.other.actor, fact.link as u64, visit)
}

/// Returns the device and the unique name of a fact that says with whom a device was seen.
fn sighted(fact: &IdentityFact) -> Option<(ActorId, ActorId)> {
    match [fact.one, fact.other].map(|named| named.namespace.trust()) {
        [Trust::Device, Trust::Unique] => Some((fact.one.actor, fact.other.actor)),
        [Trust::Unique, Trust::Device] => Some((fact.other.actor, fact.one.actor)),
        _ => None,
    }
}

/// Is since when somebody is unsettled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Since {
    /// The number of the first [`Resolution`] that tells it.
    picture: i64,
    /// Whether staff decided something. Then one compaction is not enough: rows may be on their way to the ledger at
    /// that moment, under the number of before, in a file that the compaction does not see.
    is_decided: bool,
}

/// Knows who is who: every identity fact in memory, and what is stored already.
///
/// What is learnt or decided belongs to the transaction that was given. Where that is not committed, drop this value
/// and load it again.
#[derive(Debug)]
pub struct People {
    graph: Graph,
    decisions: Vec<Decision>,
    /// Whose rows in the ledger may bear another number.
    unsettled: IdMap<PersonId, Since>,
    /// The number of the next picture, see [`Resolution`].
    next_picture: AtomicI64,
    /// Identities that are stored, each with a second hash of its text.
    met: IdMap<ActorId, u32>,
    /// Facts that are stored, with the earliest time.
    learnt: IdMap<FactKey, Instant>,
    /// How often somebody has begun to teach or decide since this was shared.
    pub(super) changes: u64,
}

/// To be asked of identities in the ledger: to whom a row belongs that is written now.
impl ledger::Resolve for People {
    fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        self.unsettled.contains_key(&written)
    }

    fn person_of(&self, actor: ActorId, at: Instant) -> PersonId {
        self.graph.person_at(actor, at)
    }
}

impl People {
    /// Reads every identity fact.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(state: &State) -> Result<Self> {
        Self::known_at(state, Instant(i64::MAX)).await
    }

    /// Reads what was known at a moment, so that a reading of that day can be repeated.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn known_at(state: &State, moment: Instant) -> Result<Self> {
        name_namespaces(state).await?;
        let mut graph = Graph::default();
        let decisions = decision::load(state, moment).await?;
        graph.decide(&decision::standing(&decisions));
        learn(&mut graph, state, moment).await?;
        graph.settle();
        for device in graph.unread() {
            let rows: Vec<(i64, i64)> = sqlx::query_as("SELECT who, at FROM sighting WHERE device = $1 AND recorded <= $2")
                .bind(device.0.cast_signed())
                .bind(moment.0)
                .fetch_all(state.reader())
                .await
                .map_err(failed)?;
            sight(&mut graph, device, &rows);
        }
        let unsettled: Vec<(i64, i64)> =
            sqlx::query_as("SELECT person, since FROM relocation").fetch_all(state.reader()).await.map_err(failed)?;
        let next = unsettled.iter().map(|(_, since)| *since).max().unwrap_or(0) + 1;
        let since = |picture| Since { picture, is_decided: false };
        let person = |person: i64| PersonId(person.cast_unsigned());
        let unsettled = unsettled.into_iter().map(|(number, picture)| (person(number), since(picture))).collect();
        Ok(Self {
            graph,
            decisions,
            unsettled,
            next_picture: AtomicI64::new(next),
            met: IdMap::default(),
            learnt: IdMap::default(),
            changes: 0,
        })
    }

    /// Returns the person to whom an identity belongs. A shared device belongs to nobody: it stands for itself.
    #[must_use]
    pub fn person_of(&self, actor: ActorId) -> PersonId {
        self.graph.person_of(actor)
    }

    /// Returns to whom what an identity did at a moment belongs.
    #[must_use]
    pub fn person_at(&self, actor: ActorId, at: Instant) -> PersonId {
        self.graph.person_at(actor, at)
    }

    /// Returns every identity of a person. Any number that the person ever had finds them.
    #[must_use]
    pub fn identities_of(&self, person: PersonId) -> Vec<ActorId> {
        self.graph.identities_of(person)
    }

    /// Returns the shared devices with which a person was seen.
    #[must_use]
    pub fn shared_devices_of(&self, person: PersonId) -> Vec<ActorId> {
        self.graph.shared_devices_of(person)
    }

    /// Tells whether an identity is a device that several people use.
    #[must_use]
    pub fn is_shared(&self, actor: ActorId) -> bool {
        self.graph.sightings(actor).is_some()
    }

    /// Returns the shortest chain of facts by which two identities are one person; `None` where they are not.
    #[must_use]
    pub fn why(&self, one: ActorId, other: ActorId) -> Option<Vec<Step>> {
        self.graph.why(one, other)
    }

    /// Lists the facts that wait for somebody to decide.
    #[must_use]
    pub fn review(&self) -> Vec<Waiting> {
        self.graph.review()
    }

    /// Returns every decision of staff, in their order.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
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
        let number = self.next_picture.fetch_add(1, Ordering::Relaxed);
        let mut resolution = Resolution { number, ..Resolution::default() };
        resolution.unsettled.extend(self.unsettled.keys());
        for person in self.unsettled.keys() {
            let actor = ActorId(person.0);
            let today = self.person_of(actor);
            resolution.unsettled.insert(today);
            for device in self.shared_devices_of(*person).into_iter().chain([actor]) {
                if let Some(seen) = self.graph.sightings(device) {
                    resolution.shared.insert(device, seen);
                }
            }
            if !self.is_shared(actor) && !resolution.people.contains_key(&actor) {
                resolution.people.extend(self.identities_of(*person).into_iter().map(|actor| (actor, today)));
            }
        }
        resolution
    }

    /// Returns how many identities are known.
    #[must_use]
    pub fn met_count(&self) -> usize {
        self.met.len()
    }

    /// Returns how many people have rows that may bear another number.
    #[must_use]
    pub fn unsettled_count(&self) -> usize {
        self.unsettled.len()
    }

    /// Forgets who was unsettled in a picture: the ledger has been compacted with it. Whoever became unsettled after it
    /// was taken stays so.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn settled(&mut self, mut transaction: Transaction, by: &Resolution) -> Result<()> {
        sqlx::query("DELETE FROM relocation WHERE since <= $1")
            .bind(by.number)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let is_kept = |since: &Since| since.picture > by.number || since.is_decided;
        let again: Vec<PersonId> = self.unsettled.iter().filter(|(_, since)| is_kept(since)).map(|(person, _)| *person).collect();
        let picture = self.next_picture.load(Ordering::Relaxed);
        store_unsettled(&mut transaction, &again, picture).await?;
        transaction.commit().await.map_err(failed)?;
        self.unsettled = again.into_iter().map(|person| (person, Since { picture, is_decided: false })).collect();
        Ok(())
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

    /// Tells whether a fact is remembered as stored, and says nothing new.
    #[must_use]
    pub fn has_learnt(&self, fact: &IdentityFact) -> bool {
        self.learnt.get(&fact_key(fact)).is_some_and(|known| *known <= fact.at)
    }

    /// Stores the text of identities that are not stored yet. Returns those that were new.
    ///
    /// Of two texts with one number the first stays. To refuse the second would hold up for ever whatever comes in the
    /// same transaction, and whoever looks for two such texts finds them in a day.
    ///
    /// # Errors
    /// Fails when the state store does.
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
                tracing::warn!("{}", collision(*actor, identity));
                continue;
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

    /// Stores facts and brings people in line with them.
    ///
    /// Whoever loses or gains rows is noted as unsettled. `fresh` are identities that [`People::meet`] has just seen for
    /// the first time, of which there can be no rows.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn learn(
        &mut self,
        transaction: &mut Transaction,
        facts: &[IdentityFact],
        fresh: &IdSet<ActorId>,
        now: Instant,
    ) -> Result<()> {
        if self.learnt.len() + facts.len() > REMEMBERED_MAX {
            self.learnt.clear();
        }
        for fact in facts {
            let known = self.learnt.entry(fact_key(fact)).or_insert(fact.at);
            *known = fact.at.min(*known);
        }
        store_facts(transaction, facts, now).await?;
        store_sightings(transaction, facts, now).await?;
        self.graph.watch();
        self.graph.learn(facts.iter().cloned());
        self.graph.settle();
        self.note_changes(transaction, fresh, false).await
    }

    /// Merges two people, whatever stands against it, and whatever is said of them later.
    ///
    /// Returns the number of the decision; `None` where they are one already.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn merge(
        &mut self,
        transaction: Transaction,
        one: &Identity,
        other: &Identity,
        by: &str,
        now: Instant,
    ) -> Result<Option<i64>> {
        let (one, other) = (Named::from(one), Named::from(other));
        if self.person_of(one.actor) == self.person_of(other.actor) {
            return Ok(None);
        }
        let mut lines: Vec<_> =
            self.graph.apart(one.actor, other.actor).into_iter().map(|(one, other)| (Verb::Merge, one, other)).collect();
        if lines.is_empty() {
            lines.push((Verb::Merge, one, other));
        }
        let ids = self.identities_of(one.actor.into()).len() + self.identities_of(other.actor.into()).len();
        if ids > IDS_MAX {
            lines.push((Verb::Large, one, one));
        }
        self.decide(transaction, &lines, 0, by, now).await.map(Some)
    }

    /// Keeps two identities apart, whatever is said of them later. Returns the number of the decision.
    ///
    /// # Errors
    /// Fails when they are the same identity, or when the state store does.
    pub async fn split(
        &mut self,
        transaction: Transaction,
        one: &Identity,
        other: &Identity,
        by: &str,
        now: Instant,
    ) -> Result<i64> {
        let (one, other) = (Named::from(one), Named::from(other));
        if one == other {
            return Err(Failure::new("An identity cannot be kept apart from itself").hint("Name two identities"));
        }
        self.decide(transaction, &[(Verb::Split, one, other)], 0, by, now).await
    }

    /// Says that an identity names nobody, or that its person may have any number of identities.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn mark(
        &mut self,
        transaction: Transaction,
        verb: Verb,
        identity: &Identity,
        by: &str,
        now: Instant,
    ) -> Result<i64> {
        let named = Named::from(identity);
        self.decide(transaction, &[(verb, named, named)], 0, by, now).await
    }

    /// Takes a decision back: everything is as if it had never been made. Returns the number of the undoing.
    ///
    /// # Errors
    /// Fails when there is no such decision or it is undone already, or when the state store does.
    pub async fn undo(&mut self, transaction: Transaction, id: i64, by: &str, now: Instant) -> Result<i64> {
        let line = self.decisions.iter().find(|line| line.id == id).filter(|_| self.can_undo(id));
        let Some(named) = line.map(|line| line.one) else {
            return Err(Failure::new(format!("There is no decision {id} to undo")).hint("List them: touchline person decisions"));
        };
        self.decide(transaction, &[(Verb::Undo, named, named)], id, by, now).await
    }

    /// Tells whether there is such a decision, and it is not undone.
    #[must_use]
    pub fn can_undo(&self, id: i64) -> bool {
        let is_undone = self.decisions.iter().any(|line| line.verb == Verb::Undo && line.undoes == id);
        !is_undone && self.decisions.iter().any(|line| line.id == id && line.verb != Verb::Undo)
    }

    /// Stores a decision and brings people in line with it.
    async fn decide(
        &mut self,
        mut transaction: Transaction,
        lines: &[(Verb, Named, Named)],
        undoes: i64,
        by: &str,
        now: Instant,
    ) -> Result<i64> {
        let id = self.decisions.iter().map(|line| line.id).max().unwrap_or(0) + 1;
        let line = |(place, (verb, one, other)): (usize, &(Verb, Named, Named))| Decision {
            id,
            place: place as i64,
            verb: *verb,
            one: *one,
            other: *other,
            undoes,
            at: now,
            by: by.to_owned(),
        };
        let lines: Vec<Decision> = lines.iter().enumerate().map(line).collect();
        decision::store(&mut transaction, &lines).await?;
        let before = self.decisions.len();
        self.decisions.extend(lines);
        self.graph.watch();
        self.graph.decide(&decision::standing(&self.decisions));
        self.graph.settle();
        let noted = self.note_changes(&mut transaction, &IdSet::default(), true).await;
        let stored = match noted {
            Ok(()) => transaction.commit().await.map_err(failed),
            Err(failure) => Err(failure),
        };
        if stored.is_err() {
            self.decisions.truncate(before);
            self.graph.decide(&decision::standing(&self.decisions));
            self.graph.settle();
        }
        stored.map(|()| id)
    }

    /// Reads what is missing of shared devices, and notes who is unsettled by the last changes.
    async fn note_changes(&mut self, transaction: &mut Transaction, fresh: &IdSet<ActorId>, is_decided: bool) -> Result<()> {
        for device in self.graph.unread() {
            let rows: Vec<(i64, i64)> = sqlx::query_as("SELECT who, at FROM sighting WHERE device = $1")
                .bind(device.0.cast_signed())
                .fetch_all(&mut **transaction)
                .await
                .map_err(failed)?;
            sight(&mut self.graph, device, &rows);
        }
        let since = Since { picture: self.next_picture.load(Ordering::Relaxed), is_decided };
        let changed: Vec<PersonId> = self.graph.changed(|actor| fresh.contains(&actor)).into_iter().collect();
        let news: Vec<PersonId> =
            changed.into_iter().filter(|person| self.unsettled.insert(*person, since) != Some(since)).collect();
        store_unsettled(transaction, &news, since.picture).await
    }
}

/// Finds the identities that somebody may mean: by a value in whatever namespace, by `NAMESPACE:VALUE`, or by a trait
/// such as a name or an address, whatever its letters' case.
///
/// # Errors
/// Fails when the state store does.
pub async fn find(state: &State, meant: &str) -> Result<Vec<Acquaintance>> {
    let meant = meant.trim();
    let (namespace, value) = meant.split_once(':').unwrap_or_default();
    let rows = sqlx::query(
        "SELECT id, namespace, value FROM actor WHERE value = $1 OR (namespace = $2 AND value = $3) \
         OR id IN (SELECT actor FROM trait WHERE value = $1 OR LOWER(value) = $4) ORDER BY namespace, id",
    )
    .bind(meant.to_owned())
    .bind(namespace.to_owned())
    .bind(value.to_owned())
    .bind(meant.to_lowercase())
    .fetch_all(state.reader())
    .await
    .map_err(failed)?;
    Ok(rows.iter().map(acquaintance).collect())
}

/// Returns every identity of a namespace.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn identities_in(state: &State, namespace: &str) -> Result<Vec<ActorId>> {
    let sql = "SELECT id FROM actor WHERE namespace = $1 ORDER BY id";
    let rows: Vec<i64> = sqlx::query_scalar(sql).bind(namespace.to_owned()).fetch_all(state.reader()).await.map_err(failed)?;
    Ok(rows.into_iter().map(|id| ActorId(id.cast_unsigned())).collect())
}

/// Stores who is unsettled, and since which picture.
async fn store_unsettled(transaction: &mut Transaction, people: &[PersonId], since: i64) -> Result<()> {
    let head = "INSERT INTO relocation (person, since)";
    let tail = "ON CONFLICT (person) DO UPDATE SET since = excluded.since";
    state::insert(transaction, head, 2, tail, people, |statement, person| statement.bind(person.0.cast_signed()).bind(since))
        .await
        .map_err(failed)?;
    Ok(())
}

/// Stores facts; of the same two identities and link the earliest stays.
async fn store_facts(transaction: &mut Transaction, facts: &[IdentityFact], now: Instant) -> Result<()> {
    // One row per key: a statement must not change the same row twice.
    let mut earliest: HashMap<(ActorId, ActorId, Link), &IdentityFact> = HashMap::new();
    for fact in facts {
        let entry = earliest.entry((fact.one.actor, fact.other.actor, fact.link)).or_insert(fact);
        if (fact.at, fact.said) < (entry.at, entry.said) {
            *entry = fact;
        }
    }
    let rows: Vec<&IdentityFact> = earliest.into_values().collect();
    let head = "INSERT INTO identity_fact (one, other, link, at, said, recorded, one_namespace, other_namespace)";
    let tail = "ON CONFLICT (one, other, link) DO UPDATE SET at = excluded.at, said = excluded.said \
                WHERE excluded.at < identity_fact.at OR (excluded.at = identity_fact.at AND excluded.said < identity_fact.said)";
    state::insert(transaction, head, 8, tail, &rows, |statement, fact| {
        let (one, other) = (fact.one.actor.0.cast_signed(), fact.other.actor.0.cast_signed());
        let statement = statement.bind(one).bind(other).bind(fact.link as i64).bind(fact.at.0);
        let statement = statement.bind(fact.said.cast_signed()).bind(now.0);
        statement.bind(i64::from(fact.one.namespace.0)).bind(i64::from(fact.other.namespace.0))
    })
    .await
    .map_err(failed)?;
    Ok(())
}

/// Stores with whom devices were seen; of each visit the first moment stays.
async fn store_sightings(transaction: &mut Transaction, facts: &[IdentityFact], now: Instant) -> Result<()> {
    let mut earliest: HashMap<(ActorId, ActorId, i64), i64> = HashMap::new();
    for fact in facts {
        if let Some((device, who)) = sighted(fact) {
            let at = earliest.entry((device, who, visit_of(fact.at.0))).or_insert(fact.at.0);
            *at = fact.at.0.min(*at);
        }
    }
    let rows: Vec<_> = earliest.into_iter().collect();
    let head = "INSERT INTO sighting (device, who, visit, at, recorded)";
    let tail = "ON CONFLICT (device, who, visit) DO UPDATE SET at = excluded.at WHERE excluded.at < sighting.at";
    state::insert(transaction, head, 5, tail, &rows, |statement, ((device, who, visit), at)| {
        statement.bind(device.0.cast_signed()).bind(who.0.cast_signed()).bind(*visit).bind(*at).bind(now.0)
    })
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells a graph with whom a device was seen.
fn sight(graph: &mut Graph, device: ActorId, rows: &[(i64, i64)]) {
    for (who, at) in rows {
        graph.sighted(device, ActorId(who.cast_unsigned()), Instant(*at));
    }
}

/// Teaches a graph every fact that was recorded until a moment. In the order of the table, which is read from end to end: by any
/// index each row would be a read of its own.
async fn learn(graph: &mut Graph, state: &State, moment: Instant) -> Result<()> {
    type Stored = (i64, i64, i64, i64, i64, i64, i64);
    let fact = |(one, other, link, at, said, one_namespace, other_namespace): Stored| {
        let link = Link::from_number(u8::try_from(link).ok()?)?;
        let fact = IdentityFact::between(named(one, one_namespace), named(other, other_namespace), link, Instant(at))?;
        Some(IdentityFact { said: said.cast_unsigned(), ..fact })
    };
    let sql = "SELECT one, other, link, at, said, one_namespace, other_namespace FROM identity_fact WHERE recorded <= $1";
    let mut rows = sqlx::query_as::<_, Stored>(sql).bind(moment.0).fetch(state.reader());
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        graph.learn(fact(row));
    }
    Ok(())
}

/// Gives facts that were recorded before namespaces were, their namespaces.
async fn name_namespaces(state: &State) -> Result<()> {
    let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(
        "SELECT fact.one, fact.other, one.namespace, other.namespace FROM identity_fact fact \
         JOIN actor one ON one.id = fact.one JOIN actor other ON other.id = fact.other WHERE fact.one_namespace < 0",
    )
    .fetch_all(state.reader())
    .await
    .map_err(failed)?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut transaction = state.begin().await.map_err(failed)?;
    for (one, other, one_name, other_name) in rows {
        sqlx::query("UPDATE identity_fact SET one_namespace = $1, other_namespace = $2 WHERE one = $3 AND other = $4")
            .bind(i64::from(Namespace::of(&one_name).0))
            .bind(i64::from(Namespace::of(&other_name).0))
            .bind(one)
            .bind(other)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Tells whether anybody's rows may bear another number.
///
/// # Errors
/// Fails when the state store does.
pub async fn anybody_unsettled(state: &State) -> Result<bool> {
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM relocation").fetch_one(state.reader()).await.map_err(failed)?;
    Ok(waiting > 0)
}

/// Returns an identity without its text from two columns.
pub(super) fn named(actor: i64, namespace: i64) -> Named {
    Named { actor: ActorId(actor.cast_unsigned()), namespace: Namespace(namespace.cast_unsigned() as u32) }
}

pub(super) fn acquaintance(row: &sqlx::any::AnyRow) -> Acquaintance {
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

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after people").because(&error.into())
}
#[cfg(test)]
pub(super) mod tests {
    use super::super::resolution;
    use super::*;
    use ledger::Resolve;

    pub(crate) async fn state() -> (State, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("folder");
        (State::create(&dir.path().join("state.sqlite")).await.expect("opens"), dir)
    }

    pub(crate) fn nick(value: &str) -> Acquaintance {
        let identity = Identity::new("nick", value).expect("not blank");
        (identity.actor(), identity)
    }

    fn together(one: &str, other: &str) -> IdentityFact {
        IdentityFact::new(&nick(one).1, &nick(other).1, Link::Together, Instant(5)).expect("differ")
    }

    /// Meets and learns in one transaction, as capture does.
    pub(crate) async fn tell(state: &State, people: &mut People, met: &[&str], facts: &[(&str, &str)]) {
        let met: Vec<_> = met.iter().map(|name| nick(name)).collect();
        let facts: Vec<_> = facts.iter().map(|(one, other)| together(one, other)).collect();
        let mut transaction = state.begin().await.expect("begins");
        let fresh = people.meet(&mut transaction, &met).await.expect("meets");
        people.learn(&mut transaction, &facts, &fresh, Instant(9)).await.expect("learns");
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
        people.settled(state.begin().await.expect("begins"), &found).await.expect("settles");
        assert_eq!(people.unsettled_count(), 0);
        assert!(!resolution(&state).await.expect("reads").has_unsettled());
    }

    #[tokio::test]
    async fn two_texts_with_one_number_are_noticed() {
        let (state, _dir) = state().await;
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["ada"], &[]).await;
        let impostor = (nick("ada").0, nick("eve").1);
        let failure = people.has_met(impostor.0, &impostor.1).expect_err("is noticed");
        assert!(!failure.to_string().contains("eve"), "a name is personal: {failure}");
        let mut people = People::load(&state).await.expect("loads");
        let mut transaction = state.begin().await.expect("begins");
        let fresh = people.meet(&mut transaction, &[impostor, nick("bob")]).await.expect("holds nobody up");
        assert_eq!(fresh, IdSet::from_iter([nick("bob").0]));
        transaction.commit().await.expect("commits");
        let texts: Vec<String> =
            sqlx::query_scalar("SELECT value FROM actor ORDER BY value").fetch_all(state.reader()).await.expect("reads");
        assert_eq!(texts, ["ada", "bob"], "the first text stays");
    }
}
