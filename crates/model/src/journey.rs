//! A journey as designed: which touchpoints, in which order, with which choices. Journeys as lived are in the ledger.

use crate::text::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most steps a designed journey may have: one page shows no more.
pub const STEPS_MAX: usize = 60;
/// The deepest that blocks may stand in each other.
pub const DEPTH_MAX: usize = 8;
/// The most branches that may go on side by side: each further one doubles the ways through.
pub const PARALLEL_MAX: usize = 6;
/// The longest a caption may be, in characters.
pub const CAPTION_MAX: usize = 400;

/// Is a designed journey.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// The id: lower-case words joined by hyphens.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
    /// The segment it is meant for, by id; none: everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// What the customer wants from it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub goal: String,
    /// Whether touchpoints that the design does not name are left out of the comparison; otherwise they count as ad hoc.
    #[serde(default)]
    pub ignores_others: bool,
    /// The way itself.
    pub flow: Flow,
}

/// Is a part of a designed journey: a step, or a block of parts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = JourneyFlow)]
pub enum Flow {
    /// One touchpoint.
    Step(Step),
    /// One after the other.
    #[schema(no_recursion)]
    Sequence(Vec<Flow>),
    /// Exactly one of them.
    #[schema(no_recursion)]
    Choice(Vec<Flow>),
    /// All of them, in any order, also interleaved.
    #[schema(no_recursion)]
    Parallel(Vec<Flow>),
    /// It, or nothing.
    #[schema(no_recursion)]
    Optional(Box<Flow>),
    /// It, once or more often.
    #[schema(no_recursion)]
    Loop(Box<Flow>),
}

/// Is a step: a touchpoint that should be met.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JourneyStep)]
pub struct Step {
    /// The touchpoint, by id.
    pub touchpoint: String,
    /// Other touchpoints that would do, on a channel that was not meant: meeting one is a deviation of half weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
    /// How many hours after the step before it may come; none: at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u32>,
    /// The outcome that should happen at it or before the next step, by id; none: being met is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How the storyboard tells it.
    #[serde(default)]
    pub scene: Scene,
}

/// Is a frame of the storyboard.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scene {
    /// What happens, in the customer's words.
    pub caption: String,
    /// What the customer should feel: −2 (dreadful) to +2 (delighted).
    pub emotion: i8,
}

/// Is what is wrong with a journey, in a sentence with its place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct JourneyProblem {
    /// Where, such as `flow.2.choice.1`.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl Journey {
    /// Lists the steps in the order in which they are written.
    #[must_use]
    pub fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        self.flow.collect(&mut steps);
        steps
    }

    /// Finds everything that is wrong with it. `knows` tells whether the map has a touchpoint of an id.
    #[must_use]
    pub fn problems(&self, knows: impl Fn(&str) -> bool) -> Vec<JourneyProblem> {
        let mut found = Vec::new();
        let mut say = |place: &str, what: String| found.push(JourneyProblem { place: place.to_owned(), what });
        let letters = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
        if self.id.is_empty() || self.id.len() > 80 || !self.id.chars().all(letters) {
            say("id", "must be lower-case letters, digits and hyphens, at most 80".to_owned());
        }
        if self.name.en.trim().is_empty() {
            say("name", "is missing".to_owned());
        }
        let steps = self.steps();
        if steps.is_empty() || steps.len() > STEPS_MAX {
            say("flow", format!("has {} steps; a journey has 1 to {STEPS_MAX}", steps.len()));
        }
        for (at, step) in steps.iter().enumerate() {
            let unknown: BTreeSet<&String> =
                std::iter::once(&step.touchpoint).chain(&step.instead).filter(|id| !knows(id)).collect();
            for id in unknown {
                say(&format!("step {}", at + 1), format!("there is no touchpoint `{id}` on the map"));
            }
            if step.scene.caption.chars().count() > CAPTION_MAX || !(-2..=2).contains(&step.scene.emotion) {
                say(
                    &format!("step {}", at + 1),
                    format!("a caption has at most {CAPTION_MAX} characters, an emotion is −2 to 2"),
                );
            }
        }
        self.flow.check("flow", 1, &mut found);
        found
    }
}

impl Flow {
    fn parts(&self) -> &[Flow] {
        match self {
            Self::Step(_) => &[],
            Self::Sequence(of) | Self::Choice(of) | Self::Parallel(of) => of,
            Self::Optional(of) | Self::Loop(of) => std::slice::from_ref(of),
        }
    }

    fn collect<'a>(&'a self, steps: &mut Vec<&'a Step>) {
        if let Self::Step(step) = self {
            steps.push(step);
        }
        self.parts().iter().for_each(|part| part.collect(steps));
    }

    fn check(&self, place: &str, depth: usize, found: &mut Vec<JourneyProblem>) {
        let mut say = |what: String| found.push(JourneyProblem { place: place.to_owned(), what });
        if depth > DEPTH_MAX {
            return say(format!("blocks stand more than {DEPTH_MAX} deep in each other"));
        }
        let (name, least, most) = match self {
            Self::Step(_) | Self::Optional(_) | Self::Loop(_) => ("", 0, usize::MAX),
            Self::Sequence(_) => ("sequence", 1, STEPS_MAX),
            Self::Choice(_) => ("choice", 2, STEPS_MAX),
            Self::Parallel(_) => ("parallel", 2, PARALLEL_MAX),
        };
        let count = self.parts().len();
        if !name.is_empty() && (count < least || count > most) {
            say(format!("a {name} has {least} to {most} parts, not {count}"));
        }
        for (at, part) in self.parts().iter().enumerate() {
            part.check(&format!("{place}.{}", at + 1), depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(touchpoint: &str) -> Flow {
        Flow::Step(Step { touchpoint: touchpoint.into(), ..Step::default() })
    }

    fn journey(flow: Flow) -> Journey {
        Journey {
            id: "first-purchase".into(),
            name: Text::from("First purchase"),
            segment: None,
            goal: String::new(),
            ignores_others: false,
            flow,
        }
    }

    #[track_caller]
    fn check(flow: Flow, expected: &[&str]) {
        let found = journey(flow).problems(|id| id != "ghost");
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        found.iter().zip(expected).for_each(|(found, expected)| assert!(found.contains(expected), "{found}"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        check(Flow::Sequence(vec![step("a"), Flow::Optional(Box::new(step("b")))]), &[]);
        check(Flow::Sequence(vec![step("a"), step("ghost")]), &["step 2: there is no touchpoint `ghost`"]);
        check(Flow::Sequence(vec![step("a"), Flow::Choice(vec![step("b")])]), &["flow.2: a choice has 2"]);
        check(Flow::Parallel((0..7).map(|_| step("a")).collect()), &["parallel has 2 to 6"]);
        check(Flow::Sequence(Vec::new()), &["0 steps", "sequence has 1"]);
        let deep = (0..9).fold(step("a"), |flow, _| Flow::Optional(Box::new(flow)));
        check(deep, &["8 deep"]);
    }

    #[test]
    fn a_journey_reads_as_it_is_written() {
        let text = r#"{"id":"a","name":"A","flow":{"sequence":[{"step":{"touchpoint":"ads"}},{"loop":{"step":{"touchpoint":"page","within_hours":4}}}]}}"#;
        let read: Journey = serde_json::from_str(text).expect("is a journey");
        assert_eq!(read.steps().len(), 2);
        let again: Journey = serde_json::from_str(&serde_json::to_string(&read).expect("writes")).expect("reads");
        assert_eq!(read, again);
    }
}
