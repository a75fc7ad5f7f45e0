//! Comments as everybody meets them: a script for pages of the organisation, and a page that works without scripts.
//!
//! Whoever writes is thanked in the same words whatever becomes of it: whether an address is known, a machine filled in the field that
//! nobody sees, or a link is on its way. Everything somebody wrote is told as text.

use super::Feedback;
use super::comment_blocks::{Level, NewCommentBlock};
use super::comments::{Comment, Said};
use super::room::WORDS_MAX;
use crate::failure::Result;
use crate::features::conversations::{
    BAIT, Language, Limits, Sent, escaped, holder, no_such_link, nonce, page_of, pass_for, signed_visitor, widget_script,
};
use crate::platform::http::anywhere::{busy, open, told, unreadable};
use crate::platform::http::{Peer, Refusal};
use crate::platform::mark::is_mark;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use model::time::SECOND;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// What a comment can have.
const BODY_MAX: usize = 64 * 1024;
/// So many comments one address may write in an hour.
const COMMENTS_MAX: u32 = 20;
/// So often one address may ask what stands under a page in an hour: an office has one address.
const ASKED_MAX: u32 = 6_000;
/// So many links one address of mail gets in a day, whoever asks: a form must not flood anybody.
const LETTERS_MAX: u32 = 5;
/// The name of a page, a name, and an address of theirs.
const PAGE_MAX: usize = 300;
const NAME_MAX: usize = 100;
const LINK_MAX: usize = 300;

type Room = (Feedback, Arc<Limits>);

/// Returns the routes that everybody reaches.
pub(super) fn public(feedback: Feedback) -> Router {
    Router::new()
        .route("/w/comments.js", get(script))
        .route("/w/comments", post(shown))
        .route("/w/comments/new", post(written))
        .route("/p/comments/{token}", get(page).post(page_written))
        .route("/p/comment/{token}", get(ask_proof).post(proved))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(CompressionLayer::new())
        .with_state((feedback, Arc::default()))
}

async fn script(headers: HeaderMap) -> Response {
    widget_script("comments.js", &headers)
}

fn no_block() -> Response {
    open(StatusCode::NOT_FOUND, &json!({ "what": "There is no such block of comments" }))
}

/// So soon somebody may try again who writes too much at once, in seconds.
const AGAIN: &str = "600";

/// Returns host and path of a page: what follows may tell people apart, and is another page to nobody.
fn page_key(told: &str) -> String {
    let told = told.trim();
    let whole = if told.contains("://") { told.to_owned() } else { format!("https://{told}") };
    let Ok(url) = url::Url::parse(&whole) else { return String::new() };
    let Some(host) = url.host_str().filter(|_| ["http", "https"].contains(&url.scheme())) else { return String::new() };
    let key = format!("{host}{}", url.path().trim_end_matches('/'));
    if key.len() <= PAGE_MAX { key } else { String::new() }
}

/// Returns an address of a page if it may be a link, and nothing else.
fn link_of(told: &str) -> String {
    let told = told.trim();
    let is_page = url::Url::parse(told).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    if told.len() <= LINK_MAX && is_page { told.to_owned() } else { String::new() }
}

#[derive(Deserialize)]
struct Shown {
    block: String,
    page: String,
    /// Who the site says this is.
    #[serde(default)]
    identity: Option<String>,
}

