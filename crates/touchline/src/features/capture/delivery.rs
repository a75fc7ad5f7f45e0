//! What one request brings, as a wire format has read it, and what became of it.
//!
//! A wire format turns foreign bytes into a [`Delivery`] and knows nothing of storage; [`super::Capture`] stores a
//! delivery and knows nothing of formats. One bad event never refuses its batch: it is one [`Refused`] among the rest.

use super::{Caller, Claim, Known, Source};
pub use crate::telling::Telling as Reason;
use model::{Arrival, Instant};
use std::collections::HashMap;

/// Is everything that one request brings, from one source.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Delivery {
    /// The name of the source that sent it.
    pub source: String,
    /// The name of the wire format it came in, by which what was refused is read again after it was mended
    /// (see [`super::read_again`]).
    pub format: &'static str,
    /// What happened.
    pub arrivals: Vec<Arrival>,
    /// Which identities are one person.
    pub claims: Vec<Claim>,
    /// What is known of identities.
    pub traits: Vec<Known>,
    /// How far the source is to be believed in the traits; see [`super::SourceSettings`].
    pub trait_weight: u8,
    /// What a server tells of the customer behind an arrival, by its place among the arrivals. It lives as long as the
    /// request does.
    pub customers: HashMap<usize, Caller>,
    /// What could not be read; it goes to quarantine, where it can be mended and replayed.
    pub refused: Vec<Refused>,
}

/// Is one event that could not be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Its place in the request, from 0.
    pub position: usize,
    /// Why; it quotes no value of the event.
    pub reason: Reason,
    /// The event by itself, with what its batch said of it merged in: all that its format needs to read it again.
    pub raw: Vec<u8>,
}

/// Reads one event that was refused before: in the same format, from the same source, received then. What is read twice
/// must be the same twice, made-up message ids included, or a replay that broke off would count it twice.
pub type ReadAgain = fn(&Source, &[u8], Instant) -> Delivery;

/// Says what became of a delivery, once it is durable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// Interactions that are new.
    pub added: u64,
    /// Interactions that were there already, or twice in the delivery, or are erased.
    pub duplicates: u64,
    /// Events that went to quarantine.
    pub refused: u64,
}

/// Is why a whole delivery was not taken; it may come again.
#[derive(Debug)]
pub enum NotTaken {
    /// More is waiting than can be made durable in good time.
    Busy {
        /// When it is worth while to come again, in seconds, from the measured time in the queue.
        retry_after_s: u64,
        /// Whether it was let in and waited in vain: the disk is slow. Else there was no room to wait, because too much
        /// is sent.
        has_waited: bool,
    },
    /// The stores failed, for example because the disk is full.
    Failed(crate::failure::Failure),
}
