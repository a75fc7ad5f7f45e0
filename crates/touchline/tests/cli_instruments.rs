//! `touchline analyze experience | customers | …`, as a person uses them, on the sample company with its planted truths.

mod common;

use common::{refuses, works};
use serde_json::Value;
use std::path::Path;

fn ask(folder: &Path, what: &[&str]) -> Value {
    let args = [&["analyze"][..], what, &["--data", "a", "--format", "json"][..]].concat();
    serde_json::from_str(&works(folder, &args)).expect("is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_sample_company_is_told_by_every_instrument() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["demo", "--people", "1500", "--no-serve", "--data", "a"]);

    // The planted slow channel answers hardly anybody in time, and many wait for nothing.
    let experience = ask(folder, &["experience"]);
    let slow = &experience["answers"][0];
    assert_eq!(slow["touchpoint"], "contact-form");
    assert!(number(&slow["in_time"]["value"]) < 0.1 && number(&slow["unanswered"]) > 0.0, "{slow}");
    assert!(number(&slow["median"]["seconds"]) > 8.0 * 3_600.0, "in opening hours: {slow}");
    let scores = experience["scores"].as_array().expect("a list");
    assert!(scores.iter().all(|score| number(&score["satisfied"]["low"]) <= number(&score["satisfied"]["value"])));

    let customers = ask(folder, &["customers", "--days", "60"]);
    let groups = customers["groups"].as_array().expect("a list");
    let all = number(&customers["customers"]);
    assert!((groups.iter().map(|group| number(&group["customers"])).sum::<f64>() - all).abs() < 1e-9);
    let alive = number(&customers["buying"]["alive"]["value"]);
    assert!(0.0 < alive && alive <= all, "{alive} of {all}");

    let time = ask(folder, &["time-to-convert"]);
    assert_eq!(time["all"]["people"], 1_500);
    assert_eq!(number(&time["all"]["converted"]), all, "who has converted is a customer");

    // The sample company ends today, so the day of the change is taken from its own time: half a year, and its middle.
    let window = &ask(folder, &["map"])[0]["window"];
    let middle = (window["from"].as_i64().expect("a time") + window["to"].as_i64().expect("a time")) / 2;
    let day = jiff::Timestamp::from_microsecond(middle).expect("a time").strftime("%Y-%m-%d").to_string();
    let change = ask(folder, &["before-after", "--on", &day, "--weeks", "8"]);
    assert_eq!((&change["weeks_before"], &change["weeks_after"]), (&Value::from(8), &Value::from(8)));
    assert!(change["outcomes"]["difference"]["low"].is_number());

    let churn = ask(folder, &["churn", "--horizon-days", "30"]);
    assert_eq!(churn["overdue"][0]["touchpoint"], "contact-form");
    let follow_up = ask(folder, &["follow-up", "follow-up-e-mail"]);
    assert!(follow_up["difference"]["evidence"] != "E4", "nobody was held back");
    let neglected = ask(folder, &["neglected", "--days", "60", "--limit", "5"]);
    assert!(neglected["people"].as_array().expect("a list").len() <= 5);
    let outside = ask(folder, &["outside"]);
    assert_eq!(outside["people"], 0, "the segments of this template share out everybody");
    assert_eq!(ask(folder, &["experiments"]), Value::Array(Vec::new()));
    assert!(works(folder, &["analyze", "audits", "--data", "a"]).contains("availability"));
    for table in ["experience", "customers", "time-to-convert", "churn", "neglected"] {
        assert!(!works(folder, &["analyze", table, "--data", "a"]).contains("NaN"), "{table}");
    }
}

#[test]
fn an_empty_ledger_knows_nothing_and_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "school"]);
    for what in
        ["experience", "audits", "experiments", "time-to-convert", "before-after", "churn", "customers", "neglected", "outside"]
    {
        let answer = ask(folder, &[what]).to_string();
        assert!(!answer.contains("NaN"), "{what}: {answer}");
    }
    assert_eq!(ask(folder, &["customers"])["notes"][0]["key"], "too_few_repeat_buyers");
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["init", "--data", "a", "--template", "online-shop"]);
    refuses(
        folder,
        &["analyze", "experience", "--data", "a", "--segment", "repeat-buyer"],
        &["no segment `repeat-buyer`", "repeat-buyers"],
    );
    refuses(folder, &["analyze", "follow-up", "newsleter", "--data", "a"], &["no touchpoint `newsleter`", "newsletter"]);
    refuses(folder, &["analyze", "before-after", "--on", "3.8.2026", "--data", "a"], &["is no day", "2026-05-31"]);
    refuses(folder, &["analyze", "churn", "--horizon-days", "0", "--data", "a"], &["0 days", "1 to 3650"]);
}
