//! Questions about what people do one after the other, and who led to outcomes.

use super::attribution::{self, AttributionAnswer, AttributionQuestion};
use super::http::{About, aside, current_map, latest};
use super::lived::{self, LifecycleAnswer, LivedAsked, NextStepAnswer, PathAnswer, SessionAnswer, TrendAnswer};
use super::reports::Reports;
use super::sequences::{self, FlowAnswer, FunnelAnswer, FunnelQuestion, RetentionAnswer, RetentionQuestion};
use crate::features::map::{no_map, refused};
use crate::platform::http::{Asked, Body, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many touchpoints of a layer are shown by name where nothing else is asked for.
const NAMED: usize = 8;

/// Returns the routes of these questions.
pub(super) fn routes(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(funnel))
        .routes(routes!(retention))
        .routes(routes!(flows))
        .routes(routes!(paths))
        .routes(routes!(lifecycle))
        .routes(routes!(trends))
        .routes(routes!(next_step))
        .routes(routes!(sessions))
        .routes(routes!(attribute))
        .with_state(reports)
}

/// Tells how many people get how far along steps.
#[utoipa::path(post, path = "/api/measure/funnel", tag = "measure", request_body = FunnelQuestion, responses(
    (status = 200, body = FunnelAnswer),
    (status = 400, description = "The map has no such step or segment.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn funnel(State(reports): State<Reports>, Body(question): Body<FunnelQuestion>) -> Result<Json<FunnelAnswer>, Refusal> {
    question.read(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| sequences::funnel(stores, &question)).await?.ok_or_else(no_map)?))
}

/// Tells who comes back, period by period.
#[utoipa::path(post, path = "/api/measure/retention", tag = "measure", request_body = RetentionQuestion, responses(
    (status = 200, body = RetentionAnswer),
    (status = 400, description = "The map has no such step or segment.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn retention(
    State(reports): State<Reports>,
    Body(question): Body<RetentionQuestion>,
) -> Result<Json<RetentionAnswer>, Refusal> {
    question.read(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| sequences::retention(stores, &question)).await?.ok_or_else(no_map)?))
}

/// Tells where people go next: the network of touchpoints with its effectiveness, and layers that sum to people.
#[utoipa::path(get, path = "/api/measure/flows", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = FlowAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn flows(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<FlowAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(
        aside(&reports, move |stores| {
            sequences::flows(stores, asked.most.unwrap_or(NAMED), &asked.narrow(), asked.segment.as_deref())
        })
        .await?
        .ok_or_else(no_map)?,
    ))
}

/// Tells which exact paths people walk, and how whole journeys go (variants).
#[utoipa::path(get, path = "/api/measure/paths", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = PathAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn paths(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<PathAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| lived::paths(stores, &asked)).await?.ok_or_else(no_map)?))
}

/// Tells who is new, stays, comes back or falls silent, period by period.
#[utoipa::path(get, path = "/api/measure/lifecycle", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = LifecycleAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn lifecycle(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<LifecycleAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| lived::lifecycle(stores, &asked)).await?.ok_or_else(no_map)?))
}

/// Tells how things go, week by week.
#[utoipa::path(get, path = "/api/measure/trends", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = TrendAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn trends(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<TrendAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| lived::trends(stores, &asked)).await?.ok_or_else(no_map)?))
}

/// Tells what comes next in a journey, judged on people that the prediction has not seen.
#[utoipa::path(get, path = "/api/measure/next-step", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = NextStepAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn next_step(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<NextStepAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| lived::next_step(stores, &asked)).await?.ok_or_else(no_map)?))
}

/// Tells how people's interactions come in sessions, cut while reading.
#[utoipa::path(get, path = "/api/measure/sessions", tag = "measure", params(LivedAsked), responses(
    (status = 200, body = SessionAnswer),
    (status = 400, description = "The map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn sessions(State(reports): State<Reports>, Asked(asked): Asked<LivedAsked>) -> Result<Json<SessionAnswer>, Refusal> {
    asked.check(&current_map(&reports).await?).map_err(refused)?;
    Ok(Json(aside(&reports, move |stores| lived::sessions(stores, &asked)).await?.ok_or_else(no_map)?))
}

/// Tells which touchpoints or channels led to outcomes, by every model, with cost, intervals and disagreement (M5, M8).
#[utoipa::path(post, path = "/api/measure/attribution", tag = "measure", request_body = AttributionQuestion, responses(
    (status = 200, body = AttributionAnswer),
    (status = 400, description = "There is no such model, or the map has no such segment, stage or channel.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn attribute(
    State(reports): State<Reports>,
    Body(question): Body<AttributionQuestion>,
) -> Result<Json<AttributionAnswer>, Refusal> {
    question.read(&current_map(&reports).await?).map_err(refused)?;
    let report = latest(&reports, &About { segment: question.segment.clone() }).await?.report(question.segment.as_deref())?;
    let answer = aside(&reports, move |stores| attribution::attribution(stores, &question, &report)).await?;
    Ok(Json(answer.ok_or_else(no_map)?))
}
