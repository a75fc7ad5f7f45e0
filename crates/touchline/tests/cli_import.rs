//! `touchline import`, as a person uses it: every kind of file, good and bad.
//!
//! The fixtures hold the same six invented visits in every kind, packing and encoding.

mod common;

use common::{Said, refuses, touchline, works};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn fixture(name: &str) -> String {
    fixtures().join(name).display().to_string()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("is JSON")
}

/// Is a folder with a data directory `shop`, to import into.
fn workplace() -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    works(folder.path(), &["init", "--data", "shop", "--template", "shop"]);
    folder
}

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    fs::write(folder.path().join(name), content).expect("writes");
}

fn dry(file: &str, mapping: &str) -> Value {
    let args = ["import", file, "--mapping", mapping, "--dry-run", "--format", "json"];
    json(&works(&std::env::temp_dir(), &args))
}

fn visits() -> Value {
    dry(&fixture("visits.csv"), &fixture("visits.toml"))["samples"].clone()
}

#[test]
fn visits_are_read_as_they_are_written() {
    let samples = visits();
    let samples = samples.as_array().expect("a list");
    assert_eq!(samples.len(), 6);
    let first = &samples[0];
    assert_eq!(first["at"], "2024-05-01T09:00:00Z");
    assert_eq!(first["who"], serde_json::json!(["customer:1…", "email:an…"]));
    assert_eq!(first["signal"], "visits · visit · shop · Orléans");
    assert_eq!(samples[1]["value"], "1234.50 EUR");
    assert_eq!(samples[1]["form"], "purchase");
    assert_eq!(samples[3]["who"], serde_json::json!([]));
    assert_eq!(samples[5]["signal"], "visits · purchase · shop · Bad \"K\" Ems");
}

/// Every kind × packing × encoding says the same.
#[test]
fn the_same_in_every_coat() {
    let expected = visits();
    for name in [
        "visits-bom.csv",
        "visits.tsv",
        "visits-pipe.csv",
        "visits-windows-1252.csv",
        "visits-utf16le.csv",
        "visits-utf16be.csv",
        "visits.jsonl",
        "visits.parquet",
        "visits.xes",
        "visits.csv.gz",
        "visits.jsonl.gz",
        "visits.parquet.gz",
        "visits.xes.gz",
        "visits.csv.zip",
        "visits.jsonl.zip",
        "visits.parquet.zip",
        "visits.xes.zip",
        "visits-stored.csv.zip",
    ] {
        assert_eq!(dry(&fixture(name), &fixture("visits.toml"))["samples"], expected, "{name}");
    }
}

#[test]
fn signs_commas_and_alphabets() {
    let folder = tempfile::tempdir().expect("folder");
    let mapping = fs::read_to_string(fixtures().join("visits.toml")).expect("readable");
    let with = |name: &str, more: &str| {
        write(&folder, name, format!("{mapping}{more}"));
        folder.path().join(name).display().to_string()
    };
    let caret = with("caret.toml", "\n[file]\ndelimiter = \"^\"\n");
    assert_eq!(dry(&fixture("visits-caret.csv"), &caret)["samples"], visits());
    let comma = with("comma.toml", "decimal = \",\"\nthousands = \".\"\n");
    assert_eq!(dry(&fixture("visits-decimal-comma.csv"), &comma)["samples"], visits());
    let russian = dry(&fixture("visits-windows-1251.csv"), &fixture("visits.toml"));
    assert_eq!(russian["samples"][2]["signal"], "visits · visit · web · Тверь, центр");
    let told = with("told.toml", "\n[file]\nencoding = \"windows-1251\"\ndelimiter = \";\"\n");
    assert_eq!(dry(&fixture("visits-windows-1251.csv"), &told)["samples"], russian["samples"]);
}

const CHAT: &str = r#"source = "chat"
id = ["id"]
reply_to = ["reply_to"]
form = "message"
[person]
identities = [{ namespace = "nick", column = "nick" }]
[[link]]
kind = "renamed"
one = { namespace = "nick", column = "nick" }
other = { namespace = "nick", column = "new_nick" }
when = [{ column = "kind", equals = "rename" }]
only = true
[time]
column = "at"
[signal]
event = "message"
[[skip]]
because = "not a message"
when = [{ column = "kind", none_of = ["message", "rename"] }]
"#;

