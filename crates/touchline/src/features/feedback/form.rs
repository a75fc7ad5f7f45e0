//! The form of a survey: how it is drawn, and what somebody filled in. Plain HTML that works without scripts. Pure.
//!
//! What was filled in stands there again when something is missing, and what is missing is said by its number, with a way to it.

use super::answering::{Given, LEFT_OUT, NONE_OF_THESE, WHOLE};
use super::question::{Question, SurveyKind};
use super::room::WORDS_MAX;
use crate::features::conversations::{Language, Sent, escaped};

/// Is what is wrong with the answer to a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// It was left out, and may not be; of several items perhaps some.
    Missing,
    /// It is none of what can be answered.
    Unknown,
    /// It has too many words.
    TooLong,
}

/// Returns the name of the field for an item of a question.
pub(super) fn name_of(question: &Question, item: i64) -> String {
    if question.items() > 1 { format!("q{}.{item}", question.id) } else { format!("q{}", question.id) }
}

/// Reads what was filled in.
///
/// # Errors
/// Says of each question what is wrong with its answer.
pub(super) fn read(questions: &[Question], sent: &Sent) -> Result<Vec<Given>, Vec<(i64, Trouble)>> {
    let (mut given, mut troubles) = (Vec::new(), Vec::new());
    for question in questions {
        match answer_to(question, sent) {
            Ok(parts) if parts.is_empty() && !question.optional => troubles.push((question.id, Trouble::Missing)),
            Ok(parts) if parts.is_empty() => {
                given.push(Given { question: question.id, part: WHOLE, value: LEFT_OUT, text: String::new() });
            }
            Ok(parts) => given.extend(parts),
            Err(trouble) => troubles.push((question.id, trouble)),
        }
    }
    if troubles.is_empty() { Ok(given) } else { Err(troubles) }
}

fn answer_to(question: &Question, sent: &Sent) -> Result<Vec<Given>, Trouble> {
    let part = |part, value, text: &str| Given { question: question.id, part, value, text: text.to_owned() };
    if let Some((low, high)) = question.kind.range() {
        let mut parts = Vec::new();
        for item in 0..question.items() {
            let told = sent.one(&name_of(question, item));
            if told.is_empty() {
                continue;
            }
            let value = told.parse::<i16>().ok().filter(|value| (low..=high).contains(value)).ok_or(Trouble::Unknown)?;
            parts.push(part(item, i64::from(value), ""));
        }
        // Some items without the others have no mean.
        let is_whole = parts.is_empty() || parts.len() as i64 == question.items();
        return if is_whole { Ok(parts) } else { Err(Trouble::Missing) };
    }
    let name = name_of(question, 0);
    if question.kind == SurveyKind::Text {
        let text = sent.one(&name).trim();
        return match text.len() {
            0 => Ok(Vec::new()),
            length if length > WORDS_MAX => Err(Trouble::TooLong),
            _ => Ok(vec![part(0, 0, text)]),
        };
    }
    let mut parts = Vec::new();
    for told in sent.all(&name).filter(|told| !told.is_empty()) {
        let option = match told {
            "none" if question.kind == SurveyKind::Recall => part(WHOLE, NONE_OF_THESE, ""),
            _ => {
                let at = told.parse::<usize>().ok().filter(|at| *at < question.options.len()).ok_or(Trouble::Unknown)?;
                part(at as i64, 1, "")
            }
        };
        if !parts.contains(&option) {
            parts.push(option);
        }
    }
    let none_and_some = parts.len() > 1 && parts.iter().any(|one| one.part == WHOLE);
    let too_many = parts.len() > 1 && question.kind == SurveyKind::Choice && !question.many;
    if none_and_some || too_many { Err(Trouble::Unknown) } else { Ok(parts) }
}

