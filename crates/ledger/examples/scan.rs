//! Measures the ledger: appends in batches, then scans before and after compaction.
//!
//! `cargo run --release -p ledger --example scan -- [ROWS] [PEOPLE] [FOLDER]`; 10 million rows of 1 million people in
//! a temporary folder unless told otherwise. Prints medians of five scans, and, where the system tells them (Linux),
//! the peak of memory and the processor time, which also holds on a machine that is busy with other things.

use analysis::sequence::{Fold, Rows};
use ledger::{Ledger, alone};
use model::time::DAY;
use model::{ActorId, Currency, Direction, Flags, Form, Instant, Interaction, InteractionId, Score, SignalId};
use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::Instant as Clock;

/// Is how many rows come in one append.
const BATCH: u64 = 250_000;
/// Is how many threads scan.
const THREADS: usize = 2;

/// Counts, so that the time is the ledger's own.
#[derive(Default)]
struct Count {
    rows: u64,
    people: u64,
    value: i64,
}

impl Fold for Count {
    fn take(&mut self, rows: &Rows) {
        self.rows += rows.len() as u64;
        self.people += rows.person.chunk_by(|one, other| one == other).count() as u64;
        self.value += rows.value.iter().sum::<i64>();
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.people += other.people;
        self.value += other.value;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let people: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut out = stdout();

    let mut ledger = Ledger::open(&folder)?;
    let mut spent = Spent::default();
    for first in (0..rows).step_by(BATCH as usize) {
        let batch: Vec<_> = (first..rows.min(first + BATCH)).map(|n| interaction(n, people)).collect();
        spent = spent + measure(|| ledger.append(batch, &alone))?.1;
    }
    writeln!(out, "append   {:>12.0} rows/s, batches of {BATCH}, fsync and dedupe included, {spent}", rows as f64 / spent.wall)?;
    writeln!(out, "memory   {:>12} peak so far", peak())?;
    scans(&ledger, rows, "many files")?;

    let (done, spent) = measure(|| ledger.compact(&alone))?;
    writeln!(out, "compact  {:>12.0} rows/s, {} files to {}, {spent}", rows as f64 / spent.wall, done.replaced, done.written)?;
    let bytes: u64 = ledger.files().iter().map(|file| file.bytes).sum();
    writeln!(out, "size     {:>12.1} bytes a row", bytes as f64 / rows as f64)?;
    scans(&ledger, rows, "one file a bucket")?;

    drop(ledger);
    let mut ledger = Ledger::open(&folder)?;
    let again = (0..1000).map(|n| interaction(n, people)).collect();
    let (again, spent) = measure(|| ledger.append(again, &alone))?;
    writeln!(
        out,
        "reload   {:>12.3} s for the first append after opening, {} duplicates, {spent}",
        spent.wall, again.duplicates
    )?;
    writeln!(out, "memory   {:>12} peak", peak())?;
    Ok(())
}

/// Scans five times and prints the median.
fn scans(ledger: &Ledger, rows: u64, what: &str) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for _ in 0..5 {
        let (count, spent) = measure(|| ledger.scan(&alone, THREADS, Count::default))?;
        all.push(spent);
        if count.rows != rows {
            return Err(format!("{} rows were scanned, {rows} are stored", count.rows).into());
        }
    }
    all.sort_by(|one, other| one.wall.total_cmp(&other.wall));
    let (median, least) = (all[2], all.iter().map(|spent| spent.cpu).fold(f64::INFINITY, f64::min));
    writeln!(stdout(), "scan     {:>12.3} s median, {THREADS} threads, {what}, {median}, at least {least:.2}", median.wall)?;
    Ok(())
}

/// Is what something took, in seconds.
#[derive(Clone, Copy, Default)]
struct Spent {
    wall: f64,
    /// Of all threads together.
    cpu: f64,
}

impl std::ops::Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "processor time {:.2} s", self.cpu)
    }
}

/// Does something and tells what it took.
fn measure<T>(work: impl FnOnce() -> ledger::Result<T>) -> ledger::Result<(T, Spent)> {
    let (start, before) = (Clock::now(), processor_time());
    let outcome = work()?;
    Ok((outcome, Spent { wall: start.elapsed().as_secs_f64(), cpu: processor_time() - before }))
}

/// Returns the processor time of this process so far, in seconds; 0 where the system does not tell.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // User and system time are the 14th and 15th field of the line, in hundredths of a second.
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Makes an interaction that looks real to the encodings: 90 days, 20 signals, mostly without money or answer.
fn interaction(n: u64, people: u64) -> Interaction {
    let chance = mix(n);
    let actor = ActorId(mix(mix(n ^ 0x5eed) % people));
    let at = 1_767_225_600_000_000 + (mix(chance) % (90 * DAY as u64)).cast_signed();
    let is_purchase = chance.is_multiple_of(50);
    Interaction {
        id: InteractionId(u128::from(chance) << 64 | u128::from(mix(chance ^ 1))),
        actor,
        at: Instant(at),
        received: Instant(at + (chance % 2_000_000).cast_signed()),
        sent: None,
        original: None,
        signal: SignalId((chance % 20) as u32),
        form: if is_purchase { Form::Purchase } else { Form::ALL[(chance % 5) as usize] },
        direction: if chance.is_multiple_of(3) { Direction::Inbound } else { Direction::Outbound },
        value: is_purchase.then_some((chance % 20_000).cast_signed()),
        cost: (chance % 20 == 1).then_some(12),
        currency: (is_purchase || chance % 20 == 1).then_some(Currency::EUR),
        score: if chance % 100 == 7 { Score::new(model::Scale::Five, (chance % 5) as i16 + 1) } else { None },
        reply_to: None,
        offer: None,
        arm: None,
        campaign: (chance.is_multiple_of(4)).then(|| format!("campaign-{}", chance % 12)),
        conversation: None,
        flags: Flags::CONSENT,
        props: (chance.is_multiple_of(3)).then(|| format!("{{\"page\":{}}}", chance % 300)),
    }
}

/// Scatters a number over 64 bits (the finaliser of SplitMix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

/// Returns the peak of memory as the system tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
