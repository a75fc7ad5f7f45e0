//! The help pages that everybody reads: published articles, found by words, and whether they helped.

use super::store::{Article, Title, text_in};
use crate::features::conversations::{Language, Limits, Sent, Talk, escaped, no_such_link, page_of};
use crate::platform::http::{Peer, Refusal};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use model::time::SECOND;
use serde::Deserialize;
use std::sync::Arc;

/// What a form of ours can have.
const BODY_MAX: usize = 4 * 1024;
/// So many articles are shown at once.
const SHOWN_MAX: usize = 20;
/// So many pages one address may ask for in a minute: an office has one address, and a reader opens a few at a time.
const ASKED_MAX: u32 = 120;

/// Returns the routes that everybody reaches.
pub fn public(talk: Talk) -> Router {
    Router::new()
        .route("/help", get(list))
        .route("/help/{id}", get(one).post(rate))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state((talk.clone(), Arc::new(Limits::default())), counted))
        .with_state(talk.clone())
        .merge(super::voice::public(talk))
}

/// Sends whoever asks for too much at once away for a minute.
async fn counted(
    State((talk, limits)): State<(Talk, Arc<Limits>)>,
    peer: Option<Extension<Peer>>,
    request: Request,
    next: Next,
) -> Response {
    let who = peer.map_or_else(String::new, |Extension(Peer(address))| address.to_string());
    if limits.allows(who, 60 * SECOND, ASKED_MAX, talk.inbox.now()) {
        return next.run(request).await;
    }
    let says = Language::of(request.headers()).pick(
        "That is a lot at once. Please come back in a minute.",
        "C’est beaucoup à la fois. Revenez dans une minute.",
        "Слишком много запросов сразу. Вернитесь через минуту.",
    );
    let mut told = page_of(request.headers(), says, &format!("<h1>{says}</h1>"));
    *told.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    told.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    told
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    q: String,
    /// Which page of all of them; the first is 0.
    #[serde(default)]
    page: u16,
}

async fn list(State(talk): State<Talk>, Query(Words { q, page }): Query<Words>, headers: HeaderMap) -> Result<Response, Refusal> {
    let language = Language::of(&headers);
    let title = language.pick("How can we help?", "Comment pouvons-nous aider ?", "Чем помочь?");
    let (look, find) =
        (language.pick("Your question", "Votre question", "Ваш вопрос"), language.pick("Find", "Chercher", "Найти"));
    let q: String = q.chars().take(200).collect();
    let mut body = format!(
        "<h1>{title}</h1><form action=\"/help\" role=\"search\"><label>{look} <input type=\"text\" name=\"q\" maxlength=\"200\" value=\"{}\"></label>\
         <p><button>{find}</button></p></form>",
        escaped(&q)
    );
    let is_all = q.trim().is_empty();
    let mut found: Vec<Title> = if is_all {
        // One more than is shown tells whether there is another page.
        talk.knowledge.titles(language, i64::from(page) * SHOWN_MAX as i64, SHOWN_MAX as i64 + 1).await?
    } else {
        let hits = talk.knowledge.find(&q, language, true, SHOWN_MAX).await?;
        hits.into_iter().map(|hit| (hit.article, hit.title, hit.short)).collect()
    };
    let has_more = found.len() > SHOWN_MAX;
    found.truncate(SHOWN_MAX);
    if found.is_empty() {
        let says = language.pick(
            "Nothing is written about this yet. Write to us.",
            "Rien n’est encore écrit à ce sujet. Écrivez-nous.",
            "Об этом ещё ничего не написано. Напишите нам.",
        );
        body.push_str(&format!("<p role=\"status\">{says}</p>"));
    }
    body.push_str("<ul>");
    for (id, title, short) in found {
        body.push_str(&format!(
            "<li><a href=\"/help/{id}\">{}</a><br><span class=\"soft\">{}</span></li>",
            escaped(&title),
            escaped(&short)
        ));
    }
    body.push_str("</ul>");
    let (before, after) = (language.pick("Back", "Précédents", "Назад"), language.pick("More", "Suivants", "Дальше"));
    for (is_there, to, label) in
        [(is_all && page > 0, page.saturating_sub(1), before), (is_all && has_more, page.saturating_add(1), after)]
    {
        if is_there {
            body.push_str(&format!("<a href=\"/help?page={to}\">{label}</a> "));
        }
    }
    Ok(page_of(&headers, title, &body))
}

