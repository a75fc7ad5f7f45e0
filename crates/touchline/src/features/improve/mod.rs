//! What to change: verdicts kept and compared, improvements that become tasks with a promise, budgets, trials on paper.
//!
//! The rules of verdicts are in `analysis::verdicts`, the arithmetic of money in `analysis::budget`. Here verdicts are
//! remembered ([`verdicts`]), priced ([`stakes`]), said ([`sentences`]), and turned into work ([`tasks`]).

mod allocation;
mod http;
mod sentences;
mod stakes;
mod tasks;
mod verdicts;

pub use allocation::{Allocated, Problem, divide};
pub use http::routes;
pub use sentences::{action, reason};
pub use stakes::{Expectation, Promise, at_stake, expectation};
pub use tasks::{NewTask, Status, Task, TaskChange, Tasks};
pub use verdicts::{Cause, Change, Ledgered, Verdicts};
