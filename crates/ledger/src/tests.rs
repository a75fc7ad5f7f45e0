//! What a ledger promises, told against a plain model: a list of interactions in memory that is sorted on demand.

use crate::compact::FILES_ENOUGH;
use crate::disk::{LOG, POINTER, bucket_folder};
use crate::{Appended, Erased, Eraser, Fate, Glance, Ledger, LedgerError, Resolve, alone};
use analysis::sequence::{Fold, NO_COST, Rows, pack_score};
use model::{ActorId, Currency, Direction, Flags, Form, Instant, Interaction, InteractionId, PersonId, Scale, Score, SignalId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// Is a fold that keeps everything, and refuses rows that are not sorted or people that come twice.
#[derive(Default)]
struct Everybody {
    people: BTreeMap<u64, Rows>,
}

impl Fold for Everybody {
    fn take(&mut self, rows: &Rows) {
        assert!((1..rows.len()).all(|row| rows.key(row - 1) <= rows.key(row)), "rows are sorted");
        for range in rows.people() {
            let mut own = Rows::default();
            own.extend(rows, range.start, range.end);
            assert!(self.people.insert(rows.person[range.start], own).is_none(), "a person comes once, whole");
        }
    }

    fn merge(&mut self, other: Self) {
        for (person, rows) in other.people {
            assert!(self.people.insert(person, rows).is_none(), "a person comes to one thread");
        }
    }
}

/// Is a person of a test: few of them, in several buckets, with high and low bits.
fn person_of(actor: ActorId) -> PersonId {
    PersonId(actor.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Says under whom rows are written.
fn written(actor: ActorId, _: Instant) -> PersonId {
    person_of(actor)
}

/// Resolves as if some people had been joined to others since.
struct Joined<'a>(&'a HashMap<PersonId, PersonId>);

impl Resolve for Joined<'_> {
    fn has_unsettled(&self) -> bool {
        !self.0.is_empty()
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        self.0.iter().any(|(from, to)| [*from, *to].contains(&written))
    }

    fn person_of(&self, actor: ActorId, _: Instant) -> PersonId {
        let written = person_of(actor);
        self.0.get(&written).copied().unwrap_or(written)
    }
}

fn id(n: u64) -> InteractionId {
    InteractionId::of("test", &n.to_le_bytes())
}

/// Makes a bare interaction.
fn bare(n: u64, actor: u64, at: i64) -> Interaction {
    Interaction {
        id: id(n),
        actor: ActorId(actor),
        at: Instant(at),
        received: Instant(at + 5),
        sent: None,
        original: None,
        signal: SignalId(0),
        form: Form::View,
        direction: Direction::Outbound,
        value: None,
        cost: None,
        currency: None,
        score: None,
        reply_to: None,
        offer: None,
        arm: None,
        campaign: None,
        conversation: None,
        flags: Flags::default(),
        props: None,
    }
}

/// Makes an interaction in which every column says something.
fn full(n: u64, actor: u64, at: i64) -> Interaction {
    Interaction {
        sent: Some(Instant(at - 1)),
        original: Some(Instant(-at)),
        signal: SignalId(u32::MAX),
        form: Form::Other,
        direction: Direction::Internal,
        value: Some(i64::MAX),
        cost: Some(-1),
        currency: Some(Currency::EUR),
        score: Score::new(Scale::Nps, 10),
        reply_to: Some(id(n + 1)),
        offer: Some("spring".to_owned()),
        arm: Some(String::new()),
        campaign: Some("été".to_owned()),
        conversation: Some("c-1".to_owned()),
        flags: Flags(u32::MAX),
        props: Some("{\"size\":3}".to_owned()),
        ..bare(n, actor, at)
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Opens a ledger that does not wait for the disk: a test ends before the power does.
fn open(dir: &Path) -> Ledger {
    let mut ledger = Ledger::open(dir).expect("opens");
    use_sync(&mut ledger, |_| Ok(()));
    ledger
}

/// Lets a ledger make files and folders durable in another way.
fn use_sync(ledger: &mut Ledger, sync: impl Fn(&File) -> std::io::Result<()> + Send + Sync + 'static) {
    ledger.disk.sync = Arc::new(move |_: &Path, file: &File| sync(file));
    ledger.log.use_disk(ledger.disk.clone());
}

fn append(ledger: &mut Ledger, rows: &[Interaction]) -> Appended {
    ledger.append(rows.to_vec(), &written).expect("appends")
}

fn compact(ledger: &mut Ledger) -> crate::Compacted {
    ledger.compact(&written).expect("compacts")
}

fn scan(ledger: &Ledger, relocated: &HashMap<PersonId, PersonId>, threads: usize) -> BTreeMap<u64, Rows> {
    ledger.scan(&Joined(relocated), threads, Everybody::default).expect("scans").people
}

/// Computes what a scan must give: sort, and group by the person of today.
fn plain(rows: &[Interaction], relocated: &HashMap<PersonId, PersonId>) -> BTreeMap<u64, Rows> {
    let mut seen = HashSet::new();
    let today = |row: &Interaction| {
        let written = person_of(row.actor);
        relocated.get(&written).copied().unwrap_or(written)
    };
    let mut rows: Vec<_> = rows.iter().filter(|row| seen.insert(row.id)).collect();
    rows.sort_by_key(|row| {
        let money = (row.value.unwrap_or(0), row.cost.unwrap_or(NO_COST));
        (today(row), row.at, row.signal, row.form, row.direction, money, pack_score(row.score), row.flags.0)
    });
    let mut people: BTreeMap<u64, Rows> = BTreeMap::new();
    for row in rows {
        let own = people.entry(today(row).0).or_default();
        own.person.push(today(row).0);
        own.at.push(row.at.0);
        own.signal.push(row.signal.0);
        own.form.push(row.form as u8);
        own.direction.push(row.direction as u8);
        own.value.push(row.value.unwrap_or(0));
        own.cost.push(row.cost.unwrap_or(NO_COST));
        own.score.push(pack_score(row.score));
        own.flags.push(row.flags.0);
    }
    people
}

/// Checks that a ledger holds just these rows, in every way of looking, and no file too many.
fn check(ledger: &Ledger, rows: &[Interaction]) {
    let mut expected: Vec<_> = rows.to_vec();
    expected.sort_by_key(|row| (row.at, row.id));
    expected.dedup_by_key(|row| row.id);
    assert_eq!(ledger.count(), expected.len() as u64);
    let actors = rows.iter().map(|row| row.actor).collect();
    assert_eq!(ledger.interactions(&actors).expect("reads"), expected);
    assert_eq!(scan(ledger, &HashMap::new(), 2), plain(rows, &HashMap::new()));
    let named: BTreeSet<String> = ledger.files().into_iter().map(|file| file.path).collect();
    assert_eq!(files_on_disk(&ledger.disk.dir), named);
}

fn files_on_disk(dir: &Path) -> BTreeSet<String> {
    let list = |bucket: u8| {
        let folder = bucket_folder(bucket);
        let files = fs::read_dir(dir.join(&folder)).expect("lists");
        files.map(move |file| format!("{folder}/{}", file.expect("an entry").file_name().to_string_lossy()))
    };
    (0..16).flat_map(list).collect()
}

#[test]
fn an_empty_ledger_is_empty() {
    let dir = folder();
    let mut ledger = open(dir.path());
    check(&ledger, &[]);
    assert_eq!(append(&mut ledger, &[]), Appended::default());
    assert_eq!(compact(&mut ledger), crate::Compacted::default());
    assert_eq!((ledger.version(), ledger.needs_compaction()), (0, false));
}

#[test]
fn every_column_survives_appends_opening_and_compaction() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows: Vec<_> =
        (0..40).map(|n| if n % 3 == 0 { full(n, n % 7, 90 - n as i64) } else { bare(n, n % 5, n as i64) }).collect();
    append(&mut ledger, &rows[..20]);
    append(&mut ledger, &rows[20..]);
    check(&ledger, &rows);
    drop(ledger);
    let mut ledger = open(dir.path());
    check(&ledger, &rows);
    compact(&mut ledger);
    check(&ledger, &rows);
    drop(ledger);
    check(&open(dir.path()), &rows);
}

#[test]
fn rows_that_name_an_arm_are_found_in_files_and_in_the_tail() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows: Vec<_> =
        (0..60).map(|n| if n % 3 == 0 { full(n, n % 7, 90 - n as i64) } else { bare(n, n % 5, n as i64) }).collect();
    append(&mut ledger, &rows[..20]);
    // A file of rows that name none is passed over.
    append(&mut ledger, &rows[20..40].iter().filter(|row| row.arm.is_none()).cloned().collect::<Vec<_>>());
    append(&mut ledger, &rows[20..40].iter().filter(|row| row.arm.is_some()).cloned().collect::<Vec<_>>());
    let tail = ledger.tail();
    tail.resolve_by(Arc::new(written));
    tail.push(Arc::new(rows[40..].to_vec()));
    let mut found = Vec::new();
    ledger.arms(|row| found.push((row.actor, row.at, row.signal, Some(row.arm), row.campaign))).expect("reads");
    let named = rows.iter().filter(|row| row.arm.is_some());
    let mut expected: Vec<_> = named.map(|row| (row.actor, row.at, row.signal, row.arm.clone(), row.campaign.clone())).collect();
    assert!(!expected.is_empty() && expected.len() < rows.len());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn an_id_is_stored_once_for_ever() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows = [bare(1, 1, 1), bare(2, 2, 2), bare(1, 3, 3)];
    assert_eq!(append(&mut ledger, &rows), Appended { added: 2, duplicates: 1 });
    assert_eq!(append(&mut ledger, &[bare(2, 9, 9), bare(3, 3, 3)]), Appended { added: 1, duplicates: 1 });
    drop(ledger);
    let mut ledger = open(dir.path());
    let all = [bare(1, 1, 1), bare(2, 2, 2), bare(3, 3, 3)];
    assert_eq!(append(&mut ledger, &all), Appended { added: 0, duplicates: 3 });
    compact(&mut ledger);
    assert_eq!(append(&mut ledger, &all), Appended { added: 0, duplicates: 3 });
    drop(ledger);
    let mut ledger = open(dir.path());
    assert_eq!(append(&mut ledger, &all), Appended { added: 0, duplicates: 3 });
    check(&ledger, &all);
}

#[test]
fn ids_with_the_same_fingerprint_are_not_taken_for_duplicates() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let twin = |rest: u128| Interaction { id: InteractionId(7 << 96 | rest), ..bare(0, 1, 1) };
    assert_eq!(append(&mut ledger, &[twin(1), twin(2)]).added, 2);
    assert_eq!(append(&mut ledger, &[twin(2), twin(3)]), Appended { added: 1, duplicates: 1 });
    drop(ledger);
    let mut ledger = open(dir.path());
    assert_eq!(append(&mut ledger, &[twin(3), twin(4)]), Appended { added: 1, duplicates: 1 });
    check(&ledger, &[twin(1), twin(2), twin(3), twin(4)]);
}

