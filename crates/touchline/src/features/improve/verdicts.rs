//! Verdicts remembered: the tables `verdict_run` and `verdict`. Whenever a verdict is another one than the last that was
//! kept, it is written down with everything needed to check it again, and with what had changed since.
//!
//! Of the report for everybody only: verdicts of segments are computed when asked for, and not kept.

use crate::failure::{Failure, Result};
use crate::features::map::Maps;
use analysis::report::{MapReport, TouchpointFigures, Window};
use model::time::SECOND;
use model::{Instant, TouchpointMap, Verdict};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError, Transaction};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A verdict that swings while data arrive is written down at most so often; a change of the map always is.
const STEP: i64 = 60 * SECOND;

/// So many changes are told at most: nobody reads further back in one sitting.
const CHANGES_MAX: i64 = 200;

/// So many runs are kept; of older ones only verdicts that still hold.
const RUNS_MAX: i64 = 5_000;

/// Is something that had changed when a verdict changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VerdictCause)]
pub enum Cause {
    /// The touchpoint was judged for the first time.
    First,
    /// Interactions have arrived, or people were joined or left out.
    Data,
    /// Thresholds and policies of the map.
    Settings,
    /// The touchpoint as designed: its costs, life, place.
    Touchpoint,
    /// Which signals belong to which touchpoint, or which channel.
    Rules,
    /// Something else in the map: stages, outcomes, segments, other touchpoints.
    Map,
}

/// Is a verdict that changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = VerdictChange)]
pub struct Change {
    /// When it was noticed.
    pub at: i64,
    /// The touchpoint.
    pub touchpoint: String,
    /// The verdict before; none: there was none.
    pub before: Option<Verdict>,
    /// The verdict since; none: the touchpoint has left the map.
    pub after: Option<Verdict>,
    /// What had changed.
    pub causes: Vec<Cause>,
    /// The version of the map that it stands on.
    pub map_version: i64,
    /// The data that it stands on.
    pub window: Window,
}

/// Is what a moment's verdicts stand on.
#[derive(Clone, Copy, Debug)]
pub struct Ledgered<'a> {
    /// When they were computed.
    pub at: Instant,
    /// The version of the map.
    pub map_version: i64,
    /// The map itself.
    pub map: &'a TouchpointMap,
    /// The report of everybody.
    pub report: &'a MapReport,
}

/// Remembers verdicts.
#[derive(Clone)]
pub struct Verdicts {
    state: State,
}

/// Is the last run.
struct Last {
    id: i64,
    at: i64,
    map_version: i64,
    window_to: i64,
    interactions: i64,
}

impl Verdicts {
    /// Looks after the verdicts of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Writes down which verdicts are others than those kept, and why; returns how many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn keep(&self, now: Ledgered<'_>) -> Result<usize> {
        let last = self.last().await?;
        if last
            .as_ref()
            .is_some_and(|last| last.map_version == now.map_version && now.at.0 - last.at < STEP && now.at.0 >= last.at)
        {
            return Ok(0);
        }
        let held = self.held().await?;
        let changed = changed(&held, &now.report.touchpoints);
        if changed.is_empty() {
            return Ok(0);
        }
        let before = match &last {
            Some(last) if last.map_version != now.map_version => {
                let versions = Maps::new(self.state.clone()).history().await?;
                versions.into_iter().find(|version| version.id == last.map_version).map(|version| version.map)
            }
            _ => None,
        };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        // Whoever else noticed the same has written it meanwhile.
        let id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM verdict_run")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if id != last.as_ref().map_or(0, |last| last.id) {
            return Ok(0);
        }
        insert_run(&mut transaction, id + 1, &now).await?;
        for (touchpoint, verdict) in &changed {
            let causes = causes(last.as_ref(), before.as_ref(), &now, touchpoint, held.contains_key(*touchpoint));
            insert_verdict(&mut transaction, id + 1, touchpoint, *verdict, &causes).await?;
        }
        forget(&mut transaction, id + 1 - RUNS_MAX).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.len())
    }

    /// Tells which verdicts changed and why, the newest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn changes(&self, touchpoint: Option<&str>) -> Result<Vec<Change>> {
        let rows = sqlx::query(
            "SELECT v.touchpoint, v.document, v.causes, r.at, r.map_version, r.window_from, r.window_to, \
               (SELECT b.document FROM verdict b WHERE b.touchpoint = v.touchpoint AND b.run < v.run ORDER BY b.run DESC LIMIT 1) AS earlier \
             FROM verdict v JOIN verdict_run r ON r.id = v.run \
             WHERE ($1 = '' OR v.touchpoint = $2) AND r.id > (SELECT MIN(id) FROM verdict_run) \
             ORDER BY v.run DESC, v.touchpoint LIMIT $3",
        )
        .bind(touchpoint.unwrap_or_default().to_owned())
        .bind(touchpoint.unwrap_or_default().to_owned())
        .bind(CHANGES_MAX)
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        rows.iter().map(change).collect()
    }

    async fn last(&self) -> Result<Option<Last>> {
        let row = sqlx::query("SELECT id, at, map_version, window_to, interactions FROM verdict_run ORDER BY id DESC LIMIT 1")
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        row.map(|row| {
            let number = |at: usize| row.try_get::<i64, _>(at).map_err(failed);
            let (id, at, map_version) = (number(0)?, number(1)?, number(2)?);
            Ok(Last { id, at, map_version, window_to: number(3)?, interactions: number(4)? })
        })
        .transpose()
    }

    /// Returns the verdict that holds for each touchpoint: (word, rule). Those that left the map are not there.
    async fn held(&self) -> Result<BTreeMap<String, (String, String)>> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT v.touchpoint, v.kind, v.rule, v.document FROM verdict v \
             WHERE v.run = (SELECT MAX(o.run) FROM verdict o WHERE o.touchpoint = v.touchpoint)",
        )
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        let there = rows.into_iter().filter(|row| !row.3.is_empty());
        Ok(there.map(|(touchpoint, kind, rule, _)| (touchpoint, (kind, rule))).collect())
    }
}

