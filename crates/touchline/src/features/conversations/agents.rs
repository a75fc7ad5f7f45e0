//! The inbox as staff reach it: lists, one conversation, answering, and what happens meanwhile.
//!
//! Whoever may read everything may read here; viewers and analysts write nothing.

use super::events::{Changed, Event, Present};
use super::files::{FILE_MAX, MessageFile};
use super::store::{Author, ChannelRequests, Counts, Filter, Participant};
use super::teams::{InSight, Reader, for_staff};
use super::{Conversation, Forecast, Inbox, InboxSettings, Incoming, Message, Posted, Reach, ShownLetter, Status, Talk};
use crate::failure::Result;
use crate::features::account::{Keeper, Who};
use crate::platform::http::{Asked, Body, Path, Problem, Refusal, Stopping};
use crate::platform::token::Token;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
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
use sqlx::Row;
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
/// Canned replies.
const CANNED_MAX: i64 = 500;

/// Returns the routes behind the door.
pub fn routes(talk: Talk) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(conversation_list, enter_conversation))
        .routes(routes!(inbox_summary))
        .routes(routes!(conversation_events))
        .routes(routes!(inbox_settings, change_inbox_settings))
        .routes(routes!(canned_replies, add_canned_reply))
        .routes(routes!(drop_canned_reply))
        .routes(routes!(conversation))
        .routes(routes!(say_in_conversation))
        .merge(OpenApiRouter::new().routes(routes!(add_file)).layer(DefaultBodyLimit::max(FILE_MAX)))
        .routes(routes!(file))
        .routes(routes!(message_html))
        .routes(routes!(raw_mail))
        .routes(routes!(letters))
        .routes(routes!(change_conversation))
        .routes(routes!(say_presence))
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

/// Is an answer that is written once.
#[derive(Serialize, Deserialize, ToSchema)]
struct CannedReply {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// What it says; `{name}` becomes the customer's name.
    text: String,
    /// How often it was used.
    used: i64,
}

/// Is a new one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCannedReply {
    /// Its name.
    name: String,
    /// What it says.
    text: String,
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