#[test]
fn compaction_leaves_one_file_a_bucket_and_then_nothing_to_do() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows: Vec<_> = (0..200).map(|n| bare(n, n % 30, (n * 7 % 50) as i64)).collect();
    for part in rows.chunks(20) {
        append(&mut ledger, part);
    }
    assert!(ledger.needs_compaction());
    let before = ledger.files().len() as u64;
    let buckets: HashSet<u8> = ledger.files().iter().map(|file| file.bucket).collect();
    let done = compact(&mut ledger);
    assert_eq!((done.replaced <= before, done.written <= buckets.len() as u64, done.moved), (true, true, 0));
    assert_eq!(ledger.files().len(), buckets.len());
    assert!(!ledger.needs_compaction());
    check(&ledger, &rows);
    let version = ledger.version();
    assert_eq!(compact(&mut ledger), crate::Compacted::default());
    assert_eq!(ledger.version(), version);
}

#[test]
fn many_commits_and_files_pass_a_checkpoint_and_merge_in_rounds() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows: Vec<_> = (0..105).map(|n| bare(n, 1, -(n as i64))).collect();
    for row in &rows {
        append(&mut ledger, std::slice::from_ref(row));
    }
    assert!(ledger.files().len() > FILES_ENOUGH);
    let checkpoint = dir.path().join(LOG).join("00000000000000000099.checkpoint.parquet");
    assert!(checkpoint.is_file());
    drop(ledger);
    let mut ledger = open(dir.path());
    assert_eq!(ledger.version(), 105);
    check(&ledger, &rows);
    compact(&mut ledger);
    assert_eq!(ledger.files().len(), 1);
    check(&ledger, &rows);
    drop(ledger);
    // A loss of power may cut a checkpoint short; the entries before it still tell everything.
    fs::write(&checkpoint, b"PAR1 cut").expect("writes");
    check(&open(dir.path()), &rows);
}