#[test]
fn chat_logs_tell_names_answers_and_midnight() {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, "chat.toml", CHAT);
    let mapping = folder.path().join("chat.toml").display().to_string();
    for name in ["2024-05-01.raw.txt", "2024-05-01.raw.txt.gz", "chat.zip"] {
        let found = dry(&fixture(name), &mapping);
        let summary = &found["summary"];
        let counts = ["interactions", "replies", "links", "identities"].map(|key| summary[key].as_u64().expect("a number"));
        assert_eq!(counts, [5, 3, 1, 4], "{name}");
        assert_eq!(summary["skipped"][0]["rows"], 2, "{name}");
        assert_eq!(found["samples"][1]["at"], "2024-05-01T09:00:00.001Z", "{name}");
        assert_eq!(summary["last"], "2024-05-02T00:03:00Z", "{name}");
    }
}

#[test]
fn importing_again_adds_nothing() {
    let folder = workplace();
    let file = fixture("visits.csv");
    let mapping = fixture("visits.toml");
    let args = ["import", &file, "--mapping", &mapping, "--data", "shop", "--format", "json"];
    let first = json(&works(folder.path(), &args));
    assert_eq!((&first["added"], &first["already_there"]), (&6.into(), &0.into()));
    let again = json(&works(folder.path(), &args));
    assert_eq!((&again["added"], &again["already_there"]), (&0.into(), &6.into()));
    let other = fixture("visits.parquet.zip");
    let elsewhere = json(&works(folder.path(), &["import", &other, "--mapping", &mapping, "--data", "shop", "--format", "json"]));
    assert_eq!(elsewhere["added"], 0, "the same visits in another coat");
}

#[test]
fn a_dry_run_lists_unmapped_signals_and_writes_nothing() {
    let folder = workplace();
    write(
        &folder,
        "bad.csv",
        "visit_id,customer,email,at,channel,kind,amount,town\nv1,1,,never,shop,visit,,A\nv2,1,,2024-01-01,shop,visit,,A\n",
    );
    let mapping = fixture("visits.toml");
    let args = ["import", "bad.csv", "--mapping", &mapping, "--data", "shop", "--dry-run"];
    let text = works(folder.path(), &args);
    for part in [
        "1 row refused",
        "1 row, first in line 2",
        "`at` is no time",
        "Nothing was written",
        "binds to a touchpoint: 1",
        "customer:1…",
    ] {
        assert!(text.contains(part), "`{part}` in: {text}");
    }
    assert!(!folder.path().join("bad.csv.rejected.csv").exists());
    let found = json(&works(folder.path(), &[&args[..], &["--format", "json"]].concat()));
    assert_eq!(found["unmapped"][0][1], 1);
}

