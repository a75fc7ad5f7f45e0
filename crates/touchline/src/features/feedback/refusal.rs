//! Why a comment is refused, as its writer is told by mail.
//!
//! Whoever refuses chooses a reason, which is told in the writer's language, and may add words of their own, which are told as they are.

use super::comments::Comment;
use super::room::Feedback;
use crate::failure::Result;
use crate::features::conversations::{Language, Wanted};
use crate::features::people::policy::Class;
use model::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a reason for which a comment is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CommentRefusalReason)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It advertises.
    Advertising,
    /// It insults somebody.
    Insult,
    /// It has nothing to do with the page.
    OffTopic,
    /// It names other people, or tells something private of them.
    PersonalData,
    /// It was said before.
    Repeated,
    /// What the words beside it say.
    Other,
}

/// Is a refusal that the writer is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CommentRefusal)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The reason.
    pub why: Why,
    /// More about it, for its writer; may be left out, unless the reason is `other`.
    #[serde(default)]
    pub words: String,
}

impl Why {
    const ALL: [Self; 6] = [Self::Advertising, Self::Insult, Self::OffTopic, Self::PersonalData, Self::Repeated, Self::Other];

    /// Returns its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Advertising => "advertising",
            Self::Insult => "insult",
            Self::OffTopic => "off_topic",
            Self::PersonalData => "personal_data",
            Self::Repeated => "repeated",
            Self::Other => "other",
        }
    }

    /// Reads a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == name)
    }

    /// Says it to the writer; nothing where their own words say it.
    const fn says(self, language: Language) -> &'static str {
        match self {
            Self::Advertising => language.pick("It advertises.", "Il fait de la publicité.", "В нём реклама."),
            Self::Insult => language.pick("It insults somebody.", "Il insulte quelqu’un.", "В нём кого-то оскорбляют."),
            Self::OffTopic => {
                language.pick("It is not about this page.", "Il ne concerne pas cette page.", "Он не относится к этой странице.")
            }
            Self::PersonalData => language.pick(
                "It tells something private of other people.",
                "Il révèle des informations privées sur d’autres personnes.",
                "В нём личные сведения о других людях.",
            ),
            Self::Repeated => language.pick("It was said before.", "Cela a déjà été dit.", "Это уже было сказано."),
            Self::Other => "",
        }
    }
}

/// Writes what the writer of a comment is told, in one language.
fn letter(comment: &Comment, refusal: &Refusal, language: Language) -> String {
    let not_shown = language.pick(
        "We do not publish your comment on",
        "Nous ne publions pas votre commentaire sur",
        "Мы не публикуем ваш комментарий на",
    );
    let why = [refusal.why.says(language), refusal.words.trim()];
    let why: Vec<&str> = why.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{not_shown} {}.\n\n{}\n", comment.page, why.join("\n\n"))
}

impl Feedback {
    /// Tells somebody by mail that their comment is not published, once, if their address is proved.
    pub(super) async fn write_of_refusal(&self, comment: &Comment, who: Identity, refusal: &Refusal) -> Result<()> {
        if who.namespace != "email" {
            return Ok(());
        }
        let languages = match Language::named(&comment.language) {
            Some(language) => vec![language],
            None => vec![Language::En, Language::Fr, Language::Ru],
        };
        let texts: Vec<String> = languages.into_iter().map(|language| letter(comment, refusal, language)).collect();
        let wanted = Wanted {
            id: format!("comment-refused:{}", comment.id),
            address: who.value.clone(),
            who,
            class: Class::Service,
            tag: "comment".to_owned(),
            subject: comment.page.clone(),
            text: texts.join("\n"),
            about: comment.conversation.clone(),
        };
        self.talk.queue_letter(&wanted).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own_and_words_in_three_languages() {
        for why in Why::ALL {
            assert_eq!(Why::parse(why.name()), Some(why));
            assert_eq!(serde_json::to_value(why).expect("serialises"), why.name());
            let said = [Language::En, Language::Fr, Language::Ru].map(|language| why.says(language));
            let is_own = said[0] != said[1] && said[1] != said[2] && said.iter().all(|text| !text.is_empty());
            assert_eq!(is_own, why != Why::Other, "{said:?}");
        }
    }
}
