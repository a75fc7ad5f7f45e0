//! The salts of day visitors: the table `visitor_salt`. One for the day, the one before for what comes in late.
//!
//! A salt is drawn by chance, stored before it is used, and removed from the disk when its day is two days ago. Days
//! are those of UTC.

use crate::failure::{Failure, Result};
use model::Instant;
use model::time::DAY;
use sqlx::Row;
use state::{State, StateError};
use std::sync::{Arc, PoisonError, RwLock};

/// Is the salts in use on one day.
#[derive(Clone)]
pub(super) struct DaySalts {
    /// The day, counted from 1970.
    pub(super) day: i64,
    /// Its salt.
    pub(super) today: [u8; 32],
    /// The salt of the day before; none where nobody came on it.
    pub(super) before: Option<[u8; 32]>,
}

impl DaySalts {
    /// Returns the salt for something that happened at a time. Where that day's is gone, it is today's.
    pub(super) fn of(&self, at: Instant) -> &[u8; 32] {
        match &self.before {
            Some(before) if day_of(at) == self.day - 1 => before,
            _ => &self.today,
        }
    }
}

/// Keeps the salts of today at hand. Clones share them.
#[derive(Clone)]
pub(super) struct Salts {
    state: State,
    held: Arc<RwLock<Option<Arc<DaySalts>>>>,
}

impl Salts {
    pub(super) fn new(state: State) -> Self {
        Self { state, held: Arc::default() }
    }

    /// Returns the salts of the day, with a new one when a day has begun.
    ///
    /// A clock that was set back changes nothing: the newest day counts.
    ///
    /// # Errors
    /// Fails when the state store does; no visitor can be told from another then.
    pub(super) async fn at(&self, now: Instant) -> Result<Arc<DaySalts>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held.filter(|held| held.day >= day_of(now)) {
            return Ok(held);
        }
        let drawn = Arc::new(self.turn(day_of(now)).await?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&drawn));
        Ok(drawn)
    }

    /// Removes salts that are too old, also where nobody comes any more.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn turn_if_used(&self, now: Instant) -> Result<()> {
        let salts: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM visitor_salt").fetch_one(self.state.reader()).await.map_err(failed)?;
        if salts > 0 { self.at(now).await.map(|_| ()) } else { Ok(()) }
    }

    /// Removes what is too old and makes sure that the day has a salt.
    async fn turn(&self, day: i64) -> Result<DaySalts> {
        let mut salt = [0_u8; 32];
        getrandom::fill(&mut salt).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(day) FROM visitor_salt").fetch_one(&mut *transaction).await.map_err(failed)?;
        let day = newest.map_or(day, |newest| newest.max(day));
        let forgotten = sqlx::query("DELETE FROM visitor_salt WHERE day < $1").bind(day - 1);
        let forgotten = forgotten.execute(&mut *transaction).await.map_err(failed)?.rows_affected();
        sqlx::query("INSERT INTO visitor_salt (day, salt) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING")
            .bind(day)
            .bind(salt.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let rows = sqlx::query("SELECT day, salt FROM visitor_salt").fetch_all(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if forgotten > 0 {
            self.state.empty_log().await.map_err(failed)?;
        }
        let of = |wanted: i64| {
            let row = rows.iter().find(|row| row.get::<i64, _>("day") == wanted)?;
            <[u8; 32]>::try_from(row.get::<Vec<u8>, _>("salt")).ok()
        };
        let today = of(day).ok_or_else(|| Failure::new("The salt of the day cannot be read back"))?;
        Ok(DaySalts { day, today, before: of(day - 1) })
    }
}

fn day_of(at: Instant) -> i64 {
    at.0.div_euclid(DAY)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the salts of visitors").because(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn days(state: &State) -> Vec<i64> {
        sqlx::query_scalar("SELECT day FROM visitor_salt ORDER BY day").fetch_all(state.reader()).await.expect("reads")
    }

    #[tokio::test]
    async fn a_salt_lives_for_two_days() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let salts = Salts::new(state.clone());
        let first = salts.at(Instant(10 * DAY + 5)).await.expect("draws");
        assert_eq!((first.day, first.before), (10, None));
        assert_eq!(salts.at(Instant(11 * DAY - 1)).await.expect("holds").today, first.today);
        let second = salts.at(Instant(11 * DAY)).await.expect("draws");
        assert_ne!(second.today, first.today);
        assert_eq!(second.before, Some(first.today));
        // Another process finds the same ones.
        assert_eq!(Salts::new(state.clone()).at(Instant(11 * DAY)).await.expect("reads").today, second.today);
        // A clock set back.
        assert_eq!(Salts::new(state.clone()).at(Instant(3 * DAY)).await.expect("reads").today, second.today);
        let third = salts.at(Instant(14 * DAY)).await.expect("draws");
        assert_eq!(third.before, None);
        assert_eq!(days(&state).await, [14]);
    }

    #[tokio::test]
    async fn a_forgotten_salt_leaves_no_byte_on_the_disk() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let salts = Salts::new(state.clone());
        let first = salts.at(Instant(10 * DAY)).await.expect("draws").today;
        let found = || {
            let files = std::fs::read_dir(dir.path()).expect("lists");
            let bytes = files.map(|file| std::fs::read(file.expect("is there").path()).expect("reads"));
            bytes.filter(|bytes| bytes.windows(first.len()).any(|part| part == first)).count()
        };
        assert!(found() > 0, "the search finds what is there");
        salts.at(Instant(12 * DAY)).await.expect("draws");
        assert_eq!(found(), 0);
    }
}
