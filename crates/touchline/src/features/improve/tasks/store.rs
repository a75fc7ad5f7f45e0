//! The table `improvement`.

use crate::failure::{Failure, Result};
use crate::features::improve::{Expectation, Sheet};
use model::{Instant, Verdict};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{State, StateError};
use utoipa::ToSchema;

/// Is how many tasks are kept that are neither done nor dropped: a longer list is no plan.
pub(super) const OPEN_MAX: i64 = 2_000;
/// Is how many tasks are told at once.
const TOLD_MAX: i64 = 5_000;
/// Is how long a title, an owner's name or a note may be, in characters.
pub(super) const TITLE_MAX: usize = 300;
pub(super) const OWNER_MAX: usize = 120;
pub(super) const NOTE_MAX: usize = 4_000;

/// Is how far a task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskStatus)]
pub enum Status {
    /// Nobody has begun.
    #[default]
    Open,
    /// Somebody is at it.
    Doing,
    /// The change is made; its effect can be measured from now on.
    Done,
    /// It will not be done. Nothing is lost: it can be taken up again.
    Dropped,
}

impl Status {
    /// Returns the name as in the table.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        let all = [Self::Open, Self::Doing, Self::Done, Self::Dropped];
        let known = all.into_iter().find(|status| status.name() == name);
        known.ok_or_else(|| Failure::new(format!("The state store has a task whose status is `{name}`")))
    }
}

/// Is one thing to be done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its number.
    pub id: i64,
    /// What is to be done, in a line.
    pub title: String,
    /// The touchpoint, by id; none: it is about several, or about the whole.
    pub touchpoint: Option<String>,
    /// The verdict it came from, as it was then.
    pub verdict: Option<Verdict>,
    /// What is expected of it, as it was said then.
    pub expected: Option<Expectation>,
    /// How far it is.
    pub status: Status,
    /// Who answers for it.
    pub owner: String,
    /// The day by which it should be done, such as `2026-12-01`.
    pub due: Option<String>,
    /// Remarks.
    pub note: String,
    /// Where it stands among its like: ascending.
    pub place: f64,
    /// When it was made.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
    /// When somebody began.
    pub started_at: Option<i64>,
    /// When the change was made: before and after are told apart by it.
    pub done_at: Option<i64>,
    /// The design sheet, where it was tried on paper first.
    pub sheet: Option<Sheet>,
}

/// Is a task that is to be made. Of a touchpoint alone: the verdict it has today says what to do and what to expect.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// The touchpoint, by id.
    #[serde(default)]
    pub touchpoint: Option<String>,
    /// What is to be done; may be left out where a touchpoint is named: the action of its verdict.
    #[serde(default)]
    pub title: Option<String>,
    /// What is expected; none: what the verdict's action promises.
    #[serde(default)]
    pub expected: Option<Expectation>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The day by which it should be done, such as `2026-12-01`.
    #[serde(default)]
    pub due: Option<String>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<String>,
    /// The design sheet of something new; its idea is the title, and its trial says what to expect.
    #[serde(default)]
    pub sheet: Option<Sheet>,
}

/// Is a change of a task: what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskChange {
    /// What is to be done.
    #[serde(default)]
    pub title: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub status: Option<Status>,
    /// Who answers for it; empty: nobody.
    #[serde(default)]
    pub owner: Option<String>,
    /// The day by which it should be done; empty: none.
    #[serde(default)]
    pub due: Option<String>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<String>,
    /// Where it stands among its like.
    #[serde(default)]
    pub place: Option<f64>,
    /// When the change was really made, where that was not the moment in which it was said, in UTC microseconds.
    #[serde(default)]
    pub done_at: Option<i64>,
}

/// Keeps the backlog.
#[derive(Clone)]
pub struct Tasks {
    state: State,
}

const ALL: &str = "SELECT id, title, touchpoint, verdict, expected, status, owner, due, note, place, created_at, created_by, \
                   started_at, done_at, sheet FROM improvement ORDER BY place, id LIMIT $1";

const ONE: &str = "SELECT id, title, touchpoint, verdict, expected, status, owner, due, note, place, created_at, created_by, \
                   started_at, done_at, sheet FROM improvement WHERE id = $1";

impl Tasks {
    /// Looks after the backlog of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Returns all tasks in their order.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Task>> {
        let rows = sqlx::query(ALL).bind(TOLD_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        rows.iter().map(task).collect()
    }

