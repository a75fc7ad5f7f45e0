//! Pages that anybody with a link reaches: what somebody wants to hear from us, and ending it.
//!
//! Each is plain HTML with a form, works without scripts, and says nothing of a person but what they chose. To look at one
//! changes nothing, so that programs that look through mail cannot end a subscription; only the form acts. A link that we did
//! not make is answered in the same way whatever it is.

use super::Talk;
use crate::features::people::policy::{Channel, Class, ContactWord, PreferenceToken};
use crate::platform::http::Refusal;
use crate::platform::mark;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::ActorId;

/// What a form of ours can have.
const BODY_MAX: usize = 64 * 1024;
/// A form of ours has fewer fields.
const FIELDS_MAX: usize = 200;
/// The channels that people choose about: on the others nothing comes unasked.
const CHOSEN: [Channel; 4] = [Channel::Email, Channel::Sms, Channel::Phone, Channel::Post];
/// How often something may come at most, in days.
const EVERY: [u16; 3] = [0, 7, 30];

const STYLE: &str = include_str!("public.css");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Is the three languages of public pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Russian.
    Ru,
}

impl Language {
    /// Returns what the reader's browser prefers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = wanted.split(',').filter_map(|part| match part.trim().get(..2) {
            Some("en") => Some(Self::En),
            Some("fr") => Some(Self::Fr),
            Some("ru") => Some(Self::Ru),
            _ => None,
        });
        first.into_iter().next().unwrap_or(Self::En)
    }

    /// Returns the language of a code; `None` for one that we do not speak.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        [Self::En, Self::Fr, Self::Ru].into_iter().find(|language| language.code() == code)
    }

    /// Returns its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::Ru => "ru",
        }
    }

    /// Chooses one of three texts.
    #[must_use]
    pub const fn pick<'t>(self, en: &'t str, fr: &'t str, ru: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Fr => fr,
            Self::Ru => ru,
        }
    }
}

/// Writes public pages.
pub struct Pages;

impl Pages {
    /// Returns the routes that everybody reaches.
    pub fn routes(talk: Talk) -> Router {
        Router::new()
            .route("/p/style.css", get(style))
            .route("/p/preferences/{token}", get(preferences).post(choose))
            .route("/p/unsubscribe/{token}", get(ask_unsubscribe).post(unsubscribe))
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .with_state(talk)
    }
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, STYLE).into_response()
}

/// Gives an answer the headers of public pages.
#[must_use]
pub fn public_headers(mut response: Response) -> Response {
    let told = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex"),
    ];
    for (name, value) in told {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Makes a page of a title and a body that is HTML already.
#[must_use]
pub fn page_of(headers: &HeaderMap, title: &str, body: &str) -> Response {
    let language = Language::of(headers).code();
    let text = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/p/style.css\"></head><body><main>{body}</main></body></html>",
        escaped(title)
    );
    public_headers(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

/// Writes a text so that it stands in HTML as it is.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            sign => safe.push(sign),
        }
    }
    safe
}

