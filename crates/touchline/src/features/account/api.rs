//! The routes of this room behind the door: the own account, members, tokens, the log, the organisation.

use super::audit::{self, LogEntry};
use super::keys::{ApiToken, NewToken, Session};
use super::members::{Attempt, Member, NewMember, Obstacle};
use super::organisation::Organisation;
use super::{Accounts, Keeper, Present, Role, SignedIn, password, totp};
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes behind the door.
pub fn closed_routes(accounts: Accounts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(profile, set_profile))
        .routes(routes!(set_language))
        .routes(routes!(set_password))
        .routes(routes!(draft_code))
        .routes(routes!(confirm_code))
        .routes(routes!(drop_code))
        .routes(routes!(sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(members, invite))
        .routes(routes!(set_role, remove))
        .routes(routes!(reset))
        .routes(routes!(tokens, make_token))
        .routes(routes!(drop_token))
        .routes(routes!(log))
        .routes(routes!(organisation, set_organisation))
        .with_state(accounts)
}

/// Is what one may change of oneself.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Profile {
    /// The name on the screen.
    name: String,
    /// The address to sign in with; empty: only by link.
    email: String,
}

/// Tells what is known of whoever asks.
#[utoipa::path(get, operation_id = "account_profile", path = "/api/account", tag = "account", responses(
    (status = 200, body = Member),
    (status = 401, body = Problem),
))]
async fn profile(SignedIn(who): SignedIn, State(accounts): State<Accounts>) -> Result<Json<Member>, Refusal> {
    accounts.member(who.account).await?.map(Json).ok_or_else(Refusal::unauthenticated)
}

/// Changes the own name and address.
#[utoipa::path(put, operation_id = "account_set_profile", path = "/api/account", tag = "account", request_body = Profile, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 409, body = Problem),
))]
async fn set_profile(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    Body(profile): Body<Profile>,
) -> Result<StatusCode, Refusal> {
    accounts.set_profile(&who, &profile.name, &profile.email).await?.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Is the language that a member reads.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnLanguage {
    /// `en`, `fr` or `ru`.
    language: String,
}

/// Notes which language one reads, for letters of the house.
#[utoipa::path(put, operation_id = "account_set_language", path = "/api/account/language", tag = "account", request_body = OwnLanguage, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn set_language(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    Body(own): Body<OwnLanguage>,
) -> Result<StatusCode, Refusal> {
    match accounts.set_language(&who, &own.language).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::malformed("There is no such language here", "Choose en, fr or ru")),
    }
}

/// Is a change of password.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The one before; empty where there is none.
    #[serde(default)]
    current: String,
    /// The one that shall be.
    new: String,
}

/// Sets the own password; every other session ends.
#[utoipa::path(put, operation_id = "account_set_password", path = "/api/account/password", tag = "account", request_body = NewPassword, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 429, body = Problem),
))]
async fn set_password(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    present: Option<Extension<Present>>,
    Body(asked): Body<NewPassword>,
) -> Result<StatusCode, Refusal> {
    let email = accounts.member(who.account).await?.map(|member| member.email).unwrap_or_default();
    if let Some(weakness) = password::weakness(&asked.new, &email) {
        return Err(Refusal::malformed(weakness, "A sentence of four or five words is long, and can be kept in mind"));
    }
    proved(accounts.set_password(&who, &asked.current, &asked.new, secret(&present)).await?)
}

/// Is a secret for an authenticator.
#[derive(Serialize, Deserialize, ToSchema)]
struct CodeDraft {
    /// The secret, to be typed.
    secret: String,
    /// The address that an authenticator reads.
    address: String,
    /// The same as a picture, in SVG.
    picture: String,
}

/// Draws a secret for an authenticator. Codes are asked for after the first right one.
#[utoipa::path(post, operation_id = "account_draft_code", path = "/api/account/code", tag = "account", responses(
    (status = 200, body = CodeDraft), (status = 401, body = Problem),
))]
async fn draft_code(SignedIn(who): SignedIn, State(accounts): State<Accounts>) -> Result<Json<CodeDraft>, Refusal> {
    let secret = accounts.draft_code(&who).await?;
    let email = accounts.member(who.account).await?.map(|member| member.email).unwrap_or_default();
    let (address, picture) = totp::address(&secret, if email.is_empty() { &who.name } else { &email });
    Ok(Json(CodeDraft { secret, address, picture }))
}

/// Is a code of the authenticator.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneTimeCode {
    /// Six digits.
    code: String,
}

/// Are the codes for the day on which the telephone is gone; they are shown once.
#[derive(Serialize, Deserialize, ToSchema)]
struct RecoveryCodes {
    /// Each works once.
    codes: Vec<String>,
}