#[test]
fn somebody_with_very_many_rows_comes_whole() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let row = |n: u64| bare(n, if n.is_multiple_of(10) { n % 2000 } else { 1 }, (n * 31 % 1000) as i64);
    let rows: Vec<_> = (0..150_000).map(row).collect();
    for part in rows.chunks(60_000) {
        append(&mut ledger, part);
    }
    assert_eq!(scan(&ledger, &HashMap::new(), 2), plain(&rows, &HashMap::new()));
    let joined: HashMap<_, _> = (2..1500).step_by(2).map(|n| (person_of(ActorId(n)), person_of(ActorId(1)))).collect();
    assert_eq!(scan(&ledger, &joined, 2), plain(&rows, &joined));
    assert!(ledger.compact(&Joined(&joined)).expect("compacts").moved > 0);
    assert_eq!(scan(&ledger, &HashMap::new(), 2), plain(&rows, &joined));
}

#[test]
fn the_second_to_open_reads_and_does_not_sweep() {
    let dir = folder();
    let mut writer = open(dir.path());
    append(&mut writer, &[bare(1, 1, 1)]);
    let being_written = dir.path().join(bucket_folder(3)).join("00000000000000000009.parquet");
    fs::write(&being_written, b"half").expect("writes");
    let mut reader = open(dir.path());
    assert!(being_written.exists());
    fs::remove_file(&being_written).expect("removes");
    check(&reader, &[bare(1, 1, 1)]);
    assert!(matches!(reader.append(vec![bare(2, 2, 2)], &written), Err(LedgerError::Busy { .. })));
    assert!(matches!(reader.compact(&written), Err(LedgerError::Busy { .. })));
}

