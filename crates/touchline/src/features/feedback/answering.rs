//! Answers on their way in: the tables `survey_answer` and `survey_given`, and what the ledger is told.
//!
//! Every question that was answered is an interaction at its touchpoint; one that judges carries its score as given. RATER is
//! one interaction with the rounded mean of its five items: five items of one person are not five people.

use super::question::{Question, SurveyKind};
use super::room::{Feedback, SOURCE, failed, place_of};
use super::surveys::Open;
use crate::failure::{Failure, Result};
use crate::features::people::{TextKey, open, seal};
use model::{ActorId, Arrival, Direction, Form, Identity, Instant, Score, Signature};
use sqlx::Row;
use state::Transaction;

/// Says of a question as a whole what its parts cannot.
pub(super) const WHOLE: i64 = -1;
/// A question was left out.
pub(super) const LEFT_OUT: i64 = 0;
/// None of the options held.
pub(super) const NONE_OF_THESE: i64 = 1;

/// Is one part of an answer: a number, a chosen option (value 1), a text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Given {
    pub(super) question: i64,
    pub(super) part: i64,
    pub(super) value: i64,
    pub(super) text: String,
}

/// Is one answer on its way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answered<'a> {
    pub(super) survey: i64,
    pub(super) who: Option<Identity>,
    pub(super) id: String,
    pub(super) given: Vec<Given>,
    pub(super) words: &'a str,
    pub(super) channel: &'static str,
    pub(super) conversation: String,
}

