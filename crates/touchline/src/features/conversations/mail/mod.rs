//! Mail: in through a small receiver of our own, out through the organisation's server, or caught and shown where there is
//! none.

mod letters;

pub(super) use letters::queue_reply;
