//! Reading for folds: the rows of whole people, sorted, bucket by bucket on a few threads.
//!
//! Rows of people who are unsettled are set aside as they are read, under the person they belong to today, and handed
//! over at the end, when all of them are there. So a change of who is who costs memory for the people concerned alone,
//! and no second reading.

use crate::columns::{BUCKETS, bucket_of};
use crate::error::Result;
use crate::log::FileInfo;
use crate::merge::{Run, Sink, merge, sorted_places};
use crate::read::{PART, RowsReader};
use crate::resolve::Resolve;
use crate::share::share;
use crate::tail::{Tail, TailRun};
use analysis::sequence::{Fold, Rows};
use model::{ActorId, Instant, PersonId};
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

/// Is about how many rows a fold gets at once: enough to make a call cheap, and few enough to stay near the processor.
const CHUNK: usize = 65_536;

/// Runs a fold over all rows of some files and of the tail.
pub(crate) fn scan<F: Fold>(
    dir: &Path,
    files: &[FileInfo],
    tail: &Tail,
    people: &dyn Resolve,
    threads: usize,
    make: impl Fn() -> F + Sync,
) -> Result<F> {
    let mut buckets: Vec<(Vec<&FileInfo>, TailRun)> = Vec::new();
    for (bucket, tail) in (0..BUCKETS).zip(tail.runs()) {
        buckets.push((files.iter().filter(|file| file.bucket == bucket).collect(), tail));
    }
    let read = |part: &mut Part<F>, (files, tail): &(Vec<&FileInfo>, TailRun)| read_bucket(dir, files, tail, people, part);
    let mut parts = share(&buckets, threads, || Part::new(make()), read)?;
    let asides: Vec<Vec<Rows>> = parts.iter_mut().map(|part| part.aside.take()).collect();
    let mut folds: Vec<F> = parts.into_iter().map(|part| part.chunks.fold).collect();
    if people.has_unsettled() {
        let places: Vec<usize> = (0..usize::from(BUCKETS)).collect();
        let read = |chunks: &mut Chunks<F>, bucket: &usize| {
            let mut gathered = Rows::default();
            for aside in asides.iter().filter_map(|aside| aside.get(*bucket)) {
                gathered.extend(aside, 0, aside.len());
            }
            chunks.take_unsorted(&gathered);
            Ok(())
        };
        folds.extend(share(&places, threads, || Chunks::new(make()), read)?.into_iter().map(|chunks| chunks.fold));
    }
    let mut folds = folds.into_iter();
    let first = folds.next().unwrap_or_else(make);
    Ok(folds.fold(first, |mut all, part| {
        all.merge(part);
        all
    }))
}

/// Is what one thread has made of its buckets.
struct Part<F> {
    chunks: Chunks<F>,
    /// Rows of people who are unsettled, by the bucket of the person they belong to. Every run adds to it.
    aside: RefCell<Vec<Rows>>,
}

impl<F: Fold> Part<F> {
    fn new(fold: F) -> Self {
        Self { chunks: Chunks::new(fold), aside: RefCell::default() }
    }
}

/// Reads all rows of one bucket.
fn read_bucket<F: Fold>(dir: &Path, files: &[&FileInfo], tail: &TailRun, people: &dyn Resolve, part: &mut Part<F>) -> Result<()> {
    let Part { chunks, aside } = part;
    let files = files.iter().map(|file| RowsReader::open(&dir.join(&file.path)));
    let tail = (!tail.rows.is_empty()).then(|| Ok(RowsReader::of(tail.rows.clone(), tail.actors.clone())));
    let settled = |reader: Result<RowsReader>| Ok(SettledRun { reader: reader?, people, aside, part: Rows::default() });
    let mut runs = files.chain(tail).map(settled).collect::<Result<Vec<_>>>()?;
    if let [run] = runs.as_mut_slice() {
        while run.read(CHUNK, &mut chunks.rows)? {
            chunks.hand_over_whole_people();
        }
    } else {
        merge(runs, chunks)?;
    }
    chunks.hand_over();
    Ok(())
}

