//! The room over HTTP: verdicts by what is at stake, what changed and why, budgets. Tasks have a file of their own.

use super::allocation::{Allocated, Problem as Budget, divide};
use super::journeys::{self, Journeys};
use super::proposal::{Proposal, proposal};
use super::stakes::{Expectation, at_stake, expectation, worth};
use super::tasks::{self, Status, Tasks};
use super::trial::{SHEET_TEXT_MAX, Sheet, Tried, try_sheet};
use super::verdicts::{Change, Ledgered, Verdicts};
use crate::features::account::Who;
use crate::features::map::no_map;
use crate::features::measure::{Latest, Reports};
use crate::platform::http::{Asked, Body, Problem, Refusal};
use analysis::budget::Impossible;
use analysis::report::{Distribution, StageFigures, Window};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use model::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this room.
pub fn routes(reports: Reports) -> OpenApiRouter {
    let state = reports.stores().state.clone();
    let tasks = Tasks::new(state.clone());
    let room = Room { reports: reports.clone(), verdicts: Verdicts::new(state.clone()), tasks: tasks.clone() };
    OpenApiRouter::new()
        .routes(routes!(verdicts))
        .routes(routes!(changes))
        .routes(routes!(allocate))
        .routes(routes!(budget))
        .routes(routes!(trial))
        .with_state(room)
        .merge(tasks::routes(tasks::Room { reports: reports.clone(), tasks }))
        .merge(journeys::routes(journeys::Room { reports, journeys: Journeys::new(state) }))
}

#[derive(Clone)]
struct Room {
    reports: Reports,
    verdicts: Verdicts,
    tasks: Tasks,
}

/// Is proof that whoever asks may plan: everybody but those who may only look.
#[derive(Clone, Debug)]
pub(super) struct Planner(pub(super) Who);

impl<S: Send + Sync> FromRequestParts<S> for Planner {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.role == "viewer" { Err(Refusal::not_allowed()) } else { Ok(Self(who.clone())) }
    }
}

/// Is whom a list speaks of.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct About {
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
}

/// Is which changes are asked for.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Of {
    /// The touchpoint, by id; none: all.
    #[serde(default)]
    touchpoint: Option<String>,
}

/// Is every verdict with what is at stake.
#[derive(Serialize, Deserialize, ToSchema)]
struct VerdictList {
    /// When it was computed.
    at: i64,
    /// The version of the map.
    map_version: i64,
    /// The data.
    window: Window,
    /// Those that ask for a change first, the most money at stake first.
    verdicts: Vec<Judged>,
    /// Effort against importance (M2).
    distribution: Distribution,
    /// The same stage by stage.
    stages: Vec<StageFigures>,
}

/// Is one touchpoint judged.
#[derive(Serialize, Deserialize, ToSchema)]
struct Judged {
    /// The touchpoint.
    touchpoint: String,
    /// The verdict.
    verdict: Verdict,
    /// What it costs over the window as long as nothing is done, in minor units; 0 where it has no price.
    at_stake: f64,
    /// What its action is expected to bring.
    expected: Option<Expectation>,
    /// The people concerned.
    people: u64,
    /// The newest task about it that is neither done nor dropped.
    task: Option<i64>,
}

/// Lists the verdicts by what is at stake, and keeps those that are new.
#[utoipa::path(get, path = "/api/improve/verdicts", tag = "improve", operation_id = "list_verdicts", params(About), responses(
    (status = 200, body = VerdictList),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn verdicts(State(room): State<Room>, Asked(about): Asked<About>) -> Result<Json<VerdictList>, Refusal> {
    let latest = room.reports.latest().await?.ok_or_else(no_map)?;
    let segments = &latest.map().segments;
    if let Some(asked) = about.segment.as_deref().filter(|asked| !segments.iter().any(|segment| segment.id == *asked)) {
        return Err(Refusal::not_found(format!("There is no segment `{asked}`"), "Read /api/map for those that exist"));
    }
    room.keep(&latest).await;
    let report = latest.report(about.segment.as_deref())?;
    let open: BTreeMap<String, i64> = room
        .tasks
        .all()
        .await?
        .into_iter()
        .filter(|task| matches!(task.status, Status::Open | Status::Doing))
        .filter_map(|task| Some((task.touchpoint?, task.id)))
        .collect();
    let settings = &latest.map().settings;
    let judged = |figures: &analysis::report::TouchpointFigures| Judged {
        touchpoint: figures.touchpoint.clone(),
        verdict: figures.verdict.clone(),
        at_stake: at_stake(settings, &report, figures),
        expected: expectation(settings, figures),
        people: figures.people,
        task: open.get(&figures.touchpoint).copied(),
    };
    let mut verdicts: Vec<Judged> = report.touchpoints.iter().map(judged).collect();
    verdicts.sort_by(|one, other| {
        let first = |judged: &Judged| !judged.verdict.kind.asks_for_change();
        first(one)
            .cmp(&first(other))
            .then(other.at_stake.total_cmp(&one.at_stake))
            .then(one.verdict.kind.cmp(&other.verdict.kind))
            .then(other.people.cmp(&one.people))
    });
    Ok(Json(VerdictList {
        at: latest.at().0,
        map_version: latest.map_version(),
        window: report.window,
        verdicts,
        distribution: report.distribution.clone(),
        stages: report.stages.clone(),
    }))
}

