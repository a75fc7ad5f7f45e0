//! A store of any earlier version becomes what a new one is, and keeps what was in it.

use sqlx::any::AnyRow;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Connection, Row};
use state::State;
use std::fs;
use std::path::{Path, PathBuf};

/// Lists the migrations, the oldest first.
fn migrations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).expect("lists").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

async fn connect(path: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.expect("connects")
}

/// Makes a store as the version had it that knew these migrations alone.
async fn make_old(path: &Path, known: &[PathBuf]) -> AnyConnection {
    let folder = tempfile::tempdir().expect("folder");
    for file in known {
        fs::copy(file, folder.path().join(file.file_name().expect("has a name"))).expect("copies");
    }
    let mut connection = connect(path).await;
    Migrator::new(folder.path()).await.expect("reads").run(&mut connection).await.expect("applies");
    connection
}

/// Returns every table and index with the words that made it, spaces aside.
async fn schema(connection: &mut AnyConnection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name";
    let rows = sqlx::query(sql).fetch_all(connection).await.expect("reads");
    rows.iter().map(|row: &AnyRow| row.get::<String, _>(0).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

async fn opened(path: &Path) -> Vec<String> {
    State::open(path).await.expect("opens").close().await;
    let mut connection = connect(path).await;
    let schema = schema(&mut connection).await;
    connection.close().await.expect("closes");
    schema
}

#[tokio::test]
async fn a_store_of_every_earlier_version_becomes_what_a_new_one_is() {
    let dir = tempfile::tempdir().expect("folder");
    let all = migrations();
    let fresh = dir.path().join("fresh.sqlite");
    State::create(&fresh).await.expect("is made").close().await;
    let expected = opened(&fresh).await;
    for known in 1..all.len() {
        let path = dir.path().join(format!("{known}.sqlite"));
        make_old(&path, &all[..known]).await.close().await.expect("closes");
        assert_eq!(opened(&path).await, expected, "after {}", all[known - 1].display());
    }
}

/// What the first version that took live events had stored, row by row.
const OLD_ROWS: [&str; 7] = [
    "INSERT INTO account (id, name, role, created_at) VALUES (1, 'Ada', 'owner', 1)",
    "INSERT INTO map (id, created_at, document, note) VALUES (1, 1, '{}', '')",
    "INSERT INTO actor (id, namespace, value) VALUES (7, 'email', 'ada@example.org')",
    "INSERT INTO identity_fact (one, other, link, at) VALUES (7, 8, 1, 5)",
    "INSERT INTO trait (actor, key, value, at) VALUES (7, 'tier', 'gold', 5)",
    "INSERT INTO signal (id, source, event, channel, place, campaign, touchpoint) VALUES (0, 'site', 'open', '', '', '', '')",
    "INSERT INTO meta (key, value) VALUES ('zone', 'Europe/Paris')",
];

#[tokio::test]
async fn what_an_old_store_held_is_there_afterwards() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("state.sqlite");
    let old: Vec<PathBuf> = migrations().into_iter().filter(|file| file.file_name() < Some("0006".as_ref())).collect();
    let mut connection = make_old(&path, &old).await;
    for sql in OLD_ROWS {
        sqlx::query(sql).execute(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    connection.close().await.expect("closes");
    let state = State::open(&path).await.expect("opens");
    for (sql, expected) in [
        ("SELECT name FROM account WHERE id = 1", "Ada"),
        ("SELECT value FROM actor WHERE id = 7", "ada@example.org"),
        ("SELECT value FROM trait WHERE actor = 7 AND key = 'tier'", "gold"),
        ("SELECT event FROM signal WHERE id = 0", "open"),
        ("SELECT value FROM meta WHERE key = 'zone'", "Europe/Paris"),
        ("SELECT CAST(at AS TEXT) FROM identity_fact WHERE one = 7 AND other = 8", "5"),
        ("SELECT document FROM map WHERE id = 1", "{}"),
    ] {
        let found: String =
            sqlx::query_scalar(sql).fetch_one(state.reader()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(found, expected, "{sql}");
    }
    let faults = state.faults().await.expect("asks");
    assert!(faults.is_empty(), "{faults:?}");
    state.close().await;
}

#[tokio::test]
async fn a_survey_of_one_question_asks_it_still_and_keeps_its_answers() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("state.sqlite");
    let old: Vec<PathBuf> = migrations().into_iter().filter(|file| file.file_name() < Some("0132".as_ref())).collect();
    let mut connection = make_old(&path, &old).await;
    for sql in [
        r#"INSERT INTO survey (id, name, kind, question, touchpoint, created_at) VALUES (4, 'After', 'ces', 'Was it "easy" \ quick?', 'desk', 1)"#,
        "INSERT INTO survey_answer (id, survey, actor, score, body, channel, conversation, at) VALUES ('answer:4:x', 4, 7, 6, 'sealed', 'link', '', 2)",
    ] {
        sqlx::query(sql).execute(&mut connection).await.expect("inserts");
    }
    connection.close().await.expect("closes");
    State::open(&path).await.expect("opens").close().await;
    let mut connection = connect(&path).await;
    let questions: String =
        sqlx::query_scalar("SELECT questions FROM survey WHERE id = 4").fetch_one(&mut connection).await.expect("reads");
    assert_eq!(questions, r#"[{"id":1,"kind":"ces","words":"Was it \"easy\" \\ quick?"}]"#);
    let given: (String, i64, i64, i64, i64) = sqlx::query_as("SELECT answer, question, part, value, actor FROM survey_given")
        .fetch_one(&mut connection)
        .await
        .expect("reads");
    assert_eq!(given, ("answer:4:x".to_owned(), 1, 0, 6, 7));
    let body: String = sqlx::query_scalar("SELECT body FROM survey_answer").fetch_one(&mut connection).await.expect("reads");
    assert_eq!(body, "sealed");
}
