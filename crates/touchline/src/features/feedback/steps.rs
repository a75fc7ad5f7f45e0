//! What the widget asks after a conversation: the questions of a survey, one after another. Every answer counts from the
//! moment it is given, whatever becomes of the rest.

use super::Feedback;
use super::answering::Answered;
use super::form::{ends, item_of, name_of, none_of_these, read, title_of, words_label};
use super::question::{Question, SurveyKind};
use super::room::WORDS_MAX;
use super::surveys::Open;
use crate::failure::Result;
use crate::features::conversations::{Language, Limits, Sent, visitor};
use crate::platform::http::anywhere::{busy, open, told, unreadable};
use crate::platform::mark::is_mark;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use model::time::SECOND;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What an answer to one question can have.
const BODY_MAX: usize = 32 * 1024;
/// So many answers one conversation may give in an hour: a survey of twelve questions, a few times.
const STEPS_MAX: u32 = 60;
/// Stands for the words beside all questions.
const WORDS: i64 = 0;

type Room = (Feedback, Arc<Limits>);

/// Returns the routes that the widget reaches.
pub(super) fn public(feedback: Feedback) -> Router {
    Router::new()
        .route("/w/survey/questions", post(questions))
        .route("/w/survey", post(answer))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state((feedback, Arc::default()))
}

fn unknown() -> Response {
    open(StatusCode::UNAUTHORIZED, &json!({ "what": "This session is not known" }))
}

#[derive(Deserialize)]
struct Wanted {
    token: String,
    #[serde(default)]
    language: String,
}

/// Tells what is asked after a conversation.
async fn questions(State((feedback, _)): State<Room>, body: Bytes) -> Response {
    let Ok(wanted) = serde_json::from_slice::<Wanted>(&body) else { return unreadable() };
    let telling = async {
        if visitor(&feedback.talk, &wanted.token).await?.is_none() {
            return Ok(unknown());
        }
        let language = match wanted.language.as_str() {
            "fr" => Language::Fr,
            "ru" => Language::Ru,
            _ => Language::En,
        };
        let survey = feedback.after_conversation().await?;
        // A closed survey asks nothing: the widget then shows nothing.
        let open_now = feedback.open_survey(survey).await?;
        let steps = open_now.map(|survey| steps(&survey, language)).unwrap_or_default();
        Ok(open(StatusCode::OK, &json!({ "questions": steps })))
    };
    told(telling.await)
}

/// Returns what the widget draws: each question with the names of its fields, and last a field for words.
fn steps(survey: &Open, language: Language) -> Vec<Value> {
    let mut all: Vec<Value> = survey.questions.iter().map(|question| step(question, language)).collect();
    if let Some(label) = words_label(&survey.questions, language) {
        all.push(json!({ "id": WORDS, "kind": "text", "legend": label, "optional": true, "name": "words" }));
    }
    all
}

fn step(question: &Question, language: Language) -> Value {
    let mut told = json!({
        "id": question.id, "kind": question.kind, "legend": title_of(question, language), "optional": question.optional,
        "name": name_of(question, 0),
    });
    if let Some((low, high)) = question.kind.range() {
        let (worst, best) = ends(question.kind, language);
        let row = |item| json!({ "name": name_of(question, item), "label": item_of(item, language) });
        told["low"] = json!(low);
        told["high"] = json!(high);
        told["ends"] = json!([worst, best]);
        if question.items() > 1 {
            told["rows"] = (0..question.items()).map(row).collect();
        }
    } else if question.kind.has_options() {
        let option = |(at, words): (usize, &str)| json!({ "value": at.to_string(), "label": words });
        let mut options: Vec<Value> = question.options.iter().map(|one| one.words.as_str()).enumerate().map(option).collect();
        if question.kind == SurveyKind::Recall {
            options.push(json!({ "value": "none", "label": none_of_these(language) }));
        }
        told["options"] = json!(options);
        told["many"] = json!(question.many || question.kind == SurveyKind::Recall);
    }
    told
}

