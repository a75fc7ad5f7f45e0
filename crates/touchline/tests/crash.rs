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
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The points at which the process ends, see docs/capture/durability.md.
const FAILPOINTS: [&str; 12] = [
    "journal::rotate",
    "journal::write",
    "journal::sync",
    "journal::drop",
    "capture::noting",
    "capture::noted",
    "capture::written",
    "ledger::commit",
    "ledger::committed",
    "capture::flushed",
    "capture::tidied",
    "ledger::replaced",
];

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
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            connection.insert(BufReader::new(stream))
        }
    };
    let event = |id: &String| {
        // Each batch brings somebody new, so that there is always something for the state store.
        let (writer, number) = id.split_once('-').expect("is made so");
        let user = if number.ends_with('0') { id.clone() } else { format!("{writer}-{}", &number[number.len() - 1..]) };
        format!(
            "{{\"type\":\"track\",\"event\":\"Opened\",\"messageId\":\"{id}\",\"userId\":\"u{user}\",\"anonymousId\":\"a{user}\"}}"
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
    let points: Vec<&str> = FAILPOINTS.into_iter().filter(|point| is_long || !RARE.contains(point)).collect();
    for (n, point) in points.iter().enumerate() {
        // The first time the point is reached, and now and then the third.
        for times in if is_long { &[0, 2, 5][..] } else { &[0, 2][n % 2..=n % 2] } {
            let set = format!("{point}={times}*off->return");
            let ended_early = crash(&mut at_points, &data, &load, &mut server, &set, Server::kill);
            let deadline = Instant::now() + Duration::from_secs(if RARE.contains(point) { 120 } else { 20 });
            while !ended_early && !server.has_ended() {
                assert!(Instant::now() < deadline, "{point} is never reached");
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
    crash(&mut at_points, &data, &load, &mut server, "", Server::kill);
    let (refused, spent) = (load.refused.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
    let acknowledged = load.end();
    assert!(server.stop(), "it ends well when it is asked to");
    let stored = stored(&data);
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