#[test]
fn rejects_can_be_mended_and_imported() {
    let folder = workplace();
    let header = "visit_id,customer,email,at,channel,kind,amount,town";
    write(
        &folder,
        "visits.csv",
        format!(
            "{header}\nv1,1,,2024-02-30,shop,visit,,\"A, B\"\nv2,1,,2024-01-01,shop,visit,,A\nv3,1,,2024-01-01,shop,danced,,A\n\
             v4,1,,2024-01-01,shop,visit,lots,A\nv5,1,2024-01-01\n"
        ),
    );
    let mapping = fixture("visits.toml");
    let import =
        |file: &str| json(&works(folder.path(), &["import", file, "--mapping", &mapping, "--data", "shop", "--format", "json"]));
    let first = import("visits.csv");
    assert_eq!((&first["added"], &first["rejected"]), (&1.into(), &4.into()));
    let rejects = folder.path().join("visits.csv.rejected.csv");
    let text = fs::read_to_string(&rejects).expect("there are rejects");
    assert!(text.contains(&format!("_line,_reason,{header}")), "{text}");
    for part in ["the row has 3 cells, the header has 8", "`at` is no time", "no form", "`amount` is not an amount", "\"A, B\""] {
        assert!(text.contains(part), "`{part}` in: {text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&rejects).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "rows are personal");
    }
    let mended =
        text.replace("2024-02-30", "2024-02-29").replace("danced", "visit").replace("lots", "3.50").replace(",v5,1,", ",v5,1,,");
    let mended = mended.replace(",v5,1,,2024-01-01", ",v5,1,,2024-01-01,shop,visit,,A");
    fs::write(&rejects, mended).expect("writes");
    let second = import("visits.csv.rejected.csv");
    assert_eq!((&second["added"], &second["rejected"]), (&4.into(), &0.into()), "{second}");
    import("visits.csv");
    assert!(folder.path().join("visits.csv.rejected-2.csv").exists(), "what somebody mended is never written over");
}

#[test]
fn rejected_documents_stay_documents() {
    let folder = workplace();
    write(
        &folder,
        "m.toml",
        "source = \"app\"\n[time]\ncolumn = \"sent.at\"\n[person]\nidentities = [{ namespace = \"user\", column = \"user.id\" }]\n",
    );
    write(
        &folder,
        "log.jsonl",
        "{\"user\":{\"id\":7},\"sent\":{\"at\":\"2024-01-01T10:00:00Z\"}}\nnonsense\n{\"user\":{\"id\":8},\"sent\":{\"at\":\"soon\"}}\n",
    );
    let import =
        |file: &str| json(&works(folder.path(), &["import", file, "--mapping", "m.toml", "--data", "shop", "--format", "json"]));
    let first = import("log.jsonl");
    assert_eq!((&first["added"], &first["rejected"]), (&1.into(), &2.into()));
    let rejects = folder.path().join("log.jsonl.rejected.jsonl");
    let text = fs::read_to_string(&rejects).expect("there are rejects");
    assert!(text.contains("\"_text\":\"nonsense\"") && text.contains("\"_line\":3"), "{text}");
    fs::write(
        &rejects,
        text.lines().filter(|line| line.contains("soon")).map(|line| line.replace("soon", "2024-01-02")).collect::<String>(),
    )
    .expect("writes");
    assert_eq!(import("log.jsonl.rejected.jsonl")["added"], 1);
}

const INVOICES: &str = r#"source = "till"
[group]
columns = ["invoice"]
[time]
column = "at"
[value]
column = "amount"
currency = "EUR"
"#;

/// Imports a file of invoices; returns the summary.
fn invoices(folder: &TempDir, name: &str) -> Value {
    json(&works(folder.path(), &["import", name, "--mapping", "m.toml", "--data", "shop", "--format", "json"]))
}

/// Checks what is added, how many rows are refused, and the sum in cents.
fn check_invoices(summary: &Value, added: u64, rejected: u64, cents: u64) {
    let sum = summary["values"].as_array().and_then(|sums| sums.first()).map_or(0, |sum| sum["minor"].as_u64().expect("a sum"));
    assert_eq!((&summary["added"], &summary["rejected"], sum), (&added.into(), &rejected.into(), cents), "{summary}");
}

#[test]
fn a_refused_row_keeps_its_whole_group_until_it_is_mended() {
    for (bad, good) in [("A,2024-01-01,x90.00", "A,2024-01-01,90.00"), ("A,2024-01-01,90,00", "A,2024-01-01,90.00")] {
        let folder = workplace();
        write(&folder, "m.toml", INVOICES);
        let table = format!("invoice,at,amount\nA,2024-01-01,10.00\nB,2024-01-01,5.00\n{bad}\nA,2024-01-01,1.00\n");
        write(&folder, "a.csv", &table);
        check_invoices(&invoices(&folder, "a.csv"), 1, 3, 500);
        let rejects = folder.path().join("a.csv.rejected.csv");
        let text = fs::read_to_string(&rejects).expect("there are rejects");
        assert_eq!(text.matches("another row of its group was refused").count(), 2, "{text}");
        fs::write(&rejects, text.replace(bad, good)).expect("writes");
        check_invoices(&invoices(&folder, "a.csv.rejected.csv"), 1, 0, 10_100);
        write(&folder, "a.csv", table.replace(bad, good));
        let whole = invoices(&folder, "a.csv");
        assert_eq!((&whole["added"], &whole["already_there"]), (&0.into(), &2.into()));
    }
}

#[test]
fn a_row_of_an_unknown_group_stops_the_import() {
    let folder = workplace();
    write(&folder, "m.toml", INVOICES);
    let args = ["import", "a.csv", "--mapping", "m.toml", "--data", "shop"];
    write(&folder, "a.csv", "at,invoice,amount\n2024-01-01,A,10.00\nTotal\n");
    refuses(folder.path(), &args, &["Line 3 of `a.csv` cannot be read", "nothing was imported", "Mend that line"]);
    let line = "{\"invoice\":\"C\",\"at\":\"2024-01-01\",\"amount\":2}\n";
    write(&folder, "a.csv", format!("{line}{{\"invoice\":\"C\"\n"));
    refuses(folder.path(), &args, &["Line 2 of `a.csv` cannot be read"]);
}

#[test]
fn a_quotation_that_swallows_rows_keeps_their_groups_too() {
    let first = "invoice,at,amount\nA,2024-01-01,1\nB,2024-01-01,2\nC,2024-01-01,4\n";
    for swallowing in ["\"A,2024-01-01,8\nB,2024-01-01,8\"\n", "A,2024-01-01,\"8\nB,2024-01-01,8\n"] {
        let folder = workplace();
        write(&folder, "m.toml", INVOICES);
        write(&folder, "a.csv", format!("{first}{swallowing}"));
        check_invoices(&invoices(&folder, "a.csv"), 1, 3, 400);
        write(&folder, "a.csv", format!("{first}{}", swallowing.replace('"', "")));
        check_invoices(&invoices(&folder, "a.csv"), 2, 0, 2_300);
    }
}

#[test]
fn a_group_in_pieces_is_refused_where_the_mapping_says_sorted() {
    let folder = workplace();
    write(&folder, "m.toml", INVOICES.replace("[time]", "sorted = true\n[time]"));
    write(&folder, "a.csv", "invoice,at,amount\nA,2024-01-01,1\nB,2024-01-01,2\nA,2024-01-01,4\nC,2024-01-01,8\n");
    let summary = invoices(&folder, "a.csv");
    check_invoices(&summary, 2, 2, 1_000);
    assert!(
        summary["reasons"][0]["reason"].as_str().is_some_and(|reason| reason.contains("do not follow each other")),
        "{summary}"
    );
    write(&folder, "m.toml", INVOICES);
    check_invoices(&invoices(&folder, "a.csv"), 1, 0, 1_500);
}

#[test]
fn a_damaged_file_gives_no_half_groups() {
    use std::io::Write;
    let folder = workplace();
    let rows: String = (0..60_000).map(|row| format!("{},2024-01-01,1,{}\n", row / 10, row * 7919 % 100_003)).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(format!("invoice,at,amount,no\n{rows}").as_bytes()).expect("packs");
    let packed = packed.finish().expect("packs");
    write(&folder, "whole.csv.gz", &packed);
    write(&folder, "cut.csv.gz", &packed[..packed.len() / 2]);
    write(&folder, "m.toml", INVOICES);
    let args = ["import", "cut.csv.gz", "--mapping", "m.toml", "--data", "shop", "--format", "json"];
    refuses(folder.path(), &args, &["damaged", "nothing was imported", "sorted = true"]);
    write(&folder, "m.toml", INVOICES.replace("[time]", "sorted = true\n[time]"));
    let Said { ok, out, .. } = touchline(folder.path(), &args);
    let cut = json(&out);
    let added = cut["added"].as_u64().expect("a number");
    assert!(!ok && (1_000..6_000).contains(&added), "{cut}");
    check_invoices(&cut, added, cut["rejected"].as_u64().expect("a number"), added * 1_000);
    assert_eq!(invoices(&folder, "whole.csv.gz")["added"], 6_000 - added);
}

/// Checks that a file is refused with a message that says what is wrong and what to do.
fn bad(name: &str, content: &[u8], mapping: &str, reasons: &[&str]) {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, name, content);
    write(&folder, "m.toml", mapping);
    refuses(folder.path(), &["import", name, "--mapping", "m.toml", "--dry-run"], reasons);
}

