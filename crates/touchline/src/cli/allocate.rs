//! `touchline allocate`: divides a budget over touchpoints so that no other division brings more.
//!
//! The arithmetic is that of `analysis::budget`; here a file becomes a problem, and an answer becomes sentences.

use super::{Format, print_json, say};
use crate::failure::{Failure, Result};
use analysis::budget::{Allocation, Impossible, Item, Move, allocate, moves};
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Is how large a file of items may be: thousands of items fit.
const FILE_MAX: u64 = 4 << 20;

/// Divide a budget over touchpoints so that no other division brings more.
///
/// The file (TOML or JSON) names a budget and items. An item has an id and a response: what spending on it brings, as
/// `{ exponential = { top = 100, rate = 0.001 } }` or `{ hill = { top = 10, slope = 3, half = 10 } }`; and optionally
/// today's spend, a floor, a ceiling, and the size of a package where spend comes in whole packages. Building
/// something new and keeping it up are different purses: use one file for each.
///
/// The answer is the best of all divisions, with the proof: an upper bound that it reaches.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example file:\n  budget = 2000\n\n  [[items]]\n  id = \"ads\"\n  today = 1500\n  \
    response = { exponential = { top = 100, rate = 0.001 } }\n\n  [[items]]\n  id = \"mail\"\n  today = 500\n  \
    response = { exponential = { top = 60, rate = 0.002 } }\n\nExample:\n  touchline allocate --items items.toml")]
pub(super) struct Args {
    /// The file of items.
    #[arg(long, value_name = "FILE")]
    items: PathBuf,
    /// The budget, in place of the one in the file.
    #[arg(long)]
    budget: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Is the file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Problem {
    budget: Option<f64>,
    items: Vec<Item>,
}

/// Is the answer, as `--format json` prints it.
#[derive(Serialize)]
struct Answer {
    budget: f64,
    value: f64,
    /// What no division can exceed.
    bound: f64,
    gap: f64,
    certified: bool,
    /// What one more unit of budget would bring.
    price: f64,
    nodes: u32,
    value_today: f64,
    items: Vec<Row>,
    moves: Vec<Step>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    today: f64,
    spend: f64,
    brings: f64,
    marginal: f64,
}

#[derive(Serialize)]
struct Step {
    from: Option<String>,
    to: Option<String>,
    amount: f64,
    because: String,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let problem = read(&args.items)?;
    let budget = args.budget.or(problem.budget).ok_or_else(|| {
        Failure::new(format!("{} names no budget", args.items.display())).hint("Add `budget = 2000` to it, or use --budget 2000")
    })?;
    let found = allocate(&problem.items, budget).map_err(|impossible| refused(&impossible))?;
    let answer = answer(&problem.items, budget, &found);
    match args.format {
        Format::Json => print_json(&answer),
        Format::Csv => print_csv(&answer),
        Format::Table => print_table(&answer),
    }
}

fn read(path: &Path) -> Result<Problem> {
    let unread = |error: &dyn std::error::Error| {
        Failure::new(format!("Cannot read the items in {}", path.display()))
            .because(error)
            .hint("`touchline allocate --help` shows an example of the file")
    };
    let size = std::fs::metadata(path).map_err(|error| unread(&error))?.len();
    if size > FILE_MAX {
        return Err(
            Failure::new(format!("{} is larger than {} MB", path.display(), FILE_MAX >> 20)).hint("Is it the right file?")
        );
    }
    let text = std::fs::read_to_string(path).map_err(|error| unread(&error))?;
    if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|error| unread(&error))
    } else {
        toml::from_str(&text).map_err(|error| unread(&error))
    }
}

fn refused(impossible: &Impossible) -> Failure {
    let hint = match impossible {
        Impossible::FloorsAboveBudget { .. } => "Lower a floor, or raise the budget",
        Impossible::Item { .. } => "Mend the item in the file",
        Impossible::Budget => "Give a budget such as --budget 2000",
        Impossible::Nothing => "Add at least one [[items]] to the file",
    };
    Failure::new("The budget cannot be divided").because(impossible).hint(hint)
}

