//! What people may ask about their own data, as routes for whoever looks after the installation. A name travels in
//! the body of a request, never in its address, because addresses end in logs.

use super::retention::Retained;
use super::rights::{Dossier, Extent, Rights};
use crate::failure::Result as Outcome;
use crate::features::account::Keeper;
use crate::features::capture::Sources;
use crate::features::people::{Consents, ErasureReceipt};
use crate::platform::http::{Body, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use model::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is a name of the person that is meant: any of theirs will do.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonNamed {
    /// The kind of name, such as `email`.
    namespace: String,
    /// The name itself.
    value: String,
}

/// Is a wish to restrict.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RestrictionAsked {
    /// Whose data.
    who: PersonNamed,
    /// Whether they are restricted from now on.
    restricted: bool,
    /// Why; nothing personal.
    #[serde(default)]
    note: String,
}

/// Is a word on consent.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentSaid {
    /// Who said it.
    who: PersonNamed,
    /// Yes or no, by purpose. None: nothing new, only asks for what is in force.
    #[serde(default)]
    said: Consents,
    /// Which text was shown, on which channel, who wrote it down; nothing personal.
    #[serde(default)]
    proof: String,
}

/// Is of how many identities something was changed.
#[derive(Serialize, Deserialize, ToSchema)]
struct RestrictionChanged {
    identities: u64,
}

/// Is whether a receipt is ours.
#[derive(Serialize, Deserialize, ToSchema)]
struct ReceiptVerified {
    ours: bool,
}

/// More bytes than this are no note.
const NOTE_MAX: usize = 1_000;

/// Returns the routes.
pub(in crate::features::capture) fn routes(rights: Rights, sources: Sources) -> OpenApiRouter {
    let kept = OpenApiRouter::new().routes(routes!(retain)).with_state((rights.clone(), sources));
    OpenApiRouter::new()
        .routes(routes!(erase))
        .routes(routes!(extent))
        .routes(routes!(receipts))
        .routes(routes!(verify))
        .routes(routes!(export))
        .routes(routes!(restrict))
        .routes(routes!(consent))
        .with_state(rights)
        .merge(kept)
}

/// Erases a person from everywhere, for good. The answer comes when the last byte is gone.
#[utoipa::path(post, path = "/api/people/erase", tag = "people", request_body = PersonNamed, responses(
    (status = 200, description = "The receipt.", body = ErasureReceipt),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "Nobody is known by that name.", body = Problem),
))]
async fn erase(State(rights): State<Rights>, _: Keeper, Body(whom): Body<PersonNamed>) -> Result<Json<ErasureReceipt>, Refusal> {
    let who = whom.identity().ok_or_else(unnamed)?;
    let receipt = apart(move || rights.erase(&who)).await?;
    receipt.map(Json).ok_or_else(stranger)
}

/// Tells what erasing a person would remove.
#[utoipa::path(post, path = "/api/people/erase/extent", tag = "people", request_body = PersonNamed, responses(
    (status = 200, body = Extent),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "Nobody is known by that name.", body = Problem),
))]
async fn extent(State(rights): State<Rights>, _: Keeper, Body(whom): Body<PersonNamed>) -> Result<Json<Extent>, Refusal> {
    let who = whom.identity().ok_or_else(unnamed)?;
    apart(move || rights.extent(&who)).await?.map(Json).ok_or_else(stranger)
}

/// Lists the receipts of erasures.
#[utoipa::path(get, path = "/api/people/erasures", tag = "people", responses(
    (status = 200, body = Vec<ErasureReceipt>),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn receipts(State(rights): State<Rights>, _: Keeper) -> Result<Json<Vec<ErasureReceipt>>, Refusal> {
    Ok(Json(apart(move || rights.receipts()).await?))
}

/// Tells whether this installation wrote a receipt, and nobody changed it.
#[utoipa::path(post, path = "/api/people/erasures/verify", tag = "people", request_body = ErasureReceipt, responses(
    (status = 200, body = ReceiptVerified),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn verify(
    State(rights): State<Rights>,
    _: Keeper,
    Body(receipt): Body<ErasureReceipt>,
) -> Result<Json<ReceiptVerified>, Refusal> {
    let ours = apart(move || rights.is_ours(&receipt)).await?;
    Ok(Json(ReceiptVerified { ours }))
}

/// Writes down everything we hold of a person, in one document.
#[utoipa::path(post, path = "/api/people/export", tag = "people", request_body = PersonNamed, responses(
    (status = 200, body = Dossier),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "Nobody is known by that name.", body = Problem),
))]
async fn export(State(rights): State<Rights>, _: Keeper, Body(whom): Body<PersonNamed>) -> Result<Json<Dossier>, Refusal> {
    let who = whom.identity().ok_or_else(unnamed)?;
    apart(move || rights.dossier(&who)).await?.map(Json).ok_or_else(stranger)
}

/// Keeps what is known of a person out of every analysis and all outreach, or lifts that.
#[utoipa::path(post, path = "/api/people/restrict", tag = "people", request_body = RestrictionAsked, responses(
    (status = 200, body = RestrictionChanged),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "Nobody is known by that name.", body = Problem),
))]
async fn restrict(
    State(rights): State<Rights>,
    _: Keeper,
    Body(asked): Body<RestrictionAsked>,
) -> Result<Json<RestrictionChanged>, Refusal> {
    if asked.note.len() > NOTE_MAX {
        return Err(too_long());
    }
    let who = asked.who.identity().ok_or_else(unnamed)?;
    let changed = apart(move || rights.restrict(&who, asked.restricted, &asked.note)).await?;
    changed.map(|identities| Json(RestrictionChanged { identities })).ok_or_else(stranger)
}

/// Notes what somebody agreed to or took back, and tells what is in force.
#[utoipa::path(post, path = "/api/people/consent", tag = "people", request_body = ConsentSaid, responses(
    (status = 200, body = Consents),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn consent(State(rights): State<Rights>, _: Keeper, Body(asked): Body<ConsentSaid>) -> Result<Json<Consents>, Refusal> {
    if asked.proof.len() > NOTE_MAX {
        return Err(too_long());
    }
    let who = asked.who.identity().ok_or_else(unnamed)?;
    let in_force = apart(move || match asked.said == Consents::default() {
        true => Ok(rights.consents(&who)),
        false => rights.note_consent(&who, &asked.said, &asked.proof),
    });
    Ok(Json(in_force.await?))
}

/// Removes what is older than its source keeps it; while the server runs that is done every day.
#[utoipa::path(post, path = "/api/capture/retention", tag = "capture", responses(
    (status = 200, body = Retained),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn retain(State((rights, sources)): State<(Rights, Sources)>, _: Keeper) -> Result<Json<Retained>, Refusal> {
    Ok(Json(apart(move || rights.retain(&sources)).await?))
}

impl PersonNamed {
    fn identity(&self) -> Option<Identity> {
        Identity::new(&self.namespace, &self.value)
    }
}

/// Does work that waits for disks on a thread of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| crate::failure::Failure::new("The work broke off").because(&error));
    Ok(done.and_then(|done| done)?)
}

fn unnamed() -> Refusal {
    Refusal::malformed("The name is blank", "Send a namespace and a value, as in `email` and an address")
}

fn too_long() -> Refusal {
    Refusal::malformed("The note is too long", "Write 1,000 letters at most")
}

fn stranger() -> Refusal {
    Refusal::not_found("Nobody is known by that name", "Try another name of the same person")
}
