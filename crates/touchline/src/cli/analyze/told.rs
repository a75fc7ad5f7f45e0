//! `touchline analyze verdicts`, `channels`, `unmapped` and `dark`: what the map says in short, beside a running server too.

use super::super::{Data, Format, print_json, read_answer, say};
use super::lived::day;
use super::money;
use super::sequences::{print_rows, table};
use crate::failure::Result;
use crate::features::improve;
use crate::features::measure::{ChannelCount, Dark, UnmappedSignal};
use model::{Signature, TouchpointMap, Verdict};
use serde::Deserialize;
use serde_json::Value;

/// Asks for verdicts.
#[derive(clap::Args, Debug)]
pub(super) struct VerdictArgs {
    #[command(flatten)]
    data: Data,
    /// Only this segment, by id.
    #[arg(long)]
    segment: Option<String>,
    /// Tell which verdicts changed, when and why, instead of those that hold.
    #[arg(long, conflicts_with = "segment")]
    changes: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Asks about everybody.
#[derive(clap::Args, Debug)]
pub(super) struct ToldArgs {
    #[command(flatten)]
    data: Data,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Is what is read of a verdict with its price.
#[derive(Deserialize)]
struct Judged {
    touchpoint: String,
    verdict: Verdict,
    at_stake: f64,
    people: u64,
}

pub(super) fn run_verdicts(args: &VerdictArgs) -> Result<()> {
    let reach = args.data.reach_to_read()?;
    let path = if args.changes {
        "/api/improve/changes".to_owned()
    } else {
        with_segment("/api/improve/verdicts", args.segment.as_deref())
    };
    let answer = reach.ask("GET", &path, None)?;
    if args.format == Format::Json {
        return print_json(&answer);
    }
    let map: TouchpointMap = read_answer(reach.ask("GET", "/api/map", None)?)?;
    if args.changes { changes(&answer, &map, args.format) } else { judged(answer, &map, args.format) }
}

fn judged(mut answer: Value, map: &TouchpointMap, format: Format) -> Result<()> {
    let judged: Vec<Judged> = read_answer(answer["verdicts"].take())?;
    let row = |one: &Judged| {
        let why = improve::reason(&one.verdict.reason, map.currency);
        let then = improve::action(&one.verdict.action, map.currency);
        let kind = one.verdict.kind.name().replace('_', " ");
        let stake = if one.at_stake > 0.0 { money(one.at_stake, map.currency) } else { String::new() };
        vec![kind, name(map, &one.touchpoint), one.people.to_string(), stake, one.verdict.rule.clone(), format!("{why} {then}")]
    };
    let rows = judged.iter().map(row);
    let head = ["verdict", "touchpoint", "people", "at stake", "rule", "why, and what to do"];
    if format == Format::Csv { print_rows(&head, rows.collect()) } else { say(&table(&head, rows)) }
}

fn changes(answer: &Value, map: &TouchpointMap, format: Format) -> Result<()> {
    let changes: Vec<improve::Change> = read_answer(answer.clone())?;
    let kind =
        |verdict: &Option<Verdict>| verdict.as_ref().map_or_else(|| "–".to_owned(), |one| one.kind.name().replace('_', " "));
    let rows = changes.iter().map(|one| {
        let causes: Vec<String> = one.causes.iter().map(|cause| format!("{cause:?}").to_lowercase()).collect();
        vec![day(one.at), name(map, &one.touchpoint), kind(&one.before), kind(&one.after), causes.join(", ")]
    });
    let head = ["day", "touchpoint", "was", "is", "what had changed"];
    if format == Format::Csv { print_rows(&head, rows.collect()) } else { say(&table(&head, rows)) }
}

pub(super) fn run_channels(args: &ToldArgs) -> Result<()> {
    told(args, "channels", &["channel", "interactions", "people", "kinds of signals", "first", "last"], |one: &ChannelCount| {
        let counts = [one.interactions, one.people, one.signals as u64].map(|count| count.to_string());
        let name = one.name.as_ref().map_or_else(|| one.channel.clone(), |name| name.en.clone());
        std::iter::once(name).chain(counts).chain([day(one.first_at), day(one.last_at)]).collect()
    })
}

pub(super) fn run_unmapped(args: &ToldArgs) -> Result<()> {
    told(args, "unmapped", &["signal", "interactions", "people", "last", "may belong to"], |one: &UnmappedSignal| {
        let may = one.suggestion.as_ref().map_or_else(String::new, |suggestion| suggestion.touchpoint.clone());
        vec![one.signal.to_string(), one.interactions.to_string(), one.people.to_string(), day(one.last_at), may]
    })
}

pub(super) fn run_dark(args: &ToldArgs) -> Result<()> {
    told(args, "dark", &["touchpoint", "rules", "unmapped signals that may be its own"], |one: &Dark| {
        let candidates: Vec<String> = one.candidates.iter().map(Signature::to_string).collect();
        vec![one.name.en.clone(), one.rules.to_string(), candidates.join("; ")]
    })
}

/// Asks for a list and prints a row for each of it.
fn told<One: serde::de::DeserializeOwned>(
    args: &ToldArgs,
    path: &str,
    head: &[&str],
    row: impl Fn(&One) -> Vec<String>,
) -> Result<()> {
    let answer = args.data.reach_to_read()?.ask("GET", &format!("/api/measure/{path}"), None)?;
    if args.format == Format::Json {
        return print_json(&answer);
    }
    let all: Vec<One> = read_answer(answer)?;
    let rows = all.iter().map(row);
    if args.format == Format::Csv { print_rows(head, rows.collect()) } else { say(&table(head, rows)) }
}

/// Writes the address of a question about everybody or a segment.
pub(super) fn with_segment(path: &str, segment: Option<&str>) -> String {
    segment.map_or_else(|| path.to_owned(), |id| format!("{path}?segment={}", super::super::reach::part(id)))
}

fn name(map: &TouchpointMap, id: &str) -> String {
    map.touchpoint(id).map_or_else(|| id.to_owned(), |at| map.touchpoints[at].name.en.clone())
}
