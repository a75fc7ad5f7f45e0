//! The table `source`, kept in memory whole: every request asks for its source by key.

use crate::failure::{Failure, Result};
use crate::platform::token::Token;
use model::{Currency, Instant};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use utoipa::ToSchema;

/// Is where a source's clients run, which decides what can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// In browsers and apps of customers: the key is public, the caller's address and agent are the customer's.
    Site,
    /// On servers, tills and desks of our own: the key is secret, the caller's address says nothing of the customer.
    Server,
}

/// Is how much of a caller's network address is used, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IpPolicy {
    /// None is kept.
    #[default]
    None,
    /// The network: /24 of IPv4, /48 of IPv6.
    Truncated,
    /// All of it.
    Full,
}

/// Is what a browser's wish not to be tracked does (`Sec-GPC`, `DNT`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalPolicy {
    /// Nothing.
    Ignore,
    /// The interaction counts, its person is known for a day at most.
    #[default]
    Cookieless,
    /// The interaction is not stored.
    Drop,
}

/// Is what happens with interactions of people who have taken back that they are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawn {
    /// The interaction counts, its person is known for a day at most.
    #[default]
    Cookieless,
    /// The interaction is not stored.
    Drop,
}

/// Is how careful we are with what a source sends.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceSettings {
    /// How much of the caller's address is kept.
    pub ip: IpPolicy,
    /// Whether everybody is known for a day at most, by a hash with a daily salt instead of an identity.
    pub cookieless: bool,
    /// What `Sec-GPC: 1` does.
    pub gpc: SignalPolicy,
    /// What `DNT: 1` does.
    pub dnt: SignalPolicy,
    /// What happens with interactions of people who have taken back that they are measured.
    pub withdrawn: Withdrawn,
    /// After how many days its interactions are removed; none: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// After how many days the free texts in its interactions are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_days: Option<u32>,
    /// After how many days its interactions of nobody known, day visitors among them, are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_days: Option<u32>,
    /// After how many days its interactions of machines are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_days: Option<u32>,
    /// The web sites whose pages may send, such as `https://shop.example.org`; none: all may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// How far it is to be believed in what it says of people, from 0 to 100: of two values of one trait the one from the
    /// source with the greater weight counts, and of the same weight the later one.
    #[serde(skip_serializing_if = "is_zero")]
    pub trait_weight: u8,
    /// The currency of amounts that come without one, such as `EUR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(weight: &u8) -> bool {
    *weight == 0
}

/// Is one source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Its name, which every interaction of it bears, for ever.
    pub name: String,
    /// Where its clients run.
    pub kind: SourceKind,
    /// The key by which its clients are known.
    pub write_key: String,
    /// How careful we are with it.
    pub settings: SourceSettings,
}

/// Is how long the name of a source may be, in bytes: it stands in every report.
const NAME_MAX: usize = 100;
/// Is how many sources there may be: all are in memory, and metrics have a line for each.
pub(super) const SOURCES_MAX: usize = 1_000;
/// Is how many replaced keys of a source may work at once: a key that is never retired is no rotation.
pub(super) const OLD_KEYS_MAX: usize = 10;

/// Is every source that is not retired. Clones share them.
#[derive(Clone)]
pub struct Sources {
    state: State,
    by_key: Arc<RwLock<HashMap<String, Arc<Source>>>>,
}

