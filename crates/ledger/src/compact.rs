//! Keeping the ledger quick to read: the many small files of a bucket become one, and rows that belong to somebody else
//! by now move to where that person lives. Everything streams: memory does not grow with the ledger.

use crate::columns::{BUCKETS, bucket_of, file_schema, index, rows_of};
use crate::draft::Scratch;
use crate::error::{Result, disk as disk_error, file};
use crate::log::FileInfo;
use crate::merge::{Run, Sink, compare, merge};
use crate::read::{hashes, whole_rows};
use crate::resolve::{Resolve, alone};
use crate::write::RunWriter;
use analysis::sequence::Rows;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray, UInt32Array};
use deltalake_core::arrow::compute::{concat_batches, filter_record_batch, interleave_record_batch, take_record_batch};
use model::{ActorId, Instant, PersonId};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::errors::ParquetError;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Is from how many files in one bucket on a compaction is worth its while.
pub(crate) const FILES_ENOUGH: usize = 8;
/// Is the size of the smallest class of files, in bits: up to so many rows, files are not told apart.
const CLASS_BITS: u32 = 6;
/// Is how many rows of a file are in memory at a time.
const PART: usize = 4096;
/// Is how many files are merged at once; more are merged in several rounds, so that memory stays bounded.
const WIDTH: usize = 32;
/// Is how many rows that move are collected in memory before they are written to a file of their own.
const MOVING: usize = 65_536;

/// Is what a compaction did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Compacted {
    /// Files that were replaced.
    pub replaced: u64,
    /// Files that were written instead.
    pub written: u64,
    /// Rows that were rewritten under the person they belong to today.
    pub moved: u64,
}

/// Is what a compaction is about to exchange.
pub(crate) struct Plan {
    /// The new files, durable already.
    pub(crate) add: Vec<FileInfo>,
    /// The files whose rows are in them.
    pub(crate) remove: Vec<FileInfo>,
    pub(crate) moved: u64,
}

/// Writes the files of a compaction; the table does not know them before they are committed.
pub(crate) fn prepare(scratch: &Scratch, files: &[FileInfo], people: &dyn Resolve) -> Result<Plan> {
    let moves = Moves { scratch, people };
    let (spilled, touched, moved) = moves.set_aside(files)?;
    let mut plan = Plan { add: Vec::new(), remove: Vec::new(), moved };
    for bucket in 0..BUCKETS {
        let old: Vec<&FileInfo> = files.iter().filter(|file| file.bucket == bucket).collect();
        let spills = &spilled[usize::from(bucket)];
        let is_touched = old.iter().any(|file| touched.contains(&file.path.as_str()));
        if old.len() <= 1 && spills.is_empty() && !is_touched {
            continue;
        }
        let inputs = old.iter().map(|file| scratch.disk.dir.join(&file.path)).chain(spills.iter().cloned()).collect();
        plan.add.extend(moves.merge_bucket(bucket, inputs)?);
        plan.remove.extend(old.into_iter().cloned());
    }
    Ok(plan)
}

/// Merges the files of each bucket and size class in which there are many.
pub(crate) fn tidy(scratch: &Scratch, files: &[FileInfo]) -> Result<Plan> {
    let moves = Moves { scratch, people: &alone };
    let mut plan = Plan { add: Vec::new(), remove: Vec::new(), moved: 0 };
    for class in crowded(files) {
        let inputs = class.iter().map(|file| scratch.disk.dir.join(&file.path)).collect();
        plan.add.extend(moves.merge_bucket(class[0].bucket, inputs)?);
        plan.remove.extend(class.into_iter().cloned());
    }
    Ok(plan)
}

/// Finds the files that are worth merging: those of one bucket and one size class, where there are enough of them.
pub(crate) fn crowded(files: &[FileInfo]) -> Vec<Vec<&FileInfo>> {
    let mut classes: BTreeMap<(u8, u32), Vec<&FileInfo>> = BTreeMap::new();
    for file in files {
        classes.entry((file.bucket, size_class(file.rows))).or_default().push(file);
    }
    classes.into_values().filter(|files| files.len() >= FILES_ENOUGH).collect()
}

/// Returns the class of a file: the next one has eight times as many rows.
const fn size_class(rows: u64) -> u32 {
    (u64::BITS - rows.leading_zeros()).saturating_sub(CLASS_BITS) / FILES_ENOUGH.ilog2()
}

/// Knows who moves, and does it.
struct Moves<'a> {
    scratch: &'a Scratch,
    people: &'a dyn Resolve,
}

/// Is the files of rows that move, per bucket they move to; the paths of the files they come from; their number.
type Aside<'f> = (Vec<Vec<PathBuf>>, Vec<&'f str>, u64);

