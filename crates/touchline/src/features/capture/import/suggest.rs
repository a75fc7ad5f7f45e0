//! A mapping proposed from the first rows.
