//! The inbox: what was said, in order, who looks after it, and what the ledger is told of it.
//!
//! Every change is one transaction that appends to the conversation and to the list of events, so nothing is ever said
//! without its place in the order. Sending the same client id again changes nothing. What the ledger does not know yet is
//! marked and told again until it does.

use super::events::{Event, News, Present};
use super::files::{MessageFile, give_files};
use super::seal::{Opener, SOURCE, Sealer, sealed};
use super::settings::InboxSettings;
use crate::failure::{Failure, Result};
use crate::features::capture::{Capture, Delivery, Known, NotTaken};
use crate::features::people::policy::Policy;
use crate::platform::home::Stores;
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Link, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;
use state::{StateError, Transaction};
use utoipa::ToSchema;

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

/// Is what a line of a conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageKind)]
pub enum Kind {
    /// The customer said it.
    In,
    /// We said it.
    Out,
    /// Staff wrote it for staff.
    Note,
    /// Something happened to the conversation.
    Event,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Note => "note",
            Self::Event => "event",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "in" => Self::In,
            "out" => Self::Out,
            "note" => Self::Note,
            _ => Self::Event,
        }
    }
}

/// Is how a conversation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationStatus)]
pub enum Status {
    /// It is to be looked after.
    Open,
    /// It sleeps until a moment, or until the customer writes.
    Snoozed,
    /// It is done.
    Resolved,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "snoozed" => Self::Snoozed,
            "resolved" => Self::Resolved,
            _ => Self::Open,
        }
    }
}

/// Is one line of a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its place.
    pub seq: i64,
    /// The id that its sender drew.
    pub client_id: String,
    /// What it is.
    pub kind: Kind,
    /// The account that wrote it, of staff.
    pub account: Option<i64>,
    /// The name of whoever wrote it.
    pub author: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What it says; none: it cannot be read any more.
    pub text: Option<String>,
    /// Whether there is HTML too, which has a route of its own.
    pub has_html: bool,
    /// The files that came along.
    pub files: Vec<MessageFile>,
    /// Of ours: `queued`, `sent`, `caught`, `failed` or `bounced`.
    pub state: String,
    /// Of an event, what happened; of a mail, what is known of it.
    #[schema(value_type = Object)]
    pub meta: Value,
}

/// Is somebody outside who takes part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Participant {
    /// Their identity, as the ledger numbers it.
    pub actor: String,
    /// The number of the person, for their page and timeline.
    pub person: String,
    /// Their name, as they gave it.
    pub name: String,
    /// Where answers go.
    pub address: String,
    /// Whether nobody knows that they belong to it: they wrote into it without having been in it.
    pub flagged: bool,
}

/// Is one conversation, as the list shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Its number, for people.
    pub number: i64,
    /// `chat`, `email`, `form`, `phone`, `in_person`, `messenger`, `review` or `post`.
    pub channel: String,
    /// What it is about, as the customer wrote it.
    pub subject: String,
    /// The beginning of the last message.
    pub preview: String,
    /// Whether we said the last word.
    pub answered_last: bool,
    /// How it stands.
    pub status: Status,
    /// The account that looks after it.
    pub assignee: Option<i64>,
    /// The name of that account.
    pub assigned_name: String,
    /// The team that looks after it.
    pub team: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Until when it sleeps.
    pub snoozed_until: Option<i64>,
    /// When it began.
    pub opened_at: i64,
    /// When something happened last.
    pub last_at: i64,
    /// Since when the customer waits.
    pub waiting_since: Option<i64>,
    /// When the answer is due.
    pub due_at: Option<i64>,
    /// The last place in it.
    pub seq: i64,
    /// How far the customer has seen it.
    pub seen_seq: i64,
    /// Who wrote it.
    pub customer: Participant,
}

/// Is who writes as staff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The account.
    pub account: i64,
    /// Its name.
    pub name: String,
}

/// Is a message of a customer on its way in.
#[derive(Clone, PartialEq, Debug)]
pub struct Incoming {
    /// The conversation it belongs to, which is made where it is not there.
    pub conversation: String,
    /// The id by which the same message is known again.
    pub client_id: String,
    /// The channel.
    pub channel: String,
    /// Who they are, the strongest name first.
    pub identity: Identity,
    /// The name they gave.
    pub name: String,
    /// Where answers go.
    pub address: String,
    /// What it is about.
    pub subject: String,
    /// What they say.
    pub text: String,
    /// The same as HTML, cleaned.
    pub html: String,
    /// When.
    pub at: Instant,
    /// Where: a page, a mailbox, a branch. Nothing personal.
    pub place: String,
    /// What else is known of it. Nothing personal.
    pub meta: Value,
    /// By what answers to it are recognised.
    pub thread_key: String,
}

