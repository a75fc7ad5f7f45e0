//! The generic pair: anything that speaks HTTP brings messages in and takes answers, both signed by Standard Webhooks.

use super::adapter::{Adapter, Brought, Capability, Carries, Counted, Enclosed, Heard, Outcome, Parcel, Said, Way, by_status};
use super::proof;
use super::setup::ChannelSetup;
use super::sms::phone;
use crate::features::conversations::files::FILE_MAX_U32 as FILE_MAX;
use crate::platform::calls::{Answered, Call};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::time::SECOND;
use model::{Identity, Instant};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) struct Webhook;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    thread: String,
    #[serde(default)]
    from: Sender,
    #[serde(default)]
    text: String,
    #[serde(default)]
    button: Option<String>,
    #[serde(default)]
    language: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

#[derive(Deserialize)]
struct Attachment {
    #[serde(default)]
    name: String,
    /// Where it is.
    #[serde(default)]
    url: String,
    /// Or what it is, as base64.
    #[serde(default)]
    content: String,
}

impl Attachment {
    fn brought(self) -> Brought {
        if !self.content.is_empty() {
            return match STANDARD.decode(self.content.as_bytes()) {
                Ok(bytes) => Brought::Here { name: self.name, bytes },
                Err(_) => Brought::Lost { name: self.name },
            };
        }
        if self.url.is_empty() {
            return Brought::Lost { name: self.name };
        }
        Brought::Away { name: self.name, reference: self.url, size: None }
    }
}

#[derive(Deserialize, Default)]
struct Sender {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    customer: String,
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Adapter for Webhook {
    fn capability(&self) -> Capability {
        Capability {
            text_max: 10_000,
            counted: Counted::Utf16,
            files: Some(Carries {
                count_max: 10,
                size_max: FILE_MAX,
                picture_max: FILE_MAX,
                caption_max: 10_000,
                pictures_and_pdf_only: false,
            }),
            buttons: 10,
            button_max: 60,
            window_hours: None,
            templates: false,
            receipts: true,
        }
    }

    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8], now: Instant) -> bool {
        let header = |name| header(headers, name);
        let (id, moment, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
        proof::is_standard(&setup.secret, id, moment, signature, body, now)
    }

    fn read(&self, _: &ChannelSetup, headers: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>> {
        let event: Event = serde_json::from_slice(body).ok()?;
        // The id that was signed is the id of the message, where it names none itself.
        let id = if event.id.is_empty() { header(headers, "webhook-id").to_owned() } else { event.id };
        let thread = if event.thread.is_empty() { event.from.id.clone() } else { event.thread };
        match event.kind.as_str() {
            "message" | "" => {
                let who = Identity::new("webhook", &event.from.id)?;
                let names = [
                    ("email", event.from.email.trim().to_lowercase()),
                    ("phone", phone(&event.from.phone)),
                    ("customer", event.from.customer.trim().to_owned()),
                ];
                let known_as: Vec<Identity> =
                    names.iter().filter_map(|(namespace, value)| Identity::new(namespace, value)).collect();
                let address = names.into_iter().map(|(_, value)| value).find(|value| !value.is_empty()).unwrap_or_default();
                let said = Said {
                    thread,
                    id,
                    who,
                    known_as,
                    name: event.from.name,
                    address,
                    language: event.language,
                    // What says nothing but brings something is seen all the same.
                    text: if event.text.is_empty() && !event.attachments.is_empty() { "[file]".to_owned() } else { event.text },
                    button: event.button,
                    begins: false,
                    files: event.attachments.into_iter().map(Attachment::brought).collect(),
                };
                Some(vec![Heard::Said(Box::new(said))])
            }
            "edit" => Some(vec![Heard::Edited { thread, id, text: event.text, at: Instant(0) }]),
            "delivered" => Some(vec![Heard::Receipt { their_id: id, state: "delivered", why: String::new() }]),
            "read" => Some(vec![Heard::Receipt { their_id: id, state: "read", why: String::new() }]),
            "failed" => Some(vec![Heard::Receipt { their_id: id, state: "failed", why: event.why }]),
            // What is added to the format later is nothing to this version.
            _ => Some(Vec::new()),
        }
    }

    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call {
        let mut body = json!({
            "type": "message", "id": parcel.id, "thread": parcel.to, "text": parcel.text, "buttons": parcel.buttons,
            "author": parcel.author, "at": parcel.at.0 / SECOND,
        });
        if !parcel.files.is_empty() {
            let file = |file: &Enclosed| json!({ "name": file.name, "type": file.kind, "size": file.bytes.len(), "content": STANDARD.encode(&file.bytes) });
            body["attachments"] = parcel.files.iter().map(file).collect();
        }
        call(setup, &parcel.id, &body, parcel.at)
    }

    /// Whoever signs names an address of their own choice: it is asked without any secret of ours, by the way out that reaches nothing inside.
    fn way_to(&self, _: &ChannelSetup, reference: &str) -> Way {
        Way::Fetch(Call { method: "GET", url: reference.to_owned(), headers: Vec::new(), body: Vec::new() })
    }

    fn outcome(&self, answered: &Answered) -> Outcome {
        match by_status(answered, String::new()) {
            // The same id sent again is the same message, so there is no doubt to keep.
            Outcome::Unknown(said) => Outcome::Later(said, answered.retry_after_s),
            outcome => outcome,
        }
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn connect(&self, setup: &ChannelSetup, _: &str, now: Instant) -> Option<Call> {
        let id = format!("ping-{}", now.0);
        (!setup.send_to.is_empty()).then(|| call(setup, &id, &json!({ "type": "ping", "id": id }), now))
    }
}

fn call(setup: &ChannelSetup, id: &str, body: &Value, at: Instant) -> Call {
    let (body, seconds) = (body.to_string().into_bytes(), at.0 / SECOND);
    let headers = proof::headers(&setup.secret, id, seconds, &body);
    Call { method: "POST", url: setup.send_to.clone(), headers, body }
}
