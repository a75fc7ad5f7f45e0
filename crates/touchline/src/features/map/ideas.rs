//! Brainstorming: notes that several people write at once, merge, and bring onto the map. The table `map_idea`.
//!
//! A note that was merged or placed stays, hidden behind what came of it, so that nobody's thought is lost.

use super::store::{Maps, failed};
use crate::failure::Result;
use crate::features::account::Who;
use crate::platform::clock::Clock;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many notes may lie on the table; a longer list is read by nobody.
const IDEAS_MAX: i64 = 1_000;
/// A note is a few words, not a page.
const BODY_MAX: usize = 300;

/// Returns the routes of the brainstorm.
pub(super) fn routes(maps: Maps, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change, remove)).with_state((maps, clock))
}

/// Is proof that whoever asks may write a note: everybody but viewers may.
struct Writer(Who);

impl<S: Send + Sync> FromRequestParts<S> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.role == "viewer" { Err(Refusal::not_allowed()) } else { Ok(Self(who.clone())) }
    }
}

/// Is a note.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MapIdea)]
pub(super) struct Idea {
    /// Its number.
    pub id: i64,
    /// When it was written, in microseconds.
    pub created_at: i64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// The note that it was merged into.
    pub merged: Option<i64>,
    /// The touchpoint that came of it.
    pub touchpoint: Option<String>,
}

/// Is what is written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapIdeaWritten)]
struct Written {
    /// What the note says: 1 to 300 bytes.
    body: String,
}

/// Is what becomes of a note. What is left out stays as it is; `merged` 0 takes it out of a merge, an empty `touchpoint`
/// back onto the table.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapIdeaFate)]
struct Fate {
    /// What it says from now on.
    #[serde(default)]
    body: Option<String>,
    /// The note that it is merged into.
    #[serde(default)]
    merged: Option<i64>,
    /// The touchpoint that came of it, by id.
    #[serde(default)]
    touchpoint: Option<String>,
}

impl Maps {
    async fn ideas(&self) -> Result<Vec<Idea>> {
        type Row = (i64, i64, String, String, Option<i64>, Option<String>);
        let sql = "SELECT id, created_at, author, body, merged, touchpoint FROM map_idea ORDER BY id";
        let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let idea = |(id, created_at, author, body, merged, touchpoint)| Idea { id, created_at, author, body, merged, touchpoint };
        Ok(rows.into_iter().map(idea).collect())
    }

    /// Adds a note; `None` where there is no room.
    async fn add_idea(&self, body: &str, who: &Who, now: Instant) -> Result<Option<Idea>> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MAX(id) FROM map_idea").fetch_one(&mut *transaction).await.map_err(failed)?;
        if count >= IDEAS_MAX {
            return Ok(None);
        }
        let idea = Idea {
            id: last.unwrap_or(0) + 1,
            created_at: now.0,
            author: who.name.clone(),
            body: body.to_owned(),
            merged: None,
            touchpoint: None,
        };
        sqlx::query("INSERT INTO map_idea (id, created_at, account, author, body) VALUES ($1, $2, $3, $4, $5)")
            .bind(idea.id)
            .bind(idea.created_at)
            .bind(who.account)
            .bind(idea.author.clone())
            .bind(idea.body.clone())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(idea))
    }

    async fn change_idea(&self, id: i64, fate: &Fate) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        // What merged into it goes along, so that a merge of merges is one.
        if let Some(into) = fate.merged.filter(|into| *into > 0) {
            sqlx::query("UPDATE map_idea SET merged = $1 WHERE merged = $2")
                .bind(into)
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        let changed = sqlx::query(
            "UPDATE map_idea SET body = COALESCE($2, body), merged = CASE WHEN $3 IS NULL THEN merged ELSE NULLIF($3, 0) END,
             touchpoint = CASE WHEN $4 IS NULL THEN touchpoint ELSE NULLIF($4, '') END WHERE id = $1",
        )
        .bind(id)
        .bind(fate.body.clone())
        .bind(fate.merged)
        .bind(fate.touchpoint.clone())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.rows_affected() > 0)
    }

    async fn remove_idea(&self, id: i64) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM map_idea WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("UPDATE map_idea SET merged = NULL WHERE merged = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

/// Lists the notes in the order in which they were written.
#[utoipa::path(get, operation_id = "map_ideas", path = "/api/map/ideas", tag = "map", responses(
    (status = 200, body = Vec<Idea>),
    (status = 401, body = Problem),
))]
async fn list(State((maps, _)): State<(Maps, Clock)>) -> Result<Json<Vec<Idea>>, Refusal> {
    Ok(Json(maps.ideas().await?))
}

