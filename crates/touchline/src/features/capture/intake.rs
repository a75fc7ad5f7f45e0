//! The one door for arrivals: names become numbers, facts become people, interactions reach the ledger.
//!
//! State goes first, so that every number in the ledger can be resolved; a crash in between leaves some names in the
//! dictionaries that no row uses, and the next attempt finds them there. The ledger refuses what it holds already,
//! so a batch may be offered again after any failure.

use super::signals::Signals;
use crate::failure::{Failure, Result};
use crate::features::people::{Acquaintance, FactKey, People, Trait, collision, fact_key, note_traits};
use crate::platform::home::Stores;
use crate::platform::id_map::IdMap;
use model::{ActorId, Arrival, Flags, Identity, IdentityFact, Instant, Interaction, InteractionId, Link};

/// With so many people relocated, every scan would carry their rows from bucket to bucket: better once.
const RELOCATED_MAX: usize = 1_000;

/// Takes arrivals into an open data directory, batch by batch. A batch of 10,000 to 250,000 is a good size.
pub struct Intake {
    stores: Stores,
    marks: Flags,
    people: People,
    signals: Signals,
}

/// Counts what a batch brought.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Taken {
    /// Interactions that are new in the ledger.
    pub added: u64,
    /// Interactions that were there already, or twice in the batch.
    pub duplicates: u64,
}

/// Says that two identities are one person, why, and since when.
pub type Claim = (Identity, Identity, Link, Instant);

/// Says something about an identity: a key, its value, and when it was so.
pub type Known = (Identity, String, String, Instant);

/// Is what the state store must learn before the interactions of a batch can be written; each thing once.
#[derive(Default)]
struct News {
    met: IdMap<ActorId, Identity>,
    facts: IdMap<FactKey, IdentityFact>,
    traits: Vec<Trait>,
}

