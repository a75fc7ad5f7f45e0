//! Plumbing that knows no room: HTTP, the data directory, time, chance.

pub mod calls;
pub mod cells;
pub mod clock;
pub mod console;
pub mod home;
pub mod http;
pub mod id_map;
pub mod journal;
pub mod lanes;
pub mod mark;
pub mod metrics;
pub mod operate;
pub mod outbound;
pub mod seal_key;
pub mod token;

/// Sets the points at which a test lets this process end or an error occur: `TOUCHLINE_FAILPOINTS=NAME=ACTIONS;…`, in
/// the words of the crate `fail`. They are compiled into every build, so that what is tested is what ships; a point is
/// passed once per group, flush or compaction, never per event.
pub fn failpoints() {
    for point in std::env::var("TOUCHLINE_FAILPOINTS").unwrap_or_default().split(';').filter(|point| !point.is_empty()) {
        let set = point.split_once('=').ok_or_else(|| "write NAME=ACTIONS".to_owned());
        if let Err(error) = set.and_then(|(name, actions)| fail::cfg(name, actions)) {
            tracing::warn!("the failpoint `{point}` is not set: {error}");
        }
    }
}
