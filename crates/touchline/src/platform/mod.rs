//! Plumbing that knows no room: HTTP, time, chance, embedded files.

pub mod clock;
pub mod http;
pub mod token;
