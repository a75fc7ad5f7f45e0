//! The instruments: mergeable folds over per-person sequences, and the kernels that finish them.
//!
//! Invariant: this crate knows no storage, no async, no SQL, no clock. The same fold runs in a unit test, on one
//! machine and on many, because of one law that every fold keeps: `merge(run(a), run(b)) == run(a ++ b)`, bit for
//! bit. Money is therefore integer minor units and divided credit is fixed point ([`fixed`]); floating point
//! begins only where a fold finishes.

pub mod attribution;
pub mod conversion;
pub mod cost;
pub mod coverage;
pub mod distribution;
pub mod fixed;
pub mod intervals;
pub mod missing;
pub mod over_use;
pub mod progression;
pub mod report;
pub mod sequence;
pub mod under_use;
pub mod waste;
