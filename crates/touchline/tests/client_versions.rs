//! The page on other makers' clients names the versions that the suite really plays.

use serde_json::Value;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Are in the lock files and are no clients: they play them.
const TOOLS: [&str; 3] = ["esbuild", "playwright-core", "requests"];

#[test]
fn the_page_names_every_client_with_its_version() {
    let page = read("docs/capture/clients.md");
    let lock: Value = serde_json::from_str(&read("e2e/clients/package-lock.json")).expect("is JSON");
    let wanted = lock["packages"][""]["devDependencies"].as_object().expect("is an object");
    let from_npm = wanted.iter().map(|(name, _)| {
        let version = lock["packages"][format!("node_modules/{name}")]["version"].as_str().expect("is a text");
        (name.clone(), version.to_owned())
    });
    let requirements = read("e2e/clients/requirements.txt");
    let from_pypi = requirements.lines().filter_map(|line| line.split_once("=="));
    let from_pypi = from_pypi.map(|(name, version)| (name.to_owned(), version.to_owned()));

    let mut checked = 0;
    for (name, version) in from_npm.chain(from_pypi).filter(|(name, _)| !TOOLS.contains(&name.as_str())) {
        // `| name | version |`, where the name may be followed by where it is from or how it was used.
        let is_named = page.lines().any(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let client = cells.next().unwrap_or_default();
            let bare = client.split([',', '(']).next().unwrap_or_default().trim();
            bare == name && cells.next() == Some(version.as_str())
        });
        assert!(is_named, "docs/capture/clients.md does not name {name} {version}: run `TOUCHLINE_WRITE_TABLE=1 make clients`");
        checked += 1;
    }
    assert!(checked >= 20, "{checked}");
}
