//! What the door promises: acknowledged is durable, exactly once, and seen at once.

use super::*;
use crate::features::people::People;
use crate::platform::clock::Clock;
use crate::platform::home::Home;
use analysis::sequence::{Fold, Rows};
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn clock() -> Clock {
    Arc::new(|| Instant(1_000))
}

fn home(dir: &Path) -> Home {
    if dir.join("format").exists() { Home::open(dir, clock()) } else { Home::create(dir, clock()) }.expect("opens")
}

fn named(text: &str) -> Identity {
    Identity::new("nick", text).expect("not blank")
}

fn arrival(message: &str, name: &str) -> Arrival {
    let signature = Signature { source: "site".into(), event: "open".into(), ..Signature::default() };
    Arrival {
        identities: vec![named(name)],
        ..Arrival::new(message.as_bytes().to_vec(), signature, Instant(7), Form::Visit, Direction::Inbound)
    }
}

fn delivery(messages: &[&str]) -> Delivery {
    let arrivals = messages.iter().map(|message| arrival(message, "ada")).collect();
    Delivery { source: "site".into(), arrivals, ..Delivery::default() }
}

fn open(home: &Home) -> Capture {
    Capture::open(home.stores()).expect("opens")
}

#[track_caller]
fn take(home: &Home, capture: &Capture, delivery: Delivery) -> (u64, u64) {
    let receipt = home.block_on(capture.take(delivery)).expect("is taken");
    (receipt.added, receipt.duplicates)
}

/// Brings a large delivery as a client does: again, where the disk was too slow for an answer in time. It counts once all the same.
#[track_caller]
fn bring(home: &Home, capture: &Capture, delivery: &Delivery) {
    for _ in 0..60 {
        let answer = home.block_on(capture.take(delivery.clone()));
        if !matches!(answer, Err(NotTaken::Busy { .. })) {
            answer.expect("is taken");
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    panic!("a minute of trying again brought nothing");
}

/// Counts the rows of each person, as an analysis sees them.
#[derive(Default)]
struct PerPerson(BTreeMap<u64, u64>);

impl Fold for PerPerson {
    fn take(&mut self, rows: &Rows) {
        for person in &rows.person {
            *self.0.entry(*person).or_default() += 1;
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

/// Returns how many bytes of records are in the journal.
fn journal_bytes(home: &Home) -> u64 {
    let entries = std::fs::read_dir(home.dir().join(JOURNAL)).expect("lists");
    entries.map(|entry| entry.expect("an entry").metadata().expect("is there").len()).sum()
}

#[test]
fn what_is_answered_is_seen_at_once_and_after_everything() {
    let dir = tempfile::tempdir().expect("folder");
    let first = home(dir.path());
    let capture = open(&first);
    assert_eq!(take(&first, &capture, delivery(&["1", "2", "2"])), (2, 1));
    assert_eq!(scanned(&first), BTreeMap::from([(named("ada").actor().0, 2)]));
    first.block_on(capture.settle()).expect("settles");
    assert_eq!((first.ledger().count(), first.ledger().tail().count()), (2, 0));
    assert_eq!(journal_bytes(&first), 0, "the journal forgets what is in the stores");
    assert_eq!(take(&first, &capture, delivery(&["2", "3"])), (1, 1));
    assert_eq!(scanned(&first), BTreeMap::from([(named("ada").actor().0, 3)]));
    drop((capture, first));
    let again = home(dir.path());
    let capture = open(&again);
    assert_eq!(again.ledger().count(), 3);
    assert_eq!(take(&again, &capture, delivery(&["1", "3", "4"])), (1, 2), "known from before the start");
}

#[test]
fn a_door_is_opened_once() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let first = open(&home);
    assert!(Capture::open(home.stores()).is_err());
    drop(first);
    open(&home);
}

#[test]
fn ten_copies_at_once_are_one() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let capture = open(&home);
    let messages: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let receipts = home.block_on(async {
        let copies: Vec<_> = (0..10)
            .map(|_| {
                let (capture, copy) = (capture.clone(), delivery(&messages));
                tokio::spawn(async move { capture.take(copy).await.expect("is taken") })
            })
            .collect();
        let mut receipts = Vec::new();
        for copy in copies {
            receipts.push(copy.await.expect("ends"));
        }
        receipts
    });
    assert_eq!(receipts.iter().map(|receipt| receipt.added).sum::<u64>(), 100);
    assert_eq!(receipts.iter().map(|receipt| receipt.duplicates).sum::<u64>(), 900);
    home.block_on(capture.settle()).expect("settles");
    assert_eq!(home.ledger().count(), 100);
}

/// An id that has been stored for so long that only the files know it for sure is taken into the journal, stays out of
/// the tail, and turns out to be there already.
#[test]
fn a_year_old_batch_again_is_no_news() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let capture = open(&home);
    let old: Vec<String> = (0..1_000).map(|n| format!("old-{n}")).collect();
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    bring(&home, &capture, &delivery(&old));
    home.block_on(capture.settle()).expect("settles");
    // So many since that the full ids of the old ones are forgotten.
    for part in 0..110 {
        let more: Vec<String> = (0..10_000).map(|n| format!("new-{part}-{n}")).collect();
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        bring(&home, &capture, &delivery(&more));
    }
    home.block_on(capture.settle()).expect("settles");
    let before = home.ledger().count();
    assert_eq!(before, 1_101_000);
    bring(&home, &capture, &delivery(&old));
    assert_eq!(home.ledger().count(), before, "it is not shown twice meanwhile");
    home.block_on(capture.settle()).expect("settles");
    assert_eq!(home.ledger().count(), before);
}

#[test]
fn claims_and_traits_are_kept_across_a_crash_before_any_flush() {
    let dir = tempfile::tempdir().expect("folder");
    let first = home(dir.path());
    let capture = open(&first);
    let said = Delivery {
        claims: vec![(named("ada"), named("countess"), model::Link::Renamed, Instant(9))],
        traits: vec![(named("ada"), "tier".into(), "gold".into(), Instant(5))],
        ..delivery(&["1"])
    };
    take(&first, &capture, said);
    // As a killed process would leave it: the threads are gone, nothing was flushed.
    let copy = tempfile::tempdir().expect("folder");
    copy_all(first.dir(), copy.path());
    drop((capture, first));
    let again = home(copy.path());
    catch_up(&again.stores()).expect("catches up");
    let people = again.block_on(People::load(again.state())).expect("loads");
    assert_eq!(people.person_of(named("ada").actor()), people.person_of(named("countess").actor()));
    let gold = again.block_on(people.with_trait(again.state(), "tier", "gold")).expect("reads");
    assert_eq!(gold.len(), 1);
    assert_eq!(again.ledger().count(), 1);
}

/// Copies a data directory as it is at this moment, without its locks.
fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("makes");
    for entry in std::fs::read_dir(from).expect("lists") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("has a name"));
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copies");
        }
    }
}

