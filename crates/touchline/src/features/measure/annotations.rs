//! What happened that no number says: a campaign began, a shop was closed. Shown where things are drawn over time; the
//! table `annotation`.

use super::reports::Reports;
use crate::failure::Failure;
use crate::features::account::Editor;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::StateError;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A remark is a line under a chart, in characters.
const TEXT_MAX: usize = 200;
/// The id of a touchpoint is shorter, in bytes.
const ID_MAX: usize = 200;
/// So many are told, the latest first.
const TOLD_MAX: i64 = 500;

pub(super) fn routes(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(annotations, annotate)).routes(routes!(unannotate)).with_state(reports)
}

/// Is a remark to be kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnnotation {
    /// When it happened, UTC microseconds.
    day: i64,
    /// What happened, in at most 200 characters.
    text: String,
    /// Where, by a touchpoint's id; none: everywhere.
    #[serde(default)]
    touchpoint: Option<String>,
}

/// Is a remark.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
struct Annotation {
    /// Its number.
    id: i64,
    /// When it happened, UTC microseconds.
    day: i64,
    /// What happened.
    text: String,
    /// Where, by a touchpoint's id; none: everywhere.
    touchpoint: Option<String>,
    /// Who says so.
    by: String,
}

/// Lists what was remarked, the latest first.
#[utoipa::path(get, path = "/api/measure/annotations", tag = "measure", responses(
    (status = 200, body = Vec<Annotation>), (status = 401, body = Problem),
))]
async fn annotations(State(reports): State<Reports>) -> Result<Json<Vec<Annotation>>, Refusal> {
    let rows = sqlx::query("SELECT id, day, text, touchpoint, made_by FROM annotation ORDER BY day DESC, id DESC LIMIT $1")
        .bind(TOLD_MAX)
        .fetch_all(reports.stores().state.reader())
        .await
        .map_err(refused)?;
    let annotation = |row: &sqlx::any::AnyRow| Annotation {
        id: row.get("id"),
        day: row.get("day"),
        text: row.get("text"),
        touchpoint: Some(row.get::<String, _>("touchpoint")).filter(|id| !id.is_empty()),
        by: row.get("made_by"),
    };
    Ok(Json(rows.iter().map(annotation).collect()))
}

/// Remarks what happened on a day.
#[utoipa::path(post, path = "/api/measure/annotations", tag = "measure", request_body = NewAnnotation, responses(
    (status = 201, body = Annotation),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn annotate(
    State(reports): State<Reports>,
    Editor(who): Editor,
    Body(new): Body<NewAnnotation>,
) -> Result<(StatusCode, Json<Annotation>), Refusal> {
    let text = new.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > TEXT_MAX {
        return Err(Refusal::malformed(format!("A remark has between 1 and {TEXT_MAX} characters"), "Write a line"));
    }
    if new.touchpoint.as_ref().is_some_and(|id| id.len() > ID_MAX) {
        return Err(Refusal::malformed("There is no such touchpoint", "Read /api/map for those that exist"));
    }
    let mut transaction = reports.stores().state.begin().await.map_err(failed)?;
    let id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM annotation")
        .fetch_one(&mut *transaction)
        .await
        .map_err(refused)?;
    sqlx::query("INSERT INTO annotation (id, day, text, touchpoint, made_by) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(new.day)
        .bind(text.clone())
        .bind(new.touchpoint.clone().unwrap_or_default())
        .bind(who.name.clone())
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
    transaction.commit().await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(Annotation { id, day: new.day, text, touchpoint: new.touchpoint, by: who.name })))
}

/// Takes a remark away.
#[utoipa::path(delete, path = "/api/measure/annotations/{id}", tag = "measure", params(
    ("id" = i64, Path, description = "The remark, by its number."),
), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn unannotate(State(reports): State<Reports>, _: Editor, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    let mut transaction = reports.stores().state.begin().await.map_err(failed)?;
    let gone = sqlx::query("DELETE FROM annotation WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(refused)?;
    transaction.commit().await.map_err(refused)?;
    if gone.rows_affected() == 0 {
        return Err(Refusal::not_found(format!("There is no remark {id}"), "List them with GET /api/measure/annotations"));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: sqlx::Error) -> Failure {
    failed(StateError::from(error))
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot look after remarks").because(&error)
}