async fn published(talk: &Talk, id: &str) -> Result<Option<Article>, Refusal> {
    Ok(talk.knowledge.one(id).await?.filter(|article| article.is_published))
}

async fn one(State(talk): State<Talk>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(article) = published(&talk, &id).await? else { return Ok(no_such_link(&headers)) };
    talk.knowledge.count(&id, "read").await?;
    Ok(page(&article, &headers, false))
}

/// Counts whether it helped. To look at a page presses nothing.
async fn rate(State(talk): State<Talk>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let Some(article) = published(&talk, &id).await? else { return Ok(no_such_link(&headers)) };
    let sent = Sent::of(&body);
    let helped = Some(sent.one("helped")).filter(|told| !told.is_empty()).map(|told| told == "yes");
    if let Some(helped) = helped {
        talk.knowledge.count(&id, if helped { "helped" } else { "not_helped" }).await?;
    }
    Ok(page(&article, &headers, helped.is_some()))
}

fn page(article: &Article, headers: &HeaderMap, is_rated: bool) -> Response {
    let language = Language::of(headers);
    let Some(text) = text_in(article, language) else { return no_such_link(headers) };
    let all = language.pick("All questions", "Toutes les questions", "Все вопросы");
    let (asked, yes, no, thanks) = (
        language.pick("Did this help?", "Cela vous a-t-il aidé ?", "Это помогло?"),
        language.pick("Yes", "Oui", "Да"),
        language.pick("No", "Non", "Нет"),
        language.pick("Thank you!", "Merci !", "Спасибо!"),
    );
    let end = if is_rated {
        format!("<p class=\"good\" role=\"status\">{thanks}</p>")
    } else {
        format!(
            "<form method=\"post\"><p>{asked} <button name=\"helped\" value=\"yes\">{yes}</button> \
             <button class=\"soft\" name=\"helped\" value=\"no\">{no}</button></p></form>"
        )
    };
    let body = format!(
        "<p><a href=\"/help\">{all}</a></p><article lang=\"{}\"><h1>{}</h1>{}</article>{end}",
        escaped(&text.language),
        escaped(&text.title),
        written(&text.body)
    );
    page_of(headers, &text.title, &body)
}

/// Makes HTML of a text: paragraphs, lists, headings. Everything else stands as it was written.
fn written(text: &str) -> String {
    let mut html = String::new();
    for part in text.replace("\r\n", "\n").split("\n\n").filter(|part| !part.trim().is_empty()) {
        let part = part.trim();
        if let Some(heading) = part.strip_prefix("## ") {
            html.push_str(&format!("<h2>{}</h2>", escaped(heading)));
        } else if part.lines().all(|line| line.starts_with("- ")) {
            let items = part.lines().map(|line| format!("<li>{}</li>", escaped(&line[2..])));
            html.push_str(&format!("<ul>{}</ul>", items.collect::<String>()));
        } else {
            html.push_str(&format!("<p>{}</p>", escaped(part).replace('\n', "<br>")));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_paragraphs_lists_and_headings_and_nothing_else() {
        let text = "First\nline\n\n## About <b>\n\n- one\n- <script>alert(1)</script>\n\n\n  last";
        let expected = "<p>First<br>line</p><h2>About &lt;b&gt;</h2><ul><li>one</li><li>&lt;script&gt;alert(1)&lt;/script&gt;</li></ul><p>last</p>";
        assert_eq!(written(text), expected);
    }
}