const PLAIN: &str = "source = \"t\"\n[time]\ncolumn = \"at\"\n";

#[test]
fn bad_files_are_explained() {
    refuses(
        &std::env::temp_dir(),
        &["import", "nowhere.csv", "--mapping", &fixture("visits.toml"), "--dry-run"],
        &["Cannot read `nowhere.csv`", "Check the name"],
    );
    bad("empty.csv", b"", PLAIN, &["`empty.csv` is empty"]);
    bad(
        "a.csv",
        b"at;b\n2024-01-01;2\n",
        "source = \"t\"\n[time]\ncolumn = \"at\"\n[file]\ndelimiter = \",\"\n",
        &["delimiter", "';'"],
    );
    bad("a.csv", b"att,b\n2024-01-01,2\n", PLAIN, &["no column `at`", "id you mean `att`?"]);
    bad("a.jsonl", b"{\"att\":\"2024-01-01\"}\n", PLAIN, &["no column `at`", "id you mean `att`?"]);
    bad("a.csv", b"%PDF-1.7 ...", PLAIN, &["a PDF document", "CSV"]);
    bad("a.parquet", b"PAR1 and then nothing", PLAIN, &["cannot be read", "cut off"]);
    bad("a.zip", b"PK\x03\x04 and then nothing", PLAIN, &["cannot be read"]);
    bad("a.json", b"[{\"at\":1}]", PLAIN, &["one JSON array", "jq"]);
    bad(
        "a.csv",
        b"at\n2024-01-01\n",
        "source = \"t\"\nform = \"purchas\"\n[time]\ncolumn = \"at\"\n",
        &["`purchas`", "id you mean `purchase`?"],
    );
    bad(
        "a.csv",
        b"at\n2024-01-01\n",
        "source = \"t\"\n[time]\ncolumn = \"at\"\nzone = \"Mars/Olympus\"\n",
        &["Mars/Olympus", "IANA"],
    );
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_read_as_what_it_is() {
    let folder = tempfile::tempdir().expect("folder");
    fs::copy(fixtures().join("visits.parquet"), folder.path().join("visits.csv")).expect("copies");
    let found = dry(&folder.path().join("visits.csv").display().to_string(), &fixture("visits.toml"));
    assert_eq!(found["samples"], visits());
    assert!(found["summary"]["notes"][0]["says"].as_str().is_some_and(|note| note.contains("not what its name says")), "{found}");
}

#[test]
fn impossible_dates_and_negative_counts_are_refused_row_by_row() {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, "m.toml", "source = \"t\"\n[time]\ncolumn = \"at\"\n[touches]\ncolumn = \"n\"\n");
    write(&folder, "a.csv", "at,n\n2024-02-30,1\n2024-01-01,-2\n2024-01-01,1.5\n2024-01-01,3\n2024-01-01,0\n2024-01-01,99999\n");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let summary = dry(&path("a.csv"), &path("m.toml"))["summary"].clone();
    assert_eq!((&summary["interactions"], &summary["rejected"]), (&3.into(), &4.into()));
    let reasons = summary["reasons"].to_string();
    for part in ["`at` is no time", "`n` is negative", "`n` is no whole number", "`n` is larger than"] {
        assert!(reasons.contains(part), "`{part}` in {reasons}");
    }
}

