//! WhatsApp, Messenger and Instagram, to the public specification of their platform: webhooks signed with the secret of the
//! app, answers by the Graph API.

use super::adapter::{
    Adapter, Brought, Capability, Carries, Counted, Heard, Outcome, Parcel, Said, Way, by_status, is_picture, said,
};
use super::multipart::Form;
use super::proof;
use super::setup::ChannelSetup;
use super::webhook::header;
use crate::features::conversations::files::FILE_MAX_U32 as FILE_MAX;
use crate::platform::calls::{Answered, Call};
use axum::http::HeaderMap;
use model::{Identity, Instant};
use serde_json::{Value, json};

/// The version of the Graph API that is spoken.
const VERSION: &str = "v23.0";

/// What WhatsApp takes as a picture: five MB.
const WHATSAPP_PICTURE_MAX: u32 = 5 * 1024 * 1024;
/// What Messenger takes as a picture: eight MB.
const MESSENGER_PICTURE_MAX: u32 = 8 * 1024 * 1024;

pub(super) struct Whatsapp;

pub(super) struct Page {
    pub(super) is_instagram: bool,
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

fn is_proved(setup: &ChannelSetup, headers: &HeaderMap, body: &[u8]) -> bool {
    proof::is_signed_in_hex(&setup.app_secret, body, header(headers, "x-hub-signature-256"))
}

fn call(setup: &ChannelSetup, body: &Value) -> Call {
    // In a header and not in the address, so that it stands in no log on the way.
    let headers = [("content-type", "application/json".to_owned()), ("authorization", format!("Bearer {}", setup.token))];
    Call {
        method: "POST",
        url: format!("{}/{VERSION}/{}/messages", setup.server.trim_end_matches('/'), setup.sender),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: body.to_string().into_bytes(),
    }
}

/// Asks for the name of the number or page, which tells whether the token is good.
fn look(setup: &ChannelSetup) -> Call {
    let call = call(setup, &Value::Null);
    let url = call.url.trim_end_matches("/messages").to_owned() + "?fields=id";
    Call { method: "GET", url, body: Vec::new(), ..call }
}

/// Reads what the Graph API answered. Its numbers of failures are part of the specification.
fn outcome(answered: &Answered) -> Outcome {
    let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let failure = &body["error"];
    if failure.is_null() {
        let id = list(&body, "messages").next().map_or_else(|| text(&body, "message_id"), |first| text(first, "id"));
        return by_status(answered, id.to_owned());
    }
    let why = said(text(failure, "message"));
    match (failure["code"].as_i64().unwrap_or_default(), failure["error_subcode"].as_i64().unwrap_or_default()) {
        // Too much at once: of the app, the number, the pair, the page.
        (4 | 80007 | 130_429 | 131_056 | 613 | 32, _) => Outcome::Later(why, answered.retry_after_s),
        // For a while out of order, by its own words.
        (2 | 131_016, _) => Outcome::Later(why, answered.retry_after_s),
        // More than a day since their last word.
        (131_047, _) | (10, 2_018_278) => Outcome::Never("more than 24 hours since their last message".to_owned()),
        (190, _) => Outcome::Never("the access token is not valid any more".to_owned()),
        (551 | 131_026, _) => Outcome::Blocked,
        _ if answered.status >= 500 => Outcome::Unknown(why),
        _ => Outcome::Never(why),
    }
}

impl Adapter for Whatsapp {
    fn capability(&self) -> Capability {
        Capability {
            text_max: 4_096,
            counted: Counted::Utf16,
            files: Some(Carries {
                count_max: 1,
                size_max: FILE_MAX,
                picture_max: WHATSAPP_PICTURE_MAX,
                caption_max: 1_024,
                pictures_and_pdf_only: true,
            }),
            buttons: 3,
            button_max: 20,
            window_hours: Some(24),
            templates: true,
            receipts: true,
        }
    }

    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8], _: Instant) -> bool {
        is_proved(setup, headers, body)
    }

    fn read(&self, setup: &ChannelSetup, _: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let mut heard = Vec::new();
        for change in list(&body, "entry").flat_map(|entry| list(entry, "changes")) {
            let value = &change["value"];
            // One app may look after several numbers; each has a channel of its own.
            if text(change, "field") != "messages" || text(&value["metadata"], "phone_number_id") != setup.sender {
                continue;
            }
            heard.extend(list(value, "messages").filter_map(|message| whatsapp_said(value, message)));
            heard.extend(list(value, "statuses").filter_map(receipt));
        }
        Some(heard)
    }

    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call {
        let mut body = json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": parcel.to });
        if let Some(template) = &parcel.template {
            body["type"] = json!("template");
            body["template"] = json!({ "name": template.name, "language": { "code": template.language } });
            return call(setup, &body);
        }
        let (text, buttons) = self.capability().fitted(&parcel.text, &parcel.buttons);
        if let Some((file, media)) = parcel.files.first().and_then(|file| Some((file, file.media.as_ref()?))) {
            let kind = if is_picture(&file.kind) { "image" } else { "document" };
            let mut thing = json!({ "id": media });
            if kind == "document" {
                thing["filename"] = json!(file.name);
            }
            if !text.is_empty() {
                thing["caption"] = json!(text);
            }
            body["type"] = json!(kind);
            body[kind] = thing;
            return call(setup, &body);
        }
        // Beside buttons the platform takes shorter texts.
        if buttons.is_empty() || text.chars().count() > 1_024 {
            let (text, _) = Capability { buttons: 0, ..self.capability() }.fitted(&parcel.text, &parcel.buttons);
            body["type"] = json!("text");
            body["text"] = json!({ "preview_url": false, "body": text });
        } else {
            let shown: Vec<Value> = buttons
                .iter()
                .map(|button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.label } }))
                .collect();
            body["type"] = json!("interactive");
            body["interactive"] = json!({ "type": "button", "body": { "text": text }, "action": { "buttons": shown } });
        }
        call(setup, &body)
    }

    fn way_to(&self, setup: &ChannelSetup, reference: &str) -> Way {
        // A number, and nothing that would make another address of it.
        if reference.is_empty() || !reference.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Way::Never;
        }
        let url = format!("{}/{VERSION}/{reference}", setup.server.trim_end_matches('/'));
        Way::Ask(Call { method: "GET", url, headers: bearer(setup), body: Vec::new() })
    }

    fn located(&self, setup: &ChannelSetup, answered: &Answered) -> Option<Call> {
        let body: Value = serde_json::from_slice(&answered.body).ok()?;
        let url = text(&body, "url");
        is_theirs(setup, url).then(|| Call { method: "GET", url: url.to_owned(), headers: bearer(setup), body: Vec::new() })
    }

    fn upload(&self, setup: &ChannelSetup, parcel: &Parcel) -> Option<Call> {
        let file = parcel.files.first().filter(|file| file.media.is_none() && parcel.template.is_none())?;
        let mut form = Form::new(&parcel.id);
        form.field("messaging_product", "whatsapp");
        form.field("type", &file.kind);
        form.file("file", file);
        let mut call = form.into_call();
        call.url = format!("{}/{VERSION}/{}/media", setup.server.trim_end_matches('/'), setup.sender);
        call.headers.extend(bearer(setup));
        Some(call)
    }

    fn uploaded(&self, answered: &Answered) -> Result<String, Outcome> {
        let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        match body["id"].as_str().filter(|id| (200..300).contains(&answered.status) && !id.is_empty()) {
            Some(id) => Ok(id.to_owned()),
            None => Err(match outcome(answered) {
                // Nobody has got anything yet: it is tried again.
                Outcome::Unknown(why) | Outcome::Taken(why) => Outcome::Later(why, answered.retry_after_s),
                outcome => outcome,
            }),
        }
    }

    fn outcome(&self, answered: &Answered) -> Outcome {
        outcome(answered)
    }

    fn connect(&self, setup: &ChannelSetup, _: &str, _: Instant) -> Option<Call> {
        Some(look(setup))
    }
}

