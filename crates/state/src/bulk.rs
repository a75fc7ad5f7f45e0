//! Many rows in one statement, written so that every database understands it.
//!
//! Placeholders are numbered (`$1`), because that is the one spelling SQLite and Postgres share. Only table and
//! column names written in the program reach the text of a statement; values are always bound.

use crate::{StateError, Transaction};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, AssertSqlSafe};
use std::fmt::Write;

/// Bound values in one statement. SQLite takes `$1` for a name and looks through all names for each of them, twice: of
/// 8,000 values in a statement each took some 20 µs, of 256 less than one.
const BOUND_MAX: usize = 256;

/// Is a statement whose values are being bound.
type Statement = Query<'static, Any, AnyArguments>;

/// Inserts many rows: `head` is `INSERT INTO … (…)`, `tail` what follows the values, such as `ON CONFLICT …`.
///
/// `bind` binds the `columns` values of one row, in the order of `head`. Returns how many rows were written.
///
/// # Errors
/// Returns [`StateError::Statement`] when the database refuses a row.
pub async fn insert<T>(
    transaction: &mut Transaction,
    head: &'static str,
    columns: usize,
    tail: &'static str,
    rows: &[T],
    bind: impl Fn(Statement, &T) -> Statement,
) -> Result<u64, StateError> {
    let mut written = 0;
    for chunk in rows.chunks(BOUND_MAX / columns) {
        let mut sql = format!("{head} VALUES ");
        placeholders(&mut sql, chunk.len(), columns);
        // Writing to a String cannot fail.
        let _ = write!(sql, " {tail}");
        let statement = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), &bind);
        written += statement.persistent(false).execute(&mut **transaction).await?.rows_affected();
    }
    Ok(written)
}

/// Selects the rows whose key is one of `keys`: `head` is `SELECT … WHERE key IN`. The order is not defined.
///
/// # Errors
/// Returns [`StateError::Statement`] when the database refuses the statement.
pub async fn select_in(transaction: &mut Transaction, head: &'static str, keys: &[i64]) -> Result<Vec<AnyRow>, StateError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BOUND_MAX) {
        let mut sql = format!("{head} ");
        placeholders(&mut sql, 1, chunk.len());
        let statement = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), |statement, key| statement.bind(*key));
        found.extend(statement.persistent(false).fetch_all(&mut **transaction).await?);
    }
    Ok(found)
}

/// Selects as [`select_in`] does, outside of a transaction: nobody who writes is held up by it.
///
/// # Errors
/// Returns [`StateError::Statement`] when the database refuses the statement.
pub async fn read_in(reader: &AnyPool, head: &'static str, keys: &[i64]) -> Result<Vec<AnyRow>, StateError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BOUND_MAX) {
        let mut sql = format!("{head} ");
        placeholders(&mut sql, 1, chunk.len());
        let statement = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), |statement, key| statement.bind(*key));
        found.extend(statement.persistent(false).fetch_all(reader).await?);
    }
    Ok(found)
}

/// Deletes the rows whose key is one of `keys`: `head` is `DELETE FROM … WHERE key IN`. Returns how many there were.
///
/// # Errors
/// Returns [`StateError::Statement`] when the database refuses the statement.
pub async fn delete_in(transaction: &mut Transaction, head: &'static str, keys: &[i64]) -> Result<u64, StateError> {
    let mut deleted = 0;
    for chunk in keys.chunks(BOUND_MAX) {
        let mut sql = format!("{head} ");
        placeholders(&mut sql, 1, chunk.len());
        let statement = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), |statement, key| statement.bind(*key));
        deleted += statement.persistent(false).execute(&mut **transaction).await?.rows_affected();
    }
    Ok(deleted)
}

/// Writes `($1,$2),($3,$4)` for two rows of two columns.
fn placeholders(sql: &mut String, rows: usize, columns: usize) {
    for row in 0..rows {
        for column in 0..columns {
            let before = match (row, column) {
                (0, 0) => "(",
                (_, 0) => "),(",
                _ => ",",
            };
            let _ = write!(sql, "{before}${}", row * columns + column + 1);
        }
    }
    sql.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use sqlx::Row;

    fn check(rows: usize, columns: usize, expected: &str) {
        let mut sql = String::new();
        placeholders(&mut sql, rows, columns);
        assert_eq!(sql, expected);
    }

    #[test]
    fn placeholders_are_numbered_through() {
        check(1, 1, "($1)");
        check(2, 2, "($1,$2),($3,$4)");
    }

    #[tokio::test]
    async fn more_rows_than_one_statement_holds() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let ids: Vec<i64> = (0..10_000).collect();
        let mut transaction = state.begin().await.expect("begins");
        let bind = |statement: Statement, id: &i64| statement.bind(*id).bind("device").bind(id.to_string());
        let head = "INSERT INTO actor (id, namespace, value)";
        let written = insert(&mut transaction, head, 3, "", &ids, bind).await.expect("inserts");
        assert_eq!(written, 10_000);
        let again = insert(&mut transaction, head, 3, "ON CONFLICT (id) DO NOTHING", &ids, bind).await.expect("inserts");
        assert_eq!(again, 0);
        let keys: Vec<i64> = (9_990..10_010).collect();
        let found = select_in(&mut transaction, "SELECT id, value FROM actor WHERE id IN", &keys).await.expect("selects");
        let mut values: Vec<String> = found.iter().map(|row| row.get("value")).collect();
        values.sort_unstable();
        assert_eq!(values.first().map(String::as_str), Some("9990"));
        assert_eq!(values.len(), 10);
    }
}
