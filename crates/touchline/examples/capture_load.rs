//! Measures capture as a client sees it: `make bench-capture`.
//!
//! Starts the built server on an empty directory and sends it Segment batches of 1, 10 and 100 events over a few
//! connections, each as soon as the last one is answered; every answer comes after an fsync, and every event has an id
//! of its own that is looked up. Prints, for each size, the median of three bursts with the time of answers, the memory
//! of the server and the processor time of both sides; then one long run, in which the background work has to keep up;
//! and, from the same minute, how fast the same disk is.
//!
//! `cargo run --release --example capture_load -- PATH-OF-THE-SERVER [SECONDS-OF-A-BURST [SECONDS-OF-THE-LONG-RUN]]`
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many connections send at the same time, for each size of a batch.
const CONNECTIONS: [(usize, usize); 3] = [(1, 64), (10, 64), (100, 32)];

/// How many different people the events are of.
const PEOPLE: u64 = 100_000;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().ok_or("name the built server, such as target/release/touchline")?;
    let burst = Duration::from_secs(arguments.next().map_or(Ok(5), |seconds| seconds.parse())?);
    let long = Duration::from_secs(arguments.next().map_or(Ok(20), |seconds| seconds.parse())?);
    println!("{} cores, one machine for server and load generator.", thread::available_parallelism()?);
    println!("| batch | connections | events/s | p50 | p99 | slowest | server memory | cores server | cores load | sent away |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (size, connections) in CONNECTIONS {
        let mut runs = (0..3).map(|_| run(&binary, size, connections, burst)).collect::<Outcome<Vec<_>>>()?;
        runs.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
        println!("{}", runs[1].line(size, connections));
    }
    let (size, connections) = CONNECTIONS[2];
    let sustained = run(&binary, size, connections, long)?;
    println!("{} over {long:?}", sustained.line(size, connections));
    let (syncs, bytes) = disk()?;
    println!(
        "The same disk, one writer: {syncs:.0} fsyncs/s of 4 KiB each, {:.0} MB/s written and synced by 1 MiB.",
        bytes / 1e6
    );
    Ok(())
}

/// Is what a run measured.
struct Run {
    events: u64,
    spent: f64,
    /// In microseconds, sorted.
    answers: Vec<u32>,
    away: u64,
    memory: u64,
    server: f64,
    load: f64,
}

impl Run {
    fn rate(&self) -> f64 {
        self.events as f64 / self.spent
    }

    fn line(&self, size: usize, connections: usize) -> String {
        let at = |share: f64| f64::from(self.answers[((self.answers.len() - 1) as f64 * share) as usize]) / 1e3;
        format!(
            "| {size} | {connections} | {:.0} | {:.1} ms | {:.1} ms | {:.1} ms | {} MB | {:.2} | {:.2} | {} |",
            self.rate(),
            at(0.5),
            at(0.99),
            at(1.0),
            self.memory / 1_000_000,
            self.server / self.spent,
            self.load / self.spent,
            self.away
        )
    }
}

