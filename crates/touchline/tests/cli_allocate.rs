//! `touchline allocate`, as a person uses it.

mod common;

use common::{refuses, works};
use serde_json::Value;
use std::fs;

const ITEMS: &str = "budget = 2000\n[[items]]\nid = \"ads\"\ntoday = 1500\nresponse = { exponential = { top = 100, rate = 0.001 } }\n\
                     [[items]]\nid = \"mail\"\ntoday = 500\nresponse = { exponential = { top = 60, rate = 0.002 } }\n";

#[test]
fn a_budget_is_divided_and_the_moves_are_told() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("items.toml"), ITEMS).expect("writes");
    let allocate = ["allocate", "--items", "items.toml"];
    let out = works(folder.path(), &[&allocate[..], &["--format", "json"]].concat());
    let answer: Value = serde_json::from_str(&out).expect("is JSON");
    let number = |value: &Value| value.as_f64().expect("a number");
    assert!((number(&answer["value"]) - 117.98).abs() < 0.01, "{answer}");
    assert!((number(&answer["items"][1]["spend"]) - 727.44).abs() < 0.01, "{answer}");
    assert_eq!(answer["certified"], true);
    assert_eq!((&answer["moves"][0]["from"], &answer["moves"][0]["to"]), (&Value::from("ads"), &Value::from("mail")));
    let told = works(folder.path(), &allocate);
    assert!(told.contains("Move 227.44 from ads to mail") && told.contains("No other division brings more"), "{told}");
    let rows = works(folder.path(), &[&allocate[..], &["--format", "csv", "--budget", "100"]].concat());
    assert!(rows.starts_with("id,today,spend,brings,marginal\n"), "{rows}");
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    let allocate = ["allocate", "--items", "items.toml"];
    let given = |text: &str| fs::write(folder.path().join("items.toml"), text).expect("writes");
    refuses(folder.path(), &allocate, &["items.toml", "--help"]);
    given("items = []\n");
    refuses(folder.path(), &allocate, &["names no budget", "--budget"]);
    given("budget = 10\nitems = []\n");
    refuses(folder.path(), &allocate, &["no items", "Add at least one"]);
    given(&ITEMS.replace("today = 500", "floor = 5000"));
    refuses(folder.path(), &allocate, &["floors add up to 5000", "Lower a floor"]);
    given(&ITEMS.replace("rate = 0.001", "rates = 0.001"));
    refuses(folder.path(), &allocate, &["rates"]);
    given(&ITEMS.replace("rate = 0.001", "rate = -1"));
    refuses(folder.path(), &allocate, &["`ads`", "above 0"]);
}

/// Weeks whose truth is known: outcomes are 10 + 50·(1 − e^(−spend/300)) of `ads`, and `tv` brings nothing.
#[test]
fn weeks_are_fitted_and_what_brings_nothing_is_not_used() {
    let folder = tempfile::tempdir().expect("folder");
    let mut table = String::from("week,outcomes,ads,tv\n");
    for week in 0..60_u32 {
        let (ads, tv) = (f64::from(week * 37 % 100) * 10.0, f64::from(week * 53 % 90) * 10.0);
        let wobble = f64::from(week * 29 % 7) / 7.0 - 0.43;
        let outcomes = 10.0 + 50.0 * (1.0 - (-ads / 300.0).exp()) + wobble;
        table += &format!("{week},{outcomes},{ads},{tv}\n");
    }
    std::fs::write(folder.path().join("weeks.csv"), table).expect("writes");
    let text = works(folder.path(), &["allocate", "--weekly", "weeks.csv", "--budget", "800", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&text).expect("prints JSON");
    let spend = |at: usize| found["items"][at]["spend"].as_f64().expect("a number");
    assert!(spend(0) > 600.0 && spend(1) < 200.0, "{found}");
    assert!(found["certified"] == true && found["regret"]["draws"].as_u64() > Some(10), "{found}");
    std::fs::write(folder.path().join("few.csv"), "outcomes,ads\n1,2\n2,3\n").expect("writes");
    refuses(folder.path(), &["allocate", "--weekly", "few.csv"], &["2 weeks are too few", "hint:"]);
}
