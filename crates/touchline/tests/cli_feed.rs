//! `touchline feed`, as a person uses it.

mod common;

use common::{refuses, works};

#[test]
fn a_feed_is_set_filled_listed_and_thinned() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    works(at, &["init", "--data", "shop", "--template", "shop"]);
    let set = works(at, &["feed", "set", "news", "--data", "shop", "--title", "News", "--link", "https://example.org/news"]);
    assert!(set.contains("/feed/news.xml"), "{set}");
    let publish =
        ["feed", "publish", "news", "--data", "shop", "--title", "Hours", "--link", "https://example.org/h", "--format", "json"];
    let published: serde_json::Value = serde_json::from_str(&works(at, &publish)).expect("JSON");
    let code = published["code"].as_str().expect("has one");
    assert!(works(at, &["feed", "list", "--data", "shop"]).contains("1 feeds."));
    assert!(works(at, &["feed", "list", "news", "--data", "shop"]).contains("1 publications."));
    assert!(works(at, &["tag", "list", "--data", "shop"]).contains("feeds · read · rss · news"));
    works(at, &["feed", "withdraw", code, "--data", "shop"]);
    assert!(works(at, &["feed", "list", "news", "--data", "shop"]).contains("0 publications."));
    refuses(at, &["feed", "withdraw", code, "--data", "shop"], &["no such publication"]);
    refuses(
        at,
        &["feed", "publish", "none", "--data", "shop", "--title", "x", "--link", "https://example.org/"],
        &["no such feed"],
    );
    refuses(
        at,
        &["feed", "set", "News!", "--data", "shop", "--title", "x", "--link", "https://example.org/"],
        &["letters of a to z"],
    );
}
