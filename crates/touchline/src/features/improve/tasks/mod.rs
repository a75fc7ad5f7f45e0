//! The improvement backlog: a finding becomes a task with an owner, a date and a promise; when it is done, the promise
//! is compared with what came of it.

mod http;
mod store;

pub(super) use http::{Room, routes};
pub use store::{NewTask, Status, Task, TaskChange, Tasks};
