//! Files that customers send by messenger. The message is taken at once and says what came along; the file is fetched afterwards, so
//! that no server of others stands between somebody and their being heard. One that cannot be had is said so in the conversation.
//!
//! What is to be fetched stands in the table `messenger_file` until it is there or given up.

use super::adapter;
use super::adapter::{Brought, Said, Way};
use super::setup::Channel;
use crate::failure::Result;
use crate::features::conversations::Talk;
use crate::features::conversations::files::FILE_MAX;
use crate::features::conversations::seal::sealed;
use crate::features::conversations::store::{actor_of, failed};
use crate::platform::calls::{Answered, NotAnswered, TOO_LARGE};
use futures_util::{StreamExt, stream};
use model::time::SECOND;
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::time::Duration;

/// So many files of one message are taken.
const PER_MESSAGE: usize = 10;
/// So many are fetched in one round, and so many of them at the same time.
const AT_ONCE: i64 = 50;
const SIDE_BY_SIDE: usize = 4;
/// One is tried so often before it is given up: within about a quarter of an hour. Addresses of platforms hold for minutes.
const TRIES_MAX: i64 = 6;
/// The first pause before another try; each is twice the one before.
const PAUSE: i64 = 15 * SECOND;
/// How often what is due is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Is why a file is not there, as a word that pages say in three languages.
type Why = &'static str;
const LARGE: Why = "large";
const GONE: Why = "gone";
const REFUSED: Why = "refused";
const FULL: Why = "full";

/// Is what became of a try.
enum Tried {
    Got(Vec<u8>),
    Later,
    Never(Why),
}

impl Talk {
    /// Keeps the files that came with a message itself; returns their ids, and those that are lost with their place.
    pub(super) async fn files_here(
        &self,
        conversation: &str,
        said: &Said,
        client_id: &str,
    ) -> Result<(Vec<String>, Vec<(usize, String, Why)>)> {
        let (mut ids, mut lost) = (Vec::new(), Vec::new());
        if said.files.is_empty() {
            return Ok((ids, lost));
        }
        // What comes a second time has its files already.
        let is_known = self.inbox.has_said(conversation, client_id).await?;
        let owner = self.inbox.owner(conversation).await?.unwrap_or_else(|| said.who.actor());
        let mut room = 15 * 1024 * 1024_usize;
        for (place, file) in said.files.iter().enumerate() {
            match file {
                _ if place >= PER_MESSAGE => lost.push((place, name_of(file).to_owned(), FULL)),
                Brought::Here { name, bytes } if bytes.is_empty() => lost.push((place, name.clone(), GONE)),
                Brought::Here { name, bytes } if bytes.len() > FILE_MAX.min(room) => lost.push((place, name.clone(), LARGE)),
                Brought::Here { .. } if is_known => {}
                Brought::Here { name, bytes } => match self.inbox.add_file(conversation, owner, name, bytes).await? {
                    Some(added) => {
                        room -= bytes.len();
                        ids.push(added.id);
                    }
                    None => lost.push((place, name.clone(), FULL)),
                },
                Brought::Away { name, size: Some(size), .. } if *size > FILE_MAX as u64 => {
                    lost.push((place, name.clone(), LARGE))
                }
                Brought::Away { .. } => {}
                Brought::Lost { name } => lost.push((place, name.clone(), GONE)),
            }
        }
        Ok((ids, lost))
    }

