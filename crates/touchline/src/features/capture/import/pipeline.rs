//! The import as a pipeline: reader → mapper → sink, each on its own thread, with queues that push back.

use super::draft::Draft;
use super::group::Groups;
use super::lookup::Table;
use super::mapping::{Duplicates, Mapping};
use super::page::{Header, Page, Row, Stop};
use super::plan::{Binder, Scope, wants};
use super::reject::Rejects;
use super::row::{LinkFact, RowPlan, Running};
use super::tally::{Summary, Tally};
use super::{Sink, Taken, read, source};
use crate::failure::Failure;
use model::{Arrival, Identity};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant as Stopwatch;

/// Interactions handed to the sink at once.
const BATCH: usize = 50_000;
/// Pages that may wait for the mapper.
const PAGES: usize = 8;

/// Is what to import.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The file.
    pub file: &'a Path,
    /// What its columns mean.
    pub mapping: &'a Mapping,
    /// The folder of the mapping, where lookups may be found too.
    pub mapping_folder: Option<&'a Path>,
    /// Where rejects go when the folder of the file cannot be written.
    pub rejects_folder: Option<&'a Path>,
    /// Whether nothing is to be written, rejects included.
    pub dry_run: bool,
}

/// Is how far an import has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes of the file on disk that are consumed.
    pub bytes: u64,
    /// Rows that went to the sink.
    pub rows: u64,
}

/// Imports a file into a sink.
///
/// A damaged file gives what stands before the damage; [`Summary::complete`] is then false and the notes say why.
///
/// # Errors
/// Refuses a file that cannot be read at all, a mapping that does not fit it, and passes on the sink's failure.
/// Batches taken until then stay; importing again adds nothing twice.
pub fn run(import: &Import<'_>, sink: &mut dyn Sink, progress: &mut dyn FnMut(Progress)) -> Result<Summary, Failure> {
    let started = Stopwatch::now();
    let mapper = Mapper::new(import)?;
    let meter = AtomicU64::new(0);
    let (pages, incoming) = sync_channel(PAGES);
    let (parcels, outgoing) = sync_channel(0);
    let (read, mapped, taken) = thread::scope(|scope| {
        let reader = scope.spawn(|| read_all(import, &meter, pages));
        let mapper = scope.spawn(|| mapper.run(incoming, parcels));
        let taken = take_all(outgoing, sink, progress);
        (reader.join(), mapper.join(), taken)
    });
    let taken = taken?;
    // A panic in a thread is a mistake in the program: it goes on as one.
    let mut summary = mapped.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    match read.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        Ok(notes) => summary.notes.extend(notes),
        Err(Stop::Refused(failure)) => return Err(failure),
        Err(Stop::Damaged(what)) => {
            summary.complete = false;
            summary.notes.push(format!(
                "the file is damaged after {} rows ({what}): what stands before was read; fetch the file again and import it, nothing is added twice",
                summary.rows
            ));
        }
        Err(Stop::Enough) => {}
    }
    if summary.rows == 0 && summary.complete {
        summary.notes.push("the file holds a header, but no rows".to_owned());
    }
    summary.added = taken.added;
    summary.already_there = taken.duplicates;
    summary.seconds = started.elapsed().as_secs_f64();
    Ok(summary)
}

/// Reads every member and queues its pages.
fn read_all(import: &Import<'_>, meter: &AtomicU64, pages: SyncSender<Page>) -> Result<Vec<String>, Stop> {
    let wants = wants(import.mapping);
    let mut notes = Vec::new();
    let told = source::visit(import.file, &import.mapping.file, meter, &mut |member| {
        let consumed = || meter.load(Relaxed);
        let found = read::read(member, &import.mapping.file, &wants, &consumed, &mut |page| pages.send(page).map_err(|_| Stop::Enough))?;
        notes.extend(found);
        Ok(())
    })?;
    notes.extend(told);
    Ok(notes)
}

