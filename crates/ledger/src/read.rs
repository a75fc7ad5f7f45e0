//! The quick way through a file: only the columns that folds read, decoded by the low-level Parquet readers
//! straight into [`Rows`], without Arrow in between. A column chunk whose statistics say that it holds nothing, or
//! one and the same value, is not decoded at all.

use crate::columns::{check_schema, index, interaction_id, unknown};
use crate::error::{Result, disk, file};
use analysis::sequence::{NO_COST, Rows};
use model::InteractionId;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::statistics::{Statistics, ValueStatistics};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Is how many rows a run of a merge keeps in memory.
pub(crate) const PART: usize = 8192;

/// Opens a file of the table.
fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(disk("open", path))
}

/// Opens a file for reading whole rows, by way of Arrow, and checks that it has our columns.
pub(crate) fn whole_rows(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(open(path)?, options).map_err(file(path))?;
    check_schema(builder.schema(), path)?;
    Ok(builder)
}

/// Reads the columns of [`Rows`] from front to back: those of one file, or some that are in memory.
pub(crate) struct RowsReader {
    origin: Origin,
}

/// Is where rows come from.
enum Origin {
    File(FileRows),
    Memory { rows: Rows, actors: Vec<u64>, last: Range<usize> },
}

impl RowsReader {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let reader = SerializedFileReader::new(open(path)?).map_err(file(path))?;
        let rows = FileRows { path: path.to_owned(), reader, next_group: 0, group: None };
        Ok(Self { origin: Origin::File(rows) })
    }

    /// Takes sorted rows, and the raw identities of each.
    pub(crate) fn of(rows: Rows, actors: Vec<u64>) -> Self {
        Self { origin: Origin::Memory { rows, actors, last: 0..0 } }
    }

    /// Appends up to so many rows; tells whether there were any.
    pub(crate) fn read(&mut self, count: usize, out: &mut Rows) -> Result<bool> {
        match &mut self.origin {
            Origin::File(file_rows) => file_rows.read_some(count, out).map_err(file(&file_rows.path)),
            Origin::Memory { rows, last, .. } => {
                *last = last.end..rows.len().min(last.end + count);
                out.extend(rows, last.start, last.end);
                Ok(last.start < last.end)
            }
        }
    }

    /// Returns the raw identities of the rows that the last reading appended. They are decoded for this alone.
    pub(crate) fn actors(&mut self) -> Result<&[u64]> {
        match &mut self.origin {
            Origin::Memory { actors, last, .. } => Ok(&actors[last.clone()]),
            Origin::File(FileRows { group: None, .. }) => Ok(&[]),
            Origin::File(FileRows { path, group: Some(group), .. }) => {
                group.read_actors().map_err(file(path))?;
                Ok(&group.actors)
            }
        }
    }
}

/// Is a file that is being read.
struct FileRows {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    next_group: usize,
    group: Option<Group>,
}

impl FileRows {
    fn read_some(&mut self, rows: usize, out: &mut Rows) -> ParquetResult<bool> {
        loop {
            if let Some(group) = &mut self.group {
                let rows = rows.min(group.left);
                if rows > 0 {
                    group.read(rows, out)?;
                    return Ok(true);
                }
            }
            if self.next_group == self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.next_group)?;
            self.group = Some(Group::open(group.as_ref())?);
            self.next_group += 1;
        }
    }
}

/// Is the columns of one row group, as far as they are read.
struct Group {
    left: usize,
    /// How many rows the last reading appended, and how many were read since the actors were read last.
    last: usize,
    behind: usize,
    actor: Column<Int64Type>,
    actors: Vec<u64>,
    person: Column<Int64Type>,
    at: Column<Int64Type>,
    signal: Column<Int32Type>,
    form: Column<Int32Type>,
    direction: Column<Int32Type>,
    value: Column<Int64Type>,
    cost: Column<Int64Type>,
    scale: Column<Int32Type>,
    answer: Column<Int32Type>,
    answers: Vec<u16>,
    flags: Column<Int32Type>,
}

