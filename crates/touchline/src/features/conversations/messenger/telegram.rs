//! Telegram, by its bot API: updates come by webhook with a secret in a header, answers go by `sendMessage`.
//!
//! Only chats with one person are conversations; what happens in groups is not for us.

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
use model::time::SECOND;
use model::{Identity, Instant};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) struct Telegram;

#[derive(Deserialize)]
struct Update {
    message: Option<Message>,
    edited_message: Option<Message>,
    callback_query: Option<Pressed>,
    my_chat_member: Option<Member>,
}

#[derive(Deserialize)]
struct Message {
    message_id: i64,
    chat: Chat,
    from: Option<User>,
    #[serde(default)]
    edit_date: i64,
    text: Option<String>,
    caption: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    language_code: String,
}

#[derive(Deserialize)]
struct Pressed {
    id: String,
    from: User,
    message: Option<Under>,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct Under {
    chat: Chat,
    reply_markup: Option<Value>,
}

#[derive(Deserialize)]
struct Member {
    chat: Chat,
    from: User,
    new_chat_member: NewMember,
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(default)]
    status: String,
}

/// What a message can hold beside text; the first that is there is named.
const THINGS: [&str; 14] = [
    "photo",
    "voice",
    "video",
    "video_note",
    "audio",
    "animation",
    "document",
    "sticker",
    "location",
    "venue",
    "contact",
    "poll",
    "dice",
    "story",
];

/// What of it is a file, and what one without a name is called. An animation is named as a document too.
const FILES: [(&str, &str); 8] = [
    ("photo", "photo.jpg"),
    ("document", "document"),
    ("animation", "animation.mp4"),
    ("video", "video.mp4"),
    ("video_note", "video.mp4"),
    ("audio", "audio.mp3"),
    ("voice", "voice.ogg"),
    ("sticker", "sticker.webp"),
];

