//! `touchline analyze experience | audits | …`: the instruments beside the map. Works beside a running server.

use super::reach::part;
use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Instrument {
    /// Tell what customers say and how long they wait: NPS, CSAT, effort, response time, importance, reviews.
    ///
    /// JSON holds everything (metrics M7, M13, M15, M17, M19); the table shows scores and response times.
    #[command(after_help = "Example:\n  touchline analyze experience --data my-shop --segment repeat-buyers")]
    Experience(OfSegment),
    /// Tell what follows from entered audits: brand and facts, accessibility, recall, avoided cost (M13, M14, M18, M20).
    #[command(after_help = "Example:\n  touchline analyze audits --data my-shop --format json")]
    Audits(OfEverybody),
}

/// Is whom a question is about.
#[derive(clap::Args, Debug)]
pub(super) struct OfSegment {
    #[command(flatten)]
    with: OfEverybody,
    /// Only this segment, by id.
    #[arg(long)]
    segment: Option<String>,
}

/// Is where to look and how to print.
#[derive(clap::Args, Debug)]
pub(super) struct OfEverybody {
    #[command(flatten)]
    data: Data,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(instrument: &Instrument) -> Result<()> {
    match instrument {
        Instrument::Experience(of) => {
            let answer = ask(&of.with, &with_segment("/api/measure/experience", of.segment.as_deref()))?;
            print(&of.with, &answer, experience)
        }
        Instrument::Audits(with) => print(with, &ask(with, "/api/measure/audits")?, audits),
    }
}

fn with_segment(path: &str, segment: Option<&str>) -> String {
    segment.map_or_else(|| path.to_owned(), |segment| format!("{path}?segment={}", part(segment)))
}

fn ask(with: &OfEverybody, path: &str) -> Result<Value> {
    with.data.reach()?.ask("GET", path, None)
}

fn print(with: &OfEverybody, answer: &Value, table: impl Fn(&Value) -> Result<()>) -> Result<()> {
    match with.format {
        Format::Json => print_json(answer),
        Format::Table => table(answer),
        Format::Csv => Err(Failure::new("This analysis is no single table").hint("Use --format json")),
    }
}

/// Prints rows under a head; nothing where there are none.
fn rows(head: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().copied());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    say(&table.to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.replace('_', " "),
        other => other.to_string(),
    }
}

/// Shows a figure with its interval and n; what is unknown is a dash.
fn figure(value: &Value) -> String {
    let Some(number) = value["value"].as_f64() else { return format!("–, n {}", text(&value["n"])) };
    let write = |number: f64| match value["unit"].as_str() {
        Some("share") => format!("{:.1} %", number * 100.0),
        Some("points") => format!("{:+.1} points", number * 100.0),
        Some("money") => format!("{:.2}", number / 100.0),
        Some("count") => format!("{number:.1}"),
        _ => format!("{number:.3}"),
    };
    let limits = value["low"].as_f64().zip(value["high"].as_f64());
    let interval = limits.map(|(low, high)| format!(" [{}; {}]", write(low), write(high))).unwrap_or_default();
    format!("{}{interval}, n {}", write(number), text(&value["n"]))
}

/// Shows a stretch of time in the largest unit that fits.
fn stretch(value: &Value) -> String {
    value["seconds"].as_i64().map_or_else(
        || "not reached".to_owned(),
        |seconds| match seconds {
            0..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            7_200..172_800 => format!("{:.1} h", seconds as f64 / 3_600.0),
            _ => format!("{:.1} d", seconds as f64 / 86_400.0),
        },
    )
}

fn experience(answer: &Value) -> Result<()> {
    let everywhere = Value::from("everywhere");
    let place = |one: &Value| text(if one["touchpoint"].is_null() { &everywhere } else { &one["touchpoint"] });
    let scores = list(&answer["scores"]).iter().map(|one| {
        let main = if one["nps"].is_null() { &one["satisfied"] } else { &one["nps"] };
        vec![place(one), text(&one["scale"]), figure(main), figure(&one["mean"]), figure(&one["response_rate"])]
    });
    rows(&["where", "scale", "NPS or satisfied", "mean", "answered"], scores.collect())?;
    let answers = list(&answer["answers"]).iter().map(|one| {
        let said =
            if one["no_answers_recorded"] == true { "no answer is recorded here".to_owned() } else { figure(&one["in_time"]) };
        vec![place(one), said, stretch(&one["median"]), stretch(&one["p90"]), text(&one["unanswered"])]
    });
    rows(&["asked at", "in time", "half by", "nine of ten by", "unanswered"], answers.collect())?;
    let importance = list(&answer["importance"]).iter().map(|one| {
        let decided = if one["decided"] == true { text(&one["quadrant"]) } else { "undecided".to_owned() };
        vec![place(one), figure(&one["importance"]), figure(&one["performance"]), decided]
    });
    rows(&["touchpoint", "importance", "satisfied", "what to do"], importance.collect())?;
    notes(answer)
}

fn audits(answer: &Value) -> Result<()> {
    let access = &answer["access"];
    let parts = ["whole", "choice", "findability", "availability", "usable", "success"];
    rows(&["accessibility", "figure"], parts.iter().map(|name| vec![(*name).to_owned(), figure(&access[*name])]).collect())?;
    let brand = list(&answer["contradictions"]).iter().map(|datum| {
        let stated = list(&datum["stated"]).iter().map(|one| format!("{}: {}", text(&one["surface"]), text(&one["value"])));
        vec![text(&datum["name"]), stated.collect::<Vec<_>>().join("; ")]
    });
    rows(&["contradiction", "stated"], brand.collect())?;
    let figures = [
        ("brand", &answer["brand"]["mean"]),
        ("facts agree", &answer["facts"]),
        ("brand experience share", &answer["recall"]["share"]),
        ("avoided cost", &answer["avoided"]),
    ];
    let known = figures.iter().filter(|(_, value)| !value.is_null());
    rows(&["entered", "figure"], known.map(|(name, value)| vec![(*name).to_owned(), figure(value)]).collect())
}

fn notes(answer: &Value) -> Result<()> {
    list(&answer["notes"]).iter().try_for_each(|note| say(&format!("Note: {}.", text(&note["key"]))))
}
