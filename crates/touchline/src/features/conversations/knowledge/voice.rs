//! Voices that answer from the articles (CHN-59): what an Alexa skill sends, or a plain question. The short spoken form is said,
//! and each question is an interaction, answered or not.
//!
//! Whoever asks is known by the secret in the address, which the owner gives to the maker of the voice. A request that is older
//! than a few minutes is nobody's question any more: it may have been overheard.

use super::routes::language_of;
use crate::failure::{Failure, Result};
use crate::features::account::Keeper;
use crate::features::conversations::{Language, Talk};
use crate::platform::http::{Problem, Refusal};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::time::SECOND;
use model::{Arrival, Direction, Form, Identity, Instant, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What a voice can send.
const BODY_MAX: usize = 64 * 1024;
/// A question is a sentence, in characters.
const QUESTION_MAX: usize = 400;
/// Alexa asks that older requests be refused (150 s); a clock may be off a little more.
const OLD_AFTER: i64 = 300 * SECOND;
/// What speaks of less of a question than this is no answer.
const ANSWERS_FROM: f64 = 0.5;
/// The source of what voices are asked.
const SOURCE: &str = "voice";

/// Returns the route that voices reach.
pub(super) fn public(talk: Talk) -> Router {
    Router::new().route("/voice/{secret}", post(asked)).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(talk)
}

pub(super) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(voice_address))
}

/// Is where voices ask.
#[derive(Serialize, Deserialize, ToSchema)]
struct VoiceAddress {
    /// The address; it holds a secret.
    address: String,
}

/// Tells where voices ask.
#[utoipa::path(get, path = "/api/conversations/voice", tag = "conversations", responses(
    (status = 200, body = VoiceAddress), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn voice_address(State(talk): State<Talk>, _: Keeper) -> Result<Json<VoiceAddress>, Refusal> {
    Ok(Json(VoiceAddress { address: format!("{}/voice/{}", talk.address(), secret(&talk).await?) }))
}

async fn secret(talk: &Talk) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(&talk.door.policy().secret("voice").await?[..18]))
}

/// Is what somebody said to a voice.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Heard {
    /// Drawn by the voice; the same one again is the same question.
    id: String,
    /// Who, as far as the voice tells; empty: nobody knows.
    user: String,
    language: Language,
    /// When, where the voice tells.
    at: Option<Instant>,
    turn: Turn,
    is_alexa: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Turn {
    /// They opened it, or asked what it can do.
    Begin,
    Question(String),
    /// They are done.
    End,
}

/// Reads what a voice sent; `None` for what is none of the two formats.
fn read(body: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().map(|text| text.chars().take(QUESTION_MAX).collect::<String>());
    let language = |value: &Value| language_of(value.as_str().and_then(|locale| locale.get(..2)));
    if let Some(question) = text(&body["question"]) {
        let turn = if question.trim().is_empty() { Turn::Begin } else { Turn::Question(question) };
        let user = text(&body["user"]).unwrap_or_default();
        return Some(Heard {
            id: text(&body["id"])?,
            user,
            language: language(&body["language"]),
            at: None,
            turn,
            is_alexa: false,
        });
    }
    let request = &body["request"];
    let intent = &request["intent"];
    let turn = match request["type"].as_str()? {
        "LaunchRequest" => Turn::Begin,
        "SessionEndedRequest" => Turn::End,
        "IntentRequest" => match intent["name"].as_str()? {
            "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NoIntent" => Turn::End,
            "AMAZON.HelpIntent" | "AMAZON.FallbackIntent" | "AMAZON.NavigateHomeIntent" => Turn::Begin,
            name => {
                // A skill may hear the whole question in a slot; otherwise the intent's name says what was meant.
                let slots = intent["slots"].as_object();
                let said: Vec<&str> = slots.into_iter().flat_map(|slots| slots.values()).filter_map(|slot| slot["value"].as_str()).collect();
                let words = if said.is_empty() { spaced(name.trim_end_matches("Intent")) } else { said.join(" ") };
                Turn::Question(words.chars().take(QUESTION_MAX).collect())
            }
        },
        _ => return None,
    };
    Some(Heard {
        id: text(&request["requestId"])?,
        user: text(&body["session"]["user"]["userId"]).or_else(|| text(&body["context"]["System"]["user"]["userId"])).unwrap_or_default(),
        language: language(&request["locale"]),
        at: request["timestamp"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok()).map(|time| Instant(time.as_microsecond())),
        turn,
        is_alexa: true,
    })
}

/// Writes `OrderStatus` as `Order Status`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(if letter == '_' { ' ' } else { letter });
    }
    words
}

