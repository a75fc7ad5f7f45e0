//! The tables `feed`, `publication` and `feed_reader`, and what must hold in them.

use super::fetch::{CHANNEL, SOURCE};
use super::reader::Reader;
use crate::fail;
use crate::failure::{Failure, Result};
use crate::features::capture::ways::tags::{self, NewTag, Tag, checked_target};
use model::time::DAY;
use model::{Form, Instant};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::{State, StateError};
use utoipa::ToSchema;

/// Programs show the newest; what is older they have.
const ITEMS_MAX: i64 = 100;
/// Titles and summaries are read in a list.
const TITLE_MAX: usize = 300;
/// The summary is a few sentences.
const SUMMARY_MAX: usize = 5_000;
/// Names stand in addresses.
const NAME_MAX: usize = 60;
/// Programs that have not fetched for so long are not counted as readers any more.
const READER_GONE: i64 = 7 * DAY;
/// The number of readers that are remembered for one feed: a name can be made up.
const READERS_MAX: i64 = 1_000;

/// Is what a feed shall be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewFeed {
    /// The title that programs show.
    pub title: String,
    /// The page that the feed is of.
    pub link: String,
    /// What it is about. The default is the title.
    pub description: String,
    /// The language, such as `en` or `fr-CA`.
    pub language: String,
    /// The touchpoint, by its id in the map.
    pub touchpoint: String,
}

/// Is a feed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Feed {
    /// Its name in the address.
    pub name: String,
    /// The title that programs show.
    pub title: String,
    /// The page that the feed is of.
    pub link: String,
    /// What it is about.
    pub description: String,
    /// The language.
    pub language: String,
    /// The touchpoint.
    pub touchpoint: String,
    /// For how many people the programs of the last week say that they fetch it; those that say nothing are not in it.
    pub subscribers: u64,
}

/// Is a publication as somebody registers it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewPublication {
    /// The title.
    pub title: String,
    /// The page itself.
    pub link: String,
    /// A few sentences.
    pub summary: String,
    /// When it was published, RFC 3339. The default is now.
    #[schema(value_type = Option<String>)]
    pub published_at: Option<jiff::Timestamp>,
    /// The touchpoint. The default is the feed's.
    pub touchpoint: String,
    /// The code of its tag; drawn where none is given.
    pub code: Option<String>,
}

/// Is a publication.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Publication {
    /// The code of its tag, which is its link in the feed.
    pub code: String,
    /// The feed that it stands in.
    pub feed: String,
    /// The title.
    pub title: String,
    /// A few sentences.
    pub summary: String,
    /// The page itself.
    pub target: String,
    /// When it was published, in microseconds.
    #[schema(value_type = i64)]
    pub published_at: Instant,
    /// The touchpoint.
    pub touchpoint: String,
    /// Since when it is not in the feed any more, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub withdrawn_at: Option<Instant>,
}

impl NewFeed {
    /// Checks it and fills in the defaults.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn checked(self, name: &str) -> Result<Feed> {
        let fits = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-' || sign == '_';
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(fits) {
            return Err(fail!(
                feed_name,
                "A feed is named by 1 to {limit} letters of a to z, 0 to 9, - and _",
                "Such as `news`",
                limit = NAME_MAX
            ));
        }
        let is_language = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        if self.language.len() > 20 || !self.language.chars().all(is_language) {
            return Err(fail!(feed_language, "The language cannot be read", "Write it such as en or fr-CA"));
        }
        let about = if self.description.is_empty() { &self.title } else { &self.description };
        Ok(Feed {
            name: name.to_owned(),
            description: text("description", about, SUMMARY_MAX)?,
            title: text("title", &self.title, TITLE_MAX)?,
            link: checked_target(&self.link)?,
            language: self.language,
            touchpoint: self.touchpoint.chars().take(TITLE_MAX).collect(),
            subscribers: 0,
        })
    }
}

impl NewPublication {
    /// Checks it and fills in the defaults; its link becomes a tag.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn checked(self, feed: &Feed, now: Instant) -> Result<(Publication, Tag)> {
        let touchpoint = if self.touchpoint.is_empty() { feed.touchpoint.clone() } else { self.touchpoint };
        let tag = NewTag {
            code: self.code,
            target: self.link,
            source: Some(SOURCE.to_owned()),
            form: Some(Form::Click),
            event: Some("read".to_owned()),
            channel: CHANNEL.to_owned(),
            place: feed.name.clone(),
            touchpoint,
            ..NewTag::default()
        };
        let tag = tag.checked(now)?;
        let publication = Publication {
            code: tag.code.clone(),
            feed: feed.name.clone(),
            title: text("title", &self.title, TITLE_MAX)?,
            summary: if self.summary.is_empty() { String::new() } else { text("summary", &self.summary, SUMMARY_MAX)? },
            target: tag.target.clone(),
            published_at: self.published_at.map_or(now, |at| Instant(at.as_microsecond())),
            touchpoint: tag.touchpoint.clone(),
            withdrawn_at: None,
        };
        Ok((publication, tag))
    }
}

/// Is every feed. Clones share them.
#[derive(Clone)]
pub struct Feeds {
    state: State,
}

