//! `touchline hook`, as a person uses it.

mod common;

use common::{refuses, works};
use std::fs;

#[test]
fn a_hook_is_tried_set_shown_and_removed() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    fs::write(at.join("order.json"), include_str!("fixtures/shopify_order.json")).expect("writes");
    let tried = works(at, &["hook", "try", "order.json", "--ready", "shopify"]);
    assert!(tried.contains("1 interactions") && tried.contains("35.95 EUR") && tried.contains("Nothing was stored."), "{tried}");
    assert!(!tried.contains("ann@"), "names are masked: {tried}");
    works(at, &["init", "--data", "shop", "--template", "shop"]);
    let set = works(at, &["hook", "set", "web-shop", "--data", "shop", "--ready", "orders"]);
    assert!(set.contains("/v1/hook/web-shop") && set.contains("told this once: whsec_"), "{set}");
    let again = works(at, &["hook", "set", "web-shop", "--data", "shop", "--ready", "orders"]);
    assert!(!again.contains("whsec_"), "{again}");
    let shown = works(at, &["hook", "show", "web-shop", "--data", "shop"]);
    assert!(shown.contains("source = \"web-shop\"") && shown.contains("# rows: refunds"), "{shown}");
    let listed = works(at, &["hook", "list", "--data", "shop", "--format", "json"]);
    assert!(listed.contains("\"standard\"") && !listed.contains("whsec_"), "{listed}");
    works(at, &["hook", "remove", "web-shop", "--data", "shop"]);
    refuses(at, &["hook", "remove", "web-shop", "--data", "shop"], &["no such hook", "touchline hook list"]);
}

#[test]
fn a_mapping_of_ones_own_is_checked() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    works(at, &["init", "--data", "shop", "--template", "shop"]);
    fs::write(at.join("m.toml"), "source = \"x\"\n[time]\ncolumn = \"at\"\n[group]\ncolumns = [\"a\"]\n").expect("writes");
    let set = ["hook", "set", "calls", "--data", "shop", "--mapping", "m.toml", "--rows", "data"];
    refuses(at, &set, &["[group] is for files"]);
    fs::write(at.join("m.toml"), "source = \"x\"\n[time]\ncolumn = \"at\"\n").expect("writes");
    works(at, &set);
    fs::write(at.join("body.json"), "{\"data\":[{\"at\":\"2025-11-24T10:00:00Z\"},{\"at\":\"soon\"}]}").expect("writes");
    let tried = works(at, &["hook", "try", "body.json", "--mapping", "m.toml", "--rows", "data"]);
    assert!(tried.contains("row 1: `at` is no time"), "{tried}");
    fs::write(at.join("secret"), "short\n").expect("writes");
    refuses(at, &["hook", "set", "s", "--data", "shop", "--ready", "shopify", "--secret-file", "secret"], &["too short"]);
}
