//! What the disk and the clock may do to us: flipped bits, a full disk, jumps in time, a backup in the middle of a storm.
//!
//! Short here, on every run; `make faults` takes its time (`TOUCHLINE_FAULTS=1`). Where something needs rights that a
//! test may not have, it says so and passes over.
#![allow(clippy::print_stdout, reason = "the long version prints what it counted")]

mod common;
mod scratch;
mod server;

use common::{refuses, works};
use model::{ActorId, Direction, Flags, Form, Instant, Interaction, InteractionId, SignalId, Signature};
use scratch::Scratch;
use serde_json::{Value, json};
use server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use touchline::features::capture::Delivery;
use touchline::features::rooms;
use touchline::platform::operate::verify_closed;

/// Chooses a short or a long run.
fn rounds(short: u64, long: u64) -> u64 {
    if std::env::var_os("TOUCHLINE_FAULTS").is_some() { long } else { short }
}

/// Draws numbers: the same ones on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

fn json_of(folder: &Path, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

/// Appends a row at a time, so that the log gets a checkpoint.
fn many_commits(dir: &Path) {
    let mut ledger = ledger::Ledger::open(&dir.join("ledger")).expect("opens");
    for n in 0..120_u64 {
        let row = Interaction {
            id: InteractionId::of("fault", &n.to_le_bytes()),
            actor: ActorId(n << 58),
            at: Instant(n as i64),
            received: Instant(n as i64),
            sent: None,
            original: None,
            signal: SignalId(0),
            form: Form::View,
            direction: Direction::Inbound,
            value: None,
            cost: None,
            currency: None,
            score: None,
            reply_to: None,
            offer: None,
            arm: None,
            campaign: None,
            conversation: None,
            flags: Flags::EPHEMERAL,
            props: None,
        };
        ledger.append(vec![row], &ledger::alone).expect("appends");
    }
}

/// Lists the files below a folder that hold something of ours.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("lists").path();
        let name = path.file_name().expect("has a name").to_string_lossy().into_owned();
        // Locks are empty, the index of SQLite's log is made anew, a seal is compared with what it seals, and where the console
        // is found is written at every start.
        if path.is_dir() {
            files(&path, found);
        } else if !name.ends_with("lock")
            && !name.ends_with("-shm")
            && !name.contains("seal")
            && !path.to_string_lossy().contains(".seals")
            && !path.to_string_lossy().contains("/console/")
        {
            found.push(path);
        }
    }
}

/// Flips bits, one at a time, and looks whether each is found and its file named.
fn check_flips(dir: &Path, rounds: u64, may_miss: &[&str]) {
    let look = || verify_closed(dir, &rooms(), &mut |_, _| {}).expect("is a data directory");
    let sound = look();
    assert!(sound.is_sound, "{:?}", sound.findings);
    let mut all = Vec::new();
    files(dir, &mut all);
    all.retain(|path| fs::metadata(path).expect("is there").len() > 0);
    all.sort();
    let mut dice = Dice(7);
    let mut seen = std::collections::BTreeMap::new();
    // Every kind of file in turn, however many there are of the others.
    let kind = |path: &PathBuf| path.extension().map_or_else(|| "other".into(), |kind| kind.to_string_lossy().into_owned());
    let mut kinds: Vec<String> = all.iter().map(kind).collect();
    kinds.sort();
    kinds.dedup();
    for round in 0..rounds {
        let wanted = &kinds[round as usize % kinds.len()];
        let of_kind: Vec<&PathBuf> = all.iter().filter(|path| kind(path) == *wanted).collect();
        let path = of_kind[dice.below(of_kind.len())];
        let bytes = fs::read(path).expect("reads");
        let mut flipped = bytes.clone();
        let at = dice.below(bytes.len());
        flipped[at] ^= 1 << dice.below(8);
        fs::write(path, flipped).expect("writes");
        let report = look();
        fs::write(path, bytes).expect("writes back");
        let name = path.file_name().expect("has a name").to_string_lossy().into_owned();
        let is_named = report.findings.iter().any(|finding| finding.file.contains(&name));
        let entry = seen.entry(wanted.clone()).or_insert((0, 0));
        entry.0 += 1;
        entry.1 += u64::from(is_named);
        assert!(is_named || may_miss.contains(&wanted.as_str()), "byte {at} of {}: {:?}", path.display(), report.findings);
        if wanted == "parquet" && !name.contains("checkpoint") {
            assert!(report.interactions > 0 && report.interactions < sound.interactions, "the others are read");
        }
    }
    for (kind, (flips, found)) in seen {
        println!("{kind}: {found} of {flips} flipped bits found, their file named");
    }
}

#[test]
fn every_flipped_bit_of_a_stopped_directory_is_found() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["demo", "--people", "60", "--data", "a", "--no-serve"]);
    let dir = folder.path().join("a");
    many_commits(&dir);
    check_flips(&dir, rounds(40, 200), &[]);
}