/// Tells what stands under a page, and who may write there.
async fn shown(State((feedback, limits)): State<Room>, peer: Option<Extension<Peer>>, body: Bytes) -> Response {
    let Ok(wanted) = serde_json::from_slice::<Shown>(&body) else { return unreadable() };
    let telling = async {
        if !limits.allows(format!("asks {}", Peer::written(peer)), 3_600 * SECOND, ASKED_MAX, feedback.now()) {
            return Ok(busy(AGAIN));
        }
        let Some((id, block)) = feedback.block_of(&wanted.block).await? else { return Ok(no_block()) };
        let comments = feedback.published_comments(id, &page_key(&wanted.page)).await?;
        let mut told = json!({ "levels": levels(&block), "comments": comments.iter().filter_map(one).collect::<Vec<_>>() });
        if let Some(text) = &wanted.identity
            && let Some((who, name)) = signed_visitor(&feedback.talk, &limits, text).await?
        {
            told["pass"] = json!(pass_for(&feedback.talk, &who, &name).await?);
            told["name"] = json!(name);
        }
        Ok(open(StatusCode::OK, &told))
    };
    told(telling.await)
}

/// Returns who may write; nobody where the block is off.
fn levels(block: &NewCommentBlock) -> &[Level] {
    if block.is_on { &block.levels } else { &[] }
}

fn one(comment: &Comment) -> Option<Value> {
    let words = comment.words.as_ref()?;
    Some(json!({
        "level": comment.level, "name": comment.name, "link": comment.link, "words": words,
        "reply": comment.reply, "at": comment.at / 1_000,
    }))
}

#[derive(Deserialize)]
struct New {
    block: String,
    page: String,
    id: String,
    level: Level,
    #[serde(default)]
    name: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    email: String,
    words: String,
    /// Whether they want to hear by mail of our answer.
    #[serde(default)]
    tell: bool,
    /// The language of the form; empty: what the browser prefers.
    #[serde(default)]
    lang: String,
    /// What the page got for the site's word.
    #[serde(default)]
    pass: String,
    /// A field that nobody sees.
    #[serde(default)]
    website: String,
}

/// Takes a comment from a page.
async fn written(
    State((feedback, limits)): State<Room>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(new) = serde_json::from_slice::<New>(&body) else { return unreadable() };
    let language = Language::named(&new.lang).unwrap_or_else(|| Language::of(&headers));
    let address = Peer::written(peer);
    told(
        async {
            Ok(match taken(&feedback, &limits, &new, (&address, language)).await? {
                Taken::Yes => open(StatusCode::OK, &json!({ "taken": true })),
                Taken::Absent => no_block(),
                Taken::Incomplete => {
                    open(StatusCode::BAD_REQUEST, &json!({ "what": "A comment has words, and what its level asks for" }))
                }
                Taken::Busy => busy(AGAIN),
            })
        }
        .await,
    )
}

enum Taken {
    Yes,
    Absent,
    Incomplete,
    Busy,
}

async fn taken(feedback: &Feedback, limits: &Limits, new: &New, (address, language): (&str, Language)) -> Result<Taken> {
    let Some((block, settings)) = feedback.block_of(&new.block).await? else { return Ok(Taken::Absent) };
    let held = holder(&feedback.talk, &new.pass).await?.filter(|_| new.level == Level::Verified);
    let email = new.email.trim().to_lowercase();
    let is_address = email.len() <= 320 && email.parse::<lettre::Address>().is_ok();
    let (page, words) = (page_key(&new.page), new.words.trim());
    let name = held.as_ref().map(|(_, name)| name.as_str()).filter(|name| !name.is_empty()).unwrap_or_else(|| new.name.trim());
    let is_named = !name.is_empty() && name.len() <= NAME_MAX && !name.chars().any(char::is_control);
    let is_whole = !page.is_empty()
        && !words.is_empty()
        && words.len() <= WORDS_MAX
        && is_mark(&new.id)
        && levels(&settings).contains(&new.level)
        && match new.level {
            Level::Anonymous => true,
            Level::Named => is_named,
            Level::Verified => is_named && (held.is_some() || is_address),
        };
    if !is_whole {
        return Ok(Taken::Incomplete);
    }
    let now = feedback.now();
    if !limits.allows(format!("writes {address}"), 3_600 * SECOND, COMMENTS_MAX, now) {
        return Ok(Taken::Busy);
    }
    let by_mail = held.is_none() && new.level == Level::Verified;
    let may_write = !by_mail || limits.allows(format!("mail {email}"), 86_400 * SECOND, LETTERS_MAX, now);
    // Machines and floods are thanked like everybody.
    if new.website.is_empty() && may_write {
        let is_anonymous = new.level == Level::Anonymous;
        let link = if is_anonymous { String::new() } else { link_of(&new.link) };
        let said = Said {
            id: &new.id,
            block,
            page: &page,
            level: new.level,
            proved: held.as_ref().map(|(who, _)| who.clone()),
            name: if is_anonymous { "" } else { name },
            link: &link,
            address: if by_mail { &email } else { "" },
            words,
            wants_word: new.tell && by_mail,
            language,
        };
        feedback.comment(&said).await?;
    }
    Ok(Taken::Yes)
}

