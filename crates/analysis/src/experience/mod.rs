//! What people say of us and how easily they reach us: satisfaction, answers, consistency, importance, brand.

pub mod access;
pub mod answers;
pub mod brand;
pub mod consistency;
pub mod drivers;
pub mod fold;
pub mod importance;
pub mod loyalty;
pub mod peak_end;
pub mod report;
pub mod scores;
pub mod texts;
pub mod waits;