impl Sources {
    /// Reads all sources.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn load(state: State) -> Result<Self> {
        let this = Self { state, by_key: Arc::default() };
        this.reload().await?;
        Ok(this)
    }

    /// Finds the source of a key.
    #[must_use]
    pub fn of_key(&self, write_key: &str) -> Option<Arc<Source>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).get(write_key).cloned()
    }

    /// Lists the sources by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Source>> {
        let mut all: Vec<_> = self.by_key.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        // One with old keys is there once for each.
        all.dedup_by(|one, other| one.name == other.name);
        all
    }

    /// Makes a source with a new key.
    ///
    /// # Errors
    /// Fails when the name is taken or blank, or when the state store does.
    pub async fn add(&self, name: &str, kind: SourceKind, settings: SourceSettings, now: Instant) -> Result<Arc<Source>> {
        if !is_name(name) {
            return Err(Failure::new("A source needs a name of 1 to 100 letters").hint("Such as `site` or `till-2`"));
        }
        let source = Source { name: name.to_owned(), kind, write_key: Token::draw()?.secret().to_owned(), settings };
        let settings = written(&source.settings)?;
        let kind = if kind == SourceKind::Site { "site" } else { "server" };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query(
            "INSERT INTO source (name, kind, write_key, settings, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(source.name.clone())
        .bind(kind)
        .bind(source.write_key.clone())
        .bind(settings)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Err(Failure::new(format!("There is a source `{name}` already")).hint("Choose another name"));
        }
        transaction.commit().await.map_err(failed)?;
        self.reload().await?;
        Ok(Arc::new(source))
    }

    /// Makes the source that a new organisation begins with: its web site.
    ///
    /// # Errors
    /// Fails when it is there already, or when the state store does.
    pub async fn begin(state: State, now: Instant) -> Result<Arc<Source>> {
        Self::load(state).await?.add("site", SourceKind::Site, SourceSettings::default(), now).await
    }

    /// Finds a source that is not retired by its name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Source>> {
        self.all().into_iter().find(|source| source.name == name)
    }

    /// Tells whether a name was ever given: a retired source keeps its own, for its interactions bear it.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn is_taken(&self, name: &str) -> Result<bool> {
        let found: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM source WHERE name = $1")
            .bind(name.to_owned())
            .fetch_one(self.state.reader())
            .await
            .map_err(failed)?;
        Ok(found > 0)
    }

    /// Lists the keys of a source that were replaced and still work.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn old_keys(&self, name: &str) -> Result<Vec<String>> {
        sqlx::query_scalar("SELECT write_key FROM source_key WHERE source = $1 ORDER BY replaced_at, write_key")
            .bind(name.to_owned())
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)
    }

    /// Changes the settings of a source, for what arrives from now on.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set(&self, name: &str, settings: &SourceSettings) -> Result<()> {
        self.change("UPDATE source SET settings = $2 WHERE name = $1", vec![name.to_owned(), written(settings)?]).await
    }

    /// Gives a source a new key. The one before works on, so that clients can be changed one by one, until
    /// [`Sources::retire_old_keys`].
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn rotate(&self, name: &str, now: Instant) -> Result<()> {
        let fresh = Token::draw()?.secret().to_owned();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO source_key (write_key, source, replaced_at) \
             SELECT write_key, name, $2 FROM source WHERE name = $1 AND retired_at IS NULL",
        )
        .bind(name.to_owned())
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        sqlx::query("UPDATE source SET write_key = $2 WHERE name = $1 AND retired_at IS NULL")
            .bind(name.to_owned())
            .bind(fresh)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.reload().await
    }

    /// Ends the keys of a source that were replaced.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn retire_old_keys(&self, name: &str) -> Result<()> {
        self.change("DELETE FROM source_key WHERE source = $1", vec![name.to_owned()]).await
    }

    /// Ends a source and all its keys. Its interactions stay, and so does its name.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn retire(&self, name: &str, now: Instant) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE source SET retired_at = $2 WHERE name = $1 AND retired_at IS NULL")
            .bind(name.to_owned())
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.retire_old_keys(name).await
    }

    /// Runs one statement with texts, then reads all sources again.
    async fn change(&self, sql: &'static str, texts: Vec<String>) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let statement = texts.into_iter().fold(sqlx::query(sql), |statement, text| statement.bind(text));
        statement.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.reload().await
    }

    async fn reload(&self) -> Result<()> {
        let rows = sqlx::query("SELECT name, kind, write_key, settings FROM source WHERE retired_at IS NULL")
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        let source = |row: &sqlx::any::AnyRow| {
            let kind = if row.get::<String, _>("kind") == "site" { SourceKind::Site } else { SourceKind::Server };
            let settings = serde_json::from_str(&row.get::<String, _>("settings")).unwrap_or_default();
            let source = Source { name: row.get("name"), kind, write_key: row.get("write_key"), settings };
            (source.write_key.clone(), Arc::new(source))
        };
        let mut fresh: HashMap<String, Arc<Source>> = rows.iter().map(source).collect();
        let old: Vec<(String, String)> =
            sqlx::query_as("SELECT write_key, source FROM source_key").fetch_all(self.state.reader()).await.map_err(failed)?;
        let named: HashMap<String, Arc<Source>> =
            fresh.values().map(|source| (source.name.clone(), Arc::clone(source))).collect();
        fresh.extend(old.into_iter().filter_map(|(key, name)| Some((key, Arc::clone(named.get(&name)?)))));
        *self.by_key.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Tells whether a text can be the name of a source.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = name.trim() == name && !name.chars().any(char::is_control);
    is_plain && (1..=NAME_MAX).contains(&name.len())
}

fn written(settings: &SourceSettings) -> Result<String> {
    serde_json::to_string(settings).map_err(|error| Failure::new("Cannot write the settings of a source").because(&error))
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after sources").because(&error.into())
}
