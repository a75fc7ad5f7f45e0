//! What the ledger is told: each question and each answer is an interaction at the touchpoint that `touchpoints` names for `community`.

use crate::failure::Result;
use crate::features::conversations::Talk;
use crate::features::conversations::seal::{Opener, SOURCE};
use crate::features::conversations::store::{actor_of, failed};
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Signature};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

/// The channel, as the catalogue names it.
pub(super) const CHANNEL: &str = "community";
/// So many are told at once.
const AT_ONCE: i64 = 200;

impl Talk {
    /// Does what is due for the community without anybody asking.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn keep_community(&self) -> Result<()> {
        self.tell_community().await;
        self.drop_unopened().await?;
        self.sweep_community().await
    }

    /// Tells the ledger of questions and answers that it does not know yet. What cannot be told now is told later.
    pub(super) async fn tell_community(&self) {
        if let Err(failure) = self.try_to_tell_community().await {
            tracing::warn!("{failure}");
        }
    }

    async fn try_to_tell_community(&self) -> Result<()> {
        let sql = "SELECT q.id, q.actor, q.title AS title, q.body, q.at, 0 AS is_answer, '' AS question, CAST(NULL AS BIGINT) AS account \
                   FROM community_question q WHERE q.told = 0 \
                   UNION ALL SELECT a.id, a.actor, '' AS title, a.body, a.at, 1 AS is_answer, a.question, a.account \
                   FROM community_answer a WHERE a.told = 0 ORDER BY at, id LIMIT $1";
        let rows = sqlx::query(sql).bind(AT_ONCE).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect::<BTreeSet<_>>().into_iter().collect();
        let opener = self.inbox.sealer.opener(&actors).await?;
        let touchpoint = self.inbox.settings().await?.touchpoint(CHANNEL);
        let mut arrivals = Vec::new();
        for row in &rows {
            // Of somebody who was erased meanwhile nothing is told.
            arrivals.extend(self.community_arrival(row, &opener, &touchpoint).await?);
        }
        self.door.deliver(arrivals).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        for row in &rows {
            let sql = if row.get::<i64, _>("is_answer") == 0 {
                "UPDATE community_question SET told = 1 WHERE id = $1"
            } else {
                "UPDATE community_answer SET told = 1 WHERE id = $1"
            };
            sqlx::query(sql).bind(row.get::<String, _>("id")).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn community_arrival(&self, row: &AnyRow, opener: &Opener, touchpoint: &str) -> Result<Option<Arrival>> {
        let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
        let is_answer = row.get::<i64, _>("is_answer") != 0;
        let is_ours = row.get::<Option<i64>, _>("account").is_some();
        let email = sqlx::query("SELECT actor, identity FROM community_member WHERE actor = $1").bind(actor.0.cast_signed());
        let email = email.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let email =
            email.and_then(|row| opener.open(actor, &format!("community:{actor}:identity"), &row.get::<String, _>("identity")));
        let Some(identity) = email.and_then(|email| Identity::new("email", &email)) else { return Ok(None) };
        let open =
            |what: &str| opener.open(actor, &format!("community:{id}:{what}"), &row.get::<String, _>(what)).unwrap_or_default();
        let (event, form, direction) = match (is_answer, is_ours) {
            // Public, both of them; and a member who answers asks us nothing.
            (false, _) => ("question", Form::Comment, Direction::Inbound),
            (true, false) => ("answer", Form::Other, Direction::Inbound),
            (true, true) => ("reply", Form::Reply, Direction::Outbound),
        };
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: event.to_owned(),
            channel: CHANNEL.to_owned(),
            touchpoint: touchpoint.to_owned(),
            ..Signature::default()
        };
        let mut arrival =
            Arrival::new(format!("community:{id}").into_bytes(), signature, Instant(row.get("at")), form, direction);
        arrival.identities = vec![identity];
        arrival.text = Some(format!("{}\n{}", open("title"), open("body")).trim().to_owned()).filter(|text| !text.is_empty());
        // A member answers another one: that is no answer of ours, and of response times ours alone count.
        arrival.reply_to = is_ours.then(|| format!("community:{}", row.get::<String, _>("question")).into_bytes());
        Ok(Some(arrival))
    }
}
