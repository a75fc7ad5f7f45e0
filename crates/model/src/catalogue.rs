//! The touchpoints and templates that an organisation can start from.
