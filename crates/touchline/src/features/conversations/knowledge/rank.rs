//! Finding articles by the words of a question: BM25 over stems, one index per language.

use crate::features::conversations::Language;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// How fast further uses of a word count less, and how much length counts: the usual values of BM25.
const SATURATION: f64 = 1.2;
const BY_LENGTH: f64 = 0.75;
/// A word in the title counts as so many in the text.
const TITLE: f64 = 3.0;
/// What a question is cut to.
const WORDS_MAX: usize = 64;

/// Is an article that may answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ArticleHit)]
pub struct Hit {
    /// The article.
    pub article: String,
    /// In which language it was found.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its short form, or how it begins.
    pub short: String,
    /// How well it fits; only to be compared within one answer.
    pub score: f64,
    /// How much of what the question asks about it speaks of, by how rare the words are: 1 is everything.
    pub covers: f64,
}

/// Is an article to be found.
pub(in crate::features::conversations) struct Entry<'a> {
    pub(in crate::features::conversations) article: &'a str,
    pub(in crate::features::conversations) title: &'a str,
    pub(in crate::features::conversations) body: &'a str,
    pub(in crate::features::conversations) spoken: &'a str,
}

/// Is what is found in one language.
#[derive(Default)]
pub(in crate::features::conversations) struct Index {
    articles: Vec<(String, String, String)>,
    lengths: Vec<f64>,
    uses: HashMap<String, Vec<(usize, f64)>>,
}

impl Index {
    /// Builds the index of a language.
    pub(in crate::features::conversations) fn build(language: Language, entries: &[Entry<'_>]) -> Self {
        let mut index = Self::default();
        for (place, entry) in entries.iter().enumerate() {
            let mut weights: BTreeMap<String, f64> = BTreeMap::new();
            for (text, weight) in [(entry.title, TITLE), (entry.body, 1.0), (entry.spoken, 1.0)] {
                for word in words(language, text) {
                    *weights.entry(word).or_default() += weight;
                }
            }
            index.lengths.push(weights.values().sum());
            for (word, weight) in weights {
                index.uses.entry(word).or_default().push((place, weight));
            }
            let short = if entry.spoken.is_empty() { beginning(entry.body) } else { entry.spoken.to_owned() };
            index.articles.push((entry.article.to_owned(), entry.title.to_owned(), short));
        }
        index
    }

    /// Finds the best articles for a question, the best first.
    pub(in crate::features::conversations) fn find(&self, language: Language, question: &str, most: usize) -> Vec<Hit> {
        let count = self.articles.len() as f64;
        let asked: BTreeSet<String> = words(language, question).into_iter().take(WORDS_MAX).collect();
        let mean = self.lengths.iter().sum::<f64>() / count.max(1.0);
        let mut found: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        let mut wanted = 0.0;
        for word in &asked {
            let uses = self.uses.get(word).map_or(&[][..], Vec::as_slice);
            let rarity = ((count - uses.len() as f64 + 0.5) / (uses.len() as f64 + 0.5)).ln_1p();
            wanted += rarity;
            for (place, weight) in uses {
                let by_length = 1.0 - BY_LENGTH + BY_LENGTH * self.lengths[*place] / mean;
                let entry = found.entry(*place).or_default();
                entry.0 += rarity * weight * (SATURATION + 1.0) / (weight + SATURATION * by_length);
                entry.1 += rarity;
            }
        }
        let mut hits: Vec<Hit> = found
            .into_iter()
            .map(|(place, (score, covered))| {
                let (article, title, short) = self.articles[place].clone();
                Hit { article, language: language.code().to_owned(), title, short, score, covers: covered / wanted }
            })
            .collect();
        hits.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.article.cmp(&other.article)));
        hits.truncate(most);
        hits
    }
}

/// Returns how a text begins: its first paragraph, at most three hundred letters.
fn beginning(text: &str) -> String {
    let first = text.split("\n\n").find(|part| !part.trim().is_empty() && !part.starts_with('#')).unwrap_or_default().trim();
    let short: String = first.chars().take(300).collect();
    if short.len() < first.len() { short + " …" } else { short }
}

/// Returns the stems of a text, without the words that say nothing.
fn words(language: Language, text: &str) -> Vec<String> {
    let text: String = text.to_lowercase().chars().map(plain).collect();
    let empty = empty_words(language);
    let words =
        text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| word.chars().count() > 1 || word.parse::<u8>().is_ok());
    words.filter(|word| !empty.contains(word)).map(|word| stem(language, word)).collect()
}

