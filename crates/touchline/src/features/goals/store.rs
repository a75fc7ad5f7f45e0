//! The table `setup`: one row, changed by whoever saw its last version.

use super::Setup;
use crate::failure::{Failure, Result};
use model::Instant;
use serde::{Deserialize, Serialize};
use state::{State, StateError};
use utoipa::ToSchema;

/// Is what is kept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = KeptSetup)]
pub struct Kept {
    /// The version; 0: nothing was told yet.
    pub version: i64,
    /// What was told.
    pub setup: Setup,
}

/// Returns what was told so far.
///
/// # Errors
/// Fails when the state store does, or when what it holds cannot be read.
pub(super) async fn load(state: &State) -> Result<Kept> {
    let row: Option<(i64, String)> = sqlx::query_as("SELECT version, document FROM setup WHERE id = 1")
        .fetch_optional(state.reader())
        .await
        .map_err(failed)?;
    let Some((version, document)) = row else { return Ok(Kept::default()) };
    let unreadable = |error| Failure::new("The first steps that are kept cannot be read").because(&error);
    Ok(Kept { version, setup: serde_json::from_str(&document).map_err(unreadable)? })
}

/// Keeps what was told, unless somebody else has told something since `kept.version`: then `None`.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn save(state: &State, kept: &Kept, now: Instant) -> Result<Option<i64>> {
    let document = serde_json::to_string(&kept.setup).map_err(|error| Failure::new("Cannot write").because(&error))?;
    let mut transaction = state.begin().await.map_err(failed)?;
    let present: Option<i64> =
        sqlx::query_scalar("SELECT version FROM setup WHERE id = 1").fetch_optional(&mut *transaction).await.map_err(failed)?;
    if present.unwrap_or(0) != kept.version {
        return Ok(None);
    }
    let version = kept.version + 1;
    let statement = match present {
        Some(_) => "UPDATE setup SET version = $1, changed_at = $2, document = $3 WHERE id = 1",
        None => "INSERT INTO setup (id, version, changed_at, document) VALUES (1, $1, $2, $3)",
    };
    let query = sqlx::query(statement).bind(version).bind(now.0).bind(document);
    query.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(version))
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("The state store failed").because(&error.into())
}