/// Hands every batch to the sink.
fn take_all(parcels: Receiver<Parcel>, sink: &mut dyn Sink, progress: &mut dyn FnMut(Progress)) -> Result<Taken, Failure> {
    let mut taken = Taken::default();
    for parcel in parcels {
        let now = parcel.progress;
        if !(parcel.arrivals.is_empty() && parcel.facts.is_empty() && parcel.traits.is_empty()) {
            let more = sink.take(parcel.arrivals, parcel.facts, parcel.traits)?;
            taken.added += more.added;
            taken.duplicates += more.duplicates;
        }
        progress(now);
    }
    Ok(taken)
}

/// Is a batch on its way to the sink.
struct Parcel {
    arrivals: Vec<Arrival>,
    facts: Vec<LinkFact>,
    traits: Vec<(Identity, String, String)>,
    progress: Progress,
}

/// Applies the mapping to page after page.
struct Mapper<'a> {
    mapping: &'a Mapping,
    namespaces: Vec<String>,
    tables: Vec<Table>,
    bound: Option<(Arc<Header>, RowPlan)>,
    running: Running,
    groups: Option<Groups>,
    /// How often each content was met.
    contents: HashMap<[u8; 16], u32>,
    /// The last value of each trait, as a hash: what does not change is not said again.
    traits: HashMap<[u8; 16], [u8; 16]>,
    rejects: Rejects,
    tally: Tally,
    batch: Parcel,
}

/// Says that the sink wants no more.
struct Hangup;

impl<'a> Mapper<'a> {
    fn new(import: &Import<'a>) -> Result<Self, Failure> {
        let mapping = import.mapping;
        let beside: Vec<&Path> = import.file.parent().into_iter().chain(import.mapping_folder).collect();
        let tables = mapping.lookup.iter().map(|(name, lookup)| Table::load(name, lookup, &beside)).collect::<Result<_, _>>()?;
        let input = (!import.dry_run).then_some(import.file);
        Ok(Self {
            mapping,
            namespaces: mapping.person.identities.iter().map(|name| name.namespace.clone()).collect(),
            tables,
            bound: None,
            running: Running::new(mapping),
            groups: mapping.group.as_ref().map(|group| Groups::new(group.sorted)),
            contents: HashMap::new(),
            traits: HashMap::new(),
            rejects: Rejects::new(input, import.rejects_folder, mapping.file.delimiter),
            tally: Tally::new(mapping.skip.len()),
            batch: Parcel::empty(),
        })
    }

    fn run(mut self, pages: Receiver<Page>, parcels: SyncSender<Parcel>) -> Result<Summary, Failure> {
        for page in pages {
            self.bind(&page.header)?;
            self.page(&page)?;
            self.batch.progress = Progress { bytes: page.consumed, rows: self.tally.rows };
            if self.batch.arrivals.len() + self.batch.facts.len() + self.batch.traits.len() >= BATCH && self.send(&parcels).is_err() {
                break;
            }
        }
        if let Some(groups) = self.groups.take() {
            for group in groups.finish() {
                self.finish_draft(group, 0)?;
                if self.batch.arrivals.len() >= BATCH && self.send(&parcels).is_err() {
                    break;
                }
            }
        }
        // When the sink hung up, its failure is what the person reads.
        let _ = self.send(&parcels);
        self.rejects.finish()?;
        let skips: Vec<String> = self.mapping.skip.iter().map(|skip| skip.because.clone()).collect();
        let mut summary = self.tally.summary(&skips, self.running.signatures);
        summary.rejects = self.rejects.files.iter().map(|path| path.display().to_string()).collect();
        Ok(summary)
    }

    /// Binds the mapping anew when a member has other columns.
    fn bind(&mut self, header: &Arc<Header>) -> Result<(), Failure> {
        if self.bound.as_ref().is_none_or(|(bound, _)| bound.columns != header.columns) {
            let plan = RowPlan::bind(self.mapping, &Binder { header, tables: &self.tables })?;
            self.bound = Some((Arc::clone(header), plan));
        }
        Ok(())
    }

