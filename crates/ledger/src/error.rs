//! What can go wrong with a ledger, by meaning: each says what failed, where, and what to do now.

use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;
use std::{io, path::Path, path::PathBuf};

/// Tells why the ledger could not do what was asked. After any of these the stored rows are as they were before.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process, or another part of this one, holds the right to write.
    #[error("the ledger in {} is already open for writing: stop the other process, or let it do this work", dir.display())]
    Busy {
        /// The folder of the ledger.
        dir: PathBuf,
    },
    /// The log is missing or older than the data files, or names files that are missing.
    #[error(
        "the ledger in {} is incomplete: {what}; restore the folder from a backup as a whole. No row was changed",
        dir.display()
    )]
    Incomplete {
        /// The folder of the ledger.
        dir: PathBuf,
        /// Which file has no counterpart.
        what: String,
    },
    /// The operating system refused.
    #[error("cannot {what} {}: {source}; check free space and rights in the data folder, then try again", path.display())]
    Disk {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file cannot be decoded or encoded.
    #[error("the ledger file {} cannot be read or written: {source}; if it is damaged, restore it from a backup", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the Parquet library said.
        source: ParquetError,
    },
    /// A Parquet file holds something that this version does not know.
    #[error("the ledger file {} holds {what}: it was written by a newer version or is damaged; update, or restore it", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was found, without personal data.
        what: String,
    },
    /// The Delta log cannot be read, or an entry cannot be made.
    #[error("the log of the ledger in {} cannot be used: {source}; restore the folder from a backup as a whole", dir.display())]
    Log {
        /// The folder of the ledger.
        dir: PathBuf,
        /// What the Delta library said.
        source: Box<DeltaTableError>,
    },
    /// The table has changed since a draft of files for it was begun.
    #[error("the ledger in {} has changed meanwhile: do it again", dir.display())]
    Overtaken {
        /// The folder of the ledger.
        dir: PathBuf,
    },
    /// Somebody else has written the version that was next.
    #[error("version {version} of the ledger in {} was written by another program: the ledger has one writer; try again", dir.display())]
    Conflict {
        /// The folder of the ledger.
        dir: PathBuf,
        /// The version that was taken.
        version: u64,
    },
}

/// Is what every operation of the ledger returns.
pub type Result<T, E = LedgerError> = std::result::Result<T, E>;

/// Adds the place to an error of the operating system.
pub(crate) fn disk<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> LedgerError + 'a {
    move |source| LedgerError::Disk { what, path: path.to_owned(), source }
}

/// Adds the place to an error of the Parquet library; one of the system below it is told as such.
pub(crate) fn file<'a, E: Into<ParquetError>>(path: &'a Path) -> impl FnOnce(E) -> LedgerError + 'a {
    move |source| LedgerError::File { path: path.to_owned(), source: source.into() }
}

/// Adds the place to an error of the Delta library.
pub(crate) fn log<'a, E: Into<DeltaTableError>>(dir: &'a Path) -> impl FnOnce(E) -> LedgerError + 'a {
    move |source| LedgerError::Log { dir: dir.to_owned(), source: Box::new(source.into()) }
}
