//! What was not asked for, as staff reach it: reviews as a file, and mentions.

use super::Feedback;
use super::feeds::NewMentionFeed;
use super::http::Asker;
use super::mentions::NewMention;
use super::table::FileReport;
use crate::features::account::Who;
use crate::features::conversations::Reader;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(super) fn routes(feedback: Feedback) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(carry_reviews, bring_reviews))
        .routes(routes!(note_mention))
        .routes(routes!(bring_mentions))
        .routes(routes!(add_mention_feed))
        .routes(routes!(drop_mention_feed))
        .with_state(feedback)
}

/// Is what becomes of a file.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[schema(as = FeedbackFileWish)]
struct Wish {
    /// Whether the good rows are kept; else the file is only looked at.
    #[serde(default)]
    apply: bool,
    /// Whether reviews that name no state are published at once.
    #[serde(default)]
    publish: bool,
}

/// Carries all reviews out as a table (CSV). Cells that a spreadsheet would take for a formula have an apostrophe in front.
#[utoipa::path(get, path = "/api/feedback/reviews/file", tag = "feedback", operation_id = "export_reviews", responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn carry_reviews(_: Asker, Extension(who): Extension<Who>, State(feedback): State<Feedback>) -> Result<Response, Refusal> {
    let text = feedback.carry_reviews(Reader::of(&who)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"reviews.csv\""),
    ];
    Ok((headers, format!("\u{feff}{text}")).into_response())
}

/// Takes reviews from a table (CSV): first to be looked at, then for good. Rows that cannot be read are told by line and keep no other
/// out; the same file twice adds nothing.
#[utoipa::path(post, path = "/api/feedback/reviews/file", tag = "feedback", operation_id = "import_reviews", params(Wish),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = FileReport), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)),
)]
async fn bring_reviews(
    _: Asker,
    State(feedback): State<Feedback>,
    Asked(wish): Asked<Wish>,
    file: Bytes,
) -> Result<Json<FileReport>, Refusal> {
    Ok(Json(feedback.bring_reviews(&file, wish.publish, wish.apply).await.map_err(Refusal::told)?))
}

/// Is whether something is new.
#[derive(Serialize, Deserialize, ToSchema)]
struct MentionNoted {
    /// Whether it was not here before.
    fresh: bool,
}

/// Notes what somebody said of us elsewhere. The same again changes nothing.
#[utoipa::path(post, path = "/api/feedback/mentions", tag = "feedback", request_body = NewMention, responses(
    (status = 200, body = MentionNoted), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn note_mention(
    _: Asker,
    State(feedback): State<Feedback>,
    Body(new): Body<NewMention>,
) -> Result<Json<MentionNoted>, Refusal> {
    Ok(Json(MentionNoted { fresh: feedback.mention(&new, "hand").await.map_err(Refusal::told)? }))
}

/// Takes mentions from a table (CSV), as reviews are taken.
#[utoipa::path(post, path = "/api/feedback/mentions/file", tag = "feedback", operation_id = "import_mentions", params(Wish),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = FileReport), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem)),
)]
async fn bring_mentions(
    _: Asker,
    State(feedback): State<Feedback>,
    Asked(wish): Asked<Wish>,
    file: Bytes,
) -> Result<Json<FileReport>, Refusal> {
    Ok(Json(feedback.bring_mentions(&file, wish.apply).await.map_err(Refusal::told)?))
}

/// Is the number of a feed.
#[derive(Serialize, Deserialize, ToSchema)]
struct MentionFeedAdded {
    /// Its number.
    id: i64,
}

/// Reads a feed (RSS, Atom) every hour from now on; items that name one of the words become mentions.
#[utoipa::path(post, path = "/api/feedback/mentions/feeds", tag = "feedback", request_body = NewMentionFeed, responses(
    (status = 201, body = MentionFeedAdded), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_mention_feed(
    _: Asker,
    State(feedback): State<Feedback>,
    Body(new): Body<NewMentionFeed>,
) -> Result<(StatusCode, Json<MentionFeedAdded>), Refusal> {
    let id = feedback.add_feed(&new).await.map_err(Refusal::told)?;
    Ok((StatusCode::CREATED, Json(MentionFeedAdded { id })))
}

/// Reads a feed no more; its mentions stay.
#[utoipa::path(delete, path = "/api/feedback/mentions/feeds/{id}", tag = "feedback",
    params(("id" = String, Path, description = "The number of the feed.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_mention_feed(_: Asker, State(feedback): State<Feedback>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let none = || Refusal::not_found("There is no such feed", "List them with GET /api/feedback");
    let done = feedback.drop_feed(id.parse().map_err(|_| none())?).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}
