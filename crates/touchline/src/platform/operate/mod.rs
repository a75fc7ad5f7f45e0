//! Looking after an installation: backup, restore, verify. Knows the files, and no room; what only the rooms know comes
//! in as [`Rooms`].
//!
//! What a data directory holds is described in [`super::home`]. A backup is the same files at one moment, with the
//! checksum of each in a manifest.

mod backup;
mod disk;
mod manifest;
mod restore;
mod verify;

pub use backup::{BackedUp, backup, clear_stage};
pub use disk::disk_free;
pub use restore::{Restored, restore};
pub use verify::{Finding, Report, verify_closed, verify_open};

use crate::failure::Result;
use crate::platform::id_map::IdSet;
use model::ActorId;
use state::State;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Is what the rooms say of their own tables, for [`verify_open`].
#[derive(Default)]
pub struct Agreement {
    /// The actors whose text is known, or that are known to be erased.
    pub actors: IdSet<ActorId>,
    /// How many signals are known; they are numbered from 0.
    pub signals: u64,
    /// What does not agree within the tables, in words that quote no value.
    pub faults: Vec<String>,
}

/// Is an agreement on its way.
pub type Agreeing<'a> = Pin<Box<dyn Future<Output = Result<Agreement>> + Send + 'a>>;

/// Asks the rooms.
pub type AskRooms = Arc<dyn for<'a> Fn(&'a State) -> Agreeing<'a> + Send + Sync>;