#[test]
fn what_a_crash_left_is_swept() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1)]);
    drop(ledger);
    let left = [
        "bucket=3/00000000000000000002-00ab.parquet",
        "bucket=3/00000000000000000001.parquet",
        "bucket=0/x.parquet#1",
        "_delta_log/00000000000000000002.draft",
    ];
    for path in left {
        fs::write(dir.path().join(path), b"half").expect("writes");
    }
    fs::create_dir(dir.path().join(".spill")).expect("makes");
    check(&open(dir.path()), &[bare(1, 1, 1)]);
    assert!(left.iter().all(|path| !dir.path().join(path).exists()) && !dir.path().join(".spill").exists());
}

/// Checks that after some damage the ledger is not opened, says so, and keeps every file there is.
#[track_caller]
fn check_incomplete(damage: impl Fn(&Path), what: &str) {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1), bare(2, 2, 2), bare(3, 3, 3)]);
    append(&mut ledger, &[bare(4, 1, 4)]);
    append(&mut ledger, &[bare(5, 1, 5)]);
    compact(&mut ledger);
    drop(ledger);
    damage(dir.path());
    let before = files_on_disk(dir.path());
    for _ in 0..2 {
        let error = Ledger::open(dir.path()).expect_err("is refused");
        assert!(matches!(error, LedgerError::Incomplete { .. }), "{error}");
        assert!(error.to_string().contains(what) && error.to_string().contains("backup"), "{error}");
    }
    assert_eq!(files_on_disk(dir.path()), before);
}

#[test]
fn a_ledger_without_its_log_is_refused_and_kept() {
    let log = |dir: &Path| dir.join(LOG);
    check_incomplete(|dir| fs::remove_dir_all(log(dir)).expect("removes"), "no log");
    let empty = |dir: &Path| {
        for entry in fs::read_dir(log(dir)).expect("lists") {
            fs::remove_file(entry.expect("an entry").path()).expect("removes");
        }
    };
    check_incomplete(empty, "no log");
}

#[test]
fn a_log_that_is_older_than_the_files_is_refused_and_the_files_are_kept() {
    let forget = |versions: std::ops::Range<u64>| {
        move |dir: &Path| {
            for version in versions.clone() {
                fs::remove_file(dir.join(LOG).join(format!("{version:020}.json"))).expect("removes");
            }
        }
    };
    check_incomplete(forget(1..5), "newer than the log");
    check_incomplete(forget(2..5), "newer than the log");
    // Only the compaction is forgotten: its files could be left by a crash, but the ones before it are gone.
    check_incomplete(forget(4..5), "not in the folder");
}

#[test]
fn what_others_put_into_a_bucket_is_left_alone() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1)]);
    drop(ledger);
    let note = dir.path().join("bucket=0/part-1.parquet");
    fs::write(&note, b"theirs").expect("writes");
    assert_eq!(open(dir.path()).count(), 1);
    assert!(note.exists());
}

#[test]
fn a_log_that_points_to_a_missing_checkpoint_is_read_from_its_entries() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1)]);
    drop(ledger);
    fs::write(dir.path().join(LOG).join(POINTER), b"{\"version\":99,\"size\":3}").expect("writes");
    check(&open(dir.path()), &[bare(1, 1, 1)]);
}

