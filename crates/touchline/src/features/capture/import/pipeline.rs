//! The import as a pipeline: reader → mapper → sink, each on its own thread, with queues that push back.

use super::draft::Draft;
use super::group::{Groups, Spoiled};
use super::lookup::Table;
use super::mapping::{Duplicates, Mapping};
use super::page::{Broken, Header, Page, Row, Stop};
use super::plan::{Binder, Reason, Scope, wants};
use super::reject::Rejects;
use super::row::{RowPlan, Running};
use super::tally::{Summary, Tally};
use super::{Sink, Taken, read, source};
use crate::failure::Failure;
use crate::features::capture::{Claim, Known};
use crate::{fail, tell};
use model::Arrival;
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
/// Traits of so many people are gathered before they are handed on.
const TRAITS: usize = 100_000;

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
    /// After about how many rows reading may end, in a dry run that only shows the beginning.
    pub rows_max: Option<u64>,
}

/// Is how far an import has come.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Progress {
    /// Bytes of the file on disk that are consumed.
    pub bytes: u64,
    /// Rows that were read. Of a file that is read twice, each reading counts half.
    pub rows: u64,
}

/// Imports a file into a sink.
///
/// A damaged file gives what stands before the damage; [`Summary::complete`] is then false and the notes say why.
/// A file of groups is read twice: first to find the groups of which a row is refused, and then to store the others.
///
/// # Errors
/// Refuses a file that cannot be read at all, a mapping that does not fit it, and passes on the sink's failure.
/// Batches taken until then stay; importing again adds nothing twice. Refuses a file of groups also where it cannot be
/// said which of them are whole.
pub fn run(import: &Import<'_>, sink: &mut dyn Sink, progress: &mut dyn FnMut(Progress)) -> Result<Summary, Failure> {
    let started = Stopwatch::now();
    let mut summary = match &import.mapping.group {
        None => pass(import, &Spoiled::new(), sink, progress)?.0,
        Some(group) => {
            let mut half = Progress::default();
            let spoiled = survey(import, group.sorted, &mut |now| {
                half = Progress { bytes: now.bytes / 2, rows: now.rows / 2 };
                progress(half);
            })?;
            let second = |now: Progress| Progress { bytes: half.bytes + now.bytes / 2, rows: half.rows + now.rows / 2 };
            pass(import, &spoiled, sink, &mut |now| progress(second(now)))?.0
        }
    };
    summary.seconds = started.elapsed().as_secs_f64();
    Ok(summary)
}

/// Reads a file of groups without storing anything, to find those that cannot be stored whole.
fn survey(import: &Import<'_>, sorted: bool, progress: &mut dyn FnMut(Progress)) -> Result<Spoiled, Failure> {
    let (summary, mut ends) = pass(&Import { dry_run: true, ..*import }, &Spoiled::new(), &mut Nobody, progress)?;
    if summary.complete {
        return Ok(ends.spoiled);
    }
    if !sorted {
        let file = import.file.display();
        return Err(fail!(
            groups_damaged,
            "`{file}` is damaged after {rows} rows, and any group may have rows behind the damage: nothing was imported",
            "Fetch it again; where the rows of a group follow each other, `sorted = true` under [group] imports what stands before",
            rows = summary.rows
        ));
    }
    let damaged = tell!(group_damaged, "the file is damaged in or behind its group");
    ends.spoiled.extend(ends.last.map(|key| (key, damaged)));
    Ok(ends.spoiled)
}

/// Is the sink of a survey.
struct Nobody;

impl Sink for Nobody {
    fn take(&mut self, _: Vec<Arrival>, _: Vec<Claim>, _: Vec<Known>) -> Result<Taken, Failure> {
        Ok(Taken::default())
    }
}

/// Is what a pass found out about groups.
#[derive(Default)]
struct Ends {
    spoiled: Spoiled,
    /// The last group of a sorted file.
    last: Option<Box<[u8]>>,
}

