//! What texts feel like, by their words: a modest lexicon of our own in English, French and Russian, with negation.
//!
//! Each word of a text that stands in the lexicon counts +1 or −1; a negation before it (up to three words) turns it round at three
//! quarters of its weight; "very" and its like count half as much again; what follows a "but" counts double. With the sum s the score is
//! `s / √(s² + 4)`, between −1 and 1 (the squashing of VADER, Hutto and Gilbert 2014; its word list is not used). A text without any
//! word of the lexicon has no score, which is not the same as neutral. Irony, comparison and all that is only implied is not understood.
//!
//! | text | words | score |
//! |---|---|---|
//! | The staff were very friendly and helpful. | +1.5, +1 | .78 |
//! | It is not comfortable. | −.75 | −.35 |
//! | Good room, but the food was awful and cold. | +1, −2, −2 | −.83 |
//! | Le service n'est pas rapide. | −.75 | −.35 |
//! | Очень плохо, долго ждали ответа. | −1.5, −1, −1 | −.87 |
//!
//! **Themes** are the words that stand more often in negative texts than in the others: log odds with a Dirichlet prior of all texts
//! (Monroe, Colaresi and Quinn 2008), as many as stand after false-discovery control. Evidence E2. Cost: O(words).

use crate::intervals::{Significance, normal_cdf};
use crate::verdicts::stands;
use libm::{log, sqrt};
use std::collections::{BTreeMap, BTreeSet};

/// Is the language of a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Russian.
    Ru,
}

/// The words of one language; an entry that ends in `*` stands for all words that begin so.
struct Lexicon {
    good: &'static str,
    bad: &'static str,
    not: &'static str,
    very: &'static str,
    but: &'static str,
    /// Words that say nothing, by which the language is told and which are no theme.
    empty: &'static str,
}

const EN: Lexicon = Lexicon {
    good: "good great excellent amazing awesome lovely love loved loves perfect perfectly nice beautiful* friendly helpful happy pleased \
           comfortable comfy clean fast quick quickly easy easily enjoy* recommend* best better wonderful fantastic pleasant flatter* \
           delicious tasty satisf* polite professional efficient spacious fresh worth impress* superb outstanding favorite favourite \
           fun cute gorgeous soft attentive courteous smooth thank* reliable stylish compliment* glad versatile plentiful relax* \
           ideal elegant brilliant quality well kind cozy warm generous",
    bad: "bad poor* terrible awful horrible disappoint* worst worse hate hated rude dirty slow slowly broken late delay* cancel* uncomfortable \
          cramped cold unhelpful unfriendly return* refund* cheap cheaply ugly unflatter* itchy scratchy ripped tore torn hole holes shrunk \
          small crowded noisy old tired stale lack* limited problem* issue* wait* complain* complaint* never useless waste* wrong missing \
          fail* avoid sad unfortunately huge boxy shapeless frump* unacceptable disgust* filthy narrow hard pathetic ridiculous \
          difficult unable annoy* unprofessional overpriced expensive error damage* lost bland dated shabby nothing joke barely ignored",
    not: "not no never cannot without hardly neither nor",
    very: "very really extremely so too absolutely incredibly totally super",
    but: "but however although unfortunately",
    empty: "the a an and or of to in is it this that was were be been are i we you they he she my our your on for with at as by from have has had \
            do did does will would can could there which who what when if than then them me us its just also only one all out up about",
};

