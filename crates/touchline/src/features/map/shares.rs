//! Links by which somebody without an account may look at the map: until a day, revocable, without names of people.
//!
//! The table `map_share`. A link is 256 bits of chance and kept as a hash only, so it is shown once. What is looked at is
//! today's map, not a copy of it.

use super::desk::Editor;
use super::store::{Maps, failed};
use super::versions::Variant;
use crate::failure::Result;
use crate::platform::clock::Clock;
use crate::platform::http::{Body, Path, Problem, Refusal};
use crate::platform::token::{self, Token};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{Instant, TouchpointMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A link lasts at most a year: one that lasts for ever is one that nobody remembers.
const DAYS_MAX: u32 = 366;
/// So many links may be open at once; more cannot be kept in mind.
const SHARES_MAX: i64 = 100;
const DAY: i64 = 86_400_000_000;

/// Returns the routes with which links are made and taken away.
pub(super) fn routes(maps: Maps, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, share)).routes(routes!(revoke)).with_state((maps, clock))
}

/// Is a link, as whoever looks after them sees it: the link itself is not stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MapShare)]
pub struct Share {
    /// Its number.
    pub id: i64,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it ends, in microseconds.
    pub expires_at: i64,
    /// Who made it.
    pub author: String,
    /// The design that it shows.
    pub variant: Variant,
    /// Whether it shows figures too, or the design alone.
    pub figures: bool,
}

/// Is what a link opens.
#[derive(Clone, PartialEq, Debug)]
pub struct Opened {
    /// The link.
    pub share: Share,
    /// The map, without names of people.
    pub map: TouchpointMap,
}

impl Maps {
    /// Returns what a link opens; `None` where it is unknown, revoked or over, without telling which.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn opened(&self, secret: &str, now: Instant) -> Result<Option<Opened>> {
        if !token::is_possible(secret) {
            return Ok(None);
        }
        let sql = "SELECT id, created_at, expires_at, author, variant, figures FROM map_share
                   WHERE hash = $1 AND expires_at > $2";
        let row: Option<Row> = sqlx::query_as(sql)
            .bind(token::hash(secret))
            .bind(now.0)
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        let Some(share) = row.map(share_of) else { return Ok(None) };
        let newest = self.newest(share.variant).await?;
        Ok(newest.map(|newest| Opened { share, map: without_people(newest.map) }))
    }

    async fn shares(&self, now: Instant) -> Result<Vec<Share>> {
        let sql = "SELECT id, created_at, expires_at, author, variant, figures FROM map_share
                   WHERE expires_at > $1 ORDER BY id DESC";
        let rows: Vec<Row> = sqlx::query_as(sql).bind(now.0).fetch_all(self.state.reader()).await.map_err(failed)?;
        Ok(rows.into_iter().map(share_of).collect())
    }

    async fn add_share(&self, wish: &Wish, author: &str, now: Instant) -> Result<(Share, Token)> {
        let token = Token::draw()?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM map_share WHERE expires_at <= $1")
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(id) FROM map_share").fetch_one(&mut *transaction).await.map_err(failed)?;
        let share = Share {
            id: last.unwrap_or(0) + 1,
            created_at: now.0,
            expires_at: now.0 + i64::from(wish.days) * DAY,
            author: author.to_owned(),
            variant: wish.variant,
            figures: wish.figures,
        };
        sqlx::query(
            "INSERT INTO map_share (id, hash, created_at, expires_at, author, variant, figures) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(share.id)
        .bind(token.hash())
        .bind(share.created_at)
        .bind(share.expires_at)
        .bind(share.author.clone())
        .bind(share.variant.name())
        .bind(i64::from(share.figures))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok((share, token))
    }

    async fn revoke(&self, id: i64) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM map_share WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

type Row = (i64, i64, i64, String, String, i64);

fn share_of((id, created_at, expires_at, author, variant, figures): Row) -> Share {
    let variant = if variant == Variant::ToBe.name() { Variant::ToBe } else { Variant::AsIs };
    Share { id, created_at, expires_at, author, variant, figures: figures != 0 }
}

/// Takes out of a map what names people, and what only serves to read signals: a stranger needs neither.
fn without_people(mut map: TouchpointMap) -> TouchpointMap {
    for touchpoint in &mut map.touchpoints {
        touchpoint.details.people.clear();
        touchpoint.details.contacts.clear();
        touchpoint.details.owner = None;
        // What people told may name them.
        touchpoint.details.stories.clear();
        touchpoint.custom.clear();
    }
    map.rules.clear();
    map.channel_rules.clear();
    map
}

/// Is a wish for a link.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapShareWish)]
struct Wish {
    /// How many days it lasts: 1 to 366.
    days: u32,
    /// The design that it shows.
    #[serde(default)]
    variant: Variant,
    /// Whether it shows figures too.
    #[serde(default)]
    figures: bool,
}

/// Is a new link.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = MapShareMade)]
struct Made {
    /// What is known of it from now on.
    share: Share,
    /// The path of the link: this is the only time that it is told.
    path: String,
}

/// Lists the links that are open.
#[utoipa::path(get, operation_id = "map_shares", path = "/api/map/shares", tag = "map", responses(
    (status = 200, body = Vec<Share>),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn list(State((maps, clock)): State<(Maps, Clock)>, _: Editor) -> Result<Json<Vec<Share>>, Refusal> {
    Ok(Json(maps.shares(clock()).await?))
}

/// Makes a link by which somebody without an account may look at the map.
#[utoipa::path(post, operation_id = "map_share", path = "/api/map/shares", tag = "map", request_body = Wish, responses(
    (status = 201, body = Made),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "There are too many links.", body = Problem),
))]
async fn share(
    State((maps, clock)): State<(Maps, Clock)>,
    Editor(who): Editor,
    Body(wish): Body<Wish>,
) -> Result<(StatusCode, Json<Made>), Refusal> {
    if !(1..=DAYS_MAX).contains(&wish.days) {
        return Err(Refusal::malformed(format!("A link lasts 1 to {DAYS_MAX} days"), "Ask for fewer"));
    }
    if i64::try_from(maps.shares(clock()).await?.len()).unwrap_or(i64::MAX) >= SHARES_MAX {
        return Err(Refusal::conflict(format!("There are {SHARES_MAX} links"), "Take some of them away first"));
    }
    let (share, token) = maps.add_share(&wish, &who.name, clock()).await?;
    Ok((StatusCode::CREATED, Json(Made { share, path: format!("/p/share/{}", token.secret()) })))
}

