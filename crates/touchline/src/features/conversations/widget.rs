//! What the widget on a page asks for: its two scripts, a session, saying something, hearing what comes.
//!
//! Every body is a JSON text without a content type of its own, so that browsers ask no leave beforehand. A session is a
//! token under a keyed hash: whoever holds it may read and write this one conversation and nothing else. The visitor's number
//! that the tracker knows is no proof of anything; a person is known again on another device by an identity that the site
//! has signed ([`identity`]).

use super::bot::Turn;
use super::brand::Brand;
use super::events::Present;
use super::files::FILE_MAX;
use super::limits::Limits;
use super::store::{CLIENT_ID_MAX, Kind, cut};
use super::{Incoming, Language, Posted, Talk, page_of};
use crate::failure::{Failure, Result};
use crate::features::capture::{Source, SourceKind};
use crate::platform::http::Peer;
use crate::platform::http::anywhere::{busy, open, readable, told, unreadable};
use crate::platform::mark::{self, hex, is_mark};
use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::time::SECOND;
use model::{Identity, Instant, Link};
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tower_http::compression::CompressionLayer;

/// What a visitor may say at once.
const SAY_MAX: usize = 10_000;
/// A body: a message, a name, an address, and what stands around them.
const BODY_MAX: usize = 64 * 1024;
/// What stands around a file: the line before it.
const FILE_LINE_MAX: usize = 8 * 1024;
/// So many files one address, and one conversation, may add in an hour.
const FILES_MAX: u32 = 60;
/// A question that waits for news is answered after so long at the latest.
const WAIT_MAX: u64 = 25;
/// So many sessions one address may begin in an hour: an office has one address.
const SESSIONS_MAX: u32 = 600;
/// So many messages one conversation takes in a minute.
const SAYS_MAX: u32 = 60;
/// An identity that a site has signed is good for so long at most: it is drawn for one page.
const IDENTITY_LASTS: i64 = 600 * SECOND;
/// A page asks for the scripts again after an hour, so that changed settings reach it.
const CACHE: &str = "public, max-age=3600";

#[derive(RustEmbed)]
#[folder = "../../widget/dist"]
#[allow_missing = true]
struct Built;

type Room = (Talk, Arc<Limits>);

/// Returns the routes that everybody reaches.
pub fn public(talk: Talk) -> Router {
    Router::new()
        .route("/w/loader.js", get(loader))
        .route("/w/chat.js", get(chat))
        .route("/w/logo", get(logo))
        .route("/w/demo", get(demo))
        .route("/w/session", post(session))
        .route("/w/say", post(say))
        .route("/w/poll", post(poll))
        .route("/w/form", post(form))
        .route("/w/fetch", post(fetch))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .merge(Router::new().route("/w/file", post(add_file)).layer(DefaultBodyLimit::max(FILE_MAX + FILE_LINE_MAX)))
        .layer(CompressionLayer::new())
        .with_state((talk, Arc::new(Limits::default())))
}

#[derive(Deserialize)]
struct Keyed {
    #[serde(default)]
    k: String,
}

async fn loader(State((talk, _)): State<Room>, Query(Keyed { k }): Query<Keyed>, headers: HeaderMap) -> Response {
    let Some(source) = talk.sources.of_key(&k).filter(|source| source.kind == SourceKind::Site) else {
        return (StatusCode::NOT_FOUND, "// There is no site with this key: see Data, Sources.\n").into_response();
    };
    let popups = if talk.has_popups() { "yes" } else { "" };
    // Without its colour the button is there all the same.
    let colour = Brand::of(&talk).await.map(|brand| brand.widget.colour).unwrap_or_default();
    script("loader.js", &headers, |text| {
        let named = text.replacen("KEY", &source.write_key, 1).replacen("POPUPS", popups, 1);
        named.replacen("COLOUR", &colour, 1)
    })
}

async fn logo(State((talk, _)): State<Room>) -> Response {
    match Brand::of(&talk).await {
        Ok(brand) => brand.picture(),
        Err(failure) => told(Err(failure)),
    }
}

async fn chat(headers: HeaderMap) -> Response {
    widget_script("chat.js", &headers)
}

/// Returns a script of the widget that is the same for everybody.
pub(in crate::features) fn widget_script(name: &str, headers: &HeaderMap) -> Response {
    script(name, headers, |text| text)
}

