//! What the answers to a survey say (M7), question by question, with intervals and the share that stayed silent. Pure.

use super::question::{Question, RATER_ITEMS, SurveyKind};
use analysis::experience::scores::Answers;
use analysis::intervals::{Estimate, Interval, proportion, t_quantile};
use model::{Scale, Score};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Below so many answers a figure says nothing.
const FLOOR: u64 = 30;
/// How the items of RATER are called; the page says it in the reader's language.
const ITEMS: [&str; RATER_ITEMS as usize] = ["reliability", "assurance", "tangibles", "empathy", "responsiveness"];

/// Counts what was given to one question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    /// So many people answered it.
    pub(super) people: u64,
    /// So many answered the survey and left it out.
    pub(super) left_out: u64,
    /// How often each part was given each value.
    pub(super) given: BTreeMap<(i64, i64), u64>,
    /// How many people's parts sum to this.
    pub(super) sums: BTreeMap<i64, u64>,
}

/// Is what the answers to a survey say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SurveyResults {
    /// How many answered.
    pub n: u64,
    /// How many were asked one by one.
    pub invited: u64,
    /// How many of them answered.
    pub responded: u64,
    /// The share of them that answered.
    pub response_rate: Option<f64>,
    /// The lower end of its interval.
    pub response_low: Option<f64>,
    /// The upper end.
    pub response_high: Option<f64>,
    /// What was answered to each question, in order.
    pub questions: Vec<QuestionResults>,
}

/// Is what the answers to a question say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuestionResults {
    /// The question.
    pub question: i64,
    /// How many answered it.
    pub n: u64,
    /// How many answered others and left this one out.
    pub left_out: u64,
    /// How often each number was given, from the lowest on; empty where it is not answered by one number.
    pub answers: Vec<u64>,
    /// The figure: NPS from -100 to 100, the share of the satisfied, a mean (importance, RATER); none without answers, and where there is none.
    pub value: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The mean of the numbers as given.
    pub mean: Option<f64>,
    /// How many more answers are needed before a figure says something.
    pub needed: u64,
    /// The options with the share that chose each, or the items with the mean of each.
    pub parts: Vec<PartResults>,
}

/// Is what was said to an option or an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PartResults {
    /// How it is called: an option in its own words, an item by its name (`reliability`), `none` for none of the options.
    pub name: String,
    /// How many chose it, or answered it.
    pub n: u64,
    /// The share that chose it, or the mean of the item.
    pub value: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// Sums up a survey.
pub(super) fn survey_results(asked: &[(&Question, &Counts)], n: u64, invited: u64, responded: u64) -> SurveyResults {
    let rate = proportion(responded, invited);
    let interval = rate.and_then(|rate| rate.interval);
    SurveyResults {
        n,
        invited,
        responded,
        response_rate: rate.map(|rate| rate.value),
        response_low: interval.map(|interval| interval.low),
        response_high: interval.map(|interval| interval.high),
        questions: asked.iter().map(|(question, counts)| results(question, counts)).collect(),
    }
}

/// Sums up a question.
fn results(question: &Question, counts: &Counts) -> QuestionResults {
    let kind = question.kind;
    // Importance is counted as other answers of 1 to 5 are; RATER is summed up by its items.
    let scale = if kind == SurveyKind::Importance { Some(Scale::Five) } else { kind.scale() };
    let one = scale.filter(|_| question.items() == 1).map(|scale| histogram(scale, counts, 0));
    let n = one.map_or(counts.people, |one| one.n());
    let figure = match (kind, one) {
        (SurveyKind::Nps, Some(one)) => one
            .nps()
            .map(|nps| Estimate { value: 100.0 * nps.value, interval: nps.interval.map(|interval| interval.times(100.0)) }),
        (SurveyKind::Importance, Some(one)) => one.mean(),
        (_, Some(one)) => one.satisfied(),
        (SurveyKind::Rater, None) => mean_of_sums(counts),
        _ => None,
    };
    let interval = figure.and_then(|figure| figure.interval);
    let mean = match one {
        Some(one) => one.mean(),
        None => figure,
    };
    QuestionResults {
        question: question.id,
        n,
        left_out: counts.left_out,
        answers: one.map(|one| one.histogram().to_vec()).unwrap_or_default(),
        value: figure.map(|figure| figure.value),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        mean: mean.map(|mean| mean.value),
        needed: FLOOR.saturating_sub(n),
        parts: parts(question, counts),
    }
}

