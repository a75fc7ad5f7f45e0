//! What comes from messengers: proved, read, put into its conversation, told to the ledger, and the words by which somebody
//! ends it obeyed.
//!
//! Whatever cannot be proved is answered in one way, so that nobody learns which channels there are.

use super::adapter::{Heard, Said};
use super::deliver::send_key;
use super::setup::{Channel, Kind};
use super::words::{self, Meant};
use super::{adapter, proof};
use crate::failure::{Failure, Result};
use crate::features::conversations::bot::Turn;
use crate::features::conversations::seal::sealed;
use crate::features::conversations::store::{Author, cut, failed};
use crate::features::conversations::{Incoming, Language, Posted, Status, Talk};
use crate::features::people::policy::{Channel as Way, Class, ContactWord};
use crate::platform::http::Refusal;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::{Identity, Link};
use serde_json::json;
use sqlx::Row;
use std::collections::HashMap;

/// What comes at once: the platforms say that theirs may have so much.
const BODY_MAX: usize = 3 * 1024 * 1024;
/// What one message is cut to.
const SAID_MAX: usize = 20_000;
/// So many conversations one chat may fill: beyond a million messages somebody floods.
const TURNS_MAX: u32 = 50;

/// Returns the routes that everybody reaches.
pub fn public(talk: Talk) -> Router {
    Router::new().route("/m/{channel}", get(verify).post(hear)).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(talk)
}

fn unproved() -> Response {
    let body = Json(json!({ "what": "This is not signed as it should be" }));
    (StatusCode::UNAUTHORIZED, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// Finds a channel that takes messages.
async fn open(talk: &Talk, id: &str) -> Result<Option<Channel>> {
    Ok(talk.channel(id).await?.filter(|channel| channel.setup.is_on))
}

/// Answers the platform of WhatsApp, Messenger and Instagram that asks whether this address is ours.
async fn verify(
    State(talk): State<Talk>,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let ask = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let Some(channel) = talk.channel(&id).await? else { return Ok(unproved()) };
    let is_theirs = matches!(channel.setup.kind, Kind::Whatsapp | Kind::Facebook | Kind::Instagram);
    let challenge = ask("hub.challenge");
    let is_word = challenge.len() <= 200 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_theirs || ask("hub.mode") != "subscribe" || !is_word || !proof::is_same(&channel.setup.secret, ask("hub.verify_token"))
    {
        return Ok(unproved());
    }
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, challenge.to_owned()).into_response())
}

/// Takes what comes. It is durable when this answers: who gets another answer sends it again.
async fn hear(State(talk): State<Talk>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Some(channel) = open(&talk, &id).await? else { return Ok(unproved()) };
    let adapter = adapter(channel.setup.kind);
    if !adapter.is_proved(&channel.setup, &headers, &body, talk.inbox.now()) {
        return Ok(unproved());
    }
    let Some(heard) = adapter.read(&channel.setup, &headers, &body) else {
        talk.note_channel(&id, false, false, Some("something came that could not be read")).await?;
        return Ok((StatusCode::BAD_REQUEST, Json(json!({ "what": "This cannot be read" }))).into_response());
    };
    // By itself: whoever hangs up before the answer keeps nothing of what they said from being done.
    let work = tokio::spawn(async move { talk.take_in(&channel, heard).await });
    work.await.map_err(|error| Failure::new("Taking in what came broke off").because(&error))??;
    Ok(Json(adapter.thanks(&body)).into_response())
}

/// Returns the path of the contact policy.
pub(super) const fn path(kind: Kind) -> Way {
    match kind {
        Kind::Sms => Way::Sms,
        _ => Way::Messenger,
    }
}

/// Returns the id by which a message is known again: a hash, for theirs may name a person.
fn client_id(channel: &str, id: &str) -> String {
    format!("theirs:{}", &blake3::hash(format!("{channel}\n{id}").as_bytes()).to_hex()[..32])
}

/// Writes a name that only one channel vouches for as one of that channel: two systems may number their people alike. What platforms
/// and telephone companies number is the same person wherever they write from.
fn of_channel(channel: &Channel, said: Said) -> Said {
    if channel.setup.kind != Kind::Webhook {
        return said;
    }
    let own = Identity::new(&said.who.namespace, &format!("{}:{}", channel.id, said.who.value));
    Said { who: own.unwrap_or_else(|| said.who.clone()), ..said }
}

/// Is how a chat stood before somebody wrote.
#[derive(Clone, Copy)]
struct Before {
    was_open: bool,
    /// Whether they were waiting for a person.
    waited: bool,
}

/// Returns what one word means. Of a button that was pressed its own word counts, not what stands on it: that may be "Cancel".
fn meant(said: &Said) -> Option<(Meant, Language)> {
    words::meant(said.button.as_deref().unwrap_or(&said.text))
}

/// Returns the id of our answer to a word.
fn word_id(seq: i64) -> String {
    format!("word:{seq}")
}

