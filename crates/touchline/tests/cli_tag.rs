//! `touchline tag`, as a person uses it.

mod common;

use common::{refuses, works};

#[test]
fn a_code_is_registered_drawn_listed_and_retired() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    works(at, &["init", "--data", "shop", "--template", "shop"]);
    let target = "https://example.org/care";
    let added =
        works(at, &["tag", "add", target, "--data", "shop", "--code", "Box", "--touchpoint", "parcel", "--format", "json"]);
    let added: serde_json::Value = serde_json::from_str(&added).expect("JSON");
    assert_eq!((&added["code"], &added["form"], &added["channel"]), (&"box".into(), &"brochure".into(), &"print".into()));
    let drawn = works(at, &["tag", "add", target, "--data", "shop"]);
    assert!(drawn.contains("leads to https://example.org/care") && drawn.contains("touchline tag qr"), "{drawn}");
    works(at, &["tag", "qr", "BOX", "--data", "shop", "--url", "https://t.example.org/", "--to", "box.svg"]);
    assert!(std::fs::read_to_string(at.join("box.svg")).expect("reads").contains("<svg"));
    let retired = works(at, &["tag", "retire", "box", "--data", "shop"]);
    assert!(retired.starts_with("Retired `box`"), "{retired}");
    let listed = works(at, &["tag", "list", "--data", "shop"]);
    assert!(listed.contains("retired") && listed.contains("2 codes."), "{listed}");
    refuses(at, &["tag", "add", target, "--data", "shop", "--code", "box"], &["given away before"]);
    refuses(at, &["tag", "add", "javascript:alert(1)", "--data", "shop"], &["neither http nor https"]);
    refuses(at, &["tag", "retire", "box", "--data", "shop"], &["no such code in use", "touchline tag list"]);
    refuses(at, &["tag", "qr", "box", "--data", "shop", "--url", "t.example.org"], &["no address of a web site"]);
}
