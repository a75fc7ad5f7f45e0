//! What somebody answered and wrote, in words, for whoever asks what we hold of them (Art. 15 and 20 GDPR). The ledger tells the score of
//! an answer; which option was chosen, and what was left out, stands here alone.

use super::answering::{LEFT_OUT, NONE_OF_THESE, WHOLE, text_place};
use super::comments::place;
use super::form::{item_of, title_of};
use super::question::{Question, SurveyKind};
use super::room::{Feedback, actor_of, failed, place_of};
use super::surveys::read;
use crate::failure::Result;
use crate::features::capture::{AlsoHeld, HeldAnswer};
use crate::features::conversations::Language;
use crate::features::people::{TextKey, TextKeys, open};
use crate::platform::id_map::IdMap;
use model::{ActorId, InteractionId};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::State;
use std::collections::BTreeMap;

impl Feedback {
    /// Returns what tells, without this room or the door for arrivals in it.
    #[must_use]
    pub fn held(&self) -> AlsoHeld {
        let (state, keys) = (self.state.clone(), self.keys.clone());
        Box::new(move |actors| {
            let (state, keys) = (state.clone(), keys.clone());
            Box::pin(async move { held(&state, &keys, &actors).await })
        })
    }
}

type Keys = IdMap<ActorId, TextKey>;

async fn held(state: &State, keys: &TextKeys, actors: &[ActorId]) -> Result<Vec<HeldAnswer>> {
    let ids: Vec<i64> = actors.iter().map(|actor| actor.0.cast_signed()).collect();
    let keys = keys.known(actors).await?;
    let rows = async |head| state::read_in(state.reader(), head, &ids).await.map_err(failed);
    let answers = rows("SELECT id, survey, actor, body, at FROM survey_answer WHERE actor IN").await?;
    let given = rows("SELECT answer, question, part, value, body, actor FROM survey_given WHERE actor IN").await?;
    let comments = rows("SELECT id, page, actor, body, at FROM page_comment WHERE actor IN").await?;
    let surveys = surveys(state).await?;
    let mut all: Vec<(i64, HeldAnswer)> = Vec::new();
    for answer in &answers {
        let (id, at): (String, i64) = (answer.get("id"), answer.get("at"));
        let Some((name, questions)) = surveys.get(&answer.get::<i64, _>("survey")) else { continue };
        let mut tell = |question: String, said| all.push((at, told("survey", name, question, said, at)));
        for question in questions {
            let of = |row: &&AnyRow| row.get::<String, _>("answer") == id && row.get::<i64, _>("question") == question.id;
            let mut parts: Vec<&AnyRow> = given.iter().filter(of).collect();
            parts.sort_by_key(|row| row.get::<i64, _>("part"));
            if !parts.is_empty() {
                tell(title_of(question, Language::En), parts.iter().map(|part| said(question, part, &id, &keys)).collect());
            }
        }
        let words = opened(&keys, answer, place_of(&id));
        if words.as_deref() != Some("") {
            tell(String::new(), vec![words]);
        }
    }
    for comment in &comments {
        let (id, at): (String, i64) = (comment.get("id"), comment.get("at"));
        let words = vec![opened(&keys, comment, place(&id, "words"))];
        all.push((at, told("comment", &comment.get::<String, _>("page"), String::new(), words, at)));
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, answer)| answer).collect())
}

fn told(what: &str, place: &str, question: String, said: Vec<Option<String>>, at: i64) -> HeldAnswer {
    let at = jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |stamp| stamp.to_string());
    HeldAnswer { what: what.to_owned(), place: place.to_owned(), question, said, at }
}

/// Returns the surveys by number, each with its name and everything it asks or asked.
async fn surveys(state: &State) -> Result<BTreeMap<i64, (String, Vec<Question>)>> {
    let rows = sqlx::query("SELECT id, name, questions FROM survey").fetch_all(state.reader()).await.map_err(failed)?;
    rows.iter().map(|row| Ok((row.get("id"), (row.get("name"), read(row.get("questions"))?)))).collect()
}

/// Opens what stands in the column `body`; an empty text is none that was sealed.
fn opened(keys: &Keys, row: &AnyRow, place: InteractionId) -> Option<String> {
    let sealed: String = row.get("body");
    if sealed.is_empty() { Some(sealed) } else { open(keys.get(&actor_of(row))?, place, &sealed) }
}

/// Says in words what a part of an answer says.
fn said(question: &Question, part: &AnyRow, answer: &str, keys: &Keys) -> Option<String> {
    let (at, value): (i64, i64) = (part.get("part"), part.get("value"));
    Some(match question.kind {
        _ if at == WHOLE && value == LEFT_OUT => "(left out)".to_owned(),
        _ if at == WHOLE && value == NONE_OF_THESE => "(none of these)".to_owned(),
        SurveyKind::Text => return opened(keys, part, text_place(answer, question.id)),
        SurveyKind::Rater => format!("{}: {value}", item_of(at, Language::En)),
        SurveyKind::Choice | SurveyKind::Recall => {
            let option = usize::try_from(at).ok().and_then(|at| question.options.get(at));
            option.map_or_else(|| at.to_string(), |option| option.words.clone())
        }
        _ => value.to_string(),
    })
}
