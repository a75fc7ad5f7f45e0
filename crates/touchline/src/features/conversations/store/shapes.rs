//! What conversations, messages and counts are to whoever reads them.

use crate::features::conversations::files::MessageFile;
use model::{ActorId, Identity, Instant};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Is what a line of a conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageKind)]
pub enum Kind {
    /// The customer said it.
    In,
    /// We said it.
    Out,
    /// Staff wrote it for staff.
    Note,
    /// Something happened to the conversation.
    Event,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Note => "note",
            Self::Event => "event",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        match name {
            "in" => Self::In,
            "out" => Self::Out,
            "note" => Self::Note,
            _ => Self::Event,
        }
    }
}

/// Is how a conversation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationStatus)]
pub enum Status {
    /// It is to be looked after.
    Open,
    /// It sleeps until a moment, or until the customer writes.
    Snoozed,
    /// It is done.
    Resolved,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        match name {
            "snoozed" => Self::Snoozed,
            "resolved" => Self::Resolved,
            _ => Self::Open,
        }
    }
}

/// Is what a customer wrote in a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomerWords {
    /// Whoever wrote it.
    pub actor: ActorId,
    /// The touchpoint of the conversation, by id; empty: none.
    pub touchpoint: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The text.
    pub text: String,
    /// The conversation.
    pub conversation: String,
}

/// Is one line of a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its place.
    pub seq: i64,
    /// The id that its sender drew.
    pub client_id: String,
    /// What it is.
    pub kind: Kind,
    /// The account that wrote it, of staff.
    pub account: Option<i64>,
    /// The name of whoever wrote it.
    pub author: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What it says; none: it cannot be read any more.
    pub text: Option<String>,
    /// Whether there is HTML too, which has a route of its own.
    pub has_html: bool,
    /// The files that came along.
    pub files: Vec<MessageFile>,
    /// Of ours: `queued`, `sent`, `delivered`, `read`, `caught`, `failed` or `bounced`.
    pub state: String,
    /// Of an event, what happened; of a mail, what is known of it.
    #[schema(value_type = Object)]
    pub meta: Value,
}

/// Is somebody outside who takes part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Participant {
    /// Their identity, as the ledger numbers it.
    pub actor: String,
    /// The number of the person, for their page and timeline.
    pub person: String,
    /// Their name, as they gave it.
    pub name: String,
    /// Where answers go.
    pub address: String,
    /// Whether nobody knows that they belong to it: they wrote into it without having been in it.
    pub flagged: bool,
}

/// Is one conversation, as the list shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Its number, for people.
    pub number: i64,
    /// `chat`, `email`, `form`, `phone`, `in_person`, `review`, `comment`, `post`, or a messenger: `messenger`, `telegram`, `sms`, `whatsapp`,
    /// `facebook`, `instagram`.
    pub channel: String,
    /// What it is about, as the customer wrote it.
    pub subject: String,
    /// The beginning of the last message.
    pub preview: String,
    /// Whether we said the last word.
    pub answered_last: bool,
    /// How it stands.
    pub status: Status,
    /// The account that looks after it.
    pub assignee: Option<i64>,
    /// The name of that account.
    pub assigned_name: String,
    /// The team that looks after it.
    pub team: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Until when it sleeps.
    pub snoozed_until: Option<i64>,
    /// When it began.
    pub opened_at: i64,
    /// When something happened last.
    pub last_at: i64,
    /// Since when the customer waits.
    pub waiting_since: Option<i64>,
    /// When the answer is due.
    pub due_at: Option<i64>,
    /// The last place in it.
    pub seq: i64,
    /// How far the customer has seen it.
    pub seen_seq: i64,
    /// The stars, 1 to 5, of the review that it began with; none: it is not about one.
    pub stars: Option<i64>,
    /// Who wrote it.
    pub customer: Participant,
}

/// Is the last word that we said in a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OurLastWord {
    /// The conversation.
    pub conversation: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The text.
    pub text: String,
}

/// Is who writes as staff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The account.
    pub account: i64,
    /// Its name.
    pub name: String,
}

/// Is a message of a customer on its way in.
#[derive(Clone, PartialEq, Debug)]
pub struct Incoming {
    /// The conversation it belongs to, which is made where it is not there.
    pub conversation: String,
    /// The id by which the same message is known again.
    pub client_id: String,
    /// The channel.
    pub channel: String,
    /// Who they are, the strongest name first.
    pub identity: Identity,
    /// The name they gave.
    pub name: String,
    /// Where answers go.
    pub address: String,
    /// What it is about.
    pub subject: String,
    /// What they say.
    pub text: String,
    /// The same as HTML, cleaned.
    pub html: String,
    /// When.
    pub at: Instant,
    /// Where: a page, a mailbox, a branch. Nothing personal.
    pub place: String,
    /// What else is known of it. Nothing personal.
    pub meta: Value,
    /// By what answers to it are recognised.
    pub thread_key: String,
}

/// Says what became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// It has this place.
    Added(i64),
    /// It was sent before, and has this place.
    Known(i64),
    /// Somebody said something meanwhile that its writer has not seen: up to this place.
    Stale(i64),
    /// There is no such conversation.
    Absent,
    /// Nothing more is taken in this conversation.
    Full,
}

/// Is which conversations are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// `open`, `mine`, `unassigned`, `bot`, `snoozed`, `resolved` or `all`.
    pub view: String,
    /// Of one channel.
    pub channel: Option<String>,
    /// With one label.
    pub label: Option<String>,
    /// With these words in name, subject, number or last message.
    pub words: Option<String>,
}

/// Counts conversations: what came in is what went out and what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ConversationCounts)]
pub struct Counts {
    /// How often one was opened, or opened again.
    pub came_in: i64,
    /// How often one was resolved.
    pub went_out: i64,
    /// How many are open, and for people to answer.
    pub open: i64,
    /// How many the bot looks after, and nobody waits for a person.
    pub with_bot: i64,
    /// How many sleep.
    pub snoozed: i64,
}

/// Is one channel, for CHN-33: how many asked, were answered, and bought within thirty days is the map's to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelRequests)]
pub struct ChannelRequests {
    /// The channel.
    pub channel: String,
    /// Conversations that began.
    pub requests: i64,
    /// Of them, how many were answered.
    pub answered: i64,
    /// Of them, how many are open.
    pub open: i64,
}
