//! Taking deliveries while others read: what [`Capture::take`] has answered is durable, exactly once, and seen by
//! every analysis from then on.
//!
//! A request reads and numbers its delivery by itself, then waits in the [`queue`]. One thread behind the [`door`] makes
//! groups of them durable in the journal and part of the ledger's tail; another one brings them into both stores in
//! the background ([`flush`]), after which the journal forgets them. After a crash the journal is taken again.

mod door;
mod flush;
mod pulse;
mod queue;
mod record;
#[cfg(test)]
mod tests;

use super::batch::Batch;
use super::books::Books;
use super::delivery::{Delivery, NotTaken, Receipt};
use super::privacy::{AlsoHeld, Erasing, Guard, Privacy, Spoken};
use super::recent::Recent;
use super::signals::Numbers;
use super::{Caller, Quarantine, Source, Sources};
use crate::failure::{Failure, Result};
use crate::features::people::{self, SharedPeople};
use crate::platform::home::Stores;
use crate::platform::journal::{self, Journal, JournalError};
use door::Door;
use flush::{Ask, Flusher};
use model::Flags;
use pulse::Notes;
pub use pulse::Pulse;
use queue::{Command, Frozen, Item, Queue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// After this time a delivery that still waits is answered as not taken. Should it become durable all the same, then
/// the second one is a duplicate.
const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);

/// How many interactions are taken from the journal at once after a crash.
const RECOVER_AT_ONCE: usize = 100_000;

/// Is the one door for everything that arrives while the server runs. Clones share it; with the last one it closes.
#[derive(Clone)]
pub struct Capture {
    inner: Arc<Inner>,
}

struct Inner {
    stores: Stores,
    guard: Guard,
    spoken: Spoken,
    privacy: Privacy,
    quarantine: Quarantine,
    notes: Arc<Notes>,
    recent: Recent,
    books: Books,
    numbers: Numbers,
    queue: Arc<Queue>,
    flusher: Mutex<Option<Sender<Ask>>>,
    /// Lets the daily work go on as long as it is there.
    keeping: Mutex<Option<Sender<()>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Acknowledged deliveries that stated something of people.
    statements: AtomicU64,
    /// What a later room keeps of people, for whoever asks what we hold.
    also_held: OnceLock<AlsoHeld>,
}

impl Capture {
    /// Opens the door, after everything that a crash has left in the journal is in the stores. To be called from
    /// threads that may block.
    ///
    /// # Errors
    /// Fails when the stores or the journal do, or when the door of these stores is open already.
    pub fn open(stores: Stores) -> Result<Self> {
        Self::open_with(stores, journal::durable())
    }

    /// Opens the door with a journal that makes files durable in another way.
    fn open_with(stores: Stores, sync: journal::Sync) -> Result<Self> {
        let numbers = stores.block_on(Numbers::load(stores.state.clone()))?.guarded();
        let books = Books::open(stores.clone());
        let journal = recover(&books, &numbers, sync)?;
        let guard = stores.block_on(Guard::load(stores.state.clone()))?;
        let is_erasing = stores.block_on(people::anything_unfinished(&stores.state))?;
        let spoken = stores.block_on(Spoken::load(stores.state.clone()))?;
        let tail = stores.ledger().tail();
        tail.resolve_by(books.person_of());
        let queue = Arc::new(Queue::new());
        let notes = Arc::new(Notes::new());
        let (ask, asks) = channel();
        let (tidier, told) = sync_channel(1);
        let through = journal.last();
        let door = Door {
            queue: Arc::clone(&queue),
            journal,
            stores: stores.clone(),
            register: None,
            tail,
            flusher: ask.clone(),
            notes: Arc::clone(&notes),
            fresh: Default::default(),
            frozen: Default::default(),
            held: Frozen { through, ..Frozen::default() },
        };
        let flusher = Flusher {
            queue: Arc::clone(&queue),
            books: books.clone(),
            asks,
            tidier,
            notes: Arc::clone(&notes),
            frozen: None,
            through,
        };
        let privacy = Privacy::new(books.clone(), guard.clone(), spoken.clone());
        let quarantine = Quarantine::new(stores.clone());
        let kept = books.clone();
        let erasing = is_erasing.then(|| (books.clone(), guard.clone(), ask.clone()));
        let this = Inner {
            stores,
            notes,
            recent: Recent::new(),
            guard,
            spoken,
            privacy,
            quarantine,
            books: kept,
            numbers,
            queue,
            flusher: Mutex::new(Some(ask)),
            keeping: Mutex::default(),
            threads: Mutex::default(),
            statements: AtomicU64::new(0),
            also_held: OnceLock::new(),
        };
        this.start("door", End::IsFatal, move || door.run())?;
        this.start("flush", End::IsFatal, move || flusher.run())?;
        this.start("tidy", End::CanBeBorne, move || flush::tidy(&books, &told))?;
        if let Some((books, guard, flusher)) = erasing {
            // Beside the work, as when it was asked for: in a large ledger nobody should wait for it to be let in.
            this.start("erase", End::CanBeBorne, move || end_erasures(&books, &guard, &flusher))?;
        }
        Ok(Self { inner: Arc::new(this) })
    }

