//! The inbox: what was said, in order, who looks after it, and what the ledger is told of it.
//!
//! Every change is one transaction that appends to the conversation and to the list of events, so nothing is ever said
//! without its place in the order. Sending the same client id again changes nothing. What the ledger does not know yet is
//! marked and told again until it does.

mod handling;
mod read;
mod shapes;
mod upkeep;

pub use shapes::{
    Author, ChannelRequests, Conversation, Counts, CustomerWords, Filter, Incoming, Kind, Message, OurLastWord, Participant,
    Posted, Status,
};

use super::events::{News, Present};
use super::files::give_files;
use super::seal::{Opener, SOURCE, Sealer, sealed};
use super::settings::InboxSettings;
use crate::failure::{Failure, Result};
use crate::features::capture::{Capture, Delivery, NotTaken};
use crate::features::people::policy::Policy;
use crate::platform::home::Stores;
use model::{ActorId, Identity, Instant, Link};
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{StateError, Transaction};

/// What one message may say.
pub(super) const TEXT_MAX: usize = 100_000;
/// An id that a client draws.
pub(super) const CLIENT_ID_MAX: usize = 100;
/// So many conversations are told at once.
pub(super) const LIST_MAX: usize = 200;
/// So many messages of one conversation are told at once; older ones are asked for.
pub(super) const MESSAGES_MAX: i64 = 500;
/// A conversation has at most so many messages: beyond it somebody floods.
const SEQ_MAX: i64 = 20_000;
/// Among so many conversations a text is looked for.
const SEARCH_MAX: i64 = 2_000;

/// Keeps conversations. Clones share everything.
#[derive(Clone)]
pub struct Inbox {
    pub(super) stores: Stores,
    capture: Capture,
    pub(super) policy: Policy,
    pub(super) sealer: Sealer,
    pub(super) news: News,
    /// Rung when something waits to go out to a messenger.
    pub(super) bell: std::sync::Arc<tokio::sync::Notify>,
}

impl Inbox {
    /// Opens the inbox.
    #[must_use]
    pub fn new(stores: Stores, capture: Capture, policy: Policy) -> Self {
        let sealer = Sealer::new(capture.text_keys());
        Self { stores, capture, policy, sealer, news: News::new(), bell: std::sync::Arc::default() }
    }

    /// Returns where news are heard.
    #[must_use]
    pub const fn news(&self) -> &News {
        &self.news
    }

    pub(super) fn now(&self) -> Instant {
        self.stores.now()
    }