impl Group {
    fn open(group: &dyn RowGroupReader) -> ParquetResult<Self> {
        Ok(Self {
            left: group.metadata().num_rows() as usize,
            last: 0,
            behind: 0,
            actor: Column::open(group, "actor")?,
            actors: Vec::new(),
            person: Column::open(group, "person")?,
            at: Column::open(group, "at")?,
            signal: Column::open(group, "signal")?,
            form: Column::open(group, "form")?,
            direction: Column::open(group, "direction")?,
            value: Column::open(group, "value")?,
            cost: Column::open(group, "cost")?,
            scale: Column::open(group, "scale")?,
            answer: Column::open(group, "answer")?,
            answers: Vec::new(),
            flags: Column::open(group, "flags")?,
        })
    }

    /// Appends the next rows.
    fn read(&mut self, rows: usize, out: &mut Rows) -> ParquetResult<()> {
        self.person.read(rows, 0, i64::cast_unsigned, &mut out.person)?;
        self.at.read(rows, 0, |at| at, &mut out.at)?;
        self.signal.read(rows, 0, i32::cast_unsigned, &mut out.signal)?;
        self.form.read(rows, 0, |form| form as u8, &mut out.form)?;
        self.direction.read(rows, 0, |direction| direction as u8, &mut out.direction)?;
        self.value.read(rows, 0, |value| value, &mut out.value)?;
        self.cost.read(rows, NO_COST, |cost| cost, &mut out.cost)?;
        self.flags.read(rows, 0, i32::cast_unsigned, &mut out.flags)?;
        // The score is two columns here and one there, packed as `pack_score` does it.
        let first = out.score.len();
        self.scale.read(rows, 0, |scale| (scale as u16 + 1) << 8, &mut out.score)?;
        self.answers.clear();
        self.answer.read(rows, 0, |answer| answer as u16 & 0xff, &mut self.answers)?;
        for (score, answer) in out.score[first..].iter_mut().zip(&self.answers) {
            *score |= answer;
        }
        self.left -= rows;
        self.last = rows;
        self.behind += rows;
        Ok(())
    }

    /// Reads the actors of the rows of the last reading.
    fn read_actors(&mut self) -> ParquetResult<()> {
        if self.behind == 0 {
            return Ok(());
        }
        self.actor.skip(self.behind - self.last)?;
        self.actors.clear();
        self.actor.read(self.last, 0, i64::cast_unsigned, &mut self.actors)?;
        self.behind = 0;
        Ok(())
    }
}

/// Is one column of a row group, with buffers that are used again.
struct Column<T: DataType> {
    source: Source<T>,
    values: Vec<T::T>,
    levels: Vec<i16>,
}

/// Is where the values of a column chunk come from.
enum Source<T: DataType> {
    /// From the statistics: the same everywhere, `None` for nothing.
    Same(Option<T::T>),
    /// From pages without gaps.
    Full(ColumnReaderImpl<T>),
    /// From pages with gaps.
    Gaps(ColumnReaderImpl<T>),
}

/// Is a type whose statistics can be looked into.
trait Plain: DataType {
    fn statistics(statistics: &Statistics) -> Option<&ValueStatistics<Self::T>>;
}

impl Plain for Int32Type {
    fn statistics(statistics: &Statistics) -> Option<&ValueStatistics<i32>> {
        if let Statistics::Int32(values) = statistics { Some(values) } else { None }
    }
}

impl Plain for Int64Type {
    fn statistics(statistics: &Statistics) -> Option<&ValueStatistics<i64>> {
        if let Statistics::Int64(values) = statistics { Some(values) } else { None }
    }
}

