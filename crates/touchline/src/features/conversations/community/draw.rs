//! How the pages of the community are drawn: what was found, lists, a question with its answers. Everything that somebody wrote is told
//! as text.

use super::look::best;
use super::store::{CommunityAnswer, CommunityQuestion};
use super::words::{Says, say};
use crate::features::conversations::{BAIT, Hit, Language, escaped, nonce, page_of};
use axum::http::HeaderMap;
use axum::response::Response;
use std::fmt::Write;

/// Writes what was found, with a button by each that says that it answers.
pub(super) fn found(title: &str, hits: &[(Hit, &str)], base: &str, language: Language) -> String {
    if hits.is_empty() {
        return String::new();
    }
    let mut html = format!("<h2>{title}</h2><ul>");
    for (hit, kind) in hits {
        let to = if *kind == "article" { format!("/help/{}", hit.article) } else { format!("{base}/q/{}", hit.article) };
        // Writing into a text does not fail.
        let _ = write!(
            html,
            "<li><a href=\"{}\">{}</a><br><span class=\"soft\">{}</span>{}</li>",
            escaped(&to),
            escaped(&hit.title),
            escaped(&hit.short),
            solving(base, kind, &hit.article, language)
        );
    }
    html + "</ul>"
}

/// Writes the button by which somebody says that something answered them.
pub(super) fn solving(base: &str, kind: &str, target: &str, language: Language) -> String {
    let action = if base == "/community" { format!("/community/q/{target}") } else { base.to_owned() };
    format!(
        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"do\" value=\"solved\"><input type=\"hidden\" name=\"id\" value=\"{}\">\
         <input type=\"hidden\" name=\"kind\" value=\"{kind}\"><input type=\"hidden\" name=\"target\" value=\"{}\">{BAIT}\
         <button class=\"soft\">{}</button></form>",
        escaped(&action),
        nonce(),
        escaped(target),
        say(Says::ThatAnswers, language)
    )
}

/// Writes a list of questions with how each begins to be answered.
pub(super) fn listed(questions: &[CommunityQuestion], base: &str, language: Language) -> String {
    if questions.is_empty() {
        return format!("<p role=\"status\">{}</p>", say(Says::Nothing, language));
    }
    let mut html = "<ul>".to_owned();
    for question in questions {
        let short: String = best(question).map_or("", |answer| answer.text.as_str()).chars().take(160).collect();
        let stands = match question.state.as_str() {
            "waiting" => format!(" <em>({})</em>", say(Says::WaitsTag, language)),
            "refused" => format!(" <em>{} {}</em>", say(Says::Refused, language), escaped(&question.reason)),
            _ => String::new(),
        };
        let _ = write!(
            html,
            "<li lang=\"{}\"><a href=\"{}/q/{}\">{}</a>{stands}<br><span class=\"soft\">{}</span></li>",
            escaped(&question.language),
            escaped(base),
            escaped(&question.id),
            escaped(&question.title),
            if short.is_empty() { say(Says::NoAnswer, language).to_owned() } else { escaped(&short) }
        );
    }
    html + "</ul>"
}

/// Writes a question with its answers. Whoever asked is shown what waits, and says which answer is right.
pub(super) fn told(question: &CommunityQuestion, asker: Option<&str>, language: Language) -> String {
    let mut html = format!(
        "<article lang=\"{}\"><h1>{}</h1><p class=\"soft\">{}</p><p>{}</p>",
        escaped(&question.language),
        escaped(&question.title),
        escaped(&question.name),
        escaped(&question.text).replace('\n', "<br>")
    );
    let published: Vec<&CommunityAnswer> = question.answers.iter().filter(|answer| answer.state == "published").collect();
    if published.is_empty() {
        let _ = write!(html, "<p role=\"status\">{}</p>", say(Says::NoAnswer, language));
    }
    for answer in published {
        let is_right = answer.id == question.accepted;
        let mut tags = Vec::new();
        if answer.is_ours {
            tags.push(say(Says::Ours, language));
        }
        if is_right {
            tags.push(say(Says::IsRight, language));
        }
        let tags = if tags.is_empty() { String::new() } else { format!(" · <strong>{}</strong>", tags.join(", ")) };
        let accept = asker.filter(|_| !is_right).map_or_else(String::new, |action| {
            format!(
                "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"do\" value=\"accept\"><input type=\"hidden\" name=\"target\" \
                 value=\"{}\"><button class=\"soft\">{}</button></form>",
                escaped(action),
                escaped(&answer.id),
                say(Says::Right, language)
            )
        });
        let _ = write!(
            html,
            "<fieldset><legend>{}{tags}</legend><p>{}</p>{accept}</fieldset>",
            escaped(&answer.name),
            escaped(&answer.text).replace('\n', "<br>")
        );
    }
    html + "</article>"
}

/// Thanks whoever said that something answered them.
pub(super) fn thanks(headers: &HeaderMap, base: &str) -> Response {
    let language = Language::of(headers);
    let title = say(Says::Thanks, language);
    let body = format!(
        "<h1>{title}</h1><p class=\"good\" role=\"status\">{}</p><p><a href=\"{}\">{}</a></p>",
        say(Says::ThanksText, language),
        escaped(base),
        say(Says::All, language)
    );
    page_of(headers, title, &body)
}
