//! `touchline backup`: a copy of everything at one moment, also while a server runs.

use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use std::path::PathBuf;

/// Take a backup, also while a server runs.
///
/// The backup is a new folder with everything that was acknowledged before the command began, and the checksum of every
/// file. It appears under its name when it is complete.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline backup --data my-shop --to backups/2026-11-25
  touchline restore backups/2026-11-25 --data my-shop-again")]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// The folder of the backup; it must not exist yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    // The server may work in another folder.
    let to = std::path::absolute(&args.to)
        .map_err(|error| Failure::new(format!("Cannot find {}", args.to.display())).because(&error))?;
    let place = serde_json::json!({ "to": to });
    let done = args.data.reach()?.wait("Copying", "POST", "/api/operate/backup", Some(&place))?;
    match args.format {
        Format::Json => print_json(&done),
        _ => say(&format!(
            "Backed up {} interactions, {} files, {:.1} MB to {}.\nGet it back with: touchline restore {} --data NEW-FOLDER",
            done["interactions"],
            done["files"],
            done["bytes"].as_f64().unwrap_or(0.0) / 1e6,
            args.to.display(),
            args.to.display()
        )),
    }
}
