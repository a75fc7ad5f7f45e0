//! The rooms, in the order of the product's own loop. A room may use those listed above it, never those below.

pub mod account;
pub mod goals;
pub mod map;
pub mod people;
pub mod capture;
pub mod measure;
pub mod improve;
