//! Comments under pages: the table `page_comment`, and what the ledger and the inbox are told.
//!
//! A comment is an interaction from the moment it stands as its writer's own: at once, or when the link of a mail was followed.
//! Where its block says so it is a conversation of the inbox too, and then the inbox tells the ledger, of it and of our answer.

use super::comment_blocks::{Level, NewCommentBlock};
use super::in_inbox::{Standing, conversation_of, nobody_of_us};
use super::refusal::{Refusal, Why};
use super::room::{Feedback, SHOWN_MAX, SOURCE, actor_of, failed, place_of};
use crate::failure::{Failure, Result};
use crate::features::conversations::{Author, Incoming, Language, Wanted};
use crate::features::people::policy::Class;
use crate::features::people::{TextKey, open, seal};
use crate::platform::id_map::IdMap;
use model::time::DAY;
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Signature};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

/// Who does not follow the link of a mail for so long will not.
const PROOF_LASTS: i64 = 2 * DAY;

/// Is one comment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PageComment)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// The block it stands in.
    pub block: i64,
    /// The page, as host and path.
    pub page: String,
    /// How far its writer says who they are.
    pub level: Level,
    /// The name they gave, or that was proved; empty: none.
    pub name: String,
    /// A page of theirs; empty: none.
    pub link: String,
    /// What they wrote; none: it cannot be read any more.
    pub words: Option<String>,
    /// `pending`, `published` or `refused`.
    pub state: String,
    /// Why it was refused, for colleagues; of a refusal that its writer was told, what was added to the reason.
    pub reason: String,
    /// The reason that its writer was told; none: they were told none.
    pub why: Option<Why>,
    /// Whether its writer can be told by mail what becomes of it: they have confirmed an address.
    pub is_reachable: bool,
    /// The language it was written in, `en`, `fr` or `ru`; empty: nobody knows.
    pub language: String,
    /// What we answered.
    pub reply: String,
    /// Its conversation in the inbox; empty: it has none.
    pub conversation: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is a comment on its way in; what is wrong with it was said before.
#[derive(Clone, Debug)]
pub(super) struct Said<'a> {
    pub(super) id: &'a str,
    pub(super) block: i64,
    pub(super) page: &'a str,
    pub(super) level: Level,
    /// Who the site says they are.
    pub(super) proved: Option<Identity>,
    pub(super) name: &'a str,
    pub(super) link: &'a str,
    /// Where a link goes that proves who they are; empty where `proved` does, or nothing shall be.
    pub(super) address: &'a str,
    pub(super) words: &'a str,
    /// Whether they want to hear by mail of our answer.
    pub(super) wants_word: bool,
    /// The language they write in.
    pub(super) language: Language,
}

/// Is what becomes of a comment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum CommentChange {
    /// Everybody sees it.
    Publish,
    /// Nobody sees it, for this reason, which is for colleagues.
    Refuse(String),
    /// Nobody sees it, and its writer is told why, if they have confirmed an address.
    RefuseAndTell(Refusal),
    /// It waits again, as if nobody had looked at it.
    Wait,
    /// We answer it, for everybody; empty: no longer.
    Reply(String),
}

