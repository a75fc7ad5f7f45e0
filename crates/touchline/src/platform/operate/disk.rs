//! How much room the disk has.

use std::path::Path;

/// Returns how many bytes may still be written where a folder is; `None` when the system does not say.
#[must_use]
pub fn disk_free(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