/// Takes a link away: from now on it opens nothing.
#[utoipa::path(delete, operation_id = "map_revoke", path = "/api/map/shares/{id}", tag = "map", params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 204, description = "It opens nothing now."),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn revoke(State((maps, _)): State<(Maps, Clock)>, _: Editor, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    maps.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::{maps, sample};
    use super::*;

    #[tokio::test]
    async fn a_link_opens_until_its_day_and_tells_no_names() {
        let (maps, _dir) = maps().await;
        maps.save(&sample(), "first", Instant(1)).await.expect("saves");
        let wish = Wish { days: 2, variant: Variant::AsIs, figures: true };
        let (share, token) = maps.add_share(&wish, "Ada", Instant(10)).await.expect("makes");
        let opened = maps.opened(token.secret(), Instant(11)).await.expect("reads").expect("is open");
        assert_eq!(opened.share, share);
        let text = serde_json::to_string(&opened.map).expect("writes");
        assert!(!text.contains("Marketing") && text.contains("Newsletter"), "{text}");
        assert_eq!(maps.opened(token.secret(), Instant(10 + 2 * DAY)).await.expect("reads"), None);
        assert_eq!(maps.opened("guess", Instant(11)).await.expect("reads"), None);
        assert_eq!(maps.shares(Instant(11)).await.expect("reads"), std::slice::from_ref(&share));
        maps.revoke(share.id).await.expect("revokes");
        assert_eq!(maps.opened(token.secret(), Instant(11)).await.expect("reads"), None);
    }

    #[tokio::test]
    async fn the_link_itself_is_not_stored() {
        let (maps, _dir) = maps().await;
        let wish = Wish { days: 1, variant: Variant::AsIs, figures: false };
        let (_, token) = maps.add_share(&wish, "Ada", Instant(10)).await.expect("makes");
        let stored: Vec<String> =
            sqlx::query_scalar("SELECT hash FROM map_share").fetch_all(maps.state.reader()).await.expect("reads");
        assert_eq!(stored, [token.hash()]);
    }
}