#[test]
fn a_delivery_that_says_nothing_is_answered() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let capture = open(&home);
    assert_eq!(take(&home, &capture, Delivery::default()), (0, 0));
}

#[test]
fn statements_beside_duplicates_are_news() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let capture = open(&home);
    take(&home, &capture, delivery(&["1"]));
    let more = Delivery { traits: vec![(named("ada"), "tier".into(), "gold".into(), Instant(5))], ..delivery(&["1"]) };
    assert_eq!(take(&home, &capture, more), (0, 1));
    home.block_on(capture.settle()).expect("settles");
    let people = home.block_on(People::load(home.state())).expect("loads");
    assert_eq!(home.block_on(people.with_trait(home.state(), "tier", "gold")).expect("reads").len(), 1);
}

/// A disk that refuses while a switch is on, and stands still while another is.
#[derive(Clone, Default)]
struct Moody {
    refuses: Arc<AtomicBool>,
    stands_still: Arc<Mutex<()>>,
}

impl Moody {
    fn open(&self, home: &Home) -> Capture {
        let this = self.clone();
        let sync = move |_: &Path, file: &std::fs::File| {
            let _still = this.stands_still.lock().expect("not poisoned");
            if this.refuses.load(Ordering::Relaxed) { Err(std::io::ErrorKind::StorageFull.into()) } else { file.sync_data() }
        };
        Capture::open_with(home.stores(), Arc::new(sync)).expect("opens")
    }
}

#[test]
fn nothing_is_acknowledged_that_the_disk_refused_and_everything_once_it_does_not() {
    let dir = tempfile::tempdir().expect("folder");
    let first = home(dir.path());
    let disk = Moody::default();
    let capture = disk.open(&first);
    take(&first, &capture, delivery(&["1"]));
    disk.refuses.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        let refused = first.block_on(capture.take(delivery(&["1", "2"])));
        let Err(NotTaken::Failed(failure)) = refused else { panic!("{refused:?}") };
        assert!(failure.to_string().contains("no storage space"), "{failure}");
        assert_eq!(scanned(&first).values().sum::<u64>(), 1, "reading goes on, and shows what is acknowledged");
    }
    disk.refuses.store(false, Ordering::Relaxed);
    assert_eq!(take(&first, &capture, delivery(&["1", "2"])), (1, 1));
    drop((capture, first));
    let again = home(dir.path());
    open(&again);
    assert_eq!(again.ledger().count(), 2);
}

