//! Feeds in which others speak of us (RSS 2.0, Atom), read every hour: the table `mention_feed`.
//!
//! An item becomes a mention once, known by its address. What cannot be fetched or read is told beside the feed, and tried again.

use super::Feedback;
use super::mentions::NewMention;
use super::room::failed;
use crate::failure::{Failure, Result};
use crate::platform::calls::Call;
use model::time::SECOND;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Feeds there may be.
const FEEDS_MAX: i64 = 50;
/// Items of one feed that are looked at: feeds hold the newest first.
const ITEMS_MAX: usize = 200;
/// How long a feed rests between two readings.
const EVERY: i64 = 3_600 * SECOND;
/// Names, addresses and words to look for.
const TEXT_MAX: usize = 300;

/// Is a feed to be read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewMentionFeed {
    /// Its address, beginning with `https://`.
    pub address: String,
    /// The source that its mentions name.
    pub source: String,
    /// Words of which one must stand in an item, separated by commas; empty: every item speaks of us.
    pub wanted: String,
    /// The touchpoint of its mentions; empty: that of reviews.
    pub touchpoint: String,
}

/// Is a feed that is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MentionFeed {
    /// Its number.
    pub id: i64,
    /// Its address.
    pub address: String,
    /// The source that its mentions name.
    pub source: String,
    /// The words that are looked for.
    pub wanted: String,
    /// The touchpoint of its mentions.
    pub touchpoint: String,
    /// When it was read last, in microseconds since 1970.
    pub read_at: Option<i64>,
    /// Why it could not be read the last time; empty: it could.
    pub problem: String,
}

impl Feedback {
    /// Reads a feed from now on.
    ///
    /// # Errors
    /// Fails when the address must not be reached, there are too many, or the state store fails.
    pub async fn add_feed(&self, new: &NewMentionFeed) -> Result<i64> {
        let long = [&new.source, &new.wanted, &new.touchpoint].into_iter().any(|text| text.len() > TEXT_MAX);
        if new.source.trim().is_empty() || long {
            return Err(Failure::new(format!("A feed has a source, and texts of at most {TEXT_MAX} bytes")));
        }
        self.talk
            .calls()
            .check(&new.address)
            .map_err(|why| Failure::new(why).hint("Copy the address of the feed from its page"))?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM mention_feed")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= FEEDS_MAX {
            return Err(Failure::new(format!("There are {FEEDS_MAX} feeds already")));
        }
        sqlx::query(
            "INSERT INTO mention_feed (id, address, source, wanted, touchpoint, read_at, problem) VALUES ($1, $2, $3, $4, $5, NULL, '')",
        )
        .bind(last + 1)
        .bind(new.address.clone())
        .bind(new.source.trim().to_owned())
        .bind(new.wanted.clone())
        .bind(new.touchpoint.clone())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Reads a feed no more; its mentions stay. Tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop_feed(&self, id: i64) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let gone =
            sqlx::query("DELETE FROM mention_feed WHERE id = $1").bind(id).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(gone.rows_affected() > 0)
    }

    /// Lists the feeds.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn feeds(&self) -> Result<Vec<MentionFeed>> {
        let sql = "SELECT id, address, source, wanted, touchpoint, read_at, problem FROM mention_feed ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let feed = |row: &AnyRow| MentionFeed {
            id: row.get("id"),
            address: row.get("address"),
            source: row.get("source"),
            wanted: row.get("wanted"),
            touchpoint: row.get("touchpoint"),
            read_at: row.get("read_at"),
            problem: row.get("problem"),
        };
        Ok(rows.iter().map(feed).collect())
    }

    /// Reads the feeds that are due; returns how many mentions are new.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn read_feeds(&self) -> Result<usize> {
        let mut fresh = 0;
        for feed in self.feeds().await? {
            if feed.read_at.is_some_and(|at| self.now().0 - at < EVERY) {
                continue;
            }
            let problem = match self.fetched(&feed).await {
                Ok(body) => {
                    for item in wanted(items(&body), &feed.wanted) {
                        let new = NewMention { source: feed.source.clone(), touchpoint: feed.touchpoint.clone(), ..item };
                        // One item that cannot be kept keeps no other out.
                        fresh += usize::from(self.mention(&new, "feed").await.unwrap_or(false));
                    }
                    String::new()
                }
                Err(says) => says,
            };
            let mut transaction = self.state.begin().await.map_err(failed)?;
            sqlx::query("UPDATE mention_feed SET read_at = $1, problem = $2 WHERE id = $3")
                .bind(self.now().0)
                .bind(problem)
                .bind(feed.id)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(fresh)
    }

    async fn fetched(&self, feed: &MentionFeed) -> std::result::Result<String, String> {
        let accept = ("accept".to_owned(), "application/rss+xml, application/atom+xml, application/xml".to_owned());
        let call = Call { method: "GET", url: feed.address.clone(), headers: vec![accept], body: Vec::new() };
        let answered = self.talk.calls().send(&call).await.map_err(|why| why.says().to_owned())?;
        if answered.status != 200 {
            return Err(format!("The server answered {}", answered.status));
        }
        let body = String::from_utf8_lossy(&answered.body).into_owned();
        if items(&body).is_empty() { Err("There is no item in it: is it a feed?".to_owned()) } else { Ok(body) }
    }
}

/// Returns the items of a feed that name one of the wanted words.
fn wanted(items: Vec<NewMention>, words: &str) -> Vec<NewMention> {
    let words: Vec<String> = words.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
    let speaks = |item: &NewMention| {
        let text = format!("{} {}", item.title, item.words).to_lowercase();
        words.is_empty() || words.iter().any(|word| text.contains(word))
    };
    items.into_iter().filter(speaks).collect()
}

