//! The OpenAPI document is a file that others generate their client from: it changes only on purpose.

mod scratch;

use std::path::Path;
use touchline::features::document;

/// `UPDATE_SNAPSHOTS=1 cargo test --test openapi` writes the file anew.
#[tokio::test]
async fn the_committed_document_is_current() {
    let scratch = scratch::Scratch::new(touchline::platform::clock::system());
    let current = document(&scratch.site()).to_pretty_json().expect("serialises") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes the folder");
        std::fs::write(&path, &current).expect("writes");
    }
    let committed = std::fs::read_to_string(&path).expect("web/openapi.json is committed");
    assert!(committed == current, "web/openapi.json is not current: run with UPDATE_SNAPSHOTS=1 and commit it");
}
