//! What was acknowledged survives: a server is killed again and again under load, at random moments and at every
//! failpoint, and afterwards each acknowledged interaction is there, once.
//!
//! `make crash` runs the long version and prints a table: `TOUCHLINE_CRASHES` says how many kills at random moments,
//! `TOUCHLINE_CRASH_ROWS` how many interactions are there before the first.
#![allow(clippy::print_stdout, reason = "the long version prints what it counted")]

mod server;

use ledger::Ledger;
use model::InteractionId;
use server::Server;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The points at which the process ends, see docs/capture/durability.md, and what makes it pass them.
const FAILPOINTS: [(&str, Cause); 23] = [
    ("journal::rotate", Cause::Load),
    ("journal::write", Cause::Load),
    ("journal::sync", Cause::Load),
    ("journal::drop", Cause::Load),
    ("capture::noting", Cause::Load),
    ("capture::noted", Cause::Load),
    ("capture::written", Cause::Load),
    ("ledger::commit", Cause::Load),
    ("ledger::committed", Cause::Load),
    ("capture::flushed", Cause::Load),
    ("capture::tidied", Cause::Load),
    ("ledger::replaced", Cause::Load),
    ("capture::compacted", Cause::Compaction),
    ("backup::settled", Cause::Backup),
    ("backup::staged", Cause::Backup),
    ("backup::copied", Cause::Backup),
    ("backup::complete", Cause::Backup),
    ("erase::noted", Cause::Erasure),
    ("erase::listed", Cause::Erasure),
    ("erase::written", Cause::Erasure),
    ("erase::cleared", Cause::Erasure),
    ("erase::forgotten", Cause::Erasure),
    ("erase::scrubbed", Cause::Erasure),
];

/// Is what makes a server pass a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    /// That somebody sends something.
    Load,
    /// That somebody asks for a compaction.
    Compaction,
    /// That somebody asks for a backup.
    Backup,
    /// That somebody is erased.
    Erasure,
}

/// The one point of each further cause that the short run takes: the others have tests of their own, without load.
const SHORT: [&str; 3] = ["capture::compacted", "backup::copied", "erase::written"];

/// Points that are passed only when files are merged, which takes some flushes.
const RARE: [&str; 2] = ["capture::tidied", "ledger::replaced"];

const WRITERS: u64 = 8;
const BATCH: u64 = 10;
/// Each writer sends a batch in about this time: 8 writers make 1,600 interactions a second.
const PAUSE: Duration = Duration::from_millis(50);

/// Is the writers: they send, remember what was acknowledged, and send again what was not.
struct Load {
    address: Arc<Mutex<String>>,
    acknowledged: Arc<Mutex<HashSet<InteractionId>>>,
    refused: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(key: &str) -> Self {
        let this = Self {
            address: Arc::default(),
            acknowledged: Arc::default(),
            refused: Arc::default(),
            stop: Arc::default(),
            writers: Vec::new(),
        };
        let writers = (0..WRITERS).map(|writer| {
            let (address, acknowledged, stop) =
                (Arc::clone(&this.address), Arc::clone(&this.acknowledged), Arc::clone(&this.stop));
            let (key, refused) = (key.to_owned(), Arc::clone(&this.refused));
            thread::spawn(move || {
                let mut number = 0;
                let mut connection = None;
                while !stop.load(Ordering::Relaxed) {
                    let ids: Vec<String> = (number..number + BATCH).map(|n| format!("w{writer}-{n}")).collect();
                    match send(&mut connection, &address.lock().expect("not poisoned").clone(), &key, &ids) {
                        Ok(200) => {
                            let ids = ids.iter().map(|id| InteractionId::of("site", id.as_bytes()));
                            acknowledged.lock().expect("not poisoned").extend(ids);
                            number += BATCH;
                        }
                        Ok(_) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                        Err(_) => connection = None,
                    }
                    thread::sleep(PAUSE);
                }
            })
        });
        let writers = writers.collect();
        Self { writers, ..this }
    }

    fn point_at(&self, server: &Server) {
        *self.address.lock().expect("not poisoned") = server.address.trim_start_matches("http://").to_owned();
    }

    fn so_far(&self) -> HashSet<InteractionId> {
        self.acknowledged.lock().expect("not poisoned").clone()
    }

    fn end(self) -> HashSet<InteractionId> {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.into_iter().for_each(|writer| writer.join().expect("ends"));
        Arc::try_unwrap(self.acknowledged).expect("nobody else has it").into_inner().expect("not poisoned")
    }
}

