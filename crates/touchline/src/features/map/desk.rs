//! The desk on which the map is edited, over HTTP: edits, undo, history, plans. Viewers and agents look; others edit.

use super::edit::{Clash, Edit, Line, told, tree};
use super::http::{no_map, refused};
use super::store::{Maps, Version};
use super::versions::{Author, EDITS_MAX, Entry, Outcome, Steps, Variant, document};
use crate::failure::Failure;
use crate::features::account::Who;
use crate::platform::clock::Clock;
use crate::platform::http::{Asked, Body, Problem, Refusal};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use model::TouchpointMap;
use model::catalogue::{self, Entry as CatalogueEntry, TEMPLATES};
use model::map::Channel;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// So many entries of the history come at once.
const HISTORY_MAX: i64 = 100;
/// A note says why in a few words.
const NOTE_MAX: usize = 400;

/// Returns the routes of the desk.
pub(super) fn routes(maps: Maps, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(desk))
        .routes(routes!(edit, put))
        .routes(routes!(revert))
        .routes(routes!(restore))
        .routes(routes!(history))
        .routes(routes!(diff))
        .routes(routes!(plan, drop_plan))
        .routes(routes!(adopt))
        .routes(routes!(offers))
        .with_state(Desk { maps, clock })
}

#[derive(Clone)]
struct Desk {
    maps: Maps,
    clock: Clock,
}

/// Is proof that whoever asks may edit the map: the owner, admins and analysts may.
pub(super) struct Editor(pub(super) Who);

fn may_edit(who: &Who) -> bool {
    ["owner", "admin", "analyst"].contains(&who.role.as_str())
}

impl<S: Send + Sync> FromRequestParts<S> for Editor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if may_edit(who) { Ok(Self(who.clone())) } else { Err(Refusal::not_allowed()) }
    }
}

/// Says which design is meant.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The design; the map as it is where none is named.
    #[serde(default)]
    #[param(inline)]
    variant: Variant,
}

/// Is a map on the desk, with what whoever asks may do to it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = MapOnDesk)]
struct OnDesk {
    /// The number of the version: edits begin with it.
    version: i64,
    /// Which design it is.
    variant: Variant,
    /// Whether there is a plan.
    planned: bool,
    /// Whether whoever asks may edit.
    may_edit: bool,
    /// What they can take back and do again.
    steps: Steps,
    /// The map.
    map: TouchpointMap,
}

/// Is an edit that met another one.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = MapClashed)]
struct Clashed {
    /// What failed.
    what: String,
    /// Why, from the outside in.
    because: Vec<String>,
    /// What to do now.
    hint: Option<String>,
    /// The places, with both values.
    clashes: Vec<Clash>,
    /// The newest version.
    newest: OnDesk,
}

/// Shows a map for editing: the newest version of a design, and what may be done to it.
#[utoipa::path(get, operation_id = "map_desk", path = "/api/map/desk", tag = "map", params(Which), responses(
    (status = 200, body = OnDesk),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet, or no plan.", body = Problem),
))]
async fn desk(
    State(desk): State<Desk>,
    Extension(who): Extension<Who>,
    Asked(which): Asked<Which>,
) -> Result<Json<OnDesk>, Refusal> {
    let newest = desk.maps.newest(which.variant).await?.ok_or_else(no_map)?;
    Ok(Json(desk.lay(which.variant, newest, &who).await?))
}

/// Is a set of edits that belong together: they become one version.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapEdits)]
struct Edits {
    /// The design.
    #[serde(default)]
    variant: Variant,
    /// The version that the edits were made on.
    base: i64,
    /// The steps, in order.
    edits: Vec<Edit>,
}

/// Edits the map. What others have changed elsewhere meanwhile stays; where they have changed the same place, nothing is
/// saved and both values are told.
#[utoipa::path(patch, operation_id = "map_edit", path = "/api/map", tag = "map", request_body = Edits, responses(
    (status = 200, body = OnDesk),
    (status = 400, description = "An edit cannot be done, or the map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "Somebody has changed the same place.", body = Clashed),
))]
async fn edit(State(desk): State<Desk>, Editor(who): Editor, Body(edits): Body<Edits>) -> Result<Response, Refusal> {
    if edits.edits.is_empty() || edits.edits.len() > EDITS_MAX {
        return Err(Refusal::malformed(format!("A request holds 1 to {EDITS_MAX} edits"), "Send them in parts"));
    }
    let author = Author::from(&who);
    let outcome = desk.maps.edit(edits.variant, edits.base, &edits.edits, &author, (desk.clock)()).await;
    desk.answer(edits.variant, outcome.map_err(theirs)?, &who).await
}

