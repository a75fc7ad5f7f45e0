//! What a journal promises: every record that was acknowledged is read back, once, in order, whatever the disk did.

use super::segment::HEAD;
use super::*;
use proptest::prelude::*;
use std::sync::atomic::{AtomicI64, Ordering};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(dir: &Path) -> (Journal, Vec<Vec<u8>>) {
    open_with(dir, Arc::new(|_, _| Ok(()))).expect("opens")
}

fn open_with(dir: &Path, sync: Sync) -> Result<(Journal, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    let journal = Journal::open(dir, sync, 0, |number, record| {
        found.push((number, record.to_vec()));
        Ok::<_, JournalError>(())
    })?;
    assert!(found.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "records are numbered without gaps");
    assert!(found.last().is_none_or(|(number, _)| *number == journal.last()));
    Ok((journal, found.into_iter().map(|(_, record)| record).collect()))
}

fn append(journal: &mut Journal, records: &[&[u8]]) -> u64 {
    journal.append(records).expect("appends")
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("lists").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    found.sort();
    found
}

#[test]
fn what_was_appended_is_read_back_by_every_opening() {
    let dir = folder();
    let mut expected = Vec::new();
    for n in 0..4_u8 {
        let (mut journal, found) = open(dir.path());
        assert_eq!(found, expected);
        let (one, other) = (vec![n; 3], vec![n; 70_000]);
        assert_eq!(append(&mut journal, &[&one, &other]), u64::from(n) * 2 + 2);
        expected.extend([one, other]);
    }
    let mut later = Vec::new();
    read(dir.path(), 6, |number, record| {
        later.push((number, record[0]));
        Ok::<_, JournalError>(())
    })
    .expect("reads");
    assert_eq!(later, [(7, 3), (8, 3)]);
}

#[test]
fn only_one_appends() {
    let dir = folder();
    let (first, _) = open(dir.path());
    let second = Journal::open(dir.path(), durable(), 0, |_, _| Ok::<_, JournalError>(()));
    assert!(matches!(second, Err(JournalError::InUse { .. })));
    drop(first);
    open(dir.path());
}

#[test]
fn what_is_no_longer_needed_is_dropped_with_its_files() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, &[b"one", b"two"]);
    journal.close_segment();
    append(&mut journal, &[b"three"]);
    journal.drop_through(1).expect("drops nothing yet");
    assert_eq!(segments(dir.path()).len(), 2);
    journal.drop_through(2).expect("drops");
    assert_eq!(segments(dir.path()).len(), 1);
    journal.drop_through(3).expect("drops the segment in use too");
    assert!(segments(dir.path()).is_empty());
    assert_eq!(append(&mut journal, &[b"four"]), 4);
    drop(journal);
    assert_eq!(open(dir.path()).1, [b"four"]);
}

#[test]
fn numbers_go_on_after_everything_was_dropped() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    assert_eq!(journal.last(), 0);
    journal.continue_after(41);
    assert_eq!(append(&mut journal, &[b"x"]), 42);
    journal.continue_after(99);
    assert_eq!(append(&mut journal, &[b"y"]), 43);
}

/// A crash may leave any part of the last group, with or without zeros behind it. What is before it must be there.
#[test]
fn a_torn_last_group_is_forgotten_and_the_rest_is_kept() {
    let whole = {
        let dir = folder();
        let (mut journal, _) = open(dir.path());
        append(&mut journal, &[b"kept", b"too"]);
        let kept = fs::metadata(&segments(dir.path())[0]).expect("is there").len() as usize;
        append(&mut journal, &[b"half"]);
        (fs::read(&segments(dir.path())[0]).expect("reads"), kept)
    };
    for length in whole.1..whole.0.len() {
        for zeros in [0, 40] {
            let dir = folder();
            let mut bytes = whole.0[..length].to_vec();
            bytes.resize(length + zeros, 0);
            fs::write(dir.path().join("0000000001.log"), bytes).expect("writes");
            let (mut journal, found) = open(dir.path());
            assert_eq!(found, [&b"kept"[..], b"too"], "{length} bytes");
            append(&mut journal, &[b"new"]);
            drop(journal);
            assert_eq!(open(dir.path()).1, [&b"kept"[..], b"too", b"new"]);
        }
    }
}

