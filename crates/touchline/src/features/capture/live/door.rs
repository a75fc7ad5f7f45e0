//! The one thread behind the door: it tells what is new, makes it durable, lets readers see it, and then answers.
//!
//! It takes everything that queued up while the last fsync ran, and makes that one group of the journal: no time is
//! spent waiting for more. Because one thread decides, ten copies of a delivery that come at once are one.

use super::flush::Ask;
use super::pulse::Notes;
use super::queue::{Command, Frozen, Item, Queue, Work};
use crate::failure::{Failure, Result};
use crate::features::capture::delivery::{NotTaken, Receipt};
use crate::platform::home::Stores;
use crate::platform::id_map::IdSet;
use crate::platform::journal::Journal;
use ledger::{Register, Standing, Tail};
use model::{Interaction, InteractionId};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// From so much on, a flush is asked for before its time, by [`Item::weight`].
const FLUSH_AT: usize = 96 << 20;

/// Is what the thread works with.
pub(super) struct Door {
    pub(super) queue: Arc<Queue>,
    pub(super) journal: Journal,
    pub(super) stores: Stores,
    /// What is known of stored ids; none: not asked for yet.
    pub(super) register: Option<Register>,
    pub(super) tail: Tail,
    pub(super) flusher: Sender<Ask>,
    pub(super) notes: Arc<Notes>,
    /// Ids that are acknowledged and not handed over to be flushed.
    pub(super) fresh: IdSet<InteractionId>,
    /// Ids that are being flushed.
    pub(super) frozen: IdSet<InteractionId>,
    pub(super) held: Frozen,
}

impl Door {
    /// Works until the queue is closed.
    pub(super) fn run(mut self) {
        loop {
            match self.queue.next() {
                Work::Take(items) => self.take(items),
                Work::Obey(Command::Prepare) => {
                    if let Err(failure) = self.register() {
                        tracing::warn!("{failure}");
                    }
                }
                Work::Obey(Command::Freeze(reply)) => {
                    // Nobody waits for it any more only when the process is about to end.
                    let _ = reply.send(self.freeze());
                }
                Work::Obey(Command::Flushed(through, reply)) => {
                    self.flushed(through);
                    let _ = reply.send(());
                }
                Work::End => return,
            }
        }
    }

    fn register(&mut self) -> Result<Register> {
        if let Some(register) = &self.register {
            return Ok(register.clone());
        }
        let register = self.stores.ledger_mut().register();
        let register = register.map_err(|error| Failure::new("Cannot read what is stored already").because(&error))?;
        Ok(self.register.insert(register).clone())
    }

    /// Makes a group of deliveries durable, and answers.
    fn take(&mut self, items: Vec<Item>) {
        let register = match self.register() {
            Ok(register) => register,
            Err(failure) => return items.into_iter().for_each(|item| self.refuse(item, &failure)),
        };
        let mut group = Vec::with_capacity(items.len());
        for item in items {
            let weight = item.weight();
            // Whoever has gone will come again, and what he brought is not stored in vain meanwhile.
            if item.reply.is_closed() {
                self.queue.release(weight);
            } else {
                group.push(self.sort_out(item, &register));
            }
        }
        let news = group.iter().filter(|sorted| sorted.brings_news);
        let records: Vec<&[u8]> = news.map(|sorted| sorted.item.record.as_slice()).collect();
        let written = self.journal.append(&records);
        self.notes.written(written.as_ref().err().map(ToString::to_string));
        match written {
            Ok(last) => {
                self.held.through = last;
                group.into_iter().for_each(|sorted| self.accept(sorted));
            }
            Err(error) => {
                let failure = Failure::new("Cannot make a delivery durable").because(&error);
                for sorted in group {
                    let batch = &sorted.item.batch;
                    batch.rows.iter().chain(&batch.suspects).for_each(|row| {
                        self.fresh.remove(&row.id);
                    });
                    self.queue.release(sorted.weight);
                    let _ = sorted.item.reply.send(Err(NotTaken::Failed(failure.clone())));
                }
            }
        }
        if self.held.weight >= FLUSH_AT {
            // The one that flushes ends after this thread.
            let _ = self.flusher.send(Ask::Soon);
        }
    }

    fn refuse(&self, item: Item, failure: &Failure) {
        self.queue.release(item.weight());
        let _ = item.reply.send(Err(NotTaken::Failed(failure.clone())));
    }

    /// Takes out of a delivery what is stored already, or twice in it.
    fn sort_out(&mut self, mut item: Item, register: &Register) -> Sorted {
        let weight = item.weight();
        let all = Arc::try_unwrap(std::mem::take(&mut item.batch.rows)).unwrap_or_else(|shared| shared.as_ref().clone());
        let before = all.len();
        let mut standings = Vec::with_capacity(before);
        register.standings(all.iter().map(|row| row.id), |standing| standings.push(standing));
        let mut rows: Vec<Interaction> = Vec::with_capacity(before);
        for (row, standing) in all.into_iter().zip(standings) {
            if standing == Standing::Stored || self.frozen.contains(&row.id) || !self.fresh.insert(row.id) {
                continue;
            }
            if standing == Standing::Suspect { item.batch.suspects.push(row) } else { rows.push(row) }
        }
        let added = (rows.len() + item.batch.suspects.len()) as u64;
        item.batch.rows = Arc::new(rows);
        // A duplicate says of people what it said before.
        let brings_news = added > 0 || item.has_statements;
        Sorted { item, weight, added, duplicates: before as u64 - added, brings_news }
    }

    /// Lets readers see what is durable now, and answers.
    fn accept(&mut self, sorted: Sorted) {
        let Sorted { item, weight, added, duplicates, brings_news } = sorted;
        if brings_news {
            self.tail.push(Arc::clone(&item.batch.rows));
            self.held.batches.push(item.batch);
            self.held.weight += weight;
        } else {
            self.queue.release(weight);
        }
        let _ = item.reply.send(Ok(Receipt { added, duplicates, refused: 0 }));
    }

    /// Hands over everything that is held. The next record begins a new segment of the journal, so that those before
    /// it can go when they are flushed.
    fn freeze(&mut self) -> Frozen {
        self.tail.freeze();
        self.journal.close_segment();
        debug_assert!(self.frozen.is_empty(), "one flush at a time");
        self.frozen = std::mem::take(&mut self.fresh);
        let through = self.held.through;
        std::mem::replace(&mut self.held, Frozen { through, ..Frozen::default() })
    }

    fn flushed(&mut self, through: u64) {
        self.frozen = IdSet::default();
        if let Err(error) = self.journal.drop_through(through) {
            tracing::warn!("{}", Failure::new("Cannot remove what is no longer needed").because(&error));
        }
    }
}

/// Is a delivery of which it is known what is new.
struct Sorted {
    item: Item,
    weight: usize,
    added: u64,
    duplicates: u64,
    /// It has to be stored.
    brings_news: bool,
}