    /// Returns what is decided about conversations.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn settings(&self) -> Result<InboxSettings> {
        InboxSettings::load(&self.stores).await
    }

    /// Takes a message of a customer; durable when this returns, and told to the ledger soon.
    ///
    /// # Errors
    /// Fails when the state store does; the same may come again.
    pub async fn incoming(&self, incoming: &Incoming) -> Result<Posted> {
        self.incoming_with(incoming, &[]).await
    }

    /// Takes a message of a customer with files that they uploaded before.
    ///
    /// # Errors
    /// Fails when a file is not there, or the state store fails; the same may come again.
    pub(super) async fn incoming_with(&self, incoming: &Incoming, files: &[String]) -> Result<Posted> {
        let settings = self.settings().await?;
        let actor = incoming.identity.actor();
        let key = self.sealer.of(actor).await?;
        let id = incoming.conversation.as_str();
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        if let Some(seq) = known(&mut transaction, id, &incoming.client_id).await? {
            return Ok(Posted::Known(seq));
        }
        let row = sqlx::query("SELECT status, seq, actor, waiting_since FROM conversation WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let due = settings.due(&incoming.channel, incoming.at).map(|due| due.0);
        let (mut seq, owner) = match &row {
            Some(row) => (row.get::<i64, _>("seq"), actor_of(row)),
            None => {
                let subject = sealed(&key, &format!("{id}:subject"), &incoming.subject)?;
                // What the message itself is known to be about comes before what its channel usually is.
                let own = incoming.meta["touchpoint"].as_str().filter(|own| !own.is_empty());
                let touchpoint = own.map_or_else(|| settings.touchpoint(&incoming.channel), str::to_owned);
                open(&mut transaction, incoming, subject, touchpoint).await?;
                (0, actor)
            }
        };
        if seq >= SEQ_MAX {
            return Ok(Posted::Full);
        }
        let stood = row.as_ref().map(|row| row.get::<String, _>("status"));
        let begins = match stood.as_deref() {
            None => Some("opened"),
            Some("resolved") => Some("reopened"),
            Some("snoozed") => Some("woken"),
            _ => None,
        };
        let said = Line { kind: Kind::Event, account: None, author: "", at: incoming.at, state: "" };
        if let Some(what) = begins {
            seq += 1;
            let event = format!("event:{seq}");
            append(&mut transaction, id, seq, owner, &event, said, "", "", &serde_json::json!({ "what": what })).await?;
            Policy::hold(&mut transaction, owner, &hold_name(id), incoming.at).await?;
        }
        self.take_part(&mut transaction, incoming, actor, owner != actor && incoming.channel != "chat", &key).await?;
        seq += 1;
        let body = sealed(&key, &format!("{id}:{seq}"), cut(&incoming.text, TEXT_MAX))?;
        let html = sealed(&key, &format!("{id}:{seq}:html"), &incoming.html)?;
        let line = Line { kind: Kind::In, ..said };
        let mut meta = incoming.meta.clone();
        meta["place"] = Value::from(incoming.place.clone());
        append(&mut transaction, id, seq, actor, &incoming.client_id, line, &body, &html, &meta).await?;
        give_files(&mut transaction, id, seq, files).await?;
        sqlx::query(
            "UPDATE conversation SET seq = $1, last_at = $2, status = 'open', snoozed_until = NULL, \
             due_at = CASE WHEN waiting_since IS NULL THEN $3 ELSE due_at END, waiting_since = COALESCE(waiting_since, $2), \
             seen_seq = $1 WHERE id = $4",
        )
        .bind(seq)
        .bind(incoming.at.0)
        .bind(due)
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        note_event(&mut transaction, id, "message", incoming.at).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        self.tell_ledger().await;
        Ok(Posted::Added(seq))
    }

    /// Says something to the customer. `after` is the last place that its writer has seen: where somebody has said something
    /// since, nothing is sent, unless `anyway`.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn reply(&self, id: &str, by: &Author, client_id: &str, text: &str, after: i64, anyway: bool) -> Result<Posted> {
        self.write(
            id,
            by,
            client_id,
            (text, &[]),
            Draft { kind: Kind::Out, after, anyway, meta: Value::Null, keeps_waiting: false },
        )
        .await
    }

    /// Says something, to the customer or to staff alone, with files that were uploaded before.
    ///
    /// # Errors
    /// Fails when the text is too long, a file is not there, or the state store fails.
    pub(super) async fn say_with(
        &self,
        id: &str,
        by: &Author,
        client_id: &str,
        said: (&str, &[String]),
        (is_note, after, anyway): (bool, i64, bool),
    ) -> Result<Posted> {
        let kind = if is_note { Kind::Note } else { Kind::Out };
        let draft = Draft { kind, after, anyway: anyway || is_note, meta: Value::Null, keeps_waiting: false };
        self.write(id, by, client_id, said, draft).await
    }

    /// Says something approved beforehand to the customer.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn reply_by_template(&self, id: &str, by: &Author, client_id: &str, text: &str, template: &str) -> Result<Posted> {
        let meta = serde_json::json!({ "template": template });
        self.write(
            id,
            by,
            client_id,
            (text, &[]),
            Draft { kind: Kind::Out, after: i64::MAX, anyway: true, meta, keeps_waiting: false },
        )
        .await
    }

    /// Says something to the customer that nobody wrote just now. `meta` says by what, and may hold buttons; with `keeps_waiting`, who
    /// waits for a person waits on.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn machine_says(
        &self,
        id: &str,
        name: &str,
        client_id: &str,
        text: &str,
        meta: &Value,
        keeps_waiting: bool,
    ) -> Result<Posted> {
        let by = Author { account: 0, name: name.to_owned() };
        let draft = Draft { kind: Kind::Out, after: i64::MAX, anyway: true, meta: meta.clone(), keeps_waiting };
        self.write(id, &by, client_id, (text, &[]), draft).await
    }

    /// Tells whether a conversation takes nothing more.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn is_full(&self, id: &str) -> Result<bool> {
        let seq = sqlx::query_scalar("SELECT seq FROM conversation WHERE id = $1").bind(id.to_owned());
        let seq: Option<i64> = seq.fetch_optional(self.stores.state.reader()).await.map_err(failed)?;
        Ok(seq.is_some_and(|seq| seq >= SEQ_MAX))
    }

    /// Tells whether a message with this id is there.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn has_said(&self, id: &str, client_id: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM message WHERE conversation = $1 AND client_id = $2";
        let count = sqlx::query_scalar(sql).bind(id.to_owned()).bind(client_id.to_owned());
        let count: i64 = count.fetch_one(self.stores.state.reader()).await.map_err(failed)?;
        Ok(count > 0)
    }

    /// Takes what a customer made of an earlier message of theirs. The ledger keeps what was said first: that happened too.
    /// `at` orders several changes; tells whether there was such a message.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn edit(&self, id: &str, client_id: &str, text: &str, at: Instant) -> Result<bool> {
        let sql = "SELECT actor FROM message WHERE conversation = $1 AND client_id = $2 AND kind = 'in'";
        let row = sqlx::query(sql).bind(id.to_owned()).bind(client_id.to_owned());
        let Some(row) = row.fetch_optional(self.stores.state.reader()).await.map_err(failed)? else { return Ok(false) };
        let key = self.sealer.of(actor_of(&row)).await?;
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let sql = "SELECT seq, meta FROM message WHERE conversation = $1 AND client_id = $2 AND kind = 'in'";
        let row = sqlx::query(sql).bind(id.to_owned()).bind(client_id.to_owned());
        let Some(row) = row.fetch_optional(&mut *transaction).await.map_err(failed)? else { return Ok(false) };
        let seq: i64 = row.get("seq");
        let mut meta: Value = serde_json::from_str(&row.get::<String, _>("meta")).unwrap_or_default();
        if meta["edited"].as_i64().is_some_and(|before| before > at.0) {
            return Ok(true);
        }
        meta["edited"] = Value::from(at.0);
        sqlx::query("UPDATE message SET body = $1, meta = $2 WHERE conversation = $3 AND seq = $4")
            .bind(sealed(&key, &format!("{id}:{seq}"), text)?)
            .bind(meta.to_string())
            .bind(id.to_owned())
            .bind(seq)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        note_event(&mut transaction, id, "message", self.now()).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        Ok(true)
    }

    /// Notes how a message of ours stands, and why.
    pub(super) async fn message_is(transaction: &mut Transaction, id: &str, seq: i64, state: &str, said: &str) -> Result<()> {
        let row = sqlx::query("SELECT meta FROM message WHERE conversation = $1 AND seq = $2").bind(id.to_owned()).bind(seq);
        let Some(row) = row.fetch_optional(&mut **transaction).await.map_err(failed)? else { return Ok(()) };
        let mut meta: Value = serde_json::from_str(&row.get::<String, _>("meta")).unwrap_or_default();
        meta["said"] = Value::from(said);
        sqlx::query("UPDATE message SET state = $1, meta = $2 WHERE conversation = $3 AND seq = $4")
            .bind(state.to_owned())
            .bind(meta.to_string())
            .bind(id.to_owned())
            .bind(seq)
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Writes something for staff alone that nobody wrote; `meta` says what it is. The same id again changes nothing, and a conversation
    /// that takes nothing more is left as it is.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn machine_notes(&self, id: &str, client_id: &str, text: &str, meta: Value) -> Result<()> {
        let by = Author { account: 0, name: String::new() };
        let draft = Draft { kind: Kind::Note, after: i64::MAX, anyway: true, meta, keeps_waiting: false };
        self.write(id, &by, client_id, (text, &[]), draft).await.map(drop)
    }

    /// Writes something for staff alone.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn note(&self, id: &str, by: &Author, client_id: &str, text: &str) -> Result<Posted> {
        self.write(
            id,
            by,
            client_id,
            (text, &[]),
            Draft { kind: Kind::Note, after: i64::MAX, anyway: true, meta: Value::Null, keeps_waiting: false },
        )
        .await
    }

    async fn write(
        &self,
        id: &str,
        by: &Author,
        client_id: &str,
        (text, files): (&str, &[String]),
        Draft { kind, after, anyway, meta, keeps_waiting }: Draft,
    ) -> Result<Posted> {
        check(client_id, text, !files.is_empty())?;
        let account = (by.account != 0).then_some(by.account);
        let now = self.now();
        let Some(owner) = self.owner(id).await? else { return Ok(Posted::Absent) };
        let key = self.sealer.of(owner).await?;
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        if let Some(seq) = known(&mut transaction, id, client_id).await? {
            return Ok(Posted::Known(seq));
        }
        let row = sqlx::query("SELECT seq, channel, status FROM conversation WHERE id = $1").bind(id.to_owned());
        let Some(row) = row.fetch_optional(&mut *transaction).await.map_err(failed)? else { return Ok(Posted::Absent) };
        let (last, channel): (i64, String) = (row.get("seq"), row.get("channel"));
        if last >= SEQ_MAX {
            return Ok(Posted::Full);
        }
        if !anyway && is_overtaken(&mut transaction, id, after, by).await? {
            return Ok(Posted::Stale(last));
        }
        let seq = last + 1;
        let is_mail = kind == Kind::Out && is_answered_by_mail(&channel);
        let is_parcel = kind == Kind::Out && super::messenger::queue_parcel(&mut transaction, id, seq, now).await?;
        let state = match kind {
            Kind::Out if is_mail || is_parcel => "queued",
            Kind::Out => "sent",
            _ => "",
        };
        let body = sealed(&key, &format!("{id}:{seq}"), text)?;
        let line = Line { kind, account, author: &by.name, at: now, state };
        let meta = if meta.is_null() { Value::Object(Default::default()) } else { meta };
        append(&mut transaction, id, seq, owner, client_id, line, &body, "", &meta).await?;
        give_files(&mut transaction, id, seq, files).await?;
        if kind == Kind::Out {
            // Whoever answers a resolved conversation ends it as before; the customer's next word opens it again.
            sqlx::query(
                "UPDATE conversation SET seq = $1, last_at = $2, \
                 waiting_since = CASE WHEN $7 = 1 THEN waiting_since END, due_at = CASE WHEN $7 = 1 THEN due_at END, answered_at = COALESCE(answered_at, $6), assignee = COALESCE(assignee, $3), \
                 assigned_name = CASE WHEN assignee IS NULL THEN $4 ELSE assigned_name END WHERE id = $5",
            )
            .bind(seq)
            .bind(now.0)
            .bind(account)
            // What a machine says gives nobody the conversation, and is not the answer of a person.
            .bind(if account.is_some() { by.name.clone() } else { String::new() })
            .bind(id.to_owned())
            .bind(account.map(|_| now.0))
            .bind(i64::from(keeps_waiting))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        } else {
            sqlx::query("UPDATE conversation SET seq = $1, last_at = $2 WHERE id = $3")
                .bind(seq)
                .bind(now.0)
                .bind(id.to_owned())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        if is_mail {
            super::mail::queue_reply(&mut transaction, id, seq, owner, now).await?;
        }
        note_event(&mut transaction, id, if kind == Kind::Note { "note" } else { "message" }, now).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        if is_parcel {
            self.bell.notify_one();
        }
        self.tell_ledger().await;
        Ok(Posted::Added(seq))
    }

    /// Notes how far the customer has seen a conversation.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn seen(&self, id: &str, seq: i64) -> Result<()> {
        // Most who ask have seen nothing new: they need not wait for the one who may write.
        let unseen = sqlx::query("SELECT 1 FROM conversation WHERE id = $2 AND seen_seq < $1 AND seq >= $1");
        if unseen.bind(seq).bind(id.to_owned()).fetch_optional(self.stores.state.reader()).await.map_err(failed)?.is_none() {
            return Ok(());
        }
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let sql = "UPDATE conversation SET seen_seq = $1 WHERE id = $2 AND seen_seq < $1 AND seq >= $1";
        let changed = sqlx::query(sql).bind(seq).bind(id.to_owned()).execute(&mut *transaction).await.map_err(failed)?;
        if changed.rows_affected() == 0 {
            return Ok(());
        }
        note_event(&mut transaction, id, "seen", self.now()).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(id);
        Ok(())
    }

    /// Notes that somebody is there.
    pub fn present(&self, id: &str, who: Present) {
        self.news.note(id, who, self.now());
    }

    /// Says that two names are one person.
    ///
    /// # Errors
    /// Fails when a store does.
    pub(super) async fn claim(&self, one: &Identity, other: &Identity, link: Link, at: Instant) -> Result<()> {
        let claims = vec![(one.clone(), other.clone(), link, at)];
        let delivery = Delivery { source: SOURCE.to_owned(), format: SOURCE, claims, ..Delivery::default() };
        self.capture.take(delivery).await.map(drop).map_err(|why| match why {
            NotTaken::Failed(failure) => failure,
            NotTaken::Busy { .. } => Failure::new("Who somebody is cannot be noted now"),
        })
    }

    /// Lets the house know a name of which nothing has happened yet, so that whoever asks about it is answered. It is an identity, and
    /// nothing else: no interaction, and joined to nobody.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn get_to_know(&self, who: &Identity, at: Instant) -> Result<()> {
        self.claim(who, who, Link::Together, at).await
    }

    /// Returns whose key seals a conversation.
    pub(super) async fn owner(&self, id: &str) -> Result<Option<ActorId>> {
        let actor: Option<i64> = sqlx::query_scalar("SELECT actor FROM conversation WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(self.stores.state.reader())
            .await
            .map_err(failed)?;
        Ok(actor.map(|actor| ActorId(actor.cast_unsigned())))
    }

    async fn take_part(
        &self,
        transaction: &mut Transaction,
        incoming: &Incoming,
        actor: ActorId,
        is_flagged: bool,
        key: &crate::features::people::TextKey,
    ) -> Result<()> {
        let id = &incoming.conversation;
        let identity = format!("{}\n{}", incoming.identity.namespace, incoming.identity.value);
        sqlx::query(
            "INSERT INTO participant (conversation, actor, identity, address, name, flagged, since) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (conversation, actor) DO UPDATE SET \
             address = CASE WHEN excluded.address = '' THEN participant.address ELSE excluded.address END, \
             name = CASE WHEN excluded.name = '' THEN participant.name ELSE excluded.name END",
        )
        .bind(id.clone())
        .bind(actor.0.cast_signed())
        .bind(sealed(key, &format!("{id}:identity:{actor}"), &identity)?)
        .bind(sealed(key, &format!("{id}:address:{actor}"), &incoming.address)?)
        .bind(sealed(key, &format!("{id}:name:{actor}"), cut(&incoming.name, 200))?)
        .bind(i64::from(is_flagged))
        .bind(incoming.at.0)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
        Ok(())
    }
}

