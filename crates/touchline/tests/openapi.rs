//! The OpenAPI document is a file that others generate their client from: it changes only on purpose.

use std::path::Path;
use std::sync::Arc;
use touchline::features::{Site, document, measure::NoReports};

/// `UPDATE_SNAPSHOTS=1 cargo test --test openapi` writes the file anew.
#[tokio::test]
async fn the_committed_document_is_current() {
    let dir = tempfile::tempdir().expect("folder");
    let state = state::State::create(&dir.path().join("state.sqlite")).await.expect("opens");
    let site = Site { state, clock: touchline::platform::clock::system(), https: false, reports: Arc::new(NoReports) };
    let current = document(&site).to_pretty_json().expect("serialises") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes the folder");
        std::fs::write(&path, &current).expect("writes");
    }
    let committed = std::fs::read_to_string(&path).expect("web/openapi.json is committed");
    assert!(committed == current, "web/openapi.json is not current: run with UPDATE_SNAPSHOTS=1 and commit it");
}
