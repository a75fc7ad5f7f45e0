//! Plumbing that knows no room: HTTP, the data directory, time, chance.

pub mod clock;
pub mod console;
pub mod home;
pub mod http;
pub mod id_map;
pub mod journal;
pub mod lanes;
pub mod metrics;
pub mod operate;
pub mod token;
