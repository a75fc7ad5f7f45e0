//! What a question about sequences is about: a period, a stage, a channel. Stages and segments of people follow from everything
//! they did all the same.

use super::analysis::position;
use crate::failure::{Failure, Result};
use analysis::meaning::Only;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::TouchpointMap;
use model::map::nearest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Narrows a question to some rows; nothing given: everything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// From this day on, such as 2026-01-31, in the organisation's time zone.
    #[serde(default)]
    pub from: Option<String>,
    /// Up to and with this day.
    #[serde(default)]
    pub to: Option<String>,
    /// Only what happened to people while in this stage, by id.
    #[serde(default)]
    pub stage: Option<String>,
    /// Only touchpoints of this channel, by id, and the target outcome.
    #[serde(default)]
    pub channel: Option<String>,
}

impl Narrow {
    /// Finds what it names in a map.
    ///
    /// # Errors
    /// Says which day is none, and what the map has not.
    pub(super) fn read(&self, map: &TouchpointMap, segment: Option<&str>) -> Result<Only> {
        let zone = TimeZone::get(&map.time_zone).unwrap_or(TimeZone::UTC);
        let from = self.from.as_deref().map(day).transpose()?;
        let to = self.to.as_deref().map(day).transpose()?;
        if let (Some(first), Some(last)) = (from, to)
            && last < first
        {
            return Err(Failure::new(format!("The period ends on {last}, before it begins on {first}"))
                .hint("Give the earlier day as `from`"));
        }
        let midnight = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp().as_microsecond()).ok();
        Ok(Only {
            from: from.and_then(midnight),
            until: to.and_then(|day| day.tomorrow().ok()).and_then(midnight),
            stage: found("stage", self.stage.as_deref(), map.stages.iter().map(|stage| stage.id.as_str()))?.map(|at| at as u8),
            channel: found("channel", self.channel.as_deref(), map.channels.iter().map(|channel| channel.id.as_str()))?,
            segment: segment.map(|id| position(map, id)).transpose()?,
        })
    }
}

fn day(text: &str) -> Result<Date> {
    text.parse().map_err(|error| {
        Failure::new(format!("`{text}` is no day")).because(&error).hint("Write days as year, month and day, such as 2026-01-31")
    })
}

fn found<'a>(kind: &str, id: Option<&str>, known: impl Iterator<Item = &'a str> + Clone) -> Result<Option<usize>> {
    let Some(id) = id else { return Ok(None) };
    let at = known.clone().position(|known| known == id);
    at.map(Some).ok_or_else(|| {
        let hint = nearest(id, known.clone())
            .map_or_else(|| known.clone().collect::<Vec<_>>().join(", "), |near| format!("Did you mean `{near}`?"));
        Failure::new(format!("The map has no {kind} `{id}`")).hint(hint)
    })
}