impl Message {
    /// Returns what it says; of what is not text, its kind.
    fn words(&self) -> String {
        let thing = THINGS.into_iter().find(|thing| self.rest.contains_key(*thing)).map(|thing| format!("[{thing}]"));
        let parts = [thing, self.text.clone().or_else(|| self.caption.clone())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Returns the file that came along: of a picture the largest there is.
    fn files(&self) -> Vec<Brought> {
        let found = FILES.into_iter().find_map(|(thing, usual)| Some((self.rest.get(thing)?, usual)));
        let Some((file, usual)) = found else { return Vec::new() };
        let file = file.as_array().and_then(|sizes| sizes.last()).unwrap_or(file);
        let name = file["file_name"].as_str().unwrap_or(usual).to_owned();
        vec![match file["file_id"].as_str() {
            Some(reference) => Brought::Away { name, reference: reference.to_owned(), size: file["file_size"].as_u64() },
            None => Brought::Lost { name },
        }]
    }
}

fn known(user: &User) -> Option<(Identity, String, String)> {
    let name = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    let address = if user.username.is_empty() { String::new() } else { format!("@{}", user.username) };
    (!user.is_bot).then_some(())?;
    Some((Identity::new("telegram", &user.id.to_string())?, name, address))
}

impl Adapter for Telegram {
    fn capability(&self) -> Capability {
        Capability {
            text_max: 4_096,
            counted: Counted::Utf16,
            // What the server takes of anybody: a picture of ten MB, a document of fifty; we keep no file above ten.
            files: Some(Carries {
                count_max: 1,
                size_max: FILE_MAX,
                picture_max: FILE_MAX,
                caption_max: 1_024,
                pictures_and_pdf_only: false,
            }),
            buttons: 20,
            button_max: 60,
            window_hours: None,
            templates: false,
            receipts: false,
        }
    }

    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, _: &[u8], _: Instant) -> bool {
        proof::is_same(&setup.secret, header(headers, "x-telegram-bot-api-secret-token"))
    }

    fn read(&self, _: &ChannelSetup, _: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>> {
        let update: Update = serde_json::from_slice(body).ok()?;
        let heard = if let Some(message) = update.message {
            told(&message)
        } else if let Some(message) = update.edited_message {
            let is_ours = message.chat.kind == "private";
            is_ours.then(|| Heard::Edited {
                thread: message.chat.id.to_string(),
                id: message.message_id.to_string(),
                text: message.words(),
                at: Instant(message.edit_date.saturating_mul(SECOND)),
            })
        } else if let Some(pressed) = update.callback_query {
            chosen(pressed)
        } else {
            update.my_chat_member.and_then(|member| {
                let is_out = member.chat.kind == "private" && member.new_chat_member.status == "kicked";
                is_out.then(|| known(&member.from)).flatten().map(|(who, ..)| Heard::Blocked { who })
            })
        };
        Some(heard.into_iter().collect())
    }

    /// Where a button was pressed, their program waits for this; it may be said in the answer itself.
    fn thanks(&self, body: &[u8]) -> Value {
        let pressed = serde_json::from_slice::<Update>(body).ok().and_then(|update| update.callback_query);
        pressed.map_or_else(|| json!({}), |pressed| json!({ "method": "answerCallbackQuery", "callback_query_id": pressed.id }))
    }

    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call {
        let (text, buttons) = self.capability().fitted(&parcel.text, &parcel.buttons);
        if let Some(file) = parcel.files.first() {
            let (method, field) = if is_picture(&file.kind) { ("sendPhoto", "photo") } else { ("sendDocument", "document") };
            let mut form = Form::new(&parcel.id);
            form.field("chat_id", &parcel.to);
            if !text.is_empty() {
                form.field("caption", &text);
            }
            form.file(field, file);
            return Call { url: address(setup, method), ..form.into_call() };
        }
        let mut body = json!({ "chat_id": parcel.to.parse::<i64>().unwrap_or_default(), "text": text });
        if !buttons.is_empty() {
            // One below the other, so that long labels can be read on a telephone.
            let rows: Vec<Value> =
                buttons.iter().map(|button| json!([{ "text": button.label, "callback_data": button.id }])).collect();
            body["reply_markup"] = json!({ "inline_keyboard": rows });
        }
        call(setup, "sendMessage", &body)
    }

    fn way_to(&self, setup: &ChannelSetup, reference: &str) -> Way {
        Way::Ask(call(setup, "getFile", &json!({ "file_id": reference })))
    }

    fn located(&self, setup: &ChannelSetup, answered: &Answered) -> Option<Call> {
        let body: Value = serde_json::from_slice(&answered.body).ok()?;
        let path = body["result"]["file_path"].as_str()?;
        // A path of its server and nothing else: it stands in an address that holds the token.
        let is_plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        let url = format!("{}/file/bot{}/{path}", setup.server.trim_end_matches('/'), setup.token);
        is_plain.then(|| Call { method: "GET", url, headers: Vec::new(), body: Vec::new() })
    }

    fn outcome(&self, answered: &Answered) -> Outcome {
        let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let why = said(body["description"].as_str().unwrap_or_default());
        match answered.status {
            200 if body["ok"] == true => Outcome::Taken(body["result"]["message_id"].as_i64().unwrap_or_default().to_string()),
            403 => Outcome::Blocked,
            429 => Outcome::Later(why, body["parameters"]["retry_after"].as_i64().or(answered.retry_after_s)),
            401 | 404 => Outcome::Never("Telegram does not know this token".to_owned()),
            400..=499 if !why.is_empty() => Outcome::Never(why),
            _ => by_status(answered, String::new()),
        }
    }

    fn connect(&self, setup: &ChannelSetup, address: &str, _: Instant) -> Option<Call> {
        let allowed = ["message", "edited_message", "callback_query", "my_chat_member"];
        Some(call(setup, "setWebhook", &json!({ "url": address, "secret_token": setup.secret, "allowed_updates": allowed })))
    }
}

fn told(message: &Message) -> Option<Heard> {
    let (who, name, address) = known(message.from.as_ref().filter(|_| message.chat.kind == "private")?)?;
    let text = message.words();
    let begins = text == "/start" || text.starts_with("/start ");
    let said = Said {
        thread: message.chat.id.to_string(),
        id: message.message_id.to_string(),
        who,
        known_as: Vec::new(),
        name,
        address,
        language: message.from.as_ref().map(|user| user.language_code.clone()).unwrap_or_default(),
        // Something came that this version has no name for: somebody should look all the same.
        text: if text.is_empty() { "[message]".to_owned() } else { text },
        button: None,
        begins,
        files: message.files(),
    };
    Some(Heard::Said(Box::new(said)))
}

fn chosen(pressed: Pressed) -> Option<Heard> {
    let under = pressed.message.filter(|under| under.chat.kind == "private")?;
    let (who, name, address) = known(&pressed.from)?;
    // What stood on the button is what they said.
    let rows = under.reply_markup.as_ref().and_then(|markup| markup["inline_keyboard"].as_array().cloned());
    let label = rows.into_iter().flatten().filter_map(|row| row.as_array().cloned()).flatten();
    let label = label.into_iter().find(|button| button["callback_data"] == pressed.data.as_str());
    let text = label.and_then(|button| button["text"].as_str().map(str::to_owned)).unwrap_or_else(|| pressed.data.clone());
    let said = Said {
        thread: under.chat.id.to_string(),
        id: format!("pressed {}", pressed.id),
        who,
        known_as: Vec::new(),
        name,
        address,
        language: pressed.from.language_code,
        text,
        button: Some(pressed.data),
        begins: false,
        files: Vec::new(),
    };
    Some(Heard::Said(Box::new(said)))
}

fn address(setup: &ChannelSetup, method: &str) -> String {
    format!("{}/bot{}/{method}", setup.server.trim_end_matches('/'), setup.token)
}

fn call(setup: &ChannelSetup, method: &str, body: &Value) -> Call {
    Call {
        method: "POST",
        url: address(setup, method),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
