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