/// Reads the items of a feed, as far as it can be read.
fn items(feed: &str) -> Vec<NewMention> {
    let mut reader = Reader::from_str(feed);
    let (mut all, mut item, mut inside) = (Vec::new(), None::<NewMention>, Vec::<String>::new());
    let mut text = String::new();
    while all.len() < ITEMS_MAX {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let name = local(&tag);
                if ["item", "entry"].contains(&name.as_str()) {
                    item = Some(NewMention::default());
                }
                if let Some(item) = &mut item {
                    linked(item, &name, &tag);
                }
                inside.push(name);
                text.clear();
            }
            Ok(Event::Empty(tag)) => {
                if let Some(item) = &mut item {
                    linked(item, &local(&tag), &tag);
                }
            }
            Ok(Event::Text(part)) => text.push_str(&part),
            Ok(Event::CData(part)) => text.push_str(&part),
            Ok(Event::GeneralRef(part)) => {
                let known = part.resolve_char_ref().ok().flatten().map(String::from);
                let known = known.or_else(|| resolve_predefined_entity(&part).map(str::to_owned));
                text.push_str(&known.unwrap_or_default());
            }
            Ok(Event::End(_)) => {
                let Some(name) = inside.pop() else { break };
                if ["item", "entry"].contains(&name.as_str()) {
                    all.extend(item.take());
                } else if let Some(item) = &mut item {
                    filled(item, &name, inside.last().map_or("", String::as_str), text.trim());
                }
                text.clear();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    all
}

fn local(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_lowercase()
}

/// Takes the address of an Atom entry, which stands in an attribute.
fn linked(item: &mut NewMention, name: &str, tag: &BytesStart<'_>) {
    let of = |wanted: &str| {
        let found = tag.attributes().flatten().find(|one| one.key.as_ref() == wanted)?;
        Some(found.value.replace("&amp;", "&"))
    };
    if name == "link"
        && let Some(href) = of("href")
        && of("rel").is_none_or(|rel| rel == "alternate")
    {
        item.link = href;
    }
}

fn filled(item: &mut NewMention, name: &str, around: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    match (around, name) {
        ("item" | "entry", "title") => item.title = plain(text, 300),
        ("item", "link") => text.clone_into(&mut item.link),
        ("item" | "entry", "description" | "summary" | "encoded" | "content") if item.words.is_empty() => {
            item.words = plain(text, 2_000);
        }
        ("item" | "entry", "creator" | "author") | ("author", "name") => item.author = plain(text, 200),
        ("item" | "entry", "pubdate" | "published" | "updated" | "date") if item.at.is_none() => item.at = time(text),
        _ => {}
    }
}

/// Returns a text without tags, of at most so many bytes.
fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut is_tag = false;
    for sign in text.chars() {
        match sign {
            '<' => is_tag = true,
            '>' if is_tag => {
                is_tag = false;
                out.push(' ');
            }
            _ if is_tag || out.len() + sign.len_utf8() > most => {}
            sign => out.push(sign),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads a time as feeds write it: RFC 2822 or RFC 3339.
fn time(text: &str) -> Option<i64> {
    let mail = || jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    text.parse::<jiff::Timestamp>().ok().or_else(mail).map(|at| at.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Town Paper</title><link>https://example.org</link>
        <item><title>Teapots &amp; more</title><link>https://example.org/1?a=1&amp;b=2</link><author>Ann</author>
        <description><![CDATA[<p>The <b>Teapot House</b> is fine.</p>]]></description><pubDate>Wed, 04 Mar 2026 10:00:00 +0100</pubDate></item>
        <item><title>Weather</title><link>https://example.org/2</link><description>Rain.</description></item></channel></rss>"#;
    const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><entry><title>On tea</title>
        <link rel="self" href="https://example.org/x"/><link href="https://example.org/tea"/><author><name>Bob</name></author>
        <summary>Good tea.</summary><updated>2026-03-04T09:00:00Z</updated></entry></feed>"#;

    #[test]
    fn rss_and_atom_are_read() {
        let read = items(RSS);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].title.as_str(), read[0].link.as_str()), ("Teapots & more", "https://example.org/1?a=1&b=2"));
        assert_eq!((read[0].words.as_str(), read[0].author.as_str()), ("The Teapot House is fine.", "Ann"));
        let atom = items(ATOM);
        assert_eq!(
            (atom[0].title.as_str(), atom[0].link.as_str(), atom[0].author.as_str()),
            ("On tea", "https://example.org/tea", "Bob")
        );
        assert_eq!(atom[0].at, read[0].at, "the same moment in two ways of writing it");
        assert!(atom[0].at.is_some());
    }

    #[test]
    fn only_what_speaks_of_us_is_a_mention() {
        assert_eq!(wanted(items(RSS), "kettle, teapot house").len(), 1);
        assert_eq!(wanted(items(RSS), " ").len(), 2);
        assert!(wanted(items(RSS), "kettle").is_empty());
    }

    #[test]
    fn what_is_no_feed_has_no_items_and_a_torn_one_those_before() {
        for text in ["", "<html><p>no</p></html>", "{}", "<item>", "</item>", "<rss><item><title>x"] {
            assert!(items(text).is_empty(), "{text}");
        }
        assert_eq!(items(&RSS[..RSS.find("Weather").expect("is there")]).len(), 1);
    }
}
