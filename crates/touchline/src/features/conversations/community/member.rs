//! Who takes part: the link that is sent to an address, and the name under which somebody writes.
//!
//! The link is the proof: whoever has it reads what is sent to that address. It stands for one identity and for this use alone, and it
//! ends with the row in `community_member`, so with an erasure too. A link that is not used for thirty days is none any more; the next one that
//! is sent is another one.

use crate::failure::Result;
use crate::features::conversations::mail::Wanted;
use crate::features::conversations::seal::{Opener, sealed};
use crate::features::conversations::store::{actor_of, failed};
use crate::features::conversations::{Language, Talk};
use crate::features::people::policy::{Class, PreferenceToken};
use model::time::{DAY, SECOND};
use model::{ActorId, Identity};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// What a link is good for.
const USE: &str = "community";
/// One address gets at most one link in so long, whoever asks for it.
const LINK_EVERY: i64 = 3_600 * SECOND;
/// Whoever has not opened their link within so long has never been here.
const UNOPENED: i64 = 2 * DAY;
/// A link that was neither sent nor used for so long does not work any more.
const LINK_LASTS: i64 = 30 * DAY;
/// So exactly it is known when a link was last used: not every page of a member is a write.
const USE_NOTED: i64 = DAY;
/// What somebody may call themselves.
pub(super) const NAME_MAX: usize = 60;

/// Is somebody who takes part.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) actor: ActorId,
    pub(super) identity: Identity,
    /// Under which they write; empty: they have not said yet.
    pub(super) name: String,
    pub(super) language: Language,
}

/// Returns what a token is good for: the first link of a member, or one of those after it.
fn use_of(link: i64) -> String {
    if link == 0 { USE.to_owned() } else { format!("{USE} {link}") }
}

fn language_of(code: &str) -> Language {
    match code {
        "fr" => Language::Fr,
        "ru" => Language::Ru,
        _ => Language::En,
    }
}

impl Talk {
    /// Returns the address of somebody's own page, for a letter. Where the one before does not work any more it is another one.
    pub(super) async fn member_link(&self, actor: ActorId) -> Result<String> {
        let secret = self.door.policy().secret(USE).await?;
        let (id, now) = (actor.0.cast_signed(), self.inbox.now().0);
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "UPDATE community_member SET link = link + CASE WHEN used_at > 0 AND used_at < $1 THEN 1 ELSE 0 END, used_at = $2 \
             WHERE actor = $3",
        )
        .bind(now - LINK_LASTS)
        .bind(now)
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let link = sqlx::query_scalar("SELECT link FROM community_member WHERE actor = $1").bind(id);
        let link: Option<i64> = link.fetch_optional(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let token = PreferenceToken::write(&secret, &use_of(link.unwrap_or(0)), actor);
        Ok(format!("{}/p/community/{token}", self.address()))
    }

    /// Finds whose link it is; `None` for what is none of ours, or of somebody who is not there any more.
    pub(super) async fn member(&self, token: &str) -> Result<Option<Member>> {
        if !self.inbox.settings().await?.community.is_open {
            return Ok(None);
        }
        let secret = self.door.policy().secret(USE).await?;
        let Some(claimed) = PreferenceToken::claimed(token) else { return Ok(None) };
        let row = sqlx::query("SELECT link, used_at FROM community_member WHERE actor = $1").bind(claimed.0.cast_signed());
        let row = row.fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let Some(actor) = PreferenceToken::read(&secret, &use_of(row.get("link")), token) else { return Ok(None) };
        let (used_at, now): (i64, i64) = (row.get("used_at"), self.inbox.now().0);
        if used_at > 0 && used_at < now - LINK_LASTS {
            return Ok(None);
        }
        if used_at < now - USE_NOTED {
            self.note_use(actor, now).await?;
        }
        self.member_of(actor).await
    }

    async fn note_use(&self, actor: ActorId, now: i64) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE community_member SET used_at = $1 WHERE actor = $2 AND used_at < $1")
            .bind(now)
            .bind(actor.0.cast_signed())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn member_of(&self, actor: ActorId) -> Result<Option<Member>> {
        let row = sqlx::query("SELECT actor, identity, name, language FROM community_member WHERE actor = $1");
        let row = row.bind(actor.0.cast_signed()).fetch_optional(self.inbox.stores.state.reader()).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let opener = self.inbox.sealer.opener(&[actor]).await?;
        let open = |what: &str| opener.open(actor, &format!("community:{actor}:{what}"), &row.get::<String, _>(what));
        let identity = open("identity").and_then(|email| Identity::new("email", &email));
        let member =
            |(identity, name)| Member { actor, identity, name, language: language_of(&row.get::<String, _>("language")) };
        Ok(identity.zip(open("name")).map(member))
    }