fn script(name: &str, headers: &HeaderMap, fill: impl FnOnce(String) -> String) -> Response {
    let Some(built) = Built::get(name) else {
        let says = "// This binary was built without the widget: run `make widget`, then build it again.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, says).into_response();
    };
    let text = fill(String::from_utf8_lossy(&built.data).into_owned());
    // Weak: the same script goes out compressed.
    let tag = format!("W/\"{}\"", &blake3::hash(text.as_bytes()).to_hex()[..32]);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let told = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, CACHE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ETAG, &tag),
    ];
    let resource = [("cross-origin-resource-policy", "cross-origin")];
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    (status, told, resource, if known { String::new() } else { text }).into_response()
}

/// A page to try the widget on.
async fn demo(State((talk, _)): State<Room>, headers: HeaderMap) -> Response {
    let site = talk.sources.all().into_iter().find(|source| source.kind == SourceKind::Site);
    let script = site.map(|site| format!("<script src=\"/w/loader.js?k={}\" async></script>", site.write_key));
    let body = format!(
        "<h1>A page of yours</h1><p>The button in the corner is the widget. What you write here arrives in the inbox of \
         <a href=\"/inbox\">Touchline</a>; what is answered there arrives here.</p>{}",
        script.unwrap_or_else(|| "<p>There is no site among the sources yet: add one under Data.</p>".to_owned())
    );
    page_of(&headers, "The widget", &body)
}

#[derive(Deserialize)]
struct Begin {
    key: String,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    visitor: Option<String>,
    #[serde(default)]
    identity: Option<String>,
}

fn unknown() -> Response {
    open(StatusCode::UNAUTHORIZED, &json!({ "what": "This session is not known" }))
}

/// So soon somebody may try again who sends too much at once, in seconds.
const AGAIN: &str = "30";

#[expect(clippy::result_large_err, reason = "the error is the answer, made once where something is wrong")]
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|_| unreadable())
}

/// Finds the site of a key, if pages of this origin may use it.
pub(in crate::features) fn site(talk: &Talk, key: &str, headers: &HeaderMap) -> Option<Arc<Source>> {
    let source = talk.sources.of_key(key).filter(|source| source.kind == SourceKind::Site)?;
    let origins = &source.settings.origins;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let may = origins.is_empty() || origin.is_none_or(|origin| origins.iter().any(|known| known == origin));
    may.then_some(source)
}

/// Begins or goes on with a conversation.
async fn session(State((talk, limits)): State<Room>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Bytes) -> Response {
    let begin: Begin = match read(&body) {
        Ok(begin) => begin,
        Err(response) => return response,
    };
    let Some(source) = site(&talk, &begin.key, &headers) else { return unknown() };
    let begun = begun(&talk, &limits, &source, begin, Peer::written(peer)).await;
    told(begun.map(|begun| begun.map_or_else(|| busy(AGAIN), |begun| open(StatusCode::OK, &begun))))
}

async fn begun(talk: &Talk, limits: &Limits, source: &Source, begin: Begin, address: String) -> Result<Option<Value>> {
    let now = talk.inbox.now();
    let secret = talk.inbox.policy.secret("widget").await?;
    let known = begin.token.as_deref().and_then(|token| Session::read(&secret, token));
    let signed = match begin.identity.as_deref() {
        Some(text) => identity(&talk.inbox.policy.secret("widget identity").await?, text, limits, now),
        None => None,
    };
    let session = match (known, &signed) {
        (Some(session), None) => session,
        (known, Some((user, _))) => {
            let session = match talk.inbox.latest_chat(user.actor()).await? {
                Some(conversation) => Session { conversation, who: user.clone() },
                None => Session {
                    conversation: known.as_ref().map_or_else(mark::draw, |known| Ok(known.conversation.clone()))?,
                    who: user.clone(),
                },
            };
            if let Some(known) = known.filter(|known| known.who != *user) {
                // The site says who this visitor is: what they did before was theirs too.
                talk.inbox.claim(user, &known.who, Link::Together, now).await?;
            }
            session
        }
        (None, None) => {
            if !limits.allows(address, 3_600 * SECOND, SESSIONS_MAX, now) {
                return Ok(None);
            }
            let visitor = match begin.visitor.filter(|visitor| is_mark(visitor)) {
                Some(visitor) => visitor,
                None => mark::draw()?,
            };
            let who = Identity::new("anonymous", &visitor).ok_or_else(|| Failure::new("A visitor has a number"))?;
            Session { conversation: mark::draw()?, who }
        }
    };
    let settings = talk.inbox.settings().await?;
    let name = signed.map(|(_, name)| name).unwrap_or_default();
    let brand = Brand::of(talk).await?;
    let mut widget = json!(brand.widget);
    widget["logo"] = json!(brand.has_logo());
    Ok(Some(json!({
        "token": session.write(&secret),
        "name": name,
        "site": source.name,
        "widget": widget,
        "open": settings.hours.is_open(now),
        "answer_s": settings.targets.get("chat").map(|target| target.seconds),
    })))
}

