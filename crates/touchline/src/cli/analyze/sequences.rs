//! `touchline analyze funnel`, `retention` and `flows`: what people do one after the other.

use super::super::{Data, Format, print_json, read_answer, say, written};
use crate::failure::{Failure, Result};
use crate::features::measure::{
    Edge, FlowAnswer, FunnelAnswer, FunnelQuestion, FunnelStep, Narrow, RetentionAnswer, RetentionQuestion, SameIn, StepOrder,
};
use comfy_table::{CellAlignment, Table, presets};
use model::Figure;

/// Narrows a question.
#[derive(clap::Args, Debug)]
pub(super) struct NarrowArgs {
    /// Only people of this segment, by id.
    #[arg(long)]
    pub(super) segment: Option<String>,
    /// From this day on, such as 2026-01-31.
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Up to and with this day.
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// Only what happened to people while in this stage, by id.
    #[arg(long)]
    stage: Option<String>,
    /// Only touchpoints of this channel, by id, and the target outcome.
    #[arg(long)]
    channel: Option<String>,
}

impl NarrowArgs {
    pub(super) fn narrow(&self) -> Narrow {
        Narrow { from: self.from.clone(), to: self.to.clone(), stage: self.stage.clone(), channel: self.channel.clone() }
    }

    /// Writes it as a query.
    pub(super) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let given = [
            ("segment", &self.segment),
            ("from", &self.from),
            ("to", &self.to),
            ("stage", &self.stage),
            ("channel", &self.channel),
        ];
        for (name, value) in given {
            value.iter().for_each(|value| {
                query.append_pair(name, value);
            });
        }
        query.finish()
    }
}

/// Asks for a funnel.
#[derive(clap::Args, Debug)]
pub(super) struct FunnelArgs {
    #[command(flatten)]
    data: Data,
    /// A step: touchpoint:ID, channel:ID, form:NAME, outcome:ID or stage:ID, or a touchpoint's id alone; `a|b` means
    /// either. Give it once for each step.
    #[arg(long = "step", value_name = "STEP", required = true)]
    steps: Vec<String>,
    /// How steps must follow each other.
    #[arg(long, value_enum, default_value_t)]
    order: StepOrder,
    /// All steps within so many days.
    #[arg(long, value_name = "DAYS")]
    within_days: Option<u32>,
    /// What must not happen between two steps, written like a step.
    #[arg(long, value_name = "STEP")]
    without: Option<String>,
    /// What must be the same in all steps.
    #[arg(long, value_enum)]
    same: Option<SameIn>,
    /// Count people by channel as well: of their first touch, last, all, or step:N.
    #[arg(long, value_name = "ROW")]
    by: Option<String>,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run_funnel(args: &FunnelArgs) -> Result<()> {
    let question = FunnelQuestion {
        steps: args.steps.clone(),
        order: args.order,
        within_days: args.within_days,
        without: args.without.clone(),
        same: args.same,
        by: args.by.clone(),
        segment: args.narrow.segment.clone(),
        only: args.narrow.narrow(),
    };
    let asked = args.data.reach_to_read()?.ask("POST", "/api/measure/funnel", Some(&written(&question)?))?;
    let answer: FunnelAnswer = read_answer(asked)?;
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&["step", "people", "of_first", "of_previous"], funnel_rows(&answer)),
        Format::Table => {
            let rows = answer.steps.iter().map(|step| {
                vec![step.step.clone(), step.people.to_string(), percent(&step.of_first), percent(&step.of_previous)]
            });
            say(&table(&["step", "people", "of the first", "of the one before"], rows))?;
            for part in &answer.by_channel {
                let steps: Vec<String> = part.steps.iter().map(|step| step.people.to_string()).collect();
                say(&format!("{}: {}", part.channel.as_deref().unwrap_or("(no channel)"), steps.join(" > ")))?;
            }
            match (answer.hours_half, answer.hours_nine_of_ten) {
                (Some(half), Some(nine)) => {
                    say(&format!("Half of those who came to the end took {}, nine of ten {}.", span(half), span(nine)))
                }
                _ => Ok(()),
            }
        }
    }
}

fn funnel_rows(answer: &FunnelAnswer) -> Vec<Vec<String>> {
    let row =
        |step: &FunnelStep| vec![step.step.clone(), step.people.to_string(), plain(&step.of_first), plain(&step.of_previous)];
    answer.steps.iter().map(row).collect()
}

