//! The trend of one touchpoint: week by week, as the current map reads its signals.

use super::analysis::{Sense, left_out, scan, unread};
use crate::failure::Result;
use crate::platform::home::Stores;
use ::analysis::weekly::{WEEK, Weeks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Half a year: more weeks than that are history, not a trend.
const WEEKS: usize = 26;

/// Is one week of a touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrendWeek {
    /// When it begins, UTC microseconds.
    pub from: i64,
    /// Interactions in it.
    pub interactions: u64,
    /// Known people who had them.
    pub people: u64,
}

/// Reads the weeks of a touchpoint; `None` while there is no map, an empty list where it has no such touchpoint or nothing
/// has happened yet. To be called from threads that may block.
pub(super) fn trend(stores: &Stores, id: &str) -> Result<Option<Vec<TrendWeek>>> {
    let Some(sense) = Sense::read(stores)? else { return Ok(None) };
    let window = stores.ledger().window().map_err(|error| unread(stores, &error))?;
    let (Some(position), Some((first, last))) = (sense.map.touchpoint(id), window) else { return Ok(Some(Vec::new())) };
    let counted = sense.signals.iter().map(|signal| sense.map.bind(signal) == Some(position)).collect();
    let left_out = stores.block_on(left_out(&stores.state))?;
    let fold = Weeks::new(counted, last.0.saturating_add(1), WEEKS, left_out.into());
    let fold = scan(stores, || fold.clone())?;
    let (from, weeks) = fold.weeks();
    let begins = (0_i64..).map(|number| from + number * WEEK);
    let week =
        |(from, week): (i64, &::analysis::weekly::Week)| TrendWeek { from, interactions: week.interactions, people: week.people };
    // Weeks before anything was recorded are not weeks without interactions.
    Ok(Some(begins.zip(weeks).map(week).filter(|week| week.from + WEEK > first.0).collect()))
}
