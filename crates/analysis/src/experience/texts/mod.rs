//! What texts of customers say: whether they complain or praise, and what about, in English, French and Russian.
//!
//! **Definition.** Each word on our own lists weighs between −4 and 4. Within a sentence a word is turned round by a negation before it
//! (praise to −0.7 of it, complaint to −0.5: "not bad" is less than good), made stronger or weaker by words of degree, by capitals and
//! drawn-out letters; exclamation marks make the whole sentence stronger; what follows a "but" counts 1.5 times and what went before it
//! half; what an "although" introduces counts half. With P the sum of praise and N one and a half times that of complaint over the text
//! (people wrap complaints in praise),
//!
//! `score = (P − N)/(P + N + 2)`, between −1 and 1,
//!
//! so that one word says less than three that agree. Below −[`LINE`] a text is negative, above it positive, between neutral. Where no
//! word is known, or fewer than one in forty, nothing is said. Themes are a fixed set, each with its own words; a text's mood about a
//! theme is that of the sentences that name it.
//!
//! **Source.** The way of lists, negation, degree and "but" follows what is known of rule-based scorers (Taboada et al. 2011, "Lexicon-Based
//! Methods for Sentiment Analysis"; Hutto and Gilbert 2014); lists and numbers are our own. How well it does on labelled sets is told in
//! `docs/measure/texts.md`, and no better should be believed: irony, comparison and knowledge of the world are beyond it.
//!
//! | text | P | N | score | mood |
//! |---|---|---|---|---|
//! | `Very good.` | 2.6 | 0 | .565 | positive |
//! | `Not good.` | 0 | 2.1 | −.512 | negative |
//! | `Bad food but great staff!` | 5.17 | 1.72 | .388 | positive |
//! | `Le colis est arrivé.` | 0 | 0 | – | cannot tell |
//! | `Совсем не понравилось` | 0 | 3.0 | −.600 | negative |
//!
//! **Cost.** O(words · letters of a word): stems are looked up from the longest on. All arithmetic is in whole numbers, so sums are the
//! same in any order.

mod lexicon;
pub mod pairs;
pub mod report;
mod words;

use self::lexicon::{Lexicon, Role};
use self::words::{GLAD, SORRY, Sentence, Token, sentences};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Scores are counted in thousandths.
pub const SCORE_PARTS: i64 = 1_000;
/// From so many thousandths on a text is positive or negative.
pub const LINE: i32 = 150;
/// What every score is drawn to nought by, in hundredths of a word's weight.
const DAMPING: i64 = 200;
/// A complaint counts so many hundredths of its weight: people wrap complaints in praise, and seldom praise in complaints.
const COMPLAINT_WEIGHS: i64 = 150;
/// Of so many words one must be known, or nothing is said.
const WORDS_PER_KNOWN: usize = 40;
/// A negation reaches so many words.
const NOT_REACHES: usize = 3;
/// A word of degree reaches so many words.
const DEGREE_REACHES: usize = 2;

/// Is a language that there are lists for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextLanguage)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Russian.
    Ru,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::En, Self::Fr, Self::Ru];
}

/// Is what a text is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextTheme)]
pub enum Theme {
    /// What it costs.
    Price,
    /// How it comes.
    Delivery,
    /// The people who serve.
    Staff,
    /// What it is made of, and how well.
    Quality,
    /// How long it takes.
    Waiting,
    /// How easy it is.
    Ease,
    /// The site and the app.
    Site,
    /// How it is paid.
    Payment,
    /// Returns, refunds, exchange.
    Returns,
    /// What one is told.
    Information,
    /// Size and fit.
    Fit,
    /// Rooms, shop, surroundings.
    Place,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Price,
        Self::Delivery,
        Self::Staff,
        Self::Quality,
        Self::Waiting,
        Self::Ease,
        Self::Site,
        Self::Payment,
        Self::Returns,
        Self::Information,
        Self::Fit,
        Self::Place,
    ];

    /// Returns its name as in files and interfaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Delivery => "delivery",
            Self::Staff => "staff",
            Self::Quality => "quality",
            Self::Waiting => "waiting",
            Self::Ease => "ease",
            Self::Site => "site",
            Self::Payment => "payment",
            Self::Returns => "returns",
            Self::Information => "information",
            Self::Fit => "fit",
            Self::Place => "place",
        }
    }

    /// Finds a theme by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Is whether a text complains or praises.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextMood)]