#[test]
fn the_highest_signal_is_known_without_reading_rows() {
    let dir = folder();
    let mut ledger = open(dir.path());
    assert_eq!(ledger.highest_signal().expect("reads"), None);
    let row = |n, signal| Interaction { signal: SignalId(signal), ..bare(n, n, 1) };
    append(&mut ledger, &[row(1, 0), row(2, 7)]);
    append(&mut ledger, &[row(3, 5)]);
    assert_eq!(ledger.highest_signal().expect("reads"), Some(SignalId(7)));
    compact(&mut ledger);
    assert_eq!(ledger.highest_signal().expect("reads"), Some(SignalId(7)));
}

#[test]
fn a_version_taken_by_somebody_else_is_not_overwritten() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let foreign = dir.path().join(LOG).join("00000000000000000001.json");
    fs::copy(dir.path().join(LOG).join("00000000000000000000.json"), &foreign).expect("copies");
    let outcome = ledger.append(vec![bare(1, 1, 1)], &written);
    assert!(matches!(outcome, Err(LedgerError::Conflict { version: 1, .. })));
    check(&ledger, &[]);
    append(&mut ledger, &[bare(1, 1, 1)]);
    assert_eq!(ledger.version(), 2);
    check(&ledger, &[bare(1, 1, 1)]);
}

/// Makes the disk misbehave when a file or folder is synced for the n-th time from now.
fn fail_at(ledger: &mut Ledger, n: usize, misbehave: fn() -> std::io::Result<()>) {
    let calls = AtomicUsize::new(0);
    use_sync(ledger, move |_| if calls.fetch_add(1, Ordering::Relaxed) == n { misbehave() } else { Ok(()) });
}

/// Lets every step of a change fail in turn and checks that each time all of it happened or nothing, that nothing
/// is left behind, and that trying again sets it right.
fn check_failures(
    misbehave: fn() -> std::io::Result<()>,
    change: impl Fn(&mut Ledger) -> crate::Result<()>,
    after: &[Interaction],
) {
    let before = [bare(1, 1, 1), bare(2, 2, 2), bare(3, 1, 3)];
    for n in 0.. {
        let dir = folder();
        let mut ledger = open(dir.path());
        append(&mut ledger, &before[..2]);
        append(&mut ledger, &before[2..]);
        fail_at(&mut ledger, n, misbehave);
        let outcome = catch_unwind(AssertUnwindSafe(|| change(&mut ledger)));
        let is_done = matches!(outcome, Ok(Ok(())));
        if outcome.is_err() {
            drop(ledger);
            ledger = open(dir.path());
        }
        check(&ledger, if ledger.count() == before.len() as u64 { &before } else { after });
        change(&mut ledger).expect("works the second time");
        check(&ledger, after);
        if is_done {
            assert!(n >= 4, "there are at least a file, its folder, the log entry and its folder to sync");
            break;
        }
    }
}

fn refuse() -> std::io::Result<()> {
    Err(std::io::ErrorKind::StorageFull.into())
}

fn crash() -> std::io::Result<()> {
    panic!("a crash, for the test")
}

#[test]
fn a_failing_append_changes_nothing_and_can_be_repeated() {
    let more = [bare(3, 1, 3), bare(4, 4, 4), bare(5, 5, 5)];
    let after = [bare(1, 1, 1), bare(2, 2, 2), bare(3, 1, 3), bare(4, 4, 4), bare(5, 5, 5)];
    for misbehave in [refuse, crash] {
        check_failures(misbehave, |ledger| ledger.append(more.to_vec(), &written).map(|_| ()), &after);
    }
}

#[test]
fn a_failing_compaction_changes_nothing_and_can_be_repeated() {
    let rows = [bare(1, 1, 1), bare(2, 2, 2), bare(3, 1, 3)];
    for misbehave in [refuse, crash] {
        check_failures(misbehave, |ledger| ledger.compact(&written).map(|_| ()), &rows);
    }
}

/// Writes the tail of a ledger into files.
fn flush(ledger: &mut Ledger, rows: &[Interaction], position: u64) {
    ledger.tail().freeze();
    let rows: Vec<&Interaction> = rows.iter().collect();
    let draft = ledger.drafting().expect("begins").append(&rows, &written).expect("writes");
    ledger.flush(draft, position).expect("commits");
}

