//! `docs/limits.md` says what the source says.

use std::fs;
use std::path::Path;

/// Returns the file that a cell of the table names.
fn source(cell: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = cell.trim().trim_matches('`');
    let path = match name.strip_prefix("ledger: ") {
        Some(name) => here.join("../ledger/src").join(name),
        None => here.join("src").join(name),
    };
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_page_of_limits_is_current() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits.md")).expect("is there");
    let mut checked = 0;
    for line in page.lines().filter(|line| line.starts_with('|') && line.contains(".rs`")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, much, _, place, written] = cells[..] else { panic!("five cells: {line}") };
        assert!(!what.is_empty() && !much.is_empty(), "{line}");
        let (name, value) = written.trim_matches('`').split_once(" = ").expect("is NAME = VALUE");
        // A constant, or a field of a default.
        let is_there = source(place).lines().any(|line| {
            let constant = line.contains(&format!("const {name}: ")) && line.contains(&format!("= {value};"));
            constant || line.contains(&format!("{name}: {value}"))
        });
        assert!(is_there, "{place} does not say {written}");
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}
