//! The backlog over HTTP. Whoever may only look may look; everybody else may plan.

use super::store::{NOTE_MAX, NewTask, OPEN_MAX, OWNER_MAX, TITLE_MAX, Task, TaskChange, Tasks};
use crate::failure::Failure;
use crate::features::account::Who;
use crate::features::improve::http::{Planner, tried};
use crate::features::improve::{Effect, Expectation, Kept, Promise, Tried, action, effect, expectation};
use crate::features::map::no_map;
use crate::features::measure::{Reports, Sense, scan};
use crate::platform::http::{Body, Path, Problem, Refusal};
use analysis::before_after::{BeforeAfterFold, Changed, SPAN_DAYS_MIN, span};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::map::nearest;
use model::time::DAY;
use model::{Evidence, Figure, Unit};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Is what the routes need.
#[derive(Clone)]
pub(in crate::features::improve) struct Room {
    pub(in crate::features::improve) reports: Reports,
    pub(in crate::features::improve) tasks: Tasks,
}

/// Returns the routes of the backlog.
pub(in crate::features::improve) fn routes(room: Room) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, change)).routes(routes!(came_of_it)).with_state(room)
}

/// Lists the improvements in their order: open, begun, done and dropped.
#[utoipa::path(get, path = "/api/improve/tasks", tag = "improve", operation_id = "list_improvements", responses(
    (status = 200, body = Vec<Task>),
    (status = 401, body = Problem),
))]
async fn list(State(room): State<Room>) -> Result<Json<Vec<Task>>, Refusal> {
    Ok(Json(room.tasks.all().await?))
}

/// Makes a task. Of a touchpoint alone it takes what the verdict of today says: what to do and what to expect of it.
#[utoipa::path(post, path = "/api/improve/tasks", tag = "improve", operation_id = "add_improvement", request_body = NewTask, responses(
    (status = 201, body = Task),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no such touchpoint, or no map yet.", body = Problem),
    (status = 409, description = "There are too many open tasks.", body = Problem),
))]
async fn add(
    Planner(who): Planner,
    State(room): State<Room>,
    Body(new): Body<NewTask>,
) -> Result<(StatusCode, Json<Task>), Refusal> {
    let task = drawn_up(&room, &who, new).await?;
    if room.tasks.open().await? >= OPEN_MAX {
        return Err(Refusal::conflict(format!("There are {OPEN_MAX} open tasks"), "Finish or drop some of them first"));
    }
    Ok((StatusCode::CREATED, Json(room.tasks.add(task).await?)))
}

/// Shows one improvement.
#[utoipa::path(get, path = "/api/improve/tasks/{id}", tag = "improve", operation_id = "show_improvement", params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 200, body = Task),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn show(State(room): State<Room>, Path(id): Path<i64>) -> Result<Json<Task>, Refusal> {
    Ok(Json(room.tasks.find(id).await?.ok_or_else(|| unknown(id))?))
}

/// Changes a task: its status, owner, day, words or place. What is left out stays.
#[utoipa::path(patch, path = "/api/improve/tasks/{id}", tag = "improve", operation_id = "change_improvement", request_body = TaskChange,
    params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 200, body = Task),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn change(
    _: Planner,
    State(room): State<Room>,
    Path(id): Path<i64>,
    Body(change): Body<TaskChange>,
) -> Result<Json<Task>, Refusal> {
    let texts = [(&change.title, TITLE_MAX), (&change.owner, OWNER_MAX), (&change.note, NOTE_MAX)];
    texts.into_iter().try_for_each(|(text, max)| text.as_deref().map_or(Ok(()), |text| short(text, max)))?;
    if change.title.as_deref().is_some_and(|title| title.trim().is_empty()) {
        return Err(nameless());
    }
    if let Some(due) = change.due.as_deref().filter(|due| !due.is_empty()) {
        day(due)?;
    }
    if change.place.is_some_and(|place| !place.is_finite()) {
        return Err(Refusal::malformed("`place` is not a number", "Send a number between those of the neighbours"));
    }
    let now = room.reports.stores().now();
    Ok(Json(room.tasks.change(id, &change, now).await?.ok_or_else(|| unknown(id))?))
}

/// Tells what came of an improvement: figures before and after it, and whether it kept its promise.
#[utoipa::path(get, path = "/api/improve/tasks/{id}/effect", tag = "improve", operation_id = "improvement_effect",
    params(("id" = i64, Path, description = "Its number.")), responses(
    (status = 200, body = Effect),
    (status = 401, body = Problem),
    (status = 404, body = Problem),
))]
async fn came_of_it(State(room): State<Room>, Path(id): Path<i64>) -> Result<Json<Effect>, Refusal> {
    let task = room.tasks.find(id).await?.ok_or_else(|| unknown(id))?;
    let latest = room.reports.latest().await?.ok_or_else(no_map)?;
    let report = latest.report(None)?;
    let now = task.touchpoint.as_ref().and_then(|id| report.touchpoints.iter().find(|figures| figures.touchpoint == *id));
    let now = now.map(|figures| figures.verdict.clone());
    let window = report.window;
    let Some((touchpoint, at)) = task.touchpoint.clone().zip(task.done_at) else {
        return Ok(Json(too_early(&task, 0, now)));
    };
    let Some(span) = span((window.from, window.to), at) else {
        let days = (window.to - at).max(0) / DAY;
        return Ok(Json(too_early(&task, (SPAN_DAYS_MIN - days).max(0), now)));
    };
    let cap = task.verdict.as_ref().and_then(|verdict| verdict.action.numbers.get("cap")).map_or(u32::MAX, |cap| *cap as u32);
    let stores = room.reports.stores().clone();
    let read = tokio::task::spawn_blocking(move || -> crate::failure::Result<_> {
        let Some(Sense { map, meaning, .. }) = Sense::read(&stores)? else { return Ok(None) };
        let Some(touchpoint) = map.touchpoint(&touchpoint) else { return Ok(None) };
        let changes = Arc::new(vec![Changed { touchpoint: touchpoint as u16, at, span, cap }]);
        Ok(Some(scan(&stores, || BeforeAfterFold::new(Arc::clone(&meaning), Arc::clone(&changes)))?.sides[0]))
    });
    let sides = read.await.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))??;
    let window_days = (window.to - window.from) as f64 / DAY as f64;
    Ok(Json(match sides {
        Some(sides) => effect(&task, &sides, span / DAY, window_days, now.as_ref()),
        None => too_early(&task, 0, now),
    }))
}

