//! What others say of us elsewhere: the table `mention`, by hand, from a file, from feeds; and what the ledger is told.

use super::Feedback;
use super::review_file::{id_of, stars};
use super::room::{SHOWN_MAX, SOURCE, WORDS_MAX, actor_of, failed, place_of};
use super::table::{Column, Fault, FileReport, Row, moment, read, written};
use crate::failure::{Failure, Result};
use crate::features::people::{open, seal};
use crate::platform::cells::unguarded;
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Scale, Score, Signature};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use url::Url;
use utoipa::ToSchema;

/// Names and titles.
const NAME_MAX: usize = 300;
/// An address.
const LINK_MAX: usize = 2_048;
/// So many rows show how a file is understood.
const SAMPLE: usize = 5;

/// Is a mention as somebody enters it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewMention {
    /// Where it was said: the name of a paper, a blog, a page of reviews.
    pub source: String,
    /// Its address; empty: it has none.
    pub link: String,
    /// Its title.
    pub title: String,
    /// Who said it.
    pub author: String,
    /// What was said.
    pub words: String,
    /// The stars that were given, 1 to 5; none: none were.
    pub stars: Option<i16>,
    /// The touchpoint that it is about, by its id in the map; empty: that of reviews.
    pub touchpoint: String,
    /// When, in microseconds since 1970; none: now.
    pub at: Option<i64>,
}

/// Is a mention.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Mention {
    /// Its id.
    pub id: String,
    /// Where it was said.
    pub source: String,
    /// Its address; empty: it has none.
    pub link: String,
    /// Its title.
    pub title: String,
    /// Who said it.
    pub author: String,
    /// What was said; none: it cannot be read any more.
    pub words: Option<String>,
    /// The stars that were given.
    pub stars: Option<i16>,
    /// The touchpoint.
    pub touchpoint: String,
    /// How it came: `hand`, `file` or `feed`.
    pub via: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

const COLUMNS: [Column; 8] = [
    Column {
        name: "source", also: &["site", "where", "outlet", "média", "media", "источник", "издание"], is_needed: true
    },
    Column { name: "link", also: &["url", "address", "lien", "ссылка"], is_needed: false },
    Column { name: "title", also: &["headline", "titre", "заголовок", "название"], is_needed: false },
    Column { name: "author", also: &["name", "by", "auteur", "автор"], is_needed: false },
    Column { name: "words", also: &["text", "body", "texte", "extrait", "текст"], is_needed: false },
    Column { name: "stars", also: &["rating", "note", "étoiles", "оценка", "рейтинг"], is_needed: false },
    Column { name: "date", also: &["at", "published", "time", "дата"], is_needed: false },
    Column { name: "touchpoint", also: &["point de contact", "точка контакта"], is_needed: false },
];

impl NewMention {
    /// Returns the column that is wrong, and how.
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        if self.source.trim().is_empty() {
            return Some(("source", "empty"));
        }
        if self.words.trim().is_empty() && self.title.trim().is_empty() && self.link.is_empty() {
            return Some(("words", "empty"));
        }
        let long = [("source", &self.source), ("title", &self.title), ("author", &self.author), ("touchpoint", &self.touchpoint)];
        if let Some((name, _)) = long.into_iter().find(|(_, text)| text.len() > NAME_MAX) {
            return Some((name, "too_long"));
        }
        if self.words.len() > WORDS_MAX {
            return Some(("words", "too_long"));
        }
        if self.stars.is_some_and(|stars| !(1..=5).contains(&stars)) {
            return Some(("stars", "stars"));
        }
        // It becomes a link on a page of ours: nothing but the web.
        let is_web = |link: &str| Url::parse(link).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        (!self.link.is_empty() && (self.link.len() > LINK_MAX || !is_web(&self.link))).then_some(("link", "link"))
    }

    /// Returns an id that follows from what it says: the same mention twice is one. An address alone is enough where there is one.
    fn id(&self) -> String {
        if self.link.is_empty() {
            let at = self.at.map(|at| at.to_string()).unwrap_or_default();
            id_of(&[&self.source, &self.title, &self.author, &self.words, &at])
        } else {
            id_of(&["link", &self.link, &self.author, if self.stars.is_some() { &self.words } else { "" }])
        }
    }
}

