//! Numbers that somebody wants to hear of: when one goes beyond another, and when it comes back. Tables `alert`,
//! `alert_turn` and `alert_mail`.
//!
//! A number with an interval is beyond for sure only when its whole interval is; where the interval still holds the limit, it
//! is beyond perhaps. Both are told, and told apart, so that chance does not cry wolf.

use super::reports::Reports;
use crate::failure::{Failure, Result as Done};
use crate::features::account::{Editor, SignedIn};
use crate::features::map::no_map;
use crate::platform::http::{Body, Path, Problem, Refusal};
use analysis::experience::texts::Theme;
use analysis::experience::texts::report::TextReport;
use analysis::report::{Answering, MapReport, TouchpointFigures};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{Figure, Instant, Unit};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{StateError, Transaction};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// More than this nobody reads.
const ALERTS_MAX: i64 = 200;
/// So often the numbers are looked at when nobody asks.
const LOOK_EVERY: Duration = Duration::from_secs(600);

pub(super) fn routes(reports: Reports) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(alerts, make_alert))
        .routes(routes!(remove_alert))
        .routes(routes!(super::alert_letters::tell_by_mail))
        .routes(routes!(super::alert_letters::letter_ways))
        .with_state(reports)
}

/// Names a number: of the report, or (complaints) of what texts say, the last four weeks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AlertNumber {
    People,
    Interactions,
    Cost,
    Conversion,
    Outcomes,
    Value,
    Unmapped,
    CostPerOutcome,
    Roi,
    Satisfaction,
    Lift,
    InTime,
    Answered,
    Complaints,
}

/// Names the side on which a number is not wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AlertSide {
    Above,
    Below,
}

/// Is what somebody wants to be told of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAlert {
    /// Which number.
    pub(super) number: AlertNumber,
    /// Of which touchpoint, by id; none: of everything together.
    #[serde(default)]
    pub(super) touchpoint: Option<String>,
    /// Of which segment, by id; none: everybody.
    #[serde(default)]
    pub(super) segment: Option<String>,
    /// Complaints about what; none: about anything.
    #[serde(default)]
    pub(super) theme: Option<Theme>,
    /// On which side of the limit it is not wanted.
    pub(super) side: AlertSide,
    /// The limit, in the number's own unit: money in minor units, shares from 0 to 1.
    pub(super) than: f64,
    /// Whether whoever sets it is told by mail too.
    #[serde(default)]
    pub(super) mail: bool,
}

/// Tells where a number stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AlertStand {
    /// There is no such number now: too little data, or the touchpoint or segment has left the map.
    Unknown,
    /// It is where it is wanted.
    Calm,
    /// It is beyond, and its interval still holds the limit.
    Perhaps,
    /// It is beyond with its whole interval, or it is counted.
    Sure,
}

/// Is an alert and where its number stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Alert {
    /// Its number.
    pub(super) id: i64,
    /// What somebody wants to be told of; `mail`: whether whoever asks is told by mail.
    pub(super) about: NewAlert,
    /// Who.
    pub(super) by: String,
    /// The number as it is now.
    pub(super) figure: Option<Figure>,
    /// Where it stands.
    pub(super) stand: AlertStand,
    /// Since when it stands so, UTC microseconds, as far as it was noticed.
    pub(super) since: i64,
}

impl AlertStand {
    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Calm => "calm",
            Self::Perhaps => "perhaps",
            Self::Sure => "sure",
        }
    }
}

/// Returns the number of a report; `None` where the report has none of that name.
fn number_in(report: &MapReport, number: AlertNumber, touchpoint: Option<&str>) -> Option<Figure> {
    use AlertNumber as N;
    let counted = |value: f64, n: u64, unit| Some(Figure::exact(value, n, unit));
    let Some(id) = touchpoint else {
        let all = &report.totals;
        return match number {
            N::People => counted(all.people as f64, all.people, Unit::Count),
            N::Interactions => counted(all.interactions as f64, all.interactions, Unit::Count),
            N::Cost => counted(all.cost as f64, all.interactions, Unit::Money),
            N::Conversion => Some(all.conversion.clone()),
            N::Outcomes => counted(all.outcomes as f64, all.outcomes, Unit::Count),
            N::Value => counted(all.value as f64, all.outcomes, Unit::Money),
            N::Unmapped => counted(all.unmapped as f64, all.unmapped, Unit::Count),
            N::CostPerOutcome | N::Roi | N::Satisfaction | N::Lift | N::InTime | N::Answered | N::Complaints => None,
        };
    };
    let one = report.touchpoints.iter().find(|one| one.touchpoint == id)?;
    match number {
        N::People => counted(one.people as f64, one.people, Unit::Count),
        N::Interactions => counted(one.interactions as f64, one.interactions, Unit::Count),
        N::Cost => counted(one.cost as f64, one.interactions, Unit::Money),
        N::Conversion => Some(one.conversion.clone()),
        N::CostPerOutcome => Some(one.cost_per_outcome.clone()),
        N::Roi => Some(one.roi.clone()),
        N::Satisfaction => Some(one.satisfaction.clone()),
        N::Lift => Some(one.progression.lift.clone()),
        N::InTime | N::Answered => Some(answered(one, number)),
        N::Outcomes | N::Value | N::Unmapped | N::Complaints => None,
    }
}