/// Says what became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// It has this place.
    Added(i64),
    /// It was sent before, and has this place.
    Known(i64),
    /// Somebody said something meanwhile that its writer has not seen: up to this place.
    Stale(i64),
    /// There is no such conversation.
    Absent,
    /// Nothing more is taken in this conversation.
    Full,
}

/// Is which conversations are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// `open`, `mine`, `unassigned`, `snoozed`, `resolved` or `all`.
    pub view: String,
    /// Of one channel.
    pub channel: Option<String>,
    /// With one label.
    pub label: Option<String>,
    /// With these words in name, subject, number or last message.
    pub words: Option<String>,
}

/// Counts conversations: what came in is what went out and what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ConversationCounts)]
pub struct Counts {
    /// How often one was opened, or opened again.
    pub came_in: i64,
    /// How often one was resolved.
    pub went_out: i64,
    /// How many are open.
    pub open: i64,
    /// How many sleep.
    pub snoozed: i64,
}

/// Is one channel, for CHN-33: how many asked, were answered, and bought within thirty days is the map's to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelRequests)]
pub struct ChannelRequests {
    /// The channel.
    pub channel: String,
    /// Conversations that began.
    pub requests: i64,
    /// Of them, how many were answered.
    pub answered: i64,
    /// Of them, how many are open.
    pub open: i64,
}

/// Keeps conversations. Clones share everything.
#[derive(Clone)]
pub struct Inbox {
    pub(super) stores: Stores,
    capture: Capture,
    pub(super) policy: Policy,
    pub(super) sealer: Sealer,
    pub(super) news: News,
}

impl Inbox {
    /// Opens the inbox.
    #[must_use]
    pub fn new(stores: Stores, capture: Capture, policy: Policy) -> Self {
        let sealer = Sealer::new(capture.text_keys());
        Self { stores, capture, policy, sealer, news: News::new() }
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
        InboxSettings::load(&self.stores.state).await
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
            Some(row) => (row.get::<i64, _>("seq"), ActorId(row.get::<i64, _>("actor").cast_unsigned())),
            None => {
                let subject = sealed(&key, &format!("{id}:subject"), &incoming.subject)?;
                let touchpoint = settings.touchpoints.get(&incoming.channel).cloned().unwrap_or_default();
                sqlx::query(
                    "INSERT INTO conversation (id, number, channel, actor, subject, status, assignee, assigned_name, team, labels, \
                     touchpoint, snoozed_until, opened_at, last_at, waiting_since, due_at, answered_at, resolved_at, seq, seen_seq, \
                     thread_key) VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM conversation), $2, $3, $4, 'open', NULL, '', \
                     '', '[]', $5, NULL, $6, $6, NULL, NULL, NULL, NULL, 0, 0, $7)",
                )
                .bind(id.to_owned())
                .bind(incoming.channel.clone())
                .bind(actor.0.cast_signed())
                .bind(subject)
                .bind(touchpoint)
                .bind(incoming.at.0)
                .bind(incoming.thread_key.clone())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
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
        self.news.tell();
        self.tell_ledger().await;
        Ok(Posted::Added(seq))
    }

    /// Says something to the customer. `after` is the last place that its writer has seen: where somebody has said something
    /// since, nothing is sent, unless `anyway`.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn reply(&self, id: &str, by: &Author, client_id: &str, text: &str, after: i64, anyway: bool) -> Result<Posted> {
        self.write(id, by, client_id, (text, &[]), (Kind::Out, after, anyway)).await
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
        self.write(id, by, client_id, said, (kind, after, anyway || is_note)).await
    }

    /// Writes something for staff alone.
    ///
    /// # Errors
    /// Fails when the text is too long or the state store fails.
    pub async fn note(&self, id: &str, by: &Author, client_id: &str, text: &str) -> Result<Posted> {
        self.write(id, by, client_id, (text, &[]), (Kind::Note, i64::MAX, true)).await
    }

