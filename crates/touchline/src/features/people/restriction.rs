//! People whose data are kept and not used (Art. 18 GDPR), until that is lifted: the table `restriction`.
//!
//! Who is restricted counts in no analysis and is contacted by nobody. A restriction stands with every identity of the
//! person, so it holds whoever they are joined to later.

use super::People;
use crate::failure::{Failure, Result};
use crate::platform::id_map::IdSet;
use model::{ActorId, Instant, PersonId};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::BTreeSet;

/// Restricts the use of what is known of some identities. Whoever is restricted already stays so from then on.
///
/// # Errors
/// Fails when the state store does.
pub async fn restrict(transaction: &mut Transaction, actors: &[ActorId], since: Instant, note: &str) -> Result<()> {
    let head = "INSERT INTO restriction (actor, since, note)";
    state::insert(transaction, head, 3, "ON CONFLICT (actor) DO NOTHING", actors, |statement, actor| {
        statement.bind(actor.0.cast_signed()).bind(since.0).bind(note.to_owned())
    })
    .await
    .map_err(failed)?;
    Ok(())
}

/// Lifts the restriction. Returns of how many identities.
///
/// # Errors
/// Fails when the state store does.
pub async fn lift(transaction: &mut Transaction, actors: &[ActorId]) -> Result<u64> {
    let numbers: Vec<i64> = actors.iter().map(|actor| actor.0.cast_signed()).collect();
    state::delete_in(transaction, "DELETE FROM restriction WHERE actor IN", &numbers).await.map_err(failed)
}

/// Returns everybody who is restricted.
///
/// # Errors
/// Fails when the state store does.
pub async fn restricted(state: &State, people: &People) -> Result<BTreeSet<PersonId>> {
    let rows = sqlx::query("SELECT actor FROM restriction").fetch_all(state.reader()).await.map_err(failed)?;
    let person = |row: &sqlx::any::AnyRow| people.person_of(ActorId(row.get::<i64, _>("actor").cast_unsigned()));
    Ok(rows.iter().map(person).collect())
}

/// Returns which of some identities are restricted.
///
/// # Errors
/// Fails when the state store does.
pub async fn restricted_among(state: &State, actors: &[ActorId]) -> Result<IdSet<ActorId>> {
    let ids = super::calling::ids(actors);
    let rows = state::read_in(state.reader(), "SELECT actor FROM restriction WHERE actor IN", &ids).await.map_err(failed)?;
    Ok(rows.iter().map(|row| super::calling::actor(row, "actor")).collect())
}

/// Tells whether anybody is restricted.
///
/// # Errors
/// Fails when the state store does.
pub async fn anybody_restricted(state: &State) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM restriction").fetch_one(state.reader()).await.map_err(failed)?;
    Ok(count > 0)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after restrictions").because(&error.into())
}
