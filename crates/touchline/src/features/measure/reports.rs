//! Reports kept at hand, and never older than the question: what arrived, what was joined, and what was changed in the
//! map before somebody asked is in the answer.
//!
//! Nobody tells this file of changes. Both stores count theirs, and the counters are compared with those that the kept
//! analysis stands on ([`Basis`]). Who asks while an analysis runs waits for it, and is answered by the next one together
//! with everybody else who waits; so however many ask, one analysis runs at a time, and it rests as long as it ran.

use super::analysis::Analysis;
use crate::failure::{Failure, Result};
use crate::features::account::Accounts;
use crate::features::capture::Capture;
use crate::features::conversations::Talk;
use crate::features::feedback::Feedback;
use crate::platform::home::Stores;
use analysis::experience::texts::report::TextReport;
use analysis::report::{MapReport, Note};
use model::time::SECOND;
use model::{Instant, TouchpointMap};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::time;

/// An analysis rests after a run for as long as the run took, but no longer than this: capture needs the machine too.
const REST_MAX: Duration = Duration::from_secs(1);

/// So long a question waits for what is acknowledged to be brought into the stores.
const SETTLE_MAX: Duration = Duration::from_secs(1);

/// Is how far the stores had come. A later basis covers an earlier one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Basis {
    state: u64,
    ledger: u64,
    rows: u64,
    statements: u64,
}

impl Basis {
    /// Reads the counters of both stores, and of what is on its way to them.
    fn now(stores: &Stores, capture: &Capture) -> Self {
        let (statements, state) = (capture.statements(), stores.state.changes());
        let ledger = stores.ledger();
        Self { state, ledger: ledger.version(), rows: ledger.count(), statements }
    }

    /// Tells whether whoever stands here has seen everything that was there then. Rows become fewer only in a new version.
    const fn covers(&self, then: &Self) -> bool {
        self.state >= then.state
            && self.statements >= then.statements
            && (self.ledger > then.ledger || (self.ledger == then.ledger && self.rows >= then.rows))
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.state, self.ledger, self.rows, self.statements)
    }
}

/// Makes each report once per analysis, and an analysis whenever something has changed. Clones share them.
#[derive(Clone)]
pub struct Reports(Arc<Shared>);

struct Shared {
    stores: Stores,
    capture: Capture,
    talk: Talk,
    kept: RwLock<Option<Arc<Kept>>>,
    /// Held by whoever runs the analysis: until when to rest.
    running: tokio::sync::Mutex<Option<time::Instant>>,
    /// Where the texts of customers are read; without it numbers of texts are unknown.
    feedback: OnceLock<Feedback>,
}

/// Is one analysis with the reports made of it.
struct Kept {
    basis: Basis,
    at: Instant,
    analysis: Analysis,
    made: Mutex<HashMap<Option<String>, Arc<MapReport>>>,
}

/// Is the analysis that answers a question.
pub struct Latest {
    kept: Arc<Kept>,
    /// The seconds since it was made, where a newer one could not be made.
    old_s: Option<i64>,
}

impl Reports {
    /// Looks after the reports of a data directory. Nothing is analysed before somebody asks.
    #[must_use]
    pub fn new(stores: Stores, capture: Capture, talk: Talk) -> Self {
        Self(Arc::new(Shared {
            stores,
            capture,
            talk,
            kept: RwLock::default(),
            running: tokio::sync::Mutex::default(),
            feedback: OnceLock::new(),
        }))
    }

    /// Lets numbers of texts be watched.
    pub fn hear(&self, feedback: Feedback) {
        // Said once, when the site opens; a second time changes nothing.
        let _ = self.0.feedback.set(feedback);
    }

    /// Tells what the texts of customers say; `None` where nobody reads them.
    pub(super) async fn texts(&self) -> Result<Option<TextReport>> {
        match self.0.feedback.get() {
            Some(feedback) => Ok(Some(feedback.texts().await?.report)),
            None => Ok(None),
        }
    }

