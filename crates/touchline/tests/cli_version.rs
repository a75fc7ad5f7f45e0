//! `touchline version`, and what every command has in common.

mod common;

use common::{refuses, works};

#[test]
fn the_version_is_that_of_the_build() {
    let here = std::path::Path::new(".");
    assert_eq!(works(here, &["version"]).trim(), format!("touchline {}", env!("CARGO_PKG_VERSION")));
    let out: serde_json::Value = serde_json::from_str(&works(here, &["version", "--format", "json"])).expect("is JSON");
    assert_eq!(out["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_command_helps_with_an_example() {
    let here = std::path::Path::new(".");
    let commands = ["version", "init", "serve", "demo", "map show", "map apply", "map export", "map history"];
    for command in commands {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = works(here, &args);
        assert!(help.contains(&format!("touchline {command}")) && help.contains("Example"), "{command}: {help}");
    }
    refuses(here, &["inti"], &["unrecognized", "init"]);
}
