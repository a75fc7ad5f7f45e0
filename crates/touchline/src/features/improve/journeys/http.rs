//! Designed journeys over HTTP: read, saved, compared with the lived ones, carried in and out.

use super::formats::{Draft, FileFormat, TEXT_MAX, export, import};
use super::store::{JOURNEYS_MAX, Journeys, Kept};
use crate::failure::{Failure, Result as Done};
use crate::features::improve::http::Planner;
use crate::features::map::{Maps, no_map};
use crate::features::measure::{Reports, Sense, scan};
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use analysis::conformance::{Conformance, ConformanceFold, Plan, Question, report};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::map::nearest;
use model::{Journey, TouchpointMap};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is what the routes need.
#[derive(Clone)]
pub(in crate::features::improve) struct Room {
    pub(in crate::features::improve) reports: Reports,
    pub(in crate::features::improve) journeys: Journeys,
}

/// Returns the routes of designed journeys.
pub(in crate::features::improve) fn routes(room: Room) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, save, take_away))
        .routes(routes!(conformance))
        .routes(routes!(try_out))
        .routes(routes!(carry_out))
        .routes(routes!(carry_in))
        .with_state(room)
}

/// Is on which version a change is based.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Base {
    /// The version that was seen; 0 or none: it is new.
    #[serde(default)]
    based_on: i64,
}

/// Is whose lived journeys are compared.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfWhom {
    /// The segment, by id; none: the one the journey is meant for, or everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Is in which form a journey is carried out.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct As {
    /// `json`, `csv`, `mermaid`, `cjml` or `xes`.
    format: FileFormat,
}

/// Is a file with a journey.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = JourneyFile)]
#[serde(deny_unknown_fields)]
struct Brought {
    /// What kind of file it is.
    format: FileFormat,
    /// What is in it.
    text: String,
    /// The name that the journey shall have, where the file says none.
    #[serde(default)]
    name: Option<String>,
}

/// Lists the designed journeys by name.
#[utoipa::path(get, path = "/api/improve/journeys", tag = "improve", operation_id = "list_journeys", responses(
    (status = 200, body = Vec<Kept>),
    (status = 401, body = Problem),
))]
async fn list(State(room): State<Room>) -> Result<Json<Vec<Kept>>, Refusal> {
    Ok(Json(room.journeys.all().await?))
}

/// Shows a designed journey.
#[utoipa::path(get, path = "/api/improve/journeys/{id}", tag = "improve", operation_id = "show_journey",
    params(("id" = String, Path, description = "The id.")), responses(
    (status = 200, body = Kept),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn show(State(room): State<Room>, Path(id): Path<String>) -> Result<Json<Kept>, Refusal> {
    Ok(Json(found(&room, &id).await?))
}

/// Saves a designed journey; the versions before it stay.
#[utoipa::path(put, path = "/api/improve/journeys/{id}", tag = "improve", operation_id = "save_journey", request_body = Journey,
    params(("id" = String, Path, description = "The id."), Base), responses(
    (status = 200, body = Kept),
    (status = 400, description = "Something is wrong with it.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
    (status = 409, description = "Somebody has changed it meanwhile, or there are too many.", body = Problem),
))]
async fn save(
    Planner(who): Planner,
    State(room): State<Room>,
    Path(id): Path<String>,
    Asked(base): Asked<Base>,
    Body(journey): Body<Journey>,
) -> Result<Json<Kept>, Refusal> {
    if journey.id != id {
        return Err(Refusal::malformed("The id in the journey is not the one in the address", "Send the same in both"));
    }
    sound(&journey, &map(&room).await?)?;
    if room.journeys.find(&id).await?.is_none() && room.journeys.all().await?.len() >= JOURNEYS_MAX {
        return Err(Refusal::conflict(format!("There are {JOURNEYS_MAX} designed journeys"), "Take one away that nobody needs"));
    }
    let now = room.reports.stores().now();
    let version = room.journeys.save(&id, Some(&journey), base.based_on, &who.name, now).await?.ok_or_else(overtaken)?;
    Ok(Json(Kept { journey, version, saved_at: now.0, saved_by: who.name }))
}

