//! The inbox as staff reach it: lists, one conversation, answering, and what happens meanwhile.
//!
//! Whoever may read everything may read here; viewers and analysts write nothing.

use super::events::{Changed, Event, Present};
use super::store::{Author, ChannelRequests, Counts, Filter, Participant};
use super::teams::{InSight, Reader, for_staff};
use super::{Conversation, Forecast, Inbox, Incoming, Message, Posted, Reach, Status, Talk};
use crate::failure::Result;
use crate::features::account::Who;
use crate::platform::http::{Asked, Body, Problem, Refusal, Stopping};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use model::time::DAY;
use model::{Identity, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A page is let go after so long, and comes again by itself: so a session that has ended ends here too.
const LASTS_MAX: Duration = Duration::from_secs(600);
/// So many changes are told at once.
const EVENTS_MAX: i64 = 500;
/// Whoever is further behind than this reads the list again.
const BEHIND_MAX: i64 = 5_000;
/// Nothing sleeps for longer than a year.
const SNOOZE_MAX: i64 = 366 * DAY;
/// Labels of one conversation, and the letters of one.
const LABELS_MAX: usize = 20;
const LABEL_MAX: usize = 60;
/// Returns the routes behind the door.
pub fn routes(talk: Talk) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(conversation_list, enter_conversation))
        .routes(routes!(inbox_summary))
        .routes(routes!(conversation_events))
        .routes(routes!(conversation))
        .routes(routes!(say_in_conversation))
        .routes(routes!(change_conversation))
        .routes(routes!(say_presence))
        .merge(super::canned::routes())
        .merge(super::parts::routes())
        .merge(super::outbox::routes())
        .merge(super::teams::routes())
        .merge(super::mail::routes())
        .merge(super::messenger::routes())
        .merge(super::knowledge::routes())
        .merge(super::bot::routes())
        .merge(super::signing::routes())
        .merge(super::community::routes())
        .with_state(talk)
}

/// Is proof that whoever asks may answer customers: the owner, admins and agents may.
pub(crate) struct Agent(pub(crate) Author);

impl<S: Send + Sync> FromRequestParts<S> for Agent {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(Refusal::unauthenticated)?;
        if who.keeps_house() || who.role == "agent" {
            Ok(Self(Author { account: who.account, name: who.name.clone() }))
        } else {
            Err(Refusal::not_allowed())
        }
    }
}

/// Is which conversations are asked for.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `open` (where nothing is said), `mine`, `unassigned`, `bot`, `snoozed`, `resolved` or `all`.
    #[serde(default)]
    view: Option<String>,
    /// Of one channel.
    #[serde(default)]
    channel: Option<String>,
    /// With one label.
    #[serde(default)]
    label: Option<String>,
    /// With these words in name, address, subject, number or last message.
    #[serde(default)]
    q: Option<String>,
}

/// Is a list of conversations.
#[derive(Serialize, Deserialize, ToSchema)]
struct ConversationList {
    /// The conversations: first those whose answer is due soonest, then the latest.
    conversations: Vec<Conversation>,
    /// How many there are in all.
    counts: Counts,
    /// The number of the last change, from which to listen.
    event: i64,
    /// The moment of this answer, in microseconds since 1970.
    now: i64,
}

/// Is how the inbox stands.
#[derive(Serialize, Deserialize, ToSchema)]
struct InboxSummary {
    /// What came in, went out and is there.
    counts: Counts,
    /// Requests by channel.
    requests: Vec<ChannelRequests>,
    /// How many answers will be late.
    forecast: Forecast,
    /// Whether somebody is there now, by the business hours.
    is_open: bool,
}

/// Is one conversation with what was said.
#[derive(Serialize, Deserialize, ToSchema)]
struct ConversationShown {
    /// The conversation.
    conversation: Conversation,
    /// What was said, in order.
    messages: Vec<Message>,
    /// Everybody outside who takes part.
    participants: Vec<Participant>,
    /// Which colleagues look at it, and whether the customer writes.
    present: Vec<Present>,
    /// How they are reached, where a messenger stands between: whoever writes obeys it.
    reach: Option<Reach>,
}

