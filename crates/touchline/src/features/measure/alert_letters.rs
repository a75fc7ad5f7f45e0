//! Letters about watched numbers: to the members who asked for them, one when a number is beyond its limit for sure, and one
//! when it is back. Tables `alert_mail` and `alert.is_written`.
//!
//! What is beyond perhaps by chance is shown on the page and written to nobody; so a number that wavers at its limit makes no
//! letters. That a crossing was written about is noted in the transaction that queues the letter: neither a second look nor a
//! restart writes again.

use super::alerts::{Alert, AlertSide, AlertStand, failed, refused, word};
use super::letters::{Sheet, Speaker};
use super::reports::Reports;
use crate::failure::Result as Done;
use crate::features::account::{Addressee, SignedIn, Who, Worker};
use crate::features::conversations::StaffLetter;
use crate::platform::http::{Body, Path, Problem, Refusal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{Instant, TouchpointMap, Unit};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::Transaction;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Is whether somebody wants to be told by mail.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertMail {
    /// Whether.
    mail: bool,
}

/// Wants to be told by mail of a watched number, at the address of the own account, or no more.
#[utoipa::path(put, operation_id = "tell_by_mail", path = "/api/measure/alerts/{id}/mail", tag = "measure", request_body = AlertMail, params(
    ("id" = i64, Path, description = "The alert, by its number."),
), responses(
    (status = 204),
    (status = 400, description = "The account has no address.", body = Problem),
    (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
))]
pub(super) async fn tell_by_mail(
    State(reports): State<Reports>,
    Worker(who): Worker,
    Path(id): Path<i64>,
    Body(wanted): Body<AlertMail>,
) -> Result<StatusCode, Refusal> {
    if wanted.mail {
        reports.can_be_written_to(&who).await?;
    }
    let mut transaction = reports.stores().state.begin().await.map_err(failed)?;
    let known =
        sqlx::query("SELECT id FROM alert WHERE id = $1").bind(id).fetch_optional(&mut *transaction).await.map_err(refused)?;
    if known.is_none() {
        return Err(Refusal::not_found(format!("There is no alert {id}"), "List them with GET /api/measure/alerts"));
    }
    if wanted.mail {
        want_mail(&mut transaction, id, who.account).await?;
    } else {
        let sql = "DELETE FROM alert_mail WHERE alert = $1 AND account = $2";
        sqlx::query(sql).bind(id).bind(who.account).execute(&mut *transaction).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Is whether and to whom letters to members go.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LetterWays {
    /// Whether letters leave the house; if not, they are caught and shown under `/mail`.
    is_sent: bool,
    /// Whether the account of whoever asks has an address.
    has_address: bool,
    /// Who can be written to: members whose account has an address.
    readers: Vec<LetterReader>,
}

/// Is a member who can be written to.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LetterReader {
    /// The number of the account.
    account: i64,
    /// The name on the screen.
    name: String,
}

/// Tells whether letters to members go out, and who can be written to.
#[utoipa::path(get, operation_id = "letter_ways", path = "/api/measure/letters", tag = "measure", responses(
    (status = 200, body = LetterWays), (status = 401, body = Problem),
))]
pub(super) async fn letter_ways(State(reports): State<Reports>, SignedIn(who): SignedIn) -> Result<Json<LetterWays>, Refusal> {
    let known = reports.accounts().addressees().await?;
    let has_address = known.iter().any(|reader| reader.account == who.account);
    let readers = known.into_iter().map(|reader| LetterReader { account: reader.account, name: reader.name }).collect();
    Ok(Json(LetterWays { is_sent: reports.talk().sends_mail().await?, has_address, readers }))
}

pub(super) async fn want_mail(transaction: &mut Transaction, alert: i64, account: i64) -> Done<()> {
    sqlx::query("INSERT INTO alert_mail (alert, account) VALUES ($1, $2) ON CONFLICT (alert, account) DO NOTHING")
        .bind(alert)
        .bind(account)
        .execute(&mut **transaction)
        .await
        .map_err(refused)?;
    Ok(())
}

/// Is a number that has crossed its limit, with what is written about it.
pub(super) struct Crossing {
    alert: i64,
    is_beyond: bool,
    letters: Vec<StaffLetter>,
}

impl Crossing {
    pub(super) async fn queue(&self, transaction: &mut Transaction, now: Instant) -> Done<()> {
        sqlx::query("UPDATE alert SET is_written = $1 WHERE id = $2")
            .bind(i64::from(self.is_beyond))
            .bind(self.alert)
            .execute(&mut **transaction)
            .await
            .map_err(refused)?;
        for letter in &self.letters {
            letter.queue(transaction, now).await?;
        }
        Ok(())
    }
}

impl Reports {
    /// Refuses whoever has no account with an address.
    pub(super) async fn can_be_written_to(&self, who: &Who) -> Result<(), Refusal> {
        if self.accounts().addressee(who.account).await?.is_some() {
            return Ok(());
        }
        Err(Refusal::malformed("Your account has no address to write to", "Give it one in Settings, under your own account"))
    }

