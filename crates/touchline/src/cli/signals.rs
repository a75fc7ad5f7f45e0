//! `touchline map unmapped | dark | bind | channels`: what arrives, and the rules that give it a place.

use super::map::{Shown, read};
use super::reach::Reach;
use super::{Data, print_json, say};
use crate::failure::{Failure, Result};
use crate::features::capture::signature::{Tags, Web};
use crate::features::map::{Change, Saved, apply_channel_rules, channel_cases, export_channel_rules};
use crate::features::measure::{ChannelCount, Dark, Preview, UnmappedSignal, Whereabouts};
use comfy_table::{Table, presets};
use model::TouchpointMap;
use model::channels::{ChannelRule, channel_of, default_rules};
use model::map::MapRule;
use model::signal::SignalMatch;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Action {
    /// List the signals that no rule binds, the most frequent first, with a proposal where they may belong.
    #[command(after_help = "Example:\n  touchline map unmapped --data my-shop")]
    Unmapped {
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
    /// List the touchpoints that should be heard of and are silent.
    #[command(after_help = "Example:\n  touchline map dark --data my-shop")]
    Dark {
        #[command(flatten)]
        data: Data,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
    /// Bind signals to a touchpoint, and tell what moves from where to where.
    ///
    /// `*` in a pattern stands for any run of characters; what is not named matches anything. The rule comes before those
    /// that are there. A place is host and path, a telephone number, a shop, or a code.
    #[command(
        after_help = "Examples:\n  touchline map bind newsletter --data my-shop --channel e-mail --campaign 'spring*' --dry-run\n  touchline map bind phone-line --data my-shop --source pbx --place '+33199001234'"
    )]
    Bind {
        /// The touchpoint, by id.
        touchpoint: String,
        #[command(flatten)]
        data: Data,
        /// The source that sends the signals.
        #[arg(long, default_value = "")]
        source: String,
        /// The name of the event.
        #[arg(long, default_value = "")]
        event: String,
        /// The channel: as the source hints at it, or as the channel rules read it.
        #[arg(long, default_value = "")]
        channel: String,
        /// The place.
        #[arg(long, default_value = "")]
        place: String,
        /// The campaign.
        #[arg(long, default_value = "")]
        campaign: String,
        /// A few words on why.
        #[arg(long, default_value = "")]
        note: String,
        /// Say what would move, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
    /// Count what came on each channel; list, try and change the rules that tell channels apart.
    ///
    /// The organisation's own rules come before the defaults; the first that fits counts. Rules go out and come back as a
    /// table with one row per rule, and are tried on a table of cases: `channel` (expected) and any of `url`, `referrer`,
    /// `source`, `medium`, `campaign`, `hint`, `event`, `place`, `from`.
    #[command(
        after_help = "Examples:\n  touchline map channels --data my-shop\n  touchline map channels --rules > rules.csv\n  touchline map channels --data my-shop --apply rules.csv --dry-run\n  touchline map channels --data my-shop --test cases.csv"
    )]
    Channels {
        /// The data directory; without one, the default rules are meant.
        #[arg(long = "data", value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Print the rules as a table: the organisation's own, or without a directory the defaults.
        #[arg(long)]
        rules: bool,
        /// Make the rules of a table the organisation's own, in place of those it has.
        #[arg(long, value_name = "FILE", conflicts_with = "rules", requires = "dir")]
        apply: Option<PathBuf>,
        /// Try the rules on cases; fails when one comes out otherwise than expected.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "apply"])]
        test: Option<PathBuf>,
        /// With --apply: say what would move, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Shown,
    },
}

pub(super) fn run(action: &Action) -> Result<()> {
    match action {
        Action::Unmapped { data, format } => unmapped(&data.reach()?, *format),
        Action::Dark { data, format } => dark(&data.reach()?, *format),
        Action::Bind { touchpoint, data, source, event, channel, place, campaign, note, dry_run, format } => {
            let text = String::clone;
            let signal = SignalMatch {
                source: text(source),
                event: text(event),
                channel: text(channel),
                place: text(place),
                campaign: text(campaign),
            };
            let rules = vec![MapRule { touchpoint: text(touchpoint), signal }];
            let change = Change { rules, note: text(note), ..Change::default() };
            apply(&data.reach()?, &change, *dry_run, *format)
        }
        Action::Channels { dir, rules, apply: file, test, dry_run, format } => {
            let reach = dir.as_ref().map(|dir| Data { dir: dir.clone() }.reach()).transpose()?;
            match (file, test, reach) {
                (Some(file), _, Some(reach)) => {
                    let own = apply_channel_rules(&read(file)?)?;
                    let change = Change { channel_rules: Some(own), note: "channel rules".to_owned(), ..Change::default() };
                    apply(&reach, &change, *dry_run, *format)
                }
                (_, Some(cases), reach) => try_cases(&read(cases)?, &own_rules(reach)?.unwrap_or_default(), *format),
                (_, _, Some(reach)) if !rules => channels(&reach, *format),
                (_, _, reach) => {
                    let own = own_rules(reach)?;
                    say(export_channel_rules(own.as_deref().unwrap_or(default_rules()))?.trim_end())
                }
            }
        }
    }
}

/// Asks a route and reads its answer.
fn ask<T: DeserializeOwned>(reach: &Reach, method: &str, path: &str, body: Option<&Change>) -> Result<T> {
    let unread = |error: serde_json::Error| Failure::new(format!("The answer of {path} cannot be read")).because(&error);
    let body = body.map(serde_json::to_value).transpose().map_err(unread)?;
    serde_json::from_value(reach.ask(method, path, body.as_ref())?).map_err(unread)
}

