//! What may answer a question already: articles, and questions that somebody has answered; and how often that did.
//!
//! Deflection (M20): whoever says that it answered them is counted as known, where they came by their link, and stayed away if nothing
//! of theirs came into the inbox within 72 hours; or as unknown.

use super::store::{CommunityQuestion, Which};
use crate::failure::Result;
use crate::features::conversations::knowledge::{Entry, Hit, Index};
use crate::features::conversations::store::failed;
use crate::features::conversations::{Language, Talk};
use model::ActorId;
use model::time::{DAY, SECOND};
use std::sync::{Arc, PoisonError, RwLock};

/// So many questions are looked through, the latest.
const LOOKED_MAX: i64 = 5_000;
/// A new contact within so long was not deflected.
const AWAY: i64 = 72 * 3_600 * SECOND;

const LANGUAGES: [Language; 3] = [Language::En, Language::Fr, Language::Ru];

/// Keeps the index of what is published. Clones share it.
#[derive(Clone, Default)]
pub(in crate::features::conversations) struct Community {
    kept: Arc<RwLock<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// How often something was written.
    writes: u64,
    built: Option<Arc<[Index; 3]>>,
}

impl Community {
    /// Says that something was written: what is in memory is built anew.
    pub(super) fn forget(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.writes += 1;
        kept.built = None;
    }
}

/// Is how many said that what was there answered them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Solved {
    /// Of known people, those long enough ago to be judged.
    pub(super) known: i64,
    /// Of these, those who wrote nothing within 72 hours.
    pub(super) known_stayed_away: i64,
    /// Of known people, since less than 72 hours.
    pub(super) pending: i64,
    /// Of unknown people.
    pub(super) unknown: i64,
}

/// Returns the answer that stands for a question: the one that is right, else ours, else the first.
pub(super) fn best(question: &CommunityQuestion) -> Option<&super::CommunityAnswer> {
    let published = || question.answers.iter().filter(|answer| answer.state == "published");
    published()
        .find(|answer| answer.id == question.accepted)
        .or_else(|| published().find(|answer| answer.is_ours))
        .or_else(|| published().next())
}

impl Talk {
    /// Finds published questions that somebody has answered, the best first; where a language has none, in the others.
    pub(super) async fn find_answered(&self, words: &str, language: Language, most: usize) -> Result<Vec<Hit>> {
        let built = self.community_index().await?;
        let first = LANGUAGES.iter().position(|known| *known == language).unwrap_or(0);
        for place in [first, 0, 1, 2] {
            let hits = built[place].find(LANGUAGES[place], words, most);
            if !hits.is_empty() {
                return Ok(hits);
            }
        }
        Ok(Vec::new())
    }

    async fn community_index(&self) -> Result<Arc<[Index; 3]>> {
        let writes = {
            let kept = self.community.kept.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(built) = &kept.built {
                return Ok(Arc::clone(built));
            }
            kept.writes
        };
        let questions = self.questions(Which::Published, LOOKED_MAX).await?;
        let index = |language: Language| {
            let of_it = questions.iter().filter(|question| question.language == language.code());
            let entries = of_it.filter_map(|question| {
                let answer = best(question)?;
                Some(Entry { article: &question.id, title: &question.title, body: &question.text, spoken: &answer.text })
            });
            Index::build(language, &entries.collect::<Vec<_>>())
        };
        let built = Arc::new(LANGUAGES.map(index));
        let mut kept = self.community.kept.write().unwrap_or_else(PoisonError::into_inner);
        // What was written while it was built may not be in it: it answers this once.
        if kept.writes == writes {
            kept.built = Some(Arc::clone(&built));
        }
        Ok(built)
    }

    /// Counts that an article or a question answered somebody; of one known person once a day.
    pub(super) async fn note_solved(&self, actor: Option<ActorId>, kind: &'static str, target: &str, nonce: &str) -> Result<()> {
        let now = self.inbox.now().0;
        let id = match actor {
            Some(actor) => format!("{actor}:{kind}:{target}:{}", now.div_euclid(DAY)),
            None => nonce.to_owned(),
        };
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let added = sqlx::query(
            "INSERT INTO community_solved (id, actor, kind, target, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(actor.map_or(0, |actor| actor.0.cast_signed()))
        .bind(kind)
        .bind(target.to_owned())
        .bind(now)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if added.rows_affected() > 0 && kind == "article" {
            self.knowledge.count(target, "helped").await?;
        }
        Ok(())
    }

    /// Counts since a moment who was answered by what was there.
    pub(super) async fn solved(&self, since: i64) -> Result<Solved> {
        let judged = self.inbox.now().0 - AWAY;
        let sql = "SELECT COUNT(*) FROM community_solved s WHERE s.actor <> 0 AND s.at >= $1 AND s.at <= $2";
        let known = sqlx::query_scalar(sql).bind(since).bind(judged).fetch_one(self.inbox.stores.state.reader());
        let known: i64 = known.await.map_err(failed)?;
        let sql = "SELECT COUNT(*) FROM community_solved s WHERE s.actor <> 0 AND s.at >= $1 AND s.at <= $2 AND EXISTS \
                   (SELECT 1 FROM message m WHERE m.actor = s.actor AND m.kind = 'in' AND m.at > s.at AND m.at <= s.at + $3)";
        let came = sqlx::query_scalar(sql).bind(since).bind(judged).bind(AWAY).fetch_one(self.inbox.stores.state.reader());
        let came: i64 = came.await.map_err(failed)?;
        let sql = "SELECT COUNT(*) FROM community_solved s WHERE s.at >= $1 AND ((s.actor <> 0 AND s.at > $2 AND $3 = 1) \
                   OR (s.actor = 0 AND $3 = 0))";
        let mut counted = [0_i64; 2];
        for (which, count) in counted.iter_mut().enumerate() {
            let is_pending = i64::from(which == 0);
            let one = sqlx::query_scalar(sql).bind(since).bind(judged).bind(is_pending);
            *count = one.fetch_one(self.inbox.stores.state.reader()).await.map_err(failed)?;
        }
        Ok(Solved { known, known_stayed_away: known - came, pending: counted[0], unknown: counted[1] })
    }
}