impl Feedback {
    /// Takes an answer; the same one again changes nothing. `false` when the survey takes none, or a part is not what the question asks.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn answer(&self, answered: Answered<'_>) -> Result<bool> {
        let Some(survey) = self.open_survey(answered.survey).await? else { return Ok(false) };
        let fits = |one: &Given| survey.questions.iter().any(|question| question.id == one.question && one.fits(question));
        let says = answered.given.iter().any(|one| one.part != WHOLE || one.value != LEFT_OUT);
        if !says || !answered.given.iter().all(fits) {
            return Ok(false);
        }
        let who = match &answered.who {
            Some(who) => who.clone(),
            // Whoever comes by a link for everybody is somebody, and nobody known.
            None => Identity::new("anonymous", &format!("survey-{}", answered.id))
                .ok_or_else(|| Failure::new("An id is not blank"))?,
        };
        let at = self.now();
        if self.keep_answer(&answered, &who, at).await? {
            self.talk.door.deliver(arrivals(&survey, &answered, &who, at, Naming::FirstIsWhole)).await?;
        }
        Ok(true)
    }

    /// Takes the answer to one question, or the words beside them, of an answer that grows question by question. What was
    /// answered before stays as it is. `false` when the survey takes none, it answers nothing, or belongs to somebody else's answer.
    ///
    /// # Errors
    /// Fails when a store does; the same may come again.
    pub(super) async fn answer_step(&self, step: Answered<'_>) -> Result<bool> {
        let Some(survey) = self.open_survey(step.survey).await? else { return Ok(false) };
        let Some(who) = step.who.clone() else { return Ok(false) };
        let fits = |one: &Given| survey.questions.iter().any(|question| question.id == one.question && one.fits(question));
        if (step.given.is_empty() && step.words.trim().is_empty()) || !step.given.iter().all(fits) {
            return Ok(false);
        }
        let at = self.now();
        if !self.keep_step(&step, &who, at).await? {
            return Ok(false);
        }
        // What stands is told, also where it was given before: perhaps that broke off before the ledger knew.
        let mut given = self.given_in(&message_of(&step), who.actor()).await?;
        given.retain(|one| step.given.iter().any(|told| told.question == one.question));
        let stands = Answered { given, ..step };
        self.talk.door.deliver(arrivals(&survey, &stands, &who, at, Naming::ByQuestion)).await?;
        Ok(true)
    }

    async fn keep_step(&self, step: &Answered<'_>, who: &Identity, at: Instant) -> Result<bool> {
        let (actor, message) = (who.actor(), message_of(step));
        let key = self.keys.of(&[actor]).await?[&actor];
        let words = step.words.trim();
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let is_new = begin_answer(&mut transaction, step, &message, actor, String::new(), at).await?;
        let is_silent = words.is_empty() && step.given.iter().all(|one| one.part == WHOLE && one.value == LEFT_OUT);
        if is_new && is_silent {
            // To leave out the first question is to have said nothing yet.
            return Ok(true);
        }
        let owner: i64 = sqlx::query_scalar("SELECT actor FROM survey_answer WHERE id = $1")
            .bind(message.clone())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if owner != actor.0.cast_signed() {
            return Ok(false);
        }
        if let Some(first) = step.given.first() {
            let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM survey_given WHERE answer = $1 AND question = $2")
                .bind(message.clone())
                .bind(first.question)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
            if known == 0 {
                keep_given(&mut transaction, step, &message, actor, &key).await?;
            }
        }
        if !words.is_empty() {
            sqlx::query("UPDATE survey_answer SET body = $1 WHERE id = $2 AND body = ''")
                .bind(seal(&key, place_of(&message), words)?)
                .bind(message)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Keeps an answer; `false` when another one was given before, which stands.
    async fn keep_answer(&self, answered: &Answered<'_>, who: &Identity, at: Instant) -> Result<bool> {
        let (actor, message) = (who.actor(), message_of(answered));
        let key = self.keys.of(&[actor]).await?[&actor];
        let words = answered.words.trim();
        let body = if words.is_empty() { String::new() } else { seal(&key, place_of(&message), words)? };
        let mut transaction = self.state.begin().await.map_err(failed)?;
        if !begin_answer(&mut transaction, answered, &message, actor, body, at).await? {
            drop(transaction);
            // The same one again is told to the ledger again: perhaps the first time broke off before that.
            let mut given = answered.given.clone();
            given.sort();
            return Ok(self.given_in(&message, actor).await? == given);
        }
        keep_given(&mut transaction, answered, &message, actor, &key).await?;
        sqlx::query("UPDATE survey_invite SET answered_at = $1 WHERE survey = $2 AND actor = $3 AND answered_at IS NULL")
            .bind(at.0)
            .bind(answered.survey)
            .bind(actor.0.cast_signed())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Returns what an answer holds, in order.
    async fn given_in(&self, message: &str, actor: ActorId) -> Result<Vec<Given>> {
        let sql = "SELECT question, part, value, body FROM survey_given WHERE answer = $1";
        let rows = sqlx::query(sql).bind(message.to_owned()).fetch_all(self.state.reader()).await.map_err(failed)?;
        let keys = self.keys.known(&[actor]).await?;
        let given = |row: &sqlx::any::AnyRow| {
            let (question, body): (i64, String) = (row.get("question"), row.get("body"));
            let text = keys.get(&actor).and_then(|key| open(key, text_place(message, question), &body)).unwrap_or_default();
            Given { question, part: row.get("part"), value: row.get("value"), text }
        };
        let mut all: Vec<Given> = rows.iter().map(given).collect();
        all.sort();
        Ok(all)
    }

    /// Takes a survey's first question as answered by somebody known, each of its items with the same number.
    ///
    /// # Errors
    /// Fails when a store does.
    pub async fn take(&self, survey: i64, who: &Identity, score: i16, words: &str) -> Result<bool> {
        let Some(open) = self.open_survey(survey).await? else { return Ok(false) };
        let Some(first) = open.questions.first() else { return Ok(false) };
        let given = |part| Given { question: first.id, part, value: i64::from(score), text: String::new() };
        let answered = Answered {
            survey,
            who: Some(who.clone()),
            id: who.actor().to_string(),
            given: (0..first.items()).map(given).collect(),
            words,
            channel: "email",
            conversation: String::new(),
        };
        self.answer(answered).await
    }

    /// Tells whether somebody has answered already.
    pub(super) async fn has_answered(&self, survey: i64, id: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM survey_answer WHERE id = $1";
        let count: i64 =
            sqlx::query_scalar(sql).bind(format!("answer:{survey}:{id}")).fetch_one(self.state.reader()).await.map_err(failed)?;
        Ok(count > 0)
    }
}

/// Begins an answer; `false` when it was begun before.
async fn begin_answer(
    transaction: &mut Transaction,
    answered: &Answered<'_>,
    message: &str,
    actor: ActorId,
    body: String,
    at: Instant,
) -> Result<bool> {
    let kept = sqlx::query(
        "INSERT INTO survey_answer (id, survey, actor, body, channel, conversation, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(message.to_owned())
    .bind(answered.survey)
    .bind(actor.0.cast_signed())
    .bind(body)
    .bind(answered.channel)
    .bind(answered.conversation.clone())
    .bind(at.0)
    .execute(&mut **transaction)
    .await
    .map_err(failed)?;
    Ok(kept.rows_affected() > 0)
}

/// Keeps what was given to questions, its texts sealed.
async fn keep_given(
    transaction: &mut Transaction,
    answered: &Answered<'_>,
    message: &str,
    actor: ActorId,
    key: &TextKey,
) -> Result<()> {
    for one in &answered.given {
        let text = if one.text.is_empty() { String::new() } else { seal(key, text_place(message, one.question), &one.text)? };
        sqlx::query(
            "INSERT INTO survey_given (answer, survey, question, part, value, body, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(message.to_owned())
        .bind(answered.survey)
        .bind(one.question)
        .bind(one.part)
        .bind(one.value)
        .bind(text)
        .bind(actor.0.cast_signed())
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    }
    Ok(())
}

/// Is how the interactions of an answer are named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Naming {
    /// The first bears the name of the answer: those from before there were several questions are found again.
    FirstIsWhole,
    /// Each bears that of its question: an answer that grows has no first one.
    ByQuestion,
}

impl Given {
    /// Tells whether it is an answer to the question.
    fn fits(&self, question: &Question) -> bool {
        if self.part == WHOLE {
            return self.value == LEFT_OUT || (self.value == NONE_OF_THESE && question.kind == SurveyKind::Recall);
        }
        if let Some((low, high)) = question.kind.range() {
            let is_part = (0..question.items()).contains(&self.part);
            return is_part && (i64::from(low)..=i64::from(high)).contains(&self.value);
        }
        match question.kind {
            SurveyKind::Text => self.part == 0 && !self.text.is_empty(),
            _ => self.value == 1 && usize::try_from(self.part).is_ok_and(|part| part < question.options.len()),
        }
    }
}

fn message_of(answered: &Answered<'_>) -> String {
    format!("answer:{}:{}", answered.survey, answered.id)
}

/// Is the place of the text that was given to a question.
pub(super) fn text_place(message: &str, question: i64) -> model::InteractionId {
    place_of(&format!("{message}:text:{question}"))
}

/// Returns the interactions that an answer becomes: one for each question that was answered.
fn arrivals(survey: &Open, answered: &Answered<'_>, who: &Identity, at: Instant, naming: Naming) -> Vec<Arrival> {
    let (message, mut words) = (message_of(answered), Some(answered.words.trim()).filter(|words| !words.is_empty()));
    let mut all = Vec::new();
    for question in &survey.questions {
        let parts: Vec<&Given> = answered.given.iter().filter(|one| one.question == question.id).collect();
        if parts.is_empty() || parts.iter().any(|one| one.part == WHOLE && one.value == LEFT_OUT) {
            continue;
        }
        let is_whole = naming == Naming::FirstIsWhole && all.is_empty();
        let id = if is_whole { message.clone() } else { format!("{message}:{}", question.id) };
        let mut arrival = arrival(survey, question.touchpoint(&survey.touchpoint), answered, at, id);
        arrival.identities = vec![who.clone()];
        arrival.score = question.kind.scale().and_then(|scale| Score::new(scale, mean(&parts)));
        arrival.text = match question.kind {
            SurveyKind::Text => parts.first().map(|one| one.text.clone()),
            _ => words.take().map(str::to_owned),
        };
        all.push(arrival);
    }
    if let Some(words) = words {
        let mut arrival = arrival(survey, &survey.touchpoint, answered, at, format!("{message}:words"));
        arrival.identities = vec![who.clone()];
        arrival.text = Some(words.to_owned());
        all.push(arrival);
    }
    all
}

fn arrival(survey: &Open, touchpoint: &str, answered: &Answered<'_>, at: Instant, id: String) -> Arrival {
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: "answer".to_owned(),
        channel: if answered.channel == "email" { "e-mail" } else { "survey" }.to_owned(),
        place: survey.name.clone(),
        touchpoint: touchpoint.to_owned(),
        ..Signature::default()
    };
    let mut arrival = Arrival::new(id.into_bytes(), signature, at, Form::SurveyAnswer, Direction::Inbound);
    arrival.source = SOURCE.to_owned();
    arrival.conversation = (!answered.conversation.is_empty()).then(|| answered.conversation.clone());
    arrival
}

/// Returns the mean of the parts, rounded; of one part it is that part.
fn mean(parts: &[&Given]) -> i16 {
    let sum: i64 = parts.iter().map(|one| one.value).sum();
    let mean = (sum as f64 / parts.len().max(1) as f64).round();
    mean as i16
}

#[cfg(test)]
mod tests {
    use super::super::question::Choice;
    use super::*;
    use model::Scale;

    fn given(question: i64, part: i64, value: i64) -> Given {
        Given { question, part, value, text: String::new() }
    }

    fn asked() -> Open {
        let kinds = [SurveyKind::Nps, SurveyKind::Rater, SurveyKind::Text, SurveyKind::Recall, SurveyKind::Importance];
        let mut questions: Vec<Question> =
            kinds.iter().zip(1..).map(|(kind, id)| Question { id, ..Question::of(*kind) }).collect();
        questions[1].touchpoint = "shop".to_owned();
        questions[3].options = vec![Choice { words: "Poster".to_owned(), touchpoint: "poster".to_owned() }];
        Open { name: "All".to_owned(), touchpoint: "desk".to_owned(), questions }
    }

    #[test]
    fn every_question_that_was_answered_is_an_interaction_at_its_touchpoint() {
        let mut all = vec![given(1, 0, 9), Given { text: "Well.".to_owned(), ..given(3, 0, 0) }];
        all.extend([7, 7, 6, 7, 6].iter().zip(0..).map(|(value, part)| given(2, part, *value)));
        all.extend([given(4, WHOLE, NONE_OF_THESE), given(5, WHOLE, LEFT_OUT)]);
        let who = Identity::new("user", "7").expect("a name");
        let answered = Answered {
            survey: 3,
            who: None,
            id: "x".to_owned(),
            given: all,
            words: " thanks ",
            channel: "link",
            conversation: String::new(),
        };
        let arrivals = arrivals(&asked(), &answered, &who, Instant(5), Naming::FirstIsWhole);
        let told: Vec<_> = arrivals
            .iter()
            .map(|one| {
                let score = one.score.map(|score| (score.scale, score.answer));
                (
                    String::from_utf8_lossy(&one.message_id).into_owned(),
                    one.signature.touchpoint.as_str(),
                    score,
                    one.text.as_deref(),
                )
            })
            .collect();
        assert_eq!(told[0], ("answer:3:x".to_owned(), "desk", Some((Scale::Nps, 9)), Some("thanks")));
        assert_eq!(told[1], ("answer:3:x:2".to_owned(), "shop", Some((Scale::Quality, 7)), None));
        assert_eq!(told[2], ("answer:3:x:3".to_owned(), "desk", None, Some("Well.")));
        assert_eq!(told[3], ("answer:3:x:4".to_owned(), "desk", None, None), "to have seen nothing is an answer");
        assert_eq!(told.len(), 4, "what was left out is none");
    }

    #[test]
    fn what_no_question_asks_is_no_answer() {
        let questions = asked().questions;
        let fits = |one: Given| one.fits(&questions[usize::try_from(one.question - 1).expect("is there")]);
        assert!(fits(given(1, 0, 0)) && fits(given(2, 4, 7)) && fits(given(4, 0, 1)) && fits(given(5, 0, 5)));
        for wrong in
            [given(1, 0, 11), given(1, 1, 5), given(2, 5, 5), given(2, 0, 0), given(3, 0, 0), given(4, 1, 1), given(5, 0, 6)]
        {
            assert!(!fits(wrong.clone()), "{wrong:?}");
        }
        assert!(!fits(given(1, WHOLE, NONE_OF_THESE)) && fits(given(1, WHOLE, LEFT_OUT)) && !fits(given(4, 0, i64::MAX)));
    }
}