impl<T: Plain> Column<T>
where
    T::T: Copy + PartialEq,
{
    fn open(group: &dyn RowGroupReader, name: &str) -> ParquetResult<Self> {
        let place = index(name);
        let chunk = group.metadata().column(place);
        if chunk.column_descr().name() != name || chunk.column_type() != T::get_physical_type() {
            return Err(ParquetError::General(format!("no column `{name}` at place {place}")));
        }
        let source = match same_everywhere::<T>(chunk.statistics(), chunk.num_values().unsigned_abs()) {
            Some(value) => Source::Same(value),
            None => {
                let reader = get_typed_column_reader::<T>(group.get_column_reader(place)?);
                if chunk.column_descr().max_def_level() == 0 { Source::Full(reader) } else { Source::Gaps(reader) }
            }
        };
        Ok(Self { source, values: Vec::new(), levels: Vec::new() })
    }

    /// Appends the next values, `missing` where there is none.
    fn read<U: Copy>(&mut self, rows: usize, missing: U, convert: impl Fn(T::T) -> U, out: &mut Vec<U>) -> ParquetResult<()> {
        self.values.clear();
        self.levels.clear();
        let found = match &mut self.source {
            Source::Same(value) => {
                out.resize(out.len() + rows, value.map_or(missing, convert));
                rows
            }
            Source::Full(reader) => {
                let (found, ..) = reader.read_records(rows, None, None, &mut self.values)?;
                out.extend(self.values.iter().map(|value| convert(*value)));
                found
            }
            Source::Gaps(reader) => {
                let (found, ..) = reader.read_records(rows, Some(&mut self.levels), None, &mut self.values)?;
                let mut values = self.values.iter().map(|value| convert(*value));
                out.extend(self.levels.iter().map(|level| if *level == 0 { missing } else { values.next().unwrap_or(missing) }));
                found
            }
        };
        if found == rows { Ok(()) } else { Err(ParquetError::EOF(format!("{found} values where {rows} were promised"))) }
    }
}

impl<T: Plain> Column<T> {
    /// Passes over the next values.
    fn skip(&mut self, rows: usize) -> ParquetResult<()> {
        let skipped = match &mut self.source {
            Source::Same(_) => rows,
            Source::Full(reader) | Source::Gaps(reader) => reader.skip_records(rows)?,
        };
        if skipped == rows { Ok(()) } else { Err(ParquetError::EOF(format!("{skipped} values where {rows} were promised"))) }
    }
}

/// Tells from the statistics whether all values of a chunk are the same, or all are missing.
fn same_everywhere<T: Plain>(statistics: Option<&Statistics>, rows: u64) -> Option<Option<T::T>>
where
    T::T: Copy + PartialEq,
{
    let statistics = T::statistics(statistics?)?;
    match statistics.null_count_opt()? {
        0 if statistics.min_is_exact() && statistics.max_is_exact() => {
            statistics.min_opt().filter(|least| Some(*least) == statistics.max_opt()).map(|value| Some(*value))
        }
        nulls if nulls == rows => Some(None),
        _ => None,
    }
}

/// Hands every id of a file to `each`, in the order of the file.
pub(crate) fn ids(path: &Path, mut each: impl FnMut(InteractionId)) -> Result<()> {
    read_column::<ByteArrayType>(path, "id", |values: &[ByteArray]| {
        for value in values {
            each(interaction_id(value.data()).map_err(|what| unknown(path, what))?);
        }
        Ok(())
    })
}

/// Hands the values of a column of 64-bit hashes to `each`, part by part, in the order of the file.
pub(crate) fn hashes(path: &Path, name: &str, mut each: impl FnMut(&[i64])) -> Result<()> {
    read_column::<Int64Type>(path, name, |values| {
        each(values);
        Ok(())
    })
}

/// Reads one column without gaps.
fn read_column<T: DataType>(path: &Path, name: &str, mut each: impl FnMut(&[T::T]) -> Result<()>) -> Result<()> {
    let reader = SerializedFileReader::new(open(path)?).map_err(file(path))?;
    let mut values = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(file(path))?;
        let mut column = get_typed_column_reader::<T>(group.get_column_reader(index(name)).map_err(file(path))?);
        loop {
            values.clear();
            let (found, ..) = column.read_records(PART, None, None, &mut values).map_err(file(path))?;
            if found == 0 {
                break;
            }
            each(&values)?;
        }
    }
    Ok(())
}