#[test]
fn the_tail_is_seen_before_and_after_it_is_flushed_and_never_twice() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let rows: Vec<_> = (0..40).map(|n| full(n, n % 7, 90 - n as i64)).collect();
    append(&mut ledger, &rows[..10]);
    let tail = ledger.tail();
    tail.resolve_by(Arc::new(written));
    tail.push(Arc::new(rows[10..25].to_vec()));
    check(&ledger, &rows[..25]);
    tail.freeze();
    tail.push(Arc::new(rows[25..].to_vec()));
    check(&ledger, &rows);
    let frozen: Vec<&Interaction> = rows[10..25].iter().collect();
    let draft = ledger.drafting().expect("begins").append(&frozen, &written).expect("writes");
    ledger.flush(draft, 15).expect("commits");
    check(&ledger, &rows);
    flush(&mut ledger, &rows[25..], 30);
    assert_eq!((tail.count(), ledger.position()), (0, Some(30)));
    check(&ledger, &rows);
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(ledger.position(), Some(30));
    check(&ledger, &rows);
}

#[test]
fn a_position_outlives_checkpoints_and_other_changes() {
    let dir = folder();
    let mut ledger = open(dir.path());
    flush(&mut ledger, &[bare(0, 0, 0)], 7);
    for n in 1..120 {
        append(&mut ledger, &[bare(n, n, n as i64)]);
    }
    compact(&mut ledger);
    drop(ledger);
    assert_eq!(open(dir.path()).position(), Some(7));
}

#[test]
fn a_position_moves_without_rows() {
    let dir = folder();
    let mut ledger = open(dir.path());
    flush(&mut ledger, &[], 3);
    assert_eq!((ledger.position(), ledger.version()), (Some(3), 1));
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1), bare(2, 2, 2)]);
    append(&mut ledger, &[bare(3, 1, 3)]);
    let drafting = ledger.drafting().expect("begins");
    let row = bare(4, 4, 4);
    let drafts = [drafting.append(&[&row], &written), drafting.compact(&alone)];
    assert!(drafts.iter().all(|draft| !draft.as_ref().expect("writes").is_empty()));
    drop(drafts);
    check(&ledger, &[bare(1, 1, 1), bare(2, 2, 2), bare(3, 1, 3)]);
}

#[test]
fn rows_appended_meanwhile_are_no_reason_to_compact_again_but_to_look_again() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1)]);
    append(&mut ledger, &[bare(2, 1, 2)]);
    let drafting = ledger.drafting().expect("begins");
    let row = bare(3, 3, 3);
    let (more, compacted) = (drafting.append(&[&row], &written).expect("writes"), drafting.compact(&alone));
    append(&mut ledger, &[bare(3, 3, 3)]);
    assert!(matches!(ledger.commit(more), Err(LedgerError::Overtaken { .. })), "the row may be there by now");
    let again = drafting.compact(&alone).expect("writes");
    ledger.commit(compacted.expect("writes")).expect("its files are still there");
    assert!(matches!(ledger.commit(again), Err(LedgerError::Overtaken { .. })), "its files are gone");
    check(&ledger, &[bare(1, 1, 1), bare(2, 1, 2), bare(3, 3, 3)]);
}

#[test]
fn tidying_keeps_the_files_few_and_rewrites_a_row_once_a_class() {
    let dir = folder();
    let mut ledger = open(dir.path());
    let (mut rows, mut rewritten) = (Vec::new(), 0);
    for n in 0..600 {
        let more: Vec<_> = (0..3).map(|k| bare(n * 3 + k, 0, 5)).collect();
        append(&mut ledger, &more);
        rows.extend(more);
        while ledger.needs_tidying() {
            let draft = ledger.drafting().expect("begins").tidy().expect("writes");
            rewritten += draft.add.iter().map(|file| file.rows).sum::<u64>();
            ledger.commit(draft).expect("commits");
        }
        assert!(ledger.files().len() <= 3 * FILES_ENOUGH, "{:?}", ledger.files());
    }
    assert!(rewritten <= 16 * rows.len() as u64, "{rewritten} rows were written again for {}", rows.len());
    check(&ledger, &rows);
}

/// Makes interactions of few people at few times, so that everything collides; ids come twice now and then.
fn interactions() -> impl Strategy<Value = Vec<Interaction>> {
    let row = (0_u64..60, 0_u64..8, 0_i64..5, 0_u32..2, prop::option::of(0_i64..2), prop::option::of(0_i16..2), any::<bool>());
    let make = |(n, actor, at, signal, value, answer, is_full): (u64, u64, i64, u32, Option<i64>, Option<i16>, bool)| {
        let base = if is_full { full(n, actor, at) } else { bare(n, actor, at) };
        let score = answer.and_then(|answer| Score::new(Scale::YesNo, answer));
        Interaction { signal: SignalId(signal), value, score, ..base }
    };
    prop::collection::vec(row.prop_map(make), 0..60)
}

