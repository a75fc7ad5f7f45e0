//! `touchline version`: which build this is.

use super::{Format, print_json, say};
use crate::failure::Failure;

/// Print the version of this build.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  touchline version --format json")]
pub(super) struct Args {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    match args.format {
        Format::Json => print_json(&serde_json::json!({ "version": version })),
        Format::Table | Format::Csv => say(&format!("touchline {version}")),
    }
}