impl Moves<'_> {
    /// Copies the rows that move into sorted files of their own.
    fn set_aside<'f>(&self, files: &'f [FileInfo]) -> Result<Aside<'f>> {
        let mut moving =
            Moving { scratch: self.scratch, parts: Vec::new(), rows: 0, spilled: vec![Vec::new(); usize::from(BUCKETS)] };
        let mut touched = Vec::new();
        let mut moved = 0;
        for info in files {
            let path = self.scratch.disk.dir.join(&info.path);
            if !self.people.has_unsettled() || !self.concerns(&path)? {
                continue;
            }
            let before = moved;
            for batch in batches(&path)? {
                let batch = batch.map_err(|error| file(&path)(ParquetError::from(error)))?;
                let batch = self.leaving(&batch).map_err(file(&path))?;
                moved += batch.num_rows() as u64;
                moving.push(batch)?;
            }
            if moved > before {
                touched.push(info.path.as_str());
            }
        }
        moving.spill()?;
        Ok((moving.spilled, touched, moved))
    }

    /// Tells whether a file may hold rows that move.
    fn concerns(&self, path: &Path) -> Result<bool> {
        let mut found = false;
        hashes(path, "person", |persons| {
            let mut people = persons.chunk_by(|one, other| one == other);
            found = found || people.any(|rows| self.people.is_unsettled(PersonId(rows[0].cast_unsigned())));
        })?;
        Ok(found)
    }

    /// Returns the rows that move, under the person they move to.
    fn leaving(&self, batch: &RecordBatch) -> Result<RecordBatch, ParquetError> {
        let moves = |to: &Option<PersonId>| Some(to.is_some());
        let destinations: Vec<_> = self.destinations(batch).collect();
        let leaving = filter_record_batch(batch, &destinations.iter().map(moves).collect::<BooleanArray>())?;
        let people: Int64Array = destinations.into_iter().flatten().map(|person| person.0.cast_signed()).collect();
        let mut columns = leaving.columns().to_vec();
        columns[index("person")] = Arc::new(people) as ArrayRef;
        Ok(RecordBatch::try_new(leaving.schema(), columns)?)
    }

    /// Marks the rows that stay.
    fn staying(&self, batch: &RecordBatch) -> BooleanArray {
        self.destinations(batch).map(|to| Some(to.is_none())).collect()
    }

    /// Returns for each row to whom it moves; `None` for a row that stays.
    fn destinations(&self, batch: &RecordBatch) -> impl Iterator<Item = Option<PersonId>> {
        let actors: &Int64Array = batch.column(index("actor")).as_primitive();
        let times: &TimestampMicrosecondArray = batch.column(index("at")).as_primitive();
        let rows = persons(batch).values().iter().zip(actors.values()).zip(times.values());
        rows.map(|((written, actor), at)| {
            let written = PersonId(written.cast_unsigned());
            let today = || self.people.person_of(ActorId(actor.cast_unsigned()), Instant(*at));
            self.people.is_unsettled(written).then(today).filter(|today| *today != written)
        })
    }

    /// Merges files into the one file of a bucket; `None` when no rows are left.
    fn merge_bucket(&self, bucket: u8, mut inputs: Vec<PathBuf>) -> Result<Option<FileInfo>> {
        let mut round = 0;
        while inputs.len() > WIDTH {
            let path = self.scratch.spill()?.join(format!("round-{bucket}-{round}.parquet"));
            let mut writer = RunWriter::create(&self.scratch.disk, path.clone())?;
            self.merge_files(inputs.drain(..WIDTH), &mut writer)?;
            writer.finish()?;
            inputs.push(path);
            round += 1;
        }
        let name = self.scratch.name(bucket);
        let path = self.scratch.disk.dir.join(&name);
        let mut writer = RunWriter::create(&self.scratch.disk, path.clone())?;
        self.merge_files(inputs.into_iter(), &mut writer)?;
        let written = writer.finish_durably(bucket, name)?;
        if written.rows > 0 {
            return Ok(Some(written));
        }
        let path = self.scratch.disk.dir.join(&written.path);
        fs::remove_file(&path).map_err(disk_error("remove", &path))?;
        Ok(None)
    }

    /// Merges the rows of files that stay into one file.
    fn merge_files(&self, inputs: impl Iterator<Item = PathBuf>, writer: &mut RunWriter<'_>) -> Result<()> {
        let runs = inputs.map(|path| FullRun::open(self, path)).collect::<Result<Vec<_>>>()?;
        merge(runs, &mut Rewrite { writer, places: Vec::new() })
    }
}

/// Returns the persons of a batch.
fn persons(batch: &RecordBatch) -> &Int64Array {
    batch.column(index("person")).as_primitive()
}

/// Reads whole rows of a file, a part at a time.
fn batches(path: &Path) -> Result<ParquetRecordBatchReader> {
    whole_rows(path)?.with_batch_size(PART).build().map_err(file(path))
}