/// Finds the touchpoints whose verdict is another one: word or rule. Those that are gone have none.
fn changed<'a>(
    held: &'a BTreeMap<String, (String, String)>,
    now: &'a [TouchpointFigures],
) -> Vec<(&'a str, Option<&'a Verdict>)> {
    let mut found: Vec<(&str, Option<&Verdict>)> = Vec::new();
    for figures in now {
        let verdict = &figures.verdict;
        let same = held.get(&figures.touchpoint).is_some_and(|(kind, rule)| kind == verdict.kind.name() && *rule == verdict.rule);
        if !same {
            found.push((&figures.touchpoint, Some(verdict)));
        }
    }
    let gone = held.keys().filter(|id| !now.iter().any(|figures| figures.touchpoint == **id));
    found.extend(gone.map(|id| (id.as_str(), None)));
    found
}

fn causes(
    last: Option<&Last>,
    before: Option<&TouchpointMap>,
    now: &Ledgered<'_>,
    touchpoint: &str,
    was_there: bool,
) -> Vec<Cause> {
    let Some(last) = last.filter(|_| was_there) else { return vec![Cause::First] };
    let mut causes = Vec::new();
    if last.interactions != now.report.totals.interactions as i64 || last.window_to != now.report.window.to {
        causes.push(Cause::Data);
    }
    if last.map_version != now.map_version {
        causes.extend(before.map_or_else(|| vec![Cause::Map], |before| map_causes(before, now.map, touchpoint)));
    }
    // People were joined, left out or told apart: the same interactions say something else.
    if causes.is_empty() {
        causes.push(Cause::Data);
    }
    causes
}

fn map_causes(before: &TouchpointMap, now: &TouchpointMap, touchpoint: &str) -> Vec<Cause> {
    let of = |map: &TouchpointMap| map.touchpoint(touchpoint).map(|at| map.touchpoints[at].clone());
    let mut causes = Vec::new();
    if before.settings != now.settings {
        causes.push(Cause::Settings);
    }
    if of(before) != of(now) {
        causes.push(Cause::Touchpoint);
    }
    if before.rules != now.rules || before.channel_rules != now.channel_rules {
        causes.push(Cause::Rules);
    }
    if causes.is_empty() {
        causes.push(Cause::Map);
    }
    causes
}

async fn insert_run(transaction: &mut Transaction, id: i64, now: &Ledgered<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO verdict_run (id, at, map_version, window_from, window_to, interactions) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(now.at.0)
    .bind(now.map_version)
    .bind(now.report.window.from)
    .bind(now.report.window.to)
    .bind(now.report.totals.interactions as i64)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn insert_verdict(
    transaction: &mut Transaction,
    run: i64,
    touchpoint: &str,
    verdict: Option<&Verdict>,
    causes: &[Cause],
) -> Result<()> {
    let unwritten = |error: serde_json::Error| Failure::new("Cannot write a verdict").because(&error);
    let document = verdict.map(serde_json::to_string).transpose().map_err(unwritten)?.unwrap_or_default();
    sqlx::query("INSERT INTO verdict (run, touchpoint, kind, rule, document, causes) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(run)
        .bind(touchpoint.to_owned())
        .bind(verdict.map_or("gone", |verdict| verdict.kind.name()).to_owned())
        .bind(verdict.map(|verdict| verdict.rule.clone()).unwrap_or_default())
        .bind(document)
        .bind(serde_json::to_string(causes).map_err(unwritten)?)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Forgets runs up to a number; verdicts that still hold stay.
async fn forget(transaction: &mut Transaction, up_to: i64) -> Result<()> {
    if up_to <= 0 {
        return Ok(());
    }
    let old = "DELETE FROM verdict WHERE run <= $1 AND EXISTS \
               (SELECT 1 FROM verdict o WHERE o.touchpoint = verdict.touchpoint AND o.run > verdict.run)";
    let empty = "DELETE FROM verdict_run WHERE id <= $1 AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.run = verdict_run.id)";
    for sql in [old, empty] {
        sqlx::query(sql).bind(up_to).execute(&mut **transaction).await.map_err(failed)?;
    }
    Ok(())
}

fn change(row: &sqlx::any::AnyRow) -> Result<Change> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(failed);
    let earlier = row.try_get::<Option<String>, _>("earlier").map_err(failed)?.unwrap_or_default();
    Ok(Change {
        at: number("at")?,
        touchpoint: text("touchpoint")?,
        before: document(&earlier)?,
        after: document(&text("document")?)?,
        causes: serde_json::from_str(&text("causes")?).map_err(|error| unread(&error))?,
        map_version: number("map_version")?,
        window: Window { from: number("window_from")?, to: number("window_to")? },
    })
}

fn document(text: &str) -> Result<Option<Verdict>> {
    if text.is_empty() { Ok(None) } else { serde_json::from_str(text).map(Some).map_err(|error| unread(&error)) }
}

fn unread(error: &serde_json::Error) -> Failure {
    Failure::new("Cannot read a verdict in the state store").because(error)
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after the verdicts").because(&error.into())
}
