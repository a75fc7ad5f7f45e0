//! `touchline analyze paths`, `lifecycle`, `trends`, `next` and `attribution`: lived journeys, and who led to outcomes.

use super::super::{Data, Format, print_json, read_answer, say, written};
use super::sequences::{NarrowArgs, percent, print_rows, table};
use crate::failure::Result;
use crate::features::measure::{
    AttributionAnswer, AttributionQuestion, LifecycleAnswer, NextStepAnswer, PathAnswer, SessionAnswer, TouchUnit, TrendAnswer,
};

/// Asks about lived journeys.
#[derive(clap::Args, Debug)]
pub(super) struct LivedArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl LivedArgs {
    fn ask<Answer: serde::de::DeserializeOwned>(&self, path: &str, more: &str) -> Result<Answer> {
        read_answer(self.data.reach_to_read()?.ask(
            "GET",
            &format!("/api/measure/{path}?{}&{more}", self.narrow.query()),
            None,
        )?)
    }
}

/// Asks for paths.
#[derive(clap::Args, Debug)]
pub(super) struct PathArgs {
    #[command(flatten)]
    lived: LivedArgs,
    /// The length of paths, in touches.
    #[arg(long, default_value_t = 3)]
    length: usize,
    /// How many are listed.
    #[arg(long, default_value_t = 20)]
    most: usize,
}

pub(super) fn run_paths(args: &PathArgs) -> Result<()> {
    let answer: PathAnswer = args.lived.ask("paths", &format!("length={}&most={}", args.length, args.most))?;
    let paths = answer
        .paths
        .iter()
        .map(|path| vec![path.touchpoints.join(" > "), path.people.to_string(), percent(&path.share), percent(&path.conversion)]);
    match args.lived.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&["path", "people", "share", "conversion"], paths.collect()),
        Format::Table => {
            say(&table(&["path", "people", "share", "conversion"], paths))?;
            say(&format!("{} people; {} other paths. Whole journeys:", answer.people, answer.other_paths))?;
            let variants = answer.variants.iter().map(|variant| {
                vec![
                    variant.touchpoints.join(" > "),
                    variant.journeys.to_string(),
                    percent(&variant.share),
                    percent(&variant.conversion),
                ]
            });
            let rest = format!("({} others)", answer.other_variants);
            let other = vec![rest, answer.other_journeys.to_string(), String::new(), String::new()];
            say(&table(&["journey", "journeys", "share", "conversion"], variants.chain([other])))
        }
    }
}

/// Asks for the lifecycle.
#[derive(clap::Args, Debug)]
pub(super) struct LifecycleArgs {
    #[command(flatten)]
    lived: LivedArgs,
    /// The length of a period, in days.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    period_days: u32,
}

pub(super) fn run_lifecycle(args: &LifecycleArgs) -> Result<()> {
    let answer: LifecycleAnswer = args.lived.ask("lifecycle", &format!("period_days={}", args.period_days))?;
    let rows = answer.periods.iter().map(|period| {
        let counts = [period.new, period.returning, period.resurrected, period.dormant];
        let mark = if period.is_over { "" } else { " (not over)" };
        std::iter::once(day(period.from) + mark).chain(counts.map(|count| count.to_string())).collect()
    });
    let head = ["period from", "new", "returning", "resurrected", "dormant"];
    match args.lived.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&head, rows.collect()),
        Format::Table => say(&table(&head, rows)),
    }
}

pub(super) fn run_trends(args: &LivedArgs) -> Result<()> {
    let answer: TrendAnswer = args.ask("trends", "")?;
    let rows = answer.weeks.iter().map(|week| {
        let counts = [week.interactions, week.people, week.outcomes].map(|count| count.to_string());
        std::iter::once(day(week.from)).chain(counts).chain([week.value.to_string(), percent(&week.conversion)]).collect()
    });
    let head = ["week from", "interactions", "people", "outcomes", "value (minor units)", "conversion"];
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&head, rows.collect()),
        Format::Table => say(&table(&head, rows)),
    }
}

/// Asks for sessions.
#[derive(clap::Args, Debug)]
pub(super) struct SessionArgs {
    #[command(flatten)]
    lived: LivedArgs,
    /// A session ends after so many minutes without an interaction.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    pause_minutes: u32,
}

pub(super) fn run_sessions(args: &SessionArgs) -> Result<()> {
    let answer: SessionAnswer = args.lived.ask("sessions", &format!("pause_minutes={}", args.pause_minutes))?;
    let rows = answer.by_entry.iter().map(|entry| {
        vec![entry.touchpoint.clone(), entry.sessions.to_string(), percent(&entry.single), percent(&entry.conversion)]
    });
    let head = ["began with", "sessions", "of one interaction", "with the outcome"];
    match args.lived.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&head, rows.collect()),
        Format::Table => {
            say(&format!(
                "{} sessions of {} people, {} interactions; {} with the outcome.",
                answer.sessions,
                answer.people,
                answer.interactions,
                percent(&answer.conversion)
            ))?;
            if let (Some(half), Some(most)) = (answer.minutes_half, answer.minutes_nine_of_ten) {
                say(&format!("Half of them ended within {half} minutes, nine of ten within {most}."))?;
            }
            say(&table(&head, rows))
        }
    }
}

