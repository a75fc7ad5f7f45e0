//! The rehearsal stage: an invented company with planted truths, and a clock that can be turned.
