//! What the bot says by itself, in three languages.

use crate::features::conversations::Language;

/// Is something it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Says {
    Person,
    SomethingElse,
    ThatHelps,
    DidItHelp,
    ReadMore,
    AskQuestion,
    AskOrder,
    NotUnderstood,
    HandedOver,
    HandedOverLater,
    Thanks,
    NoSuchOrder,
    OrderUnknown,
}

/// Says it.
pub(super) const fn say(what: Says, language: Language) -> &'static str {
    let (en, fr, ru) = match what {
        Says::Person => ("A person, please", "Une personne, s’il vous plaît", "Позовите человека"),
        Says::SomethingElse => ("Something else", "Autre chose", "Другой вопрос"),
        Says::ThatHelps => ("That helps, thank you", "Cela m’aide, merci", "Это помогло, спасибо"),
        Says::DidItHelp => ("Did this help?", "Cela vous aide-t-il ?", "Это помогло?"),
        Says::ReadMore => ("Read more:", "En savoir plus :", "Подробнее:"),
        Says::AskQuestion => ("What would you like to know?", "Que souhaitez-vous savoir ?", "Что вы хотите узнать?"),
        Says::AskOrder => (
            "What is the number of your order? It is in the confirmation.",
            "Quel est le numéro de votre commande ? Il figure dans la confirmation.",
            "Какой номер у заказа? Он есть в подтверждении.",
        ),
        Says::NotUnderstood => (
            "I did not understand that. Say it in other words, or choose:",
            "Je n’ai pas compris. Dites-le autrement, ou choisissez :",
            "Я не понял. Скажите иначе или выберите:",
        ),
        Says::HandedOver => (
            "One of us will go on with you here in a moment.",
            "L’un de nous prend la suite ici dans un instant.",
            "Сейчас вам здесь ответит человек.",
        ),
        Says::HandedOverLater => (
            "Nobody is here just now. One of us will answer here as soon as we are back.",
            "Personne n’est là pour le moment. L’un de nous vous répondra ici dès notre retour.",
            "Сейчас никого нет. Мы ответим здесь, как только вернёмся.",
        ),
        Says::Thanks => (
            "Glad to hear it! Write again whenever you like.",
            "Tant mieux ! Écrivez de nouveau quand vous voulez.",
            "Рады помочь! Пишите снова, когда захотите.",
        ),
        Says::NoSuchOrder => (
            "I do not find an order with this number. Look at it again, please:",
            "Je ne trouve pas de commande avec ce numéro. Vérifiez-le, s’il vous plaît :",
            "Заказа с таким номером нет. Проверьте его, пожалуйста:",
        ),
        Says::OrderUnknown => (
            "I cannot look up orders just now.",
            "Je ne peux pas consulter les commandes pour le moment.",
            "Сейчас я не могу посмотреть заказы.",
        ),
    };
    language.pick(en, fr, ru)
}
