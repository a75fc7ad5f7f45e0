//! What to change: verdicts kept and compared, improvements that become tasks with a promise, budgets, trials on paper.
//!
//! The rules of verdicts are in `analysis::verdicts`, the arithmetic of money in `analysis::budget`. Here verdicts are
//! remembered ([`verdicts`]), priced ([`stakes`]), said ([`sentences`]), and turned into work ([`tasks`]), whose effect is
//! measured when it is done ([`effect`]). New touchpoints are tried on paper ([`trial`]), budgets divided ([`proposal`],
//! [`allocation`]), and designed journeys compared with lived ones ([`journeys`]).

mod allocation;
mod effect;
mod http;
mod journeys;
mod proposal;
mod sentences;
mod stakes;
mod tasks;
mod trial;
mod verdicts;

pub use allocation::{Allocated, Problem, divide};
pub use effect::{Effect, Kept, effect};
pub use http::routes;
pub use journeys::{Draft, FileFormat, Journeys, Kept as KeptJourney, compare, export, import};
pub use proposal::{Basis, Proposal, Proposed, proposal};
pub use sentences::{action, reason};
pub use stakes::{Expectation, Promise, at_stake, expectation};
pub use tasks::{NewTask, Status, Task, TaskChange, Tasks};
pub use trial::{Link, Sheet, Tried, try_sheet};
pub use verdicts::{Cause, Change, Ledgered, Verdicts};
