//! Feedback: what customers say when asked and when not: surveys, reviews, comments, and what others say of us elsewhere.
//!
//! An answer is an interaction at its touchpoint, with its score as given, so that the map counts it as it counts everything.
//! Whoever is asked by mail is asked through the contact policy; who did not answer is counted beside who did.

mod answering;
mod answers;
mod comment_blocks;
mod comment_pages;
mod comments;
mod feeds;
mod form;
mod held;
mod http;
mod http_comments;
mod http_heard;
mod in_inbox;
mod invites;
mod mentions;
mod public;
mod question;
mod refusal;
mod results;
mod review_file;
mod reviews;
mod room;
mod steps;
mod surveys;
mod table;
mod texts;
mod triggers;

pub use answers::{AnswerPart, Recalled, StatedImportance, SurveyAnswer, stated};
pub use comment_blocks::{CommentBlock, Level as CommentLevel, NewCommentBlock};
pub use comments::{Comment, CommentChange};
pub use feeds::{MentionFeed, NewMentionFeed};
pub use http::routes;
pub use mentions::{Mention, NewMention};
pub use public::public;
pub use question::{Choice, Question, SurveyKind};
pub use refusal::{Refusal as CommentRefusal, Why as RefusalReason};
pub use results::{PartResults, QuestionResults, SurveyResults};
pub use reviews::Review;
pub use room::Feedback;
pub use surveys::{NewSurvey, Survey};
pub use table::{Fault, FileReport};
pub use texts::{TextExample, TextSource, TextsShown};
pub use triggers::{SurveyMoment, SurveyTrigger};