    /// Lets a later room tell what it keeps of people. Only the first word counts; it must hold no copy of this.
    pub fn holds_also(&self, held: AlsoHeld) {
        // Said twice, it is the same room.
        let _ = self.inner.also_held.set(held);
    }

    pub(in crate::features::capture) fn also_held(&self) -> Option<&AlsoHeld> {
        self.inner.also_held.get()
    }

    /// Returns who is who, as far as it has reached the stores; to be asked, and to be decided about.
    #[must_use]
    pub fn people(&self) -> SharedPeople {
        self.inner.books.shared_people()
    }

    /// Returns the keys of texts, shared with the door: what an erasure drops is gone for whoever holds these too.
    #[must_use]
    pub fn text_keys(&self) -> people::TextKeys {
        self.inner.guard.keys().clone()
    }

    /// Takes what a caller brings to a source, as far as the source's policy lets it in.
    ///
    /// # Errors
    /// As [`Capture::take`].
    pub async fn take_from(&self, delivery: Delivery, source: &Source, caller: &Caller) -> Result<Receipt, NotTaken> {
        let this = &*self.inner;
        let admitting = async {
            let delivery = Delivery { trait_weight: source.settings.trait_weight, ..delivery };
            let mut admitted = this.privacy.admit(delivery, source, caller).await.map_err(NotTaken::Failed)?;
            let told = Recent::refusals(&admitted, this.stores.now());
            let refused = this.quarantine.keep(&mut admitted, caller).await.map_err(NotTaken::Failed)?;
            this.recent.tell(told);
            Ok(Receipt { refused, ..self.let_in(admitted).await? })
        };
        let outcome = admitting.await;
        pulse::count(&source.name, &outcome);
        outcome
    }

    /// Takes a delivery. When this returns a receipt, all of it is durable.
    ///
    /// # Errors
    /// Says why nothing of it was taken; the same delivery may come again.
    pub async fn take(&self, delivery: Delivery) -> Result<Receipt, NotTaken> {
        let source = delivery.source.clone();
        let outcome = self.let_in(delivery).await;
        pulse::count(&source, &outcome);
        outcome
    }

