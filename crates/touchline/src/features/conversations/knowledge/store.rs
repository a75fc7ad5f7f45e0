//! Keeping articles, and the index by which they are found: the tables `article`, `article_text` and `article_use`.

use super::rank::{Entry, Hit, Index};
use crate::failure::{Failure, Result};
use crate::features::conversations::Language;
use crate::features::conversations::store::failed;
use crate::platform::clock::Clock;
use crate::platform::mark;
use model::time::DAY;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use utoipa::ToSchema;

/// So many articles can be kept.
const ARTICLES_MAX: i64 = 2_000;
const TITLE_MAX: usize = 200;
const BODY_MAX: usize = 50_000;
/// What a voice says in one go.
const SPOKEN_MAX: usize = 1_000;

/// Is an article in one language.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleText {
    /// `en`, `fr` or `ru`.
    pub language: String,
    /// Its title: the question that it answers.
    pub title: String,
    /// What it says: paragraphs, lines that begin with `- `, headings that begin with `## `.
    pub body: String,
    /// The same in one or two sentences, to be spoken and for chats.
    #[serde(default)]
    pub spoken: String,
}

/// Is an article.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Article {
    /// Its id.
    pub id: String,
    /// Whether everybody may read it, and the bot tell it.
    pub is_published: bool,
    /// When it was changed last, in microseconds since 1970.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
    /// Its languages.
    pub texts: Vec<ArticleText>,
    /// How often it was `read`, `helped`, `not_helped`, `inserted` and `told`.
    pub uses: BTreeMap<String, i64>,
}

/// Is an article as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArticle {
    /// Whether everybody may read it, and the bot tell it.
    #[serde(default)]
    pub is_published: bool,
    /// Its languages, at least one.
    pub texts: Vec<ArticleText>,
}

/// Keeps what is known. Clones share the index.
#[derive(Clone)]
pub struct Knowledge {
    pub(super) state: State,
    clock: Clock,
    kept: Arc<RwLock<Kept>>,
}

/// Is the index as it was built last, where nothing was written since.
#[derive(Default)]
struct Kept {
    /// How often something was written.
    writes: u64,
    built: Option<Arc<Built>>,
}

/// Is the index of published and of all articles, by language.
struct Built {
    published: [Index; 3],
    all: [Index; 3],
}

/// Is the id, the title and the short form of an article.
pub(super) type Title = (String, String, String);

const LANGUAGES: [Language; 3] = [Language::En, Language::Fr, Language::Ru];

impl NewArticle {
    fn check(&self) -> Result<()> {
        if self.texts.is_empty() || self.texts.len() > LANGUAGES.len() {
            return Err(Failure::new("An article is written in one to three languages"));
        }
        for (place, text) in self.texts.iter().enumerate() {
            let is_known = LANGUAGES.iter().any(|language| language.code() == text.language);
            if !is_known || self.texts[..place].iter().any(|other| other.language == text.language) {
                return Err(Failure::new("Each language of an article is en, fr or ru, and is there once"));
            }
            let is_title = !text.title.trim().is_empty() && text.title.len() <= TITLE_MAX;
            if !is_title || text.body.trim().is_empty() || text.body.len() > BODY_MAX || text.spoken.len() > SPOKEN_MAX {
                return Err(Failure::new(format!(
                    "In each language an article has a title of at most {TITLE_MAX} bytes, a text of at most {BODY_MAX}, and a \
                     spoken form of at most {SPOKEN_MAX}"
                )));
            }
        }
        Ok(())
    }
}

impl Knowledge {
    /// Opens what is known.
    #[must_use]
    pub fn new(state: State, clock: Clock) -> Self {
        Self { state, clock, kept: Arc::default() }
    }

