//! `touchline demo`, as a person uses it.

mod common;

use common::{refuses, works};

#[test]
fn a_company_is_made_for_every_template() {
    let folder = tempfile::tempdir().expect("folder");
    for template in model::catalogue::TEMPLATES {
        let args = ["demo", "--template", template, "--people", "50", "--data", template, "--no-serve", "--format", "json"];
        let made: serde_json::Value = serde_json::from_str(&works(folder.path(), &args)).expect("is JSON");
        assert_eq!(made["people"], 50);
        assert!(made["interactions"].as_u64().expect("is a number") > 200, "{made}");
        works(folder.path(), &["map", "show", "--data", template]);
    }
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    refuses(folder.path(), &["demo", "--template", "onlin-shop", "--no-serve"], &["Did you mean `online-shop`?"]);
    refuses(folder.path(), &["demo", "--people", "0", "--no-serve"], &["--people"]);
    std::fs::write(folder.path().join("letter.txt"), "dear").expect("writes");
    refuses(folder.path(), &["demo", "--data", ".", "--no-serve"], &["not empty"]);
}
