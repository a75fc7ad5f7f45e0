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
    assert_eq!(
        (&grid["rows"][2]["segment"], &grid["rows"][2]["cells"][1][0]["touchpoint"]),
        (&"regular".into(), &"newsletter".into())
    );
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

/// The table of cases is the definition of the defaults, told by examples; see docs/map.md.
#[test]
fn every_case_of_the_default_channels_comes_out_as_expected() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("cases.csv"), include_str!("../src/features/map/channel_cases.csv")).expect("writes");
    let said = works(folder.path(), &["map", "channels", "--test", "cases.csv"]);
    let count = include_str!("../src/features/map/channel_cases.csv").lines().count() - 1;
    assert!(count >= 100 && said.starts_with(&format!("All {count} cases come out as expected.")), "{said}");
}

#[test]
fn channel_rules_are_tried_changed_and_undone() {
    let folder = shop();
    fs::write(folder.path().join("cases.csv"), "channel,source,medium\nagency,google,cpc\n").expect("writes");
    refuses(
        folder.path(),
        &["map", "channels", "--data", "shop", "--test", "cases.csv"],
        &["1 of 1 cases", "line 2: `paid-search` in place of `agency`, from the hint `google / cpc`"],
    );
    fs::write(folder.path().join("rules.csv"), "channel,medium\nagency,cpc|ppc\n").expect("writes");
    works(folder.path(), &["map", "channels", "--data", "shop", "--apply", "rules.csv", "--dry-run"]);
    refuses(folder.path(), &["map", "channels", "--data", "shop", "--test", "cases.csv"], &["1 of 1 cases"]);
    works(folder.path(), &["map", "channels", "--data", "shop", "--apply", "rules.csv"]);
    works(folder.path(), &["map", "channels", "--data", "shop", "--test", "cases.csv"]);
    let own = works(folder.path(), &["map", "channels", "--data", "shop", "--rules"]);
    assert!(own.ends_with("agency,,,,,,,,,,cpc|ppc,\n"), "{own}");
    fs::write(folder.path().join("none.csv"), "channel,medium\n").expect("writes");
    works(folder.path(), &["map", "channels", "--data", "shop", "--apply", "none.csv"]);
    refuses(folder.path(), &["map", "channels", "--data", "shop", "--test", "cases.csv"], &["1 of 1 cases"]);
    refuses(folder.path(), &["map", "channels", "--apply", "rules.csv"], &["--data"]);
}

#[test]
fn what_is_unmapped_is_listed_proposed_and_bound() {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["demo", "--template", "online-shop", "--people", "200", "--data", "d", "--no-serve"]);
    assert!(works(folder.path(), &["map", "unmapped", "--data", "d"]).starts_with("Every signal is bound"));
    let mut map = json(&works(folder.path(), &["map", "export", "--data", "d"]));
    map["rules"].as_array_mut().expect("is a list").retain(|rule| rule["touchpoint"] != "newsletter");
    fs::write(folder.path().join("without.json"), map.to_string()).expect("writes");
    works(folder.path(), &["map", "apply", "without.json", "--data", "d"]);

    let unmapped = json(&works(folder.path(), &["map", "unmapped", "--data", "d", "--format", "json"]));
    assert_eq!(
        (&unmapped[0]["signal"]["place"], &unmapped[0]["suggestion"]["touchpoint"]),
        (&"newsletter".into(), &"newsletter".into())
    );
    let dark = json(&works(folder.path(), &["map", "dark", "--data", "d", "--format", "json"]));
    let of = |id: &str| dark.as_array().expect("is a list").iter().find(|dark| dark["touchpoint"] == id);
    assert_eq!(of("newsletter").expect("is silent now")["rules"], 0);
    assert_eq!(of("packaging-code").expect("is silent by design")["candidates"], serde_json::json!([]));

    let bind = ["map", "bind", "newsletter", "--data", "d", "--source", "mail", "--place", "newsletter"];
    let dry = works(folder.path(), &[&bind[..], &["--dry-run"]].concat());
    assert!(
        dry.starts_with("Would apply:") && dry.contains("(unmapped) on e-mail") && dry.contains("newsletter on e-mail"),
        "{dry}"
    );
    let done = json(&works(folder.path(), &[&bind[..], &["--format", "json", "--note", "bind"]].concat()));
    assert_eq!(
        done["preview"]["moves"][0]["interactions"],
        unmapped
            .as_array()
            .expect("is a list")
            .iter()
            .map(|signal| signal["interactions"].as_u64().expect("is a number"))
            .sum::<u64>()
    );
    assert!(works(folder.path(), &["map", "unmapped", "--data", "d"]).starts_with("Every signal is bound"));
    refuses(folder.path(), &["map", "bind", "newsleter", "--data", "d", "--event", "x"], &["did you mean `newsletter`"]);
    refuses(folder.path(), &["map", "bind", "newsletter", "--data", "d"], &["no condition"]);
    let channels = json(&works(folder.path(), &["map", "channels", "--data", "d", "--format", "json"]));
    assert!(channels.as_array().expect("is a list").iter().any(|channel| channel["channel"] == "e-mail"), "{channels}");
}