/// Returns the usual question of a kind.
pub(super) fn usual(kind: SurveyKind, language: Language) -> &'static str {
    match kind {
        SurveyKind::Nps => language.pick(
            "How likely are you to recommend us to a friend?",
            "Nous recommanderiez-vous à un ami ?",
            "Насколько вероятно, что вы порекомендуете нас знакомым?",
        ),
        SurveyKind::Ces => language.pick(
            "We made it easy for you. Do you agree?",
            "Nous vous avons facilité les choses. Êtes-vous d’accord ?",
            "С нами было просто. Вы согласны?",
        ),
        SurveyKind::Csat => language.pick("How satisfied are you?", "Êtes-vous satisfait ?", "Насколько вы довольны?"),
        SurveyKind::Rating => language.pick(
            "How many stars do you give us?",
            "Combien d’étoiles nous donnez-vous ?",
            "Сколько звёзд вы нам поставите?",
        ),
        SurveyKind::Choice => language.pick("What applies to you?", "Qu’est-ce qui vous correspond ?", "Что к вам относится?"),
        SurveyKind::Text => {
            language.pick("What would you like to tell us?", "Que souhaitez-vous nous dire ?", "Что вы хотите нам сказать?")
        }
        SurveyKind::Importance => language.pick(
            "How important is this to you?",
            "Quelle importance cela a-t-il pour vous ?",
            "Насколько это для вас важно?",
        ),
        SurveyKind::Recall => language.pick(
            "Where did you see or hear us lately?",
            "Où nous avez-vous vus ou entendus récemment ?",
            "Где вы видели или слышали нас в последнее время?",
        ),
        SurveyKind::Rater => {
            language.pick("How good was our service?", "Que vaut notre service ?", "Насколько хорошо мы вас обслужили?")
        }
    }
}

/// Returns an item of RATER as customers read it.
pub(super) fn item_of(item: i64, language: Language) -> &'static str {
    match item {
        0 => language.pick(
            "Reliability: you kept what was promised",
            "Fiabilité : les promesses ont été tenues",
            "Надёжность: обещанное было выполнено",
        ),
        1 => language.pick(
            "Assurance: people knew their work, and I trusted them",
            "Assurance : des gens compétents, dignes de confiance",
            "Уверенность: люди знали своё дело и вызывали доверие",
        ),
        2 => language.pick(
            "Tangibles: rooms, things and pages were in good order",
            "Éléments tangibles : lieux, objets et pages étaient soignés",
            "Осязаемое: помещения, вещи и страницы были в порядке",
        ),
        3 => language.pick(
            "Empathy: my case was cared about",
            "Empathie : on s’est soucié de mon cas",
            "Внимание: к моему случаю отнеслись с участием",
        ),
        _ => language.pick(
            "Responsiveness: help came in time",
            "Réactivité : l’aide est venue à temps",
            "Отзывчивость: помощь пришла вовремя",
        ),
    }
}

/// Returns what the lowest and the highest number mean.
pub(super) fn ends(kind: SurveyKind, language: Language) -> (&'static str, &'static str) {
    match kind {
        SurveyKind::Nps => (
            language.pick("not at all likely", "pas du tout", "совсем не вероятно"),
            language.pick("very likely", "certainement", "очень вероятно"),
        ),
        SurveyKind::Ces => {
            (language.pick("not at all", "pas du tout", "совсем нет"), language.pick("entirely", "tout à fait", "полностью"))
        }
        SurveyKind::Importance => (
            language.pick("not important", "pas important", "не важно"),
            language.pick("very important", "très important", "очень важно"),
        ),
        SurveyKind::Rater => (
            language.pick("not at all so", "pas du tout", "совсем не так"),
            language.pick("entirely so", "tout à fait", "именно так"),
        ),
        _ => (language.pick("not at all", "pas du tout", "совсем нет"), language.pick("very", "très", "очень")),
    }
}

