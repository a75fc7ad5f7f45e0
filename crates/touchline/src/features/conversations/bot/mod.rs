//! The bot: it answers by steps that somebody has written, from what is known, and from a hook that knows orders; and it hands
//! over to a person whenever somebody asks for one, or it does not understand twice.
//!
//! There is no language of expressions in it: steps, buttons and words to listen for are typed data ([`settings`]). What to do next
//! is decided by a pure function ([`flow`]); [`run`] does it. It works without a model and without a network.

mod flow;
mod routes;
mod run;
mod settings;
mod words;

pub(super) use routes::routes;
pub(super) use run::Turn;
pub use settings::{BotSettings, Choice, OrderHook, Rule, Step, ThreeTexts};
