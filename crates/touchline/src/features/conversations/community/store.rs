//! Keeping questions and answers: the tables `community_question` and `community_answer`.

use super::member::Member;
use crate::failure::{Failure, Result};
use crate::features::conversations::seal::{Opener, sealed};
use crate::features::conversations::store::{actor_of, failed};
use crate::features::conversations::{Author, Language, Talk};
use model::ActorId;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// What a title and a text may have.
pub(super) const TITLE_MAX: usize = 200;
pub(super) const BODY_MAX: usize = 5_000;
/// What is said to somebody whose words are refused.
pub(super) const REASON_MAX: usize = 500;
/// So many questions can be kept: beyond it somebody floods.
const QUESTIONS_MAX: i64 = 20_000;
/// So many answers one question can have.
const ANSWERS_MAX: i64 = 100;
/// So many questions are told at once.
pub(super) const SHOWN_MAX: i64 = 200;

/// Is a question of the community.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CommunityQuestion {
    /// Its id.
    pub id: String,
    /// The number of whoever asks.
    pub person: String,
    /// The name they gave.
    pub name: String,
    /// What they ask, in a line.
    pub title: String,
    /// And the rest of it.
    pub text: String,
    /// `en`, `fr` or `ru`.
    pub language: String,
    /// `waiting`, `published` or `refused`.
    pub state: String,
    /// Why it was refused, as its writer is told.
    pub reason: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The answer that is right, by its id; empty: none is said to be.
    pub accepted: String,
    /// The article that was made of it, by its id; empty: none.
    pub article: String,
    /// What was answered, in order.
    pub answers: Vec<CommunityAnswer>,
}

/// Is an answer to one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CommunityAnswer {
    /// Its id.
    pub id: String,
    /// The number of whoever answers; of ours that of whoever asked.
    pub person: String,
    /// Their name.
    pub name: String,
    /// Whether it is ours.
    pub is_ours: bool,
    /// What it says.
    pub text: String,
    /// `waiting`, `published` or `refused`.
    pub state: String,
    /// Why it was refused, as its writer is told.
    pub reason: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is which questions are wanted.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    One(&'a str),
    /// Those that everybody sees.
    Published,
    /// Of one member.
    Of(ActorId),
    /// Those first that wait, or have an answer that waits.
    All,
}

/// Is who answers.
#[derive(Clone, Copy)]
pub(super) enum Writer<'a> {
    Member(&'a Member),
    /// Somebody of the house.
    House(&'a Author),
}

/// Says why nothing was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotKept {
    Absent,
    Full,
}

/// Tells whether a text is one that somebody may write.
pub(super) fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty()
        && text.len() <= most
        && !text.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'))
}

/// Writes which questions are wanted, in which order and how many: for the questions and for their answers.
macro_rules! wanted {
    () => {
        "WHERE ($1 = '' OR q.id = $1) AND ($2 = '' OR q.state = $2) AND ($3 = 0 OR q.actor = $3) \
         ORDER BY CASE WHEN $4 = 1 AND (q.state = 'waiting' OR EXISTS (SELECT 1 FROM community_answer a WHERE a.question = q.id \
         AND a.state = 'waiting')) THEN 0 ELSE 1 END, q.at DESC, q.id LIMIT $5"
    };
}

impl Talk {
    /// Reads questions, the latest first, with all their answers. What cannot be opened any more is left out.
    pub(super) async fn questions(&self, which: Which<'_>, most: i64) -> Result<Vec<CommunityQuestion>> {
        let (id, state, actor, by_need) = match which {
            Which::One(id) => (id, "", 0, 0_i64),
            Which::Published => ("", "published", 0, 0),
            Which::Of(actor) => ("", "", actor.0.cast_signed(), 0),
            Which::All => ("", "", 0, 1),
        };
        let wanted = |sql: &'static str| sqlx::query(sql).bind(id.to_owned()).bind(state).bind(actor).bind(by_need).bind(most);
        let reader = self.inbox.stores.state.reader();
        let sql = concat!(
            "SELECT id, actor, title, body, language, state, reason, at, accepted, article FROM community_question q ",
            wanted!()
        );
        let rows = wanted(sql).fetch_all(reader).await.map_err(failed)?;
        let sql = concat!(
            "SELECT question, id, actor, account, author, body, state, reason, at FROM community_answer WHERE question IN \
             (SELECT q.id FROM community_question q ",
            wanted!(),
            ") ORDER BY at, id"
        );
        let of_them = wanted(sql).fetch_all(reader).await.map_err(failed)?;
        let actors: BTreeSet<ActorId> = rows.iter().chain(&of_them).map(actor_of).collect();
        let mut answers: BTreeMap<String, Vec<AnyRow>> = BTreeMap::new();
        for row in of_them {
            answers.entry(row.get("question")).or_default().push(row);
        }
        let actors: Vec<ActorId> = actors.into_iter().collect();
        let opener = self.inbox.sealer.opener(&actors).await?;
        let names = self.member_names(&actors, &opener).await?;
        let question = |row: &AnyRow| {
            let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
            let open = |what: &str| opener.open(actor, &format!("community:{id}:{what}"), &row.get::<String, _>(what));
            let of_it = answers.get(&id).map(Vec::as_slice).unwrap_or_default();
            Some(CommunityQuestion {
                title: open("title").filter(|title| !title.is_empty())?,
                text: open("body")?,
                person: self.person_number(actor),
                name: names.get(&actor).cloned().unwrap_or_default(),
                language: row.get("language"),
                state: row.get("state"),
                reason: row.get("reason"),
                at: row.get("at"),
                accepted: row.get("accepted"),
                article: row.get("article"),
                answers: of_it.iter().filter_map(|row| self.community_answer(row, &opener, &names)).collect(),
                id,
            })
        };
        Ok(rows.iter().filter_map(question).collect())
    }

