//! Checksums, by which a single flipped bit is found and its file named: neither Parquet nor the Delta log has one
//! that covers every byte.
//!
//! * A data file bears the checksum of its bytes in its name, and the log holds the name.
//! * A log entry bears the checksum of its own bytes, taken while zeros stand in its place.
//! * Checkpoints, and the pointer to the last one, are written by the Delta library. Their checksums are files of
//!   the same names in the folder `.seals`, whose leading dot hides it from readers of the table.

use crate::disk::{Disk, LOG, POINTER, remove_if_there};
use crate::error::{Result, disk as disk_error};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Is the folder of the checksums of checkpoints.
pub(crate) const SEALS: &str = ".seals";
/// Is the key under which an entry bears its checksum.
pub(crate) const KEY: &str = "checksum";
/// Stands where the checksum of an entry will be.
pub(crate) const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Is how many letters of a checksum stand in the name of a data file: 128 bits, which no accident hits.
const LETTERS_IN_NAME: usize = 32;

/// Passes bytes on to a file and sums them up on the way.
pub(crate) struct Summed {
    file: File,
    hasher: blake3::Hasher,
}

impl Summed {
    pub(crate) fn new(file: File) -> Self {
        Self { file, hasher: blake3::Hasher::new() }
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Returns the checksum of all bytes so far, as it stands in names.
    pub(crate) fn letters(&self) -> String {
        in_name(&self.hasher.finalize())
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn in_name(hash: &blake3::Hash) -> String {
    hash.to_hex()[..LETTERS_IN_NAME].to_owned()
}

/// Sums up a file.
fn sum(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize())
}

/// Returns the checksum in the name of a data file: the beginning of the BLAKE3 hash of its bytes; `None` when it has
/// none.
#[must_use]
pub fn letters_of(name: &str) -> Option<&str> {
    let letters = name.strip_suffix(".parquet")?.rsplit('-').next()?;
    (letters.len() == LETTERS_IN_NAME).then_some(letters)
}

/// Tells whether the bytes of a data file are those that its name was given for; `None` when it has no checksum.
pub(crate) fn is_as_named(path: &Path) -> io::Result<Option<bool>> {
    let name = path.to_string_lossy();
    let Some(letters) = letters_of(&name) else { return Ok(None) };
    Ok(Some(in_name(&sum(path)?) == letters))
}

/// Puts its checksum into a log entry, in which [`BLANK`] stands where it belongs.
pub(crate) fn seal_entry(entry: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&entry).to_hex();
    let Some(place) = find(&entry, BLANK.as_bytes()) else { return entry };
    let mut sealed = entry;
    sealed[place..place + BLANK.len()].copy_from_slice(hash.as_bytes());
    sealed
}

/// Tells whether a log entry is as it was written; `None` when it bears no checksum, because a version wrote it that made
/// none. What looks like one under a name that it never had is a damaged entry.
pub(crate) fn entry_is_whole(entry: &[u8]) -> Option<bool> {
    let key = format!("\"{KEY}\":\"");
    let Some(place) = find(entry, key.as_bytes()).map(|place| place + key.len()) else {
        let is_letter = |byte: &u8| byte.is_ascii_hexdigit();
        let has_letters = entry.split(|byte| !is_letter(byte)).any(|run| run.len() >= BLANK.len() / 2);
        return (has_letters || entry.is_empty()).then_some(false);
    };
    let Some(letters) = entry.get(place..place + BLANK.len()) else { return Some(false) };
    let mut blank = entry.to_vec();
    blank[place..place + BLANK.len()].copy_from_slice(BLANK.as_bytes());
    Some(blake3::hash(&blank).to_hex().as_bytes() == letters)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Takes the checksum of the pointer away, durably, before the pointer is written anew: after a crash in between there
/// would be a wrong one.
pub(crate) fn unseal_pointer(disk: &Disk) -> Result<()> {
    let folder = disk.dir.join(SEALS);
    if !folder.is_dir() {
        return Ok(());
    }
    remove_if_there(&folder.join(POINTER))?;
    disk.sync_folder(&folder)
}

/// Writes the checksums of checkpoints and of their pointer, and forgets those of files that are gone. To be called
/// when all of them are durable.
pub(crate) fn seal_checkpoints(disk: &Disk, paths: &[PathBuf]) -> Result<()> {
    let folder = disk.dir.join(SEALS);
    fs::create_dir_all(&folder).map_err(disk_error("create the folder", &folder))?;
    for path in paths {
        let seal = seal_of(&disk.dir, path);
        remove_if_there(&seal)?;
        let hash = sum(path).map_err(disk_error("read", path))?;
        disk.publish(&seal, hash.to_hex().as_bytes())?;
    }
    for seal in fs::read_dir(&folder).map_err(disk_error("list the folder", &folder))? {
        let seal = seal.map_err(disk_error("list the folder", &folder))?;
        if !disk.dir.join(LOG).join(seal.file_name()).exists() {
            remove_if_there(&seal.path())?;
        }
    }
    Ok(())
}

/// Tells whether a checkpoint or the pointer is as it was written; `None` when it has no checksum, which is so when
/// the process ended right after it was written.
pub(crate) fn checkpoint_is_whole(dir: &Path, path: &Path) -> Result<Option<bool>> {
    let seal = seal_of(dir, path);
    let letters = match fs::read(&seal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(disk_error("read", &seal))?,
    };
    let hash = sum(path).map_err(disk_error("read", path))?;
    Ok(Some(hash.to_hex().as_bytes() == letters.as_slice()))
}

/// Returns where the checksum of a file of the log is.
pub(crate) fn seal_of(dir: &Path, path: &Path) -> PathBuf {
    dir.join(SEALS).join(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_an_entry_is_noticed() {
        let entry = format!("{{\"commitInfo\":{{\"{KEY}\":\"{BLANK}\",\"operation\":\"WRITE\"}}}}\n{{\"add\":1}}");
        let sealed = seal_entry(entry.into_bytes());
        assert_eq!(entry_is_whole(&sealed), Some(true));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(entry_is_whole(&flipped), Some(false), "bit {bit}");
        }
        assert_eq!((entry_is_whole(b""), entry_is_whole(b"{\"checksum\":\"0")), (Some(false), Some(false)));
        assert_eq!(entry_is_whole(b"{\"commitInfo\":{\"operation\":\"WRITE\"}}"), None, "an older version made none");
    }

    #[test]
    fn a_name_with_a_checksum_is_told_from_one_without() {
        let letters = "0123456789abcdef0123456789abcdef";
        assert_eq!(letters_of(&format!("bucket=1/00000000000000000012-00ab-{letters}.parquet")), Some(letters));
        assert_eq!(letters_of("bucket=1/00000000000000000012-00112233445566aa.parquet"), None);
        assert_eq!(letters_of("bucket=1/x.csv"), None);
    }
}
