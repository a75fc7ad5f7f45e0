//! Files in conversations: what customers and staff send along, and what comes in a mail.
//!
//! A file is sealed with the key of the customer's identity like every text, so it goes with its person. It is uploaded
//! first and belongs to nobody's eyes until a message names it; one that no message names within a day is thrown away. What
//! a file is, its bytes say, not its name; and it is only ever handed out as bytes to be stored, never as a page.

use super::Talk;
use super::mail::{file_in_mail, file_name, kind_of};
use super::seal::{open_file, sealed, sealed_file};
use super::store::{Inbox, actor_of, failed, note_event};
use crate::failure::{Failure, Result};
use crate::platform::mark;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::ActorId;
use model::time::DAY;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::Transaction;
use std::collections::HashMap;
use std::fmt::Write;
use utoipa::ToSchema;

/// The largest file.
pub(super) const FILE_MAX: usize = 10 * 1024 * 1024;
/// The same, as channels say what they can carry.
pub(super) const FILE_MAX_U32: u32 = 10 * 1024 * 1024;
const _: () = assert!(FILE_MAX_U32 as usize == FILE_MAX);
/// Files of one message, and their bytes: so much goes through every mail server, also written as letters.
const PER_MESSAGE: usize = 10;
const MESSAGE_MAX: i64 = 15 * 1024 * 1024;
/// Bytes that wait at one time for a message to name them, of everybody together.
const WAITING_MAX: i64 = 500 * 1024 * 1024;

/// Is a file of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MessageFile {
    /// Its id.
    pub id: String,
    /// Its name, as its sender called it.
    pub name: String,
    /// How many bytes it has.
    pub size: i64,
    /// What its bytes say that it is: a picture, a PDF, a ZIP, or `application/octet-stream` for all else.
    pub kind: String,
}

/// Is a file with its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opened {
    pub(super) file: MessageFile,
    pub(super) bytes: Vec<u8>,
    /// The message it belongs to.
    pub(super) seq: i64,
}

impl Opened {
    /// Hands it out: to be stored, whatever it is.
    pub(super) fn into_answer(self) -> Response {
        let disposition = disposition(&self.file.name);
        let told = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (header::CONTENT_DISPOSITION, disposition),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        ];
        (told, self.bytes).into_response()
    }
}

/// Writes under which name a file is to be stored (RFC 6266): in plain letters for old programs, whole for the others.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | ' ') { sign } else { '_' })
        .collect();
    let mut text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            // Writing into a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// Is what is noted of a file.
pub(super) struct Noted<'a> {
    pub(super) conversation: &'a str,
    pub(super) seq: i64,
    pub(super) place: usize,
    pub(super) at: i64,
    pub(super) name: &'a str,
    pub(super) size: usize,
    pub(super) kind: &'a str,
    /// The part of the mail that it is, or its sealed bytes.
    pub(super) part: Option<usize>,
    pub(super) body: Vec<u8>,
}