/// Is a whole map, made of a version.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapWhole)]
struct Whole {
    /// The design.
    #[serde(default)]
    variant: Variant,
    /// The version that it was made of.
    base: i64,
    /// The map.
    map: TouchpointMap,
    /// Why, in a few words.
    #[serde(default)]
    note: String,
}

/// Replaces the map as a whole; what others have changed elsewhere meanwhile stays.
#[utoipa::path(put, operation_id = "map_put", path = "/api/map", tag = "map", request_body = Whole, responses(
    (status = 200, body = OnDesk),
    (status = 400, description = "The map is not sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "Somebody has changed the same place.", body = Clashed),
))]
async fn put(State(desk): State<Desk>, Editor(who): Editor, Body(whole): Body<Whole>) -> Result<Response, Refusal> {
    if whole.note.len() > NOTE_MAX {
        return Err(Refusal::malformed(format!("A note has at most {NOTE_MAX} bytes"), "Say it shorter"));
    }
    let author = Author::from(&who);
    let outcome = desk.maps.put(whole.variant, whole.base, &whole.map, &whole.note, &author, (desk.clock)()).await;
    desk.answer(whole.variant, outcome.map_err(theirs)?, &who).await
}

/// Names a version.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MapNamed)]
struct Named {
    /// The design.
    #[serde(default)]
    variant: Variant,
    /// The number of the version.
    version: i64,
}

/// Takes back what one version changed and leaves everything else: undo, and redo of an undo.
#[utoipa::path(post, operation_id = "map_revert", path = "/api/map/revert", tag = "map", request_body = Named, responses(
    (status = 200, body = OnDesk),
    (status = 400, description = "There is nothing before it, or the map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "The same place was changed since.", body = Clashed),
))]
async fn revert(State(desk): State<Desk>, Editor(who): Editor, Body(named): Body<Named>) -> Result<Response, Refusal> {
    let outcome = desk.maps.revert(named.variant, named.version, &Author::from(&who), (desk.clock)()).await;
    desk.answer(named.variant, outcome.map_err(theirs)?, &who).await
}

/// Goes back to a version as a whole. The versions since stay in the history.
#[utoipa::path(post, operation_id = "map_restore", path = "/api/map/restore", tag = "map", request_body = Named, responses(
    (status = 200, body = OnDesk),
    (status = 400, description = "There is no such version.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn restore(State(desk): State<Desk>, Editor(who): Editor, Body(named): Body<Named>) -> Result<Response, Refusal> {
    let outcome = desk.maps.restore(named.variant, named.version, &Author::from(&who), (desk.clock)()).await;
    desk.answer(named.variant, outcome.map_err(theirs)?, &who).await
}

/// Says which part of the history is wanted.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Part {
    /// The design; the map as it is where none is named.
    #[serde(default)]
    #[param(inline)]
    variant: Variant,
    /// Only versions before this one.
    #[serde(default)]
    before: Option<i64>,
}

/// Lists who changed what, the newest first: at most 100 entries at once.
#[utoipa::path(get, operation_id = "map_history", path = "/api/map/history", tag = "map", params(Part), responses(
    (status = 200, body = Vec<Entry>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
))]
async fn history(
    State(desk): State<Desk>,
    Extension(who): Extension<Who>,
    Asked(part): Asked<Part>,
) -> Result<Json<Vec<Entry>>, Refusal> {
    Ok(Json(desk.maps.entries(part.variant, part.before, HISTORY_MAX, who.account).await?))
}

/// Says which versions are compared.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Between {
    /// The number of one version.
    from: i64,
    /// The number of the other.
    to: i64,
}

