//! `touchline person`: who somebody is, why, and deciding where the facts do not. Works beside a running server.

use super::reach::Reach;
use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use clap::Subcommand;
use model::Instant;
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::Read;

/// Show people, explain and decide who is one.
///
/// An identity is written NAMESPACE:VALUE, such as email:ada@example.org. Written as `-` it is read from standard input,
/// so that it stands in no list of processes and no history; of two, the first line is the one, the second the other.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  touchline person find ada@example.org --data my-shop
  touchline person explain user:7 device:a81f --data my-shop
  touchline person review --data my-shop --format json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Find people by what they are known by: an identity, a name, an address.
    #[command(after_help = "Example:\n  echo ada@example.org | touchline person find - --data my-shop")]
    Find {
        /// The value, NAMESPACE:VALUE, or a trait such as a name; `-` reads it from standard input.
        value: String,
        #[command(flatten)]
        with: Common,
    },
    /// Show a person: identities, traits, and what happened on every channel, the latest first.
    #[command(after_help = "Example:\n  touchline person show 3f2a91c07be4d815 --limit 20 --data my-shop")]
    Show {
        /// Any number that the person has or had, or what finds them; `-` reads it from standard input.
        person: String,
        /// How many interactions.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Begin after this interaction: `next` of the page before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// Show identities as they were known on a day, such as 2026-05-31 or 2026-05-31T12:00:00Z.
        #[arg(long, value_name = "DATE")]
        as_known: Option<String>,
        #[command(flatten)]
        with: Common,
    },
    /// Explain why two identities are one person, or why all of a person's are.
    #[command(after_help = "Examples:
  touchline person explain user:7 device:a81f --data my-shop
  touchline person explain 3f2a91c07be4d815 --data my-shop")]
    Explain(Pair),
    /// Make two people one.
    #[command(after_help = "Example:\n  touchline person merge user:7 user:12 --data my-shop")]
    Merge(Pair),
    /// Keep two identities apart.
    #[command(after_help = "Example:\n  touchline person split user:7 email:office@example.org --data my-shop")]
    Split(Pair),
    /// Say that an identity names nobody: it joins no one any more.
    #[command(after_help = "Example:\n  touchline person nobody email:noreply@example.org --data my-shop")]
    Nobody(One),
    /// Say that the person who has this identity may have any number of them.
    #[command(after_help = "Example:\n  touchline person large user:7 --data my-shop")]
    Large(One),
    /// Take a decision back.
    #[command(after_help = "Example:\n  touchline person undo 3 --data my-shop")]
    Undo {
        /// The number of the decision, as `decisions` prints it.
        decision: i64,
        #[command(flatten)]
        with: Common,
    },
    /// List what was decided.
    #[command(after_help = "Example:\n  touchline person decisions --data my-shop")]
    Decisions {
        #[command(flatten)]
        with: Common,
    },
    /// List facts that wait for somebody to decide.
    #[command(after_help = "Example:\n  touchline person review --data my-shop")]
    Review {
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

#[derive(clap::Args, Debug)]
struct One {
    /// The identity, NAMESPACE:VALUE, or `-`.
    identity: String,
    #[command(flatten)]
    with: Common,
}

#[derive(clap::Args, Debug)]
struct Pair {
    /// The one identity, NAMESPACE:VALUE, or `-` to read both from standard input.
    one: String,
    /// The other identity.
    other: Option<String>,
    #[command(flatten)]
    with: Common,
}

pub(super) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::Find { value, with } => {
            let body = json!({ "value": typed(value)?.trim() });
            with.tell(&with.ask("POST", "/api/people/find", Some(&body))?, told_people)
        }
        Command::Show { person, limit, after, as_known, with } => {
            show(person, *limit, after.as_deref(), as_known.as_deref(), with)
        }
        Command::Explain(Pair { one, other: None, with }) if one != "-" => explain_all(one, with),
        Command::Explain(pair) => pair.ask("explain", told_chain),
        Command::Merge(pair) => pair.ask("merge", told_decision),
        Command::Split(pair) => pair.ask("split", told_decision),
        Command::Nobody(one) => one.ask("nobody"),
        Command::Large(one) => one.ask("large"),
        Command::Undo { decision, with } => {
            let body = json!({ "decision": decision });
            with.tell(&with.ask("POST", "/api/people/undo", Some(&body))?, told_decision)
        }
        Command::Decisions { with } => with.tell(&with.ask("GET", "/api/people/decisions", None)?, told_decisions),
        Command::Review { with } => with.tell(&with.ask("GET", "/api/people/review", None)?, told_review),
    }
}

