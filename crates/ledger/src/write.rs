//! The writing of one file of the table: batches of sorted rows in, a durable Parquet file out.

use crate::columns::{file_schema, writer_properties};
use crate::disk::{Disk, bucket_folder};
use crate::error::{Result, disk as disk_error, file};
use crate::log::FileInfo;
use crate::seal::Summed;
use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

/// Is a file that is being written.
pub(crate) struct RunWriter<'a> {
    disk: &'a Disk,
    path: PathBuf,
    writer: ArrowWriter<Summed>,
    rows: u64,
}

impl<'a> RunWriter<'a> {
    /// Begins a file under a name that is not taken: what is on disk may be named by the log.
    pub(crate) fn create(disk: &'a Disk, path: PathBuf) -> Result<Self> {
        let out = File::create_new(&path).map_err(disk_error("create", &path))?;
        let options = ArrowWriterOptions::new().with_properties(writer_properties()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Summed::new(out), file_schema(), options).map_err(file(&path))?;
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

    /// Completes the file and makes it durable, its name included, which gets the checksum of its bytes.
    pub(crate) fn finish_durably(mut self, bucket: u8, name: String) -> Result<FileInfo> {
        self.writer.finish().map_err(file(&self.path))?;
        self.disk.sync_file(&self.path, self.writer.inner().file())?;
        let sealed = |name: &str| format!("{}-{}.parquet", name.trim_end_matches(".parquet"), self.writer.inner().letters());
        let path = self.path.with_file_name(sealed(&self.path.file_name().unwrap_or_default().to_string_lossy()));
        fs::rename(&self.path, &path).map_err(disk_error("rename", &self.path))?;
        let name = sealed(&name);
        self.path.parent().map_or(Ok(()), |folder| self.disk.sync_folder(folder))?;
        Ok(FileInfo { bucket, path: name, rows: self.rows, bytes: self.writer.bytes_written() as u64 })
    }
}

/// Returns a path, below the ledger, for a bucket's file that a version of the table brings in.
///
/// The finished file has its checksum behind it. It is another one every time: two attempts at the same version, by whatever programs, never share a file.
pub(crate) fn file_name(bucket: u8, version: u64) -> String {
    format!("{}/{version:020}-{}.parquet", bucket_folder(bucket), chance())
}

/// Returns sixteen letters by chance. The standard library seeds its hashers so, which is all that is needed here.
pub(crate) fn chance() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_has_a_name_of_its_own() {
        let (one, other) = (file_name(3, 12), file_name(3, 12));
        assert!(one.starts_with("bucket=3/00000000000000000012-"), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(dir.path()).expect("opens");
        let path = dir.path().join("taken.parquet");
        std::fs::write(&path, b"rows").expect("writes");
        assert!(RunWriter::create(&disk, path.clone()).is_err());
        assert_eq!(std::fs::read(&path).expect("reads"), b"rows");
    }
}