/// Turns codes on with the first right one.
#[utoipa::path(put, operation_id = "account_confirm_code", path = "/api/account/code", tag = "account", request_body = OneTimeCode, responses(
    (status = 200, body = RecoveryCodes), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn confirm_code(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    Body(asked): Body<OneTimeCode>,
) -> Result<Json<RecoveryCodes>, Refusal> {
    let codes = accounts.confirm_code(&who, &asked.code).await?;
    let wrong = || Refusal::malformed("The code is not right", "Type the six digits that the authenticator shows now");
    Ok(Json(RecoveryCodes { codes: codes.ok_or_else(wrong)? }))
}

/// Is the own password, before something that a stolen session must not do.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordProof {
    /// The password; empty where there is none.
    password: String,
}

/// Turns codes off.
#[utoipa::path(post, operation_id = "account_drop_code", path = "/api/account/code/off", tag = "account", request_body = PasswordProof, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 429, body = Problem),
))]
async fn drop_code(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    Body(proof): Body<PasswordProof>,
) -> Result<StatusCode, Refusal> {
    proved(accounts.drop_code(&who, &proof.password).await?)
}

/// Lists the own open sessions.
#[utoipa::path(get, operation_id = "account_sessions", path = "/api/account/sessions", tag = "account", responses(
    (status = 200, body = Vec<Session>), (status = 401, body = Problem),
))]
async fn sessions(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    present: Option<Extension<Present>>,
) -> Result<Json<Vec<Session>>, Refusal> {
    Ok(Json(accounts.sessions(who.account, secret(&present)).await?))
}

/// Ends the own sessions, all but this one, and tells how many there were.
#[utoipa::path(delete, operation_id = "account_end_other_sessions", path = "/api/account/sessions", tag = "account", responses(
    (status = 200, body = u64), (status = 401, body = Problem),
))]
async fn end_other_sessions(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    present: Option<Extension<Present>>,
) -> Result<Json<u64>, Refusal> {
    Ok(Json(accounts.end_sessions(&who, None, secret(&present)).await?))
}

/// Ends one of the own sessions.
#[utoipa::path(delete, operation_id = "account_end_session", path = "/api/account/sessions/{id}", tag = "account",
    params(("id" = String, Path, description = "Its name in the list.")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn end_session(
    SignedIn(who): SignedIn,
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    match accounts.end_sessions(&who, Some(&id), "").await? {
        0 => Err(Refusal::not_found("There is no such session", "It may have ended by itself")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Lists the members.
#[utoipa::path(get, operation_id = "account_members", path = "/api/account/members", tag = "account", responses(
    (status = 200, body = Vec<Member>), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn members(_: Keeper, State(accounts): State<Accounts>) -> Result<Json<Vec<Member>>, Refusal> {
    Ok(Json(accounts.members().await?))
}

/// Is a secret that is shown once.
#[derive(Serialize, Deserialize, ToSchema)]
struct ShownSecret {
    /// The number of what it belongs to.
    id: i64,
    /// The secret: behind `#token=` at the server's address for a link, the whole token otherwise.
    token: String,
}

/// Invites somebody: makes a member, and a link that signs them in once, within seven days.
#[utoipa::path(post, operation_id = "account_invite", path = "/api/account/members", tag = "account", request_body = NewMember, responses(
    (status = 201, body = ShownSecret), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 409, body = Problem),
))]
async fn invite(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Body(new): Body<NewMember>,
) -> Result<(StatusCode, Json<ShownSecret>), Refusal> {
    let (id, token) = accounts.invite(&who, &new).await?.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(ShownSecret { id, token: token.secret().to_owned() })))
}

/// Is a change of role.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    /// The role that shall be.
    role: Role,
}

