//! The pages of the community: anybody reads, whoever came by their link asks and answers. Plain forms that work without scripts; to
//! look at one changes nothing.

use super::draw::{found, listed, solving, thanks, told};
use super::member::{Member, NAME_MAX};
use super::store::{BODY_MAX as TEXT_MAX, CommunityQuestion, NotKept, TITLE_MAX, Which, Writer, is_text};
use super::words::{Says, say};
use crate::features::conversations::{BAIT, Hit, Language, Limits, Sent, Talk, escaped, no_such_link, nonce, page_of};
use crate::platform::http::{Peer, Refusal};
use crate::platform::mark::is_mark;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use model::time::SECOND;
use serde::Deserialize;
use std::fmt::Write;
use std::sync::Arc;

/// What a form of ours can have.
const BODY_MAX: usize = 32 * 1024;
/// So many questions are shown at once, and so many are found.
const SHOWN_MAX: i64 = 20;
const FOUND_MAX: usize = 5;
/// What speaks of less of a question than this does not answer it.
const ANSWERS_FROM: f64 = 0.25;
/// So many pages one address may ask for in a minute: an office has one address.
const ASKED_MAX: u32 = 120;
/// So many links one address may ask for in an hour.
const LINKS_MAX: u32 = 20;
/// So much one member may write in an hour.
const WRITTEN_MAX: u32 = 20;
/// So often an unknown address may say in an hour that something answered it.
const SOLVED_MAX: u32 = 20;
const HOUR: i64 = 3_600 * SECOND;

type Room = (Talk, Arc<Limits>);

/// Returns the routes that everybody reaches.
pub fn public(talk: Talk) -> Router {
    let limits = Arc::new(Limits::default());
    Router::new()
        .route("/community", get(list))
        .route("/community/join", get(ask_join).post(join))
        .route("/community/q/{id}", get(one).post(solved))
        .route("/p/community/{token}", get(home).post(write))
        .route("/p/community/{token}/q/{id}", get(own_view).post(write_at))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state((talk.clone(), Arc::new(Limits::default())), counted))
        .with_state((talk, limits))
}

/// Sends whoever asks for too much at once away for a minute.
async fn counted(State((talk, limits)): State<Room>, peer: Option<Extension<Peer>>, request: Request, next: Next) -> Response {
    if limits.allows(Peer::written(peer), 60 * SECOND, ASKED_MAX, talk.inbox.now()) {
        return next.run(request).await;
    }
    too_much(request.headers(), "60")
}

fn too_much(headers: &HeaderMap, after: &'static str) -> Response {
    let says = say(Says::TooMuch, Language::of(headers));
    let mut told = page_of(headers, says, &format!("<h1>{says}</h1>"));
    *told.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    told.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(after));
    told
}

/// Makes the id of a question or an answer of the number that its form had: sent twice it is one, and no address tells the number.
fn id_of(nonce: &str) -> String {
    blake3::hash(nonce.as_bytes()).to_hex()[..32].to_owned()
}

async fn is_open(talk: &Talk) -> Result<bool, Refusal> {
    Ok(talk.inbox.settings().await?.community.is_open)
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    q: String,
}

/// Finds what may answer: articles, then questions.
async fn looked(talk: &Talk, words: &str, base: &str, language: Language) -> Result<String, Refusal> {
    let articles = talk.knowledge.find(words, language, true, FOUND_MAX).await?;
    let questions = talk.find_answered(words, language, FOUND_MAX).await?;
    let fitting = |hits: Vec<Hit>, kind: &'static str| -> Vec<(Hit, &str)> {
        hits.into_iter().filter(|hit| hit.covers >= ANSWERS_FROM).map(|hit| (hit, kind)).collect()
    };
    let html = found(say(Says::Articles, language), &fitting(articles, "article"), base, language)
        + &found(say(Says::Answered, language), &fitting(questions, "question"), base, language);
    Ok(html)
}

async fn list(State((talk, _)): State<Room>, Query(Words { q }): Query<Words>, headers: HeaderMap) -> Result<Response, Refusal> {
    if !is_open(&talk).await? {
        return Ok(no_such_link(&headers));
    }
    let language = Language::of(&headers);
    let q: String = q.chars().take(TITLE_MAX).collect();
    let title = say(Says::Title, language);
    let mut body = format!(
        "<h1>{title}</h1><p class=\"soft\">{}</p><form action=\"/community\" role=\"search\"><label>{} \
         <input type=\"text\" name=\"q\" maxlength=\"{TITLE_MAX}\" value=\"{}\"></label><p><button>{}</button></p></form>",
        say(Says::Lead, language),
        say(Says::YourQuestion, language),
        escaped(&q),
        say(Says::Find, language)
    );
    if q.trim().is_empty() {
        let _ = write!(
            body,
            "<h2>{}</h2>{}",
            say(Says::Latest, language),
            listed(&talk.questions(Which::Published, SHOWN_MAX).await?, "/community", language)
        );
    } else {
        let html = looked(&talk, &q, "/community", language).await?;
        if html.is_empty() {
            let _ = write!(body, "<p role=\"status\">{}</p>", say(Says::Nothing, language));
        }
        body.push_str(&html);
    }
    let _ = write!(body, "<p><a href=\"/community/join\">{}</a></p>", say(Says::TakePart, language));
    Ok(page_of(&headers, title, &body))
}