    async fn let_in(&self, mut delivery: Delivery) -> Result<Receipt, NotTaken> {
        let this = &*self.inner;
        let received = this.stores.now();
        let told = Recent::refusals(&delivery, received);
        let refused = this.quarantine.keep(&mut delivery, &Caller::default()).await.map_err(NotTaken::Failed)?;
        this.recent.tell(told);
        let sifted = this.guard.sift(&mut delivery.arrivals, &mut delivery.claims, &mut delivery.traits);
        this.guard.seal(&mut delivery.arrivals).await.map_err(NotTaken::Failed)?;
        let signatures = delivery.arrivals.iter().map(|arrival| &arrival.signature);
        let signals = this.numbers.of(signatures).await.map_err(NotTaken::Failed)?;
        let has_statements = !delivery.claims.is_empty() || !delivery.traits.is_empty();
        if delivery.arrivals.is_empty() && !has_statements {
            return Ok(Receipt { refused, duplicates: sifted.erased, ..Receipt::default() });
        }
        let told = Recent::glimpse(&delivery, received);
        let record = record::encode(&delivery, received).map_err(NotTaken::Failed)?;
        let Delivery { source, arrivals, claims, traits, trait_weight, .. } = delivery;
        let traits = (traits, trait_weight);
        let batch = Batch::of(arrivals, &signals, claims, traits, received, Flags::default()).map_err(NotTaken::Failed)?;
        let (reply, answer) = oneshot::channel();
        {
            // Somebody is being erased, in this very moment: the same delivery is sifted anew when it comes again.
            let Some(_admission) = this.guard.admission(sifted) else { return Err(this.queue.busy(false)) };
            this.queue.push(&source, Item { record, batch, has_statements, reply })?;
        }
        match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(answer)) => {
                this.statements.fetch_add(u64::from(answer.is_ok() && has_statements), Ordering::Release);
                if answer.is_ok() {
                    this.recent.tell(told);
                }
                answer.map(|receipt| Receipt { refused, duplicates: receipt.duplicates + sifted.erased, ..receipt })
            }
            Err(_) => Err(this.queue.busy(true)),
            // Whoever was to answer is gone.
            Ok(Err(_)) => Err(NotTaken::Failed(closed())),
        }
    }

    /// Tells how the way in is.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        let this = &*self.inner;
        let (waiting_bytes, held_bytes) = this.queue.weights();
        let tail_rows = this.stores.ledger().tail().count();
        Pulse {
            waiting_bytes,
            held_bytes,
            tail_rows,
            flush_lag: this.notes.lag(),
            journal_fault: this.notes.fault(),
            broken_off: this.notes.broken_off(),
        }
    }

    /// Waits until one of the threads without which nothing can be taken has broken off; returns its name. Whoever serves
    /// should then end: the next start takes up what is in the journal.
    pub async fn broken(&self) -> &'static str {
        self.inner.notes.broken().await
    }

    /// Returns what arrived last.
    pub(super) fn recent(&self) -> &Recent {
        &self.inner.recent
    }

    /// Returns where refused events are kept.
    #[must_use]
    pub fn quarantine(&self) -> &Quarantine {
        &self.inner.quarantine
    }

    /// Makes one file of the ledger's many in each bucket. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when the stores do; nothing is lost then, and reading stays right.
    pub fn compact(&self) -> Result<()> {
        self.inner.books.settle_people()
    }

    /// Lets the door get ready, so that the first delivery need not wait for it.
    pub fn prepare(&self) {
        self.inner.queue.command(Command::Prepare);
    }

    /// Returns how many deliveries stated something of people since the door was opened. Unlike interactions, statements
    /// are not seen before they are in the stores: see [`Capture::settle`].
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Acquire)
    }

    /// Brings everything that is acknowledged by now into both stores, after which the journal holds nothing of it.
    ///
    /// # Errors
    /// Fails when the stores do. Nothing is lost then.
    pub async fn settle(&self) -> Result<()> {
        let flusher = self.inner.flusher().clone();
        match flusher {
            Some(flusher) => settled(&flusher).await,
            None => Err(closed()),
        }
    }

    /// Begins the daily work on what the sources have sent. To be called once.
    ///
    /// # Errors
    /// Fails when the system gives no thread.
    pub fn keep(&self, sources: Sources) -> Result<()> {
        let this = &*self.inner;
        let Some(flusher) = this.flusher().clone() else { return Err(closed()) };
        let stores = this.stores.clone();
        let keeping = this.privacy.keeping(sources, move || stores.block_on(settled(&flusher)));
        let (going, stop) = channel();
        *this.keeping.lock().unwrap_or_else(PoisonError::into_inner) = Some(going);
        this.start("keep", End::CanBeBorne, move || keeping.run(&stop))
    }

    /// Returns the numbers of signals.
    pub(super) fn numbers(&self) -> &Numbers {
        &self.inner.numbers
    }

    /// Returns who is who.
    pub(super) fn books(&self) -> &Books {
        &self.inner.books
    }

    /// Returns what stands before the stores.
    pub(super) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    /// Returns what people have agreed to.
    pub(super) fn spoken(&self) -> &Spoken {
        &self.inner.spoken
    }
}

/// Waits until everything acknowledged by now is in the stores.
async fn settled(flusher: &Sender<Ask>) -> Result<()> {
    let (reply, done) = oneshot::channel();
    let asked = flusher.send(Ask::Settle(reply)).is_ok();
    match done.await {
        Ok(outcome) if asked => outcome,
        _ => Err(closed()),
    }
}

fn closed() -> Failure {
    Failure::new("Nothing is brought into the stores any more: the door is closed")
}