/// Tells what is decided about conversations; passwords are not told.
#[utoipa::path(get, path = "/api/conversations/settings", tag = "conversations", responses(
    (status = 200, body = InboxSettings), (status = 401, body = Problem),
))]
async fn inbox_settings(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<InboxSettings>, Refusal> {
    Ok(Json(talk.inbox.settings().await?.told(who.keeps_house())))
}

/// Decides about conversations anew. An empty password stays what it was.
#[utoipa::path(put, path = "/api/conversations/settings", tag = "conversations", request_body = InboxSettings, responses(
    (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn change_inbox_settings(
    _: Keeper,
    State(talk): State<Talk>,
    Body(settings): Body<InboxSettings>,
) -> Result<StatusCode, Refusal> {
    settings.save(&talk.inbox.stores).await.map_err(Refusal::told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the answers that are written once, the most used first.
#[utoipa::path(get, path = "/api/conversations/canned", tag = "conversations", responses(
    (status = 200, body = Vec<CannedReply>), (status = 401, body = Problem),
))]
async fn canned_replies(State(talk): State<Talk>) -> Result<Json<Vec<CannedReply>>, Refusal> {
    let sql = "SELECT id, name, text, used FROM canned_reply ORDER BY used DESC, name, id";
    let rows = sqlx::query(sql).fetch_all(talk.inbox.stores.state.reader()).await.map_err(super::store::failed)?;
    let reply = |row: &sqlx::any::AnyRow| CannedReply {
        id: row.get("id"),
        name: row.get("name"),
        text: row.get("text"),
        used: row.get("used"),
    };
    Ok(Json(rows.iter().map(reply).collect()))
}

/// Writes an answer once.
#[utoipa::path(post, path = "/api/conversations/canned", tag = "conversations", request_body = NewCannedReply, responses(
    (status = 201, body = CannedReply), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn add_canned_reply(
    _: Agent,
    State(talk): State<Talk>,
    Body(new): Body<NewCannedReply>,
) -> Result<(StatusCode, Json<CannedReply>), Refusal> {
    if new.name.trim().is_empty() || new.name.len() > 100 || new.text.trim().is_empty() || new.text.len() > 10_000 {
        return Err(Refusal::malformed(
            "A canned reply has a name of at most 100 bytes and a text of at most 10,000",
            "Shorten it",
        ));
    }
    let Some(id) = talk.inbox.add_canned(new.name.trim(), &new.text).await? else {
        return Err(Refusal::malformed(format!("There are {CANNED_MAX} already"), "Take one away first"));
    };
    let reply = CannedReply { id, name: new.name.trim().to_owned(), text: new.text, used: 0 };
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Takes such an answer away.
#[utoipa::path(delete, path = "/api/conversations/canned/{id}", tag = "conversations",
    params(("id" = String, Path, description = "Its number.")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
async fn drop_canned_reply(_: Agent, State(talk): State<Talk>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let mut transaction = talk.inbox.stores.state.begin().await.map_err(super::store::failed)?;
    let gone = sqlx::query("DELETE FROM canned_reply WHERE id = $1")
        .bind(id.parse::<i64>().unwrap_or(-1))
        .execute(&mut *transaction)
        .await
        .map_err(super::store::failed)?;
    transaction.commit().await.map_err(super::store::failed)?;
    let found = gone.rows_affected() > 0;
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("There is no such reply", "List them with GET /api/conversations/canned"))
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
                count_use(inbox, canned).await?;
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

/// Adds a file, to be named by a message within a day. Its name stands in the header `x-file-name`, percent-encoded.
#[utoipa::path(post, path = "/api/conversations/{id}/files", tag = "conversations",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(
        ("id" = String, Path, description = "The conversation."),
        ("x-file-name" = Option<String>, Header, description = "The name of the file, percent-encoded UTF-8."),
    ),
    responses(
        (status = 201, body = MessageFile), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem),
    ),
)]
async fn add_file(
    _: Agent,
    InSight(id): InSight,
    State(talk): State<Talk>,
    headers: axum::http::HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(StatusCode, Json<MessageFile>), Refusal> {
    let too_large =
        || Refusal::malformed("A file has 1 byte to 10 MB", "Share a larger one in another way, and send its address");
    let body = body.map_err(|_| too_large())?;
    let owner = talk.inbox.owner(&id).await?.ok_or_else(absent)?;
    let name = headers.get("x-file-name").and_then(|name| name.to_str().ok()).unwrap_or_default();
    let added = talk.inbox.add_file(&id, owner, &percent_decoded(name), &body).await.map_err(Refusal::told)?;
    let added = added.ok_or_else(|| Refusal::unavailable("Many files wait to be sent just now", "Add it again in a minute"))?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Reads a name that stands percent-encoded in a header.
fn percent_decoded(text: &str) -> String {
    let pair = format!("name={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, name)| name.into_owned()).unwrap_or_default()
}

/// Hands out a file, as bytes to be stored, whatever it is.
#[utoipa::path(get, path = "/api/conversations/{id}/files/{file}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("file" = String, Path, description = "The file.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn file(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, file)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let opened = talk.file(&id, &file).await?;
    let opened =
        opened.ok_or_else(|| Refusal::not_found("There is no such file", "Show the conversation to see which there are"))?;
    Ok(opened.into_answer())
}

impl Inbox {
    /// Keeps an answer that is written once, and returns its number; none when there are too many.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn add_canned(&self, name: &str, text: &str) -> Result<Option<i64>> {
        let failed = |error: sqlx::Error| super::store::failed(error);
        let mut transaction = self.stores.state.begin().await.map_err(super::store::failed)?;
        let (count, last): (i64, i64) = sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM canned_reply")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if count >= CANNED_MAX {
            return Ok(None);
        }
        sqlx::query("INSERT INTO canned_reply (id, name, text, used) VALUES ($1, $2, $3, 0)")
            .bind(last + 1)
            .bind(name.to_owned())
            .bind(text.to_owned())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(last + 1))
    }
}

