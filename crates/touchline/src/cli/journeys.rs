//! `touchline journeys`: designed journeys, compared with the lived ones, carried in and out of files. Works beside a running server.

use super::reach::{Reach, part};
use super::{Data, Format, print_json, read_answer, say};
use crate::failure::{Failure, Result};
use crate::features::improve::{FileFormat, KeptJourney, export};
use analysis::conformance::Conformance;
use comfy_table::{ContentArrangement, Table, presets};
use model::{Figure, Journey};
use serde_json::{Value, json};
use std::io::Read;
use std::path::PathBuf;

/// Look after designed journeys, and compare them with how people really go.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline journeys list --data my-shop
  touchline journeys compare first-purchase --data my-shop
  touchline journeys import wish.mmd --as mermaid --data my-shop > draft.json
  touchline journeys save draft.json --data my-shop
  touchline journeys export first-purchase --as xes --data my-shop > first-purchase.xes")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the designed journeys.
    #[command(after_help = "Example:\n  touchline journeys list --data my-shop")]
    List(Common),
    /// Print a designed journey as JSON, as `save` reads it.
    #[command(after_help = "Example:\n  touchline journeys show first-purchase --data my-shop > first-purchase.json")]
    Show {
        /// The journey, by id.
        id: String,
        #[command(flatten)]
        data: Data,
    },
    /// Compare a designed journey with the lived ones: fitness, and what deviates (M16).
    #[command(after_help = "Example:\n  touchline journeys compare first-purchase --segment new --data my-shop")]
    Compare {
        /// The journey, by id.
        id: String,
        /// Only people of this segment, by id.
        #[arg(long)]
        segment: Option<String>,
        #[command(flatten)]
        with: Common,
    },
    /// Save a designed journey; earlier versions stay.
    #[command(after_help = "Example:\n  touchline journeys save first-purchase.json --data my-shop")]
    Save {
        /// The journey as JSON; `-` reads standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Take a designed journey away.
    #[command(after_help = "Example:\n  touchline journeys remove first-purchase --data my-shop")]
    Remove {
        /// The journey, by id.
        id: String,
        #[command(flatten)]
        data: Data,
    },
    /// Read a file of another tool as a draft, print it as JSON, and save nothing.
    #[command(after_help = "Example:\n  touchline journeys import log.xes --as xes --data my-shop > draft.json")]
    Import {
        /// The file; `-` reads standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What kind of file it is.
        #[arg(long = "as", value_enum)]
        kind: Kind,
        /// The name of the journey, where the file says none.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// Write a designed journey for other tools, to standard output.
    #[command(after_help = "Example:\n  touchline journeys export first-purchase --as mermaid --data my-shop")]
    Export {
        /// The journey, by id.
        id: String,
        /// What kind of file it shall be.
        #[arg(long = "as", value_enum)]
        kind: Kind,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    data: Data,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Is a kind of file.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Kind {
    Json,
    Csv,
    Mermaid,
    Cjml,
    Xes,
}

impl Kind {
    const fn format(self) -> FileFormat {
        match self {
            Self::Json => FileFormat::Json,
            Self::Csv => FileFormat::Csv,
            Self::Mermaid => FileFormat::Mermaid,
            Self::Cjml => FileFormat::Cjml,
            Self::Xes => FileFormat::Xes,
        }
    }
}

const ROUTE: &str = "/api/improve/journeys";

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::List(with) => list(with),
        Command::Show { id, data } => print_json(&kept(&data.reach()?, id)?.journey),
        Command::Compare { id, segment, with } => compare(id, segment.as_deref(), with),
        Command::Save { file, data } => save(file, data),
        Command::Remove { id, data } => remove(id, data),
        Command::Import { file, kind, name, data } => {
            let brought = json!({ "format": kind.format(), "text": read(file)?, "name": name });
            let draft = data.reach()?.ask("POST", &format!("{ROUTE}/file"), Some(&brought))?;
            for unknown in draft["unknown"].as_array().into_iter().flatten() {
                let near = unknown["nearest"].as_str().map_or_else(String::new, |near| format!(" Does it mean `{near}`?"));
                eprintln!("The map has no touchpoint {}.{near}", unknown["name"]);
            }
            print_json(&draft["journey"])
        }
        Command::Export { id, kind, data } => {
            let reach = data.reach()?;
            let map = read_answer(reach.ask("GET", "/api/map", None)?)?;
            say(export(kind.format(), &kept(&reach, id)?.journey, &map)?.trim_end())
        }
    }
}

fn address(id: &str) -> String {
    format!("{ROUTE}/{}", part(id))
}

fn kept(reach: &Reach, id: &str) -> Result<KeptJourney> {
    read_answer(reach.ask("GET", &address(id), None)?)
}

fn list(with: &Common) -> Result<()> {
    let answer = with.data.reach()?.ask("GET", ROUTE, None)?;
    if with.format == Format::Json {
        return print_json(&answer);
    }
    let all: Vec<KeptJourney> = read_answer(answer)?;
    let rows = all.iter().map(|one| {
        let steps = one.journey.steps().len().to_string();
        vec![one.journey.id.clone(), one.journey.name.en.clone(), steps, one.version.to_string(), one.saved_by.clone()]
    });
    show(&["id", "name", "steps", "version", "saved by"], rows.collect())
}

fn compare(id: &str, segment: Option<&str>, with: &Common) -> Result<()> {
    let of = segment.map_or_else(String::new, |segment| format!("?segment={}", part(segment)));
    let answer: Value = with.data.reach()?.ask("GET", &format!("{}/conformance{of}", address(id)), None)?;
    if with.format == Format::Json {
        return print_json(&answer);
    }
    let found: Conformance = read_answer(answer)?;
    say(&format!(
        "{} lived journeys of {} people; fitness {} (by token replay {}), without a deviation {}.",
        found.journeys,
        found.people,
        figure(&found.fitness),
        figure(&found.token_fitness),
        figure(&found.conforming)
    ))?;
    let rows = found.deviations.iter().map(|one| {
        let kind = format!("{:?}", one.kind).to_lowercase();
        let cost = format!("{:.1} %", one.cost_share * 100.0);
        vec![
            kind,
            one.touchpoint.clone(),
            one.times.to_string(),
            cost,
            figure(&one.journeys),
            figure(&one.satisfaction),
            figure(&one.conversion),
        ]
    });
    show(&["deviation", "touchpoint", "times", "of all cost", "journeys", "satisfied", "with the outcome"], rows.collect())
}

fn save(file: &PathBuf, data: &Data) -> Result<()> {
    let text = read(file)?;
    let journey: Journey = serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!("{} is no journey", file.display())).because(&error).hint("`touchline journeys show ID` prints one")
    })?;
    let reach = data.reach()?;
    let all: Vec<KeptJourney> = read_answer(reach.ask("GET", ROUTE, None)?)?;
    let based_on = all.iter().find(|one| one.journey.id == journey.id).map_or(0, |one| one.version);
    let body = super::written(&journey)?;
    let saved: KeptJourney =
        read_answer(reach.ask("PUT", &format!("{}?based_on={based_on}", address(&journey.id)), Some(&body))?)?;
    say(&format!("Saved {} as version {}.", saved.journey.id, saved.version))
}

fn remove(id: &str, data: &Data) -> Result<()> {
    let reach = data.reach()?;
    let version = kept(&reach, id)?.version;
    reach.ask("DELETE", &format!("{}?based_on={version}", address(id)), None)?;
    say(&format!("Took {id} away; saving it again brings it back."))
}

/// Reads a file, or standard input for `-`.
fn read(file: &PathBuf) -> Result<String> {
    let failed = |error: std::io::Error| Failure::new(format!("Cannot read {}", file.display())).because(&error);
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(failed)
}

fn figure(figure: &Figure) -> String {
    let share = |value: f64| format!("{:.1}", value * 100.0);
    match (figure.value, figure.low.zip(figure.high)) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => format!("{} %", share(value)),
        (Some(value), Some((low, high))) => format!("{} % [{}; {}]", share(value), share(low), share(high)),
    }
}

fn show(head: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().copied());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    say(&table.to_string())
}
