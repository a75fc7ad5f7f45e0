//! The thread that brings what is acknowledged from the journal's care into both stores, every few seconds, and the one
//! that keeps the ledger's files few beside it.
//!
//! The entry of the ledger's log that names the new files notes how far the journal is flushed. So a crash at any
//! point leaves each record either below that mark, with its rows in the ledger, or above it, to be taken again.

use super::pulse::Notes;
use super::queue::{Command, Frozen, Queue};
use crate::failure::Result;
use crate::features::capture::books::Books;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long something acknowledged waits to be flushed, where nothing hurries.
const FLUSH_EVERY: Duration = Duration::from_secs(2);

/// After a failure it is tried again after this time, then twice as long, up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Is what the flusher is asked for.
pub(super) enum Ask {
    /// Flush now rather than in a while.
    Soon,
    /// Flush everything that is acknowledged by now, and say when it is done.
    Settle(oneshot::Sender<Result<()>>),
}

/// Is what the thread works with.
pub(super) struct Flusher {
    pub(super) queue: Arc<Queue>,
    pub(super) books: Books,
    pub(super) asks: Receiver<Ask>,
    pub(super) tidier: SyncSender<()>,
    pub(super) notes: Arc<Notes>,
    /// What was handed over and could not be flushed yet.
    pub(super) frozen: Option<Frozen>,
    /// Up to which record everything is flushed.
    pub(super) through: u64,
}

impl Flusher {
    /// Works until nobody can ask any more.
    pub(super) fn run(mut self) {
        let mut pause = FLUSH_EVERY;
        loop {
            let mut waiting = Vec::new();
            match self.asks.recv_timeout(pause) {
                Ok(ask) => waiting.extend([ask].into_iter().chain(self.asks.try_iter()).filter_map(Ask::reply)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            match self.flush() {
                Ok(()) => {
                    pause = FLUSH_EVERY;
                    self.notes.flushed();
                    waiting.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
                    // It has something to do already where it cannot be told.
                    let _ = self.tidier.try_send(());
                }
                Err(failure) => {
                    pause = if pause == FLUSH_EVERY { RETRY.0 } else { (pause * 2).min(RETRY.1) };
                    tracing::warn!("{}", failure);
                    waiting.into_iter().for_each(|reply| drop(reply.send(Err(failure.clone()))));
                    // Whoever asks again at once does not make the stores better.
                    std::thread::sleep(RETRY.0);
                }
            }
        }
    }

    /// Flushes what could not be flushed before, then what has come since.
    fn flush(&mut self) -> Result<()> {
        if let Some(frozen) = self.frozen.take() {
            self.store(frozen)?;
        }
        let (reply, frozen) = sync_channel(1);
        self.queue.command(Command::Freeze(reply));
        match frozen.recv() {
            Ok(frozen) if frozen.through > self.through => self.store(frozen),
            // There is nothing new, or nobody behind the door any more.
            _ => Ok(()),
        }
    }

    fn store(&mut self, frozen: Frozen) -> Result<()> {
        if let Err(failure) = self.books.store(&frozen.batches, Some(frozen.through)) {
            self.frozen = Some(frozen);
            return Err(failure);
        }
        fail::fail_point!("capture::flushed", |_| std::process::abort());
        self.through = frozen.through;
        self.queue.release(frozen.weight);
        let (reply, forgotten) = sync_channel(1);
        self.queue.command(Command::Flushed(frozen.through, reply));
        // Nobody behind the door any more: the next opening of the journal forgets it.
        let _ = forgotten.recv();
        Ok(())
    }
}

impl Ask {
    fn reply(self) -> Option<oneshot::Sender<Result<()>>> {
        match self {
            Self::Soon => None,
            Self::Settle(reply) => Some(reply),
        }
    }
}

/// Keeps the ledger's files few, whenever it is told that some have come. Works until nobody can tell any more.
pub(super) fn tidy(books: &Books, told: &Receiver<()>) {
    while told.recv().is_ok() {
        if let Err(failure) = books.tidy() {
            tracing::warn!("{failure}");
        }
    }
}
