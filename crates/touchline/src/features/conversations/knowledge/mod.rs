//! What is known and may be told: articles in three languages, each with a short form to be spoken, found by their words.
//!
//! Staff write and find them, the inbox suggests them, the bot and voices answer from them, and everybody reads those that are
//! published under `/help`. They are found by a small index of our own ([`rank`]) that lives in memory: there are hundreds of
//! articles, not millions; the same code serves both kinds of state store; and it knows the endings of three languages, which the
//! index that one of those stores brings does not.

mod alexa;
mod public;
mod rank;
mod routes;
mod store;
mod voice;
mod voice_wire;

pub use public::public;
pub use rank::Hit;
pub(super) use rank::{Entry, Index};
pub(super) use routes::{guessed, routes};
pub use store::{Article, ArticleText, Knowledge, NewArticle};
