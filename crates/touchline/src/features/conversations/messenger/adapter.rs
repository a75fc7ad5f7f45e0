//! What a kind of channel is: what it can do, how what comes from it is proved and read, how what goes out is written.

use super::setup::{ChannelSetup, Template};
use crate::platform::calls::{Answered, Call};
use axum::http::HeaderMap;
use model::{Identity, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Is how the length of a text is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextCount)]
pub enum Counted {
    /// Units of UTF-16, as browsers count.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
    /// Short messages: 160 letters of the telephone alphabet or 70 of any other, fewer where it takes several.
    Sms,
}

/// Is what a channel can do. Whoever writes obeys it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelCapability)]
pub struct Capability {
    /// How long a text can be; of short messages, how many they may be.
    pub text_max: u32,
    /// How that is counted.
    pub counted: Counted,
    /// Which files can be sent; none: no file can.
    pub files: Option<Carries>,
    /// How many buttons a message can have; beyond that, and where it is 0, they are numbered lines of the text.
    pub buttons: u32,
    /// How many letters a button has at most.
    pub button_max: u32,
    /// So many hours after their last message we may write freely; later only by a template, if at all.
    pub window_hours: Option<u32>,
    /// Whether messages that were approved beforehand may be sent outside that time.
    pub templates: bool,
    /// Whether the other side tells what was delivered and read.
    pub receipts: bool,
}

/// Is which files a channel can carry. Whoever adds one obeys it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FileCapability)]
pub struct Carries {
    /// How many go with one message.
    pub count_max: u32,
    /// How many bytes one has at most.
    pub size_max: u32,
    /// How many bytes a picture has at most.
    pub picture_max: u32,
    /// How many letters the text beside them has at most; 0: a message is a text or a file, and never both.
    pub caption_max: u32,
    /// Whether only pictures (PNG, JPEG) and PDF documents go.
    pub pictures_and_pdf_only: bool,
}

impl Carries {
    /// Tells what stops files from being sent, as a sentence and what to do now. Each is its name, what its bytes say that it is, and
    /// how many there are.
    #[must_use]
    pub fn stops(&self, text: &str, files: &[(&str, &str, i64)]) -> Option<(String, &'static str)> {
        if files.len() > self.count_max as usize {
            return Some((
                format!("This channel takes {} file(s) with a message, and this has {}", self.count_max, files.len()),
                "Send the others with messages of their own",
            ));
        }
        let length = text.encode_utf16().count();
        if !files.is_empty() && length > self.caption_max as usize {
            return Some(if self.caption_max == 0 {
                ("This channel takes a text or a file in one message".to_owned(), "Send them one after the other")
            } else {
                (
                    format!("Beside a file this channel takes {} letters, and this has {length}", self.caption_max),
                    "Send the text first, and the file after it",
                )
            });
        }
        files.iter().find_map(|(name, kind, size)| {
            let is_picture = is_picture(kind);
            if self.pictures_and_pdf_only && !is_picture && *kind != "application/pdf" {
                return Some((
                    format!("This channel takes pictures (PNG, JPEG) and PDF documents only, and “{name}” is none"),
                    "Make a PDF of it, or reach them on another way",
                ));
            }
            let most = if is_picture { self.picture_max } else { self.size_max };
            (*size > i64::from(most)).then(|| {
                let what = if is_picture { "pictures" } else { "files" };
                (
                    format!("This channel takes {what} of at most {} MB, and “{name}” is larger", most >> 20),
                    "Make it smaller, or send a link",
                )
            })
        })
    }
}

/// Tells whether every messenger shows this as a picture.
pub(super) fn is_picture(kind: &str) -> bool {
    kind == "image/png" || kind == "image/jpeg"
}

/// Is a file that came with a message.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Brought {
    /// It came along.
    Here { name: String, bytes: Vec<u8> },
    /// It is to be fetched by a name or address that the other side gave. `size` is what it says that it has.
    Away { name: String, reference: String, size: Option<u64> },
    /// Something was there that cannot be had.
    Lost { name: String },
}

impl std::fmt::Debug for Brought {
    /// Shows nothing of what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a file")
    }
}

