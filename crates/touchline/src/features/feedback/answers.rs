//! Answers as staff and the analysis read them.

use super::answering::{LEFT_OUT, WHOLE, text_place};
use super::question::{Question, SurveyKind};
use super::results::{Counts, SurveyResults, survey_results};
use super::room::{Feedback, SHOWN_MAX, actor_of, failed, place_of};
use super::surveys::read;
use crate::failure::Result;
use crate::features::conversations::Reader;
use crate::features::people::open;
use model::ActorId;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;
use state::State;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Is one answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SurveyAnswer {
    /// The survey.
    pub survey: i64,
    /// The number of whoever answered.
    pub person: String,
    /// What was said to each question, as given.
    pub given: Vec<AnswerPart>,
    /// What they said beside it; none: it cannot be read any more.
    pub words: Option<String>,
    /// `link`, `email` or `widget`.
    pub channel: String,
    /// The conversation it is about.
    pub conversation: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Is what was said to one question, or to one of its parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerPart {
    /// The question.
    pub question: i64,
    /// The option or the item, from 0 on; -1: none of the options.
    pub part: i64,
    /// The number as given; 1 for an option that was chosen.
    pub value: i64,
    /// The words of a question that asks for words; none: they cannot be read any more.
    pub text: Option<String>,
}

impl Feedback {
    /// Returns the last answers. Those about a conversation that somebody may not see are left out.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn answers(&self, reader: Reader) -> Result<Vec<SurveyAnswer>> {
        let sql = "SELECT id, survey, actor, body, channel, conversation, at FROM survey_answer ORDER BY at DESC, id LIMIT $1";
        let mut rows = sqlx::query(sql).bind(SHOWN_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        let about = rows.iter().map(|row| row.get::<String, _>("conversation")).filter(|about| !about.is_empty()).collect();
        let hidden = self.talk.inbox.out_of_sight(reader, about).await?;
        rows.retain(|row| !hidden.contains(&row.get::<String, _>("conversation")));
        let actors: Vec<ActorId> = rows.iter().map(actor_of).collect();
        let keys = self.keys.known(&actors).await?;
        let parts = "SELECT g.answer, g.question, g.part, g.value, g.body FROM survey_given g WHERE NOT (g.part = $1 AND g.value = $2) \
                     AND g.answer IN (SELECT id FROM survey_answer ORDER BY at DESC, id LIMIT $3) ORDER BY g.answer, g.question, g.part";
        let parts =
            sqlx::query(parts).bind(WHOLE).bind(LEFT_OUT).bind(SHOWN_MAX).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut given: BTreeMap<String, Vec<&AnyRow>> = BTreeMap::new();
        for part in &parts {
            given.entry(part.get("answer")).or_default().push(part);
        }
        let people = self.people.read();
        let answer = |row: &AnyRow| {
            let (actor, id): (ActorId, String) = (actor_of(row), row.get("id"));
            // An empty text is none that was sealed.
            let text = |place, body: String| {
                if body.is_empty() { Some(body) } else { keys.get(&actor).and_then(|key| open(key, place, &body)) }
            };
            let part = |part: &&AnyRow| AnswerPart {
                question: part.get("question"),
                part: part.get("part"),
                value: part.get("value"),
                text: text(text_place(&id, part.get("question")), part.get("body")),
            };
            SurveyAnswer {
                survey: row.get("survey"),
                person: people.person_of(actor).to_string(),
                given: given.get(&id).map(|parts| parts.iter().map(part).collect()).unwrap_or_default(),
                words: text(place_of(&id), row.get("body")),
                channel: row.get("channel"),
                conversation: row.get("conversation"),
                at: row.get("at"),
            }
        };
        Ok(rows.iter().map(answer).collect())
    }

    /// Sums up what was answered to a survey.
    pub(super) async fn results(&self, survey: i64, questions: &[Question]) -> Result<SurveyResults> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM survey_answer WHERE survey = $1")
            .bind(survey)
            .fetch_one(self.state.reader())
            .await
            .map_err(failed)?;
        let (invited, responded): (i64, i64) =
            sqlx::query_as("SELECT COUNT(*), COUNT(answered_at) FROM survey_invite WHERE survey = $1")
                .bind(survey)
                .fetch_one(self.state.reader())
                .await
                .map_err(failed)?;
        let counts = counts(&self.state, Some(survey)).await?;
        let none = Counts::default();
        let of = |question: &Question| counts.get(&(survey, question.id)).unwrap_or(&none);
        // A question that is no longer asked is shown while it was ever answered.
        let shown = questions.iter().filter(|question| !question.removed || of(question).people > 0);
        let told = shown.map(|question| (question, of(question))).collect::<Vec<_>>();
        Ok(survey_results(&told, n.cast_unsigned(), invited.cast_unsigned(), responded.cast_unsigned()))
    }
}

