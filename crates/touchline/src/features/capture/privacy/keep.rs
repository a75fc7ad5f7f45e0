//! What has to be done by the day while the server runs: salts turn, and what is too old is taken out.

use super::guard::Guard;
use super::retention::Retention;
use super::salts::Salts;
use crate::failure::Result;
use crate::features::capture::Sources;
use crate::features::capture::books::Books;
use crate::features::capture::import::drop_kept_files;
use model::time::DAY;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// When it is looked for the first time: the start has other things to do.
const FIRST: Duration = Duration::from_secs(60);
/// How often it is looked whether a day has begun.
const EVERY: Duration = Duration::from_secs(3_600);

/// Is what the daily work needs.
pub(in crate::features::capture) struct Keeping {
    pub(in crate::features::capture) books: Books,
    pub(in crate::features::capture) guard: Guard,
    pub(super) salts: Salts,
    pub(in crate::features::capture) sources: Sources,
    /// Brings into the stores what is in the journal.
    pub(in crate::features::capture) settle: Box<dyn Fn() -> Result<()> + Send>,
}

impl Keeping {
    /// Works until nobody can tell it to stop any more.
    pub(in crate::features::capture) fn run(self, stop: &Receiver<()>) {
        let (mut pause, mut done) = (FIRST, None);
        while stop.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            pause = EVERY;
            let day = self.books.stores.now().0.div_euclid(DAY);
            if done == Some(day) {
                continue;
            }
            match self.day() {
                Ok(()) => done = Some(day),
                // It is tried again within the hour.
                Err(failure) => tracing::warn!("{failure}"),
            }
        }
    }

    fn day(&self) -> Result<()> {
        let stores = &self.books.stores;
        stores.block_on(self.salts.turn_if_used(stores.now()))?;
        drop_kept_files(&stores.dir, Some(stores.now()))?;
        (self.settle)()?;
        let retained = Retention { books: &self.books, guard: &self.guard }.run(&self.sources.all())?;
        if retained.interactions + retained.texts > 0 {
            tracing::info!(interactions = retained.interactions, texts = retained.texts, "took out what was too old");
        }
        Ok(())
    }
}
