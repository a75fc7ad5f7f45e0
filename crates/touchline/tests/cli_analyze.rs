//! `touchline analyze`, as a person uses it.

mod common;

use common::{refuses, works};
use serde_json::Value;
use std::path::Path;

fn reports(folder: &Path) -> Value {
    serde_json::from_str(&works(folder, &["analyze", "map", "--data", "a", "--format", "json"])).expect("is JSON")
}

fn sum(figures: &Value, of: impl Fn(&Value) -> f64) -> f64 {
    figures.as_array().expect("a list").iter().map(of).sum()
}

#[test]
fn a_map_is_analysed_for_everybody_and_each_segment() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["demo", "--people", "1500", "--no-serve", "--data", "a"]);
    let reports = reports(folder.path());
    let (all, segments) = (&reports[0], &reports.as_array().expect("a list")[1..]);
    let people = |report: &Value| report["totals"]["people"].as_u64().expect("a number");
    assert_eq!(people(all), 1_500);
    assert_eq!(segments.iter().map(people).sum::<u64>(), 1_500, "the segments of this template share out everybody");

    // Whatever is split sums to the whole.
    let touchpoints = &all["touchpoints"];
    for model in ["first", "last", "last_non_direct", "linear", "markov"] {
        let shares = sum(touchpoints, |one| one["attribution"][model]["value"].as_f64().expect("a share"));
        assert!((shares - 1.0).abs() < 1e-9, "{model}: {shares}");
    }
    let cost = sum(&all["stages"], |stage| stage["cost_share"].as_f64().expect("a share"));
    assert!((cost - 1.0).abs() < 1e-9, "{cost}");
    let met = sum(touchpoints, |one| one["interactions"].as_f64().expect("a number"));
    let of_all = |name: &str| all["totals"][name].as_f64().expect("a number");
    assert_eq!(met + of_all("unmapped"), of_all("interactions"));

    let table = works(folder.path(), &["analyze", "map", "--data", "a"]);
    assert!(table.contains("Newsletter") && table.contains("1500 people"), "{table}");
    let csv = works(folder.path(), &["analyze", "map", "--data", "a", "--format", "csv"]);
    let rows = csv.lines().count();
    assert_eq!(rows, 1 + touchpoints.as_array().expect("a list").len() * (1 + segments.len()));
}

#[test]
fn an_empty_ledger_knows_nothing_and_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "a", "--template", "school"]);
    let report = &reports(folder.path())[0];
    assert_eq!(report["totals"]["people"], 0);
    assert_eq!(report["totals"]["conversion"]["value"], Value::Null, "a rate of nothing is unknown, not 0 %");
    assert_eq!(report["notes"][0]["key"], "no_interactions");
    assert!(works(folder.path(), &["analyze", "map", "--data", "a"]).contains("0 people"));
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("folder");
    refuses(folder.path(), &["analyze", "map", "--data", "gone"], &["no data directory", "touchline init"]);
    works(folder.path(), &["init", "--data", "a", "--template", "online-shop"]);
    let misspelt = ["analyze", "map", "--data", "a", "--segment", "repeat-buyer"];
    refuses(folder.path(), &misspelt, &["no segment `repeat-buyer`", "Did you mean `repeat-buyers`?"]);
}

#[test]
fn every_model_shares_out_the_same_outcomes() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["demo", "--people", "1500", "--no-serve", "--data", "a"]);
    let ask = |args: &[&str]| -> Value {
        let all = [&["analyze", "attribution", "--data", "a", "--format", "json"], args].concat();
        serde_json::from_str(&works(folder.path(), &all)).expect("is JSON")
    };
    let answer = ask(&["--unit", "channel"]);
    let units = answer["units"].as_array().expect("a list");
    let models = units[0]["credits"].as_array().expect("a list");
    assert_eq!(models.len() + answer["without_answer"].as_array().expect("a list").len(), 15, "{answer}");
    for (at, model) in models.iter().enumerate() {
        let shares = sum(&answer["units"], |unit| unit["credits"][at]["share"]["value"].as_f64().expect("a share"));
        assert!((shares - 1.0).abs() < 1e-9, "{} sums to {shares}", model["model"]);
    }
    let short = ask(&["--lookback-days", "1", "--model", "linear"]);
    assert_eq!(short["policy"]["lookback_days"], 1);
    assert_eq!(short["units"][0]["credits"].as_array().expect("a list").len(), 1);
    let text = works(folder.path(), &["analyze", "attribution", "--data", "a"]);
    assert!(text.contains("markov_3:") && text.contains("new to file"), "{text}");
    refuses(folder.path(), &["analyze", "attribution", "--data", "a", "--model", "markov1"], &["no model `markov1`", "markov_1"]);
    let hazard = ask(&["--unit", "channel", "--model", "additive_hazard"]);
    let shares = sum(&hazard["units"], |unit| unit["credits"][0]["share"]["value"].as_f64().expect("a share"));
    assert!((shares - 1.0).abs() < 1e-9, "{hazard}");
    // Nobody has bought: a sentence, not a division.
    works(folder.path(), &["init", "--data", "b", "--template", "online-shop"]);
    assert!(works(folder.path(), &["analyze", "attribution", "--data", "b"]).contains("nothing to attribute"));
}

