//! Reading for folds: the rows of whole people, sorted, bucket by bucket on a few threads.
//!
//! People that were joined since the files were written are set aside: their rows, and those of the person they
//! now belong to, are collected during the same pass, and handed over at the end under the one name. So a
//! joining costs memory for the joined people alone and no second reading.

use crate::columns::{BUCKETS, bucket_of};
use crate::error::Result;
use crate::known::Ready;
use crate::log::FileInfo;
use crate::merge::{Sink, merge, sorted_places};
use crate::read::RowsReader;
use crate::share::share;
use analysis::sequence::{Fold, Rows};
use model::PersonId;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::path::Path;

/// Is about how many rows a fold gets at once: enough to make a call cheap, and few enough to stay near the processor.
const CHUNK: usize = 65_536;

/// Says under which person the rows of a person are read; whoever is not in it stays.
type Names = HashMap<u64, u64, BuildHasherDefault<Ready>>;

/// Runs a fold over all rows of some files.
pub(crate) fn scan<F: Fold>(
    dir: &Path,
    files: &[FileInfo],
    relocated: &HashMap<PersonId, PersonId>,
    threads: usize,
    make: impl Fn() -> F + Sync,
) -> Result<F> {
    let mut buckets: Vec<Vec<&FileInfo>> = Vec::new();
    for bucket in 0..BUCKETS {
        buckets.push(files.iter().filter(|file| file.bucket == bucket).collect());
    }
    let names = names(relocated);
    let read = |chunks: &mut Chunks<'_, F>, bucket: &Vec<&FileInfo>| read_bucket(dir, bucket, chunks);
    let mut parts = share(&buckets, threads, || Chunks::new(make(), &names), read)?;
    let asides: Vec<Vec<Rows>> = parts.iter_mut().map(|part| std::mem::take(&mut part.aside)).collect();
    let mut folds: Vec<F> = parts.into_iter().map(|part| part.fold).collect();
    if !names.is_empty() {
        let nobody = Names::default();
        let places: Vec<usize> = (0..usize::from(BUCKETS)).collect();
        let read = |chunks: &mut Chunks<'_, F>, bucket: &usize| {
            let mut joined = Rows::default();
            for aside in asides.iter().map(|aside| &aside[*bucket]) {
                joined.extend(aside, 0, aside.len());
            }
            chunks.take_unsorted(&joined);
            Ok(())
        };
        folds.extend(share(&places, threads, || Chunks::new(make(), &nobody), read)?.into_iter().map(|part| part.fold));
    }
    let mut folds = folds.into_iter();
    let first = folds.next().unwrap_or_else(make);
    Ok(folds.fold(first, |mut all, part| {
        all.merge(part);
        all
    }))
}

/// Makes the names of all people whose rows are set aside: those joined, and those they were joined to.
fn names(relocated: &HashMap<PersonId, PersonId>) -> Names {
    let moved = relocated.iter().filter(|(from, to)| from != to);
    moved.flat_map(|(from, to)| [(from.0, to.0), (to.0, to.0)]).collect()
}

/// Reads all rows of one bucket.
fn read_bucket<F: Fold>(dir: &Path, files: &[&FileInfo], chunks: &mut Chunks<'_, F>) -> Result<()> {
    let mut runs = files.iter().map(|file| RowsReader::open(&dir.join(&file.path))).collect::<Result<Vec<_>>>()?;
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

/// Collects sorted rows and hands them to a fold, whole people at a time.
struct Chunks<'a, F> {
    fold: F,
    names: &'a Names,
    /// Rows not handed over yet.
    rows: Rows,
    /// The buffer that `rows` changes places with.
    spare: Rows,
    /// Rows of people in `names`, by the bucket they now belong to.
    aside: Vec<Rows>,
}

impl<'a, F: Fold> Chunks<'a, F> {
    fn new(fold: F, names: &'a Names) -> Self {
        let aside = vec![Rows::default(); usize::from(BUCKETS)];
        Self { fold, names, rows: Rows::default(), spare: Rows::default(), aside }
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
        if !self.names.is_empty() {
            self.set_aside();
        }
        if !self.rows.is_empty() {
            self.fold.take(&self.rows);
            self.rows.clear();
        }
    }

    /// Takes the rows of people in `names` out of those to be handed over.
    fn set_aside(&mut self) {
        let is_named = |person: &u64| self.names.contains_key(person);
        if !self.rows.person.chunk_by(|one, other| one == other).any(|rows| is_named(&rows[0])) {
            return;
        }
        let mut rest = Rows::default();
        for range in self.rows.people() {
            match self.names.get(&self.rows.person[range.start]) {
                None => rest.extend(&self.rows, range.start, range.end),
                Some(name) => {
                    let aside = &mut self.aside[usize::from(bucket_of(*name))];
                    aside.extend(&self.rows, range.start, range.end);
                    let first = aside.len() - range.len();
                    aside.person[first..].fill(*name);
                }
            }
        }
        self.rows = rest;
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

impl<F: Fold> Sink<RowsReader> for Chunks<'_, F> {
    fn take(&mut self, runs: &[RowsReader], run: usize, stretch: Range<usize>) -> Result<()> {
        use crate::merge::Run;
        self.rows.extend(runs[run].rows(), stretch.start, stretch.end);
        if self.rows.len() >= CHUNK {
            self.hand_over_whole_people();
        }
        Ok(())
    }
}
