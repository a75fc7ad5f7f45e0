//! Mail: in through a small receiver of our own or fetched from a mailbox, out through the organisation's server, or caught and shown where there is
//! none.
//!
//! Every letter of ours bears a mark under a keyed hash, in its Message-ID, its return address and its reply address. An
//! answer or a bounce is known by the mark alone: nothing that a stranger can write gives it to a conversation of somebody.

mod arrive;
mod dkim;
mod fetch;
mod imap;
mod letters;
mod line;
mod pen;
mod read;
mod receive;
mod rsa;
mod send;
mod staff;
mod tried;
mod verdict;

pub(super) use dkim::Keys;
pub(super) use letters::queue_reply;
pub use letters::{ShownLetter, Wanted};
pub(super) use read::{file as file_in_mail, file_name, kind_of};
pub use receive::listen;
pub use staff::{StaffFile, StaffLetter};
pub(super) use tried::routes;
