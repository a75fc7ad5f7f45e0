//! Files into the ledger: readers, a declarative mapping, rejects that can be mended.
//!
//! A file flows through three threads with bounded queues between them: one reads pages of text cells, one
//! applies the mapping, and the caller's own hands batches to a [`Sink`]. Memory does not grow with the file,
//! except for what the mapping itself asks for: the open groups (about 250 bytes each; of sorted ones about 35 bytes),
//! and the hashes of rows where the content of a row is its id or equal rows are dropped (about 40 bytes a row); and
//! for the summary, which counts people (about 20 bytes each). A file of groups is read twice: see [`run`].
//!
//! * [`mapping`]: the document that says what columns mean
//! * [`run`]: the import itself, into any sink; [`Preview`] is the sink of a dry run
//! * [`suggest`]: a mapping proposed from the first rows of a file

pub(super) mod amount;
mod bodies;
mod draft;
mod encoding;
mod group;
mod lookup;
pub mod mapping;
mod moment;
mod page;
mod pipeline;
mod plan;
mod preview;
mod read;
mod reject;
mod row;
mod source;
mod suggest;
mod tally;
mod trial;
mod uploads;

pub use bodies::Bodies;
pub(super) use bodies::{FORMAT as BODIES, read_again};
pub use encoding::decoded;
pub(super) use moment::iso_utc as iso;
pub use pipeline::{Import, Progress, run};
pub use preview::{Preview, Sample};

pub use super::Taken;
pub use suggest::{Proposal, suggest};
pub use tally::{Refused, SkippedRows, Summary, ValueSum};
pub use trial::{Glance, TriedRow, first_rows, glance};
pub(super) use uploads::drop_kept as drop_kept_files;
pub use uploads::routes as uploads;

use super::{Claim, Intake, Known};
use crate::failure::Failure;
use model::Arrival;

/// Takes what a file says. The application's own sink makes it durable; tests keep it in memory.
pub trait Sink {
    /// Takes a batch of interactions, facts about names, and traits.
    ///
    /// # Errors
    /// Returns why the batch could not be kept; the import then stops, and can be repeated without harm.
    fn take(&mut self, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Result<Taken, Failure>;
}

impl Sink for Intake {
    fn take(&mut self, arrivals: Vec<Arrival>, facts: Vec<Claim>, traits: Vec<Known>) -> Result<Taken, Failure> {
        Intake::take(self, arrivals, facts, traits)
    }
}