    async fn write(
        &self,
        id: &str,
        by: &Author,
        client_id: &str,
        (text, files): (&str, &[String]),
        (kind, after, anyway): (Kind, i64, bool),
    ) -> Result<Posted> {
        check(client_id, text, !files.is_empty())?;
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
        if !anyway {
            let sql = "SELECT COUNT(*) FROM message WHERE conversation = $1 AND seq > $2 AND kind IN ('in', 'out') \
                       AND (account IS NULL OR account <> $3)";
            let newer: i64 = sqlx::query_scalar(sql)
                .bind(id.to_owned())
                .bind(after)
                .bind(by.account)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
            if newer > 0 {
                return Ok(Posted::Stale(last));
            }
        }
        let seq = last + 1;
        let is_mail = kind == Kind::Out && channel == "email";
        let state = match kind {
            Kind::Out if is_mail => "queued",
            Kind::Out => "sent",
            _ => "",
        };
        let body = sealed(&key, &format!("{id}:{seq}"), text)?;
        let line = Line { kind, account: Some(by.account), author: &by.name, at: now, state };
        append(&mut transaction, id, seq, owner, client_id, line, &body, "", &Value::Object(Default::default())).await?;
        give_files(&mut transaction, id, seq, files).await?;
        if kind == Kind::Out {
            // Whoever answers a resolved conversation ends it as before; the customer's next word opens it again.
            sqlx::query(
                "UPDATE conversation SET seq = $1, last_at = $2, waiting_since = NULL, due_at = NULL, \
                 answered_at = COALESCE(answered_at, $2), assignee = COALESCE(assignee, $3), \
                 assigned_name = CASE WHEN assignee IS NULL THEN $4 ELSE assigned_name END WHERE id = $5",
            )
            .bind(seq)
            .bind(now.0)
            .bind(by.account)
            .bind(by.name.clone())
            .bind(id.to_owned())
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
        self.news.tell();
        self.tell_ledger().await;
        Ok(Posted::Added(seq))
    }

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
        self.news.tell();
        Ok(true)
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
        self.news.tell();
        Ok(true)
    }