/// Takes a designed journey away; saving it again brings it back.
#[utoipa::path(delete, path = "/api/improve/journeys/{id}", tag = "improve", operation_id = "remove_journey",
    params(("id" = String, Path, description = "The id."), Base), responses(
    (status = 204),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, description = "Somebody has changed it meanwhile.", body = Problem),
))]
async fn take_away(
    Planner(who): Planner,
    State(room): State<Room>,
    Path(id): Path<String>,
    Asked(base): Asked<Base>,
) -> Result<StatusCode, Refusal> {
    found(&room, &id).await?;
    let now = room.reports.stores().now();
    room.journeys.save(&id, None, base.based_on, &who.name, now).await?.ok_or_else(overtaken)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Compares a designed journey with the lived ones (M16).
#[utoipa::path(get, path = "/api/improve/journeys/{id}/conformance", tag = "improve", operation_id = "compare_journey",
    params(("id" = String, Path, description = "The id."), OfWhom), responses(
    (status = 200, body = Conformance),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn conformance(
    State(room): State<Room>,
    Path(id): Path<String>,
    Asked(of): Asked<OfWhom>,
) -> Result<Json<Conformance>, Refusal> {
    let journey = found(&room, &id).await?.journey;
    compared(&room, journey, of.segment).await
}

/// Compares a design that is not saved with the lived journeys: what it would say.
#[utoipa::path(post, path = "/api/improve/conformance", tag = "improve", operation_id = "try_journey", request_body = Journey,
    params(OfWhom), responses(
    (status = 200, body = Conformance),
    (status = 400, description = "Something is wrong with it.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn try_out(
    State(room): State<Room>,
    Asked(of): Asked<OfWhom>,
    Body(journey): Body<Journey>,
) -> Result<Json<Conformance>, Refusal> {
    sound(&journey, &map(&room).await?)?;
    compared(&room, journey, of.segment).await
}

/// Carries a designed journey out, as a file that other tools read. XES holds runs of the design, as logs do.
#[utoipa::path(get, path = "/api/improve/journeys/{id}/file", tag = "improve", operation_id = "export_journey",
    params(("id" = String, Path, description = "The id."), As), responses(
    (status = 200, description = "The file.", body = String, content_type = "text/plain"),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn carry_out(State(room): State<Room>, Path(id): Path<String>, Asked(wanted): Asked<As>) -> Result<Response, Refusal> {
    let journey = found(&room, &id).await?.journey;
    let text = export(wanted.format, &journey, &map(&room).await?)?;
    let (kind, ending) = wanted.format.kind();
    let name = format!("attachment; filename=\"{id}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// Reads a file as a draft of a journey, and saves nothing. Names that the map does not know are listed.
#[utoipa::path(post, path = "/api/improve/journeys/file", tag = "improve", operation_id = "import_journey", request_body = Brought, responses(
    (status = 200, body = Draft),
    (status = 400, description = "The file cannot be read.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn carry_in(_: Planner, State(room): State<Room>, Body(file): Body<Brought>) -> Result<Json<Draft>, Refusal> {
    if file.text.len() > TEXT_MAX {
        return Err(Refusal::malformed(
            format!("The file is larger than {} MB", TEXT_MAX >> 20),
            "Send the part with the journey",
        ));
    }
    let map = map(&room).await?;
    import(file.format, &file.text, file.name.as_deref(), &map).map(Json).map_err(Refusal::told)
}

/// Compares a journey with everything lived, or with the people of a segment. To be called from threads that may block.
///
/// # Errors
/// Fails when there is no map or no such segment, when the design has too many ways through, or when the stores fail.
pub fn compare(stores: &Stores, journey: &Journey, segment: Option<&str>) -> Done<Conformance> {
    let Some(Sense { map, meaning, .. }) = Sense::read(stores)? else {
        return Err(Failure::new("There is no map yet").hint("Apply one: touchline map apply FILE"));
    };
    let asked = segment.or(journey.segment.as_deref());
    let position = |id: &str| {
        let known = || map.segments.iter().map(|segment| segment.id.as_str());
        known().position(|known| known == id).ok_or_else(|| {
            let hint = nearest(id, known())
                .map_or("Read the map for those that exist".to_owned(), |near| format!("Did you mean `{near}`?"));
            Failure::new(format!("There is no segment `{id}`")).hint(hint)
        })
    };
    let segment = asked.map(position).transpose()?;
    let number = |id: &str| map.touchpoint(id).map(|at| at as u16);
    let outcome = |id: &str| map.outcomes.iter().position(|outcome| outcome.id == id).map(|at| 1 << at);
    let plan = Plan::new(journey, number, outcome)
        .map_err(|wide| Failure::new("The journey cannot be compared").because(&wide).hint("Let less go on side by side"))?;
    let question = Arc::new(Question { plan, segment, ignores_others: journey.ignores_others });
    let fold = scan(stores, || ConformanceFold::new(Arc::clone(&meaning), Arc::clone(&question)))?;
    Ok(report(&map, journey, &fold))
}

async fn compared(room: &Room, journey: Journey, segment: Option<String>) -> Result<Json<Conformance>, Refusal> {
    let map = map(room).await?;
    if let Some(asked) = segment.as_deref().filter(|asked| !map.segments.iter().any(|segment| segment.id == *asked)) {
        return Err(Refusal::not_found(format!("There is no segment `{asked}`"), "Read /api/map for those that exist"));
    }
    // A segment that has left the map means everybody.
    let journey =
        Journey { segment: journey.segment.filter(|id| map.segments.iter().any(|segment| segment.id == *id)), ..journey };
    let stores = room.reports.stores().clone();
    let found = tokio::task::spawn_blocking(move || compare(&stores, &journey, segment.as_deref())).await;
    Ok(Json(found.map_err(|error| Failure::new("Comparing broke off").because(&error))??))
}

async fn map(room: &Room) -> Result<TouchpointMap, Refusal> {
    Ok(Maps::new(room.reports.stores().state.clone()).current().await?.ok_or_else(no_map)?.map)
}

async fn found(room: &Room, id: &str) -> Result<Kept, Refusal> {
    let unknown =
        || Refusal::not_found(format!("There is no designed journey `{id}`"), "Read /api/improve/journeys for those that exist");
    room.journeys.find(id).await?.ok_or_else(unknown)
}

fn overtaken() -> Refusal {
    Refusal::conflict("Somebody has changed this journey meanwhile", "Read it again, and make your change there")
}

/// Refuses a journey with everything that is wrong with it.
fn sound(journey: &Journey, map: &TouchpointMap) -> Result<(), Refusal> {
    let mut problems: Vec<String> = journey.problems(|id| map.touchpoint(id).is_some()).iter().map(ToString::to_string).collect();
    if let Some(id) = journey.segment.as_deref().filter(|id| !map.segments.iter().any(|segment| segment.id == *id)) {
        problems.push(format!("segment: there is no segment `{id}` on the map"));
    }
    for step in journey.steps() {
        if let Some(id) = step.outcome.as_deref().filter(|id| !map.outcomes.iter().any(|outcome| outcome.id == *id)) {
            problems.push(format!("step `{}`: there is no outcome `{id}` on the map", step.touchpoint));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let mut refusal = Refusal::malformed("The journey cannot be saved as it is", "Mend the places named above");
    refusal.problem.because = problems;
    Err(refusal)
}
