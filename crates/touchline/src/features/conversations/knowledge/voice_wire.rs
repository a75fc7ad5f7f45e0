//! What voices send, and how they want to be answered: the format of Alexa skills (request and response JSON 1.0), and a plain one.

use crate::features::conversations::Language;
use model::Instant;
use model::time::SECOND;
use serde_json::{Value, json};

/// A question is a sentence, in characters.
const QUESTION_MAX: usize = 400;
/// A number or a user as a voice names them; Alexa's have up to 255.
const ID_MAX: usize = 400;

/// Is what somebody said to a voice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Heard {
    /// Drawn by the voice; the same one again is the same question.
    pub(super) id: String,
    /// Who, as far as the voice tells; empty: nobody knows.
    pub(super) user: String,
    pub(super) language: Language,
    /// When, where the voice tells.
    pub(super) at: Option<Instant>,
    pub(super) turn: Turn,
    pub(super) is_alexa: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// They opened it, or asked what it can do.
    Begin,
    Question(String),
    /// They are done.
    End,
    /// It is over already: nothing is said any more.
    Over,
}

impl Heard {
    /// Returns who vouches for number and user.
    pub(super) const fn maker(&self) -> &'static str {
        if self.is_alexa { "alexa" } else { "voice" }
    }
}

fn id(value: &Value) -> Option<String> {
    value.as_str().filter(|id| !id.trim().is_empty() && id.len() <= ID_MAX).map(str::to_owned)
}

fn question(text: &str) -> Turn {
    let text: String = text.trim().chars().filter(|sign| !sign.is_control()).take(QUESTION_MAX).collect();
    if text.is_empty() { Turn::Begin } else { Turn::Question(text) }
}

/// Reads what a voice sent; `None` for what is none of the two formats.
pub(super) fn read(body: &Value, language_of: impl Fn(Option<&str>) -> Language) -> Option<Heard> {
    let language = |value: &Value| language_of(value.as_str().and_then(|locale| locale.get(..2)));
    if let Some(text) = body["question"].as_str() {
        return Some(Heard {
            id: id(&body["id"])?,
            user: id(&body["user"]).unwrap_or_default(),
            language: language(&body["language"]),
            at: body["at"].as_i64().map(|seconds| Instant(seconds.saturating_mul(SECOND))),
            turn: question(text),
            is_alexa: false,
        });
    }
    let request = &body["request"];
    let turn = match request["type"].as_str()? {
        "LaunchRequest" => Turn::Begin,
        "SessionEndedRequest" => Turn::Over,
        "IntentRequest" => intent(&request["intent"])?,
        _ => return None,
    };
    // Every request of Alexa has its moment: one without is none of theirs.
    let at = request["timestamp"].as_str()?.parse::<jiff::Timestamp>().ok()?;
    Some(Heard {
        id: id(&request["requestId"])?,
        user: id(&body["session"]["user"]["userId"])
            .or_else(|| id(&body["context"]["System"]["user"]["userId"]))
            .unwrap_or_default(),
        language: language(&request["locale"]),
        at: Some(Instant(at.as_microsecond())),
        turn,
        is_alexa: true,
    })
}

