//! What the fuzzer has found and what it began with, checked again in every run.

#[path = "../../../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// Replays a corpus, each case whole and cut off at every hundredth of its length.
#[track_caller]
fn replay(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let cases: Vec<_> = fs::read_dir(&folder).expect("lists").map(|entry| entry.expect("lists").path()).collect();
    assert!(cases.len() >= 5, "{corpus}: {cases:?}");
    for case in cases {
        let data = fs::read(&case).expect("reads");
        let step = (data.len() / 100).max(1);
        (0..data.len()).step_by(step).for_each(|end| check(&data[..end]));
        check(&data);
    }
}

#[test]
fn events() {
    replay("events", checks::events);
}

#[test]
fn mappings() {
    replay("mapping", checks::mapping);
}
