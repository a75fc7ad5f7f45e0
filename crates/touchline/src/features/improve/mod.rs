//! What to change: verdicts and actions said in words. The rules themselves are in `analysis::verdicts`.

mod sentences;

pub use sentences::{action, reason};