fn answer(items: &[Item], budget: f64, found: &Allocation) -> Answer {
    let today: Vec<f64> = items.iter().map(|item| item.today).collect();
    // Where nothing is said of today there is nothing to move.
    let moves = if today.iter().any(|spend| *spend > 0.0) { moves(&today, &found.spend) } else { Vec::new() };
    let row = |at: usize| Row {
        id: items[at].id.clone(),
        today: today[at],
        spend: found.spend[at],
        brings: found.brings[at],
        marginal: found.marginal[at],
    };
    Answer {
        budget,
        value: found.value,
        bound: found.bound,
        gap: found.gap,
        certified: found.certified,
        price: found.price,
        nodes: found.nodes,
        value_today: found.today,
        items: (0..items.len()).map(row).collect(),
        moves: moves.iter().map(|step| told(items, step)).collect(),
    }
}

/// Says why a move pays: what the amount loses where it leaves, and gains where it goes.
fn told(items: &[Item], step: &Move) -> Step {
    let name = |at: Option<usize>| at.map(|at| items[at].id.clone());
    let lost =
        step.from.map(|at| items[at].response.value(items[at].today) - items[at].response.value(items[at].today - step.amount));
    let won =
        step.to.map(|at| items[at].response.value(items[at].today + step.amount) - items[at].response.value(items[at].today));
    let because = match (name(step.from), name(step.to)) {
        (Some(from), Some(to)) => format!(
            "the same {:.2} brings {:.2} at {to} and costs {:.2} at {from}",
            step.amount,
            won.unwrap_or_default(),
            lost.unwrap_or_default()
        ),
        (None, Some(to)) => format!("{:.2} not spent today brings {:.2} at {to}", step.amount, won.unwrap_or_default()),
        (Some(from), None) => {
            format!("{from} loses only {:.2} when {:.2} less is spent on it", lost.unwrap_or_default(), step.amount)
        }
        (None, None) => String::new(),
    };
    Step { from: name(step.from), to: name(step.to), amount: step.amount, because }
}

fn print_table(answer: &Answer) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["Touchpoint", "Today", "Best", "Brings", "Next unit brings"]);
    for row in &answer.items {
        let number = |number: f64| format!("{number:.2}");
        table.add_row([row.id.clone(), number(row.today), number(row.spend), number(row.brings), format!("{:.6}", row.marginal)]);
    }
    for at in 1..5 {
        table.column_mut(at).into_iter().for_each(|column| {
            column.set_cell_alignment(CellAlignment::Right);
        });
    }
    say(&table.to_string())?;
    let compared =
        if answer.value_today > 0.0 { format!("; today's spend brings {:.2}", answer.value_today) } else { String::new() };
    say(&format!("Together {:.2} bring {:.2}{compared}.", answer.items.iter().map(|row| row.spend).sum::<f64>(), answer.value))?;
    say(&if answer.certified {
        format!("No other division brings more: the upper bound is {:.2} (sub-problems solved: {}).", answer.bound, answer.nodes)
    } else {
        format!("No division brings more than {:.2}; this one may be {:.2} short of the best.", answer.bound, answer.gap)
    })?;
    for step in &answer.moves {
        let from = step.from.as_deref().unwrap_or("what is not spent");
        let to = step.to.as_deref().unwrap_or("nothing");
        say(&format!("Move {:.2} from {from} to {to}: {}.", step.amount, step.because))?;
    }
    Ok(())
}

fn print_csv(answer: &Answer) -> Result<()> {
    let failed = |error: &dyn std::error::Error| Failure::new("Cannot write the answer").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &answer.items {
        writer.serialize(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    say(String::from_utf8_lossy(&bytes).trim_end())
}