/// Returns how those who ask at a touchpoint are answered; unknown where nobody asks.
fn answered(one: &TouchpointFigures, number: AlertNumber) -> Figure {
    let unknown = || Figure::unknown(Unit::Share);
    let of = |found: &Answering| if number == AlertNumber::InTime { found.in_time.clone() } else { found.answered.clone() };
    one.answering.as_ref().map_or_else(unknown, of)
}

/// Returns the share of texts that complain, about a touchpoint and a theme where they are named; unknown where there are none.
fn complaints(texts: Option<&TextReport>, about: &NewAlert) -> Figure {
    let place = texts.and_then(|texts| texts.places.iter().find(|place| place.touchpoint == about.touchpoint));
    let found = place.and_then(|place| match about.theme {
        None => Some(&place.recent),
        Some(theme) => place.themes.iter().find(|known| known.theme == theme).map(|known| &known.recent),
    });
    found.cloned().unwrap_or_else(|| Figure::unknown(Unit::Share))
}

/// Judges where a number stands.
fn judge(figure: Option<&Figure>, side: AlertSide, than: f64) -> AlertStand {
    let Some(figure) = figure else { return AlertStand::Unknown };
    let Some(value) = figure.value else { return AlertStand::Unknown };
    let is_beyond = |number: f64| match side {
        AlertSide::Above => number > than,
        AlertSide::Below => number < than,
    };
    // The limit of the interval that is nearer to where the number is wanted.
    let nearest = match side {
        AlertSide::Above => figure.low.unwrap_or(value),
        AlertSide::Below => figure.high.unwrap_or(value),
    };
    match (is_beyond(value), is_beyond(nearest)) {
        (true, true) => AlertStand::Sure,
        (true, false) => AlertStand::Perhaps,
        (false, _) => AlertStand::Calm,
    }
}

/// Lists what somebody wants to be told of, with where each number stands now.
#[utoipa::path(get, path = "/api/measure/alerts", tag = "measure", responses(
    (status = 200, body = Vec<Alert>),
    (status = 401, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn alerts(State(reports): State<Reports>, SignedIn(who): SignedIn) -> Result<Json<Vec<Alert>>, Refusal> {
    let mut all = standing(&reports).await?.ok_or_else(no_map)?;
    let mailed = reports.mailed_to(who.account).await?;
    for alert in &mut all {
        alert.about.mail = mailed.contains(&alert.id);
    }
    Ok(Json(all))
}

/// Wants to be told when a number goes beyond a limit.
#[utoipa::path(post, path = "/api/measure/alerts", tag = "measure", request_body = NewAlert, responses(
    (status = 201, body = Alert),
    (status = 400, body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, description = "There is no map yet.", body = Problem),
))]
async fn make_alert(
    State(reports): State<Reports>,
    Editor(who): Editor,
    Body(about): Body<NewAlert>,
) -> Result<(StatusCode, Json<Alert>), Refusal> {
    let latest = reports.latest().await?.ok_or_else(no_map)?;
    let map = latest.map();
    if about.segment.as_ref().is_some_and(|id| map.segments.iter().all(|known| known.id != *id)) {
        return Err(Refusal::malformed("There is no such segment", "Read /api/map for those that exist"));
    }
    let is_of_texts = about.number == AlertNumber::Complaints;
    if about.theme.is_some() && !is_of_texts || about.segment.is_some() && is_of_texts {
        return Err(Refusal::malformed(
            "There is no such number",
            "Complaints have a theme and no segment; other numbers have no theme",
        ));
    }
    if is_of_texts && about.touchpoint.as_deref().is_some_and(|id| map.touchpoint(id).is_none()) {
        return Err(Refusal::malformed("There is no such touchpoint", "Read /api/map for those that exist"));
    }
    let figure = match is_of_texts {
        true => Some(complaints(reports.texts().await?.as_ref(), &about)),
        false => number_in(&*latest.report(about.segment.as_deref())?, about.number, about.touchpoint.as_deref()),
    };
    let Some(figure) = figure else {
        let hint = "Read /api/map for touchpoints; cost per outcome, return, satisfaction, lift and answers are numbers of a touchpoint, \
                    outcomes, value and what is unmapped are numbers of everything";
        return Err(Refusal::malformed("There is no such number", hint));
    };
    if about.mail {
        reports.can_be_written_to(&who).await?;
    }
    let now = reports.stores().now();
    let stand = judge(Some(&figure), about.side, about.than);
    let mut transaction = reports.stores().state.begin().await.map_err(failed)?;
    let (id, there): (i64, i64) = sqlx::query_as("SELECT COALESCE(MAX(id), 0) + 1, COUNT(*) FROM alert")
        .fetch_one(&mut *transaction)
        .await
        .map_err(refused)?;
    if there >= ALERTS_MAX {
        return Err(Refusal::malformed(format!("There are {ALERTS_MAX} alerts already"), "Remove some that nobody needs"));
    }
    sqlx::query(
        "INSERT INTO alert (id, number, touchpoint, segment, side, than, made_by, made_at, theme, is_written) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(word(about.number))
    .bind(about.touchpoint.clone().unwrap_or_default())
    .bind(about.segment.clone().unwrap_or_default())
    .bind(word(about.side))
    .bind(about.than)
    .bind(who.name.clone())
    .bind(now.0)
    .bind(about.theme.map_or("", Theme::name))
    // Whoever sets it sees where it stands: what is beyond already is no crossing.
    .bind(i64::from(stand == AlertStand::Sure))
    .execute(&mut *transaction)
    .await
    .map_err(refused)?;
    if about.mail {
        super::alert_letters::want_mail(&mut transaction, id, who.account).await?;
    }
    note(&mut transaction, now, &[(id, stand, figure.value)]).await?;
    transaction.commit().await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(Alert { id, about, by: who.name, figure: Some(figure), stand, since: now.0 })))
}

