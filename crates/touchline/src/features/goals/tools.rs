//! Finds tools in the text of an objective. "More people come back" leaves open how; "send more newsletters" has decided
//! already, and a map drawn from it shows newsletters.

/// Are names of tools in English and French, as whole words; of several words, with single spaces between them.
const WORDS: &[&str] = &[
    // channels and media
    "ad",
    "ads",
    "advert",
    "advertisement",
    "app",
    "apps",
    "banner",
    "banners",
    "billboard",
    "blog",
    "brochure",
    "call centre",
    "chat",
    "chatbot",
    "cookie",
    "crm",
    "display",
    "e-mail",
    "e-mails",
    "email",
    "emails",
    "flyer",
    "flyers",
    "hashtag",
    "hotline",
    "landing page",
    "leaflet",
    "loyalty card",
    "mailing",
    "mailings",
    "newsletter",
    "newsletters",
    "online shop",
    "podcast",
    "pop-up",
    "pop-ups",
    "popup",
    "popups",
    "poster",
    "posters",
    "push notification",
    "push notifications",
    "qr code",
    "qr codes",
    "remarketing",
    "retargeting",
    "sem",
    "seo",
    "sms",
    "social media",
    "social network",
    "survey",
    "voucher",
    "web site",
    "webinar",
    "webinars",
    "webshop",
    "website",
    "affiche",
    "affiches",
    "appli",
    "application mobile",
    "bannière",
    "bannières",
    "brochures",
    "carte de fidélité",
    "centre d’appels",
    "courriel",
    "courriels",
    "infolettre",
    "infolettres",
    "page d’accueil",
    "publicité",
    "publicités",
    "prospectus",
    "réseaux sociaux",
    "réseau social",
    "site internet",
    "site web",
    "sondage",
    "tract",
    // makers
    "adwords",
    "facebook",
    "google",
    "hubspot",
    "instagram",
    "linkedin",
    "mailchimp",
    "messenger",
    "pinterest",
    "salesforce",
    "shopify",
    "snapchat",
    "telegram",
    "threads",
    "tiktok",
    "trustpilot",
    "twitter",
    "vk",
    "whatsapp",
    "youtube",
    "zendesk",
];

/// Are beginnings of Russian words, which change at their ends.
const BEGINNINGS: &[&str] = &[
    "баннер",
    "блог",
    "вебинар",
    "вконтакте",
    "инстаграм",
    "интернет-магазин",
    "лендинг",
    "листовк",
    "мессенджер",
    "пуш-",
    "промокод",
    "ретаргетинг",
    "реклам",
    "рассылк",
    "сайт",
    "смс",
    "соцсет",
    "телеграм",
    "чат",
    "чат-бот",
    "чатбот",
    "ютуб",
    "электронн",
];

/// Returns the tools that a text names, as it writes them, each once.
#[must_use]
pub(super) fn tools_in(text: &str) -> Vec<String> {
    let lowered = text.to_lowercase().replace('\'', "’");
    let words: Vec<&str> = lowered.split(|sign: char| !(sign.is_alphanumeric() || "-’".contains(sign))).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut found: Vec<String> = Vec::new();
    for at in 0..words.len() {
        let named = (1..=3).rev().find_map(|length| {
            let said = words.get(at..at + length)?.join(" ");
            WORDS.contains(&said.as_str()).then_some(said)
        });
        let inflected = BEGINNINGS.iter().any(|beginning| words[at].starts_with(beginning));
        let named = named.or_else(|| inflected.then(|| words[at].to_owned()));
        found.extend(named.filter(|named| !found.contains(named)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, tools: &[&str]) {
        assert_eq!(tools_in(text), tools, "{text}");
    }

    #[test]
    fn tools_are_found_in_three_languages() {
        check("Send more newsletters and push notifications", &["newsletters", "push notifications"]);
        check("Grow on Instagram, Instagram and TikTok", &["instagram", "tiktok"]);
        check("Un nouveau site web et une carte de fidélité", &["site web", "carte de fidélité"]);
        check("Répondre par le centre d'appels", &["centre d’appels"]);
        check("Запустить рассылку и чат-бота на сайте", &["рассылку", "чат-бота", "сайте"]);
    }

    #[test]
    fn an_objective_without_a_tool_is_left_alone() {
        for text in [
            "Raise the share of customers who come back within a year to 40 %",
            "Answer every request within a working day",
            "Faire connaître l’entreprise à ceux qui en ont besoin",
            "Чаще возвращать покупателей",
            "Adapt what we display-free: add, adapt, applied, chatter",
            "",
        ] {
            check(text, &[]);
        }
    }
}