pub enum Mood {
    /// It complains.
    Negative,
    /// Neither, or both.
    Neutral,
    /// It praises.
    Positive,
}

impl Mood {
    /// Returns the mood of a score in thousandths.
    #[must_use]
    pub const fn of(score: i32) -> Self {
        if score <= -LINE {
            Self::Negative
        } else if score >= LINE {
            Self::Positive
        } else {
            Self::Neutral
        }
    }
}

/// Is what a text says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// The language; none: none of ours.
    pub language: Option<Language>,
    /// Between −1,000 and 1,000; none: it cannot be told.
    pub score: Option<i32>,
    /// What it is about, each with the score of the sentences that name it; none: they say nothing of it.
    pub themes: Vec<(Theme, Option<i32>)>,
}

impl Judged {
    /// Returns the mood; `None` where it cannot be told.
    #[must_use]
    pub fn mood(&self) -> Option<Mood> {
        self.score.map(Mood::of)
    }
}

/// Sums praise and complaint, in hundredths of a weight.
#[derive(Clone, Copy, Default)]
struct Sums {
    praise: i64,
    complaint: i64,
    known: usize,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.praise += other.praise;
        self.complaint += other.complaint;
        self.known += other.known;
    }

    /// The score in thousandths; `None` where nothing is known.
    fn score(self) -> Option<i32> {
        let complaint = self.complaint * COMPLAINT_WEIGHS / 100;
        let all = self.praise + complaint + DAMPING;
        (self.known > 0).then(|| i32::try_from((self.praise - complaint) * SCORE_PARTS / all).unwrap_or(0))
    }
}

/// Reads a text.
#[must_use]
pub fn judge(text: &str) -> Judged {
    let sentences = sentences(text);
    let Some(language) = language_of(&sentences) else { return Judged::default() };
    let lists = Lexicon::of(language);
    let (mut all, mut words) = (Sums::default(), 0);
    let mut by_theme = [(false, Sums::default()); Theme::ALL.len()];
    for sentence in &sentences {
        let sums = sums(lists, language, sentence);
        let themes = lists.themes(&sentence.tokens);
        for (theme, (named, of_theme)) in Theme::ALL.iter().zip(&mut by_theme) {
            if themes & theme.bit() != 0 {
                *named = true;
                of_theme.add(sums);
            }
        }
        words += sentence.tokens.len();
        all.add(sums);
    }
    let enough = all.known * WORDS_PER_KNOWN >= words;
    let named = Theme::ALL.into_iter().zip(by_theme).filter(|(_, (named, _))| *named);
    Judged {
        language: Some(language),
        score: all.score().filter(|_| enough),
        themes: named.map(|(theme, (_, sums))| (theme, sums.score())).collect(),
    }
}

/// Tells the language by its letters, and by the words that every text of it has; `None` for one we have no lists for.
fn language_of(sentences: &[Sentence]) -> Option<Language> {
    let tokens = || sentences.iter().flat_map(|sentence| &sentence.tokens);
    let is_cyrillic = |token: &&Token| token.word.chars().any(|letter| ('а'..='я').contains(&letter));
    let (words, cyrillic) = (tokens().count(), tokens().filter(is_cyrillic).count());
    if cyrillic * 2 > words {
        return Some(Language::Ru);
    }
    let known = |language: Language| {
        let lists = Lexicon::of(language);
        let common = tokens().filter(|token| lists.is_common(&token.word)).count();
        let weighing =
            sentences.iter().flat_map(|one| (0..one.tokens.len()).map(|at| lists.at(&one.tokens[at..]))).flatten().count();
        2 * common + weighing
    };
    let (english, french) = (known(Language::En), known(Language::Fr));
    let most = english.max(french);
    // Fewer than one word in five that ours have: it is neither.
    (most > 0 && 5 * most >= words).then_some(if french > english { Language::Fr } else { Language::En })
}