/// Is a server of its own, ended when it goes.
struct Server {
    child: Child,
    address: String,
    key: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(binary: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(".")?;
        let data = folder.path().join("data");
        let data = data.to_str().ok_or("the folder has a strange name")?.to_owned();
        let made = Command::new(binary).args(["init", "--data", &data, "--template", "shop", "--format", "json"]).output()?;
        let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
        let key = made["source"]["write_key"].as_str().ok_or("the new directory has no source")?.to_owned();
        let mut child = Command::new(binary)
            .args(["serve", "--data", &data, "--bind", "127.0.0.1:0", "--format", "json"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the server says nothing")?).read_line(&mut line)?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let address = said["address"].as_str().ok_or("the server has no address")?.trim_start_matches("http://").to_owned();
        Ok(Self { child, address, key, _folder: folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(binary: &str, size: usize, connections: usize, time: Duration) -> Outcome<Run> {
    let server = Server::start(binary)?;
    let next = AtomicU64::new(0);
    let begin = Barrier::new(connections + 1);
    let pid = server.child.id().to_string();
    let (memory, events, spent, parts, server_time, load_time) = thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| {
                let (server, next, begin) = (&server, &next, &begin);
                scope.spawn(move || client(server, size, next, begin, time))
            })
            .collect();
        begin.wait();
        let (watch, server_before, load_before) = (Instant::now(), processor_time(&pid), processor_time("self"));
        let mut memory = 0;
        while watch.elapsed() < time {
            thread::sleep(Duration::from_millis(100));
            memory = memory.max(resident(&pid));
        }
        let parts: Vec<_> =
            clients.into_iter().map(|client| client.join().unwrap_or_else(|_| Err("a client broke".into()))).collect();
        let spent = watch.elapsed().as_secs_f64();
        let events = parts.iter().flatten().map(|(events, ..)| events).sum::<u64>();
        let (server_time, load_time) = (processor_time(&pid) - server_before, processor_time("self") - load_before);
        (memory, events, spent, parts, server_time, load_time)
    });
    let (mut answers, mut away) = (Vec::new(), 0);
    for part in parts {
        let (_, times, refused) = part?;
        answers.extend(times);
        away += refused;
    }
    answers.sort_unstable();
    Ok(Run { events, spent, answers, away, memory, server: server_time, load: load_time })
}

/// Sends batches until the time is over; returns the events taken, the times of the answers, and how often it was sent
/// away.
fn client(server: &Server, size: usize, next: &AtomicU64, begin: &Barrier, time: Duration) -> Outcome<(u64, Vec<u32>, u64)> {
    let stream = TcpStream::connect(&server.address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut request, places) = request(&server.key, size);
    let (mut events, mut answers, mut away) = (0, Vec::new(), 0);
    begin.wait();
    let until = Instant::now() + time;
    while Instant::now() < until {
        let first = next.fetch_add(size as u64, Ordering::Relaxed);
        for (number, (id, user)) in (first..).zip(&places) {
            // The people come in no order, as they do.
            let person = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % PEOPLE;
            digits(&mut request[*id..*id + 12], number);
            digits(&mut request[*user..*user + 12], person);
        }
        let watch = Instant::now();
        stream.get_mut().write_all(&request)?;
        let status = answer(&mut stream)?;
        if status == 200 {
            answers.push(u32::try_from(watch.elapsed().as_micros()).unwrap_or(u32::MAX));
            events += size as u64;
        } else {
            away += 1;
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok((events, answers, away))
}

/// Makes a request, and says where in it the ids of messages and people stand.
fn request(key: &str, size: usize) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut body = format!("{{\"writeKey\":\"{key}\",\"sentAt\":\"2026-11-25T12:00:00.000Z\",\"batch\":[").into_bytes();
    let mut places = Vec::new();
    for n in 0..size {
        if n > 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"{\"type\":\"track\",\"event\":\"Product Viewed\",\"messageId\":\"node-");
        let id = body.len();
        body.extend_from_slice(b"000000000000\",\"userId\":\"customer-");
        let user = body.len();
        body.extend_from_slice(
            b"000000000000\",\"timestamp\":\"2026-11-25T12:00:00.000Z\",\"properties\":{\"product_id\":\"507f1f77\",\
              \"category\":\"Games\",\"price\":18.99,\"position\":3},\"context\":{\"library\":{\"name\":\"analytics-node\",\
              \"version\":\"2.2.0\"}}}",
        );
        places.push((id, user));
    }
    body.extend_from_slice(b"]}");
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nUser-Agent: analytics-node/2.2.0\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let shift = head.len();
    let places = places.into_iter().map(|(id, user)| (id + shift, user + shift)).collect();
    (head.into_bytes().into_iter().chain(body).collect(), places)
}

fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Reads an answer and returns its status.
fn answer(stream: &mut BufReader<TcpStream>) -> Outcome<u16> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or("no answer")?.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}

/// Returns the processor time of a process so far, in seconds.
fn processor_time(pid: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // User and system time, in hundredths of a second on every Linux.
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Returns the memory of a process, in bytes.
fn resident(pid: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// Measures the disk: fsyncs a second after 4 KiB each, and bytes a second by 1 MiB.
fn disk() -> Outcome<(f64, f64)> {
    let folder = tempfile::tempdir_in(".")?;
    let rate = |name: &str, bytes: usize| -> Outcome<f64> {
        let mut file = File::create(Path::new(folder.path()).join(name))?;
        let (data, watch, mut count) = (vec![7; bytes], Instant::now(), 0);
        while watch.elapsed() < Duration::from_secs(2) {
            file.write_all(&data)?;
            file.sync_data()?;
            count += 1;
        }
        Ok(f64::from(count) / watch.elapsed().as_secs_f64())
    };
    Ok((rate("small", 4 << 10)?, rate("large", 1 << 20)? * (1 << 20) as f64))
}