/// Tells which verdicts changed, when, and what had changed before: data, thresholds, the design.
#[utoipa::path(get, path = "/api/improve/changes", tag = "improve", operation_id = "list_verdict_changes", params(Of), responses(
    (status = 200, body = Vec<Change>),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn changes(State(room): State<Room>, Asked(of): Asked<Of>) -> Result<Json<Vec<Change>>, Refusal> {
    let latest = room.reports.latest().await?.ok_or_else(no_map)?;
    room.keep(&latest).await;
    Ok(Json(room.verdicts.changes(of.touchpoint.as_deref()).await?))
}

/// Divides a budget so that no other division brings more, with the proof.
#[utoipa::path(post, path = "/api/improve/allocate", tag = "improve", operation_id = "allocate_budget", request_body = Budget, responses(
    (status = 200, body = Allocated),
    (status = 400, description = "The budget cannot be divided.", body = Problem),
    (status = 401, body = Problem),
))]
async fn allocate(Body(problem): Body<Budget>) -> Result<Json<Allocated>, Refusal> {
    if problem.items.len() > ITEMS_MAX {
        return Err(Refusal::malformed(format!("There are more than {ITEMS_MAX} items"), "Divide among fewer"));
    }
    let budget = problem.budget.ok_or_else(|| Refusal::malformed("There is no budget", "Send `budget`, a number"))?;
    // Some milliseconds of arithmetic; S-curves in numbers may take longer, and nobody else should wait for them.
    let divided = tokio::task::spawn_blocking(move || divide(&problem.items, budget)).await;
    let divided = divided.map_err(|error| crate::failure::Failure::new("Dividing the budget broke off").because(&error))?;
    Ok(Json(divided.map_err(|impossible| impossible_budget(&impossible))?))
}

/// Proposes what a budget can be divided over: what is spent today, and what spending brings as far as it is known.
#[utoipa::path(get, path = "/api/improve/budget", tag = "improve", operation_id = "propose_budget", responses(
    (status = 200, body = Proposal),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn budget(State(room): State<Room>) -> Result<Json<Proposal>, Refusal> {
    let latest = room.reports.latest().await?.ok_or_else(no_map)?;
    let report = latest.report(None)?;
    Ok(Json(proposal(latest.map(), &report, worth(&latest.map().settings, &report))))
}

/// Tries a new touchpoint on paper (M21), and saves nothing.
#[utoipa::path(post, path = "/api/improve/trial", tag = "improve", operation_id = "try_sheet", request_body = Sheet, responses(
    (status = 200, body = Tried),
    (status = 400, description = "Nothing can be said, and why.", body = Problem),
    (status = 401, body = Problem),
    (status = 404, description = "There is no such segment, or no map yet.", body = Problem),
))]
async fn trial(State(room): State<Room>, Body(sheet): Body<Sheet>) -> Result<Json<Tried>, Refusal> {
    Ok(Json(tried(&room.reports, &sheet).await?))
}

/// Tries a sheet against what is lived now.
pub(super) async fn tried(reports: &Reports, sheet: &Sheet) -> Result<Tried, Refusal> {
    if sheet.texts().iter().any(|text| text.chars().count() > SHEET_TEXT_MAX) {
        return Err(Refusal::malformed(format!("A text is longer than {SHEET_TEXT_MAX} characters"), "Say it in fewer words"));
    }
    let latest = reports.latest().await?.ok_or_else(no_map)?;
    if let Some(asked) = sheet.segment.as_deref().filter(|asked| !latest.map().segments.iter().any(|known| known.id == *asked)) {
        return Err(Refusal::not_found(format!("There is no segment `{asked}`"), "Read /api/map for those that exist"));
    }
    let report = latest.report(sheet.segment.as_deref())?;
    try_sheet(latest.map(), &report, sheet).map_err(|unsaid| {
        Refusal::malformed(format!("The trial says nothing: {unsaid}"), "Choose another stage or other numbers")
    })
}

/// Is among how many touchpoints a budget is divided over HTTP: more than any map of ours is drawn with.
const ITEMS_MAX: usize = 500;

fn impossible_budget(impossible: &Impossible) -> Refusal {
    let hint = match impossible {
        Impossible::FloorsAboveBudget { .. } => "Lower a floor, or raise the budget",
        Impossible::Item { .. } => "Mend the item",
        Impossible::Budget => "Send a budget of at least 0",
        Impossible::Nothing => "Send at least one item",
    };
    Refusal::malformed(format!("The budget cannot be divided: {impossible}"), hint)
}

impl Room {
    /// Keeps the verdicts that are new. A store that refuses keeps nobody from reading them.
    async fn keep(&self, latest: &Latest) {
        let Ok(report) = latest.report(None) else { return };
        let now = Ledgered { at: latest.at(), map_version: latest.map_version(), map: latest.map(), report: &report };
        if let Err(failure) = self.verdicts.keep(now).await {
            tracing::error!(what = failure.what, because = failure.because.join("; "), "verdicts are not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{Request, StatusCode};

    #[tokio::test]
    async fn whoever_may_only_look_does_not_plan() {
        for (role, expected) in [("owner", true), ("admin", true), ("analyst", true), ("agent", true), ("viewer", false)] {
            let mut parts = Request::new(()).into_parts().0;
            parts.extensions.insert(Who { account: 2, name: "Ada".to_owned(), role: role.to_owned() });
            assert_eq!(Planner::from_request_parts(&mut parts, &()).await.is_ok(), expected, "{role}");
        }
        let mut parts = Request::new(()).into_parts().0;
        let stranger = Planner::from_request_parts(&mut parts, &()).await.expect_err("is refused");
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
}
