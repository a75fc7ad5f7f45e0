//! Plumbing that knows no room: HTTP, the data directory, embedded files.