    /// Finds a task by its number.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, id: i64) -> Result<Option<Task>> {
        let row = sqlx::query(ONE).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        row.as_ref().map(task).transpose()
    }

    /// Counts the tasks that are neither done nor dropped.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn open(&self) -> Result<i64> {
        sqlx::query_scalar("SELECT COUNT(*) FROM improvement WHERE status IN ('open', 'doing')")
            .fetch_one(self.state.reader())
            .await
            .map_err(failed)
    }

    /// Adds a task at the end of the list; the number in it is set here.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn add(&self, mut task: Task) -> Result<Task> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (id, place): (i64, f64) =
            sqlx::query_as("SELECT COALESCE(MAX(id), 0) + 1, COALESCE(MAX(place), 0.0) + 1.0 FROM improvement")
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        (task.id, task.place) = (id, place);
        sqlx::query(
            "INSERT INTO improvement (id, title, touchpoint, verdict, expected, status, owner, due, note, place, created_at, \
             created_by, started_at, done_at, sheet) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(task.id)
        .bind(task.title.clone())
        .bind(task.touchpoint.clone())
        .bind(written(task.verdict.as_ref())?)
        .bind(written(task.expected.as_ref())?)
        .bind(task.status.name().to_owned())
        .bind(task.owner.clone())
        .bind(task.due.clone())
        .bind(task.note.clone())
        .bind(task.place)
        .bind(task.created_at)
        .bind(task.created_by.clone())
        .bind(task.started_at)
        .bind(task.done_at)
        .bind(written(task.sheet.as_ref())?)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(task)
    }

    /// Changes a task; `None` where there is none.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn change(&self, id: i64, change: &TaskChange, now: Instant) -> Result<Option<Task>> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let row = sqlx::query(ONE).bind(id).fetch_optional(&mut *transaction).await.map_err(failed)?;
        let Some(mut changed) = row.as_ref().map(task).transpose()? else { return Ok(None) };
        changed.apply(change, now);
        sqlx::query(
            "UPDATE improvement SET title = $1, status = $2, owner = $3, due = $4, note = $5, place = $6, started_at = $7, \
             done_at = $8 WHERE id = $9",
        )
        .bind(changed.title.clone())
        .bind(changed.status.name().to_owned())
        .bind(changed.owner.clone())
        .bind(changed.due.clone())
        .bind(changed.note.clone())
        .bind(changed.place)
        .bind(changed.started_at)
        .bind(changed.done_at)
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(changed))
    }
}

impl Task {
    /// Changes what is named. A task that is taken back from "done" has not been done.
    fn apply(&mut self, change: &TaskChange, now: Instant) {
        if let Some(title) = &change.title {
            self.title.clone_from(title);
        }
        if let Some(owner) = &change.owner {
            self.owner.clone_from(owner);
        }
        if let Some(due) = &change.due {
            self.due = (!due.is_empty()).then(|| due.clone());
        }
        if let Some(note) = &change.note {
            self.note.clone_from(note);
        }
        if let Some(place) = change.place {
            self.place = place;
        }
        if let Some(status) = change.status.filter(|status| *status != self.status) {
            self.status = status;
            match status {
                Status::Open => (self.started_at, self.done_at) = (None, None),
                Status::Doing => (self.started_at, self.done_at) = (self.started_at.or(Some(now.0)), None),
                Status::Done => (self.started_at, self.done_at) = (self.started_at.or(Some(now.0)), Some(now.0)),
                Status::Dropped => {}
            }
        }
        if let Some(done_at) = change.done_at.filter(|_| self.status == Status::Done) {
            self.done_at = Some(done_at.min(now.0));
        }
    }
}

fn written<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(serde_json::to_string).transpose().map_err(|error| Failure::new("Cannot write a task").because(&error))
}

fn read<T: for<'de> Deserialize<'de>>(text: Option<String>) -> Result<Option<T>> {
    let unread = |error: serde_json::Error| Failure::new("Cannot read a task in the state store").because(&error);
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(unread)
}

fn task(row: &AnyRow) -> Result<Task> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let perhaps = |name: &str| row.try_get::<Option<String>, _>(name).map_err(failed);
    let moment = |name: &str| row.try_get::<Option<i64>, _>(name).map_err(failed);
    Ok(Task {
        id: row.try_get("id").map_err(failed)?,
        title: text("title")?,
        touchpoint: perhaps("touchpoint")?,
        verdict: read(perhaps("verdict")?)?,
        expected: read(perhaps("expected")?)?,
        status: Status::from_name(&text("status")?)?,
        owner: text("owner")?,
        due: perhaps("due")?,
        note: text("note")?,
        place: row.try_get("place").map_err(failed)?,
        created_at: row.try_get("created_at").map_err(failed)?,
        created_by: text("created_by")?,
        started_at: moment("started_at")?,
        done_at: moment("done_at")?,
        sheet: read(perhaps("sheet")?)?,
    })
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the improvements").because(&error.into())
}
