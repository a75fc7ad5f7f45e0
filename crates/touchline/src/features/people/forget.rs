//! Forgetting identities: which tables hold something of a person, and taking it out of those of this room.
//!
//! An erasure takes several steps in several stores. What it concerns is noted first (the tables `erasure` and
//! `erasure_actor`), so that one that broke off is taken up again at the next start.

use super::receipt::Removed;
use crate::failure::{Failure, Result};
use model::{ActorId, Instant};
use sqlx::Row;
use state::{State, StateError, Transaction};

/// Every table of every room that holds something of a person, with the columns that say of whom. A test reads the
/// schema and finds those that are missing here.
pub const OF_PEOPLE: &[(&str, &[&str])] = &[
    ("actor", &["id", "namespace", "value"]),
    ("consent", &["actor"]),
    ("contact_hold", &["actor"]),
    ("contact_send", &["actor"]),
    ("contact_skip", &["actor"]),
    ("contact_suppression", &["actor"]),
    ("contact_waiting", &["actor"]),
    ("contact_word", &["actor"]),
    ("auto_answer", &["actor"]),
    ("bot_talk", &["actor"]),
    ("conversation", &["actor"]),
    ("community_answer", &["actor"]),
    ("community_member", &["actor"]),
    ("community_question", &["actor"]),
    ("community_solved", &["actor"]),
    ("letter", &["actor"]),
    ("mail_received", &["actor"]),
    ("message", &["actor"]),
    ("message_file", &["actor"]),
    ("mention", &["actor"]),
    ("messenger_thread", &["actor"]),
    ("page_comment", &["actor"]),
    ("messenger_file", &["actor"]),
    ("parcel", &["actor"]),
    ("participant", &["actor"]),
    ("review", &["actor"]),
    ("survey_answer", &["actor"]),
    ("survey_given", &["actor"]),
    ("survey_invite", &["actor"]),
    ("erasure_actor", &["actor"]),
    ("identity_decision", &["one", "other"]),
    ("identity_fact", &["one", "other"]),
    ("quarantine", &["body"]),
    ("relocation", &["person"]),
    ("restriction", &["actor"]),
    ("sighting", &["device", "who"]),
    ("text_key", &["actor"]),
    ("tombstone", &["actor"]),
    ("trait", &["actor"]),
];

/// Is an erasure that is not finished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unfinished {
    /// Its number.
    pub erasure: String,
    /// What happened until then is erased.
    pub erased_at: Instant,
    /// Whom it concerns.
    pub actors: Vec<ActorId>,
    /// What has been removed so far.
    pub removed: Removed,
}

impl Unfinished {
    /// Notes that an erasure begins, or how far it has come.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn note(&self, transaction: &mut Transaction) -> Result<()> {
        let note =
            serde_json::to_string(&self.removed).map_err(|error| Failure::new("Cannot note an erasure").because(&error))?;
        sqlx::query(
            "INSERT INTO erasure (id, erased_at, note) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET note = excluded.note",
        )
        .bind(self.erasure.clone())
        .bind(self.erased_at.0)
        .bind(note)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        let head = "INSERT INTO erasure_actor (erasure, actor)";
        state::insert(transaction, head, 2, "ON CONFLICT (erasure, actor) DO NOTHING", &self.actors, |statement, actor| {
            statement.bind(self.erasure.clone()).bind(actor.0.cast_signed())
        })
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// Forgets that there was an erasure: it is finished.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn finish(&self, transaction: &mut Transaction) -> Result<()> {
        for sql in ["DELETE FROM erasure_actor WHERE erasure = $1", "DELETE FROM erasure WHERE id = $1"] {
            sqlx::query(sql).bind(self.erasure.clone()).execute(&mut **transaction).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Lists the erasures that are not finished.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(state: &State) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        let rows = sqlx::query("SELECT id, erased_at, note FROM erasure ORDER BY erased_at, id").fetch_all(state.reader()).await;
        for row in rows.map_err(failed)? {
            let erasure: String = row.get("id");
            let actors: Vec<i64> = sqlx::query_scalar("SELECT actor FROM erasure_actor WHERE erasure = $1 ORDER BY actor")
                .bind(erasure.clone())
                .fetch_all(state.reader())
                .await
                .map_err(failed)?;
            let actors = actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect();
            let removed = serde_json::from_str(&row.get::<String, _>("note")).unwrap_or_default();
            all.push(Self { erasure, erased_at: Instant(row.get("erased_at")), actors, removed });
        }
        Ok(all)
    }
}

/// Tells whether some erasure is not finished.
///
/// # Errors
/// Fails when the state store does.
pub async fn anything_unfinished(state: &State) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM erasure").fetch_one(state.reader()).await.map_err(failed)?;
    Ok(count > 0)
}

