//! How the way in is: for whoever watches it.

use crate::features::capture::{NotTaken, Receipt};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Is how the way in is at a moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pulse {
    /// Bytes of deliveries that wait to be made durable.
    pub waiting_bytes: usize,
    /// Bytes that are held in memory until they are in the ledger.
    pub held_bytes: usize,
    /// Interactions that are acknowledged and not in the files of the ledger yet.
    pub tail_rows: u64,
    /// How long ago everything was flushed that had been acknowledged by then.
    pub flush_lag: Duration,
    /// Why the last group could not be made durable; none when it was.
    pub journal_fault: Option<String>,
    /// The threads that have broken off.
    pub broken_off: Vec<&'static str>,
}

/// Notes what happens at the door.
pub(super) struct Notes {
    flushed: Mutex<Instant>,
    fault: Mutex<Option<String>>,
    broken_off: Mutex<Vec<&'static str>>,
    /// The first thread that broke off without which nothing can be taken.
    fatal: watch::Sender<Option<&'static str>>,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self {
            flushed: Mutex::new(Instant::now()),
            fault: Mutex::default(),
            broken_off: Mutex::default(),
            fatal: watch::Sender::default(),
        }
    }

    pub(super) fn flushed(&self) {
        *self.flushed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Notes how the last group went.
    pub(super) fn written(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Notes that a thread broke off.
    pub(super) fn broke(&self, thread: &'static str, is_fatal: bool) {
        self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        if is_fatal {
            self.fatal.send_modify(|fatal| *fatal = fatal.or(Some(thread)));
        }
    }

    pub(super) fn broken_off(&self) -> Vec<&'static str> {
        self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a thread has broken off without which nothing can be taken.
    pub(super) async fn broken(&self) -> &'static str {
        let mut fatal = self.fatal.subscribe();
        let seen = fatal.wait_for(Option::is_some).await.ok().and_then(|thread| *thread);
        match seen {
            Some(thread) => thread,
            // Nobody can break off any more.
            None => std::future::pending().await,
        }
    }

    pub(super) fn lag(&self) -> Duration {
        self.flushed.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Counts what became of a delivery, per source. Sources are few, and known: see their limit.
pub(super) fn count(source: &str, outcome: &Result<Receipt, NotTaken>) {
    let delivery = |outcome: &'static str| {
        metrics::counter!("touchline_capture_deliveries_total", "source" => source.to_owned(), "outcome" => outcome).increment(1);
    };
    match outcome {
        Ok(receipt) => {
            delivery("taken");
            let counts = [("added", receipt.added), ("duplicate", receipt.duplicates), ("refused", receipt.refused)];
            for (outcome, events) in counts.into_iter().filter(|(_, events)| *events > 0) {
                metrics::counter!("touchline_capture_events_total", "source" => source.to_owned(), "outcome" => outcome)
                    .increment(events);
            }
        }
        Err(NotTaken::Busy { .. }) => delivery("busy"),
        Err(NotTaken::Failed(_)) => delivery("failed"),
    }
}
