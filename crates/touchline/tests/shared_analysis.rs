//! Published data sets through the whole product: a map, an import, an analysis, as a user would do it.
//!
//! The data does not ship: these tests run with `make test-shared`, which names its folder in TOUCHLINE_SHARED.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

fn touchline(arguments: &[&OsStr]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_touchline")).args(arguments).output().expect("starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("prints text")
}

/// Makes an organisation from a template or a map, imports files with the mappings that ship, and analyses.
fn analyse(start: [&OsStr; 2], files: &[(&str, &str)]) -> Value {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let data = data.as_os_str();
    let option = |name: &'static str| OsStr::new(name);
    touchline(&[option("init"), option("--data"), data, start[0], start[1]]);
    let shared = std::env::var_os("TOUCHLINE_SHARED").expect("TOUCHLINE_SHARED names the folder with the shared data");
    for (file, mapping) in files {
        let file = Path::new(&shared).join("data").join(file);
        let mapping = sample("mappings", mapping);
        touchline(&[option("import"), file.as_os_str(), option("--data"), data, option("--mapping"), mapping.as_os_str()]);
    }
    let text = touchline(&[option("analyze"), option("map"), option("--data"), data, option("--format"), option("json")]);
    let reports: Value = serde_json::from_str(&text).expect("prints JSON");
    reports[0].clone()
}

fn sample(kind: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(kind).join(name)
}

/// The table of buyers by contacts that the data's description gives, and the saturation point: at 3.50 a call and 100 a deposit
/// the third call still pays (.0408 of those left buy, .0366 of all) and the fourth does not.
#[test]
#[ignore = "needs ../shared"]
fn shared_bank_calls_are_over_used_after_the_third() {
    let map = sample("maps", "uci_bank_marketing.json");
    let report =
        analyse([OsStr::new("--map"), map.as_os_str()], &[("uci_bank_marketing_full.csv.gz", "uci_bank_marketing_full.toml")]);
    assert_eq!(report["totals"]["people"], 45_211);
    assert_eq!(report["totals"]["outcomes"], 5_289);
    let call = &report["touchpoints"][0];
    assert_eq!(call["interactions"], 124_956);
    let curve = call["over_use"]["curve"].as_array().expect("a curve");
    let table = |step: &Value| (step["contacts"].as_u64(), step["exactly"].as_u64(), step["responders"].as_u64());
    let known = [(17_544, 2_561), (12_505, 1_401), (5_521, 618), (3_522, 317), (1_764, 139), (1_291, 92)];
    for (contacts, (clients, buyers)) in (1_u64..).zip(known) {
        assert_eq!(table(&curve[contacts as usize - 1]), (Some(contacts), Some(clients), Some(buyers)));
    }
    let tail = |name: &str| curve[6..].iter().filter_map(|step| step[name].as_u64()).sum::<u64>();
    assert_eq!((tail("exactly"), tail("responders")), (3_064, 161));
    assert_eq!(call["over_use"]["saturation"], 3);
    assert_eq!(call["verdict"]["kind"], "over_used");
    assert_eq!(call["verdict"]["rule"], "M24.4/M9.R1");
}

#[test]
#[ignore = "needs ../shared"]
fn shared_grocer_has_its_people_baskets_and_value() {
    let files = [
        ("completejourney_transactions.parquet", "completejourney_transactions.toml"),
        ("completejourney_campaigns.parquet", "completejourney_campaigns.toml"),
        ("completejourney_coupon_redemptions.parquet", "completejourney_coupon_redemptions.toml"),
    ];
    let report = analyse([OsStr::new("--template"), OsStr::new("shop")], &files);
    assert_eq!(report["totals"]["people"], 2_469);
    assert_eq!(report["totals"]["interactions"], 155_848 + 6_589 + 2_102);
    assert_eq!(report["totals"]["outcomes"], 155_848);
    assert_eq!(report["totals"]["value"], 459_603_958);
}