async fn ask_join(State((talk, _)): State<Room>, headers: HeaderMap) -> Result<Response, Refusal> {
    if !is_open(&talk).await? {
        return Ok(no_such_link(&headers));
    }
    let language = Language::of(&headers);
    let title = say(Says::TakePart, language);
    let body = format!(
        "<p><a href=\"/community\">{}</a></p><h1>{title}</h1><form method=\"post\">{BAIT}<label>{} \
         <input type=\"text\" inputmode=\"email\" autocomplete=\"email\" name=\"email\" maxlength=\"254\" required></label>\
         <p><button>{}</button></p></form>",
        say(Says::All, language),
        say(Says::Email, language),
        say(Says::SendLink, language)
    );
    Ok(page_of(&headers, title, &body))
}

/// Sends a link. Whatever the address, the answer is the same: nobody learns who takes part.
async fn join(
    State((talk, limits)): State<Room>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !is_open(&talk).await? {
        return Ok(no_such_link(&headers));
    }
    if !limits.allows(format!("link {}", Peer::written(peer)), HOUR, LINKS_MAX, talk.inbox.now()) {
        return Ok(too_much(&headers, "3600"));
    }
    let (sent, language) = (Sent::of(&body), Language::of(&headers));
    let address = sent.trimmed("email").to_lowercase();
    if !sent.is_bait() && address.len() <= 254 && address.parse::<lettre::Address>().is_ok() {
        talk.invite_member(&address, language).await?;
    }
    let title = say(Says::LinkSent, language);
    Ok(page_of(&headers, title, &format!("<h1>{title}</h1><p role=\"status\">{}</p>", say(Says::LinkSentText, language))))
}

async fn published(talk: &Talk, id: &str) -> Result<Option<CommunityQuestion>, Refusal> {
    let found = talk.questions(Which::One(id), 1).await?.pop();
    Ok(found.filter(|question| !id.is_empty() && question.state == "published"))
}

async fn one(State((talk, _)): State<Room>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let question = if is_open(&talk).await? { published(&talk, &id).await? } else { None };
    let Some(question) = question else { return Ok(no_such_link(&headers)) };
    let language = Language::of(&headers);
    let mut body = format!("<p><a href=\"/community\">{}</a></p>{}", say(Says::All, language), told(&question, None, language));
    body.push_str(&solving("/community", "question", &question.id, language));
    let _ = write!(body, "<p><a href=\"/community/join\">{}</a></p>", say(Says::TakePart, language));
    Ok(page_of(&headers, &question.title, &body))
}

/// Counts that something answered somebody unknown.
async fn solved(
    State((talk, limits)): State<Room>,
    Path(id): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !is_open(&talk).await? {
        return Ok(no_such_link(&headers));
    }
    let sent = Sent::of(&body);
    let Some(kind) = target(&talk, &sent, &id).await? else { return Ok(no_such_link(&headers)) };
    let is_within = limits.allows(format!("solved {}", Peer::written(peer)), HOUR, SOLVED_MAX, talk.inbox.now());
    if is_within && !sent.is_bait() && is_mark(sent.trimmed("id")) {
        talk.note_solved(None, kind, &id, sent.trimmed("id")).await?;
    }
    Ok(thanks(&headers, "/community"))
}

/// Returns what kind of thing answered, where it is one that everybody sees.
async fn target(talk: &Talk, sent: &Sent, id: &str) -> Result<Option<&'static str>, Refusal> {
    Ok(match sent.trimmed("kind") {
        "article" => talk.knowledge.one(id).await?.filter(|article| article.is_published).map(|_| "article"),
        "question" => published(talk, id).await?.map(|_| "question"),
        _ => None,
    })
}

fn base_of(token: &str) -> String {
    format!("/p/community/{token}")
}

async fn home(State((talk, _)): State<Room>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(member) = talk.member(&token).await? else { return Ok(no_such_link(&headers)) };
    at_home(&talk, &token, &member, &headers, None).await
}

