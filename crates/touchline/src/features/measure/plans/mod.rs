//! Reports that go by mail every week or month, or are taken at once: what of, to whom, when. Table `report_plan`.
//!
//! The next moment is stored. Whoever sends moves it on in the transaction that queues the letters, and only if it still is
//! what they saw: a restart in between sends once, and what the server slept through is sent once when it wakes.

mod gather;
mod http;
mod moment;
mod send;
mod store;
mod write;

pub(super) use http::routes;

use crate::failure::{Failure, Result};
use model::TouchpointMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More plans than this nobody reads.
const PLANS_MAX: i64 = 100;
/// A report goes to so many at most.
const READERS_MAX: usize = 50;
/// A name is a line.
const NAME_MAX: usize = 120;

/// Is a part of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportPart)]
enum Part {
    /// What each touchpoint does, with its verdict.
    Touchpoints,
    /// Requests and conversion by channel.
    Channels,
    /// Who led to outcomes.
    Attribution,
    /// Cost and return.
    Cost,
    /// Week by week.
    Trends,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Touchpoints => "touchpoints",
            Self::Channels => "channels",
            Self::Attribution => "attribution",
            Self::Cost => "cost",
            Self::Trends => "trends",
        }
    }
}

/// Is the stretch of time that a report speaks of: whole days that end with yesterday.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportPeriod)]
enum Period {
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// Ninety days.
    Quarter,
    /// Everything.
    All,
}

impl Period {
    const fn days(self) -> Option<i64> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::All => None,
        }
    }
}

/// Is how often a report goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportEvery)]
enum Every {
    /// On a day of the week.
    Week,
    /// On a day of the month.
    Month,
}

/// Is the form of a report's tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportForm)]
enum Form {
    /// A page to read and to print.
    #[default]
    Html,
    /// A table for other programs: one line for every number.
    Csv,
}

/// Is what goes to whom and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportPlan {
    /// Its name.
    name: String,
    /// Its parts.
    parts: Vec<Part>,
    /// The time that it speaks of.
    period: Period,
    /// The segment, by id; none: everybody.
    #[serde(default)]
    segment: Option<String>,
    /// How often it goes.
    every: Every,
    /// On which day: of the week from 1 (Monday), of the month up to 31; where a month has no such day, on its last.
    day: u8,
    /// At which hour of the organisation's clock.
    hour: u8,
    /// To whom: numbers of accounts.
    readers: Vec<i64>,
    /// The form of what is attached.
    #[serde(default)]
    form: Form,
}

impl ReportPlan {
    /// Says what is wrong with it.
    fn check(&self, map: &TouchpointMap) -> Result<()> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(Failure::new(format!("A name is a line of 1 to {NAME_MAX} characters")));
        }
        if self.parts.is_empty() {
            return Err(Failure::new("A report has at least one part").hint("Choose what shall be in it"));
        }
        let days = if self.every == Every::Week { 1..=7 } else { 1..=31 };
        if !days.contains(&self.day) || self.hour > 23 {
            return Err(Failure::new("There is no such day or hour")
                .hint("Give a day of the week from 1 to 7 or of the month, and an hour from 0 to 23"));
        }
        if self.readers.len() > READERS_MAX {
            return Err(Failure::new(format!("A report goes to at most {READERS_MAX} members")));
        }
        if let Some(segment) = &self.segment
            && map.segments.iter().all(|known| known.id != *segment)
        {
            return Err(Failure::new("There is no such segment").hint("Read /api/map for those that exist"));
        }
        Ok(())
    }

    #[cfg(test)]
    fn example() -> Self {
        Self {
            name: "Monday".to_owned(),
            parts: vec![Part::Touchpoints],
            period: Period::Week,
            segment: None,
            every: Every::Week,
            day: 1,
            hour: 8,
            readers: Vec::new(),
            form: Form::Html,
        }
    }
}
