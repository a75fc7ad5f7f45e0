//! Measures the ledger: appends in batches, then scans before and after compaction.
//!
//! `cargo run --release -p ledger --example scan -- [ROWS] [PEOPLE] [FOLDER]`; 10 million rows of 1 million people in
//! a temporary folder unless told otherwise. Prints medians of five scans, and the peak of memory where the system
//! tells it (Linux).

use analysis::sequence::{Fold, Rows};
use ledger::Ledger;
use model::time::DAY;
use model::{ActorId, Currency, Direction, Flags, Form, Instant, Interaction, InteractionId, PersonId, Score, SignalId};
use std::collections::HashMap;
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
    let mut seconds = 0.0;
    for first in (0..rows).step_by(BATCH as usize) {
        let batch: Vec<_> = (first..rows.min(first + BATCH)).map(|n| interaction(n, people)).collect();
        let start = Clock::now();
        ledger.append(batch, &PersonId::from)?;
        seconds += start.elapsed().as_secs_f64();
    }
    writeln!(out, "append   {:>12.0} rows/s, batches of {BATCH}, fsync and dedupe included", rows as f64 / seconds)?;
    writeln!(out, "memory   {:>12} peak so far", peak())?;
    scans(&ledger, rows, "many files")?;

    let start = Clock::now();
    let done = ledger.compact(&HashMap::new())?;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "compact  {:>12.0} rows/s, {} files to {}", rows as f64 / seconds, done.replaced, done.written)?;
    let bytes: u64 = ledger.files().iter().map(|file| file.bytes).sum();
    writeln!(out, "size     {:>12.1} bytes a row", bytes as f64 / rows as f64)?;
    scans(&ledger, rows, "one file a bucket")?;

    drop(ledger);
    let mut ledger = Ledger::open(&folder)?;
    let start = Clock::now();
    let again = ledger.append((0..1000).map(|n| interaction(n, people)).collect(), &PersonId::from)?;
    writeln!(
        out,
        "reload   {:>12.3} s for the first append after opening, {} duplicates",
        start.elapsed().as_secs_f64(),
        again.duplicates
    )?;
    writeln!(out, "memory   {:>12} peak", peak())?;
    Ok(())
}

/// Scans five times and prints the median.
fn scans(ledger: &Ledger, rows: u64, what: &str) -> Result<(), Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let start = Clock::now();
        let count = ledger.scan(&HashMap::new(), THREADS, Count::default)?;
        seconds.push(start.elapsed().as_secs_f64());
        if count.rows != rows {
            return Err(format!("{} rows were scanned, {rows} are stored", count.rows).into());
        }
    }
    seconds.sort_by(f64::total_cmp);
    writeln!(stdout(), "scan     {:>12.3} s median, {THREADS} threads, {what}", seconds[2])?;
    Ok(())
}

/// Makes an interaction that looks real to the encodings: 90 days, 20 signals, mostly without money or answer.
fn interaction(n: u64, people: u64) -> Interaction {
    let chance = mix(n);
    let actor = ActorId(mix(mix(n ^ 0x5eed) % people));
    let at = 1_767_225_600_000_000 + (mix(chance) % (90 * DAY as u64)).cast_signed();
    let is_purchase = chance % 50 == 0;
    Interaction {
        id: InteractionId(u128::from(chance) << 64 | u128::from(mix(chance ^ 1))),
        actor,
        at: Instant(at),
        received: Instant(at + (chance % 2_000_000).cast_signed()),
        sent: None,
        original: None,
        signal: SignalId((chance % 20) as u32),
        form: if is_purchase { Form::Purchase } else { Form::ALL[(chance % 5) as usize] },
        direction: if chance % 3 == 0 { Direction::Inbound } else { Direction::Outbound },
        value: is_purchase.then_some((chance % 20_000).cast_signed()),
        cost: (chance % 20 == 1).then_some(12),
        currency: (is_purchase || chance % 20 == 1).then_some(Currency::EUR),
        score: if chance % 100 == 7 { Score::new(model::Scale::Five, (chance % 5) as i16 + 1) } else { None },
        reply_to: None,
        offer: None,
        arm: None,
        campaign: (chance % 4 == 0).then(|| format!("campaign-{}", chance % 12)),
        conversation: None,
        flags: Flags::CONSENT,
        props: (chance % 3 == 0).then(|| format!("{{\"page\":{}}}", chance % 300)),
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