/// Asks for retention.
#[derive(clap::Args, Debug)]
pub(super) struct RetentionArgs {
    #[command(flatten)]
    data: Data,
    /// The length of a period, in days.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    period_days: u32,
    /// What begins a person's time, written like a step of a funnel; none: their first interaction.
    #[arg(long, value_name = "STEP")]
    begin: Option<String>,
    /// What shows that they are still there; none: any interaction.
    #[arg(long, value_name = "STEP")]
    active: Option<String>,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run_retention(args: &RetentionArgs) -> Result<()> {
    let question = RetentionQuestion {
        begin: args.begin.clone(),
        active: args.active.clone(),
        period_days: args.period_days,
        segment: args.narrow.segment.clone(),
        only: args.narrow.narrow(),
    };
    let asked = args.data.reach_to_read()?.ask("POST", "/api/measure/retention", Some(&written(&question)?))?;
    let answer: RetentionAnswer = read_answer(asked)?;
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&["cohort", "age", "old_enough", "active"], retention_rows(&answer)),
        Format::Table => {
            let rows = answer.all.iter().enumerate().map(|(age, cell)| {
                vec![age.to_string(), cell.old_enough.to_string(), cell.active.to_string(), percent(&cell.share)]
            });
            say(&format!("Periods of {} days; whoever has not lived through one is left out of it.", answer.period_days))?;
            say(&table(&["age", "people", "active", "share"], rows))
        }
    }
}

fn retention_rows(answer: &RetentionAnswer) -> Vec<Vec<String>> {
    let cells = answer
        .cohorts
        .iter()
        .flat_map(|cohort| cohort.ages.iter().enumerate().map(move |(age, cell)| (cohort.period, age, cell)));
    cells
        .map(|(period, age, cell)| {
            vec![period.to_string(), age.to_string(), cell.old_enough.to_string(), cell.active.to_string()]
        })
        .collect()
}

/// Asks for flows.
#[derive(clap::Args, Debug)]
pub(super) struct FlowArgs {
    #[command(flatten)]
    data: Data,
    /// How many touchpoints of each layer are shown by name.
    #[arg(long, default_value_t = 8)]
    most: usize,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run_flows(args: &FlowArgs) -> Result<()> {
    let asked =
        args.data.reach_to_read()?.ask("GET", &format!("/api/measure/flows?most={}&{}", args.most, args.narrow.query()), None)?;
    let answer: FlowAnswer = read_answer(asked)?;
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_rows(&["from", "to", "journeys", "mean_hours"], flow_rows(&answer)),
        Format::Table => {
            let edges = answer.network.iter().take(25).map(|edge| {
                vec![
                    edge.from.clone(),
                    edge.to.clone(),
                    edge.journeys.to_string(),
                    edge.mean_hours.map_or_else(|| "–".to_owned(), span),
                ]
            });
            say(&table(&["from", "to", "journeys", "time between"], edges))?;
            for (at, layer) in answer.layers.iter().enumerate() {
                let nodes: Vec<String> = layer.nodes.iter().map(|node| format!("{} {}", node.node, node.people)).collect();
                say(&format!("Touch {}: {}", at + 1, nodes.join(", ")))?;
            }
            say(&format!("Every line sums to {} people.", answer.people))?;
            say(&format!("Journeys that end in the target outcome: {}", percent(&answer.effectiveness)))
        }
    }
}

fn flow_rows(answer: &FlowAnswer) -> Vec<Vec<String>> {
    let row = |edge: &Edge| {
        vec![
            edge.from.clone(),
            edge.to.clone(),
            edge.journeys.to_string(),
            edge.mean_hours.map(|hours| hours.to_string()).unwrap_or_default(),
        ]
    };
    answer.network.iter().map(row).collect()
}

pub(super) fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(heads.iter().copied());
    rows.for_each(|row| {
        table.add_row(row);
    });
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

pub(super) fn print_rows(head: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let failed = |error: &dyn std::error::Error| Failure::new("Cannot write the table").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(|error| failed(&error))?;
    for row in rows {
        writer.write_record(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    say(String::from_utf8_lossy(&bytes).trim_end())
}

pub(super) fn percent(share: &Figure) -> String {
    match (share.value, share.low.zip(share.high)) {
        (Some(value), Some((low, high))) => format!("{:.1} % [{:.1}; {:.1}]", value * 100.0, low * 100.0, high * 100.0),
        (Some(value), None) => format!("{:.1} %", value * 100.0),
        (None, _) => "–".to_owned(),
    }
}

fn plain(share: &Figure) -> String {
    share.value.map(|value| value.to_string()).unwrap_or_default()
}

/// Says hours as a person would.
fn span(hours: f64) -> String {
    if hours >= 48.0 { format!("{:.1} days", hours / 24.0) } else { format!("{hours:.1} hours") }
}