/// Writes somebody's own page: what they asked, what was asked lately, and the field to ask in.
async fn at_home(
    talk: &Talk,
    token: &str,
    member: &Member,
    headers: &HeaderMap,
    note: Option<Says>,
) -> Result<Response, Refusal> {
    let (language, base) = (Language::of(headers), base_of(token));
    let title = if member.name.is_empty() { say(Says::Hello, language) } else { say(Says::Title, language) };
    let mut body = format!("<h1>{title}</h1>");
    if let Some(note) = note {
        let _ = write!(body, "<p class=\"good\" role=\"status\">{}</p>", say(note, language));
    }
    if member.name.is_empty() {
        let _ = write!(
            body,
            "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"name\"><label>{} <input type=\"text\" name=\"name\" \
             maxlength=\"{NAME_MAX}\" required></label><p><button>{}</button></p></form>",
            say(Says::NameAsk, language),
            say(Says::NameKeep, language)
        );
        return Ok(page_of(headers, title, &body));
    }
    let _ = write!(
        body,
        "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"look\"><label>{} <input type=\"text\" name=\"title\" \
         maxlength=\"{TITLE_MAX}\" required></label><p><button>{}</button></p></form>",
        say(Says::InALine, language),
        say(Says::LookFirst, language)
    );
    let own = talk.questions(Which::Of(member.actor), SHOWN_MAX).await?;
    if !own.is_empty() {
        let _ = write!(body, "<h2>{}</h2>{}", say(Says::Mine, language), listed(&own, &base, language));
    }
    let latest = talk.questions(Which::Published, SHOWN_MAX).await?;
    let _ = write!(body, "<h2>{}</h2>{}", say(Says::Latest, language), listed(&latest, &base, language));
    Ok(page_of(headers, title, &body))
}

/// Writes the form of a question: first what may answer it already.
async fn asking(
    talk: &Talk,
    token: &str,
    (title, text): (&str, &str),
    headers: &HeaderMap,
    is_wrong: bool,
) -> Result<Response, Refusal> {
    let (language, base) = (Language::of(headers), base_of(token));
    let html = looked(talk, title, &base, language).await?;
    let head = say(Says::YourQuestion, language);
    let mut body = format!("<p><a href=\"{}\">{}</a></p><h1>{head}</h1>", escaped(&base), say(Says::All, language));
    if is_wrong {
        let _ = write!(body, "<p class=\"trouble\" role=\"alert\">{}</p>", say(Says::NotWhole, language));
    }
    let button = if html.is_empty() {
        say(Says::Ask, language)
    } else {
        let _ = write!(body, "<p>{}</p>{html}", say(Says::LookLead, language));
        say(Says::AskAllTheSame, language)
    };
    let _ = write!(
        body,
        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"do\" value=\"ask\"><input type=\"hidden\" name=\"id\" value=\"{}\">{BAIT}\
         <label>{} <input type=\"text\" name=\"title\" maxlength=\"{TITLE_MAX}\" value=\"{}\" required></label>\
         <label>{} <textarea name=\"text\" rows=\"5\" maxlength=\"{TEXT_MAX}\">{}</textarea></label>\
         <p class=\"soft\">{}</p><p><button>{button}</button></p></form>",
        escaped(&base),
        nonce(),
        say(Says::InALine, language),
        escaped(title),
        say(Says::MoreText, language),
        escaped(text),
        say(Says::Public, language)
    );
    Ok(page_of(headers, head, &body))
}

/// Takes what somebody does on their own page.
async fn write(
    State((talk, limits)): State<Room>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(mut member) = talk.member(&token).await? else { return Ok(no_such_link(&headers)) };
    let (sent, language) = (Sent::of(&body), Language::of(&headers));
    match sent.trimmed("do") {
        "name" => {
            let name = sent.trimmed("name");
            if is_text(name, 4 * NAME_MAX) && name.chars().count() <= NAME_MAX && !name.contains('\n') {
                talk.name_member(member.actor, name, language).await?;
                member.name = name.to_owned();
            }
            at_home(&talk, &token, &member, &headers, None).await
        }
        "look" if !sent.trimmed("title").is_empty() => {
            let title: String = sent.trimmed("title").chars().take(TITLE_MAX).collect();
            asking(&talk, &token, (&title, ""), &headers, false).await
        }
        "solved" => {
            let id = sent.trimmed("target").to_owned();
            let Some(kind) = target(&talk, &sent, &id).await? else { return Ok(no_such_link(&headers)) };
            if !sent.is_bait() {
                talk.note_solved(Some(member.actor), kind, &id, "").await?;
            }
            Ok(thanks(&headers, &base_of(&token)))
        }
        "ask" if !member.name.is_empty() => {
            let (title, text) = (sent.trimmed("title"), sent.trimmed("text"));
            let is_whole =
                is_text(title, TITLE_MAX) && (text.is_empty() || is_text(text, TEXT_MAX)) && is_mark(sent.trimmed("id"));
            if !is_whole {
                return asking(&talk, &token, (title, text), &headers, true).await;
            }
            if sent.is_bait() {
                // Machines are thanked like everybody.
                return at_home(&talk, &token, &member, &headers, Some(Says::Waits)).await;
            }
            if !limits.allows(format!("writes {}", member.actor), HOUR, WRITTEN_MAX, talk.inbox.now()) {
                return Ok(too_much(&headers, "3600"));
            }
            let note = match talk.ask_community(&member, &id_of(sent.trimmed("id")), (title, text), language).await? {
                Ok(true) => Says::Appeared,
                Ok(false) => Says::Waits,
                Err(_) => Says::Full,
            };
            at_home(&talk, &token, &member, &headers, Some(note)).await
        }
        _ => at_home(&talk, &token, &member, &headers, None).await,
    }
}