/// Collects rows that move, and writes them to sorted files whenever there are many.
struct Moving<'a> {
    scratch: &'a Scratch,
    parts: Vec<RecordBatch>,
    rows: usize,
    spilled: Vec<Vec<PathBuf>>,
}

impl Moving<'_> {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        self.parts.push(batch);
        if self.rows >= MOVING { self.spill() } else { Ok(()) }
    }

    /// Writes what was collected, one file per bucket.
    fn spill(&mut self) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        let Some(first) = parts.first().filter(|_| self.rows > 0) else { return Ok(()) };
        let folder = self.scratch.spill()?;
        let all = concat_batches(&first.schema(), &parts).map_err(|error| file(&folder)(ParquetError::from(error)))?;
        let (rows, ids) = (rows_of(&all), ids(&all));
        let mut places: Vec<u32> = (0..all.num_rows() as u32).collect();
        places.sort_unstable_by(|one, other| {
            let (one, other) = (*one as usize, *other as usize);
            compare(&rows, one, &rows, other).then_with(|| ids.value(one).cmp(ids.value(other)))
        });
        let bucket = |place: &u32| bucket_of(rows.person[*place as usize]);
        for places in places.chunk_by(|one, other| bucket(one) == bucket(other)) {
            let files = &mut self.spilled[usize::from(bucket(&places[0]))];
            let path = folder.join(format!("moved-{}-{}.parquet", bucket(&places[0]), files.len()));
            let part = take_record_batch(&all, &UInt32Array::from(places.to_vec()))
                .map_err(|error| file(&path)(ParquetError::from(error)))?;
            let mut writer = RunWriter::create(&self.scratch.disk, path.clone())?;
            writer.push(&part)?;
            writer.finish()?;
            files.push(path);
        }
        self.rows = 0;
        Ok(())
    }
}

/// Returns the ids of a batch.
fn ids(batch: &RecordBatch) -> &BinaryArray {
    batch.column(index("id")).as_binary()
}

/// Reads whole rows of a file, without those that move away.
struct FullRun<'a> {
    moves: &'a Moves<'a>,
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch: RecordBatch,
    rows: Rows,
}

impl<'a> FullRun<'a> {
    fn open(moves: &'a Moves<'a>, path: PathBuf) -> Result<Self> {
        let reader = batches(&path)?;
        Ok(Self { moves, reader, batch: RecordBatch::new_empty(file_schema()), rows: Rows::default(), path })
    }
}

impl Run for FullRun<'_> {
    fn rows(&self) -> &Rows {
        &self.rows
    }

    fn refill(&mut self) -> Result<()> {
        self.rows = Rows::default();
        while self.rows.is_empty()
            && let Some(batch) = self.reader.next()
        {
            let mut batch = batch.map_err(|error| file(&self.path)(ParquetError::from(error)))?;
            if self.moves.people.has_unsettled() {
                let staying = filter_record_batch(&batch, &self.moves.staying(&batch));
                batch = staying.map_err(|error| file(&self.path)(ParquetError::from(error)))?;
            }
            self.rows = rows_of(&batch);
            self.batch = batch;
        }
        Ok(())
    }

    /// Orders by the id at last, so that the same rows make the same file whatever way they came.
    fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let by_id = || ids(&self.batch).value(row).cmp(ids(&other.batch).value(other_row));
        compare(&self.rows, row, &other.rows, other_row).then_with(by_id)
    }
}

/// Writes merged rows to a file.
struct Rewrite<'a, 'w> {
    writer: &'a mut RunWriter<'w>,
    /// Rows to be written next: which run, which row of its part in memory.
    places: Vec<(usize, usize)>,
}

impl Rewrite<'_, '_> {
    fn flush(&mut self, runs: &[FullRun<'_>]) -> Result<()> {
        if let Some((run, _)) = self.places.first() {
            let batches: Vec<&RecordBatch> = runs.iter().map(|run| &run.batch).collect();
            let merged = interleave_record_batch(&batches, &self.places);
            self.writer.push(&merged.map_err(|error| file(&runs[*run].path)(ParquetError::from(error)))?)?;
            self.places.clear();
        }
        Ok(())
    }
}

impl<'m> Sink<FullRun<'m>> for Rewrite<'_, '_> {
    fn take(&mut self, runs: &[FullRun<'m>], run: usize, stretch: Range<usize>) -> Result<()> {
        self.places.extend(stretch.map(|row| (run, row)));
        if self.places.len() >= PART { self.flush(runs) } else { Ok(()) }
    }

    /// The places of rows mean something only as long as their part is in memory.
    fn before_refill(&mut self, runs: &[FullRun<'m>]) -> Result<()> {
        self.flush(runs)
    }
}