fn sums(lists: &Lexicon, language: Language, sentence: &Sentence) -> Sums {
    let tokens = &sentence.tokens;
    let roles = roles(lists, tokens);
    let turn = roles.iter().rposition(|(role, _)| *role == Some(Role::But));
    let though = roles.iter().position(|(role, _)| *role == Some(Role::Though));
    let conceded = though.map(|from| {
        let until = (from + 1..tokens.len()).find(|at| tokens[*at].after_pause).unwrap_or(tokens.len());
        from..until
    });
    let mut sums = Sums::default();
    for (at, (role, length)) in roles.iter().enumerate() {
        let Some(Role::Weight(weight)) = *role else { continue };
        let mut weight = i64::from(weight);
        weight = degree(&roles, tokens, at, weight);
        if is_negated(&roles, tokens, language, at, *length) {
            weight = if weight > 0 { -weight * 7 / 10 } else { -weight / 2 };
        }
        if tokens[at].is_loud || tokens[at].is_drawn {
            weight = weight * 6 / 5;
        }
        match turn {
            Some(turn) if at > turn => weight = weight * 3 / 2,
            Some(_) => weight /= 2,
            None => {}
        }
        if conceded.as_ref().is_some_and(|conceded| conceded.contains(&at)) {
            weight /= 2;
        }
        weight = weight * (20 + 3 * i64::from(sentence.marks.min(3))) / 20;
        sums.known += 1;
        if weight > 0 { sums.praise += weight } else { sums.complaint -= weight }
    }
    sums
}

/// Finds what each word does; words inside a phrase do nothing by themselves.
fn roles(lists: &Lexicon, tokens: &[Token]) -> Vec<(Option<Role>, usize)> {
    let mut roles = vec![(None, 1); tokens.len()];
    let mut at = 0;
    while at < tokens.len() {
        let found = match tokens[at].word.as_str() {
            GLAD => Some((Role::Weight(200), 1)),
            SORRY => Some((Role::Weight(-200), 1)),
            _ => lists.at(&tokens[at..]),
        };
        if let Some((role, length)) = found {
            roles[at] = (Some(role), length);
            at += length;
        } else {
            at += 1;
        }
    }
    roles
}

/// Returns the places before a word, nearest first, up to a pause.
fn before(tokens: &[Token], at: usize, most: usize) -> impl Iterator<Item = usize> {
    let pause = (0..=at).rev().find(|place| tokens[*place].after_pause).unwrap_or(0);
    (pause.max(at.saturating_sub(most))..at).rev()
}

fn degree(roles: &[(Option<Role>, usize)], tokens: &[Token], at: usize, mut weight: i64) -> i64 {
    for place in before(tokens, at, DEGREE_REACHES) {
        match roles[place].0 {
            Some(Role::More) => weight = weight * if tokens[place].is_drawn || tokens[place].is_loud { 15 } else { 13 } / 10,
            Some(Role::Less) => weight = weight * 6 / 10,
            _ => {}
        }
    }
    weight
}

fn is_negated(roles: &[(Option<Role>, usize)], tokens: &[Token], language: Language, at: usize, length: usize) -> bool {
    let is_not = |place: usize| roles[place].0 == Some(Role::Not);
    let reach = if language == Language::Ru { NOT_REACHES - 1 } else { NOT_REACHES };
    // What lies between a negation and its word must not weigh itself: "not cheap, good" is good.
    let mut turned = before(tokens, at, reach)
        .take_while(|place| !matches!(roles[*place].0, Some(Role::Weight(_) | Role::But)))
        .filter(|place| is_not(*place))
        .count()
        % 2
        == 1;
    let after = at + length;
    let next = |most: usize| (after..tokens.len().min(after + most)).take_while(|place| !tokens[*place].after_pause);
    match language {
        // "Je n'aime pas": the verb stands between.
        Language::Fr => {
            let has_ne = before(tokens, at, 3).any(|place| ["ne", "n"].contains(&tokens[place].word.as_str()));
            turned |= has_ne && next(2).any(|place| is_not(place) || tokens[place].word == "plus");
            turned |= has_ne && before(tokens, at, 2).any(|place| tokens[place].word == "plus");
        }
        // «Проблем нет».
        Language::Ru => turned |= next(1).any(|place| tokens[place].word == "нет"),
        Language::En => {}
    }
    turned
}

#[cfg(test)]
mod tests;
