//! Measures identity: time and memory to resolve many facts, the cost of one more, and scans while people are unsettled.
//!
//! `cargo run --release -p touchline --example identity -- [FACTS] [ROWS]`; 10 million facts and as many rows unless told
//! otherwise. One device in fifty is shared, one fact in ten names an address. Prints the median of five scans and, where
//! the system tells them (Linux), memory.

use analysis::sequence::{Fold, Rows};
use ledger::{Ledger, Resolve, alone};
use model::{
    ActorId, Direction, Flags, Form, IdentityFact, Instant, Interaction, InteractionId, Link, Named, Namespace, PersonId,
};
use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant as Clock;
use touchline::features::people::Graph;

/// Is how many facts come one by one at the end.
const SINGLE: u64 = 100_000;
/// Is how many rows come in one append.
const BATCH: u64 = 250_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let facts: u64 = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let rows: u64 = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    resolve(facts)?;
    if rows > 0 { scan(rows) } else { Ok(()) }
}

fn resolve(facts: u64) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    let before = memory();
    let start = Clock::now();
    let mut graph = Graph::default();
    graph.learn((0..facts).map(fact));
    let learnt = start.elapsed().as_secs_f64();
    graph.settle();
    let all = start.elapsed().as_secs_f64();
    let bytes = memory().saturating_sub(before);
    let shared = graph.unread().len();
    writeln!(
        out,
        "resolve  {:>12.0} facts/s: {facts} facts in {all:.2} s, of it {:.2} s for {shared} shared devices",
        facts as f64 / all,
        all - learnt
    )?;
    writeln!(out, "memory   {:>12.1} bytes a fact, {} identities, {} MB", bytes as f64 / facts as f64, graph.len(), bytes >> 20)?;
    let mut worst = 0.0_f64;
    let start = Clock::now();
    for number in facts..facts + SINGLE {
        let begin = Clock::now();
        graph.watch();
        graph.learn([fact(number)]);
        graph.settle();
        graph.changed(|_| false);
        worst = worst.max(begin.elapsed().as_secs_f64());
    }
    let each = start.elapsed().as_secs_f64() / SINGLE as f64;
    writeln!(out, "one more {:>12.2} µs each, one by one; the slowest {:.2} ms", each * 1e6, worst * 1e3)?;
    let start = Clock::now();
    let people: u64 = (0..1_000_000).map(|number| graph.person_of(actor(DEVICE, number % facts)).0 & 1).sum();
    writeln!(out, "look up  {:>12.2} µs each ({people} odd)", start.elapsed().as_secs_f64())?;
    Ok(())
}

const USER: u64 = 1 << 60;
const DEVICE: u64 = 2 << 60;
const EMAIL: u64 = 3 << 60;

fn actor(kind: u64, number: u64) -> ActorId {
    ActorId(mix(kind | number))
}

/// Makes a fact: a user of three or four devices, some of which are somebody else's too.
fn fact(number: u64) -> IdentityFact {
    let user = number / 4;
    let named = |kind, name, number| Named { actor: actor(kind, number), namespace: Namespace::of(name) };
    let other = match number % 50 {
        0..5 => named(EMAIL, "email", user),
        // The device of the fact before, which is somebody else's.
        49 => named(DEVICE, "device", number.saturating_sub(3)),
        _ => named(DEVICE, "device", number),
    };
    let at = Instant(1_767_225_600_000_000 + (mix(number) % 7_776_000_000_000).cast_signed());
    IdentityFact::between(named(USER, "user", user), other, Link::Together, at).expect("a user is no device")
}

/// Counts, so that the time is the ledger's own.
#[derive(Default)]
struct Count(u64);

impl Fold for Count {
    fn take(&mut self, rows: &Rows) {
        self.0 += rows.len() as u64;
    }

    fn merge(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// Says that some parts in a thousand of the people are unsettled.
struct Unsettled(u64);

impl Resolve for Unsettled {
    fn has_unsettled(&self) -> bool {
        self.0 > 0
    }

    fn is_unsettled(&self, written: PersonId) -> bool {
        mix(written.0) % 1_000 < self.0
    }

    fn person_of(&self, actor: ActorId, _: Instant) -> PersonId {
        actor.into()
    }
}

fn scan(rows: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut ledger = Ledger::open(folder.path())?;
    for first in (0..rows).step_by(BATCH as usize) {
        ledger.append((first..rows.min(first + BATCH)).map(|number| row(number, rows / 10)).collect(), &alone)?;
    }
    ledger.compact(&alone)?;
    for parts in [0, 10, 100] {
        let mut all = Vec::new();
        for _ in 0..5 {
            let start = Clock::now();
            let count = ledger.scan(&Unsettled(parts), 2, Count::default)?.0;
            assert_eq!(count, rows, "every row comes once");
            all.push(start.elapsed().as_secs_f64());
        }
        all.sort_by(f64::total_cmp);
        writeln!(stdout(), "scan     {:>12.3} s median, {rows} rows, {} % of the people unsettled", all[2], parts as f64 / 10.0)?;
    }
    Ok(())
}

fn row(number: u64, people: u64) -> Interaction {
    let chance = mix(number);
    let at = Instant(1_767_225_600_000_000 + (chance % 7_776_000_000_000).cast_signed());
    Interaction {
        id: InteractionId(u128::from(chance) << 64 | u128::from(number)),
        actor: ActorId(mix(chance % people.max(1))),
        at,
        received: at,
        sent: None,
        original: None,
        signal: model::SignalId((chance % 20) as u32),
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
        flags: Flags::default(),
        props: None,
    }
}

/// Scatters a number over 64 bits (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Returns the memory in use, in bytes; 0 where the system does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes * 1024)
}