fn whatsapp_said(value: &Value, message: &Value) -> Option<Heard> {
    let (from, kind) = (text(message, "from"), text(message, "type"));
    let contact = list(value, "contacts").find(|contact| text(contact, "wa_id") == from);
    let name = contact.map(|contact| text(&contact["profile"], "name")).unwrap_or_default();
    let thing = &message[kind];
    let (words, button) = match kind {
        "text" => (text(thing, "body").to_owned(), None),
        "interactive" => {
            let reply = &thing[text(thing, "type")];
            (text(reply, "title").to_owned(), Some(text(reply, "id").to_owned()))
        }
        "button" => (text(thing, "text").to_owned(), Some(text(thing, "payload").to_owned())),
        // A mark on a message of ours, and what the platform itself tells, are nothing to answer.
        "reaction" | "system" => return None,
        _ => (format!("[{kind}] {}", text(thing, "caption")).trim().to_owned(), None),
    };
    let number = format!("+{}", from.trim_start_matches('+'));
    let said = Said {
        thread: from.to_owned(),
        id: text(message, "id").to_owned(),
        who: Identity::new("phone", &number).filter(|_| !from.is_empty())?,
        known_as: Vec::new(),
        name: name.to_owned(),
        address: number,
        language: String::new(),
        text: words,
        button,
        begins: false,
        files: media(kind, thing),
    };
    Some(Heard::Said(Box::new(said)))
}