/// A changed letter inside the state store leaves its structure sound, so that SQLite itself sees nothing.
#[test]
fn a_changed_letter_in_the_state_store_is_found() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let path = folder.path().join("a/state.sqlite");
    let bytes = fs::read(&path).expect("reads");
    let letter = bytes.windows(10).rposition(|part| part == b"touchpoint").expect("is in the text of the map");
    let mut changed = bytes.clone();
    changed[letter] ^= 1;
    fs::write(&path, changed).expect("writes");
    refuses(folder.path(), &["verify", "--data", "a"], &["damaged"]);
    let report = verify_closed(&folder.path().join("a"), &rooms(), &mut |_, _| {}).expect("is a data directory");
    let named: Vec<_> = report.findings.iter().filter(|finding| finding.is_damage).map(|finding| finding.file.as_str()).collect();
    assert!(!report.is_sound && named.iter().all(|file| file.ends_with("state.sqlite")), "{:?}", report.findings);
    fs::write(&path, bytes).expect("writes back");
    works(folder.path(), &["verify", "--data", "a"]);
}

/// Sends events as a client does, and returns the status.
fn send(server: &Server, key: &str, ids: std::ops::Range<u64>) -> u16 {
    try_send(server, key, ids).expect("is answered")
}

/// Sends events to a server that may have ended; none where it does not answer.
fn try_send(server: &Server, key: &str, ids: std::ops::Range<u64>) -> Option<u16> {
    let event =
        |id: u64| json!({ "type": "track", "event": "open", "userId": format!("u{}", id % 50), "messageId": id.to_string() });
    let body = json!({ "writeKey": key, "batch": ids.map(event).collect::<Vec<_>>() }).to_string();
    let head = format!("POST /v1/batch HTTP/1.1\nContent-Type: application/json\nContent-Length: {}", body.len());
    let answer = server.try_ask(&format!("{head}\n\n{body}")).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

fn key(folder: &Path) -> String {
    json_of(folder, &["source", "show", "site", "--data", "a"])["write_key"].as_str().expect("has a key").to_owned()
}

#[test]
fn flipped_bits_after_a_crash_are_found_but_in_the_state_store() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    let key = key(folder.path());
    let mut server = Server::start(folder.path(), &[]);
    for part in 0..20 {
        assert_eq!(send(&server, &key, part * 50..part * 50 + 50), 200);
    }
    // As if the power went: nothing is closed.
    server.kill();
    check_flips(&folder.path().join("a"), rounds(20, 100), &["sqlite"]);
}

#[test]
fn a_full_disk_is_said_and_got_over() {
    let folder = tempfile::tempdir().expect("folder");
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("makes");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(&disk).output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        println!("passed over: only root may mount a small disk");
        return;
    }
    let outcome = std::panic::catch_unwind(|| full_disk(&disk));
    Command::new("umount").arg("-l").arg(&disk).status().expect("unmounts");
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn full_disk(disk: &Path) {
    works(disk, &["init", "--data", "a", "--template", "shop"]);
    let key = key(disk);
    let server = Server::start(disk, &[]);
    let mut acknowledged = 0;
    let mut next = 0;
    let mut batch = |server: &Server| {
        let status = send(server, &key, next..next + 200);
        next += if status == 200 { 200 } else { 0 };
        acknowledged = next;
        status
    };
    assert_eq!(batch(&server), 200);
    fs::write(disk.join("filler"), vec![1_u8; 256 << 20]).expect_err("the disk is smaller than that");
    let refused = (0..400).map(|_| batch(&server)).find(|status| *status != 200).expect("is refused at last");
    assert!([503, 507].contains(&refused), "{refused}");
    assert!(server.ask("GET /healthz HTTP/1.1\n\n").starts_with("HTTP/1.1 200"), "reads go on");
    let ready = server.ask("GET /readyz HTTP/1.1\n\n");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("disk"), "{ready}");
    refuses(disk, &["backup", "--data", "a", "--to", "b"], &["make room"]);
    let left: Vec<_> = fs::read_dir(disk).expect("lists").map(|entry| entry.expect("lists").file_name()).collect();
    assert!(left.len() == 2, "nothing is left of the backup: {left:?}");
    fs::remove_file(disk.join("filler")).expect("removes");
    let came_back = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        batch(&server) == 200
    });
    assert!(came_back, "it takes events again, without a restart");
    assert!(server.stop());
    // What was acknowledged last may still be in the journal.
    works(disk, &["compact", "--data", "a"]);
    let report = json_of(disk, &["verify", "--data", "a"]);
    assert_eq!((&report["is_sound"], report["interactions"].as_u64() >= Some(acknowledged)), (&true.into(), true), "{report}");
}

/// A bug in one of the threads without which nothing can be taken: the server says "later", ends with an error instead of
/// saying so for ever, and the next start has everything that was acknowledged.
#[test]
fn a_thread_that_breaks_off_ends_the_server_and_costs_nothing() {
    for point in ["journal::write", "capture::written"] {
        let folder = tempfile::tempdir().expect("folder");
        works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
        let key = key(folder.path());
        let mut server = Server::start_with(folder.path(), &[], &format!("{point}=1*off->panic")).expect("starts");
        let mut acknowledged = 0;
        while !server.has_ended() {
            let Some(status) = try_send(&server, &key, acknowledged..acknowledged + 10) else { break };
            assert!([200, 503].contains(&status), "{point}: {status}");
            acknowledged += if status == 200 { 10 } else { 0 };
        }
        assert!(!server.ends_well(), "{point}: a supervisor must see that something was wrong");
        assert!(acknowledged > 0, "{point}");
        let server = Server::start(folder.path(), &[]);
        assert_eq!(send(&server, &key, acknowledged..acknowledged + 10), 200);
        assert!(server.stop());
        assert_eq!(json_of(folder.path(), &["verify", "--data", "a"])["interactions"], acknowledged + 10, "{point}");
    }
}