/// Returns the organisation's own channel rules; `None` where no data directory is meant.
fn own_rules(reach: Option<Reach>) -> Result<Option<Vec<ChannelRule>>> {
    reach.map(|reach| Ok(ask::<TouchpointMap>(&reach, "GET", "/api/map", None)?.channel_rules)).transpose()
}

fn unmapped(reach: &Reach, format: Shown) -> Result<()> {
    let found: Vec<UnmappedSignal> = ask(reach, "GET", "/api/measure/unmapped", None)?;
    if format == Shown::Json {
        return print_json(&found);
    }
    if found.is_empty() {
        return say("Every signal is bound to a touchpoint.");
    }
    let mut table = table(["Signal", "Channel", "Interactions", "People", "First", "Last", "May belong to"]);
    for signal in &found {
        table.add_row([
            signal.signal.to_string(),
            signal.channel.clone(),
            signal.interactions.to_string(),
            signal.people.to_string(),
            day(signal.first_at),
            day(signal.last_at),
            signal.suggestion.as_ref().map_or_else(|| "–".to_owned(), |found| found.touchpoint.clone()),
        ]);
    }
    say(&format!("{table}\nBind one: touchline map bind TOUCHPOINT --source … --event … --place … --dry-run"))
}

fn dark(reach: &Reach, format: Shown) -> Result<()> {
    let found: Vec<Dark> = ask(reach, "GET", "/api/measure/dark", None)?;
    if format == Shown::Json {
        return print_json(&found);
    }
    if found.is_empty() {
        return say("Every touchpoint that should be heard of is.");
    }
    let mut table = table(["Touchpoint", "Rules", "Unmapped signals that may be its own"]);
    for dark in &found {
        let candidates: Vec<String> = dark.candidates.iter().map(ToString::to_string).collect();
        table.add_row([dark.touchpoint.clone(), dark.rules.to_string(), candidates.join("\n")]);
    }
    say(&format!("{table}\nA touchpoint that is meant to be silent says so with `emits = no`."))
}

fn channels(reach: &Reach, format: Shown) -> Result<()> {
    let found: Vec<ChannelCount> = ask(reach, "GET", "/api/measure/channels", None)?;
    if format == Shown::Json {
        return print_json(&found);
    }
    let mut table = table(["Channel", "Interactions", "People", "Signals", "First", "Last"]);
    for channel in &found {
        table.add_row([
            channel.channel.clone(),
            channel.interactions.to_string(),
            channel.people.to_string(),
            channel.signals.to_string(),
            day(channel.first_at),
            day(channel.last_at),
        ]);
    }
    say(&table.to_string())
}

/// Applies a change of rules, or tells what it would do.
fn apply(reach: &Reach, change: &Change, dry_run: bool, format: Shown) -> Result<()> {
    let preview: Preview = ask(reach, "POST", "/api/map/rules/preview", Some(change))?;
    let version = match dry_run {
        true => None,
        false => Some(ask::<Saved>(reach, "POST", "/api/map/rules", Some(change))?.version),
    };
    if format == Shown::Json {
        return print_json(&serde_json::json!({ "version": version, "preview": preview }));
    }
    let done = version.map_or_else(|| "Would apply".to_owned(), |version| format!("Applied as version {version}"));
    if preview.moves.is_empty() {
        return say(&format!("{done}: nothing that has arrived so far moves."));
    }
    let place = |whereabouts: &Whereabouts| {
        let touchpoint = whereabouts.touchpoint.as_deref().unwrap_or("(unmapped)");
        if whereabouts.channel.is_empty() { touchpoint.to_owned() } else { format!("{touchpoint} on {}", whereabouts.channel) }
    };
    let mut table = table(["From", "To", "Signals", "Interactions", "People"]);
    for moved in &preview.moves {
        let counts = [moved.signals as u64, moved.interactions, moved.people].map(|count| count.to_string());
        table.add_row([place(&moved.from), place(&moved.to)].into_iter().chain(counts));
    }
    say(&format!("{done}:\n{table}"))
}

/// Tries the channel rules on a table of cases.
fn try_cases(text: &str, own: &[ChannelRule], format: Shown) -> Result<()> {
    let cases = channel_cases(text)?;
    let mut missed = Vec::new();
    for (line, case) in &cases {
        let campaign = Tags { source: &case.source, medium: &case.medium, name: &case.campaign };
        let web = Web { url: &case.url, referrer: &case.referrer, campaign, ..Web::default() };
        let mut signature = web.signature(&case.from, &case.event);
        if !case.hint.is_empty() {
            signature.channel.clone_from(&case.hint);
        }
        if !case.place.is_empty() {
            signature.place.clone_from(&case.place);
        }
        let found = channel_of(own, &signature).to_owned();
        if found != case.channel {
            missed.push((*line, case.channel.clone(), found, signature.channel.clone()));
        }
    }
    if format == Shown::Json {
        let list: Vec<_> = missed
            .iter()
            .map(|(line, expected, found, hint)| serde_json::json!({ "line": line, "expected": expected, "found": found, "hint": hint }))
            .collect();
        print_json(&serde_json::json!({ "cases": cases.len(), "missed": list }))?;
    }
    if missed.is_empty() {
        return if format == Shown::Json { Ok(()) } else { say(&format!("All {} cases come out as expected.", cases.len())) };
    }
    let mut failure = Failure::new(format!("{} of {} cases come out otherwise", missed.len(), cases.len()))
        .hint("Change the rules (touchline map channels --rules), or what the cases expect");
    failure.because = missed
        .into_iter()
        .map(|(line, expected, found, hint)| format!("line {line}: `{found}` in place of `{expected}`, from the hint `{hint}`"))
        .collect();
    Err(failure)
}

fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_header(head);
    table
}

/// Writes a moment as its day in UTC.
fn day(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}