/// Writes a note.
#[utoipa::path(post, operation_id = "map_add_idea", path = "/api/map/ideas", tag = "map", request_body = Written, responses(
    (status = 201, body = Idea),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "There are too many notes.", body = Problem),
))]
async fn add(
    State((maps, clock)): State<(Maps, Clock)>,
    Writer(who): Writer,
    Body(written): Body<Written>,
) -> Result<(StatusCode, Json<Idea>), Refusal> {
    let body = sound(&written.body)?;
    let idea = maps.add_idea(body, &who, clock()).await?;
    let idea = idea.ok_or_else(|| Refusal::conflict(format!("There are {IDEAS_MAX} notes"), "Remove some of them first"))?;
    Ok((StatusCode::CREATED, Json(idea)))
}

/// Changes a note, merges it into another, or says which touchpoint came of it.
#[utoipa::path(patch, operation_id = "map_change_idea", path = "/api/map/ideas/{id}", tag = "map", params(("id" = i64, Path, description = "Its number.")),
    request_body = Fate, responses(
    (status = 204, description = "It is so."),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no such note.", body = Problem),
))]
async fn change(
    State((maps, _)): State<(Maps, Clock)>,
    _: Writer,
    Path(id): Path<i64>,
    Body(fate): Body<Fate>,
) -> Result<StatusCode, Refusal> {
    if let Some(body) = &fate.body {
        sound(body)?;
    }
    if fate.touchpoint.as_ref().is_some_and(|touchpoint| touchpoint.len() > BODY_MAX) || fate.merged == Some(id) {
        return Err(Refusal::malformed("A note cannot become that", "Merge it into another note, or name a touchpoint by id"));
    }
    if maps.change_idea(id, &fate).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::not_found("There is no such note", "Somebody may have removed it"))
}

/// Removes a note; those merged into it come back.
#[utoipa::path(delete, operation_id = "map_drop_idea", path = "/api/map/ideas/{id}", tag = "map", params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 204, description = "It is gone."),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn remove(State((maps, _)): State<(Maps, Clock)>, _: Writer, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    maps.remove_idea(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn sound(body: &str) -> Result<&str, Refusal> {
    let body = body.trim();
    if body.is_empty() || body.len() > BODY_MAX {
        return Err(Refusal::malformed(format!("A note has 1 to {BODY_MAX} bytes"), "Write a few words"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::maps;
    use super::*;

    #[tokio::test]
    async fn notes_merge_and_come_apart_again() {
        let (maps, _dir) = maps().await;
        let who = Who::at_the_console();
        let mut ids = Vec::new();
        for body in ["packaging", "parcel", "box"] {
            ids.push(maps.add_idea(body, &who, Instant(1)).await.expect("adds").expect("there is room").id);
        }
        let fate = |merged| Fate { body: None, merged: Some(merged), touchpoint: None };
        assert!(maps.change_idea(ids[2], &fate(ids[1])).await.expect("changes"));
        assert!(maps.change_idea(ids[1], &fate(ids[0])).await.expect("changes"));
        let merged = async || maps.ideas().await.expect("reads").into_iter().map(|idea| idea.merged).collect::<Vec<_>>();
        assert_eq!(merged().await, [None, Some(ids[0]), Some(ids[0])], "a merge of merges is one");
        assert!(maps.change_idea(ids[1], &fate(0)).await.expect("changes"));
        maps.remove_idea(ids[0]).await.expect("removes");
        assert_eq!(merged().await, [None, None]);
        let placed = Fate { body: Some("gift box".into()), merged: None, touchpoint: Some("packaging".into()) };
        assert!(maps.change_idea(ids[2], &placed).await.expect("changes"));
        let idea = maps.ideas().await.expect("reads").pop().expect("is there");
        assert_eq!((idea.body.as_str(), idea.touchpoint.as_deref()), ("gift box", Some("packaging")));
        assert!(!maps.change_idea(99, &fate(0)).await.expect("changes"), "there is none");
    }
}
