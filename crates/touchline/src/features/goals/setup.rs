//! What the first steps ask for, and when an answer is none.

use crate::failure::{Failure, Result};
use model::map::ObjectiveKind;
use model::{Currency, catalogue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how long a line may be, in characters: a name, an objective, a need.
const LINE_MAX: usize = 300;
/// Is how long a paragraph may be: a part of the ecosystem sheet, a reason.
const PARAGRAPH_MAX: usize = 4_000;
/// Is how many objectives one can have in mind.
const AIMS_MAX: usize = 12;
/// Is how many needs one can look after in a segment.
const NEEDS_MAX: usize = 12;
/// Is how many touchpoints and segments can be answered for.
const ANSWERS_MAX: usize = 500;

/// Is what an organisation has thought about. Everything may be missing: it is kept while somebody thinks.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// The name of the organisation.
    pub organisation: String,
    /// What it resembles: a name of the catalogue's templates, such as `online-shop`.
    pub business: Option<String>,
    /// The currency of amounts.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// What may be spent on touchpoints in a month, in minor units: asked before anything costly is proposed.
    pub budget_per_month: Option<i64>,
    /// A look round, before any objective.
    pub ecosystem: Ecosystem,
    /// What is to be reached. None names a tool.
    pub objectives: Vec<Aim>,
    /// Whom one meets: changes of the segments that the template brings.
    pub segments: Vec<Group>,
    /// What was decided on the proposed touchpoints.
    pub answers: Vec<Answer>,
}

/// Is the look round.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ecosystem {
    /// Whom one wants to reach.
    pub audience: String,
    /// Where they talk.
    pub where_they_talk: String,
    /// Where competitors meet them.
    pub competitors: String,
    /// What is said about us now.
    pub mentions: String,
    /// Where we are met now.
    pub presence: String,
    /// Whether it was left out on purpose.
    pub skipped: bool,
}

/// Is one objective.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// Its type.
    pub kind: ObjectiveKind,
    /// What is to be reached.
    pub text: String,
}

/// Is what was said about a segment of the template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The id of the segment.
    pub id: String,
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Other needs.
    #[serde(default)]
    pub needs: Option<Vec<String>>,
    /// Whether one does not have such people.
    #[serde(default)]
    pub left_out: bool,
}

/// Is what was decided on a proposed touchpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The id of the touchpoint in the template.
    pub touchpoint: String,
    /// Whether it is wanted.
    pub accepted: bool,
    /// Why not: it is asked again when somebody proposes the same next year.
    #[serde(default)]
    pub because: String,
}

impl Setup {
    /// Checks what was told, before it is kept.
    ///
    /// # Errors
    /// Names the first answer that cannot be one.
    pub(super) fn check(&self) -> Result<()> {
        line("organisation", &self.organisation)?;
        if let Some(business) = &self.business
            && !catalogue::TEMPLATES.contains(&business.as_str())
        {
            return Err(Failure::new(format!("`{business}` is no business type that we know"))
                .hint(format!("They are: {}", catalogue::TEMPLATES.join(", "))));
        }
        if self.budget_per_month.is_some_and(|budget| !(0..=1_000_000_000_000).contains(&budget)) {
            return Err(Failure::new("A monthly budget is nothing or more, and less than ten thousand million"));
        }
        let look = &self.ecosystem;
        for (name, text) in [
            ("audience", &look.audience),
            ("where_they_talk", &look.where_they_talk),
            ("competitors", &look.competitors),
            ("mentions", &look.mentions),
            ("presence", &look.presence),
        ] {
            paragraph(name, text)?;
        }
        few("objectives", self.objectives.len(), AIMS_MAX)?;
        self.objectives.iter().try_for_each(|aim| line("objectives", &aim.text))?;
        few("segments", self.segments.len(), ANSWERS_MAX)?;
        for group in &self.segments {
            line("segments", group.name.as_deref().unwrap_or_default())?;
            let needs = group.needs.as_deref().unwrap_or_default();
            few("needs", needs.len(), NEEDS_MAX)?;
            needs.iter().try_for_each(|need| line("needs", need))?;
        }
        few("answers", self.answers.len(), ANSWERS_MAX)?;
        self.answers.iter().try_for_each(|answer| paragraph("because", &answer.because))
    }

    /// Returns what was decided on a touchpoint.
    #[must_use]
    pub fn answer(&self, touchpoint: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.touchpoint == touchpoint)
    }
}

fn few(name: &str, count: usize, most: usize) -> Result<()> {
    let message = || Failure::new(format!("`{name}` has {count} entries; it can have {most}"));
    if count <= most { Ok(()) } else { Err(message().hint("Keep those that matter most")) }
}

fn line(name: &str, text: &str) -> Result<()> {
    short(name, text, LINE_MAX)
}

fn paragraph(name: &str, text: &str) -> Result<()> {
    short(name, text, PARAGRAPH_MAX)
}

fn short(name: &str, text: &str, most: usize) -> Result<()> {
    let length = text.chars().count();
    let message = || Failure::new(format!("`{name}` is {length} characters long; it can be {most}"));
    if length <= most { Ok(()) } else { Err(message().hint("Say it shorter")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        fn check_refused(setup: &Setup, word: &str) {
            let failure = setup.check().expect_err("is refused");
            assert!(failure.what.contains(word), "{failure}");
        }
        let empty = Setup::default();
        empty.check().expect("nothing is a beginning");
        check_refused(&Setup { business: Some("zoo".into()), ..empty.clone() }, "zoo");
        check_refused(&Setup { budget_per_month: Some(-1), ..empty.clone() }, "budget");
        check_refused(&Setup { organisation: "x".repeat(LINE_MAX + 1), ..empty.clone() }, "organisation");
        let aim = Aim { kind: ObjectiveKind::Cost, text: "x".into() };
        check_refused(&Setup { objectives: vec![aim; AIMS_MAX + 1], ..empty.clone() }, "objectives");
        let answer = Answer { touchpoint: "t".into(), accepted: false, because: "x".repeat(PARAGRAPH_MAX + 1) };
        check_refused(&Setup { answers: vec![answer], ..empty }, "because");
    }
}
