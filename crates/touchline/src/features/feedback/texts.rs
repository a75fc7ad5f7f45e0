//! What the texts of customers say: the words beside answers, reviews, comments, and messages of customers, opened, judged and forgotten again.
//!
//! Nothing of a judgement is kept: texts lie sealed, and whoever is erased is gone from the next report. Who has restricted the use of
//! what is known of them is left out. Texts themselves are shown only where they are shown anyway: answers, reviews and comments on the page of
//! feedback; of a message only its conversation is named, and the inbox says who may read it.

use super::Feedback;
use super::room::{actor_of, failed};
use crate::failure::{Failure, Result};
use crate::features::conversations::Reader;
use crate::features::people::{People, anybody_restricted, open, restricted};
use analysis::experience::texts::report::{Said, TextFold, TextReport, report};
use analysis::experience::texts::{Mood, SCORE_PARTS, Theme, judge};
use model::{ActorId, InteractionId};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// So many texts of each kind are read, the latest: more would keep whoever asks waiting.
const TEXTS_MAX: i64 = 10_000;
/// So many examples are shown.
const EXAMPLES_MAX: usize = 20;
/// The source that this room's places are named after.
const SOURCE: &str = "feedback";

/// Is what the texts of customers say, and how many were read.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TextsShown {
    /// Mood, themes and word pairs, by touchpoint; themes on the rise.
    pub report: TextReport,
    /// Words beside answers.
    pub answers: u64,
    /// Reviews.
    pub reviews: u64,
    /// Comments under pages; those that are conversations of the inbox too count as messages.
    #[serde(default)]
    pub comments: u64,
    /// Messages of customers.
    pub messages: u64,
    /// Whether there are more than are read; then these are the latest.
    pub is_cut: bool,
}

/// Is which examples are wanted.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ExamplesOf {
    /// Texts that name this theme; none: any.
    #[serde(default)]
    #[param(inline)]
    theme: Option<Theme>,
    /// Texts that complain or praise, or neither; about the theme, if one is named; none: any.
    #[serde(default)]
    #[param(inline)]
    mood: Option<Mood>,
    /// Texts about this touchpoint, by id; none: any.
    #[serde(default)]
    touchpoint: Option<String>,
}

/// Is where a text comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextSource {
    /// Words beside an answer.
    Answer,
    /// A review.
    Review,
    /// A comment under a page.
    Comment,
    /// A message.
    Message,
}

/// Is one text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TextExample {
    /// Where it comes from.
    pub source: TextSource,
    /// The touchpoint, by id; empty: none.
    pub touchpoint: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The text; none for a message, which is read in its conversation.
    pub text: Option<String>,
    /// The conversation it belongs to; empty: none.
    pub conversation: String,
    /// Its score about the theme asked for, or on the whole, −1 to 1; none: it cannot be told.
    pub score: Option<f64>,
}

/// Is a text that was opened.
struct Opened {
    source: TextSource,
    actor: ActorId,
    touchpoint: String,
    at: i64,
    text: String,
    conversation: String,
}