    fn community_answer(&self, row: &AnyRow, opener: &Opener, names: &BTreeMap<ActorId, String>) -> Option<CommunityAnswer> {
        let (id, actor): (String, ActorId) = (row.get("id"), actor_of(row));
        let is_ours = row.get::<Option<i64>, _>("account").is_some();
        let name = if is_ours { row.get("author") } else { names.get(&actor).cloned().unwrap_or_default() };
        Some(CommunityAnswer {
            text: opener
                .open(actor, &format!("community:{id}:body"), &row.get::<String, _>("body"))
                .filter(|text| !text.is_empty())?,
            person: self.person_number(actor),
            name,
            is_ours,
            state: row.get("state"),
            reason: row.get("reason"),
            at: row.get("at"),
            id,
        })
    }

    fn person_number(&self, actor: ActorId) -> String {
        self.inbox.person_of(actor)
    }

    /// Keeps a question. The same id again changes nothing. Tells whether it appears at once.
    pub(super) async fn ask_community(
        &self,
        member: &Member,
        id: &str,
        (title, text): (&str, &str),
        language: Language,
    ) -> Result<std::result::Result<bool, NotKept>> {
        let appears = self.inbox.settings().await?.community.appears_at_once;
        let key = self.inbox.sealer.of(member.actor).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM community_question").fetch_one(&mut *transaction).await.map_err(failed)?;
        if count >= QUESTIONS_MAX {
            return Ok(Err(NotKept::Full));
        }
        sqlx::query(
            "INSERT INTO community_question (id, actor, title, body, language, state, reason, decided_by, at, accepted, article, told) \
             VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, '', '', 0) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_owned())
        .bind(member.actor.0.cast_signed())
        .bind(sealed(&key, &format!("community:{id}:title"), title.trim())?)
        .bind(sealed(&key, &format!("community:{id}:body"), text.trim())?)
        .bind(language.code())
        .bind(if appears { "published" } else { "waiting" })
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        self.tell_community().await;
        Ok(Ok(appears))
    }

    /// Keeps an answer to a question that everybody sees. Ours appear at once. The same id again changes nothing.
    pub(super) async fn answer_community(
        &self,
        question: &str,
        id: &str,
        who: Writer<'_>,
        text: &str,
    ) -> Result<std::result::Result<bool, NotKept>> {
        let is_ours = matches!(who, Writer::House(_));
        let appears = is_ours || self.inbox.settings().await?.community.appears_at_once;
        let asked = sqlx::query("SELECT actor, state FROM community_question WHERE id = $1").bind(question.to_owned());
        let Some(asked) = asked.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)? else {
            return Ok(Err(NotKept::Absent));
        };
        if !is_ours && asked.get::<String, _>("state") != "published" {
            return Ok(Err(NotKept::Absent));
        }
        let (actor, account, author) = match who {
            Writer::Member(member) => (member.actor, None, ""),
            Writer::House(by) => (actor_of(&asked), Some(by.account), by.name.as_str()),
        };
        let key = self.inbox.sealer.of(actor).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM community_answer WHERE question = $1")
            .bind(question.to_owned())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= ANSWERS_MAX {
            return Ok(Err(NotKept::Full));
        }
        sqlx::query(
            "INSERT INTO community_answer (id, question, actor, account, author, body, state, reason, decided_by, at, told, letter) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', $8, 0, 0) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.to_owned())
        .bind(question.to_owned())
        .bind(actor.0.cast_signed())
        .bind(account)
        .bind(author.to_owned())
        .bind(sealed(&key, &format!("community:{id}:body"), text.trim())?)
        .bind(if appears { "published" } else { "waiting" })
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        // Whoever answers a question has looked at it.
        if is_ours {
            sqlx::query("UPDATE community_question SET state = 'published', decided_by = $1 WHERE id = $2 AND state = 'waiting'")
                .bind(author.to_owned())
                .bind(question.to_owned())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        self.tell_community().await;
        self.write_to_asker(question).await?;
        Ok(Ok(appears))
    }

    /// Decides whether everybody sees a question or an answer; tells whether it is there.
    pub(super) async fn decide_community(
        &self,
        is_answer: bool,
        id: &str,
        state: &'static str,
        reason: &str,
        by: &Author,
    ) -> Result<bool> {
        let sql = if is_answer {
            "UPDATE community_answer SET state = $1, reason = $2, decided_by = $3 WHERE id = $4 AND account IS NULL"
        } else {
            "UPDATE community_question SET state = $1, reason = $2, decided_by = $3 WHERE id = $4"
        };
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let changed = sqlx::query(sql)
            .bind(state)
            .bind(reason.trim().to_owned())
            .bind(by.name.clone())
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        if is_answer {
            let question: Option<String> = sqlx::query_scalar("SELECT question FROM community_answer WHERE id = $1")
                .bind(id.to_owned())
                .fetch_optional(self.inbox.stores.state.reader())
                .await
                .map_err(failed)?;
            if let Some(question) = question {
                self.write_to_asker(&question).await?;
            }
        }
        Ok(changed.rows_affected() > 0)
    }

    /// Says which published answer is right, by its id; with `by` only where it is they who asked. Tells whether there is such an answer.
    pub(super) async fn accept_answer(&self, question: &str, answer: &str, by: Option<ActorId>) -> Result<bool> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        let changed = sqlx::query(
            "UPDATE community_question SET accepted = $1 WHERE id = $2 AND ($3 = 0 OR actor = $4) AND EXISTS \
             (SELECT 1 FROM community_answer a WHERE a.id = $1 AND a.question = $2 AND a.state = 'published')",
        )
        .bind(answer.to_owned())
        .bind(question.to_owned())
        .bind(i64::from(by.is_some()))
        .bind(by.map_or(0, |actor| actor.0.cast_signed()))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        Ok(changed.rows_affected() > 0)
    }

    /// Notes which article was made of a question.
    pub(super) async fn note_article(&self, question: &str, article: &str) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE community_question SET article = $1 WHERE id = $2")
            .bind(article.to_owned())
            .bind(question.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Takes away what was written by people who were erased: the keys of their texts are gone.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn sweep_community(&self) -> Result<()> {
        let sql = "SELECT actor FROM community_member UNION SELECT actor FROM community_question UNION SELECT actor FROM community_answer \
                   UNION SELECT actor FROM community_solved WHERE actor <> 0";
        let actors: Vec<i64> = sqlx::query_scalar(sql).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let actors: Vec<ActorId> = actors.into_iter().map(|actor| ActorId(actor.cast_unsigned())).collect();
        let opener = self.inbox.sealer.opener(&actors).await?;
        let gone: Vec<i64> = actors.iter().filter(|actor| !opener.knows(**actor)).map(|actor| actor.0.cast_signed()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        for actor in gone {
            for sql in [
                // What others answered to a question that is gone answers nothing any more.
                "DELETE FROM community_answer WHERE actor = $1 OR question IN (SELECT id FROM community_question WHERE actor = $1)",
                "DELETE FROM community_question WHERE actor = $1",
                "DELETE FROM community_solved WHERE actor = $1",
                "DELETE FROM community_member WHERE actor = $1",
            ] {
                sqlx::query(sql).bind(actor).execute(&mut *transaction).await.map_err(failed)?;
            }
        }
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        Ok(())
    }
}

/// Refuses a text that is too long, or none.
pub(super) fn checked(text: &str, most: usize) -> Result<()> {
    if is_text(text, most) { Ok(()) } else { Err(Failure::new(format!("A text has 1 to {most} bytes")).hint("Shorten it")) }
}

/// Is a question with an answer, brought from elsewhere.
pub struct BroughtQuestion<'a> {
    /// Names it for ever: the same id is one question.
    pub id: &'a str,
    /// Who asks, and under which name.
    pub asker: (&'a str, &'a str),
    /// What they ask: in a line, and the rest.
    pub asked: (&'a str, &'a str),
    /// In which language.
    pub language: Language,
    /// Who answers, under which name, and what they say.
    pub answered: Option<(&'a str, &'a str, &'a str)>,
    /// Whether everybody sees it.
    pub is_published: bool,
}

impl Talk {
    /// Takes a question that was asked elsewhere, with the addresses of those who wrote.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn bring_question(&self, brought: &BroughtQuestion<'_>) -> Result<()> {
        let house = Author { account: 0, name: String::new() };
        let (email, name) = brought.asker;
        let Some(asker) = self.bring_member(email, name, brought.language).await? else { return Ok(()) };
        let _ = self.ask_community(&asker, brought.id, brought.asked, brought.language).await?;
        if !brought.is_published {
            return Ok(());
        }
        self.decide_community(false, brought.id, "published", "", &house).await?;
        if let Some((email, name, text)) = brought.answered
            && let Some(member) = self.bring_member(email, name, brought.language).await?
        {
            let answer = format!("{}-answer", brought.id);
            let _ = self.answer_community(brought.id, &answer, Writer::Member(&member), text).await?;
            self.decide_community(true, &answer, "published", "", &house).await?;
        }
        Ok(())
    }
}