#[test]
fn while_the_disk_stands_still_a_flood_is_sent_away_and_others_are_let_in() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let disk = Moody::default();
    let capture = disk.open(&home);
    take(&home, &capture, delivery(&["first"]));
    let still = disk.stands_still.lock().expect("not poisoned");
    let from = |source: &str, n: usize| {
        let mut one = arrival(&format!("{source}-{n}"), "ada");
        one.source = source.to_owned();
        one.props = Some("x".repeat(1 << 20));
        Delivery { source: source.to_owned(), arrivals: vec![one], ..Delivery::default() }
    };
    #[expect(clippy::async_yields_async, reason = "the task is wanted, not what it returns")]
    let send = |source: &'static str, n| {
        let (capture, delivery) = (capture.clone(), from(source, n));
        home.block_on(async { tokio::spawn(async move { capture.take(delivery).await }) })
    };
    let flood: Vec<_> = (0..100).map(|n| send("flood", n)).collect();
    let outcome = |task: tokio::task::JoinHandle<Result<Receipt, NotTaken>>| home.block_on(task).expect("ends");
    let mut flood: Vec<_> = flood.into_iter().map(Some).collect();
    // Those that are sent away are so at once, the others wait.
    let away = flood.iter_mut().filter(|task| task.as_ref().is_some_and(|task| task.is_finished()));
    let away: Vec<_> = away.map(|task| outcome(task.take().expect("is there"))).collect();
    let little = send("little", 0);
    drop(still);
    assert!(outcome(little).is_ok(), "whoever sends little is let in");
    for answer in &away {
        assert!(matches!(answer, Err(NotTaken::Busy { retry_after_s: 1..=60, has_waited: false })), "{answer:?}");
    }
    let taken = flood.into_iter().flatten().map(outcome).filter(Result::is_ok).count();
    assert!((1..100).contains(&taken), "{taken} of 100 are taken");
    home.block_on(capture.settle()).expect("settles");
    assert_eq!(home.ledger().count(), taken as u64 + 2);
}

#[test]
fn who_waits_in_vain_for_a_slow_disk_comes_again_and_counts_once() {
    let dir = tempfile::tempdir().expect("folder");
    let home = home(dir.path());
    let disk = Moody::default();
    let capture = disk.open(&home);
    take(&home, &capture, delivery(&["first"]));
    let still = disk.stands_still.lock().expect("not poisoned");
    let answer = home.block_on(capture.take(delivery(&["slow"])));
    assert!(matches!(answer, Err(NotTaken::Busy { retry_after_s: 1..=60, has_waited: true })), "{answer:?}");
    drop(still);
    // It was in the queue, and is durable by now: nothing of it was promised, and nothing is lost or counted twice.
    assert_eq!(take(&home, &capture, delivery(&["slow"])), (0, 1));
    home.block_on(capture.settle()).expect("settles");
    assert_eq!(home.ledger().count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Takes deliveries, settles now and then, and copies the directory as a crash would leave it after each step:
    /// whichever copy is opened, it holds what was acknowledged by then, once.
    #[test]
    fn acknowledged_is_there_exactly_once_after_a_crash_anywhere(
        deliveries in prop::collection::vec((prop::collection::vec(0_u8..30, 1..6), any::<bool>()), 1..6),
    ) {
        let dir = tempfile::tempdir().expect("folder");
        let home_ = home(dir.path());
        let capture = open(&home_);
        let mut acknowledged: HashMap<u8, u64> = HashMap::new();
        let mut copies = Vec::new();
        for (messages, settled) in deliveries {
            let texts: Vec<String> = messages.iter().map(u8::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            take(&home_, &capture, delivery(&texts));
            acknowledged.extend(messages.into_iter().map(|message| (message, 1)));
            if settled {
                home_.block_on(capture.settle()).expect("settles");
            }
            prop_assert_eq!(home_.ledger().count(), acknowledged.len() as u64);
            let copy = tempfile::tempdir().expect("folder");
            copy_all(home_.dir(), copy.path());
            copies.push((copy, acknowledged.len() as u64));
        }
        drop((capture, home_));
        for (copy, expected) in copies {
            let again = home(copy.path());
            let capture = open(&again);
            prop_assert_eq!(again.ledger().count(), expected);
            let all: Vec<String> = acknowledged.keys().map(u8::to_string).collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let (added, duplicates) = take(&again, &capture, delivery(&all));
            prop_assert_eq!(duplicates, expected);
            prop_assert_eq!(added + duplicates, acknowledged.len() as u64);
        }
    }
}