/// Is a file on its way out.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Enclosed {
    pub(super) name: String,
    /// What its bytes say that it is.
    pub(super) kind: String,
    pub(super) bytes: Vec<u8>,
    /// The name under which the other side has it already.
    pub(super) media: Option<String>,
}

impl std::fmt::Debug for Enclosed {
    /// Shows nothing of what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a file")
    }
}

/// Is how a file of the other side is had.
pub(super) enum Way {
    /// By this request.
    Fetch(Call),
    /// By asking first where it is: the answer is read by [`Adapter::located`].
    Ask(Call),
    /// Not at all.
    Never,
}

/// Is something to press.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageButton)]
pub struct Button {
    /// What comes back when it is pressed.
    pub id: String,
    /// What stands on it.
    pub label: String,
}

/// Is a message of a customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    /// The chat, as the other side names it, and where answers go.
    pub(super) thread: String,
    /// The message, as the other side names it.
    pub(super) id: String,
    /// Who wrote it.
    pub(super) who: Identity,
    /// Further names of theirs that the other side vouches for.
    pub(super) known_as: Vec<Identity>,
    /// What they are called.
    pub(super) name: String,
    /// What staff see of where they write from.
    pub(super) address: String,
    /// The language of their program.
    pub(super) language: String,
    /// What they say.
    pub(super) text: String,
    /// The button they pressed.
    pub(super) button: Option<String>,
    /// Whether they have only just opened the chat, and said nothing yet.
    pub(super) begins: bool,
    /// The files that came along.
    pub(super) files: Vec<Brought>,
}

/// Is what comes from the other side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// Somebody wrote.
    Said(Box<Said>),
    /// Somebody changed what they had written.
    Edited { thread: String, id: String, text: String, at: Instant },
    /// A message of ours was `delivered`, `read` or `failed`.
    Receipt { their_id: String, state: &'static str, why: String },
    /// Somebody shut us out.
    Blocked { who: Identity },
}

/// Is a message on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parcel {
    /// Names it for ever.
    pub(super) id: String,
    /// Where to.
    pub(super) to: String,
    /// What it says.
    pub(super) text: String,
    /// What can be pressed.
    pub(super) buttons: Vec<Button>,
    /// The template it was made from.
    pub(super) template: Option<Template>,
    /// What goes along.
    pub(super) files: Vec<Enclosed>,
    /// Who wrote it.
    pub(super) author: String,
    /// When it is sent.
    pub(super) at: Instant,
}

/// Is what an answer of the other side means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It was taken, under this name.
    Taken(String),
    /// It may be tried again, after so many seconds where it was said.
    Later(String, Option<i64>),
    /// It never will be taken.
    Never(String),
    /// They have shut us out.
    Blocked,
    /// It may have been taken: nobody knows.
    Unknown(String),
}

/// Speaks for a kind of channel.
pub(super) trait Adapter: Sync {
    /// Returns what it can do.
    fn capability(&self) -> Capability;

    /// Tells whether what came is from whom it says: nothing is read before.
    fn is_proved(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8], now: Instant) -> bool;

    /// Reads what came; `None` when it cannot be read.
    fn read(&self, setup: &ChannelSetup, headers: &HeaderMap, body: &[u8]) -> Option<Vec<Heard>>;

    /// Returns what the other side is answered.
    fn thanks(&self, _body: &[u8]) -> Value {
        json!({})
    }

    /// Writes a message.
    fn write(&self, setup: &ChannelSetup, parcel: &Parcel) -> Call;

    /// Says how a file is had that the other side named.
    fn way_to(&self, _setup: &ChannelSetup, _reference: &str) -> Way {
        Way::Never
    }

    /// Reads where a file is; `None` where the other side does not say.
    fn located(&self, _setup: &ChannelSetup, _answered: &Answered) -> Option<Call> {
        None
    }

    /// Writes the request by which the other side gets a file before the message that names it, where it wants that.
    fn upload(&self, _setup: &ChannelSetup, _parcel: &Parcel) -> Option<Call> {
        None
    }

    /// Reads the name under which the other side has a file now.
    fn uploaded(&self, answered: &Answered) -> Result<String, Outcome> {
        Err(self.outcome(answered))
    }

    /// Reads what was answered.
    fn outcome(&self, answered: &Answered) -> Outcome;

    /// Tells whether the other side takes a message with the same id once only, so that it may be sent again in doubt.
    fn is_idempotent(&self) -> bool {
        false
    }

    /// Writes the question by which it is set up at the other side, or tried, where there is one.
    fn connect(&self, _setup: &ChannelSetup, _address: &str, _now: Instant) -> Option<Call> {
        None
    }
}

