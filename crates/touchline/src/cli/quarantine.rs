//! `touchline quarantine`: refused events, to be mended, replayed or discarded. Works beside a running server.

use super::reach::{Reach, part};
use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use clap::Subcommand;
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::Read;
use std::path::PathBuf;

/// Look after events that were refused.
///
/// They are kept as they came, for 30 days, up to 10,000 of each source. Mend what is wrong and replay them: they count
/// once, as received when they came.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline quarantine list --data my-shop
  touchline quarantine show 3f2a… > event.json
  touchline quarantine mend 3f2a… --file event.json --data my-shop
  touchline quarantine replay 3f2a… --data my-shop")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List refused events, newest first, and count them by reason.
    #[command(after_help = "Example:\n  touchline quarantine list --source site --data my-shop")]
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        with: Common,
    },
    /// Print a refused event as it came.
    #[command(after_help = "Example:\n  touchline quarantine show 3f2a61c09be4d817 --data my-shop > event.json")]
    Show {
        /// Its number, from the list.
        id: String,
        #[command(flatten)]
        with: Common,
    },
    /// Put a mended event in the place of a refused one.
    #[command(after_help = "Example:\n  touchline quarantine mend 3f2a61c09be4d817 --file event.json --data my-shop")]
    Mend {
        /// Its number, from the list.
        id: String,
        /// The mended event, in the format it came in; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        with: Common,
    },
    /// Replay one event, or all that are meant.
    #[command(after_help = "Example:\n  touchline quarantine replay --source site --code no_identity --data my-shop")]
    Replay {
        /// Its number, from the list; none: all of --source and --code.
        id: Option<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        with: Common,
    },
    /// Discard one event, or all that are meant, for good.
    #[command(after_help = "Example:\n  touchline quarantine discard --source site --code not_json --data my-shop")]
    Discard {
        /// Its number, from the list; none: all of --source and --code.
        #[arg(required_unless_present_any = ["source", "code"])]
        id: Option<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        with: Common,
    },
}

#[derive(clap::Args, Debug)]
struct Which {
    /// Only those of one source.
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// Only those refused for one reason.
    #[arg(long, default_value = "", hide_default_value = true)]
    code: String,
}

#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Which {
    fn query(&self) -> String {
        format!("source={}&code={}", part(&self.source), part(&self.code))
    }
}

const LIST: &str = "/api/capture/quarantine";

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::List { which, with } => list(which, with),
        Command::Show { id, with } => show(id, with),
        Command::Mend { id, file, with } => mend(id, file, with),
        Command::Replay { id, which, with } => replay(id.as_deref(), which, with),
        Command::Discard { id, which, with } => {
            let reach = with.data.reach()?;
            let gone = match id {
                Some(id) => reach.ask("DELETE", &one(id), None).map(|_| json!(1))?,
                None => reach.ask("DELETE", &format!("{LIST}?{}", which.query()), None)?,
            };
            with.tell(&json!({ "discarded": gone }), &format!("Discarded {gone} events."))
        }
    }
}

fn one(id: &str) -> String {
    format!("{LIST}/{}", part(id))
}

fn list(which: &Which, with: &Common) -> Result<()> {
    let page = with.data.reach()?.ask("GET", &format!("{LIST}?{}", which.query()), None)?;
    let mut text = String::new();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for count in page["counts"].as_array().into_iter().flatten() {
        let (source, code) = (word(&count["source"]), word(&count["code"]));
        let _ = writeln!(text, "{source}: {} held, {} dropped for `{code}`", count["held"], count["dropped"]); // cannot fail
    }
    for event in page["events"].as_array().into_iter().flatten() {
        let at = event["received"].as_i64().and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
        let at = at.map(|at| format!("{at:.0}")).unwrap_or_default();
        let (id, source) = (word(&event["id"]), word(&event["source"]));
        let _ = writeln!(text, "{id}  {at}  {source}  {}: {}", word(&event["reason"]["code"]), word(&event["reason"]["says"]));
    }
    if text.is_empty() {
        text.push_str("Nothing is in quarantine.");
    }
    with.tell(&page, text.trim_end())
}

fn show(id: &str, with: &Common) -> Result<()> {
    let event = with.data.reach()?.ask("GET", &one(id), None)?;
    let body = event["text"].as_str().or(event["base64"].as_str()).unwrap_or_default().to_owned();
    with.tell(&event, &body)
}

fn mend(id: &str, file: &PathBuf, with: &Common) -> Result<()> {
    let unread = |error: std::io::Error| Failure::new(format!("Cannot read {}", file.display())).because(&error);
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unread)?;
        text
    } else {
        std::fs::read_to_string(file).map_err(unread)?
    };
    with.data.reach()?.ask("PUT", &one(id), Some(&json!({ "text": text })))?;
    with.tell(&json!({ "mended": id }), &format!("Mended. Replay it with: touchline quarantine replay {id}"))
}

fn replay(id: Option<&str>, which: &Which, with: &Common) -> Result<()> {
    let reach: Reach = with.data.reach()?;
    let Some(id) = id else {
        let all = reach.ask("POST", &format!("{LIST}/replay?{}", which.query()), None)?;
        return with.tell(&all, &format!("Took {} events; {} were refused again and stay.", all["taken"], all["refused"]));
    };
    let outcome = reach.ask("POST", &format!("{}/replay", one(id)), None)?;
    if outcome["outcome"] == "refused" {
        let says = outcome["reason"]["says"].as_str().unwrap_or_default();
        return Err(Failure::new(format!("The event was refused again: {says}")).hint("Mend it, then replay it"));
    }
    with.tell(&outcome, &format!("Took it: {} new, {} were there already.", outcome["added"], outcome["duplicates"]))
}

impl Common {
    fn tell(&self, value: &Value, text: &str) -> Result<()> {
        if self.format == Format::Json { print_json(value) } else { say(text) }
    }
}
