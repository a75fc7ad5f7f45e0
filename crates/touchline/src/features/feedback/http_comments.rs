//! Comments under pages as staff reach them: the blocks, and the queue of what waits to be looked at.

use super::comment_blocks::{CommentBlock, NewCommentBlock};
use super::comments::{Comment, CommentChange};
use super::http::Asker;
use super::room::WORDS_MAX;
use super::{CommentRefusal, Feedback, RefusalReason};
use crate::features::account::Who;
use crate::features::conversations::{Author, Reader};
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(super) fn routes(feedback: Feedback) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(comments_shown))
        .routes(routes!(make_comment_block))
        .routes(routes!(change_comment_block))
        .routes(routes!(moderate_comment))
        .with_state(feedback)
}

/// Is every block, and what was written there.
#[derive(Serialize, Deserialize, ToSchema)]
struct CommentsShown {
    /// The blocks.
    blocks: Vec<CommentBlock>,
    /// The comments: those that wait first.
    comments: Vec<Comment>,
}

/// Is the number of a new block.
#[derive(Serialize, Deserialize, ToSchema)]
struct CommentBlockMade {
    /// Its number.
    id: i64,
}

/// Tells of comments under pages: the blocks, and what waits to be looked at.
#[utoipa::path(get, path = "/api/feedback/comments", tag = "feedback", responses(
    (status = 200, body = CommentsShown), (status = 401, body = Problem),
))]
async fn comments_shown(
    Extension(who): Extension<Who>,
    State(feedback): State<Feedback>,
) -> Result<Json<CommentsShown>, Refusal> {
    let comments = in_sight(&feedback, &who, feedback.comments().await?).await?;
    Ok(Json(CommentsShown { blocks: feedback.blocks().await?, comments }))
}

/// Makes a block of comments.
#[utoipa::path(post, path = "/api/feedback/comments/blocks", tag = "feedback", request_body = NewCommentBlock, responses(
    (status = 201, body = CommentBlockMade), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn make_comment_block(
    _: Asker,
    State(feedback): State<Feedback>,
    Body(new): Body<NewCommentBlock>,
) -> Result<(StatusCode, Json<CommentBlockMade>), Refusal> {
    let id = feedback.make_block(&new).await.map_err(Refusal::told)?;
    Ok((StatusCode::CREATED, Json(CommentBlockMade { id })))
}

fn no_block() -> Refusal {
    Refusal::not_found("There is no such block of comments", "List them with GET /api/feedback/comments")
}

/// Changes a block of comments. What was published stays published.
#[utoipa::path(put, path = "/api/feedback/comments/blocks/{id}", tag = "feedback", request_body = NewCommentBlock,
    params(("id" = String, Path, description = "The number of the block.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
async fn change_comment_block(
    _: Asker,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(new): Body<NewCommentBlock>,
) -> Result<StatusCode, Refusal> {
    let done = feedback.change_block(id.parse().map_err(|_| no_block())?, &new).await.map_err(Refusal::told)?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_block()) }
}

/// Publishes, refuses or answers a comment, or lets it wait again.
#[utoipa::path(post, path = "/api/feedback/comments/{id}", tag = "feedback", request_body = CommentChange,
    params(("id" = String, Path, description = "The comment.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
async fn moderate_comment(
    _: Asker,
    State(feedback): State<Feedback>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    Body(change): Body<CommentChange>,
) -> Result<StatusCode, Refusal> {
    if let CommentChange::Refuse(text)
    | CommentChange::Reply(text)
    | CommentChange::RefuseAndTell(CommentRefusal { words: text, .. }) = &change
        && text.len() > WORDS_MAX
    {
        return Err(Refusal::malformed("A reason and an answer have at most 5,000 bytes", "Shorten it"));
    }
    if matches!(&change, CommentChange::Refuse(reason) if reason.trim().is_empty()) {
        return Err(Refusal::malformed("A refusal has a reason", "Say for your colleagues why nobody shall see it"));
    }
    if matches!(&change, CommentChange::RefuseAndTell(told) if told.why == RefusalReason::Other && told.words.trim().is_empty()) {
        return Err(Refusal::malformed("Another reason has words", "Say to its writer why nobody shall see it"));
    }
    let by = Author { account: who.account, name: who.name.clone() };
    let is_done = match feedback.one_comment(&id).await? {
        Some(comment) => {
            in_sight(&feedback, &who, vec![comment]).await?.len() == 1 && feedback.change_comment(&id, &change, &by).await?
        }
        None => false,
    };
    if is_done {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("There is no such comment", "List them with GET /api/feedback/comments"))
    }
}

/// Leaves out the comments that a closed team looks after, unless one is in it.
async fn in_sight(feedback: &Feedback, who: &Who, mut comments: Vec<Comment>) -> Result<Vec<Comment>, Refusal> {
    let about = comments.iter().map(|one| one.conversation.clone()).filter(|about| !about.is_empty()).collect();
    let hidden = feedback.talk.inbox.out_of_sight(Reader::of(who), about).await?;
    comments.retain(|one| !hidden.contains(&one.conversation));
    Ok(comments)
}