/// Answers a voice.
async fn asked(State(talk): State<Talk>, Path(given): Path<String>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let ours = secret(&talk).await?;
    if !bool::from(subtle::ConstantTimeEq::ct_eq(ours.as_bytes(), given.as_bytes())) {
        return Err(Refusal::not_found("There is no such voice", "Ask the owner for the address: GET /api/conversations/voice"));
    }
    let heard = serde_json::from_slice::<Value>(&body).ok().and_then(|body| read(&body));
    let Some(heard) = heard else {
        let hint = "Send what an Alexa skill sends, or {\"id\": …, \"question\": …, \"language\": \"en\", \"user\": …}";
        return Err(Refusal::malformed("This is no question of a voice", hint));
    };
    let now = talk.inbox.now();
    if heard.at.is_some_and(|at| (now.0 - at.0).abs() > OLD_AFTER) {
        return Err(Refusal::malformed("The request is too old", "Set the clock of the voice, and ask again"));
    }
    let language = heard.language;
    let (text, is_end, is_answer) = match &heard.turn {
        Turn::Begin => {
            let greeting = language.pick("What would you like to know?", "Que voulez-vous savoir ?", "Что вы хотите узнать?");
            (greeting.to_owned(), false, None)
        }
        Turn::End => (String::new(), true, None),
        Turn::Question(question) => {
            let hit = talk.knowledge.find(question, language, true, 1).await?.into_iter().next();
            match hit.filter(|hit| hit.covers >= ANSWERS_FROM && !hit.short.is_empty()) {
                Some(hit) => {
                    talk.knowledge.count(&hit.article, "read").await?;
                    (hit.short, true, Some(true))
                }
                None => {
                    let sorry = language.pick(
                        "I do not know that. Please write to us, somebody will answer.",
                        "Je ne sais pas. Écrivez-nous, quelqu’un vous répondra.",
                        "Этого я не знаю. Напишите нам, вам ответят.",
                    );
                    (sorry.to_owned(), true, Some(false))
                }
            }
        }
    };
    if let Some(is_answer) = is_answer {
        tell(&talk, &heard, is_answer, now).await?;
    }
    Ok(Json(said(&heard, &text, is_end, is_answer)))
}

/// Tells the ledger of a question, and whether it was answered.
async fn tell(talk: &Talk, heard: &Heard, is_answer: bool, now: Instant) -> Result<()> {
    let signature = Signature {
        source: SOURCE.to_owned(),
        event: if is_answer { "question answered" } else { "question not answered" }.to_owned(),
        channel: SOURCE.to_owned(),
        ..Signature::default()
    };
    let message = format!("voice:{}", heard.id).into_bytes();
    let mut arrival = Arrival::new(message, signature, now, Form::Message, Direction::Inbound);
    let user = if heard.user.is_empty() { format!("question-{}", heard.id) } else { heard.user.clone() };
    let namespace = if heard.user.is_empty() { "anonymous" } else { SOURCE };
    arrival.identities = Identity::new(namespace, &user).into_iter().collect();
    if let Turn::Question(question) = &heard.turn {
        arrival.text = Some(question.clone());
    }
    if arrival.identities.is_empty() {
        return Err(Failure::new("An id is not blank"));
    }
    talk.door.deliver(vec![arrival]).await
}

/// Writes the answer in the format of the question.
fn said(heard: &Heard, text: &str, is_end: bool, is_answer: Option<bool>) -> Value {
    if !heard.is_alexa {
        return json!({ "text": text, "answered": is_answer, "language": heard.language.code() });
    }
    if text.is_empty() {
        return json!({ "version": "1.0", "response": { "shouldEndSession": true } });
    }
    json!({ "version": "1.0", "response": {
        "outputSpeech": { "type": "PlainText", "text": text },
        "shouldEndSession": is_end,
    } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alexa(request: Value) -> Option<Heard> {
        read(&json!({ "version": "1.0", "session": { "user": { "userId": "amzn1.ask.account.X" } }, "request": request }))
    }

    #[test]
    fn what_a_skill_sends_is_understood() {
        let question = json!({ "type": "IntentRequest", "requestId": "r1", "timestamp": "2026-11-26T10:00:00Z", "locale": "fr-FR",
            "intent": { "name": "QuestionIntent", "slots": { "query": { "name": "query", "value": "où est mon colis" } } } });
        let heard = alexa(question).expect("is heard");
        assert_eq!(heard.turn, Turn::Question("où est mon colis".to_owned()));
        assert_eq!((heard.language, heard.user.as_str(), heard.id.as_str()), (Language::Fr, "amzn1.ask.account.X", "r1"));
        assert_eq!(heard.at, Some(Instant(1_795_687_200_000_000)));
        let named = json!({ "type": "IntentRequest", "requestId": "r", "locale": "en-GB", "intent": { "name": "OpeningHoursIntent" } });
        assert_eq!(alexa(named).map(|heard| heard.turn), Some(Turn::Question("Opening Hours".to_owned())));
        let launch = json!({ "type": "LaunchRequest", "requestId": "r", "locale": "ru-RU" });
        assert_eq!(alexa(launch).map(|heard| (heard.turn, heard.language)), Some((Turn::Begin, Language::Ru)));
        for intent in ["AMAZON.StopIntent", "AMAZON.CancelIntent"] {
            let stop = json!({ "type": "IntentRequest", "requestId": "r", "intent": { "name": intent } });
            assert_eq!(alexa(stop).map(|heard| heard.turn), Some(Turn::End));
        }
    }

    #[test]
    fn a_plain_question_is_understood_and_nothing_else() {
        let heard = read(&json!({ "id": "1", "question": "Where is my parcel?", "language": "en" })).expect("is heard");
        assert_eq!((heard.turn, heard.user.as_str()), (Turn::Question("Where is my parcel?".to_owned()), ""));
        for wrong in [json!(null), json!([]), json!({}), json!({ "question": "x" }), json!({ "request": { "type": 1 } }), json!({ "request": { "type": "IntentRequest" } })] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
