//! The command line: one file per command.
//!
//! A command is a struct of arguments and a function `run`; adding one is a file, a variant and a line in [`run`].
//! Output for people ends with a period and may change; `--format json` is for programs and is stable. Results go to
//! standard output, progress and errors to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line is where printing happens")]

mod allocate;
mod analyze;
mod attribution;
mod backup;
mod compact;
mod consent;
mod demo;
mod erase;
mod export;
mod feed;
mod hook;
mod import;
mod init;
mod instruments;
mod journeys;
mod lively;
mod map;
mod person;
mod quarantine;
mod reach;
mod record;
mod restore;
mod restrict;
mod serve;
mod signals;
mod source;
mod tag;
mod texts;
mod trickle;
mod user;
mod verify;
mod version;
mod who;

use crate::failure::{Failure, Result};
use crate::features::capture::catch_up;
use crate::platform;
use crate::platform::clock::system;
use crate::platform::home::Home;
use crate::platform::http::FAILED;
use clap::{Parser, Subcommand};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Real interactions in, a map of touchpoints with verdicts out.
#[derive(Parser, Debug)]
#[command(
    name = "touchline",
    version,
    max_term_width = 100,
    after_help = "First steps:\n  touchline demo\n  touchline init --data my-shop --template shop"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Demo(demo::Args),
    Export(export::Args),
    Person(person::Args),
    Serve(serve::Args),
    Init(init::Args),
    Import(import::Args),
    Map(map::Args),
    Record(record::Args),
    Tag(tag::Args),
    Hook(hook::Args),
    Feed(feed::Args),
    Analyze(analyze::Args),
    Attribution(attribution::Args),
    Allocate(allocate::Args),
    Journeys(journeys::Args),
    Source(source::Args),
    Quarantine(quarantine::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Verify(verify::Args),
    Compact(compact::Args),
    Consent(consent::Args),
    Restrict(restrict::Args),
    User(user::Args),
    Erase(erase::Args),
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

/// Is where a command works.
#[derive(clap::Args, Debug)]
pub struct Data {
    /// The data directory.
    #[arg(long = "data", value_name = "DIR")]
    dir: PathBuf,
}

impl Data {
    /// Opens the data directory, after what a crash has cut off is ended.
    ///
    /// # Errors
    /// Fails when it is none, or held by another process.
    pub fn open(&self) -> Result<Home> {
        let home = Home::open(&self.dir, system())?;
        // What a server acknowledged before it was killed counts for every command.
        catch_up(&home.stores())?;
        Ok(home)
    }

    /// Opens the data directory; a folder that is there and empty becomes one. A folder that is not there is refused:
    /// its name may be misspelt.
    ///
    /// # Errors
    /// Fails when the folder holds something else, or is held by another process.
    pub fn open_or_make(&self) -> Result<Home> {
        // The lock may be left of an attempt that failed.
        let is_lock = |entry: io::Result<std::fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() == "lock");
        let is_free = std::fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.all(is_lock));
        if is_free { Home::create(&self.dir, system()) } else { self.open() }
    }
}

/// Runs the command line and returns its exit code: 0 only on success.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    platform::failpoints();
    log_to_stderr(matches!(cli.command, Command::Serve(_) | Command::Demo(_)));
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("Error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Person(args) => person::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Map(args) => map::run(&args),
        Command::Record(args) => record::run(args),
        Command::Tag(args) => tag::run(args),
        Command::Hook(args) => hook::run(args),
        Command::Feed(args) => feed::run(args),
        Command::Analyze(args) => analyze::run(&args),
        Command::Attribution(args) => attribution::run(&args),
        Command::Allocate(args) => allocate::run(&args),
        Command::Journeys(args) => journeys::run(&args),
        Command::Source(args) => source::run(&args),
        Command::Quarantine(args) => quarantine::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Consent(args) => consent::run(&args),
        Command::Restrict(args) => restrict::run(&args),
        Command::User(args) => user::run(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Version(args) => version::run(&args),
    }
}

/// Logs go to standard error; `TOUCHLINE_LOG=debug` tells more. A log holds no personal data at any level of ours.
/// Other commands than servers tell failures of requests themselves.
fn log_to_stderr(is_server: bool) {
    let failures = if is_server { "error" } else { "off" };
    let usual = || EnvFilter::new(format!("warn,touchline=info,{FAILED}={failures}"));
    let filter = EnvFilter::try_from_env("TOUCHLINE_LOG").unwrap_or_else(|_| usual());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// Writes what a route shall read.
fn written(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| Failure::new("Cannot write the question as JSON").because(&error))
}

/// Reads what a route has answered. A server of another version may answer otherwise.
fn read_answer<T: serde::de::DeserializeOwned>(answer: serde_json::Value) -> Result<T> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::new("The answer of the server cannot be read").because(&error).hint("Use the same version here and there")
    })
}

/// Prints a result for programs.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::new("Cannot write the result as JSON").because(&error))?;
    say(&text)
}

/// Prints a result and a new line. A reader that has seen enough, such as `head`, is not an error.
fn say(text: &str) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("Cannot write to standard output").because(&error))
        }
        _ => Ok(()),
    }
}