#[test]
fn a_segment_cut_off_before_its_header_is_forgotten() {
    for length in 0..HEAD {
        let dir = folder();
        let (mut journal, _) = open(dir.path());
        append(&mut journal, &[b"kept"]);
        drop(journal);
        let head = fs::read(&segments(dir.path())[0]).expect("reads");
        fs::write(dir.path().join("0000000002.log"), &head[..length]).expect("writes");
        let (mut journal, found) = open(dir.path());
        assert_eq!(found, [b"kept"]);
        append(&mut journal, &[b"new"]);
        drop(journal);
        assert_eq!(open(dir.path()).1, [&b"kept"[..], b"new"]);
    }
}

/// Every flipped bit is found that is before the last group, which cannot be told from what a crash leaves.
#[test]
fn a_flipped_bit_is_found_and_named() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    append(&mut journal, &[b"one"]);
    append(&mut journal, &[b"two", b"three"]);
    let safe = fs::metadata(&segments(dir.path())[0]).expect("is there").len() as usize;
    append(&mut journal, &[b"four"]);
    drop(journal);
    let path = segments(dir.path()).remove(0);
    let bytes = fs::read(&path).expect("reads");
    for bit in 0..safe * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, damaged).expect("writes");
        let found = open_with(dir.path(), Arc::new(|_, _| Ok(())));
        let Err(JournalError::Damaged { path: named, .. }) = found.map(|_| ()) else {
            panic!("bit {bit} is not noticed");
        };
        assert_eq!(named, path);
    }
    // In a segment that another one follows, the last group is told as well.
    fs::write(&path, &bytes).expect("writes");
    let (mut journal, _) = open(dir.path());
    append(&mut journal, &[b"five"]);
    drop(journal);
    let mut damaged = bytes.clone();
    *damaged.last_mut().expect("not empty") ^= 1;
    fs::write(&path, damaged).expect("writes");
    assert!(matches!(open_with(dir.path(), Arc::new(|_, _| Ok(()))), Err(JournalError::Damaged { .. })));
}

#[test]
fn a_segment_that_is_gone_is_missed() {
    let dir = folder();
    for record in [b"one", b"two", b"six"] {
        let (mut journal, _) = open(dir.path());
        append(&mut journal, &[record]);
    }
    fs::remove_file(&segments(dir.path())[1]).expect("removes");
    assert!(matches!(open_with(dir.path(), Arc::new(|_, _| Ok(()))), Err(JournalError::Damaged { .. })));
}

/// A disk whose n-th sync from now fails.
fn failing(n: &Arc<AtomicI64>) -> Sync {
    let n = Arc::clone(n);
    Arc::new(move |_, _| if n.fetch_sub(1, Ordering::Relaxed) == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) })
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_the_next_group_is() {
    for n in 0..4 {
        let dir = folder();
        let fails = Arc::new(AtomicI64::new(i64::MAX));
        let (mut journal, _) = open_with(dir.path(), failing(&fails)).expect("opens");
        if n > 1 {
            append(&mut journal, &[b"before"]);
        }
        // Beginning a segment syncs it and its folder, and a group syncs once more.
        fails.store(n, Ordering::Relaxed);
        let mut acknowledged = vec![b"before".to_vec(); usize::from(n > 1)];
        for record in [b"first", b"again", b"third"] {
            if let Ok(number) = journal.append(&[&record[..]]) {
                acknowledged.push(record.to_vec());
                assert_eq!(number, acknowledged.len() as u64);
            }
        }
        assert!(acknowledged.len() >= 2, "only one sync fails");
        fails.store(i64::MAX, Ordering::Relaxed);
        append(&mut journal, &[b"last"]);
        acknowledged.push(b"last".to_vec());
        drop(journal);
        assert_eq!(open(dir.path()).1, acknowledged, "sync {n} failed");
    }
}