/// Lines enough that the packed file can be cut in the middle.
fn long_table() -> String {
    (0..50_000).fold("at,who\n".to_owned(), |text, row| text + &format!("2024-01-01,{}\n", row * 7919 % 100_003))
}

#[test]
fn a_truncated_gzip_gives_what_stands_before() {
    use std::io::Write;
    let folder = workplace();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(long_table().as_bytes()).expect("packs");
    let packed = packed.finish().expect("packs");
    write(&folder, "cut.csv.gz", &packed[..packed.len() / 2]);
    write(&folder, "whole.csv.gz", &packed);
    write(&folder, "m.toml", PLAIN);
    let args = |file| ["import", file, "--mapping", "m.toml", "--data", "shop", "--format", "json"];
    let Said { ok, out, err } = touchline(folder.path(), &args("cut.csv.gz"));
    assert!(!ok && err.contains("damaged") && err.contains("not added twice"), "{err}");
    let cut = json(&out);
    let added = cut["added"].as_u64().expect("a number");
    assert!((10_000..50_000).contains(&added) && cut["complete"] == false, "{cut}");
    let whole = json(&works(folder.path(), &args("whole.csv.gz")));
    assert_eq!(whole["added"].as_u64(), Some(50_000 - added));
}

#[test]
fn equal_rows_are_kept_or_dropped_as_the_mapping_says() {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, "a.csv", "at,x\n2024-01-01,1\n2024-01-01,1\n2024-01-01,2\n");
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (policy, expected) in [("keep", 3), ("drop", 2)] {
        write(&folder, "m.toml", format!("source = \"t\"\nduplicates = \"{policy}\"\n[time]\ncolumn = \"at\"\n"));
        assert_eq!(dry(&path("a.csv"), &path("m.toml"))["summary"]["interactions"], expected, "{policy}");
    }
}

