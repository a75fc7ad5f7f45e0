//! The writing of one file of the table: batches of sorted rows in, a durable Parquet file out.

use crate::columns::{file_schema, writer_properties};
use crate::disk::{Disk, bucket_folder};
use crate::error::{Result, disk as disk_error, file};
use crate::log::FileInfo;
use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use std::fs::File;
use std::path::PathBuf;

/// Is a file that is being written.
pub(crate) struct RunWriter<'a> {
    disk: &'a Disk,
    path: PathBuf,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl<'a> RunWriter<'a> {
    /// Begins a file; one of that name is written over, for it can only be left from a failed attempt.
    pub(crate) fn create(disk: &'a Disk, path: PathBuf) -> Result<Self> {
        let out = File::create(&path).map_err(disk_error("create", &path))?;
        let options = ArrowWriterOptions::new().with_properties(writer_properties()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, file_schema(), options).map_err(file(&path))?;
        Ok(Self { disk, path, writer, rows: 0 })
    }

    /// Adds rows that come after all those before.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(file(&self.path))
    }

    /// Completes the file; returns its rows and bytes.
    pub(crate) fn finish(mut self) -> Result<(u64, u64)> {
        self.writer.finish().map_err(file(&self.path))?;
        Ok((self.rows, self.writer.bytes_written() as u64))
    }

    /// Completes the file and makes it durable, its name included.
    pub(crate) fn finish_durably(mut self, bucket: u8, name: String) -> Result<FileInfo> {
        self.writer.finish().map_err(file(&self.path))?;
        self.disk.sync_file(&self.path, self.writer.inner())?;
        self.path.parent().map_or(Ok(()), |folder| self.disk.sync_folder(folder))?;
        Ok(FileInfo { bucket, path: name, rows: self.rows, bytes: self.writer.bytes_written() as u64 })
    }
}

/// Returns the path, below the ledger, of a bucket's file that a version of the table brings in.
pub(crate) fn file_name(bucket: u8, version: u64) -> String {
    format!("{}/{version:020}.parquet", bucket_folder(bucket))
}
