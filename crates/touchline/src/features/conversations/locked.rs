//! Which secrets of other servers this room keeps, so that they are sealed in the state store: see [`seal_secret`].

use super::bot::BotSettings;
use super::settings::InboxSettings;
use super::store::failed;
use super::{ChannelSetup, Talk};
use crate::failure::Result;
use crate::features::people::{is_bare, open_secret, seal_secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use std::path::Path;

/// Is something with secrets in it, each by its place.
pub(super) trait Secrets {
    /// Returns the secrets.
    fn secrets(&mut self) -> Vec<(&'static str, &mut String)>;

    /// Tells whether some secret stands there as it is.
    fn is_bare(&mut self) -> bool {
        self.secrets().iter().any(|(_, secret)| is_bare(secret))
    }

    /// Seals every secret.
    ///
    /// # Errors
    /// Fails when there is no key and none can be drawn.
    fn lock(&mut self, dir: &Path) -> Result<()> {
        for (place, secret) in self.secrets() {
            *secret = seal_secret(dir, place, secret)?;
        }
        Ok(())
    }

    /// Opens every secret. One that cannot be opened is as if it had never been entered.
    ///
    /// # Errors
    /// Fails when the key cannot be read.
    fn unlock(&mut self, dir: &Path) -> Result<()> {
        for (place, secret) in self.secrets() {
            *secret = open_secret(dir, place, secret)?.unwrap_or_default();
        }
        Ok(())
    }
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