/// Is what a visitor holds: which conversation, and who they are in it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Session {
    conversation: String,
    who: Identity,
}

impl Session {
    fn write(&self, secret: &[u8; 32]) -> String {
        let text = format!("{}\n{}\n{}", self.conversation, self.who.namespace, self.who.value);
        let mac = blake3::keyed_hash(secret, text.as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(mac.as_bytes()))
    }

    fn read(secret: &[u8; 32], token: &str) -> Option<Self> {
        let (text, mac) = token.split_once('.')?;
        let (text, mac) = (URL_SAFE_NO_PAD.decode(text).ok()?, URL_SAFE_NO_PAD.decode(mac).ok()?);
        let told = blake3::Hash::from_bytes(mac.try_into().ok()?);
        // Comparing hashes of this type takes the same time whatever is in them.
        if blake3::keyed_hash(secret, &text) != told {
            return None;
        }
        let text = String::from_utf8(text).ok()?;
        let mut lines = text.splitn(3, '\n');
        let (conversation, namespace, value) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Self { conversation: conversation.to_owned(), who: Identity::new(namespace, value)? })
    }
}

/// Reads an identity that the site has signed: a JWT with HS256, for `touchline`, of the next ten minutes, used once.
/// Returns who they are, and what they are called.
fn identity(secret: &[u8; 32], text: &str, limits: &Limits, now: Instant) -> Option<(Identity, String)> {
    use hmac::{Hmac, KeyInit, Mac};
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
        aud: String,
        exp: i64,
        jti: String,
        #[serde(default)]
        name: String,
    }
    let (signed, signature) = text.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    if head["alg"] != "HS256" {
        return None;
    }
    // The site holds the secret as hexadecimal letters and signs with these.
    let key = hex(secret);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let until = claims.exp.checked_mul(SECOND)?;
    let is_good = claims.aud == "touchline" && until > now.0 && until <= now.0 + IDENTITY_LASTS;
    let is_word = !claims.jti.is_empty() && claims.jti.len() <= 100 && claims.sub.len() <= 200;
    if !is_good || !is_word || !limits.is_first(&claims.jti, until, now) {
        return None;
    }
    Some((Identity::new("user", &claims.sub)?, cut(&claims.name, 200).to_owned()))
}

#[derive(Deserialize)]
struct Say {
    token: String,
    id: String,
    text: String,
    /// The ids of files that were added before.
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    page: String,
    /// The button that was pressed.
    #[serde(default)]
    button: Option<String>,
    /// The language of the widget.
    #[serde(default)]
    language: String,
}

#[derive(Deserialize)]
struct NewFile {
    token: String,
    #[serde(default)]
    name: String,
}

/// Takes a file, to be named by a message soon: a line of JSON, then its bytes.
async fn add_file(State((talk, limits)): State<Room>, peer: Option<Extension<Peer>>, body: Bytes) -> Response {
    let end = body.iter().take(FILE_LINE_MAX).position(|byte| *byte == b'\n').unwrap_or(body.len());
    let new: NewFile = match read(&body.slice(..end)) {
        Ok(new) => new,
        Err(response) => return response,
    };
    told(added(&talk, &limits, &new, &body[(end + 1).min(body.len())..], Peer::written(peer)).await)
}

async fn added(talk: &Talk, limits: &Limits, new: &NewFile, bytes: &[u8], address: String) -> Result<Response> {
    let now = talk.inbox.now();
    let Some(session) = Session::read(&talk.inbox.policy.secret("widget").await?, &new.token) else { return Ok(unknown()) };
    for who in [format!("file {address}"), format!("file {}", session.conversation)] {
        if !limits.allows(who, 3_600 * SECOND, FILES_MAX, now) {
            return Ok(busy(AGAIN));
        }
    }
    if bytes.is_empty() || bytes.len() > FILE_MAX {
        return Ok(open(StatusCode::BAD_REQUEST, &json!({ "what": "A file has 1 byte to 10 MB" })));
    }
    let added = talk.inbox.add_file(&session.conversation, session.who.actor(), &new.name, bytes).await?;
    Ok(added.map_or_else(|| busy(AGAIN), |file| open(StatusCode::CREATED, &json!(file))))
}

