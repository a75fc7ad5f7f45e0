//! What texts say: worked sentences, the lists against a plain search, partitions, labelled sentences.

use super::report::{Said, TextFold, report};
use super::*;
use model::time::DAY;
use proptest::prelude::*;

fn score(text: &str) -> Option<f64> {
    judge(text).score.map(|score| f64::from(score) / SCORE_PARTS as f64)
}

#[test]
fn the_table_of_the_documentation() {
    for (text, expected) in [
        ("Very good.", Some(0.565)),
        ("Not good.", Some(-0.512)),
        ("Bad food but great staff!", Some(0.388)),
        ("Le colis est arrivé.", None),
        ("Совсем не понравилось", Some(-0.6)),
    ] {
        assert_eq!(score(text), expected, "{text}");
    }
}

#[test]
fn rules_of_the_sentence() {
    let less = |one: &str, other: &str| {
        let (low, high) = (score(one).expect("told"), score(other).expect("told"));
        assert!(low < high, "{one} ({low}) should be below {other} ({high})");
    };
    less("good", "very good");
    less("slightly bad", "good");
    less("very bad", "slightly bad");
    less("good", "good!!!");
    less("good", "GOOD");
    less("not bad", "good");
    less("bad", "not bad");
    less("It was good but slow", "It was slow but good");
    less("Great shop, terrible delivery although cheap", "Great shop, cheap");
    less("Je n'aime pas ce magasin", "J'aime ce magasin");
    less("Ce n'est plus bon", "C'est bon");
    less("Проблема", "Проблем нет");
    less("не вежливый персонал", "вежливый персонал");
    assert_eq!(Mood::of(-LINE), Mood::Negative);
    assert_eq!(Mood::of(LINE - 1), Mood::Neutral);
}

#[test]
fn what_cannot_be_told_is_not_told() {
    for text in ["", "   ", "12345", "Das Paket kam am Montag und der Bote war freundlich", "The parcel came on Monday", "🚲🚲"]
    {
        assert_eq!(judge(text).score, None, "{text}");
    }
    let long = format!("{} good", "the parcel came on a day of the week and that is what it is ".repeat(10));
    assert_eq!(judge(&long).score, None, "one word of a hundred and fifty says nothing");
    assert_eq!(judge("Das Paket kam gestern").language, None);
}

#[test]
fn themes_have_the_mood_of_their_sentences() {
    let judged = judge("The waiter was rude. But the price is good.");
    let mood = |theme| judged.themes.iter().find(|(found, _)| *found == theme).and_then(|(_, score)| score.map(Mood::of));
    assert_eq!(mood(Theme::Staff), Some(Mood::Negative));
    assert_eq!(mood(Theme::Price), Some(Mood::Positive));
    assert_eq!(mood(Theme::Delivery), None);
    for (text, theme) in [
        ("Le remboursement tarde", Theme::Returns),
        ("Курьер опоздал", Theme::Delivery),
        ("Сайт зависает", Theme::Site),
        ("Trop petit, taille mal", Theme::Fit),
        ("I paid by card", Theme::Payment),
    ] {
        assert!(judge(text).themes.iter().any(|(found, _)| *found == theme), "{text}: {:?}", judge(text));
    }
}

/// The longest list entry that a word matches, by looking at every entry of the list: plain and slow.
fn plainly(language: Language, word: &str) -> Option<i32> {
    let text = match language {
        Language::En => include_str!("en.txt"),
        Language::Fr => include_str!("fr.txt"),
        Language::Ru => include_str!("ru.txt"),
    };
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let roles = lines.filter_map(|(what, words)| Some((what.parse::<i32>().ok()?, words)));
    let mut best: Option<(usize, bool, i32)> = None;
    for (weight, words) in roles {
        for entry in words.split_whitespace().filter(|entry| !entry.contains('_')) {
            let stem = entry.trim_end_matches('*');
            let letters = word.chars().count() - stem.chars().count().min(word.chars().count());
            let fits = if entry.ends_with('*') { word.starts_with(stem) && letters <= 7 } else { word == stem };
            let candidate = (stem.chars().count(), !entry.ends_with('*'), weight);
            if fits && best.is_none_or(|best| (candidate.1, candidate.0) > (best.1, best.0)) {
                best = Some(candidate);
            }
        }
    }
    best.map(|(.., weight)| weight)
}

#[test]
fn lists_are_searched_as_a_plain_search_would() {
    let endings = ["", "s", "ly", "ness", "able", "ement", "es", "ого", "ая", "ость", "ennements"];
    for language in Language::ALL {
        let stems =
            ["good", "disappoint", "great", "lent", "decu", "rapid", "agreabl", "плох", "вежлив", "обман", "table", "стол"];
        for (stem, ending) in stems.iter().flat_map(|stem| endings.map(|ending| (*stem, ending))) {
            let word = format!("{stem}{ending}");
            let tokens = words::sentences(&word);
            let found = Lexicon::of(language).at(&tokens[0].tokens);
            let weight = found.and_then(|(role, _)| if let Role::Weight(weight) = role { Some(weight) } else { None });
            let plain = plainly(language, &word);
            // A word of degree or negation has no weight; the plain search looks at weights alone.
            if weight.is_some() || found.is_none() {
                assert_eq!(weight, plain, "{language:?} {word}");
            }
        }
    }
}