/// Wants to be told no more.
#[utoipa::path(delete, path = "/api/measure/alerts/{id}", tag = "measure", params(
    ("id" = i64, Path, description = "The alert, by its number."),
), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn remove_alert(State(reports): State<Reports>, _: Editor, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    let mut transaction = reports.stores().state.begin().await.map_err(failed)?;
    sqlx::query("DELETE FROM alert_turn WHERE alert = $1").bind(id).execute(&mut *transaction).await.map_err(refused)?;
    sqlx::query("DELETE FROM alert_mail WHERE alert = $1").bind(id).execute(&mut *transaction).await.map_err(refused)?;
    let gone = sqlx::query("DELETE FROM alert WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(refused)?;
    transaction.commit().await.map_err(refused)?;
    if gone.rows_affected() == 0 {
        return Err(Refusal::not_found(format!("There is no alert {id}"), "List them with GET /api/measure/alerts"));
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Reports {
    /// Looks at the watched numbers from time to time, notes which have turned, and sends reports when they are due. Never ends.
    pub async fn watch(self) {
        let watching = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if let Err(failure) = self.note_turns().await {
                    tracing::warn!("{failure}");
                }
            }
        };
        // Apart: a report that takes its time keeps nobody waiting for a number.
        tokio::join!(watching, self.keep_sending());
    }

    /// Notes which of the watched numbers have turned since they were looked at last, and queues the letters about it; returns
    /// how many have turned.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn note_turns(&self) -> Done<usize> {
        let is_any = "SELECT id FROM alert LIMIT 1";
        if sqlx::query(is_any).fetch_optional(self.stores().state.reader()).await.map_err(refused)?.is_none() {
            return Ok(0);
        }
        let Some(all) = standing(self).await? else { return Ok(0) };
        let known = last_turns(self).await?;
        let turned = |alert: &&Alert| known.get(&alert.id).is_none_or(|(stand, _)| stand != alert.stand.name());
        let turns: Vec<_> = all
            .iter()
            .filter(turned)
            .map(|alert| (alert.id, alert.stand, alert.figure.as_ref().and_then(|figure| figure.value)))
            .collect();
        let letters = self.alert_letters(&all).await?;
        if turns.is_empty() && letters.is_empty() {
            return Ok(0);
        }
        let now = self.stores().now();
        let mut transaction = self.stores().state.begin().await.map_err(failed)?;
        note(&mut transaction, now, &turns).await?;
        for crossing in &letters {
            crossing.queue(&mut transaction, now).await?;
        }
        transaction.commit().await.map_err(refused)?;
        Ok(turns.len())
    }
}