/// Drops the keys of texts: from the commit on nobody can read them. Returns how many there were.
///
/// # Errors
/// Fails when the state store does.
pub async fn drop_text_keys(transaction: &mut Transaction, actors: &[ActorId]) -> Result<u64> {
    state::delete_in(transaction, "DELETE FROM text_key WHERE actor IN", &numbers(actors)).await.map_err(failed)
}

/// Takes everything out of the tables of this room. What is kept in memory of it must be loaded again.
///
/// # Errors
/// Fails when the state store does.
pub async fn forget(transaction: &mut Transaction, actors: &[ActorId], removed: &mut Removed) -> Result<()> {
    let actors = numbers(actors);
    removed.consents += super::policy::forget(transaction, &actors).await.map_err(failed)?;
    let mut delete = async |head| state::delete_in(transaction, head, &actors).await.map_err(failed);
    removed.text_keys += delete("DELETE FROM text_key WHERE actor IN").await?;
    removed.consents += delete("DELETE FROM consent WHERE actor IN").await?;
    removed.consents += delete("DELETE FROM restriction WHERE actor IN").await?;
    removed.traits += delete("DELETE FROM trait WHERE actor IN").await?;
    removed.facts += delete("DELETE FROM identity_fact WHERE one IN").await?;
    removed.facts += delete("DELETE FROM identity_fact WHERE other IN").await?;
    removed.facts += delete("DELETE FROM sighting WHERE device IN").await?;
    removed.facts += delete("DELETE FROM sighting WHERE who IN").await?;
    removed.facts += delete("DELETE FROM identity_decision WHERE one IN").await?;
    removed.facts += delete("DELETE FROM identity_decision WHERE other IN").await?;
    delete("DELETE FROM relocation WHERE person IN").await?;
    removed.identities += delete("DELETE FROM actor WHERE id IN").await?;
    Ok(())
}

fn numbers(actors: &[ActorId]) -> Vec<i64> {
    actors.iter().map(|actor| actor.0.cast_signed()).collect()
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot forget identities").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Columns by whose name something of a person is recognised.
    const TELLING: [&str; 11] =
        ["actor", "person", "one", "other", "namespace", "value", "identity", "email", "device", "who", "body"];

    /// Tables that have such a column and yet nothing of customers, with what the column means there.
    const OTHERS: [(&str, &str); 7] = [
        ("account", "email: by which a member of the staff signs in"),
        ("alert_turn", "value: a figure of the reports when an alert turned"),
        ("article_text", "body: what staff wrote for everybody"),
        ("map_idea", "body: what a member of the staff thought of"),
        ("measure_given", "body: figures that staff entered"),
        ("meta", "value: a fact about the installation"),
        ("staff_letter", "body: what members of the staff are told"),
    ];

    #[tokio::test]
    async fn every_table_with_something_of_a_person_is_known() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let sql = "SELECT m.name AS tab, p.name AS col FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'";
        let rows = sqlx::query(sql).fetch_all(state.reader()).await.expect("reads the schema");
        let mut telling: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in &rows {
            let (table, column): (String, String) = (row.get("tab"), row.get("col"));
            if TELLING.contains(&column.as_str()) && OTHERS.iter().all(|(other, _)| *other != table) {
                telling.entry(table).or_default().insert(column);
            }
        }
        assert!(telling.len() >= 8, "the search finds too little to be right: {telling:?}");
        let known: BTreeSet<&str> = OF_PEOPLE.iter().map(|(table, _)| *table).collect();
        let found: BTreeSet<&str> = telling.keys().map(String::as_str).collect();
        let missing: Vec<_> = found.difference(&known).collect();
        assert!(missing.is_empty(), "tables of people that erasure and export do not know: {missing:?}");
    }

    #[tokio::test]
    async fn an_erasure_that_broke_off_is_found_again() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let removed = Removed { interactions: 3, ..Removed::default() };
        let mut unfinished =
            Unfinished { erasure: "e1".into(), erased_at: Instant(9), actors: vec![ActorId(1), ActorId(2)], removed };
        let note = async |unfinished: &Unfinished| {
            let mut transaction = state.begin().await.expect("begins");
            unfinished.note(&mut transaction).await.expect("notes");
            transaction.commit().await.expect("commits");
        };
        note(&unfinished).await;
        unfinished.removed.interactions = 5;
        note(&unfinished).await;
        assert_eq!(Unfinished::all(&state).await.expect("reads"), [unfinished.clone()]);
        let mut transaction = state.begin().await.expect("begins");
        unfinished.finish(&mut transaction).await.expect("finishes");
        transaction.commit().await.expect("commits");
        assert!(Unfinished::all(&state).await.expect("reads").is_empty());
    }
}