fn parts(question: &Question, counts: &Counts) -> Vec<PartResults> {
    let part = |name: &str, n: u64, estimate: Option<Estimate>| {
        let interval = estimate.and_then(|estimate| estimate.interval);
        PartResults {
            name: name.to_owned(),
            n,
            value: estimate.map(|estimate| estimate.value),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    };
    let chosen = |at: i64| counts.given.get(&(at, 1)).copied().unwrap_or(0);
    let option = |name: &str, at: i64| part(name, chosen(at), proportion(chosen(at), counts.people));
    match question.kind {
        SurveyKind::Choice => (0..).zip(&question.options).map(|(at, one)| option(&one.words, at)).collect(),
        SurveyKind::Recall => {
            let options = (0..).zip(&question.options).map(|(at, one)| option(&one.words, at));
            options.chain([option("none", super::answering::WHOLE)]).collect()
        }
        SurveyKind::Rater => {
            let item = |(at, name): (i64, &&str)| {
                let answers = histogram(Scale::Quality, counts, at);
                part(name, answers.n(), answers.mean())
            };
            (0..).zip(&ITEMS).map(item).collect()
        }
        _ => Vec::new(),
    }
}

/// Counts the numbers given to a part.
fn histogram(scale: Scale, counts: &Counts, part: i64) -> Answers {
    let mut answers = Answers::new(scale);
    for ((_, value), n) in counts.given.range((part, i64::MIN)..=(part, i64::MAX)) {
        if let Some(score) = i16::try_from(*value).ok().and_then(|value| Score::new(scale, value)) {
            answers.add(score, *n);
        }
    }
    answers
}

/// Returns the mean over people of each one's mean of the items, with Student's interval: items of one person go together.
fn mean_of_sums(counts: &Counts) -> Option<Estimate> {
    let n = counts.sums.values().sum::<u64>() as f64;
    if n < 1.0 {
        return None;
    }
    let each = || counts.sums.iter().map(|(sum, people)| (*sum as f64 / RATER_ITEMS as f64, *people as f64));
    let mean = each().map(|(value, people)| value * people).sum::<f64>() / n;
    let squares: f64 = each().map(|(value, people)| people * (value - mean).powi(2)).sum();
    let interval = (n > 1.0 && squares > 0.0).then(|| {
        let half = t_quantile(0.975, n - 1.0) * (squares / (n - 1.0) / n).sqrt();
        Interval { low: mean - half, high: mean + half }.within(1.0, 7.0)
    });
    Some(Estimate { value: mean, interval })
}

#[cfg(test)]
mod tests {
    use super::super::question::Choice;
    use super::*;

    fn near(found: Option<f64>, expected: f64, within: f64) {
        let found = found.expect("is known");
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    /// Counts answers to the one part of a question.
    fn counts(given: &[(i64, u64)]) -> Counts {
        let people = given.iter().map(|(_, n)| n).sum();
        Counts { people, given: given.iter().map(|(value, n)| ((0, *value), *n)).collect(), ..Counts::default() }
    }

    #[test]
    fn nps_is_that_of_the_standard_case() {
        // M7: n 400, half of them promoters, a sixth detractors.
        let told = results(&Question::of(SurveyKind::Nps), &counts(&[(10, 200), (3, 67), (8, 133)]));
        near(told.value, 33.3, 0.1);
        near(told.high.zip(told.low).map(|(high, low)| (high - low) / 2.0), 7.3, 0.1);
    }

    #[test]
    fn csat_is_that_of_the_standard_case() {
        let counts = counts(&[(5, 164), (2, 36)]);
        let told = results(&Question::of(SurveyKind::Csat), &counts);
        near(told.value, 0.82, 1e-9);
        near(told.low, 0.761, 0.0006);
        near(told.high, 0.867, 0.0006);
        assert_eq!((told.needed, told.answers), (0, vec![0, 36, 0, 0, 164]));
        let whole = survey_results(&[(&Question::of(SurveyKind::Csat), &counts)], 200, 500, 200);
        near(whole.response_rate, 0.4, 1e-9);
        assert!(whole.response_low.expect("a limit") < 0.4 && whole.response_high.expect("a limit") > 0.4);
    }

    #[test]
    fn options_have_the_share_of_those_who_answered() {
        let options = ["Poster", "Radio"].map(|words| Choice { words: words.to_owned(), touchpoint: String::new() });
        let question = Question { options: options.to_vec(), ..Question::of(SurveyKind::Recall) };
        let given = BTreeMap::from([((0, 1), 30), ((1, 1), 20), ((-1, 1), 60)]);
        let told = results(&question, &Counts { people: 100, left_out: 7, given, ..Counts::default() });
        let parts: Vec<_> = told.parts.iter().map(|part| (part.name.as_str(), part.n, part.value)).collect();
        assert_eq!(parts, [("Poster", 30, Some(0.3)), ("Radio", 20, Some(0.2)), ("none", 60, Some(0.6))]);
        assert_eq!((told.n, told.left_out, told.value, told.answers.len()), (100, 7, None, 0));
        near(told.parts[0].low, 0.219, 0.001);
    }

    #[test]
    fn rater_is_the_mean_of_people_and_of_each_item() {
        let mut all = Counts { people: 2, ..Counts::default() };
        for (item, values) in (0..).zip([[7, 5], [7, 5], [6, 4], [7, 5], [7, 6]]) {
            values.into_iter().for_each(|value| *all.given.entry((item, value)).or_default() += 1);
        }
        all.sums = BTreeMap::from([(34, 1), (25, 1)]);
        let told = results(&Question::of(SurveyKind::Rater), &all);
        near(told.value, 5.9, 1e-9);
        assert!(told.low.expect("a limit") >= 1.0 && told.high.expect("a limit") <= 7.0);
        assert_eq!(told.parts.len(), 5);
        near(told.parts[2].value, 5.0, 1e-9);
        assert_eq!((told.parts[2].name.as_str(), told.parts[2].n, told.n), ("tangibles", 2, 2));
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let kinds = [
            SurveyKind::Nps,
            SurveyKind::Csat,
            SurveyKind::Ces,
            SurveyKind::Rating,
            SurveyKind::Importance,
            SurveyKind::Rater,
            SurveyKind::Text,
            SurveyKind::Recall,
        ];
        for kind in kinds {
            let told = results(&Question::of(kind), &Counts::default());
            assert_eq!((told.value, told.mean, told.needed), (None, None, FLOOR), "{kind:?}");
            let odd = [(i64::MIN, 1), (-1, 1), (99, 1), (i64::MAX, 1)];
            let strange = results(&Question::of(kind), &Counts { people: 0, ..counts(&odd) });
            assert_eq!(strange.n, 0, "what is not on the scale does not count");
        }
        assert_eq!(survey_results(&[], 0, 0, 0).response_rate, None);
    }
}
