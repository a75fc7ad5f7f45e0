//! The words by which somebody ends messages, lets them come again, or asks who we are, and what they are answered: in the
//! three languages, whatever the channel.

use crate::features::conversations::Language;

/// Is what somebody means by one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meant {
    Stop,
    Start,
    Help,
}

const STOP: [(Language, &[&str]); 3] = [
    (Language::En, &["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "/stop"]),
    (Language::Fr, &["arret", "arrêt", "arreter", "arrêter", "desabonner", "désabonner", "desinscrire", "désinscrire"]),
    (Language::Ru, &["стоп", "отписаться", "отписка", "отмена"]),
];
const START: [(Language, &[&str]); 3] = [
    (Language::En, &["start", "unstop", "subscribe"]),
    (Language::Fr, &["reprendre", "commencer"]),
    (Language::Ru, &["старт", "начать", "подписаться"]),
];
const HELP: [(Language, &[&str]); 3] =
    [(Language::En, &["help", "info", "/help"]), (Language::Fr, &["aide", "/aide"]), (Language::Ru, &["помощь", "справка"])];

/// Reads a message that is such a word and nothing else; in whose language, too.
pub(super) fn meant(text: &str) -> Option<(Meant, Language)> {
    let is_around = |sign: char| sign.is_whitespace() || matches!(sign, '.' | '!' | '"' | '\'' | '«' | '»');
    let word = text.trim_matches(is_around).to_lowercase();
    for (meaning, all) in [(Meant::Stop, &STOP), (Meant::Start, &START), (Meant::Help, &HELP)] {
        if let Some((language, _)) = all.iter().find(|(_, words)| words.contains(&word.as_str())) {
            return Some((meaning, *language));
        }
    }
    None
}

/// Says what the machine answers. `who` is the name of the organisation.
pub(super) fn answer(meaning: Meant, language: Language, who: &str) -> String {
    let text = match meaning {
        Meant::Stop => language.pick(
            "{who}: you get no more news here. Reply START to get them again, HELP for help.",
            "{who} : vous ne recevrez plus de nouvelles ici. Répondez REPRENDRE pour en recevoir, AIDE pour de l’aide.",
            "{who}: вы больше не получите здесь новостей. Ответьте СТАРТ, чтобы получать их снова, ПОМОЩЬ — для справки.",
        ),
        Meant::Start => language.pick(
            "{who}: news may come here again. Reply STOP to end them.",
            "{who} : vous pouvez de nouveau recevoir des nouvelles ici. Répondez ARRET pour les arrêter.",
            "{who}: новости снова могут приходить сюда. Ответьте СТОП, чтобы прекратить.",
        ),
        Meant::Help => language.pick(
            "{who}: write your question here and one of us answers. Reply STOP to get no more news.",
            "{who} : écrivez votre question ici, l’un de nous y répondra. Répondez ARRET pour ne plus recevoir de nouvelles.",
            "{who}: напишите свой вопрос, и мы ответим. Ответьте СТОП, чтобы не получать новостей.",
        ),
    };
    text.replace("{who}", who)
}

/// Greets somebody who has opened a chat.
pub(super) fn greeting(language: Language) -> &'static str {
    language.pick(
        "Hello! Write your question here, and we will answer.",
        "Bonjour ! Écrivez votre question ici, nous y répondrons.",
        "Здравствуйте! Напишите свой вопрос, и мы ответим.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_is_meant_so() {
        let check = |text: &str, expected: Option<(Meant, Language)>| assert_eq!(meant(text), expected, "{text}");
        check("STOP", Some((Meant::Stop, Language::En)));
        check(" stop. ", Some((Meant::Stop, Language::En)));
        check("Arrêt", Some((Meant::Stop, Language::Fr)));
        check("ARRET", Some((Meant::Stop, Language::Fr)));
        check("Стоп!", Some((Meant::Stop, Language::Ru)));
        check("ОТПИСАТЬСЯ", Some((Meant::Stop, Language::Ru)));
        check("start", Some((Meant::Start, Language::En)));
        check("aide", Some((Meant::Help, Language::Fr)));
        check("ПОМОЩЬ", Some((Meant::Help, Language::Ru)));
        check("Please stop the parcel", None);
        check("When does it end", None);
        check("/start", None);
        check("", None);
    }

    #[test]
    fn an_answer_names_the_organisation_and_the_way_out() {
        for language in [Language::En, Language::Fr, Language::Ru] {
            for meaning in [Meant::Start, Meant::Help] {
                let text = answer(meaning, language, "Shop");
                assert!(text.starts_with("Shop"), "{text}");
                let end = text.split_whitespace().find_map(meant_in);
                assert_eq!(end, Some(Meant::Stop), "{text}");
            }
            assert_eq!(answer(Meant::Stop, language, "Shop").split([' ', ',']).find_map(meant_in), Some(Meant::Start));
        }
    }

    fn meant_in(word: &str) -> Option<Meant> {
        // Words to be sent are in capitals.
        let is_shown = word.chars().count() > 2 && word.chars().filter(|sign| sign.is_alphabetic()).all(char::is_uppercase);
        is_shown.then(|| meant(word.trim_end_matches([',', '.']))).flatten().map(|(meaning, _)| meaning)
    }
}