pub(super) async fn note_file(
    transaction: &mut Transaction,
    (id, actor, key): (&str, ActorId, &crate::features::people::TextKey),
    noted: Noted<'_>,
) -> Result<()> {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO message_file (id, actor, conversation, seq, place, at, name, size, kind, part, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.to_owned())
    .bind(actor.0.cast_signed())
    .bind(noted.conversation.to_owned())
    .bind(noted.seq)
    .bind(number(noted.place))
    .bind(noted.at)
    .bind(sealed(key, &format!("file:{id}:name"), noted.name)?)
    .bind(number(noted.size))
    .bind(noted.kind.to_owned())
    .bind(noted.part.map(number))
    .bind(noted.body)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Gives uploaded files to a message. Those that are not of this conversation, or of a message already, are refused.
pub(super) async fn give_files(transaction: &mut Transaction, conversation: &str, seq: i64, ids: &[String]) -> Result<()> {
    let refused = || Failure::new("A file of this message is not there").hint("Add it again: it is kept for a day");
    if ids.len() > PER_MESSAGE {
        return Err(Failure::new(format!("A message has at most {PER_MESSAGE} files")).hint("Send the others with another one"));
    }
    let mut size = 0;
    for (place, id) in ids.iter().enumerate() {
        let found = sqlx::query("SELECT size FROM message_file WHERE id = $1 AND conversation = $2 AND seq = 0")
            .bind(id.clone())
            .bind(conversation.to_owned())
            .fetch_optional(&mut **transaction)
            .await
            .map_err(failed)?;
        size += found.ok_or_else(refused)?.get::<i64, _>("size");
        sqlx::query("UPDATE message_file SET seq = $1, place = $2 WHERE id = $3")
            .bind(seq)
            .bind(i64::try_from(place).unwrap_or_default())
            .bind(id.clone())
            .execute(&mut **transaction)
            .await
            .map_err(failed)?;
    }
    if size > MESSAGE_MAX {
        return Err(Failure::new("The files of a message have at most 15 MB together").hint("Send some with another one"));
    }
    Ok(())
}

impl Inbox {
    /// Keeps a file until a message of a conversation names it; `None` where so much waits that nothing more is taken.
    ///
    /// # Errors
    /// Fails when the file is too large or empty, or the state store fails.
    pub(super) async fn add_file(
        &self,
        conversation: &str,
        owner: ActorId,
        name: &str,
        bytes: &[u8],
    ) -> Result<Option<MessageFile>> {
        if bytes.is_empty() || bytes.len() > FILE_MAX {
            return Err(
                Failure::new("A file has 1 byte to 10 MB").hint("Share a larger one in another way, and send its address")
            );
        }
        let (id, key, now) = (mark::draw()?, self.sealer.of(owner).await?, self.now());
        let (name, kind) = (file_name(name, 1), kind_of(bytes));
        let body = sealed_file(&key, &format!("file:{id}"), bytes)?;
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let waiting: i64 = sqlx::query_scalar("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM message_file WHERE seq = 0")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if waiting > WAITING_MAX {
            return Ok(None);
        }
        let (size, at) = (bytes.len(), now.0);
        let noted = Noted { conversation, seq: 0, place: 0, at, name: &name, size, kind, part: None, body };
        note_file(&mut transaction, (&id, owner, &key), noted).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(MessageFile { id, name, size: i64::try_from(size).unwrap_or(i64::MAX), kind: kind.to_owned() }))
    }

    /// Returns files that wait to be named by a message; those that are not there are left out.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn waiting_files(&self, conversation: &str, ids: &[String]) -> Result<Vec<MessageFile>> {
        let mut files = Vec::new();
        for id in ids.iter().take(PER_MESSAGE + 1) {
            let sql = "SELECT id, actor, name, size, kind FROM message_file WHERE id = $1 AND conversation = $2 AND seq = 0";
            let row = sqlx::query(sql).bind(id.clone()).bind(conversation.to_owned());
            let Some(row) = row.fetch_optional(self.stores.state.reader()).await.map_err(failed)? else { continue };
            let opener = self.sealer.opener(&[actor_of(&row)]).await?;
            let name = opener.open(actor_of(&row), &format!("file:{id}:name"), &row.get::<String, _>("name"));
            files.push(shown(&row, id.clone(), name.unwrap_or_default()));
        }
        Ok(files)
    }

    /// Puts a file to a message that is there already: it was fetched after it. Tells whether there is room for it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn put_file(
        &self,
        (conversation, seq, place): (&str, i64, usize),
        name: &str,
        bytes: &[u8],
    ) -> Result<bool> {
        let Some(owner) = self.owner(conversation).await? else { return Ok(false) };
        if bytes.is_empty() || bytes.len() > FILE_MAX || place >= PER_MESSAGE {
            return Ok(false);
        }
        // The same id each time: fetched twice it is one.
        let id = blake3::hash(format!("{conversation}:{seq}:{place}").as_bytes()).to_hex()[..32].to_owned();
        let key = self.sealer.of(owner).await?;
        let (name, kind, size, at) = (file_name(name, place + 1), kind_of(bytes), bytes.len(), self.now().0);
        let body = sealed_file(&key, &format!("file:{id}"), bytes)?;
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        let noted = Noted { conversation, seq, place, at, name: &name, size, kind, part: None, body };
        note_file(&mut transaction, (&id, owner, &key), noted).await?;
        note_event(&mut transaction, conversation, "message", self.now()).await?;
        transaction.commit().await.map_err(failed)?;
        self.news.tell_of(conversation);
        Ok(true)
    }

    /// Returns the files of messages after a place, by message.
    pub(super) async fn files_after(&self, conversation: &str, after: i64) -> Result<HashMap<i64, Vec<MessageFile>>> {
        let sql = "SELECT id, actor, seq, name, size, kind FROM message_file WHERE conversation = $1 AND seq > $2 AND seq > 0 \
                   ORDER BY seq, place";
        let rows = sqlx::query(sql).bind(conversation.to_owned()).bind(after).fetch_all(self.stores.state.reader());
        let rows = rows.await.map_err(failed)?;
        let mut files: HashMap<i64, Vec<MessageFile>> = HashMap::new();
        if rows.is_empty() {
            return Ok(files);
        }
        let mut actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        actors.sort_unstable();
        actors.dedup();
        let opener = self.sealer.opener(&actors).await?;
        for row in &rows {
            let id: String = row.get("id");
            // What cannot be opened any more was erased with its person.
            if let Some(name) = opener.open(actor_of(row), &format!("file:{id}:name"), &row.get::<String, _>("name")) {
                files.entry(row.get("seq")).or_default().push(shown(row, id, name));
            }
        }
        Ok(files)
    }

    /// Throws away what no message named within a day.
    pub(super) async fn drop_unnamed_files(&self) -> Result<()> {
        let mut transaction = self.stores.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM message_file WHERE seq = 0 AND at < $1")
            .bind(self.now().0 - DAY)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

impl Talk {
    /// Opens a file of a conversation; `None` where it has no such file, no message names it, or it was erased.
    pub(super) async fn file(&self, conversation: &str, id: &str) -> Result<Option<Opened>> {
        let sql = "SELECT id, actor, seq, name, size, kind, part, body FROM message_file WHERE id = $1 AND conversation = $2 AND seq > 0";
        let row = sqlx::query(sql).bind(id.to_owned()).bind(conversation.to_owned());
        let Some(row) = row.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)? else { return Ok(None) };
        let (actor, seq): (ActorId, i64) = (actor_of(&row), row.get("seq"));
        let opener = self.inbox.sealer.opener(&[actor]).await?;
        let Some(key) = opener.key(actor) else { return Ok(None) };
        let bytes = match row.get::<Option<i64>, _>("part").and_then(|part| usize::try_from(part).ok()) {
            Some(part) => self.raw_mail(conversation, seq).await?.and_then(|raw| file_in_mail(&raw, part)),
            None => open_file(key, &format!("file:{id}"), &row.get::<Vec<u8>, _>("body")),
        };
        let name = opener.open(actor, &format!("file:{id}:name"), &row.get::<String, _>("name"));
        let opened = |(name, bytes)| Opened { file: shown(&row, id.to_owned(), name), bytes, seq };
        Ok(name.zip(bytes).map(opened))
    }

    /// Opens all files of a message.
    pub(super) async fn files_of(&self, conversation: &str, seq: i64) -> Result<Vec<Opened>> {
        let sql = "SELECT id FROM message_file WHERE conversation = $1 AND seq = $2 ORDER BY place";
        let ids: Vec<String> = sqlx::query_scalar(sql)
            .bind(conversation.to_owned())
            .bind(seq)
            .fetch_all(self.inbox.stores.state.reader())
            .await
            .map_err(failed)?;
        let mut files = Vec::with_capacity(ids.len());
        for id in ids {
            files.extend(self.file(conversation, &id).await?);
        }
        Ok(files)
    }
}

fn shown(row: &AnyRow, id: String, name: String) -> MessageFile {
    MessageFile { id, name, size: row.get("size"), kind: row.get("kind") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_a_header_as_a_name_and_nothing_else() {
        let told = |name: &str| disposition(name).to_str().expect("is plain").to_owned();
        assert_eq!(told("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(told("é\".pdf"), "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%A9%22.pdf");
        for name in ["a\r\nSet-Cookie: x", "a\";x=\"b", "\0", "счёт.pdf"] {
            assert_eq!(told(name).matches('"').count(), 2, "{name}");
        }
    }
}
