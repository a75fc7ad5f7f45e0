//! The signature of what happened on the web: the address of the page as host and path template, where somebody came
//! from, and the campaign. One pure function, for every wire format.
//!
//! A signature is stored in the clear and shown, so nothing that tells one person from another may end in it. What looks
//! like it (numbers, e-mail addresses, tokens, what stands behind `/user/`) becomes `*`, queries and fragments are
//! dropped, and of the marks that platforms add to links only the name is kept. A name written like any word, as in
//! `/jane-doe`, cannot be told from a word; [`super::Signals`] folds such places when they become many.

use model::Signature;
use model::channels::{CLICK_IDS, DIRECT, Hint, NONE, NOT_SET, REFERRAL};
use std::borrow::Cow;

/// Longer texts are no names of events, campaigns or sources.
const LABEL_MAX: usize = 100;
/// Longer hosts do not exist.
const HOST_MAX: usize = 253;
/// A path of more steps is cut there: what stands deeper is content.
const STEPS_MAX: usize = 8;
/// A step of more letters is a title or a token, not a place.
const STEP_MAX: usize = 48;
/// A step of more words is a title.
const WORDS_MAX: usize = 6;
/// A word of so many letters with digits among them, or so many hexadecimal ones, is a token.
const TOKEN_MIN: usize = 16;
const HEX_MIN: usize = 12;
/// So many digits in a row tell one thing from another; years do not.
const DIGITS_MIN: usize = 5;
/// So many digits in a row in a label are a number of somebody; a date written in one word is a loss we accept.
const LABEL_DIGITS_MIN: usize = 7;
/// So many digits with only spaces and signs between them are a telephone number.
const PHONE_DIGITS_MIN: usize = 9;

/// Endings of pages and files: the only reason for a dot in a step that is a place.
const ENDINGS: [&str; 27] = [
    "html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "cgi", "do", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv",
    "txt", "xml", "json", "zip", "jpg", "jpeg", "png", "svg", "mp3", "mp4",
];

/// Behind these steps stands who somebody is, or a secret of theirs.
#[rustfmt::skip]
const PERSONAL: [&str; 63] = [
    "user", "users", "u", "member", "members", "profile", "profiles", "account", "accounts", "customer", "customers", "client",
    "clients", "people", "person", "persons", "patient", "patients", "student", "students", "teacher", "teachers", "author",
    "authors", "employee", "employees", "staff", "team", "contact", "contacts", "by", "utilisateur", "utilisateurs", "membre",
    "membres", "profil", "profils", "compte", "auteur", "auteurs", "eleve", "eleves", "polzovatel", "пользователь",
    "пользователи", "профиль", "автор", "reset", "reset-password", "confirm", "confirmation", "verify", "verification",
    "activate", "activation", "unsubscribe", "invite", "invitation", "token", "auth", "magic", "share", "session",
];

/// Steps behind those that are places all the same.
#[rustfmt::skip]
const PLACES: [&str; 44] = [
    "login", "logout", "signin", "sign-in", "signup", "sign-up", "register", "settings", "orders", "order", "invoices",
    "billing", "payment", "payments", "address", "addresses", "password", "edit", "new", "me", "all", "list", "search", "index",
    "wishlist", "favorites", "favourites", "returns", "subscriptions", "notifications", "messages", "dashboard", "overview",
    "security", "done", "success", "thanks", "thank-you", "form", "sales", "support", "privacy", "about", "home",
];

/// Is what a client tells of a page and of how somebody came to it. Whatever is not told stays empty.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Web<'a> {
    /// The address of the page, or a path alone.
    pub url: &'a str,
    /// The host, where `url` does not name it.
    pub host: &'a str,
    /// The query of the address, where `url` does not have it; with or without `?`.
    pub search: &'a str,
    /// The address of the page before; a client's word for "none", such as `$direct`, is none.
    pub referrer: &'a str,
    /// The campaign as the client read it from the address.
    pub campaign: Tags<'a>,
}