impl Capability {
    /// Returns how long a text is, counted as this channel does.
    #[must_use]
    pub fn length(&self, text: &str) -> usize {
        match self.counted {
            Counted::Utf16 => text.encode_utf16().count(),
            Counted::Bytes => text.len(),
            Counted::Sms => short_messages(text),
        }
    }

    /// Returns the text with the buttons that the channel cannot show as numbered lines, and those it can.
    pub(super) fn fitted(&self, text: &str, buttons: &[Button]) -> (String, Vec<Button>) {
        if buttons.is_empty() {
            return (text.to_owned(), Vec::new());
        }
        if buttons.len() <= self.buttons as usize {
            let shown = |button: &Button| Button {
                id: button.id.clone(),
                label: button.label.chars().take(self.button_max as usize).collect(),
            };
            return (text.to_owned(), buttons.iter().map(shown).collect());
        }
        let lines = buttons.iter().enumerate().map(|(place, button)| format!("\n{}. {}", place + 1, button.label));
        (text.to_owned() + &lines.collect::<String>(), Vec::new())
    }
}

/// The alphabet of telephones (GSM 03.38). Those of the second row take two places.
const PLAIN: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const DOUBLE: &str = "\u{c}^{}\\[~]|€";

/// Counts how many short messages a text takes.
fn short_messages(text: &str) -> usize {
    let letters: Option<usize> = text.chars().try_fold(0, |sum, letter| match letter {
        letter if PLAIN.contains(letter) => Some(sum + 1),
        letter if DOUBLE.contains(letter) => Some(sum + 2),
        _ => None,
    });
    let (length, alone, each) = letters.map_or_else(|| (text.encode_utf16().count(), 70, 67), |length| (length, 160, 153));
    if length <= alone { 1 } else { length.div_ceil(each) }
}

/// Cuts what the other side says of a failure: it is shown to staff.
pub(super) fn said(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(200).collect()
}

/// Reads an answer that knows nothing of its own but its status.
pub(super) fn by_status(answered: &Answered, taken: String) -> Outcome {
    let status = answered.status;
    match status {
        200..=299 => Outcome::Taken(taken),
        429 | 503 => Outcome::Later(format!("the server is busy ({status})"), answered.retry_after_s),
        408 | 500..=599 => Outcome::Unknown(format!("the server failed ({status})")),
        _ => Outcome::Never(format!("the server refused it ({status})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messages_are_counted_as_telephones_do() {
        let check = |text: &str, expected: usize| assert_eq!(short_messages(text), expected, "{text:.20}");
        check("", 1);
        check(&"a".repeat(160), 1);
        check(&"a".repeat(161), 2);
        check(&"a".repeat(306), 2);
        check(&"a".repeat(307), 3);
        check(&"€".repeat(80), 1);
        check(&"€".repeat(81), 2);
        check(&"я".repeat(70), 1);
        check(&"я".repeat(71), 2);
        check(&"я".repeat(134), 2);
        check(&"я".repeat(135), 3);
        check("😀", 1);
        check(&"😀".repeat(36), 2);
    }

    #[test]
    fn buttons_that_do_not_fit_become_numbered_lines() {
        let capability = Capability {
            text_max: 10,
            counted: Counted::Bytes,
            files: None,
            buttons: 2,
            button_max: 3,
            window_hours: None,
            templates: false,
            receipts: false,
        };
        let button = |id: &str| Button { id: id.to_owned(), label: format!("{id}-long") };
        let (text, shown) = capability.fitted("Which?", &[button("a"), button("b")]);
        assert_eq!((text.as_str(), shown[1].label.as_str()), ("Which?", "b-l"));
        let (text, shown) = capability.fitted("Which?", &[button("a"), button("b"), button("c")]);
        assert_eq!((text.as_str(), shown.len()), ("Which?\n1. a-long\n2. b-long\n3. c-long", 0));
    }
}
