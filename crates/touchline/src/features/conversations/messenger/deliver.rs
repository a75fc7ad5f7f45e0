//! Messages on their way out to messengers: the table `parcel`, from queued to read.
//!
//! A parcel is queued in the transaction of the message it carries. Whoever sends it asks the contact policy under its own id:
//! where the other side cannot tell a second message from the first, nothing is sent twice; where it can, it is sent until
//! it was taken. Of one conversation the order stays; several are sent at once.

use super::adapter;
use super::adapter::{Adapter, Button, Capability, Enclosed, Outcome, Parcel};
use super::arrive::path;
use super::setup::{Channel, Template};
use crate::failure::Result;
use crate::features::conversations::store::{actor_of, failed, note_event};
use crate::features::conversations::{Inbox, MessageFile, Talk};
use crate::features::people::policy::{Answer, Ask, Class, Ticket};
use crate::platform::calls::{Call, NotAnswered};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, stream};
use model::Instant;
use model::time::{SECOND, WEEK};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

const HOUR: i64 = 3_600 * SECOND;
/// So many parcels of a channel are looked at in one round.
const AT_ONCE: i64 = 200;
/// So many conversations of a channel are served at the same time: no other channel waits for them, and each may hold a connection.
const SIDE_BY_SIDE: usize = 4;
/// How often what is due is looked for, when nothing rings.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A parcel is tried so often before it is said not to be sent.
const TRIES_MAX: i64 = 8;
/// The first pause before another try; each is twice the one before.
const PAUSE: i64 = 5 * SECOND;
/// Nobody waits longer than this for another try, whatever the other side wants.
const PAUSE_MAX: i64 = HOUR;

/// Is how the customer of a conversation is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ConversationReach)]
pub struct Reach {
    /// What the channel can do.
    pub capability: Capability,
    /// What staff call the channel.
    pub channel: String,
    /// Until when we may write freely, in microseconds since 1970; none: always.
    pub free_until: Option<i64>,
    /// Whether they said STOP, and nothing since: nothing may be sent.
    pub stopped: bool,
    /// Whether the channel is switched off, or was taken away: nothing is sent.
    pub is_off: bool,
    /// What may be sent when it is too late for anything else.
    pub templates: Vec<Template>,
}

/// Is where answers of a conversation go.
pub struct Thread {
    pub(super) channel: Option<Channel>,
    pub(super) to: Option<String>,
    pub(super) heard_at: i64,
    pub(super) stopped: bool,
    /// The language of their program, as two letters.
    pub language: String,
}

/// Returns the key by which the contact policy knows a parcel.
pub(super) fn send_key(id: &str) -> String {
    format!("parcel:{id}")
}

