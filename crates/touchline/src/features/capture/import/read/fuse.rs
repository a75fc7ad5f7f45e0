//! A limit on what one record may take of a stream, however a file is damaged or meant.
//!
//! Parsers gather a record until it ends; a quotation mark that nobody closed would make them gather the whole file.

use std::cell::Cell;
use std::io::{Error, Read, Result};

/// Lets so many bytes pass, and fails then, unless it is renewed in between.
pub(super) struct Fuse<'a, R> {
    inner: R,
    left: &'a Cell<usize>,
}

impl<'a, R> Fuse<'a, R> {
    /// Guards a stream. Whoever holds `left` renews it by setting it anew.
    pub(super) const fn new(inner: R, left: &'a Cell<usize>) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Fuse<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(Error::other("a record is larger than any should be"));
        }
        let most = buffer.len().min(left);
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(left - read);
        Ok(read)
    }
}
