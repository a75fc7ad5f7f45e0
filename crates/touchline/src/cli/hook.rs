//! `touchline hook`: addresses to which other programs send signed bodies, and what their bodies mean. Works beside a
//! running server.

use super::reach::part;
use super::{Data, Format, print_json, read_answer, say, written};
use crate::failure::{Failure, Result};
use crate::features::capture::{Part, Ready, Scheme, ShownHook, Trial, WantedHook, try_out};
use comfy_table::{Table, presets};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the routes of hooks are.
const HOOKS: &str = "/api/capture/hooks";

/// Take signed bodies of other programs: orders of a shop, calls of a telephone system, contracts of a CRM.
///
/// A mapping in the language of imports says what a body means. Send to /v1/hook/NAME of the server.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Set a hook, new or changed; a secret that has to be drawn is printed once.
    #[command(
        after_help = "Examples:\n  touchline hook set web-shop --data my-shop --ready shopify --secret-file secret.txt\n  touchline hook set calls --data my-shop --mapping calls.toml --rows data.calls"
    )]
    Set {
        /// Its name, which stands in its address.
        name: String,
        #[command(flatten)]
        data: Data,
        /// Mappings that are ready, for the order bodies of a shop.
        #[arg(long, value_enum, conflicts_with = "mapping")]
        ready: Option<Ready>,
        /// A mapping, as TOML; see docs/capture/webhook.md.
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// The path to the list of rows in a body; without it the body itself is the row, or the list.
        #[arg(long, value_name = "PATH", default_value = "", requires = "mapping")]
        rows: String,
        /// How its sender signs.
        #[arg(long, value_enum)]
        scheme: Option<Scheme>,
        /// A file with the secret, where the sender has drawn it.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the hooks.
    #[command(after_help = "Example:\n  touchline hook list --data my-shop")]
    List {
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the mappings of a hook.
    #[command(after_help = "Example:\n  touchline hook show web-shop --data my-shop")]
    Show {
        /// Its name.
        name: String,
        #[command(flatten)]
        data: Data,
    },
    /// Show what would become of a body, and store nothing.
    #[command(
        after_help = "Examples:\n  touchline hook try order.json --ready shopify\n  touchline hook try calls.json --mapping calls.toml --rows data.calls"
    )]
    Try {
        /// A file with one body.
        body: PathBuf,
        /// Mappings that are ready.
        #[arg(long, value_enum, conflicts_with = "mapping", required_unless_present = "mapping")]
        ready: Option<Ready>,
        /// A mapping, as TOML.
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// The path to the list of rows in a body.
        #[arg(long, value_name = "PATH", default_value = "")]
        rows: String,
        /// How to print the result.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take a hook away; what it sent stays.
    #[command(after_help = "Example:\n  touchline hook remove web-shop --data my-shop")]
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        data: Data,
    },
}

pub(super) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Set { name, data, ready, mapping, rows, scheme, secret_file, format } => {
            let parts = mapping.map(|file| whole(&file, rows)).transpose()?.into_iter().collect();
            let secret = secret_file.map(|file| super::map::read(&file)).transpose()?.map(|text| text.trim().to_owned());
            set(&data, &name, &WantedHook { ready, parts, scheme, secret }, format)
        }
        Action::List { data, format } => list(&data, format),
        Action::Show { name, data } => show(&data, &name),
        Action::Try { body, ready, mapping, rows, format } => {
            let parts = match (ready, mapping) {
                (Some(ready), _) => ready.parts("trial"),
                (None, Some(file)) => vec![whole(&file, rows)?],
                (None, None) => Vec::new(),
            };
            attempt(&body, &parts, format)
        }
        Action::Remove { name, data } => {
            data.reach()?.ask("DELETE", &path(&name), None)?;
            say(&format!("Removed `{name}`: what it sent stays."))
        }
    }
}

fn whole(file: &Path, rows: String) -> Result<Part> {
    Ok(Part { rows, mapping: super::map::read(file)?, changed: None })
}

fn set(data: &Data, name: &str, wanted: &WantedHook, format: Format) -> Result<()> {
    let hook: ShownHook = read_answer(data.reach()?.ask("PUT", &path(name), Some(&written(wanted)?))?)?;
    if format == Format::Json {
        return print_json(&hook);
    }
    let secret = hook.secret.map(|secret| format!("\nThe secret, told this once: {secret}")).unwrap_or_default();
    let (path, scheme) = (hook.path, hook.scheme.name());
    say(&format!("Set `{}`: its sender sends to {path} of the server, signed as {scheme}.{secret}", hook.name))
}

fn path(name: &str) -> String {
    format!("{HOOKS}/{}", part(name))
}

fn list(data: &Data, format: Format) -> Result<()> {
    let hooks: Vec<ShownHook> = read_answer(data.reach()?.ask("GET", HOOKS, None)?)?;
    if format == Format::Json {
        return print_json(&hooks);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(["Hook", "Address", "Signed as", "Mappings"]);
    for hook in &hooks {
        table.add_row([hook.name.clone(), hook.path.clone(), hook.scheme.name().to_owned(), hook.parts.len().to_string()]);
    }
    say(&format!("{table}\n{} hooks.", hooks.len()))
}

fn show(data: &Data, name: &str) -> Result<()> {
    let hook: ShownHook = read_answer(data.reach()?.ask("GET", &path(name), None)?)?;
    let told = |part: &Part| {
        let rows = if part.rows.is_empty() { "the body" } else { &part.rows };
        format!("# rows: {rows}\n{}", part.mapping.trim_end())
    };
    say(&hook.parts.iter().map(told).collect::<Vec<_>>().join("\n\n"))
}

fn attempt(body: &Path, parts: &[Part], format: Format) -> Result<()> {
    let bytes = fs::read(body).map_err(|error| Failure::new(format!("Cannot read {}", body.display())).because(&error))?;
    let trial = try_out(parts, &bytes)?;
    if format == Format::Json { print_json(&trial) } else { say(told(&trial).trim_end()) }
}

/// Tells a trial to a person.
fn told(trial: &Trial) -> String {
    let mut text = format!(
        "{} interactions, {} facts about names, {} traits; {} rows refused. Nothing was stored.\n",
        trial.interactions,
        trial.links,
        trial.traits,
        trial.refused.len()
    );
    // Writing to a String cannot fail.
    for refused in &trial.refused {
        let _ = writeln!(text, "  row {}: {}", refused.position, refused.why);
    }
    for sample in &trial.samples {
        let who = if sample.who.is_empty() { "anonymous".to_owned() } else { sample.who.join(" = ") };
        let value = sample.value.as_deref().unwrap_or_default();
        let _ = writeln!(text, "  {}  {who}  {} {}  {}  {value}", sample.at, sample.direction, sample.form, sample.signal);
    }
    text
}