/// Chooses a language of ours.
pub(super) fn language(code: &str) -> Language {
    match code.get(..2) {
        Some("fr") => Language::Fr,
        Some("ru") => Language::Ru,
        _ => Language::En,
    }
}

impl Talk {
    /// Returns the conversation of a chat. A keyed hash, for its name may be a telephone number.
    async fn thread_id(&self, channel: &str, thread: &str) -> Result<String> {
        let secret = self.door.policy().secret("messenger").await?;
        Ok(blake3::keyed_hash(&secret, format!("{channel}\n{thread}").as_bytes()).to_hex()[..32].to_owned())
    }

    /// Returns the conversation that a message of a chat belongs to: where it stands already, else the first that is not full. One
    /// that is full is done with; the chat goes on in another.
    async fn thread_with(&self, channel: &str, thread: &str, client_id: &str) -> Result<String> {
        for turn in 0..TURNS_MAX {
            let name = if turn == 0 { thread.to_owned() } else { format!("{thread}\n{turn}") };
            let conversation = self.thread_id(channel, &name).await?;
            if !self.inbox.is_full(&conversation).await? || self.inbox.has_said(&conversation, client_id).await? {
                return Ok(conversation);
            }
            let nobody = Author { account: 0, name: String::new() };
            self.inbox.set_status(&conversation, &nobody, Status::Resolved, None).await?;
        }
        // Not taken, so that the other side sends it again and somebody looks why.
        Err(Failure::new("A chat has filled every conversation that it may have"))
    }

    async fn take_in(&self, channel: &Channel, heard: Vec<Heard>) -> Result<()> {
        for one in heard {
            match one {
                Heard::Said(said) => self.heard_from(channel, of_channel(channel, *said)).await?,
                Heard::Edited { thread, id, text, at } => {
                    let id = client_id(&channel.id, &id);
                    let conversation = self.thread_with(&channel.id, &thread, &id).await?;
                    self.inbox.edit(&conversation, &id, cut(&text, SAID_MAX), at).await?;
                }
                Heard::Receipt { their_id, state, why } => self.receipt(channel, &their_id, state, &why).await?,
                Heard::Blocked { who } => self.door.policy().suppress(who.actor(), path(channel.setup.kind), "said_stop").await?,
            }
        }
        self.note_channel(&channel.id, true, false, None).await
    }

    async fn heard_from(&self, channel: &Channel, said: Said) -> Result<()> {
        let now = self.inbox.now();
        // Who sends no id may send twice: the same words within a minute are one message.
        let minute = format!("{} {} {}", said.thread, now.0 / (60 * model::time::SECOND), said.text);
        let client_id = client_id(&channel.id, if said.id.is_empty() { &minute } else { &said.id });
        let conversation = self.thread_with(&channel.id, &said.thread, &client_id).await?;
        self.note_thread(channel, &conversation, &said).await?;
        let found = self.inbox.find(&conversation).await?.filter(|found| found.status != Status::Resolved);
        let before = Before { was_open: found.is_some(), waited: found.is_some_and(|found| found.waiting_since.is_some()) };
        let incoming = Incoming {
            conversation: conversation.clone(),
            client_id: client_id.clone(),
            channel: channel.setup.kind.channel().to_owned(),
            identity: said.who.clone(),
            name: said.name.clone(),
            address: cut(&said.address, 320).to_owned(),
            subject: String::new(),
            text: cut(&said.text, SAID_MAX).to_owned(),
            html: String::new(),
            at: now,
            place: channel.setup.name.clone(),
            meta: json!({ "button": said.button }),
            thread_key: String::new(),
        };
        let (given, lost) = self.files_here(&conversation, &said, &client_id).await?;
        let (seq, is_new) = match self.inbox.incoming_with(&incoming, &given).await? {
            Posted::Added(seq) => (seq, true),
            // What the first time broke off is done now.
            Posted::Known(seq) => (seq, false),
            // Somebody else has filled it meanwhile. Refused, so that it comes again: then it finds the next one.
            Posted::Full => return Err(Failure::new("The conversation of a chat is full")),
            Posted::Stale(_) | Posted::Absent => return Ok(()),
        };
        if is_new {
            self.note_heard(&conversation).await?;
        }
        self.files_to_come(channel, &conversation, seq, &said).await?;
        for (place, name, why) in lost {
            self.file_is_missing(&conversation, seq, place, &name, why).await?;
        }
        for other in &said.known_as {
            self.inbox.claim(&said.who, other, Link::Together, now).await?;
        }
        if !is_new && (meant(&said).is_none() || self.inbox.has_said(&conversation, &word_id(seq)).await?) {
            return Ok(());
        }
        if meant(&said).is_none() {
            let (kind, code) = (channel.setup.kind.channel(), said.language.as_str());
            let turn = Turn {
                conversation: &conversation,
                seq,
                channel: kind,
                who: &said.who,
                text: &said.text,
                button: said.button.as_deref(),
                language: (!code.is_empty()).then(|| language(code)),
                begins: said.begins,
            };
            if self.bot_hears(turn).await {
                return Ok(());
            }
        }
        self.answered_by_word(channel, &conversation, &said, seq, before).await
    }

