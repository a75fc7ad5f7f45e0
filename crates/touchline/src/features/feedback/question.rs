//! The questions of a survey: their kinds, and what may be asked. Pure.

use crate::failure::{Failure, Result};
use model::Scale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// More questions than these nobody answers to the end.
pub(super) const QUESTIONS_MAX: usize = 12;
/// Questions that are no longer asked, but kept with their answers.
const REMOVED_MAX: usize = 100;
/// More options than these nobody reads.
pub(super) const OPTIONS_MAX: usize = 30;
/// A question is a sentence or two.
const WORDS_MAX: usize = 500;
/// Names of options, touchpoints and brands.
const NAME_MAX: usize = 200;
/// The items of RATER, each on a scale from 1 to 7: reliability, assurance, tangibles, empathy, responsiveness.
pub(super) const RATER_ITEMS: i64 = 5;

/// Is what a question asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    /// Whether they would recommend us, 0 to 10.
    Nps,
    /// How satisfied they are, 1 to 5.
    Csat,
    /// Whether it was easy, 1 to 7.
    Ces,
    /// Stars, 1 to 5.
    Rating,
    /// One or several of given options.
    Choice,
    /// Words of their own.
    Text,
    /// How important a touchpoint or a thing is to them, 1 to 5 (M17).
    Importance,
    /// Which touchpoints they saw (M18).
    Recall,
    /// Quality of service: reliability, assurance, tangibles, empathy, responsiveness, each 1 to 7.
    Rater,
}

impl SurveyKind {
    /// Returns the scale of the interaction that an answer becomes; none: the answer judges nothing.
    #[must_use]
    pub const fn scale(self) -> Option<Scale> {
        match self {
            Self::Nps => Some(Scale::Nps),
            Self::Ces => Some(Scale::Seven),
            Self::Csat | Self::Rating => Some(Scale::Five),
            Self::Rater => Some(Scale::Quality),
            Self::Choice | Self::Text | Self::Importance | Self::Recall => None,
        }
    }

    /// Returns the lowest and the highest answer of each part; none: it is not answered by a number.
    #[must_use]
    pub const fn range(self) -> Option<(i16, i16)> {
        match self {
            Self::Nps => Some((0, 10)),
            Self::Csat | Self::Rating | Self::Importance => Some((1, 5)),
            Self::Ces | Self::Rater => Some((1, 7)),
            Self::Choice | Self::Text | Self::Recall => None,
        }
    }

    /// Tells whether it has options to choose from.
    #[must_use]
    pub const fn has_options(self) -> bool {
        matches!(self, Self::Choice | Self::Recall)
    }
}

/// Is something to choose.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyOption)]
pub struct Choice {
    /// How it is called before customers.
    pub words: String,
    /// The touchpoint that it stands for, by its id in the map: in questions of recall.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub touchpoint: String,
}

/// Is a question of a survey.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyQuestion)]
pub struct Question {
    /// Its number within the survey; 0 in a new one.
    #[serde(default)]
    pub id: i64,
    /// What it asks.
    pub kind: SurveyKind,
    /// The question in the organisation's own words; empty: the usual one in the reader's language.
    #[serde(default)]
    pub words: String,
    /// The touchpoint that its answers are about; empty: that of the survey.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub touchpoint: String,
    /// What there is to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// Whether several may be chosen; recall always lets them.
    #[serde(default)]
    pub many: bool,
    /// Whose touchpoints are recalled; empty: ours.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub brand: String,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is no longer asked; what was answered stays.
    #[serde(default)]
    pub removed: bool,
}

impl Question {
    /// Makes the usual question of a kind.
    #[must_use]
    pub const fn of(kind: SurveyKind) -> Self {
        Self {
            id: 0,
            kind,
            words: String::new(),
            touchpoint: String::new(),
            options: Vec::new(),
            many: false,
            brand: String::new(),
            optional: false,
            removed: false,
        }
    }

    /// Returns how many parts it has that are answered by a number each.
    pub(super) const fn items(&self) -> i64 {
        match self.kind {
            SurveyKind::Rater => RATER_ITEMS,
            _ => 1,
        }
    }

    /// Returns the touchpoint that its answers are about.
    pub(super) fn touchpoint<'a>(&'a self, of_survey: &'a str) -> &'a str {
        if self.touchpoint.is_empty() { of_survey } else { &self.touchpoint }
    }

    fn problem(&self) -> Option<&'static str> {
        let is_word = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
        if !is_word(&self.words, WORDS_MAX) || !is_word(&self.touchpoint, NAME_MAX) || !is_word(&self.brand, NAME_MAX) {
            return Some("a question has at most 500 bytes, names at most 200, and neither has line breaks");
        }
        if !self.kind.has_options() {
            return (!self.options.is_empty()).then_some("only choice and recall have options");
        }
        if self.words.trim().is_empty() && self.kind == SurveyKind::Choice {
            return Some("a choice needs words of its own: nobody else knows what is to be chosen");
        }
        let least = if self.kind == SurveyKind::Choice { 2 } else { 1 };
        if self.options.len() < least || self.options.len() > OPTIONS_MAX {
            return Some("a choice has 2 to 30 options, and recall 1 to 30 touchpoints");
        }
        let is_option =
            |one: &Choice| !one.words.trim().is_empty() && is_word(&one.words, NAME_MAX) && is_word(&one.touchpoint, NAME_MAX);
        (!self.options.iter().all(is_option)).then_some("an option has a name of at most 200 bytes")
    }
}

