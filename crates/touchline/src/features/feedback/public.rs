//! Pages on which customers answer and review: plain forms that work without scripts. To look at one changes nothing.

use super::Feedback;
use super::answering::Answered;
use super::form::{Trouble, draw, read};
use super::reviews::Written;
use super::room::{Link, WORDS_MAX};
use super::surveys::Open;
use super::table::written;
use crate::failure::Result;
use crate::features::conversations::{BAIT, Language, Limits, Sent, escaped, no_such_link, nonce, page_of};
use crate::platform::http::{Peer, Refusal};
use crate::platform::mark::is_mark;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use model::time::SECOND;
use serde::Deserialize;
use std::sync::Arc;

/// What a form of ours can have.
const BODY_MAX: usize = 64 * 1024;
/// So many reviews one address may write in an hour.
const REVIEWS_MAX: u32 = 20;

type Room = (Feedback, Arc<Limits>);

/// Returns the routes that everybody reaches.
pub fn public(feedback: Feedback) -> Router {
    Router::new()
        .route("/p/survey/{token}", get(ask).post(answer))
        .route("/p/review", get(ask_review).post(review))
        .route("/p/reviews", get(reviews))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state((feedback.clone(), Arc::default()))
        .merge(super::steps::public(feedback.clone()))
        .merge(super::comment_pages::public(feedback))
}

async fn ask(State((feedback, _)): State<Room>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(link) = feedback.link(&token).await? else { return Ok(no_such_link(&headers)) };
    let Some(survey) = feedback.open_survey(link.survey).await? else { return Ok(thanks(&headers, true)) };
    if let Some(actor) = link.actor
        && feedback.has_answered(link.survey, &actor.to_string()).await?
    {
        return Ok(thanks(&headers, false));
    }
    Ok(form(&headers, &survey, &Sent::default(), &[]))
}

fn form(headers: &HeaderMap, survey: &Open, sent: &Sent, troubles: &[(i64, Trouble)]) -> Response {
    // The same number again: whoever mends an answer and sends it twice has still answered once.
    let id = if is_mark(sent.one("id")) { sent.one("id").to_owned() } else { nonce() };
    let (title, body) = draw(&survey.questions, sent, troubles, &id, Language::of(headers));
    page_of(headers, &title, &body)
}

fn thanks(headers: &HeaderMap, is_closed: bool) -> Response {
    let language = Language::of(headers);
    let title = if is_closed {
        language.pick("This survey is over. Thank you!", "Cette enquête est close. Merci !", "Этот опрос завершён. Спасибо!")
    } else {
        language.pick("Thank you for your answer!", "Merci de votre réponse !", "Спасибо за ответ!")
    };
    let says = language.pick("You can close this page.", "Vous pouvez fermer cette page.", "Эту страницу можно закрыть.");
    page_of(headers, title, &format!("<h1>{title}</h1><p>{says}</p>"))
}

async fn answer(
    State((feedback, _)): State<Room>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(Link { survey, actor }) = feedback.link(&token).await? else { return Ok(no_such_link(&headers)) };
    let Some(open) = feedback.open_survey(survey).await? else { return Ok(thanks(&headers, true)) };
    let sent = Sent::of(&body);
    let given = match read(&open.questions, &sent) {
        Ok(given) => given,
        Err(troubles) => return Ok(form(&headers, &open, &sent, &troubles)),
    };
    let id = match actor {
        Some(actor) => actor.to_string(),
        None if is_mark(sent.one("id")) => sent.one("id").to_owned(),
        None => nonce(),
    };
    let who = match actor {
        Some(actor) => feedback.whose(survey, actor).await?,
        None => None,
    };
    let channel = if actor.is_some() { "email" } else { "link" };
    // Cut rather than lost: a browser lets nobody write more.
    let words: String = sent.one("words").chars().take(WORDS_MAX / 4).collect();
    let words = if sent.one("words").len() > WORDS_MAX { words.as_str() } else { sent.one("words") };
    let answered = Answered { survey, who, id, given, words, channel, conversation: String::new() };
    // Every question may have been left out: then there is nothing to take, and to have looked is no offence.
    feedback.answer(answered).await?;
    Ok(thanks(&headers, false))
}

#[derive(Deserialize)]
struct Of {
    #[serde(default)]
    product: String,
}

fn product_of(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(100).collect()
}

