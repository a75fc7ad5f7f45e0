//! What the organisation decides about contact, beside the rules of frequency: the tables `contact_policy` and
//! `contact_rule`.

use super::{Class, Policy, Quiet, Rule, StoredRule, failed};
use crate::failure::{Failure, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::Transaction;
use utoipa::ToSchema;

/// More rules than this nobody can foresee the effect of.
const RULES_MAX: i64 = 50;

/// Is what the organisation decides.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ContactSettings)]
pub struct Settings {
    /// When nobody is disturbed, by the person's own clock.
    pub quiet: Quiet,
    /// The zone of people of whom none is known, such as `Europe/Paris`.
    pub zone: String,
    /// Classes for which somebody must have said yes; for the others it is enough that nobody said no.
    pub ask_first: Vec<Class>,
    /// How many people of 1,000 get nothing at all, so that the effect of everything can be measured.
    pub holdout_permille: u16,
    /// Changes who they are.
    pub holdout_salt: String,
    /// Whether nothing is promoted to somebody whose conversation is open.
    pub hold_while_open: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quiet: Quiet::USUAL,
            zone: "UTC".to_owned(),
            ask_first: vec![Class::Marketing],
            holdout_permille: 0,
            holdout_salt: "2026".to_owned(),
            hold_while_open: true,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        if !self.quiet.is_possible() {
            return Err(Failure::new("Quiet hours are minutes of a day").hint("Write 9 in the evening as 1260"));
        }
        if jiff::tz::TimeZone::get(&self.zone).is_err() {
            return Err(Failure::new("There is no such time zone").hint("Write it as Europe/Paris"));
        }
        if self.holdout_permille > 500 {
            return Err(Failure::new("A hold-out has at most half of the people").hint("Write 50 for five per cent"));
        }
        if self.holdout_salt.len() > 100 {
            return Err(Failure::new("`holdout_salt` has at most 100 bytes"));
        }
        Ok(())
    }
}

impl Policy {
    /// Returns what is decided.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn settings(&self) -> Result<Settings> {
        let row = sqlx::query("SELECT policy FROM contact_policy WHERE id = 1").fetch_optional(self.state.reader()).await;
        Ok(parsed(row.map_err(failed)?.map(|row| row.get("policy"))))
    }

    /// Decides anew.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn decide(&self, settings: &Settings) -> Result<()> {
        settings.check()?;
        let text = serde_json::to_string(settings).map_err(|error| Failure::new("Cannot write the policy").because(&error))?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO contact_policy (id, policy) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET policy = excluded.policy",
        )
        .bind(text)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Lists the rules.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn rules(&self) -> Result<Vec<StoredRule>> {
        let rows = sqlx::query("SELECT id, rule FROM contact_rule ORDER BY id").fetch_all(self.state.reader()).await;
        Ok(rows.map_err(failed)?.iter().filter_map(stored).collect())
    }

    /// Adds a rule, and returns its number.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn add_rule(&self, rule: &Rule) -> Result<i64> {
        rule.check().map_err(Failure::new)?;
        let text = serde_json::to_string(rule).map_err(|error| Failure::new("Cannot write the rule").because(&error))?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM contact_rule")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= RULES_MAX {
            return Err(Failure::new(format!("There are {RULES_MAX} rules already")).hint("Take one away first"));
        }
        sqlx::query("INSERT INTO contact_rule (id, rule, created_at) VALUES ($1, $2, $3)")
            .bind(last + 1)
            .bind(text)
            .bind(self.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Takes a rule away; tells whether it was there.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop_rule(&self, id: i64) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let gone =
            sqlx::query("DELETE FROM contact_rule WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(gone.rows_affected() > 0)
    }
}

/// Reads settings and rules inside a transaction, so that an answer stands on one state of them.
pub(super) async fn decided(transaction: &mut Transaction) -> Result<(Settings, Vec<StoredRule>)> {
    let row = sqlx::query("SELECT policy FROM contact_policy WHERE id = 1").fetch_optional(&mut **transaction).await;
    let settings = parsed(row.map_err(failed)?.map(|row| row.get("policy")));
    let rows = sqlx::query("SELECT id, rule FROM contact_rule ORDER BY id").fetch_all(&mut **transaction).await;
    Ok((settings, rows.map_err(failed)?.iter().filter_map(stored).collect()))
}

fn parsed(text: Option<String>) -> Settings {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn stored(row: &sqlx::any::AnyRow) -> Option<StoredRule> {
    let rule = serde_json::from_str(&row.get::<String, _>("rule")).ok()?;
    Some(StoredRule { id: row.get("id"), rule })
}
