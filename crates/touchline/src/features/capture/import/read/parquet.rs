//! Parquet: only the columns that are wanted are read. Values become text in their shortest exact form.

use super::{Wants, damaged};
use crate::failure::Failure;
use crate::features::capture::Reason;
use crate::features::capture::import::page::{FILE, Header, LINE, Out, Page, Stop};
use crate::features::capture::import::source::Member;
use crate::{fail, tell};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::cell::Cell;
use std::fmt::Write;
use std::fs::File;
use std::io::{Read, Seek};

/// A packed file may unpack to so many times its size, for Parquet is packed in itself …
const UNPACKED_TIMES: u64 = 1_000;
/// … at least to so many bytes …
const UNPACKED_FREE: u64 = 64 << 20;
/// … and at most to so many.
const UNPACKED_MAX: u64 = 64 << 30;
/// So many bytes are unpacked between two looks.
const UNPACKED_STEP: u64 = 1 << 20;
/// Rows decoded at once.
const BATCH: usize = 4096;

pub(super) fn read(
    member: Member<'_>,
    wants: &Wants,
    consumed: &dyn Fn() -> u64,
    send: &mut dyn FnMut(Page) -> Result<(), Stop>,
) -> Result<Vec<Reason>, Stop> {
    let name = member.name.clone();
    let packed = member.file.is_none();
    let file = on_disk(member, consumed)?;
    let size = file.metadata().map_or(0, |found| found.len());
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|error| {
        fail!(
            parquet_unreadable,
            "`{file}` is a Parquet file that cannot be read",
            "It may be cut off: fetch it again",
            file = &name
        )
        .because(&error)
    })?;
    let (mask, notes) = projection(&builder, &name, wants)?;
    let rows = builder.metadata().file_metadata().num_rows().max(1) as u64;
    let batches = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|error| damaged(&error))?;
    let columns = batches.schema().fields().iter().map(|field| field.name().clone()).collect();
    let header = Header { member: name, columns, documents: false };
    let line_column = header.position(LINE);
    let done = Cell::new(0);
    // Parquet is not read from front to back, so progress is measured by rows and told in bytes.
    let by_rows = || if packed { consumed() } else { size.saturating_mul(done.get()) / rows };
    let mut out = Out::new(header, &by_rows, send);
    let result = (|| {
        for batch in batches {
            let batch = batch.map_err(|error| damaged(&error))?;
            table(&batch, line_column, done.get(), &mut out)?;
            done.set(done.get() + batch.num_rows() as u64);
        }
        Ok(())
    })();
    out.finish(result).map(|()| notes)
}

/// Gets the bytes where they can be read from the end: what is packed is unpacked into a temporary file.
fn on_disk(mut member: Member<'_>, packed: &dyn Fn() -> u64) -> Result<File, Stop> {
    if let Some(file) = member.file.take() {
        return Ok(file);
    }
    let mut file = tempfile::tempfile().map_err(|error| {
        Failure::new("Cannot make a temporary file to unpack into").because(&error).hint("Set TMPDIR to a folder with room")
    })?;
    let room = || packed().saturating_mul(UNPACKED_TIMES).clamp(UNPACKED_FREE, UNPACKED_MAX);
    unpack(&mut member.stream, &mut file, &room, &member.name)?;
    Ok(file)
}

/// Unpacks, and stops where it becomes more than there is room for, which is asked for again as more is read.
fn unpack(stream: &mut dyn Read, file: &mut File, room: &dyn Fn() -> u64, name: &str) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| {
        Failure::new(format!("Cannot unpack `{name}`")).because(error).hint("The archive may be cut off, or the disk full")
    };
    let mut unpacked = 0;
    loop {
        match std::io::copy(&mut stream.take(UNPACKED_STEP), file).map_err(|error| failed(&error))? {
            0 => return file.rewind().map_err(|error| failed(&error)),
            more => unpacked += more,
        }
        if unpacked > room() {
            return Err(fail!(
                unpacked_too_large,
                "`{file}` becomes too large when it is unpacked: {size} MiB and more",
                "Where it is right all the same, unpack it yourself and import the Parquet file",
                file = name,
                size = unpacked >> 20
            ));
        }
    }
}

/// Chooses the columns: those wanted, or all that hold simple values.
fn projection(
    builder: &ParquetRecordBatchReaderBuilder<File>,
    name: &str,
    wants: &Wants,
) -> Result<(ProjectionMask, Vec<Reason>), Failure> {
    let fields = builder.schema().fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    if let Some(missing) = wants.columns.iter().find(|column| !names.contains(column)) {
        return Err(super::unknown_column(missing, name, &names));
    }
    let all = wants.everything || wants.columns.is_empty();
    let (mut roots, mut notes) = (Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let wanted = wants.columns.contains(field.name());
        match (is_simple(field.data_type()), wanted) {
            (true, _) if wanted || all || [LINE, FILE].contains(&field.name().as_str()) => roots.push(index),
            (false, true) => {
                return Err(fail!(
                    column_type,
                    "Column `{column}` of `{file}` holds {kind}",
                    "Only columns of texts, numbers, times and truth values can be imported",
                    column = field.name(),
                    file = name,
                    kind = field.data_type().to_string()
                ));
            }
            (false, false) if all => {
                let column = field.name();
                notes.push(tell!(
                    column_nested,
                    "column `{column}` of `{file}` is nested and was left out",
                    column = column,
                    file = name
                ));
            }
            _ => {}
        }
    }
    Ok((ProjectionMask::roots(builder.parquet_schema(), roots), notes))
}

