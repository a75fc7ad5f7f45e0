//! Taking a backup while others work: the state store, one version of the ledger, and nothing half.
//!
//! First everything that is acknowledged is brought into both stores, so that the journal need not be copied. Then, for
//! a moment in which nothing is written to the ledger, its files get second names (hard links) in a folder of the data
//! directory, and the state store is copied: those two belong together. The files are copied under their second names
//! at leisure, whatever a compaction does to the first ones, and each is compared with its own checksum on the way. The
//! backup gets its name at the very end.

use super::manifest::{self, Manifest};
use crate::failure::{Failure, Result};
use crate::platform::home::{FORMAT_FILE, LEDGER_FOLDER, STATE_FILE, Stores};
use crate::platform::seal_key::KEY_FILE;
use fail::fail_point;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Is the folder, in the data directory, of second names.
const STAGE: &str = ".backup";
/// Is the folder, in the backup, of what becomes the data directory again.
pub(super) const DATA: &str = "data";
/// Is the file, in the backup, that says what it is.
pub(super) const ABOUT: &str = "backup.json";

/// Says what a backup holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BackedUp {
    /// The version of Touchline that took it.
    pub program: String,
    /// When, in microseconds since 1970: everything acknowledged before is in it.
    pub taken: i64,
    /// The version of the ledger.
    pub ledger: u64,
    /// Interactions in it.
    pub interactions: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Takes a backup into a new folder. `settle` brings what is acknowledged into the stores.