/// Is what a tagged link says (`utm_source`, `utm_medium`, `utm_campaign`).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tags<'a> {
    /// Who sent the visitor.
    pub source: &'a str,
    /// By what means.
    pub medium: &'a str,
    /// For which occasion.
    pub name: &'a str,
}

impl Web<'_> {
    /// Makes the signature of an event of this name on this page.
    #[must_use]
    pub fn signature(&self, source: &str, event: &str) -> Signature {
        let page = Address::read(self.url, self.host);
        let mut found = Found::default();
        found.look(page.query);
        if self.search != page.query {
            found.look(self.search.strip_prefix('?').unwrap_or(self.search));
        }
        let tag =
            |told: &str, found: &Option<Cow<'_, str>>| small(if told.is_empty() { found.as_deref().unwrap_or("") } else { told });
        let from = tag(self.campaign.source, &found.source);
        let medium = tag(self.campaign.medium, &found.medium);
        Signature {
            source: source.to_owned(),
            event: label(event),
            channel: channel(&page, self.referrer, &from, &medium, found.click),
            place: page.place(),
            campaign: tag(self.campaign.name, &found.name),
            touchpoint: String::new(),
        }
    }
}

/// Returns a name that a source gives, without what looks personal: an event, a screen, a campaign.
#[must_use]
pub fn label(text: &str) -> String {
    let cut = text.char_indices().nth(LABEL_MAX).map_or(text, |(at, _)| &text[..at]);
    if is_plain(cut) {
        return cut.to_owned();
    }
    let is_between = |sign: char| sign.is_whitespace() || sign.is_control() || is_invisible(sign);
    let words: Vec<Cow<'_, str>> = cut.split(is_between).filter(|word| !word.is_empty()).map(word).collect();
    let joined = words.join(" ");
    if !is_telephone(&joined) {
        return joined;
    }
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = joined.split(' ').map(|word| if has_digit(word) { "*" } else { word }).collect();
    words.join(" ")
}

/// Tells, for most texts, that there is nothing to look for: words of plain letters with few digits.
fn is_plain(text: &str) -> bool {
    let mut digits = 0;
    let mut run = 0;
    let mut before = b' ';
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b':' | b'/' | b'$' => {}
            b' ' if before != b' ' => run = 0,
            _ => return false,
        }
        run += usize::from(byte != b' ');
        before = byte;
        if run >= TOKEN_MIN && digits > 0 || digits >= DIGITS_MIN {
            return false;
        }
    }
    before != b' '
}

/// Returns a word of a label, with what looks personal taken out.
fn word(word: &str) -> Cow<'_, str> {
    if word.contains('@') || word.contains("%40") || word.split(is_joint).any(is_token) || is_uuid(word) {
        return Cow::Borrowed("*");
    }
    let mut kept = String::with_capacity(word.len());
    let mut digits = String::new();
    for sign in word.chars().chain(std::iter::once('\0')) {
        if sign.is_ascii_digit() {
            digits.push(sign);
            continue;
        }
        if digits.len() >= LABEL_DIGITS_MIN {
            kept.push('*')
        } else {
            kept.push_str(&digits)
        }
        digits.clear();
        kept.push(sign);
    }
    kept.pop();
    Cow::Owned(kept)
}

/// Tells whether a text is mostly one telephone number: many digits with nothing but signs and spaces between them.
fn is_telephone(text: &str) -> bool {
    let mut digits = 0;
    for sign in text.chars() {
        match sign {
            '0'..='9' => digits += 1,
            ' ' | '-' | '.' | '(' | ')' | '/' | '+' | '_' | '*' => {}
            _ => digits = 0,
        }
        if digits >= PHONE_DIGITS_MIN {
            return true;
        }
    }
    false
}

fn is_joint(sign: char) -> bool {
    matches!(sign, '-' | '_' | '.' | ':' | '/' | '|' | ',' | '+' | '=')
}

/// Signs that have no shape: they would make two names that look the same.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