/// Counts how the sentences beside this file are judged: praise and complaints told, told rightly, told the wrong way round.
fn labelled(text: &str) -> (u32, u32, u32, u32) {
    let (mut polar, mut told, mut right, mut wrong) = (0, 0, 0, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (label, sentence) = line.split_once('\t').expect("a label and a sentence");
        let expected = match label {
            "+" => Mood::Positive,
            "-" => Mood::Negative,
            _ => continue,
        };
        polar += 1;
        let Some(mood) = judge(sentence).mood() else { continue };
        told += 1;
        right += u32::from(mood == expected);
        wrong += u32::from(mood != expected && mood != Mood::Neutral);
    }
    (polar, told, right, wrong)
}

/// Sentences written by us flatter the measure; they are here so that a change of the lists is seen, and their figures stand in
/// `docs/measure/texts.md` with that said beside them.
#[test]
fn sentences_of_our_own() {
    assert_eq!(labelled(include_str!("labelled/fr.tsv")), (80, 59, 58, 0));
    assert_eq!(labelled(include_str!("labelled/ru.tsv")), (80, 63, 61, 1));
}

fn said<'a>(touchpoint: &'a str, person: u64, at: i64, text: &'a str) -> Said<'a> {
    Said { touchpoint, person, at, text }
}

#[test]
fn five_texts() {
    let mut fold = TextFold::new(10 * DAY);
    for (person, text) in
        (0..).zip(["Great staff", "The parcel never came", "Terrible delivery", "Parcel came on Monday", "Zu teuer"])
    {
        fold.take(said("shop", person, DAY, text));
    }
    let report = report(&fold);
    assert_eq!(report.places.len(), 2, "all, and the shop");
    let shop = &report.places[1];
    assert_eq!((shop.texts, shop.other_languages, shop.told.n, shop.told.value), (5, 1, 5, Some(0.4)));
    assert_eq!((shop.negative.value, shop.positive.value), (Some(0.5), Some(0.5)));
    let delivery = &shop.themes[0];
    assert_eq!((delivery.theme, delivery.complaints, delivery.told), (Theme::Delivery, 1, 1));
    assert_eq!(delivery.named.value, Some(0.6));
    assert_eq!((shop.recent.value, delivery.recent.value), (Some(0.2), Some(0.2)), "of all five");
    assert!(report.rising.is_empty() && shop.pairs.is_empty());
}

#[test]
fn a_theme_on_the_rise_is_told_and_chance_is_not() {
    let until = 200 * DAY;
    let run = |now: u64, before: u64| {
        let mut fold = TextFold::new(until);
        for person in 0..100 {
            let text = if person < now { "Terrible delivery" } else { "Great staff" };
            fold.take(said("parcel", person, until - 5 * DAY, text));
            let text = if person < before { "Terrible delivery" } else { "Great staff" };
            fold.take(said("parcel", person, until - 60 * DAY, text));
        }
        report(&fold).rising
    };
    let found = run(40, 10);
    assert_eq!((found.len(), found[0].theme), (2, Theme::Delivery), "everywhere, and at the parcel: {found:?}");
    assert!((found[0].rise.value.expect("is known") - 0.3).abs() < 1e-12);
    assert!(run(14, 10).is_empty());
    assert!(run(10, 40).is_empty(), "a fall is no rise");
}

proptest! {
    /// The law: any split of the texts, merged in any order, is one run over all of them.
    #[test]
    fn parts_merge_to_the_whole(picks in prop::collection::vec((0..3_usize, 0..20_u64, 0..150_i64, 0..8_usize), 0..120), parts in prop::sample::select(vec![1_usize, 2, 7])) {
        let places = ["", "shop", "parcel"];
        let texts = ["Great staff", "The parcel never came, terrible", "Слишком дорого, курьер хамил", "Livraison lente, très déçue",
            "ok", "Zu teuer", "Rude staff never again", "rude staff, bad smell"];
        let run = |keep: &dyn Fn(usize) -> bool| {
            let mut fold = TextFold::new(150 * DAY);
            for (_, (place, person, day, text)) in picks.iter().enumerate().filter(|(at, _)| keep(*at)) {
                fold.take(said(places[*place], *person, day * DAY, texts[*text]));
            }
            fold
        };
        let whole = run(&|_| true);
        let mut merged = TextFold::new(150 * DAY);
        (0..parts).rev().for_each(|part| merged.merge(&run(&|at| at % parts == part)));
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(report(&merged), report(&whole));
    }

    #[test]
    fn any_text_has_a_score_within_bounds(text in "(\\PC|good|bad|pas|не|!| ){0,60}") {
        prop_assert!(judge(&text).score.is_none_or(|score| (-1_000..=1_000).contains(&score)));
    }
}
