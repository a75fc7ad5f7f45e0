//! The table `report_plan`.

use super::gather::Told;
use super::{PLANS_MAX, ReportPlan};
use crate::failure::{Failure, Result};
use model::Instant;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError, Transaction};
use utoipa::ToSchema;

/// Is a plan with what became of it so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PlannedReport)]
pub(super) struct Planned {
    /// Its number.
    pub(super) id: i64,
    /// What goes to whom and when.
    pub(super) plan: ReportPlan,
    /// Whether it rests.
    pub(super) is_paused: bool,
    /// When it goes next, UTC microseconds; it does not while it rests.
    pub(super) next_at: i64,
    /// When it went last.
    pub(super) last_at: Option<i64>,
    /// To how many it went last.
    pub(super) last_to: i64,
    /// Why it rests without anybody wanting it: `segment_gone`; empty: it does not.
    pub(super) trouble: String,
    /// Who made it.
    pub(super) by: String,
    /// What the last one said.
    #[serde(skip)]
    pub(super) told: String,
}

const COLUMNS: &str =
    "SELECT id, plan, is_paused, next_at, last_at, last_to, told, trouble, made_by FROM report_plan ORDER BY id";

pub(super) async fn all(state: &State) -> Result<Vec<Planned>> {
    let rows = sqlx::query(COLUMNS).fetch_all(state.reader()).await.map_err(failed)?;
    let planned = |row: &AnyRow| {
        Some(Planned {
            id: row.get("id"),
            plan: serde_json::from_str(&row.get::<String, _>("plan")).ok()?,
            is_paused: row.get::<i64, _>("is_paused") != 0,
            next_at: row.get("next_at"),
            last_at: row.get("last_at"),
            last_to: row.get("last_to"),
            trouble: row.get("trouble"),
            by: row.get("made_by"),
            told: row.get("told"),
        })
    };
    Ok(rows.iter().filter_map(planned).collect())
}

pub(super) async fn find(state: &State, id: i64) -> Result<Option<Planned>> {
    Ok(all(state).await?.into_iter().find(|planned| planned.id == id))
}

/// Keeps a new plan; `None`: there are too many.
pub(super) async fn add(state: &State, plan: &ReportPlan, next: Instant, by: &str, now: Instant) -> Result<Option<i64>> {
    let text = serde_json::to_string(plan).map_err(|error| Failure::new("Cannot write the plan").because(&error))?;
    let mut transaction = state.begin().await.map_err(failed)?;
    let (id, there): (i64, i64) = sqlx::query_as("SELECT COALESCE(MAX(id), 0) + 1, COUNT(*) FROM report_plan")
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
    if there >= PLANS_MAX {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO report_plan (id, name, plan, is_paused, next_at, last_at, last_to, told, trouble, made_by, made_at) \
         VALUES ($1, $2, $3, 0, $4, NULL, 0, '', '', $5, $6)",
    )
    .bind(id)
    .bind(plan.name.clone())
    .bind(text)
    .bind(next.0)
    .bind(by.to_owned())
    .bind(now.0)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(id))
}

/// Lets a plan rest, or go on from its next moment. `false`: there is none.
pub(super) async fn pause(state: &State, id: i64, is_paused: bool, next: Instant) -> Result<bool> {
    let mut transaction = state.begin().await.map_err(failed)?;
    let done = sqlx::query("UPDATE report_plan SET is_paused = $1, next_at = $2, trouble = '' WHERE id = $3")
        .bind(i64::from(is_paused))
        .bind(next.0)
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn remove(state: &State, id: i64) -> Result<bool> {
    let mut transaction = state.begin().await.map_err(failed)?;
    let gone = sqlx::query("DELETE FROM report_plan WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(gone.rows_affected() > 0)
}

/// Lets a plan rest that cannot be made any more.
pub(super) async fn give_up(state: &State, id: i64, trouble: &str) -> Result<()> {
    let mut transaction = state.begin().await.map_err(failed)?;
    sqlx::query("UPDATE report_plan SET is_paused = 1, trouble = $1 WHERE id = $2")
        .bind(trouble.to_owned())
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Moves a plan on to its next moment; `false`: somebody else has, or it rests, or is gone.
pub(super) async fn move_on(
    transaction: &mut Transaction,
    of: &Planned,
    next: Instant,
    now: Instant,
    to: usize,
    told: &Told,
) -> Result<bool> {
    let told = serde_json::to_string(told).map_err(|error| Failure::new("Cannot write what was told").because(&error))?;
    let moved = sqlx::query(
        "UPDATE report_plan SET next_at = $1, last_at = $2, last_to = $3, told = $4 WHERE id = $5 AND next_at = $6 AND is_paused = 0",
    )
    .bind(next.0)
    .bind(now.0)
    .bind(to as i64)
    .bind(told)
    .bind(of.id)
    .bind(of.next_at)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(moved.rows_affected() == 1)
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after reports by mail").because(&error.into())
}
