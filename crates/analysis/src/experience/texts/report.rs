//! What the texts of customers come to, by touchpoint: mood, themes, telling word pairs, and themes on the rise.
//!
//! The fold counts whole numbers that merge exactly; floating point begins where the report is made. A theme is **on the rise** at a
//! touchpoint when the share of texts that complain about it is higher in the last [`RECENT_DAYS`] days than in the [`EARLIER_DAYS`] before,
//! Newcombe's interval of the difference lies above nought, at least [`FLOOR`] texts came in each stretch, and it stands among all
//! themes and touchpoints when at most a tenth of those told may be chance.
//!
//! | texts at a touchpoint | score | counted |
//! |---|---|---|
//! | `Great staff` | .6 | positive; staff, positive |
//! | `The parcel never came` | – | cannot tell; delivery, cannot tell |
//! | `Terrible delivery` | −.7 | negative; delivery, negative |
//! | `Parcel came on Monday` | – | cannot tell; delivery, cannot tell |
//! | `Zu teuer` | – | no language of ours |
//!
//! together 5 texts, 2 told, 1 negative, delivery in 3 of 5 and negative in 1 of the 1 that says something of it. Cost: that of
//! [`super::judge`], and O(touchpoints · themes) to finish.

use super::pairs::{Pairs, Telling, pairs_of};
use super::words::sentences;
use super::{Mood, SCORE_PARTS, Theme, judge};
use crate::intervals::{Estimate, Interval, Z95, newcombe, normal_cdf, proportion};
use crate::verdicts::stands;
use libm::sqrt;
use model::time::DAY;
use model::{Evidence, Figure, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The last so many days are compared …
pub const RECENT_DAYS: i64 = 28;
/// … with so many before them.
pub const EARLIER_DAYS: i64 = 84;
/// Below so many texts nothing is said of a share.
pub const FLOOR: u64 = 30;

/// Is a text of somebody.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The touchpoint it is about, by id; empty: none.
    pub touchpoint: &'a str,
    /// Whoever said it.
    pub person: u64,
    /// When, UTC microseconds.
    pub at: i64,
    /// What was said.
    pub text: &'a str,
}

/// Counts one theme.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct ThemeCount {
    texts: u64,
    told: u64,
    negative: u64,
    positive: u64,
    /// Complaints about it in the recent and in the earlier stretch.
    complaints: [u64; 2],
}

/// Counts the texts of one touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Counts {
    texts: u64,
    unknown: u64,
    /// Negative, neutral, positive.
    moods: [u64; 3],
    sum: i64,
    squares: i64,
    /// Texts of the recent and of the earlier stretch, and the complaints among the recent.
    stretches: [u64; 2],
    complaints: u64,
    themes: [ThemeCount; Theme::ALL.len()],
    pairs: Pairs,
}

/// Reads texts, one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextFold {
    until: i64,
    places: BTreeMap<String, Counts>,
}

impl TextFold {
    /// Makes a fold that has read nothing; what is recent is told back from `until`.
    #[must_use]
    pub const fn new(until: i64) -> Self {
        Self { until, places: BTreeMap::new() }
    }

    /// Counts a text.
    pub fn take(&mut self, said: Said) {
        let judged = judge(said.text);
        let days = (self.until.saturating_sub(said.at)).div_euclid(DAY);
        let stretch = match days {
            0..RECENT_DAYS => Some(0),
            RECENT_DAYS.. if days < RECENT_DAYS + EARLIER_DAYS => Some(1),
            _ => None,
        };
        let counts = self.places.entry(said.touchpoint.to_owned()).or_default();
        counts.texts += 1;
        counts.unknown += u64::from(judged.language.is_none());
        if let Some(stretch) = stretch {
            counts.stretches[stretch] += 1;
        }
        if let Some(score) = judged.score {
            counts.moods[Mood::of(score) as usize] += 1;
            counts.complaints += u64::from(stretch == Some(0) && Mood::of(score) == Mood::Negative);
            counts.sum += i64::from(score);
            counts.squares += i64::from(score) * i64::from(score);
        }
        for (theme, score) in &judged.themes {
            let theme = &mut counts.themes[*theme as usize];
            theme.texts += 1;
            let Some(mood) = score.map(Mood::of) else { continue };
            theme.told += 1;
            theme.positive += u64::from(mood == Mood::Positive);
            if mood == Mood::Negative {
                theme.negative += 1;
                if let Some(stretch) = stretch {
                    theme.complaints[stretch] += 1;
                }
            }
        }
        if let (Some(language), Some(mood)) = (judged.language, judged.mood()) {
            counts.pairs.take(pairs_of(language, &sentences(said.text)), mood == Mood::Negative, said.person);
        }
    }