/// Answers a link that is none of ours, always in the same way.
#[must_use]
pub fn no_such_link(headers: &HeaderMap) -> Response {
    let language = Language::of(headers);
    let title = language.pick("This link does not work", "Ce lien ne fonctionne pas", "Эта ссылка не работает");
    let says = language.pick(
        "Perhaps a part of it was lost. Copy it whole from the message that it came with.",
        "Il en manque peut-être une partie. Copiez-le en entier depuis le message reçu.",
        "Возможно, потерялась её часть. Скопируйте её целиком из полученного сообщения.",
    );
    let mut response = page_of(headers, title, &format!("<h1>{title}</h1><p>{says}</p>"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Is a form that was sent.
#[derive(Debug, Default)]
pub struct Sent(pub Vec<(String, String)>);

impl Sent {
    /// Reads one.
    #[must_use]
    pub fn of(body: &Bytes) -> Self {
        let all = url::form_urlencoded::parse(body).take(FIELDS_MAX);
        Self(all.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Returns a field; empty where it was not sent.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Returns a field without the blanks around it.
    #[must_use]
    pub fn trimmed(&self, name: &str) -> &str {
        self.one(name).trim()
    }

    /// Returns a field as often as it was sent.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> + 's {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Tells whether a machine filled it in: a field that nobody sees, see [`BAIT`]. Machines are thanked like everybody.
    #[must_use]
    pub fn is_bait(&self) -> bool {
        !self.one("website").is_empty()
    }
}

/// A field that machines fill in and people do not see.
pub const BAIT: &str = "<p class=\"trap\" aria-hidden=\"true\"><label>Website <input type=\"text\" name=\"website\" tabindex=\"-1\" autocomplete=\"off\"></label></p>";

/// Draws what makes sending a form twice harmless.
#[must_use]
pub fn nonce() -> String {
    // Without chance the page has a fixed number, and only the first that is sent counts: better than one counted twice.
    mark::draw().unwrap_or_else(|_| mark::hex(&[0; 16]))
}

async fn reader(talk: &Talk, token: &str) -> Result<Option<ActorId>, Refusal> {
    let secret = talk.door.policy().secret("contact").await?;
    Ok(PreferenceToken::read(&secret, "preferences", token))
}

async fn preferences(State(talk): State<Talk>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(actor) = reader(&talk, &token).await? else { return Ok(no_such_link(&headers)) };
    centre(&talk, actor, &headers, false).await
}

async fn centre(talk: &Talk, actor: ActorId, headers: &HeaderMap, is_saved: bool) -> Result<Response, Refusal> {
    let language = Language::of(headers);
    let words = talk.door.policy().words_of(actor).await?;
    let settings = talk.door.policy().settings().await?;
    let title =
        language.pick("What you want to hear from us", "Ce que vous voulez recevoir de nous", "Что вы хотите получать от нас");
    let mut body = format!("<h1>{title}</h1>");
    if is_saved {
        let says = language.pick(
            "Your choice is kept and holds from now on.",
            "Votre choix est enregistré et vaut dès maintenant.",
            "Ваш выбор сохранён и уже действует.",
        );
        body.push_str(&format!("<p class=\"good\" role=\"status\">{says}</p>"));
    }
    body.push_str("<form method=\"post\">");
    for class in Class::CHOSEN {
        let what = match class {
            Class::Survey => language.pick(
                "Questions about how it went",
                "Des questions sur votre expérience",
                "Вопросы о том, как всё прошло",
            ),
            _ => language.pick("News and offers", "Nouveautés et offres", "Новости и предложения"),
        };
        body.push_str(&format!("<fieldset><legend>{what}</legend>"));
        for channel in CHOSEN {
            let word = words.iter().find(|word| (word.class, word.channel) == (class, channel));
            let given = word.map_or(!settings.ask_first.contains(&class), |word| word.given);
            let name = format!("{}.{}", class.name(), channel.name());
            let label = match channel {
                Channel::Sms => language.pick("SMS", "SMS", "СМС"),
                Channel::Phone => language.pick("Telephone", "Téléphone", "Телефон"),
                Channel::Post => language.pick("Letter", "Courrier", "Почта"),
                _ => language.pick("E-mail", "Courriel", "Электронная почта"),
            };
            let checked = if given { " checked" } else { "" };
            body.push_str(&format!("<label><input type=\"checkbox\" name=\"{name}\"{checked}> {label}</label>"));
        }
        let every =
            words.iter().find(|word| word.class == class && word.channel == Channel::Email).map_or(0, |word| word.every_days);
        let how_often = language.pick("By e-mail, at most", "Par courriel, au plus", "По почте, не чаще чем");
        body.push_str(&format!("<label class=\"row\">{how_often} <select name=\"{}.every\">", class.name()));
        for days in EVERY {
            let label = match days {
                7 => language.pick("once a week", "une fois par semaine", "раз в неделю"),
                30 => language.pick("once a month", "une fois par mois", "раз в месяц"),
                _ => language.pick("as it comes", "au fil de l’eau", "по мере появления"),
            };
            let selected = if days == every { " selected" } else { "" };
            body.push_str(&format!("<option value=\"{days}\"{selected}>{label}</option>"));
        }
        body.push_str("</select></label></fieldset>");
    }
    let (save, none) = (
        language.pick("Keep my choice", "Enregistrer mon choix", "Сохранить выбор"),
        language.pick("Nothing at all, please", "Plus rien, s’il vous plaît", "Ничего не присылать"),
    );
    body.push_str(&format!(
        "<p><button name=\"do\" value=\"save\">{save}</button> <button class=\"soft\" name=\"do\" value=\"nothing\">{none}</button></p></form>"
    ));
    let still = language.pick(
        "What you order or ask about is answered all the same.",
        "Nous répondrons toujours à vos commandes et à vos demandes.",
        "На ваши заказы и вопросы мы ответим в любом случае.",
    );
    body.push_str(&format!("<p class=\"soft\">{still}</p>"));
    Ok(page_of(headers, title, &body))
}

async fn choose(
    State(talk): State<Talk>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(actor) = reader(&talk, &token).await? else { return Ok(no_such_link(&headers)) };
    let sent = Sent::of(&body);
    let has = |name: &str| sent.all(name).next().is_some();
    let is_nothing = sent.one("do") == "nothing";
    let mut words = Vec::new();
    for class in Class::CHOSEN {
        let every = sent.one(&format!("{}.every", class.name())).parse().ok();
        let every = every.filter(|every| EVERY.contains(every)).unwrap_or(0);
        for channel in CHOSEN {
            let given = !is_nothing && has(&format!("{}.{}", class.name(), channel.name()));
            words.push(ContactWord { class, channel, given, every_days: if channel == Channel::Email { every } else { 0 } });
        }
    }
    talk.door.choose(actor, &words, "preference page").await?;
    centre(&talk, actor, &headers, true).await
}

async fn ask_unsubscribe(State(talk): State<Talk>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    if reader(&talk, &token).await?.is_none() {
        return Ok(no_such_link(&headers));
    }
    let language = Language::of(&headers);
    let title = language.pick("No more news by e-mail?", "Plus de nouvelles par courriel ?", "Больше не присылать новости?");
    let yes = language.pick("Yes, end it", "Oui, arrêter", "Да, прекратить");
    let other = language.pick("Choose what comes instead", "Choisir plutôt ce qui vient", "Выбрать, что присылать");
    let body = format!(
        "<h1>{title}</h1><form method=\"post\"><p><button>{yes}</button></p></form><p><a href=\"/p/preferences/{}\">{other}</a></p>",
        escaped(&token)
    );
    Ok(page_of(&headers, title, &body))
}

/// Ends what comes by mail: by the button of the page, or by the mail program of the reader (RFC 8058), which wants no
/// redirect, no cookie and no questions.
async fn unsubscribe(State(talk): State<Talk>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let Some(actor) = reader(&talk, &token).await? else { return Ok(no_such_link(&headers)) };
    let words = Class::CHOSEN.map(|class| ContactWord { class, channel: Channel::Email, given: false, every_days: 0 });
    talk.door.choose(actor, &words, "unsubscribe link").await?;
    let language = Language::of(&headers);
    let title = language.pick(
        "Done: no more news by e-mail",
        "C’est fait : plus de nouvelles par courriel",
        "Готово: новостей больше не будет",
    );
    let other = language.pick("Change my choice", "Modifier mon choix", "Изменить выбор");
    let body = format!("<h1>{title}</h1><p><a href=\"/p/preferences/{}\">{other}</a></p>", escaped(&token));
    Ok(page_of(&headers, title, &body))
}
