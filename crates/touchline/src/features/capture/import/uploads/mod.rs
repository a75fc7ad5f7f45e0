//! Importing through the browser: a file is sent up, a mapping proposed, tried and run, and what became of it is remembered.
//! The same readers and mappings as on the command line; here is only what a server needs around them: a folder with limits
//! ([`shelf`]), one import at a time, progress, and the table `import`.
//!
//! A file is deleted when it is imported or discarded; refused rows stay, to be fetched and mended, until the import is
//! discarded or a week has gone by. Both are personal data, so only owner and admins come here, and an erasure takes them all.

mod http;
mod shelf;

pub use http::routes;
pub(in crate::features::capture) use shelf::drop_kept;

use super::mapping::Mapping;
use super::{Import, Progress, Sink, Summary, Taken, run};
use crate::fail;
use crate::failure::{Failure, Result};
use crate::features::capture::{Capture, Claim, Intake, Known, Sources};
use crate::features::map::Maps;
use crate::platform::home::Stores;
use crate::platform::http::{Problem, Refusal};
use axum::http::StatusCode;
use model::{Arrival, Flags};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shelf::Shelf;
use sqlx::Row;
use sqlx::any::AnyRow;
use state::StateError;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// So many imports are told of, the latest ones.
const TOLD_MAX: i64 = 200;
/// So many kinds of signals of an import are remembered.
const SIGNALS_TOLD: usize = 50;

/// Looks after files that are brought in through the browser. Clones share it.
#[derive(Clone)]
struct Uploads {
    stores: Stores,
    capture: Capture,
    sources: Sources,
    shelf: Shelf,
    running: Arc<Mutex<HashMap<String, Arc<Run>>>>,
    /// Held by whoever reads a whole file: two at once would only make each other slow.
    turn: Arc<Mutex<()>>,
}

/// Is an import under way.
#[derive(Default)]
struct Run {
    bytes: AtomicU64,
    rows: AtomicU64,
    is_called_off: AtomicBool,
}

/// Is a file that was brought in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
struct ImportFile {
    /// Its number.
    id: String,
    /// Its name.
    name: String,
    /// How long it is.
    bytes: i64,
    /// Where it is: `waiting`, `running`, `done`, `failed` or `discarded`.
    stage: String,
    /// When it came, in microseconds since 1970.
    uploaded: i64,
    /// When it was done with.
    ended: Option<i64>,
    /// Who brought it.
    by: String,
    /// The mapping it was imported by; empty before.
    mapping: String,
    /// What became of it.
    #[schema(value_type = Option<Object>)]
    summary: Option<Value>,
    /// Why it failed.
    problem: Option<Problem>,
    /// How many bytes have been read, while it runs.
    done_bytes: Option<u64>,
    /// How many rows have been read, while it runs.
    done_rows: Option<u64>,
    /// How many files of refused rows are there to be fetched.
    rejects: usize,
}

/// Is the place of an import among those under way, which it leaves when it ends.
struct Place<'a> {
    running: &'a Mutex<HashMap<String, Arc<Run>>>,
    id: &'a str,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(self.id);
    }
}

/// Passes on to the intake what a file says, until it is called off.
struct Watched<'a> {
    intake: &'a mut Intake,
    run: &'a Run,
}

impl Sink for Watched<'_> {
    fn take(&mut self, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Result<Taken, Failure> {
        if self.run.is_called_off.load(Ordering::Acquire) {
            return Err(fail!(import_called_off, "The import was called off; what was imported until then stays"));
        }
        self.intake.take(arrivals, facts, traits)
    }
}

impl Uploads {
    fn new(capture: Capture, sources: Sources, stores: Stores) -> Self {
        let shelf = Shelf::new(&stores.dir);
        Self { stores, capture, sources, shelf, running: Arc::default(), turn: Arc::default() }
    }

    /// Begins an import. It is nobody's request any more: it ends by itself, and says so in its row.
    async fn begin(&self, id: &str, file: PathBuf, mapping: Mapping, text: &str) -> Result<(), Refusal> {
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if !running.is_empty() {
                return Err(Refusal::because_of(
                    StatusCode::CONFLICT,
                    fail!(import_running, "Another import runs", "Wait until it is done"),
                ));
            }
            running.insert(id.to_owned(), Arc::default());
        }
        let begun = self.set_running(id, text).await;
        if begun.is_err() {
            self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        begun?;
        let (this, number) = (self.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || this.import(&number, &file, &mapping));
        Ok(())
    }

    /// Imports a file. For a thread that may block.
    fn import(&self, id: &str, file: &Path, mapping: &Mapping) {
        let Some(under_way) = self.under_way(id) else { return };
        // However it ends: else no other import could ever begin.
        let _place = Place { running: &self.running, id };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.shelf.drop_rejects(id);
        let told = match self.bring_in(file, mapping, &under_way) {
            Ok(mut summary) => {
                // Where a file lies on this machine is nobody's business.
                summary.rejects.clear();
                summary.signals.truncate(SIGNALS_TOLD);
                self.shelf.drop_file(file);
                let summary = serde_json::to_string(&summary).unwrap_or_default();
                self.stores.block_on(self.end(id, "done", Some(summary), None))
            }
            Err(failure) => self.stores.block_on(self.end(id, "failed", None, Some(written(failure)))),
        };
        if let Err(failure) = told {
            tracing::warn!("{failure}");
        }
    }