/// Is from where to read.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct From {
    /// Only what comes after this place.
    #[serde(default)]
    after: Option<i64>,
}

/// Is something to say.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    /// An id that the writer draws: sent twice it is one message.
    client_id: String,
    /// What to say; empty only beside files.
    text: String,
    /// The ids of files that were added before.
    #[serde(default)]
    files: Vec<String>,
    /// Whether staff alone sees it.
    #[serde(default)]
    note: bool,
    /// The last place that the writer has seen.
    #[serde(default)]
    after: i64,
    /// Whether to send it although somebody said something since.
    #[serde(default)]
    anyway: bool,
    /// The canned reply it was made from.
    #[serde(default)]
    canned: Option<i64>,
    /// The template of the channel it is: its name, a blank and its language. The text is that of the template.
    #[serde(default)]
    template: Option<String>,
}

/// Is where a message stands.
#[derive(Serialize, Deserialize, ToSchema)]
struct Said {
    /// Its place.
    seq: i64,
}

/// Is a change of a conversation; what is left out stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum ConversationChange {
    /// It is done.
    Resolve,
    /// It is open again.
    Open,
    /// It sleeps until a moment, in microseconds since 1970.
    Snooze(i64),
    /// I look after it.
    Take,
    /// Nobody looks after it.
    Release,
    /// Somebody looks after it.
    Assign {
        /// The account.
        account: i64,
        /// Its name; what the house calls them is what is written down.
        #[serde(default)]
        name: String,
    },
    /// A team looks after it, by its name; empty: none. Whoever does not see what is in that team has seen it for the last time.
    Team(String),
    /// It has these labels.
    Labels(Vec<String>),
}

/// Is that somebody looks at a conversation.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Presence {
    /// Whether they are writing.
    typing: bool,
}

/// Is a conversation that staff enter: a call, somebody who came by.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConversation {
    /// An id that the writer draws: sent twice it is one conversation.
    client_id: String,
    /// `phone`, `in_person`, `post`, `messenger` or `email`.
    channel: String,
    /// The kind of name by which the customer is known, such as `phone`.
    namespace: String,
    /// The name itself.
    value: String,
    /// What they are called.
    #[serde(default)]
    name: String,
    /// What it is about.
    #[serde(default)]
    subject: String,
    /// What they said.
    text: String,
}

/// Is a new conversation.
#[derive(Serialize, Deserialize, ToSchema)]
struct Begun {
    /// Its id.
    id: String,
}

/// Answers what is not there, and what whoever asks may not see.
pub(super) fn absent() -> Refusal {
    Refusal::not_found("There is no such conversation", "List them with GET /api/conversations")
}

