//! Voices that answer from the articles (CHN-59): what an Alexa skill sends, or a plain question. The short spoken form is said;
//! question and answer are interactions of the ledger at the touchpoint of voices, answered or not.
//!
//! What keeps strangers out is the secret in the address, which the owner gives to the maker of the voice, can draw anew and can
//! take away. Alexa also signs its requests, which is checked ([`super::alexa`]): what comes in its format without its signature is
//! refused, unless the settings say that a gateway of one's own asks so. A request that says no moment, or one too far from now, is
//! refused, so that what was kept is not sent again; a number that comes twice is one question.

use super::alexa::Alexa;
use super::routes::language_of;
use super::voice_wire::{Heard, Turn, read, said};
use crate::failure::{Failure, Result};
use crate::features::account::Keeper;
use crate::features::conversations::seal::SOURCE;
use crate::features::conversations::store::failed;
use crate::features::conversations::{Language, Limits, Talk};
use crate::platform::http::{Problem, Refusal};
use crate::platform::mark;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use model::time::SECOND;
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Row;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What a voice can send.
const BODY_MAX: usize = 64 * 1024;
/// Alexa asks that requests be refused that are further from now than this, in either direction.
const FRESH: i64 = 150 * SECOND;
/// What speaks of less of a question than this is no answer.
const ANSWERS_FROM: f64 = 0.5;
/// So many questions are taken in a minute: a skill asks from few addresses, so they are counted together.
const ASKED_MAX: u32 = 600;
/// The channel of what voices are asked.
const CHANNEL: &str = "voice";

type Room = (Talk, Arc<Limits>, Alexa);

/// Returns the route that voices reach.
pub(super) fn public(talk: Talk) -> Router {
    let room: Room = (talk, Arc::default(), Alexa::new());
    Router::new().route("/voice/{secret}", post(asked)).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(room)
}

pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(voice_address, draw_voice_address, drop_voice_address))
}

/// Is where voices ask.
#[derive(Serialize, Deserialize, ToSchema)]
struct VoiceAddress {
    /// The address; it holds a secret. None: voices are not answered.
    address: Option<String>,
    /// When it was drawn, in microseconds since 1970.
    drawn_at: Option<i64>,
    /// When something was asked there last.
    asked_at: Option<i64>,
}

/// Tells where voices ask. The address holds a secret, so only those who set things up are told.
#[utoipa::path(get, path = "/api/conversations/voice", tag = "conversations", responses(
    (status = 200, body = VoiceAddress), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn voice_address(_: Keeper, State(talk): State<Talk>) -> Result<Json<VoiceAddress>, Refusal> {
    Ok(Json(shown(&talk).await?))
}

/// Draws the address at which voices ask, for the first time or anew: an earlier one is not answered any more.
#[utoipa::path(post, path = "/api/conversations/voice", tag = "conversations", responses(
    (status = 200, body = VoiceAddress), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn draw_voice_address(_: Keeper, State(talk): State<Talk>) -> Result<Json<VoiceAddress>, Refusal> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(failed)?;
    sqlx::query(
        "INSERT INTO voice_address (id, secret, drawn_at, asked_at) VALUES (1, $1, $2, NULL) \
         ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, drawn_at = excluded.drawn_at, asked_at = NULL",
    )
    .bind(mark::draw()?)
    .bind(talk.inbox.now().0)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Json(shown(&talk).await?))
}

/// Takes the address away: voices are not answered any more.
#[utoipa::path(delete, path = "/api/conversations/voice", tag = "conversations", responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn drop_voice_address(_: Keeper, State(talk): State<Talk>) -> Result<StatusCode, Refusal> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(failed)?;
    sqlx::query("DELETE FROM voice_address").execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(talk: &Talk) -> Result<VoiceAddress> {
    let row = sqlx::query("SELECT secret, drawn_at, asked_at FROM voice_address WHERE id = 1");
    let row = row.fetch_optional(talk.inbox.stores.state.reader()).await.map_err(failed)?;
    Ok(VoiceAddress {
        address: row.as_ref().map(|row| format!("{}/voice/{}", talk.address(), row.get::<String, _>("secret"))),
        drawn_at: row.as_ref().map(|row| row.get("drawn_at")),
        asked_at: row.as_ref().and_then(|row| row.get("asked_at")),
    })
}

/// Tells whether a secret is that of the address; it takes as long whatever is in it.
async fn is_ours(talk: &Talk, given: &str) -> Result<bool> {
    let ours: Option<String> = sqlx::query_scalar("SELECT secret FROM voice_address WHERE id = 1")
        .fetch_optional(talk.inbox.stores.state.reader())
        .await
        .map_err(failed)?;
    Ok(ours.is_some_and(|ours| bool::from(ours.as_bytes().ct_eq(given.as_bytes()))))
}

