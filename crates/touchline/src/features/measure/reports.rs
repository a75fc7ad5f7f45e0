//! Reports kept at hand: the browser asks for the same one again and again.

use super::analysis::Analysis;
use super::http::{MapReports, Reporting};
use analysis::report::MapReport;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes each report once per analysis.
pub struct Reports {
    analysis: Analysis,
    made: Mutex<HashMap<Option<String>, Arc<MapReport>>>,
}

impl Reports {
    /// Keeps the reports of an analysis.
    #[must_use]
    pub fn new(analysis: Analysis) -> Self {
        Self { analysis, made: Mutex::default() }
    }
}

impl MapReports for Reports {
    fn report(&self, segment: Option<String>) -> Reporting<'_> {
        Box::pin(async move {
            // A report takes some milliseconds; the second who asks meanwhile waits for the first.
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(report) = made.get(&segment) {
                return Ok(Arc::clone(report));
            }
            let report = Arc::new(self.analysis.report(segment.as_deref())?);
            made.insert(segment, Arc::clone(&report));
            Ok(report)
        })
    }
}
