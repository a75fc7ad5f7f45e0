//! Deciding about contact, and seeing why somebody was or was not reached.

use super::words::HeldContact;
use super::{Action, Channel, Class, Policy, Preview, Rule, Scope, Settings, StoredRule, Suppression, Window};
use crate::failure::Result;
use crate::features::account::Keeper;
use crate::features::people::http::number;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::ActorId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this part.
pub fn routes(policy: Policy) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(contact_policy, decide_contact_policy))
        .routes(routes!(add_contact_rule))
        .routes(routes!(drop_contact_rule))
        .routes(routes!(preview_contact))
        .routes(routes!(contact_of))
        .routes(routes!(suppress_contact))
        .routes(routes!(release_contact))
        .with_state(policy)
}

/// Is everything that is decided about contact.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ContactPolicy)]
struct Decided {
    /// What holds for everybody.
    settings: Settings,
    /// The rules of frequency.
    rules: Vec<ToldRule>,
}

/// Is a rule with its number.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = StoredContactRule)]
struct ToldRule {
    /// Its number.
    id: i64,
    /// To what it applies.
    scope: Scope,
    /// How many there may be.
    most: u32,
    /// In which time.
    window: Window,
    /// What becomes of the next one.
    action: Action,
}

impl From<StoredRule> for ToldRule {
    fn from(StoredRule { id, rule: Rule { scope, most, window, action } }: StoredRule) -> Self {
        Self { id, scope, most, window, action }
    }
}

/// Is the number of a new rule.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ContactRuleAdded)]
struct Added {
    /// Its number.
    id: i64,
}

/// Is which message a preview is about.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactPreviewOf)]
struct PreviewOf {
    /// The path.
    channel: Channel,
    /// What for.
    class: Class,
    /// Its tag.
    #[serde(default)]
    tag: String,
}

/// Is how contact with somebody stands.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ContactOf)]
struct ContactOf {
    /// What they chose.
    words: Vec<super::ContactWord>,
    /// Which of their addresses must not be written to.
    suppressions: Vec<Suppression>,
    /// What they got and did not get, with reasons, the latest last.
    history: Vec<HeldContact>,
}

/// Is an address that must not be written to.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuppressionOf)]
struct SuppressionOf {
    /// The path.
    channel: Channel,
}

/// Tells what is decided about contact.
#[utoipa::path(get, path = "/api/people/policy", tag = "people", responses(
    (status = 200, body = Decided), (status = 401, body = Problem),
))]
async fn contact_policy(State(policy): State<Policy>) -> Result<Json<Decided>, Refusal> {
    let rules = policy.rules().await?.into_iter().map(ToldRule::from).collect();
    Ok(Json(Decided { settings: policy.settings().await?, rules }))
}

/// Decides about contact anew.
#[utoipa::path(put, path = "/api/people/policy", tag = "people", request_body = Settings, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn decide_contact_policy(
    _: Keeper,
    State(policy): State<Policy>,
    Body(settings): Body<Settings>,
) -> Result<StatusCode, Refusal> {
    policy.decide(&settings).await.map_err(Refusal::told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a rule of frequency.
#[utoipa::path(post, path = "/api/people/policy/rules", tag = "people", request_body = Rule, responses(
    (status = 201, body = Added), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_contact_rule(
    _: Keeper,
    State(policy): State<Policy>,
    Body(rule): Body<Rule>,
) -> Result<(StatusCode, Json<Added>), Refusal> {
    let id = policy.add_rule(&rule).await.map_err(Refusal::told)?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

/// Takes a rule of frequency away.
#[utoipa::path(delete, path = "/api/people/policy/rules/{id}", tag = "people",
    params(("id" = String, Path, description = "The number of the rule.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_contact_rule(_: Keeper, State(policy): State<Policy>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let gone = match id.parse() {
        Ok(id) => policy.drop_rule(id).await?,
        Err(_) => false,
    };
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("There is no such rule", "List them with GET /api/people/policy"))
    }
}

/// Tells whom a message would reach now, and why not the others.
#[utoipa::path(post, path = "/api/people/policy/preview", tag = "people", request_body = PreviewOf, responses(
    (status = 200, body = Preview), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn preview_contact(State(policy): State<Policy>, Body(of): Body<PreviewOf>) -> Result<Json<Preview>, Refusal> {
    Ok(Json(policy.preview(of.channel, of.class, &of.tag).await?))
}

/// Tells how contact with somebody stands: what they chose, what they got, what they did not get and why.
#[utoipa::path(get, path = "/api/people/{id}/contact", tag = "people",
    params(("id" = String, Path, description = "Any number that the person has or had.")),
    responses((status = 200, body = ContactOf), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
async fn contact_of(State(policy): State<Policy>, Path(id): Path<String>) -> Result<Json<ContactOf>, Refusal> {
    let actor = ActorId(number(&id)?.0);
    let (_, actors) = policy.actors_of(actor);
    let mut transaction = policy.state.begin().await.map_err(super::failed)?;
    let history = super::words::of_person(&mut transaction, &actors).await?;
    drop(transaction);
    Ok(Json(ContactOf { words: policy.words_of(actor).await?, suppressions: policy.suppressions_of(actor).await?, history }))
}

/// Notes that an identity must not be written to any more.
#[utoipa::path(post, path = "/api/people/{id}/suppression", tag = "people", request_body = SuppressionOf,
    params(("id" = String, Path, description = "The number of the identity.")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
async fn suppress_contact(
    _: Keeper,
    State(policy): State<Policy>,
    Path(id): Path<String>,
    Body(of): Body<SuppressionOf>,
) -> Result<StatusCode, Refusal> {
    policy.suppress(ActorId(number(&id)?.0), of.channel, "by_staff").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes such a note back.
#[utoipa::path(delete, path = "/api/people/{id}/suppression", tag = "people", request_body = SuppressionOf,
    params(("id" = String, Path, description = "The number of the identity.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn release_contact(
    _: Keeper,
    State(policy): State<Policy>,
    Path(id): Path<String>,
    Body(of): Body<SuppressionOf>,
) -> Result<StatusCode, Refusal> {
    if policy.release(ActorId(number(&id)?.0), of.channel).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("Nothing is noted of this identity", "See GET /api/people/{id}/contact"))
    }
}