fn show(person: &str, limit: usize, after: Option<&str>, as_known: Option<&str>, with: &Common) -> Result<()> {
    let known = as_known.map(|date| moment(date).map(|at| format!("?as_known={}", at.0))).transpose()?.unwrap_or_default();
    let reach = with.data.reach()?;
    let person = &number(person, &reach)?;
    let mut answer = reach.ask("GET", &format!("/api/people/{person}{known}"), None)?;
    if as_known.is_none() {
        let after = after.map(|place| format!("&after={}", super::reach::part(place))).unwrap_or_default();
        answer["timeline"] = reach.ask("GET", &format!("/api/people/{person}/timeline?limit={limit}{after}"), None)?;
    }
    with.tell(&answer, told_person)
}

/// Returns the number of a person: given as it is, or found by what somebody calls them.
fn number(meant: &str, reach: &Reach) -> Result<String> {
    let meant = typed(meant)?;
    let meant = meant.trim();
    if meant.len() == 16 && meant.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(meant.to_owned());
    }
    let found = reach.ask("POST", "/api/people/find", Some(&json!({ "value": meant })))?;
    match list(&found) {
        [one] => Ok(word(&one["person"])),
        [] => Err(Failure::new("Nobody is known by that")
            .hint("Give an identity such as email:ada@example.org, a name, or the number of a person")),
        several => {
            let numbers: Vec<String> = several.iter().map(|person| word(&person["person"])).collect();
            Err(Failure::new(format!("{} people are known by that", several.len()))
                .hint(format!("Give the number of one of them: {}", numbers.join(", "))))
        }
    }
}

/// Explains a whole person: why each further identity is one with the first.
fn explain_all(person: &str, with: &Common) -> Result<()> {
    let reach = with.data.reach()?;
    let person = reach.ask("GET", &format!("/api/people/{}", number(person, &reach)?), None)?;
    let [first, rest @ ..] = list(&person["identities"]) else {
        return Err(Failure::new("That person has no identity any more").hint("They were erased"));
    };
    let mut steps: Vec<Value> = Vec::new();
    for other in rest {
        let body = json!({ "one": named(first), "other": named(other) });
        let chain = reach.ask("POST", "/api/people/explain", Some(&body))?;
        for step in list(&chain["chain"]) {
            if !steps.contains(step) {
                steps.push(step.clone());
            }
        }
    }
    let answer = json!({ "is_one": true, "person": person["person"], "chain": steps });
    with.tell(&answer, if rest.is_empty() { told_single } else { told_chain })
}

fn named(identity: &Value) -> Value {
    json!({ "namespace": identity["namespace"], "value": identity["value"] })
}

fn told_single(_: &Value) -> String {
    "They have one identity: there is nothing to explain.".to_owned()
}

/// Reads a day or a moment; a day is known as it ends.
fn moment(text: &str) -> Result<Instant> {
    let stamp = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let next = text.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        Some(next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    let stamp = stamp
        .ok_or_else(|| Failure::new(format!("`{text}` is no date")).hint("Write it as 2026-05-31 or 2026-05-31T12:00:00Z"))?;
    Ok(Instant(stamp.as_microsecond()))
}

impl Pair {
    fn ask(&self, what: &str, told: fn(&Value) -> String) -> Result<()> {
        let (one, other) = match (self.one.as_str(), &self.other) {
            ("-", None) => {
                let text = typed("-")?;
                let mut lines = text.lines();
                (lines.next().unwrap_or_default().to_owned(), lines.next().unwrap_or_default().to_owned())
            }
            (one, Some(other)) => (one.to_owned(), other.clone()),
            (_, None) => return Err(Failure::new("Two identities are needed").hint("Such as user:7 email:ada@example.org")),
        };
        let body = json!({ "one": name(&one)?, "other": name(&other)? });
        self.with.tell(&self.with.ask("POST", &format!("/api/people/{what}"), Some(&body))?, told)
    }
}

impl One {
    fn ask(&self, what: &str) -> Result<()> {
        let body = name(&typed(&self.identity)?)?;
        self.with.tell(&self.with.ask("POST", &format!("/api/people/{what}"), Some(&body))?, told_decision)
    }
}

impl Common {
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let reach: Reach = self.data.reach()?;
        reach.ask(method, path, body)
    }

    fn tell(&self, answer: &Value, told: fn(&Value) -> String) -> Result<()> {
        if self.format == Format::Json { print_json(answer) } else { say(told(answer).trim_end()) }
    }
}

/// Returns what was given, or what stands on standard input where that is `-`.
fn typed(given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().take(64 * 1024).read_to_string(&mut text);
    read.map_err(|error| Failure::new("Cannot read standard input").because(&error))?;
    Ok(text)
}