fn is_simple(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8
            | DataType::Boolean
            | DataType::Date32
            | DataType::Timestamp(..)
            | DataType::Decimal128(..)
            | DataType::Null
    ) || kind.is_integer()
        || matches!(kind, DataType::Float32 | DataType::Float64)
}

/// Hands on the rows of a batch.
fn table(batch: &RecordBatch, line_column: Option<usize>, before: u64, out: &mut Out<'_>) -> Result<(), Stop> {
    let writers: Vec<CellWriter<'_>> = batch.columns().iter().map(writer).collect();
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        for (array, write) in batch.columns().iter().zip(&writers) {
            text.clear();
            if !array.is_null(row) {
                write(row, &mut text);
            }
            out.cell(&text);
        }
        let told = line_column.and_then(|column| {
            text.clear();
            writers[column](row, &mut text);
            text.parse().ok()
        });
        out.end_row(told.unwrap_or(before + row as u64 + 1), None)?;
    }
    Ok(())
}

type CellWriter<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

/// Makes the function that writes the values of a column.
fn writer(array: &ArrayRef) -> CellWriter<'_> {
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Box::new(move |row, text| text.push_str(texts.value(row)))
        }
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, text| text.push_str(if values.value(row) { "true" } else { "false" }))
        }
        DataType::Int8 => shown::<Int8Type>(array),
        DataType::Int16 => shown::<Int16Type>(array),
        DataType::Int32 => shown::<Int32Type>(array),
        DataType::Int64 => shown::<Int64Type>(array),
        DataType::UInt8 => shown::<UInt8Type>(array),
        DataType::UInt16 => shown::<UInt16Type>(array),
        DataType::UInt32 => shown::<UInt32Type>(array),
        DataType::UInt64 => shown::<UInt64Type>(array),
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            Box::new(move |row, text| write_number(values.value(row), values.value(row).is_nan(), text))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            Box::new(move |row, text| write_number(values.value(row), values.value(row).is_nan(), text))
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>();
            Box::new(move |row, text| write_moment(i128::from(days.value(row)) * 86_400_000_000_000, false, text))
        }
        DataType::Timestamp(unit, zone) => {
            let adjusted = zone.is_some();
            match unit {
                TimeUnit::Second => moments::<TimestampSecondType>(array, 1_000_000_000, adjusted),
                TimeUnit::Millisecond => moments::<TimestampMillisecondType>(array, 1_000_000, adjusted),
                TimeUnit::Microsecond => moments::<TimestampMicrosecondType>(array, 1_000, adjusted),
                TimeUnit::Nanosecond => moments::<TimestampNanosecondType>(array, 1, adjusted),
            }
        }
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>();
            Box::new(move |row, text| text.push_str(&values.value_as_string(row)))
        }
        _ => Box::new(|_, _| {}),
    }
}

fn shown<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &ArrayRef) -> CellWriter<'_> {
    let values = array.as_primitive::<T>();
    Box::new(move |row, text| write_number(values.value(row), false, text))
}

/// Writes a number; "not a number" is how some programs store that there is none.
fn write_number(value: impl std::fmt::Display, missing: bool, text: &mut String) {
    if !missing {
        let _ = write!(text, "{value}"); // writing to a String cannot fail
    }
}

fn moments<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, nanoseconds: i128, adjusted: bool) -> CellWriter<'_> {
    let values = array.as_primitive::<T>();
    Box::new(move |row, text| write_moment(i128::from(values.value(row)) * nanoseconds, adjusted, text))
}

/// Writes a time as ISO 8601: with a `Z` when the file says that it is UTC, otherwise as a local time.
fn write_moment(nanoseconds: i128, adjusted: bool, text: &mut String) {
    if let Ok(stamp) = jiff::Timestamp::from_nanosecond(nanoseconds) {
        let local = jiff::tz::TimeZone::UTC.to_datetime(stamp);
        let _ = write!(text, "{local}{}", if adjusted { "Z" } else { "" }); // writing to a String cannot fail
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::repeat;

    /// Checks whether so many bytes are unpacked where there is room for so many.
    fn check(bytes: u64, room: u64, fits: bool) {
        let mut file = tempfile::tempfile().expect("a file");
        let result = unpack(&mut repeat(0).take(bytes), &mut file, &|| room, "x.parquet");
        assert_eq!(result.is_ok(), fits, "{bytes} into {room}");
        if let Err(failure) = result {
            assert!(failure.to_string().contains("`x.parquet` becomes too large"), "{failure}");
        }
        assert!(file.metadata().expect("is there").len() <= room + UNPACKED_STEP);
    }

    #[test]
    fn unpacking_ends_where_the_room_does() {
        check(0, 0, true);
        check(3 * UNPACKED_STEP, 3 * UNPACKED_STEP, true);
        check(3 * UNPACKED_STEP + 1, 3 * UNPACKED_STEP, false);
        check(u64::MAX, 2 * UNPACKED_STEP, false);
    }
}