/// Sends a batch and returns the status of the answer.
fn send(connection: &mut Option<BufReader<TcpStream>>, address: &str, key: &str, ids: &[String]) -> std::io::Result<u16> {
    send_of(connection, address, key, ids, |id| {
        // Each batch brings somebody new, so that there is always something for the state store.
        let (writer, number) = id.split_once('-').expect("is made so");
        format!("u{}", if number.ends_with('0') { id.to_owned() } else { format!("{writer}-{}", &number[number.len() - 1..]) })
    })
}

/// Sends a batch of somebody in particular.
fn send_of(
    connection: &mut Option<BufReader<TcpStream>>,
    address: &str,
    key: &str,
    ids: &[String],
    user: impl Fn(&str) -> String,
) -> std::io::Result<u16> {
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            connection.insert(BufReader::new(stream))
        }
    };
    let event = |id: &String| {
        let user = user(id);
        format!(
            "{{\"type\":\"track\",\"event\":\"Opened\",\"messageId\":\"{id}\",\"userId\":\"{user}\",\"anonymousId\":\"a{user}\"}}"
        )
    };
    let events: Vec<String> = ids.iter().map(event).collect();
    let body = format!("{{\"writeKey\":\"{key}\",\"batch\":[{}]}}", events.join(","));
    let head =
        format!("POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.get_mut().write_all((head + &body).as_bytes())?;
    let broken = || std::io::Error::other("no answer");
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| broken())?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}