/// Returns a tag in small letters: people write `Newsletter` and `newsletter` and mean one thing.
fn small(text: &str) -> String {
    let mut tag = label(text);
    if !tag.is_ascii() {
        return tag.to_lowercase();
    }
    tag.make_ascii_lowercase();
    tag
}

/// Says on which channel somebody came, as [`model::channels::Hint`] is written.
fn channel(page: &Address<'_>, referrer: &str, from: &str, medium: &str, click: &str) -> String {
    let before = Address::read(referrer, "");
    let link = before.site();
    let tagged = !from.is_empty() || !medium.is_empty();
    let inside = !link.is_empty() && is_same_site(&link, &page.site());
    if inside && !tagged && click.is_empty() {
        return String::new();
    }
    let link = if inside { "" } else { link.as_str() };
    // Nothing at all was said of a page, so nothing is known of how somebody came to it.
    if page.host.is_empty() && page.path.is_empty() && link.is_empty() && !tagged && click.is_empty() {
        return String::new();
    }
    let or = |text: &'_ str, other: &'static str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let (source, medium) = match (tagged, link) {
        (true, "") => (or(from, NOT_SET), or(medium, NOT_SET)),
        (true, link) => (if from.is_empty() { link.to_owned() } else { from.to_owned() }, or(medium, NOT_SET)),
        (false, "") => (DIRECT.to_owned(), NONE.to_owned()),
        (false, link) => (link.to_owned(), REFERRAL.to_owned()),
    };
    // The sign between the two parts cannot stand in the first.
    let source = source.replace(" / ", "/");
    Hint::Web { source: &source, medium: &medium, click }.to_string()
}

/// Tells whether one site is the other or a part of it, such as `blog.shop.example` and `shop.example`.
fn is_same_site(one: &str, other: &str) -> bool {
    let within = |part: &str, whole: &str| part.strip_suffix(whole).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !other.is_empty() && (within(one, other) || within(other, one))
}

/// Is what the query of an address tells.
#[derive(Default)]
struct Found<'a> {
    source: Option<Cow<'a, str>>,
    medium: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    click: &'static str,
}

impl<'a> Found<'a> {
    /// Reads a query; the first value of a parameter counts.
    fn look(&mut self, query: &'a str) {
        for pair in query.split('&') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() {
                continue;
            }
            let place = match name {
                "utm_source" => &mut self.source,
                "utm_medium" => &mut self.medium,
                "utm_campaign" => &mut self.name,
                _ => {
                    self.mark(name);
                    continue;
                }
            };
            if place.is_none() {
                *place = Some(decoded(value, true));
            }
        }
    }

    /// Notes the mark of a click; of several the one that stands first in the list.
    fn mark(&mut self, name: &str) {
        let place = |name: &str| CLICK_IDS.iter().position(|known| *known == name);
        if let Some(at) = place(name)
            && place(self.click).is_none_or(|other| at < other)
        {
            self.click = CLICK_IDS[at];
        }
    }
}