async fn ask_review(Query(of): Query<Of>, headers: HeaderMap) -> Response {
    let language = Language::of(&headers);
    let title = language.pick("Your review", "Votre avis", "Ваш отзыв");
    let stars: String = (1..=5)
        .map(|stars| format!("<label><input type=\"radio\" name=\"stars\" value=\"{stars}\" required> {stars} ★</label>"))
        .collect();
    let product = product_of(&of.product);
    let about = if product.is_empty() { String::new() } else { format!("<p>{}</p>", escaped(&product)) };
    let body = format!(
        "<h1>{title}</h1>{about}<form method=\"post\"><input type=\"hidden\" name=\"id\" value=\"{}\">\
         <input type=\"hidden\" name=\"product\" value=\"{}\">\
         {BAIT}\
         <fieldset><legend>1–5</legend><div class=\"scale\">{stars}</div></fieldset>\
         <label>{}<input type=\"text\" name=\"name\" maxlength=\"100\" required></label>\
         <label>{}<textarea name=\"words\" rows=\"5\" maxlength=\"5000\" required></textarea></label>\
         <p><button>{}</button></p></form><p class=\"soft\">{}</p>",
        nonce(),
        escaped(&product),
        language.pick(
            "Your name, as everybody will see it",
            "Votre nom, tel que tous le verront",
            "Ваше имя, как его увидят все"
        ),
        language.pick("What you experienced", "Ce que vous avez vécu", "Что вы пережили"),
        language.pick("Send", "Envoyer", "Отправить"),
        language.pick(
            "Good and bad reviews are published alike; insults and advertising are not.",
            "Les avis bons ou mauvais sont publiés ; les insultes et la publicité ne le sont pas.",
            "Публикуются и хорошие, и плохие отзывы; оскорбления и реклама — нет."
        ),
    );
    page_of(&headers, title, &body)
}

async fn review(
    State((feedback, limits)): State<Room>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let sent = Sent::of(&body);
    let stars = sent.trimmed("stars").parse::<i16>().ok().filter(|stars| (1..=5).contains(stars));
    let (name, words) = (sent.trimmed("name"), sent.trimmed("words"));
    let is_whole =
        !name.is_empty() && name.len() <= 200 && !words.is_empty() && words.len() <= WORDS_MAX && is_mark(sent.trimmed("id"));
    let (Some(stars), true) = (stars, is_whole) else {
        return Ok(ask_review(Query(Of { product: sent.trimmed("product").to_owned() }), headers).await);
    };
    let is_within = limits.allows(Peer::written(peer), 3_600 * SECOND, REVIEWS_MAX, feedback.now());
    if !sent.is_bait() && is_within {
        let product = product_of(sent.trimmed("product"));
        feedback
            .review(&Written { id: sent.trimmed("id"), product: &product, stars, name, words, at: None, in_inbox: true })
            .await?;
    }
    let language = Language::of(&headers);
    let title = language.pick("Thank you for your review!", "Merci de votre avis !", "Спасибо за отзыв!");
    let says = language.pick(
        "It appears when somebody has looked at it.",
        "Il paraîtra après relecture.",
        "Он появится после проверки.",
    );
    Ok(page_of(&headers, title, &format!("<h1>{title}</h1><p>{says}</p>")))
}

/// Shows what was published, with the marks by which search engines know reviews (schema.org).
async fn reviews(State((feedback, _)): State<Room>, Query(of): Query<Of>, headers: HeaderMap) -> Result<Response, Refusal> {
    let product = product_of(&of.product);
    let all = feedback.reviews("published", (!product.is_empty()).then_some(product.as_str())).await?;
    let language = Language::of(&headers);
    let title = language.pick("Reviews", "Avis", "Отзывы");
    let mut body = format!("<h1>{title}</h1><div itemscope itemtype=\"https://schema.org/Product\">");
    if !product.is_empty() {
        body.push_str(&format!("<p itemprop=\"name\">{}</p>", escaped(&product)));
    }
    if let Some(told) = feedback.published(&product).await? {
        body.push_str(&format!(
            "<p itemprop=\"aggregateRating\" itemscope itemtype=\"https://schema.org/AggregateRating\"><strong itemprop=\"ratingValue\">{:.1}</strong> \
             <meta itemprop=\"bestRating\" content=\"5\">★ (<span itemprop=\"reviewCount\">{}</span>)</p>",
            told.mean, told.n
        ));
    }
    for review in &all {
        let Some(words) = &review.words else { continue };
        body.push_str(&format!(
            "<fieldset itemprop=\"review\" itemscope itemtype=\"https://schema.org/Review\"><legend><span itemprop=\"author\">{}</span> · \
             <span itemprop=\"reviewRating\" itemscope itemtype=\"https://schema.org/Rating\"><span itemprop=\"ratingValue\">{}</span> ★</span></legend>\
             <meta itemprop=\"datePublished\" content=\"{}\"><p itemprop=\"reviewBody\">{}</p>",
            escaped(&review.name),
            review.stars,
            written(review.at),
            escaped(words)
        ));
        if !review.reply.is_empty() {
            let ours = language.pick("Our answer", "Notre réponse", "Наш ответ");
            body.push_str(&format!("<p class=\"soft\"><strong>{ours}:</strong> {}</p>", escaped(&review.reply)));
        }
        body.push_str("</fieldset>");
    }
    let write = language.pick("Write a review", "Donner un avis", "Написать отзыв");
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("product", &product).finish();
    body.push_str(&format!("</div><p><a href=\"/p/review?{}\">{write}</a></p>", escaped(&query)));
    Ok(page_of(&headers, title, &body))
}