/// Gives a member another role.
#[utoipa::path(put, operation_id = "account_set_role", path = "/api/account/members/{id}", tag = "account", request_body = NewRole,
    params(("id" = i64, Path, description = "The number of the account.")), responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem),
))]
async fn set_role(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
    Body(asked): Body<NewRole>,
) -> Result<StatusCode, Refusal> {
    accounts.set_role(&who, number(&id)?, asked.role).await?.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a member's rights, sessions and tokens away.
#[utoipa::path(delete, operation_id = "account_remove", path = "/api/account/members/{id}", tag = "account",
    params(("id" = i64, Path, description = "The number of the account.")), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem),
))]
async fn remove(Keeper(who): Keeper, State(accounts): State<Accounts>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    accounts.remove(&who, number(&id)?).await?.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a member's password and codes, ends their sessions, and makes a link in their place.
#[utoipa::path(post, operation_id = "account_reset", path = "/api/account/members/{id}/reset", tag = "account",
    params(("id" = i64, Path, description = "The number of the account.")), responses(
    (status = 200, body = ShownSecret), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn reset(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
) -> Result<Json<ShownSecret>, Refusal> {
    let id = number(&id)?;
    let token = accounts.reset(&who, id).await?.map_err(refused)?;
    Ok(Json(ShownSecret { id, token: token.secret().to_owned() }))
}

/// Lists the tokens for programs.
#[utoipa::path(get, operation_id = "account_tokens", path = "/api/account/tokens", tag = "account", responses(
    (status = 200, body = Vec<ApiToken>), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn tokens(_: Keeper, State(accounts): State<Accounts>) -> Result<Json<Vec<ApiToken>>, Refusal> {
    Ok(Json(accounts.tokens().await?))
}

/// Makes a token for a program; it is shown once.
#[utoipa::path(post, operation_id = "account_make_token", path = "/api/account/tokens", tag = "account", request_body = NewToken, responses(
    (status = 201, body = ShownSecret), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 409, body = Problem),
))]
async fn make_token(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<ShownSecret>), Refusal> {
    if let Some(fault) = new.fault() {
        return Err(Refusal::malformed(fault, "Change it and send it again"));
    }
    if !who.role().includes(new.role) {
        return Err(refused(Obstacle::Above));
    }
    let made = accounts.make_token(&who, &new).await?;
    let (id, token) = made.ok_or_else(|| Refusal::conflict("There are too many tokens", "Take those back that nobody uses"))?;
    Ok((StatusCode::CREATED, Json(ShownSecret { id, token })))
}

/// Takes a token back.
#[utoipa::path(delete, operation_id = "account_drop_token", path = "/api/account/tokens/{id}", tag = "account",
    params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn drop_token(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    match accounts.drop_token(&who, number(&id)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::not_found("There is no such token", "It may have ended by itself")),
    }
}

/// Is which part of the log.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Only entries before this number; none: the latest.
    #[serde(default)]
    before: Option<i64>,
}

/// Tells who did what and when, the latest first, two hundred at once.
#[utoipa::path(get, operation_id = "account_log", path = "/api/account/log", tag = "account", params(Part), responses(
    (status = 200, body = Vec<LogEntry>), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn log(_: Keeper, State(accounts): State<Accounts>, Asked(part): Asked<Part>) -> Result<Json<Vec<LogEntry>>, Refusal> {
    Ok(Json(audit::page(&accounts.state, part.before).await?))
}

/// Tells what the pages of the organisation are like.
#[utoipa::path(get, operation_id = "account_organisation", path = "/api/organisation", tag = "account", responses(
    (status = 200, body = Organisation), (status = 401, body = Problem),
))]
async fn organisation(_: SignedIn, State(accounts): State<Accounts>) -> Result<Json<Organisation>, Refusal> {
    Ok(Json(accounts.organisation().await?))
}

/// Changes what the pages of the organisation are like.
#[utoipa::path(put, operation_id = "account_set_organisation", path = "/api/organisation", tag = "account", request_body = Organisation, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn set_organisation(
    Keeper(who): Keeper,
    State(accounts): State<Accounts>,
    Body(organisation): Body<Organisation>,
) -> Result<StatusCode, Refusal> {
    if let Some(fault) = organisation.fault() {
        return Err(Refusal::malformed(fault, "Change it and send it again"));
    }
    accounts.set_organisation(&who, &organisation).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn secret(present: &Option<Extension<Present>>) -> &str {
    present.as_ref().map_or("", |Extension(Present(secret))| secret)
}

fn proved(attempt: Attempt) -> Result<StatusCode, Refusal> {
    match attempt {
        Attempt::In(..) | Attempt::Proved => Ok(StatusCode::NO_CONTENT),
        // Not 401: the session is good, and the page must stay.
        Attempt::Refused => Err(Refusal::malformed("The password is not right", "Try again")),
        Attempt::TooMany => Err(Refusal::too_many_attempts()),
    }
}

/// Reads a number of a path; what is none names nothing.
fn number(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| refused(Obstacle::Unknown))
}

fn refused(obstacle: Obstacle) -> Refusal {
    match obstacle {
        Obstacle::Unknown => Refusal::not_found("There is no such member", "Read /api/account/members for those that exist"),
        Obstacle::Above => Refusal::only_for("whoever has these rights"),
        Obstacle::LastOwner => Refusal::conflict("It is the last owner", "Make somebody else an owner first"),
        Obstacle::Taken => Refusal::conflict("The address belongs to another member", "Use another one"),
        Obstacle::Unreadable => Refusal::malformed("That is no name or e-mail address", "Write it as ada@example.org"),
        Obstacle::Full => Refusal::conflict("There are too many members", "Remove those who have left"),
    }
}
