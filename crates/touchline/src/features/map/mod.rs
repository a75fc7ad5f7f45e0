//! The touchpoint map as designed: stored, applied, exported.