/// Queues the message at a place of a conversation, where that is one of a messenger; tells whether it is.
///
/// # Errors
/// Fails when the state store does.
pub(in crate::features::conversations) async fn queue_parcel(
    transaction: &mut Transaction,
    conversation: &str,
    seq: i64,
    now: Instant,
) -> Result<bool> {
    let queued = sqlx::query(
        "INSERT INTO parcel (id, channel, actor, conversation, seq, state, attempts, next_at, at, said, their_id) \
         SELECT $1, channel, actor, conversation, $2, 'queued', 0, $3, $3, '', '' FROM messenger_thread WHERE conversation = $4 \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(format!("{conversation}:{seq}"))
    .bind(seq)
    .bind(now.0)
    .bind(conversation.to_owned())
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(queued.rows_affected() > 0)
}

impl Talk {
    /// Returns where answers of a conversation go; `None` where it is on no messenger.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn thread(&self, conversation: &str) -> Result<Option<Thread>> {
        let sql = "SELECT channel, actor, address, language, heard_at, stopped FROM messenger_thread WHERE conversation = $1";
        let row = sqlx::query(sql).bind(conversation.to_owned()).fetch_optional(self.inbox.stores.state.reader());
        let Some(row) = row.await.map_err(failed)? else { return Ok(None) };
        let opener = self.inbox.sealer.opener(&[actor_of(&row)]).await?;
        let to = opener.open(actor_of(&row), &format!("{conversation}:thread"), &row.get::<String, _>("address"));
        let channel = self.channel(&row.get::<String, _>("channel")).await?;
        let (heard_at, stopped) = (row.get("heard_at"), row.get::<i64, _>("stopped") == 1);
        Ok(Some(Thread { channel, to, heard_at, stopped, language: row.get("language") }))
    }

    /// Returns how the customer of a conversation is reached; `None` where no messenger stands between.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn reach(&self, conversation: &str) -> Result<Option<Reach>> {
        let Some(thread) = self.thread(conversation).await? else { return Ok(None) };
        let Some(channel) = thread.channel else { return Ok(Some(Reach::gone())) };
        let capability = adapter(channel.setup.kind).capability();
        Ok(Some(Reach {
            free_until: capability.window_hours.map(|hours| thread.heard_at + i64::from(hours) * HOUR),
            capability,
            stopped: thread.stopped,
            is_off: !channel.setup.is_on,
            templates: if capability.templates { channel.setup.templates } else { Vec::new() },
            channel: channel.setup.name,
        }))
    }

    /// Sends what is queued and due, once, and waits for it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn send_parcels(&self) -> Result<()> {
        let channels = self.channels_due().await?;
        let rounds = channels.iter().map(|channel| self.send_parcels_of(channel));
        futures_util::future::join_all(rounds).await.into_iter().collect()
    }

    /// Sends what is queued, for ever. Each channel goes its own way: one whose server does not answer keeps no other waiting.
    pub(in crate::features::conversations) async fn keep_sending(&self) {
        let mut rounds = FuturesUnordered::new();
        // Channels under way, and whether something was queued since their round began.
        let mut under_way: BTreeMap<String, bool> = BTreeMap::new();
        loop {
            let due = self.channels_due().await.unwrap_or_else(|failure| {
                tracing::warn!("{failure}");
                Vec::new()
            });
            for channel in due {
                if under_way.contains_key(&channel) {
                    continue;
                }
                under_way.insert(channel.clone(), false);
                rounds.push(async move {
                    let outcome = self.send_parcels_of(&channel).await;
                    (channel, outcome)
                });
            }
            let look = tokio::time::sleep(LOOK_EVERY);
            tokio::pin!(look);
            loop {
                tokio::select! {
                    Some((channel, outcome)) = rounds.next() => {
                        if let Err(failure) = outcome {
                            tracing::warn!("{failure}");
                        }
                        if under_way.remove(&channel) == Some(true) {
                            break;
                        }
                    }
                    () = self.inbox.bell.notified() => {
                        under_way.values_mut().for_each(|is_rung| *is_rung = true);
                        break;
                    }
                    () = &mut look => break,
                }
            }
        }
    }

    /// Returns the channels that have something to send now: at most as many as can be set up, and those taken away since.
    async fn channels_due(&self) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT channel FROM parcel WHERE state = 'queued' AND next_at <= $1 ORDER BY channel LIMIT $2";
        let found = sqlx::query_scalar(sql).bind(self.inbox.now().0).bind(AT_ONCE);
        found.fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)
    }

    async fn send_parcels_of(&self, channel: &str) -> Result<()> {
        // What is behind something that waits longer waits with it, and takes nobody else's place in the round.
        let sql = "SELECT id, channel, actor, conversation, seq, attempts, next_at FROM parcel WHERE state = 'queued' \
                   AND conversation NOT IN (SELECT conversation FROM parcel WHERE state = 'queued' AND next_at > $1) \
                   AND channel = $3 ORDER BY at, conversation, seq LIMIT $2";
        let rows = sqlx::query(sql).bind(self.inbox.now().0).bind(AT_ONCE).bind(channel.to_owned());
        let rows = rows.fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let mut by_conversation: BTreeMap<String, Vec<AnyRow>> = BTreeMap::new();
        for row in rows {
            by_conversation.entry(row.get("conversation")).or_default().push(row);
        }
        let rounds: Vec<_> = by_conversation.into_values().map(|rows| self.parcels_in_order(rows)).collect();
        let outcomes: Vec<Result<()>> = stream::iter(rounds).buffer_unordered(SIDE_BY_SIDE).collect().await;
        outcomes.into_iter().collect()
    }

    async fn parcels_in_order(&self, mut rows: Vec<AnyRow>) -> Result<()> {
        rows.sort_by_key(|row| row.get::<i64, _>("seq"));
        for row in &rows {
            if row.get::<i64, _>("next_at") > self.inbox.now().0 || !self.send_parcel(row).await? {
                break;
            }
        }
        Ok(())
    }

    /// Sends one; tells whether the next of its conversation may follow.
    async fn send_parcel(&self, row: &AnyRow) -> Result<bool> {
        let (id, conversation, seq): (String, String, i64) = (row.get("id"), row.get("conversation"), row.get("seq"));
        let said = self.inbox.messages(&conversation, Some(seq - 1)).await?.into_iter().find(|message| message.seq == seq);
        let thread = self.thread(&conversation).await?;
        // The person is erased, the channel gone or off.
        let (Some(said), Some(thread)) = (said, thread) else { return self.parcel_stopped(&id, "erased").await };
        let (Some(text), Some(to)) = (said.text, thread.to) else { return self.parcel_stopped(&id, "erased").await };
        let Some(channel) = thread.channel.filter(|channel| channel.setup.is_on) else {
            return self.parcel_stopped(&id, "the channel is switched off").await;
        };
        let is_word = said.meta["by"] == "word";
        if thread.stopped && !is_word {
            return self.parcel_stopped(&id, "they said STOP").await;
        }
        let capability = adapter(channel.setup.kind).capability();
        let template = template(&channel, said.meta["template"].as_str());
        let is_late = capability.window_hours.is_some_and(|hours| thread.heard_at + i64::from(hours) * HOUR < self.inbox.now().0);
        if is_late && template.is_none() {
            return self.parcel_stopped(&id, "more than 24 hours since their last message").await;
        }
        if channel.setup.send_to.is_empty() && channel.setup.server.is_empty() {
            return self.parcel_stopped(&id, "the channel has no address to send to").await;
        }
        let buttons: Vec<Button> = serde_json::from_value(said.meta["buttons"].clone()).unwrap_or_default();
        let files = self.files_of(&conversation, seq).await?.into_iter();
        let files =
            files.map(|one| Enclosed { name: one.file.name, kind: one.file.kind, bytes: one.bytes, media: None }).collect();
        let parcel = Parcel { id, to, text, buttons, template, files, author: said.author, at: self.inbox.now() };
        self.parcel_goes(row, &channel, parcel).await
    }

    async fn parcel_goes(&self, row: &AnyRow, channel: &Channel, parcel: Parcel) -> Result<bool> {
        let adapter = adapter(channel.setup.kind);
        let (id, attempts) = (parcel.id.clone(), row.get::<i64, _>("attempts"));
        let ticket = match self.parcel_leave(row, channel, &id).await? {
            Answer::Go(ticket) => Some(ticket),
            // It was being sent when the server died. Whoever knows it again gets it again.
            Answer::Already if adapter.is_idempotent() => None,
            Answer::Already => {
                self.parcel_is(&id, "sent", "perhaps sent before the server stopped").await?;
                return Ok(true);
            }
            Answer::No(why) => return self.parcel_stopped(&id, &why.code).await,
            Answer::Later(why) => {
                let until = why.until.unwrap_or(self.inbox.now().0 + 60 * SECOND);
                self.parcel_later(&id, until, &why.code, attempts).await?;
                return Ok(false);
            }
        };
        let mut parcel = parcel;
        if let Some(call) = adapter.upload(&channel.setup, &parcel) {
            match self.uploaded(adapter, &call).await {
                Ok(media) => parcel.files.iter_mut().take(1).for_each(|file| file.media = Some(media.clone())),
                // Nobody has got a message yet.
                Err(outcome) => return self.parcel_ended(row, channel, &id, ticket, outcome).await,
            }
        }
        let call = adapter.write(&channel.setup, &parcel);
        // From here on it counts as sent, whatever happens to us.
        if let Some(ticket) = &ticket
            && !self.door.policy().begin(ticket).await?
        {
            return Ok(false);
        }
        let outcome = match self.calls().send(&call).await {
            Ok(answered) => adapter.outcome(&answered),
            Err(why @ NotAnswered::Refused(_)) => Outcome::Never(why.says().to_owned()),
            Err(why @ NotAnswered::Unknown(_)) if !adapter.is_idempotent() => Outcome::Unknown(why.says().to_owned()),
            Err(why) => Outcome::Later(why.says().to_owned(), None),
        };
        self.parcel_ended(row, channel, &id, ticket, outcome).await
    }

    /// Gives a file to the other side, before the message that names it.
    async fn uploaded(&self, adapter: &dyn Adapter, call: &Call) -> std::result::Result<String, Outcome> {
        match self.calls().send(call).await {
            Ok(answered) => adapter.uploaded(&answered),
            Err(NotAnswered::Refused(why)) => Err(Outcome::Never(why.to_owned())),
            Err(why) => Err(Outcome::Later(why.says().to_owned(), None)),
        }
    }

    /// Asks the contact policy: an answer to somebody who wrote to us.
    async fn parcel_leave(&self, row: &AnyRow, channel: &Channel, id: &str) -> Result<Answer> {
        let ask = Ask {
            key: send_key(id),
            actor: actor_of(row),
            channel: path(channel.setup.kind),
            class: Class::Service,
            tag: "reply".to_owned(),
            segments: Vec::new(),
            worth: 1.0,
            deadline: Some(Instant(self.inbox.now().0 + WEEK)),
            holdout: None,
        };
        self.door.ask(&ask).await
    }

    async fn parcel_ended(
        &self,
        row: &AnyRow,
        channel: &Channel,
        id: &str,
        ticket: Option<Ticket>,
        outcome: Outcome,
    ) -> Result<bool> {
        let policy = self.door.policy();
        let is_sent = matches!(outcome, Outcome::Taken(_) | Outcome::Unknown(_));
        if let Some(ticket) = &ticket {
            if is_sent { policy.sent(ticket).await? } else { policy.unsent(ticket).await? }
        }
        let attempts = row.get::<i64, _>("attempts") + 1;
        let (state, said) = match outcome {
            Outcome::Taken(their_id) => {
                self.note_their_id(id, &their_id).await?;
                self.note_channel(&channel.id, false, true, Some("")).await?;
                ("sent", String::new())
            }
            Outcome::Later(said, after) if attempts < TRIES_MAX => {
                let pause = after.map_or(PAUSE << (attempts - 1).clamp(0, 12), |after| after.saturating_mul(SECOND));
                self.note_channel(&channel.id, false, false, Some(&said)).await?;
                self.parcel_later(id, self.inbox.now().0 + pause.clamp(SECOND, PAUSE_MAX), &said, attempts).await?;
                return Ok(false);
            }
            Outcome::Unknown(said) => ("failed", format!("perhaps sent: {said}")),
            Outcome::Never(said) | Outcome::Later(said, _) => ("failed", said),
            Outcome::Blocked => {
                policy.suppress(actor_of(row), path(channel.setup.kind), "said_stop").await?;
                ("failed", "they have shut us out".to_owned())
            }
        };
        if state == "failed" {
            self.note_channel(&channel.id, false, false, Some(&said)).await?;
        }
        // Its receipt may have been here first, and knows more.
        if state == "failed" || self.parcel_waits(id).await? {
            self.parcel_is(id, state, &said).await?;
        }
        Ok(true)
    }

    async fn parcel_waits(&self, id: &str) -> Result<bool> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM parcel WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(self.inbox.stores.state.reader())
            .await
            .map_err(failed)?;
        Ok(state.as_deref() == Some("queued"))
    }

    async fn parcel_stopped(&self, id: &str, why: &str) -> Result<bool> {
        self.parcel_is(id, "failed", why).await?;
        Ok(true)
    }

    async fn note_their_id(&self, id: &str, their_id: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE parcel SET their_id = $1 WHERE id = $2")
            .bind(their_id.to_owned())
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Notes how a parcel stands, and the message that it carries.
    pub(super) async fn parcel_is(&self, id: &str, state: &'static str, said: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE parcel SET state = $1, said = $2 WHERE id = $3")
            .bind(state)
            .bind(said.to_owned())
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let row = sqlx::query("SELECT conversation, seq FROM parcel WHERE id = $1").bind(id.to_owned());
        let mut of = None;
        if let Some(row) = row.fetch_optional(&mut *transaction).await.map_err(failed)? {
            let (conversation, seq): (String, i64) = (row.get("conversation"), row.get("seq"));
            Inbox::message_is(&mut transaction, &conversation, seq, state, said).await?;
            note_event(&mut transaction, &conversation, "sent", self.inbox.now()).await?;
            of = Some(conversation);
        }
        transaction.commit().await.map_err(failed)?;
        of.iter().for_each(|conversation| self.inbox.news.tell_of(conversation));
        Ok(())
    }

    async fn parcel_later(&self, id: &str, at: i64, said: &str, attempts: i64) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE parcel SET next_at = $1, said = $2, attempts = $3 WHERE id = $4")
            .bind(at)
            .bind(said.to_owned())
            .bind(attempts)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

fn template(channel: &Channel, name: Option<&str>) -> Option<Template> {
    let (name, language) = name?.rsplit_once(' ')?;
    channel.setup.templates.iter().find(|one| one.name == name && one.language == language).cloned()
}

impl Reach {
    /// Is that of a channel that was taken away.
    fn gone() -> Self {
        let capability = super::webhook::Webhook;
        Self {
            capability: super::adapter::Adapter::capability(&capability),
            channel: String::new(),
            free_until: None,
            stopped: false,
            is_off: true,
            templates: Vec::new(),
        }
    }

    /// Returns what a template says.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        let known = self.templates.iter().find(|one| format!("{} {}", one.name, one.language) == name);
        known.map(|one| one.text.clone())
    }

    /// Tells what stops files from being sent, as a sentence and what to do now.
    #[must_use]
    pub fn stops_files(&self, text: &str, template: Option<&str>, files: &[MessageFile]) -> Option<(String, &'static str)> {
        let Some(carries) = self.capability.files else {
            return Some(("This channel takes no files from here".to_owned(), "Send a link, or reach them on another way"));
        };
        if template.is_some() {
            return Some(("A template takes no files along".to_owned(), "Send it alone, and the files when they have answered"));
        }
        let files: Vec<(&str, &str, i64)> =
            files.iter().map(|file| (file.name.as_str(), file.kind.as_str(), file.size)).collect();
        carries.stops(text, &files)
    }

    /// Tells what stops a text from being sent, as a sentence and what to do now.
    #[must_use]
    pub fn stops(&self, text: &str, template: Option<&str>, now: Instant) -> Option<(String, &'static str)> {
        if self.is_off {
            return Some((
                "The channel of this conversation is switched off".to_owned(),
                "Switch it on under Channels, or reach them on another way",
            ));
        }
        if self.stopped {
            return Some((
                "They said STOP: nothing more may be sent to them here".to_owned(),
                "Reach them on another way, or wait until they write",
            ));
        }
        if let Some(name) = template {
            return self
                .text_of(name)
                .is_none()
                .then(|| ("There is no such template".to_owned(), "Choose one of those that the channel has"));
        }
        if self.free_until.is_some_and(|until| until < now.0) {
            let hours = self.capability.window_hours.unwrap_or_default();
            let what = format!("Their last message is more than {hours} hours old: this channel takes no free text now");
            return Some((
                what,
                if self.templates.is_empty() { "Reach them on another way" } else { "Send one of the templates" },
            ));
        }
        let (length, most) = (self.capability.length(text), self.capability.text_max as usize);
        let unit = match self.capability.counted {
            super::Counted::Sms => "short messages",
            super::Counted::Bytes => "bytes",
            super::Counted::Utf16 => "letters",
        };
        (length > most).then(|| (format!("This has {length} {unit}, and the channel takes {most}"), "Say it in several"))
    }
}
