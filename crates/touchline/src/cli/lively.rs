//! What the people of the sample company say: conversations in the inbox, answers to surveys, reviews. Some is there when the
//! doors open, and while the company lives, somebody writes now and then.
//!
//! Everything goes through the same doors as what real people say; who they are, the sample company knows already.

use crate::failure::Result;
use crate::features::Site;
use crate::features::conversations::{ArticleText, Author, BroughtQuestion, Incoming, Language, NewArticle, Posted, Status};
use crate::features::feedback::{CommentLevel, NewCommentBlock, NewSurvey, SurveyKind};
use model::time::SECOND;
use model::{Identity, Instant};
use serde_json::json;
use std::time::Duration;

/// How long nobody says anything new.
const SILENCE: Duration = Duration::from_secs(45);

/// Is what somebody says: channel, name, subject, words, our answer, whether it is resolved, how many minutes ago.
struct Said(&'static str, &'static str, &'static str, &'static str, Option<&'static str>, bool, i64);

const SAID: &[Said] = &[
    Said("chat", "Anna", "", "Is the blue lamp coming back before Christmas?", None, false, 1),
    Said("chat", "Élodie", "", "Bonjour, puis-je encore changer l’adresse de livraison ?", None, false, 3),
    Said(
        "chat",
        "Максим",
        "",
        "Здравствуйте! Промокод не срабатывает в корзине.",
        Some("Проверьте, пожалуйста, ещё раз: мы его поправили."),
        false,
        9,
    ),
    Said(
        "email",
        "Thomas Reed",
        "Two of the six glasses are broken",
        "Hello,\n\ntwo of the six glasses arrived in pieces. What now?\n\nThomas",
        None,
        false,
        95,
    ),
    Said("form", "Claire", "Facture manquante", "Je n’ai pas reçu la facture de ma commande du 12.", None, false, 210),
    Said(
        "phone",
        "Mr Osei",
        "Wants the invoice on another company",
        "Called: the invoice should name his firm, not him. Asked to be called back in the morning.",
        None,
        false,
        320,
    ),
    Said(
        "email",
        "Ирина",
        "Возврат",
        "Добрый день! Хочу вернуть чайник, он шумит.",
        Some("Здравствуйте, Ирина! Этикетка для возврата уже в пути."),
        true,
        1_500,
    ),
    Said("chat", "Ben", "", "Do you ship to Norway?", Some("Yes, in four to six days."), true, 2_000),
    Said(
        "chat",
        "Lucie",
        "",
        "Le colis indiqué livré n’est pas là.",
        Some("Il est chez votre voisine du 2e : le livreur vient de confirmer."),
        true,
        2_600,
    ),
    Said(
        "in_person",
        "Mrs Novak",
        "Praise for the packing",
        "Came by the pick-up desk to say how well everything was packed.",
        None,
        true,
        4_000,
    ),
];

const LATER: &[&str] = &[
    "Can I pay by invoice?",
    "Bonjour, la taille M taille-t-elle grand ?",
    "Когда придёт заказ?",
    "My code does not work.",
    "Where can I see my points?",
    "La confirmation n’est pas arrivée.",
];

const CANNED: &[(&str, &str)] = &[
    ("Where is my order", "Hello {name}, your order is on its way. I have just sent you the link of the carrier."),
    ("Return", "Hello {name}, of course. The label for the return is in your mail in a minute."),
    ("Retard", "Bonjour {name}, désolés de ce retard : le transporteur annonce une livraison demain."),
];

/// What is known: per article its language, title, text, short form.
const KNOWN: &[&[(&str, &str, &str, &str)]] = &[
    &[
        (
            "en",
            "Where is my order?",
            "As soon as a parcel leaves us, you get a mail with a link to the carrier.\n\nNothing there after two days? Write to us.",
            "When your parcel has left, the link in our mail shows where it is.",
        ),
        (
            "fr",
            "Où est ma commande ?",
            "Dès qu’un colis part, vous recevez un courriel avec le lien du transporteur.\n\nRien après deux jours ? Écrivez-nous.",
            "Dès que votre colis est parti, le lien de notre courriel montre où il est.",
        ),
        (
            "ru",
            "Где мой заказ?",
            "Когда посылка отправлена, приходит письмо со ссылкой перевозчика.\n\nЗа два дня ничего не изменилось? Напишите нам.",
            "Когда посылка отправлена, ссылка в письме показывает, где она.",
        ),
    ],
    &[
        (
            "en",
            "How do I return something?",
            "You have 30 days.\n\n- Print the label from your account\n- Bring the box to any post office\n\nThe money is back within a week.",
            "You have 30 days: print the label from your account and bring the box to any post office.",
        ),
        (
            "fr",
            "Comment retourner un article ?",
            "Vous avez 30 jours.\n\n- Imprimez l’étiquette depuis votre compte\n- Déposez le carton dans un bureau de poste\n\nVous êtes \
             remboursé sous une semaine.",
            "Vous avez 30 jours : imprimez l’étiquette depuis votre compte et déposez le carton à la poste.",
        ),
        (
            "ru",
            "Как вернуть товар?",
            "У вас 30 дней.\n\n- Распечатайте наклейку в личном кабинете\n- Сдайте коробку на почте\n\nДеньги вернутся за неделю.",
            "У вас 30 дней: распечатайте наклейку в личном кабинете и сдайте коробку на почте.",
        ),
    ],
    &[
        (
            "en",
            "Do you ship to other countries?",
            "To all of Europe, Norway and Switzerland included, in four to six days.",
            "Yes, to all of Europe, in four to six days.",
        ),
        (
            "fr",
            "Livrez-vous à l’étranger ?",
            "Dans toute l’Europe, Norvège et Suisse comprises, en quatre à six jours.",
            "Oui, dans toute l’Europe, en quatre à six jours.",
        ),
        (
            "ru",
            "Доставляете ли вы в другие страны?",
            "По всей Европе, включая Норвегию и Швейцарию, за четыре–шесть дней.",
            "Да, по всей Европе, за четыре–шесть дней.",
        ),
    ],
];

/// What people wrote who would not recommend the sample shop.
const COMPLAINTS: [&str; 8] = [
    "The parcel came late and nobody answered my messages.",
    "Le colis est arrivé en retard, très déçue.",
    "Доставка опоздала на неделю.",
    "The form is confusing and the answer was slow.",
    "Deux jours sans réponse, c'est trop long.",
    "Курьер был груб.",
    "The jacket fell apart after a week, poor quality.",
    "Le remboursement est compliqué.",
];

/// What people wrote who would.
const PRAISE: [&str; 6] = [
    "Great quality and friendly staff.",
    "Livraison rapide, je recommande.",
    "Отличное качество, всё понравилось.",
    "Easy to order, fits perfectly.",
    "Personnel très aimable, merci !",
    "Быстро привезли, спасибо.",
];

/// A question of the community: who asks, what, and who has answered what.
type Asked =
    (Language, (&'static str, &'static str), &'static str, &'static str, Option<(&'static str, &'static str, &'static str)>);

const ASKED: &[Asked] = &[
    (
        Language::En,
        ("mia@example.org", "Mia"),
        "Does the blue lamp take LED bulbs?",
        "Mine came without one.",
        Some(("tom@example.org", "Tom", "Yes, any E27 bulb. I use a 6 W LED since spring.")),
    ),
    (
        Language::Fr,
        ("lea@example.org", "Léa"),
        "Comment détartrer la bouilloire ?",
        "L’eau est très calcaire chez nous.",
        Some(("hugo@example.org", "Hugo", "Du vinaigre blanc, une demi-heure, puis deux fois de l’eau claire.")),
    ),
    (Language::En, ("sam@example.org", "Sam"), "Can I order a single cup of the set?", "One of ours broke.", None),
];

/// Reviews: the product, the stars, the name, the words; and our answer, empty where there is none, to those that are published.
const REVIEWS: &[(&str, i16, &str, &str, Option<&str>)] = &[
    ("Blue lamp", 5, "Ann", "Warm light, and it came a day early.", Some("Thank you, Ann! We are glad.")),
    ("Blue lamp", 4, "Paul", "Beau, mais le câble est un peu court.", Some("")),
    ("Kettle", 2, "Irina", "Loud. The return was easy, though.", None),
    ("", 5, "Ben", "Answered within a minute. That is how it should be.", None),
];

/// Comments under a page of the shop: the name, the words, and whether they are published.
const COMMENTS: &[(&str, &str, bool)] = &[
    ("Lena", "The trick with the two cords worked at once. Thank you!", true),
    ("", "And how do I hang it on a wooden wall?", true),
    ("Max", "Which bulb fits? The page does not say.", false),
];

/// Lets them speak, until the process ends.
pub(super) async fn speak(site: Site, people: Vec<Identity>, goes_on: bool) {
    if let Err(failure) = begin(&site, &people).await {
        tracing::warn!("{failure}");
    }
    if !goes_on {
        return;
    }
    for turn in 0_usize.. {
        tokio::time::sleep(SILENCE).await;
        let who = people.get(turn.wrapping_mul(7) % people.len().max(1));
        let words = LATER[turn % LATER.len()];
        if let Some(who) = who {
            let now = site.stores.now();
            let said = Said("chat", "", "", words, None, false, 0);
            // The server may be stopping; then nobody listens any more.
            let _ = say(&site, &format!("later-{turn}-{}", now.0), who, &said, now).await;
        }
    }
}

async fn begin(site: &Site, people: &[Identity]) -> Result<()> {
    let now = site.stores.now();
    let mut settings = site.talk.inbox.settings().await?;
    settings.hours.blocks = Vec::new();
    settings.widget.name = "The sample shop".to_owned();
    settings.widget.contact = vec!["+33 1 99 00 12 34".to_owned(), "help@shop.example".to_owned()];
    settings.mail.address = "help@shop.example".to_owned();
    settings.mail.name = "The sample shop".to_owned();
    settings.community.is_open = true;
    settings.save(&site.stores).await?;
    for (name, text) in CANNED {
        site.talk.inbox.add_canned(name, text).await?;
    }
    for texts in KNOWN {
        let text = |(language, title, body, spoken): &(&str, &str, &str, &str)| ArticleText {
            language: (*language).to_owned(),
            title: (*title).to_owned(),
            body: (*body).to_owned(),
            spoken: (*spoken).to_owned(),
        };
        let new = NewArticle { is_published: true, texts: texts.iter().map(text).collect() };
        site.talk.knowledge.keep(None, &new, "Sample").await?;
    }
    for (place, (language, asker, title, text, answered)) in ASKED.iter().enumerate() {
        let id = format!("{place:032x}");
        let brought = BroughtQuestion {
            id: &id,
            asker: *asker,
            asked: (*title, *text),
            language: *language,
            answered: *answered,
            is_published: answered.is_some(),
        };
        site.talk.bring_question(&brought).await?;
    }
    for (place, said) in SAID.iter().enumerate() {
        let Some(who) = people.get(place) else { break };
        say(site, &format!("sample-{place}"), who, said, now).await?;
    }
    let nps = site.feedback.make(&NewSurvey::one("Would they recommend us", SurveyKind::Nps, "survey")).await?;
    let ces = site.feedback.make(&NewSurvey::one("How easy was the return", SurveyKind::Ces, "contact-form")).await?;
    for (place, who) in people.iter().enumerate().take(80) {
        let score = [10, 9, 8, 10, 6, 9, 7, 10, 3, 9][place % 10];
        let words = match score {
            _ if place % 16 == 3 => "The delivery window was too long.",
            ..=6 => COMPLAINTS[place / 10 % COMPLAINTS.len()],
            9.. if place % 4 == 1 => PRAISE[place / 8 % PRAISE.len()],
            _ => "",
        };
        site.feedback.take(nps, who, score, words).await?;
        if place % 5 == 0 {
            site.feedback.take(ces, who, [6, 7, 5, 2][place % 4], "").await?;
        }
    }
    let nadia = Author { account: 1, name: "Nadia".to_owned() };
    for (place, (product, stars, name, words, published)) in REVIEWS.iter().enumerate() {
        let published = published.map(|reply| (&nadia, reply));
        site.feedback.take_review(&format!("{place:032x}"), product, *stars, name, words, published).await?;
    }
    let block = NewCommentBlock {
        name: "Advice pages".to_owned(),
        touchpoint: String::new(),
        levels: vec![CommentLevel::Anonymous, CommentLevel::Named, CommentLevel::Verified],
        in_inbox: false,
        is_on: true,
    };
    let block = site.feedback.make_block(&block).await?;
    for (place, (name, words, is_published)) in COMMENTS.iter().enumerate() {
        let page = "shop.example/advice/lamps";
        site.feedback.take_comment(block, &format!("{place:032x}"), page, name, words, *is_published).await?;
    }
    Ok(())
}

async fn say(site: &Site, id: &str, who: &Identity, said: &Said, now: Instant) -> Result<()> {
    let Said(channel, name, subject, words, answer, is_resolved, minutes) = said;
    let conversation = blake3::hash(id.as_bytes()).to_hex()[..32].to_owned();
    let is_mail = *channel == "email" || *channel == "form";
    let local =
        name.split(' ').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let incoming = Incoming {
        conversation: conversation.clone(),
        client_id: format!("{id}-1"),
        channel: (*channel).to_owned(),
        identity: who.clone(),
        name: (*name).to_owned(),
        address: if is_mail {
            format!("{}@example.org", if local.is_empty() { "customer" } else { &local })
        } else {
            String::new()
        },
        subject: (*subject).to_owned(),
        text: (*words).to_owned(),
        html: String::new(),
        at: Instant(now.0 - minutes * 60 * SECOND),
        place: "shop.example".to_owned(),
        meta: json!({}),
        thread_key: String::new(),
    };
    let posted = site.talk.inbox.incoming(&incoming).await?;
    let colleague = Author { account: 0, name: "Nadia".to_owned() };
    if let (Posted::Added(seq), Some(answer)) = (posted, answer) {
        site.talk.inbox.reply(&conversation, &colleague, &format!("{id}-2"), answer, seq, true).await?;
    }
    if *is_resolved {
        site.talk.inbox.set_status(&conversation, &colleague, Status::Resolved, None).await?;
    }
    Ok(())
}