    /// Notes the files of a message that are to be fetched. Twice is once.
    pub(super) async fn files_to_come(&self, channel: &Channel, conversation: &str, seq: i64, said: &Said) -> Result<()> {
        let away = said.files.iter().enumerate().take(PER_MESSAGE).filter_map(|(place, file)| match file {
            Brought::Away { name, reference, size } if size.is_none_or(|size| size <= FILE_MAX as u64) => {
                Some((place, name, reference))
            }
            _ => None,
        });
        let away: Vec<_> = away.collect();
        if away.is_empty() {
            return Ok(());
        }
        let Some(owner) = self.inbox.owner(conversation).await? else { return Ok(()) };
        let key = self.inbox.sealer.of(owner).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        for (place, name, reference) in away {
            let id = format!("{conversation}:{seq}:{place}");
            sqlx::query(
                "INSERT INTO messenger_file (id, actor, channel, conversation, seq, place, name, reference, attempts, next_at, is_done) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0) ON CONFLICT (id) DO NOTHING",
            )
            .bind(id.clone())
            .bind(owner.0.cast_signed())
            .bind(channel.id.clone())
            .bind(conversation.to_owned())
            .bind(seq)
            .bind(i64::try_from(place).unwrap_or_default())
            .bind(sealed(&key, &format!("{id}:name"), name)?)
            .bind(sealed(&key, &format!("{id}:reference"), reference)?)
            .bind(self.inbox.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Says in a conversation, to staff alone, that a file is not there. Twice is once.
    pub(super) async fn file_is_missing(&self, conversation: &str, seq: i64, place: usize, name: &str, why: Why) -> Result<()> {
        let text = if name.trim().is_empty() { "file" } else { name };
        self.inbox.machine_notes(conversation, &format!("missing:{seq}:{place}"), text, json!({ "missing": why })).await
    }

    /// Fetches what is due, once, and waits for it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn fetch_files(&self) -> Result<()> {
        let sql = "SELECT id, actor, channel, conversation, seq, place, name, reference, attempts FROM messenger_file \
                   WHERE is_done = 0 AND next_at <= $1 ORDER BY next_at, id LIMIT $2";
        let rows = sqlx::query(sql).bind(self.inbox.now().0).bind(AT_ONCE).fetch_all(self.inbox.stores.state.reader());
        let rows = rows.await.map_err(failed)?;
        let fetching: Vec<_> = rows.iter().map(|row| self.fetch_file(row)).collect();
        let outcomes: Vec<Result<()>> = stream::iter(fetching).buffer_unordered(SIDE_BY_SIDE).collect().await;
        outcomes.into_iter().collect()
    }

    /// Fetches what is due, for ever.
    pub(in crate::features::conversations) async fn keep_fetching(&self) {
        loop {
            if let Err(failure) = self.fetch_files().await {
                tracing::warn!("{failure}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn fetch_file(&self, row: &AnyRow) -> Result<()> {
        let (id, conversation, seq): (String, String, i64) = (row.get("id"), row.get("conversation"), row.get("seq"));
        let place = usize::try_from(row.get::<i64, _>("place")).unwrap_or_default();
        let (actor, attempts) = (actor_of(row), row.get::<i64, _>("attempts") + 1);
        let opener = self.inbox.sealer.opener(&[actor]).await?;
        let open = |what: &str| opener.open(actor, &format!("{id}:{what}"), &row.get::<String, _>(what));
        // The person is erased: nothing of theirs is fetched any more.
        let (Some(name), Some(reference)) = (open("name"), open("reference")) else { return self.file_is_done(&id).await };
        let tried = match self.channel(&row.get::<String, _>("channel")).await? {
            Some(channel) => self.try_file(&channel, &reference).await,
            None => Tried::Never(GONE),
        };
        let why = match tried {
            Tried::Got(bytes) if bytes.is_empty() => Some(GONE),
            Tried::Got(bytes) => {
                let is_put = self.inbox.put_file((&conversation, seq, place), &name, &bytes).await?;
                (!is_put).then_some(FULL)
            }
            Tried::Later if attempts < TRIES_MAX => {
                let pause = PAUSE << (attempts - 1).clamp(0, 10);
                return self.file_later(&id, attempts, self.inbox.now().0 + pause).await;
            }
            Tried::Later => Some(GONE),
            Tried::Never(why) => Some(why),
        };
        if let Some(why) = why {
            self.file_is_missing(&conversation, seq, place, &name, why).await?;
        }
        self.file_is_done(&id).await
    }

    async fn try_file(&self, channel: &Channel, reference: &str) -> Tried {
        let adapter = adapter(channel.setup.kind);
        let call = match adapter.way_to(&channel.setup, reference) {
            Way::Never => return Tried::Never(GONE),
            Way::Fetch(call) => call,
            Way::Ask(call) => match understood(self.calls().send(&call).await) {
                Ok(answered) => match adapter.located(&channel.setup, &answered) {
                    Some(call) => call,
                    None => return Tried::Never(GONE),
                },
                Err(tried) => return tried,
            },
        };
        match understood(self.calls().fetch(&call, FILE_MAX).await) {
            Ok(answered) => Tried::Got(answered.body),
            Err(tried) => tried,
        }
    }

    async fn file_later(&self, id: &str, attempts: i64, at: i64) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE messenger_file SET attempts = $1, next_at = $2 WHERE id = $3")
            .bind(attempts)
            .bind(at)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Forgets where a file was; that it was dealt with stays, so that a message that comes a second time does not fetch it again.
    async fn file_is_done(&self, id: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE messenger_file SET is_done = 1, name = '', reference = '' WHERE id = $1")
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

fn name_of(file: &Brought) -> &str {
    match file {
        Brought::Here { name, .. } | Brought::Away { name, .. } | Brought::Lost { name } => name,
    }
}

/// Tells an answer from what is to be tried again, and from what never will be one.
fn understood(answered: std::result::Result<Answered, NotAnswered>) -> std::result::Result<Answered, Tried> {
    match answered {
        Ok(answered) if (200..300).contains(&answered.status) => Ok(answered),
        Ok(answered) if matches!(answered.status, 408 | 429 | 500..=599) => Err(Tried::Later),
        Ok(_) => Err(Tried::Never(GONE)),
        Err(NotAnswered::Refused(TOO_LARGE)) => Err(Tried::Never(LARGE)),
        Err(NotAnswered::Refused(_)) => Err(Tried::Never(REFUSED)),
        Err(_) => Err(Tried::Later),
    }
}
