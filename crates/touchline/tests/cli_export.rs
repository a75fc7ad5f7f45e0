//! `touchline export`, as a person uses it.

mod common;

use common::{refuses, works};
use serde_json::Value;
use std::fs;

#[test]
fn interactions_are_told_in_words_and_names_only_when_asked() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("till.csv"), "no,who,at,sum\n1,ada@example.org,2024-05-01T10:00:00Z,42.50\n").expect("writes");
    let mapping = "source = \"till\"\nid = [\"no\"]\nform = \"purchase\"\nprops = [\"no\"]\n[person]\nidentities = [{ namespace = \"email\", column = \"who\" }]\n\
                   [time]\ncolumn = \"at\"\n[signal]\nevent = \"receipt\"\n[value]\ncolumn = \"sum\"\ncurrency = \"EUR\"\n";
    fs::write(folder.path().join("till.toml"), mapping).expect("writes");
    works(folder.path(), &["init", "--data", "a", "--template", "online-shop"]);
    works(folder.path(), &["import", "till.csv", "--mapping", "till.toml", "--data", "a"]);

    let told = works(folder.path(), &["export", "interactions", "--data", "a", "--format", "json"]);
    let row: Value = serde_json::from_str(&told).expect("one object");
    let expected = [
        ("source", "till"),
        ("event", "receipt"),
        ("form", "purchase"),
        ("value", "42.50"),
        ("currency", "EUR"),
        ("at", "2024-05-01T10:00:00Z"),
    ];
    for (key, value) in expected {
        assert_eq!(row[key], value, "{key}");
    }
    assert_eq!(row["known_by"], serde_json::json!(["email"]));
    assert!(!told.contains("ada") && row.get("props").is_none(), "{told}");

    let personal = works(folder.path(), &["export", "interactions", "--data", "a", "--format", "json", "--personal"]);
    let row: Value = serde_json::from_str(&personal).expect("one object");
    assert_eq!((&row["name"], &row["props"]["no"]), (&"email:ada@example.org".into(), &"1".into()));

    let line = works(folder.path(), &["export", "interactions", "--data", "a"]);
    assert!(line.contains("purchase  inbound") && line.contains("42.50 EUR"), "{line}");
    refuses(folder.path(), &["export", "interactions", "--data", "gone"], &["no data directory"]);
}
