//! `touchline init`, as a person uses it.

mod common;

use common::{refuses, works};

#[test]
fn every_template_makes_an_organisation() {
    let folder = tempfile::tempdir().expect("folder");
    for template in model::catalogue::TEMPLATES {
        let out = works(folder.path(), &["init", "--data", template, "--template", template]);
        assert!(out.contains("touchline serve --data"), "{out}");
        let shown = works(folder.path(), &["map", "show", "--data", template]);
        assert!(shown.contains("importance"), "{shown}");
    }
}

#[test]
fn a_map_of_ones_own_can_be_the_start() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("map.json"), include_str!("../src/features/map/sample.json")).expect("writes");
    let out = works(folder.path(), &["init", "--data", "a", "--map", "map.json", "--format", "json"]);
    let made: serde_json::Value = serde_json::from_str(&out).expect("is JSON");
    assert_eq!((&made["name"], &made["touchpoints"]), (&"Corner shop".into(), &3.into()));
}

#[test]
fn mistakes_are_explained_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("folder");
    refuses(folder.path(), &["init", "--data", "a", "--template", "shp"], &["no template `shp`", "Did you mean `shop`?"]);
    refuses(folder.path(), &["init", "--data", "a", "--template", "zzzzzz"], &["The templates are: online-shop"]);
    refuses(folder.path(), &["init", "--data", "a"], &["--template"]);
    refuses(folder.path(), &["init", "--data", "a", "--map", "gone.json"], &["Cannot read gone.json", "os error 2"]);
    std::fs::write(folder.path().join("bad.json"), "{\"format\": 1}").expect("writes");
    refuses(folder.path(), &["init", "--data", "a", "--map", "bad.json"], &["not a touchpoint map"]);
    assert!(!folder.path().join("a").exists());
    std::fs::create_dir(folder.path().join("full")).expect("makes");
    std::fs::write(folder.path().join("full/letter.txt"), "dear").expect("writes");
    refuses(folder.path(), &["init", "--data", "full", "--template", "shop"], &["not empty", "hint"]);
    works(folder.path(), &["init", "--data", "a", "--template", "shop"]);
    refuses(folder.path(), &["init", "--data", "a", "--template", "shop"], &["already", "hint"]);
}
