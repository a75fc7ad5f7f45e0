//! Whether the texts of identities are those that their numbers were made from. The number is a hash, so a changed
//! letter shows, where the database itself sees nothing wrong.

use crate::failure::{Failure, Result};
use crate::platform::id_map::IdSet;
use model::ActorId;
use state::{State, StateError};

/// Is how many identities are in memory as text at once.
const PAGE: i64 = 20_000;

/// Returns the actors whose text is known, and how many texts are not those of their numbers.
///
/// # Errors
/// Fails when the state store does.
pub async fn known_actors(state: &State) -> Result<(IdSet<ActorId>, u64)> {
    let failed = |error: sqlx::Error| Failure::new("Cannot read the identities").because(&StateError::from(error));
    let (mut known, mut strange, mut after) = (IdSet::default(), 0, i64::MIN);
    loop {
        let page: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT id, namespace, value FROM actor WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(after)
                .bind(PAGE)
                .fetch_all(state.reader())
                .await
                .map_err(failed)?;
        let Some((last, ..)) = page.last() else { return Ok((known, strange)) };
        after = *last;
        for (id, namespace, value) in page {
            let id = ActorId(id.cast_unsigned());
            let is_own = ActorId::of(&namespace, &value) == id;
            strange += u64::from(!is_own);
            known.insert(id);
        }
        if after == i64::MAX {
            return Ok((known, strange));
        }
    }
}
