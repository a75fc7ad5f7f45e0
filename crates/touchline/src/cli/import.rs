//! `touchline import`: brings a file into the ledger, proposes a mapping, or shows what would happen.

use super::{print_json, say};
use crate::failure::{Failure, Result};
use crate::features::capture::import::mapping::Mapping;
use crate::features::capture::import::{Import, Preview, Progress, Sink, Summary, run as import, suggest};
use crate::features::capture::{Intake, Sources};
use crate::features::map::Maps;
use crate::platform::clock::system;
use crate::platform::home::Home;
use indicatif::{ProgressBar, ProgressStyle};
use model::{Flags, Signature, TouchpointMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// So many signals are listed for people.
const SIGNALS: usize = 12;

/// Import a file of interactions.
///
/// Reads CSV, TSV, JSON Lines, Parquet, XES and chat logs, plain, gzip or zip. A mapping says what the columns mean.
/// Importing the same file again adds nothing. Rows that are refused go to FILE.rejected.csv (or .jsonl) beside the
/// file: mend them there and import that file with the same mapping.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline import orders.csv --suggest > orders.toml
  touchline import orders.csv --mapping orders.toml --dry-run
  touchline import orders.csv --mapping orders.toml --data my-shop")]
pub(super) struct Args {
    /// The file.
    file: PathBuf,
    /// The data directory; with --dry-run it is only asked for its map.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["suggest", "dry_run"])]
    data: Option<PathBuf>,
    /// What the columns mean, as TOML; see docs/capture.md.
    #[arg(long, value_name = "FILE", required_unless_present = "suggest")]
    mapping: Option<PathBuf>,
    /// Print a mapping proposed from the first rows, and do nothing else.
    #[arg(long, conflicts_with = "mapping")]
    suggest: bool,
    /// Show what would happen, and write nothing.
    #[arg(long, conflicts_with = "suggest")]
    dry_run: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

/// Is how the result of an import is printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Printed {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if args.suggest {
        let proposal = suggest(&args.file)?;
        return match args.format {
            Printed::Json => print_json(&proposal),
            Printed::Table => say(proposal.mapping.trim_end()),
        };
    }
    let path = args.mapping.as_deref().unwrap_or(Path::new(""));
    let mapping = Mapping::read(path)?;
    let what = Import {
        file: &args.file,
        mapping: &mapping,
        mapping_folder: path.parent(),
        rejects_folder: args.data.as_deref(),
        dry_run: args.dry_run,
        rows_max: None,
    };
    let home = args.data.as_deref().map(|dir| Home::open(dir, system())).transpose()?;
    match &home {
        Some(home) if !args.dry_run => store(args, &what, home),
        home => preview(args, &what, home.as_ref()),
    }
}

/// Imports into the data directory.
fn store(args: &Args, what: &Import<'_>, home: &Home) -> Result<()> {
    let sources = home.block_on(Sources::load(home.state().clone()))?;
    let weight = sources.named(&what.mapping.source).map_or(0, |source| source.settings.trait_weight);
    let mut intake = Intake::new(home.stores())?.marked(Flags::BACKFILL).weighing(weight);
    let mut summary = with_progress(what, &mut intake)?;
    intake.finish()?;
    drop(intake);
    let map = home.block_on(Maps::new(home.state().clone()).current())?.map(|version| version.map);
    let foreign = map.as_ref().map(|map| summary.foreign_currencies(map.currency));
    summary.notes.extend(foreign.unwrap_or_default());
    match args.format {
        Printed::Json => print_json(&summary)?,
        Printed::Table => say(told(&summary, false).trim_end())?,
    }
    outcome(args, &summary)
}

/// Shows what would happen.
fn preview(args: &Args, what: &Import<'_>, home: Option<&Home>) -> Result<()> {
    let mut sink = Preview::default();
    let mut summary = with_progress(what, &mut sink)?;
    let map = match home {
        Some(home) => home.block_on(Maps::new(home.state().clone()).current())?.map(|version| version.map),
        None => None,
    };
    let foreign = map.as_ref().map(|map| summary.foreign_currencies(map.currency));
    summary.notes.extend(foreign.unwrap_or_default());
    let unmapped = map.map(|map| unmapped(&summary, &map));
    match args.format {
        Printed::Json => {
            print_json(&serde_json::json!({ "summary": summary, "samples": sink.samples, "unmapped": unmapped }))?;
        }
        Printed::Table => {
            let mut text = told(&summary, true);
            for sample in &sink.samples {
                let who = if sample.who.is_empty() { "anonymous".to_owned() } else { sample.who.join(" = ") };
                line(&mut text, format_args!("  {}  {who}  {} {}  {}", sample.at, sample.direction, sample.form, sample.signal));
                let extras =
                    [("value", &sample.value), ("cost", &sample.cost), ("campaign", &sample.campaign), ("props", &sample.props)];
                for (name, extra) in extras.into_iter().filter_map(|(name, extra)| extra.as_ref().map(|extra| (name, extra))) {
                    line(&mut text, format_args!("      {name}: {extra}"));
                }
            }
            if let Some(unmapped) = unmapped {
                line(&mut text, format_args!("Signals that no rule of the map binds to a touchpoint: {}.", unmapped.len()));
                list_signals(&mut text, &unmapped);
            }
            say(text.trim_end())?;
        }
    }
    outcome(args, &summary)
}