#[test]
fn a_backup_taken_in_a_storm_holds_what_was_acknowledged_before() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "shop"]);
    let key = key(folder);
    let server = Server::start(folder, &[]);
    let (acknowledged, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let next = acknowledged.load(Ordering::SeqCst);
                if send(&server, &key, next..next + 25) == 200 {
                    acknowledged.store(next + 25, Ordering::SeqCst);
                }
            }
        });
        for round in 0..rounds(2, 50) {
            let (to, again) = (format!("b{round}"), format!("c{round}"));
            let before = acknowledged.load(Ordering::SeqCst);
            let done = json_of(folder, &["backup", "--data", "a", "--to", &to]);
            // The one that is under way may be stored before it is counted here.
            let after = acknowledged.load(Ordering::SeqCst) + 25;
            let rows = done["interactions"].as_u64().expect("is a number");
            assert!((before..=after).contains(&rows), "{before} {rows} {after}");
            assert_eq!(json_of(folder, &["restore", &to, "--data", &again])["interactions"], rows);
            let report = json_of(folder, &["verify", "--data", &again]);
            assert_eq!((&report["is_sound"], &report["interactions"]), (&true.into(), &rows.into()), "{report}");
            for path in [to, again] {
                fs::remove_dir_all(folder.join(path)).expect("removes");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(server.stop());
}

#[test]
fn a_backup_that_breaks_off_is_none_and_harms_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "shop"]);
    let key = key(folder);
    for (round, point) in ["settled", "staged", "copied", "complete"].into_iter().enumerate() {
        let server = Server::start_with(folder, &[], &format!("backup::{point}=return")).expect("starts");
        let first = round as u64 * 10;
        assert_eq!(send(&server, &key, first..first + 10), 200);
        refuses(folder, &["backup", "--data", "a", "--to", "b"], &["did not finish"]);
        drop(server);
        assert!(!folder.join("b").exists(), "backup::{point}");
        let done = json_of(folder, &["backup", "--data", "a", "--to", "b"]);
        assert_eq!(done["interactions"], first + 10, "backup::{point}");
        assert!(!folder.join("a/.backup").exists());
        assert_eq!(json_of(folder, &["verify", "--data", "a"])["is_sound"], true, "backup::{point}");
        fs::remove_dir_all(folder.join("b")).expect("removes");
    }
}

#[test]
fn what_is_restored_goes_on_where_the_backup_was() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "shop"]);
    let key = key(folder);
    let server = Server::start(folder, &[]);
    assert_eq!(send(&server, &key, 0..100), 200);
    works(folder, &["backup", "--data", "a", "--to", "b"]);
    assert!(server.stop());
    fs::rename(folder.join("a"), folder.join("lost")).expect("moves");
    works(folder, &["restore", "b", "--data", "a"]);
    // The same events again and new ones; then a crash, so that the journal is what they come from.
    let mut server = Server::start(folder, &[]);
    assert_eq!(send(&server, &key, 50..150), 200);
    server.kill();
    let server = Server::start(folder, &[]);
    assert!(server.stop());
    assert_eq!(json_of(folder, &["verify", "--data", "a"])["interactions"], 150);
}

#[tokio::test]
async fn the_clock_may_jump() {
    const DAY: i64 = 86_400_000_000;
    let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
    let hand = Arc::clone(&now);
    let scratch = Scratch::new(Arc::new(move || Instant(hand.load(Ordering::Relaxed))));
    let site = scratch.site();
    let mut taken = 0;
    for (n, jump) in
        [0, DAY, -2 * DAY, 3_652 * DAY, -7_304 * DAY, 3_652 * DAY, i64::MIN / 4, i64::MAX / 4].into_iter().enumerate()
    {
        let at = Instant(now.fetch_add(jump, Ordering::Relaxed).saturating_add(jump));
        let signature = Signature { source: "site".into(), event: "open".into(), ..Signature::default() };
        let arrival = model::Arrival::new(n.to_string().into_bytes(), signature, at, Form::View, Direction::Inbound);
        let delivery = || Delivery { source: "site".into(), arrivals: vec![arrival.clone()], ..Delivery::default() };
        let first = site.capture.take(delivery()).await.expect("is taken");
        let second = site.capture.take(delivery()).await.expect("is taken");
        taken += first.added;
        assert_eq!((first.added, second.added, second.duplicates), (1, 0, 1), "jump {n}");
    }
    site.capture.settle().await.expect("settles");
    assert_eq!(site.stores.ledger().count(), taken);
}