/// Finds a question that somebody may see: one that everybody sees, or their own.
async fn seen_by(talk: &Talk, member: &Member, id: &str) -> Result<Option<(CommunityQuestion, bool)>, Refusal> {
    let own = talk.questions(Which::Of(member.actor), SHOWN_MAX).await?.into_iter().find(|question| question.id == id);
    match own {
        Some(question) => Ok(Some((question, true))),
        None => Ok(published(talk, id).await?.map(|question| (question, false))),
    }
}

async fn own_view(
    State((talk, _)): State<Room>,
    Path((token, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some(member) = talk.member(&token).await? else { return Ok(no_such_link(&headers)) };
    viewed(&talk, &token, &member, &id, &headers, None).await
}

async fn viewed(
    talk: &Talk,
    token: &str,
    member: &Member,
    id: &str,
    headers: &HeaderMap,
    note: Option<Says>,
) -> Result<Response, Refusal> {
    let Some((question, is_own)) = seen_by(talk, member, id).await? else { return Ok(no_such_link(headers)) };
    let (language, base) = (Language::of(headers), base_of(token));
    let action = format!("{base}/q/{}", question.id);
    let mut body = format!("<p><a href=\"{}\">{}</a></p>", escaped(&base), say(Says::All, language));
    if let Some(note) = note {
        let _ = write!(body, "<p class=\"good\" role=\"status\">{}</p>", say(note, language));
    }
    body.push_str(&told(&question, is_own.then_some(action.as_str()), language));
    if !is_own {
        body.push_str(&solving(&base, "question", &question.id, language));
    }
    if question.state == "published" && !member.name.is_empty() {
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"do\" value=\"answer\"><input type=\"hidden\" name=\"id\" \
             value=\"{}\">{BAIT}<label>{} <textarea name=\"text\" rows=\"5\" maxlength=\"{TEXT_MAX}\" required></textarea></label>\
             <p class=\"soft\">{}</p><p><button>{}</button></p></form>",
            escaped(&action),
            nonce(),
            say(Says::AnswerIt, language),
            say(Says::Public, language),
            say(Says::Answer, language)
        );
    }
    Ok(page_of(headers, &question.title, &body))
}

/// Takes an answer, or which of them is right.
async fn write_at(
    State((talk, limits)): State<Room>,
    Path((token, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(member) = talk.member(&token).await? else { return Ok(no_such_link(&headers)) };
    let sent = Sent::of(&body);
    let note = match sent.trimmed("do") {
        "accept" => {
            talk.accept_answer(&id, sent.trimmed("target"), Some(member.actor)).await?;
            None
        }
        "answer" if !member.name.is_empty() => {
            let text = sent.trimmed("text");
            if !is_text(text, TEXT_MAX) || !is_mark(sent.trimmed("id")) {
                Some(Says::NotWhole)
            } else if sent.is_bait() {
                Some(Says::Waits)
            } else if !limits.allows(format!("writes {}", member.actor), HOUR, WRITTEN_MAX, talk.inbox.now()) {
                return Ok(too_much(&headers, "3600"));
            } else {
                match talk.answer_community(&id, &id_of(sent.trimmed("id")), Writer::Member(&member), text).await? {
                    Ok(true) => Some(Says::Appeared),
                    Ok(false) => Some(Says::Waits),
                    Err(NotKept::Absent) => return Ok(no_such_link(&headers)),
                    Err(NotKept::Full) => Some(Says::Full),
                }
            }
        }
        _ => None,
    };
    viewed(&talk, &token, &member, &id, &headers, note).await
}
