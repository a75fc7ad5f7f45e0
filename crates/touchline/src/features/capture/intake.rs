//! The one door for arrivals from files: one batch after the other, each stored before the next.

use super::Capture;
use super::batch::Batch;
use super::books::Books;
use super::privacy::Guard;
use super::signals::Numbers;
use crate::failure::Result;
use crate::platform::home::Stores;
use model::{Arrival, Flags, Identity, Instant, Link};

/// Takes arrivals into an open data directory, batch by batch. A batch of 10,000 to 250,000 is a good size.
pub struct Intake {
    books: Books,
    guard: Guard,
    numbers: Numbers,
    marks: Flags,
    trait_weight: u8,
}

/// Counts what a batch brought.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Taken {
    /// Interactions that are new in the ledger.
    pub added: u64,
    /// Interactions that were there already, or twice in the batch, or are erased.
    pub duplicates: u64,
}

/// Says that two identities are one person, why, and since when.
pub type Claim = (Identity, Identity, Link, Instant);

/// Says something about an identity: a key, its value, and when it was so.
pub type Known = (Identity, String, String, Instant);

impl Intake {
    /// Opens the door of a data directory.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn new(stores: Stores) -> Result<Self> {
        let numbers = stores.block_on(Numbers::load(stores.state.clone()))?;
        let guard = stores.block_on(Guard::load(stores.state.clone()))?;
        let books = Books::open(stores);
        books.shared_people().know()?;
        Ok(Self { books, guard, numbers, marks: Flags::default(), trait_weight: 0 })
    }

    /// Goes through the door beside what arrives meanwhile: both know the same people, signals and erasures.
    #[must_use]
    pub fn beside(capture: &Capture) -> Self {
        let (books, guard, numbers) = (capture.books().clone(), capture.guard().clone(), capture.numbers().clone());
        Self { books, guard, numbers, marks: Flags::default(), trait_weight: 0 }
    }

    /// Sets marks that every interaction gets, such as [`Flags::BACKFILL`] for what is loaded from a file.
    #[must_use]
    pub const fn marked(mut self, marks: Flags) -> Self {
        self.marks = marks;
        self
    }

    /// Sets how far the source of traits is to be believed; see [`super::SourceSettings`].
    #[must_use]
    pub const fn weighing(mut self, trait_weight: u8) -> Self {
        self.trait_weight = trait_weight;
        self
    }

    /// Takes a batch: interactions, statements that two identities are one person, and traits.
    ///
    /// When this returns, everything is durable. Several identities on one arrival state that they belong together.
    ///
    /// # Errors
    /// Fails when state store or ledger do; the batch may then be offered again.
    pub fn take(&mut self, mut arrivals: Vec<Arrival>, mut claims: Vec<Claim>, mut traits: Vec<Known>) -> Result<Taken> {
        let stores = &self.books.stores;
        // An erasure that begins now waits for what was sifted before it, and takes it out again.
        let shared = self.books.share();
        let sifted = self.guard.sift(&mut arrivals, &mut claims, &mut traits);
        stores.block_on(self.guard.seal(&mut arrivals))?;
        let signals = stores.block_on(self.numbers.of(arrivals.iter().map(|arrival| &arrival.signature)))?;
        let batch = Batch::of(arrivals, &signals, claims, (traits, self.trait_weight), stores.now(), self.marks)?;
        let taken = self.books.store_shared(&shared, &[batch], None)?;
        Ok(Taken { duplicates: taken.duplicates + sifted.erased, ..taken })
    }

    /// Finishes: settles the ledger where that is due.
    ///
    /// # Errors
    /// Fails when the ledger or the state store do; nothing is lost then, and reading stays right.
    pub fn finish(&mut self) -> Result<()> {
        self.books.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::people::Graph;
    use crate::platform::clock::Clock;
    use crate::platform::home::Home;
    use analysis::sequence::{Fold, Rows};
    use ledger::Resolve;
    use model::{Direction, Form, IdentityFact, Signature};
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

    /// Is one arrival of the test below: who, with whom, and at which moment.
    type Told = (u8, Option<u8>, i64);

    /// Is the plain version: every fact at once, then count.
    fn expected(batches: &[Vec<Told>]) -> BTreeMap<u64, u64> {
        let all = || batches.iter().flatten();
        let fact = |(one, other, at): &Told| IdentityFact::new(&named(*one), &named((*other)?), Link::Together, moment(*at));
        let people = Graph::of(&all().filter_map(fact).collect::<Vec<_>>());
        let mut counts = BTreeMap::new();
        for (one, _, at) in all() {
            *counts.entry(people.person_at(named(*one).actor(), moment(*at)).0).or_default() += 1;
        }
        counts
    }

    /// Is one of four users, four devices or four nicknames.
    fn named(number: u8) -> Identity {
        let namespace = ["user", "device", "nick"][usize::from(number / 4)];
        Identity::new(namespace, &format!("n{number}")).expect("not blank")
    }

    /// Is a moment; three of them are longer than a visit.
    fn moment(number: i64) -> Instant {
        Instant(number * 20 * 60_000_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn rows_find_their_people_whenever_the_facts_came(
            batches in prop::collection::vec(
                prop::collection::vec((0_u8..12, prop::option::of(0_u8..12), 0_i64..9), 1..8), 1..5,
            ),
        ) {
            let dir = tempfile::tempdir().expect("folder");
            let home = home(dir.path());
            for (number, batch) in batches.iter().enumerate() {
                let arrivals = batch.iter().enumerate().map(|(k, (one, other, at))| {
                    let mut arrival = arrival(&format!("{number}-{k}"), &[], "open");
                    arrival.identities = [Some(*one), *other].into_iter().flatten().map(named).collect();
                    arrival.at = moment(*at);
                    arrival
                });
                take(&home, arrivals.collect(), vec![], vec![]);
                prop_assert_eq!(scanned(&home), expected(&batches[..=number]));
            }
            let intake = Intake::new(home.stores()).expect("opens");
            intake.books.settle_people().expect("compacts");
            prop_assert!(intake.books.people().unsettled_count() == 0);
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
    #[test]
    fn who_is_in_a_transaction_can_ask_who_somebody_is_while_others_wait_to_teach() {
        let dir = tempfile::tempdir().expect("folder");
        let home = home(dir.path());
        let mut intake = Intake::new(home.stores()).expect("opens");
        let people = intake.books.shared_people();
        let transaction = home.block_on(home.state().begin()).expect("begins");
        std::thread::scope(|scope| {
            let taking = scope.spawn(move || intake.take(vec![arrival("1", &["ada"], "open")], vec![], vec![]));
            std::thread::sleep(std::time::Duration::from_millis(100));
            let _ = people.read().person_of(name("ada").actor());
            home.block_on(transaction.commit()).expect("commits");
            assert_eq!(taking.join().expect("no panic").expect("waits its turn, and no longer").added, 1);
        });
    }
}
