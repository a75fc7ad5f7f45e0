//! What the fuzzer has found and what it began with, checked again in every run.

#[path = "../../../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;
use testkit::Rng;

/// How often each case is changed at random. `TOUCHLINE_FUZZ` asks for more, where no fuzzer can be built.
const CHANGES: usize = 50;

/// Replays a corpus: each case whole, cut off at every hundredth of its length, and changed at random from a seed.
#[track_caller]
fn replay(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let mut cases: Vec<_> = fs::read_dir(&folder).expect("lists").map(|entry| entry.expect("lists").path()).collect();
    assert!(cases.len() >= 5, "{corpus}: {cases:?}");
    cases.sort();
    let changes = std::env::var("TOUCHLINE_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(CHANGES);
    let cases: Vec<Vec<u8>> = cases.iter().map(|case| fs::read(case).expect("reads")).collect();
    let mut lot = Rng::new(2025, 0);
    for data in &cases {
        let step = (data.len() / 100).max(1);
        (0..data.len()).step_by(step).for_each(|end| check(&data[..end]));
        check(data);
        for _ in 0..changes {
            check(&changed(data, &cases, &mut lot));
        }
    }
}

/// Changes a few places: bytes of any value or of meaning, parts doubled, lost, or taken from another case.
fn changed(data: &[u8], cases: &[Vec<u8>], lot: &mut Rng) -> Vec<u8> {
    const MEANING: &[u8] = b"\"\\{}[]:,\n\0-+.eE09u\xff";
    let mut changed = data.to_vec();
    for _ in 0..=lot.below(4) {
        let at = lot.below(changed.len() + 1);
        let end = (at + lot.below(32)).min(changed.len());
        match lot.below(5) {
            0 if at < changed.len() => changed[at] = lot.below(256) as u8,
            1 => changed.insert(at, MEANING[lot.below(MEANING.len())]),
            2 => drop(changed.drain(at..end)),
            3 => {
                let part = changed[at..end].to_vec();
                changed.splice(at..at, part);
            }
            _ => {
                let other = &cases[lot.below(cases.len())];
                let from = lot.below(other.len());
                let to = (from + lot.below(64)).min(other.len());
                changed.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    changed
}

#[test]
fn events() {
    replay("events", checks::events);
}

#[test]
fn mappings() {
    replay("mapping", checks::mapping);
}
