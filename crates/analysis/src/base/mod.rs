//! Who our customers are: how recently, how often and for how much they bought, and whether they will come back.

pub mod bgnbd;
pub mod customers;
pub mod gamma_gamma;
#[cfg(test)]
mod golden;
pub mod history;
pub mod pareto_nbd;
pub mod report;
pub mod rfm;
mod search;
