//! Surveys: the table `survey`.

use super::question::{Question, SurveyKind, checked};
use super::results::SurveyResults;
use super::room::{Feedback, Link, failed};
use super::triggers::SurveyTrigger;
use crate::failure::{Failure, Result};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use utoipa::ToSchema;

/// Surveys there may be.
const SURVEYS_MAX: i64 = 200;
/// The survey after a conversation, which is made when it is first needed.
const AFTER: &str = "After a conversation";

/// Is a survey to be made, or what one shall be from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSurvey {
    /// Its name, for staff and for the map.
    pub name: String,
    /// The touchpoint of the map that its answers are about, where a question names no other.
    #[serde(default)]
    pub touchpoint: String,
    /// What it asks, in this order: 1 to 12 questions.
    pub questions: Vec<Question>,
}

impl NewSurvey {
    /// Makes a survey of one question, the usual one of its kind.
    #[must_use]
    pub fn one(name: &str, kind: SurveyKind, touchpoint: &str) -> Self {
        Self { name: name.to_owned(), touchpoint: touchpoint.to_owned(), questions: vec![Question::of(kind)] }
    }

    fn problem(&self) -> Option<Failure> {
        let is_word = |text: &str| text.len() <= 100 && !text.chars().any(char::is_control);
        let is_named = !self.name.trim().is_empty() && is_word(&self.name) && is_word(&self.touchpoint);
        (!is_named).then(|| Failure::new("A survey has a name of at most 100 bytes, and so has its touchpoint"))
    }
}

/// Is a survey with what was answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Survey {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The touchpoint that its answers are about, where a question names no other.
    pub touchpoint: String,
    /// What it asks, in order; last, what it does not ask any more.
    pub questions: Vec<Question>,
    /// Whether no more answers are taken.
    pub is_closed: bool,
    /// The address at which anybody answers it: for a page, a receipt, a code in print.
    pub link: String,
    /// When it asks by itself; none: never.
    pub trigger: Option<SurveyTrigger>,
    /// What the answers say.
    pub results: SurveyResults,
}

/// Is a survey that takes answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Open {
    pub(super) name: String,
    pub(super) touchpoint: String,
    /// What it asks now.
    pub(super) questions: Vec<Question>,
}

impl Feedback {
    /// Makes a survey.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn make(&self, new: &NewSurvey) -> Result<i64> {
        if let Some(problem) = new.problem() {
            return Err(problem);
        }
        let questions = written(&checked(&new.questions, &[])?)?;
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM survey")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= SURVEYS_MAX {
            return Err(Failure::new(format!("There are {SURVEYS_MAX} surveys already")));
        }
        sqlx::query(
            "INSERT INTO survey (id, name, questions, touchpoint, created_at, closed_at) VALUES ($1, $2, $3, $4, $5, NULL)",
        )
        .bind(last + 1)
        .bind(new.name.trim().to_owned())
        .bind(questions)
        .bind(new.touchpoint.clone())
        .bind(self.now().0)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(last + 1)
    }

    /// Changes what a survey asks; tells whether there is one. Answers keep their questions.
    ///
    /// # Errors
    /// Fails when something is wrong with it, or the state store fails.
    pub async fn change(&self, id: i64, wanted: &NewSurvey) -> Result<bool> {
        if let Some(problem) = wanted.problem() {
            return Err(problem);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let before: Option<String> = sqlx::query_scalar("SELECT questions FROM survey WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let Some(before) = before else { return Ok(false) };
        let questions = written(&checked(&wanted.questions, &read(&before)?)?)?;
        sqlx::query("UPDATE survey SET name = $1, questions = $2, touchpoint = $3 WHERE id = $4")
            .bind(wanted.name.trim().to_owned())
            .bind(questions)
            .bind(wanted.touchpoint.clone())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Takes no more answers to a survey, or takes them again; tells whether there is one.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn close(&self, id: i64, is_closed: bool) -> Result<bool> {
        let mut transaction = self.state.begin().await.map_err(failed)?;
        let changed = sqlx::query("UPDATE survey SET closed_at = $1 WHERE id = $2")
            .bind(is_closed.then(|| self.now().0))
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed.rows_affected() > 0)
    }

    /// Lists the surveys with what was answered.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn surveys(&self) -> Result<Vec<Survey>> {
        let sql = "SELECT id, name, questions, touchpoint, closed_at FROM survey ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.get("id");
            let questions = read(row.get("questions"))?;
            all.push(Survey {
                id,
                name: row.get("name"),
                touchpoint: row.get("touchpoint"),
                is_closed: row.get::<Option<i64>, _>("closed_at").is_some(),
                link: format!("/p/survey/{}", self.token(Link { survey: id, actor: None }).await?),
                trigger: self.trigger_of(id).await?,
                results: self.results(id, &questions).await?,
                questions,
            });
        }
        Ok(all)
    }

    /// Returns a survey that takes answers.
    pub(super) async fn open_survey(&self, id: i64) -> Result<Option<Open>> {
        let sql = "SELECT name, questions, touchpoint FROM survey WHERE id = $1 AND closed_at IS NULL";
        let row = sqlx::query(sql).bind(id).fetch_optional(self.state.reader()).await.map_err(failed)?;
        let open = |row: sqlx::any::AnyRow| {
            let questions = read(row.get("questions"))?.into_iter().filter(|question| !question.removed).collect();
            Ok(Open { name: row.get("name"), touchpoint: row.get("touchpoint"), questions })
        };
        row.map(open).transpose()
    }

    /// Returns the survey after a conversation; makes it where it is not there.
    pub(super) async fn after_conversation(&self) -> Result<i64> {
        let sql = "SELECT id FROM survey WHERE name = $1 ORDER BY id LIMIT 1";
        let known: Option<i64> = sqlx::query_scalar(sql).bind(AFTER).fetch_optional(self.state.reader()).await.map_err(failed)?;
        if let Some(id) = known {
            return Ok(id);
        }
        let touchpoint = self.usual_touchpoint("chat").await?;
        self.make(&NewSurvey::one(AFTER, SurveyKind::Csat, &touchpoint)).await
    }
}

/// Reads questions as they are kept.
pub(super) fn read(kept: &str) -> Result<Vec<Question>> {
    serde_json::from_str(kept).map_err(|error| Failure::new("The questions of a survey cannot be read").because(&error))
}

fn written(questions: &[Question]) -> Result<String> {
    serde_json::to_string(questions).map_err(|error| Failure::new("The questions of a survey cannot be kept").because(&error))
}