    fn page(&mut self, page: &Page) -> Result<(), Failure> {
        for broken in &page.broken {
            self.tally.rows += 1;
            self.tally.refuse(broken.line, &broken.reason);
            self.rejects.broken(&page.header, broken)?;
        }
        for row in page.rows() {
            self.tally.rows += 1;
            if let Err(reason) = self.row(page, row) {
                self.tally.refuse(row.line(), &reason);
                self.rejects.row(&page.header, row, &reason)?;
            }
        }
        Ok(())
    }

    fn row(&mut self, page: &Page, row: Row<'_>) -> Result<(), String> {
        let Some((_, plan)) = &self.bound else {
            return Ok(());
        };
        let scope = Scope { row, member: &page.header.member, tables: &self.tables };
        if let Some(rule) = plan.skipped(scope) {
            self.tally.skipped[rule] += 1;
            return Ok(());
        }
        let mut content = None;
        if self.mapping.needs_content() {
            let hash = plan.content(scope);
            let copies = self.contents.entry(hash).or_insert(0);
            content = Some((hash, *copies));
            *copies += 1;
            if self.mapping.duplicates == Duplicates::Drop && *copies > 1 {
                self.tally.duplicate_rows += 1;
                return Ok(());
            }
        }
        let said = plan.read(scope, content, &mut self.running)?;
        self.tally.links += said.facts.len() as u64;
        self.batch.facts.extend(said.facts);
        self.keep_traits(said.traits);
        for draft in said.drafts {
            self.draft(draft)?;
        }
        Ok(())
    }

    /// Keeps traits that say something new.
    fn keep_traits(&mut self, traits: Vec<(Identity, String, String)>) {
        let hash = |parts: [&str; 3]| {
            let mut hasher = blake3::Hasher::new();
            for part in parts {
                hasher.update(&(part.len() as u32).to_le_bytes());
                hasher.update(part.as_bytes());
            }
            let mut head = [0; 16];
            head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
            head
        };
        for (identity, name, value) in traits {
            let key = hash([&identity.namespace, &identity.value, &name]);
            let now = hash([&value, "", ""]);
            if self.traits.insert(key, now) != Some(now) {
                self.batch.traits.push((identity, name, value));
            }
        }
    }

    fn draft(&mut self, draft: Draft) -> Result<(), String> {
        let finished = match &mut self.groups {
            Some(groups) => groups.add(draft)?,
            None => Some(draft),
        };
        match finished {
            Some(draft) => self.arrive(draft),
            None => Ok(()),
        }
    }

    fn arrive(&mut self, draft: Draft) -> Result<(), String> {
        let arrival = draft.finish(&self.mapping.source, &self.namespaces, &mut self.running.signatures)?;
        self.tally.interaction(&arrival);
        self.batch.arrivals.push(arrival);
        Ok(())
    }

    /// Finishes a group at the end of the file; its rows are gone, so that a refusal has no row to keep.
    fn finish_draft(&mut self, draft: Draft, line: u64) -> Result<(), Failure> {
        if let Err(reason) = self.arrive(draft) {
            self.tally.refuse(line, &reason);
        }
        Ok(())
    }

    fn send(&mut self, parcels: &SyncSender<Parcel>) -> Result<(), Hangup> {
        let progress = self.batch.progress;
        let full = std::mem::replace(&mut self.batch, Parcel::empty());
        self.batch.progress = progress;
        parcels.send(full).map_err(|_| Hangup)
    }
}

impl Parcel {
    fn empty() -> Self {
        Self { arrivals: Vec::new(), facts: Vec::new(), traits: Vec::new(), progress: Progress { bytes: 0, rows: 0 } }
    }
}
