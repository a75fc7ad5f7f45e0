//! Deciding what the bot does with what it heard: a pure function of what was written, where the talk stands, and the words.

use super::settings::{BotSettings, PLACES};
use crate::features::conversations::Button;

/// What stands before the target in the id of a button.
pub(super) const MARK: &str = "bot:";
/// A number of an order has at most so many letters.
const ORDER_MAX: usize = 40;

/// Words by which somebody asks for a person, whatever the bot was doing.
const PERSON: [&str; 19] = [
    "person",
    "human",
    "agent",
    "operator",
    "somebody real",
    "representative",
    "humain",
    "personne",
    "conseiller",
    "conseillere",
    "quelqu'un",
    "operateur",
    "человек",
    "человека",
    "человеком",
    "оператор",
    "оператора",
    "оператором",
    "сотрудник",
];

/// Is where a talk stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Stand {
    /// What it waits for: nothing, or `order`.
    pub(super) awaits: String,
    /// The buttons of the last word.
    pub(super) offered: Vec<Button>,
}

/// Is what to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Move {
    /// Hand over.
    Person,
    /// Say a step.
    Step(String),
    /// Ask what the question is.
    AskQuestion,
    /// Ask for the number of the order.
    AskOrder,
    /// Look an order up.
    Order(String),
    /// They are done.
    Done,
    /// Look for an article.
    Search,
}

/// Decides. `begins` says that somebody has only opened the chat.
pub(super) fn decide(settings: &BotSettings, stand: &Stand, text: &str, button: Option<&str>, begins: bool) -> Move {
    let said = plain(text);
    let pressed = button.and_then(|id| id.strip_prefix(MARK));
    if let Some(to) = pressed.or_else(|| chosen(stand, &said)) {
        return lead(settings, to);
    }
    if PERSON.iter().any(|word| has(&said, word)) {
        return Move::Person;
    }
    if begins {
        return first(settings);
    }
    if stand.awaits == "order"
        && let Some(number) = order_number(text)
    {
        return Move::Order(number);
    }
    let heard = settings.rules.iter().find(|rule| rule.words.iter().any(|word| has(&said, &plain(word))));
    if let Some(rule) = heard {
        // Who tells the number at once is not asked for it.
        return match (rule.to.as_str(), order_number(text)) {
            ("order", Some(number)) => Move::Order(number),
            (to, _) => lead(settings, to),
        };
    }
    Move::Search
}

/// Returns where the first step is.
pub(super) fn first(settings: &BotSettings) -> Move {
    settings.steps.first().map_or(Move::Person, |step| Move::Step(step.id.clone()))
}

fn lead(settings: &BotSettings, to: &str) -> Move {
    match to {
        "question" => Move::AskQuestion,
        "order" => Move::AskOrder,
        "done" => Move::Done,
        // What a button led to may be gone since it was shown.
        to if !PLACES.contains(&to) && settings.step(to).is_some() => Move::Step(to.to_owned()),
        _ => Move::Person,
    }
}

/// Finds the button that somebody means who types its label or its place.
fn chosen<'s>(stand: &'s Stand, said: &str) -> Option<&'s str> {
    let place = said.trim_end_matches('.').parse::<usize>().ok().filter(|_| stand.awaits.is_empty());
    let by_place = place.and_then(|place| stand.offered.get(place.checked_sub(1)?));
    let found = by_place.or_else(|| stand.offered.iter().find(|button| plain(&button.label) == *said));
    found.and_then(|button| button.id.strip_prefix(MARK))
}

fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase().replace(['’', '`'], "'").replace('ё', "е");
    text.replace(['é', 'è', 'ê'], "e").replace('à', "a").replace('ù', "u").replace('ç', "c")
}

/// Tells whether a word, or a group of words, stands in a text by itself.
fn has(text: &str, word: &str) -> bool {
    let is_edge = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric());
    text.match_indices(word)
        .any(|(at, found)| is_edge(text[..at].chars().next_back()) && is_edge(text[at + found.len()..].chars().next()))
}

/// Finds what can be the number of an order: letters, digits and dashes with at least three digits.
fn order_number(text: &str) -> Option<String> {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
    let mut words = text.split(|sign: char| !is_part(sign));
    let is_number = |word: &&str| word.len() <= ORDER_MAX && word.bytes().filter(u8::is_ascii_digit).count() >= 3;
    words.find(is_number).map(|word| word.trim_matches('-').to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Choice, Step, ThreeTexts};
    use super::*;

    fn settings() -> BotSettings {
        let text = |en: &str| ThreeTexts { en: en.to_owned(), ..ThreeTexts::default() };
        let mut settings = BotSettings::default();
        settings.steps.push(Step { id: "hours".to_owned(), say: text("Nine to six"), choices: Vec::new() });
        settings.steps[0].choices.push(Choice { label: text("Opening hours"), to: "hours".to_owned() });
        settings
    }

    fn offered(to: &[&str]) -> Stand {
        let button = |to: &&str| Button { id: format!("{MARK}{to}"), label: format!("To {to}") };
        Stand { awaits: String::new(), offered: to.iter().map(button).collect() }
    }

    #[test]
    fn a_person_is_always_reached() {
        let settings = settings();
        let awaiting = Stand { awaits: "order".to_owned(), offered: Vec::new() };
        for stand in [Stand::default(), offered(&["hours"]), awaiting] {
            for text in [
                "a person, please",
                "HUMAN",
                "Can I talk to an agent 4711?",
                "Je veux parler à un conseiller",
                "quelqu’un svp",
                "Позовите человека",
                "оператор!",
            ] {
                assert_eq!(decide(&settings, &stand, text, None, false), Move::Person, "{text}");
            }
            assert_eq!(decide(&settings, &stand, "x", Some("bot:person"), false), Move::Person);
        }
        assert_eq!(decide(&settings, &Stand::default(), "personal data", None, false), Move::Search, "not a word by itself");
    }

    #[test]
    fn buttons_labels_and_places_are_the_same() {
        let settings = settings();
        let stand = offered(&["hours", "order", "person"]);
        let check =
            |text: &str, button, expected: Move| assert_eq!(decide(&settings, &stand, text, button, false), expected, "{text}");
        check("anything", Some("bot:hours"), Move::Step("hours".to_owned()));
        check("to HOURS", None, Move::Step("hours".to_owned()));
        check("1", None, Move::Step("hours".to_owned()));
        check("2.", None, Move::AskOrder);
        check("3", None, Move::Person);
        check("4", None, Move::Search);
        check("0", None, Move::Search);
        check("x", Some("bot:gone"), Move::Person);
        check("x", Some("of somebody else"), Move::Search);
    }

    #[test]
    fn words_lead_and_numbers_of_orders_are_found() {
        let settings = settings();
        let check = |awaits: &str, text: &str, expected: Move| {
            let stand = Stand { awaits: awaits.to_owned(), offered: Vec::new() };
            assert_eq!(decide(&settings, &stand, text, None, false), expected, "{text}");
        };
        check("", "Where is my order?", Move::AskOrder);
        check("", "Where is my order ab-4711?", Move::Order("AB-4711".to_owned()));
        check("", "Où est mon COLIS", Move::AskOrder);
        check("order", "it is 4711", Move::Order("4711".to_owned()));
        check("order", "I do not know", Move::Search);
        check("", "I have 4711 questions", Move::Search);
        assert_eq!(decide(&settings, &Stand::default(), "/start", None, true), Move::Step("start".to_owned()));
    }
}