/// Compares two versions, of one design or of two.
#[utoipa::path(get, operation_id = "map_diff", path = "/api/map/diff", tag = "map", params(Between), responses(
    (status = 200, body = Vec<Line>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such version.", body = Problem),
))]
async fn diff(State(desk): State<Desk>, Asked(between): Asked<Between>) -> Result<Json<Vec<Line>>, Refusal> {
    let gone = || Refusal::not_found("There is no such version", "Read /api/map/history for those that there are");
    let from = desk.maps.version(between.from).await?.ok_or_else(gone)?;
    let to = desk.maps.version(between.to).await?.ok_or_else(gone)?;
    let (from, to) = (document(&from.map)?, document(&to.map)?);
    Ok(Json(told::lines(&from, &to, &tree::diff(&from, &to))))
}

/// Begins a plan, as a copy of the map as it is; one that was begun is shown.
#[utoipa::path(post, operation_id = "map_plan", path = "/api/map/plan", tag = "map", responses(
    (status = 200, body = OnDesk),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn plan(State(desk): State<Desk>, Editor(who): Editor) -> Result<Json<OnDesk>, Refusal> {
    let plan = desk.maps.plan(&Author::from(&who), (desk.clock)()).await?.ok_or_else(no_map)?;
    Ok(Json(desk.lay(Variant::ToBe, plan, &who).await?))
}

/// Gives the plan up.
#[utoipa::path(delete, operation_id = "map_drop_plan", path = "/api/map/plan", tag = "map", responses(
    (status = 204, description = "There is no plan now."),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn drop_plan(State(desk): State<Desk>, _: Editor) -> Result<StatusCode, Refusal> {
    desk.maps.drop_plan().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the plan real: what it changes is done to the map as it is now.
#[utoipa::path(post, operation_id = "map_adopt", path = "/api/map/plan/adopt", tag = "map", responses(
    (status = 200, body = OnDesk),
    (status = 400, description = "There is no plan, or the map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "The map has changed at the same place since the plan began.", body = Clashed),
))]
async fn adopt(State(desk): State<Desk>, Editor(who): Editor) -> Result<Response, Refusal> {
    let outcome = desk.maps.adopt(&Author::from(&who), (desk.clock)()).await;
    desk.answer(Variant::AsIs, outcome.map_err(theirs)?, &who).await
}

/// Is what a map can be filled from.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = MapOffers)]
struct Offers {
    /// The kinds of touchpoint that organisations use.
    #[schema(inline)]
    touchpoints: Vec<CatalogueEntry>,
    /// The channels that they stand on.
    channels: Vec<Channel>,
}

/// Lists the catalogue: touchpoints that organisations use, and their channels.
#[utoipa::path(get, operation_id = "map_offers", path = "/api/map/catalogue", tag = "map", responses(
    (status = 200, body = Offers),
    (status = 401, body = Problem),
))]
async fn offers() -> Json<Offers> {
    let mut channels: Vec<Channel> = Vec::new();
    for channel in TEMPLATES.iter().filter_map(|name| catalogue::template(name)).flat_map(|map| map.channels) {
        if !channels.iter().any(|known| known.id == channel.id) {
            channels.push(channel);
        }
    }
    Json(Offers { touchpoints: catalogue::entries().to_vec(), channels })
}

impl Desk {
    async fn lay(&self, variant: Variant, version: Version, who: &Who) -> Result<OnDesk, Refusal> {
        let planned = variant == Variant::ToBe || self.maps.newest(Variant::ToBe).await?.is_some();
        let steps = self.maps.steps(variant, who.account).await?;
        Ok(OnDesk { version: version.id, variant, planned, may_edit: may_edit(who), steps, map: version.map })
    }

    async fn answer(&self, variant: Variant, outcome: Outcome, who: &Who) -> Result<Response, Refusal> {
        match outcome {
            Outcome::Saved(version) => Ok(Json(self.lay(variant, *version, who).await?).into_response()),
            Outcome::Clashed(clashes, newest) => {
                let clashed = Clashed {
                    what: "Somebody has changed the same place meanwhile".to_owned(),
                    because: clashes.iter().map(|clash| clash.place.clone()).collect(),
                    hint: Some("Look at both, and edit the newest version".to_owned()),
                    clashes,
                    newest: self.lay(variant, *newest, who).await?,
                };
                Ok((StatusCode::CONFLICT, Json(clashed)).into_response())
            }
        }
    }
}

/// Tells what is wrong with an edit to whoever sent it; what is wrong with the store stays inside.
fn theirs(failure: Failure) -> Refusal {
    if failure.what.starts_with("Cannot ") { Refusal::from(failure) } else { refused(failure) }
}
