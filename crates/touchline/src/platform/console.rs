//! The door for the command line while a server runs: a socket in the data directory. Whoever can open it could open
//! the files beside it as well, so nobody is asked to sign in there.

use crate::failure::{Failure, Result};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// Is the folder of the socket: closed to everybody but the owner, also where the data directory itself is opened to
/// programs that read the ledger.
const FOLDER: &str = "console";

fn socket(dir: &Path) -> PathBuf {
    dir.join(FOLDER).join("socket")
}

/// Listens in a data directory whose lock is held; to be called inside a runtime.
///
/// # Errors
/// Fails when the socket cannot be made, for example because the path is longer than the system allows (about 100 letters).
pub fn listen(dir: &Path) -> Result<UnixListener> {
    let path = socket(dir);
    let unmade = |error| {
        Failure::new(format!("Cannot listen to the command line at {}", path.display()))
            .because(&error)
            .hint("Commands on this directory will work only while the server is stopped; a shorter path may help")
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir.join(FOLDER)).map_err(unmade)?;
    close(dir);
    UnixListener::bind(&path).map_err(unmade)
}

/// Removes the socket, and what stood beside it.
pub fn close(dir: &Path) {
    // One that stays is noticed: nobody answers there.
    let _ = fs::remove_file(socket(dir));
    let _ = fs::remove_file(address_file(dir));
}

fn address_file(dir: &Path) -> PathBuf {
    dir.join(FOLDER).join("address")
}

/// Notes where browsers and clients reach the server, for commands that print it. Without the note they print the
/// default address, so a note that cannot be written is no reason to stop.
pub fn note_address(dir: &Path, url: &str) {
    let _ = fs::write(address_file(dir), url);
}

/// Returns where the server that holds a data directory is reached; `None` when there is none.
#[must_use]
pub fn address(dir: &Path) -> Option<String> {
    connect(dir)?;
    fs::read_to_string(address_file(dir)).ok()
}

/// Connects to the server that holds a data directory; `None` when there is none.
#[must_use]
pub fn connect(dir: &Path) -> Option<UnixStream> {
    UnixStream::connect(socket(dir)).ok()
}
