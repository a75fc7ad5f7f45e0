//! The routes of reports by mail.

use super::gather::gather;
use super::store::{self, Planned};
use super::{Form, PLANS_MAX, ReportPlan, moment, write};
use crate::features::account::{Editor, SignedIn};
use crate::features::map::{no_map, refused};
use crate::features::measure::http::current_map;
use crate::features::measure::letters::Speaker;
use crate::features::measure::reports::Reports;
use crate::platform::http::{Asked, Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use model::{Instant, TouchpointMap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes.
pub(in super::super) fn routes(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(planned_reports, plan_report))
        .routes(routes!(unplan_report))
        .routes(routes!(pause_report))
        .routes(routes!(report_file))
        .with_state(reports)
}

/// Lists the reports that go by mail, with when each went last and goes next.
#[utoipa::path(get, operation_id = "planned_reports", path = "/api/measure/reports", tag = "measure", responses(
    (status = 200, body = Vec<Planned>), (status = 401, body = Problem),
))]
async fn planned_reports(State(reports): State<Reports>, _: SignedIn) -> Result<Json<Vec<Planned>>, Refusal> {
    Ok(Json(store::all(&reports.stores().state).await?))
}

/// Plans a report.
#[utoipa::path(post, operation_id = "plan_report", path = "/api/measure/reports", tag = "measure", request_body = ReportPlan, responses(
    (status = 201, body = Planned),
    (status = 400, description = "That is no report, or it goes to somebody who cannot be written to.", body = Problem),
    (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn plan_report(
    State(reports): State<Reports>,
    Editor(who): Editor,
    Body(plan): Body<ReportPlan>,
) -> Result<(StatusCode, Json<Planned>), Refusal> {
    let map = current_map(&reports).await?;
    plan.check(&map).map_err(refused)?;
    let known = reports.accounts().addressees().await?;
    if plan.readers.iter().any(|reader| known.iter().all(|one| one.account != *reader)) {
        return Err(Refusal::malformed(
            "Somebody chosen is no member with an address",
            "Read /api/measure/letters for those who can be written to",
        ));
    }
    let now = reports.stores().now();
    let next = next(&plan, &map, now)?;
    let id = store::add(&reports.stores().state, &plan, next, &who.name, now).await?;
    let full = || Refusal::malformed(format!("There are {PLANS_MAX} reports already"), "Delete some that nobody reads");
    let planned = Planned {
        id: id.ok_or_else(full)?,
        plan,
        is_paused: false,
        next_at: next.0,
        last_at: None,
        last_to: 0,
        trouble: String::new(),
        by: who.name,
        told: String::new(),
    };
    Ok((StatusCode::CREATED, Json(planned)))
}

/// Deletes a planned report.
#[utoipa::path(delete, operation_id = "unplan_report", path = "/api/measure/reports/{id}", tag = "measure", params(
    ("id" = i64, Path, description = "The report, by its number."),
), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn unplan_report(State(reports): State<Reports>, _: Editor, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    if store::remove(&reports.stores().state, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Is whether a report rests.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportRest {
    /// Whether.
    is_paused: bool,
}

/// Lets a report rest, or go on from its next moment.
#[utoipa::path(put, operation_id = "pause_report", path = "/api/measure/reports/{id}/pause", tag = "measure", request_body = ReportRest, params(
    ("id" = i64, Path, description = "The report, by its number."),
), responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn pause_report(
    State(reports): State<Reports>,
    _: Editor,
    Path(id): Path<i64>,
    Body(rest): Body<ReportRest>,
) -> Result<StatusCode, Refusal> {
    let state = &reports.stores().state;
    let planned = store::find(state, id).await?.ok_or_else(|| unknown(id))?;
    let map = current_map(&reports).await?;
    if !rest.is_paused {
        planned.plan.check(&map).map_err(refused)?;
    }
    // What would have gone meanwhile does not go now.
    let next = next(&planned.plan, &map, reports.stores().now())?;
    if store::pause(state, id, rest.is_paused, next).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Is in which form and language a report is wanted.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReportWish {
    /// The form; none: that of the report.
    #[serde(default)]
    form: Option<Form>,
    /// `en`, `fr` or `ru`; none: English.
    #[serde(default)]
    language: Option<String>,
}

/// Makes a report now, to be taken as a file.
#[utoipa::path(get, operation_id = "report_file", path = "/api/measure/reports/{id}/file", tag = "measure", params(
    ("id" = i64, Path, description = "The report, by its number."), ReportWish,
), responses(
    (status = 200, description = "The tables of the report.", content_type = "text/html", body = String),
    (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
))]
async fn report_file(
    State(reports): State<Reports>,
    _: SignedIn,
    Path(id): Path<i64>,
    Asked(wish): Asked<ReportWish>,
) -> Result<Response, Refusal> {
    let planned = store::find(&reports.stores().state, id).await?.ok_or_else(|| unknown(id))?;
    planned.plan.check(&current_map(&reports).await?).map_err(refused)?;
    let gathered = gather(&reports, &planned.plan, reports.stores().now()).await?.ok_or_else(no_map)?;
    let speaker = Speaker::new(wish.language.as_deref().unwrap_or_default(), &gathered.map);
    let file = write::file(&planned.plan, &gathered, &speaker, wish.form.unwrap_or(planned.plan.form));
    // Its name holds nothing but letters, digits, points and hyphens.
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    let headers = [(header::CONTENT_TYPE, file.kind), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, file.bytes).into_response())
}

fn next(plan: &ReportPlan, map: &TouchpointMap, now: Instant) -> Result<Instant, Refusal> {
    let zone = TimeZone::get(&map.time_zone).unwrap_or(TimeZone::UTC);
    let never = || Refusal::malformed("There is no such day", "Give a day of the week from 1 to 7, or of the month from 1 to 31");
    moment::next_after(plan, &zone, now).ok_or_else(never)
}

fn unknown(id: i64) -> Refusal {
    Refusal::not_found(format!("There is no report {id}"), "List them with GET /api/measure/reports")
}
