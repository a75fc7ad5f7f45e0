//! The ledger is an open table: other programs read the same facts from it. `make open-table` installs them.

use std::path::Path;
use std::process::Command;

fn run(command: &mut Command) -> serde_json::Value {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("prints JSON")
}

#[test]
#[ignore = "needs Python with Polars, deltalake and DuckDB: run `make open-table`"]
fn polars_and_duckdb_count_what_we_count() {
    let python = std::env::var("TOUCHLINE_PYTHON").expect("TOUCHLINE_PYTHON names a Python with the packages of scripts/requirements.txt");
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let touchline = || Command::new(env!("CARGO_BIN_EXE_touchline"));
    run(touchline().args(["demo", "--people", "500", "--no-serve", "--format", "json", "--data"]).arg(&data));
    let reports = run(touchline().args(["analyze", "map", "--format", "json", "--data"]).arg(&data));
    let totals = &reports[0]["totals"];

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/open_table.py");
    let seen = run(Command::new(python).arg(script).arg(data.join("ledger")));
    for reader in ["polars", "duckdb"] {
        let seen = &seen[reader];
        for (ours, theirs) in [("interactions", "interactions"), ("people", "people"), ("value", "value"), ("outcomes", "outcomes")] {
            assert_eq!(totals[ours], seen[theirs], "{ours} as {reader} sees it");
        }
    }
    assert!(totals["interactions"].as_u64().expect("a number") > 1_000);
}
