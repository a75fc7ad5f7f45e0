//! Articles as staff reach them: writing, finding, and those that may answer a conversation.

use super::rank::Hit;
use super::store::{Article, NewArticle};
use crate::features::conversations::agents::{Agent, absent as no_conversation};
use crate::features::conversations::store::Kind;
use crate::features::conversations::teams::InSight;
use crate::features::conversations::{Language, Talk};
use crate::platform::http::{Asked, Body, Problem, Refusal};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many are found at once.
const FOUND_MAX: usize = 20;
/// So many are suggested.
const SUGGESTED_MAX: usize = 3;
/// What speaks of less than this of a question is no suggestion.
const SUGGESTED_COVERS: f64 = 0.25;

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(articles, add_article))
        .routes(routes!(change_article, drop_article))
        .routes(routes!(article_used))
        .routes(routes!(find_articles))
        .routes(routes!(suggested_articles))
        .merge(super::voice::routes())
}

/// Is a question.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The words.
    q: String,
    /// `en`, `fr` or `ru`; where it has none, the others are looked at.
    #[serde(default)]
    language: Option<String>,
}

/// Is the id of an article.
#[derive(Serialize, Deserialize, ToSchema)]
struct KeptArticle {
    /// The id.
    id: String,
}

fn absent() -> Refusal {
    Refusal::not_found("There is no such article", "List them with GET /api/conversations/articles")
}

pub(in crate::features::conversations) fn language_of(code: Option<&str>) -> Language {
    match code {
        Some("fr") => Language::Fr,
        Some("ru") => Language::Ru,
        _ => Language::En,
    }
}

/// Lists articles, drafts too.
#[utoipa::path(get, path = "/api/conversations/articles", tag = "conversations", responses(
    (status = 200, body = Vec<Article>), (status = 401, body = Problem),
))]
async fn articles(State(talk): State<Talk>) -> Result<Json<Vec<Article>>, Refusal> {
    Ok(Json(talk.knowledge.all().await?))
}

/// Writes an article.
#[utoipa::path(post, path = "/api/conversations/articles", tag = "conversations", request_body = NewArticle, responses(
    (status = 201, body = KeptArticle), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_article(
    Agent(by): Agent,
    State(talk): State<Talk>,
    Body(new): Body<NewArticle>,
) -> Result<(StatusCode, Json<KeptArticle>), Refusal> {
    let kept = talk.knowledge.keep(None, &new, &by.name).await.map_err(Refusal::told)?;
    let id = kept.ok_or_else(|| Refusal::malformed("There are too many articles already", "Take one away first"))?;
    Ok((StatusCode::CREATED, Json(KeptArticle { id })))
}

/// Writes an article anew.
#[utoipa::path(put, path = "/api/conversations/articles/{id}", tag = "conversations", request_body = NewArticle,
    params(("id" = String, Path, description = "The article.")),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
async fn change_article(
    Agent(by): Agent,
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Body(new): Body<NewArticle>,
) -> Result<StatusCode, Refusal> {
    let kept = talk.knowledge.keep(Some(&id), &new, &by.name).await.map_err(Refusal::told)?;
    kept.map(|_| StatusCode::NO_CONTENT).ok_or_else(absent)
}

/// Takes an article away.
#[utoipa::path(delete, path = "/api/conversations/articles/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The article.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_article(_: Agent, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    if talk.knowledge.drop(&id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(absent()) }
}

/// Counts that an article was put into an answer.
#[utoipa::path(post, path = "/api/conversations/articles/{id}/inserted", tag = "conversations",
    params(("id" = String, Path, description = "The article.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
async fn article_used(_: Agent, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    talk.knowledge.count(&id, "inserted").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds articles by the words of a question, the best first.
#[utoipa::path(get, path = "/api/conversations/found", tag = "conversations", params(Question), responses(
    (status = 200, body = Vec<Hit>), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn find_articles(State(talk): State<Talk>, Asked(question): Asked<Question>) -> Result<Json<Vec<Hit>>, Refusal> {
    let language = language_of(question.language.as_deref());
    Ok(Json(talk.knowledge.find(&question.q, language, false, FOUND_MAX).await?))
}

/// Suggests published articles that may answer what the customer said since our last word.
#[utoipa::path(get, path = "/api/conversations/{id}/articles", tag = "conversations",
    params(("id" = String, Path, description = "The conversation.")),
    responses((status = 200, body = Vec<Hit>), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
async fn suggested_articles(InSight(id): InSight, State(talk): State<Talk>) -> Result<Json<Vec<Hit>>, Refusal> {
    let conversation = talk.inbox.find(&id).await?.ok_or_else(no_conversation)?;
    let messages = talk.inbox.messages(&id, None).await?;
    let since =
        messages.iter().rposition(|message| message.kind == Kind::Out && message.account.is_some()).map_or(0, |last| last + 1);
    let asked: Vec<&str> = messages[since..]
        .iter()
        .filter(|message| message.kind == Kind::In)
        .filter_map(|message| message.text.as_deref())
        .collect();
    let question = format!("{} {}", conversation.subject, asked.join(" "));
    let hits = talk.knowledge.find(&question, guessed(&question), true, SUGGESTED_MAX).await?;
    Ok(Json(hits.into_iter().filter(|hit| hit.covers >= SUGGESTED_COVERS).collect()))
}

/// Guesses the language of a text by its letters and smallest words.
pub(in crate::features::conversations) fn guessed(text: &str) -> Language {
    let text = text.to_lowercase();
    if text.chars().any(|letter| ('а'..='я').contains(&letter)) {
        return Language::Ru;
    }
    const FRENCH: [&str; 22] = [
        "le", "la", "les", "je", "mon", "ma", "mes", "est", "une", "des", "du", "pour", "pas", "vous", "votre", "bonjour",
        "quand", "où", "comment", "et", "puis", "avec",
    ];
    let words = text.split(|sign: char| !sign.is_alphabetic());
    let is_french = words.filter(|word| FRENCH.contains(word)).count() > 0 || text.contains(['é', 'è', 'ê', 'à', 'ç', 'ù']);
    if is_french { Language::Fr } else { Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_question_is_guessed() {
        for (text, expected) in [
            ("Where is my order?", Language::En),
            ("Où est ma commande ?", Language::Fr),
            ("Bonjour", Language::Fr),
            ("Где мой заказ?", Language::Ru),
            ("4711", Language::En),
        ] {
            assert_eq!(guessed(text), expected, "{text}");
        }
    }
}