#[derive(Deserialize)]
struct Fetch {
    token: String,
    file: String,
}

/// Hands out a file of the visitor's own conversation.
async fn fetch(State((talk, _)): State<Room>, body: Bytes) -> Response {
    let wanted: Fetch = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return response,
    };
    told(fetched(&talk, &wanted).await)
}

async fn fetched(talk: &Talk, wanted: &Fetch) -> Result<Response> {
    let Some(session) = Session::read(&talk.inbox.policy.secret("widget").await?, &wanted.token) else { return Ok(unknown()) };
    let id = session.conversation.as_str();
    let Some(opened) = talk.file(id, &wanted.file).await? else { return Ok(unknown()) };
    // What colleagues keep for themselves stays with them.
    let message = talk.inbox.messages(id, Some(opened.seq - 1)).await?.into_iter().find(|message| message.seq == opened.seq);
    if !message.is_some_and(|message| matches!(message.kind, Kind::In | Kind::Out)) {
        return Ok(unknown());
    }
    let mut response = readable(opened.into_answer());
    response.headers_mut().insert("cross-origin-resource-policy", header::HeaderValue::from_static("cross-origin"));
    Ok(response)
}

async fn say(State((talk, limits)): State<Room>, body: Bytes) -> Response {
    let say: Say = match read(&body) {
        Ok(say) => say,
        Err(response) => return response,
    };
    told(said(&talk, &limits, say).await)
}

async fn said(talk: &Talk, limits: &Limits, say: Say) -> Result<Response> {
    let now = talk.inbox.now();
    let Some(session) = Session::read(&talk.inbox.policy.secret("widget").await?, &say.token) else { return Ok(unknown()) };
    let text = say.text.trim();
    if (text.is_empty() && say.files.is_empty())
        || text.len() > SAY_MAX
        || say.id.is_empty()
        || say.id.len() > CLIENT_ID_MAX
        || say.id.starts_with("event:")
    {
        return Ok(open(StatusCode::BAD_REQUEST, &json!({ "what": "A message has 1 to 10,000 bytes and an id" })));
    }
    if !limits.allows(session.conversation.clone(), 60 * SECOND, SAYS_MAX, now) {
        return Ok(busy(AGAIN));
    }
    let incoming = Incoming {
        conversation: session.conversation,
        client_id: say.id,
        channel: "chat".to_owned(),
        identity: session.who,
        name: say.name,
        address: mail_or_nothing(&say.email),
        subject: String::new(),
        text: text.to_owned(),
        html: String::new(),
        at: now,
        place: place(&say.page),
        meta: json!({}),
        thread_key: String::new(),
    };
    let posted = match talk.inbox.incoming_with(&incoming, &say.files).await {
        // A file that is not there any more will never be: sent again it would be refused again.
        Err(failure) if !say.files.is_empty() => return Ok(open(StatusCode::CONFLICT, &json!({ "what": failure.what }))),
        posted => posted?,
    };
    if let Posted::Added(seq) = posted {
        let turn = Turn {
            conversation: &incoming.conversation,
            seq,
            channel: "chat",
            who: &incoming.identity,
            text: &incoming.text,
            button: say.button.as_deref().map(|button| cut(button, 100)),
            language: match say.language.as_str() {
                "fr" => Some(Language::Fr),
                "ru" => Some(Language::Ru),
                _ => None,
            },
            begins: false,
        };
        talk.bot_hears(turn).await;
    }
    Ok(match posted {
        Posted::Added(seq) | Posted::Known(seq) | Posted::Stale(seq) => open(StatusCode::OK, &json!({ "seq": seq })),
        Posted::Absent | Posted::Full => open(StatusCode::CONFLICT, &json!({ "what": "Nothing more is taken here" })),
    })
}

