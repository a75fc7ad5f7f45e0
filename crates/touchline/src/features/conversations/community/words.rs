//! The words of the public pages, in three languages.

use crate::features::conversations::Language;

/// Is something that the pages say.
#[derive(Clone, Copy)]
pub(super) enum Says {
    Title,
    Lead,
    YourQuestion,
    Find,
    Nothing,
    Articles,
    Answered,
    Latest,
    TakePart,
    Email,
    SendLink,
    LinkSent,
    LinkSentText,
    Hello,
    NameAsk,
    NameKeep,
    InALine,
    LookFirst,
    LookLead,
    ThatAnswers,
    AskAllTheSame,
    MoreText,
    Ask,
    Waits,
    Appeared,
    Refused,
    Mine,
    AnswerIt,
    Answer,
    NoAnswer,
    Ours,
    Right,
    IsRight,
    Thanks,
    ThanksText,
    All,
    TooMuch,
    NotWhole,
    Full,
    WaitsTag,
    Public,
}

/// Says it.
#[allow(clippy::too_many_lines, reason = "a catalogue of sentences")]
pub(super) fn say(what: Says, language: Language) -> &'static str {
    let (en, fr, ru) = match what {
        Says::Title => ("Questions and answers", "Questions et réponses", "Вопросы и ответы"),
        Says::Lead => (
            "Customers ask, customers and we answer.",
            "Les clients demandent, les clients et nous répondons.",
            "Клиенты спрашивают, клиенты и мы отвечаем.",
        ),
        Says::YourQuestion => ("Your question", "Votre question", "Ваш вопрос"),
        Says::Find => ("Find", "Chercher", "Найти"),
        Says::Nothing => ("Nobody has answered this yet.", "Personne n’y a encore répondu.", "На это ещё никто не ответил."),
        Says::Articles => ("What we have written about it", "Ce que nous avons écrit à ce sujet", "Что мы об этом написали"),
        Says::Answered => ("What others asked", "Ce que d’autres ont demandé", "Что спрашивали другие"),
        Says::Latest => ("The latest questions", "Les dernières questions", "Последние вопросы"),
        Says::TakePart => ("Ask or answer", "Demander ou répondre", "Спросить или ответить"),
        Says::Email => ("Your e-mail address", "Votre adresse e-mail", "Ваш адрес электронной почты"),
        Says::SendLink => ("Send me a link", "Envoyez-moi un lien", "Прислать ссылку"),
        Says::LinkSent => ("Look into your mailbox", "Regardez dans votre boîte", "Загляните в почту"),
        Says::LinkSentText => (
            "If this is an address of yours, a link is on its way to it. Open it to ask or answer.",
            "Si cette adresse est la vôtre, un lien y est en route. Ouvrez-le pour demander ou répondre.",
            "Если это ваш адрес, туда уже идёт ссылка. Откройте её, чтобы спросить или ответить.",
        ),
        Says::Hello => ("Welcome", "Bienvenue", "Здравствуйте"),
        Says::NameAsk => {
            ("Your name, as everybody will see it", "Votre nom, tel que tous le verront", "Ваше имя, как его увидят все")
        }
        Says::NameKeep => ("Go on", "Continuer", "Дальше"),
        Says::InALine => ("Your question in a line", "Votre question en une ligne", "Ваш вопрос в одной строке"),
        Says::LookFirst => ("See whether it is answered", "Voir si on y a répondu", "Посмотреть, нет ли ответа"),
        Says::LookLead => {
            ("Perhaps this answers it already:", "Peut-être la réponse est-elle déjà là :", "Возможно, ответ уже есть:")
        }
        Says::ThatAnswers => ("That answers it", "Cela répond à ma question", "Это отвечает на мой вопрос"),
        Says::AskAllTheSame => ("Ask all the same", "Demander quand même", "Всё равно спросить"),
        Says::MoreText => ("The rest of it", "Le reste", "Подробности"),
        Says::Ask => ("Ask", "Demander", "Спросить"),
        Says::Waits => (
            "Thank you! It appears when somebody has looked at it.",
            "Merci ! Cela paraîtra après relecture.",
            "Спасибо! Это появится после проверки.",
        ),
        Says::Appeared => {
            ("Thank you! Everybody can see it now.", "Merci ! Tout le monde peut le voir.", "Спасибо! Теперь это видят все.")
        }
        Says::Refused => ("Not published:", "Non publié :", "Не опубликовано:"),
        Says::Mine => ("What you asked", "Ce que vous avez demandé", "Что вы спрашивали"),
        Says::AnswerIt => ("Your answer", "Votre réponse", "Ваш ответ"),
        Says::Answer => ("Answer", "Répondre", "Ответить"),
        Says::NoAnswer => ("There is no answer yet.", "Il n’y a pas encore de réponse.", "Ответа пока нет."),
        Says::Ours => ("our answer", "notre réponse", "наш ответ"),
        Says::Right => ("This is the answer", "C’est la bonne réponse", "Это верный ответ"),
        Says::IsRight => ("the right answer", "la bonne réponse", "верный ответ"),
        Says::Thanks => ("Good to hear!", "Tant mieux !", "Отлично!"),
        Says::ThanksText => (
            "Thank you for telling us: it shows what is worth writing down.",
            "Merci de nous le dire : cela montre ce qu’il est utile d’écrire.",
            "Спасибо, что сказали: так видно, о чём стоит писать.",
        ),
        Says::All => ("All questions", "Toutes les questions", "Все вопросы"),
        Says::TooMuch => (
            "That is a lot at once. Please come back in a while.",
            "C’est beaucoup à la fois. Revenez un peu plus tard.",
            "Слишком много запросов сразу. Вернитесь чуть позже.",
        ),
        Says::NotWhole => (
            "Something is missing, or too long. Look at what you wrote and send it again.",
            "Il manque quelque chose, ou c’est trop long. Relisez et envoyez à nouveau.",
            "Чего-то не хватает, или текст слишком длинный. Проверьте и отправьте снова.",
        ),
        Says::Full => (
            "Nothing more is taken here. Please write to us.",
            "Plus rien n’est pris ici. Écrivez-nous.",
            "Здесь больше ничего не принимается. Напишите нам.",
        ),
        Says::WaitsTag => ("waits to be looked at", "en attente de relecture", "ждёт проверки"),
        Says::Public => (
            "Everybody can read what you write here. Please no addresses and no numbers.",
            "Tout le monde peut lire ce que vous écrivez ici. Pas d’adresses ni de numéros, s’il vous plaît.",
            "Написанное здесь видят все. Пожалуйста, без адресов и номеров.",
        ),
    };
    language.pick(en, fr, ru)
}