impl Feeds {
    /// Looks after the feeds of a state store.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state }
    }

    /// Sets a feed, new or changed.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set(&self, feed: &Feed, now: Instant) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO feed (name, title, link, description, language, touchpoint, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (name) DO UPDATE SET title = excluded.title, link = excluded.link, description = excluded.description, \
             language = excluded.language, touchpoint = excluded.touchpoint, changed_at = excluded.changed_at",
        )
        .bind(feed.name.clone())
        .bind(feed.title.clone())
        .bind(feed.link.clone())
        .bind(feed.description.clone())
        .bind(feed.language.clone())
        .bind(feed.touchpoint.clone())
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Lists the feeds by name.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self, now: Instant) -> Result<Vec<Feed>> {
        let rows = sqlx::query(
            "SELECT name, title, link, description, language, touchpoint, \
             (SELECT CAST(COALESCE(SUM(subscribers), 0) AS BIGINT) FROM feed_reader WHERE feed = name AND seen_at > $1) AS subscribers \
             FROM feed ORDER BY name",
        )
        .bind(now.0 - READER_GONE)
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        Ok(rows.iter().map(read_feed).collect())
    }

    /// Finds a feed.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, name: &str, now: Instant) -> Result<Option<Feed>> {
        Ok(self.all(now).await?.into_iter().find(|feed| feed.name == name))
    }

    /// Publishes: registers a publication and the tag of its link.
    ///
    /// # Errors
    /// Fails when the code of the tag was ever used, or when the state store does.
    pub async fn publish(&self, publication: &Publication, tag: &Tag, now: Instant) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        tags::insert(&mut transaction, tag).await?;
        sqlx::query("INSERT INTO publication (code, feed, title, summary, published_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(publication.code.clone())
            .bind(publication.feed.clone())
            .bind(publication.title.clone())
            .bind(publication.summary.clone())
            .bind(publication.published_at.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        touch(&mut transaction, &publication.feed, now).await?;
        transaction.commit().await.map_err(failed)
    }

    /// Takes a publication out of its feed; its link still leads on. Tells whether it was in one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn withdraw(&self, code: &str, now: Instant) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let done = sqlx::query("UPDATE publication SET withdrawn_at = $1 WHERE code = $2 AND withdrawn_at IS NULL")
            .bind(now.0)
            .bind(code.to_lowercase())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let feed: Option<String> = sqlx::query_scalar("SELECT feed FROM publication WHERE code = $1")
            .bind(code.to_lowercase())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        if let Some(feed) = feed {
            touch(&mut transaction, &feed, now).await?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    /// Lists the newest publications of a feed that were not withdrawn, and are not meant for later.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn publications(&self, feed: &str, now: Instant) -> Result<Vec<Publication>> {
        let rows = sqlx::query(
            "SELECT code, feed, title, summary, target, published_at, withdrawn_at, touchpoint \
             FROM publication JOIN tag USING (code) \
             WHERE feed = $1 AND withdrawn_at IS NULL AND published_at <= $2 ORDER BY published_at DESC, code LIMIT $3",
        )
        .bind(feed.to_owned())
        .bind(now.0)
        .bind(ITEMS_MAX)
        .fetch_all(self.state.reader())
        .await
        .map_err(failed)?;
        Ok(rows.iter().map(read_publication).collect())
    }

    /// Notes for how many a program says that it fetches.
    pub(super) async fn note(&self, feed: &str, reader: &Reader, now: Instant) -> Result<()> {
        let Some(subscribers) = reader.subscribers else {
            return Ok(());
        };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO feed_reader (feed, reader, subscribers, seen_at) \
             SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM feed_reader WHERE feed = $1) < $5 \
             ON CONFLICT (feed, reader) DO UPDATE SET subscribers = excluded.subscribers, seen_at = excluded.seen_at",
        )
        .bind(feed.to_owned())
        .bind(reader.name.clone())
        .bind(i64::try_from(subscribers).unwrap_or(i64::MAX))
        .bind(now.0)
        .bind(READERS_MAX)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        sqlx::query("DELETE FROM feed_reader WHERE seen_at <= $1")
            .bind(now.0 - READER_GONE)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

/// Notes that what a feed shows has changed.
async fn touch(transaction: &mut state::Transaction, feed: &str, now: Instant) -> Result<()> {
    sqlx::query("UPDATE feed SET changed_at = $1 WHERE name = $2")
        .bind(now.0)
        .bind(feed.to_owned())
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(())
}

fn text(what: &str, given: &str, most: usize) -> Result<String> {
    let given = given.trim();
    if given.is_empty() || given.len() > most {
        return Err(fail!(feed_text, "The {what} has 1 to {limit} bytes", limit = most));
    }
    Ok(given.to_owned())
}

fn read_feed(row: &sqlx::any::AnyRow) -> Feed {
    Feed {
        name: row.get("name"),
        title: row.get("title"),
        link: row.get("link"),
        description: row.get("description"),
        language: row.get("language"),
        touchpoint: row.get("touchpoint"),
        subscribers: u64::try_from(row.get::<i64, _>("subscribers")).unwrap_or(0),
    }
}

fn read_publication(row: &sqlx::any::AnyRow) -> Publication {
    Publication {
        code: row.get("code"),
        feed: row.get("feed"),
        title: row.get("title"),
        summary: row.get("summary"),
        target: row.get("target"),
        published_at: Instant(row.get("published_at")),
        touchpoint: row.get("touchpoint"),
        withdrawn_at: row.get::<Option<i64>, _>("withdrawn_at").map(Instant),
    }
}

fn failed(error: impl Into<StateError>) -> Failure {
    Failure::new("Cannot look after feeds").because(&error.into())
}
