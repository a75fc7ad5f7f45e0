//! The key that seals secrets which belong to servers of others, such as the password of a mailbox: a file of its own beside the
//! state store, so that a copy of that store alone opens nothing.

use crate::failure::{Failure, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Is the file of the key, in the data directory.
pub const KEY_FILE: &str = "seal.key";

/// Two who need the first key at the same time must not draw two.
static DRAWING: Mutex<()> = Mutex::new(());

/// Returns the key of a data directory; `None` where nothing was ever sealed.
///
/// # Errors
/// Fails when the file cannot be read, or is none of ours.
pub fn known_key(dir: &Path) -> Result<Option<[u8; 32]>> {
    let path = dir.join(KEY_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::new(format!("Cannot read {}", path.display())).because(&error)),
    };
    let damaged = |_| {
        Failure::new(format!("{} is damaged", path.display()))
            .hint("Restore it from a backup, or take it away and enter the passwords of mail and messengers again")
    };
    bytes.try_into().map(Some).map_err(damaged)
}

/// Returns the key of a data directory, and draws it where there is none yet; it is durable then.
///
/// # Errors
/// As [`known_key`], or where the system gives no random bytes, or the folder cannot be written.
pub fn seal_key(dir: &Path) -> Result<[u8; 32]> {
    let _alone = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = known_key(dir)? {
        return Ok(key);
    }
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| Failure::new("The system gives no random bytes").because(&error))?;
    let (path, draft) = (dir.join(KEY_FILE), dir.join("seal.key.new"));
    let write = || {
        // Under another name first: half a key would look like a damaged one.
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|error| Failure::new(format!("Cannot write {}", path.display())).because(&error))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_drawn_once_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().expect("folder");
        assert_eq!(known_key(dir.path()).expect("reads"), None);
        let key = seal_key(dir.path()).expect("draws");
        assert_eq!(seal_key(dir.path()).expect("reads"), key);
        let mode = fs::metadata(dir.path().join(KEY_FILE)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(dir.path().join(KEY_FILE), "short").expect("writes");
        assert!(seal_key(dir.path()).is_err(), "a damaged key is not replaced: what it sealed would be lost");
    }
}
