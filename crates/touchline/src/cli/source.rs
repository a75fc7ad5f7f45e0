//! `touchline source`: where interactions come from, their keys and settings. Works beside a running server.

use super::reach::{Reach, part};
use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use crate::platform::console;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Is where `touchline serve` listens when nothing else is said.
const USUAL: &str = "http://127.0.0.1:7777";

/// Look after the sources of interactions: sites, servers, tills.
///
/// Every client sends with the key of its source. The source vouches for its message ids, so that what is sent twice
/// counts once.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline source add till-2 --kind server --data my-shop
  touchline source set site ip=truncated gpc=drop --data my-shop
  touchline source snippet site --client segment-node --data my-shop")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a source, and print its key.
    #[command(after_help = "Example:\n  touchline source add till-2 --kind server --data my-shop")]
    Add {
        /// Its name, for ever.
        name: String,
        /// Where its clients run: in browsers of customers (site), or on machines of our own (server).
        #[arg(long, default_value = "site", value_parser = ["site", "server"])]
        kind: String,
        #[command(flatten)]
        with: Common,
    },
    /// List the sources.
    #[command(after_help = "Example:\n  touchline source list --data my-shop --format json")]
    List {
        #[command(flatten)]
        with: Common,
    },
    /// Show a source, its keys and its settings.
    #[command(after_help = "Example:\n  touchline source show site --data my-shop")]
    Show {
        /// Its name.
        name: String,
        #[command(flatten)]
        with: Common,
    },
    /// Change settings, for what arrives from now on.
    ///
    /// KEY=VALUE: ip=none|truncated|full, cookieless=true|false, gpc and dnt=ignore|cookieless|drop,
    /// withdrawn=cookieless|drop, retention_days, text_days, visitor_days and machine_days=DAYS,
    /// origins=https://a.example,https://b.example, trait_weight=0…100 and currency=EUR. KEY= alone takes a setting back.
    #[command(after_help = "Example:\n  touchline source set site ip=truncated retention_days=730 --data my-shop")]
    Set {
        /// Its name.
        name: String,
        /// What to change.
        #[arg(required = true, value_name = "KEY=VALUE")]
        settings: Vec<String>,
        #[command(flatten)]
        with: Common,
    },
    /// Give a source a new key; the one before works on until `retire --old-keys`.
    #[command(after_help = "Example:\n  touchline source rotate till-2 --data my-shop")]
    Rotate {
        /// Its name.
        name: String,
        #[command(flatten)]
        with: Common,
    },
    /// End a source for good, or only its replaced keys. What it sent stays.
    #[command(after_help = "Example:\n  touchline source retire till-2 --old-keys --data my-shop")]
    Retire {
        /// Its name.
        name: String,
        /// End only the keys that were replaced.
        #[arg(long)]
        old_keys: bool,
        #[command(flatten)]
        with: Common,
    },
    /// Print what to paste into a client.
    #[command(
        after_help = "Example:\n  touchline source snippet site --client script --url https://map.example.org --data my-shop"
    )]
    Snippet {
        /// Its name.
        name: String,
        /// The client: script (our own), or browser, segment-node, posthog-python, curl …
        #[arg(long)]
        client: String,
        /// Where clients reach the server; by default where the running one is, or would be.
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        with: Common,
    },
}

#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    data: Data,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Add { name, kind, with } => {
            let body = json!({ "name": name, "kind": kind });
            with.tell(&with.data.reach()?.ask("POST", "/api/capture/sources", Some(&body))?)
        }
        Command::List { with } => list(with),
        Command::Show { name, with } => with.tell(&with.data.reach()?.ask("GET", &path(name, ""), None)?),
        Command::Set { name, settings, with } => with.tell(&set(&with.data.reach()?, name, settings)?),
        Command::Rotate { name, with } => with.tell(&with.data.reach()?.ask("POST", &path(name, "/keys"), None)?),
        Command::Retire { name, old_keys: true, with } => {
            with.tell(&with.data.reach()?.ask("DELETE", &path(name, "/keys"), None)?)
        }
        Command::Retire { name, with, .. } => {
            with.data.reach()?.ask("DELETE", &path(name, ""), None)?;
            match with.format {
                Format::Json => print_json(&json!({ "retired": name })),
                _ => say(&format!("Retired `{name}`: its keys work no more, what it sent stays.")),
            }
        }
        Command::Snippet { name, client, url, with } => {
            let url = url.clone().or_else(|| console::address(&with.data.dir)).unwrap_or_else(|| USUAL.to_owned());
            let path = path(name, &format!("/snippets/{}?url={}", part(client), part(&url)));
            let answer = with.data.reach()?.ask("GET", &path, None)?;
            match with.format {
                Format::Json => print_json(&answer),
                _ => say(answer["text"].as_str().unwrap_or_default()),
            }
        }
    }
}

fn path(name: &str, rest: &str) -> String {
    format!("/api/capture/sources/{}{rest}", part(name))
}

fn list(with: &Common) -> Result<()> {
    let answer = with.data.reach()?.ask("GET", "/api/capture/sources", None)?;
    if with.format == Format::Json {
        return print_json(&answer);
    }
    let sources = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    if sources.is_empty() {
        return say("There is no source yet. Make one with: touchline source add site");
    }
    let mut text = String::new();
    for source in sources {
        let line = |key: &str| source[key].as_str().unwrap_or_default().to_owned();
        let _ = writeln!(text, "{:<20} {:<7} {}", line("name"), line("kind"), line("write_key")); // cannot fail
    }
    say(text.trim_end())
}

/// Changes some settings and leaves the others.
fn set(reach: &Reach, name: &str, changes: &[String]) -> Result<Value> {
    let source = reach.ask("GET", &path(name, ""), None)?;
    let mut settings = source["settings"].as_object().cloned().unwrap_or_default();
    for change in changes {
        apply(&mut settings, change)?;
    }
    reach.ask("PUT", &path(name, "/settings"), Some(&Value::Object(settings)))
}

fn apply(settings: &mut Map<String, Value>, change: &str) -> Result<()> {
    let Some((key, value)) = change.split_once('=') else {
        return Err(Failure::new(format!("`{change}` is no setting")).hint("Write KEY=VALUE, such as ip=truncated"));
    };
    let value = match key {
        _ if value.is_empty() => Value::Null,
        "origins" => value.split(',').map(str::trim).collect(),
        // Numbers, true and false as such; every other word is a text.
        _ => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
    };
    if value.is_null() {
        settings.remove(key);
    } else {
        settings.insert(key.to_owned(), value);
    }
    Ok(())
}

impl Common {
    /// Prints a source.
    fn tell(&self, source: &Value) -> Result<()> {
        if self.format == Format::Json {
            return print_json(source);
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut said = format!("{} ({})\n", text(&source["name"]), text(&source["kind"]));
        let _ = writeln!(said, "  key        {}", text(&source["write_key"])); // cannot fail
        for old in source["old_keys"].as_array().into_iter().flatten() {
            let _ = writeln!(said, "  old key    {} (works until `touchline source retire … --old-keys`)", text(old));
        }
        for (key, value) in source["settings"].as_object().into_iter().flatten() {
            let _ = writeln!(said, "  {key:<10} {}", text(value));
        }
        say(said.trim_end())
    }
}