/// Counts what was given to each question of a survey, or of all.
async fn counts(state: &State, survey: Option<i64>) -> Result<BTreeMap<(i64, i64), Counts>> {
    let sql = "SELECT survey, question, part, value, COUNT(*) AS n FROM survey_given WHERE ($1 = 0 OR survey = $1) \
               GROUP BY survey, question, part, value";
    let rows = sqlx::query(sql).bind(survey.unwrap_or(0)).fetch_all(state.reader()).await.map_err(failed)?;
    let mut all: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for row in &rows {
        let (part, value, n): (i64, i64, i64) = (row.get("part"), row.get("value"), row.get("n"));
        let counts = all.entry((row.get("survey"), row.get("question"))).or_default();
        match (part, value) {
            (WHOLE, LEFT_OUT) => counts.left_out = n.cast_unsigned(),
            _ => *counts.given.entry((part, value)).or_default() += n.cast_unsigned(),
        }
    }
    let people = "SELECT survey, question, COUNT(DISTINCT answer) AS n FROM survey_given \
                  WHERE ($1 = 0 OR survey = $1) AND NOT (part = $2 AND value = $3) GROUP BY survey, question";
    let rows = sqlx::query(people)
        .bind(survey.unwrap_or(0))
        .bind(WHOLE)
        .bind(LEFT_OUT)
        .fetch_all(state.reader())
        .await
        .map_err(failed)?;
    for row in &rows {
        all.entry((row.get("survey"), row.get("question"))).or_default().people = row.get::<i64, _>("n").cast_unsigned();
    }
    // Items of one person go together; a sum over them is what a person says as a whole.
    let sums = "SELECT survey, question, total, COUNT(*) AS n FROM (SELECT survey, question, answer, CAST(SUM(value) AS BIGINT) AS total FROM survey_given \
                WHERE ($1 = 0 OR survey = $1) AND part >= 0 GROUP BY survey, question, answer) AS whole GROUP BY survey, question, total";
    let rows = sqlx::query(sums).bind(survey.unwrap_or(0)).fetch_all(state.reader()).await.map_err(failed)?;
    for row in &rows {
        let counts = all.entry((row.get("survey"), row.get("question"))).or_default();
        counts.sums.insert(row.get("total"), row.get::<i64, _>("n").cast_unsigned());
    }
    Ok(all)
}

/// Is how important people say that touchpoints are: per touchpoint how often each answer of 1 to 5 was given.
pub type StatedImportance = BTreeMap<String, [u64; 5]>;

/// Is how many recall a brand at a touchpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recalled {
    /// The brand; empty: ours.
    pub brand: String,
    /// The touchpoint, by its id in the map.
    pub touchpoint: String,
    /// So many were asked.
    pub asked: u64,
    /// So many of them saw it.
    pub saw: u64,
}

/// Returns what was said of importance (M17) and of recall (M18) in all surveys.
///
/// # Errors
/// Fails when the state store does.
pub async fn stated(state: &State) -> Result<(StatedImportance, Vec<Recalled>)> {
    let rows = sqlx::query("SELECT id, questions, touchpoint FROM survey").fetch_all(state.reader()).await.map_err(failed)?;
    let counts = counts(state, None).await?;
    let mut importance = StatedImportance::new();
    let mut recalled: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for row in &rows {
        let (survey, of_survey): (i64, String) = (row.get("id"), row.get("touchpoint"));
        for question in read(row.get("questions"))? {
            let Some(counts) = counts.get(&(survey, question.id)) else { continue };
            match question.kind {
                SurveyKind::Importance if !question.touchpoint(&of_survey).is_empty() => {
                    let sums = importance.entry(question.touchpoint(&of_survey).to_owned()).or_default();
                    for (answer, sum) in (1..).zip(sums) {
                        *sum += counts.given.get(&(0, answer)).copied().unwrap_or(0);
                    }
                }
                SurveyKind::Recall => {
                    for (part, option) in (0..).zip(&question.options).filter(|(_, option)| !option.touchpoint.is_empty()) {
                        let sums = recalled.entry((question.brand.clone(), option.touchpoint.clone())).or_default();
                        sums.0 += counts.people;
                        sums.1 += counts.given.get(&(part, 1)).copied().unwrap_or(0);
                    }
                }
                _ => {}
            }
        }
    }
    let told = recalled.into_iter().map(|((brand, touchpoint), (asked, saw))| Recalled { brand, touchpoint, asked, saw });
    Ok((importance, told.collect()))
}