#[derive(Deserialize)]
struct Of {
    #[serde(default)]
    page: String,
}

/// Shows what stands under a page, with a form, for readers without scripts.
async fn page(
    State((feedback, _)): State<Room>,
    Path(token): Path<String>,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some((id, block)) = feedback.block_of(&token).await? else { return Ok(no_such_link(&headers)) };
    let comments = feedback.published_comments(id, &page_key(&of.page)).await?;
    let language = Language::of(&headers);
    let title = language.pick("Comments", "Commentaires", "Комментарии");
    let mut body = format!("<h1>{title}</h1><p class=\"soft\">{}</p>", escaped(&page_key(&of.page)));
    comments.iter().for_each(|one| body.push_str(&drawn(one, language)));
    body.push_str(&form(&block, language));
    Ok(page_of(&headers, title, &body))
}

fn nameless(language: Language) -> &'static str {
    language.pick("Anonymous", "Anonyme", "Без имени")
}

fn drawn(comment: &Comment, language: Language) -> String {
    let Some(words) = &comment.words else { return String::new() };
    let name = if comment.name.is_empty() { nameless(language) } else { &comment.name };
    let name = match comment.link.as_str() {
        "" => escaped(name),
        link => format!("<a href=\"{}\" rel=\"nofollow ugc noopener noreferrer\">{}</a>", escaped(link), escaped(name)),
    };
    let mark = match comment.level {
        Level::Verified => format!(" · {}", language.pick("verified", "vérifié", "подтверждено")),
        Level::Anonymous | Level::Named => String::new(),
    };
    let mut all = format!("<fieldset><legend>{name}{mark}</legend><p>{}</p>", escaped(words));
    if !comment.reply.is_empty() {
        let ours = language.pick("Our answer", "Notre réponse", "Наш ответ");
        all.push_str(&format!("<p class=\"soft\"><strong>{ours}:</strong> {}</p>", escaped(&comment.reply)));
    }
    all + "</fieldset>"
}

