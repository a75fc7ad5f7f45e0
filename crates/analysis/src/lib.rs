//! The instruments: mergeable folds over per-person sequences, and the kernels that finish them.
//!
//! Invariant: this crate knows no storage, no async, no SQL, no clock. The same fold runs in a unit test, on one
//! machine and on many, because of one law that every fold keeps: `merge(run(a), run(b)) == run(a ++ b)`, bit for
//! bit. Money is therefore integer minor units and divided credit is fixed point ([`fixed`]); floating point
//! begins only where a fold finishes.
//!
//! * what is read: [`sequence`], [`meaning`], [`reading`]
//! * what is kept: [`map_fold`] with [`tally`], [`landmarks`], [`frequency`], [`journeys`], [`replies`]
//! * beside the map: [`census`], which counts signals, and [`roll`], which lists people
//! * formulas over plain counts: [`intervals`], [`attribution`], [`coverage`] and the other metrics
//! * what is said: [`finish`], [`verdicts`], [`report`]

pub mod attribution;
pub mod base;
pub mod before_after;
pub mod budget;
pub mod census;
pub mod chance;
pub mod conformance;
pub mod conversion;
pub mod cost;
pub mod coverage;
pub mod distribution;
pub mod effect;
#[cfg(test)]
mod example;
pub mod experience;
pub mod finish;
pub mod fixed;
pub mod flows;
pub mod frequency;
pub mod funnel;
pub mod hours;
pub mod intervals;
pub mod journeys;
pub mod landmarks;
pub mod lifecycle;
pub mod map_fold;
pub mod meaning;
pub mod missing;
pub mod mix;
pub mod next_step;
pub mod over_use;
pub mod paths;
pub mod progression;
pub mod reading;
pub mod replies;
pub mod report;
pub mod roll;
pub mod retention;
pub mod sequence;
pub mod special;
pub mod stretches;
pub mod survival;
pub mod simulation;
pub mod sessions;
pub mod tally;
pub mod trend;
pub mod under_use;
pub mod verdicts;
pub mod waste;
pub mod weekly;