async fn standing(reports: &Reports) -> Done<Option<Vec<Alert>>> {
    let Some(latest) = reports.latest().await? else { return Ok(None) };
    let sql = "SELECT id, number, touchpoint, segment, theme, side, than, made_by, made_at FROM alert ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(reports.stores().state.reader()).await.map_err(refused)?;
    let turns = last_turns(reports).await?;
    // Reading texts takes its time: only where somebody watches them.
    let is_of_texts = |row: &AnyRow| named(&row.get::<String, _>("number")) == Some(AlertNumber::Complaints);
    let texts = if rows.iter().any(is_of_texts) { reports.texts().await? } else { None };
    let alert = |row: &AnyRow| {
        let (id, given) = (row.get("id"), |name: &str| Some(row.get::<String, _>(name)).filter(|text| !text.is_empty()));
        let about = NewAlert {
            number: named(&row.get::<String, _>("number"))?,
            touchpoint: given("touchpoint"),
            segment: given("segment"),
            theme: given("theme").and_then(|name| Theme::named(&name)),
            side: named(&row.get::<String, _>("side"))?,
            than: row.get("than"),
            mail: false,
        };
        let report = latest.report(about.segment.as_deref()).ok();
        let figure = match about.number {
            AlertNumber::Complaints => Some(complaints(texts.as_ref(), &about)),
            _ => report.and_then(|report| number_in(&report, about.number, about.touchpoint.as_deref())),
        };
        let stand = judge(figure.as_ref(), about.side, about.than);
        let noted = turns.get(&id).filter(|(noted, _)| noted == stand.name()).map(|(_, at)| *at);
        Some(Alert { id, about, by: row.get("made_by"), figure, stand, since: noted.unwrap_or(latest.at().0) })
    };
    Ok(Some(rows.iter().filter_map(alert).collect()))
}

/// Returns how each alert stood when it turned last, and when that was.
async fn last_turns(reports: &Reports) -> Done<BTreeMap<i64, (String, i64)>> {
    let sql = "SELECT t.alert, t.stand, t.at FROM alert_turn t \
               JOIN (SELECT alert, MAX(at) AS at FROM alert_turn GROUP BY alert) l ON l.alert = t.alert AND l.at = t.at";
    let rows = sqlx::query(sql).fetch_all(reports.stores().state.reader()).await.map_err(refused)?;
    Ok(rows.iter().map(|row| (row.get("alert"), (row.get("stand"), row.get("at")))).collect())
}

async fn note(transaction: &mut Transaction, now: Instant, turns: &[(i64, AlertStand, Option<f64>)]) -> Done<()> {
    for (alert, stand, value) in turns {
        sqlx::query(
            "INSERT INTO alert_turn (alert, at, stand, value) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (alert, at) DO UPDATE SET stand = excluded.stand, value = excluded.value",
        )
        .bind(*alert)
        .bind(now.0)
        .bind(stand.name())
        .bind(*value)
        .execute(&mut **transaction)
        .await
        .map_err(refused)?;
    }
    Ok(())
}

/// Writes one of the closed lists above as the word that the tables and the wire have for it.
pub(super) fn word(one: impl Serialize) -> String {
    serde_json::to_value(one).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn named<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

pub(super) fn refused(error: sqlx::Error) -> Failure {
    failed(StateError::from(error))
}

pub(super) fn failed(error: StateError) -> Failure {
    Failure::new("Cannot look after alerts").because(&error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_does_not_cry_wolf() {
        let figure = |value, low, high| Figure { low, high, ..Figure::exact(value, 9, Unit::Share) };
        for (value, low, high, side, than, expected) in [
            (0.5, None, None, AlertSide::Above, 0.4, AlertStand::Sure),
            (0.4, None, None, AlertSide::Above, 0.4, AlertStand::Calm),
            (0.5, Some(0.45), Some(0.55), AlertSide::Above, 0.4, AlertStand::Sure),
            (0.5, Some(0.35), Some(0.65), AlertSide::Above, 0.4, AlertStand::Perhaps),
            (0.3, Some(0.1), Some(0.5), AlertSide::Above, 0.4, AlertStand::Calm),
            (0.3, Some(0.1), Some(0.35), AlertSide::Below, 0.4, AlertStand::Sure),
            (0.3, Some(0.1), Some(0.5), AlertSide::Below, 0.4, AlertStand::Perhaps),
        ] {
            assert_eq!(judge(Some(&figure(value, low, high)), side, than), expected, "{value} {side:?} {than}");
        }
        assert_eq!(judge(None, AlertSide::Above, 0.0), AlertStand::Unknown);
        assert_eq!(judge(Some(&Figure::unknown(Unit::Share)), AlertSide::Above, 0.0), AlertStand::Unknown);
    }
}