/// Answers a voice.
async fn asked(
    State((talk, limits, alexa)): State<Room>,
    Path(given): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !is_ours(&talk, &given).await? {
        return Err(Refusal::not_found("There is no such voice", "Whoever set it up has its address under Channels and answers"));
    }
    let now = talk.inbox.now();
    if !limits.allows(CHANNEL.to_owned(), 60 * SECOND, ASKED_MAX, now) {
        let what = Json(json!({ "what": "That is a lot at once" }));
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], what).into_response());
    }
    let heard = serde_json::from_slice::<Value>(&body).ok().and_then(|told| read(&told, language_of));
    let Some(heard) = heard else {
        let hint = "Send what an Alexa skill sends, or {\"id\": …, \"question\": …, \"language\": \"en\", \"user\": …}";
        return Err(Refusal::malformed("This is no question of a voice", hint));
    };
    if heard.at.is_some_and(|at| now.0.saturating_sub(at.0).unsigned_abs() > FRESH.unsigned_abs()) {
        return Err(Refusal::malformed("The request is not of now", "Set the clock of the voice, and ask again"));
    }
    if heard.is_alexa && !talk.inbox.settings().await?.unsigned_voices {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (chain, signature) = (header("signaturecertchainurl"), header("signature-256"));
        if !alexa.has_signed(&talk.calls(), chain, signature, &body, now).await {
            return Err(Refusal::malformed(
                "This request is not signed by Alexa",
                "Only Alexa itself asks here in its own format",
            ));
        }
    }
    let Turn::Question(question) = &heard.turn else { return Ok(Json(said(&heard, None)).into_response()) };
    let hits = talk.knowledge.find(question, heard.language, true, 1).await?;
    // A voice speaks one language: what is written in another only, it cannot say.
    let hit = hits.into_iter().find(|hit| hit.covers >= ANSWERS_FROM && hit.language == heard.language.code());
    let is_known = hit.is_some();
    let answer = match hit {
        Some(hit) => {
            talk.knowledge.count(&hit.article, "told").await?;
            hit.short
        }
        None => not_known(heard.language).to_owned(),
    };
    tell(&talk, &heard, question, &answer, is_known).await?;
    note_asked(&talk, now).await?;
    Ok(Json(said(&heard, Some((&answer, is_known)))).into_response())
}

/// Is what is said where nothing published answers.
fn not_known(language: Language) -> &'static str {
    language.pick(
        "I do not know that. Please write to us, and somebody will answer.",
        "Je ne sais pas. Écrivez-nous, quelqu’un vous répondra.",
        "Этого я не знаю. Напишите нам, и вам ответят.",
    )
}

async fn note_asked(talk: &Talk, now: Instant) -> Result<()> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(failed)?;
    let sql = "UPDATE voice_address SET asked_at = $1 WHERE id = 1";
    sqlx::query(sql).bind(now.0).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Tells the ledger of a question and its answer. The same question told again changes nothing.
async fn tell(talk: &Talk, heard: &Heard, question: &str, answer: &str, is_known: bool) -> Result<()> {
    let touchpoint = talk.inbox.settings().await?.touchpoint(CHANNEL);
    let event = |name: &str| Signature {
        source: SOURCE.to_owned(),
        event: name.to_owned(),
        channel: CHANNEL.to_owned(),
        touchpoint: touchpoint.clone(),
        ..Signature::default()
    };
    // Drawn by another house: hashed, for it may tell of a person.
    let id = blake3::hash(format!("{}\n{}", heard.maker(), heard.id).as_bytes()).to_hex()[..32].to_owned();
    let (asked, said) = (format!("voice:{id}:asked").into_bytes(), format!("voice:{id}:said").into_bytes());
    let now = talk.inbox.now();
    let who: Vec<Identity> = Identity::new(heard.maker(), &heard.user).into_iter().collect();
    let props = json!({ "answered": is_known, "language": heard.language.code() }).to_string();
    let mut question_told = Arrival::new(asked.clone(), event("question"), now, Form::Message, Direction::Inbound);
    question_told.identities.clone_from(&who);
    question_told.text = Some(question.to_owned());
    question_told.props = Some(props.clone());
    // As the bot's: no answer of a person, so of a form that response times do not count.
    let mut answer_told = Arrival::new(said, event("bot_reply"), now, Form::Message, Direction::Outbound);
    answer_told.identities = who;
    answer_told.text = Some(answer.to_owned());
    answer_told.reply_to = Some(asked);
    answer_told.props = Some(props);
    let told = talk.door.deliver(vec![question_told, answer_told]).await;
    told.map_err(|failure| Failure::new("The question cannot be kept").because(&failure))
}