/// Takes accents from letters: not everybody types them.
const fn plain(letter: char) -> char {
    match letter {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ё' => 'е',
        other => other,
    }
}

/// Words of questions and of grammar, that every article has.
const fn empty_words(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &[
            "the", "an", "and", "or", "is", "are", "was", "be", "to", "of", "in", "on", "at", "for", "it", "its", "my", "your",
            "our", "we", "you", "me", "do", "does", "did", "how", "what", "when", "where", "why", "who", "which", "can", "could",
            "would", "will", "with", "this", "that", "there", "have", "has", "had", "if", "by", "from", "as", "not", "please",
            "hello", "hi", "get", "want",
        ],
        Language::Fr => &[
            "le", "la", "les", "un", "une", "des", "du", "de", "et", "ou", "est", "sont", "ai", "as", "avez", "avoir", "etre",
            "je", "tu", "il", "nous", "vous", "mon", "ma", "mes", "votre", "vos", "notre", "nos", "que", "qui", "quoi", "quand",
            "comment", "pourquoi", "pour", "par", "dans", "sur", "avec", "ce", "cet", "cette", "ces", "ne", "pas", "se", "sa",
            "son", "en", "au", "aux", "puis", "peux", "peut", "bonjour", "merci", "plait", "si", "quel", "quelle", "quels",
            "quelles", "faire",
        ],
        Language::Ru => &[
            "и",
            "в",
            "во",
            "на",
            "не",
            "что",
            "как",
            "где",
            "когда",
            "почему",
            "кто",
            "это",
            "этот",
            "эта",
            "я",
            "мы",
            "вы",
            "мне",
            "мой",
            "моя",
            "мое",
            "мои",
            "ваш",
            "ваша",
            "ваши",
            "с",
            "со",
            "к",
            "по",
            "за",
            "из",
            "от",
            "для",
            "или",
            "ли",
            "бы",
            "у",
            "о",
            "об",
            "же",
            "то",
            "так",
            "можно",
            "есть",
            "был",
            "была",
            "были",
            "быть",
            "здравствуйте",
            "пожалуйста",
            "какой",
            "какая",
            "какие",
            "если",
        ],
    }
}

/// Endings, the longest first, and how many letters must be left before them.
const fn endings(language: Language) -> (&'static [&'static str], usize) {
    match language {
        Language::En => (&["ments", "ment", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "s", "y", "e"], 3),
        Language::Fr => (
            &[
                "issements",
                "issement",
                "ements",
                "ement",
                "ations",
                "ation",
                "ateurs",
                "ateur",
                "aient",
                "erons",
                "eront",
                "erez",
                "era",
                "eons",
                "ions",
                "ees",
                "ait",
                "ant",
                "ons",
                "ent",
                "ez",
                "er",
                "ir",
                "es",
                "ee",
                "eur",
                "eux",
                "s",
                "x",
                "e",
                "i",
            ],
            3,
        ),
        Language::Ru => (
            &[
                "иями", "ями", "ами", "иях", "ость", "ости", "ение", "ения", "ению", "ает", "ают", "уют", "ует", "ить", "ать",
                "ять", "еть", "ого", "его", "ому", "ему", "ыми", "ими", "ишь", "ете", "ите", "ешь", "ала", "ила", "али", "или",
                "ий", "ый", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ых", "их", "ую", "юю", "ам", "ям", "ах", "ях", "ом", "ем",
                "ов", "ев", "ей", "ия", "ию", "ии", "ет", "ит", "ут", "ют", "ат", "ят", "ся", "а", "я", "о", "е", "и", "ы", "у",
                "ю", "ь", "й",
            ],
            3,
        ),
    }
}

