//! What people enter because no machine can count it, each kind a closed set of fields: the table `measure_given`.
//!
//! Everything entered is declared by staff (E1) or asked of people (E2), and shown so. The latest entry of a kind counts;
//! earlier ones stay for comparison.

use crate::failure::{Failure, Result as Done};
use model::Instant;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError};
use utoipa::ToSchema;

/// A list longer than this was not entered by a person.
const LIST_MAX: usize = 2_000;
/// So many entries of the past are listed.
const HISTORY_MAX: i64 = 200;

/// Is something entered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Given {
    /// When the organisation answers.
    Hours {
        /// Seven days, Monday first; null: closed.
        week: Vec<Option<Open>>,
    },
    /// By when answers are due (M15).
    Targets {
        /// Touchpoints that differ from what is usual on their channel.
        targets: Vec<Target>,
    },
    /// How far touchpoints look and sound like the brand, rated by several people (M13a).
    Brand {
        /// The criteria with their weights.
        criteria: Vec<Criterion>,
        /// Who rated what how.
        ratings: Vec<Rating>,
    },
    /// What surfaces state of the same datum (M13b).
    Facts {
        /// The data: telephone numbers, opening hours, prices.
        data: Vec<Datum>,
    },
    /// How easily people reach us, as far as it is not counted (M14).
    Access {
        /// The share of people who prefer a channel, by the channel's id.
        preferences: Vec<Preference>,
        /// Contact data that were looked for, and found right within two clicks.
        findability: Option<Part>,
        /// Automatic accessibility checks of contact surfaces, and how many passed.
        usable: Option<Part>,
    },
    /// Where brands are recalled (M18).
    Recall {
        /// The touchpoints, each with its clout from 0 to 100.
        touchpoints: Vec<Clout>,
        /// The brands, ours first: the share of the asked who recall it at each of the touchpoints.
        brands: Vec<Brand>,
        /// How many were asked.
        asked: u64,
    },
    /// The mean of the category's reviews, 1 to 5 (M19).
    Category {
        /// The mean.
        mean: f64,
    },
    /// What solved itself (M20).
    Deflection {
        /// Sessions of known people, marked solved.
        known: u64,
        /// Those of them with no new contact within 72 hours.
        known_stayed_away: u64,
        /// Sessions of unknown people, marked solved.
        unknown: u64,
        /// What an assisted contact costs, in minor units.
        per_contact: i64,
        /// What studies would have cost that were not needed, in minor units.
        studies: i64,
    },
}

/// Is the opening hours of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpeningHours)]
pub(super) struct Open {
    /// From this minute of the local day on.
    pub from: u16,
    /// Up to this minute.
    pub to: u16,
}

/// Is by when a touchpoint's answers are due.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerDue)]
pub(super) struct Target {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// In so many seconds.
    pub seconds: u32,
    /// Whether only opening hours count.
    pub working_hours: bool,
}

/// Is a criterion of the brand.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Criterion {
    /// Its name, such as `logo`.
    pub name: String,
    /// Its weight.
    pub weight: f64,
}

/// Is how one person rated one touchpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rating {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Who rated.
    pub rater: String,
    /// 0 to 4 per criterion; null: does not apply.
    pub points: Vec<Option<u8>>,
}

/// Is a datum and how surfaces state it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Datum {
    /// Its name.
    pub name: String,
    /// What each surface states.
    pub stated: Vec<Stated>,
}

/// Is what one surface states.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    /// The surface, such as `website`.
    pub surface: String,
    /// The value.
    pub value: String,
}

/// Is how many prefer a channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Preference {
    /// The channel, by id; one that the map does not have is not on offer.
    pub channel: String,
    /// The share of people.
    pub share: f64,
}

/// Is a part of a whole.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GivenPart)]
pub(super) struct Part {
    /// So many of them.
    pub good: u64,
    /// All.
    pub of: u64,
}

/// Is a touchpoint's clout.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Clout {
    /// The touchpoint, by id or by name.
    pub touchpoint: String,
    /// 0 to 100.
    pub clout: f64,
}

/// Is where a brand is recalled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Brand {
    /// Its name.
    pub name: String,
    /// The share of the asked per touchpoint.
    pub recalled: Vec<f64>,
}

/// Is an entry with its date.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = GivenEntry)]
pub(super) struct Entry {
    /// Its number.
    pub id: i64,
    /// Who entered it.
    pub by: String,
    /// When, UTC microseconds.
    pub at: i64,
    /// What.
    pub given: Given,
}

