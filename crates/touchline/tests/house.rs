//! The rules of the house, checked like everything else: order of rooms, owners of tables, mirrored names, file
//! headers, and which crate may know what.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, in order: a room may use those before it.
const ROOMS: [&str; 10] =
    ["account", "goals", "map", "people", "capture", "conversations", "outreach", "feedback", "measure", "improve"];

/// Rooms that have a page of documentation.
const DOCUMENTED: [&str; 10] =
    ["account", "goals", "map", "people", "capture", "conversations", "outreach", "feedback", "measure", "improve"];

/// Which crate may use which of our own: nothing else.
const CRATES: [(&str, &[&str]); 6] = [
    ("model", &[]),
    ("analysis", &["model"]),
    ("ledger", &["model", "analysis"]),
    ("state", &[]),
    ("testkit", &["model"]),
    ("touchline", &["model", "analysis", "ledger", "state", "testkit"]),
];

/// What each crate must never know, however indirectly it is tempted.
const UNKNOWN_TO: [(&str, &[&str]); 3] = [
    ("model", &["tokio", "sqlx", "axum", "parquet", "arrow-array", "deltalake-core", "jiff"]),
    ("analysis", &["tokio", "sqlx", "axum", "parquet", "deltalake-core", "jiff"]),
    ("ledger", &["sqlx", "axum"]),
];

/// What the binary must not hold: a SQL engine over the ledger, or a second SQLite.
const NEVER: [&str; 5] = ["datafusion", "datafusion-common", "deltalake", "rusqlite", "openssl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns every file below a folder whose name ends so; an absent folder has none.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("lists").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn features() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/features")
}

/// Returns the room of a file under `features`; `mod.rs` of the folder itself belongs to none.
fn room_of(path: &Path) -> Option<&'static str> {
    let inside = path.strip_prefix(features()).expect("is inside");
    let first = inside.components().next()?.as_os_str().to_string_lossy().into_owned();
    ROOMS.into_iter().find(|room| *room == first)
}

/// Finds the rooms that a source names as `features::ROOM` or `super::super::ROOM`, alone or in braces.
fn rooms_named(source: &str) -> BTreeSet<&'static str> {
    let mut named = BTreeSet::new();
    for (at, _) in source.match_indices("features::") {
        let rest = &source[at + "features::".len()..];
        let list = if rest.starts_with('{') { &rest[..rest.find(';').unwrap_or(rest.len())] } else { rest };
        let words: Vec<&str> = list.split(|sign: char| !sign.is_alphanumeric() && sign != '_').collect();
        let words = if rest.starts_with('{') { &words[..] } else { &words[..1] };
        named.extend(ROOMS.into_iter().filter(|room| words.contains(room)));
    }
    named
}

#[test]
fn a_room_uses_only_rooms_before_it() {
    let mut checked = 0;
    for path in files(&features(), ".rs") {
        let Some(room) = room_of(&path) else { continue };
        let place = |room| ROOMS.iter().position(|known| *known == room);
        for other in rooms_named(&read(&path)) {
            checked += 1;
            assert!(place(other) <= place(room), "{}: `{room}` must not use `{other}`, which comes later", path.display());
        }
    }
    assert!(checked >= 3, "the search finds too little to be right: {checked}");
}

#[test]
fn plumbing_knows_no_room() {
    let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/platform");
    for path in files(&platform, ".rs") {
        assert!(!read(&path).contains("features::"), "{} knows a room", path.display());
    }
}

#[test]
fn every_room_is_listed_in_order() {
    let listed = read(&features().join("mod.rs"));
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, ROOMS);
}

/// Returns each table with the room that the name of its migration gives.
fn owners() -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for path in files(&root().join("crates/state/migrations"), ".sql") {
        let name = path.file_stem().expect("has a name").to_string_lossy().into_owned();
        let room = name.split('_').nth(1).expect("is NNNN_room_what").to_owned();
        let known = ROOMS.contains(&room.as_str()) || room == "house";
        assert!(known, "{name}: `{room}` is no room");
        for line in read(&path).lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                let table = rest.split([' ', '(']).next().expect("has a name").to_owned();
                assert_eq!(owners.insert(table.clone(), room.clone()), None, "{table} is made twice");
            }
        }
    }
    owners
}

/// Finds the tables that a source reads or writes: the words after the keywords that name one.
fn tables_named(source: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for keyword in ["FROM ", "JOIN ", "INTO ", "UPDATE "] {
        for (at, _) in source.match_indices(keyword) {
            let rest = source[at + keyword.len()..].trim_start();
            let table: String = rest.chars().take_while(|sign| sign.is_ascii_lowercase() || *sign == '_').collect();
            named.insert(table);
        }
    }
    named
}

#[test]
fn a_table_has_one_owner() {
    let owners = owners();
    assert!(owners.len() >= 10, "{owners:?}");
    let mut checked = 0;
    for path in files(&features(), ".rs") {
        let Some(room) = room_of(&path) else { continue };
        // Tests may look anywhere.
        let source = read(&path);
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for table in tables_named(source) {
            if let Some(owner) = owners.get(&table) {
                checked += 1;
                assert_eq!(owner, room, "{}: the table `{table}` belongs to `{owner}`", path.display());
            }
        }
    }
    assert!(checked >= 8, "the search finds too little to be right: {checked}");
}

#[test]
fn names_are_the_same_on_every_floor() {
    for room in DOCUMENTED {
        assert!(root().join("docs").join(format!("{room}.md")).exists(), "docs/{room}.md is missing");
    }
    // What does not exist yet is not asked for; what exists must bear the name of a room.
    let pages = fs::read_dir(root().join("web/src/features")).into_iter().flatten();
    for page in pages {
        let name = page.expect("lists").file_name().to_string_lossy().into_owned();
        assert!(ROOMS.contains(&name.as_str()), "web/src/features/{name} is no room");
    }
}

#[test]
fn every_file_says_what_it_is() {
    let all = files(&root().join("crates"), ".rs");
    assert!(all.len() > 40, "{}", all.len());
    for path in all {
        assert!(read(&path).starts_with("//!"), "{} does not begin with what it is", path.display());
    }
}

/// Returns the names below `[dependencies]` in a crate's manifest.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
    let manifest: toml::Table = manifest.parse().expect("is TOML");
    manifest.get("dependencies").and_then(toml::Value::as_table).map(|all| all.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn crates_point_one_way() {
    let ours: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in CRATES {
        for used in dependencies(name).iter().filter(|used| ours.contains(&used.as_str())) {
            assert!(allowed.contains(&used.as_str()), "`{name}` must not use `{used}`");
        }
    }
    let present = fs::read_dir(root().join("crates")).expect("lists");
    let present: BTreeSet<String> =
        present.map(|entry| entry.expect("lists").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(present, ours.into_iter().map(str::to_owned).collect(), "a new crate needs a place in the drawing");
}

#[test]
fn crates_know_only_what_they_may() {
    for (name, unknown) in UNKNOWN_TO {
        let used = dependencies(name);
        for forbidden in unknown {
            assert!(!used.contains(*forbidden), "`{name}` must not know `{forbidden}`");
        }
    }
    let lock: toml::Table = read(&root().join("Cargo.lock")).parse().expect("is TOML");
    let packages = lock["package"].as_array().expect("is a list");
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package.get("name")?.as_str()).collect();
    assert!(names.contains("touchline"));
    for forbidden in NEVER {
        assert!(!names.contains(forbidden), "`{forbidden}` must not be in the binary");
    }
}