/// Is an address taken apart.
struct Address<'a> {
    /// Whether the scheme is `https`; decides which port goes without saying.
    secure: bool,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Address<'a> {
    /// Reads an address. Never fails: what is none has no host and no path.
    fn read(text: &'a str, host: &'a str) -> Self {
        let text = text.trim();
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let nothing = Self { secure: false, host: "", path: "", query: "" };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None if text.starts_with("//") => ("https", &text[2..]),
            None if text.starts_with('/') || text.is_empty() => return Self { secure: true, host, path: text, query },
            // `shop.example/tea` without a scheme; anything else, such as `about:blank`, is no address.
            None if text.split('/').next().is_some_and(is_host) => ("https", text),
            None => return nothing,
        };
        // `file:///home/jane` has no host, and names somebody.
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.is_empty() {
            return nothing;
        }
        // Somebody's name and password may stand before the host.
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Self { secure: !scheme.eq_ignore_ascii_case("http"), host, path, query }
    }

    /// Returns the host in small letters, without `www.` and without the port that goes without saying.
    fn site(&self) -> String {
        let port = if self.secure { ":443" } else { ":80" };
        let host = self.host.strip_suffix(port).unwrap_or(self.host);
        let host = host.strip_suffix('.').unwrap_or(host);
        let proper = host.len() <= HOST_MAX && host.chars().all(|sign| sign.is_alphanumeric() || "-._:[]".contains(sign));
        if !proper {
            return if host.is_empty() { String::new() } else { "*".to_owned() };
        }
        let host = host.to_lowercase();
        host.strip_prefix("www.").map(str::to_owned).unwrap_or(host)
    }

    /// Returns host and path template, such as `shop.example/p/*`; the root is `shop.example/`.
    fn place(&self) -> String {
        let mut place = self.site();
        place.reserve(self.path.len() + 2);
        let (mut steps, mut personal) = (0, false);
        for written in self.path.split('/').filter(|step| !matches!(*step, "" | "." | "..")) {
            place.push('/');
            steps += 1;
            if steps > STEPS_MAX {
                place.push('*');
                break;
            }
            let step = decoded(written.split(';').next().unwrap_or_default(), false);
            let is_one_of = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(&step));
            let keeps = !is_variable(&step) && (!personal || is_one_of(&PLACES));
            place.push_str(if keeps { &step } else { "*" });
            personal = is_one_of(&PERSONAL);
        }
        if steps == 0 && !(place.is_empty() && self.path.is_empty()) {
            place.push('/');
        }
        place
    }
}

fn is_host(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or_default();
    host.contains('.') && !host.starts_with('.') && host.chars().all(|sign| sign.is_alphanumeric() || "-._".contains(sign))
}

/// Tells whether a step of a path tells one thing from another, rather than one kind of place.
fn is_variable(step: &str) -> bool {
    let digits = step.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 && step.len() <= TOKEN_MIN && step.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        return false; // Nearly every step.
    }
    let stem = match step.rsplit_once('.') {
        None => step,
        Some((stem, ending)) if ENDINGS.contains(&ending.to_lowercase().as_str()) => stem,
        Some(_) => return true,
    };
    stem.chars().count() > STEP_MAX
        || stem.starts_with('~')
        || stem
            .chars()
            .any(|sign| matches!(sign, '@' | '=' | '&' | '%' | '+' | '\u{fffd}' | '.') || sign.is_control() || is_invisible(sign))
        || digits == stem.len() && digits > 0
        || stem
            .as_bytes()
            .chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit())
            .any(|run| run[0].is_ascii_digit() && run.len() >= DIGITS_MIN)
        || stem.split(['-', '_', ' ']).filter(|word| !word.is_empty()).count() > WORDS_MAX
        || is_uuid(stem)
        || is_telephone(stem)
        || stem.split(['-', '_', ' ']).any(is_token)
}

/// Tells whether a word is made by a machine: long and hexadecimal, or long with digits or capitals within.
fn is_token(word: &str) -> bool {
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    let hex = word.len() >= HEX_MIN && digits && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let capitals = || word.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    let small = || word.bytes().any(|byte| byte.is_ascii_lowercase());
    hex || word.len() >= TOKEN_MIN && word.is_ascii() && (digits || (capitals() >= 3 && small()))
}