    /// Returns articles, the latest first.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn all(&self) -> Result<Vec<Article>> {
        self.read("").await
    }

    /// Reads the article with an id; without one, all of them.
    async fn read(&self, id: &str) -> Result<Vec<Article>> {
        let sql =
            "SELECT id, status, changed_at, changed_by FROM article WHERE ($1 = '' OR id = $1) ORDER BY changed_at DESC, id";
        let rows = sqlx::query(sql).bind(id.to_owned()).fetch_all(self.state.reader()).await.map_err(failed)?;
        let sql = "SELECT article, language, title, body, spoken FROM article_text WHERE ($1 = '' OR article = $1) \
                   ORDER BY article, language";
        let mut texts: BTreeMap<String, Vec<ArticleText>> = BTreeMap::new();
        for row in sqlx::query(sql).bind(id.to_owned()).fetch_all(self.state.reader()).await.map_err(failed)? {
            texts.entry(row.get("article")).or_default().push(ArticleText {
                language: row.get("language"),
                title: row.get("title"),
                body: row.get("body"),
                spoken: row.get("spoken"),
            });
        }
        let mut uses: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        let sql = "SELECT article, how, CAST(SUM(count) AS BIGINT) AS uses FROM article_use WHERE ($1 = '' OR article = $1) \
                   GROUP BY article, how";
        for row in sqlx::query(sql).bind(id.to_owned()).fetch_all(self.state.reader()).await.map_err(failed)? {
            uses.entry(row.get("article")).or_default().insert(row.get("how"), row.get("uses"));
        }
        let article = |row: &sqlx::any::AnyRow| {
            let id: String = row.get("id");
            Article {
                is_published: row.get::<String, _>("status") == "published",
                changed_at: row.get("changed_at"),
                changed_by: row.get("changed_by"),
                texts: texts.remove(&id).unwrap_or_default(),
                uses: uses.remove(&id).unwrap_or_default(),
                id,
            }
        };
        Ok(rows.iter().map(article).collect())
    }

    /// Returns a page of the titles of published articles, the latest first, each with its short form or how it begins: in a language,
    /// or in the first that it has. No text is read whole.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn titles(&self, language: Language, skip: i64, most: i64) -> Result<Vec<Title>> {
        let sql = "SELECT t.article, t.title, CASE WHEN t.spoken = '' THEN SUBSTR(t.body, 1, 160) ELSE t.spoken END AS short \
                   FROM article a JOIN article_text t ON t.article = a.id WHERE a.status = 'published' AND t.language = \
                   COALESCE((SELECT o.language FROM article_text o WHERE o.article = a.id AND o.language = $1), \
                   (SELECT MIN(o.language) FROM article_text o WHERE o.article = a.id)) \
                   ORDER BY a.changed_at DESC, a.id LIMIT $2 OFFSET $3";
        let rows = sqlx::query(sql).bind(language.code()).bind(most).bind(skip).fetch_all(self.state.reader());
        let rows = rows.await.map_err(failed)?;
        Ok(rows.iter().map(|row| (row.get("article"), row.get("title"), row.get("short"))).collect())
    }

    /// Returns one article.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn one(&self, id: &str) -> Result<Option<Article>> {
        Ok(if id.is_empty() { None } else { self.read(id).await?.pop() })
    }

    /// Keeps an article: a new one, or another text of one that is there. Returns its id; none when there is no such article, or there
    /// are too many.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn keep(&self, id: Option<&str>, new: &NewArticle, by: &str) -> Result<Option<String>> {
        new.check()?;
        let now = (self.clock)().0;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let sql = "SELECT COUNT(*) FROM article WHERE id = $1 OR $2 = 1";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(id.unwrap_or_default().to_owned())
            .bind(i64::from(id.is_none()))
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if id.map_or(count >= ARTICLES_MAX, |_| count == 0) {
            return Ok(None);
        }
        let id = id.map_or_else(mark::draw, |id| Ok(id.to_owned()))?;
        sqlx::query(
            "INSERT INTO article (id, status, created_at, changed_at, changed_by) VALUES ($1, $2, $3, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET status = excluded.status, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        )
        .bind(id.clone())
        .bind(if new.is_published { "published" } else { "draft" })
        .bind(now)
        .bind(by.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let sql = "DELETE FROM article_text WHERE article = $1";
        sqlx::query(sql).bind(id.clone()).execute(&mut *transaction).await.map_err(failed)?;
        for text in &new.texts {
            sqlx::query("INSERT INTO article_text (article, language, title, body, spoken) VALUES ($1, $2, $3, $4, $5)")
                .bind(id.clone())
                .bind(text.language.clone())
                .bind(text.title.trim().to_owned())
                .bind(text.body.trim().to_owned())
                .bind(text.spoken.trim().to_owned())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        self.forget_index();
        Ok(Some(id))
    }

    /// Takes an article away; tells whether there was one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn drop(&self, id: &str) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let mut gone = 0;
        for sql in [
            "DELETE FROM article_use WHERE article = $1",
            "DELETE FROM article_text WHERE article = $1",
            "DELETE FROM article WHERE id = $1",
        ] {
            let done = sqlx::query(sql).bind(id.to_owned()).execute(&mut *transaction).await.map_err(failed)?;
            gone = done.rows_affected();
        }
        transaction.commit().await.map_err(failed)?;
        self.forget_index();
        Ok(gone > 0)
    }

    /// Counts a use of an article that is there.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn count(&self, id: &str, how: &'static str) -> Result<()> {
        let day = (self.clock)().0.div_euclid(DAY);
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO article_use (article, day, how, count) SELECT id, $1, $2, 1 FROM article WHERE id = $3 \
             ON CONFLICT (article, day, how) DO UPDATE SET count = article_use.count + 1",
        )
        .bind(day)
        .bind(how)
        .bind(id.to_owned())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Finds articles that may answer a question: in one language, and where that has none, in the others.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn find(&self, question: &str, language: Language, published_only: bool, most: usize) -> Result<Vec<Hit>> {
        let built = self.built().await?;
        let indexes = if published_only { &built.published } else { &built.all };
        let first = LANGUAGES.iter().position(|known| *known == language).unwrap_or(0);
        for place in [first, 0, 1, 2] {
            let hits = indexes[place].find(LANGUAGES[place], question, most);
            if !hits.is_empty() {
                return Ok(hits);
            }
        }
        Ok(Vec::new())
    }

    fn forget_index(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.writes += 1;
        kept.built = None;
    }

    async fn built(&self) -> Result<Arc<Built>> {
        let writes = {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(built) = &kept.built {
                return Ok(Arc::clone(built));
            }
            kept.writes
        };
        let articles = self.all().await?;
        let index = |language: Language, published_only: bool| {
            let wanted = articles.iter().filter(|article| article.is_published || !published_only);
            let entries = wanted.flat_map(|article| {
                let texts = article.texts.iter().filter(|text| text.language == language.code());
                texts.map(|text| Entry { article: &article.id, title: &text.title, body: &text.body, spoken: &text.spoken })
            });
            Index::build(language, &entries.collect::<Vec<_>>())
        };
        let built =
            Arc::new(Built { published: LANGUAGES.map(|one| index(one, true)), all: LANGUAGES.map(|one| index(one, false)) });
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // What was written while it was built may not be in it: it answers this once.
        if kept.writes == writes {
            kept.built = Some(Arc::clone(&built));
        }
        Ok(built)
    }
}

/// Chooses the text of an article in a language, or in the first it has.
pub(in crate::features::conversations) fn text_in(article: &Article, language: Language) -> Option<&ArticleText> {
    article.texts.iter().find(|text| text.language == language.code()).or_else(|| article.texts.first())
}