const FR: Lexicon = Lexicon {
    good: "bon bonne bons bonnes bien excellent* parfait* super génial* agréable* aimable* sympa* gentil* rapide* rapidement facile* facilement \
           propre* confortable* beau belle beaux belles magnifique* merveill* délicieu* satisf* content* ravi* heureu* recommand* merci \
           professionnel* efficace* meilleur* top adore* aime* accueillant* chaleureu* soigné* qualité impeccable* réactif* réactive* \
           disponible* serviable* souriant* utile* clair* fiable* formidable* ponctuel*",
    bad: "mauvais* mal horrible* terrible* affreu* déçu* décev* déception* pire* nul nulle lent* lentement sale* cher chère cassé* abîmé* \
          retard* impoli* désagréable* inadmissible* inacceptable* problème* panne* erreur* attente attendre attendu arnaque* \
          honte* scandale* incompétent* inutile* difficile* compliqué* impossible* perdu* remboursé* remboursement* réclamation* bruyant* froid* \
          manque* médiocre* catastroph* dommage fuir éviter négligé* défectueu* annulé* plainte* insatisf* inconfortable* malheureusement",
    not: "ne n pas jamais sans rien aucun aucune ni",
    very: "très vraiment trop tellement extrêmement si",
    but: "mais cependant toutefois pourtant malheureusement",
    empty: "le la les un une des du de d l et ou à au aux en est c ce cette ces il elle ils elles je j nous vous on tu mon ma mes notre nos votre vos \
            son sa ses que qu qui quoi dans pour par sur avec été être avoir ai as a ont avons avez sont était me m se s y plus lui leur",
};

const RU: Lexicon = Lexicon {
    good: "хорош* отличн* прекрасн* замечательн* супер лучш* удобн* быстр* легко прост* приятн* вежлив* красив* чист* вкусн* доволен довольн* рад \
           рада спасибо рекоменд* качественн* профессиональн* понрав* люблю любим* идеальн* великолепн* надёжн* надежн* помогли помог \
           помогла внимательн* дружелюбн* уютн* восхитительн* комфортн* благодар* молодц* классн* полезн* аккуратн* свеж*",
    bad: "плох* ужас* отврат* хуже худш* груб* хам* гряз* медленн* долго долг* сломан* слома* опозда* опазды* задерж* дорог* обман* разочар* \
          проблем* ошибк* жалоб* неудобн* некачественн* невкусн* брак бракован* возврат* отказ* игнор* кошмар* невозможн* неприятн* \
          непрофессиональн* бесполезн* сложно сложн* холодн* шумн* тесн* нельзя потеря* ждать ждал* жду никак некомпетентн* зря испорч* \
          отвратн* недовол* жаль позор* безобраз*",
    not: "не нет без ни никогда",
    very: "очень слишком крайне совсем абсолютно так",
    but: "но однако зато",
    empty: "и в во на с со по к у о об от до за из для это этот эта эти то что как я мы вы он она они мне нас вас мой моя наш ваш был была были быть есть \
            же бы а или если когда так уже ещё еще только все всё при про",
};

impl Lexicon {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Fr => &FR,
            Language::Ru => &RU,
        }
    }
}

/// Is a lexicon ready for looking up.
struct Ready {
    exact: BTreeMap<&'static str, f64>,
    /// Beginnings, sorted; none begins with another of the same list.
    begins: BTreeMap<&'static str, f64>,
}

impl Ready {
    fn new(lexicon: &Lexicon) -> Self {
        let mut ready = Self { exact: BTreeMap::new(), begins: BTreeMap::new() };
        for (words, weight) in [(lexicon.good, 1.0), (lexicon.bad, -1.0)] {
            for word in words.split_whitespace() {
                match word.strip_suffix('*') {
                    Some(begin) => ready.begins.insert(begin, weight),
                    None => ready.exact.insert(word, weight),
                };
            }
        }
        ready
    }

    fn weight(&self, word: &str) -> Option<f64> {
        self.exact.get(word).copied().or_else(|| {
            // The longest beginning wins.
            let ends = word.char_indices().map(|(at, letter)| at + letter.len_utf8()).collect::<Vec<_>>();
            ends.iter().rev().find_map(|end| self.begins.get(&word[..*end]).copied())
        })
    }
}

/// Reads what texts of one language feel like.
pub struct Reader {
    ready: Ready,
    not: BTreeSet<&'static str>,
    very: BTreeSet<&'static str>,
    but: BTreeSet<&'static str>,
    empty: BTreeSet<&'static str>,
}

/// A negation reaches so many words.
const REACH: usize = 3;

