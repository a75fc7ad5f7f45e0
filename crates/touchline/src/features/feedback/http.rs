//! Surveys and reviews as staff reach them.

use super::form::draw;
use super::question::checked;
use super::room::Link;
use super::texts::{ExamplesOf, TextExample, TextsShown};
use super::{Feedback, Mention, MentionFeed, NewSurvey, Review, Survey, SurveyAnswer, SurveyTrigger};
use crate::failure::Result;
use crate::features::account::Who;
use crate::features::capture::svg;
use crate::features::conversations::{Author, Language, Reader, Sent, escaped, page_of};
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many are asked at once.
const INVITED_MAX: usize = 1_000;

/// Returns the routes behind the door.
pub fn routes(feedback: Feedback) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(feedback_shown))
        .routes(routes!(make_survey))
        .routes(routes!(change_survey))
        .routes(routes!(preview_survey))
        .routes(routes!(survey_code))
        .routes(routes!(close_survey))
        .routes(routes!(trigger_survey))
        .routes(routes!(invite_to_survey))
        .routes(routes!(moderate_review))
        .routes(routes!(texts_shown))
        .routes(routes!(text_examples))
        .with_state(feedback.clone())
        .merge(super::http_heard::routes(feedback.clone()))
        .merge(super::http_comments::routes(feedback))
}

/// Is proof that whoever asks may ask customers: everybody but viewers may.
pub(super) struct Asker;

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.keeps_house() || ["agent", "analyst"].contains(&who.role.as_str()) {
            Ok(Self)
        } else {
            Err(Refusal::not_allowed())
        }
    }
}

/// Is everything that customers said when asked, and when not.
#[derive(Serialize, Deserialize, ToSchema)]
struct FeedbackShown {
    /// The surveys with what was answered.
    surveys: Vec<Survey>,
    /// The last answers.
    answers: Vec<SurveyAnswer>,
    /// Reviews: those that wait first.
    reviews: Vec<Review>,
    /// What others said of us elsewhere, the latest first.
    mentions: Vec<Mention>,
    /// The feeds that are read for mentions.
    feeds: Vec<MentionFeed>,
}

/// Is the number of a new survey.
#[derive(Serialize, Deserialize, ToSchema)]
struct SurveyMade {
    /// Its number.
    id: i64,
}

/// Is whether a survey takes answers.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SurveyClosing {
    /// Whether it takes none any more.
    closed: bool,
}

/// Is when a survey asks by itself from now on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SurveyTriggering {
    /// The trigger; none: it asks nobody by itself.
    #[serde(default)]
    trigger: Option<SurveyTrigger>,
}

/// Is whom to ask.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SurveyInvitation {
    /// Addresses of e-mail.
    addresses: Vec<String>,
}

/// Is how many are asked.
#[derive(Serialize, Deserialize, ToSchema)]
struct SurveyInvited {
    /// So many letters are queued; the contact policy decides which of them go, and when.
    queued: u64,
}

/// Is what becomes of a review.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ReviewChange {
    /// Everybody sees it.
    Publish,
    /// Nobody sees it.
    Reject,
    /// We answer it.
    Reply(String),
}

/// Tells what customers said: surveys, answers, reviews.
#[utoipa::path(get, path = "/api/feedback", tag = "feedback", responses(
    (status = 200, body = FeedbackShown), (status = 401, body = Problem),
))]
async fn feedback_shown(
    Extension(who): Extension<Who>,
    State(feedback): State<Feedback>,
) -> Result<Json<FeedbackShown>, Refusal> {
    let reader = Reader::of(&who);
    let (surveys, answers) = (feedback.surveys().await?, feedback.answers(reader).await?);
    let reviews = feedback.in_sight(reader, feedback.reviews("", None).await?).await?;
    let (mentions, feeds) = (feedback.mentions().await?, feedback.feeds().await?);
    Ok(Json(FeedbackShown { surveys, answers, reviews, mentions, feeds }))
}

/// Tells what the texts of customers say: mood and themes by touchpoint, and which themes more people complain about than before.
#[utoipa::path(get, path = "/api/feedback/texts", tag = "feedback", responses(
    (status = 200, body = TextsShown), (status = 401, body = Problem),
))]
async fn texts_shown(State(feedback): State<Feedback>) -> Result<Json<TextsShown>, Refusal> {
    Ok(Json(feedback.texts().await?))
}