/// Reads the file once, leaving out the groups known as spoiled.
fn pass(
    import: &Import<'_>,
    spoiled: &Spoiled,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Summary, Ends), Failure> {
    let mapper = Mapper::new(import, spoiled)?;
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
    let (mut summary, ends) = mapped.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    match read.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        Ok(notes) => summary.notes.extend(notes),
        Err(Stop::Refused(failure)) => return Err(failure),
        Err(Stop::Damaged(what)) => {
            summary.complete = false;
            summary.notes.push(tell!(
                file_damaged,
                "the file is damaged after {rows} rows ({detail}): what stands before was read; fetch the file again and import it, nothing is added twice",
                rows = summary.rows,
                detail = what
            ));
        }
        Err(Stop::Enough) => {}
    }
    if summary.rows == 0 && summary.complete {
        summary.notes.push(tell!(file_without_rows, "the file holds a header, but no rows"));
    }
    summary.added = taken.added;
    summary.already_there = taken.duplicates;
    Ok((summary, ends))
}

/// Reads every member and queues its pages.
fn read_all(import: &Import<'_>, meter: &AtomicU64, pages: SyncSender<Page>) -> Result<Vec<Reason>, Stop> {
    let wants = wants(import.mapping);
    let mut notes = Vec::new();
    let mut rows = 0;
    let told = source::visit(import.file, &import.mapping.file, meter, &mut |member| {
        let consumed = || meter.load(Relaxed);
        let found = read::read(member, &import.mapping.file, &wants, &consumed, &mut |page| {
            if import.rows_max.is_some_and(|most| rows >= most) {
                return Err(Stop::Enough);
            }
            rows += (page.len() + page.broken.len()) as u64;
            pages.send(page).map_err(|_| Stop::Enough)
        })?;
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
    facts: Vec<Claim>,
    traits: Vec<Known>,
    progress: Progress,
}

/// Applies the mapping to page after page.
struct Mapper<'a> {
    mapping: &'a Mapping,
    namespaces: Vec<String>,
    tables: Vec<Table>,
    bound: Option<(Arc<Header>, RowPlan)>,
    running: Running,
    groups: Option<Groups<'a>>,
    /// How often each content was met.
    contents: HashMap<[u8; 16], u32>,
    /// The latest value of each trait, by a hash of person and name, until it is handed on.
    traits: HashMap<[u8; 16], Known>,
    rejects: Rejects,
    tally: Tally,
    /// The rows of which the caller has heard.
    told: u64,
    batch: Parcel,
}

/// Says that the sink wants no more.
struct Hangup;

impl<'a> Mapper<'a> {
    fn new(import: &Import<'a>, spoiled: &'a Spoiled) -> Result<Self, Failure> {
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
            groups: mapping.group.as_ref().map(|group| Groups::new(group.sorted, spoiled)),
            contents: HashMap::new(),
            traits: HashMap::new(),
            rejects: Rejects::new(input, import.rejects_folder, mapping.file.delimiter),
            tally: Tally::new(mapping.skip.len()),
            told: 0,
            batch: Parcel::empty(),
        })
    }

    fn run(mut self, pages: Receiver<Page>, parcels: SyncSender<Parcel>) -> Result<(Summary, Ends), Failure> {
        for page in pages {
            self.bind(&page.header)?;
            self.page(&page)?;
            self.batch.progress = Progress { bytes: page.consumed, rows: self.tally.rows };
            if self.tell(&parcels).is_err() {
                break;
            }
        }
        let ends = self.end_groups(&parcels);
        self.batch.traits.extend(self.traits.drain().map(|(_, known)| known));
        // When the sink hung up, its failure is what the person reads.
        let _ = self.send(&parcels);
        self.rejects.finish()?;
        let skips: Vec<String> = self.mapping.skip.iter().map(|skip| skip.because.clone()).collect();
        let mut summary = self.tally.summary(&skips, self.running.signatures);
        summary.rejects = self.rejects.files.iter().map(|path| path.display().to_string()).collect();
        Ok((summary, ends))
    }

    /// Finishes the groups still open at the end of the file.
    fn end_groups(&mut self, parcels: &SyncSender<Parcel>) -> Ends {
        let Some(mut groups) = self.groups.take() else {
            return Ends::default();
        };
        let mut last = None;
        for group in groups.take_open() {
            let key = group.key.clone();
            if let Err(reason) = self.arrive(group) {
                groups.spoil(key.clone(), Some(&reason));
            }
            last = self.mapping.group.as_ref().is_some_and(|group| group.sorted).then_some(key);
            if self.batch.arrivals.len() >= BATCH && self.send(parcels).is_err() {
                break;
            }
        }
        Ends { spoiled: groups.into_spoiled(), last }
    }

    /// Sends the batch when it is full; in between, and while groups are open, only how far things are.
    fn tell(&mut self, parcels: &SyncSender<Parcel>) -> Result<(), Hangup> {
        if self.traits.len() >= TRAITS {
            self.batch.traits.extend(self.traits.drain().map(|(_, known)| known));
        }
        if self.batch.arrivals.len() + self.batch.facts.len() + self.batch.traits.len() >= BATCH {
            return self.send(parcels);
        }
        if self.tally.rows - self.told < BATCH as u64 {
            return Ok(());
        }
        self.told = self.tally.rows;
        parcels.send(Parcel { progress: self.batch.progress, ..Parcel::empty() }).map_err(|_| Hangup)
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
            self.spoil_by(broken, &page.header)?;
            self.tally.refuse(broken.line, &broken.reason);
            self.rejects.broken(&page.header, broken)?;
        }
        for row in page.rows() {
            self.tally.rows += 1;
            if let Err(reason) = self.row(page, row) {
                self.spoil_around(row, &page.header);
                self.tally.refuse(row.line(), &reason);
                self.rejects.row(&page.header, row, &reason)?;
            }
        }
        if self.groups.as_ref().is_some_and(Groups::are_too_many) {
            return Err(fail!(
                groups_too_many,
                "The file has more groups than memory should hold: nothing was imported",
                "Sort it by the columns of the group and set `sorted = true` under [group]"
            ));
        }
        Ok(())
    }

    /// Spoils the groups to which a row that could not be read may belong.
    fn spoil_by(&mut self, broken: &Broken, header: &Header) -> Result<(), Failure> {
        let (Some(groups), Some((_, plan))) = (&mut self.groups, &self.bound) else {
            return Ok(());
        };
        let cells: Vec<&str> = broken.cells.iter().map(String::as_str).collect();
        let keys = plan.groups_of(&cells, header.columns.len());
        if header.documents || keys.is_empty() {
            let (file, reason) = (&header.member, &broken.reason);
            return Err(fail!(
                group_line_unreadable,
                "Line {line} of `{file}` cannot be read ({reason}), and so nobody can say which group is not whole without it: nothing was imported",
                "Mend that line, or take it out, and import the file again",
                line = broken.line
            ));
        }
        for key in keys {
            groups.spoil(key, None);
        }
        Ok(())
    }

    /// Spoils the groups of rows that a refused row may have swallowed, where a quotation in it was not closed.
    fn spoil_around(&mut self, row: Row<'_>, header: &Header) {
        let (Some(groups), Some((_, plan)), None) = (&mut self.groups, &self.bound, row.document()) else {
            return;
        };
        let cells: Vec<&str> = (0..header.columns.len()).map(|column| row.verbatim(column)).collect();
        if cells.iter().any(|cell| cell.contains('\n')) {
            for key in plan.groups_of(&cells, cells.len()) {
                groups.spoil(key, None);
            }
        }
    }

    fn row(&mut self, page: &Page, row: Row<'_>) -> Result<(), Reason> {
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
        let said = plan.read(scope, content, &mut self.running).inspect_err(|_| {
            if let (Some(groups), Some(key)) = (&mut self.groups, plan.group(scope)) {
                groups.spoil(key, None);
            }
        })?;
        for draft in said.drafts {
            self.draft(draft)?;
        }
        self.tally.links += said.facts.len() as u64;
        self.batch.facts.extend(said.facts);
        self.keep_traits(said.traits);
        Ok(())
    }

    /// Keeps the latest value of each trait; of two values with one time, that of the later row.
    fn keep_traits(&mut self, traits: Vec<Known>) {
        for known in traits {
            let (identity, name, _, at) = &known;
            let mut hasher = blake3::Hasher::new();
            for part in [&identity.namespace, &identity.value, name] {
                hasher.update(&(part.len() as u32).to_le_bytes());
                hasher.update(part.as_bytes());
            }
            let mut key = [0; 16];
            key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
            if self.traits.get(&key).is_none_or(|(.., before)| before <= at) {
                self.traits.insert(key, known);
            }
        }
    }

    fn draft(&mut self, draft: Draft) -> Result<(), Reason> {
        let Some(groups) = &mut self.groups else {
            return self.arrive(draft);
        };
        let Some(finished) = groups.add(draft)? else {
            return Ok(());
        };
        // What is wrong with a finished group is not the fault of the row that follows it.
        let key = finished.key.clone();
        if let Err(reason) = self.arrive(finished)
            && let Some(groups) = &mut self.groups
        {
            groups.spoil(key, Some(&reason));
        }
        Ok(())
    }

    fn arrive(&mut self, draft: Draft) -> Result<(), Reason> {
        let arrival = draft.finish(&self.mapping.source, &self.namespaces, &mut self.running.signatures)?;
        self.tally.interaction(&arrival);
        self.batch.arrivals.push(arrival);
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
        Self { arrivals: Vec::new(), facts: Vec::new(), traits: Vec::new(), progress: Progress::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Instant;

    /// Keeps the traits.
    #[derive(Default)]
    struct Traits(Vec<Known>);

    impl Sink for Traits {
        fn take(&mut self, _: Vec<Arrival>, _: Vec<Claim>, traits: Vec<Known>) -> Result<Taken, Failure> {
            self.0.extend(traits);
            Ok(Taken::default())
        }
    }

    /// Checks which trait, and from which second on, comes out of rows of seconds and values.
    fn check(rows: &str, expected: (&str, i64)) {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("a.csv");
        std::fs::write(&file, format!("at,who,tier\n{rows}")).expect("writes");
        let mapping = "source = \"t\"\ntraits = { tier = \"tier\" }\n[time]\ncolumn = \"at\"\nformat = \"epoch_s\"\n\
                       [person]\nidentities = [{ namespace = \"user\", column = \"who\" }]\n";
        let mapping = Mapping::parse(mapping, "m.toml").expect("valid");
        let import =
            Import { file: &file, mapping: &mapping, mapping_folder: None, rejects_folder: None, dry_run: true, rows_max: None };
        let mut traits = Traits::default();
        run(&import, &mut traits, &mut |_| {}).expect("imports");
        let [(_, _, value, at)] = traits.0.as_slice() else { panic!("one trait, not {:?}", traits.0) };
        assert_eq!((value.as_str(), *at), (expected.0, Instant(expected.1 * model::time::SECOND)), "{rows}");
    }

    #[test]
    fn the_latest_trait_counts_with_the_time_of_its_row() {
        check("1,a,silver\n2,a,gold\n", ("gold", 2));
        check("2,a,gold\n1,a,silver\n", ("gold", 2));
        check("1,a,silver\n1,a,gold\n", ("gold", 1));
        check("1,a,gold\n1,a,bronze\n", ("bronze", 1));
        check("1,a,gold\n9,a,gold\n5,a,\n", ("gold", 9));
    }
}
