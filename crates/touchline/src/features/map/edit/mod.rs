//! Edits of the map: small steps, what a version changed against another, and how two people's changes come together.
//!
//! Three layers. [`Edit`] is what a person does and knows the consequences (whoever removes a touchpoint removes its
//! rules). [`tree`] compares two maps and says the difference as changes of single places, which can be applied to a
//! third map: that is merging, undoing and adopting a plan, all in one. [`told`] writes changes down for people.
//! Nothing here reads or stores anything.

mod edits;
#[cfg(test)]
mod tests;
pub mod told;
pub mod tree;

pub use edits::{Edit, Part};
pub use told::{Did, Line};
pub use tree::{Change, Clash};