    /// Returns the alerts that a member is told of by mail.
    pub(super) async fn mailed_to(&self, account: i64) -> Done<BTreeSet<i64>> {
        let rows = sqlx::query("SELECT alert FROM alert_mail WHERE account = $1").bind(account);
        let rows = rows.fetch_all(self.stores().state.reader()).await.map_err(refused)?;
        Ok(rows.iter().map(|row| row.get("alert")).collect())
    }

    /// Finds the numbers that have crossed their limits since that was written about, and writes the letters.
    pub(super) async fn alert_letters(&self, all: &[Alert]) -> Done<Vec<Crossing>> {
        let state = &self.stores().state;
        let written = sqlx::query("SELECT id, is_written FROM alert").fetch_all(state.reader()).await.map_err(refused)?;
        let written: BTreeSet<i64> =
            written.iter().filter(|row| row.get::<i64, _>("is_written") == 1).map(|row| row.get("id")).collect();
        let crossed = |alert: &&Alert| match alert.stand {
            AlertStand::Sure => !written.contains(&alert.id),
            AlertStand::Calm => written.contains(&alert.id),
            AlertStand::Perhaps | AlertStand::Unknown => false,
        };
        let crossed: Vec<&Alert> = all.iter().filter(crossed).collect();
        if crossed.is_empty() {
            return Ok(Vec::new());
        }
        let Some(latest) = self.latest().await? else { return Ok(Vec::new()) };
        let wanted = sqlx::query("SELECT alert, account FROM alert_mail").fetch_all(state.reader()).await.map_err(refused)?;
        let wanted: BTreeSet<(i64, i64)> = wanted.iter().map(|row| (row.get("alert"), row.get("account"))).collect();
        let known = self.accounts().addressees().await?;
        let now = self.stores().now();
        let crossing = |alert: &&Alert| {
            let readers = known.iter().filter(|reader| wanted.contains(&(alert.id, reader.account)));
            Crossing {
                alert: alert.id,
                is_beyond: alert.stand == AlertStand::Sure,
                letters: readers.map(|reader| letter(alert, reader, latest.map(), self.talk().address(), now)).collect(),
            }
        };
        Ok(crossed.iter().map(crossing).collect())
    }
}

/// Writes the letter about a number to one member.
fn letter(alert: &Alert, reader: &Addressee, map: &TouchpointMap, address: &str, now: Instant) -> StaffLetter {
    let speaker = Speaker::new(&reader.language, map);
    let about = &alert.about;
    let number = speaker.say(&format!("number.{}", word(about.number)), []);
    let touchpoint = about.touchpoint.as_ref().and_then(|id| map.touchpoints.iter().find(|one| one.id == *id));
    let touchpoint = touchpoint.map(|one| speaker.name(&one.name).to_owned());
    let segment = about.segment.as_ref().and_then(|id| map.segments.iter().find(|one| one.id == *id));
    let segment = segment.map(|one| speaker.name(&one.name).to_owned());
    let theme = about.theme.map(|theme| speaker.say(&format!("theme.{}", theme.name()), []));
    let what: Vec<String> = [Some(number), theme, touchpoint.clone(), segment.clone()].into_iter().flatten().collect();
    let what = what.join(" · ");
    let (unit, value) = alert.figure.as_ref().map_or((Unit::Count, None), |figure| (figure.unit, figure.value));
    let written = value.map_or_else(|| "–".to_owned(), |value| speaker.of_unit(value, unit));
    let key = match (alert.stand, about.side) {
        (AlertStand::Sure, AlertSide::Below) => "watch.beyond.below",
        (AlertStand::Sure, AlertSide::Above) => "watch.beyond.above",
        _ => "watch.back",
    };
    let values = [("what", what.into()), ("value", written.into()), ("limit", speaker.of_unit(about.than, unit).into())];
    let subject = speaker.say(key, values);
    let mut sheet = Sheet::new(speaker.language);
    sheet.paragraph(&speaker.say("hello", [("name", reader.name.as_str().into())]));
    sheet.paragraph(&subject);
    sheet.paragraph(&speaker.say(if alert.stand == AlertStand::Sure { "watch.beyond" } else { "watch.returned" }, []));
    if let Some(figure) = &alert.figure {
        sheet.paragraph(&speaker.say("watch.now", [("figure", speaker.figure(figure).into())]));
    }
    let all = |name: Option<String>, key: &str| name.unwrap_or_else(|| speaker.say(key, []));
    let values = [("touchpoint", all(touchpoint, "everything").into()), ("segment", all(segment, "everybody").into())];
    sheet.paragraph(&speaker.say("watch.about", values));
    sheet.link(&speaker.say("open", []), &format!("{address}/measure?tab=watch"));
    sheet.paragraph(&speaker.say("watch.why", []));
    let (text, html) = sheet.end(&subject);
    let id = format!("alert:{}:{}:{}", alert.id, now.0, reader.account);
    StaffLetter { id, account: reader.account, subject, text, html, files: Vec::new() }
}
