//! Making a data directory from a backup: everything is compared with the manifest before anything is written, and the
//! directory becomes one only when all of it is there.

use super::backup::{ABOUT, BackedUp, DATA, sync_folders};
use super::manifest::{self, Manifest};
use crate::failure::{Failure, Result};
use crate::platform::clock::Clock;
use crate::platform::home::{FORMAT_FILE, Home, LEDGER_FOLDER};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Says what was restored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Restored {
    /// What the backup says of itself.
    pub backup: BackedUp,
    /// Interactions in the ledger as it opened afterwards.
    pub interactions: u64,
}

/// Restores a backup into an empty or new folder, and opens the data directory once to see that it is sound.
///
/// # Errors
/// Fails when the backup is not as its manifest says, when the folder holds anything, or when the disk refuses. The
/// folder is no data directory then.
pub fn restore(from: &Path, to: &Path, clock: Clock, progress: &mut dyn FnMut(u64, u64)) -> Result<Restored> {
    let manifest = Manifest::read(from)?;
    // Twice the bytes: once to be compared, once to be copied.
    manifest.check(from, &mut |done, of| progress(done, 2 * of))?;
    let about = fs::read(from.join(ABOUT)).map_err(|error| unread(from, &error))?;
    let about: BackedUp = serde_json::from_slice(&about)
        .map_err(|error| Failure::new(format!("Cannot understand {}", from.join(ABOUT).display())).because(&error))?;
    let home = Home::fill(to, clock, |to| fill(from, to, &manifest, &about, progress))?;
    let interactions = home.ledger().count();
    if interactions != about.interactions {
        return Err(Failure::new(format!(
            "The restored ledger has {interactions} interactions where the backup had {}",
            about.interactions
        ))
        .hint("Do not use it; tell the makers of Touchline"));
    }
    Ok(Restored { backup: about, interactions })
}

/// Copies everything but the file that makes a folder a data directory.
fn fill(from: &Path, to: &Path, manifest: &Manifest, about: &BackedUp, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    let mut done = about.bytes;
    for path in manifest.paths() {
        let Ok(inside) = path.strip_prefix(DATA) else { continue };
        if inside == Path::new(FORMAT_FILE) {
            continue;
        }
        let target = to.join(inside);
        let is_secret = !inside.starts_with(LEDGER_FOLDER);
        let copied = copy(&from.join(path), &target, is_secret, &mut |bytes| {
            done += bytes;
            progress(done.min(2 * about.bytes), 2 * about.bytes);
        });
        copied.map_err(|error| Failure::new(format!("Cannot restore {}", target.display())).because(&error))?;
    }
    sync_folders(to).map_err(|error| Failure::new(format!("Cannot restore {}", to.display())).because(&error))
}

/// Copies a file. The ledger may be opened to other programs, as it may be in the directory that was backed up; what
/// is secret may not.
fn copy(from: &Path, to: &Path, is_secret: bool, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mode = if is_secret { 0o600 } else { 0o666 };
    let mut file = File::options().write(true).create_new(true).mode(mode).open(to)?;
    manifest::copy(from, &mut file, progress)?;
    file.sync_all()
}

fn unread(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("Cannot read the backup {}", path.display())).because(error)
}
