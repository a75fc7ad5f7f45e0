//! The community as staff reach it: what waits, what is decided of it, answering as the company, and how it does.

use super::ledger::CHANNEL;
use super::look::best;
use super::store::{BODY_MAX, CommunityQuestion, NotKept, REASON_MAX, SHOWN_MAX, Which, Writer, checked};
use crate::failure::{Failure, Result};
use crate::features::account::Keeper;
use crate::features::conversations::agents::Agent;
use crate::features::conversations::store::failed;
use crate::features::conversations::{ArticleText, CommunitySettings, NewArticle, Talk};
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use analysis::intervals::proportion;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::time::DAY;
use model::{Evidence, Figure, Unit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(community, open_community))
        .routes(routes!(community_figures))
        .routes(routes!(change_question))
        .routes(routes!(change_answer))
}

/// Is the community as staff see it.
#[derive(Serialize, Deserialize, ToSchema)]
struct CommunityShown {
    /// What is decided about it.
    settings: CommunitySettings,
    /// Where customers find it.
    address: String,
    /// The touchpoint that questions and answers belong to; empty: the map says so.
    touchpoint: String,
    /// Questions: first those that wait or have an answer that waits, then the latest.
    questions: Vec<CommunityQuestion>,
}

/// Is what becomes of a question.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum QuestionChange {
    /// Everybody sees it.
    Publish,
    /// Nobody sees it; its writer is told why.
    Refuse(String),
    /// The company answers; everybody sees that, and the question.
    Answer {
        /// An id that the writer draws: sent twice it is one answer.
        client_id: String,
        /// What it says.
        text: String,
    },
    /// This answer is right, by its id.
    Accept(String),
    /// An article is made of it and of the answer that stands for it, as a draft.
    Article,
}

/// Is what becomes of an answer.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum AnswerChange {
    /// Everybody sees it.
    Publish,
    /// Nobody sees it; its writer is told why.
    Refuse(String),
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

/// Is how the community does (AIM-23), and what it saved (M20).
#[derive(Serialize, Deserialize, ToSchema)]
struct CommunityFigures {
    /// Questions that were asked.
    questions: i64,
    /// Of them, those that have an answer which everybody sees.
    answered: i64,
    /// Of them, those with an answer of a member.
    by_members: i64,
    /// Which share of the answered ones a member has answered.
    member_share: Figure,
    /// Known people whom something that was there has answered, at least 72 hours ago.
    known: i64,
    /// Of them, those who wrote nothing to us within 72 hours.
    known_stayed_away: i64,
    /// Known people whom it has answered since: nobody knows yet.
    pending: i64,
    /// Unknown people whom it has answered.
    unknown: i64,
    /// Which share of known people stayed away: unknown ones are counted at it.
    stayed_away: Figure,
}

fn absent() -> Refusal {
    Refusal::not_found("There is no such question or answer", "List them with GET /api/conversations/community")
}

fn share(part: i64, all: i64) -> Figure {
    let (part, all) = (part.cast_unsigned(), all.cast_unsigned());
    proportion(part, all)
        .map_or_else(|| Figure::unknown(Unit::Share), |estimate| estimate.figure(all, Evidence::E3, Unit::Share, "wilson"))
}

/// Lists what customers ask and answer in public, first what waits to be looked at.
#[utoipa::path(get, path = "/api/conversations/community", tag = "conversations", responses(
    (status = 200, body = CommunityShown), (status = 401, body = Problem),
))]
async fn community(State(talk): State<Talk>) -> Result<Json<CommunityShown>, Refusal> {
    let settings = talk.inbox.settings().await?;
    let touchpoint = settings.touchpoint(CHANNEL);
    let questions = talk.questions(Which::All, SHOWN_MAX).await?;
    let address = format!("{}/community", talk.address());
    Ok(Json(CommunityShown { settings: settings.community, address, touchpoint, questions }))
}