async fn count_use(inbox: &Inbox, canned: i64) -> Result<()> {
    let mut transaction = inbox.stores.state.begin().await.map_err(super::store::failed)?;
    let sql = "UPDATE canned_reply SET used = used + 1 WHERE id = $1";
    sqlx::query(sql).bind(canned).execute(&mut *transaction).await.map_err(super::store::failed)?;
    transaction.commit().await.map_err(super::store::failed)
}

/// Tells the HTML of a mail, cleaned. To be shown in a frame without scripts and without an origin.
#[utoipa::path(get, path = "/api/conversations/{id}/messages/{seq}/html", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("seq" = String, Path, description = "The place of the message.")),
    responses((status = 200, body = String), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
async fn message_html(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, seq)): Path<(String, String)>,
) -> Result<Json<String>, Refusal> {
    let html = match seq.parse() {
        Ok(seq) => talk.inbox.html(&id, seq).await?,
        Err(_) => None,
    };
    html.map(Json).ok_or_else(|| Refusal::not_found("There is no HTML here", "Show the text of the message"))
}

/// Tells a mail as it came, to be looked at with another program.
#[utoipa::path(get, path = "/api/conversations/{id}/messages/{seq}/raw", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), ("seq" = String, Path, description = "The place of the message.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn raw_mail(
    InSight(id): InSight,
    State(talk): State<Talk>,
    Path((_, seq)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let raw = match seq.parse() {
        Ok(seq) => talk.raw_mail(&id, seq).await?,
        Err(_) => None,
    };
    let raw = raw.ok_or_else(|| Refusal::not_found("No mail came here", "Show the text of the message"))?;
    // As a file of bytes: a browser must not take it for a page.
    let headers = [
        (axum::http::header::CONTENT_TYPE, "application/octet-stream"),
        (axum::http::header::CONTENT_DISPOSITION, "attachment; filename=\"mail.eml\""),
        (axum::http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, raw).into_response())
}

/// Is the last letters, and how ours are signed.
#[derive(Serialize, Deserialize, ToSchema)]
struct Outbox {
    /// The letters, the latest first.
    letters: Vec<ShownLetter>,
    /// Whether they are caught here, because no server is named that sends them.
    is_caught: bool,
    /// The records of the domain's zone by which receivers check our signatures.
    dkim_records: Vec<DkimRecord>,
    /// How fetching mail from a mailbox stands; none: none is fetched.
    fetching: Option<Fetching>,
}

/// Is one record of a zone.
#[derive(Serialize, Deserialize, ToSchema)]
struct DkimRecord {
    /// Its name below the domain.
    name: String,
    /// Its text.
    text: String,
}

/// Is how fetching mail stands.
#[derive(Serialize, Deserialize, ToSchema)]
struct Fetching {
    /// When the mailbox was last read whole, in microseconds since 1970.
    looked_at: i64,
    /// What is in the way; empty: nothing.
    trouble: String,
}

/// Lists the last letters: sent, waiting, stopped with the reason, or caught where no server sends.
#[utoipa::path(get, path = "/api/conversations/mail", tag = "conversations", responses(
    (status = 200, body = Outbox), (status = 401, body = Problem),
))]
async fn letters(Extension(who): Extension<Who>, State(talk): State<Talk>) -> Result<Json<Outbox>, Refusal> {
    let is_caught = talk.inbox.settings().await?.mail.server.is_empty();
    let fetching = talk.fetching().await?.map(|(looked_at, trouble)| Fetching { looked_at, trouble });
    let dkim_records = talk.dkim_records().await?.into_iter().map(|(name, text)| DkimRecord { name, text }).collect();
    Ok(Json(Outbox { letters: talk.inbox.letters(Reader::of(&who)).await?, is_caught, dkim_records, fetching }))
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

/// Draws the id of a conversation.
pub(crate) fn draw_id() -> Result<String> {
    Ok(Token::draw()?.hash()[..32].to_owned())
}