fn why(trouble: Trouble, kind: SurveyKind, language: Language) -> &'static str {
    match trouble {
        Trouble::TooLong => {
            language.pick("Please say it in fewer words.", "Dites-le en moins de mots.", "Скажите это короче, пожалуйста.")
        }
        _ if kind == SurveyKind::Rater => language.pick(
            "Please choose a number in each of the five rows.",
            "Choisissez un chiffre à chacune des cinq lignes.",
            "Выберите, пожалуйста, число в каждой из пяти строк.",
        ),
        _ if kind.range().is_some() => {
            language.pick("Please choose a number.", "Choisissez un chiffre.", "Выберите, пожалуйста, число.")
        }
        _ if kind == SurveyKind::Text => {
            language.pick("Please write a few words.", "Écrivez quelques mots.", "Напишите, пожалуйста, несколько слов.")
        }
        Trouble::Unknown if kind == SurveyKind::Recall => language.pick(
            "Please choose either some of them or none.",
            "Choisissez soit certains, soit aucun.",
            "Выберите либо некоторые, либо ни одного.",
        ),
        _ => language.pick("Please choose an answer.", "Choisissez une réponse.", "Выберите, пожалуйста, ответ."),
    }
}

/// Returns what a question asks, in the organisation's words or the usual ones.
pub(super) fn title_of(question: &Question, language: Language) -> String {
    if question.words.is_empty() { usual(question.kind, language).to_owned() } else { question.words.clone() }
}

/// Returns what stands over the field for words at the end; none: a survey that ends with words of their own has room for
/// them already.
pub(super) fn words_label(questions: &[Question], language: Language) -> Option<&'static str> {
    if questions.last().is_some_and(|last| last.kind == SurveyKind::Text) {
        return None;
    }
    Some(if questions.len() > 1 {
        language.pick("Anything to add? (if you like)", "Autre chose ? (si vous voulez)", "Хотите что-то добавить? (если хотите)")
    } else {
        language.pick("Why? (if you like)", "Pourquoi ? (si vous voulez)", "Почему? (если хотите)")
    })
}

/// Returns the option of whoever saw none of what is recalled.
pub(super) fn none_of_these(language: Language) -> &'static str {
    language.pick("None of these", "Aucun de ceux-ci", "Ничего из этого")
}

/// Draws a survey with what was filled in so far.
pub(super) fn draw(
    questions: &[Question],
    sent: &Sent,
    troubles: &[(i64, Trouble)],
    id: &str,
    language: Language,
) -> (String, String) {
    let many = questions.len() > 1;
    let title_of = |question: &Question| title_of(question, language);
    let title = match questions {
        [one] => title_of(one),
        _ => language.pick("A few questions to you", "Quelques questions", "Несколько вопросов к вам").to_owned(),
    };
    let mut body = format!("<h1>{}</h1>", escaped(&title));
    if many {
        let told = language.pick("questions", "questions", "— столько вопросов");
        body.push_str(&format!("<p class=\"soft\">{} {told}</p>", questions.len()));
    }
    body.push_str(&summary(questions, troubles, language));
    body.push_str(&format!("<form method=\"post\"><input type=\"hidden\" name=\"id\" value=\"{}\">", escaped(id)));
    for (at, question) in questions.iter().enumerate() {
        let trouble = troubles.iter().find(|(wrong, _)| *wrong == question.id).map(|(_, trouble)| *trouble);
        let legend = if many { format!("{}. {}", at + 1, title_of(question)) } else { title_of(question) };
        body.push_str(&asked(question, &legend, trouble, sent, language));
    }
    if let Some(label) = words_label(questions, language) {
        let words = escaped(sent.one("words"));
        body.push_str(&format!(
            "<label>{label}<textarea name=\"words\" rows=\"4\" maxlength=\"5000\">{words}</textarea></label>"
        ));
    }
    let send = language.pick("Send", "Envoyer", "Отправить");
    body.push_str(&format!("<p><button>{send}</button></p></form>"));
    (title, body)
}

/// Says what is missing, by the numbers of the questions, each with a way to it.
fn summary(questions: &[Question], troubles: &[(i64, Trouble)], language: Language) -> String {
    if troubles.is_empty() {
        return String::new();
    }
    let lead = language.pick(
        "This is not sent yet. What you filled in is kept; please look at:",
        "Rien n’est encore envoyé. Vos réponses sont conservées ; voyez encore :",
        "Ещё не отправлено. Ваши ответы сохранены; посмотрите, пожалуйста:",
    );
    let numbered = language.pick("Question", "Question", "Вопрос");
    let mut list = String::new();
    for (at, question) in questions.iter().enumerate() {
        if let Some((_, trouble)) = troubles.iter().find(|(wrong, _)| *wrong == question.id) {
            let why = why(*trouble, question.kind, language);
            list.push_str(&format!("<li><a href=\"#q{}\">{numbered} {}</a>: {why}</li>", question.id, at + 1));
        }
    }
    format!("<div role=\"alert\" class=\"trouble\"><p>{lead}</p><ul>{list}</ul></div>")
}