impl Given {
    /// Returns the name of the kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Hours { .. } => "hours",
            Self::Targets { .. } => "targets",
            Self::Brand { .. } => "brand",
            Self::Facts { .. } => "facts",
            Self::Access { .. } => "access",
            Self::Recall { .. } => "recall",
            Self::Category { .. } => "category",
            Self::Deflection { .. } => "deflection",
        }
    }

    /// Says what is wrong with an entry; `None`: nothing.
    pub(super) fn problem(&self) -> Option<String> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        match self {
            Self::Hours { week } if week.len() != 7 => Some("a week has seven days, Monday first".to_owned()),
            Self::Hours { week } => {
                let wrong = week.iter().flatten().find(|open| open.from >= open.to || open.to > 1_440)?;
                Some(format!("hours from minute {} to {} are none of a day", wrong.from, wrong.to))
            }
            Self::Targets { targets } => too_long(targets.len()).or_else(|| {
                targets
                    .iter()
                    .find(|target| target.seconds == 0)
                    .map(|target| format!("{}: a target of no time cannot be met", target.touchpoint))
            }),
            Self::Brand { criteria, ratings } => too_long(criteria.len().max(ratings.len())).or_else(|| {
                let weight = criteria.iter().find(|one| !(one.weight > 0.0 && one.weight.is_finite()));
                let rating = ratings
                    .iter()
                    .find(|one| one.points.len() != criteria.len() || one.points.iter().flatten().any(|points| *points > 4));
                weight.map(|one| format!("{}: a weight is above zero", one.name)).or_else(|| {
                    rating.map(|one| format!("{}: there is one rating from 0 to 4 per criterion, or null", one.touchpoint))
                })
            }),
            Self::Facts { data } => too_long(data.iter().map(|datum| datum.stated.len()).sum::<usize>().max(data.len())),
            Self::Access { preferences, findability, usable } => too_long(preferences.len()).or_else(|| {
                let part = [findability, usable].into_iter().flatten().find(|part| part.good > part.of);
                let preference = preferences.iter().find(|one| !share(one.share));
                part.map(|part| format!("{} of {} are more than all", part.good, part.of))
                    .or_else(|| preference.map(|one| format!("{}: a share lies between 0 and 1", one.channel)))
            }),
            Self::Recall { touchpoints, brands, .. } => too_long(touchpoints.len().max(brands.len())).or_else(|| {
                let clout = touchpoints.iter().find(|one| !(0.0..=100.0).contains(&one.clout));
                let brand = brands
                    .iter()
                    .find(|one| one.recalled.len() != touchpoints.len() || !one.recalled.iter().all(|one| share(*one)));
                clout
                    .map(|one| format!("{}: clout lies between 0 and 100", one.touchpoint))
                    .or_else(|| brand.map(|one| format!("{}: there is one share from 0 to 1 per touchpoint", one.name)))
            }),
            Self::Category { mean } if !(1.0..=5.0).contains(mean) => Some("the mean of stars lies between 1 and 5".to_owned()),
            Self::Category { .. } => None,
            Self::Deflection { known, known_stayed_away, per_contact, .. } => (known_stayed_away > known)
                .then(|| "more stayed away than came".to_owned())
                .or_else(|| (*per_contact < 0).then(|| "a contact costs no less than nothing".to_owned())),
        }
    }
}

fn too_long(length: usize) -> Option<String> {
    (length > LIST_MAX).then(|| format!("more than {LIST_MAX} lines"))
}

/// Notes an entry.
pub(super) async fn give(state: &State, given: &Given, by: &str, at: Instant) -> Done<i64> {
    let body = serde_json::to_string(given).map_err(|error| failed(&error))?;
    let mut transaction = state.begin().await.map_err(|error| failed(&error))?;
    let id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM measure_given")
        .fetch_one(&mut *transaction)
        .await
        .map_err(refused)?;
    sqlx::query("INSERT INTO measure_given (id, kind, body, entered_by, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(given.kind())
        .bind(body)
        .bind(by)
        .bind(at.0)
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
    transaction.commit().await.map_err(|error| failed(&error))?;
    Ok(id)
}

/// Lists entries, the latest first.
pub(super) async fn entries(state: &State) -> Done<Vec<Entry>> {
    let rows = sqlx::query("SELECT id, body, entered_by, at FROM measure_given ORDER BY id DESC LIMIT $1")
        .bind(HISTORY_MAX)
        .fetch_all(state.reader())
        .await
        .map_err(refused)?;
    let entry = |row: &sqlx::any::AnyRow| {
        let given = serde_json::from_str(row.get("body")).map_err(|error| failed(&error))?;
        Ok(Entry { id: row.get("id"), by: row.get("entered_by"), at: row.get("at"), given })
    };
    rows.iter().map(entry).collect()
}

/// Returns the latest entry of each kind, in the order of the kinds' names.
pub(super) async fn latest(state: &State) -> Done<Vec<Given>> {
    let latest = "SELECT body FROM measure_given WHERE id IN (SELECT MAX(id) FROM measure_given GROUP BY kind) ORDER BY kind";
    let rows = sqlx::query(latest).fetch_all(state.reader()).await.map_err(refused)?;
    rows.iter().map(|row| serde_json::from_str(row.get("body")).map_err(|error| failed(&error))).collect()
}

fn refused(error: sqlx::Error) -> Failure {
    failed(&StateError::from(error))
}

fn failed(error: &dyn std::error::Error) -> Failure {
    Failure::new("Cannot look after what was entered").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        let refused = [
            Given::Hours { week: vec![None; 6] },
            Given::Hours { week: vec![Some(Open { from: 600, to: 500 }); 7] },
            Given::Targets { targets: vec![Target { touchpoint: "chat".into(), seconds: 0, working_hours: false }] },
            Given::Brand { criteria: vec![Criterion { name: "logo".into(), weight: -1.0 }], ratings: Vec::new() },
            Given::Access { preferences: Vec::new(), findability: Some(Part { good: 3, of: 2 }), usable: None },
            Given::Recall {
                touchpoints: vec![Clout { touchpoint: "shop".into(), clout: f64::NAN }],
                brands: Vec::new(),
                asked: 3,
            },
            Given::Category { mean: 9.0 },
            Given::Deflection { known: 1, known_stayed_away: 2, unknown: 0, per_contact: 5, studies: 0 },
        ];
        for given in refused {
            assert!(given.problem().is_some(), "{given:?}");
        }
        assert_eq!(Given::Hours { week: vec![Some(Open { from: 540, to: 1_020 }); 7] }.problem(), None);
    }
}
