//! The bot as staff reach it: what it says, and how it does.

use super::settings::BotSettings;
use crate::failure::Failure;
use crate::features::account::{Keeper, Who};
use crate::features::conversations::Talk;
use crate::features::conversations::messenger::drawn_secret;
use crate::features::conversations::store::failed;
use crate::platform::http::{Asked, Body, Problem, Refusal};
use analysis::intervals::proportion;
use axum::extract::State;
use axum::{Extension, Json};
use model::time::DAY;
use model::{Evidence, Figure, Unit};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(bot, change_bot)).routes(routes!(bot_figures))
}

/// Is what a change has drawn.
#[derive(Serialize, Deserialize, ToSchema)]
struct BotChanged {
    /// The secret of the order hook where it was drawn now; told this once.
    secret: Option<String>,
}

/// Is of which days.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Days {
    /// Of the last so many days; 30 where nothing is said.
    #[serde(default)]
    days: Option<i64>,
}

/// Is how the bot does (CHN-56). Only talks that have ended are counted in the shares.
#[derive(Serialize, Deserialize, ToSchema)]
struct BotFigures {
    /// Talks that have begun.
    talks: i64,
    /// Of them, those that go on.
    going_on: i64,
    /// They said that it helped.
    done: i64,
    /// They said nothing more, and nobody was needed.
    left: i64,
    /// A person went on.
    handed_over: i64,
    /// Which share needed no person.
    containment: Figure,
    /// Which share said that it helped.
    resolution: Figure,
    /// Which share was handed over.
    hand_over: Figure,
}

/// Tells what the bot says and does; its secret is not told, and where it asks for orders to the owner and admins alone.
#[utoipa::path(get, path = "/api/conversations/bot", tag = "conversations", responses(
    (status = 200, body = BotSettings), (status = 401, body = Problem),
))]
async fn bot(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<BotSettings>, Refusal> {
    Ok(Json(BotSettings::load(&talk.inbox.stores).await?.told(who.keeps_house())))
}

/// Decides anew what the bot says and does. Its secret stays where none is given, unless the address changes: then one is drawn.
#[utoipa::path(put, path = "/api/conversations/bot", tag = "conversations", request_body = BotSettings, responses(
    (status = 200, body = BotChanged), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn change_bot(_: Keeper, State(talk): State<Talk>, Body(settings): Body<BotSettings>) -> Result<Json<BotChanged>, Refusal> {
    let mut settings = settings;
    let before = BotSettings::load(&talk.inbox.stores).await?;
    let mut secret = None;
    if settings.order.secret.is_empty() && settings.order.url == before.order.url {
        settings.order.secret = before.order.secret;
    }
    if settings.order.secret.is_empty() && !settings.order.url.is_empty() {
        settings.order.secret = drawn_secret()?;
        secret = Some(settings.order.secret.clone());
    }
    settings.save(&talk.inbox.stores, &talk.calls()).await.map_err(Refusal::told)?;
    Ok(Json(BotChanged { secret }))
}

/// Tells how the bot does: how many needed no person, how many said that it helped, how many were handed over.
#[utoipa::path(get, path = "/api/conversations/bot/figures", tag = "conversations", params(Days), responses(
    (status = 200, body = BotFigures), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn bot_figures(State(talk): State<Talk>, Asked(asked): Asked<Days>) -> Result<Json<BotFigures>, Refusal> {
    let days = asked.days.unwrap_or(30);
    if !(1..=3_660).contains(&days) {
        return Err(Refusal::told(Failure::new("`days` is between 1 and 3660")));
    }
    let since = talk.inbox.now().0 - days * DAY;
    let sql = "SELECT state, COUNT(*) AS talks FROM bot_talk WHERE began_at >= $1 GROUP BY state";
    let rows = sqlx::query(sql).bind(since).fetch_all(talk.inbox.stores.state.reader()).await.map_err(failed)?;
    let counts: BTreeMap<String, i64> = rows.iter().map(|row| (row.get("state"), row.get("talks"))).collect();
    let count = |state: &str| counts.get(state).copied().unwrap_or(0);
    let (going_on, done, left, handed_over) = (count("on"), count("done"), count("left"), count("person"));
    let ended = done + left + handed_over;
    Ok(Json(BotFigures {
        talks: going_on + ended,
        going_on,
        done,
        left,
        handed_over,
        containment: share(done + left, ended),
        resolution: share(done, ended),
        hand_over: share(handed_over, ended),
    }))
}

fn share(part: i64, all: i64) -> Figure {
    let (part, all) = (part.cast_unsigned(), all.cast_unsigned());
    proportion(part, all)
        .map_or_else(|| Figure::unknown(Unit::Share), |estimate| estimate.figure(all, Evidence::E3, Unit::Share, "wilson"))
}