    /// Does what one word means, and greets; what is answered so needs nobody.
    async fn answered_by_word(&self, channel: &Channel, conversation: &str, said: &Said, seq: i64, before: Before) -> Result<()> {
        let who = self.inbox.settings().await?.widget.name;
        let text = if let Some((meaning, language)) = meant(said) {
            self.obey(channel, conversation, &said.who, meaning).await?;
            words::answer(meaning, language, &who)
        } else if said.begins {
            words::greeting(language(&said.language)).to_owned()
        } else {
            return Ok(());
        };
        let meta = json!({ "by": "word" });
        // Whoever waited for a person before still does.
        self.inbox.machine_says(conversation, &who, &word_id(seq), &text, &meta, before.waited).await?;
        if !before.was_open {
            let nobody = Author { account: 0, name: who };
            self.inbox.set_status(conversation, &nobody, Status::Resolved, None).await?;
        }
        Ok(())
    }

    async fn obey(&self, channel: &Channel, conversation: &str, who: &Identity, meaning: Meant) -> Result<()> {
        if meaning == Meant::Help {
            return Ok(());
        }
        let (given, path) = (meaning == Meant::Start, path(channel.setup.kind));
        let words = Class::CHOSEN.map(|class| ContactWord { class, channel: path, given, every_days: 0 });
        if !given {
            // First, for it holds whatever breaks off afterwards.
            self.door.policy().suppress(who.actor(), path, "said_stop").await?;
            self.set_stopped(conversation).await?;
        }
        self.door.choose(who.actor(), &words, channel.setup.kind.channel()).await?;
        if given {
            self.door.policy().release(who.actor(), path).await?;
        }
        Ok(())
    }

    async fn set_stopped(&self, conversation: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE messenger_thread SET stopped = 1 WHERE conversation = $1")
            .bind(conversation.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Notes where answers go.
    async fn note_thread(&self, channel: &Channel, conversation: &str, said: &Said) -> Result<()> {
        let actor = said.who.actor();
        let key = self.inbox.sealer.of(actor).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO messenger_thread (conversation, channel, actor, address, language, heard_at, stopped) \
             VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (conversation) DO UPDATE SET \
             language = CASE WHEN excluded.language = '' THEN messenger_thread.language ELSE excluded.language END",
        )
        .bind(conversation.to_owned())
        .bind(channel.id.clone())
        .bind(actor.0.cast_signed())
        .bind(sealed(&key, &format!("{conversation}:thread"), &said.thread)?)
        .bind(cut(&said.language, 10).to_owned())
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Notes that somebody wrote now. Whoever writes again after STOP is answered again; what merely comes a second time is no word
    /// of theirs.
    async fn note_heard(&self, conversation: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE messenger_thread SET heard_at = $1, stopped = 0 WHERE conversation = $2")
            .bind(self.inbox.now().0)
            .bind(conversation.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Notes what became of a message of ours.
    async fn receipt(&self, channel: &Channel, their_id: &str, state: &'static str, why: &str) -> Result<()> {
        // The generic pair knows our messages by our own ids.
        let sql = "SELECT id, conversation, seq, state FROM parcel WHERE channel = $1 AND (id = $2 OR (their_id = $2 AND their_id <> ''))";
        let row = sqlx::query(sql).bind(channel.id.clone()).bind(their_id.to_owned());
        let Some(row) = row.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)? else { return Ok(()) };
        let (id, conversation, seq): (String, String, i64) = (row.get("id"), row.get("conversation"), row.get("seq"));
        // They come in any order: what was read is not merely delivered any more, and what failed did not come.
        if ["read", "failed"].contains(&row.get::<String, _>("state").as_str()) {
            return Ok(());
        }
        self.parcel_is(&id, state, why).await?;
        if state == "failed" {
            return self.door.policy().came_back(&send_key(&id)).await;
        }
        if state == "read" {
            self.inbox.seen(&conversation, seq).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_on_a_button_is_no_word_of_theirs() {
        let pressed = |text: &str, button: Option<&str>| {
            let said = Said {
                thread: "1".to_owned(),
                id: "1".to_owned(),
                who: Identity::new("telegram", "1").expect("not blank"),
                known_as: Vec::new(),
                name: String::new(),
                address: String::new(),
                language: String::new(),
                text: text.to_owned(),
                button: button.map(str::to_owned),
                begins: false,
                files: Vec::new(),
            };
            meant(&said).map(|(meaning, _)| meaning)
        };
        assert_eq!(pressed("Stop", None), Some(Meant::Stop));
        assert_eq!(pressed("Stop", Some("step:2")), None);
        assert_eq!(pressed("No more, please", Some("STOP")), Some(Meant::Stop));
    }
}
