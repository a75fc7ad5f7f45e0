//! Answers that are written once and used often.

use super::agents::Agent;
use super::store::failed;
use super::{Inbox, Talk};
use crate::failure::Result;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(canned_replies, add_canned_reply)).routes(routes!(drop_canned_reply))
}

/// Canned replies.
const CANNED_MAX: i64 = 500;

/// Is an answer that is written once.
#[derive(Serialize, Deserialize, ToSchema)]
struct CannedReply {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// What it says; `{name}` becomes the customer's name.
    text: String,
    /// How often it was used.
    used: i64,
}

/// Is a new one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCannedReply {
    /// Its name.
    name: String,
    /// What it says.
    text: String,
}

/// Lists the answers that are written once, the most used first.
#[utoipa::path(get, path = "/api/conversations/canned", tag = "conversations", responses(
    (status = 200, body = Vec<CannedReply>), (status = 401, body = Problem),
))]
async fn canned_replies(State(talk): State<Talk>) -> Result<Json<Vec<CannedReply>>, Refusal> {
    let sql = "SELECT id, name, text, used FROM canned_reply ORDER BY used DESC, name, id";
    let rows = sqlx::query(sql).fetch_all(talk.inbox.stores.state.reader()).await.map_err(failed)?;
    let reply = |row: &sqlx::any::AnyRow| CannedReply {
        id: row.get("id"),
        name: row.get("name"),
        text: row.get("text"),
        used: row.get("used"),
    };
    Ok(Json(rows.iter().map(reply).collect()))
}

/// Writes an answer once.
#[utoipa::path(post, path = "/api/conversations/canned", tag = "conversations", request_body = NewCannedReply, responses(
    (status = 201, body = CannedReply), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_canned_reply(
    _: Agent,
    State(talk): State<Talk>,
    Body(new): Body<NewCannedReply>,
) -> Result<(StatusCode, Json<CannedReply>), Refusal> {
    if new.name.trim().is_empty() || new.name.len() > 100 || new.text.trim().is_empty() || new.text.len() > 10_000 {
        return Err(Refusal::malformed(
            "A canned reply has a name of at most 100 bytes and a text of at most 10,000",
            "Shorten it",
        ));
    }
    let Some(id) = talk.inbox.add_canned(new.name.trim(), &new.text).await? else {
        return Err(Refusal::malformed(format!("There are {CANNED_MAX} already"), "Take one away first"));
    };
    let reply = CannedReply { id, name: new.name.trim().to_owned(), text: new.text, used: 0 };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Takes such an answer away.
#[utoipa::path(delete, path = "/api/conversations/canned/{id}", tag = "conversations",
    params(("id" = String, Path, description = "Its number.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_canned_reply(_: Agent, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(failed)?;
    let gone = sqlx::query("DELETE FROM canned_reply WHERE id = $1")
        .bind(id.parse::<i64>().unwrap_or(-1))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    let found = gone.rows_affected() > 0;
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("There is no such reply", "List them with GET /api/conversations/canned"))
    }
}

impl Inbox {
    /// Keeps an answer that is written once, and returns its number; none when there are too many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn add_canned(&self, name: &str, text: &str) -> Result<Option<i64>> {
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM canned_reply")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= CANNED_MAX {
            return Ok(None);
        }
        sqlx::query("INSERT INTO canned_reply (id, name, text, used) VALUES ($1, $2, $3, 0)")
            .bind(last + 1)
            .bind(name.to_owned())
            .bind(text.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(last + 1))
    }

    /// Counts that somebody used one.
    pub(super) async fn count_use(&self, canned: i64) -> Result<()> {
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let sql = "UPDATE canned_reply SET used = used + 1 WHERE id = $1";
        sqlx::query(sql).bind(canned).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}
