//! Who looks after a conversation, and how it stands: each change is a line in it, and an event.

use super::{Author, Inbox, Kind, Line, Status, append, failed, hold_name, note_event};
use crate::failure::Result;
use crate::features::people::policy::Policy;
use model::Instant;
use serde_json::Value;
use sqlx::Row;
use state::Transaction;

impl Inbox {
    /// Changes how a conversation stands; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_status(&self, id: &str, by: &Author, status: Status, until: Option<Instant>) -> Result<bool> {
        let now = self.now();
        let Some(owner) = self.owner(id).await? else { return Ok(false) };
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let row = sqlx::query("SELECT seq, status FROM conversation WHERE id = $1").bind(id.to_owned());
        let Some(row) = row.fetch_optional(&mut *transaction).await.map_err(failed)? else { return Ok(false) };
        let stood = Status::parse(&row.get::<String, _>("status"));
        if stood == status && status != Status::Snoozed {
            return Ok(true);
        }
        let seq = row.get::<i64, _>("seq") + 1;
        let what = match (stood, status) {
            (_, Status::Resolved) => "resolved",
            (_, Status::Snoozed) => "snoozed",
            (Status::Resolved, Status::Open) => "reopened",
            (_, Status::Open) => "woken",
        };
        if stood == Status::Resolved && status == Status::Snoozed {
            // What is done does not sleep: it is opened again first.
            drop(transaction);
            Box::pin(self.set_status(id, by, Status::Open, None)).await?;
            return Box::pin(self.set_status(id, by, status, until)).await;
        }
        let line = Line { kind: Kind::Event, account: Some(by.account), author: &by.name, at: now, state: "" };
        let meta = serde_json::json!({ "what": what, "until": until.map(|until| until.0) });
        append(&mut transaction, id, seq, owner, &format!("event:{seq}"), line, "", "", &meta).await?;
        let until = if status == Status::Snoozed { until.map(|until| until.0) } else { None };
        sqlx::query(
            "UPDATE conversation SET seq = $1, status = $2, snoozed_until = $3, last_at = $4, \
             resolved_at = CASE WHEN $2 = 'resolved' THEN $4 ELSE NULL END, \
             waiting_since = CASE WHEN $2 = 'resolved' THEN NULL ELSE waiting_since END, \
             due_at = CASE WHEN $2 = 'resolved' THEN NULL ELSE due_at END WHERE id = $5",
        )
        .bind(seq)
        .bind(status.name())
        .bind(until)
        .bind(now.0)
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        match status {
            Status::Resolved => Policy::let_go(&mut transaction, owner, &hold_name(id)).await?,
            _ => Policy::hold(&mut transaction, owner, &hold_name(id), now).await?,
        }
        note_event(&mut transaction, id, "status", now).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        Ok(true)
    }

    /// Opens a resolved conversation again, in which the customer waits since now for the answer that they never got.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn waits_again(&self, id: &str, by: &Author) -> Result<()> {
        self.set_status(id, by, Status::Open, None).await?;
        let Some(found) = self.find(id).await? else { return Ok(()) };
        let now = self.now();
        let due = self.settings().await?.due(&found.channel, now).map(|due| due.0);
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let sql =
            "UPDATE conversation SET waiting_since = $1, due_at = $2 WHERE id = $3 AND status = 'open' AND waiting_since IS NULL";
        sqlx::query(sql).bind(now.0).bind(due).bind(id.to_owned()).execute(&mut *transaction).await.map_err(failed)?;
        note_event(&mut transaction, id, "status", now).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        Ok(())
    }

    /// Gives a conversation to somebody or to nobody, and to a team; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn assign(&self, id: &str, by: &Author, to: Option<(i64, String)>, team: Option<String>) -> Result<bool> {
        let (account, name) = to.map_or((None, String::new()), |(account, name)| (Some(account), name));
        let meta = serde_json::json!({ "what": "assigned", "to": name, "team": team });
        self.change(id, by, "assigned", meta, async |transaction| {
            sqlx::query("UPDATE conversation SET assignee = $1, assigned_name = $2, team = COALESCE($3, team) WHERE id = $4")
                .bind(account)
                .bind(name)
                .bind(team)
                .bind(id.to_owned())
                .execute(&mut **transaction)
                .await
        })
        .await
    }

    /// Sets the labels of a conversation; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn label(&self, id: &str, by: &Author, labels: &[String]) -> Result<bool> {
        let text = serde_json::to_string(labels).unwrap_or_default();
        let meta = serde_json::json!({ "what": "labels", "labels": labels });
        self.change(id, by, "labels", meta, async |transaction| {
            let sql = "UPDATE conversation SET labels = $1 WHERE id = $2";
            sqlx::query(sql).bind(text).bind(id.to_owned()).execute(&mut **transaction).await
        })
        .await
    }

    /// Gives a conversation that a machine has looked after to people: somebody waits for them since now.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::conversations) async fn hand_over(&self, id: &str, by: &Author, meta: Value) -> Result<()> {
        let Some(found) = self.find(id).await? else { return Ok(()) };
        let now = self.now();
        let due = self.settings().await?.due(&found.channel, now).map(|due| due.0);
        self.change(id, by, "message", meta, async |transaction| {
            sqlx::query(
                "UPDATE conversation SET waiting_since = $1, due_at = $2, last_at = $1 WHERE id = $3 AND waiting_since IS NULL",
            )
            .bind(now.0)
            .bind(due)
            .bind(id.to_owned())
            .execute(&mut **transaction)
            .await
        })
        .await
        .map(drop)
    }

    /// Notes a change and its event in one transaction.
    async fn change(
        &self,
        id: &str,
        by: &Author,
        what: &str,
        meta: Value,
        change: impl AsyncFnOnce(&mut Transaction) -> std::result::Result<sqlx::any::AnyQueryResult, sqlx::Error>,
    ) -> Result<bool> {
        let now = self.now();
        let Some(owner) = self.owner(id).await? else { return Ok(false) };
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM conversation WHERE id = $1")
            .bind(id.to_owned())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        change(&mut transaction).await.map_err(failed)?;
        let line = Line { kind: Kind::Event, account: Some(by.account), author: &by.name, at: now, state: "" };
        append(&mut transaction, id, seq + 1, owner, &format!("event:{}", seq + 1), line, "", "", &meta).await?;
        sqlx::query("UPDATE conversation SET seq = $1 WHERE id = $2")
            .bind(seq + 1)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        note_event(&mut transaction, id, what, now).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        Ok(true)
    }
}