/// Counts the ids in the files of a ledger that a server holds. Its files may be replaced at any moment; then it is
/// looked at again.
fn stored(data: &Path) -> HashMap<InteractionId, u32> {
    for _ in 0..50 {
        let mut found: HashMap<InteractionId, u32> = HashMap::new();
        let ledger = Ledger::open(&data.join("ledger"));
        if ledger.and_then(|ledger| ledger.ids(|id| *found.entry(id).or_default() += 1)).is_ok() {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("the ledger cannot be read");
}

/// Is what became of some crashes.
#[derive(Default)]
struct Tally {
    crashes: u64,
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    restarts: Vec<Duration>,
}

impl Tally {
    fn print(&mut self, what: &str) {
        self.restarts.sort();
        let (middle, slowest) = (self.restarts[self.restarts.len() / 2], self.restarts[self.restarts.len() - 1]);
        let Self { crashes, acknowledged, lost, doubled, .. } = self;
        println!("| {crashes} {what} | {acknowledged} | {lost} | {doubled} | {middle:.2?} | {slowest:.2?} |");
    }
}

/// Ends the server somehow, starts it again, and checks that what was acknowledged before is there once. Where the
/// failpoints end it before it is ready, it is started without them; tells whether that was so.
fn crash(
    tally: &mut Tally,
    data: &Path,
    load: &Load,
    server: &mut Server,
    failpoints: &str,
    end: impl FnOnce(&mut Server),
) -> bool {
    end(server);
    let acknowledged = load.so_far();
    let folder = data.parent().expect("has one");
    let mut watch = Instant::now();
    let started = Server::start_with(folder, &[], failpoints);
    let ended_early = started.is_none();
    *server = started.unwrap_or_else(|| {
        tally.crashes += 1;
        watch = Instant::now();
        Server::start(folder, &[])
    });
    tally.restarts.push(watch.elapsed());
    load.point_at(server);
    let stored = stored(data);
    tally.crashes += 1;
    tally.acknowledged = acknowledged.len();
    tally.lost += acknowledged.iter().filter(|id| !stored.contains_key(id)).count();
    tally.doubled += stored.values().filter(|count| **count > 1).count();
    ended_early
}

/// Lets somebody ask for what passes a point. Whoever is erased has interactions of their own, which are noted.
fn ask_for(
    cause: Cause,
    folder: &Path,
    server: &Server,
    key: &str,
    erased: &mut HashSet<InteractionId>,
) -> Option<std::process::Child> {
    let number = erased.len();
    let args: Vec<String> = match cause {
        Cause::Load => return None,
        Cause::Compaction => vec!["compact".to_owned()],
        Cause::Backup => {
            // A backup that breaks off may leave the folder that it began.
            let _ = std::fs::remove_dir_all(folder.join("b"));
            vec!["backup".to_owned(), "--to".to_owned(), "b".to_owned()]
        }
        Cause::Erasure => {
            let ids: Vec<String> = (number as u64..number as u64 + BATCH).map(|n| format!("gone-{n}")).collect();
            let address = server.address.trim_start_matches("http://");
            assert_eq!(send_of(&mut None, address, key, &ids, |_| format!("gone{number}")).ok(), Some(200));
            erased.extend(ids.iter().map(|id| InteractionId::of("site", id.as_bytes())));
            vec!["erase".to_owned(), format!("user:gone{number}"), "--yes".to_owned()]
        }
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.current_dir(folder).args(args).args(["--data", "a"]).stdout(Stdio::null()).stderr(Stdio::null());
    Some(command.spawn().expect("starts"))
}

/// Waits until as many erasures have ended as were begun; tells whether the server lives to see it.
fn erasures_end(folder: &Path, server: &mut Server, begun: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !server.has_ended() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
        command.current_dir(folder).args(["erase", "--receipts", "--data", "a", "--format", "json"]);
        let receipts = serde_json::from_slice::<serde_json::Value>(&command.output().expect("runs").stdout);
        if receipts.is_ok_and(|receipts| receipts.as_array().map(Vec::len) == Some(begun)) {
            return true;
        }
        assert!(Instant::now() < deadline, "an erasure that broke off is never ended");
        thread::sleep(Duration::from_millis(100));
    }
    false
}

/// Makes a data directory with one source and returns its key.
fn init(folder: &Path, rows: u64) -> String {
    let touchline = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_touchline")).current_dir(folder).args(args).output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("is JSON")
    };
    if rows == 0 {
        let made = touchline(&["init", "--data", "a", "--template", "shop", "--format", "json"]);
        return made["source"]["write_key"].as_str().expect("has a key").to_owned();
    }
    // An invented person meets the company some thirty times.
    touchline(&["demo", "--no-serve", "--data", "a", "--people", &(rows / 30).to_string(), "--format", "json"]);
    let sources = touchline(&["source", "list", "--data", "a", "--format", "json"]);
    let site = sources.as_array().expect("is a list").iter().find(|source| source["name"] == "site").expect("is made");
    site["write_key"].as_str().expect("has a key").to_owned()
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn acknowledged_survives_being_killed_anywhere() {
    let (crashes, rows) = (number("TOUCHLINE_CRASHES", 4), number("TOUCHLINE_CRASH_ROWS", 0));
    let is_long = crashes > 4;
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("a");
    let key = init(folder.path(), rows);
    let mut server = Server::start(folder.path(), &[]);
    let load = Load::start(&key);
    load.point_at(&server);
    let began = Instant::now();
    let (mut at_random, mut at_points) = (Tally::default(), Tally::default());
    for n in 0..crashes {
        // Spread over the whole cycle of a flush, by a multiplicative generator with a fixed seed.
        let moment = 100 + n.wrapping_mul(0x9e37_79b9) % 2_900;
        crash(&mut at_random, &data, &load, &mut server, "", |server| {
            thread::sleep(Duration::from_millis(moment));
            server.kill();
        });
    }
    println!("\n| crashes | acknowledged | lost | doubled | restart, median | restart, slowest |");
    println!("|---|---|---|---|---|---|");
    at_random.print("at random moments");
    let mut erased = HashSet::new();
    let is_due =
        |point: &str, cause| is_long || if cause == Cause::Load { !RARE.contains(&point) } else { SHORT.contains(&point) };
    for (n, (point, cause)) in FAILPOINTS.into_iter().filter(|(point, cause)| is_due(point, *cause)).enumerate() {
        // The first time the point is reached, and now and then the third. What somebody asks for passes it once.
        let times = match (is_long, cause) {
            (true, Cause::Load) => &[0, 2, 5][..],
            (true, _) => &[0; 3],
            (false, Cause::Load) => &[0, 2][n % 2..=n % 2],
            (false, _) => &[0],
        };
        for times in times {
            let set = format!("{point}={times}*off->return");
            let ended_early = crash(&mut at_points, &data, &load, &mut server, &set, Server::kill)
                // What the last one cut off is ended beside the load, and may pass the point too.
                || (cause == Cause::Erasure && !erasures_end(folder.path(), &mut server, erased.len() / BATCH as usize));
            let asked = (!ended_early).then(|| ask_for(cause, folder.path(), &server, &key, &mut erased));
            let deadline =
                Instant::now() + Duration::from_secs(if cause == Cause::Load && !RARE.contains(&point) { 20 } else { 120 });
            while !ended_early && !server.has_ended() {
                assert!(Instant::now() < deadline, "{point} is never reached");
                thread::sleep(Duration::from_millis(20));
            }
            if let Some(mut asked) = asked.flatten() {
                assert!(!asked.wait().expect("ends").success(), "{point}: what broke off does not call itself done");
            }
        }
    }
    crash(&mut at_points, &data, &load, &mut server, "", Server::kill);
    assert!(erasures_end(folder.path(), &mut server, erased.len() / BATCH as usize), "nothing ends it now");
    let (refused, spent) = (load.refused.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
    let acknowledged = load.end();
    assert!(server.stop(), "it ends well when it is asked to");
    let stored = stored(&data);
    let left = erased.iter().filter(|id| stored.contains_key(id)).count();
    assert_eq!(left, 0, "interactions of people whose erasure broke off are still there");
    let lost = acknowledged.iter().filter(|id| !stored.contains_key(id)).count();
    at_points.print("at failpoints");
    let rate = acknowledged.len() as f64 / spent;
    println!(
        "{} acknowledged in {spent:.0} s ({rate:.0}/s, downtime included), {refused} batches asked to come again, {} interactions in the end",
        acknowledged.len(),
        stored.len()
    );
    assert_eq!((at_random.lost, at_points.lost, lost), (0, 0, 0), "acknowledged interactions are lost");
    assert_eq!((at_random.doubled, at_points.doubled), (0, 0), "interactions are stored twice");
    assert!(acknowledged.len() > 500, "there was next to no load: {}", acknowledged.len());
}

/// A data directory of an early version is opened, and the process ends after each single migration of its state store:
/// every next start goes on where the last one was, and nothing is lost.
#[test]
fn a_migration_that_is_killed_goes_on_at_the_next_start() {
    let folder = tempfile::tempdir().expect("folder");
    init(folder.path(), 0);
    let state = folder.path().join("a/state.sqlite");
    for ending in ["", ".seal", "-wal", "-shm"] {
        // Most of them are not there.
        let _ = std::fs::remove_file(folder.path().join(format!("a/state.sqlite{ending}")));
    }
    let migrations = make_old_state(&state);
    let mut kills = 0;
    // After the first one that is pending at one start, after the second at the next: the killed ones must not come again.
    while Server::start_with(folder.path(), &[], &format!("state::migrated={}*off->return", kills % 2)).is_none() {
        kills += 1;
        assert!(kills <= migrations, "it never gets to an end");
    }
    assert!(kills >= migrations / 2, "{kills} of {migrations} migrations broke off");
    println!("{kills} kills between {migrations} migrations");
    let server = Server::start(folder.path(), &[]);
    assert!(server.stop());
    let verified =
        Command::new(env!("CARGO_BIN_EXE_touchline")).current_dir(folder.path()).args(["verify", "--data", "a"]).output();
    let verified = verified.expect("runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let kept = on_state(&state, async |connection| {
        sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE key = 'old'").fetch_one(connection).await.expect("reads")
    });
    assert_eq!(kept, "kept");
}

/// Makes a state store as the first versions had it; returns how many migrations are pending.
fn make_old_state(path: &Path) -> u64 {
    const OLD: &str = "0006";
    let folder = tempfile::tempdir().expect("folder");
    let mut pending = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../state/migrations")).expect("lists") {
        let file = entry.expect("an entry").path();
        let name = file.file_name().expect("has a name").to_owned();
        if name.to_string_lossy().as_ref() < OLD {
            std::fs::copy(&file, folder.path().join(name)).expect("copies");
        } else {
            pending += 1;
        }
    }
    on_state(path, async |connection| {
        sqlx::migrate::Migrator::new(folder.path()).await.expect("reads").run(&mut *connection).await.expect("applies");
        sqlx::query("INSERT INTO meta (key, value) VALUES ('old', 'kept')").execute(connection).await.expect("inserts");
    });
    pending
}

/// Does something with a state store that nobody holds.
fn on_state<T>(path: &Path, work: impl AsyncFnOnce(&mut sqlx::AnyConnection) -> T) -> T {
    use sqlx::Connection;
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
    runtime.block_on(async {
        let url = format!("sqlite:{}?mode=rwc", path.display());
        let mut connection = sqlx::AnyConnection::connect(&url).await.expect("connects");
        let done = work(&mut connection).await;
        connection.close().await.expect("closes");
        done
    })
}