/// Returns the file that came along.
fn media(kind: &str, thing: &Value) -> Vec<Brought> {
    let usual = match kind {
        "image" => "image.jpg",
        "document" => "document",
        "audio" => "audio.ogg",
        "video" => "video.mp4",
        "sticker" => "sticker.webp",
        _ => return Vec::new(),
    };
    let name = if text(thing, "filename").is_empty() { usual } else { text(thing, "filename") }.to_owned();
    let reference = text(thing, "id").to_owned();
    vec![if reference.is_empty() { Brought::Lost { name } } else { Brought::Away { name, reference, size: None } }]
}

fn bearer(setup: &ChannelSetup) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), format!("Bearer {}", setup.token))]
}

/// Tells whether an address is one of the platform, to which alone the token may go.
fn is_theirs(setup: &ChannelSetup, url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let is_server = url::Url::parse(&setup.server).is_ok_and(|server| server.origin() == url.origin());
    let host = url.host_str().unwrap_or_default();
    let is_of = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    is_server || (url.scheme() == "https" && ["facebook.com", "fbcdn.net", "fbsbx.com", "whatsapp.net"].into_iter().any(is_of))
}

fn receipt(status: &Value) -> Option<Heard> {
    let state = match text(status, "status") {
        "delivered" => "delivered",
        "read" => "read",
        "failed" => "failed",
        _ => return None,
    };
    let why = list(status, "errors").next().map(|failure| said(text(failure, "title"))).unwrap_or_default();
    Some(Heard::Receipt { their_id: text(status, "id").to_owned(), state, why })
}

impl Adapter for Page {
    fn capability(&self) -> Capability {
        let (text_max, counted) = if self.is_instagram { (1_000, Counted::Bytes) } else { (2_000, Counted::Utf16) };
        Capability {
            text_max,
            counted,
            // To Instagram files go by an address that everybody reaches, and ours are nobody's to reach.
            files: (!self.is_instagram).then_some(Carries {
                count_max: 1,
                size_max: FILE_MAX,
                picture_max: MESSENGER_PICTURE_MAX,
                caption_max: 0,
                pictures_and_pdf_only: false,
            }),
            buttons: 13,
            button_max: 20,
            window_hours: Some(24),
            templates: false,
            receipts: true,
        }
    }

    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8], _: Instant) -> bool {
        is_proved(setup, headers, body)
    }

    fn read(&self, setup: &ChannelSetup, _: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let ours = list(&body, "entry").filter(|entry| text(entry, "id") == setup.sender);
        Some(ours.flat_map(|entry| list(entry, "messaging")).flat_map(|event| self.heard(event)).collect())
    }

    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call {
        if let Some(file) = parcel.files.first() {
            let kind = if is_picture(&file.kind) { "image" } else { "file" };
            let mut form = Form::new(&parcel.id);
            form.field("recipient", &json!({ "id": parcel.to }).to_string());
            form.field("messaging_type", "RESPONSE");
            form.field("message", &json!({ "attachment": { "type": kind, "payload": { "is_reusable": false } } }).to_string());
            form.file("filedata", file);
            let mut sent = form.into_call();
            sent.url = call(setup, &Value::Null).url;
            sent.headers.extend(bearer(setup));
            return sent;
        }
        let (text, buttons) = self.capability().fitted(&parcel.text, &parcel.buttons);
        let mut message = json!({ "text": text });
        if !buttons.is_empty() {
            let shown: Vec<Value> = buttons
                .iter()
                .map(|button| json!({ "content_type": "text", "title": button.label, "payload": button.id }))
                .collect();
            message["quick_replies"] = json!(shown);
        }
        let mut body = json!({ "recipient": { "id": parcel.to }, "message": message });
        if !self.is_instagram {
            body["messaging_type"] = json!("RESPONSE");
        }
        call(setup, &body)
    }

    /// The address that the platform gives holds its own leave: no token goes along.
    fn way_to(&self, _: &ChannelSetup, reference: &str) -> Way {
        Way::Fetch(Call { method: "GET", url: reference.to_owned(), headers: Vec::new(), body: Vec::new() })
    }

    fn outcome(&self, answered: &Answered) -> Outcome {
        outcome(answered)
    }

    fn connect(&self, setup: &ChannelSetup, _: &str, _: Instant) -> Option<Call> {
        Some(look(setup))
    }
}