/// Makes a conversation, in which nothing is said yet.
async fn open(transaction: &mut Transaction, incoming: &Incoming, subject: String, touchpoint: String) -> Result<()> {
    sqlx::query(
        "INSERT INTO conversation (id, number, channel, actor, subject, status, assignee, assigned_name, team, labels, \
         touchpoint, snoozed_until, opened_at, last_at, waiting_since, due_at, answered_at, resolved_at, seq, seen_seq, \
         thread_key, stars) VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM conversation), $2, $3, $4, 'open', NULL, '', \
         COALESCE((SELECT t.name FROM inbox_team_channel h JOIN inbox_team t ON t.id = h.team WHERE h.channel = $2), ''), '[]', $5, NULL, $6, $6, NULL, NULL, NULL, NULL, 0, 0, $7, $8)",
    )
    .bind(incoming.conversation.clone())
    .bind(incoming.channel.clone())
    .bind(incoming.identity.actor().0.cast_signed())
    .bind(subject)
    .bind(touchpoint)
    .bind(incoming.at.0)
    .bind(incoming.thread_key.clone())
    .bind(incoming.meta["stars"].as_i64())
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Tells whether somebody else has said something after a place.
async fn is_overtaken(transaction: &mut Transaction, id: &str, after: i64, by: &Author) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM message WHERE conversation = $1 AND seq > $2 AND kind IN ('in', 'out') \
               AND (account IS NULL OR account <> $3)";
    let newer = sqlx::query_scalar(sql).bind(id.to_owned()).bind(after).bind(by.account).fetch_one(&mut **transaction).await;
    newer.map(|newer: i64| newer > 0).map_err(failed)
}