impl Intake {
    /// Opens the door of a data directory.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn new(stores: Stores) -> Result<Self> {
        let (people, signals) = load(&stores)?;
        Ok(Self { stores, marks: Flags::default(), people, signals })
    }

    /// Sets marks that every interaction gets, such as [`Flags::BACKFILL`] for what is loaded from a file.
    #[must_use]
    pub const fn marked(mut self, marks: Flags) -> Self {
        self.marks = marks;
        self
    }

    /// Takes a batch: interactions, statements that two identities are one person, and traits.
    ///
    /// When this returns, everything is durable. Several identities on one arrival state that they belong together.
    ///
    /// # Errors
    /// Fails when state store or ledger do; the batch may then be offered again.
    pub fn take(&mut self, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Result<Taken> {
        let taken = self.try_take(arrivals, facts, traits);
        if taken.is_err() {
            // What memory has learnt may not have been stored: read it again.
            (self.people, self.signals) = load(&self.stores)?;
        }
        taken
    }

    /// Finishes: settles the ledger where that is due.
    ///
    /// # Errors
    /// Fails when the ledger or the state store do; nothing is lost then, and reading stays right.
    pub fn finish(&mut self) -> Result<()> {
        let is_due = self.stores.ledger().needs_compaction() || self.people.unsettled_count() >= RELOCATED_MAX;
        if is_due { self.settle() } else { Ok(()) }
    }

    /// Compacts the ledger, and then forgets who was relocated: its rows bear the new numbers. In this order, because
    /// relocating what is relocated already changes nothing.
    fn settle(&mut self) -> Result<()> {
        let resolution = self.people.resolution();
        let compacted = self.stores.ledger_mut().compact(&resolution);
        compacted.map_err(|error| Failure::new("Cannot compact the ledger").because(&error))?;
        let state = self.stores.state.clone();
        self.stores.block_on(self.people.settled(&state, &resolution))
    }

    fn try_take(&mut self, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Result<Taken> {
        let received = self.stores.now();
        let mut news = News::default();
        let mut batch = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let strongest = self.greet(&arrival, &mut news)?;
            batch.push(self.interaction(arrival, strongest, received)?);
        }
        for (one, other, link, at) in facts {
            let (one, other) = (self.meet(&one, &mut news)?, self.meet(&other, &mut news)?);
            self.learn(IdentityFact::new(one, other, link, at), &mut news);
        }
        for (identity, key, value, at) in traits {
            let actor = self.meet(&identity, &mut news)?;
            news.traits.push(Trait { actor, key, value, at });
        }
        self.store(news)?;
        let appended = self.stores.ledger_mut().append(batch, &self.people);
        let appended = appended.map_err(|error| Failure::new("Cannot write to the ledger").because(&error))?;
        Ok(Taken { added: appended.added, duplicates: appended.duplicates })
    }

    /// Notes what an arrival says of its identities. Returns the strongest; `None` for the anonymous.
    ///
    /// An ephemeral identity is nobody's name: it is not kept.
    fn greet(&self, arrival: &Arrival, news: &mut News) -> Result<Option<ActorId>> {
        if arrival.flags.has(Flags::EPHEMERAL) {
            return Ok(arrival.identities.first().map(Identity::actor));
        }
        let mut strongest = None;
        for identity in &arrival.identities {
            let actor = self.meet(identity, news)?;
            let strongest = *strongest.get_or_insert(actor);
            self.learn(IdentityFact::new(strongest, actor, Link::Together, arrival.at), news);
        }
        Ok(strongest)
    }

    /// Returns the number of an identity. Its text is copied only when it is new.
    fn meet(&self, identity: &Identity, news: &mut News) -> Result<ActorId> {
        let actor = identity.actor();
        if !self.people.has_met(actor, identity)? {
            let noted = news.met.entry(actor).or_insert_with(|| identity.clone());
            if noted != identity {
                return Err(collision(actor, identity));
            }
        }
        Ok(actor)
    }

    fn learn(&self, fact: Option<IdentityFact>, news: &mut News) {
        if let Some(fact) = fact.filter(|fact| !self.people.has_learnt(fact)) {
            news.facts.entry(fact_key(&fact)).or_insert(fact);
        }
    }

    fn interaction(&mut self, arrival: Arrival, strongest: Option<ActorId>, received: Instant) -> Result<Interaction> {
        let (actor, flags) = strongest.map_or_else(|| arrival.actor(), |actor| (actor, Flags::default()));
        Ok(Interaction {
            id: arrival.id(),
            actor,
            at: arrival.at,
            received: arrival.received.unwrap_or(received),
            sent: arrival.sent,
            original: arrival.original,
            signal: self.signals.number(&arrival.signature)?,
            form: arrival.form,
            direction: arrival.direction,
            value: arrival.value,
            cost: arrival.cost,
            currency: arrival.currency,
            score: arrival.score,
            reply_to: arrival.reply_to.map(|message| InteractionId::of(&arrival.source, &message)),
            offer: arrival.offer,
            arm: arrival.arm,
            campaign: arrival.campaign,
            conversation: arrival.conversation,
            flags: flags.with(arrival.flags).with(self.marks),
            props: arrival.props,
        })
    }

    /// Stores the news in one transaction; where there are none, the state store is not touched.
    fn store(&mut self, news: News) -> Result<()> {
        let nothing_new = news.met.is_empty() && news.facts.is_empty() && news.traits.is_empty();
        if nothing_new && !self.signals.has_unstored() {
            return Ok(());
        }
        let met: Vec<Acquaintance> = news.met.into_iter().collect();
        let facts: Vec<IdentityFact> = news.facts.into_values().collect();
        let state = self.stores.state.clone();
        let (people, signals) = (&mut self.people, &mut self.signals);
        self.stores.block_on(async {
            let failed = |error: state::StateError| Failure::new("Cannot store who and what arrived").because(&error);
            let mut transaction = state.begin().await.map_err(failed)?;
            let fresh = people.meet(&mut transaction, &met).await?;
            people.learn(&mut transaction, &facts, &fresh).await?;
            note_traits(&mut transaction, &news.traits).await?;
            signals.store(&mut transaction).await?;
            transaction.commit().await.map_err(|error| failed(error.into()))
        })
    }
}

