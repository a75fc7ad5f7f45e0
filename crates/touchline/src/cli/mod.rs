//! The command line: one file per command.
//!
//! Output for people ends with a period and may change; `--format json` is for programs and is stable.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line is where printing happens")]

mod attribution;
mod version;

use crate::failure::Failure;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Real interactions in, a map of touchpoints with verdicts out.
#[derive(Parser, Debug)]
#[command(name = "touchline", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Attribution(attribution::Args),
    Version(version::Args),
}

/// Is how a command prints its result.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Runs the command line and returns its exit code: 0 only on success.
#[must_use]
pub fn main() -> ExitCode {
    let result: Result<(), Failure> = match Cli::parse().command {
        Command::Attribution(args) => attribution::run(&args),
        Command::Version(args) => version::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("Error: {failure}");
            ExitCode::FAILURE
        }
    }
}