/// Makes joinings of the people above: some to a smaller number, which is never joined itself.
fn joinings() -> impl Strategy<Value = HashMap<PersonId, PersonId>> {
    let person = |n| person_of(ActorId(n));
    prop::collection::hash_map((4_u64..8).prop_map(person), (0_u64..4).prop_map(person), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However rows come in, and whoever is joined to whom, a scan gives what plain sorting gives.
    #[test]
    fn a_scan_is_a_plain_sort(
        rows in interactions(),
        cuts in prop::collection::vec(0_usize..60, 0..4),
        compacted in prop::collection::vec(any::<bool>(), 5),
        relocated in joinings(),
        threads in 1_usize..4,
        tailed in 0_usize..60,
    ) {
        let dir = folder();
        let mut ledger = open(dir.path());
        // The last rows that are new are not in files yet.
        let (rows, tail) = (&rows[..rows.len().saturating_sub(tailed)], &rows[rows.len().saturating_sub(tailed)..]);
        let mut seen: HashSet<_> = rows.iter().map(|row| row.id).collect();
        let tail: Vec<_> = tail.iter().filter(|row| seen.insert(row.id)).cloned().collect();
        let all = [rows, &tail].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        for (part, compacted) in cuts.windows(2).zip(compacted) {
            append(&mut ledger, &rows[part[0]..part[1]]);
            if compacted {
                compact(&mut ledger);
            }
        }
        ledger.tail().resolve_by(Arc::new(written));
        ledger.tail().push(Arc::new(tail.clone()));
        let rows = &all;
        prop_assert_eq!(scan(&ledger, &HashMap::new(), threads), plain(rows, &HashMap::new()));
        prop_assert_eq!(scan(&ledger, &relocated, threads), plain(rows, &relocated));
        flush(&mut ledger, &tail, 1);
        ledger.compact(&Joined(&relocated)).expect("compacts");
        prop_assert_eq!(scan(&ledger, &HashMap::new(), threads), plain(rows, &relocated));
        prop_assert_eq!(scan(&ledger, &relocated, threads), plain(rows, &relocated));
        prop_assert!(ledger.files().iter().all(|file| file.rows > 0));
        prop_assert_eq!(ledger.compact(&Joined(&relocated)).expect("compacts").moved, 0);
    }

    /// The order in which rows came leaves no trace in the files.
    #[test]
    fn the_same_rows_make_the_same_files(rows in interactions(), cut in 0_usize..60) {
        let mut rows = rows;
        rows.sort_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        let cut = cut.min(rows.len());
        let bytes = |parts: [&[Interaction]; 2]| {
            let dir = folder();
            let mut ledger = open(dir.path());
            for part in parts {
                append(&mut ledger, part);
            }
            compact(&mut ledger);
            let read = |file: crate::FileInfo| (file.bucket, fs::read(dir.path().join(file.path)).expect("reads"));
            ledger.files().into_iter().map(read).collect::<Vec<_>>()
        };
        let (one, other) = rows.split_at(cut);
        prop_assert_eq!(bytes([one, other]), bytes([other, one]));
    }
}

/// Takes out the rows of some actors, and the sizes of others.
struct Forget(HashSet<u64>, HashSet<u64>);

impl Eraser for Forget {
    fn fate(&self, row: &Glance) -> Fate {
        match (self.0.contains(&row.actor.0), self.1.contains(&row.actor.0)) {
            (true, _) => Fate::Goes,
            (_, true) => Fate::Changes,
            _ => Fate::Stays,
        }
    }

    fn props(&self, props: &str) -> Option<String> {
        Some(props.replace("size", "erased"))
    }
}

#[test]
fn a_failing_erasure_changes_nothing_or_is_done_and_can_be_repeated() {
    let forget = Forget(HashSet::from([1]), HashSet::new());
    for misbehave in [refuse, crash] {
        check_failures(misbehave, |ledger| ledger.erase(&forget).map(|_| ()), &[bare(2, 2, 2)]);
    }
}

#[test]
fn files_without_such_rows_are_left_alone() {
    let dir = folder();
    let mut ledger = open(dir.path());
    append(&mut ledger, &[bare(1, 1, 1), bare(2, 2, 2)]);
    let before = ledger.files();
    assert_eq!(ledger.erase(&Forget(HashSet::from([7]), HashSet::new())).expect("looks"), Erased::default());
    assert_eq!((ledger.files(), ledger.version()), (before, 1));
    let gone = ledger.erase(&Forget(HashSet::from([1]), HashSet::new())).expect("erases");
    assert_eq!(gone, Erased { rows: 1, changed: 0, files: 1 });
    // What was erased may come again: whether it should is not for the ledger to decide.
    drop(ledger);
    let mut ledger = open(dir.path());
    assert_eq!(append(&mut ledger, &[bare(1, 1, 1)]).added, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_erased_is_gone_and_the_rest_stays(
        rows in interactions(),
        cut in 0_usize..60,
        gone in prop::collection::hash_set(0_u64..8, 0..4),
        changed in prop::collection::hash_set(0_u64..8, 0..4),
        compacts in any::<bool>(),
    ) {
        let dir = folder();
        let mut ledger = open(dir.path());
        let mut seen = HashSet::new();
        let rows: Vec<_> = rows.into_iter().filter(|row| seen.insert(row.id)).collect();
        let cut = cut.min(rows.len());
        append(&mut ledger, &rows[..cut]);
        append(&mut ledger, &rows[cut..]);
        if compacts {
            compact(&mut ledger);
        }
        let forget = Forget(gone, changed);
        let left = |row: &Interaction| {
            let glance = Glance { id: row.id, actor: row.actor, at: row.at, received: row.received, signal: row.signal, flags: row.flags };
            let props = row.props.as_deref();
            match forget.fate(&glance) {
                Fate::Goes => None,
                Fate::Stays => Some(row.clone()),
                Fate::Changes => Some(Interaction { props: props.and_then(|props| forget.props(props)), ..row.clone() }),
            }
        };
        let expected: Vec<_> = rows.iter().filter_map(left).collect();
        let concerned = ledger.glances(&|row| forget.fate(row) != Fate::Stays).expect("reads");
        let erased = ledger.erase(&forget).expect("erases");
        prop_assert_eq!(erased.rows, (rows.len() - expected.len()) as u64);
        prop_assert_eq!(erased.rows + erased.changed, concerned.len() as u64);
        check(&ledger, &expected);
        drop(ledger);
        check(&open(dir.path()), &expected);
    }
}

/// A ledger of before there were checksums: no letters in the names of its files, none in its entries. It is as it was
/// written, as far as anybody can say, and that is said as a note. Once an entry bears one, all later ones must.
#[test]
fn a_ledger_of_before_checksums_is_sound_and_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("folder");
    let mut ledger = Ledger::open(dir.path()).expect("opens");
    for n in 0..3 {
        ledger.append(vec![bare(n, n << 60, 1)], &alone).expect("appends");
    }
    let names: Vec<String> = ledger.files().iter().map(|file| file.path.clone()).collect();
    drop(ledger);
    let without = |name: &str| {
        let letters = crate::checksum_in(name).expect("has one");
        name.replace(&format!("-{letters}"), "")
    };
    for name in &names {
        fs::rename(dir.path().join(name), dir.path().join(without(name))).expect("renames");
    }
    let entries = || {
        let listed = fs::read_dir(dir.path().join(LOG)).expect("lists").map(|entry| entry.expect("an entry").path());
        let mut entries: Vec<_> = listed.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
        entries.sort();
        entries
    };
    for entry in entries() {
        let mut text = fs::read_to_string(&entry).expect("reads");
        names.iter().for_each(|name| text = text.replace(name, &without(name)));
        let at = text.find("\"checksum\":\"").expect("bears one");
        let end = at + "\"checksum\":\"".len() + 65;
        let (from, to) = if text.as_bytes()[end] == b',' { (at, end + 1) } else { (at - 1, end) };
        text.replace_range(from..to, "");
        fs::write(&entry, text).expect("writes");
    }
    let look = || crate::verify(dir.path(), &|_| true, &mut |_, _| {});
    let old = look();
    assert!(old.findings.iter().all(|finding| !finding.is_damage), "{:?}", old.findings);
    let says = |what: &str| old.findings.iter().filter(|finding| finding.what.contains(what)).count();
    assert_eq!((old.rows, says("no checksum is recorded"), says("no checksum in its name")), (3, entries().len(), names.len()));
    let mut ledger = Ledger::open(dir.path()).expect("opens");
    ledger.append(vec![bare(9, 9, 1)], &alone).expect("goes on");
    ledger.append(vec![bare(10, 9, 1)], &alone).expect("goes on");
    drop(ledger);
    assert!(look().findings.iter().all(|finding| !finding.is_damage), "a newer version goes on with checksums");
    let last = entries().pop().expect("is there");
    fs::write(&last, "{\"commitInfo\":{\"operation\":\"WRITE\"}}").expect("writes");
    let damaged = look().findings.into_iter().filter(|finding| finding.is_damage).any(|finding| finding.path == last);
    assert!(damaged, "what comes after a checksum and bears none was changed");
}
