//! Measures an erasure: `cargo run --release --example erase -- 1000000 10000`: rows of the ledger, of them the person's.
//!
//! The person has a free text on every tenth of their rows. Goal: 60 s at most for 10,000 of 1 M rows.
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use std::time::Instant as Watch;
use touchline::failure::Result;
use touchline::features::Site;
use touchline::features::capture::{Intake, Rights};
use touchline::platform::clock::system;
use touchline::platform::home::Home;

const BATCH: u64 = 50_000;

fn main() -> Result<()> {
    let number = |place, otherwise| std::env::args().nth(place).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (rows, own): (u64, u64) = (number(1, 1_000_000), number(2, 10_000));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let home = Home::create(&folder.path().join("data"), system())?;
    let every = rows / own.max(1);
    let mut intake = Intake::new(home.stores())?;
    for start in (0..rows).step_by(BATCH as usize) {
        let batch = (start..rows.min(start + BATCH)).map(|k| arrival(k, every)).collect();
        intake.take(batch, Vec::new(), Vec::new())?;
    }
    intake.finish()?;
    drop(intake);
    let site = Site::open(home.stores(), false)?;
    let watch = Watch::now();
    let receipt = Rights::new(site.capture.clone()).erase(&person(0))?;
    let seconds = watch.elapsed().as_secs_f64();
    let removed = receipt.map(|receipt| receipt.removed).unwrap_or_default();
    println!("erased {} of {rows} interactions in {seconds:.2} s, {} files written anew", removed.interactions, removed.files);
    println!("left: {} interactions in {} files", home.ledger().count(), home.ledger().files().len());
    Ok(())
}

/// Every so many rows one is of person 0; the others are of 50,000 people.
fn arrival(k: u64, every: u64) -> Arrival {
    let own = k.is_multiple_of(every);
    let who = if own { 0 } else { 1 + k % 50_000 };
    let signature = Signature { source: "site".into(), event: "page".into(), ..Signature::default() };
    let at = Instant(1_700_000_000_000_000 + i64::try_from(k).unwrap_or_default() * 1_000_000);
    Arrival {
        identities: vec![person(who)],
        props: Some(format!(r#"{{"page":"/p/{}"}}"#, k % 1_000)),
        text: (own && k.is_multiple_of(every * 10)).then(|| format!("what I wanted to say, part {k}")),
        ..Arrival::new(format!("message-{k}").into_bytes(), signature, at, Form::Visit, Direction::Inbound)
    }
}

fn person(number: u64) -> Identity {
    Identity::new("customer", &format!("customer-{number}")).expect("is not blank")
}