/// Shows texts about a theme, the latest first: answers and reviews in words, messages by their conversation.
#[utoipa::path(get, path = "/api/feedback/texts/examples", tag = "feedback", params(ExamplesOf), responses(
    (status = 200, body = Vec<TextExample>), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn text_examples(
    Extension(who): Extension<Who>,
    State(feedback): State<Feedback>,
    Asked(of): Asked<ExamplesOf>,
) -> Result<Json<Vec<TextExample>>, Refusal> {
    Ok(Json(feedback.text_examples(of, Reader::of(&who)).await?))
}

/// Makes a survey.
#[utoipa::path(post, path = "/api/feedback/surveys", tag = "feedback", request_body = NewSurvey, responses(
    (status = 201, body = SurveyMade), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn make_survey(
    _: Asker,
    State(feedback): State<Feedback>,
    Body(new): Body<NewSurvey>,
) -> Result<(StatusCode, Json<SurveyMade>), Refusal> {
    let id = feedback.make(&new).await.map_err(Refusal::told)?;
    Ok((StatusCode::CREATED, Json(SurveyMade { id })))
}

/// Changes what a survey asks: its questions, their order, their words. What was answered keeps its question: one that is left
/// out here is asked no more, and its answers stay.
#[utoipa::path(put, path = "/api/feedback/surveys/{id}", tag = "feedback", request_body = NewSurvey,
    params(("id" = String, Path, description = "The number of the survey.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
async fn change_survey(
    _: Asker,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(wanted): Body<NewSurvey>,
) -> Result<StatusCode, Refusal> {
    let done = feedback.change(id.parse().map_err(|_| no_survey())?, &wanted).await.map_err(Refusal::told)?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_survey()) }
}

/// Is a survey to be looked at before it is kept, as a form of a page sends it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = SurveyPreview)]
struct Preview {
    /// The survey as JSON, as it is made.
    survey: String,
    /// The reader's language: `en`, `fr` or `ru`.
    language: String,
}

/// Shows the page on which customers would answer, before the survey is kept. Its form goes nowhere.
#[utoipa::path(post, path = "/api/feedback/surveys/preview", tag = "feedback",
    request_body(content = Preview, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = String, content_type = "text/html"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
async fn preview_survey(_: Asker, body: Bytes) -> Result<Response, Refusal> {
    let sent = Sent::of(&body);
    let wanted: NewSurvey = serde_json::from_str(sent.one("survey"))
        .map_err(|error| Refusal::malformed("The survey cannot be read", error.to_string()))?;
    let questions = checked(&fresh(&wanted), &[]).map_err(Refusal::told)?;
    let mut headers = HeaderMap::new();
    let code = ["fr", "ru"].into_iter().find(|code| *code == sent.one("language")).unwrap_or("en");
    headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(code));
    let language = Language::of(&headers);
    let (title, page) = draw(&questions, &Sent::default(), &[], "preview", language);
    let told = language.pick(
        "A look ahead: nothing is kept here.",
        "Un aperçu : rien n’est enregistré ici.",
        "Предварительный просмотр: здесь ничего не сохраняется.",
    );
    // The form would be sent to this address again, which takes surveys alone.
    let page = page.replace("<form method=\"post\">", "<form method=\"dialog\">");
    Ok(page_of(&headers, &title, &format!("<p class=\"soft\">{}</p>{page}", escaped(told))))
}

/// Returns the questions as if they were all new, so that they can be looked at without those that stand.
fn fresh(wanted: &NewSurvey) -> Vec<super::Question> {
    wanted.questions.iter().map(|question| super::Question { id: 0, ..question.clone() }).collect()
}

