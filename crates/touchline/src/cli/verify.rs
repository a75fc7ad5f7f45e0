//! `touchline verify`: whether a data directory is as it was written.

use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use crate::features::rooms;
use crate::platform::console;
use crate::platform::home;
use crate::platform::operate::{Report, verify_closed};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write;

/// Look whether everything is as it was written.
///
/// Compares every file with its checksum, the files with the log, and the ledger with the state store; names what is
/// damaged. Changes nothing. While a server runs it asks the server, which cannot read its state store byte by byte.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  touchline verify --data my-shop")]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let report = if console::connect(&args.data.dir).is_some() {
        let report = args.data.reach()?.wait("Reading", "POST", "/api/operate/verify", None)?;
        serde_json::from_value(report).map_err(|error| Failure::new("Cannot understand the report").because(&error))?
    } else {
        let _alone = home::hold(&args.data.dir)?;
        let style = ProgressStyle::with_template("Reading {bar:30} {bytes}/{total_bytes}  {eta} left");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let report = verify_closed(&args.data.dir, &rooms(), &mut |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        report?
    };
    match args.format {
        Format::Json => print_json(&report)?,
        _ => say(&told(&report))?,
    }
    let damaged = report.findings.iter().filter(|finding| finding.is_damage).count();
    if damaged == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{damaged} findings say that {} is damaged", args.data.dir.display()))
        .hint("Keep the directory as it is, restore the last backup elsewhere, and compare; what is not named here is whole"))
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let word = if finding.is_damage { "DAMAGED" } else { "note" };
        let _ = writeln!(text, "{word}: {} {}", finding.file, finding.what); // writing to a String cannot fail
    }
    let _ = write!(
        text,
        "Read {} interactions in {} files, {:.1} MB, version {} of the ledger.",
        report.interactions,
        report.files,
        report.bytes as f64 / 1e6,
        report.ledger
    );
    text
}