#[test]
fn a_record_that_is_too_long_is_refused_and_nothing_else() {
    let dir = folder();
    let (mut journal, _) = open(dir.path());
    let long = vec![0; RECORD_MAX + 1];
    assert!(matches!(journal.append(&[&long[..]]), Err(JournalError::TooLong { .. })));
    assert_eq!(append(&mut journal, &[b"short"]), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u8>),
    /// A sync, so many from now, fails.
    Fail(i64),
    Close,
    Drop(usize),
    /// The process ends; some bytes of what was not acknowledged are on the disk, perhaps all.
    Crash(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 1..4).prop_map(Step::Append),
        2 => (0_i64..4).prop_map(Step::Fail),
        1 => Just(Step::Close),
        1 => (0_usize..8).prop_map(Step::Drop),
        1 => (0_usize..60).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens: what was acknowledged and not dropped is read back in order. More may be read only after a
    /// crash, namely what was being written when it came.
    #[test]
    fn acknowledged_is_kept(steps in steps()) {
        let dir = folder();
        let fails = Arc::new(AtomicI64::new(i64::MAX));
        let (mut journal, _) = open_with(dir.path(), failing(&fails)).expect("opens");
        let mut kept: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut dropped = 0;
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(sizes) => {
                    let records: Vec<Vec<u8>> = sizes.iter().map(|size| vec![n as u8; usize::from(*size)]).collect();
                    if let Ok(last) = journal.append(&records.iter().map(Vec::as_slice).collect::<Vec<_>>()) {
                        let first = last + 1 - records.len() as u64;
                        kept.extend((first..).zip(records));
                    }
                }
                Step::Fail(after) => fails.store(after, Ordering::Relaxed),
                Step::Close => journal.close_segment(),
                Step::Drop(count) => {
                    let through = kept.get(count).map_or(journal.last(), |(number, _)| *number);
                    // Where it fails, the files may be gone all the same.
                    let _ = journal.drop_through(through);
                    dropped = dropped.max(through);
                }
                Step::Crash(bytes) => {
                    drop(journal);
                    fails.store(i64::MAX, Ordering::Relaxed);
                    // Cut off some of what stands behind the acknowledged part of the last segment.
                    let end = read(dir.path(), 0, |_, _| Ok::<_, JournalError>(())).expect("reads");
                    if let Some(path) = segments(dir.path()).pop() {
                        let length = fs::metadata(&path).expect("is there").len();
                        let unread = length.saturating_sub(end.length);
                        let file = File::options().write(true).open(&path).expect("opens");
                        file.set_len(length - unread.min(bytes as u64)).expect("cuts");
                    }
                    let (mut opened, _) = open_with(dir.path(), failing(&fails)).expect("opens");
                    opened.continue_after(dropped);
                    journal = opened;
                    let mut found = Vec::new();
                    read(dir.path(), dropped, |number, record| {
                        found.push((number, record.to_vec()));
                        Ok::<_, JournalError>(())
                    }).expect("reads");
                    kept.retain(|(number, _)| *number > dropped);
                    prop_assert!(found.starts_with(&kept), "{:?} against {:?}", found, kept);
                    kept = found;
                }
            }
        }
        drop(journal);
        let mut found = Vec::new();
        read(dir.path(), dropped, |number, record| {
            found.push((number, record.to_vec()));
            Ok::<_, JournalError>(())
        }).expect("reads");
        kept.retain(|(number, _)| *number > dropped);
        prop_assert!(found.starts_with(&kept), "{:?} against {:?}", found, kept);
    }
}