/// Draws the address of a survey as a QR code, for print.
#[utoipa::path(get, path = "/api/feedback/surveys/{id}/code", tag = "feedback",
    params(("id" = String, Path, description = "The number of the survey.")),
    responses(
        (status = 200, body = String, content_type = "image/svg+xml"), (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn survey_code(State(feedback): State<Feedback>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let survey = id.parse().map_err(|_| no_survey())?;
    if feedback.open_survey(survey).await?.is_none() {
        return Err(no_survey());
    }
    let token = feedback.token(Link { survey, actor: None }).await?;
    let drawn = svg(&format!("{}/p/survey/{token}", feedback.talk.address()))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response())
}

fn no_survey() -> Refusal {
    Refusal::not_found("There is no such survey, or it is closed", "List them with GET /api/feedback")
}

/// Closes a survey, or opens it again.
#[utoipa::path(post, path = "/api/feedback/surveys/{id}/closing", tag = "feedback", request_body = SurveyClosing,
    params(("id" = String, Path, description = "The number of the survey.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn close_survey(
    _: Asker,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(closing): Body<SurveyClosing>,
) -> Result<StatusCode, Refusal> {
    let done = feedback.close(id.parse().map_err(|_| no_survey())?, closing.closed).await?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_survey()) }
}

/// Lets a survey ask by itself, some days after something happened, or no more. Everybody is asked once, by mail, as far as the
/// contact policy lets it.
#[utoipa::path(put, path = "/api/feedback/surveys/{id}/trigger", tag = "feedback", request_body = SurveyTriggering,
    params(("id" = String, Path, description = "The number of the survey.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
)]
async fn trigger_survey(
    _: Asker,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(SurveyTriggering { trigger }): Body<SurveyTriggering>,
) -> Result<StatusCode, Refusal> {
    let done = feedback.trigger(id.parse().map_err(|_| no_survey())?, trigger).await.map_err(Refusal::told)?;
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(no_survey()) }
}

/// Asks people by mail, each with a link of their own. The contact policy decides which letters go, and when.
#[utoipa::path(post, path = "/api/feedback/surveys/{id}/invitations", tag = "feedback", request_body = SurveyInvitation,
    params(("id" = String, Path, description = "The number of the survey.")),
    responses(
        (status = 200, body = SurveyInvited), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn invite_to_survey(
    _: Asker,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(invitation): Body<SurveyInvitation>,
) -> Result<Json<SurveyInvited>, Refusal> {
    let id = id.parse().map_err(|_| no_survey())?;
    let is_address = |text: &String| text.len() <= 320 && text.trim().parse::<lettre::Address>().is_ok();
    if invitation.addresses.len() > INVITED_MAX || !invitation.addresses.iter().all(is_address) {
        return Err(Refusal::malformed(
            format!("At most {INVITED_MAX} addresses of e-mail are asked at once"),
            "Compare what was typed",
        ));
    }
    let mut queued = 0;
    for address in &invitation.addresses {
        if !feedback.invite(id, address).await? {
            return Err(no_survey());
        }
        queued += 1;
    }
    Ok(Json(SurveyInvited { queued }))
}

/// Publishes, rejects or answers a review.
#[utoipa::path(post, path = "/api/feedback/reviews/{id}", tag = "feedback", request_body = ReviewChange,
    params(("id" = String, Path, description = "The review.")),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
async fn moderate_review(
    _: Asker,
    Extension(who): Extension<Who>,
    State(feedback): State<Feedback>,
    Path(id): Path<String>,
    Body(change): Body<ReviewChange>,
) -> Result<StatusCode, Refusal> {
    let none = || Refusal::not_found("There is no such review", "List them with GET /api/feedback");
    let conversation = feedback.conversation_of_review(&id).await?.ok_or_else(none)?;
    if !feedback.talk.inbox.out_of_sight(Reader::of(&who), [conversation].into()).await?.is_empty() {
        return Err(none());
    }
    let by = Author { account: who.account, name: who.name.clone() };
    let done = match &change {
        ReviewChange::Publish => feedback.moderate(&id, "published", None, &by).await?,
        ReviewChange::Reject => feedback.moderate(&id, "rejected", None, &by).await?,
        ReviewChange::Reply(reply) if reply.len() <= 5_000 => feedback.moderate(&id, "", Some(reply.trim()), &by).await?,
        ReviewChange::Reply(_) => return Err(Refusal::malformed("An answer has at most 5,000 bytes", "Shorten it")),
    };
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}