/// Returns the file of an attachment; what is shared or liked is none.
fn attached(thing: &Value) -> Option<Brought> {
    let usual = match text(thing, "type") {
        "image" => "image.jpg",
        "video" => "video.mp4",
        "audio" => "audio.mp4",
        "file" => "file",
        _ => return None,
    };
    let url = text(&thing["payload"], "url");
    // What stands at the end of the address is what it was called.
    let last = url::Url::parse(url).ok().and_then(|url| url.path_segments()?.next_back().map(str::to_owned));
    let name = last.filter(|name| text(thing, "type") == "file" && !name.is_empty()).unwrap_or_else(|| usual.to_owned());
    Some(if url.is_empty() { Brought::Lost { name } } else { Brought::Away { name, reference: url.to_owned(), size: None } })
}

impl Page {
    fn heard(&self, event: &Value) -> Vec<Heard> {
        let from = text(&event["sender"], "id");
        let namespace = if self.is_instagram { "instagram" } else { "messenger" };
        let Some(who) = Identity::new(namespace, from) else { return Vec::new() };
        let (message, postback, edit) = (&event["message"], &event["postback"], &event["message_edit"]);
        if let Some(mids) = event["delivery"]["mids"].as_array() {
            let one = |id: &Value| Heard::Receipt {
                their_id: id.as_str().unwrap_or_default().to_owned(),
                state: "delivered",
                why: String::new(),
            };
            return mids.iter().map(one).collect();
        }
        if edit.is_object() {
            let edited = Heard::Edited {
                thread: from.to_owned(),
                id: text(edit, "mid").to_owned(),
                text: text(edit, "text").to_owned(),
                at: Instant(edit["num_edit"].as_i64().unwrap_or_default()),
            };
            return vec![edited];
        }
        let (id, words, button) = if message.is_object() {
            // What we sent ourselves, from here or from their own inbox, comes back as an echo.
            if message["is_echo"] == true {
                return Vec::new();
            }
            let things = list(message, "attachments").map(|thing| format!("[{}]", text(thing, "type")));
            let words = things.chain([text(message, "text").to_owned()]).filter(|part| !part.is_empty());
            let pressed = message["quick_reply"]["payload"].as_str().map(str::to_owned);
            (text(message, "mid"), words.collect::<Vec<_>>().join(" "), pressed)
        } else if postback.is_object() {
            (text(postback, "mid"), text(postback, "title").to_owned(), Some(text(postback, "payload").to_owned()))
        } else {
            return Vec::new();
        };
        if words.is_empty() {
            return Vec::new();
        }
        let said = Said {
            thread: from.to_owned(),
            id: id.to_owned(),
            who,
            known_as: Vec::new(),
            name: String::new(),
            address: String::new(),
            language: String::new(),
            text: words,
            button,
            begins: false,
            files: list(message, "attachments").filter_map(attached).collect(),
        };
        vec![Heard::Said(Box::new(said))]
    }
}