#[derive(Deserialize)]
struct Step {
    token: String,
    /// Names the answer: the same one for every question of it.
    id: String,
    #[serde(default)]
    question: i64,
    /// The fields as a form would send them; none: the question was left out.
    #[serde(default)]
    fields: Vec<(String, String)>,
    /// The answer of a widget that asks one question alone, as pages may still hold it.
    #[serde(default)]
    score: Option<i16>,
}

/// Takes the answer to one question.
async fn answer(State((feedback, limits)): State<Room>, body: Bytes) -> Response {
    let Ok(step) = serde_json::from_slice::<Step>(&body) else { return unreadable() };
    told(taken(&feedback, &limits, step).await)
}

async fn taken(feedback: &Feedback, limits: &Limits, step: Step) -> Result<Response> {
    let Some((conversation, who)) = visitor(&feedback.talk, &step.token).await? else { return Ok(unknown()) };
    if !limits.allows(conversation.clone(), 3_600 * SECOND, STEPS_MAX, feedback.now()) {
        return Ok(busy("600"));
    }
    let no_answer = || open(StatusCode::BAD_REQUEST, &json!({ "what": "This is no answer" }));
    let survey = feedback.after_conversation().await?;
    let Some(asked) = feedback.open_survey(survey).await? else { return Ok(no_answer()) };
    let (question, mut fields) = match step.score {
        None => (asked.questions.iter().find(|question| question.id == step.question), step.fields),
        Some(score) => {
            let first = asked.questions.iter().find(|question| question.kind == SurveyKind::Csat);
            (first, first.map(|first| (name_of(first, 0), score.to_string())).into_iter().collect())
        }
    };
    fields.truncate(100);
    let sent = Sent(fields);
    let words = if step.question == WORDS && step.score.is_none() { sent.one("words").trim() } else { "" };
    let given = match question {
        Some(question) => read(std::slice::from_ref(question), &sent).ok(),
        None => (!words.is_empty()).then(Vec::new),
    };
    let Some(given) = given.filter(|_| is_mark(&step.id) && words.len() <= WORDS_MAX) else { return Ok(no_answer()) };
    let answered = Answered { survey, who: Some(who), id: step.id, given, words, channel: "widget", conversation };
    let is_taken = feedback.answer_step(answered).await?;
    Ok(if is_taken { open(StatusCode::OK, &json!({ "taken": true })) } else { no_answer() })
}

#[cfg(test)]
mod tests {
    use super::super::question::Choice;
    use super::*;

    #[test]
    fn the_widget_is_told_every_kind_and_the_fields_that_the_form_reads() {
        let kinds = [SurveyKind::Csat, SurveyKind::Rater, SurveyKind::Recall, SurveyKind::Text];
        let mut questions: Vec<Question> =
            kinds.iter().zip(1..).map(|(kind, id)| Question { id, ..Question::of(*kind) }).collect();
        questions[2].options = vec![Choice { words: "<b>Poster".to_owned(), touchpoint: "poster".to_owned() }];
        let survey =
            |questions: &[Question]| Open { name: String::new(), touchpoint: String::new(), questions: questions.to_vec() };
        let told = steps(&survey(&questions), Language::En);
        assert_eq!(told.len(), 4, "the last one has room for words");
        assert_eq!((&told[0]["name"], &told[0]["low"], &told[0]["high"]), (&json!("q1"), &json!(1), &json!(5)));
        let rows: Vec<&str> = told[1]["rows"].as_array().expect("rows").iter().filter_map(|row| row["name"].as_str()).collect();
        assert_eq!(rows, ["q2.0", "q2.1", "q2.2", "q2.3", "q2.4"]);
        assert_eq!(told[2]["options"][1], json!({ "value": "none", "label": "None of these" }));
        assert!(!told[2].to_string().contains("touchpoint"), "the page learns what is asked and no more");
        let told = steps(&survey(&questions[..1]), Language::Fr);
        assert_eq!((told.len(), &told[1]["name"]), (2, &json!("words")));
    }
}