fn intent(intent: &Value) -> Option<Turn> {
    Some(match intent["name"].as_str()? {
        "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NoIntent" => Turn::End,
        name if name.starts_with("AMAZON.") => Turn::Begin,
        name => {
            // A skill may hear the whole question in a slot; otherwise the intent's name says what was meant.
            let slots = intent["slots"].as_object();
            let said: Vec<&str> =
                slots.into_iter().flat_map(|slots| slots.values()).filter_map(|slot| slot["value"].as_str()).collect();
            if said.is_empty() { question(&spaced(name.trim_end_matches("Intent"))) } else { question(&said.join(" ")) }
        }
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

/// Writes what is said, in the format of what was heard: to a question its answer, and whether that is known.
pub(super) fn said(heard: &Heard, answer: Option<(&str, bool)>) -> Value {
    let language = heard.language;
    let more =
        language.pick("What else would you like to know?", "Que voulez-vous savoir d’autre ?", "Что ещё вы хотите узнать?");
    let text = match (&heard.turn, answer) {
        (_, Some((text, _))) => text,
        (Turn::End, _) => language.pick("Goodbye.", "Au revoir.", "До свидания."),
        (Turn::Over, _) => "",
        _ => language.pick("What would you like to know?", "Que voulez-vous savoir ?", "Что вы хотите узнать?"),
    };
    if !heard.is_alexa {
        let is_known = answer.map(|(_, is_known)| is_known);
        return json!({ "text": text, "answered": is_known, "language": language.code() });
    }
    let speech = |text: &str| json!({ "type": "PlainText", "text": text });
    match heard.turn {
        // To a session that is over nothing may be said.
        Turn::Over => json!({ "version": "1.0", "response": {} }),
        Turn::End => json!({ "version": "1.0", "response": { "outputSpeech": speech(text), "shouldEndSession": true } }),
        // Whoever leaves a line open asks something, and asks again where nobody says anything.
        Turn::Begin => json!({ "version": "1.0", "response": {
            "outputSpeech": speech(text), "reprompt": { "outputSpeech": speech(text) }, "shouldEndSession": false,
        } }),
        Turn::Question(_) => json!({ "version": "1.0", "response": {
            "outputSpeech": speech(&format!("{text} {more}")), "reprompt": { "outputSpeech": speech(more) }, "shouldEndSession": false,
        } }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::language_of;
    use super::*;

    fn alexa(request: Value) -> Option<Heard> {
        let body = json!({ "version": "1.0", "session": { "user": { "userId": "amzn1.ask.account.X" } }, "request": request });
        read(&body, language_of)
    }

    fn intent(locale: &str, intent: Value) -> Option<Heard> {
        let at = "2026-11-26T10:00:00Z";
        alexa(json!({ "type": "IntentRequest", "requestId": "r1", "timestamp": at, "locale": locale, "intent": intent }))
    }

    #[test]
    fn what_a_skill_sends_is_understood() {
        let slots = json!({ "query": { "name": "query", "value": "où est mon colis" } });
        let heard = intent("fr-FR", json!({ "name": "QuestionIntent", "slots": slots })).expect("is heard");
        assert_eq!(heard.turn, Turn::Question("où est mon colis".to_owned()));
        assert_eq!((heard.language, heard.user.as_str(), heard.id.as_str()), (Language::Fr, "amzn1.ask.account.X", "r1"));
        assert_eq!(heard.at, Some(Instant(1_795_687_200_000_000)));
        let turn = |name: &str| intent("en-GB", json!({ "name": name })).map(|heard| heard.turn);
        assert_eq!(turn("OpeningHoursIntent"), Some(Turn::Question("Opening Hours".to_owned())));
        for (name, expected) in [
            ("AMAZON.StopIntent", Turn::End),
            ("AMAZON.CancelIntent", Turn::End),
            ("AMAZON.NoIntent", Turn::End),
            ("AMAZON.HelpIntent", Turn::Begin),
            ("AMAZON.FallbackIntent", Turn::Begin),
            ("AMAZON.YesIntent", Turn::Begin),
        ] {
            assert_eq!(turn(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_has_no_moment_or_no_number_is_none_of_theirs() {
        let launch = |at: Value, id: Value| alexa(json!({ "type": "LaunchRequest", "requestId": id, "timestamp": at }));
        assert!(launch(json!("2026-11-26T10:00:00Z"), json!("r")).is_some());
        for (at, id) in [
            (Value::Null, json!("r")),
            (json!("yesterday"), json!("r")),
            (json!(1), json!("r")),
            (json!("2026-11-26T10:00:00Z"), Value::Null),
            (json!("2026-11-26T10:00:00Z"), json!(" ")),
            (json!("2026-11-26T10:00:00Z"), json!("r".repeat(401))),
        ] {
            assert_eq!(launch(at.clone(), id.clone()), None, "{at} {id}");
        }
    }

    #[test]
    fn a_line_left_open_asks_again_and_one_that_is_over_says_nothing() {
        let at = "2026-11-26T10:00:00Z";
        let said = |kind: &str| {
            let request = json!({ "type": kind, "requestId": "r", "timestamp": at, "locale": "en-US" });
            said(&alexa(request).expect("is heard"), None)["response"].clone()
        };
        let begun = said("LaunchRequest");
        assert_eq!(
            (&begun["shouldEndSession"], begun["reprompt"]["outputSpeech"]["type"].as_str()),
            (&json!(false), Some("PlainText"))
        );
        assert_eq!(said("SessionEndedRequest"), json!({}));
    }

    #[test]
    fn a_plain_question_is_understood_and_nothing_else() {
        let heard = read(&json!({ "id": "1", "question": "Where is\u{0} my parcel?", "language": "ru-RU" }), language_of);
        let heard = heard.expect("is heard");
        assert_eq!((heard.turn, heard.user.as_str()), (Turn::Question("Where is my parcel?".to_owned()), ""));
        assert_eq!((heard.language, heard.at), (Language::Ru, None));
        for wrong in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "question": "x" }),
            json!({ "question": "x", "id": 1 }),
            json!({ "request": { "type": 1 } }),
            json!({ "request": { "type": "IntentRequest" } }),
            json!({ "request": { "type": "AudioPlayer.PlaybackStarted" } }),
        ] {
            assert_eq!(read(&wrong, language_of), None, "{wrong}");
        }
    }
}