    fn bring_in(&self, file: &Path, mapping: &Mapping, under_way: &Run) -> Result<Summary> {
        // So that what is on its way already is known, and a row that came both ways is one.
        self.stores.block_on(self.capture.settle())?;
        let weight = self.sources.named(&mapping.source).map_or(0, |source| source.settings.trait_weight);
        let mut intake = Intake::beside(&self.capture).marked(Flags::BACKFILL).weighing(weight);
        let what = Import { file, mapping, mapping_folder: None, rejects_folder: None, dry_run: false, rows_max: None };
        let mut summary = run(&what, &mut Watched { intake: &mut intake, run: under_way }, &mut |now: Progress| {
            under_way.bytes.store(now.bytes, Ordering::Relaxed);
            under_way.rows.store(now.rows, Ordering::Relaxed);
        })?;
        intake.finish()?;
        let map = self.stores.block_on(Maps::new(self.stores.state.clone()).current())?;
        summary.notes.extend(map.map(|version| summary.foreign_currencies(version.map.currency)).unwrap_or_default());
        Ok(summary)
    }

    async fn list(&self) -> Result<Vec<ImportFile>> {
        let sql = "SELECT * FROM import ORDER BY uploaded DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(TOLD_MAX).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        Ok(rows.iter().map(|row| self.told(row)).collect())
    }

    /// Counts the files that wait, and their bytes.
    async fn waiting(&self) -> Result<(i64, u64)> {
        let waiting = self.list().await?.into_iter().filter(|one| self.file_of(one).is_some());
        Ok(waiting.fold((0, 0), |(files, bytes), one| (files + 1, bytes + one.bytes.cast_unsigned())))
    }

    async fn add(&self, id: &str, name: &str, bytes: u64, by: String) -> Result<()> {
        let sql =
            "INSERT INTO import (id, name, bytes, stage, uploaded, by_whom, mapping) VALUES ($1, $2, $3, 'waiting', $4, $5, '')";
        let adding = sqlx::query(sql).bind(id.to_owned()).bind(name.to_owned()).bind(bytes.cast_signed());
        let adding = adding.bind(self.stores.now().0).bind(by);
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        adding.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn set_running(&self, id: &str, mapping: &str) -> Result<()> {
        let sql = "UPDATE import SET stage = 'running', mapping = $1, problem = NULL WHERE id = $2";
        let setting = sqlx::query(sql).bind(mapping.to_owned()).bind(id.to_owned());
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        setting.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn end(&self, id: &str, stage: &str, summary: Option<String>, problem: Option<String>) -> Result<()> {
        let sql = "UPDATE import SET stage = $1, ended = $2, summary = $3, problem = $4 WHERE id = $5";
        let ending = sqlx::query(sql).bind(stage.to_owned()).bind(self.stores.now().0).bind(summary).bind(problem);
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        ending.bind(id.to_owned()).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn found(&self, id: &str) -> Result<ImportFile, Refusal> {
        let finding = sqlx::query("SELECT * FROM import WHERE id = $1").bind(id.to_owned());
        let row = finding.fetch_optional(self.stores.state.reader()).await.map_err(failed)?;
        row.map(|row| self.told(&row)).ok_or_else(|| {
            Refusal::because_of(
                StatusCode::NOT_FOUND,
                fail!(import_unknown, "There is no such import", "List them to see those that exist"),
            )
        })
    }

    /// Tells of a file as it is now, which a stop of the server or an erasure may have changed since its row was written.
    fn told(&self, row: &AnyRow) -> ImportFile {
        let id: String = row.get("id");
        let run = self.under_way(&id);
        let progress = |of: fn(&Run) -> &AtomicU64| run.as_ref().map(|run| of(run).load(Ordering::Relaxed));
        let mut file = ImportFile {
            name: row.get("name"),
            bytes: row.get("bytes"),
            stage: row.get("stage"),
            uploaded: row.get("uploaded"),
            ended: row.get("ended"),
            by: row.get("by_whom"),
            mapping: row.get("mapping"),
            summary: row.get::<Option<String>, _>("summary").and_then(|text| serde_json::from_str(&text).ok()),
            problem: row.get::<Option<String>, _>("problem").map(problem_of),
            done_bytes: progress(|run| &run.bytes),
            done_rows: progress(|run| &run.rows),
            rejects: self.shelf.rejects(&id).len(),
            id,
        };
        if file.stage == "running" && run.is_none() {
            file.stage = "failed".to_owned();
            let stopped =
                fail!(import_interrupted, "The server stopped meanwhile: import the file again, nothing is added twice");
            file.problem = Some(stopped.into());
        } else if file.stage == "waiting" && self.file_of(&file).is_none() {
            file.stage = "discarded".to_owned();
        }
        file
    }

    fn under_way(&self, id: &str) -> Option<Arc<Run>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Returns where a file is kept that can be imported.
    fn file_of(&self, found: &ImportFile) -> Option<PathBuf> {
        let path = self.shelf.path(&found.id, &found.name);
        (["waiting", "failed"].contains(&found.stage.as_str()) && path.exists()).then_some(path)
    }
}

/// Writes a failure down, for [`problem_of`].
fn written(failure: Failure) -> String {
    serde_json::to_string(&Problem::from(failure)).unwrap_or_default()
}

/// Takes up a failure that was written down; earlier versions wrote a line of English.
fn problem_of(written: String) -> Problem {
    serde_json::from_str(&written).unwrap_or_else(|_| Failure::new(written).into())
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after imports").because(&error.into())
}
