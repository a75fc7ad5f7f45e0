//! Who was asked one by one: the table `survey_invite`, so that silence is seen too.

use super::room::{Feedback, Link, failed, place_of};
use crate::failure::Result;
use crate::features::conversations::Wanted;
use crate::features::people::policy::Class;
use crate::features::people::{open, seal};
use model::{ActorId, Identity, InteractionId};

impl Feedback {
    /// Asks somebody by mail. The letter goes through the contact policy when its turn comes; asking twice is once.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn invite(&self, survey: i64, address: &str) -> Result<bool> {
        let Some(asked) = self.open_survey(survey).await? else { return Ok(false) };
        let Some(who) = Identity::new("email", &address.trim().to_lowercase()) else { return Ok(false) };
        let actor = who.actor();
        let token = self.token(Link { survey, actor: Some(actor) }).await?;
        let link = format!("{}/p/survey/{token}", self.talk.address());
        let key = self.keys.of(&[actor]).await?[&actor];
        let identity = seal(&key, invited(survey, actor), &who.value)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO survey_invite (survey, actor, identity, channel, at, answered_at) VALUES ($1, $2, $3, 'email', $4, NULL) \
             ON CONFLICT (survey, actor) DO NOTHING",
        )
        .bind(survey)
        .bind(actor.0.cast_signed())
        .bind(identity)
        .bind(self.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let wanted = Wanted {
            id: format!("survey:{survey}:{actor}"),
            address: who.value.clone(),
            who,
            class: Class::Survey,
            tag: "survey".to_owned(),
            subject: asked.name,
            text: letter(&link, asked.questions.len()),
            about: String::new(),
        };
        self.talk.queue_letter(&wanted).await?;
        Ok(true)
    }

    /// Returns the identity of whom a link is for, as it stood on the invitation.
    pub(super) async fn whose(&self, survey: i64, actor: ActorId) -> Result<Option<Identity>> {
        let sealed: Option<String> = sqlx::query_scalar("SELECT identity FROM survey_invite WHERE survey = $1 AND actor = $2")
            .bind(survey)
            .bind(actor.0.cast_signed())
            .fetch_optional(self.state.reader())
            .await
            .map_err(failed)?;
        let keys = self.keys.known(&[actor]).await?;
        let text = sealed.zip(keys.get(&actor)).and_then(|(sealed, key)| open(key, invited(survey, actor), &sealed));
        Ok(text.and_then(|address| Identity::new("email", &address)))
    }
}

/// Is the place of the name on an invitation.
fn invited(survey: i64, actor: ActorId) -> InteractionId {
    place_of(&format!("invite:{survey}:{actor}"))
}

fn letter(link: &str, questions: usize) -> String {
    if questions == 1 {
        return format!(
            "May we ask you one question? It takes a minute:\n{link}\n\n\
             Pouvons-nous vous poser une question ? Cela prend une minute :\n{link}\n\n\
             Можно задать вам один вопрос? Это займёт минуту:\n{link}\n"
        );
    }
    format!(
        "May we ask you a few questions ({questions})? It takes some minutes:\n{link}\n\n\
         Pouvons-nous vous poser quelques questions ({questions}) ? Cela prend quelques minutes :\n{link}\n\n\
         Можно задать вам несколько вопросов ({questions})? Это займёт несколько минут:\n{link}\n"
    )
}