#[derive(Deserialize)]
struct Poll {
    token: String,
    #[serde(default)]
    after: i64,
    /// How far the visitor has seen.
    #[serde(default)]
    seen: Option<i64>,
    #[serde(default)]
    typing: bool,
    /// How long to wait for news, in seconds.
    #[serde(default)]
    wait: u64,
    /// What was known of who is typing: other news are told at once.
    #[serde(default)]
    present: Vec<String>,
}

async fn poll(State((talk, _)): State<Room>, body: Bytes) -> Response {
    let poll: Poll = match read(&body) {
        Ok(poll) => poll,
        Err(response) => return response,
    };
    told(polled(&talk, poll).await)
}

async fn polled(talk: &Talk, poll: Poll) -> Result<Response> {
    let inbox = &talk.inbox;
    let Some(session) = Session::read(&inbox.policy.secret("widget").await?, &poll.token) else { return Ok(unknown()) };
    let id = session.conversation;
    if let Some(seen) = poll.seen {
        inbox.seen(&id, seen).await?;
    }
    if poll.typing {
        inbox.present(&id, Present { account: 0, name: String::new(), typing: true });
    }
    let mut ear = inbox.news().listen_to(&id);
    let until = tokio::time::Instant::now() + Duration::from_secs(poll.wait.min(WAIT_MAX));
    loop {
        let messages = inbox.messages(&id, Some(poll.after)).await?;
        let last = messages.last().map_or(poll.after, |message| message.seq);
        let typing: Vec<String> =
            inbox.news().present(&id, 0, inbox.now()).into_iter().filter(|one| one.typing).map(|one| one.name).collect();
        let is_over = tokio::time::Instant::now() >= until;
        if !messages.is_empty() || typing != poll.present || is_over {
            let is_said = |kind: Kind| matches!(kind, Kind::In | Kind::Out);
            let said: Vec<Value> = messages
                .iter()
                .filter(|message| is_said(message.kind))
                .map(|message| {
                    json!({ "seq": message.seq, "id": message.client_id, "mine": message.kind == Kind::In,
                            "author": message.author, "at": message.at / 1_000, "text": message.text, "files": message.files,
                            "buttons": message.meta["buttons"].as_array() })
                })
                .collect();
            let ended = messages.iter().rev().find_map(|message| message.meta["what"].as_str());
            return Ok(open(StatusCode::OK, &json!({ "seq": last, "messages": said, "typing": typing, "status": ended })));
        }
        tokio::select! {
            () = ear.news() => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

#[derive(Deserialize)]
struct Form {
    key: String,
    id: String,
    #[serde(default)]
    name: String,
    email: String,
    #[serde(default)]
    subject: String,
    text: String,
    #[serde(default)]
    page: String,
}

/// Takes a contact form, also the one that is shown while nobody is there.
async fn form(State((talk, limits)): State<Room>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: Form = match read(&body) {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some(_) = site(&talk, &form.key, &headers) else { return unknown() };
    told(formed(&talk, &limits, form, Peer::written(peer)).await)
}

async fn formed(talk: &Talk, limits: &Limits, form: Form, address: String) -> Result<Response> {
    let now = talk.inbox.now();
    let email = mail_or_nothing(&form.email);
    let is_id = form.id.len() >= 16 && form.id.len() <= CLIENT_ID_MAX;
    if email.is_empty() || form.text.trim().is_empty() || form.text.len() > SAY_MAX || form.subject.len() > 500 || !is_id {
        return Ok(open(
            StatusCode::BAD_REQUEST,
            &json!({ "what": "A form has an address, a text of at most 10,000 bytes and an id" }),
        ));
    }
    if !limits.allows(address, 3_600 * SECOND, SESSIONS_MAX, now) {
        return Ok(busy(AGAIN));
    }
    let identity = Identity::new("email", &email).ok_or_else(|| Failure::new("An address is not blank"))?;
    let incoming = Incoming {
        conversation: blake3::hash(format!("form {}", form.id).as_bytes()).to_hex()[..32].to_owned(),
        client_id: form.id,
        channel: "form".to_owned(),
        identity,
        name: form.name,
        address: email,
        subject: form.subject,
        text: form.text,
        html: String::new(),
        at: now,
        place: place(&form.page),
        // Anybody can type anybody's address: nothing is concluded from it.
        meta: json!({ "unverified": true }),
        thread_key: String::new(),
    };
    talk.inbox.incoming(&incoming).await?;
    Ok(open(StatusCode::CREATED, &json!({ "taken": true })))
}

/// Returns an address if it can be one.
fn mail_or_nothing(text: &str) -> String {
    let text = text.trim().to_lowercase();
    if text.len() <= 320 && text.parse::<lettre::Address>().is_ok() { text } else { String::new() }
}

/// Returns host and path of a page, without what may tell people apart.
fn place(page: &str) -> String {
    let Ok(url) = url::Url::parse(cut(page, 2_000)) else { return String::new() };
    let Some(host) = url.host_str() else { return String::new() };
    // A path may hold the number of an order: only its first step is kept.
    let first = url.path_segments().and_then(|mut steps| steps.next().map(str::to_owned)).unwrap_or_default();
    cut(&format!("{host}/{first}"), 200).trim_end_matches('/').to_owned()
}

/// Returns who a site says that a visitor is, by a token that it has signed and that is good once within `limits`.
pub(in crate::features) async fn signed_visitor(talk: &Talk, limits: &Limits, text: &str) -> Result<Option<(Identity, String)>> {
    let secret = talk.inbox.policy.secret("widget identity").await?;
    Ok(identity(&secret, text, limits, talk.inbox.now()))
}

/// Returns whom a session is of, for rooms after this one.
pub(in crate::features) async fn visitor(talk: &Talk, token: &str) -> Result<Option<(String, Identity)>> {
    let secret = talk.inbox.policy.secret("widget").await?;
    Ok(Session::read(&secret, token).map(|session| (session.conversation, session.who)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};

    fn signed(secret: &[u8; 32], alg: &str, claims: &Value) -> String {
        let key = hex(secret);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": alg })), part(claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("a key");
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn a_session_opens_one_conversation_of_one_visitor() {
        let who = Identity::new("anonymous", "v1").expect("a name");
        let session = Session { conversation: "c1".to_owned(), who };
        let token = session.write(&[1; 32]);
        assert_eq!(Session::read(&[1; 32], &token), Some(session));
        assert_eq!(Session::read(&[2; 32], &token), None);
        for forged in ["", ".", "a.b", &token[1..], &token[..token.len() - 1], &token.replacen('.', "A.", 1)] {
            assert_eq!(Session::read(&[1; 32], forged), None, "{forged}");
        }
    }

    #[test]
    fn a_signed_identity_is_good_once_and_for_minutes() {
        let (secret, now) = ([7; 32], Instant(1_000 * SECOND));
        let limits = Limits::default();
        let claims = |jti: &str, aud: &str, exp: i64| json!({ "sub": "u1", "aud": aud, "exp": exp, "jti": jti, "name": "Ann" });
        let read = |text: &str| identity(&secret, text, &limits, now).map(|(who, name)| (who.value, name));
        let good = signed(&secret, "HS256", &claims("1", "touchline", 1_300));
        assert_eq!(read(&good), Some(("u1".to_owned(), "Ann".to_owned())));
        assert_eq!(read(&good), None, "used before");
        let check = |text: &str, why: &str| assert_eq!(read(text), None, "{why}");
        check(&signed(&[8; 32], "HS256", &claims("2", "touchline", 1_300)), "another's secret");
        check(&signed(&secret, "none", &claims("3", "touchline", 1_300)), "no algorithm");
        check(&signed(&secret, "HS256", &claims("4", "elsewhere", 1_300)), "for somebody else");
        check(&signed(&secret, "HS256", &claims("5", "touchline", 999)), "over");
        check(&signed(&secret, "HS256", &claims("6", "touchline", 9_999)), "for too long");
        check(&signed(&secret, "HS256", &claims("", "touchline", 1_300)), "without an id");
        let unsigned = signed(&secret, "HS256", &claims("7", "touchline", 1_300));
        check(unsigned.rsplit_once('.').expect("has one").0, "without a signature");
        check("..", "nothing");
    }

    #[test]
    fn a_place_tells_nobody_apart() {
        assert_eq!(place("https://shop.example.org/orders/4711?mail=a@example.org#x"), "shop.example.org/orders");
        assert_eq!(place("https://shop.example.org/"), "shop.example.org");
        assert_eq!(place("javascript:alert(1)"), "");
        assert_eq!(place("no address"), "");
    }

    #[test]
    fn limits_count_per_window() {
        let limits = Limits::default();
        let allows = |at: i64| limits.allows("a".to_owned(), 60, 2, Instant(at));
        assert_eq!([allows(0), allows(1), allows(2), allows(60)], [true, true, false, true]);
    }
}