impl Reader {
    /// Makes a reader.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let lexicon = Lexicon::of(language);
        let set = |words: &'static str| words.split_whitespace().collect();
        Self {
            ready: Ready::new(lexicon),
            not: set(lexicon.not),
            very: set(lexicon.very),
            but: set(lexicon.but),
            empty: set(lexicon.empty),
        }
    }

    /// Returns how a text feels, from −1 to 1; `None` when it has no word that is known to feel like anything.
    #[must_use]
    pub fn score(&self, text: &str) -> Option<f64> {
        let (mut sum, mut found, mut weight) = (0.0, false, 1.0);
        let (mut negated, mut stronger) = (0_usize, false);
        for word in words(text) {
            if self.but.contains(word.as_str()) {
                (weight, negated) = (2.0, 0);
            }
            if self.not.contains(word.as_str()) {
                negated = REACH + 1;
            } else if self.very.contains(word.as_str()) {
                stronger = true;
                continue;
            } else if let Some(feels) = self.ready.weight(&word) {
                let turned = if negated > 0 { -0.75 } else { 1.0 };
                sum += feels * turned * weight * if stronger { 1.5 } else { 1.0 };
                found = true;
            }
            stronger = false;
            negated = negated.saturating_sub(1);
        }
        found.then(|| sum / sqrt(sum * sum + 4.0))
    }

    /// Returns the different words of a text that may be a theme.
    fn themes(&self, text: &str) -> BTreeSet<String> {
        let says = |word: &String| {
            word.chars().count() > 2
                && ![&self.empty, &self.not, &self.very, &self.but].iter().any(|set| set.contains(word.as_str()))
                && self.ready.weight(word).is_none()
        };
        words(text).filter(says).collect()
    }
}

/// Cuts a text into words in small letters; `don't` and its like are a word and `not`.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = text.split(|letter: char| !letter.is_alphabetic() && letter != '\'' && letter != '’');
    parts.flat_map(|part| {
        let part = part.to_lowercase().replace('’', "'");
        let negated = part.ends_with("n't");
        let mut cut: Vec<String> =
            part.trim_end_matches("n't").split('\'').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if negated {
            cut.push("not".to_owned());
        }
        cut
    })
}

/// Tells the language of texts by their letters and commonest words; `None` where nothing speaks for one.
#[must_use]
pub fn language<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Language> {
    let all = [Language::En, Language::Fr, Language::Ru];
    let known: Vec<BTreeSet<&str>> = all.iter().map(|one| Lexicon::of(*one).empty.split_whitespace().collect()).collect();
    let mut counts = [0_u64; 3];
    for word in texts.into_iter().flat_map(words) {
        counts.iter_mut().zip(&known).for_each(|(count, known)| *count += u64::from(known.contains(word.as_str())));
    }
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    all.into_iter().zip(counts).find(|(_, count)| *count == most).map(|(one, _)| one)
}

/// Is what many texts feel like.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Felt {
    /// Texts.
    pub texts: u64,
    /// Those with a word that is known.
    pub scored: u64,
    /// Those with a score above nought.
    pub positive: u64,
    /// Those below.
    pub negative: u64,
    /// Words that stand more often in negative texts, the surest first.
    pub themes: Vec<Theme>,
}

/// Is a word of negative texts.
#[derive(Clone, PartialEq, Debug)]
pub struct Theme {
    /// The word.
    pub word: String,
    /// Negative texts with it.
    pub negative: u64,
    /// Other scored texts with it.
    pub others: u64,
    /// How sure that is.
    pub odds: Significance,
}

/// A word must stand in so many negative texts to be tried as a theme.
const TEXTS_LEAST: u64 = 5;

/// Reads many texts of one language.
#[must_use]
pub fn felt<'a>(reader: &Reader, texts: impl IntoIterator<Item = &'a str>) -> Felt {
    let mut felt = Felt::default();
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for text in texts {
        felt.texts += 1;
        let Some(score) = reader.score(text) else { continue };
        felt.scored += 1;
        felt.positive += u64::from(score > 0.0);
        felt.negative += u64::from(score < 0.0);
        for word in reader.themes(text) {
            let (negative, others) = counts.entry(word).or_default();
            if score < 0.0 { *negative += 1 } else { *others += 1 }
        }
    }
    felt.themes = themes(counts);
    felt
}