/// Lists conversations.
#[utoipa::path(get, path = "/api/conversations", tag = "conversations", params(Wanted), responses(
    (status = 200, body = ConversationList), (status = 400, body = Problem), (status = 401, body = Problem),
))]
async fn conversation_list(
    Extension(who): Extension<Who>,
    State(talk): State<Talk>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<ConversationList>, Refusal> {
    // Before the list: a change that comes between is told again, which is better than not at all.
    let event = talk.inbox.last_event().await?;
    let view = wanted.view.unwrap_or_else(|| "open".to_owned());
    let filter = Filter { view, channel: wanted.channel, label: wanted.label, words: wanted.q };
    let reader = Reader::of(&who);
    let conversations = talk.inbox.list(&filter, who.account, reader).await?;
    Ok(Json(ConversationList { conversations, counts: talk.inbox.counts(reader).await?, event, now: talk.inbox.now().0 }))
}

/// Enters a conversation that no machine reports: a call, somebody who came by, a letter.
#[utoipa::path(post, path = "/api/conversations", tag = "conversations", request_body = NewConversation, responses(
    (status = 201, body = Begun), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn enter_conversation(
    Agent(by): Agent,
    State(talk): State<Talk>,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Begun>), Refusal> {
    let is_channel = ["phone", "in_person", "post", "messenger", "email"].contains(&new.channel.as_str());
    if !is_channel || new.client_id.is_empty() || new.client_id.len() > 100 || new.text.trim().is_empty() {
        return Err(Refusal::malformed("A conversation has a channel, an id of its own and a text", "See /api/openapi.json"));
    }
    let value = if new.namespace == "email" { new.value.trim().to_lowercase() } else { new.value.trim().to_owned() };
    let is_name = ["email", "phone", "customer", "user", "nick"].contains(&new.namespace.as_str()) && value.len() <= 320;
    let identity = if is_name { Identity::new(&new.namespace, &value) } else { None };
    let identity = identity.ok_or_else(|| {
        Refusal::malformed(
            "The customer has no name that can be used",
            "Give `email`, `phone`, `customer`, `user` or `nick`, and its value",
        )
    })?;
    if new.text.len() > super::store::TEXT_MAX || new.subject.len() > 500 || new.name.len() > 200 {
        return Err(Refusal::malformed("A text is too long", "Keep the rest in a note"));
    }
    let id = blake3::hash(format!("{}/{}", by.account, new.client_id).as_bytes()).to_hex()[..32].to_owned();
    let address = if new.namespace == "email" || new.namespace == "phone" { value } else { String::new() };
    let incoming = Incoming {
        conversation: id.clone(),
        client_id: new.client_id,
        channel: new.channel,
        identity,
        name: new.name,
        address,
        subject: new.subject,
        text: new.text,
        html: String::new(),
        at: talk.inbox.now(),
        place: "by hand".to_owned(),
        meta: json!({ "entered_by": by.name }),
        thread_key: String::new(),
    };
    talk.inbox.incoming(&incoming).await?;
    Ok((StatusCode::CREATED, Json(Begun { id })))
}

/// Tells how the inbox stands: counts, requests by channel, and how many answers will be late.
#[utoipa::path(get, path = "/api/conversations/summary", tag = "conversations", responses(
    (status = 200, body = InboxSummary), (status = 401, body = Problem),
))]
async fn inbox_summary(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<InboxSummary>, Refusal> {
    let (inbox, reader) = (&talk.inbox, Reader::of(&who));
    let is_open = inbox.settings().await?.hours.is_open(inbox.now());
    let (counts, requests, forecast) =
        (inbox.counts(reader).await?, inbox.requests(reader).await?, inbox.forecast(reader).await?);
    Ok(Json(InboxSummary { counts, requests, forecast, is_open }))
}

/// Tells, as server-sent events named `conversation`, every change after a number, for ever; each bears its number as id, so
/// that a browser that comes back goes on where it was. `behind` says that too much was missed: read the list again. Events
/// named `present` say that somebody came or went.
#[utoipa::path(get, path = "/api/conversations/events", tag = "conversations", params(From), responses(
    (status = 200, body = serde_json::Value, content_type = "text/event-stream"), (status = 401, body = Problem),
))]
async fn conversation_events(
    Extension(who): Extension<Who>,
    State(talk): State<Talk>,
    Asked(from): Asked<From>,
    headers: axum::http::HeaderMap,
    stopping: Stopping,
) -> Result<Response, Refusal> {
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let after = match resumed.or(from.after) {
        Some(after) => after,
        None => talk.inbox.last_event().await?,
    };
    let heard = talk.inbox.news().listen();
    let (reader, until) = (Reader::of(&who), time::Instant::now() + LASTS_MAX);
    let listener = Listener { inbox: talk.inbox, reader, after, heard, waiting: Vec::new(), stopping, until };
    let news = stream::unfold(listener, async |mut listener| {
        let sent = listener.next().await?;
        Some((Ok::<_, Infallible>(sent), listener))
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::default()).into_response())
}

