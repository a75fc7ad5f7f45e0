//! `touchline attribution`, as a person uses it.

mod common;

use common::{refuses, works};
use serde_json::Value;
use std::fs;

#[test]
fn paths_become_shares_whatever_the_separator() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("paths.csv");
    for separator in [",", ";", "\t", "|"] {
        let rows = ["path,total_conversions,total_conversion_value,total_null", "ads,2,70,1", "mail,1,35,0", "ads > mail,1,35,0"];
        fs::write(&file, rows.join("\n").replace(',', separator)).expect("writes");
        let out = works(folder.path(), &["attribution", "--paths", "paths.csv", "--format", "json"]);
        let answer: Value = serde_json::from_str(&out).expect("is JSON");
        let markov = |at: usize| answer["channels"][at]["models"]["markov"]["conversions"].as_f64().expect("a number");
        assert!((markov(0) - 2.4).abs() < 1e-9 && (markov(1) - 1.6).abs() < 1e-9, "{answer}");
    }
    assert!(works(folder.path(), &["attribution", "--paths", "paths.csv"]).contains("markov"));
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    let paths = ["attribution", "--paths", "paths.csv"];
    refuses(folder.path(), &paths, &["cannot open `paths.csv`", "hint"]);
    let given = |text: &str| fs::write(folder.path().join("paths.csv"), text).expect("writes");
    given("");
    refuses(folder.path(), &paths, &["empty"]);
    given("path,total_conversion,total_conversion_value,total_null\nads,1,2,3\n");
    refuses(folder.path(), &paths, &["total_conversions", "total_conversion"]);
    given("path,total_conversions,total_conversion_value,total_null\nads,-1,2,3\n");
    refuses(folder.path(), &paths, &["line 2", "-1"]);
}