/// Reads the rows of one run, without those that it sets aside.
struct SettledRun<'a> {
    reader: RowsReader,
    people: &'a dyn Resolve,
    aside: &'a RefCell<Vec<Rows>>,
    part: Rows,
}

impl<'a> SettledRun<'a> {
    /// Appends some of the next so many rows, perhaps none; tells whether there were any to look at.
    fn read(&mut self, rows: usize, out: &mut Rows) -> Result<bool> {
        let first = out.len();
        if !self.reader.read(rows, out)? {
            return Ok(false);
        }
        if self.people.has_unsettled() {
            self.set_aside(first, out)?;
        }
        Ok(true)
    }

    /// Takes the rows of people who are unsettled out of those from `first` on.
    fn set_aside(&mut self, first: usize, out: &mut Rows) -> Result<()> {
        let is_unsettled = |person: &u64| self.people.is_unsettled(PersonId(*person));
        if !out.person[first..].chunk_by(|one, other| one == other).any(|rows| is_unsettled(&rows[0])) {
            return Ok(());
        }
        let actors = self.reader.actors()?;
        let mut aside = self.aside.borrow_mut();
        aside.resize_with(usize::from(BUCKETS), Rows::default);
        let mut settled = Rows::default();
        let mut start = first;
        for same in out.person[first..].chunk_by(|one, other| one == other) {
            let range = start..start + same.len();
            start = range.end;
            if !is_unsettled(&same[0]) {
                settled.extend(out, range.start, range.end);
                continue;
            }
            for row in range {
                let person = self.people.person_of(ActorId(actors[row - first]), Instant(out.at[row]));
                debug_assert!(self.people.is_unsettled(person), "whoever gains rows is unsettled too");
                let own = &mut aside[usize::from(bucket_of(person.0))];
                own.extend(out, row, row + 1);
                *own.person.last_mut().expect("a row was just added") = person.0;
            }
        }
        out.truncate(first);
        out.extend(&settled, 0, settled.len());
        Ok(())
    }
}

impl Run for SettledRun<'_> {
    fn rows(&self) -> &Rows {
        &self.part
    }

    fn refill(&mut self) -> Result<()> {
        let mut part = std::mem::take(&mut self.part);
        part.clear();
        while part.is_empty() && self.read(PART, &mut part)? {}
        self.part = part;
        Ok(())
    }
}

/// Collects sorted rows and hands them to a fold, whole people at a time.
struct Chunks<F> {
    fold: F,
    /// Rows not handed over yet.
    rows: Rows,
    /// The buffer that `rows` changes places with.
    spare: Rows,
}

impl<F: Fold> Chunks<F> {
    fn new(fold: F) -> Self {
        Self { fold, rows: Rows::default(), spare: Rows::default() }
    }

    /// Hands over all but the last person, of whom more rows may come.
    fn hand_over_whole_people(&mut self) {
        let Some(last) = self.rows.person.last() else { return };
        let cut = self.rows.person.partition_point(|person| person < last);
        if cut > 0 {
            self.spare.clear();
            self.spare.extend(&self.rows, cut, self.rows.len());
            self.rows.truncate(cut);
            self.hand_over();
            std::mem::swap(&mut self.rows, &mut self.spare);
        }
    }

    /// Hands over everything.
    fn hand_over(&mut self) {
        if !self.rows.is_empty() {
            self.fold.take(&self.rows);
            self.rows.clear();
        }
    }

    /// Sorts rows and hands them over.
    fn take_unsorted(&mut self, rows: &Rows) {
        for places in sorted_places(rows).chunks(CHUNK) {
            for place in places {
                self.rows.extend(rows, *place as usize, *place as usize + 1);
            }
            self.hand_over_whole_people();
        }
        self.hand_over();
    }
}

impl<'r, F: Fold> Sink<SettledRun<'r>> for Chunks<F> {
    fn take(&mut self, runs: &[SettledRun<'r>], run: usize, stretch: Range<usize>) -> Result<()> {
        self.rows.extend(runs[run].rows(), stretch.start, stretch.end);
        if self.rows.len() >= CHUNK {
            self.hand_over_whole_people();
        }
        Ok(())
    }
}
