//! `touchline analyze`: what the ledger says about the map.

mod lived;
mod sequences;
mod told;

use super::reach::Reach;
use super::{Data, Format, instruments, print_json, read_answer, say};
use crate::failure::{Failure, Result};
use crate::features::improve;
use analysis::report::{MapReport, TouchpointFigures};
use comfy_table::{ContentArrangement, Table, presets};
use model::{Currency, Figure, TouchpointMap, Unit};
use std::io;

/// Analyse the ledger.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Compute every touchpoint of the map, with its verdict.
    ///
    /// JSON holds everything (metrics M1, M2, M3, M5, M6, M8 to M12 and M24, with n, intervals and evidence classes), for
    /// everybody and for each segment; the table shows everybody, or the segment named.
    #[command(
        after_help = "Examples:\n  touchline analyze map --data my-shop\n  touchline analyze map --data my-shop --segment repeat-buyers --format json"
    )]
    Map {
        #[command(flatten)]
        data: Data,
        /// Only this segment, by id.
        #[arg(long)]
        segment: Option<String>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the verdicts, those with most money at stake first, or which of them changed and why.
    #[command(
        after_help = "Examples:\n  touchline analyze verdicts --data my-shop\n  touchline analyze verdicts --changes --data my-shop"
    )]
    Verdicts(told::VerdictArgs),
    /// Count what came on each channel, web and offline alike.
    #[command(after_help = "Example:\n  touchline analyze channels --data my-shop")]
    Channels(told::ToldArgs),
    /// List the signals that belong to no touchpoint, each with the touchpoint that it may belong to.
    #[command(after_help = "Example:\n  touchline analyze unmapped --data my-shop --format csv")]
    Unmapped(told::ToldArgs),
    /// List the touchpoints that should be heard of and are silent.
    #[command(after_help = "Example:\n  touchline analyze dark --data my-shop")]
    Dark(told::ToldArgs),
    /// Count how many people get how far along steps.
    #[command(
        after_help = "Examples:\n  touchline analyze funnel --data my-shop --step channel:email --step product-page --step form:purchase\n  touchline analyze funnel --data my-shop --step outcome:purchase --step outcome:purchase --within-days 90"
    )]
    Funnel(sequences::FunnelArgs),
    /// Count who comes back, period by period.
    #[command(
        after_help = "Example:\n  touchline analyze retention --data my-shop --begin form:purchase --active form:purchase --period-days 30"
    )]
    Retention(sequences::RetentionArgs),
    /// Count where people go next: the network of touchpoints, and layers that sum to people.
    #[command(after_help = "Example:\n  touchline analyze flows --data my-shop --format json")]
    Flows(sequences::FlowArgs),
    #[command(flatten)]
    Instrument(instruments::Instrument),
    /// Count who walks which exact path, and how whole journeys go.
    #[command(after_help = "Example:\n  touchline analyze paths --data my-shop --length 3")]
    Paths(lived::PathArgs),
    /// Count who is new, stays, comes back or falls silent, period by period.
    #[command(after_help = "Example:\n  touchline analyze lifecycle --data my-shop --period-days 7")]
    Lifecycle(lived::LifecycleArgs),
    /// Count week by week.
    #[command(after_help = "Example:\n  touchline analyze trends --data my-shop --from 2026-01-01")]
    Trends(lived::LivedArgs),
    /// Count sessions: runs of interactions without a longer pause.
    #[command(after_help = "Example:\n  touchline analyze sessions --data my-shop --pause-minutes 30")]
    Sessions(lived::SessionArgs),
    /// Tell what comes next in a journey, judged on people kept apart.
    #[command(after_help = "Example:\n  touchline analyze next --data my-shop")]
    Next(lived::LivedArgs),
    /// Tell which touchpoints or channels led to outcomes, by every model.
    #[command(
        after_help = "Examples:\n  touchline analyze attribution --data my-shop --unit channel\n  touchline analyze attribution --data my-shop --model markov_1 --model linear --lookback-days 30"
    )]
    Attribution(lived::AttributionArgs),
}

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Map { data, segment, format } => run_map(data, segment.as_deref(), *format),
        What::Verdicts(args) => told::run_verdicts(args),
        What::Channels(args) => told::run_channels(args),
        What::Unmapped(args) => told::run_unmapped(args),
        What::Dark(args) => told::run_dark(args),
        What::Funnel(args) => sequences::run_funnel(args),
        What::Retention(args) => sequences::run_retention(args),
        What::Flows(args) => sequences::run_flows(args),
        What::Instrument(instrument) => instruments::run(instrument),
        What::Paths(args) => lived::run_paths(args),
        What::Lifecycle(args) => lived::run_lifecycle(args),
        What::Trends(args) => lived::run_trends(args),
        What::Sessions(args) => lived::run_sessions(args),
        What::Next(args) => lived::run_next(args),
        What::Attribution(args) => lived::run_attribution(args),
    }
}

fn run_map(data: &Data, segment: Option<&str>, format: Format) -> Result<()> {
    let reach = data.reach_to_read()?;
    let map: TouchpointMap = read_answer(reach.ask("GET", "/api/map", None)?)?;
    let reports = reports(&reach, &map, segment, format != Format::Table)?;
    match format {
        Format::Table => reports.first().map_or(Ok(()), |report| print_table(&map, report)),
        Format::Json => print_json(&reports),
        Format::Csv => print_csv(&map, &reports),
    }
}

