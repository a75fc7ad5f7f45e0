//! Feedback: what customers say when asked and when not: surveys, and reviews.
//!
//! An answer is an interaction at its touchpoint, with its score as given, so that the map counts it as it counts everything.
//! Whoever is asked by mail is asked through the contact policy; who did not answer is counted beside who did.

mod http;
mod public;
mod results;
mod store;
mod texts;
mod triggers;

pub use http::routes;
pub use public::public;
pub use results::{Results, results};
pub use store::{Feedback, NewSurvey, Review, Survey, SurveyAnswer, SurveyKind};
pub use texts::{TextExample, TextSource, TextsShown};
pub use triggers::{SurveyMoment, SurveyTrigger};