fn is_uuid(text: &str) -> bool {
    let parts = text.split('-').map(str::len);
    parts.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Decodes `%XX`, and in queries `+`. What is no text then has the sign for that in it.
fn decoded(text: &str, query: bool) -> Cow<'_, str> {
    let has_plus = query && text.contains('+');
    if !has_plus && !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
                (digit(*high) << 4 | digit(*low), after)
            }
            (b'+', after) if query => (b' ', after),
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn place(url: &str, expected: &str) {
        assert_eq!(Web { url, ..Web::default() }.signature("site", "").place, expected, "{url}");
    }

    #[test]
    fn one_page_has_one_place() {
        place("https://www.Shop.Example:443/Tea/", "shop.example/Tea");
        place("HTTP://shop.example:80", "shop.example/");
        place("//shop.example//a/./b/../c?x=1#top", "shop.example/a/b/c");
        place("https://shop.example:8443/a", "shop.example:8443/a");
        place("shop.example/tea", "shop.example/tea");
        place("/pricing", "/pricing");
        place("/", "/");
        place("https://caf%C3%A9.example/caf%C3%A9", "*/café");
        place("https://пример.example/чай", "пример.example/чай");
        place("", "");
        place("about:blank", "");
        place("https://shop.example/#!/basket", "shop.example/");
    }

    #[test]
    fn what_varies_is_a_star() {
        for (step, expected) in [
            ("42", "*"),
            ("2026", "*"),
            ("order-10023", "*"),
            ("sale-2026", "sale-2026"),
            ("6f1ed002-ab3c-4b5f-9c1e-0123456789ab", "*"),
            ("d41d8cd98f00b204", "*"),
            ("dGhpc0lzQVRva2Vu", "*"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.abc", "*"),
            ("how-to-brew-green-tea-at-home-in-winter", "*"),
            ("how-to-brew-green-tea", "how-to-brew-green-tea"),
            ("index.html", "index.html"),
            ("menu.pdf", "menu.pdf"),
            ("basket;jsessionid=4A6F", "basket"),
            ("a=b", "*"),
            ("datenschutzerklaerung", "datenschutzerklaerung"),
        ] {
            place(&format!("https://a.example/x/{step}"), &format!("a.example/x/{expected}"));
        }
        place("https://a.example/1/b/c/d/e/f/g/h/i/j", "a.example/*/b/c/d/e/f/g/h/*");
    }

    /// Whatever personal thing stands anywhere in an address, in tags or in a name: no part of it is in the signature.
    #[test]
    fn nothing_personal_ends_in_a_signature() {
        let secrets = [
            "ada@example.org",
            "ada%40example.org",
            "ada.lovelace",
            "+33 1 99 00 12 34",
            "+33199001234",
            "0199001234",
            "06-12-34-56-78",
            "s3cr3tT0kenS3cr3tT0ken",
            "4111111111111111",
            "ada%2Elovelace%40example%2Eorg",
        ];
        for secret in secrets {
            let tag = secret.replace('+', "%2B").replace(' ', "+");
            let urls = [
                format!("https://a.example/verify/{secret}"),
                format!("https://a.example/p/{secret}/x"),
                format!("https://a.example/?email={secret}&utm_term={secret}"),
                format!("https://{secret}@a.example/"),
                format!("https://a.example/#{secret}"),
                format!("https://a.example/?gclid={secret}&fbclid={secret}"),
                format!("file:///home/{secret}/page.html"),
            ];
            let whole = |signature: &Signature| format!("{signature}");
            let clean = |signature: &Signature| {
                let text = whole(signature).to_lowercase();
                let decoded = decoded(secret, true).to_lowercase();
                let parts: Vec<&str> =
                    decoded.split(['@', ' ']).filter(|part| part.len() > 3 && *part != "example.org").collect();
                assert!(parts.iter().all(|part| !text.contains(part)), "{secret}: {text}");
            };
            for url in &urls {
                clean(&Web { url, referrer: url, ..Web::default() }.signature("site", "page"));
            }
            // A name with a dot is a version or a host as often as a person: in a tag it stays.
            if secret != "ada.lovelace" {
                let url = format!("https://a.example/?utm_source={tag}&utm_medium=mail_{tag}&utm_campaign=for_{tag}");
                clean(&Web { url: &url, ..Web::default() }.signature("site", secret));
                let told = decoded(&tag, true);
                let campaign = Tags { source: &told, medium: &told, name: &told };
                clean(&Web { campaign, ..Web::default() }.signature("site", "Signed up"));
            }
        }
        for (url, expected) in [
            ("https://a.example/users/jane-doe", "a.example/users/*"),
            ("https://a.example/u/jane/orders", "a.example/u/*/orders"),
            ("https://a.example/account/settings", "a.example/account/settings"),
            ("https://a.example/@jane", "a.example/*"),
            ("https://a.example/~jane/", "a.example/*"),
            ("https://a.example/reset-password/abc", "a.example/reset-password/*"),
            ("https://a.example/Profile/Jane", "a.example/Profile/*"),
        ] {
            place(url, expected);
        }
    }

    #[track_caller]
    fn channel(url: &str, referrer: &str, expected: &str) {
        let signature = Web { url, referrer, ..Web::default() }.signature("site", "page");
        assert_eq!(signature.channel, expected, "{url} from {referrer}");
    }

    #[test]
    fn the_channel_says_where_somebody_came_from() {
        let page = "https://www.shop.example/tea";
        channel(page, "", "(direct) / (none)");
        channel(page, "$direct", "(direct) / (none)");
        channel(page, "https://www.google.com/", "google.com / referral");
        channel(page, "https://shop.example/", "");
        channel(page, "https://blog.shop.example/a", "");
        channel(page, "https://othershop.example/a", "othershop.example / referral");
        channel(page, "android-app://com.google.android.gm/", "com.google.android.gm / referral");
        channel("https://shop.example/?utm_source=Google&utm_medium=CPC", "https://www.google.com/", "google / cpc");
        channel("https://shop.example/?utm_medium=e-mail", "", "(not set) / e-mail");
        channel("https://shop.example/?utm_medium=social", "https://t.co/x", "t.co / social");
        channel("https://shop.example/?utm_source=a%20/%20b", "", "a/b / (not set)");
        channel("https://shop.example/?fbclid=x&gclid=y", "", "(direct) / (none) + gclid");
        channel("https://shop.example/?gclid=", "", "(direct) / (none)");
        channel("", "", "");
    }

    #[test]
    fn what_the_client_read_itself_counts_first() {
        let web = Web {
            url: "https://shop.example/?utm_source=a&utm_campaign=x",
            search: "?utm_source=b&msclkid=1",
            campaign: Tags { source: "c", ..Tags::default() },
            ..Web::default()
        };
        let signature = web.signature("site", "  Page\u{200b}\n viewed ");
        assert_eq!((signature.channel.as_str(), signature.campaign.as_str()), ("c / (not set) + msclkid", "x"));
        assert_eq!(signature.event, "Page viewed");
        let path = Web { url: "/tea?utm_source=d", host: "WWW.shop.example", ..Web::default() }.signature("site", "page");
        assert_eq!((path.place.as_str(), path.channel.as_str()), ("shop.example/tea", "d / (not set)"));
    }

    #[test]
    fn labels_keep_their_words() {
        for (text, expected) in [
            ("Order Completed", "Order Completed"),
            ("$pageview", "$pageview"),
            ("spring_sale_2026-11-25", "spring_sale_2026-11-25"),
            ("news_20261125", "news_*"),
            ("Mail to ada@example.org sent", "Mail to * sent"),
            ("call 01 99 00 12 34 now", "call * * * * * now"),
            ("v2.10", "v2.10"),
            ("Ä \u{202e}ö", "Ä ö"),
            ("", ""),
        ] {
            assert_eq!(label(text), expected);
        }
        assert_eq!(label(&"é".repeat(300)).chars().count(), LABEL_MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_text_makes_a_bounded_signature(url in ".{0,400}", referrer in ".{0,200}", event in ".{0,200}") {
            let signature = Web { url: &url, referrer: &referrer, ..Web::default() }.signature("site", &event);
            proptest::prop_assert!(signature.place.chars().count() <= HOST_MAX + (STEPS_MAX + 1) * (STEP_MAX + 7));
            proptest::prop_assert!(signature.event.chars().count() <= LABEL_MAX);
            proptest::prop_assert!(!signature.place.contains(['@', '?', '#']));
            // What is normal stays as it is.
            let again = Web { url: &signature.place, ..Web::default() }.signature("site", &signature.event);
            proptest::prop_assert_eq!(again.event, signature.event);
        }
    }
}
