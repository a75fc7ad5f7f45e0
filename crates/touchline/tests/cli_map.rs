//! `touchline map`, as a person uses it.

mod common;

use common::{refuses, works};
use std::fs;
use tempfile::TempDir;

/// Is a folder with the data directory of a corner shop, `shop`, in it.
fn shop() -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("map.json"), include_str!("../src/features/map/sample.json")).expect("writes");
    works(folder.path(), &["init", "--data", "shop", "--map", "map.json"]);
    folder
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("is JSON")
}

#[test]
fn json_goes_out_and_comes_back_without_loss() {
    let folder = shop();
    let out = works(folder.path(), &["map", "export", "--data", "shop"]);
    fs::write(folder.path().join("out.json"), &out).expect("writes");
    let said = works(folder.path(), &["map", "apply", "out.json", "--data", "shop"]);
    assert!(said.starts_with("Nothing changes"), "{said}");
    works(folder.path(), &["init", "--data", "other", "--template", "school"]);
    works(folder.path(), &["map", "apply", "out.json", "--data", "other"]);
    assert_eq!(works(folder.path(), &["map", "export", "--data", "other"]), out);
}

#[test]
fn a_table_goes_out_and_comes_back_and_an_edit_counts() {
    let folder = shop();
    works(folder.path(), &["map", "export", "--data", "shop", "--format", "csv", "--to", "out.csv"]);
    let said = works(folder.path(), &["map", "apply", "out.csv", "--data", "shop"]);
    assert!(said.starts_with("Nothing changes"), "{said}");
    let table = fs::read_to_string(folder.path().join("out.csv")).expect("reads").replacen("Marketing", "Sales", 1);
    fs::write(folder.path().join("out.csv"), table).expect("writes");
    let dry = works(folder.path(), &["map", "apply", "out.csv", "--data", "shop", "--dry-run"]);
    assert!(dry.starts_with("Would apply: touchpoints added 0, changed 1, removed 0"), "{dry}");
    let done = works(folder.path(), &["map", "apply", "out.csv", "--data", "shop", "--note", "new owner", "--format", "json"]);
    assert_eq!((&json(&done)["version"], &json(&done)["changed"]), (&2.into(), &1.into()));
    let history = json(&works(folder.path(), &["map", "history", "--data", "shop", "--format", "json"]));
    assert_eq!((&history[0]["note"], &history[1]["note"]), (&"new owner".into(), &"init".into()));
    let map = json(&works(folder.path(), &["map", "export", "--data", "shop"]));
    assert_eq!(map["touchpoints"][0]["details"]["owner"], "Sales");
}

#[test]
fn every_template_survives_both_round_trips() {
    let folder = tempfile::tempdir().expect("folder");
    for template in model::catalogue::TEMPLATES {
        works(folder.path(), &["init", "--data", template, "--template", template]);
        for (format, file) in [("csv", "out.csv"), ("json", "out.json")] {
            works(folder.path(), &["map", "export", "--data", template, "--format", format, "--to", file]);
            let said = works(folder.path(), &["map", "apply", file, "--data", template]);
            assert!(said.starts_with("Nothing changes"), "{template} {format}: {said}");
        }
    }
}

#[test]
fn it_can_be_looked_at() {
    let folder = shop();
    let shown = works(folder.path(), &["map", "show", "--data", "shop"]);
    assert!(shown.contains("→ Newsletter, weekly") && shown.contains("importance 60 %"), "{shown}");
    let grid = json(&works(folder.path(), &["map", "show", "--data", "shop", "--format", "json"]));
    assert_eq!(grid["rows"][2][0], "Regulars");
    let diagram = works(folder.path(), &["map", "export", "--data", "shop", "--format", "mermaid"]);
    assert!(diagram.starts_with("journey\n    title Corner shop\n    section Awareness\n"), "{diagram}");
}

#[test]
fn bad_files_change_nothing_and_say_why() {
    let folder = shop();
    let before = works(folder.path(), &["map", "export", "--data", "shop"]);
    let apply = |name: &str, content: &[u8], reasons: &[&str]| {
        fs::write(folder.path().join(name), content).expect("writes");
        refuses(folder.path(), &["map", "apply", name, "--data", "shop"], reasons);
    };
    apply(
        "bad.json",
        before.replace("\"channel\":", "\"chanel\":").as_bytes(),
        &["bad.json", "unknown field `chanel`", "Did you mean `channel`?"],
    );
    apply(
        "bad.json",
        before.replace("\"channel\": \"shop\"", "\"channel\": \"shp\"").as_bytes(),
        &["2 problems", "touchpoints.counter.channel", "did you mean `shop`?", "nothing was changed"],
    );
    apply("bad.json", before.replace("touchline-map/1", "touchline-map/9").as_bytes(), &["this version reads `touchline-map/1`"]);
    apply("empty.json", b"", &["not a touchpoint map"]);
    apply("latin.json", b"\"caf\xe9\"", &["UTF-8"]);
    apply("bad.csv", b"segment,stage,touchpoint,chanel\n", &["unknown column `chanel`", "Did you mean `channel`?"]);
    apply(
        "bad.csv",
        b"segment,stage,touchpoint,kind\n,awareness,counter,humane\n",
        &["line 2, column `kind`", "did you mean `human`?"],
    );
    apply("empty.csv", b"", &["no column `segment`"]);
    refuses(folder.path(), &["map", "apply", "gone.csv", "--data", "shop"], &["Cannot read gone.csv"]);
    refuses(
        folder.path(),
        &["map", "export", "--data", "shop", "--to", "no/such/folder.json"],
        &["Cannot write no/such/folder.json"],
    );
    assert_eq!(works(folder.path(), &["map", "export", "--data", "shop"]), before);
}

#[test]
fn other_folders_are_refused() {
    let folder = shop();
    refuses(folder.path(), &["map", "show", "--data", "gone"], &["no data directory", "touchline init --data gone"]);
    refuses(folder.path(), &["map", "show", "--data", "."], &["not a Touchline data directory"]);
    fs::write(folder.path().join("shop/format"), "2\n").expect("writes");
    refuses(folder.path(), &["map", "show", "--data", "shop"], &["newer Touchline (format 2, this one reads 1)", "Upgrade"]);
}
