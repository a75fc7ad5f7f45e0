//! Mail: in through a small receiver of our own, out through the organisation's server, or caught and shown where there is
//! none.
//!
//! Every letter of ours bears a mark under a keyed hash, in its Message-ID, its return address and its reply address. An
//! answer or a bounce is known by the mark alone: nothing that a stranger can write gives it to a conversation of somebody.

mod arrive;
mod dkim;
mod letters;
mod read;
mod receive;
mod send;

pub(super) use letters::queue_reply;
pub use letters::{ShownLetter, Wanted};
pub use receive::listen;