pub(super) fn run_next(args: &LivedArgs) -> Result<()> {
    let answer: NextStepAnswer = args.ask("next-step", "most=3")?;
    let rows = answer.next.iter().map(|after| {
        let likely: Vec<String> = after.likely.iter().map(|next| format!("{} {:.1} %", next.next, next.chance * 100.0)).collect();
        vec![after.touchpoint.clone(), likely.join(", ")]
    });
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&["after", "likely"], rows.collect()),
        Format::Table => {
            say(&table(&["after", "likely next"], rows))?;
            let judged = answer.judged.iter().map(|judged| {
                let log_loss = format!("{:.4}", judged.log_loss);
                vec![judged.order.to_string(), judged.steps.to_string(), log_loss, format!("{:.1} %", judged.top_three * 100.0)]
            });
            say("Judged on a fifth of people, kept apart:")?;
            say(&table(&["touches remembered", "steps", "log-loss", "among three likeliest"], judged))
        }
    }
}

/// Asks for attribution.
#[derive(clap::Args, Debug)]
pub(super) struct AttributionArgs {
    #[command(flatten)]
    lived: LivedArgs,
    /// A model by name; give it once for each; none: all.
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// What a touch is.
    #[arg(long, value_enum, default_value_t)]
    unit: TouchUnit,
    /// A journey ends after so many days without a touch; none: as the map says.
    #[arg(long, value_name = "DAYS")]
    gap_days: Option<u32>,
    /// Touches further back before the outcome have no part in it.
    #[arg(long, value_name = "DAYS")]
    lookback_days: Option<u32>,
    /// The half-life of time decay.
    #[arg(long, value_name = "DAYS")]
    half_life_days: Option<u32>,
}

pub(super) fn run_attribution(args: &AttributionArgs) -> Result<()> {
    let question = AttributionQuestion {
        models: args.models.clone(),
        unit: args.unit,
        gap_days: args.gap_days,
        lookback_days: args.lookback_days,
        half_life_days: args.half_life_days,
        segment: args.lived.narrow.segment.clone(),
        only: args.lived.narrow.narrow(),
    };
    let asked = args.lived.data.reach_to_read()?.ask("POST", "/api/measure/attribution", Some(&written(&question)?))?;
    let answer: AttributionAnswer = read_answer(asked)?;
    match args.lived.format {
        Format::Json => print_json(&answer),
        Format::Csv => {
            print_rows(&["id", "model", "share", "low", "high", "outcomes", "value", "roi"], attribution_rows(&answer))
        }
        Format::Table => print_attribution(&answer),
    }
}

fn attribution_rows(answer: &AttributionAnswer) -> Vec<Vec<String>> {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let credits = answer.units.iter().flat_map(|unit| unit.credits.iter().map(move |credit| (unit, credit)));
    let row = |(unit, credit): (&crate::features::measure::UnitCredits, &crate::features::measure::ModelCredit)| {
        vec![
            unit.id.clone(),
            credit.model.clone(),
            number(credit.share.value),
            number(credit.share.low),
            number(credit.share.high),
            credit.outcomes.to_string(),
            number(credit.value),
            number(credit.roi),
        ]
    };
    credits.map(row).collect()
}

fn print_attribution(answer: &AttributionAnswer) -> Result<()> {
    let policy = &answer.policy;
    let lookback = policy.lookback_days.map_or_else(|| "the whole journey".to_owned(), |days| format!("{days} days"));
    say(&format!(
        "{} journeys of {} people, {} outcomes, {} that no touch led to. A journey ends after {} days of silence; looking back {lookback}; half-life {} days.",
        answer.journeys, answer.people, answer.outcomes, answer.untouched, policy.gap_days, policy.half_life_days
    ))?;
    let models: Vec<&str> =
        answer.units.first().map_or_else(Vec::new, |unit| unit.credits.iter().map(|credit| credit.model.as_str()).collect());
    if models.is_empty() {
        return say("No touch led to an outcome: there is nothing to attribute yet.");
    }
    for model in models {
        let mut units: Vec<_> = answer
            .units
            .iter()
            .filter_map(|unit| Some((unit, unit.credits.iter().find(|credit| credit.model == model)?)))
            .filter(|(_, credit)| credit.outcomes.abs() > 1e-9)
            .collect();
        units.sort_by(|one, other| other.1.outcomes.total_cmp(&one.1.outcomes));
        let parts: Vec<String> = units.iter().map(|(unit, credit)| format!("{} {}", unit.id, percent(&credit.share))).collect();
        say(&format!("{model}: {}", parts.join(", ")))?;
    }
    let rows = answer.units.iter().filter_map(|unit| {
        let between = unit.disagreement.as_ref()?;
        Some(vec![
            unit.id.clone(),
            format!("{:.1} % ({})", between.low * 100.0, between.low_model),
            format!("{:.1} % ({})", between.high * 100.0, between.high_model),
            percent(&unit.new_to_file),
            percent(&unit.first_impression),
        ])
    });
    say(&table(&["id", "lowest share", "highest share", "new to file", "first impression"], rows))?;
    for without in &answer.without_answer {
        say(&format!("{}: no answer ({})", without.model, without.why.replace('_', " ")))?;
    }
    Ok(())
}

pub(super) fn day(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}