#[test]
fn sequences_are_counted_in_people() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["demo", "--people", "1500", "--no-serve", "--data", "a"]);
    let ask = |args: &[&str]| -> Value {
        let all = [&["analyze"], args, &["--data", "a", "--format", "json"]].concat();
        serde_json::from_str(&works(folder.path(), &all)).expect("is JSON")
    };
    let steps = ["--step", "form:view|form:visit", "--step", "form:purchase", "--step", "outcome:purchase"];
    let funnel = ask(&[&["funnel"], &steps[..]].concat());
    let people = |at: usize| funnel["steps"][at]["people"].as_u64().expect("a number");
    assert!(people(0) > people(1) && people(1) > people(2) && people(2) > 0, "{funnel}");
    assert!(funnel["hours_half"].as_f64() <= funnel["hours_nine_of_ten"].as_f64(), "{funnel}");
    let quick = ask(&[&["funnel"], &steps[..], &["--within-days", "7"]].concat());
    assert!(quick["steps"][1]["people"].as_u64().expect("a number") <= people(1), "{quick}");

    let retention = ask(&["retention", "--period-days", "30"]);
    let ages = retention["all"].as_array().expect("a list");
    assert_eq!(ages[0]["active"], ages[0]["old_enough"], "whoever begins is active at once");
    assert!(ages[1]["share"]["value"].as_f64().expect("a share") < 1.0, "{retention}");

    let flows = ask(&["flows", "--most", "3"]);
    for layer in flows["layers"].as_array().expect("a list") {
        assert_eq!(
            sum(&layer["nodes"], |node| node["people"].as_f64().expect("a number")),
            flows["people"].as_f64().expect("a number")
        );
    }
    // A path and the strict funnel of its touchpoints are the same people.
    let paths = ask(&["paths", "--length", "3", "--most", "1"]);
    let path = &paths["paths"][0];
    let steps = path["touchpoints"].as_array().expect("a list").iter().map(|id| id.as_str().expect("an id"));
    let strict = steps.flat_map(|id| ["--step", id]).collect::<Vec<_>>();
    let strict = ask(&[&["funnel", "--order", "strict"], &strict[..]].concat());
    assert_eq!(strict["steps"][2]["people"], path["people"]);
    let listed = sum(&paths["variants"], |variant| variant["journeys"].as_f64().expect("a number"));
    assert_eq!(listed + paths["other_journeys"].as_f64().expect("a number"), paths["journeys"].as_f64().expect("a number"));

    let by = ask(&["funnel", "--step", "form:purchase", "--by", "first", "--same", "channel", "--from", "2026-01-01"]);
    let parts = sum(&by["by_channel"], |part| part["steps"][0]["people"].as_f64().expect("a number"));
    assert_eq!(parts, by["steps"][0]["people"].as_f64().expect("a number"), "{by}");
    let lives = ask(&["lifecycle", "--period-days", "7"]);
    let new = sum(&lives["periods"], |period| period["new"].as_f64().expect("a number"));
    assert!(new >= flows["people"].as_f64().expect("a number"), "everybody is new once");
    let weeks = ask(&["trends"]);
    assert!(weeks["weeks"].as_array().expect("a list").len() > 10, "{weeks}");
    let sessions = ask(&["sessions", "--pause-minutes", "60"]);
    assert!(sessions["sessions"].as_u64() >= sessions["people"].as_u64(), "{sessions}");
    assert!(sessions["minutes_half"].as_u64() <= sessions["minutes_nine_of_ten"].as_u64(), "{sessions}");
    let next = ask(&["next"]);
    assert!(next["judged"][1]["log_loss"].as_f64() < next["judged"][0]["log_loss"].as_f64(), "memory helps: {next}");
    refuses(folder.path(), &["analyze", "trends", "--data", "a", "--from", "2026-13-01"], &["`2026-13-01` is no day"]);
    refuses(folder.path(), &["analyze", "trends", "--data", "a", "--stage", "buyin"], &["no stage `buyin`"]);

    for (what, says) in [("funnel", "of the one before"), ("flows", "Every line sums to")] {
        let asked = if what == "funnel" {
            vec!["analyze", what, "--data", "a", "--step", "form:purchase"]
        } else {
            vec!["analyze", what, "--data", "a"]
        };
        assert!(works(folder.path(), &asked).contains(says));
    }
    refuses(folder.path(), &["analyze", "funnel", "--data", "a", "--step", "form:purchas"], &["no form `purchas`", "`purchase`"]);
    refuses(folder.path(), &["analyze", "funnel", "--data", "a", "--step", "shop:x"], &["`shop` is no kind of step"]);
}

