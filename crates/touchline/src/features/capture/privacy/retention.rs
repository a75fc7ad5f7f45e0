//! Keeping things no longer than their source says: the daily work of taking out what is too old.
//!
//! Four classes have terms of their own: everything of a source, free texts, interactions of nobody known (day visitors
//! among them), and of machines. A term counts from when something happened. The key of a text goes with the last
//! interaction that needs it.

use super::guard::Guard;
use super::props::Props;
use crate::failure::{Failure, Result};
use crate::features::capture::books::Books;
use crate::features::capture::{Source, SourceSettings, signals};
use crate::features::people::drop_text_keys;
use crate::platform::id_map::IdSet;
use ledger::{Eraser, Fate, Glance};
use model::time::DAY;
use model::{ActorId, Flags, Instant, Signature};
use serde::Serialize;
use sqlx::Row;
use state::StateError;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Is what a run took out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Retained {
    /// Interactions.
    pub interactions: u64,
    /// Free texts of interactions that stay.
    pub texts: u64,
    /// Keys of texts that no interaction needs any more.
    pub text_keys: u64,
}

/// Is what a run works with.
pub(super) struct Retention<'a> {
    pub(super) books: &'a Books,
    pub(super) guard: &'a Guard,
}

/// Is the terms of one source, as moments before which things go.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Terms {
    all: Option<i64>,
    text: Option<i64>,
    visitor: Option<i64>,
    machine: Option<i64>,
    /// Texts of what happened before the one and was received before the other are out already.
    done: (i64, i64),
}

/// Decides by source, age and class. By the number of the signal.
struct Expired(Vec<Terms>);

impl Retention<'_> {
    /// Takes out what is too old.
    ///
    /// # Errors
    /// Fails when a store does; what is left goes the next time.
    pub(super) fn run(&self, sources: &[Arc<Source>]) -> Result<Retained> {
        let stores = &self.books.stores;
        let now = stores.now();
        let (done, signals) = stores.block_on(async {
            let rows =
                sqlx::query("SELECT source, text_before, ran_at FROM retention_run").fetch_all(stores.state.reader()).await;
            let run = |row: &sqlx::any::AnyRow| (row.get::<String, _>("source"), (row.get("text_before"), row.get("ran_at")));
            let done: HashMap<String, (i64, i64)> = rows.map_err(|error| failed(error.into()))?.iter().map(run).collect();
            Result::Ok((done, signals(&stores.state).await?))
        })?;
        let terms: HashMap<&str, Terms> =
            sources.iter().map(|source| (source.name.as_str(), terms(&source.settings, now, done.get(&source.name)))).collect();
        let Some(expired) = Expired::new(&terms, &signals) else { return Ok(Retained::default()) };
        let _held = self.books.hold();
        let concerned = self.glances(&|row| row.flags.has(Flags::TEXT) && expired.fate(row) != Fate::Stays)?;
        let erased = self.books.erase(&expired)?;
        let losing: IdSet<ActorId> = concerned.iter().map(|row| row.actor).collect();
        // What is left in the ledger now is all that there is: everything acknowledged has been flushed.
        let needed: IdSet<ActorId> = if losing.is_empty() {
            losing.clone()
        } else {
            self.glances(&|row| row.flags.has(Flags::TEXT) && losing.contains(&row.actor) && !expired.has_lost_text(row))?
                .iter()
                .map(|row| row.actor)
                .collect()
        };
        let unneeded: Vec<ActorId> = losing.difference(&needed).copied().collect();
        let text_keys = stores.block_on(async {
            let mut transaction = stores.state.begin().await.map_err(failed)?;
            let text_keys = drop_text_keys(&mut transaction, &unneeded).await?;
            for (source, terms) in &terms {
                if let Some(before) = terms.text {
                    note_run(&mut transaction, source, before, now).await?;
                }
            }
            transaction.commit().await.map_err(|error| failed(error.into()))?;
            if text_keys > 0 {
                stores.state.empty_log().await.map_err(failed)?;
            }
            Result::Ok(text_keys)
        })?;
        self.guard.keys().let_go();
        Ok(Retained { interactions: erased.rows, texts: erased.changed, text_keys })
    }

    fn glances(&self, wanted: &(dyn Fn(&Glance) -> bool + Sync)) -> Result<Vec<Glance>> {
        let found = self.books.stores.ledger().glances(wanted);
        found.map_err(|error| Failure::new("Cannot read the ledger").because(&error))
    }
}

async fn note_run(transaction: &mut state::Transaction, source: &str, before: i64, now: Instant) -> Result<()> {
    sqlx::query(
        "INSERT INTO retention_run (source, text_before, ran_at) VALUES ($1, $2, $3) \
         ON CONFLICT (source) DO UPDATE SET text_before = excluded.text_before, ran_at = excluded.ran_at",
    )
    .bind(source.to_owned())
    .bind(before)
    .bind(now.0)
    .execute(&mut **transaction)
    .await
    .map_err(|error| failed(error.into()))?;
    Ok(())
}