/// Draws one question.
fn asked(question: &Question, legend: &str, trouble: Option<Trouble>, sent: &Sent, language: Language) -> String {
    let id = question.id;
    let optional = if question.optional {
        format!(" <span class=\"soft\">({})</span>", language.pick("if you like", "facultatif", "по желанию"))
    } else {
        String::new()
    };
    let wrong = trouble.map_or_else(String::new, |trouble| {
        format!("<p class=\"trouble\" id=\"q{id}-why\">{}</p>", why(trouble, question.kind, language))
    });
    let described = if trouble.is_some() { format!(" aria-describedby=\"q{id}-why\"") } else { String::new() };
    let inside = match question.kind {
        SurveyKind::Text => {
            let required = if question.optional { "" } else { " required" };
            let text = escaped(sent.one(&name_of(question, 0)));
            // The legend is far away for some programs that read aloud: the field says it again.
            let label = escaped(legend);
            format!(
                "<textarea name=\"q{id}\" rows=\"4\" maxlength=\"{WORDS_MAX}\" aria-label=\"{label}\"{required}>{text}</textarea>"
            )
        }
        SurveyKind::Choice | SurveyKind::Recall => options(question, sent, language),
        _ => scales(question, sent, language),
    };
    format!("<fieldset id=\"q{id}\"{described}><legend>{}{optional}</legend>{wrong}{inside}</fieldset>", escaped(legend))
}

fn options(question: &Question, sent: &Sent, language: Language) -> String {
    let name = name_of(question, 0);
    let is_many = question.many || question.kind == SurveyKind::Recall;
    let kind = if is_many { "checkbox" } else { "radio" };
    let required = if is_many || question.optional { "" } else { " required" };
    let chosen: Vec<&str> = sent.all(&name).collect();
    let option = |value: &str, words: &str| {
        let checked = if chosen.contains(&value) { " checked" } else { "" };
        format!("<label><input type=\"{kind}\" name=\"{name}\" value=\"{value}\"{checked}{required}> {}</label>", escaped(words))
    };
    let mut all: String = question.options.iter().enumerate().map(|(at, one)| option(&at.to_string(), &one.words)).collect();
    if question.kind == SurveyKind::Recall {
        all.push_str(&option("none", none_of_these(language)));
    }
    all
}

fn scales(question: &Question, sent: &Sent, language: Language) -> String {
    let Some((low, high)) = question.kind.range() else { return String::new() };
    let (worst, best) = ends(question.kind, language);
    let required = if question.optional { "" } else { " required" };
    let row = |item: i64| {
        let name = name_of(question, item);
        let chosen = sent.one(&name);
        let number = |value: i16| {
            let value = value.to_string();
            let checked = if chosen == value { " checked" } else { "" };
            format!("<label><input type=\"radio\" name=\"{name}\" value=\"{value}\"{checked}{required}> {value}</label>")
        };
        (low..=high).map(number).collect::<String>()
    };
    let ends = format!("<div class=\"ends\"><span>{low} {worst}</span><span>{high} {best}</span></div>");
    if question.items() == 1 {
        return format!("<div class=\"scale\">{}</div>{ends}", row(0));
    }
    let item = |item: i64| {
        let (label, id) = (item_of(item, language), format!("q{}-{item}", question.id));
        format!(
            "<div role=\"radiogroup\" aria-labelledby=\"{id}\"><p id=\"{id}\">{label}</p><div class=\"scale\">{}</div></div>",
            row(item)
        )
    };
    (0..question.items()).map(item).collect::<String>() + &ends
}

#[cfg(test)]
mod tests {
    use super::super::question::Choice;
    use super::*;