fn load(stores: &Stores) -> Result<(People, Signals)> {
    stores.block_on(async { Ok((People::load(&stores.state).await?, Signals::load(&stores.state).await?)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::people::Components;
    use crate::platform::clock::Clock;
    use crate::platform::home::Home;
    use analysis::sequence::{Fold, Rows};
    use ledger::Resolve;
    use model::{Direction, Form, Signature};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    fn clock() -> Clock {
        Arc::new(|| Instant(1_000))
    }

    fn home(dir: &Path) -> Home {
        if dir.join("format").exists() { Home::open(dir, clock()) } else { Home::create(dir, clock()) }.expect("opens")
    }

    fn name(text: &str) -> Identity {
        Identity::new("nick", text).expect("not blank")
    }

    fn arrival(message: &str, names: &[&str], event: &str) -> Arrival {
        let signature = Signature { source: "test".into(), event: event.into(), ..Signature::default() };
        Arrival {
            identities: names.iter().map(|text| name(text)).collect(),
            ..Arrival::new(message.as_bytes().to_vec(), signature, Instant(7), Form::Visit, Direction::Inbound)
        }
    }

    fn take(home: &Home, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Taken {
        let mut intake = Intake::new(home.stores()).expect("opens");
        let taken = intake.take(arrivals, facts, traits).expect("takes");
        intake.finish().expect("finishes");
        taken
    }

    fn count(home: &Home, sql: &'static str) -> i64 {
        home.block_on(sqlx::query_scalar(sql).fetch_one(home.state().reader())).expect("counts")
    }

    #[test]
    fn the_same_batch_again_adds_nothing() {
        let dir = tempfile::tempdir().expect("folder");
        let batch =
            || vec![arrival("1", &["ada"], "open"), arrival("2", &["ada", "countess"], "open"), arrival("3", &[], "close")];
        let facts = || vec![(name("countess"), name("lovelace"), Link::Renamed, Instant(9))];
        let traits = || vec![(name("ada"), "tier".to_owned(), "gold".to_owned(), Instant(7))];
        let first = home(dir.path());
        assert_eq!(take(&first, batch(), facts(), traits()), Taken { added: 3, duplicates: 0 });
        for table in ["actor", "identity_fact", "trait", "signal"] {
            let (sql, expected) = match table {
                "actor" => ("SELECT COUNT(*) FROM actor", 3),
                "identity_fact" => ("SELECT COUNT(*) FROM identity_fact", 2),
                "trait" => ("SELECT COUNT(*) FROM trait", 1),
                _ => ("SELECT COUNT(*) FROM signal", 2),
            };
            assert_eq!(count(&first, sql), expected, "{table}");
            assert_eq!(take(&first, batch(), facts(), traits()), Taken { added: 0, duplicates: 3 });
            assert_eq!(count(&first, sql), expected, "{table}");
        }
        drop(first);
        let again = home(dir.path());
        assert_eq!(take(&again, batch(), facts(), traits()), Taken { added: 0, duplicates: 3 });
        assert_eq!(again.ledger().count(), 3);
    }

    #[test]
    fn what_is_told_late_of_long_ago_changes_no_trait() {
        let dir = tempfile::tempdir().expect("folder");
        let home = home(dir.path());
        let tier = |value: &str, at| vec![(name("ada"), "tier".to_owned(), value.to_owned(), Instant(at))];
        for (value, at, expected) in [("silver", 5, "silver"), ("gold", 9, "gold"), ("silver", 5, "gold"), ("tin", 8, "gold")] {
            take(&home, vec![], vec![], tier(value, at));
            let stored: String =
                home.block_on(sqlx::query_scalar("SELECT value FROM trait").fetch_one(home.state().reader())).expect("one trait");
            assert_eq!(stored, expected, "after {value} at {at}");
        }
    }

    #[test]
    fn signals_keep_their_numbers() {
        let dir = tempfile::tempdir().expect("folder");
        let first = home(dir.path());
        take(&first, vec![arrival("1", &[], "b"), arrival("2", &[], "a")], vec![], vec![]);
        drop(first);
        let again = home(dir.path());
        take(&again, vec![arrival("3", &[], "c"), arrival("4", &[], "b")], vec![], vec![]);
        let known = again.block_on(super::super::signals(again.state())).expect("reads");
        assert_eq!(known.iter().map(|signature| signature.event.as_str()).collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn people_known_apart_are_brought_together() {
        let dir = tempfile::tempdir().expect("folder");
        let home = home(dir.path());
        take(&home, vec![arrival("1", &["ada"], "open"), arrival("2", &["countess"], "open")], vec![], vec![]);
        take(&home, vec![], vec![(name("ada"), name("countess"), Link::Manual, Instant(9))], vec![]);
        let found = home.block_on(crate::features::people::resolution(home.state())).expect("reads");
        let (smaller, larger) = {
            let mut both = [name("ada").actor(), name("countess").actor()];
            both.sort_unstable();
            (both[0], both[1])
        };
        assert!([smaller, larger].iter().all(|actor| found.is_unsettled((*actor).into())));
        assert_eq!(found.person_of(larger, Instant(0)), smaller.into());
    }

    /// Counts the rows of each person, as an analysis sees them.
    #[derive(Default)]
    struct PerPerson(BTreeMap<u64, u64>);

    impl Fold for PerPerson {
        fn take(&mut self, rows: &Rows) {
            for range in rows.people() {
                *self.0.entry(rows.person[range.start]).or_default() += range.len() as u64;
            }
        }

        fn merge(&mut self, other: Self) {
            for (person, rows) in other.0 {
                *self.0.entry(person).or_default() += rows;
            }
        }
    }

    fn scanned(home: &Home) -> BTreeMap<u64, u64> {
        let people = home.block_on(crate::features::people::resolution(home.state())).expect("reads");
        home.ledger().scan(&people, 2, PerPerson::default).expect("scans").0
    }

    /// Is the plain version: every fact at once, then count.
    fn expected(batches: &[Vec<(u8, Option<u8>)>]) -> BTreeMap<u64, u64> {
        let all = || batches.iter().flatten();
        let facts = all().filter_map(|(one, other)| {
            IdentityFact::new(nick(*one).actor(), nick((*other)?).actor(), Link::Together, Instant(0))
        });
        let people = Components::of(facts);
        let mut counts = BTreeMap::new();
        for (one, _) in all() {
            *counts.entry(people.person_of(nick(*one).actor()).0).or_default() += 1;
        }
        counts
    }

    fn nick(number: u8) -> Identity {
        name(&format!("n{number}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn rows_find_their_people_whenever_the_facts_came(
            batches in prop::collection::vec(prop::collection::vec((0_u8..12, prop::option::of(0_u8..12)), 1..8), 1..5),
        ) {
            let dir = tempfile::tempdir().expect("folder");
            let home = home(dir.path());
            for (number, batch) in batches.iter().enumerate() {
                let arrivals = batch.iter().enumerate().map(|(k, (one, other))| {
                    let mut arrival = arrival(&format!("{number}-{k}"), &[], "open");
                    arrival.identities = [Some(*one), *other].into_iter().flatten().map(nick).collect();
                    arrival
                });
                take(&home, arrivals.collect(), vec![], vec![]);
                prop_assert_eq!(scanned(&home), expected(&batches[..=number]));
            }
            let mut intake = Intake::new(home.stores()).expect("opens");
            intake.settle().expect("compacts");
            prop_assert!(intake.people.unsettled_count() == 0);
            prop_assert_eq!(scanned(&home), expected(&batches));
            drop(home);
            prop_assert_eq!(scanned(&super::tests::home(dir.path())), expected(&batches));
        }
    }

    #[test]
    fn what_failed_is_forgotten_and_can_be_offered_again() {
        let dir = tempfile::tempdir().expect("folder");
        let home = home(dir.path());
        let state = home.state().clone();
        let run = |home: &Home, sql: &'static str| {
            home.block_on(async {
                let mut transaction = state.begin().await.expect("begins");
                sqlx::query(sql).execute(&mut *transaction).await.expect("runs");
                transaction.commit().await.expect("commits");
            });
        };
        run(&home, "ALTER TABLE signal RENAME TO away");
        let batch = || vec![arrival("1", &["ada", "countess"], "open")];
        assert!(Intake::new(home.stores()).is_err());
        run(&home, "ALTER TABLE away RENAME TO signal");
        run(&home, "CREATE TRIGGER refuse BEFORE INSERT ON signal BEGIN SELECT RAISE(ABORT, 'no'); END");
        let mut intake = Intake::new(home.stores()).expect("opens");
        assert!(intake.take(batch(), vec![], vec![]).is_err());
        assert_eq!(count(&home, "SELECT COUNT(*) FROM actor"), 0, "all or nothing");
        run(&home, "DROP TRIGGER refuse");
        assert_eq!(intake.take(batch(), vec![], vec![]).expect("takes"), Taken { added: 1, duplicates: 0 });
        assert_eq!(count(&home, "SELECT COUNT(*) FROM identity_fact"), 1);
        assert_eq!(count(&home, "SELECT COUNT(*) FROM signal"), 1);
    }
}
