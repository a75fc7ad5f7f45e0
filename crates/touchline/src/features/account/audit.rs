//! The audit log: who did what, and when. What this room changes is noted in the same transaction; what other rooms
//! change is noted by the door after they have said that it is done.

use super::Who;
use super::store::failed;
use crate::failure::Result;
use model::Instant;
use serde::{Deserialize, Serialize};
use state::{State, Transaction};
use utoipa::ToSchema;

/// So many entries come at once.
const PAGE: i64 = 200;
/// Longer notes are cut: a log is no store of texts.
const ABOUT_MAX: usize = 200;

/// Is one entry of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
pub(super) struct LogEntry {
    /// The number; later ones are greater.
    pub id: i64,
    /// When, in microseconds UTC.
    pub at: i64,
    /// The number of the account; 0: the command line.
    pub account: i64,
    /// Its name at that time.
    pub name: String,
    /// What was done, such as `member.invited` or `POST /api/map/rules`.
    pub action: String,
    /// To what.
    pub about: String,
}

/// Notes something within the transaction that does it.
///
/// # Errors
/// Fails when the state store does; then nothing was done.
pub(super) async fn note(transaction: &mut Transaction, who: &Who, action: &str, about: &str, now: Instant) -> Result<()> {
    let about: String = about.chars().take(ABOUT_MAX).collect();
    let sql = "INSERT INTO audit (id, at, account, name, action, about) \
               SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5 FROM audit";
    sqlx::query(sql)
        .bind(now.0)
        .bind(who.account)
        .bind(who.name.clone())
        .bind(action.to_owned())
        .bind(about)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Notes something that another room has done.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn note_after(state: &State, who: &Who, action: &str, now: Instant) -> Result<()> {
    let mut transaction = state.begin().await.map_err(failed)?;
    note(&mut transaction, who, action, "", now).await?;
    transaction.commit().await.map_err(failed)
}

/// Returns a page of the log, the newest first, of those before a number.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn page(state: &State, before: Option<i64>) -> Result<Vec<LogEntry>> {
    sqlx::query_as("SELECT id, at, account, name, action, about FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2")
        .bind(before.unwrap_or(i64::MAX))
        .bind(PAGE)
        .fetch_all(state.reader())
        .await
        .map_err(failed)
}