#[test]
fn lists_tell_the_map_in_short() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["demo", "--people", "1500", "--no-serve", "--data", "a"]);
    let ask = |what: &[&str]| -> Value {
        let all = [&["analyze"], what, &["--data", "a", "--format", "json"]].concat();
        serde_json::from_str(&works(folder, &all)).expect("is JSON")
    };
    let report = &reports(folder)[0];
    let verdict_of = |id: &str| {
        let one = report["touchpoints"].as_array().expect("a list").iter().find(|one| one["touchpoint"] == id).expect("is there");
        one["verdict"]["kind"].clone()
    };
    let verdicts = ask(&["verdicts"]);
    let listed = verdicts["verdicts"].as_array().expect("a list");
    assert_eq!(listed.len(), report["touchpoints"].as_array().expect("a list").len());
    for one in listed {
        assert_eq!(one["verdict"]["kind"], verdict_of(one["touchpoint"].as_str().expect("an id")));
    }
    let text = works(folder, &["analyze", "verdicts", "--data", "a"]);
    assert!(text.contains("at stake") && text.contains("M24.2/M12"), "{text}");
    let changes = works(folder, &["analyze", "verdicts", "--changes", "--data", "a", "--format", "csv"]);
    assert!(changes.starts_with("day,touchpoint,was,is,"), "{changes}");

    assert_eq!(ask(&["dark"])[0]["touchpoint"], "packaging-code");
    let channels = ask(&["channels"]);
    let met = sum(&channels, |one| one["interactions"].as_f64().expect("a number"));
    assert_eq!(met, report["totals"]["interactions"].as_f64().expect("a number"));
    let rows = works(folder, &["analyze", "channels", "--data", "a", "--format", "csv"]).lines().count();
    assert_eq!(rows, 1 + channels.as_array().expect("a list").len());
    assert_eq!(ask(&["unmapped"]).as_array().map(Vec::len), report["unmapped"].as_array().map(Vec::len));
}

#[test]
fn designed_journeys_are_kept_compared_and_carried() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    works(folder, &["demo", "--people", "1500", "--no-serve", "--data", "a"]);
    let with = |args: &[&str]| works(folder, &[&["journeys"], args, &["--data", "a"]].concat());
    let journey = r#"{"id":"order","name":"Order","flow":{"sequence":[
        {"step":{"touchpoint":"product-page"}},{"step":{"touchpoint":"order-confirmation"}},{"step":{"touchpoint":"delivery"}}]}}"#;
    std::fs::write(folder.join("order.json"), journey).expect("writes");
    assert!(with(&["save", "order.json"]).contains("version 1"));
    assert!(with(&["save", "order.json"]).contains("version 1"), "what is the same is no new version");
    std::fs::write(folder.join("order.json"), journey.replace(r#""Order""#, r#""An order""#)).expect("writes");
    assert!(with(&["save", "order.json"]).contains("version 2"), "a newer version stands on the one before");
    assert!(with(&["list"]).contains("order"));
    let found: Value = serde_json::from_str(&with(&["compare", "order", "--format", "json"])).expect("is JSON");
    let fitness = &found["fitness"]["value"];
    assert!(fitness.as_f64().is_some_and(|fitness| (0.0..1.0).contains(&fitness)), "{found}");
    assert!(with(&["compare", "order"]).contains("without a deviation"));
    let diagram = with(&["export", "order", "--as", "mermaid"]);
    std::fs::write(folder.join("order.mmd"), &diagram).expect("writes");
    let draft: Value = serde_json::from_str(&with(&["import", "order.mmd", "--as", "mermaid"])).expect("is JSON");
    assert_eq!(draft["flow"]["sequence"].as_array().map(Vec::len), Some(3), "{draft}");
    with(&["remove", "order"]);
    refuses(folder, &["journeys", "show", "order", "--data", "a"], &["no designed journey `order`"]);
    refuses(folder, &["journeys", "save", "order.mmd", "--data", "a"], &["is no journey", "journeys show"]);
}
