//! The table `journey`.

use crate::failure::{Failure, Result};
use model::{Instant, Journey};
use serde::{Deserialize, Serialize};
use state::{State, StateError};
use utoipa::ToSchema;

/// Is how many designed journeys there may be: more cannot be kept true by hand.
pub(super) const JOURNEYS_MAX: usize = 200;
/// Is how many versions of one are kept.
const VERSIONS_MAX: i64 = 200;

/// Is a designed journey with its version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = KeptJourney)]
pub struct Kept {
    /// The journey.
    pub journey: Journey,
    /// The number of its version, from 1.
    pub version: i64,
    /// When it was saved.
    pub saved_at: i64,
    /// Who saved it.
    pub saved_by: String,
}

/// Keeps designed journeys.
#[derive(Clone)]
pub struct Journeys {
    state: State,
}

type Row = (String, i64, String, i64, String);

impl Journeys {
    /// Looks after the journeys of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Lists the journeys by name.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Kept>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT j.id, j.version, j.document, j.created_at, j.created_by FROM journey j \
             WHERE j.version = (SELECT MAX(o.version) FROM journey o WHERE o.id = j.id) AND j.document <> ''",
        )
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        let mut all = rows.into_iter().map(kept).collect::<Result<Vec<_>>>()?;
        all.sort_by(|one, other| one.journey.name.en.cmp(&other.journey.name.en).then(one.journey.id.cmp(&other.journey.id)));
        Ok(all)
    }

    /// Finds a journey by its id.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, id: &str) -> Result<Option<Kept>> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, version, document, created_at, created_by FROM journey WHERE id = $1 ORDER BY version DESC LIMIT 1",
        )
        .bind(id.to_owned())
        .fetch_optional(self.state.reader())
        .await
        .map_err(failed)?;
        row.filter(|row| !row.2.is_empty()).map(kept).transpose()
    }

    /// Saves a journey as its newest version, or takes it away. `based_on` is the version that whoever changes it has seen
    /// (0: none); where it is not the newest, nothing is done and `None` comes back.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn save(&self, id: &str, journey: Option<&Journey>, based_on: i64, by: &str, now: Instant) -> Result<Option<i64>> {
        let document = journey.map(serde_json::to_string).transpose();
        let document = document.map_err(|error| Failure::new("Cannot write the journey").because(&error))?.unwrap_or_default();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let newest: Option<(i64, String)> =
            sqlx::query_as("SELECT version, document FROM journey WHERE id = $1 ORDER BY version DESC LIMIT 1")
                .bind(id.to_owned())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        let (version, there) = newest.map_or((0, String::new()), |(version, document)| (version, document));
        // One that was taken away is as good as none: whoever makes it anew has seen nothing.
        if based_on != version && !(based_on == 0 && there.is_empty()) {
            return Ok(None);
        }
        if there == document {
            return Ok(Some(version));
        }
        sqlx::query("INSERT INTO journey (id, version, document, created_at, created_by) VALUES ($1, $2, $3, $4, $5)")
            .bind(id.to_owned())
            .bind(version + 1)
            .bind(document)
            .bind(now.0)
            .bind(by.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query("DELETE FROM journey WHERE id = $1 AND version <= $2")
            .bind(id.to_owned())
            .bind(version + 1 - VERSIONS_MAX)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(version + 1))
    }
}

fn kept((id, version, document, saved_at, saved_by): Row) -> Result<Kept> {
    let journey = serde_json::from_str(&document)
        .map_err(|error| Failure::new(format!("Cannot read the journey `{id}` in the state store")).because(&error))?;
    Ok(Kept { journey, version, saved_at, saved_by })
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the journeys").because(&error.into())
}