impl Feedback {
    /// Notes a mention; tells whether it is new. The same one again changes nothing.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or a store fails.
    pub async fn mention(&self, new: &NewMention, via: &'static str) -> Result<bool> {
        if let Some((column, what)) = new.problem() {
            return Err(Failure::new(format!("The mention cannot be kept: {column} ({what})"))
                .hint("It has a source, and words, a title or a link; stars are 1 to 5, a link begins with https://"));
        }
        let id = new.id();
        let who = Identity::new("anonymous", &format!("mention-{id}")).ok_or_else(|| Failure::new("An id is not blank"))?;
        let (actor, at) = (who.actor(), new.at.map_or_else(|| self.now(), Instant));
        let message = format!("mention:{id}");
        let key = self.keys.of(&[actor]).await?[&actor];
        let touchpoint = match new.touchpoint.trim() {
            "" => self.usual_touchpoint("review").await?,
            named => named.to_owned(),
        };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let kept = sqlx::query(
            "INSERT INTO mention (id, actor, source, link, title, author, body, stars, touchpoint, via, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(actor.0.cast_signed())
        .bind(new.source.trim().to_owned())
        .bind(new.link.clone())
        .bind(seal(&key, place_of(&format!("{message}:title")), new.title.trim())?)
        .bind(seal(&key, place_of(&format!("{message}:author")), new.author.trim())?)
        .bind(seal(&key, place_of(&message), new.words.trim())?)
        .bind(new.stars.map(i64::from))
        .bind(touchpoint.clone())
        .bind(via)
        .bind(at.0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let signature = Signature {
            source: SOURCE.to_owned(),
            event: "mention".to_owned(),
            channel: "third parties".to_owned(),
            place: new.source.trim().to_owned(),
            touchpoint,
            ..Signature::default()
        };
        // With stars it judges as a review does; without it is word of mouth.
        let form = if new.stars.is_some() { Form::Review } else { Form::Share };
        let mut arrival = Arrival::new(message.into_bytes(), signature, at, form, Direction::Inbound);
        arrival.source = SOURCE.to_owned();
        arrival.identities = vec![who];
        arrival.score = new.stars.and_then(|stars| Score::new(Scale::Five, stars));
        arrival.text = Some(new.words.trim().to_owned()).filter(|words| !words.is_empty());
        self.talk.door.deliver(vec![arrival]).await?;
        Ok(kept.rows_affected() > 0)
    }

    /// Lists the last mentions.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn mentions(&self) -> Result<Vec<Mention>> {
        let sql = "SELECT id, actor, source, link, title, author, body, stars, touchpoint, via, at FROM mention ORDER BY at DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(SHOWN_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        let mention = |row: &AnyRow| {
            let (actor, id): (ActorId, String) = (actor_of(row), row.get("id"));
            let open = |what: &str, column: &str| {
                let place = place_of(&format!("mention:{id}{what}"));
                keys.get(&actor).and_then(|key| open(key, place, &row.get::<String, _>(column)))
            };
            Mention {
                source: row.get("source"),
                link: row.get("link"),
                title: open(":title", "title").unwrap_or_default(),
                author: open(":author", "author").unwrap_or_default(),
                words: open("", "body"),
                stars: row.get::<Option<i64>, _>("stars").and_then(|stars| i16::try_from(stars).ok()),
                touchpoint: row.get("touchpoint"),
                via: row.get("via"),
                at: row.get("at"),
                id,
            }
        };
        Ok(rows.iter().map(mention).collect())
    }

    /// Reads a file of mentions, and notes them if wanted.
    ///
    /// # Errors
    /// Fails when the file is no table, or a store fails; the same file may come again.
    pub async fn bring_mentions(&self, file: &[u8], apply: bool) -> Result<FileReport> {
        let (rows, mut faults) = read(file, &COLUMNS)?;
        let mut good = Vec::new();
        for row in &rows {
            match mention(row) {
                Ok(one) => good.push(one),
                Err(fault) => faults.push(fault),
            }
        }
        faults.sort_by_key(|fault| fault.line);
        let mut report = FileReport::of(good.len(), faults, good.iter().take(SAMPLE).map(cells).collect());
        let here: Vec<String> =
            sqlx::query_scalar("SELECT id FROM mention").fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut here: BTreeSet<String> = here.into_iter().collect();
        for one in &good {
            report.known += u64::from(!here.insert(one.id()));
            if apply {
                self.mention(one, "file").await?;
            }
        }
        report.applied = apply;
        Ok(report)
    }
}

fn mention(row: &Row) -> Result<NewMention, Fault> {
    let cell = |at: usize| unguarded(row.cell(at));
    let fault = |column: &str, what: &str, found: &str| Fault::new(row.line, column, what, found);
    let given = match cell(5) {
        "" => None,
        text => Some(stars(text).ok_or_else(|| fault("stars", "stars", text))?),
    };
    let at = match cell(6) {
        "" => None,
        text => Some(moment(text).ok_or_else(|| fault("date", "date", text))?.0),
    };
    let text = |at: usize| cell(at).to_owned();
    let new = NewMention {
        source: text(0),
        link: text(1),
        title: text(2),
        author: text(3),
        words: text(4),
        stars: given,
        touchpoint: text(7),
        at,
    };
    let place = |column: &str| COLUMNS.iter().position(|known| known.name == column).map_or("", cell);
    match new.problem() {
        Some((column, what)) => Err(fault(column, what, place(column))),
        None => Ok(new),
    }
}

fn cells(one: &NewMention) -> Vec<String> {
    let (stars, date) = (one.stars.map(|stars| stars.to_string()), one.at.map(written));
    let (stars, date) = (stars.unwrap_or_default(), date.unwrap_or_default());
    let texts = [&one.source, &one.link, &one.title, &one.author, &one.words, &stars, &date, &one.touchpoint];
    texts.into_iter().map(|text| text.chars().take(120).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_needs_a_source_and_something_said() {
        let said = NewMention { source: "The Paper".to_owned(), words: "Fine.".to_owned(), ..NewMention::default() };
        assert_eq!(said.problem(), None);
        let wrong = [
            NewMention { source: " ".to_owned(), ..said.clone() },
            NewMention { words: String::new(), ..said.clone() },
            NewMention { stars: Some(6), ..said.clone() },
            NewMention { link: "javascript:alert(1)".to_owned(), ..said.clone() },
            NewMention { link: "data:text/html,x".to_owned(), ..said.clone() },
            NewMention { title: "x".repeat(301), ..said.clone() },
        ];
        for one in wrong {
            assert!(one.problem().is_some(), "{one:?}");
        }
    }

    #[test]
    fn the_same_mention_is_one_and_others_are_others() {
        let one = NewMention { source: "Blog".to_owned(), link: "https://example.org/1".to_owned(), ..NewMention::default() };
        let again = NewMention { title: "Now with a title".to_owned(), ..one.clone() };
        let other = NewMention { link: "https://example.org/2".to_owned(), ..one.clone() };
        assert!(one.id() == again.id() && one.id() != other.id());
    }
}