/// Says that nothing can be compared yet.
fn too_early(task: &Task, days_missing: i64, now: Option<model::Verdict>) -> Effect {
    Effect {
        expected: task.expected.clone(),
        measured: None,
        kept: if task.expected.is_some() { Kept::Unclear } else { Kept::NothingPromised },
        days: None,
        days_missing,
        figures: Vec::new(),
        verdict_then: task.verdict.clone(),
        verdict_now: now,
    }
}

/// Draws a task up from what was sent and from what the report of now says.
async fn drawn_up(room: &Room, who: &Who, new: NewTask) -> Result<Task, Refusal> {
    let (mut title, mut verdict, mut expected) = (new.title.unwrap_or_default().trim().to_owned(), None, new.expected);
    if let Some(id) = &new.touchpoint {
        let latest = room.reports.latest().await?.ok_or_else(no_map)?;
        let report = latest.report(None)?;
        let figures = report.touchpoints.iter().find(|figures| figures.touchpoint == *id);
        let figures = figures.ok_or_else(|| {
            let known = report.touchpoints.iter().map(|figures| figures.touchpoint.as_str());
            let hint = nearest(id, known)
                .map_or("Read /api/map for those that exist".to_owned(), |near| format!("Did you mean `{near}`?"));
            Refusal::not_found(format!("There is no touchpoint `{id}`"), hint)
        })?;
        if title.is_empty() {
            title = action(&figures.verdict.action, latest.map().currency);
        }
        expected = expected.or_else(|| expectation(&latest.map().settings, figures));
        verdict = Some(figures.verdict.clone());
    }
    if let Some(sheet) = &new.sheet {
        let tried = tried(&room.reports, sheet).await?;
        if title.is_empty() {
            sheet.idea.trim().clone_into(&mut title);
        }
        expected = expected.or_else(|| Some(promise_of(&tried)));
    }
    if title.is_empty() {
        return Err(nameless());
    }
    let owner = new.owner.unwrap_or_default();
    let note = new.note.unwrap_or_default();
    short(&title, TITLE_MAX)?;
    short(&owner, OWNER_MAX)?;
    short(&note, NOTE_MAX)?;
    let due = new.due.filter(|due| !due.is_empty());
    due.as_deref().map_or(Ok(()), day)?;
    let numbers = expected.iter().flat_map(|expected| [expected.figure.value, expected.figure.low, expected.figure.high]);
    if numbers.flatten().any(|number| !number.is_finite()) {
        return Err(Refusal::malformed("What is expected is not a number", "Send numbers, or leave them out"));
    }
    Ok(Task {
        id: 0,
        title,
        touchpoint: new.touchpoint,
        verdict,
        expected,
        status: super::Status::Open,
        owner,
        due,
        note,
        place: 0.0,
        created_at: room.reports.stores().now().0,
        created_by: who.name.clone(),
        started_at: None,
        done_at: None,
        sheet: new.sheet,
    })
}

/// What a trial promises: so many more outcomes.
fn promise_of(tried: &Tried) -> Expectation {
    let gain = tried.result.gain;
    let figure = Figure {
        value: Some(gain.value),
        low: Some(gain.low),
        high: Some(gain.high),
        n: tried.chain.iter().map(|link| link.observed.people).min().unwrap_or(0),
        evidence: Evidence::E1,
        unit: Unit::Count,
        method: "draws".to_owned(),
    };
    Expectation { promise: Promise::Outcomes, figure }
}

fn nameless() -> Refusal {
    Refusal::malformed("A task needs a title or a touchpoint", "Say in a line what is to be done")
}

fn unknown(id: i64) -> Refusal {
    Refusal::not_found(format!("There is no improvement {id}"), "Read /api/improve/tasks for those that exist")
}

fn short(text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() <= max {
        return Ok(());
    }
    Err(Refusal::malformed(format!("A text is longer than {max} characters"), "Say it in fewer words"))
}

/// Checks a day such as `2026-12-01`.
fn day(text: &str) -> Result<(), Refusal> {
    let known: Result<jiff::civil::Date, _> = text.parse();
    known.map(|_| ()).map_err(|_| Refusal::malformed("The day cannot be read", "Write it as 2026-12-01"))
}
