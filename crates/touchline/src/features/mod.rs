//! The rooms, in the order of the product's own loop. A room may use those listed above it, never those below.

pub mod account;
pub mod capture;
pub mod goals;
pub mod improve;
pub mod map;
pub mod measure;
pub mod people;