    fn asks() -> Vec<Question> {
        let kinds = [SurveyKind::Nps, SurveyKind::Choice, SurveyKind::Text, SurveyKind::Rater, SurveyKind::Recall];
        let mut all: Vec<Question> = kinds.iter().zip(1..).map(|(kind, id)| Question { id, ..Question::of(*kind) }).collect();
        for at in [1, 4] {
            all[at].options =
                ["<b>One", "Two"].map(|words| Choice { words: words.to_owned(), touchpoint: String::new() }).to_vec();
        }
        all[2].optional = true;
        all
    }

    fn sent(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const FULL: [(&str, &str); 10] = [
        ("q1", "9"),
        ("q2", "1"),
        ("q3", " Well. "),
        ("q4.0", "7"),
        ("q4.1", "6"),
        ("q4.2", "5"),
        ("q4.3", "4"),
        ("q4.4", "3"),
        ("q5", "0"),
        ("q5", "1"),
    ];

    #[test]
    fn everything_that_was_filled_in_is_read() {
        let given = read(&asks(), &Sent(sent(&FULL))).expect("is whole");
        let told: Vec<_> = given.iter().map(|one| (one.question, one.part, one.value, one.text.as_str())).collect();
        assert_eq!(told[..3], [(1, 0, 9, ""), (2, 1, 1, ""), (3, 0, 0, "Well.")]);
        assert_eq!(told[3..8].iter().map(|one| (one.1, one.2)).collect::<Vec<_>>(), [(0, 7), (1, 6), (2, 5), (3, 4), (4, 3)]);
        assert_eq!(told[8..], [(5, 0, 1, ""), (5, 1, 1, "")]);
        let without: Vec<_> = FULL.into_iter().filter(|(name, _)| *name != "q3").collect();
        let given = read(&asks(), &Sent(sent(&without))).expect("may be left out");
        assert!(given.iter().any(|one| (one.question, one.part, one.value) == (3, WHOLE, LEFT_OUT)));
    }

    #[test]
    fn what_is_missing_is_said_with_its_question_and_nothing_is_lost() {
        let filled = sent(&[("q1", "11"), ("q3", "<i>kept"), ("q4.0", "7"), ("q5", "none"), ("q5", "0"), ("words", "also")]);
        let troubles = read(&asks(), &Sent(filled.clone())).expect_err("is not whole");
        let expected = [(1, Trouble::Unknown), (2, Trouble::Missing), (4, Trouble::Missing), (5, Trouble::Unknown)];
        assert_eq!(troubles, expected);
        for language in [Language::En, Language::Fr, Language::Ru] {
            let (_, page) = draw(&asks(), &Sent(filled.clone()), &troubles, "7", language);
            for anchor in ["#q1", "#q2", "#q4", "#q5"] {
                assert!(page.contains(&format!("href=\"{anchor}\"")), "{anchor} in {page}");
            }
            assert!(page.contains("&lt;i&gt;kept</textarea>") && page.contains(">also</textarea>"), "{page}");
            assert!(page.contains("name=\"q4.0\" value=\"7\" checked") && page.contains("value=\"none\" checked"), "{page}");
            assert!(page.contains("&lt;b&gt;One") && !page.contains("<b>") && !page.contains("<i>"), "{page}");
        }
    }

    #[test]
    fn one_choice_is_one_and_words_have_an_end() {
        let with = |name: &str, value: &str| {
            let mut fields: Vec<_> = FULL.into_iter().filter(|(known, _)| *known != "q3").collect();
            fields.push((name, value));
            read(&asks(), &Sent(sent(&fields)))
        };
        assert_eq!(with("q2", "0").expect_err("two are not one"), [(2, Trouble::Unknown)]);
        assert_eq!(with("q2", "1").map(|given| given.len()), Ok(10), "the same one twice is one");
        assert_eq!(with("q5", "7").expect_err("there is none such"), [(5, Trouble::Unknown)]);
        assert_eq!(with("q3", &"x".repeat(WORDS_MAX + 1)).expect_err("is too long"), [(3, Trouble::TooLong)]);
    }
}
