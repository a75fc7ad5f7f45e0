//! What would become of a body: a dry run that stores nothing.

use super::Part;
use super::store::bind;
use crate::failure::{Failure, Result};
use crate::features::capture::import::{Preview, Sample, Sink};
use crate::features::capture::{Reason, Refused};
use serde::Serialize;
use utoipa::ToSchema;

/// Is a row that would be refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct RefusedRow {
    /// Its place in the body, from 0.
    pub position: usize,
    /// Why; it names columns, never their content.
    #[serde(flatten)]
    pub why: Reason,
}

/// Is what would become of a body.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Trial {
    /// How many interactions it tells of.
    pub interactions: usize,
    /// How many statements that two names are one person.
    pub links: usize,
    /// How many traits.
    pub traits: usize,
    /// The rows that would be refused.
    pub refused: Vec<RefusedRow>,
    /// The first interactions, as they would be stored; names are masked.
    pub samples: Vec<Sample>,
}

/// Reads a body by parts and stores nothing.
///
/// # Errors
/// Says what is wrong with a mapping, or that the body is no JSON.
pub fn try_out(parts: &[Part], body: &[u8]) -> Result<Trial> {
    let bodies = bind(parts)?;
    let body = serde_json::from_slice(body)
        .map_err(|error| Failure::new("The body is no JSON").because(&error).hint("Save one body of the sender as it is"))?;
    let mut preview = Preview::default();
    let mut trial = Trial { interactions: 0, links: 0, traits: 0, refused: Vec::new(), samples: Vec::new() };
    for part in bodies {
        let delivery = part.read(&body, "trial");
        trial.interactions += delivery.arrivals.len();
        trial.links += delivery.claims.len();
        trial.traits += delivery.traits.len();
        let refused = |row: Refused| RefusedRow { position: row.position, why: row.reason };
        trial.refused.extend(delivery.refused.into_iter().map(refused));
        preview.take(delivery.arrivals, Vec::new(), Vec::new())?;
    }
    trial.samples = preview.samples;
    Ok(trial)
}