/// Checks the questions of a survey and numbers the new ones. `before` is what it asked until now: what was answered must
/// keep its meaning, so a question never changes its kind or loses options, and one that is not asked any more is kept.
///
/// # Errors
/// Says which question cannot be asked, and why.
pub(super) fn checked(wanted: &[Question], before: &[Question]) -> Result<Vec<Question>> {
    let mut asked: Vec<Question> = wanted.iter().filter(|question| !question.removed).cloned().collect();
    if asked.is_empty() || asked.len() > QUESTIONS_MAX {
        return Err(Failure::new(format!("A survey asks 1 to {QUESTIONS_MAX} questions")).hint("Fewer are answered more often"));
    }
    let mut next = before.iter().map(|question| question.id).max().unwrap_or(0);
    let mut seen = BTreeSet::new();
    for (place, question) in asked.iter_mut().enumerate() {
        let wrong = |why: &str| Failure::new(format!("Question {} cannot be asked", place + 1)).hint(why.to_owned());
        if let Some(why) = question.problem() {
            return Err(wrong(why));
        }
        if question.id == 0 {
            next += 1;
            question.id = next;
        } else {
            let old = before.iter().find(|old| old.id == question.id);
            let old = old.ok_or_else(|| wrong("the survey has no question of this number; a new one has the number 0"))?;
            if old.kind != question.kind || old.options.len() > question.options.len() {
                return Err(wrong("it was answered as it is: remove it, and add another"));
            }
        }
        if !seen.insert(question.id) {
            return Err(wrong("it stands there twice"));
        }
    }
    let gone = before.iter().filter(|old| !seen.contains(&old.id)).cloned();
    let gone = gone.map(|old| Question { removed: true, ..old }).take(REMOVED_MAX);
    Ok(asked.iter().cloned().chain(gone).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(options: &[&str]) -> Question {
        let options = options.iter().map(|words| Choice { words: (*words).to_owned(), touchpoint: String::new() }).collect();
        Question { words: "Which?".to_owned(), options, ..Question::of(SurveyKind::Choice) }
    }

    #[test]
    fn new_questions_are_numbered_and_old_ones_keep_their_number() {
        let first = checked(&[Question::of(SurveyKind::Nps), choice(&["a", "b"])], &[]).expect("may be asked");
        assert_eq!(first.iter().map(|question| question.id).collect::<Vec<_>>(), [1, 2]);
        let turned = [first[1].clone(), Question::of(SurveyKind::Text), first[0].clone()];
        let second = checked(&turned, &first).expect("may be asked");
        assert_eq!(second.iter().map(|question| question.id).collect::<Vec<_>>(), [2, 3, 1]);
        let third = checked(&[second[1].clone()], &second).expect("may be asked");
        let told: Vec<_> = third.iter().map(|question| (question.id, question.removed)).collect();
        assert_eq!(told, [(3, false), (2, true), (1, true)], "what was answered stays");
        let back = checked(&[third[0].clone(), Question { removed: false, ..third[2].clone() }], &third).expect("comes back");
        assert_eq!(back.iter().filter(|question| !question.removed).count(), 2);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_place() {
        let known = checked(&[Question::of(SurveyKind::Nps), choice(&["a", "b", "c"])], &[]).expect("may be asked");
        let with = |question: Question| vec![Question::of(SurveyKind::Csat), question];
        let refused = [
            Vec::new(),
            vec![Question::of(SurveyKind::Csat); 13],
            with(Question::of(SurveyKind::Recall)),
            with(choice(&["only one"])),
            with(choice(&["a", " "])),
            with(Question { words: "x".repeat(501), ..Question::of(SurveyKind::Csat) }),
            with(Question { words: "a\nb".to_owned(), ..Question::of(SurveyKind::Csat) }),
            with(Question { id: 9, ..Question::of(SurveyKind::Csat) }),
            with(Question { kind: SurveyKind::Ces, ..known[0].clone() }),
            with(Question { id: 2, ..choice(&["a", "b"]) }),
            vec![known[0].clone(), known[0].clone()],
        ];
        for wanted in refused {
            let failure = checked(&wanted, &known).expect_err("is refused").to_string();
            let is_told = wanted.len() == 2 && failure.contains("Question 2");
            assert!(is_told || failure.contains("1 to 12"), "{failure}");
        }
        assert!(checked(&with(Question { id: 2, ..choice(&["a", "b", "c", "d"]) }), &known).is_ok(), "an option more");
    }
}