/// Is one page that listens.
struct Listener {
    inbox: Inbox,
    reader: Reader,
    /// Up to which change everything was told that may be.
    after: i64,
    heard: watch::Receiver<Changed>,
    waiting: Vec<Event>,
    stopping: Stopping,
    until: time::Instant,
}

impl Listener {
    /// Waits for the next change; `None` when it is time to go.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(event) = self.waiting.pop() {
                self.after = event.seq;
                let data = serde_json::to_string(&event).ok()?;
                return Some(Sent::default().event("conversation").id(event.seq.to_string()).data(data));
            }
            let last = self.inbox.last_event().await.ok()?;
            if last - self.after > BEHIND_MAX {
                self.after = last;
                return Some(Sent::default().event("behind").id(last.to_string()).data(last.to_string()));
            }
            if last > self.after {
                let heard = self.inbox.events(self.after, EVENTS_MAX, self.reader).await.ok()?;
                self.waiting = heard.events;
                self.waiting.reverse();
                if self.waiting.is_empty() {
                    self.after = heard.through;
                }
                if heard.has_left {
                    // What went out of sight is not named; the list is read again without it.
                    return Some(Sent::default().event("present").data(""));
                }
                continue;
            }
            tokio::select! {
                changed = self.heard.changed() => {
                    changed.ok()?;
                    let of = self.heard.borrow_and_update().of.clone();
                    let is_seen = self.inbox.out_of_sight(self.reader, of.into_iter().collect()).await.ok()?.is_empty();
                    if is_seen && self.inbox.last_event().await.ok()? == self.after {
                        return Some(Sent::default().event("present").data(""));
                    }
                }
                () = time::sleep_until(self.until) => return None,
                () = self.stopping.begun() => return None,
            }
        }
    }
}

/// Tells one conversation and what was said in it.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), From),
    responses((status = 200, body = ConversationShown), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
async fn conversation(
    InSight(id): InSight,
    Extension(who): Extension<Who>,
    State(talk): State<Talk>,
    Asked(from): Asked<From>,
) -> Result<Json<ConversationShown>, Refusal> {
    let conversation = talk.inbox.find(&id).await?.ok_or_else(absent)?;
    let messages = talk.inbox.messages(&id, from.after).await?;
    let participants = talk.inbox.participants(&id).await?;
    let present = talk.inbox.news().present(&id, who.account, talk.inbox.now());
    let reach = talk.reach(&id).await?;
    Ok(Json(ConversationShown { conversation, messages, participants, present, reach }))
}

/// Says something to the customer, or to colleagues alone. Refused with 409 where somebody said something since the last
/// place that the writer has seen.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "conversations", request_body = Say,
    params(("id" = String, Path, description = "The conversation.")),
    responses(
        (status = 200, description = "The same id was sent before.", body = Said),
        (status = 201, body = Said),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "Somebody said something meanwhile: read it first.", body = Problem),
    ),
)]
async fn say_in_conversation(
    Agent(by): Agent,
    InSight(id): InSight,
    State(talk): State<Talk>,
    Body(say): Body<Say>,
) -> Result<(StatusCode, Json<Said>), Refusal> {
    let inbox = &talk.inbox;
    let reach = if say.note { None } else { talk.reach(&id).await? };
    if let Some((what, hint)) = reach.as_ref().and_then(|reach| reach.stops(&say.text, say.template.as_deref(), inbox.now())) {
        return Err(Refusal::malformed(what, hint));
    }
    if let Some(reach) = reach.as_ref().filter(|_| !say.files.is_empty()) {
        let files = inbox.waiting_files(&id, &say.files).await?;
        if let Some((what, hint)) = reach.stops_files(&say.text, say.template.as_deref(), &files) {
            return Err(Refusal::malformed(what, hint));
        }
    }
    let posted = match reach.as_ref().zip(say.template.as_deref()) {
        Some((reach, name)) => {
            let text = reach.text_of(name).unwrap_or_default();
            inbox.reply_by_template(&id, &by, &say.client_id, &text, name).await
        }
        None => {
            let how = (say.note, say.after, say.anyway);
            inbox.say_with(&id, &by, &say.client_id, (&say.text, &say.files), how).await
        }
    };
    match posted.map_err(Refusal::told)? {
        Posted::Added(seq) => {
            if let Some(canned) = say.canned {
                inbox.count_use(canned).await?;
            }
            Ok((StatusCode::CREATED, Json(Said { seq })))
        }
        Posted::Known(seq) => Ok((StatusCode::OK, Json(Said { seq }))),
        Posted::Absent => Err(absent()),
        Posted::Full => Err(Refusal::conflict("Nothing more is taken in this conversation", "Begin a new one")),
        Posted::Stale(_) => Err(Refusal::conflict(
            "Somebody said something since you last looked",
            "Read it first; then send it again, or send it anyway",
        )),
    }
}

