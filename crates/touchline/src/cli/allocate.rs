//! `touchline allocate`: divides a budget over touchpoints so that no other division brings more.
//!
//! The arithmetic is that of `analysis::budget`; here a file becomes a problem, and an answer is printed.

use super::{Format, print_json, say};
use crate::failure::{Failure, Result};
use crate::features::improve::{Allocated, Problem, divide};
use analysis::budget::Impossible;
use comfy_table::{CellAlignment, Table, presets};
use std::path::{Path, PathBuf};

mod weekly;

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
    response = { exponential = { top = 60, rate = 0.002 } }\n\nExamples:\n  touchline allocate --items items.toml\n  \
    touchline allocate --weekly weeks.csv --budget 5000")]
pub(super) struct Args {
    /// The file of items.
    #[arg(long, value_name = "FILE", required_unless_present = "weekly", conflicts_with = "weekly")]
    items: Option<PathBuf>,
    /// A table of weeks instead: a column `outcomes`, one column of spend per touchpoint, and columns that begin with
    /// `control:` for what else moves outcomes. Responses are fitted to it, and the budget is that of a week.
    #[arg(long, value_name = "CSV")]
    weekly: Option<PathBuf>,
    /// How responses to weekly spend level off.
    #[arg(long, value_enum, default_value_t, requires = "weekly")]
    shape: LevelsOff,
    /// The budget, in place of the one in the file.
    #[arg(long)]
    budget: Option<f64>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Is how a response levels off.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum LevelsOff {
    /// 1 − e^−u
    #[default]
    Exponential,
    /// (1 − e^−u)/(1 + e^−u)
    Logistic,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let problem = match (&args.items, &args.weekly) {
        (_, Some(weekly)) => weekly::read(weekly, args.shape, args.format == Format::Table)?,
        (Some(items), None) => read(items)?,
        (None, None) => return Err(Failure::new("There is nothing to divide").hint("Use --items FILE or --weekly CSV")),
    };
    let budget = args
        .budget
        .or(problem.budget)
        .ok_or_else(|| Failure::new("The file names no budget").hint("Add `budget = 2000` to it, or use --budget 2000"))?;
    let answer = divide(&problem.items, budget).map_err(|impossible| refused(&impossible))?;
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

fn print_table(answer: &Allocated) -> Result<()> {
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
    if let Some(regret) = answer.regret {
        say(&format!(
            "Responses are estimates: if another that the data allow is true, this division misses {:.2} in the middle and less than \
             {:.2} in nine of ten cases; today's spend misses {:.2} and {:.2}.",
            regret.median, regret.high, regret.today_median, regret.today_high
        ))?;
    }
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

fn print_csv(answer: &Allocated) -> Result<()> {
    let failed = |error: &dyn std::error::Error| Failure::new("Cannot write the answer").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &answer.items {
        writer.serialize(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    say(String::from_utf8_lossy(&bytes).trim_end())
}