///
/// # Errors
/// Fails when the folder is there already, when the disk refuses, or when a file of the ledger is damaged: a backup of
/// damage would replace a good one some day. Nothing is left under the name of the backup then.
pub fn backup(
    stores: &Stores,
    to: &Path,
    settle: &dyn Fn() -> Result<()>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackedUp> {
    let draft = draft_of(to)?;
    check_place(stores, to)?;
    let taken = stores.now().0;
    settle()?;
    fail_point!("backup::settled", |_| std::process::abort());
    let done = draft_backup(stores, taken, &draft, progress).and_then(|about| {
        fail_point!("backup::complete", |_| std::process::abort());
        publish(&draft, to).map_err(|error| unwritten(to, &error))?;
        Ok(about)
    });
    clear_stage(&stores.dir);
    if done.is_err() {
        // The failure itself is what to tell; a draft that stays is removed by the next attempt.
        let _ = fs::remove_dir_all(&draft);
    }
    done
}

/// Removes what a backup that broke off has left in a data directory. To be called while its lock is held.
pub fn clear_stage(dir: &Path) {
    // Second names that stay hold disk space and nothing else; the next attempt removes them.
    let _ = fs::remove_dir_all(dir.join(STAGE));
}

/// Returns where a backup is put together: beside its place, on the same disk.
fn draft_of(to: &Path) -> Result<PathBuf> {
    let name = to.file_name().ok_or_else(|| Failure::new(format!("{} is no name for a backup", to.display())))?;
    let mut draft = std::ffi::OsString::from(".");
    draft.push(name);
    draft.push(".draft");
    Ok(to.with_file_name(draft))
}

fn check_place(stores: &Stores, to: &Path) -> Result<()> {
    if to.exists() {
        return Err(Failure::new(format!("{} is there already", to.display())).hint("Name a folder that does not exist yet"));
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let parent = parent.canonicalize().map_err(|error| unwritten(to, &error))?;
    let data = stores.dir.canonicalize().map_err(|error| unwritten(to, &error))?;
    if parent.starts_with(&data) {
        return Err(Failure::new("A backup inside the data directory would be lost with it").hint("Name a folder elsewhere"));
    }
    Ok(())
}

/// Puts a backup together under another name.
fn draft_backup(stores: &Stores, taken: i64, draft: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<BackedUp> {
    let unwritten = |error: io::Error| unwritten(draft, &error);
    if draft.exists() {
        fs::remove_dir_all(draft).map_err(unwritten)?;
    }
    DirBuilder::new().mode(0o700).recursive(true).create(draft.join(DATA)).map_err(unwritten)?;
    let stage = stage(stores, draft)?;
    fail_point!("backup::staged", |_| std::process::abort());
    let mut files: Vec<(PathBuf, PathBuf)> =
        stage.paths.iter().map(|path| (stores.dir.join(STAGE).join(path), Path::new(LEDGER_FOLDER).join(path))).collect();
    files.push((stores.dir.join(FORMAT_FILE), FORMAT_FILE.into()));
    // Where nothing was ever sealed there is no key.
    files.extend(Some((stores.dir.join(KEY_FILE), KEY_FILE.into())).filter(|(from, _): &(PathBuf, PathBuf)| from.exists()));
    let size = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
    let state = draft.join(DATA).join(STATE_FILE);
    let total: u64 = files.iter().map(|(from, _)| size(from)).sum::<u64>() + size(&state);
    let mut done = 0;
    let mut tell = |bytes| {
        done += bytes;
        progress(done, total);
    };
    let mut manifest = Manifest::default();
    for (from, path) in &files {
        let path = Path::new(DATA).join(path);
        manifest.add(copy_durably(from, &draft.join(&path), &mut tell)?, path);
    }
    let sum = manifest::copy(&state, &mut io::sink(), &mut tell).map_err(unwritten)?;
    File::open(&state).and_then(|file| file.sync_all()).map_err(unwritten)?;
    manifest.add(sum, Path::new(DATA).join(STATE_FILE));
    fail_point!("backup::copied", |_| std::process::abort());
    let about = BackedUp {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        taken,
        ledger: stage.version,
        interactions: stage.rows,
        files: files.len() as u64 + 1,
        bytes: total,
    };
    let text = serde_json::to_vec_pretty(&about).map_err(|error| Failure::new("Cannot describe the backup").because(&error))?;
    let described = draft.join(ABOUT);
    fs::write(&described, text).and_then(|()| File::open(&described)?.sync_all()).map_err(unwritten)?;
    let sum = manifest::copy(&described, &mut io::sink(), &mut |_| {}).map_err(unwritten)?;
    manifest.add(sum, ABOUT.into());
    manifest.write(draft).map_err(unwritten)?;
    Ok(about)
}

/// Is what belongs together.
struct Stage {
    /// The files of the ledger, below its folder.
    paths: Vec<PathBuf>,
    version: u64,
    rows: u64,
}

/// Gives the files of the ledger second names and copies the state store, while nobody writes to the ledger.
///
/// In this order a room that writes state first and the ledger then is never caught with a ledger that is newer.
fn stage(stores: &Stores, draft: &Path) -> Result<Stage> {
    let folder = stores.dir.join(STAGE);
    let unstaged = |error: io::Error| {
        Failure::new(format!("Cannot give the files of the ledger second names in {}", folder.display()))
            .because(&error)
            .hint("The disk of the data directory must know hard links")
    };
    clear_stage(&stores.dir);
    DirBuilder::new().mode(0o700).create(&folder).map_err(unstaged)?;
    let ledger = stores.ledger();
    let paths = ledger.paths().map_err(|error| Failure::new("Cannot list the ledger").because(&error))?;
    for path in &paths {
        let second = folder.join(path);
        second.parent().map_or(Ok(()), fs::create_dir_all).map_err(unstaged)?;
        fs::hard_link(stores.dir.join(LEDGER_FOLDER).join(path), &second).map_err(unstaged)?;
    }
    let copied = stores.block_on(stores.state.copy_to(&draft.join(DATA).join(STATE_FILE)));
    copied.map_err(|error| Failure::new("Cannot copy the state store").because(&error))?;
    Ok(Stage { paths, version: ledger.version(), rows: ledger.files().iter().map(|file| file.rows).sum() })
}

/// Copies a file and makes it durable; a data file that is not as its name says is refused.
fn copy_durably(from: &Path, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<String> {
    let failed = |error: io::Error| unwritten(to, &error);
    to.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    let mut file = File::create_new(to).map_err(failed)?;
    let sum = manifest::copy(from, &mut file, progress).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let name = from.to_string_lossy();
    if ledger::checksum_in(&name).is_some_and(|begin| !sum.starts_with(begin)) {
        return Err(Failure::new(format!("{} is damaged: its checksum is wrong", to.display()))
            .hint("Find out more with `touchline verify`, and restore from an older backup"));
    }
    Ok(sum)
}

/// Gives a complete backup its name, durably.
fn publish(draft: &Path, to: &Path) -> io::Result<()> {
    sync_folders(draft)?;
    // Unlike with a file, a folder that is there is not replaced by this.
    fs::rename(draft, to)?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(parent)?.sync_all()
}

/// Makes the names in a folder and in all below it durable.
pub(super) fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("Cannot write the backup {}", path.display())).because(error)
}