impl Feedback {
    /// Tells what the texts of customers say.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn texts(&self) -> Result<TextsShown> {
        let (opened, is_cut) = self.opened().await?;
        let count = |source: TextSource| opened.iter().filter(|one| one.source == source).count() as u64;
        let (answers, reviews, comments, messages) =
            (count(TextSource::Answer), count(TextSource::Review), count(TextSource::Comment), count(TextSource::Message));
        let (people, until) = (self.people.clone(), self.now().0);
        let read = move || {
            let mut fold = TextFold::new(until);
            for one in &opened {
                let person = people.read().person_of(one.actor).0;
                fold.take(Said { touchpoint: &one.touchpoint, person, at: one.at, text: &one.text });
            }
            report(&fold)
        };
        let report = aside(read).await?;
        Ok(TextsShown { report, answers, reviews, comments, messages, is_cut })
    }

    /// Shows texts about a theme, the latest first. What was said in a conversation that somebody may not see is left out.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub(super) async fn text_examples(&self, of: ExamplesOf, reader: Reader) -> Result<Vec<TextExample>> {
        let (mut opened, _) = self.opened().await?;
        let about = opened.iter().map(|one| one.conversation.clone()).filter(|about| !about.is_empty()).collect();
        let hidden = self.talk.inbox.out_of_sight(reader, about).await?;
        opened.retain(|one| !hidden.contains(&one.conversation));
        aside(move || opened.into_iter().filter_map(|one| example(one, &of)).take(EXAMPLES_MAX).collect()).await
    }

    /// Opens the latest texts, the latest first; tells whether there are more.
    async fn opened(&self) -> Result<(Vec<Opened>, bool)> {
        let touchpoint = self.talk.inbox.settings().await?.touchpoints.get("review").cloned().unwrap_or_default();
        let answers = "SELECT a.id AS place, a.actor, a.body, a.at, a.conversation, s.touchpoint FROM survey_answer a \
                       JOIN survey s ON s.id = a.survey WHERE a.body <> '' ORDER BY a.at DESC, a.id LIMIT $1";
        let reviews = "SELECT 'review:' || id AS place, actor, body, at, conversation, '' AS touchpoint FROM review \
                       WHERE body <> '' ORDER BY at DESC, id LIMIT $1";
        let comments = "SELECT 'comment:' || c.id || ':words' AS place, c.actor, c.body, c.at, '' AS conversation, b.touchpoint \
                        FROM page_comment c JOIN comment_block b ON b.id = c.block \
                        WHERE c.conversation = '' AND c.state <> 'unproved' ORDER BY c.at DESC, c.id LIMIT $1";
        let mut opened = Vec::new();
        let mut is_cut = false;
        for (source, sql, of_review) in [
            (TextSource::Answer, answers, ""),
            (TextSource::Review, reviews, touchpoint.as_str()),
            (TextSource::Comment, comments, ""),
        ] {
            let rows = sqlx::query(sql).bind(TEXTS_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
            is_cut |= rows.len() as i64 == TEXTS_MAX;
            let actors: Vec<ActorId> = rows.iter().map(actor_of).collect::<BTreeSet<_>>().into_iter().collect();
            let keys = self.keys.known(&actors).await?;
            opened.extend(rows.iter().filter_map(|row| {
                let (actor, place): (ActorId, String) = (actor_of(row), row.get("place"));
                let place = InteractionId::of(SOURCE, place.as_bytes());
                let own: String = row.get("touchpoint");
                Some(Opened {
                    source,
                    actor,
                    touchpoint: if own.is_empty() { of_review.to_owned() } else { own },
                    at: row.get("at"),
                    text: open(keys.get(&actor)?, place, &row.get::<String, _>("body"))?,
                    conversation: row.get("conversation"),
                })
            }));
        }
        let messages = self.talk.inbox.words_of_customers(TEXTS_MAX).await?;
        is_cut |= messages.len() as i64 == TEXTS_MAX;
        opened.extend(messages.into_iter().map(|one| Opened {
            source: TextSource::Message,
            actor: one.actor,
            touchpoint: one.touchpoint,
            at: one.at,
            text: one.text,
            conversation: one.conversation,
        }));
        if anybody_restricted(&self.state).await? {
            let people = People::load(&self.state).await?;
            let left_out = restricted(&self.state, &people).await?;
            opened.retain(|one| !left_out.contains(&people.person_of(one.actor)));
        }
        opened.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.text.cmp(&other.text)));
        Ok((opened, is_cut))
    }
}

/// Returns a text as an example, if it is one of those wanted.
fn example(one: Opened, of: &ExamplesOf) -> Option<TextExample> {
    if of.touchpoint.as_ref().is_some_and(|wanted| *wanted != one.touchpoint) {
        return None;
    }
    let judged = judge(&one.text);
    let score = match of.theme {
        Some(theme) => judged.themes.iter().find(|(named, _)| *named == theme)?.1,
        None => judged.score,
    };
    let is_wanted = of.mood.is_none_or(|mood| score.map(Mood::of) == Some(mood));
    is_wanted.then(|| TextExample {
        source: one.source,
        touchpoint: one.touchpoint,
        at: one.at,
        text: (one.source != TextSource::Message).then_some(one.text),
        conversation: one.conversation,
        score: score.map(|score| f64::from(score) / SCORE_PARTS as f64),
    })
}

/// Judges on a thread that may take its time.
async fn aside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(read).await.map_err(|error| Failure::new("Reading the texts broke off").because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(source: TextSource, text: &str) -> Opened {
        let (touchpoint, conversation) = ("shop".to_owned(), String::new());
        Opened { source, actor: ActorId(1), touchpoint, at: 7, text: text.to_owned(), conversation }
    }

    fn wanted(theme: Option<Theme>, mood: Option<Mood>, touchpoint: Option<&str>) -> ExamplesOf {
        ExamplesOf { theme, mood, touchpoint: touchpoint.map(str::to_owned) }
    }

    #[test]
    fn examples_are_those_that_were_asked_for() {
        let review = || opened(TextSource::Review, "The waiter was rude. But the price is good.");
        let shown = |of: &ExamplesOf| example(review(), of).map(|one| one.score.is_some_and(|score| score < 0.0));
        assert_eq!(shown(&wanted(Some(Theme::Staff), Some(Mood::Negative), None)), Some(true));
        assert_eq!(shown(&wanted(Some(Theme::Price), Some(Mood::Negative), None)), None);
        assert_eq!(shown(&wanted(Some(Theme::Price), None, Some("shop"))), Some(false));
        assert_eq!(shown(&wanted(None, None, Some("chat"))), None);
        assert_eq!(shown(&wanted(Some(Theme::Delivery), None, None)), None);
    }

    #[test]
    fn a_message_is_read_in_its_conversation() {
        let told = example(opened(TextSource::Message, "Terrible delivery"), &wanted(None, None, None)).expect("any");
        assert_eq!((told.text, told.score.map(|score| score < 0.0)), (None, Some(true)));
    }
}