impl Inner {
    /// Starts a thread. One that panics is noted: where nothing can be taken without it, nobody is let in from then on,
    /// and [`Capture::broken`] says so, because a server that answers "later" for ever would hide it.
    fn start(&self, name: &'static str, end: End, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let (notes, queue) = (Arc::clone(&self.notes), Arc::clone(&self.queue));
        let guarded = move || {
            // Nothing of what it worked with is used afterwards: what is acknowledged is in the journal.
            let broke_off = catch_unwind(AssertUnwindSafe(work)).is_err();
            if name == "door" {
                queue.desert();
            }
            if broke_off {
                notes.broke(name, end == End::IsFatal);
                if end == End::IsFatal {
                    queue.desert();
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(guarded);
        let thread = thread.map_err(|error| Failure::new(format!("Cannot start the thread `{name}`")).because(&error))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn flusher(&self) -> std::sync::MutexGuard<'_, Option<Sender<Ask>>> {
        self.flusher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is what it means when a thread panics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing can be taken any more.
    IsFatal,
    /// Taking goes on; something is left undone, until the next start.
    CanBeBorne,
}

impl Drop for Inner {
    /// Waits for what has begun. What is acknowledged and not flushed stays in the journal.
    fn drop(&mut self) {
        self.queue.close();
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.flusher().take();
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Brings what a crash has left in the journal into the stores, and ends erasures that it cut off, for whoever reads them without opening the door.
///
/// # Errors
/// Fails when the stores or the journal do.
pub fn catch_up(stores: &Stores) -> Result<()> {
    let flushed = stores.ledger().position().unwrap_or(0);
    let mut is_behind = false;
    let seen = journal::read(&stores.dir.join(JOURNAL), flushed, |_, _| {
        is_behind = true;
        Ok::<_, Unrecovered>(())
    });
    seen.map_err(|Unrecovered(failure)| failure)?;
    let is_erasing = stores.block_on(people::anything_unfinished(&stores.state))?;
    if !is_behind && !is_erasing {
        return Ok(());
    }
    let numbers = stores.block_on(Numbers::load(stores.state.clone()))?.guarded();
    let books = Books::open(stores.clone());
    recover(&books, &numbers, journal::durable())?;
    let guard = stores.block_on(Guard::load(stores.state.clone()))?;
    // The journal is empty by now.
    Erasing { books: &books, guard: &guard, settle: Box::new(|| Ok(())) }.take_up()
}

/// Takes up erasures that a crash has cut off.
fn end_erasures(books: &Books, guard: &Guard, flusher: &Sender<Ask>) {
    let settle = || books.stores.block_on(settled(flusher));
    if let Err(error) = (Erasing { books, guard, settle: Box::new(settle) }).take_up() {
        tracing::error!(%error, "an erasure cannot be ended; it is taken up again at the next start");
    }
}

/// Is the folder of the journal in the data directory.
const JOURNAL: &str = "journal";

/// Opens the journal, and takes again what is in it and not in the ledger.
fn recover(books: &Books, numbers: &Numbers, sync: journal::Sync) -> Result<Journal> {
    let stores = &books.stores;
    let mut again = Again { books, numbers, batches: Vec::new(), rows: 0, through: 0 };
    let flushed = stores.ledger().position().unwrap_or(0);
    let journal = Journal::open(&stores.dir.join(JOURNAL), sync, flushed, |record, body| again.take(record, body));
    let mut journal = journal.map_err(|Unrecovered(failure)| failure)?;
    again.store()?;
    journal.drop_through(journal.last()).map_err(|error| Unrecovered::from(error).0)?;
    journal.continue_after(flushed);
    Ok(journal)
}

/// Takes records of the journal again.
struct Again<'b> {
    books: &'b Books,
    numbers: &'b Numbers,
    batches: Vec<Batch>,
    rows: usize,
    through: u64,
}

impl Again<'_> {
    fn take(&mut self, record: u64, body: &[u8]) -> Result<(), Unrecovered> {
        let (delivery, received) = record::decode(body)?;
        let signatures = delivery.arrivals.iter().map(|arrival| &arrival.signature);
        let signals = self.books.stores.block_on(self.numbers.of(signatures))?;
        let Delivery { arrivals, claims, traits, trait_weight, .. } = delivery;
        self.rows += arrivals.len();
        self.batches.push(Batch::of(arrivals, &signals, claims, (traits, trait_weight), received, Flags::default())?);
        self.through = record;
        if self.rows >= RECOVER_AT_ONCE { Ok(self.store()?) } else { Ok(()) }
    }

    fn store(&mut self) -> Result<()> {
        if !self.batches.is_empty() {
            self.books.store(&self.batches, Some(self.through))?;
            self.batches.clear();
            self.rows = 0;
        }
        Ok(())
    }
}

/// Is why the journal could not be taken again.
struct Unrecovered(Failure);

impl From<Failure> for Unrecovered {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<JournalError> for Unrecovered {
    fn from(error: JournalError) -> Self {
        let failure = Failure::new("Cannot open the journal of what arrived").because(&error);
        Self(match error {
            JournalError::Damaged { .. } => failure.hint(
                "Restore the data directory from a backup; or move the folder `journal` away, and lose what came in the last seconds before the crash",
            ),
            _ => failure,
        })
    }
}