    /// Adds what another has read.
    pub fn merge(&mut self, other: &Self) {
        for (place, theirs) in &other.places {
            self.places.entry(place.clone()).or_default().merge(theirs);
        }
    }
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.unknown += other.unknown;
        self.sum += other.sum;
        self.squares += other.squares;
        self.complaints += other.complaints;
        let add = |mine: &mut [u64], theirs: &[u64]| mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        add(&mut self.moods, &other.moods);
        add(&mut self.stretches, &other.stretches);
        for (mine, theirs) in self.themes.iter_mut().zip(&other.themes) {
            mine.texts += theirs.texts;
            mine.told += theirs.told;
            mine.negative += theirs.negative;
            mine.positive += theirs.positive;
            add(&mut mine.complaints, &theirs.complaints);
        }
        self.pairs.merge(&other.pairs);
    }

    fn told(&self) -> u64 {
        self.moods.iter().sum()
    }
}

/// Is what the texts of customers say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TextReport {
    /// First of all texts together, then per touchpoint, those with most texts first.
    pub places: Vec<TextFigures>,
    /// Themes about which more people complain than before.
    pub rising: Vec<RisingTheme>,
    /// How many texts are needed in each stretch before a rise is told.
    pub floor: u64,
}

/// Is what texts say of one touchpoint, or altogether.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TextFigures {
    /// The touchpoint, by id; none: all together.
    pub touchpoint: Option<String>,
    /// Texts.
    pub texts: u64,
    /// Of them, those in a language that there are no lists for.
    pub other_languages: u64,
    /// Share of texts of which the mood can be told.
    pub told: Figure,
    /// Share of complaints, of those told.
    pub negative: Figure,
    /// Share of complaints among all texts of the last four weeks.
    pub recent: Figure,
    /// Share of those that do neither, or both.
    pub neutral: Figure,
    /// Share of praise.
    pub positive: Figure,
    /// Mean score, −1 to 1.
    pub score: Figure,
    /// What they are about, most complaints first.
    pub themes: Vec<ThemeFigures>,
    /// Word pairs that complaints here have more often than other texts.
    pub pairs: Vec<PairFigures>,
}

/// Is what texts say about a theme.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ThemeFigures {
    /// The theme.
    pub theme: Theme,
    /// Share of texts that name it.
    pub named: Figure,
    /// Share of texts that complain about it, of all texts of the last four weeks.
    pub recent: Figure,
    /// How many of them say something good or bad of it, or are even.
    pub told: u64,
    /// Complaints about it.
    pub complaints: u64,
    /// Praise of it.
    pub praise: u64,
    /// Share of complaints, of those that say something of it.
    pub negative: Figure,
}

/// Is a pair of words that complaints have.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PairFigures {
    /// The words.
    pub words: String,
    /// Complaints here that hold them.
    pub complaints: u64,
    /// Other texts that do.
    pub others: u64,
    /// Logarithm of the ratio of odds, with its interval.
    pub log_odds: Figure,
}

/// Is a theme on the rise.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RisingTheme {
    /// The touchpoint, by id; none: everywhere together.
    pub touchpoint: Option<String>,
    /// The theme.
    pub theme: Theme,
    /// Share of texts that complain about it, in the last four weeks.
    pub recent: Figure,
    /// The same in the twelve weeks before.
    pub earlier: Figure,
    /// The difference.
    pub rise: Figure,
}

/// Makes the report.
#[must_use]
pub fn report(fold: &TextFold) -> TextReport {
    let mut all = Counts::default();
    fold.places.values().for_each(|counts| all.merge(counts));
    let mut places: Vec<(&String, &Counts)> = fold.places.iter().filter(|(place, _)| !place.is_empty()).collect();
    places.sort_by(|one, other| other.1.texts.cmp(&one.1.texts).then_with(|| one.0.cmp(other.0)));
    let places: Vec<(Option<&String>, &Counts)> =
        std::iter::once((None, &all)).chain(places.into_iter().map(|(place, counts)| (Some(place), counts))).collect();
    TextReport {
        places: places.iter().map(|(place, counts)| figures(*place, counts, &all)).collect(),
        rising: rising(&places),
        floor: FLOOR,
    }
}

