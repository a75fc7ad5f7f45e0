//! Measures the one door for arrivals: `cargo run --release --example intake -- 2000000`.
//!
//! Each person has two names on every tenth arrival. The first pass meets everybody; the second brings new messages of
//! known people, which is the usual case; the third brings the second again.
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use std::time::{Duration, Instant as Watch};
use touchline::failure::Result;
use touchline::features::capture::{Intake, Taken};
use touchline::platform::clock::system;
use touchline::platform::home::Home;

const BATCH: u64 = 100_000;

fn main() -> Result<()> {
    let rows: u64 = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let home = Home::create(&folder.path().join("data"), system())?;
    for (pass, from) in [("unknown people", 0), ("known people", rows), ("the same again", rows)] {
        let mut intake = Intake::new(home.stores())?;
        let (mut spent, mut taken) = (Duration::ZERO, Taken::default());
        for start in (0..rows).step_by(BATCH as usize) {
            let batch: Vec<Arrival> =
                (start..rows.min(start + BATCH)).map(|k| arrival(from + k, k % (rows / 20).max(1))).collect();
            let watch = Watch::now();
            let more = intake.take(batch, Vec::new(), Vec::new())?;
            spent += watch.elapsed();
            taken = Taken { added: taken.added + more.added, duplicates: taken.duplicates + more.duplicates };
        }
        let rate = rows as f64 / spent.as_secs_f64();
        println!("{pass}: {rows} arrivals in {:.2} s, {rate:.0}/s, {} added", spent.as_secs_f64(), taken.added);
    }
    Ok(())
}

fn arrival(message: u64, person: u64) -> Arrival {
    let customer = Identity::new("customer", &format!("customer-{person}"));
    let device = Identity::new("device", &format!("device-{person:x}")).filter(|_| message.is_multiple_of(10));
    let signature = Signature {
        source: "site".into(),
        event: "page".into(),
        place: format!("shop.example/p/{}", message % 20),
        ..Signature::default()
    };
    let at = Instant(1_700_000_000_000_000 + i64::try_from(message).unwrap_or_default() * 1_000_000);
    let message_id = format!("message-{message}").into_bytes();
    Arrival {
        identities: customer.into_iter().chain(device).collect(),
        ..Arrival::new(message_id, signature, at, Form::Visit, Direction::Inbound)
    }
}