/// A damaged file is a failure even when much of it was imported: whoever calls must not think that all is there.
fn outcome(args: &Args, summary: &Summary) -> Result<()> {
    if summary.complete {
        return Ok(());
    }
    Err(Failure::new(format!("`{}` is damaged: only what stands before the damage was read", args.file.display()))
        .hint("Fetch the file again and import it: what is there already is not added twice"))
}

/// Runs the import with a bar on standard error, where that is a terminal.
fn with_progress(what: &Import<'_>, sink: &mut dyn Sink) -> Result<Summary> {
    let size = std::fs::metadata(what.file).map_or(0, |found| found.len());
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}  {eta} left");
    let bar = ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let summary = import(what, sink, &mut |now: Progress| {
        bar.set_position(now.bytes.min(size));
        let rate = now.rows as f64 / bar.elapsed().as_secs_f64().max(0.001);
        bar.set_message(format!("{} rows, {rate:.0} rows/s", now.rows));
    });
    bar.finish_and_clear();
    summary
}

/// Lists the signals that no rule of the map binds, and that name no touchpoint of it themselves.
fn unmapped(summary: &Summary, map: &TouchpointMap) -> Vec<(Signature, u64)> {
    summary.signals.iter().filter(|(signature, _)| map.bind(signature).is_none()).cloned().collect()
}

/// Tells the summary to a person.
fn told(summary: &Summary, dry_run: bool) -> String {
    let mut text = String::new();
    let rate = summary.rows as f64 / summary.seconds.max(0.001);
    line(&mut text, format_args!("{} rows read in {:.1} s ({rate:.0} rows/s).", summary.rows, summary.seconds));
    for skipped in &summary.skipped {
        line(&mut text, format_args!("{} rows left out: {}.", skipped.rows, skipped.because));
    }
    if summary.duplicate_rows > 0 {
        line(&mut text, format_args!("{} rows left out: equal to an earlier row.", summary.duplicate_rows));
    }
    line(
        &mut text,
        format_args!(
            "{} interactions of {} identities, {} anonymous.",
            summary.interactions, summary.identities, summary.anonymous
        ),
    );
    if let (Some(first), Some(last)) = (&summary.first, &summary.last) {
        line(&mut text, format_args!("From {first} to {last}."));
    }
    for value in &summary.values {
        let major = value.currency.major(value.minor);
        line(
            &mut text,
            format_args!(
                "Worth {major:.*} {} in {} interactions.",
                value.currency.digits() as usize,
                value.currency,
                value.interactions
            ),
        );
    }
    if summary.links > 0 {
        line(&mut text, format_args!("{} facts about names of one person.", summary.links));
    }
    refusals(&mut text, summary);
    for note in &summary.notes {
        line(&mut text, format_args!("Note: {note}."));
    }
    if dry_run {
        line(&mut text, format_args!("Nothing was written. The signals:"));
        list_signals(&mut text, &summary.signals);
        line(&mut text, format_args!("The first interactions, as they would be stored:"));
    } else {
        line(&mut text, format_args!("{} interactions added, {} were there already.", summary.added, summary.already_there));
    }
    text
}

/// Tells which rows were refused, why, and where they are.
fn refusals(text: &mut String, summary: &Summary) {
    if summary.rejected > 0 {
        let rows = |count: u64| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        line(text, format_args!("{} refused:", rows(summary.rejected)));
        for reason in &summary.reasons {
            line(text, format_args!("  {}, first in line {}: {}.", rows(reason.rows), reason.first_line, reason.reason));
        }
        for (number, reason) in summary.examples.iter().filter(|_| summary.reasons.len() > 1) {
            line(text, format_args!("  line {number}: {reason}"));
        }
    }
    for file in &summary.rejects {
        line(text, format_args!("Refused rows are in {file}: mend them and import that file with the same mapping."));
    }
}

fn list_signals(text: &mut String, signals: &[(Signature, u64)]) {
    for (signature, count) in signals.iter().take(SIGNALS) {
        line(text, format_args!("  {count} × {signature}"));
    }
    if signals.len() > SIGNALS {
        line(text, format_args!("  … and {} more", signals.len() - SIGNALS));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}"); // writing to a String cannot fail
}