#[test]
fn a_lookup_is_found_beside_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, "a.csv", "who,plan\n1,x\n2,y\n3,z\n");
    write(&folder, "plans.csv", "plan;began\nx;2024-01-01\ny;2024-02-01\n");
    write(
        &folder,
        "m.toml",
        "source = \"t\"\n[lookup.plans]\nfile = \"plans.csv\"\ncolumn = \"plan\"\nkey = \"plan\"\ntake = [\"began\"]\n[time]\ncolumn = \"plans.began\"\n",
    );
    let path = |name: &str| folder.path().join(name).display().to_string();
    let found = dry(&path("a.csv"), &path("m.toml"));
    assert_eq!(found["samples"][1]["at"], "2024-02-01T00:00:00Z");
    assert_eq!(found["summary"]["reasons"][0]["reason"], "`plans.began` is empty: the time is needed");
}

#[test]
fn a_lookup_that_is_not_clear_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, "a.csv", "who,plan\n1,x\n");
    fs::create_dir(folder.path().join("tables")).expect("a folder");
    let good = "plan,began\nx,2024-01-01\n";
    let plans = [("tables/good.csv", ""), ("twice.csv", "x,2024-02-01\n"), ("broken.csv", "y,2024-02-01,3\n")];
    for (name, more) in plans {
        write(&folder, name, format!("{good}{more}"));
    }
    let outside = folder.path().join("twice.csv").display().to_string();
    let mapping = |file: &str| {
        let text = format!(
            "source = \"t\"\n[lookup.plans]\nfile = '{file}'\ncolumn = \"plan\"\nkey = \"plan\"\ntake = [\"began\"]\n\
             [time]\ncolumn = \"plans.began\"\n"
        );
        write(&folder, "m.toml", text);
    };
    let args = ["import", "a.csv", "--mapping", "m.toml", "--dry-run"];
    for (file, reasons) in [
        ("twice.csv", ["Line 3 of `twice.csv`", "another row has the same `plan`"]),
        ("broken.csv", ["Line 3 of `broken.csv`", "the row has 3 cells, the header has 2"]),
        ("../a.csv", ["leads elsewhere", "without `..`"]),
        (outside.as_str(), ["leads elsewhere", "beside the imported file"]),
        ("nowhere.csv", ["Cannot find `nowhere.csv`", "folder of the imported file"]),
    ] {
        mapping(file);
        refuses(folder.path(), &args, &reasons);
    }
    mapping("./tables/good.csv");
    works(folder.path(), &args);
}

/// What is suggested is itself a valid mapping that imports every row.
#[test]
fn suggestions_work_as_they_are() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["visits.csv", "visits.jsonl", "visits.parquet", "visits.xes", "visits-decimal-comma.csv", "chat.zip"] {
        let proposal = works(folder.path(), &["import", &fixture(name), "--suggest"]);
        write(&folder, "m.toml", &proposal);
        let summary = dry(&fixture(name), &folder.path().join("m.toml").display().to_string())["summary"].clone();
        assert_eq!((&summary["rejected"], &summary["complete"]), (&0.into(), &true.into()), "{name}: {proposal}");
        assert!(summary["identities"].as_u64() >= Some(3), "{name}: {proposal}");
    }
    let proposal = works(folder.path(), &["import", &fixture("visits.csv"), "--suggest"]);
    for part in [
        "namespace = \"customer\"",
        "lowercase = true",
        "column = \"at\"",
        "column = \"amount\"",
        "# Unsure: The currency is a guess.",
    ] {
        assert!(proposal.contains(part), "`{part}` in: {proposal}");
    }
}

/// The mappings that ship are valid; their data does not ship.
#[test]
fn the_mappings_that_ship_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/mappings");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        touchline::features::capture::import::mapping::Mapping::read(&entry.expect("an entry").path()).expect("a valid mapping");
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn amounts_in_another_currency_are_pointed_out() {
    let folder = workplace();
    write(&folder, "sales.csv", "who,when,amount\nann,2026-01-02,12.50\n");
    let mapping = |currency: &str| {
        let text = "source = \"till\"\nform = \"purchase\"\ndirection = \"inbound\"\n[person]\n\
                    identities = [{ namespace = \"customer\", column = \"who\" }]\n[time]\ncolumn = \"when\"\n\
                    [signal]\nevent = \"sale\"\n[value]\ncolumn = \"amount\"\n";
        write(&folder, "m.toml", format!("{text}currency = \"{currency}\"\n"));
    };
    let import = ["import", "sales.csv", "--data", "shop", "--mapping", "m.toml"];
    mapping("EUR");
    assert!(!works(folder.path(), &import).contains("the map counts in"));
    mapping("USD");
    assert!(works(folder.path(), &import).contains("amounts are in USD, the map counts in EUR"));
}