/// Turns days into moments.
fn terms(settings: &SourceSettings, now: Instant, done: Option<&(i64, i64)>) -> Terms {
    let before = |days: Option<u32>| days.map(|days| now.0.saturating_sub(i64::from(days).saturating_mul(DAY)));
    Terms {
        all: before(settings.retention_days),
        text: before(settings.text_days),
        visitor: before(settings.visitor_days),
        machine: before(settings.machine_days),
        done: done.copied().unwrap_or((i64::MIN, i64::MIN)),
    }
}

impl Expired {
    /// Makes the decision; `None` where nothing ever goes.
    fn new(sources: &HashMap<&str, Terms>, signals: &[Signature]) -> Option<Self> {
        let terms: Vec<Terms> =
            signals.iter().map(|signal| sources.get(signal.source.as_str()).copied().unwrap_or_default()).collect();
        let ends = |terms: &Terms| [terms.all, terms.text, terms.visitor, terms.machine].iter().any(Option::is_some);
        terms.iter().any(ends).then_some(Self(terms))
    }

    fn terms(&self, row: &Glance) -> Terms {
        self.0.get(row.signal.0 as usize).copied().unwrap_or_default()
    }

    /// Tells whether the text of a row is out, now or since an earlier run.
    fn has_lost_text(&self, row: &Glance) -> bool {
        self.terms(row).text.is_some_and(|before| row.at.0 < before)
    }
}

impl Eraser for Expired {
    fn fate(&self, row: &Glance) -> Fate {
        let terms = self.terms(row);
        let is_before = |term: Option<i64>| term.is_some_and(|term| row.at.0 < term);
        let is_gone = is_before(terms.all)
            || row.flags.has(Flags::EPHEMERAL) && is_before(terms.visitor)
            || row.flags.has(Flags::BOT) && is_before(terms.machine);
        let is_done = row.at.0 < terms.done.0 && row.received.0 < terms.done.1;
        match is_gone {
            true => Fate::Goes,
            false if row.flags.has(Flags::TEXT) && is_before(terms.text) && !is_done => Fate::Changes,
            false => Fate::Stays,
        }
    }

    fn props(&self, props: &str) -> Option<String> {
        let mut props = Props::new(Some(props.to_owned()));
        props.remove("text");
        props.finish()
    }
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot look after how long things are kept").because(&error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{InteractionId, SignalId};

    const NOW: Instant = Instant(100 * DAY);

    fn expired(settings: &SourceSettings, done: Option<(i64, i64)>) -> Expired {
        let terms = HashMap::from([("site", terms(settings, NOW, done.as_ref()))]);
        let signal = |source: &str| Signature { source: source.into(), ..Signature::default() };
        Expired::new(&terms, &[signal("site"), signal("till")]).expect("something goes")
    }

    fn row(day: i64, signal: u32, flags: Flags) -> Glance {
        let (at, received) = (Instant(day * DAY), Instant(day * DAY + 1));
        Glance { id: InteractionId(1), actor: ActorId(1), at, received, signal: SignalId(signal), flags }
    }

    #[test]
    fn every_class_has_its_term() {
        let settings = SourceSettings {
            retention_days: Some(90),
            text_days: Some(30),
            visitor_days: Some(20),
            machine_days: Some(10),
            ..SourceSettings::default()
        };
        let expired = expired(&settings, None);
        let none = Flags::default();
        for (day, flags, expected) in [
            (9, none, Fate::Goes),
            (10, none, Fate::Stays),
            (69, Flags::TEXT, Fate::Changes),
            (69, none, Fate::Stays),
            (70, Flags::TEXT, Fate::Stays),
            (79, Flags::EPHEMERAL, Fate::Goes),
            (80, Flags::EPHEMERAL, Fate::Stays),
            (89, Flags::BOT, Fate::Goes),
            (90, Flags::BOT, Fate::Stays),
        ] {
            assert_eq!(expired.fate(&row(day, 0, flags)), expected, "{day} {flags:?}");
            assert_eq!(expired.fate(&row(day, 1, flags)), Fate::Stays, "another source");
            assert_eq!(expired.fate(&row(day, 7, flags)), Fate::Stays, "a signal that nobody knows");
        }
        assert_eq!(expired.props(r#"{"a":1,"text":{"sealed":"x"}}"#).as_deref(), Some(r#"{"a":1}"#));
    }

    #[test]
    fn a_text_is_taken_out_once_and_also_where_it_came_late() {
        let settings = SourceSettings { text_days: Some(30), ..SourceSettings::default() };
        let again = expired(&settings, Some((69 * DAY, 99 * DAY)));
        assert_eq!(again.fate(&row(68, 0, Flags::TEXT)), Fate::Stays);
        assert_eq!(again.fate(&row(69, 0, Flags::TEXT)), Fate::Changes);
        let late = Glance { received: Instant(99 * DAY), ..row(50, 0, Flags::TEXT) };
        assert_eq!(again.fate(&late), Fate::Changes);
        assert!(Expired::new(&HashMap::from([("site", Terms::default())]), &[Signature::default()]).is_none());
    }
}