/// Tells whether an answer goes out as a letter. Whoever has filled in a form was promised one.
fn is_answered_by_mail(channel: &str) -> bool {
    ["email", "form"].contains(&channel)
}

/// Is how something is written.
struct Draft {
    kind: Kind,
    /// The last place that its writer has seen.
    after: i64,
    /// Whether it goes out although somebody said something since.
    anyway: bool,
    meta: Value,
    /// Whether a customer who waits for a person waits on.
    keeps_waiting: bool,
}

/// Is a line of a conversation, beside its texts.
#[derive(Clone, Copy)]
struct Line<'a> {
    kind: Kind,
    account: Option<i64>,
    author: &'a str,
    at: Instant,
    state: &'a str,
}

#[allow(clippy::too_many_arguments, reason = "one row of a table, written in one place")]
async fn append(
    transaction: &mut Transaction,
    id: &str,
    seq: i64,
    actor: ActorId,
    client_id: &str,
    line: Line<'_>,
    body: &str,
    html: &str,
    meta: &Value,
) -> Result<()> {
    // Notes and events stay inside: the ledger is told what was said with the customer.
    let told = i64::from(!matches!(line.kind, Kind::In | Kind::Out));
    sqlx::query(
        "INSERT INTO message (conversation, seq, actor, client_id, kind, account, author, at, body, html, state, told, meta) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id.to_owned())
    .bind(seq)
    .bind(actor.0.cast_signed())
    .bind(client_id.to_owned())
    .bind(line.kind.name())
    .bind(line.account)
    .bind(line.author.to_owned())
    .bind(line.at.0)
    .bind(body.to_owned())
    .bind(html.to_owned())
    .bind(line.state.to_owned())
    .bind(told)
    .bind(meta.to_string())
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn note_event(transaction: &mut Transaction, id: &str, what: &str, at: Instant) -> Result<()> {
    sqlx::query(
        "INSERT INTO conversation_event (seq, conversation, what, at) \
         VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM conversation_event), $1, $2, $3)",
    )
    .bind(id.to_owned())
    .bind(what.to_owned())
    .bind(at.0)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn known(transaction: &mut Transaction, id: &str, client_id: &str) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT seq FROM message WHERE conversation = $1 AND client_id = $2")
        .bind(id.to_owned())
        .bind(client_id.to_owned())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(failed)
}

fn identity_in(row: &AnyRow, opener: &Opener) -> Option<Identity> {
    let (id, actor): (String, ActorId) = (row.get("conversation"), actor_of(row));
    let text = opener.open(actor, &format!("{id}:identity:{actor}"), &row.get::<String, _>("identity"))?;
    let (namespace, value) = text.split_once('\n')?;
    Identity::new(namespace, value)
}

pub(super) fn actor_of(row: &AnyRow) -> ActorId {
    ActorId(row.get::<i64, _>("actor").cast_unsigned())
}

/// Returns the hint by which the map knows a channel.
fn hint(channel: &str) -> &str {
    match channel {
        "email" => "e-mail",
        "form" | "comment" => "web",
        "in_person" => "in person",
        "review" => "reviews",
        "facebook" => "messenger",
        other => other,
    }
}

fn hold_name(id: &str) -> String {
    format!("conversation:{id}")
}

/// Cuts a text where a letter ends.
pub(super) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn check(client_id: &str, text: &str, has_files: bool) -> Result<()> {
    if client_id.is_empty() || client_id.len() > CLIENT_ID_MAX || client_id.starts_with("event:") {
        return Err(Failure::new(format!("`client_id` has 1 to {CLIENT_ID_MAX} bytes")));
    }
    if (text.trim().is_empty() && !has_files) || text.len() > TEXT_MAX {
        return Err(Failure::new(format!("A message has 1 to {TEXT_MAX} bytes")).hint("Say it in several"));
    }
    Ok(())
}

pub(super) fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after conversations").because(&error.into())
}
