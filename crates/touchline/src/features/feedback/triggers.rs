//! Surveys that ask by themselves, some days after something happened: the table `survey_trigger`.
//!
//! Everybody is asked once by a survey, by mail, and only as far as the contact policy lets it. Looking twice at the same
//! hours asks nobody twice, so a crash in the middle is harmless. What arrives late, with a time that was looked at already, asks nobody.

use super::Feedback;
use super::room::failed;
use crate::failure::{Failure, Result};
use crate::features::people::texts;
use analysis::sequence::{Fold, Rows};
use model::time::{DAY, SECOND};
use model::{ActorId, Flags, Form, Instant, PersonId};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Later than this nobody remembers.
const DAYS_MAX: u16 = 365;
/// So much time is looked at together: the ledger is read once for it.
const AT_ONCE: i64 = 3_600 * SECOND;

/// Is what a survey asks after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyMoment {
    /// Something was bought.
    Purchase,
    /// Something was delivered.
    Delivery,
    /// A conversation was resolved.
    Conversation,
}

impl SurveyMoment {
    const fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Delivery => "delivery",
            Self::Conversation => "conversation",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Purchase, Self::Delivery, Self::Conversation].into_iter().find(|moment| moment.name() == name)
    }
}

/// Is when a survey asks by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyTrigger {
    /// What must have happened.
    pub after: SurveyMoment,
    /// So many days before, 0 to 365.
    pub days: u16,
}

impl Feedback {
    /// Lets a survey ask by itself, or no more; tells whether there is one that takes answers. What happened earlier than
    /// the days before now asks nobody.
    ///
    /// # Errors
    /// Fails when the days are too many, or the state store fails.
    pub async fn trigger(&self, survey: i64, trigger: Option<SurveyTrigger>) -> Result<bool> {
        if trigger.is_some_and(|trigger| trigger.days > DAYS_MAX) {
            return Err(Failure::new(format!("A survey asks at most {DAYS_MAX} days later")).hint("Nobody remembers longer"));
        }
        if self.open_survey(survey).await?.is_none() {
            return Ok(false);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM survey_trigger WHERE survey = $1")
            .bind(survey)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if let Some(SurveyTrigger { after, days }) = trigger {
            sqlx::query("INSERT INTO survey_trigger (survey, moment, days, done_until) VALUES ($1, $2, $3, $4)")
                .bind(survey)
                .bind(after.name())
                .bind(i64::from(days))
                .bind(self.now().0 - i64::from(days) * DAY)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Returns when a survey asks by itself.
    pub(super) async fn trigger_of(&self, survey: i64) -> Result<Option<SurveyTrigger>> {
        let sql = "SELECT moment, days FROM survey_trigger WHERE survey = $1";
        let row = sqlx::query(sql).bind(survey).fetch_optional(self.state.reader()).await.map_err(failed)?;
        Ok(row.and_then(|row| {
            let after = SurveyMoment::parse(&row.get::<String, _>("moment"))?;
            Some(SurveyTrigger { after, days: u16::try_from(row.get::<i64, _>("days")).ok()? })
        }))
    }

    /// Asks whoever is due; returns how many were asked anew or again.
    ///
    /// # Errors
    /// Fails when a store does; the same people are looked at again then.
    pub async fn ask_due(&self) -> Result<usize> {
        let sql = "SELECT t.survey, t.done_until FROM survey_trigger t JOIN survey s ON s.id = t.survey \
                   WHERE s.closed_at IS NULL ORDER BY t.survey";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut asked = 0;
        for row in &rows {
            let (survey, from): (i64, i64) = (row.get("survey"), row.get("done_until"));
            let Some(trigger) = self.trigger_of(survey).await? else { continue };
            let until = self.now().0 - i64::from(trigger.days) * DAY;
            if until - from < AT_ONCE {
                continue;
            }
            for address in self.addresses(&self.met(trigger.after, from, until).await?).await? {
                asked += usize::from(self.invite(survey, &address).await?);
            }
            let mut transaction = self.state.begin().await.map_err(failed)?;
            sqlx::query("UPDATE survey_trigger SET done_until = $1 WHERE survey = $2 AND done_until = $3")
                .bind(until)
                .bind(survey)
                .bind(from)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(asked)
    }

    /// Returns the people to whom it happened after `from` and not after `until`.
    async fn met(&self, after: SurveyMoment, from: i64, until: i64) -> Result<BTreeSet<PersonId>> {
        let form = match after {
            SurveyMoment::Purchase => Form::Purchase,
            SurveyMoment::Delivery => Form::Delivery,
            SurveyMoment::Conversation => {
                let actors = self.talk.inbox.resolved_between(Instant(from), Instant(until)).await?;
                let people = self.people.read();
                return Ok(actors.into_iter().map(|actor| people.person_of(actor)).collect());
            }
        };
        let (stores, resolution) = (self.stores.clone(), self.people.read().resolution());
        let met = Met { form: form as u8, from, until, people: BTreeSet::new() };
        let reading = tokio::task::spawn_blocking(move || stores.ledger().scan(&resolution, 1, || met.clone()));
        let read = reading.await.map_err(|error| Failure::new("Reading the ledger broke off").because(&error))?;
        let met = read.map_err(|error| Failure::new("Cannot read the ledger").because(&error))?;
        Ok(met.people.into_iter().map(PersonId).collect())
    }

    /// Returns one address of each that has any.
    async fn addresses(&self, people: &BTreeSet<PersonId>) -> Result<Vec<String>> {
        let actors: Vec<Vec<ActorId>> = {
            let known = self.people.read();
            people.iter().map(|person| known.identities_of(*person)).collect()
        };
        let texts = texts(&self.state, &actors.concat()).await?;
        let address = |actors: &Vec<ActorId>| {
            let names = actors.iter().filter_map(|actor| texts.get(actor)).filter(|name| name.namespace == "email");
            // Always the same one, so that nobody is asked under each of their addresses.
            names.map(|name| name.value.clone()).min()
        };
        Ok(actors.iter().filter_map(address).collect())
    }
}

/// Gathers the people to whom something happened in a time.
#[derive(Clone)]
struct Met {
    form: u8,
    from: i64,
    until: i64,
    people: BTreeSet<u64>,
}

impl Fold for Met {
    fn take(&mut self, rows: &Rows) {
        for row in 0..rows.len() {
            let is_due = self.from < rows.at[row] && rows.at[row] <= self.until;
            if rows.form[row] == self.form && is_due && !Flags(rows.flags[row]).has(Flags::BOT) {
                self.people.insert(rows.person[row]);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.people.extend(other.people);
    }
}