    /// Notes how far the customer has seen a conversation.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn seen(&self, id: &str, seq: i64) -> Result<()> {
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let sql = "UPDATE conversation SET seen_seq = $1 WHERE id = $2 AND seen_seq < $1 AND seq >= $1";
        let changed = sqlx::query(sql).bind(seq).bind(id.to_owned()).execute(&mut *transaction).await.map_err(failed)?;
        if changed.rows_affected() == 0 {
            return Ok(());
        }
        note_event(&mut transaction, id, "seen", self.now()).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell();
        Ok(())
    }

    /// Notes that somebody is there.
    pub fn present(&self, id: &str, who: Present) {
        self.news.note(id, who, self.now());
    }

    /// Lists conversations: those that wait longest for an answer first, then the latest.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn list(&self, filter: &Filter, account: i64) -> Result<Vec<Conversation>> {
        let (status, is_any) = match filter.view.as_str() {
            "snoozed" => ("snoozed", 0_i64),
            "resolved" => ("resolved", 0),
            "all" => ("open", 1),
            _ => ("open", 0),
        };
        let (mine, nobodys) = (i64::from(filter.view == "mine"), i64::from(filter.view == "unassigned"));
        let sql = "SELECT id, number, channel, actor, subject, status, assignee, assigned_name, team, labels, snoozed_until, \
                   opened_at, last_at, waiting_since, due_at, seq, seen_seq FROM conversation \
                   WHERE (status = $1 OR $2 = 1) AND ($3 = 0 OR assignee = $4) AND ($5 = 0 OR assignee IS NULL) \
                   AND ($6 = '' OR channel = $6) ORDER BY COALESCE(due_at, 9000000000000000000), last_at DESC LIMIT $7";
        let wanted = if filter.words.is_some() || filter.label.is_some() { SEARCH_MAX } else { LIST_MAX as i64 };
        let rows = sqlx::query(sql)
            .bind(status)
            .bind(is_any)
            .bind(mine)
            .bind(account)
            .bind(nobodys)
            .bind(filter.channel.clone().unwrap_or_default())
            .bind(wanted)
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
                   opened_at, last_at, waiting_since, due_at, seq, seen_seq FROM conversation WHERE id = $1";
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

    fn person_of(&self, actor: ActorId) -> String {
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

    /// Returns the changes after a number, in order.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn events(&self, after: i64, most: i64) -> Result<Vec<Event>> {
        let sql = "SELECT seq, conversation, what, at FROM conversation_event WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = sqlx::query(sql).bind(after).bind(most).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let event = |row: &AnyRow| Event {
            seq: row.get("seq"),
            conversation: row.get("conversation"),
            what: row.get("what"),
            at: row.get("at"),
        };
        Ok(rows.iter().map(event).collect())
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
        let sql = "SELECT DISTINCT actor FROM conversation WHERE status = 'resolved' AND resolved_at > $1 AND resolved_at <= $2";
        let found = sqlx::query_scalar(sql).bind(from.0).bind(until.0).fetch_all(self.stores.state.reader()).await;
        let actors: Vec<i64> = found.map_err(failed)?;
        Ok(actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect())
    }

    /// Counts what came in, went out, and is there.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn counts(&self) -> Result<Counts> {
        // One transaction: between two statements somebody may resolve one.
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let mut count = async |sql: &'static str| -> Result<i64> {
            sqlx::query_scalar(sql).fetch_one(&mut *transaction).await.map_err(failed)
        };
        Ok(Counts {
            came_in: count("SELECT COUNT(*) FROM message WHERE kind = 'event' AND (meta LIKE '%\"what\":\"opened\"%' OR meta LIKE '%\"what\":\"reopened\"%')").await?,
            went_out: count("SELECT COUNT(*) FROM message WHERE kind = 'event' AND meta LIKE '%\"what\":\"resolved\"%'").await?,
            open: count("SELECT COUNT(*) FROM conversation WHERE status = 'open'").await?,
            snoozed: count("SELECT COUNT(*) FROM conversation WHERE status = 'snoozed'").await?,
        })
    }

    /// Counts requests by channel.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn requests(&self) -> Result<Vec<ChannelRequests>> {
        let sql = "SELECT channel, COUNT(*) AS requests, COUNT(answered_at) AS answered, \
                   SUM(CASE WHEN status = 'resolved' THEN 0 ELSE 1 END) AS open FROM conversation GROUP BY channel ORDER BY channel";
        let rows = sqlx::query(sql).fetch_all(self.stores.state.reader()).await.map_err(failed)?;
        let one = |row: &AnyRow| ChannelRequests {
            channel: row.get("channel"),
            requests: row.get("requests"),
            answered: row.get("answered"),
            open: row.get("open"),
        };
        Ok(rows.iter().map(one).collect())
    }

    /// Forecasts how many answers will be late.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn forecast(&self) -> Result<super::Forecast> {
        let now = self.now();
        let due: Vec<i64> = sqlx::query_scalar("SELECT due_at FROM conversation WHERE status = 'open' AND due_at IS NOT NULL")
            .fetch_all(self.stores.state.reader())
            .await
            .map_err(failed)?;
        let since = now.0 - model::time::WEEK;
        let (answers, first): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MIN(at) FROM message WHERE kind = 'out' AND at > $1")
                .bind(since)
                .fetch_one(self.stores.state.reader())
                .await
                .map_err(failed)?;
        let seconds = first.map_or(0.0, |first| (now.0 - first) as f64 / 1e6);
        let due: Vec<Instant> = due.into_iter().map(Instant).collect();
        Ok(super::hours::forecast(&due, now, answers.cast_unsigned(), seconds))
    }

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
        let actors: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT actor FROM participant")
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
    pub(super) async fn tell_ledger(&self) {
        if let Err(failure) = self.try_to_tell().await {
            tracing::warn!("{failure}");
        }
    }

    async fn try_to_tell(&self) -> Result<()> {
        let sql = "SELECT m.conversation, m.seq, m.kind, m.actor, m.at, m.body, m.meta, c.channel, c.touchpoint, p.identity, p.name \
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
        let form = match (is_in, channel.as_str()) {
            (false, _) => Form::Reply,
            (true, "form") => Form::Submission,
            (true, "phone") => Form::Call,
            (true, "in_person") => Form::Visit,
            (true, "review") => Form::Review,
            (true, _) => Form::Message,
        };
        let meta: Value = serde_json::from_str(&row.get::<String, _>("meta")).unwrap_or_default();
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: if is_in { "message" } else { "reply" }.to_owned(),
            channel: hint(&channel).to_owned(),
            place: meta["place"].as_str().unwrap_or_default().to_owned(),
            campaign: String::new(),
            touchpoint: row.get("touchpoint"),
        };
        // The answer belongs to the question that waited longest: the first one since our last word.
        let asked: Option<i64> = if is_in {
            None
        } else {
            let sql = "SELECT MIN(seq) FROM message WHERE conversation = $1 AND kind = 'in' AND seq < $2 AND seq > \
                       (SELECT COALESCE(MAX(seq), 0) FROM message WHERE conversation = $1 AND kind = 'out' AND seq < $2)";
            let question = sqlx::query_scalar(sql).bind(id.clone()).bind(seq).fetch_one(self.stores.state.reader());
            question.await.map_err(failed)?
        };
        let direction = if is_in { Direction::Inbound } else { Direction::Outbound };
        Ok(Some(Arrival {
            identities: vec![identity],
            reply_to: asked.map(|asked| format!("{id}:{asked}").into_bytes()),
            conversation: Some(id.clone()),
            text: opener
                .open(actor_of(row), &format!("{id}:{seq}"), &row.get::<String, _>("body"))
                .filter(|text| !text.is_empty()),
            ..Arrival::new(format!("{id}:{seq}").into_bytes(), signature, Instant(row.get("at")), form, direction)
        }))
    }

    /// Returns the latest chat of somebody, to be gone on with on another device.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn latest_chat(&self, actor: ActorId) -> Result<Option<String>> {
        let sql = "SELECT id FROM conversation WHERE actor = $1 AND channel = 'chat' ORDER BY last_at DESC LIMIT 1";
        let id = sqlx::query_scalar(sql).bind(actor.0.cast_signed()).fetch_optional(self.stores.state.reader());
        id.await.map_err(failed)
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

/// Is what every line has beside its texts.
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
        "form" => "web",
        "in_person" => "in person",
        "review" => "reviews",
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