/// Resolves, opens, snoozes, assigns or labels a conversation.
#[utoipa::path(post, path = "/api/conversations/{id}/state", tag = "conversations", request_body = ConversationChange,
    params(("id" = String, Path, description = "The conversation.")),
    responses(
        (status = 200, body = Conversation), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn change_conversation(
    Agent(by): Agent,
    InSight(id): InSight,
    State(talk): State<Talk>,
    Body(change): Body<ConversationChange>,
) -> Result<Json<Conversation>, Refusal> {
    let inbox = &talk.inbox;
    let is_word = |text: &str| text.len() <= LABEL_MAX && !text.chars().any(char::is_control);
    let done = match change {
        ConversationChange::Resolve => inbox.set_status(&id, &by, Status::Resolved, None).await?,
        ConversationChange::Open => inbox.set_status(&id, &by, Status::Open, None).await?,
        ConversationChange::Snooze(until) => {
            let now = inbox.now().0;
            if until <= now || until > now.saturating_add(SNOOZE_MAX) {
                return Err(Refusal::malformed(
                    "It can sleep until a moment within the next year",
                    "Choose a later one, or an earlier",
                ));
            }
            inbox.set_status(&id, &by, Status::Snoozed, Some(Instant(until))).await?
        }
        ConversationChange::Take => inbox.assign(&id, &by, Some((by.account, by.name.clone())), None).await?,
        ConversationChange::Release => inbox.assign(&id, &by, None, None).await?,
        ConversationChange::Assign { account, .. } => {
            let to = for_staff(inbox, &id, account).await?;
            inbox.assign(&id, &by, Some(to), None).await?
        }
        ConversationChange::Team(team) if is_word(&team) => inbox.give_to_team(&id, &by, &team).await?,
        ConversationChange::Labels(labels) if labels.len() <= LABELS_MAX && labels.iter().all(|label| is_word(label)) => {
            inbox.label(&id, &by, &labels).await?
        }
        _ => return Err(Refusal::malformed(format!("A label or name has at most {LABEL_MAX} bytes"), "Shorten it")),
    };
    let found = if done { inbox.find(&id).await? } else { None };
    found.map(Json).ok_or_else(absent)
}

/// Says that somebody looks at a conversation or writes, for the next seconds.
#[utoipa::path(post, path = "/api/conversations/{id}/presence", tag = "conversations", request_body = Presence,
    params(("id" = String, Path, description = "The conversation.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn say_presence(
    Agent(by): Agent,
    InSight(id): InSight,
    State(talk): State<Talk>,
    Body(presence): Body<Presence>,
) -> Result<StatusCode, Refusal> {
    talk.inbox.present(&id, Present { account: by.account, name: by.name, typing: presence.typing });
    Ok(StatusCode::NO_CONTENT)
}