/// Cuts the ending from a word, so that its forms meet.
fn stem(language: Language, word: &str) -> String {
    let (endings, least) = endings(language);
    let cut = |word: &str| {
        let is_left = |ending: &&&str| word.ends_with(**ending) && word.chars().count() - ending.chars().count() >= least;
        endings.iter().find(is_left).map_or(word.len(), |ending| word.len() - ending.len())
    };
    // Twice, for one ending may stand behind another: Sunday-s, Sunda-y.
    let stem = &word[..cut(word)];
    let stem = &stem[..cut(stem)];
    // English doubles the last letter before an ending, and Russian softens it.
    let mut letters: Vec<char> = stem.chars().collect();
    if language != Language::Ru && letters.len() > 3 && letters[letters.len() - 1] == letters[letters.len() - 2] {
        letters.pop();
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: [(&str, &str, &str, &str); 8] = [
        ("en", "Where is my order?", "Follow your parcel with the link in the mail that says it has been shipped.", "delivery"),
        (
            "en",
            "Returning something",
            "You have 30 days. Print the label from your account and bring the box to any post office.",
            "return",
        ),
        ("en", "Ways to pay", "Cards, bank transfer and invoices for companies. You pay when the parcel leaves.", "pay"),
        ("en", "Changing the address", "Until it is packed you can change the delivery address in your account.", "address"),
        ("en", "Opening hours of our shops", "Monday to Saturday from nine to seven; closed on Sundays and holidays.", "hours"),
        ("en", "Damaged on arrival", "Send us a photo within a week and we replace broken things for free.", "damage"),
        ("en", "Gift cards", "Gift cards are valid for two years and can be used several times.", "gift"),
        ("en", "Forgotten password", "Ask for a new password by mail; the link works for one hour.", "password"),
    ];

    fn check(language: Language, shop: &[(&str, &str, &str)], questions: &[(&str, &str)]) {
        let entries: Vec<Entry<'_>> =
            shop.iter().map(|(article, title, body)| Entry { article, title, body, spoken: "" }).collect();
        let index = Index::build(language, &entries);
        for (question, expected) in questions {
            let hits = index.find(language, question, 3);
            assert_eq!(hits.first().map(|hit| hit.article.as_str()), Some(*expected), "{question}: {hits:?}");
            assert!(hits.iter().all(|hit| hit.covers > 0.0 && hit.covers <= 1.0), "{hits:?}");
            assert!(hits.windows(2).all(|two| two[0].score >= two[1].score));
        }
    }

    #[test]
    fn questions_in_other_words_find_their_article() {
        let english: Vec<(&str, &str, &str)> = SHOP.iter().map(|(_, title, body, id)| (*id, *title, *body)).collect();
        check(
            Language::En,
            &english,
            &[
                ("where are my orders", "delivery"),
                ("I want to return these shoes", "return"),
                ("can I pay by invoice?", "pay"),
                ("Please change the addresses for me", "address"),
                ("Are you open on Sunday", "hours"),
                ("the glass arrived broken", "damage"),
                ("how long is a gift card valid", "gift"),
                ("i forgot my passwords", "password"),
            ],
        );
        check(
            Language::Fr,
            &[
                ("delivery", "Où est ma commande ?", "Suivez votre colis avec le lien du courriel d’expédition."),
                ("return", "Retourner un article", "Vous avez 30 jours. Imprimez l’étiquette depuis votre compte."),
                ("pay", "Moyens de paiement", "Carte, virement et facture pour les entreprises."),
                ("hours", "Horaires des magasins", "Du lundi au samedi ; fermé le dimanche."),
            ],
            &[
                ("ou en sont mes commandes", "delivery"),
                ("je voudrais retourner des articles", "return"),
                ("payer sur facture", "pay"),
                ("êtes-vous fermés dimanche ?", "hours"),
            ],
        );
        check(
            Language::Ru,
            &[
                ("delivery", "Где мой заказ?", "Следите за посылкой по ссылке из письма об отправке."),
                ("return", "Возврат товара", "У вас 30 дней. Распечатайте наклейку из личного кабинета."),
                ("pay", "Способы оплаты", "Карта, перевод и счёт для организаций."),
                ("hours", "Часы работы магазинов", "С понедельника по субботу; в воскресенье закрыто."),
            ],
            &[
                ("не пришёл заказ, где посылка", "delivery"),
                ("хочу вернуть товары, как оформить возврат", "return"),
                ("оплата по счету", "pay"),
                ("работаете ли вы в воскресенья", "hours"),
            ],
        );
    }

    #[test]
    fn what_no_article_speaks_of_is_not_covered() {
        let entries = [
            Entry { article: "a", title: "Returns", body: "You have 30 days.", spoken: "" },
            Entry { article: "b", title: "Payment", body: "Cards.", spoken: "" },
        ];
        let index = Index::build(Language::En, &entries);
        assert!(index.find(Language::En, "helicopter insurance", 3).is_empty());
        assert!(index.find(Language::En, "", 3).is_empty());
        assert!(index.find(Language::En, "the of and", 3).is_empty());
        let half = &index.find(Language::En, "returns of helicopters", 3)[0];
        assert!(half.covers < 0.6, "{half:?}");
        assert!((index.find(Language::En, "return", 3)[0].covers - 1.0).abs() < 1e-12);
        assert!(Index::build(Language::En, &[]).find(Language::En, "returns", 3).is_empty());
    }
}