fn themes(counts: BTreeMap<String, (u64, u64)>) -> Vec<Theme> {
    let all = counts.values().fold((0, 0), |sum, (negative, others)| (sum.0 + negative, sum.1 + others));
    let total = (all.0 + all.1) as f64;
    // The prior of a word is its share of all words, as if a tenth of them had been seen before.
    let prior = |n: u64| 0.1 * n as f64;
    let odds = |(negative, others): (u64, u64)| {
        let (a, b, p, whole) = (negative as f64, others as f64, prior(negative + others), prior(total as u64));
        let side = |n: f64, all: u64| log((n + p) / (all as f64 + whole - n - p));
        let z = (side(a, all.0) - side(b, all.1)) / sqrt(1.0 / (a + p) + 1.0 / (b + p));
        Significance { z, p: 1.0 - normal_cdf(z) }
    };
    let tried = counts.into_iter().filter(|(_, (negative, _))| *negative >= TEXTS_LEAST);
    let tried: Vec<Theme> =
        tried.map(|(word, (negative, others))| Theme { word, negative, others, odds: odds((negative, others)) }).collect();
    let stand = stands(&tried.iter().map(|theme| Some(theme.odds.p)).collect::<Vec<_>>());
    let mut themes: Vec<Theme> =
        tried.into_iter().zip(stand).filter(|(theme, stands)| *stands && theme.odds.z > 0.0).map(|(theme, _)| theme).collect();
    themes.sort_by(|one, other| other.odds.z.total_cmp(&one.odds.z).then_with(|| one.word.cmp(&other.word)));
    themes
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Fr, Ru};
    use proptest::prelude::*;

    #[track_caller]
    fn check(language: Language, text: &str, expected: Option<f64>) {
        let found = Reader::new(language).score(text);
        let same = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 0.005,
            (found, expected) => found == expected,
        };
        assert!(same, "{text}: {found:?}");
    }

    #[test]
    fn the_table_above() {
        check(En, "The staff were very friendly and helpful.", Some(0.78));
        check(En, "It is not comfortable.", Some(-0.35));
        check(En, "Good room, but the food was awful and cold.", Some(-0.83));
        check(Fr, "Le service n'est pas rapide.", Some(-0.35));
        check(Ru, "Очень плохо, долго ждали ответа.", Some(-0.87));
    }

    #[test]
    fn what_says_nothing_has_no_score() {
        check(En, "I called on Tuesday.", None);
        check(En, "", None);
        check(Ru, "12345 !!!", None);
        check(En, "We don't recommend it", Some(-0.35));
    }

    #[test]
    fn the_language_is_told_by_common_words() {
        assert_eq!(language(["The room was on the left"]), Some(En));
        assert_eq!(language(["La chambre est dans une rue"]), Some(Fr));
        assert_eq!(language(["Мы были на вокзале и ждали"]), Some(Ru));
        assert_eq!(language(["12 34"]), None);
    }

    #[test]
    fn themes_are_what_negative_texts_have_in_common() {
        let texts: Vec<String> = (0..40)
            .map(|at| match at % 2 {
                0 => "The delivery was terrible and the parcel came on Monday".to_owned(),
                _ => "A lovely shop, the parcel came on Monday".to_owned(),
            })
            .collect();
        let felt = felt(&Reader::new(En), texts.iter().map(String::as_str));
        assert_eq!((felt.texts, felt.positive, felt.negative), (40, 20, 20));
        let words: Vec<&str> = felt.themes.iter().map(|theme| theme.word.as_str()).collect();
        assert_eq!(words, ["delivery"], "{:?}", felt.themes);
    }

    #[test]
    fn no_word_is_good_and_bad() {
        for language in [En, Fr, Ru] {
            let lexicon = Lexicon::of(language);
            let good: BTreeSet<&str> = lexicon.good.split_whitespace().collect();
            let both: Vec<&str> = lexicon.bad.split_whitespace().filter(|word| good.contains(word)).collect();
            assert_eq!(both, Vec::<&str>::new());
        }
    }

    proptest! {
        #[test]
        fn scores_are_between_minus_one_and_one(text in "\\PC{0,60}", good in "(good |bad |not |very |but ){0,9}") {
            for language in [En, Fr, Ru] {
                for text in [&text, &good] {
                    if let Some(score) = Reader::new(language).score(text) {
                        prop_assert!((-1.0..=1.0).contains(&score));
                    }
                }
            }
        }
    }
}