fn form(block: &NewCommentBlock, language: Language) -> String {
    let levels = levels(block);
    if levels.is_empty() {
        return String::new();
    }
    let label_of = |level: Level| match level {
        Level::Anonymous => language.pick("without a name", "sans nom", "без имени"),
        Level::Named => language.pick("with my name", "avec mon nom", "с моим именем"),
        Level::Verified => language.pick(
            "with my name, confirmed by a link in a mail",
            "avec mon nom, confirmé par un lien reçu par courriel",
            "с моим именем, с подтверждением по ссылке из письма",
        ),
    };
    let choice = |(at, level): (usize, &Level)| {
        let checked = if at == 0 { " checked" } else { "" };
        let name = level.name();
        format!("<label><input type=\"radio\" name=\"level\" value=\"{name}\"{checked}> {}</label>", label_of(*level))
    };
    let choices: String = levels.iter().enumerate().map(choice).collect();
    let mut fields = String::new();
    if levels.iter().any(|level| *level != Level::Anonymous) {
        let name = language.pick("Your name", "Votre nom", "Ваше имя");
        let link = language.pick("A page of yours (if you like)", "Une page à vous (facultatif)", "Ваша страница (по желанию)");
        fields.push_str(&format!(
            "<label>{name}<input type=\"text\" name=\"name\" maxlength=\"100\" autocomplete=\"name\"></label>\
             <label>{link}<input type=\"url\" name=\"link\" maxlength=\"300\"></label>"
        ));
    }
    if levels.contains(&Level::Verified) {
        let mail = language.pick(
            "Your e-mail address, shown to nobody",
            "Votre adresse électronique, montrée à personne",
            "Ваш адрес почты, его никто не увидит",
        );
        let tell = language.pick("Tell me when you answer", "Prévenez-moi de votre réponse", "Сообщите мне об ответе");
        fields.push_str(&format!(
            "<label>{mail}<input type=\"email\" name=\"email\" maxlength=\"320\" autocomplete=\"email\"></label>\
             <label><input type=\"checkbox\" name=\"tell\" value=\"yes\"> {tell}</label>"
        ));
    }
    let how = language.pick("How you write", "Comment vous écrivez", "Как вы пишете");
    let words = language.pick("Your comment", "Votre commentaire", "Ваш комментарий");
    let send = language.pick("Send", "Envoyer", "Отправить");
    format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"id\" value=\"{}\">\
         {BAIT}\
         <fieldset><legend>{how}</legend>{choices}</fieldset>{fields}\
         <label>{words}<textarea name=\"words\" rows=\"5\" maxlength=\"5000\" required></textarea></label>\
         <p><button>{send}</button></p></form>",
        nonce()
    )
}

async fn page_written(
    State((feedback, limits)): State<Room>,
    Path(token): Path<String>,
    Query(of): Query<Of>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let sent = Sent::of(&body);
    let field = |name: &str| sent.one(name).to_owned();
    let new = New {
        block: token.clone(),
        page: of.page.clone(),
        id: field("id"),
        level: Level::parse(sent.one("level")).unwrap_or(Level::Anonymous),
        name: field("name"),
        link: field("link"),
        email: field("email"),
        words: field("words"),
        tell: sent.one("tell") == "yes",
        lang: String::new(),
        pass: String::new(),
        website: field("website"),
    };
    let language = Language::of(&headers);
    let (title, says, status) = match taken(&feedback, &limits, &new, (&Peer::written(peer), language)).await? {
        Taken::Absent => return Ok(no_such_link(&headers)),
        Taken::Yes => (
            language.pick("Thank you!", "Merci !", "Спасибо!"),
            language.pick(
                "It appears when somebody has looked at it. If you gave an address, a mail with a link is on its way: follow it first.",
                "Il paraîtra après relecture. Si vous avez donné une adresse, un courriel avec un lien vous parvient : suivez-le d’abord.",
                "Он появится после проверки. Если вы указали адрес, вам идёт письмо со ссылкой: сначала откройте её.",
            ),
            StatusCode::OK,
        ),
        Taken::Incomplete => (
            language.pick("Something is missing", "Il manque quelque chose", "Чего-то не хватает"),
            language.pick(
                "Go back: a comment has words, and with a name its name; to confirm it needs an address of e-mail.",
                "Revenez en arrière : un commentaire a un texte et, avec un nom, ce nom ; pour le confirmer il faut une adresse électronique.",
                "Вернитесь назад: нужен текст, а если с именем — имя; для подтверждения нужен адрес почты.",
            ),
            StatusCode::BAD_REQUEST,
        ),
        Taken::Busy => (
            language.pick("That is a lot at once", "C’est beaucoup à la fois", "Слишком много сразу"),
            language.pick("Try again in an hour.", "Réessayez dans une heure.", "Попробуйте через час."),
            StatusCode::TOO_MANY_REQUESTS,
        ),
    };
    let mut response = page_of(&headers, title, &format!("<h1>{title}</h1><p>{says}</p>"));
    *response.status_mut() = status;
    Ok(response)
}

