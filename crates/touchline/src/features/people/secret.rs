//! Secrets of this installation: the table `secret`. Drawn when they are first needed, and the same ever after.

use crate::failure::{Failure, Result};
use state::{State, StateError};

/// Returns the secret for a use.
///
/// # Errors
/// Fails when the state store does, or where the system gives no random bytes.
pub(super) async fn of(state: &State, purpose: &'static str) -> Result<[u8; 32]> {
    let sql = "SELECT key FROM secret WHERE use = $1";
    let mut stored: Option<Vec<u8>> =
        sqlx::query_scalar(sql).bind(purpose).fetch_optional(state.reader()).await.map_err(failed)?;
    if stored.is_none() {
        draw(state, purpose).await?;
        // Of two that draw at the same time, the first one counts.
        stored = sqlx::query_scalar(sql).bind(purpose).fetch_optional(state.reader()).await.map_err(failed)?;
    }
    let damaged = || Failure::new(format!("The secret for {purpose} is damaged")).hint("Restore a backup");
    stored.and_then(|stored| stored.try_into().ok()).ok_or_else(damaged)
}

async fn draw(state: &State, purpose: &'static str) -> Result<()> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    let mut transaction = state.begin().await.map_err(failed)?;
    sqlx::query("INSERT INTO secret (use, key) VALUES ($1, $2) ON CONFLICT (use) DO NOTHING")
        .bind(purpose)
        .bind(key.to_vec())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the secrets of this installation").because(&error.into())
}