impl Feedback {
    /// Takes a comment under a name, published or waiting.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn take_comment(
        &self,
        block: i64,
        id: &str,
        page: &str,
        name: &str,
        words: &str,
        is_published: bool,
    ) -> Result<()> {
        let level = if name.is_empty() { Level::Anonymous } else { Level::Named };
        let said = Said {
            id,
            block,
            page,
            level,
            proved: None,
            name,
            link: "",
            address: "",
            words,
            wants_word: false,
            language: Language::En,
        };
        self.comment(&said).await?;
        if is_published {
            self.set_state(id, ("published", "", ""), &nobody_of_us()).await?;
        }
        Ok(())
    }

    /// Takes a comment; it waits until somebody has looked at it. The same one again changes nothing.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn comment(&self, said: &Said<'_>) -> Result<()> {
        let by_mail = Identity::new("email", said.address).filter(|_| said.proved.is_none() && said.level == Level::Verified);
        let who = match (&said.proved, &by_mail) {
            (Some(who), _) | (None, Some(who)) => who.clone(),
            (None, None) => nobody(said.id)?,
        };
        let (actor, at) = (who.actor(), self.now());
        let key = self.keys.of(&[actor]).await?[&actor];
        let sealed = |what: &str, text: &str| {
            if text.is_empty() { Ok(String::new()) } else { seal(&key, place(said.id, what), text) }
        };
        let state = if by_mail.is_some() { "unproved" } else { "pending" };
        if let Some(address) = &by_mail {
            // Whoever asks what we hold of this address, or to erase it, is answered from now on, whether or not it is ever confirmed.
            self.talk.inbox.get_to_know(address, at).await?;
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let kept = sqlx::query(
            "INSERT INTO page_comment (id, block, page, actor, identity, level, name, link, body, wants_word, state, reason, reply, \
             conversation, at, replied_at, language) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', $12, NULL, $13) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(said.id.to_owned())
        .bind(said.block)
        .bind(said.page.to_owned())
        .bind(actor.0.cast_signed())
        .bind(sealed("identity", &format!("{}\n{}", who.namespace, who.value))?)
        .bind(said.level.name())
        .bind(sealed("name", said.name)?)
        .bind(sealed("link", said.link)?)
        .bind(sealed("words", said.words)?)
        .bind(i64::from(said.wants_word))
        .bind(state)
        .bind(at.0)
        .bind(said.language.code())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        match by_mail {
            // Told again where it was sent before: perhaps that broke off before the rest.
            None => self.tell_comment(said.id).await,
            Some(who) if kept.rows_affected() > 0 => self.ask_proof(said, who).await,
            Some(_) => Ok(()),
        }
    }

    /// Sends the link that proves whose an address is.
    async fn ask_proof(&self, said: &Said<'_>, who: Identity) -> Result<()> {
        let link = format!("{}/p/comment/{}", self.talk.address(), self.proof_of(said.id).await?);
        let text = format!(
            "Somebody wrote a comment on {page} with this address. If it was you, confirm it here:\n{link}\n\n\
             Quelqu’un a écrit un commentaire sur {page} avec cette adresse. Si c’est vous, confirmez-le ici :\n{link}\n\n\
             Кто-то написал комментарий на {page} с этим адресом. Если это вы, подтвердите здесь:\n{link}\n",
            page = said.page
        );
        let wanted = Wanted {
            id: format!("comment:{}", said.id),
            address: said.address.to_owned(),
            who,
            class: Class::Transactional,
            tag: "comment".to_owned(),
            subject: "Your comment / Votre commentaire / Ваш комментарий".to_owned(),
            text,
            about: String::new(),
        };
        self.talk.queue_letter(&wanted).await
    }

    /// Writes the token by which a comment is confirmed.
    pub(super) async fn proof_of(&self, id: &str) -> Result<String> {
        let secret = self.talk.door.policy().secret("comment").await?;
        let mac = blake3::keyed_hash(&secret, id.as_bytes()).to_hex();
        Ok(format!("{id}{}", &mac[..32]))
    }

    /// Reads such a token; `None` for what we did not write, and for a comment that is not there any more.
    pub(super) async fn proved_by(&self, token: &str) -> Result<Option<Comment>> {
        let Some((id, _)) = token.split_at_checked(32) else { return Ok(None) };
        let ours = self.proof_of(id).await?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(ours.as_bytes(), token.as_bytes())) {
            return Ok(None);
        }
        self.one_comment(id).await
    }

    /// Takes a comment for its writer's own: they followed the link.
    pub(super) async fn prove_comment(&self, id: &str) -> Result<()> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE page_comment SET state = 'pending' WHERE id = $1 AND state = 'unproved'")
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.tell_comment(id).await
    }

    /// Tells the ledger or the inbox of a comment; telling again changes nothing.
    async fn tell_comment(&self, id: &str) -> Result<()> {
        let Some((comment, who)) = self.whole_comment(id).await? else { return Ok(()) };
        let Some(block) = self.block(comment.block).await? else { return Ok(()) };
        let words = comment.words.clone().unwrap_or_default();
        if !block.in_inbox {
            let mut arrival = comment_arrival(&block, &comment, Direction::Inbound);
            arrival.identities = vec![who];
            arrival.text = Some(words);
            return self.talk.door.deliver(vec![arrival]).await;
        }
        let conversation = conversation_of("comment", id);
        let address = if who.namespace == "email" { who.value.clone() } else { String::new() };
        let incoming = Incoming {
            conversation: conversation.clone(),
            client_id: format!("comment-{id}"),
            channel: "comment".to_owned(),
            identity: who,
            name: comment.name.clone(),
            address,
            subject: comment.page.clone(),
            text: words,
            html: String::new(),
            at: Instant(comment.at),
            place: site_of(&comment.page),
            meta: json!({ "unverified": comment.level != Level::Verified, "touchpoint": block.touchpoint }),
            thread_key: String::new(),
        };
        self.talk.inbox.incoming(&incoming).await?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE page_comment SET conversation = $1 WHERE id = $2")
            .bind(conversation)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Lists the comments that are somebody's own: those that wait first, then the latest. At most so many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn comments(&self) -> Result<Vec<Comment>> {
        let sql = "SELECT id, block, page, actor, identity, level, name, link, body, state, reason, why, language, reply, conversation, at \
                   FROM page_comment \
                   WHERE state <> 'unproved' ORDER BY CASE WHEN state = 'pending' THEN 0 ELSE 1 END, at DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(SHOWN_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        self.read_comments(&rows).await
    }

    /// Lists what everybody may read under a page, the oldest first.
    pub(super) async fn published_comments(&self, block: i64, page: &str) -> Result<Vec<Comment>> {
        let sql = "SELECT id, block, page, actor, identity, level, name, link, body, state, reason, why, language, reply, conversation, at \
                   FROM page_comment \
                   WHERE block = $1 AND page = $2 AND state = 'published' ORDER BY at DESC, id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(block)
            .bind(page.to_owned())
            .bind(SHOWN_MAX)
            .fetch_all(self.state.reader())
            .await
            .map_err(failed)?;
        let mut all = self.read_comments(&rows).await?;
        all.reverse();
        Ok(all)
    }

    /// Returns a comment; `None` where it is not there, or cannot be read any more.
    pub(super) async fn one_comment(&self, id: &str) -> Result<Option<Comment>> {
        Ok(self.whole_comment(id).await?.map(|(comment, _)| comment))
    }

    /// Returns a comment with who wrote it; `None` where it is not there, or cannot be read any more.
    async fn whole_comment(&self, id: &str) -> Result<Option<(Comment, Identity)>> {
        let sql = "SELECT id, block, page, actor, identity, level, name, link, body, state, reason, why, language, reply, conversation, at \
                   FROM page_comment WHERE id = $1";
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(self.state.reader()).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let keys = self.keys.known(&[actor_of(&row)]).await?;
        let text = opened(&row, &keys, "identity", "identity");
        let who = text.as_deref().and_then(|text| text.split_once('\n')).and_then(|(kind, name)| Identity::new(kind, name));
        Ok(who.map(|who| (comment(&row, &keys), who)))
    }

    async fn read_comments(&self, rows: &[AnyRow]) -> Result<Vec<Comment>> {
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        Ok(rows.iter().map(|row| comment(row, &keys)).collect())
    }

    /// Publishes, refuses or answers a comment, or lets it wait again; tells whether there is one.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn change_comment(&self, id: &str, change: &CommentChange, by: &Author) -> Result<bool> {
        if let CommentChange::Reply(reply) = change {
            return self.reply_to_comment(id, reply.trim(), Some(by)).await;
        }
        let standing = match change {
            CommentChange::Publish => ("published", "", ""),
            CommentChange::Refuse(reason) => ("refused", reason.trim(), ""),
            CommentChange::RefuseAndTell(refusal) => ("refused", refusal.words.trim(), refusal.why.name()),
            CommentChange::Wait | CommentChange::Reply(_) => ("pending", "", ""),
        };
        let is_there = self.set_state(id, standing, by).await?;
        if let (CommentChange::RefuseAndTell(refusal), true) = (change, is_there)
            && let Some((comment, who)) = self.whole_comment(id).await?
        {
            self.write_of_refusal(&comment, who, refusal).await?;
        }
        Ok(is_there)
    }

    /// Sets how a comment stands, with the reason in words and the one that its writer is told; tells whether there is one.
    async fn set_state(&self, id: &str, (state, reason, why): (&'static str, &str, &'static str), by: &Author) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let sql = "SELECT state, reply, conversation FROM page_comment WHERE id = $1 AND state <> 'unproved'";
        let stood = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&mut *transaction).await.map_err(failed)?;
        let Some(stood) = stood else { return Ok(false) };
        sqlx::query("UPDATE page_comment SET state = $1, reason = $2, why = $4 WHERE id = $3 AND state <> 'unproved'")
            .bind(state)
            .bind(reason.to_owned())
            .bind(id.to_owned())
            .bind(why)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let (before, reply): (String, String) = (stood.get("state"), stood.get("reply"));
        let before = Standing { state: &before, is_answered: !reply.is_empty() };
        self.follow(&stood.get::<String, _>("conversation"), before, state, by).await?;
        Ok(true)
    }

    /// Answers a comment for everybody. `by` is nobody where the inbox has the answer already.
    async fn reply_to_comment(&self, id: &str, reply: &str, by: Option<&Author>) -> Result<bool> {
        let sql = "UPDATE page_comment SET reply = $1, replied_at = $2 WHERE id = $3 AND state <> 'unproved'";
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let changed = sqlx::query(sql)
            .bind(reply.to_owned())
            .bind(self.now().0)
            .bind(id.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if changed.rows_affected() == 0 || reply.is_empty() {
            return Ok(changed.rows_affected() > 0);
        }
        let Some((comment, who)) = self.whole_comment(id).await? else { return Ok(true) };
        let Some(block) = self.block(comment.block).await? else { return Ok(true) };
        if comment.conversation.is_empty() {
            let mut arrival = comment_arrival(&block, &comment, Direction::Outbound);
            arrival.at = self.now();
            arrival.identities = vec![who.clone()];
            arrival.reply_to = Some(format!("comment:{id}").into_bytes());
            self.talk.door.deliver(vec![arrival]).await?;
        } else if let Some(by) = by {
            self.answer_in_inbox(&comment.conversation, "comment", reply, by).await?;
        }
        self.write_of_reply(&comment, who, reply).await?;
        Ok(true)
    }

    /// Tells somebody by mail that we have answered, once, if they wished it and their address is proved.
    async fn write_of_reply(&self, comment: &Comment, who: Identity, reply: &str) -> Result<()> {
        let wants: Option<i64> = sqlx::query_scalar("SELECT wants_word FROM page_comment WHERE id = $1")
            .bind(comment.id.clone())
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        if wants != Some(1) || who.namespace != "email" {
            return Ok(());
        }
        let wanted = Wanted {
            id: format!("comment-reply:{}", comment.id),
            address: who.value.clone(),
            who,
            class: Class::Service,
            tag: "comment".to_owned(),
            subject: comment.page.clone(),
            about: comment.conversation.clone(),
            text: format!(
                "We have answered your comment on {page}.\nNous avons répondu à votre commentaire sur {page}.\n\
                 Мы ответили на ваш комментарий на {page}.\n\n{reply}\n",
                page = comment.page
            ),
        };
        self.talk.queue_letter(&wanted).await
    }

    /// Publishes what was answered in the inbox under the comment it answers, and forgets what nobody proved.
    ///
    /// # Errors
    /// Fails when a store does; what is left is done the next time.
    pub async fn keep_comments(&self) -> Result<()> {
        let sql = "SELECT id, reply, replied_at FROM page_comment WHERE conversation = $1 AND state IN ('pending', 'published')";
        for answered in self.answered_there("comment", sql).await? {
            self.reply_to_comment(&answered.id, &answered.reply, None).await?;
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM page_comment WHERE state = 'unproved' AND at < $1")
            .bind(self.now().0 - PROOF_LASTS)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}

/// Is who wrote a comment of which nothing is proved: somebody, and nobody known.
fn nobody(id: &str) -> Result<Identity> {
    Identity::new("anonymous", &format!("comment-{id}")).ok_or_else(|| Failure::new("An id is not blank"))
}

/// Is the place of a text of a comment.
pub(super) fn place(id: &str, what: &str) -> model::InteractionId {
    place_of(&format!("comment:{id}:{what}"))
}

fn opened(row: &AnyRow, keys: &IdMap<ActorId, TextKey>, what: &str, column: &str) -> Option<String> {
    let (sealed, id): (String, String) = (row.get(column), row.get("id"));
    if sealed.is_empty() {
        return Some(sealed);
    }
    open(keys.get(&actor_of(row))?, place(&id, what), &sealed)
}

fn comment(row: &AnyRow, keys: &IdMap<ActorId, TextKey>) -> Comment {
    Comment {
        id: row.get("id"),
        block: row.get("block"),
        page: row.get("page"),
        level: Level::parse(&row.get::<String, _>("level")).unwrap_or(Level::Anonymous),
        name: opened(row, keys, "name", "name").unwrap_or_default(),
        link: opened(row, keys, "link", "link").unwrap_or_default(),
        words: opened(row, keys, "words", "body"),
        state: row.get("state"),
        reason: row.get("reason"),
        why: Why::parse(&row.get::<String, _>("why")),
        is_reachable: opened(row, keys, "identity", "identity").is_some_and(|who| who.starts_with("email\n")),
        language: row.get("language"),
        reply: row.get("reply"),
        conversation: row.get("conversation"),
        at: row.get("at"),
    }
}

/// Returns host and first step of a page: every page a place of its own would be more than a map can name.
fn site_of(page: &str) -> String {
    page.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
}

/// Makes an interaction of a comment; outbound: of our answer to it.
fn comment_arrival(block: &NewCommentBlock, comment: &Comment, direction: Direction) -> Arrival {
    let (event, message, form) = match direction {
        Direction::Outbound => ("comment reply", format!("comment-reply:{}", comment.id), Form::Reply),
        _ => ("comment", format!("comment:{}", comment.id), Form::Comment),
    };
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: event.to_owned(),
        channel: "web".to_owned(),
        place: site_of(&comment.page),
        touchpoint: block.touchpoint.clone(),
        ..Signature::default()
    };
    let mut arrival = Arrival::new(message.into_bytes(), signature, Instant(comment.at), form, direction);
    arrival.source = SOURCE.to_owned();
    arrival
}
