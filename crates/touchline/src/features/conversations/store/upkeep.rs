//! What is due without anybody asking: waking what sleeps, taking away what was erased, telling the ledger what it does not know yet.

use super::{Author, Inbox, Status, actor_of, failed, hint, identity_in};
use crate::failure::{Failure, Result};
use crate::features::capture::{Delivery, Known, NotTaken};
use crate::features::conversations::seal::{Opener, SOURCE};
use model::{ActorId, Arrival, Direction, Form, Instant, Scale, Score, Signature};
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

impl Inbox {
    /// Does what is due without anybody asking: wakes what sleeps, tells the ledger what it does not know, takes away what
    /// nobody can read any more. To be called now and then; twice is once.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn look_after(&self) -> Result<()> {
        let now = self.now();
        let due: Vec<String> = sqlx::query_scalar("SELECT id FROM conversation WHERE status = 'snoozed' AND snoozed_until <= $1")
            .bind(now.0)
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let nobody = Author { account: 0, name: String::new() };
        for id in due {
            self.set_status(&id, &nobody, Status::Open, None).await?;
        }
        self.tell_ledger().await;
        self.drop_unnamed_files().await?;
        self.sweep().await
    }

    /// Takes away conversations of people who were erased: the keys of their texts are gone.
    async fn sweep(&self) -> Result<()> {
        let actors: Vec<i64> = sqlx::query_scalar("SELECT actor FROM participant UNION SELECT actor FROM letter")
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let actors: Vec<ActorId> = actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect();
        let opener = self.sealer.opener(&actors).await?;
        let gone: Vec<i64> = actors.iter().filter(|actor| !opener.knows(**actor)).map(|actor| actor.0.cast_signed()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        for actor in &gone {
            for sql in [
                "DELETE FROM message WHERE conversation IN (SELECT id FROM conversation WHERE actor = $1)",
                "DELETE FROM conversation_event WHERE conversation IN (SELECT id FROM conversation WHERE actor = $1)",
                "DELETE FROM message_file WHERE actor = $1 OR conversation IN (SELECT id FROM conversation WHERE actor = $1)",
                "DELETE FROM mail_received WHERE actor = $1 OR conversation IN (SELECT id FROM conversation WHERE actor = $1)",
                "DELETE FROM letter WHERE actor = $1",
                "DELETE FROM parcel WHERE actor = $1",
                "DELETE FROM messenger_thread WHERE actor = $1",
                "DELETE FROM messenger_file WHERE actor = $1",
                "DELETE FROM bot_talk WHERE actor = $1",
                "DELETE FROM conversation WHERE actor = $1",
                "UPDATE message SET body = '', html = '' WHERE actor = $1",
                "DELETE FROM participant WHERE actor = $1",
            ] {
                sqlx::query(sql).bind(*actor).execute(&mut *transaction).await.map_err(failed)?;
            }
        }
        transaction.commit().await.map_err(failed)?;
        self.news.tell();
        Ok(())
    }

    /// Tells the ledger of messages that it does not know yet. What cannot be told now is told later.
    pub(in crate::features::conversations) async fn tell_ledger(&self) {
        if let Err(failure) = self.try_to_tell().await {
            tracing::warn!("{failure}");
        }
    }

    async fn try_to_tell(&self) -> Result<()> {
        let sql = "SELECT m.conversation, m.seq, m.kind, m.actor, m.at, m.body, m.meta, m.account, c.channel, c.touchpoint, p.identity, p.name \
                   FROM message m JOIN conversation c ON c.id = m.conversation \
                   JOIN participant p ON p.conversation = m.conversation AND p.actor = m.actor \
                   WHERE m.told = 0 ORDER BY m.at, m.conversation, m.seq LIMIT 500";
        let rows = sqlx::query(sql).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let mut delivery = Delivery { source: SOURCE.to_owned(), format: SOURCE, ..Delivery::default() };
        for row in &rows {
            delivery.arrivals.extend(self.arrival(row, &opener).await?);
            let (id, actor): (String, ActorId) = (row.get("conversation"), actor_of(row));
            let identity = identity_in(row, &opener);
            let name = opener.open(actor, &format!("{id}:name:{actor}"), &row.get::<String, _>("name")).unwrap_or_default();
            if let Some(identity) = identity.filter(|_| !name.is_empty() && row.get::<String, _>("kind") == "in") {
                let known: Known = (identity, "name".to_owned(), name, Instant(row.get("at")));
                delivery.traits.push(known);
            }
        }
        self.capture.take(delivery).await.map_err(|why| match why {
            NotTaken::Failed(failure) => failure,
            NotTaken::Busy { .. } => Failure::new("The ledger is told of messages later"),
        })?;
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        for row in &rows {
            sqlx::query("UPDATE message SET told = 1 WHERE conversation = $1 AND seq = $2")
                .bind(row.get::<String, _>("conversation"))
                .bind(row.get::<i64, _>("seq"))
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Makes an interaction of a message; `None` where its person is erased.
    async fn arrival(&self, row: &AnyRow, opener: &Opener) -> Result<Option<Arrival>> {
        let (id, seq, channel): (String, i64, String) = (row.get("conversation"), row.get("seq"), row.get("channel"));
        let Some(identity) = identity_in(row, opener) else { return Ok(None) };
        let is_in = row.get::<String, _>("kind") == "in";
        let is_machine = !is_in && row.get::<Option<i64>, _>("account").is_none();
        let form = match (is_in, channel.as_str()) {
            // How long somebody waits for a person is not told by machines.
            (false, _) if is_machine => Form::Message,
            (false, _) => Form::Reply,
            (true, "form") => Form::Submission,
            (true, "phone") => Form::Call,
            (true, "in_person") => Form::Visit,
            (true, "review") => Form::Review,
            (true, "comment") => Form::Comment,
            (true, _) => Form::Message,
        };
        let meta: Value = serde_json::from_str(&row.get::<String, _>("meta")).unwrap_or_default();
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: match (is_in, is_machine) {
                (true, _) => "message",
                (false, true) => "bot_reply",
                (false, false) => "reply",
            }
            .to_owned(),
            channel: hint(&channel).to_owned(),
            place: meta["place"].as_str().unwrap_or_default().to_owned(),
            campaign: String::new(),
            touchpoint: row.get("touchpoint"),
        };
        // The answer belongs to the question that waited longest: the first one since our last word.
        let asked: Option<i64> = if is_in || is_machine {
            None
        } else {
            let sql = "SELECT MIN(seq) FROM message WHERE conversation = $1 AND kind = 'in' AND seq < $2 AND seq > \
                       (SELECT COALESCE(MAX(seq), 0) FROM message WHERE conversation = $1 AND kind = 'out' AND account IS NOT NULL \
                       AND seq < $2)";
            let question = sqlx::query_scalar(sql).bind(id.clone()).bind(seq).fetch_one(self.stores.state.reader());
            question.await.map_err(failed)?
        };
        let direction = if is_in { Direction::Inbound } else { Direction::Outbound };
        Ok(Some(Arrival {
            identities: vec![identity],
            reply_to: asked.map(|asked| format!("{id}:{asked}").into_bytes()),
            conversation: Some(id.clone()),
            score: meta["stars"].as_i64().and_then(|stars| Score::new(Scale::Five, i16::try_from(stars).ok()?)),
            text: opener
                .open(actor_of(row), &format!("{id}:{seq}"), &row.get::<String, _>("body"))
                .filter(|text| !text.is_empty()),
            ..Arrival::new(format!("{id}:{seq}").into_bytes(), signature, Instant(row.get("at")), form, direction)
        }))
    }
}