fn name(identity: &str) -> Result<Value> {
    let parts = identity.trim().split_once(':').filter(|(namespace, value)| !namespace.is_empty() && !value.is_empty());
    let (namespace, value) = parts
        .ok_or_else(|| Failure::new("An identity is written NAMESPACE:VALUE").hint("Such as email:ada@example.org or user:7"))?;
    Ok(json!({ "namespace": namespace, "value": value }))
}

// Writing to a text cannot fail, so the results below are not looked at.

fn told_people(answer: &Value) -> String {
    let all = list(answer);
    if all.is_empty() {
        return "Nobody is known by that.".to_owned();
    }
    let mut text = String::new();
    for person in all {
        let names: Vec<String> = list(&person["identities"]).iter().map(told_name).collect();
        let _ = writeln!(text, "{}  {}", word(&person["person"]), names.join(", "));
    }
    text
}

fn told_person(answer: &Value) -> String {
    let mut text = format!("Person {}\n", word(&answer["person"]));
    for identity in list(&answer["identities"]) {
        let _ = writeln!(text, "  {}", told_name(identity));
    }
    for device in list(&answer["shared_devices"]) {
        let _ = writeln!(text, "  {} (shared with others)", told_name(device));
    }
    for known in list(&answer["traits"]) {
        let _ = writeln!(text, "  {} = {}", word(&known["key"]), word(&known["value"]));
    }
    let timeline = &answer["timeline"];
    for met in list(&timeline["interactions"]) {
        let signal = &met["signal"];
        let parts = ["source", "event", "channel", "place", "campaign", "touchpoint"].map(|part| word(&signal[part]));
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let _ = writeln!(text, "{}  {:<10} {}", told_time(&met["at"]), word(&met["form"]), parts.join(" · "));
        for line in word(&met["text"]).lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if let Some(next) = timeline["next"].as_str() {
        let _ = writeln!(text, "{} interactions in all; go on with --after {next}.", timeline["count"]);
    }
    text
}

fn told_chain(answer: &Value) -> String {
    if answer["is_one"] != json!(true) {
        return "They are two people.".to_owned();
    }
    let mut text = "They are one person:\n".to_owned();
    for step in list(&answer["chain"]) {
        let _ = writeln!(text, "  {}", told_fact(step));
    }
    text
}

fn told_fact(step: &Value) -> String {
    let why = match (word(&step["link"]).as_str(), step["is_decided"] == json!(true)) {
        (_, true) => "staff decided so",
        ("manual", _) => "a source said so for staff",
        ("renamed", _) => "one became the other",
        ("verified", _) => "the address was proved",
        ("phone", _) => "the telephone number is the same",
        _ => "seen together",
    };
    format!("{} – {}: {why}, {}", told_name(&step["from"]), told_name(&step["to"]), told_time(&step["at"]))
}

fn told_decision(answer: &Value) -> String {
    match answer["decision"].as_i64() {
        Some(decision) => format!("Decided. To take it back: touchline person undo {decision}"),
        None => "They are one person already.".to_owned(),
    }
}

fn told_decisions(answer: &Value) -> String {
    let mut text = String::new();
    for line in list(answer) {
        let what = match line["undoes"].as_i64() {
            Some(undone) => format!("undo {undone}"),
            None => {
                let names = [&line["one"], &line["other"]].into_iter().filter(|name| !name.is_null()).map(told_name);
                format!("{} {}", word(&line["what"]), names.collect::<Vec<_>>().join(" "))
            }
        };
        let _ = writeln!(text, "{:>4}  {}  {what}  ({})", line["decision"], told_time(&line["at"]), word(&line["by"]));
    }
    if text.is_empty() { "Nothing was decided yet.".to_owned() } else { text }
}

fn told_review(answer: &Value) -> String {
    let waiting = list(&answer["waiting"]);
    if waiting.is_empty() {
        return "Nothing waits.".to_owned();
    }
    let mut text = format!("{} wait for somebody to decide.\n", answer["count"]);
    for one in waiting {
        let names: Vec<String> = list(&one["names"]).iter().map(told_name).collect();
        let why = match one["identities"].as_i64() {
            Some(count) => format!("together they would have {count} identities"),
            None => format!("both hold a name of which a person has one: {}", names.join(" and ")),
        };
        let _ = writeln!(text, "{} and {}: {why}", word(&one["one"]), word(&one["other"]));
        let _ = writeln!(text, "  {} ({} facts)", told_fact(&one["fact"]), one["facts"]);
    }
    text.push_str("Accept: touchline person merge (or large); refuse: touchline person split, or nobody.");
    text
}

fn told_name(name: &Value) -> String {
    match name["value"].as_str() {
        Some(value) => format!("{}:{value}", word(&name["namespace"])),
        None => word(&name["actor"]),
    }
}

fn told_time(at: &Value) -> String {
    let stamp = at.as_i64().and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    stamp.map_or_else(String::new, |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