fn share(part: u64, of: u64) -> Figure {
    proportion(part, of)
        .map_or_else(|| Figure::unknown(Unit::Share), |found| found.figure(of, Evidence::E2, Unit::Share, "wilson"))
}

fn figures(place: Option<&String>, counts: &Counts, all: &Counts) -> TextFigures {
    let told = counts.told();
    let [negative, neutral, positive] = counts.moods.map(|mood| share(mood, told));
    let mut themes: Vec<ThemeFigures> = Theme::ALL
        .into_iter()
        .zip(&counts.themes)
        .filter(|(_, count)| count.texts > 0)
        .map(|(theme, count)| ThemeFigures {
            theme,
            named: share(count.texts, counts.texts),
            recent: share(count.complaints[0], counts.stretches[0]),
            told: count.told,
            complaints: count.negative,
            praise: count.positive,
            negative: share(count.negative, count.told),
        })
        .collect();
    themes.sort_by(|one, other| other.complaints.cmp(&one.complaints).then(one.theme.cmp(&other.theme)));
    TextFigures {
        touchpoint: place.cloned(),
        texts: counts.texts,
        other_languages: counts.unknown,
        told: share(told, counts.texts),
        negative,
        recent: share(counts.complaints, counts.stretches[0]),
        neutral,
        positive,
        score: mean(counts),
        themes,
        pairs: counts.pairs.telling(&all.pairs, counts.moods[0], all.told()).into_iter().map(pair).collect(),
    }
}

fn pair(found: Telling) -> PairFigures {
    let Telling { words, negative, other, log_odds } = found;
    let log_odds = log_odds.figure(negative + other, Evidence::E2, Unit::Ratio, "log_odds");
    PairFigures { words, complaints: negative, others: other, log_odds }
}

fn mean(counts: &Counts) -> Figure {
    let told = counts.told();
    if told == 0 {
        return Figure::unknown(Unit::Ratio);
    }
    let (n, parts) = (told as f64, SCORE_PARTS as f64);
    let value = counts.sum as f64 / n / parts;
    let spread = (counts.squares as f64 / (parts * parts) - n * value * value).max(0.0);
    let half = Z95 * sqrt(spread / (n - 1.0).max(1.0) / n);
    let interval = (told > 1 && spread > 0.0).then(|| Interval { low: value - half, high: value + half }.within(-1.0, 1.0));
    Estimate { value, interval }.figure(told, Evidence::E2, Unit::Ratio, if interval.is_some() { "normal" } else { "" })
}

fn rising(places: &[(Option<&String>, &Counts)]) -> Vec<RisingTheme> {
    let mut found = Vec::new();
    for (place, counts) in places {
        let [recent, earlier] = counts.stretches;
        for (theme, count) in Theme::ALL.into_iter().zip(&counts.themes) {
            let [now, before] = count.complaints;
            let enough = recent >= FLOOR && earlier >= FLOOR && now + before > 0;
            let Some(rise) = newcombe(now, recent, before, earlier).filter(|_| enough) else { continue };
            let Some(limits) = rise.interval else { continue };
            let error = (rise.value - limits.low) / Z95;
            let p = if error > 0.0 { 1.0 - normal_cdf(rise.value / error) } else { 1.0 };
            let told = RisingTheme {
                touchpoint: place.cloned(),
                theme,
                recent: share(now, recent),
                earlier: share(before, earlier),
                rise: rise.figure(recent.min(earlier), Evidence::E2, Unit::Points, "newcombe"),
            };
            found.push((told, p, limits.low > 0.0));
        }
    }
    let stands = stands(&found.iter().map(|(_, p, _)| Some(*p)).collect::<Vec<_>>());
    let mut rising: Vec<(RisingTheme, f64)> = found
        .into_iter()
        .zip(stands)
        .filter(|((.., is_above), stands)| *is_above && *stands)
        .map(|((told, p, _), _)| (told, p))
        .collect();
    rising.sort_by(|one, other| one.1.total_cmp(&other.1));
    rising.into_iter().map(|(told, _)| told).collect()
}