/// Decides whether there is a community, and whether what members write appears at once.
#[utoipa::path(put, path = "/api/conversations/community", tag = "conversations", request_body = CommunitySettings, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn open_community(
    _: Keeper,
    State(talk): State<Talk>,
    Body(community): Body<CommunitySettings>,
) -> Result<StatusCode, Refusal> {
    let mut settings = talk.inbox.settings().await?;
    settings.community = community;
    settings.save(&talk.inbox.stores).await.map_err(Refusal::told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells how the community does: how much members answer, and whom what was there has answered already.
#[utoipa::path(get, path = "/api/conversations/community/figures", tag = "conversations", params(Days), responses(
    (status = 200, body = CommunityFigures), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn community_figures(State(talk): State<Talk>, Asked(asked): Asked<Days>) -> Result<Json<CommunityFigures>, Refusal> {
    let days = asked.days.unwrap_or(30);
    if !(1..=3_660).contains(&days) {
        return Err(Refusal::told(Failure::new("`days` is between 1 and 3660")));
    }
    let since = talk.inbox.now().0 - days * DAY;
    let count = async |sql: &'static str| -> Result<i64> {
        sqlx::query_scalar(sql).bind(since).fetch_one(talk.inbox.stores.state.reader()).await.map_err(failed)
    };
    let questions = count("SELECT COUNT(*) FROM community_question q WHERE q.at >= $1 AND q.state <> 'refused'").await?;
    let answered = count(
        "SELECT COUNT(*) FROM community_question q WHERE q.at >= $1 AND q.state <> 'refused' AND EXISTS \
         (SELECT 1 FROM community_answer a WHERE a.question = q.id AND a.state = 'published')",
    )
    .await?;
    let by_members = count(
        "SELECT COUNT(*) FROM community_question q WHERE q.at >= $1 AND q.state <> 'refused' AND EXISTS \
         (SELECT 1 FROM community_answer a WHERE a.question = q.id AND a.state = 'published' AND a.account IS NULL AND a.actor <> q.actor)",
    )
    .await?;
    let solved = talk.solved(since).await?;
    Ok(Json(CommunityFigures {
        questions,
        answered,
        by_members,
        member_share: share(by_members, answered),
        known: solved.known,
        known_stayed_away: solved.known_stayed_away,
        pending: solved.pending,
        unknown: solved.unknown,
        stayed_away: share(solved.known_stayed_away, solved.known),
    }))
}

async fn shown(talk: &Talk, id: &str) -> Result<CommunityQuestion, Refusal> {
    talk.questions(Which::One(id), 1).await?.pop().ok_or_else(absent)
}

/// Publishes, refuses or answers a question, says which answer is right, or makes an article of it.
#[utoipa::path(post, path = "/api/conversations/community/questions/{id}", tag = "conversations", request_body = QuestionChange,
    params(("id" = String, Path, description = "The question.")),
    responses(
        (status = 200, body = CommunityQuestion), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn change_question(
    Agent(by): Agent,
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Body(change): Body<QuestionChange>,
) -> Result<Json<CommunityQuestion>, Refusal> {
    let question = shown(&talk, &id).await?;
    match change {
        QuestionChange::Publish => drop(talk.decide_community(false, &id, "published", "", &by).await?),
        QuestionChange::Refuse(reason) => {
            checked(&reason, REASON_MAX).map_err(Refusal::told)?;
            talk.decide_community(false, &id, "refused", &reason, &by).await?;
        }
        QuestionChange::Answer { client_id, text } => {
            checked(&text, BODY_MAX).map_err(Refusal::told)?;
            checked(&client_id, 100).map_err(Refusal::told)?;
            let answer = blake3::hash(format!("{}/{id}/{client_id}", by.account).as_bytes()).to_hex()[..32].to_owned();
            match talk.answer_community(&id, &answer, Writer::House(&by), &text).await? {
                Ok(_) => {}
                Err(NotKept::Absent) => return Err(absent()),
                Err(NotKept::Full) => {
                    return Err(Refusal::malformed("This question has too many answers", "Make an article of it"));
                }
            }
        }
        QuestionChange::Accept(answer) => {
            if !talk.accept_answer(&id, &answer, None).await? {
                return Err(Refusal::malformed("Everybody must see an answer that is right", "Publish it first"));
            }
        }
        QuestionChange::Article => {
            let article = article_of(&question)?;
            let kept = talk.knowledge.keep(None, &article, &by.name).await.map_err(Refusal::told)?;
            let kept = kept.ok_or_else(|| Refusal::malformed("There are too many articles already", "Take one away first"))?;
            talk.note_article(&id, &kept).await?;
        }
    }
    Ok(Json(shown(&talk, &id).await?))
}

/// Makes a draft of a question and its best answer. It names nobody: what is known stays when its writers go.
fn article_of(question: &CommunityQuestion) -> Result<NewArticle, Refusal> {
    let answer = best(question)
        .ok_or_else(|| Refusal::malformed("Nobody has answered this in public", "Answer it, or publish an answer first"))?;
    let text = ArticleText {
        language: question.language.clone(),
        title: question.title.clone(),
        body: answer.text.clone(),
        spoken: String::new(),
    };
    Ok(NewArticle { is_published: false, texts: vec![text] })
}

/// Publishes or refuses an answer of a member.
#[utoipa::path(post, path = "/api/conversations/community/answers/{id}", tag = "conversations", request_body = AnswerChange,
    params(("id" = String, Path, description = "The answer.")),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
async fn change_answer(
    Agent(by): Agent,
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Body(change): Body<AnswerChange>,
) -> Result<StatusCode, Refusal> {
    let (state, reason) = match change {
        AnswerChange::Publish => ("published", String::new()),
        AnswerChange::Refuse(reason) => {
            checked(&reason, REASON_MAX).map_err(Refusal::told)?;
            ("refused", reason)
        }
    };
    let is_there = talk.decide_community(true, &id, state, &reason, &by).await?;
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(absent()) }
}
