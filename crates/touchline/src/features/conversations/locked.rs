//! Secrets of other servers at rest: passwords of mailboxes, tokens of messengers, the secret of the order hook. They stand in the state
//! store sealed with the key of the data directory ([`crate::platform::seal_key`]), each bound to its place.

use super::bot::BotSettings;
use super::seal::SOURCE;
use super::settings::InboxSettings;
use super::store::failed;
use super::{ChannelSetup, Talk};
use crate::failure::Result;
use crate::features::people::{open, seal};
use crate::platform::seal_key::{known_key, seal_key};
use model::InteractionId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use std::path::Path;

/// Comes before what is sealed. No secret begins so: a line break and the like are refused in all of them.
const SEALED: char = '\u{1}';

/// Is something with secrets in it, each by its place.
pub(super) trait Secrets {
    /// Returns the secrets.
    fn secrets(&mut self) -> Vec<(&'static str, &mut String)>;

    /// Tells whether some secret stands there as it is.
    fn is_bare(&mut self) -> bool {
        self.secrets().iter().any(|(_, secret)| !secret.is_empty() && !secret.starts_with(SEALED))
    }

    /// Seals every secret.
    ///
    /// # Errors
    /// Fails when there is no key and none can be drawn.
    fn lock(&mut self, dir: &Path) -> Result<()> {
        for (place, secret) in self.secrets() {
            if !secret.is_empty() {
                *secret = format!("{SEALED}{}", seal(&seal_key(dir)?, id_of(place), secret)?);
            }
        }
        Ok(())
    }

    /// Opens every secret. One that cannot be opened is as if it had never been entered, and is told of.
    ///
    /// # Errors
    /// Fails when the key cannot be read.
    fn unlock(&mut self, dir: &Path) -> Result<()> {
        for (place, secret) in self.secrets() {
            let Some(sealed) = secret.strip_prefix(SEALED) else { continue };
            let opened = known_key(dir)?.and_then(|key| open(&key, id_of(place), sealed));
            if opened.is_none() {
                tracing::warn!("the secret `{place}` cannot be opened with the key of this data directory: enter it again");
            }
            *secret = opened.unwrap_or_default();
        }
        Ok(())
    }
}

fn id_of(place: &str) -> InteractionId {
    InteractionId::of(SOURCE, format!("secret:{place}").as_bytes())
}

impl Secrets for InboxSettings {
    fn secrets(&mut self) -> Vec<(&'static str, &mut String)> {
        let mail = &mut self.mail;
        vec![("mail password", &mut mail.password), ("mail imap_password", &mut mail.imap_password)]
    }
}

impl Secrets for ChannelSetup {
    fn secrets(&mut self) -> Vec<(&'static str, &mut String)> {
        vec![
            ("messenger token", &mut self.token),
            ("messenger app_secret", &mut self.app_secret),
            ("messenger secret", &mut self.secret),
        ]
    }
}

impl Secrets for BotSettings {
    fn secrets(&mut self) -> Vec<(&'static str, &mut String)> {
        vec![("bot order secret", &mut self.order.secret)]
    }
}

impl Talk {
    /// Seals what an earlier version has left as it was.
    ///
    /// # Errors
    /// Fails when the state store does, or no key can be drawn.
    pub async fn lock_secrets(&self) -> Result<()> {
        let inbox = "SELECT 'x' AS id, setting FROM inbox_setting WHERE id = 1";
        self.lock_all::<InboxSettings>(inbox, "UPDATE inbox_setting SET setting = $1 WHERE id = 1 AND $2 <> ''").await?;
        let bot = "SELECT 'x' AS id, setting FROM bot_setting WHERE id = 1";
        self.lock_all::<BotSettings>(bot, "UPDATE bot_setting SET setting = $1 WHERE id = 1 AND $2 <> ''").await?;
        let channels = "SELECT id, setting FROM messenger_channel";
        self.lock_all::<ChannelSetup>(channels, "UPDATE messenger_channel SET setting = $1 WHERE id = $2").await
    }

    async fn lock_all<T: Secrets + DeserializeOwned + Serialize>(&self, read: &'static str, write: &'static str) -> Result<()> {
        let state = &self.inbox.stores.state;
        for row in sqlx::query(read).fetch_all(state.reader()).await.map_err(failed)? {
            let Some(sealed) = self.resealed::<T>(&row.get::<String, _>("setting"))? else { continue };
            let mut transaction = state.begin().await.map_err(failed)?;
            let id: String = row.get("id");
            sqlx::query(write).bind(sealed).bind(id).execute(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Returns a document with its secrets sealed; `None` where they are, or where it cannot be read.
    fn resealed<T: Secrets + DeserializeOwned + Serialize>(&self, text: &str) -> Result<Option<String>> {
        let dir = &self.inbox.stores.dir;
        let Ok(mut document) = serde_json::from_str::<T>(text) else { return Ok(None) };
        if !document.is_bare() {
            return Ok(None);
        }
        document.unlock(dir)?;
        document.lock(dir)?;
        Ok(serde_json::to_string(&document).ok())
    }
}