/// Asks for the report of one segment, or of everybody and, where all are wanted, of each segment.
fn reports(reach: &Reach, map: &TouchpointMap, segment: Option<&str>, all: bool) -> Result<Vec<MapReport>> {
    let ask = |segment: Option<&str>| read_answer(reach.ask("GET", &told::with_segment("/api/measure/map", segment), None)?);
    let each = map.segments.iter().filter(|_| all && segment.is_none()).map(|segment| Some(segment.id.as_str()));
    std::iter::once(segment).chain(each).map(ask).collect()
}

fn print_table(map: &TouchpointMap, report: &MapReport) -> Result<()> {
    let totals = &report.totals;
    let about = report.segment.as_deref().unwrap_or("everybody");
    say(&format!("{} ({about}), {}", map.name.en, window(report)))?;
    say(&format!(
        "{} people, {}{} interactions, {} outcomes worth {}, at a cost of {}.\n",
        totals.people,
        day_visitors(totals.day_visitors),
        totals.interactions,
        totals.outcomes,
        money(totals.value as f64, map.currency),
        money(totals.cost as f64, map.currency),
    ))?;
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "verdict",
        "touchpoint",
        "people",
        "interactions",
        "conversion",
        "per outcome",
        "satisfied",
        "why, and what to do",
    ]);
    let mut rows: Vec<&TouchpointFigures> = report.touchpoints.iter().collect();
    rows.sort_by_key(|figures| (!figures.verdict.kind.asks_for_change(), figures.verdict.kind));
    for figures in rows {
        let name = map.touchpoint(&figures.touchpoint).map_or("", |at| map.touchpoints[at].name.en.as_str());
        let why = improve::reason(&figures.verdict.reason, map.currency);
        let then = improve::action(&figures.verdict.action, map.currency);
        table.add_row([
            figures.verdict.kind.name().replace('_', " "),
            name.to_owned(),
            figures.people.to_string(),
            figures.interactions.to_string(),
            show(&figures.conversion, map.currency),
            show(&figures.cost_per_outcome, map.currency),
            show(&figures.satisfaction, map.currency),
            format!("{why} {then}"),
        ]);
    }
    say(&table.to_string())?;
    if !report.unmapped.is_empty() {
        say("Signals bound to no touchpoint:")?;
    }
    report.unmapped.iter().take(10).try_for_each(|unmapped| say(&format!("  {:>10}  {}", unmapped.interactions, unmapped.signal)))
}

/// Names day visitors where there are any: nobody takes them for people then.
fn day_visitors(count: u64) -> String {
    if count == 0 { String::new() } else { format!("{count} day visitors, ") }
}

fn window(report: &MapReport) -> String {
    let day =
        |at: i64| jiff::Timestamp::from_microsecond(at).map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    format!("{} to {}", day(report.window.from), day(report.window.to))
}

/// Shows a figure with its interval; a rate of nothing is a dash.
fn show(figure: &Figure, currency: Currency) -> String {
    let number = |value: f64| match figure.unit {
        Unit::Share => format!("{:.1}", value * 100.0),
        Unit::Money => money(value, currency),
        Unit::Points | Unit::Count | Unit::Ratio => format!("{value:.2}"),
    };
    let unit = if figure.unit == Unit::Share { " %" } else { "" };
    match (figure.value, figure.low.zip(figure.high)) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => format!("{}{unit}", number(value)),
        (Some(value), Some((low, high))) => format!("{}{unit} [{}; {}]", number(value), number(low), number(high)),
    }
}

fn money(minor: f64, currency: Currency) -> String {
    format!("{:.*} {currency}", currency.digits() as usize, currency.major(minor.round() as i64))
}

/// One row per segment and touchpoint; empty where nothing is known. Money is in minor units.
fn print_csv(map: &TouchpointMap, reports: &[MapReport]) -> Result<()> {
    let failed = |error: &dyn std::error::Error| Failure::new("Cannot write the table").because(error);
    let mut csv = csv::Writer::from_writer(io::stdout().lock());
    let head = ["segment", "touchpoint", "verdict", "rule", "evidence", "reason", "people", "interactions", "cost"];
    let figures = [
        "conversion",
        "cost_per_outcome",
        "roi",
        "satisfaction",
        "linear_share",
        "markov_share",
        "lift",
        "reach",
        "effect_share",
    ];
    let limits =
        figures.iter().flat_map(|name| [(*name).to_owned(), format!("{name}_low"), format!("{name}_high"), format!("{name}_n")]);
    csv.write_record(head.iter().map(|name| (*name).to_owned()).chain(limits)).map_err(|error| failed(&error))?;
    for report in reports {
        for touchpoint in &report.touchpoints {
            csv.write_record(record(map, report, touchpoint)).map_err(|error| failed(&error))?;
        }
    }
    csv.flush().map_err(|error| failed(&error))
}

fn record(map: &TouchpointMap, report: &MapReport, touchpoint: &TouchpointFigures) -> Vec<String> {
    let verdict = &touchpoint.verdict;
    let mut record = vec![
        report.segment.clone().unwrap_or_default(),
        touchpoint.touchpoint.clone(),
        verdict.kind.name().to_owned(),
        verdict.rule.clone(),
        format!("{:?}", verdict.evidence),
        improve::reason(&verdict.reason, map.currency),
        touchpoint.people.to_string(),
        touchpoint.interactions.to_string(),
        touchpoint.cost.to_string(),
    ];
    let figures = [
        &touchpoint.conversion,
        &touchpoint.cost_per_outcome,
        &touchpoint.roi,
        &touchpoint.satisfaction,
        &touchpoint.attribution.linear,
        &touchpoint.attribution.markov,
        &touchpoint.progression.lift,
        &touchpoint.under_use.reach,
        &touchpoint.waste.effect_share,
    ];
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for figure in figures {
        record.extend([number(figure.value), number(figure.low), number(figure.high), figure.n.to_string()]);
    }
    record
}
