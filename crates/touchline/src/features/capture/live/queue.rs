//! Between the requests and the one thread behind the door: what waits, how much may wait, and how long that takes.

use crate::features::capture::batch::Batch;
use crate::features::capture::delivery::{NotTaken, Receipt};
use crate::platform::lanes::Lanes;
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How much may wait for the journal, by [`Item::weight`]; as much again for sources that send little. A disk that
/// takes 100 MB/s works this off in less than a second.
const WAITING_MAX: usize = 32 << 20;

/// How much may be held in memory until it is in the ledger, by [`Item::weight`]. Beyond it the door stays shut until
/// the flush has caught up.
const HELD_MAX: usize = 256 << 20;

/// How much is made durable with one fsync: enough to keep a disk busy, little enough to be written in some 50 ms.
const GROUP_MAX: usize = 8 << 20;

/// What an interaction weighs in memory besides its texts, which are counted as they are in the record.
const ROW_WEIGHT: usize = 420;

/// Over about this time the rate of the door is measured.
const RATE_OVER: Duration = Duration::from_millis(500);

/// The longest time after which somebody is asked to come again.
const RETRY_MAX_S: u64 = 60;

/// Is a delivery that waits.
pub(super) struct Item {
    pub(super) record: Vec<u8>,
    pub(super) batch: Batch,
    /// It says something of people besides what its interactions say.
    pub(super) has_statements: bool,
    pub(super) reply: oneshot::Sender<Result<Receipt, NotTaken>>,
}

impl Item {
    /// Returns about how much memory it takes until it is in the ledger.
    pub(super) fn weight(&self) -> usize {
        self.record.len() + ROW_WEIGHT * (1 + self.batch.rows.len())
    }
}

/// Is what the thread behind the door is told by the one that flushes.
pub(super) enum Command {
    /// Get ready for the first delivery, which takes a while where much is stored.
    Prepare,
    /// Hand over everything that is acknowledged and not handed over yet.
    Freeze(SyncSender<Frozen>),
    /// Forget what was handed over up to this record: it is in the ledger. Say when it is done.
    Flushed(u64, SyncSender<()>),
}

/// Is what was acknowledged up to a record of the journal, and not flushed before.
#[derive(Default)]
pub(super) struct Frozen {
    pub(super) batches: Vec<Batch>,
    /// The record.
    pub(super) through: u64,
    /// What all of it weighs.
    pub(super) weight: usize,
}

/// Is what the thread behind the door does next.
pub(super) enum Work {
    Take(Vec<Item>),
    Obey(Command),
    /// Nobody can knock any more.
    End,
}

/// Is the queue before the door.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    lanes: Lanes<Item>,
    commands: VecDeque<Command>,
    is_open: bool,
    /// Nobody will ever call [`Queue::next`] again.
    is_deserted: bool,
    held: usize,
    rate: Rate,
}

impl Queue {
    pub(super) fn new() -> Self {
        let lanes = Lanes::new(WAITING_MAX);
        let waiting = Waiting { lanes, commands: VecDeque::new(), is_open: true, is_deserted: false, held: 0, rate: Rate::new() };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new() }
    }

    /// Lets a delivery of a source wait.
    ///
    /// # Errors
    /// Says when to come again where too much is waiting, or that nobody is there to take it.
    pub(super) fn push(&self, source: &str, item: Item) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        let weight = item.weight();
        if !waiting.is_open {
            return Err(NotTaken::Failed(super::closed()));
        }
        if waiting.lanes.push(source, weight, item).is_err() {
            return Err(waiting.busy(false));
        }
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Says when to come again.
    pub(super) fn busy(&self, has_waited: bool) -> NotTaken {
        self.lock().busy(has_waited)
    }

    /// Commands the thread behind the door. Where it is gone, the command is dropped, and so is what it would answer by.
    pub(super) fn command(&self, command: Command) {
        let mut waiting = self.lock();
        if !waiting.is_deserted {
            waiting.commands.push_back(command);
            self.changed.notify_one();
        }
    }

    /// Waits for something to do. Commands go first: they make room.
    pub(super) fn next(&self) -> Work {
        let mut waiting = self.lock();
        loop {
            if let Some(command) = waiting.commands.pop_front() {
                return Work::Obey(command);
            }
            if !waiting.lanes.is_empty() && waiting.held < HELD_MAX {
                let before = waiting.lanes.weight();
                let items = waiting.lanes.take(GROUP_MAX);
                let taken = before - waiting.lanes.weight();
                waiting.held += taken;
                waiting.rate.count(taken);
                return Work::Take(items);
            }
            if !waiting.is_open {
                return Work::End;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns how much waits, and how much is held in memory.
    pub(super) fn weights(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.lanes.weight(), waiting.held)
    }

    /// Gives back what is not held in memory any more.
    pub(super) fn release(&self, weight: usize) {
        let mut waiting = self.lock();
        waiting.held = waiting.held.saturating_sub(weight);
    }

    /// Lets nobody in any more. What waits is still taken.
    pub(super) fn close(&self) {
        self.lock().is_open = false;
        self.changed.notify_all();
    }

    /// Says that nobody takes anything any more: whoever waits learns it at once.
    pub(super) fn desert(&self) {
        let mut waiting = self.lock();
        (waiting.is_open, waiting.is_deserted) = (false, true);
        waiting.commands.clear();
        waiting.lanes = Lanes::new(WAITING_MAX);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn busy(&self, has_waited: bool) -> NotTaken {
        NotTaken::Busy { retry_after_s: self.rate.seconds_for(self.lanes.weight()), has_waited }
    }
}

/// Measures how fast the door is.
struct Rate {
    since: Instant,
    weight: usize,
    /// None: not measured yet.
    per_second: Option<f64>,
}

impl Rate {
    fn new() -> Self {
        Self { since: Instant::now(), weight: 0, per_second: None }
    }

    fn count(&mut self, weight: usize) {
        self.weight += weight;
        let over = self.since.elapsed();
        if over >= RATE_OVER {
            let now = self.weight as f64 / over.as_secs_f64();
            self.per_second = Some(self.per_second.map_or(now, |before| (before + now) / 2.0));
            (self.since, self.weight) = (Instant::now(), 0);
        }
    }

    /// Estimates how long so much will wait. Where nothing has moved for a while, it will be at least as long again.
    fn seconds_for(&self, weight: usize) -> u64 {
        let idle = self.since.elapsed().saturating_sub(RATE_OVER);
        let expected = self.per_second.map_or(0.0, |rate| weight as f64 / rate.max(1.0));
        (expected.max(idle.as_secs_f64()).ceil() as u64).clamp(1, RETRY_MAX_S)
    }
}