    /// Notes an address, where it is not there yet.
    async fn note_member(&self, who: &Identity, language: Language) -> Result<()> {
        let (actor, address) = (who.actor(), who.value.as_str());
        let key = self.inbox.sealer.of(actor).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO community_member (actor, identity, name, language, since) VALUES ($1, $2, '', $3, $4) \
             ON CONFLICT (actor) DO NOTHING",
        )
        .bind(actor.0.cast_signed())
        .bind(sealed(&key, &format!("community:{actor}:identity"), address)?)
        .bind(language.code())
        .bind(self.inbox.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Lets somebody take part who is known from elsewhere.
    pub(super) async fn bring_member(&self, address: &str, name: &str, language: Language) -> Result<Option<Member>> {
        let Some(who) = Identity::new("email", address) else { return Ok(None) };
        self.note_member(&who, language).await?;
        self.name_member(who.actor(), name, language).await?;
        self.member_of(who.actor()).await
    }

    /// Sends a link to an address, at most one in an hour. What is there of them stays as it is.
    pub(super) async fn invite_member(&self, address: &str, language: Language) -> Result<()> {
        let Some(who) = Identity::new("email", address) else { return Ok(()) };
        let (actor, now) = (who.actor(), self.inbox.now().0);
        self.note_member(&who, language).await?;
        let link = self.member_link(actor).await?;
        let subject = language.pick("Your link to our questions", "Votre lien vers nos questions", "Ваша ссылка на вопросы");
        let says = language.pick(
            "Somebody, probably you, wants to ask or answer on our page of questions. By this link we know that it is you; keep it to \
             yourself:",
            "Quelqu’un, sans doute vous, veut poser une question ou répondre sur notre page. Ce lien nous dit que c’est vous ; gardez-le \
             pour vous :",
            "Кто-то, вероятно вы, хочет задать вопрос или ответить на нашей странице. По этой ссылке мы узнаём вас; никому её не давайте:",
        );
        let ignore = language.pick(
            "If it was not you, do nothing: nothing happens.",
            "Si ce n’est pas vous, ne faites rien : rien ne se passe.",
            "Если это не вы, ничего не делайте: ничего не произойдёт.",
        );
        self.queue_letter(&Wanted {
            id: format!("community:{actor}:{}", now.div_euclid(LINK_EVERY)),
            who,
            address: address.to_owned(),
            class: Class::Service,
            tag: USE.to_owned(),
            subject: subject.to_owned(),
            text: format!("{says}\n\n{link}\n\n{ignore}"),
            about: String::new(),
        })
        .await
    }

    /// Says under which name somebody writes from now on.
    pub(super) async fn name_member(&self, actor: ActorId, name: &str, language: Language) -> Result<()> {
        let key = self.inbox.sealer.of(actor).await?;
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE community_member SET name = $1, language = $2 WHERE actor = $3")
            .bind(sealed(&key, &format!("community:{actor}:name"), name.trim())?)
            .bind(language.code())
            .bind(actor.0.cast_signed())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.community.forget();
        Ok(())
    }

    /// Returns the names of members.
    pub(super) async fn member_names(&self, actors: &[ActorId], opener: &Opener) -> Result<BTreeMap<ActorId, String>> {
        let ids: Vec<i64> = actors.iter().map(|actor| actor.0.cast_signed()).collect();
        let sql = "SELECT actor, name FROM community_member WHERE actor IN";
        let rows = state::read_in(self.inbox.stores.state.reader(), sql, &ids).await.map_err(failed)?;
        let named = |row: &AnyRow| {
            let actor = actor_of(row);
            let name = opener.open(actor, &format!("community:{actor}:name"), &row.get::<String, _>("name"));
            (actor, name.unwrap_or_default())
        };
        Ok(rows.iter().map(named).collect())
    }

    /// Forgets those who never opened their link, and begins to count for links from before they ended.
    pub(super) async fn drop_unopened(&self) -> Result<()> {
        let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
        sqlx::query("DELETE FROM community_member WHERE name = '' AND since < $1")
            .bind(self.inbox.now().0 - UNOPENED)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query("UPDATE community_member SET used_at = $1 WHERE used_at = 0")
            .bind(self.inbox.now().0)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Tells whoever asked that somebody has answered, once for each answer that everybody sees; of their own they know.
    pub(super) async fn write_to_asker(&self, question: &str) -> Result<()> {
        let sql = "SELECT a.id, q.actor FROM community_answer a JOIN community_question q ON q.id = a.question \
                   WHERE a.question = $1 AND a.state = 'published' AND a.letter = 0 AND q.state = 'published' \
                   AND (a.account IS NOT NULL OR a.actor <> q.actor)";
        let rows =
            sqlx::query(sql).bind(question.to_owned()).fetch_all(self.inbox.stores.state.reader()).await.map_err(failed)?;
        for row in rows {
            let (id, actor): (String, ActorId) = (row.get("id"), actor_of(&row));
            if let Some(member) = self.member_of(actor).await? {
                let language = member.language;
                let subject =
                    language.pick("Your question has an answer", "Votre question a une réponse", "На ваш вопрос ответили");
                let says = language.pick("Read it here:", "Lisez-la ici :", "Прочитать можно здесь:");
                let link = self.member_link(actor).await?;
                self.queue_letter(&Wanted {
                    id: format!("community:answer:{id}"),
                    address: member.identity.value.clone(),
                    who: member.identity,
                    class: Class::Service,
                    tag: USE.to_owned(),
                    subject: subject.to_owned(),
                    text: format!("{says}\n\n{link}/q/{question}"),
                    about: String::new(),
                })
                .await?;
            }
            // After the letter, which twice is once.
            let mut transaction = self.inbox.stores.state.begin().await.map_err(failed)?;
            let sql = "UPDATE community_answer SET letter = 1 WHERE id = $1";
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(())
    }
}