    /// Returns the stores that it reads.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.0.stores
    }

    /// Returns the way by which letters to members go.
    pub(super) fn talk(&self) -> &Talk {
        &self.0.talk
    }

    /// Returns the members.
    pub(super) fn accounts(&self) -> Accounts {
        Accounts::new(self.0.stores.state.clone(), self.0.stores.clock.clone())
    }

    /// Returns how far the stores have come: when it is another one, so may be the reports.
    #[must_use]
    pub fn basis(&self) -> Basis {
        Basis::now(&self.0.stores, &self.0.capture)
    }

    /// Returns an analysis of everything that is there now; `None` while there is no map. Where none can be made, the last
    /// good one comes with its age.
    ///
    /// # Errors
    /// Fails when the stores cannot be read and never could.
    pub async fn latest(&self) -> Result<Option<Latest>> {
        let asked = self.basis();
        let fresh = || self.kept().filter(|kept| kept.basis.covers(&asked)).map(|kept| Latest { kept, old_s: None });
        if let Some(latest) = fresh() {
            return Ok(Some(latest));
        }
        let mut rest = self.0.running.lock().await;
        if let Some(latest) = fresh() {
            return Ok(Some(latest));
        }
        if let Some(until) = *rest {
            time::sleep_until(until).await;
        }
        let begun = time::Instant::now();
        let made = self.make().await;
        let ended = time::Instant::now();
        *rest = Some(ended + (ended - begun).min(REST_MAX));
        match made {
            Ok(Some(kept)) => {
                let kept = Arc::new(kept);
                *self.0.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&kept));
                Ok(Some(Latest { kept, old_s: None }))
            }
            Ok(None) => Ok(None),
            Err(failure) => {
                let Some(kept) = self.kept() else { return Err(failure) };
                tracing::error!(what = failure.what, because = failure.because.join("; "), "the reports are old");
                let old_s = (self.0.stores.now().0 - kept.at.0) / SECOND;
                Ok(Some(Latest { kept, old_s: Some(old_s) }))
            }
        }
    }

    /// Brings what is acknowledged into the stores: interactions are seen before that, who is whom is not. A disk that refuses
    /// or takes its time keeps nobody from what can be read.
    pub(super) async fn settle(&self) {
        let _ = time::timeout(SETTLE_MAX, self.0.capture.settle()).await;
    }

    async fn make(&self) -> Result<Option<Kept>> {
        // Before anything is read: what comes in between is read or not, and is a change in either case.
        let statements = self.0.capture.statements();
        self.settle().await;
        let basis = Basis { statements, ..self.basis() };
        let stores = self.0.stores.clone();
        let made = tokio::task::spawn_blocking(move || {
            let at = stores.now();
            let analysis = Analysis::read(&stores)?;
            Ok(analysis.map(|analysis| Kept { basis, at, analysis, made: Mutex::default() }))
        });
        made.await.map_err(|error| Failure::new("The analysis broke off").because(&error))?
    }

    fn kept(&self) -> Option<Arc<Kept>> {
        self.0.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Latest {
    /// Returns the map that was analysed.
    #[must_use]
    pub fn map(&self) -> &TouchpointMap {
        self.kept.analysis.map()
    }

    /// Returns the number of that map's version.
    #[must_use]
    pub fn map_version(&self) -> i64 {
        self.kept.analysis.map_version()
    }

    /// Returns when the analysis was made.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.kept.at
    }

    /// Returns the report of everybody, or of one segment.
    ///
    /// # Errors
    /// Fails when the map has no such segment.
    pub fn report(&self, segment: Option<&str>) -> Result<Arc<MapReport>> {
        let report = self.made(segment)?;
        let Some(age) = self.old_s else {
            return Ok(report);
        };
        let mut old = MapReport::clone(&report);
        old.notes.push(Note { key: "report_is_old".to_owned(), about: Some(age.to_string()) });
        Ok(Arc::new(old))
    }

    fn made(&self, segment: Option<&str>) -> Result<Arc<MapReport>> {
        // A report takes some milliseconds; the second who asks meanwhile waits for the first.
        let mut made = self.kept.made.lock().unwrap_or_else(PoisonError::into_inner);
        let segment = segment.map(str::to_owned);
        if let Some(report) = made.get(&segment) {
            return Ok(Arc::clone(report));
        }
        let report = Arc::new(self.kept.analysis.report(segment.as_deref())?);
        made.insert(segment, Arc::clone(&report));
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_basis_covers_an_earlier_one() {
        let basis = |state, ledger, rows| Basis { state, ledger, rows, statements: 0 };
        for (now, then, expected) in [
            (basis(1, 1, 10), basis(1, 1, 10), true),
            (basis(2, 1, 12), basis(1, 1, 10), true),
            (basis(1, 1, 10), basis(2, 1, 10), false),
            (basis(1, 1, 10), basis(1, 1, 11), false),
            (basis(1, 2, 9), basis(1, 1, 10), true),
            (basis(1, 1, 10), basis(1, 2, 9), false),
        ] {
            assert_eq!(now.covers(&then), expected, "{now} {then}");
        }
        assert!(!basis(1, 1, 10).covers(&Basis { statements: 1, ..basis(1, 1, 10) }));
    }
}
