//! Reading the inbox: lists, conversations, messages, events, counts.

use super::{
    ChannelRequests, Conversation, Counts, CustomerWords, Filter, Inbox, Kind, LIST_MAX, MESSAGES_MAX, Message, OurLastWord,
    Participant, SEARCH_MAX, Status, actor_of, cut, failed,
};
use crate::failure::Result;
use crate::features::conversations::events::{Event, Heard};
use crate::features::conversations::seal::Opener;
use crate::features::conversations::teams::{Reader, in_sight};
use model::{ActorId, Instant};
use sqlx::Row;
use sqlx::any::AnyRow;

impl Inbox {
    /// Lists conversations: those that wait longest for an answer first, then the latest.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn list(&self, filter: &Filter, account: i64, reader: Reader) -> Result<Vec<Conversation>> {
        let (status, is_any) = match filter.view.as_str() {
            "snoozed" => ("snoozed", 0_i64),
            "resolved" => ("resolved", 0),
            "all" => ("open", 1),
            _ => ("open", 0),
        };
        // With the bot, or with people; of those that sleep or are done nobody asks.
        let by_bot = match filter.view.as_str() {
            "bot" => 1_i64,
            "snoozed" | "resolved" | "all" => 0,
            _ => 2,
        };
        let (mine, nobodys) = (i64::from(filter.view == "mine"), i64::from(filter.view == "unassigned"));
        let sql = concat!(
            "SELECT id, number, channel, actor, subject, status, assignee, assigned_name, team, labels, snoozed_until, \
             opened_at, last_at, waiting_since, due_at, seq, seen_seq, stars FROM conversation c \
             WHERE (status = $1 OR $2 = 1) AND ($3 = 0 OR assignee = $4) AND ($5 = 0 OR assignee IS NULL) \
             AND ($6 = '' OR channel = $6) AND ($8 = 0 OR $8 = CASE WHEN assignee IS NULL AND waiting_since IS NULL AND \
             EXISTS (SELECT 1 FROM bot_talk b WHERE b.conversation = c.id AND b.state = 'on') THEN 1 ELSE 2 END) AND ",
            in_sight!("$9"),
            " ORDER BY COALESCE(due_at, 9000000000000000000), last_at DESC LIMIT $7"
        );
        let wanted = if filter.words.is_some() || filter.label.is_some() { SEARCH_MAX } else { LIST_MAX as i64 };
        let rows = sqlx::query(sql)
            .bind(status)
            .bind(is_any)
            .bind(mine)
            .bind(account)
            .bind(nobodys)
            .bind(filter.channel.clone().unwrap_or_default())
            .bind(wanted)
            .bind(by_bot)
            .bind(reader.bound())
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let mut all = self.opened(&rows).await?;
        if let Some(label) = &filter.label {
            all.retain(|conversation| conversation.labels.contains(label));
        }
        if let Some(words) = filter.words.as_deref().map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty()) {
            all.retain(|one| {
                let texts = [&one.subject, &one.preview, &one.customer.name, &one.customer.address];
                texts.iter().any(|text| text.to_lowercase().contains(&words))
                    || words.trim_start_matches('#') == one.number.to_string()
            });
        }
        all.truncate(LIST_MAX);
        Ok(all)
    }

    /// Returns one conversation; `None` where there is none, or its person was erased.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, id: &str) -> Result<Option<Conversation>> {
        let sql = "SELECT id, number, channel, actor, subject, status, assignee, assigned_name, team, labels, snoozed_until, \
                   opened_at, last_at, waiting_since, due_at, seq, seen_seq, stars FROM conversation WHERE id = $1";
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(self.stores.state.reader()).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        Ok(self.opened(std::slice::from_ref(&row)).await?.pop())
    }

    /// Opens what the rows of conversations hold; those of whom nothing can be opened any more are left out.
    async fn opened(&self, rows: &[AnyRow]) -> Result<Vec<Conversation>> {
        let ids: Vec<String> = rows.iter().map(|row| row.get("id")).collect();
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let mut lasts = std::collections::HashMap::new();
        let mut taking_part = std::collections::HashMap::new();
        for id in &ids {
            let last = sqlx::query(
                "SELECT seq, kind, actor, body FROM message WHERE conversation = $1 AND kind IN ('in', 'out') ORDER BY seq DESC LIMIT 1",
            )
            .bind(id.clone())
            .fetch_optional(self.stores.state.reader())
            .await
            .map_err(failed)?;
            if let Some(last) = last {
                actors.push(actor_of(&last));
                lasts.insert(id.clone(), last);
            }
            let who = sqlx::query(
                "SELECT actor, address, name, flagged FROM participant WHERE conversation = $1 ORDER BY flagged, since, actor",
            )
            .bind(id.clone())
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
            taking_part.insert(id.clone(), who);
        }
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let conversation = |row: &AnyRow| {
            let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
            if !opener.knows(actor) {
                return None;
            }
            let last = lasts.get(&id);
            let preview = last.and_then(|last| {
                opener.open(actor_of(last), &format!("{id}:{}", last.get::<i64, _>("seq")), &last.get::<String, _>("body"))
            });
            let who = taking_part.get(&id).and_then(|all| all.iter().find(|row| actor_of(row) == actor));
            let customer = match who {
                Some(row) => self.participant(&opener, &id, row),
                None => Participant {
                    actor: actor.to_string(),
                    person: self.person_of(actor),
                    name: String::new(),
                    address: String::new(),
                    flagged: false,
                },
            };
            Some(Conversation {
                subject: opener.open(actor, &format!("{id}:subject"), &row.get::<String, _>("subject")).unwrap_or_default(),
                preview: cut(&preview.unwrap_or_default(), 160).replace('\n', " "),
                answered_last: last.is_some_and(|last| last.get::<String, _>("kind") == "out"),
                number: row.get("number"),
                channel: row.get("channel"),
                status: Status::parse(&row.get::<String, _>("status")),
                assignee: row.get("assignee"),
                assigned_name: row.get("assigned_name"),
                team: row.get("team"),
                labels: serde_json::from_str(&row.get::<String, _>("labels")).unwrap_or_default(),
                snoozed_until: row.get("snoozed_until"),
                opened_at: row.get("opened_at"),
                last_at: row.get("last_at"),
                waiting_since: row.get("waiting_since"),
                due_at: row.get("due_at"),
                seq: row.get("seq"),
                seen_seq: row.get("seen_seq"),
                stars: row.get("stars"),
                customer,
                id,
            })
        };
        Ok(rows.iter().filter_map(conversation).collect())
    }

    fn participant(&self, opener: &Opener, id: &str, row: &AnyRow) -> Participant {
        let actor = actor_of(row);
        let open = |column: &str, what: &str| {
            opener.open(actor, &format!("{id}:{what}:{actor}"), &row.get::<String, _>(column)).unwrap_or_default()
        };
        Participant {
            actor: actor.to_string(),
            person: self.person_of(actor),
            name: open("name", "name"),
            address: open("address", "address"),
            flagged: row.get::<i64, _>("flagged") != 0,
        }
    }

    pub(in crate::features::conversations) fn person_of(&self, actor: ActorId) -> String {
        self.capture.people().read().person_of(actor).to_string()
    }

    /// Returns everybody outside who takes part in a conversation.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn participants(&self, id: &str) -> Result<Vec<Participant>> {
        let sql = "SELECT actor, address, name, flagged FROM participant WHERE conversation = $1 ORDER BY flagged, since, actor";
        let rows = sqlx::query(sql).bind(id.to_owned()).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let opener = self.sealer.opener(&actors).await?;
        Ok(rows.iter().map(|row| self.participant(&opener, id, row)).collect())
    }

    /// Returns the messages of a conversation after a place, in order; with `None` the last ones.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn messages(&self, id: &str, after: Option<i64>) -> Result<Vec<Message>> {
        let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM conversation WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let after = after.unwrap_or_else(|| last.unwrap_or(0) - MESSAGES_MAX);
        let sql = "SELECT seq, client_id, kind, account, author, at, body, html, state, meta, actor FROM message \
                   WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(id.to_owned())
            .bind(after)
            .bind(MESSAGES_MAX)
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let mut files = self.files_after(id, after).await?;
        let message = |row: &AnyRow| {
            let seq: i64 = row.get("seq");
            Message {
                seq,
                client_id: row.get("client_id"),
                kind: Kind::parse(&row.get::<String, _>("kind")),
                account: row.get("account"),
                author: row.get("author"),
                at: row.get("at"),
                text: opener.open(actor_of(row), &format!("{id}:{seq}"), &row.get::<String, _>("body")),
                has_html: !row.get::<String, _>("html").is_empty(),
                files: files.remove(&seq).unwrap_or_default(),
                state: row.get("state"),
                meta: serde_json::from_str(&row.get::<String, _>("meta")).unwrap_or_default(),
            }
        };
        Ok(rows.iter().map(message).collect())
    }

    /// Returns our last word in each conversation of a channel in which we have said one, those that changed last first; at most so many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn our_last_words(&self, channel: &str, most: i64) -> Result<Vec<OurLastWord>> {
        let sql = "SELECT m.conversation, m.seq, m.actor, m.at, m.body FROM conversation c JOIN message m ON m.conversation = c.id \
                   AND m.seq = (SELECT MAX(o.seq) FROM message o WHERE o.conversation = c.id AND o.kind = 'out') \
                   WHERE c.channel = $1 ORDER BY c.last_at DESC, c.id LIMIT $2";
        let rows = sqlx::query(sql).bind(channel.to_owned()).bind(most).fetch_all(self.stores.state.reader()).await;
        let rows = rows.map_err(failed)?;
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let word = |row: &AnyRow| {
            let (conversation, seq): (String, i64) = (row.get("conversation"), row.get("seq"));
            let text = opener.open(actor_of(row), &format!("{conversation}:{seq}"), &row.get::<String, _>("body"))?;
            Some(OurLastWord { conversation, at: row.get("at"), text })
        };
        Ok(rows.iter().filter_map(word).collect())
    }

    /// Returns the last messages of customers, of all conversations, the latest first; what cannot be opened any more is left out, and
    /// so are reviews, which are read where they are kept.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn words_of_customers(&self, most: i64) -> Result<Vec<CustomerWords>> {
        let sql = "SELECT m.conversation, m.seq, m.actor, m.at, m.body, c.touchpoint FROM message m \
                   JOIN conversation c ON c.id = m.conversation WHERE m.kind = 'in' AND m.body <> '' AND c.channel <> 'review' \
                   ORDER BY m.at DESC, m.conversation, m.seq LIMIT $1";
        let rows = sqlx::query(sql).bind(most).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        let words = |row: &AnyRow| {
            let (conversation, seq): (String, i64) = (row.get("conversation"), row.get("seq"));
            Some(CustomerWords {
                actor: actor_of(row),
                touchpoint: row.get("touchpoint"),
                at: row.get("at"),
                text: opener.open(actor_of(row), &format!("{conversation}:{seq}"), &row.get::<String, _>("body"))?,
                conversation,
            })
        };
        Ok(rows.iter().filter_map(words).collect())
    }

    /// Returns the HTML of a message, cleaned when it came; `None` where there is none or it cannot be opened.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn html(&self, id: &str, seq: i64) -> Result<Option<String>> {
        let row = sqlx::query("SELECT html, actor FROM message WHERE conversation = $1 AND seq = $2")
            .bind(id.to_owned())
            .bind(seq)
            .fetch_optional(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let Some(row) = row.filter(|row| !row.get::<String, _>("html").is_empty()) else { return Ok(None) };
        let actor = actor_of(&row);
        let opener = self.sealer.opener(&[actor]).await?;
        Ok(opener.open(actor, &format!("{id}:{seq}:html"), &row.get::<String, _>("html")))
    }

    /// Returns the changes after a number, in order, of what somebody may see.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn events(&self, after: i64, most: i64, reader: Reader) -> Result<Heard> {
        let sql = "SELECT seq, conversation, what, at FROM conversation_event WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = sqlx::query(sql).bind(after).bind(most).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let of = rows.iter().map(|row| row.get("conversation")).collect();
        let hidden = self.out_of_sight(reader, of).await?;
        let through = rows.last().map_or(after, |row| row.get("seq"));
        let event = |row: &AnyRow| Event {
            seq: row.get("seq"),
            conversation: row.get("conversation"),
            what: row.get("what"),
            at: row.get("at"),
        };
        let (unseen, events): (Vec<Event>, _) = rows.iter().map(event).partition(|event| hidden.contains(&event.conversation));
        // Who looks after it may have changed just now: then it was on their screen a moment ago.
        let has_left = unseen.iter().any(|event| event.what == "assigned");
        Ok(Heard { events, through, has_left })
    }

    /// Returns the number of the last change.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn last_event(&self) -> Result<i64> {
        let sql = "SELECT COALESCE(MAX(seq), 0) FROM conversation_event";
        sqlx::query_scalar(sql).fetch_one(self.stores.state.reader()).await.map_err(failed)
    }

    /// Returns with whom a conversation was resolved after a moment and not after another, and not opened again since.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn resolved_between(&self, from: Instant, until: Instant) -> Result<Vec<ActorId>> {
        let sql = "SELECT DISTINCT actor FROM conversation WHERE status = 'resolved' AND resolved_at > $1 AND resolved_at <= $2 \
                   AND channel NOT IN ('comment', 'review')";
        let found = sqlx::query_scalar(sql).bind(from.0).bind(until.0).fetch_all(self.stores.state.reader()).await;
        let actors: Vec<i64> = found.map_err(failed)?;
        Ok(actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect())
    }

    /// Counts what came in, went out, and is there, of what somebody may see.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn counts(&self, reader: Reader) -> Result<Counts> {
        // One statement: between two somebody may resolve one. Each conversation is counted where it is today, so of any set of
        // them what came in is what went out and what is there.
        let sql = concat!(
            "WITH sight AS (SELECT * FROM conversation WHERE ",
            in_sight!("$1"),
            "), turn AS (SELECT meta FROM message WHERE kind = 'event' AND conversation IN (SELECT id FROM sight)) SELECT \
             (SELECT COUNT(*) FROM turn WHERE meta LIKE '%\"what\":\"opened\"%' OR meta LIKE '%\"what\":\"reopened\"%') AS came_in, \
             (SELECT COUNT(*) FROM turn WHERE meta LIKE '%\"what\":\"resolved\"%') AS went_out, \
             (SELECT COUNT(*) FROM sight WHERE status = 'open') AS open, \
             (SELECT COUNT(*) FROM sight WHERE status = 'open' AND assignee IS NULL AND waiting_since IS NULL AND EXISTS \
             (SELECT 1 FROM bot_talk b WHERE b.conversation = sight.id AND b.state = 'on')) AS with_bot, \
             (SELECT COUNT(*) FROM sight WHERE status = 'snoozed') AS snoozed"
        );
        let row = sqlx::query(sql).bind(reader.bound()).fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        let with_bot: i64 = row.get("with_bot");
        Ok(Counts {
            came_in: row.get("came_in"),
            went_out: row.get("went_out"),
            open: row.get::<i64, _>("open") - with_bot,
            with_bot,
            snoozed: row.get("snoozed"),
        })
    }

    /// Counts requests by channel, of what somebody may see.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn requests(&self, reader: Reader) -> Result<Vec<ChannelRequests>> {
        let sql = concat!(
            "SELECT channel, COUNT(*) AS requests, COUNT(answered_at) AS answered, \
             SUM(CASE WHEN status = 'resolved' THEN 0 ELSE 1 END) AS open FROM conversation WHERE ",
            in_sight!("$1"),
            " GROUP BY channel ORDER BY channel"
        );
        let rows = sqlx::query(sql).bind(reader.bound()).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let one = |row: &AnyRow| ChannelRequests {
            channel: row.get("channel"),
            requests: row.get("requests"),
            answered: row.get("answered"),
            open: row.get("open"),
        };
        Ok(rows.iter().map(one).collect())
    }

    /// Forecasts how many answers will be late, of what somebody may see.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn forecast(&self, reader: Reader) -> Result<crate::features::conversations::Forecast> {
        let now = self.now();
        let sql = concat!("SELECT due_at FROM conversation WHERE status = 'open' AND due_at IS NOT NULL AND ", in_sight!("$1"));
        let due: Vec<i64> =
            sqlx::query_scalar(sql).bind(reader.bound()).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let since = now.0 - model::time::WEEK;
        let sql = concat!(
            "SELECT COUNT(*), MIN(m.at) FROM message m WHERE m.kind = 'out' AND m.at > $1 AND EXISTS \
             (SELECT 1 FROM conversation WHERE id = m.conversation AND ",
            in_sight!("$2"),
            ")"
        );
        let (answers, first): (i64, Option<i64>) =
            sqlx::query_as(sql).bind(since).bind(reader.bound()).fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        let seconds = first.map_or(0.0, |first| (now.0 - first) as f64 / 1e6);
        let due: Vec<Instant> = due.into_iter().map(Instant).collect();
        Ok(crate::features::conversations::hours::forecast(&due, now, answers.cast_unsigned(), seconds))
    }

    /// Returns the latest chat of somebody, to be gone on with on another device.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(in crate::features::conversations) async fn latest_chat(&self, actor: ActorId) -> Result<Option<String>> {
        let sql = "SELECT id FROM conversation WHERE actor = $1 AND channel = 'chat' ORDER BY last_at DESC LIMIT 1";
        let id = sqlx::query_scalar(sql).bind(actor.0.cast_signed()).fetch_optional(self.stores.state.reader());
        id.await.map_err(failed)
    }
}
