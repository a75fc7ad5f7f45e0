//! How often somebody may try to sign in: counted in the state store before anything is compared, so that many attempts
//! at the same time are as many as one after the other.

use super::store::failed;
use crate::failure::Result;
use model::Instant;
use model::time::SECOND;
use state::{State, Transaction};

/// Attempts are forgotten after so long.
pub(super) const WINDOW: i64 = 15 * 60 * SECOND;
/// So many attempts one name has within the window: a person mistypes a few times.
pub(super) const PER_NAME: i64 = 10;
/// So many attempts come from one address within the window: an office shares one.
pub(super) const PER_ADDRESS: i64 = 60;

/// Is one thing that attempts are counted for.
pub(super) struct Counted {
    name: String,
    most: i64,
}

impl Counted {
    /// Counts for a name that somebody wants to sign in as. Only a hash of it is kept.
    pub(super) fn name(email: &str) -> Self {
        Self { name: blake3::hash(format!("name:{email}").as_bytes()).to_hex().to_string(), most: PER_NAME }
    }

    /// Counts for a network address.
    pub(super) fn address(address: &str) -> Self {
        Self { name: blake3::hash(format!("address:{address}").as_bytes()).to_hex().to_string(), most: PER_ADDRESS }
    }
}

/// Counts an attempt; tells whether it is one too many.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn is_too_many(state: &State, counted: &[Counted], now: Instant) -> Result<bool> {
    // Whoever is over the bound is refused by looking alone: the one writer is not kept busy by them.
    for one in counted {
        let sql = "SELECT COUNT(*) FROM sign_in_attempt WHERE name = $1 AND at > $2";
        let before: i64 = sqlx::query_scalar(sql)
            .bind(one.name.clone())
            .bind(now.0 - WINDOW)
            .fetch_one(state.reader())
            .await
            .map_err(failed)?;
        if before >= one.most {
            return Ok(true);
        }
    }
    let mut transaction = state.begin().await.map_err(failed)?;
    let mut is_over = false;
    sqlx::query("DELETE FROM sign_in_attempt WHERE at <= $1")
        .bind(now.0 - WINDOW)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    for one in counted {
        sqlx::query("INSERT INTO sign_in_attempt (id, name, at) SELECT COALESCE(MAX(id), 0) + 1, $1, $2 FROM sign_in_attempt")
            .bind(one.name.clone())
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let with_this: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sign_in_attempt WHERE name = $1")
            .bind(one.name.clone())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        is_over |= with_this > one.most;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(is_over)
}

/// Forgets the attempts of a name that has signed in.
///
/// # Errors
/// Fails when the state store does.
pub(super) async fn forgive(transaction: &mut Transaction, counted: &Counted) -> Result<()> {
    sqlx::query("DELETE FROM sign_in_attempt WHERE name = $1")
        .bind(counted.name.clone())
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(())
}