/// Asks whether a comment is one's own. To look at it changes nothing, so programs that look through mail confirm nothing.
async fn ask_proof(
    State((feedback, _)): State<Room>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some(comment) = feedback.proved_by(&token).await? else { return Ok(no_such_link(&headers)) };
    let language = Language::of(&headers);
    if comment.state != "unproved" {
        return Ok(confirmed(&headers));
    }
    let title = language.pick("Is this comment yours?", "Ce commentaire est-il de vous ?", "Это ваш комментарий?");
    let yes = language.pick("Yes, it is mine", "Oui, c’est le mien", "Да, мой");
    let no = language.pick(
        "If not, close this page: nobody will see it.",
        "Sinon, fermez cette page : personne ne le verra.",
        "Если нет, закройте страницу: его никто не увидит.",
    );
    let body = format!(
        "<h1>{title}</h1><fieldset><legend>{} · {}</legend><p>{}</p></fieldset>\
         <form method=\"post\"><p><button>{yes}</button></p></form><p class=\"soft\">{no}</p>",
        escaped(&comment.name),
        escaped(&comment.page),
        escaped(comment.words.as_deref().unwrap_or_default())
    );
    Ok(page_of(&headers, title, &body))
}

async fn proved(State((feedback, _)): State<Room>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(comment) = feedback.proved_by(&token).await? else { return Ok(no_such_link(&headers)) };
    feedback.prove_comment(&comment.id).await?;
    Ok(confirmed(&headers))
}

fn confirmed(headers: &HeaderMap) -> Response {
    let language = Language::of(headers);
    let title = language.pick("Thank you, it is confirmed", "Merci, c’est confirmé", "Спасибо, подтверждено");
    let says = language.pick(
        "It appears when somebody has looked at it.",
        "Il paraîtra après relecture.",
        "Он появится после проверки.",
    );
    page_of(headers, title, &format!("<h1>{title}</h1><p>{says}</p>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_host_and_path_and_a_link_is_never_a_script() {
        let key = "shop.example.org/blog/tea";
        for told in [key, "https://shop.example.org/blog/tea/?mail=a@example.org#x", " http://shop.example.org/blog/tea "] {
            assert_eq!(page_key(told), key, "{told}");
        }
        for none in
            ["", "javascript:alert(1)//", "data:text/html,x", "file:///etc/passwd", &format!("a.example/{}", "x".repeat(400))]
        {
            assert_eq!(page_key(none), "", "{none}");
        }
        assert_eq!(link_of(" https://ann.example "), "https://ann.example");
        for none in ["javascript:alert(1)", "//ann.example", "ann", "https://"] {
            assert_eq!(link_of(none), "", "{none}");
        }
    }

    #[test]
    fn what_somebody_wrote_is_drawn_as_text() {
        let comment = Comment {
            id: "1".to_owned(),
            block: 1,
            page: "p".to_owned(),
            level: Level::Named,
            name: "<img src=x onerror=alert(1)>".to_owned(),
            link: "https://a.example/\"onmouseover=\"alert(1)".to_owned(),
            words: Some("</p><script>alert(1)</script>".to_owned()),
            state: "published".to_owned(),
            reason: String::new(),
            why: None,
            is_reachable: false,
            language: String::new(),
            reply: "<b>no</b>".to_owned(),
            conversation: String::new(),
            at: 0,
        };
        let page = drawn(&comment, Language::En);
        for wrong in ["<img", "<script", "<b>", "\"onmouseover"] {
            assert!(!page.contains(wrong), "{wrong} in {page}");
        }
        let off = NewCommentBlock {
            name: "Blog".to_owned(),
            touchpoint: String::new(),
            levels: Level::ALL.to_vec(),
            in_inbox: false,
            is_on: false,
        };
        assert_eq!(form(&off, Language::En), "", "nobody is asked to write what is not taken");
    }
}
